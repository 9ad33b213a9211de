"""What every benchmark hands back: rows with a stable dotted name, and how hard it was told to try.

A row compares itself: ``ratio`` says how many times better than the peer it is, whether lower or higher is better. The machine
description names processor, cores and kernel and nothing that tells whose machine it is. Leaves out what is measured.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

Better = Literal["lower", "higher"]


class Row(msgspec.Struct, frozen=True, omit_defaults=False):
    """One figure. ``peer`` is None when nothing comparable is measured beside it."""

    name: str
    value: float
    unit: str
    better: Better
    peer: str | None = None
    peer_value: float | None = None
    conditions: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer; None without one."""
        if self.peer_value is None or not self.peer_value or not self.value:
            return None
        return self.peer_value / self.value if self.better == "lower" else self.value / self.peer_value

    def fields(self) -> dict[str, object]:
        """What ``--json`` prints."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "better": self.better,
            "peer": self.peer,
            "peer_value": self.peer_value,
            "ratio": self.ratio,
            "conditions": self.conditions,
        }


class Effort(msgspec.Struct, frozen=True):
    """How hard to try: ``brief`` runs everything for a moment only, so that tests can; ``long`` may take its time.

    ``times`` and ``calls`` stand above both where they are not 0, in benchmarks that count these.
    """

    long: bool = False
    brief: bool = False
    times: int = 0
    calls: int = 0

    def choose(self, brief: float, normal: float, long: float) -> float:
        """The one of three figures that this effort means."""
        return brief if self.brief else long if self.long else normal


def load_text() -> str:
    """The load of the machine, for ``conditions``: a figure measured beside other work is a worse one."""
    return f"load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores"


def machine() -> str:
    """Processor, cores and kernel."""
    model = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    kernel = platform.release().partition("-")[0]
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {kernel}, Python {platform.python_version()}"


def cpu_seconds(function: Callable[[], object]) -> float:
    """CPU time of this process in a call."""
    begun = time.process_time()
    function()
    return time.process_time() - begun


def median_of(runs: int, measure: Callable[[], float]) -> float:
    """The median of several runs."""
    return statistics.median(measure() for _ in range(runs))
