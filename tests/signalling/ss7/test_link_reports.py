"""What level 3 reports and counts by link: conditions that were told are those that stand, whatever happens (Q.752 tables 1 and 2)."""

import random
import typing

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.mtp3.mtp3 import Mtp3
from pbx.signalling.ss7.mtp3.operation import Condition, LinkCondition
from tests.signalling.ss7.network import VARIANT, pair

ORDERS = (
    *(operation.ActivateLink, operation.ActivateLink, operation.ActivateLink, operation.DeactivateLink),
    *(operation.InhibitLink, operation.InhibitLink, operation.UninhibitLink),
    *(operation.BlockLink, operation.UnblockLink, operation.UnblockLink),
)
"""More of those that bring links up, so that they are up most of the time."""


def told(site):
    """By link, what stands by the reports; at the beginning no link is active."""
    standing = {link: {"not active"} for link in site.ends}
    for report in site.reports:
        if isinstance(report, LinkCondition):
            assert (report.condition in standing[report.link]) != report.stands, f"{report} says nothing new"
            standing[report.link] ^= {report.condition}
    return standing


def standing(site):
    """The same by the links themselves."""
    found = {name: set(link.conditions) for name, link in site.mtp3._room.links.items()}
    for name, conditions in found.items():
        assert (not conditions) == (site.mtp3.link_state(name) == "available")
        assert bool(conditions & {"failed", "not active"}) == (not site.mtp3._room.links[name].active)
    return found


def conditions_seen(seed):
    """What has stood in a run of chance; told and standing conditions are compared after each step."""
    chance = random.Random(seed)
    network = pair(seed, links=3)
    network.start()
    seen = set()
    for _ in range(100):
        network.run(chance.choice((0.0, 0.05, 0.5, 8.0, 40.0)))
        link = chance.choice(sorted(network.wires))
        if chance.random() < 0.3:
            wire = network.wires[link]
            wire.cut() if wire.whole else wire.mend()
        else:
            network.sites[chance.choice("AB")].give(chance.choice(ORDERS)(link))
        for site in network.sites.values():
            assert told(site) == standing(site), f"seed {seed}"
            seen |= {condition for each in standing(site).values() for condition in each}
    return seen


def test_conditions_told_are_those_that_stand():
    assert set().union(*map(conditions_seen, range(12))) == set(typing.get_args(Condition))


def test_links_that_went_on_over_a_restart_of_control():
    plan = pair().sites["A"].mtp3.plan
    outputs = Mtp3(plan, VARIANT).adopt(["A-B/1"], 5.0)
    assert [value for value in outputs if isinstance(value, LinkCondition)] == [LinkCondition("A-B/1", "not active", False)]


def test_counters_of_links_are_parts_of_those_of_the_point():
    network = pair(3)
    network.start()
    network.run(20)
    network.wires["A-B/0"].cut()
    network.send_all("A", "B", 3)
    network.run(12)
    network.wires["A-B/0"].mend()
    network.run(40)
    mtp3 = network.sites["A"].mtp3
    of_link = mtp3.link_counters["A-B/0"]
    assert (of_link["link failure"], of_link["changeover"], of_link["changeback"], of_link["link active"]) == (1, 1, 1, 2)
    assert "changeover" not in mtp3.link_counters["A-B/1"]
    for name in {name for counters in mtp3.link_counters.values() for name in counters}:
        assert mtp3.counters[name] == sum(counters.get(name, 0) for counters in mtp3.link_counters.values()), name
