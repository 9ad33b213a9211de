"""Signal units of level 2 as octets and values: by hand, there and back, and as the C part writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.no7_terminals import SENT
from pbx.engine import Malformed
from pbx.signalling.ss7.mtp2.unit import SignalUnit, read_signal_unit, write_signal_unit
from tests.signalling.ss7.terminal import FarEnd

BY_HAND = [
    ("858600", SignalUnit(5, 1, 6, 1), "FISU", ""),
    ("ffff0103", SignalUnit(127, 1, 127, 1, b"\x03"), "LSSU", "SIOS"),
    ("0102020500", SignalUnit(1, 0, 2, 0, b"\x05\x00"), "LSSU", "SIB"),
    ("01020107", SignalUnit(1, 0, 2, 0, b"\x07"), "LSSU", "status 7"),
    ("010203850000", SignalUnit(1, 0, 2, 0, b"\x85\x00\x00"), "MSU", ""),
]


@pytest.mark.parametrize(("octets", "unit", "kind", "status"), BY_HAND)
def test_octets_written_by_hand(octets, unit, kind, status):
    assert read_signal_unit(bytes.fromhex(octets)) == unit
    assert write_signal_unit(unit).hex() == octets
    assert (unit.kind, unit.status) == (kind, status)


NUMBER, BIT = st.integers(0, 127), st.integers(0, 1)


@given(st.builds(SignalUnit, NUMBER, BIT, NUMBER, BIT, st.binary(max_size=273)))
def test_there_and_back(unit):
    octets = write_signal_unit(unit)
    assert read_signal_unit(octets) == unit
    if octets[2] < 63:
        assert isinstance(read_signal_unit(octets + b"\x00"), Malformed)
    assert isinstance(read_signal_unit(octets[: min(len(octets) - 1, 65)]), Malformed)


EXTENDED_NUMBER = st.integers(0, 4095)
EXTENDED_BY_HAND = [
    ("058306040000", SignalUnit(0x305, 1, 0x406, 0), "FISU", ""),
    ("ff8fff8f010003", SignalUnit(4095, 1, 4095, 1, b"\x03"), "LSSU", "SIOS"),
    ("010002000300850000", SignalUnit(1, 0, 2, 0, b"\x85\x00\x00"), "MSU", ""),
]


@pytest.mark.parametrize(("octets", "unit", "kind", "status"), EXTENDED_BY_HAND)
def test_octets_of_the_extended_format_written_by_hand(octets, unit, kind, status):
    assert read_signal_unit(bytes.fromhex(octets), extended=True) == unit
    assert write_signal_unit(unit, extended=True).hex() == octets
    assert (unit.kind, unit.status) == (kind, status)


@given(st.builds(SignalUnit, EXTENDED_NUMBER, BIT, EXTENDED_NUMBER, BIT, st.binary(max_size=273)))
def test_there_and_back_in_the_extended_format(unit):
    octets = write_signal_unit(unit, extended=True)
    assert read_signal_unit(octets, extended=True) == unit
    for wrong in (octets + b"\x00", octets[:-1]):
        assert isinstance(read_signal_unit(wrong, extended=True), Malformed)


@given(st.binary(max_size=40))
def test_any_octets(octets):
    for extended in (False, True):
        assert isinstance(read_signal_unit(octets, extended), SignalUnit | Malformed)


def test_the_units_of_transmission_control():
    """What the C part sends is read as what it was told to send."""
    far = FarEnd()
    far.run(0.02)
    far.prove()
    names = {read_signal_unit(unit).status for _, unit in far.heard}
    assert {"SIOS", "SIO", "SIE"} <= names <= {*SENT, "SIB", ""}
    far = FarEnd()
    far.serve()
    far.give(b"one", b"two" * 30)
    far.run(0.1)
    units = [read_signal_unit(unit) for _, unit in far.heard]
    assert [(unit.forward, unit.contents) for unit in units if unit.kind == "MSU"] == [(0, b"\x85one"), (1, b"\x85" + b"two" * 30)]
