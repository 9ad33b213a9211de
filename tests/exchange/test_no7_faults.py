"""Faults of our own amid No. 7: the call that one hits is cleared with cause 41, its trace saved; nothing else suffers."""

import pytest

from pbx.clock import VirtualClock
from pbx.floor import Floor
from pbx.line import TRUNK, Line
from pbx.media import Layout, Plane
from pbx.signalling.ss7.circuit_groups import CircuitGroups
from pbx.signalling.ss7.isup.circuit import IsupCircuit
from pbx.signalling.ss7.mtp2.mtp2 import Mtp2
from pbx.signalling.ss7.mtp2.orders import MessageHeard
from pbx.signalling.ss7.mtp3.mtp3 import Mtp3
from pbx.signalling.ss7.sigtran.association import Octets
from pbx.signalling.ss7.sigtran.m2pa import M2pa
from pbx.signalling.ss7.sigtran.m2ua import M2ua
from pbx.signalling.ss7.sigtran.m2ua_gateway import M2uaGateway
from pbx.signalling.ss7.sigtran.m3ua import M3ua
from pbx.signalling.ss7.tup.circuit import TupCircuit
from pbx.signalling_seat import Seat
from pbx.vocabulary import facts
from tests.exchange.test_backhaul import as_gateway, at_gateways
from tests.exchange.test_no7 import USER_PARTS, call, end, states, talk, two_links, view_of
from tests.exchange.test_sigtran import over_m2pa, over_m3ua
from tests.lab import Lab

CIRCUITS = {"isup": IsupCircuit, "tup": TupCircuit}


def of(part):
    """The associations of a process or gateway of M2UA."""
    return [part.association] if hasattr(part, "association") else part.associations


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
        failures = breaks(monkeypatch, kind, "message", lambda circuit, message, *_: circuit.named(message) == "ACM")
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
        breaks(monkeypatch, kind, "message", lambda circuit, message, *_: circuit.named(message) == "ACM")
        reset = breaks(monkeypatch, kind, "post", lambda circuit, event, *_: circuit in near and event == "Reset")
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

        def deaf(circuit, message, *arguments):
            return () if circuit in far and circuit.named(message) in ("IAM", "IAI") else whole(circuit, message, *arguments)

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


def test_a_deadline_whose_work_always_fails_is_tried_once_a_second_in_a_seat():
    clock = VirtualClock()
    floor = Floor(clock, Plane.create(Layout(ports=1)), None)

    class Engine:
        """Its deadline stays in the past."""

        def deadline(self):
            return 1.0

        def expire(self, now):
            raise FaultError

    floor.turn(Seat(floor, Engine(), None).take, ())
    clock.run_until(11.5)
    assert floor.counters == {"fault": 12}, "one more at once, for the next timer may be due too"


def test_a_deadline_whose_work_always_fails_is_tried_once_a_second_on_a_line():
    clock = VirtualClock()
    floor = Floor(clock, Plane.create(Layout(ports=1)), None)

    class Engine:
        """Its deadline stays in the past, whatever it is told."""

        tag, speech, state = "", True, "Broken"

        def start(self, now):
            return ()

        def receive(self, value, now):
            return ()

        def deadline(self):
            return 1.0

        def expire(self, now):
            raise FaultError

    line = Line("e1-1/1", 0, Engine(), TRUNK)
    floor.add(line)
    floor.start(line, 0.0)
    clock.run_until(11.5)
    assert floor.counters == {"fault": 12}


def test_an_output_that_cannot_be_delivered_costs_no_other_and_what_was_given_is_kept():
    floor = Floor(VirtualClock(), Plane.create(Layout(ports=1)), None)
    kept, delivered = [], []
    floor.on_fault = kept.append

    class Engine:
        """Says what it is told."""

        def deadline(self):
            return None

        def receive(self, value, now):
            if value == "poison":
                raise FaultError
            return value

    def deliver(output):
        if output == "second":
            raise FaultError
        delivered.append(output)

    seat = Seat(floor, Engine(), deliver, lambda given, fault: [f"mended after {given}: {fault.rpartition('.')[2]}"])
    floor.turn(seat.give, seat.engine.receive, ("first", "second", "third"))
    floor.turn(seat.give, seat.engine.receive, "poison")
    assert delivered == ["first", "third", "mended after poison: FaultError"]
    assert [text.splitlines()[-1] for text in kept] == ["given: 'second'", "given: 'poison'"]


def test_a_fault_in_level_2_takes_the_link_down_and_it_comes_again(seed, monkeypatch):
    with Lab(seed=seed, configuration=two_links()) as lab:
        lab.faulty = True
        others = call(lab, "8004", "663456789")
        engines = {link.engine: link for link in lab.exchange.signalling.links.values()}
        before = lab.now
        failures = breaks(monkeypatch, Mtp2, "receive", lambda engine, value, now: engine in engines and type(value) is MessageHeard)
        end(*call(lab, "8005", "664567890"))
        lab.after(20.0)
        assert failures
        link = next(link for link in engines.values() if link.counters.get("fault of ours"))
        assert any(text.startswith("!! internal fault: ") for _, text in link.history)
        assert "given: MessageHeard(" in lab.exchange.floor.faults[0]
        assert link.counters["fault of ours"] == 1 and "fault of ours 1" in view_of(lab).link(link.name)
        raised = [fact for fact in lab.facts(facts.AlarmRaised) if fact.at > before]
        assert [fact.source for fact in raised] == [f"link {link.name}"]
        assert [fact.source for fact in lab.facts(facts.AlarmCleared) if fact.at > before] == [f"link {link.name}"]
        assert_all_is_well(lab, others)


def test_a_fault_in_level_3_is_noticed_by_nobody_but_people(seed, monkeypatch):
    with Lab(seed=seed, configuration=two_links()) as lab:
        others = call(lab, "8004", "663456789")
        point = lab.exchange.signalling.points["city"]
        before, old = lab.now, point.mtp3
        city = lab.caller("62345678")
        telephone = lab.telephone("8003").dials("662345678")
        city.is_rung()
        breaks(monkeypatch, Mtp3, "expire", lambda engine, now: engine is old)
        lab.after(120.0)
        assert point.mtp3 is not old
        assert any(text.startswith("!! internal fault: ") for _, text in point.history)
        assert "fault of ours 1" in view_of(lab).point("city")
        assert not [fact for fact in lab.facts(facts.AlarmRaised) if fact.at > before]
        telephone.hangs_up()
        lab.after(2.0)
        assert_all_is_well(lab, others)


@pytest.mark.parametrize(
    "kind, configuration, names",
    [
        (M2pa, over_m2pa, ["ip-a"]),
        (M3ua, lambda: over_m3ua("ip-a"), ["ip-a"]),
        (M2ua, at_gateways, ["ip-a"]),
        (M2uaGateway, lambda: as_gateway("isup", "ip-a"), ["ip-a"]),
    ],
)
def test_a_fault_over_ip_ends_the_association_and_it_comes_again(seed, kind, configuration, names, monkeypatch):
    with Lab(seed=seed, configuration=configuration()) as lab:
        lab.faulty = True
        others = call(lab, "8004", "663456789")
        ends = lab.exchange.signalling.associations.ends
        engines = [link.engine for link in lab.exchange.signalling.links.values() if getattr(link, "association", None) is ends["ip-a"]]
        engines += [server.engine for part in lab.exchange.signalling.elsewhere.values() for server in part.servers]
        backhauls = lab.exchange.signalling.backhauls
        engines += [one.engine for each in backhauls for one in getattr(each, "processes", [each]) if ends["ip-a"] in of(one)]
        breaks(monkeypatch, kind, "receive", lambda engine, value, _: engine in engines and type(getattr(value, "told", value)) is Octets)
        lab.telephone("8003").dials("662345678")
        lab.after(30.0)
        lab.telephone("8003").hangs_up()
        lab.after(5.0)
        assert [name for name, end_ in ends.items() if end_.losses] == names
        assert any("a fault of ours" in text for _, text in ends["ip-a"].history) and all(end_.up for end_ in ends.values())
        assert lab.exchange.floor.counters.pop("fault") == 1
        lab.exchange.floor.faults.clear()
        talk(*others)
        end(*call(lab, "8005", "664567890"))
        end(*others)


@USER_PARTS
def test_circuits_that_wait_for_a_group_whose_acknowledgement_met_a_fault_are_reset_again(seed, user_part, monkeypatch):
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        lab.faulty = True
        others = call(lab, "8004", "663456789")
        groups = lab.exchange.signalling.relations[0].user_part.groups
        failures = breaks(monkeypatch, CircuitGroups, "_reset_acknowledged", lambda found, group, now: found is groups)
        lab.exchange.floor.turn(lab.exchange.signalling.relations[0].order, "reset", range(5, 12))
        lab.after(5.0)
        assert failures
        assert_all_is_well(lab, others)


def test_what_only_people_want_to_see_may_fail(seed):
    with Lab(seed=seed, configuration=two_links()) as lab:
        def fails(*_):
            raise FaultError

        lab.exchange.signalling.observer = fails
        lab.exchange.signalling.measurements.isup_received = fails
        telephone, city = call(lab)
        talk(telephone, city)
        end(telephone, city)
        assert lab.exchange.floor.counters.pop("fault") >= 8
        lab.exchange.floor.faults.clear()
