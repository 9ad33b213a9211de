"""How much of the traffic to a far point is held back when it, or the way to it, is congested (Q.764 clauses 2.10 and 2.11; Q.724; Q.704).

Each sign of congestion - MTP-STATUS, or the automatic congestion level of the far end - takes one step of the new calls away; within a
short time further signs say nothing new, and each longer time without one gives a step back. What part of the calls is let go is counted,
not left to chance. Leaves out priorities among calls.
"""

from collections.abc import Sequence
from typing import Any

from pbx.engine import Noted, Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.variant import Variant


class Congestion:
    """How much of the traffic to one far point is held back."""

    __slots__ = ("_count", "machine", "overload", "steps", "variant")

    def __init__(self, variant: Variant[Any], timers: tuple[str, str]) -> None:
        """``timers``: how long a sign says nothing new, and after how long without one a step is given back."""
        self.variant = variant
        self.machine = Machine(variant.chart("congestion", states(*timers), "clear"), self)
        self.steps = 0
        self.overload = 0
        """Our own level, told to the far end: 0 none, 1 or 2."""
        self._count = 0

    def admits(self) -> bool:
        """Whether one more call may be tried; asked once for each."""
        if not self.steps:
            return True
        self._count += self.steps
        if self._count >= self.variant.data.traffic_steps:
            self._count -= self.variant.data.traffic_steps
            return False
        return True

    def told(self, now: float) -> Sequence[Output]:
        """A sign of congestion has come."""
        return self.machine.step("congestion", None, now)

    def _less(self, _: object, now: float) -> Sequence[Output]:
        self.steps = min(self.steps + 1, self.variant.data.traffic_steps)
        return (Noted(f"-- congestion, {self.steps} steps of new calls held back"),)

    def _more(self, _: object, now: float) -> Sequence[Output]:
        self.steps -= 1
        self.machine.choose("Reduced" if self.steps else "Full")
        return (Noted(f"-- {self.steps} steps of new calls held back"),)

    def _clear(self, _: object, now: float) -> Sequence[Output]:
        self.steps = self._count = 0
        return ()


def states(told: str, step: str) -> dict[str, State]:
    """The table with these two timers."""
    less, more = Cell(Congestion._less, ("Told",)), Cell(Congestion._more, ("Reduced", "Full"))
    clear = Cell(Congestion._clear, ("Full",))
    return {
        "Full": State("all calls", {"congestion": less, "clear": clear}),
        "Told": State(
            "told just now",
            {"congestion": Cell(None), told: Cell(None, ("Listening",)), step: more, "clear": clear},
            (told, step),
        ),
        "Listening": State("told not long ago", {"congestion": less, step: more, "clear": clear}, keeps=(step,)),
        "Reduced": State("some calls", {"congestion": less, step: more, "clear": clear}, (step,)),
    }
