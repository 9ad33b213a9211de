"""RTPC, RTAC, RTRC and RSRT, signalling route management: what adjacent points tell one another of destinations (Q.704 section 13).

What is told to this point (TFP, TFR, TFA) becomes the status of a route; a route that is not allowed is asked after again each T10 (RST,
RSR). What a transfer point tells others follows from the state of its own routes: a destination that it cannot reach, or reaches through
the very point that is told, is prohibited; each point is told when that changes, and again when it sends what cannot be passed on (T8).
What one point tells of a destination holds for all link sets to it. Leaves out when a normal route counts as lost (transfer_restricted.py)
and TFR by congestion in the long run, which is a national option.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.mtp3.management import Message
from pbx.signalling.ss7.mtp3.operation import RouteChanged
from pbx.signalling.ss7.mtp3.transfer_restricted import RestrictionControl
from pbx.signalling.ss7.mtp3.tsrc import ALLOWED, PROHIBITED, RESTRICTED, WORDS

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.adjacent import AdjacentPoint
    from pbx.signalling.ss7.mtp3.link import Link
    from pbx.signalling.ss7.mtp3.room import Room
    from pbx.signalling.ss7.mtp3.tsrc import Destination, Route

STATUS = {"TFA": ALLOWED, "TFR": RESTRICTED, "TFP": PROHIBITED}
NAMES = ("TFA", "TFR", "TFP")


class RouteSetTest:
    """RSRT: asks the adjacent point each T10 whether the way through it is still as bad as it told. ``route`` is one of those by it."""

    def __init__(self, room: "Room", destination: "Destination", route: "Route") -> None:
        self.room = room
        self.destination = destination
        self.route = route
        variant = room.variant
        self.machine = Machine(variant.chart("RSRT", TEST_STATES, "allowed"), self, {"T10": variant.seconds["T10"]})

    def _ask(self, _: Any, now: float) -> Sequence[Output]:
        name = "RST" if self.route.status == PROHIBITED else "RSR"
        adjacent = self.route.link_set.adjacent
        self.room.send(adjacent, 0, Message(name, destination=self.destination.code), adjacent_only=True)
        return ()


class ResponseControl:
    """RTPC's response method: after a TFP in answer to a message there is no other for T8."""

    def __init__(self, room: "Room", destination: "Destination", point: "AdjacentPoint") -> None:
        self.room = room
        self.destination = destination
        self.point = point
        variant = room.variant
        self.machine = Machine(variant.chart("RTPC", RESPONSE_STATES, "needed"), self, {"T8": variant.seconds["T8"]})

    def _respond(self, _: Any, now: float) -> Sequence[Output]:
        self.room.routes.say(self.point, self.destination, PROHIBITED)
        return ()


_NOTHING = Cell(None)
_TESTING = ("Testing",)

TEST_STATES: dict[str, State] = {
    "Idle": State("the route is allowed", {"allowed": _NOTHING, "not-allowed": Cell(None, _TESTING)}),
    "Testing": State(
        "the route is prohibited or restricted",
        {"allowed": Cell(None, ("Idle",)), "not-allowed": _NOTHING, "T10": Cell(RouteSetTest._ask, _TESTING)},
        ("T10",),
    ),
}
"""Figure 46/Q.704."""
RESPONSE_STATES: dict[str, State] = {
    "Idle": State("TFP may be sent", {"needed": Cell(ResponseControl._respond, ("Quiet",))}),
    "Quiet": State("TFP was sent", {"needed": _NOTHING, "T8": Cell(None, ("Idle",))}, ("T8",)),
}
"""The part of figure 44/Q.704 that has a timer."""


class RouteManagement:
    """Route management of one signalling point."""

    def __init__(self, room: "Room") -> None:
        self.room = room
        self._tests: dict[tuple[int, int], RouteSetTest] = {}
        self._responses: dict[tuple[int, int], ResponseControl] = {}
        self._told: dict[tuple[int, int], int] = {}
        """By adjacent point and destination."""
        self._restrictions: dict[int, RestrictionControl] = {}

    # What is told to us.

    def receive(self, message: Message, point: "AdjacentPoint") -> None:
        """TFP, TFR or TFA from an adjacent point."""
        destination = self.room.routing.destinations.get(message.destination)
        routes = destination.by(point) if destination is not None else []
        if destination is None or not routes or destination.code == point.code:
            self.room.count("told of a route that is none")
            return
        self._change(destination, point, routes, STATUS[message.name])

    def _change(self, destination: "Destination", point: "AdjacentPoint", routes: "Sequence[Route]", status: int) -> None:
        """All routes by one adjacent point have a new status, which is one for all of them."""
        room = self.room
        if status == routes[0].status:
            return
        for route in routes:
            route.status = status
            room.tell(RouteChanged(destination.code, route.link_set.name, WORDS[status]))
        room.count(f"route {WORDS[status]}")
        key = (destination.code, point.code)
        if key not in self._tests:
            self._tests[key] = RouteSetTest(room, destination, routes[0])
        room.post(self._tests[key].machine, "allowed" if status == ALLOWED else "not-allowed")
        if status == PROHIBITED:
            room.routing.force(destination)
        room.routing.review()
        if status != PROHIBITED:
            room.routing.control(destination)

    def forget(self, point: "AdjacentPoint") -> None:
        """The last link to the adjacent point is lost: what it has told, and what it was told, counts no more."""
        self.forget_told(point)
        for destination in self.room.routing.destinations.values():
            routes = destination.by(point)
            if routes:
                self._change(destination, point, routes, ALLOWED)

    # What we tell.

    def forget_told(self, point: "AdjacentPoint") -> None:
        """The adjacent point restarts: it does not know any more what it was told (Q.704 section 9.3)."""
        for key in [key for key in self._told if key[0] == point.code]:
            del self._told[key]

    def asked(self, message: Message, point: "AdjacentPoint") -> None:
        """RST or RSR: answer only if the way is better, or worse, than the other point believes."""
        destination = self.room.routing.destinations.get(message.destination)
        if destination is None or not self.room.plan.transfer:
            self.room.count("asked for a route that is none")
            return
        status = self._status(point, destination)
        if status != (PROHIBITED if message.name == "RST" else RESTRICTED):
            self.say(point, destination, status)

    def review(self) -> None:
        """See what has changed, and tell it to every adjacent point."""
        if not self.room.plan.transfer:
            return
        if self.room.variant.data.transfer_restricted:
            for destination in self.room.routing.destinations.values():
                if len(destination.groups) > 1:
                    self._restriction(destination).review()
        self.tell()

    def _restriction(self, destination: "Destination") -> RestrictionControl:
        found = self._restrictions.get(destination.code)
        if found is None:
            found = self._restrictions[destination.code] = RestrictionControl(self.room, destination)
        return found

    def tell(self) -> None:
        """Tell every adjacent point what it does not know yet."""
        for point in self.room.adjacent.values():
            if point.usable:
                self.tell_all(point)

    def tell_all(self, point: "AdjacentPoint") -> None:
        """Tell one adjacent point what it does not know yet."""
        if not self.room.plan.transfer:
            return
        for destination in self.room.routing.destinations.values():
            status = self._status(point, destination)
            if destination.code != point.code and status != self._told.get((point.code, destination.code), ALLOWED):
                self.say(point, destination, status)

    def respond(self, destination: "Destination", link: "Link") -> None:
        """A message came over this link that cannot be passed on."""
        if not self.room.plan.transfer:
            return
        point = link.link_set.point
        key = (destination.code, point.code)
        if key not in self._responses:
            self._responses[key] = ResponseControl(self.room, destination, point)
        self.room.post(self._responses[key].machine, "needed")

    def say(self, point: "AdjacentPoint", destination: "Destination", status: int) -> None:
        """TFP, TFR or TFA to one adjacent point, which then has to be told when that is no longer so."""
        if self.room.send(point.code, 0, Message(NAMES[status], destination=destination.code), adjacent_only=True):
            self._told[point.code, destination.code] = status

    def _status(self, point: "AdjacentPoint", destination: "Destination") -> int:
        """How an adjacent point must see the way to a destination through us."""
        if all(route.link_set.point is point for route in destination.groups[0]):
            return ALLOWED  # our first choice is that very point, so it has no use for us
        usable = destination.usable()
        if not usable:
            return PROHIBITED
        if usable[0] not in destination.groups[0] and any(route.link_set.point is point for route in usable):
            return PROHIBITED  # it would come back to the point that sent it (section 13.2.2, i)
        restriction = self._restrictions.get(destination.code)
        return RESTRICTED if restriction is not None and restriction.restricted else usable[0].status
