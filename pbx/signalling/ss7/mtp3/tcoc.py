"""TCOC, changeover control: traffic of a link that fails goes on over others, nothing lost, doubled or out of order (Q.704 section 5).

Traffic is held while both ends tell each other the last signal unit they accepted (COO, COA); then level 2 gives back what came after it,
which is sent first, and the held traffic follows. Where a number is not known (ECO, ECA) or no answer comes (T2), only what was never
transmitted can be given back: the rest may have been accepted. Where the far end cannot be told, and where the link itself still works
(processor outage, inhibiting), traffic rests for T1 instead. Leaves out the choice of the new links, which is routing's (tsrc.py).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.mtp3.management import Message
from pbx.signalling.ss7.mtp3.operation import Warned
from pbx.signalling.ss7.primitives import RetrievalRequest, RetrieveBsnt

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.link import Link
    from pbx.signalling.ss7.mtp3.tsrc import Hold

EXTENDED = {"COO": "XCO", "COA": "XCA"}
"""The same with 24 bits of number (Q.2210), for all links whose numbers need more than seven."""
HIGHEST, EXTENDED_HIGHEST = 0x7F, 0xFFFFFF
UNKNOWN = -1
"""In place of a sequence number: the far end has sent an emergency order or acknowledgement."""
SETTLED = frozenset({"Idle", "Done"})


class Changeover:
    """The box of one link. ``bsnt`` is kept after the end: the far end may ask for it again as long as the link is down."""

    def __init__(self, link: "Link") -> None:
        self.link = link
        variant = link.room.variant
        seconds = {name: variant.seconds[name] for name in ("T1", "T2")}
        self.machine = Machine(variant.chart("TCOC", STATES, "failed"), self, seconds)
        self._hold: Hold | None = None
        self._bsnt: int | None = None
        self._order: int | None = None
        self._retrieved: list[bytes] = []

    @property
    def finished(self) -> bool:
        """Whether level 2 may forget what it holds."""
        return self.machine.state in SETTLED

    def _say(self, order: str, emergency: str) -> None:
        """COO or COA; XCO or XCA where level 2 numbers with more than seven bits; ECO or ECA where the number is not known."""
        name = EXTENDED[order] if self.link.extended else order
        message = Message(emergency) if self._bsnt is None else Message(name, fsn=self._bsnt)
        self.link.room.send(self.link.link_set.adjacent, self.link.code, message, avoid=self.link)

    def _take_over(self) -> None:
        self.link.room.count("changeover", link=self.link)
        self._hold = self.link.room.routing.take_over(self.link)

    def _tell_far_end(self) -> None:
        """Begin to talk with the far end, or rest for T1 where there is no way to it."""
        link = self.link
        if self._order is None and link.room.path(link.link_set.adjacent, link.code, link) is None:
            self.machine.choose("Timed")
        else:
            link.room.to_link(link, RetrieveBsnt())
            self.machine.choose("BsntWait")

    def _retrieve(self, fsnc: int) -> None:
        self._retrieved = []
        self.link.room.to_link(self.link, RetrievalRequest(None if fsnc == UNKNOWN else fsnc))

    def _release(self) -> None:
        """Send what was retrieved and what was held over the links that routing finds now."""
        hold, self._hold = self._hold, None
        retrieved, self._retrieved = self._retrieved, []
        if hold is not None:
            self.link.room.routing.release(hold, retrieved)

    # Actions.

    def _order_before(self, fsnc: int, now: float) -> Sequence[Output]:
        """The far end has seen the failure first."""
        link = self.link
        if link.activity.in_service:
            self._order = fsnc
            link.room.post(link.activity.machine, "order")
        else:
            self._bsnt = None
            self._say("COA", "ECA")
        return ()

    def _begin(self, _: Any, now: float) -> Sequence[Output]:
        self._bsnt = None
        if self._hold is None:
            self._take_over()
        self._tell_far_end()
        return ()

    def _begin_anew(self, argument: Any, now: float) -> Sequence[Output]:
        """The link carried no traffic any more when it failed. What waits in it after a long processor outage is too old to be sent."""
        if self.link.stale:
            self.machine.choose("Done")
            self._bsnt = None
            if self._order is not None:
                self._order = None
                self._say("COA", "ECA")
            return ()
        return self._begin(argument, now)

    def _rest(self, _: Any, now: float) -> Sequence[Output]:
        self._take_over()
        return ()

    def _rested(self, _: Any, now: float) -> Sequence[Output]:
        """T1 is over."""
        link = self.link
        if link.active:
            link.stale = link.local_outage or link.remote_outage
            self._release()
            self.machine.choose("Done")
        else:
            link.room.to_link(link, RetrieveBsnt())  # the far end may find a way to ask for it
            self._retrieve(UNKNOWN)
            self.machine.choose("Retrieving")
        return ()

    def _know(self, bsnt: int | None, now: float) -> Sequence[Output]:
        """A number that has no place in the order of this link is none, whatever level 2 may be (it may be at a gateway)."""
        highest = EXTENDED_HIGHEST if self.link.extended else HIGHEST
        self._bsnt = bsnt if bsnt is not None and bsnt <= highest else None
        return ()

    def _back(self, _: Any, now: float) -> Sequence[Output]:
        """The link is available again before T1: traffic goes on over it as if nothing had been."""
        self._release()
        return ()

    def _remember(self, fsnc: int, now: float) -> Sequence[Output]:
        self._order = fsnc
        return ()

    def _order_while_timed(self, fsnc: int, now: float) -> Sequence[Output]:
        """A way has been found by the far end, or it has seen a failure that we only know as an outage."""
        self._order = fsnc
        link = self.link
        if link.active:
            link.room.post(link.activity.machine, "order")
        else:
            link.room.post(self.machine, "failed")
        return ()

    def _told(self, bsnt: int | None, now: float) -> Sequence[Output]:
        """Level 2 has told what it accepted last."""
        self._know(bsnt, now)
        order, self._order = self._order, None
        if order is not None:
            self._say("COA", "ECA")
            self._retrieve(order)
            self.machine.choose("Retrieving")
        else:
            self._say("COO", "ECO")
            self.machine.choose("AckWait")
        return ()

    def _acknowledged(self, fsnc: int, now: float) -> Sequence[Output]:
        self._retrieve(fsnc)
        return ()

    def _ordered(self, fsnc: int, now: float) -> Sequence[Output]:
        """Both ends have sent an order: it says what an acknowledgement would, and is acknowledged."""
        self._say("COA", "ECA")
        self._retrieve(fsnc)
        return ()

    def _not_acknowledged(self, _: Any, now: float) -> Sequence[Output]:
        self.link.room.tell(Warned(self.link.name, "no changeover acknowledgement (T2)"))
        self.link.room.count("changeover without acknowledgement")
        self._retrieve(UNKNOWN)
        return ()

    def _again(self, _: int, now: float) -> Sequence[Output]:
        """The far end has not heard our acknowledgement."""
        self._say("COA", "ECA")
        return ()

    def _order_after(self, fsnc: int, now: float) -> Sequence[Output]:
        """As ``_again``; or traffic has left a link that works, and the far end sees it fail now."""
        return self._order_before(fsnc, now) if self.link.active else self._again(fsnc, now)

    def _came_back(self, octets: bytes, now: float) -> Sequence[Output]:
        self._retrieved.append(octets)
        return ()

    def _complete(self, _: Any, now: float) -> Sequence[Output]:
        self.link.room.count("messages retrieved", len(self._retrieved), self.link)
        self._release()
        self.link.room.post(self.link.activity.machine, "changeover-done")
        return ()


_C = Changeover
_NOTHING = Cell(None)
_TALK = ("BsntWait", "Timed")
_DONE = ("Done",)
_KEPT = {"failed": _NOTHING, "blocked": _NOTHING, "inhibited": _NOTHING, "available": _NOTHING}

STATES: dict[str, State] = {
    "Idle": State(
        "the link carries its traffic, or never did",
        {
            "failed": Cell(_C._begin, _TALK),
            "blocked": Cell(_C._rest, ("Timed",)),
            "inhibited": Cell(_C._rest, ("Timed",)),
            "available": _NOTHING,
            "in-service": _NOTHING,
            "order": Cell(_C._order_before),
        },
    ),
    "Timed": State(
        "traffic rests for T1",
        {
            "failed": Cell(_C._begin, _TALK),
            "blocked": _NOTHING,
            "inhibited": _NOTHING,
            "available": Cell(_C._back, ("Idle",)),
            "order": Cell(_C._order_while_timed),
            "acknowledgement": _NOTHING,
            "T1": Cell(_C._rested, ("Done", "Retrieving")),
        },
        ("T1",),
    ),
    "BsntWait": State(
        "level 2 is asked what it accepted last",
        {**_KEPT, "order": Cell(_C._remember), "BSNT": Cell(_C._told, ("AckWait", "Retrieving"))},
    ),
    "AckWait": State(
        "the changeover order is sent",
        {
            **_KEPT,
            "acknowledgement": Cell(_C._acknowledged, ("Retrieving",)),
            "order": Cell(_C._ordered, ("Retrieving",)),
            "T2": Cell(_C._not_acknowledged, ("Retrieving",)),
        },
        ("T2",),
    ),
    "Retrieving": State(
        "level 2 gives back what the far end has not accepted",
        {
            **_KEPT,
            "order": Cell(_C._again),
            "acknowledgement": _NOTHING,
            "BSNT": Cell(_C._know),
            "retrieved": Cell(_C._came_back),
            "complete": Cell(_C._complete, _DONE),
        },
    ),
    "Done": State(
        "traffic goes other ways",
        {
            "failed": Cell(_C._begin_anew, ("BsntWait", "Timed", "Done")),
            "blocked": _NOTHING,
            "inhibited": _NOTHING,
            "available": Cell(None, ("Idle",)),
            "in-service": Cell(None, ("Idle",)),
            "order": Cell(_C._order_after),
            "acknowledgement": _NOTHING,
        },
    ),
}
"""Figure 30/Q.704. ``order`` is COO, XCO or ECO, ``acknowledgement`` COA, XCA or ECA, each with the far end's number or ``UNKNOWN``."""
