"""``zongji`` sets a machine up: run as a program in a small checkout, on a machine without HOME, package or network.

dpkg, apt and sudo are stand-ins on PATH that write down how they were called, and so are pip and SCons where a test is
not about them; the virtual environment, the locks, the stamps and the hand-over are real.
"""

import os
import re
import runpy
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
ALL_TO_RUN = {"build-essential", "espeak-ng", "libopus0"}
ALL_TO_TEST = {"bc", "bison", "dahdi-source", "flex", "openssh-client"} | {
    f"lib{name}-dev" for name in ("asound2", "openr2", "spandsp", "speexdsp", "tiff")
}

DPKG_QUERY = """#!/bin/sh
shift 2
for package; do grep -qx "$package" "$MACHINE/installed" && echo "$package install ok installed"; done
exit 1
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" "[$DEBIAN_FRONTEND]" >> "$MACHINE/calls"
while [ $# -gt 0 ] && [ "$1" != install ] && [ "$1" != update ]; do shift; done
if [ "$1" = update ]; then touch "$MACHINE/lists"; exit 0; fi
[ -e "$MACHINE/lists" ] || { echo "E: Unable to locate package" >&2; exit 100; }
shift
for package; do case $package in -*) ;; *) echo "$package" >> "$MACHINE/installed" ;; esac; done
"""
SUDO = """#!/bin/sh
[ -e "$MACHINE/may_sudo" ] || { echo "sudo: a password is required" >&2; exit 1; }
shift
exec "$@"
"""
SCONS = """
import os, pathlib, sys, time
machine = pathlib.Path(os.environ["MACHINE"])
with (machine / "calls").open("a") as calls:
    calls.write("scons\\n")
time.sleep(float(os.environ.get("BUILD_SECONDS", "0")))
if (machine / "broken_compiler").exists():
    sys.exit("two.c:1: error: expected expression")
pathlib.Path("pbx/_plane.abi3.so").touch()
"""
PIP = """
import os, pathlib, sys
with (pathlib.Path(os.environ["MACHINE"]) / "calls").open("a") as calls:
    calls.write("pip " + " ".join(sys.argv[1:]) + "\\n")
"""
PRETENCE = """
import importlib.util, os, runpy, sys
os.geteuid = lambda: {user}
if {bare_python}:
    importlib.util.find_spec = lambda name: None
    sys.base_prefix = "/usr"
sys.argv[:] = ["zongji", *sys.argv[1:]]
runpy.run_path({program!r}, run_name="__main__")
"""


class Machine:
    """A machine with a small checkout of the project, and stand-ins for what would change the real machine."""

    def __init__(self, folder, own_pip=True):
        self.folder = folder
        self.checkout = folder / "checkout"
        tools = folder / "tools"
        tools.mkdir()
        for name, text in (("dpkg-query", DPKG_QUERY), ("apt-get", APT_GET), ("sudo", SUDO)):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        for name in ("calls", "installed", "lists"):
            (folder / name).touch()
        for name in ("pbx/dsp", "drivers"):
            (self.checkout / name).mkdir(parents=True)
        shutil.copy(HOME / "zongji", self.checkout)
        (self.checkout / "SConstruct").touch()
        (self.checkout / "drivers/two.c").write_text("int two = 2;\n")
        for lock in ("requirements.lock", "requirements-test.lock"):
            (self.checkout / lock).write_text("# nothing\n")
        (self.checkout / "SCons.py").write_text(SCONS)
        (self.checkout / "pbx/__main__.py").write_text("import os, sys\nprint('exchange', os.getcwd(), *sys.argv[1:])\n")
        (self.checkout / "pytest.py").write_text("import sys\nprint('pytest', *sys.argv[1:])\n")
        if own_pip:
            (self.checkout / "pip.py").write_text(PIP)
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.checkout / ".venv"], check=True)
        self.environment = {"PATH": f"{tools}:/usr/bin:/bin", "MACHINE": str(folder), "LANG": "C.UTF-8"}

    def start(self, *arguments, user=0, bare_python=False, **variables):
        """Start ``zongji`` and return the running program."""
        code = PRETENCE.format(user=user, bare_python=bare_python, program=str(self.checkout / "zongji"))
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
        )

    def zongji(self, *arguments, **pretence):
        """Run ``zongji`` and return exit code, output and error output."""
        program = self.start(*arguments, **pretence)
        output, errors = program.communicate(timeout=120)
        return program.returncode, output, errors

    def installed(self, *packages):
        (self.folder / "installed").write_text("".join(f"{package}\n" for package in packages))

    def calls(self, beginning=""):
        lines = (self.folder / "calls").read_text().splitlines()
        return [line for line in lines if line.startswith(beginning)]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def ready(machine):
    machine.installed(*ALL_TO_RUN)
    code, _, errors = machine.zongji("calls")
    assert code == 0, errors
    (machine.folder / "calls").write_text("")
    return machine


def test_help_needs_no_set_up(machine):
    for arguments in ([], ["--help"], ["-h"]):
        code, output, _ = machine.zongji(*arguments)
        assert code == 0
        assert "./zongji demo" in output
    assert machine.calls() == []
    assert not (machine.checkout / "build").exists()


def test_from_nothing_to_the_exchange_with_a_real_environment(tmp_path):
    machine = Machine(tmp_path, own_pip=False)
    code, output, errors = machine.zongji("run", "office.toml")
    assert code == 0, errors
    *steps, last = output.splitlines()
    assert last == f"exchange {tmp_path} run office.toml"
    assert [re.sub(r" \d+\.\d s$", "", step) for step in steps] == [
        "Debian packages build-essential espeak-ng libopus0 ...",
        f"Python {sys.version.split()[0]} environment in .venv ...",
        "Python packages of requirements.lock ...",
        "C media plane ...",
    ]
    assert len(machine.calls("apt-get")) == 1
    assert machine.calls("apt-get")[0].endswith("install --yes --no-install-recommends build-essential espeak-ng libopus0 [noninteractive]")
    assert "DPkg::Lock::Timeout=" in machine.calls("apt-get")[0]
    assert machine.zongji("calls")[1] == f"exchange {tmp_path} calls\n"


def test_only_what_is_missing_is_installed(machine):
    machine.installed("build-essential")
    assert machine.zongji("calls")[0] == 0
    (call,) = machine.calls("apt-get")
    assert "espeak-ng" in call
    assert "build-essential" not in call


def test_nothing_missing_needs_neither_root_nor_network(ready):
    code, output, _ = ready.zongji("calls", user=1000)
    assert (code, output) == (0, f"exchange {ready.folder} calls\n")
    assert ready.calls() == []


def test_neither_root_nor_sudo_prints_the_command(machine):
    code, _, errors = machine.zongji("demo", user=1000)
    assert code == 3
    assert "sudo apt-get install --yes --no-install-recommends build-essential espeak-ng libopus0\n" in errors
    assert machine.calls() == []


def test_sudo_without_a_password_is_used(machine):
    (machine.folder / "may_sudo").touch()
    assert machine.zongji("calls", user=1000)[0] == 0
    assert machine.calls("apt-get")[0].endswith("libopus0 [noninteractive]")


def test_old_package_lists_are_fetched_and_the_installation_tried_again(machine):
    (machine.folder / "lists").unlink()
    assert machine.zongji("calls")[0] == 0
    assert [call.split()[3] for call in machine.calls("apt-get")] == ["install", "update", "install"]


def test_test_packages_come_with_the_first_test(ready):
    code, output, errors = ready.zongji("test", "tests/config", "-x")
    assert code == 0, errors
    assert output.splitlines()[-1] == "pytest -n 2 tests/config -x"
    (call,) = ready.calls("apt-get")
    assert set(call.split()) & (ALL_TO_RUN | ALL_TO_TEST) == ALL_TO_TEST
    (pip,) = ready.calls("pip install")
    assert "--require-hashes" in pip
    assert pip.endswith("requirements-test.lock")


def test_a_system_python_without_its_parts_asks_for_them(machine):
    machine.installed(*ALL_TO_RUN)
    assert machine.zongji("calls", bare_python=True)[0] == 0
    assert "python3-venv" in machine.calls("apt-get")[0]


def test_an_interrupted_set_up_goes_on_where_it_was(machine):
    machine.installed(*ALL_TO_RUN)
    (machine.folder / "broken_compiler").touch()
    code, output, errors = machine.zongji("calls")
    assert code == 1
    assert "C media plane ... failed" in output
    assert "two.c:1: error: expected expression" in errors
    (machine.folder / "broken_compiler").unlink()
    code, output, _ = machine.zongji("calls")
    assert code == 0
    assert [line.split(" ...")[0] for line in output.splitlines()[:-1]] == ["C media plane"]


def test_native_code_is_built_again_when_its_text_changes_and_only_then(ready):
    source = ready.checkout / "drivers/two.c"
    os.utime(source, (1, 1))
    ready.zongji("calls")
    assert ready.calls("scons") == []
    source.write_text("int two = 3;\n")
    ready.zongji("calls")
    assert ready.calls("scons") == ["scons"]
    (ready.checkout / "pbx/_plane.abi3.so").unlink()
    ready.zongji("calls")
    assert ready.calls("scons") == ["scons", "scons"]


def test_a_changed_lock_is_installed_again(ready):
    (ready.checkout / "requirements.lock").write_text("# something else\n")
    ready.zongji("calls")
    assert len(ready.calls("pip install")) == 1


def test_two_at_once_set_up_once(machine):
    machine.installed(*ALL_TO_RUN)
    first = machine.start("calls", BUILD_SECONDS="2")
    while not machine.calls("scons") and first.poll() is None:
        time.sleep(0.01)
    second = machine.start("calls")
    outputs = [program.communicate(timeout=60)[0] for program in (first, second)]
    assert [program.returncode for program in (first, second)] == [0, 0]
    assert "waiting for it" in outputs[1]
    assert machine.calls("scons") == ["scons"]


def test_a_symbolic_link_leads_home(ready):
    link = ready.folder / "link"
    link.symlink_to(ready.checkout / "zongji")
    done = subprocess.run([sys.executable, link, "calls"], env=ready.environment, capture_output=True, text=True, cwd="/", check=False)
    assert done.stdout == "exchange / calls\n", done.stderr


@pytest.mark.parametrize("arguments", [["-n", "0"], ["-n4"], ["-p", "no:xdist"], ["--pdb"], ["--numprocesses=1"]])
def test_whoever_chooses_the_processes_keeps_his_choice(arguments):
    zongji = runpy.run_path(str(HOME / "zongji"))
    assert zongji["pytest_arguments"](arguments) == arguments


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_lock_files_are_whole_and_name_no_place(lock):
    text = (HOME / lock).read_text()
    assert "://" not in text
    entries = re.split(r"\n(?=\S)", text.strip())
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    if "test" in lock:
        wanted += project["optional-dependencies"]["test"]
    locked = {entry.partition("==")[0].lower() for entry in entries}
    assert {re.match(r"[\w-]+", name).group().lower() for name in wanted} <= locked
