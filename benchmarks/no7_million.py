"""``ss7.million``: a million calls of two exchanges by messages alone, none lost: CPU seconds, and memory, which must not grow.

Both ends have ISUP, level 3 and, for two links, level 2 whole, joined message by message (``TwoPoints.messages_only``): each message is
written, routed, numbered, confirmed, discriminated and read; timers start and stop, links are tested each minute. Calls go both ways over
the circuits of four spans, en bloc and overlap, and are cleared by either end; some meet busy or unallocated numbers, some callers give up.
Rings and talks are as long as people's, time leaps from event to event. Beside it libss7 with plain calls through the same levels, as many
up at a time. Leaves out waiting in links, and faults: no7_changeover.py.
"""

import gc
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from benchmarks import libss7
from benchmarks.no7_calls import ElevenDigits, Habits, Traffic
from benchmarks.no7_points import TwoPoints, circuits_of
from benchmarks.row import Effort, Row, load_text

SPANS = 4
HABITS = Habits(attempts_per_second=1.6, ringing_s=10.0, talking_s=50.0, busy=0.08, vacant=0.02, abandoned=0.05)
"""About 85 erlang on 120 circuits."""
ERLANGS = 85
LONGEST_CALL_S = 7200.0
"""What is not over so long after the last attempt never will be."""
SAMPLED_EACH = 10_000
SETTLED_AT = 2
"""Samples of memory before this one do not count: buffers and remembered parts fill."""


class Outcome(msgspec.Struct):
    """What has become of everything."""

    calls: int
    ends: dict[str, int]
    lost: int
    no_circuit: int
    other_circuit: int
    messages: int
    messages_lost: int
    at_rest: bool
    virtual_s: float
    cpu_s: float
    memory_kib: list[int]
    """By 10 000 calls, or as often as wanted."""
    growth_octets_per_call: float
    blocks: list[int]
    """Objects of Python's allocator at the same moments: what no other part of the process hides."""
    wrong: list[str]

    def text(self) -> str:
        """In words."""
        ends = ", ".join(f"{count} {name}" for name, count in self.ends.items())
        rate = self.calls / self.cpu_s
        memory = f"{self.memory_kib[0]} KiB at first, {self.memory_kib[-1]} at last" if self.memory_kib else "not sampled"
        return (
            f"{self.calls} calls ({ends}; {self.no_circuit} found all circuits busy, {self.other_circuit} took another one), "
            f"{self.lost} lost; {self.messages} messages, {self.messages_lost} lost, doubled or overtaken; circuits "
            f"{'all idle at both ends' if self.at_rest else 'NOT IDLE'}; memory {memory}, {self.growth_octets_per_call:+.2f} octets a "
            f"call; {self.virtual_s / 3600:.1f} hours of traffic in {self.cpu_s:.0f} CPU s; ten million calls at this rate: "
            f"{1e7 / rate / 3600:.2f} h"
        )


def resident_kib() -> int:
    """Memory of this process as it is now."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * os.sysconf("SC_PAGESIZE") // 1024


def run(calls: int, seed: int = 1, sampled_each: int = SAMPLED_EACH, progress: Callable[[str], object] = lambda text: None) -> Outcome:
    """So many calls, to the end of the last."""
    place = TwoPoints(seed, circuits_of(SPANS), ElevenDigits())
    traffic = Traffic(place, HABITS)
    counts = traffic.counts
    place.start()
    traffic.stop_after = calls
    memory: list[int] = []
    blocks: list[int] = []
    begun, began_s = time.process_time(), place.now
    traffic.offer()
    for upto in [*range(sampled_each, calls, sampled_each), calls]:
        place.messages_only(lambda upto=upto: counts["attempts"] >= upto)
        gc.collect()
        memory.append(resident_kib())
        blocks.append(sys.getallocatedblocks())
        spent = time.process_time() - begun
        progress(f"{upto} of {calls} calls, {upto / spent:.0f} a CPU second, {memory[-1]} KiB")
    patience_s = place.now + LONGEST_CALL_S
    place.messages_only(lambda: traffic.at_rest or place.now > patience_s)
    cpu_s = time.process_time() - begun
    compared = [point.received for point in place.points]
    return Outcome(
        calls=counts["attempts"],
        ends={fate: counts[fate] for fate in ("answered", "no answer", "busy", "vacant", "abandoned")},
        lost=traffic.unaccounted,
        no_circuit=counts["no circuit"],
        other_circuit=counts["other circuit"],
        messages=sum(one.messages for one in compared),
        messages_lost=sum(one.lost + one.doubled + one.overtaken for one in compared),
        at_rest=traffic.at_rest,
        virtual_s=place.now - began_s,
        cpu_s=cpu_s,
        memory_kib=memory,
        growth_octets_per_call=slope(memory) * 1024 / sampled_each,
        blocks=blocks,
        wrong=[*traffic.lost, *(str(value) for point in place.points for value in point.wrong)],
    )


def slope(samples: Sequence[int]) -> float:
    """By how much each sample is more than the one before: of the line that fits them best."""
    settled = samples[SETTLED_AT:]
    return statistics.linear_regression(range(len(settled)), settled).slope if len(settled) > 1 else 0.0


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The row ``ss7.million``: complete calls per CPU second; the peer's before and after."""
    calls, peer_calls = effort.calls or int(effort.choose(300, 100_000, 1_000_000)), int(effort.choose(1000, 200_000, 1_000_000))
    with libss7.timer() as timer:
        peer = [timer.calls_per_cpu_second(peer_calls, ERLANGS)] if timer else []
        found = run(calls, progress=lambda text: sys.stderr.write(f"bench: ss7.million: {text}\n"))
        peer += [timer.calls_per_cpu_second(peer_calls, ERLANGS)] if timer else []
        beside = f"libss7: {libss7.CALLS_TEXT}, {peer_calls} calls, all answered, {ERLANGS} others up" if timer else libss7.ABSENT
        conditions = f"seed 1, {found.text()}; ours: ISUP, levels 3 and 2 of both ends and the subscribers; {beside}; {load_text()}"
        name_of_peer, theirs = (timer.name, round(statistics.mean(peer))) if timer else (None, None)
        yield Row("ss7.million", round(found.calls / found.cpu_s), "calls/CPU second", "higher", name_of_peer, theirs, conditions)
