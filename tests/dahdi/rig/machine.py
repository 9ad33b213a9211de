"""The machine: a User-Mode Linux kernel with DAHDI's loop-back spans, booted for one command and gone when it ends.

Its root is the host's, read-only; /tmp, /run and /dev/shm are empty and its own; the results folder is the host's and writable, at
the same path. Programs, environments and the checkout therefore stand where they stand outside. It has one processor, and no
network but ``lo``.

Its clock is the host's, or *virtual*: then time stands while a program runs, and jumps to the next timer when all of them wait, so that a
busy host makes nothing late. There a program that asks for the time over and over without sleeping takes for ever. Where the kernel for
it could not be built the host's clock serves, and ``clock_had`` says so.

Sound moves each millisecond, as an interrupt of a real card has it: the clock is ``dahdi_dummy`` on a high-resolution timer, which makes
up for beats that came late, and shows as one more span, the last, without channels. Without it (``millisecond_clock`` off) DAHDI's core
timer moves sound; with the hundred beats a second of Debian's kernel that is 160 samples every 20 ms.

Nothing stays behind: the kernel and its processes, which are processes of the host under ``ptrace``, are killed when its time is over,
and when whoever started it is killed (guard.py).
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.dahdi.rig.archive import PATH
from tests.dahdi.rig.build import HOME, Rig
from tests.dahdi.rig.kernels import Clock

INIT = Path(__file__).with_name("inside.py")
GUARD = Path(__file__).with_name("guard.py")
BOOTED = "booted"
"""The file that the first process makes when all is ready for the command."""
BOOT_PATIENCE_S = 120.0
"""It takes 2.5 s on an idle machine; a loaded one may have other things to do."""
INSIDE = "ZONGJI_INSIDE_DAHDI"
"""Environment variable, set to 1 for the command in the machine."""
RESULTS = "ZONGJI_DAHDI_RESULTS"
"""Environment variable for the command: the folder that it may write to."""
PAIRS = "dynamic=loc,1:0,31,0\ndynamic=loc,1:1,31,0\ndynamic=loc,2:0,31,0\ndynamic=loc,2:1,31,0\n"
"""Two pairs: channels 1-31 with 32-62, and 63-93 with 94-124."""
TWO_PAIRS = (
    f"{PAIRS}"
    "cas=1-15,17-31,32-46,48-62:1001\ndchan=16,47\n"
    "fxoks=63-70\nfxsks=94-101\ne&m=71-72,102-103\ne&me1=73-74,104-105\nmtp2=78,109\n"
    "bchan=75-77,106-108\ncas=79-93,110-124:1001\nalaw=1-124\n"
)
"""The configuration unless another is given: one pair all CAS with a D channel, the other with a few channels of each kind."""


@dataclass(frozen=True)
class Outcome:
    """What became of the command."""

    code: int
    output: str
    seconds: float
    boot_s: float
    console: str
    results: Path


class MachineError(Exception):
    """The machine did not come up, or did not end in time; the message has the end of its console."""


@dataclass(frozen=True)
class Machine:
    """A machine to be; each ``run`` boots a fresh one."""

    rig: Rig
    configuration: str = TWO_PAIRS
    memory_mib: int = 512
    patience_s: float = 120.0
    """How long the command may take, by the host's clock."""
    millisecond_clock: bool = True
    clock: Clock = "real"
    sctp: bool = False
    """Whether it is for associations of SCTP; it then has none of DAHDI's drivers, and ``configuration`` says nothing."""
    shown: list[Path] = field(default_factory=list)
    """Further folders below /tmp or /run that are to be seen inside, read-only."""

    @property
    def clock_had(self) -> Clock:
        """The clock by which it will run."""
        return "real" if self.rig.without_virtual_time else self.clock

    def run(self, command: Sequence[str], results: Path | None = None, environment: dict[str, str] | None = None) -> Outcome:
        """Boot, run one command in the checkout's folder, turn off. ``python`` is our interpreter."""
        folder = (results or Path(tempfile.mkdtemp(prefix="dahdi-"))).resolve()
        try:
            return self._run(command, folder, environment or {})
        finally:
            if results is None:
                shutil.rmtree(folder)

    def _run(self, command: Sequence[str], folder: Path, environment: dict[str, str]) -> Outcome:
        self._plan(command, folder, environment, interactive=False)
        console = folder / "console"
        started = time.monotonic()
        try:
            with console.open("wb") as screen, guarded(self._kernel(folder), subprocess.DEVNULL, screen) as kernel:
                while not (folder / BOOTED).exists() and time.monotonic() < started + BOOT_PATIENCE_S and kernel.poll() is None:
                    time.sleep(0.02)
                kernel.wait(self.patience_s)
        except subprocess.TimeoutExpired:
            output = tail(folder / "output")
            hint = "in virtual time, in which nothing may wait by asking for the time; " if self.clock_had == "virtual" else ""
            words = f"still running after {self.patience_s:.0f} s; {hint}the last it said:\n{output}\n{tail(console)}"
            raise MachineError(words) from None
        written = folder / "outcome.json"
        if not written.exists():
            raise MachineError(f"the machine ended after {time.monotonic() - started:.1f} s without a word:\n{tail(console)}")
        outcome = json.loads(written.read_text())
        if "failure" in outcome:
            raise MachineError(f"{outcome['failure']}\n{tail(console)}")
        output = (folder / "output").read_text(errors="replace")
        said = console.read_text(errors="replace")
        return Outcome(outcome["code"], output, outcome["seconds"], outcome["boot_s"], said, folder)

    def shell(self) -> int:
        """A shell in the machine, on this terminal; ends the machine when it is left."""
        with tempfile.TemporaryDirectory(prefix="dahdi-") as name:
            folder = Path(name)
            self._plan(["/bin/bash"], folder, {"PS1": "dahdi# "}, interactive=True)
            command = [word.replace("con0=null,fd:1", "con0=fd:0,fd:1") for word in self._kernel(folder)]
            before = termios.tcgetattr(0)
            try:
                with guarded(command, sys.stdin, sys.stdout) as kernel:
                    return kernel.wait()
            finally:
                termios.tcsetattr(0, termios.TCSANOW, before)  # the kernel's console is in raw mode, and forgets to leave it

    def _plan(self, command: Sequence[str], folder: Path, environment: dict[str, str], interactive: bool) -> None:
        """Write down what the first process is to do."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("outcome.json", "output", BOOTED):
            (folder / name).unlink(missing_ok=True)
        command = [sys.executable, *command[1:]] if command[0] == "python" else list(command)
        around = {
            "PATH": f"{self.rig.program('dahdi_cfg').parent}:{self.rig.program('r2test').parent}:{PATH}",
            "LD_LIBRARY_PATH": str(self.rig.libraries),
            "HOME": "/tmp",
            "LANG": "C.UTF-8",
            "TERM": os.environ.get("TERM", "dumb"),
            "PYTHONPATH": f"{HOME}:{self.rig.face.parent}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HYPOTHESIS_STORAGE_DIRECTORY": "/tmp/hypothesis",
            INSIDE: "1",
            RESULTS: str(folder),
        }
        plan = {
            "shown": [str(path) for path in (HOME, self.rig.folder, Path(sys.prefix), *self.shown)],
            "modules": self.rig.sctp_modules(self.clock_had) if self.sctp else self.rig.modules(self.clock_had),
            "clock": [self.rig.millisecond_module(self.clock_had)] if self.millisecond_clock and not self.sctp else [],
            "configuration": "" if self.sctp else self.configuration,
            "configurator": ["env", f"LD_LIBRARY_PATH={self.rig.libraries}", str(self.rig.program("dahdi_cfg"))],
            "command": command,
            "environment": around | environment,
            "folder": str(HOME),
            "interactive": interactive,
        }
        (folder / "plan.json").write_text(json.dumps(plan, indent=1))

    def _kernel(self, folder: Path) -> list[str]:
        """The kernel's command line."""
        boot = ["root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", f"mem={self.memory_mib}M", "quiet"]
        consoles = ["con=null", "con0=null,fd:1", f"uml_dir={folder}", "umid=machine"]
        start = [f"init={sys.executable}", "--", "-I", str(INIT), str(folder)]
        travel = ["time-travel=inf-cpu"] if self.clock_had == "virtual" else []
        return [str(self.rig.kernel(self.clock_had)), *travel, *boot, *consoles, *start]


@contextlib.contextmanager
def guarded(command: list[str], keys: IO[Any] | int, screen: IO[Any]) -> "Iterator[subprocess.Popen[bytes]]":
    """Start a program in a session of its own, of which nothing is left in the end, even if we are killed."""
    kernel = subprocess.Popen(command, stdin=keys, stdout=screen, stderr=screen, start_new_session=True)
    watch = [sys.executable, "-I", str(GUARD), str(kernel.pid)]
    with subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True):  # leaving closes its input and waits for it
        yield kernel
    kernel.wait()


def tail(path: Path, lines: int = 30) -> str:
    """The last lines of a file."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""
