"""A user part between two points: its circuits, its borders with the MTP and the switch, its deadlines; and the choice of the pair (Q.701).

``UserPart`` is what ISUP and TUP have in common, one for each pair of an own and a far point. It takes what the MTP says
(pbx/signalling/ss7/primitives.py) and what the switch says to a circuit, and returns messages for the MTP (``Transfer``) and what circuits
say (``FromCircuit``). ``Distribution`` chooses the pair. The point with the higher code controls the circuits of even codes when both seize
one (Q.764 2.9.1.4, Q.724). Leaves out how messages look, and how the switch finds a free circuit.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from pbx.engine import Input, Levels, Malformed, Output, PeerMessage
from pbx.signalling.ss7.availability import FarUserPart
from pbx.signalling.ss7.circuit_books import HARDWARE, MAINTENANCE, CircuitBooks
from pbx.signalling.ss7.circuit_groups import CircuitGroups
from pbx.signalling.ss7.congestion import Congestion
from pbx.signalling.ss7.continuity import SOUNDS
from pbx.signalling.ss7.primitives import Pause, RestartBegins, Resume, Status, ToUser, Transfer
from pbx.signalling.ss7.variant import Variant
from pbx.vocabulary.call import Reset
from pbx.vocabulary.numbers import NumberExaminer


class FromCircuit(msgspec.Struct, frozen=True, gc=False):
    """What a circuit says, or what was noticed about a code that has none."""

    cic: int
    output: Output


Outputs = list[Transfer | FromCircuit]
Circuit = TypeVar("Circuit", bound=CircuitBooks)


class UserPart(Generic[Circuit]):
    """All circuits between two points."""

    CIRCUIT: ClassVar[type[Any]]
    AVAILABILITY: ClassVar[type[FarUserPart]]
    GROUPS: ClassVar[type[CircuitGroups]]
    CONGESTION: ClassVar[tuple[str, str]]
    """The timers of congestion at the far end."""

    groups: CircuitGroups

    def __init__(self, own: int, far: int, variant: Variant[Any], cics: Iterable[int], examiner: NumberExaminer) -> None:
        self.own = own
        self.far = far
        self.variant = variant
        self.service: int = variant.data.service
        self.congestion = congestion = Congestion(variant, self.CONGESTION)
        self.circuits: Mapping[int, Circuit] = {
            cic: self.CIRCUIT(cic, (own > far) == (cic % 2 == 0), variant, examiner, congestion) for cic in sorted(cics)
        }
        assert self.circuits, "two points without circuits have no user part between them"
        self.availability = self.AVAILABILITY(variant, min(self.circuits))
        self.groups = self.GROUPS(variant, self.circuits, self._emit)
        self._reachable = True
        self._outputs: Outputs = []
        self._due: list[tuple[float, int]] = []
        self._scheduled: dict[int, float] = {}
        self.expiring = -1
        """The circuit whose timer has fired last."""

    def write(self, message: Any) -> Transfer:
        """The octets of a message of ours, for the MTP."""
        raise NotImplementedError

    def read(self, value: Transfer) -> Any:
        """The message that the MTP brings, or ``Malformed``."""
        raise NotImplementedError

    def hear(self, message: Any, value: Transfer, now: float) -> None:
        """A message of the far end, and how it came."""
        raise NotImplementedError

    def summary(self, value: Transfer) -> tuple[int, str]:
        """The circuit of a message and a line about it, for the trace; -1 of one that cannot be read."""
        raise NotImplementedError

    def start(self, now: float, reset: bool = False) -> Outputs:
        """Into service; with ``reset`` by GRS, since the far end may remember calls."""
        for circuit in self.circuits.values():
            self._emit(circuit.cic, circuit.start(now))
        if reset:
            self._reset(list(self.circuits), now)
        return self._take()

    def reset_idle(self, now: float) -> Outputs:
        """The far end can be reached for the first time: reset all circuits on which no call stands."""
        self._reset([cic for cic, circuit in self.circuits.items() if circuit.machine.state == "Idle"], now)
        return self._take()

    def reset_all(self, cics: Sequence[int], now: float) -> Outputs:
        """Reset circuits by order, in groups as far as they follow one another."""
        self._reset(sorted(cics), now)
        return self._take()

    def _reset(self, cics: Sequence[int], now: float) -> None:
        for run in _runs(cics):
            if len(run) == 1:
                self._reset_one(run[0], now)
            else:
                self.groups.reset(run[0], run[-1] - run[0], now)
        self._reschedule(self.circuits)

    def _reset_one(self, cic: int, now: float) -> None:
        self._reschedule(self.groups.give_up([cic], now))
        self._emit(cic, self.circuits[cic].post("Reset", None, now))

    def resume(self, cic: int, tag: str, levels: Levels, now: float) -> Outputs:
        """A circuit after a restart of control: an answered call goes on by its tag, anything else is reset."""
        circuit = self.circuits[cic]
        self._emit(cic, circuit.resume(tag, levels, now))
        self._schedule(circuit)
        return self._take()

    def check(self, cics: Sequence[int], now: float) -> Outputs:
        """Check the continuity of circuits by order, as far as they are at rest."""
        for cic in cics:
            self._emit(cic, self.circuits[cic].post("check", None, now))
        self._reschedule(cics)
        return self._take()

    def query(self, cics: Sequence[int], now: float) -> Outputs:
        """Ask the far end how it sees circuits; ``groups.found()`` will tell where it differs."""
        self.groups.query(cics, now)
        return self._take()

    def maintain(self, cics: Sequence[int], stands: bool, now: float) -> Outputs:
        """Take circuits out of use by order, or bring them back; calls go on."""
        return (self.block if stands else self.unblock)(cics, MAINTENANCE, now)

    def fail(self, cics: Sequence[int], stands: bool, now: float) -> Outputs:
        """The hardware of circuits has failed, or is well again; calls are lost."""
        return (self.block if stands else self.unblock)(cics, HARDWARE, now)

    def give(self, cic: int, value: Input, now: float) -> Outputs:
        """What the switch says to a circuit, or what is heard on it."""
        circuit = self.circuits[cic]
        if isinstance(value, Reset):
            self._reset_one(cic, now)
        else:
            self._emit(cic, circuit.receive(value, now))
        self._schedule(circuit)
        return self._take()

    def block(self, cics: Sequence[int], why: int, now: float) -> Outputs:
        """Block circuits at the far end; ``why`` is one of ``BlockedFor``."""
        self.groups.block(cics, why, now)
        self._reschedule(cics)
        return self._take()

    def unblock(self, cics: Sequence[int], why: int, now: float) -> Outputs:
        """Unblock circuits."""
        self.groups.unblock(cics, why, now)
        self._reschedule(cics)
        return self._take()

    def reset(self, first: int, width: int, now: float) -> Outputs:
        """Reset ``width`` + 1 circuits by GRS."""
        self.groups.reset(first, width, now)
        self._reschedule(self.circuits)
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
            self.expiring = cic
            self._scheduled.pop(cic, None)
            self._emit(cic, circuit.expire(now))
            self._schedule(circuit)
        self.groups.expire(now)
        available = self.availability.available
        for machine in (self.congestion.machine, self.availability.machine):
            self._emit(self.availability.cic, machine.expire(now))
        if self.availability.available != available:
            self._serve()
        return self._take()

    def deadline(self) -> float | None:
        """When ``expire`` is wanted; it may be earlier than a timer that was started anew."""
        due = self._due[0][0] if self._due else None
        for machine in (self.congestion.machine, self.availability.machine, *self.groups.machines()):
            other = machine.deadline()
            if other is not None and (due is None or other < due):
                due = other
        return due

    def mend(self, now: float) -> Outputs:
        """A fault of ours has ended some work half way: what was said is not lost, and nothing waits for what can never come.

        Requests whose timer is gone are sent anew; circuits that wait for the acknowledgement of a group which nobody asks about any more
        are reset. The circuit at which the fault was is for who caught it.
        """
        for machine in (self.congestion.machine, self.availability.machine):
            state = machine.chart.states[machine.state]
            if (state.starts or state.keeps) and machine.deadline() is None:
                machine.step("clear", None, now)
        self._serve()
        self.groups.mend(now)
        for circuit in self.circuits.values():
            for request in circuit.blocking.requests:
                self._emit(circuit.cic, request.mend(now))
        named = {cic for group in self.groups.asked() if group.verb == "reset" for cic in group.circuits()}
        self._reset([cic for cic, circuit in self.circuits.items() if circuit.machine.state == "GroupResetting" and cic not in named], now)
        self._reschedule(self.circuits)
        return self._take()

    @property
    def rests(self) -> bool:
        """Whether no circuit waits for anything."""
        return all(circuit.deadline() is None for circuit in self.circuits.values())

    def _take(self) -> Outputs:
        outputs, self._outputs = self._outputs, []
        return outputs

    def _emit(self, cic: int, outputs: Sequence[Output]) -> None:
        for output in outputs:
            if isinstance(output, PeerMessage):
                self._outputs.append(self.write(output))
            else:
                self._outputs.append(FromCircuit(cic, output))
        circuit = self.circuits.get(cic)
        if circuit is not None and (circuit.machine.state in SOUNDS or circuit.check.sounds):
            self._outputs += [FromCircuit(cic, command) for command in circuit.check.sounding(circuit.machine.state)]

    def _schedule(self, circuit: Circuit) -> None:
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
        message = self.read(value)
        if isinstance(message, Malformed):
            self._outputs.append(FromCircuit(-1, message))
            return
        if self.availability.machine.state != "Available":
            self.availability.machine.step("heard", None, now)
            self._serve()
        self.hear(message, value, now)

    def _status(self, value: Status, now: float) -> None:
        if value.cause == "congestion":
            self._emit(self.availability.cic, self.congestion.told(now))
        elif value.service in (None, self.service):
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
        if runs and cic == runs[-1][-1] + 1 and cic - runs[-1][0] <= CircuitGroups.MOST_RESET:
            runs[-1].append(cic)
        else:
            runs.append([cic])
    return runs


class Distribution:
    """Chooses the user part that a message belongs to; two points may have circuits of several."""

    def __init__(self, pairs: Iterable[UserPart[Any]]) -> None:
        self.pairs = {(pair.own, pair.far, pair.service): pair for pair in pairs}
        self.unknown = 0
        """Messages of points with which no circuits are shared."""

    def receive(self, own: int, value: ToUser, now: float) -> list[tuple[UserPart[Any], Outputs]]:
        """What the MTP of the own point ``own`` says, to the pairs that it concerns."""
        if isinstance(value, Transfer):
            pair = self.pairs.get((value.dpc, value.opc, value.service))
            if pair is None:
                self.unknown += 1
                return []
            return [(pair, pair.receive(value, now))]
        return [(pair, pair.receive(value, now)) for (point, *_), pair in self.pairs.items() if point == own]
