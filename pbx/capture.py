"""Signal units of No. 7 on disk while the exchange runs: a row of pcap files for each link, both directions in one (link type 139).

``unit`` and ``status`` (or ``crossing``, for all that passes between link state control and the plane) are called where things happen, and
only queue; ``drain`` writes, in the thread that ``start`` begins or wherever a test calls it. Files are whole after each ``drain``, so that
another program may read the one that grows. A disk that refuses costs units, which are counted, and an alarm; it never costs the exchange
anything: the part of a record that got through is cut off again, and after a pause the next file is tried.

Level 2's numbers are the plane's and not known here. FSN counts the messages of each direction since the alignment began, as level 2
does; BSN is the number of the last message that was captured the other way, which level 2 may have sent later; the indicator bits stand at
1. What is repeated on the line is one unit here: a status or fill-in unit says that from now on such units go. Of a link of M2PA or
M2UA the messages are captured in the same way. Leaves out SIGTRAN's own.
"""

import contextlib
import re
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from config.signalling import SignallingCapture
from pbx import packet_file
from pbx.signalling.ss7.mtp2 import orders
from pbx.signalling.ss7.mtp2.unit import EXTENDED_NUMBERS, NUMBERS, STATUSES, SignalUnit, write_signal_unit
from pbx.vocabulary.facts import AlarmCleared, AlarmRaised, Fact

ALARM = "capture"
RETRY_S = 10.0
"""So long a disk that has refused is left alone."""
WAITING_MOST = 20_000
"""Units that may wait for the disk: some seconds of all links that a control can carry. What comes beyond is lost, and counted."""
DRAIN_EVERY_S = 0.2


def _safe(link: str) -> str:
    """A link's name as the beginning of a file name: nothing but letters, digits, - and _ stays as it is."""
    return "".join(sign if sign.isalnum() or sign in "-_" else quote(sign, safe="").replace(".", "%2E") for sign in link)


class _LinkFiles:
    """The files of one link."""

    def __init__(self, folder: Path, link: str, number: int, limits: SignallingCapture, extended: bool) -> None:
        self.number = number
        self.extended = extended
        self.numbers = EXTENDED_NUMBERS if extended else NUMBERS
        self.forward: dict[bool, int] = {}
        self.begin()
        self.written = self.refused = self.crowded = 0
        """Units on the disk, those that the disk would not have, and those for which the queue had no room."""
        self.file: BinaryIO | None = None
        self._folder = folder
        self._name = _safe(link)
        self._mine = re.compile(rf"{re.escape(self._name)}\.\d{{8}}T\d{{6}}\.\d{{3}}Z\.pcap")
        self._most = limits.file_kib * 1024
        self._files = limits.files
        self._path = folder
        self._size = 0
        self._new = False
        self._rest_until = float("-inf")

    def begin(self) -> None:
        """Numbers begin anew."""
        self.forward = {True: self.numbers - 1, False: self.numbers - 1}

    def rests(self, now: float) -> bool:
        """Whether the disk has refused a short time ago."""
        return now < self._rest_until

    def write(self, now: float, records: list[tuple[float, bytes]]) -> str:
        """Write records in order; returns why not all of them could be."""
        if self.rests(now):
            self.refused += len(records)
            return ""
        buffer, done = bytearray(), 0
        try:
            for number, (at_s, octets) in enumerate(records):
                if self.file is None or self._size + len(buffer) + len(octets) > self._most:
                    self._append(buffer)
                    self.written += number - done
                    buffer, done = bytearray(), number
                    self._open(at_s)
                buffer += octets
            self._append(buffer)
            self.written += len(records) - done
            done = len(records)
            self._delete_old()
        except OSError as error:
            self.refused += len(records) - done
            self._rest_until = now + RETRY_S
            self._give_up()
            return error.strerror or str(error)
        return ""

    def _append(self, octets: bytes | bytearray) -> None:
        """All of it or nothing."""
        if not octets or self.file is None:
            return
        view = memoryview(octets)
        try:
            while view:
                view = view[self.file.write(view) :]
        except OSError:
            with contextlib.suppress(OSError):
                self.file.truncate(self._size)
            raise
        self._size += len(octets)

    def _delete_old(self) -> None:
        """When a new file holds something, and not before: it might hold nothing at all."""
        if self._new:
            self._new = False
            mine = sorted(one for one in self._folder.iterdir() if self._mine.fullmatch(one.name))
            for old in mine[: -self._files]:
                old.unlink(missing_ok=True)

    def _open(self, at_s: float) -> None:
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        stamp = at_s
        while self.file is None:
            moment = datetime.fromtimestamp(stamp, UTC)
            self._path = self._folder / f"{self._name}.{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03}Z.pcap"
            with contextlib.suppress(FileExistsError):
                self.file = self._path.open("xb", buffering=0)
            stamp += 0.001
        self._size = 0
        self._new = True
        self._append(packet_file.header())

    def _give_up(self) -> None:
        """Let a file go that takes no more, and delete it if it holds nothing."""
        if self.file is not None and self._size <= len(packet_file.header()):
            with contextlib.suppress(OSError):
                self._path.unlink()
        self.close()

    def close(self) -> None:
        """Let the file go."""
        if self.file is not None:
            with contextlib.suppress(OSError):
                self.file.close()
            self.file = None


class Capture:
    """The capture of one exchange."""

    def __init__(
        self,
        folder: Path,
        limits: SignallingCapture,
        clock_zero: float,
        tell: Callable[[Fact], object] = lambda fact: None,
        links: Iterable[str] = (),
        extended: Collection[str] = (),
    ) -> None:
        """``clock_zero`` is the Unix time of the exchange's second 0; ``tell`` is called in the thread of ``drain``.

        ``links`` have the numbers 0, 1 ... in the files; others get the next ones as they appear. Those in ``extended`` have units
        of the extended format (Q.703 annex A).
        """
        self._folder = folder
        self._limits = limits
        self._extended = frozenset(extended)
        self._clock_zero = clock_zero
        self._tell = tell
        self._links: dict[str, _LinkFiles] = {}
        self._waiting: deque[tuple[float, float, str, bytes]] = deque()
        self._alarm = False
        self._writing = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        for link in links:
            self._files_of(link)

    def follow(self, clock_zero: float) -> None:
        """The exchange's clock is not the computer's: this is its second 0 by what it is now."""
        self._clock_zero = clock_zero

    def counters(self) -> dict[str, dict[str, int]]:
        """By link: units written, refused by the disk, and for which there was no room to wait."""
        return {
            link: {"written": files.written, "refused": files.refused, "crowded": files.crowded}
            for link, files in list(self._links.items())
        }

    # Where things happen.

    def unit(self, now: float, link: str, sent: bool, octets: bytes) -> None:
        """A message, from its service information octet on, was given to level 2 or came from it."""
        files = self._files_of(link)
        files.forward[sent] = (files.forward[sent] + 1) % files.numbers
        self._queue(now, link, files, sent, octets)

    def status(self, now: float, link: str, sent: bool, status: str) -> None:
        """From now on this status indication goes out or comes in, or fill-in units and messages (``units``)."""
        contents = bytes((STATUSES.index(status),)) if status in STATUSES else b""
        self._queue(now, link, self._files_of(link), sent, contents)

    def aligns(self, link: str) -> None:
        """The link begins anew, and so do its numbers."""
        self._files_of(link).begin()

    def crossing(self, now: float, link: str, value: orders.Order | orders.Told) -> None:
        """What passes between link state control and the plane, either way; what is no unit is passed over."""
        match value:
            case orders.SendMessage(octets):
                self.unit(now, link, True, octets)
            case orders.MessageHeard(octets):
                self.unit(now, link, False, octets)
            case orders.Begin():
                self.aligns(link)
            case orders.Halt():
                self.status(now, link, True, "SIOS")
            case orders.Send(what):
                self.status(now, link, True, what)
            case orders.StatusHeard(status):
                self.status(now, link, False, status)
            case orders.SetBusy(busy):
                self.status(now, link, True, "SIB" if busy else "units")

    def _files_of(self, link: str) -> _LinkFiles:
        files = self._links.get(link)
        if files is None:
            files = self._links[link] = _LinkFiles(self._folder, link, len(self._links), self._limits, link in self._extended)
        return files

    def _queue(self, now: float, link: str, files: _LinkFiles, sent: bool, contents: bytes) -> None:
        if len(self._waiting) >= WAITING_MOST:
            files.crowded += 1
            return
        unit = write_signal_unit(SignalUnit(files.forward[not sent], 1, files.forward[sent], 1, contents), files.extended)
        at_s = self._clock_zero + now
        self._waiting.append((now, at_s, link, packet_file.record(at_s, sent, files.number, unit, files.extended)))

    # Where it is written.

    def start(self) -> None:
        """Write from now on, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(DRAIN_EVERY_S):
            self.drain()

    def drain(self) -> None:
        """Write what waits."""
        with self._writing:
            records: dict[str, list[tuple[float, bytes]]] = {}
            now = 0.0
            while self._waiting:
                now, at_s, link, octets = self._waiting.popleft()
                records.setdefault(link, []).append((at_s, octets))
            for link, rows in records.items():
                self._report(now, link, self._links[link].write(now, rows))

    def _report(self, now: float, link: str, why: str) -> None:
        """The first refusal raises the alarm; it ends when something was written and no link rests any more."""
        if why and not self._alarm:
            self._alarm = True
            text = f"units of {link} cannot be written: {why}; make room in {self._folder}; calls go on, what is lost is counted"
            self._tell(AlarmRaised(now, ALARM, text))
        elif self._alarm and not any(files.rests(now) for files in list(self._links.values())):
            self._alarm = False
            self._tell(AlarmCleared(now, ALARM))

    def close(self) -> None:
        """Write the rest and let the files go."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.drain()
        with self._writing:
            for files in self._links.values():
                files.close()
