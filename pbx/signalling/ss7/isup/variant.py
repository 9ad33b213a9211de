"""The figures and habits of an ISUP as data: timers of Q.764 annex A, categories, options (config/variants/isup-china.toml).

Every figure has a range and a source in the file; ``Variant`` checks them all and makes the charts' timers and durations once. Leaves out
what belongs to one pair of points: their codes and circuits (distribution.py).
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from pbx.machine import Chart, State, Timer

VARIANTS = Path(__file__).resolve().parents[4] / "config" / "variants"
TIMERS = frozenset(f"T{number}" for number in (1, 2, *range(4, 10), *range(11, 24), 27, 29, 30, 33, 34, 35, 36))


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
    """The file, field by field; its comments explain them."""

    name: str
    title: str
    service: int
    hop_counter: int
    ask_caller: bool
    charge_messages: bool
    answer_unequipped: bool
    traffic_steps: int
    default_code: int
    test_code: int
    categories: dict[str, int]
    timers: dict[str, TimerData]


class Variant:
    """One network's figures, ready for use by any number of circuits."""

    def __init__(self, data: VariantData) -> None:
        """Check everything; raises ``VariantError`` with all that is wrong."""
        faults = _faults(data)
        if faults:
            raise VariantError(*faults)
        self.data = data
        self.timers = {
            name: Timer(name, timer.default_ms, timer.low_ms, timer.high_ms, timer.source) for name, timer in data.timers.items()
        }
        self.codes = {int(category): code for category, code in data.categories.items()}
        self.categories = {code: category for category, code in self.codes.items()}
        self._charts: dict[str, Chart] = {}

    def chart(self, name: str, states: Mapping[str, State], always: str) -> Chart:
        """The table of a box with this variant's timers; made once. The first state is the initial one."""
        if name not in self._charts:
            wanted = sorted({timer for state in states.values() for timer in (*state.starts, *state.keeps)})
            self._charts[name] = Chart(name, next(iter(states)), states, [self.timers[timer] for timer in wanted], always)
        return self._charts[name]

    def adjusted(self, timers_ms: Mapping[str, int] | None = None, **habits: int) -> "Variant":
        """A variant with other timers and ``habits`` (fields of ``VariantData``); raises ``VariantError`` for what is out of range."""
        timers = dict(self.data.timers)
        unknown = [name for name in timers_ms or () if name not in timers]
        if unknown:
            raise VariantError(*(f"timers.{name}: there is no such timer" for name in unknown))
        for name, value_ms in (timers_ms or {}).items():
            timers[name] = msgspec.structs.replace(timers[name], default_ms=value_ms)
        return Variant(msgspec.structs.replace(self.data, timers=timers, **habits))


def _faults(data: VariantData) -> list[str]:
    faults = [f"timers.{name} is missing" for name in sorted(TIMERS - set(data.timers))]
    faults += [f"timers.{name}: there is no such timer" for name in sorted(set(data.timers) - TIMERS)]
    for name, timer in data.timers.items():
        if not 0 < timer.low_ms <= timer.default_ms <= timer.high_ms:
            faults.append(f"timers.{name}: {timer.default_ms} ms is outside {timer.low_ms}..{timer.high_ms} ms")
    if not 3 <= data.service <= 15:
        faults.append(f"service: {data.service} is no service indicator of a user part (3 to 15)")
    if not 0 <= data.hop_counter <= 31:
        faults.append(f"hop_counter: {data.hop_counter} is not 0 to 31")
    if not 2 <= data.traffic_steps <= 100:
        faults.append(f"traffic_steps: {data.traffic_steps} is not 2 to 100")
    for name, code in (("default_code", data.default_code), ("test_code", data.test_code)):
        if not 0 <= code <= 255:
            faults.append(f"{name}: {code} is no octet")
    for category, code in data.categories.items():
        if category not in map(str, range(1, 16)) or not 0 <= code <= 255:
            faults.append(f"categories: {category} = {code}: a KA is 1 to 15 and a code 0 to 255")
    if len(set(data.categories.values())) < len(data.categories):
        faults.append("categories: two KA have the same code")
    return faults


def read_variant(text: str | bytes) -> Variant:
    """A variant from the text of its file; raises ``VariantError`` with the place of the fault."""
    try:
        data = msgspec.toml.decode(text, type=VariantData)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VariantError(str(error)) from error
    return Variant(data)


def load_variant(name: str = "isup-china", folder: Path = VARIANTS) -> Variant:
    """The variant ``name`` from the data folder."""
    return read_variant((folder / f"{name}.toml").read_bytes())
