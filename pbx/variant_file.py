"""What the files of national variants have in common: their folder, timers with range and source, one kind of fault.

Every signalling system has variants that are data under ``config/variants``, and each of these files has a table of timers: a default, the
range within which a site may change it, and where the figure comes from. Here are the types of that table, its check, and the timers of
a chart made of it. What else stands in a file is the business of its system: r2/variant_data.py, ss7/variant.py, analog/line_data.py.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from pbx.machine import Timer

VARIANTS = Path(__file__).resolve().parents[1] / "config" / "variants"


class VariantError(ValueError):
    """A file contradicts itself, or a site asks for what it does not allow; ``faults`` are sentences that say where, one for each."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class TimerData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A timer in milliseconds with its permitted range and source."""

    default_ms: int
    low_ms: int
    high_ms: int
    source: str


Timers = Mapping[str, TimerData]
Data = TypeVar("Data")


def data_of(text: str | bytes, form: type[Data], strict: bool = True) -> Data:
    """The content of a file; raises ``VariantError`` with the place of the fault. Keys that are numbers cannot be read ``strict``."""
    try:
        return msgspec.toml.decode(text, type=form, strict=strict)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VariantError(str(error)) from error


def timer_faults(timers: Timers) -> Iterator[str]:
    """What is wrong with each timer by itself."""
    for name, timer in timers.items():
        if not 0 <= timer.low_ms <= timer.default_ms <= timer.high_ms:
            yield f"timers.{name}: {timer.default_ms} ms is outside {timer.low_ms}..{timer.high_ms} ms"
        if not timer.source:
            yield f"timers.{name} has no source"


def missing_timers(timers: Timers, wanted: frozenset[str]) -> Iterator[str]:
    """Those that a file must have and has not."""
    for name in sorted(wanted - set(timers)):
        yield f"timers.{name} is missing"


def unknown_timers(timers: Timers, wanted: frozenset[str]) -> Iterator[str]:
    """Those that nobody would read, so probably wrongly spelled."""
    for name in sorted(set(timers) - wanted):
        yield f"timers.{name}: there is no such timer"


def chart_timers(timers: Timers) -> dict[str, Timer]:
    """The timers as charts take them, by name."""
    return {name: Timer(name, timer.default_ms, timer.low_ms, timer.high_ms, timer.source) for name, timer in timers.items()}


def changed_timers(timers: Timers, timers_ms: Mapping[str, float]) -> dict[str, TimerData]:
    """Timers with a site's own figures in milliseconds. Raises ``VariantError`` for all that do not exist or lie outside their range."""
    changed = dict(timers)
    faults = []
    for name, value_ms in timers_ms.items():
        timer = timers.get(name)
        if timer is None:
            faults.append(f"timers.{name}: there is no such timer")
        elif not timer.low_ms <= value_ms <= timer.high_ms:
            faults.append(f"timers.{name}: {value_ms:g} ms is outside {timer.low_ms}..{timer.high_ms} ms")
        else:
            changed[name] = msgspec.structs.replace(timer, default_ms=round(value_ms))
    if faults:
        raise VariantError(*faults)
    return changed
