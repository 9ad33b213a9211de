"""What goes over associations of SIGTRAN: signalling links by M2PA, and the traffic of user parts by M3UA.

To level 3 a link of M2PA is a link like any other; its numbers have 24 bits, so its plan says ``extended``. To circuits a point that is
reached by M3UA is a point like any other: ``ServerPoint`` stands where ``Point`` stands. Nothing here outlives control, because the
associations end with it: links align anew, servers become active anew. Leaves out M2UA (pbx/signalling_backhaul.py), and a gateway's
passing on between M3UA and links.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from pbx.engine import Unexpected
from pbx.floor import Floor
from pbx.signalling.ss7.mtp2.orders import MessageHeard, SendMessage
from pbx.signalling.ss7.mtp3.label import Form
from pbx.signalling.ss7.primitives import (
    MessageForTransmission,
    Pause,
    ReceivedMessage,
    RestartBegins,
    Resume,
    ToLevel2,
    ToLevel3,
    ToUser,
    Transfer,
)
from pbx.signalling.ss7.sigtran.association import FromAssociation, FromBelow, SendOctets, ToAssociation
from pbx.signalling.ss7.sigtran.figures import Figures
from pbx.signalling.ss7.sigtran.m2pa import M2pa
from pbx.signalling.ss7.sigtran.m3ua import M3ua
from pbx.signalling.ss7.sigtran.m3ua_gateway import M3uaGateway
from pbx.signalling.ss7.sigtran.m3ua_plan import ServerPlan
from pbx.signalling.ss7.sigtran.server import ServerChanged
from pbx.signalling_mending import ENDED, link_mending, server_mending
from pbx.signalling_points import Link, SignallingPoints
from pbx.signalling_seat import Seat, words_of
from pbx.transfer_part import Relation, TransferPart


class AssociationLinkSeat(msgspec.Struct, frozen=True):
    """A link of M2PA to be made."""

    name: str
    point: str
    association: str
    figures: Figures


class AssociationLink(Link):
    """A link whose level 2 is M2PA."""

    def __init__(self, floor: Floor, seat: AssociationLinkSeat, points: SignallingPoints) -> None:
        super().__init__(seat.name, seat.point)
        self.engine = M2pa(seat.figures)
        self.association = points.associations.add(seat.association, self._told)
        self._floor = floor
        self._points = points
        self._seat = Seat(floor, self.engine, self._deliver, self._mend)

    @property
    def waits(self) -> bool:
        """Whether a timer of M2PA runs."""
        return self._seat.waits

    @property
    def state(self) -> str:
        """Of the link; without its association it has none to speak of."""
        return self.engine.state if self.association.up else f"{self.engine.state}, no association"

    @property
    def counters(self) -> Mapping[str, int]:
        """Of the engine."""
        return self.engine.counters

    def request(self, value: ToLevel2) -> None:
        """To M2PA."""
        if type(value) is MessageForTransmission:
            self.messages[1] += 1
            self._points.crossing(self.name, SendMessage(value.octets))
        self._seat.give(self.engine.receive, value)

    def start(self, in_service: bool) -> None:
        """Out of service, until there is an association and level 3 wants it."""
        assert not in_service, f"{self.name}: an association does not outlive control"
        self._seat.take(self.engine.start(self._floor.now))

    def _told(self, value: FromBelow) -> None:
        self._seat.give(self.engine.receive, value)

    def _mend(self, given: Any, fault: str) -> Iterable[Any]:
        """As any link, and the association comes again with it."""
        self._points.associations.send(self.association.name, ENDED)
        return link_mending(self, self._floor)(given, fault)

    def _deliver(self, output: Any) -> None:
        if isinstance(output, SendOctets):
            self._points.associations.send(self.association.name, output)
        elif isinstance(output, ToLevel3):
            if type(output) is ReceivedMessage:
                self.messages[0] += 1
                self._points.crossing(self.name, MessageHeard(output.octets))
            self._points.from_link(self.name, output)
        else:
            self.unexpected += isinstance(output, Unexpected)
            self.note(self._floor.now, words_of(self._floor, output))


class ServerSeat(msgspec.Struct, frozen=True):
    """An application server to be made: one that asks a gateway (M3ua), or one that is asked (M3uaGateway); whom it reaches.

    ``asked_for``: what a gateway says can be reached through it, which are users of its own.
    """

    name: str
    plan: ServerPlan
    asks: bool
    destinations: tuple[int, ...]
    asked_for: tuple[int, ...]
    figures: Figures


class ServerPointSeat(msgspec.Struct, frozen=True):
    """A point that is reached by application servers, to be made."""

    name: str
    code: int
    form: Form
    servers: tuple[ServerSeat, ...]


class ApplicationServer:
    """One application server of a point."""

    def __init__(self, floor: Floor, seat: ServerSeat, point: "ServerPoint", points: SignallingPoints) -> None:
        self.name = seat.name
        self.destinations = seat.destinations
        self._asked_for = seat.asked_for
        self._seat = seat
        self._form = point.form
        self.engine = self.make()
        self._floor = floor
        self._point = point
        self._points = points
        self.associations = [points.associations.add(name, self._taker(name)) for name in seat.plan.associations]
        self.seat = Seat(floor, self.engine, self._deliver, server_mending(self, point, points, floor))

    def make(self) -> M3ua | M3uaGateway:
        """An engine that has heard of nothing yet."""
        seat = self._seat
        return M3ua(seat.plan, self._form, seat.figures) if seat.asks else M3uaGateway(seat.plan, self._form, seat.figures)

    def begun(self, now: float) -> list[Any]:
        """The engine waits for associations."""
        outputs = list(self.engine.start(now))
        if isinstance(self.engine, M3uaGateway):
            for code in self._asked_for:
                outputs += self.engine.receive(Resume(code), now)
        return outputs

    def start(self) -> None:
        """Wait for associations; within a turn."""
        self.seat.give(self.begun)

    def give(self, value: Any) -> None:
        """Something for the engine; within a turn."""
        self.seat.give(self.engine.receive, value)

    def _taker(self, name: str) -> Any:
        return lambda told: self.give(FromAssociation(name, told))

    def _deliver(self, output: Any) -> None:
        if type(output) is ToAssociation:
            self._points.associations.send(output.association, output.order)
        elif isinstance(output, ServerChanged):
            # The one destination of a gateway is the server itself; in a single exchange the engine says so of its destinations.
            if not self.engine.plan.destinations:
                for code in self.destinations:
                    self._floor.then(self._point.to_users, Resume(code) if output.available else Pause(code))
        elif isinstance(output, ToUser):
            self._floor.then(self._point.to_users, output)
        else:
            self._point.complain(output)


class ServerPoint(TransferPart):
    """A point whose users are reached by M3UA. At the simulated far end it speaks for several codes."""

    def __init__(self, floor: Floor, seat: ServerPointSeat, points: SignallingPoints) -> None:
        super().__init__(floor, seat.name, seat.code, seat.form, points.judge)
        self.servers = [ApplicationServer(floor, one, self, points) for one in seat.servers]
        self._by_destination = {code: server for server in self.servers for code in server.destinations}
        self._reached: set[int] = set()

    @property
    def waits(self) -> int:
        """How many timers of servers run."""
        return sum(server.seat.waits for server in self.servers)

    @property
    def destinations(self) -> list[int]:
        """Whom its servers reach, if they work."""
        return sorted(self._by_destination)

    def begin(self) -> None:
        """Nobody is reached yet; within a turn."""
        for relation in self.relations:
            relation.receive(RestartBegins())
        for code in self.destinations:
            self.judge(f"point {self.form.text(code)}", False, "not yet reached")
        for server in self.servers:
            server.start()

    def receive(self, value: Any) -> None:
        """A user's message, by the server that reaches its destination; within a turn."""
        assert type(value) is Transfer
        server = self._by_destination.get(value.dpc)
        if server is not None:
            server.give(value)

    def reachable(self, code: int) -> bool:
        """Whether a destination can be reached."""
        return code in self._reached

    def to_users(self, value: ToUser) -> None:
        """As the part above does, and remembered."""
        if isinstance(value, Pause):
            self._reached.discard(value.affected)
        elif isinstance(value, Resume):
            self._reached.add(value.affected)
        super().to_users(value)

    def meant(self, relation: Relation, value: Transfer) -> bool:
        """Whether a message is for this relation; the point may have several codes."""
        return relation.user_part.own == value.dpc and super().meant(relation, value)
