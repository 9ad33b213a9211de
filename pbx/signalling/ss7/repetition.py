"""Requests of circuit supervision that are sent again until they are acknowledged (Q.764 clauses 2.8.2, 2.9.3 and 2.9.4; Q.724 likewise).

All of them go the same way: the message is repeated by a short timer; when the long one has run out, people are told, and from then on the
message goes out once in each long time. One chart for each message and its pair of timers, which are the user part's. While the short timer
runs, an acknowledgement of what was sent may be on its way. Leaves out RSC, which is a state of the calls.
"""

from collections.abc import Sequence
from typing import Any

from pbx.engine import Noted, Output, PeerMessage
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.variant import Variant


class Request:
    """One request and its repetitions."""

    __slots__ = ("_short", "machine", "message", "name")

    def __init__(self, variant: Variant[Any], name: str, timers: tuple[str, str]) -> None:
        """``timers``: how long until the message is repeated, and until people are told."""
        self.name = name
        self.message: PeerMessage | None = None
        self._short = timers[0]
        self.machine = Machine(variant.chart(f"{name} sending", states(*timers), "stop"), self)

    @property
    def waits(self) -> bool:
        """Whether an acknowledgement is still to come."""
        return self.machine.state != "Quiet"

    @property
    def lately(self) -> bool:
        """Whether an acknowledgement of what was sent last may be on its way."""
        return self.machine.runs(self._short)

    @property
    def alerted(self) -> bool:
        """Whether people were told that there is no acknowledgement."""
        return self.machine.state == "Alerted"

    def begin(self, message: PeerMessage, now: float) -> Sequence[Output]:
        """Send a message until ``stop``."""
        self.message = message
        return self.machine.step("begin", None, now)

    def stop(self, now: float) -> bool:
        """It is acknowledged, or nobody wants it any more; whether it was waiting."""
        waited = self.waits
        self.machine.step("stop", None, now)
        return waited

    def mend(self, now: float) -> Sequence[Output]:
        """Begin anew where a fault of ours has taken the timer away."""
        lost = self.waits and self.machine.deadline() is None
        return self.machine.step("begin", None, now) if lost else ()

    def send(self, _: object, now: float) -> Sequence[Output]:
        """The message, now."""
        assert self.message is not None, "nothing was begun"
        return (self.message,)

    def repeat(self, _: object, now: float) -> Sequence[Output]:
        """The message again; the long timer runs on."""
        self.machine.start_timer(self._short, now)
        return self.send(None, now)

    def alert(self, _: object, now: float) -> Sequence[Output]:
        """People are told, the message goes out again."""
        return (Noted(f"-- {self.name} is not acknowledged"), *self.send(None, now))


def states(short: str, long: str) -> dict[str, State]:
    """The table with these two timers."""
    begin, stop = Cell(Request.send, ("Waiting",)), Cell(None, ("Quiet",))
    return {
        "Quiet": State("nothing is asked", {"begin": begin, "stop": Cell(None)}),
        "Waiting": State(
            "sent, not acknowledged",
            {"begin": begin, "stop": stop, short: Cell(Request.repeat), long: Cell(Request.alert, ("Alerted",))},
            (short, long),
        ),
        "Alerted": State(
            "people were told, sent now and then",
            {"begin": begin, "stop": stop, short: Cell(None), long: Cell(Request.alert, ("Alerted",))},
            (short, long),
        ),
    }
