"""``ss7.stack``, ``ss7.memory``: ISUP calls through level 3 and level 2 at both ends, the same levels as libss7's beside them.

A call as in ``ss7.isup``, over one link that is joined message by message (``TwoPoints``, ``Mail``): IAM with both numbers, ACM, ANM, REL,
RLC, each in a signal unit with a fill-in unit behind it, 20 ms of virtual time from call to call. ``ss7.stack`` has one call at a time,
``ss7.stack.480`` 480 calls that are up while the next one begins. ``ss7.memory`` is what is allocated for a call that is up, its circuit at
both ends with it; what codecs remember, so many numbers in a process, is not. Leaves out waiting in links.
"""

import gc
import statistics
import time
import tracemalloc
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks import libss7
from benchmarks.no7_points import Mail, Point, TwoPoints, circuits_of
from benchmarks.row import Effort, Row, load_text
from benchmarks.user_part_calls import CALL_S, CALLED, CALLER, WholeNumber
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Idle, Setup

STANDING = {"ss7.stack": 0, "ss7.stack.480": 480}
SPANS = 20
SPAN_CIRCUITS = 30
ALERTING, CONNECT, CLEARS = Alerting(), Connect(), Disconnect(16)


class WholeStacks:
    """Two points, and calls from the one to the other; counts what was answered and what came to rest at the calling end."""

    def __init__(self, spans: int = SPANS) -> None:
        self.cics = circuits_of(spans)
        self.place = TwoPoints(1, self.cics, WholeNumber(), links=1)
        for point in self.place.points:
            point.listen = self._heard
        self.answered = self.idle = 0
        self.place.start()
        self.idle = 0  # each circuit has said so by now
        self._mail = Mail(self.place)
        self._begun = self._ended = 0

    def call(self, standing: int) -> None:
        """One call is set up and answered; where more than so many stand, the oldest is cleared."""
        place = self.place
        place.now += CALL_S
        for point in place.points:
            due = point.deadline()
            if due is not None and due <= place.now:
                point.expire()
        caller, called = place.points
        cic = self.cics[self._begun % len(self.cics)]
        caller.give(cic, Setup(CALLED, CALLER.format(self._begun)))
        self._mail.carry()
        called.give(cic, ALERTING)
        self._mail.carry()
        called.give(cic, CONNECT)
        self._mail.carry()
        self._begun += 1
        if self._begun - self._ended > standing:
            self.clear()

    def clear(self) -> None:
        """The oldest call ends."""
        self.place.points[0].give(self.cics[self._ended % len(self.cics)], CLEARS)
        self._mail.carry()
        self._ended += 1

    def judge(self, calls: int) -> None:
        """RuntimeError if not all of so many calls were answered and have come to rest, or if anything else went wrong."""
        wrong = [str(value) for point in self.place.points for value in point.wrong]
        lost = sum(point.received.lost for point in self.place.points)
        if self.answered != calls or self.idle != calls or wrong or lost:
            raise RuntimeError(f"of {calls} calls {self.answered} answered, {self.idle} at rest, {lost} messages lost; {wrong}")

    def _heard(self, point: Point, cic: int, output: Any) -> None:
        if type(output) is Connect:
            self.answered += not point.number
        elif type(output) is Idle:
            self.idle += not point.number


def calls_per_cpu_second(calls: int, standing: int) -> float:
    """Complete calls, while so many others are up: these are set up before time is taken, and cleared afterwards."""
    stacks = WholeStacks()
    for _ in range(standing):
        stacks.call(standing)
    begun = time.process_time()
    for _ in range(calls):
        stacks.call(standing)
    spent = time.process_time() - begun
    for _ in range(standing):
        stacks.clear()
    stacks.judge(calls + standing)
    return calls / spent


def octets_up(spans: int) -> int:
    """What is allocated by two points with so many spans, a call up on each circuit."""
    gc.collect()
    tracemalloc.start()
    stacks = WholeStacks(spans)
    calls = len(stacks.cics)
    for _ in range(calls):
        stacks.call(calls)
    gc.collect()
    octets, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    for _ in range(calls):
        stacks.clear()
    stacks.judge(calls)
    return octets


def octets_per_call(spans: int) -> float:
    """Of so many spans more than one; all numbers have been seen before."""
    octets_up(1 + spans)
    return (octets_up(1 + spans) - octets_up(1)) / spans / SPAN_CIRCUITS


def memory(effort: Effort, timer: libss7.Timer | None) -> Row:
    """The row ``ss7.memory``."""
    spans = int(effort.choose(2, 16, 100))
    calls = spans * SPAN_CIRCUITS
    conditions = (
        f"{calls} calls up, both ends; ours: objects of Python, with the circuits that are there without a call too; "
        f"{f'libss7: malloc, which has no circuits without calls, {calls} calls' if timer else libss7.ABSENT}"
    )
    name_of_peer, theirs = (timer.name, round(timer.octets_per_call(calls))) if timer else (None, None)
    return Row("ss7.memory", round(octets_per_call(spans)), "octets/call", "lower", name_of_peer, theirs, conditions)


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of ``names``; ours and libss7's by turns."""
    calls, peer_calls = int(effort.choose(200, 10_000, 50_000)), int(effort.choose(1000, 100_000, 1_000_000))
    with libss7.timer() as timer:
        for name in names:
            if name == "ss7.memory":
                yield memory(effort, timer)
                continue
            standing = STANDING[name]
            own, peer = [], []
            for _ in range(1 if effort.brief else 3):
                own.append(calls_per_cpu_second(calls, standing))
                if timer:
                    peer.append(timer.calls_per_cpu_second(peer_calls, standing))
            conditions = (
                f"ours: Python, and transmission of level 2 in C; ISUP, levels 3 and 2 of both ends, each message compared, {calls} calls, "
                f"{standing or 'none'} up beside them; {f'libss7: {libss7.CALLS_TEXT}, {peer_calls} calls' if timer else libss7.ABSENT}; "
                f"median of {len(own)}; {load_text()}"
            )
            value = round(statistics.median(own))
            name_of_peer, theirs = (timer.name, round(statistics.median(peer))) if timer else (None, None)
            yield Row(name, value, "calls/CPU second", "higher", name_of_peer, theirs, conditions)
