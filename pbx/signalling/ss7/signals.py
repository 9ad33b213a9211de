"""The signals between the boxes of one engine, and what the boxes say to the world: its levels, its trace, its counts.

The diagrams of Q.703, Q.704 and the user adaptations exchange signals between their boxes. As in SDL a signal is taken when the box that
sent it has finished, so all of them go through one queue here, and no box is entered while it runs. Leaves out every procedure, and which
boxes there are.
"""

from collections import deque
from typing import Any, Generic, TypeVar

from pbx.engine import Noted, Unexpected
from pbx.machine import Machine

Told = TypeVar("Told")


class Signals(Generic[Told]):
    """The queue and the outputs; ``Told`` is what users or the level above are told."""

    def __init__(self) -> None:
        self.outputs: list[Any] = []
        self.counters: dict[str, int] = {}
        self._signals: deque[tuple[Machine, str, Any, bool]] = deque()

    def post(self, machine: Machine, event: str, argument: Any = None) -> None:
        """A signal from one of our boxes or their users: a box without a cell for it is our mistake."""
        self._signals.append((machine, event, argument, False))

    def hear(self, machine: Machine, event: str, argument: Any = None) -> None:
        """A signal that the far end caused: a box without a cell for it yields ``Unexpected``."""
        self._signals.append((machine, event, argument, True))

    def drain(self, now: float) -> None:
        """Let every signal be taken, in order."""
        while self._signals:
            machine, event, argument, heard = self._signals.popleft()
            for value in machine.step(event, argument, now):
                assert heard or type(value) is not Unexpected, f"{machine.chart.name}: no cell ({machine.state}, {event})"
                self.count("unexpected")
                self.outputs.append(value)
            self.watch(machine)

    def watch(self, machine: Machine) -> None:
        """A box has taken a signal: its next timer may be due at another time."""

    def tell(self, value: Told) -> None:
        """To users, the level above, or people."""
        self.outputs.append(value)

    def note(self, text: str) -> None:
        """A line of the trace."""
        self.outputs.append(Noted(text))

    def count(self, name: str) -> None:
        """One more of what Q.752 or people want to know."""
        self.counters[name] = self.counters.get(name, 0) + 1
