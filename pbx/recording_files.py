"""Recordings on disk: the recorder rings of the arena drained into WAV files of two A-law tracks (G.711; RIFF format tag 6).

Track 0 is what the recorded party says, track 1 what he is told. A file lies in a folder for each day and is called after recording
(call and leg) and start. Its header is valid whenever it is looked at: samples are written first and the sizes in the header
after them, so a kill leaves a file that plays and lacks at most what was not yet drained; a new control goes on writing the same
file. ``take`` runs where facts are made and never touches the disk; ``drain`` runs in a thread of its own about once a second. When
the disk falls below its watermark the recordings end as they are, an alarm is raised, and calls go on. Leaves out the index, which
the store keeps from the facts ``RecordingStarted`` and ``RecordingStopped``, and encryption.
"""

import contextlib
import re
import shutil
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pbx.vocabulary.facts import Fact, RecordingStarted, RecordingStopped

SAMPLE_RATE = 8000
TRACKS = 2
HEADER = struct.Struct("<4sI4s 4sIHHIIHHH 4sII 4sI")
LOW_WATER_OCTETS = 1 << 30
DRAINS_AFTER_STOP = 2
"""The stop reaches the plane a tick after its fact; a drain that finds nothing is believed only after so many."""


def header_of(data_octets: int) -> bytes:
    """The 58 octets before ``data_octets`` of A-law in two tracks: RIFF, fmt (tag 6, with its empty extension), fact, data."""
    format_chunk = (b"fmt ", 18, 6, TRACKS, SAMPLE_RATE, SAMPLE_RATE * TRACKS, TRACKS, 8, 0)
    return HEADER.pack(
        *(b"RIFF", HEADER.size - 8 + data_octets, b"WAVE", *format_chunk, b"fact", 4, data_octets // TRACKS, b"data", data_octets)
    )


class GrowingWav:
    """A WAV file whose header is right after each ``append``."""

    def __init__(self, path: Path) -> None:
        """Begin the file, or go on behind the last whole sample of one that is there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b", buffering=0)
        size = self._file.seek(0, 2)
        self.data_octets = max(0, size - HEADER.size) // TRACKS * TRACKS
        self._rest = b""
        self._patch()

    def append(self, octets: bytes) -> None:
        """Write samples (tracks by turns), then the sizes."""
        octets = self._rest + octets
        whole = len(octets) // TRACKS * TRACKS
        self._rest = octets[whole:]
        self._file.seek(HEADER.size + self.data_octets)
        view = memoryview(octets)[:whole]
        while view:
            # An unbuffered file may take less than it was given.
            written = self._file.write(view)
            self.data_octets += written
            view = view[written:]
        self._patch()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _patch(self) -> None:
        self._file.seek(0)
        self._file.write(header_of(self.data_octets // TRACKS * TRACKS))


class _Recording:
    def __init__(self, name: str, recorder: int, path: Path) -> None:
        self.name = name
        self.recorder = recorder
        self.path = path
        self.pending = b""
        self.stopped = False
        self.quiet_drains = 0
        self.over = False
        self.file: GrowingWav | None = None


class RecordingFiles:
    """All recordings of the exchange."""

    def __init__(
        self,
        directory: Path,
        read_recorder: Callable[[int], bytes],
        clock_zero: float = 0.0,
        low_water_octets: int = LOW_WATER_OCTETS,
        on_alarm: Callable[[str], None] | None = None,
        on_clear: Callable[[], None] | None = None,
        free_octets: Callable[[], int] | None = None,
        day_of: Callable[[float], time.struct_time] = time.localtime,
    ) -> None:
        """``read_recorder(n)`` is the plane's; ``clock_zero`` is the Unix time of the exchange's second 0.

        ``on_alarm(text)`` and ``on_clear()`` are called in the thread of ``drain``. A simulation gives ``time.gmtime`` as ``day_of``.
        """
        self.directory = directory
        self.full = False
        self.refused = 0
        self._read = read_recorder
        self._clock_zero = clock_zero
        self._low_water_octets = low_water_octets
        self._on_alarm = on_alarm
        self._on_clear = on_clear
        self._free_octets = free_octets or self._free_on_disk
        self._day_of = day_of
        self._lock = threading.Lock()
        self._recordings: dict[int, _Recording] = {}
        self._ending: list[_Recording] = []

    def take(self, sequence: int, fact: Fact) -> None:
        """A subscriber of the journal for RecordingStarted and RecordingStopped."""
        if isinstance(fact, RecordingStarted):
            self._start(fact.recorder, fact.recording, self.path_of(fact.recording, fact.at))
        elif isinstance(fact, RecordingStopped):
            with self._lock:
                recording = self._recordings.get(fact.recorder)
                if recording is not None and recording.name == fact.recording:
                    recording.stopped = True

    def adopt(self, recording: str, recorder: int, at: float) -> Path:
        """A new control goes on with a recording that runs; ``at`` is used only when its file was never begun."""
        path = find(self.directory, recording) or self.path_of(recording, at)
        self._start(recorder, recording, path)
        return path

    def path_of(self, recording: str, at: float) -> Path:
        """Where a recording that starts at ``at`` (seconds of the exchange's clock) lies."""
        start = self._day_of(self._clock_zero + at)
        return self.directory / time.strftime("%Y-%m-%d", start) / f"{_safe(recording)}-{time.strftime('%H%M%S', start)}.wav"

    def drain(self) -> int:
        """Write what the rings hold; returns the octets. Call it more often than a ring lasts (about ten seconds)."""
        self._look_at_disk()
        with self._lock:
            work = [*self._ending, *self._recordings.values()]
            self._ending = []
            for recording in self._recordings.values():
                self._read_into(recording)
            for recorder in [recorder for recorder, recording in self._recordings.items() if recording.over]:
                del self._recordings[recorder]
        return sum(self._write(recording) for recording in work)

    def close(self) -> None:
        """Drain once more and close the files; the recordings may be adopted by whoever comes next."""
        self.drain()
        for recording in self._recordings.values():
            if recording.file is not None:
                recording.file.close()
                recording.file = None

    @property
    def running(self) -> tuple[str, ...]:
        """The recordings whose file is still being written."""
        with self._lock:
            return tuple(recording.name for recording in [*self._ending, *self._recordings.values()])

    def _start(self, recorder: int, name: str, path: Path) -> None:
        with self._lock:
            before = self._recordings.pop(recorder, None)
            if before is not None:
                # Facts leave before commands: what the ring holds now is still the recording before.
                before.pending += self._read(recorder)
                before.over = True
                self._ending.append(before)
            self._recordings[recorder] = _Recording(name, recorder, path)

    def _read_into(self, recording: _Recording) -> None:
        octets = self._read(recording.recorder)
        recording.pending += octets
        if recording.stopped:
            recording.quiet_drains += 1
            recording.over = not octets and recording.quiet_drains >= DRAINS_AFTER_STOP

    def _write(self, recording: _Recording) -> int:
        octets, recording.pending = recording.pending, b""
        try:
            if self.full:
                self.refused += len(octets)
                octets = b""
            elif octets or recording.over:
                recording.file = recording.file or GrowingWav(recording.path)
                recording.file.append(octets)
        except OSError as failure:
            self.refused += len(octets)
            octets = b""
            self._disk_is_full(f"{recording.path}: {failure.strerror}")
        if recording.file is not None and (recording.over or self.full):
            with contextlib.suppress(OSError):
                recording.file.close()
            recording.file = None
        return len(octets)

    def _look_at_disk(self) -> None:
        free = self._free_octets()
        if not self.full and free < self._low_water_octets:
            self._disk_is_full(f"{free >> 20} MiB are free in {self.directory}")
        elif self.full and free >= 2 * self._low_water_octets:
            # Twice the watermark, so that it does not come and go; files go on where they ended.
            self.full = False
            if self._on_clear is not None:
                self._on_clear()

    def _disk_is_full(self, text: str) -> None:
        if not self.full:
            self.full = True
            if self._on_alarm is not None:
                self._on_alarm(f"recording stopped: {text}; calls go on unrecorded")

    def _free_on_disk(self) -> int:
        self.directory.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.directory).free


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


def find(directory: Path, recording: str) -> Path | None:
    """The newest file of a recording below the recordings' directory; None when there is none."""
    pattern = re.compile(re.escape(_safe(recording)) + r"-\d{6}\.wav")
    found = [path for path in directory.glob(f"*/{_safe(recording)}-*.wav") if pattern.fullmatch(path.name)]
    return max(found, default=None)
