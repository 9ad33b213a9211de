"""The watch over a span's alarms, of telephone, exchange and tie lines alike: a short alarm freezes a line, a long one loses its call.

Q.33 for the idea; how long is short is data of the line's variant (``alarm_persistence``). While an alarm stands, what the wires say is
only remembered. When it ends, what has changed meanwhile is taken in as if it happened now; then the line may be used again. Leaves out
which alarms there are (pbx/vocabulary/media.py), and circuits of R2, whose chart has the same three states (pbx/signalling/r2/circuit.py).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from pbx.engine import Noted, Output
from pbx.machine import Cell, Chart, Machine, State, Timer
from pbx.signalling.analog.occupancy import Occupancy

ALARM = "alarm"
"""The reason why a line under alarm may not be seized."""
CLEARED = Noted("<- alarm cleared")

Level = TypeVar("Level")
"""What the wires of one kind of line can say."""


class AlarmWatch(Generic[Level]):
    """The watch of one line. ``seen`` is what its wires said last, whether it counts yet or not."""

    __slots__ = ("_line", "_occupancy", "_take_in", "machine", "seen")

    def __init__(
        self,
        chart: Chart,
        line: Machine,
        occupancy: Occupancy,
        take_in: Callable[[Level, float], Sequence[Output]],
        seen: Level,
    ) -> None:
        """``line`` is stepped with ``lost`` when an alarm lasts; ``take_in`` makes events of what differs from what was taken in before."""
        self.machine = Machine(chart, self)
        self.seen = seen
        self._line = line
        self._occupancy = occupancy
        self._take_in = take_in

    @property
    def standing(self) -> bool:
        """Whether an alarm stands."""
        return self.machine.state != "Clear"

    def state(self, state: str) -> str:
        """The line's state, ``alarm`` beside it while one stands."""
        return f"{state}/alarm" if self.standing else state

    def deadline(self, due: float | None) -> float | None:
        """The earlier of the line's own deadline and the watch's."""
        ours = self.machine.deadline()
        return due if ours is None else ours if due is None else min(due, ours)

    def alarms(self, alarms: int, now: float) -> Sequence[Output]:
        """The alarms that stand now."""
        return self.machine.step("alarm" if alarms else "clear", alarms, now)

    def level(self, level: Level, now: float) -> Sequence[Output]:
        """What the wires say now."""
        self.seen = level
        return () if self.standing else self._take_in(level, now)

    def resume(self, alarms: int, level: Level, now: float) -> Sequence[Output]:
        """After a restart: what stands there now counts, unless an alarm stands with it."""
        begins = self.alarms(alarms, now) if alarms else ()
        return (*begins, *self.level(level, now))

    # Actions of the chart.

    def _begins(self, alarms: int, now: float) -> Sequence[Output]:
        return (Noted(f"<- alarm {alarms:#x}"), *self._occupancy.add_reason(ALARM))

    def _lasts(self, _: Any, now: float) -> Sequence[Output]:
        return self._line.step("lost", None, now)

    def _ends(self, _: Any, now: float) -> Sequence[Output]:
        return (CLEARED, *self._take_in(self.seen, now), *self._occupancy.remove_reason(ALARM))


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
