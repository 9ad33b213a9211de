"""``r2``: complete China No.1 calls with the caller's number per CPU second: engines alone, by tokens, in sound, and beside libopenr2.

A call: seizure, 5 called digits, KA, 11 digits of the caller and their end, KD, KB1, answer 0.5 s later, 1 s of talk, clear, release
guard. ``r2.engines`` is two engines and a heap; ``r2.tokens`` and ``r2.sound`` are both ends of thirty circuits: media planes, wire,
floors, engines, all of them busy, no switch behind. ``r2.end`` is one end alone in sound, on the outside socket with libopenr2 at the
other: CPU time a call of ours (plane, receivers, framing, socket, floor, engines) and of libopenr2's (what its channels take, without
framing and socket). ``r2.call`` is what a call adds to that: the same less what thirty idle circuits take, at either end. Leaves out
the switch and its facts: ``sim.tokens``.
"""

import ctypes.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.row import Effort, Row, load_text
from benchmarks.simulated_calls import CALLED, CALLER, TALK_S, engines
from drivers.wire import SPAN_PORTS, SpanSettings, Wire, join
from pbx.clock import VirtualClock
from pbx.exchange import load_sounds
from pbx.floor import Floor
from pbx.line import TRUNK, Line
from pbx.media import TICK_SECONDS, Layout, Plane
from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import load_variant
from pbx.tone_plan import china
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Idle, Primitive, Release, Setup
from pbx.vocabulary.media import MediaEvent
from pbx.vocabulary.numbers import Examination

HOME = Path(__file__).resolve().parents[1]
LAYOUT = Layout(ports=32, prompt_octets=1 << 20, journal_octets=1 << 18)
RING_S = 0.5
PEER = "libopenr2"


class _FiveDigits:
    """Any number of five digits."""

    def examine(self, digits: str) -> Examination:
        """More digits, or complete."""
        return Examination("complete" if len(digits) == len(CALLED) else "more")


class End:
    """Thirty circuits on a plane of their own; ``calls``: whether they call, again and again, or are called."""

    def __init__(self, clock: VirtualClock, tokens: bool, calls: bool) -> None:
        variant = load_variant("china")
        self.clock = clock
        self.calls = calls
        self.over = self.answered = self.placed = 0
        self.plane = Plane.create(LAYOUT)
        self.wire = Wire([SpanSettings(idle_bits=variant.data.bits.forward.idle)], tokens)
        self.plane.add_card(self.wire.card)
        load_sounds(self.plane, china(), {})
        self.floor = Floor(clock, self.plane, lambda fact: None)
        self.floor.attach(self)
        direction: Any = "outgoing" if calls else "incoming"
        self.lines = [Line(f"{port}", port, R2Circuit(variant, direction, _FiveDigits()), TRUNK) for port in range(SPAN_PORTS)]

    def start(self) -> None:
        """Into service; the calls begin when the framers have aligned."""
        for line in self.lines:
            self.floor.add(line)
            self.plane.configure_port(line.port, "cas")
            self.floor.start(line, 0.0)
            if self.calls:
                self.clock.callLater(1.0 + 0.07 * line.port, self._place, line)

    def _say(self, line: Line, primitive: Primitive) -> None:
        self.floor.turn(self.floor.to_line, line, primitive)

    def _place(self, line: Line) -> None:
        self.placed += 1
        self._say(line, Setup(CALLED, CALLER.format(self.placed)))

    def receive(self, line: Line, primitive: Primitive, now: float) -> None:
        """What an engine tells."""
        kind = type(primitive)
        if kind is Setup:
            self.floor.to_line(line, Alerting())
            self.clock.callLater(RING_S, self._say, line, Connect())
        elif kind is Connect:
            self.answered += 1
            if self.calls:
                self.clock.callLater(TALK_S, self._say, line, Disconnect(16))
        elif kind is Disconnect:
            self.floor.to_line(line, primitive)
        elif kind is Release:
            self.over += 1
        elif kind is Idle and self.calls and self.placed:
            self.clock.callLater(0.1, self._place, line)

    def media(self, line: Line, event: MediaEvent, now: float) -> None:
        """Nothing is ordered of the plane here."""

    def fault(self, line: Line, now: float) -> None:
        """A fault ends the measurement."""
        raise RuntimeError(self.floor.faults[-1])


class Steps:
    """Steps planes in lockstep; where every plane is quiet, as with tokens, the ticks between are leapt over."""

    def __init__(self, *ends: End) -> None:
        self._ends = ends
        self._tick = 0

    def next_moment(self) -> float | None:
        """When the next tick that matters is over."""
        wanted = [tick for end in self._ends if (tick := end.plane.next_activity()) is not None]
        if not wanted:
            return None
        begun = int(self._ends[0].clock.now / TICK_SECONDS + 1e-6)
        self._tick = next_tick if (next_tick := min(wanted)) == self._ends[0].plane.ticks else max(next_tick, begun)
        return (self._tick + 1) * TICK_SECONDS

    def advance(self, now: float) -> None:
        """Run it on every plane."""
        for end in self._ends:
            end.plane.tick(self._tick)
        for end in self._ends:
            if events := end.plane.drain():
                end.floor.media(events)


def both_ends(tokens: bool, seconds: float, idle: bool = False) -> tuple[float, int]:
    """CPU seconds of both ends, and how many calls there were; ``idle``: none."""
    clock = VirtualClock()
    caller, callee = End(clock, tokens, calls=not idle), End(clock, tokens, calls=False)
    join((caller.wire, 0), (callee.wire, 0))
    clock.sources.append(Steps(caller, callee))
    caller.start()
    callee.start()
    clock.run_until(4.0)
    before, begun = caller.over, time.process_time()
    clock.run_until(4.0 + seconds)
    spent = time.process_time() - begun
    calls = caller.over - before
    assert (calls == 0) == idle and caller.answered >= caller.over and not caller.floor.counters and not callee.floor.counters
    return spent, calls


class Beside(NamedTuple):
    """CPU seconds of our end and of libopenr2's, and how many calls there were."""

    ours_s: float
    theirs_s: float
    calls: int


def beside_libopenr2(seconds: float, idle: bool = False) -> Beside:
    """So many seconds of line with libopenr2 as the callee; ``idle``: without calls."""
    with tempfile.TemporaryDirectory() as folder:
        path, result = Path(folder, "peer.socket"), Path(folder, "result.json")
        program = {
            "socket": str(path), "log": folder, "contexts": {"stock": {}}, "circuits": {}, "answers": {CALLED: {"ring": RING_S}},
            "logs": False,
        }  # fmt: skip
        Path(folder, "program.json").write_text(json.dumps(program), encoding="utf-8")
        clock = VirtualClock()
        end = End(clock, tokens=False, calls=not idle)
        end.wire.listen(0, str(path), "peer")
        end.wire.set_patience(0, 60.0)
        command = [sys.executable, "-m", "tests.interop.openr2.far_exchange", str(Path(folder, "program.json")), str(result)]
        environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"} | {"PYTHONPATH": str(HOME)}
        with subprocess.Popen(command, cwd=HOME, env=environment) as process:
            if not end.wire.wait(0, 30.0):
                process.kill()
                raise RuntimeError("libopenr2's process does not connect")
            clock.sources.append(Steps(end))
            end.start()
            begun = time.process_time()
            clock.run_until(seconds)
            spent = time.process_time() - begun
            end.wire.unjoin(0)
        found = json.loads(result.read_text(encoding="utf-8"))
    answered = sum("answers" in (what for _, what in call["log"]) for call in found["calls"])
    if found["errors"] or (answered == 0) != idle:
        raise RuntimeError(f"calls with libopenr2 go wrong: {found['errors'][:3]}")
    return Beside(spent, found["cpu_seconds"], answered)


def _installed() -> bool:
    return ctypes.util.find_library("openr2") is not None


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of ``names``."""
    runs = 1 if effort.brief else 5
    conditions = f"median of {runs} runs; {load_text()}"
    if "r2.engines" in names:
        count = int(effort.choose(50, 2000, 20000))
        rate = statistics.median(engines(count) for _ in range(runs))
        yield Row("r2.engines", round(rate), "calls/CPU s", "higher", conditions=f"both ends, {count} calls; {conditions}")
    seconds = effort.choose(6, 40, 200)
    kinds: dict[str, Callable[[], tuple[float, int]]] = {
        "r2.tokens": lambda: both_ends(True, 5 * seconds),
        "r2.sound": lambda: both_ends(False, seconds),
    }
    for name, run in kinds.items():
        if name in names:
            found = [run() for _ in range(runs)]
            said = f"both ends, 30 circuits, {found[0][1]} calls; {conditions}"
            yield Row(name, round(statistics.median(calls / spent for spent, calls in found)), "calls/CPU s", "higher", conditions=said)
    if "r2.end" in names or "r2.call" in names:
        yield from _one_end(runs, seconds, conditions)


def _one_end(runs: int, seconds: float, conditions: str) -> Iterable[Row]:
    """Without libopenr2 the far end is ours: half of both ends."""
    unit = "CPU ms a call"
    if not _installed():
        said = f"half of both ends; {conditions}"
        busy = [both_ends(False, seconds) for _ in range(runs)]
        quiet_s = statistics.median(both_ends(False, seconds, idle=True)[0] for _ in range(runs))
        for name, less_s in (("r2.end", 0.0), ("r2.call", quiet_s)):
            each_ms = statistics.median(500 * max(0.0, spent - less_s) / calls for spent, calls in busy)
            yield Row(name, round(each_ms, 3), unit, "lower", conditions=said)
        return
    found = [(beside_libopenr2(seconds), beside_libopenr2(seconds, idle=True)) for _ in range(runs)]

    def median(of: Callable[[Beside, Beside], float]) -> float:
        return round(statistics.median(max(0.0, 1000 * of(busy, idle) / busy.calls) for busy, idle in found), 3)

    calls = f"30 circuits, {found[0][0].calls} calls"
    ours, theirs = median(lambda busy, _: busy.ours_s), median(lambda busy, _: busy.theirs_s)
    said = f"{calls}, libopenr2 without logs, framing and socket, ours with framing and socket; {conditions}"
    yield Row("r2.end", ours, unit, "lower", PEER, theirs, said)
    ours, theirs = median(lambda busy, idle: busy.ours_s - idle.ours_s), median(lambda busy, idle: busy.theirs_s - idle.theirs_s)
    yield Row("r2.call", ours, unit, "lower", PEER, theirs, f"{calls}, less what 30 idle circuits take, both ends alike; {conditions}")
