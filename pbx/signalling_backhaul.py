"""Signalling links whose levels 2 and 3 are apart, joined by M2UA (RFC 3331): whichever of the two is here.

``LinkAccess`` is level 3's end: to our level 3 its links are links like any other, and what they are told goes to a gateway elsewhere.
``LinkGateway`` is level 2's end: it stands above links of ours where level 3 would, and what they tell goes to whoever has their level 3.
Neither outlives control, because associations end with it. So links of a gateway begin anew with a new control even where the plane has
kept them: whoever has their level 3 has lost them with his association, and what the plane confirmed meanwhile could be given to nobody.
Leaves out how they are made of a configuration (pbx/backhaul_plan.py).
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pbx.floor import Floor
from pbx.line import HISTORY
from pbx.signalling.ss7.mtp2.orders import MessageHeard, SendMessage
from pbx.signalling.ss7.primitives import (
    FromLink,
    InService,
    MessageForTransmission,
    OutOfService,
    ReceivedMessage,
    Start,
    Stop,
    ToLevel2,
    ToLink,
)
from pbx.signalling.ss7.sigtran.asp import ActivateServer, DeactivateServer
from pbx.signalling.ss7.sigtran.association import FromAssociation, FromBelow, ToAssociation
from pbx.signalling.ss7.sigtran.figures import Figures
from pbx.signalling.ss7.sigtran.m2ua import M2ua
from pbx.signalling.ss7.sigtran.m2ua_gateway import M2uaGateway, RestoreLink, WithdrawLink
from pbx.signalling.ss7.sigtran.m2ua_plan import LinksPlan
from pbx.signalling.ss7.sigtran.server import ServerChanged
from pbx.signalling_mending import gateway_mending, process_mending
from pbx.signalling_points import Link, SignallingPoints
from pbx.signalling_seat import Seat, words_of

GATEWAY_ORDERS: Mapping[str, Callable[[str], WithdrawLink | RestoreLink]] = {"activate": RestoreLink, "deactivate": WithdrawLink}
"""What people may order of a gateway's link; all else belongs to its level 3."""


class LinkAccessSeat(msgspec.Struct, frozen=True):
    """The links of one gateway elsewhere, to be made: a plan for each process of ours, and the point of each link by its name."""

    plans: tuple[LinksPlan, ...]
    points: dict[str, str]
    figures: Figures


class LinkGatewaySeat(msgspec.Struct, frozen=True):
    """A gateway of ours to be made; its links say its name in place of a point's."""

    name: str
    plan: LinksPlan
    figures: Figures


class Process:
    """One process of ours towards a gateway: an engine and its association."""

    def __init__(self, floor: Floor, plan: LinksPlan, figures: Figures, access: "LinkAccess", points: SignallingPoints) -> None:
        self._plan = plan
        self._figures = figures
        self.engine = self.make()
        (name,) = plan.associations
        self.association = points.associations.add(name, lambda told: self.give(FromAssociation(name, told)))
        self._floor = floor
        self._access = access
        self._points = points
        self.seat = Seat(floor, self.engine, self._deliver, process_mending(self, points, floor))

    def make(self) -> M2ua:
        """An engine that has heard of nothing yet."""
        return M2ua(self._plan, self._figures)

    @property
    def links(self) -> list[str]:
        """Those that are worked by this process."""
        return [name for name, link in self._access.links.items() if link.process is self]

    def give(self, value: ToLink | FromAssociation | ActivateServer | DeactivateServer) -> None:
        """Something for the engine; within a turn."""
        self.seat.give(self.engine.receive, value)

    def _deliver(self, output: Any) -> None:
        if type(output) is ToAssociation:
            self._points.associations.send(output.association, output.order)
        elif type(output) is FromLink:
            self._access.links[output.link].told(output)
        else:
            self.association.history.append((self._floor.now, words_of(self._floor, output)))


class BackhauledLink(Link):
    """A link of ours whose level 2 is at a gateway."""

    def __init__(self, floor: Floor, name: str, point: str, access: "LinkAccess", points: SignallingPoints) -> None:
        super().__init__(name, point)
        self._floor = floor
        self._access = access
        self._points = points
        self.process = access.processes[0]
        """By which it is worked; another one only after it was out of service."""

    @property
    def state(self) -> str:
        """Of the link as the process knows it, and why it cannot be known."""
        state = self.process.engine.link_state(self.name)
        if not self.process.association.up:
            return f"{state}, no association"
        return state if self.process.engine.state == "Active" else f"{state}, process {self.process.engine.state}"

    @property
    def counters(self) -> Mapping[str, int]:
        """Of the process, which counts for all its links."""
        return self.process.engine.counters

    def start(self, in_service: bool) -> None:
        """Out of service, until level 3 wants it."""
        assert not in_service, f"{self.name}: an association does not outlive control"

    def request(self, value: ToLevel2) -> None:
        """To the gateway."""
        if type(value) is Start:
            self.process = self._access.chosen(self.process)
        elif type(value) is MessageForTransmission:
            self.messages[1] += 1
            self._points.crossing(self.name, SendMessage(value.octets))
        self.process.give(ToLink(self.name, value))

    def told(self, value: FromLink) -> None:
        """What the gateway says of it."""
        if type(value.indication) is ReceivedMessage:
            self.messages[0] += 1
            self._points.crossing(self.name, MessageHeard(value.indication.octets))
        self._points.from_link(self.name, value.indication)


class LinkAccess:
    """Our links at one gateway. In the simulated network it may have several processes, one of which is active at a time (override)."""

    def __init__(self, floor: Floor, seat: LinkAccessSeat, points: SignallingPoints) -> None:
        self.processes = [Process(floor, plan, seat.figures, self, points) for plan in seat.plans]
        self.links = {name: BackhauledLink(floor, name, point, self, points) for name, point in seat.points.items()}
        for link in self.links.values():
            points.add_link(link)
        self._floor = floor
        points.backhauls.append(self)

    @property
    def waits(self) -> int:
        """How many timers run."""
        return sum(process.seat.waits for process in self.processes)

    def begin(self) -> None:
        """Associations are waited for; within a turn."""
        for process in self.processes:
            process.seat.give(process.engine.start)

    def chosen(self, present: Process) -> Process:
        """By which a link is to be started: the process that is active, the present one where none is."""
        return next((process for process in self.processes if process.engine.state == "Active"), present)


class LinkGateway:
    """A gateway of ours, above the level 2 of its links."""

    def __init__(self, floor: Floor, seat: LinkGatewaySeat, points: SignallingPoints) -> None:
        self.name = seat.name
        self._seat = seat
        self.engine = self.make()
        self.associations = [points.associations.add(name, self._taker(name)) for name in seat.plan.associations]
        self.history: deque[tuple[float, str]] = deque(maxlen=HISTORY)
        self._floor = floor
        self._points = points
        self.seat = Seat(floor, self.engine, self._deliver, gateway_mending(self, points, floor))
        points.backhauls.append(self)
        points.above[self.name] = self.receive

    def make(self) -> M2uaGateway:
        """An engine that has heard of nothing yet."""
        return M2uaGateway(self._seat.plan, self._seat.figures)

    @property
    def waits(self) -> int:
        """Whether a timer runs."""
        return int(self.seat.waits)

    @property
    def links(self) -> list[Link]:
        """Its links, in the order of the plan."""
        return [self._points.links[name] for name, _ in self.engine.plan.links]

    def begin(self) -> None:
        """Level 2 of all links out of service, whatever the plane has kept, and nobody there yet; within a turn."""
        self._points.judge(self.name, False, "no process is active")
        for link in self.links:
            link.start(False)
            self._points.judge(f"link {link.name}", False, "not yet in service")
        self.seat.give(self.engine.start)

    def receive(self, value: FromLink | FromAssociation | WithdrawLink | RestoreLink) -> None:
        """What level 2 of a link says, a process, or people; within a turn."""
        if type(value) is FromLink:
            if type(value.indication) is InService:
                self._points.judge(f"link {value.link}", True, "")
            elif type(value.indication) is OutOfService:
                self._points.judge(f"link {value.link}", False, value.indication.reason)
        self.seat.give(self.engine.receive, value)

    def order(self, verb: str, link: str) -> str:
        """People want something of a link; "" or why not. Within a turn."""
        make = GATEWAY_ORDERS.get(verb)
        if make is None:
            return f"level 3 of {link} is at the far end of {self.name}: {verb} it there"
        self.receive(make(link))
        return ""

    def _taker(self, name: str) -> Callable[[FromBelow], object]:
        return lambda told: self.receive(FromAssociation(name, told))

    def _deliver(self, output: Any) -> None:
        if type(output) is ToAssociation:
            self._points.associations.send(output.association, output.order)
        elif type(output) is ToLink:
            if type(output.request) is not MessageForTransmission:
                self._points.measurements.to_level2(self._floor.now, output.link, output.request)
            if type(output.request) is Stop:
                self._points.judge(f"link {output.link}", False, "taken out of service")
            self._floor.then(self._points.to_link, output)
        elif type(output) is ServerChanged:
            self._points.judge(self.name, output.available, "no process is active")
        else:
            self.history.append((self._floor.now, words_of(self._floor, output)))
