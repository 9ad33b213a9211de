"""A whole exchange with M2UA in sound: links of ours whose level 2 is at a gateway, and a gateway of ours for somebody else's level 3."""

from functools import partial
from pathlib import Path
from random import Random

import pytest
from msgspec import structs

from config.loader import load
from config.schema import links_of
from config.signalling import SignallingCapture
from pbx.capture import Capture
from pbx.decode import decode_command
from pbx.signalling_backhaul import LinkGateway
from pbx.signalling_plant import faults_of_signalling
from pbx.simulation import Simulation
from pbx.tone_plan import china
from pbx.vocabulary import facts
from tests.exchange.test_no7 import ALL, PLAN, USER_PARTS, call, cut, end, mend, states, talk, unexpected, view_of
from tests.exchange.test_sigtran import over_m3ua
from tests.lab import Lab
from tests.offices import (
    FAR_POINT,
    association,
    backhauled_link_set,
    ccs_span,
    group,
    link_gateway,
    office,
    signalling_link_set,
    signalling_point,
)

EXAMPLE = Path(__file__).parents[2] / "config/no7-m2ua.toml"
BEHIND = "21-100-77"
"""The point whose level 2 is at our gateway; to us it lies behind FAR_POINT."""


def at_gateways(user_part="isup", *places):
    """Our only links have their level 2 elsewhere."""
    places = places or (("ip-a", 7), ("ip-b", 7))
    return office(
        ccs_span("ss7-1")
        + signalling_point()
        + backhauled_link_set("toll", FAR_POINT, *places)
        + "".join(association(name, "m2ua", listen=name == "ip-b") for name in dict.fromkeys(name for name, _ in places))
        + group("toll", ALL, user_part, {"point": "city", "far_point": FAR_POINT})
        + PLAN
    )


def as_gateway(user_part="isup", *associations):
    """Calls go to a point beyond the toll exchange; between these two stand links whose level 2 at the other end is ours."""
    associations = associations or ("as-a",)
    return office(
        ccs_span("ss7-1")
        + ccs_span("ours-1", 16)
        + ccs_span("link-1", 16)
        + ccs_span("link-2", 16)
        + signalling_point()
        + signalling_link_set("toll", FAR_POINT, "ours-1/16")
        + f'\n[[signalling_route]]\ndestination = "{BEHIND}"\nlink_set = "toll"\n'
        + link_gateway("country", list(associations), "link-1/16", "link-2/16", code=BEHIND, adjacent=FAR_POINT)
        + "".join(association(name, "m2ua") for name in associations)
        + group("toll", ALL, user_part, {"point": "city", "far_point": BEHIND})
        + PLAN
    )


def management(lab, point="city", of=None):
    """Names of management messages that a point has sent or received."""
    history = (of or lab.exchange).signalling.points[point].history
    return {text.split()[1] for _, text in history if text.startswith(("->", "<-"))}


def circuits(lab):
    return [line.available for name, line in lab.exchange.lines.items() if name.startswith("ss7")]


def incoming(lab):
    """A call out of the network, answered by an extension."""
    caller = lab.caller("01062345678", group="toll").dials("10086")
    caller.is_answered().hears("welcome")
    caller.hangs_up()


def sources(lab, kind, since):
    return {fact.source for fact in lab.facts(kind) if fact.at > since}


@USER_PARTS
def test_links_of_ours_at_two_gateways_one_is_lost_and_comes_back(seed, user_part):
    with Lab(seed=seed, configuration=at_gateways(user_part)) as lab:
        assert set(states(lab).values()) == {"InService"}
        telephone, city = call(lab)
        before = lab.now
        lab.simulation.associations.cut("ip-a")
        lab.after(3.0)
        assert states(lab)["toll-0"].endswith(", no association")
        assert sources(lab, facts.AlarmRaised, before) == {"association ip-a", "link toll-0"}
        talk(telephone, city)
        other, another = call(lab, "8004", "663456789")
        talk(other, another)
        incoming(lab)
        lab.simulation.associations.mend("ip-a")
        lab.after(30.0)
        assert set(states(lab).values()) == {"InService"}
        assert sources(lab, facts.AlarmCleared, before) == {"association ip-a", "link toll-0"}
        end(other, another)
        end(telephone, city)
        assert unexpected(lab) == []
    assert {"CBD", "CBA"} <= management(lab)


@USER_PARTS
def test_links_of_ours_at_one_gateway_one_is_taken_out_and_traffic_goes_over_the_other(seed, user_part):
    """Changeover is told by numbers that the gateway retrieves from its level 2."""
    with Lab(seed=seed, configuration=at_gateways(user_part, ("ip-a", 7), ("ip-a", 4294967295))) as lab:
        view = view_of(lab)
        telephone, city = call(lab)
        assert view.deactivate_link("toll-0") == "done"
        lab.after(3.0)
        assert states(lab) == {"toll-0": "OutOfService", "toll-1": "InService"}
        talk(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert view.activate_link("toll-0") == "done"
        lab.after(5.0)
        assert set(states(lab).values()) == {"InService"}
        assert view.block_link("toll-1") == "done"
        lab.after(1.0)
        far = lab.network.signalling
        assert "remote processor outage" in far.points[f"far {FAR_POINT}"].mtp3.link_state("toll-1")
        end(*call(lab, "8004", "663456789"))
        assert view.unblock_link("toll-1") == "done"
        lab.after(5.0)
        assert {row.level_3 for row in view.link_rows()} == {"available"}
        end(telephone, city)
        assert unexpected(lab) == []
    assert {"COO", "COA"} <= management(lab) and not management(lab) & {"ECO", "ECA", "XCO", "XCA"}


def test_a_gateway_with_level_2_of_annex_a_makes_changeover_the_extended_one(seed):
    configuration = at_gateways("isup", ("ip-a", 1), ("ip-a", 2))
    links = [structs.replace(link, variant="mtp2-annex-a") for link in configuration.signalling_links]
    with Lab(seed=seed, configuration=structs.replace(configuration, signalling_links=links)) as lab:
        telephone, city = call(lab)
        assert view_of(lab).deactivate_link("toll-0") == "done"
        lab.after(3.0)
        end(telephone, city)
        assert unexpected(lab) == []
    assert {"XCO", "XCA"} <= management(lab) and not management(lab) & {"ECO", "ECA", "COO", "COA"}


@pytest.mark.parametrize("lost, left", [("toll-0", "slot"), ("slot", "toll-0")])
def test_a_link_at_a_gateway_and_one_in_a_time_slot_share_a_set(seed, lost, left):
    """The gateway is asked for load sharing, by a process with an identifier."""
    configuration = office(
        ccs_span("ss7-1")
        + ccs_span("link-1", 1)
        + signalling_point()
        + backhauled_link_set("toll", FAR_POINT, ("ip-a", 0))
        + '\n[[signalling_link]]\nname = "slot"\nlink_set = "toll"\ncode = 5\nchannel = "link-1/1"\n'
        + association("ip-a", "m2ua", mode="loadshare", identifier=9)
        + group("toll", ALL, "isup", {"point": "city", "far_point": FAR_POINT})
        + PLAN
    )
    with Lab(seed=seed, configuration=configuration) as lab:
        telephone, city = call(lab)
        if lost == "slot":
            cut(lab, "link-1")
        else:
            lab.simulation.associations.cut("ip-a")
        lab.after(3.0)
        assert [name for name, state in states(lab).items() if state == "InService"] == [left]
        talk(telephone, city)
        end(telephone, city)
        if lost == "slot":
            mend(lab, "link-1")
        else:
            lab.simulation.associations.mend("ip-a")
        lab.after(30.0)
        assert set(states(lab).values()) == {"InService"}
        end(*call(lab))
        assert unexpected(lab) == []
    # Over an association that is lost the gateway cannot be asked for its number; of a channel level 2 knows it.
    assert {"toll-0": {"ECO"}, "slot": {"COO"}}[lost] <= management(lab)


@USER_PARTS
def test_with_all_gateways_gone_calls_stand_no_new_one_begins_and_all_comes_back(seed, user_part):
    with Lab(seed=seed, configuration=at_gateways(user_part)) as lab:
        telephone, city = call(lab)
        for name in ("ip-a", "ip-b"):
            lab.simulation.associations.cut(name)
        lab.after(5.0)
        assert not any(circuits(lab))
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
def test_control_restarts_amid_a_call_and_its_links_at_gateways_are_established_anew(seed, user_part):
    with Lab(seed=seed, configuration=at_gateways(user_part)) as lab:
        telephone, city = call(lab)
        waiting = lab.telephone("8004").dials("664567890")
        lab.caller("64567890").is_rung()
        assert lab.simulation.kill_control() == 2
        lab.exchange = lab.simulation.exchange
        lab.after(0.4)
        assert "InService" not in states(lab).values()
        talk(telephone, city)
        waiting.hears_tone("busy").hangs_up()
        lab.after(40.0)
        assert set(states(lab).values()) == {"InService"}
        talk(telephone, city)
        assert sum(circuits(lab)) == 29
        assert sum(line.available for line in lab.network.circuits if line.group == "toll") == 29
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []


@USER_PARTS
def test_calls_whose_signalling_passes_a_gateway_of_ours(seed, user_part):
    """Channel at one side, M2UA at the other; a channel that is cut hands its messages to the second one, by the numbers of our level 2."""
    with Lab(seed=seed, configuration=as_gateway(user_part)) as lab:
        assert states(lab) == {"toll-0": "InService", "country-0": "InService", "country-1": "InService"}
        telephone, city = call(lab)
        talk(telephone, city)
        carried = [sum(lab.exchange.signalling.links[f"country-{place}"].messages) for place in (0, 1)]
        assert sum(carried) > 4
        before = lab.now
        cut(lab, "link-1")
        lab.after(3.0)
        assert states(lab)["country-0"] != "InService"
        assert sources(lab, facts.AlarmRaised, before) >= {"link country-0"}
        other, another = call(lab, "8004", "663456789")
        talk(other, another)
        incoming(lab)
        mend(lab, "link-1")
        lab.after(30.0)
        assert set(states(lab).values()) == {"InService"}
        assert "link country-0" in sources(lab, facts.AlarmCleared, before)
        end(other, another)
        end(telephone, city)
        assert unexpected(lab) == []
    for code in (FAR_POINT, BEHIND):
        heard = management(lab, f"far {code}", lab.network)
        assert {"COO", "COA", "CBD", "CBA"} <= heard and not heard & {"ECO", "ECA"}


@USER_PARTS
def test_the_process_behind_a_gateway_of_ours_goes_and_comes_back(seed, user_part):
    """Its far ends are told of a processor outage, and after T(r) its links are taken out of service; calls stand, no new one begins."""
    with Lab(seed=seed, configuration=as_gateway(user_part)) as lab:
        telephone, city = call(lab)
        before = lab.now
        lab.simulation.associations.cut("as-a")
        lab.after(0.5)
        adjacent = lab.network.signalling.points[f"far {FAR_POINT}"]
        assert all("remote processor outage" in adjacent.mtp3.link_state(f"country-{place}") for place in (0, 1))
        lab.after(9.5)
        gone = {"gateway country", "association as-a", "link country-0", "link country-1"}
        assert gone <= sources(lab, facts.AlarmRaised, before)
        assert {states(lab)[f"country-{place}"] for place in (0, 1)} == {"OutOfService"}
        assert not any(circuits(lab))
        talk(telephone, city)
        lab.telephone("8004").dials("663456789").hears_tone("congestion").hangs_up()
        lab.simulation.associations.mend("as-a")
        lab.after(40.0)
        assert set(states(lab).values()) == {"InService"}
        assert gone <= sources(lab, facts.AlarmCleared, before)
        assert sum(circuits(lab)) == 29
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []


def test_an_exchange_may_be_a_gateway_and_nothing_else(seed):
    """No signalling point, no circuit; its links are whole spans with level 2 of annex A, so their level 3 tells of changeover by XCO."""
    spans = "".join(f'\n[[span]]\nname = "{name}"\nkind = "signalling"\n' for name in ("link-1", "link-2"))
    gateway = link_gateway("wide", ["as-a"], "link-1/1", "link-2/1", code="2-100-7", adjacent="2-100-6", network="mtp-itu")
    text = gateway.replace('/1"\n', '/1"\nvariant = "mtp2-annex-a"\n')
    configuration = office(spans + text + association("as-a", "m2ua", listen=True))
    assert faults_of_signalling(configuration) == []
    with Lab(seed=seed, configuration=configuration) as lab:
        both = {"wide-0": "InService", "wide-1": "InService"}
        assert lab.wait(lambda: states(lab) == both, 60.0), states(lab)
        lab.after(10.0)
        ends = [lab.network.signalling.points[f"far {code}"] for code in ("2-100-7", "2-100-6")]
        assert [one.reachable(other.code) for one, other in (ends, reversed(ends))] == [True, True]
        cut(lab, "link-1")
        lab.after(3.0)
        mend(lab, "link-1")
        assert lab.wait(lambda: states(lab) == both, 60.0), states(lab)
        assert unexpected(lab) == []
        for code in ("2-100-7", "2-100-6"):
            heard = management(lab, f"far {code}", lab.network)
            assert {"XCO", "XCA"} <= heard and not heard & {"COO", "ECO"}


def test_of_two_processes_behind_a_gateway_of_ours_the_other_takes_over(seed):
    """Override: the other one becomes active within T(r) and establishes the links anew, so what goes away is seconds."""
    with Lab(seed=seed, configuration=as_gateway("isup", "as-a", "as-b")) as lab:
        assert set(states(lab).values()) == {"InService"}
        telephone, city = call(lab)
        (gateway,) = [one for one in lab.exchange.signalling.backhauls if isinstance(one, LinkGateway)]
        for name in ("as-a", "as-b"):
            before = lab.now
            lab.simulation.associations.cut(name)
            lab.after(30.0)
            assert "gateway country" not in sources(lab, facts.AlarmRaised, before)
            assert gateway.engine.state == "Active"
            assert set(states(lab).values()) == {"InService"}
            talk(telephone, city)
            end(*call(lab, "8004", "663456789"))
            lab.simulation.associations.mend(name)
            lab.after(30.0)
        assert set(states(lab).values()) == {"InService"}
        end(telephone, city)
        assert unexpected(lab) == []


@USER_PARTS
def test_control_restarts_and_the_links_of_its_gateway_begin_anew(seed, user_part):
    """The plane has kept them, but whoever has their level 3 has lost them with his association; links of our own go on."""
    with Lab(seed=seed, configuration=as_gateway(user_part)) as lab:
        telephone, city = call(lab)
        assert lab.simulation.kill_control() == 2
        lab.exchange = lab.simulation.exchange
        lab.after(0.1)
        assert states(lab) == {"toll-0": "InService", "country-0": "OutOfService", "country-1": "OutOfService"}
        talk(telephone, city)
        lab.after(40.0)
        assert set(states(lab).values()) == {"InService"}
        assert sum(circuits(lab)) == 29
        assert sum(line.available for line in lab.network.circuits if line.group == "toll") == 29
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []


def test_people_see_and_work_links_at_gateways(seed):
    with Lab(seed=seed, configuration=at_gateways("isup", ("ip-a", 7), ("ip-a", 8))) as lab:
        view = view_of(lab)
        first, second = view.link_rows()
        assert (first.link, first.link_set, first.code, first.channel) == ("toll-0", "toll", 0, "association ip-a, interface 7")
        assert (second.level_2, second.level_3) == ("InService", "available")
        (row,) = view.association_rows()
        assert (row.protocol, row.carries, row.state) == ("m2ua", "links toll-0, toll-1", "up")
        assert list(view.gateway_rows()) == []
        assert "process Active; counted" in view.association("ip-a")
        assert view.deactivate_process("ip-a") == "done"
        lab.after(3.0)
        assert {row.level_2.partition(", ")[2] for row in view.link_rows()} == {"process Withdrawn"}
        assert not any(circuits(lab))
        assert view.activate_process("ip-a") == "done"
        lab.after(15.0)
        assert {row.level_3 for row in view.link_rows()} == {"available"}
        assert all(circuits(lab))
        assert view.activate_process("ip-b") == "no process of ours asks a gateway by ip-b; look at associations"
        assert "failures" in view.figures("toll-0")
        assert unexpected(lab) == []


def test_people_see_and_work_a_gateway_of_ours_and_its_links(seed):
    with Lab(seed=seed, configuration=as_gateway("isup", "as-a", "as-b")) as lab:
        view = view_of(lab)
        (row,) = view.gateway_rows()
        assert (row.gateway, row.state, row.links) == ("country", "Active", "2 of 2 in service")
        assert sorted(row.processes.split(", ")) in (["as-a Active", "as-b Inactive"], ["as-a Inactive", "as-b Active"])
        assert row.received > 0 and row.sent > 0
        link = next(row for row in view.link_rows() if row.link == "country-0")
        assert (link.link_set, link.code, link.adjacent, link.channel) == ("gateway country", 10, FAR_POINT, "link-1/16")
        assert (link.level_2, link.level_3) == ("InService", "by M2UA, Serving")
        assert {row.carries for row in view.association_rows()} == {"gateway country"}
        assert view.inhibit_link("country-0") == "level 3 of country-0 is at the far end of gateway country: inhibit it there"
        before = lab.now
        lab.after(0.1)
        assert view.deactivate_link("country-0") == "done"
        lab.after(10.0)
        assert view.link("country-0").startswith("country-0: OutOfService; level 3: by M2UA, Withdrawn")
        assert sources(lab, facts.AlarmRaised, before) == {"link country-0"}
        end(*call(lab))
        assert view.activate_link("country-0") == "done"
        lab.after(15.0)
        assert states(lab)["country-0"] == "InService"
        assert sources(lab, facts.AlarmCleared, before) == {"link country-0"}
        told = view.gateway("country")
        assert told.startswith("country: Active; processes: ")
        assert "links: country-0 Serving, country-1 Serving" in told
        assert view.gateway("nothing") == "there is no gateway nothing; look at gateways"
        figures = view.figures("country-0")
        assert "message signal units sent" in figures and "alignment" in figures
        assert unexpected(lab) == []


@pytest.mark.parametrize("make, ours", [(at_gateways, "toll"), (as_gateway, "country")])
def test_what_passes_links_by_m2ua_is_captured_and_can_be_decoded(seed, tmp_path, capsys, make, ours):
    """At either end; of a link of our gateway with what stands on the line, as of any link in a time slot."""
    configuration = make()
    with Lab(seed=seed, configuration=configuration) as lab:
        capture = Capture(tmp_path, SignallingCapture(), 0.0, links=[link.name for link in links_of(configuration)])
        lab.exchange.signalling.observer = capture.crossing
        end(*call(lab))
        lab.after(2.0)
        capture.close()
    files = sorted(tmp_path.glob(f"{ours}-*.pcap"))
    capsys.readouterr()
    assert decode_command(list(map(str, files))) == 0
    told = capsys.readouterr().out
    assert all(f" {name} " in told for name in ("IAM", "ACM", "ANM", "REL", "RLC")), told


def test_the_process_of_a_point_reached_by_m3ua_is_taken_out_and_brought_back(seed):
    with Lab(seed=seed, configuration=over_m3ua("as-a")) as lab:
        view = view_of(lab)
        assert view.deactivate_process("as-a") == "done"
        lab.after(3.0)
        assert not any(circuits(lab))
        assert view.activate_process("as-a") == "done"
        lab.after(5.0)
        assert all(circuits(lab))
        assert unexpected(lab) == []


def both_ways_apart():
    """Links of ours at a gateway elsewhere, and a gateway of ours beyond which the point lies that is called."""
    return office(
        ccs_span("ss7-1")
        + ccs_span("link-1", 16)
        + ccs_span("link-2", 16)
        + signalling_point()
        + backhauled_link_set("toll", FAR_POINT, ("ip-a", 1), ("ip-b", 1))
        + f'\n[[signalling_route]]\ndestination = "{BEHIND}"\nlink_set = "toll"\n'
        + link_gateway("country", ["as-a", "as-b"], "link-1/16", "link-2/16", code=BEHIND, adjacent=FAR_POINT)
        + "".join(association(name, "m2ua", listen=name.endswith("b")) for name in ASSOCIATIONS)
        + group("toll", ALL, "isup", {"point": "city", "far_point": BEHIND})
        + PLAN
    )


ASSOCIATIONS = ("ip-a", "ip-b", "as-a", "as-b")


def healed(lab):
    """Every link works, every point reaches every other one it should, and every circuit may be seized."""
    for house in (lab.exchange.signalling, lab.network.signalling):
        if not all(link.state == "InService" for link in house.links.values()):
            return False
        for point in house.points.values():
            plan = point.mtp3.plan
            codes = {*(one.adjacent for one in plan.link_sets), *(route.destination for route in plan.routes)}
            if not all(map(point.reachable, codes)):
                return False
    return all(circuits(lab)) and all(line.available for line in lab.network.circuits if line.group == "toll")


@pytest.mark.parametrize("storm", range(4))
def test_after_whatever_happened_everything_comes_back(seed, storm):
    """Associations, channels, links, processes and control itself go and come at any moment; nothing that is then healed stays out."""
    chance = Random(f"{seed} {storm}")
    done = []
    with Lab(seed=seed, configuration=both_ways_apart()) as lab:
        for _ in range(40):
            view, wires = view_of(lab), lab.simulation.associations
            action, what = chance.choice(
                [
                    *((wires.cut, name) for name in ASSOCIATIONS),
                    *((wires.mend, name) for name in ASSOCIATIONS),
                    *((partial(way, lab), name) for way in (cut, mend) for name in ("link-1", "link-2")),
                    *((way, name) for way in (view.deactivate_link, view.activate_link) for name in states(lab)),
                    *((way, name) for way in (view.deactivate_process, view.activate_process) for name in ("ip-a", "ip-b")),
                    (lambda _: lab.simulation.kill_control(), "control"),
                ]
            )
            done.append(f"{lab.now:.3f} {getattr(action, '__name__', action)} {what}")
            action(what)
            lab.exchange = lab.simulation.exchange
            lab.after(chance.choice((0.0, 0.02, 0.1, 0.5, 2.0, 8.0)))
        view = view_of(lab)
        for name in ASSOCIATIONS:
            lab.simulation.associations.mend(name)
        for span in ("link-1", "link-2"):
            mend(lab, span)
        for name in states(lab):
            view.activate_link(name)
        for name in ("ip-a", "ip-b"):
            view.activate_process(name)
        assert lab.wait(lambda: healed(lab), 120.0), (states(lab), done)
        assert lab.exchange.floor.faults == [] and lab.network.floor.faults == [], done
        end(*call(lab))
        incoming(lab)


def test_the_example_with_m2ua_works(seed):
    """Calls to the toll exchange, and to the one whose link ends at our gateway."""
    with Lab(seed=seed, configuration=load(EXAMPLE)) as lab:
        assert set(states(lab).values()) == {"InService"}
        for dialled, called, by in (("987654321", "87654321", "country"), ("01062345678", "01062345678", "toll")):
            city = lab.caller(called)
            telephone = lab.telephone("8001").dials(dialled)
            city.is_rung().answers()
            assert city.party.line.group == by
            lab.after(1.0)
            city.hangs_up().is_released()
            telephone.hears_tone("busy").hangs_up()
            lab.after(1.0)
        caller = lab.caller("87654321", group="country").dials("87654002")
        lab.telephone("8002").is_rung().answers()
        caller.is_answered().hangs_up()
        lab.telephone("8002").hears_tone("busy").hangs_up()
        assert unexpected(lab) == []


def test_far_ends_that_are_outside_are_left_alone(seed):
    """Nobody is there in virtual time: links stay out of service, alarms say so, and the simulated network has no part in them."""
    loaded = both_ways_apart()
    rows = [structs.replace(row, far_end="outside", peer="192.0.2.7") for row in loaded.associations]
    configuration = structs.replace(loaded, associations=rows)
    assert faults_of_signalling(configuration) == []
    simulation = Simulation(configuration, china(), {row.name: bytes(800) for row in configuration.prompts})
    simulation.start(20.0)
    signalling, network = simulation.exchange.signalling, simulation.network.signalling
    assert {link.state for link in signalling.links.values()} & {"InService"} == set()
    assert {name for name, link in network.links.items() if link.state == "outside"} >= {"toll-0", "toll-1", "country-0 above"}
    assert network.associations.ends == {} and network.backhauls == []
    raised = {fact.source for fact in simulation.facts if isinstance(fact, facts.AlarmRaised)}
    assert {f"association {name}" for name in ASSOCIATIONS} | {"gateway country", "link country-0", "link toll-0"} <= raised
    assert simulation.exchange.floor.faults == simulation.network.floor.faults == []
