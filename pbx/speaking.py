"""Signals as sound: DTMF digits (Q.23), MFC signals (Q.441), call progress tones by the words of a tone plan, signals of modems.

The generator of the media plane, on numpy arrays. A specification is a signal's name (``busy``, ``cng``) or one of FORMS, such as
``dtmf:12#``, ``mfc-forward:3,5`` or ``caller-identity:13800138000``. Leaves out: files (``pbx/sound_file.py``).
"""

from typing import Any

import msgspec
import numpy as np

from pbx._plane import ffi, lib
from pbx.data_speaking import FORMS as DATA_FORMS
from pbx.data_speaking import speak_data
from pbx.sound_file import Samples
from pbx.tone_plan import SAMPLES_A_MS, Tone, TonePlan, check_tone, china, dtmf_plan, mfc_plan, progress_plan, special_plan
from pbx.vocabulary.tones import SPECIAL_TONES

DEFAULT_TONE_MS = 10_000
ALIASES = {"sit": "special-information", "ans": "ced"}
FORMS = ("dtmf:DIGITS", "mfc-forward:SIGNALS", "mfc-backward:SIGNALS", "tone:HZ[+HZ][@DBM0]", *DATA_FORMS)


class SpecificationError(ValueError):
    """A specification that names no signal; the text says which there are."""


def play(plan: Any, samples: int) -> Samples:
    """``samples`` samples of a ``struct tone_plan``, silence after its end."""
    generator, sound = ffi.new("struct tone_generator *"), np.zeros(samples, np.int16)
    lib.tone_start(generator, plan)
    lib.tone_generate(generator, ffi.from_buffer("int16_t[]", sound), samples)
    return sound


def _signals(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.isdecimal() and part.isascii() for part in parts):
        raise SpecificationError(f"{text!r} is no list of MFC signals; give numbers from 1 to 15, as in 3,5")
    return [int(part) for part in parts]


def _tone(text: str) -> Any:
    """A plan of ``HZ[+HZ][@DBM0]``."""
    frequencies, _, level = text.partition("@")
    try:
        hertz, level_dbm0 = [float(part) for part in frequencies.split("+")], float(level or 0)
    except ValueError as error:
        raise SpecificationError(f"{text!r} is no tone; give one or two frequencies and a level, as in 1004@0 or 440+480@-13") from error
    tone = Tone(source="the command line", frequency_hz=hertz, level_dbm0=level_dbm0)
    check_tone("tone", tone)
    return progress_plan(tone)


def _digits(plan: TonePlan, digits: str, on_ms: int, off_ms: int) -> Samples:
    sending = msgspec.structs.replace(plan.dtmf, on_ms=on_ms, off_ms=off_ms)
    return np.concatenate([play(dtmf_plan(sending, digit), (on_ms + off_ms) * SAMPLES_A_MS) for digit in digits])


def speak(specification: str, plan: TonePlan | None = None, length_ms: int = DEFAULT_TONE_MS) -> Samples:
    """The sound of a specification as int16 at 8 kHz.

    Tones and test patterns last ``length_ms``, signals of fax and modems as long as they should and silence up to it; digits, signals and
    messages have their own lengths. Raises SpecificationError.
    """
    plan = plan or china()
    kind, colon, value = specification.partition(":")
    kind = ALIASES.get(kind, kind)
    samples = length_ms * SAMPLES_A_MS
    try:
        data = speak_data(kind, value, samples, lambda digits, on_ms, off_ms: _digits(plan, digits, on_ms, off_ms))
        if data is not None:
            return data
        if kind == "dtmf" and value:
            return _digits(plan, value, plan.dtmf.on_ms, plan.dtmf.off_ms)
        if kind in ("mfc-forward", "mfc-backward"):
            plans = [mfc_plan(plan.mfc, kind == "mfc-forward", signal, compelled=False) for signal in _signals(value)]
            samples = (plan.mfc.on_ms + plan.mfc.off_ms) * SAMPLES_A_MS
        elif kind == "tone":
            plans = [_tone(value)]
        elif not colon and kind in plan.tone:
            plans = [progress_plan(plan.tone[kind])]
        elif not colon and kind in SPECIAL_TONES:
            plans = [special_plan(kind)]
        else:
            raise SpecificationError(f"nothing is called {specification!r}; say {', '.join(FORMS)}, or one of {names(plan)}")
    except SpecificationError:
        raise
    except ValueError as error:
        raise SpecificationError(str(error)) from error
    return np.concatenate([play(each, samples) for each in plans])


def names(plan: TonePlan) -> str:
    """All signals that are called by a name alone."""
    return ", ".join([*plan.tone, *SPECIAL_TONES, *ALIASES])
