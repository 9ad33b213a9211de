"""A whole exchange with two link sets of one link each to the same point, on two spans, in sound: spans cut at any phase of calls."""

import pytest

from pbx.vocabulary import facts
from tests.exchange.test_no7 import ALL, BEHIND, PLAN, USER_PARTS, call, cut, end, mend, states, talk, unexpected, view_of
from tests.lab import Lab
from tests.offices import FAR_POINT, ccs_span, group, office, signalling_link_set, signalling_point


def route(destination, link_set, priority):
    return f'\n[[signalling_route]]\ndestination = "{destination}"\nlink_set = "{link_set}"\npriority = {priority}\n'


def two_sets(user_part="isup", more=""):
    return office(
        ccs_span("ss7-1")
        + ccs_span("link-1", 1)
        + ccs_span("link-2", 16)
        + signalling_point()
        + signalling_link_set("toll", FAR_POINT, "link-1/1")
        + signalling_link_set("more", FAR_POINT, "link-2/16", first=1)
        + more
        + group("toll", ALL, user_part, {"point": "city", "far_point": FAR_POINT})
        + PLAN
    )


NEAR = "2-100-2"
BEHIND_ONE = office(
    ccs_span("ss7-1")
    + ccs_span("link-1", 16)
    + ccs_span("link-2", 16)
    + signalling_point("2-100-1", variant="mtp-itu")
    + signalling_link_set("a", NEAR, "link-1/16")
    + signalling_link_set("b", NEAR, "link-2/16", first=1)
    + route(BEHIND, "a", 0)
    + route(BEHIND, "b", 1)
    + group("toll", ALL, "isup", {"point": "city", "far_point": BEHIND, "first_pcm": 3})
    + PLAN
)


def sent(lab):
    return {name: link.messages[1] for name, link in lab.exchange.signalling.links.items()}


@USER_PARTS
@pytest.mark.parametrize("span, link_set", [("link-1", "toll"), ("link-2", "more")])
def test_a_span_with_a_whole_link_set_is_cut_and_calls_do_not_notice(seed, user_part, span, link_set):
    with Lab(seed=seed, configuration=two_sets(user_part)) as lab:
        telephone, city = call(lab)
        before = lab.now
        cut(lab, span)
        lab.after(3.0)
        talk(telephone, city)
        end(*call(lab, "8004", "663456789"))
        mend(lab, span)
        lab.after(20.0)
        assert set(states(lab).values()) == {"InService"}
        end(*call(lab, "8004", "663456789"))
        end(telephone, city)
        assert unexpected(lab) == []
        raised = {fact.source for fact in lab.facts(facts.AlarmRaised) if fact.at > before}
    assert {f"link set {link_set}", f"link {link_set}-{'01'[link_set == 'more']}"} <= raised
    assert f"point {FAR_POINT}" not in raised
    assert [record.cause for record in lab.records()] == [16, 16, 16]
    said = [text.split() for _, text in lab.exchange.signalling.points["city"].history if text.startswith(("->", "<-"))]
    assert {"COO", "COA", "CBD", "CBA"} <= {words[1] for words in said}


@USER_PARTS
@pytest.mark.parametrize("after_ms", [0, 200, 600, 1000, 1500, 2500])
def test_a_span_is_cut_at_any_phase_of_calls_and_none_is_lost(seed, user_part, after_ms):
    """Some talk, some are dialled, some ring, and some are released just when a link set goes; then the other one goes."""
    with Lab(seed=seed, configuration=two_sets(user_part)) as lab:
        for span in ("link-1", "link-2"):
            talking = call(lab)
            ending = call(lab, "8006", "665678901")
            telephone = lab.telephone("8004").dials("663456789")
            callee = lab.caller("63456789")
            lab.after(after_ms / 1000)
            ending[1].hangs_up()
            cut(lab, span)
            callee.is_rung(within=15.0).answers()
            lab.after(1.0)
            talk(telephone, callee)
            talk(*talking)
            ending[1].is_released()
            ending[0].hears_tone("busy").hangs_up()
            end(telephone, callee)
            end(*talking)
            mend(lab, span)
            lab.after(20.0)
            assert set(states(lab).values()) == {"InService"}
        assert all(line.available for name, line in lab.exchange.lines.items() if name.startswith("ss7"))
        assert unexpected(lab) == []
    assert [record.cause for record in lab.records()] == [16] * 6


def test_people_see_both_sets_and_may_not_inhibit_the_last_link(seed):
    with Lab(seed=seed, configuration=two_sets()) as lab:
        view = view_of(lab)
        assert [(row.link, row.link_set, row.code, row.adjacent) for row in view.link_rows()] == [
            ("toll-0", "toll", 0, FAR_POINT),
            ("more-1", "more", 1, FAR_POINT),
        ]
        ways = f"routes to {FAR_POINT}: by toll over {FAR_POINT}, priority 0, allowed, 1 of 1 links"
        assert f"{ways}; by more over {FAR_POINT}, priority 0, allowed, 1 of 1 links" in view.point("city")
        refused = "more-1 is not inhibited: a destination would be lost by it; look at point city"
        for link, said in (("toll-0", "done"), ("more-1", refused)):
            assert view.inhibit_link(link) == said
            lab.after(3.0)
        assert [row.level_3 for row in view.link_rows()] == ["inhibited here (Active)", "available"]
        assert f"{ways.replace('1 of 1', '0 of 1')}; by more" in view.point("city")
        end(*call(lab))
        assert view.uninhibit_link("toll-0") == "done"
        lab.after(3.0)
        assert {row.level_3 for row in view.link_rows()} == {"available"}
        assert unexpected(lab) == []


@pytest.mark.parametrize("priority, shares", [(0, True), (1, False)])
def test_the_far_end_uses_the_sets_as_we_do(seed, priority, shares):
    """The second set shares the load, or stands by until the first is lost; in both directions."""
    with Lab(seed=seed, configuration=two_sets(more=route(FAR_POINT, "more", priority))) as lab:
        lab.after(5.0)

        def counted():
            sides = (lab.exchange.signalling.links, lab.network.signalling.links)
            return [links[name].messages[1] for links in sides for name in ("toll-0", "more-1")]

        before = counted()
        pairs = [call(lab, f"800{place}", f"6234567{place}{place}") for place in range(3, 9)]
        for pair in pairs:
            end(*pair)
        ours, our_more, far, far_more = (now - then for now, then in zip(counted(), before, strict=True))
        assert ours >= 6 and far >= 6
        assert [our_more >= 4, far_more >= 4] == [shares, shares], (ours, our_more, far, far_more)
        cut(lab, "link-1")
        lab.after(3.0)
        end(*call(lab))
        mend(lab, "link-1")
        lab.after(20.0)
        assert set(states(lab).values()) == {"InService"}
        assert unexpected(lab) == []


def test_a_point_behind_a_transfer_point_with_two_link_sets(seed):
    """First and second choice to one transfer point; either fails, and the point behind is reached all the time."""
    with Lab(seed=seed, configuration=BEHIND_ONE) as lab:
        telephone, city = call(lab)
        for span in ("link-1", "link-2"):
            before = sent(lab)
            cut(lab, span)
            lab.after(3.0)
            end(*call(lab, "8004", "663456789"))
            lost, kept = ("a-0", "b-1") if span == "link-1" else ("b-1", "a-0")
            assert sent(lab)[kept] - before[kept] >= 2, (lost, kept)
            mend(lab, span)
            lab.after(20.0)
            assert set(states(lab).values()) == {"InService"}
        talk(telephone, city)
        end(telephone, city)
        assert unexpected(lab) == []
        raised = {fact.source for fact in lab.facts(facts.AlarmRaised) if fact.at > 20}
        assert not {f"point {BEHIND}", f"point {NEAR}"} & raised
        heard = {text.split()[1] for _, text in lab.exchange.signalling.points["city"].history if text.startswith("<-")}
        assert not heard & {"TFP", "TFR"}
