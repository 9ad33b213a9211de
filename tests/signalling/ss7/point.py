"""A whole signalling point in virtual time: level 2 of each link as it stands (no7_terminals.py), level 3, and the ISUPs with other points.

``Point`` carries what one engine says to the others, through one queue, so that none is entered while it runs. Its terminals are given to
lines by whoever makes the world; ``tick`` follows those of all its terminals. What circuits say goes to ``listen(pair, cic, output)``,
which may ``give`` at once.
"""

from collections import deque
from functools import partial

from benchmarks.no7_terminals import FIGURES, Terminal
from pbx.engine import Malformed, Noted, Unexpected
from pbx.signalling.ss7.distribution import Distribution
from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.mtp3.label import NETWORK_MANAGEMENT
from pbx.signalling.ss7.mtp3.mtp3 import Mtp3
from pbx.signalling.ss7.primitives import FromLink, MessageForTransmission, ReceivedMessage, ToLink, ToUser, Transfer


class Point:
    """``pairs``: its ISUPs. ``late``: ticks that an order or event takes between level 2's parts."""

    def __init__(self, plan, variant, pairs=(), listen=lambda pair, cic, output: None, figures=FIGURES, late=1):
        self.plan, self.variant = plan, variant
        self.mtp3 = Mtp3(plan, variant)
        self.distribution = Distribution(pairs)
        self.listen = listen
        names = [link.name for link_set in plan.link_sets for link in link_set.links]
        self.terminals = {name: Terminal(figures, up=partial(self._up, name), late=late) for name in names}
        self.now = 0.0
        self.said, self.notes, self.reports, self.told = [], [], [], []
        self.wrong = []
        """Whatever is unexpected or malformed at level 3 or in the ISUP: (seconds, circuit or None, value)."""
        self.written, self.received = [], []
        """Signal units of users: (link, octets)."""
        self._queue = deque()
        self._running = False

    @property
    def pairs(self):
        return list(self.distribution.pairs.values())

    # What is given from outside.

    def start(self, reset=False):
        """Into service; with ``reset`` circuits are reset by GRS when the far point can be reached."""
        self._later(self._take, self.mtp3.start(self.now))
        for pair in self.pairs:
            self._later(self._heard, pair, pair.start(self.now, reset))
        for link_set in self.plan.link_sets:
            self.order(operation.ActivateLinkSet(link_set.name))

    def order(self, order):
        """An order of level 3 (operation.py)."""
        self._later(self._mtp3, order)

    def give(self, pair, cic, primitive):
        """What the switch says to a circuit."""
        self._later(lambda: self._heard(pair, pair.give(cic, primitive, self.now)))

    def do(self, pair, verb, *arguments):
        """A verb of an ISUP: "block", "unblock", "reset" with what it takes."""
        self._later(lambda: self._heard(pair, getattr(pair, verb)(*arguments, self.now)))

    def tick(self):
        """The terminals have ticked; timers of all else are due."""
        self.now = max(end.now for end in self.terminals.values())
        now = self.now + 1e-9
        while (due := self.mtp3.deadline()) is not None and due <= now:
            self._later(self._take, self.mtp3.expire(now))
        for pair in self.pairs:
            while (due := pair.deadline()) is not None and due <= now:
                self._later(self._heard, pair, pair.expire(now))

    # Between the engines.

    def _later(self, call, *arguments):
        self._queue.append((call, arguments))
        if self._running:
            return
        self._running = True
        try:
            while self._queue:
                next_call, given = self._queue.popleft()
                next_call(*given)
        finally:
            self._running = False

    def _up(self, name, indication):
        if type(indication) is ReceivedMessage and indication.octets[0] & 15 > NETWORK_MANAGEMENT + 2:
            self.received.append((name, indication.octets))
        self._later(self._mtp3, FromLink(name, indication))

    def _mtp3(self, value):
        self._take(self.mtp3.receive(value, self.now))

    def _take(self, outputs):
        for value in outputs:
            kind = type(value)
            if kind is ToLink:
                if type(value.request) is MessageForTransmission and value.request.octets[0] & 15 > NETWORK_MANAGEMENT + 2:
                    self.written.append((value.link, value.request.octets))
                self._later(self.terminals[value.link].request, value.request)
            elif isinstance(value, ToUser):
                if kind is not Transfer:
                    self.told.append((self.now, value))
                self._later(self._users, value)
            elif kind is Noted:
                self.notes.append((self.now, value.text))
            elif kind in (Unexpected, Malformed):
                self.wrong.append((self.now, None, value))
            else:
                self.reports.append((self.now, value))

    def _users(self, value):
        for pair, outputs in self.distribution.receive(self.plan.code, value, self.now):
            self._heard(pair, outputs)

    def _heard(self, pair, outputs):
        for each in outputs:
            if isinstance(each, Transfer):
                self._later(self._mtp3, each)
                continue
            output = each.output
            if isinstance(output, Unexpected | Malformed):
                self.wrong.append((self.now, each.cic, output))
            elif isinstance(output, Noted):
                self.notes.append((self.now, f"{each.cic}: {output.text}"))
            else:
                self.said.append((self.now, each.cic, output))
                self.listen(pair, each.cic, output)

    # What is seen.

    def management(self, way, *names):
        """The management messages of these names that went out ("->") or came in ("<-"), in order."""
        words = [text.split() for _, text in self.notes if text.startswith(way)]
        return [parts[1] for parts in words if parts[1] in names]

    def unavailable(self):
        """Links that carry no traffic, and why."""
        states = {name: self.mtp3.link_state(name) for name in self.terminals}
        return {name: state for name, state in states.items() if state != "available"}

    def at_rest(self):
        """Whether every circuit is idle, with nothing asked and nothing waiting, and who is not."""
        busy = []
        for pair in self.pairs:
            busy += [(cic, circuit.state) for cic, circuit in pair.circuits.items() if circuit.state != "Idle" or circuit.open]
            busy += [request.message for request in pair.groups.requests() if request.waits]
        return busy
