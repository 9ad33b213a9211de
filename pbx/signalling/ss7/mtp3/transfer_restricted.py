"""RTRC, signalling route transfer restricted control: a transfer point that has lost its normal way asks to be spared (Q.704 section 13.4).

While a destination is reached by an alternative route alone, adjacent points that have other ways should use them. They are told so by
TFR, not at once: a link set that comes back within T11 has troubled nobody. The procedure is a national option, and the file of figures
says whether it is used. Leaves out what restricts a route by long congestion, for which the Recommendation leaves the measure open; what
an adjacent point has told by TFR is passed on without T11 (route_management.py).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.room import Room
    from pbx.signalling.ss7.mtp3.tsrc import Destination


class RestrictionControl:
    """The box of one destination. ``restricted``: adjacent points are told that our way there is restricted."""

    def __init__(self, room: "Room", destination: "Destination") -> None:
        self.room = room
        self.destination = destination
        self.restricted = False
        variant = room.variant
        self.machine = Machine(variant.chart("RTRC", STATES, "normal"), self, {"T11": variant.seconds["T11"]})

    def review(self) -> None:
        """See which way is used now."""
        usable = self.destination.usable()
        normal = [route.link_set.point for route in self.destination.groups[0]]
        diverted = bool(usable) and usable[0].link_set.point not in normal  # another link set to the same point is no longer way
        self.room.post(self.machine, "diverted" if diverted else "normal")

    # Actions.

    def _restrict(self, _: Any, now: float) -> Sequence[Output]:
        self.room.count("destination restricted")
        self.restricted = True
        self.room.routes.tell()
        return ()

    def _let_go(self, _: Any, now: float) -> Sequence[Output]:
        self.restricted = False
        self.room.routes.tell()
        return ()


_R = RestrictionControl
_NOTHING = Cell(None)

STATES: dict[str, State] = {
    "Normal": State("the normal route is used, or none", {"normal": _NOTHING, "diverted": Cell(None, ("Waiting",))}),
    "Waiting": State(
        "an alternative route is used, adjacent points are not told yet",
        {"normal": Cell(None, ("Normal",)), "diverted": _NOTHING, "T11": Cell(_R._restrict, ("Restricted",))},
        ("T11",),
    ),
    "Restricted": State("adjacent points are told", {"normal": Cell(_R._let_go, ("Normal",)), "diverted": _NOTHING}),
}
"""The part of figure 45/Q.704 that has a timer."""
