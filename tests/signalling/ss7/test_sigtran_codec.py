"""The codecs of SIGTRAN: octets by hand, every message there and back, whatever else may come in, and streams cut anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.engine import Malformed
from pbx.signalling.ss7.sigtran import codec, m2pa_messages
from pbx.signalling.ss7.sigtran.codec import Fault, Message, Splitter, message
from pbx.signalling.ss7.sigtran.figures import TIMERS, load_figures, read_figures
from pbx.signalling.ss7.sigtran.m2pa_messages import LAST, LinkStatus, UserData
from pbx.signalling.ss7.sigtran.tables import M2UA, M3UA, ProtocolData
from pbx.variant_file import VARIANTS, VariantError
from tests.signalling.ss7.damage import damaged, truncations
from tests.signalling.ss7.sigtran_corpus import DIALECTS, EXAMPLES, OF_M2PA

BY_HAND = [
    ("m3ua", message("ASPUP", asp=1), "01000301 00000010 00110008 00000001"),
    ("m3ua", message("ASPUP ACK"), "01000304 00000008"),
    ("m3ua", message("BEAT", heartbeat=b"abcde"), "01000303 00000014 00090009 6162636465 000000"),
    ("m3ua", message("ASPAC", mode=2, contexts=(7,)), "01000401 00000018 000b0008 00000002 00060008 00000007"),
    ("m3ua", message("NTFY", status=(1, 3)), "01000001 00000010 000d0008 00010003"),
    ("m3ua", message("ERR", error=0x19, contexts=(9,)), "01000000 00000018 000c0008 00000019 00060008 00000009"),
    ("m3ua", message("DUNA", affected=((0, 0x156433), (8, 0x156400))), "01000201 00000014 0012000c 00156433 08156400"),
    ("m3ua", message("SCON", affected=((0, 1),), congestion=2), "01000204 00000018 00120008 00000001 02050008 00000002"),
    ("m3ua", message("DUPU", affected=((0, 1),), cause=(1, 5)), "01000205 00000018 00120008 00000001 02040008 00010005"),
    (
        "m3ua",
        message("DATA", contexts=(7,), data=ProtocolData(0x156433, 0x156434, 5, 2, 0, 11, b"abc")),
        "01000101 00000024 00060008 00000007 02100013 00156433 00156434 0502000b 616263 00",
    ),
    ("m2ua", message("ESTABLISH", identifiers=(3,)), "01000602 00000010 00010008 00000003"),
    ("m2ua", message("DATA", identifiers=(3,), data=b"\x85ab"), "01000601 00000018 00010008 00000003 03000007 856162 00"),
    ("m2ua", message("STATE", identifiers=(3,), state=2), "01000607 00000018 00010008 00000003 03020008 00000002"),
    (
        "m2ua",
        message("RETRIEVAL CONFIRM", identifiers=(3,), action=1, result=0, sequence=100),
        "0100060b 00000028 00010008 00000003 03060008 00000001 03080008 00000000 03070008 00000064",
    ),
    ("m2pa", LinkStatus(LAST, LAST, "alignment"), "01000b02 00000014 00ffffff 00ffffff 00000001"),
    ("m2pa", LinkStatus(5, 6, "out of service"), "01000b02 00000014 00000005 00000006 00000009"),
    ("m2pa", UserData(LAST, 0, b"\x85ab"), "01000b01 00000014 00ffffff 00000000 00 856162"),
    ("m2pa", UserData(1, 2), "01000b01 00000010 00000001 00000002"),
]


def write(protocol, value):
    return m2pa_messages.write(value) if protocol == "m2pa" else codec.write(DIALECTS[protocol], value)


def read(protocol, octets):
    return m2pa_messages.read(octets) if protocol == "m2pa" else codec.read(DIALECTS[protocol], octets)


def named(value):
    return getattr(value, "name", None) or getattr(value, "state", None) or (value if isinstance(value, str) else type(value).__name__)


ALL = [*EXAMPLES, *(("m2pa", value) for value in OF_M2PA)]


@pytest.mark.parametrize(("protocol", "value", "octets"), BY_HAND, ids=named)
def test_octets_written_by_hand(protocol, value, octets):
    assert write(protocol, value) == bytes.fromhex(octets)
    assert read(protocol, bytes.fromhex(octets)) == value


@pytest.mark.parametrize(("protocol", "value"), ALL, ids=named)
def test_every_message_there_and_back(protocol, value):
    octets = write(protocol, value)
    assert read(protocol, octets) == value
    assert int.from_bytes(octets[4:8], "big") == len(octets)


@pytest.mark.parametrize(("protocol", "value"), ALL, ids=named)
def test_whatever_damage_gives_a_message_or_a_fault(protocol, value):
    octets = write(protocol, value)
    for bad in damaged(octets):
        found = read(protocol, bad)
        assert isinstance(found, Message | UserData | LinkStatus | Fault), bad.hex()
        if not isinstance(found, Fault):
            assert isinstance(read(protocol, write(protocol, found)), type(found)), "what was read can be written"


@pytest.mark.parametrize(("protocol", "value"), ALL, ids=named)
def test_every_truncation_is_a_fault(protocol, value):
    octets = write(protocol, value)
    for bad in truncations(octets):
        assert isinstance(read(protocol, bad), Fault), bad.hex()
        cut = bad[:4] + len(bad).to_bytes(4, "big") + bad[8:] if len(bad) >= 8 else bad  # and one that says so
        assert isinstance(read(protocol, cut), Message | UserData | LinkStatus | Fault)


@given(st.binary(max_size=80), st.sampled_from(("m3ua", "m2ua", "m2pa")))
def test_any_octets(octets, protocol):
    assert isinstance(read(protocol, octets), Message | UserData | LinkStatus | Fault)


@given(st.binary(max_size=80), st.integers(0, 255), st.integers(0, 255), st.sampled_from(("m3ua", "m2ua", "m2pa")))
def test_any_octets_behind_a_good_header(octets, of_class, kind, protocol):
    body = bytes((1, 0, of_class, kind)) + (8 + len(octets)).to_bytes(4, "big") + octets
    assert isinstance(read(protocol, body), Message | UserData | LinkStatus | Fault)


@pytest.mark.parametrize(
    ("octets", "error"),
    [
        ("0100030100000008", None),
        ("0200030100000008", 0x01),
        ("0100090100000008", 0x03),
        ("0100030900000008", 0x04),
        ("0100020100000008", 0x16),
        ("010003010000000c00110004", 0x12),
        ("010003010000000c00110003", 0x12),
        ("010003010000000a0011", 0x12),
        ("01000301000000180011000800000001001100080000000100", 0x12),
        ("0100030100000007", 0x07),
        ("01000301ffffffff", 0x07),
        ("010003", 0x07),
    ],
)
def test_what_the_far_end_is_told(octets, error):
    found = codec.read(M3UA, bytes.fromhex(octets))
    assert (found.error if isinstance(found, Fault) else None) == error


def test_what_is_not_known_is_kept_and_lists_come_together():
    octets = bytes.fromhex("01000301 00000014 7fff000a 616263646566 0000".replace(" ", ""))
    found = codec.read(M3UA, octets)
    assert found == Message("ASPUP", {}, ((0x7FFF, b"abcdef"),))
    assert codec.write(M3UA, found) == octets
    twice = bytes.fromhex("0100020100000018 0012000800000001 0012000800000002".replace(" ", ""))
    assert codec.read(M3UA, twice).get("affected") == ((0, 1), (0, 2))


def test_the_padding_at_the_end_may_be_missing():
    whole = codec.write(M2UA, message("DATA", identifiers=(3,), data=b"\x85ab"))
    assert codec.read(M2UA, whole[:4] + (len(whole) - 1).to_bytes(4, "big") + whole[8:-1]).get("data") == b"\x85ab"
    assert codec.read(M2UA, whole[:4] + (len(whole) - 1).to_bytes(4, "big") + whole[8:]).get("data") == b"\x85ab"


STREAM = [write(protocol, value) for protocol, value in ALL]


@given(st.lists(st.integers(1, 200), min_size=1, max_size=60))
def test_a_stream_cut_anywhere_gives_the_same_messages(cuts):
    whole = b"".join(STREAM)
    splitter, found, place, turn = Splitter(), [], 0, 0
    while place < len(whole):
        size = cuts[turn % len(cuts)]
        found += splitter.feed(whole[place : place + size])
        place, turn = place + size, turn + 1
    assert found == STREAM == Splitter().feed(whole)


@pytest.mark.parametrize("head", ["02000b0100000010", "01000b0100000007", "01000b01ffffffff"])
def test_after_a_header_without_sense_a_stream_is_at_its_end(head):
    splitter = Splitter()
    found = splitter.feed(STREAM[0] + bytes.fromhex(head) + STREAM[0])
    assert found[0] == STREAM[0]
    assert [type(one) for one in found[1:]] == [Malformed]
    assert splitter.broken
    assert splitter.feed(STREAM[0]) == []


# The figures.

TEXT = (VARIANTS / "sigtran.toml").read_text(encoding="utf-8")


def test_the_file():
    figures = load_figures()
    assert set(figures.timers) == TIMERS
    assert all(timer.source for timer in figures.data.timers.values())
    assert figures.data.timers["Tack"].default_ms == 2000


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("T1  = { default_ms = 45000", "T1  = { default_ms = 4500", "timers.T1: 4500 ms is outside 40000..50000 ms"),
        ("Tp  = {", "T8 = {", "timers.Tp is missing"),
        ("Tp  = {", "T8 = {", "timers.T8: there is no such timer"),
        ("T7  = { default_ms = 1250", "T7  = { default_ms = 150", "timers.Tc: it is more than half of T7"),
        ("unconfirmed = 512", "unconfirmed = 1", "unconfirmed: 1 is outside 2..65536"),
        ("messages = 2048", "messages = 100", "messages: 100 is outside 512..65536"),
        ("confirm_each = 16", "confirm_each = 300", "confirm_each: 300 is outside 1..256"),
        ("onset = [256, 512, 1024]", "onset = [256, 256, 1024]", "onset: the three do not rise"),
        ("abatement = [128, 384, 768]", "abatement = [256, 384, 768]", "abatement"),
        ("title =", "titel =", "titel"),
    ],
)
def test_what_the_file_may_not_say(old, new, fault):
    assert old in TEXT
    with pytest.raises(VariantError) as caught:
        read_figures(TEXT.replace(old, new))
    assert any(fault in line for line in caught.value.faults)
