"""The ISUP between two points: message distribution, its circuits, its borders with the MTP (Q.764 clauses 2.9, 2.12 to 2.14; Q.701).

``Isup`` is one for each pair of an own and a far point. It takes what the MTP says (pbx/signalling/ss7/primitives.py) and what the switch
says to a circuit, and returns messages for the MTP (``Transfer``) and what circuits say (``FromCircuit``). All messages of a circuit have
the signalling link selection of its code, so that they stay in order. ``Distribution`` chooses the pair. The point with the higher code
controls the circuits of even codes when both seize one (2.9.1.4). Leaves out how the switch finds a free circuit.
"""

import heapq
from collections.abc import Iterable, Sequence

import msgspec

from pbx.engine import Malformed, Output, Unexpected
from pbx.signalling.ss7.isup import codec
from pbx.signalling.ss7.isup.call_control import name_of
from pbx.signalling.ss7.isup.circuit import IsupCircuit
from pbx.signalling.ss7.isup.circuit_groups import KINDS_OF_GROUPS, MOST_RESET, CircuitGroups
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.congestion import Availability, Congestion
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.variant import Variant
from pbx.signalling.ss7.primitives import Pause, RestartBegins, Resume, Status, ToUser, Transfer
from pbx.vocabulary.call import Primitive
from pbx.vocabulary.numbers import NumberExaminer

SELECTION = 0x0F
_T = MessageType
ANSWERS = frozenset((_T.UCIC, _T.RLC, _T.CFN, _T.BLA, _T.UBA, _T.GRA, _T.CGBA, _T.CGUA, _T.CQR))
"""Messages that are not answered by UCIC."""


class FromCircuit(msgspec.Struct, frozen=True, gc=False):
    """What a circuit says, or what was noticed about a code that has none."""

    cic: int
    output: Output


Outputs = list[Transfer | FromCircuit]


class Isup:
    """All circuits between two points."""

    def __init__(self, own: int, far: int, variant: Variant, cics: Iterable[int], examiner: NumberExaminer) -> None:
        self.own = own
        self.far = far
        self.variant = variant
        self.congestion = Congestion(variant)
        self.circuits = {cic: IsupCircuit(cic, (own > far) == (cic % 2 == 0), variant, examiner, self.congestion) for cic in sorted(cics)}
        assert self.circuits, "two points without circuits have no ISUP between them"
        self.availability = Availability(variant, next(iter(self.circuits)))
        self.groups = CircuitGroups(variant, self.circuits, self._emit)
        self._reachable = True
        self._outputs: Outputs = []
        self._due: list[tuple[float, int]] = []
        self._scheduled: dict[int, float] = {}

    def start(self, now: float, reset: bool = False) -> Outputs:
        """Into service; with ``reset`` by GRS, since the far end may remember calls."""
        for circuit in self.circuits.values():
            self._emit(circuit.cic, circuit.start(now))
        if reset:
            for cics in _runs(list(self.circuits)):
                if len(cics) == 1:
                    self._emit(cics[0], self.circuits[cics[0]].post("Reset", None, now))
                else:
                    self.groups.reset(cics[0], cics[-1] - cics[0], now)
            self._reschedule(self.circuits)
        return self._take()

    def give(self, cic: int, primitive: Primitive, now: float) -> Outputs:
        """What the switch says to a circuit."""
        circuit = self.circuits[cic]
        self._emit(cic, circuit.receive(primitive, now))
        self._schedule(circuit)
        return self._take()

    def block(self, cics: Sequence[int], why: int, now: float) -> Outputs:
        """Block circuits by CGB; ``why`` is one of ``values.SupervisionType``."""
        self.groups.block(cics, why, now)
        self._reschedule(cics)
        return self._take()

    def unblock(self, cics: Sequence[int], why: int, now: float) -> Outputs:
        """Unblock circuits by CGU."""
        self.groups.unblock(cics, why, now)
        self._reschedule(cics)
        return self._take()

    def reset(self, first: int, width: int, now: float) -> Outputs:
        """Reset ``width`` + 1 circuits by GRS."""
        self.groups.reset(first, width, now)
        self._reschedule(range(first, first + width + 1))
        return self._take()

    def receive(self, value: ToUser, now: float) -> Outputs:
        """What the MTP says."""
        if isinstance(value, Transfer):
            self._transfer(value, now)
        elif isinstance(value, Pause | RestartBegins):
            if isinstance(value, RestartBegins) or value.affected == self.far:
                self._reachable = False
                self.availability.machine.step("clear", None, now)
                self._serve()
        elif isinstance(value, Resume):
            if value.affected == self.far:
                self._reachable = True
                self.congestion.machine.step("clear", None, now)
                self._serve()
        elif isinstance(value, Status) and value.affected == self.far:
            self._status(value, now)
        return self._take()

    def expire(self, now: float) -> Outputs:
        """Fire the timers that are due."""
        while self._due and self._due[0][0] <= now:
            _, cic = heapq.heappop(self._due)
            circuit = self.circuits[cic]
            self._scheduled.pop(cic, None)
            self._emit(cic, circuit.expire(now))
            self._schedule(circuit)
        for request in self.groups.requests():
            if request.message is not None:
                self._emit(request.message.cic, request.machine.expire(now))
        for machine in (self.congestion.machine, self.availability.machine):
            self._emit(self.availability.cic, machine.expire(now))
        return self._take()

    def deadline(self) -> float | None:
        """When ``expire`` is wanted; it may be earlier than a timer that was started anew."""
        machines = [self.congestion.machine, self.availability.machine, *(request.machine for request in self.groups.requests())]
        found = [due for machine in machines if (due := machine.deadline()) is not None]
        if self._due:
            found.append(self._due[0][0])
        return min(found, default=None)

    def _take(self) -> Outputs:
        outputs, self._outputs = self._outputs, []
        return outputs

    def _emit(self, cic: int, outputs: Sequence[Output]) -> None:
        for output in outputs:
            if isinstance(output, Message):
                octets = codec.encode(output)
                self._outputs.append(Transfer(self.variant.data.service, self.far, self.own, output.cic & SELECTION, octets))
            else:
                self._outputs.append(FromCircuit(cic, output))

    def _schedule(self, circuit: IsupCircuit) -> None:
        due = circuit.deadline()
        if due is None:
            return
        known = self._scheduled.get(circuit.cic)
        if known is None or due < known:
            self._scheduled[circuit.cic] = due
            heapq.heappush(self._due, (due, circuit.cic))

    def _reschedule(self, cics: Iterable[int]) -> None:
        for cic in cics:
            circuit = self.circuits.get(cic)
            if circuit is not None:
                self._schedule(circuit)

    def _transfer(self, value: Transfer, now: float) -> None:
        message = codec.decode(value.data)
        if isinstance(message, Malformed):
            self._outputs.append(FromCircuit(-1, message))
            return
        if self.availability.machine.state != "Available":
            self.availability.machine.step("heard", None, now)
            self._serve()
        if message.kind == MessageType.UPT:
            self._emit(message.cic, (Message(message.cic, MessageType.UPA),))
            return
        if message.kind == MessageType.UPA:
            return
        circuit = self.circuits.get(message.cic)
        if circuit is None:
            self._no_circuit(message)
        elif message.kind in KINDS_OF_GROUPS:
            self.groups.receive(message, now)
            self._reschedule(range(message.cic, message.cic + 256))
        else:
            self._emit(message.cic, circuit.message(message, now))
            if message.kind == MessageType.RSC or (message.kind == MessageType.IAM and circuit.machine.state == "Idle"):
                self.groups.hardware_again((circuit,), now)
            self._schedule(circuit)

    def _no_circuit(self, message: Message) -> None:
        """A code that no circuit has here (2.12)."""
        outputs: tuple[Output, ...] = (Unexpected("no circuit", name_of(message)),)
        if self.variant.data.answer_unequipped and message.kind not in ANSWERS:
            outputs = (*outputs, Message(message.cic, MessageType.UCIC))
        self._emit(message.cic, outputs)

    def _status(self, value: Status, now: float) -> None:
        if value.cause == "congestion":
            self._emit(self.availability.cic, self.congestion.told(now))
        elif value.service in (None, self.variant.data.service):
            event = "unequipped" if value.reason == "unequipped" else "inaccessible"
            self._emit(self.availability.cic, self.availability.machine.step(event, None, now))
            self._serve()

    def _serve(self) -> None:
        served = self._reachable and self.availability.available
        for circuit in self.circuits.values():
            if circuit.served != served:
                self._emit(circuit.cic, circuit.serve(served))


def _runs(cics: Sequence[int]) -> list[list[int]]:
    """Neighbouring circuits in runs that GRS can name."""
    runs: list[list[int]] = []
    for cic in cics:
        if runs and cic == runs[-1][-1] + 1 and cic - runs[-1][0] <= MOST_RESET:
            runs[-1].append(cic)
        else:
            runs.append([cic])
    return runs


class Distribution:
    """Chooses the pair of points that a message belongs to."""

    def __init__(self, pairs: Iterable[Isup]) -> None:
        self.pairs = {(pair.own, pair.far): pair for pair in pairs}
        self.unknown = 0
        """Messages of points with which no circuits are shared."""

    def receive(self, own: int, value: ToUser, now: float) -> list[tuple[Isup, Outputs]]:
        """What the MTP of the own point ``own`` says, to the pairs that it concerns."""
        if isinstance(value, Transfer):
            pair = self.pairs.get((value.dpc, value.opc))
            if pair is None or pair.variant.data.service != value.service:
                self.unknown += 1
                return []
            return [(pair, pair.receive(value, now))]
        return [(pair, pair.receive(value, now)) for (point, _), pair in self.pairs.items() if point == own]
