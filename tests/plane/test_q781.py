"""Items of Q.781 on a link that the plane works, over a simulated wire: engine, arena, plane, card, and a far end by hand."""

import pytest

from drivers.wire import SpanSettings, Wire, join
from pbx.media import Plane
from tests.plane.far_end import PlaneFarEnd, chosen
from tests.plane.links import LAYOUT, LinkControl
from tests.signalling.ss7 import test_q781_failures, test_q781_link_states, test_q781_transmission


@pytest.fixture
def bare():
    """Power is on, nothing more."""
    wires = [Wire([SpanSettings(signalling_channels=(16,))]) for _ in range(2)]
    join((wires[0], 0), (wires[1], 0))
    planes = [Plane.create(LAYOUT) for _ in wires]
    ports = []
    for plane, wire in zip(planes, wires, strict=True):
        plane.add_card(wire.card)
        ports.append(plane.add_card(wire.links[0])[0])
    return PlaneFarEnd(LinkControl(planes[0], ports[0]), planes[1], ports[1], late=4)


@pytest.fixture
def far(bare, request):
    """As the module of the test wants it: in service where it is about messages."""
    if request.function.__module__.endswith("transmission"):
        bare.serve()
    return bare


for module in (test_q781_link_states, test_q781_failures, test_q781_transmission):
    globals().update(chosen(module))
