"""An application server process towards one signalling gateway process (RFC 4666 section 4.3, RFC 3331 section 4.3): up, active, and back.

As soon as the association stands the process goes up and becomes active, each request repeated after T(ack) until it is answered. A
gateway that takes it out of service is asked again after T(ack); one that tells that another process has taken over is asked again
when that one is gone. The facing end is server.py. Leaves out what an active process does.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.sigtran.association import AssociationUp, FromBelow
from pbx.signalling.ss7.sigtran.codec import Message, message
from pbx.signalling.ss7.sigtran.room import Peer, Room

AS_CHANGE, OTHER = 1, 2
AS_INACTIVE, AS_ACTIVE, AS_PENDING = 2, 3, 4
INSUFFICIENT, ALTERNATE_ACTIVE, ASP_FAILURE = 1, 2, 3
"""Status types and information of NTFY (RFC 4666 section 3.8.2)."""


class ActivateServer(msgspec.Struct, frozen=True):
    """People's order: the process towards this association is to be active, as it is from the beginning."""

    association: str


class DeactivateServer(msgspec.Struct, frozen=True):
    """People's order: become inactive, then go down, and stay so."""

    association: str


class ServerProcess:
    """The box of one association. ``changed`` is called when ``active`` has changed."""

    def __init__(self, room: Room, peer: Peer, identifier: int | None, where: Message, changed: Callable[[], None]) -> None:
        """``where``: an ASPAC with its traffic mode and routing context or interface identifiers."""
        self.room = room
        self.peer = peer
        self.wanted = True
        self._identifier = identifier
        self._activate_message = where
        self._changed = changed
        self.machine = Machine(room.figures.chart("ASP", STATES, "lost"), self)
        room.machines.append(self.machine)

    @property
    def active(self) -> bool:
        """Whether traffic may go."""
        return self.machine.state == "Active"

    @property
    def activating(self) -> bool:
        """Whether it has asked for traffic."""
        return self.machine.state == "Activating"

    def order(self, wanted: bool) -> None:
        """People want it active, or not."""
        if wanted != self.wanted:
            self.wanted = wanted
            self.room.post(self.machine, "activate" if wanted else "deactivate")

    def take(self, told: FromBelow) -> Message | None:
        """What the association tells; a message that is none for a process is given back."""
        found = self.peer.take(told, self.machine)
        if isinstance(told, AssociationUp):
            self.room.post(self.machine, "up" if self.wanted else "withdrawn")
        return None if found is None or self._hear(found) else found

    def _hear(self, value: Message) -> bool:
        """A message of the classes ASPSM, ASPTM and MGMT; False: it is none for a process."""
        if value.name in ("ASPUP ACK", "ASPDN ACK", "ASPAC ACK", "ASPIA ACK"):
            self.room.hear(self.machine, value.name)
        elif value.name == "NTFY":
            kind, what = value.get("status")
            if (kind, what) == (OTHER, ALTERNATE_ACTIVE):
                self.room.hear(self.machine, "overridden")
            elif (kind, what) in ((AS_CHANGE, AS_PENDING), (OTHER, INSUFFICIENT)):
                self.room.hear(self.machine, "needed")
        else:
            return False
        return True

    # Actions.

    def _ask_up(self, _: Any, now: float) -> Sequence[Output]:
        self.peer.send(message("ASPUP", asp=self._identifier))
        return ()

    def _ask_down(self, _: Any, now: float) -> Sequence[Output]:
        self.peer.send(message("ASPDN"))
        return ()

    def _ask_active(self, _: Any, now: float) -> Sequence[Output]:
        self.peer.send(self._activate_message)
        return ()

    def _ask_inactive(self, _: Any, now: float) -> Sequence[Output]:
        fields = {name: value for name, value in self._activate_message.fields.items() if name != "mode"}
        self.peer.send(Message("ASPIA", fields))
        return ()

    def _again_up(self, argument: Any, now: float) -> Sequence[Output]:
        self.room.count("request repeated")
        return self._ask_up(argument, now)

    def _again_down(self, argument: Any, now: float) -> Sequence[Output]:
        self.room.count("request repeated")
        return self._ask_down(argument, now)

    def _again_active(self, argument: Any, now: float) -> Sequence[Output]:
        self.room.count("request repeated")
        return self._ask_active(argument, now)

    def _again_inactive(self, argument: Any, now: float) -> Sequence[Output]:
        self.room.count("request repeated")
        return self._ask_inactive(argument, now)

    def _enter(self, state: str, now: float) -> None:
        """Go to the state of the cell already now, so that users who are told see it."""
        self.machine.enter(state, now)
        self._changed()

    def _active(self, _: Any, now: float) -> Sequence[Output]:
        self._enter("Active", now)
        return ()

    def _lost(self, _: Any, now: float) -> Sequence[Output]:
        self._enter("Down", now)
        return ()

    def _put_out(self, _: Any, now: float) -> Sequence[Output]:
        """The gateway has made us inactive: it is asked again, but not at once."""
        self._enter("Activating", now)
        return ()

    def _put_down(self, _: Any, now: float) -> Sequence[Output]:
        self._enter("Ascending", now)
        return ()

    def _overridden(self, _: Any, now: float) -> Sequence[Output]:
        self._enter("Inactive", now)
        return ()

    def _withdraw(self, argument: Any, now: float) -> Sequence[Output]:
        self._enter("Deactivating", now)
        return self._ask_inactive(argument, now)


_P = ServerProcess
_NOTHING = Cell(None)
_LOST = Cell(None, ("Down",))
_LEAVE = Cell(_P._ask_down, ("Descending",))
_STALE = {"ASPUP ACK": _NOTHING, "needed": _NOTHING, "overridden": _NOTHING}

STATES: dict[str, State] = {
    "Down": State(
        "there is no association",
        {
            "up": Cell(_P._ask_up, ("Ascending",)),
            "withdrawn": Cell(None, ("Withdrawn",)),
            "lost": _NOTHING,
            "activate": _NOTHING,
            "deactivate": _NOTHING,
        },
    ),
    "Ascending": State(
        "ASPUP is sent",
        {
            **_STALE,
            "ASPUP ACK": Cell(_P._ask_active, ("Activating",)),
            "ASPDN ACK": _NOTHING,
            "deactivate": _LEAVE,
            "lost": _LOST,
            "Tack": Cell(_P._again_up, ("Ascending",)),
        },
        ("Tack",),
    ),
    "Inactive": State(
        "another process is active in place of ours",
        {
            **_STALE,
            "needed": Cell(_P._ask_active, ("Activating",)),
            "ASPIA ACK": _NOTHING,
            "ASPDN ACK": Cell(None, ("Ascending",)),
            "deactivate": _LEAVE,
            "lost": _LOST,
        },
    ),
    "Activating": State(
        "ASPAC is sent",
        {
            **_STALE,
            "ASPAC ACK": Cell(_P._active, ("Active",)),
            "ASPIA ACK": _NOTHING,
            "ASPDN ACK": Cell(None, ("Ascending",)),
            "deactivate": _LEAVE,
            "lost": _LOST,
            "Tack": Cell(_P._again_active, ("Activating",)),
        },
        ("Tack",),
    ),
    "Active": State(
        "traffic goes",
        {
            **_STALE,
            "ASPAC ACK": _NOTHING,
            "ASPIA ACK": Cell(_P._put_out, ("Activating",)),
            "ASPDN ACK": Cell(_P._put_down, ("Ascending",)),
            "overridden": Cell(_P._overridden, ("Inactive",)),
            "deactivate": Cell(_P._withdraw, ("Deactivating",)),
            "lost": Cell(_P._lost, ("Down",)),
        },
    ),
    "Deactivating": State(
        "ASPIA is sent",
        {
            **_STALE,
            "ASPAC ACK": _NOTHING,
            "ASPIA ACK": _LEAVE,
            "ASPDN ACK": Cell(None, ("Withdrawn",)),
            "activate": Cell(_P._ask_active, ("Activating",)),
            "lost": _LOST,
            "Tack": Cell(_P._again_inactive, ("Deactivating",)),
        },
        ("Tack",),
    ),
    "Descending": State(
        "ASPDN is sent",
        {
            **_STALE,
            "ASPAC ACK": _NOTHING,
            "ASPIA ACK": _NOTHING,
            "ASPDN ACK": Cell(None, ("Withdrawn",)),
            "activate": Cell(_P._ask_up, ("Ascending",)),
            "lost": _LOST,
            "Tack": Cell(_P._again_down, ("Descending",)),
        },
        ("Tack",),
    ),
    "Withdrawn": State(
        "down by people's order",
        {
            **_STALE,
            "ASPAC ACK": _NOTHING,
            "ASPIA ACK": _NOTHING,
            "ASPDN ACK": _NOTHING,
            "activate": Cell(_P._ask_up, ("Ascending",)),
            "lost": _LOST,
        },
    ),
}
"""RFC 4666 figure 4 from the process's side, with the requests that are under way."""
