"""Items of Q.781 on a link of 2 Mbit/s (Q.703 annex A): those of link state control and processor outage, which annex A leaves as they are,
with units of the extended format and the errored interval monitor. T1 and T4 are those of 64 kbit/s, with which the items were written.
Left out are items that speak of numbers of seven bits or read octets of units: test_annex_a.py has their like."""

import pytest

from benchmarks.no7_terminals import FIGURES
from tests.plane.far_end import OVER_A_WIRE, chosen
from tests.signalling.ss7 import test_q781_failures, test_q781_link_states, test_q781_transmission
from tests.signalling.ss7.test_annex_a import ANNEX_A, ExtendedFarEnd

OF_SEVEN_BITS = {"1_1_a", "1_8", "1_9", "4_1", "8_2", "8_4", "8_8", "8_9", "10_1"}
ITEMS = {name: " ".join(one for one in items.split() if one not in OF_SEVEN_BITS) for name, items in OVER_A_WIRE.items()}
ITEMS_FIGURES = ANNEX_A.adjusted(timers_ms={name: FIGURES.milliseconds[name] for name in ("T1", "T4n")})


@pytest.fixture
def far(request):
    """As the module of the test wants it: in service where it is about messages."""
    made = ExtendedFarEnd(ITEMS_FIGURES)
    if request.function.__module__.endswith("transmission"):
        made.serve()
    return made


for module in (test_q781_link_states, test_q781_failures, test_q781_transmission):
    globals().update(chosen(module, ITEMS))
