"""Messages and parameters that we do not know (Q.764 clause 2.9.5.3): what their own instructions, or none, make of them.

This exchange is an end node to whoever sends: its calls go on in the switch's words, so nothing unknown can be passed on, and the rules
for "pass on not possible" hold where passing on is wanted. Without instructions a message or parameter is discarded and CFN tells it. Of
REL and RLC nothing releases and nothing is confused: an unknown parameter of REL is told in the cause of RLC. Leaves out broadband.
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
NOT_CONFUSED = frozenset((MessageType.REL, MessageType.RLC, MessageType.CFN))


class Verdict(NamedTuple):
    """What becomes of a message: itself or what is left of it (None: discarded), a CFN, or a cause by which the call is released."""

    message: Message | None
    confusion: Message | None = None
    release: int = 0


def _confusion(cic: int, cause: int, code: int) -> Message:
    return Message(cic, MessageType.CFN, (CauseIndicators(cause, LOCATION, diagnostics=bytes((code,))),))


def judge(message: Message) -> Verdict:
    """Judge a message that may hold what we do not know."""
    if message.kind not in BY_TYPE:
        return _unknown_message(message)
    for parameter in message.parameters:
        if type(parameter) in UNKNOWN:
            return _unknown_parameters(message)
    return Verdict(message)


def _unknown_message(message: Message) -> Verdict:
    octets = message.parameters[0]
    assert isinstance(octets, Unparsed), "what has no table is octets"
    optional = read_optional_part(octets.octets)
    told = None
    if not isinstance(optional, Malformed):
        told = next((each for each in optional if isinstance(each, MessageCompatibilityInformation)), None)
    confusion = _confusion(message.cic, NO_SUCH_MESSAGE, message.kind)
    if told is None:
        return Verdict(None, confusion)
    if told.release_call or not (told.discard_message or told.pass_on_not_possible_discard):
        return Verdict(None, release=NO_SUCH_MESSAGE)
    return Verdict(None, confusion if told.send_notification else None)


def _unknown_parameters(message: Message) -> Verdict:
    """Go through the unknown parameters in their order; the first that wants the call or the message gone decides."""
    told = {each.code: each for information in message.each(ParameterCompatibilityInformation) for each in information.instructions}
    silent = message.kind in NOT_CONFUSED
    kept, confusion = [], None
    for parameter in message.parameters:
        if not isinstance(parameter, Unrecognized | Unreadable):
            kept.append(parameter)
            continue
        instructions = told.get(parameter.code)
        wish, notify = _wish(instructions)
        if silent:
            continue
        if wish == values.PassOnNotPossible.RELEASE_CALL:
            return Verdict(None, release=NO_SUCH_PARAMETER)
        if wish == values.PassOnNotPossible.DISCARD_MESSAGE:
            return Verdict(None, _confusion(message.cic, DISCARDED_FOR_PARAMETER, parameter.code) if notify else None)
        if notify and confusion is None:
            confusion = _confusion(message.cic, NO_SUCH_PARAMETER, parameter.code)
    return Verdict(Message(message.cic, message.kind, tuple(kept)), confusion)


def _wish(told: ParameterInstructions | None) -> tuple[int, bool]:
    """What a parameter's instructions want, and whether its sender wants to hear of it."""
    if told is None:
        return values.PassOnNotPossible.DISCARD_PARAMETER, True
    if told.release_call:
        return values.PassOnNotPossible.RELEASE_CALL, False
    if told.discard_message:
        return values.PassOnNotPossible.DISCARD_MESSAGE, told.send_notification
    if told.discard_parameter:
        return values.PassOnNotPossible.DISCARD_PARAMETER, told.send_notification
    return told.pass_on_not_possible, told.send_notification


def release_complete(release: Message) -> Message:
    """Return the RLC that answers a REL: with cause 99 and the codes where parameters were not known."""
    unknown = bytes(each.code for each in release.parameters if isinstance(each, Unrecognized | Unreadable))
    if not unknown:
        return Message(release.cic, MessageType.RLC)
    return Message(release.cic, MessageType.RLC, (CauseIndicators(NO_SUCH_PARAMETER, LOCATION, diagnostics=unknown[:30]),))
