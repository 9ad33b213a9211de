"""Signalling points, links and circuits of No. 7 as the console shows and works them (Q.704 section 12; Q.752 for what is counted).

Orders go to level 3, which answers by and by: what becomes of one is seen in the table of links and in the link's history. Circuits are
worked one by one as lines are, or a whole trunk group at once. Leaves out who may do it (pbx/console_words.py).
"""

from collections.abc import Iterable, Mapping

from config.schema import NO_7, Configuration, codes_of
from pbx.backhaul_plan import gateway_name
from pbx.console_words import AssociationRow, CircuitRow, GatewayRow, LinkRow
from pbx.exchange import Exchange
from pbx.line import Line
from pbx.signalling.ss7.isup.queries import AGREED
from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.sigtran.asp import ActivateServer, DeactivateServer
from pbx.signalling.ss7.sigtran.m3ua import M3ua
from pbx.signalling_backhaul import LinkAccess, LinkGateway, Process
from pbx.signalling_over_ip import ServerPoint
from pbx.signalling_points import CircuitRelation, Link, PlaneLink

PERIODS = (0, 5, 30)
ORDERS = {
    "activate": operation.ActivateLink,
    "deactivate": operation.DeactivateLink,
    "inhibit": operation.InhibitLink,
    "uninhibit": operation.UninhibitLink,
    "block": operation.BlockLink,
    "unblock": operation.UnblockLink,
}
CHECKED_IN = ("Idle", "RecheckWaits", "RecheckAlerted", "Overloaded")


class ConsoleSignalling:
    """No. 7 of one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._configuration: Configuration = exchange.configuration
        self._signalling = exchange.signalling
        self._gateways = {one.name: one for one in exchange.signalling.backhauls if isinstance(one, LinkGateway)}

    def link_rows(self) -> Iterable[LinkRow]:
        """All links, those of gateways behind ours."""
        sets = {row.name: row for row in self._configuration.signalling_link_sets}
        for row in self._configuration.signalling_links:
            link, link_set = self._signalling.links[row.name], sets[row.link_set]
            where = row.channel or f"association {row.association}{'' if row.interface is None else f', interface {row.interface}'}"
            yield LinkRow(
                row.name, link_set.name, row.code, link_set.adjacent, where, link.state, self._level_3(link), *link.messages
            )
        for gateway in self._configuration.link_gateways:
            for one in gateway.links:
                link, adjacent = self._signalling.links[one.name], gateway.adjacent or ""
                user = gateway_name(gateway.name)
                yield LinkRow(one.name, user, one.interface, adjacent, one.channel, link.state, self._level_3(link), *link.messages)

    def gateway_rows(self) -> Iterable[GatewayRow]:
        """All gateways of ours."""
        for gateway in self._gateways.values():
            links = gateway.links
            serving = sum(gateway.engine.link_state(link.name) == "Serving" for link in links)
            received, sent = (sum(link.messages[way] for link in links) for way in (0, 1))
            yield GatewayRow(
                gateway.name.removeprefix(gateway_name("")),
                gateway.engine.state,
                _processes(gateway),
                f"{serving} of {len(links)} in service",
                received,
                sent,
            )

    def gateway(self, name: str) -> str:
        """A gateway of ours in full."""
        gateway = self._gateways.get(gateway_name(name))
        if gateway is None:
            return f"there is no gateway {name}; look at gateways"
        links = ", ".join(f"{link.name} {gateway.engine.link_state(link.name)}" for link in gateway.links)
        return "\n".join(
            [
                f"{name}: {gateway.engine.state}; processes: {_processes(gateway)}",
                f"links: {links}",
                f"counted: {_counted(gateway.engine.counters)}",
                *(f"{at:10.3f} {text}" for at, text in gateway.history),
            ]
        )

    def association_rows(self) -> Iterable[AssociationRow]:
        """All associations."""
        links: dict[str, list[str]] = {}
        for link in self._configuration.signalling_links:
            links.setdefault(link.association or "", []).append(link.name)
        carried = {name: f"link{'s' if len(found) > 1 else ''} {', '.join(found)}" for name, found in links.items()}
        carried |= {name: f"server {row.name}" for row in self._configuration.application_servers for name in row.associations}
        carried |= {name: gateway_name(row.name) for row in self._configuration.link_gateways for name in row.associations}
        for row in self._configuration.associations:
            end = self._signalling.associations.ends[row.name]
            transport, peer = ("tcp", "simulated") if row.simulated else (row.transport, row.peer or "whoever comes")
            state = "up" if end.up else f"down: {end.reason}"
            yield AssociationRow(row.name, row.protocol, transport, peer, carried[row.name], state, end.losses, *end.messages)

    def association(self, name: str) -> str:
        """An association in full."""
        end = self._signalling.associations.ends.get(name)
        if end is None:
            return f"there is no association {name}; look at associations"
        received, sent = end.messages
        return "\n".join(
            [
                f"{name}: {'up' if end.up else f'down: {end.reason}'}; lost {end.losses} times",
                f"messages received {received}, sent {sent}",
                *(f"process {one.engine.state}; counted: {_counted(one.engine.counters)}" for one in self._asking(name)),
                *(f"{at:10.3f} {text}" for at, text in end.history),
            ]
        )

    def order_process(self, wanted: bool, name: str) -> str:
        """Have our process at an association become active, or inactive and down; "" or why not. Within a turn."""
        order = (ActivateServer if wanted else DeactivateServer)(name)
        for process in self._asking(name):
            process.give(order)
            return ""
        for part in self._signalling.elsewhere.values():
            for server in part.servers if isinstance(part, ServerPoint) else ():
                if isinstance(server.engine, M3ua) and name in server.engine.plan.associations:
                    server.give(order)
                    return ""
        return f"no process of ours asks a gateway by {name}; look at associations"

    def _asking(self, association: str) -> list[Process]:
        """Our process of M2UA at an association, if it has one."""
        accesses = [one for one in self._signalling.backhauls if isinstance(one, LinkAccess)]
        return [process for one in accesses for process in one.processes if process.association.name == association]

    def circuit_rows(self) -> Iterable[CircuitRow]:
        """All circuits of No. 7."""
        for group in self._configuration.trunk_groups:
            if group.signalling not in NO_7:
                continue
            for (span, slot), cic in codes_of(group).items():
                line = self._exchange.lines[f"{span}/{slot}"]
                call = line.leg.call.name if line.leg is not None else ""
                blocked = ", ".join(sorted(line.blocked))
                yield CircuitRow(
                    line.name, cic, group.signalling, group.far_point or "", group.name, line.engine.state, call, blocked
                )

    def link(self, name: str) -> str:
        """A link in full."""
        link = self._signalling.links.get(name)
        if link is None:
            return f"there is no signalling link {name}; look at links"
        counted = dict(link.counters)
        if isinstance(link, PlaneLink):
            counted |= self._exchange.plane.link_counters(link.port)
        received, sent = link.messages
        return "\n".join(
            [
                f"{name}: {link.state}; level 3: {self._level_3(link)}",
                f"messages received {received}, sent {sent}; unexpected signals {link.unexpected}",
                f"counted: {_counted(counted)}",
                *(f"{at:10.3f} {text}" for at, text in link.history),
            ]
        )

    def point(self, name: str) -> str:
        """A signalling point in full."""
        part = self._signalling.elsewhere.get(name)
        if isinstance(part, ServerPoint):
            return _served(part)
        point = self._signalling.points.get(name)
        if point is None:
            known = [*self._signalling.points, *self._signalling.elsewhere]
            return f"there is no signalling point {name}; there are {', '.join(known) or 'none'}"
        text = point.form.text
        destinations = sorted({one.adjacent for one in point.mtp3.plan.link_sets} | {one.destination for one in point.mtp3.plan.routes})
        shown = ", ".join(f"{text(code)} {'reached' if point.reachable(code) else 'not reached'}" for code in destinations)
        return "\n".join(
            [
                f"{name}: {text(point.code)}, {point.mtp3.state}; messages for nobody here {point.unknown_users}",
                f"destinations: {shown}",
                *(f"routes to {text(code)}: {'; '.join(map(_way, point.mtp3.ways(code)))}" for code in destinations),
                f"counted: {_counted(point.mtp3.counters)}",
                *(f"{at:10.3f} {text}" for at, text in point.history),
            ]
        )

    def figures(self, of: str, minutes: int) -> str:
        """What was counted of a link, link set, destination, point or relation (Q.752), zeros left out; of all where ``of`` is empty."""
        if minutes not in PERIODS:
            return f"there are figures of the last whole {', '.join(str(one) for one in PERIODS if one)} minutes, and of all time (0)"
        self._signalling.read_counters()
        rows = self._signalling.measurements.rows(self._exchange.clock.seconds(), minutes)  # type: ignore[arg-type]
        found = [row for row in rows if row.value and of in ("", row.name)]
        if not found:
            known = dict.fromkeys(row.name for row in rows)
            return f"nothing was counted of {of or 'anything'}; there are {', '.join(known) or 'no figures yet'}"
        heads = [f"{row.kind} {row.name}" for row in found]
        width = max(map(len, heads))
        return "\n".join(
            f"{head:{width}}  {row.number:6}{row.value:12,.1f} {row.unit:7} {row.title}" for head, row in zip(heads, found, strict=True)
        )

    def order(self, verb: str, name: str) -> str:
        """Order level 3 of a link; "" or why not. Within a turn."""
        link = self._signalling.links.get(name)
        if link is None:
            return f"there is no signalling link {name}; look at links"
        gateway = self._gateways.get(link.point)
        if gateway is not None:
            return gateway.order(verb, name)
        point = self._signalling.points[link.point]
        if verb == "inhibit" and point.mtp3.needs(name):
            return f"{name} is not inhibited: a destination would be lost by it; look at point {link.point}"
        point.receive(ORDERS[verb](name))
        return ""

    def continuity(self, line: Line) -> str:
        """Check a circuit at rest; "" or why not. Within a turn."""
        found = self._circuit(line)
        if found is None:
            return f"{line.name} is no circuit of No. 7"
        relation, cic = found
        if not relation.reached:
            return "the far point cannot be reached"
        state = relation.user_part.circuits[cic].machine.state
        if state not in CHECKED_IN:
            return f"{line.name} is {state}; a circuit is checked when it is idle"
        relation.check(cic)
        return ""

    def continuity_found(self, line: Line) -> str:
        """What came of the latest check of a circuit."""
        found = self._circuit(line)
        if found is None:
            return f"{line.name} is no circuit of No. 7"
        relation, cic = found
        check = relation.user_part.circuits[cic].check
        return f"{line.name}: {check.result or 'not checked'}{'; being checked now' if check.sounds else ''}"

    def _circuit(self, line: Line) -> tuple[CircuitRelation, int] | None:
        for relation in self._signalling.relations:
            for cic, other in relation.lines.items():
                if other is line:
                    return relation, cic
        return None

    def group(self, verb: str, name: str) -> str:
        """Block, unblock or reset all circuits of a trunk group at once; "" or why not. Within a turn."""
        group = next((row for row in self._configuration.trunk_groups if row.name == name), None)
        if group is None or group.signalling not in NO_7:
            return f"{name} is no trunk group of No. 7"
        for relation in self._signalling.relations:
            cics = [cic for cic, line in relation.lines.items() if line.group == name]
            if cics:
                relation.order(verb, cics)
        return ""

    def query(self, name: str) -> str:
        """Ask the far end how it sees the circuits of a group; "" or why not. Within a turn."""
        for relation, cics in self._circuits_of(name):
            relation.query(cics)
        return "" if self._circuits_of(name) else f"{name} is no trunk group of No. 7"

    def query_found(self, name: str) -> str:
        """Where the two ends differed at the latest answer."""
        if not self._circuits_of(name):
            return f"{name} is no trunk group of No. 7"
        rows = []
        answered = asked = 0
        for relation, cics in self._circuits_of(name):
            found = relation.user_part.groups.found()
            asked += len(cics)
            for cic in cics:
                answered += cic in found
                if found.get(cic, AGREED) != AGREED:
                    rows.append(f"{relation.lines[cic].name} ({cic}): {found[cic]}")
        return "\n".join([f"answers for {answered} of {asked} circuits, {len(rows)} differ", *rows])

    def _circuits_of(self, name: str) -> list[tuple[CircuitRelation, list[int]]]:
        found = ((relation, [cic for cic, line in relation.lines.items() if line.group == name]) for relation in self._signalling.relations)
        return [(relation, cics) for relation, cics in found if cics]

    def _level_3(self, link: Link) -> str:
        """The link as its level 3 has it, which a gateway's is not here."""
        gateway = self._gateways.get(link.point)
        if gateway is not None:
            return f"by M2UA, {gateway.engine.link_state(link.name)}"
        return self._signalling.points[link.point].mtp3.link_state(link.name)


def _served(point: ServerPoint) -> str:
    """A point that is reached by application servers, in full."""
    text = point.form.text
    shown = ", ".join(f"{text(code)} {'reached' if point.reachable(code) else 'not reached'}" for code in point.destinations)
    lines = [f"{point.name}: {text(point.code)}, by M3UA; messages for nobody here {point.unknown_users}", f"destinations: {shown}"]
    for server in point.servers:
        processes = ", ".join(f"{end.name} {server.engine.process_state(end.name)}" for end in server.associations)
        lines.append(f"server {server.name}: {server.engine.state}; processes: {processes}; counted: {_counted(server.engine.counters)}")
    return "\n".join([*lines, *(f"{at:10.3f} {words}" for at, words in point.history)])


def _processes(gateway: LinkGateway) -> str:
    return ", ".join(f"{name} {process.machine.state}" for name, process in gateway.engine.server.processes.items())


def _way(way: operation.Way) -> str:
    return f"by {way.link_set} over {way.adjacent}, priority {way.priority}, {way.status}, {way.available} of {way.links} links"


def _counted(counters: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in sorted(counters.items()) if count) or "nothing"
