"""Care of trunk circuits: a killer trunk is found, blocked and alarmed; test calls in both directions; reset; what the console tells."""

import pytest

from pbx.console_view import ConsoleView
from pbx.journal import Journal, MemoryRing
from pbx.vocabulary import facts, tones
from pbx.vocabulary.media import SendTone
from tests.lab import Lab

ASCENDING = ('hunt = "longest-idle"', 'hunt = "ascending"')
TEST_LINES = ('hunt = "longest-idle"', 'hunt = "ascending"\ntest_number = "112"\ntest_line = "10001"')
PLAN = ('prefix = "10086"', 'prefix = "10001"\ndestination = "flow:main_menu"\n\n[[number]]\nprefix = "10086"')
CITY = "987650000#"


def view_of(lab):
    return ConsoleView(lab.exchange, Journal(MemoryRing()))


def kill_on(lab, circuit):
    """Calls that reach the far end on this circuit are answered and dropped at once; others are answered and talk."""
    reached = []

    def stranger(called, line, setup):
        reached.append(line.name)
        party = lab.network.subscriber(f"{called} {len(reached)}")
        lab.simulation.clock.callLater(0.5, party.answer)
        if line.name == circuit:
            lab.simulation.clock.callLater(1.5, party.hang_up)
        return party

    lab.network.stranger = stranger
    return reached


@pytest.mark.parametrize("hunt", ["ascending", "longest-idle"])
def test_a_killer_trunk_is_found_blocked_and_alarmed(seed, hunt):
    with Lab(seed=seed, tokens=True, changes=(("longest-idle", hunt),) if hunt != "longest-idle" else ()) as lab:
        if hunt == "longest-idle":
            # Few circuits are left, so that each has its turn.
            for line in lab.exchange.lines.values():
                if line.kind == "trunk" and line.name not in ("e1-1/1", "e1-1/2", "e1-1/3"):
                    view_of(lab).block(line.name)
            lab.after(1.0)
        reached = kill_on(lab, "e1-1/1")
        phone = lab.telephone("8006")
        for _ in range(20):
            phone.dials(CITY)
            lab.after(8.0)
            phone.hangs_up()
            lab.after(3.0)
            if lab.facts(facts.AlarmRaised):
                break
        (alarm,) = lab.facts(facts.AlarmRaised)
        assert alarm.source == "e1-1/1" and "killer trunk: 6 calls in a row" in alarm.text
        assert reached.count("e1-1/1") == 6
        assert "local" in lab.exchange.lines["e1-1/1"].blocked
        lab.simulation.kill_control()
        lab.exchange = lab.simulation.exchange
        lab.after(1.0)
        assert "local" in lab.exchange.lines["e1-1/1"].blocked
        assert [(row.source, row.text) for row in view_of(lab).alarm_rows()] == [("e1-1/1", alarm.text)]
        before = len(reached)
        phone.dials(CITY)
        lab.after(6.0)
        phone.hangs_up()
        lab.after(3.0)
        assert reached[before:] and "e1-1/1" not in reached[before:]
        for line in list(lab.exchange.lines.values()):
            if line.blocked:
                assert view_of(lab).unblock(line.name) == "done"
        lab.after(1.0)
        (cleared,) = lab.facts(facts.AlarmCleared)
        assert cleared.source == "e1-1/1" and lab.exchange.lines["e1-1/1"].available


def test_ordinary_short_calls_on_many_circuits_are_no_killer(seed):
    """The called party hangs up soon, whatever the circuit: nothing is blocked, for no circuit has six such calls in a row."""
    with Lab(seed=seed, tokens=True) as lab:
        kill_on(lab, "none")
        phone = lab.telephone("8006")
        for _ in range(8):
            phone.dials(CITY)
            lab.after(4.0)
            phone.hangs_up()
            lab.after(2.0)
        assert not lab.facts(facts.AlarmRaised)


def answer_tests(lab, tone="milliwatt"):
    """The far exchange's test line."""

    reached = []

    def stranger(called, line, setup):
        reached.append(line.name)
        party = lab.network.subscriber(f"{called} {len(reached)}")
        lab.simulation.clock.callLater(0.3, party.answer)
        if tone:
            lab.simulation.clock.callLater(0.6, party._order, SendTone(tones.progress(tone)))
        return party

    lab.network.stranger = stranger


@pytest.mark.parametrize("tokens", [False, True])
def test_a_test_call_over_one_circuit(seed, tokens):
    with Lab(seed=seed, tokens=tokens, changes=(TEST_LINES,)) as lab:
        view = view_of(lab)
        answer_tests(lab)
        assert view.test_call("e1-1/7", times=0) == "e1-1/7 has not been tested"
        assert view.test_call("e1-1/7", times=3) == "done"
        assert view.test_call("e1-1/7") == "e1-1/7 is in use or blocked"
        lab.wait(lambda: lab.facts(facts.CircuitTested), 60.0)
        (tested,) = lab.facts(facts.CircuitTested)
        assert (tested.line, tested.number, tested.good, tested.failed) == ("e1-1/7", "112", 3, ())
        assert view.test_call("e1-1/7", times=0).startswith("e1-1/7: 3 test calls to 112 good (answered after ")
        assert "calls in 0, out 3, answered 3" in view.circuit("e1-1/7")
        assert "16 normal clearing" in view.circuit("e1-1/7")


def test_test_calls_that_fail_say_why(seed):
    with Lab(seed=seed, tokens=True, changes=(TEST_LINES,)) as lab:
        view = view_of(lab)
        answer_tests(lab, tone="")
        view.test_call("e1-1/7")
        lab.after(15.0)
        assert "answered, but no tone was heard" in view.test_call("e1-1/7", times=0)
        lab.network.stranger = None
        view.test_call("e1-1/8")
        lab.after(15.0)
        assert "not answered, cause 1" in view.test_call("e1-1/8", times=0)
        assert "no trunk circuit" in view.test_call("sub-1/1")
        assert not lab.facts(facts.AlarmRaised)


@pytest.mark.parametrize("tokens", [False, True])
def test_our_test_line_answers_with_a_tone_and_clears(seed, tokens):
    with Lab(seed=seed, tokens=tokens, changes=(TEST_LINES, PLAN)) as lab:
        caller = lab.caller("13900000001").dials("10001").is_answered()
        caller.is_released(within=15.0)
        (established,) = lab.facts(facts.Established)
        (cleared,) = lab.facts(facts.ConnectionCleared)
        assert 9.0 < cleared.at - established.at < 12.0


def test_reset_brings_a_circuit_to_rest(seed):
    with Lab(seed=seed, tokens=True) as lab:
        caller = lab.caller("13900000001").dials("10086").is_answered()
        line = next(fact.line for fact in lab.facts(facts.Established))
        assert view_of(lab).reset(line) == "done"
        caller.is_released()
        lab.after(2.0)
        assert lab.exchange.lines[line].available
