"""Groups of circuits reset, blocked, unblocked at once: CGRS, CGRR, MGBS, MGBR, HGBS, HGBR (Q.764 2.8.2.3 and 2.9.3.2; T18 to T23).

GRS names at most 32 circuits, CGB and CGU a range of 256 of which at most 32 are marked; a range of 0 is none. Whoever is reset by GRS says
in GRA which circuits maintenance has blocked at his end, and sends CGB anew for those whose hardware has failed. Circuits of a range that
do not exist here are passed over. CQM is answered by CQR (2.8.4). Leaves out our own queries.
"""

from collections.abc import Callable, Mapping, Sequence

from pbx.engine import Noted, Output, Unexpected
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.call_control import name_of
from pbx.signalling.ss7.isup.circuit import IsupCircuit
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.indicators import CircuitGroupSupervisionMessageType, CircuitState
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameters import CircuitStateIndicator, RangeAndStatus
from pbx.signalling.ss7.isup.repetition import Request
from pbx.signalling.ss7.isup.variant import Variant

MOST_RESET = 31
"""The greatest range of GRS: 32 circuits."""
MOST_MARKED = 32
MAINTENANCE, HARDWARE = values.SupervisionType.MAINTENANCE, values.SupervisionType.HARDWARE_FAILURE
KINDS = {kind: CircuitGroupSupervisionMessageType(kind) for kind in values.SupervisionType}
Emit = Callable[[int, Sequence[Output]], None]
"""``emit(cic, outputs)``."""


class CircuitGroups:
    """Circuit group supervision control towards one far point."""

    __slots__ = ("_circuits", "_emit", "_requests", "_variant")

    def __init__(self, variant: Variant, circuits: Mapping[int, IsupCircuit], emit: Emit) -> None:
        self._variant = variant
        self._circuits = circuits
        self._emit = emit
        self._requests: dict[tuple[int, int, int], Request] = {}

    def requests(self) -> list[Request]:
        """The requests that were ever made."""
        return list(self._requests.values())

    def _begin(self, message: Message, why: int, now: float) -> None:
        key = (message.kind, why, message.cic)
        request = self._requests.get(key)
        if request is None:
            request = self._requests[key] = Request(self._variant, MessageType(message.kind))
        self._emit(message.cic, request.begin(message, now))

    def _answered(self, message: Message, request_kind: MessageType, why: int, now: float) -> bool:
        """Whether an acknowledgement is that of a request; it is then no longer repeated."""
        request = self._requests.get((request_kind, why, message.cic))
        asked = request.message.first(RangeAndStatus) if request is not None and request.message is not None else None
        told = message.first(RangeAndStatus)
        if request is None or asked is None or told is None or asked.range != told.range or not request.stop(now):
            self._emit(message.cic, (Unexpected("group", name_of(message)),))
            return False
        return True

    def _there(self, first: int, ranged: RangeAndStatus) -> list[IsupCircuit]:
        """The circuits of a range, or those that its status marks, as far as they exist."""
        found = (self._circuits.get(cic) for cic in ranged.circuits(first))
        return [circuit for circuit in found if circuit is not None]

    # What we ask.

    def reset(self, first: int, width: int, now: float) -> None:
        """Reset the circuits from ``first`` to ``first + width``, by order; ``width`` is 1 to 31."""
        assert 1 <= width <= MOST_RESET, f"GRS has a range of 1 to {MOST_RESET}, not {width}"
        ranged = RangeAndStatus(width)
        for circuit in self._there(first, ranged):
            self._emit(circuit.cic, (*circuit.post("abandon", None, now), *circuit.free_there(MAINTENANCE)))
        self._begin(Message(first, MessageType.GRS, (ranged,)), 0, now)

    def block(self, cics: Sequence[int], why: int, now: float) -> None:
        """Block up to 32 circuits by CGB, by order, for ``why`` of ``values.SupervisionType``."""
        first, ranged = range_of(cics)
        for cic in cics:
            self._emit(cic, self._circuits[cic].block_here(why, now))
        self._quiet(MessageType.CGU, why, first, now)
        self._begin(Message(first, MessageType.CGB, (KINDS[values.SupervisionType(why)], ranged)), why, now)

    def unblock(self, cics: Sequence[int], why: int, now: float) -> None:
        """Unblock circuits by CGU, by order."""
        first, ranged = range_of(cics)
        for cic in cics:
            self._circuits[cic].free_here(why, now)
        self._quiet(MessageType.CGB, why, first, now)
        self._begin(Message(first, MessageType.CGU, (KINDS[values.SupervisionType(why)], ranged)), why, now)

    def _quiet(self, kind: MessageType, why: int, first: int, now: float) -> None:
        request = self._requests.get((kind, why, first))
        if request is not None:
            request.stop(now)

    def hardware_again(self, circuits: Sequence[IsupCircuit], now: float) -> None:
        """The far end has forgotten: CGB for what has failed here."""
        failed = [circuit.cic for circuit in circuits if HARDWARE in circuit.blocked_here]
        if failed:
            self.block(failed, HARDWARE, now)

    # What the far end asks and answers.

    def receive(self, message: Message, now: float) -> None:
        """A message about a group."""
        _RECEIVERS[message.kind](self, message, now)

    def _refuse(self, message: Message) -> None:
        self._emit(message.cic, (Unexpected("group", f"{name_of(message)} with this range"),))

    def _grs(self, message: Message, now: float) -> None:
        ranged = message.first(RangeAndStatus)
        if ranged is None or not 1 <= ranged.range <= MOST_RESET:
            self._refuse(message)
            return
        circuits = self._there(message.cic, RangeAndStatus(ranged.range))
        status = 0
        for circuit in circuits:
            self._emit(circuit.cic, (*circuit.free_there(MAINTENANCE), *circuit.post("lost", None, now)))
            if MAINTENANCE in circuit.blocked_here:
                status |= 1 << circuit.cic - message.cic
        self.hardware_again(circuits, now)
        self._emit(message.cic, (Message(message.cic, MessageType.GRA, (RangeAndStatus(ranged.range, status),)),))

    def _gra(self, message: Message, now: float) -> None:
        if not self._answered(message, MessageType.GRS, 0, now):
            return
        told = message.first(RangeAndStatus)
        assert told is not None, "an acknowledgement that answers a request has a range"
        for circuit in self._there(message.cic, RangeAndStatus(told.range)):
            remote: Sequence[Output] = ()
            if told.status is not None and told.status >> circuit.cic - message.cic & 1:
                circuit.blocked_there.add(MAINTENANCE)
                remote = circuit.add_reason("remote")
            self._emit(circuit.cic, (*remote, *circuit.post("acknowledged", None, now), *circuit.blocking.again(now)))

    def _asked(self, message: Message) -> tuple[int, list[IsupCircuit]] | None:
        """Why, and which circuits; None where it cannot be done."""
        ranged, why = message.first(RangeAndStatus), message.first(CircuitGroupSupervisionMessageType)
        if ranged is None or why is None or why.type not in (MAINTENANCE, HARDWARE) or not ranged.range or ranged.status is None:
            return None
        if ranged.status.bit_count() > MOST_MARKED:
            return None
        return why.type, self._there(message.cic, ranged)

    def _done(self, message: Message, kind: MessageType, why: int, circuits: Sequence[IsupCircuit]) -> None:
        ranged = message.first(RangeAndStatus)
        assert ranged is not None, "what can be done has a range"
        status = sum(1 << circuit.cic - message.cic for circuit in circuits)
        parameters = (KINDS[values.SupervisionType(why)], RangeAndStatus(ranged.range, status))
        self._emit(message.cic, (Message(message.cic, kind, parameters),))

    def _cgb(self, message: Message, now: float) -> None:
        asked = self._asked(message)
        if asked is None:
            self._refuse(message)
            return
        why, circuits = asked
        for circuit in circuits:
            self._emit(circuit.cic, circuit.block_there(why, now))
        self._done(message, MessageType.CGBA, why, circuits)

    def _cgu(self, message: Message, now: float) -> None:
        asked = self._asked(message)
        if asked is None:
            self._refuse(message)
            return
        why, circuits = asked
        for circuit in circuits:
            self._emit(circuit.cic, circuit.free_there(why))
        self._done(message, MessageType.CGUA, why, circuits)

    def _acknowledged(self, message: Message, now: float) -> None:
        """CGBA or CGUA: all that was asked should be marked; CGUA frees."""
        told = message.first(CircuitGroupSupervisionMessageType)
        kind = MessageType.CGB if message.kind == MessageType.CGBA else MessageType.CGU
        why = told.type if told is not None else 0
        if not self._answered(message, kind, why, now):
            return
        request = self._requests[kind, why, message.cic].message
        wanted = request.first(RangeAndStatus) if request is not None else None
        answered = message.first(RangeAndStatus)
        assert wanted is not None and answered is not None, "an acknowledgement that answers a request has a range"
        if answered.status != wanted.status:
            self._emit(message.cic, (Noted(f"-- {name_of(message)} does not mark what was asked"),))
        if kind == MessageType.CGU:
            for circuit in self._there(message.cic, wanted):
                self._emit(circuit.cic, circuit.blocking.freed())

    def _cqm(self, message: Message, now: float) -> None:
        ranged = message.first(RangeAndStatus)
        if ranged is None or ranged.range > MOST_RESET:
            self._refuse(message)
            return
        states = tuple(_state_of(self._circuits.get(message.cic + place)) for place in range(ranged.range + 1))
        parameters = (RangeAndStatus(ranged.range), CircuitStateIndicator(states))
        self._emit(message.cic, (Message(message.cic, MessageType.CQR, parameters),))

    def _stray(self, message: Message, now: float) -> None:
        """CQR, which nobody has asked for."""
        self._emit(message.cic, (Unexpected("group", name_of(message)),))


UNEQUIPPED = CircuitState(maintenance=values.Blocking.BOTH, call=values.CallProcessing.TRANSIENT_OR_UNEQUIPPED)
TRANSIENT = CircuitState()


def _state_of(circuit: IsupCircuit | None) -> CircuitState:
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


def range_of(cics: Sequence[int]) -> tuple[int, RangeAndStatus]:
    """The first of some circuits, and the range that marks them: at least 1, for 0 means something else."""
    assert 0 < len(cics) <= MOST_MARKED, f"a group has 1 to {MOST_MARKED} circuits, not {len(cics)}"
    first = min(cics)
    width = max(max(cics) - first, 1)
    assert width < 256, "a range has 256 circuits at most"
    return first, RangeAndStatus(width, sum(1 << cic - first for cic in cics))


_RECEIVERS: Mapping[int, Callable[[CircuitGroups, Message, float], None]] = {
    MessageType.GRS: CircuitGroups._grs,
    MessageType.GRA: CircuitGroups._gra,
    MessageType.CGB: CircuitGroups._cgb,
    MessageType.CGU: CircuitGroups._cgu,
    MessageType.CGBA: CircuitGroups._acknowledged,
    MessageType.CGUA: CircuitGroups._acknowledged,
    MessageType.CQM: CircuitGroups._cqm,
    MessageType.CQR: CircuitGroups._stray,
}
KINDS_OF_GROUPS = frozenset(_RECEIVERS)
