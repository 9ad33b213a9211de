"""The figures of SIGTRAN as data: timers, windows, thresholds of congestion (config/variants/sigtran.toml).

Every timer has a range and a source in the file. Leaves out what belongs to one link or one application server.
"""

from collections.abc import Sequence
from pathlib import Path

from pbx.signalling.ss7.variant import Variant, VariantData
from pbx.variant_file import VARIANTS, data_of

TIMERS = frozenset({"T1", "T2", "T3", "T4n", "T4e", "T6", "T7", "Tp", "Tc", "Tack", "Tr", "Tbeat", "Test", "Trtv", "Trel"})


class FiguresData(VariantData, frozen=True, forbid_unknown_fields=True):
    """The file, field by field; its comments explain them."""

    unconfirmed: int
    messages: int
    confirm_each: int
    onset: tuple[int, int, int]
    abatement: tuple[int, int, int]


class Figures(Variant[FiguresData]):
    """The figures of one kind of association, ready for any number of them."""

    TIMERS = TIMERS

    @classmethod
    def faults_of(cls, data: FiguresData) -> Sequence[str]:
        """What is wrong beside the timers."""
        limits = (
            ("unconfirmed", data.unconfirmed, 2, 65536),
            ("messages", data.messages, data.unconfirmed, 65536),
            ("confirm_each", data.confirm_each, 1, data.unconfirmed // 2),
        )
        faults = [f"{name}: {value} is outside {low}..{high}" for name, value, low, high in limits if not low <= value <= high]
        if not 0 < data.onset[0] < data.onset[1] < data.onset[2] <= data.messages:
            faults.append(f"onset: the three do not rise from 1 to {data.messages}")
        falls = any(low >= high for low, high in zip(data.abatement, data.onset, strict=True))
        if not 0 < data.abatement[0] <= data.abatement[1] <= data.abatement[2] or falls:
            faults.append("abatement: the three do not rise, or one is not below its onset")
        timers = data.timers
        if {"Tc", "T7"} <= set(timers) and timers["Tc"].default_ms * 2 > timers["T7"].default_ms:
            faults.append("timers.Tc: it is more than half of T7, so the far end would give up before it is confirmed")
        return faults


def read_figures(text: str | bytes) -> Figures:
    """Figures from the text of their file; raises ``VariantError`` with the place of the fault."""
    return Figures(data_of(text, FiguresData))


def load_figures(name: str = "sigtran", folder: Path = VARIANTS) -> Figures:
    """The figures ``name`` from the data folder."""
    return read_figures((folder / f"{name}.toml").read_bytes())
