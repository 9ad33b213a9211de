"""Signalling points back to back: two with one link set, and a square of two end points and two transfer points. What fails comes back."""

import pytest

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.mtp3.label import ITU
from pbx.signalling.ss7.primitives import Pause, RestartBegins, RestartEnds, Resume
from tests.signalling.ss7.level2 import ALIGNMENT
from tests.signalling.ss7.network import VARIANT, pair, square, up

RECOVERY_S = 2 * 1.5 + ALIGNMENT + 0.5 + 5.2
"""Two trials of restoration (T17), alignment, link test, and the restart of an isolated point (T18)."""


@pytest.mark.parametrize("form", ["24", "14"])
def test_two_points_come_up_and_exchange_messages(form):
    variant = VARIANT.adjusted(form=form, network=2 if form == "24" else 0)
    network = pair(variant=variant)
    network.start()
    network.run(10)
    assert network.unavailable() == {}
    for name, other in (("A", "B"), ("B", "A")):
        site = network.sites[name]
        assert site.told == [RestartBegins(), Resume(network.sites[other].code), RestartEnds()]
        assert site.wrong == []
    network.send_all("A", "B", 5)
    network.send_all("B", "A", 5)
    network.run(1)
    assert network.faults() == []
    assert set(network.sites["A"].links_used()) == set(range(16))


def test_a_pair_without_restart_carries_traffic_with_the_first_link():
    network = pair(restart=False)
    network.start()
    network.run(1)
    network.send_all("A", "B")
    network.run(0.5)
    assert network.faults() == []


def test_the_only_link_set_is_cut_and_comes_back():
    network = up(pair())
    a, b = (network.sites[name] for name in "AB")
    for wire in network.wires.values():
        wire.cut()
    network.run(3)
    assert a.told == [Pause(b.code), RestartBegins()]
    assert b.told == [Pause(a.code), RestartBegins()]
    for wire in network.wires.values():
        wire.mend()
    network.run(RECOVERY_S)
    assert network.unavailable() == {}
    assert a.told[2:] == [Resume(b.code), RestartEnds()]
    assert b.told[2:] == [Resume(a.code), RestartEnds()]
    assert (a.wrong, b.wrong) == ([], [])
    network.send_all("A", "B", 3)
    network.run(1)
    assert network.faults() == []


def test_one_end_is_started_anew():
    """Control of one end dies and begins from nothing: the other end's links go down and come up, and both agree."""
    network = up(pair())
    site = network.sites["A"]
    old = site.mtp3
    site.mtp3 = type(old)(old.plan, old.variant)
    site.take(site.mtp3.start(network.world.now))
    site.give(operation.ActivateLinkSet("B"))
    network.run(RECOVERY_S)
    assert network.unavailable() == {}
    assert network.sites["B"].mtp3.accessible(network.sites["A"].code)


def test_links_adopted_after_a_restart_of_control_carry_traffic_at_once():
    """Level 2 has gone on; level 3 is made anew and adopts what is in service."""
    network = up(pair())
    old = network.sites["A"].mtp3
    site = network.sites["A"]
    site.mtp3 = type(old)(old.plan, old.variant)
    site.take(site.mtp3.adopt(["A-B/0", "A-B/1"], network.world.now))
    assert site.told == [Resume(network.sites["B"].code)]
    network.send_all("A", "B", 2)
    network.send_all("B", "A", 2)
    network.run(70)
    assert network.faults() == []
    assert network.unavailable() == {}
    assert site.said("SLTM") == ["SLTM", "SLTM"], "links are tested on"
    network.wires["A-B/1"].cut()
    network.send_all("A", "B", 2)
    network.run(3)
    assert network.damage() == (0, 0, 0)


def test_nothing_to_adopt_is_a_start():
    site = pair().sites["A"]
    site.take(site.mtp3.adopt([], 0.0))
    assert site.told == [RestartBegins()]
    assert site.mtp3.state == "Isolated"


def test_management_inhibiting_between_two_points_loses_nothing():
    network = up(pair(3))
    a = network.sites["A"]
    for order in (operation.InhibitLink, operation.UninhibitLink) * 3:
        for _ in range(20):
            network.send_all("A", "B")
            network.send_all("B", "A")
            network.run(0.1)
        a.give(order("A-B/0"))
    network.run(3)
    assert [report.state for report in a.reports if type(report) is operation.Inhibited] == ["inhibited", "uninhibited"] * 3
    assert network.damage() == (0, 0, 0)
    assert network.unavailable() == {}


@pytest.mark.parametrize("seconds", [0.4, 4.0])
def test_a_processor_outage_loses_nothing_that_was_not_in_the_link(seconds):
    """In a short one nothing is lost; in a long one what waited in level 2 is flushed, but nothing comes twice or late."""
    network = up(pair(5))
    a = network.sites["A"]
    for _ in range(10):
        network.send_all("A", "B")
        network.run(0.05)
    a.give(operation.BlockLink("A-B/0"))
    for _ in range(10):
        network.send_all("B", "A")
        network.send_all("A", "B")
        network.run(seconds / 10)
    a.give(operation.UnblockLink("A-B/0"))
    network.send_all("A", "B")
    network.run(5)
    lost, doubled, overtaken = network.damage()
    assert (doubled, overtaken) == (0, 0)
    if seconds < 0.8:
        assert lost == 0
    assert network.unavailable() == {}


def test_a_link_that_aligns_during_a_processor_outage_is_tested_until_it_is_over():
    network = up(pair(5))
    a, b = network.sites["A"], network.sites["B"]
    a.give(operation.BlockLink("A-B/0"))
    network.wires["A-B/0"].cut()
    network.run(2)
    network.wires["A-B/0"].mend()
    network.run(60)
    assert a.mtp3.link_state("A-B/0").endswith("(Testing)")
    assert b.mtp3.link_state("A-B/0").endswith("(Testing)")
    failures = a.mtp3.counters["link failure"]
    a.give(operation.UnblockLink("A-B/0"))
    network.run(10)
    assert network.unavailable() == {}
    assert a.mtp3.counters["link failure"] == failures


def test_the_square_shares_its_load():
    network = up(square(), 20)
    network.send_all("A", "B", 2)
    network.send_all("B", "A", 2)
    network.run(1)
    assert network.faults() == []
    used = network.sites["A"].links_used()
    assert {link for links in used.values() for link in links} == {"A-Y/0", "A-Z/0"}


def test_the_far_link_of_one_way_fails_and_comes_back():
    """Y loses B: it goes by Z, which is told not to come back by Y; A goes on over both. Then all is as it was."""
    network = up(square(2), 20)
    y, z = network.sites["Y"], network.sites["Z"]
    for _ in range(3):
        y.forget()
        network.wires["B-Y/0"].cut(0.05)
        for _ in range(30):
            network.send_all("A", "B")
            network.send_all("B", "A")
            network.run(0.1)
        assert y.said("TFP") == ["TFP"]
        network.wires["B-Y/0"].mend()
        for _ in range(60):
            network.send_all("A", "B")
            network.send_all("B", "A")
            network.run(0.1)
    network.run(100)
    assert network.damage() == (0, 0, 0)
    assert network.unavailable() == {}
    assert [value for site in network.sites.values() for value in site.told if type(value) is Pause] == []
    assert z.heard("TFP")
    assert z.heard("TFA")


def test_both_ways_to_a_point_fail_and_come_back():
    """B is cut from Y and Z: A is told by TFP, users by PAUSE; after the repair by TFA or the test of T10, and B's restart."""
    network = up(square(4), 20)
    a, b = network.sites["A"], network.sites["B"]
    network.wires["B-Y/0"].cut()
    network.wires["B-Z/0"].cut()
    network.run(5)
    assert a.paused() == [b.code]
    assert RestartBegins() in b.told
    network.wires["B-Y/0"].mend()
    network.wires["B-Z/0"].mend()
    network.run(RECOVERY_S)
    assert a.resumed() == [b.code]
    assert network.unavailable() == {}
    network.run(60)
    network.send_all("A", "B", 3)
    network.send_all("B", "A", 3)
    network.run(2)
    assert network.faults() == []
    assert {link for links in a.links_used().values() for link in links} == {"A-Y/0", "A-Z/0"}


def test_a_whole_transfer_point_is_lost_and_comes_back():
    network = up(square(6), 20)
    a = network.sites["A"]
    for name in ("A-Y/0", "B-Y/0", "Y-Z/0"):
        network.wires[name].cut(0.05)
    for _ in range(30):
        network.send_all("A", "B")
        network.run(0.1)
    network.run(3)
    count = len(network.sites["B"].received)
    network.send_all("A", "B", 4)
    network.run(1)
    assert len(network.sites["B"].received) - count == 64, "all goes by Z"
    for name in ("A-Y/0", "B-Y/0", "Y-Z/0"):
        network.wires[name].mend()
    for _ in range(150):
        network.send_all("A", "B")
        network.run(0.1)
    network.run(60)
    lost, doubled, overtaken = network.damage()
    assert (doubled, overtaken) == (0, 0)
    assert lost < 200, "what was in Y, and what A had sent there before it knew"
    assert network.unavailable() == {}
    a.forget()
    network.send_all("A", "B")
    network.run(1)
    assert {link for links in a.links_used().values() for link in links} == {"A-Y/0", "A-Z/0"}


@pytest.mark.parametrize("seed", range(6))
def test_after_all_faults_end_everything_is_available(seed):
    """Any links of the square, any number of them, cut and mended in any order; then a stated time later all is as at the beginning."""
    network = up(square(seed, links=2, cross=2), 20)
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
    network.run(64 + RECOVERY_S + 45)  # T21, and T10 for what was told in the turmoil
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
    assert {links[0][:3] for links in network.sites["A"].links_used().values()} == {"A-Y", "A-Z"}


def test_the_same_seed_gives_the_same_run():
    def run():
        network = up(pair(11))
        for _ in range(20):
            network.send_all("A", "B")
            network.run(0.05)
        network.wires["A-B/0"].cut()
        network.run(2)
        network.wires["A-B/0"].mend()
        network.run(5)
        return network.sites["A"].notes, network.sites["B"].written

    assert run() == run()


def test_two_point_codes_in_one_exchange_share_nothing():
    """A national and an international point of the same exchange: two engines, each deaf to the other's network."""
    national, international = up(pair(1)), up(pair(1, variant=VARIANT.adjusted(form="14", network=0)))
    assert international.form is ITU
    national.wires["A-B/0"].cut()
    national.run(3)
    assert international.unavailable() == {}
    assert national.sites["A"].mtp3.counters is not international.sites["A"].mtp3.counters
