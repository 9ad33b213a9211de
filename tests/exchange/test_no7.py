"""A whole exchange with No. 7 in sound: links that fail, points behind transfer points, restarts, spans that go, orders of people."""

from pathlib import Path

import pytest

from config.loader import load
from pbx.console_view import ConsoleView
from pbx.journal import Journal, MemoryRing
from pbx.vocabulary import facts
from tests.lab import Lab
from tests.offices import FAR_POINT, ccs_span, group, no_7, number, office, signalling_link_set, signalling_point

EXAMPLE = Path(__file__).parents[2] / "config/no7.toml"
ALL = ["ss7-1/1-15", "ss7-1/17-31"]
PLAN = number("6", "trunk:toll", length=9, strip=1, callers="all")


def two_links(user_part="isup"):
    return office(
        ccs_span("ss7-1")
        + ccs_span("link-1", 1)
        + ccs_span("link-2", 16)
        + signalling_point()
        + signalling_link_set("toll", FAR_POINT, "link-1/1", "link-2/16")
        + group("toll", ALL, user_part, {"point": "city", "far_point": FAR_POINT})
        + PLAN
    )


def two_wide_links():
    """Of 2 Mbit/s."""
    return office(
        ccs_span("ss7-1")
        + "".join(f'\n[[span]]\nname = "{name}"\nkind = "signalling"\n' for name in ("link-1", "link-2"))
        + signalling_point()
        + signalling_link_set("toll", FAR_POINT, "link-1/1", "link-2/1", variant="mtp2-annex-a")
        + group("toll", ALL, "isup", {"point": "city", "far_point": FAR_POINT})
        + PLAN
    )


USER_PARTS = pytest.mark.parametrize("user_part", ["isup", "tup"])
BEHIND = "2-200-1"
TRANSFER_POINTS = office(
    ccs_span("ss7-1", 16)
    + ccs_span("ss7-2", 16)
    + signalling_point("2-100-1", variant="mtp-itu")
    + signalling_link_set("a", "2-100-2", "ss7-1/16")
    + signalling_link_set("b", "2-100-3", "ss7-2/16")
    + "".join(f'\n[[signalling_route]]\ndestination = "{BEHIND}"\nlink_set = "{name}"\n' for name in "ab")
    + group("toll", ALL, "isup", {"point": "city", "far_point": BEHIND, "first_pcm": 3})
    + PLAN
)
CITY = "662345678"


def view_of(lab):
    return ConsoleView(lab.exchange, Journal(MemoryRing()))


def wire_of(lab, span):
    """The near end of a span, whose line is joined to the far end's."""
    return next(wire for wire, row in zip(lab.simulation.near_wires, lab.configuration.spans, strict=True) if row.name == span)


def cut(lab, span):
    for direction in ("received", "sent"):
        wire_of(lab, span).faults(0, direction).cut()


def mend(lab, span):
    for direction in ("received", "sent"):
        wire_of(lab, span).faults(0, direction).clear()


def call(lab, extension="8003", wanted=CITY):
    """A call out of an extension that is answered; both parties."""
    city = lab.caller(wanted[1:])
    telephone = lab.telephone(extension).dials(wanted)
    city.is_rung().answers()
    lab.after(1.0)
    return telephone, city


def talk(telephone, city):
    telephone.speaks("welcome")
    city.hears("welcome")
    city.speaks("main_menu")
    telephone.hears("main_menu")


def end(telephone, city):
    city.hangs_up().is_released()
    telephone.hears_tone("busy").hangs_up()


def states(lab):
    return {name: link.state for name, link in lab.exchange.signalling.links.items()}


def unexpected(lab):
    return [*lab.exchange.floor.counters, *lab.network.floor.counters]


@pytest.mark.parametrize("link, span", [("toll-0", "link-1"), ("toll-1", "link-2")])
def test_a_link_fails_calls_stand_new_ones_come_and_it_comes_back(seed, link, span):
    with Lab(seed=seed, configuration=two_links()) as lab:
        telephone, city = call(lab)
        before = lab.now
        cut(lab, span)
        lab.after(3.0)
        assert states(lab)[link] != "InService"
        (alarm,) = [fact for fact in lab.facts(facts.AlarmRaised) if fact.at > before and fact.source == f"link {link}"]
        assert alarm.text
        talk(telephone, city)
        other, another = call(lab, "8004", "663456789")
        talk(other, another)
        mend(lab, span)
        lab.after(20.0)
        assert set(states(lab).values()) == {"InService"}
        assert lab.facts(facts.AlarmCleared)[-1].source == f"link {link}"
        end(other, another)
        end(telephone, city)
        assert unexpected(lab) == []
    heard = {text.split()[1] for _, text in lab.exchange.signalling.points["city"].history if text.startswith(("->", "<-"))}
    assert {"COO", "COA", "CBD", "CBA"} <= heard


def test_a_link_of_2_mbit_that_fails_is_replaced_and_taken_back(seed):
    """Annex A: whole spans are links, changeover is told with the long numbers."""
    with Lab(seed=seed, configuration=two_wide_links()) as lab:
        telephone, city = call(lab)
        cut(lab, "link-1")
        lab.after(3.0)
        assert states(lab) == {"toll-0": states(lab)["toll-0"], "toll-1": "InService"} and states(lab)["toll-0"] != "InService"
        talk(telephone, city)
        end(*call(lab, "8004", "663456789"))
        mend(lab, "link-1")
        lab.after(45.0)
        assert set(states(lab).values()) == {"InService"}
        end(telephone, city)
        assert unexpected(lab) == []
    heard = {text.split()[1] for _, text in lab.exchange.signalling.points["city"].history if text.startswith(("->", "<-"))}
    assert {"XCO", "XCA", "CBD", "CBA"} <= heard and not heard & {"COO", "COA", "ECO", "ECA"}


@USER_PARTS
def test_with_all_links_gone_calls_stand_no_new_one_begins_and_all_comes_back(seed, user_part):
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        telephone, city = call(lab)
        cut(lab, "link-1")
        cut(lab, "link-2")
        lab.after(5.0)
        assert not any(line.available for name, line in lab.exchange.lines.items() if name.startswith("ss7"))
        talk(telephone, city)
        other = lab.telephone("8004").dials("663456789")
        other.hears_tone("congestion").hangs_up()
        mend(lab, "link-1")
        mend(lab, "link-2")
        lab.after(30.0)
        assert set(states(lab).values()) == {"InService"}
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []
    assert [record.cause for record in lab.records()] == [34, 16, 16]
    sources = {fact.source for fact in lab.facts(facts.AlarmRaised)}
    assert {"link toll-0", "link toll-1", "link set toll", f"point {FAR_POINT}"} <= sources


@USER_PARTS
def test_a_span_that_goes_takes_its_circuits_along_at_both_ends(seed, user_part):
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        telephone, city = call(lab)
        cut(lab, "ss7-1")
        telephone.hears_tone("congestion").hangs_up()
        city.is_released()
        lab.after(2.0)
        for ours, far in ((lab.exchange.lines[f"ss7-1/{slot}"], lab.network.lines[f"ss7-1/{slot}"]) for slot in (1, 15, 17, 31)):
            assert not ours.available
            assert not far.available
        mend(lab, "ss7-1")
        lab.after(5.0)
        assert all(line.available for name, line in lab.exchange.lines.items() if name.startswith("ss7"))
        end(*call(lab))
        assert unexpected(lab) == []


def test_a_short_break_of_a_span_takes_no_call_away(seed):
    with Lab(seed=seed, configuration=two_links()) as lab:
        telephone, city = call(lab)
        cut(lab, "ss7-1")
        lab.after(0.3)
        mend(lab, "ss7-1")
        lab.after(2.0)
        talk(telephone, city)
        end(telephone, city)


@USER_PARTS
def test_control_restarts_amid_a_call_links_go_on_and_circuits_without_a_call_are_reset(seed, user_part):
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        telephone, city = call(lab)
        waiting = lab.telephone("8004").dials("664567890")
        lab.caller("64567890").is_rung()
        assert lab.simulation.kill_control() == 2
        lab.exchange = lab.simulation.exchange
        lab.after(3.0)
        assert set(states(lab).values()) == {"InService"}
        assert not any("link" in text for link in lab.exchange.signalling.links.values() for _, text in link.history)
        talk(telephone, city)
        waiting.hears_tone("busy").hangs_up()
        lab.after(2.0)
        assert sum(line.available for name, line in lab.exchange.lines.items() if name.startswith("ss7")) == 29
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []


@USER_PARTS
def test_control_restarts_while_no_link_works_and_circuits_are_reset_as_soon_as_one_does(seed, user_part):
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        telephone, city = call(lab)
        cut(lab, "link-1")
        cut(lab, "link-2")
        lab.after(5.0)
        assert lab.simulation.kill_control() == 2
        lab.exchange = lab.simulation.exchange
        lab.after(5.0)
        talk(telephone, city)
        mend(lab, "link-1")
        mend(lab, "link-2")
        idle = lambda: sum(line.available for name, line in lab.exchange.lines.items() if name.startswith("ss7"))  # noqa: E731
        assert lab.wait(lambda: idle() == 29, 14.0), "sooner than a reset that nobody heard is repeated"
        talk(telephone, city)
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []


@USER_PARTS
@pytest.mark.parametrize("after_ms", [0, 10, 20, 30, 40])
def test_a_message_that_came_as_control_died_is_not_lost(seed, user_part, after_ms):
    """The plane has confirmed it to the far end, which will not send it again: here it releases the call."""
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        telephone, city = call(lab)
        # Control does not read while the far end's release comes; then it dies.
        drain, lab.simulation.near.drain = lab.simulation.near.drain, list
        city.hangs_up()
        lab.after(after_ms / 1000)
        lab.simulation.near.drain = drain
        assert lab.simulation.kill_control() == 2
        lab.exchange = lab.simulation.exchange
        telephone.hears_tone("busy", within=5.0).hangs_up()
        city.is_released()
        lab.after(3.0)
        assert all(line.available for name, line in lab.exchange.lines.items() if name.startswith("ss7"))


@pytest.mark.parametrize("lost", [None, "ss7-1", "ss7-2"])
def test_a_point_behind_two_transfer_points_is_reached_by_either(seed, lost):
    with Lab(seed=seed, configuration=TRANSFER_POINTS) as lab:
        assert lab.exchange.lines["ss7-1/17"].engine.cic == 3 * 32 + 17
        if lost == "ss7-2":
            cut(lab, lost)
            lab.after(3.0)
        before = {name: link.messages[1] for name, link in lab.exchange.signalling.links.items()}
        pairs = [call(lab, f"800{place}", f"6234567{place}{place}") for place in range(3, 9)]
        for pair in pairs:
            talk(*pair)
        if lost == "ss7-1":
            # Its circuits go too, so calls are cleared: what is to be seen is that the far end agrees, by the other way.
            cut(lab, lost)
            for telephone, city in pairs:
                telephone.hears_tone("congestion").hangs_up()
                city.is_released()
            mend(lab, lost)
            lab.after(20.0)
        else:
            for pair in pairs:
                end(*pair)
            used = {name: link.messages[1] - before[name] for name, link in lab.exchange.signalling.links.items()}
            assert used["a-0"] >= 6
            assert (used["b-0"] > 2) == (lost is None), used
            if lost:
                mend(lab, lost)
                lab.after(20.0)
        assert unexpected(lab) == []


def test_people_see_and_work_links(seed):
    with Lab(seed=seed, configuration=two_links()) as lab:
        view = view_of(lab)

        def level_3(link):
            return next(row for row in view.link_rows() if row.link == link).level_3

        (row, _) = view.link_rows()
        assert (row.link, row.link_set, row.code, row.adjacent, row.channel) == ("toll-0", "toll", 0, FAR_POINT, "link-1/1")
        assert (row.level_2, row.level_3) == ("InService", "available")
        assert row.sent >= 1
        telephone, city = call(lab)
        assert view.inhibit_link("toll-0") == "done"
        lab.after(3.0)
        assert "inhibited" in level_3("toll-0")
        # Without the other link the point would be lost, so this is refused.
        assert view.inhibit_link("toll-1") == "toll-1 is not inhibited: a destination would be lost by it; look at point city"
        lab.after(5.0)
        assert level_3("toll-1") == "available"
        assert view.uninhibit_link("toll-0") == "done"
        lab.after(3.0)
        assert level_3("toll-0") == "available"
        assert view.deactivate_link("toll-0") == "done"
        lab.after(3.0)
        assert states(lab)["toll-0"] == "OutOfService"
        assert view.block_link("toll-1") == "done"
        lab.after(3.0)
        assert level_3("toll-1") != "available"
        assert view.unblock_link("toll-1") == "done"
        assert view.activate_link("toll-0") == "done"
        lab.after(30.0)
        assert {row.level_3 for row in view.link_rows()} == {"available"}
        told = view.link("toll-0")
        assert "toll-0: InService; level 3: available" in told
        assert "messages sent" in told
        assert f"destinations: {FAR_POINT} reached" in view.point("city")
        assert view.link("nothing") == "there is no signalling link nothing; look at links"
        assert view.inhibit_link("nothing") == "there is no signalling link nothing; look at links"
        talk(telephone, city)
        end(telephone, city)
        figures = view.figures("toll-0")
        assert "inhibitions by local management begun" in figures
        assert "message signal units sent" in figures
        assert "link set toll" in view.figures()
        assert "calls out" in view.figures(f"Isup 21-100-1 {FAR_POINT}") or "calls" in view.figures()
        assert view.figures("toll-0", 7).startswith("there are figures of the last whole 5, 30 minutes")
        assert unexpected(lab) == []


@USER_PARTS
def test_people_see_and_work_circuits_of_a_group(seed, user_part):
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        view = view_of(lab)
        telephone, city = call(lab)
        rows = {row.circuit: row for row in view.circuit_rows()}
        assert len(rows) == 30
        taken = [row for row in rows.values() if row.call]
        assert [(row.user_part, row.far_point, row.group, row.state) for row in taken] == [(user_part, FAR_POINT, "toll", "OutAnswered")]
        assert rows["ss7-1/31"].cic == 31
        assert view.block_circuits("toll") == "done"
        lab.after(2.0)
        assert not any(line.available for line in lab.network.circuits if line.group == "toll")
        talk(telephone, city)
        assert view.unblock_circuits("toll") == "done"
        lab.after(2.0)
        assert sum(line.available for line in lab.network.circuits if line.group == "toll") == 29
        assert view.reset_circuits("toll") == "done"
        telephone.hears_tone("congestion").hangs_up()
        city.is_released()
        lab.after(2.0)
        assert all(line.available for line in lab.network.circuits if line.group == "toll")
        assert view.block_circuits("city") == "city is no trunk group of No. 7"
        assert unexpected(lab) == []


def test_of_two_calls_that_seize_a_circuit_at_once_ours_goes_on_where_we_control_it(seed):
    """Q.764 2.9.1.4: 21-100-1 is the lower code of the two, so it controls the odd circuits."""
    with Lab(seed=seed, configuration=office(no_7(hunt="ascending"))) as lab:
        ours, far = lab.exchange.lines["ss7-1/1"], lab.network.lines["ss7-1/1"]
        lab.network.subscriber(CITY[1:])
        telephone = lab.telephone("8003").dials(CITY)
        assert lab.simulation.wait(lambda: not ours.available, 10.0)
        caller = lab.caller("01062345678", group="toll")
        caller.party.dial_over(far, "10086")
        caller.notices("released, cause 44")
        caller.dials("10086").is_answered().hears("welcome")
        lab.caller(CITY[1:]).answers()
        assert any("dual seizure" in text for _, text in ours.history)
        lab.after(1.0)
        caller.hangs_up()
        telephone.hangs_up()
        lab.after(3.0)


def test_the_example_with_no_7_works(seed):
    """Its city exchange stands behind the toll exchange, in TUP; its toll exchange is adjacent, in ISUP."""
    with Lab(seed=seed, configuration=load(EXAMPLE)) as lab:
        for dialled, called, group_of_it in (("987654321", "87654321", "city"), ("01062345678", "01062345678", "toll")):
            city = lab.caller(called)
            telephone = lab.telephone("8001").dials(dialled)
            city.is_rung().answers()
            assert city.party.line.group == group_of_it
            city.hangs_up().is_released()
            telephone.hears_tone("busy").hangs_up()
            lab.after(1.0)
        caller = lab.caller("01099998888", group="toll").dials("87654002")
        lab.telephone("8002").is_rung().answers()
        caller.is_answered().hangs_up()
        lab.telephone("8002").hears_tone("busy").hangs_up()
        assert unexpected(lab) == []
