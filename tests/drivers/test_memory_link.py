"""Two wire cards in one process: what one says in tick k the other hears in tick k + 1."""

import random

import pytest
from pbx._plane import lib

from drivers.wire import SpanSettings, TokenChange, Wire, WireError, join
from pbx.media import Layout, Plane
from pbx.vocabulary.media import Bits, SendBits


def pair(tokens: bool = False, settings: SpanSettings | None = None) -> tuple[Wire, Wire]:
    spans = [settings or SpanSettings()]
    a, b = Wire(spans, tokens), Wire(spans, tokens)
    join((a, 0), (b, 0))
    return a, b


def test_sound_arrives_one_tick_later() -> None:
    a, b = pair()
    generator = random.Random(1)
    last_a = last_b = None
    for tick in range(50):
        heard_a, events_a = a.read(tick)
        heard_b, events_b = b.read(tick)
        assert events_a == events_b == []
        if last_a is not None:
            assert heard_b == last_a
            assert heard_a == last_b
        last_a, last_b = generator.randbytes(2400), generator.randbytes(2400)
        a.write(tick, last_a)
        b.write(tick, last_b)
    assert a.counters(0).crc_errors == b.counters(0).crc_errors == 0


@pytest.mark.parametrize("b_first", [False, True])
def test_two_planes_one_after_the_other(b_first: bool) -> None:
    """Whole ticks of one plane before the other's: still one tick, whichever is first."""
    a, b = pair()
    sent: dict[int, bytes] = {}
    for tick in range(10):
        for wire in (b, a) if b_first else (a, b):
            heard, _ = wire.read(tick)
            if wire is b and tick:
                assert heard == sent[tick - 1]
            sent[tick] = bytes([tick]) * 2400
            wire.write(tick, sent[tick] if wire is a else None)


@pytest.mark.parametrize("tokens", [False, True])
def test_bits_go_with_the_next_frame_of_their_circuit(tokens: bool) -> None:
    """Circuit n + 1 is carried by frame n + 1 of 16, in sound and in tokens alike (G.704 5.1.3)."""
    for port in range(30):
        a, b = pair(tokens)
        for offset in (0, 7, 40, 79):
            due = offset
            while due % 16 != port % 15 + 1:
                due += 1
            value = (offset % 14) + 1
            a.read(0)
            b.read(0)
            a.order(port, lib.CARD_ORDER_BITS, value, offset)
            a.write(0)
            b.write(0)
            seen = []
            for tick in range(1, 4):
                a.read(tick)
                seen += [(tick, e.port, e.kind, e.offset, e.value) for e in b.read(tick)[1]]
                a.write(tick)
                b.write(tick)
            assert seen == [(1 + due // 80, port, lib.CARD_EVENT_BITS, due % 80, value)]
            assert b.level(port)[0] == value and a.level(port)[1] == value
            a, b = pair(tokens)


def test_tokens_arrive_one_tick_later() -> None:
    a, b = pair(tokens=True)
    for tick in range(6):
        a.read(tick)
        b.read(tick)
        changes = [TokenChange(3, 0x101, -100), TokenChange(50, 0, 0)]
        assert b.heard(17) == (changes if tick == 3 else [])
        assert b.heard(16) == []
        if tick == 2:
            a.say(17, changes)
        a.write(tick)
        b.write(tick)


def test_exchange_side_of_analog_lines() -> None:
    """Loop state comes as hook events; ringing and reversal go out as bits a and b."""
    exchange, telephones = Wire([SpanSettings(kind="subscribers")]), Wire([SpanSettings(kind="telephones")])
    join((exchange, 0), (telephones, 0))
    log: list[tuple[str, int, int, int]] = []
    for tick in range(12):
        log += [("exchange", tick, e.kind, e.value) for e in exchange.read(tick)[1]]
        log += [("telephone", tick, e.kind, e.value) for e in telephones.read(tick)[1]]
        if tick == 1:
            exchange.order(2, lib.CARD_ORDER_RING, 1)
        if tick == 3:
            telephones.order(2, lib.CARD_ORDER_BITS, 0b0111)
        if tick == 5:
            exchange.order(2, lib.CARD_ORDER_RING, 0)
            exchange.order(2, lib.CARD_ORDER_POLARITY, 1)
        if tick == 7:
            telephones.order(2, lib.CARD_ORDER_BITS, 0b1111)
        exchange.write(tick)
        telephones.write(tick)
    assert log == [
        ("telephone", 2, lib.CARD_EVENT_BITS, 0b0111),
        ("exchange", 4, lib.CARD_EVENT_HOOK, 1),
        ("telephone", 6, lib.CARD_EVENT_BITS, 0b1011),
        ("exchange", 8, lib.CARD_EVENT_HOOK, 0),
    ]


def test_tokens_are_silent_on_a_bad_line_and_stand_again_on_a_good_one() -> None:
    a, b = pair(tokens=True)
    heard = {}
    for tick in range(12):
        a.read(tick)
        b.read(tick)
        heard[tick] = b.heard(5)
        if tick == 1:
            a.say(5, [TokenChange(10, 0x401, -80)])
        if tick in (3, 7):
            b.faults(0).cut(tick == 3)
        a.write(tick)
        b.write(tick)
    assert {tick: changes for tick, changes in heard.items() if changes} == {
        2: [TokenChange(10, 0x401, -80)],
        4: [TokenChange(0, 0)],
        8: [TokenChange(0, 0x401, -80)],
    }


def test_a_token_card_read_too_late_takes_the_levels() -> None:
    """More blocks than the link holds: what was dropped is made good from what the far end now sends."""
    a, b = pair(tokens=True)
    for tick in range(100):
        a.read(tick)
        if tick == 5:
            a.say(5, [TokenChange(10, 0x401, -80)])
            a.order(6, lib.CARD_ORDER_BITS, 3)
        a.write(tick)
    _, events = b.read(100)
    assert b.heard(5) == [TokenChange(0, 0x401, -80)]
    assert [(e.port, e.value) for e in events if e.kind == lib.CARD_EVENT_BITS] == [(6, 3)]


def test_two_planes_tell_bits_at_the_same_time_in_sound_and_in_tokens() -> None:
    told = []
    for tokens in (False, True):
        wires = pair(tokens)
        planes = [Plane.create(Layout(ports=64, prompt_octets=1 << 20, journal_octets=1 << 18, events=4096)) for _ in wires]
        for plane, wire in zip(planes, wires, strict=True):
            plane.add_card(wire.card)
            for port in range(30):
                plane.configure_port(port, "cas")
        times = []
        for tick in range(40):
            if tick == 5:
                for port in range(30):
                    planes[0].send(port, SendBits(port % 7 + 1, at=0.1 + port * 0.0031))
            for plane in planes:
                plane.tick(tick)
            times += [event for event in planes[1].drain() if event[0] > 0.1 and isinstance(event[2], Bits)]
        told.append(times)
    assert len(told[0]) == 30
    assert told[0] == told[1]


def test_a_closed_wire_says_so() -> None:
    a, b = pair()
    a.close()
    a.close()
    with pytest.raises(WireError, match="closed"):
        a.counters(0)
    assert b.counters(0).blocks_sent == 0
