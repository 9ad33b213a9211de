"""``clock``: timer events a second with so many timers pending, beside Twisted's ``task.Clock`` in the same run.

Each timer that fires sets itself anew between 0 and 1 s ahead, so the number pending stays; time moves from event to event, as a
simulation moves it. ``task.Clock`` sorts its whole list whenever a call is made, so it is given few events. Leaves out cancelling.
"""

import contextlib
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

from twisted.internet.task import Clock

from benchmarks.row import Effort, Row, load_text
from pbx.clock import VirtualClock

PENDING = {"clock.100": 100, "clock.10k": 10_000, "clock.100k": 100_000}
PEER_EVENTS = {"clock.100": 20_000, "clock.10k": 60, "clock.100k": 3}


class _Enough(Exception):  # noqa: N818 - the end of a run, not a mistake
    """So many events have fired."""


def _fill(clock: Any, pending: int, events: int) -> Callable[[], int]:
    """Timers that set themselves anew; raises when ``events`` have fired. Returns what tells how many fired."""
    random = Random(pending)
    delays = [random.random() for _ in range(65_537)]
    fired = 0

    def fire() -> None:
        nonlocal fired
        fired += 1
        clock.callLater(delays[fired % 65_537], fire)
        if fired >= events:
            raise _Enough

    for n in range(pending):
        clock.callLater(delays[n % 65_537], fire)
    return lambda: fired


def ours(pending: int, events: int) -> float:
    """Events a CPU second of the virtual clock."""
    clock = VirtualClock()
    fired = _fill(clock, pending, events)
    begun = time.process_time()
    with contextlib.suppress(_Enough):
        clock.run_until(1e9)
    return fired() / (time.process_time() - begun)


def twisted(pending: int, events: int) -> float:
    """Events a CPU second of ``task.Clock``, told to advance to each event in turn."""
    clock = Clock()
    # Filling it by callLater would sort for each timer: the list is made in one go, as its own methods would leave it.
    sort, clock._sortCalls = clock._sortCalls, lambda: None
    fired = _fill(clock, pending, events)
    clock._sortCalls = sort
    clock._sortCalls()
    begun = time.process_time()
    with contextlib.suppress(_Enough):
        while True:
            clock.advance(max(0.0, clock.calls[0].getTime() - clock.seconds()))
    return fired() / (time.process_time() - begun)


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of ``clock``."""
    events = int(effort.choose(2_000, 300_000, 3_000_000))
    runs = int(effort.choose(1, 5, 9))
    for name in names:
        pending = PENDING[name]
        peer_events = min(PEER_EVENTS[name], 100 if effort.brief else PEER_EVENTS[name])
        both = [(ours(pending, events), twisted(pending, peer_events)) for _ in range(runs)]
        yield Row(
            name,
            round(statistics.median(own for own, _ in both)),
            "events/CPU s",
            "higher",
            "twisted task.Clock",
            round(statistics.median(peer for _, peer in both), 1),
            f"{pending} timers pending, {events} events (peer: {peer_events}), median of {runs}; {load_text()}",
        )
