"""``zongji listen`` and ``zongji tone``: what is written is heard again, and mistakes are named with their cure."""

import json
import struct
import wave

import numpy as np
import pytest
import soundfile

from pbx.listen import listen_command
from pbx.sound_file import ALAW, LINEAR, SoundFileError, read_sound, wav
from pbx.speaking import SpecificationError, speak
from pbx.tone_file import tone_command
from pbx.tone_plan import PlanError, china, load
from pbx.vocabulary.tones import PROGRESS_TONES
from tests.dsp.vowels import vowel


def listened(path, capsys, *options):
    assert listen_command([str(path), "--json", *options]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("ending", ["wav", "al"])
@pytest.mark.parametrize("options", [[], ["--alaw"]])
def test_digits_are_heard_again(tmp_path, capsys, ending, options):
    path = tmp_path / f"digits.{ending}"
    assert tone_command(["dtmf:12#D", str(path), *options]) == 0
    heard = listened(path, capsys)
    assert [(h["kind"], h["digit"]) for h in heard] == [("dtmf", d) for d in "12#D"]
    assert list(heard[0]) == ["at_ms", "kind", "digit", "length_ms", "level_dbm0"]
    for place, h in enumerate(heard):
        assert abs(h["at_ms"] - 200 * place) < 2 and abs(h["length_ms"] - 100) < 3
        assert abs(h["level_dbm0"] - -4.9) < 0.3


@pytest.mark.parametrize("kind", ["mfc-forward", "mfc-backward"])
def test_signals_are_heard_again(tmp_path, capsys, kind):
    path = tmp_path / "signals.wav"
    assert tone_command([f"{kind}:{','.join(map(str, range(1, 16)))}", str(path), "--alaw"]) == 0
    assert [(h["kind"], h["signal"]) for h in listened(path, capsys)] == [(kind, n) for n in range(1, 16)]


@pytest.mark.parametrize("name", china().heard())
def test_tones_are_heard_again(tmp_path, capsys, name):
    path = tmp_path / "tone.wav"
    assert tone_command([name, str(path), "--seconds", "12"]) == 0
    assert [(h["kind"], h["name"]) for h in listened(path, capsys)] == [("tone", name)]


def test_the_plan_names_every_tone_and_each_its_source():
    plan = china()
    assert set(plan.tone) == set(PROGRESS_TONES)
    assert all(tone.source for tone in plan.tone.values()) and plan.dtmf.source and plan.mfc.source


def test_tracks_are_told_apart(tmp_path, capsys):
    path = tmp_path / "call.wav"
    path.write_bytes(wav([speak("dtmf:1"), speak("dtmf:2")], ALAW))
    assert [(h["track"], h["digit"]) for h in listened(path, capsys)] == [(1, "1"), (2, "2")]


def test_kinds_can_be_chosen(tmp_path, capsys):
    path = tmp_path / "digit.wav"
    path.write_bytes(wav([speak("dtmf:1")]))
    assert listened(path, capsys, "--kind", "tone") == []


def test_files_for_people_have_one_line_a_signal(tmp_path, capsys):
    path = tmp_path / "digit.wav"
    assert tone_command(["dtmf:7", str(path)]) == 0
    assert listen_command([str(path)]) == 0
    assert capsys.readouterr().out.split()[2:4] == ["dtmf", "7"]


def test_linear_wav_is_read_by_another_reader(tmp_path):
    path = tmp_path / "busy.wav"
    tone_command(["busy", str(path), "--seconds", "2"])
    with wave.open(str(path)) as other:
        assert (other.getframerate(), other.getnchannels(), other.getsampwidth()) == (8000, 1, 2)
        assert (np.frombuffer(other.readframes(99_999), "<i2") == read_sound(path)[0]).all()


def test_alaw_wav_has_tag_6_and_a_fact_chunk(tmp_path):
    path = tmp_path / "busy.wav"
    tone_command(["busy", str(path), "--alaw", "--seconds", "0.1"])
    octets = path.read_bytes()
    tag, tracks, rate, a_second, frame, bits = struct.unpack_from("<HHIIHH", octets, 20)
    assert (tag, tracks, rate, a_second, frame, bits) == (6, 1, 8000, 8000, 1, 8)
    assert struct.unpack_from("<4sII", octets, 38) == (b"fact", 4, 800)
    assert struct.unpack_from("<I", octets, 4)[0] == len(octets) - 8


def test_a_recording_cut_short_is_read_as_far_as_it_goes(tmp_path):
    path = tmp_path / "cut.wav"
    path.write_bytes(wav([speak("dtmf:12")])[:3001])
    assert len(read_sound(path)[0]) == (3001 - 44) // 2


@pytest.mark.parametrize(
    ("content", "cure"),
    [
        (b"", "raw A-law"),
        (b"no sound at all" * 100, "convert it to WAV"),
        (b"RIFF\0\0\0\0WAVE", "without format"),
        (wav([np.zeros(8, np.int16)], LINEAR).replace(struct.pack("<I", 8000), struct.pack("<I", 1)), "convert it to at most"),
        (wav([np.zeros(8, np.int16)], LINEAR).replace(b"\1\0\1\0", b"\x55\x66\1\0"), "convert it to WAV"),
    ],
)
def test_what_is_no_sound_is_named_with_its_cure(tmp_path, capsys, content, cure):
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(SoundFileError, match=cure):
        read_sound(path)
    assert listen_command([str(path)]) == 2
    assert str(path) in capsys.readouterr().err


def test_mistakes_end_with_2(tmp_path, capsys):
    assert listen_command([str(tmp_path / "none.wav")]) == 2
    assert listen_command([]) == 2
    assert listen_command([str(tmp_path), "--tones", "atlantis"]) == 2
    for spec in ("", "dtmf:", "dtmf:1x", "mfc-forward:0", "mfc-forward:16", "mfc-backward:", "mfc-forward:x", "music"):
        assert tone_command([spec, str(tmp_path / "x.wav")]) == 2
        with pytest.raises(SpecificationError):
            speak(spec)
    assert tone_command(["busy", str(tmp_path / "none" / "x.wav")]) == 2
    assert tone_command(["busy", str(tmp_path / "x.wav"), "--seconds", "-1"]) == 2
    assert capsys.readouterr().err.count("\n") >= 8


@pytest.mark.parametrize("command", [listen_command, tone_command])
def test_help_shows_an_example(command, capsys):
    assert command(["--help"]) == 0
    assert "Example" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cadence_ms = [350, 350]", "cadence_ms = [350]"),
        ("[tone.busy]", "[tone.engaged]"),
        ("low_dbm0 = -9.0", 'low_dbm0 = "loud"'),
        ("frequency_hz = [950]", "frequency_hz = [5000]"),
        ("level_dbm0 = 0.0", "level_dbm0 = 9.0"),
        ("[dtmf]", "[dtmf"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_place(tmp_path, old, new):
    text = (load.__globals__["FOLDER"] / "china.toml").read_text(encoding="utf-8")
    path = tmp_path / "plan.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PlanError, match=r"plan\.toml"):
        load(path)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("ending", ["wav", "flac", "opus"])
def test_digits_are_heard_again_at_any_rate(tmp_path, capsys, ending, rate):
    path = tmp_path / f"digits.{ending}"
    done = tone_command(["dtmf:159D", str(path), "--rate", str(rate)])
    if ending == "opus" and rate in (22050, 44100):
        assert done == 2 and "Opus has no" in capsys.readouterr().err
        return
    assert done == 0
    assert soundfile.info(str(path)).samplerate == rate
    heard = listened(path, capsys)
    assert [h["digit"] for h in heard] == list("159D")
    for place, h in enumerate(heard):
        assert abs(h["at_ms"] - 200 * place) < 10 and abs(h["level_dbm0"] - -4.9) < 1


def test_a_rate_that_is_none_is_refused(tmp_path, capsys):
    for arguments in (["--rate", "0"], ["--rate", "16000", "--alaw"]):
        assert tone_command(["busy", str(tmp_path / "x.wav"), *arguments]) == 2
    assert tone_command(["busy", str(tmp_path / "x.al"), "--rate", "16000"]) == 2
    assert capsys.readouterr().err.count("\n") == 3


def test_voices_and_beeps_are_heard_when_asked_for(tmp_path, capsys):
    beep = 8000 * np.sin(2 * np.pi * 1000 / 8000 * np.arange(3200))
    path = tmp_path / "greeting.wav"
    path.write_bytes(wav([np.concatenate([vowel(1500, -15), beep, np.zeros(4000)]).astype(np.int16)]))
    heard = listened(path, capsys, "--kind", "voice")
    assert [(h["kind"], h["name"]) for h in heard] == [("voice", "voice"), ("voice", "beep 1000 Hz")]
    assert listened(path, capsys) == []
