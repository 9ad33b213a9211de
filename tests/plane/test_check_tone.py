"""The check-tone over a line: sent, looped at the far end, heard again, on sound and on tokens; with losses on the way."""

import pytest

from drivers.impairments import Impairments
from pbx.vocabulary import media, tones
from pbx.vocabulary.media import OWN, RECEIVE_CONTINUITY, Hear, Listen, SendTone, Silence, ToneOff, ToneOn, Unhear, Unlisten
from tests.plane.rig import Pair, on_port

CHECK = tones.special("continuity")


def checked(tokens=False, loss_db=0.0, looped=True):
    """What the near end hears of its own tone, sent for 300 ms from 0.1 s on."""
    pair = Pair(tokens)
    if loss_db:
        pair.near_wire.impair(4, "received", Impairments(loss_db=loss_db), seed=1)
    if looped:
        pair.far.send(4, Hear(OWN))
    pair.near.send(4, Listen(RECEIVE_CONTINUITY))
    pair.run(5)
    pair.near.send(4, SendTone(CHECK, at=0.1))
    pair.near.send(4, Silence(at=0.4))
    pair.run_jumping(100)
    return pair, on_port(pair.near_events, 4)


@pytest.mark.parametrize("tokens", [False, True])
def test_a_tone_comes_back_over_the_loop(tokens):
    pair, ((on, begun), (off, ended)) = checked(tokens)
    assert (begun, ended) == (ToneOn(CHECK), ToneOff(CHECK))
    assert 0.1 <= on <= 0.15 and 0.4 <= off <= 0.45
    assert pair.far.edges(4)[0].source == 4
    pair.far.send(4, Unhear(OWN))
    pair.run(2)
    assert pair.far.edges(4) == []


@pytest.mark.parametrize("tokens", [False, True])
def test_nothing_comes_back_without_a_loop(tokens):
    assert checked(tokens, looped=False)[1] == []


@pytest.mark.parametrize(("loss_db", "heard"), [(5.0, True), (11.0, False), (20.0, False)])
def test_a_loss_beyond_the_limits_is_no_way(loss_db, heard):
    assert (checked(loss_db=loss_db)[1] != []) == heard


def test_it_is_told_as_late_on_tokens_as_on_sound():
    told = {}
    for tokens in (False, True):
        pair = Pair(tokens)
        pair.near.send(4, Listen(RECEIVE_CONTINUITY))
        pair.run(5)
        begun = pair.tick
        pair.far.send(4, SendTone(CHECK, 200))
        told[tokens] = []
        for _ in range(40):
            before = len(pair.near_events)
            pair.run(1)
            told[tokens] += [pair.tick - begun] * (len(pair.near_events) - before)
    assert len(told[False]) == len(told[True]) == 2
    assert all(abs(sound - token) <= 1 for sound, token in zip(told[False], told[True], strict=True))


@pytest.mark.parametrize("tokens", [False, True])
def test_one_who_no_longer_listens_hears_nothing(tokens):
    pair = Pair(tokens)
    pair.near.send(4, Listen(RECEIVE_CONTINUITY))
    pair.run(2)
    pair.near.send(4, Unlisten(RECEIVE_CONTINUITY))
    pair.run(2)
    pair.far.send(4, media.SendTone(CHECK, 200))
    pair.run(40)
    assert on_port(pair.near_events, 4) == []
