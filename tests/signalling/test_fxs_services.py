"""Subscriber lines with more than a plain telephone: reversal, metering, hot lines, ground start, calls that are held, reset, restart."""

from itertools import pairwise

import msgspec
import pytest

from pbx.engine import Levels
from pbx.machine import ChartError
from pbx.signalling.analog.fxs import FxsLine, SubscriberFeatures, load_subscriber_variant
from pbx.signalling.analog.fxs_variant import SubscriberVariant
from pbx.variant_file import VARIANTS
from pbx.vocabulary import call, tones
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    Info,
    Metering,
    OperatorSignal,
    Release,
    Reset,
    Resume,
    Seized,
    Setup,
    Suspend,
)
from pbx.vocabulary.media import (
    Alarm,
    Digit,
    Feed,
    Flash,
    Grounded,
    HookOff,
    HookOn,
    Reverse,
    Ring,
    SendMeterPulse,
    SendTone,
)
from tests.signalling.cases import PLAN
from tests.signalling.subscriber_port import Bench

CHINA = load_subscriber_variant()
NUMBER = [Digit(digit) for digit in "12345"]
BUSY, DIAL, HOWLER = (SendTone(tones.progress(name)) for name in ("busy", "dial", "howler"))
HELD = Setup("8001", "77", control="calling")


def bench(**features):
    return Bench(FxsLine(CHINA, "8001", PLAN, features=SubscriberFeatures(**features)))


def calling(**features):
    line = bench(**features).give(HookOff(), *NUMBER).until(1.0)
    line.taken()
    return line.give(Connect())


def held():
    line = bench().give(HELD).until(2.0).give(HookOff()).until(5.0)
    line.taken()
    line.noted()
    return line


# Ringing by name.


@pytest.mark.parametrize(
    ("name", "ring"),
    [("", Ring(1000, 4000)), ("internal", Ring(400, 200, 400, 4000)), ("recall", Ring(1000, 1000)), ("mars", Ring(1000, 4000))],
)
def test_ringing_by_name(name, ring):
    assert bench().give(Setup("8001", "77", ringing=name)).port.rings == ring


def test_a_variant_without_normal_ringing_or_a_timer_is_refused(tmp_path):
    with pytest.raises(ValueError, match="ringing 'normal' is missing"):
        SubscriberVariant(msgspec.structs.replace(CHINA.data, ringing={}))
    text = (VARIANTS / "china-subscriber.toml").read_text(encoding="utf-8")
    (tmp_path / "half.toml").write_text(text.replace("re_answer ", "other "), encoding="utf-8")
    with pytest.raises(ChartError, match="unknown timer re_answer"):
        load_subscriber_variant("half", tmp_path)


# Poles and metering pulses.


@pytest.mark.parametrize("end", [HookOn(), Disconnect(16), Release(16), Alarm(1), Reset()])
def test_poles_tell_answer_and_release_of_a_call_that_went_out(end):
    line = calling(reversal=True)
    assert line.port.reversed
    assert "-> reversal" in line.noted()
    line.until(9.0).give(end).until(12.0)
    assert not line.port.reversed
    line.give(HookOn())
    assert [order.reversed for _, order in line.port.of(Reverse)] == [True, False]
    assert not line.port.reversed


def test_no_reversal_without_the_feature_nor_on_a_call_that_came_in():
    assert not calling().port.of(Reverse)
    assert not bench(reversal=True).give(Setup("8001", "77"), HookOff()).port.of(Reverse)


def test_metering_pulses_have_length_and_pause_of_the_variant():
    line = calling(metering=True).give(Metering(3)).until(1.1).give(Metering(1)).until(5.0)
    assert [at for at, _ in line.port.of(SendMeterPulse)] == pytest.approx([1.0, 1.45, 1.9, 2.35])
    assert {pulse.duration_ms for _, pulse in line.port.of(SendMeterPulse)} == {150}
    assert line.noted()[-2:] == ["-> 3 metering pulses", "-> metering pulse"]
    assert line.engine.state == "Talking"


def test_many_pulses_never_fill_the_queue_of_the_port():
    line = calling(metering=True).give(Metering(200), Metering(50)).until(300.0)
    times = [at for at, _ in line.port.of(SendMeterPulse)]
    assert len(times) == 250
    assert all(later - sooner >= 0.45 - 1e-4 for sooner, later in pairwise(times))


def test_pulses_go_on_behind_the_tone_but_not_on_hook():
    line = calling(metering=True).give(Metering(30)).until(2.0).give(Disconnect(16)).until(10.0)
    assert len(line.port.of(SendMeterPulse)) == 21
    line.give(HookOn()).until(60.0)
    assert len(line.port.of(SendMeterPulse)) == 21
    assert not calling().give(Metering(3)).port.of(SendMeterPulse)
    waiting = bench(metering=True).give(HookOff(), *NUMBER, Metering(2))
    assert not waiting.port.of(SendMeterPulse)


# Hot and warm lines, the permanent signal.


def test_hot_line_is_put_through_at_once():
    line = bench(hot_line="110").give(HookOff())
    assert line.taken() == [Idle(), Seized(), Setup("110", "8001")]
    assert line.port.sound is None
    assert line.give(Connect(), Digit("5"), HookOn()).taken() == [Connect(), Info("5"), Release(16), Idle()]


def test_warm_line_waits_for_a_digit():
    line = bench(hot_line="110", hot_line_delay_ms=3000).give(HookOff())
    assert line.port.sound == DIAL
    assert Setup("110", "8001") not in line.until(2.9).taken()
    assert line.until(3.1).taken() == [Setup("110", "8001")]
    assert line.port.sound is None
    other = bench(hot_line="110", hot_line_delay_ms=3000).give(HookOff()).until(2.0).give(*NUMBER).until(9.0)
    assert other.taken()[1:] == [Seized(), Setup("12345", "8001")]
    with pytest.raises(ValueError, match="hot_line_delay_ms cannot be 7: give 0 or 500 to 30000"):
        bench(hot_line="110", hot_line_delay_ms=7)


def test_permanent_signal_goes_by_tone_and_howler_to_lock_out():
    line = bench().give(HookOff()).until(16.0)
    assert line.taken() == [Idle(), Seized(), Release(18)]
    assert line.port.sound == BUSY
    assert line.until(56.0).port.sound == HOWLER
    assert line.until(116.0).port.sound is None
    assert line.engine.state == "LockedOut"
    assert line.give(Setup("8001", "77"), HookOn()).taken() == [Release(17), Idle()]


# Ground start.


def test_ground_start_is_seized_by_ground_and_let_go_by_the_feed():
    line = bench(ground_start=True)
    assert not line.port.fed
    line.give(HookOff(), HookOn())
    assert line.taken() == [Idle()]
    line.give(Grounded(True))
    assert line.port.fed
    assert line.port.sound is None
    assert line.taken() == [Seized()]
    line.until(0.2).give(Grounded(False), HookOff())
    assert line.port.sound == DIAL
    line.give(*NUMBER, Connect()).until(5.0).give(Disconnect(16))
    assert not line.port.fed
    assert line.port.quiet
    assert line.give(HookOn()).taken() == [Setup("12345", "8001"), Connect(), Release(16), Idle()]
    assert line.engine.deadline() is None


def test_ground_start_that_is_called_is_fed_while_it_rings():
    line = bench(ground_start=True).give(Setup("8001", "77"))
    assert (line.port.fed, line.port.rings) == (True, Ring(1000, 4000))
    assert line.give(Grounded(True), HookOff(), HookOn()).taken() == [Idle(), Alerting(), Connect(), Release(16), Idle()]
    assert not line.port.fed
    assert not line.give(Setup("8001", "77"), Release(16)).port.fed


def test_ground_start_with_a_loop_that_is_closed_already():
    line = bench(ground_start=True).give(HookOff(), Setup("8001", "77"))
    assert line.taken() == [Idle(), Release(17), Idle()]
    assert line.give(Grounded(True)).taken() == [Seized()]
    assert line.port.sound == DIAL


def test_ground_without_a_loop_and_ground_on_a_line_that_is_blocked():
    line = bench(ground_start=True).give(Grounded(True)).until(4.0)
    assert line.taken() == [Idle(), Seized(), Release(18), Idle()]
    assert not line.port.fed
    line.give(Blocked("local"), Grounded(True))
    assert line.taken() == [Blocked("local")]
    assert not bench().give(Grounded(True)).taken()[1:]


def test_tone_on_a_ground_start_line_ends_with_its_feed():
    line = bench(ground_start=True).give(Grounded(True), HookOff(), *NUMBER, Disconnect(17))
    assert line.port.sound == BUSY
    assert not line.until(41.0).port.fed
    assert line.port.quiet
    assert line.give(HookOn()).taken()[-2:] == [Release(16), Idle()]


# The calling side controls the release.


def test_called_party_may_hang_up_and_lift_again():
    line = held().give(HookOn())
    assert line.taken() == [Suspend()]
    assert line.engine.tag == "suspended"
    assert line.port.quiet
    line.until(30.0).give(Digit("5"), Setup("8001", "78"), HookOff())
    assert line.taken() == [Release(17), Resume()]
    assert line.engine.tag == "talking held"
    assert line.give(HookOn()).until(89.9).taken() == [Suspend()]
    assert line.until(90.1).taken() == [Release(16), Idle()]


@pytest.mark.parametrize("end", [Release(16), Disconnect(16)])
@pytest.mark.parametrize("rung", [False, True])
def test_calling_side_ends_what_is_suspended(end, rung):
    line = held().give(HookOn())
    if rung:
        line.give(OperatorSignal("re-ring"))
        assert line.port.rings == Ring(1000, 1000)
    assert line.give(end).taken() == [Suspend(), Release(16), Idle()]
    assert line.port.quiet
    assert line.engine.deadline() is None


def test_operator_rings_again():
    line = held().give(HookOn()).until(50.0).give(OperatorSignal("re-ring"), OperatorSignal("re-ring")).until(70.0)
    assert "-> recall ringing 1 s / 1 s" in line.noted()
    assert line.give(HookOff()).taken() == [Suspend(), Resume()]
    assert line.port.rings is None
    line.give(HookOn(), OperatorSignal("re-ring")).until(200.0)
    assert line.taken() == [Suspend(), Release(16), Idle()]
    assert line.port.quiet


@pytest.mark.parametrize("kind", ["re-ring", "ring-back", "forced-release"])
def test_operator_signals_that_mean_nothing_here_are_noted(kind):
    line = held().give(OperatorSignal(kind))
    assert line.noted() == [f"operator's {kind}: nothing to do on this line"]
    assert line.port.quiet


def test_call_of_its_own_after_one_that_was_held():
    line = held().give(HookOn(), Release(16), HookOff(), *NUMBER, Connect())
    line.taken()
    assert line.engine.tag == "talking"
    assert line.give(HookOn()).taken() == [Release(16), Idle()]


def test_calling_line_hears_nothing_of_suspend_and_its_own_clear_ends_the_call():
    line = calling(reversal=True).give(Suspend(), Resume())
    assert line.port.reversed
    assert line.give(HookOn()).taken() == [Connect(), Release(16), Idle()]


def test_called_line_without_control_ends_the_call():
    line = bench().give(Setup("8001", "77"), HookOff(), HookOn())
    assert line.taken()[-2:] == [Release(16), Idle()]


# Reset and restart.


@pytest.mark.parametrize("ground_start", [False, True])
@pytest.mark.parametrize(
    "inputs",
    [[], [HookOff()], [HookOff(), *NUMBER], [HookOff(), *NUMBER, Connect()], [HELD], [HELD, HookOff(), HookOn()], [HookOff(), Release(16)]],
)
def test_reset_brings_to_rest_from_anywhere(ground_start, inputs):
    line = bench(ground_start=ground_start, reversal=True)
    if ground_start and inputs[:1] == [HookOff()]:
        line.give(Grounded(True))
    line.give(*inputs)
    open_calls = [type(up) for up in line.port.up].count(Seized) + (HELD in inputs)
    line.give(Reset())
    off_hook = line.engine._off_hook
    assert [type(up) for up in line.port.up].count(Release) == open_calls
    assert line.port.rings is None
    assert line.port.of(Reverse)[-1][1] == Reverse(False)
    assert line.port.fed == (not ground_start)
    assert line.port.sound == (BUSY if off_hook and not ground_start else None)
    if off_hook:
        line.give(HookOn())
    assert line.taken()[-1] == Idle()
    assert line.engine.state == "Idle"


@pytest.mark.parametrize("off_hook", [False, True])
def test_suspended_call_is_adopted(off_hook):
    line = bench()
    line.taken()
    line.port.take(line.engine.resume("suspended", Levels(off_hook=off_hook), 0.0), 0.0)
    assert line.taken() == ([Resume()] if off_hook else [])
    assert line.engine.tag == ("talking held" if off_hook else "suspended")
    line.give(HookOn() if off_hook else HookOff()).until(100.0)
    assert line.taken() == ([Suspend(), Release(16), Idle()] if off_hook else [Resume()])


def test_talking_calls_are_adopted_with_poles_and_control():
    line = bench(reversal=True)
    line.taken()
    line.port.reversed = True
    line.port.take(line.engine.resume("talking reversed", Levels(off_hook=True), 0.0), 0.0)
    assert line.engine.tag == "talking reversed"
    assert not line.port.of(Reverse)
    line.give(HookOn())
    assert not line.port.reversed
    assert line.taken() == [Release(16), Idle()]
    line = bench()
    line.taken()
    line.port.take(line.engine.resume("talking held", Levels(), 0.0), 0.0)
    assert line.taken() == [Suspend()]
    assert line.until(61.0).taken() == [Release(16), Idle()]


def test_what_was_not_answered_is_brought_to_the_signals_of_rest():
    for features in ({"reversal": True}, {"caller_identity": "dtmf-china"}):
        line = bench(**features)
        line.port.take(line.engine.resume("", Levels(ringing=True), 0.0), 0.0)
        assert line.port.of(Reverse) == [(0.0, Reverse(False))]
    line = bench(ground_start=True)
    line.port.take(line.engine.resume("", Levels(off_hook=True), 0.0), 0.0)
    assert line.port.of(Feed)[-1][1] == Feed(False)
    assert line.give(HookOn()).taken() == [Idle(), Idle()]


def test_flash_in_a_call_goes_up_and_elsewhere_does_not():
    assert calling().give(Flash()).taken() == [Connect(), Info("!")]
    assert bench().give(HookOff(), Flash(), call.Progress()).taken() == [Idle(), Seized()]
