"""The plane goes by a line (pbx/dsp/pace.h): hours of virtual time on lines whose clocks are not the computer's, lost and found again."""

import itertools
import threading
import time

import pytest
from pbx._plane import lib

if not hasattr(lib, "dahdi_create"):
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

from drivers.dahdi import Dahdi, DahdiSettings
from pbx.media import Layout, Plane
from tests.drivers.dahdi_kernel import SILENCE, Kernel
from tests.drivers.timed_kernel import TICK_NS, Drive, Jiffies, TimedKernel

SETTLED_TICKS = 300
HOUR_TICKS = 360_000
LOSSES = ("starved", "dropped", "refused", "underruns", "overruns")


class Bench:
    """One or two lines, their cards and the pace."""

    def __init__(self, *ppm, paces=(True, True), phase_ns=0, clear_ms=0, jiffies=None):
        self.kernel = TimedKernel(*ppm, phase_ns=phase_ns, jiffies=jiffies)
        self.cards = [
            Dahdi(DahdiSettings(number, channels=1, paces=wanted, raise_ms=0, clear_ms=clear_ms), self.kernel.table)
            for number, wanted in zip(self.kernel.lines, paces, strict=False)
        ]
        self.drive = Drive(self.kernel, self.cards)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for card in self.cards:
            card.close()

    def losses(self, card=0):
        counted = self.cards[card].counters()
        return {name: getattr(counted, name) for name in LOSSES}

    def lost(self, ticks, card=0):
        """What was lost within so many ticks."""
        before = self.losses(card)
        self.drive.run(ticks)
        return {name: count - before[name] for name, count in self.losses(card).items() if count != before[name]}

    def alarm(self, card, standing):
        self.kernel.alarms = lib.DAHDI_ALARM_RED * standing
        channel = self.kernel.channels[card + 1]
        channel.events.append(lib.DAHDI_EVENT_ALARM if standing else lib.DAHDI_EVENT_NOALARM)

    def paces(self):
        return self.drive.state().card


@pytest.mark.parametrize("ppm", [-1000, -100, 100, 1000])
def test_an_hour_by_a_line_loses_nothing(ppm):
    with Bench(ppm) as bench:
        bench.drive.run(SETTLED_TICKS)
        began, ticks = bench.kernel.now_ns, bench.drive.tick
        assert bench.lost(HOUR_TICKS) == {}
        took = (bench.kernel.now_ns - began) / (bench.drive.tick - ticks)
        assert took == pytest.approx(TICK_NS / (1 + ppm / 1e6), rel=1e-6), "it goes by the line, not by the clock"
        state = bench.drive.state()
        assert (state.card, state.switches) == (0, 1)
        assert bench.drive.worst_late_ns < TICK_NS


@pytest.mark.parametrize(("ppm", "what"), [(-1000, {"starved", "refused"}), (1000, {"dropped", "underruns"})])
def test_by_the_clock_it_does_lose(ppm, what):
    """What the above would see if it went by the clock: a block each ten seconds."""
    with Bench(ppm, paces=(False,)) as bench:
        bench.drive.run(SETTLED_TICKS)
        lost = bench.lost(20_000)
        assert bench.paces() == lib.PACE_BY_CLOCK
        assert what & lost.keys() and sum(lost.values()) >= 15, lost


@pytest.mark.parametrize("phase_ns", [0, 1_000_000, 4_900_000, 9_900_000])
def test_a_second_line_of_the_same_clock_loses_nothing_whatever_its_phase(phase_ns):
    with Bench(50, 50, paces=(True, False), phase_ns=phase_ns) as bench:
        bench.drive.run(SETTLED_TICKS)
        assert bench.lost(20_000, 0) == bench.lost(20_000, 1) == {}


@pytest.mark.parametrize("phase_ns", [*range(0, 500_000, 100_000), 2_000_000, 5_000_000, 9_800_000])
def test_a_kernel_that_moves_sound_each_ten_milliseconds_loses_nothing(phase_ns, seed):
    """A block that is complete about when the kernel moves it comes now, or 10 ms later and then two at once."""
    with Bench(0, 0, paces=(True, False), phase_ns=phase_ns, jiffies=Jiffies(seed)) as bench:
        bench.drive.run(SETTLED_TICKS)
        assert bench.lost(5000, 0) == {}, f"seed {seed}"
        assert sum(bench.losses(1).values()) <= 8 and bench.lost(5000, 1) == {}, f"seed {seed}"


def test_blocks_that_come_in_pairs_make_no_pairs_of_ticks():
    with Bench(100) as bench:
        bench.kernel.lines[1].burst = 2
        bench.drive.run(1000)
        moments = []
        for _ in range(300):
            bench.drive.run(1)
            moments.append(bench.kernel.now_ns)
        steps = [after - before for before, after in itertools.pairwise(moments)]
        assert min(steps) > TICK_NS / 3, f"the shortest step {min(steps) / 1e6} ms"
        assert bench.paces() == 0


def test_late_ticks_are_made_up_and_nothing_is_left_out():
    with Bench(100) as bench:
        bench.drive.run(SETTLED_TICKS)
        began, ticks = bench.kernel.now_ns, bench.drive.tick
        bench.drive.run(1, work_ns=25_000_000)
        assert bench.lost(200) == {}, "the buffers bridge it"
        assert bench.drive.worst_late_ns > TICK_NS
        assert (bench.kernel.now_ns - began) / TICK_NS == pytest.approx(bench.drive.tick - ticks, abs=1.5)


def test_a_stall_longer_than_the_buffers_is_made_up_by_the_clock():
    with Bench(100) as bench:
        bench.drive.run(SETTLED_TICKS)
        began, ticks = bench.kernel.now_ns, bench.drive.tick
        bench.drive.run(1, work_ns=1_000_000_000)
        bench.drive.run(300)
        assert (bench.kernel.now_ns - began) / TICK_NS == pytest.approx(bench.drive.tick - ticks, abs=1.5)
        assert bench.paces() == 0
        assert bench.lost(2000) == {}


def test_waking_late_again_and_again_is_no_lateness_of_the_line():
    """Each 32nd tick is 45 ms late, more than the buffers bridge: ticks are as many as blocks all the same."""
    with Bench(100) as bench:
        bench.drive.run(SETTLED_TICKS)
        began, ticks = bench.kernel.now_ns, bench.drive.tick
        for _ in range(300):
            bench.kernel.oversleeps_ns = 45_000_000
            bench.drive.run(32)
        blocks = (bench.kernel.now_ns - began) / bench.kernel.lines[1].block_ns
        assert blocks == pytest.approx(bench.drive.tick - ticks, abs=3)
        assert bench.paces() == 0


COST_BLOCKS = 3
"""What a span that is lost, or found again, may cost another span, in blocks of either direction."""


@pytest.mark.parametrize("ppm", [-1000, 1000])
def test_a_line_that_falls_silent_costs_others_little_and_is_gone_by_again(ppm):
    """The second line, of the same clock, paces meanwhile."""
    with Bench(ppm, ppm, phase_ns=3_000_000) as bench:
        bench.drive.run(SETTLED_TICKS)
        assert bench.paces() == 0
        bench.kernel.lines[1].stopped = True
        lost = bench.lost(500, card=1)
        assert bench.paces() == 1 and sum(lost.values()) <= COST_BLOCKS, lost
        assert bench.lost(5000, card=1) == {}
        bench.kernel.lines[1].stopped = False
        lost = bench.lost(500, card=1)
        assert bench.paces() == 0 and sum(lost.values()) <= COST_BLOCKS, lost
        assert bench.lost(5000, card=1) == bench.lost(5000, card=0) == {}
        assert bench.drive.state().switches == 4, "first, the clock, second, first"


def test_an_alarm_lets_the_next_line_pace_at_once_and_its_end_must_last():
    with Bench(20, 20, clear_ms=200) as bench:
        bench.drive.run(SETTLED_TICKS)
        before = bench.kernel.now_ns
        bench.alarm(0, True)
        bench.drive.run(2)
        assert bench.paces() == 1
        assert bench.kernel.now_ns - before < 3 * TICK_NS, "nobody waited"
        bench.alarm(0, False)
        bench.drive.run(15)
        assert bench.paces() == 1
        bench.drive.run(30)
        assert bench.paces() == 0
        assert bench.lost(1000, card=1) == {}


def test_without_any_line_it_goes_by_the_clock():
    with Bench(1000) as bench:
        bench.drive.run(SETTLED_TICKS)
        bench.alarm(0, True)
        bench.drive.run(10)
        began, ticks = bench.kernel.now_ns, bench.drive.tick
        bench.drive.run(1000)
        assert (bench.kernel.now_ns - began) / (bench.drive.tick - ticks) == pytest.approx(TICK_NS, rel=1e-6)
        state = bench.drive.state()
        assert (state.card, state.held_over >= 1000) == (lib.PACE_BY_CLOCK, True)


def test_a_line_that_is_pulled_is_left_at_once():
    with Bench(20, 20) as bench:
        bench.drive.run(SETTLED_TICKS)
        bench.kernel.channels[1].gone = True
        bench.drive.run(3)
        assert bench.paces() == 1 and bench.drive.worst_late_ns < TICK_NS
        assert bench.lost(1000, card=1) == {}


def test_a_card_that_may_not_pace_is_no_card_to_go_by():
    with Bench(1000, paces=(False,)) as bench:
        bench.drive.run(100)
        assert bench.drive.state().held_over == 0


def test_a_signal_ends_the_waiting_and_the_tick_is_still_to_come():
    with Bench(20) as bench:
        bench.drive.run(10)
        before, read = bench.drive.state(), bench.cards[0].counters().ticks
        bench.kernel.interrupted = True
        with pytest.raises(InterruptedError):
            bench.drive.run(1)
        assert bench.drive.state().due_ns == before.due_ns and bench.cards[0].counters().ticks == read
        bench.drive.run(10)
        assert bench.drive.state().switches == before.switches


class Breathing(Kernel):
    """A kernel whose only channel has a block whenever somebody has waited a little for it."""

    def _wait(self, _, fd, most_ns):
        channel = self._channel(fd)
        if most_ns and not channel.received:
            time.sleep(0.002)
        channel.hear(SILENCE)
        del channel.received[4:], self.calls[:]
        return lib.DAHDI_FOUND_BLOCK


def test_the_pacer_of_a_plane_goes_by_its_card_and_says_so():
    kernel = Breathing()
    kernel.add([1], lib.DAHDI_SIG_CAS)
    with Dahdi(DahdiSettings(1, channels=1, raise_ms=0, clear_ms=0), kernel.table) as card:
        plane = Plane.create(Layout(ports=30, prompt_octets=1 << 16, journal_octets=1 << 17))
        plane.add_card(card.card)
        thread = threading.Thread(target=plane.run)
        thread.start()
        patience = time.monotonic() + 30
        while plane.ticks < 50 and time.monotonic() < patience:
            time.sleep(0.01)
        plane.stop()
        thread.join(30)
        counters = plane.counters()
        plane.close()
        assert counters["ticks"] >= 50 and card.counters().ticks == counters["ticks"]
        assert (counters["pacing_card"], counters["pacing_switches"]) == (1, 1)
        assert 1 <= counters["held_over_ticks"] < counters["ticks"]
