"""Our card on the kernel's own drivers, at both ends of a pair of spans: bits, sound, ringing, tie lines, frames, alarms, removal.

Runs inside the machine of ``rig/``. Ticks are paced by the clock, because DAHDI is; how many of them something takes is not asserted.
"""

import errno
import fcntl
import os
import random
import struct
import time
from pathlib import Path

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from pbx._plane import lib

from drivers.dahdi import AVAILABLE, Dahdi, DahdiSettings
from pbx.clock import VirtualClock
from pbx.signalling.r2.variant import load_variant
from tests.dahdi.rig.face import Control
from tests.dahdi.rig.machine import TWO_PAIRS
from tests.interop.openr2 import circuits as r2

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = TWO_PAIRS
IDLE = 0b1001
FAR = [*range(32, 47), *range(48, 63)]
TICK_S = 0.01
PATIENCE_TICKS = 1500


class Ends:
    """Two cards at the ends of one pair of spans, stepped by the clock; ``seen`` has (end, port, kind, value)."""

    def __init__(self, near, far):
        self.cards = (Dahdi(near), Dahdi(far))
        self.tick, self.seen, self.heard, self.say = 0, [], (b"", b""), (None, None)
        self._began = time.monotonic()
        missing = [card.missing() for card in self.cards]
        if missing != [{}, {}]:
            self.__exit__()
        assert missing == [{}, {}]

    def __enter__(self):
        self.steps(10)
        return self

    def __exit__(self, *_):
        for card in self.cards:
            card.close()

    def step(self):
        time.sleep(max(0.0, self._began + self.tick * TICK_S - time.monotonic()))
        heard = []
        for end, card in enumerate(self.cards):
            sound, events = card.read(self.tick)
            heard.append(sound)
            self.seen += [(end, e.port, e.kind, e.value) for e in events]
        self.heard = tuple(heard)
        for card, sound in zip(self.cards, self.say, strict=True):
            card.write(self.tick, sound)
        self.tick += 1

    def steps(self, ticks):
        for _ in range(ticks):
            self.step()

    def until(self, end, port, kind, value):
        """Steps until it is told; what was told before is forgotten."""
        for _ in range(PATIENCE_TICKS):
            if (end, port, kind, value) in self.seen:
                self.seen.clear()
                return
            self.step()
        raise AssertionError(f"end {end}, port {port}: no event {kind} = {value}; seen: {self.seen[-20:]}")

    def order(self, end, port, kind, value):
        self.seen.clear()
        self.cards[end].order(port, kind, value)


def circuits():
    return Ends(DahdiSettings(1, idle_bits=IDLE), DahdiSettings(32, idle_bits=IDLE))


def analog():
    return Ends(DahdiSettings(63, channels=8, kind="subscribers"), DahdiSettings(94, channels=8, kind="offices"))


def test_bits_go_both_ways_on_every_circuit(seed):
    with circuits() as ends:
        for port in random.Random(seed).sample(range(30), 30):
            ends.order(0, port, lib.CARD_ORDER_BITS, 0b0001)
            ends.until(1, port, lib.CARD_EVENT_BITS, 0b0001)
            ends.order(1, port, lib.CARD_ORDER_BITS, 0b1101)
            ends.until(0, port, lib.CARD_EVENT_BITS, 0b1101)
            assert ends.cards[0].levels(port).bits_in == 0b1101
        changed = [event for event in ends.seen if event[2] == lib.CARD_EVENT_BITS]
        assert changed == [], "the neighbour's nibble is nobody's event"


def test_sound_comes_out_on_the_circuit_on_which_it_went_in():
    with circuits() as ends:
        ends.say = tuple(b"".join(bytes([2 * port + end]) * 80 for port in range(30)) for end in (0, 1))
        wanted = (ends.say[1], ends.say[0])
        for _ in range(PATIENCE_TICKS):
            ends.step()
            if ends.heard == wanted:
                break
        assert ends.heard == wanted


def test_a_telephone_is_rung_answers_flashes_dials_and_is_cut_off():
    with analog() as ends:
        for on in (1, 0, 1):
            ends.order(0, 3, lib.CARD_ORDER_RING, on)
            ends.until(1, 3, lib.CARD_EVENT_RINGING, on)
        ends.order(1, 3, lib.CARD_ORDER_LOOP, 1)
        ends.until(0, 3, lib.CARD_EVENT_HOOK, 1)
        ends.order(0, 3, lib.CARD_ORDER_RING, 0)
        ends.steps(30)
        for closed in (0, 1) * 4:
            ends.order(1, 3, lib.CARD_ORDER_LOOP, closed)
            ends.until(0, 3, lib.CARD_EVENT_HOOK, closed)
        ends.order(0, 3, lib.CARD_ORDER_FEED, 0)
        ends.until(1, 3, lib.CARD_EVENT_BATTERY, 0)
        ends.until(1, 3, lib.CARD_EVENT_BATTERY, 1)
        ends.order(1, 3, lib.CARD_ORDER_LOOP, 0)
        ends.until(0, 3, lib.CARD_EVENT_HOOK, 0)
        ends.order(0, 3, lib.CARD_ORDER_FEED, 1)
        ends.steps(150)
        ends.order(0, 3, lib.CARD_ORDER_RING, 1)
        ends.until(1, 3, lib.CARD_EVENT_RINGING, 1)
        assert ends.cards[0].counters().refused_orders == 0


@pytest.mark.parametrize("port", [0, 2])
def test_tie_lines_of_both_kinds_carry_their_lead(port):
    ends = Ends(*(DahdiSettings(first, channels=4, idle_bits=0b1101, busy_bits=0b0101) for first in (71, 102)))
    with ends:
        for bits in (0b0101, 0b1101, 0b0101, 0b1101):
            ends.order(0, port, lib.CARD_ORDER_BITS, bits)
            ends.until(1, port, lib.CARD_EVENT_BITS, bits)
            assert all(event[0] == 1 for event in ends.seen), "our own seizure is none of the far end"


@pytest.mark.parametrize(
    ("near", "far"),
    [
        (DahdiSettings(1, signalling_channels=(16,)), DahdiSettings(32, signalling_channels=(16,))),
        (DahdiSettings(75, channels=3, signalling_channels=(4,)), DahdiSettings(106, channels=3, signalling_channels=(4,))),
    ],
    ids=["D channel", "No. 7 link"],
)
def test_frames_cross_whole(near, far, seed):
    generator = random.Random(seed)
    with Ends(near, far) as ends:
        sent = [generator.randbytes(length) for length in (5, 6, 64, 200, 260, 300)]
        got = []
        for frame in sent:
            ends.cards[0].send_frame(frame)
        for _ in range(PATIENCE_TICKS):
            ends.step()
            while (frame := ends.cards[1].take_frame()) is not None:
                got.append(frame)
            if len(got) >= len(sent):
                break
        assert [frame for n, frame in enumerate(got) if n == 0 or frame != got[n - 1]] == sent


def _configure(control, channels):
    """CAS again for channels that came back, as dahdi_cfg would."""
    for channel in channels:
        control.configure(channel, lib.DAHDI_SIG_CAS, IDLE)


def test_a_failed_span_is_told_and_its_end_too():
    with Dahdi(DahdiSettings(1, idle_bits=IDLE)) as near, Control() as control:
        ends = Ends.__new__(Ends)
        ends.cards, ends.tick, ends.seen, ends.say = (near,), 0, [], (None,)
        ends._began = time.monotonic()
        ends.steps(20)
        ends.seen.clear()
        control.destroy("1:1")
        ends.until(0, 29, lib.CARD_EVENT_ALARM, lib.CARD_ALARM_LOS)
        control.create("1:1")
        _configure(control, FAR)
        ends.until(0, 29, lib.CARD_EVENT_ALARM, 0)


def _device_of(span):
    return next(folder for folder in Path("/sys/bus/dahdi_devices/devices").iterdir() if (folder / f"span-{span}").exists())


def test_a_span_that_is_pulled_loses_itself_alone_and_comes_back():
    with circuits() as ends, Control() as control:
        device = _device_of(2)
        (device / "unassign_span").write_text("1\n")
        ends.until(1, 0, lib.CARD_EVENT_ALARM, lib.CARD_ALARM_LOS)
        assert ends.cards[0].counters().removals == 0 and ends.cards[1].counters().removals == 1
        assert not ends.cards[1].mend()
        (device / "auto_assign").write_text("1")
        _configure(control, FAR)
        assert ends.cards[1].mend() and ends.cards[1].missing() == {}
        ends.until(1, 0, lib.CARD_EVENT_ALARM, 0)
        ends.order(0, 7, lib.CARD_ORDER_BITS, 0b0101)
        ends.until(1, 7, lib.CARD_EVENT_BITS, 0b0101)


def test_a_channel_that_another_has_is_busy_and_comes_when_it_is_free():
    descriptor = os.open("/dev/dahdi/channel", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, lib.DAHDI_SPECIFY, struct.pack("i", 3))
    with Dahdi(DahdiSettings(1, idle_bits=IDLE)) as card:
        assert card.missing() == {3: "in use by another program"}
        os.close(descriptor)
        assert card.mend() and card.missing() == {}


def test_a_driver_without_maintenance_says_so():
    with Dahdi(DahdiSettings(1, idle_bits=IDLE)) as card, pytest.raises(Exception, match=os.strerror(errno.ENOSYS)):
        card.maintain("loop-local")


def test_one_channel_is_looped_by_the_kernel():
    with circuits() as ends:
        ends.cards[0].loop_channel(4)
        ends.say = (None, bytes([0x2A]) * 80 * 30)
        for _ in range(PATIENCE_TICKS):
            ends.step()
            if ends.heard[1][4 * 80 : 5 * 80] == bytes([0x2A]) * 80:
                break
        assert ends.heard[1][4 * 80 : 5 * 80] == bytes([0x2A]) * 80
        assert ends.heard[1][5 * 80 : 6 * 80] != bytes([0x2A]) * 80


def test_calls_by_china_no_1_go_through_the_kernel_both_ways(monkeypatch):
    """Line signals in bits, register signals in sound, both ends ours. A machine that lags loses sound, and a call with it: one of each way
    must get through."""
    cards = [Dahdi(DahdiSettings(first, idle_bits=0b1011, clear_ms=200)) for first in (1, 32)]
    waiting = list(cards)
    monkeypatch.setattr(r2, "Wire", lambda settings: waiting.pop(0))
    variant, clock = load_variant("china"), VirtualClock()
    near = r2.Circuits(variant, orders={slot: [r2.Order("51234", calling="87650000")] * 2 for slot in (1, 2, 3)}, clock=clock)
    far = r2.Circuits(variant, orders={slot: [r2.Order("55555", calling="1234567")] * 2 for slot in (17, 18, 19)}, clock=clock)
    near.start()
    far.start()

    def through(caller, called, number):
        ours = any(made.ours and "answered" in made.words() and "released: 16" in made.words() for made in caller.calls)
        return ours and any(not made.ours and made.called == number for made in called.calls)

    began = time.monotonic()
    for tick in range(6 * PATIENCE_TICKS):
        time.sleep(max(0.0, began + tick * TICK_S - time.monotonic()))
        clock.run_until(tick * TICK_S)
        if tick % 100 == 0 and through(near, far, "51234") and through(far, near, "55555"):
            break
    else:
        raise AssertionError([(made.called, made.words()) for made in near.calls + far.calls])
    for card in cards:
        card.close()
