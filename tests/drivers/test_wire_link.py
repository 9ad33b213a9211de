"""Signalling channels of the simulated wire: frames in clear time slots, 16 among them, beside sound and bits; level 2 over a bad line."""

from random import Random

import pytest
from pbx._plane import ffi, lib

from benchmarks.no7_terminals import FIGURES, Terminal
from config.loader import check
from drivers.wire import SpanSettings, Wire, WireError, join
from pbx.media import Layout, Plane
from pbx.plant import signalling_ports_of
from pbx.signalling.ss7 import primitives as p
from pbx.simulation import Simulation
from pbx.tone_plan import china
from pbx.vocabulary import media
from tests.lab import EXAMPLE

SLOTS = (1, 16, 31)
TICK_OCTETS = 2400
LAYOUT = Layout(
    ports=33, events=4096, commands=256, recorders=0, prompts=4, prompt_octets=4096, journal_octets=1 << 17, frame_octets=1 << 16
)


def pair(slots=SLOTS):
    a, b = (Wire([SpanSettings(signalling_channels=slots)]) for _ in range(2))
    join((a, 0), (b, 0))
    return a, b


def step(tick, *wires, sound=None):
    """Read all, then write all; what came, as sound and frames by channel."""
    found = []
    for wire in wires:
        heard, events = wire.read(tick)
        frames = [[] for _ in wire.links]
        for channel, kept in enumerate(frames):
            while (frame := wire.take_frame(channel)) is not None:
                kept.append(frame)
        found.append((heard, events, frames))
    for wire in wires:
        wire.write(tick, sound)
    return found


def test_frames_go_both_ways_in_every_slot_and_sound_beside_them():
    a, b = pair()
    chance = Random(1)
    sent = {}
    for wire in (a, b):
        for channel in range(3):
            for _ in range(5):
                frame = chance.randbytes(chance.randint(6, 40))
                wire.send_frame(frame, channel)
                sent.setdefault((wire, channel), []).append(frame)
    got = {key: [] for key in sent}
    sound = bytes(chance.randrange(256) for _ in range(TICK_OCTETS))
    for tick in range(20):
        (_, events_a, frames_a), (heard, events_b, frames_b) = step(tick, a, b, sound=sound)
        assert events_a == events_b == [], "no alarm, and no bits where slot 16 carries frames"
        for channel in range(3):
            got[a, channel] += frames_b[channel]
            got[b, channel] += frames_a[channel]
        if tick:
            assert heard[80:-80] == sound[80:-80], "ports between the clear slots carry sound"
            assert heard[:80] == heard[-80:] == bytes([0xD5]) * 80, "a clear slot has no sound"
    assert got == sent
    assert a.counters(0).crc_errors == b.counters(0).crc_errors == 0


def test_bits_go_on_where_slot_16_is_not_clear():
    a, b = pair((5,))
    a.send_frame(b"frame")
    told = []
    for tick in range(10):
        told += step(tick, a, b)[1][1]
        if tick == 0:
            order = ffi.new("struct card_order *", {"port": 7, "kind": lib.CARD_ORDER_BITS, "value": 0b0101})
            assert lib.card_order(a.card, order) == 0
    assert [(event.port, event.value) for event in told if event.kind == lib.CARD_EVENT_BITS] == [(7, 0b0101)]


def test_a_cut_is_an_alarm_and_lost_octets():
    a, b = pair((16,))
    a.send_frame(b"abc")
    for tick in range(10):
        step(tick, a, b)
    b.faults(0).cut()
    found = []
    for tick in range(10, 60):
        found += step(tick, a, b)[1][2][0]
    assert set(found[-100:]) == {lib.CARD_FRAME_OCTETS_LOST}
    assert b.alarms(0) == lib.CARD_ALARM_LOS
    b.faults(0).clear()
    for tick in range(60, 100):
        found = step(tick, a, b)[1][2][0]
    assert set(found) == {b"abc"}


@pytest.mark.parametrize("slots", [(0,), (32,)])
def test_what_is_no_time_slot_is_refused(slots):
    with pytest.raises(WireError):
        Wire([SpanSettings(signalling_channels=slots)])


def test_a_span_of_tokens_has_none():
    with pytest.raises(WireError):
        Wire([SpanSettings(signalling_channels=(1,))], tokens=True)


def test_more_frames_than_there_is_room_for_are_refused():
    a, _ = pair()
    for _ in range(lib.HDLC_QUEUE):
        a.send_frame(b"abc")
    with pytest.raises(WireError):
        a.send_frame(b"abc")


@pytest.mark.parametrize("kind", ["frames", "signal-units"])
def test_two_planes(kind):
    """As engines see it; octets without a frame are told to ports of signal units only."""
    wires = pair()
    planes = [Plane.create(LAYOUT) for _ in wires]
    for plane, wire in zip(planes, wires, strict=True):
        assert plane.add_card(wire.card) == range(30)
        assert [plane.add_card(link) for link in wire.links] == [range(port, port + 1) for port in (30, 31, 32)]
        for port in (30, 31, 32):
            plane.configure_port(port, kind)
    near, far = planes
    near.send(31, media.SendFrame(b"a frame"))
    told = []
    for tick in range(40):
        if tick == 10:
            wires[1].faults(0).cut()
        for plane in planes:
            plane.tick(tick)
        told += [event for _, port, event in far.drain() if port == 31]
    assert told[0] == media.Frame(b"a frame")
    lost = [event for event in told if event == media.BadFrame(media.FRAME_OCTETS_LOST)]
    assert bool(lost) is (kind == "signal-units")


class OverWire:
    """A terminal of level 2 on a signalling channel, as the plane is to carry it: it writes what is news, and the channel repeats."""

    def __init__(self, wire, figures):
        self.wire = wire
        self.end = Terminal(figures, repeating=True, late=1)

    def read(self, tick):
        self.wire.read(tick)
        while (frame := self.wire.take_frame()) is not None:
            self.end.hear(frame)

    def write(self, tick):
        self.end.tick()
        (channel,) = self.wire.links
        while channel.frame_room(channel, 0) > lib.HDLC_QUEUE - 4 and lib.mtp2_news(self.end.links, 0):
            self.wire.send_frame(self.end.unit())
        self.wire.write(tick)


@pytest.mark.parametrize("correction", ["basic", "preventive"])
@pytest.mark.parametrize("rate", [0.0, 2e-6, 1e-5])
def test_level_2_over_a_bad_line(correction, rate):
    """Bit errors of the whole span; a proving period would not bear the last rate, so errors begin behind it."""
    wires = pair((16,))
    ends = [OverWire(wire, FIGURES.adjusted(correction=correction)) for wire in wires]
    for one in ends:
        one.end.request(p.Emergency())
        one.end.request(p.Start())
    sent = [[], []]
    for tick in range(1500):
        if tick == 150:
            assert [one.end.state for one in ends] == ["InService"] * 2
            for n, wire in enumerate(wires):
                wire.faults(0).bit_errors(rate, seed=n)
        if 150 <= tick < 1000 and tick % 5 == 0:
            for n, one in enumerate(ends):
                sent[n].append(b"\x85" + tick.to_bytes(2, "big") + bytes(tick % 50))
                one.end.request(p.MessageForTransmission(sent[n][-1]))
        if tick == 1000:
            for wire in wires:
                wire.faults(0).clear()
        for one in ends:
            one.read(tick)
        for one in ends:
            one.write(tick)
    for n, one in enumerate(ends):
        assert [value.octets for value in ends[1 - n].end.told if isinstance(value, p.ReceivedMessage)] == sent[n]
        assert one.end.state == "InService"


def test_an_exchange_with_a_signalling_channel_in_virtual_time():
    """The channel's port stands behind all that carries sound, at both ends; circuits go on beside it."""
    row = '[[span]]\nname = "links-1"\nkind = "cas"\nsignalling_channels = [16]\n\n[[trunk_group]]'
    configuration = check(EXAMPLE.read_text(encoding="utf-8").replace("[[trunk_group]]", row, 1), str(EXAMPLE))
    sounds = {one.name: b"\xd5" * 800 for one in configuration.prompts}
    sim = Simulation(configuration, china(), sounds)
    sim.start()
    (port,) = signalling_ports_of(configuration).values()
    heard = {}
    for plane, floor, octets in ((sim.near, sim.exchange.floor, b"abc"), (sim.far, sim.network.floor, b"abd")):
        plane.configure_port(port, "signal-units")
        plane.send(port, media.SendFrame(octets))
        heard[octets] = []
        floor.attach_port(port, heard[octets].append)
    sim.run(0.2)
    assert media.Frame(b"abc") in heard[b"abd"]
    assert media.Frame(b"abd") in heard[b"abc"]
    assert sim.near.counters()["repeated_units"] > 100
    assert not any(line.blocked for line in sim.exchange.lines.values())
    with pytest.raises(ValueError, match="links-1 has signalling channels"):
        Simulation(configuration, china(), sounds, tokens=True)
