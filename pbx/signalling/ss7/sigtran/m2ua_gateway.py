"""M2UA at the signalling gateway (RFC 3331): links whose level 2 is here and whose level 3 is at the other end of an association.

``M2uaGateway`` stands where level 3 stands above level 2: it takes ``FromLink`` and returns ``ToLink`` of primitives.py, for links of MTP2
as for any other with that face. Inputs besides: ``FromAssociation``, ``WithdrawLink``, ``RestoreLink``. Outputs besides:
``ToAssociation``, ``ServerChanged``, ``Noted``, ``Unexpected``, ``Malformed``. All links together are one application server: who is
active is so for all. When no process is active the far ends are told of a processor outage, and after T(r) the links are taken out of
service. Leaves out audit, clearing of the retransmission buffer, the receiver's congestion, link keys.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7 import primitives
from pbx.signalling.ss7.primitives import FromLink, ToLevel2, ToLink
from pbx.signalling.ss7.sigtran.association import FromAssociation
from pbx.signalling.ss7.sigtran.codec import PARAMETER_FIELD_ERROR, Message
from pbx.signalling.ss7.sigtran.figures import Figures
from pbx.signalling.ss7.sigtran.m2ua_plan import (
    FAILURE,
    INVALID_IDENTIFIER,
    REMOTE_OUTAGE,
    REMOTE_RECOVERED,
    REQUESTS,
    RETRIEVE_MESSAGES,
    RETRIEVE_NUMBER,
    SUCCESS,
    UNIT_OCTETS,
    LinksPlan,
    about,
    check,
    error_of,
    identifier_of,
)
from pbx.signalling.ss7.sigtran.room import INVALID_PARAMETER, UNEXPECTED_MESSAGE, Adaptation, Peer
from pbx.signalling.ss7.sigtran.server import Process, Server, ServerChanged
from pbx.signalling.ss7.sigtran.tables import M2UA

ASSOCIATIONS_MOST = 16


class WithdrawLink(msgspec.Struct, frozen=True):
    """People's order: the link goes out of service, and stays so whatever the process asks."""

    link: str


class RestoreLink(msgspec.Struct, frozen=True):
    """People's order: the process may have the link again, as from the beginning."""

    link: str


Input = FromAssociation | FromLink | WithdrawLink | RestoreLink


class Terminal:
    """One link of the gateway."""

    def __init__(self, gateway: "M2uaGateway", name: str, identifier: int) -> None:
        self.gateway = gateway
        self.name = name
        self.identifier = identifier
        self.machine = Machine(gateway.room.figures.chart("terminal", STATES, "RELEASE"), self)
        gateway.room.machines.append(self.machine)

    def say(self, name: str, **fields: Any) -> None:
        """To the process that is active."""
        process = self.gateway.server.chosen(self.identifier)
        if process is not None:
            process.peer.send(about(name, self.identifier, **fields), self.identifier)
        elif name == "DATA":
            self.gateway.room.count("message lost without a process")

    def order(self, request: ToLevel2) -> None:
        """To level 2."""
        self.gateway.room.tell(ToLink(self.name, request))

    # Actions.

    def _start(self, _: Any, now: float) -> Sequence[Output]:
        self.order(primitives.Start())
        return ()

    def _start_anew(self, argument: Any, now: float) -> Sequence[Output]:
        """Who asks for a link in service has lost what it knew of it."""
        self.order(primitives.Stop())
        return self._start(argument, now)

    def _confirm(self, _: Any, now: float) -> Sequence[Output]:
        self.say("ESTABLISH CONFIRM")
        return ()

    def _fail(self, reason: str, now: float) -> Sequence[Output]:
        self.gateway.room.note(f"{self.name} out of service: {reason}")
        self.say("RELEASE INDICATION")
        return ()

    def _released(self, _: Any, now: float) -> Sequence[Output]:
        self.say("RELEASE CONFIRM")
        return ()

    def _release(self, argument: Any, now: float) -> Sequence[Output]:
        self.order(primitives.Stop())
        return self._released(argument, now)

    def _abandon(self, _: Any, now: float) -> Sequence[Output]:
        self.order(primitives.Stop())
        return ()

    def _withdraw(self, argument: Any, now: float) -> Sequence[Output]:
        """By people's order here."""
        self._abandon(argument, now)
        return self._refuse(argument, now)

    def _refuse(self, _: Any, now: float) -> Sequence[Output]:
        self.say("RELEASE INDICATION")
        return ()

    def _no_level_3(self, _: Any, now: float) -> Sequence[Output]:
        """Until a process tells us that its processor works, or until T(r) is over."""
        self.order(primitives.LocalProcessorOutage())
        return ()

    def _data(self, value: Message, now: float) -> Sequence[Output]:
        self.order(primitives.MessageForTransmission(value.get("data")))
        if "correlation" in value.fields:
            self.say("DATA ACK", correlation=value.get("correlation"))
        return ()

    def _too_early(self, _: Any, now: float) -> Sequence[Output]:
        self.gateway.room.count("message for a link that is not in service")
        return ()

    def _retrieve(self, value: Message, now: float) -> Sequence[Output]:
        action = value.get("action")
        if action == RETRIEVE_NUMBER:
            self.order(primitives.RetrieveBsnt())
        elif action == RETRIEVE_MESSAGES and value.get("sequence", 0) <= self.gateway.plan.highest:
            self.say("RETRIEVAL CONFIRM", action=action, result=SUCCESS)
            self.order(primitives.RetrievalRequest(value.get("sequence")))
        else:
            self._not_now(value, now)
        return ()

    def _not_now(self, value: Message, now: float) -> Sequence[Output]:
        self.say("RETRIEVAL CONFIRM", action=value.get("action"), result=FAILURE)
        return ()


_T = Terminal
_NOTHING = Cell(None)

STATES: dict[str, State] = {
    "Idle": State(
        "level 2 is out of service",
        {
            "ESTABLISH": Cell(_T._start, ("Starting",)),
            "RELEASE": Cell(_T._released),
            "DATA": Cell(_T._data),  # it has crossed the failure, and can be retrieved
            "RETRIEVAL": Cell(_T._retrieve),
            "paused": _NOTHING,
            "gone": _NOTHING,
            "withdraw": Cell(None, ("Withdrawn",)),
            "restore": _NOTHING,
        },
    ),
    "Starting": State(
        "level 2 aligns",
        {
            "ESTABLISH": _NOTHING,
            "RELEASE": Cell(_T._release, ("Idle",)),
            "DATA": Cell(_T._too_early),
            "RETRIEVAL": Cell(_T._not_now),
            "in-service": Cell(_T._confirm, ("Serving",)),
            "out-of-service": Cell(_T._fail, ("Idle",)),
            "paused": Cell(_T._no_level_3),
            "gone": Cell(_T._abandon, ("Idle",)),
            "withdraw": Cell(_T._withdraw, ("Withdrawn",)),
            "restore": _NOTHING,
        },
    ),
    "Serving": State(
        "level 2 is in service",
        {
            "ESTABLISH": Cell(_T._start_anew, ("Starting",)),
            "RELEASE": Cell(_T._release, ("Idle",)),
            "DATA": Cell(_T._data),
            "RETRIEVAL": Cell(_T._not_now),
            "out-of-service": Cell(_T._fail, ("Idle",)),
            "paused": Cell(_T._no_level_3),
            "gone": Cell(_T._abandon, ("Idle",)),
            "withdraw": Cell(_T._withdraw, ("Withdrawn",)),
            "restore": _NOTHING,
        },
    ),
    "Withdrawn": State(
        "out of service by people's order here, whatever the process asks",
        {
            "ESTABLISH": Cell(_T._refuse),
            "RELEASE": Cell(_T._released),
            "DATA": Cell(_T._data),
            "RETRIEVAL": Cell(_T._retrieve),
            "paused": _NOTHING,
            "gone": _NOTHING,
            "withdraw": _NOTHING,
            "restore": Cell(None, ("Idle",)),
        },
    ),
}
"""RFC 3331 section 4.2, from the gateway's side."""


class M2uaGateway(Adaptation):
    """All links of a gateway that belong to one level 3, and the processes that may carry it."""

    def __init__(self, plan: LinksPlan, figures: Figures) -> None:
        """Raises ``PlanError`` with all that is wrong with the plan."""
        check(plan, ASSOCIATIONS_MOST)
        super().__init__(figures)
        self.plan = plan
        peers = [Peer(self.room, M2UA, name) for name in plan.associations]
        where: dict[str, Any] = {"identifiers": tuple(identifier for _, identifier in plan.links)}
        self.server = Server(self.room, peers, plan.mode, where, self._objection, self._changed, lambda: None, self._paused)
        self._links = {name: Terminal(self, name, identifier) for name, identifier in plan.links}
        self._by_identifier = {link.identifier: link for link in self._links.values()}

    # What people see.

    @property
    def state(self) -> str:
        """The server's state."""
        return self.server.state

    def link_state(self, link: str) -> str:
        """The state of one link."""
        return self._links[link].machine.state

    # The engine's verbs.

    def receive(self, value: Input, now: float) -> Sequence[Any]:
        """Something of an association or of a link's level 2, or an order."""
        if isinstance(value, FromLink):
            link = self._links[value.link]
            _INDICATIONS[type(value.indication)](self, link, value.indication)
        elif isinstance(value, FromAssociation):
            self._from_association(value)
        else:
            self.room.post(self._links[value.link].machine, "withdraw" if isinstance(value, WithdrawLink) else "restore")
        return self.room.taken(now)

    # The server.

    def _objection(self, value: Message) -> int:
        """Only links that are here can be asked for."""
        ranges = value.get("ranges", ())
        asked = [*value.get("identifiers", ()), *(end for both in ranges for end in both)]
        if "name" in value.fields:
            return error_of(value)
        return INVALID_IDENTIFIER if any(identifier not in self._by_identifier for identifier in asked) else 0

    def _changed(self, available: bool) -> None:
        self.room.tell(ServerChanged(available))
        if not available:
            for link in self._links.values():
                self.room.post(link.machine, "gone")

    def _paused(self) -> None:
        """Nobody reads what comes in, so the far ends are told that there is no level 3."""
        for link in self._links.values():
            self.room.post(link.machine, "paused")

    # From processes.

    def _from_association(self, value: FromAssociation) -> None:
        found = self.server.take(value)
        if found is not None:
            self._hear(self.server.processes[value.association], found)

    def _hear(self, process: Process, value: Message) -> None:
        peer = process.peer
        identifier = identifier_of(value)
        link = None if identifier is None else self._by_identifier.get(identifier)
        if not process.active:
            peer.refuse(UNEXPECTED_MESSAGE)
            self.room.count("unexpected")
        elif value.name == "DATA ACK":  # we ask for none
            return
        elif link is None:
            peer.refuse(error_of(value), identifiers=value.get("identifiers"), name=value.get("name"))
        elif value.name == "DATA" and len(value.get("data")) not in UNIT_OCTETS:
            peer.refuse(PARAMETER_FIELD_ERROR, identifiers=(link.identifier,))
            self.room.count("signal unit of a wrong length")
        elif value.name in ("DATA", "ESTABLISH", "RELEASE", "RETRIEVAL"):
            self.room.hear(link.machine, value.name, value)
        elif value.name == "STATE":
            self._requested(peer, link, value)
        else:
            peer.refuse(UNEXPECTED_MESSAGE)
            self.room.count("unexpected")

    def _requested(self, peer: Peer, link: Terminal, value: Message) -> None:
        request = REQUESTS.get(value.get("state"))
        if request is None:
            peer.refuse(INVALID_PARAMETER, identifiers=(link.identifier,))
        else:
            link.order(request)
            link.say("STATE CONFIRM", state=value.get("state"))

    # From level 2.

    def _in_service(self, link: Terminal, _: Any) -> None:
        self.room.post(link.machine, "in-service")

    def _out_of_service(self, link: Terminal, value: primitives.OutOfService) -> None:
        self.room.post(link.machine, "out-of-service", value.reason)

    def _received(self, link: Terminal, value: primitives.ReceivedMessage) -> None:
        link.say("DATA", data=value.octets)

    def _bsnt(self, link: Terminal, value: primitives.Bsnt) -> None:
        fields = {"result": FAILURE} if value.value is None else {"result": SUCCESS, "sequence": value.value}
        link.say("RETRIEVAL CONFIRM", action=RETRIEVE_NUMBER, **fields)

    def _retrieved(self, link: Terminal, value: primitives.RetrievedMessage) -> None:
        link.say("RETRIEVAL INDICATION", data=value.octets)

    def _complete(self, link: Terminal, _: Any) -> None:
        link.say("RETRIEVAL COMPLETE")

    def _remote_outage(self, link: Terminal, _: Any) -> None:
        link.say("STATE INDICATION", event=REMOTE_OUTAGE)

    def _remote_recovered(self, link: Terminal, _: Any) -> None:
        link.say("STATE INDICATION", event=REMOTE_RECOVERED)

    def _congestion(self, link: Terminal, value: primitives.LinkCongestion) -> None:
        link.say("CONGESTION", congestion=value.level, discard=0)


_INDICATIONS: Mapping[type, Callable[[M2uaGateway, Terminal, Any], None]] = {
    primitives.InService: M2uaGateway._in_service,
    primitives.OutOfService: M2uaGateway._out_of_service,
    primitives.ReceivedMessage: M2uaGateway._received,
    primitives.Bsnt: M2uaGateway._bsnt,
    primitives.RetrievedMessage: M2uaGateway._retrieved,
    primitives.RetrievalComplete: M2uaGateway._complete,
    primitives.RemoteProcessorOutage: M2uaGateway._remote_outage,
    primitives.RemoteProcessorRecovered: M2uaGateway._remote_recovered,
    primitives.LinkCongestion: M2uaGateway._congestion,
}
