"""Control's clock on the plane's time (pbx/control_process.py) when the plane goes by a line whose clock is not the computer's."""

import pytest

from pbx.control_process import PlaneClock

HOUR_S = 3600


class Reactor:
    now = 0.0

    def seconds(self):
        return self.now


class Ticked:
    """What PlaneClock asks of a plane: ticks by a line so many millionths too fast, each as late as ``late_s`` says."""

    def __init__(self, reactor, ppm, late_s=lambda now: 0.0):
        self.reactor, self.rate, self.late_s = reactor, 1 + ppm / 1e6, late_s

    @property
    def now(self):
        moment = self.reactor.now - self.late_s(self.reactor.now)
        return (int(moment * self.rate * 100 + 1e-6) + 1) / 100


def late_in_every_second_second(now):
    return 0.3 if int(now) % 2 else 0.0


@pytest.mark.parametrize("late_s", [lambda now: 0.0, late_in_every_second_second], ids=["in time", "often late"])
@pytest.mark.parametrize("ppm", [-1000, -50, 0, 50, 1000])
def test_it_follows_the_plane_and_never_goes_back(ppm, late_s):
    reactor = Reactor()
    plane = Ticked(reactor, ppm, late_s)
    clock, last = PlaneClock(reactor, plane), 0.0
    for tenth in range(HOUR_S * 10):
        reactor.now = tenth / 10
        seconds = clock.seconds()
        assert seconds >= last
        last = seconds
        if reactor.now > 60:
            assert seconds - reactor.now * plane.rate == pytest.approx(0.01, abs=0.02)
