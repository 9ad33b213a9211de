"""TLAC, link availability control, the part that inhibits: user traffic is kept off a link by agreement of both ends (Q.704 section 10).

Each end has two boxes for each link: one for what it has inhibited itself, one for what the far end has. LIN is refused (LID) where a
destination would be lost; each question is asked twice (T12, T13, T14); both ends test now and then that they agree (LLT and T22, LRT and
T23); a link that is wanted, because a destination was lost, is uninhibited by force. Leaves out where the traffic goes (tcoc.py,
tcbc.py).
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.mtp3.management import Message
from pbx.signalling.ss7.mtp3.operation import Inhibited

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.link import Link

LOCAL_EVENTS = frozenset({"LIA", "LID", "LUA", "LFU", "LRT"})
REMOTE_EVENTS = frozenset({"LIN", "LUN", "LLT"})


class LinkInhibiting:
    """The two boxes of one link."""

    def __init__(self, link: "Link") -> None:
        self.link = link
        variant = link.room.variant

        def machine(name: str, states: dict[str, State], always: str, *timers: str) -> Machine:
            return Machine(variant.chart(name, states, always), self, {timer: variant.seconds[timer] for timer in timers})

        self.local = machine("TLAC local inhibiting", LOCAL_STATES, "uninhibit", "T12", "T14", "T22")
        self.remote = machine("TLAC remote inhibiting", REMOTE_STATES, "LUN", "T13", "T23")

    def receive(self, name: str) -> None:
        """A message about inhibiting came for this link."""
        self.link.room.hear(self.local if name in LOCAL_EVENTS else self.remote, name)

    def _send(self, name: str) -> None:
        link = self.link
        if not link.room.send(link.link_set.adjacent, link.code, Message(name)):
            link.room.count("management message without a way")

    def _report(self, why: str = "") -> None:
        link = self.link
        link.room.tell(Inhibited(link.name, "inhibited" if link.local_inhibited else "uninhibited", why))

    # Actions on what we inhibit.

    def _inhibit(self, _: Any, now: float) -> Sequence[Output]:
        if self.link.room.routing.needs(self.link):
            self._report("a destination would be lost")
            self.local.choose("Uninhibited")
        else:
            self._send("LIN")
            self.local.choose("Asked")
        return ()

    def _inhibited(self, _: Any, now: float) -> Sequence[Output]:
        self.link.local_inhibited = True
        self._report()
        self.link.review()
        return ()

    def _denied(self, _: Any, now: float) -> Sequence[Output]:
        self._report("the far end has denied it")
        return ()

    def _no_answer(self, _: Any, now: float) -> Sequence[Output]:
        self._report("the far end does not answer (T14)")
        return ()

    def _uninhibited(self, _: Any, now: float) -> Sequence[Output]:
        self.link.local_inhibited = False
        self._report()
        self.link.review()
        return ()

    def _still_inhibited(self, _: Any, now: float) -> Sequence[Output]:
        self._report("the far end does not answer (T12)")
        self.local.choose("Inhibited" if self.link.local_inhibited else "Uninhibited")
        return ()

    def _as_it_is(self, _: Any, now: float) -> Sequence[Output]:
        self._report()
        return ()

    # Actions on what the far end inhibits.

    def _asked(self, _: Any, now: float) -> Sequence[Output]:
        if self.link.room.routing.needs(self.link):
            self._send("LID")
            self.remote.choose("Free")
        else:
            self._send("LIA")
            self.link.remote_inhibited = True
            self.link.review()
            self.remote.choose("RemoteInhibited")
        return ()

    def _freed(self, _: Any, now: float) -> Sequence[Output]:
        self._send("LUA")
        self.link.remote_inhibited = False
        self.link.review()
        return ()

    def _not_forced(self, _: Any, now: float) -> Sequence[Output]:
        self.remote.choose("RemoteInhibited" if self.link.remote_inhibited else "Free")
        return ()


def _sends(name: str) -> Callable[[Any, Any, float], Sequence[Output]]:
    """The action that sends one message and no more."""

    def action(box: LinkInhibiting, _: Any, now: float) -> Sequence[Output]:
        box._send(name)
        return ()

    return action


_I = LinkInhibiting
_NOTHING = Cell(None)
_ASKED, _UNINHIBITED, _UNINHIBITING = ("Asked",), ("Uninhibited",), ("Uninhibiting",)
_LUN = Cell(_sends("LUN"), _UNINHIBITING)
_ASKING = {
    "inhibit": _NOTHING,
    "uninhibit": _LUN,
    "force": _LUN,
    "LIA": Cell(_I._inhibited, ("Inhibited",)),
    "LID": Cell(_I._denied, _UNINHIBITED),
    "LFU": _LUN,
    "LRT": _NOTHING,
}
_LETTING = {
    "inhibit": _NOTHING,
    "uninhibit": _NOTHING,
    "force": _NOTHING,
    "LUA": Cell(_I._uninhibited, _UNINHIBITED),
    "LFU": _NOTHING,
    "LRT": _NOTHING,
    "LIA": _NOTHING,
}

LOCAL_STATES: dict[str, State] = {
    "Uninhibited": State(
        "not inhibited here",
        {
            "inhibit": Cell(_I._inhibit, ("Asked", "Uninhibited")),
            "uninhibit": Cell(_I._as_it_is),
            "force": _NOTHING,
            "LFU": Cell(_sends("LUN")),
            "LRT": Cell(_sends("LUN")),
            "LUA": _NOTHING,
        },
    ),
    "Asked": State("LIN is sent", {**_ASKING, "T14": Cell(_sends("LIN"), ("AskedAgain",))}, ("T14",)),
    "AskedAgain": State("LIN is sent a second time", {**_ASKING, "T14": Cell(_I._no_answer, _UNINHIBITED)}, ("T14",)),
    "Inhibited": State(
        "inhibited here",
        {
            "inhibit": Cell(_I._as_it_is),
            "uninhibit": _LUN,
            "force": _LUN,
            "LFU": _LUN,
            "LRT": _NOTHING,
            "LIA": _NOTHING,
            "T22": Cell(_sends("LLT"), ("Inhibited",)),
        },
        ("T22",),
    ),
    "Uninhibiting": State("LUN is sent", {**_LETTING, "T12": Cell(_sends("LUN"), ("UninhibitingAgain",))}, ("T12",)),
    "UninhibitingAgain": State(
        "LUN is sent a second time", {**_LETTING, "T12": Cell(_I._still_inhibited, ("Inhibited", "Uninhibited"))}, ("T12",)
    ),
}
"""The local half of figure 28/Q.704."""

_FORCING = {
    "LIN": Cell(_sends("LID")),
    "LUN": Cell(_I._freed, ("Free",)),
    "LLT": _NOTHING,
    "force": _NOTHING,
}

REMOTE_STATES: dict[str, State] = {
    "Free": State(
        "not inhibited by the far end",
        {
            "LIN": Cell(_I._asked, ("RemoteInhibited", "Free")),
            "LUN": Cell(_sends("LUA")),
            "LLT": Cell(_sends("LFU"), ("Forcing",)),
            "force": _NOTHING,
        },
    ),
    "RemoteInhibited": State(
        "inhibited by the far end",
        {
            "LIN": Cell(_sends("LIA")),
            "LUN": Cell(_I._freed, ("Free",)),
            "LLT": _NOTHING,
            "force": Cell(_sends("LFU"), ("Forcing",)),
            "T23": Cell(_sends("LRT"), ("RemoteInhibited",)),
        },
        ("T23",),
    ),
    "Forcing": State("LFU is sent", {**_FORCING, "T13": Cell(_sends("LFU"), ("ForcingAgain",))}, ("T13",)),
    "ForcingAgain": State("LFU is sent a second time", {**_FORCING, "T13": Cell(_I._not_forced, ("RemoteInhibited", "Free"))}, ("T13",)),
}
"""The remote half of figure 28/Q.704."""
