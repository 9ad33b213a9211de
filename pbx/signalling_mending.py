"""After a fault of our own in an engine of No. 7: how what hangs on the engine comes back into a state that both sides know.

Level 2 of a link: the link is out of service, level 3 is told so, changeover and restoration do the rest (Q.704 sections 5 and 3.2.3);
with M2PA its association is ended too. Level 3 of a point: another engine takes its place, links that carry traffic stay, all others are
stopped and aligned anew (pbx/signalling/ss7/mtp3/relief.py). An application server of M3UA: it begins anew without associations, its
destinations cannot be reached until they have come again. Either end of M2UA: it begins anew without associations, its links out of
service, at a gateway of ours with their level 2. The circuits of a user part are mended beside them (pbx/signalling_points.py).
Nobody knows how far an action had come when it failed, so nothing is repaired, all is begun anew. Leaves out how a fault is caught
(pbx/signalling_seat.py).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from pbx.floor import Floor
from pbx.signalling.ss7.mtp3.relief import relieved
from pbx.signalling.ss7.primitives import FromLink, OutOfService, Pause, Stop, ToLink
from pbx.signalling.ss7.sigtran.association import EndAssociation
from pbx.signalling.ss7.sigtran.server import ServerChanged
from pbx.signalling_seat import Mend

if TYPE_CHECKING:
    from pbx.signalling_backhaul import LinkGateway, Process
    from pbx.signalling_over_ip import ApplicationServer, ServerPoint
    from pbx.signalling_points import Point, SignallingPoints

SERVING = "InService"
ENDED = EndAssociation("a fault of ours")


class BeginsAnew(Protocol):
    """Level 2 of a link, wherever it is."""

    def begin_anew(self, given: Any, now: float) -> Iterable[Any]:
        """Out of service."""


class LinkWithEngine(Protocol):
    """A link as it is mended."""

    @property
    def engine(self) -> BeginsAnew:
        """Its level 2."""

    def note(self, now: float, text: str) -> None:
        """For people."""


def link_mending(link: LinkWithEngine, floor: Floor) -> Mend:
    """How a link is mended whose level 2 has failed."""

    def mend(given: Any, fault: str) -> Iterable[Any]:
        link.note(floor.now, f"!! internal fault: {fault}")
        return link.engine.begin_anew(given, floor.now)

    return mend


def relieve(point: "Point", points: "SignallingPoints", floor: Floor, given: Any, fault: str) -> Iterable[Any]:
    """Another level 3 for a point whose own has failed. Where it cannot even take over, all links are stopped."""
    point.history.append((floor.now, f"!! internal fault: {fault}"))
    before = point.mtp3
    serving = [name for name, link in points.links.items() if link.point == point.name and link.state == SERVING]
    try:
        point.mtp3, outputs = relieved(before, serving, floor.now)
    except Exception:
        floor.failed(None, f"links that go on: {serving}")
        point.mtp3, outputs = relieved(before, (), floor.now)
    point.seat.engine = point.mtp3
    return outputs


def server_mending(server: "ApplicationServer", point: "ServerPoint", points: "SignallingPoints", floor: Floor) -> Mend:
    """How an application server is mended whose engine has failed."""

    def mend(given: Any, fault: str) -> Iterable[Any]:
        point.history.append((floor.now, f"!! internal fault: {fault}"))
        before = server.engine
        engine = server.engine = server.seat.engine = server.make()
        engine.room.counters = before.room.counters
        engine.room.count("fault of ours")
        for code in server.destinations:
            if point.reachable(code):
                floor.then(point.to_users, Pause(code))
        for end in server.associations:
            points.associations.send(end.name, ENDED)
        return [*before.room.outputs, *server.begun(floor.now)]

    return mend


def process_mending(process: "Process", points: "SignallingPoints", floor: Floor) -> Mend:
    """How our process at a gateway of M2UA is mended: level 3 has lost its links, and starts them again."""

    def mend(given: Any, fault: str) -> Iterable[Any]:
        process.association.history.append((floor.now, f"!! internal fault: {fault}"))
        before = process.engine
        engine = process.engine = process.seat.engine = process.make()
        engine.room.counters = before.room.counters
        engine.room.count("fault of ours")
        points.associations.send(process.association.name, ENDED)
        lost = [FromLink(name, OutOfService("a fault of ours")) for name in process.links]
        return [*before.room.outputs, *lost, *engine.start(floor.now)]

    return mend


def gateway_mending(gateway: "LinkGateway", points: "SignallingPoints", floor: Floor) -> Mend:
    """How a gateway of M2UA is mended: the level 2 of its links stops, and waits for processes to want it again."""

    def mend(given: Any, fault: str) -> Iterable[Any]:
        gateway.history.append((floor.now, f"!! internal fault: {fault}"))
        before = gateway.engine
        engine = gateway.engine = gateway.seat.engine = gateway.make()
        engine.room.counters = before.room.counters
        engine.room.count("fault of ours")
        for end in gateway.associations:
            points.associations.send(end.name, ENDED)
        stopped = [ToLink(link.name, Stop()) for link in gateway.links]
        return [*before.room.outputs, ServerChanged(False), *stopped, *engine.start(floor.now)]

    return mend
