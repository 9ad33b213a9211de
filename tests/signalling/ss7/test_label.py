"""Point codes and labels, both forms, against octets written by hand from the Recommendation and from what tshark prints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.engine import Malformed
from pbx.signalling.ss7.mtp3.label import CHINA, ITU, Label, Unit, circuit_bits, circuit_label

FORMS = (CHINA, ITU)


@pytest.mark.parametrize(
    ("form", "text", "octets"), [(CHINA, "21-100-51", "336415"), (ITU, "2-141-4", "6c14"), (CHINA, "255-255-255", "ffffff")]
)
def test_point_codes_as_text_and_octets(form, text, octets):
    code = form.read(text)
    assert form.text(code) == text
    assert form.write_code(code).hex() == octets
    assert form.read(str(code)) == code


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", ["", "1-2", "1-2-3-4", "256-1-1", "1-256-1", "a-b-c", "-1", "99999999", "300-1-9", "1--1", "１-1-1"])
def test_what_is_no_point_code(form, text):
    with pytest.raises(ValueError, match="point code"):
        form.read(text)


def test_a_label_of_24_bits():
    """DPC 21-100-51, OPC 21-100-52, SLS 9: the point's octet first, SLS in the low half of the seventh octet."""
    label = Label(CHINA.read("21-100-51"), CHINA.read("21-100-52"), 9)
    octets = bytes.fromhex("33641534641509")
    assert CHINA.pack(label) == octets
    assert CHINA.unpack(octets) == label


def test_a_label_of_14_bits():
    """DPC 100, OPC 200, SLS 9: 14 bits and 14 bits and 4 bits, low octet first."""
    octets = (100 | 200 << 14 | 9 << 28).to_bytes(4, "little")
    assert ITU.pack(Label(100, 200, 9)) == octets == bytes.fromhex("64003290")
    assert ITU.unpack(octets) == Label(100, 200, 9)


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_units_come_back(form, data):
    codes = st.integers(0, form.highest)
    above = data.draw(st.integers(0, 15)) if form is CHINA else 0
    label = Label(data.draw(codes), data.draw(codes), data.draw(st.integers(0, 15)), above)
    unit = Unit(data.draw(st.integers(0, 15)), data.draw(st.integers(0, 3)), label, data.draw(st.binary()), data.draw(st.integers(0, 3)))
    assert form.read_unit(form.write_unit(unit)) == unit


@pytest.mark.parametrize("form", FORMS)
def test_a_unit_that_is_too_short(form):
    whole = form.write_unit(Unit(5, 2, Label(1, 2, 3), b""))
    assert isinstance(form.read_unit(whole), Unit)
    for length in range(len(whole)):
        assert isinstance(form.read_unit(whole[:length]), Malformed)


@pytest.mark.parametrize("form", FORMS)
@given(cic=st.integers(0, 4095), rest=st.binary(max_size=4))
def test_the_sls_of_the_telephone_user_part_is_the_low_end_of_its_circuit(form, cic, rest):
    sls, above, first = circuit_label(form, cic)
    assert sls == cic & 15
    octets = form.write_unit(Unit(4, 2, Label(1, 2, sls, above), first + rest))
    unit = form.read_unit(octets)
    assert circuit_bits(form, unit.label.sls, unit.label.above, unit.data) == (cic, rest)


def test_a_circuit_of_the_telephone_user_part_in_octets():
    """CIC 0x123 (PCM 9, time slot 3): 23 01 behind a 24-bit OPC; in the 14-bit form the label's last four bits, then 12."""
    sls, above, first = circuit_label(CHINA, 0x123)
    assert CHINA.pack(Label(0, 0, sls, above))[6:] + first == bytes.fromhex("2301")
    sls, above, first = circuit_label(ITU, 0x123)
    assert ITU.pack(Label(0, 0, sls, above))[3:] + first == bytes.fromhex("3012")


@pytest.mark.parametrize("form", FORMS)
def test_a_circuit_without_its_end(form):
    assert isinstance(circuit_bits(form, 3, 0, b""), Malformed)
