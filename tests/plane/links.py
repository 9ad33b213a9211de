"""Signalling links between two planes: a control for each, that is, level 2's engine over the arena; virtual time unless told otherwise."""

from drivers.wire import SpanSettings, Wire, join
from pbx.engine import Levels, Noted, Unexpected
from pbx.media import TICK_SECONDS, Layout, Plane
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.mtp2 import orders as o
from pbx.signalling.ss7.mtp2.carriage import command_of, figures_of, told_of
from pbx.signalling.ss7.mtp2.figures import load_figures
from pbx.signalling.ss7.mtp2.mtp2 import Mtp2

FIGURES = load_figures()
LAYOUT = Layout(
    ports=32,
    events=4096,
    commands=1024,
    recorders=0,
    prompts=4,
    prompt_octets=4096,
    journal_octets=1 << 17,
    frame_octets=1 << 17,
    signalling_links=2,
    echo_cancellers=0,
)
CLEAR_LAYOUT = Layout(
    ports=32,
    events=1 << 16,
    commands=1 << 14,
    recorders=0,
    prompts=4,
    prompt_octets=4096,
    journal_octets=1 << 17,
    frame_octets=1 << 20,
    signalling_links=2,
    signalling_messages=4096,
    echo_cancellers=0,
)
"""For links of 2 Mbit/s."""
SLOT, WHOLE = SpanSettings(signalling_channels=(16,)), SpanSettings(clear_channel=True)
PORT = 30
"""Of the signalling channel in time slot 16, or of all time slots, behind those of the span."""
PREVENTIVE = FIGURES.adjusted(correction="preventive")
SMALL = {"frame_octets": 4096, "events": 256}
NO_LEVELS = Levels(0, 0, False, False, 0, False, False)


class LinkControl:
    """The control of one link: what an exchange does with it. ``stalled``: it neither looks nor acts."""

    def __init__(self, plane, port, figures=FIGURES, resume=False):
        self.plane, self.port = plane, port
        self.engine = Mtp2(figures)
        self.now = 0.0
        self.up = None
        self.told, self.unexpected = [], []
        self.stalled = False
        tag = "in service" if resume and plane.link_status(port) == "in service" else ""
        plane.configure_link(port, figures_of(figures))
        self.carry(self.engine.resume(tag, NO_LEVELS, 0.0) if resume else self.engine.start(0.0))

    @property
    def state(self):
        return self.engine.state

    def request(self, value):
        """What level 3 says."""
        self.carry(self.engine.receive(value, self.now))

    def carry(self, outputs):
        for value in outputs:
            if isinstance(value, o.Order):
                self.plane.send(self.port, command_of(value))
            elif isinstance(value, p.ToLevel3):
                self.told.append(value)
                if self.up:
                    self.up(value)
            elif isinstance(value, Unexpected):
                self.unexpected.append(value)
            else:
                assert isinstance(value, Noted)

    def look(self, now):
        """What has come up, and the timers that are due."""
        if self.stalled:
            return
        self.now = now
        for when, port, event in self.plane.drain():
            if port == self.port and (told := told_of(event)) is not None:
                self.carry(self.engine.receive(told, when))
        while (due := self.engine.deadline()) is not None and due <= now:
            self.carry(self.engine.expire(now))

    def successor(self):
        """Control dies; a new one takes over and is given what the old one has not read."""
        return LinkControl(self.plane.successor(), self.port, self.engine._terminal.figures, resume=True)

    def received(self):
        return [value.octets for value in self.told if isinstance(value, p.ReceivedMessage)]

    def retrieved(self):
        return [value.octets for value in self.told if isinstance(value, p.RetrievedMessage)]

    def counters(self):
        return self.plane.link_counters(self.port)


class Ends:
    """Two controls, ticked together."""

    def __init__(self, one, other):
        self.ends = [one, other]
        self.ticks = 0

    @property
    def one(self):
        return self.ends[0]

    @property
    def other(self):
        return self.ends[1]

    def await_tick(self):
        """In virtual time at once."""

    def run(self, seconds, until=None):
        for _ in range(round(seconds / TICK_SECONDS)):
            if until and until():
                return True
            self.await_tick()
            for end in self.ends:
                end.plane.tick(self.ticks)
            self.ticks += 1
            for end in self.ends:
                end.look(self.ticks * TICK_SECONDS)
        return bool(until and until())

    def align(self, emergency=True):
        for end in self.ends:
            if emergency:
                end.request(p.Emergency())
            end.request(p.Start())
        assert self.run(20, lambda: all(end.state == "InService" for end in self.ends)), [end.state for end in self.ends]


def texts(first, count):
    """Messages that differ, of 3 to 63 octets."""
    return [b"\x85" + number.to_bytes(2, "big") + bytes(number % 60) for number in range(first, first + count)]


def planes(layout=LAYOUT, path=None, span=SLOT):
    """Two, whose first has its arena at ``path``; their wires are joined."""
    wires = [Wire([span]) for _ in range(2)]
    join((wires[0], 0), (wires[1], 0))
    made = []
    for wire in wires:
        plane = Plane.create(layout, None if made else path)
        plane.add_card(wire.card)
        assert plane.add_card(wire.links[0])[0] == PORT
        made.append(plane)
    return wires, made


def pair(figures=FIGURES, layout=LAYOUT, path=None):
    """A control for either; figures of the extended format stand on a span that is one channel."""
    span = WHOLE if figures.data.format == "extended" else SLOT
    wires, (near, far) = planes(layout, path, span)
    ends = Ends(LinkControl(near, PORT, figures), LinkControl(far, PORT, figures))
    ends.wires = wires
    return ends


def layout(**changes):
    return type(LAYOUT)(**{name: getattr(LAYOUT, name) for name in LAYOUT.__struct_fields__} | changes)


def give(end, messages):
    for octets in messages:
        end.request(p.MessageForTransmission(octets))
