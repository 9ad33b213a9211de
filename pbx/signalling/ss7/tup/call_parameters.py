"""Calls as the Chinese TUP says them and as the switch says them (GF 001-9001, Q.723 clause 3, Q.850).

``initial_address`` makes IAI or IAM of a ``Setup``, with SAM behind it where the number has more than fifteen signals; ``setup_of`` a
``Setup`` of an IAI or IAM. Both keep the caller's number, whether it may be shown, his category, and for whom a redirected call was.
Numbers of ``Setup`` are as dialled, with prefixes, those of TUP have a nature instead. Leaves out what TUP has no words for: who redirected
a call last, how often and why; connected numbers; hop counters.
"""

from pbx.signalling.ss7.numbers import FROM_SIGNALS, NatureOfAddress, dialled, number_of, of_dialled, signals_of
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.messages import Heading
from pbx.signalling.ss7.tup.variant import Variant
from pbx.vocabulary.call import Redirection, Setup

_NATURES: dict[int, NatureOfAddress] = {
    c.Nature.SUBSCRIBER: NatureOfAddress.SUBSCRIBER,
    c.Nature.NATIONAL: NatureOfAddress.NATIONAL,
    c.Nature.INTERNATIONAL: NatureOfAddress.INTERNATIONAL,
}
CODES = {nature: code for code, nature in _NATURES.items()}


def initial_address(cic: int, setup: Setup, variant: Variant) -> tuple[Message, ...] | None:
    """Return the first message of a call, and those of the rest of its number; None where its called number cannot be sent."""
    number, nature = of_dialled(setup.called)
    signals = signals_of(number)
    if signals is None:
        return None
    code = variant.data.test_code if setup.test else variant.code_of(setup.category)
    calling = original = None
    if variant.data.caller_by_iai:
        calling = line_identity(setup.calling, setup.restricted)
    if setup.redirection is not None:
        signals_before = signals_of(setup.redirection.original)
        if signals_before:
            without, kind = of_dialled(signals_before)
            original = c.OriginalCalledAddress(without[: c.MOST_SIGNALS], CODES[kind])
    additional = c.Additional(calling, original) if calling is not None or original is not None else None
    first = c.InitialAddress(
        signals[: c.MOST_SIGNALS],
        code,
        CODES[nature],
        redirected=setup.redirection is not None,
        additional=additional,
    )
    heading = Heading.IAM if additional is None else Heading.IAI
    return (Message(cic, heading, first), *subsequent_address(cic, signals[c.MOST_SIGNALS :]))


def subsequent_address(cic: int, signals: str) -> tuple[Message, ...]:
    """Return the messages that bring more signals: SAO for one, SAM for more."""
    if len(signals) == 1:
        return (Message(cic, Heading.SAO, c.SubsequentAddress(signals)),)
    parts = (signals[at : at + c.MOST_SIGNALS] for at in range(0, len(signals), c.MOST_SIGNALS))
    return tuple(Message(cic, Heading.SAM, c.SubsequentAddress(part)) for part in parts)


def line_identity(caller: str, restricted: bool) -> c.LineIdentity | None:
    """Return the calling line's identity; None where it is not known."""
    signals = signals_of(caller)
    if not signals:
        return None
    number, nature = of_dialled(signals)
    return c.LineIdentity(number[: c.MOST_SIGNALS], CODES[nature], restricted, incomplete=len(number) > c.MOST_SIGNALS)


def _as_dialled(signals: str, nature: int) -> str:
    return dialled(signals, _NATURES.get(nature, NatureOfAddress.UNKNOWN)).translate(FROM_SIGNALS)


def called_of(initial: c.InitialAddress) -> tuple[str, bool]:
    """Return the called number of an IAM or IAI as dialled, and whether its sender says that it is complete."""
    number, complete = number_of(initial.signals)
    return _as_dialled(number, initial.nature), complete


def subsequent_of(message: Message) -> tuple[str, bool]:
    """Return the digits of a SAM or SAO, and whether its sender says that the number is complete."""
    assert isinstance(message.contents, c.SubsequentAddress), "a SAM holds signals"
    number, complete = number_of(message.contents.signals)
    return number.translate(FROM_SIGNALS), complete


def caller_of(line: c.LineIdentity | None) -> tuple[str, bool]:
    """Return the caller's number as dialled ("" where it is not there), and whether it must not be shown."""
    return (_as_dialled(line.signals, line.nature), line.restricted) if line is not None else ("", False)


def setup_of(initial: c.InitialAddress, number: str, caller: tuple[str, bool], category: int, variant: Variant, overlap: bool) -> Setup:
    """Return the call of an IAM or IAI; ``caller`` and ``category`` may have come later."""
    more = initial.additional
    original = more.original_called if more is not None else None
    redirection = None
    if initial.redirected or original is not None:
        redirection = Redirection(_as_dialled(original.signals, original.nature) if original is not None else "")
    return Setup(
        number,
        caller[0],
        variant.category_of(category),
        caller[1],
        overlap=overlap,
        control="calling" if variant.control_of(number) == "calling" else "",
        test=category == variant.data.test_code,
        redirection=redirection,
    )
