"""The tone generator: frequency, level, purity by spectrum; cadences to the sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx._plane import ffi, lib

from tests.dsp.processors import LEVELS, limited
from tests.dsp.sounds import DTMF_DIGITS, MFC_HZ, MFC_PAIRS, PEAK_AT_0_DBM0, dtmf, play

FOR_EVER = 0xFFFFFFFF


def plan_of(*segments, passes=0, repeat_from=0):
    """Segments of (frequencies Hz, level dBm0, on samples, off samples)."""
    plan = ffi.new("struct tone_plan *")
    plan.segments, plan.passes, plan.repeat_from = len(segments), passes, repeat_from
    for place, (frequencies, level, on, off) in enumerate(segments):
        for k, hz in enumerate(frequencies):
            plan.segment[place].frequency_millihertz[k] = round(hz * 1000)
            plan.segment[place].level_tenth_dbm0[k] = round(level * 10)
        plan.segment[place].on_samples, plan.segment[place].off_samples = on, off
    return plan


def spectrum_dbm0(sound):
    """Level of each whole Hz of one second of sound; the window keeps a sine's skirt below -90 dB beyond 4 Hz."""
    n = np.arange(len(sound))
    turn = 2 * np.pi * n / len(sound)
    window = 0.35875 - 0.48829 * np.cos(turn) + 0.14128 * np.cos(2 * turn) - 0.01168 * np.cos(3 * turn)
    return 20 * np.log10(np.abs(np.fft.rfft(sound * window)) * 2 / window.sum() / PEAK_AT_0_DBM0 + 1e-9)


@pytest.mark.parametrize("hz", [450, 697, 941, 1000, 1633, 1980, 2100, 3400])
@pytest.mark.parametrize("level", [3, 0, -10, -30])
def test_frequency_level_and_purity(hz, level):
    sound = play(plan_of(([hz], level, FOR_EVER, 0)), 8000)
    spectrum = spectrum_dbm0(sound)
    assert np.argmax(spectrum) == hz
    assert abs(spectrum[hz] - level) < 0.05
    unwanted = np.delete(spectrum, np.arange(hz - 5, hz + 6))
    # The unwanted total is what 16 bits leave: at least 60 dB below, or below -80 dBm0 where the tone is faint.
    total = 10 * np.log10(np.sum(10 ** (unwanted / 10)) / 2)
    assert total < max(level - 60, -80)


def test_frequency_is_exact_over_a_minute():
    sound = play(plan_of(([450.123], -10, FOR_EVER, 0)), 480_000).astype(float)
    t = np.arange(8000) / 8000
    turned = [np.angle(np.sum(part * np.exp(-2j * np.pi * 450 * t))) for part in (sound[:8000], sound[-8000:])]
    expected = 2 * np.pi * 0.123 * 59
    assert abs((turned[1] - turned[0] - expected + np.pi) % (2 * np.pi) - np.pi) < 2 * np.pi * 0.001 * 59


def test_level_above_3_dbm0_is_left_to_the_line_card():
    assert (play(plan_of(([1000], 9, 800, 0), passes=1), 800) == play(plan_of(([1000], 3, 800, 0), passes=1), 800)).all()


def test_two_loud_frequencies_saturate_and_do_not_wrap():
    sound = play(plan_of(([100, 110], 3, FOR_EVER, 0)), 8000)
    assert sound.max() == 32767 and sound.min() == -32768
    assert np.abs(np.diff(sound.astype(int))).max() < 8000


def test_cadence_is_exact_to_the_sample():
    sound = play(plan_of(([450], -10, 2800, 2800)), 28_000)
    for cycle in range(5):
        on = sound[cycle * 5600 : cycle * 5600 + 2800]
        assert np.abs(on[-20:]).max() > 1000 and not sound[cycle * 5600 + 2800 : (cycle + 1) * 5600].any()
        assert np.abs(on[:20]).max() > 1000


def test_plan_repeats_from_a_segment_and_ends():
    plan = plan_of(([450], -10, 100, 0), ([950], -10, 200, 50), passes=3, repeat_from=1)
    generator, sound = ffi.new("struct tone_generator *"), np.zeros(2000, np.int16)
    lib.tone_start(generator, plan)
    assert lib.tone_generate(generator, ffi.from_buffer("int16_t[]", sound), 2000) == 100 + 3 * 250
    assert not generator.playing and not sound[850:].any()
    assert lib.tone_generate(generator, ffi.from_buffer("int16_t[]", sound), 80) == 0 and not sound[:80].any()


def test_plans_without_any_sample_end_at_once():
    generator, sound = ffi.new("struct tone_generator *"), np.ones(80, np.int16)
    for plan in (plan_of(), plan_of(([450], 0, 0, 0)), plan_of(([450], 0, 0, 0), ([450], 0, 0, 0), passes=9)):
        lib.tone_start(generator, plan)
        assert lib.tone_generate(generator, ffi.from_buffer("int16_t[]", sound), 80) == 0 and not sound.any()


def test_equal_neighbouring_segments_join_without_a_jump():
    joined = play(plan_of(([450], -10, 333, 0), ([450], -10, 400, 0), passes=1), 733)
    assert (joined == play(plan_of(([450], -10, 733, 0), passes=1), 733)).all()


@given(st.lists(st.integers(1, 200), min_size=1, max_size=30))
def test_whole_equals_piecemeal(pieces):
    plan = plan_of(([697, 1209], -10, 130, 70), ([450], -3, 90, 11))
    whole = play(plan, sum(pieces))
    generator, parts = ffi.new("struct tone_generator *"), []
    lib.tone_start(generator, plan)
    for count in pieces:
        part = np.zeros(count, np.int16)
        lib.tone_generate(generator, ffi.from_buffer("int16_t[]", part), count)
        parts.append(part)
    assert (np.concatenate(parts) == whole).all()


@given(
    frequencies=st.lists(st.floats(1, 4000), min_size=1, max_size=2),
    level=st.integers(-60, 3),
    modulation_hz=st.floats(0, 100),
    reversal=st.integers(0, 400),
    count=st.integers(1, 500),
)
def test_every_processor_sends_the_same(frequencies, level, modulation_hz, reversal, count):
    plan = plan_of((frequencies, level, FOR_EVER, 0))
    plan.segment[0].modulation_millihertz, plan.segment[0].modulation_percent = round(modulation_hz * 1000), 85
    plan.segment[0].reversal_samples = reversal
    sounds = []
    for processor in LEVELS:
        with limited(processor):
            sounds.append(play(plan, count).tobytes())
    assert sounds == [sounds[0]] * len(LEVELS)


@pytest.mark.parametrize("digit", DTMF_DIGITS)
def test_digits_have_the_frequencies_of_q23(digit):
    plan = ffi.new("struct tone_plan *")
    assert lib.tone_plan_dtmf(plan, ord(digit), -90, -70, 8000, 0) == 0
    ours, theirs = spectrum_dbm0(play(plan, 8000)), spectrum_dbm0(dtmf(digit, 1000, -9, -7))
    assert set(np.flatnonzero(ours > -12)) == set(np.flatnonzero(theirs > -12))
    assert np.abs(ours - theirs)[ours > -12].max() < 0.05


@pytest.mark.parametrize("kind", MFC_HZ)
@pytest.mark.parametrize("signal", range(1, 16))
def test_signals_have_the_frequencies_of_q441(kind, signal):
    plan = ffi.new("struct tone_plan *")
    assert lib.tone_plan_mfc(plan, kind == "mfc-forward", signal, -115, 8000, 0) == 0
    spectrum = spectrum_dbm0(play(plan, 8000))
    expected = sorted(MFC_HZ[kind][f] for f in MFC_PAIRS[signal - 1])
    assert [hz for hz in range(1, 4000) if spectrum[hz] > -12] == expected


def test_what_is_no_signal_is_refused():
    plan = ffi.new("struct tone_plan *")
    assert all(lib.tone_plan_dtmf(plan, code, 0, 0, 1, 0) == -1 for code in (0, 32, ord("E"), ord("a"), 200, -1))
    assert all(lib.tone_plan_mfc(plan, 1, signal, 0, 1, 0) == -1 for signal in (0, 16, -1))
