"""What the receivers hear in a stretch of sound: DTMF (Q.24), MFC-R2 (Q.455), call progress tones (Q.35), fax and modem tones (T.30, V.25).

The same kernels as in the media plane, on numpy arrays: sound in, values out, in the order in which the signals began.
Leaves out: files (``pbx/sound_file.py``) and the plane's lanes and ticks.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np

from pbx._plane import ffi, lib
from pbx.sound_file import Samples, decode_alaw
from pbx.tone_plan import TonePlan, china, recognised_plan

RECEIVERS = {
    "dtmf": lib.TONE_DTMF,
    "mfc-forward": lib.TONE_MFC_FORWARD,
    "mfc-backward": lib.TONE_MFC_BACKWARD,
    "tone": lib.TONE_PROGRESS,
    "fax": lib.TONE_FAX,
}
KINDS = tuple(RECEIVERS)
BLOCK_SAMPLES = 80
SAMPLES_A_MS = 8
AFTERWARDS_SAMPLES = 12 * BLOCK_SAMPLES
"""Silence given to the receivers after the sound, so that they settle what ended with it."""

FAX_NAMES = ("cng", "ced", "ans-reversals", "ansam", "ansam-reversals")
"""Fax and modem tones in the order of their values (T.30, V.25, V.8)."""


class Heard(msgspec.Struct, frozen=True, gc=False):
    """One signal. ``name`` is the DTMF digit, the MFC signal number or the tone's name; the level is that of all its
    frequencies together."""

    at_ms: float
    kind: str
    name: str
    length_ms: float
    level_dbm0: float

    def fields(self) -> dict[str, Any]:
        """As ``zongji listen --json`` prints it: digit, signal or name by kind."""
        named: dict[str, Any] = {"name": self.name}
        if self.kind == "dtmf":
            named = {"digit": self.name}
        elif self.kind.startswith("mfc-"):
            named = {"signal": int(self.name)}
        levels = {"length_ms": self.length_ms, "level_dbm0": self.level_dbm0}
        return {"at_ms": self.at_ms, "kind": self.kind, **named, **levels}


def aligned(octets: int) -> tuple[Any, Any]:
    """Memory for a kernel, to be kept for as long as the kernel works, and the place in it where the kernel may lie: at 64 octets."""
    kept = ffi.new("char[]", octets + 64)
    return kept, kept + (-int(ffi.cast("uintptr_t", kept)) % 64)


class ToneBank:
    """Receivers of some kinds over lanes, each with a sound of its own: the kernels as they run in the media plane."""

    def __init__(self, lanes: int, kinds: Iterable[str], plan: TonePlan) -> None:
        wrong = [kind for kind in kinds if kind not in RECEIVERS]
        if wrong:
            raise ValueError(f"no kind {wrong[0]!r}; the kinds are {', '.join(KINDS)}")
        self.lanes = lanes
        receivers = sum({RECEIVERS[kind] for kind in kinds})
        self._kept, start = aligned(lib.tone_bank_size(lanes, receivers))
        self._bank = lib.tone_bank_init(start, lanes, receivers)
        lib.tone_bank_set_progress(self._bank, recognised_plan(plan))
        self._reports = ffi.new("struct tone_report[]", lib.TONE_REPORTS_PER_LANE * lanes)
        self._samples = ffi.new("int16_t *[]", lanes)
        for lane in range(lanes):
            self.listen(lane, receivers)

    def listen(self, lane: int, receivers: int) -> None:
        """Change what a lane listens with: a sum of ``RECEIVERS``."""
        lib.tone_lane_listen(self._bank, lane, receivers)

    def run(self, blocks: Sequence[Any]) -> Any:
        """One tick of 80 samples a lane, as pointers (NULL = silence): the reports, valid until the next run."""
        for lane, block in enumerate(blocks):
            self._samples[lane] = block
        return self._reports[0 : lib.tone_bank_run(self._bank, self._samples, self._reports)]


class Receiver:
    """One kind of receiver with one lane that hears sound piece by piece; pieces need not be whole blocks."""

    def __init__(self, kind: str, plan: TonePlan) -> None:
        self.kind = kind
        self.names = plan.heard()
        self._bank = ToneBank(1, [kind], plan)
        self._rest = np.zeros(0, np.int16)
        self._given_samples = 0
        self._begun: tuple[int, int, int] | None = None

    @property
    def standing(self) -> str | None:
        """The name of the signal that has begun and not ended."""
        return None if self._begun is None else self._name(self._begun[1])

    def hear(self, sound: Samples) -> list[Heard]:
        """The signals whose end this piece made certain."""
        self._rest = np.concatenate([self._rest, np.asarray(sound, np.int16)])
        start = ffi.from_buffer("int16_t[]", self._rest)
        whole = len(self._rest) // BLOCK_SAMPLES * BLOCK_SAMPLES
        heard: list[Heard] = []
        for place in range(0, whole, BLOCK_SAMPLES):
            for report in self._bank.run([start + place]):
                at = self._given_samples + report.offset_samples
                if report.edge == lib.TONE_BEGIN:
                    self._begun = (at, report.value, report.level_tenth_dbm0)
                else:
                    heard += self._ended(at)
            self._given_samples += BLOCK_SAMPLES
        self._rest = self._rest[whole:].copy()
        return heard

    def finish(self) -> list[Heard]:
        """The signals that last to the end of the sound or ended just before it."""
        end = self._given_samples + len(self._rest)
        heard = self.hear(np.zeros(AFTERWARDS_SAMPLES, np.int16)) + self._ended(end)
        return [h for h in heard if h.at_ms < end / SAMPLES_A_MS]

    def _name(self, value: int) -> str:
        if self.kind == "dtmf":
            return chr(value)
        if self.kind == "tone":
            return self.names[value]
        return FAX_NAMES[value] if self.kind == "fax" else str(value)

    def _ended(self, at: int) -> list[Heard]:
        if self._begun is None:
            return []
        begin, value, level = self._begun
        self._begun = None
        return [Heard(begin / SAMPLES_A_MS, self.kind, self._name(value), (at - begin) / SAMPLES_A_MS, level / 10)]


def hear(sound: Samples | bytes, kinds: Iterable[str] = KINDS, plan: TonePlan | None = None) -> list[Heard]:
    """Everything heard in int16 samples or A-law octets at 8 kHz, in order of time.

    ``kinds`` is any of dtmf, mfc-forward, mfc-backward, tone and fax; another raises ValueError. The names and cadences of
    tones are those of ``plan``, by default China's.
    """
    samples = decode_alaw(sound) if isinstance(sound, bytes) else sound
    plan = plan or china()
    heard: list[Heard] = []
    for kind in kinds:
        receiver = Receiver(kind, plan)
        heard += receiver.hear(samples) + receiver.finish()
    return sorted(heard, key=lambda h: (h.at_ms, h.kind))
