"""Receivers as judges hear through them: many sounds at once in, what was heard in each out; ours and libspandsp's alike.

The only place where the judges touch a receiver: ``Ours`` gives a bank of pbx/dsp one lane a sound and runs it tick by tick, ``Spandsp``
takes libspandsp's receivers one by one through ctypes. A sound is a row of an int16 array. What is heard comes back in order of time.
Leaves out the sounds (benchmarks/digit_bursts.py, benchmarks/speech.py) and every judgement.
"""

import ctypes
import ctypes.util
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from pbx._plane import ffi, lib

from pbx.tone_plan import china, recognised_plan

TICK = 80
LANES = 512
"""Sounds that are heard together; a bank is made for so many."""
SPANDSP_PIECE = 4000
"""Samples after which libspandsp's digits are fetched: its buffer holds 128."""
MFC_NAMES = "1234567890BCDEF"
REPORT = np.dtype(
    [("lane", "<i4"), ("offset", "<i4"), ("level", "<i2"), ("edge", "u1"), ("receiver", "u1"), ("value", "u1"), ("spare", "u1", 3)]
)
RECEIVERS = {
    "dtmf": lib.TONE_DTMF,
    "mfc-forward": lib.TONE_MFC_FORWARD,
    "mfc-backward": lib.TONE_MFC_BACKWARD,
    "tone": lib.TONE_PROGRESS,
}

Names = list[list[str]]


class Ear(Protocol):
    """Somebody's receiver of one kind."""

    name: str

    def hear(self, sounds: Any) -> Names:
        """By sound, the names of the signals that began in it."""


class Ours:
    """A bank of pbx/dsp of kind dtmf, mfc-forward, mfc-backward or tone (China's call progress tones)."""

    def __init__(self, kind: str = "dtmf") -> None:
        self.name = "ours"
        self.kind = kind
        self._tones = china().heard() if kind == "tone" else []
        self._reports = np.zeros(LANES * lib.TONE_REPORTS_PER_LANE, REPORT)

    def _bank(self) -> tuple[Any, Callable[..., int]]:
        """A new bank over LANES lanes and the function that runs it."""
        receiver = RECEIVERS[self.kind]
        bank = lib.tone_bank_init(self._memory(lib.tone_bank_size(LANES, receiver)), LANES, receiver)
        lib.tone_bank_set_progress(bank, recognised_plan(china()))
        for lane in range(LANES):
            lib.tone_lane_listen(bank, lane, receiver)
        return bank, lib.tone_bank_run

    def _memory(self, octets: int) -> Any:
        self._kept = np.zeros(octets + 64, np.uint8)
        return ffi.cast("void *", self._kept.ctypes.data + -self._kept.ctypes.data % 64)

    def _named(self, value: int) -> str:
        if self.kind == "dtmf":
            return chr(value)
        return self._tones[value] if self.kind == "tone" else MFC_NAMES[value - 1]

    def hear(self, sounds: Any) -> Names:
        """See ``Ear``."""
        heard: Names = []
        for first in range(0, len(sounds), LANES):
            heard += self._hear(sounds[first : first + LANES])
        return heard

    def _hear(self, sounds: Any) -> Names:
        bank, run = self._bank()
        count = sounds.shape[1] // TICK * TICK
        sound = np.ascontiguousarray(sounds[:, :count])
        pointers = np.zeros(LANES, np.uint64)
        pointers[: len(sound)] = sound.ctypes.data + np.arange(len(sound), dtype=np.uint64) * np.uint64(sound.strides[0])
        given = ffi.cast("const int16_t *const *", pointers.ctypes.data)
        reports = ffi.cast("struct tone_report *", self._reports.ctypes.data)
        heard: Names = [[] for _ in range(len(sound))]
        for _ in range(count // TICK):
            for report in self._reports[: run(bank, given, reports)]:
                if report["edge"] == lib.TONE_BEGIN:
                    heard[report["lane"]].append(self._named(int(report["value"])))
            pointers[: len(sound)] += np.uint64(2 * TICK)
        return heard


class Spandsp:
    """libspandsp's receiver of kind dtmf, mfc-forward or mfc-backward, with the settings it comes with (its
    filter against dial tone off)."""

    def __init__(self, library: ctypes.CDLL, kind: str = "dtmf") -> None:
        self.name = "libspandsp"
        self.kind = kind
        self._library = library

    def hear(self, sounds: Any) -> Names:
        """See ``Ear``."""
        return [self._digits(sound) if self.kind == "dtmf" else self._signals(sound) for sound in np.ascontiguousarray(sounds)]

    def _digits(self, sound: Any) -> list[str]:
        library = self._library
        state = ctypes.c_void_p(library.dtmf_rx_init(None, None, None))
        buffer = ctypes.create_string_buffer(256)
        heard: list[str] = []
        for start in range(0, len(sound), SPANDSP_PIECE):
            piece = sound[start : start + SPANDSP_PIECE]
            library.dtmf_rx(state, ctypes.c_void_p(piece.ctypes.data), len(piece))
            count = library.dtmf_rx_get(state, buffer, 128)
            heard += buffer.raw[:count].decode()
        library.dtmf_rx_free(state)
        return heard

    def _signals(self, sound: Any) -> list[str]:
        """libspandsp says which signal is present: a signal is heard when another one than before is."""
        library = self._library
        state = ctypes.c_void_p(library.r2_mf_rx_init(None, int(self.kind == "mfc-forward"), None, None))
        heard: list[str] = []
        before = 0
        for start in range(0, len(sound), TICK):
            piece = sound[start : start + TICK]
            library.r2_mf_rx(state, ctypes.c_void_p(piece.ctypes.data), len(piece))
            present = library.r2_mf_rx_get(state)
            if present and present != before:
                heard.append(chr(present))
            before = present
        library.r2_mf_rx_free(state)
        return heard


def spandsp(kind: str = "dtmf") -> Spandsp | None:
    """libspandsp's receiver; None where the library is not installed."""
    name = ctypes.util.find_library("spandsp")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    for made in ("dtmf_rx_init", "r2_mf_rx_init"):
        getattr(library, made).restype = ctypes.c_void_p
    library.dtmf_rx_get.restype = ctypes.c_size_t
    return Spandsp(library, kind)


def ears(kind: str = "dtmf") -> Sequence[Ear]:
    """Ours, and libspandsp's where it is installed."""
    peer = spandsp(kind)
    return [Ours(kind)] if peer is None else [Ours(kind), peer]
