"""Any commands in any order: the plane stays whole, counts every one, and falls silent when all is taken back."""

import itertools
import random

import pytest

from pbx.media import Layout, Plane
from pbx.vocabulary import media, tones
from pbx.vocabulary.media import MIX, PLAYER, MediaCommand, MediaEvent
from tests.plane.rig import Pair, kinds_on_port

LAYOUT = Layout(
    ports=30, mixes=3, players=2, recorders=3, prompts=8, prompt_octets=1 << 16, journal_octets=1 << 17, events=16384, recorder_samples=8192
)
PORTS = 8


def any_event(generator: random.Random) -> MediaEvent:
    return generator.choice(
        [
            media.Bits(generator.randrange(16)),
            media.Digit(generator.choice(tones.DTMF_DIGITS)),
            media.Played(1),
            media.ToneOn(0x101),
            media.Polarity(generator.random() < 0.5),
            media.HookOff(),
            media.RingOn(),
            media.Grounded(True),
        ]
    )


def any_command(generator: random.Random, now: float) -> MediaCommand:
    at = generator.choice([0.0, now, now + generator.random() / 5])
    source = generator.choice([generator.randrange(PORTS), PLAYER + generator.randrange(3), MIX + generator.randrange(4), 29, 31])
    code = generator.choice([0, 0x101, 0x20F, 0x335, 0x401, 0x403, 0x409, 0x40F, 0x4FF, 0x399, 0x500, 0x502, 0x505, 0x700, 0x1001])
    return generator.choice(
        [
            media.SendBits(generator.randrange(16), at),
            media.SendTone(code, generator.choice([0, 1, 7, 55, 300]), at),
            media.SendDigits("5", generator.choice([0, 1, 60]), generator.choice([0, 60])),
            media.Silence(at),
            media.Listen(generator.randrange(16) | generator.choice([0, media.RECEIVE_CALLER_IDENTITY])),
            media.Unlisten(generator.randrange(16) | generator.choice([0, media.RECEIVE_CALLER_IDENTITY])),
            media.SendOctets(generator.randrange(6), b"", generator.randrange(3), generator.randrange(200), generator.randrange(3), at=at),
            media.LineTest(generator.randrange(5), generator.random() < 0.5, generator.random() < 0.5),
            media.Ring(generator.choice([0, 1, 100]), generator.choice([0, 1, 400])),
            media.Ring(generator.choice([1, 100]), 30, generator.choice([1, 60]), 200),
            media.Reverse(generator.random() < 0.5, at),
            media.Feed(generator.random() < 0.5, at),
            media.SendMeterPulse(generator.choice([1, 50, 700]), at),
            media.MeasureLine(),
            media.Loop(generator.random() < 0.5, at),
            media.Ground(generator.random() < 0.5, at),
            media.Play(generator.randrange(5), 1, generator.random() < 0.2),
            media.Hear(source, generator.choice([0.0, -6.0, 12.0])),
            media.Unhear(generator.choice([-1, source])),
            media.Join(generator.randrange(4), generator.choice([0.0, 6.0])),
            media.Leave(generator.randrange(4)),
            media.Mute(source, generator.random() < 0.7),
            media.MixSettings(generator.randrange(4), generator.choice([0, 0, 1, 3]), generator.random() < 0.3),
            media.AutomaticLevel(generator.random() < 0.7, generator.uniform(-40, 0), generator.uniform(0, 24)),
            media.Record(generator.randrange(4)),
            media.StopRecord(generator.randrange(4)),
            media.Tag(generator.randrange(100)),
            media.Disarm() if generator.random() < 0.1 else media.Tag(0),
        ]
    )


def take_back(plane: Plane, port: int) -> None:
    commands = [media.Disarm(), media.Silence(), media.Unlisten(255), media.Ring(0), media.Unhear(-1)]
    commands += [media.Leave(mix) for mix in range(3)] + [media.StopRecord(recorder) for recorder in range(3)]
    commands.append(media.LineTest(0, sends=False, receives=False))
    commands.append(media.AutomaticLevel(False))
    for command in commands:
        plane.send(port, command)


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_storm(tokens: bool, seed: int) -> None:
    generator = random.Random(seed)
    pair = Pair(
        tokens, generator.choice([("circuits", "circuits"), ("subscribers", "telephones"), ("subscribers", "offices")]), layout=LAYOUT
    )
    planes = [pair.near, pair.far]
    for plane in planes:
        for length in (0, 1, 79, 4000):
            plane.load_prompt(f"prompt {length}", bytes(generator.randrange(256) for _ in range(length)))
    sent = [0, 0]
    for _ in range(400):
        side = generator.randrange(2)
        port = generator.randrange(PORTS)
        if generator.random() < 0.1:
            kind = generator.choice(["cas", "fxs", "fxo", "raw", "frames", "signal-units", "signalling-link"])
            planes[side].configure_port(port, kind, generator.choice([0, 20]))
        elif generator.random() < 0.1:
            planes[side].send_player(generator.randrange(3), generator.randrange(5), generator.random() < 0.5)
        elif generator.random() < 0.05:
            planes[side].send(port, media.SendFrame(bytes(generator.choice([1, 300]))))
        elif generator.random() < 0.05:
            planes[side].send(port, media.LinkOrder(generator.randrange(70), generator.randrange(256), bytes(generator.choice([0, 40]))))
        else:
            planes[side].send(port, any_command(generator, pair.tick / 100))
        sent[side] += 1
        if generator.random() < 0.1:
            planes[side].send(port, media.Armed(any_event(generator), any_command(generator, 0.0), generator.randrange(300), 1e6))
        if generator.random() < 0.4:
            pair.run(generator.randrange(1, 5))
            pair.near.read_recorder(generator.randrange(3))
    for plane in planes:
        plane.stop_player(0)
        plane.stop_player(1)
        for port in range(PORTS):
            take_back(plane, port)
    pair.run(620)
    for plane in planes:
        for port in range(PORTS):
            assert plane.edges(port) == []
    assert pair.near.next_activity() is None, f"seed {seed}"
    assert pair.far.next_activity() is None, f"seed {seed}"
    for plane, count in zip(planes, sent, strict=True):
        counters = plane.counters()
        # Disarm takes back what it meets; everything else was done or refused.
        assert counters["executed_commands"] + counters["rejected_commands"] <= 2 * count + 2 + PORTS * 11
        assert counters["event_overflows"] == 0
        assert counters["refused_commands"] == 0


@pytest.mark.parametrize("tokens", [False, True])
def test_train_of_pulses_is_one_exact_pattern(tokens: bool) -> None:
    pair = Pair(tokens)
    pair.far.configure_port(0, "raw")
    pair.run(5)
    start = pair.tick / 100 + 0.01
    for pulse in range(10):
        pair.near.send(0, media.SendBits(0b1111, at=start + pulse * 0.1))
        pair.near.send(0, media.SendBits(0b0111, at=start + pulse * 0.1 + 0.06))
    pair.run(120)
    pulses = [(time, event) for time, port, event in pair.far_events if port == 0]
    assert kinds_on_port(pair.far_events, 0) == [media.Bits(0b0111), media.Bits(0b1111)] * 9 + [media.Bits(0b0111)]
    breaks = [later - earlier for (earlier, event), (later, _) in itertools.pairwise(pulses) if event == media.Bits(7)]
    assert all(abs(length - 0.04) <= 0.002 for length in breaks)
