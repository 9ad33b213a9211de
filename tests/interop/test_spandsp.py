"""Our senders and receivers with libspandsp's, which nobody here wrote."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from pbx.hearing import hear
from pbx.sound_file import SAMPLE_RATE_HZ
from pbx.speaking import play, speak
from pbx.tone_plan import china, mfc_plan
from tests.dsp.sounds import DTMF_DIGITS, PEAK_AT_0_DBM0, through_alaw
from tests.interop.spandsp import needs_spandsp, receive_dtmf, receive_mfc, send_dtmf, send_mfc

pytestmark = needs_spandsp


@pytest.mark.parametrize(("on_ms", "off_ms"), [(40, 40), (50, 50), (70, 70), (100, 100)])
@pytest.mark.parametrize("level", [-7, -10, -25])
@pytest.mark.parametrize("twist", [-4, 0, 4])
def test_we_hear_its_digits(on_ms, off_ms, level, twist):
    sound = through_alaw(send_dtmf(DTMF_DIGITS * 3, on_ms, off_ms, level, twist))
    assert "".join(h.name for h in hear(sound, ["dtmf"])) == DTMF_DIGITS * 3


def test_it_hears_our_digits():
    assert receive_dtmf(through_alaw(speak(f"dtmf:{DTMF_DIGITS}"))) == DTMF_DIGITS


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("signal", range(1, 16))
def test_we_hear_its_signals(forward, signal):
    sound = np.concatenate([through_alaw(send_mfc(forward, signal, 100)), np.zeros(400, np.int16)])
    kind = "mfc-forward" if forward else "mfc-backward"
    assert [h.name for h in hear(sound, [kind])] == [str(signal)]


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("signal", range(1, 16))
def test_it_hears_our_signals(forward, signal):
    sound = through_alaw(play(mfc_plan(china().mfc, forward, signal), 800))
    assert receive_mfc(forward, sound) == signal


TEXT = (
    "The quick brown fox telephones the lazy dog. Please hold the line, an operator will be with you shortly. "
    "Sixty six thousand and ninety nine subscribers were listening when the exchange began to sing. "
)


def spoken(voice, pitch):
    """Synthetic speech at 8 kHz, -16 dBm0; resampled by its spectrum."""
    command = ["espeak-ng", "-v", voice, "-p", str(pitch), "--stdout", TEXT]
    octets = subprocess.run(command, check=True, capture_output=True).stdout
    rate_hz = int.from_bytes(octets[24:28], "little")
    sound = np.frombuffer(octets[44 : len(octets) // 2 * 2], "<i2").astype(float)
    length = len(sound) * SAMPLE_RATE_HZ // rate_hz
    spectrum = np.fft.rfft(sound)[: length // 2 + 1]
    narrow = np.fft.irfft(spectrum, length)
    return narrow * PEAK_AT_0_DBM0 / 2**0.5 * 10 ** (-16 / 20) / np.sqrt(np.mean(narrow**2))


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_speech_is_taken_for_digits_no_more_often_than_by_spandsp(capsys):
    ours, theirs, seconds = 0, 0, 0.0
    for voice in ("en-us", "en-gb+f2", "en+m3", "en+f5", "cmn"):
        for pitch in (20, 50, 90):
            sound = through_alaw(spoken(voice, pitch))
            ours += len(hear(sound, ["dtmf"]))
            theirs += len(receive_dtmf(sound))
            seconds += len(sound) / SAMPLE_RATE_HZ
    with capsys.disabled():
        sys.stdout.write(f"\ntalk-off in {seconds:.0f} s of speech: ours {ours}, spandsp {theirs}\n")
    assert seconds > 100
    assert ours <= theirs
