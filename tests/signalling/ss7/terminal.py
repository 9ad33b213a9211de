"""Who stands at the ends of level 2 as it is (benchmarks/no7_terminals.py) in tests.

``FarEnd`` is a far end by hand: it sends what a test tells it to and writes down what it hears. ``TerminalWire`` has the face of
level2.Wire, so that whole signalling points can stand upon level 2.
"""

from benchmarks.no7_terminals import BEFORE_AND_BEHIND, FIGURES, TICK, TICK_OCTETS, Line, Terminal
from pbx.signalling.ss7 import primitives as p


class TerminalWire:
    """A link between two signalling points, ticked by their world."""

    figures = FIGURES

    def __init__(self, world, one_up, other_up):
        self.world = world
        self.one, self.other = (Terminal(self.figures, up=up, late=1) for up in (one_up, other_up))
        self.line = Line(self.one, self.other, seed=world.random.random())
        world.at(TICK, self._tick)

    def _tick(self):
        self.line.tick()
        self.world.at(TICK, self._tick)

    def cut(self):
        """One way or both."""
        for way in self.world.random.choice((self.line.ways, self.line.ways[:1], self.line.ways[1:])):
            way.whole = False

    def mend(self):
        for way in self.line.ways:
            way.whole = True


class FarEnd:
    """The far end of one terminal, by hand. ``heard``: each unit that differs from the one before, with its tick."""

    def __init__(self, figures=FIGURES, **options):
        self.end = Terminal(figures, **options)
        self.ticks = 0
        self.heard = []
        self.standing = None
        self.backward, self.backward_bit, self.forward, self.forward_bit = 127, 1, 127, 1

    # What is sent.

    def header(self, length, **changes):
        fields = {"bsn": self.backward, "bib": self.backward_bit, "fsn": self.forward, "fib": self.forward_bit} | changes
        return bytes([fields["bsn"] | fields["bib"] << 7, fields["fsn"] | fields["fib"] << 7, min(length, 63)])

    def fisu(self, **changes):
        return self.header(0, **changes)

    def lssu(self, status, octets=1, **changes):
        return self.header(octets, **changes) + bytes([status]) + bytes(octets - 1)

    def msu(self, octets=b"\x85message", **changes):
        return self.header(len(octets), **changes) + octets

    def send(self, *units):
        """Once."""
        for unit in units:
            self.end.hear(unit)

    def message(self, octets=b"\x85message"):
        """The next message."""
        self.forward = (self.forward + 1) % 128
        self.send(self.msu(octets))
        self.fill_in()

    def status(self, status):
        """From now on, all the time."""
        self.standing = lambda: self.lssu(status)

    def fill_in(self):
        self.standing = self.fisu

    def silence(self):
        self.standing = None

    # Time.

    def run(self, seconds=0.05, until=None):
        octets = 0
        for _ in range(round(seconds / TICK)):
            if until and until():
                return True
            self.ticks += 1
            sent = 0
            octets += self.end.tick_octets
            while octets > 0:
                unit = self.end.unit()
                octets -= len(unit) + BEFORE_AND_BEHIND
                if not self.heard or self.heard[-1][1] != unit:
                    self.heard.append((self.ticks, unit))
                if self.standing and sent < TICK_OCTETS:
                    mine = self.standing()
                    sent += len(mine) + BEFORE_AND_BEHIND
                    self.end.hear(mine)
            self.end.tick()
        return bool(until and until())

    # What was heard.

    def forget(self):
        self.heard.clear()

    def words(self):
        """The units heard as words, repetitions left out."""
        found = []
        for _, unit in self.heard:
            word = {1: {0: "SIO", 1: "SIN", 2: "SIE", 3: "SIOS", 4: "SIPO", 5: "SIB"}.get(unit[3] if len(unit) > 3 else 9), 0: "FISU"}
            text = word.get(unit[2], "MSU")
            if not found or found[-1] != text:
                found.append(text)
        return found

    def last(self):
        """The last unit: backward number and bit, forward number and bit."""
        unit = self.heard[-1][1]
        return unit[0] & 127, unit[0] >> 7, unit[1] & 127, unit[1] >> 7

    def messages(self):
        """The messages heard, in order: forward number and octets."""
        return [(unit[1] & 127, unit[3:]) for _, unit in self.heard if unit[2] > 2]

    def told(self, kind):
        return [value for value in self.end.told if isinstance(value, kind)]

    # Short ways into a state.

    def start(self, emergency=False):
        if emergency:
            self.end.request(p.Emergency())
        self.end.request(p.Start())
        self.run(0.02)

    def prove(self, emergency=True):
        self.start(emergency)
        self.status(2 if emergency else 1)
        self.run(0.05)
        assert self.end.state == "Proving"

    def aligned(self):
        """Ready, but the far end has not said so."""
        self.prove()
        assert self.run(1, lambda: self.end.state in ("AlignedReady", "AlignedNotReady"))

    def serve(self):
        self.aligned()
        self.fill_in()
        self.run(0.05)
        assert self.end.state == "InService"
        self.forget()

    def give(self, *texts):
        for text in texts:
            self.end.request(p.MessageForTransmission(b"\x85" + text))
