"""Sounds and lines that echo cancellers are judged with: a composite source signal, hybrids, a voice, and noise.

After G.168, from memory: the composite source signal of its annex C (48.62 ms of voiced sound, 200 ms of noise with all its frequencies
in chance phase, a pause; 350 ms in all, each second one reversed), and dispersive hybrids like those of annex D, here made of decaying
noise held to the telephone band, with an echo return loss of choice. Leaves out the tables of annex D themselves.
"""

import subprocess
import tempfile
import wave
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.office import voice
from pbx.sound_file import decode_alaw, encode_alaw

RATE_HZ = 8000
RMS_AT_0_DBM0 = 32768 * 10 ** (-3.14 / 20) / 2**0.5
SAID = (
    "The quick brown fox jumps over the lazy dog near the river bank. She sells sea shells on the shore, and every afternoon they talk "
    "about the weather, the news, and the price of fish. Please hold the line while we connect you to the next free agent.",
    "Thank you for your patience, your call is important to us. Our offices are open from nine in the morning until six in the evening, "
    "on Saturdays until noon. For the time of your delivery please press three, or say the number of your order after the tone.",
)


def at_level(sound: Any, level_dbm0: float) -> Any:
    """The sound with a mean power of choice, pauses included."""
    return sound * (RMS_AT_0_DBM0 * 10 ** (level_dbm0 / 20) / np.sqrt(np.mean(np.square(sound, dtype=float))))


def level_dbm0(sound: Any) -> float:
    """Mean power; silence is -96."""
    power = float(np.mean(np.square(sound, dtype=float)))
    return float(10 * np.log10(max(power, 0.05) / RMS_AT_0_DBM0**2))


def through_alaw(sound: Any) -> Any:
    """As it arrives over a time slot."""
    return decode_alaw(encode_alaw(np.clip(np.rint(sound), -32768, 32767).astype(np.int16)))


def composite_source(seconds: float, seed: int = 1) -> Any:
    """The composite source signal; the seed chooses the phases of its noise."""
    random = np.random.default_rng(seed)
    time = np.arange(389) / RATE_HZ
    voiced = sum(np.sin(2 * np.pi * 115 * m * time + m * m) / m**0.8 for m in range(1, 20))
    frequency = np.fft.rfftfreq(4096, 1 / RATE_HZ)
    slope = np.where(frequency > 500, (np.maximum(frequency, 1) / 500) ** (-5 / 6.02), 1.0)
    strength = np.where((frequency > 150) & (frequency < 3600), slope, 0.0)
    parts, count = [], int(seconds * RATE_HZ)
    for period in range(count // 2800 + 1):
        sign = -1.0 if period % 2 else 1.0
        noise = np.fft.irfft(strength * np.exp(1j * np.pi * random.integers(0, 2, len(strength))), 4096)[:1600]
        parts += [sign * voiced / np.std(voiced), sign * noise / np.std(noise), np.zeros(811)]
    return np.concatenate(parts)[:count]


def hybrid(seed: int, erl_db: float, delay_ms: float = 3.0, length_ms: float = 12.0) -> Any:
    """Impulse response of a dispersive echo path."""
    random = np.random.default_rng(seed)
    count = round(length_ms * 8)
    response = random.normal(size=count) * np.exp(-np.arange(count) / (count / 5))
    frequency = np.fft.rfftfreq(1024, 1 / RATE_HZ)
    band = np.clip((frequency - 150) / 250, 0, 1) * np.clip((3700 - frequency) / 300, 0, 1)
    response = np.fft.irfft(np.fft.rfft(response, 1024) * band, 1024)[:count]
    response *= 10 ** (-erl_db / 20) / np.sqrt(np.sum(response**2))
    return np.concatenate([np.zeros(round(delay_ms * 8)), response])


def echo_of(far: Any, response: Any) -> Any:
    """What a line with this response gives back."""
    return np.convolve(far.astype(float), response)[: len(far)]


def spoken(seconds: float, which: int) -> tuple[Any, str]:
    """Speech of espeak-ng, or a made-up voice where that is not installed; and which of them."""
    count = int(seconds * RATE_HZ)
    with tempfile.TemporaryDirectory(prefix="zongji-speech-") as folder:
        target = Path(folder) / "speech.wav"
        try:
            subprocess.run(["espeak-ng", "-v", "en-us", "-w", str(target), SAID[which]], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            return np.resize(decode_alaw(voice(8.0, which)).astype(float), count), "a made-up voice"
        with wave.open(str(target)) as file:
            rate_hz, sound = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float)
    spectrum, frequency = np.fft.rfft(sound), np.fft.rfftfreq(len(sound), 1 / rate_hz)
    spectrum[(frequency > 3700) | (frequency < 100)] = 0
    times = np.arange(0, len(sound) / rate_hz, 1 / RATE_HZ)
    held = np.interp(times, np.arange(len(sound)) / rate_hz, np.fft.irfft(spectrum, len(sound)))
    return np.resize(held, count), "espeak-ng"
