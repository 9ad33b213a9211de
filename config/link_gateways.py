"""The table of signalling gateways by M2UA (RFC 3331): links whose level 2 is here, for an exchange elsewhere that has their level 3.

Leaves out links of our own whose level 2 is at somebody else's gateway (``[[signalling_link]]`` in config/schema.py).
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from config.values import LineName, Name, PointCode, Section


class GatewayLink(Section, frozen=True):
    """A signalling link whose level 2 is here and whose level 3 is elsewhere; ``[[m2ua_gateway.link]]``."""

    name: Name
    channel: LineName
    """One of the signalling channels of a span; of a span of kind "signalling" its time slot 1."""
    interface: Annotated[int, Meta(ge=0, le=4294967295, description="a whole number from 0 to 4294967295")]
    """The interface identifier by which the far end of the associations knows it."""
    variant: Name = "mtp2-china"
    """Figures of level 2, as those of ``[[signalling_link]]``; of all links of a gateway the same format."""


class LinkGateway(Section, frozen=True):
    """Gives the level 2 of signalling links to an exchange elsewhere, which has their level 3: we are a signalling gateway by M2UA."""

    name: Name
    associations: Annotated[list[Name], Meta(min_length=1, max_length=16, description="a list of 1 to 16 associations")]
    """One to each process of the application server; one of them is active at a time."""
    links: Annotated[list[GatewayLink], Meta(min_length=1, description="at least one [[m2ua_gateway.link]]")] = field(name="link")
    mode: Literal["override", "loadshare"] = "override"
    """The traffic mode that processes ask for. "loadshare" with one association only: no link is shared between processes."""
    code: PointCode | None = None
    """The point whose links these are, in the simulated network if that is at the associations; else for people."""
    adjacent: PointCode | None = None
    """The point at the far end of the channels, in the simulated network if that is there; else for people."""
    network: Name = "mtp-china"
    """Of both these points: figures of level 3, a file of ``config/variants``."""
