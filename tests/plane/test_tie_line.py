"""E&M tie lines on two planes: winks, dial pulses and answers as bits of time slot 16, addresses as sound or tokens."""

import pytest

from pbx.signalling.analog.ear_and_mouth import EarAndMouthCircuit
from pbx.signalling.analog.ear_and_mouth_variant import EarAndMouthFeatures, load_ear_and_mouth_variant
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Idle, Release, Setup
from tests.plane.engines import Calls
from tests.signalling.cases import PLAN

TIE = load_ear_and_mouth_variant()


def answering(primitive):
    return [(1.0, Alerting(), Connect())] if type(primitive) is Setup else []


def line(tokens, **features):
    ends = [EarAndMouthCircuit(TIE, "both-way", PLAN, EarAndMouthFeatures(**features)) for _ in range(2)]
    calls = Calls(tokens, ("circuits", "circuits"), ("cas", "cas"), ends, (answering, answering))
    calls.run(0.5)
    return calls


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("start", ["immediate", "wink", "delay-dial"])
@pytest.mark.parametrize(("address", "caller_number"), [("dtmf", False), ("dtmf", True), ("pulse", False)])
def test_a_call_and_its_end(tokens, start, address, caller_number):
    calls = line(tokens, start=start, address=address, caller_number=caller_number)
    calls.say("near", Setup("10086", "777"))
    calls.run(12.0)
    assert Setup("10086", "777" if caller_number else "") in calls.up["far"], calls.text()
    assert calls.up["near"][-1] == Connect(), calls.text()
    calls.say("far", Disconnect(16))
    calls.run(1.0)
    calls.say("near", Release(16))
    calls.run(3.0)
    assert calls.up["near"][-3:] == [Disconnect(16), Release(16), Idle()], calls.text()
    assert calls.up["far"][-2:] == [Release(16), Idle()], calls.text()


@pytest.mark.parametrize("start", ["immediate", "wink", "delay-dial"])
def test_both_seize_at_once(start):
    calls = line(True, start=start)
    calls.say("near", Setup("10086"))
    calls.say("far", Setup("12345"))
    calls.run(10.0)
    for end in ("near", "far"):
        assert calls.up[end][1:] == [Release(44), Idle()], calls.text()
        assert calls.engines[end].state == "Idle", calls.text()
