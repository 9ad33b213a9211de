"""Automatic level, comfort noise and concealment of losses against the limits in their headers, by level and spectrum."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pbx._plane import ffi, lib

from pbx import voice
from tests.dsp.processors import LEVELS, limited
from tests.dsp.sounds import clipped, noise, sines


def dbm0(sound):
    return lib.g711_level_tenth_dbm0(ffi.from_buffer("int16_t[]", np.ascontiguousarray(sound)), len(sound)) / 10


def speech(seconds, level_dbm0, seed=1, background_dbm0=-70.0):
    """Syllables of noise in the shape of speech with pauses; the level is that of the syllables."""
    random = np.random.default_rng(seed)
    count = round(seconds * 8000)
    spectrum = np.fft.rfft(random.normal(0, 1, count))
    hz = np.fft.rfftfreq(count, 1 / 8000)
    sound = np.fft.irfft(spectrum * (hz > 200) / (1 + (hz / 600) ** 2), count)
    speaking = (np.arange(count) // 800) % 10 < 6
    sound *= speaking
    sound *= 10 ** ((level_dbm0 - dbm0(clipped(sound[speaking] * 1000))) / 20) * 1000
    return clipped(sound + noise(count, background_dbm0, random)), speaking


def blocks_of(function, sound):
    return np.array([function(sound[n : n + 800]) for n in range(0, len(sound) - 799, 800)])


@pytest.mark.parametrize("level_dbm0", [-40, -31, -26, -20, -14, -9])
def test_speech_comes_to_the_target_as_far_as_the_largest_gain_goes(level_dbm0):
    sound, speaking = speech(14, level_dbm0)
    out = voice.level(sound)
    reached = dbm0(out[-32000:][speaking[-32000:]])
    expected = np.clip(-20, level_dbm0 - 12, level_dbm0 + 12)
    assert abs(reached - expected) < 2


@pytest.mark.parametrize("maximum_db", [0, 6, 24])
def test_the_gain_stays_within_its_bounds_and_rises_slowly(maximum_db):
    for level_dbm0 in (-41, 0):
        sound, _ = speech(12, level_dbm0)
        state = ffi.new("struct automatic_level *")
        lib.automatic_level_start(state, -200, maximum_db * 10)
        before = 1.0
        for n in range(0, len(sound), 80):
            block = sound[n : n + 80].copy()
            lib.automatic_level_run(state, ffi.from_buffer("int16_t[]", block), ffi.from_buffer("int16_t[]", block))
            assert -maximum_db - 0.01 <= 20 * np.log10(state.gain) <= maximum_db + 0.01
            assert state.gain <= before * 10 ** (0.02 / 20) * 1.0001
            before = state.gain


@pytest.mark.parametrize("level_dbm0", [-60, -50, -43, -38, -30])
def test_noise_is_not_pumped_up(level_dbm0):
    silent, steady = np.zeros(16000, np.int16), clipped(noise(160_000, level_dbm0, np.random.default_rng(3)))
    out = voice.level(np.concatenate([silent, steady]))[16000:]
    gained = dbm0(out[-80000:]) - dbm0(steady[-80000:])
    assert -0.5 < gained < (0.5 if level_dbm0 < -42 else 4.5)


def test_the_background_behind_raised_speech_does_not_breathe():
    sound, speaking = speech(20, -30, background_dbm0=-45)
    out = voice.level(sound)
    pauses = np.split(np.flatnonzero(~speaking), np.flatnonzero(np.diff(np.flatnonzero(~speaking)) > 1) + 1)
    gains = [dbm0(out[pause]) - dbm0(sound[pause]) for pause in pauses[-8:]]
    assert min(gains) > 7
    assert np.ptp(gains) < 0.5


def test_nothing_clips_when_a_loud_speaker_follows_a_quiet_one():
    quiet, loud = speech(12, -32)[0], clipped(speech(4, -6, seed=2)[0])
    out = voice.level(np.concatenate([quiet, loud]))
    assert np.abs(out.astype(int)).max() <= 32767
    assert (np.abs(out[len(quiet) :].astype(int)) >= 32766).sum() <= (np.abs(loud.astype(int)) >= 32766).sum() + 40


def test_steps_of_the_gain_are_not_heard():
    """A tone modulated so that it counts as speech: what is not the tone lies 36 dB under it, about as low as A-law's own noise."""
    count = 80_000
    envelope = np.where((np.arange(count) // 1600) % 2, 1.0, 0.25)
    out = voice.level(clipped(sines(count / 8, (1000, -34)) * envelope)).astype(float)
    for start in range(1600 * 11, count - 1600, 3200):
        part = out[start + 80 : start + 1520]
        t = np.arange(len(part)) / 8000
        waves = np.stack(
            [np.cos(2 * np.pi * 1000 * t), np.sin(2 * np.pi * 1000 * t), t * np.cos(2 * np.pi * 1000 * t), t * np.sin(2 * np.pi * 1000 * t)]
        )
        rest = part - waves.T @ np.linalg.lstsq(waves.T, part, rcond=None)[0]
        assert 10 * np.log10(np.mean(part**2) / np.mean(rest**2)) > 36


@given(st.integers(0, 2**32), st.integers(-300, 20), st.integers(0, 240), st.integers(0, 32767))
@settings(max_examples=40)
def test_every_processor_levels_and_conceals_alike(seed, target, maximum, top):
    random = np.random.default_rng(seed)
    sound = (random.integers(-top - 1, top + 1, 4000) * random.choice([0.05, 1, 1], 50).repeat(80)).astype(np.int16)
    lost = random.random(50) < 0.3
    made = []
    for level in LEVELS:
        with limited(level):
            made.append((voice.level(sound, target / 10, maximum / 10), voice.conceal(sound, lost)))
    assert all((a == c).all() and (b == d).all() for (a, b), (c, d) in pairwise(made))


SHAPES = {
    "white": lambda hz: np.ones_like(hz),
    "low": lambda hz: 1 / (1 + (hz / 500) ** 2),
    "room": lambda hz: 1 / np.sqrt(1 + (hz / 1000) ** 4),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("level_dbm0", [-65, -50, -35])
def test_comfort_noise_has_the_level_and_the_spectrum_of_the_background(shape, level_dbm0):
    random = np.random.default_rng(7)
    wave = np.fft.irfft(np.fft.rfft(random.normal(0, 1, 16000)) * SHAPES[shape](np.fft.rfftfreq(16000, 1 / 8000)), 16000)
    background = clipped(wave * 10 ** ((level_dbm0 - dbm0(clipped(wave * 1000))) / 20) * 1000)
    made = voice.comfort_noise(background[:2400], 32000)
    assert abs(dbm0(made) - dbm0(background)) < 1.5
    for octave in (250, 500, 1000, 2000):
        bands = [np.abs(np.fft.rfft(s.astype(float)))[octave * len(s) // 8000 : 2 * octave * len(s) // 8000] for s in (made, background)]
        ours, theirs = (np.mean(band**2) / n for band, n in zip(bands, (len(made), len(background)), strict=True))
        # The rounding of samples is a noise of its own, some -77 dBm0 in an octave.
        assert abs(10 * np.log10((ours + 0.1) / (theirs + 0.1))) < 4


def test_comfort_noise_of_nothing_is_silence_and_of_a_level_is_white():
    assert not voice.comfort_noise(np.zeros(0, np.int16), 800).any()
    assert not voice.comfort_noise(np.zeros(800, np.int16), 800).any()
    state = ffi.new("struct comfort_noise *")
    lib.comfort_noise_start(state, 9)
    lib.comfort_noise_white(state, -550)
    made = np.zeros((200, 80), np.int16)
    for block in made:
        lib.comfort_noise_make(state, ffi.from_buffer("int16_t[]", block))
    assert abs(dbm0(made.reshape(-1)) + 55) < 0.5


@given(st.lists(st.sampled_from(["silence", "tone", "noise", "square"]), max_size=12), st.integers(0, 2**32))
@settings(max_examples=40)
def test_comfort_noise_of_anything_is_no_louder_than_that(kinds, seed):
    random = np.random.default_rng(seed)
    t = np.arange(800)
    parts = {"silence": t * 0, "tone": 30000 * np.sin(t * random.uniform(0, 3.14)), "noise": random.normal(0, 5000, 800)}
    parts["square"] = np.sign(np.sin(t * 0.1)) * 32767
    background = clipped(np.concatenate([np.zeros(0), *(parts[kind] for kind in kinds)]))
    made = voice.comfort_noise(background, 8000, seed)
    assert dbm0(made) <= max([dbm0(background[n : n + 80]) for n in range(0, len(background), 80)], default=-90) + 3


def test_a_lost_block_of_a_steady_voice_is_hardly_missed():
    """Harmonics of 125 Hz: the repetition is nearly the original."""
    sound = sines(1000, *((125 * n, -26 - n) for n in range(1, 12)))
    lost = np.arange(100) % 10 == 9
    off = voice.conceal(sound, lost).astype(float) - sound
    assert 10 * np.log10(np.mean(sound.astype(float) ** 2) / np.mean(off[::1] ** 2 / lost.mean())) > 15


def test_what_came_is_not_changed_but_for_2_ms_behind_a_loss():
    sound = speech(3, -20)[0]
    lost = np.random.default_rng(4).random(300) < 0.1
    same = voice.conceal(sound, lost) == sound
    came = ~lost.repeat(80)
    behind = np.zeros(len(sound), bool)
    for n in np.flatnonzero(lost):
        behind[80 * n + 80 : 80 * n + 96] = True
    assert same[came & ~behind].all()
    assert (voice.conceal(sound, []) == sound).all()


def test_a_long_loss_fades_to_silence_in_60_ms_and_leaves_no_step():
    sound = sines(500, (200, -12))
    lost = (np.arange(50) >= 20) & (np.arange(50) < 35)
    out = voice.conceal(sound, lost).astype(int)
    levels = blocks_of(lambda part: np.abs(part).max(), out[1600:2080].repeat(10))
    assert (np.diff(levels) < 0).all()
    assert not out[1600 + 480 : 2800].any()
    steepest = np.abs(np.diff(sound.astype(int))).max()
    assert np.abs(np.diff(out[1500:2900])).max() < 1.5 * steepest


@given(st.integers(0, 2**32), st.sampled_from([0, 1, 20, 32767]))
@example(1, 32767)
@settings(max_examples=60)
def test_concealment_of_anything_is_no_louder_than_what_was_heard(seed, top):
    random = np.random.default_rng(seed)
    sound = random.integers(-top - 1, top + 1, 4000).astype(np.int16)
    lost = random.random(50) < random.random()
    out = voice.conceal(sound, lost)
    assert np.abs(out.astype(int)).max() <= 3 * (top + 1)


@pytest.mark.parametrize("automatic", [False, True])
def test_conference_of_arrays(automatic):
    parties = [speech(2, level, seed)[0] for seed, level in enumerate((-26, -20, -16))]
    heard = voice.mix(parties, automatic_level=automatic)
    said = [voice.level(sound) for sound in parties] if automatic else parties
    for n in range(3):
        others = sum(sound.astype(int) for m, sound in enumerate(said) if m != n)
        assert (heard[n] == np.clip(others, -32768, 32767)).all()
    muted = voice.mix(parties, gains_db=(0, -6, 0), muted={2})
    assert (muted[2] == np.clip(parties[0] + (parties[1].astype(int) * 2053 + 2048 >> 12), -32768, 32767)).all()
    assert (muted[1] == parties[0]).all()
    loudest = voice.mix(parties, speakers=1)
    assert (loudest[0][-80:] == parties[2][-80:]).all()
    with pytest.raises(ValueError, match="one each"):
        voice.mix(parties, gains_db=(0, 0))


def test_laws_of_octets():
    every = bytes(range(256))
    there = voice.alaw_to_ulaw(every)
    assert all((a ^ b) & 0xFE == 0 for a, b in zip(voice.ulaw_to_alaw(there), every, strict=True))
