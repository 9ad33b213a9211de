"""A story: what one person at the far end does, as a generator that yields what it waits for.

``yield 3.0`` lets three seconds pass. ``yield Until("answered", seconds=30)`` waits until the party notices something that begins with one
of the words; the value of the yield is what was noticed, or None when the time was over. Stories run in the network's time, virtual
or real, and draw whatever is random from the generator handed to them.
"""

from collections.abc import Callable, Generator
from typing import Any

import msgspec

from drivers.far_end.party import Party
from pbx.floor import Clock


class Until(msgspec.Struct, frozen=True):
    """Wait for the party to notice something, at most so long."""

    words: tuple[str, ...]
    seconds: float


def until(*words: str, seconds: float) -> Until:
    """Wait until something noticed begins with one of the words."""
    return Until(words, seconds)


Script = Generator[float | Until, str | None, None]


class Story:
    """One script at work for one party."""

    def __init__(self, clock: Clock, party: Party, script: Script, over: Callable[["Story"], None] | None = None) -> None:
        self.clock = clock
        self.party = party
        self.done = False
        self._script = script
        self._over = over
        self._until: Until | None = None
        self._timer: Any = None
        party.watcher = self._noticed

    def begin(self) -> None:
        """Start the script."""
        self._go(None)

    def _noticed(self, what: str) -> None:
        wanted = self._until
        if wanted is None or not what.startswith(wanted.words):
            return
        self._until = None
        if self._timer is not None:
            self._timer.cancel()
        # The party is in the middle of its turn: the script goes on in the next one.
        self._timer = self.clock.callLater(0.0, self._go, what)

    def _time_over(self) -> None:
        self._until = None
        self._go(None)

    def _go(self, value: str | None) -> None:
        self._timer = None
        try:
            wait = self._script.send(value)
        except StopIteration:
            self.done = True
            self.party.watcher = None
            if self._over is not None:
                self._over(self)
            return
        if isinstance(wait, Until):
            self._until = wait
            self._timer = self.clock.callLater(wait.seconds, self._time_over)
        else:
            self._timer = self.clock.callLater(wait, self._go, None)
