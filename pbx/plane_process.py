"""The media plane as its own process: ``python -m pbx.plane_process ARENA < description.json``.

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
from drivers.dahdi import Dahdi, DahdiError, DahdiSettings
from drivers.wire import SpanSettings, Wire, join
from pbx.media import Layout, Plane
from pbx.sound_devices import SoundDescription, SoundDeviceError, add_sound_devices

PRIORITY = 10
"""Of SCHED_FIFO: above everything of normal priority, below the kernel's own threads."""
_MCL_CURRENT = 1
_MCL_FUTURE = 2


class DahdiChannels(msgspec.Struct, forbid_unknown_fields=True):
    """A span on the kernel's own drivers: its channels there, and what the configuration says of them."""

    first_channel: int
    channels: int = 31
    busy_bits: int = 0b0101
    receive_gain_db: float = 0.0
    send_gain_db: float = 0.0
    raise_ms: int = 100
    clear_ms: int = 1000

    @classmethod
    def of(cls, span: Span, busy_bits: int) -> "DahdiChannels":
        """As configured."""
        return cls(
            span.first_channel,
            span.channels,
            busy_bits,
            span.receive_gain_db,
            span.send_gain_db,
            span.alarm_raise_ms,
            span.alarm_clear_ms,
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
    listen: str = ""
    connect: str = ""
    joined_to: int | None = None
    lockstep: bool = False
    patience_s: float = 5.0


class Description(msgspec.Struct, forbid_unknown_fields=True):
    """What the process is to be. ``realtime`` asks for SCHED_FIFO and locked memory."""

    spans: list[SpanDescription]
    sounds: list[SoundDescription] = []
    """Their ports follow those of the spans."""
    layout: Layout = Layout()
    realtime: bool = True


def _dahdi(span: SpanDescription, channels: DahdiChannels) -> Dahdi:
    if span.kind == "telephones":
        raise ValueError("no card of DAHDI has the telephones' side of lines as bare bits")
    card = Dahdi(DahdiSettings(kind=span.kind, idle_bits=span.idle_bits, **msgspec.structs.asdict(channels)))
    reasons: dict[str, list[int]] = {}
    for channel, reason in card.missing().items():
        reasons.setdefault(reason, []).append(channel)
    for reason, missing in reasons.items():
        numbers = ", ".join(map(str, missing))
        sys.stderr.write(f"plane: span {span.name}: channels {numbers}: {reason}; they come into use when that has changed\n")
    return card


def build(description: Description, path: str) -> tuple[Plane, list[Wire | Dahdi]]:
    """The plane with its cards, at an arena file."""
    plane = Plane.create(description.layout, path)
    cards: list[Wire | Dahdi] = []
    for span in description.spans:
        if span.dahdi is not None:
            cards.append(_dahdi(span, span.dahdi))
            plane.add_card(cards[-1].card)
            continue
        wire = Wire([SpanSettings(kind=span.kind, crc4=span.crc4, idle_bits=span.idle_bits)], span.tokens)
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
    return plane, cards


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
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m pbx.plane_process ARENA < description.json\n")
        return 2
    try:
        description = msgspec.json.decode(sys.stdin.buffer.read(), type=Description)
    except msgspec.DecodeError as error:
        sys.stderr.write(f"plane: the description cannot be read: {error}\n")
        return 2
    try:
        plane, cards = build(description, arguments[0])
    except DahdiError as error:
        sys.stderr.write(f"plane: {error}\n")
        return 2
    # The pacer never looks at signals: one that came within a tick would be lost on it. A thread waits for them instead.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_stop_on_term, args=(plane,), daemon=True).start()
    # Before this thread becomes a real-time one, which those that mend must not be.
    for span, card in zip(description.spans, cards, strict=True):
        if isinstance(card, Dahdi):
            card.watch(functools.partial(_complain, span.name))
    refused = ask_for_real_time() if description.realtime else []
    if refused:
        sys.stderr.write(f"plane: not allowed: {', '.join(refused)}; ticks may come late on a loaded machine\n")
    try:
        sound_cards = add_sound_devices(plane, description.sounds)
    except SoundDeviceError as error:
        sys.stderr.write(f"plane: {error}\n")
        return 2
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not plane.run():
        pass
    plane.close()
    for card in cards:
        card.close()
    Path(arguments[0]).unlink(missing_ok=True)
    Path(arguments[0] + ".wake").unlink(missing_ok=True)
    for sound in sound_cards:
        sound.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
