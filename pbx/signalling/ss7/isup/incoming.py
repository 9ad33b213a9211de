"""Call processing control of calls that come in, CPCI (Q.764 clauses 2.1.1 to 2.1.8, 2.4, 2.8.2, 2.9.1; T8, T11, T33, T35).

An IAM waits for a continuity check that is being made, then for its digits, then, where the habits want it, for the caller's number; then
it goes up as one ``Setup``. Where the route is known before the number is whole, ``Info`` brings the rest. What the switch says goes back
as ACM, CPG, CON, ANM, SUS, RES and MPM. When it says nothing, T11 sends ACM so that the far end goes on waiting. Leaves out T10.
"""

from collections.abc import Sequence

from pbx.engine import Noted, Output, Unexpected
from pbx.machine import Cell, State
from pbx.signalling.ss7.circuit_books import CONNECT, SEIZED
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.call_control import CallControl
from pbx.signalling.ss7.isup.call_parameters import called_of, caller_of, connected_number
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameter import Parameter
from pbx.signalling.ss7.isup.parameters import ChargeInformation
from pbx.vocabulary import call
from pbx.vocabulary.call import Connect, Disconnect, Info, Metering, OperatorSignal

ANSWERS = {
    status: i.BackwardCallIndicators(
        values.Charge.CHARGE, status, values.CalledCategory.ORDINARY, interworking=False, isup_all_the_way=True
    )
    for status in values.CalledStatus
}
WITHOUT_CHARGE = i.BackwardCallIndicators(
    values.Charge.NO_CHARGE, values.CalledStatus.SUBSCRIBER_FREE, values.CalledCategory.ORDINARY, interworking=False, isup_all_the_way=True
)
NOTHING_YET = ANSWERS[values.CalledStatus.NO_INDICATION]
FREE = ANSWERS[values.CalledStatus.SUBSCRIBER_FREE]
IN_BAND = i.OptionalBackwardCallIndicators(in_band_information=True)
RINGS = i.EventInformation(values.Event.ALERTING)
TO_BE_HEARD = i.EventInformation(values.Event.IN_BAND_INFORMATION)
BY_NETWORK = i.SuspendResumeIndicators(by_network=True)
CHECKED = (values.ContinuityCheck.REQUIRED, values.ContinuityCheck.ON_A_PREVIOUS_CIRCUIT)
MOST_PULSES = 0xFFFF


def accept(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """IAM on a circuit at rest, or on one whose own call has just given way."""
    c.machine.choose("Idle")
    category = message.first(i.CallingPartysCategory)
    if c.blocked_here and (category is None or category.category != c.variant.data.test_code):
        return (Unexpected(c.machine.state, "IAM"), *c.again(now), *c.rest())
    if values.SupervisionType.HARDWARE_FAILURE in c.blocked_there:
        return (Unexpected(c.machine.state, "IAM"), *c.rest())
    if c.direction == "outgoing":
        return _not_ours(c)
    c.open = True
    c.initial = message
    c.number, complete = called_of(message)
    c.caller = caller_of(message)
    outputs = (*c.free_there(values.SupervisionType.MAINTENANCE), SEIZED)
    nature = message.first(i.NatureOfConnectionIndicators)
    if nature is not None and nature.continuity_check in CHECKED:
        c.check.here = nature.continuity_check == values.ContinuityCheck.REQUIRED
        c.overlap = not complete
        c.machine.choose("InWaitContinuity")
        return outputs
    return (*outputs, *c.examine(complete))


def _not_ours(c: CallControl) -> Sequence[Output]:
    """The far end has seized a circuit that is ours alone, so the ends do not agree about it: REL with cause 44 makes its call take
    another circuit."""
    noticed = Unexpected(c.machine.state, "IAM on an outgoing circuit")
    c.idle_owed = True
    c.machine.choose("WaitRelease")
    return (noticed, c.release(call.CIRCUIT_NOT_AVAILABLE))


def continuity(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """COT: the call goes on, or ends, and the circuit waits for a new check."""
    told = message.first(i.ContinuityIndicators)
    if told is not None and told.successful:
        return c.examine(not c.overlap)
    c.machine.choose("CheckFailed")
    return c.close(call.TEMPORARY_FAILURE)


def information(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """INF: the caller's number, or that it is not to be had."""
    c.caller = caller_of(message)
    return c.offer()


def late_digits(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """SAM after Setup: Info where the call is in overlap, nothing where the number was whole."""
    digits, _ = c.subsequent_of(message)
    return (Info(digits),) if c.overlap and digits else ()


def _complete(c: CallControl, indicators: i.BackwardCallIndicators, *optional: Parameter) -> Sequence[Output]:
    return (c.say(MessageType.ACM, indicators, *optional),)


def proceeding(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """Proceeding, or T11: ACM without word of the called party."""
    return _complete(c, NOTHING_YET)


def alerting(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """Alerting: ACM, subscriber free."""
    return _complete(c, FREE)


def in_band(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """Progress: ACM, something is to be heard."""
    return _complete(c, NOTHING_YET, IN_BAND)


def connect(c: CallControl, wish: Connect, now: float) -> Sequence[Output]:
    """Connect without a word before: CON."""
    return (c.say(MessageType.CON, WITHOUT_CHARGE if wish.free else FREE, *connected_number(wish.connected, c.initial)), CONNECT)


def late_alerting(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """Alerting after ACM: CPG."""
    return (c.say(MessageType.CPG, RINGS),)


def late_in_band(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """Progress after ACM: CPG."""
    return (c.say(MessageType.CPG, TO_BE_HEARD),)


def answer(c: CallControl, wish: Connect, now: float) -> Sequence[Output]:
    """Connect: ANM; where the call is not charged it says so, for ACM could not know."""
    charge = (WITHOUT_CHARGE,) if wish.free else ()
    return (c.say(MessageType.ANM, *charge, *connected_number(wish.connected, c.initial)), CONNECT)


def suspend(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """Suspend: the called party has hung up and may lift again."""
    return (c.say(MessageType.SUS, BY_NETWORK),)


def resume(c: CallControl, _: object, now: float) -> Sequence[Output]:
    """Resume."""
    return (c.say(MessageType.RES, BY_NETWORK),)


def metering(c: CallControl, wish: Metering, now: float) -> Sequence[Output]:
    """Metering: MPM where the network has it."""
    if not c.variant.data.charge_messages or not 0 < wish.pulses <= MOST_PULSES:
        return ()
    return (c.say(MessageType.MPM, ChargeInformation(wish.pulses)),)


def caller_suspends(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """SUS and RES of the calling side: the call stays as it is."""
    return (Noted(f"<- {MessageType(message.kind).name} of the calling side"),)


def caller_clears(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """CCL: the calling party has hung up, the circuit is held for the called one (China)."""
    return (Disconnect(call.NORMAL_CLEARING),)


def forward_transfer(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """FOT: a toll operator rings the called party again."""
    return (OperatorSignal("re-ring"),)


def operator(c: CallControl, message: Message, now: float) -> Sequence[Output]:
    """OPR before answer: the called party's other call is to give way."""
    return (OperatorSignal("forced-release"),)


def ring_back(c: CallControl, wish: OperatorSignal, now: float) -> Sequence[Output]:
    """OPR that goes backward: the operator who calls is rung."""
    return (c.say(MessageType.OPR),) if wish.kind == "ring-back" else ()


def call_states(in_call: dict[str, Cell]) -> dict[str, State]:
    """The states of calls that come in; ``in_call`` are the cells of every call."""
    examined = ("InWaitDigits", "InWaitInformation", "InOffered", "WaitRelease")
    begun = {**in_call, "FOT": Cell(forward_transfer), "OPR": Cell(operator), "CCL": Cell(caller_clears)}
    talking = {
        **begun,
        "OPR": Cell(forward_transfer),
        "SUS": Cell(caller_suspends),
        "RES": Cell(caller_suspends),
        "Metering": Cell(metering),
        "OperatorSignal": Cell(ring_back),
    }
    timeout = Cell(CallControl.time_out, ("WaitRelease",))
    complete = ("InAddressComplete",)
    return {
        "InWaitContinuity": State(
            "IAM came, its circuit is checked",
            {
                **begun,
                "COT": Cell(continuity, (*examined, "CheckFailed")),
                "SAM": Cell(CallControl.more_while_checked),
                "T8": timeout,
            },
            ("T8",),
        ),
        "InWaitDigits": State(
            "more digits are wanted",
            {**begun, "SAM": Cell(CallControl.more_digits, examined), "T35": Cell(CallControl.digits_end, examined)},
            ("T35",),
        ),
        "InWaitInformation": State(
            "the caller's number is asked",
            {**begun, "SAM": Cell(CallControl.digits_while_inquiring), "INF": Cell(information, ("InOffered",)), "T33": timeout},
            ("T33",),
        ),
        "InOffered": State(
            "the switch has the call",
            {
                **begun,
                "SAM": Cell(late_digits, ("InOffered",)),
                "Proceeding": Cell(proceeding, complete),
                "Alerting": Cell(alerting, complete),
                "Progress": Cell(in_band, complete),
                "Connect": Cell(connect, ("InAnswered",)),
                "Metering": Cell(metering),
                "T11": Cell(proceeding, complete),
            },
            ("T11",),
        ),
        "InAddressComplete": State(
            "ACM sent",
            {
                **begun,
                "Alerting": Cell(late_alerting),
                "Progress": Cell(late_in_band),
                "Connect": Cell(answer, ("InAnswered",)),
                "Metering": Cell(metering),
                "OperatorSignal": Cell(ring_back),
            },
        ),
        "InAnswered": State("answered", {**talking, "Suspend": Cell(suspend, ("InSuspended",))}),
        "InSuspended": State("the called party has hung up", {**talking, "Resume": Cell(resume, ("InAnswered",))}),
    }
