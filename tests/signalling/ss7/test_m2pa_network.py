"""Two signalling points, level 3 whole, over two links of M2PA whose associations fail in turn: nothing lost, doubled or out of order."""

import pytest

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.sigtran.m2pa_messages import read
from tests.signalling.ss7.m2pa_wire import M2paWire
from tests.signalling.ss7.network import pair

STEP = 0.004
BOTH_WAYS = (("A", "B"), ("B", "A"))
RESTORED_S = 15.0
"""T17, alignment and proving, link test, restart of the points, with much to spare."""


def traffic(network, seconds, until=None):
    end = network.world.now + seconds
    while network.world.now < end and not (until and until()):
        for one, other in BOTH_WAYS:
            network.send(one, other, network.world.random.randrange(16))
        network.run(STEP)


def started(seed):
    network = pair(seed, wire=M2paWire)
    network.start()
    network.run(RESTORED_S)
    assert network.unavailable() == {}
    network.forget()
    return network


def wire_ends(wire):
    return (wire.one, wire.other)


def retrieved(network):
    ends = [end for wire in network.wires.values() for end in wire_ends(wire)]
    return sum(type(value).__name__ == "RetrievedMessage" for end in ends for value in end.told)


@pytest.mark.parametrize("seed", range(8))
def test_changeover_and_changeback_lose_nothing(seed):
    network = started(seed)
    chance = network.world.random
    for name in chance.sample(sorted(network.wires), 2):
        wire = network.wires[name]
        traffic(network, chance.uniform(0.05, 0.5))
        wire.cut()
        traffic(network, 3)
        assert list(network.unavailable()) == [name]
        wire.mend()
        traffic(network, RESTORED_S, lambda: not network.unavailable())
        assert network.unavailable() == {}
    traffic(network, 0.5)
    network.run(3)
    assert network.damage() == (0, 0, 0), f"seed {seed}"
    assert retrieved(network) > 10, "else the cut has met no traffic"
    said = [name for site in network.sites.values() for name in site.said("COO", "COA", "XCO", "XCA", "ECO", "ECA")]
    assert {"XCO", "XCA"} <= set(said) <= {"XCO", "XCA"}
    assert not any(site.wrong for site in network.sites.values())
    assert not any(end.wrong for wire in network.wires.values() for end in wire_ends(wire))


def test_numbers_beyond_127_are_told():
    """More than 128 messages have been accepted: their number has no place in COO."""
    network = started(3)
    traffic(network, 3)
    network.wires["A-B/0"].cut()
    traffic(network, 2)
    network.run(3)
    assert network.damage() == (0, 0, 0)
    told = [end.engine.transmission.bsn for end in wire_ends(network.wires["A-B/0"])]
    assert min(told) > 127


def test_damage_would_be_seen():
    """An end that gives nothing back loses messages."""
    network = started(1)
    traffic(network, 0.3)
    for wire in network.wires.values():
        for end in wire_ends(wire):
            up = end.up
            end.up = lambda value, up=up: None if type(value).__name__ == "RetrievedMessage" else up(value)
    network.wires["A-B/0"].cut()
    traffic(network, 3)
    network.run(3)
    assert network.damage()[0] > 0


@pytest.mark.parametrize("seed", range(4))
def test_an_association_that_goes_silent_is_noticed_by_t7(seed):
    network = started(seed)
    traffic(network, 0.3)
    network.wires["A-B/1"].silent = True
    traffic(network, 4)
    assert list(network.unavailable()) == ["A-B/1"]
    assert any("T7" in note for end in wire_ends(network.wires["A-B/1"]) for note in end.notes)
    network.run(3)
    assert network.damage() == (0, 0, 0), f"seed {seed}"


@pytest.mark.parametrize("seed", range(10))
def test_processor_outages_of_either_end_lose_nothing_while_they_are_short(seed):
    network = started(seed)
    chance = network.world.random
    for _ in range(6):
        for name in chance.sample(("A", "B"), chance.choice((1, 2))):
            network.sites[name].give(operation.BlockLink("A-B/0"))
            traffic(network, chance.uniform(0, 0.2))
        for name in chance.sample(("A", "B"), 2):
            network.sites[name].give(operation.UnblockLink("A-B/0"))
            traffic(network, chance.uniform(0, 0.1))
        traffic(network, 1)
    network.run(10)
    assert network.unavailable() == {}, f"seed {seed}"
    assert network.damage() == (0, 0, 0), f"seed {seed}"
    assert not any(end.wrong for wire in network.wires.values() for end in wire_ends(wire))


def test_everything_that_was_sent_can_be_read():
    network = started(5)
    traffic(network, 0.5)
    network.wires["A-B/0"].cut()
    traffic(network, 3)
    units = [octets for wire in network.wires.values() for end in wire_ends(wire) for _, octets in end.sent]
    assert len(units) > 200
    assert {type(read(octets)).__name__ for octets in units} == {"UserData", "LinkStatus"}


@pytest.mark.parametrize("seed", range(6))
def test_long_outages_double_nothing_and_keep_the_order(seed):
    """What waits in a link for too long is flushed, and then it is lost; but nothing comes twice or late, and everything comes back."""
    network = started(seed)
    chance = network.world.random
    for _ in range(4):
        name = chance.choice("AB")
        network.sites[name].give(operation.BlockLink("A-B/0"))
        traffic(network, chance.uniform(0.5, 3))
        network.sites[name].give(operation.UnblockLink("A-B/0"))
        traffic(network, chance.uniform(0.1, 2))
    network.run(10)
    _, doubled, overtaken = network.damage()
    assert (doubled, overtaken) == (0, 0), f"seed {seed}"
    assert network.unavailable() == {}
    assert not any(end.wrong for wire in network.wires.values() for end in wire_ends(wire))
