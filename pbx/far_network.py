"""Composition: the simulated public network that faces an exchange of a given configuration, span for span.

Each ``cas`` span of the exchange meets thirty circuits of a far exchange with the same variant; each extension meets a telephone set.
Spans whose far end is outside are left to whoever connects there. The network stands on a plane of its own, stepped by the same
virtual clock or paced by a thread. Leaves out stories (drivers/far_end).
"""

from collections.abc import Mapping

from config.schema import Configuration, circuits_of, line_of, variant_of
from drivers.far_end.city_plan import CityPlan
from drivers.far_end.network import Network
from drivers.far_end.telephone_line import TelephoneLine
from pbx.exchange import port_of
from pbx.floor import Clock, Floor
from pbx.line import EXTENSION, TRUNK, Line
from pbx.media import Plane
from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import load_variant

FACING = {"incoming": "outgoing", "outgoing": "incoming", "both-way": "both-way"}
"""The direction that the far end's circuits have, by the direction of ours."""


def build(configuration: Configuration, plane: Plane, clock: Clock, prompts: Mapping[str, int]) -> Network:
    """The network on its plane; ``start`` brings it into service."""
    floor = Floor(clock, plane, lambda fact: None)
    subscribers: dict[str, object] = {}
    refusals: dict[str, object] = {}
    plan = CityPlan((subscribers, refusals))
    lines: list[Line] = []
    outside = {span.name for span in configuration.spans if span.far_end == "outside"}
    for group in configuration.trunk_groups:
        variant = load_variant(variant_of(group))
        for span, slot in circuits_of(group):
            if span in outside:
                continue
            engine = R2Circuit(variant, FACING[group.direction], plan)  # type: ignore[arg-type]
            lines.append(Line(f"{span}/{slot}", port_of(configuration, span, slot), engine, TRUNK, group=group.name))
    telephones: list[tuple[str, Line]] = []
    for row in configuration.extensions:
        if line_of(row)[0] in outside:
            continue
        line = Line(row.line, port_of(configuration, *line_of(row)), TelephoneLine(), EXTENSION, number=row.number)
        telephones.append((row.number, line))
        lines.append(line)
    network = Network(floor, lines, prompts)
    network.subscribers = subscribers  # type: ignore[assignment]
    network.refusals = refusals  # type: ignore[assignment]
    for number, line in telephones:
        network.telephone(number, line)
    for line in lines:
        floor.add(line)
    return network


def start(network: Network, plane: Plane) -> None:
    """Bring every line of the network into service."""
    now = network.floor.clock.seconds()
    for line in network.lines.values():
        plane.configure_port(line.port, "cas")
        network.floor.start(line, now)
