"""libopenr2's ``r2test`` on channels of the rig: a foreign exchange that calls and is called over the real device files.

What it does is known from its manual and seen: each channel of a calling group makes one call when the far end shows idle, and none after
it; it never clears first. A called group accepts with charge, answers at once, says back what it hears, and clears when the far end has.
So whoever wants the foreign side to clear first ends the program: the kernel puts the idle bits on a channel that is closed. What it
says of a call are the lines that begin with ``USER:``. Leaves out what the calls are about: that is the tests'.
"""

import subprocess
import threading
import time
from pathlib import Path

from tests.interop.openr2.facing import CHINA

WITHIN_S = 60.0


class R2Test:
    """The program with one group of channels, China's variant. Lines of its output are kept as they come."""

    def __init__(self, folder: Path, first: int, last: int, side: str, **settings: object) -> None:
        """``side`` is "caller" or "callee"; ``settings`` are lines of its configuration."""
        lines = {
            "category": "NATIONAL_SUBSCRIBER",
            "loglevel": "all",
            "variant": "cn",
            "maxani": 40,
            "maxdnis": 4,
            "mfbacktimeout": -1,
            "meteringpulsetimeout": -1,
            "caller": "yes" if side == "caller" else "no",
            "advancedprotocolfile": CHINA.context(folder, side)["file"],
            **settings,
            "channel": f"{first}-{last}",
        }
        configuration = folder / f"r2test-{first}.conf"
        configuration.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="ascii")
        self.channels = range(first, last + 1)
        self.output: list[str] = []
        command = ["stdbuf", "-oL", "r2test", "-c", str(configuration)]
        self._program = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "R2Test":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _read(self) -> None:
        assert self._program.stdout is not None
        self.output.extend(iter(self._program.stdout.readline, ""))

    def end(self) -> None:
        """Kill it: all its channels are closed."""
        self._program.kill()
        self._program.wait()
        self._reader.join()

    def said(self, channel: int) -> list[str]:
        """What it said of a channel, in order, without the channel's number: ``making call.``, ``call has been answered`` and so on."""
        found = []
        for line in list(self.output):
            said = line.strip().partition("USER: ")[2]  # the threads' logging, which is no one's line, may stand before it
            for mark in (f" on chan {channel}", f" at chan {channel}"):
                before, here, after = said.partition(mark)
                if here and not after[:1].isdigit():
                    found.append(before + after)
        return found

    def await_words(self, words: str, channels: range | None = None) -> None:
        """Wait until it has said something on each of some channels; fails with all that it said."""
        waiting = set(channels or self.channels)
        until = time.monotonic() + WITHIN_S
        while waiting := {channel for channel in waiting if not any(words in line for line in self.said(channel))}:
            assert time.monotonic() < until, f"no {words!r} on {sorted(waiting)}:\n{''.join(self.output)}"
            time.sleep(0.02)
