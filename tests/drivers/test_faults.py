"""Faults on the line are inputs: counted exactly, the same for the same seed, gone when they are taken away."""

import math
import random

import pytest
from pbx._plane import lib

from drivers.wire import CardEvent, SpanSettings, Wire, WireError, join

SILENCE = bytes([0xD5]) * 2400


def pair(tokens: bool = False, **settings: int) -> tuple[Wire, Wire]:
    a, b = Wire([SpanSettings(**settings)], tokens), Wire([SpanSettings(**settings)], tokens)  # type: ignore[arg-type]
    join((a, 0), (b, 0))
    return a, b


def run(a: Wire, b: Wire, ticks: range, sound: bytes | None = None) -> list[tuple[int, CardEvent]]:
    """What b tells, with its tick."""
    told = []
    for tick in ticks:
        a.read(tick)
        told += [(tick, event) for event in b.read(tick)[1]]
        a.write(tick, sound)
        b.write(tick)
    return told


def alarms_of(told: list[tuple[int, CardEvent]], port: int = 0) -> list[int]:
    return [e.value for _, e in told if e.kind == lib.CARD_EVENT_ALARM and e.port == port]


@pytest.mark.parametrize("rate", [1e-3, 1e-4, 1e-5])
def test_bit_errors_are_as_many_as_asked_for(rate: float) -> None:
    """Within four standard deviations of a binomial distribution; CRC sees nearly all blocks that are hit."""
    a, b = pair()
    b.faults(0).bit_errors(rate, seed=11)
    run(a, b, range(500), random.Random(5).randbytes(2400))
    bits = 500 * 2560 * 8
    counted = b.counters(0)
    assert abs(counted.injected_errors - bits * rate) <= 4 * math.sqrt(bits * rate), "seed 11"
    if rate == 1e-5:
        assert counted.frame_losses == 0
        # A block of 2048 bits is wrong with this probability; an error in the C bits makes its own block's check wrong.
        expected = 500 * 10 * (1 - (1 - rate) ** 2048)
        assert abs(counted.crc_errors - expected) <= 4 * math.sqrt(expected) + 1, "seed 11"
        fas = 500 * 40 * 7 * rate
        assert abs(counted.fas_errors - fas) <= 4 * math.sqrt(fas) + 1, "seed 11"


def test_the_same_seed_makes_the_same_errors() -> None:
    heard = []
    for seed in (3, 3, 4):
        a, b = pair()
        b.faults(0).bit_errors(1e-3, seed)
        for tick in range(6):
            a.read(tick)
            sound, _ = b.read(tick)
            a.write(tick)
            b.write(tick)
        heard.append(sound)
    assert heard[0] == heard[1] != heard[2]


def test_a_burst_loses_the_frames_and_they_come_back() -> None:
    a, b = pair()
    run(a, b, range(5))
    b.faults(0).burst(start_samples=100, length_samples=240, seed=9)
    told = run(a, b, range(5, 40))
    raised = next(tick * 80 + e.offset for tick, e in told if e.kind == lib.CARD_EVENT_ALARM and e.value)
    assert 500 < raised < 500 + 240
    assert alarms_of(told)[-1] == 0 and b.alarms(0) == 0
    assert abs(b.counters(0).injected_errors - 240 * 128) < 4 * math.sqrt(240 * 64)


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("direction", ["received", "sent"])
@pytest.mark.parametrize(
    ("fault", "alarm"),
    [
        ("cut", lib.CARD_ALARM_LOS),
        ("alarm_indication", lib.CARD_ALARM_AIS),
        ("no_frames", lib.CARD_ALARM_LOF),
        ("remote_alarm", lib.CARD_ALARM_RAI),
    ],
)
def test_every_alarm_on_every_port_and_back(tokens: bool, direction: str, fault: str, alarm: int) -> None:
    """The alarm comes, bits freeze, the far end sees it as RAI; taken away, all is well and the bits are told."""
    a, b = pair(tokens)
    put = b.faults(0) if direction == "received" else a.faults(0, "sent")
    run(a, b, range(5))
    assert a.level(3)[4] == b.level(3)[4] == 0
    getattr(put, fault)()
    told = run(a, b, range(5, 10))
    assert all(alarms_of(told, port) == [alarm] for port in range(30))
    assert b.level(29)[4] == alarm
    a.order(4, lib.CARD_ORDER_BITS, 0b0010)
    told = run(a, b, range(10, 15))
    bits = [(e.port, e.value) for _, e in told if e.kind == lib.CARD_EVENT_BITS]
    if alarm == lib.CARD_ALARM_RAI:
        assert bits == [(4, 2)]
        assert a.alarms(0) == 0
    else:
        assert bits == []
        assert b.level(4)[0] == 0b1111
        assert a.alarms(0) == lib.CARD_ALARM_RAI
    put.clear()
    told = run(a, b, range(15, 30))
    assert alarms_of(told)[-1] == 0
    assert a.alarms(0) == b.alarms(0) == 0
    assert b.level(4)[0] == 0b0010


def test_no_bits_are_made_up_by_any_fault_that_cuts() -> None:
    for fault in ("cut", "alarm_indication", "no_frames"):
        a, b = pair()
        for port in range(30):
            a.order(port, lib.CARD_ORDER_BITS, port % 14 + 1)
        run(a, b, range(6))
        getattr(b.faults(0), fault)()
        told = run(a, b, range(6, 12))
        b.faults(0).clear()
        told += run(a, b, range(12, 30))
        assert not [e for _, e in told if e.kind == lib.CARD_EVENT_BITS], fault


def ramp(tick: int) -> bytes:
    """Sound in which every sample of 250 is different, the same on every port."""
    return bytes((tick * 80 + n) % 250 for n in range(80)) * 30


def stream_of(b: Wire, a: Wire, ticks: int, slips: dict[int, bool]) -> tuple[list[int], list[CardEvent]]:
    heard: list[int] = []
    events: list[CardEvent] = []
    for tick in range(ticks):
        if tick in slips:
            b.faults(0).slip(slips[tick], offset=30)
        a.read(tick)
        sound, told = b.read(tick)
        heard += sound[17 * 80 : 18 * 80]
        events += told
        a.write(tick, ramp(tick))
        b.write(tick)
    return heard, events


@pytest.mark.parametrize("repeated", [False, True])
def test_a_slip_moves_the_sound_by_one_frame_and_nothing_else(repeated: bool) -> None:
    a, b = pair(slack_frames=10)
    heard, events = stream_of(b, a, 12, {6: repeated})
    at = 6 * 80 + 30
    late = 80 + 10
    assert heard[200:at] == [(n - late) % 250 for n in range(200, at)]
    late += 1 if repeated else -1
    assert heard[at:] == [(n - late) % 250 for n in range(at, len(heard))]
    assert [(e.port, e.kind, e.offset, e.value) for e in events] == [
        (port, lib.CARD_EVENT_SLIP, 30, int(repeated)) for port in range(30)
    ]
    counted = b.counters(0)
    assert (counted.slips_repeated, counted.slips_lost) == ((1, 0) if repeated else (0, 1))
    assert counted.crc_errors == counted.frame_losses == 0


def test_an_empty_store_gives_a_lost_frame_back_at_the_end_of_the_block() -> None:
    a, b = pair()
    heard, _ = stream_of(b, a, 12, {6: False})
    block = [(n - 80) % 250 for n in range(6 * 80, 7 * 80)]
    assert heard[6 * 80 : 7 * 80] == block[:30] + block[31:] + block[-1:]
    assert heard[7 * 80 :] == [(n - 80) % 250 for n in range(7 * 80, 12 * 80)]


def test_many_slips_are_all_counted() -> None:
    """More than a block of slips each way: the store wraps, the counters stay exact, the alignment stands."""
    for repeated in (True, False):
        a, b = pair(slack_frames=40)
        stream_of(b, a, 220, dict.fromkeys(range(10, 210), repeated))
        counted = b.counters(0)
        assert counted.slips_repeated + counted.slips_lost == 200
        assert (counted.slips_repeated if repeated else counted.slips_lost) == 200
        assert counted.frame_losses == counted.crc_errors == b.alarms(0) == 0


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("ticks", [1, 7, 60])
def test_delay(tokens: bool, ticks: int) -> None:
    a, b = pair(tokens)
    b.faults(0).delay(ticks)
    a.order(8, lib.CARD_ORDER_BITS, 3, 0)
    told = run(a, b, range(ticks + 5))
    assert [(tick, e.kind, e.offset, e.value) for tick, e in told] == [(ticks + 1, lib.CARD_EVENT_BITS, 9, 3)]
    b.faults(0).delay(0)
    a.order(8, lib.CARD_ORDER_BITS, 5, 0)
    start = ticks + 5
    told = run(a, b, range(start, start + 5))
    assert [(tick, e.kind, e.offset, e.value) for tick, e in told] == [(start + 1, lib.CARD_EVENT_BITS, 9, 5)]
    assert b.counters(0).frame_losses == 0


@pytest.mark.parametrize("bits", [1, 8, 77, 255])
def test_phase_of_the_line(bits: int) -> None:
    """The line's octets need not stand on ours: a loss, a new search, and the sound a frame later."""
    a, b = pair()
    run(a, b, range(3))
    b.faults(0).phase(bits)
    run(a, b, range(3, 12), bytes([9]) * 2400)
    assert b.alarms(0) == 0
    assert b.counters(0).frame_losses == 1
    assert b.read(12)[0] == bytes([9]) * 2400


def test_a_card_taken_away_is_los_at_the_other_end() -> None:
    a, b = pair()
    run(a, b, range(3))
    a.close()
    b.read(3)
    assert b.alarms(0) == lib.CARD_ALARM_LOS
    c = Wire([SpanSettings()])
    b.unjoin(0)
    join((c, 0), (b, 0))
    assert alarms_of(run(c, b, range(4, 6))) == [0]


def test_quiet() -> None:
    """Not while anything is under way, audible or wrong; then yes, and a jump of the clock is not noticed."""
    for tokens in (False, True):
        a, b = pair(tokens)
        run(a, b, range(10))
        assert a.quiet() and b.quiet()
        a.order(2, lib.CARD_ORDER_BITS, 6)
        assert not a.quiet()
        assert len(run(a, b, range(10, 12))) == 1
        assert not b.quiet()
        run(a, b, range(12, 22))
        assert a.quiet() and b.quiet()
        b.faults(0).bit_errors(1e-9, 1)
        assert not b.quiet()
        b.faults(0).clear()
        assert not b.quiet()  # the end of a fault is news for the far end
        run(a, b, range(22, 32))
        assert b.quiet()
        assert run(a, b, range(5000, 5005)) == []
        a.order(2, lib.CARD_ORDER_BITS, 7)
        assert [(tick, e.value) for tick, e in run(a, b, range(5005, 5008))] == [(5006, 7)]
        assert b.counters(0).crc_errors == 0
    a, b = pair()
    run(a, b, range(10), bytes([3]) * 2400)
    assert not a.quiet() and not b.quiet()


def test_too_little_room_for_events_is_made_good_later(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = pair()
    for port in range(30):
        a.order(port, lib.CARD_ORDER_BITS, 2)
    monkeypatch.setattr("drivers.wire._EVENT_ROOM", 4)
    told = run(a, b, range(12))
    assert sorted(e.port for _, e in told) == list(range(30))
    assert {e.value for _, e in told} == {2}


def test_what_cannot_be_is_refused() -> None:
    a, b = pair()
    for refused in (
        lambda: b.faults(0).delay(61),
        lambda: b.faults(0).bit_errors(1.5, 1),
        lambda: b.faults(0).bit_errors(float("nan"), 1),
        lambda: b.faults(0).phase(256),
        lambda: b.faults(1).cut(),
        lambda: join((a, 0), (b, 0)),
        lambda: join((Wire([SpanSettings()]), 0), (Wire([SpanSettings()], tokens=True), 0)),
        lambda: a.order(0, lib.CARD_ORDER_RING, 1),
        lambda: a.order(30, lib.CARD_ORDER_BITS, 1),
        lambda: Wire([SpanSettings()]).unjoin(0),
    ):
        with pytest.raises(WireError):
            refused()
