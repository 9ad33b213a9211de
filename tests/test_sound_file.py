"""Sound files of every width and rate come in as 8 kHz; what cannot is named."""

import io

import numpy as np
import pytest
import soundfile

from pbx.sound_file import SoundFileError, mixed, read_sound

SECONDS = 0.5


def tone(rate_hz, frequency_hz=1004.0, amplitude=0.3):
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(round(rate_hz * SECONDS)) / rate_hz)


def frequency_of(samples):
    return np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples))))) * 8000 / len(samples)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize(
    ("form", "coding"),
    [
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_16"),
        ("WAV", "PCM_24"),
        ("WAV", "PCM_32"),
        ("WAV", "FLOAT"),
        ("WAV", "ALAW"),
        ("WAV", "ULAW"),
        ("WAV", "IMA_ADPCM"),
        ("WAVEX", "PCM_24"),
        ("FLAC", "PCM_16"),
        ("FLAC", "PCM_24"),
        ("AIFF", "PCM_16"),
    ],
)
def test_any_width_and_rate_comes_in(tmp_path, rate, form, coding):
    path = tmp_path / "sound.x"
    with path.open("wb") as file:
        soundfile.write(file, np.stack([tone(rate), tone(rate, 2000.0)], axis=1), rate, format=form, subtype=coding)
    left, right = read_sound(path)
    assert abs(len(left) - 8000 * SECONDS) <= (500 if coding == "IMA_ADPCM" else 1), "IMA is written in blocks"
    left, right = (track[: round(8000 * SECONDS)] for track in (left, right))
    assert abs(frequency_of(left) - 1004) < 4 and abs(frequency_of(right) - 2000) < 4
    assert abs(np.abs(left[400:3600]).max() / 32768 - 0.3) < 0.04


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 48000])
def test_ogg_with_opus_comes_in(tmp_path, rate):
    path = tmp_path / "sound.opus"
    with path.open("wb") as file:
        soundfile.write(file, tone(rate), rate, format="OGG", subtype="OPUS")
    (track,) = read_sound(path)
    assert abs(frequency_of(track) - 1004) < 4


def test_tracks_become_one_without_clipping():
    loud = np.full(10, 32000, np.int16)
    assert list(mixed([loud, loud])) == [32000] * 10
    assert list(mixed([loud, -loud])) == [0] * 10
    assert mixed([loud]) is loud


@pytest.mark.parametrize("cut", [1, 13, 30, 100, 1000])
@pytest.mark.parametrize(("form", "coding"), [("FLAC", "PCM_16"), ("OGG", "OPUS"), ("WAV", "PCM_24")])
def test_a_file_cut_anywhere_is_sound_or_a_sentence(tmp_path, form, coding, cut):
    whole = io.BytesIO()
    soundfile.write(whole, tone(48000), 48000, format=form, subtype=coding)
    path = tmp_path / "cut.x"
    path.write_bytes(whole.getvalue()[:cut])
    try:
        assert all(track.dtype == np.int16 for track in read_sound(path))
    except SoundFileError as error:
        assert str(path) in str(error) and "; " in str(error)


def test_a_wav_file_called_raw_is_read_as_what_it_is(tmp_path):
    path = tmp_path / "sound.raw"
    with path.open("wb") as file:
        soundfile.write(file, tone(16000), 16000, format="WAV", subtype="PCM_24")
    (track,) = read_sound(path)
    assert abs(len(track) - 8000 * SECONDS) <= 1 and abs(frequency_of(track) - 1004) < 4
    octets = bytearray(path.read_bytes())
    octets[22:24] = b"\0\0"  # no tracks
    path.write_bytes(octets)
    with pytest.raises(SoundFileError, match="no sound that can be read"):
        read_sound(path)


def test_a_folder_is_no_sound(tmp_path):
    with pytest.raises(SoundFileError, match="give the name of a sound file"):
        read_sound(tmp_path)
