"""The handover (pbx/handover.py): what one arena leaves is found in the next, whatever its layout, ports and configuration."""

import threading
import time
from pathlib import Path

import msgspec
import pytest

from drivers.wire import SpanSettings, Wire, join
from pbx import handover
from pbx.call import LegRecord
from pbx.leg_records import RECORD_VERSION
from pbx.media import Edge, Layout, Plane
from pbx.vocabulary import facts, media, tones
from tests.plane.rig import DIAL

SMALL = Layout(ports=60, recorders=4, prompt_octets=1 << 16, journal_octets=1 << 17, events=4096)
OTHER = Layout(ports=90, recorders=2, players=3, prompt_octets=1 << 17, journal_octets=1 << 18, events=8192)
RING = "arena-1"


def plane_of(layout: Layout, epoch: int = 0) -> Plane:
    """A plane on two spans that are wired together, and on a third where the layout has room."""
    plane = Plane.create(layout, epoch=epoch)
    wires = [Wire([SpanSettings()]) for _ in range(layout.ports // 30)]
    join((wires[0], 0), (wires[1], 0))
    for wire in wires:
        plane.add_card(wire.card)
    plane.load_tones({"dial": DIAL})
    return plane


def run(plane: Plane, ticks: int) -> None:
    for _ in range(ticks):
        plane.tick(plane.ticks)


def leg(line: str, call: str, number: int, **more: object) -> LegRecord:
    return LegRecord(line, call, number, tag="Talking", established_at=1.0, begun=True, **more)  # type: ignore[arg-type]


def record_of(plane: Plane, port: int) -> LegRecord:
    return msgspec.msgpack.decode(plane.read_leg_record(port), type=LegRecord)


PORTS = {"a": 0, "b": 1, "c": 2}


def left_of(records: dict[str, LegRecord], plane: Plane | None = None) -> handover.Handover:
    plane = plane or plane_of(SMALL)
    for name, record in records.items():
        plane.write_leg_record(PORTS[name], msgspec.msgpack.encode(record))
    return handover.leave(plane, RING, PORTS)


def stated(plane: Plane) -> list[facts.Fact]:
    return [facts.decode(octets) for _, octets in plane.journal_read()]


def test_a_file_of_it_holds_all_of_it(tmp_path: Path) -> None:
    left = left_of({"a": leg("a", "1-1", 1), "b": leg("b", "1-1", 2, recorder=0)})
    path = tmp_path / "handover"
    assert handover.read(path) is None
    handover.write(path, left)
    assert handover.read(path) == left
    handover.write(path, msgspec.structs.replace(left, form=handover.FORM + 1))
    assert handover.read(path) is None, "in a form of another program"
    path.write_bytes(b"\xc1")
    assert handover.read(path) is None


def test_legs_that_were_held_go_on_at_their_new_ports_and_the_others_do_not() -> None:
    left = left_of(
        {"a": leg("a", "1-1", 1, peer=2), "b": leg("b", "1-1", 2, peer=1), "c": LegRecord("c", seated="1001", seated_state="Ready")}
    )
    plane = plane_of(OTHER, left.epoch)
    settled = handover.settle(plane, left, {"a": 61, "b": 62, "c": 63}, {"a"}, OTHER)
    assert record_of(plane, 61) == leg("a", "1-1", 1, peer=2)
    assert record_of(plane, 62).tag == "" and record_of(plane, 62).call == "1-1", "recovery states its end"
    assert record_of(plane, 63).seated == "1001"
    assert settled == handover.Settled(calls=1, ended=0)
    assert plane.epoch == left.epoch + 1


def test_a_second_leg_is_held_or_lost_with_its_line() -> None:
    left = left_of({"a": leg("a", "1-1", 1, second=leg("a", "1-2", 1))})
    for kept, tag in (({"a"}, "Talking"), (set(), "")):
        plane = plane_of(SMALL)
        settled = handover.settle(plane, left, PORTS, kept, SMALL)
        second = record_of(plane, 0).second
        assert second is not None and second.tag == tag and second.call == "1-2"
        assert (settled.calls, settled.ended) == ((2, 0) if kept else (0, 2))


@pytest.mark.parametrize("octets", [b"\x93\x01", b"new words"])
def test_a_record_of_another_version_ends_its_call(octets: bytes) -> None:
    ends = [handover.End("1-1", 3, True), handover.End("1-2", 1, True)]
    left = msgspec.structs.replace(left_of({}), lines=[handover.LeftLine("a", RECORD_VERSION + 1, octets, ends)])
    plane = plane_of(SMALL)
    settled = handover.settle(plane, left, PORTS, PORTS, SMALL)
    record = record_of(plane, 0)
    assert record.second is not None
    assert [(r.call, r.number, r.tag, r.begun) for r in (record, record.second)] == [("1-1", 3, "", True), ("1-2", 1, "", True)]
    assert settled == handover.Settled(calls=0, ended=2)


def test_the_end_of_a_leg_whose_line_is_not_configured_any_more_is_stated() -> None:
    left = left_of({"a": leg("a", "1-1", 1), "b": leg("b", "1-1", 2), "c": leg("c", "1-2", 1)})
    plane = plane_of(SMALL)
    handover.settle(plane, left, {"a": 0}, {"a"}, SMALL)
    assert [(type(fact).__name__, getattr(fact, "call", ""), getattr(fact, "cause", 0)) for fact in stated(plane)] == [
        ("ConnectionCleared", "1-1", 41),
        ("ConnectionCleared", "1-2", 41),
        ("CallCleared", "1-2", 41),
    ]
    assert record_of(plane, 0).tag == "Talking"


def test_facts_that_the_store_has_not_keep_their_numbers_and_numbering_goes_on() -> None:
    old = plane_of(SMALL)
    for number in range(1, 8):
        old.journal_append(b"fact %d" % number)
    old.journal_commit(4)
    # A control that is killed while it appends takes a number with it.
    old.journal_continue(8)
    old.journal_append(b"fact 9")
    left = left_of({}, old)
    assert (left.sequence, left.ring) == (9, RING)
    new = plane_of(OTHER)
    handover.settle(new, left, PORTS, PORTS, OTHER)
    assert new.journal_read() == [(5, b"fact 5"), (6, b"fact 6"), (7, b"fact 7"), (9, b"fact 9")]
    assert new.journal_append(b"next") == 10


def test_parties_hear_each_other_before_control_comes() -> None:
    old = plane_of(SMALL)
    old.send(0, media.Hear(1, -6.0))
    old.send(1, media.Hear(0))
    old.send(2, media.Hear(0))
    old.send(0, media.Hear(media.PLAYER))
    run(old, 3)
    left = left_of({}, old)
    new = plane_of(OTHER)
    handover.settle(new, left, {"a": 31, "b": 32, "c": 33}, {"a", "b"}, OTHER)
    run(new, 3)
    assert new.edges(31) == [Edge(32, -6.0)]
    assert new.edges(32) == [Edge(31, 0.0)]
    assert new.edges(33) == [], "nobody holds that line"


def test_what_a_recorder_missed_is_told_as_a_gap_of_that_length() -> None:
    old = plane_of(SMALL)
    old.send(30, media.SendTone(tones.progress("dial")))
    old.send(0, media.Record(1))
    run(old, 50)
    read = len(old.read_recorder(1)) // 2
    run(old, 10)
    left = left_of({"a": leg("a", "1-1", 1, recorder=1)}, old)
    begun = left.recorders[1] - read
    new = plane_of(SMALL, left.epoch)
    new.continue_at(old.ticks + 25)
    handover.settle(new, left, PORTS, PORTS, SMALL)
    new.send(0, media.Record(1))
    run(new, 10)
    (lost, octets), *_ = new.recorded(1)
    assert begun + read + lost == (old.ticks + 25) * 80, "time is true in the file"
    assert len(octets) // 2 == 800
    new.send(0, media.StopRecord(1))
    new.send(0, media.Record(1))
    run(new, 3)
    assert [lost for lost, _ in new.recorded(1)] == [0], "a gap is told once"


def test_a_recorder_that_is_there_no_more_is_given_up() -> None:
    left = left_of({"a": leg("a", "1-1", 1, recorder=3)})
    plane = plane_of(OTHER)
    handover.settle(plane, left, PORTS, PORTS, OTHER)
    assert record_of(plane, 0).recorder == -1


def test_time_goes_on_and_never_back() -> None:
    plane = plane_of(SMALL)
    plane.continue_at(1000)
    assert (plane.ticks, plane.now) == (1000, 10.0)
    run(plane, 2)
    with pytest.raises(Exception, match="past"):
        plane.continue_at(1000)


def test_a_plane_that_follows_another_begins_with_the_tick_that_is_due() -> None:
    old = plane_of(SMALL)
    thread = threading.Thread(target=old.run)
    thread.start()
    while old.ticks < 5:
        time.sleep(0.001)
    old.stop()
    thread.join()
    zero_s = left_of({}, old).clock_zero_s
    time.sleep(0.1)
    new = plane_of(SMALL)
    new.continue_clock(zero_s)
    due = int((time.monotonic() - zero_s) / 0.01)
    thread = threading.Thread(target=new.run)
    thread.start()
    while new.counters()["ticks"] < 1:
        time.sleep(0.001)
    new.stop()
    thread.join()
    first = new.ticks - new.counters()["ticks"]
    assert first > due >= old.ticks + 9, "no tick of the time between them is made up for, none is repeated"
    assert new.clock_zero_s == pytest.approx(zero_s, abs=1e-6)
