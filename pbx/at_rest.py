"""What must hold of a simulation when all is quiet: both ends idle, and nothing left behind by any call.

The facts cannot tell these things (pbx/checkers.py looks at the facts): here circuits of both ends are compared, and edges, tags, leg
records, recorders, timers, rings and counters are looked at where they are. Leaves out making things quiet, which is the caller's.
"""

import msgspec

from pbx import checkers
from pbx.call import LegRecord
from pbx.line import EXTENSION, TRUNK, Line
from pbx.simulation import Simulation


def quiet(simulation: Simulation) -> bool:
    """Whether every line of both ends is idle without a leg and no timer of a call runs."""
    ours, theirs = simulation.exchange.lines.values(), simulation.network.circuits
    if not all(line.idle and line.leg is None for line in ours) or not all(line.idle and line.leg is None for line in theirs):
        return False
    return timers(simulation) == 0


def timers(simulation: Simulation) -> int:
    """Calls due on the clock that are not a line's own wake-up, of which there is at most one for each line, and watch over no link."""
    exchange, network = simulation.exchange, simulation.network
    lines = [*exchange.lines.values(), *network.lines.values()]
    standing = exchange.signalling.standing_timers() + network.signalling.standing_timers()
    return simulation.clock.pending - sum(line.wake_call is not None for line in lines) - standing


def complaints(simulation: Simulation, *, faults: bool = False, timers_allowed: int = 0, recorders_adopted: int = 0) -> list[str]:
    """Everything that is not as it must be at rest, one sentence each.

    ``faults``: the run had faults on its lines, so a signal may have been unexpected; ``timers_allowed``: timers of stories;
    ``recorders_adopted``: recorders that ran on over a restart of control, each of which the plane has refused to start twice.
    """
    exchange, network = simulation.exchange, simulation.network
    found = checkers.ends_disagree(
        {line.name: condition(line) for line in exchange.lines.values() if line.kind == TRUNK},
        {line.name: condition(line) for line in network.circuits},
    )
    found += [
        f"extension {line.number} is {condition(line)}"
        for line in exchange.lines.values()
        if line.kind == EXTENSION and condition(line) != "idle"
    ]
    found += _media(simulation, recorders_adopted)
    found += _control(simulation)
    for end, floor in (("exchange", exchange.floor), ("far end", network.floor)):
        found += [f"{end}: {text}" for text in floor.faults]
        if not faults:
            found += [f"{end}: {text}" for text in checkers.unexpected(floor.counters)]
    running = timers(simulation) - timers_allowed - simulation.associations.under_way
    if running:
        found.append(f"{running} timers still run")
    return found


def condition(line: Line) -> str:
    """``idle``, or the state that the line is in."""
    if line.available and line.engine.state == "Idle":
        return "idle"
    blocked = f" blocked ({', '.join(sorted(line.blocked))})" if line.blocked else ""
    return f"{line.engine.state}{blocked}{' with a leg' if line.leg is not None else ''}"


def _media(simulation: Simulation, recorders_adopted: int) -> list[str]:
    near = simulation.near
    ports = range(near.ports)
    found = checkers.heard_after_call({port: [edge.source for edge in near.edges(port)] for port in ports}, ())
    found += [f"port {port} still has the tag {near.tag(port)}" for port in ports if near.tag(port)]
    found += [f"port {port} still has the record of a leg" for port in ports if _leg_recorded(near.read_leg_record(port))]
    for end, plane in (("exchange", near), ("far end", simulation.far)):
        counters = plane.counters()
        if plane is near:
            counters["rejected_commands"] -= recorders_adopted
        if not simulation.recorders_read:
            counters.pop("recorder_overflows")
        found += [f"{end}: {text}" for text in checkers.overflows(counters)]
        if plane.epoch > 1:
            # What a control that died still had on its way is refused: so it must be.
            counters.pop("refused_commands")
        found += [f"{end}: {name} is {counters[name]}" for name in ("refused_commands", "rejected_commands") if counters.get(name)]
    return found


def _leg_recorded(octets: bytes) -> bool:
    """Whether a leg record tells of a leg, and not only of the agent who sits at the line."""
    return bool(octets) and bool(msgspec.msgpack.decode(octets, type=LegRecord).call)


def _control(simulation: Simulation) -> list[str]:
    switch = simulation.exchange.switch
    distributor, distribution = simulation.exchange.distributor, simulation.exchange.distribution
    found = [f"call {name} is left: {call}" for name, call in switch.calls.items()]
    found += [f"call {name} is still offered to an agent" for name in distributor.offered]
    found += [f"{len(queue)} calls wait in {name}" for name, queue in distributor.queues.items() if len(queue)]
    found += [f"agent {number} is stuck in a call" for number in distribution.busy_agents()]
    if simulation.exchange.service.playing:
        found.append(f"{simulation.exchange.service.playing} prompts are still waited for")
    if switch.recorders.free != switch.settings.recorders:
        found.append(f"{switch.settings.recorders - switch.recorders.free} recorders are still taken")
    return found
