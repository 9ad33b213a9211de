"""TSFC, RTCC and RCAT, signalling traffic flow control: congestion and user parts that are not there (Q.704 sections 3.8, 11, 13.6 to
13.9).

Where a link is congested, the users of this point are told by STATUS and other points by TFC: with the first message towards it and each
n-th after. With one level (international method) that is all, and it is for the users to send less. With two or three levels (national
method) messages of a priority below the level are discarded, and a congestion that was told by TFC is tested (T15, T16, RCT) until it is
over. Leaves out the thresholds of level 2's buffer, which tells the level.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.mtp3.label import Unit
from pbx.signalling.ss7.mtp3.management import Message
from pbx.signalling.ss7.primitives import Reason, Status

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.link import Link
    from pbx.signalling.ss7.mtp3.room import Room
    from pbx.signalling.ss7.mtp3.tsrc import Destination, Sending

CAUSES: tuple[Reason, ...] = ("unknown", "unequipped", "inaccessible")


class CongestionTest:
    """RCAT: whether the way to a destination is still congested (national method)."""

    def __init__(self, room: "Room", destination: "Destination") -> None:
        self.room = room
        self.destination = destination
        variant = room.variant
        seconds = {name: variant.seconds[name] for name in ("T15", "T16")}
        self.machine = Machine(variant.chart("RCAT", STATES, "TFC"), self, seconds)

    def _ask(self, _: Any, now: float) -> Sequence[Output]:
        """A test of one priority less: who is congested as much as before answers by TFC."""
        self.room.send(self.destination.code, 0, Message("RCT"))
        return ()

    def _better(self, argument: Any, now: float) -> Sequence[Output]:
        """No TFC came within T16."""
        destination = self.destination
        destination.congestion = max(destination.congestion - 1, 0)
        self.room.tell(Status(destination.code, "congestion", destination.congestion))
        if destination.congestion:
            self._ask(argument, now)
            self.machine.choose("Testing")
        else:
            self.machine.choose("Idle")
        return ()


_CONGESTED = Cell(None, ("Congested",))

STATES: dict[str, State] = {
    "Idle": State("not congested", {"TFC": _CONGESTED}),
    "Congested": State("TFC has come", {"TFC": _CONGESTED, "T15": Cell(CongestionTest._ask, ("Testing",))}, ("T15",)),
    "Testing": State("RCT is sent", {"TFC": _CONGESTED, "T16": Cell(CongestionTest._better, ("Testing", "Idle"))}, ("T16",)),
}
"""Figure 46c/Q.704 (national option)."""


class FlowControl:
    """Flow control of one signalling point."""

    def __init__(self, room: "Room") -> None:
        self.room = room
        self.levels = room.variant.data.congestion_levels
        self.interval = room.variant.data.congestion_interval
        self.away: set[int] = set()
        self._tests: dict[int, CongestionTest] = {}

    def congested(self, link: "Link", level: int) -> None:
        """Level 2 has told how full its buffer is."""
        was, link.congestion = link.congestion, min(level, self.levels)
        if link.congestion and not was:
            self.room.count("link congestion", link=link)
            for destination in self.room.routing.destinations.values():
                destination.passed = 0  # so that the first message is told of
        self.room.note(f"{link.name} congestion {link.congestion}")

    def sheds(self, link: "Link", destination: "Destination", message: "Sending") -> bool:
        """Tell whoever sent a message towards congestion; True: the message is discarded."""
        room = self.room
        level = max(link.congestion, destination.congestion)
        first = destination.passed % self.interval == 0
        destination.passed += 1
        if first and message.transit is None:
            room.tell(Status(destination.code, "congestion", level, message.service or None))
        elif first and link.congestion:
            status = level if self.levels > 1 else 0
            room.send(message.opc, 0, Message("TFC", destination=destination.code, status=status))
        if self.levels > 1 and message.priority < level:
            room.count("discarded by congestion", link=link)
            return True
        return False

    def controlled(self, message: Message) -> None:
        """TFC came: somebody on the way to a destination is congested."""
        room = self.room
        destination = room.routing.destinations.get(message.destination)
        if destination is None:
            room.count("told of a route that is none")
            return
        level = max(message.status, 1)
        room.count("transfer controlled")
        room.tell(Status(destination.code, "congestion", level))
        if self.levels > 1:
            destination.congestion = level
            destination.passed = 1  # told just now
            if destination.code not in self._tests:
                self._tests[destination.code] = CongestionTest(room, destination)
            room.post(self._tests[destination.code].machine, "TFC")

    # User parts.

    def unavailable(self, unit: Unit) -> None:
        """A message came for a user part that does not take it: its sender is told by UPU (section 11.2.7)."""
        room = self.room
        room.count("user part unavailable")
        cause = CAUSES.index("inaccessible" if unit.service in self.away else "unequipped")
        message = Message("UPU", destination=room.plan.code, service=unit.service, cause=cause)
        room.send(unit.label.opc, unit.label.sls, message)

    def told_unavailable(self, message: Message) -> None:
        """UPU came: a user part of another point does not take messages."""
        reason = CAUSES[message.cause] if message.cause < len(CAUSES) else "unknown"
        self.room.tell(Status(message.destination, "user part unavailable", 0, message.service, reason))
