"""The tables of signalling No. 7: points, link sets, links, routes, associations of SIGTRAN, gateways, captures.

Trunk groups whose circuits it works, and the spans in which its channels are, stand with all others in config/schema.py. Figures of a level
or user part are not here but in the files of ``config/variants`` that these tables name. Leaves out what is wrong with them together:
config/signalling_checks.py, config/point_code_checks.py, config/backhaul_checks.py.
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from config.values import Address, FileName, LineName, Name, Number32, PointCode, Section


class SignallingPoint(Section, frozen=True):
    """A signalling point of ours in a network of No. 7; an exchange may have several."""

    name: Name
    code: PointCode
    variant: Name = "mtp-china"
    """Figures of level 3: a file of ``config/variants``. It says too how many bits a point code has, and the network indicator."""
    transfer: bool = False
    """Whether it passes on messages that are for other points (signalling transfer point)."""
    restart: bool = True
    """Whether it does the restart procedure when it was cut off from the network; without it traffic begins at once."""
    load_share_bit: Annotated[int, Meta(ge=0, le=3, description="a bit of the SLS from 0 to 3")] = 0
    """Which bit of the SLS divides traffic among link sets that share it; the next one divides that of a set among its links. A transfer
    point takes another bit than those before it, which send it only messages with the same bit."""


class SignallingLinkSet(Section, frozen=True):
    """Signalling links to one adjacent point that are worked as one and share the traffic. Several sets may lead to one point."""

    name: Name
    point: Name
    adjacent: PointCode
    """The code of the point at the other end."""
    active: Annotated[int, Meta(ge=0, le=16, description="a number of links from 1 to 16, or 0 for all")] = 0
    """So many links carry traffic while none fails, the others stand by; 0 = all."""


class SignallingLink(Section, frozen=True):
    """A signalling link of ours: in a time slot, on an association of M2PA, or at a gateway of M2UA, which has its level 2."""

    name: Name
    link_set: Name
    code: Annotated[int, Meta(ge=0, le=15, description="a signalling link code from 0 to 15")]
    """The signalling link code (SLC) on which both ends agree. Of all links between two points each has its own, whatever set it is in."""
    channel: LineName | None = None
    """One of the signalling channels of a span; of a span of kind "signalling" its time slot 1."""
    association: Name | None = None
    """In place of a channel: an association of M2PA, which then has this link alone, or of M2UA."""
    interface: Number32 = None
    """M2UA: the interface identifier by which the gateway knows the link."""
    variant: Name = "mtp2-china"
    """Figures of level 2 in a time slot: a file of ``config/variants``; on a span of kind "signalling" ``mtp2-annex-a``. With M2UA it says
    what level 2 the gateway has, for changeover is told by that one's numbers."""


class SignallingRoute(Section, frozen=True):
    """A way to a point that is not adjacent. Adjacent points are reached by all their link sets alike, of which nothing needs to be said;
    a route names the set that shall have another priority."""

    destination: PointCode
    link_set: Name
    priority: Annotated[int, Meta(ge=0, le=15, description="a number from 0, the first choice, to 15")] = 0
    """Routes of the same priority share the load."""


class Association(Section, frozen=True):
    """An association of SIGTRAN: over it goes one signalling link (M2PA), any number of them between level 3 and a gateway that has their
    level 2 (M2UA), or what user parts say to a gateway (M3UA)."""

    name: Name
    protocol: Literal["m2pa", "m3ua", "m2ua"]
    far_end: Literal["simulated", "outside"] = "simulated"
    """Who is at the other end: the simulated network, over TCP on addresses of this machine's own, or whatever is at ``peer``."""
    transport: Literal["sctp", "tcp"] = "sctp"
    """Outside: SCTP, or TCP by the convention of docs/integrator/sigtran.md."""
    peer: Address = ""
    """Outside: the far end's address. Where we listen only who comes from there is let in; empty: whoever comes."""
    listen: bool = False
    """Whether the far end connects to us, not we to it."""
    port: Annotated[int, Meta(ge=0, le=65535, description="a port from 1 to 65535, or 0 for that of the protocol")] = 0
    """Where the end that listens does so; 0: 3565 for M2PA, 2905 for M3UA, 2904 for M2UA."""
    local: Address = ""
    """Outside: our own address; empty: any."""
    variant: Name = "sigtran"
    """Figures of the protocol: a file of ``config/variants``."""
    mode: Literal["override", "loadshare"] = "override"
    """M2UA, of links of ours: the traffic mode that we ask the gateway for; there is one process of ours in either."""
    identifier: Number32 = None
    """M2UA, of links of ours: identifier of our process (ASP); absent: none is sent."""

    @property
    def simulated(self) -> bool:
        """Whether the simulated network is at the far end."""
        return self.far_end == "simulated"


class ApplicationServer(Section, frozen=True):
    """Reaches the far points of a signalling point of ours by M3UA, in place of link sets and routes."""

    name: Name
    point: Name
    associations: Annotated[list[Name], Meta(min_length=1, description="a list of at least one association")]
    destinations: Annotated[list[PointCode], Meta(min_length=1, description="a list of at least one signalling point code")]
    """Whom it reaches. Of a gateway or ipsp: the one server at the far end."""
    role: Literal["server", "gateway", "ipsp"] = "server"
    """A server asks a gateway for traffic; "gateway": the far end is the server and asks us; "ipsp": it asks us in a single exchange
    between two servers, in which who asks is a "server" too."""
    context: Number32 = None
    """Routing context; absent: none is sent."""
    appearance: Number32 = None
    """Network appearance; absent: none is sent."""
    identifier: Number32 = None
    """Identifier of our process (ASP); absent: none is sent. Servers only."""
    mode: Literal["loadshare", "override"] = "loadshare"
    """Of several associations: all carry traffic, or one does and the others wait."""


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


class SignallingCapture(Section, frozen=True):
    """Signal units of No. 7 written to pcap files while the exchange runs: a row of files for each link (pbx/capture.py)."""

    file_kib: Annotated[int, Meta(ge=64, le=4194304, description="a number of KiB from 64 to 4194304")] = 65536
    """A file that would grow beyond this is followed by another."""
    files: Annotated[int, Meta(ge=0, le=10000, description="a number of files from 1 to 10000, or 0 for no capture")] = 10
    """So many of each link are kept; the oldest are deleted. 0: nothing is written."""
    directory: FileName = "signalling"
    """Relative to the data directory, absolute once loaded."""


def channel_of(link: SignallingLink | GatewayLink) -> tuple[str, int]:
    """Return the (span name, time slot) of a signalling link that has a channel."""
    assert link.channel is not None, link.name
    span, _, slot = link.channel.rpartition("/")
    return span, int(slot)
