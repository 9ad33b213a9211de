"""The room in which the boxes of one signalling point are introduced to each other: signals, timers, counters, management messages.

Signals go through one queue (pbx/signalling/ss7/signals.py). What leaves the point is collected and returned by ``Mtp3``. Leaves out every
procedure.
"""

from typing import TYPE_CHECKING, Any

from pbx.machine import Machine
from pbx.signalling.ss7.mtp3 import management
from pbx.signalling.ss7.mtp3.label import NETWORK_MANAGEMENT, Label, Unit
from pbx.signalling.ss7.mtp3.management import Message
from pbx.signalling.ss7.mtp3.plan import PointPlan
from pbx.signalling.ss7.mtp3.variant import Variant
from pbx.signalling.ss7.primitives import MessageForTransmission, ToLevel2, ToLink
from pbx.signalling.ss7.signals import Signals

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.adjacent import AdjacentPoint
    from pbx.signalling.ss7.mtp3.link import Link, LinkSet
    from pbx.signalling.ss7.mtp3.route_management import RouteManagement
    from pbx.signalling.ss7.mtp3.tcbc import Changeback
    from pbx.signalling.ss7.mtp3.tprc import PointRestart
    from pbx.signalling.ss7.mtp3.tsfc import FlowControl
    from pbx.signalling.ss7.mtp3.tsrc import Routing


class Room(Signals[Any]):
    """What the boxes of a signalling point share."""

    routing: "Routing"
    routes: "RouteManagement"
    restart: "PointRestart"
    flow_control: "FlowControl"

    def __init__(self, plan: PointPlan, variant: Variant) -> None:
        super().__init__()
        self.plan = plan
        self.variant = variant
        self.form = variant.form
        self.link_sets: dict[str, LinkSet] = {}
        self.links: dict[str, Link] = {}
        self.adjacent: dict[int, AdjacentPoint] = {}
        self.changebacks: dict[tuple[str, int], Changeback] = {}
        self.link_counters: dict[str, dict[str, int]] = {}
        self._due: dict[Machine, float] = {}
        self._deadline: float | None = None

    # Time.

    def expire(self, now: float) -> None:
        """Fire what is due, earliest first."""
        while self._deadline is not None and self._deadline <= now:
            machine = min(self._due, key=lambda one: self._due[one])  # of two at the same time the one that was set first
            machine.expire(self._due[machine])
            self.watch(machine)
            self.drain(now)

    def deadline(self) -> float | None:
        """When the next timer is due."""
        return self._deadline

    def watch(self, machine: Machine) -> None:
        """Look when a machine's next timer is due."""
        due = machine.deadline()
        if due is not None:
            self._due[machine] = due
        elif self._due.pop(machine, None) is None:
            return
        self._deadline = min(self._due.values()) if self._due else None

    # What leaves.

    def to_link(self, link: "Link", request: ToLevel2) -> None:
        """To level 2."""
        self.outputs.append(ToLink(link.name, request))

    def count(self, name: str, more: int = 1, link: "Link | None" = None) -> None:
        """One more of what Q.752 wants to know, of the point and of a link."""
        self.counters[name] = self.counters.get(name, 0) + more
        if link is not None:
            counters = self.link_counters.setdefault(link.name, {})
            counters[name] = counters.get(name, 0) + more

    # Management messages.

    def send(
        self, point: int, code: int, message: Message, avoid: "Link | None" = None, via: "Link | None" = None, adjacent_only: bool = False
    ) -> bool:
        """A management message to a point; ``code`` is the link it speaks of, or 0. False: there is no way.

        ``avoid``: not over this link, ``via``: over this one and no other.
        """
        link = via if via is not None else self.path(point, code, avoid, adjacent_only)
        if link is None or not link.carries:
            return False
        self.note(f"-> {message.name} {self.form.text(point)} SLC {code} over {link.name}")
        self.count(f"sent {message.name}")
        unit = Unit(NETWORK_MANAGEMENT, self.variant.data.network, Label(point, self.plan.code, code), management.write(self.form, message))
        self.to_link(link, MessageForTransmission(self.form.write_unit(unit)))
        return True

    def path(self, point: int, code: int, avoid: "Link | None" = None, adjacent_only: bool = False) -> "Link | None":
        """The link for a management message: a direct one of any set, though it may be inhibited, else one by another point."""
        found = self.adjacent.get(point)
        if found is not None:
            direct = [link for link in found.links if link.carries and link is not avoid]
            best = [link for link in direct if link.available] or direct
            if best:
                return best[code % len(best)]
        return None if adjacent_only else self.routing.detour(point, code, avoid)
