"""Two media planes joined by simulated spans, stepped together, and what each was told."""

from collections.abc import Sequence
from typing import Literal

from drivers.wire import SpanSettings, Wire, join
from pbx.media import Layout, Plane
from pbx.media_tones import Cadence, Tone, ToneSegment
from pbx.vocabulary.media import MediaEvent

Kind = Literal["circuits", "subscribers", "telephones", "offices"]
BUSY = Tone((ToneSegment((450.0, 0.0), (-10.0, 0.0), 350, 350),))
DIAL = Tone((ToneSegment((450.0, 0.0), (-10.0, 0.0), None),))
BEEP = Tone((ToneSegment((950.0, 0.0), (-10.0, 0.0), 400, 100),), passes=3)
SMALL = Layout(ports=64, prompt_octets=1 << 20, journal_octets=1 << 18, events=4096)

Heard = tuple[float, int, MediaEvent]


class Pair:
    """``near`` is under test; ``far`` works the other end of each of its ports. ``kinds``: near and far kind of span."""

    def __init__(
        self,
        tokens: bool = False,
        kinds: tuple[Kind, Kind] = ("circuits", "circuits"),
        layout: Layout = SMALL,
        path: str | None = None,
    ) -> None:
        self.near_wire = Wire([SpanSettings(kind=kinds[0])], tokens)
        self.far_wire = Wire([SpanSettings(kind=kinds[1])], tokens)
        join((self.near_wire, 0), (self.far_wire, 0))
        self.near, self.far = Plane.create(layout, path), Plane.create(layout)
        self.near.add_card(self.near_wire.card)
        self.far.add_card(self.far_wire.card)
        for plane in (self.near, self.far):
            plane.load_tones({"busy": BUSY, "dial": DIAL, "confirmation": BEEP})
            plane.load_recognised([450.0], {"busy": Cadence((350,), (350,), 2)})
        self.near_events: list[Heard] = []
        self.far_events: list[Heard] = []
        self.tick = 0

    def run(self, ticks: int) -> None:
        """So many ticks, every one of them."""
        for _ in range(ticks):
            self.near.tick(self.tick)
            self.far.tick(self.tick)
            self.tick += 1
            self.near_events += self.near.drain()
            self.far_events += self.far.drain()

    def run_jumping(self, ticks: int) -> int:
        """As ``run``, leaping over ticks in which nothing can happen; returns how many were run."""
        end, run = self.tick + ticks, 0
        while self.tick < end:
            self.run(1)
            run += 1
            wanted = [n for n in (self.near.next_activity(), self.far.next_activity()) if n is not None]
            self.tick = min([end, *wanted])
        return run


def on_port(events: Sequence[Heard], port: int) -> list[tuple[float, MediaEvent]]:
    """What was told of one port."""
    return [(time, event) for time, number, event in events if number == port]


def kinds_on_port(events: Sequence[Heard], port: int) -> list[MediaEvent]:
    """The same without times."""
    return [event for _, number, event in events if number == port]
