"""Continuity checks of No. 7 between two exchanges of ours, in sound: circuits that go through, that do not, that lose too much."""

import pytest

from drivers.impairments import NO_IMPAIRMENTS, Impairments
from pbx.console_view import DONE, ConsoleView
from pbx.journal import Journal, MemoryRing
from pbx.vocabulary import facts
from tests.exchange.test_bad_lines import wires
from tests.lab import Lab
from tests.offices import no_7, office

CHECKING = office(no_7(continuity_check="each"))
NEVER = office(no_7())
CITY = "62345678"


def impair_returns(lab, loss_db, ports):
    """What comes back on these circuits is weakened."""
    ours, _ = wires(lab, "ss7-1")
    for port in ports:
        ours.impair(port, "received", Impairments(loss_db=loss_db) if loss_db else NO_IMPAIRMENTS, seed=lab.seed)


def call(lab):
    city = lab.caller(CITY)
    telephone = lab.telephone("8003").dials("6" + CITY)
    city.is_rung()
    lab.after(1.0)
    city.answers()
    city.speaks("welcome")
    telephone.hears("welcome")
    city.hangs_up().is_released()
    telephone.hears_tone("busy").hangs_up()
    lab.after(2.0)


def history(lab, line):
    return [text for _, text in lab.exchange.lines[line].history]


def far_state(lab, line):
    return lab.network.lines[line].engine.state


def test_a_call_over_a_circuit_that_goes_through():
    with Lab(configuration=CHECKING) as lab:
        call(lab)
        (record,) = lab.records()
        assert record.cause == 16
        told = history(lab, "ss7-1/1")
        assert told.index("<- check-tone") < told.index("-> COT") < told.index("<- ACM")
        assert "-- continuity check good" in told and told.count("-> COT") == 1


@pytest.mark.parametrize("loss_db", [60.0, 20.0, 11.0])
def test_a_circuit_without_a_way_back_is_left_for_another_and_checked_again(loss_db):
    with Lab(configuration=CHECKING) as lab:
        impair_returns(lab, loss_db, [0])
        call(lab)
        assert [record.cause for record in lab.records()] == [44, 16]
        seized = [fact.line for fact in lab.facts(facts.NetworkReached)]
        assert seized == ["ss7-1/1", "ss7-1/2"]
        assert "fault" in lab.exchange.lines["ss7-1/1"].blocked
        assert lab.wait(lambda: lab.facts(facts.AlarmRaised, source="ss7-1/1"), 20.0)
        assert lab.exchange.lines["ss7-1/1"].engine.state == "RecheckAlerted/fault"
        assert far_state(lab, "ss7-1/1") == "CheckFailed"
        impair_returns(lab, 0.0, [0])
        assert lab.wait(lambda: lab.facts(facts.AlarmCleared, source="ss7-1/1"), 150.0)
        assert lab.exchange.lines["ss7-1/1"].available
        call(lab)
        assert [record.cause for record in lab.records()] == [44, 16, 16]


def test_a_loss_within_the_limits_is_no_fault():
    with Lab(configuration=CHECKING) as lab:
        impair_returns(lab, 5.0, [0])
        call(lab)
        assert [fact.line for fact in lab.facts(facts.NetworkReached)] == ["ss7-1/1"]


def test_a_call_from_the_far_end_is_looped_until_it_is_checked():
    with Lab(configuration=CHECKING) as lab:
        caller = lab.caller("01062345678", group="toll").dials("10086")
        lines = lab.exchange.lines.values()
        assert lab.wait(lambda: any(line.engine.state == "InWaitContinuity" for line in lines), 1.0)
        line = next(line for line in lines if line.engine.state == "InWaitContinuity")
        lab.after(0.02)
        assert [edge.source for edge in lab.exchange.plane.edges(line.port)] == [line.port]
        caller.is_answered().hears("welcome").hears("main_menu")
        assert line.port not in [edge.source for edge in lab.exchange.plane.edges(line.port)]
        told = history(lab, line.name)
        assert told.index("<- COT") < told.index("-> ACM") if "-> ACM" in told else told.index("<- COT") < told.index("-> CON")
        caller.hangs_up()
        lab.after(2.0)


def test_a_call_from_the_far_end_over_a_circuit_without_a_way_back():
    with Lab(configuration=CHECKING) as lab:
        _, far = wires(lab, "ss7-1")
        for port in range(30):
            far.impair(port, "received", Impairments(loss_db=20), seed=lab.seed)
        lab.caller("01062345678", group="toll").dials("10086").is_released()
        (line,) = (line for line in lab.exchange.lines.values() if line.engine.state == "CheckFailed")
        assert lab.exchange.plane.edges(line.port) == []
        for port in range(30):
            far.impair(port, "received", NO_IMPAIRMENTS, seed=lab.seed)
        assert lab.wait(lambda: line.engine.state == "Looped", 8.0)
        lab.after(0.02)
        assert [edge.source for edge in lab.exchange.plane.edges(line.port)] == [line.port]
        assert lab.wait(lambda: line.engine.state == "Idle", 3.0)
        lab.after(0.02)
        assert line.available and lab.exchange.plane.edges(line.port) == []


def test_a_share_of_the_calls_is_checked():
    with Lab(configuration=office(no_7(continuity_check="1 in 3"))) as lab:
        for _ in range(4):
            lab.exchange.lines["ss7-1/2"].idle_since = 1e6 + lab.now
            lab.exchange.lines["ss7-1/1"].idle_since = 0.0
            call(lab)
        told = history(lab, "ss7-1/1")
        assert (told.count("-> IAM 62345678 from 8003"), told.count("-> COT")) == (4, 2)


def test_a_circuit_is_checked_by_order():
    with Lab(configuration=NEVER) as lab:
        view = ConsoleView(lab.exchange, Journal(MemoryRing()))
        assert view.continuity("ss7-1/5", report=True) == "ss7-1/5: not checked"
        assert view.continuity("ss7-1/5") == DONE
        lab.after(0.1)
        assert "being checked now" in view.continuity("ss7-1/5", report=True)
        lab.after(2.0)
        assert view.continuity("ss7-1/5", report=True) == "ss7-1/5: good"
        messages = [text for text in history(lab, "ss7-1/5") if text[:2] in ("->", "<-")]
        assert messages[-4:] == ["-> CCR", "<- check-tone", "-> REL cause 16", "<- RLC"]
        impair_returns(lab, 20.0, [4])
        assert view.continuity("ss7-1/5") == DONE
        lab.after(3.0)
        assert view.continuity("ss7-1/5", report=True) == "ss7-1/5: failed: no tone came back"
        assert "fault" in lab.exchange.lines["ss7-1/5"].blocked
        impair_returns(lab, 0.0, [4])
        lab.after(7.0)
        assert view.continuity("ss7-1/5", report=True) == "ss7-1/5: good"
        assert lab.exchange.lines["ss7-1/5"].available
        assert view.continuity("sub-1/1") == "sub-1/1 is no circuit of No. 7"


def test_a_circuit_at_work_is_not_checked_by_order():
    with Lab(configuration=NEVER) as lab:
        view = ConsoleView(lab.exchange, Journal(MemoryRing()))
        city = lab.caller(CITY)
        lab.telephone("8003").dials("6" + CITY)
        city.is_rung()
        assert view.continuity("ss7-1/1") == "ss7-1/1 is OutWaitAnswer; a circuit is checked when it is idle"
