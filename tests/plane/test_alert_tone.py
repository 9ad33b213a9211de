"""The dual tone alert before caller identity in a call, as a telephone hears it: on sound and tokens, at its limits, and what it is not."""

import numpy as np
import pytest

from pbx.sound_file import encode_alaw
from pbx.vocabulary import media, tones
from pbx.vocabulary.media import MODEMS, RECEIVE_CALLER_IDENTITY, Octet, SendOctets, SendTone, ToneOff, ToneOn
from tests.plane.rig import Pair, on_port

ALERT = tones.special("dual-tone-alert")
FULL_SCALE_DBM0 = 3.14


def pair_of(with_tokens=False):
    pair = Pair(with_tokens)
    pair.near.send(4, media.Listen(RECEIVE_CALLER_IDENTITY))
    pair.run(5)
    return pair


def tones_heard(pair):
    return [(time, event) for time, event in on_port(pair.near_events, 4) if isinstance(event, ToneOn | ToneOff)]


@pytest.mark.parametrize("duration_ms", [80, 100])
def test_it_is_told_alike_on_sound_and_tokens(duration_ms):
    told = {}
    for with_tokens in (False, True):
        pair = pair_of(with_tokens)
        pair.far.send(4, SendTone(ALERT, duration_ms, at=0.1))
        pair.run_jumping(100)
        heard = tones_heard(pair)
        assert [event for _, event in heard] == [ToneOn(ALERT), ToneOff(ALERT)]
        told[with_tokens] = [time for time, _ in heard]
    assert told[False] == pytest.approx(told[True], abs=0.02)


def sound(*parts, milliseconds=100, noise_dbm0=None, seed=1):
    """Sines of (Hz, dBm0) as A-law."""
    at = np.arange(milliseconds * 8) / 8000
    peak = 32256 * 10 ** (-FULL_SCALE_DBM0 / 20)
    wave = sum(peak * 10 ** (level / 20) * np.sin(2 * np.pi * hz * at) for hz, level in parts)
    if noise_dbm0 is not None:
        wave = wave + np.random.default_rng(seed).normal(0, peak / np.sqrt(2) * 10 ** (noise_dbm0 / 20), len(at))
    return encode_alaw(np.asarray(np.clip(wave, -32768, 32767), np.int16))


def heard_of(octets):
    pair = pair_of()
    prompt = pair.far.load_prompt("sound", octets)
    pair.far.send(4, media.Play(prompt))
    pair.run(60)
    return [event for _, event in tones_heard(pair)]


GOOD = [
    *[((2130 * shift, level), (2750 * shift, level)) for shift in (0.995, 1.0, 1.005) for level in (-2, -15, -32, -36)],
    ((2130, -14), (2750, -20)),
    ((2130, -20), (2750, -14)),
]


@pytest.mark.parametrize("parts", GOOD, ids=str)
def test_it_is_heard_within_its_limits(parts):
    assert heard_of(sound(*parts)) == [ToneOn(ALERT), ToneOff(ALERT)]


@pytest.mark.parametrize("level", [-10, -25])
def test_it_is_heard_in_noise(level):
    assert heard_of(sound((2130, level), (2750, level), noise_dbm0=level - 17)) == [ToneOn(ALERT), ToneOff(ALERT)]


BAD = [
    ((2130, -10),),
    ((2750, -10),),
    ((2130 * 1.1, -10), (2750 * 1.1, -10)),
    ((2130, -10), (2750, -25)),
    ((2130, -45), (2750, -45)),
    ((2130, -20), (2750, -20), (450, -10)),
]


@pytest.mark.parametrize("parts", BAD, ids=str)
def test_what_it_is_not(parts):
    assert heard_of(sound(*parts, milliseconds=200)) == []


def test_too_short_is_nothing():
    assert heard_of(sound((2130, -10), (2750, -10), milliseconds=40)) == []


def test_a_modem_is_no_alert():
    for modem in ("bell202", "v23"):
        pair = pair_of()
        pair.far.send(4, SendOctets(MODEMS[modem], bytes(range(64)), seizure_bits=300, mark_bits=180))
        pair.run(200)
        assert tones_heard(pair) == []
        octets = [event.value for _, event in on_port(pair.near_events, 4) if isinstance(event, Octet) and event.value < 256]
        assert octets[-64:] == list(range(64))
