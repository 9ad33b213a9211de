"""What the user parts have in common: what a circuit says, and which pair of points a message is for (Q.764 2.9, Q.724).

A user part between two points (``Isup``, ``Tup``) returns messages for the MTP (``Transfer``) and ``FromCircuit``. ``Distribution`` chooses
among several by own point, far point and service indicator. Leaves out what they do with a message.
"""

from collections.abc import Iterable
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from pbx.engine import Output
from pbx.signalling.ss7.primitives import ToUser, Transfer


class FromCircuit(msgspec.Struct, frozen=True, gc=False):
    """What a circuit says, or what was noticed about a code that has none."""

    cic: int
    output: Output


Outputs = list[Transfer | FromCircuit]


class UserPart(Protocol):
    """What ``Distribution`` needs of a user part between two points."""

    own: int
    far: int

    @property
    def service(self) -> int:
        """The service indicator of its messages."""

    def receive(self, value: ToUser, now: float) -> Any:
        """What the MTP says."""


Part = TypeVar("Part", bound=UserPart)


class Distribution(Generic[Part]):
    """Chooses the pair of points that a message belongs to."""

    def __init__(self, pairs: Iterable[Part]) -> None:
        self.pairs = {(pair.own, pair.far, pair.service): pair for pair in pairs}
        self.unknown = 0
        """Messages of points with which no circuits are shared."""

    def receive(self, own: int, value: ToUser, now: float) -> list[tuple[Part, Outputs]]:
        """What the MTP of the own point ``own`` says, to the pairs that it concerns."""
        if isinstance(value, Transfer):
            pair = self.pairs.get((value.dpc, value.opc, value.service))
            if pair is None:
                self.unknown += 1
                return []
            return [(pair, pair.receive(value, now))]
        return [(pair, pair.receive(value, now)) for (point, _, _), pair in self.pairs.items() if point == own]
