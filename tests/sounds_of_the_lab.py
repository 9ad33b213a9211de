"""The prompts of the lab: sounds as speech-like as is needed, whose lengths never change with a speech synthesizer's version.

Each prompt is noise in the telephone band with the rhythm of syllables, seeded by its name; lengths lie between 1.2 and 2.4 s.
"""

import zlib

import numpy as np

from pbx.sound_file import encode_alaw

RATE = 8000


def length_ms(name):
    return 1200 + zlib.crc32(name.encode()) % 121 * 10


def sound_of(name):
    """A-law of the prompt with this name; no two names sound alike."""
    count = length_ms(name) * RATE // 1000
    noise = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(count)
    spectrum = np.fft.rfft(noise)
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    spectrum[(hertz < 300) | (hertz > 2500)] = 0
    syllables = 0.55 - 0.45 * np.cos(2 * np.pi * 4 * np.arange(count) / RATE)
    sound = np.fft.irfft(spectrum, count) * syllables
    return encode_alaw((sound * (2500 / np.sqrt(np.mean(sound**2)))).clip(-30000, 30000).astype(np.int16))
