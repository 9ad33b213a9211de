"""CNG (T.30), CED and the answer tones (V.25, V.8) by their frequencies, lengths, reversals of phase and modulation."""

import numpy as np
import pytest

from pbx.hearing import FAX_NAMES
from tests.dsp.sounds import BEGIN, END, PEAK_AT_0_DBM0, clipped, hear, noise, silence, sines, through_alaw


def heard(sound):
    return [(r.edge, FAX_NAMES[r.value], r) for r in hear("fax", through_alaw(sound))]


def edges(sound):
    return [(edge, name) for edge, name, _ in heard(sound)]


def answer_tone(seconds=3.3, hz=2100.0, level=-12.0, reversals=False, modulated=False, degrees=180.0):
    time = np.arange(round(seconds * 8000)) / 8000
    phase = 2 * np.pi * hz * time + 0.3
    if reversals:
        phase += np.radians(degrees) * (time // 0.45)
    envelope = 1 + 0.2 * np.sin(2 * np.pi * 15 * time) if modulated else 1.0
    return clipped(PEAK_AT_0_DBM0 * 10 ** (level / 20) * envelope * np.sin(phase))


@pytest.mark.parametrize("off", [0, 3, 37, 79])
@pytest.mark.parametrize("level", [-6, -20, -40])
def test_calling_tone(off, level):
    sound = np.concatenate([silence(300), np.zeros(off), *[np.concatenate([sines(500, (1100, level)), silence(3000)])] * 2])
    reports = heard(sound)
    assert [(edge, name) for edge, name, _ in reports] == [(BEGIN, "cng"), (END, "cng")] * 2
    assert abs(reports[0][2].at - 2400 - off) <= 120 and abs(reports[1][2].at - reports[0][2].at - 4000) <= 160


@pytest.mark.parametrize(("hz", "length_ms", "expected"), [(1138, 500, 1), (1062, 500, 1), (1100, 425, 1), (1100, 575, 1)])
def test_calling_tone_within_its_limits(hz, length_ms, expected):
    assert edges(np.concatenate([silence(100), sines(length_ms, (hz, -15)), silence(500)])).count((BEGIN, "cng")) == expected


@pytest.mark.parametrize(("hz", "length_ms"), [(1000, 500), (1200, 500), (1100, 200), (1160, 500)])
def test_no_calling_tone(hz, length_ms):
    assert edges(np.concatenate([silence(100), sines(length_ms, (hz, -15)), silence(500)])) == []


def test_1100_hz_for_long_is_no_calling_tone_after_all():
    assert edges(np.concatenate([silence(100), sines(3000, (1100, -15)), silence(500)])) == [(BEGIN, "cng"), (END, "cng")]


KINDS = [(False, False, "ced"), (True, False, "ans-reversals"), (False, True, "ansam"), (True, True, "ansam-reversals")]


@pytest.mark.parametrize(("reversals", "modulated", "name"), KINDS)
@pytest.mark.parametrize("off", [0, 11, 40, 66])
@pytest.mark.parametrize("level", [-8, -25, -38])
def test_answer_tones_by_reversals_and_modulation(reversals, modulated, name, off, level):
    tone = answer_tone(reversals=reversals, modulated=modulated, level=level)
    reports = heard(np.concatenate([silence(200), np.zeros(off), tone, silence(400)]))
    assert [(edge, said) for edge, said, _ in reports] == [(BEGIN, name), (END, name)]
    assert abs(reports[0][2].at - 1600 - off) <= 120 and abs(reports[1][2].at - reports[0][2].at - len(tone)) <= 200


@pytest.mark.parametrize(("reversals", "modulated", "name"), KINDS)
def test_answer_tones_in_noise_and_off_frequency(reversals, modulated, name):
    random = np.random.default_rng(11)
    for hz, degrees in ((2085, 155), (2100, 205), (2115, 180)):
        tone = answer_tone(reversals=reversals, modulated=modulated, hz=hz, degrees=degrees).astype(float)
        sound = np.concatenate([silence(200), tone, silence(400)])
        assert edges(sound + noise(len(sound), -35, random)) == [(BEGIN, name), (END, name)], hz


@pytest.mark.parametrize("hz", [2040, 2060, 2140, 2160])
def test_other_frequencies_are_no_answer_tone(hz):
    assert edges(np.concatenate([silence(100), answer_tone(hz=hz), silence(100)])) == []


def test_noise_and_short_tones_are_nothing():
    random = np.random.default_rng(4)
    assert edges(noise(8000 * 60, -15, random)) == []
    assert edges(np.concatenate([silence(100), answer_tone(0.4), silence(300), answer_tone(0.3), silence(300)])) == []
