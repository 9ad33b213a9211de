"""Whole points in virtual time whose links are captured, with ISUPs on them that call each other.

``captured`` puts a capture on each end of each link: where level 2 is real (no7_terminals.py), of all that crosses between its parts, else
of messages alone. ``Callers`` are two ISUPs on two points of the network: one calls, the other answers, both clear.
"""

from benchmarks.no7_terminals import Terminal
from config.signalling import SignallingCapture
from pbx.capture import Capture
from pbx.signalling.ss7.distribution import FromCircuit
from pbx.signalling.ss7.isup.distribution import Isup
from pbx.signalling.ss7.isup.variant import load_variant
from pbx.signalling.ss7.mtp2 import orders
from pbx.signalling.ss7.primitives import (
    FromLink,
    MessageForTransmission,
    Pause,
    ReceivedMessage,
    RestartBegins,
    Resume,
    Status,
    ToLink,
    Transfer,
)
from pbx.vocabulary.call import Alerting, Connect, Release, Setup
from tests.signalling.cases import PLAN

ZERO = 1_790_000_000.0
ISUP = load_variant()
LOOK_S = 0.05


def capture_terminal(capture, link, end):
    """All orders and all that is told."""
    carry, receive = end._carry, end.engine.receive

    def carried(outputs):
        for value in outputs:
            if isinstance(value, orders.Order):
                capture.crossing(end.now, link, value)
        carry(outputs)

    def received(value, now):
        if isinstance(value, orders.Told):
            capture.crossing(now, link, value)
        return receive(value, now)

    end._carry, end.engine.receive = carried, received


def capture_messages(capture, site):
    """What a point gives to its links and has from them."""
    give, take = site.give, site.take

    def given(value):
        if type(value) is FromLink and type(value.indication) is ReceivedMessage:
            capture.unit(site.network.world.now, value.link, False, value.indication.octets)
        give(value)

    def taken(outputs):
        for output in outputs:
            if type(output) is ToLink and type(output.request) is MessageForTransmission:
                capture.unit(site.network.world.now, output.link, True, output.request.octets)
        take(outputs)

    site.give, site.take = given, taken


def captured(network, folder):
    """By point, its capture."""
    found = {}
    for name, site in network.sites.items():
        capture = found[name] = Capture(folder / name, SignallingCapture(), ZERO)
        if all(isinstance(end, Terminal) for end in site.ends.values()):
            for link, end in site.ends.items():
                capture_terminal(capture, link, end)
        else:
            capture_messages(capture, site)
    return found


class Callers:
    """ISUPs of the points ``caller`` and ``called``, each upon the MTP of its point."""

    def __init__(self, network, caller, called, circuits=range(1, 8)):
        self.network = network
        self.world = network.world
        self.sites = (network.sites[caller], network.sites[called])
        codes = [site.code for site in self.sites]
        self.isups = [Isup(codes[0], codes[1], ISUP, circuits, PLAN), Isup(codes[1], codes[0], ISUP, circuits, PLAN)]
        self.circuits = list(circuits)
        self.released = []
        for end, site in enumerate(self.sites):
            self._listen(end, site)
        for end in range(2):
            self._carry(end, self.isups[end].start(self.world.now))
        self.world.at(LOOK_S, self._look)

    def _listen(self, end, site):
        take = site.take

        def taken(outputs):
            take(outputs)
            for value in outputs:
                if type(value) in (Transfer, Pause, Resume, Status, RestartBegins):
                    self.world.at(0, self._receive, end, value)

        site.take = taken

    def _receive(self, end, value):
        self._carry(end, self.isups[end].receive(value, self.world.now))

    def _look(self):
        for end, isup in enumerate(self.isups):
            self._carry(end, isup.expire(self.world.now))
        self.world.at(LOOK_S, self._look)

    def _carry(self, end, outputs):
        for value in outputs:
            if isinstance(value, FromCircuit):
                self._hear(end, value.cic, value.output)
            else:
                self.sites[end].give(value)

    def give(self, end, cic, primitive):
        self._carry(end, self.isups[end].give(cic, primitive, self.world.now))

    def do(self, end, verb, *arguments):
        """An order of maintenance: ``block``, ``unblock`` or ``reset`` of Isup."""
        self._carry(end, getattr(self.isups[end], verb)(*arguments, self.world.now))

    def _hear(self, end, cic, output):
        later = {Setup: [(0.05, Alerting()), (0.15, Connect())], Connect: [(0.1, Release(16))]}.get(type(output), ())
        for delay_s, primitive in later:
            self.world.at(delay_s, self.give, end, cic, primitive)
        if type(output) is Release:
            self.released.append((end, cic, output.cause))

    def call_all(self, called="12345", calling="77"):
        """A call on each circuit."""
        for cic in self.circuits:
            self.give(0, cic, Setup(called, calling))
