"""Whether the far user part takes messages, as every user part needs it (Q.704 clause 11.2.7: UPU with its reasons).

Each user part has a table of its own: ISUP asks by UPT (isup/availability.py), the Chinese TUP can but wait (tup/distribution.py). Leaves
out what becomes of circuits (distribution.py).
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pbx.engine import Noted, Output
from pbx.machine import Machine, State
from pbx.signalling.ss7.variant import Variant


class FarUserPart:
    """The user part of the far point."""

    __slots__ = ("cic", "machine")

    STATES: ClassVar[Mapping[str, State]]

    def __init__(self, variant: Variant[Any], cic: int) -> None:
        """``cic`` is any circuit to the far point: in its trace the matter stands, and a message that asks needs one."""
        self.cic = cic
        self.machine = Machine(variant.chart("user part", self.STATES, "clear"), self)

    @property
    def available(self) -> bool:
        """Whether calls may begin."""
        return self.machine.state == "Available"

    def unequipped(self, _: object, now: float) -> Sequence[Output]:
        """The far point has said that it has none."""
        return (Noted("-- the far point has no such user part"),)
