"""Exchange lines: what the network does and what the engine makes of it, each kind of supervision, glare, and every cell of the chart."""

import msgspec
import pytest

from pbx.engine import Levels, Noted, Unexpected
from pbx.signalling.analog.fxo import FxoLine
from pbx.signalling.analog.fxo_variant import FxoFeatures, FxoVariant, load_exchange_line_variant
from pbx.variant_file import VariantError
from pbx.vocabulary import tones
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    Info,
    Metering,
    Proceeding,
    Progress,
    Release,
    Reset,
    Seized,
    Setup,
    Unblocked,
)
from pbx.vocabulary.media import (
    RECEIVE_CALLER_IDENTITY,
    RECEIVE_DTMF,
    Alarm,
    Battery,
    Digit,
    Disarm,
    Ground,
    Listen,
    Loop,
    MeterPulse,
    Polarity,
    RingOff,
    RingOn,
    SendDigits,
    SendPulses,
    ToneOff,
    ToneOn,
    VoiceOff,
    VoiceOn,
)

LINE = load_exchange_line_variant()
SILENT = FxoFeatures(caller_identity="none")


def on(name):
    return ToneOn(tones.progress(name))


def off(name):
    return ToneOff(tones.progress(name))


def line(variant=LINE, **features):
    return FxoLine(variant, "8001", FxoFeatures(**features))


def give(engine, now, *values):
    """Outputs without the lines of the trace."""
    return [output for value in values for output in engine.receive(value, now) if type(output) is not Noted]


def expire(engine, times=1):
    return [output for _ in range(times) for output in engine.expire(engine.deadline()) if type(output) is not Noted]


def up(outputs):
    """Only what goes to the switch."""
    return [output for output in outputs if type(output).__module__ == "pbx.vocabulary.call"]


def dialled(engine, number="10086"):
    """Call out as far as the last digit; the time then."""
    give(engine, 0.0, Setup(number))
    give(engine, 0.5, on("dial"))
    expire(engine)
    give(engine, 0.8, off("dial"))
    while engine.state == "Dialling":
        expire(engine)
    return 5.0


def talking(engine):
    """A call that came in and was answered."""
    give(engine, 0.0, RingOn(), RingOff())
    if engine.state == "Ringing":
        expire(engine)
    give(engine, 5.0, Connect())
    assert engine.state == "Talking"
    return engine


# Calls that come in.


def test_is_rung_answers_and_hears_busy_tone():
    engine = line()
    assert give(engine, 0.0, RingOn()) == [Listen(RECEIVE_DTMF | RECEIVE_CALLER_IDENTITY), Seized()]
    assert give(engine, 1.0, RingOff()) == []
    assert up(expire(engine)) == [Setup("8001")]
    assert not engine.speech
    assert give(engine, 6.0, Alerting()) == []
    assert give(engine, 7.0, Connect())[0] == Loop(True)
    assert (engine.tag, engine.speech) == ("in talking until reversed", True)
    assert give(engine, 9.0, on("busy")) == []
    assert expire(engine) == [Disconnect(16)]
    cleared = give(engine, 12.0, Disconnect(16))
    assert Loop(False) in cleared
    assert up(cleared) == [Release(16)]
    assert up(expire(engine)) == [Idle()]
    assert engine.deadline() is None


def test_caller_gives_up():
    engine = line(caller_identity="none")
    assert up(give(engine, 0.0, RingOn(), RingOff())) == [Seized(), Setup("8001")]
    assert give(engine, 4.0, RingOn(), RingOff()) == []
    assert engine.deadline() == 10.0
    assert up(expire(engine)) == [Release(16), Idle()]


@pytest.mark.parametrize("rings", [1, 2, 3])
def test_rings_before_answer(rings):
    engine = line(caller_identity="none", rings_before_answer=rings)
    told = []
    for ring in range(3):
        told += [(ring + 1, type(output)) for output in up(give(engine, 5.0 * ring, RingOn(), RingOff()))]
    assert told == [(1, Seized), (rings, Setup)]


def test_a_refused_call_rings_out_before_the_line_is_idle():
    engine = line(caller_identity="none")
    give(engine, 0.0, RingOn())
    assert up(give(engine, 0.5, Disconnect(17))) == [Release(17)]
    assert up(give(engine, 1.0, RingOff())) == []
    assert up(give(engine, 5.0, RingOn(), RingOff(), Setup("1"))) == [Release(44)]
    assert up(expire(engine)) == [Idle()]


def test_a_blocked_line_takes_no_call_and_makes_none():
    engine = line()
    assert give(engine, 0.0, Blocked("local")) == [Blocked("local")]
    assert up(give(engine, 1.0, RingOn(), RingOff())) == []
    assert up(expire(engine)) == []
    assert up(give(engine, 9.0, Setup("10086"))) == [Release(44), Idle()]
    assert give(engine, 9.0, Unblocked()) == [Unblocked()]


# Supervision of the release.


def test_busy_tone_must_stand_or_come_again():
    engine = talking(line())
    assert give(engine, 10.0, on("busy"), off("busy")) == []
    assert engine.deadline() == 16.0
    assert give(engine, 12.0, on("busy")) == [Disconnect(16)]
    once = talking(line())
    give(once, 10.0, on("busy"))
    give(once, 11.0, off("busy"))
    assert expire(once) == []
    assert once.state == "Talking"
    assert give(once, 60.0, on("congestion")) == []


def test_ring_back_and_other_tones_release_nothing():
    engine = talking(line())
    give(engine, 10.0, on("busy"), off("busy"))
    assert give(engine, 11.0, on("ring-back"), off("ring-back")) == []
    assert give(engine, 12.0, on("busy"), off("busy")) == []
    assert give(engine, 13.0, on("vacant"), on("dial"), on("call-waiting"), VoiceOn(), VoiceOff()) == []
    deaf = talking(line(release_supervision=("reversal",)))
    assert give(deaf, 10.0, on("busy")) == []
    assert deaf.deadline() is None


def test_a_break_of_the_loop_releases_when_it_lasts():
    engine = talking(line())
    assert give(engine, 10.0, Battery(False)) == []
    give(engine, 10.2, Battery(True))
    assert engine.deadline() is None
    give(engine, 11.0, Battery(False))
    assert engine.deadline() == pytest.approx(11.35)
    assert expire(engine) == [Disconnect(16)]
    unsupervised = talking(line(release_supervision=("busy-tone",)))
    give(unsupervised, 11.0, Battery(False))
    assert unsupervised.deadline() == 21.0
    assert expire(unsupervised) == [Disconnect(27)]


def test_a_call_answered_on_a_line_that_lost_its_feed_while_it_rang_is_released():
    engine = line(caller_identity="none")
    give(engine, 0.0, RingOn(), RingOff(), Battery(False))
    give(engine, 2.0, Connect())
    assert (engine.state, engine.deadline()) == ("Talking", 2.35)
    assert expire(engine) == [Disconnect(16)]
    fed = line(caller_identity="none")
    give(fed, 0.0, RingOn(), RingOff(), Battery(False))
    give(fed, 2.0, Connect(), Battery(True))
    assert (fed.state, fed.deadline()) == ("Talking", None)


def test_poles_come_back():
    engine = line(answer_supervision="reversal", release_supervision=("reversal",))
    dialled(engine)
    give(engine, 6.0, on("ring-back"))
    assert up(give(engine, 9.0, Polarity(True))) == [Connect()]
    assert engine.tag == "out talking reversed"
    assert give(engine, 20.0, Polarity(False)) == [Disconnect(16)]
    called = talking(line(release_supervision=("reversal",)))
    assert give(called, 5.5, Polarity(True), Polarity(False)) == []
    assert give(called, 30.0, Polarity(True)) == [Disconnect(16)]


# Calls that go out.


def test_waits_for_dial_tone_dials_and_is_answered_by_the_end_of_ring_back():
    engine = line()
    assert give(engine, 0.0, Setup("10086"))[0] == Loop(True)
    assert not engine.speech
    assert give(engine, 0.5, on("dial")) == []
    assert expire(engine) == [SendDigits("10086", 100, 100)]
    assert engine.deadline() == pytest.approx(0.7 + 1.0 + 0.1)
    assert up(expire(engine)) == [Proceeding(), Progress()]
    assert engine.speech
    assert up(give(engine, 5.0, on("ring-back"))) == [Alerting()]
    assert give(engine, 11.0, off("ring-back")) == []
    assert engine.deadline() == 18.5
    assert up(expire(engine)) == [Connect()]
    assert up(give(engine, 20.0, Digit("5"))) == [Info("5")]
    assert give(engine, 21.0, Info("12#")) == [SendDigits("12#", 100, 100)]
    assert give(engine, 22.0, Info("!")) == [SendPulses((1,), 100, 39, 39)]
    assert give(engine, 23.0, Info("x")) == []
    assert up(give(engine, 24.0, Release(16))) == [Release(16)]


def test_a_voice_after_ring_back_is_the_answer():
    engine = line()
    dialled(engine)
    give(engine, 5.0, on("ring-back"), VoiceOn())
    give(engine, 5.2, VoiceOff())
    assert engine.state == "Alerted"
    give(engine, 6.0, VoiceOn())
    assert up(expire(engine)) == [Connect()]


def test_ring_back_that_ends_in_busy_tone_is_no_answer():
    engine = line()
    dialled(engine)
    give(engine, 5.0, on("ring-back"))
    give(engine, 60.0, off("ring-back"))
    give(engine, 61.1, on("busy"))
    assert expire(engine) == [Disconnect(17)]


@pytest.mark.parametrize(("supervision", "seconds"), [("tone", 20.0), ("none", 10.0), ("reversal", 120.0)])
def test_where_nothing_is_heard_time_decides(supervision, seconds):
    engine = line(answer_supervision=supervision)
    dialled(engine)
    start = engine.deadline() - seconds
    assert up(expire(engine)) == [Disconnect(19) if supervision == "reversal" else Connect()]
    assert start == pytest.approx(1.8)


def test_a_metering_pulse_is_charged_and_proves_the_answer():
    engine = line(answer_supervision="reversal")
    dialled(engine)
    assert up(give(engine, 6.0, MeterPulse())) == [Connect(), Metering()]
    assert up(give(engine, 66.0, MeterPulse())) == [Metering()]


@pytest.mark.parametrize(("tone", "cause"), [("busy", 17), ("congestion", 42), ("vacant", 1), ("special-information", 1)])
def test_tones_of_refusal(tone, cause):
    engine = line()
    dialled(engine)
    outputs = give(engine, 6.0, on(tone))
    if not outputs:
        outputs = expire(engine)
    assert outputs == [Disconnect(cause)]
    assert up(give(engine, 9.0, Disconnect(cause))) == [Release(cause)]


def test_no_dial_tone_or_a_tone_instead_of_it_sends_the_switch_to_another_line():
    silent, busy = line(), line()
    give(silent, 0.0, Setup("10086"))
    assert up(expire(silent)) == [Release(44)]
    assert up(expire(silent)) == [Idle()]
    give(busy, 0.0, Setup("10086"))
    assert up(give(busy, 1.0, on("busy"))) == [Release(44)]
    blind = line(without_dial_tone="dial")
    give(blind, 0.0, Setup("10086"))
    assert expire(blind) == [SendDigits("10086", 100, 100)]
    hasty = line(wait_for_dial_tone=False)
    give(hasty, 0.0, Setup("10086"))
    assert hasty.deadline() == 1.5
    assert expire(hasty) == [SendDigits("10086", 100, 100)]


def test_pulses_are_exact_and_cut_when_cleared():
    engine = line(dialling="pulse")
    give(engine, 0.0, Setup("20"))
    give(engine, 0.5, on("dial"))
    assert expire(engine) == [SendPulses((2, 10), 61, 39, 700)]
    cut = give(engine, 2.0, Release(16))
    assert cut.index(Disarm()) < cut.index(Loop(False))
    assert up(give(line(dialling="pulse"), 0.0, Setup("12#"))) == [Release(28), Idle()]
    answered = line(dialling="pulse", answer_supervision="reversal")
    give(answered, 0.0, Setup("123"))
    give(answered, 0.5, on("dial"))
    expire(answered)
    assert give(answered, 1.0, Polarity(True))[:2] == [Disarm(), Loop(True)]


def test_overlap_takes_digits_whenever_they_come():
    engine = line()
    give(engine, 0.0, Setup("", overlap=True), Info("1"))
    give(engine, 0.5, on("dial"))
    assert expire(engine) == [SendDigits("1", 100, 100)]
    assert give(engine, 0.8, Info("00")) == [SendDigits("00", 100, 100)]
    assert engine.deadline() == pytest.approx(0.7 + 0.6 + 0.1)
    assert up(expire(engine)) == [Progress()]
    assert give(engine, 3.0, Info("86")) == [SendDigits("86", 100, 100)]
    assert up(expire(engine)) == [Progress()]
    assert up(give(engine, 5.0, on("ring-back"))) == [Alerting()]
    pulses = line(dialling="pulse")
    give(pulses, 0.0, Setup("", overlap=True))
    give(pulses, 0.5, on("dial"))
    assert expire(pulses) == []
    assert give(pulses, 1.0, Info("1")) == [SendPulses((1,), 61, 39, 700)]
    assert give(pulses, 1.1, Info("20")) == [SendPulses((2, 10), 61, 39, 700)]


# Both at once.


@pytest.mark.parametrize("dial_tone", [False, True])
def test_ringing_meets_our_seizure_and_wins(dial_tone):
    engine = line()
    give(engine, 0.0, Setup("10086"))
    if dial_tone:
        give(engine, 0.1, on("dial"))
    met = give(engine, 0.2, RingOn())
    assert up(met) == [Release(44), Seized(), Setup("8001")]
    assert not any(type(output) is Loop for output in met)
    give(engine, 0.3, RingOff())
    assert up(give(engine, 1.0, Connect())) == [Connect()]
    assert engine.tag == "in talking until reversed"
    assert up(give(engine, 9.0, Release(16))) == [Release(16)]
    assert up(expire(engine)) == [Idle()]


def test_a_met_caller_who_has_gone_shows_as_dial_tone():
    engine = line()
    give(engine, 0.0, Setup("10086"))
    give(engine, 0.2, RingOn(), RingOff())
    assert give(engine, 0.9, on("dial")) == [Disconnect(16)]


# Ground start.


def test_ground_start_both_ways():
    engine = line(ground_start=True)
    assert Ground(False) in engine.start(0.0)
    assert give(engine, 0.0, Setup("10086")) == [Ground(True)]
    accepted = give(engine, 0.5, Battery(True))
    assert accepted[0] == Loop(True)
    assert accepted[-1] == Ground(False)
    give(engine, 1.0, on("dial"))
    expire(engine, 2)
    give(engine, 5.0, on("ring-back"), off("ring-back"))
    expire(engine)
    give(engine, 30.0, Battery(False))
    assert expire(engine) == [Disconnect(16)]
    assert Ground(False) in give(engine, 31.0, Disconnect(16))
    assert up(expire(engine)) == [Idle()]
    assert up(give(engine, 40.0, Battery(True))) == []
    assert up(give(engine, 40.1, Setup("10086"))) == [Release(44), Idle()]
    assert up(give(engine, 40.5, RingOn())) == [Seized()]
    called = line(ground_start=True)
    give(called, 0.0, Battery(True), Battery(False))
    assert called.state == "Idle"
    give(called, 1.0, Battery(True), Reset())
    assert called.state == "Forewarned"
    assert up(give(called, 2.0, RingOn(), RingOff(), Battery(False))) == [Seized(), Release(16), Idle()]
    give(called, 3.0, Battery(True), RingOn(), RingOff())
    expire(called)
    assert up(expire(called)) == [Release(16), Blocked("fault")]
    assert up(give(called, 30.0, Battery(False))) == [Unblocked(), Idle()]


@pytest.mark.parametrize("then", [[], [Battery(True)], [Setup("10086")]], ids=str)
def test_a_ground_start_exchange_takes_feed_and_ringing_away_one_after_the_other(then):
    engine = line(ground_start=True)
    outputs = give(engine, 0.0, Battery(True), RingOn(), Battery(False), *then, RingOff())
    assert not [output for output in outputs if type(output) is Unexpected]


def test_a_tone_that_is_told_as_the_line_is_let_go_is_nothing():
    engine = talking(line())
    give(engine, 10.0, Disconnect(16))
    assert engine.state == "Guard"
    assert give(engine, 10.01, on("dial"), on("busy"), VoiceOn(), off("dial"), VoiceOff()) == []


def test_ground_start_glare_no_answer_and_an_exchange_that_holds():
    engine = line(ground_start=True, caller_identity="none")
    give(engine, 0.0, Setup("10086"))
    assert give(engine, 0.2, RingOn()) == [Ground(False), Release(44), Seized(), Setup("8001")]
    silent = line(ground_start=True)
    give(silent, 0.0, Setup("10086"))
    assert up(expire(silent)) == [Release(44)]
    held = line(ground_start=True)
    give(held, 0.0, Setup("10086"), Battery(True), Release(16))
    assert expire(held) == [Blocked("fault")]
    assert up(give(held, 9.0, Setup("1"))) == [Release(44)]
    assert give(held, 10.0, Battery(False)) == [Unblocked(), Idle()]


# At rest, alarms, restart.


def test_a_line_without_feed_is_blocked_until_it_is_back():
    engine = line()
    give(engine, 0.0, Battery(False))
    assert up(give(engine, 0.5, Setup("10086"))) == [Release(44), Idle()]
    assert expire(engine) == [Blocked("remote")]
    assert give(engine, 9.0, Battery(True)) == [Unblocked()]
    brief = line()
    give(brief, 0.0, Battery(False))
    give(brief, 0.5, Battery(True))
    assert brief.deadline() is None


def test_reset_from_a_call_and_at_rest():
    engine = talking(line())
    assert up(give(engine, 9.0, Reset())) == [Release(31)]
    assert up(expire(engine)) == [Idle()]
    assert Loop(False) in give(engine, 20.0, Reset())


def test_a_short_alarm_freezes_a_long_one_loses_the_call():
    engine = talking(line())
    assert give(engine, 10.0, Alarm(1)) == [Blocked("alarm")]
    assert give(engine, 10.1, Battery(False), RingOn()) == []
    assert give(engine, 10.5, Battery(True), RingOff(), Alarm(0)) == [Unblocked()]
    assert engine.tag == "in talking until reversed"
    give(engine, 20.0, Alarm(4))
    assert "alarm" in engine.state
    assert up(expire(engine)) == [Release(27)]
    assert up(expire(engine)) == [Idle()]
    assert up(give(engine, 30.0, RingOn(), Alarm(0))) == [Seized(), Unblocked()]


@pytest.mark.parametrize("tag", ["in talking until reversed", "out talking", "in talking reversed", "out talking reversed"])
def test_resume(tag):
    kept, gone, broken = line(), line(), line(release_supervision=("loop-break",))
    outputs = kept.resume(tag, Levels(off_hook=True), 0.0)
    assert up(outputs) == []
    assert Loop(True) in outputs
    assert kept.state == "Talking"
    assert up(gone.resume(tag, Levels(), 0.0)) == [Release(16), Idle()]

    class Line(msgspec.Struct):
        off_hook: bool = True
        ringing: bool = False
        alarms: int = 0
        polarity_reversed: bool = tag.endswith("talking reversed")
        battery: bool = False

    broken.resume(tag, Line(), 0.0)
    assert broken.tag == tag
    assert expire(broken) == [Disconnect(16)]


def test_poles_are_watched_after_a_restart_as_before():
    """A call that we made and that was taken for answered: reversal, the answer, releases nothing; going back does."""
    before = line(release_supervision=("reversal",))
    dialled(before)
    give(before, 5.0, on("ring-back"), off("ring-back"))
    expire(before)
    after = line(release_supervision=("reversal",))
    after.resume(before.tag, Levels(off_hook=True), 10.0)
    for engine in (before, after):
        assert give(engine, 11.0, Polarity(True)) == []
        assert give(engine, 12.0, Polarity(False)) == [Disconnect(16)]


def test_resume_of_what_was_not_answered():
    engine = line()
    outputs = engine.resume("", Levels(off_hook=True), 0.0)
    assert Loop(False) in outputs
    assert up(outputs) == []
    assert up(expire(engine)) == [Idle()]
    rung = line()
    assert up(rung.resume("", Levels(ringing=True), 0.0)) == []
    assert up(expire(rung)) == [Idle(), Seized()]


def test_in_an_alarm_at_a_restart_neither_ringing_nor_a_missing_feed_is_believed():
    engine = line()
    outputs = engine.resume("", Levels(ringing=True, battery=False, alarms=1), 0.0)
    assert up(outputs) == [Idle(), Blocked("alarm")]
    assert up(expire(engine)) == [], "it lasts: nothing is lost, and nobody says that the feed is gone"
    assert engine.deadline() is None
    assert up(give(engine, 9.0, RingOff(), Battery(True), Alarm(0))) == [Unblocked()]
    dead = line()
    dead.resume("", Levels(battery=False, alarms=1), 0.0)
    give(dead, 9.0, Alarm(0))
    assert Blocked("remote") in expire(dead)
    rung = line()
    rung.resume("", Levels(ringing=True, alarms=1), 0.0)
    assert up(give(rung, 1.0, Alarm(0))) == [Seized(), Unblocked()]


def test_ground_start_in_an_alarm_at_a_restart():
    engine = line(ground_start=True)
    assert up(engine.resume("", Levels(battery=True, alarms=1), 0.0)) == [Idle(), Blocked("alarm")]
    assert up(give(engine, 1.0, Battery(False), Alarm(0))) == [Unblocked()]
    assert engine.state == "Idle"


def test_data_that_contradicts_itself_is_refused():
    with pytest.raises(VariantError, match="guard"):
        LINE.adjusted({"guard": 1})
    assert LINE.adjusted({"guard": 1000}).seconds("guard") == 1.0
    with pytest.raises(VariantError, match="sirens"):
        FxoVariant(msgspec.structs.replace(LINE.data, tones={"sirens": LINE.data.tones["busy"]}))
    with pytest.raises(VariantError, match="same number"):
        FxoVariant(msgspec.structs.replace(LINE.data, digits=msgspec.structs.replace(LINE.data.digits, pulses={"1": 1, "2": 1})))


def test_on_a_line_for_calls_out_alone_ringing_is_no_call():
    engine = line(takes_calls=False)
    outputs = give(engine, 0.0, RingOn())
    assert up(outputs) == [] and [output.event for output in outputs if type(output) is Unexpected] == ["ringing on an outgoing line"]
    assert engine.state == "RingingOut"
    assert up(give(engine, 0.5, Setup("10086"))) == [Release(44)]
    give(engine, 1.0, RingOff())
    assert up(expire(engine)) == [Idle()]
    assert engine.state == "Idle"
    dialled(engine)
