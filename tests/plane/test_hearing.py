"""Who hears whom: edges with gain, mix minus itself, players, prompts, recorders, to the sample."""

import random

import numpy as np
import pytest

from drivers.wire import SPAN_PORTS, SpanSettings, Wire, join
from pbx.media import TICK_SAMPLES, Edge, Plane, ffi, lib
from pbx.vocabulary import media, tones
from pbx.vocabulary.media import MIX, PLAYER
from tests.plane.rig import DIAL, SMALL, Pair, kinds_on_port, on_port

Samples = np.ndarray


def decode(alaw: bytes) -> Samples:
    out = ffi.new("int16_t[]", len(alaw))
    lib.g711_alaw_decode(alaw, out, len(alaw))
    return np.frombuffer(ffi.buffer(out), dtype=np.int16).astype(np.int64)


def encode(samples: Samples) -> bytes:
    held = np.clip(samples, -32768, 32767).astype(np.int16)
    out = ffi.new("uint8_t[]", len(held))
    lib.g711_alaw_encode(ffi.from_buffer("int16_t[]", held.tobytes()), out, len(held))
    return bytes(ffi.buffer(out))


class Bench:
    """A plane, and a wire worked by hand at the other end of its 30 circuits."""

    def __init__(self) -> None:
        near, self.far = Wire([SpanSettings()]), Wire([SpanSettings()])
        join((near, 0), (self.far, 0))
        self.plane = Plane.create(SMALL)
        self.plane.add_card(near.card)
        self.tick = 0

    def step(self, said: dict[int, bytes] | None = None) -> list[bytes]:
        """One tick: what the far end says in it by port, and what it heard from each port in it."""
        self.plane.tick(self.tick)
        heard, _ = self.far.read(self.tick)
        sound = b"".join((said or {}).get(port, b"\xd5" * TICK_SAMPLES) for port in range(SPAN_PORTS))
        self.far.write(self.tick, sound)
        self.tick += 1
        return [heard[port * TICK_SAMPLES :][:TICK_SAMPLES] for port in range(SPAN_PORTS)]


def noise(generator: random.Random) -> bytes:
    return bytes(generator.randrange(256) for _ in range(TICK_SAMPLES))


def latency(bench: Bench) -> int:
    """Steps from what the far end says to what it hears of it over an edge from port 0 to port 1."""
    bench.plane.send(1, media.Hear(0))
    spoken = b"\x2a" * TICK_SAMPLES
    bench.step({0: spoken})
    for steps in range(1, 10):
        if bench.step()[1] == spoken:
            bench.plane.send(1, media.Unhear(0))
            bench.step()
            return steps
    raise AssertionError("nothing was heard")


@pytest.mark.parametrize("seed", range(3))
def test_mix_minus_itself_is_exact(seed: int) -> None:
    generator = random.Random(seed)
    bench = Bench()
    delay = latency(bench)
    gains = {2: 0.0, 5: 0.0, 9: -6.0, 11: 3.0}
    for port, gain in gains.items():
        bench.plane.send(port, media.Join(4, gain))
    bench.plane.send(20, media.Hear(MIX + 4))
    bench.step()
    said: list[dict[int, bytes]] = []
    for number in range(12):
        said.append({port: noise(generator) for port in gains})
        heard = bench.step(said[number])
        if number < delay:
            continue
        spoken = said[number - delay]
        part = {
            port: (decode(spoken[port]) * round(4096 * 10 ** (gain / 20)) + 2048 >> 12) if gain else decode(spoken[port])
            for port, gain in gains.items()
        }
        for port in gains:
            others = sum((part[other] for other in gains if other != port), np.zeros(TICK_SAMPLES, dtype=np.int64))
            assert heard[port] == encode(others), f"seed {seed} port {port}"
        assert heard[20] == encode(sum(part.values(), np.zeros(TICK_SAMPLES, dtype=np.int64)))
    bench.plane.send(5, media.Leave(4))
    bench.step()
    assert bench.plane.edges(5) == []
    assert bench.plane.edges(9) == [Edge(MIX + 4, -6.0, True)]


def test_talk_path_is_transparent_and_adds_no_more_than_a_tick() -> None:
    bench = Bench()
    straight = 2  # the wire itself: a block written in one step is read in the next, and so back
    assert latency(bench) <= straight + 1
    delay = latency(bench)
    bench.plane.send(1, media.Hear(0))
    bench.step()
    every = [bytes((n * 80 + k) % 256 for k in range(TICK_SAMPLES)) for n in range(8)]
    heard = [bench.step({0: block})[1] for block in every]
    heard += [bench.step()[1] for _ in range(delay)]
    assert heard[delay:] == every


def test_supervisor_listens_and_whispers() -> None:
    bench = Bench()
    delay = latency(bench)
    for listener, source in ((0, 1), (1, 0), (2, 0), (2, 1), (1, 2)):
        bench.plane.send(listener, media.Hear(source))
    generator = random.Random(7)
    spoken = {port: noise(generator) for port in (0, 1, 2)}
    bench.step()
    heard: list[bytes] = []
    for _ in range(delay + 1):
        heard = bench.step(spoken)
    sound = {port: decode(block) for port, block in spoken.items()}
    assert heard[0] == encode(sound[1])
    assert heard[1] == encode(sound[0] + sound[2])
    assert heard[2] == encode(sound[0] + sound[1])
    bench.plane.send(2, media.Unhear(-1))
    bench.plane.send(1, media.Unhear(2))
    for _ in range(delay + 1):
        heard = bench.step(spoken)
    assert heard[1] == encode(sound[0])
    assert heard[2] == b"\xd5" * TICK_SAMPLES


def test_prompt_comes_out_as_it_went_in() -> None:
    bench = Bench()
    sound = bytes(random.Random(1).randrange(256) for _ in range(1234))
    prompt = bench.plane.load_prompt("welcome", sound)
    bench.plane.send(3, media.Play(prompt, token=77))
    heard = b"".join(bench.step()[3] for _ in range(25))
    place = heard.index(encode(decode(sound[:200])))
    assert heard[place : place + 1234] == encode(decode(sound))
    assert set(heard[place + 1234 :]) == {0xD5}
    assert (1234 / 8000, 3, media.Played(77)) in bench.plane.drain()


def test_music_is_one_for_all_and_goes_round() -> None:
    bench = Bench()
    sound = encode(decode(bytes(random.Random(2).randrange(256) for _ in range(300))))
    prompt = bench.plane.load_prompt("music", sound)
    bench.plane.send_player(0, prompt, loop=True)
    for port in (1, 2):
        bench.plane.send(port, media.Hear(PLAYER))
    blocks = [bench.step() for _ in range(20)]
    heard = {port: b"".join(block[port] for block in blocks) for port in (1, 2)}
    assert heard[1] == heard[2]
    place = heard[1].index(sound)
    assert heard[1][place : place + 900] == sound * 3
    bench.plane.stop_player(0)
    for _ in range(3):
        last = bench.step()
    assert last[1] == b"\xd5" * TICK_SAMPLES


def test_recorder_has_both_tracks() -> None:
    bench = Bench()
    delay = latency(bench)
    generator = random.Random(3)
    bench.plane.send(1, media.Hear(0))
    bench.plane.send(1, media.Record(2))
    said = {0: noise(generator), 1: noise(generator)}
    for _ in range(delay + 6):
        bench.step(said)
    bench.plane.send(1, media.StopRecord(2))
    bench.step()
    events = bench.plane.drain()
    assert [event for _, port, event in events if port == 1] == [media.Recorded(2)]
    sound = bench.plane.read_recorder(2)
    assert len(sound) == 2 * TICK_SAMPLES * (delay + 6)
    assert sound[0::2][-TICK_SAMPLES:] == said[1]
    assert sound[1::2][-TICK_SAMPLES:] == said[0]
    assert bench.plane.read_recorder(2) == b""


def test_timed_tone_and_silence_are_exact_to_the_sample() -> None:
    bench = Bench()
    start = bench.tick * TICK_SAMPLES
    bench.plane.load_tones({"milliwatt": DIAL})
    bench.plane.send(1, media.SendTone(tones.progress("milliwatt"), at=(start + 137) / 8000))
    bench.plane.send(1, media.Silence(at=(start + 903) / 8000))
    heard = decode(b"".join(bench.step()[1] for _ in range(16)))
    loud = np.flatnonzero(np.abs(heard) > 200)
    offset = TICK_SAMPLES  # the wire
    # A sine begins at zero: its first samples are quiet.
    assert 0 <= loud[0] - offset - 137 <= 2
    assert -2 <= loud[-1] - offset - 902 <= 0


@pytest.mark.parametrize("after", [0, 1, 79, 80, 333])
def test_armed_command_is_exact_to_the_sample(after: int) -> None:
    pair = Pair(tokens=True)
    pair.near.configure_port(0, "cas", recognition_ms=20)
    pair.far.configure_port(0, "cas", recognition_ms=20)
    pair.run(5)
    begin = pair.tick * 80 + 50
    pair.near.send(0, media.SendBits(0b0001, at=begin / 8000))
    pair.far.send(0, media.Armed(media.Bits(0b0001), media.SendTone(tones.dtmf("5"), 50), after, 9.0))
    pair.near.send(0, media.Listen(media.RECEIVE_DTMF))
    pair.run(20)
    ((seized, _),) = [found for found in on_port(pair.far_events, 0) if found[1] == media.Bits(1)]
    ((heard, _),) = [found for found in on_port(pair.near_events, 0) if found[1] == media.Digit("5")]
    assert 0 <= round(seized * 8000) - begin - TICK_SAMPLES <= 16  # the wire, and the multiframe of time slot 16
    # The tone begins `after` samples behind the first sample of the bits, but not before they are recognised.
    assert round(heard * 8000) == round(seized * 8000) + max(after, 160) + TICK_SAMPLES


def test_armed_command_is_cancelled_in_time() -> None:
    pair = Pair(tokens=True)
    for plane in (pair.near, pair.far):
        plane.configure_port(0, "cas")
    pair.run(5)
    pair.far.send(0, media.Armed(media.Bits(1), media.Tag(5), 0, until=0.06))
    pair.far.send(0, media.Armed(media.Bits(1), media.Tag(6), 0, until=9.0))
    pair.far.send(0, media.Disarm())
    pair.far.send(0, media.Armed(media.Bits(1), media.Tag(7), 0, until=0.06))
    pair.near.send(0, media.SendBits(1, at=0.1))
    pair.run(20)
    assert media.Bits(1) in kinds_on_port(pair.far_events, 0)
    assert pair.far.tag(0) == 0
