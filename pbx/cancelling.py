"""Taking the echo of one sound out of another: the media plane's canceller (G.168) on numpy arrays.

``near`` is what came in from a line, ``far`` what was sent into it at the same time, both int16 at 8 kHz; the answer is ``near`` without
the echo of ``far``, and what the canceller knows of the line. Leaves out: the plane's lanes and ticks, and lines whose two directions
have drifted apart.
"""

import msgspec
import numpy as np

from pbx._plane import ffi, lib
from pbx.hearing import aligned
from pbx.sound_file import Samples

BLOCK_SAMPLES = 80
NONLINEAR, COMFORT_NOISE, TONE_DISABLER = lib.ECHO_NONLINEAR, lib.ECHO_COMFORT_NOISE, lib.ECHO_TONE_DISABLER
ALL_OPTIONS: int = lib.ECHO_OPTIONS_ALL


class EchoStatistics(msgspec.Struct, frozen=True, gc=False):
    """What an operator wants to know of a line's echo. ``erle_db`` is of the filter alone, without the nonlinear processor."""

    erle_db: float
    erl_db: float
    background_dbm0: float
    converged: bool
    double_talk: bool
    disabled: bool
    suppressing: bool
    changes: int


class Canceller:
    """One lane that takes sound piece by piece; pieces are whole blocks of 80 samples, save the last."""

    def __init__(self, tail_ms: int = 32, options: int = ALL_OPTIONS, delay_ms: int = 0) -> None:
        if not 0 < tail_ms <= lib.ECHO_TAIL_MOST_MS or not 0 <= delay_ms <= lib.ECHO_DELAY_MOST_MS:
            raise ValueError(
                f"no canceller of {tail_ms} ms after {delay_ms} ms: 1 to {lib.ECHO_TAIL_MOST_MS} and 0 to {lib.ECHO_DELAY_MOST_MS}"
            )
        self._kept, start = aligned(lib.echo_bank_size(1, tail_ms))
        self._bank = lib.echo_bank_init(start, 1, tail_ms)
        lib.echo_lane_set(self._bank, 0, tail_ms, options, delay_ms)
        self._far, self._near, self._out = (ffi.new("int16_t *[1]") for _ in range(3))

    def run(self, near: Samples, far: Samples) -> Samples:
        """``near`` without the echo of ``far``; as long as ``near``. Where ``far`` ends it is silent."""
        count = -(-len(near) // BLOCK_SAMPLES) * BLOCK_SAMPLES
        sounds = np.zeros((3, count), np.int16)
        sounds[0, : len(near)] = near
        sounds[1, : min(len(far), count)] = far[:count]
        near_start, far_start, out_start = (ffi.from_buffer("int16_t[]", row) for row in sounds)
        for place in range(0, count, BLOCK_SAMPLES):
            self._near[0], self._far[0], self._out[0] = near_start + place, far_start + place, out_start + place
            lib.echo_bank_run(self._bank, self._far, self._near, self._out)
        return sounds[2, : len(near)].copy()

    @property
    def statistics(self) -> EchoStatistics:
        """As of the last block."""
        found = ffi.new("struct echo_statistics *")
        lib.echo_lane_statistics(self._bank, 0, found)
        return EchoStatistics(
            erle_db=found.erle_tenth_db / 10,
            erl_db=found.erl_tenth_db / 10,
            background_dbm0=found.background_tenth_dbm0 / 10,
            converged=bool(found.converged),
            double_talk=bool(found.double_talk),
            disabled=bool(found.disabled),
            suppressing=bool(found.suppressing),
            changes=found.changes,
        )


def cancel(near: Samples, far: Samples, tail_ms: int = 32, options: int = ALL_OPTIONS, delay_ms: int = 0) -> tuple[Samples, EchoStatistics]:
    """``near`` without the echo of ``far``, and what was learned of the line at the end.

    The echo may come up to ``tail_ms`` after ``delay_ms``; ValueError if either is more than the canceller has.
    """
    canceller = Canceller(tail_ms, options, delay_ms)
    return canceller.run(near, far), canceller.statistics
