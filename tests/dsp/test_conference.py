"""Conferences: each party hears the exact sum of all others, and the selection of speakers chops no words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx._plane import ffi, lib

from tests.dsp.processors import LEVELS, NAMES, limited
from tests.dsp.sounds import PEAK_AT_0_DBM0, noise, sines

UNITY, LOUDEST = lib.CONFERENCE_UNITY, lib.CONFERENCE_GAIN_MAX


@pytest.fixture(autouse=True, params=LEVELS, ids=NAMES.get)
def level(request):
    with limited(request.param):
        yield request.param


def pointers(rows):
    return [ffi.NULL if row is None else ffi.from_buffer("int16_t[]", row) for row in rows]


def alaw(samples):
    out = np.zeros(len(samples), np.uint8)
    lib.g711_alaw_encode(ffi.from_buffer("int16_t[]", samples), ffi.from_buffer("uint8_t[]", out), len(samples))
    return out


def add_up(said, gains):
    total = ffi.new("struct conference_sum *")
    kept = pointers(said)
    lib.conference_sum(total, ffi.new("int16_t *[]", kept), ffi.new("int32_t[]", gains), len(said))
    return total


def give(total, said, gains):
    heard = [np.zeros(80, np.uint8) for _ in said]
    kept, out = pointers(said), [ffi.from_buffer("uint8_t[]", row) for row in heard]
    lib.conference_give(total, ffi.new("int16_t *[]", kept), ffi.new("int32_t[]", gains), ffi.new("uint8_t *[]", out), len(said))
    return heard


def louder(samples, gain):
    return (samples.astype(np.int64) * gain + 2048) >> 12


def held(samples):
    return np.clip(samples, -32768, 32767).astype(np.int16)


@st.composite
def conferences(draw):
    parties = draw(st.integers(0, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    top = draw(st.sampled_from([300, 8000, 32767]))
    said = [random.integers(-top - 1, top + 1, 80).astype(np.int16) for _ in range(parties)]
    if parties and draw(st.booleans()):
        said[0][:] = draw(st.sampled_from([-32768, 32767]))
    gains = draw(st.lists(st.sampled_from([0, 1, 2048, 4095, UNITY, UNITY, UNITY, 4097, LOUDEST]), min_size=parties, max_size=parties))
    return said, gains


@given(conferences(), st.integers(0, 2**40 - 1))
@settings(max_examples=200)
def test_each_party_hears_the_exact_sum_of_all_others(conference, silent):
    said, gains = conference
    parts = [louder(samples, gain) for samples, gain in zip(said, gains, strict=True)]
    everything = sum(parts, np.zeros(80, np.int64))
    total = add_up(said, gains)
    assert (np.frombuffer(ffi.buffer(total.total), np.int32) == everything).all()
    # Some hear all of it, because what they said is not in it as far as they know.
    own = [None if silent >> n & 1 else samples for n, samples in enumerate(said)]
    for n, heard in enumerate(give(total, own, gains)):
        left = everything if own[n] is None else everything - parts[n]
        assert (heard == alaw(held(left))).all()
        linear = np.zeros(80, np.int16)
        lib.conference_minus(total, ffi.from_buffer("int16_t[]", said[n]), gains[n], ffi.from_buffer("int16_t[]", linear))
        assert (linear == held(everything - parts[n])).all()


@given(conferences())
def test_sums_by_hand(conference):
    said, gains = conference
    by_hand = np.zeros(80, np.int32)
    place = ffi.from_buffer("int32_t[]", by_hand)
    for samples, gain in zip(said, gains, strict=True):
        lib.conference_add(place, ffi.from_buffer("int16_t[]", samples), gain)
    total = add_up(said, gains)
    assert (by_hand == np.frombuffer(ffi.buffer(total.total), np.int32)).all()
    heard = np.zeros(80, np.int16)
    lib.conference_hold(place, ffi.from_buffer("int16_t[]", heard))
    assert (heard == held(by_hand)).all()
    for gain in (0, 1000, UNITY, 8000):
        twice = by_hand.copy()
        lib.conference_add_sum(ffi.from_buffer("int32_t[]", twice), total.total, gain)
        assert (twice == (by_hand + louder(by_hand, gain)).astype(np.int32)).all()
    for samples, gain in zip(said, gains, strict=True):
        lib.conference_subtract(place, ffi.from_buffer("int16_t[]", samples), gain)
    assert not by_hand.any()


def test_as_many_as_32_bits_bear():
    loud = np.full(80, -32768, np.int16)
    loud[::2] = 32767
    parties = lib.CONFERENCE_PARTIES_MAX
    total = add_up([loud] * parties, [LOUDEST] * parties)
    assert (np.frombuffer(ffi.buffer(total.total), np.int32) == parties * louder(loud, LOUDEST)).all()


def test_nobody_speaks():
    heard = give(add_up([], []), [None, None], [UNITY, UNITY])
    assert [set(row) for row in heard] == [{0xD5}, {0xD5}]


class Selection:
    """Parties of a conference whose loudest are selected."""

    def __init__(self, parties, wanted):
        self.state = ffi.new("struct speaker[]", parties)
        self.speakers = ffi.new("struct speaker *[]", [self.state + n for n in range(parties)])
        self.parties, self.wanted = parties, wanted
        self.loudness = ffi.new("uint32_t[]", parties)

    def run(self, blocks):
        kept = pointers(blocks)
        lib.speakers_hear(ffi.new("int16_t *[]", kept), self.loudness, self.parties)
        count = lib.speakers_select(self.speakers, self.loudness, self.parties, self.wanted)
        chosen = {n for n in range(self.parties) if self.state[n].selected}
        assert len(chosen) == count <= self.wanted
        return chosen


@given(st.integers(0, 2**32), st.integers(0, 32767))
def test_loudness_is_the_power_of_the_block(seed, top):
    block = np.random.default_rng(seed).integers(-top - 1, top + 1, 80).astype(np.int16)
    heard = ffi.new("uint32_t[]", 2)
    lib.speakers_hear(ffi.new("int16_t *[]", pointers([block, None])), heard, 2)
    squares = block.astype(np.int64) ** 2
    assert heard[0] == ((squares[::2] + squares[1::2]) >> 7).sum()
    assert heard[1] == 0


def blocks_of(sound, party, parties):
    return [sound if n == party else None for n in range(parties)]


def test_a_first_word_is_in_the_sum_from_its_first_block():
    selection = Selection(5, 3)
    tone = sines(10, (500, -20))
    for party in (4, 0, 2):
        assert party in selection.run(blocks_of(tone, party, 5))
    # All places are taken by those who have just spoken; who is silent for long gives his up at once.
    for _ in range(400):
        chosen = selection.run([None] * 5)
    assert chosen == {0, 2, 4}
    assert 1 in selection.run(blocks_of(tone, 1, 5))


def test_words_are_not_chopped():
    """Three speak with pauses of 200 ms, a fourth murmurs 4 dB under them all the time: he never takes a place."""
    selection = Selection(4, 3)
    word, murmur = sines(10, (700, -18)), sines(10, (400, -22))
    chosen = set()
    for tick in range(600):
        speaking = [tick > 0 and (tick + 13 * n) % 60 < 40 for n in range(3)]
        blocks = [word if tick < 40 or said else None for said in speaking]
        chosen = selection.run([*blocks, murmur if tick > 40 else None])
        assert chosen == {0, 1, 2}


def test_a_louder_speaker_takes_the_place_of_the_weakest_but_not_within_half_a_second():
    selection = Selection(3, 2)
    levels = [sines(10, (500, level)) for level in (-12, -30, -14)]
    for _ in range(10):
        assert selection.run([levels[0], levels[1], None]) == {0, 1}
    taken = [tick for tick in range(10, 200) if selection.run(levels) == {0, 2}]
    assert taken[0] == 50
    assert taken == list(range(50, 200))


def test_background_noise_is_not_let_in_and_fewer_places_drop_the_weakest():
    random = np.random.default_rng(5)
    selection = Selection(4, 3)
    for _ in range(300):
        assert selection.run([held(noise(80, -58, random)) for _ in range(4)]) == set()
    for _ in range(5):
        selection.run([sines(10, (500, level)) for level in (-30, -10, -20)] + [None])
    selection.wanted = 1
    assert selection.run([None] * 4) == {1}


@given(st.integers(1, 12), st.integers(0, 5), st.integers(0, 2**32))
def test_the_right_number_is_selected_whatever_is_said(parties, wanted, seed):
    random = np.random.default_rng(seed)
    selection = Selection(parties, wanted)
    for _ in range(60):
        blocks = [held(random.normal(0, PEAK_AT_0_DBM0 * 10 ** -random.uniform(0, 4), 80)) for _ in range(parties)]
        selection.run([None if random.random() < 0.4 else block for block in blocks])
