"""The ticker of a simulation: time that passes in many short runs is the time of one long run, tick by tick."""

import pytest

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
