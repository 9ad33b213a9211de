"""The receiver of the check-tone against the limits of pbx/dsp/check_tone.h, through A-law, at every phase of tick and tone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx._plane import ffi, lib

from pbx.tone_plan import CONTINUITY_DBM0, special_plan
from tests.dsp.sounds import BLOCK, PEAK_AT_0_DBM0, noise, play, silence, through_alaw
from tests.dsp.vowels import vowel

MS = 8
LEAD = 40
"""Silence before the tone, in ms."""


def edges(sound):
    """(what, told at, where it is said to have been) in ms."""
    kept = through_alaw(sound)
    check, back = ffi.new("struct check_tone *"), ffi.new("int *")
    found = []
    for place in range(0, len(kept) - BLOCK + 1, BLOCK):
        heard = lib.check_tone_hear(check, ffi.from_buffer("int16_t[]", kept[place : place + BLOCK]), back)
        if heard != lib.CHECK_TONE_NOTHING:
            found.append((heard, (place + BLOCK) / MS, (place - back[0]) / MS))
    return found


def tone(hz=2000.0, dbm0=-12.0, ms=500, shift=0, phase=0.0):
    """Silence, the tone from ``shift`` samples into a tick on, silence."""
    at = np.arange(ms * MS)
    wave = PEAK_AT_0_DBM0 * 10 ** (dbm0 / 20) * np.sin(2 * np.pi * hz * at / 8000 + phase)
    return np.concatenate([silence(LEAD), np.zeros(shift), wave, silence(120)])


@given(st.floats(1970, 2030), st.floats(-18, -6), st.integers(0, 79), st.floats(0, 6.3), st.sampled_from([60, 61, 500]))
@settings(max_examples=150, deadline=None)
def test_the_tone_is_recognised_in_time_and_its_end_is_told_in_time(hz, dbm0, shift, phase, ms):
    (begun, told, began), (ended, told_end, end) = edges(tone(hz, dbm0, ms, shift, phase))
    start = LEAD + shift / MS
    assert (begun, ended) == (lib.CHECK_TONE_BEGAN, lib.CHECK_TONE_ENDED)
    assert 30 <= told - start <= 60 and abs(began - start) <= 10
    assert told_end - start - ms <= 40 and abs(end - start - ms) <= 10


@given(st.integers(0, 79), st.floats(0, 6.3), st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_not_the_tone_is_not_recognised(shift, phase, data):
    kind = data.draw(st.sampled_from(["beside", "weak", "short", "loud"]))
    if kind == "beside":
        hz = data.draw(st.one_of(st.floats(300, 1800), st.floats(2200, 3400)))
        assert edges(tone(hz, data.draw(st.floats(-18, 0)), 500, shift, phase)) == []
    elif kind == "weak":
        assert edges(tone(dbm0=data.draw(st.floats(-45, -22)), shift=shift, phase=phase)) == []
    elif kind == "short":
        assert edges(tone(ms=data.draw(st.integers(5, 29)), shift=shift, phase=phase)) == []
    else:
        assert edges(tone(dbm0=data.draw(st.floats(-2.5, 2)), shift=shift, phase=phase)) == []


@pytest.mark.parametrize("shift", range(0, 80, 7))
@pytest.mark.parametrize("gap_ms", [1, 5, 10, 15])
def test_short_interruptions_are_no_end(gap_ms, shift):
    sound = tone(shift=shift)
    place = (LEAD + 200) * MS + shift
    sound[place : place + gap_ms * MS] = 0
    assert [what for what, *_ in edges(sound)] == [lib.CHECK_TONE_BEGAN, lib.CHECK_TONE_ENDED]
    assert edges(sound)[1][1] >= LEAD + 500


def test_a_tone_that_sinks_is_held_to_27_below():
    for dbm0, ends in ((-26.5, False), (-29.0, True)):
        sound = np.concatenate([tone(ms=200)[: (LEAD + 200) * MS], tone(dbm0=dbm0, ms=300)[LEAD * MS :]])
        told = edges(sound)[1][1]
        assert (told < LEAD + 300) == ends


def test_noise_and_voices_are_no_check_tone_and_noise_does_not_hide_it():
    random = np.random.default_rng(724)
    assert edges(noise(8000 * 20, -12, random)) == []
    for pitch in (90, 125, 200, 250, 400):
        assert edges(vowel(2000, -12, pitch)) == []
    sound = tone(dbm0=-16.0)
    assert [what for what, *_ in edges(sound + noise(len(sound), -35, random))] == [lib.CHECK_TONE_BEGAN, lib.CHECK_TONE_ENDED]


def test_the_tone_that_we_send_is_the_tone():
    samples = play(special_plan("continuity"), 8000)
    lines = np.abs(np.fft.rfft(samples.astype(float))) / 4000
    assert lines.argmax() == 2000
    assert abs(20 * np.log10(lines[2000] / PEAK_AT_0_DBM0) - CONTINUITY_DBM0) < 0.1
    assert CONTINUITY_DBM0 == -12.0
    assert [what for what, *_ in edges(samples)] == [lib.CHECK_TONE_BEGAN]
