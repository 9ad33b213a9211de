"""``zongji learn-tone``: a tone is measured, written into a plan, and heard by it; what is wrong is refused and changes nothing."""

import shutil

import msgspec
import numpy as np
import pytest

from config.loader import load as load_configuration
from pbx.learn_tone import learn_tone_command
from pbx.places import Places
from pbx.sound_file import wav, write_sound
from pbx.tone_plan import FOLDER, PlanError, load
from pbx.tone_plan_file import read_plan, with_tone
from tests.dsp.sounds import BEGIN, END, hear, silence, sines, through_alaw
from tests.dsp.test_call_progress import cadence
from tests.test_papers import HOME


def tone(on_ms, off_ms, hz=(450,), level=-12.0, rounds=8):
    burst = [sines(on_ms, *((f, level) for f in hz))]
    return np.concatenate((burst + ([silence(off_ms)] if off_ms else [])) * rounds)


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "busy of the neighbour.wav"
    write_sound(path, tone(250, 250))
    return path


def run(*arguments):
    return learn_tone_command([str(argument) for argument in arguments])


def test_a_new_plan_is_begun_and_the_receiver_hears_by_it(tmp_path, recording, capsys):
    plan = tmp_path / "mine.toml"
    assert run("busy", recording, "--plan", plan) == 0
    assert "250 250 ms" in capsys.readouterr().out
    mine, china = load(plan), load(FOLDER / "china.toml")
    assert mine.title == "mine"
    assert mine.tone["busy"].cadence_ms == [250, 250]
    assert mine.tone["busy"].source == "learned from busy of the neighbour.wav"
    assert {name: mine.tone[name] for name in mine.tone if name != "busy"} == {n: china.tone[n] for n in china.tone if n != "busy"}
    only = msgspec.structs.replace(mine, tone={"busy": mine.tone["busy"]})
    heard = hear("tone", through_alaw(tone(250, 250)), plan=only, padding=8000 * 7)
    assert [report.edge for report in heard] == [BEGIN, END]


def test_one_tone_changes_and_every_other_line_stays(tmp_path, recording):
    plan = tmp_path / "mine.toml"
    own = "# what is ours\n"
    text = (FOLDER / "china.toml").read_text(encoding="utf-8")
    text = own + text.replace("[tone.busy]\n", "[tone.busy]   # of the town\n# heard in the valley\n")
    plan.write_text(text, encoding="utf-8")
    assert run("busy", recording, "--plan", plan) == 0
    before, after = text.split("\n"), plan.read_text(encoding="utf-8").split("\n")
    start = before.index("[tone.busy]   # of the town")
    assert after[: start + 2] == before[: start + 2]
    assert after[after.index("[tone.congestion]") :] == before[before.index("[tone.congestion]") :]
    again = plan.read_text(encoding="utf-8")
    assert run("busy", recording, "--plan", plan) == 0
    assert plan.read_text(encoding="utf-8") == again
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([plan.name, recording.name])


def test_tones_in_parts_and_tones_that_are_not_there(tmp_path):
    """A section with rows of parts is replaced as a whole; a tone that the plan lacks comes at the end."""
    plan, sound = tmp_path / "mine.toml", tmp_path / "sound.wav"
    write_sound(sound, tone(200, 300, hz=(950,)))
    assert run("special-information", sound, "--plan", plan) == 0
    assert load(plan).tone["special-information"].cadence_ms == [200, 300]
    text = plan.read_text(encoding="utf-8")
    start = text.index("[tone.busy]")
    plan.write_text(text[:start] + text[text.index("[tone.congestion]") :], encoding="utf-8")
    write_sound(sound, tone(250, 250))
    assert run("busy", sound, "--plan", plan) == 0
    assert list(load(plan).tone)[-1] == "busy"


@pytest.mark.parametrize("network", ["germany", "north-america"])
def test_based_on_another_plan(tmp_path, network):
    plan, sound = tmp_path / "own.toml", tmp_path / "sound.wav"
    write_sound(sound, tone(180, 180, hz=(600,)))
    assert run("busy", sound, "--plan", plan, "--based-on", network) == 0
    assert load(plan).dtmf == load(FOLDER / f"{network}.toml").dtmf


def test_track_and_place_in_a_recording(tmp_path):
    path, plan = tmp_path / "call.wav", tmp_path / "mine.toml"
    said, told = np.concatenate([tone(400, 100, hz=(700,), rounds=4), tone(250, 250)]), tone(300, 300, hz=(1400,))
    length = min(len(said), len(told))
    path.write_bytes(wav([said[:length], told[:length]]))
    assert run("busy", path, "--plan", plan) == 2
    assert run("busy", path, "--plan", plan, "--from", "2", "--seconds", "2.6") == 0
    assert load(plan).tone["busy"].frequency_hz == pytest.approx([450], abs=1)
    assert run("busy", path, "--plan", plan, "--track", "1") == 0
    assert load(plan).tone["busy"].frequency_hz == pytest.approx([1400], abs=1)


def test_a_recording_of_the_exchange(tmp_path, capsys):
    config = HOME / "config" / "zongji.toml"
    folder = Places(load_configuration(config), tmp_path).recordings / "2026-11-22"
    folder.mkdir(parents=True)
    (folder / "2-8-1-201708.wav").write_bytes(wav([tone(250, 250), tone(250, 250, hz=(1400,))]))
    plan = tmp_path / "mine.toml"
    assert run("busy", "--recording", "2-8-1", "--config", config, "--data", tmp_path, "--plan", plan) == 0
    assert load(plan).tone["busy"].cadence_ms == [250, 250]
    capsys.readouterr()
    assert run("busy", "--recording", "2-9-1", "--config", config, "--data", tmp_path, "--plan", plan) == 2
    assert "there is no recording 2-9-1" in capsys.readouterr().err


def refused(capsys, plan, *arguments):
    before = plan.read_bytes() if plan.exists() else None
    assert run(*arguments, "--plan", plan) == 2
    assert (plan.read_bytes() if plan.exists() else None) == before
    assert not list(plan.parent.glob(".*.part"))
    told = capsys.readouterr()
    assert told.out == ""
    return told.err


SOUNDS = {
    "nothing but silence": silence(3000),
    "no cadence": np.concatenate(
        [tone(on, off, rounds=1) for on, off in ((100, 300), (500, 90), (60, 800), (300, 150), (90, 400), (700, 60))]
    ),
    "no tone of a telephone network": tone(300, 300, hz=(100,)),
    "too faint": tone(300, 300, level=-45.0),
    "has as congestion": tone(700, 700),
}


@pytest.mark.parametrize("told", SOUNDS)
def test_nonsense_is_refused_and_the_plan_stays(tmp_path, capsys, told):
    plan, sound = tmp_path / "mine.toml", tmp_path / "sound.wav"
    write_sound(sound, SOUNDS[told])
    assert told in refused(capsys, plan, "busy", sound)
    shutil.copy(FOLDER / "china.toml", plan)
    assert told in refused(capsys, plan, "busy", sound)


def test_sent_only_is_no_danger_to_others(tmp_path):
    plan, sound = tmp_path / "mine.toml", tmp_path / "sound.wav"
    write_sound(sound, tone(700, 700))
    assert run("confirmation", sound, "--plan", plan, "--sent-only") == 0
    assert "confirmation" not in load(plan).heard()


def test_what_is_asked_must_make_sense(tmp_path, capsys, recording):
    plan = tmp_path / "mine.toml"
    assert "special-dial" in refused(capsys, plan, "sirens", recording)
    assert "either a file, or --recording" in refused(capsys, plan, "busy")
    assert "either a file, or --recording" in refused(capsys, plan, "busy", recording, "--recording", "2-8-1")
    assert "either a file, or --recording" in refused(capsys, plan, "busy", "--line", "co-1/1", "--recording", "2-8-1")
    assert "--line co-1/1: say by --config" in refused(capsys, plan, "busy", "--line", "co-1/1")
    nowhere = ("--line", "co-1/1", "--config", HOME / "config" / "zongji.toml", "--data", tmp_path)
    assert "no exchange with a console runs here" in refused(capsys, plan, "busy", *nowhere)
    assert "--config" in refused(capsys, plan, "busy", "--recording", "2-8-1")
    assert "no track 1" in refused(capsys, plan, "busy", recording, "--track", "1")
    assert "lasts 4.0 s" in refused(capsys, plan, "busy", recording, "--from", "9")
    assert "give the name of a sound file" in refused(capsys, plan, "busy", tmp_path / "none.wav")
    assert "give the name of a file" in refused(capsys, plan, "busy", recording, "--based-on", "atlantis")
    assert "give --plan" in refused(capsys, tmp_path / "nowhere" / "mine.toml", "busy", recording)
    assert learn_tone_command(["--help"]) == 0
    assert "example" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "wrong"),
    [("[tone.busy", "Expected"), ("[tone.sirens]", "unknown name"), ("level_dbm0 = 'loud'", "level_dbm0"), ("cadence_ms = [350]", "pairs")],
)
def test_a_plan_that_is_wrong_is_told_with_its_line(tmp_path, capsys, recording, line, wrong):
    plan = tmp_path / "mine.toml"
    text = (FOLDER / "china.toml").read_text(encoding="utf-8")
    if line.startswith("["):
        text = text.replace("[tone.busy]", line)
    else:
        start = text.index("[tone.busy]")
        key = line.partition(" ")[0]
        at = text.index(key, start)
        text = text[:at] + line + text[text.index("\n", at) :]
    plan.write_text(text, encoding="utf-8")
    told = refused(capsys, plan, "dial", recording)
    number = text.split("\n").index(line) + 1
    place = int(told.removeprefix(f"{plan}:").partition(":")[0])
    # A syntax error and a wrong value are told where they stand, a contradiction at the head of its tone.
    assert 0 <= number - place <= (4 if wrong == "pairs" else 0)
    assert wrong in told


def test_a_tone_written_inline_is_not_touched(tmp_path, capsys, recording):
    plan = tmp_path / "mine.toml"
    text = (FOLDER / "china.toml").read_text(encoding="utf-8")
    start, end = text.index("[tone.busy]"), text.index("[tone.congestion]")
    inline = '[tone]\nbusy = { source = "x", frequency_hz = [450], level_dbm0 = -10.0, cadence_ms = [350, 350], heard_after = 3 }\n\n'
    plan.write_text(text[:start] + inline + text[end:], encoding="utf-8")
    assert f"{plan}:" in refused(capsys, plan, "busy", recording)


def test_comments_before_the_next_section_stay_with_it():
    text = "[tone.busy]\nsource = 'x'\n\n# of congestion\n[tone.congestion]\n"
    learned = load(FOLDER / "china.toml").tone["busy"]
    changed = with_tone(text, "busy", learned)
    assert changed.endswith("\n\n# of congestion\n[tone.congestion]\n")
    assert "cadence_ms = [350, 350]" in changed


def test_a_missing_plan_is_named(tmp_path):
    with pytest.raises(PlanError, match=r"none\.toml"):
        read_plan(tmp_path / "none.toml")


def test_the_busy_tone_of_every_plan_is_learned_by_the_command(tmp_path):
    for network in ("china", "united-kingdom", "germany"):
        plan, sound = tmp_path / f"{network}.toml", tmp_path / "sound.wav"
        write_sound(sound, cadence("busy", 8, plan=load(FOLDER / f"{network}.toml")))
        assert run("busy", sound, "--plan", plan, "--based-on", network) == 0
        assert load(plan).tone["busy"].cadence_ms == pytest.approx(load(FOLDER / f"{network}.toml").tone["busy"].cadence_ms, abs=10)


def test_a_line_of_a_text_that_looks_like_a_section_is_none():
    text = '[tone.busy]\nsource = """\n[tone.congestion]\n"""\nlevel_dbm0 = -10.0\n[tone.dial]\n'
    changed = with_tone(text, "busy", load(FOLDER / "china.toml").tone["busy"])
    assert changed.count("[tone.congestion]") == 0
    assert changed.endswith("heard_after = 3\n[tone.dial]\n")
