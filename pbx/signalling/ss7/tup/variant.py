"""The figures and habits of a TUP as data: timers, categories, causes, options (config/variants/tup-china.toml; Q.724, GF 001-9001).

Every timer has a range and a source in the file. Leaves out what belongs to one pair of points: their codes and circuits (distribution.py).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pbx.signalling.ss7 import variant
from pbx.signalling.ss7.mtp3.label import FORMS
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.contents import ExtendedUnsuccessful
from pbx.signalling.ss7.tup.messages import Heading
from pbx.variant_file import VARIANTS, data_of
from pbx.vocabulary.call import NORMAL_UNSPECIFIED, USER_BUSY

REPEATED = {
    Heading.BLO: ("T12", "T13"),
    Heading.UBL: ("T14", "T15"),
    Heading.MGB: ("T20", "T21"),
    Heading.MGU: ("T22", "T23"),
    Heading.HGB: ("T24", "T25"),
    Heading.HGU: ("T26", "T27"),
    Heading.GRS: ("T28", "T29"),
}
"""What is repeated until it is acknowledged: how long until it is sent again, and until people are told."""
CONGESTION = ("congestion_told", "congestion_step")
TIMERS = frozenset((
    *(f"T{number}" for number in (*range(1, 16), 18, 19, *range(20, 30))),
    *("digits", "information", "silence", "answer", "re_answer", "caller_hold", "cleared_back", "user_part"),
    *CONGESTION,
))  # fmt: skip
_H = Heading
FAILURES = frozenset(
    (_H.SEC, _H.CGC, _H.NNC, _H.ADI, _H.CFL, _H.SSB, _H.SLB, _H.STB, _H.UNN, _H.LOS, _H.SST, _H.ACB, _H.DPN, _H.MPR, _H.EUM)
)
"""Backward messages that say that a call has failed."""
PLAIN_FAILURES = {heading.name: heading for heading in FAILURES if heading != Heading.EUM}
"""Those that are a heading and no more."""
BUSY = 1
"""The reason of EUM."""


class VariantData(variant.VariantData, frozen=True, forbid_unknown_fields=True):
    """The file, field by field; its comments explain them."""

    service: int
    label: Literal["24", "14"]
    caller_by_iai: bool
    ask_caller: bool
    answer: Literal["ANC", "ANN"]
    release_control: Literal["calling", "mutual"]
    causes_after_complete: bool
    charge_messages: bool
    block_unequipped: bool
    traffic_steps: int
    default_code: int
    test_code: int
    free: list[str]
    called_control: list[str]
    categories: dict[str, int]
    classes: dict[str, int]
    read_as: dict[str, int]
    causes_in: dict[str, int]
    causes_out: dict[str, str]
    busy: dict[str, str] = {}


class Variant(variant.Variant[VariantData]):
    """One network's figures, ready for use by any number of circuits."""

    TIMERS = TIMERS

    def __init__(self, data: VariantData) -> None:
        super().__init__(data)
        self.form = FORMS[data.label]
        self._codes = {int(category): code for category, code in data.categories.items()}
        self._classes = {int(kd): code for kd, code in data.classes.items()}
        self._categories = {
            **{int(code): category for code, category in data.read_as.items()},
            **{code: kd << 4 for kd, code in self._classes.items()},
            **{code: category for category, code in self._codes.items()},
        }
        self.free = frozenset(data.free)
        self._called_control = frozenset(data.called_control)
        self._causes = {int(Heading[name]): cause for name, cause in data.causes_in.items()}
        self._failures = {int(cause): PLAIN_FAILURES[name] for cause, name in data.causes_out.items()}
        self._busy = {kind: PLAIN_FAILURES[name] for kind, name in data.busy.items()}
        self._busy_with = {int(heading): kind for kind, heading in self._busy.items()}

    def code_of(self, category: int) -> int:
        """The calling party's category of a caller's ``Setup.category``: by his KD where that has one, else by his KA."""
        by_class = self._classes.get(category >> 4)
        return by_class if by_class is not None else self._codes.get(category & 15, self.data.default_code)

    def category_of(self, code: int) -> int:
        """``Setup.category`` of a calling party's category; 0 for those without counterpart."""
        return self._categories.get(code, 0)

    def cause_of(self, failure: Message) -> int:
        """The cause that a backward message tells, by Q.850."""
        told = failure.contents
        if isinstance(told, ExtendedUnsuccessful) and told.reason == BUSY:
            return USER_BUSY
        return self._causes.get(failure.heading, NORMAL_UNSPECIFIED)

    def busy_with(self, heading: int) -> str:
        """With what kind of call the called party is busy, by a backward message: "local", "toll" or ""."""
        return self._busy_with.get(heading, "")

    def failure_of(self, cause: int, busy_with: str = "") -> Heading:
        """The backward message that tells a cause; of a busy party, with what, where there is one for it."""
        if cause == USER_BUSY and busy_with in self._busy:
            return self._busy[busy_with]
        return self._failures.get(cause, Heading.CFL)

    def control_of(self, called: str, wish: str = "") -> str:
        """Who controls the release of a call to a number as dialled: "called", "calling" or "mutual"; ``wish`` is what the call says."""
        if called in self._called_control:
            return "called"
        return "calling" if wish == "calling" else self.data.release_control

    @classmethod
    def faults_of(cls, data: VariantData) -> Sequence[str]:
        """What is wrong beside the timers."""
        faults = []
        if not 3 <= data.service <= 15:
            faults.append(f"service: {data.service} is no service indicator of a user part (3 to 15)")
        if not 2 <= data.traffic_steps <= 100:
            faults.append(f"traffic_steps: {data.traffic_steps} is not 2 to 100")
        for name, code in (("default_code", data.default_code), ("test_code", data.test_code)):
            if not 0 <= code <= 63:
                faults.append(f"{name}: {code} is not six bits (0 to 63)")
        for name, numbers in (("free", data.free), ("called_control", data.called_control)):
            faults += [f"{name}: {each!r} is no number as dialled" for each in numbers if not (each.isascii() and each.isdigit())]
        for category, code in data.categories.items():
            if category not in map(str, range(1, 16)) or not 0 <= code <= 63:
                faults.append(f"categories: {category} = {code}: a KA is 1 to 15 and a code 0 to 63")
        for kd, code in data.classes.items():
            if kd not in map(str, range(1, 16)) or not 0 <= code <= 63:
                faults.append(f"classes: {kd} = {code}: a KD is 1 to 15 and a code 0 to 63")
        for text, ka in data.read_as.items():
            if text not in map(str, range(64)) or not 1 <= ka <= 15:
                faults.append(f"read_as: {text} = {ka}: a code is 0 to 63 and a KA 1 to 15")
        codes = [*data.categories.values(), *data.classes.values()]
        if len(set(codes)) < len(codes):
            faults.append("categories, classes: the same code stands twice")
        return [*faults, *_cause_faults(data)]


def _cause_faults(data: VariantData) -> list[str]:
    wanted = {heading.name for heading in FAILURES}
    faults = [f"causes_in.{name} is missing" for name in sorted(wanted - set(data.causes_in))]
    faults += [f"causes_in.{name}: it is no backward message of a failure" for name in sorted(set(data.causes_in) - wanted)]
    faults += [f"causes_in.{name}: {cause} is no cause (1 to 127)" for name, cause in data.causes_in.items() if not 1 <= cause <= 127]
    for cause, name in data.causes_out.items():
        if cause not in map(str, range(1, 128)):
            faults.append(f"causes_out.{cause}: it is no cause (1 to 127)")
        if name not in PLAIN_FAILURES:
            faults.append(f"causes_out.{cause}: {name} is none of {', '.join(sorted(PLAIN_FAILURES))}")
    for kind, name in data.busy.items():
        if kind not in ("local", "toll"):
            faults.append(f"busy.{kind}: a party is busy with a call that is local or toll")
        if name not in PLAIN_FAILURES or data.causes_in.get(name) != USER_BUSY:
            faults.append(f"busy.{kind}: {name} is no message that is read as cause {USER_BUSY}")
    if len(set(data.busy.values())) < len(data.busy):
        faults.append("busy: the same message stands twice")
    return faults


def read_variant(text: str | bytes) -> Variant:
    """A variant from the text of its file; raises ``VariantError`` with the place of the fault."""
    return Variant(data_of(text, VariantData))


def load_variant(name: str = "tup-china", folder: Path = VARIANTS) -> Variant:
    """The variant ``name`` from the data folder."""
    return read_variant((folder / f"{name}.toml").read_bytes())
