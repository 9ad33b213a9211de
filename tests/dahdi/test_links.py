"""Signalling links of No. 7 on the kernel's drivers: two planes, each working an ``mtp2`` channel of its own, stepped by the clock.

Runs inside the machine of ``rig/``. The kernel makes flags and check sequences, repeats the last unit given and shows no received unit
twice, which level 2 in the tick must know (``MTP2_REPEATING``).
"""

import time

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from drivers.dahdi import AVAILABLE, Dahdi, DahdiSettings
from pbx.media import TICK_SECONDS, Plane, lib
from pbx.signalling.ss7 import primitives as p
from tests.dahdi.rig.face import Control
from tests.dahdi.rig.machine import TWO_PAIRS
from tests.plane.links import FIGURES, LAYOUT, Ends, LinkControl, texts

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = TWO_PAIRS
PATIENCE_S = 300
PORT = 30
"""Behind the thirty of the span."""


class Spans(Ends):
    """Both ends of the pair of spans whose channels 78 and 109 are ``mtp2``."""

    def __init__(self, figures=FIGURES):
        self.cards = [Dahdi(DahdiSettings(first, channels=4, signalling_channels=(4,))) for first in (75, 106)]
        made = []
        for card in self.cards:
            plane = Plane.create(LAYOUT)
            plane.add_card(card.card)
            assert plane.add_card(card.links[0])[0] == PORT
            made.append(LinkControl(plane, PORT, figures))
        super().__init__(*made)
        self._began = time.monotonic()
        self.run(0.2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for card in self.cards:
            card.close()

    def await_tick(self):
        """The kernel moves frames by a clock of its own."""
        time.sleep(max(0.0, self._began + self.ticks * TICK_SECONDS - time.monotonic()))


@pytest.mark.parametrize("emergency", [False, True])
def test_two_ends_align(emergency):
    with Spans() as ends:
        assert [end.plane.link_status(PORT) for end in ends.ends] == ["out of service"] * 2
        ends.align(emergency)
        ends.run(1)
        assert [end.plane.link_status(PORT) for end in ends.ends] == ["in service"] * 2
        assert ends.one.told == ends.other.told == [p.InService()]
        assert not ends.one.unexpected and not ends.other.unexpected


def test_messages_go_both_ways_in_order():
    with Spans() as ends:
        ends.align()
        there, back = texts(0, 300), texts(1000, 300)
        for step in range(0, 300, 10):
            for n in range(step, step + 10):
                ends.one.request(p.MessageForTransmission(there[n]))
                ends.other.request(p.MessageForTransmission(back[n]))
            ends.run(0.08)
        ends.run(20, lambda: len(ends.one.received()) == len(ends.other.received()) == 300)
        assert ends.other.received() == there and ends.one.received() == back
        for end in ends.ends:
            assert end.state == "InService" and end.plane.counters()["refused_frames"] == 0


def test_a_link_stays_for_a_minute_of_nothing_to_say():
    """No unit is shown all that time, and the far end's fill-in units count all the same."""
    with Spans() as ends:
        ends.align()
        ends.run(60)
        assert ends.one.state == ends.other.state == "InService"
        ends.one.request(p.MessageForTransmission(b"\x85late"))
        ends.run(1)
        assert ends.other.received() == [b"\x85late"]


def test_a_silent_control_keeps_its_link():
    with Spans() as ends:
        one, other = ends.ends
        other.up = lambda value: other.request(p.Continue()) if isinstance(value, p.RemoteProcessorRecovered) else None
        ends.align()
        sent = texts(0, 100)
        for step in range(0, 100, 4):
            one.stalled = 20 <= step < 60
            for octets in sent[step : step + 4]:
                other.request(p.MessageForTransmission(octets))
            ends.run(0.2)
        ends.run(10, lambda: len(one.received()) == 100)
        assert one.received() == sent and one.state == other.state == "InService"
        assert one.counters()["silences"] == 1


def test_a_new_control_goes_on():
    with Spans() as ends:
        ends.align()
        sent = texts(0, 100)
        for octets in sent[:50]:
            ends.other.request(p.MessageForTransmission(octets))
        ends.run(0.2)
        new = ends.one.successor()
        new.told = list(ends.one.told)
        ends.ends[0] = new
        for octets in sent[50:]:
            ends.other.request(p.MessageForTransmission(octets))
        ends.run(10, lambda: len(new.received()) == 100)
        assert new.received() == sent and new.state == "InService"


def test_stop_and_retrieval_and_a_new_beginning():
    with Spans() as ends:
        ends.align()
        sent = texts(0, 400)
        for octets in sent:
            ends.one.request(p.MessageForTransmission(octets))
        ends.run(0.5)
        ends.other.request(p.Stop())
        assert ends.run(2, lambda: ends.one.state == "OutOfService")
        ends.other.request(p.RetrieveBsnt())
        ends.run(0.1)
        bsnt = next(value.value for value in ends.other.told if isinstance(value, p.Bsnt))
        ends.one.request(p.RetrievalRequest(bsnt))
        ends.run(0.5)
        assert ends.other.received() + ends.one.retrieved() == sent
        assert ends.one.told[-1] == p.RetrievalComplete()
        ends.align()


def test_a_span_whose_signal_is_lost_ends_its_link():
    """Which the kernel shows by an alarm and by no unit; the far end is gone with its span."""
    with Spans() as ends, Control() as control:
        ends.align()
        one = ends.one
        ends.cards.pop().close()
        ends.ends.pop()
        control.destroy("2:1")
        try:
            assert ends.run(3, lambda: one.state == "OutOfService")
            assert one.told[-1] == p.OutOfService("errors")
            assert one.counters()["failed_errors"] == 1 and one.counters()["errors_in_service"] >= 64
            assert one.plane.link_status(PORT) in ("failed", "out of service")
        finally:
            control.create("2:1")
            for channel in range(106, 109):
                control.configure(channel, lib.DAHDI_SIG_CLEAR)
            control.configure(109, lib.DAHDI_SIG_MTP2)
