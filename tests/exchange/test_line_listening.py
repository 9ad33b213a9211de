"""Listening to lines: a tone of a far exchange that no plan knows comes into a recording, from which it is learned."""

import msgspec
import pytest

from pbx.console_view import ConsoleView
from pbx.exchange import load_sounds
from pbx.journal import Journal, MemoryRing
from pbx.sound_file import decode_alaw
from pbx.tone_learning import learn
from pbx.tone_plan import china
from pbx.vocabulary import facts
from tests.lab import Lab
from tests.offices import exchange_lines, office, tie_lines

BUSY, DIAL = [270, 430], [400]


def view_of(lab):
    return ConsoleView(lab.simulation.exchange, Journal(MemoryRing()))


def strange_tones(lab, **tones):
    """The far exchange sends tones of its own, by name."""
    plan = china()
    tone = {name: msgspec.structs.replace(known, **tones.get(name, {})) for name, known in plan.tone.items()}
    load_sounds(lab.simulation.far, msgspec.structs.replace(plan, tone=tone), lab.sounds)


def recorded(lab, seconds):
    """What the lines say into the first recorder meanwhile."""
    said = b""
    for _ in range(seconds):
        lab.after(1.0)
        said += lab.simulation.near.read_recorder(0)[::2]
    return said


def test_a_busy_tone_that_no_plan_knows_is_learned_from_the_line(seed):
    with Lab(seed=seed, configuration=office(exchange_lines())) as lab:
        strange_tones(lab, busy={"frequency_hz": [480, 620], "level_dbm0": -13.0, "cadence_ms": BUSY})
        lab.network.refusals["87650017"] = 17
        name = view_of(lab).listen_line("co-1/2", 10, "87650017")
        assert name == "1-1-1"
        assert "waits for the line" in view_of(lab).listen_line("co-1/2", 0)
        said = recorded(lab, 20)
        tone = learn(decode_alaw(said), "the line")
        assert tone.frequency_hz == pytest.approx([480, 620], abs=2)
        assert tone.cadence_ms == pytest.approx(BUSY, abs=20)
        assert 9.8 < len(said) / 8000 < 10.2
        assert view_of(lab).listen_line("co-1/2", 0) == "co-1/2: 1-1-1 recorded for 10.0 s, cause 16"
        (started,) = lab.facts(facts.RecordingStarted)
        assert started.recording == name and started.line == "co-1/2"
        (record,) = lab.records()
        assert (record.called, record.direction) == ("87650017", "outgoing")


def test_a_dial_tone_that_no_plan_knows(seed):
    with Lab(seed=seed, configuration=office(exchange_lines())) as lab:
        strange_tones(lab, dial={"frequency_hz": DIAL})
        assert view_of(lab).listen_line("co-1/1", 4) == "1-1-1"
        assert "is being recorded" in view_of(lab).listen_line("co-1/1", 0)
        said = recorded(lab, 6)
        assert learn(decode_alaw(said)[8000:], "the line").frequency_hz == pytest.approx(DIAL, abs=2)


def test_a_far_end_that_clears_is_heard_to_the_end(seed):
    """The busy tone is known here, so the line says Disconnect: the recording goes on."""
    with Lab(seed=seed, tokens=True, configuration=office(exchange_lines())) as lab:
        lab.network.refusals["87650017"] = 17
        view_of(lab).listen_line("co-1/2", 12, "87650017")
        lab.after(40.0)
        started, stopped = lab.facts(facts.RecordingStarted)[0], lab.facts(facts.RecordingStopped)[0]
        assert stopped.at - started.at == pytest.approx(12.0, abs=0.1)


@pytest.mark.parametrize("line", ["e1-1/7", "tie-1/3"])
def test_a_trunk_is_listened_to_and_an_answer_ends_nothing(seed, line):
    with Lab(seed=seed, tokens=True, configuration=office(tie_lines())) as lab:
        city = lab.caller("87654321")
        assert view_of(lab).listen_line(line, 8, "87654321") == "1-1-1"
        city.is_rung().answers()
        lab.after(2.0)
        assert len(lab.facts(facts.Established)) == 1
        city.is_released()
        lab.after(5.0)


def test_who_gives_up_first(seed):
    """Nobody is there to answer; the operator clears; the far end lets go: the line is free again, and what was said is kept."""
    changes = (("no_answer_seconds = 60", "no_answer_seconds = 5"),)
    with Lab(seed=seed, tokens=True, configuration=office(exchange_lines(), changes=changes)) as lab:
        view = view_of(lab)
        lab.network.lines["co-1/1"].blocked.add("test")
        view.listen_line("co-1/1", 30)
        lab.after(3.0)
        view.clear("1-1")
        assert "recorded for 3.0 s, cause 16" in view.listen_line("co-1/1", 0)
        lab.network.lines["co-1/1"].blocked.clear()
        lab.after(5.0)
        lab.simulation.near_wires[3].faults(0).cut(True)
        lab.faulty = True
        lab.after(5.0)
        assert view.listen_line("co-1/1", 3) == "co-1/1 is in use or blocked"
        lab.simulation.near_wires[3].faults(0).cut(False)
        lab.after(10.0)


def test_what_cannot_be_listened_to(seed):
    with Lab(seed=seed, tokens=True, configuration=office(exchange_lines())) as lab:
        view = view_of(lab)
        assert view.listen_line("co-1/1", 0) == "co-1/1 has not been listened to"
        assert view.listen_line("sub-1/1", 5) == "sub-1/1 is no exchange line and no trunk"
        assert view.listen_line("co-1/1", -1) == view.listen_line("co-1/1", 301) == "a line is listened to for up to 300 seconds"
        assert "is no number" in view.listen_line("co-1/1", 5, "12x")
        lab.exchange.switch.recorders._free, free = [], lab.exchange.switch.recorders._free
        assert view.listen_line("co-1/1", 5) == "no recorder is free"
        lab.exchange.switch.recorders._free = free
        view.listen_line("co-1/1", 5)
        assert view.listen_line("co-1/1", 5) == "co-1/1 is in use or blocked"
        lab.after(20.0)


def test_listening_ends_with_control_and_the_line_is_free_again(seed):
    with Lab(seed=seed, tokens=True, configuration=office(exchange_lines(answer_supervision="reversal"))) as lab:
        city = lab.caller("87654321")
        view_of(lab).listen_line("co-1/1", 30, "87654321")
        city.is_rung(within=60.0).answers()
        lab.after(12.0)
        assert lab.facts(facts.Established)
        assert lab.simulation.kill_control() == 1
        lab.recorders_adopted = 1
        lab.exchange = lab.simulation.exchange
        lab.after(5.0)
        (stopped,) = lab.facts(facts.RecordingStopped)
        (cleared,) = lab.facts(facts.CallCleared)
        assert cleared.cause == 41 and stopped.recording == "1-1-1"
        assert lab.exchange.lines["co-1/1"].available
        lab.after(15.0)
