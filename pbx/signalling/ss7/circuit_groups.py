"""Groups of circuits reset, blocked, unblocked at once: CGRS, CGRR, MGBS, MGBR, HGBS, HGBR (Q.764 2.8.2.3 and 2.9.3.2; Q.724; GF 001-9001).

``Group`` says without a user part's words what a message is about; each user part has its own messages for it and its own limits. Whoever
is reset says which circuits maintenance has blocked at his end, and blocks anew those whose hardware has failed. Circuits of a range that
do not exist here are passed over. A circuit is in one request at a time for each reason: what is wanted otherwise meanwhile is asked when
that is acknowledged, for an acknowledgement does not tell which of two equal requests it answers. Equal resets are one, and a circuit is
reset until all that name it are acknowledged, or given up by order after people were told. Leaves out how messages look:
isup/circuit_groups.py and tup/circuit_groups.py.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from pbx.engine import Noted, Output, Unexpected
from pbx.machine import Machine
from pbx.signalling.ss7.circuit_books import HARDWARE, MAINTENANCE, CircuitBooks
from pbx.signalling.ss7.repetition import Request
from pbx.signalling.ss7.variant import Variant

Verb = Literal["reset", "block", "unblock"]
Emit = Callable[[int, Sequence[Output]], None]
"""``emit(cic, outputs)``."""


class Group(msgspec.Struct, frozen=True, gc=False):
    """What is asked, or acknowledged, of the circuits from ``first`` to ``first + range``; ``status`` marks some (bit 0 the first)."""

    verb: Verb
    why: int
    first: int
    range: int
    status: int | None = None
    acknowledges: bool = False

    def circuits(self) -> list[int]:
        """Those that are marked, or all of a reset."""
        marks = self.status if self.verb != "reset" and self.status is not None else -1
        return [self.first + place for place in range(self.range + 1) if marks >> place & 1]


class Limits(msgspec.Struct, frozen=True):
    """How wide a reset may be (circuits beyond the first), and how many circuits a block may mark."""

    most_reset: int
    most_marked: int


def _marks(first: int, cics: Sequence[int]) -> int:
    return sum(1 << cic - first for cic in cics)


class CircuitGroups:
    """Circuit group supervision control towards one far point."""

    LIMITS: Limits
    """Of what the far end may ask."""
    REQUESTS: Mapping[tuple[Verb, int], tuple[str, tuple[str, str]]]
    """The acronym and the timers of what we ask, by what and why."""
    MOST_RESET = 31
    """The greatest range of a reset of ours: 32 circuits."""
    MOST_MARKED = 32

    __slots__ = ("_circuits", "_emit", "_requests", "_variant")

    def __init__(self, variant: Variant[Any], circuits: Mapping[int, CircuitBooks], emit: Emit) -> None:
        self._variant = variant
        self._circuits = circuits
        self._emit = emit
        self._requests: dict[Group, Request] = {}

    def message(self, group: Group) -> Any:
        """The user part's message."""
        raise NotImplementedError

    def query(self, cics: Sequence[int], now: float) -> None:
        """Ask the far end how it sees circuits; a user part without such a message asks nothing."""

    def found(self) -> Mapping[int, str]:
        """What the answers said, in words by circuit; none where there was no answer."""
        return {}

    def machines(self) -> list[Machine]:
        """Those whose timers run."""
        return [request.machine for request in self.requests()]

    def requests(self) -> list[Request]:
        """The requests that are not acknowledged."""
        return list(self._requests.values())

    def asked(self) -> list[Group]:
        """What is not acknowledged."""
        return list(self._requests)

    def mend(self, now: float) -> None:
        """After a fault of ours: requests without a timer are sent anew; what no request asks any more about a circuit is asked."""
        for group, request in list(self._requests.items()):
            self._emit(group.first, request.mend(now))
        named = {(cic, group.why) for group in self._requests if group.verb != "reset" for cic in group.circuits()}
        for cic, circuit in self._circuits.items():
            for why in [why for why in circuit.grouped if (cic, why) not in named]:
                del circuit.grouped[why]
                self._ask("block" if why in circuit.blocked_here else "unblock", why, [cic], now)

    def expire(self, now: float) -> None:
        """Repeat what is due."""
        for group, request in list(self._requests.items()):
            self._emit(group.first, request.machine.expire(now))

    def _begin(self, group: Group, now: float) -> None:
        request = self._requests.get(group)
        if request is None:
            request = self._requests[group] = Request(self._variant, *self.REQUESTS[group.verb, group.why])
        self._emit(group.first, request.begin(self.message(group), now))

    def _ask(self, verb: Verb, why: int, cics: Sequence[int], now: float) -> None:
        """Now, as far as nothing is asked about the circuits for this reason; a group that asks the same already is sent anew."""
        for group in list(self._requests):
            if (group.verb, group.why) == (verb, why) and not set(cics).isdisjoint(group.circuits()):
                self._begin(group, now)
        rest = [cic for cic in cics if not self._circuits[cic].asked(why)]
        if not rest:
            return
        for cic in rest:
            self._circuits[cic].grouped[why] = verb
        self._begin(self._group(verb, why, rest), now)

    def _ask_otherwise(self, group: Group, now: float) -> None:
        """What is wanted now of circuits about which ``group`` has been acknowledged, if it is the opposite."""
        blocks = group.verb == "unblock"
        cics = [circuit.cic for circuit in self._there(group) if (group.why in circuit.blocked_here) == blocks]
        if len(cics) == 1 and group.why == MAINTENANCE:
            circuit = self._circuits[cics[0]]
            self._emit(circuit.cic, circuit.again(now) if blocks else circuit.free_again(now))
        elif cics:
            self._ask("block" if blocks else "unblock", group.why, cics, now)

    def _there(self, group: Group) -> list[CircuitBooks]:
        """The circuits that are meant, as far as they exist."""
        found = (self._circuits.get(cic) for cic in group.circuits())
        return [circuit for circuit in found if circuit is not None]

    # What we ask.

    def reset(self, first: int, width: int, now: float) -> None:
        """Reset the circuits from ``first`` to ``first + width``, by order; ``width`` is 1 to 31."""
        assert 1 <= width <= self.MOST_RESET, f"GRS has a range of 1 to {self.MOST_RESET}, not {width}"
        group = Group("reset", 0, first, width)
        self.give_up(group.circuits(), now, group)
        for circuit in self._there(group):
            self._emit(circuit.cic, (*circuit.post("abandon", None, now), *circuit.free_there(MAINTENANCE)))
        asked = self._requests.get(group)
        if asked is None or not asked.lately:
            self._begin(group, now)

    def give_up(self, cics: Sequence[int], now: float, anew: Group | None = None) -> list[int]:
        """Circuits are to be reset by order: a GRS of them that has not been answered in its long time is no more, each is reset alone.

        ``anew`` is a GRS that goes out now. Returns the circuits that have been touched.
        """
        dropped = [group for group, request in self._requests.items() if group != anew and group.verb == "reset" and request.alerted]
        dropped = [group for group in dropped if not set(cics).isdisjoint(group.circuits())]
        for group in dropped:
            del self._requests[group]
        circuits = {circuit.cic: circuit for group in dropped for circuit in self._there(group)}
        for cic, circuit in circuits.items():
            if not self._is_reset(cic) and (anew is None or cic not in anew.circuits()):
                self._emit(cic, circuit.post("alone", None, now))
        return list(circuits)

    def _is_reset(self, cic: int) -> bool:
        """Whether a GRS names the circuit that is not acknowledged."""
        return any(group.verb == "reset" and cic in group.circuits() for group in self._requests)

    def block(self, cics: Sequence[int], why: int, now: float) -> None:
        """Block up to 32 circuits, by order, for ``why`` of ``BlockedFor``."""
        for cic in cics:
            self._emit(cic, self._circuits[cic].block_here(why, now))
        self._ask("block", why, cics, now)

    def unblock(self, cics: Sequence[int], why: int, now: float) -> None:
        """Unblock circuits, by order."""
        for cic in cics:
            self._circuits[cic].blocked_here.discard(why)
        self._ask("unblock", why, cics, now)

    def _group(self, verb: Verb, why: int, cics: Sequence[int]) -> Group:
        """The first of some circuits, and the range that marks them: at least 1, for 0 means something else."""
        assert 0 < len(cics) <= self.MOST_MARKED, f"a group has 1 to {self.MOST_MARKED} circuits, not {len(cics)}"
        first = min(cics)
        width = max(max(cics) - first, 1)
        assert width < 256, "a range has 256 circuits at most"
        return Group(verb, why, first, width, _marks(first, cics))

    def hardware_again(self, circuits: Sequence[CircuitBooks], now: float) -> None:
        """The far end has forgotten: block anew what has failed here."""
        failed = [circuit.cic for circuit in circuits if HARDWARE in circuit.blocked_here]
        if failed:
            self.block(failed, HARDWARE, now)

    # What the far end asks and answers.

    def take(self, group: Group, name: str, now: float) -> None:
        """A message about a group, whose acronym is ``name``."""
        if group.acknowledges:
            self._acknowledged(group, name, now)
        elif not self._possible(group):
            self.refuse(group.first, name)
        elif group.verb == "reset":
            self._reset(group, now)
        else:
            self._blocked(group, now)

    def refuse(self, cic: int, name: str) -> None:
        """A message that names what cannot be."""
        self._emit(cic, (Unexpected("group", f"{name} with this range"),))

    def _possible(self, group: Group) -> bool:
        if group.verb == "reset":
            return 1 <= group.range <= self.LIMITS.most_reset
        return group.range > 0 and group.status is not None and group.status.bit_count() <= self.LIMITS.most_marked

    def _reset(self, group: Group, now: float) -> None:
        circuits = self._there(group)
        status = 0
        for circuit in circuits:
            self._emit(circuit.cic, (*circuit.free_there(MAINTENANCE), *circuit.post("lost", None, now)))
            if circuit.stands:
                status |= 1 << circuit.cic - group.first
        self.hardware_again(circuits, now)
        self._emit(group.first, (self.message(Group("reset", 0, group.first, group.range, status, acknowledges=True)),))

    def _blocked(self, group: Group, now: float) -> None:
        circuits = self._there(group)
        for circuit in circuits:
            blocks = group.verb == "block"
            self._emit(circuit.cic, circuit.block_there(group.why, now) if blocks else circuit.free_there(group.why))
        status = sum(1 << circuit.cic - group.first for circuit in circuits)
        self._emit(group.first, (self.message(Group(group.verb, group.why, group.first, group.range, status, acknowledges=True)),))

    def _acknowledged(self, group: Group, name: str, now: float) -> None:
        asked = self._asked(group)
        if asked is None:
            self._emit(group.first, (Unexpected("group", name),))
            return
        del self._requests[asked]
        if group.verb == "reset":
            self._reset_acknowledged(group, now)
            return
        if group.status != asked.status:
            self._emit(group.first, (Noted(f"-- {name} does not mark what was asked"),))
        for circuit in self._there(asked):
            circuit.grouped.pop(group.why, None)
            if group.verb == "unblock":
                self._emit(circuit.cic, circuit.freed(group.why))
        self._ask_otherwise(asked, now)

    def _asked(self, group: Group) -> Group | None:
        """The request that an acknowledgement answers: one for the same range, which marks no less (the far end may lack circuits)."""
        subject, marks = (group.verb, group.why, group.first, group.range), group.status or 0
        found = [each for each in self._requests if (each.verb, each.why, each.first, each.range) == subject]
        return next((each for each in found if each.status is None or marks & ~each.status == 0), None)

    def _reset_acknowledged(self, group: Group, now: float) -> None:
        """GRA: the circuits are free, save those that maintenance has blocked at the far end, or that another GRS names."""
        for circuit in self._there(group):
            remote: Sequence[Output] = ()
            if group.status is not None and group.status >> circuit.cic - group.first & 1:
                circuit.blocked_there.add(MAINTENANCE)
                remote = circuit.add_reason("remote")
            free = () if self._is_reset(circuit.cic) else (*circuit.post("acknowledged", None, now), *circuit.again(now))
            self._emit(circuit.cic, (*remote, *free))
