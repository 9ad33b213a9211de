"""Engines of SIGTRAN joined by associations in virtual time. As over SCTP each stream keeps its order and streams overtake one another.

A ``Node`` is one engine with what came out of it; ``joined`` makes associations between two nodes, which can be cut and mended by name.
"""

from pbx.engine import Malformed, Noted, Unexpected
from pbx.signalling.ss7.sigtran.association import (
    AssociationLost,
    AssociationUp,
    EndAssociation,
    FromAssociation,
    Octets,
    SendOctets,
    ToAssociation,
)
from pbx.signalling.ss7.sigtran.codec import read
from pbx.signalling.ss7.sigtran.figures import load_figures

FIGURES = load_figures()
STREAMS = 17


class Node:
    """``tell``: called with each output that is neither for an association nor for the trace; all are kept in ``told``."""

    def __init__(self, net, engine, tell=None):
        self.net = net
        self.world = net.world
        self.engine = engine
        self.tell = tell
        self.told, self.notes, self.wrong, self.sent = [], [], [], []
        self.peers = {}
        self.armed = None
        net.nodes.append(self)
        self.take(engine.start(self.world.now))

    def give(self, *values):
        for value in values:
            self.take(self.engine.receive(value, self.world.now))

    def take(self, outputs):
        for value in outputs:
            if isinstance(value, ToAssociation):
                self.peers[value.association].carry(self, value.association, value.order)
            elif isinstance(value, Noted):
                self.notes.append(value.text)
            elif isinstance(value, Unexpected | Malformed):
                self.wrong.append(value)
            else:
                self.told.append(value)
                if self.tell:
                    self.tell(value)
        due = self.engine.deadline()
        if due is not None and due != self.armed:
            self.armed = due
            self.world.at(max(0.0, due - self.world.now), self.expire, due)

    def expire(self, due):
        if self.armed == due:
            self.armed = None
            self.take(self.engine.expire(self.world.now))

    def messages(self, dialect):
        """The names of all messages sent, in order."""
        return [read(dialect, octets).name for _, octets in self.sent]

    def forget(self):
        for kept in (self.told, self.notes, self.wrong, self.sent):
            kept.clear()


class Joined:
    """One association between two nodes, under a name of its own at each."""

    def __init__(self, net, one, one_name, other, other_name, one_way=0.01, jitter=0.01):
        self.net = net
        self.world = net.world
        self.ends = {(id(one), one_name): (other, other_name), (id(other), other_name): (one, one_name)}
        self.places = [(one, one_name), (other, other_name)]
        for node, name in self.places:
            node.peers[name] = self
        self.one_way, self.jitter = one_way, jitter
        self.life = 0
        self.whole = False
        self.deaf = False
        self.arrivals = {}

    def carry(self, node, name, order):
        if isinstance(order, EndAssociation):
            self.cut()
            return
        assert isinstance(order, SendOctets)
        node.sent.append((order.stream, order.octets))
        if not self.whole or self.deaf:
            return
        far, far_name = self.ends[id(node), name]
        way = (id(node), order.stream)
        at = max(self.arrivals.get(way, 0.0), self.world.now + self.one_way + self.world.random.uniform(0, self.jitter))
        self.arrivals[way] = at
        self.world.at(at - self.world.now, self.arrive, far, far_name, order.stream, order.octets, self.life)

    def arrive(self, node, name, stream, octets, life):
        if life == self.life and self.whole:
            node.give(FromAssociation(name, Octets(stream, octets)))

    def mend(self):
        self.whole = True
        self.deaf = False
        self.life += 1
        self.arrivals = {}
        for node, name in self.places:
            self.world.at(self.one_way, node.give, FromAssociation(name, AssociationUp(STREAMS)))

    def cut(self):
        if self.whole:
            self.whole = False
            for node, name in self.places:
                self.world.at(self.one_way, node.give, FromAssociation(name, AssociationLost("cut")))


class Net:
    """Nodes and time."""

    def __init__(self, world):
        self.world = world
        self.nodes = []

    def run(self, seconds):
        end = self.world.now + seconds
        while (due := self.world.next()) is not None and due <= end:
            self.world.step()
        self.world.now = end
