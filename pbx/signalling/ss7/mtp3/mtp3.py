"""MTP level 3 of one signalling point as an engine: Q.704 and Q.707, between level 2 of its links and its user parts.

``Mtp3`` makes the boxes, introduces them to each other, sorts what comes in and returns what goes out. It has the verbs of pbx/engine.py
except ``resume``: a link that goes on while control restarts is told by ``adopt``. Inputs: ``FromLink``, ``Transfer``, orders of people
(operation.py). Outputs: ``ToLink``, primitives to users, reports, ``Noted``, ``Unexpected``, ``Malformed``. An exchange with several
point codes has one of these for each. Leaves out level 2, and which user part an MTP primitive is for.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pbx.machine import Machine
from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.mtp3.adjacent import AdjacentPoint
from pbx.signalling.ss7.mtp3.hmdc import Discrimination
from pbx.signalling.ss7.mtp3.label import Label, Unit
from pbx.signalling.ss7.mtp3.link import Link
from pbx.signalling.ss7.mtp3.plan import PointPlan, check
from pbx.signalling.ss7.mtp3.room import Room
from pbx.signalling.ss7.mtp3.route_management import RouteManagement
from pbx.signalling.ss7.mtp3.tprc import PointRestart
from pbx.signalling.ss7.mtp3.tsfc import FlowControl
from pbx.signalling.ss7.mtp3.tsrc import WORDS, Routing, Sending
from pbx.signalling.ss7.mtp3.variant import Variant
from pbx.signalling.ss7.primitives import (
    Bsnt,
    FromLink,
    InService,
    LinkCongestion,
    OutOfService,
    ReceivedMessage,
    RemoteProcessorOutage,
    RemoteProcessorRecovered,
    RestartBegins,
    RetrievalComplete,
    RetrievedMessage,
    Transfer,
)

Input = FromLink | Transfer | operation.Order


class Mtp3:
    """Level 3 of one signalling point. Its links are named by the plan; nothing is shared between two of these."""

    def __init__(self, plan: PointPlan, variant: Variant) -> None:
        """Raises ``PlanError`` with all that is wrong with the plan."""
        check(plan, variant.form)
        self.plan = plan
        self.variant = variant
        room = self._room = Room(plan, variant)
        room.restart = PointRestart(room)
        room.flow_control = FlowControl(room)
        room.routes = RouteManagement(room)
        for link_set_plan in plan.link_sets:
            code = link_set_plan.adjacent
            if code not in room.adjacent:
                room.adjacent[code] = AdjacentPoint(room, code)
            link_set = room.link_sets[link_set_plan.name] = room.adjacent[code].add(link_set_plan)
            room.links.update((link.name, link) for link in link_set.links)
        room.routing = Routing(room, plan)
        self._discrimination = Discrimination(room)
        self._network = variant.data.network

    # What people see.

    @property
    def state(self) -> str:
        """The state of the restart, for people."""
        return self._room.restart.machine.state

    @property
    def counters(self) -> Mapping[str, int]:
        """What has happened how often, by name (after Q.752)."""
        return self._room.counters

    @property
    def link_counters(self) -> Mapping[str, Mapping[str, int]]:
        """The same by link, of what belongs to one."""
        return self._room.link_counters

    def accessible(self, destination: int) -> bool:
        """Whether a destination can be reached now."""
        found = self._room.routing.destinations.get(destination)
        return found is not None and found.accessible

    def ways(self, destination: int) -> Sequence[operation.Way]:
        """The routes to a destination as they are now, the best first."""
        found = self._room.routing.destinations.get(destination)
        routes = found.routes if found is not None else ()
        return [
            operation.Way(
                route.link_set.name,
                self.variant.form.text(route.link_set.adjacent),
                route.priority,
                WORDS[route.status],
                sum(link.available for link in route.link_set.links),
                len(route.link_set.links),
            )
            for route in routes
        ]

    def link_state(self, link: str) -> str:
        """``available``, or why it is not and what its activity is, for people."""
        found = self._room.links[link]
        return "available" if found.available else f"{found.reason} ({found.activity.machine.state})"

    def needs(self, link: str) -> bool:
        """Whether a destination would be lost without this link, so that it may not be inhibited (Q.704 section 10.2)."""
        return self._room.routing.needs(self._room.links[link])

    @property
    def diverting(self) -> bool:
        """Whether messages to somewhere are held back while their traffic moves."""
        return any(flow.hold is not None for flow in self._room.routing.flows.values())

    def machines(self) -> Sequence[Machine]:
        """The machines that stand as long as the point, for coverage and for people."""
        room = self._room
        found = [room.restart.machine, *(point.restart.machine for point in room.adjacent.values())]
        for link in room.links.values():
            boxes = (link.activity, link.test, link.changeover)
            found += [*(box.machine for box in boxes), link.inhibiting.local, link.inhibiting.remote, link.outage.machine]
        return found

    # The engine's verbs.

    def start(self, now: float) -> Sequence[Any]:
        """Into service: users know of no destination yet, links wait for orders."""
        self._room.tell(RestartBegins())
        return self._taken(now)

    def receive(self, value: Input, now: float) -> Sequence[Any]:
        """Something from level 2, from a user, or an order."""
        if type(value) is Transfer:
            self._transfer(value)
        else:
            _INPUTS[type(value)](self, value)
        return self._taken(now)

    def expire(self, now: float) -> Sequence[Any]:
        """Fire the timers that are due."""
        self._room.expire(now)
        return self._taken(now)

    def deadline(self) -> float | None:
        """When ``expire`` is wanted."""
        return self._room.deadline()

    def adopt(self, links: Sequence[str], now: float) -> Sequence[Any]:
        """After a restart of control: these links have stayed in service, so traffic goes on over them without test and point restart.

        What was inhibited is not known any more; the far ends' tests (LLT, LRT) bring both ends to agree. Without links it is ``start``.
        """
        if not links:
            return self.start(now)
        room = self._room
        room.restart.machine.enter("Restarted", now)
        for name in links:
            link = room.links[name]
            link.ordered = link.link_set.ordered = link.active = link.available = link.link_set.point.open = True
            link.tell_conditions()
            link.activity.machine.enter("Active", now)
            link.test.machine.enter("Passed", now)
            link.link_set.point.restart.machine.enter("Accessible", now)
            room.watch(link.test.machine)
        room.routing.review()
        return self._taken(now)

    def _taken(self, now: float) -> Sequence[Any]:
        room = self._room
        room.drain(now)
        outputs, room.outputs = room.outputs, []
        return outputs

    # Users.

    def _transfer(self, value: Transfer) -> None:
        """MTP-TRANSFER request; what is for this point itself comes back at once."""
        room = self._room
        if value.dpc == self.plan.code:
            room.tell(value)
            return
        unit = Unit(value.service, self._network, Label(value.dpc, value.opc, value.sls, value.above), value.data, value.priority)
        octets = room.form.write_unit(unit)
        room.routing.send(Sending(value.dpc, value.opc, value.sls, octets, None, value.service, value.priority))

    # Level 2.

    def _from_link(self, value: FromLink) -> None:
        link = self._room.links[value.link]
        indication = value.indication
        if type(indication) is ReceivedMessage:
            self._discrimination.receive(link, indication.octets)
        else:
            _INDICATIONS[type(indication)](self, link, indication)

    def _in_service(self, link: Link, _: InService) -> None:
        self._room.hear(link.activity.machine, "in-service")

    def _out_of_service(self, link: Link, value: OutOfService) -> None:
        self._room.post(link.activity.machine, "out-of-service", value.reason)

    def _bsnt(self, link: Link, value: Bsnt) -> None:
        self._room.post(link.changeover.machine, "BSNT", value.value)

    def _retrieved(self, link: Link, value: RetrievedMessage) -> None:
        self._room.post(link.changeover.machine, "retrieved", value.octets)

    def _complete(self, link: Link, _: RetrievalComplete) -> None:
        self._room.post(link.changeover.machine, "complete")

    def _remote_outage(self, link: Link, _: RemoteProcessorOutage) -> None:
        if link.activity.in_service:
            link.remote_outage = True
            link.review()

    def _remote_recovered(self, link: Link, _: RemoteProcessorRecovered) -> None:
        link.remote_outage = False
        link.recovered()

    def _congestion(self, link: Link, value: LinkCongestion) -> None:
        self._room.flow_control.congested(link, value.level)

    # Orders.

    def _activate(self, order: operation.ActivateLink) -> None:
        link = self._room.links[order.link]
        link.withdrawn = False
        link.activity.order(True)

    def _deactivate(self, order: operation.DeactivateLink) -> None:
        link = self._room.links[order.link]
        link.withdrawn = True
        link.activity.order(False)

    def _activate_set(self, order: operation.ActivateLinkSet) -> None:
        link_set = self._room.link_sets[order.link_set]
        link_set.ordered = True
        for link in link_set.links:
            link.withdrawn = False
        link_set.adjust()

    def _deactivate_set(self, order: operation.DeactivateLinkSet) -> None:
        link_set = self._room.link_sets[order.link_set]
        link_set.ordered = False
        for link in link_set.links:
            link.activity.order(False)

    def _inhibit(self, order: operation.InhibitLink) -> None:
        self._room.post(self._room.links[order.link].inhibiting.local, "inhibit")

    def _uninhibit(self, order: operation.UninhibitLink) -> None:
        self._room.post(self._room.links[order.link].inhibiting.local, "uninhibit")

    def _block(self, order: operation.BlockLink) -> None:
        self._room.post(self._room.links[order.link].outage.machine, "block")

    def _unblock(self, order: operation.UnblockLink) -> None:
        self._room.post(self._room.links[order.link].outage.machine, "unblock")

    def _user_part(self, order: operation.UserPart) -> None:
        away = self._room.flow_control.away
        if order.available:
            away.discard(order.service)
        else:
            away.add(order.service)


_INPUTS: Mapping[type, Callable[[Mtp3, Any], None]] = {
    FromLink: Mtp3._from_link,
    operation.ActivateLink: Mtp3._activate,
    operation.DeactivateLink: Mtp3._deactivate,
    operation.ActivateLinkSet: Mtp3._activate_set,
    operation.DeactivateLinkSet: Mtp3._deactivate_set,
    operation.InhibitLink: Mtp3._inhibit,
    operation.UninhibitLink: Mtp3._uninhibit,
    operation.BlockLink: Mtp3._block,
    operation.UnblockLink: Mtp3._unblock,
    operation.UserPart: Mtp3._user_part,
}

_INDICATIONS: Mapping[type, Callable[[Mtp3, Link, Any], None]] = {
    InService: Mtp3._in_service,
    OutOfService: Mtp3._out_of_service,
    Bsnt: Mtp3._bsnt,
    RetrievedMessage: Mtp3._retrieved,
    RetrievalComplete: Mtp3._complete,
    RemoteProcessorOutage: Mtp3._remote_outage,
    RemoteProcessorRecovered: Mtp3._remote_recovered,
    LinkCongestion: Mtp3._congestion,
}
