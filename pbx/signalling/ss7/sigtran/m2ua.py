"""M2UA at level 3's end, the media gateway controller (RFC 3331): to level 3 the links of a gateway are links like any other.

``M2ua`` is one association with any number of links. Inputs: ``ToLink`` of primitives.py, ``FromAssociation``, ``ActivateServer``,
``DeactivateServer``. Outputs: ``FromLink``, ``ToAssociation``, ``Noted``, ``Unexpected``, ``Malformed``. Numbers are those of the gateway's
level 2, so changeover is the ordinary one where that has 7 bits. Messages that are on the association when it is lost cannot be
retrieved. Leaves out acknowledgements of our own data, link keys, identifiers that are texts.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pbx.signalling.ss7 import primitives
from pbx.signalling.ss7.primitives import ToLink
from pbx.signalling.ss7.sigtran.asp import ActivateServer, DeactivateServer, ServerProcess
from pbx.signalling.ss7.sigtran.association import FromAssociation
from pbx.signalling.ss7.sigtran.codec import Message, message
from pbx.signalling.ss7.sigtran.figures import Figures
from pbx.signalling.ss7.sigtran.m2ua_link import Interface
from pbx.signalling.ss7.sigtran.m2ua_plan import RETRIEVE_NUMBER, STATES, LinksPlan, check, error_of, identifier_of
from pbx.signalling.ss7.sigtran.room import UNEXPECTED_MESSAGE, Adaptation, Peer
from pbx.signalling.ss7.sigtran.server import MODES
from pbx.signalling.ss7.sigtran.tables import M2UA

Input = FromAssociation | ToLink | ActivateServer | DeactivateServer
TO_LINK = frozenset({"DATA", "ESTABLISH CONFIRM", "RELEASE CONFIRM", "RELEASE INDICATION", "STATE INDICATION", "CONGESTION"})
TO_MESSAGES = frozenset({"RETRIEVAL INDICATION", "RETRIEVAL COMPLETE"})
TAKEN = frozenset({"STATE CONFIRM", "DATA ACK"})
"""Confirmations that change nothing."""


class M2ua(Adaptation):
    """The links of one gateway."""

    def __init__(self, plan: LinksPlan, figures: Figures) -> None:
        """Raises ``PlanError`` with all that is wrong with the plan."""
        check(plan, associations_most=1)
        super().__init__(figures)
        self.plan = plan
        room = self.room
        self._peer = Peer(room, M2UA, plan.associations[0])
        activate = message("ASPAC", mode=MODES[plan.mode], identifiers=tuple(identifier for _, identifier in plan.links))
        self._process = ServerProcess(room, self._peer, plan.identifier, activate, self._changed)
        self._links = {
            name: Interface(room, name, identifier, self._send_about(identifier), lambda: self._process.active)
            for name, identifier in plan.links
        }
        self._by_identifier = {link.identifier: link for link in self._links.values()}

    def _send_about(self, identifier: int) -> Callable[[Message], None]:
        """All of a link goes on one stream, so that it keeps its order."""
        return lambda value: self._peer.send(value, identifier)

    # What people see.

    @property
    def state(self) -> str:
        """The process's state."""
        return self._process.machine.state

    def link_state(self, link: str) -> str:
        """The state of one link."""
        return self._links[link].machine.state

    # The engine's verbs.

    def receive(self, value: Input, now: float) -> Sequence[Any]:
        """A request of level 3, something of the association, or an order."""
        if isinstance(value, ToLink):
            link, request = self._links[value.link], value.request
            _REQUESTS[type(request)](self, link, request)
        elif isinstance(value, FromAssociation):
            found = self._process.take(value.told)
            if found is not None:
                self._hear(found)
        else:
            self._process.order(isinstance(value, ActivateServer))
        return self.room.taken(now)

    # The association.

    def _changed(self) -> None:
        """The process has become active, or is not any more."""
        active = self._process.active
        for link in self._links.values():
            if active:
                if link.machine.state == "Waiting":
                    self.room.post(link.machine, "active")
                continue
            for machine in (link.machine, link.number, link.messages):
                if machine.state != "Waiting":
                    self.room.post(machine, "inactive")

    def _hear(self, value: Message) -> None:
        identifier = identifier_of(value)
        link = None if identifier is None else self._by_identifier.get(identifier)
        if not self._process.active or value.name in ("ASPUP", "ASPDN", "ASPAC", "ASPIA"):
            self._peer.refuse(UNEXPECTED_MESSAGE)
            self.room.count("unexpected")
        elif link is None:
            self._peer.refuse(error_of(value), identifiers=value.get("identifiers"), name=value.get("name"))
        elif value.name in TO_LINK:
            self.room.hear(link.machine, value.name, value)
        elif value.name in TO_MESSAGES:
            self.room.hear(link.messages, value.name, value)
        elif value.name == "RETRIEVAL CONFIRM":
            self.room.hear(link.number if value.get("action") == RETRIEVE_NUMBER else link.messages, "answer", value)
        elif value.name not in TAKEN:
            self._peer.refuse(UNEXPECTED_MESSAGE)
            self.room.count("unexpected")

    # Level 3.

    def _start(self, link: Interface, _: primitives.Start) -> None:
        self.room.post(link.machine, "start")

    def _stop(self, link: Interface, _: primitives.Stop) -> None:
        self.room.post(link.machine, "stop")

    def _message(self, link: Interface, value: primitives.MessageForTransmission) -> None:
        self.room.post(link.machine, "message", value.octets)

    def _retrieve_number(self, link: Interface, _: primitives.RetrieveBsnt) -> None:
        self.room.post(link.number, "ask")

    def _retrieve(self, link: Interface, value: primitives.RetrievalRequest) -> None:
        self.room.post(link.messages, "ask", value.fsnc)

    def _state(self, link: Interface, value: Any) -> None:
        """Processor outages, emergencies, and what becomes of buffers: the gateway is told at once, if it is there."""
        if isinstance(value, primitives.Emergency | primitives.EmergencyCeases):
            link.emergency = isinstance(value, primitives.Emergency)
        elif isinstance(value, primitives.LocalProcessorOutage | primitives.LocalProcessorRecovered):
            link.local_outage = isinstance(value, primitives.LocalProcessorOutage)
        if self._process.active:
            link.say("STATE", state=STATES[type(value)])


_REQUESTS: Mapping[type, Callable[[M2ua, Interface, Any], None]] = {
    primitives.Start: M2ua._start,
    primitives.Stop: M2ua._stop,
    primitives.MessageForTransmission: M2ua._message,
    primitives.RetrieveBsnt: M2ua._retrieve_number,
    primitives.RetrievalRequest: M2ua._retrieve,
    **dict.fromkeys(STATES, M2ua._state),
}
