"""Our signalling point, whole, and libss7's, on lines of 64 kbit/s in virtual time; both switches are the test's.

``Facing(bits)``: codes of 14 bits and network indicator 0, as libss7 has them, or 24 bits and network indicator 2, with libss7's labels
widened on the wire. A line that is cut is an alarm to libss7's card, as a span's would be, and units in error to our level 2.
"""

import heapq
import itertools
import re

from benchmarks.no7_terminals import TICK, Line
from pbx.engine import Unexpected
from pbx.signalling.ss7.isup.distribution import Isup
from pbx.signalling.ss7.isup.variant import load_variant
from pbx.signalling.ss7.mtp3.label import CHINA
from pbx.signalling.ss7.mtp3.plan import LinkPlan, LinkSetPlan, PointPlan, RoutePlan
from pbx.signalling.ss7.mtp3.variant import load_variant as load_mtp3
from pbx.vocabulary.numbers import Examination
from tests.interop.libss7.far_point import FarPoint
from tests.interop.libss7.labels import Same, Widening
from tests.signalling.ss7.point import Point

CIRCUITS = (*range(1, 16), *range(17, 32))
NARROW = (100, 200, 300)
WIDE = tuple(map(CHINA.read, ("21-100-51", "21-100-52", "21-101-1")))
"""Ours, theirs, one beyond theirs: theirs is higher than ours in both forms, so it controls the circuits of even codes."""
LINK_SET = "far"
UP_S = 30.0


class Numbers:
    """0...: ten digits; 1...: five digits; 6...: two to six digits; 9...: nobody."""

    def examine(self, digits):
        if digits.startswith("9"):
            return Examination("invalid", cause=1)
        if digits.startswith("0"):
            return Examination("complete" if len(digits) == 10 else "more", cause=28)
        if digits.startswith("6"):
            return Examination("complete", max_more=6 - len(digits)) if len(digits) >= 2 else Examination("more")
        if len(digits) > 5:
            return Examination("invalid", cause=28)
        return Examination("complete" if len(digits) == 5 else "more")


class Facing:
    """Two points and their lines. ``links``: how many; more than one share the load."""

    def __init__(self, bits, links=1, circuits=CIRCUITS, ask_caller=False, far_asks=False, far_circuits=None, one_code=False,
                 ask_connected=False, seed=0, reset=False):
        variant = load_mtp3().adjusted(form=str(bits), network=2 if bits == 24 else 0)
        self.own, self.other, self.beyond = own, other, beyond = WIDE if bits == 24 else NARROW
        labels = Widening(dict(zip(NARROW, WIDE, strict=True))) if bits == 24 else Same
        self.isup = Isup(own, other, load_variant().adjusted(ask_caller=ask_caller, ask_connected=ask_connected), circuits, Numbers())
        names = [f"{LINK_SET}/{code}" for code in range(links)]
        plan = PointPlan(own, (LinkSetPlan(LINK_SET, other, tuple(LinkPlan(name, code) for code, name in enumerate(names))),),
                         (RoutePlan(beyond, LINK_SET),))
        self.point = Point(plan, variant, (self.isup,), self._heard)
        self.far = FarPoint(NARROW[1], NARROW[0], far_circuits or circuits, links, 0, labels, far_asks, one_code)
        ends = zip(self.point.terminals.values(), self.far.links, strict=True)
        self.lines = dict(zip(names, (Line(one, far, seed=seed + n) for n, (one, far) in enumerate(ends)), strict=True))
        self.listen = lambda cic, output: None
        self.reset = reset
        self._due, self._count = [], itertools.count()

    @property
    def now(self):
        return self.point.now

    def _heard(self, pair, cic, output):
        self.listen(cic, output)

    def begin(self):
        """Both ends are told to go into service."""
        self.far.start()
        self.point.start(self.reset)

    def start(self):
        """Both ends into service; back when messages can pass and circuits are at rest."""
        self.begin()
        assert self.run(UP_S, lambda: self.far.up and not self.point.unavailable()), (self.point.unavailable(), self.far.shown())
        assert self.run(UP_S, lambda: not self.busy()), self.busy()
        return self

    def at(self, delay, call, *arguments):
        """Do something so much later."""
        heapq.heappush(self._due, (self.now + delay, next(self._count), call, arguments))

    def run(self, seconds, until=None):
        """Let time pass; whether ``until`` has come true."""
        for _ in range(round(seconds / TICK)):
            if until and until():
                return True
            while self._due and self._due[0][0] <= self.now:
                _, _, call, arguments = heapq.heappop(self._due)
                call(*arguments)
            for line in self.lines.values():
                line.run(TICK)
            self.far.tick()
            self.point.tick()
        return bool(until and until())

    def give(self, cic, primitive):
        """What our switch says to a circuit."""
        self.point.give(self.isup, cic, primitive)

    def cut(self, name):
        """A line carries nothing any more."""
        line = self.lines[name]
        for way in line.ways:
            way.whole = False
        line.ends[1].alarm(True)

    def mend(self, name):
        """It carries again."""
        line = self.lines[name]
        for way in line.ways:
            way.whole = True
        line.ends[1].alarm(False)

    # What is seen.

    def busy(self):
        """Circuits and requests that are not at rest, at either end: ours, libss7's switch's, libss7's."""
        return [*self.point.at_rest(), *self.far.calls.items(), *self.far.records()]

    def said(self, *kinds):
        """What our circuits have said of these kinds: (circuit, primitive)."""
        return [(cic, output) for _, cic, output in self.point.said if isinstance(output, kinds)]

    def settle(self, complaints=(), wrong=()):
        """Time to come to rest; then nothing may be left over, and neither end may have had anything against the other but what is named.

        ``complaints``: patterns of what libss7 says; ``wrong``: (circuit or None, state, event) that was unexpected to us.
        """
        self.run(2)
        assert self.busy() == [], self.busy()
        surprises = [
            (cic, value.state, value.event) if isinstance(value, Unexpected) else (cic, value) for _, cic, value in self.point.wrong
        ]
        assert sorted(surprises, key=str) == sorted(wrong, key=str), surprises
        unexplained = [each for each in self.far.complaints() if not any(re.search(known, each[1]) for known in complaints)]
        assert unexplained == [], unexplained
        assert self.far.library.far_strange() == 0
        self.far.close()
