"""Calls as ISUP says them and as the switch says them (Q.763 clause 3, Q.850; in China YDN 038-1997).

``initial_address`` makes an IAM of a ``Setup``, ``setup_of`` a ``Setup`` of an IAM; both keep the caller's number, whether it may be shown,
his category, redirections and the hop counter, which counts down here. Numbers of ``Setup`` are as dialled, with prefixes, those of ISUP
have a nature instead. Causes are Q.850's on both sides. Leaves out what the switch has no words for: closed user groups, user-to-user data,
bearers but speech (onward.py brings them to another circuit of ISUP).
"""

from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameter import Parameter
from pbx.signalling.ss7.isup.variant import Variant
from pbx.signalling.ss7.numbers import FROM_SIGNALS, dialled, number_of, of_dialled, signals_of
from pbx.vocabulary.call import Redirection, Setup

NATURE_OF_CONNECTION = i.NatureOfConnectionIndicators()
SPEECH = i.TransmissionMediumRequirement()
ASKS_CONNECTED = i.OptionalForwardCallIndicators(connected_line_requested=True)
FORWARD = {
    "": i.ForwardCallIndicators(isup_all_the_way=True),
    "no7": i.ForwardCallIndicators(),
    "other": i.ForwardCallIndicators(interworking=True),
}
"""What a call has met on its way (``Setup.interworking``)."""
SHOWN = (values.Presentation.ALLOWED,)


def initial_address(cic: int, setup: Setup, variant: Variant) -> Message | None:
    """Return the IAM of a call; None where its called number cannot be sent."""
    number, nature = of_dialled(setup.called)
    signals = signals_of(number)
    if signals is None:
        return None
    code = variant.data.test_code if setup.test else variant.code_of(setup.category)
    parameters: list[Parameter] = [
        NATURE_OF_CONNECTION,
        FORWARD[setup.interworking],
        i.CallingPartysCategory(code),
        SPEECH,
        p.CalledPartyNumber(signals, nature),
    ]
    caller = signals_of(setup.calling)
    if caller:
        number, nature = of_dialled(caller)
        shown = values.Presentation.RESTRICTED if setup.restricted else values.Presentation.ALLOWED
        parameters.append(p.CallingPartyNumber(number, nature, presentation=shown))
    if variant.data.ask_connected or setup.asks_connected:
        parameters.append(ASKS_CONNECTED)
    if setup.redirection is not None:
        parameters += _redirection(setup.redirection)
    hops = setup.hops - 1 if setup.hops else variant.data.hop_counter
    if hops:
        parameters.append(i.HopCounter(min(hops, 31)))
    return Message(cic, MessageType.IAM, tuple(parameters))


def of_circuit(message: Message, checked: bool, echo_control: bool) -> Message:
    """Return the same IAM with what its circuit adds to it: whether it is checked, and whether echo is cancelled here (3.35)."""
    if not checked and not echo_control:
        return message
    nature, *others = message.parameters
    assert isinstance(nature, i.NatureOfConnectionIndicators), "an IAM begins with the nature of the connection"
    check = values.ContinuityCheck.REQUIRED if checked else values.ContinuityCheck.NOT_REQUIRED
    told = i.NatureOfConnectionIndicators(nature.satellite, check, echo_control)
    return Message(message.cic, message.kind, (told, *others))


def _redirection(told: Redirection) -> list[Parameter]:
    found: list[Parameter] = []
    reason = min(told.reason, 15)
    for number, kind in ((told.original, p.OriginalCalledNumber), (told.last, p.RedirectingNumber)):
        signals = signals_of(number)
        if signals:
            without, nature = of_dialled(signals)
            found.append(kind(without, nature))
    found.append(i.RedirectionInformation(values.Redirecting.DIVERTED, reason, min(max(told.count, 1), 5), reason))
    return found


def called_of(message: Message) -> tuple[str, bool]:
    """Return the called number of an IAM as dialled, and whether its sender says that it is complete."""
    called = message.first(p.CalledPartyNumber)
    assert called is not None, "an IAM has a called party number"
    number, complete = number_of(called.signals)
    return dialled(number, called.nature).translate(FROM_SIGNALS), complete


def subsequent_of(message: Message) -> tuple[str, bool]:
    """Return the digits of a SAM, and whether its sender says that the number is complete."""
    more = message.first(p.SubsequentNumber)
    assert more is not None, "a SAM has a subsequent number"
    number, complete = number_of(more.signals)
    return number.translate(FROM_SIGNALS), complete


def _shown(number: p.OriginalCalledNumber | p.RedirectingNumber | None) -> str:
    if number is None or number.presentation not in SHOWN:
        return ""
    return dialled(number.signals, number.nature).translate(FROM_SIGNALS)


def caller_of(message: Message) -> tuple[str, bool]:
    """Return the caller's number as dialled ("" where it is not there), and whether it must not be shown."""
    number = message.first(p.CallingPartyNumber)
    if number is None or number.presentation == values.Presentation.NOT_AVAILABLE:
        return "", False
    return dialled(number.signals, number.nature).translate(FROM_SIGNALS), number.presentation not in SHOWN


def setup_of(message: Message, number: str, caller: tuple[str, bool], variant: Variant, overlap: bool) -> Setup:
    """Return the call of an IAM. A message that lacks what it should have is read as one that says nothing special."""
    category = message.first(i.CallingPartysCategory)
    code = category.category if category is not None else variant.data.default_code
    redirection = None
    told = message.first(i.RedirectionInformation)
    if told is not None and told.indicator:
        original, last = message.first(p.OriginalCalledNumber), message.first(p.RedirectingNumber)
        redirection = Redirection(_shown(original), _shown(last), told.counter or 1, told.reason or told.original_reason)
    hops = message.first(i.HopCounter)
    return Setup(
        number,
        caller[0],
        variant.category_of(code),
        caller[1],
        overlap=overlap,
        test=code == variant.data.test_code,
        redirection=redirection,
        hops=hops.count if hops is not None else 0,
        interworking=_met(message),
        asks_connected=_asks_connected(message),
    )


def _met(message: Message) -> str:
    told = message.first(i.ForwardCallIndicators)
    if told is None or told.isup_all_the_way:
        return ""
    return "other" if told.interworking else "no7"


def _asks_connected(message: Message | None) -> bool:
    asked = message.first(i.OptionalForwardCallIndicators) if message is not None else None
    return asked is not None and asked.connected_line_requested


def connected_of(message: Message) -> str:
    """Return the number of who has answered, where it is told and may be shown."""
    number = message.first(p.ConnectedNumber)
    if number is None or number.presentation not in SHOWN:
        return ""
    return dialled(number.signals, number.nature).translate(FROM_SIGNALS)


def connected_number(digits: str, initial: Message | None) -> tuple[Parameter, ...]:
    """Return the connected number of an answer; nothing where it is not known, or the IAM has not asked for it (Q.731.5)."""
    signals = signals_of(digits)
    if not signals or not _asks_connected(initial):
        return ()
    number, nature = of_dialled(signals)
    return (p.ConnectedNumber(number, nature),)


def cause_of(message: Message) -> int:
    """Return the cause of a REL by Q.850; other standards' causes are 31."""
    told = message.first(p.CauseIndicators)
    return told.cause if told is not None and told.coding == 0 else 31
