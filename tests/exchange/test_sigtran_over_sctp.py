"""A whole exchange with No. 7 over the kernel's SCTP: the stories of test_sigtran.py, and paths that fall silent under calls.

Where this kernel has no SCTP they run in the rig's machine (tests/sctp.py).
"""

import pytest

from pbx.vocabulary import facts
from tests.exchange import test_sigtran
from tests.exchange.kernel_associations import SctpLab
from tests.exchange.test_no7 import call, end, states, talk, unexpected
from tests.sctp import needs_sctp

pytestmark = needs_sctp
PATIENCE_S = 600.0


@pytest.fixture(autouse=True)
def over_sctp(monkeypatch):
    monkeypatch.setattr(test_sigtran, "Lab", SctpLab)


LINKS = pytest.mark.parametrize("link, name", [("toll-0", "ip-a"), ("toll-1", "ip-b")])


@LINKS
def test_an_association_of_m2pa_is_lost_calls_stand_new_ones_come_and_it_comes_back(seed, link, name):
    test_sigtran.test_an_association_of_m2pa_is_lost_calls_stand_new_ones_come_and_it_comes_back(seed, link, name)


@pytest.mark.parametrize("link, words", [("toll-0", {"XCO", "XCA"}), ("slot", {"COO", "COA"})])
def test_a_link_over_ip_and_one_in_a_time_slot_share_a_set(seed, link, words):
    test_sigtran.test_a_link_over_ip_and_one_in_a_time_slot_share_a_set(seed, link, words)


def test_with_all_associations_gone_calls_stand_no_new_one_begins_and_all_comes_back(seed):
    test_sigtran.test_with_all_associations_gone_calls_stand_no_new_one_begins_and_all_comes_back(seed, "tup")


def test_control_restarts_amid_a_call_and_its_links_of_m2pa_align_anew(seed):
    test_sigtran.test_control_restarts_amid_a_call_and_its_links_of_m2pa_align_anew(seed, "isup")


@pytest.mark.parametrize("role", ["server", "gateway", "ipsp"])
def test_circuits_of_a_point_that_is_reached_by_m3ua(seed, role):
    test_sigtran.test_circuits_of_a_point_that_is_reached_by_m3ua(seed, role, "isup")


@pytest.mark.parametrize("mode", ["loadshare", "override"])
def test_of_two_processes_one_may_go_without_anybody_noticing(seed, mode):
    test_sigtran.test_of_two_processes_one_may_go_without_anybody_noticing(seed, mode)


def test_control_restarts_amid_a_call_and_its_servers_become_active_anew(seed):
    test_sigtran.test_control_restarts_amid_a_call_and_its_servers_become_active_anew(seed, "tup")


def test_people_see_associations_and_what_goes_over_them(seed):
    test_sigtran.test_people_see_associations_and_what_goes_over_them(seed)


@LINKS
def test_a_path_falls_silent_under_calls_which_go_on_over_the_other_link(seed, link, name):
    """Nobody says that it is gone: T7 of M2PA finds out, long before SCTP gives up, and level 3 changes over by XCO."""
    with SctpLab(seed=seed, configuration=test_sigtran.over_m2pa()) as lab:
        telephone, city = call(lab)
        before = lab.now
        lab.wires.silence(name)
        pairs = [call(lab, f"800{place}", f"6634567{place}{place}") for place in (4, 5, 6)]
        assert states(lab)[link] != "InService"
        for pair in (*pairs, (telephone, city)):
            talk(*pair)
        lab.after(15.0)
        raised = {fact.source for fact in lab.facts(facts.AlarmRaised) if fact.at > before}
        assert raised == {f"association {name}", f"link {link}"}
        lab.wires.mend(name)
        lab.after(40.0)
        assert set(states(lab).values()) == {"InService"}
        for pair in (*pairs, (telephone, city)):
            end(*pair)
        assert unexpected(lab) == []
    history = lab.exchange.signalling.points["city"].history
    assert {"XCO", "XCA"} <= {text.split()[1] for _, text in history if text.startswith(("->", "<-"))}
