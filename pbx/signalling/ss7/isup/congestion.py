"""Congestion and availability of the far user part (Q.764 clauses 2.10, 2.11, 2.13 and 2.14).

Each sign of congestion - MTP-STATUS, or the automatic congestion level in a REL - takes one step of the new calls away; within T29 further
signs say nothing new, and each T30 without one gives a step back. What part of the calls is let go is counted, not left to chance. A user
part that is not available is asked by UPT each T4 until it, or anything at all, answers. Leaves out priorities among calls.
"""

from collections.abc import Sequence

from pbx.engine import Noted, Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.variant import Variant


class Congestion:
    """How much of the traffic to one far point is held back."""

    __slots__ = ("_count", "machine", "overload", "steps", "variant")

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.machine = Machine(variant.chart("congestion", CONGESTION_STATES, "clear"), self)
        self.steps = 0
        self.overload = 0
        """Our own level, told in each REL: 0 none, 1 or 2."""
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


_LESS, _MORE = Cell(Congestion._less, ("Told",)), Cell(Congestion._more, ("Reduced", "Full"))
_CLEAR = Cell(Congestion._clear, ("Full",))
CONGESTION_STATES = {
    "Full": State("all calls", {"congestion": _LESS, "clear": _CLEAR}),
    "Told": State(
        "told just now",
        {"congestion": Cell(None), "T29": Cell(None, ("Listening",)), "T30": _MORE, "clear": _CLEAR},
        ("T29", "T30"),
    ),
    "Listening": State("told within T30", {"congestion": _LESS, "T30": _MORE, "clear": _CLEAR}, keeps=("T30",)),
    "Reduced": State("some calls", {"congestion": _LESS, "T30": _MORE, "clear": _CLEAR}, ("T30",)),
}


class Availability:
    """Whether the far user part takes messages."""

    __slots__ = ("cic", "machine")

    def __init__(self, variant: Variant, cic: int) -> None:
        """``cic`` is any circuit to the far point: UPT needs one."""
        self.cic = cic
        self.machine = Machine(variant.chart("user part", AVAILABILITY_STATES, "clear"), self)

    @property
    def available(self) -> bool:
        """Whether calls may begin."""
        return self.machine.state == "Available"

    def _test(self, _: object, now: float) -> Sequence[Output]:
        return (Message(self.cic, MessageType.UPT),)

    def _unequipped(self, _: object, now: float) -> Sequence[Output]:
        return (Noted("-- the far point has no such user part"),)


_HEARD = Cell(None, ("Available",))
_TEST, _NONE = Cell(Availability._test, ("Testing",)), Cell(Availability._unequipped, ("Unequipped",))
AVAILABILITY_STATES = {
    "Available": State("answers", {"heard": Cell(None), "inaccessible": _TEST, "unequipped": _NONE, "clear": _HEARD}),
    "Testing": State(
        "asked by UPT", {"heard": _HEARD, "inaccessible": Cell(None), "unequipped": _NONE, "T4": _TEST, "clear": _HEARD}, ("T4",)
    ),
    "Unequipped": State("does not exist", {"heard": _HEARD, "inaccessible": _TEST, "unequipped": Cell(None), "clear": _HEARD}),
}
