"""Frames from Python to Python: ``SendFrame`` over arena, plane, card and kernel to ``Frame`` at the other end of a pair of spans.

Runs inside the machine of ``rig/``: a D channel whose check sequence the kernel makes, and a signalling link of No. 7, two planes
stepped by the clock. Faults are made by octets that a plain channel (``clear``) sends to a D channel, and so are fill-in units without
end: the kernel's own signalling links send the last unit again and again, but tell no received unit twice. The first frame on a fresh
channel may be lost.
"""

import random
import time

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from drivers.dahdi import AVAILABLE, Dahdi, DahdiSettings
from pbx.media import Layout, Plane, lib
from pbx.vocabulary import media
from tests.dahdi.rig.face import Channel, Control
from tests.dahdi.rig.machine import TWO_PAIRS

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = TWO_PAIRS
TICK_S = 0.01
PATIENCE_TICKS = 2000
LAYOUT = Layout(ports=64, prompts=8, prompt_octets=1 << 16, journal_octets=1 << 17, recorders=1, recorder_samples=1024)
NEAR, FAR = 30, 30
"""The port of the first signalling channel: behind the thirty of the span."""
FILL_IN, STATUS = b"\x80\x80\x00", b"\x80\x80\x01\x02"


class Ends:
    """Planes, each with a span's card and its signalling channels, stepped by the clock."""

    def __init__(self, *spans, kind="frames"):
        self.cards = [Dahdi(settings) for settings in spans]
        self.planes = [Plane.create(LAYOUT) for _ in spans]
        self.told = [[] for _ in spans]
        self.tick, self._began = 0, time.monotonic()
        for card, plane in zip(self.cards, self.planes, strict=True):
            plane.add_card(card.card)
            for link in card.links:
                port = plane.add_card(link)[0]
                plane.configure_port(port, kind)
        self.steps(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for card in self.cards:
            card.close()

    def steps(self, ticks=1):
        for _ in range(ticks):
            time.sleep(max(0.0, self._began + self.tick * TICK_S - time.monotonic()))
            for plane, told in zip(self.planes, self.told, strict=True):
                plane.tick(self.tick)
                told += [(port, event) for _, port, event in plane.drain() if port >= NEAR]
            self.tick += 1

    def until(self, wanted):
        for _ in range(PATIENCE_TICKS):
            if wanted():
                return
            self.steps()
        raise AssertionError([told[-20:] for told in self.told])

    def frames(self, end, port=NEAR):
        return [event.octets for at, event in self.told[end] if at == port and isinstance(event, media.Frame)]

    def wake(self, *ports):
        """Until the receivers of these ports, both ways, have seen a flag: what is sent first may be lost."""
        for end in (0, 1):
            for port in ports:
                mark = b"wake" + bytes([end, port])
                for _ in range(PATIENCE_TICKS):
                    if mark in self.frames(1 - end, port):
                        break
                    self.planes[end].send(port, media.SendFrame(mark))
                    self.steps(5)
        self.steps(40)
        for told in self.told:
            told.clear()


def any_frames(seed, count):
    generator = random.Random(seed)
    return [generator.randbytes(generator.choice([2, 3, 5, 64, 260, 300])) for _ in range(count)]


def test_frames_cross_from_python_to_python_in_order_and_whole(seed):
    with Ends(DahdiSettings(1, signalling_channels=(16,)), DahdiSettings(32, signalling_channels=(16,))) as ends:
        ends.wake(NEAR)
        sent = [any_frames(seed + end, 30) for end in (0, 1)]
        for n in range(30):
            for end in (0, 1):
                ends.planes[end].send(NEAR, media.SendFrame(sent[end][n]))
            ends.steps(3)
        ends.until(lambda: len(ends.frames(0)) >= 30 and len(ends.frames(1)) >= 30)
        assert [ends.frames(0), ends.frames(1)] == [sent[1], sent[0]]
        for plane in ends.planes:
            counted = plane.counters()
            assert counted["frame_overflows"] == counted["refused_frames"] == 0


def test_a_new_control_gets_no_frame_twice(seed):
    with Ends(DahdiSettings(1, signalling_channels=(16,)), DahdiSettings(32, signalling_channels=(16,))) as ends:
        ends.wake(NEAR)
        sent = [b"%03d" % n + frame for n, frame in enumerate(any_frames(seed, 40))]
        for n, frame in enumerate(sent):
            ends.planes[0].send(NEAR, media.SendFrame(frame))
            ends.steps(3)
            if n % 10 == 5:
                ends.planes[1] = ends.planes[1].successor()
        ends.until(lambda: sent[-1] in ends.frames(1))
        assert ends.frames(1) == sent


def _link(first):
    """Channels 75 to 77 are clear, 78 is the link; likewise at the other end."""
    return DahdiSettings(first, channels=4, signalling_channels=(4,))


def test_signal_units_cross_and_the_kernel_tells_no_unit_twice():
    with Ends(_link(75), _link(106), kind="signal-units") as ends:
        ends.planes[0].send(NEAR, media.SendFrame(STATUS))
        ends.planes[1].send(FAR, media.SendFrame(STATUS))
        ends.until(lambda: STATUS in ends.frames(0) and STATUS in ends.frames(1))
        message = b"\x81\x80\x14" + bytes(range(20))
        for unit in (FILL_IN, message, FILL_IN, FILL_IN):
            ends.planes[0].send(NEAR, media.SendFrame(unit))
            ends.until(lambda unit=unit: ends.frames(1)[-1] == unit)
        ends.steps(100)
        assert ends.frames(1) == [STATUS, FILL_IN, message, FILL_IN]
        assert ends.planes[1].counters()["frame_overflows"] == ends.planes[1].counters()["event_overflows"] == 0


class Bits:
    """What a channel sends that is no HDLC controller: octets in which the first bit goes first, flags and stuffing made by hand."""

    FLAG = (0, 1, 1, 1, 1, 1, 1, 0)

    def __init__(self):
        self.bits = []

    def flags(self, count):
        self.bits += self.FLAG * count
        return self

    def ones(self, count):
        self.bits += [1] * count
        return self

    def frame(self, octets, check):
        """With a check sequence (16 bits, low first) that is given: Q.921 2.7, T.30 5.3.7."""
        run = 0
        for octet in octets + check.to_bytes(2, "little"):
            for place in range(8):
                bit = octet >> place & 1
                self.bits.append(bit)
                run = run + 1 if bit else 0
                if run == 5:
                    self.bits.append(0)
                    run = 0
        return self

    def octets(self):
        bits = self.bits + [1] * (-len(self.bits) % 8)
        return bytes(sum(bit << 7 - place for place, bit in enumerate(bits[at : at + 8])) for at in range(0, len(bits), 8))


def check_of(octets):
    """The 16 bits of x^16 + x^12 + x^5 + 1 (Q.921 2.7), bit by bit."""
    register = 0xFFFF
    for octet in octets:
        register ^= octet
        for _ in range(8):
            register = register >> 1 ^ (0x8408 if register & 1 else 0)
    return register ^ 0xFFFF


def test_faults_made_bit_by_bit_are_told_in_their_order_among_the_good_frames_of_other_ticks():
    good, after = b"\x00\x01\x7f good", b"\x00\x01\x7f after"
    units = (
        Bits().flags(6).frame(good, check_of(good)),
        Bits().flags(2).frame(b"\x00\x01\x7f false", check_of(b"something else")),
        Bits().flags(2).frame(b"\x00\x01\x7f cut short", 0).ones(9),
        Bits().flags(4).frame(after, check_of(after)),
    )
    ticks = [unit.flags(6).octets().ljust(80, b"\x7e") for unit in units]
    with Control() as control:
        control.configure(47, lib.DAHDI_SIG_CLEAR)
        try:
            with Ends(DahdiSettings(1, signalling_channels=(16,))) as ends, Channel(47) as raw:
                idle = Bits().flags(10).octets() * 8

                def wanted():
                    for block in (idle[:80], *ticks, idle[:80]):
                        raw.write(block)
                        ends.steps()
                    return _ordered([event for _, event in ends.told[0]], good, after)

                ends.until(wanted)
                counted = ends.cards[0].counters()
                assert counted.frame_bad_checks > 0 and counted.frame_aborts > 0
        finally:
            control.configure(47, lib.DAHDI_SIG_HDLCFCS)


def test_fill_in_units_of_a_busy_line_cost_control_nothing():
    units = Bits()
    for _ in range(13):
        units.flags(1).frame(FILL_IN, check_of(FILL_IN))
    with Control() as control:
        control.configure(47, lib.DAHDI_SIG_CLEAR)
        try:
            with Ends(DahdiSettings(1, signalling_channels=(16,)), kind="signal-units") as ends, Channel(47, buffers=32) as raw:
                block = units.flags(1).octets().ljust(80, b"\x7e")[:80]

                def wanted():
                    raw.write(block)
                    ends.steps()
                    return ends.planes[0].counters()["repeated_units"] >= 1000

                ends.until(wanted)
                assert ends.frames(0) == [FILL_IN] and ends.cards[0].counters().frames_received > 1000
                assert ends.cards[0].counters().frames_lost == 0
        finally:
            control.configure(47, lib.DAHDI_SIG_HDLCFCS)


def _ordered(told, good, after):
    wanted = [media.Frame(good), media.BadFrame(media.FRAME_BAD_CHECK), media.BadFrame(media.FRAME_ABORTED), media.Frame(after)]
    return any(told[at : at + 4] == wanted for at in range(len(told)))
