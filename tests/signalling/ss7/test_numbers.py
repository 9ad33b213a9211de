"""Address signals and circuit codes (Q.763 clauses 1.2 and 3.9; Q.723)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.signalling.ss7 import numbers
from pbx.signalling.ss7.numbers import NatureOfAddress


@pytest.mark.parametrize(
    ("signals", "octets"), [("", ""), ("1", "01"), ("12", "21"), ("123", "2103"), ("0BCF", "b0fc"), ("1062301234F", "01260321430f")]
)
def test_signals_stand_low_half_first(signals, octets):
    assert numbers.pack(signals) == bytes.fromhex(octets)
    assert numbers.unpack(bytes.fromhex(octets), odd=len(signals) % 2 == 1) == signals


@given(st.text("0123456789ABCDEF", max_size=32))
def test_signals_come_back(signals):
    assert numbers.unpack(numbers.pack(signals), odd=len(signals) % 2 == 1) == signals


@pytest.mark.parametrize("signals", ["1*", "#", "1 2", " 12", "12  ", "１２", "G"])
def test_other_signs_are_refused(signals):
    with pytest.raises(ValueError):
        numbers.pack(signals)


def test_the_end_of_pulsing_ends_a_number():
    assert numbers.number_of("62301234F") == ("62301234", True)
    assert numbers.number_of("62301234") == ("62301234", False)
    assert numbers.number_of("62F34") == ("62", True)


@pytest.mark.parametrize(
    ("number", "nature", "dialled"),
    [
        ("62301234", NatureOfAddress.SUBSCRIBER, "62301234"),
        ("1062301234", NatureOfAddress.NATIONAL, "01062301234"),
        ("4930123456", NatureOfAddress.INTERNATIONAL, "004930123456"),
    ],
)
def test_a_number_as_it_is_dialled(number, nature, dialled):
    assert numbers.dialled(number, nature) == dialled
    assert numbers.of_dialled(dialled) == (number, nature)


def test_prefixes_are_a_networks_own():
    assert numbers.dialled("2125550123", NatureOfAddress.NATIONAL, "1", "011") == "12125550123"
    assert numbers.of_dialled("0114930123456", "1", "011") == ("4930123456", NatureOfAddress.INTERNATIONAL)
    assert numbers.dialled("110", NatureOfAddress.NETWORK_SPECIFIC) == "110"


@given(st.integers(0, numbers.CIRCUITS - 1))
def test_circuits_are_spans_and_slots(cic):
    assert numbers.circuit_code(*numbers.span_and_slot(cic)) == cic


def test_a_circuit_by_hand():
    assert numbers.circuit_code(2, 17) == 81
    assert numbers.span_and_slot(4095) == (127, 31)
    for span, slot in ((128, 1), (0, 32), (-1, 1)):
        with pytest.raises(ValueError):
            numbers.circuit_code(span, slot)
