"""Tone plans: the data files of ``config/tones`` as values, and as the plans the generator and the receivers take.

Sources stand in the files beside each tone. Leaves out: when a tone is sent (call control) and the tones' codes
(``pbx/vocabulary/tones.py``); the names in a plan are those of ``PROGRESS_TONES``.
"""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from pbx._plane import ffi, lib
from pbx.vocabulary.tones import PROGRESS_TONES, SPECIAL_TONES

FOLDER = Path(__file__).resolve().parent.parent / "config" / "tones"
SAMPLES_A_MS = 8
FOR_EVER = 0xFFFFFFFF
ALIKE_HZ = 20.0
"""The receiver tells frequencies apart that lie 40 Hz from each other (block_tones.h)."""
OVERLOAD = 10 ** (3.14 / 20)
"""The greatest amplitude of G.711 A-law, that of a sine of 0 dBm0 being 1."""
SPECIAL_DBM0 = -13.0
"""Level of the signals of fax and modems: what networks allow a modem as a mean (V.2, from memory)."""
CONTINUITY_DBM0 = -12.0
"""Level of the check-tone of speech circuits (Q.724 section 7, from memory)."""


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


class Part(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A sounding part of its own and the pause behind it; ``on_ms`` 0 = until stopped. Without a level it has the tone's."""

    frequency_hz: list[float]
    on_ms: int
    off_ms: int = 0
    level_dbm0: float | None = None


class Tone(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One call progress tone: frequencies with a cadence, or ``part`` after ``part``.

    ``cadence_ms`` holds on and off in turn and is empty for a continuous tone. After the last part the tone goes on from part
    ``repeat_from``, counted from 0. The level is that of each frequency; a modulated tone swings by ``modulation_percent``.
    """

    source: str
    level_dbm0: float
    frequency_hz: list[float] = []
    cadence_ms: list[int] = []
    heard_after: int = 0
    modulation_hz: float = 0.0
    modulation_percent: int = 0
    part: list[Part] = []
    repeat_from: int = 0

    def parts(self) -> list[Part]:
        """The tone as parts, whichever way it is written; every one has its level."""
        if self.part:
            return [msgspec.structs.replace(p, level_dbm0=self.level_dbm0) if p.level_dbm0 is None else p for p in self.part]
        pairs = list(zip(self.cadence_ms[::2], self.cadence_ms[1::2], strict=True)) or [(0, 0)]
        return [Part(self.frequency_hz, on_ms, off_ms, self.level_dbm0) for on_ms, off_ms in pairs]


class TonePlan(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """All tones of one network."""

    title: str
    dtmf: DtmfSending
    mfc: MfcSending
    tone: dict[str, Tone]

    def heard(self) -> list[str]:
        """Names of the tones that the receiver may report, in the order of their codes."""
        return [name for name in PROGRESS_TONES if name in self.tone and self.tone[name].heard_after]

    def heard_frequencies_hz(self) -> list[float]:
        """The frequencies those tones are made of; any that lie too close together for the receiver count as one between them."""
        close: list[list[float]] = []
        for hz in sorted({hz for name in self.heard() for part in self.tone[name].parts() for hz in part.frequency_hz}):
            if close and hz - close[-1][0] <= ALIKE_HZ:
                close[-1].append(hz)
            else:
                close.append([hz])
        return [sum(alike) / len(alike) for alike in close]


def load(path: Path) -> TonePlan:
    """Read a plan. Raises PlanError that names the file, what is wrong and the cure."""
    try:
        plan = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), TonePlan)
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror}; give the name of a file of {FOLDER}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PlanError(f"{path}: {error}; compare it with {FOLDER / 'china.toml'}") from error
    for name, tone in plan.tone.items():
        place = f"{path}: [tone.{name}]"
        if name not in PROGRESS_TONES:
            raise PlanError(f"{place}: unknown name; the names are {', '.join(PROGRESS_TONES)}")
        check_tone(place, tone)
    if len(plan.heard_frequencies_hz()) > lib.PROGRESS_FREQUENCIES_MAX:
        raise PlanError(f"{path}: the heard tones have more than {lib.PROGRESS_FREQUENCIES_MAX} frequencies; drop a heard_after")
    return plan


def check_tone(place: str, tone: Tone) -> None:
    """Raise PlanError, which begins with ``place``, for a tone that cannot be sent."""
    if bool(tone.part) == bool(tone.frequency_hz) or (tone.part and tone.cadence_ms):
        raise PlanError(f"{place}: give either frequency_hz with cadence_ms, or parts alone")
    if len(tone.cadence_ms) % 2 or len(tone.cadence_ms) > 16 or any(not 0 < ms < 65536 for ms in tone.cadence_ms):
        raise PlanError(f"{place}: give cadence_ms as up to 8 pairs of on and off, each 1 to 65535 ms")
    parts = tone.parts()
    if tone.heard_after and (len(parts) > lib.PROGRESS_SEGMENTS_MAX or tone.repeat_from):
        raise PlanError(f"{place}: a cadence of more than 4 pairs cannot be heard; leave heard_after out")
    if len(parts) > lib.TONE_SEGMENTS_MAX or not 0 <= tone.repeat_from < len(parts):
        raise PlanError(f"{place}: give at most {lib.TONE_SEGMENTS_MAX} parts and repeat from one of them")
    if not (tone.modulation_hz == 0 or 0 < tone.modulation_hz < 200) or not 0 <= tone.modulation_percent <= 100:
        raise PlanError(f"{place}: give modulation_hz below 200 and modulation_percent from 0 to 100")
    for part in parts:
        if not 1 <= len(part.frequency_hz) <= 2 or not all(0 < hz < 4000 for hz in part.frequency_hz):
            raise PlanError(f"{place}: give one or two frequencies between 0 and 4000 Hz")
        if not (0 <= part.on_ms < 65536 and 0 <= part.off_ms < 65536):
            raise PlanError(f"{place}: give on_ms and off_ms of a part from 0 to 65535 ms")
        peak = len(part.frequency_hz) * 10 ** ((part.level_dbm0 or 0.0) / 20) * (1 + tone.modulation_percent / 100)
        if peak > OVERLOAD:
            raise PlanError(f"{place}: the plane sends at most +3 dBm0, all frequencies together; more is the line card's")


def china() -> TonePlan:
    """The default plan."""
    return load(FOLDER / "china.toml")


def tenths(level_dbm0: float) -> int:
    """A level as the kernels count it."""
    return round(level_dbm0 * 10)


def progress_plan(tone: Tone) -> Any:
    """A ``struct tone_plan`` that plays a tone for ever."""
    plan = ffi.new("struct tone_plan *")
    parts = tone.parts()
    plan.segments, plan.repeat_from = len(parts), tone.repeat_from
    for place, part in enumerate(parts):
        segment = plan.segment[place]
        for k, hz in enumerate(part.frequency_hz):
            segment.frequency_millihertz[k] = round(hz * 1000)
            segment.level_tenth_dbm0[k] = tenths(part.level_dbm0 or 0.0)
        segment.on_samples = part.on_ms * SAMPLES_A_MS if part.on_ms else FOR_EVER
        segment.off_samples = part.off_ms * SAMPLES_A_MS
        segment.modulation_millihertz = round(tone.modulation_hz * 1000)
        segment.modulation_percent = tone.modulation_percent
    return plan


def special_plan(name: str, level_dbm0: float | None = None) -> Any:
    """A ``struct tone_plan`` of a signal of SPECIAL_TONES, by default at its own level. ValueError for what is no plan of tones."""
    plan = ffi.new("struct tone_plan *")
    if level_dbm0 is None:
        level_dbm0 = CONTINUITY_DBM0 if name == "continuity" else SPECIAL_DBM0
    if name not in SPECIAL_TONES or lib.tone_plan_special(plan, SPECIAL_TONES.index(name), tenths(level_dbm0)):
        raise ValueError(f"{name!r} is no signal made of tones; these are {', '.join(SPECIAL_TONES)}")
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


def recognised_plan(plan: TonePlan) -> Any:
    """The ``struct progress_plan`` by which the receiver knows the tones of ``plan.heard()``, in that order."""
    recognised, frequencies_hz = ffi.new("struct progress_plan *"), plan.heard_frequencies_hz()
    recognised.frequencies = len(frequencies_hz)
    recognised.frequency_millihertz[0 : len(frequencies_hz)] = [round(hz * 1000) for hz in frequencies_hz]
    for place, name in enumerate(plan.heard()):
        tone, pattern = plan.tone[name], recognised.tone[place]
        pattern.needed = tone.heard_after
        for k, (mask, on_ms, off_ms) in enumerate(heard_parts(tone, frequencies_hz)):
            pattern.frequencies[k], pattern.on_ms[k], pattern.off_ms[k] = mask, on_ms, off_ms
            pattern.segments = k + 1 if on_ms else 0
        recognised.tones = place + 1
    return recognised


def heard_parts(tone: Tone, frequencies_hz: list[float]) -> list[tuple[int, int, int]]:
    """A tone as the receiver knows it, part by part: the bits of its frequencies in the list, on and off in ms; on 0 = continuous."""

    def bit(hz: float) -> int:
        return 1 << min(range(len(frequencies_hz)), key=lambda place: abs(frequencies_hz[place] - hz))

    return [(sum({bit(hz) for hz in part.frequency_hz}), part.on_ms, part.off_ms) for part in tone.parts()]
