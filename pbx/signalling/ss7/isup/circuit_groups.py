"""ISUP's messages of groups of circuits: GRS, CGB, CGU, their acknowledgements, CQM (Q.764 clauses 2.8.2.3, 2.8.4 and 2.9.3.2; T18 to
T23).

GRS names at most 32 circuits, CGB and CGU a range of 256 of which at most 32 are marked; a range of 0 is none. CQM is answered by CQR.
What they do is in pbx/signalling/ss7/circuit_groups.py, our own queries are in queries.py.
"""

from collections.abc import Mapping, Sequence

from pbx.machine import Machine
from pbx.signalling.ss7 import circuit_groups
from pbx.signalling.ss7.circuit_books import HARDWARE, MAINTENANCE, CircuitBooks
from pbx.signalling.ss7.circuit_groups import Emit, Group, Limits, Verb
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.call_control import name_of
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.indicators import CircuitGroupSupervisionMessageType
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameters import CircuitStateIndicator, RangeAndStatus
from pbx.signalling.ss7.isup.queries import Queries, state_of
from pbx.signalling.ss7.isup.variant import REPEATED, Variant

MOST_RESET = 31
KINDS = {kind: CircuitGroupSupervisionMessageType(kind) for kind in values.SupervisionType}
VERBS: Mapping[int, tuple[Verb, bool]] = {
    MessageType.GRS: ("reset", False),
    MessageType.GRA: ("reset", True),
    MessageType.CGB: ("block", False),
    MessageType.CGBA: ("block", True),
    MessageType.CGU: ("unblock", False),
    MessageType.CGUA: ("unblock", True),
}
"""What a message is about, and whether it acknowledges."""
_KIND_OF = {verb: MessageType(kind) for kind, verb in VERBS.items()}
KINDS_OF_GROUPS = frozenset((*VERBS, MessageType.CQM, MessageType.CQR))


class CircuitGroups(circuit_groups.CircuitGroups):
    """Circuit group supervision control of ISUP towards one far point."""

    LIMITS = Limits(MOST_RESET, 32)
    REQUESTS: Mapping[tuple[Verb, int], tuple[str, tuple[str, str]]] = {
        ("reset", 0): ("GRS", REPEATED[MessageType.GRS]),
        **{("block", why): ("CGB", REPEATED[MessageType.CGB]) for why in values.SupervisionType},
        **{("unblock", why): ("CGU", REPEATED[MessageType.CGU]) for why in values.SupervisionType},
    }

    __slots__ = ("queries",)

    def __init__(self, variant: Variant, circuits: Mapping[int, CircuitBooks], emit: Emit) -> None:
        super().__init__(variant, circuits, emit)
        self.queries = Queries(variant, circuits, emit)

    def query(self, cics: Sequence[int], now: float) -> None:
        """CQM."""
        self.queries.ask(cics, now)

    def found(self) -> Mapping[int, str]:
        """By the answers to our CQM."""
        return self.queries.found

    def machines(self) -> list[Machine]:
        """Those of requests and of queries."""
        return [*super().machines(), *(query.machine for query in self.queries.waiting())]

    def expire(self, now: float) -> None:
        """Repeat what is due; T28."""
        super().expire(now)
        self.queries.expire(now)

    def message(self, group: Group) -> Message:
        """Range, status, and why."""
        ranged = RangeAndStatus(group.range, group.status)
        parameters = (ranged,) if group.verb == "reset" else (KINDS[values.SupervisionType(group.why)], ranged)
        return Message(group.first, _KIND_OF[group.verb, group.acknowledges], parameters)

    def receive(self, message: Message, now: float) -> None:
        """A message about a group."""
        ranged = message.first(RangeAndStatus)
        if message.kind == MessageType.CQR:
            self.queries.response(message, now)
        elif message.kind == MessageType.CQM:
            self._query(message, ranged)
        else:
            verb, acknowledges = VERBS[message.kind]
            told = message.first(CircuitGroupSupervisionMessageType)
            why = 0 if verb == "reset" else told.type if told is not None else -1
            if ranged is None or why not in (MAINTENANCE, HARDWARE):
                self.refuse(message.cic, name_of(message))
                return
            self.take(Group(verb, why, message.cic, ranged.range, ranged.status, acknowledges), name_of(message), now)

    def _query(self, message: Message, ranged: RangeAndStatus | None) -> None:
        if ranged is None or ranged.range > MOST_RESET:
            self.refuse(message.cic, name_of(message))
            return
        states = tuple(state_of(self._circuits.get(message.cic + place)) for place in range(ranged.range + 1))
        parameters = (RangeAndStatus(ranged.range), CircuitStateIndicator(states))
        self._emit(message.cic, (Message(message.cic, MessageType.CQR, parameters),))
