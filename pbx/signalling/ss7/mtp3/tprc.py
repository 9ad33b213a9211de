"""TPRC, signalling point restart control: after an isolation traffic begins only when routes have been told (Q.704 section 9).

Two charts. One for this point: it restarts when it was isolated; it waits for TRA of the adjacent points, at most T18, all in all T20;
then it sends TRA and traffic begins. One for each adjacent point: one that was lost restarts too, is told our routes and TRA, and is
opened by its TRA or by T21; a TRA that nobody expects is answered by ours, unless T19 runs, so that two points do not ping-pong. A point
that was all the time reachable by another way does not restart. T18 ends the waiting of points without transfer function as well, so that
two points that were cut from each other do not both wait for T20 (our choice; the text speaks of it for transfer points).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.mtp3.management import Message
from pbx.signalling.ss7.primitives import RestartBegins, RestartEnds

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.adjacent import AdjacentPoint
    from pbx.signalling.ss7.mtp3.room import Room


class PointRestart:
    """The restart of this point."""

    def __init__(self, room: "Room") -> None:
        self.room = room
        variant = room.variant
        seconds = {name: variant.seconds[name] for name in ("T18", "T20")}
        self.machine = Machine(variant.chart("TPRC", POINT_STATES, "isolated"), self, seconds)

    @property
    def restarted(self) -> bool:
        """Whether user traffic flows."""
        return self.machine.state == "Restarted"

    # Actions.

    def _isolated(self, _: Any, now: float) -> Sequence[Output]:
        self.room.note("isolated")
        self.room.count("isolated")
        self.room.tell(RestartBegins())
        return ()

    def _first(self, argument: Any, now: float) -> Sequence[Output]:
        """The first adjacent point has come up. A point that does no restart is at its end with that."""
        if self.room.plan.restart:
            self.machine.choose("Restarting")
            return ()
        self.machine.choose("Restarted")
        return self._end(argument, now)

    def _heard(self, _: Any, now: float) -> Sequence[Output]:
        """A TRA has come: is it the last one that was wanted?"""
        points = self.room.adjacent.values()
        if any(point.up for point in points) and all(point.restart.allowed for point in points if point.wanted):
            self.room.post(self.machine, "complete")
        return ()

    def _end(self, _: Any, now: float) -> Sequence[Output]:
        up = [point for point in self.room.adjacent.values() if point.up]
        for point in up:
            point.open = True
        for point in up:
            point.restart.allow()
            self.room.post(point.restart.machine, "restarted")
        self.room.post(self.machine, "opened")
        return ()

    def _opened(self, _: Any, now: float) -> Sequence[Output]:
        self.room.count("restarted")
        self.room.tell(RestartEnds())
        return ()


class AdjacentRestart:
    """The restart of an adjacent point. ``allowed``: its TRA has come before traffic could begin."""

    def __init__(self, point: "AdjacentPoint") -> None:
        self.point = point
        self.allowed = False
        variant = point.room.variant
        seconds = {name: variant.seconds[name] for name in ("T19", "T21")}
        self.machine = Machine(variant.chart("TPRC adjacent", ADJACENT_STATES, "down"), self, seconds)

    def allow(self) -> None:
        """Tell the adjacent point what it cannot reach through us, then TRA."""
        room = self.point.room
        room.routes.tell_all(self.point)
        room.send(self.point.code, 0, Message("TRA"), adjacent_only=True)

    # Actions.

    def _up(self, argument: Any, now: float) -> Sequence[Output]:
        room = self.point.room
        if not room.restart.restarted:
            room.post(room.restart.machine, "point-up")
            if self.allowed:
                room.post(room.restart.machine, "TRA")
            self.machine.choose("Both")
        elif room.routing.destinations[self.point.code].accessible:
            self._open(argument, now)
            self.machine.choose("Accessible")
        elif self.allowed or not room.plan.restart:
            self.allow()
            self._open(argument, now)
            self.machine.choose("Quiet")
        else:
            self.allow()
            self.machine.choose("Restarting")
        return ()

    def _open(self, _: Any, now: float) -> Sequence[Output]:
        """User traffic may go there: what belongs on its links comes back to them."""
        room = self.point.room
        self.point.open = True
        room.routing.review()
        for link in self.point.links:
            if link.available:
                room.routing.link_available(link)
        return ()

    def _down(self, _: Any, now: float) -> Sequence[Output]:
        room = self.point.room
        self.point.open = False
        self.allowed = False
        room.routes.forget(self.point)
        if not any(point.up for point in room.adjacent.values()):
            room.post(room.restart.machine, "isolated")
        return ()

    def _allowed_early(self, _: Any, now: float) -> Sequence[Output]:
        """The adjacent point sees the link in service while we still test it."""
        self.allowed = True
        return ()

    def _allowed(self, argument: Any, now: float) -> Sequence[Output]:
        """The TRA that was waited for."""
        self._open(argument, now)
        self.machine.choose("Quiet")
        return ()

    def _allowed_while_both(self, _: Any, now: float) -> Sequence[Output]:
        self.allowed = True
        self.point.room.post(self.point.room.restart.machine, "TRA")
        return ()

    def _restarted(self, argument: Any, now: float) -> Sequence[Output]:
        """This point's own restart has ended and TRA is sent: the other's, if it is still to come, is nothing new."""
        return self._open(argument, now)

    def _unexpected(self, _: Any, now: float) -> Sequence[Output]:
        """The adjacent point has restarted and we had not seen it: it must know our routes (section 9.4)."""
        self.point.room.routes.forget_told(self.point)
        self.allow()
        return ()


_P = PointRestart
_A = AdjacentRestart
_NOTHING = Cell(None)
_RESTARTED = ("Restarted",)

POINT_STATES: dict[str, State] = {
    "Isolated": State(
        "no adjacent point is there",
        {
            "isolated": _NOTHING,
            "point-up": Cell(_P._first, ("Restarting", "Restarted")),
            "TRA": _NOTHING,
            "complete": _NOTHING,
            "opened": _NOTHING,
        },
    ),
    "Restarting": State(
        "waits for the adjacent points",
        {
            "isolated": Cell(None, ("Isolated",)),
            "point-up": _NOTHING,
            "TRA": Cell(_P._heard),
            "complete": Cell(_P._end, _RESTARTED),
            "T18": Cell(_P._end, _RESTARTED),
            "T20": Cell(_P._end, _RESTARTED),
        },
        ("T18", "T20"),
    ),
    "Restarted": State(
        "traffic flows",
        {
            "isolated": Cell(_P._isolated, ("Isolated",)),
            "point-up": _NOTHING,
            "TRA": _NOTHING,
            "complete": _NOTHING,
            "opened": Cell(_P._opened),
        },
    ),
}
"""Figure 34/Q.704 for this point."""

_GONE = Cell(_A._down, ("Unavailable",))

ADJACENT_STATES: dict[str, State] = {
    "Unavailable": State(
        "no link to it is available",
        {
            "up": Cell(_A._up, ("Both", "Accessible", "Restarting", "Quiet")),
            "down": _NOTHING,
            "restarted": _NOTHING,
            "TRA": Cell(_A._allowed_early),
        },
    ),
    "Both": State(
        "this point restarts itself",
        {
            "up": _NOTHING,
            "down": _GONE,
            "TRA": Cell(_A._allowed_while_both),
            "restarted": Cell(_A._restarted, ("Quiet",)),
        },
    ),
    "Restarting": State(
        "the adjacent point restarts",
        {
            "up": _NOTHING,
            "down": _GONE,
            "restarted": _NOTHING,
            "TRA": Cell(_A._allowed, ("Quiet",)),
            "T21": Cell(_A._open, ("Accessible",)),
        },
        ("T21",),
    ),
    "Quiet": State(
        "traffic flows, a TRA is nothing new",
        {"up": _NOTHING, "down": _GONE, "restarted": _NOTHING, "TRA": _NOTHING, "T19": Cell(None, ("Accessible",))},
        ("T19",),
    ),
    "Accessible": State(
        "traffic flows",
        {"up": _NOTHING, "down": _GONE, "restarted": _NOTHING, "TRA": Cell(_A._unexpected, ("Quiet",))},
    ),
}
"""Figure 34/Q.704 for an adjacent point."""
