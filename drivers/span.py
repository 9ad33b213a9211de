"""``zongji span SOCKET``: the far exchange of a simulated span, by hand or for any program, over lines of text.

Connects to the outside socket (docs/integrator/outside-socket.md), does the framing (G.704) and offers bits abcd and A-law
sound of the time slots 1-15 and 17-31, or, where there are no line signals in time slot 16, sound of 1-31. Leaves out:
signalling of any kind; that is what the program at the other end of the lines is for.
"""

import argparse
import os
import select
import sys
import time
from pathlib import Path
from typing import TextIO

import msgspec
import numpy as np
from pbx._plane import lib

from drivers.wire import IDLE, SLOT_16, TICK_SAMPLES, CardEvent, SpanSettings, Wire, WireError
from pbx.sound_file import SoundFileError, decode_alaw, encode_alaw, read_sound, write_sound

_HELP = """\
Lines read from standard input (SLOT is a time slot, 1-15 or 17-31, with --speech-in-slot-16 also 16):
  bits SLOT ABCD     send the four signalling bits from now on
  send SLOT FILE     say a sound file (WAV, 8 kHz, or raw A-law); "sent SLOT" follows
  stop SLOT          be silent
  wait MILLISECONDS  read the next line so much later on the span's clock
  quit               leave
Lines printed (@ is the sample number of the connection, 8000 a second):
  bits SLOT ABCD @SAMPLE    new bits were received
  sent SLOT @SAMPLE         the sound file has ended
  alarm NAMES @SAMPLE       alarms now standing (LOS LOF AIS RAI LOMF; none)
  slip lost|repeated @SAMPLE
  error TEXT                a line was not understood
  gone @SAMPLE              the exchange has closed the connection

Example: printf 'wait 100\\nbits 1 0011\\nwait 500\\nquit\\n' | zongji span var/e1-1.sock --record 1 heard.wav
"""

_ALARMS = {
    "LOS": lib.CARD_ALARM_LOS,
    "LOF": lib.CARD_ALARM_LOF,
    "AIS": lib.CARD_ALARM_AIS,
    "RAI": lib.CARD_ALARM_RAI,
    "LOMF": lib.CARD_ALARM_LOMF,
}
_SILENCE = bytes([IDLE]) * TICK_SAMPLES
_TICK_S = 0.01


def slot_of(port: int, speech_in_slot_16: bool = False) -> int:
    """Time slot of a port."""
    return port + 1 if speech_in_slot_16 or port < SLOT_16 - 1 else port + 2


def port_of(word: str, speech_in_slot_16: bool = False) -> int:
    """Port of a time slot; raises ValueError with what is right."""
    slot = int(word) if word.isdecimal() else 0
    if not 1 <= slot <= 31 or (slot == SLOT_16 and not speech_in_slot_16):
        raise ValueError(f"{word}: time slots are {'1-31' if speech_in_slot_16 else '1-15 and 17-31'}")
    return slot - 1 if speech_in_slot_16 or slot < SLOT_16 else slot - 2


def alarm_names(alarms: int) -> str:
    """``LOS RAI`` or ``none``."""
    return " ".join(name for name, bit in _ALARMS.items() if alarms & bit) or "none"


class SpanLines:
    """The line protocol on one span of a wire: commands in, lines out, one block a ``step``."""

    def __init__(self, wire: Wire, out: TextIO, json: bool = False, record: dict[int, Path] | None = None) -> None:
        self.left = False
        self._wire, self._out, self._json = wire, out, json
        self._speech_in_slot_16 = wire.spans[0].speech_in_slot_16
        self._record = record or {}
        self._heard: dict[int, bytearray] = {port: bytearray() for port in self._record}
        self._saying: dict[int, bytes] = {}
        self._commands: list[str] = []
        self._tick = 0
        self._wait_until = 0

    def command(self, line: str) -> None:
        """Take a line; it is done in its turn."""
        self._commands.append(line)

    @property
    def waiting(self) -> bool:
        """Whether lines are left to do."""
        return bool(self._commands) or self._tick < self._wait_until

    def step(self) -> None:
        """One block each way; in lockstep this waits for the exchange's."""
        sound, events = self._wire.read(self._tick)
        if not self._wire.connected(0):
            self._print("gone", at=self._tick * TICK_SAMPLES)
            self.left = True
            return
        for port, kept in self._heard.items():
            kept += sound[port * TICK_SAMPLES : (port + 1) * TICK_SAMPLES]
        for event in events:
            self._tell(event)
        while self._commands and self._tick >= self._wait_until and not self.left:
            self._obey(self._commands.pop(0))
        self._wire.write(self._tick, self._sound())
        self._tick += 1

    def close(self) -> None:
        """Write the recordings."""
        for port, path in self._record.items():
            write_sound(path, decode_alaw(bytes(self._heard[port])))

    def _sound(self) -> bytes | None:
        if not self._saying:
            return None
        block = bytearray(_SILENCE * self._wire.ports)
        for port, left in list(self._saying.items()):
            block[port * TICK_SAMPLES : (port + 1) * TICK_SAMPLES] = left[:TICK_SAMPLES].ljust(TICK_SAMPLES, bytes([IDLE]))
            self._saying[port] = left[TICK_SAMPLES:]
            if not self._saying[port]:
                del self._saying[port]
                self._print("sent", slot=self._slot_of(port), at=(self._tick + 1) * TICK_SAMPLES)
        return bytes(block)

    def _obey(self, line: str) -> None:
        words = line.split()
        try:
            match words:
                case []:
                    return
                case ["bits", slot, bits] if len(bits) == 4 and set(bits) <= {"0", "1"}:
                    self._wire.order(self._port_of(slot), lib.CARD_ORDER_BITS, int(bits, 2))
                case ["send", slot, file]:
                    self._saying[self._port_of(slot)] = encode_alaw(np.asarray(read_sound(Path(file))[0]))
                case ["stop", slot]:
                    self._saying.pop(self._port_of(slot), None)
                case ["wait", milliseconds] if milliseconds.isdecimal():
                    self._wait_until = self._tick + int(milliseconds) // 10
                case ["quit"]:
                    self.left = True
                case _:
                    raise ValueError(f"{line}: not understood; see zongji span --help")
        except (ValueError, SoundFileError) as error:
            self._print("error", text=str(error))

    def _tell(self, event: CardEvent) -> None:
        at = self._tick * TICK_SAMPLES + event.offset
        if event.kind == lib.CARD_EVENT_BITS:
            self._print("bits", slot=self._slot_of(event.port), bits=f"{event.value:04b}", at=at)
        elif event.port == 0 and event.kind == lib.CARD_EVENT_ALARM:
            self._print("alarm", alarms=alarm_names(event.value), at=at)
        elif event.port == 0 and event.kind == lib.CARD_EVENT_SLIP:
            self._print("slip", slip="repeated" if event.value else "lost", at=at)

    def _slot_of(self, port: int) -> int:
        return slot_of(port, self._speech_in_slot_16)

    def _port_of(self, word: str) -> int:
        return port_of(word, self._speech_in_slot_16)

    def _print(self, kind: str, **fields: str | int) -> None:
        if self._json:
            text = msgspec.json.encode({"kind": kind, **fields}).decode()
        else:
            text = " ".join([kind, *(f"@{value}" if name == "at" else str(value) for name, value in fields.items())])
        self._out.write(text + "\n")
        self._out.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="zongji span",
        description="The far exchange of a simulated span: bits and sound of its time slots over lines of text.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("socket", help="path of the span's socket")
    parser.add_argument("--free-running", action="store_true", help="10 ms of real time a block; default: lockstep with the exchange")
    parser.add_argument("--record", nargs=2, action="append", default=[], metavar=("SLOT", "FILE"), help="record what a slot says")
    parser.add_argument("--speech-in-slot-16", action="store_true", help="a span of kind ccs without a signalling channel there: no bits")
    parser.add_argument("--name", default="", help="refuse a span of another name")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    return parser


def _read_lines(lines: SpanLines, rest: bytes) -> bytes | None:
    """Hand over what stands on standard input without waiting; returns the begun line, None at its end."""
    if not select.select([0], [], [], 0)[0]:
        return rest
    got = os.read(0, 65536)
    *whole, rest = (rest + got).split(b"\n")
    for line in whole:
        lines.command(line.decode("utf-8", "replace"))
    if got:
        return rest
    if rest:
        lines.command(rest.decode("utf-8", "replace"))
    return None


def _run(lines: SpanLines, free_running: bool) -> None:
    rest: bytes | None = b""
    due = time.monotonic()
    while not lines.left:
        if rest is not None:
            rest = _read_lines(lines, rest)
        lines.step()
        if free_running:
            due = max(due + _TICK_S, time.monotonic() - 5 * _TICK_S)
            time.sleep(max(0.0, due - time.monotonic()))


def span_command(argv: list[str]) -> int:
    """Run the command. Returns 0 when told to quit, 1 when the exchange is gone or not there, 2 for wrong arguments."""
    try:
        arguments = _parser().parse_args(argv)
        record = {port_of(slot, arguments.speech_in_slot_16): Path(file) for slot, file in arguments.record}
    except SystemExit as left:
        return int(left.code or 0)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    with Wire([SpanSettings(speech_in_slot_16=arguments.speech_in_slot_16)]) as wire:
        try:
            wire.connect(0, arguments.socket, arguments.name, lockstep=not arguments.free_running)
            if not wire.wait(0, 5.0):
                raise WireError(f"{arguments.socket} refused the hello: another mode, another name, or it has a peer already")
        except WireError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        lines = SpanLines(wire, sys.stdout, arguments.json, record)
        try:
            _run(lines, arguments.free_running)
        except KeyboardInterrupt:
            lines.left = True
        finally:
            lines.close()
        return 0 if wire.connected(0) else 1
