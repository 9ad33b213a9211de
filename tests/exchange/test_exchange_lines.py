"""Analog lines to another exchange (FXO): the exchange is its subscriber; every way in which calls come, go, are answered and end."""

import pytest

from pbx.vocabulary import facts
from tests.lab import Lab
from tests.offices import CO_NUMBER, exchange_lines, office

CITY = "87654321"


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("identity", ["fsk", "dtmf", "auto", "none"])
def test_a_call_comes_in_with_its_callers_number(seed, tokens, identity):
    with Lab(seed=seed, tokens=tokens, configuration=office(exchange_lines(caller_identity=identity))) as lab:
        caller = lab.caller("13900000001").dials(CO_NUMBER)
        caller.is_answered().hears("welcome").presses("2").hears("opening_hours")
        caller.hangs_up()
        lab.after(15.0)
        (originated,) = lab.facts(facts.Originated)
        assert (originated.called, originated.calling) == (CO_NUMBER, "" if identity == "none" else "13900000001")
        assert originated.line.startswith("co-1/")


@pytest.mark.parametrize("dialling", ["dtmf", "pulse"])
@pytest.mark.parametrize("supervision", ["reversal", "tone"])
@pytest.mark.parametrize("tokens", [False, True])
def test_an_extension_calls_out_and_both_ways_of_ending(seed, tokens, dialling, supervision):
    lines = exchange_lines(dialling=dialling, answer_supervision=supervision)
    with Lab(seed=seed, tokens=tokens, configuration=office(lines)) as lab:
        city = lab.caller(CITY)
        phone = lab.telephone("8006").dials("0" + CITY)
        city.is_rung(within=60.0)
        phone.hears_tone("ring-back")
        city.answers().speaks("welcome")
        phone.hears("welcome")
        city.be_silent()
        # By tones alone an answer is certain when ring-back has stayed away for longer than its pause.
        lab.after(9.0)
        assert [fact.line for fact in lab.facts(facts.Established)] == ["co-1/1", "sub-1/6"]
        phone.hangs_up()
        city.notices("released", "far end cleared", within=40.0)
        lab.after(10.0)
        phone.dials("0" + CITY)
        city.is_rung(within=60.0)
        lab.after(6.0)
        city.answers().speaks("welcome")
        phone.hears("welcome")
        lab.after(3.0)
        city.hangs_up()
        phone.hears_tone("busy", within=30.0).hangs_up()


def test_busy_and_vacant_are_told(seed):
    with Lab(seed=seed, tokens=True, configuration=office(exchange_lines())) as lab:
        lab.network.refusals["87650017"] = 17
        phone = lab.telephone("8006").dials("087650017")
        phone.hears_tone("busy", within=40.0)
        lab.after(8.0)
        phone.hangs_up()
        lab.after(5.0)
        assert [fact.cause for fact in lab.facts(facts.CallCleared)] == [17]


def test_ground_start_both_ways(seed):
    with Lab(seed=seed, tokens=True, configuration=office(exchange_lines(ground_start=True))) as lab:
        caller = lab.caller("13900000001").dials(CO_NUMBER)
        caller.is_answered().hears("welcome")
        caller.hangs_up()
        lab.after(20.0)
        city = lab.caller(CITY)
        phone = lab.telephone("8006").dials("0" + CITY)
        city.is_rung(within=60.0)
        lab.after(6.0)
        city.answers()
        lab.after(12.0)
        city.hangs_up()
        phone.hears_tone("busy", within=30.0).hangs_up()


def test_an_incoming_call_meets_an_outgoing_one(seed):
    """All four lines are seized by us within moments of being rung: each call is carried or tried elsewhere, and nothing is left."""
    with Lab(seed=seed, tokens=True, configuration=office(exchange_lines())) as lab:
        callers = [lab.caller(f"1390000000{n}") for n in range(4)]
        phones = [lab.telephone(f"800{n}") for n in range(6, 10)]
        for phone in phones:
            phone.lifts()
        lab.after(1.0)
        for caller, phone in zip(callers, phones, strict=True):
            phone.presses("0" + CITY + "#")
            lab.after(1.0)
            caller.party.dial(CO_NUMBER)
            lab.after(lab.random.uniform(0.0, 0.5))
        lab.after(60.0)
        for person in (*callers, *phones):
            if not person.off_line:
                person.hangs_up()
        lab.after(30.0)


def test_the_caller_gives_up_while_the_line_rings(seed):
    with Lab(seed=seed, tokens=True, configuration=office(exchange_lines())) as lab:
        caller = lab.caller("13900000001")
        caller.party.dial(CO_NUMBER)
        lab.after(1.5)
        caller.hangs_up()
        lab.after(15.0)
        caller.dials(CO_NUMBER).is_answered().hears("welcome").hangs_up()
        lab.after(15.0)


def test_an_answered_call_outlives_control(seed):
    with Lab(seed=seed, tokens=True, configuration=office(exchange_lines())) as lab:
        caller = lab.caller("13900000001").dials(CO_NUMBER).is_answered().hears("welcome")
        lab.after(1.0)
        assert lab.simulation.kill_control() == 1
        lab.exchange = lab.simulation.exchange
        caller.hears("main_menu").presses("2").hears("opening_hours").hangs_up()
        lab.after(15.0)


def test_a_caller_who_hangs_up_twice_does_not_hush_the_tone_that_tells_us(seed):
    """Nothing but the busy tone of his exchange says that he has gone."""
    with Lab(seed=seed, tokens=True, configuration=office(exchange_lines())) as lab:
        caller = lab.caller("13900000001").dials(CO_NUMBER).is_answered().hears("welcome").presses("1")
        lab.after(1.0)
        for _ in range(5):
            caller.hangs_up()
            lab.after(0.5)
        lab.wait(lambda: lab.facts(facts.CallCleared), 30.0)
        assert lab.facts(facts.CallCleared)
