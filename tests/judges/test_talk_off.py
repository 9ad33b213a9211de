"""What speech is taken for: minutes of espeak-ng in every run, an hour beside libspandsp's receiver with ``--long``.

Hours of recorded people and music are for ``./zongji bench accuracy.talk-off``, which needs packages that are not always installed.
"""

import shutil
import sys

import numpy as np
import pytest

from benchmarks.ears import Ours, spandsp
from benchmarks.speech import active_level, at_level, deceiving, rows, spoken, telephone_band
from benchmarks.talk_off import Beeps, counted

needs_speech = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@pytest.fixture(scope="module")
def minutes():
    return rows(spoken(), 0.04)


@needs_speech
@pytest.mark.parametrize("kind", ["dtmf", "tone"])
def test_speech_is_no_digit_and_no_tone_of_the_network(minutes, kind):
    assert minutes.shape == (5, 240_000)
    assert counted([Ours(kind)], minutes) == 0


@needs_speech
def test_speech_is_hardly_ever_a_beep(minutes):
    assert counted([Beeps()], minutes) <= 1


@needs_speech
@pytest.mark.parametrize("direction", ["mfc-forward", "mfc-backward"])
def test_speech_is_an_mfc_signal_less_often_than_to_libspandsp(minutes, direction):
    peer = spandsp(direction)
    if peer is None:
        pytest.skip("libspandsp2 is not installed")
    assert counted([Ours(direction)], minutes) <= counted([peer], minutes)


@needs_speech
def test_an_hour_of_speech_has_no_more_digits_in_it_than_libspandsp_hears(long):
    peer = spandsp()
    if not long or peer is None:
        pytest.skip("with --long, and libspandsp2 installed")
    sound = rows(spoken(), 1.0)
    ours, theirs = counted([Ours("dtmf")], sound), counted([peer], sound)
    sys.stdout.write(f"talk-off in an hour: ours {ours}, libspandsp {theirs}\n")
    assert ours <= theirs


def test_the_speech_of_judges_is_what_it_claims_to_be():
    piece = next(deceiving())
    assert np.array_equal(piece, next(deceiving()))
    for level in (-10.0, -25.0):
        found = active_level(at_level(piece, level))
        assert abs(10 * np.log10(found / (22827.1**2 / 2)) - level) < 0.05
    spectrum = np.abs(np.fft.rfft(telephone_band(np.random.default_rng(1).normal(0, 1000, 8000))))
    assert spectrum[:299].max() < 1e-6 * spectrum.max() and spectrum[3402:].max() < 1e-6 * spectrum.max()
