"""The processes before: what a supervisor finds of an exchange that runs, or ran, in its data directory, and how it relieves them.

A supervisor that was renewed, whose plane died, or that was killed leaves its marks (pbx/places.py): which processes it had, which port
each line has, when the clock of the plane began. They are ended in order: control is asked to hand over (SIGUSR1), which ends it
without touching a call, then the planes. What control left, or, if it could not any more, what stands in the arena, is the handover
(pbx/handover.py). Marks of an earlier boot of the machine are worth nothing, and a process is known by its number and the
moment of its start. Leaves out starting anew (pbx/supervisor.py).
"""

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

from pbx import handover
from pbx.handover import Handover
from pbx.media import TICK_SECONDS, Plane, PlaneError
from pbx.places import Places

HANDOVER_PATIENCE_S = 10.0
"""For control: longer than its writers of recordings and of the store may take in ordinary times."""
END_PATIENCE_S = 3.0
POLL_S = 0.002
PEOPLE = ("network",)
PLANES = ("network-plane", "plane")


def boot() -> str:
    """A name of this boot of the machine; of a kernel without such a name, the second at which it began."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
        return next(line for line in lines if line.startswith("btime"))


def started(pid: int) -> int:
    """When a process started, in the kernel's ticks since the boot; 0 = there is none, or it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])


class Process:
    """A process that may be no child of ours."""

    def __init__(self, pid: int, begun: int) -> None:
        self.pid, self.begun = pid, begun

    @property
    def runs(self) -> bool:
        """Whether it is still there."""
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        return self.begun > 0 and started(self.pid) == self.begun

    def end(self, number: int, patience_s: float) -> bool:
        """Send it a signal and wait until it has ended; it is killed when patience is over, and the answer then is False."""
        if self._ends_by(number, patience_s):
            return True
        while not self._ends_by(signal.SIGKILL, patience_s):
            pass
        return False

    def _ends_by(self, number: int, patience_s: float) -> bool:
        until = time.monotonic() + patience_s
        if self.runs:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
        while self.runs:
            if time.monotonic() > until:
                return False
            time.sleep(POLL_S)
        return True


class Predecessor:
    """The processes of the marks that were found."""

    def __init__(self, places: Places, marks: dict[str, Any]) -> None:
        self.places = places
        self.marks = marks
        self.processes = {name: Process(*identity) for name, identity in marks["processes"].items()}
        self.last_tick_s = 0.0
        """When the plane last ticked, by CLOCK_MONOTONIC; known once it is relieved."""

    @classmethod
    def of(cls, places: Places) -> "Predecessor | None":
        """Whoever left marks since the machine was booted."""
        marks: dict[str, Any] = places.left_marks()
        if marks.get("boot") != boot() or "processes" not in marks:
            return None
        return cls(places, marks)

    def relieve(self) -> Handover | None:
        """End them all, with what they leave; None when nothing can be read, as of an arena of another version."""
        arena = self._arena()
        self.places.handover.unlink(missing_ok=True)
        for name in PEOPLE:
            self._end(name, signal.SIGTERM, END_PATIENCE_S)
        self._end("control", signal.SIGUSR1, HANDOVER_PATIENCE_S)
        left = handover.read(self.places.handover)
        if left is None and arena is not None and {"ring", "ports"} <= self.marks.keys():
            ports = {str(name): int(port) for name, port in self.marks["ports"].items()}
            left = handover.leave(arena, str(self.marks["ring"]), ports)
        for name in PLANES:
            self._end(name, signal.SIGTERM, END_PATIENCE_S)
        if arena is not None:
            self.last_tick_s = arena.clock_zero_s + arena.ticks * TICK_SECONDS
            arena.close()
        return left

    def clear(self) -> None:
        """End them all in order, and their calls with them."""
        for name in (*PEOPLE, "control", *PLANES):
            self._end(name, signal.SIGTERM, HANDOVER_PATIENCE_S)
        self.places.marks.unlink(missing_ok=True)

    def _end(self, name: str, number: int, patience_s: float) -> None:
        process = self.processes.get(name)
        if process is not None:
            process.end(number, patience_s)

    def _arena(self) -> Plane | None:
        try:
            return Plane.attach(str(self.places.arena))
        except PlaneError:
            return None
