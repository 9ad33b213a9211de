"""An engine without a line on the floor: a signalling link, a signalling point, or the circuits between two points.

Its inputs come within turns; its timers open turns of their own, with the time at which they were due, as those of lines do (pbx/floor.py).
What it returns is given on by type, later in the same turn, so that engines never call one another. Leaves out what they say to each
other (pbx/signalling_points.py).
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from pbx.floor import Floor


class Timed(Protocol):
    """What a seat needs of its engine."""

    def expire(self, now: float) -> Iterable[Any]:
        """The deadline has come."""

    def deadline(self) -> float | None:
        """When ``expire`` is wanted; None = never."""


class Seat:
    """One engine; ``deliver`` is called with each of its outputs."""

    def __init__(self, floor: Floor, engine: Timed, deliver: Callable[[Any], object]) -> None:
        self._floor = floor
        self._engine = engine
        self._deliver = deliver
        self._wake_at: float | None = None
        self._wake_call: Any = None

    def take(self, outputs: Iterable[Any]) -> None:
        """Give on what the engine has returned, and see when it wants to be woken."""
        for output in outputs:
            self._deliver(output)
        due = self._engine.deadline()
        if due is not None and (self._wake_at is None or due < self._wake_at):
            if self._wake_call is not None:
                self._wake_call.cancel()
            self._await(due)

    @property
    def waits(self) -> bool:
        """Whether a timer runs."""
        return self._wake_call is not None

    def _await(self, due: float) -> None:
        self._wake_at = due
        clock = self._floor.clock
        self._wake_call = clock.callLater(max(0.0, due - clock.seconds()), self._wake)

    def _wake(self) -> None:
        """The deadline as it was when the call was made; it may have moved since, which costs nothing."""
        self._wake_at = self._wake_call = None
        due = self._engine.deadline()
        if due is None:
            return
        if due > self._floor.clock.seconds() + 1e-9:
            self._await(due)
        else:
            self._floor.turn(self._expire, due)

    def _expire(self, due: float) -> None:
        self._floor.now = due
        outputs: Iterable[Any] = ()
        try:
            outputs = self._engine.expire(due)
        finally:
            # A fault of the engine is caught by the floor; its other timers run on.
            self.take(outputs)
