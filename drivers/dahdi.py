"""Real lines: the Python face of the card on DAHDI's channels (drivers/dahdi.h), one span a card.

``Dahdi`` makes the card that ``Plane.add_card`` takes, mends it in a thread of its own (a span that was pulled comes back by itself),
tells counters and what the driver reports of the line, orders loop-backs; ``links`` are the cards of its signalling channels.
``AVAILABLE`` says whether this build knows DAHDI. Leaves out: configuring the kernel (dahdi_cfg does), anything of calls.
"""

import os
import sys
import threading
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Literal, Self, get_args

import msgspec
from pbx._plane import ffi, lib

from drivers.line_keeping import KeeperError, KeptLines
from drivers.wire import IDLE, TICK_SAMPLES, CardEvent

AVAILABLE = hasattr(lib, "dahdi_create")
"""Whether DAHDI's header was there when the native module was built."""
CURE = "install the package dahdi-source and start ./zongji anew, which then builds it in"
MEND_S = 1.0

Kind = Literal["circuits", "subscribers", "offices"]
Maintenance = Literal["normal", "loop-local", "loop-line", "loop-payload", "pattern", "reset-counters", "one-fas-error", "one-crc4-error"]
Lamp = Literal["none", "reversal", "high-voltage", "neon"]

_LAMPS = get_args(Lamp)
_KINDS: dict[str, int] = {"circuits": lib.WIRE_CIRCUITS, "subscribers": lib.WIRE_SUBSCRIBERS, "offices": lib.WIRE_OFFICES}
_MAINTENANCE = ("normal", "loop-local", "loop-line", "loop-payload", "pattern", "reset-counters", "one-fas-error", "one-crc4-error")
_EVENT_ROOM = 4096
STATES = (
    "in use",
    "not configured in DAHDI",
    "in use by another program",
    "configured as something else",
    "refused an order",
    "a signalling channel",
)
"""Why a channel is not in use, by SPAN_CARD_ number."""


class DahdiSettings(msgspec.Struct, frozen=True):
    """One span: its channels in DAHDI's numbering, and what its ports are; the fields are those of ``struct dahdi_settings``."""

    first_channel: int
    channels: int = 31
    kind: Kind = "circuits"
    idle_bits: int = 0b1111
    busy_bits: int = 0b0101
    signalling_channels: tuple[int, ...] = ()
    """Of the span, from 1 on: D channels and No. 7 links, which carry frames and are no ports of sound."""
    speech_in_slot_16: bool = False
    """An E1 of 31 circuits: port n is time slot n + 1."""
    receive_gain_db: float = 0.0
    send_gain_db: float = 0.0
    at_once: bool = False
    cut_through: bool = False
    paces: bool = True
    message_lamp: Lamp = "none"
    dials: bool = True
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
    crossed: int
    uncrossed: int
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

    @property
    def framing(self) -> str:
        """Signalling, line code and CRC-4 as system.conf has set them; empty where there is no framing."""
        lines = self.line_configuration
        if self.analog or not lines:
            return ""
        code = next((name for name in ("HDB3", "AMI") if lines & getattr(lib, f"DAHDI_CONFIG_{name}")), "")
        words = ("CCS" if lines & lib.DAHDI_CONFIG_CCS else "CAS", code, "CRC-4" if lines & lib.DAHDI_CONFIG_CRC4 else "no CRC-4")
        return ", ".join(word for word in words if word)


def probe() -> tuple[int, int]:
    """The order (ioctl) that fails once a channel is gone, and the octets of its argument; for the line keeper."""
    return int(lib.DAHDI_GET_PARAMS), int(ffi.sizeof("struct dahdi_params"))


class DahdiError(Exception):
    """The card cannot be made, or the driver refused what was asked."""


def _text(octets: Any) -> str:
    return bytes(ffi.string(octets)).decode("ascii", "replace")


class Dahdi:
    """A card of one span. ``kernel`` is a ``struct dahdi_kernel *`` that plays the kernel, for tests."""

    def __init__(
        self,
        settings: DahdiSettings,
        kernel: Any = ffi.NULL,
        *,
        kept: Mapping[int, int] | None = None,
        reversed_poles: Collection[int] = (),
        keeper: KeptLines | None = None,
    ) -> None:
        """``kept`` has descriptors of channels that were open before this plane, by DAHDI's numbers; those of this span are the card's from
        now on. Of ``reversed_poles`` (lines towards an exchange) the poles were reversed. ``keeper`` is given what is open."""
        if not AVAILABLE:
            raise DahdiError(f"this build knows no DAHDI: {CURE}")
        filled = ffi.new("struct dahdi_settings *")
        for name in ("first_channel", "channels", "speech_in_slot_16", "cut_through", "paces", "dials", "raise_ms", "clear_ms"):
            setattr(filled, name, getattr(settings, name))
        filled.signalling_channels = sum(1 << channel - 1 for channel in set(settings.signalling_channels))
        filled.kind = _KINDS[settings.kind]
        filled.message_lamp = _LAMPS.index(settings.message_lamp)
        filled.idle_bits, filled.busy_bits = settings.idle_bits & 15, settings.busy_bits & 15
        filled.at_once = settings.at_once
        filled.receive_gain_tenth_db = round(settings.receive_gain_db * 10)
        filled.send_gain_tenth_db = round(settings.send_gain_db * 10)
        own = {number: kept[number] for number in self.numbers(settings) if kept is not None and number in kept}
        given = ffi.new("struct dahdi_kept[]", [(number, fd, number in reversed_poles) for number, fd in own.items()])
        made = lib.dahdi_adopt(filled, kernel, given, len(own))
        if made == ffi.NULL:
            raise DahdiError(f"channels {settings.first_channel} and on cannot be a card: out of range")
        self.settings = settings
        self._card: Any = ffi.gc(made, lib.card_close)
        self._keeper, self._generation = keeper, 0
        self._handed = dict.fromkeys(own, -1)
        """The opening (its serial) of each channel that the keeper has; -1: one of a plane before this."""
        self.adopted = frozenset(number for number in own if self._opening(number)[0])
        """Channels that were open before, and go on as they stood."""
        self._closed = threading.Event()
        self._mender: threading.Thread | None = None
        self._sound = ffi.new("uint8_t[]", made.ports * TICK_SAMPLES)
        self._events = ffi.new("struct card_event[]", _EVENT_ROOM)
        self.hand_over()

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
        there = bool(lib.dahdi_mend(self.card))
        self.hand_over()
        return there

    def hand_over(self) -> None:
        """Tell the keeper which channels are open and which are not any more. Not within a tick."""
        if self._keeper is None:
            return
        try:
            if self._generation != (generation := self._keeper.attend()):
                if self._generation:
                    self._handed.clear()
                self._generation = generation
            for number in self.numbers(self.settings):
                self._hand_over_one(self._keeper, number)
        except KeeperError as error:
            if self._generation >= 0:
                sys.stderr.write(f"plane: {error}; calls do not outlive the plane until there is one\n")
            self._generation = -1

    def _hand_over_one(self, keeper: KeptLines, number: int) -> None:
        serial, descriptor = self._opening(number)
        if self._handed.get(number) == serial:
            return
        if serial:
            keeper.keep(number, descriptor)
            self._handed[number] = serial
        elif number in self._handed:
            keeper.drop(number)
            del self._handed[number]

    def _opening(self, number: int) -> tuple[int, int]:
        descriptor = ffi.new("int *")
        return int(lib.dahdi_opening(self.card, number, descriptor)), int(descriptor[0])

    @staticmethod
    def numbers(settings: DahdiSettings) -> range:
        """DAHDI's numbers of all channels of the span, and of the one with frames, which may be any behind the first."""
        return range(settings.first_channel, settings.first_channel + max((settings.channels, *settings.signalling_channels)))

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

    @property
    def at_once(self) -> bool:
        """Whether reads and writes of a tick are done together: as asked for, and as the kernel allows."""
        return bool(lib.dahdi_at_once(self.card))

    def state(self, port: int) -> str:
        """``in use``, or why the channel of a port is not."""
        found = lib.dahdi_state(self.card, port)
        if found < 0:
            raise DahdiError(f"no port {port}")
        return STATES[found]

    def missing(self) -> dict[int, str]:
        """The channels that are not in use, by DAHDI's numbers, with the reason."""
        e1 = self.settings.channels == lib.SPAN_CARD_E1_CHANNELS
        left_out = e1 and not self.settings.speech_in_slot_16
        ports = range(self.card.ports if e1 else self.settings.channels)
        numbers = {port: self.settings.first_channel + port + (left_out and port >= 15) for port in ports}
        states = {numbers[port]: lib.dahdi_state(self.card, port) for port in ports}
        states |= {self.settings.first_channel + n - 1: lib.dahdi_link_state(self.card, link) for link, n in enumerate(self._signalling)}
        return {number: STATES[state] for number, state in sorted(states.items()) if state != lib.SPAN_CARD_IN_USE}

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

    @property
    def _signalling(self) -> list[int]:
        return sorted(set(self.settings.signalling_channels))

    @property
    def links(self) -> list[Any]:
        """The ``struct card *`` of each signalling channel, in their order, for ``Plane.add_card`` behind this card's own."""
        return [lib.dahdi_link(self.card, link) for link in range(len(self._signalling))]

    def send_frame(self, frame: bytes, link: int = 0) -> None:
        """Send a frame, without flags and check sequence, on a signalling channel; without a plane."""
        if link >= len(self.links) or lib.card_give_frame(self.links[link], 0, ffi.from_buffer(frame), len(frame)) != 0:
            raise DahdiError(f"a frame of {len(frame)} octets cannot be sent: too long, no room, or no such signalling channel")

    def take_frame(self, link: int = 0) -> bytes | int | None:
        """The next frame received, without flags and check sequence, or its fault (CARD_FRAME_); None = there is none. Without a plane."""
        frame = ffi.new("struct card_frame *")
        if link >= len(self.links) or not lib.card_take_frame(self.links[link], 0, frame):
            return None
        return int(frame.fault) or bytes(ffi.buffer(frame.octets, frame.count))

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
