"""Any message and any octets in any state of a circuit of the Chinese TUP: nothing is raised, books stay right, the circuit comes to rest.

Messages are those of the codec's corpus; books are those of pbx/vocabulary/call.py: a Release for each Seized and Setup, nothing after it.
"""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.engine import Malformed, Noted, Unexpected
from pbx.signalling.ss7.primitives import Transfer
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.codec import encode
from pbx.vocabulary.call import Idle, Release, Seized, Setup
from tests.signalling.ss7 import tup_corpus
from tests.signalling.ss7.damage import flipped_bits, truncations
from tests.signalling.ss7.test_tup_cells import OTHER_END, RECIPES, come_to_rest, open_calls, reach
from tests.signalling.ss7.tup_golden import GOLDEN


def at_circuit(octets):
    """The same message for the circuit that is looked at."""
    return bytes((OTHER_END, 0)) + octets[2:]


class Books:
    """Whether what a circuit says keeps the rules."""

    def __init__(self, tester, state):
        self.open = bool(open_calls(state))
        self.take, tester.take = tester.take, self.note

    def note(self, outputs):
        answer = self.take(outputs)
        for each in outputs:
            if isinstance(each, Transfer) or each.cic != OTHER_END:
                continue
            kind = type(each.output)
            if kind is Seized:
                assert not self.open
                self.open = True
            elif kind is Release:
                assert self.open
                self.open = False
            elif kind is Setup:
                assert self.open
            elif kind is Idle:
                assert not self.open
        return answer


@pytest.mark.parametrize("state", RECIPES)
def test_any_message_in_any_state(state, seed):
    chance = random.Random(seed)
    for message in tup_corpus.every_message(chance, 12):
        octets = at_circuit(encode(message))
        tester = reach(state)
        books = Books(tester, state)
        tester.octets(octets)
        tester.octets(octets)
        tester.give(Release(16), OTHER_END)
        assert not books.open


@pytest.mark.parametrize("state", RECIPES)
def test_after_a_run_of_any_messages_the_circuit_comes_to_rest(state, seed):
    chance = random.Random(seed)
    corpus = [encode(message) for message in tup_corpus.every_message(chance)]
    for _ in range(10):
        tester = reach(state)
        Books(tester, state)
        for octets in chance.sample(corpus, 12):
            tester.octets(at_circuit(octets))
            tester.wait(chance.choice((0.0, 0.0, 1.0, 20.0)))
        # What the run has blocked is freed, as the far end would.
        for name in ("MGU", "HGU"):
            tester.far(name, c.CircuitRange(31, (1 << 32) - 1), cic=OTHER_END)
        tester.wait(100.0)  # steps of congestion go
        come_to_rest(tester)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_damaged_messages_in_the_states_of_a_call(golden):
    for state in ("Idle", "OutWaitAddressComplete", "InOffered"):
        tester = reach(state)
        Books(tester, state)
        for octets in (*truncations(golden.octets), *flipped_bits(golden.octets)):
            if octets:
                tester.octets(at_circuit(octets) if len(octets) > 2 else octets)
                assert all(not isinstance(each, Malformed) or each.what for each in tester.others)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(RECIPES)), st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15), st.binary(max_size=20)), max_size=12))
def test_any_octets_in_any_state(state, messages):
    tester = reach(state)
    Books(tester, state)
    for sls, above, data in messages:
        tester.mtp(Transfer(4, tester.tup.own, tester.tup.far, sls, data, above))
        assert all(isinstance(each, Malformed | Unexpected | Noted) for each in tester.others)
