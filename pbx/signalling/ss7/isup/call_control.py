"""What outgoing and incoming call processing control of one ISUP circuit share (Q.764 clauses 2.1, 2.3, 2.9): clearing, reset, rest.

``CallControl`` owns the machine of the circuit; its actions for calls out and calls in are outgoing.py and incoming.py, the table of both
is circuit.py's. Release goes up once for each Seized or Setup; Idle follows when the far end has agreed that the circuit is free. An
answer to REL is sent at once: a tone that the caller may need is given at his end of the circuit, where the cause is known. Leaves out
blocking, which goes on beside the calls (blocking.py).
"""

from collections.abc import Sequence

import msgspec

from pbx.engine import Output, Unexpected
from pbx.signalling.ss7.circuit_calls import CircuitCalls
from pbx.signalling.ss7.congestion import Congestion
from pbx.signalling.ss7.isup import compatibility, values
from pbx.signalling.ss7.isup.call_parameters import cause_of, setup_of, subsequent_of
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.indicators import (
    AutomaticCongestionLevel,
    BackwardCallIndicators,
    ContinuityIndicators,
    InformationRequestIndicators,
    MessageCompatibilityInformation,
)
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameter import Parameter
from pbx.signalling.ss7.isup.parameters import CauseIndicators
from pbx.signalling.ss7.isup.transit import FAMILY, Transit
from pbx.signalling.ss7.isup.variant import Variant
from pbx.vocabulary import call
from pbx.vocabulary.call import Setup
from pbx.vocabulary.numbers import NumberExaminer

CAUSES = {cause: CauseIndicators(cause, values.Location.PUBLIC_NETWORK_OF_LOCAL_USER) for cause in range(128)}
BACKWARD = (MessageType.ACM, MessageType.CON, MessageType.ANM)
ASKED = InformationRequestIndicators(calling_address=True)
PASS_ON_OR_DISCARD = MessageCompatibilityInformation(pass_on_not_possible_discard=True)


class CallControl(CircuitCalls):
    """The calls of one circuit, one at a time."""

    __slots__ = ("free", "initial", "transit")

    RELEASE, RESET = "REL", MessageType.RSC
    REPEAT_RELEASE, REPEAT_RESET, ALERTED_RESET = "T1", "T16", "T17"
    REFUSED = "WaitRelease"
    subsequent_of = staticmethod(subsequent_of)

    variant: Variant

    def __init__(self, cic: int, controls: bool, variant: Variant, examiner: NumberExaminer, congestion: Congestion) -> None:
        super().__init__(cic, controls, variant, examiner, congestion)
        self.initial: Message | None = None
        self.free = False
        """Whether the far end has said that the call is not charged."""
        self.transit = Transit(suite=f"{FAMILY}/{variant.data.name}")

    def named(self, message: Message) -> str:
        """A message's acronym."""
        return name_of(message)

    def say(self, kind: MessageType, *parameters: Parameter) -> Message:
        """A message of this circuit; backward call indicators say whether echo is cancelled here."""
        if self.echo_control and kind in BACKWARD:
            parameters = tuple(
                msgspec.structs.replace(each, echo_control_included=True) if isinstance(each, BackwardCallIndicators) else each
                for each in parameters
            )
        return Message(self.cic, kind, parameters)

    def close(self, cause: int) -> tuple[Output, ...]:
        """Release up, if a call is open."""
        self.initial = None
        self.transit.over()
        return super().close(cause)

    def release(self, cause: int) -> Message:
        """A REL with our own congestion, where there is any."""
        if self.congestion.overload:
            return self.say(MessageType.REL, CAUSES[cause & 127], AutomaticCongestionLevel(self.congestion.overload))
        return self.say(MessageType.REL, CAUSES[cause & 127])

    def fail(self, cause: int) -> tuple[Output, ...]:
        """A call that comes in cannot be: it is released like any other."""
        return self.give_up(cause)

    def ask_caller(self) -> Message:
        """INR."""
        return self.say(MessageType.INR, ASKED)

    def setup(self) -> Setup:
        """The call of an IAM."""
        assert self.initial is not None, "a call that is offered began with an IAM"
        return setup_of(self.initial, self.number, self.caller, self.variant, self.overlap)

    # Actions that many states share.

    def judged(self, cause: int, now: float) -> Sequence[Output]:
        """The procedures of compatibility release the call."""
        return self.give_up(cause)

    def far_releases(self, message: Message, now: float) -> Sequence[Output]:
        """REL: the call is over, the circuit free at once. Of two calls that met it may be the other one that ends."""
        cause = call.CIRCUIT_NOT_AVAILABLE if self.glare else cause_of(message)
        return (compatibility.release_complete(message), *self.congested(message, now), *self.close(cause), *self.rest())

    def congested(self, message: Message, now: float) -> Sequence[Output]:
        """The automatic congestion level of a REL takes as many steps as it says."""
        level = message.first(AutomaticCongestionLevel)
        return self.congestion.told(now) if level is not None and level.level in (1, 2) else ()

    def far_resets(self, message: Message, now: float) -> Sequence[Output]:
        """RSC: like REL, for an end that knows nothing any more."""
        return (self.say(MessageType.RLC), *self.close(call.TEMPORARY_FAILURE), *self.rest())

    def confirm(self, message: Message, now: float) -> Sequence[Output]:
        """REL or RSC of the far end that has met ours, or belongs to nothing."""
        return (compatibility.release_complete(message), *self.congested(message, now))

    def unequipped(self, _: object, now: float) -> Sequence[Output]:
        """UCIC: the far end has no such circuit; the call takes another one."""
        return (*self.close(call.CIRCUIT_NOT_AVAILABLE), *self.add_reason("fault"))

    def release_without_end(self, _: object, now: float) -> Sequence[Output]:
        """RLC to a REL that was never sent: the call is cleared in order."""
        return (Unexpected(self.machine.state, "RLC"), *self.give_up(call.NORMAL_UNSPECIFIED))

    def reset(self, _: object, now: float) -> Sequence[Output]:
        """RSC goes out; both ends forget that maintenance has blocked the circuit, and say it again where they still want it."""
        self.idle_owed = True
        return (self.say(MessageType.RSC), *self.close(call.TEMPORARY_FAILURE), *self.free_there(values.SupervisionType.MAINTENANCE))

    # Continuity checks that the far end makes.

    def check_result(self, message: Message, now: float) -> Sequence[Output]:
        """COT after CCR: a check that has failed is made again; one that has not ends by REL."""
        told = message.first(ContinuityIndicators)
        self.machine.choose("Looped" if told is not None and told.successful else "CheckFailed")
        return ()


_NAMES = {int(kind): kind.name for kind in MessageType}


def name_of(message: Message) -> str:
    """A message's acronym, or its type where it has none."""
    return _NAMES.get(message.kind) or f"type {message.kind:02X}"
