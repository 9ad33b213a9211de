"""An engine without a line on the floor: a signalling link, a signalling point, or the circuits between two points.

Its inputs come within turns; its timers open turns of their own, with the time at which they were due, as those of lines do (pbx/floor.py).
What it returns is given on by type, later in the same turn, so that engines never call one another. Leaves out what they say to each
other (pbx/signalling_points.py).
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from pbx.engine import Malformed, Noted, Unexpected
from pbx.floor import Floor


def words_of(floor: Floor, output: Any) -> str:
    """A line of the trace, or something that the far end did wrong, which is counted; "" for any other output."""
    if isinstance(output, Noted):
        return output.text
    if isinstance(output, Unexpected):
        floor.counters[f"unexpected {output.state} {output.event}"] += 1
        return f"?? unexpected {output.event} in {output.state}"
    if isinstance(output, Malformed):
        floor.counters["malformed"] += 1
        return f"?? malformed {output.what}"
    return ""


class Timed(Protocol):
    """What a seat needs of its engine."""

    def expire(self, now: float) -> Iterable[Any]:
        """The deadline has come."""

    def deadline(self) -> float | None:
        """When ``expire`` is wanted; None = never."""


class Backhaul(Protocol):
    """Links whose levels 2 and 3 are apart, one of them here (pbx/signalling_backhaul.py)."""

    @property
    def waits(self) -> int:
        """How many timers run."""

    def begin(self) -> None:
        """Into service, before points are; within a turn."""


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
