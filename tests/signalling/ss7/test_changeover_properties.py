"""Changeover and changeback under load, links that fail and come at any moment: nothing lost, doubled or out of order.

Of two links one works at any time, so level 2 can always give back what was not accepted. Faults are chosen by a seed, which a failure
prints. The harness must be able to see damage: a test cripples the retrieval and expects it.
"""

import pytest

from pbx.signalling.ss7.primitives import Bsnt, RetrievalRequest
from tests.signalling.ss7.level2 import TRANSMISSION
from tests.signalling.ss7.network import pair, square, up

STEP = 0.004
SETTLE_S = 6.0
"""T2, T17, alignment, link test, T4 and T5 with much to spare: so long after the last fault all links carry traffic again."""


def available(network, name):
    return all(site.mtp3.link_state(name) == "available" for site in network.sites.values() if name in site.ends)


def traffic(network, seconds, pairs, load=1):
    end = network.world.now + seconds
    while network.world.now < end:
        for one, other in pairs:
            for _ in range(load):
                network.send(one, other, network.world.random.randrange(16))
        network.run(STEP)


BOTH_WAYS = (("A", "B"), ("B", "A"))


def storm(network, names, pairs, faults, load=1):
    """Cut one link at a time, at any moment at which another works; mend it at any moment.

    A link that was mended before its ends had noticed the cut still fails, a moment later; until then it counts as one that does not work.
    """
    chance = network.world.random
    down = None
    mended = dict.fromkeys(names, -1.0)
    for _ in range(faults):
        if down is None:
            traffic(network, chance.choice((0.03, 0.1, 0.4)) * chance.random(), pairs, load)
            sound = {name for name in names if available(network, name) and network.world.now > mended[name] + 0.5}
            usable = [name for name in names if sound >= set(names) - {name}]
            if usable:
                down = chance.choice(usable)
                network.wires[down].cut(chance.choice((0.0, 0.02, 0.3)))
        else:
            traffic(network, chance.choice((0.05, 0.5, 1.5, 3.0)) * chance.random(), pairs, load)
            network.wires[down].mend()
            mended[down] = network.world.now
            down = None
    if down is not None:
        network.wires[down].mend()
    traffic(network, SETTLE_S, pairs, load)
    network.run(1)


@pytest.mark.parametrize("seed", range(12))
def test_two_links_fail_in_turn_and_nothing_is_lost_doubled_or_overtaken(seed):
    network = up(pair(seed))
    storm(network, list(network.wires), BOTH_WAYS, 24)
    assert network.damage() == (0, 0, 0), f"seed {seed}: {network.faults()[:2]}"
    assert network.unavailable() == {}
    assert [site.mtp3.counters.get("held messages lost", 0) for site in network.sites.values()] == [0, 0]


@pytest.mark.parametrize("seed", range(6))
def test_bad_and_slow_links_fail_in_turn(seed):
    """A tenth of all units is sent again, links differ in delay, and one of them fails all the same."""
    network = pair(seed)
    for wire in network.wires.values():
        wire.one_way, wire.loss = network.world.random.choice((0.001, 0.01, 0.06)), 0.1
    up(network, 15)
    storm(network, list(network.wires), BOTH_WAYS, 16)
    assert network.damage() == (0, 0, 0), f"seed {seed}: {network.faults()[:2]}"
    assert network.unavailable() == {}


@pytest.mark.parametrize("seed", range(4))
def test_of_five_links_with_two_spares_any_fails(seed):
    network = pair(seed, links=5, active=3)
    network.start()
    network.run(10)
    names = [f"A-B/{code}" for code in range(5)]
    chance = network.world.random
    for _ in range(12):
        traffic(network, chance.random() * 0.5, BOTH_WAYS)
        alive = [name for name in names if available(network, name)]
        if len(alive) >= 2:
            network.wires[chance.choice(alive)].cut(0.1)
        traffic(network, chance.random() * 2, BOTH_WAYS)
        for wire in network.wires.values():
            if not wire.whole and chance.random() < 0.5:
                wire.mend()
    for wire in network.wires.values():
        if not wire.whole:
            wire.mend()
    traffic(network, SETTLE_S + 4, BOTH_WAYS)
    network.run(1)
    assert network.damage() == (0, 0, 0), f"seed {seed}: {network.faults()[:2]}"
    assert [name for name in names if available(network, name)] == names[:3], "the spares stand by again"


@pytest.mark.parametrize("seed", range(4))
def test_behind_two_transfer_points_any_link_within_a_set_fails(seed):
    network = up(square(seed, links=2), 20)
    storm(network, ["A-Y/0", "A-Y/1"], BOTH_WAYS, 10, load=1)
    assert network.damage() == (0, 0, 0), f"seed {seed}: {network.faults()[:2]}"
    assert network.unavailable() == {}


ERLANG = 0.4
CUTS, LONG_CUTS = 10, 1000


def calls(network, seconds):
    """Poisson traffic of so many erlang on each of two links, both ways."""
    chance = network.world.random
    end = network.world.now + seconds
    while network.world.now < end:
        network.run(chance.expovariate(2 * ERLANG / TRANSMISSION))
        network.send("A", "B", chance.randrange(16))
        network.send("B", "A", chance.randrange(16))


def test_two_links_at_four_tenths_of_an_erlang_and_one_is_cut_again_and_again(long):
    """Each at a random moment, each comes back; a thousand times with --long. The survivor carries 0.8 erlang meanwhile."""
    network = up(pair(77))
    chance = network.world.random
    for _ in range(LONG_CUTS if long else CUTS):
        calls(network, 0.3 * chance.random())
        wire = network.wires[chance.choice(("A-B/0", "A-B/1"))]
        wire.cut(chance.choice((0.0, 0.02, 0.2)))
        calls(network, 2 + chance.random())
        wire.mend()
        calls(network, 4.2)
    network.run(3)
    assert network.damage() == (0, 0, 0)
    assert network.unavailable() == {}
    for site in network.sites.values():
        assert site.mtp3.counters["messages retrieved"] > 0
        assert "changeover without acknowledgement" not in site.mtp3.counters


def test_a_changeover_order_that_is_retrieved_does_not_wait_behind_the_traffic_it_would_let_go():
    """The order went over a link that fails too, and came back from there; held with its own link's traffic it was sent after T2 only, and
    what the far end had not accepted was lost."""
    network = up(pair(5, links=3))
    traffic(network, 0.3, BOTH_WAYS)
    network.wires["A-B/2"].cut(0.0)
    site = network.sites["A"]
    while not site.said("COO"):
        network.run(0.001)
    order = next(text for _, text in site.notes if text.startswith("-> COO"))
    network.wires[order.rpartition(" ")[2]].cut(0.0)
    traffic(network, 3, BOTH_WAYS)
    network.run(1)
    assert network.damage() == (0, 0, 0)
    assert not any("changeover without acknowledgement" in site.mtp3.counters for site in network.sites.values())


def test_a_retrieval_that_forgets_is_seen(monkeypatch):
    """The judge judged: when level 2 gives back nothing, or all, the harness must see loss, or doubling."""
    network = up(pair(7))
    end = network.sites["A"].ends["A-B/0"]
    real = end.order
    monkeypatch.setattr(end, "order", lambda request: real(RetrievalRequest(None) if type(request) is RetrievalRequest else request))
    traffic(network, 0.5, BOTH_WAYS)
    network.wires["A-B/0"].cut(0.05)
    traffic(network, 4, BOTH_WAYS)
    network.run(2)
    lost, doubled, _ = network.damage()
    assert lost
    assert not doubled


def test_a_wrong_number_is_seen(monkeypatch):
    network = up(pair(7))
    site = network.sites["B"]
    give = site.give

    def wrong(value):
        if type(getattr(value, "indication", None)) is Bsnt:
            value = type(value)(value.link, Bsnt((value.indication.value - 2) % 128))
        give(value)

    monkeypatch.setattr(site, "give", wrong)
    traffic(network, 0.5, BOTH_WAYS)
    network.wires["A-B/0"].cut(0.05)
    traffic(network, 4, BOTH_WAYS)
    network.run(2)
    _, doubled, _ = network.damage()
    assert doubled
