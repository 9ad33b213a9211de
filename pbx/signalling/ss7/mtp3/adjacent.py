"""An adjacent signalling point as level 3 knows it: all link sets that lead to it, and whether user traffic may go there (Q.704 sections
2.2.3, 3.2 and 9).

Two points may be joined by several link sets. They share the signalling link codes, for what two points say of a link names no set; the
point is there as long as one set is, so restart and route management know points and never sets. Leaves out how load is shared among the
sets (tsrc.py).
"""

from pbx.signalling.ss7.mtp3.link import Link, LinkSet
from pbx.signalling.ss7.mtp3.operation import LinkSetChanged
from pbx.signalling.ss7.mtp3.plan import LinkSetPlan
from pbx.signalling.ss7.mtp3.room import Room
from pbx.signalling.ss7.mtp3.tprc import AdjacentRestart


class AdjacentPoint:
    """One adjacent point. ``open``: user traffic may go there; not while either end restarts."""

    def __init__(self, room: Room, code: int) -> None:
        self.room = room
        self.code = code
        self.open = False
        self.link_sets: list[LinkSet] = []
        self.links: list[Link] = []
        self.by_code: dict[int, Link] = {}
        """By signalling link code."""
        self.restart = AdjacentRestart(self)

    def add(self, plan: LinkSetPlan) -> LinkSet:
        """One more link set to the point."""
        link_set = LinkSet(self.room, plan, self)
        self.link_sets.append(link_set)
        self.links += link_set.links
        self.by_code.update((link.code, link) for link in link_set.links)
        return link_set

    @property
    def up(self) -> bool:
        """Whether any link to it is available."""
        return any(link_set.up for link_set in self.link_sets)

    @property
    def wanted(self) -> bool:
        """Whether any link to it is wanted in service."""
        return any(link.ordered for link in self.links)

    @property
    def usable(self) -> bool:
        """Whether user traffic may go there now."""
        return self.open and self.up

    def review(self, link: Link) -> None:
        """A link has become available or is not any more: what that means for its set, and for the point."""
        room, name = self.room, link.link_set.name
        available = sum(one.available for one in link.link_set.links)
        if not link.available:
            if not available:
                room.tell(LinkSetChanged(name, False))
            if not self.up:
                room.post(self.restart.machine, "down")
            return
        if available == 1:
            room.tell(LinkSetChanged(name, True))
        if sum(one.available for one in self.links) == 1:
            room.post(self.restart.machine, "up")
        else:
            room.routing.link_available(link)

    def emergency(self) -> None:
        """While no link to the point is available every alignment is an emergency; with one there is time to prove (Q.704 section 12.2)."""
        up = self.up
        for link in self.links:
            if up or link.activity.machine.state == "Aligning":
                link.prove_quickly(not up)
