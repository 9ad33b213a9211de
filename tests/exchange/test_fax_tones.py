"""Fax tones in flows: what is stated, where the flow goes, and what a restart makes of it."""

import pytest

from pbx.vocabulary import facts
from tests.lab import Lab

MENU = 'otherwise = "queue:service"'
LISTENS = ((MENU, MENU + "\nfax_detection = true"),)
BRANCHES = ((MENU, MENU + '\nfax_detection = true\non_fax = "extension:8006"'),)


@pytest.mark.parametrize("tokens", [True, False])
def test_a_flow_that_only_listens_goes_on(seed, tokens):
    with Lab(seed=seed, tokens=tokens, changes=LISTENS) as lab:
        caller = lab.caller("13900000000").dials("10086").is_answered().sends("cng").hears("main_menu")
        lab.after(4.0)
        (heard,) = lab.facts(facts.FaxToneHeard)
        assert (heard.tone, heard.flow, heard.leg) == ("cng", "main_menu", 1)
        assert [fact.step for fact in lab.facts(facts.FlowStepped)] == ["greet", "offer"]
        caller.hangs_up().is_released()


def test_a_flow_that_does_not_ask_hears_nothing(seed):
    with Lab(seed=seed, tokens=True) as lab:
        caller = lab.caller("13900000000").dials("10086").is_answered().sends("cng").hears("main_menu")
        lab.after(4.0)
        assert lab.facts(facts.FaxToneHeard) == []
        caller.hangs_up().is_released()


def test_an_answering_fax_is_named_too(seed):
    """A call out: the machine at the extension answers with CED."""
    with Lab(seed=seed, tokens=True, changes=LISTENS) as lab:
        machine = lab.telephone("8007")
        lab.exchange.floor.turn(lab.exchange.switch.place, "8007", "10086")
        machine.is_rung().answers().sends("ced")
        lab.after(2.0)
        assert [fact.tone for fact in lab.facts(facts.FaxToneHeard)] == ["ced"]
        machine.hangs_up()


def test_a_destination_that_is_being_tried_is_left_alone(seed):
    with Lab(seed=seed, tokens=True, changes=BRANCHES) as lab:
        caller = lab.caller("13900000000").dials("10086").is_answered().hears("welcome").presses("0")
        lab.telephone("8001").is_rung()
        caller.sends("cng")
        lab.after(2.0)
        assert len(lab.facts(facts.FaxToneHeard)) == 1
        assert [fact.called for fact in lab.facts(facts.Delivered)] == ["8001"]
        caller.hangs_up().is_released()


def test_nobody_at_the_fax_extension_clears_the_call(seed):
    with Lab(seed=seed, tokens=True, changes=BRANCHES) as lab:
        busy = lab.telephone("8006")
        busy.lifts()
        caller = lab.caller("13900000000").dials("10086").is_answered().sends("cng")
        caller.is_released()
        assert [fact.step for fact in lab.facts(facts.FlowStepped)][-1] == "fax"
        busy.hangs_up()


def test_a_fax_goes_to_an_announcement(seed):
    changes = ((MENU, MENU + '\nfax_detection = true\non_fax = "announcement:opening_hours"'),)
    with Lab(seed=seed, tokens=True, changes=changes) as lab:
        caller = lab.caller("13900000000").dials("10086").is_answered().sends("cng").hears("opening_hours").is_released()
        assert caller.party.line is None


@pytest.mark.parametrize("changes", [LISTENS, BRANCHES])
def test_what_was_heard_is_not_stated_again_by_the_next_control(seed, changes):
    with Lab(seed=seed, tokens=True, changes=changes) as lab:
        caller = lab.caller("13900000000").dials("10086").is_answered()
        lab.simulation.kill_control()
        caller.sends("cng")
        lab.after(1.0)
        assert len(lab.facts(facts.FaxToneHeard)) == 1, "a flow that was resumed listens"
        lab.simulation.kill_control()
        lab.after(5.0)
        assert len(lab.facts(facts.FaxToneHeard)) == 1
        if changes is BRANCHES:
            lab.telephone("8006").is_rung()
        caller.hangs_up().is_released()
