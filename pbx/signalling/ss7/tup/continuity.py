"""Continuity checks that we make of circuits of the Chinese TUP: of a call that goes out, and by order (Q.724 section 7; T8, T9, T10).

An address that wants a check is followed by the tone. When it has come back and is gone again, COT lets the call go on; if it does not
come within T8, CCF says so, the call takes another circuit, and this one is checked again by CCR, first after T9, then each T10, when
people have been told. CLF ends a check that was good. By order a circuit at rest is checked by CCR at once. What is sent and heard
follows from the state (pbx/signalling/ss7/continuity.py). Leaves out which calls are checked.
"""

from collections.abc import Sequence

from pbx.engine import Output
from pbx.machine import Cell, State
from pbx.signalling.ss7.continuity import both_check, failed, good, tone_back
from pbx.signalling.ss7.tup import outgoing
from pbx.signalling.ss7.tup.call_control import CallControl
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.incoming import ACCEPTED
from pbx.signalling.ss7.tup.messages import Heading
from pbx.vocabulary import call


def passed(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """COT: the call goes on."""
    return good(c, c.say(Heading.COT))


def call_fails(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """T8 in a call: it takes another circuit."""
    return (*check_fails(c, None, now), *c.close(call.CIRCUIT_NOT_AVAILABLE))


def check_fails(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """T8: CCF says so."""
    return failed(c, c.say(Heading.CCF))


def begin(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """By order, or again: CCR."""
    c.idle_owed = True
    return (c.say(Heading.CCR),)


def ends_good(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """CLF: the far end takes its loop away, and the circuit is free when it says RLG."""
    return good(c, c.say(Heading.CLF))


def dual_seizure(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """IAM or IAI meets a call of ours whose circuit is checked."""
    outputs = outgoing.dual_seizure(c, message, now)
    if c.controls:
        c.machine.choose("OutWaitContinuity")
    return outputs


def other_call(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """SAM, SAO, COT or CCF of a call of the far end that has given way to ours."""
    outputs = outgoing.other_call(c, message, now)
    if c.glare:
        c.machine.choose("OutWaitContinuity")
    return outputs


def states(checked: dict[str, Cell]) -> dict[str, State]:
    """The states of our checks; ``checked`` are the cells of a circuit that waits for a check."""
    after_failure = ("RecheckWaits", "RecheckAlerted")
    of_call = {
        **outgoing.IN_CALL,
        **outgoing.REFUSED,
        "Info": Cell(outgoing.more_digits),
        **dict.fromkeys(("IAM", "IAI"), Cell(dual_seizure, ("OutWaitContinuity", *ACCEPTED))),
        **dict.fromkeys(("SAM", "SAO", "COT", "CCF"), Cell(other_call, ("OutWaitContinuity", "Resetting"))),
        "blocked": Cell(outgoing.blocked, ("WaitRelease",)),
        "other": Cell(CallControl.reset_by_stray, ("Resetting",)),
        "T8": Cell(call_fails, after_failure),
    }
    again = {**checked, "check": Cell(begin, ("Rechecking",))}
    meeting = {**checked, "CCR": Cell(both_check, ("Rechecking", "Looped")), "T8": Cell(check_fails, after_failure)}
    return {
        "OutWaitContinuity": State("address sent, the tone is awaited", {**of_call, "tone": Cell(tone_back, ("OutToneEnds",))}, ("T8",)),
        "OutToneEnds": State(
            "the tone has come back and must end", {**of_call, "tone over": Cell(passed, ("OutWaitAddressComplete",))}, keeps=("T8",)
        ),
        "RecheckWaits": State("a check of ours has failed", {**again, "T9": again["check"]}, ("T9",)),
        "RecheckAlerted": State("checks of ours fail, people were told", {**again, "T10": again["check"]}, ("T10",)),
        "Rechecking": State("CCR sent, the tone is awaited", {**meeting, "tone": Cell(tone_back, ("RecheckToneEnds",))}, ("T8",)),
        "RecheckToneEnds": State(
            "the tone has come back and must end", {**meeting, "tone over": Cell(ends_good, ("WaitRelease",))}, keeps=("T8",)
        ),
    }
