"""The machine seen from outside: what a command finds in it, what comes back, and that nothing stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

import pytest

from tests.dahdi.rig import archive, build
from tests.dahdi.rig.guard import led_by
from tests.dahdi.rig.kernels import Clock
from tests.dahdi.rig.machine import Machine, MachineError

SEES = """
import os, sys
from pathlib import Path
assert os.getpid() > 1 and os.uname().nodename
Path(os.environ["ZONGJI_DAHDI_RESULTS"], "written").write_text("from inside")
Path("/tmp/own").touch()
try:
    Path("written").touch()
except OSError as error:
    print("read-only:", error.errno)
print(sorted(path.name for path in Path("/proc/dahdi").iterdir()))
sys.exit(7)
"""


@pytest.fixture(scope="module")
def rig():
    try:
        return build.ready()
    except archive.NoRigError as reason:
        pytest.skip(f"{archive.NO_RIG}{reason}")


@pytest.fixture(params=get_args(Clock))
def clock(rig, request):
    if request.param == "virtual" and rig.without_virtual_time:
        pytest.skip(f"{archive.NO_RIG}virtual time: {rig.without_virtual_time}")
    return request.param


def without_own_kernel(rig, folder, reason):
    """The same rig where our own kernel could not be built."""
    for name in ("unpacked", "modules", "face", "made"):
        (folder / rig.folder.name).mkdir(parents=True, exist_ok=True)
        (folder / rig.folder.name / name).symlink_to(rig.folder / name)
    (folder / rig.folder.name / "own").mkdir()
    (folder / rig.folder.name / "own/refusal").write_text(reason)
    return build.Rig(folder / rig.folder.name)


def kernels(folder):
    """The processes of kernels whose results go to a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has just ended
            continue
        if f"uml_dir={folder}" in words:
            found.append(int(path.parent.name))
    return found


def test_a_command_finds_the_host_and_its_own_places(rig, tmp_path, clock):
    outcome = Machine(rig, clock=clock).run(["python", "-c", SEES], tmp_path / "results")
    assert outcome.code == 7
    assert outcome.output.splitlines() == ["read-only: 30", "['1', '2', '3', '4', '5']"]
    assert (tmp_path / "results/written").read_text() == "from inside"
    assert not Path("/tmp/own").exists()
    assert outcome.seconds > 0


def test_without_the_millisecond_clock_there_is_no_fifth_span(rig, clock):
    outcome = Machine(rig, millisecond_clock=False, clock=clock).run(["ls", "/proc/dahdi"])
    assert outcome.output.split() == ["1", "2", "3", "4"]


HAS = "import os; from pbx.sctp_socket import sctp_missing; print(repr(sctp_missing()), os.path.exists('/proc/dahdi'))"


def test_a_machine_for_sctp_has_it_and_no_lines(rig, clock):
    outcome = Machine(rig, clock=clock, sctp=True).run(["python", "-c", HAS])
    assert outcome.output.split() == ["''", "False"]


def test_minutes_of_virtual_time_are_no_minutes_of_the_host(rig):
    if rig.without_virtual_time:
        pytest.skip(f"{archive.NO_RIG}virtual time: {rig.without_virtual_time}")
    outcome = Machine(rig, patience_s=200.0, clock="virtual").run(["sleep", "300"])
    assert (outcome.code, round(outcome.seconds)) == (0, 300)


def test_without_a_kernel_of_our_own_the_hosts_clock_serves(rig, tmp_path):
    machine = Machine(without_own_kernel(rig, tmp_path, "no compiler"), clock="virtual")
    assert machine.clock_had == "real"
    assert machine.run(["true"]).code == 0


def test_tests_that_ran_by_the_hosts_clock_are_counted_in_the_last_lines(rig, tmp_path):
    without_own_kernel(rig, tmp_path, "the compiler is broken")
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "tests/dahdi/test_rig.py::test_bits_cross_with_an_event"]
    environment = os.environ | {build.CACHE: str(tmp_path)}
    said = subprocess.run(command, cwd=build.HOME, env=environment, capture_output=True, text=True, check=True).stdout
    assert "1 tests in the rig ran by this machine's clock, late if it is busy: the compiler is broken" in said


def test_a_kernel_that_cannot_be_built_leaves_its_reason_in_the_rig(rig, tmp_path):
    other, said = without_own_kernel(rig, tmp_path, "an earlier one"), []
    work = build.Work(other, {}, said.append)
    (work.source / "linux/arch/um").mkdir(parents=True)
    (work.source / "linux/arch/um/Kconfig").write_text("config HZ\n\tint \"as you like\"\n")
    work.make_own()
    assert other.without_virtual_time == "arch/um of this kernel counts jiffies in another way than 6.1"
    assert said == [f"NO VIRTUAL TIME: {other.without_virtual_time}"]


def test_a_test_in_which_the_machine_dies_has_failed(rig):
    """It had been reported as begun, and was neither failed nor counted."""
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "tests/dahdi/turns_off.py"]
    done = subprocess.run(command, cwd=build.HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert "no word of the end of this test from the machine" in done.stdout
    assert "without a word" in done.stdout


def test_a_command_that_does_not_end_is_ended(rig, tmp_path):
    with pytest.raises(MachineError, match=r"still running after 1 s; the last it said:\nhere I am"):
        Machine(rig, patience_s=1.0).run(["sh", "-c", "echo here I am; sleep 1000"], tmp_path)
    assert kernels(tmp_path) == []


def test_who_waits_by_asking_for_the_time_gets_a_hint(rig, tmp_path):
    if rig.without_virtual_time:
        pytest.skip(f"{archive.NO_RIG}virtual time: {rig.without_virtual_time}")
    waits = "import time\nuntil = time.monotonic() + 3600\nwhile time.monotonic() < until: pass"
    with pytest.raises(MachineError, match="in virtual time, in which nothing may wait by asking for the time"):
        Machine(rig, clock="virtual", patience_s=3.0).run(["python", "-c", waits], tmp_path)
    assert kernels(tmp_path) == []


def test_a_wrong_configuration_is_told_in_the_words_of_dahdi_cfg(rig, clock):
    with pytest.raises(MachineError, match="dahdi_cfg says 1"):
        Machine(rig, "dynamic=loc,1:0,31,0\ncas=1-31\n", clock=clock).run(["true"])


def test_the_machine_goes_with_whoever_started_it(rig, tmp_path):
    program = f"from tests.dahdi.rig.build import Rig; from tests.dahdi.rig.machine import Machine; from pathlib import Path\n\
Machine(Rig(Path({str(rig.folder)!r}))).run(['sh', '-c', 'sleep 1000'], Path({str(tmp_path)!r}))"
    with subprocess.Popen([sys.executable, "-c", program], start_new_session=True) as starter:
        until = time.monotonic() + 60
        while not (tmp_path / "booted").exists():
            assert time.monotonic() < until, "no machine came up"
            time.sleep(0.05)
        started = {os.getsid(pid) for pid in kernels(tmp_path)}
        assert len(started) == 1
        starter.send_signal(signal.SIGKILL)
    until = time.monotonic() + 10
    while left := led_by(*started):
        assert time.monotonic() < until, f"still there: {left}"
        time.sleep(0.05)


def test_the_nearest_source_is_taken():
    assert build.nearest("6.1.176", ["6.1.176-1", "6.1.170-3"]) == "6.1.176-1"
    assert build.nearest("6.1.172", ["6.1.176-1", "6.1.170-3"]) == "6.1.170-3"


def test_what_cannot_be_fetched_is_told(tmp_path):
    with pytest.raises(archive.NoRigError, match="apt cannot fetch no-such-package"):
        archive.fetch(["no-such-package"], tmp_path)
