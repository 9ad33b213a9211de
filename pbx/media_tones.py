"""Call progress tones as the plane has them: those that it sends, and those by whose cadence it tells them apart (Q.35, E.180).

Leaves out which tones a network has (pbx/tone_plan.py) and giving them to the plane (pbx/media.py).
"""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

_native = importlib.import_module("pbx._plane")
ffi: Any = _native.ffi
lib: Any = _native.lib


class ToneSegment(msgspec.Struct, frozen=True):
    """A sounding part and the pause behind it. ``on_ms`` None = until stopped; a frequency of 0 Hz is not sent."""

    frequencies_hz: tuple[float, float]
    levels_dbm0: tuple[float, float]
    on_ms: float | None = None
    off_ms: float = 0.0
    modulation_hz: float = 0.0
    modulation_percent: int = 0


class Tone(msgspec.Struct, frozen=True):
    """A call progress tone: segments in order, then again from ``repeat_from``; ``passes`` 0 = for ever (Q.35, E.180)."""

    segments: tuple[ToneSegment, ...]
    repeat_from: int = 0
    passes: int = 0


class Cadence(msgspec.Struct, frozen=True):
    """How a call progress tone is recognised: on and off in ms; no parts = continuous; after ``needed`` parts it is told.

    ``frequencies`` says for each on part which of the network's frequencies sound, a bit for each; empty = the first, always.
    """

    on_ms: tuple[int, ...] = ()
    off_ms: tuple[int, ...] = ()
    needed: int = 0
    frequencies: tuple[int, ...] = ()


def tone_cell(tone: Tone) -> Any:
    """The ``struct tone_plan`` of a tone."""
    segments = [
        {
            "frequency_millihertz": [round(f * 1000) for f in segment.frequencies_hz],
            "level_tenth_dbm0": [round(level * 10) for level in segment.levels_dbm0],
            "on_samples": lib.TONE_FOR_EVER if segment.on_ms is None else round(segment.on_ms * 8),
            "off_samples": round(segment.off_ms * 8),
            "modulation_millihertz": round(segment.modulation_hz * 1000),
            "modulation_percent": segment.modulation_percent,
        }
        for segment in tone.segments
    ]
    plan = {"segments": len(segments), "repeat_from": tone.repeat_from, "passes": tone.passes, "segment": segments}
    return ffi.new("struct tone_plan *", plan)


def progress_cell(frequencies_hz: Sequence[float], cadences: Mapping[str, Cadence]) -> Any:
    """The ``struct progress_plan`` of tones to be recognised, in the order of their names there."""
    found = ffi.new("struct progress_plan *", {"frequencies": len(frequencies_hz), "tones": len(cadences)})
    found.frequency_millihertz[0 : len(frequencies_hz)] = [round(hz * 1000) for hz in frequencies_hz]
    for place, cadence in enumerate(cadences.values()):
        cell = found.tone[place]
        cell.segments, cell.needed = len(cadence.on_ms), cadence.needed
        cell.on_ms[0 : len(cadence.on_ms)] = cadence.on_ms
        cell.off_ms[0 : len(cadence.off_ms)] = cadence.off_ms
        masks = cadence.frequencies or (1,) * max(1, len(cadence.on_ms))
        cell.frequencies[0 : len(masks)] = masks
    return found
