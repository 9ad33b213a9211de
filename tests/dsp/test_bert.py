"""Test patterns against their polynomials, synchronisation, counts; G.821 seconds; the level meter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx._plane import ffi, lib

from pbx.error_performance import ErrorPerformance
from tests.dsp.processors import LEVELS, limited
from tests.dsp.sounds import BLOCK, noise, sines

PATTERNS = {lib.BERT_2_9: (5, 9, 0), lib.BERT_2_11: (9, 11, 0), lib.BERT_2_15: (14, 15, 1), lib.BERT_2_23: (18, 23, 1)}


def sent(pattern, octets, pieces=0):
    sender, out, done = ffi.new("struct bert_sender *"), np.zeros(octets, np.uint8), 0
    assert lib.bert_send_start(sender, pattern) == 0
    while done < octets:
        part = min(pieces or octets, octets - done)
        lib.bert_send(sender, ffi.cast("uint8_t *", out.ctypes.data + done), part)
        done += part
    return out


def received(pattern, octets):
    receiver = ffi.new("struct bert_receiver *")
    assert lib.bert_receive_start(receiver, pattern) == 0
    for start in range(0, len(octets), 80):
        part = np.ascontiguousarray(octets[start : start + 80])
        lib.bert_receive(receiver, ffi.from_buffer("uint8_t[]", part), len(part))
    return receiver


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_obeys_its_polynomial_and_has_its_length(pattern):
    near, far, inverted = PATTERNS[pattern]
    length = 2**far - 1
    bits = np.unpackbits(sent(pattern, (min(length, 100_000) * 2 + 64) // 8)) ^ inverted
    assert (bits[far:] == bits[far - near : -near] ^ bits[:-far]).all()
    if far < 16:
        assert (bits[length : length + 64] == bits[:64]).all()
        # Every word of `far` bits but that of all noughts occurs once: so it is the longest there is, and well balanced.
        words = np.convolve(bits[: length + far - 1].astype(np.int64), 2 ** np.arange(far), "valid")
        assert len(set(words.tolist())) == length
        assert bits[:length].sum() == 2 ** (far - 1)
        run = max(len(r) for r in "".join(map(str, bits[: length + 64])).split("0"))
        assert run == far


@given(pattern=st.sampled_from(list(PATTERNS)), pieces=st.integers(1, 100))
def test_whole_equals_piecemeal(pattern, pieces):
    assert (sent(pattern, 300, pieces) == sent(pattern, 300)).all()


@settings(max_examples=50)
@given(pattern=st.sampled_from(list(PATTERNS)), skip=st.integers(0, 300), wrong=st.sets(st.integers(8 * 40, 8 * 2000 - 1), max_size=60))
def test_every_wrong_bit_is_counted(pattern, skip, wrong):
    octets = sent(pattern, skip + 2000)[skip:]
    for place in wrong:
        octets[place // 8] ^= 0x80 >> place % 8
    receiver = received(pattern, octets)
    assert receiver.synchronised and receiver.losses == 0
    assert receiver.errors == len(wrong)
    assert 8 * (2000 - 16) <= receiver.bits <= 8 * 2000


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_no_pattern_is_never_found(pattern):
    random = np.random.default_rng(5)
    others = [
        np.zeros(4000, np.uint8),
        np.full(4000, 255, np.uint8),
        np.full(4000, 0xD5, np.uint8),
        random.integers(0, 256, 80_000, np.uint8),
    ]
    others += [sent(other, 4000) for other in PATTERNS if other != pattern]
    others += [255 - sent(pattern, 4000)]
    for octets in others:
        receiver = received(pattern, octets)
        assert not receiver.synchronised and receiver.bits == 0


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_slip_loses_synchronisation_and_it_is_found_again(pattern):
    octets = sent(pattern, 40_000)
    slipped = np.concatenate([octets[:10_000], octets[10_001:]])
    receiver = received(pattern, slipped)
    assert receiver.synchronised and receiver.losses == 1
    # Half the bits are wrong until the loss is noticed: a window and some of the next at the longest.
    assert 1280 < receiver.errors <= 1280 + 1281 + 8
    random = np.random.default_rng(6)
    noisy = octets ^ (random.random((40_000, 8)) < 0.1).dot(1 << np.arange(8)).astype(np.uint8)
    noisy[:100] = octets[:100]
    receiver = received(pattern, noisy)
    assert receiver.losses == 0 and receiver.errors == pytest.approx(0.1 * receiver.bits, rel=0.05)


def test_unknown_patterns_are_refused():
    assert lib.bert_send_start(ffi.new("struct bert_sender *"), 4) == -1
    assert lib.bert_receive_start(ffi.new("struct bert_receiver *"), -1) == -1


def performance(*seconds):
    counted = ErrorPerformance()
    for errors, synchronised, times in seconds:
        for _ in range(times):
            counted.add(64_000 if synchronised else 0, errors, synchronised)
    return counted


def shown(counted):
    p = counted.performance
    return (p.seconds, p.available_seconds, p.errored_seconds, p.severely_errored_seconds)


def test_seconds_of_g821():
    assert shown(performance((0, True, 60))) == (60, 60, 0, 0)
    assert shown(performance((0, True, 5), (1, True, 3), (63, True, 1), (64, True, 2), (0, False, 1))) == (12, 12, 7, 3)
    nine = performance((0, True, 5), (0, False, 9), (0, True, 5))
    assert shown(nine) == (19, 19, 9, 9) and nine.available
    ten = performance((0, True, 5), (0, False, 10), (0, True, 9))
    assert shown(ten) == (24, 5, 0, 0) and not ten.available
    back = performance((0, True, 5), (0, False, 12), (1, True, 10))
    assert shown(back) == (27, 15, 10, 0) and back.available
    again = performance((0, False, 10), (0, True, 9), (0, False, 1), (0, True, 10))
    assert shown(again) == (30, 10, 0, 0) and again.available
    assert performance((64, True, 10)).performance.error_ratio == pytest.approx(1e-3)


@given(seconds=st.lists(st.tuples(st.integers(0, 200), st.booleans()), max_size=60))
def test_available_time_is_what_a_look_back_says(seconds):
    """Against a judge that sees all seconds at once."""
    counted = performance(*((errors if good else 0, good, 1) for errors, good in seconds))
    severe = [not good or errors >= 64 for errors, good in seconds]
    available, state, place = [True] * len(severe), True, 0
    while place < len(severe):
        run = severe[place : place + 10]
        if len(run) == 10 and all(each == state for each in run):
            state = not state
        available[place] = state
        place += 1
    assert counted.performance.available_seconds == sum(available)
    assert counted.performance.severely_errored_seconds == sum(s and a for s, a in zip(severe, available, strict=True))


def measured(sound, interval_ticks, lanes=3, lane=1):
    memory = ffi.new("char[]", lib.level_bank_size(lanes) + 64)
    bank = lib.level_bank_init(memory + (-int(ffi.cast("uintptr_t", memory)) % 64), lanes, interval_ticks)
    reports, pointers, out = ffi.new("struct level_report[]", lanes), ffi.new("int16_t *[]", lanes), []
    for start in range(0, len(sound) - BLOCK + 1, BLOCK):
        kept = ffi.from_buffer("int16_t[]", np.ascontiguousarray(sound[start : start + BLOCK]))
        pointers[lane] = kept
        count = lib.level_bank_run(bank, pointers, reports)
        out += [(r.lane, r.rms_tenth_dbm0 / 10, r.peak_tenth_dbm0 / 10) for r in reports[0:count]]
    return out


@pytest.mark.parametrize("level", [3.1, 0, -10, -30, -50, -65])
def test_levels_of_tones(level):
    found = measured(sines(2000, (1004, level)), 100)
    assert [lane for lane, _, _ in found] == [1, 1]
    for _, rms, peak in found:
        assert rms == pytest.approx(level, abs=0.11 if level > -60 else 0.6) and peak == pytest.approx(
            level, abs=0.11 if level > -45 else 2
        )


def test_levels_of_noise_and_silence():
    loud = np.rint(noise(80_000, -20, np.random.default_rng(8))).astype(np.int16)
    ((_, rms, peak),) = measured(loud, 1000)
    assert rms == pytest.approx(-20, abs=0.1) and -12 < peak < -5
    assert measured(np.zeros(800, np.int16), 10) == [(1, -100, -100)]


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_levels_are_the_same_on_every_processor(seed):
    sound = np.random.default_rng(seed).integers(-32768, 32768, 400).astype(np.int16)
    sound[:40] = -32768
    answers = []
    for level in LEVELS:
        with limited(level):
            answers.append(measured(sound, 5))
    assert all(answer == answers[0] for answer in answers)
