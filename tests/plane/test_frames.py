"""Frames of signalling channels: between a card and control by way of the arena, in order, whole, and counted where they are lost."""

import threading
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.media import Layout, Plane, PlaneError, PlaneFull, StaleEpoch, ffi, lib
from pbx.vocabulary import media

SMALL = Layout(
    ports=4, events=64, commands=64, recorders=0, prompts=4, prompt_octets=4096, journal_octets=1 << 17, frame_octets=2048, spans=2
)
LONGEST = lib.PLANE_FRAME_OCTETS


class FrameCard:
    """A card in Python: per port a queue of what comes, and a list of what was sent. ``room`` frames can be given a tick."""

    def __init__(self, ports=2):
        self.coming = [deque() for _ in range(ports)]
        self.sent = [[] for _ in range(ports)]
        self.alarms, self.told = [0] * ports, [0] * ports
        self.room = 1000
        self.card = ffi.new("struct card *", {"kind": ffi.NULL, "ports": ports, "tokens": 1})
        self._tokens = [ffi.new("struct card_tokens[]", ports) for _ in range(2)]
        self.card.tokens_in, self.card.tokens_out = self._tokens
        self._kept = [
            ffi.callback("int(struct card *, uint8_t *, struct card_event *, int, uint64_t)", self._read),
            ffi.callback("int(struct card *, uint8_t *, uint64_t)", lambda *_: 0),
            ffi.callback("int(struct card *, int, struct card_levels *)", self._level),
            ffi.callback("int(struct card *, struct card_order *)", lambda *_: -1),
            ffi.callback("int(struct card *)", lambda _: 0),
            ffi.callback("int(struct card *, int, struct card_frame *)", self._take),
            ffi.callback("int(struct card *, int, uint8_t *, int)", self._give),
            ffi.callback("int(struct card *, int)", lambda card, port: self.room),
        ]
        names = ("read", "write", "level", "order", "quiet", "take_frame", "give_frame", "frame_room")
        for name, made in zip(names, self._kept, strict=True):
            setattr(self.card, name, ffi.cast(ffi.typeof(getattr(self.card, name)), made))

    def _read(self, card, samples, events, room, tick):
        changed = [port for port, standing in enumerate(self.alarms) if standing != self.told[port]]
        for n, port in enumerate(changed):
            events[n] = (port, lib.CARD_EVENT_ALARM, 0, 0, self.alarms[port])
            self.told[port] = self.alarms[port]
        return len(changed)

    def _level(self, card, port, levels):
        levels.alarms = self.alarms[port]
        return 0

    def _take(self, card, port, frame):
        if not self.coming[port]:
            return 0
        octets, offset = self.coming[port].popleft()
        frame.offset, frame.fault, frame.count = offset, 0, 0
        if isinstance(octets, int):
            frame.fault = octets
        else:
            frame.count = len(octets)
            ffi.memmove(frame.octets, octets, len(octets))
        return 1

    def _give(self, card, port, octets, count):
        if not self.room:
            return -1
        self.room -= 1
        self.sent[port].append(bytes(ffi.buffer(octets, count)))
        return 0

    def comes(self, port, octets, offset=0):
        self.coming[port].append((octets, offset))


class Bench:
    def __init__(self, layout=SMALL, path=None, kind="frames"):
        self.card = FrameCard()
        self.plane = Plane.create(layout, path)
        self.plane.add_card(self.card.card)
        for port in range(2):
            self.plane.configure_port(port, kind)
        self.number = 0

    def tick(self, ticks=1):
        for _ in range(ticks):
            self.plane.tick(self.number)
            self.number += 1


def test_frames_come_up_in_their_order_among_other_events():
    bench = Bench()
    bench.tick()
    bench.card.comes(0, b"one")
    bench.card.comes(0, media.FRAME_ABORTED)
    bench.card.comes(0, b"two", offset=40)
    bench.card.alarms[1] = media.LOSS_OF_SIGNAL
    bench.card.comes(1, b"x" * LONGEST)
    bench.tick()
    assert bench.plane.drain() == [
        (0.01, 1, media.Alarm(media.LOSS_OF_SIGNAL)),
        (0.01, 0, media.Frame(b"one")),
        (0.01, 0, media.BadFrame(media.FRAME_ABORTED)),
        (0.015, 0, media.Frame(b"two")),
        (0.01, 1, media.Frame(b"x" * LONGEST)),
    ]
    assert bench.plane.drain() == [] and bench.plane.levels(1).alarms == media.LOSS_OF_SIGNAL


def test_frames_go_down_behind_commands_given_before_and_out_in_the_same_tick():
    bench = Bench()
    bench.plane.send(0, media.SendFrame(b"\x7e\xff"))
    bench.plane.send(0, media.Tag(7))
    bench.plane.send(1, media.SendFrame(bytes(LONGEST)))
    bench.tick()
    assert bench.card.sent == [[b"\x7e\xff"], [bytes(LONGEST)]]
    assert bench.plane.tag(0) == 7 and bench.plane.counters()["rejected_commands"] == 0


@pytest.mark.parametrize("octets", [b"", bytes(LONGEST + 1)])
def test_a_frame_that_cannot_be_is_refused_at_once(octets):
    with pytest.raises(PlaneError):
        Bench().plane.send(0, media.SendFrame(octets))


def test_a_frame_for_no_channel_or_without_room_on_it_is_counted():
    bench = Bench()
    bench.plane.send(3, media.SendFrame(b"x"))
    bench.card.room = 1
    bench.plane.send(0, media.SendFrame(b"first"))
    bench.plane.send(0, media.SendFrame(b"second"))
    bench.tick()
    counted = bench.plane.counters()
    assert (counted["rejected_commands"], counted["refused_frames"]) == (1, 1) and bench.card.sent[0] == [b"first"]


@pytest.mark.parametrize("armed", [(media.Bits(1), media.SendFrame(b"x")), (media.Frame(b"x"), media.Silence())])
def test_frames_cannot_be_armed(armed):
    with pytest.raises(PlaneError):
        Bench().plane.send(0, media.Armed(*armed, 0, 1.0))


def test_status_units_that_say_the_same_again_are_only_counted():
    bench = Bench(kind="signal-units")
    bench.tick()
    fill_in, status, message = b"\x80\x80\x00", b"\x80\x80\x01\x03", b"\x80\x81\x3f" + b"m" * 20
    for unit in (status, status, fill_in, *[fill_in] * 90, message, message, fill_in, media.FRAME_BAD_CHECK, fill_in):
        bench.card.comes(0, unit)
    bench.tick(2)
    told = [event for _, _, event in bench.plane.drain()]
    units = [status, fill_in, message, message, fill_in]
    assert told == [*map(media.Frame, units), media.BadFrame(media.FRAME_BAD_CHECK)]
    assert bench.plane.counters()["repeated_units"] == 92


def test_a_d_channel_keeps_repeated_frames():
    bench = Bench()
    for _ in range(3):
        bench.card.comes(0, b"\x02\x01\x01\x00")
    bench.tick()
    assert [event for _, _, event in bench.plane.drain()] == [media.Frame(b"\x02\x01\x01\x00")] * 3


def test_more_frames_than_a_drain_has_room_for():
    bench = Bench(Layout(ports=4, prompt_octets=4096, frame_octets=1 << 18))
    sent = [bytes([n]) * LONGEST for n in range(200)]
    for n in range(0, 200, 50):
        for frame in sent[n : n + 50]:
            bench.card.comes(0, frame)
        bench.tick()
    assert [event.octets for _, _, event in bench.plane.drain()] == sent


def test_a_new_control_neither_doubles_nor_sends_what_was_the_old_ones(tmp_path):
    bench = Bench(path=str(tmp_path / "arena"))
    old = bench.plane
    bench.card.comes(0, b"before")
    bench.tick()
    assert [event for _, _, event in old.drain()] == [media.Frame(b"before")]
    old.send(0, media.SendFrame(b"of the old one"))
    bench.card.comes(0, b"between")
    bench.plane = old.successor()
    with pytest.raises(StaleEpoch):
        old.send(0, media.SendFrame(b"too late"))
    with pytest.raises(StaleEpoch):
        old.drain()
    bench.plane.send(0, media.SendFrame(b"of the new one"))
    bench.tick()
    assert bench.card.sent[0] == [b"of the new one"]
    assert [event for _, _, event in bench.plane.drain()] == [media.Frame(b"between")]
    # The ring of the old epoch comes round again with all its room.
    for _ in range(4):
        bench.plane = bench.plane.successor()
        for n in range(4):
            bench.plane.send(0, media.SendFrame(bytes([n]) * 500))
        bench.tick()
    assert len(bench.card.sent[0]) == 17


step = st.one_of(
    st.tuples(st.just("comes"), st.integers(0, 1), st.integers(1, LONGEST)),
    st.tuples(st.just("comes"), st.integers(0, 1), st.integers(1, 8)),
    st.tuples(st.just("fault"), st.integers(0, 1), st.integers(1, 3)),
    st.tuples(st.just("send"), st.integers(0, 1), st.integers(1, LONGEST)),
    st.tuples(st.just("tick"), st.just(0), st.just(0)),
    st.tuples(st.just("drain"), st.just(0), st.just(0)),
    st.tuples(st.just("epoch"), st.just(0), st.integers(1, 5)),
)


def numbered(number, length):
    """A frame whose every octet tells if it is another's."""
    return bytes((number + n * 7) & 0xFF for n in range(length))


def is_part(part, whole):
    """Whether it is what is left of a list from which some were taken out."""
    rest = iter(whole)
    return all(one in rest for one in part)


@settings(max_examples=300, deadline=None, print_blob=True)
@given(st.lists(step, max_size=120))
def test_any_sequence_loses_only_what_is_counted_and_tears_nothing(steps):
    bench = Bench()
    came, heard, sent, refused = ([], []), ([], []), ([], []), 0
    for number, (what, port, length) in enumerate(steps):
        if what == "comes":
            came[port].append(numbered(number, length))
            bench.card.comes(port, came[port][-1])
        elif what == "fault":
            bench.card.comes(port, length)
        elif what == "send":
            try:
                bench.plane.send(port, media.SendFrame(numbered(number, length)))
                sent[port].append(numbered(number, length))
            except PlaneFull:
                refused += 1
        elif what == "tick":
            bench.tick()
        elif what == "epoch":
            bench.tick()
            for _ in range(length):
                bench.plane = bench.plane.successor()
        if what == "drain" or number == len(steps) - 1:
            if number == len(steps) - 1:
                bench.tick(8)
            for _, at, event in bench.plane.drain():
                if isinstance(event, media.Frame):
                    heard[at].append(event.octets)
    counted = bench.plane.counters()
    for port in range(2):
        assert is_part(heard[port], came[port]) and bench.card.sent[port] == sent[port]
    assert sum(map(len, came)) == sum(map(len, heard)) + counted["frame_overflows"]
    assert refused == 0 or sum(map(len, sent)), "what has no room is refused to whoever sends, and later there is room again"
    bench.tick()
    bench.plane.send(0, media.SendFrame(bytes(LONGEST)))
    bench.card.comes(0, bytes(LONGEST))
    bench.plane.drain()
    bench.tick()
    assert bench.card.sent[0][-1] == bytes(LONGEST) and bench.plane.drain()[-1][2] == media.Frame(bytes(LONGEST))


def test_a_full_ring_counts_and_goes_on():
    bench = Bench()
    for n in range(20):
        bench.card.comes(0, bytes([n]) * 500)
    bench.tick()
    heard = [event.octets[0] for _, _, event in bench.plane.drain()]
    assert heard == [0, 1, 2] and bench.plane.counters()["frame_overflows"] == 17
    bench.card.comes(0, b"after")
    bench.tick()
    assert bench.plane.drain()[0][2] == media.Frame(b"after")


def test_frames_are_whole_while_both_sides_work_at_once():
    bench = Bench(Layout(ports=4, events=256, prompt_octets=4096, frame_octets=4096))
    done, total = threading.Event(), 4000

    def work():
        for n in range(total):
            bench.card.comes(n % 2, numbered(n, 1 + n * 37 % LONGEST))
            bench.tick()
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    heard, last = 0, False
    wanted = [{numbered(n, 1 + n * 37 % LONGEST) for n in range(port, total, 2)} for port in range(2)]
    while not last:
        last = done.is_set()
        for _, port, event in bench.plane.drain():
            assert event.octets in wanted[port]
            heard += 1
    worker.join()
    assert heard + bench.plane.counters()["frame_overflows"] == total
