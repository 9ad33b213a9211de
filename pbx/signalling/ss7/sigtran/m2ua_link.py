"""One link of M2UA as level 3 sees it: level 2 is at the gateway, and is spoken with in messages (RFC 3331 sections 1.5 and 4.2).

A start waits for the process to be active, then asks the gateway to establish the link. When the process ceases to be active the link is
out of service, whatever the gateway makes of it. Retrieval has two boxes of its own, since level 3 may ask for the number and for messages
at once; a gateway that does not answer is not waited for. Leaves out level 2.
"""

from collections.abc import Callable, Sequence
from typing import Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7 import primitives
from pbx.signalling.ss7.primitives import FromLink, ToLevel3
from pbx.signalling.ss7.sigtran.codec import Message
from pbx.signalling.ss7.sigtran.m2ua_plan import FAILURE, REMOTE_OUTAGE, RETRIEVE_MESSAGES, RETRIEVE_NUMBER, STATES, about
from pbx.signalling.ss7.sigtran.room import Room


class Interface:
    """The boxes of one link. ``send`` sends a message to the gateway; ``ready``: whether the process is active."""

    def __init__(self, room: Room, name: str, identifier: int, send: Callable[[Message], None], ready: Callable[[], bool]) -> None:
        self.room = room
        self.name = name
        self.identifier = identifier
        self.emergency = False
        self.local_outage = False
        self._send = send
        self._ready = ready
        figures = room.figures
        self.machine = Machine(figures.chart("interface", LINK_STATES, "stop"), self)
        self.number = Machine(figures.chart("number", NUMBER_STATES, "inactive"), self)
        self.messages = Machine(figures.chart("messages", MESSAGES_STATES, "inactive"), self)
        room.machines += [self.machine, self.number, self.messages]

    def say(self, name: str, **fields: Any) -> None:
        """A message about this link."""
        self._send(about(name, self.identifier, **fields))

    def tell(self, value: ToLevel3) -> None:
        """To level 3."""
        self.room.tell(FromLink(self.name, value))

    # Actions: the link.

    def _start(self, argument: Any, now: float) -> Sequence[Output]:
        if self._ready():
            self._establish(argument, now)
            self.machine.choose("Establishing")
        else:
            self.machine.choose("Waiting")
        return ()

    def _establish(self, _: Any, now: float) -> Sequence[Output]:
        """The gateway is told first what has stood since before it was there."""
        self.say("STATE", state=STATES[primitives.Emergency if self.emergency else primitives.EmergencyCeases])
        outage = primitives.LocalProcessorOutage if self.local_outage else primitives.LocalProcessorRecovered
        self.say("STATE", state=STATES[outage])
        self.say("ESTABLISH")
        return ()

    def _release(self, _: Any, now: float) -> Sequence[Output]:
        self.say("RELEASE")
        return ()

    def _release_again(self, argument: Any, now: float) -> Sequence[Output]:
        self.room.count("release repeated")
        return self._release(argument, now)

    def _fail(self, reason: str, now: float) -> Sequence[Output]:
        self.room.count("link failure")
        self.tell(primitives.OutOfService(reason))
        return ()

    def _released(self, _: Any, now: float) -> Sequence[Output]:
        return self._fail("the gateway has released it", now)

    def _no_process(self, _: Any, now: float) -> Sequence[Output]:
        return self._fail("no process is active at the gateway", now)

    def _no_answer(self, _: Any, now: float) -> Sequence[Output]:
        self.say("RELEASE")
        return self._fail("the gateway does not bring it into service", now)

    def _in_service(self, _: Any, now: float) -> Sequence[Output]:
        self.tell(primitives.InService())
        return ()

    def _message(self, octets: bytes, now: float) -> Sequence[Output]:
        self.say("DATA", data=octets)
        return ()

    def _lost(self, _: Any, now: float) -> Sequence[Output]:
        """It has crossed the end of service on its way here; the gateway could not give it back any more."""
        self.room.count("message lost with its link")
        return ()

    def _received(self, value: Message, now: float) -> Sequence[Output]:
        if "correlation" in value.fields:
            self.say("DATA ACK", correlation=value.get("correlation"))
        self.tell(primitives.ReceivedMessage(value.get("data")))
        return ()

    def _event(self, value: Message, now: float) -> Sequence[Output]:
        if value.get("event") == REMOTE_OUTAGE:
            self.tell(primitives.RemoteProcessorOutage())
        else:
            self.tell(primitives.RemoteProcessorRecovered())
        return ()

    def _congestion(self, value: Message, now: float) -> Sequence[Output]:
        self.tell(primitives.LinkCongestion(min(value.get("congestion"), 3)))
        return ()

    # Actions: retrieval.

    def _ask_number(self, _: Any, now: float) -> Sequence[Output]:
        if self._ready():
            self.say("RETRIEVAL", action=RETRIEVE_NUMBER)
            self.number.choose("Asked")
        else:
            self.tell(primitives.Bsnt(None))
            self.number.choose("Idle")
        return ()

    def _number_told(self, value: Message, now: float) -> Sequence[Output]:
        self.tell(primitives.Bsnt(None if value.get("result") else value.get("sequence")))
        return ()

    def _no_number(self, _: Any, now: float) -> Sequence[Output]:
        self.tell(primitives.Bsnt(None))
        return ()

    def _ask_messages(self, fsnc: int | None, now: float) -> Sequence[Output]:
        if self._ready():
            fields = {} if fsnc is None else {"sequence": fsnc}
            self.say("RETRIEVAL", action=RETRIEVE_MESSAGES, **fields)
            self.messages.choose("Asked")
        else:
            self.tell(primitives.RetrievalComplete())
            self.messages.choose("Idle")
        return ()

    def _agreed(self, value: Message, now: float) -> Sequence[Output]:
        """The gateway will give back, or cannot."""
        if value.get("result") == FAILURE:
            self.tell(primitives.RetrievalComplete())
            self.messages.choose("Idle")
        else:
            self.messages.choose("Asked")
        return ()

    def _came_back(self, value: Message, now: float) -> Sequence[Output]:
        self.tell(primitives.RetrievedMessage(value.get("data")))
        return ()

    def _complete(self, value: Message, now: float) -> Sequence[Output]:
        if value.get("data"):
            self.tell(primitives.RetrievedMessage(value.get("data")))
        return self._no_more(value, now)

    def _no_more(self, _: Any, now: float) -> Sequence[Output]:
        self.tell(primitives.RetrievalComplete())
        return ()


_I = Interface
_NOTHING = Cell(None)
_LATE = {"DATA": _NOTHING, "STATE INDICATION": _NOTHING, "CONGESTION": _NOTHING}
"""Said by the gateway before it knew."""

LINK_STATES: dict[str, State] = {
    "OutOfService": State(
        "not wanted, or failed",
        {
            **_LATE,
            "start": Cell(_I._start, ("Waiting", "Establishing")),
            "stop": _NOTHING,
            "message": Cell(_I._lost),
            "inactive": _NOTHING,
            "RELEASE CONFIRM": _NOTHING,
            "RELEASE INDICATION": _NOTHING,
            "ESTABLISH CONFIRM": _NOTHING,
        },
    ),
    "Waiting": State(
        "wanted, waits for the process to be active",
        {
            "stop": Cell(None, ("OutOfService",)),
            "active": Cell(_I._establish, ("Establishing",)),
            "T2": Cell(_I._no_process, ("OutOfService",)),
        },
        ("T2",),
    ),
    "Establishing": State(
        "the gateway brings it into service",
        {
            **_LATE,
            "stop": Cell(_I._release, ("Releasing",)),
            "inactive": Cell(_I._no_process, ("OutOfService",)),
            "ESTABLISH CONFIRM": Cell(_I._in_service, ("InService",)),
            "RELEASE CONFIRM": _NOTHING,  # of the time before
            "RELEASE INDICATION": Cell(_I._released, ("OutOfService",)),
            "Test": Cell(_I._no_answer, ("OutOfService",)),
        },
        ("Test",),
    ),
    "InService": State(
        "messages go both ways",
        {
            "stop": Cell(_I._release, ("Releasing",)),
            "inactive": Cell(_I._no_process, ("OutOfService",)),
            "message": Cell(_I._message),
            "DATA": Cell(_I._received),
            "STATE INDICATION": Cell(_I._event),
            "CONGESTION": Cell(_I._congestion),
            "ESTABLISH CONFIRM": _NOTHING,
            "RELEASE INDICATION": Cell(_I._released, ("OutOfService",)),
        },
    ),
    "Releasing": State(
        "the gateway takes it out of service",
        {
            "DATA": Cell(_I._received),  # confirmed to the far end already
            "STATE INDICATION": _NOTHING,
            "CONGESTION": _NOTHING,
            "start": Cell(_I._establish, ("Establishing",)),
            "stop": _NOTHING,
            "message": Cell(_I._lost),
            "inactive": Cell(None, ("OutOfService",)),
            "ESTABLISH CONFIRM": _NOTHING,
            "RELEASE CONFIRM": Cell(None, ("OutOfService",)),
            "RELEASE INDICATION": Cell(None, ("OutOfService",)),
            "Trel": Cell(_I._release_again, ("Releasing",)),
        },
        ("Trel",),
    ),
}
"""RFC 3331 section 4.2, from the process's side."""

NUMBER_STATES: dict[str, State] = {
    "Idle": State(
        "nothing is asked",
        {"ask": Cell(_I._ask_number, ("Idle", "Asked")), "answer": _NOTHING, "inactive": _NOTHING},
    ),
    "Asked": State(
        "the gateway is asked what level 2 accepted last",
        {
            "answer": Cell(_I._number_told, ("Idle",)),
            "inactive": Cell(_I._no_number, ("Idle",)),
            "Trtv": Cell(_I._no_number, ("Idle",)),
        },
        ("Trtv",),
    ),
}

MESSAGES_STATES: dict[str, State] = {
    "Idle": State(
        "nothing is asked",
        {
            "ask": Cell(_I._ask_messages, ("Idle", "Asked")),
            "answer": _NOTHING,
            "RETRIEVAL INDICATION": _NOTHING,
            "RETRIEVAL COMPLETE": _NOTHING,
            "inactive": _NOTHING,
        },
    ),
    "Asked": State(
        "the gateway gives back what the far end has not accepted",
        {
            "answer": Cell(_I._agreed, ("Idle", "Asked")),
            "RETRIEVAL INDICATION": Cell(_I._came_back, ("Asked",)),
            "RETRIEVAL COMPLETE": Cell(_I._complete, ("Idle",)),
            "inactive": Cell(_I._no_more, ("Idle",)),
            "Trtv": Cell(_I._no_more, ("Idle",)),
        },
        ("Trtv",),
    ),
}
