"""Recordings on disk: the recorder rings of the arena drained into WAV files of two A-law tracks (G.711; RIFF format tag 6).

Track 0 is what the recorded party says, track 1 what he is told. A file lies in a folder for each day and is called after recording
(call and leg) and start. Its header is valid whenever it is looked at: samples are written first and the sizes in the header
after them, so a kill leaves a file that plays and lacks at most what was not yet drained; a new control goes on writing the same
file. Time is true in it: sound that is missing, because the ring was not read in time or the disk was full, stands there as silence and
is told in a fact and in the notes beside the file (JSON; in the folder ``unfinished`` until the recording lies in its last form).
``take`` runs where facts are made and touches no sound file; ``drain`` runs in the writer's thread. Below the watermark of the disk
nothing is written, an alarm is raised, and calls go on; if so configured, the oldest recordings that are over make room first. Leaves out
the coding of finished files (pbx/recording_forms.py), the index, which the store keeps from the facts, and encryption.
"""

import contextlib
import re
import shutil
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from pbx.vocabulary.facts import (
    AlarmCleared,
    AlarmRaised,
    Fact,
    RecordingDeleted,
    RecordingFiled,
    RecordingGap,
    RecordingStarted,
    RecordingStopped,
)

SAMPLE_RATE = 8000
TRACKS = 2
HEADER = struct.Struct("<4sI4s 4sIHHIIHHH 4sII 4sI")
LOW_WATER_OCTETS = 1 << 30
DRAINS_AFTER_STOP = 2
"""The stop reaches the plane a tick after its fact; a drain that finds nothing is believed only after so many."""
ALAW = "wav-alaw"
LEAST_FREE_OCTETS = 1 << 15
"""A disk that refused something is believed again from here on, even without a watermark."""
SILENCE = b"\xd5"
SILENCE_OCTETS = 1 << 20
NOT_READ, DISK = "not read", "disk"
UNFINISHED = "unfinished"
ENDINGS = (".wav", ".flac", ".opus")
DELETED_AT_A_TIME = 50
ALARM = "recording"

Read = Callable[[int], list[tuple[int, bytes]]]
"""The plane's: pieces of sound, each behind the number of samples missing before it."""


class Missing(msgspec.Struct, frozen=True):
    """A gap: where in the recording, how long, why."""

    at_s: float
    missing_s: float
    reason: str


class Notes(msgspec.Struct):
    """What is known of a recording beside its sound; the JSON file beside it."""

    recording: str
    file: str
    """Seen from the recordings' directory."""
    call: str = ""
    leg: int = 0
    line: str = ""
    started_at: float = 0.0
    """Unix time."""
    format: str = ALAW
    seconds: float = 0.0
    missing: list[Missing] = []
    over: bool = False

    @property
    def missing_s(self) -> float:
        """All gaps together."""
        return round(sum(gap.missing_s for gap in self.missing), 6)


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

    def append_silence(self, samples: int) -> None:
        """Silence on both tracks."""
        left = samples * TRACKS
        while left > 0:
            self.append(SILENCE * min(left, SILENCE_OCTETS))
            left -= SILENCE_OCTETS

    @property
    def samples(self) -> int:
        """Samples of each track so far."""
        return self.data_octets // TRACKS

    def close(self) -> None:
        """Close the file; its header tells of all that reached the disk, and half a sample is taken away."""
        try:
            self._file.truncate(HEADER.size + self.samples * TRACKS)
            self._patch()
        finally:
            self._file.close()

    def _patch(self) -> None:
        self._file.seek(0)
        self._file.write(header_of(self.data_octets // TRACKS * TRACKS))


class _Recording:
    def __init__(self, recorder: int, notes: Notes, path: Path, resumed: bool) -> None:
        self.recorder = recorder
        self.notes = notes
        self.path = path
        self.pending: list[tuple[int, bytes]] = []
        self.heard = resumed
        """Whether anything was read: what is missing before the first sample belongs to the recording before."""
        self.refused = 0
        """Samples that the disk did not take since it last took any."""
        self.stopped = False
        self.quiet_drains = 0
        self.over = False
        self.file: GrowingWav | None = None


class Policy(msgspec.Struct, frozen=True):
    """How recordings are kept (config/schema.py, ``[recording]``)."""

    format: str = ALAW
    low_water_octets: int = LOW_WATER_OCTETS
    delete_oldest: bool = False


class RecordingFiles:
    """All recordings of the exchange."""

    def __init__(
        self,
        directory: Path,
        read_recorder: Read,
        tell: Callable[[Fact], None],
        policy: Policy | None = None,
        clock_zero: float = 0.0,
        seconds: Callable[[], float] = lambda: 0.0,
        free_octets: Callable[[], int] | None = None,
        day_of: Callable[[float], time.struct_time] = time.localtime,
    ) -> None:
        """``read_recorder`` is the plane's ``recorded``; ``clock_zero`` is the Unix time of the exchange's second 0, ``seconds`` its clock.

        ``tell(fact)`` is called in the thread of ``drain``. A simulation gives ``time.gmtime`` as ``day_of``.
        """
        self.directory = directory
        self.policy = policy or Policy()
        self.full = False
        self.finished: list[Notes] = []
        """Recordings that wait for their last form; whoever makes it takes them from here and says ``filed``."""
        self._read = read_recorder
        self._tell = tell
        self._clock_zero = clock_zero
        self._seconds = seconds
        self._free_octets = free_octets or self._free_on_disk
        self._day_of = day_of
        self._lock = threading.Lock()
        self._recordings: dict[int, _Recording] = {}
        self._ending: list[_Recording] = []

    def follow(self, clock_zero: float) -> None:
        """The exchange's clock is not the computer's: this is its second 0 by what it is now, for what begins from now on."""
        self._clock_zero = clock_zero

    def take(self, sequence: int, fact: Fact) -> None:
        """A subscriber of the journal for RecordingStarted and RecordingStopped."""
        if isinstance(fact, RecordingStarted):
            path = self.path_of(fact.recording, fact.at)
            notes = Notes(fact.recording, self._seen(path), fact.call, fact.leg, fact.line, self._clock_zero + fact.at)
            self._start(_Recording(fact.recorder, notes, path, False))
        elif isinstance(fact, RecordingStopped):
            with self._lock:
                recording = self._recordings.get(fact.recorder)
                if recording is not None and recording.notes.recording == fact.recording:
                    recording.stopped = True

    def adopt(self, recording: str, recorder: int, at: float) -> Path:
        """A new control goes on with a recording that runs; ``at`` is used only when its file was never begun."""
        noted = map(self._noted, (self.directory / UNFINISHED).glob(f"*_{_safe(recording)}-*.json"))
        known = [notes for notes in noted if notes is not None and notes.recording == recording and not notes.over]
        if known:
            notes = max(known, key=lambda notes: notes.started_at)
        else:
            path = find(self.directory, recording, (".wav",)) or self.path_of(recording, at)
            notes = Notes(recording, self._seen(path), started_at=self._clock_zero + at)
        path = self.directory / notes.file
        self._start(_Recording(recorder, notes, path, path.exists()))
        return path

    def settle(self) -> int:
        """After the adoptions of a start: what an earlier control left unfinished and nobody records any more is over. How many."""
        running = {self._unfinished(notes) for notes in [*self.notes(), *self.finished]}
        left = [path for path in sorted((self.directory / UNFINISHED).glob("*.json")) if path not in running]
        for path in left:
            notes = self._noted(path)
            made = self._made(notes) if notes is not None else None
            if notes is not None and made is not None:
                self.filed(notes, made, self.policy.format)
            elif notes is not None and (self.directory / notes.file).is_file():
                if not notes.over:
                    notes.seconds = max(0, (self.directory / notes.file).stat().st_size - HEADER.size) / TRACKS / SAMPLE_RATE
                self._finish(notes)
            else:
                path.unlink(missing_ok=True)
        return len(left)

    def _made(self, notes: Notes) -> Path | None:
        """The last form of a recording that was made by one who could not say so any more."""
        path = self.directory / notes.file
        others = (path.with_suffix(ending) for ending in ENDINGS if ending != path.suffix)
        return None if path.exists() else next((other for other in others if other.exists()), None)

    def path_of(self, recording: str, at: float) -> Path:
        """Where a recording that starts at ``at`` (seconds of the exchange's clock) lies."""
        start = self._day_of(self._clock_zero + at)
        return self.directory / time.strftime("%Y-%m-%d", start) / f"{_safe(recording)}-{time.strftime('%H%M%S', start)}.wav"

    def drain(self) -> int:
        """Write what the rings hold; returns the octets. Call it more often than a ring lasts (about sixteen seconds)."""
        self._look_at_disk()
        with self._lock:
            work = [*self._ending, *self._recordings.values()]
            self._ending = []
            for recording in self._recordings.values():
                self._read_into(recording)
            for recorder in [recorder for recorder, recording in self._recordings.items() if recording.over]:
                del self._recordings[recorder]
        return sum(self._write(recording) for recording in work)

    def filed(self, notes: Notes, path: Path, form: str) -> None:
        """A recording lies in its last form."""
        unfinished = self._unfinished(notes)
        notes.file, notes.format = self._seen(path), form
        with contextlib.suppress(OSError):
            _write_whole(path.with_suffix(".json"), msgspec.json.format(msgspec.json.encode(notes)))
            unfinished.unlink(missing_ok=True)
        self._tell(RecordingFiled(self._seconds(), notes.recording, notes.file, form, notes.seconds, notes.missing_s))

    def close(self) -> None:
        """Drain once more and close the files; the recordings may be adopted by whoever comes next."""
        self.drain()
        for recording in self._recordings.values():
            if recording.file is not None:
                recording.file.close()
                recording.file = None
            self._note(recording)

    @property
    def running(self) -> tuple[str, ...]:
        """The recordings whose file is still being written."""
        return tuple(notes.recording for notes in self.notes())

    def notes(self) -> list[Notes]:
        """What is known of the recordings that are still being written."""
        with self._lock:
            found = [*self._ending, *self._recordings.values()]
        for recording in found:
            file = recording.file
            if file is not None:
                recording.notes.seconds = round(file.samples / SAMPLE_RATE, 6)
        return [recording.notes for recording in found]

    # One recording.

    def _start(self, recording: _Recording) -> None:
        with self._lock:
            before = self._recordings.pop(recording.recorder, None)
            if before is not None:
                # Facts leave before commands: what the ring holds now is still the recording before.
                before.pending += self._read(recording.recorder)
                before.over = True
                self._ending.append(before)
            self._recordings[recording.recorder] = recording

    def _read_into(self, recording: _Recording) -> None:
        pieces = self._read(recording.recorder)
        if pieces and not recording.heard:
            pieces[0] = (0, pieces[0][1])
            recording.heard = True
        recording.pending += pieces
        if recording.stopped:
            recording.quiet_drains += 1
            recording.over = not pieces and recording.quiet_drains >= DRAINS_AFTER_STOP

    def _write(self, recording: _Recording) -> int:
        pieces, recording.pending = recording.pending, []
        if recording.over and not pieces and recording.file is None and not recording.refused and not recording.path.exists():
            # Nobody said anything while it was recorded: an empty file says so.
            pieces = [(0, b"")]
        written = sum(self._write_piece(recording, lost, octets) for lost, octets in pieces)
        if recording.over:
            self._end(recording)
        elif self.full:
            self._put_away(recording)
        return written

    def _write_piece(self, recording: _Recording, lost: int, octets: bytes) -> int:
        """Silence for what is missing, then sound; returns the octets of sound.

        What the disk does not take is counted, and is silence before the next that it takes.
        """
        wanted = recording.refused + lost + len(octets) // TRACKS
        if self.full:
            recording.refused = wanted
            return 0
        refused, start, done = recording.refused, 0, 0
        try:
            if recording.file is None:
                recording.file = GrowingWav(recording.path)
                self._note(recording)
            start = recording.file.samples
            recording.file.append_silence(refused + lost)
            recording.file.append(octets)
        except OSError as failure:
            self._disk_is_full(f"{recording.path}: {failure.strerror}")
        if recording.file is not None:
            done = recording.file.samples - start
        self._gap(recording, start, min(refused, done), DISK)
        self._gap(recording, start + refused, min(lost, done - refused), NOT_READ)
        recording.refused = wanted - done
        return max(0, done - refused - lost) * TRACKS

    def _gap(self, recording: _Recording, at: int, samples: int, reason: str) -> None:
        if samples > 0:
            gap = Missing(round(at / SAMPLE_RATE, 6), round(samples / SAMPLE_RATE, 6), reason)
            recording.notes.missing = [*recording.notes.missing, gap]
            self._note(recording)
            self._tell(RecordingGap(self._seconds(), recording.notes.recording, gap.at_s, gap.missing_s, reason))

    def _put_away(self, recording: _Recording) -> None:
        if recording.file is not None:
            recording.notes.seconds = round(recording.file.samples / SAMPLE_RATE, 6)
            with contextlib.suppress(OSError):
                recording.file.close()
            recording.file = None

    def _end(self, recording: _Recording) -> None:
        self._put_away(recording)
        notes = recording.notes
        # Nothing follows that silence could stand before: the file ends early.
        self._gap(recording, round(notes.seconds * SAMPLE_RATE), recording.refused, DISK)
        if recording.path.exists():
            self._finish(notes)
        else:
            self._unfinished(notes).unlink(missing_ok=True)

    def _finish(self, notes: Notes) -> None:
        notes.over = True
        self._save(notes)
        if self.policy.format == ALAW:
            self.filed(notes, self.directory / notes.file, ALAW)
        else:
            self.finished.append(notes)

    # Notes.

    def _unfinished(self, notes: Notes) -> Path:
        # By its file and not by its name: an exchange that begins anew gives the same names again.
        return self.directory / UNFINISHED / f"{Path(notes.file).with_suffix('').as_posix().replace('/', '_')}.json"

    def _note(self, recording: _Recording) -> None:
        if recording.file is not None:
            recording.notes.seconds = round(recording.file.samples / SAMPLE_RATE, 6)
        self._save(recording.notes)

    def _save(self, notes: Notes) -> None:
        """Notes are worth no alarm of their own: where they cannot be written, sound cannot either."""
        with contextlib.suppress(OSError):
            path = self._unfinished(notes)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, msgspec.json.encode(notes))

    @staticmethod
    def _noted(path: Path) -> Notes | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Notes)
        except (OSError, msgspec.DecodeError):
            return None

    def _seen(self, path: Path) -> str:
        return path.relative_to(self.directory).as_posix()

    # The disk.

    def _look_at_disk(self) -> None:
        try:
            free = self._free_octets()
            if free < self.policy.low_water_octets and self.policy.delete_oldest:
                free = self._make_room(free)
        except OSError as failure:
            self._disk_is_full(f"{self.directory}: {failure.strerror}")
            return
        low = self.policy.low_water_octets
        if not self.full and free < low:
            self._disk_is_full(f"{free >> 20} MiB are free in {self.directory}, less than {low >> 20}")
        elif self.full and free >= (low if self.policy.delete_oldest else 2 * low or LEAST_FREE_OCTETS):
            # Twice the watermark, so that it does not come and go; files go on where they ended.
            self.full = False
            self._tell(AlarmCleared(self._seconds(), ALARM))

    def _make_room(self, free: int) -> int:
        """Delete the oldest recordings that are over until there is a tenth more than is wanted, or none is left."""
        wanted = self.policy.low_water_octets * 11 // 10
        spared = {notes.file for notes in [*self.notes(), *self.finished]}
        victims = (path for path in oldest(self.directory) if self._seen(path) not in spared)
        for _, path in zip(range(DELETED_AT_A_TIME), victims, strict=False):
            path.unlink(missing_ok=True)
            path.with_suffix(".json").unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                path.parent.rmdir()
            name = path.stem.rpartition("-")[0]
            self._tell(RecordingDeleted(self._seconds(), name, self._seen(path)))
            free = self._free_octets()
            if free >= wanted:
                break
        return free

    def _disk_is_full(self, text: str) -> None:
        if not self.full:
            self.full = True
            self._tell(AlarmRaised(self._seconds(), ALARM, f"recording stopped: {text}; calls go on unrecorded"))

    def _free_on_disk(self) -> int:
        self.directory.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.directory).free


def oldest(directory: Path) -> Iterator[Path]:
    """Files of recordings, the oldest first: by day, within a day by when they were last written."""
    for day in sorted(path for path in directory.glob("[0-9]*-[0-9]*-[0-9]*") if path.is_dir()):
        yield from sorted((path for path in day.iterdir() if path.suffix in ENDINGS), key=lambda path: path.stat().st_mtime)


def _write_whole(path: Path, octets: bytes) -> None:
    part = path.with_suffix(".json.part")
    part.write_bytes(octets)
    part.replace(path)


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


def find(directory: Path, recording: str, endings: tuple[str, ...] = ENDINGS) -> Path | None:
    """The newest file of a recording below the recordings' directory; None when there is none."""
    pattern = re.compile(re.escape(_safe(recording)) + r"-\d{6}")
    found = [path for path in directory.glob(f"*/{_safe(recording)}-*") if pattern.fullmatch(path.stem) and path.suffix in endings]
    return max(found, default=None)
