"""CC, congestion control of the receiving end: whoever carries messages up is busy, so the far end is told by SIB (Q.703 section 9, figure
19). T5 between SIBs runs where they are sent (pbx/dsp/mtp2.h). Leaves out the remote end's congestion, T6 and T7, which are there too."""

from collections.abc import Sequence
from typing import Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.mtp2.orders import SetBusy
from pbx.signalling.ss7.mtp2.terminal import Terminal


class Congestion:
    """The box of one link."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.machine = Machine(terminal.figures.chart("CC", STATES, "stop"), self)

    def _accept(self, _: Any, now: float) -> Sequence[Output]:
        self.terminal.count("receiver busy")
        self.terminal.order(SetBusy(True))
        return ()

    def _discard(self, _: Any, now: float) -> Sequence[Output]:
        self.terminal.count("receiver busy")
        self.terminal.order(SetBusy(True, discard=True))
        return ()

    def _free(self, _: Any, now: float) -> Sequence[Output]:
        self.terminal.order(SetBusy(False))
        return ()


_C = Congestion
_NOTHING = Cell(None)

STATES: dict[str, State] = {
    "Idle": State(
        "messages can be taken",
        {
            "busy": Cell(_C._accept, ("Accepting",)),
            "busy-discard": Cell(_C._discard, ("Discarding",)),
            "free": _NOTHING,
            "stop": _NOTHING,
        },
    ),
    "Accepting": State(
        "busy, messages are taken and not confirmed",
        {
            "busy": _NOTHING,
            "busy-discard": Cell(_C._discard, ("Discarding",)),
            "free": Cell(_C._free, ("Idle",)),
            "stop": Cell(None, ("Idle",)),
        },
    ),
    "Discarding": State(
        "busy, messages are not taken",
        {
            "busy": _NOTHING,
            "busy-discard": _NOTHING,
            "free": Cell(_C._free, ("Idle",)),
            "stop": Cell(None, ("Idle",)),
        },
    ),
}
"""Figure 19/Q.703. From discarding there is no way back to accepting but over idle: a gap is there already."""
