"""DTMF digits for judges, made from Q.23 with numpy alone and sent through A-law: rows of bursts with every figure of each given.

Nothing of the kernels is used but the A-law tables, so that a mistake of our generator cannot please our receiver. Levels are dBm0 a
frequency, full scale is +3.14 dBm0 and what exceeds it is cut off, as in a line card.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pbx._plane import ffi, lib

RATE_KHZ = 8
DIGITS = "123A456B789C*0#D"
ROWS_HZ = np.array([697.0, 770.0, 852.0, 941.0])
COLUMNS_HZ = np.array([1209.0, 1336.0, 1477.0, 1633.0])
PEAK_AT_0_DBM0 = 32768 * 10 ** (-3.14 / 20)


def places(digits: Sequence[str]) -> Any:
    """The places of digits in DIGITS, as an array."""
    return np.array([DIGITS.index(digit) for digit in digits])


def amplitude(level_dbm0: Any) -> Any:
    """Peak of a sine of this level."""
    return PEAK_AT_0_DBM0 * 10 ** (np.asarray(level_dbm0, np.float64) / 20)


def digit_power(low_dbm0: float, high_dbm0: float) -> float:
    """Mean square of a digit."""
    return float((amplitude(low_dbm0) ** 2 + amplitude(high_dbm0) ** 2) / 2)


def bursts(
    digit: Any,
    random: np.random.Generator,
    *,
    on_ms: Any = 50.0,
    off_ms: Any = 50.0,
    low_dbm0: Any = -10.0,
    high_dbm0: Any = -10.0,
    low_off: Any = 0.0,
    high_off: Any = 0.0,
    low_add_hz: Any = 0.0,
    high_add_hz: Any = 0.0,
    tail_ms: int = 100,
) -> Any:
    """Float sound of rows of digits (places in DIGITS, an array of rows and bursts), with silence at the end.

    Every other figure may be one for all, one a row (rows x 1) or one a burst. Rows begin at random samples of a tick and the two
    sines of a burst at random phases. on_ms + off_ms is one for all.
    """
    rows, count = digit.shape
    slot = round(float(np.max(np.asarray(on_ms) + np.asarray(off_ms))) * RATE_KHZ)
    sound = np.zeros((rows, count * slot + 80 + tail_ms * RATE_KHZ), np.float32)
    low_hz = ROWS_HZ[digit // 4] * (1 + np.asarray(low_off)) + low_add_hz
    high_hz = COLUMNS_HZ[digit % 4] * (1 + np.asarray(high_off)) + high_add_hz
    on = np.broadcast_to(np.rint(np.asarray(on_ms) * RATE_KHZ).astype(int), digit.shape)
    longest = int(on.max())
    time = np.arange(longest, dtype=np.float32)
    start = random.integers(0, 80, rows)
    turns = 2 * np.pi / (RATE_KHZ * 1000)
    for hz, level in ((low_hz, low_dbm0), (high_hz, high_dbm0)):
        step = (turns * np.broadcast_to(hz, digit.shape)).astype(np.float32)
        peak = np.broadcast_to(amplitude(level), digit.shape).astype(np.float32)
        phase = random.uniform(0, 2 * np.pi, digit.shape).astype(np.float32)
        for n in range(count):
            wave = peak[:, n, None] * np.sin(step[:, n, None] * time + phase[:, n, None])
            wave[time[None, :] >= on[:, n, None]] = 0
            for begin in np.unique(start):
                those = start == begin
                sound[those, begin + n * slot : begin + n * slot + longest] += wave[those]
    return sound


def add_noise(sound: Any, power: Any, random: np.random.Generator) -> Any:
    """The sound with white noise of a mean square, one for all or one a row."""
    scale = np.sqrt(np.asarray(power, np.float32))
    return sound + random.standard_normal(sound.shape, np.float32) * scale


def through_alaw(sound: Any) -> Any:
    """As it arrives over a time slot: cut off at full scale, coded and decoded."""
    linear = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    octets = np.empty(linear.size, np.uint8)
    given = ffi.cast("int16_t *", linear.ctypes.data)
    coded = ffi.cast("uint8_t *", octets.ctypes.data)
    lib.g711_alaw_encode(given, coded, linear.size)
    lib.g711_alaw_decode(coded, given, linear.size)
    return linear
