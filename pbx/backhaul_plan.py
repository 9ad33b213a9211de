"""Composition: links by M2UA as a configuration asks for them, at our end, and turned round at the simulated far one.

Opposite links of ours whose level 2 is elsewhere stands a gateway, whose own links need no wire: they end at the points that are adjacent
to us. Opposite a gateway of ours stand the point whose links it has, with a process for each association, and at the far end of the
channels the point adjacent to that. Leaves out what they do (pbx/signalling_backhaul.py).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from config.schema import Configuration
from config.signalling import GatewayLink, LinkGateway, SignallingLink
from pbx.signalling.ss7.mtp2.figures import load_figures as load_level2
from pbx.signalling.ss7.mtp3.plan import LINKS_MOST, LinkPlan, LinkSetPlan
from pbx.signalling.ss7.mtp3.variant import Variant, load_variant
from pbx.signalling.ss7.sigtran.figures import load_figures
from pbx.signalling.ss7.sigtran.m2ua_plan import LinksPlan
from pbx.signalling_backhaul import LinkAccessSeat, LinkGatewaySeat
from pbx.variant_file import VariantError

HIGHEST = {"basic": 127, "extended": 4095}
"""Of the numbers that level 2 has, by its format."""
Place = tuple[str | int, ...]


def gateway_name(name: str) -> str:
    """What its links say in place of a point."""
    return f"gateway {name}"


def below(link: str) -> str:
    """The end of a link of ours at a simulated gateway, towards the point that is adjacent to us."""
    return f"{link} below"


def above(link: str) -> str:
    """A link of a gateway of ours, as the simulated point calls it that has its level 3."""
    return f"{link} above"


def highest_of(link: SignallingLink | GatewayLink) -> int:
    """Of its numbers."""
    return HIGHEST[load_level2(link.variant).data.format]


def backhauled(configuration: Configuration) -> dict[str, list[SignallingLink]]:
    """Links of ours whose level 2 is at a gateway, by their association."""
    rows = configuration.signalling_links
    found = {one.name: [row for row in rows if row.association == one.name] for one in configuration.associations if one.protocol == "m2ua"}
    return {name: links for name, links in found.items() if links}


def accesses_of(configuration: Configuration, points: Mapping[str, str]) -> list[LinkAccessSeat]:
    """Our end of associations to gateways; ``points``: of each link."""
    associations = {row.name: row for row in configuration.associations}
    seats = []
    for name, links in backhauled(configuration).items():
        row = associations[name]
        plan = LinksPlan((name,), _identifiers(links, str), _highest(links), row.mode, row.identifier)
        seats.append(LinkAccessSeat((plan,), {link.name: points[link.name] for link in links}, load_figures(row.variant)))
    return seats


def gateways_facing(configuration: Configuration) -> list[LinkGatewaySeat]:
    """The simulated gateways that our links are at."""
    associations = {row.name: row for row in configuration.associations if row.simulated}
    seats = []
    for name, links in backhauled(configuration).items():
        if name in associations:
            plan = LinksPlan((name,), _identifiers(links, below), _highest(links), associations[name].mode)
            seats.append(LinkGatewaySeat(gateway_name(name), plan, load_figures(associations[name].variant)))
    return seats


def gateways_of(configuration: Configuration) -> list[LinkGatewaySeat]:
    """Gateways of ours."""
    associations = {row.name: row for row in configuration.associations}
    seats = []
    for row in configuration.link_gateways:
        plan = LinksPlan(tuple(row.associations), _identifiers(row.links, str), _highest(row.links), row.mode)
        seats.append(LinkGatewaySeat(gateway_name(row.name), plan, load_figures(associations[row.associations[0]].variant)))
    return seats


def accesses_facing(configuration: Configuration, point: Callable[[LinkGateway], str]) -> list[LinkAccessSeat]:
    """The simulated processes that gateways of ours serve; ``point``: of a gateway, where the level 3 of its links is."""
    seats = []
    for row in configuration.link_gateways:
        if serves_simulated(configuration, row):
            associations = {one.name: one for one in configuration.associations}
            identifiers = _identifiers(row.links, above)
            plans = tuple(LinksPlan((name,), identifiers, _highest(row.links), row.mode) for name in row.associations)
            points = {above(link.name): point(row) for link in row.links}
            seats.append(LinkAccessSeat(plans, points, load_figures(associations[row.associations[0]].variant)))
    return seats


def serves_simulated(configuration: Configuration, row: LinkGateway) -> bool:
    """Whether the simulated network is at the far end of its associations."""
    return all(one.simulated for one in configuration.associations if one.name in row.associations)


def network_of(row: LinkGateway) -> Variant:
    """The network of the points that it joins."""
    return load_variant(row.network)


def link_sets_through(rows: Iterable[LinkGateway], variant: Variant) -> dict[int, list[LinkSetPlan]]:
    """The link sets of the simulated points that gateways of ours join, by point; those of one pair of points are one set."""
    pairs: dict[tuple[str, str], list[GatewayLink]] = {}
    for row in rows:
        if row.code is not None and row.adjacent is not None and network_of(row).data.name == variant.data.name:
            pairs.setdefault((row.code, row.adjacent), []).extend(row.links)
    found: dict[int, list[LinkSetPlan]] = {}
    for (code, adjacent), links in pairs.items():
        one, other = variant.form.read(code), variant.form.read(adjacent)
        for here, there, called in ((other, one, str), (one, other, above)):
            plans = tuple(LinkPlan(called(link.name), slc, highest_of(link) > HIGHEST["basic"]) for slc, link in enumerate(links))
            found.setdefault(here, []).append(LinkSetPlan(f"{variant.form.text(here)} by gateway", there, plans))
    return found


def _identifiers(links: Iterable[SignallingLink | GatewayLink], called: Callable[[str], str]) -> tuple[tuple[str, int], ...]:
    return tuple((called(link.name), link.interface) for link in links if link.interface is not None)


def _highest(links: Iterable[SignallingLink | GatewayLink]) -> int:
    return max(map(highest_of, links))


def faults_of_gateways(configuration: Configuration) -> list[tuple[Place, str]]:
    """What only data files show: level 2 of several formats at one gateway, codes that are none, points that are ours."""
    faults: list[tuple[Place, str]] = []
    ours: dict[tuple[str, int], str] = {}
    for point in configuration.signalling_points:
        with suppress(ValueError):  # told of the point itself
            variant = load_variant(point.variant)
            ours[variant.data.name, variant.form.read(point.code)] = point.name
    pairs: Counter[tuple[str, str | None, str | None]] = Counter()
    for place, row in enumerate(configuration.link_gateways):
        at: Place = ("m2ua_gateway", place)
        name = f'gateway "{row.name}"'
        faults += [(at, f"{name}: {fault}") for fault in _faults_of(configuration, row, ours)]
        pairs[row.network, row.code, row.adjacent] += len(row.links)
        if row.code is not None and pairs[row.network, row.code, row.adjacent] > LINKS_MOST:
            faults.append((at, f"{name}: {row.code} and {row.adjacent} would have more than {LINKS_MOST} links in the simulated network"))
    for association, links in backhauled(configuration).items():
        with suppress(VariantError):
            if len(set(map(highest_of, links))) > 1:
                place = next(number for number, row in enumerate(configuration.associations) if row.name == association)
                faults.append((("association", place), f'association "{association}": its links have level 2 of different formats'))
    return faults


def _faults_of(configuration: Configuration, row: LinkGateway, ours: Mapping[tuple[str, int], str]) -> Iterable[str]:
    with suppress(VariantError):  # told of the links themselves
        if len(set(map(highest_of, row.links))) > 1:
            yield "its links have level 2 of different formats"
    try:
        variant = network_of(row)
    except VariantError as error:
        yield from error.faults
        return
    codes = []
    for text in (row.code, row.adjacent):
        try:
            codes += [] if text is None else [variant.form.read(text)]
        except ValueError as error:
            yield str(error)
    if len(codes) > len(set(codes)):
        yield f"{row.code} would be adjacent to itself"
    if serves_simulated(configuration, row):
        for code in codes:
            if (variant.data.name, code) in ours:
                yield f'{variant.form.text(code)} is "{ours[variant.data.name, code]}" of ours, and cannot be in the simulated network too'
