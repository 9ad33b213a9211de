"""The ISUP between two points: message distribution, and what is of no circuit (Q.764 clauses 2.9, 2.12 to 2.14).

``Isup`` is one for each pair of an own and a far point. All messages of a circuit have the signalling link selection of its code, so that
they stay in order. What it shares with other user parts is in pbx/signalling/ss7/distribution.py. Leaves out how the switch finds a free
circuit.
"""

from collections.abc import Iterable

from pbx.engine import Malformed, Output, Unexpected
from pbx.signalling.ss7.distribution import UserPart
from pbx.signalling.ss7.isup import codec
from pbx.signalling.ss7.isup.availability import Availability
from pbx.signalling.ss7.isup.call_control import name_of
from pbx.signalling.ss7.isup.circuit import IsupCircuit
from pbx.signalling.ss7.isup.circuit_groups import KINDS_OF_GROUPS, CircuitGroups
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.summary import summary
from pbx.signalling.ss7.isup.variant import CONGESTION, Variant
from pbx.signalling.ss7.primitives import Transfer
from pbx.vocabulary.numbers import NumberExaminer

SELECTION = 0x0F
_T = MessageType
ANSWERS = frozenset((_T.UCIC, _T.RLC, _T.CFN, _T.BLA, _T.UBA, _T.GRA, _T.CGBA, _T.CGUA, _T.CQR))
"""Messages that are not answered by UCIC."""


class Isup(UserPart[IsupCircuit]):
    """All circuits between two points."""

    CIRCUIT, AVAILABILITY, GROUPS, CONGESTION = IsupCircuit, Availability, CircuitGroups, CONGESTION

    groups: CircuitGroups

    def __init__(self, own: int, far: int, variant: Variant, cics: Iterable[int], examiner: NumberExaminer) -> None:
        super().__init__(own, far, variant, cics, examiner)
        self._answer_unequipped = variant.data.answer_unequipped

    def write(self, message: Message) -> Transfer:
        """The octets of a message of ours, for the MTP."""
        return Transfer(self.service, self.far, self.own, message.cic & SELECTION, codec.encode(message))

    def read(self, value: Transfer) -> Message | Malformed:
        """The message that the MTP brings."""
        return codec.decode(value.data)

    def summary(self, value: Transfer) -> tuple[int, str]:
        """The circuit of a message and a line about it."""
        return summary(value.data)

    def hear(self, message: Message, value: Transfer, now: float) -> None:
        """A message of the far end."""
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
            self._emit(message.cic, circuit.message(message, now, value.data))
            if message.kind == MessageType.RSC or (message.kind == MessageType.IAM and circuit.machine.state == "Idle"):
                self.groups.hardware_again((circuit,), now)
            self._schedule(circuit)

    def _no_circuit(self, message: Message) -> None:
        """A code that no circuit has here (2.12)."""
        outputs: tuple[Output, ...] = (Unexpected("no circuit", name_of(message)),)
        if self._answer_unequipped and message.kind not in ANSWERS:
            outputs = (*outputs, Message(message.cic, MessageType.UCIC))
        self._emit(message.cic, outputs)
