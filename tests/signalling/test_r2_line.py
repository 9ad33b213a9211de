"""Line signalling beyond the ordinary call: control by the calling party, operators, metering, faults, reset, dual seizure."""

import msgspec
import pytest

from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import Variant, category_of, load_variant
from pbx.signalling.r2.variant_data import CircuitHabits
from pbx.variant_file import VariantError
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    Metering,
    OperatorSignal,
    Release,
    Reset,
    Resume,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from pbx.vocabulary.media import Bits, SendBits
from tests.signalling.cases import CHINA, PLAN
from tests.signalling.pair import Pair

CALLING = CircuitHabits(control="calling")
OPERATOR = category_of(0, 1)
TOLL = category_of(0, 2)
SEMI_AUTOMATIC = CircuitHabits(semi_automatic=True)


def nothing(end, primitive, now):
    return ()


def answers(end, primitive, now):
    return (Connect(),) if type(primitive) is Setup else ()


def refuses(end, primitive, now):
    return (Disconnect(17),) if type(primitive) is Setup else ()


def circuits(right, left_habits=None, right_habits=None, variant=CHINA, directions=("outgoing", "incoming"), idle=0b1011):
    engines = [
        R2Circuit(variant, direction, PLAN, habits=habits or CircuitHabits())
        for direction, habits in zip(directions, (left_habits, right_habits), strict=True)
    ]
    return Pair(*engines, nothing, right, idle=idle)


def answered(setup=None, **circumstances):
    pair = circuits(answers, **circumstances)
    pair.down(pair.left, setup or Setup("10086"))
    pair.run(4.0)
    assert pair.left.engine.tag.startswith("out answered")
    pair.left.up.clear()
    pair.right.up.clear()
    return pair


def says(pair, end, primitive, seconds=1.0):
    pair.down(end, primitive)
    pair.run(pair.now + seconds)


def rests(pair):
    """The caller clears; both ends are idle, each has let its call go once."""
    says(pair, pair.left, Release(16), 3.0)
    assert pair.left.engine.state == pair.right.engine.state == "Idle"
    for end in (pair.left, pair.right):
        assert end.up.count(Idle()) == 1
        assert sum(type(primitive) is Release for primitive in end.up) == 1
        assert end.deadline is None


def trace(pair, name):
    return [text for _, who, text in pair.trace if who == name]


def calling_control():
    """Calls in which the calling party controls the release: by KB6, by the Setup, by the habit of the circuit."""
    return {
        "KB6": {"right_habits": CALLING},
        "Setup": {"setup": Setup("10086", control="calling")},
        "toll": {"setup": Setup("10086", category=TOLL), "left_habits": CALLING},
        "itu": {"variant": load_variant("itu"), "idle": 0b1001, "left_habits": CALLING},
    }


@pytest.mark.parametrize("case", calling_control())
def test_a_clear_back_suspends_the_call_where_the_calling_party_controls_it(case):
    pair = answered(**calling_control()[case])
    says(pair, pair.right, Suspend())
    assert (pair.left.engine.state, pair.right.engine.state) == ("OutSuspended", "InSuspended")
    assert pair.left.engine.tag == "out suspended, calling"
    assert pair.right.engine.tag == "in suspended"
    says(pair, pair.right, Resume())
    assert pair.left.engine.tag == "out answered, calling"
    says(pair, pair.right, Disconnect(16))
    says(pair, pair.right, Connect())
    assert pair.left.up == [Suspend(), Resume(), Suspend(), Resume()]
    assert pair.right.up == [Connect()]
    assert pair.left.unexpected == pair.right.unexpected == []
    rests(pair)


def test_kb6_tells_who_controls_and_the_setup_too():
    pair = circuits(answers, right_habits=CALLING)
    says(pair, pair.left, Setup("10086"), 4.0)
    assert "-> KB6 free, calling party controls" in trace(pair, "right")
    assert pair.right.up[2] == Setup("10086", "", 0x31, control="calling")


def test_in_toll_calls_kb1_is_sent_and_the_circuit_has_the_control():
    pair = answered(Setup("10086", category=TOLL), left_habits=CALLING, right_habits=CALLING)
    assert "-> KB1 free" in trace(pair, "right")
    says(pair, pair.right, Suspend())
    assert pair.left.up == [Suspend()]


@pytest.mark.parametrize(("traffic", "seconds"), [("local", 60), ("toll", 90)])
def test_a_suspended_call_is_ended_by_the_clear_back_timer(traffic, seconds):
    pair = answered(Setup("10086", control="calling"), left_habits=CircuitHabits(traffic=traffic))
    says(pair, pair.right, Suspend(), seconds - 1.0)
    assert pair.left.up == [Suspend()]
    pair.run(pair.now + 2.0)
    assert pair.left.up == [Suspend(), Disconnect(16)]
    rests(pair)


def test_a_caller_who_clears_a_suspended_call_frees_the_circuit():
    pair = answered(Setup("10086", control="calling"))
    says(pair, pair.right, Suspend())
    says(pair, pair.right, Disconnect(16))
    assert pair.right.engine.state == "InClearedBack"
    rests(pair)


def test_a_suspended_call_is_adopted_after_a_restart():
    pair = answered(Setup("10086", control="calling", category=OPERATOR))
    says(pair, pair.right, Suspend())
    for end, direction in ((pair.left, "outgoing"), (pair.right, "incoming")):
        tag = end.engine.tag
        pair.resume(end, R2Circuit(CHINA, direction, PLAN), tag)
        assert end.engine.tag == tag
    says(pair, pair.right, OperatorSignal("ring-back"))
    says(pair, pair.right, Resume())
    says(pair, pair.right, Suspend())
    assert pair.left.up == [Suspend(), OperatorSignal("ring-back"), Resume(), Suspend()]


# Operators.


def test_an_operator_re_rings_and_is_rung_back():
    pair = answered(Setup("10086", category=OPERATOR, control="calling"))
    says(pair, pair.right, OperatorSignal("ring-back"))
    says(pair, pair.right, Suspend())
    says(pair, pair.left, OperatorSignal("re-ring"))
    says(pair, pair.right, OperatorSignal("ring-back"))
    says(pair, pair.right, Resume())
    says(pair, pair.left, OperatorSignal("re-ring"))
    assert pair.left.up == [OperatorSignal("ring-back"), Suspend(), OperatorSignal("ring-back"), Resume()]
    assert pair.right.up == [OperatorSignal("re-ring"), OperatorSignal("re-ring")]
    assert trace(pair, "right").count("<- pulse over") == 2
    assert pair.left.unexpected == pair.right.unexpected == []
    rests(pair)


def test_an_operator_re_rings_before_the_answer():
    pair = circuits(lambda end, primitive, now: (Alerting(),) if type(primitive) is Setup else ())
    says(pair, pair.left, Setup("10086", category=OPERATOR), 4.0)
    says(pair, pair.left, OperatorSignal("re-ring"))
    says(pair, pair.right, OperatorSignal("ring-back"))
    assert pair.right.up[3:] == [OperatorSignal("re-ring")]
    assert pair.left.up[1:] == [Alerting(), OperatorSignal("ring-back")]
    says(pair, pair.right, Connect())
    assert pair.left.up[-1] == Connect()


@pytest.mark.parametrize("bits", [0b1000, 0b1001, 0b1010, 0b1011])
def test_an_operators_call_is_cleared_whatever_the_bits_beside_the_mask_are(bits):
    """A far end at rest need not hold c as ours does: DAHDI puts 1001 on a channel whose program has died. The call stood for ever."""
    pair = answered(Setup("10086", category=OPERATOR))
    pair.run(1.0)
    pair.right.up.clear()
    pair.give(pair.right, Bits(bits))
    pair.run(1.0)
    assert Release(16) in pair.right.up
    assert pair.right.unexpected == []


def test_an_operator_forces_the_release_of_a_busy_party():
    pair = circuits(refuses)
    says(pair, pair.left, Setup("10086", category=OPERATOR), 4.0)
    assert "-> KB2 busy locally" in trace(pair, "right")
    assert (pair.left.engine.state, pair.right.engine.state) == ("OutBusy", "InBusy")
    says(pair, pair.left, OperatorSignal("re-ring"))
    assert "-- no signal for re-ring" in trace(pair, "left")
    says(pair, pair.left, OperatorSignal("forced-release"))
    says(pair, pair.right, Alerting())
    says(pair, pair.right, Connect())
    assert pair.right.up == [Idle(), Seized(), Setup("10086", "", 0x11), OperatorSignal("forced-release"), Connect()]
    assert pair.left.up == [Idle(), Disconnect(17, "local"), Connect()]
    pair.left.up.clear()
    pair.right.up.clear()
    rests(pair)


def test_a_toll_call_of_a_busy_party_cannot_be_forced():
    pair = circuits(
        lambda end, primitive, now: (Disconnect(17, "toll"),) if type(primitive) is Setup else (),
    )
    says(pair, pair.left, Setup("10086", category=OPERATOR), 4.0)
    assert "-> KB3 busy with a toll call" in trace(pair, "right")
    assert (pair.left.engine.state, pair.right.engine.state) == ("OutFailed", "InOver")
    assert pair.right.up[-1] == Release(17)


def test_a_busy_party_who_answers_the_operator_by_himself():
    pair = circuits(refuses)
    says(pair, pair.left, Setup("10086", category=OPERATOR), 4.0)
    says(pair, pair.right, Connect())
    assert pair.left.up[1:] == [Disconnect(17, "local"), Connect()]


def test_a_semi_automatic_circuit_signals_in_every_call_and_others_do_not():
    pair = answered(left_habits=SEMI_AUTOMATIC, right_habits=SEMI_AUTOMATIC)
    says(pair, pair.left, OperatorSignal("re-ring"))
    assert pair.right.up == [OperatorSignal("re-ring")]
    pair = answered()
    says(pair, pair.left, OperatorSignal("re-ring"))
    says(pair, pair.right, OperatorSignal("ring-back"))
    assert "-- no signal for re-ring" in trace(pair, "left") and "-- no signal for ring-back" in trace(pair, "right")
    assert (pair.left.bits, pair.right.bits) == (0b0011, 0b0111)


def test_the_length_of_a_pulse_is_data():
    pair = answered(Setup("10086", category=OPERATOR), variant=CHINA.adjusted(timers_ms={"re_ring_pulse": 500}))
    outputs = pair.left.engine.receive(OperatorSignal("re-ring"), pair.now)
    assert outputs[1:] == (SendBits(0b0001, pair.now), SendBits(0b0011, pair.now + 0.5))


def test_a_signal_in_the_middle_of_a_pulse_is_not_undone_by_its_end():
    pair = answered(Setup("10086", category=OPERATOR))
    says(pair, pair.left, OperatorSignal("re-ring"), 0.1)
    rests(pair)
    assert pair.left.bits == 0b1011


# Metering.


def metering():
    variant = load_variant("argentina")
    backward = msgspec.structs.replace(variant.data.bits.backward, metering=0b0001, forced_release=None)
    distinct = Variant(msgspec.structs.replace(variant.data, bits=msgspec.structs.replace(variant.data.bits, backward=backward)))
    return {"code of the clear-back": variant, "code of its own": distinct}


@pytest.mark.parametrize("kind", metering())
def test_metering_pulses_are_counted(kind):
    pair = answered(variant=metering()[kind], idle=0b1001)
    says(pair, pair.right, Metering(3), 3.0)
    says(pair, pair.right, Metering(), 0.1)
    says(pair, pair.right, Metering(), 3.0)
    assert pair.left.up == [Metering()] * 5
    assert pair.left.unexpected == pair.right.unexpected == []
    says(pair, pair.right, Disconnect(16))
    assert pair.left.up[5:] == [Disconnect(16)]
    rests(pair)


def test_a_pulse_that_lasts_is_a_clear_back_or_nothing():
    pair = answered(variant=metering()["code of its own"], idle=0b1001)
    pair.give(pair.left, Bits(0b0001))
    pair.run(pair.now + 1.0)
    assert pair.left.engine.state == "OutAnswered"
    pair = answered(Setup("10086", control="calling"), variant=metering()["code of the clear-back"], idle=0b1001)
    says(pair, pair.right, Suspend())
    assert pair.left.up == [Suspend()]


def test_metering_that_cannot_be_sent_is_told():
    pair = answered()
    says(pair, pair.right, Metering())
    assert "-- no signal for 1 charge units" in trace(pair, "right")
    pair = answered(variant=load_variant("argentina"), idle=0b1001)
    says(pair, pair.right, Metering(1000))
    assert "-- no signal for 1000 charge units" in trace(pair, "right")


def test_forced_release_by_the_far_end_is_no_clear_back():
    pair = answered(variant=load_variant("brazil"), idle=0b1001)
    pair.give(pair.left, Bits(0b0001))
    assert pair.left.up == [Disconnect(16)]
    assert pair.left.engine.state == "OutFailed"
    rests(pair)


# Faults, reset, dual seizure.


def test_an_outgoing_end_out_of_order_blocks_the_incoming_end():
    pair = circuits(answers)
    says(pair, pair.left, Blocked("fault"))
    assert pair.left.bits == 0b1111
    assert pair.right.up == [Idle(), Blocked("remote")]
    says(pair, pair.left, Unblocked(), 2.0)
    assert (pair.left.engine.state, pair.right.engine.state) == ("Idle", "Idle")
    assert pair.right.up[2:] == [Unblocked()]
    assert pair.left.up[-1] == Unblocked()
    says(pair, pair.left, Setup("10086"), 4.0)
    assert pair.left.up[-1] == Connect()


@pytest.mark.parametrize("code", [0b1111, 0b0111])
def test_either_code_of_a_fault_ends_a_call_and_blocks(code):
    pair = answered()
    pair.give(pair.right, Bits(code))
    assert pair.right.up == [Release(27), Blocked("remote")]
    pair = circuits(answers)
    pair.give(pair.right, Bits(code))
    assert pair.right.up == [Idle(), Blocked("remote")]


def test_a_circuit_that_is_blocked_may_turn_out_faulty():
    pair = circuits(answers)
    says(pair, pair.left, Blocked("local"))
    says(pair, pair.left, Blocked("fault"))
    assert pair.right.up == [Idle(), Blocked("remote")]


def test_a_fault_in_a_call_is_told_when_it_is_over():
    pair = answered()
    says(pair, pair.left, Blocked("fault"))
    says(pair, pair.left, Release(16), 4.0)
    assert pair.left.bits == 0b1111
    assert pair.right.up == [Release(16), Idle(), Blocked("remote")]


def test_a_variant_without_the_code_does_not_tell_a_fault():
    pair = circuits(answers, variant=load_variant("itu"), idle=0b1001)
    says(pair, pair.left, Blocked("fault"))
    assert pair.left.bits == 0b1001
    assert pair.right.up == [Idle()]


@pytest.mark.parametrize("seconds", [0.01, 0.03, 0.2, 0.9, 1.4, 1.6, 4.0])
@pytest.mark.parametrize("side", ["left", "right"])
def test_reset_brings_either_end_to_rest_at_any_moment(seconds, side):
    pair = circuits(answers, directions=("both-way", "both-way"))
    says(pair, pair.left, Setup("10086", "02112345678"), seconds)
    end = getattr(pair, side)
    begun = sum(type(primitive) is Seized for primitive in end.up) + (end is pair.left)
    says(pair, end, Reset(), 0.0)
    assert sum(type(primitive) is Release for primitive in end.up) == begun
    pair.run(pair.now + 40.0)
    says(pair, pair.left, Release(16), 5.0)
    for each in (pair.left, pair.right):
        assert each.engine.state == "Idle", pair.text()
        assert each.deadline is None
        assert each.up[-1] == Idle()
        begun = sum(type(primitive) is Seized for primitive in each.up) + (each is pair.left)
        assert sum(type(primitive) is Release for primitive in each.up) == begun


def test_reset_at_rest_sends_idle_anew_and_says_so():
    pair = circuits(answers)
    for end in (pair.left, pair.right):
        outputs = end.engine.receive(Reset(), 0.0)
        assert SendBits(0b1011) in outputs
    pair = circuits(answers)
    says(pair, pair.left, Reset(), 3.0)
    assert pair.left.up == [Idle(), Idle()]


def test_reset_of_a_blocked_circuit_leaves_it_blocked():
    pair = circuits(answers)
    says(pair, pair.right, Blocked("local"))
    says(pair, pair.left, Reset(), 3.0)
    says(pair, pair.right, Reset(), 5.0)
    assert (pair.left.engine.state, pair.right.engine.state) == ("RemoteBlocked", "LocalBlocked")
    says(pair, pair.right, Unblocked(), 3.0)
    assert (pair.left.engine.state, pair.right.engine.state) == ("Idle", "Idle")


def priority():
    return Variant(msgspec.structs.replace(CHINA.data, line=msgspec.structs.replace(CHINA.data.line, dual_seizure="priority")))


@pytest.mark.parametrize("delay_ms", [0, 5, 10, 19])
def test_dual_seizure_where_one_end_has_priority(delay_ms):
    habits = {"left_habits": CircuitHabits(dual_seizure="goes-on"), "right_habits": CircuitHabits(dual_seizure="gives-way")}
    pair = circuits(answers, variant=priority(), directions=("both-way", "both-way"), **habits)
    pair.down(pair.left, Setup("10086"))
    pair.run(delay_ms / 1000)
    pair.down(pair.right, Setup("10010"))
    pair.run(5.0)
    assert pair.left.up == [Idle(), Alerting(), Connect()]
    assert pair.right.up == [Idle(), Release(44), Idle(), Seized(), Setup("10086", "", 0x31), Connect()]
    pair.left.up.clear()
    pair.right.up.clear()
    rests(pair)


def test_priority_needs_a_variant_that_has_such_a_rule():
    with pytest.raises(VariantError, match="both ends let go"):
        R2Circuit(CHINA, "both-way", PLAN, habits=CircuitHabits(dual_seizure="goes-on"))
