"""Two signalling engines on two media planes that simulated spans join: what tests/signalling does in pure Python, by the planes' own ears.

The switch of either end is a function that answers a primitive with what is to be said and after how many seconds: primitives to the
engine, media commands to the port. Leaves out the floor: engines are told the times of events and are given their timers each tick.
"""

from pbx.engine import Noted
from pbx.exchange import load_sounds
from pbx.tone_plan import china
from pbx.vocabulary import call, media
from tests.plane.rig import Pair

PORT = 20
TICK = 0.01


class Calls:
    """``near`` and ``far`` are the two ends; ``up`` holds what each engine told its switch."""

    def __init__(self, tokens, kinds, port_kinds, engines, switches):
        self.pair = Pair(tokens, kinds)
        self.engines = dict(zip(("near", "far"), engines, strict=True))
        self.switches = dict(zip(("near", "far"), switches, strict=True))
        self.planes = {"near": self.pair.near, "far": self.pair.far}
        self.events = {"near": self.pair.near_events, "far": self.pair.far_events}
        self.read = {"near": 0, "far": 0}
        self.up = {"near": [], "far": []}
        self.trace = []
        self._later = []
        for end, kind in zip(self.engines, port_kinds, strict=True):
            load_sounds(self.planes[end], china(), {})
            self.planes[end].configure_port(PORT, kind)
            self._take(end, self.engines[end].start(self.now))

    @property
    def now(self):
        return self.pair.tick * TICK

    def text(self):
        return "\n".join(f"{time * 1000:8.0f} {end:5} {text}" for time, end, text in self.trace)

    def say(self, end, *values):
        for value in values:
            self.trace.append((self.now, end, f"v {value}"))
            if isinstance(value, media.MediaCommand):
                self.planes[end].send(PORT, value)
            else:
                self._take(end, self.engines[end].receive(value, self.now))

    def _take(self, end, outputs):
        for output in outputs:
            if isinstance(output, media.MediaCommand):
                self.planes[end].send(PORT, output)
                continue
            self.trace.append((self.now, end, output.text if isinstance(output, Noted) else f"^ {output}"))
            if isinstance(output, call.Primitive):
                self.up[end].append(output)
                for seconds, *values in self.switches[end](output):
                    self._later.append((self.now + seconds, end, values))

    def run(self, seconds):
        until = self.pair.tick + round(seconds / TICK)
        while self.pair.tick < until:
            self.pair.run(1)
            for end, engine in self.engines.items():
                events = self.events[end]
                while self.read[end] < len(events):
                    time, port, event = events[self.read[end]]
                    self.read[end] += 1
                    if port == PORT:
                        self.trace.append((time, end, f"< {event}"))
                        self._take(end, engine.receive(event, time))
                while (due := engine.deadline()) is not None and due <= self.now:
                    self._take(end, engine.expire(self.now))
            ready = [row for row in self._later if row[0] <= self.now]
            self._later = [row for row in self._later if row[0] > self.now]
            for _, end, values in ready:
                self.say(end, *values)
