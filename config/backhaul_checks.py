"""The cross-checks of M2UA: links of ours whose level 2 is at a gateway, and gateways of ours whose links have their level 3 elsewhere.

They see that interface identifiers are there, once, and where they mean something; that a gateway's processes can be told apart from one
another; and that the simulated network knows the points it is to play. Leaves out whose associations are (config/signalling_checks.py)
and what needs a data file to judge (pbx/backhaul_plan.py).
"""

from collections.abc import Callable, Iterator

from config.reader import Draft, Finding
from config.signalling import Association, GatewayLink, LinkGateway, SignallingLink

Findings = Iterator[Finding]


def interfaces_are_known(draft: Draft) -> Findings:
    """A link at a gateway has an interface identifier that no other link of its association has; other links have none."""
    protocols = {row.name: row.protocol for _, row in draft.of(Association)}
    owners: dict[tuple[str, int], str] = {}
    for place, link in draft.of(SignallingLink):
        protocol = protocols.get(link.association or "", "" if link.association is None else None)
        if link.interface is None:
            if protocol == "m2ua":
                what = f'signalling link "{link.name}" has no interface identifier'
                yield Finding(place, what, "give interface = NUMBER, the one that the gateway has for it")
            continue
        if protocol in ("", "m2pa", "m3ua"):
            kind = "in a time slot" if protocol == "" else f"on an association of {protocol}"
            cure = 'leave it out, or name an association with protocol = "m2ua"'
            yield Finding((*place, "interface"), f"interface has no meaning for a link {kind}", cure)
        elif link.association is not None:
            owner = owners.setdefault((link.association, link.interface), link.name)
            if owner != link.name:
                what = f'signalling links "{owner}" and "{link.name}" of "{link.association}" have the same interface {link.interface}'
                yield Finding((*place, "interface"), what, "give each link its own, the one that the gateway has for it")


def processes_are_ours(draft: Draft) -> Findings:
    """What we ask a gateway for is said of associations that have links of ours, and of no others."""
    asking = {link.association for _, link in draft.of(SignallingLink)}
    for place, row in draft.of(Association):
        if row.protocol == "m2ua" and row.name in asking:
            continue
        for key, absent in (("mode", "override"), ("identifier", None)):
            if getattr(row, key) != absent:
                kind = "of a gateway of ours" if row.protocol == "m2ua" else f"of {row.protocol}"
                yield Finding((*place, key), f"{key} has no meaning for an association {kind}", "leave it out")


def gateways_are_whole(draft: Draft) -> Findings:
    """A gateway's links have names and interface identifiers of their own, and its associations are alike."""
    associations = {row.name: row for _, row in draft.of(Association)}
    for place, row in draft.of(LinkGateway):
        if draft.raw((*place, "link")) == []:
            yield Finding(place, f'gateway "{row.name}" has no link', "write a [[m2ua_gateway.link]] for each, or take it out")
        if row.mode == "loadshare" and len(row.associations) > 1:
            what = f'gateway "{row.name}" would share its links between {len(row.associations)} processes'
            cure = 'set mode = "override", or write an [[m2ua_gateway]] for each process with the links that it has'
            yield Finding((*place, "mode"), what, cure)
        used = [associations[name] for name in row.associations if name in associations]
        for key in ("variant", "far_end"):
            if len({getattr(one, key) for one in used}) > 1:
                what = f'the associations of gateway "{row.name}" differ in {key}'
                yield Finding((*place, "associations"), what, f"give them the same {key}")
        if any(one.simulated for one in used):
            for key, whose in (("code", "whose links these are"), ("adjacent", "at the far end of the channels")):
                if getattr(row, key) is None:
                    what = f'gateway "{row.name}" is to serve the simulated network, and does not say which point is {whose}'
                    yield Finding(place, what, f'give {key}, as in {key} = "21-100-77", or associations with far_end = "outside"')


def gateway_links_are_distinct(draft: Draft) -> Findings:
    """All links have names of their own, ours and those of gateways; those of one gateway have their own interface identifiers too."""
    names = {link.name: "signalling link" for _, link in draft.of(SignallingLink)}
    interfaces: dict[tuple[object, ...], str] = {}
    for place, link in draft.of(GatewayLink):
        if link.name in names:
            what = f'link "{link.name}" of a gateway is a {names[link.name]} too'
            yield Finding((*place, "name"), what, "give each link its own name")
        names.setdefault(link.name, "link of a gateway")
        owner = interfaces.setdefault((*place[:-1], link.interface), link.name)
        if owner != link.name:
            what = f'links "{owner}" and "{link.name}" of a gateway have the same interface {link.interface}'
            yield Finding((*place, "interface"), what, "give each link its own, the one that the far end has for it")


BACKHAUL_CHECKS: tuple[Callable[[Draft], Findings], ...] = (
    interfaces_are_known,
    processes_are_ours,
    gateways_are_whole,
    gateway_links_are_distinct,
)
