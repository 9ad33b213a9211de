"""The whole program renewed, a plane and a supervisor killed, in real time, where a line keeper is: who runs then, and what was written.

The office is the example with a board of DAHDI that this machine has not got, so the keeper is there and holds nothing: simulated lines
die with their plane, and their calls end with cause 41, in the same journal. Calls that go on: tests/dahdi/test_line_keeper.py.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers import dahdi
from drivers.line_keeping import KeeperError, look
from pbx.predecessor import started
from tests.recovery.real_office import HOME, PATIENCE_S, Office
from tests.recovery.town import EXAMPLE

if not dahdi.AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

BOARD = '[[span]]\nname = "board"\nkind = "subscriber"\ncard = "dahdi"\nfirst_channel = 1000\nchannels = 4\n'
EXTENSION = '[[extension]]\nnumber = "8099"\nline = "board/1"\nname = "nobody"\n'


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    config = tmp_path / "office.toml"
    config.write_text(EXAMPLE.read_text(encoding="utf-8") + BOARD + EXTENSION, encoding="utf-8")
    made = Office(tmp_path, config)
    try:
        yield made
    finally:
        made.close()
        assert keeper_of(made) == {}, "the keeper outlived the orderly end"


def keeper_of(office: Office) -> dict[str, Any]:
    try:
        return look(office.places.keeper)
    except KeeperError:
        return {}


def pid_of(office: Office, name: str) -> int:
    """The process of this name, as the marks have it; a plane that stands by is not among them."""
    processes: Any = office.places.left_marks().get("processes", {})
    return int(processes.get(name, (0,))[0])


def until(wanted: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not wanted():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def command(office: Office, name: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "pbx", name, "--data", str(office.places.data)]
    return subprocess.run(words, cwd=HOME, capture_output=True, text=True, check=False)


def two_talk(office: Office) -> str:
    """A call between two simulated telephones; its name."""
    phones = office.network.telephones
    phones["8006"].lift()
    office.run(0.7)
    phones["8006"].press("8007")
    office.wait(lambda: phones["8007"].rings, "8007 is not rung")
    phones["8007"].lift()
    query = "SELECT call FROM calls WHERE answered_at IS NOT NULL AND ended_at IS NULL"
    office.wait(lambda: office.rows(query), "the call is not written down")
    ((name,),) = office.rows(query)
    return str(name)


def ended_with_41(office: Office, name: str) -> bool:
    return bool(office.rows(f"SELECT 1 FROM calls WHERE call = '{name}' AND ended_at IS NOT NULL AND cause = 41"))


def written_in_order(office: Office) -> None:
    """One journal, whose time never goes back, and one record of each chargeable leg."""
    assert len(office.rows("SELECT ring FROM rings")) == 1
    times = [at for (at,) in office.rows("SELECT at FROM facts WHERE kind = 'ControlStarted' ORDER BY sequence")]
    assert times == sorted(times)
    records = office.rows("SELECT call, leg FROM cdr")
    assert len(records) == len(set(records)) > 0


def test_restart_becomes_the_program_on_the_disk_and_the_journal_goes_on(office: Office) -> None:
    call = two_talk(office)
    before = {name: pid_of(office, name) for name in ("plane", "control", "network")}
    keeper = keeper_of(office)["process"]
    done = command(office, "restart")
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 calls went over, 1 did not" in done.stdout
    until(lambda: len(office.starts()) == 2, "no new control")
    until(lambda: pid_of(office, "network") not in (0, before["network"]), "no new network")
    assert office.process.poll() is None, "it is the same process"
    assert all(pid_of(office, name) not in (0, before[name]) for name in before)
    assert not any(started(pid) for pid in before.values())
    assert keeper_of(office)["process"] == keeper
    until(lambda: ended_with_41(office, call), f"{office.rows('SELECT * FROM calls')}")
    written_in_order(office)
    alarms = [row[-1] for row in office.rows("SELECT * FROM facts WHERE kind = 'AlarmRaised'")]
    assert all(b"board" in alarm for alarm in alarms), f"only the board of real lines is not there: {alarms}"


def test_a_configuration_with_a_mistake_is_not_taken(office: Office) -> None:
    before = pid_of(office, "plane")
    good = office.config.read_text(encoding="utf-8")
    office.config.write_text(good + "[nonsense]\n", encoding="utf-8")
    os.kill(office.process.pid, signal.SIGUSR2)
    until(lambda: "not renewed" in office.log.read_text(), "it says nothing")
    assert office.process.poll() is None and pid_of(office, "plane") == before
    office.config.write_text(good, encoding="utf-8")


def test_a_plane_that_dies_is_followed_by_one_that_stood_by(office: Office) -> None:
    call = two_talk(office)
    before = {name: pid_of(office, name) for name in ("plane", "control")}
    os.kill(before["plane"], signal.SIGKILL)
    until(lambda: len(office.starts()) == 2, "no new control")
    assert "plane died" in office.places.data.joinpath("alarms.txt").read_text(encoding="utf-8")
    until(lambda: ended_with_41(office, call), "the call did not end")
    assert not any(started(pid) for pid in before.values())
    written_in_order(office)


def test_a_supervisor_that_is_killed_is_followed_by_the_next_run(office: Office) -> None:
    call = two_talk(office)
    before = {name: pid_of(office, name) for name in ("plane", "control")}
    keeper = keeper_of(office)["process"]
    office.process.kill()
    office.process.wait()
    assert all(started(pid) for pid in before.values()), "they go on without it"
    office.process = office.begin()
    until(lambda: len(office.starts()) == 2, "no new control")
    assert not any(started(pid) for pid in before.values()), "two exchanges at once"
    assert keeper_of(office)["process"] == keeper
    until(lambda: ended_with_41(office, call), "the call did not end")
    written_in_order(office)


def test_what_a_machine_that_lost_its_power_left_is_not_believed(office: Office) -> None:
    office.process.kill()
    office.process.wait()
    marks = office.places.marks
    marks.write_text(marks.read_text(encoding="utf-8").replace('"boot": "', '"boot": "not '), encoding="utf-8")
    for name in ("network-plane", "plane", "control"):
        os.kill(pid_of(office, name), signal.SIGKILL)
    office.process = office.begin()
    until(lambda: len(office.rows("SELECT ring FROM rings")) == 2, "no journal of its own")


def test_stop_ends_it_in_order(office: Office) -> None:
    keeper = keeper_of(office)["process"]
    done = command(office, "stop")
    assert (done.returncode, done.stderr) == (0, "")
    assert office.process.wait(PATIENCE_S) == 0
    until(lambda: not started(keeper), "the keeper is still there")
    for name in ("restart", "stop"):
        done = command(office, name)
        assert done.returncode == 1 and "no exchange runs here" in done.stderr
