"""Composition: the simulated public network that faces an exchange of a given configuration, span for span.

Each circuit of a trunk group meets a far exchange with the same signalling; analog lines to another exchange meet the subscriber lines
of that exchange, made of the same engine as our own; each extension meets a telephone set. Spans whose far end is outside are left to
whoever connects there. The network stands on a plane of its own, stepped by the same virtual clock or paced by a thread. Leaves out
stories (drivers/far_end).
"""

from collections.abc import Callable, Mapping

from config.schema import Configuration, Extension, TrunkGroup, circuits_of, line_of
from drivers.far_end.city_plan import CityPlan
from drivers.far_end.inner_link import join
from drivers.far_end.network import Network
from drivers.far_end.telephone import TelephoneSet
from drivers.far_end.telephone_line import CHANNEL_BANK, LineCode, TelephoneLine
from pbx.engine import Engine
from pbx.floor import Clock, Floor
from pbx.line import EXTENSION, TRUNK, Line
from pbx.media import Plane
from pbx.plant import FACING, PORT_KINDS, engines_of, port_of, subscriber_variant
from pbx.signalling.analog.fxs import FxsLine, SubscriberFeatures
from pbx.signalling.ss7.mtp2.carriage import figures_of
from pbx.signalling_plant import SignallingPlant

PRESENTATIONS = {"auto": "china", "fsk": "china", "dtmf": "dtmf-china", "none": ""}
"""How the far exchange tells who calls on an analog line, by what our end expects."""


def build(
    configuration: Configuration, plane: Plane, clock: Clock, prompts: Mapping[str, int], line_code: LineCode = CHANNEL_BANK
) -> Network:
    """The network on its plane; ``start`` brings it into service. ``line_code`` is that of the telephones' lines."""
    floor = Floor(clock, plane, lambda fact: None)
    subscribers: dict[str, object] = {}
    refusals: dict[str, object] = {}
    plan = CityPlan((subscribers, refusals))
    lines: list[Line] = []
    signalling = SignallingPlant(configuration, plan, far=True)
    points = signalling.build(floor)
    for inner in signalling.inner:
        join(floor, points, inner.names, inner.points, inner.highest)
    outside = {span.name for span in configuration.spans if not span.simulated}
    for group in configuration.trunk_groups:
        analog = group.signalling == "fxo"
        make: Callable[[str, int], Engine]
        if analog:
            make = _office_lines(configuration, group, plan)
        else:
            make = engines_of(group, FACING[group.direction], plan, signalling.engine, far=True)
        for span, slot in circuits_of(group):
            if span not in outside:
                port = port_of(configuration, span, slot)
                kind = "fxs" if analog else PORT_KINDS.get(group.signalling, "cas")
                engine = make(span, slot)
                lines.append(Line(f"{span}/{slot}", port, engine, TRUNK, number=group.number, group=group.name, port_kind=kind))
    telephones: list[tuple[Extension, Line]] = []
    for row in configuration.extensions:
        if line_of(row)[0] in outside:
            continue
        port = port_of(configuration, *line_of(row))
        line = Line(row.line, port, TelephoneLine(line_code), EXTENSION, number=row.number, port_kind="cas")
        telephones.append((row, line))
        lines.append(line)
    signalling.attach(lines)
    network = Network(floor, lines, prompts)
    network.signalling = points
    ours = {group.name for group in configuration.trunk_groups if group.direction == "outgoing"}
    network.not_ours = {line.name for line in lines if line.group in ours}
    network.subscribers = subscribers  # type: ignore[assignment]
    network.refusals = refusals  # type: ignore[assignment]
    for line in lines:
        floor.add(line)
    for row, line in telephones:
        telephone = network.telephone(row.number, line)
        telephone.code = line_code
        telephone.use(TelephoneSet(display=row.caller_identity, waiting_calls=row.call_waiting, ground_start=row.ground_start))
    return network


def _office_lines(configuration: Configuration, group: TrunkGroup, plan: CityPlan) -> Callable[[str, int], Engine]:
    """Makes the far exchange's ends of our analog lines: to it we are a subscriber."""
    variant = subscriber_variant(configuration)
    features = SubscriberFeatures(
        caller_identity=PRESENTATIONS[group.caller_identity],
        reversal=group.answer_supervision == "reversal",
        metering=True,
        ground_start=group.ground_start,
    )
    return lambda span, slot: FxsLine(variant, group.number, plan, features=features)


def start(network: Network, plane: Plane) -> None:
    """Bring every line of the network into service."""
    now = network.floor.clock.seconds()
    for line in network.lines.values():
        plane.configure_port(line.port, line.port_kind)
        network.floor.start(line, now)
    for link in network.signalling.plane_links():
        plane.configure_link(link.port, figures_of(link.figures))
    network.floor.turn(network.signalling.start)
