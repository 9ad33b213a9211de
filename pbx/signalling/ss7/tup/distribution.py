"""The Chinese TUP between two points: message distribution, and what is of no circuit (GF 001-9001; Q.724; Q.704 for UPU).

``Tup`` is one for each pair of an own and a far point, with the face of every user part (pbx/signalling/ss7/distribution.py). The label of
a TUP ends with the circuit identification code, whose low four bits lie where the SLS is: so messages of a circuit stay in order by
themselves. A far user part that is not available is not asked, for TUP has no message for it: after a time calls are tried again. Leaves
out how the switch finds a free circuit.
"""

from collections.abc import Iterable, Sequence

from pbx.engine import Malformed, Noted, Output, Unexpected
from pbx.machine import Cell, State
from pbx.signalling.ss7.availability import FarUserPart
from pbx.signalling.ss7.distribution import UserPart
from pbx.signalling.ss7.mtp3.label import circuit_bits, circuit_label
from pbx.signalling.ss7.primitives import Transfer
from pbx.signalling.ss7.tup import codec
from pbx.signalling.ss7.tup.call_control import name_of
from pbx.signalling.ss7.tup.circuit import TupCircuit
from pbx.signalling.ss7.tup.circuit_groups import GROUPS, CircuitGroups
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.contents import CongestionLevel
from pbx.signalling.ss7.tup.messages import Heading
from pbx.signalling.ss7.tup.summary import summary
from pbx.signalling.ss7.tup.variant import CONGESTION, Variant
from pbx.vocabulary.numbers import NumberExaminer

CALLS = frozenset((Heading.IAM, Heading.IAI))
MOST_CONGESTED = 2
"""Levels of ACC are 1 and 2."""


def _inaccessible(part: FarUserPart, _: object, now: float) -> Sequence[Output]:
    return (Noted("-- the far user part takes no messages"),)


_HEARD = Cell(None, ("Available",))
_SILENT, _NONE = Cell(_inaccessible, ("Waiting",)), Cell(FarUserPart.unequipped, ("Unequipped",))
AVAILABILITY_STATES = {
    "Available": State("answers", {"heard": Cell(None), "inaccessible": _SILENT, "unequipped": _NONE, "clear": _HEARD}),
    "Waiting": State(
        "is left alone",
        {"heard": _HEARD, "inaccessible": Cell(None), "unequipped": _NONE, "user_part": _HEARD, "clear": _HEARD},
        ("user_part",),
    ),
    "Unequipped": State("does not exist", {"heard": _HEARD, "inaccessible": _SILENT, "unequipped": Cell(None), "clear": _HEARD}),
}


class Availability(FarUserPart):
    """The far TUP."""

    __slots__ = ()

    STATES = AVAILABILITY_STATES


class Tup(UserPart[TupCircuit]):
    """All circuits between two points."""

    CIRCUIT, AVAILABILITY, GROUPS, CONGESTION = TupCircuit, Availability, CircuitGroups, CONGESTION

    groups: CircuitGroups

    def __init__(self, own: int, far: int, variant: Variant, cics: Iterable[int], examiner: NumberExaminer) -> None:
        super().__init__(own, far, variant, cics, examiner)
        self._form = variant.form
        self._block_unequipped = variant.data.block_unequipped

    def write(self, message: Message) -> Transfer:
        """The octets of a message of ours, for the MTP: the low bits of the circuit's code stand in the label."""
        sls, above, rest = circuit_label(self._form, message.cic)
        return Transfer(self.service, self.far, self.own, sls, rest + codec.encode(message)[2:], above)

    def read(self, value: Transfer) -> Message | Malformed:
        """The message that the MTP brings."""
        found = circuit_bits(self._form, value.sls, value.above, value.data)
        if isinstance(found, Malformed):
            return found
        cic, rest = found
        return codec.decode(bytes((cic & 0xFF, cic >> 8)) + rest)

    def summary(self, value: Transfer) -> tuple[int, str]:
        """The circuit of a message and a line about it."""
        message = self.read(value)
        return (-1, f"malformed {message.what}") if isinstance(message, Malformed) else (message.cic, summary(message))

    def hear(self, message: Message, value: Transfer, now: float) -> None:
        """A message of the far end."""
        circuit = self.circuits.get(message.cic)
        if circuit is None:
            self._no_circuit(message)
        elif message.heading == Heading.ACC:
            self._congested(message, now)
        elif message.heading in GROUPS:
            self.groups.receive(message, now)
            self._reschedule(range(message.cic, message.cic + 256))
        else:
            self._emit(message.cic, circuit.message(message, now))
            if message.heading == Heading.RSC or (message.heading in CALLS and circuit.machine.state == "Idle"):
                # It has forgotten, or does not know, what has failed here.
                self.groups.hardware_again((circuit,), now)
            self._schedule(circuit)

    def _congested(self, message: Message, now: float) -> None:
        """ACC: the far end is congested; each sign takes a step of our calls away."""
        told = message.contents
        level = told.level if isinstance(told, CongestionLevel) else 0
        if 1 <= level <= MOST_CONGESTED:
            self._emit(message.cic, self.congestion.told(now))
        else:
            self._emit(message.cic, (Unexpected("congestion", f"ACC of level {level}"),))

    def _no_circuit(self, message: Message) -> None:
        """A code that no circuit has here; a call for it is told so by BLO."""
        outputs: tuple[Output, ...] = (Unexpected("no circuit", name_of(message)),)
        if self._block_unequipped and message.heading in CALLS:
            outputs = (*outputs, Message(message.cic, Heading.BLO))
        self._emit(message.cic, outputs)
