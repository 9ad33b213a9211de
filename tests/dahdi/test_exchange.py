"""The whole product in the machine with DAHDI's drivers, calling itself: what supervisor, plane, control and console make of real channels.

China No.1 both ways, with register signals in sound through the kernel; calls between FXO and FXS; a span that is pulled; control killed; a
plane that is stopped longer than the kernel's buffers last. One exchange for all tests of the module, which is at rest between them.
"""

import random
import re
import signal
import time
from pathlib import Path

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from pbx._plane import lib

from drivers.dahdi import AVAILABLE
from pbx.vocabulary.call import NORMAL_CLEARING
from tests.dahdi import circle
from tests.dahdi.circle import Circle
from tests.dahdi.rig.face import Control

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = circle.SYSTEM_CONF
pytestmark = pytest.mark.usefixtures("virtual_time")
PATIENCE_S = 600.0
IDLE = 0b1011
TEST_CALLS, CIRCUITS = 3, 6
LATE_S = 0.02
STALL_S = 0.3


@pytest.fixture(scope="module")
def exchange(tmp_path_factory):
    made = Circle(tmp_path_factory.mktemp("circle"))
    yield made
    assert made.close() == 0
    assert "Traceback" not in made.words()
    assert made.rows("SELECT call FROM calls WHERE ended_at IS NULL") == []


@pytest.fixture(autouse=True)
def at_rest(exchange):
    yield
    exchange.ask("[switch.clear(row.call) for row in calls]")
    exchange.until(lambda: exchange.ask("len(calls)") == "0", "calls are left")
    exchange.until(lambda: exchange.ask("len(lines(state='Idle'))") == exchange.ask("len(lines)"), "lines are not idle")


class Steps:
    """The steps of calls from now on."""

    def __init__(self, exchange):
        self.exchange = exchange
        self._from = len(exchange.words())

    def of(self, line):
        """What a line did: its words, without time and call."""
        found = re.findall(rf"^ *[\d.]+ +(?:[\d-]+ +)?{re.escape(line)} +(.*)$", self.exchange.words()[self._from :], re.M)
        return found

    def await_step(self, line, words):
        """Wait until a line has done it."""
        self.exchange.until(lambda: any(step.startswith(words) for step in self.of(line)), f"{line}: {words}")

    def in_order(self, line, *wanted):
        """Whether a line did these, one after the other, whatever stands between."""
        steps = iter(self.of(line))
        for words in wanted:
            assert any(step.startswith(words) for step in steps), f"{line}: no {words!r} in its place: {self.of(line)}"


def lines_of_calls(exchange):
    """The lines of calls that are connected."""
    return sorted(exchange.ask("' '.join(row.lines for row in calls(state='Connected'))").strip("'").replace(",", "").split())


def analog_chain(exchange):
    """8001 and 8002 talk; at their ends two lines to another exchange wait in the queue."""
    assert exchange.ask("switch.place('8001', '8002')") == "'done'"
    wanted = ["board/1", "board/2", "co/1", "co/2"]
    exchange.until(lambda: lines_of_calls(exchange) == wanted, "8001 and 8002 do not talk")
    return wanted


def trunk_chain(exchange):
    """8003 talks over a trunk to the queue."""
    assert exchange.ask("switch.place('8003', '510086')") == "'done'"
    exchange.until(lambda: "west/" in " ".join(lines_of_calls(exchange)), "8003 does not reach the queue over east and west")


def begin_test_calls(exchange, times):
    """Calls to the test line over circuits of both ends; returns the circuits."""
    circuits = [f"{span}/{first + n}" for span, first in (("east", 1), ("west", 17)) for n in range(CIRCUITS)]
    for name in circuits:
        assert exchange.ask(f"switch.test_call('{name}', times={times})") == "'done'"
    return circuits


def reports(exchange, circuits):
    return [exchange.ask(f"switch.test_call('{name}', times=0)") for name in circuits]


def all_good(exchange, steps, circuits, times):
    """Every call was answered with the tone, and every number came whole: a digit doubled or lost makes another number, or none."""
    found = reports(exchange, circuits)
    assert all(f"{times} test calls to 10001 good" in words and "failed" not in words for words in found), found
    for out in circuits:
        into = out.replace("east", "west") if out.startswith("east") else out.replace("west", "east")
        assert not [step for step in steps.of(out) + steps.of(into) if step.startswith("??")]
        assert [step for step in steps.of(into) if step.startswith("== calls")] == ["== calls 10001"] * times


def test_china_no_1_both_ways_with_every_number_whole(exchange):
    steps = Steps(exchange)
    circuits = begin_test_calls(exchange, TEST_CALLS)
    exchange.until(lambda: not any("to come" in words for words in reports(exchange, circuits)), "test calls do not end", 120)
    all_good(exchange, steps, circuits, TEST_CALLS)


def test_a_plane_late_by_twenty_milliseconds_again_and_again_breaks_no_number(exchange, seed):
    """So much the buffers bear (drivers/dahdi_channel.h), with register signals under way on twelve circuits."""
    generator, steps = random.Random(seed), Steps(exchange)
    circuits = begin_test_calls(exchange, 1)
    for _ in range(10):
        time.sleep(generator.uniform(0.1, 0.3))
        exchange.kill("plane", signal.SIGSTOP)
        time.sleep(LATE_S)
        exchange.kill("plane", signal.SIGCONT)
    exchange.until(lambda: not any("to come" in words for words in reports(exchange, circuits)), "test calls do not end", 120)
    all_good(exchange, steps, circuits, 1)


def test_fxo_and_fxs_ring_tell_who_calls_dial_answer_and_release(exchange):
    """co/1 takes the line of 8001 and dials through it, over east and west, to 8002, whose line ends at co/2: every signal of both kinds of
    port, over the kernel."""
    steps = Steps(exchange)
    assert exchange.ask("switch.test_call('co/1', '78002')") == "'done'"
    steps.await_step("board/2", "<- on-hook")
    steps.in_order("co/1", "<- dial tone", "-> digits 78002", "<- ring-back tone", "== is rung", "== answered", "-> loop open")
    steps.in_order("board/1", "<- off-hook", "-> dial tone", *(f"<- digit {digit}" for digit in "78002"), "== answered", "<- on-hook")
    steps.in_order("board/2", "-> ringing 1 s / 4 s", "-> caller identity 8001", "<- off-hook", "== answered", "-> busy tone", "<- on-hook")
    steps.in_order("co/2", "<- caller 8001 by modem", "-> loop closed", "== answered", "<- busy tone", "-> loop open")
    for line in ("co/1", "co/2", "board/1", "board/2"):
        assert not [step for step in steps.of(line) if step.startswith("??")]


def test_a_pulled_span_loses_its_own_calls_alone_and_comes_back_by_itself(exchange):
    steps = Steps(exchange)
    analog = analog_chain(exchange)
    trunk_chain(exchange)
    with Control() as control:
        device = next(folder for folder in Path("/sys/bus/dahdi_devices/devices").iterdir() if (folder / "span-2").exists())
        (device / "unassign_span").write_text("1\n")
        usable = "len(lines(kind='trunk', blocked=''))"
        exchange.until(lambda: exchange.ask(usable) == str(circle.LINES), "circuits without a span are in use")
        exchange.until(lambda: set(lines_of_calls(exchange)) <= {*analog, "co/3"}, "a call over the pulled span goes on")
        assert set(analog) <= set(lines_of_calls(exchange))
        (device / "auto_assign").write_text("1")
        for channel in range(circle.WEST, circle.WEST + circle.TRUNKS):
            control.configure(channel, lib.DAHDI_SIG_CAS, IDLE)
    exchange.until(lambda: exchange.ask("len(lines(blocked=''))") == exchange.ask("len(lines)"), "circuits do not come back", 90)
    assert set(analog) <= set(lines_of_calls(exchange))
    assert exchange.ask("switch.test_call('east/20')") == "'done'"
    steps.await_step("west/20", "== calls 10001")


def test_calls_outlive_a_killed_control_and_are_released_by_the_next(exchange):
    steps = Steps(exchange)
    analog_chain(exchange)
    trunk_chain(exchange)
    before = lines_of_calls(exchange)
    calls = exchange.ask("' '.join(row.call for row in calls)").strip("'").split()
    assert len(calls) >= 6
    exchange.kill("control", signal.SIGKILL)
    exchange.until(lambda: exchange.words().count("control: ready") == 2, "no new control")
    time.sleep(1.0)
    assert lines_of_calls(exchange) == before
    exchange.ask("[switch.clear(row.call) for row in calls]")
    exchange.until(lambda: exchange.ask("len(calls)") == "0", "calls are left")
    west = next(line for line in before if line.startswith("west/"))
    steps.await_step(west, "-> release guard")
    exchange.until(lambda: {call for (call,) in exchange.rows("SELECT call FROM cdr")} >= set(calls), "records are missing")
    causes = {cause for call, cause in exchange.rows("SELECT call, cause FROM cdr") if call in calls}
    assert causes == {NORMAL_CLEARING}


def test_a_plane_that_was_stopped_tells_what_was_lost_and_loses_no_call(exchange):
    analog_chain(exchange)
    trunk_chain(exchange)
    before = lines_of_calls(exchange)
    exchange.kill("plane", signal.SIGSTOP)
    time.sleep(STALL_S)
    exchange.kill("plane", signal.SIGCONT)
    told = re.compile(r"plane: span (\w+): sound was lost: (\d+) overruns, (\d+) underruns, (\d+) starved")
    channels = {"east": 30, "west": 30, "board": circle.LINES, "co": circle.LINES}
    exchange.until(lambda: {found[1] for found in told.finditer(exchange.words())} == set(channels), "losses are not told")
    for found in told.finditer(exchange.words()):
        assert int(found[2]) >= channels[found[1]] and int(found[3]) >= channels[found[1]], found[0]
        assert int(found[4]) <= channels[found[1]] * STALL_S * 100, found[0]
    time.sleep(2.0)
    assert lines_of_calls(exchange) == before
