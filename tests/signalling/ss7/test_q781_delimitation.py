"""Q.781 section 5: delimitation, alignment, errors and correction of signal units, the framer in C before both parts of level 2."""

import pytest

from pbx.signalling.ss7 import primitives as p
from tests.dsp.test_hdlc import FLAG, Receiver, line, slot
from tests.signalling.ss7.terminal import FarEnd

LONGEST = 276


class ByBits:
    """A far end in service whose bits are given one by one."""

    def __init__(self):
        self.far = FarEnd()
        self.far.serve()
        self.framer = Receiver(counting=16, longest=LONGEST)

    def bits(self, bits):
        """Bits, and the time that they take; flags stand before and behind."""
        self.far.silence()
        self.far.send(*self.framer.hear(slot(FLAG + bits)))
        self.far.run(0.02)

    def units(self, *units, flags=1):
        self.bits(line(units, flags))

    def messages(self, count=3):
        found = []
        for _ in range(count):
            self.far.forward = (self.far.forward + 1) % 128
            found.append(self.far.msu(b"\x85" + bytes([self.far.forward, 0])))
        return found

    def received(self):
        return [value.octets for value in self.far.told(p.ReceivedMessage)]

    def in_error(self):
        return self.far.end.counters().units_in_error


@pytest.fixture
def end():
    return ByBits()


def goes_on(end):
    """Still in service, and the next message is taken."""
    before = end.received()
    (unit,) = end.messages(1)
    end.units(end.far.fisu(fsn=(end.far.forward - 1) % 128), unit)
    assert end.received() == [*before, unit[3:]]
    assert end.far.end.state == "InService"


def test_5_1_more_than_7_ones_between_msu_opening_and_closing_flags(end):
    """More than seven ones between an MSU's opening and closing flags: one unit in error, the next is good."""
    end.bits([0, 1] * 30 + [1] * 8 + [0, 1] * 30 + FLAG)
    assert end.in_error() == 1
    assert end.received() == []
    goes_on(end)


def test_5_2_greater_than_maximum_signal_unit_length(end):
    """Greater than maximum signal unit length: one unit in error, octets are counted until the next good one."""
    end.units(end.far.msu(bytes(274), fsn=0))
    assert end.in_error() == 1
    assert end.received() == []
    goes_on(end)
    end.far.forward = (end.far.forward + 1) % 128
    longest = b"\x85" + bytes(272)
    end.units(end.far.msu(longest))
    assert end.received()[-1] == longest


def test_5_3_below_minimum_signal_unit_length(end):
    """Below minimum signal unit length: in error, and nothing else."""
    end.units(b"\xff\xff")
    assert end.in_error() == 1
    goes_on(end)


@pytest.mark.parametrize("flags", [1, 2, 7], ids=["a", "b", "b, more"])
def test_5_4_single_and_multiple_flags_between_fisus(end, flags):
    """Reception of single (a) and multiple (b) flags between FISUs."""
    end.units(*[end.far.fisu()] * 20, flags=flags)
    assert end.in_error() == 0
    goes_on(end)


@pytest.mark.parametrize("flags", [1, 2, 7], ids=["a", "b", "b, more"])
def test_5_5_single_and_multiple_flags_between_msus(end, flags):
    """Reception of single (a) and multiple (b) flags between MSUs."""
    units = end.messages(20)
    end.units(*units, flags=flags)
    assert end.received() == [unit[3:] for unit in units]
    assert end.in_error() == 0
