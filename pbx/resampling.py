"""Sample rates by libsoxr (package soxr): any rate to any other, whole or as a stream; and tracks made one.

The pass band ends at 0.913 of the lower rate's half, images and aliases are 100 dB down and more (soxr's HQ; tests/test_resampling.py
looks at the spectrum). The sum over a stream is that over the whole, whatever the cuts. Leaves out rates that drift against each other.
"""

import numpy as np
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Waves = NDArray[np.float32]
FULL_SCALE = 32768.0
QUALITY = "HQ"


def to_samples(waves: Waves) -> Samples:
    """From -1 .. 1 to int16; what lies outside is clipped."""
    samples: Samples = np.clip(np.rint(waves * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return samples


def to_waves(samples: Samples) -> Waves:
    """From int16 to -1 .. 1."""
    return samples.astype(np.float32) / np.float32(FULL_SCALE)


class Resampler:
    """One track as a stream."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        """Both rates above zero."""
        self._stream = None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality=QUALITY)

    def run(self, waves: Waves, last: bool = False) -> Waves:
        """What can be said of the new rate so far; ``last`` once, at the end, brings the rest."""
        if self._stream is None:
            return waves
        made: Waves = self._stream.resample_chunk(np.ascontiguousarray(waves, np.float32), last=last)
        return made


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """A whole track of int16 at another rate."""
    if from_hz == to_hz:
        return samples
    return to_samples(Resampler(from_hz, to_hz).run(to_waves(samples), last=True))
