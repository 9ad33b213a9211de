"""What passes through this exchange from one ISUP circuit to another beyond the words of the switch (Q.764 clauses 2.1, 2.9.5; Q.763).

A message that comes in goes up as primitives as ever, and the most telling of them carries its octets; one that has no primitive comes as
``PassOn``. At the other end of the call onward.py makes of both what goes out. ``Transit`` is what a circuit knows of this: whether its
call goes through to another circuit of the suite. A call out knows it from its Setup, a call in believes it until the switch says
``NotCarried``, and is an end exchange from then on. Nothing is kept of a message that has been handed on. Leaves out the pass-along and
connection-oriented methods themselves, of which only the messages pass, and echo control by NRM.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from pbx.engine import Output
from pbx.signalling.ss7.isup import compatibility, parts
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.compatibility import Role
from pbx.signalling.ss7.isup.messages import BY_TYPE, MessageType
from pbx.signalling.ss7.isup.parameters import CallingPartyNumber, CauseIndicators, PropagationDelayCounter
from pbx.vocabulary import call
from pbx.vocabulary.call import Alerting, Carried, Connect, Info, Metering, OperatorSignal, PassOn, Primitive, Proceeding, Progress, Setup

if TYPE_CHECKING:
    from pbx.signalling.ss7.isup.call_control import CallControl

FAMILY = "isup"
_T = MessageType
SAID_BY: dict[int, tuple[type[Primitive], ...]] = {
    _T.ACM: (Alerting, Progress, Proceeding),
    _T.CPG: (Alerting, Progress),
    _T.CON: (Connect,),
    _T.ANM: (Connect,),
    _T.REL: (call.Release,),
    _T.SUS: (call.Suspend,),
    _T.RES: (call.Resume,),
    _T.SAM: (Info,),
    _T.FOT: (OperatorSignal,),
    _T.OPR: (OperatorSignal,),
    _T.MPM: (Metering,),
}
"""The primitives of a message, the one that carries it first."""
WITHOUT_WORDS = frozenset(
    (_T.USR, _T.FAC, _T.FAR, _T.FAA, _T.FRJ, _T.PAM, _T.IDR, _T.IRS, _T.LOP, _T.APM, _T.PRI, _T.SDN, _T.NRM, _T.CRG)
)
"""Messages that mean nothing to a transit exchange (those of user-to-user service, facilities, identification, charging)."""
NATIONAL = frozenset((_T.CRG, _T.MPM, _T.OPR, _T.CCL))
"""Messages that another network's variant would read otherwise."""
TALKING = frozenset(("OutAnswered", "OutSuspended", "OutSuspendedByUser"))
CALL_IN = frozenset(("InOffered", "InAddressComplete", "InAnswered", "InSuspended"))
OFFERED = CALL_IN | TALKING | {"OutWaitContinuity", "OutToneEnds", "OutWaitAddressComplete", "OutWaitAnswer"}
"""States in which there is, or may be, another circuit to pass something on to."""
FROM_CALLER = frozenset((_T.SUS, _T.RES, _T.CPG, _T.INF))
"""Forward messages of an offered call that say nothing to the switch."""


class Passage(msgspec.Struct, frozen=True):
    """Of the circuits of a trunk group: ``type`` of the exchange in calls that pass through ("" = none does), delay of the way to the far
    exchange, and whether the circuits go by satellite."""

    type: str = ""
    delay_ms: int = 0
    satellite: bool = False


NOTHING = Passage()


class Transit(msgspec.Struct):
    """What one circuit knows of the other leg of its call."""

    plan: Passage = NOTHING
    suite: str = ""
    through: bool = False
    """Whether there is a circuit of the suite to pass something on to, as far as is known."""
    initial: bytes = b""
    """The IAM, until the call is offered."""
    essential: int = 0
    held: bytes = b""
    """A message whose second segment is awaited."""
    history_ms: int | None = None
    """The propagation delay with which a call came in, if it is counted."""

    def begin(self, octets: bytes, message: Message) -> None:
        """An IAM has been taken."""
        self.through = True
        self.initial = octets
        self.count(message)

    def count(self, message: Message) -> None:
        """How long the way of a call has been so far, if that is counted."""
        counted = message.first(PropagationDelayCounter)
        self.history_ms = counted.value if counted is not None else None

    def over(self) -> None:
        """The call is over."""
        self.through = False
        self.initial = self.held = b""
        self.history_ms = None

    def carry(self, octets: bytes, essential: int = 0) -> Carried:
        """Octets for the other leg."""
        return Carried(self.suite, octets, essential)

    def role(self, c: "CallControl", kind: int) -> Role:
        """What this exchange is to a message."""
        if kind in (_T.IAM, _T.SGM):
            return Role(True, self.plan.type == "B")
        goes_on = kind in SAID_BY or kind in WITHOUT_WORDS or kind in FROM_CALLER or kind == _T.INR or kind not in BY_TYPE
        return Role(goes_on and self.through and c.machine.state in OFFERED, self.plan.type == "B")

    # Up.

    def beside(self, c: "CallControl", message: Message, octets: bytes) -> tuple[Output, ...] | None:
        """A message that passes by the table of calls; None of any other."""
        state = c.machine.state
        if not self.through or state not in OFFERED:
            return None
        kind = message.kind
        if kind in WITHOUT_WORDS or kind not in BY_TYPE:
            wanted = True
        elif kind == _T.CFN:
            wanted = _of_others(message)
        elif state in CALL_IN:
            wanted = kind in FROM_CALLER
        elif kind == _T.INR:
            wanted = not _answerable(c, message, octets)
        else:
            # Something of the called side that a caller who talks already is not told in the switch's words.
            wanted = kind == _T.CPG and state in TALKING
        return (PassOn(carried=self.carry(octets)),) if wanted else None

    def said(self, kind: int, octets: bytes, outputs: Sequence[Output]) -> Sequence[Output]:
        """Outputs of a message with what it carries; a progress of which the switch has no word passes by itself."""
        wanted = SAID_BY.get(kind, ())
        found = next((output for primitive in wanted for output in outputs if type(output) is primitive), None)
        if found is None:
            return (*outputs, PassOn(carried=self.carry(octets))) if kind == _T.CPG and not outputs else outputs
        if isinstance(found, call.Release) and found.cause == call.CIRCUIT_NOT_AVAILABLE:
            return outputs
        told = self.carry(b"")
        with_it: list[Output] = []
        for output in outputs:
            if output is found:
                output = msgspec.structs.replace(found, carried=self.carry(octets))
            elif type(output) is Progress:
                output = Progress(carried=told)
            with_it.append(output)
        return with_it

    def offered(self, c: "CallControl", outputs: Sequence[Output]) -> Sequence[Output]:
        """Outputs among which the Setup of the call may be; of the IAM no more is kept than what an answer must know."""
        for place, output in enumerate(outputs):
            if type(output) is Setup:
                carried = self.carry(self.initial, self.essential)
                self.initial = b""
                if c.initial is not None:
                    c.initial = Message(c.cic, _T.IAM, tuple(c.initial.each(i.OptionalForwardCallIndicators)))
                return (*outputs[:place], msgspec.structs.replace(output, carried=carried), *outputs[place + 1 :])
        return outputs

    # What comes back.

    def returned(self, c: "CallControl", message: Message, now: float) -> Sequence[Output]:
        """It could not be handed on: its instructions are obeyed as they are at an end of the network, and all others will be."""
        self.through = False
        if not c.open:
            return ()
        verdict = compatibility.judge(message)
        if verdict.release:
            return c.post("judged", verdict.release, now)
        return (verdict.confusion,) if verdict.confusion is not None else ()


def essential(message: Message) -> int:
    """By which cause the call of an IAM ends where nothing can be passed on. To discard an IAM that has been offered is to end its call."""
    verdict = compatibility.judge(message)
    return verdict.release or (compatibility.DISCARDED_FOR_PARAMETER if verdict.message is None else 0)


def optional_of(octets: bytes) -> parts.Optional:
    """The optional part of a carried message whose parts are known."""
    return parts.parts(octets).optional if octets and parts.divisible(octets[2]) else ()


def _answerable(c: "CallControl", message: Message, octets: bytes) -> bool:
    """Whether an INR asks for nothing but what we know of the caller."""
    told = message.first(i.InformationRequestIndicators)
    if told is None or c.initial is None or optional_of(octets):
        return False
    number = not told.calling_address or c.initial.first(CallingPartyNumber) is not None
    return number and not (told.holding or told.charge_information or told.malicious_call_identification)


def _of_others(confusion: Message) -> bool:
    """Whether a CFN is about something that we have passed on: about a message or a parameter that we do not know ourselves."""
    told = confusion.first(CauseIndicators)
    if told is None or not told.diagnostics:
        return False
    code = told.diagnostics[0]
    if told.cause == compatibility.NO_SUCH_MESSAGE:
        return code not in BY_TYPE or MessageType(code) in WITHOUT_WORDS
    return code not in OURS


OURS = frozenset((0x05, 0x04, 0x08, 0x0A, 0x0B, 0x13, 0x28, 0x31, 0x37, 0x3D))
"""Optional and variable parameters that we make of our own accord: numbers, redirection, indicators, counters."""
