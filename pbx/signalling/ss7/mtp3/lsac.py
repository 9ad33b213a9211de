"""LSAC, signalling link activity control: activation, restoration and deactivation of one link (Q.704 section 12.2).

Level 2 is started, the link is tested (sltc.py), then it is active. A link that fails is restored after T17 again and again, but not
before the changeover has retrieved what it held: starting level 2 forgets it. Leaves out automatic allocation of signalling terminals
and data links (sections 12.5 and 12.6) with its timer T7: which link stands in which time slot is said by people, so a far end that asks
for another data link (DLC) is told that it is not possible (CNP, hmdc.py).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.primitives import Start, Stop

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.link import Link

IN_SERVICE = frozenset({"Testing", "Active"})


class LinkActivity:
    """The box of one link."""

    def __init__(self, link: "Link") -> None:
        self.link = link
        variant = link.room.variant
        self.machine = Machine(variant.chart("LSAC", STATES, "deactivate"), self, {"T17": variant.seconds["T17"]})

    @property
    def in_service(self) -> bool:
        """Whether level 2 is in service, so that the far end may use the link."""
        return self.machine.state in IN_SERVICE

    def order(self, wanted: bool) -> None:
        """People or link set control want the link active, or not."""
        if wanted != self.link.ordered:
            self.link.ordered = wanted
            self.link.tell_conditions()
            self.link.room.post(self.machine, "activate" if wanted else "deactivate")

    # Actions.

    def _activate(self, argument: Any, now: float) -> Sequence[Output]:
        if self.link.changeover.finished:
            self._start(argument, now)
            self.machine.choose("Aligning")
        else:
            self.machine.choose("Holding")
        return ()

    def _start(self, _: Any, now: float) -> Sequence[Output]:
        self.link.prove_quickly(not self.link.link_set.point.up)
        self.link.room.to_link(self.link, Start())
        return ()

    def _in_service(self, _: Any, now: float) -> Sequence[Output]:
        self.link.room.post(self.link.changeover.machine, "in-service")
        self.link.room.post(self.link.test.machine, "start")
        return ()

    def _passed(self, _: Any, now: float) -> Sequence[Output]:
        self.link.active = True
        self.link.stale = False
        self.link.room.count("link active", link=self.link)
        self.link.review()
        return ()

    def _stop(self, _: Any, now: float) -> Sequence[Output]:
        """Before it is in service: nothing can have come over it."""
        self.link.room.to_link(self.link, Stop())
        return ()

    def _fail(self, argument: Any, now: float) -> Sequence[Output]:
        """Out of service by itself. While it was tested the far end may already have used it, so it needs a changeover too."""
        link = self.link
        link.room.note(f"{link.name} has failed: {argument or 'by order'}")
        link.room.count("link failure", link=link)
        link.room.post(link.test.machine, "stop")
        link.room.post(link.changeover.machine, "failed")
        link.active = False
        link.remote_outage = False
        link.review()
        return ()

    def _take_down(self, argument: Any, now: float) -> Sequence[Output]:
        """Out of service by us."""
        self.link.room.to_link(self.link, Stop())
        return self._fail(argument, now)


_L = LinkActivity
_NOTHING = Cell(None)
_UNMOVED = {"activate": _NOTHING, "changeover-done": _NOTHING}

STATES: dict[str, State] = {
    "Inactive": State(
        "not wanted in service",
        {
            "activate": Cell(_L._activate, ("Aligning", "Holding")),
            "deactivate": _NOTHING,
            "out-of-service": _NOTHING,
            "test-failed": _NOTHING,
            "changeover-done": _NOTHING,
            "order": _NOTHING,
        },
    ),
    "Aligning": State(
        "level 2 aligns",
        {
            **_UNMOVED,
            "deactivate": Cell(_L._stop, ("Inactive",)),
            "in-service": Cell(_L._in_service, ("Testing",)),
            "out-of-service": Cell(None, ("Waiting",)),
            "order": _NOTHING,
            "test-failed": _NOTHING,
        },
    ),
    "Testing": State(
        "in service, the first link test runs",
        {
            **_UNMOVED,
            "deactivate": Cell(_L._take_down, ("Inactive",)),
            "out-of-service": Cell(_L._fail, ("Waiting",)),
            "test-passed": Cell(_L._passed, ("Active",)),
            "test-failed": Cell(_L._take_down, ("Waiting",)),
            "order": Cell(_L._take_down, ("Waiting",)),
        },
    ),
    "Active": State(
        "active",
        {
            **_UNMOVED,
            "deactivate": Cell(_L._take_down, ("Inactive",)),
            "out-of-service": Cell(_L._fail, ("Waiting",)),
            "test-failed": Cell(_L._take_down, ("Waiting",)),
            "order": Cell(_L._take_down, ("Waiting",)),
            "test-passed": _NOTHING,
        },
    ),
    "Waiting": State(
        "failed, waits before it is restored",
        {
            **_UNMOVED,
            "deactivate": Cell(None, ("Inactive",)),
            "out-of-service": _NOTHING,
            "test-failed": _NOTHING,
            "order": _NOTHING,
            "T17": Cell(_L._activate, ("Aligning", "Holding")),
        },
        ("T17",),
    ),
    "Holding": State(
        "would be restored, but its changeover is not finished",
        {
            "activate": _NOTHING,
            "deactivate": Cell(None, ("Inactive",)),
            "out-of-service": _NOTHING,
            "test-failed": _NOTHING,
            "order": _NOTHING,
            "changeover-done": Cell(_L._start, ("Aligning",)),
        },
    ),
}
"""Figures 36 to 38/Q.704 in one table. ``order``: the far end has sent a changeover order for this link."""
