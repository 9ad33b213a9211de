"""Continuity checks by the Chinese TUP between two exchanges of ours, in sound."""

import pytest

from pbx.console_view import DONE, ConsoleView
from pbx.journal import Journal, MemoryRing
from pbx.vocabulary import facts
from tests.exchange.test_continuity import call, history, impair_returns
from tests.lab import Lab
from tests.offices import no_7, office


def test_calls_both_ways_over_checked_circuits():
    with Lab(configuration=office(no_7("tup", continuity_check="each"))) as lab:
        call(lab)
        told = history(lab, "ss7-1/1")
        assert told.index("<- check-tone") < told.index("-> COT") < next(n for n, text in enumerate(told) if text.startswith("<- ACM"))
        caller = lab.caller("01062345678", group="toll").dials("10086")
        caller.is_answered().hears("welcome").hangs_up()
        lab.after(2.0)
        assert any("<- COT" in history(lab, line) for line in lab.exchange.lines)


@pytest.mark.parametrize("loss_db", [60.0, 20.0])
def test_a_circuit_without_a_way_back(loss_db):
    with Lab(configuration=office(no_7("tup", continuity_check="each"))) as lab:
        impair_returns(lab, loss_db, [0])
        call(lab)
        assert [fact.line for fact in lab.facts(facts.NetworkReached)] == ["ss7-1/1", "ss7-1/2"]
        assert lab.wait(lambda: lab.facts(facts.AlarmRaised, source="circuit ss7-1/1"), 20.0)
        impair_returns(lab, 0.0, [0])
        assert lab.wait(lambda: lab.facts(facts.AlarmCleared, source="circuit ss7-1/1"), 150.0)


def test_a_circuit_is_checked_by_order():
    with Lab(configuration=office(no_7("tup"))) as lab:
        view = ConsoleView(lab.exchange, Journal(MemoryRing()))
        assert view.continuity("ss7-1/5") == DONE
        lab.after(3.0)
        assert view.continuity("ss7-1/5", report=True) == "ss7-1/5: good"
