"""Exchange lines against subscriber lines on two planes: loop, ringing, poles, dial pulses, tones, identities by their own ears."""

import pytest

from pbx.signalling.analog.caller_identity import Call, commands, load_presentations
from pbx.signalling.analog.fxo import FxoLine
from pbx.signalling.analog.fxo_variant import FxoFeatures, load_exchange_line_variant
from pbx.signalling.analog.fxs import FxsLine, load_subscriber_variant
from pbx.vocabulary import tones
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Idle, Info, Release, Seized, Setup
from pbx.vocabulary.media import Reverse, SendTone, Silence
from tests.plane.engines import Calls
from tests.signalling.cases import PLAN

LINE = load_exchange_line_variant()
SUBSCRIBER = load_subscriber_variant()
PRESENTATIONS = load_presentations()
NUMBER = "13800138000"
RING_BACK = SendTone(tones.progress("ring-back"))


def rings(primitive):
    return [(0.1, Alerting(), RING_BACK)] if type(primitive) is Setup else []


def answers(primitive):
    return [*rings(primitive), (7.0, Connect(), Silence(), Reverse(True))] if type(primitive) is Setup else []


def takes(primitive):
    return [(3.0, Connect())] if type(primitive) is Setup else []


def line(tokens=True, exchange=answers, **features):
    engines = (FxsLine(SUBSCRIBER, "8001", PLAN), FxoLine(LINE, "8001", FxoFeatures(**features)))
    return Calls(tokens, ("subscribers", "offices"), ("fxs", "fxo"), engines, (exchange, takes))


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("dialling", ["dtmf", "pulse"])
@pytest.mark.parametrize("supervision", ["reversal", "tone"])
def test_we_call_they_answer_and_clear_by_busy_tone(tokens, dialling, supervision):
    calls = line(tokens, dialling=dialling, answer_supervision=supervision)
    calls.say("far", Setup("10086"))
    calls.run(30.0)
    assert [row.called for row in calls.up["near"] if type(row) is Setup] == ["10086"], calls.text()
    assert calls.up["far"][-1] == Connect(), calls.text()
    calls.say("far", Info("!"))
    calls.run(1.0)
    assert calls.up["near"][-1] == Info("!"), calls.text()
    calls.say("near", Disconnect(16))
    calls.run(6.0)
    assert calls.up["far"][-1] == Disconnect(16), calls.text()
    calls.say("far", Disconnect(16))
    calls.run(4.0)
    for end in ("near", "far"):
        assert calls.up[end][-2:] == [Release(16), Idle()], calls.text()


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("cause", [17, 42, 1])
@pytest.mark.parametrize("after", [6.3, 7.5, 9.0, 11.2, 12.9])
def test_a_refusal_after_ring_back_is_no_answer(tokens, cause, after):
    calls = line(tokens, exchange=rings)
    calls.say("far", Setup("10086"))
    calls.run(after)
    calls.say("near", Disconnect(cause))
    calls.run(12.0)
    assert Disconnect(cause) in calls.up["far"], calls.text()
    assert Connect() not in calls.up["far"], calls.text()


@pytest.mark.parametrize("name", ["china", "china-single", "dtmf-china", "dtmf-c", "dtmf-hash"])
def test_who_calls_is_heard_between_rings(name):
    calls = line(tokens=False, exchange=lambda primitive: [])
    calls.say("near", Setup("8001"))
    calls.run(1.6)
    calls.say("near", *commands(Call(date_time="11281530", number=NUMBER), PRESENTATIONS[name]))
    calls.run(6.0)
    assert Setup("8001", NUMBER) in calls.up["far"], calls.text()


@pytest.mark.parametrize(
    ("after", "told"), [(0.0, [Release, Idle]), (0.1, [Release, Seized, Setup, Connect]), (0.3, [Seized, Release, Setup])]
)
def test_ringing_and_seizure_meet(after, told):
    """Ringing that was tripped before it could be told is not heard of; else theirs is the call, and ours goes back to the switch."""
    calls = line(exchange=lambda primitive: [])
    calls.say("near", Setup("8001"))
    calls.run(after)
    calls.say("far", Setup("10086"))
    calls.run(14.0)
    assert [type(row) for row in calls.up["far"]][1 : 1 + len(told)] == told, calls.text()
    assert Connect() in calls.up["near"], calls.text()
