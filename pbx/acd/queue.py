"""A queue of calls that wait for a skill: higher priority first, then in order of arrival.

A call put back after an offer that was not answered stands in front of all of its priority, in the order of its first
arrival, so equal priorities are never overtaken. Leaves out choosing the agent (distributor) and what the caller hears.
"""

import bisect

import msgspec


class QueueProfile(msgspec.Struct, frozen=True):
    """What the configuration says of a queue. Times in seconds; ``max_wait_seconds`` and ``max_waiting`` 0 = no limit."""

    name: str
    skill: str
    ring_seconds: float = 20.0
    wrap_up_seconds: float = 10.0
    max_wait_seconds: float = 0.0
    max_waiting: int = 0
    service_level_seconds: float = 30.0


class Waiting(msgspec.Struct, frozen=True):
    """A call that waits; ``arrival`` numbers the arrivals and is kept when the call is put back."""

    call: str
    queue: str
    priority: int
    arrival: int
    joined_at: float

    def place(self) -> tuple[int, int]:
        """What the queue is ordered by."""
        return (-self.priority, self.arrival)


class Queue:
    """The calls waiting in one queue, in order."""

    def __init__(self, profile: QueueProfile) -> None:
        self.profile = profile
        self._waiting: list[Waiting] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._waiting)

    def add(self, waiting: Waiting) -> int:
        """Take the call in; its position, 1 = next."""
        index = bisect.bisect(self._waiting, waiting.place(), key=Waiting.place)
        self._waiting.insert(index, waiting)
        return index + 1

    def remove(self, call: str) -> Waiting | None:
        """Take the call out; None when it is not here."""
        for index, waiting in enumerate(self._waiting):
            if waiting.call == call:
                return self._waiting.pop(index)
        return None

    def head(self) -> Waiting | None:
        """The next call."""
        return self._waiting[0] if self._waiting else None

    def position(self, call: str) -> int:
        """1 = next; 0 = not here."""
        for index, waiting in enumerate(self._waiting):
            if waiting.call == call:
                return index + 1
        return 0
