"""Signalling links that the media plane works, as ``pbx/media.py`` needs them: figures, stages and counters (pbx/dsp/link_api.h).

Leaves out what the orders mean (pbx/signalling/ss7/mtp2/carriage.py).
"""

import importlib
from typing import Any, Literal

import msgspec

from pbx.vocabulary.media import LinkFigures, LinkTold

_native = importlib.import_module("pbx._plane")
ffi: Any = _native.ffi
lib: Any = _native.lib

LinkStatus = Literal["none", "out of service", "aligning", "aligned", "in service", "failed"]
"""What a link is doing: ``none`` = the port is no link, or has no figures; ``in service`` also while a processor is out; ``failed`` = out
of service by itself, and control has not halted it since."""

_STATUS: dict[int, LinkStatus] = {
    lib.PLANE_LINK_NONE: "none",
    lib.MTP2_STAGE_OUT: "out of service",
    lib.MTP2_STAGE_ALIGNING: "aligning",
    lib.MTP2_STAGE_ALIGNED: "aligned",
    lib.MTP2_STAGE_SERVING: "in service",
    lib.MTP2_STAGE_FAILED: "failed",
}
_COUNTERS = tuple(name for name, _ in ffi.typeof("struct mtp2_counters").fields)


def link_status(arena: Any, port: int) -> LinkStatus | None:
    """Of a port; None = there is no such port."""
    code = lib.arena_link_status(arena, port)
    return _STATUS[code] if code >= 0 else None


def link_counters(arena: Any, port: int) -> dict[str, int]:
    """By the names of ``struct mtp2_counters``, since the port became a link; empty = it is none."""
    found = ffi.new("struct mtp2_counters *")
    if lib.arena_link_counters(arena, port, found) != lib.PLANE_OK:
        return {}
    return {name: int(getattr(found, name)) for name in _COUNTERS}


def figures_octets(figures: LinkFigures) -> bytes:
    """The figures as they go down; what the card of the port repeats and hides the plane adds itself."""
    cell = msgspec.structs.asdict(figures)
    options = {"preventive": lib.MTP2_PREVENTIVE, "extended": lib.MTP2_EXTENDED, "errored_intervals": lib.MTP2_ERRORED_INTERVALS}
    cell["options"] = sum(option for name, option in options.items() if cell.pop(name))
    cell["onset"], cell["abatement"] = list(figures.onset), list(figures.abatement)
    return bytes(ffi.buffer(ffi.new("struct mtp2_figures *", cell)))


def link_told(octets: bytes) -> LinkTold:
    """What came up: what is told, its value, and what goes with it."""
    return LinkTold(octets[0], octets[1] | octets[2] << 8, octets[3:])
