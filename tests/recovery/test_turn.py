"""A turn counts as a whole or not at all: facts and leg records of a control that dies before its end were never written."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.wire import SpanSettings, Wire
from pbx.media import Layout, Plane
from pbx.vocabulary import media

SMALL = Layout(ports=32, recorders=2, journal_octets=1 << 18, prompt_octets=1 << 17)


def write(plane: Plane, turn: list[tuple[int, int]], mark: int) -> None:
    for kind, number in turn:
        if kind:
            plane.write_leg_record(number, b"%d" % mark)
        else:
            plane.journal_append(b"%d %d" % (mark, number))


turns = st.lists(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), max_size=8), max_size=6)


@given(turns, st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), max_size=8), st.integers(1, 3))
def test_death_within_a_turn_leaves_the_state_before_it(
    before: list[list[tuple[int, int]]], last: list[tuple[int, int]], deaths: int
) -> None:
    plane = Plane.create(SMALL)
    for mark, turn in enumerate(before):
        plane.begin_turn()
        write(plane, turn, mark)
        plane.end_turn()
    facts, records = plane.journal_read(), [plane.read_leg_record(port) for port in range(6)]
    for _ in range(deaths):
        plane.begin_turn()
        plane.journal_append(b"never")
        write(plane, last, 99)
        plane = plane.successor()
        assert plane.journal_read() == facts
        assert [plane.read_leg_record(port) for port in range(6)] == records
    plane.begin_turn()
    write(plane, [(0, 1), (1, 2)], 100)
    plane.end_turn()
    assert [octets for _, octets in plane.journal_read()] == [*(octets for _, octets in facts), b"100 1"]
    records[2] = b"100"
    assert [plane.read_leg_record(port) for port in range(6)] == records


def test_a_turn_longer_than_what_may_be_held_loses_nothing() -> None:
    plane = Plane.create(SMALL)
    plane.begin_turn()
    for number in range(200):
        plane.journal_append(b"%03d" % number * 300)
    plane.end_turn()
    assert [octets[:3] for _, octets in plane.journal_read()] == [b"%03d" % number for number in range(200)]


def test_records_without_facts_count_at_once() -> None:
    plane = Plane.create(SMALL)
    plane.begin_turn()
    plane.write_leg_record(1, b"leg")
    plane.end_turn()
    assert plane.successor().read_leg_record(1) == b"leg"


def test_a_new_control_stops_recorders_and_leaves_music_where_it_is() -> None:
    plane = Plane.create(SMALL)
    wire = Wire([SpanSettings(kind="circuits", idle_bits=0b1011)], False)
    plane.add_card(wire.card)
    music = bytes(n % 256 for n in range(4000))
    prompt = plane.load_prompt("music", music)
    plane.send_player(0, prompt)
    plane.send(0, media.Hear(media.PLAYER))
    plane.send(0, media.Record(0))
    for tick in range(20):
        plane.tick(tick)
    heard = plane.read_recorder(0)[1::2]
    plane = plane.successor()
    plane.send_player(0, prompt)
    for tick in range(20, 25):
        plane.tick(tick)
    heard += plane.read_recorder(0)[1::2]
    assert len(heard) == 25 * 80
    start = music.find(heard[800:880])
    assert heard[800:] == music[start : start + len(heard) - 800]
    plane.send(0, media.StopRecord(-1))
    plane.tick(25)
    plane.tick(26)
    plane.read_recorder(0)
    plane.tick(27)
    assert plane.read_recorder(0) == b""
    assert plane.counters()["rejected_commands"] == 0
