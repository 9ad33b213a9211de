"""What one signalling point is made of: its code, its link sets with their links, and its routes to destinations (Q.704 sections 2.3 and
4.2).

Routes of one destination with the same priority are a combined link set: they share the load over the SLS. Several link sets may lead to
one adjacent point; their links have codes of one row then, for management messages name a link by the two points and the code alone, so
two points have sixteen links at most. An exchange with several point codes has one plan and one ``Mtp3`` for each; they share nothing.
Leaves out figures of the network (variant.py).
"""

from collections.abc import Iterable

import msgspec

from pbx.signalling.ss7.mtp3.label import Form

LINKS_MOST = 16


class PlanError(ValueError):
    """The plan contradicts itself; ``faults`` are sentences, one for each."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class LinkPlan(msgspec.Struct, frozen=True):
    """A signalling link: a name that is unique in the point, and the signalling link code both ends agree on.

    ``extended``: its level 2 numbers with 24 bits (M2PA) or 12 (Q.703 annex A), so changeover is told by XCO and XCA (Q.2210).
    """

    name: str
    code: int
    extended: bool = False


class LinkSetPlan(msgspec.Struct, frozen=True):
    """Links to one adjacent signalling point that are worked as one, in the order of preference.

    ``active``: how many of them carry traffic as long as none fails; 0 = all. The others are activated in place of failed ones.
    """

    name: str
    adjacent: int
    links: tuple[LinkPlan, ...]
    active: int = 0


class RoutePlan(msgspec.Struct, frozen=True):
    """A way to a destination; 0 is the first choice, and so is each direct link set to an adjacent point, which need not be named."""

    destination: int
    link_set: str
    priority: int = 0


class PointPlan(msgspec.Struct, frozen=True):
    """One signalling point.

    ``transfer``: it is a signalling transfer point and passes on what is not for it. ``restart``: it does the restart of Q.704 section 9
    when it was isolated; without it traffic begins at once. ``users``: service indicators of the user parts that are there.
    ``load_share_bit``: which bit of the SLS chooses between link sets of a combined link set; the others choose the link.
    """

    code: int
    link_sets: tuple[LinkSetPlan, ...]
    routes: tuple[RoutePlan, ...]
    users: frozenset[int] = frozenset((3, 4, 5))
    transfer: bool = False
    restart: bool = True
    load_share_bit: int = 0


def check(plan: PointPlan, form: Form) -> None:
    """Raise ``PlanError`` with all that is wrong."""
    faults = list(_faults(plan, form))
    if faults:
        raise PlanError(*faults)


def _faults(plan: PointPlan, form: Form) -> Iterable[str]:
    codes = [plan.code, *(link_set.adjacent for link_set in plan.link_sets), *(route.destination for route in plan.routes)]
    for code in dict.fromkeys(codes):
        if not 0 <= code <= form.highest:
            yield f"point code {code} has more than {form.bits} bits"
    if not plan.link_sets:
        yield "there is no link set"
    yield from _twice("link set", [link_set.name for link_set in plan.link_sets])
    yield from _twice("link", [link.name for link_set in plan.link_sets for link in link_set.links])
    for link_set in plan.link_sets:
        if link_set.adjacent == plan.code:
            yield f"link set {link_set.name} leads to the point itself"
        if not 1 <= len(link_set.links) <= LINKS_MOST:
            yield f"link set {link_set.name} has {len(link_set.links)} links, not 1 to {LINKS_MOST}"
        if not 0 <= link_set.active <= len(link_set.links):
            yield f"link set {link_set.name}: {link_set.active} active links of {len(link_set.links)}"
        for link in link_set.links:
            if not 0 <= link.code <= 15:
                yield f"link {link.name}: signalling link code {link.code} is not 0 to 15"
    for adjacent in dict.fromkeys(link_set.adjacent for link_set in plan.link_sets):
        between = [str(link.code) for link_set in plan.link_sets if link_set.adjacent == adjacent for link in link_set.links]
        yield from _twice(f"links to {form.text(adjacent)}: code", between)
    names = {link_set.name for link_set in plan.link_sets}
    yield from _twice("route", [f"{form.text(route.destination)} by {route.link_set}" for route in plan.routes])
    for route in plan.routes:
        if route.link_set not in names:
            yield f"route to {form.text(route.destination)}: there is no link set {route.link_set}"
        if route.destination == plan.code:
            yield "a route leads to the point itself"
    if not 0 <= plan.load_share_bit <= 3:
        yield f"load_share_bit {plan.load_share_bit} is not 0 to 3"
    for service in sorted(plan.users):
        if not 3 <= service <= 15:
            yield f"user part {service} is not a service indicator from 3 to 15"


def _twice(what: str, names: list[str]) -> Iterable[str]:
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"{what} {name} is there twice"
