"""Sample rates, by the spectrum: what is in the pass band stays, what the new rate cannot carry is gone, cuts change nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.resampling import Resampler, resample, to_samples, to_waves

RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000)


def tone(rate_hz, frequency_hz, amplitude=10000.0, seconds=1.0):
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    return np.rint(amplitude * np.sin(2 * np.pi * frequency_hz * time)).astype(np.int16)


def spectrum_db(samples):
    """dB of full scale by line, of the middle of the sound."""
    middle = samples[len(samples) // 8 : -len(samples) // 8].astype(float)
    window = np.kaiser(len(middle), 16)  # its side lobes lie below -110 dB
    return 20 * np.log10(2 * np.abs(np.fft.rfft(middle * window)) / window.sum() / 32768 + 1e-12)


def lines_around(samples, rate_hz, frequency_hz):
    """Where a tone stands in the spectrum, with what the window spreads."""
    place = round(frequency_hz * (len(samples[len(samples) // 8 : -len(samples) // 8])) / rate_hz)
    return slice(max(0, place - 8), place + 9)


def level_of(samples, rate_hz, frequency_hz):
    """Of a tone: its power over the lines around it, so that it may lie between two."""
    found = spectrum_db(samples)[lines_around(samples, rate_hz, frequency_hz)]
    return 10 * np.log10(np.sum(10 ** (found / 10)))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frequency", [300, 1004, 2400, 3400])
def test_the_telephone_band_keeps_its_level_both_ways(rate, frequency):
    meant = level_of(tone(8000, frequency), 8000, frequency)
    down = resample(tone(rate, frequency), rate, 8000)
    assert len(down) == 8000
    assert abs(level_of(down, 8000, frequency) - meant) < 0.05
    up = resample(tone(8000, frequency), 8000, rate)
    assert len(up) == rate
    assert abs(level_of(up, rate, frequency) - meant) < 0.05


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frequency", [1004, 3400])
def test_nothing_appears_that_was_not_there(rate, frequency):
    """Noise of 16 bits is -98 dB altogether and spread over the spectrum; a line above -90 would be an image."""
    for sound, at in ((resample(tone(8000, frequency), 8000, rate), rate), (resample(tone(rate, frequency), rate, 8000), 8000)):
        found = spectrum_db(sound)
        found[lines_around(sound, at, frequency)] = -200
        assert found.max() < -90


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate >= 11025])
def test_what_8_khz_cannot_carry_is_gone(rate):
    for frequency in (4400, 5000, 5400):
        found = spectrum_db(resample(tone(rate, frequency), rate, 8000))
        assert found.max() < -90


@settings(max_examples=30)
@given(
    rates=st.tuples(st.sampled_from(RATES), st.sampled_from(RATES)),
    cuts=st.lists(st.integers(0, 2000), max_size=10),
    seed=st.integers(0, 100),
)
def test_a_stream_is_its_whole_whatever_the_cuts(rates, cuts, seed):
    sound = to_waves(np.random.default_rng(seed).normal(0, 4000, 3000).astype(np.int16))
    whole = Resampler(*rates).run(sound, last=True)
    stream, at, parts = Resampler(*rates), 0, []
    for cut in cuts:
        parts.append(stream.run(sound[at : at + cut]))
        at += cut
    parts.append(stream.run(sound[at:], last=True))
    assert np.array_equal(to_samples(np.concatenate(parts)), to_samples(whole))


def test_what_lies_outside_is_clipped():
    assert list(to_samples(np.array([-2.0, -1.0, 0.0, 1.0, 2.0], np.float32))) == [-32768, -32768, 0, 32767, 32767]
