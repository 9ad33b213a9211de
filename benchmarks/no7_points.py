"""Two whole signalling points in virtual time for measurements of No. 7: ISUP and level 3 at both ends, between them level 2 as it stands.

Each link has transmission and reception control in C and link state control in Python at both ends, joined octet by octet at 64 kbit/s
(``TwoPoints.run``) or, when time matters only to calls, message by message (``messages_only``: level 2 numbers, confirms and checks each
message, and its own time stands still). ``Comparison`` holds what one ISUP gave to its level 3 against what the other received, by SLS.
Leaves out who makes calls (no7_calls.py).
"""

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

from pbx._plane import ffi, lib

from benchmarks.no7_terminals import TICK, Line, Terminal
from pbx.engine import Malformed, Unexpected
from pbx.signalling.ss7.distribution import FromCircuit
from pbx.signalling.ss7.isup.distribution import Isup
from pbx.signalling.ss7.isup.variant import load_variant as load_isup
from pbx.signalling.ss7.mtp3.label import CHINA
from pbx.signalling.ss7.mtp3.mtp3 import Mtp3
from pbx.signalling.ss7.mtp3.operation import ActivateLinkSet, Order
from pbx.signalling.ss7.mtp3.plan import LinkPlan, LinkSetPlan, PointPlan
from pbx.signalling.ss7.mtp3.variant import load_variant as load_mtp3
from pbx.signalling.ss7.primitives import (
    FromLink,
    LinkCongestion,
    OutOfService,
    Pause,
    RestartBegins,
    RestartEnds,
    Resume,
    RetrievedMessage,
    Status,
    ToLink,
    Transfer,
)
from pbx.vocabulary.call import Primitive

CODES = (CHINA.read("21-100-51"), CHINA.read("21-100-52"))
ISUP = 5
SELECTIONS = 16
OCTETS_PER_SECOND = 8000
CONFIRMED_EACH = 32
"""Message by message the far end's confirmation is carried after so many; at most 127 may be unconfirmed."""
UNDER_WAY_S = 0.05
"""What is on its way between the parts of level 2, and on the line, arrives."""
SHORT_UNIT = 5
"""Longer ones are messages."""
MTP_PRIMITIVES = (Pause, Resume, Status, RestartBegins, RestartEnds)
Subscribers = Callable[["Point", int, Any], None]


def circuits_of(spans: int) -> list[int]:
    """The codes of so many spans' circuits: time slots 1 to 31 without 16."""
    return [32 * span + slot for span in range(spans) for slot in range(1, 32) if slot != 16]


class Comparison:
    """Messages of one direction: what was given at one end against what came at the other.

    Of the messages with one SLS each must come, once, in order. Where another comes than the one that is due, those between are skipped:
    *overtaken* if they come later, and *lost* if they do not. What was not due at all is *doubled*.
    """

    def __init__(self) -> None:
        self.messages = self.doubled = self.overtaken = 0
        self._due: list[deque[bytes]] = [deque() for _ in range(SELECTIONS)]
        self._skipped: list[list[bytes]] = [[] for _ in range(SELECTIONS)]

    @property
    def lost(self) -> int:
        """Those that have not come; while messages are on their way, these too."""
        return sum(map(len, self._due)) + sum(map(len, self._skipped))

    def sent(self, value: Transfer) -> None:
        """An ISUP has given this."""
        self._due[value.sls].append(value.data)

    def received(self, value: Transfer) -> None:
        """The other has received this."""
        due = self._due[value.sls]
        if due and due[0] == value.data:
            due.popleft()
            self.messages += 1
            return
        skipped = self._skipped[value.sls]
        if value.data in due:
            while due[0] != value.data:
                skipped.append(due.popleft())
            due.popleft()
        elif value.data in skipped:
            skipped.remove(value.data)
            self.overtaken += 1
        else:
            self.doubled += 1


class Point:
    """One signalling point; ``listen(point, cic, primitive)`` hears what its circuits say."""

    def __init__(self, place: "TwoPoints", number: int, mtp3: Mtp3, isup: Isup) -> None:
        self.place = place
        self.number = number
        self.mtp3 = mtp3
        self.isup = isup
        self.ends: dict[str, Terminal] = {}
        self.sent: Comparison
        self.received: Comparison
        self.listen: Subscribers
        self.said: Counter[str] = Counter()
        """Things that happened, by name: primitives of the MTP, link failures, retrieved messages."""
        self.most_congested = 0
        self.wrong: list[Any] = []
        self._requests: deque[ToLink] = deque()

    def indication(self, link: str) -> Callable[[Any], None]:
        """What level 2 of a link calls."""

        def up(value: Any) -> None:
            kind = type(value)
            if kind is OutOfService or kind is RetrievedMessage:
                self.said[kind.__name__] += 1
                self.said[f"{kind.__name__} {link}"] += 1
            elif kind is LinkCongestion:
                self.most_congested = max(self.most_congested, value.level)
            self._level_3(self.mtp3.receive(FromLink(link, value), self.place.now))

        return up

    def order(self, order: Order) -> None:
        """An order of people."""
        self._level_3(self.mtp3.receive(order, self.place.now))

    def give(self, cic: int, primitive: Primitive) -> None:
        """What a subscriber wants."""
        self._isup(self.isup.give(cic, primitive, self.place.now))

    def start(self) -> None:
        """Into service, with all links."""
        self._isup(self.isup.start(self.place.now))
        self._level_3(self.mtp3.start(self.place.now))
        for link_set in self.mtp3.plan.link_sets:
            self.order(ActivateLinkSet(link_set.name))

    def deadline(self) -> float | None:
        """When ``expire`` is wanted."""
        one, other = self.mtp3.deadline(), self.isup.deadline()
        return other if one is None else one if other is None else min(one, other)

    def expire(self) -> None:
        """Fire what is due."""
        now = self.place.now
        due = self.mtp3.deadline()
        if due is not None and due <= now:
            self._level_3(self.mtp3.expire(now))
        due = self.isup.deadline()
        if due is not None and due <= now:
            self._isup(self.isup.expire(now))

    def carry(self) -> list[str]:
        """Give level 2 what level 3 wants of it: in its own turn, never inside level 3's. The links that were given something."""
        carried = []
        while self._requests:
            value = self._requests.popleft()
            self.ends[value.link].request(value.request)
            carried.append(value.link)
        return carried

    def _level_3(self, outputs: Iterable[Any]) -> None:
        for output in outputs:
            kind = type(output)
            if kind is ToLink:
                self._requests.append(output)
            elif kind is Transfer:
                self.received.received(output)
                self._isup(self.isup.receive(output, self.place.now))
            elif kind in MTP_PRIMITIVES:
                self.said[kind.__name__] += 1
                self._isup(self.isup.receive(output, self.place.now))
            elif kind is Unexpected or kind is Malformed:
                self.wrong.append(output)

    def _isup(self, outputs: Sequence[Transfer | FromCircuit]) -> None:
        for output in outputs:
            if type(output) is Transfer:
                self.sent.sent(output)
                self._level_3(self.mtp3.receive(output, self.place.now))
            else:
                self.listen(self, output.cic, output.output)


class TwoPoints:
    """Both points, their links by name, time, and what will happen (``at``)."""

    def __init__(self, seed: int, circuits: Sequence[int], examiner: Any, links: int = 2) -> None:
        self.now = 0.0
        self.ticks = 0
        self.random = Random(seed)
        self.lines: dict[str, Line] = {}
        self._queue: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = itertools.count()
        self._mail: Mail | None = None
        plans = tuple(LinkPlan(f"link {code}", code) for code in range(links))
        mtp, isup = load_mtp3(), load_isup()
        points = []
        for number, (own, far) in enumerate((CODES, CODES[::-1])):
            plan = PointPlan(own, (LinkSetPlan("far", far, plans),), ())
            points.append(Point(self, number, Mtp3(plan, mtp), Isup(own, far, isup, circuits, examiner)))
        one, other = self.points = (points[0], points[1])
        one.sent = other.received = Comparison()
        other.sent = one.received = Comparison()
        for link in plans:
            for point in self.points:
                point.ends[link.name] = Terminal(up=point.indication(link.name), late=1, remembers=False)
            self.lines[link.name] = Line(one.ends[link.name], other.ends[link.name], seed=seed)

    def far(self, point: Point) -> Point:
        """The other one."""
        return self.points[1 - point.number]

    def at(self, delay_s: float, call: Callable[..., None], *arguments: Any) -> None:
        """Something happens later."""
        heapq.heappush(self._queue, (self.now + delay_s, next(self._count), call, arguments))

    def start(self) -> None:
        """Everything into service; returns when all links carry traffic and user parts may send."""
        for point in self.points:
            point.start()
        self.run(120.0, lambda: self.settled and all(point.said["RestartEnds"] for point in self.points))
        assert self.settled, "the links do not come into service"

    @property
    def settled(self) -> bool:
        """Whether all links are available at both ends, and no traffic is held back."""
        return all(self.available(name) for name in self.lines) and not any(point.mtp3.diverting for point in self.points)

    def available(self, name: str) -> bool:
        """Whether a link is available at both ends."""
        return all(point.mtp3.link_state(name) == "available" for point in self.points)

    # Octet by octet.

    def tick(self) -> None:
        """Ten milliseconds."""
        self.ticks += 1
        self.now = self.ticks * TICK
        for line in self.lines.values():
            line.tick()
        queue = self._queue
        while queue and queue[0][0] <= self.now:
            _, _, call, arguments = heapq.heappop(queue)
            call(*arguments)
        for point in self.points:
            point.expire()
            point.carry()

    def run(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Let so much time pass, or until something holds; whether it does."""
        for _ in range(round(seconds / TICK)):
            if until is not None and until():
                return True
            self.tick()
        return until is not None and until()

    # Message by message.

    def messages_only(self, until: Callable[[], bool]) -> None:
        """From now on messages take no time, until something holds."""
        queue = self._queue
        if self._mail is None:
            self._mail = Mail(self)
        mail = self._mail
        while not until():
            mail.carry()
            due = queue[0][0] if queue else None
            timers = [(point.deadline(), point) for point in self.points]
            for timer, _ in timers:
                if timer is not None and (due is None or timer < due):
                    due = timer
            assert due is not None, "nothing will happen any more"
            self.now = max(self.now, due)
            for timer, point in timers:
                if timer is not None and timer <= self.now:
                    point.expire()
            while queue and queue[0][0] <= self.now:
                _, _, call, arguments = heapq.heappop(queue)
                call(*arguments)
                mail.carry()

    # What people want to know.

    def erlangs(self, octets_before: dict[tuple[str, int], int], seconds: float) -> dict[tuple[str, int], float]:
        """By link and end: octets of messages sent since then, without repetitions, as a part of what the link can send."""
        now = self.octets()
        return {key: (count - octets_before[key]) / seconds / OCTETS_PER_SECOND for key, count in now.items()}

    def octets(self) -> dict[tuple[str, int], int]:
        """By link and end: octets of messages sent, with flag, header and check sequence, each message once."""
        found = {}
        for point in self.points:
            for name, end in point.ends.items():
                counters = end.counters()
                found[name, point.number] = counters.octets_sent - counters.octets_sent_again
        return found

    def counter(self, name: str) -> int:
        """Sum of a counter of level 2 over all ends."""
        return sum(getattr(end.counters(), name) for point in self.points for end in point.ends.values())


class Mail:
    """Carries messages between the ends of links one by one, each with all that level 2 does to it but wait."""

    def __init__(self, place: TwoPoints) -> None:
        self._place = place
        self._unit = ffi.new("uint8_t[]", lib.MTP2_UNIT_OCTETS)
        self._carried: Counter[Terminal] = Counter()
        for point in place.points:
            for end in point.ends.values():
                end.late = 0
        place.run(UNDER_WAY_S)

    def carry(self) -> None:
        """Until nothing is left to be carried."""
        busy = True
        while busy:
            busy = False
            for point in self._place.points:
                far = self._place.far(point)
                for link in point.carry():
                    busy = True
                    self._pass(point.ends[link], far.ends[link])

    def _pass(self, source: Terminal, sink: Terminal) -> None:
        """What one end has to send; now and then the other's confirmation."""
        self._carried[source] += 1
        if self._carried[source] % CONFIRMED_EACH == 0:
            self._send(sink, source)
        while self._send(source, sink) > SHORT_UNIT:
            pass

    def _send(self, source: Terminal, sink: Terminal) -> int:
        length: int = lib.mtp2_next(source.links, 0, self._unit)
        sink.hear(ffi.buffer(self._unit, length)[:])
        return length
