"""E&M tie lines: each start, tones and pulses, the caller's number, clearing, dual seizure, alarms, and every cell of the chart."""

import msgspec
import pytest

from pbx.engine import Levels, Noted
from pbx.signalling.analog.alarm_watch import ALARM_STATES
from pbx.signalling.analog.ear_and_mouth import EarAndMouthCircuit
from pbx.signalling.analog.ear_and_mouth_states import STATES
from pbx.signalling.analog.ear_and_mouth_variant import EarAndMouthFeatures, EarAndMouthVariant, load_ear_and_mouth_variant
from pbx.variant_file import VariantError
from pbx.vocabulary import tones
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    Info,
    Proceeding,
    Progress,
    Release,
    Reset,
    Seized,
    Setup,
    Unblocked,
)
from pbx.vocabulary.media import RECEIVE_DTMF, Alarm, Bits, Digit, Disarm, Listen, SendBits, SendDigits, SendTone, ToneOn
from tests.signalling.cases import PLAN
from tests.signalling.test_cells import EXPIRE, Bench, cells
from tests.signalling.tie_line import TieLine

TIE = load_ear_and_mouth_variant()
ON, OFF = Bits(0b1101), Bits(0b0101)
ON_HOOK, OFF_HOOK = SendBits(0b1101), SendBits(0b0101)
WINK, IMMEDIATE, DELAY = (EarAndMouthFeatures(start=start) for start in ("wink", "immediate", "delay-dial"))
STARTS = [WINK, IMMEDIATE, DELAY]


def circuit(features=WINK, direction="both-way", variant=TIE):
    return EarAndMouthCircuit(variant, direction, PLAN, features)


def give(engine, now, *values):
    """Outputs without the lines of the trace."""
    return [output for value in values for output in engine.receive(value, now) if type(output) is not Noted]


def expire(engine):
    now = engine.deadline()
    return [output for output in engine.expire(now) if type(output) is not Noted]


def test_wink_start_is_dialled_answered_and_cleared():
    engine = circuit()
    assert give(engine, 0.0, Setup("10086", "77")) == [OFF_HOOK]
    assert give(engine, 0.2, OFF) == []
    assert give(engine, 0.4, ON) == []
    assert expire(engine) == [SendDigits("10086", 80, 80)]
    assert not engine.speech
    assert expire(engine)[-2:] == [Proceeding(), Progress()]
    assert engine.speech
    assert give(engine, 3.0, ToneOn(tones.progress("ring-back"))) == [Alerting()]
    assert give(engine, 5.0, OFF)[-1] == Connect()
    assert engine.tag == "out answered"
    assert give(engine, 6.0, Info("5#")) == [SendDigits("5#", 80, 80)]
    assert give(engine, 6.0, Digit("9")) == [Info("9")]
    assert give(engine, 9.0, Disconnect(16))[-2:] == [ON_HOOK, Release(16)]
    assert give(engine, 9.2, ON) == []
    assert expire(engine) == [Idle()]


def test_wink_is_given_to_the_sample_and_digits_are_judged():
    engine = circuit()
    assert give(engine, 1.0, OFF) == [SendBits(0b0101, 1.15), SendBits(0b1101, pytest.approx(1.35)), Seized()]
    expire(engine)
    assert give(engine, 1.5, *(Digit(digit) for digit in "10086"))[-1] == Setup("10086")
    assert give(engine, 2.0, Alerting()) == []
    assert give(engine, 3.0, Connect())[0] == OFF_HOOK
    assert engine.tag == "in answered"
    assert give(engine, 9.0, Disconnect(16)) == [ON_HOOK]
    assert give(engine, 10.0, Connect())[0] == OFF_HOOK
    give(engine, 12.0, ON)
    assert Release(16) in expire(engine)
    assert expire(engine) == [Idle()]


@pytest.mark.parametrize("number", ["10086", "612"])
def test_number_comes_in_by_pulses(number):
    """Breaks of 61 ms, makes of 39 ms; the ends of numbers that may grow is the timer's."""
    engine = circuit(EarAndMouthFeatures(start="immediate", address="pulse"))
    give(engine, 0.0, OFF)
    now, up = 1.0, []
    for digit in number:
        for _ in range(int(digit) or 10):
            up += give(engine, now, ON)
            up += give(engine, now + 0.061, OFF)
            now += 0.1
        up += expire(engine)
        now += 0.7
    if number == "612":
        up += expire(engine)
    assert [output for output in up if type(output) is Setup] == [Setup(number)]


def test_a_break_that_is_no_pulse_counts_nothing_and_a_long_one_clears():
    engine = circuit(EarAndMouthFeatures(start="immediate", address="pulse"))
    give(engine, 0.0, OFF)
    give(engine, 1.0, ON)
    give(engine, 1.01, OFF)
    give(engine, 2.0, ON)
    give(engine, 2.2, OFF)
    assert engine.deadline() == pytest.approx(15.0)
    give(engine, 3.0, ON)
    assert engine.deadline() == pytest.approx(3.3)
    assert Release(16) in expire(engine)


def test_pulses_are_sent_at_exact_times_digit_by_digit():
    engine = circuit(EarAndMouthFeatures(start="immediate", address="pulse"))
    give(engine, 0.0, Setup("20"))
    first = expire(engine)
    assert first == [
        SendBits(0b1101, pytest.approx(0.28)),
        SendBits(0b0101, pytest.approx(0.341)),
        SendBits(0b1101, pytest.approx(0.38)),
        SendBits(0b0101, pytest.approx(0.441)),
    ]
    second = expire(engine)
    assert len(second) == 20
    assert second[0].at == pytest.approx(0.441 + 0.7)
    assert give(engine, 1.2, Release(16))[:1] == [Disarm()]


def test_callers_number_before_the_called_one():
    features = EarAndMouthFeatures(caller_number=True)
    engine = circuit(features)
    give(engine, 0.0, Setup("10086", "02112345678"))
    give(engine, 0.2, OFF)
    give(engine, 0.4, ON)
    assert expire(engine) == [SendDigits("*02112345678*10086*", 80, 80)]
    called = circuit(features)
    give(called, 0.0, OFF)
    expire(called)
    assert give(called, 1.0, *(Digit(digit) for digit in "*02112345678*10086*"))[-1] == Setup("10086", "02112345678")
    assert give(circuit(features), 0.0, Setup("1", "77", restricted=True)) == [OFF_HOOK]
    with pytest.raises(ValueError, match="DTMF"):
        circuit(EarAndMouthFeatures(caller_number=True, address="pulse"))


@pytest.mark.parametrize("hears", [True, False])
def test_keys_in_an_answered_call_are_heard_unless_agreed_otherwise(hears):
    """What listens for nothing may be joined by the card itself; a key that somebody else listens for goes up all the same."""
    features = EarAndMouthFeatures(start="immediate", hears_digits=hears)
    calling, called = circuit(features), circuit(features)
    give(calling, 0.0, Setup("20"))
    expire(calling)
    expire(calling)
    give(called, 0.0, OFF)
    assert type(give(called, 1.0, *map(Digit, "10086"))[-1]) is Setup
    ends = (give(calling, 5.0, OFF), give(called, 5.0, Connect()))
    assert all(outputs[-1] == Connect() for outputs in ends)
    assert [Listen(RECEIVE_DTMF) in outputs for outputs in ends] == [hears, hears]
    assert [give(end, 6.0, Digit("7")) for end in (calling, called)] == [[Info("7")]] * 2


@pytest.mark.parametrize(("row", "cause"), [("*77*9", 1), ("*77*123*", 28), ("9", 1)])
def test_addresses_that_lead_nowhere_hear_why(row, cause):
    engine = circuit(EarAndMouthFeatures(caller_number=True))
    give(engine, 0.0, OFF)
    expire(engine)
    outputs = give(engine, 1.0, *(Digit(digit) for digit in row))
    assert outputs[-2:] == [SendTone(tones.progress("vacant")), Release(cause)]
    assert not engine.speech


def test_no_digit_and_too_few_digits():
    engine = circuit(IMMEDIATE)
    give(engine, 0.0, OFF)
    assert Release(18) in expire(engine)
    engine = circuit(IMMEDIATE)
    give(engine, 0.0, OFF, Digit("1"))
    assert Release(28) in expire(engine)


def test_refused_by_tone():
    engine = circuit(IMMEDIATE)
    give(engine, 0.0, OFF, *(Digit(digit) for digit in "10086"))
    assert give(engine, 2.0, Disconnect(17))[-1] == SendTone(tones.progress("busy"))
    give(engine, 5.0, ON)
    assert Release(16) in expire(engine)


def test_wink_too_short_too_long_or_missing():
    engine = circuit()
    give(engine, 0.0, Setup("10086"))
    give(engine, 0.2, OFF)
    give(engine, 0.24, ON)
    assert engine.state == "OutSeizing"
    give(engine, 0.5, OFF)
    assert expire(engine)[-1] == Release(44)
    assert engine.state == "DualSeizure"
    assert ON_HOOK in expire(engine)
    silent = circuit()
    give(silent, 0.0, Setup("10086"))
    assert expire(silent)[-2:] == [ON_HOOK, Release(44)]


@pytest.mark.parametrize(("tone", "cause"), [("busy", 17), ("congestion", 42), ("vacant", 1), ("special-information", 1)])
def test_tone_of_refusal_before_the_answer(tone, cause):
    engine = circuit(IMMEDIATE)
    give(engine, 0.0, Setup("10086"))
    expire(engine)
    expire(engine)
    assert give(engine, 3.0, ToneOn(tones.progress(tone))) == [Disconnect(cause)]
    assert Release(cause) in expire(engine)
    deaf = circuit(EarAndMouthFeatures(start="immediate", hears_tones=False))
    give(deaf, 0.0, Setup("10086"))
    expire(deaf)
    expire(deaf)
    assert give(deaf, 3.0, ToneOn(tones.progress(tone))) == []


def test_overlap_says_no_proceeding_and_takes_more_digits():
    engine = circuit(IMMEDIATE)
    give(engine, 0.0, Setup("", overlap=True))
    expire(engine)
    assert give(engine, 1.0, Info("10")) == [SendDigits("10", 80, 80)]
    assert expire(engine)[-1:] == [Progress()]
    assert give(engine, 3.0, Info("086")) == [SendDigits("086", 80, 80)]
    assert Proceeding() not in expire(engine)


def test_directions_and_blocking():
    outgoing, incoming = circuit(direction="outgoing"), circuit(direction="incoming")
    assert give(outgoing, 0.0, OFF) == [Blocked("remote")]
    assert give(outgoing, 1.0, Setup("10086")) == [Release(44)]
    assert give(outgoing, 2.0, ON) == [Unblocked(), Idle()]
    assert give(incoming, 0.0, Setup("10086")) == [Release(44), Idle()]
    blocked = circuit()
    assert give(blocked, 0.0, Blocked("local")) == [Blocked("local")]
    assert give(blocked, 1.0, Setup("10086")) == [Release(44), Idle()]
    assert give(blocked, 2.0, OFF) == []
    give(blocked, 4.0, ON)
    expire(blocked)
    expire(blocked)
    assert give(blocked, 9.0, Unblocked()) == [Unblocked()]
    assert blocked.state == "Idle"


def test_short_alarm_freezes_and_a_long_one_loses_the_call():
    engine = circuit(IMMEDIATE)
    give(engine, 0.0, OFF, *(Digit(digit) for digit in "10086"), Connect())
    assert give(engine, 1.0, Alarm(1)) == [Blocked("alarm")]
    assert give(engine, 1.1, ON) == []
    assert give(engine, 1.2, OFF, Alarm(0)) == [Unblocked()]
    assert engine.state == "InAnswered"
    give(engine, 2.0, Alarm(1))
    assert Release(27) in expire(engine)
    give(engine, 6.0, ON)
    assert give(engine, 7.0, Alarm(0))[-1] == Unblocked()
    expire(engine)
    assert engine.state == "Idle"


@pytest.mark.parametrize(
    ("tag", "far", "near"),
    [("out answered", OFF, OFF), ("out cleared-back", ON, OFF), ("in answered", OFF, OFF), ("in cleared-back", OFF, ON)],
)
def test_resume_by_tag_and_levels(tag, far, near):
    engine = circuit()
    assert [type(output) for output in engine.resume(tag, Levels(bits_in=far.value, bits_out=near.value), 0.0)] == [Noted]
    assert engine.tag == tag
    changed = circuit()
    outputs = [*changed.resume(tag, Levels(bits_in=far.value ^ 8, bits_out=near.value ^ 8), 0.0)]
    assert SendBits(near.value) in outputs
    if changed.deadline() == pytest.approx(0.3):
        outputs += expire(changed)
    told = {"out answered": Disconnect(16), "out cleared-back": Connect(), "in answered": Release(16), "in cleared-back": Release(16)}
    assert told[tag] in outputs
    fresh = circuit()
    assert Disarm() in fresh.resume("", Levels(bits_in=ON.value, bits_out=ON.value), 0.0)
    assert expire(fresh) == [Idle()]
    caught = circuit()
    assert Idle() not in caught.resume("", Levels(bits_in=OFF.value, bits_out=OFF.value), 0.0)
    assert give(caught, 1.0, ON) == []
    assert expire(caught) == [Idle()]


def test_data_that_contradicts_itself_is_refused():
    with pytest.raises(VariantError, match="wink"):
        TIE.adjusted({"wink": 5})
    data = TIE.data
    with pytest.raises(VariantError, match="differ"):
        EarAndMouthVariant(msgspec.structs.replace(data, bits=msgspec.structs.replace(data.bits, off_hook=0b1101)))
    with pytest.raises(VariantError, match="pulses"):
        EarAndMouthVariant(msgspec.structs.replace(data, digits=msgspec.structs.replace(data.digits, pulses={"1": 99})))
    with pytest.raises(VariantError, match="missing"):
        EarAndMouthVariant(msgspec.structs.replace(data, timers={}))


# Every cell.

SHORT = TIE.adjusted({"alarm_persistence": 50})
SETUP = Setup("12345", "77")
PULSED = EarAndMouthFeatures(start="wink", address="pulse")
OUT_READY = [SETUP, OFF, 0.2, ON]
OUT_DIALLING = [*OUT_READY, EXPIRE]
OUT_WAITING = [*OUT_DIALLING, EXPIRE]
OUT_ANSWERED = [*OUT_WAITING, OFF]
NUMBER = [Digit(digit) for digit in "12345"]
IN_DIGITS = [OFF, EXPIRE]
IN_OFFERED = [*IN_DIGITS, *NUMBER]
IN_ANSWERED = [*IN_OFFERED, Connect()]
BUSY, RING_BACK = ToneOn(tones.progress("busy")), ToneOn(tones.progress("ring-back"))
RECIPES = {
    "Idle": [],
    "RemoteBlocked": [OFF],
    "OutSeizing": [SETUP],
    "OutStart": [SETUP, OFF],
    "OutReady": OUT_READY,
    "OutDialling": OUT_DIALLING,
    "OutWaiting": OUT_WAITING,
    "OutAnswered": OUT_ANSWERED,
    "OutClearedBack": [*OUT_ANSWERED, ON, EXPIRE],
    "OutFailed": [*OUT_WAITING, BUSY],
    "DualSeizure": [SETUP, OFF, EXPIRE],
    "Releasing": [*OUT_ANSWERED, Release(16)],
    "Fault": [*OUT_ANSWERED, Release(16), EXPIRE],
    "Guard": [*OUT_WAITING, Release(16)],
    "InStart": [OFF],
    "InDigits": IN_DIGITS,
    "InOffered": IN_OFFERED,
    "InAnswered": IN_ANSWERED,
    "InClearedBack": [*IN_ANSWERED, Disconnect(16)],
    "InRefused": [*IN_OFFERED, Disconnect(17)],
    "InOver": [*IN_OFFERED, Release(16)],
}
INPUTS = {
    "Setup": [SETUP],
    "Info": [Info("5")],
    "Proceeding": [Proceeding()],
    "Alerting": [Alerting()],
    "Progress": [Progress()],
    "Connect": [Connect()],
    "Disconnect": [Disconnect(17)],
    "Release": [Release(16)],
    "Reset": [Reset()],
    "off-hook": [OFF],
    "on-hook": [ON],
    "digit": [Digit("2")],
    "busy-tone": [BUSY],
    "ring-back": [RING_BACK],
    "lost": [Alarm(1), EXPIRE],
}
FAR_OFF_HOOK = ("RemoteBlocked", "OutStart", "OutAnswered", "Releasing", "Fault", "DualSeizure")


def event_inputs(state, event):
    """What makes an event in a state: a lead must change before it can change back, a timer may need others to be out of its way."""
    far_off = state in FAR_OFF_HOOK or state.startswith("In")
    if event == "off-hook" and far_off:
        return [ON, 0.06, OFF]
    if event == "on-hook" and not far_off and state not in FAR_OFF_HOOK:
        return [OFF, 0.01, ON]
    if event == "clear_recognition":
        return [ON, EXPIRE]
    if event in ("inter_digit", "first_digit"):
        return [Digit("1"), EXPIRE] if event == "inter_digit" else [EXPIRE]
    if event == "more_wait":
        return [Digit("6"), Digit("1"), EXPIRE]
    if event == "pulse_gap":
        return [ON, 0.061, OFF, EXPIRE]
    return INPUTS.get(event, [EXPIRE])


class TieBench(Bench):
    def give(self, inputs):
        for value in inputs:
            if isinstance(value, float):
                self.now += value
            else:
                super().give([value])


@pytest.mark.parametrize(("state", "event"), cells(STATES), ids=str)
def test_every_cell(state, event):
    features, direction, recipe = WINK, "both-way", RECIPES[state]
    inputs = event_inputs(state, event)
    if state == "RemoteBlocked":
        direction = "outgoing"
    if event == "immediate_pause":
        features = IMMEDIATE
    elif event == "delay_dial_longest":
        features = DELAY
    elif event == "pulse_gap":
        features = PULSED
    engine = circuit(features, direction, SHORT)
    bench = TieBench(engine, engine.machines()[0])
    bench.give(recipe)
    bench.cell(state, inputs, event)
    bench.rest([Alarm(0), Release(16), Unblocked(), ON])


@pytest.mark.parametrize(("state", "event"), cells(ALARM_STATES), ids=str)
def test_every_cell_of_the_alarm_watch(state, event):
    engine = circuit(variant=SHORT)
    bench = Bench(engine, engine.machines()[1])
    bench.give({"Clear": [], "Standing": [Alarm(1)], "Lasting": [Alarm(1), EXPIRE]}[state])
    bench.cell(state, {"alarm": [Alarm(2)], "clear": [Alarm(0)]}.get(event, [EXPIRE]), event)
    bench.rest([Alarm(0)])


# Two ends.


def answering(end, primitive, now):
    return (Alerting(), Connect()) if type(primitive) is Setup else ()


@pytest.mark.parametrize("features", [*STARTS, PULSED, EarAndMouthFeatures(caller_number=True)], ids=str)
def test_back_to_back(features):
    line = TieLine(circuit(features), circuit(features), answering, answering)
    line.down(line.left, Setup("10086", "02112345678"))
    line.run(12.0)
    assert line.right.up[-2:] == [Setup("10086", "02112345678" if features.caller_number else ""), Connect()], line.text()
    assert line.left.up[-1] == Connect(), line.text()
    line.down(line.left, Release(16))
    line.run(30.0)
    for end in (line.left, line.right):
        assert end.engine.state == "Idle", line.text()
        assert end.up[-2:] == [Release(16), Idle()], line.text()
        assert end.unexpected == [], line.text()


@pytest.mark.parametrize("features", STARTS, ids=str)
@pytest.mark.parametrize("later", [0.0, 0.005, 0.015])
def test_both_seize_at_once(features, later):
    line = TieLine(circuit(features), circuit(features), answering, answering)
    line.down(line.left, Setup("10086"))
    line.at(later, line.give, line.right, Setup("12345"))
    line.run(30.0)
    for end in (line.left, line.right):
        assert end.up[1:] == [Release(44), Idle()], line.text()
        assert end.engine.state == "Idle", line.text()
