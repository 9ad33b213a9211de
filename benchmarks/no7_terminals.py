"""Level 2 as it stands, both parts together in virtual time: the engine in Python, transmission and reception in C, a line of 64 kbit/s, or
of 1984 kbit/s where units have the extended format.

``Terminal`` is one end: it carries orders and events between the two parts, each way as late as is wanted. ``Line`` joins two of them,
octet by octet in time, delays, damages, cuts. Tests stand upon it too. Leaves out what a card does, and level 3.
"""

from collections import deque
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from pbx._plane import ffi, lib

from pbx.engine import Noted, Unexpected
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.mtp2 import orders as o
from pbx.signalling.ss7.mtp2.figures import MESSAGES, Figures, load_figures
from pbx.signalling.ss7.mtp2.mtp2 import Mtp2

TICK = 0.01
TICK_OCTETS = 80
EXTENDED_TICK_OCTETS = 31 * TICK_OCTETS
BEFORE_AND_BEHIND = 3  # flag and check sequence
SHORTEST_UNIT = 6  # with these
BAD_CHECK = 2  # CARD_FRAME_BAD_CHECK
FIGURES = load_figures()

SENT = {"SIO": 0, "SIN": 1, "SIE": 2, "SIOS": 3, "SIPO": 4, "fill-in": 8, "messages": 9}
STATUS = {0: "SIO", 1: "SIN", 2: "SIE", 3: "SIOS", 4: "SIPO", 8: "units"}
WATCHED = {"nothing": 0, "signal units": 1, "normal alignment": 2, "emergency alignment": 3}
REASONS = {1: "errors", 2: "backward number", 3: "forward bit", 4: "T6", 5: "T7"}


def in_c(figures: Figures, repeating: bool = False) -> Any:
    """The figures as the C part takes them."""
    data, ms = figures.data, figures.milliseconds
    preventive = data.correction == "preventive"
    options = (lib.MTP2_PREVENTIVE if preventive else 0) | (lib.MTP2_REPEATING if repeating else 0)
    options |= lib.MTP2_EXTENDED if data.format == "extended" else 0
    intervals: dict[str, int] = {}
    if data.intervals:
        options |= lib.MTP2_ERRORED_INTERVALS
        names = ("interval_limit", "interval_rise", "interval_fall")
        intervals = {"t8_ticks": data.intervals.t8_ms // 10}
        intervals |= zip(names, (data.intervals.limit, data.intervals.rise, data.intervals.fall), strict=True)
    return ffi.new(
        "struct mtp2_figures *",
        {
            "t5_ticks": ms["T5"] // 10,
            "t6_ticks": ms["T6"] // 10,
            "t7_ticks": ms["T7"] // 10,
            "silence_ticks": data.silence_ms // 10,
            "suerm_limit": data.monitors.suerm_limit,
            "suerm_units": data.monitors.suerm_units,
            "suerm_octets": data.monitors.suerm_octets,
            "aerm_normal": data.monitors.aerm_normal,
            "aerm_emergency": data.monitors.aerm_emergency,
            "preventive_units": data.preventive.units,
            "preventive_octets": data.preventive.octets,
            "onset": list(data.congestion.onset),
            "abatement": list(data.congestion.abatement),
            "options": options,
        }
        | intervals,
    )


class Terminal:
    """One end. ``up``: called with each indication for level 3, also kept in ``told`` if it ``remembers``.

    ``late``: ticks that an event or order takes. ``stalled``: control stands still, the part in C goes on.
    """

    def __init__(
        self,
        figures: Figures = FIGURES,
        up: Callable[[Any], object] | None = None,
        late: int = 0,
        repeating: bool = False,
        remembers: bool = True,
    ) -> None:
        self.engine = Mtp2(figures)
        self.now = 0.0
        self.ticks = 0
        self.late = late
        self.stalled = False
        self.up = up
        self.remembers = remembers
        self.told: list[Any] = []
        self.unexpected: list[Unexpected] = []
        self._orders: deque[tuple[int, o.Order]] = deque()
        self._events: deque[tuple[int, o.Told]] = deque()
        messages = MESSAGES[figures.data.format]
        self.tick_octets = EXTENDED_TICK_OCTETS if figures.data.format == "extended" else TICK_OCTETS
        self._memory = ffi.new("uint64_t[]", lib.mtp2_size(1, messages) // 8 + 1)
        self.links = lib.mtp2_init(self._memory, 1, messages)
        assert lib.mtp2_configure(self.links, 0, in_c(figures, repeating)) == 0
        self.header = lib.mtp2_header_octets(self.links, 0)
        self._told = ffi.new("struct mtp2_event[]", lib.MTP2_EVENTS)
        self._unit = ffi.new("uint8_t[]", lib.MTP2_UNIT_OCTETS)
        self._carry(self.engine.start(0.0))

    @property
    def state(self) -> str:
        """Of link state control."""
        return self.engine.state

    def counters(self) -> Any:
        """Those of the part in C."""
        found = ffi.new("struct mtp2_counters *")
        lib.mtp2_counters(self.links, 0, found)
        return found

    def request(self, value: Any) -> None:
        """What level 3 says."""
        self._carry(self.engine.receive(value, self.now))

    order = request

    # Between the parts.

    def _carry(self, outputs: Iterable[Any]) -> None:
        for value in outputs:
            if isinstance(value, o.Order):
                self._orders.append((self.ticks + self.late, value))
            elif isinstance(value, p.ToLevel3):
                if self.remembers:
                    self.told.append(value)
                if self.up:
                    self.up(value)
            elif isinstance(value, Unexpected):
                self.unexpected.append(value)
            else:
                assert isinstance(value, Noted)
        if not self.late:
            self._work()

    def _work(self) -> None:
        while self._orders and self._orders[0][0] <= self.ticks:
            self._execute(self._orders.popleft()[1])

    def _execute(self, order: o.Order) -> None:
        link, told = (self.links, 0), self._told
        match order:
            case o.SendMessage(octets):
                count = lib.mtp2_message(*link, octets, len(octets), told)
                self._tell(max(count, 0))
                return
            case o.Begin(life):
                pair = (lib.MTP2_ORDER_BEGIN, life)
            case o.Halt():
                pair = (lib.MTP2_ORDER_HALT, 0)
            case o.Send(what):
                pair = (lib.MTP2_ORDER_SEND, SENT[what])
            case o.Accept(messages):
                pair = (lib.MTP2_ORDER_ACCEPT, lib.MTP2_OPEN if messages else lib.MTP2_REJECTING)
            case o.Watch(what):
                pair = (lib.MTP2_ORDER_MONITOR, WATCHED[what])
            case o.SetBusy(busy, discard):
                pair = (lib.MTP2_ORDER_BUSY, busy + (busy and discard))
            case o.TellBsnt():
                pair = (lib.MTP2_ORDER_BSNT, 0)
            case o.Retrieve(fsnc):
                pair = (lib.MTP2_ORDER_RETRIEVE, lib.MTP2_UNKNOWN if fsnc is None else fsnc)
            case o.Flush():
                pair = (lib.MTP2_ORDER_FLUSH, 0)
            case o.TellAgain():
                pair = (lib.MTP2_ORDER_TELL, 0)
        self._tell(lib.mtp2_order(*link, *pair, told))
        if isinstance(order, o.Retrieve):
            while (count := lib.mtp2_retrieved(*link, self._unit)) > 0:
                self._event(o.Retrieved(bytes(self._unit[0:count])))
            self._event(o.RetrievalEnded())

    def _tell(self, count: int, unit: bytes = b"") -> None:
        for kind, value in [(event.kind, event.value) for event in self._told[0:count]]:
            self._event(self._typed(kind, value, unit))

    def _typed(self, kind: int, value: int, unit: bytes) -> Any:
        if kind == lib.MTP2_TOLD_STATUS:
            return o.StatusHeard(STATUS[value])
        if kind == lib.MTP2_TOLD_MESSAGE:
            return o.MessageHeard(unit[self.header :])
        if kind == lib.MTP2_TOLD_FAILED:
            return o.Failed(REASONS.get(value) or STATUS[value & ~lib.MTP2_FAILED_STATUS])
        if kind == lib.MTP2_TOLD_CONGESTION:
            return o.BufferFilled(value)
        if kind == lib.MTP2_TOLD_BSNT:
            return o.BsntTold(value)
        if kind == lib.MTP2_TOLD_BEGUN:
            return o.Begun(value)
        return {lib.MTP2_TOLD_ERRORS: o.ProvingErrors, lib.MTP2_TOLD_CORRECT: o.CorrectUnit}[kind]()

    def _event(self, value: o.Told) -> None:
        self._events.append((self.ticks + self.late, value))
        if not self.late and not self.stalled and len(self._events) == 1:
            self._read()

    def _read(self) -> None:
        while self._events and self._events[0][0] <= self.ticks:
            self._carry(self.engine.receive(self._events[0][1], self.now))
            self._events.popleft()

    # The line's side.

    def unit(self) -> bytes:
        """The next unit."""
        return bytes(self._unit[0 : lib.mtp2_next(self.links, 0, self._unit)])

    def put_unit(self, buffer: Any) -> int:
        """The next unit into a buffer; its length."""
        length: int = lib.mtp2_next(self.links, 0, buffer)
        return length

    def take_unit(self, buffer: Any, length: int) -> None:
        """A unit out of a buffer; its octets are made where something is told of it."""
        if count := lib.mtp2_receive(self.links, 0, buffer, length, self._told):
            self._tell(count, ffi.buffer(buffer, length)[:])

    def hear(self, unit: bytes | int) -> None:
        """A unit, or a fault of the card."""
        if isinstance(unit, int):
            self._tell(lib.mtp2_fault(self.links, 0, unit, self._told))
        else:
            self._tell(lib.mtp2_receive(self.links, 0, unit, len(unit), self._told), unit)

    def tick(self) -> None:
        """10 ms are over."""
        self.ticks += 1
        self.now = self.ticks * TICK
        self._tell(lib.mtp2_tick(self.links, 0, self._told))
        if self.stalled:
            return
        self._tell(lib.mtp2_order(self.links, 0, lib.MTP2_ORDER_ALIVE, 0, self._told))
        self._read()
        self._work()
        while (due := self.engine.deadline()) is not None and due <= self.now + 1e-9:
            self._carry(self.engine.expire(self.now + 1e-9))


class Way:
    """One direction: what is sent in a tick arrives ``delay`` ticks later. ``damage``: the chance that a unit is.

    Units lie in buffers that are used again; most are fill-in units that say nothing, so no octets of theirs are made here.
    """

    def __init__(self, source: Any, sink: Any, delay: int, random: Random) -> None:
        self.source, self.sink, self.random = source, sink, random
        self._give = sink.take_unit if isinstance(sink, Terminal) else self._hear
        self.damage = 0.0
        self.whole = True
        self._octets = 0
        self._ticks = 0
        most = source.tick_octets // SHORTEST_UNIT + 2
        self._flying: list[tuple[list[int], list[Any]]] = [
            ([], [ffi.new("uint8_t[]", lib.MTP2_UNIT_OCTETS) for _ in range(most)]) for _ in range(delay + 1)
        ]

    def _put_unit(self, buffer: Any) -> int:
        """The next unit of an end that makes octets."""
        unit = self.source.unit()
        ffi.memmove(buffer, unit, len(unit))
        return len(unit)

    def _hear(self, buffer: Any, length: int) -> None:
        self.sink.hear(ffi.buffer(buffer, length)[:])

    def run(self) -> None:
        """A tick: units leave one end, and those that are due come to the other."""
        self._ticks += 1
        lengths, buffers = self._flying[self._ticks % len(self._flying)]
        lengths.clear()
        take = getattr(self.source, "put_unit", self._put_unit)  # who listens in replaces that of the end
        octets = self._octets + self.source.tick_octets
        while octets > 0:
            length = take(buffers[len(lengths)])
            octets -= length + BEFORE_AND_BEHIND
            lengths.append(0 if self.damage and self.random.random() < self.damage else length)
        self._octets = octets
        if not self.whole:
            for flying, _ in self._flying:
                flying.clear()
            for _ in range(self.source.tick_octets // 16):
                self.sink.hear(lib.MTP2_FAULT_OCTETS)
        lengths, buffers = self._flying[(self._ticks + 1) % len(self._flying)]  # the oldest
        for length, buffer in zip(lengths, buffers, strict=False):
            if not length:
                self.sink.hear(BAD_CHECK)
            else:
                self._give(buffer, length)
        lengths.clear()


class Line:
    """Two ends and both directions between them."""

    def __init__(self, one: Any, other: Any, delay: int = 1, seed: float = 0) -> None:
        self.random = Random(seed)
        self.ends = (one, other)
        self.ways = (Way(one, other, delay, self.random), Way(other, one, delay, self.random))
        self.ticks = 0

    def run(self, seconds: float, until: Callable[[], object] | None = None) -> bool:
        """Let so much time pass, or until something holds; whether it does."""
        for _ in range(round(seconds / TICK)):
            if until and until():
                return True
            self.tick()
        return bool(until and until())

    def tick(self) -> None:
        """10 ms, both ways, then both ends."""
        self.ticks += 1
        for way in self.ways:
            way.run()
        for end in self.ends:
            end.tick()

    def align(self, emergency: bool = True) -> None:
        """Both ends into service."""
        for end in self.ends:
            if emergency:
                end.request(p.Emergency())
            end.request(p.Start())
        assert self.run(20, lambda: all(end.state == "InService" for end in self.ends))
