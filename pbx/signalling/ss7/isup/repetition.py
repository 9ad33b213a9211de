"""Requests of circuit supervision that are sent again until they are acknowledged (Q.764 clauses 2.8.2, 2.9.3 and 2.9.4).

All of them go the same way: the message is repeated by a short timer; when the long one has run out, people are told, and from then on the
message goes out once in each long time. One chart for each pair of timers: BLO (T12, T13), UBL (T14, T15), CGB (T18, T19), CGU (T20, T21),
GRS (T22, T23). Leaves out RSC (T16, T17), which is a state of the call control.
"""

from collections.abc import Mapping, Sequence

from pbx.engine import Noted, Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.variant import Variant

TIMERS = {
    MessageType.BLO: ("T12", "T13"),
    MessageType.UBL: ("T14", "T15"),
    MessageType.CGB: ("T18", "T19"),
    MessageType.CGU: ("T20", "T21"),
    MessageType.GRS: ("T22", "T23"),
}


class Request:
    """One request and its repetitions."""

    __slots__ = ("machine", "message", "name")

    def __init__(self, variant: Variant, kind: MessageType) -> None:
        self.name = kind.name
        self.message: Message | None = None
        self.machine = Machine(variant.chart(f"{kind.name} sending", STATES[kind], "stop"), self)

    @property
    def waits(self) -> bool:
        """Whether an acknowledgement is still to come."""
        return self.machine.state != "Quiet"

    def begin(self, message: Message, now: float) -> Sequence[Output]:
        """Send a message until ``stop``."""
        self.message = message
        return self.machine.step("begin", None, now)

    def stop(self, now: float) -> bool:
        """It is acknowledged, or nobody wants it any more; whether it was waiting."""
        waited = self.waits
        self.machine.step("stop", None, now)
        return waited

    def send(self, _: object, now: float) -> Sequence[Output]:
        """The message, now."""
        assert self.message is not None, "nothing was begun"
        return (self.message,)

    def repeat(self, _: object, now: float) -> Sequence[Output]:
        """The message again; the long timer runs on."""
        self.machine.start_timer(TIMERS[MessageType[self.name]][0], now)
        return self.send(None, now)

    def alert(self, _: object, now: float) -> Sequence[Output]:
        """People are told, the message goes out again."""
        return (Noted(f"-- {self.name} is not acknowledged"), *self.send(None, now))


def _states(short: str, long: str) -> Mapping[str, State]:
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
            {"begin": begin, "stop": stop, long: Cell(Request.alert, ("Alerted",))},
            (long,),
        ),
    }


STATES = {kind: _states(*timers) for kind, timers in TIMERS.items()}
