"""The ticker of a simulation: time that passes in many short runs is the time of one long run, tick by tick."""

import pytest

from pbx.clock import VirtualClock
from pbx.simulation import Ticker
from tests.lab import Lab


@pytest.mark.parametrize("step", [0.1, 0.25, 1.0, 0.007])
def test_no_tick_of_sound_is_left_out_where_a_run_ends(seed, step, monkeypatch):
    """A run that ended at the end of a tick began the next one with the tick after it: 10 ms of sound were never heard."""
    ticks = []
    advance = Ticker.advance

    def counted(ticker, now):
        ticks.append(ticker._next)
        advance(ticker, now)

    with Lab(seed=seed) as lab:
        caller = lab.caller("13900000001").dials("10086").is_answered()
        monkeypatch.setattr(Ticker, "advance", counted)
        end = lab.now + 3.0
        while lab.now < end:
            lab.simulation.run(step)
        monkeypatch.undo()
        assert ticks == list(range(ticks[0], ticks[0] + len(ticks)))
        caller.hangs_up()


class BusyPlane:
    """A plane in which something is always under way."""

    def __init__(self):
        self.ticks = []

    def next_activity(self):
        return len(self.ticks)

    def tick(self, number):
        self.ticks.append(number)

    def drain(self):
        return []


def test_a_tick_under_way_is_not_lost_to_a_timer_an_ulp_before_its_end():
    """The end of tick 634 is 6.3500000000000005 s, and a timer at 6.35 s is due before it."""
    clock, plane = VirtualClock(), BusyPlane()
    clock.sources.append(Ticker(clock, plane, None))
    for hundredth in range(1, 1000):
        clock.call_at(hundredth / 100, lambda: None)
    clock.run_until(10.0)
    assert plane.ticks == list(range(len(plane.ticks))) and len(plane.ticks) >= 999


def test_a_plant_is_waited_for_before_each_tick():
    """The kernel's drivers have a time of their own: a tick must not be run before it is due there."""
    clock, plane, awaited = VirtualClock(), BusyPlane(), []

    def await_tick(tick):
        assert tick not in plane.ticks
        awaited.append(tick)

    clock.sources.append(Ticker(clock, plane, None, await_tick))
    clock.run_until(1.0)
    assert awaited == plane.ticks and len(awaited) >= 99
