"""Caller identity: what is encoded is decoded, any octets are borne, pieces do not matter; known messages octet by octet."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.engine import Malformed
from pbx.signalling.analog.caller_identity import (
    FILE,
    TYPES,
    Call,
    Decoder,
    DtmfPresentation,
    FskPresentation,
    MessageWaiting,
    Other,
    checksum,
    commands,
    decode,
    decode_digits,
    encode,
    encode_digits,
    load_presentations,
)
from pbx.vocabulary.media import MODEMS, SendDigits, SendOctets

PRESENTATIONS = load_presentations()
DIGITS = st.text("0123456789", max_size=20)
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
ABSENCE = st.sampled_from(["", "private", "unavailable"])
OTHERS = st.lists(st.tuples(st.integers(0x10, 0x60), st.binary(max_size=20)), max_size=3).map(tuple)
CALLS = st.builds(
    Call,
    date_time=st.just("11221830") | st.just(""),
    number=DIGITS,
    number_absence=ABSENCE,
    name=TEXT,
    name_absence=ABSENCE,
    called_number=DIGITS,
    other=OTHERS,
)
WAITINGS = st.builds(MessageWaiting, active=st.booleans(), other=OTHERS)
CHARGES = st.builds(Other, st.just(0x86), OTHERS)


@given(message=CALLS | WAITINGS | CHARGES)
def test_what_is_encoded_is_decoded(message):
    octets = encode(message)
    assert sum(octets) % 256 == 0
    assert decode(octets) == message
    assert Decoder().feed(b"U" * 30 + octets) == [message]


@given(number=DIGITS, absence=ABSENCE)
def test_messages_of_one_part(number, absence):
    call = Call(date_time="11221830", number="" if absence else number, number_absence=absence)
    assert decode(encode(call, "single")) == call
    for active in (True, False):
        assert decode(encode(MessageWaiting(active=active), "single")) == MessageWaiting(active=active)


def test_known_messages():
    # The worked example of Bellcore's paper and of many manuals since: its checksum stands as printed.
    single = bytes.fromhex("0412303933303132323436303935353531323132") + b"\x51"
    assert decode(single) == Call(date_time="09301224", number="6095551212")
    assert encode(Call(date_time="09301224", number="6095551212"), "single") == single
    assert encode(Call(number_absence="private"), "multiple") == bytes.fromhex("8003 040150 28")


@given(octets=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=6))
def test_any_octets_give_messages_or_malformed_whole_as_piecemeal(octets, cuts):
    whole = Decoder()
    found = whole.feed(octets) + whole.lost()
    assert all(isinstance(each, (Call, MessageWaiting, Other, Malformed)) for each in found)
    pieces, places, decoder = [], sorted({0, len(octets), *(min(c, len(octets)) for c in cuts)}), Decoder()
    for start, end in itertools.pairwise(places):
        pieces += decoder.feed(octets[start:end])
    assert pieces + decoder.lost() == found
    assert whole.feed(encode(Call(number="1"))) == [Call(number="1")]


@given(kind=st.sampled_from(sorted(TYPES)), contents=st.binary(max_size=255), encoding=st.sampled_from(["ascii", "gb2312", "latin-1"]))
def test_any_contents_with_a_good_checksum(kind, contents, encoding):
    octets = bytes([kind, len(contents)]) + contents
    assert isinstance(decode(octets + bytes([checksum(octets)]), encoding), (Call, MessageWaiting, Other, Malformed))


@given(message=CALLS, place=st.integers(0, 400), bit=st.integers(0, 7))
def test_a_wrong_bit_is_noticed(message, place, bit):
    octets = bytearray(encode(message))
    octets[2 + place % (len(octets) - 2)] ^= 1 << bit
    assert isinstance(decode(bytes(octets)), Malformed)


def test_what_was_cut_short_is_told_once():
    decoder = Decoder()
    assert decoder.feed(encode(Call(number="12345"))[:-2]) == []
    assert [type(each) for each in decoder.lost()] == [Malformed]
    assert decoder.lost() == []
    assert isinstance(decode(b""), Malformed)
    assert isinstance(decode(b"\x80\x05\x01"), Malformed)


def test_names_in_chinese():
    call = Call(number="13800138000", name="张三")
    assert decode(encode(call, encoding="gb2312"), "gb2312") == call


@pytest.mark.parametrize(
    ("message", "form"),
    [
        (Call(number="1"), "single"),
        (Call(date_time="11221830", name="A"), "single"),
        (Other(0x86, ()), "single"),
        (Call(name="张三"), "multiple"),
        (Call(name="A" * 256), "multiple"),
        (Call(name="A" * 200, number="1" * 100), "multiple"),
    ],
)
def test_what_a_form_cannot_say_is_refused(message, form):
    with pytest.raises(ValueError):
        encode(message, form)


@pytest.mark.parametrize("name", [n for n, p in PRESENTATIONS.items() if isinstance(p, DtmfPresentation)])
def test_digits_there_and_back(name):
    way = PRESENTATIONS[name]
    for call in (Call(number="13800138000"), Call(number_absence="private"), Call(number_absence="unavailable")):
        assert decode_digits(encode_digits(call, way), way) == call
    assert encode_digits(Call(number="123"), way) == way.start + "123" + way.end
    for wrong in ("", "123", way.start, way.start + way.end, "A" + "A", way.start + "12A" + way.end):
        assert isinstance(decode_digits(wrong, way), Malformed)
    with pytest.raises(ValueError, match="cannot be sent"):
        encode_digits(Call(number="12+4"), way)


@given(digits=st.text(max_size=20))
def test_any_digits_are_borne(digits):
    for way in PRESENTATIONS.values():
        if isinstance(way, DtmfPresentation):
            assert isinstance(decode_digits(digits, way), (Call, Malformed))


def test_every_presentation_becomes_commands():
    call = Call(date_time="11221830", number="13800138000")
    for name, way in PRESENTATIONS.items():
        (command,) = commands(call, way)
        assert isinstance(command, SendOctets if isinstance(way, FskPresentation) else SendDigits), name
        assert len(way.source) > 20
        if isinstance(command, SendOctets):
            assert command.modem == MODEMS[way.modem]
            assert decode(command.octets, way.encoding) == call
            assert command.mark_bits >= 80
    with pytest.raises(ValueError, match="calls only"):
        commands(MessageWaiting(active=True), PRESENTATIONS["dtmf-c"])


@pytest.mark.parametrize(
    ("old", "new"),
    [('modem = "v23"', 'modem = "v32"'), ('end = "#"', 'end = "E"'), ("mark_bits = 80", 'mark_bits = "x"'), ("[china]", "[china")],
)
def test_a_wrong_file_is_named(tmp_path, old, new):
    path = tmp_path / "caller-identity.toml"
    path.write_text(FILE.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=r"caller-identity\.toml"):
        load_presentations(path)


def test_values_can_be_kept_as_octets():
    call = Call(number="1", other=((0x11, b"\1"),))
    assert msgspec.convert(msgspec.to_builtins(call), Call) == call
