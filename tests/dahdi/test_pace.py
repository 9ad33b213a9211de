"""The plane's pacer by the blocks of the kernel's own drivers, beside a clock that is wrong: what is lost, printed.

Runs inside the machine of ``rig/``. DAHDI goes by the machine's clock there, so it is the clock of the pacer that is made wrong: by 2000
millionths, a block in five seconds. What is lost is asserted where time is virtual; on the host's clock a busy host loses what it likes.
"""

import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from pbx._plane import ffi, lib

from drivers.dahdi import AVAILABLE, Dahdi, DahdiSettings
from tests.dahdi.rig.machine import TWO_PAIRS

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = TWO_PAIRS
VIRTUAL = "time-travel" in Path("/proc/cmdline").read_text(encoding="ascii")
"""Whether the machine's time stands while anything runs: then nothing is lost because the host is busy."""
IDLE = 0b1001
WRONG = 1.002
CHANNELS = 4
SECONDS = 25
SETTLED_TICKS = 200
LOSSES = ("starved", "dropped", "refused", "underruns", "overruns")


class WrongClock:
    """The machine's clock, too fast or too slow from now on."""

    def __init__(self, rate):
        self._rate, self._zero = rate, time.monotonic_ns()
        self._now = ffi.callback("uint64_t(void *)", lambda _: self.now())
        self._sleep = ffi.callback("int(void *, uint64_t)", self._sleep_until)
        self.table = ffi.new("struct pace_clock *", {"now_ns": self._now, "sleep_until": self._sleep})

    def now(self):
        return self._zero + int((time.monotonic_ns() - self._zero) * self._rate)

    def _sleep_until(self, _, at_ns):
        time.sleep(max(0, at_ns - self.now()) / 1e9 / self._rate)
        return 0


def run(paces, rate):
    """Two spans that face each other, ticked for some time; (ticks, seconds, losses of each card in blocks, the pace's state)."""
    clock = WrongClock(rate)
    cards = [Dahdi(DahdiSettings(first, channels=CHANNELS, idle_bits=IDLE, paces=paces)) for first in (1, 32)]
    pace = ffi.gc(lib.pace_create(clock.table), lib.pace_close)
    for card in cards:
        assert lib.pace_add(pace, card.card) == 0
    late, state = ffi.new("uint64_t *"), ffi.new("struct pace_state *")
    sound, events = ffi.new("uint8_t[]", bytes([0xD5]) * 2400), ffi.new("struct card_event[]", 256)
    before, began, tick, lates = [], time.monotonic(), 0, 0
    while time.monotonic() - began < SECONDS:
        if tick == SETTLED_TICKS:
            before, began = [card.counters() for card in cards], time.monotonic()
        assert lib.pace_wait(pace, late) == 0
        lates += late[0] > 10_000_000 and tick > SETTLED_TICKS
        for card in cards:
            lib.card_read(card.card, sound, events, 256, tick)
        for card in cards:
            lib.card_write(card.card, sound, tick)
        tick += 1
    seconds, after = time.monotonic() - began, [card.counters() for card in cards]
    lib.pace_state(pace, state)
    for card in cards:
        card.close()
    lost = [{name: getattr(a, name) - getattr(b, name) for name in LOSSES} for a, b in zip(after, before, strict=True)]
    lost = [{name: count / CHANNELS for name, count in one.items() if count} for one in lost]
    return tick - SETTLED_TICKS, seconds, lates, lost, (state.card, state.switches, state.held_over)


@pytest.mark.parametrize("rate", [WRONG, 1 / WRONG], ids=["clock too fast", "clock too slow"])
def test_it_goes_by_the_line_where_it_may_and_by_the_clock_where_not(rate):
    for paces in (False, True):
        ticks, seconds, lates, lost, state = run(paces, rate)
        by = "by the line" if paces else "by the clock"
        sys.stdout.write(f"{by}: {ticks / seconds:.3f} ticks a second, late {lates}, blocks lost a channel {lost}; {state}\n")
        assert state[0] == (0 if paces else lib.PACE_BY_CLOCK)
        if VIRTUAL:
            assert paces == (lost == [{}, {}]), "what goes by the line loses nothing, what goes by a wrong clock does"
