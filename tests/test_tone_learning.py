"""A tone is learned from a recording of it, and the receiver then knows it by what was learned."""

import msgspec
import numpy as np
import pytest

from pbx.listen import listen_command
from pbx.sound_file import write_sound
from pbx.tone_learning import LearningError, learn
from pbx.tone_plan import FOLDER, china, load
from tests.dsp.sounds import BEGIN, END, hear, noise, silence, sines, through_alaw
from tests.dsp.test_call_progress import cadence

PLANS = {name: load(FOLDER / f"{name}.toml") for name in ("china", "north-america", "united-kingdom", "germany")}
TONES = [(network, name) for network, plan in PLANS.items() for name in plan.heard() if not plan.tone[name].part]


@pytest.mark.parametrize(("network", "name"), TONES)
def test_a_tone_of_a_plan_is_learned(network, name):
    plan = PLANS[network]
    seconds = 25 if sum(plan.tone[name].cadence_ms) > 3000 else 12
    sound = np.concatenate([silence(730), cadence(name, seconds, plan=plan)])[: seconds * 8000]
    noisy = through_alaw(sound + noise(len(sound), -50, np.random.default_rng(6)))
    if not plan.tone[name].cadence_ms:
        noisy = noisy[8000:]
    tone = learn(noisy, "test")
    assert tone.frequency_hz == pytest.approx(plan.tone[name].frequency_hz, abs=1)
    assert tone.cadence_ms == pytest.approx(plan.tone[name].cadence_ms, abs=10)
    assert tone.level_dbm0 == pytest.approx(-10, abs=0.5)
    learned = msgspec.structs.replace(china(), tone={"busy": tone})
    heard = [r.edge for r in hear("tone", through_alaw(sound), plan=learned, padding=8000 * 7)]
    assert heard == [BEGIN, END]


def test_what_is_no_tone_is_not_learned():
    with pytest.raises(LearningError, match="silence"):
        learn(silence(2000), "test")
    random = np.random.default_rng(2)
    parts = [np.concatenate([sines(int(random.integers(60, 900)), (450, -10)), silence(int(random.integers(60, 900)))]) for _ in range(12)]
    with pytest.raises(LearningError, match="cadence"):
        learn(np.concatenate(parts), "test")


def test_the_command_prints_a_tone_that_a_plan_takes(tmp_path, capsys):
    path = tmp_path / "busy.wav"
    write_sound(path, cadence("busy", 8))
    assert listen_command(["--learn", "busy", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "cadence_ms = [350, 350]" in printed and "frequency_hz = [450.0]" in printed
    text = (FOLDER / "china.toml").read_text(encoding="utf-8")
    start = text.index("[tone.busy]")
    plan = tmp_path / "own.toml"
    plan.write_text(text[:start] + printed + text[text.index("[tone.congestion]") :], encoding="utf-8")
    assert load(plan).tone["busy"].cadence_ms == [350, 350]


def test_the_command_tells_what_it_cannot_learn(tmp_path, capsys):
    path = tmp_path / "nothing.wav"
    write_sound(path, silence(1000))
    assert listen_command(["--learn", "busy", str(path)]) == 2
    assert "nothing.wav: nothing but silence" in capsys.readouterr().err
    assert listen_command(["--learn", "sirens", str(path)]) == 2
    assert "special-dial" in capsys.readouterr().err
