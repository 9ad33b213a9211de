"""Whether the far ISUP takes messages (Q.764 clauses 2.13 and 2.14; T4).

A user part that is not available is asked by UPT each T4 until it, or anything at all, answers.
"""

from collections.abc import Sequence

from pbx.engine import Output
from pbx.machine import Cell, State
from pbx.signalling.ss7.availability import FarUserPart
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType


def _test(part: FarUserPart, _: object, now: float) -> Sequence[Output]:
    return (Message(part.cic, MessageType.UPT),)


_HEARD = Cell(None, ("Available",))
_TEST, _NONE = Cell(_test, ("Testing",)), Cell(FarUserPart.unequipped, ("Unequipped",))
AVAILABILITY_STATES = {
    "Available": State("answers", {"heard": Cell(None), "inaccessible": _TEST, "unequipped": _NONE, "clear": _HEARD}),
    "Testing": State(
        "asked by UPT", {"heard": _HEARD, "inaccessible": Cell(None), "unequipped": _NONE, "T4": _TEST, "clear": _HEARD}, ("T4",)
    ),
    "Unequipped": State("does not exist", {"heard": _HEARD, "inaccessible": _TEST, "unequipped": Cell(None), "clear": _HEARD}),
}


class Availability(FarUserPart):
    """The far ISUP."""

    __slots__ = ()

    STATES = AVAILABILITY_STATES
