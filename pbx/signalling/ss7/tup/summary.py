"""One line of a TUP message for the trace of its circuit: its acronym, and what an engineer looks for first.

Numbers called and calling, further digits, pulses, ranges of circuits; a number that must not be shown is marked. Leaves out all other
fields, which stand in the capture of the link.
"""

from pbx.signalling.ss7.tup.call_control import name_of
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.contents import (
    CircuitRange,
    Contents,
    GeneralInformation,
    InitialAddress,
    LineIdentity,
    MeteringPulses,
    SubsequentAddress,
)


def summary(message: Message) -> str:
    """The line."""
    return " ".join([name_of(message), *_words(message.contents)])


def _words(contents: Contents) -> list[str]:
    if isinstance(contents, InitialAddress):
        calling = contents.additional.calling if contents.additional is not None else None
        return [contents.signals, *_caller(calling)]
    if isinstance(contents, SubsequentAddress):
        return [contents.signals]
    if isinstance(contents, GeneralInformation):
        return _caller(contents.calling)
    if isinstance(contents, MeteringPulses):
        return [str(contents.pulses)]
    if isinstance(contents, CircuitRange):
        return [f"range {contents.range}", *([f"status {contents.status:b}"] if contents.status is not None else [])]
    return []


def _caller(calling: LineIdentity | None) -> list[str]:
    if calling is None or not calling.signals:
        return []
    return [f"from {calling.signals}{' (not to be shown)' if calling.restricted else ''}"]
