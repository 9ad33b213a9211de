"""Level 3 of a point begins anew after a fault of our own, while its links go on: what is kept of the old one, and what is told.

``relieved`` makes a new engine in place of one that has failed, as a new control does (``Mtp3.adopt``): links over which traffic flows
stay, so established calls and calls in set-up go on; all others are stopped and aligned anew. Kept are what the old one had still to say,
the messages that it held back while their traffic moved, counters, and orders of people. Forgotten is what adjacent points have told of
routes: they answer a message that cannot pass by TFP (Q.704 section 13.2). A point that was isolated or restarted itself does so again
(section 9). Leaves out the fault itself (pbx/signalling_seat.py).
"""

from collections.abc import Collection, Sequence
from typing import Any

from pbx.signalling.ss7.mtp3.link import Link
from pbx.signalling.ss7.mtp3.mtp3 import Input, Mtp3
from pbx.signalling.ss7.mtp3.operation import (
    ActivateLinkSet,
    BlockLink,
    DeactivateLink,
    InhibitLink,
    LinkChanged,
    LinkCondition,
    LinkSetChanged,
    Order,
)
from pbx.signalling.ss7.mtp3.tsrc import Hold
from pbx.signalling.ss7.primitives import (
    Bsnt,
    EmergencyCeases,
    FromLink,
    InService,
    Pause,
    Resume,
    RetrievalComplete,
    RetrievedMessage,
    Stop,
    ToLink,
)

REASON = "level 3 has begun anew after a fault"
_ANSWERS = Bsnt | RetrievedMessage | RetrievalComplete


class RelievingMtp3(Mtp3):
    """The new engine. Links that it has stopped may still answer what the old one has asked of them for a changeover."""

    def __init__(self, before: Mtp3) -> None:
        super().__init__(before.plan, before.variant)
        self._answering: set[str] = set(self._room.links)
        self._room.counters, self._room.link_counters = before._room.counters, before._room.link_counters
        self._room.flow_control.away |= before._room.flow_control.away
        self._room.count("fault of ours")

    def receive(self, value: Input, now: float) -> Sequence[Any]:
        """As level 3 does; a message that comes back from a link that was stopped goes another way."""
        if type(value) is FromLink and value.link in self._answering:
            indication = value.indication
            if type(indication) is InService:
                self._answering.discard(value.link)
            elif isinstance(indication, _ANSWERS):
                if type(indication) is RetrievedMessage:
                    self._room.routing.release(Hold(), [indication.octets])
                return self._taken(now)
        return super().receive(value, now)

    def take_over(self, before: Mtp3, serving: Collection[str], now: float) -> list[Any]:
        """``serving``: links whose level 2 is in service. What is to be said."""
        old = before._room
        outputs, old.outputs = old.outputs, []
        kept = [name for name, link in old.links.items() if link.active and link.ordered and name in serving and not link.local_outage]
        if not old.restart.restarted:
            kept = []
        outputs += [one for name, link in old.links.items() if name not in kept for one in _stopped(link)]
        self._answering.difference_update(kept)
        outputs += self._differences(before, [one for one in self.adopt(kept, now) if not isinstance(one, LinkCondition | Pause | Resume)])
        for order in _orders(before):
            outputs += self.receive(order, now)
        self._room.routing.release(Hold(), _held(before))
        return [*outputs, *self._taken(now)]

    def _differences(self, before: Mtp3, said: list[Any]) -> list[Any]:
        """What people and users have heard of the old engine, and is otherwise now."""
        outputs: list[Any] = []
        for name, link in self._room.links.items():
            old = before._room.links[name]
            were, are = old._standing, link._standing
            outputs += [LinkCondition(name, one, False) for one in were if one not in are]
            outputs += [LinkCondition(name, one, True) for one in are if one not in were]
            if old.available != link.available:
                outputs.append(LinkChanged(name, link.available, "" if link.available else REASON))
        for name, link_set in self._room.link_sets.items():
            if before._room.link_sets[name].up != link_set.up:
                outputs.append(LinkSetChanged(name, link_set.up))
        outputs += said
        for code, destination in self._room.routing.destinations.items():
            if destination.accessible != before.accessible(code):
                outputs.append(Resume(code) if destination.accessible else Pause(code))
        return outputs


def _stopped(link: Link) -> list[Any]:
    """Level 2 of a link that begins anew: out of service, and of what was asked of it only a processor outage stands."""
    ceases = [ToLink(link.name, EmergencyCeases())] if link.emergency else []
    return [ToLink(link.name, Stop()), *ceases]


def _orders(before: Mtp3) -> list[Order]:
    """What people and link sets wanted of the old engine."""
    links = before._room.links.values()
    return [
        *(BlockLink(link.name) for link in links if link.local_outage),
        *(ActivateLinkSet(one.name) for one in before._room.link_sets.values() if one.ordered),
        *(DeactivateLink(link.name) for link in links if link.withdrawn),
        *(InhibitLink(link.name) for link in links if link.local_inhibited),
    ]


def _held(before: Mtp3) -> list[bytes]:
    """Messages that waited until their traffic had moved, in order."""
    retrieved = [octets for link in before._room.links.values() for octets in link.changeover._retrieved]
    holds = {id(flow.hold): flow.hold for flow in before._room.routing.flows.values() if flow.hold is not None}
    return [*retrieved, *(octets for hold in holds.values() for _, octets in hold.queue)]


def relieved(before: Mtp3, serving: Collection[str], now: float) -> tuple[Mtp3, list[Any]]:
    """A new engine in place of ``before``, and what is to be said."""
    engine = RelievingMtp3(before)
    return engine, engine.take_over(before, serving, now)
