"""Bit error measurements from the console on lines taken out of use, and what it shows of a line."""

from pbx.console_view import ConsoleView
from pbx.journal import Journal, MemoryRing
from pbx.vocabulary import facts
from pbx.vocabulary.media import TEST_PATTERNS, LineTest
from tests.lab import Lab

LINE = "e1-1/5"


def view_of(lab):
    return ConsoleView(lab.simulation.exchange, Journal(MemoryRing()))


def blocked(lab):
    view = view_of(lab)
    assert view.block(LINE) == "done"
    lab.after(0.5)
    return view


def far_end_sends(lab, pattern):
    """The far end of the circuit sends the pattern too, or nothing of the kind."""
    port = lab.network.lines[LINE].port
    command = LineTest(TEST_PATTERNS[pattern]) if pattern else LineTest(sends=False, receives=False)
    lab.simulation.far.send(port, command)


def test_a_line_that_carries_every_bit(seed):
    with Lab(seed=seed) as lab:
        view = blocked(lab)
        assert view.line_test(LINE) == f"{LINE} has not been tested"
        far_end_sends(lab, "2^15-1")
        assert view.line_test(LINE, "2^15-1", 3) == "done"
        assert view.line_test(LINE, "2^15-1", 3) == f"{LINE} is being tested"
        lab.after(2.05)
        assert view.line_test(LINE).startswith(f"{LINE}: 2 s of 2^15-1: 0 of 12") and view.line_test(LINE).endswith("; 3 s in all")
        lab.after(1.5)
        (ended,) = lab.facts(facts.LineTestEnded)
        assert (ended.line, ended.pattern, ended.seconds, ended.errors, ended.reason) == (LINE, "2^15-1", 3, 0, "")
        assert 3 * 64000 - 6400 < ended.bits <= 3 * 64000 and ended.errored_seconds == 0
        assert view.line_test(LINE).endswith("0 errored and 0 severely errored seconds; ended")
        far_end_sends(lab, "")
        lab.after(1.5)
        assert len(lab.facts(facts.LineTestEnded)) == 1
        assert view.unblock(LINE) == "done"
        lab.after(1.0)


def test_another_pattern_is_no_pattern(seed):
    with Lab(seed=seed) as lab:
        view = blocked(lab)
        far_end_sends(lab, "2^11-1")
        view.line_test(LINE, "2^15-1", 2)
        lab.after(3.0)
        (ended,) = lab.facts(facts.LineTestEnded)
        assert ended.seconds == 2 and ended.severely_errored_seconds == 2
        far_end_sends(lab, "")
        view.unblock(LINE)
        lab.after(1.0)


def test_a_line_brought_back_is_tested_no_more(seed):
    with Lab(seed=seed) as lab:
        view = blocked(lab)
        view.line_test(LINE, "2^15-1", 60)
        lab.after(1.5)
        view.unblock(LINE)
        lab.after(1.0)
        (ended,) = lab.facts(facts.LineTestEnded)
        assert ended.reason == "unblocked" and ended.bits == 0
        assert view.line_test(LINE) == f"{LINE}: 1 s of 2^15-1: not synchronised; ended early: unblocked"


def test_a_test_ends_with_its_control(seed):
    with Lab(seed=seed) as lab:
        view = blocked(lab)
        far_end_sends(lab, "2^15-1")
        lab.simulation.far.send(lab.network.lines[LINE].port, LineTest(TEST_PATTERNS["2^15-1"], sends=False))
        view.line_test(LINE, "2^15-1", 60)
        lab.after(1.5)
        lab.simulation.kill_control()
        lab.after(3.0)
        again = view_of(lab)
        assert again.line_test(LINE) == f"{LINE} has not been tested"
        assert again.line_test(LINE, "2^15-1", 1) == "done", "the line is still blocked and free"
        lab.after(2.0)
        far_end_sends(lab, "")
        again.unblock(LINE)
        lab.after(1.0)


def test_what_cannot_be_tested(seed):
    with Lab(seed=seed, tokens=True) as lab:
        view = view_of(lab)
        assert "block it first" in view.line_test(LINE, "2^15-1", 3)
        assert view.block(LINE) == "done"
        lab.after(0.5)
        assert "there are 2^9-1, 2^11-1" in view.line_test(LINE, "2^16-1", 3)
        assert "from 1 to 86400" in view.line_test(LINE, "2^15-1", 0)
        view.unblock(LINE)
        lab.after(1.0)


def test_where_there_are_no_octets_a_test_ends_of_itself(seed):
    lab = Lab(seed=seed, tokens=True)
    view = blocked(lab)
    assert view.line_test(LINE, "2^15-1", 3) == "done"
    lab.after(6.0)
    (ended,) = lab.facts(facts.LineTestEnded)
    assert ended.reason == "the plane tells nothing" and ended.seconds == 0
    assert lab.simulation.exchange.plane.counters()["rejected_commands"] == 1, "the beginning is refused, the end is not"


def test_what_stands_on_a_line(seed):
    changes = (('line = "sub-1/6"', 'line = "sub-1/6"\necho_tail_ms = 64'),)
    with Lab(seed=seed, changes=changes) as lab:
        lab.faulty = True
        view = view_of(lab)
        assert view.levels(LINE) == "receives 1011, sends 1011; no alarm"
        assert view.levels("sub-1/6") == "on-hook; no alarm"
        assert view.echo("sub-1/6") == "no echo canceller works there now"
        lab.caller("13900000000").dials("8006")
        telephone = lab.telephone("8006").is_rung()
        telephone.answers()
        lab.after(1.0)
        assert view.levels("sub-1/6") == "off-hook; no alarm"
        assert view.echo("sub-1/6").startswith("64 ms: not converged; echo return loss")
        telephone.hangs_up()
        lab.after(1.0)
        lab.simulation.near_wires[1].faults(0).cut()
        lab.after(1.0)
        assert view.levels("e1-2/5").endswith("; loss of signal")
        lab.simulation.near_wires[1].faults(0).cut(False)
        lab.after(5.0)
