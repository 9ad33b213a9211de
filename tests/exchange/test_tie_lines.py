"""E and M tie lines on a whole exchange, at both ends: three ways to start, tones and pulses, who clears first, glare."""

import pytest

from pbx.vocabulary import facts
from tests.lab import Lab
from tests.offices import office, tie_lines

CITY = "87654321"


@pytest.mark.parametrize("start", ["immediate", "wink", "delay-dial"])
@pytest.mark.parametrize("dialling", ["dtmf", "pulse"])
def test_calls_over_a_tie_line(seed, start, dialling):
    with Lab(seed=seed, tokens=True, configuration=office(tie_lines(start=start, dialling=dialling))) as lab:
        city = lab.caller(CITY)
        phone = lab.telephone("8006").dials("7" + CITY)
        city.is_rung(within=40.0)
        lab.after(1.0)
        city.answers().speaks("welcome")
        phone.hears("welcome")
        phone.hangs_up()
        city.is_released()
        lab.after(5.0)
        phone.dials("7" + CITY)
        city.is_rung(within=40.0)
        lab.after(1.0)
        city.answers()
        lab.after(2.0)
        city.hangs_up()
        phone.hears_tone("busy").hangs_up()
        lab.after(5.0)


def test_sound_and_the_callers_number(seed):
    with Lab(seed=seed, configuration=office(tie_lines(caller_number=True))) as lab:
        city = lab.caller(CITY)
        phone = lab.telephone("8006").dials("7" + CITY)
        city.notices("rung by 8006", within=40.0).answers().speaks("welcome")
        phone.hears("welcome")
        phone.hangs_up()
        city.is_released()
        lab.after(3.0)


def test_calls_come_in(seed):
    with Lab(seed=seed, tokens=True, configuration=office(tie_lines())) as lab:
        for line in lab.network.circuits:
            if not line.name.startswith("tie-1/"):
                line.blocked.add("test")
        caller = lab.caller("13900000001").dials("10086").is_answered()
        caller.hears("welcome").presses("2").hears("opening_hours").hangs_up()
        lab.after(5.0)
        (originated,) = lab.facts(facts.Originated)
        assert originated.line.startswith("tie-1/") and originated.called == "10086"
        for line in lab.network.circuits:
            line.blocked.discard("test")
