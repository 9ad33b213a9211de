"""What is told of a span on the kernel's own drivers, and what becomes of orders to it; loop-back spans have no line to count errors on.

Runs inside the machine of ``rig/``: a plane with two cards, stepped by the clock, and whoever tends its spans.
"""

import errno
import os
import time

import msgspec
import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from pbx._plane import lib

from drivers.dahdi import AVAILABLE, Dahdi, DahdiSettings
from pbx.media import Layout, Plane
from pbx.span_notices import SpanOrder, SpanStatus
from pbx.span_tending import SpanTender
from pbx.vocabulary.media import LOSS_OF_SIGNAL
from tests.dahdi.rig.face import Control
from tests.dahdi.rig.machine import TWO_PAIRS

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = TWO_PAIRS
IDLE = 0b1001
FAR = [*range(32, 47), *range(48, 63)]
TICK_S = 0.01
PATIENCE_TICKS = 2000


class Office:
    """Tended spans, stepped by the clock."""

    def __init__(self, *spans):
        self.cards = [Dahdi(settings) for settings in spans]
        self.plane = Plane.create(Layout(ports=90, prompts=8, prompt_octets=1 << 16, journal_octets=1 << 17, recorders=1))
        for card in self.cards:
            self.plane.add_card(card.card)
        self.tender = SpanTender(self.plane, self.cards)
        self.tick, self._began, self._orders = 0, time.monotonic(), 0
        self.steps(110)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for card in self.cards:
            card.close()

    def steps(self, ticks):
        for _ in range(ticks):
            time.sleep(max(0.0, self._began + self.tick * TICK_S - time.monotonic()))
            self.plane.tick(self.tick)
            self.tick += 1
            if self.tick % 100 == 0:
                for card in self.cards:
                    card.mend()
            if self.tick % 10 == 0:
                self.tender.look()

    def status(self, span=0):
        return msgspec.json.decode(self.plane.read_report(span), type=SpanStatus)

    def until(self, wanted):
        for _ in range(PATIENCE_TICKS // 10):
            if wanted(self.status()):
                return self.status()
            self.steps(10)
        raise AssertionError(self.status())

    def order(self, action, port=-1):
        self._orders += 1
        self.plane.write_order(0, msgspec.json.encode(SpanOrder(self._orders, 0.0, action, port)))
        return self.until(lambda status: status.answer is not None and status.answer.number == self._orders)


def test_a_span_says_what_it_is():
    with Office(DahdiSettings(1, idle_bits=IDLE, signalling_channels=(16,))) as office:
        status = office.status()
        assert status.present and status.card == "dahdi" and status.description.startswith("DYN/loc/1:0")
        assert status.unused == {} and status.counted["ticks"] > 0 and status.counted["system_calls"] > 0
        assert status.counted["failures"] == 0 and status.alarms == 0


def test_orders_that_the_driver_does_not_know_are_refused_in_its_words():
    with Office(DahdiSettings(1, idle_bits=IDLE)) as office:
        for action in ("loop-local", "loop-line", "pattern", "one-crc4-error"):
            status = office.order(action)
            assert os.strerror(errno.ENOSYS) in status.answer.refused and status.maintenance == "normal"
        for action in ("loop-channel", "release-channel"):
            assert office.order(action, port=4).answer.refused == ""


def test_a_far_end_that_fails_is_an_alarm_with_severely_errored_seconds():
    with Office(DahdiSettings(1, idle_bits=IDLE)) as office, Control() as control:
        control.destroy("1:1")
        status = office.until(lambda status: status.told_alarms == LOSS_OF_SIGNAL and status.performance.severely_errored_seconds)
        assert status.present, "our own channels are there all the while"
        control.create("1:1")
        for channel in FAR:
            control.configure(channel, lib.DAHDI_SIG_CAS, IDLE)
        office.until(lambda status: status.told_alarms == status.alarms == 0)
