"""One line of an ISUP message for the trace of its circuit: its name, and what an engineer looks for first.

Numbers called and calling, further digits, causes, ranges of circuits, continuity checks; a number that must not be shown is marked.
Leaves out all other parameters, which stand in the capture of the link.
"""

from pbx.engine import Malformed
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.call_control import name_of
from pbx.signalling.ss7.isup.codec import decode
from pbx.signalling.ss7.isup.indicators import ContinuityIndicators, NatureOfConnectionIndicators
from pbx.signalling.ss7.isup.parameter import Parameter

CHECKS: dict[int, str] = {
    values.ContinuityCheck.REQUIRED: "(continuity check)",
    values.ContinuityCheck.ON_A_PREVIOUS_CIRCUIT: "(continuity check on a previous circuit)",
}


def summary(octets: bytes) -> tuple[int, str]:
    """The circuit and the line; -1 and what is wrong for octets that are no message."""
    message = decode(octets)
    if isinstance(message, Malformed):
        return -1, f"malformed {message.what}"
    words = [name_of(message), *filter(None, map(_words, message.parameters))]
    return message.cic, " ".join(words)


def _words(parameter: Parameter) -> str:
    if isinstance(parameter, p.CalledPartyNumber | p.SubsequentNumber):
        return parameter.signals
    if isinstance(parameter, p.CallingPartyNumber):
        shown = parameter.presentation == values.Presentation.ALLOWED
        return f"from {parameter.signals}{'' if shown else ' (not to be shown)'}" if parameter.signals else ""
    if isinstance(parameter, p.ConnectedNumber):
        return f"connected {parameter.signals}"
    if isinstance(parameter, p.RedirectingNumber):
        return f"redirected by {parameter.signals}"
    if isinstance(parameter, ContinuityIndicators):
        return "" if parameter.successful else "failed"
    if isinstance(parameter, NatureOfConnectionIndicators):
        return CHECKS.get(parameter.continuity_check, "")
    if isinstance(parameter, p.CauseIndicators):
        return f"cause {parameter.cause}"
    if isinstance(parameter, p.RangeAndStatus):
        return f"range {parameter.range}" + (f" status {parameter.status:b}" if parameter.status is not None else "")
    return ""
