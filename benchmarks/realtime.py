"""``realtime``: 120 busy circuits in real time while control computes: do the ticks come in time?

The plane runs as in service, a process of its own (pbx/plane_process.py), and so does the far end's; 4 spans join them by the outside
socket. This process is control: it waits for events, answers them, empties recorders, while a second thread of it computes 90 % of the
time and holds the interpreter lock. A tick is late when it begins more than 10 ms after it was due. A late tick is *explained* when it
would not have been late without the time that the kernel says the plane waited on the run queue or the hypervisor took
(pbx/dsp/pacer.c), or when it follows at once on such a tick and still makes up for it. ``realtime.event`` is how long after the end
of its tick control sees an event.
"""

import gc
import select
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from benchmarks.busy_planes import LAYOUT, SPANS, Far, Near
from benchmarks.row import Better, Effort, Row, load_text
from pbx.media import TICK_SECONDS, LateTick, Plane
from pbx.plane_process import Description, SpanDescription
from pbx.vocabulary.media import Played

HOME = Path(__file__).resolve().parent.parent
LATE_MS = TICK_SECONDS * 1000
DUTY = 0.9
PERIOD_S = 0.01
READY_S = 30.0
SETTLE_S = 3.0
DIAL_S = 0.2
EMPTY_S = 0.5


class NotReadyError(Exception):
    """A plane process did not come up."""


class PlaneProcess:
    """One plane in a process of its own."""

    def __init__(self, arena: Path, spans: list[SpanDescription], complaints: Path) -> None:
        self._complaints = complaints
        with complaints.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pbx.plane_process", str(arena)],
                cwd=HOME,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(msgspec.json.encode(Description(spans=spans, layout=LAYOUT)))
        self.process.stdin.close()
        if not select.select([self.process.stdout], [], [], READY_S)[0] or self.process.stdout.readline() != b"ready\n":
            self.stop()
            raise NotReadyError(self.complaints())
        self.plane = Plane.attach(str(arena))
        self.plane.raise_epoch()

    def complaints(self) -> str:
        """What it could not have."""
        return self._complaints.read_text(encoding="utf-8").strip()

    def cpu_ns(self) -> int:
        """CPU time so far."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text(encoding="ascii").split()[0])

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()


class Computing:
    """A thread that computes 90 % of the time."""

    def __init__(self) -> None:
        self.over = False
        self.thread = threading.Thread(target=self._compute, daemon=True)

    def _compute(self) -> None:
        table: dict[int, str] = {}
        while not self.over:
            until, n = time.monotonic() + DUTY * PERIOD_S, 0
            while time.monotonic() < until:
                n += 1
                table[n % 4096] = str(n * n)
            time.sleep((1 - DUTY) * PERIOD_S)


def explained(late: Sequence[LateTick]) -> int:
    """How many of the late ticks the kernel explains; see the module."""
    count = 0
    before: LateTick | None = None
    for tick in sorted(late, key=lambda tick: tick.tick):
        allowed = tick.run_delay_ms + tick.steal_ms
        if before is not None and before.tick == tick.tick - 1:
            allowed += before.late_ms - LATE_MS
        good = tick.late_ms - allowed <= LATE_MS
        count += good
        before = tick if good else None
    return count


class Run:
    """Both planes, control at work, and what was seen."""

    def __init__(self, folder: Path) -> None:
        sockets = [folder / f"span-{n}" for n in range(SPANS)]
        self.near_process = PlaneProcess(
            folder / "near", [SpanDescription(listen=str(path), name=path.name) for path in sockets], folder / "near.txt"
        )
        self.far_process = PlaneProcess(
            folder / "far", [SpanDescription(connect=str(path), name=path.name) for path in sockets], folder / "far.txt"
        )
        self.near, self.far = Near(self.near_process.plane), Far(self.far_process.plane)
        self.latencies_ms: list[float] = []
        self.events = 0
        self._tick_zero = self._when_ticks_end()

    def _when_ticks_end(self) -> float:
        """The clock at the end of tick 0, as a plane in time would have it: the earliest seen of some ticks."""
        plane, earliest = self.near.plane, 1e18
        for _ in range(40):
            before = plane.ticks
            while plane.ticks == before:
                pass
            earliest = min(earliest, time.monotonic() - (plane.ticks - 1) * TICK_SECONDS)
        return earliest

    def work(self, seconds: float) -> None:
        """Control for so long."""
        near, plane = self.near, self.near.plane
        descriptor = plane.wait_fd()
        now = time.monotonic()
        end, dial, empty = now + seconds, now, now + EMPTY_S
        while now < end:
            select.select([descriptor], [], [], max(0.0, min(dial, empty, end) - now))
            events = plane.drain()
            now = time.monotonic()
            for at, _, event in events:
                if type(event) is Played:
                    self.latencies_ms.append(max(0.0, now - self._tick_zero - int(at / TICK_SECONDS + 1e-6) * TICK_SECONDS) * 1000)
            self.events += len(events)
            near.take(events)
            if now >= dial:
                self.far.dial()
                dial += DIAL_S
            if now >= empty:
                near.empty_recorders()
                self.far.plane.drain()
                empty += EMPTY_S

    def stop(self) -> None:
        """End both planes."""
        for process in (self.near_process, self.far_process):
            process.plane.close()
            process.stop()


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """All rows of one run."""
    seconds = effort.choose(1.0, 30.0, 300.0)
    with tempfile.TemporaryDirectory(prefix="zongji-bench-") as folder:
        run = Run(Path(folder))
        computing = Computing()
        try:
            run.work(0.5 if effort.brief else SETTLE_S)
            gc.collect()
            gc.freeze()
            computing.thread.start()
            run.latencies_ms.clear()
            run.events = 0
            before, first, cpu = run.near.plane.counters(), run.near.plane.ticks, run.near_process.cpu_ns()
            run.work(seconds)
            after, ticks = run.near.plane.counters(), run.near.plane.ticks - first
            spent_ns = run.near_process.cpu_ns() - cpu
            late = [tick for tick in run.near.plane.late_ticks() if tick.tick >= first]
            refused = run.near_process.complaints().removeprefix("plane: ") or "SCHED_FIFO and locked memory were given"
        finally:
            computing.over = True
            gc.unfreeze()
            run.stop()
    yield from rows(run, before, after, late, ticks, spent_ns / max(1, ticks), f"{seconds:.0f} s; {refused}; {load_text()}")


def rows(
    run: Run, before: dict[str, int], after: dict[str, int], late: list[LateTick], ticks: int, tick_ns: float, how: str
) -> Iterable[Row]:
    """The figures of a run."""
    conditions = (
        "120 circuits busy in sound over 4 outside sockets, 45 recorders, 150 receivers, far end in its own process, "
        f"a thread of control computing {DUTY:.0%} of the time; {how}"
    )
    count = after["late_ticks"] - before["late_ticks"]
    good = explained(late)
    lost = {name: after[name] - before[name] for name in ("event_overflows", "rejected_commands", "recorder_overflows")}
    worst_ms = max((tick.late_ms for tick in late), default=0.0)
    latencies = sorted(run.latencies_ms) or [0.0]
    lost_words = f"{run.events} events, lost or refused: {sum(lost.values())}"
    worst_words = "the latest tick" if worst_ms else "the latest tick since the plane was started, none being late in the run"
    seen_words = f"from the end of the tick until control has the event; {len(latencies)} events"
    figures: list[tuple[str, float, str, Better, str]] = [
        ("realtime.ticks", ticks, "ticks", "higher", f"{conditions}; {lost_words}"),
        ("realtime.late", count, "ticks", "lower", "begun more than 10 ms after they were due"),
        ("realtime.late.explained", good, "ticks", "lower", "not late but for run delay and steal, as the kernel counts them"),
        ("realtime.late.unexplained", count - good, "ticks", "lower", "the other late ticks"),
        ("realtime.late.worst", round(worst_ms or after["worst_late_ns"] / 1e6, 3), "ms", "lower", worst_words),
        ("realtime.tick", round(tick_ns / 1000, 1), "us CPU/tick", "lower", "mean CPU time of the plane's process a tick"),
        ("realtime.event", round(statistics.median(latencies), 2), "ms", "lower", f"median; {seen_words}"),
        ("realtime.event.worst", round(latencies[-1], 2), "ms", "lower", f"99 % within {percentile(latencies, 99):.2f} ms; {seen_words}"),
    ]
    for name, value, unit, better, words in figures:
        yield Row(name, value, unit, better, conditions=words)


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Of values in order the one that so many per cent do not exceed."""
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
