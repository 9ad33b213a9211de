"""Spans of analog lines without a plane: every order of one end is one event of the other; connection, cut loops, measurement."""

import pytest
from pbx._plane import lib

from drivers.wire import Kind, SpanSettings, TokenChange, Wire, join

LINE = 17


class Ends:
    """The exchange's end, which feeds, and the other end, stepped together; ``log`` is what either was told."""

    def __init__(self, tokens: bool, far: Kind = "offices", joined: bool = True) -> None:
        self.near, self.far = Wire([SpanSettings(kind="subscribers")], tokens), Wire([SpanSettings(kind=far)], tokens)
        if joined:
            join((self.near, 0), (self.far, 0))
        self.tick = 0
        self.log: list[tuple[str, int, int, int]] = []
        self.sound = (b"", b"")

    def run(self, ticks: int, near: bytes | None = None, far: bytes | None = None) -> None:
        for _ in range(ticks):
            sounds = []
            for name, wire in (("near", self.near), ("far", self.far)):
                sound, events = wire.read(self.tick)
                sounds.append(sound)
                self.log += [(name, e.port, e.kind, e.value) for e in events if e.kind != lib.CARD_EVENT_ALARM]
            self.sound = (sounds[0], sounds[1])
            self.near.write(self.tick, near)
            self.far.write(self.tick, far)
            self.tick += 1

    def told(self) -> list[tuple[str, int, int, int]]:
        log, self.log = self.log, []
        return log


ORDERS = [
    ("near", lib.CARD_ORDER_RING, lib.CARD_EVENT_RINGING),
    ("near", lib.CARD_ORDER_POLARITY, lib.CARD_EVENT_POLARITY),
    ("near", lib.CARD_ORDER_FEED, lib.CARD_EVENT_BATTERY),
    ("near", lib.CARD_ORDER_METERING, lib.CARD_EVENT_METERING),
    ("far", lib.CARD_ORDER_LOOP, lib.CARD_EVENT_HOOK),
    ("far", lib.CARD_ORDER_GROUND, lib.CARD_EVENT_GROUND),
]


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize(("end", "order", "event"), ORDERS)
def test_an_order_is_an_event_at_the_other_end(tokens, end, order, event):
    ends = Ends(tokens)
    ends.run(2)
    wire, other = (ends.near, "far") if end == "near" else (ends.far, "near")
    at_rest = int(order == lib.CARD_ORDER_FEED)
    for value in (1 - at_rest, at_rest):
        wire.order(LINE, order, value)
        ends.run(3)
        assert ends.told() == [(other, LINE, event, value)]


@pytest.mark.parametrize("tokens", [False, True])
def test_all_signals_of_a_line_at_once(tokens):
    ends = Ends(tokens)
    ends.run(2)
    for end, order, _ in ORDERS:
        wire = ends.near if end == "near" else ends.far
        wire.order(LINE, order, int(order != lib.CARD_ORDER_FEED))
    ends.run(3)
    assert sorted(ends.told()) == sorted(
        ("far" if end == "near" else "near", LINE, event, int(order != lib.CARD_ORDER_FEED)) for end, order, event in ORDERS
    )


@pytest.mark.parametrize("tokens", [False, True])
def test_what_stands_is_told_when_the_line_comes_back(tokens):
    ends = Ends(tokens)
    ends.run(2)
    ends.far.order(LINE, lib.CARD_ORDER_LOOP, 1)
    ends.run(5)
    ends.told()
    ends.near.faults(0).cut()
    ends.run(20)
    ends.far.order(LINE, lib.CARD_ORDER_LOOP, 0)
    ends.far.order(3, lib.CARD_ORDER_GROUND, 1)
    ends.run(20)
    assert ends.told() == [], "on a bad line the last bits stand"
    ends.near.faults(0).clear()
    ends.run(60)
    assert sorted(ends.told()) == [("near", 3, lib.CARD_EVENT_GROUND, 1), ("near", LINE, lib.CARD_EVENT_HOOK, 0)]


@pytest.mark.parametrize("tokens", [False, True])
def test_what_stood_before_the_connection_is_told_after_it(tokens):
    ends = Ends(tokens, joined=False)
    ends.near.order(LINE, lib.CARD_ORDER_FEED, 0)
    ends.near.order(LINE, lib.CARD_ORDER_RING, 1)
    ends.run(5)
    join((ends.near, 0), (ends.far, 0))
    ends.run(60)
    assert sorted(ends.told()) == [("far", LINE, lib.CARD_EVENT_RINGING, 1), ("far", LINE, lib.CARD_EVENT_BATTERY, 0)]


@pytest.mark.parametrize("tokens", [False, True])
def test_a_cut_line_is_on_hook_whatever_the_telephone_does(tokens):
    ends = Ends(tokens)
    ends.far.order(LINE, lib.CARD_ORDER_LOOP, 1)
    ends.run(5)
    ends.told()
    ends.near.cut_line(LINE)
    assert not ends.near.quiet()
    ends.run(5)
    assert sorted(ends.told()) == [("far", LINE, lib.CARD_EVENT_BATTERY, 0), ("near", LINE, lib.CARD_EVENT_HOOK, 0)]
    assert not ends.near.level(LINE)[2]
    ends.far.order(LINE, lib.CARD_ORDER_LOOP, 0)
    ends.near.order(LINE, lib.CARD_ORDER_RING, 1)
    ends.run(5)
    ends.far.order(LINE, lib.CARD_ORDER_LOOP, 1)
    ends.run(5)
    assert ends.told() == []
    ends.near.cut_line(LINE, False)
    ends.run(5)
    assert sorted(ends.told()) == [
        ("far", LINE, lib.CARD_EVENT_RINGING, 1),
        ("far", LINE, lib.CARD_EVENT_BATTERY, 1),
        ("near", LINE, lib.CARD_EVENT_HOOK, 1),
    ]


def test_a_cut_line_is_silent_both_ways():
    ends = Ends(False)
    sound = bytes(range(1, 241)) * 10
    ends.run(4, sound, sound)
    assert ends.sound == (sound, sound)
    ends.near.cut_line(LINE)
    ends.run(4, sound, sound)
    silent = sound[: LINE * 80] + bytes([0xD5]) * 80 + sound[(LINE + 1) * 80 :]
    assert ends.sound == (silent, silent)
    ends.near.cut_line(LINE, False)
    ends.run(4, sound, sound)
    assert ends.sound == (sound, sound)


def test_tokens_of_a_cut_line():
    ends = Ends(True)

    def step(near_says: list[TokenChange], far_says: list[TokenChange]) -> tuple[list[TokenChange], list[TokenChange]]:
        ends.near.read(ends.tick)
        ends.far.read(ends.tick)
        heard = ends.near.heard(LINE), ends.far.heard(LINE)
        ends.near.say(LINE, near_says)
        ends.far.say(LINE, far_says)
        ends.near.write(ends.tick)
        ends.far.write(ends.tick)
        ends.tick += 1
        return heard

    dial, digit, silence = TokenChange(7, 0x401, -100), TokenChange(9, 0x335, -70), TokenChange(0, 0, 0)
    step([dial], [digit])
    assert step([], []) == ([digit], [dial])
    ends.near.cut_line(LINE)
    assert step([], []) == ([silence], [])
    assert step([TokenChange(3, 0x402, -90)], [TokenChange(5, 0x336, -60)]) == ([], [silence])
    assert step([], []) == ([], [])
    ends.near.cut_line(LINE, False)
    assert step([], []) == ([TokenChange(0, 0x336, -60)], [])
    assert step([], []) == ([], [TokenChange(0, 0x402, -90)])
    assert step([], []) == ([], [])
    # Cut and mended in the middle of a tick: writing is the first to know of it.
    for cut, heard in ((True, ([silence], [silence])), (False, ([TokenChange(0, 0x336, -60)], [TokenChange(0, 0x402, -90)]))):
        ends.near.read(ends.tick)
        ends.far.read(ends.tick)
        ends.near.cut_line(LINE, cut)
        ends.near.write(ends.tick)
        ends.far.write(ends.tick)
        ends.tick += 1
        assert step([], []) == heard


@pytest.mark.parametrize("tokens", [False, True])
def test_a_cut_line_measures_as_open_and_without_a_bell(tokens):
    ends = Ends(tokens)
    ends.far.order(LINE, lib.CARD_ORDER_LOOP, 1)
    ends.run(5)
    for cut, loop, capacitance in ((False, 400, 1000), (True, 65535, 0)):
        ends.near.cut_line(LINE, cut)
        ends.run(3)
        ends.told()
        ends.near.order(LINE, lib.CARD_ORDER_MEASURE, 0)
        assert not ends.near.quiet()
        ends.run(1)
        expected = [loop, 10000, 0, 0, capacitance]
        assert ends.told() == [("near", LINE, lib.CARD_EVENT_MEASURED, n << 24 | value) for n, value in enumerate(expected)]


def test_measurements_of_all_lines_that_find_no_room_come_later():
    near = Wire([SpanSettings(kind="subscribers")], True)
    for port in range(30):
        near.order(port, lib.CARD_ORDER_MEASURE, 0)
    events = []
    for tick in range(20):
        count = lib.card_read(near.card, near._sound, near._events, 12, tick)  # room for two lines
        assert count in (0, 10)
        events += [(e.port, e.value >> 24) for e in near._events[0:count] if e.kind == lib.CARD_EVENT_MEASURED]
        near.write(tick)
    assert events == [(port, quantity) for port in range(30) for quantity in range(5)]


def test_what_a_line_cannot_be():
    wire = Wire([SpanSettings(kind="subscribers"), SpanSettings(kind="offices")], True)
    for port, value in ((-1, 5), (30, 5), (60, 5), (3, 65536), (3, -1)):
        with pytest.raises(ValueError, match="loop-resistance-ohm"):
            wire.set_line(port, "loop-resistance-ohm", value)
    wire.set_line(29, "insulation-kohm", 100_000)
    with pytest.raises(ValueError, match="no subscriber"):
        wire.cut_line(31)
