"""An engine without a line on the floor: a signalling link, a signalling point, or the circuits between two points.

Its inputs come within turns; its timers open turns of their own, with the time at which they were due, as those of lines do (pbx/floor.py).
What it returns is given on by type, later in the same turn, so that engines never call one another. A fault of our own in it is caught
here: it is noted with what the engine was given, and ``mend`` brings what hangs on the engine back into a state that is known; what was
returned before it is given on, and one output that cannot be delivered costs no other. Leaves out what engines say to each other
(pbx/signalling_points.py), and how each kind is mended (pbx/signalling_mending.py).
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from pbx.engine import Malformed, Noted, Unexpected
from pbx.floor import FAULT_PAUSE_S, Floor


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


Mend = Callable[[Any, str], Iterable[Any]]
"""``mend(given, fault)``: the engine has failed at what it was given, None for a deadline; ``fault`` is the exception in one line. What
comes back is delivered in place of what the engine would have said."""


def leave(given: Any, fault: str) -> Iterable[Any]:
    """An engine whose state is as it was goes on."""
    return ()


class Seat:
    """One engine; ``deliver`` is called with each of its outputs. ``engine`` is another one after some ways of mending."""

    def __init__(self, floor: Floor, engine: Timed, deliver: Callable[[Any], object], mend: Mend = leave) -> None:
        self.engine = engine
        self._floor = floor
        self._deliver = deliver
        self._mend = mend
        self._wake_at: float | None = None
        self._wake_call: Any = None
        self._failed_due: float | None = None

    def give(self, function: Callable[..., Iterable[Any]], *values: Any) -> None:
        """Let the engine do something by ``function(*values, now)``, and give on what it returns; within a turn."""
        try:
            outputs = function(*values, self._floor.now)
        except Exception:
            outputs = self._mended(values[0] if len(values) == 1 else values)
        self.take(outputs)

    def take(self, outputs: Iterable[Any]) -> None:
        """Give on what the engine has returned, and see when it wants to be woken."""
        self._give_on(outputs)
        self._await_next(self._engine_due())

    def _give_on(self, outputs: Iterable[Any]) -> None:
        for output in outputs:
            try:
                self._deliver(output)
            except Exception:
                self._floor.failed(None, output)

    @property
    def waits(self) -> bool:
        """Whether a timer runs."""
        return self._wake_call is not None

    def _engine_due(self) -> float | None:
        try:
            return self.engine.deadline()
        except Exception:
            self._floor.failed(None, "the question for its deadline")
            return self._floor.clock.seconds() + FAULT_PAUSE_S

    def _await_next(self, due: float | None) -> None:
        if due is not None and (self._wake_at is None or due < self._wake_at):
            if self._wake_call is not None:
                self._wake_call.cancel()
            self._await(due)

    def _await(self, due: float) -> None:
        self._wake_at = due
        clock = self._floor.clock
        self._wake_call = clock.callLater(max(0.0, due - clock.seconds()), self._wake)

    def _wake(self) -> None:
        """The deadline as it was when the call was made; it may have moved since, which costs nothing."""
        self._wake_at = self._wake_call = None
        due = self._engine_due()
        if due is None:
            return
        if due > self._floor.clock.seconds() + 1e-9:
            self._await(due)
        else:
            self._floor.turn(self._expire, due)

    def _expire(self, due: float) -> None:
        self._floor.now = due
        again = False
        try:
            outputs = self.engine.expire(due)
        except Exception:
            outputs = self._mended(None)
            again, self._failed_due = self._failed_due == due, due
        self._give_on(outputs)
        wanted = self._engine_due()
        if again and wanted is not None and wanted <= due:
            # What fails twice at the same deadline is tried again later, and not at once for ever.
            wanted = self._floor.clock.seconds() + FAULT_PAUSE_S
        self._await_next(wanted)

    def _mended(self, given: Any) -> Iterable[Any]:
        fault = self._floor.failed(None, "its deadline" if given is None else given)
        try:
            return list(self._mend(given, fault))
        except Exception:
            self._floor.failed(None, f"mending behind {fault}")
            return ()
