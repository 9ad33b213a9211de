"""M3UA at the signalling gateway (RFC 4666), or at the answering end of a single exchange between two servers (IPSP).

``M3uaGateway`` is one application server and stands where a user part stands above level 3: it takes what the MTP tells users and sends it
to the server's processes, and returns their messages as ``Transfer``. Inputs: ``FromAssociation`` and ``ToUser`` of primitives.py. Outputs:
``ToAssociation``, ``Transfer``, ``ServerChanged``, ``Noted``, ``Unexpected``, ``Malformed``. In a single exchange (``destinations`` of the
plan) there is no MTP: what comes is for our own users, who hear Pause and Resume as processes go and come. Leaves out what the
network is told when a server is gone: that is an order to level 3 (``UserPart``) for whoever composes both.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pbx.signalling.ss7.mtp3.label import Form
from pbx.signalling.ss7.primitives import Pause, RestartBegins, RestartEnds, Resume, Status, ToUser, Transfer
from pbx.signalling.ss7.sigtran.association import FromAssociation
from pbx.signalling.ss7.sigtran.codec import Message
from pbx.signalling.ss7.sigtran.figures import Figures
from pbx.signalling.ss7.sigtran.m3ua_plan import CAUSES, ServerPlan, about, check, concerned, data, fault_of, objection, transfer, where
from pbx.signalling.ss7.sigtran.room import UNEXPECTED_MESSAGE, Adaptation, Peer
from pbx.signalling.ss7.sigtran.server import Process, Server, ServerChanged
from pbx.signalling.ss7.sigtran.tables import M3UA

Input = FromAssociation | ToUser


class M3uaGateway(Adaptation):
    """One application server at the gateway."""

    def __init__(self, plan: ServerPlan, form: Form, figures: Figures) -> None:
        """Raises ``PlanError`` with all that is wrong with the plan."""
        check(plan, form)
        super().__init__(figures)
        self.plan = plan
        self.form = form
        peers = [Peer(self.room, M3UA, name) for name in plan.associations]
        self._server = Server(
            self.room, peers, plan.mode, where(plan), lambda value: objection(plan, value), self._changed, self._resumed
        )
        self._waiting: deque[Transfer] = deque()
        self._reachable: set[int] = set()
        self._congested: dict[int, int] = {}

    # What people see.

    @property
    def state(self) -> str:
        """The server's state."""
        return self._server.state

    def process_state(self, association: str) -> str:
        """The state of one process."""
        return self._server.processes[association].machine.state

    # The engine's verbs.

    def receive(self, value: Input, now: float) -> Sequence[Any]:
        """Something of an association or of the MTP."""
        _INPUTS[type(value)](self, value)
        return self.room.taken(now)

    # The server.

    def _changed(self, available: bool) -> None:
        if not available and self._waiting:
            self.room.count("messages lost with the server")
            self._waiting.clear()
        self.room.tell(ServerChanged(available))
        for code in self.plan.destinations:
            self.room.tell(Resume(code) if available else Pause(code))

    def _resumed(self) -> None:
        while self._waiting:
            self._transfer(self._waiting.popleft())

    def _tell(self, value: Message) -> None:
        """All active processes are told."""
        for process in self._server.active:
            process.peer.send(value)

    # From the MTP.

    def _transfer(self, value: Transfer) -> None:
        process = self._server.chosen(value.sls)
        if process is not None:
            self.room.count("sent")
            process.peer.send(data(self.plan, value), value.sls)
        elif self._server.state == "Pending" and len(self._waiting) < self.room.figures.data.messages:
            self._waiting.append(value)
        else:
            self.room.count("message without a way")

    def _pause(self, value: Pause) -> None:
        self._reachable.discard(value.affected)
        self._congested.pop(value.affected, None)
        self._tell(about(self.plan, "DUNA", value.affected))

    def _resume(self, value: Resume) -> None:
        self._reachable.add(value.affected)
        self._tell(about(self.plan, "DAVA", value.affected))

    def _status(self, value: Status) -> None:
        if value.cause == "congestion":
            self._congested[value.affected] = value.level
            self._tell(self._congestion(value.affected))
            if not value.level:
                del self._congested[value.affected]
        else:
            cause = CAUSES.index(value.reason or CAUSES[0])
            for service in sorted(self.plan.users) if value.service is None else (value.service,):
                self._tell(about(self.plan, "DUPU", value.affected, cause=(cause, service)))

    def _congestion(self, code: int) -> Message:
        return about(self.plan, "SCON", code, congestion=self._congested[code])

    def _restart(self, _: RestartBegins) -> None:
        if self._reachable:
            self._tell(about(self.plan, "DUNA", *sorted(self._reachable)))
        self._reachable.clear()
        self._congested.clear()

    def _restarted(self, _: RestartEnds) -> None:
        """``Resume`` of each destination came before."""

    # From processes.

    def _from_association(self, value: FromAssociation) -> None:
        found = self._server.take(value)
        if found is not None:
            self._hear(self._server.processes[value.association], found)

    def _hear(self, process: Process, value: Message) -> None:
        act = _MESSAGES.get(value.name)
        if act is None or not process.active:
            process.peer.refuse(UNEXPECTED_MESSAGE)
            self.room.count("unexpected")
            return
        error = objection(self.plan, value)
        if error:
            process.peer.refuse(error, contexts=value.get("contexts"))
        else:
            act(self, process, value)

    def _data(self, process: Process, value: Message) -> None:
        content = value.get("data")
        fault = fault_of(self.plan, self.form, content)
        if not fault and self.plan.destinations and content.dpc != self.plan.code:
            fault = "not for this server"
        if fault:
            self.room.count(fault)
            return
        self.room.count("received")
        self.room.tell(transfer(content))

    def _asked(self, process: Process, value: Message) -> None:
        """DAUD: what is known is told, code by code; what a mask leaves open only where it is known."""
        known = self._reachable | ({self.plan.code} if self.plan.destinations else set())
        for code in concerned(value, known):
            process.peer.send(about(self.plan, "DAVA", code))
            if code in self._congested:
                process.peer.send(self._congestion(code))
        for mask, code in value.get("affected"):
            if not mask and code not in known:
                process.peer.send(about(self.plan, "DUNA", code))

    def _reported(self, process: Process, value: Message) -> None:
        """SCON of a process, and what else a process in a single exchange may say: the users hear of congestion."""
        for code in concerned(value, set(self.plan.destinations)):
            self.room.tell(Status(code, "congestion", value.get("congestion", 1) & 0xFF))


_INPUTS: Mapping[type, Callable[[M3uaGateway, Any], None]] = {
    FromAssociation: M3uaGateway._from_association,
    Transfer: M3uaGateway._transfer,
    Pause: M3uaGateway._pause,
    Resume: M3uaGateway._resume,
    Status: M3uaGateway._status,
    RestartBegins: M3uaGateway._restart,
    RestartEnds: M3uaGateway._restarted,
}

_MESSAGES: Mapping[str, Callable[[M3uaGateway, Process, Message], None]] = {
    "DATA": M3uaGateway._data,
    "DAUD": M3uaGateway._asked,
    "SCON": M3uaGateway._reported,
}
