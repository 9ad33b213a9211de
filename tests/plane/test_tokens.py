"""Tokens against sound: the same script gives the same story; and virtual time jumps without changing anything."""

import random

import pytest

from pbx.media_tones import Cadence
from pbx.vocabulary import media, tones
from pbx.vocabulary.media import MIX, PLAYER
from tests.plane.rig import Pair, on_port

ROUNDS = 12
LISTENERS = media.RECEIVE_DTMF | media.RECEIVE_MFC_FORWARD | media.RECEIVE_MFC_BACKWARD
STAMP_TOLERANCE_SECONDS = 0.008
"""Of a tone's edge as the receivers find it in sound; a token's is exact."""


def script(pair: Pair, seed: int) -> None:
    """Digits, MFC signals and prompts on ports 0 to 3 through an edge, a mix and a player, at random times."""
    generator = random.Random(seed)
    for plane in (pair.near, pair.far):
        for port in range(6):
            plane.send(port, media.Listen(LISTENERS))
    prompt = pair.near.load_prompt("beep", bytes(8 * 350))
    pair.near.send(1, media.Hear(0))
    pair.near.send(2, media.Join(0))
    pair.near.send(3, media.Join(0))
    pair.near.send(4, media.Hear(MIX))
    pair.near.send_player(0, prompt, loop=True)
    pair.near.send(5, media.Hear(PLAYER))
    for _ in range(ROUNDS):
        port = generator.choice((0, 2, 3))
        what = generator.randrange(3)
        if what == 0:
            digits = "".join(generator.choice("0123456789*#ABCD") for _ in range(generator.randrange(1, 4)))
            pair.far.send(port, media.SendDigits(digits, generator.choice((60, 100)), generator.choice((60, 100))))
        elif what == 1:
            signal = generator.choice((tones.mfc_forward, tones.mfc_backward))(generator.randrange(1, 16))
            pair.far.send(port, media.SendTone(signal, generator.choice((80, 200))))
        else:
            pair.near.send(0, media.Play(prompt, token=generator.randrange(100)))
        pair.run(90 + generator.randrange(10))


def story(pair: Pair, ports: range) -> list[list[tuple[float, media.MediaEvent]]]:
    return [on_port(events, port) for events in (pair.near_events, pair.far_events) for port in ports]


@pytest.mark.parametrize("seed", range(8))
def test_tokens_and_sound_tell_the_same(seed: int) -> None:
    sound, tokens = Pair(False), Pair(True)
    script(sound, seed)
    script(tokens, seed)
    for heard, token in zip(story(sound, range(6)), story(tokens, range(6)), strict=True):
        assert [event for _, event in heard] == [event for _, event in token], f"seed {seed}"
        for (time, event), (exact, _) in zip(heard, token, strict=True):
            assert abs(time - exact) <= STAMP_TOLERANCE_SECONDS, f"seed {seed} {event}"


@pytest.mark.parametrize("seed", range(4))
def test_recordings_have_the_same_length(seed: int) -> None:
    lengths = []
    for tokens in (False, True):
        generator = random.Random(seed)
        pair = Pair(tokens)
        pair.near.send(0, media.Record(0))
        pair.run(generator.randrange(1, 300))
        pair.near.send(0, media.StopRecord(0))
        pair.run(2)
        lengths.append((len(pair.near.read_recorder(0)), on_port(pair.near_events, 0)))
    assert lengths[0] == lengths[1]


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_jumping_changes_nothing(tokens: bool, seed: int) -> None:
    """Timed commands far apart: with and without jumps the events are the same, and most ticks are leapt over."""
    found, run = [], 0
    for jump in (False, True):
        generator = random.Random(seed)
        pair = Pair(tokens)
        for plane in (pair.near, pair.far):
            plane.configure_port(0, "cas")
            plane.send(0, media.Listen(LISTENERS))
        for n in range(10):
            time = 1.0 + n + generator.random() / 2
            pair.near.send(0, media.SendBits(n % 15 + 1, at=time))
            pair.far.send(0, media.SendTone(tones.dtmf(str(n)), 100, at=time + 0.3))
        if jump:
            run = pair.run_jumping(1200)
        else:
            pair.run(1200)
        found.append((pair.near_events, pair.far_events))
    assert found[0] == found[1]
    assert len(on_port(found[0][0], 0)) == 11
    assert run < 1200 // 2


def test_nothing_to_do_means_never() -> None:
    for tokens in (False, True):
        pair = Pair(tokens)
        pair.run(10)
        assert pair.near.next_activity() is None
        prompt = pair.near.load_prompt("music", bytes(8000))
        pair.near.send_player(3, prompt)
        assert pair.near.next_activity() == 10
        pair.run(1)
        # Music that nobody hears keeps no clock running; it goes on all the same.
        pair.run(10)
        assert pair.near.next_activity() is None
        pair.near.send(0, media.SendTone(tones.progress("confirmation"), at=5.0))
        pair.run(1)
        assert pair.near.next_activity() == 500


@pytest.mark.parametrize("tokens", [False, True])
def test_plan_that_ends_and_digits_behind_digits(tokens: bool) -> None:
    pair = Pair(tokens)
    pair.far.send(0, media.Listen(media.RECEIVE_DTMF))
    pair.near.send(0, media.SendTone(tones.progress("confirmation")))
    pair.run(3)
    assert pair.near.next_activity() is not None
    pair.run(160)
    assert pair.near.next_activity() is None
    for digit in "123":
        pair.near.send(0, media.SendDigits(digit, 60, 60))
    pair.run(60)
    assert [event for _, event in on_port(pair.far_events, 0)] == [media.Digit(d) for d in "123"]


@pytest.mark.parametrize("tokens", [False, True])
def test_busy_tone_is_recognised_and_its_end(tokens: bool) -> None:
    pair = Pair(tokens)
    busy = tones.progress("busy")
    pair.far.send(0, media.Listen(media.RECEIVE_PROGRESS))
    pair.near.send(0, media.SendTone(busy, 4000))
    pair.run(50)
    # A control that starts again loads the same cadences: the receiver goes on.
    pair.far.load_recognised([450.0], {"busy": Cadence((350,), (350,), 2)})
    pair.run(30)
    assert [event for _, event in on_port(pair.far_events, 0)] == [media.ToneOn(busy)]
    pair.run(620)
    assert [event for _, event in on_port(pair.far_events, 0)] == [media.ToneOn(busy), media.ToneOff(busy)]


def test_own_voice_before_edges_before_silence() -> None:
    pair = Pair(True)
    pair.far.send(1, media.Listen(media.RECEIVE_DTMF | media.RECEIVE_MFC_FORWARD))
    pair.near.send(1, media.Hear(0))
    pair.near.send(1, media.Hear(2))
    pair.far.send(2, media.SendTone(tones.dtmf("2")))
    pair.run(10)
    pair.far.send(0, media.SendTone(tones.dtmf("0")))
    pair.run(10)
    pair.near.send(1, media.SendTone(tones.mfc_forward(7)))
    pair.run(10)
    pair.near.send(1, media.Silence())
    pair.run(10)
    pair.near.send(1, media.Unhear(0))
    pair.run(10)
    forward = tones.mfc_forward(7)
    assert [event for _, event in on_port(pair.far_events, 1)] == [
        media.Digit("2"),
        media.Digit("0"),
        media.ToneOn(forward),
        media.ToneOff(forward),
        media.Digit("0"),
        media.Digit("2"),
    ]
