"""The figures of level 2 as data: timers T1 to T7, error rate monitors, preventive cyclic retransmission, congestion
(config/variants/mtp2-china.toml).

Every timer has a range and a source in the file; ``Figures`` checks all and makes the charts once. Leaves out what belongs to one link.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from pbx.machine import Chart, State, Timer

VARIANTS = Path(__file__).resolve().parents[4] / "config" / "variants"
TIMERS = frozenset({"T1", "T2", "T3", "T4n", "T4e", "T5", "T6", "T7"})
MESSAGES = 512
"""What the transmission buffer holds (MTP2_MESSAGES)."""


class FiguresError(ValueError):
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


class MonitorData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """T, D, N of SUERM, Tin and Tie of AERM."""

    suerm_limit: int
    suerm_units: int
    suerm_octets: int
    aerm_normal: int
    aerm_emergency: int


class PreventiveData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """N1 and N2."""

    units: int
    octets: int


class CongestionData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of levels 1, 2, 3."""

    onset: tuple[int, int, int]
    abatement: tuple[int, int, int]


class FiguresData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file, field by field; its comments explain them."""

    name: str
    title: str
    correction: Literal["basic", "preventive"]
    proving_attempts: int
    silence_ms: int
    timers: dict[str, TimerData]
    monitors: MonitorData
    preventive: PreventiveData
    congestion: CongestionData


class Figures:
    """The figures of one kind of link, ready for any number of them."""

    def __init__(self, data: FiguresData) -> None:
        """Check everything; raises ``FiguresError`` with all that is wrong."""
        faults = _faults(data)
        if faults:
            raise FiguresError(*faults)
        self.data = data
        self._timers = {name: Timer(name, one.default_ms, one.low_ms, one.high_ms, one.source) for name, one in data.timers.items()}
        self.milliseconds = {name: one.default_ms for name, one in data.timers.items()}
        self._charts: dict[str, Chart] = {}

    def chart(self, name: str, states: Mapping[str, State]) -> Chart:
        """The table of a box with these timers; made once. The first state is the initial one, every state answers ``stop``."""
        if name not in self._charts:
            wanted = sorted({timer for state in states.values() for timer in (*state.starts, *state.keeps)})
            self._charts[name] = Chart(name, next(iter(states)), states, [self._timers[timer] for timer in wanted], "stop")
        return self._charts[name]

    def adjusted(self, timers_ms: Mapping[str, int] | None = None, correction: Literal["basic", "preventive", ""] = "") -> "Figures":
        """Other figures; raises ``FiguresError`` for what is out of range."""
        timers = dict(self.data.timers)
        unknown = [name for name in timers_ms or () if name not in timers]
        if unknown:
            raise FiguresError(*(f"timers.{name}: there is no such timer" for name in unknown))
        for name, value_ms in (timers_ms or {}).items():
            timers[name] = msgspec.structs.replace(timers[name], default_ms=value_ms)
        return Figures(msgspec.structs.replace(self.data, timers=timers, correction=correction or self.data.correction))


def _faults(data: FiguresData) -> list[str]:
    faults = [f"timers.{name} is missing" for name in sorted(TIMERS - set(data.timers))]
    faults += [f"timers.{name}: there is no such timer" for name in sorted(set(data.timers) - TIMERS)]
    for name, timer in data.timers.items():
        if not 0 < timer.low_ms <= timer.default_ms <= timer.high_ms:
            faults.append(f"timers.{name}: {timer.default_ms} ms is outside {timer.low_ms}..{timer.high_ms} ms")
    limits = (
        ("proving_attempts", data.proving_attempts, 1, 10),
        ("silence_ms", data.silence_ms, 100, 10000),
        ("monitors.suerm_limit", data.monitors.suerm_limit, 1, 1000),
        ("monitors.suerm_units", data.monitors.suerm_units, 1, 10000),
        ("monitors.suerm_octets", data.monitors.suerm_octets, 1, 1000),
        ("monitors.aerm_normal", data.monitors.aerm_normal, 1, 100),
        ("monitors.aerm_emergency", data.monitors.aerm_emergency, 1, 100),
        ("preventive.units", data.preventive.units, 1, 127),
        ("preventive.octets", data.preventive.octets, 300, 40000),
    )
    faults += [f"{name}: {value} is outside {low}..{high}" for name, value, low, high in limits if not low <= value <= high]
    onset, abatement = data.congestion.onset, data.congestion.abatement
    if not 0 < onset[0] < onset[1] < onset[2] <= MESSAGES:
        faults.append(f"congestion.onset: the three do not rise from 1 to {MESSAGES}")
    if not 0 < abatement[0] <= abatement[1] <= abatement[2] or any(low > high for low, high in zip(abatement, onset, strict=True)):
        faults.append("congestion.abatement: the three do not rise, or one is above its onset")
    return faults


def read_figures(text: str | bytes) -> Figures:
    """Figures from the text of their file; raises ``FiguresError`` with the place of the fault."""
    try:
        data = msgspec.toml.decode(text, type=FiguresData)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FiguresError(str(error)) from error
    return Figures(data)


def load_figures(name: str = "mtp2-china", folder: Path = VARIANTS) -> Figures:
    """The figures ``name`` from the data folder."""
    return read_figures((folder / f"{name}.toml").read_bytes())
