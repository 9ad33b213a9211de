"""Circuits of No. 7 when control dies: blocks of either end stand afterwards, checks leave nothing behind, both ends agree."""

from pbx.console_view import DONE, ConsoleView
from pbx.journal import Journal, MemoryRing
from pbx.signalling.ss7.isup.circuit import IsupCircuit
from pbx.vocabulary.call import Blocked, Unblocked
from tests.exchange.test_no7_faults import breaks
from tests.lab import Lab
from tests.offices import no_7, office

CITY = "62345678"


def dies(lab, adopted):
    assert lab.simulation.kill_control() == adopted
    lab.exchange = lab.simulation.exchange
    lab.after(3.0)


def call(lab):
    """A call that goes on; the circuit is ss7-1/1."""
    city = lab.caller(CITY)
    telephone = lab.telephone("8003").dials("6" + CITY)
    city.is_rung()
    city.answers()
    lab.after(1.0)
    return city, telephone


def to_circuit(lab, end, line, primitive):
    end.floor.turn(end.floor.to_line, end.lines[line], primitive)
    lab.after(0.5)


def blocked(end, line):
    return sorted(end.lines[line].blocked)


def test_blocks_of_either_end_stand_after_a_restart(seed):
    with Lab(seed=seed, configuration=office(no_7())) as lab:
        city, telephone = call(lab)
        for line in ("ss7-1/1", "ss7-1/2"):
            to_circuit(lab, lab.exchange, line, Blocked("local"))
        for line in ("ss7-1/1", "ss7-1/3"):
            to_circuit(lab, lab.network, line, Blocked("local"))
        dies(lab, 2)
        assert blocked(lab.exchange, "ss7-1/1") == ["local", "remote"], "the call goes on, the far end was asked"
        assert blocked(lab.exchange, "ss7-1/2") == ["local"] and blocked(lab.network, "ss7-1/2") == ["remote"]
        assert blocked(lab.exchange, "ss7-1/3") == ["remote"] and blocked(lab.network, "ss7-1/3") == ["local"]
        view = ConsoleView(lab.exchange, Journal(MemoryRing()))
        assert view.query_circuits("toll") == DONE
        lab.after(1.0)
        assert view.query_circuits("toll", report=True) == "answers for 30 of 30 circuits, 0 differ"
        city.hangs_up()
        telephone.hangs_up()
        for end in (lab.exchange, lab.network):
            for line in ("ss7-1/1", "ss7-1/2", "ss7-1/3"):
                to_circuit(lab, end, line, Unblocked())
        assert all(line.available for line in lab.exchange.lines.values() if line.kind == "trunk")


def test_a_query_shows_where_the_ends_differ(seed):
    with Lab(seed=seed, configuration=office(no_7())) as lab:
        city, telephone = call(lab)
        to_circuit(lab, lab.exchange, "ss7-1/4", Blocked("local"))
        theirs = lab.network.lines["ss7-1/4"].engine._circuit()
        theirs.blocked_there.clear()
        view = ConsoleView(lab.exchange, Journal(MemoryRing()))
        assert view.query_circuits("nobody") == "nobody is no trunk group of No. 7"
        assert view.query_circuits("toll") == DONE
        lab.after(1.0)
        assert view.query_circuits("toll", report=True).splitlines() == [
            "answers for 30 of 30 circuits, 1 differ",
            "ss7-1/4 (4): blocked here, which is not known there",
        ]
        assert theirs.blocked_there, "it has been said again"
        to_circuit(lab, lab.exchange, "ss7-1/4", Unblocked())
        city.hangs_up()
        telephone.hangs_up()


def test_a_check_that_goes_on_when_control_dies_leaves_nothing_behind(seed):
    with Lab(seed=seed, configuration=office(no_7(continuity_check="each"))) as lab:
        lab.faulty = True  # COT of the far end meets our GRS
        view = ConsoleView(lab.exchange, Journal(MemoryRing()))
        assert view.continuity("ss7-1/5") == DONE
        lab.after(0.04)
        dies(lab, 0)
        assert lab.exchange.lines["ss7-1/5"].engine.state == "Idle"
        assert not lab.network.lines["ss7-1/5"].engine._circuit().check.sounds
        lab.caller("01062345678", group="toll").dials("10086")
        lines = lab.exchange.lines.values()
        assert lab.wait(lambda: any(line.engine.state == "InWaitContinuity" for line in lines), 1.0)
        port = next(line.port for line in lines if line.engine.state == "InWaitContinuity")
        lab.after(0.02)
        assert lab.exchange.plane.edges(port)
        dies(lab, 0)
        assert lab.exchange.plane.edges(port) == []


def test_a_fault_at_the_adoption_of_a_circuit_resets_it_and_spares_the_others(seed, monkeypatch):
    with Lab(seed=seed, configuration=office(no_7())) as lab:
        city, telephone = call(lab)
        other = lab.caller("63456789")
        another = lab.telephone("8004").dials("663456789")
        other.is_rung().answers()
        lab.after(1.0)
        broken = breaks(monkeypatch, IsupCircuit, "resume", lambda circuit, tag, levels, now: bool(tag))
        dies(lab, 4)
        assert broken
        assert lab.exchange.floor.counters.pop("fault") == 1
        lab.exchange.floor.faults.clear()
        assert sorted(party.party.state for party in (city, other)) == ["idle", "talking"]
        for party in (city, other, telephone, another):
            party.hangs_up()
        lab.after(3.0)
        assert all(line.available for line in lab.exchange.lines.values() if line.kind == "trunk")
