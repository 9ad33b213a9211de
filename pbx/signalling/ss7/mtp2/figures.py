"""The figures of level 2 as data: format of units, timers T1 to T8, error rate monitors, preventive cyclic retransmission, congestion
(config/variants/mtp2-china.toml; of links of 2 Mbit/s config/variants/mtp2-annex-a.toml).

Every timer has a range and a source in the file. Leaves out what belongs to one link.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from pbx.signalling.ss7.variant import Variant, VariantData
from pbx.variant_file import VARIANTS, data_of

TIMERS = frozenset({"T1", "T2", "T3", "T4n", "T4e", "T5", "T6", "T7"})
Format = Literal["basic", "extended"]
MESSAGES: dict[Format, int] = {"basic": 512, "extended": 4096}
"""What the transmission buffer holds, by the format of units (``signalling_messages`` of the plane's layout)."""
HIGHEST: dict[Format, int] = {"basic": 127, "extended": 4095}
"""The highest sequence number, which is also the number of units that may be unconfirmed."""


class MonitorData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """T, D, N of SUERM, Tin and Tie of AERM."""

    suerm_limit: int
    suerm_units: int
    suerm_octets: int
    aerm_normal: int
    aerm_emergency: int


class IntervalData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The errored interval monitor: T8, Te, Ue, De."""

    t8_ms: int
    limit: int
    rise: int
    fall: int


class PreventiveData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """N1 and N2."""

    units: int
    octets: int


class CongestionData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of levels 1, 2, 3."""

    onset: tuple[int, int, int]
    abatement: tuple[int, int, int]


class FiguresData(VariantData, frozen=True, forbid_unknown_fields=True):
    """The file, field by field; its comments explain them."""

    correction: Literal["basic", "preventive"]
    proving_attempts: int
    silence_ms: int
    monitors: MonitorData
    preventive: PreventiveData
    congestion: CongestionData
    format: Format = "basic"
    intervals: IntervalData | None = None
    """In service the errored interval monitor (EIM) watches in place of SUERM."""


class Figures(Variant[FiguresData]):
    """The figures of one kind of link, ready for any number of them."""

    TIMERS = TIMERS

    def __init__(self, data: FiguresData) -> None:
        super().__init__(data)
        self.milliseconds = {name: one.default_ms for name, one in data.timers.items()}

    @classmethod
    def faults_of(cls, data: FiguresData) -> Sequence[str]:
        """What is wrong beside the timers."""
        limits: tuple[tuple[str, int, int, int], ...] = (
            ("proving_attempts", data.proving_attempts, 1, 10),
            ("silence_ms", data.silence_ms, 100, 10000),
            ("monitors.suerm_limit", data.monitors.suerm_limit, 1, 1000),
            ("monitors.suerm_units", data.monitors.suerm_units, 1, 10000),
            ("monitors.suerm_octets", data.monitors.suerm_octets, 1, 1000),
            ("monitors.aerm_normal", data.monitors.aerm_normal, 1, 100),
            ("monitors.aerm_emergency", data.monitors.aerm_emergency, 1, 100),
            ("preventive.units", data.preventive.units, 1, HIGHEST[data.format]),
            ("preventive.octets", data.preventive.octets, 300, 2_000_000),
        )
        if (intervals := data.intervals) is not None:
            limits += (
                ("intervals.t8_ms", intervals.t8_ms, 80, 120),
                ("intervals.limit", intervals.limit, 1, 1_000_000_000),
                ("intervals.rise", intervals.rise, 1, 1_000_000_000),
                ("intervals.fall", intervals.fall, 0, 1_000_000_000),
            )
        faults = [f"{name}: {value} is outside {low}..{high}" for name, value, low, high in limits if not low <= value <= high]
        messages = MESSAGES[data.format]
        onset, abatement = data.congestion.onset, data.congestion.abatement
        if not 0 < onset[0] < onset[1] < onset[2] <= messages:
            faults.append(f"congestion.onset: the three do not rise from 1 to {messages}")
        if not 0 < abatement[0] <= abatement[1] <= abatement[2] or any(low > high for low, high in zip(abatement, onset, strict=True)):
            faults.append("congestion.abatement: the three do not rise, or one is above its onset")
        return faults


def read_figures(text: str | bytes) -> Figures:
    """Figures from the text of their file; raises ``VariantError`` with the place of the fault."""
    return Figures(data_of(text, FiguresData))


def load_figures(name: str = "mtp2-china", folder: Path = VARIANTS) -> Figures:
    """The figures ``name`` from the data folder."""
    return read_figures((folder / f"{name}.toml").read_bytes())
