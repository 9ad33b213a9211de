"""What the boxes of one signalling terminal share: signals (pbx/signalling/ss7/signals.py), and the two flags that outlive an alignment.

Leaves out every procedure.
"""

from typing import TYPE_CHECKING

from pbx.signalling.ss7.mtp2.figures import Figures
from pbx.signalling.ss7.mtp2.orders import Order
from pbx.signalling.ss7.primitives import ToLevel3
from pbx.signalling.ss7.signals import Signals

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp2.cc import Congestion
    from pbx.signalling.ss7.mtp2.iac import InitialAlignment
    from pbx.signalling.ss7.mtp2.lsc import LinkState
    from pbx.signalling.ss7.mtp2.poc import ProcessorOutage


class Terminal(Signals[ToLevel3]):
    """``emergency`` and ``local_outage`` stand until level 3 takes them back, whatever becomes of the link."""

    link_state: "LinkState"
    alignment: "InitialAlignment"
    outage: "ProcessorOutage"
    congestion: "Congestion"

    def __init__(self, figures: Figures) -> None:
        super().__init__()
        self.figures = figures
        self.emergency = False
        self.local_outage = False

    def forget(self) -> None:
        """No signal is under way any more."""
        self._signals.clear()

    def order(self, *orders: Order) -> None:
        """To transmission and reception control."""
        self.outputs.extend(orders)
