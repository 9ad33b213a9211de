"""Bits, tones and digits from one plane to another, in sound and in tokens, with the compelled cycle in armed commands."""

import pytest

from pbx.vocabulary import media, tones
from tests.plane.rig import Pair, kinds_on_port, on_port


@pytest.mark.parametrize("tokens", [False, True])
def test_bits_come_with_their_first_sample(tokens: bool) -> None:
    pair = Pair(tokens)
    for plane in (pair.near, pair.far):
        plane.configure_port(3, "cas", recognition_ms=20)
    pair.run(6)
    assert kinds_on_port(pair.far_events, 3) == [media.Bits(15)]
    pair.near.send(3, media.SendBits(0b0011, at=0.1003))
    pair.run(20)
    (_, first), (time, second) = on_port(pair.far_events, 3)
    assert (first, second) == (media.Bits(15), media.Bits(3))
    assert 0.1003 <= time <= 0.1003 + 0.012
    assert pair.near.levels(3).bits_out == 3
    assert pair.far.levels(3).bits_in == 3


@pytest.mark.parametrize("tokens", [False, True])
def test_compelled_cycle_of_armed_commands(tokens: bool) -> None:
    pair = Pair(tokens)
    forward, backward = tones.mfc_forward(3), tones.mfc_backward(1)
    pair.far.send(3, media.Listen(media.RECEIVE_MFC_FORWARD))
    pair.near.send(3, media.Listen(media.RECEIVE_MFC_BACKWARD))
    pair.far.send(3, media.Armed(media.ToneOn(forward), media.SendTone(backward), 0, 9.0))
    pair.far.send(3, media.Armed(media.ToneOff(forward), media.Silence(), 0, 9.0))
    pair.near.send(3, media.Armed(media.ToneOn(backward), media.Silence(), 0, 9.0))
    pair.near.send(3, media.SendTone(forward))
    pair.run(40)
    assert kinds_on_port(pair.far_events, 3) == [media.ToneOn(forward), media.ToneOff(forward)]
    assert kinds_on_port(pair.near_events, 3) == [media.ToneOn(backward), media.ToneOff(backward)]


@pytest.mark.parametrize("tokens", [False, True])
def test_digits_in_order(tokens: bool) -> None:
    pair = Pair(tokens)
    pair.far.send(3, media.Listen(media.RECEIVE_DTMF))
    pair.near.send(3, media.SendDigits("1", 80, 80))
    pair.near.send(3, media.SendDigits("59#", 60, 60))
    pair.run(70)
    assert kinds_on_port(pair.far_events, 3) == [media.Digit(d) for d in "159#"]
