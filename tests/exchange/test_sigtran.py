"""A whole exchange with No. 7 over IP in sound: links of M2PA, application servers of M3UA, associations that are lost and come back."""

import pytest

from pbx.vocabulary import facts
from tests.exchange.test_no7 import ALL, PLAN, USER_PARTS, call, cut, end, mend, states, talk, two_links, unexpected, view_of
from tests.lab import Lab
from tests.offices import FAR_POINT, application_server, association, association_link_set, ccs_span, group, office, signalling_point


def over_m2pa(user_part="isup"):
    return office(
        ccs_span("ss7-1")
        + signalling_point()
        + association_link_set("toll", FAR_POINT, "ip-a", "ip-b")
        + association("ip-a", "m2pa")
        + association("ip-b", "m2pa", listen=True)
        + group("toll", ALL, user_part, {"point": "city", "far_point": FAR_POINT})
        + PLAN
    )


@pytest.mark.parametrize("link, name", [("toll-0", "ip-a"), ("toll-1", "ip-b")])
def test_an_association_of_m2pa_is_lost_calls_stand_new_ones_come_and_it_comes_back(seed, link, name):
    with Lab(seed=seed, configuration=over_m2pa()) as lab:
        assert set(states(lab).values()) == {"InService"}
        telephone, city = call(lab)
        before = lab.now
        lab.simulation.associations.cut(name)
        lab.after(3.0)
        assert states(lab)[link] != "InService"
        raised = {fact.source for fact in lab.facts(facts.AlarmRaised) if fact.at > before}
        assert raised == {f"association {name}", f"link {link}"}
        talk(telephone, city)
        other, another = call(lab, "8004", "663456789")
        talk(other, another)
        lab.simulation.associations.mend(name)
        lab.after(30.0)
        assert set(states(lab).values()) == {"InService"}
        cleared = {fact.source for fact in lab.facts(facts.AlarmCleared) if fact.at > before}
        assert cleared == raised
        end(other, another)
        end(telephone, city)
        assert unexpected(lab) == []
    heard = {text.split()[1] for _, text in lab.exchange.signalling.points["city"].history if text.startswith(("->", "<-"))}
    assert {"XCO", "XCA", "CBD", "CBA"} <= heard
    assert not {"COO", "ECO"} & heard


MIXED = """
[[signalling_link]]
name = "slot"
link_set = "toll"
code = 5
channel = "link-1/1"
"""


@pytest.mark.parametrize("link, words", [("toll-0", {"XCO", "XCA"}), ("slot", {"COO", "COA"})])
def test_a_link_over_ip_and_one_in_a_time_slot_share_a_set(seed, link, words):
    configuration = office(
        ccs_span("ss7-1")
        + ccs_span("link-1", 1)
        + signalling_point()
        + association_link_set("toll", FAR_POINT, "ip-a")
        + MIXED
        + association("ip-a", "m2pa")
        + group("toll", ALL, "isup", {"point": "city", "far_point": FAR_POINT})
        + PLAN
    )
    with Lab(seed=seed, configuration=configuration) as lab:
        telephone, city = call(lab)
        if link == "slot":
            cut(lab, "link-1")
        else:
            lab.simulation.associations.cut("ip-a")
        lab.after(3.0)
        assert [name for name, state in states(lab).items() if state == "InService"] == [{"slot": "toll-0", "toll-0": "slot"}[link]]
        talk(telephone, city)
        end(telephone, city)
        history = lab.exchange.signalling.points["city"].history
        heard = {text.split()[1] for _, text in history if text.startswith(("->", "<-"))}
        assert heard & {"XCO", "XCA", "COO", "COA", "ECO", "ECA"} == words
        if link == "slot":
            mend(lab, "link-1")
        else:
            lab.simulation.associations.mend("ip-a")
        lab.after(30.0)
        assert set(states(lab).values()) == {"InService"}
        end(*call(lab))
        assert unexpected(lab) == []


@USER_PARTS
def test_with_all_associations_gone_calls_stand_no_new_one_begins_and_all_comes_back(seed, user_part):
    with Lab(seed=seed, configuration=over_m2pa(user_part)) as lab:
        telephone, city = call(lab)
        for name in ("ip-a", "ip-b"):
            lab.simulation.associations.cut(name)
        lab.after(5.0)
        assert not any(line.available for name, line in lab.exchange.lines.items() if name.startswith("ss7"))
        talk(telephone, city)
        lab.telephone("8004").dials("663456789").hears_tone("congestion").hangs_up()
        for name in ("ip-a", "ip-b"):
            lab.simulation.associations.mend(name)
        lab.after(40.0)
        assert set(states(lab).values()) == {"InService"}
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []
    assert [record.cause for record in lab.records()] == [34, 16, 16]


@USER_PARTS
def test_control_restarts_amid_a_call_and_its_links_of_m2pa_align_anew(seed, user_part):
    """The association ends with control, at both ends; the answered call is kept, the others end, and all circuits come back."""
    with Lab(seed=seed, configuration=over_m2pa(user_part)) as lab:
        telephone, city = call(lab)
        waiting = lab.telephone("8004").dials("664567890")
        lab.caller("64567890").is_rung()
        assert lab.simulation.kill_control() == 2
        lab.exchange = lab.simulation.exchange
        lab.after(1.0)
        assert "InService" not in states(lab).values()
        talk(telephone, city)
        waiting.hears_tone("busy").hangs_up()
        lab.after(40.0)
        assert set(states(lab).values()) == {"InService"}
        lab.after(30.0)
        talk(telephone, city)
        assert sum(line.available for name, line in lab.exchange.lines.items() if name.startswith("ss7")) == 29
        assert sum(line.available for line in lab.network.circuits if line.group == "toll") == 29
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []




def over_m3ua(*names, role="server", user_part="isup", **settings):
    """One application server, reached over these associations."""
    server = {"role": role, **settings}
    return office(
        ccs_span("ss7-1")
        + signalling_point()
        + application_server("toll", [FAR_POINT], list(names), **server)
        + "".join(association(name, "m3ua") for name in names)
        + group("toll", ALL, user_part, {"point": "city", "far_point": FAR_POINT})
        + PLAN
    )


def circuits(lab):
    return [line.available for name, line in lab.exchange.lines.items() if name.startswith("ss7")]


@USER_PARTS
@pytest.mark.parametrize("role", ["server", "gateway", "ipsp"])
def test_circuits_of_a_point_that_is_reached_by_m3ua(seed, role, user_part):
    configuration = over_m3ua("as-a", role=role, user_part=user_part, context=7, appearance=3)
    with Lab(seed=seed, configuration=configuration) as lab:
        telephone, city = call(lab)
        talk(telephone, city)
        before = lab.now
        lab.simulation.associations.cut("as-a")
        lab.after(5.0)
        assert not any(circuits(lab))
        raised = {fact.source for fact in lab.facts(facts.AlarmRaised) if fact.at > before}
        assert raised == {"association as-a", f"point {FAR_POINT}"}
        talk(telephone, city)
        lab.telephone("8004").dials("663456789").hears_tone("congestion").hangs_up()
        lab.simulation.associations.mend("as-a")
        lab.after(5.0)
        assert {fact.source for fact in lab.facts(facts.AlarmCleared) if fact.at > before} == raised
        assert sum(circuits(lab)) == 29
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []


@pytest.mark.parametrize("mode", ["loadshare", "override"])
def test_of_two_processes_one_may_go_without_anybody_noticing(seed, mode):
    with Lab(seed=seed, configuration=over_m3ua("as-a", "as-b", mode=mode)) as lab:
        telephone, city = call(lab)
        ends = lab.exchange.signalling.associations.ends
        for name in ("as-a", "as-b"):
            before = lab.now
            lab.simulation.associations.cut(name)
            lab.after(3.0)
            raised = {fact.source for fact in lab.facts(facts.AlarmRaised) if fact.at > before}
            assert raised == {f"association {name}"}
            talk(telephone, city)
            end(*call(lab, "8004", "663456789"))
            lab.simulation.associations.mend(name)
            lab.after(5.0)
            assert ends[name].up
        end(telephone, city)
        assert unexpected(lab) == []


@USER_PARTS
def test_control_restarts_amid_a_call_and_its_servers_become_active_anew(seed, user_part):
    with Lab(seed=seed, configuration=over_m3ua("as-a", user_part=user_part)) as lab:
        telephone, city = call(lab)
        waiting = lab.telephone("8004").dials("664567890")
        lab.caller("64567890").is_rung()
        assert lab.simulation.kill_control() == 2
        lab.exchange = lab.simulation.exchange
        waiting.hears_tone("busy").hangs_up()
        talk(telephone, city)
        lab.after(10.0)
        assert sum(circuits(lab)) == 29
        assert sum(line.available for line in lab.network.circuits if line.group == "toll") == 29
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []


@USER_PARTS
def test_control_restarts_while_no_link_in_a_time_slot_works(seed, user_part):
    """That the far point cannot be reached is not said of circuits before their calls stand again."""
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        telephone, city = call(lab)
        cut(lab, "link-1")
        cut(lab, "link-2")
        lab.after(3.0)
        assert lab.simulation.kill_control() == 2
        lab.exchange = lab.simulation.exchange
        lab.after(3.0)
        talk(telephone, city)
        mend(lab, "link-1")
        mend(lab, "link-2")
        lab.after(40.0)
        assert set(states(lab).values()) == {"InService"}
        assert sum(circuits(lab)) == 29
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []


def test_people_see_associations_and_what_goes_over_them(seed):
    configuration = office(
        ccs_span("ss7-1")
        + ccs_span("ss7-2")
        + signalling_point()
        + association_link_set("toll", FAR_POINT, "ip-a")
        + association("ip-a", "m2pa")
        + signalling_point("21-100-2").replace('"city"', '"there"')
        + application_server("far", ["21-100-90"], ["as-a"], point="there")
        + association("as-a", "m3ua", listen=True)
        + group("toll", ALL, "isup", {"point": "city", "far_point": FAR_POINT})
        + group("far", "ss7-2/1-15", "tup", {"point": "there", "far_point": "21-100-90"})
        + PLAN
    )
    with Lab(seed=seed, configuration=configuration) as lab:
        view = view_of(lab)
        first, second = view.association_rows()
        assert (first.association, first.protocol, first.peer) == ("ip-a", "m2pa", "simulated")
        assert (first.carries, first.state) == ("link toll-0", "up")
        assert (second.association, second.carries, second.state, second.losses) == ("as-a", "server far", "up", 0)
        assert first.received > 0 and second.sent > 0
        (link,) = view.link_rows()
        assert (link.channel, link.level_2, link.level_3) == ("association ip-a", "InService", "available")
        for name in ("ip-a", "as-a"):
            lab.simulation.associations.cut(name)
        lab.after(1.0)
        assert [(row.state, row.losses) for row in view.association_rows()] == [("down: cut", 1)] * 2
        (link,) = view.link_rows()
        assert link.level_2.endswith(", no association")
        told = view.association("as-a")
        assert told.startswith("as-a: down: cut; lost 1 times")
        assert "lost: cut" in told
        assert view.association("nothing") == "there is no association nothing; look at associations"
        there = view.point("there")
        assert "21-100-90 not reached" in there
        assert "server far: inactive; processes: as-a Down" in there
        assert view.point("nowhere") == "there is no signalling point nowhere; there are city, there"
        for name in ("ip-a", "as-a"):
            lab.simulation.associations.mend(name)
        lab.after(15.0)
        assert "21-100-90 reached" in view.point("there")
        assert view.deactivate_link("toll-0") == "done"
        lab.after(3.0)
        assert states(lab)["toll-0"] == "OutOfService"
        assert view.activate_link("toll-0") == "done"
        lab.after(15.0)
        assert states(lab)["toll-0"] == "InService"
        assert "inaccessible" in view.figures(FAR_POINT) or "unavailable" in view.figures("toll-0")
        assert unexpected(lab) == []
