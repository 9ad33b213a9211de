"""Calls that come in over a circuit of the Chinese TUP (GF 001-9001; Q.724; T1, T3 to T5).

IAM or IAI waits for a continuity check that is being made, then for its digits, then, where the habits want it, for the caller's number
(GRQ); then it goes up as one ``Setup``. Where the route is known before the number is whole, ``Info`` brings the rest. What the switch says
goes back as ACM, ANC or ANN, CBK, RAN, MPM. A call that cannot be, or that the switch ends, asks for CLF by the message of its cause, after
the answer by CBK: the circuit stays ours until CLF has come. When the switch says nothing, ACM makes the far end go on waiting. Leaves out
offering of calls by an operator after SLB and STB: the call has left the switch by then.
"""

from collections.abc import Sequence

from pbx.engine import Noted, Output, Unexpected
from pbx.machine import Cell, State
from pbx.signalling.ss7.circuit_books import CONNECT, HARDWARE, MAINTENANCE, SEIZED
from pbx.signalling.ss7.tup import contents
from pbx.signalling.ss7.tup.call_control import CallControl
from pbx.signalling.ss7.tup.call_parameters import called_of, caller_of
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.messages import Heading
from pbx.vocabulary import call
from pbx.vocabulary.call import Connect, Disconnect, Info, Metering, OperatorSignal, Release

CHECKED = (contents.ContinuityCheck.REQUIRED, contents.ContinuityCheck.ON_A_PREVIOUS_CIRCUIT)
TRACED = contents.GeneralRequest(calling_line=True, malicious_call_identification=True)
MOST_PULSES = 0xFFFF
_EXAMINED = ("InWaitDigits", "InWaitInformation", "InOffered", "InFailed")
ACCEPTED = ("Idle", "InWaitContinuity", *_EXAMINED)
"""Where a call that comes in may go at once."""


def accept(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """IAM or IAI on a circuit at rest, or on one whose own call has just given way."""
    c.machine.choose("Idle")
    initial = message.contents
    assert isinstance(initial, contents.InitialAddress), "a call begins with its address"
    if c.blocked_here and initial.category != c.variant.data.test_code:
        return (Unexpected(c.machine.state, c.named(message)), *c.again(now), *c.rest())
    if HARDWARE in c.blocked_there:
        return (Unexpected(c.machine.state, c.named(message)), *c.rest())
    if c.direction == "outgoing":
        return _not_ours(c, message)
    c.open = True
    c.initial = initial
    c.category = initial.category
    c.number, complete = called_of(initial)
    c.caller = caller_of(initial.additional.calling if initial.additional is not None else None)
    outputs = (*c.free_there(MAINTENANCE), SEIZED)
    if initial.continuity_check in CHECKED:
        c.check.here = initial.continuity_check == contents.ContinuityCheck.REQUIRED
        c.overlap = not complete
        c.machine.choose("InWaitContinuity")
        return outputs
    return (*outputs, *c.examine(complete))


def _not_ours(c: CallControl, message: Message) -> Sequence[Output]:
    """The far end has seized a circuit that is ours alone, so the ends do not agree about it: its call is told that there is none (CGC)."""
    noticed = Unexpected(c.machine.state, f"{c.named(message)} on an outgoing circuit")
    c.idle_owed = True
    c.machine.choose("InFailed")
    return (noticed, *c.fail(call.CIRCUIT_NOT_AVAILABLE))


def continuity(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """COT: the call goes on."""
    return c.examine(not c.overlap)


def information(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """GSM: the caller's number, or that it is not to be had."""
    told = message.contents
    assert isinstance(told, contents.GeneralInformation), "a GSM holds what it tells"
    c.caller = caller_of(told.calling)
    if told.category is not None:
        c.category = told.category
    return c.offer()


def not_informed(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """GSM has not come: the call goes on without a caller's number."""
    return c.offer()


def late_digits(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """SAM or SAO after Setup: Info where the call is in overlap, nothing where the number was whole."""
    digits, _ = c.subsequent_of(message)
    if not c.overlap or not digits:
        return ()
    c.number += digits
    return (Info(digits),)


def not_checked(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """T1: neither COT nor CCF."""
    return c.fail(call.RECOVERY_ON_TIMER_EXPIRY)


def _complete(c: CallControl, free: bool, uncharged: bool = False) -> Message:
    kind = contents.CompleteType.NO_CHARGE if uncharged or _without_charge(c) else contents.CompleteType.CHARGE
    return Message(c.cic, Heading.ACM, contents.AddressComplete(kind, subscriber_free=free, echo_control=c.echo_control))


def _without_charge(c: CallControl) -> bool:
    return c.variant.data.answer == "ANN" or c.number in c.variant.free


def _answer(c: CallControl, wish: Connect) -> Message:
    return c.say(Heading.ANN if wish.free or _without_charge(c) else Heading.ANC)


def proceeding(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """Proceeding or Progress, or nothing was said for long: ACM without word of the called party; tones are heard, not told."""
    return (_complete(c, free=False),)


def alerting(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """Alerting: ACM, subscriber free."""
    return (_complete(c, free=True),)


def connect(c: CallControl, wish: Connect, now: float) -> Sequence[Output]:
    """Connect without a word before: ACM and the answer."""
    return (_complete(c, free=True, uncharged=wish.free), _answer(c, wish), CONNECT)


def answer(c: CallControl, wish: Connect, now: float) -> Sequence[Output]:
    """Connect: ANC or ANN."""
    return (_answer(c, wish), CONNECT)


def refuse_later(c: CallControl, wish: Release | Disconnect, now: float) -> Sequence[Output]:
    """The switch clears after ACM."""
    if c.variant.data.causes_after_complete:
        return c.fail(wish.cause, wish.busy_with)
    return (c.say(Heading.CFL), *c.close(wish.cause))


def suspend(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """Suspend: the called party has hung up and may lift again."""
    return (c.say(Heading.CBK),)


def resume(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """Resume."""
    return (c.say(Heading.RAN),)


def clear_back(c: CallControl, wish: Release | Disconnect, now: float) -> Sequence[Output]:
    """The switch clears an answered call: CBK, and CLF is awaited."""
    return (c.say(Heading.CBK), *c.close(wish.cause))


def clear_suspended(c: CallControl, wish: Release | Disconnect, now: float) -> Sequence[Output]:
    """The called party will not lift again; CBK has been said."""
    return c.close(wish.cause)


def metering(c: CallControl, wish: Metering, now: float) -> Sequence[Output]:
    """Metering: MPM where the network has it."""
    if not c.variant.data.charge_messages or not 0 < wish.pulses <= MOST_PULSES:
        return ()
    return (Message(c.cic, Heading.MPM, contents.MeteringPulses(wish.pulses)),)


def caller_clears(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """CCL: the calling party has hung up, the circuit is held until the called one does."""
    return (Disconnect(call.NORMAL_CLEARING),)


def re_ring(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """FOT, or OPR after the answer: a toll operator rings the called party again."""
    return (OperatorSignal("re-ring"),)


def offering(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """OPR before the answer: the called party's other call is to give way."""
    return (OperatorSignal("forced-release"),)


def signal(c: CallControl, wish: OperatorSignal, now: float) -> Sequence[Output]:
    """Backward: OPR rings the calling operator, MAL has a malicious caller traced; his number is asked where it is not known."""
    if wish.kind != "malicious-call":
        return (c.say(Heading.OPR),)
    ask = () if c.caller[0] else (Message(c.cic, Heading.GRQ, TRACED),)
    return (c.say(Heading.MAL), *ask)


def traced(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """GSM in an answered call: the number of a caller who is traced."""
    told = message.contents
    assert isinstance(told, contents.GeneralInformation), "a GSM holds what it tells"
    c.caller = caller_of(told.calling)
    return (Noted(f"<- malicious call, the caller is {c.caller[0] or 'not known'}"),)


_IDLE = ("Idle",)
_REFUSED, _CLEARED_BACK = Cell(CallControl.refuse_call, ("InFailed",)), Cell(clear_back, ("InClearedBack",))
_REFUSED_LATER, _CLEARED_SUSPENDED = Cell(refuse_later, ("InFailed",)), Cell(clear_suspended, ("InClearedBack",))
_HELD = {
    "Setup": Cell(CallControl.refuse),
    "Release": Cell(None),
    "Disconnect": Cell(None),
    "Reset": Cell(CallControl.reset, ("Resetting",)),
    "CLF": Cell(CallControl.far_clears, _IDLE),
    "RSC": Cell(CallControl.far_resets, _IDLE),
    "RLG": Cell(CallControl.stray),
    "lost": Cell(CallControl.lost, _IDLE),
    "abandon": Cell(CallControl.abandon, ("GroupResetting",)),
    "other": Cell(CallControl.stray),
}
"""What a circuit answers that the far end has seized."""
_FAILED = {
    **_HELD,
    # A call that has failed while its circuit was being checked: the check may fail too, and is made again.
    "CCF": Cell(CallControl.check_fails, ("CheckFailed",)),
    "CCR": Cell(CallControl.loop, ("Looped",)),
}
_BEGUN = {
    **_HELD,
    "Release": _REFUSED,
    "Disconnect": _REFUSED,
    "CCL": Cell(caller_clears),
    "FOT": Cell(re_ring),
    "OPR": Cell(offering),
}
_TALKING = {
    **_BEGUN,
    "OPR": Cell(re_ring),
    "OperatorSignal": Cell(signal),
    "Metering": Cell(metering),
    "GSM": Cell(traced),
}
_COMPLETE = ("InAddressComplete",)
_ANSWERED = ("InAnswered",)


def _address(cell: Cell) -> dict[str, Cell]:
    return {"SAM": cell, "SAO": cell}


STATES = {
    "InWaitContinuity": State(
        "IAM came, its circuit is checked",
        {
            **_BEGUN,
            **_address(Cell(CallControl.more_while_checked)),
            "COT": Cell(continuity, _EXAMINED),
            "CCF": Cell(CallControl.check_fails, ("CheckFailed",)),
            "T1": Cell(not_checked, ("InFailed",)),
        },
        ("T1",),
    ),
    "InWaitDigits": State(
        "more digits are wanted",
        {**_BEGUN, **_address(Cell(CallControl.more_digits, _EXAMINED)), "digits": Cell(CallControl.digits_end, _EXAMINED)},
        ("digits",),
    ),
    "InWaitInformation": State(
        "the caller's number is asked",
        {
            **_BEGUN,
            **_address(Cell(CallControl.digits_while_inquiring)),
            "GSM": Cell(information, ("InOffered",)),
            "information": Cell(not_informed, ("InOffered",)),
        },
        ("information",),
    ),
    "InOffered": State(
        "the switch has the call",
        {
            **_BEGUN,
            **_address(Cell(late_digits, ("InOffered",))),
            "Proceeding": Cell(proceeding, _COMPLETE),
            "Alerting": Cell(alerting, _COMPLETE),
            "Progress": Cell(proceeding, _COMPLETE),
            "Connect": Cell(connect, _ANSWERED),
            "Metering": Cell(metering),
            "silence": Cell(proceeding, _COMPLETE),
        },
        ("silence",),
    ),
    "InAddressComplete": State(
        "ACM sent",
        {
            **_BEGUN,
            "Release": _REFUSED_LATER,
            "Disconnect": _REFUSED_LATER,
            "Connect": Cell(answer, _ANSWERED),
            "Metering": Cell(metering),
            "OperatorSignal": Cell(signal),
            "GSM": Cell(traced),
        },
    ),
    "InAnswered": State(
        "answered", {**_TALKING, "Release": _CLEARED_BACK, "Disconnect": _CLEARED_BACK, "Suspend": Cell(suspend, ("InSuspended",))}
    ),
    "InSuspended": State(
        "the called party has hung up",
        {**_TALKING, "Release": _CLEARED_SUSPENDED, "Disconnect": _CLEARED_SUSPENDED, "Resume": Cell(resume, _ANSWERED)},
    ),
    "InFailed": State(
        "a failure was told, CLF is awaited", {**_FAILED, "T3": Cell(CallControl.repeat_failure, ("InFailureRepeated",))}, ("T3",)
    ),
    "InFailureRepeated": State(
        "CFL is told until CLF comes",
        {
            **_FAILED,
            "T4": Cell(CallControl.repeat_call_failure),
            "T5": Cell(CallControl.failure_fails, ("InFailureAlerted",)),
        },
        ("T4", "T5"),
    ),
    "InFailureAlerted": State("people were told, CLF is awaited", _FAILED),
    "InClearedBack": State(
        "CBK was told, CLF is awaited",
        {**_HELD, "cleared_back": Cell(CallControl.repeat_clear_back, ("InClearedBack",))},
        ("cleared_back",),
    ),
}
