"""Ends a session: ``python guard.py LEADER`` waits until its standard input is closed, then kills every process of the session.

User-Mode Linux leaves processes behind when its own is killed: its timers' helpers, and the programs in the machine, which are stopped
processes of the host. The guard has a session of its own, so that it goes on when whoever started it is killed, which closes the input.
"""

import os
import signal
import sys
import time
from pathlib import Path

PATIENCE_S = 10.0
"""How long a killed process may take to go."""


def led_by(leader: int) -> list[int]:
    """The processes of the session that a process leads or has led."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(words[3]) == leader and words[0] not in "ZX":
            found.append(int(path.parent.name))
    return found


def end_all(leader: int) -> None:
    """Kill until there is none: they may start others meanwhile."""
    until = time.monotonic() + PATIENCE_S
    while (left := led_by(leader)) and time.monotonic() < until:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.01)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    end_all(int(sys.argv[1]))
