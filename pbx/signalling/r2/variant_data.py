"""The file of a national variant of R2 signalling, typed, and the habits that a trunk group may give its circuits.

Fields are the words of Q.400-Q.490 (blue book); config/variants/china.toml is the example that explains each of them in
place. Whether the values agree with one another is judged in pbx/signalling/r2/variant_checks.py; what is made of them
is ``Variant`` (variant.py). Leaves out every national value.
"""

from typing import Literal

import msgspec

from pbx.variant_file import TimerData

Ask = Literal["first", "last", "never"]
Control = Literal["mutual", "calling"]
Missing = Literal["to-group-b", "congestion", "vacant"]
Mark = Literal["designated", "test", "priority", "satellite", "tandem"]
CallerBy = Literal["next-digit", "send-category", "send-caller-digit"]
Meaning = Literal[
    "next-digit",
    "from-first",
    "repeat-last",
    "repeat-2-back",
    "repeat-3-back",
    "to-group-b",
    "send-category",
    "send-caller-digit",
    "address-complete",
    "refused",
    "free",
    "spare",
]

BACK = {"repeat-last": 1, "repeat-2-back": 2, "repeat-3-back": 3}
"""How many digits before the last one sent a signal asks for (Q.441: n-1, n-2, n-3)."""


class ForwardBits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the outgoing end sends. ``fault`` is left out where there is no such signal; ``fault_seized`` is understood as the same."""

    idle: int
    seizure: int
    fault: int | None = None
    fault_seized: int | None = None


class BackwardBits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the incoming end sends; ``forced_release`` and ``metering`` (a pulse) are left out where there is no such signal."""

    idle: int
    acknowledged: int
    answer: int
    clear_back: int
    blocked: int
    forced_release: int | None = None
    metering: int | None = None


class OperatorBits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bit of semi-automatic circuits that is turned over for a moment, and what that says in either direction."""

    bit: int
    forward: list[Literal["re-ring", "forced-release"]] = []
    backward: list[Literal["ring-back"]] = []


class BitsData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Line signals as abcd codes."""

    mask: int
    fixed: int
    forward: ForwardBits
    backward: BackwardBits
    operator: OperatorBits | None = None


class LineData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Habits of the line signalling: who controls the release where no signal says so, what a dual seizure comes to."""

    control: Control
    dual_seizure: Literal["both-release", "priority"]


class RegisterData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Habits of the registers; a signal 0 is one that the variant does not have."""

    ask_caller: Ask
    caller_by: CallerBy
    free: int
    missing_digit: Missing
    end_of_caller: int
    restricted: int
    restricted_read: int
    called_limit: int
    caller_limit: int
    free_calling: int = 0
    free_without_charge: int = 0
    end_of_called: int = 0
    skip_group_b: bool = False


class BackwardSignal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One backward MFC signal: the engine's word, the reader's words, the cause if it refuses the call, with what kind of call the called
    party is busy, and whether an operator may then force its release; of a free called party also who controls the release ("" = as the
    circuit does) and whether the call is charged."""

    means: Meaning
    text: str
    cause: int = 0
    name: str = ""
    control: Literal["", "mutual", "calling"] = ""
    charge: bool = True
    forcible: bool = False
    busy_with: Literal["", "local", "toll"] = ""


class ClassData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is different in group B when KD was one of ``called_class``; only while the switch named here is on, if one is named."""

    called_class: list[int]
    switch: str = ""
    free: int = 0
    free_calling: int = 0
    free_without_charge: int = 0
    group_b: dict[int, BackwardSignal] = {}
    refusals: dict[int, int] = {}


class TrafficData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of call: KA and KD when nothing else is known, its table of marks, its own timers; whether an operator makes it."""

    category: int
    called_class: int
    marks: str = ""
    operator: bool = False
    timers_ms: dict[str, int] = {}


class Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the trace calls the groups."""

    category: str
    called_class: str
    group_b: str


class VariantData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file, typed."""

    name: str
    title: str
    bits: BitsData
    timers: dict[str, TimerData]
    line: LineData
    register: RegisterData
    labels: Labels
    traffic: dict[str, TrafficData]
    group_a: dict[int, BackwardSignal]
    group_b: dict[int, BackwardSignal]
    refusals: dict[int, int]
    texts: dict[str, dict[int, str]]
    tones: dict[int, str]
    group_c: dict[int, BackwardSignal] = {}
    classes: list[ClassData] = msgspec.field(name="class", default_factory=list)
    marks: dict[str, dict[Mark, int]] = {}
    switches: dict[str, bool] = {}


class CircuitHabits(msgspec.Struct, frozen=True):
    """What a trunk group may set for its circuits; empty = as the variant does.

    ``traffic`` is a kind of call of the variant ("local", "toll", "operator"); ``control`` who controls the release where no signal
    says so; ``semi_automatic``: operator's signals (the c bit) are read and sent in every call, not only in those whose KD says
    that an operator makes them. ``category`` and ``called_class`` are KA and KD of callers of whom nothing else is known. ``marks`` are
    sent before every number. ``from_first_after_mark``: a mark that is no mark here is answered by A2. ``charge`` false: a free called
    party is signalled as not to be charged. ``dual_seizure``: of two ends that may seize, the one that goes on or the one that
    gives way, where the variant has such a rule. ``skip_group_b``: an accepted call is told in group A (A6 of Q.441).
    """

    traffic: str = "local"
    control: Literal["", "mutual", "calling"] = ""
    semi_automatic: bool = False
    ask_caller: Literal["", "first", "last", "never"] = ""
    missing_digit: Literal["", "to-group-b", "congestion", "vacant"] = ""
    category: int = 0
    called_class: int = 0
    marks: tuple[Mark, ...] = ()
    from_first_after_mark: bool = False
    charge: bool = True
    dual_seizure: Literal["", "both-release", "goes-on", "gives-way"] = ""
    skip_group_b: bool | None = None
