"""How exchange lines (FXO) of one network behave, as data, and what one line of them can do, as its features.

The file (config/variants/china-exchange-line.toml) holds times, digits and the meaning of tones, each with its source; ``FxoVariant``
makes chart timers and tables of it once for all lines. ``FxoFeatures`` says what is agreed for one line (Q.552 leaves it national): how
it is dialled, which supervision it gives, loop start or ground start. Leaves out what the engine does with them: fxo_call.py.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from pbx.machine import Chart, State
from pbx.signalling.analog.line_data import (
    DigitSending,
    ToneMeaning,
    check_sending,
    check_timers,
    meanings,
)
from pbx.variant_file import VARIANTS, TimerData, changed_timers, chart_timers, data_of

TIMERS = frozenset({"alarm_persistence", "digits_sent", "polarity_settle"})
"""Times that are asked for beside those that the chart names, which it asks for itself."""

Made = TypeVar("Made")


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the network tells who calls: coding of names, presentations in digits to try in order, and the shortest bare row of digits
    that is believed to be a number."""

    source: str
    encoding: str
    digits: tuple[str, ...]
    bare_digits_least: int


class FxoData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file, typed."""

    name: str
    timers: dict[str, TimerData]
    digits: DigitSending
    identity: Identity
    tones: dict[str, ToneMeaning]


class FxoFeatures(msgspec.Struct, frozen=True):
    """What is agreed for one line.

    ``wait_for_dial_tone``: dial when it is heard; if it is not heard in time, ``without_dial_tone`` says what then. ``caller_identity``:
    which form is listened for, "auto" = both. ``answer_supervision``: what tells the answer of a call we made: the poles, the tones
    (ring-back ends, somebody speaks), or nothing but time. ``release_supervision``: what tells that the far party has gone; a ground-start
    line tells it by its feed in any case. ``takes_calls``: ringing is a call; else it rings in vain.
    ``flash_ms``: how long the loop is opened for ``Info("!")``.
    """

    dialling: Literal["dtmf", "pulse"] = "dtmf"
    wait_for_dial_tone: bool = True
    without_dial_tone: Literal["give-up", "dial"] = "give-up"
    caller_identity: Literal["auto", "fsk", "dtmf", "none"] = "auto"
    answer_supervision: Literal["reversal", "tone", "none"] = "tone"
    release_supervision: tuple[Literal["reversal", "busy-tone", "loop-break"], ...] = ("busy-tone", "loop-break")
    ground_start: bool = False
    takes_calls: bool = True
    rings_before_answer: int = 1
    flash_ms: int = 100


class FxoVariant:
    """One network's exchange lines, ready for any number of them."""

    def __init__(self, data: FxoData) -> None:
        """Check the data; raises ``VariantError``."""
        check_timers(data.name, data.timers, TIMERS)
        check_sending(data.name, data.digits)
        self.data = data
        self.tones = meanings(data.name, data.tones)
        self.timers = list(chart_timers(data.timers).values())
        self._kept: dict[str, Any] = {}

    def seconds(self, timer: str) -> float:
        """How long a timer is."""
        return self.data.timers[timer].default_ms / 1000

    def chart(self, states: Mapping[str, State]) -> Chart:
        """The table of exchange lines with this variant's timers, made once."""
        return self.keep("line", lambda: Chart(f"exchange line {self.data.name}", next(iter(states)), states, self.timers))

    def keep(self, name: str, make: Callable[[], Made]) -> Made:
        """Something made once and shared by all lines of the variant."""
        if name not in self._kept:
            self._kept[name] = make()
        made: Made = self._kept[name]
        return made

    def adjusted(self, timers_ms: Mapping[str, float]) -> "FxoVariant":
        """The same with other times; VariantError for one that does not exist or lies outside its range."""
        return FxoVariant(msgspec.structs.replace(self.data, timers=changed_timers(self.data.timers, timers_ms)))


def load_exchange_line_variant(name: str = "china-exchange-line", folder: Path = VARIANTS) -> FxoVariant:
    """The variant ``name`` from the data folder; raises ``VariantError``."""
    return FxoVariant(data_of((folder / f"{name}.toml").read_bytes(), FxoData, strict=False))
