"""Circuit group query: CQM, and what its CQR shows about circuits on which the ends do not agree (Q.764 clause 2.8.4; T28).

What blocks a circuit at the far end is set right here: it is the far end that knows. A block of ours that the far end does not hold is said
again, one that it holds in vain is withdrawn. Of calls and of circuits that do not exist there people are told, who may reset: a
call that has just begun or ended looks like a fault while messages are on their way. Leaves out range 255 of other networks.
"""

from collections.abc import Callable, Mapping, Sequence

from pbx.engine import Noted, Output, Unexpected
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.circuit_books import HARDWARE, MAINTENANCE, CircuitBooks
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.indicators import CircuitState
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameters import CircuitStateIndicator, RangeAndStatus
from pbx.signalling.ss7.isup.variant import Variant

UNEQUIPPED = CircuitState(maintenance=values.Blocking.BOTH, call=values.CallProcessing.TRANSIENT_OR_UNEQUIPPED)
TRANSIENT = CircuitState()
MOST_ASKED = 32
_CALL = values.CallProcessing
MIRRORED = {_CALL.IDLE: _CALL.IDLE, _CALL.INCOMING_BUSY: _CALL.OUTGOING_BUSY, _CALL.OUTGOING_BUSY: _CALL.INCOMING_BUSY}
WORDS = {_CALL.IDLE: "idle", _CALL.INCOMING_BUSY: "busy with a call in", _CALL.OUTGOING_BUSY: "busy with a call out"}
AGREED = "agreed"
"""What ``Queries.found`` holds of a circuit that is the same at both ends."""


def state_of(circuit: CircuitBooks | None) -> CircuitState:
    """A circuit as CQR tells it (Q.763 clause 3.14)."""
    if circuit is None:
        return UNEQUIPPED
    name = circuit.machine.state
    call = _CALL.IDLE
    if name not in ("Idle", "Overloaded"):
        if not name.startswith(("In", "Out")):
            return TRANSIENT
        call = _CALL.OUTGOING_BUSY if name.startswith("Out") else _CALL.INCOMING_BUSY
    maintenance, hardware = ((why in circuit.blocked_here) + 2 * (why in circuit.blocked_there) for why in (MAINTENANCE, HARDWARE))
    return CircuitState(maintenance, call, hardware)


class Query:
    """One CQM that waits for its CQR."""

    __slots__ = ("first", "machine", "width")

    def __init__(self, variant: Variant, first: int) -> None:
        self.first = first
        self.width = 0
        self.machine = Machine(variant.chart("CQM", STATES, "stop"), self)

    def _ask(self, _: object, now: float) -> Sequence[Output]:
        return (Message(self.first, MessageType.CQM, (RangeAndStatus(self.width),)),)

    def _late(self, _: object, now: float) -> Sequence[Output]:
        return (Noted("-- CQM is not answered"),)


STATES = {
    "Quiet": State("nothing is asked", {"begin": Cell(Query._ask, ("Waiting",)), "stop": Cell(None)}),
    "Waiting": State(
        "CQM sent",
        {"begin": Cell(Query._ask, ("Waiting",)), "stop": Cell(None, ("Quiet",)), "T28": Cell(Query._late, ("Quiet",))},
        ("T28",),
    ),
}


class Queries:
    """What is asked of one far point, and what was found."""

    __slots__ = ("_circuits", "_emit", "_queries", "_variant", "found")

    def __init__(
        self, variant: Variant, circuits: Mapping[int, CircuitBooks], emit: Callable[[int, Sequence[Output]], None]
    ) -> None:
        self._variant = variant
        self._circuits = circuits
        self._emit = emit
        self._queries: dict[int, Query] = {}
        self.found: dict[int, str] = {}
        """By circuit: ``AGREED``, or where the ends differed at the latest answer; without a circuit while none has come."""

    def waiting(self) -> list[Query]:
        """Those that have no answer yet."""
        return [query for query in self._queries.values() if query.machine.state == "Waiting"]

    def ask(self, cics: Sequence[int], now: float) -> None:
        """Ask about circuits."""
        asked: list[Query] = []
        for cic in sorted(cics):
            self.found.pop(cic, None)
            if not asked or cic - asked[-1].first >= MOST_ASKED:
                asked.append(Query(self._variant, cic))
            asked[-1].width = cic - asked[-1].first
        for query in asked:
            self._queries[query.first] = query
            self._emit(query.first, query.machine.step("begin", None, now))

    def expire(self, now: float) -> None:
        """T28."""
        for query in self.waiting():
            self._emit(query.first, query.machine.expire(now))

    def response(self, message: Message, now: float) -> None:
        """CQR: to a CQM of ours, or out of place."""
        ranged, told = message.first(RangeAndStatus), message.first(CircuitStateIndicator)
        query = self._queries.get(message.cic)
        fits = ranged is not None and told is not None and len(told.states) == ranged.range + 1
        if query is None or query.machine.state != "Waiting" or not fits or ranged is None or ranged.range != query.width:
            self._emit(message.cic, (Unexpected("group", "CQR"),))
            return
        assert told is not None, "looked at above"
        query.machine.step("stop", None, now)
        for place, state in enumerate(told.states):
            circuit = self._circuits.get(message.cic + place)
            if circuit is not None:
                self._compare(circuit, state, now)

    def _compare(self, circuit: CircuitBooks, told: CircuitState, now: float) -> None:
        ours, cic = state_of(circuit), circuit.cic
        if not told.call and told.maintenance == values.Blocking.BOTH:
            self.found[cic] = "there is no such circuit there"
        elif not told.call or not ours.call:
            self.found[cic] = "in passage" if not told.call and not ours.call else f"in passage {'here' if told.call else 'there'}"
        else:
            found = [*self._calls(ours, told), *self._blocks(circuit, told, now)]
            self.found[cic] = "; ".join(found) or AGREED
        if self.found[cic] != AGREED:
            self._emit(cic, (Noted(f"-- CQR: {self.found[cic]}"),))

    @staticmethod
    def _calls(ours: CircuitState, told: CircuitState) -> list[str]:
        here, there = _CALL(ours.call), _CALL(told.call)
        return [] if MIRRORED[here] == there else [f"{WORDS[here]} here, {WORDS[there]} there"]

    def _blocks(self, circuit: CircuitBooks, told: CircuitState, now: float) -> list[str]:
        """What differs about blocking; the far end's own blocks are believed, ours are said again."""
        found = []
        for why, theirs, word in ((MAINTENANCE, told.maintenance, "blocked"), (HARDWARE, told.hardware, "blocked by failed hardware")):
            there, known = bool(theirs & values.Blocking.LOCALLY), bool(theirs & values.Blocking.REMOTELY)
            if there and why not in circuit.blocked_there:
                found.append(f"{word} there, which was not known here")
                circuit.blocked_there.add(why)
                self._emit(circuit.cic, circuit.add_reason("remote"))
            elif not there and why in circuit.blocked_there:
                found.append(f"no longer {word} there")
                self._emit(circuit.cic, circuit.free_there(why))
            if known != (why in circuit.blocked_here):
                found.append(f"{word} here, which is not known there" if not known else f"held {word} there, but not here")
                if why == MAINTENANCE:
                    self._emit(circuit.cic, circuit.again(now) or circuit.free_again(now))
        return found
