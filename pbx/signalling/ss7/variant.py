"""What the data files of No. 7 have in common: timers with range and source, a check of the whole, charts that are made once.

Each level and user part has a file under ``config/variants`` and a ``Variant`` of its own that says what else stands in it:
mtp2/figures.py, mtp3/variant.py, isup/variant.py. Leaves out every figure.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

from pbx.machine import Chart, State, Timer

VARIANTS = Path(__file__).resolve().parents[3] / "config" / "variants"


class VariantError(ValueError):
    """The file contradicts itself; ``faults`` are sentences that say where, one for each."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class TimerData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A timer in milliseconds with its permitted range and source."""

    default_ms: int
    low_ms: int
    high_ms: int
    source: str


class VariantData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every file begins with."""

    name: str
    title: str
    timers: dict[str, TimerData]


Data = TypeVar("Data", bound=VariantData)


class Variant(Generic[Data]):
    """One network's figures, ready for use by any number of engines."""

    TIMERS: ClassVar[frozenset[str]]
    """Those that the file must have, and no others."""

    def __init__(self, data: Data) -> None:
        """Check everything; raises ``VariantError`` with all that is wrong."""
        faults = [*_timer_faults(data.timers, self.TIMERS), *self.faults_of(data)]
        if faults:
            raise VariantError(*faults)
        self.data = data
        self.timers = {name: Timer(name, one.default_ms, one.low_ms, one.high_ms, one.source) for name, one in data.timers.items()}
        self._charts: dict[str, Chart] = {}

    @classmethod
    def faults_of(cls, data: Data) -> Sequence[str]:
        """What is wrong beside the timers."""
        raise NotImplementedError

    def chart(self, name: str, states: Mapping[str, State], always: str) -> Chart:
        """The table of a box with this variant's timers; made once. The first state is the initial one."""
        if name not in self._charts:
            wanted = sorted({timer for state in states.values() for timer in (*state.starts, *state.keeps)})
            self._charts[name] = Chart(name, next(iter(states)), states, [self.timers[timer] for timer in wanted], always)
        return self._charts[name]

    def adjusted(self, timers_ms: Mapping[str, int] | None = None, **figures: Any) -> Self:
        """A variant with other timers and ``figures`` (fields of its data); raises ``VariantError`` for what is out of range."""
        timers = dict(self.data.timers)
        unknown = [name for name in timers_ms or () if name not in timers]
        if unknown:
            raise VariantError(*(f"timers.{name}: there is no such timer" for name in unknown))
        for name, value_ms in (timers_ms or {}).items():
            timers[name] = msgspec.structs.replace(timers[name], default_ms=value_ms)
        return type(self)(msgspec.structs.replace(self.data, timers=timers, **figures))


def _timer_faults(timers: Mapping[str, TimerData], wanted: frozenset[str]) -> list[str]:
    faults = [f"timers.{name} is missing" for name in sorted(wanted - set(timers))]
    faults += [f"timers.{name}: there is no such timer" for name in sorted(set(timers) - wanted)]
    for name, timer in timers.items():
        if not 0 < timer.low_ms <= timer.default_ms <= timer.high_ms:
            faults.append(f"timers.{name}: {timer.default_ms} ms is outside {timer.low_ms}..{timer.high_ms} ms")
    return faults


def data_of(text: str | bytes, form: type[Data]) -> Data:
    """The content of a file; raises ``VariantError`` with the place of the fault."""
    try:
        return msgspec.toml.decode(text, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VariantError(str(error)) from error
