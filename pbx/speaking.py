"""Signals as sound: DTMF digits (Q.23), MFC signals (Q.441) and call progress tones, by the words of a tone plan.

The generator of the media plane, on numpy arrays. A specification is a tone's name (``busy``), ``dtmf:12#``,
``mfc-forward:3,5`` or ``mfc-backward:1``. Leaves out: files (``pbx/sound_file.py``).
"""

from typing import Any

import numpy as np

from pbx._plane import ffi, lib
from pbx.sound_file import Samples
from pbx.tone_plan import SAMPLES_A_MS, TonePlan, china, dtmf_plan, mfc_plan, progress_plan

DEFAULT_TONE_MS = 10_000


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


def speak(specification: str, plan: TonePlan | None = None, length_ms: int = DEFAULT_TONE_MS) -> Samples:
    """The sound of a specification as int16 at 8 kHz.

    Tones last ``length_ms``; digits and signals have the lengths of the plan and end with a pause. Raises
    SpecificationError.
    """
    plan = plan or china()
    kind, colon, value = specification.partition(":")
    try:
        if kind == "dtmf" and value:
            plans = [dtmf_plan(plan.dtmf, digit) for digit in value]
            samples = (plan.dtmf.on_ms + plan.dtmf.off_ms) * SAMPLES_A_MS
        elif kind in ("mfc-forward", "mfc-backward"):
            forward = kind == "mfc-forward"
            plans = [mfc_plan(plan.mfc, forward, signal, compelled=False) for signal in _signals(value)]
            samples = (plan.mfc.on_ms + plan.mfc.off_ms) * SAMPLES_A_MS
        elif not colon and kind in plan.tone:
            plans, samples = [progress_plan(plan.tone[kind])], length_ms * SAMPLES_A_MS
        else:
            names = ", ".join(plan.tone)
            raise SpecificationError(
                f"nothing is called {specification!r}; say dtmf:DIGITS, mfc-forward:SIGNALS, mfc-backward:SIGNALS, "
                f"or one of {names}"
            )
    except SpecificationError:
        raise
    except ValueError as error:
        raise SpecificationError(str(error)) from error
    return np.concatenate([play(each, samples) for each in plans])
