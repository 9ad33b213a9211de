"""An exchange's associations to its simulated network over the kernel's SCTP, where the lab otherwise has wires of virtual time.

``SctpLab`` is a lab whose simulation goes by the kernel's clock: each step of 10 ms waits until it is due, and what has come over sockets
is taken. ``cut`` and ``mend`` are those of the wires; what is cut is ended, and nobody who tries to connect is heard. ``silence`` drops
every packet instead, so that the ends have to find out.
"""

import time

import msgspec
from twisted.internet.epollreactor import EPollReactor

from pbx.association_plans import plans_of
from pbx.associations import Associations
from pbx.signalling.ss7.sigtran.association import EndAssociation
from tests.lab import Lab
from tests.sctp_path import drop, drop_nothing, socket_of

STEP_S = 0.01


class SocketEnd:
    """All associations of one end."""

    def __init__(self, wires, far):
        self._wires = wires
        self._plans = [msgspec.structs.replace(plan, transport="sctp") for plan in plans_of(wires.configuration, far)]
        self.connecting = {plan.name for plan in self._plans if not plan.listen}
        self.associations = None

    def begin(self, told, noted=lambda name, text: None):
        """From now on it is there."""
        self.associations = Associations(self._wires.reactor, self._plans, told, noted)
        for association in self.associations._associations.values():
            association.carry = self._deaf(association.plan.name, association.carry)
        failures = []
        self.associations.start().addErrback(failures.append)
        assert failures == []

    def _deaf(self, name, carry):
        """Sockets of what is cut hear nothing."""

        def carried(found):
            if name in self._wires.gone:
                drop(found)
            return carry(found)

        return carried

    def end(self):
        """It is gone, and hears nothing any more."""
        self.associations.stop()

    def send(self, name, order):
        """What an engine wants sent."""
        self.associations.send(name, order)


class SocketWires:
    """Both ends of all of them: the face of drivers/far_end/association_wires.py, and a source of moments for the virtual clock."""

    under_way = 0

    def __init__(self, simulation):
        self.configuration = simulation.configuration
        self.reactor = EPollReactor()
        self.gone = set()
        self.near, self.far = SocketEnd(self, far=False), SocketEnd(self, far=True)
        simulation.associations = self
        simulation.network.signalling.associations.carry = self.far.send
        self._clock = simulation.clock
        self._clock.sources.append(self)
        self._steps = 0
        self._began = time.monotonic() - simulation.clock.now

    # The clock's source.

    def next_moment(self):
        return (self._steps + 1) * STEP_S

    def advance(self, now):
        self._steps = round(now / STEP_S)
        while (left := self._began + now - time.monotonic()) > 0:
            self.reactor.iterate(left)
        self.reactor.iterate(0)

    # Faults.

    def cut(self, name):
        """It ends in a moment, and nobody is heard who tries to connect."""
        self.gone.add(name)
        self._clock.callLater(STEP_S, self.near.send, name, EndAssociation("cut"))

    def silence(self, name):
        """Every packet of it is lost."""
        self.gone.add(name)
        for end in (self.near, self.far):
            drop(socket_of(end.associations, name))

    def mend(self, name):
        """The path is there again."""
        self.gone.discard(name)
        for end in (self.near, self.far):
            found = socket_of(end.associations, name)
            if found is not None:
                drop_nothing(found)

    def close(self):
        for end in (self.near, self.far):
            end.end()
        for _ in range(5):
            self.reactor.iterate(0.01)
        self.reactor.removeAll()


class SctpLab(Lab):
    """A lab on sockets of SCTP."""

    def prepare(self):
        self.wires = SocketWires(self.simulation)

    def __exit__(self, kind, value, trace):
        try:
            super().__exit__(kind, value, trace)
        finally:
            self.wires.close()
