"""Our own circuit group queries: CQM, T28, and what CQR shows and sets right (Q.764 2.8.4)."""

import pytest

from pbx.engine import Noted, Unexpected
from pbx.machine import Machine
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import queries
from pbx.signalling.ss7.isup.indicators import CircuitState
from pbx.vocabulary.call import Alerting, Blocked, Connect, Release, Unblocked
from tests.signalling.ss7.isup_tester import SETUP, VARIANT, Tester
from tests.signalling.ss7.test_isup_continuity import CIC, Circuit

IDLE = CircuitState(0, 3, 0)


def answered(tester, *states):
    return tester.far("CQR", p.RangeAndStatus(len(states) - 1), p.CircuitStateIndicator(states))


def asked(*states, before=()):
    """One circuit or some, asked and answered."""
    tester = Tester(circuits=range(1, len(states) + 1))
    for name in before:
        tester.far(name) if isinstance(name, str) else tester.give(name)
    assert tester.do(tester.isup.query(range(1, len(states) + 1), tester.now))[0] == ["CQM"]
    assert tester.first(p.RangeAndStatus) == p.RangeAndStatus(len(states) - 1)
    return tester, answered(tester, *states)


def test_ends_that_agree():
    tester, answer = asked(IDLE, IDLE)
    assert answer == ([], []) and tester.others == []
    assert tester.isup.groups.found() == {1: queries.AGREED, 2: queries.AGREED}
    for before, state in (([SETUP], CircuitState(0, 1, 0)), (["IAM"], CircuitState(0, 2, 0)), (["BLO"], CircuitState(1, 3, 0)),
                          ([Blocked("local"), "BLA"], CircuitState(2, 3, 0))):  # fmt: skip
        tester, answer = asked(state, before=before)
        assert answer == ([], [])
        assert tester.isup.groups.found() == {1: queries.AGREED}


@pytest.mark.parametrize(
    ("before", "state", "answer", "found"),
    [
        ([], CircuitState(1, 3, 0), ([], [Blocked("remote")]), "blocked there, which was not known here"),
        ([], CircuitState(0, 3, 1), ([], [Blocked("remote")]), "blocked by failed hardware there, which was not known here"),
        (["BLO"], IDLE, ([], [Unblocked()]), "no longer blocked there"),
        ([Blocked("local"), "BLA"], IDLE, (["BLO"], []), "blocked here, which is not known there"),
        ([], CircuitState(2, 3, 0), (["UBL"], []), "held blocked there, but not here"),
        ([], CircuitState(0, 1, 0), ([], []), "idle here, busy with a call in there"),
        ([SETUP], IDLE, ([], []), "busy with a call out here, idle there"),
        (["IAM"], CircuitState(0, 1, 0), ([], []), "busy with a call in here, busy with a call in there"),
        ([SETUP], CircuitState(3, 0, 0), ([], []), "there is no such circuit there"),
        ([], CircuitState(0, 0, 0), ([], []), "in passage there"),
        (["CCR"], IDLE, ([], []), "in passage here"),
        (["CCR"], CircuitState(0, 0, 0), ([], []), "in passage"),
        ([], CircuitState(1, 0, 1), ([], []), "in passage there"),
    ],
)
def test_ends_that_differ(before, state, answer, found):
    tester, told = asked(state, before=before)
    assert told == answer
    assert tester.isup.groups.found() == {1: found}
    assert Noted(f"-- CQR: {found}") in tester.others


def test_an_answer_that_does_not_come_or_is_none():
    tester = Tester()
    tester.do(tester.isup.query([1, 2, 3], 0.0))
    answered(tester, IDLE, IDLE)
    assert tester.others == [Unexpected("group", "CQR")], "of another range"
    assert tester.wait(9.9) == ([], [])
    tester.wait(0.2)
    assert tester.others == [Noted("-- CQM is not answered")]
    answered(tester, IDLE, IDLE, IDLE)
    assert tester.others == [Unexpected("group", "CQR")] and tester.isup.groups.found() == {}
    assert tester.wait(1000.0) == ([], [])


def test_many_circuits_are_asked_in_groups():
    tester = Tester(circuits=range(1, 101))
    assert tester.do(tester.isup.query(range(1, 101), 0.0))[0] == ["CQM"] * 4
    assert [(message.cic, message.first(p.RangeAndStatus).range) for message in tester.messages] == [(1, 31), (33, 31), (65, 31), (97, 3)]


def test_two_ends_ask_each_other():
    circuit = Circuit((0, 0))
    ours, theirs = circuit.ends
    circuit.give(ours, SETUP)
    circuit.run(0.2)
    circuit.give(theirs, Alerting())
    circuit.give(theirs, Connect())
    circuit.run(0.2)
    for end in circuit.ends:
        circuit.take(end, end.isup.query([CIC], circuit.now))
    circuit.run(0.2)
    assert [end.isup.groups.found() for end in circuit.ends] == [{CIC: queries.AGREED}] * 2
    circuit.give(ours, Release(16))
    circuit.run(1.0)


def test_every_cell_of_a_query():
    for state, row in queries.STATES.items():
        for event in row.cells:
            query = queries.Query(VARIANT, 1)
            if state == "Waiting":
                query.machine.step("begin", None, 0.0)
            assert isinstance(query.machine, Machine) and query.machine.state == state
            outputs = query.machine.expire(10.0) if event == "T28" else query.machine.step(event, None, 0.0)
            assert bool(outputs) == (event in ("begin", "T28"))
            assert query.machine.state == ("Waiting" if event == "begin" else "Quiet")
