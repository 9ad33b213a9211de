"""The codes of the bits at the telephone's end of a line: what a set says and sees comes through whole."""

from drivers.far_end.telephone import FED, LOOP, REST, RINGING
from drivers.far_end.telephone_line import CHANNEL_BANK, LOOP_START, TelephoneLine
from pbx.vocabulary.media import SendBits


def test_our_channel_bank_changes_nothing():
    assert all(CHANNEL_BANK.to_line(bits) == CHANNEL_BANK.from_line(bits) == bits for bits in range(16))


def test_loop_start_of_a_t1_channel_bank():
    """Loop open 0101 and closed 1111 from the telephone; 0101 at rest, 0000 ringing, 1111 not fed from the exchange."""
    assert [LOOP_START.to_line(bits) for bits in (REST, REST & ~LOOP)] == [0b0101, 0b1111]
    assert [LOOP_START.from_line(bits) for bits in (0b0101, 0b0000, 0b1111)] == [REST, REST & ~RINGING, REST & ~FED]


def test_a_line_is_on_hook_in_its_own_code():
    assert TelephoneLine(LOOP_START).start(0.0) == (SendBits(0b0101),)
