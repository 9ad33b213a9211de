"""What the boxes of one signalling terminal share: the queue of signals between them, outputs, and the two flags that outlive an alignment.

As in SDL a signal is taken when the box that sent it has finished, so no box is entered while it runs. Leaves out every procedure.
"""

from collections import deque
from typing import TYPE_CHECKING, Any

from pbx.engine import Noted, Unexpected
from pbx.machine import Machine
from pbx.signalling.ss7.mtp2.figures import Figures
from pbx.signalling.ss7.mtp2.orders import Order
from pbx.signalling.ss7.primitives import ToLevel3

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp2.cc import Congestion
    from pbx.signalling.ss7.mtp2.iac import InitialAlignment
    from pbx.signalling.ss7.mtp2.lsc import LinkState
    from pbx.signalling.ss7.mtp2.poc import ProcessorOutage


class Terminal:
    """``emergency`` and ``local_outage`` stand until level 3 takes them back, whatever becomes of the link."""

    link_state: "LinkState"
    alignment: "InitialAlignment"
    outage: "ProcessorOutage"
    congestion: "Congestion"

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.emergency = False
        self.local_outage = False
        self.outputs: list[Any] = []
        self.counters: dict[str, int] = {}
        self._signals: deque[tuple[Machine, str, Any, bool]] = deque()

    def post(self, machine: Machine, event: str, argument: Any = None) -> None:
        """A signal from level 3 or one of our boxes: a box without a cell for it is our mistake."""
        self._signals.append((machine, event, argument, False))

    def hear(self, machine: Machine, event: str, argument: Any = None) -> None:
        """A signal that the far end caused: a box without a cell for it yields ``Unexpected``."""
        self._signals.append((machine, event, argument, True))

    def forget(self) -> None:
        """No signal is under way any more."""
        self._signals.clear()

    def drain(self, now: float) -> None:
        """Let every signal be taken, in order."""
        while self._signals:
            machine, event, argument, heard = self._signals.popleft()
            for value in machine.step(event, argument, now):
                assert heard or type(value) is not Unexpected, f"{machine.chart.name}: no cell ({machine.state}, {event})"
                self.count("unexpected")
                self.outputs.append(value)

    def order(self, *orders: Order) -> None:
        """To transmission and reception control."""
        self.outputs.extend(orders)

    def tell(self, value: ToLevel3) -> None:
        """To level 3."""
        self.outputs.append(value)

    def note(self, text: str) -> None:
        """A line of the trace."""
        self.outputs.append(Noted(text))

    def count(self, name: str) -> None:
        """One more of what Q.752 wants to know."""
        self.counters[name] = self.counters.get(name, 0) + 1
