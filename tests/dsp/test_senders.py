"""Everything the exchange sends, judged by spectrum before and after A-law: frequency, level, what is not wanted."""

import numpy as np
import pytest
from pbx._plane import lib

from drivers.wire import SpanSettings, Wire
from pbx.exchange import load_sounds
from pbx.media import Layout, Plane
from pbx.tone_plan import FOLDER, SPECIAL_DBM0, load, progress_plan, special_plan
from pbx.vocabulary.media import SendTone
from pbx.vocabulary.tones import PROGRESS_TONES, SPECIAL_TONES, progress, special
from tests.dsp.sounds import PEAK_AT_0_DBM0, play, through_alaw

PLANS = {path.stem: load(path) for path in sorted(FOLDER.glob("*.toml"))}
SECOND = 8000


def window(count):
    """Blackman-Harris of four terms: the skirt of a sine lies below -90 dB beyond 4 bins."""
    turn = 2 * np.pi * np.arange(count) / count
    return 0.35875 - 0.48829 * np.cos(turn) + 0.14128 * np.cos(2 * turn) - 0.01168 * np.cos(3 * turn)


def powers(sound):
    """Power of each bin of sound, a sine of 0 dBm0 being 1 when its bins are summed."""
    shape = window(len(sound))
    lines = np.abs(np.fft.rfft(sound * shape)) ** 2
    return lines * 4 / (np.sum(shape**2) * len(sound)) / PEAK_AT_0_DBM0**2


def db(power):
    return 10 * np.log10(power + 1e-12)


def wanted_and_not(sound, frequencies_hz):
    """Level of each frequency in dBm0, the sum of all else, and the greatest line of all else."""
    found = powers(sound)
    step = SECOND / len(sound)
    levels, left = [], found.copy()
    for hz in frequencies_hz:
        near = slice(max(0, round(hz / step) - 6), round(hz / step) + 7)
        levels.append(db(found[near].sum()))
        left[near] = 0
    return levels, db(left.sum()), db(left.max())


def frequency_error_hz(sound, hz):
    """By how much the phase runs away in the time between the first and the last fifth of the sound."""
    part = len(sound) // 5 // 80 * 80
    mixed = sound * np.exp(-2j * np.pi * hz * np.arange(len(sound)) / SECOND)
    first, last = np.sum(mixed[:part] * window(part)), np.sum(mixed[-part:] * window(part))
    return np.angle(last / first) / (2 * np.pi * (len(sound) - part) / SECOND)


def part_plan(part):
    """A plan of one part alone, for ever."""
    whole, place = part
    plan = progress_plan(PLANS["china"].tone["dial"])
    plan.segment[0] = whole.segment[place]
    plan.segment[0].on_samples, plan.segment[0].off_samples = 0xFFFFFFFF, 0
    return plan


def distinct_parts():
    found = {}
    for plan in PLANS.values():
        for tone in plan.tone.values():
            if not tone.modulation_hz:
                whole = progress_plan(tone)
                for place in range(whole.segments):
                    segment = whole.segment[place]
                    hz = tuple(f / 1000 for f in segment.frequency_millihertz if f)
                    found[hz, segment.level_tenth_dbm0[0]] = (whole, place)
    return found


PARTS = distinct_parts()


@pytest.mark.parametrize("key", PARTS, ids=lambda key: f"{key[0]} at {key[1] / 10}")
def test_a_part_of_any_tone_is_exact_and_pure(key):
    (frequencies, tenths), part = key, PARTS[key]
    sound = play(part_plan(part), SECOND).astype(float)
    levels, unwanted, greatest = wanted_and_not(sound, frequencies)
    assert max(abs(level - tenths / 10) for level in levels) < 0.05
    assert unwanted < tenths / 10 - 60 and greatest < tenths / 10 - 70
    long = play(part_plan(part), 5 * SECOND).astype(float)
    assert max(abs(frequency_error_hz(long, hz)) for hz in frequencies) < 0.001
    coded = through_alaw(sound).astype(float)
    levels, unwanted, _ = wanted_and_not(coded, frequencies)
    assert max(abs(level - tenths / 10) for level in levels) < 0.3
    assert unwanted < tenths / 10 - 33 + (0 if len(frequencies) == 1 else 3)


@pytest.mark.parametrize("name", PLANS)
def test_every_plan_names_every_tone_and_each_its_source(name):
    plan = PLANS[name]
    assert set(plan.tone) == set(PROGRESS_TONES)
    assert all(len(tone.source) > 20 for tone in plan.tone.values())
    assert "China" in PLANS["china"].title and len({p.title for p in PLANS.values()}) == len(PLANS) >= 8


@pytest.mark.parametrize("name", PLANS)
def test_cadences_are_exact_to_the_sample(name):
    for tone in PLANS[name].tone.values():
        parts = tone.parts()
        if all(part.on_ms for part in parts) and len({tuple(p.frequency_hz) for p in parts}) == 1:
            sound = play(progress_plan(tone), 2 * 8 * sum(p.on_ms + p.off_ms for p in parts))
            expected = np.concatenate([np.repeat([True, False], [8 * p.on_ms, 8 * p.off_ms]) for p in [*parts, *parts]])
            assert not sound[~expected].any()
            # A sine is seldom zero twice in a row: what sounds is seen from its first samples to its last.
            seen = np.convolve(sound != 0, np.ones(5), "same") > 0
            assert (seen[expected]).mean() > 0.999


def test_a_modulated_tone_swings_by_its_depth():
    tone = PLANS["japan"].tone["ring-back"]
    sound = play(progress_plan(tone), SECOND).astype(float)
    levels, unwanted, _ = wanted_and_not(sound, [384, 400, 416])
    side = 20 * np.log10(tone.modulation_percent / 200)
    assert abs(levels[1] - tone.level_dbm0) < 0.3 and unwanted < tone.level_dbm0 - 60
    # Lines 16 bins apart are not summed twice, so their levels stand for themselves.
    assert abs(levels[0] - levels[1] - side) < 0.3 and abs(levels[2] - levels[1] - side) < 0.3


@pytest.mark.parametrize("name", PLANS)
def test_the_plane_takes_every_plan(name):
    plane = Plane.create(Layout(ports=32))
    wire = Wire([SpanSettings()])
    plane.add_card(wire.card)
    load_sounds(plane, PLANS[name], {})
    for tone in (*map(progress, PROGRESS_TONES), *map(special, SPECIAL_TONES)):
        plane.send(0, SendTone(tone, 20))
    for tick in range(4):
        plane.tick(tick)
    assert plane.counters()["rejected_commands"] == 0
    plane.send(0, SendTone(progress("dial") | 31))
    plane.tick(4)
    assert plane.counters()["rejected_commands"] == 1


def test_the_howler_rises_to_the_greatest_level_and_stays():
    sound = play(progress_plan(PLANS["china"].tone["howler"]), 25 * SECOND).astype(float)
    levels = [wanted_and_not(sound[s : s + SECOND], [950])[0][0] for s in range(2 * SECOND, 25 * SECOND, 5 * SECOND)]
    assert levels == pytest.approx([-10, -5, 0, 3, 3], abs=0.05)


def test_special_information_is_three_tones_and_a_pause():
    sound = play(progress_plan(PLANS["germany"].tone["special-information"]), 2 * 1990 * 8).astype(float)
    for start_ms in (0, 1990):
        for place, hz in enumerate((950, 1400, 1800)):
            part = sound[8 * (start_ms + 330 * place) :][: 330 * 8]
            levels, unwanted, _ = wanted_and_not(part, [hz])
            assert abs(levels[0] + 10) < 0.05 and unwanted < -70
        assert not sound[8 * (start_ms + 990) : 8 * (start_ms + 1990)].any()


def reversals(sound, hz):
    """Samples at which the phase of a tone turns by half a turn."""
    mixed = sound * np.exp(-2j * np.pi * hz * np.arange(len(sound)) / SECOND)
    smooth = np.convolve(mixed, np.ones(80) / 80, "valid")
    turn = np.abs(np.angle(smooth[160:] / smooth[:-160]))
    high = np.flatnonzero(turn > 2)
    groups = np.split(high, np.flatnonzero(np.diff(high) > 80) + 1) if len(high) else []
    return [round(group.mean()) + 80 + 40 for group in groups], turn


@pytest.mark.parametrize(
    ("name", "hz", "on_ms"), [("ced", 2100, 3300), ("ans-reversals", 2100, 3300), ("ansam", 2100, 5000), ("ansam-reversals", 2100, 5000)]
)
def test_answer_tones(name, hz, on_ms):
    sound = play(special_plan(name), (on_ms + 200) * 8).astype(float)
    assert sound[: on_ms * 8].any() and not sound[on_ms * 8 :].any()
    sound = sound[: on_ms * 8]
    steady = sound[: 450 * 8]
    level = wanted_and_not(steady, [hz])[0][0] if "am" not in name else db(np.mean(steady**2) / (PEAK_AT_0_DBM0**2 / 2)) - 0.09
    assert abs(level - SPECIAL_DBM0) < 0.1
    turns, _ = reversals(sound, hz)
    if "reversals" in name:
        assert turns == pytest.approx([450 * 8 * n for n in range(1, (on_ms - 1) // 450 + 1)], abs=3)
    else:
        assert turns == []
        assert abs(frequency_error_hz(sound[: on_ms * 8], hz)) < 0.001
    if "am" in name:
        envelope = np.abs(np.convolve(steady * np.exp(-2j * np.pi * hz * np.arange(len(steady)) / SECOND), np.ones(40) / 20, "valid"))
        mean = PEAK_AT_0_DBM0 * 10 ** (SPECIAL_DBM0 / 20)
        assert envelope.max() / mean == pytest.approx(1.2, abs=0.01) and envelope.min() / mean == pytest.approx(0.8, abs=0.01)
        beats = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(len(envelope)), 8 * SECOND))
        assert np.argmax(beats) / 8 == pytest.approx(15, abs=0.3)


@pytest.mark.parametrize(
    ("name", "frequencies", "on_ms"), [("cng", [1100], 500), ("dual-tone-alert", [2130, 2750], 100), ("beep", [1000], 400)]
)
def test_short_signals(name, frequencies, on_ms):
    sound = play(special_plan(name), 8 * SECOND).astype(float)
    part = sound[: on_ms * 8]
    levels, unwanted, greatest = wanted_and_not(part, frequencies)
    assert max(abs(level - SPECIAL_DBM0) for level in levels) < 0.05
    assert unwanted < SPECIAL_DBM0 - 60 and greatest < SPECIAL_DBM0 - 70
    levels, unwanted, _ = wanted_and_not(through_alaw(part).astype(float), frequencies)
    assert max(abs(level - SPECIAL_DBM0) for level in levels) < 0.3 and unwanted < SPECIAL_DBM0 - 30
    assert not sound[on_ms * 8 : 3500 * 8].any()
    assert sound[3500 * 8 : 4000 * 8].any() == (name == "cng")


def test_the_preamble_of_fax_is_no_plan_of_tones():
    with pytest.raises(ValueError, match="v21-flags"):
        special_plan("v21-flags")
    assert len(SPECIAL_TONES) == lib.TONE_SPECIALS and SPECIAL_TONES.index("beep") == lib.TONE_BEEP
