"""Calls that go out over a circuit of the Chinese TUP (GF 001-9001; Q.724; T2, and timers of answer and re-answer after Q.118).

Setup becomes IAI or IAM, Info becomes SAM or SAO; ACM, ANC, ANN, CBK and RAN go up in the switch's words, MPM as metering; a backward
message of a failure is answered by CLF and told by its cause. Who controls the release decides what a hang-up means: the calling party
alone (CBK suspends, RAN resumes), either (CBK clears), or the called one (119, an operator), who is told by CCL that the caller has hung
up and keeps the circuit until he clears. When both ends have seized the circuit, the call of the end that controls it goes on, the other
one is released up with cause 44 and the far end's call is taken instead. Leaves out the continuity check
of calls that we make (continuity.py).
"""

from collections.abc import Sequence

import msgspec

from pbx.engine import Noted, Output
from pbx.machine import Cell, State
from pbx.signalling.ss7.circuit_books import (
    ALERTING,
    CONNECT,
    EXCHANGE_ROUTING_ERROR,
    IDLE,
    METERING,
    PROCEEDING,
    PROGRESS,
    RELEASES,
    RESUME,
    SUSPEND,
)
from pbx.signalling.ss7.numbers import signals_of
from pbx.signalling.ss7.tup import contents
from pbx.signalling.ss7.tup.call_control import CallControl, name_of
from pbx.signalling.ss7.tup.call_parameters import initial_address, line_identity, subsequent_address
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.incoming import ACCEPTED, accept
from pbx.signalling.ss7.tup.messages import Heading
from pbx.signalling.ss7.tup.variant import FAILURES
from pbx.vocabulary import call
from pbx.vocabulary.call import Connect, Disconnect, Info, Metering, OperatorSignal, Setup

MALICIOUS = "malicious-call"
CONNECT_FREE = Connect(free=True)


def seize(c: CallControl, setup: Setup, now: float) -> Sequence[Output]:
    """Setup: IAI or IAM goes out, or the circuit never leaves rest and is free for the next call at once."""
    c.machine.choose("Idle")
    if c.reasons or c.blocked_here or c.blocked_there or c.direction == "incoming":
        return (RELEASES[call.CIRCUIT_NOT_AVAILABLE], IDLE)
    if setup.hops == 1:
        return (RELEASES[EXCHANGE_ROUTING_ERROR], IDLE)
    messages = initial_address(c.cic, setup, c.variant)
    if messages is None:
        return (RELEASES[call.INVALID_NUMBER], IDLE)
    if not c.congestion.admits():
        return (RELEASES[call.SWITCH_CONGESTION], IDLE)
    first = messages[0].contents
    assert isinstance(first, contents.InitialAddress), "a call begins with its address"
    c.open = True
    c.overlap = setup.overlap
    c.caller = (setup.calling, setup.restricted)
    c.initial = first
    c.number = setup.called
    c.control = c.variant.control_of(c.number, setup.control)
    c.machine.choose("OutWaitAddressComplete")
    checked = contents.ContinuityCheck.NOT_REQUIRED
    if c.check.wanted():
        c.machine.choose("OutWaitContinuity")
        checked = contents.ContinuityCheck.REQUIRED
    told = msgspec.structs.replace(first, continuity_check=checked, echo_control=c.echo_control)
    return (Message(c.cic, messages[0].heading, told), *messages[1:])


def more_digits(c: CallControl, info: Info, now: float) -> Sequence[Output]:
    """Info: SAO or SAM while the address may still grow."""
    signals = signals_of(info.digits)
    if not c.overlap or not signals:
        return ()
    c.number += info.digits
    c.control = c.variant.control_of(c.number, c.control)
    return subsequent_address(c.cic, signals)


def dual_seizure(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """IAM or IAI while we wait for the first backward message."""
    if c.controls:
        c.glare = True
        c.machine.choose("OutWaitAddressComplete")
        return (Noted("<- IAM, dual seizure: ours goes on"),)
    from_here = c.close(call.CIRCUIT_NOT_AVAILABLE)
    return (Noted("<- IAM, dual seizure: the far end's goes on"), *from_here, *accept(c, message, now))


def other_call(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """SAM, SAO, COT or CCF: of the far end's call that has given way to ours, or a sign that the ends do not agree."""
    if c.glare:
        c.machine.choose("OutWaitAddressComplete")
        return c.stray(message, now)
    c.machine.choose("Resetting")
    return c.reset_by_stray(message, now)


def address_complete(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """ACM: no more digits; the called party is free, or whatever there is to say will be heard."""
    c.glare = False
    told = message.contents
    free = isinstance(told, contents.AddressComplete) and told.subscriber_free
    return (PROCEEDING, ALERTING if free else PROGRESS)


def connect(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """An answer without ACM before it."""
    c.glare = False
    return (PROCEEDING, *answer(c, message, now))


def answer(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """ANC, ANN (no charge) or ANU."""
    return (CONNECT_FREE if message.heading == Heading.ANN else CONNECT,)


def clear_back(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """CBK: the called party has hung up, which ends the call unless the calling party alone controls the release."""
    if c.control == "calling":
        c.machine.choose("OutSuspended")
        return (SUSPEND,)
    c.machine.choose("WaitRelease")
    return c.give_up(call.NORMAL_CLEARING)


def resume(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """RAN."""
    return (RESUME,)


def not_resumed(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """The called party has not lifted again."""
    return c.give_up(call.NORMAL_CLEARING)


def caller_hangs_up(c: CallControl, wish: Disconnect, now: float) -> Sequence[Output]:
    """Disconnect in an answered call: CLF, or CCL where the called party controls the release."""
    if c.control != "called":
        c.machine.choose("WaitRelease")
        return c.give_up(wish.cause)
    c.machine.choose("OutCallerCleared")
    return (c.say(Heading.CCL),)


def called_clears(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """CBK after CCL, or time is up: the circuit is held no longer."""
    return c.give_up(call.NORMAL_CLEARING)


def metering(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """MPM: so many pulses."""
    told = message.contents
    pulses = told.pulses if isinstance(told, contents.MeteringPulses) else 0
    return (METERING if pulses == 1 else Metering(pulses),) if pulses else ()


def noted(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """CHG, whose contents no source tells; a second answer."""
    return (Noted(f"<- {name_of(message)}"),)


def asked(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """GRQ: GSM tells what we know of the call; malicious calls are told to people too."""
    wants, initial = message.contents, c.initial
    assert isinstance(wants, contents.GeneralRequest), "a GRQ holds what it asks for"
    line = original = category = None
    if wants.calling_line or wants.malicious_call_identification:
        line = line_identity(*c.caller)
    if initial is not None:
        category = initial.category if wants.calling_category else None
        more = initial.additional
        original = more.original_called if more is not None and wants.original_called else None
    malicious = wants.malicious_call_identification
    told = contents.GeneralInformation(
        echo_control=wants.echo_control and c.echo_control,
        malicious_call_identification=malicious and line is not None,
        category=category,
        calling=line,
        original_called=original,
    )
    noticed = (Noted(f"<- malicious call, the caller is {c.caller[0] or 'not known'}"),) if malicious else ()
    return (*noticed, Message(c.cic, Heading.GSM, told))


def malicious_call(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """MAL: the called party wants the caller to be traced."""
    return (Noted(f"<- malicious call, the caller is {c.caller[0] or 'not known'}"), OperatorSignal(MALICIOUS))


def operator(c: CallControl, wish: OperatorSignal, now: float) -> Sequence[Output]:
    """A toll operator's signal goes forward; TUP has one for all."""
    return (c.say(Heading.OPR),)


def ring_back(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """OPR that comes backward rings the operator, or the caller who has hung up."""
    return (OperatorSignal("ring-back"),)


def blocked(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """BLO for a circuit that we have just seized: the call takes another one."""
    return c.give_up(call.CIRCUIT_NOT_AVAILABLE)


_CLEARING = ("WaitRelease",)
IN_CALL = {
    "Setup": Cell(CallControl.refuse),
    "Release": Cell(CallControl.clear, _CLEARING),
    "Disconnect": Cell(CallControl.clear, _CLEARING),
    "Reset": Cell(CallControl.reset, ("Resetting",)),
    "CLF": Cell(CallControl.crossed, _CLEARING),
    "RSC": Cell(CallControl.reset_outgoing, _CLEARING),
    "RLG": Cell(CallControl.stray),
    "lost": Cell(CallControl.lost, ("Idle",)),
    "abandon": Cell(CallControl.abandon, ("GroupResetting",)),
    "GRQ": Cell(asked),
    "CHG": Cell(noted),
    "other": Cell(CallControl.stray),
}
"""What every call that goes out answers."""
REFUSED = dict.fromkeys(sorted(heading.name for heading in FAILURES), Cell(CallControl.far_fails, _CLEARING))
_ANSWERS = ("ANC", "ANN", "ANU")
_LATER = {
    **IN_CALL,
    "MPM": Cell(metering),
    "MAL": Cell(malicious_call),
    "OPR": Cell(ring_back),
    "OperatorSignal": Cell(operator),
}
_TIMEOUT = Cell(CallControl.time_out, _CLEARING)

STATES = {
    "OutWaitAddressComplete": State(
        "IAM or IAI sent",
        {
            **IN_CALL,
            **REFUSED,
            "Info": Cell(more_digits, ("OutWaitAddressComplete",)),
            **dict.fromkeys(("IAM", "IAI"), Cell(dual_seizure, ("OutWaitAddressComplete", *ACCEPTED))),
            **dict.fromkeys(("SAM", "SAO", "COT", "CCF"), Cell(other_call, ("OutWaitAddressComplete", "Resetting"))),
            "ACM": Cell(address_complete, ("OutWaitAnswer",)),
            **dict.fromkeys(_ANSWERS, Cell(connect, ("OutAnswered",))),
            "blocked": Cell(blocked, _CLEARING),
            "MPM": Cell(CallControl.stray),
            "other": Cell(CallControl.reset_by_stray, ("Resetting",)),
            "T2": _TIMEOUT,
        },
        ("T2",),
    ),
    "OutWaitAnswer": State(
        "address complete",
        {
            **_LATER,
            **REFUSED,
            **dict.fromkeys(_ANSWERS, Cell(answer, ("OutAnswered",))),
            "answer": Cell(CallControl.no_answer, _CLEARING),
        },
        ("answer",),
    ),
    "OutAnswered": State(
        "answered",
        {
            **_LATER,
            **dict.fromkeys((*_ANSWERS, "RAN"), Cell(noted)),
            "CBK": Cell(clear_back, ("OutSuspended", *_CLEARING)),
            "Disconnect": Cell(caller_hangs_up, ("OutCallerCleared", *_CLEARING)),
        },
    ),
    "OutSuspended": State(
        "the called party has hung up",
        {
            **_LATER,
            **dict.fromkeys((*_ANSWERS, "RAN"), Cell(resume, ("OutAnswered",))),
            "CBK": Cell(noted),
            "re_answer": Cell(not_resumed, _CLEARING),
        },
        ("re_answer",),
    ),
    "OutCallerCleared": State(
        "the caller has hung up, the called party holds the circuit",
        {
            **_LATER,
            "CBK": Cell(called_clears, _CLEARING),
            "Disconnect": Cell(None),
            "Resume": Cell(None, ("OutAnswered",)),
            "caller_hold": Cell(called_clears, _CLEARING),
        },
        ("caller_hold",),
    ),
}
