"""The card of a sound device under our clock: libasound's null and file devices, and a device with a clock of its own."""

import errno
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pbx._plane import ffi, lib

from drivers import alsa
from drivers.alsa import AlsaError, SoundCard

needs_alsa = pytest.mark.skipif(bool(alsa.unavailable()), reason="needs libasound2")
TICK_S = 0.01
IDLE = 0xD5
STEPS = ("move", "time", "read", "write", "long", "gone", "back", "give")


class Ticks:
    """Reads and writes a card as the plane does, port 0 alone."""

    def __init__(self, sound):
        self.card = sound.card
        self.samples = ffi.new("uint8_t[]", 80)
        self.events = ffi.new("struct card_event[]", 8)
        self.tick = 0
        self.told = []

    def read(self):
        count = self.card.read(self.card, self.samples, self.events, 8, self.tick)
        self.told += [(self.tick, event.kind, event.value) for event in self.events[0:count]]
        return bytes(ffi.buffer(self.samples, 80))

    def write(self, sound=bytes([IDLE]) * 80):
        ffi.memmove(self.samples, sound, 80)
        assert self.card.write(self.card, self.samples, self.tick) == 0
        self.tick += 1


class Device:
    """A device whose clock runs at ``rate_hz``: it plays and hears so many samples a second, says EPIPE when it runs empty or over."""

    def __init__(self, rate_hz=8000.0, frames=480):
        self.rate_hz, self.frames = rate_hz, frames
        self.time = 0.0
        self.heard_at = self.played_at = 0.0
        self.waiting = 0.0
        self.playing = False
        self.spoken = []
        self.count = 0
        self.gone = False
        self.runs = 0
        self.struct = ffi.new("struct sound_device *")
        self.struct.capture, self.struct.playback = ffi.cast("void *", 1), ffi.cast("void *", 2)
        self.struct.capture_frames = self.struct.playback_frames = frames
        self.keep = [
            ffi.callback("long(void *, int16_t *, unsigned long)", self.read),
            ffi.callback("long(void *, const int16_t *, unsigned long)", self.write),
            ffi.callback("long(void *)", self.available),
            ffi.callback("int(void *, int, int)", self.recover),
        ]
        self.struct.read, self.struct.write, self.struct.available, self.struct.recover = self.keep

    def pass_time(self, seconds):
        self.time += seconds
        if self.playing:
            self.waiting -= seconds * self.rate_hz
            if self.waiting < 0:
                self.waiting, self.playing = 0.0, False
                self.runs += 1

    def lying(self):
        return int((self.time - self.heard_at) * self.rate_hz)

    def read(self, pcm, samples, frames):
        if self.gone:
            return -errno.ENODEV
        lying = self.lying()
        if lying > self.frames:
            return -errno.EPIPE
        count = min(frames, lying)
        if not count:
            return -errno.EAGAIN
        for n in range(count):
            samples[n] = (self.count + n) % 8000  # a slow ramp: what is left out or said twice is small
        self.count += count
        self.heard_at += count / self.rate_hz
        return count

    def write(self, pcm, samples, frames):
        if self.gone:
            return -errno.ENODEV
        if self.runs:
            return -errno.EPIPE
        count = min(frames, int(self.frames - self.waiting))
        if count <= 0:
            return -errno.EAGAIN
        self.spoken += ffi.unpack(samples, count)
        self.waiting += count
        self.playing = self.playing or self.waiting >= self.frames - 80
        return count

    def available(self, pcm):
        if int(ffi.cast("intptr_t", pcm)) == 1:
            return self.lying()
        return -errno.EPIPE if self.runs else int(self.frames - self.waiting)

    def recover(self, pcm, error, silent):
        if self.gone:
            return error
        if int(ffi.cast("intptr_t", pcm)) == 1:
            self.heard_at = self.time
        else:
            self.runs, self.waiting = 0, 0.0
        return 0


def run(device, ticks, moves_a_tick=2, heard=None, sound=bytes([IDLE]) * 80):
    """So many ticks; the mover has its turn so often in each. Returns the card's counters and what it told."""
    with SoundCard.of(device.struct) as card:
        plane = Ticks(card)
        for _ in range(ticks):
            for _ in range(moves_a_tick):
                card.move()
                device.pass_time(TICK_S / moves_a_tick)
            block = plane.read()
            if heard is not None:
                heard.append(block)
            plane.write(sound)
        return card.counters(), plane.told


@pytest.mark.parametrize("parts_per_million", [-300, -50, 0, 50, 300])
def test_two_clocks_are_never_the_same_and_nothing_is_lost(parts_per_million):
    """Ten minutes: as many slips as the clocks differ by, beside what the beginning takes; no gap in either direction."""
    seconds = 600
    device = Device(8000.0 * (1 + parts_per_million / 1e6))
    counters, told = run(device, seconds * 100)
    assert (counters.starved, counters.overruns, counters.underruns, counters.refused, counters.failures) == (0, 0, 0, 0, 0)
    apart = 8000 * seconds * parts_per_million / 1e6
    lost = sum(1 for _, kind, value in told if (kind, value) == (lib.CARD_EVENT_SLIP, 0))
    repeated = sum(1 for _, kind, value in told if (kind, value) == (lib.CARD_EVENT_SLIP, 1))
    assert abs(lost - repeated - apart) <= 320
    spoken = (counters.slips_repeated - repeated) - (counters.slips_lost - lost)
    assert abs(spoken - apart) <= 480
    if abs(parts_per_million) <= 50:
        assert lost + repeated <= abs(apart) + 640


def test_what_the_microphone_says_is_heard_in_its_order():
    heard = []
    counters, _ = run(Device(), 1000, heard=heard)
    octets = np.frombuffer(b"".join(heard), np.uint8)
    linear = np.empty(len(octets), np.int16)
    lib.g711_alaw_decode(ffi.from_buffer(octets), ffi.cast("int16_t *", ffi.from_buffer(linear)), len(octets))
    begun = int(np.argmax(linear > 8))
    ramp = linear[begun:].astype(int)
    steps = np.diff(ramp)
    assert counters.captured > 79000
    assert ((steps >= 0) | (steps < -7000)).all(), "a ramp that only goes back where it begins anew"


def test_what_is_said_reaches_the_loudspeaker():
    device = Device()
    run(device, 200, sound=bytes([0x2A]) * 80)
    assert set(device.spoken) == {-32256}
    assert len(device.spoken) > 200 * 80 - 800


def test_a_mover_that_is_late_runs_the_device_empty_and_goes_on():
    device = Device()
    with SoundCard.of(device.struct) as card:
        plane = Ticks(card)
        for tick in range(1000):
            if not 300 <= tick < 330:
                card.move()
            device.pass_time(TICK_S)
            plane.read()
            plane.write()
        counters = card.counters()
    assert counters.underruns >= 1
    assert counters.overruns >= 1
    assert counters.starved >= 1
    assert counters.failures == 0
    assert device.playing


def test_a_device_that_vanishes_is_loss_of_signal():
    device = Device()
    with SoundCard.of(device.struct) as card:
        plane = Ticks(card)
        for tick in range(200):
            device.gone = tick >= 100
            card.move()
            device.pass_time(TICK_S)
            block = plane.read()
            plane.write()
        assert block == bytes([IDLE]) * 80
        alarms = [value for _, kind, value in plane.told if kind == lib.CARD_EVENT_ALARM]
        assert alarms == [lib.CARD_ALARM_LOS]
        levels = ffi.new("struct card_levels *")
        assert card.card.level(card.card, 0, levels) == 0
        assert levels.alarms == lib.CARD_ALARM_LOS
        assert card.card.level(card.card, 1, levels) == -1
        assert card.counters().failures == 1


def test_a_device_that_is_pulled_and_put_back_goes_on():
    """Nothing of what the first one left is heard; each device has its own clock, and a buffer of its own."""
    first, second = Device(), Device(8000.8, frames=800)
    heard = []
    with SoundCard.of(first.struct) as card:
        plane = Ticks(card)

        def ticks(device, count):
            for _ in range(count):
                card.move()
                device.pass_time(TICK_S)
                heard.append(plane.read())
                plane.write(bytes([0x2A]) * 80)

        ticks(first, 100)
        with pytest.raises(AlsaError):
            card.give(second.struct)
        first.gone = True
        ticks(first, 50)
        assert heard[-1] == bytes([IDLE]) * 80
        said = len(first.spoken)
        second.heard_at = second.time
        card.give(second.struct)
        ticks(second, 1000)
        counters = card.counters()
    assert len(first.spoken) == said
    assert [value for _, kind, value in plane.told if kind == lib.CARD_EVENT_ALARM] == [lib.CARD_ALARM_LOS, 0]
    assert set(second.spoken) == {-32256} and len(second.spoken) > 1000 * 80 - 1600
    assert heard[-1] != bytes([IDLE]) * 80
    assert (counters.failures, counters.openings) == (1, 2)
    assert (counters.overruns, counters.underruns) == (0, 0)


def test_an_alarm_without_room_is_told_later():
    device = Device()
    with SoundCard.of(device.struct) as card:
        device.gone = True
        device.pass_time(TICK_S)
        card.move()
        plane = Ticks(card)
        assert card.card.read(card.card, plane.samples, plane.events, 0, 0) == 0
        plane.read()
        assert [kind for _, kind, _ in plane.told] == [lib.CARD_EVENT_ALARM]


def test_a_tick_that_nobody_empties_is_refused_and_counted():
    device = Device()
    with SoundCard.of(device.struct) as card:
        plane = Ticks(card)
        for _ in range(100):
            plane.write()
        assert card.counters().refused > 0


@settings(max_examples=60, deadline=None)
@given(some.lists(some.sampled_from(STEPS), max_size=200), some.integers(160, 2048))
def test_any_order_of_anything(steps, frames):
    """Rings keep their bounds whatever comes in which order; the sanitizers look on."""
    device = Device(frames=frames)
    with SoundCard.of(device.struct) as card:
        plane = Ticks(card)
        for step in steps:
            if step == "move":
                card.move()
            elif step in ("time", "long"):
                device.pass_time(TICK_S if step == "time" else 1.0)
            elif step == "read":
                assert len(plane.read()) == 80
            elif step == "write":
                plane.write()
            elif step == "give" and lib.sound_card_wants(card.card):
                device.gone = False
                card.give(device.struct)
            else:
                device.gone = step == "gone"
        counters = card.counters()
    assert counters.played == len(device.spoken)
    assert counters.captured == device.count


@pytest.mark.parametrize("frames", [0, 159, 2049])
def test_buffers_out_of_range_are_refused(frames):
    device = Device(frames=frames)
    with pytest.raises(AlsaError, match="buffer"):
        SoundCard.of(device.struct)


def test_a_card_without_a_device_is_silent_and_quiet():
    with SoundCard() as card:
        plane = Ticks(card)
        for _ in range(100):
            card.move()
            assert plane.read() == bytes([IDLE]) * 80
            plane.write()
        assert card.card.quiet(card.card) == 1
        assert card.counters() == alsa.Counters(*[0] * 10)
    with pytest.raises(AlsaError, match="closed"):
        card.move()


@needs_alsa
class TestAlsa:
    """libasound itself."""

    def test_null_devices_have_no_clock_and_are_not_paced(self):
        with SoundCard("null", "null") as card:
            plane = Ticks(card)
            for _ in range(1000):
                card.move()
                plane.read()
                plane.write()
            counters = card.counters()
        assert counters.captured >= 79000
        assert counters.played >= 79000
        assert (counters.slips_lost, counters.slips_repeated, counters.starved, counters.failures) == (0, 0, 0, 0)

    def test_what_is_said_is_in_the_file_to_the_sample(self, tmp_path):
        path = tmp_path / "said.raw"
        octets = np.arange(80 * 256, dtype=np.int64).astype(np.uint8)
        with SoundCard(playback=f"file:'{path}',raw") as card:
            plane = Ticks(card)
            for block in octets.reshape(-1, 80):
                plane.write(block.tobytes())
                card.move()
        linear = np.empty(len(octets), np.int16)
        lib.g711_alaw_decode(ffi.from_buffer(octets), ffi.cast("int16_t *", ffi.from_buffer(linear)), len(octets))
        assert np.array_equal(np.fromfile(path, np.int16), linear)

    def test_what_is_in_a_file_is_heard(self, tmp_path, monkeypatch):
        """A microphone that reads a file, by a configuration of ALSA's own."""
        wanted = (np.sin(np.arange(16000) * 0.3) * 8000).astype(np.int16)
        wanted.tofile(tmp_path / "in.raw")
        device = f"type file; slave.pcm null; file /dev/null; infile {tmp_path}/in.raw; format raw"
        (tmp_path / "alsa.conf").write_text(f"</usr/share/alsa/alsa.conf>\npcm.microphone {{ {device} }}\n")
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "alsa.conf"))
        with SoundCard(capture="microphone") as card:
            plane = Ticks(card)
            heard = b""
            for _ in range(100):
                card.move()
                heard += plane.read()
        octets = np.frombuffer(heard, np.uint8)
        linear = np.empty(len(octets), np.int16)
        lib.g711_alaw_decode(ffi.from_buffer(octets), ffi.cast("int16_t *", ffi.from_buffer(linear)), len(octets))
        assert np.abs(linear.astype(int) - wanted[: len(linear)]).max() <= 256, "A-law's step at this level"

    def test_a_mover_of_its_own_empties_the_ring(self, tmp_path):
        path = tmp_path / "said.raw"
        with SoundCard(playback=f"file:'{path}',raw") as card:
            card.start_mover()
            with pytest.raises(AlsaError, match="already"):
                card.start_mover()
            plane = Ticks(card)
            for _ in range(20):
                plane.write()
            while card.counters().played < 1600:
                pass
        assert path.stat().st_size == 3200

    @pytest.mark.parametrize(("capture", "playback", "word"), [("nonsense", "", "microphone"), ("null", "nonsense", "loudspeaker")])
    def test_a_device_that_is_not_there_is_told(self, capture, playback, word, capfd):
        with SoundCard(capture, playback) as card:
            assert re.search(f'the {word} "nonsense" cannot be opened.*aplay -L', card.trouble)
            plane = Ticks(card)
            plane.read()
            assert plane.told == [(0, lib.CARD_EVENT_ALARM, lib.CARD_ALARM_LOS)]
            assert not card.mend()

    def test_a_device_that_comes_later_is_used_from_then_on(self, tmp_path, monkeypatch, capfd):
        """A name that ALSA's configuration has only after a while, as that of a device that is plugged in."""
        configuration = tmp_path / "alsa.conf"
        configuration.write_text("</usr/share/alsa/alsa.conf>\n")
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(configuration))
        with SoundCard("desk", "desk") as card:
            assert "cannot be opened" in card.trouble
            plane = Ticks(card)
            for _ in range(10):
                card.move()
                plane.read()
                plane.write()
            assert card.counters() == alsa.Counters(*[0] * 10)
            fresh = tmp_path / "fresh.conf"
            fresh.write_text("</usr/share/alsa/alsa.conf>\npcm.desk { type null }\n")
            fresh.rename(configuration)
            assert card.mend() and card.trouble == ""
            for _ in range(100):
                card.move()
                plane.read()
                plane.write()
            counters = card.counters()
        assert [value for _, kind, value in plane.told if kind == lib.CARD_EVENT_ALARM] == [lib.CARD_ALARM_LOS, 0]
        assert counters.captured >= 7900 and counters.played >= 7900
        assert (counters.openings, counters.failures) == (1, 0)

    def test_whoever_watches_opens_it_without_being_told(self, tmp_path, monkeypatch, capfd):
        monkeypatch.setattr(alsa, "MEND_S", 0.01)
        configuration = tmp_path / "alsa.conf"
        configuration.write_text("</usr/share/alsa/alsa.conf>\n")
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(configuration))
        with SoundCard(playback="desk") as card:
            card.watch()
            fresh = tmp_path / "fresh.conf"
            fresh.write_text("</usr/share/alsa/alsa.conf>\npcm.desk { type null }\n")
            fresh.rename(configuration)
            while card.counters().openings == 0:
                pass
        assert card.trouble == ""


def test_without_libasound_the_cure_is_told(monkeypatch):
    monkeypatch.setattr(alsa, "LIBRARY", "libasound-that-is-not-there.so.2")
    alsa.library.cache_clear()
    try:
        assert "install Debian's package libasound2" in alsa.unavailable()
        with SoundCard("default", "default") as card:
            assert "libasound2" in card.trouble
    finally:
        monkeypatch.undo()
        alsa.library.cache_clear()
