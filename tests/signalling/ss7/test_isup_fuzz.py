"""Whatever octets a peer sends, the ISUP codec returns a message or Malformed, and what it calls a message can be sent again (Q.764 2.9.5).

That a reader takes bounded time is said by what it may return: no more octets than came, no more parameters than octets.
"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.engine import Malformed
from pbx.signalling.ss7.isup.codec import Message, decode, encode, read_optional_part
from pbx.signalling.ss7.isup.messages import MessageType
from tests.signalling.ss7 import isup_corpus
from tests.signalling.ss7.damage import damaged, flipped_bits, truncations
from tests.signalling.ss7.isup_golden import GOLDEN


def judge(octets):
    found = decode(octets)
    if isinstance(found, Malformed):
        return found
    assert isinstance(found, Message)
    assert len(found.parameters) <= len(octets)
    again = encode(found)
    assert decode(again) == found, octets.hex()
    assert len(again) <= len(octets) + 2 * (len(found.parameters) + 1), "no more than came, save pointers and what spare bits hid"
    return found


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_a_golden_message_damaged_in_any_way(golden):
    for octets in damaged(golden.octets):
        judge(octets)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_a_truncated_message_is_never_taken_for_the_whole(golden):
    """Save where what is cut off is a pointer of 0, which older editions do not send either."""
    taken = [octets for octets in truncations(golden.octets) if judge(octets) == golden.message]
    assert taken == [] or (taken == [golden.octets[:-1]] and golden.octets[-1] == 0)


def test_every_message_with_flipped_bits(seed):
    for message in isup_corpus.every_message(random.Random(seed)):
        for octets in flipped_bits(encode(message)[:40]):
            judge(octets)


@given(kind=st.sampled_from(sorted({*MessageType, 0x00, 0x7F, 0xFF})), octets=st.binary(max_size=80))
def test_any_octets_behind_any_type(kind, octets):
    judge(bytes((1, 0, kind)) + octets)


@given(octets=st.binary(max_size=300))
def test_any_octets(octets):
    judge(octets)
    assert isinstance(read_optional_part(octets), tuple | Malformed)
