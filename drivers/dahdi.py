"""Real lines: the Python face of the card on DAHDI's channels (drivers/dahdi.h), one span a card.

``Dahdi`` makes the card that ``Plane.add_card`` takes, mends it in a thread of its own (a span that was pulled comes back by itself),
tells counters and what the driver reports of the line, orders loop-backs, and carries the frames of a D channel or No. 7 link.
``AVAILABLE`` says whether this build knows DAHDI. Leaves out: configuring the kernel (dahdi_cfg does), anything of calls.
"""

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal, Self

import msgspec
from pbx._plane import ffi, lib

from drivers.wire import IDLE, SPAN_PORTS, TICK_SAMPLES, CardEvent

AVAILABLE = hasattr(lib, "dahdi_create")
"""Whether DAHDI's header was there when the native module was built."""
CURE = "install the package dahdi-source and start ./zongji anew, which then builds it in"
MEND_S = 1.0

Kind = Literal["circuits", "subscribers", "offices"]
Maintenance = Literal["normal", "loop-local", "loop-line", "loop-payload", "pattern", "reset-counters", "one-fas-error", "one-crc4-error"]

_KINDS: dict[str, int] = {"circuits": lib.WIRE_CIRCUITS, "subscribers": lib.WIRE_SUBSCRIBERS, "offices": lib.WIRE_OFFICES}
_MAINTENANCE = ("normal", "loop-local", "loop-line", "loop-payload", "pattern", "reset-counters", "one-fas-error", "one-crc4-error")
_EVENT_ROOM = 4096
_FRAME_OCTETS = 508
STATES = ("in use", "not configured in DAHDI", "in use by another program", "configured as something else", "refused an order")
"""Why a channel is not in use, by SPAN_CARD_ number."""


class DahdiSettings(msgspec.Struct, frozen=True):
    """One span: its channels in DAHDI's numbering, and what its ports are; the fields are those of ``struct dahdi_settings``."""

    first_channel: int
    channels: int = 31
    kind: Kind = "circuits"
    idle_bits: int = 0b1111
    busy_bits: int = 0b0101
    frames_channel: int = 0
    receive_gain_db: float = 0.0
    send_gain_db: float = 0.0
    raise_ms: int = 100
    clear_ms: int = 1000


class DahdiCounters(msgspec.Struct, frozen=True, gc=False):
    """Counts since the card was made; the words are those of ``struct dahdi_counters`` in drivers/dahdi_api.h."""

    ticks: int
    system_calls: int
    starved: int
    dropped: int
    overruns: int
    refused: int
    underruns: int
    events: int
    unknown_events: int
    events_late: int
    refused_orders: int
    failures: int
    removals: int
    returns: int
    frames_received: int
    frames_sent: int
    frames_lost: int
    frame_aborts: int
    frame_overruns: int
    frame_bad_checks: int


LOSSES = ("overruns", "underruns", "starved", "dropped", "refused")
"""Counters of sound that was lost, by the names of ``struct dahdi_counters``."""


def losses(before: DahdiCounters, now: DahdiCounters, channels: int) -> str:
    """What sound was lost between two looks, in words; nothing for no more than the one block a channel that two clocks make."""
    counts = {name: getattr(now, name) - getattr(before, name) for name in LOSSES}
    if max(counts.values()) <= channels:
        return ""
    return "sound was lost: " + ", ".join(f"{count} {name}" for name, count in counts.items() if count)


class SpanReport(msgspec.Struct, frozen=True, gc=False):
    """What the driver says of the span, of the last second; ``struct dahdi_span_report``."""

    present: int
    number: int
    channels: int
    configured: int
    alarms: int
    told_alarms: int
    looped: int
    recovering: int
    analog: int
    line_configuration: int
    timing_source: int
    bipolar_violations: int
    crc4_errors: int
    e_bits: int
    fas_errors: int
    framing_errors: int
    code_violations: int
    bit_errors: int
    pattern: int
    errored_seconds: int
    missed_interrupts: int
    name: str
    description: str


class DahdiError(Exception):
    """The card cannot be made, or the driver refused what was asked."""


def _text(octets: Any) -> str:
    return bytes(ffi.string(octets)).decode("ascii", "replace")


class Dahdi:
    """A card of one span. ``kernel`` is a ``struct dahdi_kernel *`` that plays the kernel, for tests."""

    def __init__(self, settings: DahdiSettings, kernel: Any = ffi.NULL) -> None:
        if not AVAILABLE:
            raise DahdiError(f"this build knows no DAHDI: {CURE}")
        filled = ffi.new("struct dahdi_settings *")
        for name in ("first_channel", "channels", "frames_channel", "raise_ms", "clear_ms"):
            setattr(filled, name, getattr(settings, name))
        filled.kind = _KINDS[settings.kind]
        filled.idle_bits, filled.busy_bits = settings.idle_bits & 15, settings.busy_bits & 15
        filled.receive_gain_tenth_db = round(settings.receive_gain_db * 10)
        filled.send_gain_tenth_db = round(settings.send_gain_db * 10)
        made = lib.dahdi_create(filled, kernel)
        if made == ffi.NULL:
            raise DahdiError(f"channels {settings.first_channel} and on cannot be a card: out of range")
        self.settings = settings
        self._card: Any = ffi.gc(made, lib.card_close)
        self._closed = threading.Event()
        self._mender: threading.Thread | None = None
        self._sound = ffi.new("uint8_t[]", SPAN_PORTS * TICK_SAMPLES)
        self._events = ffi.new("struct card_event[]", _EVENT_ROOM)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all channels and free the card; a plane must have let go of it."""
        self._closed.set()
        if self._mender is not None:
            self._mender.join()
            self._mender = None
        if self._card is not None:
            ffi.release(self._card)
            self._card = None

    @property
    def card(self) -> Any:
        """The ``struct card *`` for ``Plane.add_card``; whoever holds it keeps the card alive."""
        if self._card is None:
            raise DahdiError("this card is closed")
        return self._card

    def mend(self) -> bool:
        """Open what is missing and ask the driver for its report; whether the span is there. Not within a tick."""
        return bool(lib.dahdi_mend(self.card))

    def watch(self, tell: Callable[[str], object] = lambda words: None) -> None:
        """Mend once a second, in a thread, until the card is closed. ``tell`` is told of sound lost meanwhile: a block of each channel now
        and then is the difference of two clocks, more is a plane that was stopped."""
        self._mender = threading.Thread(target=self._mend_on, args=(tell,), daemon=True)
        self._mender.start()

    def _mend_on(self, tell: Callable[[str], object]) -> None:
        before: DahdiCounters | None = None  # what is lost before the first look is that of the beginning
        while not self._closed.wait(MEND_S):
            self.mend()
            now = self.counters()
            if before is not None and (words := losses(before, now, self.settings.channels)):
                tell(words)
            before = now

    def state(self, port: int) -> str:
        """``in use``, or why the channel of a port is not."""
        found = lib.dahdi_state(self.card, port)
        if found < 0:
            raise DahdiError(f"no port {port}")
        return STATES[found]

    def missing(self) -> dict[int, str]:
        """The channels that are not in use, by DAHDI's numbers, with the reason."""
        e1 = self.settings.channels == lib.SPAN_CARD_E1_CHANNELS
        ports = range(SPAN_PORTS if e1 else self.settings.channels)
        numbers = {port: self.settings.first_channel + port + (1 if e1 and port >= 15 else 0) for port in ports}
        return {numbers[port]: self.state(port) for port in ports if lib.dahdi_state(self.card, port) != lib.SPAN_CARD_IN_USE}

    def counters(self) -> DahdiCounters:
        """The counters of the card."""
        counted = ffi.new("struct dahdi_counters *")
        lib.dahdi_counters(self.card, counted)
        return DahdiCounters(**{name: int(getattr(counted, name)) for name in DahdiCounters.__struct_fields__})

    def report(self) -> SpanReport:
        """What the driver last said of the span."""
        said = ffi.new("struct dahdi_span_report *")
        lib.dahdi_report(self.card, said)
        numbers = {name: int(getattr(said, name)) for name in SpanReport.__struct_fields__ if name not in ("name", "description")}
        return SpanReport(**numbers, name=_text(said.name), description=_text(said.description))

    def maintain(self, order: Maintenance) -> None:
        """Order a loop-back or a test of the whole span; the driver must know it."""
        failed = lib.dahdi_maintain(self.card, _MAINTENANCE.index(order))
        if failed:
            raise DahdiError(f"the driver refused {order}: {os.strerror(-failed)}")

    def loop_channel(self, port: int, on: bool = True) -> None:
        """Send back on a channel what is received on it."""
        failed = lib.dahdi_loop_channel(self.card, port, on)
        if failed:
            raise DahdiError(f"the driver refused to loop port {port}: {os.strerror(-failed)}")

    def send_frame(self, frame: bytes) -> None:
        """Send a frame, without flags and check sequence, on the channel that carries frames."""
        if lib.dahdi_send_frame(self.card, ffi.from_buffer(frame), len(frame)) != 0:
            raise DahdiError(f"a frame of {len(frame)} octets cannot be sent: too long, no room, or the span carries no frames")

    def take_frame(self) -> bytes | None:
        """The next frame received, without flags and check sequence; None = there is none."""
        octets = ffi.new("uint8_t[]", _FRAME_OCTETS)
        count = lib.dahdi_take_frame(self.card, octets, _FRAME_OCTETS)
        return bytes(ffi.buffer(octets, count)) if count else None

    def read(self, tick: int, room: int = _EVENT_ROOM) -> tuple[bytes, list[CardEvent]]:
        """Step the card without a plane: the sound of this tick, port-major, and its events."""
        count = lib.card_read(self.card, self._sound, self._events, room, tick)
        return bytes(ffi.buffer(self._sound)), [CardEvent(e.port, e.kind, e.offset, e.value) for e in self._events[0:count]]

    def write(self, tick: int, sound: bytes | None = None) -> None:
        """Step the card without a plane: send the sound of this tick; None = silence."""
        ffi.memmove(self._sound, sound if sound is not None else bytes([IDLE]) * len(self._sound), len(self._sound))
        lib.card_write(self.card, self._sound, tick)

    def order(self, port: int, kind: int, value: int) -> None:
        """Give an order (CARD_ORDER_ number); between read and write."""
        order = ffi.new("struct card_order *", {"port": port, "kind": kind, "value": value})
        if lib.card_order(self.card, order) != 0:
            raise DahdiError(f"port {port} does not take order {kind}")

    def levels(self, port: int) -> Any:
        """The levels of a port (``struct card_levels``)."""
        levels = ffi.new("struct card_levels *")
        if lib.card_level(self.card, port, levels) != 0:
            raise DahdiError(f"no port {port}")
        return levels
