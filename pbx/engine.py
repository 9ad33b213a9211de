"""The face that every signalling engine shows: inputs and time go in, outputs are returned.

Engines are sans-I/O: they hold no clock, no port and no socket, so the same inputs give the same run. What the far end
does wrong is a value (``Unexpected``, ``Malformed``): returned among the outputs, counted and traced by the floor, never raised.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from pbx.vocabulary.call import Primitive
from pbx.vocabulary.media import MediaCommand, MediaEvent


class Unexpected(msgspec.Struct, frozen=True, gc=False):
    """The peer did something that the state has no cell for; the engine stayed as it was."""

    state: str
    event: str


class Malformed(msgspec.Struct, frozen=True, gc=False):
    """The peer sent octets that cannot be read."""

    what: str


class Noted(msgspec.Struct, frozen=True, gc=False):
    """A line of the trace: what happened, in the words of the Recommendation (``<- seizure acknowledged``)."""

    text: str


class PeerMessage(msgspec.Struct, frozen=True, gc=False):
    """A message of common channel signalling to the far end; every such system has its own beneath this name, and its own carrier."""


Input = MediaEvent | Primitive
Output = MediaCommand | Primitive | Unexpected | Malformed | Noted | PeerMessage


class Levels(msgspec.Struct, frozen=True, gc=False):
    """What stands on the line now, read from the card, not remembered: see design of restart ("levels, not edges").

    On a line that leads to an exchange ``off_hook`` says that our loop is closed; ringing, polarity and battery are the exchange's. On a
    subscriber's line ``off_hook`` is the telephone's; the others are what we do, and ringing stands as long as its cadence runs.
    """

    bits_in: int = 0
    bits_out: int = 0
    off_hook: bool = False
    ringing: bool = False
    alarms: int = 0
    polarity_reversed: bool = False
    battery: bool = True


class Engine(Protocol):
    """One line's signalling."""

    @property
    def state(self) -> str:
        """The state's name, for people."""

    @property
    def tag(self) -> str:
        """What ``resume`` needs to adopt the call in its present state; empty when it is not stable."""

    @property
    def speech(self) -> bool:
        """Whether what the switch wants heard on the line may begin; False while the engine itself sends there, or has no path yet."""

    def start(self, now: float) -> Sequence[Output]:
        """The line comes into service: first bits, first receivers."""

    def receive(self, value: Input, now: float) -> Sequence[Output]:
        """A media event or a call primitive."""

    def expire(self, now: float) -> Sequence[Output]:
        """The deadline has come."""

    def deadline(self) -> float | None:
        """When ``expire`` is wanted, in seconds; None = never."""

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """Adopt a line after a restart: an answered call by its tag and levels, else clear to idle."""
