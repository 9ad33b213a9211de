"""Two channels joined in the kernel's own drivers: sound at the far ends, how late it is, and what a listener who comes costs.

Runs inside the machine of ``rig/``. Our exchange stands on channels 1 to 31; whoever calls it stands on 32 to 62, at the other ends. What a
far end says are octets that come but once, so that each one that arrives tells when it was said. Times are printed, and asserted where time
is virtual.
"""

import random
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from pbx._plane import ffi, lib

from drivers.dahdi import AVAILABLE, Dahdi, DahdiSettings
from pbx.media import Layout, Plane
from pbx.vocabulary import media
from tests.dahdi.rig.machine import TWO_PAIRS

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = TWO_PAIRS
VIRTUAL = "time-travel" in Path("/proc/cmdline").read_text(encoding="ascii")
"""Whether the machine's time stands while anything runs: then nothing is lost because the host is busy."""
IDLE = 0b1001
SILENCE = 0xD5
TICK = 80
TICK_S = 0.01
LAYOUT = Layout(ports=30, recorders=1, prompt_octets=1 << 16, journal_octets=1 << 17)
JOIN_TICKS = 20
OCTETS = 100_000
"""What a far end has to say: 12 s."""
MARK = 24
"""So many octets in a row are found at one place alone."""


class Office:
    """Our plane on one span, the far ends on its peer; far end n says ``said[n]`` and hears ``heard[n]``."""

    def __init__(self, seed, cut_through=True):
        generator = random.Random(seed)
        self.ours = Dahdi(DahdiSettings(1, idle_bits=IDLE, cut_through=cut_through))
        self.theirs = Dahdi(DahdiSettings(32, idle_bits=IDLE))
        self.plane = Plane.create(LAYOUT)
        self.plane.add_card(self.ours.card)
        self.script = [generator.randbytes(OCTETS).replace(bytes([SILENCE]), b"\x55") for _ in range(2)]
        self.said, self.heard = [0, 0], [bytearray(), bytearray()]
        self.tick, self._began = 0, time.monotonic()
        self.pace = ffi.gc(lib.pace_create(ffi.NULL), lib.pace_close)
        lib.pace_add(self.pace, self.ours.card)
        self._late = ffi.new("uint64_t *")

    def __enter__(self):
        self.steps(20)
        return self

    def __exit__(self, *_):
        self.plane.close()
        self.ours.close()
        self.theirs.close()

    def steps(self, ticks):
        for _ in range(ticks):
            assert lib.pace_wait(self.pace, self._late) == 0
            sound, _ = self.theirs.read(self.tick)
            mouths = bytearray([SILENCE]) * (TICK * 30)
            for end in (0, 1):
                self.heard[end] += sound[end * TICK : (end + 1) * TICK]
                at = self.said[end]
                mouths[end * TICK : (end + 1) * TICK] = self.script[end][at : at + TICK]
                self.said[end] += TICK
            self.theirs.write(self.tick, bytes(mouths))
            self.plane.tick(self.tick)
            self.tick += 1

    def talk(self):
        self.plane.send(0, media.Hear(1))
        self.plane.send(1, media.Hear(0))

    def joins(self):
        return self.plane.counters()["joined"]

    def delays(self, speaker, listener, since):
        """Of what the listener has heard since an octet of its ear: samples later than it was said, as often as found."""
        heard, script, found = bytes(self.heard[listener]), self.script[speaker], Counter()
        for at in range(since, len(heard) - MARK, TICK):
            place = script.find(heard[at : at + MARK])
            if place >= 0:
                found[at - place] += 1
        return found


def say(text):
    sys.stdout.write(f"{text}\n")


def milliseconds(delays):
    """The delay seen most."""
    return delays.most_common(1)[0][0] / 8


def test_joined_channels_pass_sound_both_ways_and_sooner(seed):
    with Office(seed) as office:
        since = len(office.heard[0])
        office.ours.loop_channel(0)
        office.steps(60)
        looped = milliseconds(office.delays(0, 0, since + 20 * TICK))
        office.ours.loop_channel(0, False)
        office.talk()
        office.plane.send(0, media.Listen(media.RECEIVE_DTMF))
        office.steps(30)
        since = len(office.heard[0])
        office.steps(60)
        assert office.joins() == 0
        through = [milliseconds(office.delays(one, other, since)) for one, other in ((0, 1), (1, 0))]
        before = office.ours.counters()
        office.plane.send(0, media.Unlisten(media.RECEIVE_DTMF))
        office.steps(JOIN_TICKS)
        assert office.joins() == 1
        since = len(office.heard[0])
        office.steps(60)
        joined = [milliseconds(office.delays(one, other, since)) for one, other in ((0, 1), (1, 0))]
        calls = (office.ours.counters().system_calls - before.system_calls) / (60 + JOIN_TICKS)
        say(f"far end to far end: {through} ms through the plane, {joined} ms joined, {looped} ms with the channel looped in the kernel")
        say(f"of which the join: {[one - looped for one in joined]} ms; {calls:.1f} system calls a tick with one pair of 15 joined")
        assert all(one < other for one, other in zip(joined, through, strict=True))
        assert not VIRTUAL or all(one - looped <= 2 for one in joined), "the kernel passes it on chunk by chunk"


def _positions(office, speaker, listener, since):
    """Where in what was said each octet heard stands; None = silence."""
    heard, script = bytes(office.heard[listener])[since:], office.script[speaker]
    places, at = [None] * len(heard), 0
    while at < len(heard) - MARK:
        place = script.find(heard[at : at + MARK])
        if place < 0:
            at += 1
            continue
        while at < len(heard) and place < len(script) and heard[at] == script[place]:
            places[at] = place
            at, place = at + 1, place + 1
    return places


def _jumps(places):
    """Each break of what is heard: (samples of silence, samples lost); a loss below 0 would be sound that is heard twice."""
    found, last, silent = [], None, 0
    for place in places:
        if place is None:
            silent += 1
            continue
        if last is not None and (silent or place != last + 1):
            found.append((silent, place - last - 1))
        last, silent = place, 0
    return found


def test_a_listener_ends_it_without_sound_doubled(seed):
    with Office(seed) as office:
        office.talk()
        office.steps(60)
        assert office.joins() == 1
        since = len(office.heard[0])
        office.plane.send(0, media.Record(0))
        office.steps(100)
        assert office.joins() == 0
        recorded = office.plane.read_recorder(0)[0::2]
        breaks = [_jumps(_positions(office, one, other, since)) for one, other in ((0, 1), (1, 0))]
        since = len(office.heard[0])
        office.plane.send(0, media.StopRecord(0))
        office.steps(60)
        assert office.joins() == 1
        joined = [_jumps(_positions(office, one, other, since)) for one, other in ((0, 1), (1, 0))]
        say(f"parted: (silence, lost) in samples {breaks}; joined: {joined}")
        assert all(lost >= 0 for end in breaks + joined for _, lost in end), "nothing is said twice"
        assert all(end for end in breaks), "what is seen is the part"
        assert not VIRTUAL or all(silence <= 240 and lost <= 8 for end in breaks for silence, lost in end)
        assert not VIRTUAL or all(len(end) == 1 and end[0][1] <= 360 for end in joined)
        start = office.script[0].find(recorded[40 * TICK : 40 * TICK + MARK])
        assert start >= 0, "the recorder hears the far end"


def test_bits_pass_while_sound_is_joined(seed):
    with Office(seed) as office:
        office.plane.configure_port(0, "raw")
        office.talk()
        office.steps(60)
        assert office.joins() == 1
        office.plane.drain()
        office.theirs.order(0, lib.CARD_ORDER_BITS, 0b0101)
        office.steps(30)
        assert media.Bits(0b0101) in [event for _, port, event in office.plane.drain() if port == 0]
        assert office.joins() == 1


def test_closing_the_card_leaves_no_channel_joined(seed):
    with Office(seed) as office:
        office.talk()
        office.steps(60)
        assert office.joins() == 1
    with Office(seed + 1) as office:
        since = len(office.heard[0])
        office.steps(60)
        assert office.delays(0, 1, since + 20 * TICK) == Counter(), "nobody is heard who is not to be"


def test_what_a_span_costs_with_all_its_channels_joined():
    """Printed: system calls and processor time of the card's read and write, plain and with fifteen pairs joined."""
    sound, events = ffi.new("uint8_t[]", bytes([SILENCE]) * (TICK * 30)), ffi.new("struct card_event[]", 256)
    with Dahdi(DahdiSettings(1, idle_bits=IDLE, cut_through=True)) as dahdi:
        card, tick, costs = dahdi.card, 0, []
        for joined in (False, True):
            for port in range(0, 30, 2) if joined else ():
                assert card.join(card, port, card, port + 1) == 0
            before, spent, began = 0, 0, tick
            for _ in range(200):
                time.sleep(TICK_S)
                if tick == began + 20:
                    before, spent = dahdi.counters().system_calls, time.thread_time_ns()
                lib.card_read(card, sound, events, 256, tick)
                lib.card_write(card, sound, tick)
                tick += 1
            costs.append(((dahdi.counters().system_calls - before) / 180, (time.thread_time_ns() - spent) / 180_000))
        plain, joined = costs
        say(f"a tick of a span: {plain[0]:.1f} system calls, {plain[1]:.0f} us; joined {joined[0]:.1f} calls, {joined[1]:.0f} us")
        assert joined[0] < 4 < plain[0]
