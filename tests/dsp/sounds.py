"""The kernels on numpy arrays, for tests: sound in, reports out, as the plane would see them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from pbx._plane import ffi, lib

from pbx.hearing import RECEIVERS, ToneBank
from pbx.tone_plan import TonePlan, china

KERNEL_BLOCK = BLOCK = 80
BEGIN, END = 1, 2


@dataclass(frozen=True)
class Report:
    lane: int
    at: int
    edge: int
    value: int
    level_tenth_dbm0: int
    tick: int


class Bank:
    """A bank with one kind of receiver in memory of its own; ``plan`` is a tone plan, by default China's."""

    def __init__(self, kind: str, lanes: int = 1, plan: TonePlan | None = None) -> None:
        self.kind, self.lanes, self.tick = kind, lanes, 0
        self.bank = ToneBank(lanes, [kind], plan or china())

    def reset(self, lane: int) -> None:
        self.bank.listen(lane, 0)
        self.bank.listen(lane, RECEIVERS[self.kind])

    def run(self, blocks: list[np.ndarray | None]) -> list[Report]:
        """One tick; one block of 80 samples or None a lane."""
        kept = [ffi.NULL if b is None else ffi.from_buffer("int16_t[]", np.ascontiguousarray(b, np.int16)) for b in blocks]
        base, tick = self.tick * BLOCK, self.tick
        self.tick += 1
        return [Report(r.lane, base + r.offset_samples, r.edge, r.value, r.level_tenth_dbm0, tick) for r in self.bank.run(kept)]


def hear(kind: str, sound: np.ndarray, lanes: int = 1, lane: int = 0, plan=None, padding: int = 1600) -> list[Report]:
    """Everything one lane of a bank reports about a sound, silence after it."""
    bank = Bank(kind, lanes, plan)
    sound = np.concatenate([sound, np.zeros(padding + -len(sound) % BLOCK, np.int16)]).astype(np.int16)
    out: list[Report] = []
    for start in range(0, len(sound) - BLOCK + 1, BLOCK):
        blocks: list[np.ndarray | None] = [None] * lanes
        blocks[lane] = sound[start : start + BLOCK]
        out += bank.run(blocks)
    return out


def play(plan, samples: int) -> np.ndarray:
    """What the generator plays of a plan."""
    generator = ffi.new("struct tone_generator *")
    lib.tone_start(generator, plan)
    out = np.zeros(samples, np.int16)
    lib.tone_generate(generator, ffi.from_buffer("int16_t[]", out), samples)
    return out


def silence(ms: float) -> np.ndarray:
    return np.zeros(round(ms * 8), np.int16)


PEAK_AT_0_DBM0 = 32768 * 10 ** (-3.14 / 20)


def sines(ms: float, *tones: tuple[float, float]) -> np.ndarray:
    """A sum of sines of (frequency Hz, level dBm0), independent of the kernels' own generator."""
    t = np.arange(round(ms * 8)) / 8000
    total = sum(PEAK_AT_0_DBM0 * 10 ** (level / 20) * np.sin(2 * np.pi * hz * t + hz) for hz, level in tones)
    return np.clip(np.rint(total), -32768, 32767).astype(np.int16)


def noise(count: int, level_dbm0: float, random: np.random.Generator) -> np.ndarray:
    """White noise of a level."""
    rms = PEAK_AT_0_DBM0 / 2**0.5 * 10 ** (level_dbm0 / 20)
    return random.normal(0, rms, count)


def clipped(sound: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def through_alaw(sound: np.ndarray) -> np.ndarray:
    """As it arrives over a time slot."""
    linear = clipped(sound)
    octets, out = np.zeros(len(linear), np.uint8), np.zeros(len(linear), np.int16)
    lib.g711_alaw_encode(ffi.from_buffer("int16_t[]", linear), ffi.from_buffer("uint8_t[]", octets), len(linear))
    lib.g711_alaw_decode(ffi.from_buffer("uint8_t[]", octets), ffi.from_buffer("int16_t[]", out), len(linear))
    return out


DTMF_DIGITS = "123A456B789C*0#D"
DTMF_ROWS_HZ, DTMF_COLUMNS_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


def dtmf(digit: str, ms: float, low_dbm0: float, high_dbm0: float, low_off: float = 0, high_off: float = 0) -> np.ndarray:
    """A digit from Q.23, its frequencies off by the given shares."""
    place = DTMF_DIGITS.index(digit)
    low, high = DTMF_ROWS_HZ[place // 4] * (1 + low_off), DTMF_COLUMNS_HZ[place % 4] * (1 + high_off)
    return sines(ms, (low, low_dbm0), (high, high_dbm0))


MFC_HZ = {"mfc-forward": (1380, 1500, 1620, 1740, 1860, 1980), "mfc-backward": (1140, 1020, 900, 780, 660, 540)}
MFC_PAIRS = sorted(combinations(range(6), 2), key=lambda pair: (pair[1], pair[0]))


def mfc(kind: str, signal: int, ms: float, levels_dbm0: tuple[float, float], off_hz: tuple[float, float] = (0, 0)) -> np.ndarray:
    """A signal from Q.441, its frequencies off by the given Hz."""
    pair = MFC_PAIRS[signal - 1]
    return sines(ms, *[(MFC_HZ[kind][f] + off, level) for f, off, level in zip(pair, off_hz, levels_dbm0, strict=True)])


def digits_heard(sound: np.ndarray) -> str:
    return "".join(chr(r.value) for r in hear("dtmf", sound) if r.edge == BEGIN)
