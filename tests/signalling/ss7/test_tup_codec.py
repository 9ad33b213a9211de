"""Messages of the Chinese TUP read and written: golden octets, a second decoder, every damage, what is refused (GF 001-9001)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from pbx.engine import Malformed
from pbx.signalling.ss7.bits import REMEMBERED
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.codec import Message, decode, encode
from pbx.signalling.ss7.tup.messages import BY_HEADING, ROWS, Heading
from tests.signalling.ss7 import tup_corpus, tup_tables
from tests.signalling.ss7.damage import damaged, truncations
from tests.signalling.ss7.tup_golden import GOLDEN


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_golden(golden):
    assert decode(golden.octets) == golden.message
    assert encode(golden.message) == golden.octets


def test_there_is_a_golden_message_for_every_heading():
    assert {golden.message.heading for golden in GOLDEN} >= set(Heading) == set(BY_HEADING)


def test_headings_are_those_of_the_chart():
    chart = {h1 << 4 | h0: name for h0, row in tup_tables.CHART.items() for h1, (name, _) in row.items()}
    assert chart | {0x24: "CHG"} == {heading.value: heading.name for heading in Heading}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.heading.name)
@given(chance=st.randoms(use_true_random=False))
def test_what_is_written_is_read_back(row, chance):
    message = tup_corpus.message(chance, row)
    assert decode(encode(message)) == message


def plain(struct, *without):
    """The fields of a struct as the tables have them: numbers and signals."""
    return {name: int(value) if isinstance(value, int) else value for name, value in asdict(struct).items() if name not in without}


def parties(calling, original):
    return ({"calling": plain(calling)} if calling else {}) | ({"original_called": plain(original)} if original else {})


def in_tables_words(message):
    """What the product has read, in the words of the second decoder."""
    told = message.contents
    if isinstance(told, c.InitialAddress):
        fields = plain(told, "additional")
        more = told.additional
        if more is None:
            return fields
        flags = more.other | (more.calling is not None) << 4 | (more.original_called is not None) << 5
        names = (*tup_tables.BEFORE_CALLING, "has_calling", "has_original", "charging")
        return fields | {name: flags >> bit & 1 for bit, name in enumerate(names)} | parties(more.calling, more.original_called)
    if isinstance(told, c.GeneralInformation):
        fields = plain(told, "category", "calling", "original_called", "rest", "original_called_follows")
        fields["has_category"] = int(told.category is not None)
        fields["has_calling"] = int(told.calling is not None)
        fields["has_original"] = int(told.original_called is not None or told.original_called_follows)
        return (
            fields
            | ({} if told.category is None else {"category": {"category": told.category}})
            | parties(told.calling, told.original_called)
        )
    if isinstance(told, c.ExtendedUnsuccessful):
        return {"reason": told.reason, "point": int.from_bytes(told.point, "little")}
    if message.heading == Heading.SAO:
        return {"digit": int(told.signals, 16)}
    if message.heading == Heading.GRS:
        return {"range": told.range}
    return {} if isinstance(told, c.Unparsed) else plain(told)


def agree(octets):
    """Both decoders make the same of octets."""
    ours, theirs = decode(octets), tup_tables.read(octets)
    if theirs is None:
        assert isinstance(ours, Malformed), octets.hex()
        return
    assert isinstance(ours, Message), octets.hex()
    name, cic, fields = theirs
    assert ours.cic == cic
    assert name == ("" if isinstance(ours.contents, c.Unparsed) else Heading(ours.heading).name)
    assert in_tables_words(ours) == fields, octets.hex()


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_a_second_decoder_reads_the_golden_messages_alike(golden):
    agree(golden.octets)


def test_a_second_decoder_reads_every_message_alike(seed):
    for message in tup_corpus.every_message(random.Random(seed)):
        agree(encode(message))


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_a_second_decoder_agrees_on_every_damage(golden):
    for octets in damaged(golden.octets):
        agree(octets)
        found = decode(octets)
        assert isinstance(found, Malformed) or decode(encode(found)) == found, octets.hex()


@given(octets=st.binary(max_size=60))
def test_any_octets(octets):
    agree(octets)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_a_truncated_message_is_never_taken_for_the_whole(golden):
    assert golden.message not in [decode(octets) for octets in truncations(golden.octets)]


def test_what_is_no_message_is_told_in_few_words():
    for octets in (b"", b"\x51\x00", bytes((81, 0, Heading.HGB, 255)), bytes((81, 0, Heading.IAM, 0))):
        found = decode(octets)
        assert isinstance(found, Malformed)
        assert found.what.startswith("TUP: ")


def test_a_lenient_reader_passes_over_spare_bits_and_what_is_behind():
    assert decode(bytes.fromhex("51f0 17 ff")) == Message(81, Heading.RLG)
    assert decode(bytes.fromhex("5100 14 e5")) == decode(bytes.fromhex("5100 14 25"))
    assert decode(bytes.fromhex("5100 31 5f 2143f5 00")) == decode(bytes.fromhex("5100 31 50 214305"))


def test_circuits_of_a_range():
    assert c.CircuitRange(3).circuits(32) == [32, 33, 34, 35]
    assert c.CircuitRange(3, 0b1010).circuits(32) == [33, 35]


def test_ever_new_contents_are_read_right():
    """More kinds of initial address than are remembered."""
    for value in range(REMEMBERED + 10):
        octets = bytes((1, 0, Heading.IAM, value & 0x3F, value >> 6 & 0xFF, 0x10, 0x05))
        agree(octets)
        assert encode(decode(octets)) == octets


CALLING = c.LineIdentity("1")


@pytest.mark.parametrize(
    "message",
    [
        Message(4096, Heading.CLF),
        Message(1, 256),
        Message(1, Heading.CLF, c.CircuitRange(1)),
        Message(1, Heading.IAM),
        Message(1, Heading.IAM, c.InitialAddress("1" * 16)),
        Message(1, Heading.IAM, c.InitialAddress("1*")),
        Message(1, Heading.IAM, c.InitialAddress("1", category=64)),
        Message(1, Heading.IAM, c.InitialAddress("1", additional=c.Additional(CALLING))),
        Message(1, Heading.IAI, c.InitialAddress("1")),
        Message(1, Heading.IAI, c.InitialAddress("1", additional=c.Additional(CALLING, other=1))),
        Message(1, Heading.IAI, c.InitialAddress("1", additional=c.Additional(other=0x10))),
        Message(1, Heading.IAI, c.InitialAddress("1", additional=c.Additional(other=0x80))),
        Message(1, Heading.IAI, c.InitialAddress("1", additional=c.Additional(rest=b"x"))),
        Message(1, Heading.SAO, c.SubsequentAddress("12")),
        Message(1, Heading.GSM, c.GeneralInformation(category=64)),
        Message(1, Heading.GSM, c.GeneralInformation(rest=b"x")),
        Message(1, Heading.GSM, c.GeneralInformation(original_called_follows=True)),
        Message(1, Heading.GSM, c.GeneralInformation(incoming_trunk=True, original_called=c.OriginalCalledAddress("1"))),
        Message(1, Heading.ACM, c.AddressComplete(type=4)),
        Message(1, Heading.EUM, c.ExtendedUnsuccessful(1, b"\x01\x02")),
        Message(1, Heading.EUM, c.ExtendedUnsuccessful(256, b"\x01\x02\x03")),
        Message(1, Heading.MPM, c.MeteringPulses(1 << 16)),
        Message(1, Heading.HGB, c.CircuitRange(1)),
        Message(1, Heading.HGB, c.CircuitRange(1, 4)),
        Message(1, Heading.HGB, c.CircuitRange(256, 1)),
        Message(1, Heading.GRS, c.CircuitRange(1, 1)),
        Message(1, Heading.GRS, c.CircuitRange(256)),
    ],
    ids=str,
)
def test_our_own_nonsense_is_refused(message):
    with pytest.raises(ValueError):
        encode(message)
