"""An exchange with No. 7 on the kernel's own drivers: links on ``mtp2`` channels, circuits on clear ones, the simulated far end opposite.

Runs inside the machine of ``rig/``. Two spans, a link in time slot 16 of each; one of them is pulled, control dies amid a call. The stories
of ``tests/scenarios`` are told in ``test_stories.py``, the renewal of the whole program in ``test_no7_renewal.py``.
"""

from pathlib import Path

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from drivers.dahdi import AVAILABLE
from pbx.media import lib
from pbx.vocabulary import facts
from tests.dahdi import loop_back
from tests.dahdi.loop_back import E1, LINK_SLOT, NO_7, Pair
from tests.dahdi.rig.face import Control
from tests.lab import Lab
from tests.offices import FAR_POINT, ccs_span, group, number, office, signalling_link_set, signalling_point

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

PAIRS = (*loop_back.PAIRS, Pair(E1, NO_7, NO_7))
SYSTEM_CONF = loop_back.system_conf(PAIRS)
pytestmark = pytest.mark.usefixtures("virtual_time")
PATIENCE_S = 900.0
SPANS = ("ss7-1", "ss7-2")
CITY = "662345678"
USER_PARTS = pytest.mark.parametrize("user_part", ["isup", "tup"])


def two_spans(user_part, **settings):
    circuits = [f"{span}/{slots}" for span in SPANS for slots in ("1-15", "17-31")]
    return loop_back.small(
        office(
            "".join(ccs_span(span, LINK_SLOT) for span in SPANS)
            + signalling_point()
            + signalling_link_set("toll", FAR_POINT, *(f"{span}/{LINK_SLOT}" for span in SPANS))
            + group("toll", circuits, user_part, {"point": "city", "far_point": FAR_POINT, **settings})
            + number("6", "trunk:toll", length=9, strip=1, callers="all")
        ),
        PAIRS,
    )


@pytest.fixture
def plant():
    with loop_back.LoopBackPlant(PAIRS) as made:
        yield made


def call(lab, extension="8003", wanted=CITY):
    """A call out of an extension that is answered; both parties."""
    city = lab.caller(wanted[1:])
    telephone = lab.telephone(extension).dials(wanted)
    city.is_rung().answers()
    lab.after(1.0)
    return telephone, city


def talk(telephone, city):
    telephone.speaks("welcome")
    city.hears("welcome")
    city.speaks("main_menu")
    telephone.hears("main_menu")


def end(telephone, city):
    city.hangs_up().is_released()
    telephone.hears_tone("busy").hangs_up()


def states(lab):
    return {name: link.state for name, link in lab.exchange.signalling.links.items()}


def unexpected(lab):
    return [*lab.exchange.floor.counters, *lab.network.floor.counters]


def available(lab, span):
    """How many circuits of a span may be seized, at our end and at the far one."""
    names = [f"{span}/{slot}" for slot in range(1, 32) if slot != LINK_SLOT]
    return tuple(sum(end.lines[name].available for name in names) for end in (lab.exchange, lab.network))


class PulledSpan:
    """Our end of the last pair, its channels open: taken away as a board is, and put back."""

    def __init__(self):
        self.span = f"span-{2 * len(PAIRS) - 1}"
        self.device = next(folder for folder in Path("/sys/bus/dahdi_devices/devices").iterdir() if (folder / self.span).exists())
        (self.device / "unassign_span").write_text("1\n")

    def put_back(self):
        (self.device / "auto_assign").write_text("1")
        first = loop_back.firsts(PAIRS)[-1][0]
        with Control() as control:
            for slot in range(1, E1 + 1):
                control.configure(first + slot - 1, lib.DAHDI_SIG_MTP2 if slot == LINK_SLOT else lib.DAHDI_SIG_CLEAR)


@USER_PARTS
def test_a_pulled_span_takes_its_link_and_circuits_along_and_no_others(seed, user_part, plant):
    with Lab(seed=seed, configuration=two_spans(user_part, hunt="ascending"), plant=plant) as lab:
        assert set(states(lab).values()) == {"InService"}
        telephone, city = call(lab)
        assert available(lab, "ss7-1") == (29, 29) and available(lab, "ss7-2") == (30, 30)
        before = lab.now
        pulled = PulledSpan()
        lab.after(5.0)
        assert (states(lab)["toll-0"], states(lab)["toll-1"] == "InService") == ("InService", False)
        assert available(lab, "ss7-1") == (29, 29) and available(lab, "ss7-2") == (0, 0)
        talk(telephone, city)
        other, another = call(lab, "8004", "663456789")
        talk(other, another)
        pulled.put_back()
        lab.after(30.0)
        assert set(states(lab).values()) == {"InService"}
        assert available(lab, "ss7-1") == (28, 28) and available(lab, "ss7-2") == (30, 30)
        end(other, another)
        end(telephone, city)
        assert unexpected(lab) == []
    sources = {fact.source for fact in lab.facts(facts.AlarmRaised) if fact.at > before}
    assert "link toll-1" in sources and not sources & {"link set toll", f"point {FAR_POINT}"}


@USER_PARTS
def test_control_restarts_amid_a_call_and_links_go_on(seed, user_part, plant):
    with Lab(seed=seed, configuration=two_spans(user_part), plant=plant) as lab:
        telephone, city = call(lab)
        waiting = lab.telephone("8004").dials("664567890")
        lab.caller("64567890").is_rung()
        assert lab.simulation.kill_control() == 2
        lab.exchange = lab.simulation.exchange
        lab.after(3.0)
        assert set(states(lab).values()) == {"InService"}
        assert not any("link" in text for link in lab.exchange.signalling.links.values() for _, text in link.history)
        talk(telephone, city)
        waiting.hears_tone("busy").hangs_up()
        lab.after(2.0)
        assert sum(available(lab, span)[0] for span in SPANS) == 59
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []
