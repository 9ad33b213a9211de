"""The example office in real time, and its people: the test is the control of the far network's plane."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from drivers.far_end.party import Subscriber
from pbx import far_network
from pbx.clock import VirtualClock
from pbx.exchange import load_sounds
from pbx.media import Plane
from pbx.places import Places
from pbx.prompts import render
from pbx.sound_file import decode_alaw
from pbx.store import StoreError, connect
from pbx.tone_plan import china
from pbx.vocabulary import tones
from pbx.vocabulary.media import Record, SendTone
from tests.recovery.town import EXAMPLE, example

HOME = EXAMPLE.parents[1]
CALLERS = 27
PATIENCE_S = 30.0
QUIET_LEVEL = 60


def silence_ms(samples: bytes) -> float:
    """The longest silence in A-law, in milliseconds."""
    loud = np.flatnonzero(np.abs(decode_alaw(samples).astype(int)) > QUIET_LEVEL)
    edges = np.concatenate([[-1], loud, [len(samples)]])
    return float((np.diff(edges) - 1).max()) / 8


class Office:
    """``zongji run`` in a process of its own; time passes in ``run`` and ``wait``."""

    def __init__(self, folder: Path, config: Path = EXAMPLE) -> None:
        """``config``: the example, or one that has more lines behind those of the example."""
        self.config = config
        self.places = Places(example(), folder / "data")
        sounds = render(example().prompts, self.places.prompts)
        self._log = folder.joinpath("log.txt").open("wb")
        self.log = folder / "log.txt"
        self.process = self.begin()
        self._until(lambda: bool(self.pid("network") and self.starts()), "the exchange does not come up")
        time.sleep(1.0)
        # The people of the test take the place of those of the simulated network.
        os.kill(self.pid("network"), signal.SIGTERM)
        self._until(lambda: not self.pid("network"), "the network does not end")
        self.near = Plane.attach(str(self.places.arena))
        self._attach_people(sounds)

    def begin(self) -> "subprocess.Popen[bytes]":
        """Start the exchange."""
        return subprocess.Popen(
            [sys.executable, "-m", "pbx", "run", str(self.config), "--data", str(self.places.data)],
            cwd=HOME,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def _attach_people(self, sounds: dict[str, bytes]) -> None:
        self.far = Plane.attach(str(self.places.network_arena))
        self.far.raise_epoch()
        self.far.drain()
        prompts = load_sounds(self.far, china(), sounds)
        self.clock = VirtualClock(self.far.now)
        self.network = far_network.build(example(), self.far, self.clock, prompts)
        far_network.start(self.network, self.far)
        self.run(0.5)

    # Time and processes.

    def run(self, seconds: float) -> None:
        """Let real time pass."""
        end = self.far.now + seconds
        while self.far.now < end:
            self._breathe()

    def wait(self, wanted: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        """Let real time pass until it has come."""
        end = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < end, what
            self._breathe()

    def _breathe(self) -> None:
        self.network.media_events(self.far.drain())
        self.clock.run_until(max(self.clock.now, self.far.now))
        time.sleep(0.003)

    def _until(self, wanted: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not wanted():
            assert time.monotonic() < end, f"{what}: {self.log.read_text()}"
            time.sleep(0.05)

    def pid(self, name: str) -> int:
        """The process ``pbx.NAME_process`` of this office; 0 = there is none."""
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes().split(b"\0")
                parent = int(entry.parent.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            if parent == self.process.pid and f"pbx.{name}_process".encode() in words:
                return int(entry.parent.name)
        return 0

    def kill_control(self) -> float:
        """kill -9; the Unix time at which it was done."""
        os.kill(self.pid("control"), signal.SIGKILL)
        return time.time()

    def stop(self) -> int:
        """SIGTERM to the supervisor; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """Whatever happened, nothing runs on."""
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._log.close()

    # People.

    def establish(self) -> None:
        """Callers in the queue, an agent who is recorded, extensions that talk to each other and to the city."""
        phones = self.network.telephones
        self.callers: list[Subscriber] = []
        agent = phones["8002"]
        agent.lift()
        self.run(1.0)
        agent.press("*11")
        for first, second in (("8006", "8007"), ("8008", "8009")):
            phones[first].lift()
            self.run(0.7)
            phones[first].press(second)
            self.wait(lambda second=second: phones[second].rings, f"{second} is not rung")  # type: ignore[misc]
            phones[second].lift()
        agent.press("1001#")
        self.speaker, self.listener = phones["8010"], self.network.subscriber("87654321")
        self.speaker.lift()
        self.run(0.7)
        self.speaker.press("987654321")
        self.wait(lambda: self.listener.state == "ringing", "the city is not rung")
        self.listener.answer()
        agent.press("1001#")
        for number in range(CALLERS):
            caller = self.network.subscriber(f"139000001{number:02d}")
            assert caller.dial("10086")
            self.callers.append(caller)
            self.run(0.05)
        self.wait(lambda: all(caller.state == "talking" for caller in self.callers), "somebody is not answered")
        self.run(3.0)
        for caller in self.callers:
            caller.press("1")
        self.run(3.0)
        agent.hang_up()
        self.wait(lambda: agent.rings, "the agent is not rung")
        agent.lift()
        self.run(1.0)
        for recorder, party in enumerate((self.listener, self.speaker)):
            party._order(SendTone(tones.progress("dial")), Record(recorder))
        self.run(0.5)
        self.recorded([])

    def everybody_hangs_up(self) -> None:
        """All at once; the exchange gets the time to see it."""
        for caller in (*self.callers, self.listener):
            caller.hang_up()
        for phone in self.network.telephones.values():
            if phone.off_hook:
                phone.hang_up()
        self.run(3.0)

    def connected(self) -> int:
        """Calls of which somebody at the far end is in: callers, and the conversations of extensions."""
        phones = [phone for phone in self.network.telephones.values() if phone.off_hook]
        waiting = [caller for caller in self.callers if caller.state == "talking"]
        return len(waiting) + sum(phone.number in ("8006", "8008", "8010") and "busy" not in phone.hearing for phone in phones)

    def recorded(self, ways: list[bytes]) -> list[bytes]:
        """What city and extension heard of each other since the last time, added to what was heard before."""
        heard = [self.far.read_recorder(recorder)[::2] for recorder in (0, 1)]
        return [before + now for before, now in zip(ways or [b"", b""], heard, strict=True)]

    def note(self, what: str, seconds: float) -> None:
        """A figure for whoever reads the output of the test (pytest -s)."""
        sys.stderr.write(f"{what} {1000 * seconds:.0f} ms\n")

    # What was written.

    def rows(self, query: str) -> list[Any]:
        """Rows of the store."""
        connection = connect(self.places.store)
        try:
            return [tuple(row) for row in connection.execute(query)]
        finally:
            connection.close()

    def starts(self) -> list[float]:
        """When controls began, in Unix time."""
        try:
            return [at for (at,) in self.rows("SELECT at FROM facts WHERE kind = 'ControlStarted' ORDER BY sequence")]
        except (sqlite3.OperationalError, StoreError):
            # Nothing has been written yet.
            return []

    def edges(self) -> dict[int, set[int]]:
        """Who hears whom in the exchange."""
        return {port: {edge.source for edge in self.near.edges(port)} for port in range(self.near.ports)}
