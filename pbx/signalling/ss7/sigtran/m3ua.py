"""M3UA at the application server (RFC 4666): to user parts it is what level 3 is, Transfer, Pause, Resume and Status of primitives.py.

``M3ua`` has one process for each association to the gateway. Inputs: ``FromAssociation``, ``Transfer``, ``ActivateServer``,
``DeactivateServer``. Outputs: ``ToAssociation``, primitives to users, ``Noted``, ``Unexpected``, ``Malformed``. A destination can be
reached as long as a process is active whose gateway has not said otherwise; a process that becomes active asks for all of them
(DAUD), and until it is told they count as reachable. Messages of one SLS go one way. Leaves out the restart of a point, registration of
routing keys, broadcast mode.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pbx.signalling.ss7.mtp3.label import Form
from pbx.signalling.ss7.primitives import Pause, Resume, Status, Transfer
from pbx.signalling.ss7.sigtran.asp import ActivateServer, DeactivateServer, ServerProcess
from pbx.signalling.ss7.sigtran.association import FromAssociation
from pbx.signalling.ss7.sigtran.codec import Message, message
from pbx.signalling.ss7.sigtran.figures import Figures
from pbx.signalling.ss7.sigtran.m3ua_plan import CAUSES, ServerPlan, about, check, concerned, data, fault_of, objection, transfer, where
from pbx.signalling.ss7.sigtran.room import UNEXPECTED_MESSAGE, Adaptation, Peer
from pbx.signalling.ss7.sigtran.server import MODES
from pbx.signalling.ss7.sigtran.tables import M3UA, ProtocolData

Input = FromAssociation | Transfer | ActivateServer | DeactivateServer


class _Way:
    """One association: its peer, its process, and the destinations that its gateway cannot reach."""

    def __init__(self, engine: "M3ua", name: str) -> None:
        plan = engine.plan
        self.peer = Peer(engine.room, M3UA, name)
        activate = message("ASPAC", mode=MODES[plan.mode], **where(plan))
        self.process = ServerProcess(engine.room, self.peer, plan.identifier, activate, lambda: engine.changed(self))
        self.barred: set[int] = set()


class M3ua(Adaptation):
    """One application server at its own end."""

    def __init__(self, plan: ServerPlan, form: Form, figures: Figures) -> None:
        """Raises ``PlanError`` with all that is wrong with the plan."""
        check(plan, form)
        super().__init__(figures)
        self.plan = plan
        self.form = form
        self._ways = {name: _Way(self, name) for name in plan.associations}
        self._destinations = frozenset(plan.destinations)
        self._accessible: set[int] = set()

    # What people see.

    @property
    def state(self) -> str:
        """``active`` as long as one process is."""
        return "active" if any(way.process.active for way in self._ways.values()) else "inactive"

    def process_state(self, association: str) -> str:
        """The state of one process."""
        return self._ways[association].process.machine.state

    def accessible(self, destination: int) -> bool:
        """Whether a destination can be reached now."""
        return destination in self._accessible

    # The engine's verbs.

    def receive(self, value: Input, now: float) -> Sequence[Any]:
        """Something of an association, of a user, or an order."""
        _INPUTS[type(value)](self, value)
        return self.room.taken(now)

    # Inputs.

    def _from_association(self, value: FromAssociation) -> None:
        way = self._ways[value.association]
        found = way.process.take(value.told)
        if found is not None:
            self._hear(way, found)

    def _transfer(self, value: Transfer) -> None:
        """MTP-TRANSFER request. One for this server itself comes back at once, one that cannot be reached is lost, as in level 3."""
        if value.dpc == self.plan.code:
            self.room.tell(value)
            return
        ways = [way for way in self._ways.values() if way.process.active and value.dpc not in way.barred]
        if not ways:
            self.room.count("message without a way")
            return
        self.room.count("sent")
        ways[value.sls % len(ways)].peer.send(data(self.plan, value), value.sls)

    def _activate(self, value: ActivateServer) -> None:
        self._ways[value.association].process.order(True)

    def _deactivate(self, value: DeactivateServer) -> None:
        self._ways[value.association].process.order(False)

    # From the gateway.

    def changed(self, way: _Way) -> None:
        """A process has become active, or is not any more."""
        way.barred.clear()
        if way.process.active and self._destinations:
            way.peer.send(about(self.plan, "DAUD", *self.plan.destinations))
        self._review()

    def _review(self) -> None:
        """Tell users of destinations that can be reached now, or not any more."""
        active = [way for way in self._ways.values() if way.process.active]
        found = {code for code in self._destinations if any(code not in way.barred for way in active)}
        for code in sorted(self._accessible - found):
            self.room.tell(Pause(code))
        for code in sorted(found - self._accessible):
            self.room.tell(Resume(code))
        self._accessible = found

    def _hear(self, way: _Way, value: Message) -> None:
        act = _MESSAGES.get(value.name)
        early = value.name == "DATA" and way.process.activating  # on another stream than the acknowledgement, and before it
        if act is None or not (way.process.active or early):
            way.peer.refuse(UNEXPECTED_MESSAGE)
            self.room.count("unexpected")
            return
        error = objection(self.plan, value)
        if error:
            way.peer.refuse(error, contexts=value.get("contexts"))
        else:
            act(self, way, value)

    def _data(self, way: _Way, value: Message) -> None:
        content: ProtocolData = value.get("data")
        fault = fault_of(self.plan, self.form, content)
        if fault or content.dpc != self.plan.code:
            self.room.count(fault or "not for this server")
        else:
            self.room.count("received")
            self.room.tell(transfer(content))

    def _unavailable(self, way: _Way, value: Message) -> None:
        way.barred.update(concerned(value, self._destinations))
        self._review()

    def _available(self, way: _Way, value: Message) -> None:
        """DAVA, and DRST: a restricted destination can be reached."""
        way.barred.difference_update(concerned(value, self._destinations))
        self._review()

    def _congested(self, way: _Way, value: Message) -> None:
        level = value.get("congestion", 1) & 0xFF
        for code in concerned(value, self._destinations):
            self.room.tell(Status(code, "congestion", level))

    def _user_unavailable(self, way: _Way, value: Message) -> None:
        cause, user = value.get("cause")
        reason = CAUSES[cause] if cause < len(CAUSES) else CAUSES[0]
        for code in concerned(value, self._destinations):
            self.room.tell(Status(code, "user part unavailable", 0, user, reason))  # type: ignore[arg-type]

    def _asked(self, way: _Way, value: Message) -> None:
        """DAUD of the other end of a single exchange: we can reach ourselves, and nothing else through us."""
        for _, code in value.get("affected"):
            way.peer.send(about(self.plan, "DAVA" if code == self.plan.code else "DUNA", code))


_INPUTS: Mapping[type, Callable[[M3ua, Any], None]] = {
    FromAssociation: M3ua._from_association,
    Transfer: M3ua._transfer,
    ActivateServer: M3ua._activate,
    DeactivateServer: M3ua._deactivate,
}

_MESSAGES: Mapping[str, Callable[[M3ua, _Way, Message], None]] = {
    "DATA": M3ua._data,
    "DUNA": M3ua._unavailable,
    "DAVA": M3ua._available,
    "DRST": M3ua._available,
    "SCON": M3ua._congested,
    "DUPU": M3ua._user_unavailable,
    "DAUD": M3ua._asked,
}
