"""Call processing control of calls that we make, CPCO (Q.764 clauses 2.1.1 to 2.1.8, 2.4, 2.9.1.4; T2, T3, T6, T7, T9).

Setup becomes IAM, Info becomes SAM; ACM, CPG, CON, ANM, SUS and RES go up in the switch's words, MPM and CRG as metering. When both ends
have seized the circuit, the call of the end that controls it goes on, the other one is released up with cause 44, for another circuit,
and the far end's call is taken instead. OLM releases a call, and its circuit is not seized for T3. Leaves out the continuity check of calls
that we make (continuity.py).
"""

from collections.abc import Sequence

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
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.call_control import CallControl, name_of
from pbx.signalling.ss7.isup.call_parameters import connected_of, initial_address, of_circuit
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.incoming import accept
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameter import Parameter
from pbx.signalling.ss7.isup.parameters import CallingPartyNumber, ChargeInformation, SubsequentNumber
from pbx.signalling.ss7.numbers import signals_of
from pbx.vocabulary import call
from pbx.vocabulary.call import Connect, Info, Metering, OperatorSignal, Setup


def seize(c: CallControl, setup: Setup, now: float) -> Sequence[Output]:
    """Setup: IAM goes out, or the circuit never leaves rest and is free for the next call at once."""
    c.machine.choose("Idle")
    if c.reasons or c.blocked_here or c.blocked_there or c.direction == "incoming":
        return (RELEASES[call.CIRCUIT_NOT_AVAILABLE], IDLE)
    if setup.hops == 1:
        return (RELEASES[EXCHANGE_ROUTING_ERROR], IDLE)
    message = initial_address(c.cic, setup, c.variant)
    if message is None:
        return (RELEASES[call.INVALID_NUMBER], IDLE)
    if not c.congestion.admits():
        return (RELEASES[call.SWITCH_CONGESTION], IDLE)
    c.open = True
    c.overlap = setup.overlap
    c.free = False
    c.caller = (setup.calling, setup.restricted)
    c.initial = message
    c.machine.choose("OutWaitAddressComplete")
    checked = c.check.wanted()
    if checked:
        c.machine.choose("OutWaitContinuity")
    return (of_circuit(message, checked, c.echo_control),)


def overloaded(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """OLM: the far end has no room for calls without priority; this one takes another circuit."""
    return (Noted("<- OLM"), *c.give_up(call.CIRCUIT_NOT_AVAILABLE))


def more_digits(c: CallControl, info: Info, now: float) -> Sequence[Output]:
    """Info: a SAM while the address may still grow."""
    signals = signals_of(info.digits)
    if not c.overlap or not signals:
        return ()
    return (c.say(MessageType.SAM, SubsequentNumber(signals)),)


def dual_seizure(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """IAM while we wait for the first backward message: 2.9.1.4."""
    if c.controls:
        c.glare = True
        c.machine.choose("OutWaitAddressComplete")
        return (Noted("<- IAM, dual seizure: ours goes on"),)
    from_here = c.close(call.CIRCUIT_NOT_AVAILABLE)
    return (Noted("<- IAM, dual seizure: the far end's goes on"), *from_here, *accept(c, message, now))


def late_forward(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """SAM or COT: of the far end's call that has given way to ours, sent before it knew (2.9.1.4); else it shows that the ends disagree."""
    if c.glare:
        c.machine.choose("OutWaitAddressComplete")
        return (Noted(f"<- {name_of(message)} of the call that has given way"),)
    c.machine.choose("Resetting")
    return c.reset_by_stray(message, now)


def address_complete(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """ACM: no more digits; it may say that the called party is free, or that something is to be heard."""
    c.glare = False
    told = message.first(i.BackwardCallIndicators)
    _note_charge(c, told)
    outputs: tuple[Output, ...] = (PROCEEDING,)
    if told is not None and told.called_status == values.CalledStatus.SUBSCRIBER_FREE:
        outputs = (PROCEEDING, ALERTING)
    return (*outputs, PROGRESS) if _in_band(message) else outputs


def _in_band(message: Message) -> bool:
    told = message.first(i.OptionalBackwardCallIndicators)
    return told is not None and told.in_band_information


def connect(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """CON: address complete and answer in one."""
    c.glare = False
    return (PROCEEDING, _answer(c, message))


def answer(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """ANM."""
    return (_answer(c, message),)


def _note_charge(c: CallControl, told: i.BackwardCallIndicators | None) -> None:
    if told is not None and told.charge != values.Charge.NO_INDICATION:
        c.free = told.charge == values.Charge.NO_CHARGE


def _answer(c: CallControl, message: Message) -> Connect:
    _note_charge(c, message.first(i.BackwardCallIndicators))
    connected = connected_of(message)
    return Connect(connected, c.free) if connected or c.free else CONNECT


def progress(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """CPG: the called party is rung now, or something is to be heard."""
    told = message.first(i.EventInformation)
    event = told.event if told is not None else 0
    if event == values.Event.ALERTING:
        return (ALERTING, PROGRESS) if _in_band(message) else (ALERTING,)
    return (PROGRESS,) if event in (values.Event.PROGRESS, values.Event.IN_BAND_INFORMATION) else ()


def suspend(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """SUS: by the network (the called party has hung up, T6) or by an ISDN user (T2)."""
    told = message.first(i.SuspendResumeIndicators)
    c.machine.choose("OutSuspended" if told is not None and told.by_network else "OutSuspendedByUser")
    return (SUSPEND,)


def resume(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """RES."""
    return (RESUME,)


def metering(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """MPM: so many pulses."""
    told = message.first(ChargeInformation)
    pulses = told.value if told is not None else 0
    return (METERING if pulses == 1 else Metering(pulses),) if pulses else ()


def charged(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """CRG: its contents are a network's own; it is written down only."""
    return (Noted("<- CRG"),)


def asked(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """INR: INF tells what we know of the caller."""
    told = message.first(i.InformationRequestIndicators)
    wants = told if told is not None else i.InformationRequestIndicators()
    found: list[Parameter] = []
    response = values.AddressResponse.NOT_INCLUDED
    if wants.calling_address:
        number = c.initial.first(CallingPartyNumber) if c.initial is not None else None
        response = values.AddressResponse.NOT_AVAILABLE if number is None else values.AddressResponse.INCLUDED
        found = [number] if number is not None else []
    category = c.initial.first(i.CallingPartysCategory) if c.initial is not None and wants.calling_category else None
    if category is not None:
        found.append(category)
    indicators = i.InformationIndicators(response, calling_category=category is not None)
    return (c.say(MessageType.INF, indicators, *found),)


def operator(c: CallControl, wish: OperatorSignal, now: float) -> Sequence[Output]:
    """A toll operator's signal goes forward: FOT, or China's OPR."""
    kind = FORWARD_SIGNALS.get(wish.kind)
    return (c.say(kind),) if kind is not None else ()


def ring_back(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """OPR that comes backward rings the operator who calls."""
    return (OperatorSignal("ring-back"),)


def blocked(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """BLO for a circuit that we have just seized: the call takes another one."""
    return c.give_up(call.CIRCUIT_NOT_AVAILABLE)


FORWARD_SIGNALS = {"re-ring": MessageType.FOT, "forced-release": MessageType.OPR}
BESIDE = ("CFN", "FAC", "USR", "NRM", "PAM", "APM", "PRI", "IDR", "LOP", "FRJ", "LPA")
"""Messages that may come before the address is complete and say nothing about the call."""
_CLEARING = Cell(CallControl.clear, ("WaitRelease",))
IN_CALL = {
    "Setup": Cell(CallControl.refuse),
    "Release": _CLEARING,
    "Disconnect": _CLEARING,
    "Reset": Cell(CallControl.reset, ("Resetting",)),
    "REL": Cell(CallControl.far_releases, ("Idle",)),
    "RLC": Cell(CallControl.release_without_end, ("WaitRelease",)),
    "RSC": Cell(CallControl.far_resets, ("Idle",)),
    "lost": Cell(CallControl.lost, ("Idle",)),
    "abandon": Cell(CallControl.abandon, ("GroupResetting",)),
    "unequipped": Cell(CallControl.unequipped, ("Idle",)),
    "judged": Cell(CallControl.judged, ("WaitRelease",)),
    "other": Cell(CallControl.stray),
}
"""What every call answers, in or out."""
AFTER_DUAL_SEIZURE = ("InWaitContinuity", "InWaitDigits", "InWaitInformation", "InOffered", "WaitRelease", "Idle")
"""Where the far end's call may be when ours has given way to it."""
OVERLOAD = {"OLM": Cell(overloaded, ("OverloadRelease",))}
_TIMEOUT = Cell(CallControl.time_out, ("WaitRelease",))
_WITH_CHARGE = {"MPM": Cell(metering), "CRG": Cell(charged), "INR": Cell(asked), "OPR": Cell(ring_back), "OperatorSignal": Cell(operator)}
_TALKING = {**IN_CALL, **_WITH_CHARGE, "CPG": Cell(progress)}

STATES = {
    "OutWaitAddressComplete": State(
        "IAM sent",
        {
            **IN_CALL,
            "Info": Cell(more_digits, ("OutWaitAddressComplete",)),
            "IAM": Cell(dual_seizure, ("OutWaitAddressComplete", *AFTER_DUAL_SEIZURE)),
            "SAM": Cell(late_forward, ("OutWaitAddressComplete", "Resetting")),
            "COT": Cell(late_forward, ("OutWaitAddressComplete", "Resetting")),
            **OVERLOAD,
            "INR": Cell(asked),
            "CRG": Cell(charged),
            "ACM": Cell(address_complete, ("OutWaitAnswer",)),
            "CON": Cell(connect, ("OutAnswered",)),
            "blocked": Cell(blocked, ("WaitRelease",)),
            **dict.fromkeys(BESIDE, Cell(CallControl.stray)),
            "other": Cell(CallControl.reset_by_stray, ("Resetting",)),
            "T7": _TIMEOUT,
        },
        ("T7",),
    ),
    "OutWaitAnswer": State(
        "address complete",
        {**_TALKING, "ANM": Cell(answer, ("OutAnswered",)), "T9": Cell(CallControl.no_answer, ("WaitRelease",))},
        ("T9",),
    ),
    "OutAnswered": State("answered", {**_TALKING, "SUS": Cell(suspend, ("OutSuspended", "OutSuspendedByUser"))}),
    "OutSuspended": State("the called party has hung up", {**_TALKING, "RES": Cell(resume, ("OutAnswered",)), "T6": _TIMEOUT}, ("T6",)),
    "OutSuspendedByUser": State("an ISDN user has suspended", {**_TALKING, "RES": Cell(resume, ("OutAnswered",)), "T2": _TIMEOUT}, ("T2",)),
}  # fmt: skip
