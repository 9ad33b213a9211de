"""Every processor level hears the same to the bit: the plain C receivers are the reference for the vector ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx._plane import ffi

from pbx.hearing import KINDS, ToneBank
from pbx.tone_plan import FOLDER, load
from tests.dsp.processors import LEVELS, NAMES, limited
from tests.dsp.test_banks import PLAN, blocks_of, sounds

OTHER = load(FOLDER / "north-america.toml")


def everything(bank, blocks, ticks):
    said = []
    for tick in range(ticks):
        kept = [ffi.from_buffer("int16_t[]", np.ascontiguousarray(lane[tick])) for lane in blocks]
        for r in bank.run(kept):
            said.append((tick, r.lane, r.receiver, r.edge, r.value, r.offset_samples, r.level_tenth_dbm0))
    return said


@pytest.mark.parametrize("plan", [PLAN, OTHER], ids=["china", "north-america"])
@settings(max_examples=30)
@given(data=st.data())
def test_all_levels_report_the_same(plan, data):
    lanes = data.draw(st.integers(1, 40))
    spoken = data.draw(st.lists(sounds(), min_size=1, max_size=4))
    ticks = max(len(sound) for sound in spoken) // 80 + 12
    blocks = [blocks_of(spoken[lane % len(spoken)], ticks) for lane in range(lanes)]
    said = {}
    for level in LEVELS:
        with limited(level):
            said[NAMES[level]] = everything(ToneBank(lanes, KINDS, plan), blocks, ticks)
    for name, reports in said.items():
        assert reports == said["plain"], name


def test_a_level_may_change_while_a_bank_runs():
    random = np.random.default_rng(8)
    sound = blocks_of(random.integers(-20000, 20000, 8000).astype(np.int16), 100)
    steady, changing = ToneBank(3, KINDS, PLAN), ToneBank(3, KINDS, PLAN)
    for tick in range(100):
        kept = [ffi.from_buffer("int16_t[]", np.ascontiguousarray(sound[tick]))] * 3
        expected = [(r.lane, r.receiver, r.offset_samples) for r in steady.run(kept)]
        with limited(LEVELS[tick % len(LEVELS)]):
            assert [(r.lane, r.receiver, r.offset_samples) for r in changing.run(kept)] == expected
