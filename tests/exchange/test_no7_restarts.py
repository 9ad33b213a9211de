"""Control dies while something of No. 7 is not as it should be: spans and links that are out, circuits that somebody has blocked."""

import pytest

from pbx.vocabulary import facts
from tests.exchange.test_no7 import USER_PARTS, call, cut, end, mend, states, talk, two_links, unexpected, view_of
from tests.lab import Lab


def killed(lab):
    adopted = lab.simulation.kill_control()
    lab.exchange = lab.simulation.exchange
    return adopted


def circuits(lab):
    return [line for name, line in lab.exchange.lines.items() if name.startswith("ss7")]


@USER_PARTS
def test_circuits_of_a_span_that_was_out_when_control_died_are_free_when_it_is_well(seed, user_part):
    """What failed hardware has blocked is not what an operator has: it must not outlive the failure."""
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        cut(lab, "ss7-1")
        lab.after(3.0)
        assert {frozenset(line.blocked) for line in circuits(lab)} == {frozenset({"alarm", "remote"})}
        killed(lab)
        lab.after(3.0)
        assert not any(line.available for line in circuits(lab))
        mend(lab, "ss7-1")
        lab.after(8.0)
        assert all(line.available for line in circuits(lab))
        assert unexpected(lab) == []


@USER_PARTS
@pytest.mark.parametrize("after", [0.05, 2.0])
@pytest.mark.parametrize("spans", [("link-1",), ("link-1", "link-2")])
def test_a_call_stands_when_control_dies_while_links_are_out(seed, user_part, spans, after):
    """With the last link circuits are taken out of use, which must not be written over the records of their calls before they are read."""
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        telephone, city = call(lab)
        for span in spans:
            cut(lab, span)
        lab.after(after)
        assert killed(lab) == 2
        lab.after(3.0)
        talk(telephone, city)
        for span in spans:
            mend(lab, span)
        lab.after(30.0)
        assert set(states(lab).values()) == {"InService"}
        end(telephone, city)
        lab.after(2.0)
        assert all(line.available for line in circuits(lab))
        end(*call(lab, "8004", "663456789"))
        sources = {fact.source for fact in lab.facts(facts.AlarmRaised)}
        assert sources == {fact.source for fact in lab.facts(facts.AlarmCleared)}
        assert unexpected(lab) == []


@USER_PARTS
def test_a_group_that_was_blocked_when_control_died_stays_so_until_it_is_unblocked(seed, user_part):
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        telephone, city = call(lab)
        assert view_of(lab).block_circuits("toll") == "done"
        lab.after(2.0)
        assert killed(lab) == 2
        lab.after(5.0)
        assert {frozenset(line.blocked) for line in circuits(lab)} == {frozenset({"local"})}
        assert not any(line.available for line in lab.network.circuits if line.group == "toll")
        assert view_of(lab).unblock_circuits("toll") == "done"
        lab.after(3.0)
        talk(telephone, city)
        end(telephone, city)
        lab.after(2.0)
        assert all(line.available for line in circuits(lab))


def test_a_reason_that_has_gone_is_shown_no_more_while_another_stands(seed):
    """Else the operator's block would come back with the next control."""
    with Lab(seed=seed, configuration=two_links()) as lab:
        (relation,) = lab.network.signalling.relations
        assert view_of(lab).block_circuits("toll") == "done"
        lab.network.floor.turn(relation.order, "block", range(1, 16))
        lab.after(2.0)
        assert lab.exchange.lines["ss7-1/1"].blocked == {"local", "remote"}
        assert view_of(lab).unblock_circuits("toll") == "done"
        lab.after(2.0)
        assert lab.exchange.lines["ss7-1/1"].blocked == {"remote"}
        killed(lab)
        lab.after(3.0)
        assert lab.exchange.lines["ss7-1/1"].blocked == {"remote"}
        lab.network.floor.turn(relation.order, "unblock", range(1, 16))
        lab.after(2.0)
        assert all(line.available for line in circuits(lab))
