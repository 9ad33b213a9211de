"""The voice receiver against the limits of pbx/dsp/voice_activity.h, and the same with all instructions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx._plane import ffi, lib

from pbx.voice_hearing import VoiceReceiver, hear_voice, whole
from tests.dsp.processors import LEVELS, limited
from tests.dsp.sounds import BLOCK, clipped, dtmf, noise, silence, sines, through_alaw
from tests.dsp.vowels import vowel

RANDOM_SEED = 1_907


def voices(sound):
    return [h for h in hear_voice(through_alaw(sound)) if h.name == "voice"]


def beeps(sound):
    return [h for h in hear_voice(through_alaw(sound)) if h.name != "voice"]


@pytest.mark.parametrize("level", [-5, -15, -25, -35])
@pytest.mark.parametrize("below", [None, 10, 15, 25])
@pytest.mark.parametrize("pitch", [90, 180, 300])
def test_a_voice_is_heard_from_begin_to_end(level, below, pitch):
    lead_ms, random = 2000, np.random.default_rng(RANDOM_SEED)
    sound = np.concatenate([silence(lead_ms), vowel(1500, level, pitch), silence(1000)])
    if below is not None:
        sound = sound + noise(len(sound), max(level - below, -60), random)
    heard = voices(sound)
    if below is not None and level - below > -38:
        heard = [h for h in heard if h.at_ms >= lead_ms - 100]  # loud noise is a voice until it has been noise for a while
    assert len(heard) == 1
    assert abs(heard[0].at_ms - lead_ms) <= 100
    assert abs(heard[0].at_ms + heard[0].length_ms - lead_ms - 1500) <= 120


def test_a_begin_is_told_within_100_ms_and_an_end_200_ms_late():
    for offset in (0, 13, 55, 79):
        sound = np.concatenate([np.zeros(8000 + offset), vowel(1000, -20), silence(500)])
        begin, end = VoiceReceiver().edges(whole(through_alaw(sound)))
        assert begin.told_ms - 1000 - offset / 8 <= 100
        assert begin.at_ms <= 1000 + offset / 8 + 50
        assert end.told_ms - end.at_ms == 200


def test_pauses_of_a_fifth_of_a_second_part_no_voice_and_longer_ones_do():
    for pause_ms, expected in ((50, 1), (150, 1), (400, 2), (1000, 2)):
        # Cut where the vowel is loud, so that the pause is as long as it seems.
        part = vowel(625, -20)
        sound = np.concatenate([silence(500), part, silence(pause_ms), part[1000:], silence(500)])
        assert len(voices(sound)) == expected, pause_ms


@pytest.mark.parametrize("level", [None, -65, -50, -40, -38])
def test_silence_and_steady_noise_are_no_voice(level):
    random = np.random.default_rng(RANDOM_SEED)
    sound = silence(20_000) if level is None else noise(160_000, level, random)
    assert hear_voice(through_alaw(sound)) == []


@pytest.mark.parametrize(("before", "after"), [(-60, -30), (-60, -15), (-40, -20)])
def test_noise_that_steps_up_is_noise_again_after_a_second_and_a_half(before, after):
    random = np.random.default_rng(RANDOM_SEED)
    (heard,) = voices(np.concatenate([noise(24_000, before, random), noise(80_000, after, random)]))
    assert heard.length_ms <= 1550


@pytest.mark.parametrize("hz", [350, 425, 450, 620, 1000, 1400, 2100])
@pytest.mark.parametrize("level", [-5, -20, -30])
def test_a_steady_tone_is_no_voice(hz, level):
    random = np.random.default_rng(RANDOM_SEED)
    sound = np.concatenate([silence(500), sines(1000, (hz, level)), silence(800), sines(350, (hz, level)), silence(800)])
    assert voices(sound) == []
    assert voices(sound + noise(len(sound), min(level - 20, -40), random)) == []


def test_two_tones_are_a_voice_until_they_have_been_steady_for_a_while():
    (heard,) = voices(np.concatenate([silence(500), dtmf("5", 4000, -10, -10), silence(500)]))
    assert 300 <= heard.length_ms <= 1550


def test_clicks_are_nothing():
    sound = silence(5000).astype(float)
    for at in range(4000, 40_000, 4000):
        sound[at : at + 200] = noise(200, -5, np.random.default_rng(at))
    assert hear_voice(through_alaw(sound)) == []


@pytest.mark.parametrize("hz", [350, 400, 440, 620, 850, 950, 1004, 1049, 1051, 1400, 1850, 2100, 2500])
@pytest.mark.parametrize("level", [-5, -30])
def test_a_beep_of_120_ms_is_heard_and_one_of_95_is_not(hz, level):
    random = np.random.default_rng(RANDOM_SEED)
    for ms, count in ((95, 0), (120, 1), (600, 1)):
        for offset in range(0, 80, 16):
            sound = np.concatenate([np.zeros(4000 + offset), sines(ms, (hz, level)), silence(300)])
            receiver = VoiceReceiver(0.0)
            edges = list(receiver.edges(whole(through_alaw(sound + noise(len(sound), level - 20, random)))))
            found = [edge for edge in edges if edge.name == "beep"]
            assert len(found) == 2 * count, (ms, offset)
            if found:
                begin, end = found
                assert abs(begin.at_ms - 500 - offset / 8) <= 20
                assert abs(end.at_ms - begin.at_ms - ms) <= 25
                assert abs(begin.frequency_hz - hz) <= 5
                assert begin.told_ms - 500 - offset / 8 <= 130
                assert abs(begin.level_dbm0 - level) <= 1.5


def test_what_is_no_beep():
    random = np.random.default_rng(RANDOM_SEED)
    time = np.arange(16_000) / 8000
    sweep = clipped(8000 * np.sin(2 * np.pi * (500 + 200 * time) * time))
    sounds = [vowel(5000, -15, 90), vowel(5000, -15, 250), noise(40_000, -10, random), dtmf("1", 500, -10, -10), sweep]
    sounds += [sines(1000, (1000, -10), (1400, -10)), sines(1000, (300, -10)), sines(1000, (2700, -10)), sines(1000, (1000, -40))]
    for sound in sounds:
        assert beeps(np.concatenate([silence(100), sound, silence(300)])) == []


def test_the_tone_of_the_network_is_no_beep_and_others_are():
    sound = np.concatenate([silence(100), sines(500, (450, -10)), silence(300)])
    assert beeps(sound) == []
    assert len([e for e in VoiceReceiver(425.0).edges(whole(sound)) if e.name == "beep"]) == 2


def test_a_beep_ends_a_voice():
    sound = np.concatenate([silence(500), vowel(1500, -20), sines(500, (1000, -12)), silence(500)])
    voice, beep = hear_voice(through_alaw(sound))
    assert abs(voice.at_ms + voice.length_ms - 2000) <= 100
    assert abs(beep.at_ms - 2000) <= 20 and beep.name == "beep 1000 Hz"


def reports_of(sounds, level):
    """Everything a bank reports of several lanes, with instructions of one level."""
    lanes = len(sounds)
    kept = ffi.new("char[]", lib.voice_bank_size(lanes) + 64)
    bank = lib.voice_bank_init(kept + (-int(ffi.cast("uintptr_t", kept)) % 64), lanes)
    reports, pointers = ffi.new("struct tone_report[]", 4 * lanes), ffi.new("int16_t *[]", lanes)
    found = []
    with limited(level):
        for tick in range(max(len(s) for s in sounds) // BLOCK):
            held = [ffi.from_buffer("int16_t[]", np.ascontiguousarray(s[tick * BLOCK :][:BLOCK], np.int16)) for s in sounds]
            for lane, block in enumerate(held):
                pointers[lane] = block if len(block) == BLOCK else ffi.NULL
            count = lib.voice_bank_run(bank, pointers, reports)
            found += [(tick, r.lane, r.offset_samples, r.level_tenth_dbm0, r.edge, r.value) for r in reports[0:count]]
    return found


@settings(max_examples=25)
@given(data=st.data())
def test_lanes_do_not_touch_one_another_and_all_instructions_agree(data):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    parts = {
        "vowel": lambda ms: vowel(ms, random.uniform(-40, 0), random.uniform(80, 400), random),
        "noise": lambda ms: noise(round(ms * 8), random.uniform(-60, 5), random),
        "beep": lambda ms: sines(ms, (random.uniform(300, 3000), random.uniform(-40, 3))),
        "any": lambda ms: random.integers(-32768, 32768, round(ms * 8)),
        "square": lambda ms: np.where(np.arange(round(ms * 8)) // random.integers(1, 30) % 2, 32767, -32768),
        "silence": silence,
    }
    kinds = st.lists(st.tuples(st.sampled_from(sorted(parts)), st.integers(20, 900)), min_size=1, max_size=5)
    sounds = [clipped(np.concatenate([parts[kind](ms) for kind, ms in data.draw(kinds)])) for _ in range(data.draw(st.integers(1, 5)))]
    together = reports_of(sounds, LEVELS[0])
    for level in LEVELS[1:]:
        assert reports_of(sounds, level) == together
    for lane, sound in enumerate(sounds):
        alone = [(tick, lane, *rest) for tick, _, *rest in reports_of([sound], LEVELS[-1])]
        assert alone == [found for found in together if found[1] == lane]
        edges = [(found[0] * BLOCK + found[2], found[4], found[5]) for found in alone]
        assert [at for at, _, _ in edges] == sorted(at for at, _, _ in edges)
        for value in (lib.VOICE_ACTIVITY, lib.VOICE_BEEP):
            order = [edge for _, edge, which in edges if which == value]
            assert order == ([lib.TONE_BEGIN, lib.TONE_END] * len(order))[: len(order)]


def test_the_floor_follows_the_noise():
    random = np.random.default_rng(RANDOM_SEED)
    receiver = VoiceReceiver()
    for level in (-50, -30, -55):
        list(receiver.edges(through_alaw(noise(20_000, level, random))))
        # White noise has 2.4 kHz of its 4 in the band, and a lowest level lies below the mean.
        assert -4.5 <= lib.voice_lane_floor_tenth_dbm0(receiver._bank, 0) / 10 - level <= -1.5
