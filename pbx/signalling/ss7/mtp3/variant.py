"""The figures of level 3 as data: timers T1 to T24 and those of Q.707, congestion method, form of point codes
(config/variants/mtp-china.toml).

Every figure has a range and a source in the file; ``Variant`` checks them all and makes the charts' timers and durations once. Leaves out
what belongs to one signalling point: its codes, links and routes (plan.py).
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from pbx.machine import Chart, State, Timer
from pbx.signalling.ss7.mtp3.label import FORMS

VARIANTS = Path(__file__).resolve().parents[4] / "config" / "variants"
TIMERS = frozenset(f"T{number}" for number in (*range(1, 7), 8, 10, *range(12, 24))) | {"Q707T1", "Q707T2"}


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
    form: str
    network: int
    congestion_levels: int
    congestion_interval: int
    test_pattern: str
    tests_while_active: bool
    held_messages: int
    timers: dict[str, TimerData]


class Variant:
    """One network's figures, ready for use by any number of signalling points."""

    def __init__(self, data: VariantData) -> None:
        """Check everything; raises ``VariantError`` with all that is wrong."""
        faults = _faults(data)
        if faults:
            raise VariantError(*faults)
        self.data = data
        self.form = FORMS[data.form]
        self.pattern = bytes.fromhex(data.test_pattern)
        self.timers = {
            name: Timer(name, timer.default_ms, timer.low_ms, timer.high_ms, timer.source) for name, timer in data.timers.items()
        }
        self.seconds = {name: timer.default_ms / 1000 for name, timer in data.timers.items()}
        self._charts: dict[str, Chart] = {}

    def chart(self, name: str, states: Mapping[str, State], always: str) -> Chart:
        """The table of a box with this variant's timers; made once. The first state is the initial one."""
        if name not in self._charts:
            wanted = sorted({timer for state in states.values() for timer in (*state.starts, *state.keeps)})
            self._charts[name] = Chart(name, next(iter(states)), states, [self.timers[timer] for timer in wanted], always)
        return self._charts[name]

    def adjusted(
        self, timers_ms: Mapping[str, int] | None = None, form: str = "", network: int | None = None, congestion_levels: int = 0
    ) -> "Variant":
        """A variant with other figures; raises ``VariantError`` for what is out of range."""
        timers = dict(self.data.timers)
        unknown = [name for name in timers_ms or () if name not in timers]
        if unknown:
            raise VariantError(*(f"timers.{name}: there is no such timer" for name in unknown))
        for name, value_ms in (timers_ms or {}).items():
            timers[name] = msgspec.structs.replace(timers[name], default_ms=value_ms)
        return Variant(
            msgspec.structs.replace(
                self.data,
                timers=timers,
                form=form or self.data.form,
                network=self.data.network if network is None else network,
                congestion_levels=congestion_levels or self.data.congestion_levels,
            )
        )


def _faults(data: VariantData) -> list[str]:
    faults = [f"timers.{name} is missing" for name in sorted(TIMERS - set(data.timers))]
    faults += [f"timers.{name}: there is no such timer" for name in sorted(set(data.timers) - TIMERS)]
    for name, timer in data.timers.items():
        if not 0 < timer.low_ms <= timer.default_ms <= timer.high_ms:
            faults.append(f"timers.{name}: {timer.default_ms} ms is outside {timer.low_ms}..{timer.high_ms} ms")
    if data.form not in FORMS:
        faults.append(f'form: "{data.form}" is not one of {", ".join(FORMS)}')
    if not 0 <= data.network <= 3:
        faults.append(f"network: {data.network} is no network indicator (0 to 3)")
    if not 1 <= data.congestion_levels <= 3:
        faults.append(f"congestion_levels: {data.congestion_levels} is not 1, 2 or 3")
    if not 1 <= data.congestion_interval <= 64:
        faults.append(f"congestion_interval: {data.congestion_interval} is not 1 to 64")
    if data.held_messages < 64:
        faults.append(f"held_messages: {data.held_messages} is less than 64")
    try:
        if not 1 <= len(bytes.fromhex(data.test_pattern)) <= 15:
            faults.append("test_pattern: it has not 1 to 15 octets")
    except ValueError:
        faults.append(f'test_pattern: "{data.test_pattern}" is not hexadecimal')
    return faults


def read_variant(text: str | bytes) -> Variant:
    """A variant from the text of its file; raises ``VariantError`` with the place of the fault."""
    try:
        data = msgspec.toml.decode(text, type=VariantData)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VariantError(str(error)) from error
    return Variant(data)


def load_variant(name: str = "mtp-china", folder: Path = VARIANTS) -> Variant:
    """The variant ``name`` from the data folder."""
    return read_variant((folder / f"{name}.toml").read_bytes())
