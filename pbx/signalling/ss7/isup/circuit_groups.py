"""ISUP's messages of groups of circuits: GRS, CGB, CGU, their acknowledgements, CQM (Q.764 clauses 2.8.2.3, 2.8.4 and 2.9.3.2; T18 to T23).

GRS names at most 32 circuits, CGB and CGU a range of 256 of which at most 32 are marked; a range of 0 is none. CQM is answered by CQR.
What they do is in pbx/signalling/ss7/circuit_groups.py. Leaves out our own queries.
"""

from collections.abc import Mapping

from pbx.engine import Unexpected
from pbx.signalling.ss7 import circuit_groups
from pbx.signalling.ss7.circuit_books import HARDWARE, MAINTENANCE, CircuitBooks
from pbx.signalling.ss7.circuit_groups import Group, Limits, Verb
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.call_control import name_of
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.indicators import CircuitGroupSupervisionMessageType, CircuitState
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameters import CircuitStateIndicator, RangeAndStatus
from pbx.signalling.ss7.isup.variant import REPEATED

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

    __slots__ = ()

    def message(self, group: Group) -> Message:
        """Range, status, and why."""
        ranged = RangeAndStatus(group.range, group.status)
        parameters = (ranged,) if group.verb == "reset" else (KINDS[values.SupervisionType(group.why)], ranged)
        return Message(group.first, _KIND_OF[group.verb, group.acknowledges], parameters)

    def receive(self, message: Message, now: float) -> None:
        """A message about a group."""
        ranged = message.first(RangeAndStatus)
        if message.kind == MessageType.CQR:
            self._emit(message.cic, (Unexpected("group", name_of(message)),))
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
        states = tuple(_state_of(self._circuits.get(message.cic + place)) for place in range(ranged.range + 1))
        parameters = (RangeAndStatus(ranged.range), CircuitStateIndicator(states))
        self._emit(message.cic, (Message(message.cic, MessageType.CQR, parameters),))


UNEQUIPPED = CircuitState(maintenance=values.Blocking.BOTH, call=values.CallProcessing.TRANSIENT_OR_UNEQUIPPED)
TRANSIENT = CircuitState()


def _state_of(circuit: CircuitBooks | None) -> CircuitState:
    """A circuit as CQR tells it (Q.763 clause 3.14)."""
    if circuit is None:
        return UNEQUIPPED
    name = circuit.machine.state
    call = values.CallProcessing.IDLE
    if name != "Idle":
        if not name.startswith(("In", "Out")):
            return TRANSIENT
        call = values.CallProcessing.OUTGOING_BUSY if name.startswith("Out") else values.CallProcessing.INCOMING_BUSY
    maintenance, hardware = ((why in circuit.blocked_here) + 2 * (why in circuit.blocked_there) for why in (MAINTENANCE, HARDWARE))
    return CircuitState(maintenance, call, hardware)
