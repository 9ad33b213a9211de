"""The call progress receiver with China's cadences: names, edges, tolerance, and what is no tone."""

import numpy as np
import pytest

from pbx.tone_plan import FOLDER, china, load
from tests.dsp.sounds import BEGIN, END, clipped, hear, noise, silence, sines, through_alaw

PLAN = china()
NAMES = PLAN.heard()


def cadence(name, seconds, scale=1.0, hz=None, level=-10.0, plan=PLAN):
    """A tone of the plan, its cadence stretched, cut off after so many seconds."""
    parts = plan.tone[name].parts()
    sounds, length = [], 0
    while length < seconds * 8000:
        for part in parts:
            tones_hz = [hz] if hz else part.frequency_hz
            sounds.append(sines(part.on_ms * scale or seconds * 1000, *[(tone_hz, level) for tone_hz in tones_hz]))
            sounds.append(silence(part.off_ms * scale))
        length = sum(map(len, sounds))
    return np.concatenate(sounds)[: round(seconds * 8000)]


def tones(sound):
    return [(r.edge, NAMES[r.value], r) for r in hear("tone", sound, plan=PLAN, padding=8000 * 6)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scale", [0.92, 1.0, 1.08])
@pytest.mark.parametrize("offset", [0, 33, 71])
def test_every_tone_is_named_once(name, scale, offset):
    sound = np.concatenate([silence(1000), np.zeros(offset, np.int16), cadence(name, 12, scale), silence(10)])
    heard = tones(through_alaw(sound))
    assert [(edge, heard_name) for edge, heard_name, _ in heard] == [(BEGIN, name), (END, name)]
    begin, end = heard[0][2], heard[1][2]
    assert abs(begin.at - 8000 - offset) <= 160 and end.at > 8000 * 8
    assert abs(begin.level_tenth_dbm0 + 100) <= 5


@pytest.mark.parametrize("name", ["dial", "ring-back", "busy", "congestion", "vacant"])
@pytest.mark.parametrize("hz", [425, 475])
@pytest.mark.parametrize("level", [0, -30])
def test_frequency_and_level_of_the_network(name, hz, level):
    heard = tones(through_alaw(cadence(name, 12, hz=hz, level=level)))
    assert [(edge, heard_name) for edge, heard_name, _ in heard] == [(BEGIN, name), (END, name)]


@pytest.mark.parametrize("network", ["north-america", "united-kingdom", "hong-kong", "germany", "france", "japan", "russia"])
def test_tones_of_other_networks(network):
    plan = load(FOLDER / f"{network}.toml")
    names = plan.heard()
    assert {"dial", "busy"} <= set(names)
    for name in names:
        sound = np.concatenate([silence(1000), cadence(name, 14, plan=plan), silence(10)])
        heard = [(r.edge, names[r.value]) for r in hear("tone", through_alaw(sound), plan=plan, padding=8000 * 7)]
        assert heard == [(BEGIN, name), (END, name)], name


def test_special_information_is_told_by_its_three_frequencies_in_order():
    sound = cadence("special-information", 20)
    [begin, *_] = tones(through_alaw(np.concatenate([silence(500), sound])))
    assert begin[1] == "special-information" and abs(begin[2].at - 4000) <= 160
    backwards = np.concatenate([sines(330, (hz, -10)) for hz in (1800, 1400, 950)] + [silence(1000)])
    assert tones(through_alaw(np.tile(backwards, 8))) == []


def test_joining_a_tone_in_its_middle():
    for name in ("busy", "congestion", "vacant"):
        heard = tones(through_alaw(cadence(name, 12)[1234:]))
        assert [(edge, heard_name) for edge, heard_name, _ in heard] == [(BEGIN, name), (END, name)]


def test_busy_is_known_after_three_parts():
    reports = tones(through_alaw(np.concatenate([silence(200), cadence("busy", 6)])))
    assert (reports[0][2].tick + 1) * 10 <= 200 + 3 * 350 + 30


def test_an_answer_ends_ring_back():
    sound = np.concatenate([cadence("ring-back", 10.4), clipped(noise(24_000, -20, np.random.default_rng(5)))])
    heard = tones(through_alaw(sound))
    assert [(edge, name) for edge, name, _ in heard] == [(BEGIN, "ring-back"), (END, "ring-back")]


def test_one_tone_follows_another():
    sound = np.concatenate([cadence("ring-back", 9), cadence("busy", 5)])
    assert [(edge, name) for edge, name, _ in tones(through_alaw(sound))] == [
        (BEGIN, "ring-back"),
        (END, "ring-back"),
        (BEGIN, "busy"),
        (END, "busy"),
    ]


def test_noise_beside_the_tone():
    for name in ("dial", "busy", "vacant", "ring-back"):
        sound = cadence(name, 12)
        noisy = sound + noise(len(sound), -30, np.random.default_rng(6))
        assert [(e, n) for e, n, _ in tones(through_alaw(noisy))] == [(BEGIN, name), (END, name)]


def test_what_is_no_tone():
    random = np.random.default_rng(7)
    assert tones(through_alaw(noise(8000 * 20, -15, random))) == []
    assert tones(silence(20_000)) == []
    assert tones(sines(5000, (950, -10))) == []
    assert tones(sines(5000, (450, -10), (697, -10), (1209, -10))) == []
    assert tones(np.concatenate([sines(170, (450, -10)), silence(130)] * 20)) == []
