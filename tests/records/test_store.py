"""The store: exactly once across kill -9 at any moment, open calls across restarts and rings, and trouble that calls do not feel."""

import itertools
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from pbx import store as store_module
from pbx import trace
from pbx.cdr import CdrFold
from pbx.journal import Journal, MemoryRing
from pbx.media import Layout, Plane, StaleEpoch
from pbx.store import STORE_FILE, TURN_FACTS_MOST, Store, StoreError, StoreWriter, connect
from pbx.vocabulary import facts
from pbx.vocabulary.facts import CallCleared, decode, encode
from tests.records.file_ring import FileRing
from tests.records.story import everything, internal_call, is_trunk, outgoing_call, queued_call, shift_of


def rows(folder: Path, sql: str) -> list[tuple]:
    connection = connect(folder / STORE_FILE)
    try:
        return [tuple(row) for row in connection.execute(sql)]
    finally:
        connection.close()


def filled(story) -> MemoryRing:
    ring = MemoryRing()
    journal = Journal(ring)
    for fact in story:
        journal.append(fact)
    return ring


def test_a_day_becomes_rows(tmp_path):
    ring = filled(everything())
    store = Store(tmp_path / STORE_FILE, ring, is_trunk, clock_zero=1_000_000.0)
    assert store.drain() == len(everything())
    assert ring.used_octets == 0
    assert store.drain() == 0
    store.close()
    assert rows(tmp_path, "SELECT call, direction, cause, recordings FROM cdr ORDER BY sequence") == [
        ("c1", "incoming", 16, "c1-1"),
        ("c2", "outgoing", 16, ""),
        ("c3", "internal", 16, ""),
        ("c4", "internal", 17, ""),
    ]
    assert rows(tmp_path, "SELECT seized_at, answered_at, ended_at, waited_s FROM cdr WHERE call = 'c1'") == [
        (1_000_010.0, 1_000_011.75, 1_000_090.0, 13.75)
    ]
    assert rows(tmp_path, "SELECT call, line, called, queue, agent, cause, ended_at IS NULL FROM calls WHERE call = 'c1'") == [
        ("c1", "e1-1/1", "10086", "sales", "ada", 16, 0)
    ]
    assert rows(tmp_path, "SELECT recording, call, leg, stopped_at - started_at FROM recordings") == [("c1-1", "c1", 1, 78.25)]
    assert rows(tmp_path, "SELECT count(*) FROM facts") == [(len(everything()) - 1,)]
    (octets,) = rows(tmp_path, "SELECT octets FROM traces WHERE call = 'c1'")[0]
    assert "<- seizure 0011" in decode(octets).lines[0][2]
    assert (
        rows(
            tmp_path,
            "SELECT sum(s.ended_at - s.started_at) - c.ended_at + c.seized_at FROM segments s JOIN cdr c USING (sequence)"
            " GROUP BY sequence",
        )
        == [(0.0,)] * 4
    )


def test_the_ledger_of_an_agent_partitions_his_login(tmp_path):
    store = Store(tmp_path / STORE_FILE, filled(shift_of()), is_trunk)
    store.drain()
    ledger = rows(tmp_path, "SELECT state, reason, from_at, to_at FROM agent_ledger ORDER BY sequence")
    assert [row[0] for row in ledger] == ["LoggedOn", "NotReady", "Ready", "Busy", "WorkingAfterCall", "Ready"]
    assert sum(row[3] - row[2] for row in ledger) == 400.0
    assert all(before[3] == after[2] for before, after in itertools.pairwise(ledger))


def test_a_crash_between_commit_and_ring_stores_nothing_twice(tmp_path):
    class Dying(MemoryRing):
        def journal_commit(self, sequence: int) -> None:
            raise SystemExit("killed")

    ring = Dying()
    journal = Journal(ring)
    for fact in everything():
        journal.append(fact)
    first = Store(tmp_path / STORE_FILE, ring, is_trunk)
    with pytest.raises(SystemExit):
        first.drain(limit=13)
    first.close()
    ring.__class__ = MemoryRing
    second = Store(tmp_path / STORE_FILE, ring, is_trunk)
    second.drain(limit=5)
    assert rows(tmp_path, "SELECT call FROM cdr ORDER BY sequence") == [("c1",), ("c2",), ("c3",), ("c4",)]
    assert rows(tmp_path, "SELECT count(*), max(sequence) FROM (SELECT sequence FROM facts UNION ALL SELECT sequence FROM traces)") == [
        (len(everything()), len(everything()))
    ]


@pytest.mark.parametrize("seed", range(5))
def test_restarts_of_the_writer_between_any_two_batches_change_nothing(tmp_path, seed):
    choose = random.Random(seed)
    ring = filled(everything())
    while True:
        store = Store(tmp_path / STORE_FILE, ring, is_trunk)
        batch = ring.journal_read(choose.randint(1, 9))
        if not batch:
            break
        store.store_batch(batch)
        if choose.random() < 0.7:
            ring.journal_commit(batch[-1][0])
        store.close()
    straight = Store(tmp_path / "straight" / STORE_FILE, filled(everything()), is_trunk)
    straight.drain()
    for table in ("facts", "traces", "calls", "cdr", "segments", "agent_ledger", "recordings"):
        assert rows(tmp_path, f"SELECT * FROM {table}") == rows(tmp_path / "straight", f"SELECT * FROM {table}"), f"{table} seed {seed}"


def test_killed_at_random_moments_a_real_writer_stores_each_fact_once(tmp_path):
    seed = random.randrange(2**32)
    choose = random.Random(seed)
    start = 0
    for _ in range(8):
        child = subprocess.Popen([sys.executable, str(Path(__file__).with_name("file_ring.py")), str(tmp_path), str(start)])
        deadline = time.monotonic() + 20
        before = (tmp_path / "appended").stat().st_size if (tmp_path / "appended").exists() else 0
        while time.monotonic() < deadline and (not (tmp_path / "appended").exists() or (tmp_path / "appended").stat().st_size == before):
            time.sleep(0.01)
        time.sleep(choose.uniform(0.0, 0.4))
        child.send_signal(signal.SIGKILL)
        child.wait()
        start += 100_000
    ring = FileRing(tmp_path / "ring")
    written = ring.mark(0)
    store = Store(tmp_path / STORE_FILE, ring, is_trunk)
    store.drain()
    assert store.missing == 0, f"seed {seed}"
    stored = rows(tmp_path, "SELECT sequence FROM (SELECT sequence FROM facts UNION ALL SELECT sequence FROM traces) ORDER BY sequence")
    assert [row[0] for row in stored] == list(range(1, written + 1)), f"seed {seed}"
    told = (tmp_path / "appended").read_bytes()
    assert {n for (n,) in struct.iter_unpack("<Q", told)} <= {row[0] for row in stored}, f"seed {seed}"
    # The records are those of one fold that was never disturbed.
    fold = CdrFold(is_trunk)
    wanted = []
    for sequence, octets in rows(tmp_path, "SELECT sequence, octets FROM facts ORDER BY sequence"):
        wanted += [(record.sequence, record.call, record.leg, record.ended_at) for record in fold.take(sequence, decode(octets))]
    found = rows(tmp_path, "SELECT sequence, call, leg, ended_at FROM cdr ORDER BY sequence")
    assert found == sorted(wanted), f"seed {seed}"
    assert max(Counter(row[1:3] for row in found).values()) == 1 and len(found) > 10, f"seed {seed}"


def test_a_new_plane_means_a_new_ring_and_ends_the_calls_of_the_old(tmp_path):
    old = Store(tmp_path / STORE_FILE, filled([*shift_of()[:3], *queued_call()[:17]]), is_trunk, ring_name="a", clock_zero=1000.0)
    old.drain()
    old.close()
    new = Store(tmp_path / STORE_FILE, filled(internal_call("n1", 5.0)), is_trunk, ring_name="b", clock_zero=5000.0)
    new.drain()
    new.close()
    assert rows(tmp_path, "SELECT call, cause, seized_at, ended_at FROM cdr ORDER BY sequence") == [
        ("c1", 41, 1010.0, 1030.0),
        ("n1", 16, 5005.0, 5026.0),
    ]
    assert rows(tmp_path, "SELECT call FROM calls WHERE ended_at IS NULL") == []
    assert rows(tmp_path, "SELECT state, to_at FROM agent_ledger WHERE reason = 'exchange stopped'") == [("Ready", 1030.0)]
    numbers = [row[0] for row in rows(tmp_path, "SELECT sequence FROM facts ORDER BY sequence")]
    assert len(set(numbers)) == len(numbers) == 3 + 16 + len(internal_call())
    # The old ring is known, and so is its clock.
    again = Store(tmp_path / STORE_FILE, MemoryRing(), is_trunk, ring_name="b", clock_zero=9999.0)
    assert again.drain() == 0
    assert rows(tmp_path, "SELECT name, clock_zero FROM rings ORDER BY ring") == [("a", 1000.0), ("b", 5000.0)]


def test_a_zero_that_has_drifted_is_moved_and_stays_moved(tmp_path):
    """The exchange goes by the network's clock: a day later its second 0 is another by the computer's."""
    ring = filled(internal_call("c1", 5.0))
    store = Store(tmp_path / STORE_FILE, ring, is_trunk, ring_name="a", clock_zero=1000.0)
    store.drain()
    for zero, kept in ((1000.05, 1000.0), (1004.0, 1004.0)):
        store.follow(zero)
        journal = Journal(ring)
        for fact in internal_call(f"c{zero}", 5.0):
            journal.append(fact)
        store.drain()
        assert rows(tmp_path, "SELECT clock_zero FROM rings") == [(kept,)]
    store.close()
    assert rows(tmp_path, "SELECT seized_at, ended_at FROM cdr ORDER BY sequence") == [(1005.0, 1026.0), (1005.0, 1026.0), (1009.0, 1030.0)]
    again = Store(tmp_path / STORE_FILE, MemoryRing(), is_trunk, ring_name="a", clock_zero=1000.0)
    again.drain()
    assert rows(tmp_path, "SELECT clock_zero FROM rings") == [(1004.0,)]


def test_an_overtaken_writer_notices_and_stores_nothing_twice(tmp_path):
    ring = filled(internal_call())
    batch = ring.journal_read(100)
    slow = Store(tmp_path / STORE_FILE, ring, is_trunk)
    slow.store_batch(batch[:2])
    fast = Store(tmp_path / STORE_FILE, ring, is_trunk)
    fast.store_batch(batch)
    with pytest.raises(store_module.OvertakenError):
        slow.store_batch(batch)
    slow.store_batch(batch)
    assert rows(tmp_path, "SELECT count(*) FROM facts") == [(len(batch),)]
    assert rows(tmp_path, "SELECT count(*) FROM cdr") == [(1,)]


def test_a_locked_store_raises_an_alarm_and_recovers(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "PAUSE_FIRST_S", 0.01)
    ring = filled(outgoing_call())
    store = Store(tmp_path / STORE_FILE, ring, is_trunk, lock_timeout_s=0.01)
    store.drain()
    blocker = sqlite3.connect(tmp_path / STORE_FILE, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    alarms, cleared = [], threading.Event()
    failed = threading.Event()
    writer = StoreWriter(store, lambda text: (alarms.append(text), failed.set()), cleared.set)
    journal = Journal(ring)
    for fact in internal_call():
        assert journal.append(fact), "calls do not notice"
    writer.start()
    assert failed.wait(20)
    blocker.execute("ROLLBACK")
    blocker.close()
    assert cleared.wait(20)
    assert writer.stop()
    assert len(alarms) == 1 and "locked" in alarms[0]
    assert rows(tmp_path, "SELECT count(*) FROM cdr") == [(2,)]


def test_a_full_disk_is_an_alarm_and_nothing_is_lost(tmp_path):
    ring = filled(internal_call())
    store = Store(tmp_path / STORE_FILE, ring, is_trunk)
    store.drain()
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    for n in range(400):
        ring.journal_append(encode(facts.AlarmRaised(float(n), "span 1", "x" * 200)))
    with pytest.raises(sqlite3.Error, match="full"):
        store.drain()
    store._connection.execute("PRAGMA max_page_count = 100000")
    assert store.drain() == 400
    assert rows(tmp_path, "SELECT count(*) FROM facts WHERE kind = 'AlarmRaised'") == [(400,)]


def test_what_cannot_be_read_is_kept_and_stops_nobody(tmp_path):
    ring = MemoryRing()
    ring.journal_append(b"\x81\xa4fact\xa6Future")
    for fact in internal_call():
        ring.journal_append(encode(fact))
    alarms = []
    store = Store(tmp_path / STORE_FILE, ring, is_trunk)
    store.on_alarm = alarms.append
    store.drain()
    assert store.unreadable == 1 and len(alarms) == 1
    assert rows(tmp_path, "SELECT count(*) FROM cdr") == [(1,)]


def test_a_gap_in_the_ring_is_an_alarm(tmp_path):
    """A small one is what a control killed within a turn leaves behind: it is counted, but nobody is called."""
    for hole in (3, TURN_FACTS_MOST + 1):
        ring = filled([*(CallCleared(0.0, f"old-{n}") for n in range(hole)), *internal_call()])
        ring.journal_commit(hole)
        alarms = []
        store = Store(tmp_path / f"{hole}.sqlite", ring, is_trunk)
        store.on_alarm = alarms.append
        store.drain()
        assert store.missing == hole
        assert len(alarms) == (hole > TURN_FACTS_MOST)


def test_retention_keeps_records_and_the_facts_of_open_calls(tmp_path):
    ring = filled([*internal_call("old", 0.0), *outgoing_call("open", 30.0)[:6]])
    store = Store(tmp_path / STORE_FILE, ring, is_trunk)
    store.drain()
    assert store.forget_before(1000.0) == len(internal_call())
    store.close()
    journal = Journal(ring)
    for fact in outgoing_call("open", 30.0)[6:]:
        journal.append(fact)
    again = Store(tmp_path / STORE_FILE, ring, is_trunk)
    again.drain()
    assert rows(tmp_path, "SELECT call, duration_s FROM cdr ORDER BY sequence") == [("old", 13.0), ("open", 60.5)]


def test_a_store_of_another_version_is_refused(tmp_path):
    connection = sqlite3.connect(tmp_path / STORE_FILE)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="99"):
        Store(tmp_path / STORE_FILE, MemoryRing(), is_trunk).drain()
    with pytest.raises(StoreError, match="no store"):
        connect(tmp_path / "elsewhere")


def test_the_arenas_own_ring_serves_journal_and_store(tmp_path):
    plane = Plane.create(Layout(journal_octets=1 << 18))
    try:
        plane.raise_epoch()
        journal = Journal(plane)
        assert [journal.append(fact) for fact in everything()] == list(range(1, len(everything()) + 1))
        successor = plane.successor()
        successor.raise_epoch()
        with pytest.raises(StaleEpoch):
            journal.append(everything()[0])
        store = Store(tmp_path / STORE_FILE, successor, is_trunk)
        assert store.drain(limit=7) == len(everything())
        assert rows(tmp_path, "SELECT call FROM cdr ORDER BY sequence") == [("c1",), ("c2",), ("c3",), ("c4",)]
        full = Journal(successor)
        while full.append(facts.AlarmRaised(1.0, "span 1", "x" * 5000)):
            pass
        assert full.lost == 1, "a full arena is counted and raises nothing"
        assert store.drain() > 10
        assert full.append(everything()[0]) > 0
    finally:
        plane.close()


def test_a_new_exchange_may_use_the_names_of_calls_again(tmp_path):
    for ring, at in (("a", 10.0), ("b", 500.0)):
        store = Store(tmp_path / STORE_FILE, filled(queued_call("1-1", at)), is_trunk, ring_name=ring)
        store.drain()
        store.close()
    assert rows(tmp_path, "SELECT call, started_at, ended_at FROM calls ORDER BY sequence") == [("1-1", 10.0, 91.0), ("1-1", 500.0, 581.0)]
    assert rows(tmp_path, "SELECT count(*), sum(stopped_at - started_at) FROM recordings") == [(2, 156.5)]
    connection = connect(tmp_path / STORE_FILE)
    assert next(fact.at for _, fact in trace.story_of(connection, "1-1")) == 500.0
    assert [record["seized_at"] for record in trace.records_of(connection, "1-1")] == [500.0]
    assert [record["seized_at"] for record in trace.records_of(connection, "1-1", 1)] == [10.0]
    connection.close()


STORY_OF_ALARMS = (
    facts.AlarmRaised(1.0, "link a", "T1"),
    facts.AlarmRaised(2.0, "e1-1", "loss of signal"),
    facts.AlarmRaised(3.0, "link a", "SIOS"),
    facts.AlarmRaised(4.0, "store", "locked"),
    facts.AlarmCleared(5.0, "e1-1"),
)


def test_alarms_that_stand_are_told_once_to_whoever_begins_anew(tmp_path):
    told, events = [], threading.Event()
    store = Store(tmp_path / STORE_FILE, filled(STORY_OF_ALARMS), is_trunk, clock_zero=100.0)
    writer = StoreWriter(store, print, None, lambda sources: (told.append(sources), events.set()))
    writer.start()
    assert events.wait(10.0) and writer.stop()
    assert told == [["link a", "store"]]
    standing = rows(tmp_path, "SELECT source, text, raised_at FROM alarms ORDER BY source")
    assert standing == [("link a", "SIOS", 103.0), ("store", "locked", 104.0)]
    store = Store(tmp_path / STORE_FILE, filled([facts.AlarmCleared(0.0, "store")]), is_trunk, ring_name="another plane")
    store.drain()
    assert store.alarms() == ["link a"]
    store.close()


def test_a_store_from_before_there_was_a_table_of_alarms_gets_it(tmp_path):
    store = Store(tmp_path / STORE_FILE, filled(STORY_OF_ALARMS), is_trunk)
    store.drain()
    store.close()
    connection = sqlite3.connect(tmp_path / STORE_FILE)
    connection.execute("DROP TABLE alarms")
    connection.commit()
    connection.close()
    store = Store(tmp_path / STORE_FILE, MemoryRing(), is_trunk)
    assert store.alarms() == ["link a", "store"]
    store.close()
