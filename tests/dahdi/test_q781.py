"""Items of Q.781 on a link that the plane works, over the kernel's drivers: engine, arena, plane, card, kernel, and a far end by hand.

Inside the machine of ``rig/``; channel 78 is ours, the far end's is 109. The kernel shows no unit that equals the one before it, so items
that send the same wrong unit twice are left out, and others that measure to less than 100 ms, or take long.
"""

import time

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from drivers.dahdi import AVAILABLE, Dahdi, DahdiSettings
from pbx.media import TICK_SECONDS, Plane
from tests.dahdi.rig.machine import TWO_PAIRS
from tests.plane.far_end import PlaneFarEnd, chosen
from tests.plane.links import LAYOUT, LinkControl
from tests.signalling.ss7 import test_q781_failures, test_q781_link_states, test_q781_transmission

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = TWO_PAIRS
PATIENCE_S = 600
LATE_TICKS = 12
ITEMS = {
    "test_q781_link_states": "1_1_a 1_1_b 1_5 1_11 1_12 1_15 1_21 1_25 1_27 1_28 1_29 1_30 1_33 1_35 2_7 2_8",
    "test_q781_failures": "4_2 4_3",
    "test_q781_transmission": "8_2 8_5 8_10 8_13",
}


@pytest.fixture
def bare():
    """Power is on, nothing more."""
    cards = [Dahdi(DahdiSettings(first, channels=4, signalling_channels=(4,))) for first in (75, 106)]
    planes = [Plane.create(LAYOUT) for _ in cards]
    ports = []
    for plane, card in zip(planes, cards, strict=True):
        plane.add_card(card.card)
        ports.append(plane.add_card(card.links[0])[0])
    began = time.monotonic()

    def await_tick(tick):
        time.sleep(max(0.0, began + tick * TICK_SECONDS - time.monotonic()))

    yield PlaneFarEnd(LinkControl(planes[0], ports[0]), planes[1], ports[1], LATE_TICKS, await_tick)
    for card in cards:
        card.close()


@pytest.fixture
def far(bare, request):
    """As the module of the test wants it: in service where it is about messages."""
    if request.function.__module__.endswith("transmission"):
        bare.serve()
    return bare


for module in (test_q781_link_states, test_q781_failures, test_q781_transmission):
    globals().update(chosen(module, ITEMS))
