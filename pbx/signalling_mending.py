"""After a fault of our own in an engine of No. 7: how what hangs on the engine comes back into a state that both sides know.

Level 2 of a link: the link is out of service, level 3 is told so, changeover and restoration do the rest (Q.704 sections 5 and 3.2.3);
with M2PA its association is ended too. Level 3 of a point: another engine takes its place, links that carry traffic stay, all others are
stopped and aligned anew (pbx/signalling/ss7/mtp3/relief.py). An application server of M3UA: it begins anew without associations, its
destinations cannot be reached until they have come again. Either end of M2UA: it begins anew without associations, its links out of
service, at a gateway of ours with their level 2. The circuits of a user part are mended beside them (pbx/signalling_points.py).
Nobody knows how far an action had come when it failed, so nothing is repaired, all is begun anew. Leaves out how a fault is caught
(pbx/signalling_seat.py).
"""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from pbx.floor import Floor
from pbx.signalling.ss7.mtp3.relief import relieved
from pbx.signalling.ss7.primitives import FromLink, OutOfService, Pause, Stop, ToLink
from pbx.signalling.ss7.sigtran.association import EndAssociation
from pbx.signalling.ss7.sigtran.server import ServerChanged
from pbx.signalling_seat import Mend, Seat

if TYPE_CHECKING:
    from pbx.signalling_backhaul import LinkGateway, Process
    from pbx.signalling_over_ip import ApplicationServer, ServerPoint
    from pbx.signalling_points import Point, SignallingPoints

SERVING = "InService"
ENDED = EndAssociation("a fault of ours")
History = deque[tuple[float, str]]


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


class SigtranPart(Protocol):
    """A user of associations as it is mended."""

    engine: Any
    seat: Seat

    def make(self) -> Any:
        """An engine that has heard of nothing yet."""


def _replaced(part: SigtranPart, names: Iterable[str], history: History, fault: str, points: "SignallingPoints", floor: Floor) -> list[Any]:
    """Another engine stands in place of one that has failed, its associations (``names``) are ended. What the failed one had said."""
    history.append((floor.now, f"!! internal fault: {fault}"))
    before = part.engine
    part.engine = part.seat.engine = part.make()
    part.engine.room.counters = before.room.counters
    part.engine.room.count("fault of ours")
    for name in names:
        points.associations.send(name, ENDED)
    return list(before.room.outputs)


def server_mending(server: "ApplicationServer", point: "ServerPoint", points: "SignallingPoints", floor: Floor) -> Mend:
    """How an application server of M3UA is mended whose engine has failed."""

    def mend(given: Any, fault: str) -> Iterable[Any]:
        said = _replaced(server, [end.name for end in server.associations], point.history, fault, points, floor)
        for code in server.destinations:
            if point.reachable(code):
                floor.then(point.to_users, Pause(code))
        return [*said, *server.begun(floor.now)]

    return mend


def process_mending(process: "Process", points: "SignallingPoints", floor: Floor) -> Mend:
    """How our process at a gateway of M2UA is mended: level 3 has lost its links, and starts them again."""

    def mend(given: Any, fault: str) -> Iterable[Any]:
        end = process.association
        said = _replaced(process, [end.name], end.history, fault, points, floor)
        lost = [FromLink(name, OutOfService("a fault of ours")) for name in process.links]
        return [*said, *lost, *process.engine.start(floor.now)]

    return mend


def gateway_mending(gateway: "LinkGateway", points: "SignallingPoints", floor: Floor) -> Mend:
    """How a gateway of M2UA is mended: the level 2 of its links stops, and waits for processes to want it again."""

    def mend(given: Any, fault: str) -> Iterable[Any]:
        said = _replaced(gateway, [end.name for end in gateway.associations], gateway.history, fault, points, floor)
        stopped = [ToLink(link.name, Stop()) for link in gateway.links]
        return [*said, ServerChanged(False), *stopped, *gateway.engine.start(floor.now)]

    return mend
