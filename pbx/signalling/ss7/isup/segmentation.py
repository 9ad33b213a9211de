"""Simple segmentation, SSC: a message too long for one comes in two (Q.764 clause 2.1.12; T34).

A message that says so is held until SGM brings the rest of its optional parameters, for T34 at most; what comes before SGM ends the waiting
too. Leaves out segments that we send, which are of messages that pass through (onward.py): no message of our own is so long.
"""

from collections.abc import Sequence

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.indicators import OptionalBackwardCallIndicators, OptionalForwardCallIndicators
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.variant import Variant

SEGMENTED = frozenset((MessageType.IAM, MessageType.ACM, MessageType.CON, MessageType.CPG, MessageType.ANM))


def more_follows(message: Message) -> bool:
    """Whether a SGM is announced."""
    for parameter in message.parameters:
        if isinstance(parameter, OptionalForwardCallIndicators | OptionalBackwardCallIndicators):
            return parameter.more_in_segment
    return False


class Segmentation:
    """The message that waits for its second half."""

    __slots__ = ("_held", "_whole", "machine")

    def __init__(self, variant: Variant) -> None:
        self.machine = Machine(variant.chart("segmentation", STATES, "stop"), self)
        self._held: Message | None = None
        self._whole: list[Message] = []

    @property
    def waits(self) -> bool:
        """Whether a message is held."""
        return self._held is not None

    def receive(self, message: Message, now: float) -> list[Message]:
        """Return the messages that are whole now, in their order."""
        if message.kind == MessageType.SGM:
            event = "SGM"
        else:
            event = "segment" if message.kind in SEGMENTED and more_follows(message) else "message"
        self._whole = []
        self.machine.step(event, message, now)
        return self._whole

    def late(self, now: float) -> list[Message]:
        """Return the message that has waited for T34, if it has."""
        self._whole = []
        self.machine.expire(now)
        return self._whole

    def stop(self, now: float) -> None:
        """Forget what is held."""
        self.machine.step("stop", None, now)

    def _hold(self, message: Message, now: float) -> Sequence[Output]:
        if self._held is not None:
            self._whole.append(self._held)
        self._held = message
        return ()

    def _pass(self, message: Message, now: float) -> Sequence[Output]:
        self._end(None, now)
        self._whole.append(message)
        return ()

    def _join(self, message: Message, now: float) -> Sequence[Output]:
        assert self._held is not None, "SGM is joined to what is held"
        self._whole.append(Message(self._held.cic, self._held.kind, (*self._held.parameters, *message.parameters)))
        self._held = None
        return ()

    def _end(self, _: object, now: float) -> Sequence[Output]:
        if self._held is not None:
            self._whole.append(self._held)
            self._held = None
        return ()

    def _forget(self, _: object, now: float) -> Sequence[Output]:
        self._held = None
        return ()


_HOLD, _PASS, _WHOLE = Cell(Segmentation._hold, ("Waiting",)), Cell(Segmentation._pass, ("Whole",)), ("Whole",)
STATES = {
    "Whole": State("nothing is held", {"segment": _HOLD, "message": _PASS, "SGM": _PASS, "stop": Cell(None)}),
    "Waiting": State(
        "SGM is awaited",
        {
            "segment": _HOLD,
            "message": _PASS,
            "SGM": Cell(Segmentation._join, _WHOLE),
            "T34": Cell(Segmentation._end, _WHOLE),
            "stop": Cell(Segmentation._forget, _WHOLE),
        },
        ("T34",),
    ),
}
