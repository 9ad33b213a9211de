"""Two points with all thirty circuits of a span under mixed traffic of the Chinese TUP, in virtual time, whole and with messages lost.

Standing checks, after every message and order: the books of pbx/vocabulary/call.py at either end, and no more than one end that believes
that it has made the call of a circuit, once messages have had their time. At the end both ends agree that all circuits are idle.
"""

import random
from collections import Counter

import pytest

from pbx.signalling.ss7.circuit_books import MAINTENANCE
from pbx.signalling.ss7.tup.distribution import Tup
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Info,
    Metering,
    OperatorSignal,
    Progress,
    Release,
    Reset,
    Resume,
    Setup,
    Suspend,
    Unblocked,
)
from tests.signalling.ss7.points import Pair
from tests.signalling.ss7.tup_tester import CIRCUITS, VARIANT, judged

MEAN_BETWEEN_CALLS_S = 4.0
MEAN_HOLDING_S = 60.0
END_S = 3600.0


class Traffic:
    """Two switches that call each other; what they do with a call is chance."""

    def __init__(self, seed, lossy):
        self.chance = random.Random(seed)
        self.counted = Counter()
        self.causes = Counter()
        lost = (lambda: self.chance.random() < 0.02) if lossy else (lambda: False)
        self.pair = Pair(
            lambda: self.chance.uniform(0.02, 0.3), CIRCUITS, self.listen, VARIANT, Tup, lost=lost, judge=judged
        )
        for end in (self.pair.left, self.pair.right):
            self.pair.at(1.0, self.next_call, end)

    def next_call(self, end):
        if self.pair.now < END_S:
            self.pair.at(self.pair.now + self.chance.expovariate(1 / MEAN_BETWEEN_CALLS_S), self.next_call, end)
        free = [cic for cic, circuit in end.part.circuits.items() if circuit.machine.state == "Idle"]
        if not free:
            return
        cic = self.chance.choice(free)
        called = self.chance.choice(("12345", "11111", "119", "9", "65432"))
        overlap = called == "12345" and self.chance.random() < 0.5
        setup = Setup("12" if overlap else called, self.chance.choice(("", "77")), overlap=overlap)
        if self.pair.give(end, cic, setup):
            self.counted[id(end), "Setup down"] += 1
            if overlap:
                for place, digit in enumerate("345"):
                    self.later(0.5 * place + 0.5, end, cic, Info(digit))
            if self.chance.random() < 0.2:
                self.later(self.chance.uniform(0.0, 5.0), end, cic, Release(16))

    def later(self, delay, end, cic, primitive):
        self.pair.at(self.pair.now + delay, self.pair.give, end, cic, primitive)

    def listen(self, end, cic, primitive):
        chance = self.chance
        self.counted[id(end), type(primitive).__name__] += 1
        if isinstance(primitive, Release):
            self.causes[primitive.cause] += 1
        if isinstance(primitive, Setup):
            if chance.random() < 0.15:
                return [(0.2, Release(chance.choice((17, 1, 27, 34, 42))))]
            first = chance.choice((Alerting(), Progress()))
            answered = [(chance.uniform(1.0, 10.0), Connect())] if chance.random() < 0.8 else [(12.0, Disconnect(19))]
            return [(0.3, first), *answered]
        if isinstance(primitive, Connect):
            return self.talk(chance.expovariate(1 / MEAN_HOLDING_S))
        if isinstance(primitive, Suspend):
            return [] if chance.random() < 0.5 else [(1.0, Disconnect(16))]
        return [(5.0, Disconnect(16))] if isinstance(primitive, Disconnect) else []

    def talk(self, holding):
        """What one end does in an answered call until it ends it."""
        chance = self.chance
        doings = [(chance.uniform(0.0, holding), wish) for wish in (Metering(1), OperatorSignal("re-ring")) if chance.random() < 0.2]
        if chance.random() < 0.2:
            doings += [(holding, Suspend()), (holding + 3.0, Resume()), (holding + 8.0, Suspend())]
        return [*doings, (holding + 20.0, Disconnect(16))]

    def disturb(self, when):
        """What maintenance does at that time."""
        end = self.chance.choice((self.pair.left, self.pair.right))
        cics = self.chance.sample(range(1, 16), 4)
        orders = (
            lambda: [self.pair.give(end, cics[0], wish) for wish in (Blocked("local"), Unblocked())],
            lambda: self.pair.give(end, cics[0], Reset()),
            lambda: self.pair.take(end, end.part.block(cics, MAINTENANCE, self.pair.now)),
            lambda: self.pair.take(end, end.part.unblock(cics, MAINTENANCE, self.pair.now)),
            lambda: self.pair.take(end, end.part.reset(17, 7, self.pair.now)),
        )
        self.pair.at(when, self.chance.choice(orders))

    def assert_one_direction(self):
        """Where both ends have had time to know of each other, no circuit has an answered call of either end's own."""
        for cic in CIRCUITS:
            states = [end.part.circuits[cic].machine.state for end in (self.pair.left, self.pair.right)]
            assert states != ["OutAnswered", "OutAnswered"], cic


@pytest.mark.parametrize("lossy", [False, True])
@pytest.mark.parametrize("disturbed", [False, True])
def test_an_hour_of_mixed_traffic(seed, lossy, disturbed):
    traffic = Traffic(seed, lossy)
    pair = traffic.pair
    if disturbed:
        for number in range(60):
            traffic.disturb(30.0 + 60.0 * number)
    when = 0.0
    while when < END_S:
        when += 20.0
        pair.run(when)
        traffic.assert_one_direction()
    pair.lost = lambda: False
    pair.run(END_S + 600.0)
    for end in (pair.left, pair.right):
        pair.take(end, end.part.unblock(list(CIRCUITS), MAINTENANCE, pair.now))
        for cic in CIRCUITS:
            pair.give(end, cic, Unblocked())
            pair.give(end, cic, Release(16))
    pair.run(END_S + 3000.0)
    pair.assert_agreed()
    for end in (pair.left, pair.right):
        counted = {name: count for (whose, name), count in traffic.counted.items() if whose == id(end)}
        assert counted["Setup down"] > 300
        assert counted["Connect"] > 100
        assert counted["Release"] == counted["Setup down"] + counted["Seized"], "every seizure is released"
    assert traffic.causes.keys() >= {1, 16, 17, 27, 34, 42}
    assert pair.messages > 5000
    if not lossy and not disturbed:
        assert traffic.causes[102] == 0, "no timer waits in vain"
