"""Two ends of level 2 back to back, C and Python together: nothing lost, doubled or out of order, whatever the line does."""

import pytest

from benchmarks.no7_terminals import FIGURES, Line, Terminal
from pbx.signalling.ss7 import primitives as p

PREVENTIVE = FIGURES.adjusted(correction="preventive")


def pair(figures=FIGURES, seed=0, delay=1, late=0):
    one, other = (Terminal(figures, late=late) for _ in range(2))
    return one, other, Line(one, other, delay, seed)


def texts(first, count):
    return [b"\x85" + number.to_bytes(2, "big") + bytes(number % 60) for number in range(first, first + count)]


def received(end):
    return [value.octets for value in end.told if isinstance(value, p.ReceivedMessage)]


@pytest.mark.parametrize("emergency", [False, True])
@pytest.mark.parametrize("late", [0, 2])
def test_two_ends_align(emergency, late):
    one, other, line = pair(late=late)
    line.align(emergency)
    assert one.told == other.told == [p.InService()]
    assert line.ticks * 0.01 == pytest.approx(0.6 if emergency else 8.3, abs=0.25)
    assert not one.unexpected and not other.unexpected


@pytest.mark.parametrize("figures", [FIGURES, PREVENTIVE], ids=["basic", "preventive"])
@pytest.mark.parametrize("delay", [1, 3, 30])
@pytest.mark.parametrize("damage", [0.0, 0.003, 0.05])
def test_messages_on_a_bad_line_come_once_and_in_order(figures, delay, damage):
    one, other, line = pair(figures, seed=delay, delay=delay, late=1)
    line.align()
    for way in line.ways:
        way.damage = min(damage, 0.003)
    there, back = texts(0, 300), texts(1000, 300)
    for step in range(0, 300, 10):
        if damage > 0.01 and step == 150:
            for way in line.ways:  # a burst that the monitor bears
                way.damage = damage
            line.run(0.3)
            for way in line.ways:
                way.damage = 0.0
        for octets in there[step : step + 10]:
            one.request(p.MessageForTransmission(octets))
        for octets in back[step : step + 10]:
            other.request(p.MessageForTransmission(octets))
        line.run(0.15)
    line.run(20, lambda: len(received(other)) == len(received(one)) == 300)
    assert received(other) == there
    assert received(one) == back
    assert one.state == other.state == "InService"


@pytest.mark.parametrize("figures", [FIGURES, PREVENTIVE], ids=["basic", "preventive"])
@pytest.mark.parametrize("seed", range(25))
def test_a_cut_loses_nothing_when_what_is_not_accepted_is_retrieved(figures, seed):
    one, other, line = pair(figures, seed, delay=1 + seed % 3, late=seed % 3)
    line.align()
    ways = line.ways
    for way in ways:
        way.damage = 0.002
    there, back = texts(0, 200), texts(1000, 200)
    for octets in there:
        one.request(p.MessageForTransmission(octets))
    for octets in back:
        other.request(p.MessageForTransmission(octets))
    line.run(line.random.uniform(0.05, 1.2))
    ways[seed % 2].whole = False
    if seed % 5:
        ways[1 - seed % 2].whole = False
    assert line.run(10, lambda: one.state == other.state == "OutOfService")
    for end in (one, other):
        end.request(p.RetrieveBsnt())
    line.run(0.1)
    numbers = [next(value.value for value in end.told if isinstance(value, p.Bsnt)) for end in (one, other)]
    one.request(p.RetrievalRequest(numbers[1]))
    other.request(p.RetrievalRequest(numbers[0]))
    line.run(0.1)
    for end, far, sent in ((one, other, there), (other, one, back)):
        rest = [value.octets for value in end.told if isinstance(value, p.RetrievedMessage)]
        assert received(far) + rest == sent
        assert end.told[-1] == p.RetrievalComplete()
        assert sum(isinstance(value, p.OutOfService) for value in end.told) == 1


def test_a_link_begins_anew_after_a_cut():
    one, other, line = pair(late=2)
    line.align()
    one.request(p.MessageForTransmission(b"\x85old"))
    for way in line.ways:
        way.whole = False
    assert line.run(10, lambda: one.state == other.state == "OutOfService")
    for way in line.ways:
        way.whole = True
    line.align()
    one.request(p.MessageForTransmission(b"\x85new"))
    line.run(0.2)
    assert received(other) == [b"\x85new"]


def test_stop_and_start_at_once_leave_nothing_of_the_earlier_life():
    one, other, line = pair(late=2)
    line.align()
    for octets in texts(0, 20):
        other.request(p.MessageForTransmission(octets))
    line.run(0.03)
    one.request(p.Stop())
    one.request(p.Start())
    assert line.run(10, lambda: other.state == "OutOfService")
    assert one.state != "OutOfService"
    other.request(p.Start())
    assert line.run(10, lambda: one.state == other.state == "InService")
    other.request(p.MessageForTransmission(b"\x85new"))
    line.run(0.2)
    assert received(one)[-1] == b"\x85new"


@pytest.mark.parametrize("seconds", [0.4, 1.0, 5.0])
def test_a_stall_of_control_takes_no_link_down(seconds):
    """At 0.4 erlang both ways. Control that stalls gives no messages either."""
    one, other, line = pair()
    other.up = lambda value: other.request(p.Continue()) if isinstance(value, p.RemoteProcessorRecovered) else None
    line.align()
    there, back = [], texts(1000, 960)
    stalled_at = 200
    for step in range(0, 960, 4):
        one.stalled = stalled_at <= step < stalled_at + seconds * 80
        for octets in back[step : step + 4]:
            other.request(p.MessageForTransmission(octets))
        if not one.stalled:
            there += texts(step, 4)
            for octets in there[-4:]:
                one.request(p.MessageForTransmission(octets))
        line.run(0.05)
    line.run(10, lambda: len(received(one)) == len(back))
    assert received(one) == back
    assert received(other) == there
    assert one.state == other.state == "InService"
    assert one.counters().silences == (seconds > 0.5)
    outages = [value for value in other.told if isinstance(value, p.RemoteProcessorOutage | p.RemoteProcessorRecovered)]
    assert outages == ([p.RemoteProcessorOutage(), p.RemoteProcessorRecovered()] if seconds > 0.5 else [])
