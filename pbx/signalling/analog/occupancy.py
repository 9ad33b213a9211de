"""Whether a line carries a call and why it may not be seized: what the engines of exchange lines and tie lines say alike to the switch.

Release goes up once for each call, Blocked with each new reason, Unblocked with the last one, Idle when owed: the rules at the head of
pbx/vocabulary/call.py. Leaves out when any of this comes to pass, which is each engine's.
"""

from pbx.engine import Output
from pbx.vocabulary.call import Blocked, Idle, Release, Unblocked

IDLE, UNBLOCKED = Idle(), Unblocked()


class Occupancy:
    """Of one line. ``open``: a call for which Release is owed; ``reasons`` why it may not be seized."""

    __slots__ = ("_idle_owed", "open", "reasons")

    def __init__(self) -> None:
        self.open = self._idle_owed = False
        self.reasons: set[str] = set()

    def close(self, cause: int) -> tuple[Output, ...]:
        """Release up, if a call is open."""
        if not self.open:
            return ()
        self.open = False
        return (Release(cause),)

    def add_reason(self, reason: str) -> tuple[Output, ...]:
        """The line may not be seized, for one more reason."""
        if reason in self.reasons:
            return ()
        self.reasons.add(reason)
        return (Blocked(reason),)

    def remove_reason(self, reason: str) -> tuple[Output, ...]:
        """A reason has gone; Unblocked goes up with the last one."""
        if reason not in self.reasons:
            return ()
        self.reasons.discard(reason)
        return () if self.reasons else (UNBLOCKED,)

    def pay_idle(self) -> tuple[Output, ...]:
        """Idle up, if it is owed."""
        owed, self._idle_owed = self._idle_owed, False
        return (IDLE,) if owed else ()
