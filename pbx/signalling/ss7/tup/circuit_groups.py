"""TUP's messages of groups of circuits: MGB, MGU, HGB, HGU, GRS and their acknowledgements (GF 001-9001; Q.724; T20 to T29 as data).

What they do is in pbx/signalling/ss7/circuit_groups.py. A range of 0, which means a group agreed upon beforehand, is none here. Leaves out
groups that software blocks (SGB, SGU), which China does not use: they are discarded.
"""

from collections.abc import Mapping

from pbx.engine import Unexpected
from pbx.signalling.ss7 import circuit_groups
from pbx.signalling.ss7.circuit_books import HARDWARE, MAINTENANCE
from pbx.signalling.ss7.circuit_groups import Group, Limits, Verb
from pbx.signalling.ss7.tup.call_control import name_of
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.contents import CircuitRange
from pbx.signalling.ss7.tup.messages import Heading
from pbx.signalling.ss7.tup.variant import REPEATED

ABOUT: Mapping[int, tuple[Verb, int, bool]] = {
    Heading.GRS: ("reset", 0, False),
    Heading.GRA: ("reset", 0, True),
    Heading.MGB: ("block", MAINTENANCE, False),
    Heading.MBA: ("block", MAINTENANCE, True),
    Heading.MGU: ("unblock", MAINTENANCE, False),
    Heading.MUA: ("unblock", MAINTENANCE, True),
    Heading.HGB: ("block", HARDWARE, False),
    Heading.HBA: ("block", HARDWARE, True),
    Heading.HGU: ("unblock", HARDWARE, False),
    Heading.HUA: ("unblock", HARDWARE, True),
}
"""What a message is about, why, and whether it acknowledges."""
BY_SOFTWARE = frozenset((Heading.SGB, Heading.SBA, Heading.SGU, Heading.SUA))
_HEADINGS = {about: Heading(heading) for heading, about in ABOUT.items()}
GROUPS = frozenset((*ABOUT, *BY_SOFTWARE))


class CircuitGroups(circuit_groups.CircuitGroups):
    """Circuit group supervision control of TUP towards one far point."""

    LIMITS = Limits(255, 256)
    REQUESTS: Mapping[tuple[Verb, int], tuple[str, tuple[str, str]]] = {
        (verb, why): (_HEADINGS[verb, why, False].name, REPEATED[_HEADINGS[verb, why, False]])
        for verb, why, acknowledges in ABOUT.values()
        if not acknowledges
    }

    __slots__ = ()

    def message(self, group: Group) -> Message:
        """Range and status; a GRS has no status."""
        return Message(group.first, _HEADINGS[group.verb, group.why, group.acknowledges], CircuitRange(group.range, group.status))

    def receive(self, message: Message, now: float) -> None:
        """A message about a group."""
        about = ABOUT.get(message.heading)
        if about is None:
            self._emit(message.cic, (Unexpected("group", name_of(message)),))
            return
        ranged = message.contents
        assert isinstance(ranged, CircuitRange), "a message of a group has a range"
        verb, why, acknowledges = about
        self.take(Group(verb, why, message.cic, ranged.range, ranged.status, acknowledges), name_of(message), now)
