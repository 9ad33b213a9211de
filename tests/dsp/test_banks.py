"""Properties of all receivers: any sound is borne, and a lane's reports depend on its own sound alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.hearing import KINDS, Receiver, hear
from pbx.speaking import speak
from pbx.tone_plan import china
from tests.dsp.sounds import DTMF_DIGITS, KERNEL_BLOCK, Bank, clipped, dtmf, mfc, noise, silence

PLAN = china()


@st.composite
def sounds(draw):
    """Sound of signals, silences, noise, loud squares and arbitrary samples."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    parts = []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["dtmf", "forward", "backward", "noise", "silence", "square", "any", "busy"]))
        ms = draw(st.integers(1, 150))
        if kind == "dtmf":
            parts.append(dtmf(draw(st.sampled_from(DTMF_DIGITS)), ms, -10, -8))
        elif kind in ("forward", "backward"):
            parts.append(mfc(f"mfc-{kind}", draw(st.integers(1, 15)), ms, (-10, -10)))
        elif kind == "noise":
            parts.append(clipped(noise(ms * 8, draw(st.integers(-60, 6)), random)))
        elif kind == "square":
            parts.append(np.where(np.arange(ms * 8) // draw(st.integers(1, 40)) % 2, 32767, -32768))
        elif kind == "any":
            parts.append(random.integers(-32768, 32768, ms * 8))
        elif kind == "busy":
            parts.append(speak("busy", PLAN, ms * 10))
        else:
            parts.append(silence(ms))
    return np.concatenate(parts).astype(np.int16)


def blocks_of(sound, count):
    padded = np.zeros(count * KERNEL_BLOCK, np.int16)
    padded[: len(sound)] = sound[: len(padded)]
    return padded.reshape(count, KERNEL_BLOCK)


def plain(report):
    return (report.at, report.edge, report.value, report.level_tenth_dbm0, report.tick)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(data=st.data())
def test_reports_do_not_depend_on_lane_or_number_of_lanes(kind, data):
    lanes = data.draw(st.integers(2, 70))
    chosen = data.draw(st.lists(st.tuples(st.integers(0, lanes - 1), sounds()), min_size=1, max_size=5))
    spoken = dict(chosen)
    ticks = max(len(sound) for sound in spoken.values()) // KERNEL_BLOCK + 12
    bank, found = Bank(kind, lanes, PLAN), {lane: [] for lane in spoken}
    blocks = {lane: blocks_of(sound, ticks) for lane, sound in spoken.items()}
    for tick in range(ticks):
        given_blocks = [blocks[lane][tick] if lane in blocks else None for lane in range(lanes)]
        for report in bank.run(given_blocks):
            found[report.lane].append(plain(report))
    for lane, expected_blocks in blocks.items():
        alone = Bank(kind, 1, PLAN)
        assert [plain(r) for block in expected_blocks for r in alone.run([block])] == found[lane]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(sound=sounds(), cuts=st.lists(st.integers(1, 500), max_size=20))
def test_whole_equals_piecemeal(kind, sound, cuts):
    receiver, heard, place = Receiver(kind, PLAN), [], 0
    for length in [*cuts, len(sound)]:
        heard += receiver.hear(sound[place : place + length])
        place += length
    heard += receiver.finish()
    assert sorted(heard, key=lambda h: h.at_ms) == hear(sound, [kind], PLAN)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(sound=sounds())
def test_edges_alternate_and_lie_in_the_past(kind, sound):
    bank, present, last = Bank(kind, 1, PLAN), False, -(10**9)
    for block in blocks_of(sound, len(sound) // KERNEL_BLOCK + 12):
        for report in bank.run([block]):
            assert (report.edge == 1) == (not present)
            present = not present
            assert last <= report.at <= (report.tick + 1) * KERNEL_BLOCK
            last = report.at


@pytest.mark.parametrize("kind", KINDS)
def test_extreme_samples(kind):
    for value in (-32768, 32767):
        assert hear(np.full(8000, value, np.int16), [kind], PLAN) == []
    square = np.where(np.arange(16_000) // 4 % 2, 32767, -32768).astype(np.int16)
    assert hear(square, [kind], PLAN) == []


def test_reset_forgets():
    bank = Bank("dtmf", 2)
    sound = blocks_of(dtmf("5", 100, -10, -10), 10)
    for block in sound[:6]:
        bank.run([block, block])
    bank.reset(0)
    silent = np.zeros(KERNEL_BLOCK, np.int16)
    reports = [r for _ in range(10) for r in bank.run([silent, silent])]
    assert [r.lane for r in reports] == [1]


def test_a_lane_without_sound_hears_silence():
    sound = blocks_of(np.concatenate([silence(40), dtmf("5", 60, -10, -10)]), 10)
    bank, reports = Bank("dtmf", 1), []
    for block in [*sound, *[None] * 10]:
        reports += bank.run([block])
    assert [(r.edge, chr(r.value)) for r in reports] == [(1, "5"), (2, "5")]
