"""The codec of network management and link test messages: octets by hand, every message there and back, and whatever else may come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.engine import Malformed
from pbx.signalling.ss7.mtp3.label import CHINA, ITU
from pbx.signalling.ss7.mtp3.management import MESSAGES, LinkTest, Message, read, read_test, write, write_test

FORMS = (CHINA, ITU)
POINT = CHINA.read("21-100-51")

BY_HAND = [
    (CHINA, Message("COO", fsn=100), "1164"),
    (CHINA, Message("COA", fsn=127), "217f"),
    (CHINA, Message("XCO", fsn=0x123456), "31563412"),
    (CHINA, Message("XCA", fsn=0xFFFFFF), "41ffffff"),
    (CHINA, Message("CBD", code=200), "51c8"),
    (CHINA, Message("CBA", code=1), "6101"),
    (CHINA, Message("ECO"), "12"),
    (CHINA, Message("ECA"), "22"),
    (CHINA, Message("TFP", destination=POINT), "14336415"),
    (CHINA, Message("TFA", destination=POINT), "54336415"),
    (CHINA, Message("TFR", destination=POINT), "34336415"),
    (CHINA, Message("RST", destination=POINT), "15336415"),
    (CHINA, Message("RSR", destination=POINT), "25336415"),
    (CHINA, Message("TFC", destination=POINT, status=2), "2333641502"),
    (CHINA, Message("UPU", destination=POINT, service=5, cause=1), "1a33641515"),
    (CHINA, Message("TRA"), "17"),
    (CHINA, Message("LIN"), "16"),
    (CHINA, Message("LRT"), "86"),
    (ITU, Message("TFP", destination=0x1234), "143412"),
    (ITU, Message("TFC", destination=0x1234, status=2), "233492"),
    (ITU, Message("UPU", destination=0x1234, service=4, cause=2), "1a341224"),
    (ITU, Message("DLC", link=0xABC), "18bc0a"),
]


@pytest.mark.parametrize(("form", "message", "octets"), BY_HAND, ids=lambda value: getattr(value, "name", None))
def test_octets_written_by_hand(form, message, octets):
    assert write(form, message).hex() == octets
    assert read(form, bytes.fromhex(octets)) == message


def examples(form):
    """Every message with all its fields at odd values."""
    values = {"fsn": 85, "code": 170, "link": 0x5A5, "destination": form.highest & 0x2A5A5A, "status": 3, "service": 9, "cause": 6}
    for name, row in MESSAGES.items():
        fields = {field: values[field] for field in row.fields if field in values}
        if "user" in row.fields:
            fields |= {"service": 9, "cause": 6}
        yield Message(name, **fields)


ALL = [(form, message) for form in FORMS for message in examples(form)]


@pytest.mark.parametrize(("form", "message"), ALL, ids=lambda value: getattr(value, "name", getattr(value, "bits", None)))
def test_every_message_there_and_back(form, message):
    octets = write(form, message)
    assert read(form, octets) == message
    assert read(form, octets + b"\x00\xff") == message, "what later versions may add is not looked at"


@pytest.mark.parametrize(("form", "message"), ALL, ids=lambda value: getattr(value, "name", getattr(value, "bits", None)))
def test_every_truncation_and_every_flipped_bit(form, message):
    octets = write(form, message)
    for length in range(len(octets)):
        found = read(form, octets[:length])
        short_status = message.name == "TFC" and form is CHINA and length == 4  # the status may be left away
        assert isinstance(found, Message if short_status else Malformed), octets[:length].hex()
    for bit in range(8 * len(octets)):
        flipped = bytearray(octets)
        flipped[bit // 8] ^= 1 << bit % 8
        found = read(form, bytes(flipped))
        if isinstance(found, Message):
            assert read(form, write(form, found)) == found, "what was understood can be said"
        else:
            assert isinstance(found, Malformed)


@pytest.mark.parametrize("form", FORMS)
@given(octets=st.binary(max_size=12))
def test_any_octets_are_a_message_or_malformed(form, octets):
    found = read(form, octets)
    assert isinstance(found, Message | Malformed)
    assert isinstance(read_test(octets), LinkTest | Malformed)


def test_the_headings_are_those_of_the_recommendation():
    assert len({row.heading for row in MESSAGES.values()}) == len(MESSAGES) == 29  # with XCO and XCA of Q.2210
    assert isinstance(read(CHINA, b"\x99"), Malformed)
    assert isinstance(read(CHINA, b""), Malformed)


@pytest.mark.parametrize("name", ["SLTM", "SLTA"])
@pytest.mark.parametrize("length", range(1, 16))
def test_link_tests(name, length):
    message = LinkTest(name, bytes(range(length)))
    octets = write_test(message)
    assert octets[:2] == bytes(({"SLTM": 0x11, "SLTA": 0x21}[name], length << 4))
    assert read_test(octets) == message
    for short in range(len(octets)):
        assert isinstance(read_test(octets[:short]), Malformed)


@pytest.mark.parametrize("octets", ["", "11", "3110aa", "1100", "2120aa"])
def test_what_is_no_link_test(octets):
    assert isinstance(read_test(bytes.fromhex(octets)), Malformed)
