"""Who writes recordings: a thread that drains the rings, and a process that makes finished files into their last form.

The thread keeps a slow disk away from the floor; the coding is done by pbx/recording_forms.py at the lowest priority, so that it takes
only what nobody else wants. A coder that dies costs nothing: the file it died over stays as it is, the others are given to the next
one. Composition layer. Leaves out what is written (pbx/recording_files.py).
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from pbx.media import StaleEpoch
from pbx.recording_files import ALAW, DRAINS_AFTER_STOP, Notes, RecordingFiles
from pbx.recording_forms import Done, Job

DRAIN_EVERY_S = 0.5
LAST_DRAINS_APART_S = 0.02
"""At an orderly end: long enough for the plane to have stopped recorders whose calls were cleared just now."""
BATCH = 50
STOP_PATIENCE_S = 10.0


class Coder:
    """One process at a time, given a batch of jobs; its answers come in the order of the jobs."""

    def __init__(self, files: RecordingFiles, opus_kbit_s: int, command: tuple[str, ...] = ()) -> None:
        """``command`` instead of our own program, for tests."""
        self._files = files
        self._command = command or (sys.executable, "-m", "pbx.recording_forms", files.policy.format, str(opus_kbit_s))
        self._process: subprocess.Popen[bytes] | None = None
        self._given: deque[Notes] = deque()
        self._said = b""
        self._blamed: set[str] = set()

    @property
    def busy(self) -> bool:
        """Whether a process is at work."""
        return self._process is not None

    def step(self) -> None:
        """Take what has been answered; begin a batch when there is one. Never waits. With a full disk nothing is begun."""
        if self._process is not None:
            self._listen(self._process)
        if self._process is None and self._files.finished and not self._files.full:
            self._begin()

    def stop(self) -> None:
        """End the process; what it did not answer is found by the next start (``settle``)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    def _begin(self) -> None:
        batch, self._files.finished[:BATCH] = self._files.finished[:BATCH], []
        jobs = b"".join(msgspec.json.encode(_job(self._files.directory, notes)) + b"\n" for notes in batch)
        process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None and process.stdout is not None  # asked for above
        with contextlib.suppress(BrokenPipeError):
            # A batch of jobs is smaller than a pipe, so that this never waits.
            process.stdin.write(jobs)
            process.stdin.close()
        os.set_blocking(process.stdout.fileno(), False)
        self._process, self._given, self._said = process, deque(batch), b""

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        over = process.poll() is not None
        assert process.stdout is not None  # asked for in _begin
        while piece := process.stdout.read(1 << 16):
            self._said += piece
        *lines, self._said = self._said.split(b"\n")
        for line in lines:
            self._answered(msgspec.json.decode(line, type=Done))
        if not over:
            return
        process.stdout.close()
        self._process = None
        if self._given:
            self._blame(self._given[0])
            self._files.finished[:0] = self._given
            self._given.clear()

    def _blame(self, notes: Notes) -> None:
        """A process died over this one; over the same a second time, and it stays as it is."""
        if notes.file in self._blamed:
            self._answered(Done("", "the coder died of it twice"))
        else:
            self._blamed.add(notes.file)

    def _answered(self, done: Done) -> None:
        notes = self._given.popleft()
        if done.wrong:
            sys.stderr.write(f"control: recording {notes.file} stays as it is: {done.wrong}\n")
            self._files.filed(notes, self._files.directory / notes.file, ALAW)
        else:
            self._files.filed(notes, Path(done.file), self._files.policy.format)


def _job(directory: Path, notes: Notes) -> Job:
    said = f"call {notes.call} leg {notes.leg} line {notes.line}; left: what the line says; right: what it is told"
    gaps = f"; {notes.missing_s:g} s missing" if notes.missing else ""
    date = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(notes.started_at))
    return Job(str(directory / notes.file), notes.recording, date, said + gaps)


class RecordingWriter:
    """The thread."""

    def __init__(self, files: RecordingFiles, opus_kbit_s: int, on_stale: Callable[[], None]) -> None:
        """``on_stale()`` is called in the thread, once, when another control has taken over; the thread has ended then."""
        self.files = files
        self.coder = Coder(files, opus_kbit_s)
        self._on_stale = on_stale
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)

    def start(self) -> None:
        """Begin; what an earlier control left is finished first."""
        self._thread.start()

    def stop(self) -> None:
        """Write what the rings hold and close the files."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_PATIENCE_S)
        self.coder.stop()

    def _run(self) -> None:
        try:
            self.files.settle()
            while not self._stop.wait(DRAIN_EVERY_S):
                self.files.drain()
                self.coder.step()
            for _ in range(DRAINS_AFTER_STOP + 1):
                self.files.drain()
                time.sleep(LAST_DRAINS_APART_S)
            self.files.close()
        except StaleEpoch:
            self._on_stale()
