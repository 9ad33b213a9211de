"""Subscriber lines: what a telephone does and what the engine makes of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.engine import Levels, Noted
from pbx.signalling.analog.fxs import FxsLine, SubscriberFeatures, load_subscriber_variant
from pbx.vocabulary import tones
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    CallWaiting,
    Connect,
    Disconnect,
    Idle,
    Info,
    MessageWaiting,
    Metering,
    OperatorSignal,
    Primitive,
    Proceeding,
    Release,
    Reset,
    Resume,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from pbx.vocabulary.media import (
    RECEIVE_DTMF,
    Alarm,
    Digit,
    Flash,
    Grounded,
    HookOff,
    HookOn,
    Listen,
    MessageLamp,
    Ring,
    SendTone,
    Silence,
    Unlisten,
)
from pbx.vocabulary.numbers import Examination
from tests.signalling.subscriber_port import Bench

CHINA = load_subscriber_variant()
BUSY, VACANT, CONGESTION, HOWLER, DIAL = (SendTone(tones.progress(name)) for name in ("busy", "vacant", "congestion", "howler", "dial"))


class Plan:
    """800x: four digits; 6...: variable from two digits; 0...: nobody."""

    def examine(self, digits):
        if digits.startswith("0"):
            return Examination("invalid", cause=1)
        if digits.startswith("6"):
            return Examination("complete", max_more=4) if len(digits) >= 2 else Examination("more")
        return Examination("complete" if len(digits) == 4 else "more")


def line():
    return FxsLine(CHINA, "8001", Plan())


def give(engine, now, *values):
    """Outputs without the lines of the trace."""
    return [output for value in values for output in engine.receive(value, now) if type(output) is not Noted]


def expire(engine):
    return engine.expire(engine.deadline())


def up(outputs):
    return [output for output in outputs if isinstance(output, Primitive)]


def dial(engine, digits, now=1.0):
    return give(engine, now, *(Digit(digit) for digit in digits))


def test_calls_and_is_answered_and_hangs_up():
    engine = line()
    assert give(engine, 0.0, HookOff()) == [Seized(), DIAL, Listen(RECEIVE_DTMF)]
    assert engine.deadline() == 15.0
    assert dial(engine, "8002") == [Silence(), Setup("8002", "8001")]
    assert engine.deadline() is None
    assert give(engine, 2.0, Proceeding(), Alerting()) == []
    assert give(engine, 3.0, Connect()) == [Connect()]
    assert engine.tag == "talking"
    assert give(engine, 4.0, Digit("5"), Flash()) == [Info("5"), Info("!")]
    assert give(engine, 5.0, HookOn())[-2:] == [Release(16), Idle()]


def test_is_called_and_answers_and_is_cleared_from():
    engine = line()
    assert give(engine, 0.0, Setup("8001", "8002")) == [Ring(1000, 4000), Alerting()]
    assert give(engine, 3.0, HookOff()) == [Ring(0), Connect()]
    assert give(engine, 9.0, Disconnect(16)) == [Unlisten(RECEIVE_DTMF), BUSY]
    assert give(engine, 12.0, HookOn())[-2:] == [Release(16), Idle()]


def test_caller_gone_while_ringing_and_lifted_a_moment_later():
    engine = line()
    give(engine, 0.0, Setup("8001", "8002"))
    assert give(engine, 2.0, Release(16)) == [Ring(0), Release(16), Idle()]
    assert give(engine, 2.01, HookOff())[:2] == [Seized(), DIAL]


def test_busy_line_refuses_and_keeps_its_own_call():
    engine = line()
    give(engine, 0.0, HookOff())
    assert give(engine, 1.0, Setup("8001", "8002")) == [Release(17)]
    assert dial(engine, "8002")[-1] == Setup("8002", "8001")


def test_a_call_lost_with_the_span_is_told_by_a_tone_when_the_span_is_back():
    """Nothing else tells an exchange behind the line, which may have taken the alarm for a short one."""
    engine = line()
    give(engine, 0.0, HookOff())
    dial(engine, "8002")
    give(engine, 2.0, Connect())
    assert give(engine, 10.0, Alarm(1)) == [Blocked("alarm")]
    assert Release(27) in expire(engine)
    assert engine.state == "Lost/alarm"
    assert give(engine, 14.0, Alarm(0)) == [CONGESTION, Unblocked()]
    assert give(engine, 15.0, HookOn())[-1] == Idle()


def test_a_short_alarm_freezes_a_call():
    """Hook, keys and flashes of a span that cannot be trusted are nobody's; the hook is what it is when the alarm ends."""
    engine = line()
    give(engine, 0.0, HookOff())
    dial(engine, "8002")
    give(engine, 2.0, Connect())
    assert give(engine, 10.0, Alarm(1)) == [Blocked("alarm")]
    assert give(engine, 10.1, HookOn(), Digit("5"), Flash(), HookOff()) == []
    assert give(engine, 11.0, Alarm(0)) == [Unblocked()]
    assert (engine.state, engine.tag, engine.deadline()) == ("Talking", "talking", None)
    give(engine, 20.0, Alarm(1), HookOn())
    assert give(engine, 20.5, Alarm(0))[-3:] == [Release(16), Idle(), Unblocked()]


def test_whoever_hung_up_in_a_long_alarm_hears_nothing_and_is_free_when_it_ends():
    engine = line()
    give(engine, 0.0, HookOff())
    assert Release(27) in [*give(engine, 1.0, Alarm(1), HookOn()), *expire(engine)]
    assert give(engine, 9.0, Alarm(0))[-2:] == [Idle(), Unblocked()]
    assert engine.state == "Idle"


def test_whoever_lifted_in_an_alarm_has_dial_tone_when_it_ends():
    engine = line()
    assert give(engine, 0.0, Alarm(1), HookOff()) == [Blocked("alarm")]
    assert give(engine, 1.0, Alarm(0)) == [Seized(), DIAL, Listen(RECEIVE_DTMF), Unblocked()]
    barred = line()
    give(barred, 0.0, Blocked("local"), Alarm(1), HookOff())
    assert give(barred, 1.0, Alarm(0)) == [CONGESTION]


def test_a_telephone_that_was_rung_in_a_short_alarm_rings_on():
    engine = line()
    give(engine, 0.0, Setup("8001", "8002"))
    give(engine, 1.0, Alarm(1), HookOff())
    assert engine.state == "Ringing/alarm"
    assert give(engine, 2.0, Alarm(0)) == [Ring(0), Connect(), Unblocked()]


@pytest.mark.parametrize("grounded", [True, False])
def test_a_ground_that_stands_when_an_alarm_ends_asks_for_the_line(grounded):
    engine = FxsLine(CHINA, "8001", Plan(), features=SubscriberFeatures(ground_start=True))
    engine.start(0.0)
    give(engine, 0.0, Alarm(1), Grounded(True), Grounded(grounded))
    assert (Seized() in give(engine, 1.0, Alarm(0))) == grounded


def test_a_lamp_tells_of_messages_where_the_card_has_one():
    lit = FxsLine(CHINA, "8001", Plan(), features=SubscriberFeatures(message_waiting=True, message_lamp=True))
    assert give(lit, 0.0, MessageWaiting(2), MessageWaiting(0)) == [MessageLamp(True), MessageLamp(False)]
    dark = FxsLine(CHINA, "8001", Plan(), features=SubscriberFeatures(message_waiting=True))
    assert give(dark, 0.0, MessageWaiting(2)) == []


def test_a_set_that_was_told_of_messages_in_an_alarm_is_told_again():
    bench = Bench(FxsLine(CHINA, "8001", Plan(), features=SubscriberFeatures(caller_identity="china", message_waiting=True)))
    bench.give(MessageWaiting(1), Alarm(1))
    assert bench.engine.state == "Idle/alarm"
    bench.give(Alarm(0))
    assert bench.engine.state == "Informing"


@pytest.mark.parametrize(("cause", "tone"), [(16, BUSY), (17, BUSY), (1, VACANT), (42, CONGESTION), (34, CONGESTION)])
def test_tone_by_cause_then_howler_then_lock_out(cause, tone):
    engine = line()
    give(engine, 0.0, HookOff())
    dial(engine, "8002")
    assert give(engine, 2.0, Disconnect(cause))[-1] == tone
    assert [output for output in engine.expire(42.0) if type(output) is not Noted] == [HOWLER]
    assert [output for output in engine.expire(102.0) if type(output) is not Noted] == [Silence(), Release(16)]
    assert engine.deadline() is None
    assert engine.state == "LockedOut"
    assert give(engine, 200.0, HookOn())[-1] == Idle()


def test_no_digit_at_all():
    engine = line()
    give(engine, 0.0, HookOff())
    assert [output for output in engine.expire(15.0) if type(output) is not Noted] == [Unlisten(RECEIVE_DTMF), BUSY, Release(18)]
    assert Release not in {type(output) for output in give(engine, 16.0, HookOn())}


def test_vacant_number():
    engine = line()
    give(engine, 0.0, HookOff())
    assert dial(engine, "0") == [Silence(), Unlisten(RECEIVE_DTMF), VACANT, Release(1)]


def test_variable_length_ends_by_timer_or_hash():
    engine = line()
    give(engine, 0.0, HookOff())
    assert dial(engine, "612") == [Silence()]
    assert engine.deadline() == 5.0
    assert Setup("612", "8001") in engine.expire(5.0)
    engine = line()
    give(engine, 0.0, HookOff())
    assert dial(engine, "612#") == [Silence(), Setup("612", "8001")]


def test_number_that_stops_too_early():
    engine = line()
    give(engine, 0.0, HookOff())
    dial(engine, "80")
    assert Release(28) in engine.expire(7.0)


def test_blocked_and_alarmed():
    engine = line()
    assert give(engine, 0.0, Blocked("local")) == [Blocked("local")]
    assert give(engine, 1.0, Alarm(1)) == [Blocked("alarm")]
    assert give(engine, 1.0, Setup("8001")) == [Release(27), Idle()]
    assert give(engine, 2.0, Unblocked()) == []
    assert give(engine, 3.0, Alarm(0)) == [Unblocked()]
    give(engine, 4.0, HookOff(), Alarm(1))
    assert Release(27) in expire(engine)
    assert give(engine, 9.0, HookOn(), Alarm(0))[-2:] == [Idle(), Unblocked()]


def test_resume_in_an_alarm():
    """The hook says nothing: answered calls are kept, the rest is taken in when the alarm ends."""
    under_alarm = Levels(off_hook=False, alarms=1)
    talking, suspended, dialling, false = line(), line(), line(), line()
    assert up(talking.resume("talking", under_alarm, 0.0)) == [Blocked("alarm")]
    assert talking.tag == "talking"
    assert give(talking, 1.0, Alarm(0))[-3:] == [Release(16), Idle(), Unblocked()]
    suspended.resume("suspended", Levels(off_hook=True, alarms=1), 0.0)
    assert suspended.tag == "suspended"
    assert give(suspended, 1.0, Alarm(0)) == [Resume(), Unblocked()]
    assert up(dialling.resume("", Levels(off_hook=True, alarms=1), 0.0)) == [Blocked("alarm")]
    assert give(dialling, 9.0, Alarm(0)) == [CONGESTION, Unblocked()]
    false.resume("", Levels(off_hook=True, alarms=1), 0.0)
    assert give(false, 9.0, HookOn(), Alarm(0))[-2:] == [Idle(), Unblocked()]


def test_resume():
    talking, gone, dialling = line(), line(), line()
    assert [type(output) for output in talking.resume("talking", Levels(off_hook=True), 0.0)] == [Noted]
    assert talking.tag == "talking"
    assert list(gone.resume("talking", Levels(), 0.0))[-2:] == [Release(16), Idle()]
    assert BUSY in dialling.resume("", Levels(off_hook=True), 0.0)
    assert give(dialling, 1.0, HookOn())[-1] == Idle()
    ringing = line()
    assert Ring(0) in ringing.resume("", Levels(ringing=True), 0.0)
    assert ringing.state == "Idle"


DOWN = st.sampled_from(
    (
        Proceeding(),
        Alerting(),
        Connect(),
        Setup("8001", "8002"),
        Setup("8001", "13900000001", name="张三", control="calling", ringing="internal"),
        Disconnect(16),
        Disconnect(17),
        Disconnect(1),
        Release(16),
        Blocked(""),
        Unblocked(),
        Suspend(),
        Resume(),
        OperatorSignal("re-ring"),
        OperatorSignal("ring-back"),
        Metering(3),
        Metering(40),
        CallWaiting("13900000001"),
        CallWaiting(over=True),
        MessageWaiting(2),
        MessageWaiting(0),
        Reset(),
    )
)
MEDIA = st.one_of(
    st.sampled_from((Flash(), Alarm(1), Alarm(0), Grounded(True), Grounded(False))), st.builds(Digit, st.sampled_from("0123456789*#ABCDx"))
)
FEATURES = st.builds(
    SubscriberFeatures,
    caller_identity=st.sampled_from(("", "china", "etsi-prior-alert", "dtmf-china", "dtmf-between-rings")),
    reversal=st.booleans(),
    metering=st.booleans(),
    hot_line=st.sampled_from(("", "", "8002")),
    hot_line_delay_ms=st.sampled_from((0, 3000)),
    call_waiting=st.booleans(),
    message_waiting=st.booleans(),
    ground_start=st.booleans(),
)


@settings(max_examples=400, deadline=None)
@given(FEATURES, st.lists(st.tuples(st.integers(0, 20000), st.one_of(DOWN, MEDIA, st.just("hook"))), max_size=40))
def test_whatever_happens_the_line_comes_to_rest(features, inputs):
    """Any order of things: one Release for each call, no timer left; no ringing, tone or message, poles and feed as at rest."""
    bench = Bench(FxsLine(CHINA, "8001", Plan(), features=features, date_time=lambda now: "11281200"))
    begun, hook = 0, False
    for milliseconds, value in [*inputs, (0, Alarm(0)), (0, Release(16)), (0, Unblocked()), (0, "lie")]:
        bench.until(bench.now + milliseconds / 1000)
        if value == "hook" or (value == "lie" and hook):
            hook = not hook
            value = HookOff() if hook else HookOn()
        if value != "lie":
            begun += type(value) is Setup
            bench.give(value)
        up = [type(primitive) for primitive in bench.port.up]
        assert 0 <= begun + up.count(Seized) - up.count(Release) <= 1
    if bench.engine.state in ("Suspended", "GroundSeized"):
        bench.give(Release(16))
    assert bench.port.rings is None
    bench.until(bench.now + 10.0)
    assert bench.engine.state == "Idle"
    assert bench.engine.deadline() is None
    assert bench.port.quiet
    assert not bench.port.reversed
    assert bench.port.fed == (not features.ground_start)
    assert begun + up.count(Seized) <= [type(primitive) for primitive in bench.port.up].count(Release)
    assert up.count(Blocked) == 0 or Unblocked in up


@settings(max_examples=200, deadline=None)
@given(
    FEATURES,
    st.sampled_from(("", "talking", "talking reversed", "talking held", "suspended", "?")),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_any_levels_can_be_resumed(features, tag, off_hook, ringing, alarm):
    bench = Bench(FxsLine(CHINA, "8001", Plan(), features=features))
    bench.taken()
    bench.port.reversed = "reversed" in tag
    bench.port.fed = True
    bench.port.take(bench.engine.resume(tag, Levels(off_hook=off_hook, ringing=ringing, alarms=int(alarm)), 0.0), 0.0)
    if off_hook:
        bench.give(HookOn())
    bench.give(Alarm(0))
    bench.until(100.0)
    up = bench.taken()
    assert bench.engine.state == "Idle"
    assert up.count(Idle()) == 1
    assert sum(type(output) is Release for output in up) == (tag not in ("", "?"))
    assert not bench.port.reversed
    assert bench.port.fed == (not features.ground_start)
