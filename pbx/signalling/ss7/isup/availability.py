"""Whether the far ISUP takes messages (Q.764 clauses 2.13 and 2.14; T4).

A user part that is not available is asked by UPT each T4 until it, or anything at all, answers.
"""

from collections.abc import Sequence

from pbx.engine import Noted, Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.variant import Variant


class Availability:
    """Whether the far user part takes messages."""

    __slots__ = ("cic", "machine")

    def __init__(self, variant: Variant, cic: int) -> None:
        """``cic`` is any circuit to the far point: UPT needs one."""
        self.cic = cic
        self.machine = Machine(variant.chart("user part", AVAILABILITY_STATES, "clear"), self)

    @property
    def available(self) -> bool:
        """Whether calls may begin."""
        return self.machine.state == "Available"

    def _test(self, _: object, now: float) -> Sequence[Output]:
        return (Message(self.cic, MessageType.UPT),)

    def _unequipped(self, _: object, now: float) -> Sequence[Output]:
        return (Noted("-- the far point has no such user part"),)


_HEARD = Cell(None, ("Available",))
_TEST, _NONE = Cell(Availability._test, ("Testing",)), Cell(Availability._unequipped, ("Unequipped",))
AVAILABILITY_STATES = {
    "Available": State("answers", {"heard": Cell(None), "inaccessible": _TEST, "unequipped": _NONE, "clear": _HEARD}),
    "Testing": State(
        "asked by UPT", {"heard": _HEARD, "inaccessible": Cell(None), "unequipped": _NONE, "T4": _TEST, "clear": _HEARD}, ("T4",)
    ),
    "Unequipped": State("does not exist", {"heard": _HEARD, "inaccessible": _TEST, "unequipped": Cell(None), "clear": _HEARD}),
}
