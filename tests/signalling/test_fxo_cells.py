"""Every cell of the chart of exchange lines, one by one, as tests/signalling/test_cells.py does it."""

import pytest

from pbx.signalling.analog.fxo_states import STATES
from pbx.vocabulary.call import (
    Alerting,
    Connect,
    Disconnect,
    Info,
    Proceeding,
    Progress,
    Release,
    Reset,
    Setup,
    Unblocked,
)
from pbx.vocabulary.media import Alarm, Battery, Digit, MeterPulse, Polarity, RingOff, RingOn, VoiceOff, VoiceOn
from tests.signalling.test_cells import EXPIRE, cells
from tests.signalling.test_ear_and_mouth import TieBench
from tests.signalling.test_fxo import LINE, line, off, on

SHORT = LINE.adjusted({"alarm_persistence": 50, "digits_sent": 100})
SETUP = Setup("12345")
SEIZED = [SETUP]
DIALLING = [SETUP, on("dial"), EXPIRE]
WAITING = [*DIALLING, EXPIRE]
ALERTED = [*WAITING, on("ring-back")]
CALLED = [RingOn(), RingOff(), EXPIRE, Connect()]
RECIPES = {
    "Idle": [],
    "Forewarned": [Polarity(True)],
    "Ringing": [RingOn()],
    "Offered": [RingOn(), RingOff(), EXPIRE],
    "RingingOut": [RingOn(), Release(16)],
    "Grounding": [SETUP],
    "Seizing": SEIZED,
    "DialTone": [SETUP, on("dial")],
    "Dialling": DIALLING,
    "Waiting": WAITING,
    "Alerted": ALERTED,
    "RingBackOver": [*ALERTED, off("ring-back")],
    "Talking": CALLED,
    "Caught": [SETUP, RingOn()],
    "FarCleared": [*CALLED, on("busy"), EXPIRE],
    "Guard": [*CALLED, Release(16)],
    "Held": [SETUP, Battery(True), Release(16), EXPIRE],
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
    "ring-on": [RingOn()],
    "ring-off": [RingOff()],
    "battery": [Battery(True)],
    "no-battery": [Battery(False)],
    "digit": [Digit("2")],
    "identity": [Digit(digit) for digit in "D13800138000C"],
    "metering": [MeterPulse()],
    "busy-tone": [on("busy")],
    "busy-tone-off": [off("busy")],
    "dial-tone": [on("dial")],
    "dial-tone-off": [off("dial")],
    "ring-back": [on("ring-back")],
    "ring-back-off": [off("ring-back")],
    "voice": [VoiceOn()],
    "voice-off": [VoiceOff()],
    "lost": [Alarm(1), EXPIRE],
    "loop_break": [Battery(False), EXPIRE],
    "feed_lost": [Battery(False), EXPIRE],
    "battery_lost": [Battery(False), EXPIRE],
    "tone_stands": [on("busy"), EXPIRE],
    "tone_again": [on("busy"), off("busy"), EXPIRE],
    "voice_stands": [VoiceOn(), EXPIRE],
    "ring_end": [RingOff(), EXPIRE],
    "identity_wait": [RingOff(), EXPIRE],
}
LET_GO = [Battery(True), RingOn(), Battery(False)]
"""A ground-start exchange has let go, and the end of its ringing is still to be told."""
STILL_RINGING = {"Idle": LET_GO, "Forewarned": [*LET_GO, Battery(True)], "Grounding": [*LET_GO, SETUP]}
REMADE = {"ring-on": [RingOff(), RingOn()], "ring-off": [RingOn(), RingOff()], "battery": [Battery(False), Battery(True)]}


def cell_features(state, event):
    """Features under which a state is reached or a timer runs."""
    if state in ("Grounding", "Held") or (event == "ring-off" and state in STILL_RINGING):
        return {"ground_start": True}
    if state == "Forewarned" and event in ("battery", "no-battery"):
        return {}
    if event == "seize_pause":
        return {"wait_for_dial_tone": False}
    if event == "feed_lost":
        return {"release_supervision": ("busy-tone",)}
    if event == "answer_unsupervised":
        return {"answer_supervision": "none"}
    if event == "answer_wait":
        return {"answer_supervision": "reversal"}
    return {}


def cell_inputs(engine, state, event):
    """What makes the event: a level must change first before it can change to where it is."""
    call = engine._call
    level = {"ring-on": call.ringing, "ring-off": not call.ringing, "battery": call.battery, "no-battery": not call.battery}.get(event)
    if event == "poles":
        return [Polarity(not call.reversed)]
    if level:
        return [Battery(True), Battery(False)] if event == "no-battery" else REMADE[event]
    if event == "ring_end":
        return INPUTS[event] if state != "Offered" else [EXPIRE]
    if event == "guard" or event not in INPUTS:
        return [EXPIRE]
    return INPUTS[event]


@pytest.mark.parametrize(("state", "event"), cells(STATES), ids=str)
def test_every_cell(state, event):
    features = cell_features(state, event)
    variant, recipe = SHORT, RECIPES[state]
    if event in ("tone_again", "tone_stands") and state == "RingBackOver":
        variant = SHORT.adjusted({"tone_again": 1000, "ring_back_over": 15000})
    if event == "answer_wait" and state == "RingBackOver":
        variant, features, recipe = SHORT.adjusted({"answer_wait": 20000}), {}, [*ALERTED, 19.0, off("ring-back")]
    if event in ("loop_break", "feed_lost"):
        variant = SHORT.adjusted({"loop_break": 50, "feed_lost": 1000, "dial_pause": 2000, "digits_sent": 2000})
    if event == "tone_again" and state == "Dialling":
        variant = SHORT.adjusted({"tone_again": 500, "digits_sent": 2000})
    if event == "tone_stands" and state == "Dialling":
        variant = SHORT.adjusted({"tone_stands": 100})
    if event == "ring_end" and state == "Ringing":
        variant = SHORT.adjusted({"ring_end": 2000, "identity_wait": 15000})
    if event == "answer_assumed":
        variant = SHORT.adjusted({"answer_assumed": 3000})
    if event == "ring-off":
        recipe = STILL_RINGING.get(state, recipe)
    engine = line(variant, **features)
    bench = TieBench(engine, engine.machines()[0])
    bench.give(recipe)
    bench.cell(state, cell_inputs(engine, state, event), event)
    bench.rest([Alarm(0), RingOff(), Battery(not features.get("ground_start")), Polarity(False), Release(16), Unblocked()])
