"""Two signalling points, one of them with its level 2 at gateways of M2UA: line and association fail in turn."""

import pytest

from pbx.signalling.ss7.mtp3 import operation
from tests.signalling.ss7.m2ua_wire import M2uaWire
from tests.signalling.ss7.network import pair

STEP = 0.004
BOTH_WAYS = (("A", "B"), ("B", "A"))


def traffic(network, seconds, until=None):
    end = network.world.now + seconds
    while network.world.now < end and not (until and until()):
        for one, other in BOTH_WAYS:
            network.send(one, other, network.world.random.randrange(16))
        network.run(STEP)


def started(seed):
    network = pair(seed, wire=M2uaWire)
    network.start()
    network.run(15)
    assert network.unavailable() == {}
    network.forget()
    return network


def quiet(network):
    assert not any(site.wrong for site in network.sites.values())
    assert not any(node.wrong for wire in network.wires.values() for node in (wire.controller, wire.gateway))


@pytest.mark.parametrize("seed", range(6))
def test_a_line_fails_and_nothing_is_lost(seed):
    """What level 2 at the gateway had not confirmed comes back over the association, and goes another way."""
    network = started(seed)
    chance = network.world.random
    for name in chance.sample(sorted(network.wires), 2):
        wire = network.wires[name]
        traffic(network, chance.uniform(0.05, 0.5))
        wire.cut()
        traffic(network, 3)
        assert list(network.unavailable()) == [name]
        wire.mend()
        traffic(network, 15, lambda: not network.unavailable())
        assert network.unavailable() == {}
    traffic(network, 0.5)
    network.run(3)
    # What was on the association toward the gateway when the line had failed there is retrieved too; Retrieval follows it in its stream.
    assert network.damage() == (0, 0, 0), f"seed {seed}"
    said = [name for site in network.sites.values() for name in site.said("COO", "COA", "ECO", "ECA")]
    assert set(said) <= {"COO", "COA"}
    retrieved = [value for wire in network.wires.values() for value in wire.controller.told if "Retrieved" in str(value)]
    assert len(retrieved) > 5, "else the cut has met no traffic"
    quiet(network)


@pytest.mark.parametrize("seed", range(4))
def test_an_association_fails_and_comes_back(seed):
    """Level 3 hears that the link is out of service; the gateway tells the far end of a processor outage and takes the line down after
    T(r), so its traffic goes another way. What was on the association is lost, and nothing comes twice or late."""
    network = started(seed)
    wire = network.wires["A-B/0"]
    traffic(network, 0.3)
    wire.association.cut()
    traffic(network, 6)
    assert list(network.unavailable()) == ["A-B/0"]
    assert wire.gateway.engine.link_state("L") == "Idle"
    wire.association.mend()
    traffic(network, 15, lambda: not network.unavailable())
    assert network.unavailable() == {}
    network.run(3)
    lost, doubled, overtaken = network.damage()
    assert (doubled, overtaken) == (0, 0), f"seed {seed}"
    assert lost < 20, "what was on the association and what was on the line toward it"
    quiet(network)


def test_processor_outages_pass_the_association():
    network = started(2)
    a, b = network.sites["A"], network.sites["B"]
    a.give(operation.BlockLink("A-B/0"))
    network.run(0.3)
    assert "remote processor outage" in b.mtp3.link_state("A-B/0")
    b.give(operation.BlockLink("A-B/0"))
    a.give(operation.UnblockLink("A-B/0"))
    network.run(0.3)
    assert "remote processor outage" in a.mtp3.link_state("A-B/0")
    b.give(operation.UnblockLink("A-B/0"))
    network.run(3)
    assert network.unavailable() == {}
    network.send_all("A", "B", 3)
    network.send_all("B", "A", 3)
    network.run(2)
    assert network.faults() == []
    quiet(network)
