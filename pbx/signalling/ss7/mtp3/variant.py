"""The figures of level 3 as data: timers T1 to T24 and those of Q.707, congestion method, national options, form of point codes
(config/variants/mtp-china.toml).

Every timer has a range and a source in the file. Leaves out T7, which belongs to automatic allocation of data links and terminals (Q.704
sections 12.5 and 12.6; ours are fixed), T9, which Q.704 does not use, and what belongs to one signalling point: its codes, links and
routes (plan.py).
"""

from collections.abc import Sequence
from pathlib import Path

from pbx.signalling.ss7 import variant
from pbx.signalling.ss7.mtp3.label import FORMS
from pbx.variant_file import VARIANTS, data_of

TIMERS = frozenset(f"T{number}" for number in range(1, 25)) - {"T7", "T9"} | {"Q707T1", "Q707T2"}


class VariantData(variant.VariantData, frozen=True, forbid_unknown_fields=True):
    """The file, field by field; its comments explain them."""

    form: str
    network: int
    congestion_levels: int
    congestion_interval: int
    test_pattern: str
    tests_while_active: bool
    transfer_restricted: bool
    outage_stabilised: bool
    held_messages: int


class Variant(variant.Variant[VariantData]):
    """One network's figures, ready for use by any number of signalling points."""

    TIMERS = TIMERS

    def __init__(self, data: VariantData) -> None:
        super().__init__(data)
        self.form = FORMS[data.form]
        self.pattern = bytes.fromhex(data.test_pattern)
        self.seconds = {name: timer.default_ms / 1000 for name, timer in data.timers.items()}

    @classmethod
    def faults_of(cls, data: VariantData) -> Sequence[str]:
        """What is wrong beside the timers."""
        faults = []
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
    return Variant(data_of(text, VariantData))


def load_variant(name: str = "mtp-china", folder: Path = VARIANTS) -> Variant:
    """The variant ``name`` from the data folder."""
    return read_variant((folder / f"{name}.toml").read_bytes())
