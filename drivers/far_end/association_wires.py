"""Associations of SIGTRAN between an exchange and the simulated network in virtual time: the face of pbx/associations.py without a socket.

Each has a delay, keeps its order, can be cut and mended, and comes up whenever both ends are there. An end that goes (a control that dies)
takes all its associations along, as sockets do. Leaves out streams that overtake one another, and everything that corrupts a message.
"""

from collections.abc import Callable, Iterable

from pbx.floor import Clock
from pbx.signalling.ss7.sigtran.association import AssociationLost, AssociationUp, EndAssociation, FromBelow, Octets, SendOctets

DELAY_S = 0.01
AGAIN_S = 0.5
"""From a loss to the next try, as pbx/associations.py begins."""
STREAMS = 17
Told = Callable[[str, FromBelow], object]


class WireEnd:
    """All associations of one end."""

    def __init__(self, wires: "AssociationWires") -> None:
        self.other: WireEnd
        self.told: Told | None = None
        self._wires = wires

    def begin(self, told: Told) -> None:
        """From now on it is there; ``told(name, value)`` is called with what associations tell."""
        self.told = told
        self._wires.look()

    def end(self) -> None:
        """It is gone, and hears nothing any more."""
        self.told = None
        self._wires.fall_all("the far end has gone")

    def send(self, name: str, order: SendOctets | EndAssociation) -> None:
        """What an engine wants sent."""
        self._wires.send(self, name, order)


class AssociationWires:
    """Both ends of all of them."""

    def __init__(self, clock: Clock, names: Iterable[str]) -> None:
        self.near = WireEnd(self)
        self.far = WireEnd(self)
        self.near.other, self.far.other = self.far, self.near
        self.under_way = 0
        """What will yet arrive, and tries that are to come."""
        self._clock = clock
        self._lives = dict.fromkeys(names, 0)
        self._up: set[str] = set()
        self._cut: set[str] = set()
        self._rising: set[str] = set()

    def cut(self, name: str) -> None:
        """Nothing passes until it is mended; both ends see it go."""
        self._cut.add(name)
        self._fall(name, "cut")

    def mend(self, name: str) -> None:
        """It comes back at the next try."""
        self._cut.discard(name)
        self.look()

    def look(self) -> None:
        """Bring up what can be."""
        for name in self._lives:
            if self._can(name) and name not in self._up and name not in self._rising:
                self._rising.add(name)
                self._later(AGAIN_S, self._rise, name)

    def fall_all(self, reason: str) -> None:
        """An end has gone."""
        for name in sorted(self._up):
            self._fall(name, reason)

    def send(self, end: WireEnd, name: str, order: SendOctets | EndAssociation) -> None:
        """A message for the other end, or the end of the association."""
        if name not in self._up:
            return
        if isinstance(order, EndAssociation):
            self._fall(name, order.reason)
        else:
            self._later(DELAY_S, self._arrive, end.other, name, self._lives[name], Octets(order.stream, order.octets))

    def _can(self, name: str) -> bool:
        return name not in self._cut and self.near.told is not None and self.far.told is not None

    def _rise(self, name: str) -> None:
        self._rising.discard(name)
        if self._can(name) and name not in self._up:
            self._up.add(name)
            for end in (self.near, self.far):
                self._arrive(end, name, self._lives[name], AssociationUp(STREAMS))

    def _fall(self, name: str, reason: str) -> None:
        if name in self._up:
            self._up.discard(name)
            self._lives[name] += 1
            for end in (self.near, self.far):
                self._later(DELAY_S, self._arrive, end, name, self._lives[name], AssociationLost(reason), end.told)
            self.look()

    def _arrive(self, end: WireEnd, name: str, life: int, value: FromBelow, whom: Told | None = None) -> None:
        """What belongs to an earlier life of the association is lost with it; its loss is for who was there then."""
        if life == self._lives[name] and end.told is not None and whom in (None, end.told):
            end.told(name, value)

    def _later(self, delay_s: float, function: Callable[..., object], *arguments: object) -> None:
        self.under_way += 1
        self._clock.callLater(delay_s, self._do, function, arguments)

    def _do(self, function: Callable[..., object], arguments: tuple[object, ...]) -> None:
        self.under_way -= 1
        function(*arguments)
