"""Two user parts back to back in virtual time: messages travel in order, each as long as chance wants; switches answer as they are told.

``books`` holds each end to the rules of pbx/vocabulary/call.py: one Release for each Seized or Setup, Idle before the next Setup.
"""

import heapq
import itertools

from pbx.engine import Unexpected
from pbx.signalling.ss7.circuit_books import OURS
from pbx.signalling.ss7.isup.distribution import Isup
from pbx.signalling.ss7.primitives import Transfer
from pbx.vocabulary.call import Idle, Release, Seized, Setup
from tests.signalling.cases import PLAN
from tests.signalling.ss7.isup_tester import FAR, OWN, VARIANT


class End:
    """One point: its user part, the messages on their way to it, its books."""

    def __init__(self, part):
        self.part = part
        self.arrives = 0.0
        self.open = set()
        self.busy = set()
        self.said = []


class Pair:
    """``listen(end, cic, primitive)`` hears what circuits say and returns primitives for the circuit, with their delays.

    ``lost()`` tells of each message whether the way loses it; ``judge`` sees each that is sent.
    """

    def __init__(
        self,
        delay=lambda: 0.0,
        circuits=(1, 2, 3, 4),
        listen=lambda end, cic, primitive: (),
        variant=VARIANT,
        part=Isup,
        lost=lambda: False,
        judge=lambda transfer: None,
    ):
        self.left, self.right = (End(part(own, far, variant, circuits, PLAN)) for own, far in ((OWN, FAR), (FAR, OWN)))
        self.lost, self.judge = lost, judge
        self.now = 0.0
        self.delay, self.listen = delay, listen
        self.counter = itertools.count()
        self.queue = []
        self.unexpected = []
        self.messages = 0
        for end in (self.left, self.right):
            self.take(end, end.part.start(0.0))

    def other(self, end):
        return self.right if end is self.left else self.left

    def at(self, when, call, *arguments):
        heapq.heappush(self.queue, (when, next(self.counter), call, arguments))

    def take(self, end, outputs):
        for each in outputs:
            if isinstance(each, Transfer):
                far = self.other(end)
                far.arrives = max(far.arrives, self.now + self.delay())
                self.messages += 1
                self.judge(each)
                if not self.lost():
                    self.at(far.arrives, self.deliver, far, each)
            else:
                self.heard(end, each.cic, each.output)

    def deliver(self, end, transfer):
        self.take(end, end.part.receive(transfer, self.now))

    def heard(self, end, cic, output):
        if isinstance(output, Unexpected):
            self.unexpected.append(output)
            return
        end.said.append((cic, output))
        kind = type(output)
        if kind is Seized:
            assert cic not in end.open, "Seized while a call is open"
            end.open.add(cic)
        elif kind is Setup:
            assert cic in end.open, "Setup without Seized"
        elif kind is Release:
            assert cic in end.open, "Release without a call"
            end.open.remove(cic)
            end.busy.add(cic)
        elif kind is Idle:
            assert cic not in end.open, "Idle while a call is open"
            end.busy.discard(cic)
        for delay, primitive in self.listen(end, cic, output) or ():
            self.at(self.now + delay, self.give, end, cic, primitive)

    def give(self, end, cic, primitive):
        """A primitive of the switch; a Setup only where the rules allow one. Whether it was given."""
        if isinstance(primitive, Setup):
            if cic in end.open or cic in end.busy:
                return False
            end.open.add(cic)
        self.take(end, end.part.give(cic, primitive, self.now))
        return True

    def run(self, until):
        while True:
            due = [end.part.deadline() for end in (self.left, self.right)]
            times = [when for when in (*due, self.queue[0][0] if self.queue else None) if when is not None]
            if not times or min(times) > until:
                break
            self.now = max(self.now, min(times))
            if self.queue and self.queue[0][0] <= self.now:
                _, _, call, arguments = heapq.heappop(self.queue)
                call(*arguments)
                continue
            for end in (self.left, self.right):
                self.take(end, end.part.expire(self.now))
        self.now = until

    def assert_agreed(self):
        """Both ends at rest, and each knows of the other's blocks."""
        for end in (self.left, self.right):
            assert not end.open
            assert not end.busy
            far = self.other(end)
            for cic, circuit in end.part.circuits.items():
                assert circuit.machine.state == "Idle", (cic, circuit.machine.state)
                assert circuit.blocked_there == far.part.circuits[cic].blocked_here
                wanted = {OURS[why] for why in circuit.blocked_here}
                assert circuit.reasons == wanted | ({"remote"} if circuit.blocked_there else set())
                assert circuit.deadline() is None
            assert end.part.groups.requests() == []
