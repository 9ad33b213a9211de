"""A call progress tone learned from a recording of it: frequencies, level and cadence, as a tone plan writes them.

For networks whose tones no list tells: record the tone, learn it, put it into a plan of ``config/tones``; the receiver
(``call_progress.h``) then knows it. The recording must hold nothing but the tone, for at least two rounds of its cadence.
Leaves out tones whose frequency changes from part to part (special information tones).
"""

from itertools import pairwise

import numpy as np

from pbx._plane import ffi, lib
from pbx.sound_file import Samples
from pbx.tone_plan import Tone

BLOCK_SAMPLES = 80
BLOCK_MS = 10
BELOW_DB = 20.0
"""A block sounds when it is no more than this below the loudest."""
PEAK_BELOW_DB = 10.0
"""A second frequency counts when it is no more than this below the stronger one."""
APART_HZ = 30.0
ROUND_MS = 10
PAIRS_MOST = 4
ALIKE_MS, ALIKE_SHARE = 30, 0.15
"""Two parts are the same part of a cadence when they differ by no more than this (call_progress.h)."""


class LearningError(ValueError):
    """A sound from which no tone can be learned; the text says why and what to do."""


def _sounding(sound: Samples) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    blocks = sound[: len(sound) // BLOCK_SAMPLES * BLOCK_SAMPLES].reshape(-1, BLOCK_SAMPLES).astype(float)
    power = (blocks**2).mean(axis=1)
    if not len(power) or not np.max(power):
        raise LearningError("nothing but silence; record the tone again")
    return np.asarray(power >= np.max(power) * 10 ** (-BELOW_DB / 10), np.bool_)


def _parts(sounding: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[tuple[bool, int]]:
    """Stretches of sound and silence and their lengths in ms; one block alone is noise."""
    edges = [0, *(np.flatnonzero(np.diff(sounding)) + 1).tolist(), len(sounding)]
    parts: list[tuple[bool, int]] = []
    for begin, end in pairwise(edges):
        if end - begin == 1 and parts:
            parts[-1] = (parts[-1][0], parts[-1][1] + BLOCK_MS)
        elif parts and parts[-1][0] == bool(sounding[begin]):
            parts[-1] = (parts[-1][0], parts[-1][1] + (end - begin) * BLOCK_MS)
        else:
            parts.append((bool(sounding[begin]), (end - begin) * BLOCK_MS))
    return parts


def _frequencies_hz(sound: Samples) -> list[float]:
    """The one or two strongest frequencies of a stretch that sounds all the time."""
    size = 1 << 17
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), size))
    found: list[float] = []
    most = float(np.max(spectrum))
    for _ in range(2):
        place = int(np.argmax(spectrum))
        if spectrum[place] < most * 10 ** (-PEAK_BELOW_DB / 20):
            break
        found.append(round(place * 8000 / size, 1))
        near = round(max(APART_HZ, 2 * 8000 / len(sound)) * size / 8000)
        spectrum[max(0, place - near) : place + near + 1] = 0
    return sorted(found)


def alike_ms(first: int, second: int) -> bool:
    """Whether two lengths may be those of one part."""
    return abs(first - second) <= max(ALIKE_MS, ALIKE_SHARE * max(first, second))


def _cadence_ms(lengths: list[int]) -> list[int]:
    """The shortest row of on and off that repeats, each the median of its repetitions; the longest pause stands last."""
    for parts in range(2, 2 * PAIRS_MOST + 1, 2):
        if len(lengths) < 2 * parts:
            break
        if all(alike_ms(length, lengths[place % parts]) for place, length in enumerate(lengths)):
            found = [round(float(np.median(lengths[place::parts])) / ROUND_MS) * ROUND_MS for place in range(parts)]
            last = 1 + 2 * int(np.argmax(found[1::2]))
            return found[last + 1 :] + found[: last + 1]
    raise LearningError(f"no cadence of up to {PAIRS_MOST} pairs of on and off that repeats; record two rounds of it and nothing else")


def learn(sound: Samples, source: str) -> Tone:
    """The tone that a recording at 8 kHz holds. Raises LearningError."""
    sounding = _sounding(sound)
    parts = _parts(sounding)
    place, best = 0, (0, 0)
    for on, length_ms in parts:
        best = max(best, (length_ms if on else 0, place))
        place += length_ms * 8
    length_ms, begin = best
    middle = sound[begin + BLOCK_SAMPLES : begin + length_ms * 8 - BLOCK_SAMPLES].astype(float)
    if len(middle) < 2 * BLOCK_SAMPLES:
        raise LearningError("no part of it sounds for 40 ms; record the tone again")
    frequencies_hz = _frequencies_hz(middle)
    whole = np.ascontiguousarray(middle, np.int16)
    level = lib.g711_level_tenth_dbm0(ffi.from_buffer("int16_t[]", whole), len(whole)) / 10
    each = round(level - 10 * np.log10(len(frequencies_hz)), 1)
    if len(parts) == 1:
        return Tone(source, each, frequencies_hz, [], heard_after=1)
    # What stands at either end may be cut off, and silence before the tone is no part of it.
    inner = parts[1:-1] if parts[0][0] else parts[2:-1]
    if inner and not inner[0][0]:
        inner = inner[1:]
    cadence_ms = _cadence_ms([length for _, length in inner])
    return Tone(source, each, frequencies_hz, cadence_ms, heard_after=1 if cadence_ms[0] >= 1000 else min(3, len(cadence_ms) + 1))


def toml(name: str, tone: Tone) -> str:
    """The tone as a plan writes it."""
    return (
        f"[tone.{name}]\n"
        f'source = "{tone.source}"\n'
        f"frequency_hz = {tone.frequency_hz}\n"
        f"level_dbm0 = {tone.level_dbm0}\n"
        f"cadence_ms = {tone.cadence_ms}\n"
        f"heard_after = {tone.heard_after}\n"
    )
