"""Something like a voice, made of sines: for tests that must not depend on a speech synthesiser."""

import numpy as np

RANDOM_SEED = 1_907


def vowel(ms, level_dbm0, pitch_hz=120, random=None):
    """Something like a voice: harmonics of a moving pitch under two formants, its level moving four times a second."""
    random = random or np.random.default_rng(RANDOM_SEED)
    time = np.arange(round(ms * 8)) / 8000
    pitch = pitch_hz * (1 + 0.1 * np.sin(2 * np.pi * 1.5 * time + random.uniform(0, 6)))
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    sound = sum(
        np.sin(n * phase) * (np.exp(-(((n * pitch - 600) / 200) ** 2)) + 0.5 * np.exp(-(((n * pitch - 1400) / 300) ** 2)) + 0.05)
        for n in range(1, 25)
    )
    sound *= 0.6 - 0.4 * np.cos(2 * np.pi * 4 * time)
    return sound * 22827.1 / 2**0.5 * 10 ** (level_dbm0 / 20) / np.sqrt(np.mean(sound**2))
