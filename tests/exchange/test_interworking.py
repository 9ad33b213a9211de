"""Calls that pass from one signalling system into another, all ordered pairs, whole exchanges in sound.

What a far end must be told is taken from the table of interworking (docs/conformance/interworking.toml), which the engines are held to
by tests/signalling/test_interworking_table.py; "pri" tells causes and all the rest as they are.
"""

import tomllib
from pathlib import Path

import pytest

from drivers.far_end.party import Subscriber
from pbx.vocabulary import facts, tones
from pbx.vocabulary.call import (
    Alerting,
    Connect,
    Disconnect,
    Info,
    Metering,
    Proceeding,
    Progress,
    Redirection,
    Release,
    Resume,
    Setup,
    Suspend,
)
from pbx.vocabulary.media import SendTone
from tests.exchange.crossroads import CALLER, CITY, GROUPS, PREFIXES, SYSTEMS, Crossroads

TABLE = tomllib.loads((Path(__file__).parents[2] / "docs/conformance/interworking.toml").read_text(encoding="utf-8"))
PAIRS = pytest.mark.parametrize(("source", "target"), [(source, target) for source in SYSTEMS for target in SYSTEMS])
REFUSED = (1, 17, 21, 27, 28, 34, 42)
KNOWS = {
    "category": {"china-no1", "isup", "tup"},
    "redirected": {"isup", "tup", "pri"},
    "redirection": {"isup", "pri"},
    "hops": {"isup"},
    "connected": {"isup", "pri"},
    "free": {"isup", "tup", "pri"},
    "units": {"isup", "tup", "pri"},
    "mark of restriction": {"isup", "tup", "pri"},
    "operators": {"china-no1", "isup", "tup"},
    "digits one by one": {"china-no1", "isup", "tup", "pri"},
}
"""What each system can say; the rows of the table in short."""
MET = {
    "isup": {"tup": "no7", "china-no1": "other", "pri": "other"},
    "pri": {"isup": "no7", "tup": "no7", "china-no1": "other", "pri": "other"},
}
"""What is told there of a call's way so far, by where it came from."""
TRUE_TO_CAUSES = {"pri"}


def told_as(system, cause, part="cause"):
    """The cause that the far end of a circuit is told when ours has this one; None where only a tone tells it."""
    if system in TRUE_TO_CAUSES:
        return cause
    row = next(row for row in TABLE["row"] if row["part"] == part and row["what"].split()[0] == str(cause))
    told = row[system][1]
    return int(told.split()[1]) if told else None


def both(what, *systems):
    return all(system in KNOWS[what] for system in systems)


def ended(lab, line):
    """The cause by which the far end of a circuit was told that its call is over."""
    first = lab.heard(line, Disconnect, Release)
    return first[0].cause if first else None


@PAIRS
def test_a_call_passes(seed, source, target):
    """The caller's number is shown, ring-back is heard from beyond, the answer waits for the called party, both talk."""
    with Crossroads(seed=seed) as lab:
        city = lab.caller(CITY)
        caller = lab.call(source, target)
        city.notices(f"rung by {CALLER}")
        lab.after(2.0)
        caller.hears_tone("ring-back")
        assert not lab.heard(lab.entry, Connect)
        free_at = lab.facts(facts.Delivered)[0].at
        complete = [at for at, text in lab.exchange.lines[lab.entry].history if text.startswith("-> ACM")]
        assert len(complete) == (source in ("isup", "tup")) and all(at >= free_at for at in complete)
        city.answers().speaks("welcome")
        caller.is_answered().hears("welcome")
        caller.speaks("main_menu")
        city.hears("main_menu")
        caller.hangs_up().is_released()
        city.is_released()
        lab.rest()
        assert {record.cause for record in lab.records()} == {16}


@PAIRS
def test_what_came_with_a_call_goes_on_with_it(seed, source, target):
    with Crossroads(seed=seed) as lab:
        city = lab.caller(CITY)
        redirection = Redirection("0511", "0522", 2, 2)
        caller = lab.call(source, target, category=8, redirection=redirection, hops=9)
        city.is_rung()
        (setup,) = lab.heard(city.party.line.name, Setup)
        assert (setup.called, setup.calling, setup.overlap) == (CITY, CALLER, False)
        same = both("category", source, target) or source == target
        assert setup.category & 15 == (8 if same else 1 if target == "china-no1" else 0)
        if both("redirection", source, target):
            assert setup.redirection == redirection
        elif both("redirected", source, target):
            assert setup.redirection == Redirection("0511")
        else:
            assert setup.redirection is None
        assert setup.interworking == MET.get(target, {}).get(source, "")
        hops = {("isup", "isup"): 7, ("isup", "pri"): 8, ("pri", "isup"): 8, ("pri", "pri"): 9}
        assert setup.hops == hops.get((source, target), 0)
        caller.hangs_up().is_released()
        city.is_released()
        lab.rest()
        lab.call(source, target, restricted=True, test=target != "pri")
        city.is_rung()
        (setup,) = lab.heard(city.party.line.name, Setup)
        assert setup.calling == (CALLER if both("mark of restriction", source, target) else "")
        assert setup.restricted == both("mark of restriction", source, target)
        assert setup.test == (target != "pri")
        caller.hangs_up().is_released()
        city.is_released()


@PAIRS
def test_what_comes_back_with_an_answer(seed, source, target):
    """Who has answered, that it is not charged, and charge units."""
    with Crossroads(seed=seed) as lab:
        city = lab.caller(CITY)
        caller = lab.call(source, target, asks_connected=True)
        city.is_rung()
        lab.after(1.0)
        city.party.be_silent()
        lab.give(city.party, Connect("0555", free=True))
        caller.is_answered()
        (answer,) = lab.heard(lab.entry, Connect)
        assert answer == Connect("0555" if both("connected", source, target) else "", free=both("free", source, target))
        lab.give(city.party, Metering(3))
        lab.after(2.0)
        assert sum(units.pulses for units in lab.heard(lab.entry, Metering)) == (3 if both("units", source, target) else 0)
        caller.hangs_up().is_released()
        city.is_released()
        lab.rest()
        assert sum(fact.units for fact in lab.facts(facts.Charged)) == (3 if target in KNOWS["units"] else 0)


@PAIRS
def test_a_refusal_comes_back_with_its_cause(seed, source, target):
    """Each is told in the words of the table, out of those in which the far side told it; and it is nobody's circuit that failed."""
    with Crossroads(seed=seed) as lab:
        for cause in REFUSED:
            lab.network.refusals[CITY] = cause
            caller = lab.call(source, target)
            caller.notices("released")
            lab.after(0.5)
            beyond = told_as(target, cause)
            assert ended(lab, lab.entry) == told_as(source, beyond), cause
            lab.rest()
            assert len(lab.facts(facts.NetworkReached)) == 1 + REFUSED.index(cause), "one circuit is tried"
        del lab.network.refusals[CITY]
        assert [record.cause for record in lab.records() if record.direction == "incoming"] == [
            told_as(target, cause) for cause in REFUSED
        ]


@PAIRS
def test_what_keeps_the_called_party_busy_comes_back(seed, source, target):
    """KB3 and STB, KB2 and SLB; cause 17 alone by ISUP and Q.931."""
    knows = {"china-no1", "tup"}
    with Crossroads(seed=seed) as lab:
        for kind in ("toll", "local"):
            lab.network.subscribers[CITY] = Busy(lab.network, CITY, CITY)
            lab.network.subscribers[CITY].kind = kind
            caller = lab.call(source, target)
            caller.notices("released")
            lab.after(0.5)
            told = lab.heard(lab.entry, Disconnect, Release)[0]
            beyond = kind if target in knows else ""
            if source in knows:
                assert (told.cause, told.busy_with) == (17, beyond or "local")
            else:
                assert told.cause == 17
            lab.rest()


@pytest.mark.parametrize("source", ["china-no1", "tup"])
@pytest.mark.parametrize("traffic", ["local", "toll"])
def test_an_extension_is_busy_with_the_call_of_its_trunk_group(seed, source, traffic):
    with Crossroads(seed=seed, traffic=traffic) as lab:
        first = lab.caller(CALLER, group="city")
        telephone = lab.telephone("8001")
        assert first.party.dial("8001")
        telephone.is_rung().answers()
        first.is_answered()
        second = lab.caller("01062345679", group=GROUPS[source])
        assert second.party.dial("8001")
        entry = second.party.line.name
        second.notices("released")
        told = lab.heard(entry, Disconnect, Release)[0]
        assert (told.cause, told.busy_with) == (17, traffic)


class Busy(Subscriber):
    """In a call of that kind, so that another is refused."""

    kind = ""

    def called_by(self, line, setup):
        self.network.floor.to_line(line, Disconnect(17, self.kind))


@PAIRS
def test_there_is_no_circuit(seed, source, target):
    with Crossroads(seed=seed) as lab:
        entered = lab.network.choose("", GROUPS[source]).name
        taken = [line for line in lab.exchange.switch.groups[GROUPS[target]].lines if line.name != entered]
        for line in taken:
            line.blocked.add("test")
        caller = lab.call(source, target)
        caller.notices("released")
        assert ended(lab, lab.entry) == told_as(source, 34)
        assert not lab.facts(facts.NetworkReached)
        for line in taken:
            line.blocked.clear()


@PAIRS
def test_nobody_answers(seed, source, target):
    """Our own time is up: forward the call is cleared, backward it is told, or heard where the system has tones for that."""
    with Crossroads(seed=seed, no_answer_seconds=10) as lab:
        city = lab.caller(CITY)
        caller = lab.call(source, target)
        city.is_rung()
        city.is_released(within=20.0)
        told = told_as(source, 19, "late")
        if told is None:
            caller.hears_tone("busy").hangs_up()
        else:
            caller.notices("released")
            assert ended(lab, lab.entry) == told


@PAIRS
def test_the_called_party_hangs_up_and_lifts_again(seed, source, target):
    """The calling side controls the release, where every one of these systems can say so."""
    with Crossroads(seed=seed) as lab:
        city = lab.caller(CITY)
        caller = lab.call(source, target)
        city.is_rung().answers()
        caller.is_answered()
        lab.after(1.0)
        city.party.suspend()
        caller.notices("far end suspended")
        city.party.resume()
        caller.notices("far end resumed")
        city.party.be_silent()
        city.speaks("welcome")
        caller.hears("welcome")
        city.party.suspend()
        caller.notices("far end suspended")
        assert [type(told) for told in lab.heard(lab.entry, Suspend, Resume)] == [Suspend, Resume, Suspend]
        caller.hangs_up().is_released()
        city.is_released()


@PAIRS
def test_the_called_party_clears_where_either_may(seed, source, target):
    with Crossroads(seed=seed, control="mutual") as lab:
        city = lab.caller(CITY)
        caller = lab.call(source, target)
        city.is_rung().answers()
        caller.is_answered()
        lab.after(1.0)
        city.hangs_up()
        if "tup" in (source, target):
            # In China the TUP leaves the release to the calling side.
            caller.notices("far end suspended", "far end cleared", "released").hangs_up()
        caller.notices("released")
        lab.rest()


@PAIRS
def test_the_caller_gives_up(seed, source, target):
    """While it rings, and before anything is known of the called party."""
    with Crossroads(seed=seed) as lab:
        city = lab.caller(CITY)
        for wait in (0.3, 8.0):
            caller = lab.call(source, target)
            lab.after(wait)
            caller.hangs_up().is_released()
            lab.rest()
        assert any(text.startswith("rung by") for _, text in city.log)
        assert city.party.state == "idle"


@PAIRS
def test_digits_go_on_one_by_one(seed, source, target):
    with Crossroads(seed=seed, overlap=True) as lab:
        city = lab.caller(CITY)
        caller = lab.call(source, target, called=CITY[:3], overlap=True)
        for digit in CITY[3:]:
            lab.after(0.6)
            lab.give(caller.party, Info(digit))
        city.notices(f"rung by {CALLER}")
        reached = lab.facts(facts.NetworkReached)[0]
        extended = lab.facts(facts.NumberExtended)
        assert len(reached.called) < len(CITY) and extended[-1].called == CITY and extended[-1].at > reached.at
        city.answers()
        caller.is_answered()
        caller.hangs_up().is_released()
        city.is_released()
        lab.rest()
        (record,) = [record for record in lab.records() if record.direction == "incoming"]
        assert record.called == PREFIXES[target] + CITY


OPERATORS = sorted(KNOWS["operators"])


@pytest.mark.parametrize(("source", "target"), [(source, target) for source in OPERATORS for target in OPERATORS])
def test_an_operator_re_rings_and_is_rung_back(seed, source, target):
    with Crossroads(seed=seed) as lab:
        city = lab.caller(CITY)
        caller = lab.call(source, target, category=0x11)
        city.is_rung().answers()
        caller.is_answered()
        lab.after(1.0)
        (setup,) = lab.heard(city.party.line.name, Setup)
        assert setup.category >> 4 == 1
        city.party.suspend()
        caller.notices("far end suspended")
        caller.party.signal("re-ring")
        city.notices("operator signals re-ring")
        city.party.resume()
        caller.notices("far end resumed")
        city.party.signal("ring-back")
        caller.notices("operator signals ring-back")
        city.party.signal("malicious-call")
        lab.after(1.0)
        caller.hangs_up().is_released()
        city.is_released()


@pytest.mark.parametrize("target", ["isup", "tup"])
def test_a_cause_told_by_no_7_is_not_the_circuits(seed, target):
    """Temporary failure beyond, again and again on one circuit: it stays in use."""
    with Crossroads(seed=seed) as lab:
        only, *others = lab.exchange.switch.groups[GROUPS[target]].lines
        for line in others:
            line.blocked.add("test")
        lab.network.refusals[CITY] = 27
        for _ in range(lab.configuration.alarm.killer_failures + 1):
            lab.call("china-no1", target).notices("released")
            lab.rest()
        assert only.available
        assert not any(fact.source == only.name for fact in lab.facts(facts.AlarmRaised))
        for line in others:
            line.blocked.clear()


@pytest.mark.parametrize("target", ["isup", "tup"])
@pytest.mark.parametrize("free", [True, False])
def test_a_call_that_is_not_charged_has_no_units_by_the_clock(seed, target, free):
    with Crossroads(seed=seed, meter_seconds=2) as lab:
        city = lab.caller(CITY)
        caller = lab.call("pri", target)
        city.is_rung()
        lab.give(city.party, Connect(free=free))
        caller.is_answered()
        lab.after(5.0)
        caller.hangs_up().is_released()
        lab.rest()
        assert bool(lab.facts(facts.Charged)) != free


class Announcement(Subscriber):
    """What an exchange says in band of a call that will never be answered."""

    def called_by(self, line, setup):
        self._take(line, "ringing")
        self.network.primitive(line, Proceeding())
        self.network.primitive(line, Progress())
        self._order(SendTone(tones.progress("vacant")))


@pytest.mark.parametrize("target", ["isup", "tup", "pri"])
@pytest.mark.parametrize("source", SYSTEMS)
def test_a_tone_from_beyond_is_heard_before_the_answer(seed, source, target):
    with Crossroads(seed=seed) as lab:
        lab.network.subscribers[CITY] = Announcement(lab.network, CITY, CITY)
        caller = lab.call(source, target)
        caller.party.listen()
        caller.hears_tone("vacant")
        assert not lab.heard(lab.entry, Connect)
        assert lab.heard(lab.entry, Alerting if source == "china-no1" else Progress)
        caller.hangs_up().is_released()


class Silent(Subscriber):
    """Takes a call, and says no more of it for longer than any register waits."""

    def called_by(self, line, setup):
        self._take(line, "ringing")
        self.network.primitive(line, Proceeding())


@pytest.mark.parametrize("target", ["isup", "tup", "pri"])
def test_a_register_lets_a_call_through_that_lives_beyond(seed, target):
    with Crossroads(seed=seed) as lab:
        party = lab.network.subscribers[CITY] = Silent(lab.network, CITY, CITY)
        caller = lab.call("china-no1", target)
        caller.notices("alerting", within=20.0)
        party.answer()
        caller.is_answered()
        caller.hangs_up().is_released()


@pytest.mark.parametrize("target", ["isup", "tup"])
def test_a_call_that_goes_round_ends(seed, target):
    """Its hop counter has run out: exchange routing error."""
    with Crossroads(seed=seed) as lab:
        caller = lab.call("isup", target, hops=2)
        caller.notices("released")
        assert ended(lab, lab.entry) == 25


@pytest.mark.parametrize("source", SYSTEMS)
def test_to_an_exchange_line(seed, source):
    """It has tones and no signals: the caller hears them, and is told what is recognised."""
    with Crossroads(seed=seed) as lab:
        city = lab.caller(CITY)
        caller = lab.call(source, "3")
        city.is_rung()
        caller.party.listen()
        caller.hears_tone("ring-back")
        city.answers()
        caller.is_answered(within=60.0).hangs_up().is_released()
        lab.rest()
        lab.network.refusals[CITY] = 17
        caller = lab.call(source, "3")
        caller.party.listen()
        caller.hears_tone("busy", within=30.0)
        if source == "china-no1":
            caller.hangs_up()
        caller.notices("released")
        if source != "china-no1":
            assert ended(lab, lab.entry) == told_as(source, 17, "late")


@pytest.mark.parametrize("source", SYSTEMS)
def test_to_an_extension(seed, source):
    with Crossroads(seed=seed) as lab:
        telephone = lab.telephone("8003")
        caller = lab.caller(CALLER, group=GROUPS[source])
        for answers in (True, False):
            assert caller.party.dial("8003")
            entry = caller.party.line.name
            if answers:
                telephone.is_rung()
                caller.hears_tone("ring-back")
                complete = [text for _, text in lab.exchange.lines[entry].history if text.startswith(("-> ACM", "-> CPG"))]
                assert len(complete) == (source in ("isup", "tup")), "free is told at once"
                telephone.answers()
                caller.is_answered().hangs_up().is_released()
                telephone.hangs_up()
            else:
                caller.notices("released")
                assert ended(lab, entry) == told_as(source, 17)
            lab.rest()
            telephone.lifts()
            lab.after(1.0)
        telephone.hangs_up()
