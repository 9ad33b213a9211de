"""The DTMF receiver against the limits of Q.24, on digits made here from Q.23 and sent through A-law."""

import numpy as np
import pytest

from tests.dsp.sounds import BEGIN, DTMF_DIGITS, END, PEAK_AT_0_DBM0, clipped, digits_heard, dtmf, hear, silence, through_alaw

RANDOM_SEED = 20_240


def sequence(digits, make, pause_ms=50, seed=RANDOM_SEED):
    """Digits one after the other, each beginning at another place within the tick."""
    random = np.random.default_rng(seed)
    parts = [silence(50)]
    for digit in digits:
        parts += [make(digit), silence(pause_ms), np.zeros(random.integers(0, 80), np.int16)]
    return np.concatenate(parts).astype(float)


def with_noise(sound, signal_to_noise_db, power, seed=RANDOM_SEED):
    scale = np.sqrt(power * 10 ** (-signal_to_noise_db / 10))
    return sound + np.random.default_rng(seed).normal(0, scale, len(sound))


def power_of(level_dbm0):
    """Mean square of a digit whose two frequencies have this level."""
    return (PEAK_AT_0_DBM0 * 10 ** (level_dbm0 / 20)) ** 2


@pytest.mark.parametrize("level", [0, -3, -10, -20, -28, -35, -39])
def test_all_digits_over_the_dynamic_range(level):
    assert digits_heard(through_alaw(sequence(DTMF_DIGITS * 2, lambda d: dtmf(d, 50, level, level)))) == DTMF_DIGITS * 2


def test_below_the_minimum_nothing_is_heard():
    assert digits_heard(through_alaw(sequence(DTMF_DIGITS, lambda d: dtmf(d, 100, -45, -45)))) == ""


@pytest.mark.parametrize("low_off", [-0.015, 0, 0.015])
@pytest.mark.parametrize("high_off", [-0.015, 0, 0.015])
@pytest.mark.parametrize("noise_db", [None, 20])
def test_deviation_of_1_5_percent_is_accepted(low_off, high_off, noise_db):
    sound = sequence(DTMF_DIGITS * 2, lambda d: dtmf(d, 40, -10, -10, low_off, high_off), 40)
    if noise_db:
        sound = with_noise(sound, noise_db, power_of(-10))
    assert digits_heard(through_alaw(sound)) == DTMF_DIGITS * 2


@pytest.mark.parametrize("off", [0.035, 0.04, 0.045])
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("group", ["low", "high", "both"])
def test_deviation_of_3_5_percent_is_refused(off, sign, group):
    low, high = (sign * off * (group in (which, "both")) for which in ("low", "high"))
    for noise_db in (None, 20):
        sound = sequence(DTMF_DIGITS, lambda d: dtmf(d, 100, -10, -10, low, high))
        if noise_db:
            sound = with_noise(sound, noise_db, power_of(-10))
        assert digits_heard(through_alaw(sound)) == ""


@pytest.mark.parametrize("noise_db", [None, 20])
def test_40_ms_are_accepted_and_20_ms_refused(noise_db):
    for ms, expected in ((40, DTMF_DIGITS * 4), (20, "")):
        sound = sequence(DTMF_DIGITS * 4, lambda d, ms=ms: dtmf(d, ms, -10, -10), 40)
        if noise_db:
            sound = with_noise(sound, noise_db, power_of(-10))
        assert digits_heard(through_alaw(sound)) == expected


@pytest.mark.parametrize(("low", "high"), [(-8, -16), (-20, -28), (-12, -8), (-24, -20), (-12, -6)])
def test_twist_8_db_normal_4_db_reverse(low, high):
    assert digits_heard(through_alaw(sequence(DTMF_DIGITS, lambda d: dtmf(d, 50, low, high)))) == DTMF_DIGITS


@pytest.mark.parametrize(("low", "high"), [(-10, -22), (-20, -10)])
def test_too_much_twist_is_refused(low, high):
    assert digits_heard(through_alaw(sequence(DTMF_DIGITS, lambda d: dtmf(d, 50, low, high)))) == ""


def test_no_digit_is_missed_at_20_db_signal_to_noise():
    digits = DTMF_DIGITS * 250
    sound = sequence(digits, lambda d: dtmf(d, 40, -9, -7), 40)
    assert digits_heard(through_alaw(with_noise(sound, 20, power_of(-8)))) == digits


def test_noise_of_12_db_is_borne():
    sound = sequence(DTMF_DIGITS * 20, lambda d: dtmf(d, 50, -10, -10))
    assert digits_heard(through_alaw(with_noise(sound, 12, power_of(-10)))) == DTMF_DIGITS * 20


@pytest.mark.parametrize(("hz", "level"), [(425, -15), (450, -10), (450, -15), (425, -18), (450, -20), (475, -20)])
def test_dial_tone_beside_the_digit(hz, level):
    sound = np.concatenate([silence(150), sequence(DTMF_DIGITS * 2, lambda d: dtmf(d, 50, level, level))])
    time = np.arange(len(sound)) / 8000
    dial = PEAK_AT_0_DBM0 * 10 ** (-10 / 20) * np.sin(2 * np.pi * hz * time)
    assert digits_heard(through_alaw(sound + dial)) == DTMF_DIGITS * 2


@pytest.mark.parametrize("digit", DTMF_DIGITS)
def test_short_breaks_are_bridged_and_pauses_are_not(digit):
    part = dtmf(digit, 60, -10, -10)
    for break_ms in (2, 5, 10, 15, 20):
        sound = np.concatenate([silence(53), part, silence(break_ms), part, silence(50)])
        assert digits_heard(through_alaw(sound)) == digit, break_ms
    for pause_ms in (30, 40, 70):
        sound = np.concatenate([silence(53), part, silence(pause_ms), part, silence(50)])
        assert digits_heard(through_alaw(sound)) == digit * 2, pause_ms


def test_digits_without_a_pause_between_them():
    sound = np.concatenate([dtmf(d, 50, -10, -10) for d in "1590D#2A"])
    assert digits_heard(through_alaw(sound)) == "1590D#2A"


@pytest.mark.parametrize("offset", [0, 1, 17, 40, 79])
def test_edges_and_level(offset):
    for digit in DTMF_DIGITS:
        sound = np.concatenate([np.zeros(800 + offset, np.int16), dtmf(digit, 70, -12, -9), silence(100)])
        noisy = with_noise(sound.astype(float), 30, power_of(-10))
        begin, end = hear("dtmf", through_alaw(noisy))
        assert (begin.edge, end.edge) == (BEGIN, END)
        assert abs(begin.at - 800 - offset) <= 16 and abs(end.at - begin.at - 560) <= 24
        assert abs(begin.level_tenth_dbm0 + 72) <= 5
        assert begin.tick * 80 + 80 - begin.at <= 400, "a begin is reported within 50 ms"


def test_a_long_digit_is_one_digit():
    sound = with_noise(np.concatenate([silence(40), dtmf("5", 5000, -10, -10), silence(40)]).astype(float), 20, power_of(-10))
    reports = hear("dtmf", through_alaw(sound))
    assert [r.edge for r in reports] == [BEGIN, END] and abs(reports[1].at - reports[0].at - 40_000) <= 24


def test_one_frequency_alone_or_three_are_no_digit():
    time = np.arange(4000) / 8000
    for frequencies in ([697], [1209], [697, 770], [697, 1209, 1477], [697, 852, 1336], [1209, 1633]):
        sound = sum(3000 * np.sin(2 * np.pi * hz * time) for hz in frequencies)
        assert digits_heard(clipped(sound)) == ""


def test_white_noise_is_no_digit():
    random = np.random.default_rng(RANDOM_SEED)
    assert digits_heard(clipped(random.normal(0, 4000, 8000 * 60))) == ""
