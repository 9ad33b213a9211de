"""TCBC, changeback control: traffic comes back to a link that is available again, in order (Q.704 section 6).

One of these runs for each pair of a link that comes back and a link that stood in for it. The traffic concerned is held; a changeback
declaration follows the last message over the stand-in, and what the far end acknowledges it has received after all of them. It is sent
again once (T4); after T5 traffic goes on without an answer. Where the declaration would not reach the far end over the stand-in, traffic
rests for T3 instead. Leaves out which traffic comes back (tsrc.py).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.mtp3.management import Message
from pbx.signalling.ss7.mtp3.operation import Warned

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.link import Link
    from pbx.signalling.ss7.mtp3.room import Room
    from pbx.signalling.ss7.mtp3.tsrc import Hold


class Changeback:
    """One diversion back to ``link`` from ``stand_in``; it lives until its traffic goes on."""

    def __init__(self, room: "Room", link: "Link", stand_in: "Link", code: int, hold: "Hold") -> None:
        self.room = room
        self.link = link
        self.stand_in = stand_in
        self.code = code
        variant = room.variant
        seconds = {name: variant.seconds[name] for name in ("T3", "T4", "T5")}
        self.machine = Machine(variant.chart("TCBC", STATES, "CBA"), self, seconds)
        self._hold = hold
        room.post(self.machine, "begin")

    def _declare(self) -> bool:
        link, stand_in = self.link, self.stand_in
        adjacent = link.link_set.adjacent
        if stand_in.link_set.point is not link.link_set.point and not self.room.routing.leads(stand_in, adjacent):
            return False
        return self.room.send(adjacent, link.code, Message("CBD", code=self.code), via=stand_in)

    # Actions.

    def _begin(self, _: Any, now: float) -> Sequence[Output]:
        self.room.count("changeback", link=self.link)
        self.machine.choose("FirstDeclared" if self._declare() else "Timed")
        return ()

    def _repeat(self, _: Any, now: float) -> Sequence[Output]:
        self._declare()
        return ()

    def _end(self, _: Any, now: float) -> Sequence[Output]:
        self.room.changebacks.pop((self.link.name, self.code), None)
        self.room.routing.release(self._hold)
        return ()

    def _not_acknowledged(self, argument: Any, now: float) -> Sequence[Output]:
        self.room.tell(Warned(self.link.name, "no changeback acknowledgement (T5)"))
        self.room.count("changeback without acknowledgement")
        return self._end(argument, now)


_C = Changeback
_NOTHING = Cell(None)
_ENDED = ("Ended",)

STATES: dict[str, State] = {
    "New": State("traffic is held", {"begin": Cell(_C._begin, ("FirstDeclared", "Timed")), "CBA": _NOTHING}),
    "FirstDeclared": State(
        "the declaration is sent",
        {"CBA": Cell(_C._end, _ENDED), "T4": Cell(_C._repeat, ("SecondDeclared",))},
        ("T4",),
    ),
    "SecondDeclared": State(
        "the declaration is sent a second time",
        {"CBA": Cell(_C._end, _ENDED), "T5": Cell(_C._not_acknowledged, _ENDED)},
        ("T5",),
    ),
    "Timed": State("traffic rests for T3", {"CBA": _NOTHING, "T3": Cell(_C._end, _ENDED)}, ("T3",)),
    "Ended": State("traffic goes on", {"CBA": _NOTHING}),
}
"""Figure 31/Q.704."""
