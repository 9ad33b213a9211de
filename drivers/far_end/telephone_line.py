"""The far side of a subscriber line: an engine that does nothing but show a telephone what its line does, and the code of its bits.

The exchange's end is the FXS engine; here the bits are the loop and the ringing voltage themselves. On a wire they have the code of our own
channel bank (drivers/channel_bank.h), in whose words telephones think. The kernel's drivers use the bits of a T1 channel bank with loop
start and disconnect (TIA-464; DAHDI's kewlstart), which know neither poles, nor metering, nor a ground of the telephone.
"""

from collections.abc import Mapping, Sequence

import msgspec

from pbx.engine import Input, Levels, Output
from pbx.vocabulary.media import SendBits

LOOP_OPEN = 0b1111


class LineCode(msgspec.Struct, frozen=True):
    """Another code than our channel bank's: what stands on the line, by our bits and back. What is not named is as it is with us."""

    sent: Mapping[int, int] = {}
    received: Mapping[int, int] = {}

    def to_line(self, bits: int) -> int:
        """What a telephone sends."""
        return self.sent.get(bits, bits)

    def from_line(self, bits: int) -> int:
        """What a telephone sees."""
        return self.received.get(bits, bits)


CHANNEL_BANK = LineCode()
LOOP_START = LineCode(
    sent={0b1111: 0b0101, 0b0111: 0b1111},
    received={0b0101: 0b1111, 0b0000: 0b0111, 0b1111: 0b1101},
)
"""Loop open and closed; at rest, ringing, not fed."""


class TelephoneLine:
    """Engine face of a telephone's end of the line; the network routes its media events to the telephone itself."""

    state = "telephone"
    tag = ""

    def __init__(self, code: LineCode = CHANNEL_BANK) -> None:
        self.code = code

    @property
    def speech(self) -> bool:
        """Always: a telephone set signals by its loop alone."""
        return True

    def start(self, now: float) -> Sequence[Output]:
        """On hook."""
        return (SendBits(self.code.to_line(LOOP_OPEN)),)

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
