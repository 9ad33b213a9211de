"""Several link sets between two points, at work: load, changeover from set to set, restarts, a transfer point between, faults at any time.

Storms are those of test_changeover_properties.py. Faults are chosen by a seed, which a failure prints.
"""

import pytest

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.primitives import Pause, RestartBegins, Resume
from tests.signalling.ss7.network import VARIANT, pair, row, square, up
from tests.signalling.ss7.test_changeover_properties import BOTH_WAYS, storm, traffic
from tests.signalling.ss7.test_mtp3_network import RECOVERY_S

FORMS = pytest.mark.parametrize("form", ["24", "14"])
SETS = pytest.mark.parametrize("sets", [(1, 1), (2, 1), (2, 2)], ids=str)


def spread(site):
    """How many SLS each link has carried since the site forgot."""
    found = {}
    for links in site.links_used().values():
        for link in links:
            found[link] = found.get(link, 0) + 1
    return dict(sorted(found.items()))


def variant_of(form):
    return VARIANT.adjusted(form=form, network=2 if form == "24" else 0)


@FORMS
@pytest.mark.parametrize(
    ("sets", "shares"),
    [((1, 1), [8, 8]), ((2, 2), [4] * 4), ((4, 4), [2] * 8), ((1, 2), [8, 4, 4]), ((8, 8), [1] * 16), ((1, 1, 1), [6, 5, 5])],
    ids=str,
)
def test_two_points_share_their_load_over_all_sets(form, sets, shares):
    """First over sets, then over the links of each."""
    network = up(pair(links=sets, variant=variant_of(form)), 20)
    network.send_all("A", "B", 2)
    network.send_all("B", "A", 2)
    network.run(1)
    assert network.faults() == []
    for site in network.sites.values():
        assert sorted(spread(site).values(), reverse=True) == shares
        assert site.wrong == []


@pytest.mark.parametrize("bit", range(4))
def test_any_bit_may_divide_the_sets(bit):
    network = up(pair(links=(2, 2), load_share_bit=bit))
    network.send_all("A", "B")
    network.run(1)
    assert spread(network.sites["A"]) == {f"A-B/{code}": 4 for code in range(4)}
    assert {sls >> bit & 1: links[0][-1] in "01" for sls, links in network.sites["A"].links_used().items()} == {0: True, 1: False}


def test_of_three_sets_one_fails_and_the_others_share_what_it_had():
    """Sets and links: what went by the third is not all on the first link of the one and the second of the other."""
    network = up(pair(links=(2, 2, 2)))
    network.send_all("A", "B")
    network.run(0.5)
    for name in ("A-B/4", "A-B/5"):
        network.wires[name].cut()
    network.run(3)
    network.forget()
    network.send_all("A", "B")
    network.run(0.5)
    carried = spread(network.sites["A"])
    assert set(carried) == {f"A-B/{code}" for code in range(4)}
    assert sum(carried.values()) == 16
    assert max(carried.values()) - min(carried.values()) <= 2


@FORMS
def test_a_set_fails_and_comes_back_and_nobody_is_told(form):
    """The point is there all the time: COO and CBD by the other set, no restart, no pause, no TRA."""
    network = up(pair(3, (1, 1), variant_of(form)))
    a, b = network.sites["A"], network.sites["B"]
    traffic(network, 0.3, BOTH_WAYS)
    network.wires["A-B/0"].cut(0.05)
    traffic(network, 3, BOTH_WAYS)
    network.wires["A-B/0"].mend()
    traffic(network, 6, BOTH_WAYS)
    network.run(1)
    assert network.damage() == (0, 0, 0)
    assert network.unavailable() == {}
    for site in (a, b):
        assert site.told == []
        assert site.said("TRA", "TFP", "TFA", "TFR") == []
        assert site.said("CBD") == ["CBD"]
        assert operation.LinkSetChanged("B" if site is a else "A", False) in site.reports
        assert "changeover without acknowledgement" not in site.mtp3.counters
        assert "changeback without acknowledgement" not in site.mtp3.counters
    assert "COO" in a.said("COO") + b.said("COO")
    network.forget()
    network.send_all("A", "B")
    network.run(0.5)
    assert spread(a) == {"A-B/0": 8, "A-B/1": 8}


def test_a_point_restarts_when_the_last_of_its_sets_has_failed():
    network = up(pair(4, (1, 2)))
    a, b = network.sites["A"], network.sites["B"]
    network.wires["A-B/0"].cut()
    network.run(3)
    assert a.told == []
    for name in ("A-B/1", "A-B/2"):
        network.wires[name].cut()
    network.run(3)
    assert a.told == [Pause(b.code), RestartBegins()]
    network.wires["A-B/2"].mend()
    network.run(RECOVERY_S)
    assert a.told[2] == Resume(b.code)
    for name in ("A-B/0", "A-B/1"):
        network.wires[name].mend()
    network.run(RECOVERY_S)
    assert (a.said("TRA"), b.said("TRA")) == (["TRA"], ["TRA"]), "one for the point, none for the set that came later"
    assert network.unavailable() == {}
    network.send_all("A", "B", 2)
    network.run(1)
    assert network.faults() == []


def test_links_of_one_set_adopted_after_a_restart_of_control_while_the_other_is_down():
    network = up(pair(5, (1, 1)))
    site = network.sites["A"]
    network.wires["A-B/1"].cut()
    network.run(3)
    old = site.mtp3
    site.mtp3 = type(old)(old.plan, old.variant)
    site.forget()
    site.take(site.mtp3.adopt(["A-B/0"], network.world.now))
    assert site.told == [Resume(network.sites["B"].code)]
    for name in ("B", "B.1"):
        site.give(operation.ActivateLinkSet(name))
    network.send_all("A", "B", 2)
    network.wires["A-B/1"].mend()
    network.run(70)
    assert network.unavailable() == {}
    assert network.faults() == []
    assert site.said("TRA") == []


@pytest.mark.parametrize("seed", range(6))
@SETS
def test_any_link_of_any_set_fails_and_nothing_is_lost_doubled_or_overtaken(seed, sets):
    network = up(pair(seed, sets))
    storm(network, list(network.wires), BOTH_WAYS, 16)
    assert network.damage() == (0, 0, 0), f"seed {seed}: {network.faults()[:2]}"
    assert network.unavailable() == {}
    assert [site.mtp3.counters.get("held messages lost", 0) for site in network.sites.values()] == [0, 0]


@pytest.mark.parametrize("seed", range(4))
def test_a_whole_set_and_one_link_of_the_other_fail_and_one_link_carries_all(seed):
    network = up(pair(seed, (2, 2)))
    chance = network.world.random
    for _ in range(6):
        survivor = chance.choice(list(network.wires))
        for name in chance.sample(list(network.wires), 4):
            if name != survivor:
                traffic(network, chance.choice((0.0, 0.02, 0.3, 1.5)) * chance.random(), BOTH_WAYS)
                network.wires[name].cut(chance.choice((0.0, 0.02, 0.2)))
        traffic(network, 2 * chance.random(), BOTH_WAYS)
        for wire in network.wires.values():
            if not wire.whole:
                wire.mend()
        traffic(network, 6, BOTH_WAYS)
    network.run(1)
    assert network.damage() == (0, 0, 0), f"seed {seed}: {network.faults()[:2]}"
    assert network.unavailable() == {}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("priority", [0, 1])
def test_sets_on_both_sides_of_a_transfer_point_fail(seed, priority):
    """A set of one side and one of the other at the same time, first and second choice or sharing: nobody hears of it."""
    network = up(row(seed, (1, 1), (2, 1), priority=priority, load_share_bit=1), 20)
    storm(network, ["A-Y/0", "A-Y/1"], BOTH_WAYS, 8)
    storm(network, ["B-Y/0", "B-Y/1", "B-Y/2"], BOTH_WAYS, 8)
    assert network.damage() == (0, 0, 0), f"seed {seed}: {network.faults()[:2]}"
    assert network.unavailable() == {}
    for site in network.sites.values():
        assert [value for value in site.told if type(value) is Pause] == []
        assert site.said("TFP", "TFR", "TFA") == []


def test_a_transfer_point_uses_another_bit_than_those_before_it():
    """Of A only the SLS with bit 0 = 0 come to Y in the square; by bit 1 they are shared between the sets to B, by bit 2 between links."""
    network = up(row(1, (2, 2), (2, 2), load_share_bit=1), 20)
    network.wires["A-Y/2"].cut()
    network.send_all("A", "B")
    network.run(3)
    assert set(spread(network.sites["Y"]).values()) == {4}
    assert network.damage() == (0, 0, 0)


def test_inhibiting_goes_on_until_a_destination_would_be_lost():
    """With the other set working a whole set can be inhibited; the last link cannot."""
    network = up(pair(7, (2, 1)))
    a = network.sites["A"]
    for link in ("A-B/0", "A-B/1", "A-B/2"):
        traffic(network, 0.3, BOTH_WAYS)
        a.give(operation.InhibitLink(link))
        traffic(network, 3, BOTH_WAYS)
    found = [report for report in a.reports if type(report) is operation.Inhibited]
    assert [(report.link, report.state, report.why) for report in found] == [
        ("A-B/0", "inhibited", ""),
        ("A-B/1", "inhibited", ""),
        ("A-B/2", "uninhibited", "a destination would be lost"),
    ]
    network.wires["A-B/2"].cut()
    traffic(network, 1, BOTH_WAYS)
    network.run(5)
    assert a.mtp3.accessible(network.sites["B"].code), "a link of the other set was uninhibited by force"
    network.wires["A-B/2"].mend()
    for link in ("A-B/0", "A-B/1"):
        a.give(operation.UninhibitLink(link))
    network.run(20)
    assert network.unavailable() == {}


@pytest.mark.parametrize("seed", range(3))
def test_in_a_square_of_parallel_sets_everything_comes_back(seed):
    """Two sets on every side; any links at any time, then all must be as at the beginning, and nobody may believe a route prohibited."""
    network = up(square(seed, links=(1, 1), cross=(1, 1)), 20)
    chance = network.world.random
    names = list(network.wires)
    for _ in range(60):
        name = chance.choice(names)
        if network.wires[name].whole:
            network.wires[name].cut(chance.choice((0.0, 0.1, 0.5)))
        else:
            network.wires[name].mend()
        for _ in range(chance.randrange(4)):
            network.send_all("A", "B")
            network.send_all("B", "A")
            network.run(chance.choice((0.02, 0.3, 2.0)))
    for wire in network.wires.values():
        if not wire.whole:
            wire.mend()
    network.run(64 + RECOVERY_S + 45)
    assert network.unavailable() == {}, f"seed {seed}"
    for site in network.sites.values():
        routing = site.mtp3._room.routing
        assert all(destination.accessible for destination in routing.destinations.values()), f"seed {seed}"
        assert [route.status for destination in routing.destinations.values() for route in destination.routes if route.status] == []
        assert [flow for flow in routing.flows.values() if flow.hold is not None] == []
    network.forget()
    network.sequence.clear()
    network.send_all("A", "B", 2)
    network.send_all("B", "A", 2)
    network.run(2)
    assert network.faults() == [], f"seed {seed}"
