"""TCRC, controlled rerouting control: traffic rests for T6 before it takes a better route, so that nothing overtakes (Q.704 section 8).

Forced rerouting (TFRC, section 7) waits for nothing and needs no box: ``Routing.force``. Leaves out which traffic is concerned (tsrc.py).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.room import Room
    from pbx.signalling.ss7.mtp3.tsrc import Hold


class ControlledRerouting:
    """One rerouting; it lives until its traffic goes on."""

    def __init__(self, room: "Room", hold: "Hold") -> None:
        self.room = room
        variant = room.variant
        self.machine = Machine(variant.chart("TCRC", STATES, "begin"), self, {"T6": variant.seconds["T6"]})
        self._hold = hold
        room.post(self.machine, "begin")

    def _end(self, _: Any, now: float) -> Sequence[Output]:
        self.room.count("controlled rerouting")
        self.room.routing.release(self._hold)
        return ()


STATES: dict[str, State] = {
    "New": State("traffic is held", {"begin": Cell(None, ("Resting",))}),
    "Resting": State("traffic rests", {"begin": Cell(None), "T6": Cell(ControlledRerouting._end, ("Ended",))}, ("T6",)),
    "Ended": State("traffic goes on", {"begin": Cell(None)}),
}
"""Figure 33/Q.704."""
