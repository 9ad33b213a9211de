"""Continuity checks of circuits of the Chinese TUP: two ends under whatever happens (Q.724 section 7)."""

from hypothesis import given, settings

from pbx.signalling.ss7.tup.distribution import Tup
from pbx.vocabulary.call import Setup
from tests.signalling.cases import PLAN
from tests.signalling.ss7.test_isup_continuity import CIC, EVERY, STORIES, Circuit, live
from tests.signalling.ss7.tup_tester import VARIANT


def tup(own, far):
    return Tup(own, far, VARIANT, [CIC], PLAN)


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
