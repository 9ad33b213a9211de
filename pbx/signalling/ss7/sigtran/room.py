"""What the boxes of one user adaptation share: signals (pbx/signalling/ss7/signals.py), timers, and the far ends they speak to.

A ``Peer`` is one association as its users see it: it reads and writes
messages, answers heartbeats, asks for them, and tells the far end what cannot be read. Leaves out every procedure of application servers
(asp.py, server.py). ``Adaptation`` is what their engines have in common.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pbx.engine import Levels, Malformed, Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.signals import Signals
from pbx.signalling.ss7.sigtran.association import (
    AssociationLost,
    AssociationUp,
    EndAssociation,
    FromBelow,
    Octets,
    SendOctets,
    ToAssociation,
)
from pbx.signalling.ss7.sigtran.codec import Fault, Message, message, read, write
from pbx.signalling.ss7.sigtran.figures import Figures
from pbx.signalling.ss7.sigtran.tables import MANAGEMENT, Dialect

UNEXPECTED_MESSAGE, INVALID_PARAMETER = 0x06, 0x11
DIAGNOSTIC_OCTETS = 40
MANAGEMENT_STREAM = 0


class Room(Signals[Any]):
    """``machines``: all that are to be watched; boxes append theirs."""

    def __init__(self, figures: Figures) -> None:
        super().__init__()
        self.figures = figures
        self.machines: list[Machine] = []

    def taken(self, now: float) -> Sequence[Any]:
        """What an input has brought about."""
        self.drain(now)
        outputs, self.outputs = self.outputs, []
        return outputs

    def deadline(self) -> float | None:
        """When the next timer is due."""
        return min((due for machine in self.machines if (due := machine.deadline()) is not None), default=None)

    def expire(self, now: float) -> Sequence[Any]:
        """Fire what is due, earliest first."""
        while (due := self.deadline()) is not None and due <= now:
            machine = next(one for one in self.machines if one.deadline() == due)
            self.outputs.extend(machine.expire(due))
            self.drain(due)
        return self.taken(now)


class Adaptation:
    """An engine of M3UA or M2UA, at either end: what it says is in its room, and nothing of it outlives control."""

    def __init__(self, figures: Figures) -> None:
        self.room = Room(figures)

    @property
    def tag(self) -> str:
        """Empty: associations end with control, so nothing can be adopted."""
        return ""

    @property
    def counters(self) -> Mapping[str, int]:
        """What has happened how often, by name."""
        return self.room.counters

    def start(self, now: float) -> Sequence[Any]:
        """Nothing is there yet; associations are waited for."""
        return self.room.taken(now)

    def expire(self, now: float) -> Sequence[Any]:
        """Fire the timers that are due."""
        return self.room.expire(now)

    def deadline(self) -> float | None:
        """When ``expire`` is wanted."""
        return self.room.deadline()

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Any]:
        """After a restart of control everything begins anew."""
        return self.start(now)


class Peer:
    """One association. ``up``: it stands."""

    def __init__(self, room: Room, dialect: Dialect, name: str) -> None:
        self.room = room
        self.dialect = dialect
        self.name = name
        self.up = False
        self.heartbeat = Machine(room.figures.chart("heartbeat", HEARTBEAT_STATES, "lost"), self)
        room.machines.append(self.heartbeat)
        self._streams = 1
        self._beats = 0

    def take(self, told: FromBelow, process: Machine) -> Message | None:
        """What the association tells: a message for the boxes above, if it is one; ``process`` hears that it is lost."""
        if isinstance(told, Octets):
            return self.hear(told.octets)
        if self.up or isinstance(told, AssociationLost):  # one that begins anew has lost the old one
            self.fall()
            self.room.post(process, "lost")
        if isinstance(told, AssociationUp):
            self.rise(told.streams)
        return None

    def rise(self, streams: int) -> None:
        """The association has come up."""
        self.up = True
        self._streams = streams
        self.room.post(self.heartbeat, "up")

    def fall(self) -> None:
        """It is gone."""
        self.up = False
        self.room.count("association lost")
        self.room.post(self.heartbeat, "lost")

    def send(self, value: Message, sls: int | None = None) -> None:
        """Send a message; user messages by their SLS on streams of their own (RFC 4666 section 1.4.7), all others on stream 0."""
        if not self.up:
            return
        stream = MANAGEMENT_STREAM
        if sls is not None and self._streams > 1:
            stream = 1 + sls % (self._streams - 1)
        if sls is None and value.name not in ("BEAT", "BEAT ACK"):
            self.room.note(f"-> {value.name} to {self.name}")
        self.room.tell(ToAssociation(self.name, SendOctets(stream, write(self.dialect, value))))

    def refuse(self, error: int, diagnostic: bytes | None = None, **where: Any) -> None:
        """Tell the far end of its fault."""
        self.room.count("errors told")
        self.send(message("ERR", error=error, diagnostic=diagnostic, **where))

    def hear(self, octets: bytes) -> Message | None:
        """A message for the boxes above; None where it was not for them."""
        found = read(self.dialect, octets)
        room = self.room
        if isinstance(found, Fault):
            room.count("malformed")
            room.tell(Malformed(found.what))
            if octets[2:4] != bytes((MANAGEMENT, 0)):  # never an error for an error
                self.refuse(found.error, octets[:DIAGNOSTIC_OCTETS])
            return None
        if found.name == "BEAT":
            self.send(Message("BEAT ACK", found.fields))
        elif found.name == "BEAT ACK":
            room.hear(self.heartbeat, "answer", found.get("heartbeat"))
        elif found.name == "ERR":
            room.count("errors heard")
            room.note(f"<- ERR from {self.name}: code {found.get('error'):#04x}")
        else:
            if found.name != "DATA":
                room.note(f"<- {found.name} from {self.name}")
            return found
        return None

    # Heartbeats.

    def _beat(self, _: Any, now: float) -> Sequence[Output]:
        self._beats += 1
        self.send(message("BEAT", heartbeat=self._beats.to_bytes(4, "big")))
        return ()

    def _answered(self, octets: bytes | None, now: float) -> Sequence[Output]:
        """The answer to an older one is none."""
        right = octets == self._beats.to_bytes(4, "big")
        self.heartbeat.choose("Resting" if right else "Asked")
        return ()

    def _silent(self, _: Any, now: float) -> Sequence[Output]:
        self.room.count("heartbeat without answer")
        self.room.tell(ToAssociation(self.name, EndAssociation("no answer to a heartbeat")))
        return ()


_NOTHING = Cell(None)

HEARTBEAT_STATES: dict[str, State] = {
    "Idle": State("there is no association", {"up": Cell(None, ("Resting",)), "lost": _NOTHING}),
    "Resting": State(
        "the far end has answered",
        {"lost": Cell(None, ("Idle",)), "answer": _NOTHING, "Tbeat": Cell(Peer._beat, ("Asked",))},
        ("Tbeat",),
    ),
    "Asked": State(
        "the far end is asked",
        {
            "lost": Cell(None, ("Idle",)),
            "answer": Cell(Peer._answered, ("Resting", "Asked")),
            "Tbeat": Cell(Peer._silent, ("Idle",)),
        },
        ("Tbeat",),
    ),
}
"""RFC 4666 section 4.3.4.6."""
