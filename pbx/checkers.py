"""The standing checkers: what must hold in every run, simulated or real, whatever the calls were.

``Checkers`` is one more subscriber of the journal. While facts arrive it notes what is already wrong; ``finish`` looks at what should
have come and did not. The rules: every seizure is released once, with a cause that Q.850 knows, and its call ends after its last leg;
one call detail record for each chargeable leg, whose segments partition its time; the states of an agent partition the time
between log-on and log-off to a millisecond, and nobody talks in two calls at once; calls of equal priority are never overtaken in a
queue. The functions below are for what facts cannot tell: both ends of every circuit agree, nobody hears an idle port or is heard by
it, no ring ran over, and in a run without faults no signal was unexpected. Leaves out how a run is made (tests/lab.py).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from pbx.cdr import CallDetailRecord, CdrFold
from pbx.vocabulary import facts
from pbx.vocabulary.call import CAUSES
from pbx.vocabulary.facts import AgentFact, CallFact, Fact, Traced

MILLISECOND_S = 0.001


class Checkers:
    """Subscribe ``take`` to every fact; ask ``finish`` when all is quiet."""

    def __init__(self, is_trunk: Callable[[str], bool], priority_of: Callable[[str], int] = lambda call: 0) -> None:
        """``priority_of(call)`` is the priority with which a call waits, where the run has more than one."""
        self.complaints: list[str] = []
        self.seizures = 0
        self.releases = 0
        self.records: list[CallDetailRecord] = []
        self._is_trunk = is_trunk
        self._priority_of = priority_of
        self._fold = CdrFold(is_trunk)
        self._legs: dict[tuple[str, int], str] = {}
        self._first: dict[str, tuple[str, int]] = {}
        self._trunks: dict[str, set[tuple[str, int]]] = {}
        self._over: set[str] = set()
        self._gone: set[tuple[str, int]] = set()
        self._chargeable: set[tuple[str, int]] = set()
        self._on: dict[str, tuple[float, float, float]] = {}
        self._talks: dict[str, set[tuple[str, int]]] = {}
        self._waiting: dict[str, list[str]] = {}
        self._offered: set[str] = set()

    def take(self, sequence: int, fact: Fact) -> None:
        """The next fact, in order of sequence."""
        self.records += self._fold.take(sequence, fact)
        if isinstance(fact, CallFact) and not isinstance(fact, Traced):
            self._take_call(fact)
            self._take_queue(fact)
            self._take_talk(fact)
        elif isinstance(fact, AgentFact):
            self._take_agent(fact)

    def finish(self, records: Iterable[tuple[str, int]] | None = None) -> list[str]:
        """Everything that is wrong now that no call should be left; one sentence each, empty = all is well.

        ``records`` are the (call, leg) of the call detail records that the store has; by default those folded here.
        """
        found = list(self.complaints)
        found += [f"call {call} leg {leg} on {line} was seized and never released" for (call, leg), line in self._legs.items()]
        found += [f"call {call} has no CallCleared" for call in self._first if call not in self._over]
        found += [f"call {call} still waits in {queue}" for queue, calls in self._waiting.items() for call in calls]
        found += self._records_complete(records)
        return found

    # Legs and calls.

    def _take_call(self, fact: CallFact) -> None:
        if fact.call in self._over:
            if isinstance(fact, facts.CallCleared):
                self._complain(f"call {fact.call} ended twice")
            elif not isinstance(fact, facts.RecordingStopped):
                self._complain(f"call {fact.call} has a {type(fact).__name__} after its end")
            return
        leg = (fact.call, fact.leg)
        if isinstance(fact, facts.CallCleared):
            self._end_call(fact)
        elif isinstance(fact, facts.ConnectionCleared):
            self._end_leg(leg, fact)
        elif leg in self._gone and not isinstance(fact, facts.RecordingStopped):
            self._complain(f"call {fact.call} leg {fact.leg} has a {type(fact).__name__} after its release")
        elif isinstance(fact, facts.ServiceInitiated | facts.NetworkReached | facts.Originated | facts.Delivered):
            self._open_leg(leg, fact)

    def _open_leg(self, leg: tuple[str, int], fact: CallFact) -> None:
        if leg not in self._legs:
            self._legs[leg] = fact.line
            self.seizures += 1
            self._first.setdefault(fact.call, leg)
        if self._is_trunk(fact.line):
            self._trunks.setdefault(fact.call, set()).add(leg)
            self._chargeable.add(leg)

    def _end_leg(self, leg: tuple[str, int], fact: facts.ConnectionCleared) -> None:
        if leg in self._gone:
            self._complain(f"call {fact.call} leg {fact.leg} was released twice")
        elif self._legs.pop(leg, None) is not None:
            self.releases += 1
        self._gone.add(leg)
        if fact.cause not in CAUSES:
            self._complain(f"call {fact.call} leg {fact.leg} was released with the unknown cause {fact.cause}")

    def _end_call(self, fact: facts.CallCleared) -> None:
        left = [leg for leg in self._legs if leg[0] == fact.call]
        if left:
            self._complain(f"call {fact.call} ended before its legs {[number for _, number in left]}")
        self._over.add(fact.call)
        if fact.call in self._first and fact.call not in self._trunks:
            self._chargeable.add(self._first[fact.call])

    def _records_complete(self, records: Iterable[tuple[str, int]] | None) -> list[str]:
        found = []
        have: dict[tuple[str, int], int] = {}
        for leg in [(record.call, record.leg) for record in self.records] if records is None else records:
            have[leg] = have.get(leg, 0) + 1
        found += [f"call {call} leg {leg} has no call detail record" for call, leg in sorted(self._chargeable - set(have))]
        found += [f"call {call} leg {leg} has a record and is not chargeable" for call, leg in sorted(set(have) - self._chargeable)]
        found += [f"call {call} leg {leg} has {count} records" for (call, leg), count in sorted(have.items()) if count > 1]
        for record in self.records:
            found += partition_complaints(record)
        return found

    # Agents.

    def _take_agent(self, fact: AgentFact) -> None:
        agent = fact.agent
        known = self._on.get(agent)
        if isinstance(fact, facts.LoggedOn):
            if known is not None:
                self._complain(f"agent {agent} logged on twice")
            self._on[agent] = (fact.at, fact.at, 0.0)
            return
        if known is None:
            self._complain(f"agent {agent} is {type(fact).__name__} without being logged on")
            return
        began, since, spent = known
        if fact.at < since - MILLISECOND_S:
            self._complain(f"agent {agent} went back in time by {since - fact.at:.3f} s")
        # A stretch that ran backwards counts nothing, so the sum below is short by as much as it overlaps.
        spent += max(0.0, fact.at - since)
        if isinstance(fact, facts.LoggedOff):
            del self._on[agent]
            if abs(spent - (fact.at - began)) > MILLISECOND_S:
                self._complain(f"agent {agent}: states add up to {spent:.3f} s of {fact.at - began:.3f} s logged on")
        else:
            self._on[agent] = (began, fact.at, spent)
            if isinstance(fact, facts.Busy) and fact.call:
                self._take_offer(fact.call)

    def _take_talk(self, fact: CallFact) -> None:
        leg = (fact.call, fact.leg)
        if isinstance(fact, facts.Established) and fact.agent:
            legs = self._talks.setdefault(fact.agent, set())
            if legs - {leg}:
                self._complain(f"agent {fact.agent} talks in {fact.call} and in {sorted(legs)[0][0]}")
            legs.add(leg)
        elif isinstance(fact, facts.Held | facts.ConnectionCleared):
            for legs in self._talks.values():
                legs.discard(leg)

    # Queues.

    def _take_queue(self, fact: CallFact) -> None:
        if isinstance(fact, facts.Queued):
            row = self._waiting.setdefault(fact.queue, [])
            self._offered.discard(fact.call)
            if fact.call not in row:
                row.append(fact.call)
        elif isinstance(fact, facts.Dequeued):
            row = self._waiting.get(fact.queue, [])
            self._offered.discard(fact.call)
            if fact.call in row:
                row.remove(fact.call)
            else:
                self._complain(f"call {fact.call} left queue {fact.queue} in which it was not")

    def _take_offer(self, call: str) -> None:
        """An agent was taken for the call: nobody of its priority may wait before it who is not being offered himself."""
        for queue, row in self._waiting.items():
            if call in row and call not in self._offered:
                before = [other for other in row[: row.index(call)] if other not in self._offered]
                passed = [other for other in before if self._priority_of(other) >= self._priority_of(call)]
                if passed:
                    self._complain(f"call {call} overtook {passed[0]} in queue {queue}")
                self._offered.add(call)

    def _complain(self, text: str) -> None:
        self.complaints.append(text)


def partition_complaints(record: CallDetailRecord) -> list[str]:
    """Whether the segments of a record partition its leg's time."""
    where = f"call {record.call} leg {record.leg}"
    if not record.segments:
        return [f"{where}: the record has no segments"]
    edges = [record.seized_at, *(part.ended_at for part in record.segments)]
    found = [
        f"{where}: segment {part.kind} begins at {part.started_at} and the one before ends at {edge}"
        for edge, part in zip(edges, record.segments, strict=False)
        if part.started_at != edge or part.ended_at < part.started_at
    ]
    if edges[-1] != record.ended_at:
        found.append(f"{where}: segments end at {edges[-1]} and the leg at {record.ended_at}")
    return found


def ends_disagree(ours: Mapping[str, str], theirs: Mapping[str, str], idle: Sequence[str] = ("idle",)) -> list[str]:
    """Circuits that are not idle at both ends; the mappings give the state of each circuit by its name."""
    found = []
    for name in sorted(set(ours) | set(theirs)):
        here, there = ours.get(name, "missing"), theirs.get(name, "missing")
        if here not in idle or there not in idle:
            found.append(f"circuit {name} is {here} here and {there} at the far end")
    return found


def heard_after_call(hears: Mapping[int, Iterable[int]], busy: Iterable[int]) -> list[str]:
    """Edges that outlived their call: ``hears`` gives the sources of each port, ``busy`` the ports that have a leg.

    Sources that are no ports (players, mixes) are looked at from the listener's side only.
    """
    taken = set(busy)
    found = []
    for port, sources in sorted(hears.items()):
        for source in sorted(sources):
            if port not in taken:
                found.append(f"port {port} is idle and hears {source}")
            elif source in hears and source not in taken:
                found.append(f"port {port} hears the idle port {source}")
    return found


def overflows(counters: Mapping[str, int]) -> list[str]:
    """Rings that ran over: every counter whose name speaks of an overflow or of something lost must be 0."""
    return [f"{name} is {count}" for name, count in sorted(counters.items()) if count and ("overflow" in name or "lost" in name)]


def unexpected(counters: Mapping[str, int]) -> list[str]:
    """Signals that no cell answered, messages that could not be read and faults of our own; none in a run without faults."""
    words = ("unexpected", "malformed", "fault")
    return [f"{name}: {count} times" for name, count in sorted(counters.items()) if count and name.startswith(words)]


def left_behind(names: Iterable[str], allowed: Iterable[str] = ()) -> list[str]:
    """Timers, files, recorders or rows that outlived their call; ``allowed`` are those that live as long as the exchange."""
    return [f"{name} is left behind" for name in sorted(set(names) - set(allowed))]
