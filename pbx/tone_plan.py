"""Tone plans: the data files of ``config/tones`` as values, and as the plans the generator and the receivers take.

Sources stand in the files beside each tone. Leaves out: when a tone is sent (call control) and the tones' codes
(``pbx/vocabulary/tones.py``); the names in a plan are those of ``PROGRESS_TONES``.
"""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from pbx._plane import ffi, lib
from pbx.vocabulary.tones import PROGRESS_TONES

FOLDER = Path(__file__).resolve().parent.parent / "config" / "tones"
SAMPLES_A_MS = 8
FOR_EVER = 0xFFFFFFFF


class PlanError(ValueError):
    """A tone plan that cannot be used; the text names the file and the cure."""


class DtmfSending(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How digits are sent: levels of the low and high group in dBm0, lengths in ms."""

    source: str
    low_dbm0: float
    high_dbm0: float
    on_ms: int
    off_ms: int


class MfcSending(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How MFC signals are sent: level of each frequency; the lengths serve where nobody compels."""

    source: str
    level_dbm0: float
    on_ms: int
    off_ms: int


class Tone(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One call progress tone; ``cadence_ms`` holds on and off in turn and is empty for a continuous tone."""

    source: str
    frequency_hz: list[float]
    level_dbm0: float
    cadence_ms: list[int]
    heard_after: int = 0


class TonePlan(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """All tones of one network."""

    title: str
    dtmf: DtmfSending
    mfc: MfcSending
    tone: dict[str, Tone]

    def heard(self, frequency_hz: float) -> list[str]:
        """Names of the tones of this frequency that the receiver may report, in the order of their codes."""
        return [
            name
            for name in PROGRESS_TONES
            if name in self.tone and self.tone[name].heard_after and self.tone[name].frequency_hz == [frequency_hz]
        ]


def load(path: Path) -> TonePlan:
    """Read a plan. Raises PlanError that names the file, what is wrong and the cure."""
    try:
        plan = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), TonePlan)
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror}; give the name of a file of {FOLDER}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PlanError(f"{path}: {error}; compare it with {FOLDER / 'china.toml'}") from error
    for name, tone in plan.tone.items():
        _check(path, name, tone)
    return plan


def _check(path: Path, name: str, tone: Tone) -> None:
    place = f"{path}: [tone.{name}]"
    if name not in PROGRESS_TONES:
        raise PlanError(f"{place}: unknown name; the names are {', '.join(PROGRESS_TONES)}")
    if not 1 <= len(tone.frequency_hz) <= 2 or not all(0 < hz < 4000 for hz in tone.frequency_hz):
        raise PlanError(f"{place}: give one or two frequencies between 0 and 4000 Hz")
    if len(tone.cadence_ms) % 2 or len(tone.cadence_ms) > 16 or any(not 0 < ms < 65536 for ms in tone.cadence_ms):
        raise PlanError(f"{place}: give cadence_ms as up to 8 pairs of on and off, each 1 to 65535 ms")
    if tone.heard_after and len(tone.cadence_ms) > 8:
        raise PlanError(f"{place}: a cadence of more than 4 pairs cannot be heard; leave heard_after out")
    if tone.level_dbm0 > 3:
        raise PlanError(f"{place}: the plane sends at most +3 dBm0; more is the line card's")


def china() -> TonePlan:
    """The default plan."""
    return load(FOLDER / "china.toml")


def tenths(level_dbm0: float) -> int:
    """A level as the kernels count it."""
    return round(level_dbm0 * 10)


def progress_plan(tone: Tone) -> Any:
    """A ``struct tone_plan`` that plays a tone for ever."""
    plan = ffi.new("struct tone_plan *")
    pairs = list(zip(tone.cadence_ms[::2], tone.cadence_ms[1::2], strict=True))
    plan.segments = max(1, len(pairs))
    for place in range(plan.segments):
        segment = plan.segment[place]
        for k, hz in enumerate(tone.frequency_hz):
            segment.frequency_millihertz[k] = round(hz * 1000)
            segment.level_tenth_dbm0[k] = tenths(tone.level_dbm0)
        on_ms, off_ms = pairs[place] if pairs else (0, 0)
        segment.on_samples = on_ms * SAMPLES_A_MS if pairs else FOR_EVER
        segment.off_samples = off_ms * SAMPLES_A_MS
    return plan


def dtmf_plan(sending: DtmfSending, digit: str) -> Any:
    """A ``struct tone_plan`` of one digit and the pause after it. Raises ValueError for what is no DTMF digit."""
    plan = ffi.new("struct tone_plan *")
    on, off = sending.on_ms * SAMPLES_A_MS, sending.off_ms * SAMPLES_A_MS
    character = ord(digit.upper()) if len(digit) == 1 else 0
    if lib.tone_plan_dtmf(plan, character, tenths(sending.low_dbm0), tenths(sending.high_dbm0), on, off):
        raise ValueError(f"{digit!r} is no DTMF digit; the digits are 0-9 * # A-D")
    return plan


def mfc_plan(sending: MfcSending, forward: bool, signal: int, compelled: bool = True) -> Any:
    """A ``struct tone_plan`` of one MFC signal, until stopped or for its own length. Raises ValueError outside 1..15."""
    plan = ffi.new("struct tone_plan *")
    on = FOR_EVER if compelled else sending.on_ms * SAMPLES_A_MS
    if lib.tone_plan_mfc(plan, forward, signal, tenths(sending.level_dbm0), on, sending.off_ms * SAMPLES_A_MS):
        raise ValueError(f"{signal} is no MFC signal; the signals are 1 to 15")
    return plan


def progress_patterns(plan: TonePlan, names: list[str]) -> Any:
    """The cadences of the named tones as the array of ``struct progress_tone`` the receiver takes, in that order."""
    patterns = ffi.new("struct progress_tone[]", max(1, len(names)))
    for pattern, name in zip(patterns, names, strict=False):
        cadence_ms = plan.tone[name].cadence_ms
        pattern.segments = len(cadence_ms) // 2
        pattern.needed = plan.tone[name].heard_after
        for k in range(pattern.segments):
            pattern.on_ms[k], pattern.off_ms[k] = cadence_ms[2 * k : 2 * k + 2]
    return patterns
