"""Calls that pass from one signalling system into another, all ordered pairs, whole exchanges in sound."""

import time

import pytest

from pbx.vocabulary import facts
from pbx.vocabulary.call import Connect, Release, Setup
from tests.exchange.crossroads import CALLER, CITY, SYSTEMS, Crossroads

PAIRS = [(source, target) for source in SYSTEMS for target in SYSTEMS]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_call_passes(seed, source, target):
    with Crossroads(seed=seed) as lab:
        city = lab.caller(CITY)
        caller = lab.call(source, target)
        city.notices(f"rung by {CALLER}")
        lab.after(2.0)
        caller.hears_tone("ring-back")
        assert not lab.heard(lab.entry, Connect)
        city.answers().speaks("welcome")
        caller.is_answered().hears("welcome")
        caller.speaks("main_menu")
        city.hears("main_menu")
        caller.hangs_up().is_released()
        city.is_released()
        lab.after(3.0)
