"""The virtual clock: a heap of calls due, with autojump; the same face as Twisted's ``IReactorTime``.

Twisted's own ``task.Clock`` sorts its list at each ``callLater`` and is useless for a busy hour; a heap with lazy
cancellation does the same in a microsecond or two. Calls due at the same moment run in the order in which they were made,
so that one seed replays one run. ``sources`` are things that also want time to pass (a media plane with its ticks): the
clock asks each for its next moment and lets whichever is earliest go first. Leaves out the real reactor, which has the same face.
"""

import heapq
import itertools
from collections.abc import Callable
from typing import Any, Protocol


class Source(Protocol):
    """Something with moments of its own beside the timed calls."""

    def next_moment(self) -> float | None:
        """The next time in seconds at which ``advance`` is wanted; None = nothing to do until somebody acts."""

    def advance(self, now: float) -> None:
        """The moment has come."""


class Call:
    """A call due; what ``IDelayedCall`` says."""

    __slots__ = ("arguments", "clock", "function", "keywords", "time")

    def __init__(
        self, clock: "VirtualClock", time: float, function: Callable[..., object], arguments: Any, keywords: Any
    ) -> None:
        self.clock = clock
        self.time = time
        self.function: Callable[..., object] | None = function
        self.arguments = arguments
        self.keywords = keywords

    def cancel(self) -> None:
        """Forget the call; it stays in the heap and is skipped when its time comes."""
        if self.function is None:
            raise AlreadyOverError("the call was cancelled or has been made")
        self.function = None
        self.arguments = self.keywords = None
        self.clock.pending -= 1

    def active(self) -> bool:
        """Whether the call is still to be made."""
        return self.function is not None

    # IDelayedCall spells these names.
    def getTime(self) -> float:  # noqa: N802
        """When the call is due."""
        return self.time

    def reset(self, delay: float) -> None:
        """Due ``delay`` seconds from now instead."""
        self._move(self.clock.now + delay)

    def delay(self, delay: float) -> None:
        """Due ``delay`` seconds later than it was."""
        self._move(self.time + delay)

    def _move(self, time: float) -> None:
        function = self.function
        if function is None:
            raise AlreadyOverError("the call was cancelled or has been made")
        self.time = time
        self.clock.push(self)


class AlreadyOverError(Exception):
    """A call was cancelled or moved after it had been made or cancelled."""


class VirtualClock:
    """Time that passes only when it is told to."""

    def __init__(self, now: float = 0.0) -> None:
        """Start at ``now`` seconds."""
        self.now = now
        self.pending = 0
        self.sources: list[Source] = []
        self._heap: list[tuple[float, int, Call]] = []
        self._count = itertools.count()

    def seconds(self) -> float:
        """The time."""
        return self.now

    def call_at(self, time: float, function: Callable[..., object], *arguments: Any) -> Call:
        """Call ``function`` at ``time``; a time gone by means as soon as the clock runs."""
        call = Call(self, time, function, arguments, None)
        self.pending += 1
        heapq.heappush(self._heap, (time, next(self._count), call))
        return call

    def push(self, call: Call) -> None:
        """Put a moved call at its new place; the old entry is recognised by its time and skipped."""
        heapq.heappush(self._heap, (call.time, next(self._count), call))

    # IReactorTime spells these names.
    def callLater(self, delay: float, function: Callable[..., object], *arguments: Any, **keywords: Any) -> Call:  # noqa: N802
        """Call after ``delay`` seconds."""
        call = self.call_at(self.now + delay, function, *arguments)
        call.keywords = keywords
        return call

    def getDelayedCalls(self) -> list[Call]:  # noqa: N802
        """The calls still due."""
        return [call for time, _, call in sorted(self._heap)[:] if call.function is not None and call.time == time]

    def next_moment(self) -> float | None:
        """The earliest call or moment of a source; None = nothing will happen."""
        heap = self._heap
        while heap:
            time, _, call = heap[0]
            if call.function is not None and call.time == time:
                break
            heapq.heappop(heap)
        earliest = heap[0][0] if heap else None
        for source in self.sources:
            moment = source.next_moment()
            if moment is not None and (earliest is None or moment < earliest):
                earliest = moment
        return earliest

    def run_until(self, end: float) -> None:
        """Let time pass up to and including ``end``; at equal times sources go before calls."""
        heap = self._heap
        sources = self.sources
        while True:
            while heap and (heap[0][2].function is None or heap[0][2].time != heap[0][0]):
                heapq.heappop(heap)
            due = heap[0][0] if heap else None
            first: Source | None = None
            earliest = due
            for source in sources:
                moment = source.next_moment()
                if moment is not None and (earliest is None or moment < earliest or (first is None and moment == due)):
                    earliest, first = moment, source
            if earliest is None or earliest > end:
                break
            if earliest > self.now:
                self.now = earliest
            if first is not None:
                first.advance(self.now)
                continue
            _, _, call = heapq.heappop(heap)
            function, arguments, keywords = call.function, call.arguments, call.keywords
            call.function = None
            self.pending -= 1
            assert function is not None
            if keywords:
                function(*arguments, **keywords)
            else:
                function(*arguments)
        if end > self.now:
            self.now = end

    def run_while(self, wanted: Callable[[], bool], limit: float) -> bool:
        """Let time pass, a moment at a time, until ``wanted`` turns false (True) or ``limit`` is reached (False)."""
        while wanted():
            moment = self.next_moment()
            if moment is None or moment > limit:
                self.now = max(self.now, limit)
                return not wanted()
            self.run_until(max(moment, self.now))
        return True
