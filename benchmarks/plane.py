"""``wire.span`` and ``plane.tick``: what a simulated span and a whole busy plane cost a tick, in microseconds.

``wire.span`` is one end of a bit-true E1 span, read and written (framing with CRC-4, signalling multiframe, 30 time slots of sound).
``plane.tick`` is the whole tick of a plane with 120 busy ports (benchmarks/busy_planes.py), spans included, and its slowest tick in CPU
time beside it in the conditions. The clock that the planes are paced by is left out.
"""

import statistics
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from pbx._plane import ffi, lib

from benchmarks.busy_planes import LAYOUT, SPANS, Far, Near
from benchmarks.row import Effort, Row, load_text
from drivers.wire import SpanSettings, Wire, join
from pbx.media import Plane


def joined() -> tuple[Wire, Wire]:
    """Two cards of 4 spans in sound, joined."""
    near, far = (Wire([SpanSettings()] * SPANS) for _ in range(2))
    for span in range(SPANS):
        join((near, span), (far, span))
    return near, far


def span_us(ticks: int) -> float:
    """Microseconds a tick of one span's end."""
    wires = joined()
    cards: list[Any] = [wire.card for wire in wires]
    sound = ffi.new("uint8_t[]", wires[0].ports * 80)
    said = ffi.from_buffer(np.random.default_rng(1).integers(0, 256, wires[0].ports * 80, np.uint8))
    events = ffi.new("struct card_event[]", 4096)
    begun = time.process_time()
    for tick in range(ticks):
        for card in cards:
            lib.card_read(card, sound, events, 4096, tick)
            lib.card_write(card, said, tick)
    return (time.process_time() - begun) / ticks / (2 * SPANS) * 1e6


class BusyPlanes:
    """The plane that is measured and its far end, in this process."""

    def __init__(self) -> None:
        self.wires = joined()
        planes = [Plane.create(LAYOUT) for _ in self.wires]
        for plane, wire in zip(planes, self.wires, strict=True):
            plane.add_card(wire.card)
        self.near, self.far = Near(planes[0]), Far(planes[1])
        self.tick = 0
        self.spent_ns: list[int] = []

    def run(self, ticks: int) -> None:
        """So many ticks of both; keeps the CPU time of the near plane's."""
        near, far = self.near.plane, self.far.plane
        for _ in range(ticks):
            if self.tick % 20 == 0:
                self.far.dial()
            if self.tick % 50 == 0:
                self.near.empty_recorders()
            far.tick(self.tick)
            far.drain()
            begun = time.thread_time_ns()
            near.tick(self.tick)
            self.spent_ns.append(time.thread_time_ns() - begun)
            self.near.take(near.drain())
            self.tick += 1


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of plane and wire."""
    if "wire.span" in names:
        runs, ticks = int(effort.choose(1, 7, 21)), int(effort.choose(20, 2_000, 10_000))
        value = statistics.median(span_us(ticks) for _ in range(runs))
        yield Row(
            "wire.span",
            round(value, 2),
            "us/span/tick",
            "lower",
            conditions=f"one end of a bit-true span, CRC-4, noise in all 30 time slots, read and written; median of {runs}; {load_text()}",
        )
    if "plane.tick" in names:
        planes = BusyPlanes()
        planes.run(100)
        planes.spent_ns.clear()
        planes.run(int(effort.choose(20, 6_000, 60_000)))
        spent = sorted(planes.spent_ns)
        yield Row(
            "plane.tick",
            round(statistics.fmean(spent) / 1000, 1),
            "us/tick",
            "lower",
            conditions=f"120 busy ports in sound, 150 receivers, 45 recorders, 4 spans; mean of {len(spent)} ticks, "
            f"99 % within {spent[int(len(spent) * 0.99)] / 1000:.0f} us, worst {spent[-1] / 1000:.0f} us; {load_text()}",
        )
