"""The store: the journal drained into SQLite, each fact exactly once, at whatever moment a process is killed.

A batch of facts is folded into rows *in the same transaction* as the mark "last sequence stored"; only after its commit is the room in
the ring given back. Killed before the commit, the batch is read again; killed between commit and ring, it is read again and
skipped by the mark. What the fold remembers of open calls is not kept anywhere: it is built anew from their facts, which the store
has. Sequence numbers belong to one ring; when a new plane brings a new ring (a new ``ring_name``), numbering goes on behind the last,
and the calls that were open in the old one get their records with cause 41, for they died with its plane. Names of calls need to
be unique in one ring only. Times are stored as seconds of
Unix time: the exchange's clock plus the ring's ``clock_zero``, so that durations stay those of the exchange's clock; that zero is moved
when the two clocks have drifted apart.

Calls never wait for the store: a locked or full database is told to ``on_alarm`` and tried again with growing pauses. The SQL is
plain and all in this file. Leaves out the ring (pbx/media.py), PostgreSQL, and what a record is (pbx/cdr.py).
"""

import contextlib
import sqlite3
import threading
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from pbx.cdr import CallDetailRecord, CdrFold
from pbx.journal import Ring
from pbx.vocabulary import facts
from pbx.vocabulary.facts import AgentFact, CallFact, Fact, Traced, decode

STORE_FILE = "zongji.sqlite"
SCHEMA_VERSION = 1
BATCH = 2000
PAUSE_FIRST_S = 0.1
PAUSE_LONGEST_S = 5.0
IDLE_S = 0.05
ZERO_STEP_S = 0.1
"""The zero of a ring is moved when it is wrong by more: seldom enough that the times of one call are nearly always of one zero."""

SCHEMA = """
CREATE TABLE rings (ring INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, base INTEGER NOT NULL, last INTEGER NOT NULL,
  clock_zero REAL NOT NULL, last_at REAL NOT NULL);
CREATE TABLE facts (sequence INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, call TEXT NOT NULL, octets BLOB NOT NULL);
CREATE INDEX facts_call ON facts (call);
CREATE INDEX facts_at ON facts (at);
CREATE TABLE traces (sequence INTEGER PRIMARY KEY, at REAL NOT NULL, call TEXT NOT NULL, octets BLOB NOT NULL);
CREATE INDEX traces_call ON traces (call);
CREATE INDEX traces_at ON traces (at);
CREATE TABLE calls (sequence INTEGER PRIMARY KEY, call TEXT NOT NULL, line TEXT NOT NULL, calling TEXT NOT NULL, called TEXT NOT NULL,
  started_at REAL NOT NULL, answered_at REAL, ended_at REAL, queue TEXT NOT NULL, agent TEXT NOT NULL, cause INTEGER NOT NULL);
CREATE INDEX calls_call ON calls (call);
CREATE INDEX calls_open ON calls (ended_at);
CREATE TABLE cdr (sequence INTEGER PRIMARY KEY, call TEXT NOT NULL, leg INTEGER NOT NULL, line TEXT NOT NULL, direction TEXT NOT NULL,
  calling TEXT NOT NULL, called TEXT NOT NULL, seized_at REAL NOT NULL, answered_at REAL, ended_at REAL NOT NULL,
  duration_s REAL NOT NULL, ring_s REAL NOT NULL, queue TEXT NOT NULL, waited_s REAL NOT NULL, agent TEXT NOT NULL,
  cause INTEGER NOT NULL, recordings TEXT NOT NULL);
CREATE INDEX cdr_call ON cdr (call);
CREATE TABLE segments (sequence INTEGER NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, started_at REAL NOT NULL,
  ended_at REAL NOT NULL, with_leg INTEGER NOT NULL, line TEXT NOT NULL, agent TEXT NOT NULL, queue TEXT NOT NULL, flow TEXT NOT NULL,
  PRIMARY KEY (sequence, number));
CREATE TABLE agent_ledger (sequence INTEGER PRIMARY KEY, agent TEXT NOT NULL, state TEXT NOT NULL, line TEXT NOT NULL,
  reason TEXT NOT NULL, call TEXT NOT NULL, from_at REAL NOT NULL, to_at REAL);
CREATE INDEX agent_ledger_open ON agent_ledger (agent, to_at);
CREATE TABLE recordings (sequence INTEGER PRIMARY KEY, recording TEXT NOT NULL, call TEXT NOT NULL, leg INTEGER NOT NULL,
  line TEXT NOT NULL, started_at REAL NOT NULL, stopped_at REAL);
"""

ALARMS = "CREATE TABLE alarms (source TEXT PRIMARY KEY, text TEXT NOT NULL, raised_at REAL NOT NULL)"
"""Those that stand. A store that was made before there was this table gets it, filled from its facts."""

TURN_FACTS_MOST = 256
"""No turn states more facts; a larger hole in the numbers means that the ring itself was harmed."""

CDR_COLUMNS = (
    "sequence, call, leg, line, direction, calling, called, seized_at, answered_at, ended_at, duration_s, ring_s, queue, waited_s, "
    "agent, cause, recordings"
)


class StoreError(Exception):
    """The file is not a store of this version."""


class OvertakenError(Exception):
    """The writer of an older control was paused and has been overtaken; it reads the mark anew."""


def connect(path: Path, timeout_s: float = 5.0) -> sqlite3.Connection:
    """A connection for reading; the writer goes on meanwhile (WAL). ``StoreError`` when there is no store."""
    if not path.is_file():
        raise StoreError(f"{path}: there is no store here")
    connection = sqlite3.connect(path, timeout=timeout_s)
    connection.row_factory = sqlite3.Row
    return connection


def newest_data(root: Path = Path("var")) -> Path | None:
    """The data directory below ``root`` whose store was written last; None when there is none."""
    files = [file for pattern in (STORE_FILE, f"*/{STORE_FILE}") for file in root.glob(pattern)]

    def written(file: Path) -> float:
        """When the store or its write-ahead log was written."""
        return max(each.stat().st_mtime for each in (file, file.with_name(STORE_FILE + "-wal")) if each.exists())

    return max(files, key=written).parent if files else None


class Store:
    """The tables, and the fold that fills them. Used by one thread at a time."""

    def __init__(
        self,
        path: Path,
        ring: Ring,
        is_trunk: Callable[[str], bool],
        ring_name: str = "ring",
        clock_zero: float = 0.0,
        lock_timeout_s: float = 5.0,
    ) -> None:
        """``ring_name`` is new whenever the ring is (a new arena); ``clock_zero`` is the Unix time of the exchange's second 0.

        A ring that the store knows keeps the ``clock_zero`` that it had when it was new, until ``follow`` says otherwise.
        """
        self.path = path
        self.ring = ring
        self.ring_name = ring_name
        self.stored = 0
        self.unreadable = 0
        self.missing = 0
        self.on_alarm: Callable[[str], None] | None = None
        self._is_trunk = is_trunk
        self._wanted_zero = clock_zero
        self._follows: float | None = None
        self._lock_timeout_s = lock_timeout_s
        self._connection: sqlite3.Connection | None = None
        self._fold: CdrFold | None = None
        self._ring = 0
        self._base = 0
        self._last = 0
        self._zero = 0.0

    # Draining.

    def drain(self, limit: int = BATCH) -> int:
        """Store all that waits in the ring, a transaction for each ``limit`` facts; returns how many. Raises ``sqlite3.Error``."""
        total = 0
        while True:
            batch = self.ring.journal_read(limit)
            if not batch:
                if self._fold is None:
                    self._open()
                return total
            self.store_batch(batch)
            self.stored += len(batch)
            self.ring.journal_commit(batch[-1][0])
            total += len(batch)

    def store_batch(self, batch: list[tuple[int, bytes]]) -> None:
        """One transaction: rows of the batch and the mark. After an exception nothing of it is there."""
        try:
            connection = self._open()
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                mark = connection.execute("SELECT last FROM rings WHERE ring = ?", (self._ring,)).fetchone()[0]
                if mark != self._last:
                    raise OvertakenError(f"another writer has stored up to {mark}, this one up to {self._last}")
                self._take(connection, [record for record in batch if record[0] > mark])
        except BaseException:
            # The fold has seen facts that are not stored: it is built anew before the next try.
            self._fold = None
            raise

    def follow(self, clock_zero: float) -> None:
        """The exchange's clock is not the computer's: this is its second 0 as it is now, for what is stored from now on. Any thread."""
        self._follows = clock_zero

    def close(self) -> None:
        """Close the file; what waits in the ring waits there."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._fold = None

    def _take(self, connection: sqlite3.Connection, batch: list[tuple[int, bytes]]) -> None:
        last, at, wanted = self._last, None, self._follows
        if wanted is not None and abs(wanted - self._zero) > ZERO_STEP_S:
            connection.execute("UPDATE rings SET clock_zero = ? WHERE ring = ?", (wanted, self._ring))
            self._zero = wanted
        for sequence, octets in batch:
            if sequence > last + 1:
                self.missing += sequence - last - 1
                # The numbers of one turn may have died with a control that was killed in it: no fact is behind them.
                if sequence > last + TURN_FACTS_MOST:
                    self._alarm(f"{sequence - last - 1} facts before {sequence} are missing in the journal ring")
            last = sequence
            try:
                fact = decode(octets)
            except msgspec.DecodeError:
                # It may be a kind of a newer version; it is kept as it is and stops nobody.
                self.unreadable += 1
                self._alarm(f"fact {sequence} cannot be read")
                connection.execute("INSERT INTO facts VALUES (?, ?, '', '', ?)", (self._base + sequence, self._zero, octets))
                continue
            at = fact.at
            self._row(connection, self._base + sequence, fact, octets)
        if batch:
            connection.execute("UPDATE rings SET last = ?, last_at = coalesce(?, last_at) WHERE ring = ?", (last, at, self._ring))
            self._last = last

    def _row(self, connection: sqlite3.Connection, sequence: int, fact: Fact, octets: bytes) -> None:
        at = self._zero + fact.at
        if isinstance(fact, Traced):
            connection.execute("INSERT INTO traces VALUES (?, ?, ?, ?)", (sequence, at, fact.call, octets))
            return
        call = getattr(fact, "call", "")
        connection.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?)", (sequence, at, type(fact).__name__, call, octets))
        assert self._fold is not None
        try:
            records = self._fold.take(sequence, fact)
        except Exception:
            # Our own mistake must not stop the writing of everybody else's records: the fact is there to fold again.
            self._alarm("fold of calls: " + traceback.format_exc())
            records = []
        if isinstance(fact, facts.AlarmRaised | facts.AlarmCleared):
            _alarm_row(connection, fact, at)
        elif isinstance(fact, CallFact):
            self._call_row(connection, sequence, fact, at)
        elif isinstance(fact, AgentFact):
            self._agent_row(connection, sequence, fact, at)
        if records or self._fold.over:
            self._write_records(connection, self._fold, records)

    def _write_records(self, connection: sqlite3.Connection, fold: CdrFold, records: Iterable[CallDetailRecord]) -> None:
        zero = self._zero
        for record in records:
            answered = None if record.answered_at is None else zero + record.answered_at
            connection.execute(
                f"INSERT OR IGNORE INTO cdr ({CDR_COLUMNS}) VALUES ({', '.join('?' * 17)})",
                (
                    *(record.sequence, record.call, record.leg, record.line, record.direction, record.calling, record.called),
                    *(zero + record.seized_at, answered, zero + record.ended_at, record.duration_s, record.ring_s),
                    *(record.queue, record.waited_s, record.agent, record.cause, ",".join(record.recordings)),
                ),
            )
            for number, part in enumerate(record.segments):
                connection.execute(
                    "INSERT OR IGNORE INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        *(record.sequence, number, part.kind, zero + part.started_at, zero + part.ended_at),
                        *(part.with_leg, part.line, part.agent, part.queue, part.flow),
                    ),
                )
        for call, at, cause in fold.over:
            connection.execute("UPDATE calls SET ended_at = ?, cause = ? WHERE call = ? AND ended_at IS NULL", (zero + at, cause, call))
        fold.over.clear()

    def _call_row(self, connection: sqlite3.Connection, sequence: int, fact: CallFact, at: float) -> None:
        call = fact.call
        match fact:
            case facts.ServiceInitiated() | facts.NetworkReached() | facts.Originated() | facts.Delivered():
                calling, called = getattr(fact, "calling", ""), getattr(fact, "called", "")
                known = connection.execute(
                    "UPDATE calls SET calling = CASE WHEN calling = '' THEN ? ELSE calling END, "
                    "called = CASE WHEN called = '' THEN ? ELSE called END WHERE call = ? AND sequence > ?",
                    (calling, called, call, self._base),
                ).rowcount
                if not known:
                    connection.execute(
                        "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, '', '', 0)",
                        (sequence, call, fact.line, calling, called, at),
                    )
            case facts.Established(agent=agent):
                connection.execute(
                    "UPDATE calls SET answered_at = coalesce(answered_at, ?), agent = CASE WHEN ? = '' THEN agent ELSE ? END "
                    "WHERE call = ? AND sequence > ?",
                    (at, agent, agent, call, self._base),
                )
            case facts.NumberExtended(called=called) if fact.leg == 1:
                connection.execute("UPDATE calls SET called = ? WHERE call = ? AND sequence > ?", (called, call, self._base))
            case facts.Queued(queue=queue):
                connection.execute("UPDATE calls SET queue = ? WHERE call = ? AND sequence > ?", (queue, call, self._base))
            case facts.RecordingStarted(recording=recording):
                connection.execute(
                    "INSERT INTO recordings VALUES (?, ?, ?, ?, ?, ?, NULL)",
                    (sequence, recording, call, fact.leg, fact.line, at),
                )
            case facts.RecordingStopped(recording=recording):
                connection.execute("UPDATE recordings SET stopped_at = ? WHERE recording = ? AND stopped_at IS NULL", (at, recording))

    def _agent_row(self, connection: sqlite3.Connection, sequence: int, fact: AgentFact, at: float) -> None:
        connection.execute("UPDATE agent_ledger SET to_at = ? WHERE agent = ? AND to_at IS NULL", (at, fact.agent))
        if not isinstance(fact, facts.LoggedOff):
            connection.execute(
                "INSERT INTO agent_ledger VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                (sequence, fact.agent, type(fact).__name__, fact.line, fact.reason, fact.call, at),
            )

    def alarms(self) -> list[str]:
        """Sources of the alarms that stand, as far as facts are stored."""
        return [source for (source,) in self._open().execute("SELECT source FROM alarms ORDER BY raised_at")]

    # Retention.

    def forget_before(self, at: float, traces_at: float | None = None) -> int:
        """Delete facts older than Unix time ``at`` and traces older than ``traces_at`` (``at`` if None); returns how many rows.

        Facts of open calls stay, whatever their age, since the fold is built from them; records and ledgers stay.
        """
        connection = self._open()
        still = "AND call NOT IN (SELECT call FROM calls WHERE ended_at IS NULL)"
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            gone = connection.execute(f"DELETE FROM facts WHERE at < ? {still}", (at,)).rowcount
            gone += connection.execute(f"DELETE FROM traces WHERE at < ? {still}", (at if traces_at is None else traces_at,)).rowcount
        return gone

    # Opening.

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connected()
        if self._fold is None:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._find_ring(self._connection)
            self._fold = self._refold(self._connection, self._base)
            self._fold.over.clear()
        return self._connection

    def _connected(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path, timeout=self._lock_timeout_s, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                # DDL is transactional in SQLite: a store is there whole or not at all.
                connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
            elif version != SCHEMA_VERSION:
                raise StoreError(f"{self.path}: schema {version}, this program writes schema {SCHEMA_VERSION}")
            if not connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alarms'").fetchone()[0]:
                _make_alarms(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _find_ring(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT ring, base, last, clock_zero FROM rings WHERE name = ?", (self.ring_name,)).fetchone()
        if row is None:
            before = connection.execute("SELECT ring, base, last, clock_zero, last_at FROM rings ORDER BY ring DESC LIMIT 1").fetchone()
            base = 0
            if before is not None:
                base = before[1] + before[2]
                self._end_ring(connection, before)
            connection.execute(
                "INSERT INTO rings (name, base, last, clock_zero, last_at) VALUES (?, ?, 0, ?, 0)",
                (self.ring_name, base, self._wanted_zero),
            )
            self._find_ring(connection)
            return
        self._ring, self._base, self._last, self._zero = row

    def _end_ring(self, connection: sqlite3.Connection, ring: Any) -> None:
        """The plane of the ring before is gone: its calls and its agents' states ended when it was last heard."""
        _, base, _, self._zero, last_at = ring
        fold = self._refold(connection, base)
        self._write_records(connection, fold, fold.abandon(last_at))
        end = self._zero + last_at
        connection.execute("UPDATE agent_ledger SET to_at = ?, reason = 'exchange stopped' WHERE to_at IS NULL", (end,))

    def _refold(self, connection: sqlite3.Connection, base: int) -> CdrFold:
        """The fold as it was: from the facts of the calls that are open, and the starts of control between them."""
        fold = CdrFold(self._is_trunk)
        first = connection.execute("SELECT min(sequence) FROM calls WHERE ended_at IS NULL").fetchone()[0]
        if first is None:
            return fold
        rows = connection.execute(
            "SELECT sequence, octets FROM facts WHERE sequence >= ? AND sequence > ? AND (kind = 'ControlStarted' OR "
            "call IN (SELECT call FROM calls WHERE ended_at IS NULL)) ORDER BY sequence",
            (first, base),
        )
        for sequence, octets in rows:
            with contextlib.suppress(msgspec.DecodeError):
                fold.take(sequence, decode(octets))
        return fold

    def _alarm(self, text: str) -> None:
        if self.on_alarm is not None:
            self.on_alarm(text)


def _make_alarms(connection: sqlite3.Connection) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(ALARMS)
        rows = connection.execute("SELECT at, octets FROM facts WHERE kind IN ('AlarmRaised', 'AlarmCleared') ORDER BY sequence")
        for at, octets in rows.fetchall():
            fact = decode(octets)
            assert isinstance(fact, facts.AlarmRaised | facts.AlarmCleared), "by its kind"
            _alarm_row(connection, fact, at)


def _alarm_row(connection: sqlite3.Connection, fact: facts.AlarmRaised | facts.AlarmCleared, at: float) -> None:
    if isinstance(fact, facts.AlarmRaised):
        connection.execute("INSERT OR REPLACE INTO alarms VALUES (?, ?, ?)", (fact.source, fact.text, at))
    else:
        connection.execute("DELETE FROM alarms WHERE source = ?", (fact.source,))


class StoreWriter:
    """The one thread that drains the ring. What goes wrong is tried again; calls notice nothing."""

    def __init__(
        self,
        store: Store,
        on_alarm: Callable[[str], None],
        on_clear: Callable[[], None] | None = None,
        on_alarms: Callable[[list[str]], None] | None = None,
    ) -> None:
        """``on_alarm(text)`` and ``on_clear()`` are called in the writer's thread, once each for one trouble.

        ``on_alarms(sources)`` is told once, when all that was written down before has been stored, which alarms stand.
        """
        self.store = store
        self.failures = 0
        self.failing = False
        self._on_alarm = on_alarm
        self._on_clear = on_clear
        self._on_alarms = on_alarms
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        store.on_alarm = on_alarm

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Drain once more and end; False when that did not succeed in time (the facts then wait in the ring)."""
        self._stop.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive() and not self.failing

    def _run(self) -> None:
        pause = PAUSE_FIRST_S
        while True:
            # Asked to stop, it drains once more and no oftener: the ring keeps what is left.
            last = self._stop.is_set()
            try:
                self.store.drain()
                self._tell_alarms()
            except Exception as failure:
                self._failed(failure)
                wait, pause = pause, min(pause * 2, PAUSE_LONGEST_S)
            else:
                self._succeeded()
                wait, pause = IDLE_S, PAUSE_FIRST_S
            if last:
                break
            self._stop.wait(wait)
        self.store.close()

    def _tell_alarms(self) -> None:
        tell = self._on_alarms
        if tell is not None:
            tell(self.store.alarms())
            self._on_alarms = None

    def _failed(self, failure: Exception) -> None:
        self.failures += 1
        if not self.failing:
            self.failing = True
            self._on_alarm(f"store {self.store.path}: {failure}; facts wait in the journal ring, calls go on")

    def _succeeded(self) -> None:
        if self.failing:
            self.failing = False
            if self._on_clear is not None:
                self._on_clear()
