"""Caller identity and waiting messages of a subscriber line: what the set is told, when, and what cuts it short."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.signalling.analog import fxs_identity
from pbx.signalling.analog.caller_identity import Call, Decoder, MessageWaiting, decode_digits, load_presentations
from pbx.signalling.analog.fxs import FxsLine, SubscriberFeatures, load_subscriber_variant
from pbx.signalling.analog.fxs_variant import SubscriberVariant
from pbx.vocabulary import call, tones
from pbx.vocabulary.call import Alerting, CallWaiting, Connect, Disconnect, Idle, Info, Release, Setup
from pbx.vocabulary.media import (
    Digit,
    Disarm,
    Flash,
    HookOff,
    HookOn,
    Reverse,
    Ring,
    SendDigits,
    SendMeterPulse,
    SendOctets,
    SendTone,
    Silence,
)
from tests.signalling.cases import PLAN
from tests.signalling.subscriber_port import Bench

CHINA = load_subscriber_variant()
WAYS = load_presentations()
CALLER = Setup("8001", "13900000001", name="张三")
NOON = "11281200"
ALERT = tones.special("dual-tone-alert")
WAITING_TONE = tones.progress("call-waiting")


def bench(identity="china", variant=CHINA, **features):
    wanted = SubscriberFeatures(caller_identity=identity, **features)
    return Bench(FxsLine(variant, "8001", PLAN, features=wanted, date_time=lambda now: NOON))


def told(way, octets):
    """What a set makes of a message's octets."""
    (message,) = Decoder(way.encoding).feed(bytes(octets))
    return message


def talking(identity="china", **features):
    line = bench(identity, call_waiting=True, **features).give(Setup("8001", "77"), HookOff()).until(1.0)
    line.port.log.clear()
    line.taken()
    line.noted()
    return line


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if isinstance(way, fxs_identity.FskPresentation)])
def test_message_by_modem_at_its_moment(name):
    way = WAYS[name]
    line = bench(name).give(CALLER).until(8.0)
    assert line.taken() == [Idle(), Alerting()]
    ((begins, command),) = line.port.of(SendOctets)
    ((bell, _),) = line.port.of(Ring)
    ends = begins + fxs_identity._seconds(command, way)
    expected = Call(date_time=NOON, number="13900000001", name="" if way.encoding != "gb2312" or way.form == "single" else "张三")
    assert told(way, command.octets) == expected
    assert (command.seizure_bits, command.mark_bits) == (way.seizure_bits, way.mark_bits)
    if way.moment == "between-rings":
        assert bell == 0.0
        assert begins >= 1.0 + way.before_ms / 1000
        assert ends <= 5.0 - way.after_ms / 1000
    else:
        ((alert, sound),) = line.port.of(SendTone)
        assert sound == SendTone(ALERT, 100, alert)
        assert begins == pytest.approx(alert + 0.1 + way.before_ms / 1000)
        assert ends + way.after_ms / 1000 <= bell <= ends + way.after_ms / 1000 + 0.1


def test_trace_reads_as_an_engineer_would():
    line = bench().give(CALLER).until(8.0)
    assert line.noted() == ["-> ringing 1 s / 4 s", "-> caller identity 13900000001 (FSK, 32 octets)"]
    line.give(HookOff(), Flash(), Digit("5"), HookOn())
    assert line.noted() == ["<- off-hook", "<- flash", "<- digit 5", "<- on-hook"]
    line = bench("bellcore").give(CALLER)
    caller, left_out = line.noted()[1:]
    assert caller == "-> caller identity 13900000001 (FSK, 26 octets)"
    assert left_out.startswith("name left out: 'ascii' codec can't encode")


@pytest.mark.parametrize("name", ["dtmf-china", "dtmf-hash", "dtmf-c"])
def test_digits_after_a_reversal_before_the_first_ringing(name):
    way = WAYS[name]
    line = bench(name).give(CALLER)
    assert line.noted() == ["-> reversal", "-> caller identity 13900000001 (DTMF, 13 digits)"]
    assert line.taken() == [Idle()]
    line.until(5.0)
    assert line.noted() == ["-> normal poles", "-> ringing 1 s / 4 s"]
    assert line.taken() == [Alerting()]
    ((begins, command),) = line.port.of(SendDigits)
    ((bell, _),) = line.port.of(Ring)
    assert begins == pytest.approx(way.before_ms / 1000)
    assert decode_digits(command.digits, way) == Call(number="13900000001")
    assert bell >= begins + 13 * (way.on_ms + way.off_ms) / 1000 + way.after_ms / 1000
    assert [(at, order.reversed) for at, order in line.port.of(Reverse)] == [(0.0, True), (bell, False)]


def test_digits_between_the_rings():
    line = bench("dtmf-between-rings").give(CALLER).until(5.0)
    ((begins, command),) = line.port.of(SendDigits)
    assert command.digits == "D13900000001C"
    assert 1.5 <= begins <= 1.6
    assert line.engine.state == "Ringing"


@pytest.mark.parametrize("name", ["china", "china-single", "dtmf-china", "dtmf-c"])
@pytest.mark.parametrize(
    ("setup", "absence"), [(Setup("8001"), "unavailable"), (Setup("8001", "13900000001", restricted=True, name="张三"), "private")]
)
def test_number_absent_or_restricted(name, setup, absence):
    line = bench(name).give(setup).until(6.0)
    way = WAYS[name]
    if name.startswith("dtmf"):
        ((_, command),) = line.port.of(SendDigits)
        message = decode_digits(command.digits, way)
    else:
        ((_, command),) = line.port.of(SendOctets)
        message = told(way, command.octets)
        assert b"P" * (absence == "private") + b"O" * (absence == "unavailable") in command.octets
    assert message.number_absence == absence
    assert not message.number
    assert not message.name
    assert any(note.startswith(f"-> caller identity {absence} (") for note in line.noted())


def short_pause(off_ms):
    normal = msgspec.structs.replace(CHINA.data.ringing["normal"], off_ms=off_ms)
    return SubscriberVariant(msgspec.structs.replace(CHINA.data, ringing={**CHINA.data.ringing, "normal": normal}))


def test_message_too_long_for_the_pause_loses_its_name():
    whole, number, nothing = (bench(variant=short_pause(off)).give(CALLER).until(3.0) for off in (1450, 1400, 1200))
    assert told(WAYS["china"], whole.port.of(SendOctets)[0][1].octets).name == "张三"
    assert told(WAYS["china"], number.port.of(SendOctets)[0][1].octets) == Call(date_time=NOON, number="13900000001")
    assert any(note.startswith("name left out: 0.") and "longer than the pause" in note for note in number.noted())
    assert not nothing.port.of(SendOctets)
    assert nothing.noted()[-1].startswith("caller identity 13900000001 not sent: ")
    assert nothing.port.rings is not None


@given(st.sampled_from(list(CHINA.data.ringing)), st.integers(300, 6000), st.text("0123456789", max_size=24), st.text(max_size=60))
def test_no_message_touches_the_ringing(ringing, pause_ms, number, name):
    """Whatever the pause and the message, what is sent lies within the pause, the presentation's margins kept."""
    cadence = CHINA.data.ringing[ringing]
    changed = {"second_off_ms": pause_ms} if cadence.second_on_ms else {"off_ms": pause_ms}
    cadence = msgspec.structs.replace(cadence, **changed)
    variant = SubscriberVariant(msgspec.structs.replace(CHINA.data, ringing={**CHINA.data.ringing, ringing: cadence}))
    line = bench(variant=variant).give(Setup("8001", number, name=name, ringing=ringing)).until(30.0)
    begins_ms, length_ms = cadence.pause()
    for at, command in line.port.of(SendOctets):
        message = told(WAYS["china"], command.octets)
        assert (message.number, message.name) in ((number, name), (number, ""), ("", ""))
        assert at >= (begins_ms + 500) / 1000
        assert at + fxs_identity._seconds(command, WAYS["china"]) <= (begins_ms + length_ms - 200) / 1000


def test_two_bursts_have_their_message_in_the_long_pause():
    line = bench().give(Setup("8001", "77", ringing="internal")).until(6.0)
    ((_, ring),) = line.port.of(Ring)
    assert ring == Ring(400, 200, 400, 4000)
    ((at, _),) = line.port.of(SendOctets)
    assert 1.5 <= at <= 1.6


def test_what_cannot_be_said_is_left_out_and_told():
    line = Bench(FxsLine(CHINA, "8001", PLAN, features=SubscriberFeatures(caller_identity="china-single")))
    line.give(CALLER)
    assert line.noted()[-1].startswith("caller identity 13900000001 not sent: date and time")
    assert line.port.rings == Ring(1000, 4000)
    line = bench("dtmf-hash").give(Setup("8001", "1#2")).until(6.0)
    assert line.port.of(SendDigits)[0][1].digits == "D1#"
    with pytest.raises(ValueError, match="not known; the names are china"):
        FxsLine(CHINA, "8001", PLAN, features=SubscriberFeatures(caller_identity="mars"))


@pytest.mark.parametrize("name", [*WAYS])
@pytest.mark.parametrize("at", [0.0, 0.2, 0.6, 1.7, 2.0])
@pytest.mark.parametrize("end", [HookOff(), Release(16), Disconnect(16)])
def test_answer_or_release_in_the_middle_stops_it_at_once(name, at, end):
    line = bench(name).give(CALLER).until(at)
    line.give(end)
    assert line.port.quiet
    assert not line.port.reversed
    cut = len(line.port.log)
    line.until(10.0)
    assert not [command for _, command in line.port.log[cut:] if not isinstance(command, Silence)]
    wanted = [Connect()] if isinstance(end, HookOff) else [Release(16), Idle()]
    assert line.taken()[-len(wanted) :] == wanted


@pytest.mark.parametrize("name", ["", "china", "dtmf-china", "etsi-prior-alert"])
def test_nothing_that_a_set_sends_meanwhile_is_a_digit(name):
    line = bench(name).give(CALLER)
    for step in range(20):
        line.until(step * 0.2).give(Digit("D"))
    assert not [primitive for primitive in line.taken() if isinstance(primitive, Info | Release)]


# Call waiting.


def test_waiting_call_is_told_to_a_set_that_answers_the_alert():
    line = talking().give(CallWaiting("13900000001", name="张三"))
    assert line.noted() == ["-> call waiting tone", "-> dual tone alert"]
    assert not line.engine.speech
    line.until(1.6).give(Digit("D"))
    assert line.noted() == ["<- digit D", "the set answers the alert", "-> caller identity 13900000001 (FSK, 32 octets)"]
    line.until(2.2)
    (tone_at, tone), (alert_at, alert) = line.port.of(SendTone)
    assert (tone_at, tone) == (1.0, SendTone(WAITING_TONE, 400))
    assert (alert_at, alert.tone, alert.duration_ms) == (1.4, ALERT, 80)
    ((begins, message),) = line.port.of(SendOctets)
    assert begins == pytest.approx(1.6 + 0.15)
    assert (message.seizure_bits, message.mark_bits) == (0, 80)
    assert told(WAYS["china"], message.octets) == Call(date_time=NOON, number="13900000001", name="张三")
    line.give(Digit("7"))
    assert line.taken() == [Info("7")]
    assert line.engine.speech
    line.until(12.0)
    assert [at for at, command in line.port.of(SendTone) if command.tone == WAITING_TONE] == pytest.approx([1.0, 6.5, 10.9], abs=0.2)
    line.give(CallWaiting(over=True)).until(60.0)
    assert line.engine.deadline() is None
    assert [at for at, command in line.port.of(SendTone) if command.tone == ALERT] == [1.4]


@pytest.mark.parametrize(("late", "sent"), [(0.0, True), (0.179, True), (0.181, False)])
def test_answer_within_the_time_or_not(late, sent):
    line = talking().give(CallWaiting("77")).until(1.48 + late).give(Digit("D")).until(3.0)
    assert bool(line.port.of(SendOctets)) == sent
    assert ("-> caller identity 77 (FSK, 17 octets)" in line.noted()) == sent
    assert line.engine.machines()[1].state == "Waiting"
    assert line.taken() == []


def test_set_that_does_not_answer_hears_the_tone_alone():
    line = talking().give(CallWaiting("77")).until(3.0)
    assert "the set does not answer the alert" in line.noted()
    assert not line.port.of(SendOctets)
    assert line.engine.speech
    assert line.give(Digit("D")).taken() == [Info("D")]


@pytest.mark.parametrize("identity", ["", "dtmf-china"])
def test_tone_alone_where_the_presentation_has_no_modem(identity):
    line = talking(identity).give(CallWaiting("77")).until(3.0)
    assert [command for _, command in line.port.of(SendTone)] == [SendTone(WAITING_TONE, 400)]
    assert line.engine.speech


@pytest.mark.parametrize("at", [1.0, 1.45, 1.55, 1.8])
def test_signals_of_call_waiting_are_cut_with_the_call_that_waits(at):
    line = talking(metering=True).give(call.Metering(6), CallWaiting("77"))
    if at > 1.55:
        line.until(1.55).give(Digit("D"))
    line.until(at).give(CallWaiting(over=True))
    assert line.engine.speech
    assert line.port.sound is None
    line.until(20.0)
    assert len(line.port.of(SendMeterPulse)) == 6
    assert not [command for when, command in line.port.log if when > at and not isinstance(command, SendMeterPulse)]


def test_hanging_up_ends_everything_of_call_waiting():
    line = talking().give(CallWaiting("77")).until(1.2).give(HookOn())
    assert line.taken() == [Release(16), Idle()]
    assert line.port.quiet
    line.until(30.0)
    assert line.port.quiet
    assert line.engine.deadline() is None


def test_another_call_waits_instead():
    line = talking().give(CallWaiting("77")).until(1.2).give(CallWaiting("78")).until(1.8).give(Digit("D")).until(4.0)
    ((_, message),) = line.port.of(SendOctets)
    assert told(WAYS["china"], message.octets).number == "78"


def test_line_without_the_feature_hears_nothing():
    line = bench().give(Setup("8001", "77"), HookOff()).until(1.0)
    before = len(line.port.log)
    line.give(CallWaiting("77")).until(10.0)
    assert not line.port.log[before + 1 :]


# Messages wait.


def indication(line):
    ((at, command),) = line.port.of(SendOctets)
    line.port.log.clear()
    return at, told(WAYS["china"], command.octets)


def test_set_is_told_of_messages_without_ringing_and_hears_special_dial_tone():
    line = bench(message_waiting=True).give(call.MessageWaiting(2)).until(4.0)
    at, message = indication(line)
    assert message == MessageWaiting(active=True)
    assert at >= 1.0
    assert line.noted() == ["messages wait: 2", "-> messages wait (FSK, 6 octets)"]
    line.give(call.MessageWaiting(3)).until(8.0)
    assert not line.port.of(SendOctets)
    line.give(HookOff())
    assert line.port.sound == SendTone(tones.progress("special-dial"))
    line.give(call.MessageWaiting(0)).until(10.0)
    assert not line.port.of(SendOctets)
    line.give(HookOn()).until(14.0)
    assert indication(line) == (11.5, MessageWaiting(active=False))
    line.give(HookOff())
    assert line.port.sound == SendTone(tones.progress("dial"))
    assert not line.port.of(Ring)


def test_first_word_of_no_messages_puts_out_an_old_lamp():
    line = bench(message_waiting=True).give(call.MessageWaiting(0)).until(4.0)
    assert indication(line)[1] == MessageWaiting(active=False)


def test_a_call_is_more_important_than_the_indication():
    line = bench(message_waiting=True).give(call.MessageWaiting(1)).until(1.6).give(CALLER)
    assert line.port.of(Ring)[-1] == (1.6, Ring(1000, 4000))
    line.give(HookOff(), HookOn())
    assert line.port.of(Disarm)
    line.until(10.0)
    assert told(WAYS["china"], line.port.of(SendOctets)[-1][1].octets) == MessageWaiting(active=True)
    line = bench(message_waiting=True).give(call.MessageWaiting(1)).until(1.6).give(HookOff())
    assert line.port.sound == SendTone(tones.progress("special-dial"))


def test_indication_waits_while_the_line_is_blocked():
    line = bench(message_waiting=True).give(call.Blocked("local"), call.MessageWaiting(1)).until(4.0)
    assert not line.port.of(SendOctets)
    line.give(call.Unblocked()).until(8.0)
    assert indication(line)[1] == MessageWaiting(active=True)


@pytest.mark.parametrize("name", ["dtmf-china", ""])
def test_presentations_without_an_indication_have_the_dial_tone_alone(name):
    line = bench(name, message_waiting=True).give(call.MessageWaiting(1)).until(9.0)
    assert line.port.quiet
    assert line.engine.state == "Idle"
    line.give(HookOff())
    assert line.port.sound == SendTone(tones.progress("special-dial"))
