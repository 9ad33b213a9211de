"""Prompts: files of any rate, made once, kept by what is in them; all that is wrong is told at once."""

import numpy as np
import pytest
import soundfile

from config.schema import Prompt
from pbx import prompts
from pbx.commands import check_command
from pbx.prompts import PromptError, render, unreadable
from pbx.sound_file import decode_alaw


def tone(rate_hz, frequency_hz=1004.0):
    return 0.3 * np.sin(2 * np.pi * frequency_hz * np.arange(rate_hz) / rate_hz)


@pytest.fixture
def music(tmp_path):
    path = tmp_path / "music.flac"
    soundfile.write(path, np.stack([tone(44100), tone(44100)], axis=1), 44100, subtype="PCM_24")
    return Prompt("music", file=str(path))


def test_a_file_of_any_rate_becomes_a_prompt(tmp_path, music):
    sound = decode_alaw(render([music], tmp_path / "cache")["music"])
    assert len(sound) == 8000
    assert np.argmax(np.abs(np.fft.rfft(sound))) == 1004


def test_a_restart_makes_nothing_again(tmp_path, music, monkeypatch):
    made = []
    first = render([music], tmp_path / "cache", made.append)
    monkeypatch.setattr(prompts, "read_sound", lambda path: pytest.fail("read again"))
    assert render([music], tmp_path / "cache", made.append) == first
    assert made == ["music"]


def test_a_changed_file_is_made_anew_and_its_copy_is_not(tmp_path, music):
    first = render([music], tmp_path / "cache")["music"]
    copy = tmp_path / "moved.flac"
    copy.write_bytes((tmp_path / "music.flac").read_bytes())
    made = []
    render([Prompt("music", file=str(copy))], tmp_path / "cache", made.append)
    assert made == []
    soundfile.write(tmp_path / "music.flac", tone(44100, 2000.0), 44100)
    assert render([music], tmp_path / "cache", made.append)["music"] != first
    assert made == ["music"]


def test_a_making_that_died_leaves_nothing_half(tmp_path, music):
    cache = tmp_path / "cache"
    render([music], cache)
    (made,) = cache.iterdir()
    assert made.suffix == ".alaw"
    made.unlink()
    made.with_suffix(".99.part").write_bytes(b"half")
    assert len(render([music], cache)["music"]) == 8000


def test_all_that_is_wrong_is_told_at_once(tmp_path, music):
    for name, octets in (("noise.wav", b"no sound"), ("empty.al", b"")):
        (tmp_path / name).write_bytes(octets)
    wrong = [Prompt(name.partition(".")[0], file=str(tmp_path / name)) for name in ("noise.wav", "empty.al", "none.wav")]
    with pytest.raises(PromptError) as caught:
        render([*wrong, music], tmp_path / "cache")
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == ["prompt noise", "prompt empty", "prompt none"]
    assert all("; " in line for line in lines)
    assert list(unreadable([*wrong, music])) == ["noise", "empty", "none"]


def test_check_tells_it_with_the_line(tmp_path, capsys):
    (tmp_path / "noise.wav").write_bytes(b"no sound")
    config = tmp_path / "office.toml"
    config.write_text(
        '[exchange]\nname = "Office"\n\n[[prompt]]\nname = "good"\nmelody = "C4:100"\n\n'
        f'[[prompt]]\nname = "bad"\nfile = "{tmp_path / "noise.wav"}"\n'
    )
    assert check_command([str(config)]) == 2
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{config}:10: ")
    assert "convert it to WAV" in line
