"""Simulated spans: the Python face of the wire card (drivers/wire.h), bit-true E1 (G.704, G.706, G.732) or tokens.

``Wire`` makes the card that ``Plane.add_card`` takes, joins its spans to other spans, listens on or connects to the
outside socket (docs/integrator/outside-socket.md), puts faults on the line and tells counters and alarms. ``Wire.read``
and ``Wire.write`` step the card without a media plane; ``Wire.links`` are the cards of signalling channels (drivers/wire_link.h). Leaves
out: anything of calls.
"""

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Literal, Self

import msgspec
from pbx._plane import ffi, lib

from drivers.impairments import NO_IMPAIRMENTS, Impairments, check, encoded
from pbx.vocabulary.media import LINE_QUANTITIES

SPAN_PORTS = 30
"""Of a span whose time slot 16 is no circuit."""
TICK_SAMPLES = 80
BLOCK_OCTETS = 2560
SLOT_16 = 16
IDLE = 0xD5
"""A-law of silence (G.711)."""

Kind = Literal["circuits", "subscribers", "telephones", "offices"]
LineQuantity = Literal["loop-resistance-ohm", "insulation-kohm", "foreign-ac-volt", "foreign-dc-volt", "capacitance-nf"]
Crc4 = Literal["off", "on", "automatic"]
Direction = Literal["received", "sent"]

_KINDS: dict[str, int] = {
    "circuits": lib.WIRE_CIRCUITS,
    "subscribers": lib.WIRE_SUBSCRIBERS,
    "telephones": lib.WIRE_TELEPHONES,
    "offices": lib.WIRE_OFFICES,
}
_CRC4 = {"off": 0, "on": 1, "automatic": 2}
_DIRECTIONS = {"received": lib.WIRE_RECEIVED, "sent": lib.WIRE_SENT}
_EVENT_ROOM = 4096


class SpanSettings(msgspec.Struct, frozen=True, gc=False):
    """One span: what its ports are, and how its frames look.

    ``crc4`` "automatic" also accepts a far end without CRC-4 (G.706 annex B). ``idle_bits`` are sent before the first
    order. ``slack_frames`` (0..79) is what the elastic store holds at first: so many frames can be lost by slips. ``signalling_channels``
    are time slots that carry frames; their ports are silent, and where 16 is among them no port has bits. ``speech_in_slot_16``: it is a
    circuit like the others, no port has bits, and port n is time slot n + 1. ``clear_channel``: time slots 1 to 31 are one channel that
    carries frames, and the span has nothing else.
    """

    kind: Kind = "circuits"
    crc4: Crc4 = "automatic"
    idle_bits: int = 0b1111
    slack_frames: int = 0
    signalling_channels: tuple[int, ...] = ()
    speech_in_slot_16: bool = False
    clear_channel: bool = False

    @property
    def ports(self) -> int:
        """How many ports of sound the span has."""
        return SPAN_PORTS + self.speech_in_slot_16

    @property
    def links(self) -> int:
        """How many signalling channels there are."""
        return 1 if self.clear_channel else len({*self.signalling_channels})


class CardEvent(msgspec.Struct, frozen=True, gc=False):
    """What a card told in one tick; the kinds are the CARD_EVENT_ numbers of drivers/card.h."""

    port: int
    kind: int
    offset: int
    value: int


class TokenChange(msgspec.Struct, frozen=True, gc=False):
    """At sample ``offset`` of the tick the token ``code`` (pbx/vocabulary/tones.py) begins; 0 = silence."""

    offset: int
    code: int
    level_tenths_dbm0: int = 0


class Counters(msgspec.Struct, frozen=True, gc=False):
    """Counts of one span since it was made; the words are those of ``struct wire_counters`` in drivers/api.h."""

    blocks_sent: int
    blocks_received: int
    crc_errors: int
    fas_errors: int
    e_bits: int
    frame_losses: int
    multiframe_losses: int
    false_alignments: int
    slips_lost: int
    slips_repeated: int
    injected_errors: int
    substituted_bits: int
    events_lost: int
    connections: int
    disconnections: int
    refused: int
    silences: int


def _counters(counted: Any) -> Counters:
    return Counters(**{name: int(getattr(counted, name)) for name in Counters.__struct_fields__})


def _whole(sound: bytes | None, octets: int) -> bytes:
    if sound is None:
        return bytes([IDLE]) * octets
    if len(sound) != octets:
        raise WireError(f"the sound of a tick has {octets} octets here, not {len(sound)}")
    return sound


class WireError(Exception):
    """The wire cannot do what was asked: no such span, joined already, fault out of range, socket not to be had."""


class Faults:
    """Faults of one direction of a span; each seed starts the random numbers of its fault, so a run can be repeated."""

    def __init__(self, wire: "Wire", span: int, direction: Direction) -> None:
        self._put = (wire, span, _DIRECTIONS[direction])

    def _fault(self, kind: int, value: float, extra: float = 0.0, seed: int = 0) -> None:
        wire, span, direction = self._put
        if lib.wire_fault(wire.card, span, direction, kind, value, extra, seed) != 0:
            raise WireError(f"fault {kind} with {value:g}, {extra:g} cannot be put on span {span}")

    def clear(self) -> None:
        """End every fault except delay and phase."""
        self._fault(lib.WIRE_FAULT_CLEAR, 0)

    def bit_errors(self, rate: float, seed: int) -> None:
        """Errored bits per bit, from the next block on; 0 ends them."""
        self._fault(lib.WIRE_FAULT_BIT_ERRORS, rate, 0, seed)

    def burst(self, start_samples: int, length_samples: int, seed: int) -> None:
        """From ``start_samples`` after the next block's beginning half of all bits are wrong for ``length_samples``."""
        self._fault(lib.WIRE_FAULT_BURST, start_samples, length_samples, seed)

    def slip(self, repeated: bool, offset: int = 40) -> None:
        """A controlled slip at sample ``offset`` (1..79) of the next block: a frame is repeated, or lost."""
        self._fault(lib.WIRE_FAULT_SLIP, 1 if repeated else -1, offset)

    def cut(self, on: bool = True) -> None:
        """No signal at all: LOS."""
        self._fault(lib.WIRE_FAULT_CUT, on)

    def alarm_indication(self, on: bool = True) -> None:
        """All ones: AIS."""
        self._fault(lib.WIRE_FAULT_AIS, on)

    def no_frames(self, on: bool = True) -> None:
        """A signal without frames: LOF."""
        self._fault(lib.WIRE_FAULT_LOF, on)

    def remote_alarm(self, on: bool = True) -> None:
        """The A bit is set: RAI."""
        self._fault(lib.WIRE_FAULT_RAI, on)

    def delay(self, ticks: int) -> None:
        """Ticks by which a block is later than the next tick, 0..60; memory links only."""
        self._fault(lib.WIRE_FAULT_DELAY, ticks)

    def phase(self, bits: int) -> None:
        """Bits (0..255) by which the line is late, so that its octets do not stand on ours."""
        self._fault(lib.WIRE_FAULT_PHASE, bits)


class Wire:
    """A wire card of some spans. ``tokens`` makes all of them carry tokens instead of sound."""

    def __init__(self, spans: Sequence[SpanSettings], tokens: bool = False) -> None:
        settings = ffi.new("struct wire_span_settings[]", len(spans))
        for filled, span in zip(settings, spans, strict=True):
            filled.kind = _KINDS[span.kind]
            filled.crc4 = _CRC4[span.crc4]
            filled.idle_bits = span.idle_bits & 15
            filled.slack_frames = max(0, min(79, span.slack_frames))
            if span.signalling_channels and (tokens or not {*span.signalling_channels} <= {*range(1, 32)}):
                raise WireError("signalling channels are time slots 1 to 31 of a span that carries sound")
            if span.clear_channel and (tokens or span.signalling_channels):
                raise WireError("a span that is one signalling channel carries no tokens and has no other signalling channels")
            if span.speech_in_slot_16 and (span.clear_channel or SLOT_16 in span.signalling_channels):
                raise WireError("time slot 16 carries speech or frames, not both")
            filled.speech_in_slot_16 = span.speech_in_slot_16
            filled.clear_channel = span.clear_channel
            filled.signalling_slots = sum(1 << slot for slot in {*span.signalling_channels})
        self.spans = tuple(spans)
        self.tokens = tokens
        made = lib.wire_create(len(spans), settings, tokens)
        if made == ffi.NULL:
            raise MemoryError
        self._card: Any = ffi.gc(made, lib.card_close)
        self.ports = sum(span.ports for span in spans)
        self._sound = ffi.new("uint8_t[]", self.ports * TICK_SAMPLES)
        self._events = ffi.new("struct card_event[]", _EVENT_ROOM)
        self._levels = ffi.new("struct card_levels *")
        self._order = ffi.new("struct card_order *")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close sockets, take the links away and free the card; a plane must have let go of it."""
        if self._card is not None:
            ffi.release(self._card)
            self._card = None

    @property
    def card(self) -> Any:
        """The ``struct card *`` for ``Plane.add_card``; whoever holds it keeps the card alive."""
        if self._card is None:
            raise WireError("this wire is closed")
        return self._card

    @property
    def links(self) -> list[Any]:
        """The ``struct card *`` of each signalling channel, by span and time slot, for ``Plane.add_card`` behind the cards of sound."""
        counts = [span.links for span in self.spans]
        return [lib.wire_signalling_link(self.card, span, n) for span, count in enumerate(counts) for n in range(count)]

    def send_frame(self, frame: bytes, link: int = 0) -> None:
        """Send a frame, without flags and check sequence, on a signalling channel; without a plane."""
        if link >= len(self.links) or lib.card_give_frame(self.links[link], 0, ffi.from_buffer(frame), len(frame)) != 0:
            raise WireError(f"a frame of {len(frame)} octets cannot be sent: too long, no room, or no such signalling channel")

    def take_frame(self, link: int = 0) -> bytes | int | None:
        """The next frame received in this tick, or its fault; None = there is none. Without a plane."""
        frame = ffi.new("struct card_frame *")
        if link >= len(self.links) or not lib.card_take_frame(self.links[link], 0, frame):
            return None
        return int(frame.fault) or bytes(ffi.buffer(frame.octets, frame.count))

    def unjoin(self, span: int) -> None:
        """Take the link of a span away; both ends see LOS."""
        if lib.wire_unjoin(self.card, span) != 0:
            raise WireError(f"span {span} is not joined")

    def listen(self, span: int, path: str, name: str = "", lockstep: bool = True) -> None:
        """Wait at a Unix socket (mode 0600) for a far exchange; it may come and go at any time, one at a time."""
        if lib.wire_listen(self.card, span, path.encode(), name.encode(), lockstep) != 0:
            raise WireError(f"cannot listen on {path}: {os.strerror(ffi.errno)}")

    def connect(self, span: int, path: str, name: str = "", lockstep: bool = True) -> None:
        """Be the far exchange of a span that listens at ``path``."""
        if lib.wire_connect(self.card, span, path.encode(), name.encode(), lockstep) != 0:
            raise WireError(f"cannot connect to {path}: {os.strerror(ffi.errno)}")

    def set_patience(self, span: int, seconds: float) -> None:
        """How long the socket's peer may be silent before it is loss of signal; 5 s unless set."""
        if lib.wire_set_patience(self.card, span, int(seconds * 1000)) != 0:
            raise WireError(f"span {span} has no socket, or {seconds:g} s is no patience")

    def wait(self, span: int, seconds: float) -> bool:
        """Wait for the peer's hello, before the first tick; False = none came in time."""
        return bool(lib.wire_wait(self.card, span, int(seconds * 1000)) == 0)

    def connected(self, span: int) -> bool:
        """Whether the span has a far end: joined in memory, or a peer that said hello."""
        return bool(lib.wire_connected(self.card, span))

    def faults(self, span: int, direction: Direction = "received") -> Faults:
        """The faults of one direction of a span, seen from this card."""
        return Faults(self, span, direction)

    def set_line(self, port: int, quantity: LineQuantity, value: int) -> None:
        """Let the line of a subscriber's port have this value; MeasureLine tells it. A loop has its resistance while it is closed."""
        if not 0 <= value < 1 << 24 or lib.wire_set_line(self.card, port, LINE_QUANTITIES.index(quantity), value) != 0:
            raise ValueError(f"{quantity} of {value} cannot be set on port {port}: out of range, or no subscriber's line")

    def cut_line(self, port: int, cut: bool = True) -> None:
        """Cut the loop of a subscriber's port: on-hook, silent both ways, without the capacitance of a bell; or mend it."""
        if lib.wire_set_line(self.card, port, lib.WIRE_LINE_CUT, cut) != 0:
            raise ValueError(f"port {port} is no subscriber's line")

    def wet_line(self, port: int, wetness: float, seed: int = 0) -> None:
        """Let water into the cable of a subscriber's port (drivers/wet_line.h), 0 = dry to 1: loss, bursts of noise, a loop that looks
        closed now and then, low insulation. Sound spans only."""
        if lib.wire_wet_line(self.card, port, wetness, seed) != 0:
            raise ValueError(f"wetness {wetness:g} cannot be set on port {port}: not 0 to 1, no subscriber's line, or tokens")

    def impair(self, port: int, direction: Direction, impairments: Impairments = NO_IMPAIRMENTS, seed: int = 0) -> None:
        """Impair the sound of a port in one direction, seen from this card, in place of what impaired it before. Sound spans only;
        ValueError for what is out of bounds. ``seed`` starts the noise."""
        check(impairments, direction)
        if impairments.crosstalk_from is not None and impairments.crosstalk_from == self._place(port):
            raise ValueError(f"port {port} is no neighbour of its own")
        settings = encoded(impairments) if impairments else ffi.NULL
        if lib.wire_impair(self.card, port, _DIRECTIONS[direction], settings, seed) != 0:
            raise ValueError(f"port {port} cannot be impaired: no such port or neighbour, or its span carries tokens")

    def _place(self, port: int) -> int:
        """The port within its span."""
        for span in self.spans:
            if port < span.ports:
                break
            port -= span.ports
        return port

    def alarms(self, span: int) -> int:
        """CARD_ALARM_ bits now standing."""
        return int(lib.wire_alarms(self.card, span))

    def counters(self, span: int) -> Counters:
        """The counters of a span."""
        counted = ffi.new("struct wire_counters *")
        if lib.wire_counters(self.card, span, counted) != 0:
            raise WireError(f"no span {span}")
        return _counters(counted)

    def quiet(self) -> bool:
        """Whether nothing is under way, so that the virtual clock may jump."""
        return bool(lib.card_quiet(self.card))

    def read(self, tick: int) -> tuple[bytes, list[CardEvent]]:
        """Step the card without a plane: the sound of this tick, port-major (80 octets a port), and its events."""
        count = lib.card_read(self.card, self._sound, self._events, _EVENT_ROOM, tick)
        events = [CardEvent(e.port, e.kind, e.offset, e.value) for e in self._events[0:count]]
        return bytes(ffi.buffer(self._sound)), events

    def write(self, tick: int, sound: bytes | None = None) -> None:
        """Step the card without a plane: send the sound of this tick; None = silence."""
        ffi.memmove(self._sound, _whole(sound, len(self._sound)), len(self._sound))
        lib.card_write(self.card, self._sound, tick)

    def order(self, port: int, kind: int, value: int, offset: int = 0) -> None:
        """Give an order (CARD_ORDER_ number) for sample ``offset`` of this tick; between read and write."""
        self._order.port, self._order.kind, self._order.offset, self._order.value = port, kind, offset, value
        if lib.card_order(self.card, self._order) != 0:
            raise WireError(f"port {port} does not take order {kind}")

    def level(self, port: int) -> tuple[int, int, bool, bool, int]:
        """Of a port: bits in, bits out, loop closed, ringing, alarms."""
        if lib.card_level(self.card, port, self._levels) != 0:
            raise WireError(f"no port {port}")
        level = self._levels
        return level.bits_in, level.bits_out, bool(level.hook), bool(level.ringing), level.alarms

    def say(self, port: int, changes: Sequence[TokenChange]) -> None:
        """Token card: what the port's token does in this tick; between read and write."""
        tokens = self.card.tokens_out[port]
        tokens.count = len(changes)
        for n, change in enumerate(changes):
            filled = tokens.change[n]
            filled.offset, filled.code = change.offset, change.code
            filled.level_tenths_dbm0 = change.level_tenths_dbm0

    def heard(self, port: int) -> list[TokenChange]:
        """Token card: what the port's token did in the tick last read."""
        tokens = self.card.tokens_in[port]
        return [TokenChange(c.offset, c.code, c.level_tenths_dbm0) for c in tokens.change[0 : tokens.count]]


class SpanTerminal:
    """The framer of one span for programs that carry its blocks themselves: no card, no link, no media plane.

    A block is 2560 octets (80 frames); sound is port-major, 80 octets of A-law for each of 30 ports, or of 31 in the order of time slots
    where there is speech in time slot 16.
    """

    def __init__(self, crc4: Crc4 = "automatic", idle_bits: int = 0b1111, speech_in_slot_16: bool = False) -> None:
        made = lib.span_terminal_create(_CRC4[crc4], idle_bits & 15, speech_in_slot_16)
        if made == ffi.NULL:
            raise MemoryError
        self._terminal = ffi.gc(made, lib.span_terminal_free)
        self._sound = ffi.new("uint8_t[]", (SPAN_PORTS + speech_in_slot_16) * TICK_SAMPLES)
        self._octets = ffi.new("uint8_t[]", BLOCK_OCTETS)
        self._events = ffi.new("struct card_event[]", 256)

    def order(self, port: int, bits: int, offset: int = 0) -> None:
        """Send abcd on a port from frame ``offset`` of the next block on."""
        if lib.span_terminal_order(self._terminal, port, bits, offset) != 0:
            raise WireError(f"no port {port}")

    def give(self, sound: bytes | None = None) -> bytes:
        """Build the next block; None = silence."""
        ffi.memmove(self._sound, _whole(sound, len(self._sound)), len(self._sound))
        lib.span_terminal_give(self._terminal, self._sound, self._octets)
        return bytes(ffi.buffer(self._octets))

    def take(self, block: bytes | None) -> tuple[bytes, list[CardEvent]]:
        """Read a block, None = no signal: the sound, and what happened (bits by port; alarms under port 0)."""
        if block is not None and len(block) != BLOCK_OCTETS:
            raise WireError(f"a block has {BLOCK_OCTETS} octets, not {len(block)}")
        octets = ffi.NULL if block is None else ffi.from_buffer(block)
        count = lib.span_terminal_take(self._terminal, octets, self._sound, self._events)
        events = [CardEvent(e.port, e.kind, e.offset, e.value) for e in self._events[0:count]]
        return bytes(ffi.buffer(self._sound)), events

    @property
    def alarms(self) -> int:
        """CARD_ALARM_ bits now standing."""
        return int(lib.span_terminal_alarms(self._terminal))

    def bits(self, port: int) -> int:
        """The bits abcd last received on a port."""
        return int(lib.span_terminal_bits(self._terminal, port))

    def counters(self) -> Counters:
        """The counters of this framer; those of links and faults stay 0."""
        counted = ffi.new("struct wire_counters *")
        lib.span_terminal_counters(self._terminal, counted)
        return _counters(counted)


def crc4(frames: bytes) -> int:
    """CRC-4 (G.704 2.3.3) of whole frames, the first of them with a FAS; the C bits in them count as 0."""
    return int(lib.e1_crc4(ffi.from_buffer(frames), len(frames) // 32))


def join(a: tuple[Wire, int], b: tuple[Wire, int]) -> None:
    """Join two spans of this process by memory; they are in alignment from the first tick on.

    Both cards may be read and written by one thread only: the one that steps both planes.
    """
    if lib.wire_join(a[0].card, a[1], b[0].card, b[1]) != 0:
        raise WireError(f"spans {a[1]} and {b[1]} cannot be joined: joined already, tokens to sound, or tokens of 30 ports to 31")
