"""The loop of a subscriber line: lifting, clearing, flash, bounce; ringing cadence and ring trip, to the multiframe of the wire."""

from itertools import pairwise

import pytest

from pbx.vocabulary import media
from tests.plane.rig import Pair, kinds_on_port, on_port

OPEN, CLOSED = 0b1111, 0b0111
LINE = 4
MULTIFRAME_SECONDS = 0.002


def pair_with_line(tokens: bool) -> Pair:
    pair = Pair(tokens, ("subscribers", "telephones"))
    pair.near.configure_port(LINE, "fxs", recognition_ms=20, flash_min_ms=80, flash_max_ms=600, hook_on_ms=800)
    pair.far.configure_port(LINE, "raw")
    pair.run(5)
    return pair


def play_loop(pair: Pair, *lengths_ms: int) -> None:
    """Closes the loop and then changes it after each length."""
    time, closed = pair.tick / 100 + 0.0123, True
    for length in (0, *lengths_ms):
        time += length / 1000
        pair.far.send(LINE, media.SendBits(CLOSED if closed else OPEN, at=time))
        closed = not closed


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize(
    ("lengths_ms", "told"),
    [
        ((), [media.HookOff()]),
        ((10,), []),
        ((500, 50, 500), [media.HookOff(), media.Digit("1")]),
        ((500, 20, 500), [media.HookOff()]),
        ((500, 200, 500), [media.HookOff(), media.Flash()]),
        ((500, 590, 500), [media.HookOff(), media.Flash()]),
        ((500, 640, 500), [media.HookOff()]),
        ((500, 900, 500), [media.HookOff(), media.HookOn(), media.HookOff()]),
        ((500,), [media.HookOff(), media.HookOn()]),
        # A closed loop shorter than the recognition time does not divide a break.
        ((500, 100, 10, 150, 500), [media.HookOff(), media.Flash()]),
        ((500, 400, 10, 500), [media.HookOff(), media.HookOn(), media.HookOff()]),
    ],
)
def test_loop(tokens: bool, lengths_ms: tuple[int, ...], told: list[media.MediaEvent]) -> None:
    # An odd number of lengths leaves the loop open.
    pair = pair_with_line(tokens)
    play_loop(pair, *lengths_ms)
    pair.run(130 + sum(lengths_ms) // 10)
    found = kinds_on_port(pair.near_events, LINE)
    expected = list(told)
    if len(lengths_ms) % 2 and lengths_ms[-1] >= 20 and expected[-1] != media.HookOn():
        expected.append(media.HookOn())
    assert found == expected


def test_clearing_is_stamped_with_its_first_sample() -> None:
    pair = pair_with_line(True)
    start = pair.tick / 100
    pair.far.send(LINE, media.SendBits(CLOSED, at=start + 0.1))
    pair.far.send(LINE, media.SendBits(OPEN, at=start + 0.6))
    pair.run(200)
    (lifted, _), (cleared, _) = on_port(pair.near_events, LINE)
    wire = 0.01
    assert 0 <= lifted - (start + 0.1 + wire) <= MULTIFRAME_SECONDS
    assert 0 <= cleared - (start + 0.6 + wire) <= MULTIFRAME_SECONDS


@pytest.mark.parametrize("tokens", [False, True])
def test_ringing_cadence_and_ring_trip(tokens: bool) -> None:
    pair = pair_with_line(tokens)
    begin = pair.tick / 100
    pair.near.send(LINE, media.Ring(1000, 400))
    pair.run(300)
    assert pair.near.levels(LINE).ringing is False or pair.far.levels(LINE).ringing
    changes = [(time, event) for time, event in on_port(pair.far_events, LINE) if time >= begin]
    assert [event for _, event in changes] == [media.Bits(7), media.Bits(15)] * 2 + [media.Bits(7)]
    lengths = [later - earlier for (earlier, _), (later, _) in pairwise(changes)]
    assert all(abs(length - wanted) <= MULTIFRAME_SECONDS for length, wanted in zip(lengths, [1.0, 0.4, 1.0, 0.4], strict=True))
    # Answered while it rings: ringing ends at recognition, 20 ms after the loop was closed, whatever control does.
    pair.far.send(LINE, media.SendBits(CLOSED))
    pair.run(100)
    (closed, _) = on_port(pair.near_events, LINE)[-1]
    stopped, event = on_port(pair.far_events, LINE)[-1]
    assert event == media.Bits(15)
    assert stopped - closed <= 0.020 + 0.010 + MULTIFRAME_SECONDS
    assert pair.near_wire.level(LINE)[2]
    assert not pair.far.levels(LINE).ringing


def test_line_found_off_hook_is_told() -> None:
    pair = Pair(True, ("subscribers", "telephones"))
    pair.far.send(LINE, media.SendBits(CLOSED))
    pair.run(10)
    assert kinds_on_port(pair.near_events, LINE) == [media.HookOff()]
    pair.near.configure_port(LINE, "fxs")
    pair.run(10)
    assert kinds_on_port(pair.near_events, LINE) == [media.HookOff(), media.HookOff()]
    # A new control that configures what is configured hears nothing again.
    pair.near.configure_port(LINE, "fxs")
    pair.run(10)
    assert len(kinds_on_port(pair.near_events, LINE)) == 2
