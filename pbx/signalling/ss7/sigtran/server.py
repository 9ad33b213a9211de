"""The gateway's side of an application server: the processes that serve it, and what the server is by theirs (RFC 4666 section 4.3).

Each process is down, inactive or active, as it asks. The server is active while one of them is; when the last one goes it is pending for
T(r), so that another may take over what waits, and all of them are told of each change by NTFY. With override one process is active and
the one that asks last takes over; with load sharing all are. Leaves out what the server's traffic is (m3ua_gateway.py, m2ua_gateway.py).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import msgspec

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.sigtran.asp import ALTERNATE_ACTIVE, AS_ACTIVE, AS_CHANGE, AS_INACTIVE, AS_PENDING, OTHER
from pbx.signalling.ss7.sigtran.association import FromAssociation
from pbx.signalling.ss7.sigtran.codec import Message, message
from pbx.signalling.ss7.sigtran.room import UNEXPECTED_MESSAGE, Peer, Room

Mode = Literal["override", "loadshare"]
MODES: dict[Mode, int] = {"override": 1, "loadshare": 2}
UNSUPPORTED_MODE = 0x05
NOTICES = {"Down": AS_INACTIVE, "Inactive": AS_INACTIVE, "Active": AS_ACTIVE, "Pending": AS_PENDING}
"""What NTFY says of each state; nobody is up to hear of the first."""


class PlanError(ValueError):
    """The plan of a server or of links contradicts itself; ``faults`` are sentences, one for each."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class ServerChanged(msgspec.Struct, frozen=True, gc=False):
    """The application server is there for its users from now on, or no longer."""

    available: bool


class Process:
    """One process as the gateway knows it."""

    def __init__(self, server: "Server", peer: Peer) -> None:
        self.server = server
        self.peer = peer
        self.identifier: int | None = None
        self.machine = Machine(server.room.figures.chart("process", PROCESS_STATES, "lost"), self)
        server.room.machines.append(self.machine)

    @property
    def active(self) -> bool:
        """Whether traffic may go to it."""
        return self.machine.state == "Active"

    def notify(self, kind: int, what: int) -> None:
        """Tell it something of the server."""
        self.peer.send(message("NTFY", status=(kind, what), asp=self.identifier, **self.server.where))

    def _up(self, value: Message, now: float) -> Sequence[Output]:
        self.identifier = value.get("asp")
        self.peer.send(message("ASPUP ACK", asp=self.identifier))
        self.server.review()
        self.server.room.post(self.server.machine, "risen", self)
        return ()

    def _up_again(self, value: Message, now: float) -> Sequence[Output]:
        """It has forgotten that it is active (RFC 4666 section 4.3.4.1)."""
        self.peer.send(message("ASPUP ACK", asp=self.identifier))
        self.peer.refuse(UNEXPECTED_MESSAGE)
        self.server.review()
        return ()

    def _still_up(self, value: Message, now: float) -> Sequence[Output]:
        self.peer.send(message("ASPUP ACK", asp=self.identifier))
        return ()

    def _down(self, _: Message, now: float) -> Sequence[Output]:
        self.peer.send(message("ASPDN ACK"))
        self.server.review()
        return ()

    def _lost(self, _: Any, now: float) -> Sequence[Output]:
        self.server.review()
        return ()

    def _too_early(self, value: Message, now: float) -> Sequence[Output]:
        self.peer.refuse(UNEXPECTED_MESSAGE)
        return ()

    def _activate(self, value: Message, now: float) -> Sequence[Output]:
        error = self.server.objection(value)
        if error:
            self.peer.refuse(error, **{name: value.fields[name] for name in self.server.where if name in value.fields})
            self.machine.choose("Inactive")
            return ()
        self._confirm(value)
        self.server.taken_over_by(self)
        self.server.review()
        self.machine.choose("Active")
        return ()

    def _confirm(self, value: Message) -> None:
        fields = {name: value.fields[name] for name in ("mode", *self.server.where) if name in value.fields}
        self.peer.send(Message("ASPAC ACK", fields))

    def _still_active(self, value: Message, now: float) -> Sequence[Output]:
        self._confirm(value)
        return ()

    def _deactivate(self, value: Message, now: float) -> Sequence[Output]:
        self.peer.send(Message("ASPIA ACK", {name: value.fields[name] for name in self.server.where if name in value.fields}))
        self.server.review()
        return ()

    def _overridden(self, _: Any, now: float) -> Sequence[Output]:
        self.notify(OTHER, ALTERNATE_ACTIVE)
        return ()


class Server:
    """An application server. ``where``: its routing context or interface identifiers, as they stand in messages.

    ``objection`` says why an ASPAC cannot be, 0 where it can. ``changed`` is called when the server begins or ceases to be there for its
    users, ``paused`` when it has lost its last active process, ``resumed`` when what waits may go.
    """

    def __init__(
        self,
        room: Room,
        peers: Iterable[Peer],
        mode: Mode,
        where: dict[str, Any],
        objection: Callable[[Message], int],
        changed: Callable[[bool], None],
        resumed: Callable[[], None],
        paused: Callable[[], None] = lambda: None,
    ) -> None:
        self.room = room
        self.mode = mode
        self.where = where
        self._objection = objection
        self._changed = changed
        self._resumed = resumed
        self._paused = paused
        self.processes = {peer.name: Process(self, peer) for peer in peers}
        self.machine = Machine(room.figures.chart("server", SERVER_STATES, "review"), self)
        room.machines.append(self.machine)

    @property
    def state(self) -> str:
        """The server's state, for people."""
        return self.machine.state

    @property
    def active(self) -> list[Process]:
        """The processes that traffic may go to."""
        return [process for process in self.processes.values() if process.active]

    def chosen(self, sls: int) -> Process | None:
        """The process that a message goes to: one SLS always to the same, so that its order is kept."""
        active = self.active
        return active[sls % len(active)] if active else None

    def objection(self, value: Message) -> int:
        """Why this ASPAC cannot be: error code, or 0."""
        if value.get("mode", MODES[self.mode]) != MODES[self.mode]:
            return UNSUPPORTED_MODE
        return self._objection(value)

    def taken_over_by(self, process: Process) -> None:
        """With override the others leave."""
        if self.mode == "override":
            for other in self.active:
                if other is not process:
                    self.room.post(other.machine, "overridden")

    def review(self) -> None:
        """A process has changed, or is about to."""
        self.room.post(self.machine, "review")

    def take(self, value: FromAssociation) -> Message | None:
        """What an association tells; a message that is none for a server is given back."""
        machine = self.processes[value.association].machine
        found = self.processes[value.association].peer.take(value.told, machine)
        if found is None or found.name not in ("ASPUP", "ASPDN", "ASPAC", "ASPIA"):
            return found
        self.room.hear(machine, found.name, found)
        return None

    def _tell(self, what: int) -> None:
        for process in self.processes.values():
            if process.machine.state != "Down":
                process.notify(AS_CHANGE, what)

    # Actions of the server's chart.

    def _reviewed(self, _: Any, now: float) -> Sequence[Output]:
        state = self.machine.state
        waits = any(process.machine.state == "Inactive" for process in self.processes.values())
        if self.active:
            target = "Active"
        elif state in ("Active", "Pending"):
            target = "Pending"
        else:
            target = "Inactive" if waits else "Down"
        self._go(target, now)
        return ()

    def _over(self, _: Any, now: float) -> Sequence[Output]:
        """T(r) is over and nobody has taken over."""
        waits = any(process.machine.state == "Inactive" for process in self.processes.values())
        self._go("Inactive" if waits else "Down", now)
        return ()

    def _go(self, target: str, now: float) -> None:
        """Choose a state; where it is another one, tell the processes and the user."""
        self.machine.choose(target)
        state = self.machine.state
        if target == state:
            return
        if target == "Pending":
            self.machine.start_timer("Tr", now)
            self._paused()
        if state != "Down":  # who has just come up is told for himself
            self._tell(NOTICES[target])
        if target == "Active":
            if state != "Pending":
                self._changed(True)
            self._resumed()
        elif state == "Pending":
            self._changed(False)

    def _introduce(self, process: Process, now: float) -> Sequence[Output]:
        """A process that has come up is told how the server is."""
        process.notify(AS_CHANGE, NOTICES[self.machine.state])
        return ()


_P, _S = Process, Server
_NOTHING = Cell(None)
_EARLY = Cell(_P._too_early)

PROCESS_STATES: dict[str, State] = {
    "Down": State(
        "not up",
        {
            "ASPUP": Cell(_P._up, ("Inactive",)),
            "ASPDN": Cell(_P._down),
            "ASPAC": _EARLY,
            "ASPIA": _EARLY,
            "lost": _NOTHING,
        },
    ),
    "Inactive": State(
        "up, without traffic",
        {
            "ASPUP": Cell(_P._still_up),
            "ASPDN": Cell(_P._down, ("Down",)),
            "ASPAC": Cell(_P._activate, ("Active", "Inactive")),
            "ASPIA": Cell(_P._deactivate),
            "lost": Cell(_P._lost, ("Down",)),
        },
    ),
    "Active": State(
        "traffic goes",
        {
            "ASPUP": Cell(_P._up_again, ("Inactive",)),
            "ASPDN": Cell(_P._down, ("Down",)),
            "ASPAC": Cell(_P._still_active),
            "ASPIA": Cell(_P._deactivate, ("Inactive",)),
            "lost": Cell(_P._lost, ("Down",)),
            "overridden": Cell(_P._overridden, ("Inactive",)),
        },
    ),
}
"""RFC 4666 figure 4."""

_REVIEW = Cell(_S._reviewed, ("Down", "Inactive", "Active", "Pending"))
_CELLS = {"review": _REVIEW, "risen": Cell(_S._introduce)}

SERVER_STATES: dict[str, State] = {
    "Down": State("no process is up", {"review": _REVIEW}),
    "Inactive": State("none is active", _CELLS),
    "Active": State("one at least is active", _CELLS),
    "Pending": State("the last active one has gone, another may come", {**_CELLS, "Tr": Cell(_S._over, ("Down", "Inactive"))}, (), ("Tr",)),
}
"""RFC 4666 figure 5. ``review``: see what the processes are; ``risen``: one of them has come up."""
