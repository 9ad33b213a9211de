"""Thirty of our R2 circuits on a media plane of their own, the outside socket before them and a script behind them, in virtual time.

No switch, no numbering plan of an office: a script (``orders``, ``answers``, ``acts``) says what the engines are told and when, down to the
n-th signal of a call, and everything that passed is kept, so that a test can say exactly what it means. libopenr2 stands at the far end
in its own process (far_exchange.py). The national variant is a parameter. Leaves out facts and call detail records: office.py.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from drivers.wire import SpanSettings, Wire
from pbx.clock import VirtualClock
from pbx.engine import Output
from pbx.exchange import load_sounds
from pbx.floor import Floor
from pbx.line import Line
from pbx.media import Layout, Plane
from pbx.plant import slot_port
from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import Variant
from pbx.tone_plan import china
from pbx.vocabulary import call, media
from pbx.vocabulary.numbers import Examination
from tests.interop.openr2.facing import Facing

HOME = Path(__file__).resolve().parents[3]
SLOTS = tuple(slot for slot in range(1, 32) if slot != 16)
SMALL = Layout(ports=32, prompt_octets=1 << 20, journal_octets=1 << 18, events=4096)
TICK_S = 0.01


class Lengths:
    """A plan for tests: 5 = five digits, 6 = three to six, 7 = twelve; 0 = nobody, every other one of eight."""

    def examine(self, digits: str) -> Examination:
        """Judge by the first digit."""
        if digits.startswith("0"):
            return Examination("invalid", cause=1)
        if digits.startswith("6"):
            return Examination("complete", max_more=6 - len(digits)) if 3 <= len(digits) <= 6 else Examination("more")
        wanted = {"5": 5, "7": 12}.get(digits[:1], 8)
        return Examination("complete" if len(digits) == wanted else "more")


class Edge(NamedTuple):
    """Something that passed between an engine and its line: ``way`` "in" or "out", ``what`` "on", "off" or "bits".

    ``at`` is when it stood on the line, as the plane says ("in"), or when the plane was told ("out").
    """

    at: float
    slot: int
    way: str
    what: str
    value: int


class Order(msgspec.Struct, frozen=True):
    """A call that we make."""

    called: str
    calling: str = ""
    restricted: bool = False
    category: int = 0
    gap: float = 0.3
    hold: float | None = 1.0
    patience: float | None = None
    """Seconds from the seizure after which we give up, whatever has happened."""


class Answer(msgspec.Struct, frozen=True):
    """What becomes of a call that comes in, by its called number."""

    refuse: int = 0
    decide: float = 0.02
    ring: float | None = 0.3
    hold: float | None = None


class Act(msgspec.Struct, frozen=True):
    """In the ``call``-th call on a slot, when ``when`` happens, say ``primitive`` to the engine ``delay`` later."""

    slot: int
    call: int
    when: str
    primitive: call.Primitive
    delay: float = 0.0


class OurCall(msgspec.Struct):
    """One call as we saw it."""

    slot: int
    ours: bool
    began: float
    called: str = ""
    calling: str = ""
    restricted: bool = False
    category: int = 0
    log: list[tuple[float, str]] = []
    cleared_in: str = ""
    order: Order | None = None

    def words(self) -> list[str]:
        """What happened, without times."""
        return [what for _, what in self.log]


class Tap:
    """An engine whose inputs and outputs are kept; the floor does not notice."""

    def __init__(self, engine: R2Circuit, slot: int, circuits: "Circuits") -> None:
        self.engine = engine
        self._slot = slot
        self._edges = circuits.edges
        self._clock = circuits.clock
        self._circuits = circuits

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def start(self, now: float) -> Sequence[Output]:
        """As the engine."""
        return self._out(self.engine.start(now))

    def receive(self, value: Any, now: float) -> Sequence[Output]:
        """As the engine."""
        if isinstance(value, media.Bits):
            self._edges.append(Edge(now, self._slot, "in", "bits", value.value))
        elif isinstance(value, media.ToneOn | media.ToneOff):
            self._edges.append(Edge(now, self._slot, "in", "on" if isinstance(value, media.ToneOn) else "off", value.tone & 15))
        return self._out(self.engine.receive(value, now))

    def expire(self, now: float) -> Sequence[Output]:
        """As the engine."""
        return self._out(self.engine.expire(now))

    def _out(self, outputs: Sequence[Output]) -> Sequence[Output]:
        told = self._clock.now
        for output in outputs:
            if isinstance(output, media.SendBits):
                self._edges.append(Edge(told, self._slot, "out", "bits", output.value))
            elif isinstance(output, media.SendTone):
                self._edges.append(Edge(told, self._slot, "out", "on", output.tone & 15))
                self._circuits.tones[self._slot] = output.tone
                if output.duration_ms:
                    self._edges.append(Edge(told + output.duration_ms / 1000, self._slot, "out", "off", 0))
                self._circuits.sent(self._slot)
            elif isinstance(output, media.Silence):
                self._circuits.tones[self._slot] = 0
                self._edges.append(Edge(told, self._slot, "out", "off", 0))
        return outputs


class Steps:
    """Steps a plane every 10 ms, no tick left out: a peer in lockstep counts them. Tick k is over at (k + 1) ticks of time."""

    def __init__(self, plane: Plane, take: Callable[[list[tuple[float, int, Any]]], None]) -> None:
        self._plane = plane
        self._take = take
        self._next = 0

    def next_moment(self) -> float:
        """When the next tick is over."""
        return (self._next + 1) * TICK_S

    def advance(self, now: float) -> None:
        """Run it."""
        self._plane.tick(self._next)
        self._next += 1
        events = self._plane.drain()
        if events:
            self._take(events)


class Circuits:
    """Our end: engines, script, and what was seen."""

    def __init__(
        self,
        variant: Variant,
        variants: dict[int, Variant] | None = None,
        orders: dict[int, Sequence[Order]] | None = None,
        answers: dict[str, Answer] | None = None,
        acts: Iterable[Act] = (),
        clock: VirtualClock | None = None,
        lazy: bool = False,
    ) -> None:
        """``variants``: another form of the variant on some slots; ``orders`` by slot; ``clock``: shared with somebody else.

        ``lazy``: nobody clears when the far end has, so that the engine's own supervision must.
        """
        self.lazy = lazy
        self.variant = variant
        self.clock = clock or VirtualClock()
        self.plane = Plane.create(SMALL)
        self.wire = Wire([SpanSettings(idle_bits=variant.data.bits.forward.idle)])
        self.plane.add_card(self.wire.card)
        load_sounds(self.plane, china(), {})
        self.floor = Floor(self.clock, self.plane, lambda fact: None)
        self.floor.attach(self)
        self.clock.sources.append(Steps(self.plane, self.floor.media))
        self.edges: list[Edge] = []
        self.tones: dict[int, int] = dict.fromkeys(SLOTS, 0)
        """The tone that each engine wants on the line now."""
        self.calls: list[OurCall] = []
        self.unexpected: list[str] = []
        self.blockings: list[tuple[float, int, str]] = []
        self.answers = answers or {}
        self.otherwise = Answer()
        self.waiting = {slot: deque(orders.get(slot, ())) for slot in SLOTS} if orders else {}
        self._acts: dict[tuple[int, int], list[Act]] = defaultdict(list)
        for act in acts:
            self._acts[act.slot, act.call].append(act)
        self._making: set[int] = set()
        self._present: dict[int, OurCall | None] = dict.fromkeys(SLOTS)
        self._counted: dict[int, int] = dict.fromkeys(SLOTS, 0)
        self._signals: dict[int, int] = dict.fromkeys(SLOTS, 0)
        self.lines: dict[int, Line] = {}
        for slot in SLOTS:
            engine = R2Circuit((variants or {}).get(slot, variant), "both-way", Lengths())
            line = Line(f"peer/{slot}", slot_port(slot), Tap(engine, slot, self), "trunk")
            self.lines[slot] = line
            self.floor.add(line)

    def start(self) -> None:
        """Into service."""
        for line in self.lines.values():
            self.plane.configure_port(line.port, "cas")
            self.floor.start(line, self.clock.seconds())
        for slot in self.waiting:
            self._next(slot, 1.0)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.run_until(self.clock.now + seconds)

    def run_until(self, wanted: Callable[[], bool], limit: float) -> bool:
        """Let time pass until it is so; False when it did not come."""
        return self.clock.run_while(lambda: not wanted(), self.clock.now + limit)

    def say(self, slot: int, primitive: call.Primitive) -> None:
        """A primitive for an engine, now."""
        self.floor.turn(self.floor.to_line, self.lines[slot], primitive)

    # The script.

    def _next(self, slot: int, delay: float = 0.0) -> None:
        if self.waiting.get(slot) and slot not in self._making:
            self._making.add(slot)
            self.clock.callLater(delay + self.waiting[slot][0].gap, self._make, slot)

    def _make(self, slot: int) -> None:
        line = self.lines[slot]
        if self._present[slot] is not None or not line.idle or line.blocked or line.engine.state != "Idle":
            self.clock.callLater(0.1, self._make, slot)
            return
        self._making.discard(slot)
        self.begin(slot, self.waiting[slot].popleft())

    def begin(self, slot: int, order: Order) -> None:
        """Make a call now."""
        self._open(slot, ours=True, order=order)
        self.lines[slot].idle = False
        self.say(slot, call.Setup(order.called, order.calling, order.category, order.restricted))
        if order.patience is not None:
            self._later(slot, order.patience, self.clear)

    def _open(self, slot: int, ours: bool, order: Order | None = None) -> OurCall:
        self._counted[slot] += 1
        self._signals[slot] = 0
        made = OurCall(slot, ours, self.clock.now, order=order, log=[])
        if order is not None:
            made.called, made.calling, made.restricted = order.called, order.calling, order.restricted
        self.calls.append(made)
        self._present[slot] = made
        return made

    def _later(self, slot: int, delay: float, function: Callable[[int], None]) -> None:
        present = self._present[slot]

        def now() -> None:
            if self._present[slot] is present:
                function(slot)

        self.clock.callLater(delay, now)

    def clear(self, slot: int, primitive: call.Primitive | None = None) -> None:
        """We clear."""
        present = self._present[slot]
        if present is not None:
            present.cleared_in = self.lines[slot].engine.state
            self.log(slot, "clears")
            self.say(slot, primitive or call.Disconnect(call.NORMAL_CLEARING))

    def log(self, slot: int, what: str) -> None:
        """Something happened in the call on a slot."""
        present = self._present[slot]
        if present is not None:
            present.log.append((round(self.clock.now, 3), what))
            self._happened(slot, what)

    def _happened(self, slot: int, what: str) -> None:
        for act in self._acts.get((slot, self._counted[slot]), ()):
            if act.when == what:
                self._later(slot, act.delay, lambda slot, act=act: self.clear(slot, act.primitive))  # type: ignore[misc]

    def sent(self, slot: int) -> None:
        """The engine sends one more signal."""
        self._signals[slot] += 1
        self._happened(slot, f"signal {self._signals[slot]}")

    # What the engines say: the face of a switch.

    def receive(self, line: Line, primitive: call.Primitive, now: float) -> None:
        """A primitive from below."""
        slot = next(slot for slot, one in self.lines.items() if one is line)
        kind = type(primitive)
        if kind is call.Seized:
            line.idle = False
            self._open(slot, ours=False)
            self.log(slot, "seized")
        elif kind is call.Setup:
            self._offered(slot, primitive)
        elif kind is call.Alerting:
            self.log(slot, "alerting")
        elif kind is call.Connect:
            self._connected(slot)
        elif kind is call.Disconnect:
            self.log(slot, f"disconnected: {primitive.cause}")  # type: ignore[attr-defined]
            if not self.lazy:
                self.floor.to_line(line, call.Disconnect(primitive.cause))  # type: ignore[attr-defined]
        elif kind is call.Release:
            self.log(slot, f"released: {primitive.cause}")  # type: ignore[attr-defined]
            self._present[slot] = None
        elif kind is call.Idle:
            line.idle = True
            self._next(slot)
        else:
            self._blocking(line, slot, primitive)

    def _blocking(self, line: Line, slot: int, primitive: call.Primitive) -> None:
        if isinstance(primitive, call.Blocked):
            line.blocked.add(primitive.reason)
            self.blockings.append((self.clock.now, slot, primitive.reason))
        elif isinstance(primitive, call.Unblocked):
            line.blocked.clear()
            self.blockings.append((self.clock.now, slot, "unblocked"))

    def _offered(self, slot: int, primitive: Any) -> None:
        present = self._present[slot]
        assert present is not None
        present.called, present.calling = primitive.called, primitive.calling
        present.restricted, present.category = primitive.restricted, primitive.category
        self.log(slot, "offered")
        answer = self.answers.get(primitive.called, self.otherwise)
        if answer.refuse:
            self._later(slot, answer.decide, lambda slot: self.say(slot, call.Disconnect(answer.refuse)))
            return
        self._later(slot, answer.decide, lambda slot: self.say(slot, call.Alerting()))
        if answer.ring is not None:
            self._later(slot, answer.decide + answer.ring, lambda slot: self.say(slot, call.Connect()))

    def _connected(self, slot: int) -> None:
        present = self._present[slot]
        assert present is not None
        self.log(slot, "answered")
        hold = present.order.hold if present.order is not None else self.answers.get(present.called, self.otherwise).hold
        if hold is not None:
            self._later(slot, hold, self.clear)

    def media(self, line: Line, event: media.MediaEvent, now: float) -> None:
        """Nothing is ordered of the plane here."""

    def fault(self, line: Line, now: float) -> None:
        """Never: ``faults`` of the floor are looked at in the end."""

    def stuck(self) -> list[str]:
        """What is not at rest."""
        return [
            f"slot {slot}: {line.engine.state}, blocked {line.blocked}"
            for slot, line in self.lines.items()
            if line.engine.state != "Idle" or line.blocked
        ]


class Meeting:
    """libopenr2 and our thirty circuits, from the start to the reckoning."""

    def __init__(self, folder: Path, facing: Facing, program: dict[str, Any], **script: Any) -> None:
        """``program``: far_exchange.py; ``script``: of ``Circuits``; ``variant`` in it takes the place of the facing's."""
        self.log = folder / "log"
        self.log.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        variant = script.pop("variant", None) or facing.variant
        self.circuits = Circuits(variant, **script)
        path = folder / "peer.socket"
        self.circuits.wire.listen(0, str(path), "peer")
        self.circuits.wire.set_patience(0, 60.0)
        contexts = program.pop("contexts", None) or {"both": facing.context(folder, "callee")}
        whole = {
            "socket": str(path), "log": str(self.log), "contexts": contexts, "circuits": {}, "variant": facing.number,
            "idle_bits": facing.idle_bits,
        } | program  # fmt: skip
        (folder / "program.json").write_text(json.dumps(whole), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "ZONGJI_NATIVE")}
        environment["PYTHONPATH"] = str(HOME)
        command = [sys.executable, "-m", "tests.interop.openr2.far_exchange", str(folder / "program.json"), str(folder / "result.json")]
        self.process = subprocess.Popen(command, cwd=HOME, env=environment)
        assert self.circuits.wire.wait(0, 30.0), "libopenr2's process did not connect"
        self.circuits.start()

    def __enter__(self) -> "Meeting":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def finish(self) -> dict[str, Any]:
        """Close the socket; what libopenr2 says."""
        self.circuits.wire.unjoin(0)
        assert self.process.wait(30.0) == 0
        found: dict[str, Any] = json.loads((self.folder / "result.json").read_text(encoding="utf-8"))
        return found
