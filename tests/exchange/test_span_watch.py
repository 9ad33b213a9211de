"""Spans as control and console see them: alarms, timing source, error performance, and loop-backs that spare calls and block circuits."""

import errno
import os

import pytest
from pbx._plane import lib

from pbx.console_view import ASKED, ConsoleView
from pbx.journal import Journal, MemoryRing
from pbx.span_tending import NO_MAINTENANCE, SpanTender
from pbx.vocabulary import facts
from tests.lab import Lab

CIRCUITS = 30


class Office:
    """A lab in virtual time whose spans are tended; ``cards`` may stand in the place of the first wires."""

    def __init__(self, lab, *cards):
        self.lab = lab
        self.cards = [*cards, *lab.simulation.near_wires[len(cards) :]]
        self.tend()

    def tend(self):
        self.tender = SpanTender(self.lab.simulation.near, self.cards, self.lab.simulation.clock.seconds)

    @property
    def view(self):
        return ConsoleView(self.lab.exchange, Journal(MemoryRing()))

    def seconds(self, count=1):
        for _ in range(count):
            self.lab.after(1.0)
            for card in self.cards:
                if hasattr(card, "mend"):
                    card.mend()
            self.tender.look()
            self.lab.exchange.floor.turn(self.lab.exchange.span_watch.look)

    def row(self):
        return next(iter(self.view.span_rows()))

    def blocked(self):
        return {name for name, line in self.lab.exchange.lines.items() if "local" in line.blocked}


def circuits(lab):
    return {name for name in lab.exchange.lines if name.startswith("e1-1/")}


@pytest.fixture
def office(seed):
    with Lab(seed=seed) as lab:
        lab.faulty = True
        yield Office(lab)


def test_a_span_of_which_nothing_was_said_has_a_name(office):
    assert office.row().span == "e1-1" and "nothing has been said" in office.row().alarms
    assert "nothing has been said" in office.view.maintain("e1-1", "loop-line")
    assert "there is no span" in office.view.span("e1-9") and "there is no span" in office.view.maintain("e1-9", "normal")


def test_alarms_of_a_wire_are_told_once_and_their_end(office):
    office.seconds(3)
    assert (office.row().card, office.row().alarms, office.row().framing) == ("wire", "none", "CRC-4 if the far end has it")
    office.lab.simulation.near_wires[0].faults(0).cut(True)
    office.seconds(5)
    assert office.row().alarms == "loss of signal"
    office.lab.simulation.near_wires[0].faults(0).cut(False)
    office.seconds(5)
    raised = [(fact.source, fact.text) for fact in office.lab.facts(facts.AlarmRaised)]
    assert raised == [("e1-1", "loss of signal")]
    assert [fact.source for fact in office.lab.facts(facts.AlarmCleared)] == ["e1-1"]
    assert office.row().severe_s >= 4 and "alarms standing: none" in office.view.span("e1-1")


def test_ten_bad_seconds_make_a_span_unavailable_and_a_person_is_told(office):
    office.seconds(2)
    office.lab.simulation.near_wires[0].faults(0).bit_errors(2e-3, 1)
    office.seconds(14)
    texts = [fact.text for fact in office.lab.facts(facts.AlarmRaised) if fact.source == "e1-1"]
    assert any("severely errored" in text or "loss of frame" in text for text in texts), office.view.span("e1-1")
    assert "not available now" in office.view.span("e1-1")
    office.lab.simulation.near_wires[0].faults(0).bit_errors(0.0, 1)
    office.seconds(12)
    assert "0 s, 0 available" not in office.view.span("e1-1") and " available now" in office.view.span("e1-1").replace("not available", "")
    assert office.lab.facts(facts.AlarmCleared)[-1].source == "e1-1"


def test_a_wire_has_no_loop_backs_but_counters_to_reset(office):
    office.lab.simulation.near_wires[0].faults(0).bit_errors(1e-4, 1)
    office.seconds(3)
    office.lab.simulation.near_wires[0].faults(0).bit_errors(0.0, 1)
    office.seconds(2)
    assert office.row().errored_s > 0
    assert office.view.maintain("e1-1", "reset-counters") == ASKED
    assert office.view.maintain("e1-1") == "reset-counters: not answered yet"
    assert office.view.maintain("e1-1", "normal") == "reset-counters has not been answered yet"
    office.seconds(2)
    assert office.view.maintain("e1-1") == "reset-counters: done; maintenance: normal"
    assert office.row().errored_s == 0 and "crc4 errors 0, fas errors 0" in office.view.span("e1-1")
    assert office.view.maintain("e1-1", "loop-line") == ASKED and office.blocked() == circuits(office.lab)
    office.seconds(2)
    assert office.view.maintain("e1-1") == f"loop-line: refused: {NO_MAINTENANCE}; maintenance: normal"
    assert office.blocked() == set()
    assert "there is no loop; there are normal" in office.view.maintain("e1-1", "loop")


@pytest.fixture
def real(seed):
    """The first span's card is one of DAHDI on a kernel that is played."""
    played = pytest.importorskip("tests.drivers.dahdi_kernel")
    if not hasattr(lib, "dahdi_create"):
        pytest.skip("built without dahdi/user.h (package dahdi-source)")
    kernel = played.Kernel()
    kernel.add(played.E1, lib.DAHDI_SIG_CAS)
    kernel.counters = {"lineconfig": lib.DAHDI_CONFIG_HDB3 | lib.DAHDI_CONFIG_CRC4, "syncsrc": 1}
    with Lab(seed=seed, tokens=True) as lab:
        card = played.Dahdi(played.DahdiSettings(first_channel=1), kernel.table)
        office = Office(lab, card)
        office.kernel = kernel
        office.seconds(2)
        yield office
        card.close()


def test_what_the_driver_says_is_shown(real):
    real.kernel.counters |= {"bpvcount": 3, "ebitcount": 5}
    real.kernel.channels[7].busy = True
    real.seconds()
    assert (real.row().framing, real.row().clock, real.row().unused) == ("CAS, HDB3, CRC-4", "clock from span 1", 0)
    said = real.view.span("e1-1")
    for words in ("e1-1: dahdi span 1, TEST/0", "bipolar violations 3", "e bits 5", "channels not in use: none", "performance: "):
        assert words in said, said


def test_channels_not_in_use_are_named_with_their_reason(real):
    real.cards[0].close()
    played = pytest.importorskip("tests.drivers.dahdi_kernel")
    real.kernel.channels[7].busy = True
    real.cards[0] = played.Dahdi(played.DahdiSettings(first_channel=1), real.kernel.table)
    real.tend()
    real.seconds()
    assert real.row().unused == 1
    assert "channels not in use: 7: in use by another program" in real.view.span("e1-1")
    real.cards[0].close()


def test_a_change_of_the_timing_source_is_a_fact(real):
    assert real.lab.facts(facts.TimingSourceChanged) == []
    real.kernel.counters["syncsrc"] = 2
    real.seconds(2)
    (changed,) = real.lab.facts(facts.TimingSourceChanged)
    assert (changed.span, changed.before, changed.now) == ("e1-1", 1, 2) and real.row().clock == "clock from span 2"
    real.kernel.counters["syncsrc"] = 0
    real.seconds()
    assert real.row().clock == "clock of its own" and len(real.lab.facts(facts.TimingSourceChanged)) == 2


def test_seconds_are_errored_by_what_the_driver_counts(real):
    errored = real.row().errored_s
    for counters in ({"crc4count": 1}, {"crc4count": 1}, {"crc4count": 301}, {"crc4count": 0}, {"fascount": 28}, {"ebitcount": 9}):
        real.kernel.counters |= counters
        real.seconds()
    assert (real.row().errored_s - errored, real.row().severe_s) == (3, 2)


def test_a_loop_back_blocks_the_circuits_until_it_is_taken_away(real):
    view, everything = real.view, circuits(real.lab)
    assert view.block("e1-1/4") == "done"
    assert view.maintain("e1-1", "loop-line") == ASKED
    assert real.blocked() == everything and len(everything) == CIRCUITS
    real.seconds()
    assert view.maintain("e1-1") == "loop-line: done; maintenance: loop-line" and real.row().maintenance == "loop-line"
    assert real.kernel.maintained == [(1, lib.DAHDI_MAINT_NETWORKLINELOOP)]
    real.lab.simulation.kill_control()
    real.lab.exchange = real.lab.simulation.exchange
    real.seconds(2)
    assert real.blocked() == everything
    assert real.view.maintain("e1-1", "normal") == ASKED
    real.seconds()
    assert real.blocked() == {"e1-1/4"} and real.kernel.maintained[-1] == (1, lib.DAHDI_MAINT_NONE)
    maintained = real.lab.facts(facts.SpanMaintained)
    assert [(fact.span, fact.action, fact.refused) for fact in maintained] == [("e1-1", "loop-line", ""), ("e1-1", "normal", "")]
    assert real.view.unblock("e1-1/4") == "done"
    real.lab.after(1.0)


def test_a_driver_that_cannot_is_quoted_and_the_circuits_come_back(real):
    real.kernel.refuse[lib.DAHDI_MAINT] = errno.ENOSYS
    assert real.view.maintain("e1-1", "pattern") == ASKED
    real.seconds()
    answer = real.view.maintain("e1-1")
    assert answer.startswith("pattern: refused: ") and os.strerror(errno.ENOSYS) in answer and answer.endswith("maintenance: normal")
    assert real.blocked() == set()
    assert os.strerror(errno.ENOSYS) in real.lab.facts(facts.SpanMaintained)[-1].refused


@pytest.mark.parametrize(
    ("action", "command"),
    [
        ("loop-local", "DAHDI_MAINT_LOCALLOOP"),
        ("loop-payload", "DAHDI_MAINT_NETWORKPAYLOADLOOP"),
        ("pattern", "DAHDI_MAINT_PRBS"),
        ("reset-counters", "DAHDI_RESET_COUNTERS"),
        ("one-fas-error", "DAHDI_MAINT_FAS_DEFECT"),
        ("one-crc4-error", "DAHDI_MAINT_CRC_DEFECT"),
    ],
)
def test_every_action_is_one_order_to_the_driver(action, command, real):
    assert real.view.maintain("e1-1", action) == ASKED
    real.seconds()
    assert real.kernel.maintained == [(1, getattr(lib, command))]
    assert real.view.maintain("e1-1").startswith(f"{action}: done")
    assert real.view.maintain("e1-1", "normal") == ASKED
    real.seconds()
    assert real.blocked() == set()


def test_errors_of_the_pattern_are_told_and_count_for_no_performance(real):
    real.view.maintain("e1-1", "pattern")
    real.seconds()
    before = real.row()
    real.kernel.counters |= {"becount": 17, "crc4count": 900}
    real.seconds(2)
    assert real.view.maintain("e1-1") == "pattern: done; maintenance: pattern; bit errors of the pattern 17"
    assert (real.row().errored_s, real.row().severe_s) == (before.errored_s, before.severe_s)
    real.view.maintain("e1-1", "normal")
    real.seconds()


def test_a_span_with_calls_is_left_alone_unless_forced(real):
    caller = real.lab.caller("13900000000").dials("10086")
    real.lab.after(8.0)
    (line,) = [line for line in real.lab.exchange.lines.values() if line.leg is not None and line.name.startswith("e1-1/")]
    real.seconds()
    assert real.view.maintain("e1-1", "loop-local") == "1 call is on it; clear or wait, or force=True"
    assert real.view.loop(line.name) == "1 call is on it; clear or wait, or force=True"
    assert real.blocked() == set() and real.kernel.maintained == []
    assert real.view.maintain("e1-1", "reset-counters") == ASKED, "what disturbs nobody needs no force"
    real.seconds()
    assert real.view.maintain("e1-1", "loop-local", force=True) == ASKED
    real.seconds()
    assert real.kernel.maintained[-1] == (1, lib.DAHDI_MAINT_LOCALLOOP) and real.blocked() == circuits(real.lab)
    real.view.maintain("e1-1", "normal")
    caller.hangs_up()
    real.lab.after(3.0)
    real.seconds(2)
    assert real.blocked() == set()


def test_one_channel_is_looped_while_the_others_work(real):
    assert real.view.loop("e1-1/17") == ASKED
    real.seconds()
    assert real.kernel.asked(lib.DAHDI_LOOPBACK) == [(17, 1)] and real.blocked() == {"e1-1/17"}
    assert real.view.maintain("e1-1") == "loop-channel e1-1/17: done; maintenance: normal"
    assert real.view.maintain("e1-1", "reset-counters") == ASKED
    real.seconds()
    assert real.blocked() == {"e1-1/17"}
    assert real.view.loop("e1-1/17", False) == ASKED
    real.seconds()
    assert real.kernel.asked(lib.DAHDI_LOOPBACK) == [(17, 1), (17, 0)] and real.blocked() == set()
    fact = real.lab.facts(facts.SpanMaintained)[-1]
    assert (fact.action, fact.line, fact.refused) == ("release-channel", "e1-1/17", "")
