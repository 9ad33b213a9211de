"""``zongji lines``: what is printed, written and returned."""

import json
import os
import shutil
from pathlib import Path

import pytest

from pbx.lines_command import lines_command
from tests.drivers.machines import unpack
from tests.drivers.test_system_conf import judged

EXAMPLE = Path(__file__).resolve().parent.parent / "config" / "zongji.toml"


@pytest.fixture
def root(tmp_path):
    return unpack("e1-cas", tmp_path / "machine")


def test_discover_prints_a_table_and_both_proposals(root, capsys):
    assert lines_command(["discover", "--root", str(root)]) == 0
    said = capsys.readouterr().out
    assert "1     TE2/0/1  E1    HDB3/CRC4  master source" in said
    assert "channels 32-46,48-62, CAS, in use: 32-34 by asterisk (812)" in said
    assert "channel 16, line signals of the others" in said
    assert "[[span]]" in said
    assert "span=1,1,0,cas,hdb3,crc4" in said


def test_discover_as_json(root, capsys):
    assert lines_command(["discover", "--json", "--root", str(root)]) == 0
    spans = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [span["name"] for span in spans] == ["TE2/0/1", "TE2/0/2"]
    assert spans[1]["channels"][0]["in_use"]


def test_discover_writes_and_never_over_a_file(root, tmp_path, capsys):
    mine, system = tmp_path / "mine.toml", tmp_path / "system.conf"
    words = ["discover", "--root", str(root), "--write", str(mine), "--write-system-conf", str(system)]
    assert lines_command(words) == 0
    assert "[[span]]" not in capsys.readouterr().out
    before = mine.read_text(), system.read_text()
    mine.write_text("mine")
    system.unlink()
    assert lines_command(words) == 2
    assert "there already" in capsys.readouterr().err
    assert mine.read_text() == "mine"
    assert not system.exists()
    assert lines_command([*words, "--force"]) == 0
    assert (mine.read_text(), system.read_text()) == before


@pytest.mark.parametrize(("there", "words"), [(False, "no DAHDI in this kernel"), (True, "has no span")])
def test_nothing_found_says_what_to_install(there, words, tmp_path, capsys):
    if there:
        (tmp_path / "proc/dahdi").mkdir(parents=True)
    assert lines_command(["discover", "--root", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert "apt install dahdi" in said


def test_a_board_without_a_driver_and_a_strange_file_are_told(tmp_path, capsys):
    root = unpack("not-set-up", tmp_path)
    (root / "proc/dahdi/9").write_text("what is this\n")
    assert lines_command(["discover", "--root", str(root)]) == 0
    said = capsys.readouterr().err
    assert "d161:8005" in said
    assert "not understood: what is this" in said


def proposed(root, folder):
    mine, system = folder / "mine.toml", folder / "system.conf"
    assert lines_command(["discover", "--root", str(root), "--write", str(mine), "--write-system-conf", str(system)]) == 0
    return mine, system


def test_check_finds_nothing_then_something(root, tmp_path, capsys):
    mine, system = proposed(root, tmp_path)
    shutil.rmtree(root / "proc/812")
    path = root / "proc/dahdi/2"
    path.write_text(path.read_text().replace("(In use) ", ""))
    words = ["check", str(mine), "--system-conf", str(system), "--root", str(root)]
    capsys.readouterr()
    assert lines_command(words) == 0
    assert capsys.readouterr().out == f"{mine}: nothing disagrees\n"
    system.write_text(system.read_text().replace("span=2,2,0,cas,hdb3", "span=2,1,0,cas,hdb3,crc4"))
    assert lines_command(words) == 2
    line = system.read_text().splitlines().index("span=2,1,0,cas,hdb3,crc4") + 1
    said = capsys.readouterr().out.splitlines()
    assert all(text.startswith(f"{system}:{line}: ") for text in said)
    assert len(said) == 2
    assert lines_command([*words, "--json"]) == 2
    assert {json.loads(text)["line"] for text in capsys.readouterr().out.splitlines()} == {line}


def test_check_without_system_conf_says_so(root, tmp_path, capsys):
    mine, _ = proposed(root, tmp_path)
    capsys.readouterr()
    assert lines_command(["check", str(mine), "--root", str(root)]) == 2
    said = capsys.readouterr()
    assert "etc/dahdi/system.conf: No such file" in said.err
    assert "open in asterisk" in said.out


def test_check_of_a_wrong_configuration_and_of_one_without_real_lines(tmp_path, capsys):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[exchange]\n")
    assert lines_command(["check", str(wrong)]) == 2
    assert f'{wrong}:1: "name" is missing' in capsys.readouterr().out
    assert lines_command(["check", str(EXAMPLE), "--root", str(tmp_path)]) == 0
    assert 'no span has card = "dahdi"' in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="dahdi_cfg opens its devices as root alone")
@pytest.mark.parametrize("machine", ["e1-cas", "e1-pri-and-no7", "analog", "loop-back", "not-set-up"])
def test_dahdi_cfg_takes_what_is_proposed(machine, tmp_path, capsys):
    _, system = proposed(unpack(machine, tmp_path / "machine"), tmp_path)
    assert judged(system) == []
