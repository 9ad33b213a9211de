"""A link of M2PA between two signalling points in virtual time: two engines and an association between them that can be cut and mended.

``M2paWire`` has the face of level2.Wire, so that whole signalling points can stand upon it. As over SCTP each stream keeps its order and
the streams overtake one another.
"""

from pbx.engine import Malformed, Noted, Unexpected
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.sigtran.association import AssociationLost, AssociationUp, Octets, SendOctets
from pbx.signalling.ss7.sigtran.figures import load_figures
from pbx.signalling.ss7.sigtran.m2pa import M2pa

FIGURES = load_figures()
SHORT = FIGURES.adjusted(timers_ms={"T4n": 500})


class End:
    """One end. ``up``: called with each indication for level 3, also kept in ``told``; ``sent``: every (stream, octets)."""

    def __init__(self, world, wire, up, figures):
        self.world = world
        self.wire = wire
        self.up = up
        self.far = None
        self.engine = M2pa(figures)
        self.told, self.notes, self.wrong, self.sent = [], [], [], []
        self.armed = None
        self.life = 0
        self.take(self.engine.start(world.now))

    @property
    def state(self):
        return self.engine.state

    def order(self, request):
        self.take(self.engine.receive(request, self.world.now))

    def take(self, outputs):
        for value in outputs:
            if isinstance(value, SendOctets):
                self.sent.append((value.stream, value.octets))
                self.wire.carry(self, value)
            elif isinstance(value, p.ToLevel3):
                self.told.append(value)
                self.up(value)
            elif isinstance(value, Unexpected | Malformed):
                self.wrong.append(value)
            else:
                assert isinstance(value, Noted), value
                self.notes.append(value.text)
        due = self.engine.deadline()
        if due is not None and due != self.armed:
            self.armed = due
            self.world.at(max(0.0, due - self.world.now), self.expire, due)

    def expire(self, due):
        if self.armed == due:
            self.armed = None
            self.take(self.engine.expire(self.world.now))

    def hear(self, stream, octets, life):
        if life == self.life and self.engine.associated:
            self.order(Octets(stream, octets))

    def lose(self, reason, life):
        if life == self.life and self.engine.associated:
            self.order(AssociationLost(reason))


class M2paWire:
    """The association. ``jitter``: so much later at most a message may come than it could. ``damage`` of the line is no matter here."""

    extended = True

    def __init__(self, world, one_up, other_up, figures=SHORT, one_way=0.01, jitter=0.02):
        self.world = world
        self.one_way = one_way
        self.jitter = jitter
        self.whole = True
        self.silent = False
        self.arrivals = {}
        self.one = End(world, self, one_up, figures)
        self.other = End(world, self, other_up, figures)
        self.one.far, self.other.far = self.other, self.one
        self.associate()

    def carry(self, end, value):
        if not self.whole or self.silent:
            return
        way = (end is self.one, value.stream)
        at = max(self.arrivals.get(way, 0.0), self.world.now + self.one_way + self.world.random.uniform(0, self.jitter))
        self.arrivals[way] = at
        self.world.at(at - self.world.now, end.far.hear, value.stream, value.octets, end.far.life)

    def associate(self):
        self.arrivals = {}
        for end in (self.one, self.other):
            end.life += 1
        for end in (self.one, self.other):
            self.world.at(self.one_way, end.order, AssociationUp())

    def cut(self, longest_notice=0.2):
        """What is on its way is lost; each end hears of it at a time of its own."""
        self.whole = False
        for end in (self.one, self.other):
            life, end.life = end.life, end.life + 1
            self.world.at(self.world.random.uniform(0, longest_notice), self.tell_lost, end, life + 1)

    def tell_lost(self, end, life):
        end.lose("cut", life)

    def mend(self):
        for end in (self.one, self.other):
            end.lose("cut", end.life)
        self.whole = True
        self.associate()
