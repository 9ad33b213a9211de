"""Fax and modem tones through the plane, on sound and on tokens alike, and the flags before a fax on sound."""

import pytest

from pbx.sound_file import encode_alaw
from pbx.speaking import speak
from pbx.vocabulary import media, tones
from pbx.vocabulary.media import RECEIVE_CALLER_IDENTITY, RECEIVE_FAX
from tests.plane.rig import Pair, kinds_on_port, on_port


def pair_of(with_tokens, receivers=RECEIVE_FAX):
    pair = Pair(with_tokens)
    pair.near.send(4, media.Listen(receivers))
    pair.run(5)
    return pair


@pytest.mark.parametrize("name", ["cng", "ced", "ans-reversals", "ansam", "ansam-reversals"])
def test_a_tone_is_told_at_the_same_time_on_sound_and_tokens(name):
    code, duration_ms, told = tones.special(name), 500 if name == "cng" else 3000, {}
    for with_tokens in (False, True):
        pair = pair_of(with_tokens)
        pair.far.send(4, media.SendTone(code, duration_ms, at=0.1))
        pair.run_jumping(400)
        events = on_port(pair.near_events, 4)
        assert [event for _, event in events] == [media.ToneOn(code), media.ToneOff(code)]
        told[with_tokens] = [time for time, _ in events]
    assert told[False] == pytest.approx(told[True], abs=0.03)


def test_flags_before_a_fax():
    pair, code = pair_of(False), tones.special("v21-flags")
    prompt = pair.far.load_prompt("flags", encode_alaw(speak("v21-flags", length_ms=1000)))
    pair.far.send(4, media.Play(prompt))
    pair.run(160)
    assert kinds_on_port(pair.near_events, 4) == [media.ToneOn(code), media.ToneOff(code)]


def test_who_listens_for_caller_identity_hears_no_flags():
    pair = pair_of(False, RECEIVE_FAX | RECEIVE_CALLER_IDENTITY)
    prompt = pair.far.load_prompt("flags", encode_alaw(speak("v21-flags", length_ms=1000)))
    pair.far.send(4, media.Play(prompt))
    pair.run(160)
    assert media.ToneOn(tones.special("v21-flags")) not in kinds_on_port(pair.near_events, 4)
    pair.near.send(4, media.Unlisten(RECEIVE_CALLER_IDENTITY))
    pair.far.send(4, media.Play(prompt))
    pair.run(160)
    assert media.ToneOn(tones.special("v21-flags")) in kinds_on_port(pair.near_events, 4)
