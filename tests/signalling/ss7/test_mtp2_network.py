"""Two signalling points, level 2 and 3 whole, over two links of 64 kbit/s that fail in turn: nothing lost, doubled or out of order."""

import pytest

from tests.signalling.ss7.network import pair
from tests.signalling.ss7.terminal import TerminalWire

STEP = 0.004
BOTH_WAYS = (("A", "B"), ("B", "A"))
ALIGNED_S = 30.0
"""A failure's notice, T17, the normal proving period, the link test, with much to spare."""


def traffic(network, seconds, until=None):
    """250 messages a second each way: 0.28 erlang on each of two links, 0.56 on the survivor."""
    end = network.world.now + seconds
    while network.world.now < end and not (until and until()):
        for one, other in BOTH_WAYS:
            network.send(one, other, network.world.random.randrange(16))
        network.run(STEP)


def started(seed):
    network = pair(seed, wire=TerminalWire)
    network.start()
    network.run(ALIGNED_S)
    assert network.unavailable() == {}
    network.forget()
    return network


@pytest.mark.parametrize("seed", range(6))
def test_changeover_retrieves_what_was_not_accepted(seed):
    network = started(seed)
    chance = network.world.random
    retrieved = 0
    for name in chance.sample(sorted(network.wires), 2):
        wire = network.wires[name]
        for way in wire.line.ways:
            way.damage = 0.002
        traffic(network, chance.uniform(0.05, 0.5))
        wire.cut()
        traffic(network, 3)
        assert list(network.unavailable()) == [name]
        wire.mend()
        for way in wire.line.ways:
            way.damage = 0.0  # no proving would bear it
        traffic(network, ALIGNED_S, lambda: not network.unavailable())
        assert network.unavailable() == {}
        retrieved += sum(type(value).__name__ == "RetrievedMessage" for end in (wire.one, wire.other) for value in end.told)
    traffic(network, 0.5)
    network.run(3)
    assert network.damage() == (0, 0, 0), f"seed {seed}"
    assert network.unavailable() == {}
    assert retrieved > 10, "else the cut has met no traffic"
    assert not any(site.wrong for site in network.sites.values())


def test_damage_would_be_seen():
    """An end that gives nothing back loses messages."""
    network = started(1)
    traffic(network, 0.3)
    for wire in network.wires.values():
        for end in (wire.one, wire.other):
            up = end.up
            end.up = lambda value, up=up: None if type(value).__name__ == "RetrievedMessage" else up(value)
    network.wires["A-B/0"].cut()
    traffic(network, 3)
    network.run(3)
    assert network.damage()[0] > 0
