"""TSRC and HMRT, signalling routing control and message routing: which link carries a message, and what holds it back (Q.704 sections 2.3
and 4).

Traffic is looked at as *flows*: all messages to one destination with one SLS, whose order must be kept. A flow has a link, or it is held
while a procedure moves it: changeover (tcoc.py), changeback (tcbc.py), controlled rerouting (tcrc.py). A flow remembers its old link
while it is held, so that a link that fails meanwhile takes its flows over into its own changeover. Load is shared over the SLS: among
link sets of one priority first, whether they lead to one adjacent point or to several, among links of the set then; a flow whose own link
fails moves, no other. Leaves out who may be told what (route_management.py).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from pbx.engine import Malformed
from pbx.signalling.ss7.mtp3.label import LINK_TEST, NETWORK_MANAGEMENT, Unit
from pbx.signalling.ss7.mtp3.operation import RouteStatus
from pbx.signalling.ss7.mtp3.plan import PointPlan
from pbx.signalling.ss7.mtp3.room import Room
from pbx.signalling.ss7.mtp3.tcbc import Changeback
from pbx.signalling.ss7.mtp3.tcrc import ControlledRerouting
from pbx.signalling.ss7.primitives import MessageForTransmission, Pause, Resume, ToLink

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.adjacent import AdjacentPoint
    from pbx.signalling.ss7.mtp3.link import Link, LinkSet

ALLOWED, RESTRICTED, PROHIBITED = range(3)
WORDS: tuple[RouteStatus, ...] = ("allowed", "restricted", "prohibited")


class Route:
    """A way to a destination by one link set, and what the adjacent point has told of it."""

    __slots__ = ("link_set", "priority", "status")

    def __init__(self, link_set: "LinkSet", priority: int) -> None:
        self.link_set = link_set
        self.priority = priority
        self.status = ALLOWED


class Destination:
    """A point code with its routes, grouped by priority: the best first."""

    __slots__ = ("accessible", "code", "congestion", "groups", "passed", "routes")

    def __init__(self, code: int, routes: list[Route]) -> None:
        self.code = code
        self.routes = sorted(routes, key=lambda route: route.priority)
        priorities = sorted({route.priority for route in routes})
        self.groups = [[route for route in self.routes if route.priority == priority] for priority in priorities]
        self.accessible = False
        self.congestion = 0
        self.passed = 0

    def by(self, point: "AdjacentPoint") -> list[Route]:
        """The routes through an adjacent point, one for each link set to it that is named."""
        return [route for route in self.routes if route.link_set.point is point]

    def usable(self) -> list[Route]:
        """The routes that may be used now: of the best priority, those not restricted where there are any."""
        for group in self.groups:
            usable = [route for route in group if route.status != PROHIBITED and route.link_set.usable]
            if usable:
                return [route for route in usable if route.status == ALLOWED] or usable
        return []


class Flow:
    """The messages to one destination with one SLS. ``link`` is None when there is no way."""

    __slots__ = ("destination", "hold", "link", "sls")

    def __init__(self, destination: Destination, sls: int) -> None:
        self.destination = destination
        self.sls = sls
        self.link: Link | None = None
        self.hold: Hold | None = None


class Hold:
    """Flows that are held back, with their messages in order."""

    __slots__ = ("flows", "queue")

    def __init__(self) -> None:
        self.flows: list[Flow] = []
        self.queue: list[tuple[Flow, bytes]] = []

    def take(self, flows: Sequence[Flow]) -> None:
        """Hold these flows; what other holds have of them comes along, in order."""
        others = {id(flow.hold): flow.hold for flow in flows if flow.hold is not None}
        for flow in flows:
            flow.hold = self
        self.flows += flows
        for other in others.values():
            self.queue += [entry for entry in other.queue if entry[0].hold is self]
            other.queue = [entry for entry in other.queue if entry[0].hold is other]
            other.flows = [flow for flow in other.flows if flow.hold is other]


class Sending(msgspec.Struct):
    """A message on its way out: to whom, from whom, whether it passes through here, and its octets."""

    dpc: int
    opc: int
    sls: int
    octets: bytes
    transit: "Link | None" = None
    service: int = 0
    priority: int = 0


class Routing:
    """Routing of one signalling point."""

    def __init__(self, room: Room, plan: PointPlan) -> None:
        self.room = room
        self.shift = plan.load_share_bit
        self.limit = room.variant.data.held_messages
        routes: dict[int, list[Route]] = {}
        for route in plan.routes:
            routes.setdefault(route.destination, []).append(Route(room.link_sets[route.link_set], route.priority))
        for link_set in room.link_sets.values():
            mine = routes.setdefault(link_set.adjacent, [])
            if all(route.link_set is not link_set for route in mine):
                mine.append(Route(link_set, 0))
        self.destinations = {code: Destination(code, found) for code, found in routes.items()}
        self.flows: dict[int, Flow] = {}
        self.codes = 0

    # HMRT: message routing.

    def send(self, message: Sending) -> None:
        """Send a message, or hold it where its flow is held, or discard it where there is no way."""
        flow = self.flows.get(message.dpc << 4 | message.sls)
        if flow is None:
            destination = self.destinations.get(message.dpc)
            if destination is None:
                self.room.count("unknown destination")
                return
            flow = Flow(destination, message.sls)
            flow.link = self.select(flow)
            self.flows[message.dpc << 4 | message.sls] = flow
        if flow.hold is not None:
            if len(flow.hold.queue) >= self.limit:
                self.room.count("held messages lost")
            else:
                flow.hold.queue.append((flow, message.octets))
            return
        link = flow.link
        if link is None:
            self.room.count("destination inaccessible")
            if message.transit is not None:
                self.room.routes.respond(flow.destination, message.transit)
            return
        if (link.congestion or flow.destination.congestion) and self.room.flow_control.sheds(link, flow.destination, message):
            return
        self.room.outputs.append(ToLink(link.name, MessageForTransmission(message.octets)))

    def select(self, flow: Flow) -> "Link | None":
        """The link for a flow by the state of things now; the one it has where that is as good as another."""
        usable = flow.destination.usable()
        if not usable:
            return None
        share = flow.sls >> self.shift | flow.sls << 4 - self.shift & 15
        group = next(group for group in flow.destination.groups if usable[0] in group)
        route, rest = group[share % len(group)], share // len(group)
        present = flow.link
        if route not in usable:
            if present is not None and present.available and any(one.link_set is present.link_set for one in usable):
                return present
            route, rest = usable[rest % len(usable)], rest // len(usable)  # what has chosen the set does not choose the link too
        link_set = route.link_set
        link = link_set.normal[rest % len(link_set.normal)]
        if link.available:
            return link
        if present is not None and present.link_set is link_set and present.available:
            return present
        available = [one for one in link_set.links if one.available]
        return available[rest // len(link_set.normal) % len(available)]

    def leads(self, link: "Link", point: int) -> bool:
        """Whether what is sent over a link comes to a point by way of another."""
        destination = self.destinations.get(point)
        routes = destination.routes if destination is not None else ()
        return any(route.link_set is link.link_set and route.status != PROHIBITED and route.link_set.usable for route in routes)

    def needs(self, link: "Link") -> bool:
        """Whether a destination would be lost if this link carried no user traffic any more."""
        if not link.available:
            return False
        link.available = False
        lost = any(destination.accessible and not destination.usable() for destination in self.destinations.values())
        link.available = True
        return lost

    def _uninhibit(self, destination: Destination) -> None:
        """Inhibited links that lead to a lost destination are wanted (Q.704 section 10.3)."""
        for route in destination.routes:
            for link in route.link_set.links:
                if link.carries and link.local_inhibited:
                    self.room.post(link.inhibiting.local, "force")
                if link.carries and link.remote_inhibited:
                    self.room.post(link.inhibiting.remote, "force")

    def detour(self, point: int, code: int, avoid: "Link | None") -> "Link | None":
        """A link for a management message to a point that is reached by other points."""
        destination = self.destinations.get(point)
        if destination is None:
            return None
        for group in destination.groups:
            links = [
                link
                for route in group
                if route.status != PROHIBITED and route.link_set.usable and route.link_set.adjacent != point
                for link in route.link_set.links
                if link.available and link is not avoid
            ]
            if links:
                return links[code % len(links)]
        return None

    # Traffic that moves.

    def take_over(self, link: "Link") -> Hold:
        """Hold all flows that go over a link, wherever they may be held already."""
        return self._held([flow for flow in self.flows.values() if flow.link is link])

    def release(self, hold: Hold, retrieved: Sequence[bytes] = ()) -> None:
        """Let held flows go, over the links that are right now: first what was retrieved, then what was held."""
        for flow in hold.flows:
            flow.hold = None
            flow.link = self.select(flow)
        for octets in retrieved:
            self._send_anew(octets)
        for flow, octets in hold.queue:
            self.send(self._sending(flow, octets))

    def _send_anew(self, octets: bytes) -> None:
        unit = self.room.form.read_unit(octets)
        assert not isinstance(unit, Malformed)  # it is one of ours
        if unit.service == LINK_TEST:  # it belongs to the link that has failed
            return
        if unit.service == NETWORK_MANAGEMENT and unit.label.opc == self.room.plan.code:
            # Never behind traffic that is held: it may be the very order that lets it go.
            link = self.room.path(unit.label.dpc, unit.label.sls)
            if link is not None:
                self.room.to_link(link, MessageForTransmission(octets))
        else:
            self.send(as_sending(unit, octets))

    def _sending(self, flow: Flow, octets: bytes) -> Sending:
        unit = self.room.form.read_unit(octets)
        assert not isinstance(unit, Malformed)
        return as_sending(unit, octets)

    def link_available(self, link: "Link") -> None:
        """Traffic that belongs on this link comes back to it, from each link that carries it now (TCBC)."""
        sources: dict[str, list[Flow]] = {}
        for flow in self.flows.values():
            if flow.hold is None and flow.link is not None and flow.link is not link and self.select(flow) is link:
                sources.setdefault(flow.link.name, []).append(flow)
        for name, flows in sources.items():
            self.codes = (self.codes + 1) % 256
            changeback = Changeback(self.room, link, self.room.links[name], self.codes, self._held(flows))
            self.room.changebacks[link.name, changeback.code] = changeback

    def _held(self, flows: Sequence[Flow]) -> Hold:
        hold = Hold()
        hold.take(flows)
        return hold

    def force(self, destination: Destination) -> None:
        """Forced rerouting (TFRC, Q.704 section 7): a route is prohibited, its traffic moves at once."""
        for flow in self._flows_of(destination):
            if flow.hold is None:
                flow.link = self.select(flow)

    def control(self, destination: Destination) -> None:
        """Controlled rerouting (TCRC, Q.704 section 8): a better route has come, traffic rests for T6 so that nothing overtakes."""
        flows = [flow for flow in self._flows_of(destination) if flow.hold is None and flow.link is not None]
        moving = [flow for flow in flows if self.select(flow) is not flow.link]
        if moving:
            ControlledRerouting(self.room, self._held(moving))

    def _flows_of(self, destination: Destination) -> list[Flow]:
        found = (self.flows.get(destination.code << 4 | sls) for sls in range(16))
        return [flow for flow in found if flow is not None]

    def review(self) -> None:
        """See which destinations can be reached now, and tell users and adjacent points what has changed."""
        room = self.room
        for destination in self.destinations.values():
            accessible = bool(destination.usable())
            if accessible != destination.accessible:
                destination.accessible = accessible
                destination.congestion = 0
                room.tell(Resume(destination.code) if accessible else Pause(destination.code))
                room.count("destination accessible" if accessible else "destination paused")
                for flow in self._flows_of(destination):
                    if flow.hold is None and flow.link is None:
                        flow.link = self.select(flow)
                if not accessible:
                    self._uninhibit(destination)
        room.routes.review()


def as_sending(unit: Unit, octets: bytes) -> Sending:
    """A signal unit as a message to send."""
    label = unit.label
    return Sending(label.dpc, label.opc, label.sls, octets, service=unit.service, priority=unit.priority)
