"""The far side of a subscriber line: an engine that does nothing but show a telephone what its line does.

The exchange's end is the FXS engine; here the bits are the loop and the ringing voltage themselves (channel bank, drivers/wire.h).
"""

from collections.abc import Sequence

from pbx.engine import Input, Levels, Output
from pbx.vocabulary.media import SendBits

LOOP_OPEN = 0b1111


class TelephoneLine:
    """Engine face of a telephone's end of the line; the network routes its media events to the telephone itself."""

    state = "telephone"
    tag = ""

    @property
    def speech(self) -> bool:
        """Always: a telephone set signals by its loop alone."""
        return True

    def start(self, now: float) -> Sequence[Output]:
        """On hook."""
        return (SendBits(LOOP_OPEN),)

    def receive(self, value: Input, now: float) -> Sequence[Output]:
        """Nothing: people decide."""
        return ()

    def expire(self, now: float) -> Sequence[Output]:
        """There are no timers."""
        return ()

    def deadline(self) -> float | None:
        """There are no timers."""
        return None

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """As at the start."""
        return self.start(now)
