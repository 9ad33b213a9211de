"""Complete calls between two R2 circuits back to back."""

from pathlib import Path

import pytest

from pbx.engine import Levels, Noted
from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import category_of, read_variant
from pbx.variant_file import VARIANTS, VariantError
from pbx.vocabulary.call import Alerting, Blocked, Connect, Disconnect, Idle, Info, Progress, Release, Seized, Setup, Unblocked
from pbx.vocabulary.media import (
    LOSS_OF_FRAME,
    LOSS_OF_SIGNAL,
    RECEIVE_MFC_BACKWARD,
    Alarm,
    Bits,
    Digit,
    SendBits,
    Silence,
    ToneOff,
    ToneOn,
    Unlisten,
)
from pbx.vocabulary.tones import mfc_backward, progress
from tests.signalling.cases import CHINA, PLAN
from tests.signalling.pair import Pair

GOLDEN = Path(__file__).parents[1] / "golden"


def circuits(left, right, left_variant=CHINA, right_variant=CHINA, directions=("outgoing", "incoming")):
    return Pair(R2Circuit(left_variant, directions[0], PLAN), R2Circuit(right_variant, directions[1], PLAN), left, right)


def china(**register):
    """China with other habits of the registers."""
    return CHINA.adjusted(register=register)


def nothing(end, primitive, now):
    return ()


def test_local_call_with_caller_number():
    pair = circuits(nothing, lambda end, primitive, now: (Alerting(),) if type(primitive) is Setup else ())
    pair.down(pair.left, Setup("10086", "13900000000"))
    pair.run(3.0)
    pair.down(pair.right, Connect())
    pair.run(5.0)
    assert (pair.left.engine.tag, pair.right.engine.tag) == ("out answered", "in answered")
    pair.down(pair.left, Disconnect(16))
    pair.run(6.0)
    assert pair.left.up == [Idle(), Alerting(), Connect(), Release(16), Idle()]
    assert pair.right.up == [Idle(), Seized(), Setup("10086", "13900000000", 0x31), Connect(), Release(16), Idle()]
    assert pair.left.unexpected == pair.right.unexpected == []
    assert pair.left.deadline is pair.right.deadline is None


@pytest.mark.parametrize(
    ("cause", "told"),
    [(17, Disconnect(17, "local")), (1, Disconnect(1)), (42, Disconnect(42)), (28, Disconnect(1)), (27, Disconnect(42))],
)
def test_refusal_is_told_by_kb(cause, told):
    pair = circuits(nothing, lambda end, primitive, now: (Disconnect(cause),) if type(primitive) is Setup else ())
    pair.down(pair.left, Setup("10086", "13900000000"))
    pair.run(3.0)
    assert pair.left.up[1:] == [told]
    assert pair.right.up[3:] == [Release(cause)]
    pair.down(pair.left, Disconnect(16))
    pair.run(6.0)
    assert pair.left.up[2:] == [Release(16), Idle()]
    assert pair.right.up[4:] == [Idle()]


def test_vacant_number_is_refused_with_a5():
    pair = circuits(nothing, nothing)
    pair.down(pair.left, Setup("90000"))
    pair.run(3.0)
    assert pair.left.up[1:] == [Disconnect(1)]
    assert pair.right.up[1:] == [Seized(), Release(1)]


def rings(end, primitive, now):
    return (Alerting(),) if type(primitive) is Setup else ()


def answers(end, primitive, now):
    return (Connect(),) if type(primitive) is Setup else ()


def setup_seen(pair):
    return [primitive for primitive in pair.right.up if type(primitive) is Setup]


def signals(pair, name, text):
    return [line for _, who, line in pair.trace if who == name and text in line]


def assert_golden(pair, name, request):
    """The trace is the one that is kept; ``--golden`` keeps it anew."""
    path = GOLDEN / f"{name}.txt"
    if request.config.getoption("--golden"):
        path.write_text(pair.text(), encoding="utf-8")
    assert pair.text() == path.read_text(encoding="utf-8")


def test_trace_of_a_local_call_is_the_golden_one(request):
    pair = circuits(nothing, rings)
    pair.down(pair.left, Setup("10086", "02112345678"))
    pair.run(3.0)
    pair.down(pair.right, Connect())
    pair.run(5.0)
    pair.down(pair.right, Disconnect(16))
    pair.run(6.0)
    pair.down(pair.left, Disconnect(16))
    pair.run(7.0)
    assert_golden(pair, "r2_local_call", request)


def test_answer_keeps_its_distance_from_the_last_mfc_signal():
    pair = circuits(nothing, answers)
    pair.down(pair.left, Setup("10086", "1"))
    pair.run(3.0)
    times = {text: time for time, who, text in pair.trace if who == "right"}
    assert times["-> answer 0111"] - times["-> KB1 free"] == pytest.approx(0.15 + 2 * 0.025 - 0.005, abs=0.011)
    assert pair.left.up[1:] == [Alerting(), Connect()]


def test_called_party_clears_and_answers_again():
    pair = circuits(nothing, answers)
    pair.down(pair.left, Setup("10086"))
    pair.run(3.0)
    pair.down(pair.right, Disconnect(16))
    pair.run(4.0)
    pair.down(pair.right, Connect())
    pair.run(5.0)
    assert pair.left.up[1:] == [Alerting(), Connect(), Disconnect(16), Connect()]
    pair.down(pair.right, Disconnect(16))
    pair.run(66.0)
    assert pair.left.up[6:] == [Release(16), Idle()]
    assert pair.right.up[3:] == [Connect(), Connect(), Release(16), Idle()]


@pytest.mark.parametrize("ask", ["first", "last", "never"])
def test_caller_asked_after_first_or_last_digit_or_never(ask):
    pair = circuits(nothing, answers, right_variant=china(ask_caller=ask))
    pair.down(pair.left, Setup("10086", "02112345678", category_of(8, 2)))
    pair.run(4.0)
    caller, ka = ("", 0) if ask == "never" else ("02112345678", 8)
    assert setup_seen(pair) == [Setup("10086", caller, category_of(ka, 2))]
    assert pair.left.up[-1] == Connect()
    assert pair.left.unexpected == pair.right.unexpected == []


def test_restricted_and_unknown_callers():
    for setup, variant, seen in (
        (Setup("10086", "123", restricted=True), CHINA, Setup("10086", "", 0x31)),
        (Setup("10086", "123", restricted=True), china(restricted=12), Setup("10086", "", 0x31, True)),
        (Setup("10086", "+86x"), CHINA, Setup("10086", "", 0x31)),
    ):
        pair = circuits(nothing, answers, left_variant=variant)
        pair.down(pair.left, setup)
        pair.run(4.0)
        assert setup_seen(pair) == [seen]


def test_number_that_may_grow_is_ended_by_a_pulse():
    pair = circuits(nothing, answers)
    pair.down(pair.left, Setup("612", "123"))
    pair.run(12.0)
    assert setup_seen(pair) == [Setup("612", "", 0x30)]
    assert signals(pair, "right", "A3 pulsed")
    assert pair.left.up[-1] == Connect()


def test_digits_sent_on_while_they_come_in():
    pair = circuits(nothing, answers)
    pair.down(pair.left, Setup("1"))
    pair.run(1.0)
    for digit in "0086":
        pair.down(pair.left, Info(digit))
        pair.run(pair.now + 1.0)
    pair.run(pair.now + 2.0)
    assert setup_seen(pair)[0].called == "10086"


@pytest.mark.parametrize(("missing", "told"), [("vacant", 1), ("congestion", 42), ("to-group-b", 1)])
def test_missing_digit(missing, told):
    pair = circuits(nothing, answers, right_variant=china(missing_digit=missing))
    pair.down(pair.left, Setup("100"))
    pair.run(20.0)
    assert setup_seen(pair) == []
    assert pair.left.up[1:] == [Disconnect(told)]
    assert pair.right.up[1:] == [Seized(), Release(28)]


def test_kb6_is_free_too():
    pair = circuits(nothing, rings, right_variant=china(free=6))
    pair.down(pair.left, Setup("10086"))
    pair.run(4.0)
    assert pair.left.up[1:] == [Alerting()]
    assert signals(pair, "left", "KB6")


def test_progress_opens_the_line_for_an_announcement():
    pair = circuits(nothing, lambda end, primitive, now: (Progress(),) if type(primitive) is Setup else ())
    pair.down(pair.left, Setup("10086"))
    pair.run(4.0)
    assert pair.left.up[1:] == [Alerting()]


def test_repeat_from_the_first_digit():
    engine = R2Circuit(CHINA, "outgoing", PLAN)
    sent = []

    def give(value):
        sent.extend(output.text for output in engine.receive(value, 0.0) if type(output) is Noted and "-> I" in output.text)

    for value in (Setup("12345"), Bits(15), *backward(1), *backward(1), *backward(2), *backward(1)):
        give(value)
    assert [text[-1] for text in sent] == list("123" + "12")


def backward(signal):
    return (ToneOn(mfc_backward(signal)), ToneOff(mfc_backward(signal)))


def test_answer_before_kb_ends_the_register():
    engine = R2Circuit(CHINA, "outgoing", PLAN)
    for value in (Setup("12345"), Bits(15)):
        engine.receive(value, 0.0)
    outputs = engine.receive(Bits(7), 1.0)
    assert Connect() in outputs
    assert Silence() in outputs
    assert Unlisten(RECEIVE_MFC_BACKWARD) in outputs
    assert engine.state == "OutAnswered"


def test_dual_seizure_lets_both_go():
    pair = circuits(answers, answers, directions=("both-way", "both-way"))
    pair.down(pair.left, Setup("10086"))
    pair.down(pair.right, Setup("10010"))
    pair.run(5.0)
    assert pair.left.up == pair.right.up == [Idle(), Release(44), Idle()]
    pair.down(pair.right, Setup("10010"))
    pair.run(9.0)
    assert pair.right.up[3:] == [Alerting(), Connect()]


def test_seizure_without_acknowledgement_fails_the_attempt():
    pair = circuits(nothing, nothing)
    pair.right.dead = True
    pair.down(pair.left, Setup("10086"))
    pair.run(12.0)
    assert pair.left.up == [Idle(), Release(44), Idle()]


def test_release_guard_that_does_not_come_blocks_the_circuit():
    pair = circuits(nothing, answers)
    pair.down(pair.left, Setup("10086"))
    pair.run(4.0)
    pair.right.dead = True
    pair.down(pair.left, Release(16))
    pair.run(100.0)
    assert pair.left.up[3:] == [Release(16), Blocked("fault")]
    pair.down(pair.left, Setup("10086"))
    assert pair.left.up[-1] == Release(44)
    pair.resume(pair.right, R2Circuit(CHINA, "incoming", PLAN), "in answered")
    pair.run(101.0)
    assert pair.left.up[-2:] == [Unblocked(), Idle()]
    assert pair.right.up[-2:] == [Release(16), Idle()]


@pytest.mark.parametrize("directions", [("outgoing", "incoming"), ("both-way", "both-way")])
def test_blocking_by_the_incoming_end(directions):
    pair = circuits(nothing, answers, directions=directions)
    pair.down(pair.right, Blocked("local"))
    pair.run(1.0)
    pair.down(pair.left, Setup("10086"))
    assert pair.left.up == [Idle(), Blocked("remote"), Release(44)]
    pair.down(pair.right, Unblocked())
    pair.run(2.0)
    assert pair.left.up[3:] == [Unblocked()]
    assert pair.right.up == [Idle(), Blocked("local"), Unblocked()]


def test_blocking_during_a_call_waits_for_its_end():
    pair = circuits(nothing, answers)
    pair.down(pair.left, Setup("10086"))
    pair.run(4.0)
    pair.down(pair.right, Blocked("local"))
    pair.run(5.0)
    assert pair.left.engine.tag == "out answered"
    pair.down(pair.left, Release(16))
    pair.run(8.0)
    assert pair.left.up[3:] == [Release(16), Idle(), Blocked("remote")]
    assert pair.right.up[3:] == [Connect(), Blocked("local"), Release(16), Idle()]


def test_alarm_short_and_long():
    pair = circuits(nothing, answers)
    pair.down(pair.left, Setup("10086"))
    pair.run(4.0)
    pair.give(pair.left, Alarm(LOSS_OF_FRAME))
    pair.give(pair.left, Bits(15))
    pair.run(5.0)
    pair.give(pair.left, Bits(7))
    pair.give(pair.left, Alarm(0))
    assert pair.left.up[3:] == [Blocked("alarm"), Unblocked()]
    assert pair.left.engine.tag == "out answered"
    pair.give(pair.left, Alarm(LOSS_OF_SIGNAL))
    pair.run(20.0)
    assert pair.left.up[5:] == [Blocked("alarm"), Release(27)]
    pair.give(pair.left, Alarm(0))
    pair.run(21.0)
    assert set(map(type, pair.left.up[7:])) == {Idle, Unblocked}


def test_clearing_seen_only_when_the_alarm_ends():
    pair = circuits(nothing, answers)
    pair.down(pair.left, Setup("10086"))
    pair.run(4.0)
    pair.give(pair.right, Alarm(LOSS_OF_FRAME))
    pair.down(pair.left, Release(16))
    pair.run(5.0)
    assert Release(16) not in pair.right.up
    pair.give(pair.right, Alarm(0))
    assert pair.right.up[-3:] == [Release(16), Idle(), Unblocked()]


def test_forward_fault_blocks_an_incoming_circuit():
    engine = R2Circuit(CHINA, "incoming", PLAN)
    outputs = engine.receive(Bits(15), 0.0)
    assert SendBits(15) in outputs
    assert Blocked("remote") in outputs
    outputs = engine.receive(Bits(11), 1.0)
    assert SendBits(11) in outputs
    assert Unblocked() in outputs


def test_refusal_after_kb_is_told_by_a_tone():
    pair = circuits(nothing, rings)
    pair.down(pair.left, Setup("10086"))
    pair.run(4.0)
    pair.down(pair.right, Disconnect(17))
    assert pair.right.tone == progress("busy")
    pair.down(pair.left, Release(16))
    pair.run(5.0)
    assert pair.right.tone == 0
    assert pair.right.up[-2:] == [Release(16), Idle()]


def test_digits_in_a_call_go_up():
    pair = circuits(nothing, answers)
    pair.down(pair.left, Setup("10086"))
    pair.run(4.0)
    for end in (pair.left, pair.right):
        pair.give(end, Digit("5"))
        assert end.up[-1] == Info("5")


def test_switch_that_never_decides_gets_the_call_refused():
    pair = circuits(nothing, nothing)
    pair.down(pair.left, Setup("10086"))
    pair.run(20.0)
    assert pair.left.up[1:] == [Disconnect(42)]
    assert pair.right.up[3:] == [Release(102)]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("free = 1 ", "free = 9 ", "no signal 9"),
        ("offer               = { default_ms = 12000", "offer = { default_ms = 99", "outside"),
        ("forward_wait        =", "forward_weight =", "forward_wait"),
        ('name = "congestion" }\n5', 'name = "x" }\n5', "congestion"),
    ],
)
def test_a_variant_that_contradicts_itself_is_refused(old, new, says):
    text = (VARIANTS / "china.toml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(VariantError, match=says):
        R2Circuit(read_variant(text.replace(old, new)), "both-way", PLAN)


def test_timers_of_a_site_stay_in_their_ranges():
    assert CHINA.adjusted(timers_ms={"offer": 5000}).timers["offer"].default_ms == 5000
    for timers_ms in ({"offer": 20000}, {"coffee": 1}):
        with pytest.raises(VariantError, match=next(iter(timers_ms))):
            CHINA.adjusted(timers_ms=timers_ms)


def test_connect_before_setup_does_not_answer_by_itself():
    pair = circuits(nothing, rings)
    pair.down(pair.left, Setup("10086"))
    pair.run(0.2)
    pair.down(pair.right, Connect())
    pair.run(5.0)
    assert pair.left.up[1:] == [Alerting()]


@pytest.mark.parametrize(("bits", "up"), [(7, []), (15, [Disconnect(16)])])
def test_restart_while_an_alarm_stands(bits, up):
    engine = R2Circuit(CHINA, "outgoing", PLAN)
    outputs = engine.resume("out answered", Levels(bits_in=15, bits_out=3, alarms=LOSS_OF_SIGNAL), 0.0)
    assert Blocked("alarm") in outputs
    assert Disconnect(16) not in outputs
    outputs = [*engine.receive(Bits(bits), 1.0), *engine.receive(Alarm(0), 1.0)]
    assert [output for output in outputs if type(output) is Disconnect] == up
    assert Unblocked() in outputs


def test_fault_of_the_far_end_in_a_call_on_a_both_way_circuit():
    pair = circuits(answers, answers, directions=("both-way", "both-way"))
    pair.down(pair.left, Setup("10086"))
    pair.run(4.0)
    pair.give(pair.right, Bits(15))
    assert pair.right.up[-2:] == [Release(27), Blocked("remote")]
    assert pair.right.bits == 11
    pair.give(pair.right, Bits(11))
    assert pair.right.up[-2:] == [Unblocked(), Idle()]


def test_refusal_while_the_caller_is_being_asked_is_told_at_once():
    pair = circuits(nothing, nothing)
    pair.down(pair.left, Setup("10086", "02112345678"))
    pair.run(0.9)
    assert "WaitCaller" in pair.right.engine.state or "Replying" in pair.right.engine.state
    pair.down(pair.right, Disconnect(42))
    pair.run(1.3)
    assert pair.left.up[1:] == [Disconnect(42)]
    assert pair.right.up[2:] == [Release(42)]


def test_caller_asked_for_twice_starts_again():
    engine = R2Circuit(CHINA, "outgoing", PLAN)
    sent = []
    for value in (Setup("1", "23"), Bits(15), *backward(6), *backward(1), *backward(1), *backward(6), *backward(1)):
        sent.extend(output.text for output in engine.receive(value, 0.0) if type(output) is Noted and "caller's digit" in output.text)
    assert [text[-1] for text in sent] == ["2", "3", "2"]
