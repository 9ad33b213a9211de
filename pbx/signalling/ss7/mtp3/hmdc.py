"""HMDC and HMDT, message discrimination and distribution: for this point or for another, and for whom here (Q.704 section 2.4).

A message for this point goes to its user part, to network management or to the link test; a message for another is passed on where this
is a transfer point, and discarded where it is not. Management messages are sorted to the boxes they are for; those that speak of a link
must come from the point at its other end. Leaves out what the boxes do.
"""

from typing import TYPE_CHECKING

from pbx.engine import Malformed, Unexpected
from pbx.signalling.ss7.mtp3 import management
from pbx.signalling.ss7.mtp3.label import LINK_TEST, NETWORK_MANAGEMENT, Unit
from pbx.signalling.ss7.mtp3.management import Message
from pbx.signalling.ss7.mtp3.tcoc import UNKNOWN
from pbx.signalling.ss7.mtp3.tlac import LOCAL_EVENTS, REMOTE_EVENTS
from pbx.signalling.ss7.mtp3.tsrc import Sending
from pbx.signalling.ss7.primitives import Transfer

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.link import Link
    from pbx.signalling.ss7.mtp3.room import Room

ORDERS, ACKNOWLEDGEMENTS = ("COO", "XCO", "ECO"), ("COA", "XCA", "ECA")
CHANGEOVER = {**dict.fromkeys(ORDERS, "order"), **dict.fromkeys(ACKNOWLEDGEMENTS, "acknowledgement")}
DATA_LINKS = frozenset({"CSS", "CNS", "CNP"})


class Discrimination:
    """Discrimination and distribution of one signalling point."""

    def __init__(self, room: "Room") -> None:
        self.room = room
        self._network = room.variant.data.network

    def receive(self, link: "Link", octets: bytes) -> None:
        """HMDC: a signal unit has come over a link."""
        room = self.room
        unit = room.form.read_unit(octets)
        if isinstance(unit, Malformed):
            room.count("malformed")
            room.tell(unit)
        elif unit.network != self._network:
            room.count("wrong network indicator")
        elif unit.label.dpc == room.plan.code:
            self._distribute(link, unit)
        elif not room.plan.transfer:
            room.count("not for this point")
        elif unit.service == LINK_TEST:
            room.count("link test for another point")
        else:
            room.count("transferred")
            label = unit.label
            room.routing.send(Sending(label.dpc, label.opc, label.sls, octets, link, unit.service, unit.priority))

    def _distribute(self, link: "Link", unit: Unit) -> None:
        """HMDT: it is for this point."""
        room = self.room
        service = unit.service
        if service in room.plan.users and service not in room.flow_control.away:
            label = unit.label
            room.outputs.append(Transfer(service, label.dpc, label.opc, label.sls, unit.data, label.above, unit.priority))
        elif service == NETWORK_MANAGEMENT:
            message = management.read(room.form, unit.data)
            if isinstance(message, Malformed):
                room.count("malformed")
                room.tell(message)
            else:
                room.count(f"received {message.name}")
                room.note(f"<- {message.name} {room.form.text(unit.label.opc)} SLC {unit.label.sls} over {link.name}")
                self._manage(unit, message)
        elif service == LINK_TEST:
            link.test.receive(unit)
        else:
            room.flow_control.unavailable(unit)

    def _manage(self, unit: Unit, message: Message) -> None:
        """A management message for this point."""
        room, name = self.room, message.name
        if name == "TFC":
            room.flow_control.controlled(message)
            return
        if name == "UPU":
            room.flow_control.told_unavailable(message)
            return
        if name == "RCT":  # it has reached its end: nobody on the way was congested
            return
        point = room.adjacent.get(unit.label.opc)
        if point is None:
            self._unexpected("not adjacent", name)
        elif name in ("TFP", "TFR", "TFA"):
            room.routes.receive(message, point)
        elif name in ("RST", "RSR"):
            room.routes.asked(message, point)
        elif name == "TRA":
            room.hear(point.restart.machine, "TRA")
        else:
            link = point.by_code.get(unit.label.sls)
            if link is None:
                self._unexpected("no such link", name)
            else:
                self._manage_link(link, message)

    def _manage_link(self, link: "Link", message: Message) -> None:
        """A management message that speaks of a link."""
        room, name = self.room, message.name
        adjacent = link.link_set.adjacent
        if name in CHANGEOVER:
            numbered = name in (("XCO", "XCA") if link.extended else ("COO", "COA"))
            if not numbered and name not in ("ECO", "ECA"):
                room.count("changeover number of the wrong size")  # both ends must agree; a number of the other size says nothing
            room.hear(link.changeover.machine, CHANGEOVER[name], message.fsn if numbered else UNKNOWN)
        elif name == "CBD":
            room.send(adjacent, link.code, Message("CBA", code=message.code))
        elif name == "CBA":
            changeback = room.changebacks.get((link.name, message.code))
            if changeback is None:
                self._unexpected("no changeback", name)
            else:
                room.hear(changeback.machine, "CBA")
        elif name in LOCAL_EVENTS or name in REMOTE_EVENTS:
            link.inhibiting.receive(name)
        elif name == "DLC":  # data links are not allocated by signals here
            room.send(adjacent, link.code, Message("CNP"))
        else:
            assert name in DATA_LINKS
            self._unexpected("no connection order", name)

    def _unexpected(self, state: str, name: str) -> None:
        self.room.count("unexpected")
        self.room.tell(Unexpected(state, name))
