"""Calls that pass through from trunk to trunk: digits sent on as they come, clear-back and re-answer, another country at the other side."""

import pytest

from pbx.vocabulary import facts
from tests.lab import Lab
from tests.offices import number, office, trunk_span

CITY = "87654321"


def tandem(variant="china", overlap=True, length=None, **settings):
    """A second group "toll" whose numbers begin with 5, open to callers on trunks."""
    plan = number("5", "trunk:toll", length=length or [9, 9], strip=1, callers="all", overlap=overlap)
    return office(trunk_span("toll", variant, **settings), plan)


def blocks(lab, group, on=True):
    """The far end uses none of a group's circuits for calls of its own."""
    for line in lab.network.circuits:
        if line.group == group:
            (line.blocked.add if on else line.blocked.discard)("test")


def traced(lab, line_start):
    return [text for fact in lab.facts(facts.Traced) for _, line, text in fact.lines if line.startswith(line_start)]


@pytest.mark.parametrize("overlap", [True, False])
@pytest.mark.parametrize("tokens", [True, False])
def test_a_call_passes_with_its_callers_number(seed, tokens, overlap):
    with Lab(seed=seed, tokens=tokens, configuration=tandem(overlap=overlap)) as lab:
        blocks(lab, "toll")
        city = lab.caller(CITY)
        caller = lab.caller("13900000001").dials("5" + CITY)
        city.notices("rung by 13900000001").answers().speaks("welcome")
        caller.is_answered().hears("welcome")
        caller.hangs_up()
        city.is_released()
        blocks(lab, "toll", on=False)
        seized = next(fact.at for fact in lab.facts(facts.NetworkReached))
        extended = [fact.at for fact in lab.facts(facts.NumberExtended)]
        assert any(at > seized for at in extended) == overlap
        (record,) = [record for record in lab.records() if record.direction == "outgoing"]
        assert (record.called, record.calling) == (CITY, "13900000001")
        (record,) = [record for record in lab.records() if record.direction == "incoming"]
        assert record.called == "5" + CITY


@pytest.mark.parametrize("variant", ["itu", "mexico", "brazil", "argentina"])
def test_a_call_passes_into_another_countrys_signalling(seed, variant):
    with Lab(seed=seed, tokens=True, configuration=tandem(variant)) as lab:
        blocks(lab, "toll")
        city = lab.caller(CITY)
        caller = lab.caller("13900000001").dials("5" + CITY)
        city.is_rung().answers()
        caller.is_answered()
        lab.after(1.0)
        city.hangs_up()
        caller.notices("far end cleared", "released", within=100.0)
        blocks(lab, "toll", on=False)


def test_a_category_is_passed_on_within_a_country_and_not_into_another_one(seed):
    """KD 3 of China, a local telephone, is not II-3 of Mexico, maintenance equipment."""
    for variant, sent in (("china", "KA 8 priority"), ("mexico", "II-1 subscriber")):
        with Lab(seed=seed, tokens=True, configuration=tandem(variant, overlap=False)) as lab:
            blocks(lab, "toll")
            city = lab.caller(CITY)
            lab.caller("13900000001").party.dial("5" + CITY, category=8)
            city.is_rung().answers()
            lab.after(1.0)
            city.hangs_up()
            lab.after(3.0)
            went_out = [text for text in traced(lab, "toll/") if text.startswith(("-> KA", "-> KD", "-> II-"))]
            assert went_out[0].startswith(f"-> {sent}") and not any("maintenance" in text for text in went_out)
            blocks(lab, "toll", on=False)


@pytest.mark.parametrize(("refusal", "cause"), [(17, 17), (1, 1), (42, 42)])
def test_a_refusal_comes_back_through(seed, refusal, cause):
    with Lab(seed=seed, tokens=True, configuration=tandem(traffic="toll")) as lab:
        blocks(lab, "toll")
        lab.network.refusals[CITY] = refusal
        caller = lab.caller("13900000001").dials("5" + CITY)
        caller.notices("far end cleared", "released", within=30.0)
        lab.after(1.0)
        assert lab.facts(facts.CallCleared)[0].cause == cause
        blocks(lab, "toll", on=False)


def test_clear_back_and_re_answer_pass_through(seed):
    """The calling side controls the release: a called party who hangs up and lifts again is still in the call."""
    changes = (('hunt = "longest-idle"', 'hunt = "longest-idle"\nrelease_control = "calling"'),)
    settings = trunk_span("toll", release_control="calling") + number("5", "trunk:toll", length=9, strip=1, callers="all")
    with Lab(seed=seed, tokens=True, configuration=office(settings, changes=changes)) as lab:
        blocks(lab, "toll")
        city = lab.caller(CITY)
        caller = lab.caller("13900000001").dials("5" + CITY)
        city.is_rung().answers()
        caller.is_answered()
        lab.after(1.0)
        city.party.suspend()
        lab.after(2.0)
        assert len(lab.facts(facts.Suspended)) == 1 and not lab.facts(facts.ConnectionCleared)
        caller.notices("far end suspended")
        city.party.resume()
        caller.notices("far end resumed")
        assert len(lab.facts(facts.Resumed)) == 1
        city.speaks("welcome")
        caller.hears("welcome")
        city.party.suspend()
        # Nobody lifts again: after the clear-back timer the calling end lets go.
        caller.notices("released", "far end cleared", within=120.0)
        blocks(lab, "toll", on=False)


def test_an_operators_re_ring_passes_through(seed):
    operators = 'traffic = "operator"\nsemi_automatic = true\nrelease_control = "calling"'
    changes = (('hunt = "longest-idle"', f'hunt = "longest-idle"\n{operators}'),)
    toll = trunk_span("toll", traffic="operator", semi_automatic=True, release_control="calling")
    parts = toll + number("5", "trunk:toll", length=9, strip=1, callers="all")
    with Lab(seed=seed, tokens=True, configuration=office(parts, changes=changes)) as lab:
        blocks(lab, "toll")
        city = lab.caller(CITY)
        caller = lab.caller("13900000001").dials("5" + CITY)
        city.is_rung().answers()
        caller.is_answered()
        lab.after(1.0)
        city.party.suspend()
        caller.notices("far end suspended")
        caller.party.signal("re-ring")
        city.notices("operator signals re-ring")
        city.party.resume()
        caller.notices("far end resumed")
        caller.hangs_up()
        city.is_released()
        blocks(lab, "toll", on=False)


def test_a_called_party_who_hangs_up_before_his_answer_is_signalled_on(seed):
    """The answer keeps its distance from the last MFC signal: clear-back waits until it has been seen."""
    changes = (('hunt = "longest-idle"', 'hunt = "longest-idle"\nrelease_control = "calling"'),)
    settings = trunk_span("toll", release_control="calling") + number("5", "trunk:toll", length=9, strip=1, callers="all", overlap=True)
    with Lab(seed=seed, tokens=True, configuration=office(settings, changes=changes)) as lab:
        blocks(lab, "toll")
        city = lab.caller(CITY)
        caller = lab.caller("13900000001").dials("5" + CITY)
        for resumes in (True, False):
            lab.simulation.wait(lambda: city.party.state == "ringing", 30.0)
            city.party.answer()
            lab.simulation.wait(lambda: city.party.line.engine.state == "InAnswered", 5.0)
            lab.simulation.run(0.03)
            city.party.suspend()
            lab.simulation.wait(lambda suspended=2 - resumes: len(lab.facts(facts.Suspended)) == suspended, 5.0)
            assert len(lab.facts(facts.Established)) == (1 if resumes else 3), "the calling leg was answered before: nothing is tested"
            if resumes:
                city.party.resume()
            caller.is_answered()
            if not resumes:
                caller.notices("far end suspended")
            lab.after(2.0)
            assert caller.party.state == "talking"
            caller.hangs_up().is_released()
            lab.after(2.0)
            if resumes:
                caller.dials("5" + CITY)
        blocks(lab, "toll", on=False)


def test_an_operator_re_rings_while_the_call_is_being_refused(seed):
    """Nobody has answered, the exchange says so in band: there is nothing to ring any more, and nothing unexpected in it."""
    changes = (
        ('hunt = "longest-idle"', 'hunt = "longest-idle"\ntraffic = "operator"\nsemi_automatic = true\nrelease_control = "calling"'),
        ("no_answer_seconds = 60", "no_answer_seconds = 5"),
    )
    with Lab(seed=seed, tokens=True, configuration=office(changes=changes)) as lab:
        phone = lab.telephone("8006")
        caller = lab.caller("13900000001").dials("8006")
        phone.is_rung()
        caller.hears_tone("busy")
        caller.party.signal("re-ring")
        lab.after(1.0)
        caller.hangs_up().is_released()
