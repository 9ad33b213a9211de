"""The watch over a span's alarms: a short alarm freezes a line, a long one loses its call (Q.33 for the idea).

How long is short is data of the line's variant (``alarm_persistence``). The watch says when an alarm begins, lasts and ends; what then
happens to the line is its owner's. Leaves out which alarms there are (pbx/vocabulary/media.py).
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from pbx.engine import Noted, Output
from pbx.machine import Cell, Chart, Machine, State, Timer

CLEARED = Noted("<- alarm cleared")


class Watched(Protocol):
    """A line that is watched."""

    def alarm_begins(self, now: float) -> Sequence[Output]:
        """Signals of the line say nothing from now on."""

    def alarm_lasts(self, now: float) -> Sequence[Output]:
        """The call is lost."""

    def alarm_ends(self, now: float) -> Sequence[Output]:
        """Signals count again; what has changed meanwhile is to be taken in."""


class AlarmWatch:
    """The watch of one line."""

    __slots__ = ("_line", "machine")

    def __init__(self, chart: Chart, line: Watched) -> None:
        self.machine = Machine(chart, self)
        self._line = line

    @property
    def standing(self) -> bool:
        """Whether an alarm stands."""
        return self.machine.state != "Clear"

    def alarms(self, alarms: int, now: float) -> Sequence[Output]:
        """The alarms that stand now."""
        return self.machine.step("alarm" if alarms else "clear", alarms, now)

    def _begins(self, alarms: int, now: float) -> Sequence[Output]:
        return (Noted(f"<- alarm {alarms:#x}"), *self._line.alarm_begins(now))

    def _lasts(self, _: Any, now: float) -> Sequence[Output]:
        return self._line.alarm_lasts(now)

    def _ends(self, _: Any, now: float) -> Sequence[Output]:
        return (CLEARED, *self._line.alarm_ends(now))


ALARM_STATES = {
    "Clear": State("no alarm", {"alarm": Cell(AlarmWatch._begins, ("Standing",)), "clear": Cell(None)}),
    "Standing": State(
        "an alarm stands, calls are kept",
        {
            "alarm": Cell(None),
            "clear": Cell(AlarmWatch._ends, ("Clear",)),
            "alarm_persistence": Cell(AlarmWatch._lasts, ("Lasting",)),
        },
        ("alarm_persistence",),
    ),
    "Lasting": State(
        "the alarm lasts, calls are lost",
        {"alarm": Cell(None), "clear": Cell(AlarmWatch._ends, ("Clear",))},
    ),
}


def alarm_chart(name: str, timers: Iterable[Timer]) -> Chart:
    """The chart of the watch with a variant's timer."""
    return Chart(f"alarm {name}", "Clear", ALARM_STATES, [timer for timer in timers if timer.name == "alarm_persistence"], "clear")
