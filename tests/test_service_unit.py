"""The unit of systemd: what it promises suits the program, systemd understands it, and it leaves little open."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from config.schema import Configuration, Exchange
from pbx.__main__ import COMMANDS
from pbx.commands import WRONG_CONFIGURATION
from pbx.places import Places
from pbx.plane_process import PRIORITY
from pbx.supervisor import STOP_PATIENCE_S

HOME = Path(__file__).resolve().parent.parent
FOLDER = HOME / "config" / "systemd"
MOST_EXPOSED = 2.0
"""What systemd-analyze security may say at most, 0 being a service that may do nothing and 10 one that may do all."""
PLACE = "/opt/zongji/zongji"
KEEPER = "zongji-keeper.service"


def settings(name="zongji.service"):
    """Each key with all its values; an empty one takes back what came before, as systemd has it."""
    found = {}
    for key, value in re.findall(r"^([A-Za-z]+)=(.*)$", (FOLDER / name).read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


def test_real_time_is_granted_as_the_plane_asks_for_it():
    unit = settings()
    assert unit["LimitRTPRIO"] == [str(PRIORITY)]
    assert unit["LimitMEMLOCK"] == ["infinity"]
    assert "RestrictRealtime" not in unit
    assert "CPUSchedulingPolicy" not in unit, "only the media plane is to run before others"


def test_stopping_leaves_the_supervisor_its_time():
    unit = settings()
    processes = 4
    assert int(unit["TimeoutStopSec"][0]) > processes * STOP_PATIENCE_S
    assert unit["KillMode"] == ["mixed"]


def test_what_wants_a_person_is_not_tried_again():
    bootstrap = (HOME / "zongji").read_text(encoding="utf-8")
    (missing,) = re.findall(r"^PACKAGES_MISSING = (\d+)", bootstrap, re.MULTILINE)
    assert settings()["RestartPreventExitStatus"] == [f"{WRONG_CONFIGURATION} {missing}"]


def test_devices_and_addresses_are_named_one_by_one():
    unit = settings()
    assert unit["DevicePolicy"] == ["closed"]
    assert unit["DeviceAllow"] == ["char-dahdi rw", "char-dahdi_channels rw", "char-alsa rw"]
    assert (unit["IPAddressDeny"], unit["IPAddressAllow"]) == (["any"], ["localhost"])
    assert unit["CapabilityBoundingSet"] == [""]
    assert unit["ProtectSystem"] == ["strict"]


def test_only_the_state_directory_is_written():
    unit = settings()
    assert "ReadWritePaths" not in unit
    data = unit["ExecStart"][0].partition(" --data ")[2]
    assert Path(data).parent == Path("/var/lib") / unit["StateDirectory"][0], "prompts are cached beside the data directory"


def test_the_user_is_the_one_that_is_made():
    unit = settings()
    made = (FOLDER / "zongji.sysusers").read_text(encoding="utf-8").splitlines()[-1].split()
    assert made[:2] == ["u", unit["User"][0]]


def test_commands_of_the_unit_exist():
    unit = settings()
    for line in [*unit["ExecStartPre"], *unit["ExecStart"], *unit["ExecReload"]]:
        program, command, _ = line.split(maxsplit=2)
        assert program == PLACE
        assert command in COMMANDS


def test_the_keeper_outlives_the_exchange_and_knows_the_same_socket():
    unit, keeper = settings(), settings(KEEPER)
    assert KEEPER in unit["Wants"][0].split() and KEEPER in unit["After"][0].split()
    assert not {"PartOf", "BindsTo", "Requires"} & keeper.keys(), "what ends the exchange must not end the keeper"
    program, option, module, socket = keeper["ExecStart"][0].split()
    data = Path(unit["ExecStart"][0].partition(" --data ")[2])
    assert (option, module, Path(socket)) == ("-m", "pbx.line_keeper", Places(Configuration(Exchange("any")), data).keeper)
    assert program == "/opt/zongji/.venv/bin/python"
    assert (keeper["User"], keeper["Restart"]) == (unit["User"], ["on-failure"]), "its own end is none to be mended"
    assert unit["ExecReload"][0].endswith(f"restart --data {data}")


@pytest.fixture(params=["zongji.service", KEEPER])
def unit_here(tmp_path, request):
    """A unit with the place where the program stands now, which systemd looks for."""
    path = tmp_path / request.param
    text = (FOLDER / request.param).read_text(encoding="utf-8").replace(PLACE, str(HOME / "zongji"))
    path.write_text(text.replace("/opt/zongji/.venv", str(HOME / ".venv")), encoding="utf-8")
    return path


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze (package systemd)")
class TestSystemd:
    """systemd itself."""

    def test_understands_every_line(self, unit_here):
        done = subprocess.run(["systemd-analyze", "verify", str(unit_here)], capture_output=True, text=True, check=False)
        said = [line for line in (done.stdout + done.stderr).splitlines() if unit_here.name in line]
        assert (done.returncode, said) == (0, []), "what it says of other units of the machine is not ours"

    def test_finds_little_left_open(self, unit_here):
        words = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={round(MOST_EXPOSED * 10)}", str(unit_here)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if "unrecognized option" in done.stderr:
            pytest.skip("this systemd-analyze judges running services alone (before 250)")
        assert done.returncode == 0, done.stdout[-200:] + done.stderr
        (exposure,) = re.findall(r"exposure level for \S+: ([0-9.]+)", done.stdout)
        assert float(exposure) <= MOST_EXPOSED
