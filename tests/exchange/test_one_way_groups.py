"""Trunk groups of one direction: over an outgoing one nobody calls in, over an incoming one nobody calls out, whatever signals it."""

import pytest

from pbx.vocabulary import facts
from tests.exchange.test_no7 import USER_PARTS, call, end
from tests.lab import Lab
from tests.offices import exchange_lines, no_7, number, office, tie_lines, trunk_span

CITY = "62345678"
GROUPS = {
    "isup": (lambda way: no_7(direction=way), "toll"),
    "tup": (lambda way: no_7("tup", direction=way), "toll"),
    "r2": (lambda way: trunk_span("e1-9", direction=way), "e1-9"),
    "e&m": (lambda way: tie_lines(direction=way), "branch"),
    "fxo": (lambda way: exchange_lines(direction=way), "post"),
}


def one_way(user_part, way):
    """Number 6 may not lead to an incoming group, so it is tried over the group itself."""
    parts = no_7(user_part, direction=way)
    if way == "incoming":
        parts = parts.replace(number("6", "trunk:toll", length=9, strip=1, callers="all"), "")
    return office(parts)


@pytest.mark.parametrize("kind", GROUPS)
def test_the_simulated_network_calls_over_no_circuit_that_is_ours_alone(seed, kind):
    text, group = GROUPS[kind]
    with Lab(seed=seed, configuration=office(text("outgoing"))) as lab:
        called = "87650000" if kind == "fxo" else "10086"
        assert lab.network.choose(called, group) is None
        assert lab.exchange.switch.groups[group].choose() is not None


@USER_PARTS
def test_calls_go_out_over_an_outgoing_group_of_no_7_and_one_that_comes_is_refused(seed, user_part):
    with Lab(seed=seed, configuration=one_way(user_part, "outgoing")) as lab:
        telephone, city = call(lab)
        # A far end that takes the circuits for both-way ones.
        for relation in lab.network.signalling.relations:
            for circuit in relation.user_part.circuits.values():
                circuit.direction = "both-way"
        lab.network.not_ours.clear()
        caller = lab.caller("01062345678", group="toll").dials("10086")
        caller.is_released(within=20.0)
        begins = {"isup": "IAM", "tup": "IAI"}[user_part]
        assert lab.exchange.floor.counters.pop(f"unexpected Idle {begins} on an outgoing circuit") == 1
        assert len(lab.facts(facts.ServiceInitiated)) == 1, "the switch has not heard of it"
        end(telephone, city)
        lab.after(5.0)
        assert all(line.available for name, line in lab.exchange.lines.items() if name.startswith("ss7"))


@USER_PARTS
def test_calls_come_over_an_incoming_group_of_no_7_and_none_goes_out(seed, user_part):
    with Lab(seed=seed, configuration=one_way(user_part, "incoming")) as lab:
        assert lab.exchange.switch.groups["toll"].choose() is None
        caller = lab.caller("01062345678", group="toll").dials("10086")
        caller.is_answered().hears("welcome").hangs_up()
        lab.after(3.0)
