"""Call detail records: the facts of a call folded into what is charged and what is reported.

There is one record for each *chargeable leg*: every trunk leg, and the originating leg of a call that used no trunk (after ITU-T
Q.825: one record for each use of a resource that is charged). The other legs of the call show in it as segments. The segments of a
record *partition* its leg's time from seizure to release: each ends where the next begins, nothing is counted twice and nothing
is missing. A record is complete when its leg has been released; the record of a call without a trunk, when the whole call is
over. Causes are those of Q.850; a leg that died with its control and was not adopted ends with cause 41. The record's
``sequence`` is that of the fact that created the leg, so one leg can never have two records, however often the facts are folded.
Leaves out tariffs and tables.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from pbx.vocabulary.call import TEMPORARY_FAILURE
from pbx.vocabulary.facts import (
    Adopted,
    CallCleared,
    CallFact,
    Connected,
    ConnectionCleared,
    ControlStarted,
    Delivered,
    Dequeued,
    Diverted,
    Established,
    Fact,
    Failed,
    FlowStepped,
    Held,
    NetworkReached,
    NumberExtended,
    Originated,
    Queued,
    RecordingStarted,
    Retrieved,
    ServiceInitiated,
    Traced,
)

ADOPTION_GRACE_S = 10.0
"""A leg of which a new control says nothing for so long after it began has died with the old one."""

SETUP = "setup"
RINGING = "ringing"
FLOW = "flow"
QUEUE = "queue"
TALK = "talk"
HOLD = "hold"
TONE = "tone"
SWITCHING = "switching"
SEGMENT_KINDS = (SETUP, RINGING, FLOW, QUEUE, TALK, HOLD, TONE, SWITCHING)
"""What a leg can be in: being set up, (its called line) rung, in a flow, in a queue, in conversation, on hold, hearing a tone
after it failed, or between two of these."""


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One stretch of a chargeable leg, in seconds of the exchange's clock; the other party is given where there is one."""

    kind: str
    started_at: float
    ended_at: float
    with_leg: int = 0
    line: str = ""
    agent: str = ""
    queue: str = ""
    flow: str = ""


class CallDetailRecord(msgspec.Struct, frozen=True):
    """One chargeable leg. Times are seconds of the exchange's clock, lengths are seconds, ``cause`` is by Q.850."""

    sequence: int
    call: str
    leg: int
    line: str
    direction: str
    calling: str
    called: str
    seized_at: float
    answered_at: float | None
    ended_at: float
    duration_s: float
    ring_s: float
    queue: str
    waited_s: float
    agent: str
    cause: int
    recordings: tuple[str, ...]
    segments: tuple[Segment, ...]


class _Leg:
    """A leg as the facts so far describe it."""

    def __init__(self, number: int, sequence: int, line: str, at: float) -> None:
        self.number = number
        self.sequence = sequence
        self.line = line
        self.trunk = False
        self.outgoing = False
        self.seized_at = at
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.cause = 0
        self.called = ""
        self.calling = ""
        self.queue = ""
        self.agent = ""
        self.ring_s = 0.0
        self.adopted_at = float("-inf")
        self.segments: list[Segment] = []
        self.now = Segment(SETUP, at, at)
        self._rung: dict[int, float] = {}
        self._rung_since = 0.0

    def go(self, kind: str, at: float, **other: Any) -> None:
        """The leg is in ``kind`` from ``at`` on; a stretch without length leaves no segment."""
        if self.ended_at is not None:
            return
        since = self.now.started_at
        at = max(at, since)
        if at > since:
            self.segments.append(msgspec.structs.replace(self.now, ended_at=at))
        self.now = Segment(kind, at, at, **other)

    def same_party(self, kind: str, at: float) -> None:
        """As ``go``, with the party of the stretch before."""
        self.go(kind, at, with_leg=self.now.with_leg, line=self.now.line, agent=self.now.agent)

    def rung(self, number: int, at: float) -> None:
        """Leg ``number`` is being rung, for this leg; several at once count once."""
        if not self._rung:
            self._rung_since = at
        self._rung.setdefault(number, at)

    def ring_over(self, number: int, at: float) -> None:
        """It no longer is."""
        if self._rung.pop(number, None) is not None and not self._rung:
            self.ring_s += max(0.0, at - self._rung_since)

    def end(self, at: float, cause: int) -> None:
        """The leg is released."""
        if self.ended_at is not None:
            return
        for number in list(self._rung):
            self.ring_over(number, at)
        at = max(at, self.now.started_at)
        if at > self.now.started_at or not self.segments:
            self.segments.append(msgspec.structs.replace(self.now, ended_at=at))
        self.ended_at = at
        self.cause = cause


class _Call:
    """A call as the facts so far describe it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.legs: dict[int, _Leg] = {}
        self.calling = ""
        self.called = ""
        self.recordings: list[tuple[int, str]] = []
        self.billed: set[int] = set()

    @property
    def originating(self) -> _Leg:
        """The leg that came first."""
        return next(iter(self.legs.values()))

    def has_trunk(self) -> bool:
        """Whether any leg is or was a trunk."""
        return any(leg.trunk for leg in self.legs.values())


def _opening(fact: CallFact) -> bool:
    return isinstance(fact, ServiceInitiated | NetworkReached | Originated | Delivered)


class CdrFold:
    """Facts in, in the order of their sequence; complete records out."""

    def __init__(self, is_trunk: Callable[[str], bool]) -> None:
        """``is_trunk(line)`` tells by its name whether a line is a trunk circuit."""
        self._is_trunk = is_trunk
        self._calls: dict[str, _Call] = {}
        self._unconfirmed: dict[tuple[str, int], float] = {}
        self.strays = 0
        self.over: list[tuple[str, float, int]] = []
        """Calls that came to an end: (call, at, cause); whoever reads the list clears it."""
        self._cells: dict[type[Fact], Callable[[_Call, _Leg, Any], None]] = {
            NetworkReached: self._reached,
            Originated: self._originated,
            NumberExtended: self._extended,
            Delivered: self._delivered,
            Established: self._established,
            Connected: self._connected,
            Queued: lambda call, leg, fact: self._queued(leg, fact),
            Dequeued: lambda call, leg, fact: leg.go(SWITCHING, fact.at),
            Diverted: self._diverted,
            Held: lambda call, leg, fact: leg.same_party(HOLD, fact.at),
            Retrieved: lambda call, leg, fact: leg.same_party(TALK, fact.at),
            FlowStepped: lambda call, leg, fact: self._stepped(leg, fact),
            RecordingStarted: lambda call, leg, fact: call.recordings.append((leg.number, fact.recording)),
            Failed: lambda call, leg, fact: leg.go(TONE, fact.at),
        }

    @property
    def open_calls(self) -> tuple[str, ...]:
        """The calls whose last leg has not gone."""
        return tuple(self._calls)

    def take(self, sequence: int, fact: Fact) -> list[CallDetailRecord]:
        """Take the next fact; returns the records that it completes."""
        records: list[CallDetailRecord] = []
        if self._unconfirmed:
            records += self._lapsed(fact)
        if isinstance(fact, ControlStarted):
            self._unconfirmed = {
                (call.name, leg.number): fact.at
                for call in self._calls.values()
                for leg in call.legs.values()
                if leg.ended_at is None and leg.adopted_at < fact.at
            }
            return records
        if not isinstance(fact, CallFact) or isinstance(fact, Traced):
            return records
        call = self._calls.get(fact.call)
        if call is None:
            if not _opening(fact):
                self.strays += 1
                return records
            call = self._calls[fact.call] = _Call(fact.call)
        if isinstance(fact, CallCleared):
            return records + self._call_cleared(call, fact.at, fact.cause)
        leg = call.legs.get(fact.leg)
        if leg is None:
            if not _opening(fact):
                self.strays += 1
                return records
            leg = self._new_leg(call, sequence, fact)
        if leg.ended_at is not None:
            self.strays += 1
            return records
        self._unconfirmed.pop((call.name, leg.number), None)
        if isinstance(fact, ConnectionCleared):
            return records + self._connection_cleared(call, leg, fact.at, fact.cause)
        if isinstance(fact, Adopted):
            leg.adopted_at = fact.at
        cell = self._cells.get(type(fact))
        if cell is not None:
            cell(call, leg, fact)
        return records

    def abandon(self, at: float, cause: int = TEMPORARY_FAILURE) -> list[CallDetailRecord]:
        """The plane itself is gone and every open call with it: the records of all of them."""
        records: list[CallDetailRecord] = []
        for call in list(self._calls.values()):
            records += self._call_cleared(call, at, cause)
        return records

    # What creates and ends legs.

    def _new_leg(self, call: _Call, sequence: int, fact: CallFact) -> _Leg:
        leg = call.legs[fact.leg] = _Leg(fact.leg, sequence, fact.line, fact.at)
        leg.trunk = isinstance(fact, NetworkReached) or self._is_trunk(fact.line)
        return leg

    def _connection_cleared(self, call: _Call, leg: _Leg, at: float, cause: int) -> list[CallDetailRecord]:
        leg.end(at, cause)
        for other in call.legs.values():
            other.ring_over(leg.number, at)
            if other.now.with_leg == leg.number and other.now.kind in (TALK, RINGING, HOLD):
                other.go(SWITCHING, at)
        if not leg.trunk or leg.number in call.billed:
            return []
        call.billed.add(leg.number)
        return [self._record(call, leg)]

    def _call_cleared(self, call: _Call, at: float, cause: int) -> list[CallDetailRecord]:
        records: list[CallDetailRecord] = []
        for leg in call.legs.values():
            if leg.ended_at is None:
                records += self._connection_cleared(call, leg, at, cause)
            self._unconfirmed.pop((call.name, leg.number), None)
        if call.legs and not call.has_trunk():
            records.append(self._record(call, call.originating))
        if self._calls.pop(call.name, None) is not None:
            self.over.append((call.name, at, cause))
        return records

    def _lapsed(self, fact: Fact) -> list[CallDetailRecord]:
        """Legs that nobody adopted end at the moment the new control began: their line is used anew, or the grace is over."""
        reused = isinstance(fact, ServiceInitiated | NetworkReached) and fact.line
        records: list[CallDetailRecord] = []
        for (name, number), began in list(self._unconfirmed.items()):
            call = self._calls[name]
            leg = call.legs[number]
            mine = isinstance(fact, CallFact) and fact.call == name
            if not mine and (leg.line == reused or fact.at > began + ADOPTION_GRACE_S):
                del self._unconfirmed[(name, number)]
                records += self._connection_cleared(call, leg, began, TEMPORARY_FAILURE)
                if all(other.ended_at is not None for other in call.legs.values()):
                    records += self._call_cleared(call, began, TEMPORARY_FAILURE)
        return records

    # What the facts say of a leg.

    def _reached(self, call: _Call, leg: _Leg, fact: NetworkReached) -> None:
        leg.trunk = leg.outgoing = True
        leg.called = fact.called or leg.called

    def _originated(self, call: _Call, leg: _Leg, fact: Originated) -> None:
        leg.called = fact.called
        leg.calling = fact.calling
        call.called = fact.called or call.called
        call.calling = fact.calling or call.calling

    def _extended(self, call: _Call, leg: _Leg, fact: NumberExtended) -> None:
        leg.called = fact.called
        if leg is call.originating:
            call.called = fact.called

    def _delivered(self, call: _Call, leg: _Leg, fact: Delivered) -> None:
        leg.agent = fact.agent or leg.agent
        leg.called = leg.called or fact.called
        leg.go(RINGING, fact.at)
        leg.rung(leg.number, fact.at)
        first = call.originating
        if first is leg:
            return
        first.rung(leg.number, fact.at)
        if first.now.kind in (SETUP, FLOW, SWITCHING):
            first.go(RINGING, fact.at, with_leg=leg.number, line=leg.line, agent=fact.agent)

    def _established(self, call: _Call, leg: _Leg, fact: Established) -> None:
        if leg.answered_at is None:
            leg.answered_at = fact.at
        leg.agent = fact.agent or leg.agent
        for other in call.legs.values():
            other.ring_over(leg.number, fact.at)
        if leg.now.kind in (SETUP, RINGING):
            leg.go(SWITCHING, fact.at)

    def _connected(self, call: _Call, leg: _Leg, fact: Connected) -> None:
        other = call.legs.get(fact.with_leg)
        for one, two in ((leg, other), (other, leg)):
            if one is None:
                continue
            if two is None:
                one.go(TALK, fact.at, with_leg=fact.with_leg)
                continue
            one.go(TALK, fact.at, with_leg=two.number, line=two.line, agent=two.agent)
            if one.trunk or one is call.originating:
                one.agent = two.agent or one.agent

    def _queued(self, leg: _Leg, fact: Queued) -> None:
        leg.queue = fact.queue
        if leg.now.kind != QUEUE or leg.now.queue != fact.queue:
            leg.go(QUEUE, fact.at, queue=fact.queue)

    def _diverted(self, call: _Call, leg: _Leg, fact: Diverted) -> None:
        leg.go(SWITCHING, fact.at)
        for other in call.legs.values():
            other.ring_over(leg.number, fact.at)
            if other.now.kind == RINGING and other.now.with_leg == leg.number:
                other.go(SWITCHING, fact.at)

    def _stepped(self, leg: _Leg, fact: FlowStepped) -> None:
        if leg.now.kind != FLOW or leg.now.flow != fact.flow:
            leg.go(FLOW, fact.at, flow=fact.flow)

    def _record(self, call: _Call, leg: _Leg) -> CallDetailRecord:
        assert leg.ended_at is not None
        direction = ("outgoing" if leg.outgoing else "incoming") if leg.trunk else "internal"
        recordings = tuple(name for number, name in call.recordings if number == leg.number or not call.legs[number].trunk)
        return CallDetailRecord(
            sequence=leg.sequence,
            call=call.name,
            leg=leg.number,
            line=leg.line,
            direction=direction,
            calling=leg.calling or call.calling,
            called=leg.called or call.called,
            seized_at=leg.seized_at,
            answered_at=leg.answered_at,
            ended_at=leg.ended_at,
            duration_s=leg.ended_at - leg.answered_at if leg.answered_at is not None else 0.0,
            ring_s=leg.ring_s,
            queue=leg.queue,
            waited_s=sum(part.ended_at - part.started_at for part in leg.segments if part.kind == QUEUE),
            agent=leg.agent,
            cause=leg.cause,
            recordings=recordings,
            segments=tuple(leg.segments),
        )
