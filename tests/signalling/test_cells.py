"""Every cell of every chart, one by one: the state is reached by real inputs, the event comes as a real input, the cell must
have run, and then the line must be able to come to rest with one Release for each call."""

import pytest

from pbx.engine import Levels
from pbx.signalling.analog.alarm_watch import ALARM_STATES as WATCH_STATES
from pbx.signalling.analog.fxs import STATES as FXS_STATES
from pbx.signalling.analog.fxs import FxsLine, SubscriberFeatures, load_subscriber_variant
from pbx.signalling.analog.fxs_waiting import STATES as WAITING_STATES
from pbx.signalling.r2.circuit import ALARM_STATES, R2Circuit
from pbx.signalling.r2.incoming_register import INCOMING_STATES
from pbx.signalling.r2.line_states import STATES as LINE_STATES
from pbx.signalling.r2.outgoing_register import OUTGOING_STATES
from pbx.signalling.r2.variant import load_variant
from pbx.signalling.r2.variant_data import CircuitHabits
from pbx.vocabulary import tones
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    CallWaiting,
    Connect,
    Disconnect,
    Info,
    MessageWaiting,
    Metering,
    OperatorSignal,
    Proceeding,
    Progress,
    Release,
    Reset,
    Resume,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from pbx.vocabulary.media import Alarm, Bits, Digit, Flash, Grounded, HookOff, HookOn, ToneOff, ToneOn
from tests.signalling.cases import PLAN, every_signal

EXPIRE = "expire"


CHINA = load_variant("china").adjusted(timers_ms={"alarm_persistence": 50})
"""So short an alarm time that it runs out before every other timer."""
EVERY = every_signal(CHINA)
SEMI_AUTOMATIC = CircuitHabits(semi_automatic=True)
SUBSCRIBER = load_subscriber_variant().adjusted({"alarm_persistence": 50})


def fwd(*signals):
    return [event for signal in signals for event in (ToneOn(tones.mfc_forward(signal)), ToneOff(tones.mfc_forward(signal)))]


def bwd(*signals):
    return [event for signal in signals for event in (ToneOn(tones.mfc_backward(signal)), ToneOff(tones.mfc_backward(signal)))]


SETUP = Setup("12345", "77")
PRIMITIVES = {
    "Setup": [SETUP],
    "Info": [Info("5")],
    "Proceeding": [Proceeding()],
    "Alerting": [Alerting()],
    "Progress": [Progress()],
    "Connect": [Connect()],
    "Disconnect": [Disconnect(17)],
    "Release": [Release(16)],
    "Blocked": [Blocked("local")],
    "Unblocked": [Unblocked()],
    "Suspend": [Suspend()],
    "Resume": [Resume()],
    "OperatorSignal": [OperatorSignal("re-ring")],
    "Metering": [Metering(2)],
    "Reset": [Reset()],
}
OUT_REGISTER = [SETUP, Bits(15)]
OUT_FREE = [*OUT_REGISTER, *bwd(3, 1)]
OUT_ANSWERED = [*OUT_FREE, Bits(7)]
SEIZED = [Bits(3)]
NUMBER = [*SEIZED, *fwd(1, 2, 3, 4, 5)]
OFFERED = [*NUMBER, *fwd(1, 15), fwd(3)[0]]
IN_FREE = [*OFFERED, Alerting(), fwd(3)[1]]
IN_ANSWERED = [*IN_FREE, Connect(), EXPIRE]

LINE_RECIPES = {
    "Idle": [],
    "RemoteBlocked": [Bits(15)],
    "LocalBlocked": [Blocked("local")],
    "BlockPending": [*SEIZED, Blocked("local"), Bits(11)],
    "Fault": [*OUT_REGISTER, Release(16), EXPIRE],
    "OutSeizing": [SETUP],
    "OutRegister": OUT_REGISTER,
    "OutFree": OUT_FREE,
    "OutAnswered": OUT_ANSWERED,
    "OutMetering": [*OUT_ANSWERED, Bits(15)],
    "OutSuspended": [Setup("12345", control="calling"), *OUT_ANSWERED[1:], Bits(15), EXPIRE],
    "OutClearedBack": [*OUT_ANSWERED, Bits(15), EXPIRE],
    "OutBusy": [*OUT_REGISTER, *bwd(3, 2)],
    "OutFailed": [*OUT_REGISTER, *bwd(5)],
    "Releasing": [*OUT_REGISTER, Release(16)],
    "Settling": [SETUP, Release(16)],
    "DualSeizure": [SETUP, Bits(3)],
    "InRegister": SEIZED,
    "InFree": IN_FREE,
    "InAnswering": [*OFFERED, Connect(), fwd(3)[1]],
    "InAnswered": IN_ANSWERED,
    "InSuspended": [*IN_ANSWERED, Suspend()],
    "InClearedBack": [*IN_ANSWERED, Disconnect(16)],
    "InBusy": [*OFFERED, Disconnect(17), fwd(3)[1]],
    "InRefused": [*IN_FREE, Disconnect(16)],
    "InOver": [*IN_FREE, Release(16)],
}
LINE_INPUTS = {
    **PRIMITIVES,
    "idle": [Bits(11)],
    "clear-forward": [Bits(11)],
    "backward-idle": [Bits(11)],
    "seizure": [Bits(3)],
    "dual-seizure": [Bits(3)],
    "acknowledged": [Bits(15)],
    "clear-back": [Bits(15)],
    "held": [Bits(15)],
    "blocking": [Bits(15)],
    "forward-fault": [Bits(15)],
    "answer": [Bits(7)],
    "metering": [Bits(15)],
    "backward-release": [Bits(3)],
    "re-ring": [Bits(1)],
    "forced-release": [Bits(1)],
    "ring-back": [Bits(13)],
    ("OutAnswered", "ring-back"): [Bits(5)],
    "lost": [Alarm(1), EXPIRE],
    ("OutRegister", "register-free"): bwd(3, 1),
    ("OutRegister", "register-failed"): bwd(4),
    ("InRegister", "register-free"): [*IN_FREE[1:]],
    ("InRegister", "register-failed"): [EXPIRE],
}
OUT_RECIPES = {
    "Off": [SETUP],
    "Digit": OUT_REGISTER,
    "Category": [*OUT_REGISTER, *bwd(6)],
    "Caller": [*OUT_REGISTER, *bwd(6, 10)],
    "CalledClass": [*OUT_REGISTER, *bwd(3)],
    "Ending": [*OUT_REGISTER, bwd(1)[0]],
    "Waiting": [Setup("1", overlap=True), Bits(15), *bwd(1)],
    "PulseGuard": [Setup("1", overlap=True), Bits(15), *bwd(1), bwd(3)[0]],
}
OUT_INPUTS = {
    "start": [Bits(15)],
    "Stop": [Release(16)],
    "Info": [Info("5")],
    "tone-off": [bwd(1)[1]],
    "next-digit": [bwd(1)[0]],
    "from-first": [bwd(2)[0]],
    "to-group-b": [bwd(3)[0]],
    "refused": [bwd(5)[0]],
    "send-category": [bwd(6)[0]],
    "repeat-last": [bwd(7)[0]],
    "repeat-2-back": [bwd(8)[0]],
    "repeat-3-back": [bwd(9)[0]],
    "send-caller-digit": [bwd(10)[0]],
    "address-complete": [bwd(11)[0]],
    "spare": [bwd(13)[0]],
    "free": [bwd(1)[0]],
}
TANDEM = [*SEIZED, *fwd(8, 1, 1, 15)]
TANDEM_MORE = [*SEIZED, *fwd(8, 7, 1, 15, 1)]
TANDEM_WHOLE = [*TANDEM, *fwd(1, 1, 1, 1)]
IN_RECIPES = {
    "Off": [],
    "WaitDigit": SEIZED,
    "WaitMore": [*SEIZED, *fwd(6, 1)],
    "WaitCategory": NUMBER,
    "WaitCaller": [*NUMBER, *fwd(1)],
    "WaitClass": [*NUMBER, *fwd(1, 15)],
    "Offered": OFFERED,
    "PulseDelay": [*TANDEM, Proceeding()],
    "Replying": [*SEIZED, fwd(1)[0]],
    ("PulseDelay", "proceed"): [*TANDEM, Disconnect(42)],
    **{("WaitDigit", event): TANDEM for event in ("break-off", "proceed")},
    **{("WaitMore", event): TANDEM_MORE for event in ("break-off", "proceed")},
    **{("WaitClass", event): TANDEM_WHOLE for event in ("break-off", "proceed")},
    **{("Replying", event): [*TANDEM, fwd(1)[0]] for event in ("break-off", "proceed")},
}
IN_INPUTS = {
    "start": [Bits(3)],
    "Stop": [Bits(11)],
    ("Off", "Stop"): [*IN_FREE, Bits(11)],
    "digit": [fwd(4)[0]],
    "mark": [fwd(12)[0]],
    "end-of-number": [fwd(14)[0]],
    "break-off": [Disconnect(17)],
    "proceed": [Proceeding()],
    "category": [fwd(8)[0]],
    "end": [fwd(15)[0]],
    "restricted": [fwd(12)[0]],
    "called-class": [fwd(3)[0]],
    "tone-off": [fwd(1)[1]],
    "accept": [Alerting()],
    "refuse": [Disconnect(17)],
}
ALARM_RECIPES = {"Clear": [], "Standing": [Alarm(1)], "Lasting": [Alarm(1), EXPIRE]}
ALARM_INPUTS = {"alarm": [Alarm(4)], "clear": [Alarm(0)]}
DIALLED = [HookOff(), *(Digit(digit) for digit in "12345")]
TALKS = [*DIALLED, Connect()]
HELD = [Setup("12345", "77", control="calling"), HookOff(), HookOn()]
FXS_RECIPES = {
    "Idle": [],
    "Informing": [MessageWaiting(1)],
    "GroundSeized": [Grounded(True)],
    "WarmLine": [HookOff()],
    "Presenting": [SETUP],
    "Suspended": HELD,
    "ReRinging": [*HELD, OperatorSignal("re-ring")],
    ("Idle", "HookOn"): [HookOff()],
    "Lost": [*TALKS, Alarm(1), EXPIRE],
    ("Lost", "lost"): [Levels(off_hook=True, alarms=1)],
    ("Tone", "metering"): [*TALKS, Metering(20), Disconnect(17)],
    "DialTone": [HookOff()],
    "Dialling": [HookOff(), Digit("1")],
    "Whole": [HookOff(), Digit("6"), Digit("1")],
    "Calling": DIALLED,
    "Ringing": [SETUP],
    "Talking": TALKS,
    "Tone": [*DIALLED, Disconnect(17)],
    "Howler": [*DIALLED, Disconnect(17), EXPIRE],
    "LockedOut": [*DIALLED, Disconnect(17), EXPIRE, EXPIRE],
}
FXS_INPUTS = {
    **PRIMITIVES,
    "HookOff": [HookOff()],
    "HookOn": [HookOn()],
    "Flash": [Flash()],
    "Digit": [Digit("2")],
    "alarm": [Alarm(1)],
    "lost": [Alarm(1), EXPIRE],
    "alarm-over": [Alarm(0)],
    ("Lost", "lost"): [EXPIRE],
    ("Lost", "HookOn"): [HookOn(), Alarm(0)],
    ("Lost", "grounded"): [Grounded(True), Alarm(0)],
    ("GroundSeized", "grounded"): [Grounded(False), Grounded(True)],
    "Reset": [Reset()],
    "grounded": [Grounded(True)],
    "re-ring": [OperatorSignal("re-ring")],
    "indicate": [MessageWaiting(1)],
    "Metering": [Metering(1)],
    ("Talking", "metering"): [Metering(20), EXPIRE],
    ("Ringing", "ring"): [EXPIRE, EXPIRE],
    ("Presenting", "message_end"): [EXPIRE, EXPIRE],
}
EVERYTHING = SubscriberFeatures(caller_identity="china", reversal=True, metering=True, call_waiting=True, message_waiting=True)
FXS_FEATURES = {
    ("Idle", "HookOn"): SubscriberFeatures(ground_start=True),
    "GroundSeized": SubscriberFeatures(ground_start=True, metering=True),
    "WarmLine": SubscriberFeatures(hot_line="110", hot_line_delay_ms=3000),
    "Presenting": SubscriberFeatures(caller_identity="dtmf-china"),
    ("Ringing", "message_begin"): SubscriberFeatures(caller_identity="dtmf-between-rings"),
}
WAITING_RECIPES = {
    "Off": TALKS,
    "Alerting": [*TALKS, CallWaiting("77")],
    "Sending": [*TALKS, CallWaiting("77"), Digit("D")],
    "Waiting": [*TALKS, CallWaiting("77"), EXPIRE],
}
WAITING_INPUTS = {
    "CallWaiting": [CallWaiting("78")],
    "Release": [CallWaiting(over=True)],
    "digit": [Digit("5")],
    "answer": [Digit("D")],
}


def cells(states):
    return [(name, event) for name, state in states.items() for event in state.cells]


class Bench:
    """One engine, inputs one after another, calls counted."""

    def __init__(self, engine, machine):
        self.engine = engine
        self.machine = machine
        self.now = 0.0
        self.balance = 0
        self.seen = []
        self.take(engine.start(0.0))

    def take(self, outputs):
        for output in outputs:
            self.balance += (type(output) is Seized) - (type(output) is Release)

    def give(self, inputs):
        for value in inputs:
            if value is EXPIRE:
                self.now = self.engine.deadline()
                self.take(self.engine.expire(self.now))
            elif isinstance(value, Levels):
                self.take(self.engine.resume("", value, self.now))
            else:
                self.balance += type(value) is Setup
                self.take(self.engine.receive(value, self.now))

    def cell(self, state, inputs, event):
        assert self.machine.state == state
        self.machine.observer = lambda *cell: self.seen.append(cell)
        self.give(inputs)
        assert (state, event) in self.seen

    def rest(self, inputs):
        self.give(inputs)
        for _ in range(20):
            if self.engine.deadline() is None:
                break
            self.give([EXPIRE])
        assert self.engine.state == "Idle"
        assert self.engine.deadline() is None
        assert self.balance == 0


R2_TABLES = [(0, LINE_RECIPES, LINE_INPUTS, LINE_STATES), (1, OUT_RECIPES, OUT_INPUTS, OUTGOING_STATES)]
R2_TABLES += [(2, IN_RECIPES, IN_INPUTS, INCOMING_STATES), (3, ALARM_RECIPES, ALARM_INPUTS, ALARM_STATES)]
WITHOUT_METERING = {("OutAnswered", "clear-back")}
"""There a metering pulse has the code of the clear-back."""
R2_CELLS = [(index, *cell) for index, _, _, states in R2_TABLES for cell in cells(states)]


@pytest.mark.parametrize(("index", "state", "event"), R2_CELLS, ids=lambda value: str(value))
def test_r2_cell(index, state, event):
    _, recipes, inputs, _ = R2_TABLES[index]
    variant = CHINA if (state, event) in WITHOUT_METERING else EVERY
    engine = R2Circuit(variant, "both-way", PLAN, habits=SEMI_AUTOMATIC if variant is EVERY else CircuitHabits())
    bench = Bench(engine, engine.machines()[index])
    bench.give(recipes.get((state, event)) or recipes[state])
    timer = [EXPIRE] if event in CHINA.timers else None
    bench.cell(state, timer or inputs.get((state, event)) or inputs[event], event)
    bench.rest([Alarm(0), Release(16), Unblocked(), Bits(11)])


@pytest.mark.parametrize(("state", "event"), cells(FXS_STATES), ids=lambda value: str(value))
def test_fxs_cell(state, event):
    features = FXS_FEATURES.get((state, event)) or FXS_FEATURES.get(state) or EVERYTHING
    engine = FxsLine(SUBSCRIBER, "8001", PLAN, features=features)
    bench = Bench(engine, engine.machines()[0])
    bench.give(FXS_RECIPES.get((state, event)) or FXS_RECIPES[state])
    timer = [EXPIRE] if event in SUBSCRIBER.data.timers else None
    bench.cell(state, FXS_INPUTS.get((state, event)) or timer or FXS_INPUTS[event], event)
    bench.rest([Alarm(0), Release(16), Unblocked(), HookOn()])


@pytest.mark.parametrize(("state", "event"), cells(WATCH_STATES), ids=lambda value: str(value))
def test_cell_of_the_watch_over_a_telephone_line(state, event):
    engine = FxsLine(SUBSCRIBER, "8001", PLAN)
    bench = Bench(engine, engine.machines()[2])
    bench.give([*TALKS, *ALARM_RECIPES[state]])
    bench.cell(state, ALARM_INPUTS.get(event, [EXPIRE]), event)
    bench.rest([Alarm(0), HookOn()])


@pytest.mark.parametrize(("state", "event"), cells(WAITING_STATES), ids=lambda value: str(value))
def test_call_waiting_cell(state, event):
    engine = FxsLine(SUBSCRIBER, "8001", PLAN, features=EVERYTHING)
    bench = Bench(engine, engine.machines()[1])
    bench.give(WAITING_RECIPES[state])
    bench.cell(state, [EXPIRE] if event in SUBSCRIBER.data.timers else WAITING_INPUTS[event], event)
    bench.rest([HookOn()])
