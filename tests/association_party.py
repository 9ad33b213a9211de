"""An engine of SIGTRAN with its association over real sockets, in real time: what it was told, what was wrong, its notes."""

from pbx.signalling.ss7.primitives import Transfer
from pbx.signalling.ss7.sigtran.association import FromAssociation, ToAssociation


class Party:
    """``tell``: called with each output that is neither for an association nor for the trace; all are kept in ``told``."""

    def __init__(self, loop, engine, plan, tell=None):
        self.tell = tell
        self.reactor = loop.reactor
        self.engine = engine
        self.told, self.wrong, self.notes = [], [], []
        self.call = None
        self.name = plan.name
        loop.opened.append(self)
        self.associations = loop.associations(plan, told=self.hear)

    def hear(self, name, value):
        self.give(FromAssociation(name, value))

    def give(self, *values):
        for value in values:
            self.take(self.engine.receive(value, self.reactor.seconds()))

    def take(self, outputs):
        for value in outputs:
            if isinstance(value, ToAssociation):
                self.associations.send(value.association, value.order)
            else:
                kept = {"Noted": self.notes, "Unexpected": self.wrong, "Malformed": self.wrong}.get(type(value).__name__, self.told)
                kept.append(getattr(value, "text", value))
                if self.tell and kept is self.told:
                    self.tell(value)
        self.stop()
        due = self.engine.deadline()
        if due is not None:
            self.call = self.reactor.callLater(max(0.0, due - self.reactor.seconds()), self.expire)

    def expire(self):
        self.call = None
        self.take(self.engine.expire(self.reactor.seconds()))

    def stop(self):
        if self.call is not None:
            self.call.cancel()
            self.call = None

    def messages(self):
        return [value for value in self.told if isinstance(value, Transfer)]
