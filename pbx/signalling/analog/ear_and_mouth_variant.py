"""E&M tie lines as data: bits, times, digits, tones; and the features that the two ends of one line agree upon.

The file (config/variants/ear-and-mouth.toml) gives every figure with its source (EIA/TIA-464 from memory, Q.421, Q.422). The kind of
start, the kind of digits and whether the caller's number is sent stand in ``EarAndMouthFeatures``. Leaves out what the engine does with
them: ear_and_mouth_call.py.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from pbx.engine import Noted
from pbx.machine import Chart, State
from pbx.signalling.analog.line_data import (
    DigitSending,
    ToneMeaning,
    check_sending,
    check_timers,
    meanings,
)
from pbx.variant_file import VARIANTS, TimerData, VariantError, changed_timers, chart_timers, data_of
from pbx.vocabulary import tones
from pbx.vocabulary.media import SendBits, SendTone

TIMERS = frozenset(
    {"alarm_persistence", "delay_dial", "digits_sent", "pulse_longest", "pulse_shortest", "wink", "wink_delay", "wink_shortest"}
)
"""Times that are asked for beside those that the chart names, which it asks for itself."""

Direction = Literal["incoming", "outgoing", "both-way"]
Made = TypeVar("Made")


class LeadBits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The codes abcd of the M lead, and those bits that carry it."""

    source: str
    mask: int
    on_hook: int
    off_hook: int


class EarAndMouthData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file, typed."""

    name: str
    bits: LeadBits
    timers: dict[str, TimerData]
    digits: DigitSending
    tones: dict[str, ToneMeaning]
    refusals: dict[int, str]


class EarAndMouthFeatures(msgspec.Struct, frozen=True):
    """What both ends agree upon.

    ``start``: when digits may be sent: at once, after a wink, or when the seized end is on-hook again. ``caller_number``: the address goes
    as ``*CALLING*CALLED*`` in DTMF. ``hears_tones``: ring-back and refusals of the far exchange are heard before the answer.
    ``hears_digits``: keys are listened for as long as the call is answered; if not, whoever wants them listens himself.
    """

    start: Literal["immediate", "wink", "delay-dial"] = "wink"
    address: Literal["dtmf", "pulse"] = "dtmf"
    caller_number: bool = False
    hears_tones: bool = True
    hears_digits: bool = True


class EarAndMouthVariant:
    """One agreement, ready for any number of circuits."""

    def __init__(self, data: EarAndMouthData) -> None:
        """Check the data; raises ``VariantError``."""
        check_timers(data.name, data.timers, TIMERS)
        check_sending(data.name, data.digits)
        bits = data.bits
        if bits.on_hook & bits.mask == bits.off_hook & bits.mask or not 0 <= (bits.on_hook | bits.off_hook | bits.mask) <= 15:
            raise VariantError(f"{data.name}: bits: on_hook and off_hook must be codes abcd that differ within the mask")
        self.data = data
        self.tones = meanings(data.name, data.tones)
        self.timers = list(chart_timers(data.timers).values())
        self.on_hook = (Noted(f"-> on-hook {bits.on_hook:04b}"), SendBits(bits.on_hook))
        self.off_hook = (Noted(f"-> off-hook {bits.off_hook:04b}"), SendBits(bits.off_hook))
        meanings(data.name, dict.fromkeys(data.refusals.values(), ToneMeaning(0)))
        self.refusals = {cause: SendTone(tones.progress(tone)) for cause, tone in data.refusals.items()}
        self.other_refusal = SendTone(tones.progress("congestion"))
        self.digit_of_pulses = {pulses: digit for digit, pulses in data.digits.pulses.items()}
        self._kept: dict[str, Any] = {}

    def seconds(self, timer: str) -> float:
        """How long a timer is."""
        return self.data.timers[timer].default_ms / 1000

    def lead(self, off_hook: bool, at: float) -> SendBits:
        """The M lead at a time."""
        return SendBits(self.data.bits.off_hook if off_hook else self.data.bits.on_hook, at)

    def is_off_hook(self, bits: int) -> bool:
        """What the E lead says; a code that is neither counts as on-hook."""
        return bits & self.data.bits.mask == self.data.bits.off_hook & self.data.bits.mask

    def chart(self, states: Mapping[str, State]) -> Chart:
        """The table of circuits with this variant's timers, made once."""
        return self.keep("line", lambda: Chart(f"E&M {self.data.name}", next(iter(states)), states, self.timers))

    def keep(self, name: str, make: Callable[[], Made]) -> Made:
        """Something made once and shared by all circuits of the variant."""
        if name not in self._kept:
            self._kept[name] = make()
        made: Made = self._kept[name]
        return made

    def adjusted(self, timers_ms: Mapping[str, float]) -> "EarAndMouthVariant":
        """The same with other times; VariantError for one that does not exist or lies outside its range."""
        return EarAndMouthVariant(msgspec.structs.replace(self.data, timers=changed_timers(self.data.timers, timers_ms)))


def load_ear_and_mouth_variant(name: str = "ear-and-mouth", folder: Path = VARIANTS) -> EarAndMouthVariant:
    """The variant ``name`` from the data folder; raises ``VariantError``."""
    return EarAndMouthVariant(data_of((folder / f"{name}.toml").read_bytes(), EarAndMouthData, strict=False))
