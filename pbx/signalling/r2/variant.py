"""A national variant of R2 signalling as data: bits, meanings, timers, and every output object made once in advance.

The file (config/variants/*.toml) says which bits and MFC signals carry which meaning (Q.411 and Q.441 leave that to
national use; China: GB 3971.2-83 and GF 002-9002) and how long to wait (Q.422, Q.476), each figure with its source.
``Variant`` turns it into dictionaries from a received code to (event word, argument, line of the trace) and into ready
commands, so that a running circuit looks up and allocates nothing. Leaves out what an engine does with a meaning:
pbx/signalling/r2/line.py and register.py.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from pbx.engine import Noted, Output
from pbx.machine import Chart, State, Timer
from pbx.vocabulary import tones
from pbx.vocabulary.media import SendBits, SendTone

VARIANTS = Path(__file__).resolve().parents[3] / "config" / "variants"

Reading = tuple[str, int | str, Noted]
"""A received signal: event word for the chart, argument, line of the trace."""
Sending = tuple[Output, ...]
"""A signal to send: its line of the trace and the command."""

DIGITS = "1234567890"
"""Group I signals 1 to 10 in order; 10 stands for the digit 0."""


Made = TypeVar("Made")


class VariantError(ValueError):
    """The file contradicts itself; the text says where."""


class TimerData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A timer in milliseconds with its permitted range and source."""

    default_ms: int
    low_ms: int
    high_ms: int
    source: str


class ForwardBits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the outgoing end sends."""

    idle: int
    seizure: int
    fault: int


class BackwardBits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the incoming end sends."""

    idle: int
    acknowledged: int
    answer: int
    clear_back: int
    blocked: int


class BitsData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Line signals as abcd codes."""

    mask: int
    fixed: int
    forward: ForwardBits
    backward: BackwardBits


class RegisterData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Habits of the registers."""

    ask_caller: Literal["first", "last", "never"]
    free: int
    missing_digit: Literal["to-group-b", "congestion", "vacant"]
    end_of_caller: int
    restricted: int
    restricted_read: int
    called_limit: int
    caller_limit: int
    category: int
    called_class: int


class BackwardSignal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One backward MFC signal: the engine's word, the reader's words, and the cause if it refuses the call."""

    means: Literal["next-digit", "from-first", "to-group-b", "send-category", "refused", "free"]
    text: str
    cause: int = 0
    name: str = ""


class VariantData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file, typed."""

    name: str
    title: str
    bits: BitsData
    timers: dict[str, TimerData]
    register: RegisterData
    group_a: dict[int, BackwardSignal]
    group_b: dict[int, BackwardSignal]
    refusals: dict[int, int]
    texts: dict[str, dict[int, str]]
    tones: dict[int, str]


def category_of(ka: int, kd: int) -> int:
    """``Setup.category`` of a caller: KA in the low four bits, KD above; 0 in either = the variant's default."""
    return kd << 4 | ka


def ka_kd(category: int) -> tuple[int, int]:
    """KA and KD out of ``Setup.category``."""
    return category & 15, category >> 4 & 15


class Variant:
    """One national variant, ready for use by any number of circuits."""

    def __init__(self, data: VariantData) -> None:
        """Check the data and make every reading and sending once; raises ``VariantError``."""
        self.data = data
        self._kept: dict[str, Any] = {}
        self.timers = {
            name: Timer(name, timer.default_ms, timer.low_ms, timer.high_ms, timer.source) for name, timer in data.timers.items()
        }
        for name, timer in self.timers.items():
            if not timer.low_ms <= timer.default_ms <= timer.high_ms:
                raise VariantError(f"timer {name}: {timer.default_ms} ms is outside {timer.low_ms}..{timer.high_ms} ms")
        self._read_forward()
        self._read_backward()
        self._send_forward()
        self._send_backward()
        self.busy_tones = {cause: SendTone(tones.progress(name)) for cause, name in data.tones.items()}
        self.other_tone = SendTone(tones.progress("congestion"))

    def _read_forward(self) -> None:
        """What the incoming register hears, by the place in the call."""
        register = self.data.register
        self.called: dict[int, Reading] = {}
        self.category: dict[int, Reading] = {}
        self.caller: dict[int, Reading] = {}
        self.called_class: dict[int, Reading] = {}
        for signal in range(1, 16):
            code = tones.mfc_forward(signal)
            digit = DIGITS[signal - 1] if signal <= 10 else ""
            self.category[code] = ("category", signal, Noted(f"<- KA {signal} {self._text('category', signal)}"))
            self.called_class[code] = ("called-class", signal, Noted(f"<- KD {signal} {self._text('called_class', signal)}"))
            if digit:
                self.called[code] = ("digit", digit, Noted(f"<- I-{signal} digit {digit}"))
                self.caller[code] = ("digit", digit, Noted(f"<- I-{signal} caller's digit {digit}"))
            else:
                self.called[code] = ("mark", signal, Noted(f"<- I-{signal} mark"))
                self.caller[code] = ("end", signal, Noted(f"<- I-{signal} end of caller's number"))
        restricted = register.restricted_read
        noted = Noted(f"<- I-{restricted} caller's number restricted")
        self.caller[tones.mfc_forward(restricted)] = ("restricted", restricted, noted)

    def _text(self, kind: str, signal: int) -> str:
        return self.data.texts.get(kind, {}).get(signal, "spare")

    def _read_backward(self) -> None:
        """What the outgoing register hears: group A, group B."""
        self.group_a: dict[int, Reading] = {}
        self.group_b: dict[int, Reading] = {}
        for readings, table, letters in ((self.group_a, self.data.group_a, "A"), (self.group_b, self.data.group_b, "KB")):
            for signal in range(1, 16):
                row = table.get(signal)
                word, text, cause = (row.means, row.text, row.cause) if row is not None else ("spare", "spare", 0)
                readings[tones.mfc_backward(signal)] = (word, cause, Noted(f"<- {letters}{signal} {text}"))

    def _send_forward(self) -> None:
        register = self.data.register
        commands = {signal: SendTone(tones.mfc_forward(signal)) for signal in range(1, 16)}
        self.send_called: dict[str, Sending] = {}
        self.send_caller: dict[str, Sending] = {}
        for signal, digit in enumerate(DIGITS, 1):
            self.send_called[digit] = (Noted(f"-> I-{signal} digit {digit}"), commands[signal])
            self.send_caller[digit] = (Noted(f"-> I-{signal} caller's digit {digit}"), commands[signal])
        end, restricted = register.end_of_caller, register.restricted
        self.send_end: Sending = (Noted(f"-> I-{end} end of caller's number"), commands[end])
        self.send_restricted: Sending = (Noted(f"-> I-{restricted} no caller's number"), commands[restricted])
        self.send_category: dict[int, Sending] = {}
        self.send_called_class: dict[int, Sending] = {}
        for signal, command in commands.items():
            self.send_category[signal] = (Noted(f"-> KA {signal} {self._text('category', signal)}"), command)
            self.send_called_class[signal] = (Noted(f"-> KD {signal} {self._text('called_class', signal)}"), command)

    def _send_backward(self) -> None:
        """Replies by word: compelled ones, pulsed ones, and group B by signal."""
        pulse_ms = self.data.timers["pulse"].default_ms
        self.reply: dict[str, Sending] = {}
        self.pulsed: dict[str, Sending] = {}
        for signal, row in self.data.group_a.items():
            word = row.name or row.means
            code = tones.mfc_backward(signal)
            self.reply[word] = (Noted(f"-> A{signal} {row.text}"), SendTone(code))
            self.pulsed[word] = (Noted(f"-> A{signal} pulsed, {row.text}"), SendTone(code, pulse_ms))
        for word in ("next-digit", "to-group-b", "congestion", "vacant"):
            if word not in self.reply:
                raise VariantError(f"group_a has no signal for {word}")
        if self.data.register.ask_caller != "never" and "send-category" not in self.reply:
            raise VariantError("group_a has no signal for send-category, yet register.ask_caller wants it")
        self.reply_b: dict[int, Sending] = {
            signal: (Noted(f"-> KB{signal} {row.text}"), SendTone(tones.mfc_backward(signal))) for signal, row in self.data.group_b.items()
        }
        congestion = [signal for signal, row in self.data.group_b.items() if row.name == "congestion"]
        vacant = [signal for signal, row in self.data.group_b.items() if row.name == "vacant"]
        if not congestion or not vacant:
            raise VariantError("group_b needs a signal named congestion and one named vacant")
        self.congestion_b, self.vacant_b = congestion[0], vacant[0]
        for signal in (self.data.register.free, *self.data.refusals.values()):
            if signal not in self.reply_b:
                raise VariantError(f"group_b has no signal {signal}")

    def chart(self, kind: str, states: Mapping[str, State], always: str) -> Chart:
        """The table of a kind of machine with this variant's timers; made once. The first state is the initial one."""

        def make() -> Chart:
            names = sorted({name for state in states.values() for name in (*state.starts, *state.keeps)})
            missing = [name for name in names if name not in self.timers]
            if missing:
                raise VariantError(f"timers {', '.join(missing)} are missing")
            timers = [self.timers[name] for name in names]
            return Chart(f"{kind} {self.data.name}", next(iter(states)), states, timers, always)

        return self.keep(kind, make)

    def keep(self, name: str, make: Callable[[], Made]) -> Made:
        """Something made once from the variant and shared by all its circuits."""
        if name not in self._kept:
            self._kept[name] = make()
        made: Made = self._kept[name]
        return made

    def adjusted(self, timers_ms: Mapping[str, int] | None = None, register: Mapping[str, Any] | None = None) -> "Variant":
        """The variant with a site's own timers and register habits; raises ``VariantError`` outside the permitted ranges."""
        data = self.data
        changed = dict(data.timers)
        for name, value_ms in (timers_ms or {}).items():
            if name not in changed:
                raise VariantError(f"there is no timer {name}")
            changed[name] = msgspec.structs.replace(changed[name], default_ms=value_ms)
        habits = msgspec.structs.replace(data.register, **(register or {}))
        return Variant(msgspec.structs.replace(data, timers=changed, register=habits))

    def line_sending(self, text: str, bits: int) -> Sending:
        """A line signal to send, with its line of the trace."""
        return (Noted(f"-> {text} {bits:04b}"), SendBits(bits))


def read_variant(text: str | bytes) -> Variant:
    """A variant from the text of its file; raises ``VariantError`` or msgspec's error with the place of the fault."""
    return Variant(msgspec.toml.decode(text, type=VariantData, strict=False))


def load_variant(name: str, folder: Path = VARIANTS) -> Variant:
    """The variant ``name`` from the data folder."""
    return read_variant((folder / f"{name}.toml").read_bytes())
