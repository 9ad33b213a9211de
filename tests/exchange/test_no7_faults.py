"""Faults of our own amid No. 7: the call that one hits is cleared with cause 41, its trace saved; nothing else suffers."""

from pbx.clock import VirtualClock
from pbx.floor import Floor
from pbx.media import Layout, Plane
from pbx.signalling.ss7.isup.circuit import IsupCircuit
from pbx.signalling.ss7.tup.circuit import TupCircuit
from pbx.signalling_seat import Seat
from tests.exchange.test_no7 import USER_PARTS, call, end, states, talk, two_links
from tests.lab import Lab

CIRCUITS = {"isup": IsupCircuit, "tup": TupCircuit}


class FaultError(Exception):
    """Ours."""


def breaks(monkeypatch, kind, method, when):
    """The first time that ``when`` holds of its arguments the method fails."""
    whole = getattr(kind, method)
    failures = []

    def failing(self, *arguments):
        if not failures and when(self, *arguments):
            failures.append(arguments)
            raise FaultError
        return whole(self, *arguments)

    monkeypatch.setattr(kind, method, failing)
    return failures


def assert_all_is_well(lab, others, faults=1):
    """The other call stands, new ones begin, all circuits come to rest and the links stay."""
    assert lab.exchange.floor.counters.pop("fault") == faults
    assert all("FaultError" in text for text in lab.exchange.floor.faults)
    lab.exchange.floor.faults.clear()
    talk(*others)
    end(*call(lab, "8005", "664567890"))
    end(*others)
    lab.after(3.0)
    assert all(line.available for name, line in lab.exchange.lines.items() if name.startswith("ss7"))
    assert set(states(lab).values()) == {"InService"}


@USER_PARTS
def test_a_fault_at_a_message_takes_the_call_of_its_circuit_only(seed, user_part, monkeypatch):
    kind = CIRCUITS[user_part]
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        others = call(lab, "8004", "663456789")
        failures = breaks(monkeypatch, kind, "message", lambda circuit, message, now: circuit.named(message) == "ACM")
        lab.caller("62345678")
        lab.telephone("8003").dials("662345678").hears_tone("congestion").hangs_up()
        assert failures
        assert [record.cause for record in lab.records()] == [41]
        assert "!! internal fault: tests.exchange.test_no7_faults.FaultError" in lab.trace(lab.calls()[-1])
        assert_all_is_well(lab, others)


@USER_PARTS
def test_a_fault_at_a_message_and_at_the_reset_that_follows_resets_the_circuit_later(seed, user_part, monkeypatch):
    kind = CIRCUITS[user_part]
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        others = call(lab, "8004", "663456789")
        near = lab.exchange.signalling.relations[0].user_part.circuits.values()
        breaks(monkeypatch, kind, "message", lambda circuit, message, now: circuit.named(message) == "ACM")
        reset = breaks(monkeypatch, kind, "receive", lambda circuit, value, now: circuit in near and type(value).__name__ == "Reset")
        lab.caller("62345678")
        lab.telephone("8003").dials("662345678").hears_tone("congestion").hangs_up()
        assert reset
        lab.after(3.0)
        assert_all_is_well(lab, others, faults=2)


@USER_PARTS
def test_a_fault_at_a_timer_takes_the_call_of_its_circuit_and_the_timers_of_others_run_on(seed, user_part, monkeypatch):
    kind = CIRCUITS[user_part]
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        others = call(lab, "8004", "663456789")
        far = lab.network.signalling.relations[0].user_part.circuits.values()
        whole = kind.message

        def deaf(circuit, message, now):
            return () if circuit in far and circuit.named(message) in ("IAM", "IAI") else whole(circuit, message, now)

        monkeypatch.setattr(kind, "message", deaf)
        failures = breaks(monkeypatch, kind, "expire", lambda circuit, now: circuit.machine.state == "OutWaitAddressComplete")
        telephones = [lab.telephone(number).dials("66234567" + number[-1]) for number in ("8003", "8006")]
        for telephone in telephones:
            telephone.hears_tone("congestion", within=90.0).hangs_up()
        assert failures
        monkeypatch.setattr(kind, "message", whole)
        assert sorted(record.cause for record in lab.records())[0] == 41
        assert_all_is_well(lab, others)


def test_timers_of_links_and_points_run_on_behind_a_fault():
    clock = VirtualClock()
    floor = Floor(clock, Plane.create(Layout(ports=1)), None)

    class Engine:
        """Two timers, of which the first one's work fails."""

        due = [1.0, 2.0]

        def deadline(self):
            return self.due[0] if self.due else None

        def expire(self, now):
            if self.due.pop(0) == 1.0:
                raise FaultError
            return ["second"]

    delivered = []
    floor.turn(Seat(floor, Engine(), delivered.append).take, ())
    clock.run_until(3.0)
    assert delivered == ["second"]
    assert floor.counters == {"fault": 1}
