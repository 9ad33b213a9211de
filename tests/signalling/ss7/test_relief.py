"""Level 3 that begins anew after a fault of ours: traffic of links in service goes on, what was held or ordered is kept, all else heals."""

import random

import pytest

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.mtp3.relief import REASON, relieved
from pbx.signalling.ss7.primitives import Pause, RestartBegins, Resume
from tests.signalling.ss7.network import pair, square, up


def relieve(network, name):
    """Put another engine in the place of a point's own, as after a fault."""
    site = network.sites[name]
    serving = [link for link, end in site.ends.items() if end.state == "in"]
    site.mtp3, outputs = relieved(site.mtp3, serving, network.world.now)
    site.take(outputs)
    return site


def changes(site):
    return [(report.link, report.available) for report in site.reports if type(report) is operation.LinkChanged]


def test_nobody_notices_where_all_links_serve():
    network = up(pair())
    for _ in range(20):
        network.send_all("A", "B")
        network.send_all("B", "A")
        network.run(0.02)
        site = relieve(network, "A")
    network.run(70)
    assert network.damage() == (0, 0, 0)
    assert network.unavailable() == {}
    assert (site.told, site.reports, site.wrong) == ([], [], [])
    assert site.mtp3.counters["fault of ours"] == 20
    network.wires["A-B/1"].cut()
    network.send_all("A", "B", 2)
    network.run(3)
    assert network.damage() == (0, 0, 0)


def test_messages_held_for_a_changeover_go_on_and_the_failed_link_comes_back():
    network = up(pair())
    network.send_all("A", "B")
    network.send_all("B", "A")
    network.run(1)
    network.wires["A-B/0"].cut()
    diverting = []
    while not diverting and network.world.now < 13.0:
        network.run(0.002)
        diverting = [name for name, site in network.sites.items() if site.mtp3.diverting]
    (name,) = diverting
    network.send_all(name, "B" if name == "A" else "A", 3)
    site = relieve(network, name)
    network.wires["A-B/0"].mend()
    network.run(40)
    assert network.damage() == (0, 0, 0)
    assert network.unavailable() == {}
    assert site.paused() == []


@pytest.mark.parametrize("number", range(40))
def test_a_fault_at_any_moment_of_a_failure_doubles_nothing_and_heals(number):
    choose = random.Random(number)
    network = up(square(seed=number))
    wire = choose.choice(sorted(network.wires))
    moment = choose.uniform(0.0, 5.0)
    name = choose.choice(sorted(network.sites))
    network.wires[wire].cut()
    network.world.at(choose.uniform(0.2, 3.0), network.wires[wire].mend)
    network.world.at(moment, relieve, network, name)
    for _ in range(60):
        network.send_all("A", "B")
        network.send_all("B", "A")
        network.run(0.1)
    network.run(60)
    lost, doubled, _ = network.damage()
    assert doubled == 0, (number, name, wire, moment)
    assert network.unavailable() == {}, (number, name, wire, moment)
    before = lost
    network.send_all("A", "B")
    network.send_all("B", "A")
    network.run(1)
    assert network.damage()[:2] == (before, 0), (number, name, wire, moment)


def test_a_link_that_does_not_serve_is_told_to_be_down_and_aligned_anew():
    network = up(pair())
    site = network.sites["A"]
    site.forget()
    site.mtp3, outputs = relieved(site.mtp3, ["A-B/1"], network.world.now)
    site.take(outputs)
    assert changes(site) == [("A-B/0", False)]
    assert [report.reason for report in site.reports if type(report) is operation.LinkChanged] == [REASON]
    network.run(40)
    assert network.unavailable() == {} and changes(site)[-1] == ("A-B/0", True)


def test_without_any_link_the_point_restarts():
    network = up(pair())
    site = network.sites["A"]
    site.forget()
    site.mtp3, outputs = relieved(site.mtp3, [], network.world.now)
    site.take(outputs)
    far = network.sites["B"].code
    assert RestartBegins() in site.told and Pause(far) in site.told
    assert [report.available for report in site.reports if type(report) is operation.LinkSetChanged] == [False]
    network.run(40)
    assert network.unavailable() == {} and Resume(far) in site.told


def test_orders_of_people_stand():
    network = up(pair(links=4))
    site = network.sites["A"]
    site.give(operation.DeactivateLink("A-B/0"))
    site.give(operation.InhibitLink("A-B/1"))
    site.give(operation.BlockLink("A-B/2"))
    network.run(5)
    relieve(network, "A")
    network.run(40)
    found = network.unavailable()
    assert found["A-B/0"][0].startswith("failed or not active (Inactive)")
    assert found["A-B/1"] == ["inhibited here (Active)", "inhibited by the far end (Active)"]
    assert "A-B/2" in found and site.ends["A-B/2"].outage
    site.give(operation.ActivateLink("A-B/0"))
    site.give(operation.UninhibitLink("A-B/1"))
    site.give(operation.UnblockLink("A-B/2"))
    network.run(40)
    assert network.unavailable() == {}
