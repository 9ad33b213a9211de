"""Speech in time slot 16 on the kernel's own drivers: a span of 31 clear channels beside one with a link, calls in sound both ways.

Runs inside the machine of ``rig/``. The card by itself is tried on a played kernel in ``tests/drivers/test_slot_16.py``.
"""

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from drivers.dahdi import AVAILABLE
from tests.dahdi import loop_back
from tests.dahdi.loop_back import E1, LINK_SLOT, NO_LINK, Pair
from tests.dahdi.test_no7 import USER_PARTS, call, end, states, talk, unexpected
from tests.lab import Lab
from tests.offices import FAR_POINT, ccs_span, group, number, office, signalling_link_set, signalling_point

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

PAIRS = (*loop_back.PAIRS, Pair(E1, NO_LINK, NO_LINK))
SYSTEM_CONF = loop_back.system_conf(PAIRS)
pytestmark = pytest.mark.usefixtures("virtual_time")
PATIENCE_S = 900.0


def speech_beside_a_link(user_part, circuits):
    """The link is on a span of its own."""
    return loop_back.small(
        office(
            ccs_span("link", LINK_SLOT)
            + ccs_span("speech")
            + signalling_point()
            + signalling_link_set("toll", FAR_POINT, f"link/{LINK_SLOT}")
            + group("toll", circuits, user_part, {"point": "city", "far_point": FAR_POINT, "hunt": "descending"})
            + number("6", "trunk:toll", length=9, strip=1, callers="all")
        ),
        PAIRS,
    )


@pytest.fixture
def plant():
    with loop_back.LoopBackPlant(PAIRS) as made:
        yield made


@USER_PARTS
def test_a_call_over_channel_16(seed, user_part, plant):
    """It goes on when control dies; its neighbours are heard where they belong."""
    with Lab(seed=seed, configuration=speech_beside_a_link(user_part, ["speech/15-17"]), plant=plant) as lab:
        pairs = [call(lab, f"800{place}", f"66234567{place}") for place in (3, 4, 5)]
        assert [city.line.name for _, city in pairs] == ["speech/17", "speech/16", "speech/15"]
        for pair in pairs:
            talk(*pair)
        assert lab.simulation.kill_control() == 6
        lab.exchange = lab.simulation.exchange
        lab.after(3.0)
        assert set(states(lab).values()) == {"InService"}
        for pair in pairs:
            talk(*pair)
            end(*pair)
        lab.after(2.0)
        caller = lab.caller("01062345678", group="toll").dials("10086").is_answered()
        caller.hears("welcome").hears("main_menu").hangs_up().is_released()
        assert unexpected(lab) == []
