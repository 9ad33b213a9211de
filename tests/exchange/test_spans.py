"""Spans of a whole simulation: what a jump of the virtual clock must not pass over."""

import pytest

from pbx import at_rest
from pbx.vocabulary import facts
from tests.lab import Lab
from tests.offices import exchange_lines, office

CITY = "87654321"


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


def _talking(lab):
    """An extension talks to the city over an exchange line, which is a telephone's line at its other end."""
    city, phone = lab.caller(CITY), lab.telephone("8006").dials("0" + CITY)
    city.is_rung(within=60.0)
    city.answers().speaks("welcome")
    phone.hears("welcome")
    city.be_silent()
    lab.after(9.0)
    return city, phone


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("kind", ["subscriber", "office"])
def test_analog_lines_ride_over_a_short_alarm_and_lose_their_call_in_a_long_one(kind, tokens, seed):
    """Both ends of the line see the alarm: of a telephone's line and of an exchange line the same rule holds."""
    with Lab(seed=seed, tokens=tokens, configuration=office(exchange_lines(answer_supervision="reversal"))) as lab:
        lab.faulty = True
        span = [span.kind for span in lab.simulation.configuration.spans].index(kind)
        line = {"subscriber": "sub-1/6", "office": "co-1/1"}[kind]
        city, phone = _talking(lab)
        cut = lab.simulation.near_wires[span].faults(0).cut
        cut(True)
        lab.after(1.5)
        assert lab.exchange.lines[line].engine.state == "Talking/alarm"
        cut(False)
        lab.after(5.0)
        city.speaks("welcome")
        phone.hears("welcome")
        city.be_silent()
        assert lab.facts(facts.ConnectionCleared) == []
        cut(True)
        lab.after(6.0)
        assert 27 in [fact.cause for fact in lab.facts(facts.ConnectionCleared) if fact.line == line]
        cut(False)
        lab.after(5.0)
        if kind == "subscriber":
            phone.hears_tone("congestion")
        phone.hangs_up()
        lab.after(60.0)
        assert at_rest.complaints(lab.simulation, faults=True) == []
