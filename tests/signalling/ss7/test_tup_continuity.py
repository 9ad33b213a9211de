"""Continuity checks of circuits of the Chinese TUP: calls in and out, repeated, and two ends under whatever happens (Q.724 section 7)."""

from hypothesis import given, settings

from pbx.signalling.ss7.continuity import CHECK_TONE, MaintenanceTold
from pbx.signalling.ss7.tup.distribution import Tup
from pbx.vocabulary.call import Alerting, Blocked, Idle, Proceeding, Release, Seized, Setup, Unblocked
from pbx.vocabulary.media import ToneOff, ToneOn
from tests.signalling.cases import PLAN
from tests.signalling.ss7.test_isup_continuity import CIC, EVERY, STORIES, Circuit, live
from tests.signalling.ss7.tup_tester import SETUP, VARIANT, Tester, iam

TONE, TONE_OVER = ToneOn(CHECK_TONE), ToneOff(CHECK_TONE)


def tup(own, far):
    return Tup(own, far, VARIANT, [CIC], PLAN)


def checking():
    tester = Tester()
    tester.tup.circuits[1].check.every = 1
    assert tester.give(SETUP) == (["IAI"], [])
    return tester


def test_a_call_goes_on_when_the_tone_has_come_back_and_is_gone():
    tester = checking()
    assert tester.tup.circuits[1].check.sounds == "tone" and not tester.tup.circuits[1].speech
    assert tester.give(TONE) == ([], [])
    assert tester.give(TONE_OVER) == (["COT"], [])
    assert tester.far("ACM") == ([], [Proceeding(), Alerting()])
    assert not tester.tup.circuits[1].check.sounds


def test_a_call_takes_another_circuit_and_this_one_is_checked_again():
    tester = checking()
    assert tester.wait(2.0) == (["CCF"], [Blocked("fault"), Release(44)])
    assert tester.wait(5.0) == (["CCR"], [])
    assert tester.wait(2.0) == (["CCF"], [])
    assert MaintenanceTold("continuity check failed") in tester.others
    assert tester.wait(120.0) == (["CCR"], [])
    tester.give(TONE)
    assert tester.give(TONE_OVER) == (["CLF"], [])
    assert tester.far("RLG") == ([], [Unblocked(), Idle()])
    assert tester.others == [MaintenanceTold("continuity check failed", stands=False)]


def test_a_call_in_is_looped_if_this_is_the_circuit_that_is_checked():
    for check, sounds in ((1, "loop"), (2, "")):
        tester = Tester()
        assert tester.far("IAM", iam(check=check)) == ([], [Seized()])
        assert tester.tup.circuits[1].check.sounds == sounds
        tester.far("COT")
        assert not tester.tup.circuits[1].check.sounds


@given(EVERY, STORIES)
@settings(max_examples=200, deadline=None)
def test_both_ends_come_to_rest_whatever_happens(every, actions):
    live(Circuit(every, tup), actions)


def test_ends_back_to_back():
    circuit = Circuit((1, 0), tup)
    ours, theirs = circuit.ends
    circuit.give(ours, Setup("12345", "77"))
    circuit.run(0.5)
    assert ours.sent[:2] == ["IAI", "COT"] and theirs.state == "InOffered"
