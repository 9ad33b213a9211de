"""Registers: marks (KC, KE), digits asked for again, pulses, group B by KD, timers, what libopenr2 cannot be made to do."""

import msgspec
import pytest

from pbx.engine import Noted, Unexpected
from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import category_of, load_variant
from pbx.signalling.r2.variant_data import CircuitHabits
from pbx.variant_file import VariantError
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Idle, Info, Proceeding, Release, Seized, Setup
from pbx.vocabulary.media import Bits, SendTone, ToneOff, ToneOn
from pbx.vocabulary.tones import mfc_backward, mfc_forward
from tests.signalling.cases import CHINA, PLAN
from tests.signalling.pair import Pair
from tests.signalling.tandem import Tandem

CALLER = "02112345678"
SETUP = Setup("10086", CALLER)
STRICT = CHINA.adjusted(switches={"local_busy_is_kb4": True})


def nothing(end, primitive, now):
    return ()


def answers(end, primitive, now):
    return (Connect(),) if type(primitive) is Setup else ()


def refuses(cause):
    return lambda end, primitive, now: (Disconnect(cause),) if type(primitive) is Setup else ()


def call(right, setup=SETUP, seconds=5.0, left=None, incoming=None, left_variant=CHINA, variant=CHINA):
    pair = Pair(
        R2Circuit(left_variant, "outgoing", PLAN, habits=left or CircuitHabits()),
        R2Circuit(variant, "incoming", PLAN, habits=incoming or CircuitHabits()),
        nothing,
        right,
    )
    pair.down(pair.left, setup)
    pair.run(seconds)
    return pair


def trace(pair, name, sign):
    """The MFC signals of an end, in order."""
    return [text for _, who, text in pair.trace if who == name and text.startswith(f"{sign} ") and "off," not in text]


def digits(pair, name="left"):
    return "".join(text[-1] for text in trace(pair, name, "->") if "caller" not in text and " digit " in text)


def setups(pair):
    return [primitive for primitive in pair.right.up if type(primitive) is Setup]


class Outgoing:
    """An outgoing circuit alone; the far register is the test."""

    def __init__(self, setup, variant=CHINA, habits=None):
        self.engine = R2Circuit(variant, "outgoing", PLAN, habits=habits or CircuitHabits())
        self.sent = []
        self.up = []
        self.now = 0.0
        self.give(setup)
        self.give(Bits(variant.data.bits.backward.acknowledged))

    def give(self, value):
        self.take(self.engine.receive(value, self.now))

    def take(self, outputs):
        self.up += [output for output in outputs if not isinstance(output, Noted)]
        self.sent += [output.tone & 15 for output in outputs if type(output) is SendTone]

    def hears(self, *signals):
        for signal in signals:
            self.give(ToneOn(mfc_backward(signal)))
            self.give(ToneOff(mfc_backward(signal)))

    def waits(self):
        self.now = self.engine.deadline()
        self.take(self.engine.expire(self.now))


# Marks.


@pytest.mark.parametrize(
    ("traffic", "mark", "signal"),
    [
        ("toll", "designated", 12), ("toll", "test", 13), ("toll", "priority", 14), ("toll", "satellite", 15),
        ("local", "tandem", 11), ("local", "test", 13),
    ],
)  # fmt: skip
def test_marks_are_sent_before_the_number_and_read(traffic, mark, signal):
    pair = call(answers, left=CircuitHabits(traffic=traffic, marks=(mark,)), incoming=CircuitHabits(traffic=traffic))
    assert f"<- I-{signal} mark: {mark}" in trace(pair, "right", "<-")
    assert digits(pair) == "10086"
    (setup,) = setups(pair)
    assert (setup.called, setup.test) == ("10086", mark == "test")
    assert pair.left.up[-1] == Connect()


def test_a_test_call_is_marked_and_has_its_kd():
    for traffic in ("local", "toll"):
        pair = call(answers, Setup("10086", test=True), left=CircuitHabits(traffic=traffic))
        assert setups(pair) == [Setup("10086", "", 0x61, test=True)]
        assert trace(pair, "left", "->")[2] == "-> I-13 mark: test"
        assert trace(pair, "left", "->").count("-> KD 6 test call") == 1


def test_several_marks_stand_in_their_order_and_once():
    pair = call(answers, Setup("10086", test=True), left=CircuitHabits(traffic="toll", marks=("satellite", "test")))
    assert [text for text in trace(pair, "left", "->") if "mark" in text] == ["-> I-15 mark: satellite", "-> I-13 mark: test"]


def test_a_mark_that_has_no_place_asks_for_all_digits_again():
    habits = CircuitHabits(from_first_after_mark=True)
    pair = call(answers, left=CircuitHabits(traffic="toll", marks=("designated",)), incoming=habits)
    assert trace(pair, "right", "->")[2:5] == ["-> A2 again from the first digit", "-> A1 next digit", "-> A1 next digit"]
    assert setups(pair)[0].called == "10086"
    assert pair.left.up[-1] == Connect()
    engine = R2Circuit(CHINA, "incoming", PLAN, habits=habits)
    sent = []
    for value in (Bits(3), *forward(1, 2, 12, 1, 11, 2)):
        sent += [output.tone & 15 for output in engine.receive(value, 0.0) if type(output) is SendTone]
    assert sent == [1, 1, 2, 1, 1, 1]
    assert engine.line.incoming.number == "12"


def forward(*signals):
    return [event for signal in signals for event in (ToneOn(mfc_forward(signal)), ToneOff(mfc_forward(signal)))]


def test_habits_that_the_variant_does_not_have_are_refused():
    for habits, says in (
        (CircuitHabits(traffic="lunar"), "no traffic lunar"),
        (CircuitHabits(marks=("satellite",)), "no mark satellite"),
        (CircuitHabits(category=16), "category 16"),
        (CircuitHabits(called_class=-1), "called_class -1"),
        (CircuitHabits(skip_group_b=True), "address-complete"),
    ):
        with pytest.raises(VariantError, match=says):
            R2Circuit(CHINA, "incoming", PLAN, habits=habits)


def test_habits_give_ka_and_kd_and_the_setup_goes_before_them():
    habits = CircuitHabits(category=8, called_class=4)
    assert setups(call(answers, left=habits))[0].category == category_of(8, 4)
    assert setups(call(answers, msgspec.structs.replace(SETUP, category=category_of(2, 2)), left=habits))[0].category == 0x22


# Digits again.


@pytest.mark.parametrize(("signal", "sent"), [(2, [1, 2, 3, 4, 3, 4, 5]), (7, [1, 2, 3, 4, 2, 3, 4, 5]), (8, [1, 2, 3, 4, 1, 2, 3, 4, 5])])
def test_itu_asks_again_for_one_of_the_last_digits(signal, sent):
    far = Outgoing(Setup("12345"), load_variant("itu"))
    far.hears(1, 1, 1, signal, *[1] * (len(sent) - 5), 3)
    assert far.sent == [*sent, 1]


def test_digits_before_the_first_are_the_first_and_marks_are_not_repeated():
    far = Outgoing(Setup("12", test=True), load_variant("itu"), CircuitHabits(traffic="toll"))
    far.hears(1, 8, 1, 1, 1)
    assert far.sent == [13, 1, 1, 2, 15]


def test_the_end_of_the_number_may_be_followed_by_its_last_digit_again():
    far = Outgoing(Setup("123"), load_variant("itu"))
    far.hears(1, 1, 1, 2, 1, 3)
    assert far.sent == [1, 2, 3, 15, 3, 15, 1]


def test_china_asks_again_from_the_first_digit_while_the_caller_is_sent():
    far = Outgoing(Setup("12", "77"))
    far.hears(1, 6, 1, 2, 1, 6, 1, 1, 1, 3)
    assert far.sent == [1, 2, 1, 7, 1, 2, 1, 7, 7, 15, 3]


# Pulses.


@pytest.mark.parametrize(("signal", "up"), [(4, Disconnect(42)), (5, Disconnect(1))])
def test_pulsed_refusal_is_understood_while_digits_are_waited_for(signal, up):
    far = Outgoing(Setup("12", overlap=True))
    far.hears(1, 1)
    assert far.engine.state == "OutRegister/Waiting"
    far.hears(signal)
    assert up in far.up


def test_pulsed_a3_is_answered_after_the_guard():
    far = Outgoing(Setup("12"))
    far.hears(1, 1, 3)
    assert far.engine.state == "OutRegister/PulseGuard"
    far.waits()
    assert far.now == pytest.approx(0.3)
    assert far.sent == [1, 2, 3]
    far.hears(1)
    assert Alerting() in far.up


def test_signals_that_cannot_come_as_a_pulse_are_unexpected():
    far = Outgoing(Setup("1"))
    far.hears(1, 2)
    assert Unexpected("Waiting", "from-first") in far.up


@pytest.mark.parametrize(("missing", "told", "pulse"), [("vacant", 1, "A5"), ("congestion", 42, "A4"), ("to-group-b", 1, "A3")])
def test_missing_digits_are_answered_by_a_pulse_of_the_habit(missing, told, pulse):
    pair = call(answers, Setup("100"), 20.0, incoming=CircuitHabits(missing_digit=missing))
    assert next(text for text in trace(pair, "right", "->") if "pulsed" in text).startswith(f"-> {pulse} pulsed")
    assert pair.left.up == [Idle(), Disconnect(told)]
    assert pair.right.up == [Idle(), Seized(), Release(28)]


@pytest.mark.parametrize("state", ["WaitCategory", "WaitCaller"])
@pytest.mark.parametrize("country", ["china", "itu", "mexico"])
def test_a_caller_who_does_not_come_is_done_without(country, state):
    variant = load_variant(country)
    engine = R2Circuit(variant, "incoming", PLAN)
    for value in (Bits(variant.data.bits.forward.seizure), *forward(1, 2, 3, 4, 5), *(forward(1) if state == "WaitCaller" else ())):
        engine.receive(value, 0.0)
    assert engine.state == f"InRegister/{state}"
    due = engine.deadline()
    assert due == variant.timers["digit_wait"].default_ms / 1000
    outputs = engine.expire(due)
    assert SendTone(mfc_backward(3), 150) in outputs
    outputs = [output for value in (*forward(1)[:1], Alerting()) for output in engine.receive(value, due + 0.5)]
    assert Setup("12345", "", engine.line.incoming.kd << 4 | (1 if state == "WaitCaller" else 0)) in [
        msgspec.structs.replace(output, control="") for output in outputs if type(output) is Setup
    ]


# Group B by KD.


@pytest.mark.parametrize("kd", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("strict", [False, True])
def test_busy_by_kd(kd, strict):
    variant = STRICT if strict else CHINA
    pair = call(refuses(17), msgspec.structs.replace(SETUP, category=category_of(0, kd)), left_variant=variant, variant=variant)
    busy = "-> KB4 busy or congestion" if strict and kd in (3, 4) else "-> KB2 busy locally"
    assert busy in trace(pair, "right", "->")
    assert pair.left.up == [Idle(), Disconnect(17, "" if strict and kd in (3, 4) else "local")]


@pytest.mark.parametrize("kd", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("kind", [Disconnect, Release])
def test_busy_with_a_toll_call_by_kd(kd, strict, kind):
    """KB3 comes back as what it was; where local calls have KB4 for everything it is not known any more."""
    variant = STRICT if strict else CHINA

    def toll(end, primitive, now):
        return (kind(17, "toll"),) if type(primitive) is Setup else ()

    pair = call(toll, msgspec.structs.replace(SETUP, category=category_of(0, kd)), left_variant=variant, variant=variant)
    known = not (strict and kd in (3, 4))
    assert ("-> KB3 busy with a toll call" if known else "-> KB4 busy or congestion") in trace(pair, "right", "->")
    assert pair.left.up == [Idle(), Disconnect(17, "toll" if known else "")]


def test_what_kept_one_called_party_busy_is_forgotten_with_the_call():
    pair = call(nothing, SETUP, 4.0)
    pair.down(pair.right, Disconnect(17, "toll"))
    pair.run(pair.now + 2.0)
    pair.down(pair.left, Release(16))
    pair.run(pair.now + 4.0)
    pair.left.up.clear()
    pair.down(pair.left, SETUP)
    pair.run(pair.now + 4.0)
    pair.down(pair.right, Disconnect(17))
    pair.run(pair.now + 2.0)
    assert pair.left.up == [Disconnect(17, "local")], pair.text()


@pytest.mark.parametrize(("signal", "kd", "cause"), [(2, 3, 111), (3, 4, 111), (6, 2, 111), (3, 2, 17), (4, 3, 17), (4, 2, 42), (5, 3, 1)])
def test_strict_group_b_is_read_by_kd(signal, kd, cause):
    far = Outgoing(Setup("1", category=category_of(0, kd)), STRICT)
    far.hears(3, signal)
    assert Disconnect(cause, "toll" if (signal, kd) == (3, 2) else "") in far.up


def test_busy_with_a_toll_call_is_told_where_a_site_maps_a_cause_to_kb3():
    variant = CHINA.adjusted(refusals={21: 3})
    pair = call(refuses(21), msgspec.structs.replace(SETUP, category=category_of(0, 2)), variant=variant)
    assert "<- KB3 busy with a toll call" in trace(pair, "left", "<-")
    assert pair.left.up == [Idle(), Disconnect(17, "toll")]


# Timers, each by what its end does.


def test_forward_tone_stands_fifteen_seconds():
    far = Outgoing(Setup("12"))
    far.waits()
    assert far.now == 15.0
    assert Disconnect(102) in far.up


def test_silence_is_borne_for_twenty_four_seconds_and_more():
    far = Outgoing(Setup("1"))
    far.hears(1)
    far.waits()
    assert far.now >= 24.0
    assert Disconnect(102) in far.up


def test_backward_tone_that_does_not_end():
    far = Outgoing(Setup("12"))
    far.give(ToneOn(mfc_backward(1)))
    far.waits()
    assert far.now == 5.0
    assert Disconnect(102) in far.up


def test_forward_tone_that_does_not_end():
    engine = R2Circuit(CHINA, "incoming", PLAN)
    for value in (Bits(3), forward(1)[0]):
        engine.receive(value, 0.0)
    assert engine.deadline() == 18.0
    assert Release(102) in engine.expire(18.0)


def test_no_kd_after_a3():
    engine = R2Circuit(CHINA, "incoming", PLAN, habits=CircuitHabits(ask_caller="never"))
    for value in (Bits(3), *forward(1, 2, 3, 4, 5)):
        engine.receive(value, 0.0)
    assert engine.state == "InRegister/WaitClass"
    assert 8.0 <= engine.deadline() <= 24.0
    assert Release(102) in engine.expire(engine.deadline())


# In tandem.


def test_tandem_hands_the_call_on_before_the_number_is_whole():
    tandem = Tandem(answers)
    first, second = tandem.first, tandem.second
    first.down(first.left, Setup("812345", CALLER))
    tandem.run(6.0)
    assert first.left.up == [Idle(), Alerting(), Connect()], tandem.text()
    assert first.right.up == [
        Idle(), Seized(), Setup("81", CALLER, 0x01, overlap=True), *map(Info, "2345"), Connect(),
    ]  # fmt: skip
    assert [primitive for primitive in second.right.up if type(primitive) is Setup] == [Setup("81", CALLER, 0x01, overlap=True)]
    assert second.left.up == [Idle(), Proceeding(), Alerting(), Connect()]
    assert first.left.unexpected == first.right.unexpected == second.left.unexpected == second.right.unexpected == []
    seized = next(time for time, _, text in second.trace if text.startswith("-> seizure"))
    last = max(time for time, who, text in first.trace if who == "left" and " digit " in text)
    assert seized < last
    first.down(first.left, Release(16))
    tandem.run(4.0)
    for end in (first.left, first.right, second.left, second.right):
        assert end.engine.state == "Idle", tandem.text()
        assert sum(type(primitive) is Release for primitive in end.up) == 1


def test_tandem_without_the_caller():
    tandem = Tandem(answers, CircuitHabits(ask_caller="never"))
    tandem.first.down(tandem.first.left, Setup("812345", CALLER))
    tandem.run(6.0)
    assert Setup("81", "", 0, overlap=True) in tandem.first.right.up
    assert tandem.first.left.up[-1] == Connect()


def test_tandem_ends_a_number_of_open_length_when_the_last_exchange_does():
    tandem = Tandem(answers)
    tandem.first.down(tandem.first.left, Setup("8712", CALLER))
    tandem.run(20.0)
    assert tandem.first.left.up[1:] == [Alerting(), Connect()], tandem.text()
    assert tandem.second.right.up[-1] == Connect()


@pytest.mark.parametrize(("called", "cause"), [("812345", 17), ("812345", 1), ("81", 28)])
def test_tandem_refused_by_the_last_exchange(called, cause):
    tandem = Tandem(refuses(cause))
    tandem.first.down(tandem.first.left, Setup(called, CALLER))
    tandem.run(20.0)
    told = {17: Disconnect(17, "local"), 1: Disconnect(1), 28: Disconnect(1)}[cause]
    assert tandem.first.left.up == [Idle(), told], tandem.text()


@pytest.mark.parametrize("primitive", [Proceeding(), Alerting(), Connect(), Disconnect(17, "toll"), Disconnect(42), Disconnect(1)])
@pytest.mark.parametrize("seconds", [1.7, 1.75, 1.8, 3.0, 8.0])
@pytest.mark.parametrize("called", ["81", "812", "812345"])
def test_the_switch_decides_in_the_middle_of_an_overlap_number(primitive, seconds, called):
    pair = call(nothing, Setup(called, CALLER), seconds)
    pair.down(pair.right, primitive)
    pair.run(seconds + 1.0)
    if primitive == Proceeding():
        pair.down(pair.right, Connect())
    pair.run(seconds + 4.0)
    kinds = [type(up) for up in pair.left.up[1:]]
    if type(primitive) is Disconnect:
        assert pair.left.up[1:] == [primitive], pair.text()
    else:
        assert kinds in ([Alerting], [Alerting, Connect]), pair.text()
        assert (pair.left.up[-1] == Connect()) == (primitive != Alerting())
    if called == "81":
        assert any("pulsed" in text for _, who, text in pair.trace if who == "right")
    pair.down(pair.left, Release(16))
    pair.run(pair.now + 4.0)
    for end in (pair.left, pair.right):
        assert end.engine.state == "Idle", pair.text()
        assert sum(type(up) is Release for up in end.up) == 1


def test_a_pulse_keeps_its_distance_from_the_last_cycle():
    pair = call(nothing, Setup("81", CALLER), 1.7)
    while not pair.right.engine.state.endswith("WaitDigit") or pair.right.tone:
        pair.run(pair.now + 0.005)
    silent = pair.now
    pair.down(pair.right, Proceeding())
    pair.run(pair.now + 1.0)
    pulse = next(time for time, _, text in pair.trace if "A3 pulsed" in text)
    assert pulse - silent >= 0.1


def test_an_overlap_number_that_no_plan_knows_is_refused():
    pair = call(nothing, Setup("8123456", CALLER), 6.0)
    assert [type(primitive) for primitive in pair.right.up] == [Idle, Seized, Setup, Info, Info, Info, Info]
    pair = call(nothing, Setup("81", CALLER), 20.0)
    assert pair.left.up == [Idle(), Disconnect(1)]
    assert pair.right.up[3:] == [Release(28)]
