"""Voices and beeps as the plane tells them: VoiceOn, VoiceOff and the beep's tone, on sound and on tokens alike."""

import pytest

from pbx.media_tones import Tone, ToneSegment
from pbx.vocabulary import media, tones
from pbx.vocabulary.media import RECEIVE_PROGRESS, RECEIVE_VOICE
from tests.dsp.sounds import through_alaw
from tests.dsp.vowels import vowel
from tests.plane.rig import Pair, kinds_on_port, on_port
from tests.plane.test_hearing import encode

VOICE_TICKS = 150
BEEP = tones.special("beep")
STEADY = Tone((ToneSegment((1000.0, 0.0), (-10.0, 0.0), None),))


def pair_with_a_voice(with_tokens):
    """Two planes; the far one has a prompt of a second and a half without a pause."""
    pair = Pair(with_tokens)
    prompt = pair.far.load_prompt("voice", encode(through_alaw(vowel(VOICE_TICKS * 10, -15))))
    pair.run(3)
    return pair, prompt


@pytest.mark.parametrize("with_tokens", [False, True])
def test_a_prompt_is_a_voice_from_begin_to_end(with_tokens):
    pair, prompt = pair_with_a_voice(with_tokens)
    pair.near.send(4, media.Listen(RECEIVE_VOICE))
    pair.run(5)
    begun = pair.tick
    pair.far.send(4, media.Play(prompt))
    pair.run(VOICE_TICKS + 60)
    (on_time, on), (off_time, off) = on_port(pair.near_events, 4)
    assert (on, off) == (media.VoiceOn(), media.VoiceOff())
    assert abs(on_time - begun / 100) <= 0.06
    assert abs(off_time - on_time - VOICE_TICKS / 100) <= 0.12
    assert kinds_on_port(pair.near_events, 5) == []


def test_a_voice_is_told_as_late_on_tokens_as_on_sound():
    told = {}
    for with_tokens in (False, True):
        pair, prompt = pair_with_a_voice(with_tokens)
        pair.near.send(4, media.Listen(RECEIVE_VOICE))
        pair.run(5)
        begun = pair.tick
        pair.far.send(4, media.Play(prompt))
        told[with_tokens] = []
        for _ in range(VOICE_TICKS + 60):
            before = len(pair.near_events)
            pair.run(1)
            told[with_tokens] += [pair.tick - begun] * (len(pair.near_events) - before)
    (on_sound, off_sound), (on_token, off_token) = told[False], told[True]
    assert abs(on_sound - on_token) <= 4 and abs(off_sound - off_token) <= 12


@pytest.mark.parametrize("with_tokens", [False, True])
def test_one_who_does_not_listen_hears_nothing(with_tokens):
    pair, prompt = pair_with_a_voice(with_tokens)
    pair.near.send(4, media.Listen(RECEIVE_VOICE | RECEIVE_PROGRESS))
    pair.near.send(4, media.Unlisten(RECEIVE_VOICE))
    pair.far.send(4, media.Play(prompt))
    pair.run(VOICE_TICKS + 60)
    assert kinds_on_port(pair.near_events, 4) == []


@pytest.mark.parametrize("with_tokens", [False, True])
def test_the_tone_of_the_network_is_no_voice_and_no_beep(with_tokens):
    pair, _ = pair_with_a_voice(with_tokens)
    pair.near.send(4, media.Listen(RECEIVE_VOICE))
    pair.far.send(4, media.SendTone(tones.progress("dial"), 800))
    pair.run(150)
    assert kinds_on_port(pair.near_events, 4) == []


def test_a_beep_is_a_tone():
    pair, _ = pair_with_a_voice(False)
    pair.far.load_tones({"milliwatt": STEADY})
    pair.near.send(4, media.Listen(RECEIVE_VOICE))
    pair.run(2)
    begun = pair.tick
    pair.far.send(4, media.SendTone(tones.progress("milliwatt"), 400))
    pair.run(80)
    (on_time, on), (off_time, off) = on_port(pair.near_events, 4)
    assert (on, off) == (media.ToneOn(BEEP), media.ToneOff(BEEP))
    assert abs(on_time - begun / 100) <= 0.03 and abs(off_time - on_time - 0.4) <= 0.03


def test_the_end_of_a_voice_is_not_jumped_over():
    pair, prompt = pair_with_a_voice(False)
    pair.near.send(4, media.Listen(RECEIVE_VOICE))
    pair.far.send(4, media.Play(prompt))
    pair.run_jumping(2000)
    assert kinds_on_port(pair.near_events, 4) == [media.VoiceOn(), media.VoiceOff()]


def test_another_port_may_take_the_lane():
    pair, prompt = pair_with_a_voice(False)
    for port in (4, 5):
        pair.near.send(port, media.Listen(RECEIVE_VOICE))
    pair.run(1)
    pair.near.send(4, media.Unlisten(RECEIVE_VOICE))
    pair.near.send(6, media.Listen(RECEIVE_VOICE))
    for port in (4, 6):
        pair.far.send(port, media.Play(prompt))
    pair.run(VOICE_TICKS + 60)
    assert [port for _, port, _ in pair.near_events] == [6, 6]
