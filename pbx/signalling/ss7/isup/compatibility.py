"""Messages and parameters that we do not know (Q.764 clause 2.9.5.3): what their own instructions, or none, make of them.

Where nothing can be passed on (``through`` false: the call ends here, or goes on in another system) this is an exchange of type A, and
the rules for "pass on not possible" hold. In a call that passes through, an exchange of type B passes on what the bit for transit at
intermediate exchanges leaves to it, whatever the other bits say; one of type A, a gateway between operators, obeys these first. Without
instructions a message is discarded and CFN tells it; a parameter too, but a transit exchange of type B passes it on. Of several
parameters one that wants the call released goes first, then one that wants the message gone. Of REL and RLC nothing releases and nothing
is confused: an unknown parameter of REL is told in the cause of RLC. Rules for no instructions and for several are from memory. Leaves out
broadband.
"""

from typing import NamedTuple

from pbx.engine import Malformed
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.codec import Message, read_optional_part
from pbx.signalling.ss7.isup.indicators import MessageCompatibilityInformation
from pbx.signalling.ss7.isup.messages import BY_TYPE, MessageType
from pbx.signalling.ss7.isup.parameter import Unparsed, Unreadable, Unrecognized
from pbx.signalling.ss7.isup.parameters import CauseIndicators, ParameterCompatibilityInformation, ParameterInstructions

NO_SUCH_MESSAGE = 97
NO_SUCH_PARAMETER = 99
DISCARDED_FOR_PARAMETER = 110
LOCATION = values.Location.PUBLIC_NETWORK_OF_LOCAL_USER
UNKNOWN = frozenset((Unrecognized, Unreadable))
PASS_ON, RESERVED = -1, 3
NOT_CONFUSED = frozenset((MessageType.REL, MessageType.RLC, MessageType.CFN))


class Verdict(NamedTuple):
    """What becomes of a message: itself or what is left of it for us (None: discarded), a CFN, or a cause by which the call is released.

    ``discarded`` are the codes of parameters that are not passed on.
    """

    message: Message | None
    confusion: Message | None = None
    release: int = 0
    discarded: frozenset[int] = frozenset()


class Role(NamedTuple):
    """What this exchange is in a call: whether what it does not know can go on, and whether its type is B (2.9.5.2)."""

    through: bool = False
    type_b: bool = True


END = Role()


def _confusion(cic: int, cause: int, code: int) -> Message:
    return Message(cic, MessageType.CFN, (CauseIndicators(cause, LOCATION, diagnostics=bytes((code,))),))


def judge(message: Message, role: Role = END) -> Verdict:
    """Judge a message that may hold what we do not know."""
    if message.kind not in BY_TYPE:
        return _unknown_message(message, role)
    for parameter in message.parameters:
        if type(parameter) in UNKNOWN:
            return _unknown_parameters(message, role)
    return Verdict(message)


def _unknown_message(message: Message, role: Role) -> Verdict:
    octets = message.parameters[0]
    assert isinstance(octets, Unparsed), "what has no table is octets"
    optional = read_optional_part(octets.octets)
    told = None
    if not isinstance(optional, Malformed):
        told = next((each for each in optional if isinstance(each, MessageCompatibilityInformation)), None)
    confusion = _confusion(message.cic, NO_SUCH_MESSAGE, message.kind)
    if told is None:
        return Verdict(None, confusion)
    if role.through and role.type_b and not told.end_node:
        return Verdict(message)
    if told.release_call:
        return Verdict(None, release=NO_SUCH_MESSAGE)
    if not told.discard_message:
        if role.through:
            return Verdict(message)
        if not told.pass_on_not_possible_discard:
            return Verdict(None, release=NO_SUCH_MESSAGE)
    return Verdict(None, confusion if told.send_notification else None)


def _unknown_parameters(message: Message, role: Role) -> Verdict:
    """Go through the unknown parameters: one that wants the call gone decides, else the first that wants the message gone."""
    told = {each.code: each for information in message.each(ParameterCompatibilityInformation) for each in information.instructions}
    silent = message.kind in NOT_CONFUSED
    kept, discarded = [], set()
    confusion = gone = None
    for parameter in message.parameters:
        if not isinstance(parameter, Unrecognized | Unreadable):
            kept.append(parameter)
            continue
        wish, notify = _wish(told.get(parameter.code), role)
        if wish == PASS_ON:
            continue
        discarded.add(parameter.code)
        if silent:
            continue
        if wish == values.PassOnNotPossible.RELEASE_CALL:
            return Verdict(None, release=NO_SUCH_PARAMETER)
        if wish == values.PassOnNotPossible.DISCARD_MESSAGE:
            if gone is None:
                gone = Verdict(None, _confusion(message.cic, DISCARDED_FOR_PARAMETER, parameter.code) if notify else None)
        elif notify and confusion is None:
            confusion = _confusion(message.cic, NO_SUCH_PARAMETER, parameter.code)
    return gone or Verdict(Message(message.cic, message.kind, tuple(kept)), confusion, discarded=frozenset(discarded))


def _wish(told: ParameterInstructions | None, role: Role) -> tuple[int, bool]:
    """What a parameter's instructions want, and whether its sender wants to hear of it."""
    transit = role.through and role.type_b
    if told is None:
        return (PASS_ON, False) if transit else (values.PassOnNotPossible.DISCARD_PARAMETER, True)
    if transit and not told.end_node:
        return PASS_ON, False
    if told.release_call:
        return values.PassOnNotPossible.RELEASE_CALL, False
    if told.discard_message:
        return values.PassOnNotPossible.DISCARD_MESSAGE, told.send_notification
    if told.discard_parameter:
        return values.PassOnNotPossible.DISCARD_PARAMETER, told.send_notification
    if role.through:
        return PASS_ON, False
    # The value that is reserved is read as 0.
    wish = 0 if told.pass_on_not_possible == RESERVED else told.pass_on_not_possible
    return wish, told.send_notification


def release_complete(release: Message) -> Message:
    """Return the RLC that answers a REL: with cause 99 and the codes where parameters were not known."""
    unknown = bytes(each.code for each in release.parameters if isinstance(each, Unrecognized | Unreadable))
    if not unknown:
        return Message(release.cic, MessageType.RLC)
    return Message(release.cic, MessageType.RLC, (CauseIndicators(NO_SUCH_PARAMETER, LOCATION, diagnostics=unknown[:30]),))
