"""What the media plane has found out about itself and its ports, as ``pbx/media.py`` hands it out: edges, counters, late ticks
(pbx/dsp/api.h).

Leaves out what stands on lines and links.
"""

import importlib
from typing import Any

import msgspec

_native = importlib.import_module("pbx._plane")
ffi: Any = _native.ffi
lib: Any = _native.lib


class Edge(msgspec.Struct, frozen=True):
    """A source that a port hears; ``member`` = a mix it speaks into and hears without itself; ``selected`` = it is now among those whom a
    mix with selection of speakers sums."""

    source: int
    gain_db: float
    member: bool = False
    muted: bool = False
    selected: bool = False


class LateTick(msgspec.Struct, frozen=True):
    """A tick begun more than 10 ms late, and what the kernel says of it."""

    tick: int
    late_ms: float
    run_delay_ms: float
    steal_ms: float


_COUNTERS = tuple(name for name, _ in ffi.typeof("struct plane_counters").fields)
_LATE_TICKS = 1024


def edges_of(found: Any, count: int) -> list[Edge]:
    """So many of the ``struct plane_edge`` found."""
    return [Edge(e.source, e.gain_tenth_db / 10, bool(e.member), bool(e.muted), bool(e.selected)) for e in found[0:count]]


def counters_of(arena: Any) -> dict[str, int]:
    """By the names of ``struct plane_counters``."""
    found = ffi.new("struct plane_counters *")
    lib.arena_counters(arena, found)
    return {name: int(getattr(found, name)) for name in _COUNTERS}


def late_ticks_of(arena: Any) -> list[LateTick]:
    """The newest ones, oldest first."""
    found = ffi.new("struct plane_late_tick[]", _LATE_TICKS)
    count = lib.arena_late_ticks(arena, found, _LATE_TICKS)
    return [LateTick(t.tick, t.late_ns / 1e6, t.run_delay_ns / 1e6, t.steal_ns / 1e6) for t in found[0:count]]
