"""What the media plane's echo cancellers are told and what they have found (G.168), as ``pbx/media.py`` needs it.

Leaves out the canceller itself (``pbx/dsp/echo.h``) and its use on arrays (``pbx/cancelling.py``).
"""

import importlib
from typing import Any

import msgspec

from pbx.vocabulary.media import CancelEcho

lib: Any = importlib.import_module("pbx._plane").lib


class LineEcho(msgspec.Struct, frozen=True):
    """What the echo canceller of a port has found; ``erle_db`` is of its filter alone."""

    tail_ms: int
    erle_db: float
    erl_db: float
    background_dbm0: float
    converged: bool
    double_talk: bool
    disabled: bool
    suppressing: bool


def line_echo(found: Any) -> LineEcho | None:
    """A ``struct plane_echo``; None when the port has no canceller."""
    if not found.tail_ms:
        return None
    return LineEcho(
        tail_ms=found.tail_ms,
        erle_db=found.erle_tenth_db / 10,
        erl_db=found.erl_tenth_db / 10,
        background_dbm0=found.background_tenth_dbm0 / 10,
        converged=bool(found.flags & lib.PLANE_ECHO_CONVERGED),
        double_talk=bool(found.flags & lib.PLANE_ECHO_DOUBLE_TALK),
        disabled=bool(found.flags & lib.PLANE_ECHO_DISABLED),
        suppressing=bool(found.flags & lib.PLANE_ECHO_SUPPRESSING),
    )


def echo_detail(command: CancelEcho) -> int:
    """Options and delay as the command ring carries them."""
    options = (
        (lib.ECHO_NONLINEAR if command.nonlinear else 0)
        | (lib.ECHO_COMFORT_NOISE if command.comfort_noise else 0)
        | (lib.ECHO_TONE_DISABLER if command.tone_disabler else 0)
    )
    return int(options | command.delay_ms << 8)
