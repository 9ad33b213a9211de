"""A signalling link and a link set as level 3 knows them: what they are now, and the boxes that look after them (Q.704 sections 3.2 and
12).

Link set control (LLSC) is here too: how many links are active, and which spare stands in for a failed one. Leaves out the boxes
themselves (lsac.py, sltc.py, tlac.py, local_outage.py, tcoc.py) and the point at the other end (adjacent.py).
"""

from typing import TYPE_CHECKING

from pbx.signalling.ss7.mtp3.local_outage import LocalOutage
from pbx.signalling.ss7.mtp3.lsac import LinkActivity
from pbx.signalling.ss7.mtp3.operation import Condition, LinkChanged, LinkCondition
from pbx.signalling.ss7.mtp3.plan import LinkPlan, LinkSetPlan
from pbx.signalling.ss7.mtp3.room import Room
from pbx.signalling.ss7.mtp3.sltc import LinkTestControl
from pbx.signalling.ss7.mtp3.tcoc import Changeover
from pbx.signalling.ss7.mtp3.tlac import LinkInhibiting
from pbx.signalling.ss7.primitives import Continue, Emergency, EmergencyCeases, FlushBuffers

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.adjacent import AdjacentPoint

UNAVAILABLE = (
    ("active", False, "failed or not active"),
    ("local_outage", True, "local processor outage"),
    ("remote_outage", True, "remote processor outage"),
    ("local_inhibited", True, "inhibited here"),
    ("remote_inhibited", True, "inhibited by the far end"),
)
"""Why a link carries no user traffic, the weightiest first: attribute, its value, the words for it."""


class Link:
    """A signalling link.

    ``active``: level 2 is in service and the link test has passed. ``ordered``: it is wanted in service. ``withdrawn``: people have taken
    it out, so link set control leaves it alone. ``stale``: traffic went another way while a processor was out, so what waits in
    level 2 is old.
    """

    def __init__(self, room: Room, plan: LinkPlan, link_set: "LinkSet") -> None:
        self.room = room
        self.name = plan.name
        self.code = plan.code
        self.extended = plan.extended
        self.link_set = link_set
        self.ordered = False
        self.withdrawn = False
        self.active = False
        self.local_outage = False
        self.remote_outage = False
        self.local_inhibited = False
        self.remote_inhibited = False
        self.stale = False
        self.emergency = False
        self.congestion = 0
        self.available = False
        self._standing: list[Condition] = ["not active"]
        self.activity = LinkActivity(self)
        self.test = LinkTestControl(self)
        self.inhibiting = LinkInhibiting(self)
        self.outage = LocalOutage(self)
        self.changeover = Changeover(self)

    @property
    def carries(self) -> bool:
        """Whether management messages may go over it: inhibiting does not stop them."""
        return self.active and not self.local_outage and not self.remote_outage

    @property
    def reason(self) -> str:
        """Why it carries no user traffic; empty when it does."""
        return next((words for name, value, words in UNAVAILABLE if getattr(self, name) is value), "")

    @property
    def conditions(self) -> list[Condition]:
        """All that keeps user traffic off it."""
        found: list[Condition] = []
        if not self.active:
            found.append("failed" if self.ordered else "not active")
        if self.local_outage:
            found.append("local outage")
        if self.remote_outage:
            found.append("remote outage")
        if self.local_inhibited:
            found.append("inhibited here")
        if self.remote_inhibited:
            found.append("inhibited there")
        return found

    def tell_conditions(self) -> None:
        """Report what has begun or ended to keep traffic off the link."""
        before, self._standing = self._standing, self.conditions
        for condition in before:
            if condition not in self._standing:
                self.room.tell(LinkCondition(self.name, condition, False))
        for condition in self._standing:
            if condition not in before:
                self.room.tell(LinkCondition(self.name, condition, True))

    def review(self) -> None:
        """TLAC: something about the link has changed; see whether it is available, and set traffic moving."""
        self.tell_conditions()
        room, reason, was = self.room, self.reason, self.available
        self.available = not reason
        if not self.active:
            self.congestion = 0
        elif reason and was:
            room.post(self.changeover.machine, "blocked" if self.local_outage or self.remote_outage else "inhibited")
        if was == self.available:
            return
        self.link_set.review(self, reason)

    def prove_quickly(self, wanted: bool) -> None:
        """Level 2 uses the emergency proving period from now on, or the normal one."""
        if wanted != self.emergency:
            self.emergency = wanted
            self.room.to_link(self, Emergency() if wanted else EmergencyCeases())

    def recovered(self) -> None:
        """One end's processor works again. When both do, what waits in level 2 is sent, unless its traffic went another way meanwhile."""
        if self.local_outage or self.remote_outage:
            self.tell_conditions()
            return
        self.room.to_link(self, FlushBuffers() if self.stale else Continue())
        self.stale = False
        self.review()


class LinkSet:
    """Links to one adjacent point that are worked as one; there may be other sets to that point."""

    def __init__(self, room: Room, plan: LinkSetPlan, point: "AdjacentPoint") -> None:
        self.room = room
        self.name = plan.name
        self.point = point
        self.adjacent = plan.adjacent
        self.normal_count = plan.active or len(plan.links)
        self.links = [Link(room, link, self) for link in plan.links]
        self.normal = self.links[: self.normal_count]
        self.ordered = False

    @property
    def up(self) -> bool:
        """Whether any link is available."""
        return any(link.available for link in self.links)

    @property
    def usable(self) -> bool:
        """Whether user traffic may take it now."""
        return self.point.open and self.up

    def review(self, link: Link, reason: str) -> None:
        """A link has become available or is not any more."""
        room = self.room
        room.tell(LinkChanged(link.name, link.available, reason))
        room.count("link available" if link.available else "link unavailable")
        if link.available:
            room.post(link.changeover.machine, "available")
        self.point.review(link)
        self.point.emergency()
        self.adjust()
        room.routing.review()

    # LLSC: link set control.

    def adjust(self) -> None:
        """Activate spares in place of links that are not available, and let them go when they are not needed."""
        if not self.ordered:
            return
        wanting = self.normal_count
        for link in self.links:
            if link.withdrawn:
                continue
            if wanting > 0:
                link.activity.order(True)
                wanting -= link.available
            elif not link.available:
                continue
            else:
                link.activity.order(False)
