"""When somebody speaks and when a beep sounds in a stretch of sound: the plane's voice receiver on numpy arrays.

``edges`` gives what the plane would tell, as the media events that an engine is given (pbx/answer.py), each with the time of its edge
and the time at which it was told; ``hear_voice`` the same as signals for ``zongji listen``. Leaves out what the voice says.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from pbx._plane import ffi, lib
from pbx.hearing import BLOCK_SAMPLES, SAMPLES_A_MS, Heard, aligned
from pbx.sound_file import Samples

AFTERWARDS_SAMPLES = 30 * BLOCK_SAMPLES
"""Silence given to the receiver after the sound, so that it settles what ended with it."""
NAMES = {lib.VOICE_ACTIVITY: "voice", lib.VOICE_BEEP: "beep"}


class VoiceEdge(msgspec.Struct, frozen=True, gc=False):
    """A voice or a beep began or ended at ``at_ms``, and this was told at ``told_ms``."""

    at_ms: float
    told_ms: float
    name: str
    begins: bool
    level_dbm0: float
    frequency_hz: float


class VoiceReceiver:
    """A bank of one lane that hears sound tick by tick; ``excluded_hz`` is the call progress tone, which is no beep."""

    def __init__(self, excluded_hz: float = 450.0) -> None:
        self._kept, start = aligned(lib.voice_bank_size(1))
        self._bank = lib.voice_bank_init(start, 1)
        lib.voice_bank_exclude(self._bank, round(excluded_hz * 1000))
        self._reports = ffi.new("struct tone_report[]", lib.KERNEL_REPORTS_PER_LANE)
        self._samples = ffi.new("int16_t *[1]")
        self._given_samples = 0

    def edges(self, sound: Samples) -> Iterator[VoiceEdge]:
        """The edges found in whole ticks of sound, in the order in which they are told."""
        kept = np.ascontiguousarray(sound, np.int16)
        start = ffi.from_buffer("int16_t[]", kept)
        for place in range(0, len(kept) - BLOCK_SAMPLES + 1, BLOCK_SAMPLES):
            self._samples[0] = start + place
            count = lib.voice_bank_run(self._bank, self._samples, self._reports)
            told_ms = (self._given_samples + BLOCK_SAMPLES) / SAMPLES_A_MS
            for report in self._reports[0:count]:
                yield self._edge(report, told_ms)
            self._given_samples += BLOCK_SAMPLES

    def _edge(self, report: Any, told_ms: float) -> VoiceEdge:
        at_ms = (self._given_samples + report.offset_samples) / SAMPLES_A_MS
        beep = report.value == lib.VOICE_BEEP
        hertz = lib.voice_lane_beep_millihertz(self._bank, 0) / 1000 if beep else 0.0
        begins = report.edge == lib.TONE_BEGIN
        return VoiceEdge(at_ms, told_ms, NAMES[report.value], begins, report.level_tenth_dbm0 / 10, hertz)


def whole(sound: Samples, afterwards: int = AFTERWARDS_SAMPLES) -> Samples:
    """The sound with silence behind it, to a whole number of ticks."""
    return np.concatenate([sound, np.zeros(afterwards + -len(sound) % BLOCK_SAMPLES, np.int16)]).astype(np.int16)


def hear_voice(sound: Samples) -> list[Heard]:
    """Voices and beeps of a sound in order of time; what lasts to its end ends there. A beep is named by its frequency."""
    begun: dict[str, VoiceEdge] = {}
    heard: list[Heard] = []
    end_ms = len(sound) / SAMPLES_A_MS
    for edge in VoiceReceiver().edges(whole(sound)):
        if edge.begins:
            begun[edge.name] = edge
        elif (began := begun.pop(edge.name, None)) is not None:
            name = "voice" if edge.name == "voice" else f"beep {began.frequency_hz:.0f} Hz"
            length_ms = min(edge.at_ms, end_ms) - began.at_ms
            heard.append(Heard(began.at_ms, "voice", name, length_ms, edge.level_dbm0))
    return sorted(heard, key=lambda h: h.at_ms)
