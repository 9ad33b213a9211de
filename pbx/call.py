"""Call and Leg: CSTA's call and connection.

A *leg* is one line's part in one call. Its state is the CSTA connection state: Null, Initiated, Alerting, Connected, Held,
Queued, Failed. A *call* is its legs and what is known of it as a whole. Both are plain data; the switch alone changes them.
``LegRecord`` is the leg as it is written to the arena, from which a new control rebuilds it.
"""

from typing import Any

import msgspec

from pbx.line import Line
from pbx.vocabulary.call import Connect, Disconnect, Release, Setup

NULL = "Null"
INITIATED = "Initiated"
ALERTING = "Alerting"
CONNECTED = "Connected"
HELD = "Held"
QUEUED = "Queued"
FAILED = "Failed"


class LegRecord(msgspec.Struct, frozen=True, array_like=True):
    """What survives of a leg, and of the agent at its line, when control dies; it must fit a leg record of the arena.

    It is written with the facts of its turn as one step, so the two always agree. ``begun``: a fact has told of the leg, so another must
    tell its end. ``call`` "" = no leg, only an agent. ``legs`` is how many legs the call has had, so that no number is given twice;
    ``arrival`` the call's place among all that ever joined a queue. ``seated`` is the number of the agent at the line,
    ``seated_until`` when after-call work ends. ``blocked``: an operator took the line out of use. ``second`` is the leg that waits
    or is held at the line beside this one.
    """

    line: str
    call: str = ""
    number: int = 0
    legs: int = 0
    incoming: bool = False
    state: str = ""
    tag: str = ""
    called: str = ""
    calling: str = ""
    category: int = 0
    restricted: bool = False
    group: str = ""
    agent: str = ""
    started_at: float = 0.0
    established_at: float | None = None
    peer: int = 0
    queue: str = ""
    priority: int = 0
    joined_at: float = 0.0
    arrival: int = 0
    flow: str = ""
    step: str = ""
    variables: dict[str, str] = {}
    recorder: int = -1
    recording: str = ""
    begun: bool = False
    cause: int = 0
    control: str = ""
    suspended: bool = False
    charge_units: int = 0
    blocked: bool = False
    messages: int = 0
    alarm: str = ""
    second: "LegRecord | None" = None
    seated: str = ""
    seated_state: str = ""
    seated_reason: str = ""
    seated_since: float = 0.0
    seated_until: float = 0.0
    seated_not_ready: str = ""


class Leg:
    """One line's part in one call.

    ``name`` is the caller's, ``control`` who controls the release (pbx/vocabulary/call.py), ``overlap`` that more digits may come,
    ``brought`` is the Setup that came on it, ``answer`` the Connect; ``progressed``: that something was told between Setup and ringing.
    ``parting`` is by what its line ended the call. ``test`` what a leg without a partner is for
    (pbx/test_calls.py, pbx/line_listening.py), ``far_first`` that the line's far end cleared it.
    """

    __slots__ = (
        "agent",
        "answer",
        "brought",
        "call",
        "called",
        "calling",
        "category",
        "cause",
        "charge_units",
        "clearing",
        "control",
        "established_at",
        "far_first",
        "group",
        "hears",
        "incoming",
        "line",
        "name",
        "number",
        "overlap",
        "parting",
        "progressed",
        "queue",
        "recorder",
        "recording",
        "restricted",
        "ring_timer",
        "run",
        "served",
        "sounding",
        "started_at",
        "state",
        "suspended",
        "test",
        "tried",
    )

    def __init__(self, call: "Call", number: int, line: Line, incoming: bool, now: float) -> None:
        self.call = call
        self.number = number
        self.line = line
        self.incoming = incoming
        self.state = INITIATED
        self.called = ""
        self.calling = ""
        self.category = 0
        self.restricted = False
        self.name = ""
        self.control = ""
        self.overlap = False
        self.suspended = False
        self.charge_units = 0
        self.test: Any = None
        self.brought: Setup | None = None
        self.answer: Connect | None = None
        self.parting: Disconnect | Release | None = None
        self.progressed = False
        self.far_first = False
        self.group = ""
        self.agent = ""
        self.cause = 0
        self.started_at = now
        self.established_at: float | None = None
        self.clearing = False
        self.hears: set[int] = set()
        self.sounding = False
        self.run: Any = None
        self.queue = ""
        self.served = ""
        self.recorder = -1
        self.recording = ""
        self.ring_timer: Any = None
        self.tried: frozenset[str] = frozenset()

    @property
    def answered(self) -> bool:
        """Whether the leg has been answered."""
        return self.established_at is not None

    def __repr__(self) -> str:
        return f"<leg {self.call.name}/{self.number} {self.line.name} {self.state}>"


class Call:
    """Its legs, and what is known of the whole."""

    __slots__ = ("_next", "cause", "legs", "name", "priority", "started_at", "talking")

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.legs: dict[int, Leg] = {}
        self.cause = 0
        self.priority = 0
        self.started_at = now
        self.talking: tuple[Leg, Leg] | None = None
        self._next = 1

    def add(self, line: Line, incoming: bool, now: float, number: int = 0) -> Leg:
        """A new leg on a line; ``number`` is given when a leg is adopted."""
        number = number or self._next
        self._next = max(self._next, number + 1)
        leg = Leg(self, number, line, incoming, now)
        self.legs[number] = leg
        line.leg = leg
        return leg

    def add_second(self, line: Line, now: float, number: int = 0) -> Leg:
        """A new leg on a line that has one already: it waits there."""
        active = line.leg
        line.second = self.add(line, False, now, number)
        line.leg = active
        second: Leg = line.second
        return second

    @property
    def originator(self) -> Leg | None:
        """The leg that began the call, while it is there."""
        return next((leg for leg in self.legs.values() if leg.incoming), None)

    @property
    def legs_ever(self) -> int:
        """How many legs it has had."""
        return self._next - 1

    def had_legs(self, count: int) -> None:
        """It has had so many legs before a restart."""
        self._next = max(self._next, count + 1)

    def others(self, leg: Leg) -> list[Leg]:
        """The other legs."""
        return [other for other in self.legs.values() if other is not leg]

    def __repr__(self) -> str:
        return f"<call {self.name} {list(self.legs.values())}>"
