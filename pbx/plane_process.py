"""The media plane as its own process: ``python -m pbx.plane_process ARENA [--standby] < description.json``.

The description names the layout of the arena and the spans, one card a span in the order of their ports. The process makes the
arena, says ``ready`` on standard output, asks for SCHED_FIFO and locked memory (and says in one line when it is refused), then
stays in one C call that ticks by the clock until SIGTERM or ``Plane.stop``. Calls up outlive control because nothing here knows
of calls. Leaves out supervision, which is the parent's.
"""

import ctypes
import functools
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from config.schema import Span
from drivers.alsa import AlsaError
from drivers.dahdi import AVAILABLE, Dahdi, DahdiError, DahdiSettings, Lamp, probe
from drivers.line_keeping import KeeperError, KeptLines
from drivers.wire import SpanSettings, Wire, join
from pbx.media import Layout, Plane
from pbx.sound_devices import SoundDescription, add_sound_devices
from pbx.span_tending import SpanTender

PRIORITY = 10
"""Of SCHED_FIFO: above everything of normal priority, below the kernel's own threads."""
STANDBY = "--standby"
"""Argument: say so when everything is loaded and only the description is missing."""
STANDING_BY = b"standing by\n"
_MCL_CURRENT = 1
_MCL_FUTURE = 2


class DahdiChannels(msgspec.Struct, forbid_unknown_fields=True):
    """A span on the kernel's own drivers: its channels there, and what the configuration says of them."""

    first_channel: int
    channels: int = 31
    signalling_channels: tuple[int, ...] = ()
    busy_bits: int = 0b0101
    speech_in_slot_16: bool = False
    receive_gain_db: float = 0.0
    send_gain_db: float = 0.0
    raise_ms: int = 100
    clear_ms: int = 1000
    at_once: bool = True
    cut_through: bool = False
    paces: bool = True
    dials: bool = True
    message_lamp: Lamp = "none"
    reversed_poles: list[int] = []
    """Of the lines towards an exchange: these channels had their poles reversed in the plane before this one."""

    @classmethod
    def of(cls, span: Span, busy_bits: int) -> "DahdiChannels":
        """As configured."""
        return cls(
            span.first_channel,
            span.channels,
            tuple(span.signalling_channels),
            busy_bits,
            span.speech_in_slot_16,
            span.receive_gain_db,
            span.send_gain_db,
            span.alarm_raise_ms,
            span.alarm_clear_ms,
            span.io_uring,
            span.cut_through,
            span.paces,
            span.card_dials,
            span.message_lamp,
        )


class SpanDescription(msgspec.Struct, forbid_unknown_fields=True):
    """One span: its channels of DAHDI, or its wire and what is at the other end of it: a socket to wait at or to connect to, or an
    earlier span by number."""

    kind: Literal["circuits", "subscribers", "telephones", "offices"] = "circuits"
    crc4: Literal["off", "on", "automatic"] = "automatic"
    idle_bits: int = 0b1111
    tokens: bool = False
    name: str = ""
    dahdi: DahdiChannels | None = None
    signalling_channels: list[int] = []
    speech_in_slot_16: bool = False
    clear_channel: bool = False
    """Of a wire: which time slots are signalling channels, that 16 is a circuit, or that all are one channel."""
    listen: str = ""
    connect: str = ""
    joined_to: int | None = None
    lockstep: bool = False
    patience_s: float = 5.0


class Description(msgspec.Struct, forbid_unknown_fields=True):
    """What the process is to be. ``realtime`` asks for SCHED_FIFO and locked memory."""

    spans: list[SpanDescription]
    sounds: list[SoundDescription] = []
    """Their ports follow those of the spans; those of signalling channels follow these."""
    layout: Layout = Layout()
    realtime: bool = True
    keeper: str = ""
    """The socket of the line keeper, which may hold channels of a plane before this one; empty: there is none."""
    patience_s: float = 30.0
    """How long the keeper shall hold channels while there is no plane."""
    epoch: int = 0
    """Of the arena that this one follows."""
    clock_zero_s: float = 0.0
    """When tick 0 was due by CLOCK_MONOTONIC, if this arena follows another: time goes on. 0: it follows none."""


class Keeping:
    """What the line keeper has for this plane, and the way to give it more."""

    def __init__(self, description: Description) -> None:
        """Take over what it has; a keeper that is not there, or is another plane's, has nothing."""
        self.lines: KeptLines | None = None
        self.kept: dict[int, int] = {}
        self.adopted: set[int] = set()
        if not (description.keeper and AVAILABLE):
            return
        self.lines = KeptLines(description.keeper, description.patience_s, probe())
        try:
            self.kept = self.lines.take()
        except KeeperError as error:
            sys.stderr.write(f"plane: {error}\n")

    def settle(self) -> None:
        """Of what no span of this plane has, let go."""
        for descriptor in self.kept.values():
            os.close(descriptor)
        if self.lines is not None:
            try:
                for channel in self.kept:
                    self.lines.drop(channel)
            except KeeperError as error:
                sys.stderr.write(f"plane: {error}\n")
        self.kept = {}

    def close(self) -> None:
        """The channels are nobody's now; the keeper goes on holding them."""
        if self.lines is not None:
            self.lines.close()


def _dahdi(span: SpanDescription, channels: DahdiChannels, keeping: Keeping) -> Dahdi:
    if span.kind == "telephones":
        raise ValueError("no card of DAHDI has the telephones' side of lines as bare bits")
    wanted = msgspec.structs.asdict(channels)
    poles = wanted.pop("reversed_poles")
    settings = DahdiSettings(kind=span.kind, idle_bits=span.idle_bits, **wanted)
    mine = {number: keeping.kept.pop(number) for number in Dahdi.numbers(settings) if number in keeping.kept}
    card = Dahdi(settings, kept=mine, reversed_poles=poles, keeper=keeping.lines)
    keeping.adopted |= card.adopted
    if channels.at_once and not card.at_once:
        sys.stderr.write(f"plane: span {span.name}: the kernel has no io_uring for us; channels are read and written one by one\n")
    reasons: dict[str, list[int]] = {}
    for channel, reason in card.missing().items():
        reasons.setdefault(reason, []).append(channel)
    for reason, missing in reasons.items():
        numbers = ", ".join(map(str, missing))
        sys.stderr.write(f"plane: span {span.name}: channels {numbers}: {reason}; they come into use when that has changed\n")
    return card


def build(description: Description, path: str, keeping: Keeping | None = None) -> tuple[Plane, list[Wire | Dahdi]]:
    """The plane with its cards, at an arena file."""
    plane = Plane.create(description.layout, path, description.epoch)
    keeping = keeping or Keeping(description)
    cards: list[Wire | Dahdi] = []
    for span in description.spans:
        if span.dahdi is not None:
            cards.append(_dahdi(span, span.dahdi, keeping))
            plane.add_card(cards[-1].card)
            continue
        settings = SpanSettings(
            kind=span.kind,
            crc4=span.crc4,
            idle_bits=span.idle_bits,
            signalling_channels=tuple(span.signalling_channels),
            speech_in_slot_16=span.speech_in_slot_16,
            clear_channel=span.clear_channel,
        )
        wire = Wire([settings], span.tokens)
        if span.joined_to is not None:
            other = cards[span.joined_to]
            if not isinstance(other, Wire):
                raise ValueError(f"span {span.joined_to} is no wire to be joined to")
            join((other, 0), (wire, 0))
        elif span.listen:
            wire.listen(0, span.listen, span.name, span.lockstep)
            wire.set_patience(0, span.patience_s)
        elif span.connect:
            wire.connect(0, span.connect, span.name, span.lockstep)
        plane.add_card(wire.card)
        cards.append(wire)
    keeping.settle()
    return plane, cards


def add_signalling_channels(plane: Plane, cards: Sequence[Wire | Dahdi]) -> None:
    """Their ports stand behind all that carry sound, in the order of spans and time slots (pbx/plant.py)."""
    for card in cards:
        for link in card.links:
            plane.add_card(link)


def _complain(name: str, words: str) -> None:
    """What a card has to say; one write, because several threads do it."""
    sys.stderr.write(f"plane: span {name}: {words}\n")


def ask_for_real_time() -> list[str]:
    """SCHED_FIFO and locked memory for this process; what was refused, in words."""
    refused: list[str] = []
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except OSError as error:
        refused.append(f"SCHED_FIFO ({error.strerror})")
    if ctypes.CDLL(None, use_errno=True).mlockall(_MCL_CURRENT | _MCL_FUTURE):
        refused.append(f"locked memory ({os.strerror(ctypes.get_errno())})")
    return refused


def _stop_on_term(plane: Plane) -> None:
    signal.sigwait({signal.SIGTERM})
    plane.stop()


def main(arguments: Sequence[str]) -> int:
    """Run until told to stop; 2 when the description cannot be read."""
    if len(arguments) not in (1, 2) or arguments[1:] not in ([], [STANDBY]):
        sys.stderr.write(f"usage: python -m pbx.plane_process ARENA [{STANDBY}] < description.json\n")
        return 2
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if STANDBY in arguments:
        sys.stdout.write(STANDING_BY.decode())
        sys.stdout.flush()
    try:
        octets = sys.stdin.buffer.read()
        if not octets and STANDBY in arguments:
            return 0
        description = msgspec.json.decode(octets, type=Description)
    except msgspec.DecodeError as error:
        sys.stderr.write(f"plane: the description cannot be read: {error}\n")
        return 2
    try:
        keeping = Keeping(description)
        plane, cards = build(description, arguments[0], keeping)
    except DahdiError as error:
        sys.stderr.write(f"plane: {error}\n")
        return 2
    # The pacer never looks at signals: one that came within a tick would be lost on it. A thread waits for them instead.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=_stop_on_term, args=(plane,), daemon=True).start()
    # Before this thread becomes a real-time one, which those that mend must not be.
    for span, card in zip(description.spans, cards, strict=True):
        if isinstance(card, Dahdi):
            card.watch(functools.partial(_complain, span.name))
    tender = SpanTender(plane, cards)
    tender.watch()
    try:
        sound_cards = add_sound_devices(plane, description.sounds)
    except AlsaError as error:
        sys.stderr.write(f"plane: {error}\n")
        return 2
    add_signalling_channels(plane, cards)
    refused = ask_for_real_time() if description.realtime else []
    if refused:
        sys.stderr.write(f"plane: not allowed: {', '.join(refused)}; ticks may come late on a loaded machine\n")
    if description.clock_zero_s:
        plane.continue_clock(description.clock_zero_s)
    sys.stdout.write(f"kept {' '.join(map(str, sorted(keeping.adopted)))}\nready\n" if description.keeper else "ready\n")
    sys.stdout.flush()
    while not plane.run():
        pass
    tender.close()
    plane.close()
    for card in cards:
        card.close()
    Path(arguments[0]).unlink(missing_ok=True)
    Path(arguments[0] + ".wake").unlink(missing_ok=True)
    keeping.close()
    for sound in sound_cards:
        sound.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
