"""A line between two exchanges: a subscriber's port here, a port that leads to an exchange there; ringing, reversal, feed, metering, dial
pulses, ground start, measurement, and what is armed. Times are exact to the multiframe of the wire (2 ms)."""

from itertools import pairwise

import pytest

from drivers.wire import SpanSettings, Wire
from pbx.engine import Levels
from pbx.media import Plane
from pbx.media_ring import ExchangeLine
from pbx.vocabulary import media, tones
from pbx.vocabulary.media import MediaEvent
from tests.plane.rig import Pair, kinds_on_port, on_port

LINE = 20
MULTIFRAME = 0.002
WIRE = 0.01


def line(tokens: bool = True) -> Pair:
    """``near`` feeds the line, ``far`` is fed."""
    pair = Pair(tokens, ("subscribers", "offices"))
    pair.near.configure_port(LINE, "fxs")
    pair.far.configure_port(LINE, "fxo")
    pair.run(5)
    assert pair.near_events == pair.far_events == []
    return pair


def near(times: list[float], expected: list[float]) -> bool:
    return len(times) == len(expected) and all(0 <= a - b <= MULTIFRAME for a, b in zip(times, expected, strict=True))


@pytest.mark.parametrize("tokens", [False, True])
def test_two_bursts_of_ringing(tokens: bool) -> None:
    pair = line(tokens)
    begin = pair.tick / 100
    pair.near.send(LINE, media.Ring(400, 200, 400, 2000))
    pair.run(358)
    told = on_port(pair.far_events, LINE)
    assert [event for _, event in told] == [media.RingOn(), media.RingOff()] * 3
    assert near([time for time, _ in told], [begin + WIRE + after for after in (0.0, 0.4, 0.6, 1.0, 3.0, 3.4)])
    assert pair.near.levels(LINE).ringing, "the cadence runs"
    assert not pair.far.levels(LINE).ringing
    pair.far.send(LINE, media.Loop(True))
    pair.run(60)
    assert kinds_on_port(pair.near_events, LINE) == [media.HookOff()]
    assert not pair.near.levels(LINE).ringing, "ring trip"
    assert pair.near.levels(LINE).off_hook
    assert pair.far.levels(LINE).off_hook
    assert len(on_port(pair.far_events, LINE)) == 6


def test_a_second_burst_needs_its_pauses() -> None:
    pair = line()
    for wrong in (media.Ring(400, 0, 400, 2000), media.Ring(400, 200, 400), media.Ring(70000, 200)):
        with pytest.raises(ValueError, match="cadence"):
            pair.near.send(LINE, wrong)


@pytest.mark.parametrize("tokens", [False, True])
def test_reversal_feed_and_metering_at_their_times(tokens: bool) -> None:
    pair = line(tokens)
    at = pair.tick / 100 + 0.1
    for command in (
        media.Reverse(True, at=at),
        media.SendMeterPulse(120, at=at + 0.2),
        media.SendMeterPulse(50, at=at + 0.34),
        media.Feed(False, at=at + 0.5),
        media.Feed(True, at=at + 0.9),
        media.Feed(False, at=at + 1.0),
        media.Feed(True, at=at + 1.045),
        media.Reverse(False, at=at + 1.2),
    ):
        pair.near.send(LINE, command)
    pair.run(60)
    assert pair.near.levels(LINE) == Levels(15, 0b1011, False, False, 0, True, True)
    assert pair.far.levels(LINE) == Levels(0b1011, 15, False, False, 0, True, True)
    pair.run(20)
    assert not pair.near.levels(LINE).battery
    assert not pair.far.levels(LINE).battery
    pair.run(100)
    told = on_port(pair.far_events, LINE)
    # A break of the feed of 45 ms is nothing.
    expected: list[tuple[float, MediaEvent]] = [
        (0.0, media.Polarity(True)),
        (0.32, media.MeterPulse()),
        (0.39, media.MeterPulse()),
        (0.5, media.Battery(False)),
        (0.9, media.Battery(True)),
        (1.2, media.Polarity(False)),
    ]
    assert [event for _, event in told] == [event for _, event in expected]
    assert near([time for time, _ in told], [at + WIRE + after for after, _ in expected])
    assert pair.near.counters()["rejected_commands"] == 0


def test_a_metering_pulse_is_not_begun_within_another() -> None:
    pair = line()
    now = pair.tick / 100
    pair.near.send(LINE, media.SendMeterPulse(200, at=now + 0.1))
    pair.near.send(LINE, media.SendMeterPulse(50, at=now + 0.299))
    pair.near.send(LINE, media.SendMeterPulse(50, at=now + 0.4))
    pair.run(100)
    assert kinds_on_port(pair.far_events, LINE) == [media.MeterPulse()] * 2
    assert pair.near.counters()["rejected_commands"] == 1
    with pytest.raises(ValueError, match="metering"):
        pair.near.send(LINE, media.SendMeterPulse(0))


@pytest.mark.parametrize("tokens", [False, True])
def test_dialling_by_the_loop(tokens: bool) -> None:
    """An exchange that dials into another: breaks of 62 ms ten times a second, the pauses of the other's clock."""
    pair = line(tokens)
    time = pair.tick / 100 + 0.1
    pair.far.send(LINE, media.Loop(True, at=time))
    time += 0.5
    for digit in (1, 10, 3):
        for pulse in range(digit):
            pair.far.send(LINE, media.Loop(False, at=time + 0.1 * pulse))
            pair.far.send(LINE, media.Loop(True, at=time + 0.1 * pulse + 0.062))
        time += 0.1 * digit + 0.4
    pair.far.send(LINE, media.Loop(False, at=time))
    pair.run(450)
    told = on_port(pair.near_events, LINE)
    assert [event for _, event in told] == [media.HookOff(), media.Digit("1"), media.Digit("0"), media.Digit("3"), media.HookOn()]
    # Told when the pause has shown that it is whole.
    assert [b - a > 0.3 for (a, _), (b, _) in pairwise(told)] == [True] * 4


def test_without_pulse_dialling_there_are_no_digits() -> None:
    pair = line()
    pair.near.configure_port(LINE, "fxs", dialling=None)
    pair.far.send(LINE, media.Loop(True))
    pair.run(50)
    pair.far.send(LINE, media.Loop(False))
    pair.far.send(LINE, media.Loop(True, at=pair.tick / 100 + 0.06))
    pair.run(100)
    assert kinds_on_port(pair.near_events, LINE) == [media.HookOff()]


@pytest.mark.parametrize("tokens", [False, True])
def test_ground_start(tokens: bool) -> None:
    pair = line(tokens)
    pair.near.send(LINE, media.Feed(False))
    pair.run(20)
    pair.far.send(LINE, media.Ground(True))
    pair.run(20)
    pair.near.send(LINE, media.Feed(True))
    pair.run(20)
    pair.far.send(LINE, media.Loop(True))
    pair.far.send(LINE, media.Ground(False))
    pair.run(20)
    assert kinds_on_port(pair.far_events, LINE) == [media.Battery(False), media.Battery(True)]
    assert kinds_on_port(pair.near_events, LINE) == [media.Grounded(True), media.HookOff(), media.Grounded(False)]


def test_recognition_times_of_an_exchange_line_can_be_set() -> None:
    pair = line()
    pair.far.configure_port(LINE, "fxo", exchange=ExchangeLine(ringing_ms=300, polarity_ms=20, battery_ms=200, meter_max_ms=100))
    pair.run(2)
    at = pair.tick / 100
    for command in (
        media.Reverse(True, at=at),
        media.Reverse(False, at=at + 0.03),
        media.Feed(False, at=at + 0.1),
        media.Feed(True, at=at + 0.25),
        media.SendMeterPulse(120, at=at + 0.3),
    ):
        pair.near.send(LINE, command)
    pair.near.send(LINE, media.Ring(250, 1000))
    pair.run(100)
    assert kinds_on_port(pair.far_events, LINE) == [media.Polarity(True), media.Polarity(False)]


@pytest.mark.parametrize("tokens", [False, True])
def test_a_line_is_measured(tokens: bool) -> None:
    pair = line(tokens)
    pair.near.send(LINE, media.MeasureLine())
    pair.run(3)
    assert kinds_on_port(pair.near_events, LINE) == [media.LineMeasured(n, value) for n, value in enumerate((65535, 10000, 0, 0, 1000))]
    pair.near_wire.set_line(LINE, "loop-resistance-ohm", 1234)
    pair.near_wire.set_line(LINE, "insulation-kohm", 35)
    pair.near_wire.set_line(LINE, "foreign-ac-volt", 220)
    pair.near_wire.set_line(LINE, "foreign-dc-volt", 60)
    pair.near_wire.set_line(LINE, "capacitance-nf", 470)
    pair.far.send(LINE, media.Loop(True))
    pair.run(10)
    pair.near_events.clear()
    pair.near.send(LINE, media.MeasureLine())
    pair.run(3)
    assert kinds_on_port(pair.near_events, LINE) == [media.LineMeasured(n, value) for n, value in enumerate((1234, 35, 220, 60, 470))]
    refused = pair.far.counters()["rejected_commands"]
    pair.far.send(LINE, media.MeasureLine())
    pair.run(2)
    assert pair.far.counters()["rejected_commands"] == refused + 1


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("circuits", media.Reverse(True)),
        ("telephones", media.SendMeterPulse(50)),
        ("subscribers", media.Loop(True)),
        ("subscribers", media.Ground(True)),
        ("offices", media.Feed(False)),
    ],
)
def test_orders_of_another_kind_of_line_are_refused(kind, command: media.MediaCommand) -> None:
    plane = Plane.create()
    wire = Wire([SpanSettings(kind=kind)], tokens=True)
    plane.add_card(wire.card)
    plane.send(3, command)
    plane.tick(0)
    assert plane.counters()["rejected_commands"] == 1


@pytest.mark.parametrize("tokens", [False, True])
def test_an_armed_command_of_the_line(tokens: bool) -> None:
    """Answer supervision in C: 200 ms after the loop was closed the poles are reversed, a second later the loop is open again."""
    pair = line(tokens)
    pair.near.send(LINE, media.Armed(media.HookOff(), media.Reverse(True), 1600, 1e6))
    pair.far.send(LINE, media.Armed(media.Polarity(True), media.Loop(False), 8000, 1e6))
    pair.run(3)
    closed = pair.tick / 100 + 0.004
    pair.far.send(LINE, media.Loop(True, at=closed))
    pair.run(300)
    (lifted, off), (cleared, on) = on_port(pair.near_events, LINE)
    ((reversed_, polarity),) = on_port(pair.far_events, LINE)
    assert (off, on, polarity) == (media.HookOff(), media.HookOn(), media.Polarity(True))
    assert near([lifted, reversed_, cleared], [closed + WIRE, lifted + 0.2 + WIRE, reversed_ + 1.0 + WIRE])


@pytest.mark.parametrize("tokens", [False, True])
def test_octets_are_loaded_at_once_and_begin_when_they_are_armed(tokens: bool) -> None:
    """Off-hook caller identity: while the alerting tone sounds the message is loaded; the telephone's D starts it."""
    pair = line(tokens)
    message = bytes([0x80, 5, 2, 3, 0x31, 0x31, 0x30, 0xE4])
    pair.far.send(LINE, media.Loop(True))
    pair.near.send(LINE, media.Listen(media.RECEIVE_DTMF))
    pair.run(20)
    pair.near.send(LINE, media.SendTone(tones.special("dual-tone-alert"), 80))
    pair.near.send(LINE, media.Armed(media.Digit("D"), media.SendOctets(media.MODEMS["bell202"], message), 400, 1e6))
    pair.run(15)
    pair.far.send(LINE, media.Listen(media.RECEIVE_CALLER_IDENTITY))
    pair.run(40)
    octets = [event for event in kinds_on_port(pair.far_events, LINE) if isinstance(event, media.Octet)]
    assert octets == [], "armed is not begun"
    pair.far.send(LINE, media.SendDigits("D", 60))
    pair.run(80)
    values = [event.value for event in kinds_on_port(pair.far_events, LINE) if isinstance(event, media.Octet)]
    assert bytes(value for value in values if value < 256) == message
    assert media.Octet(media.OCTETS_SENT) in kinds_on_port(pair.near_events, LINE)


def test_a_new_control_adopts_by_levels() -> None:
    """What stood before this control came is told again to a port of a new kind, and levels show it."""
    pair = line()
    pair.near.send(LINE, media.Reverse(True))
    pair.near.send(LINE, media.Ring(1000, 4000))
    pair.far.send(LINE, media.Loop(True))
    pair.run(10)
    pair.far.configure_port(LINE, "raw")
    pair.run(2)
    pair.far_events.clear()
    pair.far.configure_port(LINE, "fxo")
    pair.run(20)
    assert kinds_on_port(pair.far_events, LINE) == [media.Polarity(True)]
    assert pair.far.levels(LINE).polarity_reversed
    pair.far.configure_port(LINE, "fxo")
    pair.run(20)
    assert len(kinds_on_port(pair.far_events, LINE)) == 1


def test_levels_are_what_was_told() -> None:
    """A control that begins by the levels hears of changes alone: a touch of the bell that is not told has no end that is told either."""

    def stands() -> tuple[bool, bool, bool]:
        levels = pair.far.levels(LINE)
        return levels.ringing, levels.polarity_reversed, levels.battery

    pair = line()
    pair.near.send(LINE, media.Ring(20, 4000))
    pair.near.send(LINE, media.Reverse(True))
    pair.near.send(LINE, media.Feed(False))
    pair.run(2)
    assert stands() == (False, False, True)
    pair.run(100)
    told = kinds_on_port(pair.far_events, LINE)
    assert media.RingOn() not in told
    assert media.Polarity(True) in told and media.Battery(False) in told
    assert stands() == (False, True, False)


def test_virtual_time_jumps_over_a_line_at_rest() -> None:
    pair = line()
    pair.run(20)
    assert pair.near.next_activity() is None
    pair.near.send(LINE, media.Reverse(True, at=pair.tick / 100 + 100))
    pair.near.send(LINE, media.MeasureLine())
    run = pair.run_jumping(20000)
    assert run < 100
    assert kinds_on_port(pair.far_events, LINE) == [media.Polarity(True)]
    assert len(kinds_on_port(pair.near_events, LINE)) == 5


def test_a_raw_port_is_told_all_of_it() -> None:
    pair = line()
    pair.far.configure_port(LINE, "raw")
    for command in (media.Ring(1000, 4000), media.Reverse(True), media.Feed(False), media.SendMeterPulse(20)):
        pair.near.send(LINE, command)
        pair.run(5)
    assert kinds_on_port(pair.far_events, LINE) == [media.RingOn(), media.Polarity(True), media.Battery(False), media.MeterPulse()]
