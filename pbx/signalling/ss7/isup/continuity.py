"""Continuity checks that we make of ISUP circuits: of a call that goes out, and by order (Q.764 clause 2.1.8; T24, T25, T26).

An IAM that wants a check is followed by the tone. When it has come back and is gone again, COT lets the call go on; if it does not
come within T24, COT says so, the call takes another circuit, and this one is checked again by CCR, first after T25, then each T26, when
people have been told. REL ends a check that was good. By order a circuit at rest is checked by CCR at once. Leaves out LPA, which a
network has that must reserve its loops: it is understood and means nothing (national option).
"""

from collections.abc import Sequence

from pbx.engine import Output
from pbx.machine import Cell, State
from pbx.signalling.ss7.continuity import both_check, failed, good, tone_back
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import outgoing
from pbx.signalling.ss7.isup.call_control import CallControl
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.vocabulary import call

PASSED, FAILED = i.ContinuityIndicators(True), i.ContinuityIndicators(False)


def passed(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """COT: the call goes on."""
    return good(c, c.say(MessageType.COT, PASSED))


def call_fails(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """T24 in a call: it takes another circuit."""
    return (*check_fails(c, None, now), *c.close(call.CIRCUIT_NOT_AVAILABLE))


def check_fails(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """T24: COT says so."""
    return failed(c, c.say(MessageType.COT, FAILED))


def begin(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """By order, or again: CCR."""
    c.idle_owed = True
    return (c.say(MessageType.CCR),)


def ends_good(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """REL: the far end takes its loop away, and the circuit is free."""
    return good(c, c.release(call.NORMAL_CLEARING))


def dual_seizure(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """IAM meets an IAM of ours with a check: 2.9.1.4."""
    outputs = outgoing.dual_seizure(c, message, now)
    if c.controls:
        c.machine.choose("OutWaitContinuity")
    return outputs


def states(checked: dict[str, Cell], in_call: dict[str, Cell]) -> dict[str, State]:
    """The states of our checks; ``checked`` are the cells of a circuit that waits for a check, ``in_call`` those of a call."""
    after_failure = ("RecheckWaits", "RecheckAlerted")
    waits_for_address = ("OutWaitAddressComplete",)
    of_call = {
        **in_call,
        "Info": Cell(outgoing.more_digits),
        "IAM": Cell(dual_seizure, ("OutWaitContinuity", *outgoing.AFTER_DUAL_SEIZURE)),
        "blocked": Cell(outgoing.blocked, ("WaitRelease",)),
        **dict.fromkeys(outgoing.BESIDE, Cell(CallControl.stray)),
        "other": Cell(CallControl.reset_by_stray, ("Resetting",)),
        **outgoing.OVERLOAD,
        "LPA": Cell(None),
        "T24": Cell(call_fails, after_failure),
    }
    again = {**checked, "check": Cell(begin, ("Rechecking",))}
    meeting = {**checked, "LPA": Cell(None), "CCR": Cell(both_check, ("Rechecking", "Looped")), "T24": Cell(check_fails, after_failure)}
    return {
        "OutWaitContinuity": State("IAM sent, the tone is awaited", {**of_call, "tone": Cell(tone_back, ("OutToneEnds",))}, ("T24",)),
        "OutToneEnds": State(
            "the tone has come back and must end", {**of_call, "tone over": Cell(passed, waits_for_address)}, keeps=("T24",)
        ),
        "RecheckWaits": State("a check of ours has failed", {**again, "T25": again["check"]}, ("T25",)),
        "RecheckAlerted": State("checks of ours fail, people were told", {**again, "T26": again["check"]}, ("T26",)),
        "Rechecking": State("CCR sent, the tone is awaited", {**meeting, "tone": Cell(tone_back, ("RecheckToneEnds",))}, ("T24",)),
        "RecheckToneEnds": State(
            "the tone has come back and must end", {**meeting, "tone over": Cell(ends_good, ("WaitRelease",))}, keeps=("T24",)
        ),
    }
