"""What must outlive control: journal ring, leg records, prompt cache, epochs; and overflow of events."""

import random
import tempfile
import zlib
from collections import deque
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.wire import SpanSettings, Wire, join
from pbx.media import Layout, Plane, PlaneError, PlaneFull, StaleEpoch, lib
from pbx.vocabulary import media

TINY = Layout(ports=32, events=64, commands=64, recorders=1, recorder_samples=8192, prompts=4, prompt_octets=4096, journal_octets=1 << 17)

step = st.one_of(
    st.tuples(st.just("append"), st.integers(0, 9000)),
    st.tuples(st.just("append"), st.integers(60000, 65536)),
    st.tuples(st.just("read"), st.integers(1, 50)),
    st.tuples(st.just("commit"), st.integers(0, 50)),
    st.tuples(st.just("attach"), st.just(0)),
)


@settings(max_examples=150, deadline=None, print_blob=True)
@given(st.lists(step, max_size=60), st.binary(min_size=1, max_size=8))
def test_journal_loses_and_doubles_nothing(steps: list[tuple[str, int]], pattern: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plane = first = Plane.create(TINY, str(Path(folder) / "arena"))
        waiting: deque[tuple[int, bytes]] = deque()
        for number, (what, size) in enumerate(steps):
            if what == "append":
                octets = (pattern * (size // len(pattern) + 1))[:size]
                try:
                    waiting.append((plane.journal_append(octets), octets))
                except PlaneFull:
                    assert sum(len(kept) + 24 for _, kept in waiting) + size + 2 * 65560 > 1 << 17
            elif what == "read":
                found = plane.journal_read(size)
                assert found == list(waiting)[: len(found)]
                assert found or not waiting
            elif what == "commit" and waiting:
                sequence = waiting[min(size, len(waiting) - 1)][0]
                plane.journal_commit(sequence)
                while waiting and waiting[0][0] <= sequence:
                    waiting.popleft()
            elif what == "attach":
                assert first.path is not None
                plane = Plane.attach(first.path)
                plane.raise_epoch()
            assert len({sequence for sequence, _ in waiting}) == len(waiting), number
        everything: list[tuple[int, bytes]] = []
        while found := plane.journal_read(7):
            everything += found
            plane.journal_commit(found[-1][0])
        assert everything == list(waiting)


def test_journal_follower_reads_behind_a_sequence() -> None:
    plane = Plane.create(TINY)
    numbers = [plane.journal_append(b"%d" % n) for n in range(5)]
    assert plane.journal_read(2, after=numbers[1]) == [(numbers[2], b"2"), (numbers[3], b"3")]
    assert len(plane.journal_read()) == 5


def test_record_too_long_for_the_journal() -> None:
    with pytest.raises(PlaneError):
        Plane.create(TINY).journal_append(bytes(65537))


@settings(max_examples=100, deadline=None, print_blob=True)
@given(st.binary(max_size=1000), st.binary(min_size=1, max_size=1000), st.data())
def test_torn_leg_record_yields_the_older_copy(old: bytes, new: bytes, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arena"
        plane = Plane.create(TINY, str(path))
        plane.write_leg_record(3, old)
        before = path.read_bytes()
        plane.write_leg_record(3, new)
        after = path.read_bytes()
        changed = [n for n in range(len(before)) if before[n] != after[n]]
        assert changed
        # The writer dies with some of its octets written, in any order that the processor likes.
        lost = data.draw(st.sets(st.sampled_from(changed), min_size=1))
        with path.open("r+b") as file:
            for place in lost:
                file.seek(place)
                file.write(before[place : place + 1])
        found = plane.read_leg_record(3)
        assert found in (old, new)
        if lost == set(changed):
            assert found == old
        plane.write_leg_record(3, b"next")
        assert plane.read_leg_record(3) == b"next"


def test_leg_record_of_nobody_is_empty() -> None:
    plane = Plane.create(TINY)
    assert plane.read_leg_record(0) == b""
    plane.write_leg_record(0, b"leg")
    plane.write_leg_record(0, b"")
    assert plane.read_leg_record(0) == b""
    with pytest.raises(PlaneError):
        plane.write_leg_record(0, bytes(1001))


def test_prompt_is_loaded_once() -> None:
    plane = Plane.create(TINY)
    first = plane.load_prompt("welcome", b"\x11" * 1000)
    assert plane.successor().load_prompt("welcome", b"\x11" * 1000) == first
    assert plane.load_prompt("welcome", b"\x12" * 1000) != first
    with pytest.raises(PlaneFull):
        plane.load_prompt("long", bytes(4096))
    assert zlib.crc32(b"\x11" * 1000) != zlib.crc32(b"\x12" * 1000)


def test_stale_control_executes_nothing() -> None:
    plane = Plane.create(TINY)
    plane.add_card(Wire([SpanSettings()]).card)
    plane.send(0, media.Tag(1))
    plane.tick(0)
    assert plane.tag(0) == 1
    plane.send(0, media.Tag(2))
    successor = plane.successor()
    with pytest.raises(StaleEpoch):
        plane.send(0, media.Tag(3))
    executed = successor.counters()["executed_commands"]
    successor.tick(1)
    assert successor.tag(0) == 1
    assert successor.counters()["refused_commands"] == 1
    assert successor.counters()["executed_commands"] == executed
    # A control that was paused between its look at the epoch and its write: the command carries its epoch.
    for behind in range(1, 6):
        successor = successor.successor()
        successor.send(0, media.Tag(100 + behind))
        successor.tick(1 + behind)
        assert successor.tag(0) == 100 + behind


def test_commands_written_before_a_take_over_are_refused_at_any_distance() -> None:
    for raises in range(1, 10):
        plane = Plane.create(TINY)
        plane.add_card(Wire([SpanSettings()]).card)
        for _ in range(5):
            plane.send(0, media.Tag(9))
        last = plane
        for _ in range(raises):
            last = last.successor()
        last.tick(0)
        assert last.tag(0) == 0
        assert last.counters()["refused_commands"] == 5
        assert last.counters()["executed_commands"] == 0


def test_overflow_of_events_is_counted_and_cured_by_levels() -> None:
    near, far = Wire([SpanSettings()]), Wire([SpanSettings()])
    join((near, 0), (far, 0))
    plane = Plane.create(TINY)
    plane.add_card(near.card)
    far_plane = Plane.create(TINY)
    far_plane.add_card(far.card)
    for tick in range(12):
        for port in range(30):
            if tick % 4 == 0:
                far_plane.send(port, media.SendBits(5 + tick % 8))
        plane.tick(tick)
        far_plane.tick(tick)
    lost = plane.counters()["event_overflows"]
    kept = plane.drain()
    assert len(kept) == 64
    assert lost > 0
    assert [plane.levels(port).bits_in for port in range(30)] == [5] * 30


def test_full_command_ring_says_so() -> None:
    plane = Plane.create(TINY)
    for _ in range(64):
        plane.send(0, media.Tag(1))
    with pytest.raises(PlaneFull):
        plane.send(0, media.Tag(1))


def test_what_the_plane_cannot_do_is_counted() -> None:
    plane = Plane.create(TINY)
    plane.add_card(Wire([SpanSettings()]).card)
    plane.send(30, media.Tag(1))
    plane.send(0, media.Hear(31))
    plane.send(0, media.SendTone(0x40F))
    plane.send(0, media.Record(1))
    plane.send_player(0, 3)
    plane.send(0, media.SendFrame(b"no signalling channel"))
    plane.tick(0)
    assert plane.counters()["rejected_commands"] == 6
    with pytest.raises(PlaneError):
        plane.tick(0)
    with pytest.raises(PlaneError):
        Plane.create(Layout(events=1000))
    assert lib.PLANE_LAYOUT_VERSION == 7


def test_what_a_full_recorder_loses_is_told_at_its_place() -> None:
    """The reader stays away for longer than the ring lasts, twice: each gap is told before the first sample behind it."""
    near, far = Wire([SpanSettings()]), Wire([SpanSettings()])
    join((near, 0), (far, 0))
    plane = Plane.create(Layout(ports=30, recorders=2, recorder_samples=1024))
    plane.add_card(near.card)
    plane.send(0, media.Record(1))
    ticks = iter(range(1000))

    def tick(count: int) -> None:
        for _ in range(count):
            plane.tick(next(ticks))

    tick(10)
    assert [(lost, len(octets)) for lost, octets in plane.recorded(1)] == [(0, 1600)]
    tick(20)
    assert [(lost, len(octets)) for lost, octets in plane.recorded(1)] == [(0, 2048)], "a gap that may grow is not told"
    tick(1)
    assert [(lost, len(octets)) for lost, octets in plane.recorded(1)] == [(1600 - 1024, 160)]
    tick(30)
    plane.recorded(1)
    tick(30)
    assert [(lost, len(octets)) for lost, octets in plane.recorded(1)] == [(2400 - 1024, 2048)]
    tick(5)
    assert [(lost, len(octets)) for lost, octets in plane.recorded(1)] == [(2400 - 1024, 800)]
    assert plane.recorded(1) == []
    assert plane.counters()["recorder_overflows"] == 576 + 2 * 1376


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_reader_does_no_sample_is_unaccounted_for(seed: int) -> None:
    chance = random.Random(seed)
    near, far = Wire([SpanSettings()]), Wire([SpanSettings()])
    join((near, 0), (far, 0))
    plane = Plane.create(Layout(ports=30, recorders=1, recorder_samples=1024))
    plane.add_card(near.card)
    plane.send(0, media.Record(0))
    told = 0

    def read() -> int:
        return sum(lost + len(octets) // 2 for lost, octets in plane.recorded(0))

    for tick in range(400):
        plane.tick(tick)
        if chance.random() < (0.02 if tick < 200 else 0.2):
            told += read()
    told += read()
    # A gap that is still open is told when a sample follows it.
    plane.tick(400)
    assert told + read() == 80 * 401, f"seed {seed}"
    assert plane.counters()["recorder_overflows"] > 0


@settings(max_examples=60, deadline=None, print_blob=True)
@given(st.binary(max_size=4000), st.binary(min_size=1, max_size=4000), st.data())
def test_torn_notice_yields_the_older_copy(old: bytes, new: bytes, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arena"
        plane = Plane.create(TINY, str(path))
        plane.write_report(2, old)
        before = path.read_bytes()
        plane.write_report(2, new)
        after = path.read_bytes()
        changed = [n for n in range(len(before)) if before[n] != after[n]]
        lost = data.draw(st.sets(st.sampled_from(changed), min_size=1))
        with path.open("r+b") as file:
            for place in lost:
                file.seek(place)
                file.write(before[place : place + 1])
        assert plane.read_report(2) in (old, new)
        plane.write_report(2, b"next")
        assert plane.read_report(2) == b"next" and plane.read_report(1) == plane.read_order(2) == b""


def test_only_the_present_control_orders() -> None:
    plane = Plane.create(TINY)
    plane.write_order(0, b"first")
    successor = plane.successor()
    with pytest.raises(StaleEpoch):
        plane.write_order(0, b"late")
    assert successor.read_order(0) == b"first"
    with pytest.raises(PlaneError):
        successor.write_order(64, b"no such span")
    with pytest.raises(PlaneError):
        successor.write_report(0, bytes(4001))
