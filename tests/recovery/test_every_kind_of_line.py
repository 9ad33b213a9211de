"""An answered call on each kind of line outlives control, and ends as it would have; what is no conversation is cleared by the rule."""

import pytest

from pbx.vocabulary import facts
from tests.exchange.test_circuit_maintenance import TEST_LINES, answer_tests, view_of
from tests.exchange.test_tandem import blocks
from tests.lab import Lab
from tests.offices import CO_NUMBER, exchange_lines, extension, number, office, tie_lines, trunk_span

CITY = "87654321"


def dies(lab, adopted):
    """Control dies; the next one adopts so many legs."""
    assert lab.simulation.kill_control() == adopted
    lab.exchange = lab.simulation.exchange
    lab.after(1.0)


def talk(first, second):
    """Each hears the other."""
    for speaker, hearer in ((first, second), (second, first)):
        speaker.speaks("opening_hours")
        hearer.hears("opening_hours")
        speaker.be_silent()


@pytest.mark.parametrize("phone_first", [True, False])
@pytest.mark.parametrize("supervision", ["tone", "reversal"])
def test_a_call_out_over_an_exchange_line(seed, supervision, phone_first):
    with Lab(seed=seed, tokens=True, configuration=office(exchange_lines(answer_supervision=supervision))) as lab:
        city = lab.caller(CITY)
        phone = lab.telephone("8006").dials("0" + CITY)
        city.is_rung(within=60.0)
        lab.after(6.0)
        city.answers()
        lab.after(10.0)
        dies(lab, 2)
        talk(city, phone)
        if phone_first:
            phone.hangs_up()
            city.notices("released", "far end cleared", within=40.0)
        else:
            city.hangs_up()
            phone.hears_tone("busy", within=30.0).hangs_up()
        lab.after(5.0)
        assert not lab.facts(facts.CallCleared, cause=41)


@pytest.mark.parametrize("phone_first", [True, False])
def test_a_call_in_over_an_exchange_line_to_an_extension(seed, phone_first):
    lines = exchange_lines().replace("flow:main_menu", "extension:8006")
    with Lab(seed=seed, tokens=True, configuration=office(lines)) as lab:
        caller, phone = lab.caller("13900000001"), lab.telephone("8006")
        caller.dials(CO_NUMBER)
        phone.is_rung().answers()
        caller.is_answered()
        lab.after(2.0)
        dies(lab, 2)
        talk(caller, phone)
        if phone_first:
            phone.hangs_up()
            caller.notices("released", "far end cleared", within=40.0)
        else:
            caller.hangs_up()
            phone.hears_tone("busy", within=30.0).hangs_up()
        lab.after(5.0)


def test_a_call_out_over_a_tie_line(seed):
    with Lab(seed=seed, tokens=True, configuration=office(tie_lines())) as lab:
        city = lab.caller(CITY)
        phone = lab.telephone("8006").dials("7" + CITY)
        city.is_rung(within=40.0).answers()
        lab.after(2.0)
        dies(lab, 2)
        talk(city, phone)
        phone.hangs_up()
        city.is_released()


def test_a_call_in_over_a_tie_line(seed):
    with Lab(seed=seed, tokens=True, configuration=office(tie_lines())) as lab:
        blocks(lab, "city")
        phone = lab.telephone("8006")
        caller = lab.caller("13900000001").dials("8006")
        phone.is_rung().answers()
        caller.is_answered()
        lab.after(1.0)
        dies(lab, 2)
        talk(caller, phone)
        caller.hangs_up()
        phone.hears_tone("busy").hangs_up()
        blocks(lab, "city", on=False)


@pytest.mark.parametrize("lifts_again", [True, False])
def test_a_call_in_tandem_whose_called_party_has_hung_up(seed, lifts_again):
    changes = (('hunt = "longest-idle"', 'hunt = "longest-idle"\nrelease_control = "calling"'),)
    parts = trunk_span("toll", release_control="calling") + number("5", "trunk:toll", length=9, strip=1, callers="all")
    with Lab(seed=seed, tokens=True, configuration=office(parts, changes=changes)) as lab:
        blocks(lab, "toll")
        city = lab.caller(CITY)
        caller = lab.caller("13900000001").dials("5" + CITY)
        city.is_rung().answers()
        caller.is_answered()
        lab.after(1.0)
        city.party.suspend()
        caller.notices("far end suspended")
        dies(lab, 2)
        if lifts_again:
            city.party.resume()
            caller.notices("far end resumed")
            talk(city, caller)
            caller.hangs_up()
            city.is_released()
        else:
            caller.notices("released", "far end cleared", within=120.0)
        blocks(lab, "toll", on=False)
        lab.after(2.0)
        assert len(lab.facts(facts.Resumed)) == lifts_again


@pytest.mark.parametrize("answered", [True, False])
def test_a_test_call_in_progress_is_cleared(seed, answered):
    with Lab(seed=seed, tokens=True, changes=(TEST_LINES,)) as lab:
        answer_tests(lab, tone="")
        assert view_of(lab).test_call("e1-1/7") == "done"
        if answered:
            lab.wait(lambda: lab.facts(facts.Established), 30.0)
        else:
            lab.after(1.0)
        dies(lab, int(answered))
        lab.after(3.0)
        (cleared,) = lab.facts(facts.CallCleared)
        assert cleared.cause == 41 and lab.exchange.lines["e1-1/7"].available


def test_a_telephone_that_rings_late_is_buried_with_its_call(seed):
    """Digits tell who calls before the first ring, so that the call is delivered in a turn of its own."""
    with Lab(seed=seed, tokens=True, configuration=office(changes=(extension("8009", caller_identity="dtmf-china"),))) as lab:
        phone = lab.telephone("8006").dials("8009")
        lab.wait(lambda: lab.facts(facts.Delivered), 20.0)
        dies(lab, 0)
        assert {fact.line for fact in lab.facts(facts.ConnectionCleared)} == {"sub-1/6", "sub-1/9"}
        phone.hangs_up()
