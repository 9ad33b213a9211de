"""The commands ``zongji restart`` and ``zongji stop``: what is said to an exchange that runs.

``restart`` has the running supervisor become the program that is on the disk now, with the configuration as it is now (SIGUSR2;
pbx/supervisor.py): calls on real lines go on, others end with cause 41. ``stop`` is the orderly end (SIGTERM): all calls are cleared,
all lines released. Both wait until it is done and say what came of it. Leaves out how it is done.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pbx.places import MARKS, RESTARTED, RUN, marks_in
from pbx.predecessor import started
from pbx.store import newest_data

PATIENCE_S = 120.0
POLL_S = 0.05


class Restarted(msgspec.Struct, frozen=True):
    """What a renewed supervisor writes down."""

    calls: int
    ended: int
    silent_ms: int
    pid: int


def _running(prog: str, description: str, arguments: Sequence[str]) -> tuple[Path, int]:
    """The folder of the running part of the exchange that is meant, and its supervisor's process; 0 = none runs there."""
    example = f"example: ./zongji {prog.split()[-1]} --data var/zongji"
    parser = argparse.ArgumentParser(prog=prog, description=description, epilog=example)
    parser.add_argument("--data", type=Path, help="data directory of the exchange (default: the one below var/ that was used last)")
    data = parser.parse_args(arguments).data or newest_data() or Path("var")
    pid = int(str(marks_in(data / RUN / MARKS).get("pid", 0)))
    if not pid:
        sys.stderr.write(f"{data}: no exchange runs here; give its --data\n")
    return data / RUN, pid


def restart_command(arguments: Sequence[str]) -> int:
    """Renew the running exchange; 0 when it has been, 1 when not."""
    told = "Have the running exchange become the program and configuration that are on the disk now. Calls on real lines go on."
    run, pid = _running("zongji restart", told, arguments)
    if not pid:
        return 1
    (run / RESTARTED).unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR2)
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and started(pid):
        if (found := _found(run)) is not None:
            over = f"{found.calls} calls went over, {found.ended} did not"
            sys.stdout.write(f"renewed: {over}; lines were without sound for {found.silent_ms} ms\n")
            return 0
        time.sleep(POLL_S)
    sys.stderr.write("it was not renewed; what it says itself tells why\n")
    return 1


def _found(run: Path) -> Restarted | None:
    try:
        return msgspec.json.decode((run / RESTARTED).read_bytes(), type=Restarted)
    except (OSError, msgspec.DecodeError):
        return None


def stop_command(arguments: Sequence[str]) -> int:
    """Stop the running exchange; 0 when it has ended."""
    _, pid = _running("zongji stop", "Stop the running exchange in order: calls are cleared, lines released, records written.", arguments)
    if not pid:
        return 1
    begun = started(pid)
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + PATIENCE_S
    while started(pid) == begun:
        if time.monotonic() > until:
            sys.stderr.write(f"process {pid} has not ended within {PATIENCE_S:g} s\n")
            return 1
        time.sleep(POLL_S)
    return 0
