"""What people order from level 3, and what it reports to them (Q.704 sections 3.2, 10 and 12; the reports are those of Q.752 that have a
moment).

Orders are inputs of ``Mtp3``, reports are outputs. Leaves out figures that are counted (``Mtp3.counters``).
"""

from typing import Literal

import msgspec


class ActivateLink(msgspec.Struct, frozen=True):
    """Bring the link into service."""

    link: str


class DeactivateLink(msgspec.Struct, frozen=True):
    """Take the link out of service and leave it so."""

    link: str


class ActivateLinkSet(msgspec.Struct, frozen=True):
    """Bring the link set into service, with as many links as its plan says."""

    link_set: str


class DeactivateLinkSet(msgspec.Struct, frozen=True):
    """Take all links of the set out of service."""

    link_set: str


class InhibitLink(msgspec.Struct, frozen=True):
    """Keep user traffic off the link (Q.704 section 10.2); refused where a destination would be lost by it."""

    link: str


class UninhibitLink(msgspec.Struct, frozen=True):
    """Let user traffic on the link again (Q.704 section 10.3)."""

    link: str


class BlockLink(msgspec.Struct, frozen=True):
    """Local processor outage on this link: the far end is told by SIPO."""

    link: str


class UnblockLink(msgspec.Struct, frozen=True):
    """The local processor outage is over."""

    link: str


class UserPart(msgspec.Struct, frozen=True):
    """Whether a user part of this point takes messages; if not, senders are told so by UPU."""

    service: int
    available: bool


Order = (
    ActivateLink | DeactivateLink | ActivateLinkSet | DeactivateLinkSet | InhibitLink | UninhibitLink | BlockLink | UnblockLink | UserPart
)


class LinkChanged(msgspec.Struct, frozen=True):
    """A link carries user traffic from now on, or no longer. ``reason`` is empty when it does."""

    link: str
    available: bool
    reason: str = ""


Condition = Literal["not active", "failed", "local outage", "remote outage", "inhibited here", "inhibited there"]
"""What keeps user traffic off a link: ``not active`` by order or as a spare one, ``failed`` until it is restored."""


class LinkCondition(msgspec.Struct, frozen=True):
    """Something that keeps user traffic off a link begins or ends; there may be several at once (Q.752 table 2)."""

    link: str
    condition: Condition
    stands: bool


class LinkSetChanged(msgspec.Struct, frozen=True):
    """The first link of a set is available, or the last one is not any more."""

    link_set: str
    available: bool


RouteStatus = Literal["allowed", "restricted", "prohibited"]


class RouteChanged(msgspec.Struct, frozen=True):
    """What the adjacent point has told of the way to a destination through it."""

    destination: int
    link_set: str
    status: RouteStatus


class Way(msgspec.Struct, frozen=True):
    """A route as people see it: by which link set and through whom, what that point has told of it, how many links of the set work."""

    link_set: str
    adjacent: str
    priority: int
    status: RouteStatus
    available: int
    links: int


class Inhibited(msgspec.Struct, frozen=True):
    """The end of an order to inhibit or uninhibit: ``state`` is how the link is now, ``why`` is not empty where the order failed."""

    link: str
    state: Literal["inhibited", "uninhibited"]
    why: str = ""


class Warned(msgspec.Struct, frozen=True):
    """Something a maintenance person should know: an acknowledgement that did not come, a test that failed."""

    link: str
    text: str


Report = LinkChanged | LinkCondition | LinkSetChanged | RouteChanged | Inhibited | Warned
