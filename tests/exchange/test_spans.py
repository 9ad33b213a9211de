"""Spans of a whole simulation: what a jump of the virtual clock must not pass over."""

import pytest

from pbx import at_rest
from tests.lab import Lab


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("kind", ["cut", "alarm_indication", "no_frames", "remote_alarm"])
def test_end_of_a_fault_is_seen_though_nothing_else_happens(kind, tokens, seed):
    """The span is quiet under its alarm, so the clock would jump; the end of the fault is news for the far end all the same."""
    with Lab(seed=seed, tokens=tokens) as lab:
        lab.faulty = True
        put = getattr(lab.simulation.near_wires[0].faults(0), kind)
        lab.after(5.0)
        put(True)
        lab.after(20.0)
        assert lab.exchange.lines["e1-1/1"].blocked or lab.network.lines["e1-1/1"].blocked
        put(False)
        lab.after(20.0)
        assert at_rest.complaints(lab.simulation, faults=True) == []
