"""A level 2 for tests of level 3: links that number, confirm, retrieve and lose what a real one would, cut at any moment.

Two ``End``s make a link. Each signal unit takes a transmission time and a delay; the far end accepts it in order and its number comes
back as a confirmation, so that at a cut some units are confirmed, some accepted but not confirmed, some on the way, some never
transmitted. Each end notices a cut by itself, at its own time. Nothing here knows level 3.
"""

import heapq
from collections import deque
from random import Random

from pbx.signalling.ss7 import primitives as p

TRANSMISSION = 0.002
ALIGNMENT = 1.0


class World:
    """Virtual time: everything that will happen, in order."""

    def __init__(self, seed=0):
        self.random = Random(seed)
        self.now = 0.0
        self._queue = []
        self._count = 0

    def at(self, delay, action, *arguments):
        self._count += 1
        heapq.heappush(self._queue, (self.now + delay, self._count, action, arguments))

    def next(self):
        return self._queue[0][0] if self._queue else None

    def step(self):
        self.now, _, action, arguments = heapq.heappop(self._queue)
        action(*arguments)


class End:
    """One end of a link. ``up``: called with each indication for level 3."""

    def __init__(self, world, wire, up):
        self.world = world
        self.wire = wire
        self.up = up
        self.far = None
        self.state = "out"
        self.generation = 0
        self.emergency = False
        self.outage = self.remote_outage = self.paused = False
        self.sent = 0  # forward sequence number of the last unit transmitted, counted without end
        self.accepted = 0
        self.confirmed = 0
        self.last_arrival = 0.0
        self.waiting = deque()
        self.unconfirmed = deque()
        self.busy = False
        self.bsnt_known = True
        self.orders = []

    # Level 3's orders.

    def order(self, request):
        self.orders.append(type(request).__name__)
        match request:
            case p.Start():
                self.generation += 1
                self.state = "aligning"
                self.waiting.clear()
                self.unconfirmed.clear()
                self.sent = self.accepted = self.confirmed = 0
                self.remote_outage = self.paused = False
                if self.far.state == "in":  # it sees SIOS and then SIO
                    self.world.at(self.wire.delay(), self.far.fail, "SIOS", self.far.generation)
                self.wire.try_alignment()
            case p.Stop():
                was, self.state = self.state, "out"
                self.generation += 1
                if was == "in" and self.wire.whole:
                    self.world.at(self.wire.delay(), self.far.fail, "SIOS", self.far.generation)
            case p.Emergency():
                self.emergency = True
            case p.EmergencyCeases():
                self.emergency = False
            case p.MessageForTransmission(octets):
                self.waiting.append(octets)
                self.transmit()
            case p.RetrieveBsnt():
                self.up(p.Bsnt(self.accepted % 128 if self.bsnt_known else None))
            case p.RetrievalRequest(fsnc):
                self.retrieve(fsnc)
            case p.LocalProcessorOutage():
                self.outage = True
                self.signal("outage")
            case p.LocalProcessorRecovered():
                self.outage = False
                self.signal("recovered")
            case p.FlushBuffers():
                self.paused = False
                self.waiting.clear()
            case p.Continue():
                self.paused = False
                self.transmit()

    def retrieve(self, fsnc):
        units = []
        if fsnc is not None:
            first = self.unconfirmed[0][0] - 1 if self.unconfirmed else self.sent
            behind = (fsnc - first) % 128  # how many of the unconfirmed ones the far end has accepted
            units = [octets for _, octets in list(self.unconfirmed)[behind:]]
        units += self.waiting
        self.unconfirmed.clear()
        self.waiting.clear()
        for octets in units:
            self.up(p.RetrievedMessage(octets))
        self.up(p.RetrievalComplete())

    # The line.

    def signal(self, what):
        if self.wire.whole and self.state == "in":
            self.world.at(self.wire.delay(), self.far.hear_outage, what, self.far.generation)

    def hear_outage(self, what, generation):
        if generation != self.generation or self.state != "in":
            return
        self.remote_outage = what == "outage"
        if self.remote_outage:
            self.paused = True
        self.up(p.RemoteProcessorOutage() if self.remote_outage else p.RemoteProcessorRecovered())

    def transmit(self):
        if self.busy or self.state != "in" or not self.waiting or self.paused or self.outage or len(self.unconfirmed) >= 127:
            return
        self.busy = True
        self.world.at(TRANSMISSION, self.transmitted, self.generation)

    def transmitted(self, generation):
        self.busy = False
        if generation == self.generation and self.state == "in" and self.waiting and not self.paused and not self.outage:
            octets = self.waiting.popleft()
            self.sent += 1
            self.unconfirmed.append((self.sent, octets))
            if self.wire.whole:
                self.world.at(self.passage(), self.far.arrive, self.sent, octets, self.far.generation)
        self.transmit()

    def passage(self):
        """How long this unit takes: one that is lost comes when it is sent again, and those behind it wait for it."""
        delay = self.wire.delay()
        while self.wire.loss and self.world.random.random() < self.wire.loss:
            delay += 2 * self.wire.delay()
        self.last_arrival = max(self.last_arrival, self.world.now + delay)
        return self.last_arrival - self.world.now

    def arrive(self, number, octets, generation):
        if not self.wire.whole or generation != self.generation or self.state != "in" or number != self.accepted + 1:
            return
        self.accepted = number
        self.world.at(self.wire.delay(), self.far.confirm, number, self.far.generation)
        self.up(p.ReceivedMessage(octets))

    def confirm(self, number, generation):
        if not self.wire.whole or generation != self.generation or self.state != "in":
            return
        while self.unconfirmed and self.unconfirmed[0][0] <= number:
            self.unconfirmed.popleft()
        self.transmit()

    def aligned(self, generation):
        if generation == self.generation and self.state == "aligning" and self.wire.whole and self.far.state in ("aligning", "in"):
            self.state = "in"
            self.up(p.InService())
            if self.outage:
                self.signal("outage")
            self.transmit()

    def fail(self, reason, generation):
        if generation == self.generation and self.state != "out":
            self.state = "out"
            self.generation += 1
            self.up(p.OutOfService(reason))


class Wire:
    """A link between two ends that can be cut and mended. ``loss``: the chance that a unit must be sent again."""

    def __init__(self, world, one_up, other_up, one_way=0.01, loss=0.0):
        self.world = world
        self.one_way = one_way
        self.loss = loss
        self.whole = True
        self.one = End(world, self, one_up)
        self.other = End(world, self, other_up)
        self.one.far, self.other.far = self.other, self.one

    def delay(self):
        return self.one_way

    def try_alignment(self):
        if self.whole and self.one.state == self.other.state == "aligning":
            seconds = ALIGNMENT / 4 if self.one.emergency or self.other.emergency else ALIGNMENT
            for end in (self.one, self.other):
                self.world.at(seconds, end.aligned, end.generation)

    def cut(self, longest_notice=0.2):
        """Nothing passes any more; each end notices at a time of its own."""
        self.whole = False
        for end in (self.one, self.other):
            if end.state != "out":
                self.world.at(self.world.random.uniform(0, longest_notice), end.fail, "cut", end.generation)

    def mend(self):
        self.whole = True
        for end in (self.one, self.other):  # an end that has not noticed the cut hears that the other began anew
            if end.state == "in":
                self.world.at(self.delay(), end.fail, "SIO", end.generation)
        self.try_alignment()
