"""``dahdi``: 124 channels busy in real time on DAHDI's own drivers, moved one by one and by io_uring, each the other's peer.

The drivers run in User-Mode Linux on loop-back spans (tests/dahdi/rig), because a machine with four free E1 cards is rare; so a system
call is many times dearer than on a real kernel (one in User-Mode Linux is two stops of a traced process). Processor time is that of all
processes of that machine, as their host counts it, less what the machine takes at rest: DAHDI's own work is in it. It is an
upper bound, and what is extrapolated from it to 16 E1 is called so. The machine inside cannot know what its host took from it: ticks
are late when the host is busy, so run it alone. benchmarks/dahdi_inside.py is what runs inside, and says what is counted.
"""

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from benchmarks.dahdi_inside import CHANNELS, CONFIGURATION, Measured
from benchmarks.row import Better, Effort, Row, load_text
from pbx.media import TICK_SECONDS

EXTRAPOLATED = 16 * 31
PATIENCE_S = 60.0
LOOK_S = 0.1


class NoLinesError(Exception):
    """The machine with the drivers cannot be had here."""


class Processes(threading.Thread):
    """What all processes of the machine have used of the host's processors, looked at again and again: its folder is in their commands."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._mark = f"uml_dir={folder}".encode()
        self._used: dict[str, float] = {}
        self._seen: list[tuple[float, float]] = []
        self.over = threading.Event()

    def run(self) -> None:
        """Look until it is over."""
        while not self.over.wait(LOOK_S):
            for place in Path("/proc").glob("[0-9]*"):
                self._look(place)
            self._seen.append((time.time(), sum(self._used.values())))

    def _look(self, place: Path) -> None:
        try:
            if self._mark in (place / "cmdline").read_bytes():
                words = (place / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
                self._used[place.name] = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            return

    def share(self, began: float, ended: float) -> float:
        """Of one processor, from one moment to another of Unix time."""
        at = [next((used for when, used in self._seen if when >= moment), self._seen[-1][1]) for moment in (began, ended)]
        return (at[1] - at[0]) / (ended - began)


class Run(msgspec.Struct):
    """Both ways in one boot, each with its share of one processor beyond that at rest."""

    alone: Measured
    together: Measured
    shares: tuple[float, float]
    rest: float


def run(seconds: float) -> Run:
    """Both ways, in one boot; NoLinesError where there is no such machine."""
    from tests.dahdi.rig.archive import NoRigError
    from tests.dahdi.rig.build import ready
    from tests.dahdi.rig.machine import Machine, MachineError

    try:
        rig = ready(lambda step: sys.stderr.write(f"bench: {step}\n") and None)
        machine = Machine(rig, CONFIGURATION, patience_s=2 * seconds + PATIENCE_S)
        with tempfile.TemporaryDirectory(prefix="zongji-bench-") as name:
            processes = Processes(Path(name).resolve())
            processes.start()
            outcome = machine.run(["python", "-m", "benchmarks.dahdi_inside", str(seconds)], Path(name))
            processes.over.set()
            processes.join()
    except (NoRigError, MachineError) as reason:
        raise NoLinesError(str(reason)) from None
    lines = [line for line in outcome.output.splitlines() if line.startswith("{")]
    if outcome.code or len(lines) != 3:
        raise NoLinesError(f"what ran inside ended with {outcome.code}:\n{outcome.output}")
    rest = processes.share(*json.loads(lines[0])["rest"])
    ways = [Measured(**{name: value for name, value in json.loads(line).items() if name != "lost_samples"}) for line in lines[1:]]
    shares = [max(0.0, processes.share(way.began, way.ended) - rest) for way in ways]
    return Run(ways[0], ways[1], (shares[0], shares[1]), rest)


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """All rows of one boot; none, and a word of why, where the drivers cannot be had."""
    try:
        found = run(effort.choose(1.0, 60.0, 300.0))
    except NoLinesError as reason:
        sys.stderr.write(f"bench: NO DAHDI: {reason}\n")
        return
    yield from rows(found)


def rows(found: Run) -> Iterable[Row]:
    """The figures of a run."""
    peer = "one by one"
    both = (found.together, found.alone)
    together = found.together
    allowed = f"not allowed: {together.not_allowed}" if together.not_allowed else "SCHED_FIFO and locked memory were given"
    conditions = (
        f"{CHANNELS} channels on 4 E1 joined in pairs, in User-Mode Linux: 120 circuits with bit patterns both ways and DTMF receivers, "
        f"4 D channels with a frame of 40 octets each 20 ms; {together.seconds:.0f} s each way; moved together by io_uring"
        f"{'' if together.together else ' (which the kernel refused)'}, peer moved one by one; {allowed}; {load_text()}"
    )
    words = {
        "dahdi.late": "ticks begun more than 10 ms after they were due; worst {0.worst_late_ms:.0f} ms, peer {1.worst_late_ms:.0f} ms; "
        "of which the kernel inside explains {0.explained_by_steal} and {1.explained_by_steal} (it knows nothing of its host)",
        "dahdi.lost": "80 for each block that did not come, was dropped, refused, overrun or missing when it was to be sent",
        "dahdi.bits": "wrong of {0.compared_bits} compared, peer of {1.compared_bits}; "
        "seconds of circuits out of step: {0.seconds_out_of_step}, peer {1.seconds_out_of_step}",
        "dahdi.frames": "of {0.frames_sent} sent, peer of {1.frames_sent}",
        "dahdi.calls": "system calls of all four spans",
        "dahdi.cpu": "of one processor, a channel, DAHDI's own work and the dear system calls of User-Mode Linux in it; "
        f"at rest that machine takes {found.rest:.1%} of one",
        "dahdi.extrapolated": f"EXTRAPOLATED from {CHANNELS} to {EXTRAPOLATED} channels (16 E1), not measured: of one processor",
        "dahdi.extrapolated.calls": f"EXTRAPOLATED to {EXTRAPOLATED} channels, not measured",
    }

    cpu = [100 * share / CHANNELS for share in reversed(found.shares)]
    calls = [way.system_calls / max(1, way.ticks) for way in both]
    figures: list[tuple[str, list[float], str, Better]] = [
        ("dahdi.ticks", [way.ticks for way in both], "ticks", "higher"),
        ("dahdi.late", [way.late for way in both], "ticks", "lower"),
        ("dahdi.lost", [way.lost_samples for way in both], "samples", "lower"),
        ("dahdi.bits", [way.wrong_bits for way in both], "wrong bits", "lower"),
        ("dahdi.frames", [way.frames_missing for way in both], "frames missing", "lower"),
        ("dahdi.calls", calls, "system calls/tick", "lower"),
        ("dahdi.cpu", cpu, "% CPU/channel", "lower"),
        ("dahdi.extrapolated", [value * EXTRAPOLATED for value in cpu], "% CPU", "lower"),
        ("dahdi.extrapolated.calls", [value * EXTRAPOLATED / CHANNELS / TICK_SECONDS for value in calls], "system calls/s", "lower"),
    ]
    for name, (value, peer_value), unit, better in figures:
        yield Row(name, round(value, 4), unit, better, peer, round(peer_value, 4), words.get(name, conditions).format(*both))
