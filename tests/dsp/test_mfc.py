"""The MFC receiver against the limits of Q.455, on signals made here from Q.441 and sent through A-law."""

import numpy as np
import pytest

from tests.dsp.sounds import BEGIN, END, MFC_HZ, MFC_PAIRS, hear, mfc, noise, silence, sines, through_alaw

KINDS = list(MFC_HZ)
SIGNALS = range(1, 16)
OFFSETS = (0, 9, 27, 44, 63, 79)


def reports_of(kind, signal_sound, offset, noise_dbm0=None):
    sound = np.concatenate([np.zeros(800 + offset), signal_sound, np.zeros(400)])
    if noise_dbm0 is not None:
        sound = sound + noise(len(sound), noise_dbm0, np.random.default_rng(offset))
    return hear(kind, through_alaw(sound))


def assert_once(kind, signal, signal_sound, offset, noise_dbm0=None):
    reports = reports_of(kind, signal_sound, offset, noise_dbm0)
    assert [(r.edge, r.value) for r in reports] == [(BEGIN, signal), (END, signal)], (kind, signal, offset)
    return reports


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [-5, -11.5, -20, -30, -35])
def test_all_signals_over_the_range_of_levels(kind, level):
    for signal in SIGNALS:
        for offset in OFFSETS:
            assert_once(kind, signal, mfc(kind, signal, 80, (level, level)), offset)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("off_hz", [(10, 10), (-10, -10), (10, -10), (-10, 10)])
def test_deviation_of_10_hz_at_the_lowest_level(kind, off_hz):
    for signal in SIGNALS:
        for offset in OFFSETS:
            assert_once(kind, signal, mfc(kind, signal, 80, (-35, -35), off_hz), offset)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weaker", [0, 1])
def test_twist_of_5_db_between_neighbours_and_7_otherwise(kind, weaker):
    for signal in SIGNALS:
        lower, upper = MFC_PAIRS[signal - 1]
        levels = [-10.0, -10.0]
        levels[weaker] -= 5 if upper - lower == 1 else 7
        for strongest in (-5, -10, -27):
            shifted = tuple(level + strongest + 10 for level in levels)
            assert_once(kind, signal, mfc(kind, signal, 80, shifted, (10, -10)), 33)


@pytest.mark.parametrize("kind", KINDS)
def test_operate_and_release_together_within_80_ms(kind):
    longest = 0
    for signal in SIGNALS:
        for offset in range(0, 80, 7):
            for level in (-5, -35):
                sound = mfc(kind, signal, 90, (level, level))
                begin, end = assert_once(kind, signal, sound, offset)
                operate = (begin.tick + 1) * 80 - 800 - offset
                release = (end.tick + 1) * 80 - 800 - offset - len(sound)
                longest = max(longest, operate + release)
    assert longest <= 80 * 8


@pytest.mark.parametrize("kind", KINDS)
def test_less_than_7_ms_is_no_signal(kind):
    for signal in SIGNALS:
        for offset in OFFSETS:
            assert reports_of(kind, mfc(kind, signal, 7, (-5, -5)), offset) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_break_of_7_ms_is_no_release(kind):
    for signal in SIGNALS:
        for offset in range(0, 80, 7):
            sound = mfc(kind, signal, 120, (-12, -12)).copy()
            sound[480:536] = 0
            assert_once(kind, signal, sound, offset)


@pytest.mark.parametrize("kind", KINDS)
def test_noise(kind):
    for signal in SIGNALS:
        for offset in OFFSETS:
            assert_once(kind, signal, mfc(kind, signal, 100, (-11.5, -11.5)), offset, noise_dbm0=-27)


@pytest.mark.parametrize("kind", KINDS)
def test_one_frequency_or_three_are_no_signal(kind):
    frequencies = MFC_HZ[kind]
    for chosen in ((0,), (3,), (0, 1, 2), (1, 3, 5), (0, 1, 2, 3, 4, 5)):
        assert reports_of(kind, sines(200, *[(frequencies[f], -12) for f in chosen]), 11) == []


def test_the_other_direction_is_not_heard():
    for ear, mouth in (KINDS, KINDS[::-1]):
        for signal in SIGNALS:
            assert reports_of(ear, mfc(mouth, signal, 200, (-8, -8)), 5) == []


@pytest.mark.parametrize("kind", KINDS)
def test_signals_follow_one_another_without_silence(kind):
    sound = np.concatenate([mfc(kind, signal, 60, (-11, -11)) for signal in SIGNALS])
    heard = [r.value for r in hear(kind, through_alaw(sound)) if r.edge == BEGIN]
    assert heard == list(SIGNALS)


@pytest.mark.parametrize("kind", KINDS)
def test_edges_and_level(kind):
    for signal in SIGNALS:
        sound = mfc(kind, signal, 100, (-12, -12))
        begin, end = assert_once(kind, signal, sound, 21)
        assert abs(begin.at - 821) <= 16 and abs(end.at - begin.at - 800) <= 24
        assert abs(begin.level_tenth_dbm0 + 90) <= 5


def test_speech_band_noise_and_silence_are_no_signal():
    random = np.random.default_rng(3)
    for kind in KINDS:
        assert hear(kind, through_alaw(noise(8000 * 30, -15, random))) == []
        assert hear(kind, silence(1000)) == []
