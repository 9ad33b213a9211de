"""State machines as tables, with named timers tied to states.

A ``Chart`` is the table of one machine: states, the cells (state, event) with action and target, and for each state the
timers that run in it. It is checked when it is built: every state must answer ``Release`` and every timer that may run
in it, and every target must exist. So a call can be cleared and a timer can fire at any moment. Charts can be listed, drawn
and counted for coverage (``cells``). A ``Machine`` is one instance of a chart. Events are words of the Recommendation; the
engine turns media events and primitives into them. Leaves out: inputs and outputs themselves (pbx/engine.py).

Timer rule (after Osmocom's habit): entering a state stops every timer that the state does not name, and starts those it
names, except timers marked as *kept*, which go on running from the state before if they ran there. A cell without a target stays in
its state and leaves the timers alone; a cell whose target is the state itself starts them anew.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from pbx.engine import Output, Unexpected

Action = Callable[[Any, Any, float], "Sequence[Output]"]
"""``action(owner, argument, now) -> outputs``."""


Entry = tuple[tuple[str, ...], tuple[tuple[str, float], ...]]
"""What entering a state does to the timers: those it keeps, those it starts and for how many seconds."""


class Timer(msgspec.Struct, frozen=True):
    """A named timer: its default, the range a configuration may give it, and where the figure comes from."""

    name: str
    default_ms: int
    low_ms: int
    high_ms: int
    source: str


class Cell(msgspec.Struct, frozen=True):
    """What a state does on an event. Several targets: the action chooses one with ``machine.choose``; none: it stays."""

    action: Action | None
    targets: tuple[str, ...] = ()


class State(msgspec.Struct, frozen=True):
    """A state: its meaning, its cells by event, the timers that start with it and those that are kept running."""

    meaning: str
    cells: Mapping[str, Cell]
    starts: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()


class ChartError(Exception):
    """The table is incomplete or names what does not exist: our own mistake, found when the module is loaded."""


class Chart:
    """The table of one kind of machine, checked when it is made."""

    def __init__(
        self, name: str, initial: str, states: Mapping[str, State], timers: Iterable[Timer], always: str = "Release"
    ) -> None:
        """Check and keep the table; ``always`` is the event that every state must answer."""
        self.name = name
        self.initial = initial
        self.states = dict(states)
        self.timers = {timer.name: timer for timer in timers}
        self.always = always
        faults = list(self._faults())
        if faults:
            raise ChartError(f"{name}: " + "; ".join(faults))
        self.rows: dict[str, dict[str, tuple[Action | None, tuple[str, ...]]]] = {
            state: {event: (cell.action, cell.targets) for event, cell in row.cells.items()}
            for state, row in self.states.items()
        }
        self.entries = self.entries_with({timer.name: timer.default_ms / 1000 for timer in self.timers.values()})

    def entries_with(self, durations: Mapping[str, float]) -> dict[str, Entry]:
        """By state: the timers it keeps, and those it starts with their seconds."""
        return {
            name: (state.keeps, tuple((timer, durations[timer]) for timer in state.starts)) for name, state in self.states.items()
        }

    def _faults(self) -> Iterable[str]:
        if self.initial not in self.states:
            yield f"initial state {self.initial} does not exist"
        running = self._running()
        for name, state in self.states.items():
            if self.always not in state.cells:
                yield f"state {name} does not answer {self.always}"
            for timer in (*state.starts, *state.keeps):
                if timer not in self.timers:
                    yield f"state {name} names the unknown timer {timer}"
            for timer in sorted(running[name]):
                if timer not in state.cells:
                    yield f"state {name} does not answer timer {timer}"
            for event, cell in state.cells.items():
                for target in cell.targets:
                    if target not in self.states:
                        yield f"cell ({name}, {event}) leads to the unknown state {target}"

    def _running(self) -> dict[str, set[str]]:
        """Which timers may run in each state: those it starts, and kept ones that may run in a state before it."""
        running = {name: set(state.starts) for name, state in self.states.items()}
        changed = True
        while changed:
            changed = False
            for name, state in self.states.items():
                for cell in state.cells.values():
                    for target in cell.targets:
                        if target in self.states:
                            kept = running[name] & set(self.states[target].keeps)
                            if not kept <= running[target]:
                                running[target] |= kept
                                changed = True
        return running

    def cells(self) -> list[tuple[str, str]]:
        """Every (state, event) of the table, for coverage."""
        return [(name, event) for name, state in self.states.items() for event in state.cells]

    def drawing(self) -> str:
        """The chart as Graphviz text."""
        lines = [f'digraph "{self.name}" {{', "  rankdir=LR; node [shape=box, style=rounded];"]
        for name, state in self.states.items():
            lines.append(f'  "{name}" [label="{name}\\n{state.meaning}"];')
            for event, cell in state.cells.items():
                lines.extend(f'  "{name}" -> "{target}" [label="{event}"];' for target in cell.targets)
        return "\n".join([*lines, "}"])


class Machine:
    """One running instance of a chart, owned by an engine whose methods are the actions."""

    __slots__ = ("_choice", "_durations", "_entries", "_rows", "_timers", "chart", "observer", "owner", "state")

    def __init__(self, chart: Chart, owner: Any, durations: Mapping[str, float] | None = None) -> None:
        """``durations`` are seconds by timer name, where they differ from the chart's defaults."""
        self.chart = chart
        self.owner = owner
        self.state = chart.initial
        self.observer: Callable[[str, str], None] | None = None
        self._rows = chart.rows
        self._timers: dict[str, float] = {}
        self._choice: str | None = None
        self._durations = {name: timer.default_ms / 1000 for name, timer in chart.timers.items()}
        if durations:
            unknown = set(durations) - set(self._durations)
            assert not unknown, f"{chart.name} has no timer {sorted(unknown)}"
            self._durations.update(durations)
        self._entries = chart.entries_with(self._durations) if durations else chart.entries

    def step(self, event: str, argument: Any, now: float) -> Sequence[Output]:
        """Take one event: run the cell's action, go to its target. No cell: an ``Unexpected`` and nothing changes."""
        cell = self._rows[self.state].get(event)
        if cell is None:
            return (Unexpected(self.state, event),)
        if self.observer is not None:
            self.observer(self.state, event)
        action, targets = cell
        outputs: Sequence[Output] = action(self.owner, argument, now) if action is not None else ()
        if targets:
            if len(targets) == 1:
                target = targets[0]
            else:
                assert self._choice in targets, f"{self.chart.name}: ({self.state}, {event}) chose {self._choice}"
                target = self._choice
            self._choice = None
            self.enter(target, now)
        return outputs

    def choose(self, target: str) -> None:
        """Called by an action whose cell has several targets."""
        self._choice = target

    def enter(self, target: str, now: float) -> None:
        """Go to a state and set the timers as it says."""
        keeps, starts = self._entries[target]
        timers = self._timers
        if timers:
            self._timers = timers = {name: due for name, due in timers.items() if name in keeps} if keeps else {}
        for name, seconds in starts:
            timers[name] = now + seconds
        self.state = target

    def start_timer(self, name: str, now: float) -> None:
        """Start a timer from an action; the state entered next must keep it, or it stops again."""
        self._timers[name] = now + self._durations[name]

    def stop_timer(self, name: str) -> None:
        """Stop a timer; no matter if it does not run."""
        self._timers.pop(name, None)

    def runs(self, name: str) -> bool:
        """Whether the timer runs."""
        return name in self._timers

    def deadline(self) -> float | None:
        """When the next timer is due."""
        timers = self._timers
        if not timers:
            return None
        if len(timers) == 1:
            (due,) = timers.values()
            return due
        return min(timers.values())

    def expire(self, now: float) -> Sequence[Output]:
        """Fire the timers that are due, earliest first; an action may stop the others."""
        outputs: list[Output] = []
        while self._timers:
            name = min(self._timers, key=lambda timer: (self._timers[timer], timer))
            if self._timers[name] > now:
                break
            del self._timers[name]
            outputs.extend(self.step(name, None, now))
        return outputs
