"""The figures and habits of an ISUP as data: timers of Q.764 annex A, categories, options (config/variants/isup-china.toml).

Every timer has a range and a source in the file. Leaves out what belongs to one pair of points: their codes and circuits (distribution.py).
"""

from collections.abc import Sequence
from pathlib import Path

from pbx.signalling.ss7 import variant
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.variant_file import VARIANTS, data_of

TIMERS = frozenset(f"T{number}" for number in (*range(1, 10), *range(11, 31), 33, 34, 35, 36))
REPEATED = {
    MessageType.BLO: ("T12", "T13"),
    MessageType.UBL: ("T14", "T15"),
    MessageType.CGB: ("T18", "T19"),
    MessageType.CGU: ("T20", "T21"),
    MessageType.GRS: ("T22", "T23"),
}
"""What is repeated until it is acknowledged: how long until it is sent again, and until people are told."""
CONGESTION = ("T29", "T30")


class VariantData(variant.VariantData, frozen=True, forbid_unknown_fields=True):
    """The file, field by field; its comments explain them."""

    service: int
    hop_counter: int
    ask_caller: bool
    ask_connected: bool
    charge_messages: bool
    answer_unequipped: bool
    traffic_steps: int
    default_code: int
    test_code: int
    categories: dict[str, int]
    classes: dict[str, int]
    read_as: dict[str, int]


class Variant(variant.Variant[VariantData]):
    """One network's figures, ready for use by any number of circuits."""

    TIMERS = TIMERS

    def __init__(self, data: VariantData) -> None:
        super().__init__(data)
        self._codes = {int(category): code for category, code in data.categories.items()}
        self._classes = {int(kd): code for kd, code in data.classes.items()}
        self._categories = {
            **{int(code): category for code, category in data.read_as.items()},
            **{code: kd << 4 for kd, code in self._classes.items()},
            **{code: category for category, code in self._codes.items()},
        }

    def code_of(self, category: int) -> int:
        """The calling party's category of a caller's ``Setup.category``: by his KD where that has one, else by his KA."""
        by_class = self._classes.get(category >> 4)
        return by_class if by_class is not None else self._codes.get(category & 15, self.data.default_code)

    def category_of(self, code: int) -> int:
        """``Setup.category`` of a calling party's category; 0 for those without counterpart."""
        return self._categories.get(code, 0)

    @classmethod
    def faults_of(cls, data: VariantData) -> Sequence[str]:
        """What is wrong beside the timers."""
        faults = []
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
        for kd, code in data.classes.items():
            if kd not in map(str, range(1, 16)) or not 0 <= code <= 255:
                faults.append(f"classes: {kd} = {code}: a KD is 1 to 15 and a code 0 to 255")
        for text, ka in data.read_as.items():
            if text not in map(str, range(256)) or not 1 <= ka <= 15:
                faults.append(f"read_as: {text} = {ka}: a code is 0 to 255 and a KA 1 to 15")
        codes = [*data.categories.values(), *data.classes.values()]
        if len(set(codes)) < len(codes):
            faults.append("categories, classes: the same code stands twice")
        return faults


def read_variant(text: str | bytes) -> Variant:
    """A variant from the text of its file; raises ``VariantError`` with the place of the fault."""
    return Variant(data_of(text, VariantData))


def load_variant(name: str = "isup-china", folder: Path = VARIANTS) -> Variant:
    """The variant ``name`` from the data folder."""
    return read_variant((folder / f"{name}.toml").read_bytes())
