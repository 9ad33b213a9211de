"""Composition: the signalling points, links and relations that a configuration asks for, at our end and at the simulated far one.

At our end everything is as it stands in the file. The far end is made of it by turning it round: each point that is adjacent to one of
ours is a signalling point of its own with the same links, and each point to which a route of ours leads by another is joined to that one
by a link that needs no wire. Leaves out what they do (pbx/signalling_points.py).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from config.schema import NO_7, Configuration, TrunkGroup, codes_of, variant_of
from config.signalling import ApplicationServer, GatewayLink, SignallingLink, SignallingLinkSet, SignallingPoint, channel_of
from config.signalling import LinkGateway as GatewayRow
from pbx.backhaul_plan import (
    above,
    accesses_facing,
    accesses_of,
    below,
    faults_of_gateways,
    gateway_name,
    gateways_facing,
    gateways_of,
    highest_of,
    link_sets_through,
    network_of,
    serves_simulated,
)
from pbx.engine import Engine
from pbx.floor import Floor
from pbx.line import Line
from pbx.plant import FACING, Direction, NoNumbers, signalling_ports_of
from pbx.server_plan import far_server, near_server
from pbx.signalling.ss7.distribution import UserPart
from pbx.signalling.ss7.isup.distribution import Isup
from pbx.signalling.ss7.isup.transit import Passage
from pbx.signalling.ss7.isup.variant import load_variant as load_isup
from pbx.signalling.ss7.mtp2.figures import Figures, load_figures
from pbx.signalling.ss7.mtp3.plan import LinkPlan, LinkSetPlan, PlanError, PointPlan, RoutePlan, check
from pbx.signalling.ss7.mtp3.variant import Variant as PointVariant
from pbx.signalling.ss7.mtp3.variant import load_variant as load_point
from pbx.signalling.ss7.primitives import ToLevel2
from pbx.signalling.ss7.sigtran.figures import Figures as AssociationFigures
from pbx.signalling.ss7.sigtran.figures import load_figures as load_association
from pbx.signalling.ss7.sigtran.m3ua_plan import check as check_server
from pbx.signalling.ss7.sigtran.server import PlanError as ServerPlanError
from pbx.signalling.ss7.tup.distribution import Tup
from pbx.signalling.ss7.tup.variant import load_variant as load_tup
from pbx.signalling_backhaul import LinkAccess, LinkAccessSeat, LinkGateway, LinkGatewaySeat
from pbx.signalling_circuit import SignalledCircuit
from pbx.signalling_over_ip import AssociationLink, AssociationLinkSeat, ServerPoint, ServerPointSeat
from pbx.signalling_points import CircuitRelation, Link, LinkSeat, PointSeat, RelationSeat, SignallingPoints
from pbx.variant_file import VariantError
from pbx.vocabulary.numbers import NumberExaminer

Place = tuple[str | int, ...]


class InnerLink(msgspec.Struct, frozen=True):
    """A link inside the far end: its name at either end, and what stands there, a point or a gateway; the highest of its numbers."""

    names: tuple[str, str]
    points: tuple[str, str]
    highest: int = 127


class Relation(msgspec.Struct, frozen=True):
    """The circuits of a user part between a point of ours and a far one; groups may share it."""

    point: str
    far: str
    user_part: str
    variant: str
    codes: dict[tuple[str, int], int]
    checks: dict[int, int] = msgspec.field(default_factory=dict)
    """One of so many calls out on a circuit is checked for continuity; 0 = none."""
    echo_control: set[int] = msgspec.field(default_factory=set)
    """Circuits over which echo is cancelled here."""
    passages: dict[int, Passage] = msgspec.field(default_factory=dict)
    """What passes through circuits from others of their user part."""
    directions: dict[int, Direction] = msgspec.field(default_factory=dict)


def relations_of(configuration: Configuration) -> list[Relation]:
    """Every relation, in the order of the groups."""
    found: dict[tuple[str, str, str], Relation] = {}
    for group in configuration.trunk_groups:
        if group.signalling not in NO_7:
            continue
        assert group.point is not None and group.far_point is not None
        key = (group.point, group.far_point, group.signalling)
        relation = found.setdefault(key, Relation(*key, variant_of(group), {}))
        codes = codes_of(group)
        relation.codes.update(codes)
        relation.checks.update(dict.fromkeys(codes.values(), _every(group.continuity_check)))
        relation.passages.update(dict.fromkeys(codes.values(), _passage(group)))
        relation.directions.update(dict.fromkeys(codes.values(), group.direction))
        if group.echo_tail_ms:
            relation.echo_control.update(codes.values())
    return list(found.values())


def _every(continuity_check: str) -> int:
    words = {"never": 0, "each": 1}
    return words[continuity_check] if continuity_check in words else int(continuity_check.removeprefix("1 in "))


def _passage(group: TrunkGroup) -> Passage:
    kind = {"type-a": "A", "type-b": "B", "none": ""}[group.transit]
    return Passage(kind, group.propagation_delay_ms, group.satellite)


def make_user_part(relation: Relation, own: int, far: int, examiner: NumberExaminer) -> UserPart[Any]:
    """The user part of a relation, at either end."""
    if relation.user_part == "tup":
        return Tup(own, far, load_tup(relation.variant), relation.codes.values(), examiner)
    return Isup(own, far, load_isup(relation.variant), relation.codes.values(), examiner)


class _Plan:
    """The points of a configuration, read."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.variants = {row.name: load_point(row.variant) for row in configuration.signalling_points}
        self.points = {row.name: row for row in configuration.signalling_points}
        self.ports = signalling_ports_of(configuration)
        self._figures: dict[str, Figures] = {}
        self.linked = [row for row in configuration.signalling_points if not self.servers(row.name)]
        """Points with level 3 of their own."""
        self.served = [row for row in configuration.signalling_points if self.servers(row.name)]

    def servers(self, point: str) -> list[ApplicationServer]:
        """The application servers of a point."""
        return [row for row in self.configuration.application_servers if row.point == point]

    def code(self, point: str, text: str) -> int:
        """A point code in the form of that point's network."""
        return self.variants[point].form.read(text)

    def figures(self, variant: str) -> Figures:
        """Of a link."""
        if variant not in self._figures:
            self._figures[variant] = load_figures(variant)
        return self._figures[variant]

    def link_sets(self, point: str) -> list[SignallingLinkSet]:
        """Those of a point."""
        return [row for row in self.configuration.signalling_link_sets if row.point == point]

    def links(self, link_set: str) -> tuple[LinkPlan, ...]:
        """Those of a set."""
        rows = [row for row in self.configuration.signalling_links if row.link_set == link_set]
        return tuple(LinkPlan(row.name, row.code, self.extended(row)) for row in rows)

    def extended(self, row: SignallingLink) -> bool:
        """Whether a link has longer numbers than seven bits, of which changeover must know."""
        return self.protocol(row) == "m2pa" or self.figures(row.variant).data.format == "extended"

    def protocol(self, row: SignallingLink) -> str:
        """What carries a link: "" is a channel."""
        return next((one.protocol for one in self.configuration.associations if one.name == row.association), "")

    def near(self, row: SignallingPoint) -> PointPlan:
        """A point of ours."""
        sets = self.link_sets(row.name)
        own = {link_set.name for link_set in sets}
        return PointPlan(
            self.code(row.name, row.code),
            tuple(LinkSetPlan(one.name, self.code(row.name, one.adjacent), self.links(one.name), one.active) for one in sets),
            tuple(
                RoutePlan(self.code(row.name, route.destination), route.link_set, route.priority)
                for route in self.configuration.signalling_routes
                if route.link_set in own
            ),
            transfer=row.transfer,
            restart=row.restart,
            load_share_bit=row.load_share_bit,
        )

    def association_figures(self, row: ApplicationServer) -> AssociationFigures:
        """Of an application server; its associations have the same."""
        return load_association(next(one.variant for one in self.configuration.associations if one.name == row.associations[0]))

    def served_by(self, row: SignallingPoint) -> ServerPointSeat:
        """A point of ours that is reached by application servers."""
        code, variant = self.code(row.name, row.code), self.variants[row.name]
        seats = [near_server(server, code, variant, self.association_figures(server)) for server in self.servers(row.name)]
        return ServerPointSeat(row.name, code, variant.form, tuple(seats))


class OutsideLink(Link):
    """A link of the far end whose span is left to whoever connects there: at our simulated end it never comes into service."""

    def request(self, value: ToLevel2) -> None:
        """Nothing comes of it."""

    def start(self, in_service: bool) -> None:
        """Never."""

    @property
    def state(self) -> str:
        """For people."""
        return "outside"

    @property
    def counters(self) -> Mapping[str, int]:
        """None."""
        return {}


class SignallingPlant:
    """What No. 7 of one end is made of; ``place`` says which relation and code a circuit has."""

    def __init__(self, configuration: Configuration, examiner: NumberExaminer, far: bool = False) -> None:
        # The far end has no sound devices, behind which our signalling channels stand.
        plan = _Plan(msgspec.structs.replace(configuration, sound_devices=[]) if far else configuration)
        self.points: list[PointSeat] = []
        self.links: list[LinkSeat] = []
        self.association_links: list[AssociationLinkSeat] = []
        self.served: list[ServerPointSeat] = []
        self.accesses: list[LinkAccessSeat] = []
        self.gateways: list[LinkGatewaySeat] = []
        self.inner: list[InnerLink] = []
        self._outside: list[OutsideLink] = []
        self._relations: list[RelationSeat] = []
        self._places: dict[tuple[str, int], tuple[int, int]] = {}
        self._wanted = {span.name for span in configuration.spans if not far or span.simulated}
        if far:
            self._far_points(plan)
        else:
            self.points = [PointSeat(row.name, plan.near(row), plan.variants[row.name]) for row in plan.linked]
            self.served = [plan.served_by(row) for row in plan.served]
        names = {(seat.variant.data.name, seat.plan.code): seat.name for seat in self.points}
        self._links(plan, names, far)
        self._gateways(plan, names, far)
        servers = configuration.application_servers
        behind = {(row.point, plan.code(row.point, code)): row.name for row in servers for code in row.destinations}
        for relation in relations_of(configuration):
            own, other = plan.code(relation.point, plan.points[relation.point].code), plan.code(relation.point, relation.far)
            point = relation.point
            if far:
                own, other = other, own
                server = behind.get((relation.point, own))
                point = names[plan.variants[relation.point].data.name, own] if server is None else _behind(server)
            for circuit, cic in relation.codes.items():
                self._places[circuit] = (len(self._relations), cic)
            user_part = make_user_part(relation, own, other, examiner)
            for cic, direction in relation.directions.items():
                user_part.circuits[cic].direction = FACING[direction] if far else direction
            for cic, every in relation.checks.items():
                user_part.circuits[cic].check.every = every
                # The far end's circuits have no cancellers.
                user_part.circuits[cic].echo_control = not far and cic in relation.echo_control
                # The simulated network ends every call, or begins it.
                if not far and isinstance(user_part, Isup):
                    user_part.circuits[cic].transit.plan = relation.passages[cic]
                elif not far and isinstance(user_part, Tup):
                    user_part.circuits[cic].passes = bool(relation.passages[cic].type)
            self._relations.append(RelationSeat(point, user_part))

    def build(self, floor: Floor, in_service: Callable[[int], bool] = lambda port: False) -> SignallingPoints:
        """Put it on a floor."""
        built = self.built = SignallingPoints(floor, self.points, self.links, in_service)
        for seat in self.association_links:
            built.add_link(AssociationLink(floor, seat, built))
        for link in self._outside:
            built.add_link(link)
        for access in self.accesses:
            LinkAccess(floor, access, built)
        for gateway in self.gateways:
            LinkGateway(floor, gateway, built)
        built.elsewhere |= {seat.name: ServerPoint(floor, seat, built) for seat in self.served}
        for relation in self._relations:
            part = built.points.get(relation.point) or built.elsewhere[relation.point]
            built.add_relation(part, relation.user_part)
        return built

    def engine(self, span: str, slot: int) -> Engine:
        """The engine of a circuit's line; behind ``build``."""
        relation, cic = self._place(span, slot)
        return SignalledCircuit(cic, relation, lambda: relation.user_part.circuits[cic], relation.user_part.service)

    def attach(self, lines: Iterable[Line]) -> None:
        """The lines whose circuits were made here."""
        for line in lines:
            if isinstance(line.engine, SignalledCircuit):
                span, _, slot = line.name.rpartition("/")
                relation, cic = self._place(span, int(slot))
                relation.lines[cic] = line

    def _place(self, span: str, slot: int) -> tuple[CircuitRelation, int]:
        index, cic = self._places[span, slot]
        return self.built.relations[index], cic

    def _links(self, plan: _Plan, names: Mapping[tuple[str, int], str], far: bool) -> None:
        sets = {row.name: row for row in plan.configuration.signalling_link_sets}
        associations = {row.name: row for row in plan.configuration.associations if not far or row.simulated}
        points: dict[str, str] = {}
        for row in plan.configuration.signalling_links:
            link_set = sets[row.link_set]
            point = link_set.point
            if far:
                point = names[plan.variants[point].data.name, plan.code(point, link_set.adjacent)]
            points[row.name] = point
            if row.association is None:
                self._channel(plan, row, point)
            elif row.association not in associations:
                self._outside.append(OutsideLink(row.name, point))
            elif associations[row.association].protocol == "m2pa":
                figures = load_association(associations[row.association].variant)
                self.association_links.append(AssociationLinkSeat(row.name, point, row.association, figures))
            elif far:
                ends = point, gateway_name(row.association)
                self.inner.append(InnerLink((row.name, below(row.name)), ends, highest_of(row)))
        if far:
            self.gateways += gateways_facing(plan.configuration)
        else:
            self.accesses += accesses_of(plan.configuration, points)

    def _channel(self, plan: _Plan, row: SignallingLink | GatewayLink, point: str) -> None:
        """A link in a time slot."""
        span, slot = channel_of(row)
        if span in self._wanted:
            self.links.append(LinkSeat(row.name, point, plan.ports[span, slot], plan.figures(row.variant)))
        else:
            self._outside.append(OutsideLink(row.name, point))

    def _gateways(self, plan: _Plan, names: Mapping[tuple[str, int], str], far: bool) -> None:
        """Gateways of ours, or what faces them: the point whose links they have, and the one at the far end of the channels."""
        if not far:
            self.gateways += gateways_of(plan.configuration)
            for row in plan.configuration.link_gateways:
                for link in row.links:
                    self._channel(plan, link, gateway_name(row.name))
            return

        def far_name(row: GatewayRow, code: str | None) -> str:
            assert code is not None, row.name
            return names[network_of(row).data.name, network_of(row).form.read(code)]

        for row in plan.configuration.link_gateways:
            for link in row.links if row.code and row.adjacent else ():
                self._channel(plan, link, far_name(row, row.adjacent))
                if not serves_simulated(plan.configuration, row):
                    self._outside.append(OutsideLink(above(link.name), far_name(row, row.code)))
        self.accesses += accesses_facing(plan.configuration, lambda row: far_name(row, row.code))

    # The far end.

    def _far_points(self, plan: _Plan) -> None:
        """Adjacent points first, then those behind them; then those behind application servers."""
        variants = {network_of(row).data.name: network_of(row) for row in plan.configuration.link_gateways}
        variants |= {plan.variants[row.name].data.name: plan.variants[row.name] for row in plan.linked}
        for name, variant in variants.items():
            ours = {row.name: plan.near(row) for row in plan.linked if plan.variants[row.name].data.name == name}
            self._far_network(ours, variant, link_sets_through(plan.configuration.link_gateways, variant))
        simulated = {row.name for row in plan.configuration.associations if row.simulated}
        for point in plan.served:
            for row in plan.servers(point.name):
                if simulated.issuperset(row.associations):
                    code = plan.code(point.name, point.code)
                    seat = far_server(row, code, plan.variants[point.name], plan.association_figures(row))
                    destination = plan.code(point.name, row.destinations[0])
                    self.served.append(ServerPointSeat(_behind(row.name), destination, plan.variants[point.name].form, (seat,)))

    def _far_network(self, ours: dict[str, PointPlan], variant: PointVariant, sets: dict[int, list[LinkSetPlan]]) -> None:
        """``sets``: link sets of far points that do not lead to us, by point."""
        routes: dict[int, list[RoutePlan]] = {}
        adjacent = {one.name: one.adjacent for plan in ours.values() for one in plan.link_sets}
        for plan in ours.values():
            for one in plan.link_sets:
                sets.setdefault(one.adjacent, []).append(msgspec.structs.replace(one, adjacent=plan.code))
        behind = {route.destination for plan in ours.values() for route in plan.routes} - set(adjacent.values())
        for point in ours.values():
            for route in point.routes:
                middle, end = adjacent[route.link_set], route.destination
                if end == middle:  # of several link sets to one point this one has another priority, at both ends
                    routes.setdefault(end, []).append(RoutePlan(point.code, route.link_set, route.priority))
                    continue
                name = f"{variant.form.text(middle)} {variant.form.text(end)}"
                joined = next((one.name for one in sets.get(end, []) if one.adjacent == middle), None)
                if joined is None:
                    joined = f"{name} b"
                    self.inner.append(InnerLink((f"{name} a", f"{name} b"), (_far_name(variant, middle), _far_name(variant, end))))
                    sets[middle].append(LinkSetPlan(f"{name} a", end, (LinkPlan(f"{name} a", 0),)))
                    sets.setdefault(end, []).append(LinkSetPlan(joined, middle, (LinkPlan(joined, 0),)))
                routes.setdefault(end, []).append(RoutePlan(point.code, joined, route.priority))
        for code, link_sets in sets.items():
            transfer = code not in behind
            # What end points send to one of several transfer points has the same bit 0 throughout.
            plan_of_it = PointPlan(code, tuple(link_sets), _best(routes.get(code, [])), transfer=transfer, load_share_bit=int(transfer))
            self.points.append(PointSeat(_far_name(variant, code), plan_of_it, variant))


def _best(routes: Iterable[RoutePlan]) -> tuple[RoutePlan, ...]:
    """Of the ways to a destination by one link set, one: several sets of ours to a transfer point are the same way back behind it."""
    best: dict[tuple[int, str], RoutePlan] = {}
    for route in sorted(routes, key=lambda one: one.priority):
        best.setdefault((route.destination, route.link_set), route)
    return tuple(best.values())


def _behind(server: str) -> str:
    return f"behind {server}"


def _far_name(variant: PointVariant, code: int) -> str:
    return f"far {variant.form.text(code)}"


def faults_of_signalling(configuration: Configuration) -> list[tuple[Place, str]]:
    """What only whole plans show: sets with more links than there can be, labels and data files that contradict one another."""
    faults: list[tuple[Place, str]] = []
    for place, row in enumerate(configuration.signalling_points):
        at: Place = ("signalling_point", place)
        try:
            plan = _Plan(msgspec.structs.replace(configuration, signalling_points=[row]))
            _judge(plan, row)
        except (PlanError, ServerPlanError, VariantError) as error:
            faults += [(at, f'signalling point "{row.name}": {fault}') for fault in error.faults]
            continue
        except ValueError as error:
            faults.append((at, f'signalling point "{row.name}": {error}'))
            continue
        for number, group in enumerate(configuration.trunk_groups):
            if group.signalling in NO_7 and group.point == row.name:
                faults += [(("trunk_group", number), fault) for fault in _faults_of_group(group, plan)]
    clear = {span.name for span in configuration.spans if span.kind == "signalling"}
    links: list[tuple[Place, SignallingLink | GatewayLink]] = [
        *((("signalling_link", place), link) for place, link in enumerate(configuration.signalling_links)),
        *((("m2ua_gateway", p, "link", q), link) for p, row in enumerate(configuration.link_gateways) for q, link in enumerate(row.links)),
    ]
    for at, link in links:
        try:
            extended = load_figures(link.variant).data.format == "extended"
            if link.channel is None:
                continue
            wide = channel_of(link)[0] in clear
            if extended != wide:
                what = "a time slot, which has units of the basic format" if extended else "a whole span, which has those of annex A"
                faults.append((at, f'signalling link "{link.name}": {link.variant} does not suit {what}'))
        except VariantError as error:
            faults += [(at, f'signalling link "{link.name}": {fault}') for fault in error.faults]
    faults += faults_of_gateways(configuration)
    for place, association in enumerate(configuration.associations):
        try:
            load_association(association.variant)
        except VariantError as error:
            faults += [(("association", place), f'association "{association.name}": {fault}') for fault in error.faults]
    return faults


def _judge(plan: _Plan, row: SignallingPoint) -> None:
    """Raises ``PlanError`` and other ``ValueError`` where the plan of a point is wrong."""
    form = plan.variants[row.name].form
    if plan.served:
        for seat in plan.served_by(row).servers:
            check_server(seat.plan, form)
    else:
        check(plan.near(row), form)


def _faults_of_group(group: TrunkGroup, plan: _Plan) -> Iterable[str]:
    assert group.point is not None and group.far_point is not None
    name = f'trunk group "{group.name}"'
    for one in relations_of(plan.configuration):
        if (one.point, one.far, one.user_part) == (group.point, group.far_point, group.signalling) and one.variant != variant_of(group):
            yield f"{name}: another group between the same points has the variant {one.variant}"
    try:
        lone = Relation(group.point, group.far_point, group.signalling, variant_of(group), {("", 0): 1})
        part = make_user_part(lone, 1, 2, NoNumbers())
        form = plan.variants[group.point].form
        if isinstance(part, Tup) and load_tup(variant_of(group)).form != form:
            yield f"{name}: the labels of {variant_of(group)} are not those of {group.point}, which have {form.bits} bits"
    except VariantError as error:
        yield from (f"{name}: {fault}" for fault in error.faults)
