"""The file of figures and the plan of a point: what they refuse, all at once."""

import msgspec
import pytest

from pbx.signalling.ss7.mtp3.mtp3 import Mtp3
from pbx.signalling.ss7.mtp3.plan import LinkPlan, LinkSetPlan, PlanError, PointPlan, RoutePlan
from pbx.signalling.ss7.mtp3.variant import TIMERS, load_variant, read_variant
from pbx.variant_file import VARIANTS, VariantError

TEXT = (VARIANTS / "mtp-china.toml").read_text(encoding="utf-8")


def test_the_file_of_china():
    variant = load_variant()
    assert (variant.form.bits, variant.data.network) == (24, 2)
    assert set(variant.timers) == TIMERS
    assert all(timer.source for timer in variant.timers.values())
    assert variant.seconds["T2"] == 1.4


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('form = "24"', 'form = "16"', "form"),
        ("network = 2", "network = 4", "network"),
        ("congestion_levels = 1", "congestion_levels = 4", "congestion_levels"),
        ("congestion_interval = 8", "congestion_interval = 0", "congestion_interval"),
        ("held_messages = 4096", "held_messages = 1", "held_messages"),
        ('test_pattern = "5a6f6e676a69"', 'test_pattern = ""', "test_pattern"),
        ('test_pattern = "5a6f6e676a69"', 'test_pattern = "xy"', "test_pattern"),
        ("T1  = { default_ms = 800", "T1  = { default_ms = 8000", "timers.T1"),
        ("T1  = {", "T99 = {", "timers.T1 is missing"),
        ("T1  = {", "T99 = {", "timers.T99"),
        ("title =", "titel =", "titel"),
        ("title =", "title", "expected"),
    ],
)
def test_what_the_file_may_not_say(old, new, fault):
    assert old in TEXT
    with pytest.raises(VariantError) as caught:
        read_variant(TEXT.replace(old, new, 1))
    assert fault.lower() in str(caught.value).lower()


def test_all_faults_at_once():
    text = TEXT.replace("network = 2", "network = 7").replace("held_messages = 4096", "held_messages = 3")
    with pytest.raises(VariantError) as caught:
        read_variant(text)
    assert len(caught.value.faults) == 2


def test_adjusted_figures():
    assert load_variant().adjusted({"T2": 900}).seconds["T2"] == 0.9
    with pytest.raises(VariantError, match=r"timers\.T2"):
        load_variant().adjusted({"T2": 9000})
    with pytest.raises(VariantError, match=r"timers\.T77"):
        load_variant().adjusted({"T77": 9000})


GOOD = PointPlan(
    1,
    (LinkSetPlan("B", 2, (LinkPlan("B0", 0), LinkPlan("B1", 1))), LinkSetPlan("C", 3, (LinkPlan("C0", 0),))),
    (RoutePlan(4, "B"), RoutePlan(4, "C", 1)),
)


def changed(**fields):
    return msgspec.structs.replace(GOOD, **fields)


@pytest.mark.parametrize(
    ("plan", "fault"),
    [
        (changed(code=1 << 24), "more than 24 bits"),
        (changed(link_sets=(), routes=()), "no link set"),
        (changed(link_sets=(*GOOD.link_sets, LinkSetPlan("B", 9, (LinkPlan("X", 0),)))), "link set B is there twice"),
        (changed(link_sets=(*GOOD.link_sets, LinkSetPlan("X", 9, (LinkPlan("C0", 0),)))), "link C0 is there twice"),
        (changed(link_sets=(*GOOD.link_sets, LinkSetPlan("X", 3, (LinkPlan("X0", 0),)))), "links to 0-0-3: code 0 is there twice"),
        (changed(link_sets=(*GOOD.link_sets, LinkSetPlan("X", 1, (LinkPlan("X0", 0),)))), "leads to the point itself"),
        (changed(link_sets=(*GOOD.link_sets, LinkSetPlan("X", 9, ()))), "has 0 links"),
        (changed(link_sets=(*GOOD.link_sets, LinkSetPlan("X", 9, (LinkPlan("X0", 0),), 2))), "2 active links of 1"),
        (changed(link_sets=(*GOOD.link_sets, LinkSetPlan("X", 9, (LinkPlan("X0", 16),)))), "signalling link code 16"),
        (changed(link_sets=(*GOOD.link_sets, LinkSetPlan("X", 9, (LinkPlan("X0", 0), LinkPlan("X1", 0))))), "code 0 is there twice"),
        (changed(routes=(RoutePlan(4, "B"), RoutePlan(4, "B", 1))), "route 0-0-4 by B is there twice"),
        (changed(routes=(RoutePlan(4, "Z"),)), "no link set Z"),
        (changed(routes=(RoutePlan(1, "B"),)), "a route leads to the point itself"),
        (changed(load_share_bit=4), "load_share_bit"),
        (changed(users=frozenset((0,))), "user part 0"),
    ],
)
def test_what_a_plan_may_not_say(plan, fault):
    with pytest.raises(PlanError) as caught:
        Mtp3(plan, load_variant())
    assert fault in str(caught.value)
    assert len(caught.value.faults) == 1


def test_a_good_plan_and_what_people_see_of_it():
    point = Mtp3(GOOD, load_variant())
    assert point.state == "Isolated"
    assert point.link_state("B0") == "failed or not active (Inactive)"
    assert not point.accessible(4)
    assert not point.accessible(99)
    assert len(point.machines()) == 1 + 2 + 3 * 6
    assert [(way.link_set, way.priority, way.status, way.available, way.links) for way in point.ways(4)] == [
        ("B", 0, "allowed", 0, 2),
        ("C", 1, "allowed", 0, 1),
    ]
    assert point.ways(99) == []


def test_link_sets_to_one_point_share_its_codes():
    """Sixteen links between two points, however many sets they are in."""
    sets = (*GOOD.link_sets, LinkSetPlan("D", 3, tuple(LinkPlan(f"D{code}", code) for code in range(1, 16))))
    point = Mtp3(changed(link_sets=sets), load_variant())
    assert [way.link_set for way in point.ways(3)] == ["C", "D"]
    assert len(point.machines()) == 1 + 2 + 18 * 6
