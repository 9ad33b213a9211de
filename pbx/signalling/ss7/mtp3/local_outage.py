"""TLAC, link availability control, the part that knows of a processor outage at this end (Q.704 sections 3.2.6 and 4.4).

Level 2 tells the far end by SIPO as long as the outage lasts. With the national option of T24 the link stays out for that time after the
outage: level 2 does not send SIPO any more, but no traffic comes back before the processor has been well for so long, and an outage that
returns meanwhile is the same one. What becomes of the messages that waited is decided at the end (``Link.recovered``). Leaves out outages
of the far end, which level 2 tells.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.primitives import LocalProcessorOutage, LocalProcessorRecovered

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.link import Link


class LocalOutage:
    """The box of one link."""

    def __init__(self, link: "Link") -> None:
        self.link = link
        variant = link.room.variant
        self.machine = Machine(variant.chart("TLAC local outage", STATES, "unblock"), self, {"T24": variant.seconds["T24"]})

    # Actions.

    def _block(self, _: Any, now: float) -> Sequence[Output]:
        link = self.link
        link.room.to_link(link, LocalProcessorOutage())
        if not link.local_outage:
            link.local_outage = True
            link.review()
        return ()

    def _unblock(self, argument: Any, now: float) -> Sequence[Output]:
        link = self.link
        link.room.to_link(link, LocalProcessorRecovered())
        if link.room.variant.data.outage_stabilised:
            self.machine.choose("Stabilising")
            return ()
        self.machine.choose("Working")
        return self._recovered(argument, now)

    def _recovered(self, _: Any, now: float) -> Sequence[Output]:
        self.link.local_outage = False
        self.link.recovered()
        return ()


_O = LocalOutage
_NOTHING = Cell(None)
_OUT = ("Out",)

STATES: dict[str, State] = {
    "Working": State("no processor outage here", {"block": Cell(_O._block, _OUT), "unblock": _NOTHING}),
    "Out": State("processor outage, SIPO is sent", {"block": _NOTHING, "unblock": Cell(_O._unblock, ("Stabilising", "Working"))}),
    "Stabilising": State(
        "the outage is over, but not for long enough",
        {"block": Cell(_O._block, _OUT), "unblock": _NOTHING, "T24": Cell(_O._recovered, ("Working",))},
        ("T24",),
    ),
}
"""The part of figure 29/Q.704 that concerns our own processor."""
