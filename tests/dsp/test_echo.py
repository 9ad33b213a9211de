"""The echo canceller by the tests of G.168 in our words, and what else must hold: equal versions, lanes apart, any sound.

Figures are ours where G.168's were not at hand; where A-law itself leaves more, its rounding is the limit. Levels in dBm0.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx._plane import ffi, lib

from benchmarks.echo_paths import at_level, composite_source, echo_of, hybrid, level_dbm0, through_alaw
from pbx.cancelling import ALL_OPTIONS, COMFORT_NOISE, NONLINEAR, TONE_DISABLER, Canceller, cancel
from tests.dsp.processors import LEVELS, limited
from tests.dsp.sounds import noise, sines

PATHS = [(3, 6), (5, 8), (4, 12), (9, 6)]  # seed and echo return loss in dB of a hybrid
BLOCK = 80


def seconds(sound, begin, end):
    return sound[round(begin * 8000) : round(end * 8000)]


def erle_db(near, out, begin, end):
    return level_dbm0(seconds(near, begin, end)) - level_dbm0(seconds(out, begin, end))


def source(length, level, seed=1):
    return through_alaw(at_level(composite_source(length, seed), level))


def line(far, seed=3, erl=6, near_sound=None):
    """What comes back of `far` through a hybrid, with what is said there."""
    return through_alaw(echo_of(far, hybrid(seed, erl)) + (0 if near_sound is None else near_sound))


def tone(length, *hz, level=-14):
    return at_level(sum(np.sin(2 * np.pi * f * np.arange(round(length * 8000)) / 8000 + f) for f in hz), level)


@pytest.mark.parametrize(("seed", "erl"), PATHS)
@pytest.mark.parametrize("level", [-10, -20, -30])
def test_2b_converges_without_the_nonlinear_processor(seed, erl, level):
    far = source(5, level)
    near = line(far, seed, erl)
    out, statistics = cancel(near, far, 32, 0)
    rounding = erle_db(near, near - echo_of(far, hybrid(seed, erl)), 2, 5)
    assert erle_db(near, out, 0.7, 1.05) >= min(20, rounding - 4)
    assert erle_db(near, out, 2, 5) >= min(26, rounding - 4)
    assert statistics.converged
    assert abs(statistics.erle_db - erle_db(near, out, 3, 5)) < 5  # of sound with the low frequencies held back


def test_erl_is_found():
    far = through_alaw(noise(8000 * 4, -14, np.random.default_rng(1)))
    _, statistics = cancel(line(far, 3, 9), far, 32, 0)
    assert abs(statistics.erl_db - 9) < 1.5


@pytest.mark.parametrize(("tail_ms", "delay_ms"), [(32, 0), (64, 45), (128, 100)])
def test_tails_are_as_long_as_they_say(tail_ms, delay_ms):
    far = source(4, -14)
    near = through_alaw(echo_of(far, hybrid(3, 6, delay_ms or 10)))
    out, _ = cancel(near, far, tail_ms, 0)
    assert erle_db(near, out, 2, 4) >= 26


def test_bulk_delay_moves_the_tail():
    far = source(4, -14)
    near = through_alaw(echo_of(far, hybrid(3, 6, 70)))
    without, _ = cancel(near, far, 32, 0)
    moved, _ = cancel(near, far, 32, 0, delay_ms=60)
    assert erle_db(near, without, 2, 4) < 3
    assert erle_db(near, moved, 2, 4) >= 26


@pytest.mark.parametrize("level", [-10, -20])
def test_2a_with_the_nonlinear_processor_nothing_is_heard_within_a_second(level):
    far = source(3, level)
    out, statistics = cancel(line(far), far, 32, NONLINEAR)
    assert level_dbm0(seconds(out, 1.1, 3)) < -60
    assert statistics.suppressing


def test_2c_converges_in_background_noise():
    far = source(5, -14)
    hiss = noise(len(far), -40, np.random.default_rng(2))
    out, _ = cancel(line(far, 3, 6, hiss), far, 32, 0)
    assert level_dbm0(seconds(out, 3, 5) - seconds(hiss, 3, 5)) < -45


def test_3a_speech_far_below_the_echo_does_not_hinder_convergence():
    far = source(5, -14)
    speech = at_level(composite_source(5, 8), -35)
    out, _ = cancel(line(far, 3, 6, speech), far, 32, 0)
    assert level_dbm0(seconds(out, 1.5, 5) - seconds(speech, 1.5, 5)) < -38


@pytest.mark.parametrize("level", [-10, -14, -20, -30])
def test_3b_double_talk_harms_neither_the_speech_nor_what_was_learned(level):
    far = source(7, -14)
    speech = at_level(composite_source(7, 8), level)
    speech = np.where((np.arange(len(far)) >= 16000) & (np.arange(len(far)) < 40000), np.roll(speech, 1234), 0)
    near = line(far, 3, 6, speech)
    canceller = Canceller(32, ALL_OPTIONS & ~NONLINEAR)
    talked = 0
    out = np.zeros_like(near)
    for place in range(0, len(near), BLOCK):
        out[place : place + BLOCK] = canceller.run(near[place : place + BLOCK], far[place : place + BLOCK])
        talked += canceller.statistics.double_talk and 16000 <= place < 40000
    before = level_dbm0(seconds(out, 1.4, 2))
    assert level_dbm0(seconds(out, 2, 5) - seconds(speech, 2, 5)) < -45
    assert level_dbm0(seconds(out, 5, 5.5)) < before + 10
    assert talked > (60 if level < -20 else 150)  # of 300 blocks, pauses included


def test_3c_a_conversation_from_its_first_word():
    """Both speak at once from the beginning, by turns and together; what is left is far below the echo."""
    far = source(8, -14)
    speech = at_level(composite_source(8, 8), -16) * (np.sin(np.arange(len(far)) / 8000 * 2) > -0.3)
    out, _ = cancel(line(far, 3, 8, speech), far, 32, 0)
    assert level_dbm0(seconds(out, 5, 8) - seconds(speech, 5, 8)) < -14 - 8 - 12


def test_4_nothing_leaks_away_while_nobody_speaks():
    far = source(4, -14)
    quiet = np.zeros(8000 * 120, np.int16)
    whole = np.concatenate([far, quiet, far])
    near = line(whole)
    out, _ = cancel(near, whole, 32, 0)
    assert erle_db(near, out, 124, 124.4) > erle_db(near, out, 3, 4) - 3


def test_5_a_path_that_is_opened_is_found_at_once():
    far = source(6, -10)
    near = line(far)
    near[24000:] = 8
    out, statistics = cancel(near, far, 32, 0)
    assert level_dbm0(seconds(out, 3.35, 6)) < -50
    assert statistics.changes


@pytest.mark.parametrize("erl", [6, 10])
def test_a_new_path_is_learned(erl):
    far = source(8, -14)
    near = np.concatenate([line(far, 3, erl)[:32000], through_alaw(echo_of(far, hybrid(9, erl, 7)))[32000:]])
    out, statistics = cancel(near, far, 32, 0)
    assert erle_db(near, out, 3, 4) >= 26
    assert erle_db(near, out, 5.05, 6.1) >= 20
    assert erle_db(near, out, 6.8, 8) >= 26
    assert statistics.changes


@pytest.mark.parametrize("hz", [(204,), (450,), (1004,), (2100,), (3304,), (697, 1209), (941, 1633), (350, 440), (540, 660), (1380, 1500)])
def test_6_narrow_band_signals_do_not_undo_what_was_learned(hz):
    speech = source(4, -14)
    far = np.concatenate([speech, through_alaw(tone(3, *hz)), speech])
    near = line(far)
    out, _ = cancel(near, far, 32, 0)
    assert level_dbm0(seconds(out, 4.1, 7)) < level_dbm0(seconds(near, 4.1, 7)) - 15
    assert erle_db(near, out, 7, 7.35) > erle_db(near, out, 3, 4) - 10


@pytest.mark.parametrize("hz", [(450,), (2100,), (697, 1209)])
def test_6_a_tone_before_the_first_word_hinders_little(hz):
    far = np.concatenate([through_alaw(tone(3, *hz)), source(3, -14)])
    near = line(far)
    out, _ = cancel(near, far, 32, 0)
    assert erle_db(near, out, 1, 3) > 20
    assert erle_db(near, out, 4, 6) > 20


@pytest.mark.parametrize("hz", [(1004,), (770, 1336)])
def test_7_is_stable_on_a_tone_for_long(hz):
    far = through_alaw(tone(60, *hz, level=-6))
    near = line(far)
    out, _ = cancel(near, far, 32, 0)
    assert level_dbm0(seconds(out, 50, 60)) < level_dbm0(seconds(near, 50, 60)) - 20


def test_7_is_stable_without_an_echo_path():
    far = source(10, -10)
    out, statistics = cancel(np.full(len(far), 8, np.int16), far, 32, 0)
    assert level_dbm0(out) < -55
    assert not statistics.double_talk


def answer_tone(length, every_ms, hz=2100.0, level=-12, angle=180.0):
    """2 100 Hz of a modem; its phase is turned so often."""
    time = np.arange(round(length * 8000)) / 8000
    turns = np.floor(time * 1000 / every_ms) if every_ms else np.zeros(len(time))
    return at_level(np.sin(2 * np.pi * hz * time + np.radians(angle) * turns), level)


def disabled_at(sound, towards_far=True):
    """Seconds until the canceller was disabled, or None."""
    canceller = Canceller(32, ALL_OPTIONS)
    silent = np.zeros(BLOCK, np.int16)
    for place in range(0, len(sound) - BLOCK + 1, BLOCK):
        block = sound[place : place + BLOCK]
        canceller.run(*((silent, block) if towards_far else (block, silent)))
        if canceller.statistics.disabled:
            return place / 8000
    return None


@pytest.mark.parametrize("towards_far", [True, False])
@pytest.mark.parametrize("start", [0, 13, 40, 71])
@pytest.mark.parametrize(
    ("hz", "every_ms", "angle", "level"),
    [(2100, 450, 180, -12), (2085, 430, 160, -30), (2115, 470, 200, -3), (2080, 450, 180, -20)],
)
def test_8_reversals_disable_in_either_direction(towards_far, start, hz, every_ms, angle, level):
    sound = np.concatenate([np.zeros(800 + start), answer_tone(3, every_ms, hz, level, angle)])
    sound += noise(len(sound), level - 25, np.random.default_rng(3))
    at = disabled_at(through_alaw(sound), towards_far)
    assert at is not None
    assert at < 1.2


@pytest.mark.parametrize(
    ("hz", "every_ms", "angle", "level"),
    [
        (2100, 0, 180, -12),
        (2100, 300, 180, -12),
        (2100, 600, 180, -12),
        (2100, 450, 90, -12),
        (2100, 450, 180, -40),
        (2000, 450, 180, -12),
        (2200, 450, 180, -12),
    ],
)
def test_8_nothing_else_disables(hz, every_ms, angle, level):
    assert disabled_at(through_alaw(answer_tone(5, every_ms, hz, level, angle))) is None
    assert disabled_at(source(5, -10)) is None


def test_8_disabled_is_transparent_and_ends_after_silence():
    canceller = Canceller(32, ALL_OPTIONS)
    far = source(3, -14)
    canceller.run(line(far), far)
    call = through_alaw(answer_tone(3, 450))
    canceller.run(line(call), call)
    assert canceller.statistics.disabled
    carrier = through_alaw(noise(8000, -20, np.random.default_rng(4)))
    back = line(carrier)
    assert np.array_equal(canceller.run(back, carrier), back)
    ended = 0
    for block in range(60):
        canceller.run(np.zeros(BLOCK, np.int16), np.zeros(BLOCK, np.int16))
        ended = ended or (0 if canceller.statistics.disabled else block + 1)
    assert 10 <= ended <= 40
    out = canceller.run(line(far), far)
    assert erle_db(line(far), out, 0.1, 0.35) > 20


def test_8_a_tone_without_reversals_takes_only_the_nonlinear_processor_away():
    canceller = Canceller(32, ALL_OPTIONS)
    far = source(3, -14)
    canceller.run(line(far), far)
    assert canceller.statistics.suppressing
    sound = through_alaw(answer_tone(2, 0))
    canceller.run(line(sound), sound)
    assert not canceller.statistics.disabled
    assert not canceller.statistics.suppressing


@pytest.mark.parametrize("level", [-60, -50, -40])
def test_9_comfort_noise_is_as_loud_as_the_background(level):
    hiss = noise(8000 * 14, level, np.random.default_rng(5))
    far = np.concatenate([np.zeros(8000 * 8, np.int16), source(6, -10)])
    near = line(far, 3, 8, hiss)
    out, statistics = cancel(near, far, 32, NONLINEAR | COMFORT_NOISE)
    heard = np.zeros(len(near), bool)
    heard[8000 * 9 :] = True
    assert abs(level_dbm0(out[heard]) - level_dbm0(near[: 8000 * 8])) < 2
    assert abs(statistics.background_dbm0 - level_dbm0(near[: 8000 * 8])) < 2


def test_9_the_background_is_followed():
    steps = np.concatenate([noise(8000 * 8, -45, np.random.default_rng(6)), noise(8000 * 8, -60, np.random.default_rng(7))])
    canceller = Canceller()
    near = through_alaw(steps)
    canceller.run(near[: 8000 * 8], near[:0])
    assert abs(canceller.statistics.background_dbm0 + 45) < 2
    canceller.run(near[8000 * 8 :], near[:0])
    assert abs(canceller.statistics.background_dbm0 + 60) < 2


class Lanes:
    """A bank of several lanes, each with a tail of its own."""

    def __init__(self, tails_ms, options=ALL_OPTIONS):
        self.count = len(tails_ms)
        self.memory = ffi.new("char[]", lib.echo_bank_size(self.count, 128) + 64)
        self.bank = lib.echo_bank_init(self.memory + (-int(ffi.cast("uintptr_t", self.memory)) % 64), self.count, 128)
        for lane, tail_ms in enumerate(tails_ms):
            assert lib.echo_lane_set(self.bank, lane, tail_ms, options, 0) == 0
        self.pointers = [ffi.new("int16_t *[]", self.count) for _ in range(3)]

    def run(self, far, near):
        """Blocks of all lanes, [lane][80]; a row of None does not take part."""
        out = np.zeros((self.count, BLOCK), np.int16)
        kept = []
        for which, rows in enumerate((far, near, list(out))):
            for lane, row in enumerate(rows):
                kept.append(None if row is None else ffi.from_buffer("int16_t[]", row))
                self.pointers[which][lane] = ffi.NULL if row is None else kept[-1]
        lib.echo_bank_run(self.bank, *self.pointers)
        return out


def test_lanes_are_apart():
    tails = [32, 128, 0, 64, 16]
    far = [source(2, -14, seed) for seed in range(5)]
    near = [line(sound, seed + 3) for seed, sound in enumerate(far)]
    bank = Lanes(tails, 0)
    out = np.zeros((5, len(far[0])), np.int16)
    for place in range(0, len(far[0]), BLOCK):
        part = slice(place, place + BLOCK)
        out[:, part] = bank.run([sound[part] for sound in far], [sound[part] for sound in near])
    for lane, tail_ms in enumerate(tails):
        alone = cancel(near[lane], far[lane], tail_ms, 0)[0] if tail_ms else np.zeros(len(near[lane]), np.int16)
        assert np.array_equal(out[lane], alone)


def test_a_lane_that_does_not_take_part_keeps_its_state():
    far, bank = source(1, -14), Lanes([32, 32], 0)
    near, out = line(far), []
    for place in range(0, len(far), BLOCK):
        part = slice(place, place + BLOCK)
        out.append(bank.run([far[part], None], [near[part], None])[0])
        bank.run([None, far[part]], [None, near[part]])
    assert np.array_equal(np.concatenate(out), cancel(near, far, 32, 0)[0])


def test_what_is_not_possible_is_refused():
    bank = Lanes([32])
    for lane, tail_ms, delay_ms in ((1, 32, 0), (-1, 32, 0), (0, 129, 0), (0, -1, 0), (0, 32, 81), (0, 32, -1)):
        assert lib.echo_lane_set(bank.bank, lane, tail_ms, 0, delay_ms) == -1
    assert lib.echo_lane_statistics(bank.bank, 1, ffi.new("struct echo_statistics *")) == -1
    for tail_ms, delay_ms in ((0, 0), (129, 0), (32, 81)):
        with pytest.raises(ValueError, match="no canceller"):
            Canceller(tail_ms, ALL_OPTIONS, delay_ms)


KINDS = ["source", "noise", "full", "tone", "silence", "square", "chance"]


def any_sound(kind, count, seed):
    random = np.random.default_rng(seed)
    if kind == "source":
        return source(count / 8000 + 0.1, random.uniform(-40, 0), seed)[:count]
    if kind == "noise":
        return through_alaw(noise(count, random.uniform(-60, 0), random))
    if kind == "tone":
        return through_alaw(sines(count / 8 + 1, (random.uniform(50, 3900), random.uniform(-40, 3)))[:count])
    if kind == "square":
        return np.where(np.arange(count) // random.integers(1, 90) % 2, 32767, -32768).astype(np.int16)
    if kind == "full":
        return np.full(count, random.choice([-32768, 32767]), np.int16)
    if kind == "chance":
        return random.integers(-32768, 32768, count).astype(np.int16)
    return np.zeros(count, np.int16)


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS), st.booleans(), st.integers(1, 12)), min_size=1, max_size=6),
    st.sampled_from([8, 32, 64, 128]),
    st.integers(0, 7),
    st.integers(0, 80),
    st.integers(0, 2**32 - 1),
)
def test_every_version_gives_the_same_bits(parts, tail_ms, options, delay_ms, seed):
    """Any sound, echo or not: no version differs in a bit, and none goes out of bounds."""
    far = [any_sound(kind, blocks * 5 * BLOCK, seed + n) for n, (kind, _, _, blocks) in enumerate(parts)]
    near = [
        line(sound, seed % 100) if echoes else any_sound(other, blocks * 5 * BLOCK, seed + n + 77)
        for n, (sound, (_, other, echoes, blocks)) in enumerate(zip(far, parts, strict=True))
    ]
    results = []
    for level in LEVELS:
        with limited(level):
            results.append(cancel(np.concatenate(near), np.concatenate(far), tail_ms, options, delay_ms))
    for out, statistics in results[1:]:
        assert np.array_equal(out, results[0][0])
        assert statistics == results[0][1]


@given(
    st.lists(st.sampled_from(KINDS), min_size=1, max_size=5),
    st.lists(st.sampled_from(KINDS), min_size=5, max_size=5),
    st.integers(0, 2**32 - 1),
)
def test_it_comes_back_from_anything(far_kinds, near_kinds, seed):
    """After the worst sounds a line with an echo is learned as ever."""
    count = 30 * BLOCK
    far = np.concatenate([*(any_sound(kind, count, seed + n) for n, kind in enumerate(far_kinds)), source(4, -14)])
    near = line(far, 3, 6)
    worst = np.concatenate([any_sound(kind, count, seed + n + 9) for n, kind in enumerate(near_kinds[: len(far_kinds)])])
    near[: len(worst)] = worst
    out, _ = cancel(near, far, 32, 0)
    begun = len(worst) / 8000
    assert erle_db(near, out, begun + 2.8, begun + 4) > 20


def test_a_lane_may_begin_anew():
    far = source(1, -14)
    near = line(far)
    canceller = Canceller(32, ALL_OPTIONS & ~TONE_DISABLER)
    first = canceller.run(near, far)
    lib.echo_lane_reset(canceller._bank, 0)
    assert np.array_equal(canceller.run(near, far), first)
