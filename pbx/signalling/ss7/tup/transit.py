"""What passes from one TUP circuit to another beyond the words of the switch (GF 001-9001; ISUP has more of it: isup/transit.py).

The first message of a call, ACM, answers, messages of failures and CHG are carried up with their primitive; at the other end of the call
the message that is due there takes over what the other one said: category, satellite, what the way has been so far and the additional
information of an IAI; type of ACM; which answer; which failure (STB is no SLB). Ours stay the called number, continuity and the check of
echo. Leaves out unknown messages, for which TUP has no instructions, and requests: GRQ is answered from what is known here.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from pbx.engine import Malformed, Output
from pbx.signalling.ss7.tup.codec import Message, decode, encode
from pbx.signalling.ss7.tup.contents import AddressComplete, InitialAddress
from pbx.signalling.ss7.tup.messages import Heading
from pbx.signalling.ss7.tup.variant import FAILURES
from pbx.vocabulary.call import Alerting, Carried, Connect, Disconnect, PassOn, Primitive, Progress, Release, Setup

if TYPE_CHECKING:
    from pbx.signalling.ss7.tup.circuit import TupCircuit

FAMILY = "tup"
ANSWERS = frozenset((Heading.ANC, Heading.ANN, Heading.ANU))
SAID_BY: dict[int, tuple[type[Primitive], ...]] = {
    Heading.ACM: (Alerting, Progress),
    **dict.fromkeys(ANSWERS, (Connect,)),
    **dict.fromkeys(FAILURES, (Release,)),
}
"""The primitives of a message that may carry it."""


def said(c: "TupCircuit", message: Message, outputs: Sequence[Output]) -> Sequence[Output]:
    """Outputs of a message, with what it carries."""
    if message.heading == Heading.CHG and c.open:
        return (*outputs, PassOn(carried=_carry(c, message)))
    wanted = SAID_BY.get(message.heading)
    if wanted is None:
        return offered(c, outputs)
    return tuple(
        msgspec.structs.replace(output, carried=_carry(c, message)) if isinstance(output, wanted) else output for output in outputs
    )


def offered(c: "TupCircuit", outputs: Sequence[Output]) -> Sequence[Output]:
    """Outputs among which the Setup of the call may be."""
    if c.initial is None or not any(type(output) is Setup for output in outputs):
        return outputs
    heading = Heading.IAM if c.initial.additional is None else Heading.IAI
    carried = _carry(c, Message(c.cic, heading, c.initial))
    return tuple(msgspec.structs.replace(output, carried=carried) if isinstance(output, Setup) else output for output in outputs)


def _carry(c: "TupCircuit", message: Message) -> Carried:
    return Carried(c.suite, encode(message))


def put_on(c: "TupCircuit", value: Primitive, now: float) -> Sequence[Output]:
    """A primitive with something that another line carries: what is due, in its words."""
    carried = value.carried
    theirs = decode(carried.octets) if carried is not None and c.suite == carried.suite else None
    if theirs is None or isinstance(theirs, Malformed):
        return c.post(type(value).__name__, value, now)
    if isinstance(value, PassOn):
        return (msgspec.structs.replace(theirs, cic=c.cic),) if c.open else ()
    outputs = c.post(type(value).__name__, value, now)
    return tuple(_as_theirs(c, output, theirs, value) if isinstance(output, Message) else output for output in outputs)


def _as_theirs(c: "TupCircuit", own: Message, theirs: Message, value: Primitive) -> Message:
    ours, far = own.contents, theirs.contents
    if isinstance(ours, InitialAddress) and isinstance(far, InitialAddress):
        return _initial(own, ours, far)
    if isinstance(ours, AddressComplete) and isinstance(far, AddressComplete):
        both = ours.echo_control or far.echo_control
        return Message(own.cic, own.heading, msgspec.structs.replace(far, subscriber_free=ours.subscriber_free, echo_control=both))
    if own.heading in ANSWERS and theirs.heading in ANSWERS:
        return msgspec.structs.replace(theirs, cic=own.cic)
    # Where a cause may not be told any more, ours is another message than that of the cause.
    told = isinstance(value, Release | Disconnect) and own.heading == c.variant.failure_of(value.cause, value.busy_with)
    return msgspec.structs.replace(theirs, cic=own.cic) if told and theirs.heading in FAILURES else own


def _initial(own: Message, ours: InitialAddress, far: InitialAddress) -> Message:
    told = msgspec.structs.replace(
        far,
        signals=ours.signals,
        nature=ours.nature,
        continuity_check=ours.continuity_check,
        echo_control=ours.echo_control or far.echo_control,
        additional=far.additional if far.additional is not None else ours.additional,
    )
    return Message(own.cic, Heading.IAM if told.additional is None else Heading.IAI, told)
