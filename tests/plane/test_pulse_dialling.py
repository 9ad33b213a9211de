"""Dial pulses from a port that leads to an exchange: exact to the sample, digit behind digit, cut by an order, received as digits."""

import pytest

from drivers.wire import SpanSettings, Wire, join
from pbx.media import Layout, Plane
from pbx.vocabulary.media import Digit, Disarm, HookOff, HookOn, Loop, SendPulses

TICK_S = 0.01


class Line:
    """A port that leads to an exchange and the subscriber's port of that exchange, each on a plane of its own."""

    def __init__(self, kind="fxs"):
        self.near, self.far = (Plane.create(Layout(ports=30)) for _ in range(2))
        self.wires = [Wire([SpanSettings(kind=name)], tokens=True) for name in ("offices", "subscribers")]
        join((self.wires[0], 0), (self.wires[1], 0))
        self.near.add_card(self.wires[0].card)
        self.far.add_card(self.wires[1].card)
        self.near.configure_port(0, "fxo")
        self.far.configure_port(0, kind)
        self.tick = 0
        self.events = []

    def run(self, seconds):
        for _ in range(round(seconds / TICK_S)):
            self.near.tick(self.tick)
            self.far.tick(self.tick)
            self.near.drain()
            self.events += [(at, event) for at, port, event in self.far.drain() if port == 0]
            self.tick += 1


def digits(line):
    return "".join(event.digit for _, event in line.events if isinstance(event, Digit))


def test_every_digit_arrives():
    line = Line()
    line.near.send(0, Loop(True))
    line.run(0.3)
    line.near.send(0, SendPulses((1, 2, 3, 4, 5, 6, 7, 8, 9, 10)))
    line.run(14.0)
    assert digits(line) == "1234567890"
    assert [type(event) for _, event in line.events if not isinstance(event, Digit)] == [HookOff]


@pytest.mark.parametrize(("break_ms", "make_ms"), [(61, 39), (50, 33), (75, 50)])
def test_breaks_and_makes_have_their_length(break_ms, make_ms):
    line = Line("raw")
    line.near.send(0, Loop(True))
    line.run(0.3)
    line.near.send(0, SendPulses((3, 2), break_ms, make_ms, 500))
    line.run(2.0)
    edges = [(at, event) for at, event in line.events if isinstance(event, HookOff | HookOn)][1:]
    times = [round((at - edges[0][0]) * 1000) for at, _ in edges]
    whole = break_ms + make_ms
    second = 2 * whole + break_ms + 500
    wanted = [0, break_ms, whole, whole + break_ms, 2 * whole, 2 * whole + break_ms]
    wanted += [second, second + break_ms, second + whole, second + whole + break_ms]
    # The multiframe of time slot 16 gives the far end's view of the loop a grain of 2 ms.
    assert all(abs(time - want) <= 2 for time, want in zip(times, wanted, strict=True)), (times, wanted)


def test_digits_that_come_later_keep_the_pause_and_an_order_ends_them():
    line = Line()
    line.near.send(0, Loop(True))
    line.run(0.3)
    line.near.send(0, SendPulses((1,)))
    line.run(0.2)
    line.near.send(0, SendPulses((2, 9)))
    line.run(1.6)
    line.near.send(0, Disarm())
    line.run(1.5)
    assert digits(line).startswith("12") and "9" not in digits(line)
    line.near.send(0, SendPulses((5,)))
    line.run(0.1)
    line.near.send(0, Loop(False))
    line.run(1.5)
    assert isinstance(line.events[-1][1], HookOn)
    assert line.near.counters()["rejected_commands"] == 0


def test_more_digits_than_there_is_room_for_are_refused():
    line = Line()
    line.near.send(0, Loop(True))
    line.near.send(0, SendPulses((1,) * 40))
    line.run(0.1)
    assert line.near.counters()["rejected_commands"] == 8
