"""Alarms that have become well while no control was there: the next one states their end, and leaves those that still have a reason."""

import pytest

from pbx.console_view import ConsoleView
from pbx.journal import Journal, MemoryRing
from pbx.span_tending import SpanTender
from pbx.standing_alarms import SETTLED_S, WELL, standing
from pbx.vocabulary import facts
from pbx.vocabulary.facts import AlarmCleared, AlarmRaised
from tests.exchange.test_no7 import cut, mend, states, two_links
from tests.lab import Lab
from tests.offices import no_7, office


def dies(lab):
    lab.simulation.kill_control()
    lab.exchange = lab.simulation.exchange


def cleared(lab, since):
    return {fact.source: fact.text for fact in lab.facts(AlarmCleared) if fact.at > since}


def test_standing_is_what_was_raised_and_not_cleared():
    raised = [AlarmRaised(at, source, "x") for at, source in ((1.0, "a"), (2.0, "b"), (4.0, "a"))]
    assert standing([*raised[:2], AlarmCleared(3.0, "a"), raised[2]]) == ["b", "a"]
    assert standing([*raised, AlarmCleared(5.0, "a")]) == ["b"]


def test_a_link_that_came_into_service_as_control_died_has_no_alarm_left(seed):
    with Lab(seed=seed, configuration=two_links()) as lab:
        lab.faulty = True
        cut(lab, "link-1")
        lab.after(5.0)
        assert standing(lab.story) == ["link toll-0"]
        mend(lab, "link-1")
        point = lab.exchange.signalling.points["city"]
        link = lab.exchange.signalling.links["toll-0"]
        assert lab.wait(lambda: lab.simulation.near.link_status(link.port) == "in service", 30.0)
        assert point.mtp3.link_state("toll-0") != "available"
        before = lab.now
        dies(lab)
        lab.after(SETTLED_S + 1.0)
        assert set(states(lab).values()) == {"InService"}
        assert cleared(lab, before) == {"link toll-0": WELL}
        assert standing(lab.story) == []


def test_a_link_that_is_still_out_keeps_its_alarm_until_it_is_well(seed):
    with Lab(seed=seed, configuration=two_links()) as lab:
        lab.faulty = True
        cut(lab, "link-1")
        lab.after(5.0)
        before = lab.now
        dies(lab)
        lab.after(SETTLED_S + 5.0)
        assert cleared(lab, before) == {} and standing(lab.story) == ["link toll-0"]
        mend(lab, "link-1")
        lab.after(30.0)
        assert cleared(lab, before) == {"link toll-0": "in service"}


@pytest.mark.parametrize("well", [True, False])
def test_a_span_that_became_well_while_no_control_was_there(seed, well):
    with Lab(seed=seed) as lab:
        lab.faulty = True
        tender = SpanTender(lab.simulation.near, lab.simulation.near_wires, lab.simulation.clock.seconds)

        def seconds(count):
            for _ in range(count):
                lab.after(1.0)
                tender.look()
                lab.exchange.floor.turn(lab.exchange.span_watch.look)

        wire = lab.simulation.near_wires[0].faults(0)
        seconds(2)
        wire.cut(True)
        seconds(5)
        assert standing(lab.story) == ["e1-1"]
        if well:
            wire.cut(False)
            for _ in range(3):  # control is silent
                lab.after(1.0)
                tender.look()
        before = lab.now
        dies(lab)
        seconds(int(SETTLED_S) + 2)
        assert cleared(lab, before) == ({"e1-1": WELL} if well else {})
        assert standing(lab.story) == ([] if well else ["e1-1"])
        wire.cut(False)
        seconds(15)  # ten good seconds make a span available again (G.826)
        assert standing(lab.story) == []


def test_a_circuit_that_was_taken_out_of_use_stays_so(seed):
    with Lab(seed=seed, configuration=office(no_7())) as lab:
        line = lab.exchange.lines["ss7-1/3"]
        line.alarm = "killer trunk: 6 calls in a row"
        lab.exchange.floor.turn(lab.exchange.floor.fact, AlarmRaised(lab.now, line.name, line.alarm))
        lab.exchange.floor.turn(lab.exchange.floor.touch, line)
        lab.after(1.0)
        dies(lab)
        lab.after(SETTLED_S + 1.0)
        assert standing(lab.story) == ["ss7-1/3"]
        view = ConsoleView(lab.exchange, Journal(MemoryRing()))
        assert view.block("ss7-1/3") == "done" and view.unblock("ss7-1/3") == "done"
        lab.after(2.0)
        assert standing(lab.story) == [] and lab.facts(facts.AlarmCleared)[-1].source == "ss7-1/3"
