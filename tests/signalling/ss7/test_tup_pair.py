"""Two TUPs back to back: whole calls, glare at every distance, either end doing anything at any moment, messages lost, thirty circuits."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.signalling.ss7.circuit_books import HARDWARE, MAINTENANCE
from pbx.signalling.ss7.tup.distribution import Tup
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    Info,
    Metering,
    OperatorSignal,
    Proceeding,
    Progress,
    Release,
    Reset,
    Resume,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from tests.signalling.ss7.points import Pair
from tests.signalling.ss7.tup_tester import VARIANT, judged


def pair_of(*arguments, variant=VARIANT, **more):
    return Pair(*arguments, variant=variant, part=Tup, judge=judged, **more)


def answering(end, cic, primitive):
    """A called switch that rings and answers, and clears when the far caller has hung up."""
    if isinstance(primitive, Setup):
        return [(0.1, Alerting()), (1.0, Connect())]
    return [(3.0, Disconnect(16))] if isinstance(primitive, Disconnect) else ()


def said(end, cic):
    return [primitive for circuit, primitive in end.said if circuit == cic and not isinstance(primitive, Idle | Blocked)]


def states(pair):
    return [end.part.circuits[1].machine.state for end in (pair.left, pair.right)]


def test_a_whole_call():
    pair = pair_of(lambda: 0.05, listen=answering)
    pair.give(pair.left, 1, Setup("12345", "77"))
    pair.at(5.0, pair.give, pair.left, 1, Disconnect(16))
    pair.run(600.0)
    assert said(pair.left, 1) == [Proceeding(), Alerting(), Connect(), Release(16)]
    assert said(pair.right, 1) == [Seized(), Setup("12345", "77", control="calling"), Connect(), Release(16)]
    assert pair.messages == 5
    assert pair.unexpected == []
    pair.assert_agreed()


def test_overlap_suspension_and_metering_go_through():
    def switch(end, cic, primitive):
        if isinstance(primitive, Setup):
            return [(0.1, Connect()), (1.0, Metering(4)), (2.0, Suspend()), (5.0, Resume()), (9.0, Disconnect(16))]
        return ()

    pair = pair_of(lambda: 0.05, listen=switch)
    pair.give(pair.left, 1, Setup("12", overlap=True))
    for place, digit in enumerate("345"):
        pair.at(0.5 * place + 0.5, pair.give, pair.left, 1, Info(digit))
    pair.run(600.0)
    assert said(pair.left, 1) == [Proceeding(), Alerting(), Connect(), Metering(4), Suspend(), Resume(), Suspend(), Release(16)]
    assert said(pair.right, 1)[:2] == [Seized(), Setup("12345", control="calling")]
    pair.assert_agreed()


def test_neither_party_controls_the_release():
    pair = pair_of(lambda: 0.05, listen=answering, variant=VARIANT.adjusted(release_control="mutual"))
    pair.give(pair.left, 1, Setup("12345"))
    pair.at(5.0, pair.give, pair.right, 1, Disconnect(16))
    pair.run(10.0)
    assert said(pair.left, 1)[-2:] == [Connect(), Release(16)]
    pair.assert_agreed()


def test_the_called_party_controls_the_release():
    pair = pair_of(lambda: 0.05, listen=answering, variant=VARIANT.adjusted(called_control=["12345"]))
    pair.give(pair.left, 1, Setup("12345"))
    pair.at(5.0, pair.give, pair.left, 1, Disconnect(16))
    pair.run(6.0)
    assert said(pair.right, 1)[-1] == Disconnect(16)
    assert states(pair) == ["OutCallerCleared", "InAnswered"]
    assert Release(16) not in said(pair.left, 1), "the called party holds the circuit"
    pair.run(20.0)
    assert said(pair.left, 1)[-1] == said(pair.right, 1)[-1] == Release(16)
    pair.assert_agreed()


@pytest.mark.parametrize("cic", [1, 2])
@pytest.mark.parametrize("delay", [0.01, 0.2, 3.0])
def test_glare_at_every_distance(cic, delay):
    """Both ends seize one circuit at moments that are swept over the time of travel: one call goes through, the other is told 44."""
    for step in range(-12, 13):
        pair = pair_of(lambda: delay, listen=answering)
        apart = step * delay / 10
        pair.at(10.0, pair.give, pair.left, cic, Setup("11111"))
        pair.at(10.0 + apart, pair.give, pair.right, cic, Setup("22222"))
        pair.run(60.0)
        for end in (pair.left, pair.right):
            assert pair.other(end).part.circuits[cic].machine.state.endswith("Answered")
        heard = said(pair.left, cic) + said(pair.right, cic)
        if abs(step) < 10:
            winner = "11111" if pair.left.part.circuits[cic].controls else "22222"
            assert [each.called for each in heard if isinstance(each, Setup)] == [winner]
            assert heard.count(Release(44)) == 1
        for end in (pair.left, pair.right):
            pair.give(end, cic, Release(16))
        pair.run(1000.0)
        pair.assert_agreed()


@pytest.mark.parametrize("controlling", [False, True])
def test_glare_with_a_clear_forward_on_its_way(controlling):
    """One of the two glaring callers gives up before he can know of the other: both come to rest."""
    for step in range(12):
        pair = pair_of(lambda: 1.0, listen=answering)
        left, right = pair.left, pair.right
        quick = left if left.part.circuits[1].controls == controlling else right
        pair.give(left, 1, Setup("11111"))
        pair.give(right, 1, Setup("22222"))
        pair.at(0.2 * step, pair.give, quick, 1, Release(16))
        pair.at(20.0, pair.give, left, 1, Release(16))
        pair.at(20.0, pair.give, right, 1, Release(16))
        pair.run(1000.0)
        pair.assert_agreed()


CALLS = (
    Setup("12345", "77"),
    Setup("12", overlap=True),
    Info("345"),
    Release(16),
    Disconnect(17),
    Proceeding(),
    Alerting(),
    Progress(),
    Connect(),
    Suspend(),
    Resume(),
    Metering(3),
    OperatorSignal("re-ring"),
    OperatorSignal("malicious-call"),
)
SUPERVISION = (Reset(), Blocked("local"), Unblocked(), "reset", "reset some", "block", "unblock", "fail", "repair")


def order(pair, end, cic, wish):
    part, circuits = end.part, [1, 2, 3, 4]
    if not isinstance(wish, str):
        pair.give(end, cic, wish)
    elif wish == "reset":
        pair.take(end, part.reset(1, 3, pair.now))
    elif wish == "reset some":
        pair.take(end, part.reset(2, 2, pair.now))
    elif wish in ("block", "unblock"):
        pair.take(end, getattr(part, wish)(circuits, MAINTENANCE, pair.now))
    else:
        pair.take(end, (part.block if wish == "fail" else part.unblock)(circuits, HARDWARE, pair.now))


def steps_of(orders, most=25):
    step = st.tuples(st.floats(0.0, 3.0), st.booleans(), st.sampled_from((1, 2)), st.sampled_from(orders))
    return st.lists(step, min_size=1, max_size=most)


def all_is_well(pair, steps):
    """Run the steps; afterwards both ends come to rest and agree, and calls go over all circuits again."""
    when = 0.0
    for wait, left, cic, wish in steps:
        when += wait
        pair.at(when, order, pair, pair.left if left else pair.right, cic, wish)
    pair.run(when + 60.0)
    pair.lost = lambda: False
    pair.run(when + 300.0)
    for end, cic in itertools.product((pair.left, pair.right), (1, 2)):
        pair.give(end, cic, Release(16))
    pair.run(when + 2000.0)
    pair.assert_agreed()
    for end, why in itertools.product((pair.left, pair.right), (MAINTENANCE, HARDWARE)):
        pair.take(end, end.part.unblock([1, 2, 3, 4], why, pair.now))
    pair.run(when + 2100.0)
    for cic in (1, 2, 3, 4):
        assert pair.give(pair.left, cic, Setup("12345"))
    pair.run(when + 2110.0)
    assert [circuit.machine.state for circuit in pair.left.part.circuits.values()] == ["OutAnswered"] * 4


@settings(max_examples=300, deadline=None)
@given(steps_of(CALLS + SUPERVISION), st.integers(0, 1000), st.sampled_from((0.0, 0.05, 2.0)))
def test_either_end_may_do_anything_at_any_moment(steps, seed, travel):
    chance = random.Random(seed)
    all_is_well(pair_of(lambda: chance.uniform(0.0, travel), listen=answering), steps)


@settings(max_examples=300, deadline=None)
@given(steps_of(CALLS), st.integers(0, 1000), st.sampled_from((0.0, 0.05, 2.0)), st.sampled_from((0.1, 0.5, 1.0)))
def test_either_end_may_clear_at_any_moment_over_a_way_that_loses_messages(steps, seed, travel, share):
    chance = random.Random(seed)
    pair = pair_of(lambda: chance.uniform(0.0, travel), listen=answering, lost=lambda: chance.random() < share)
    all_is_well(pair, steps)


@settings(max_examples=300, deadline=None)
@given(steps_of(CALLS + SUPERVISION), st.integers(0, 1000), st.sampled_from((0.0, 2.0)), st.sampled_from((0.1, 0.5, 1.0)))
def test_anything_over_a_way_that_loses_messages(steps, seed, travel, share):
    chance = random.Random(seed)
    pair = pair_of(lambda: chance.uniform(0.0, travel), listen=answering, lost=lambda: chance.random() < share)
    all_is_well(pair, steps)


@pytest.mark.parametrize(
    ("orders", "share"),
    [
        ([(0.0, "block"), (0.0, Unblocked()), (0.0, "block")], 0.5),
        ([(0.0, "block"), (1.0, Unblocked()), (0.0, "reset"), (0.0, "block"), (0.0, Unblocked())], 0.1),
    ],
)
@pytest.mark.parametrize("travel", [0.0, 2.0])
@pytest.mark.parametrize("seed", range(50))
def test_orders_against_each_other_within_one_round_trip(orders, share, seed, travel):
    """The answer to an older request must not be taken for that to an equal one which was lost."""
    chance = random.Random(seed)
    pair = pair_of(lambda: chance.uniform(0.0, travel), listen=answering, lost=lambda: chance.random() < share)
    all_is_well(pair, [(wait, True, 1, wish) for wait, wish in orders])


def test_an_answer_to_a_release_ended_a_reset_that_was_lost():
    """RLG was still on its way when RSC was sent, which was lost: the far end then held for told a block that had been forgotten here."""
    sent = []

    def see(transfer):
        sent.append(judged(transfer)[0])

    pair = Pair(lambda: 1.0, variant=VARIANT, part=Tup, lost=lambda: sent[-1] == "RSC" and sent.count("RSC") == 1, judge=see)
    pair.give(pair.left, 1, Setup("12345"))
    pair.at(1.0, pair.give, pair.left, 1, Release(16))
    pair.at(1.5, pair.give, pair.right, 1, Blocked("local"))
    pair.at(2.7, pair.give, pair.left, 1, Reset())
    pair.run(1000.0)
    assert sent.count("RSC") == 2
    assert pair.left.part.circuits[1].blocked_there == {MAINTENANCE}
    pair.assert_agreed()
