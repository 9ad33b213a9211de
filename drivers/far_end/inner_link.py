"""A signalling link inside the simulated network: both its ends are there, points or gateways, so nothing goes over a wire.

It is in service as soon as both ends have been told to start. What is given to one end is accepted by the other at once, so there is never
anything to retrieve; its numbers are counted as those of level 2, since gateways tell them. Leaves out every fault: what is to be
seen failing is a link of a span.
"""

from collections.abc import Callable, Mapping

from pbx.floor import Floor
from pbx.signalling.ss7 import primitives as p
from pbx.signalling_points import Link, SignallingPoints


class InnerEnd(Link):
    """One end; ``far`` is the other."""

    far: "InnerEnd"

    def __init__(self, floor: Floor, name: str, point: str, highest: int, up: Callable[[str, p.ToLevel3], None]) -> None:
        super().__init__(name, point)
        self._floor = floor
        self._highest = highest
        self._up = up
        self.started = False
        self.accepted = highest
        """The number of the last message that was accepted here."""
        self.outage = False

    @property
    def state(self) -> str:
        """Whether both ends have started."""
        return "InService" if self.started and self.far.started else "OutOfService"

    @property
    def counters(self) -> Mapping[str, int]:
        """Nothing is counted."""
        return {}

    def start(self, in_service: bool) -> None:
        """Nothing is to be done before level 3 says so."""

    def request(self, value: p.ToLevel2) -> None:
        """What level 3 wants."""
        if isinstance(value, p.Start):
            self.started = True
            if self.far.started:
                for end in (self, self.far):
                    end.accepted = self._highest
                    end.tell(p.InService())
                for end in (self, self.far):
                    if end.outage:
                        end.far.tell(p.RemoteProcessorOutage())
        elif isinstance(value, p.Stop):
            if self.started and self.far.started:
                self.far.tell(p.OutOfService("SIOS"))
                self.far.started = False
            self.started = False
        elif isinstance(value, p.MessageForTransmission):
            if self.state == "InService":
                self.far.accepted = (self.far.accepted + 1) % (self._highest + 1)
                self._floor.then(self.far.tell, p.ReceivedMessage(value.octets))
        elif isinstance(value, p.RetrieveBsnt):
            self.tell(p.Bsnt(self.accepted))
        elif isinstance(value, p.RetrievalRequest):
            self.tell(p.RetrievalComplete())
        elif isinstance(value, p.LocalProcessorOutage | p.LocalProcessorRecovered):
            self._set_outage(isinstance(value, p.LocalProcessorOutage))

    def _set_outage(self, stands: bool) -> None:
        """Told where the link is in service and something changes; else when it comes into service."""
        if stands != self.outage:
            self.outage = stands
            if self.state == "InService":
                self.far.tell(p.RemoteProcessorOutage() if stands else p.RemoteProcessorRecovered())

    def tell(self, indication: p.ToLevel3) -> None:
        """To level 3 of this end."""
        self._up(self.name, indication)


def join(floor: Floor, points: SignallingPoints, names: tuple[str, str], ends: tuple[str, str], highest: int) -> None:
    """Make the link between two points or gateways; ``names``: as either calls it; ``highest``: of its numbers."""
    one, other = (InnerEnd(floor, name, point, highest, points.from_link) for name, point in zip(names, ends, strict=True))
    one.far, other.far = other, one
    points.add_link(one)
    points.add_link(other)
