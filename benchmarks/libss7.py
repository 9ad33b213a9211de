"""libss7 as the peer of our No. 7: a program of ours around the library as it is installed, built when a benchmark runs (libss7_timer.c).

Two signalling points of the library call one another in that program over a link of memory in virtual time: ISUP, level 3 and level 2 of
both ends, in C. It is a process of its own, for the library is under the GPL and no part of ours. Without <libss7.h> there is no peer.
Leaves out what the library's card driver and its user's switch would cost.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

HEADER = "libss7.h"
LIBRARY = "libss7.so.2.0"
SOURCE = Path(__file__).with_name("libss7_timer.c")
FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O2")
ABSENT = "no peer: libss7-dev is not installed"
CALLS_TEXT = "C, levels 2 and 3 and ISUP of both ends, each message in a signal unit and a fill-in unit behind it, no system call in it"


class WrongRunError(RuntimeError):
    """The peer did not do what was asked of it, so that its time says nothing."""


class Timer(msgspec.Struct, frozen=True):
    """The program."""

    program: Path

    def calls_per_cpu_second(self, calls: int, standing: int = 0) -> float:
        """Complete calls; ``standing``: so many are up while the next one begins."""
        answered, idle, spent = self._run("calls", calls, standing)
        if answered != calls or idle != calls:
            raise WrongRunError(f"of {calls} calls of libss7 {answered} were answered and {idle} came to rest")
        return calls / spent

    def link_cpu_per_second(self, seconds: float, messages_per_second: float) -> float:
        """CPU seconds of one end for each second of the link; messages of 22 octets, so many a second each way."""
        messages, octets, spent = self._run("link", seconds, messages_per_second)
        if octets != messages * (22 + 6) or (messages > 0) != (messages_per_second > 0):
            raise WrongRunError(f"{messages} messages of libss7 took {octets} octets")
        return spent / 2 / seconds

    def octets_per_call(self, calls: int) -> float:
        """Memory allocated for each of so many calls that are up, at both ends."""
        answered, idle, octets = self._run("memory", calls, 0)
        if answered != calls or idle != calls:
            raise WrongRunError(f"of {calls} calls of libss7 {answered} were answered and {idle} came to rest")
        return octets / calls

    @property
    def name(self) -> str:
        """With the version."""
        return f"libss7 {self._words('calls', 1, 0)[0]}"

    def _words(self, *arguments: float | str) -> list[str]:
        ran = subprocess.run([self.program, *map(str, arguments)], capture_output=True, check=False, text=True)
        if ran.returncode:
            raise WrongRunError(ran.stderr.strip())
        return ran.stdout.split()

    def _run(self, *arguments: float | str) -> tuple[int, int, float]:
        """Two counts of what was done, and what it took."""
        _, first, second, complaints, spent = self._words(*arguments)
        if int(complaints):
            raise WrongRunError(f"libss7 complains {complaints} times about {arguments}")
        return int(first), int(second), float(spent)


def installed() -> bool:
    """Whether the library, its header and a compiler are there."""
    if shutil.which("gcc") is None:
        return False
    header = subprocess.run(["gcc", "-E", "-include", HEADER, "-x", "c", os.devnull], capture_output=True, check=False)
    found = subprocess.run(["gcc", f"-print-file-name={LIBRARY}"], capture_output=True, check=False, text=True)
    return header.returncode == 0 and Path(found.stdout.strip()).is_absolute()


@contextmanager
def timer() -> Iterator[Timer | None]:
    """The program for as long as it is wanted; None where there is no peer."""
    if not installed():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="zongji-bench-") as folder:
        program = Path(folder) / SOURCE.stem
        subprocess.run(["gcc", *FLAGS, "-o", str(program), str(SOURCE), f"-l:{LIBRARY}", "-lm"], check=True)
        yield Timer(program)
