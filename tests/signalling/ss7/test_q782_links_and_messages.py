"""Q.782 sections 1, 2 and 13: link management, message handling, link test.

The number of an item is in the name of its test, the title in its first line. Sections are those of Q.782; numbers below them are from
memory.
"""

import pytest

from pbx.engine import Malformed
from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.mtp3.label import SCCP
from pbx.signalling.ss7.primitives import FromLink, InService, Pause, ReceivedMessage, Resume, Transfer
from tests.signalling.ss7.tester import ISUP, A, B, C, D, E, Tester, ready

BODY = b"\x01\x02\x03"


def test_1_1_first_signalling_link_activation():
    """First signalling link activation."""
    tester = Tester()
    tester.answers -= {"align", "SLTA"}
    tester.give(operation.ActivateLink("B0"))
    assert tester.orders == [("B0", "Emergency"), ("B0", "Start")]
    tester.indicate("B0", InService())
    assert tester.tests == [("SLTM", "B0")]
    assert tester.state("B0") == ["failed or not active (Testing)"]
    tester.test_message("SLTA", "B0")
    assert tester.state("B0") == ["available"]
    assert operation.LinkSetChanged("B", True) in tester.reports


def test_1_2_signalling_link_set_deactivation():
    """Signalling link set deactivation."""
    tester = ready()
    tester.give(operation.DeactivateLinkSet("B"))
    assert [order for order in tester.orders if order[1] == "Stop"] == [("B0", "Stop"), ("B1", "Stop")]
    assert tester.told == [Pause(E)]
    tester.wait(5)
    assert [order for order in tester.orders if order[1] == "Start"] == [], "it stays out of service"
    tester.all_users(D)
    assert tester.spread() == {"C0": 8, "C1": 8}


def test_1_3_signalling_link_set_activation():
    """Signalling link set activation."""
    tester = ready()
    tester.give(operation.DeactivateLinkSet("B"))
    tester.wait(5)
    tester.clear()
    tester.give(operation.ActivateLinkSet("B"))
    assert tester.state("B0", "B1") == ["available"] * 2
    tester.wait(2)
    assert Resume(E) in tester.told
    tester.all_users(D)
    assert tester.spread() == {"B0": 4, "B1": 4, "C0": 4, "C1": 4}


def test_1_4_a_spare_link_stands_in_for_a_failed_one():
    """Activation of another link when one fails, and its release after restoration."""
    tester = Tester(active=1)
    tester.give(operation.ActivateLinkSet("B"))
    tester.far("TRA", "B0", 0)
    tester.wait(1)
    assert tester.state("B0", "B1") == ["available", "failed or not active (Inactive)"]
    tester.answers.discard("align")
    tester.fail("B0")
    assert tester.orders[-1] == ("B1", "Start")
    tester.indicate("B1", InService())
    tester.answers.add("align")
    tester.wait(2)
    assert tester.state("B0", "B1") == ["available", "failed or not active (Inactive)"]


def test_1_5_restoration_is_tried_again_and_again_after_t17():
    """Restoration of a failed link; T17 between the trials."""
    tester = ready()
    tester.answers.discard("align")
    tester.fail("B0")
    for _ in range(5):
        tester.clear()
        tester.wait(0.95)
        assert tester.orders == []
        tester.wait(0.1)
        assert tester.orders == [("B0", "Start")], "no emergency, as another link of the set is available"
        tester.fail("B0")


def test_1_6_emergency_restart_of_a_link_set():
    """All links of a set have failed: emergency alignment, which ceases with the first available link."""
    tester = ready()
    tester.answers -= {"align"}
    tester.fail("B0")
    tester.fail("B1")
    tester.clear()
    tester.wait(1.2)
    assert sorted(tester.orders) == [("B0", "Emergency"), ("B0", "Start"), ("B1", "Emergency"), ("B1", "Start")]
    tester.clear()
    tester.indicate("B1", InService())
    assert ("B0", "EmergencyCeases") in tester.orders
    tester.fail("B0")
    tester.clear()
    tester.wait(1.2)
    assert tester.orders == [("B0", "Start")], "the next alignment is a normal one"


def test_1_7_a_link_that_people_have_taken_out_stays_out():
    """Deactivation by order: link set control does not bring the link back, another order does."""
    tester = ready()
    tester.give(operation.DeactivateLink("B0"))
    tester.answers.discard("align")
    tester.fail("B1")
    tester.wait(5)
    assert ("B0", "Start") not in tester.orders
    tester.answers.add("align")
    tester.give(operation.ActivateLink("B0"))
    tester.wait(1)
    assert tester.state("B0") == ["available"]


def test_1_8_a_link_that_was_out_counts_again():
    """Activation by order after deactivation by order: the spare that stood in is let go."""
    tester = Tester(active=1)
    tester.give(operation.ActivateLinkSet("B"))
    tester.give(operation.DeactivateLink("B0"))
    tester.wait(3)
    assert tester.state("B0", "B1") == ["failed or not active (Inactive)", "available"]
    tester.give(operation.ActivateLink("B0"))
    tester.wait(3)
    assert tester.state("B0", "B1") == ["available", "failed or not active (Inactive)"]


def test_2_1_message_with_an_invalid_sub_service_field():
    """Message received with an invalid SSF (discrimination)."""
    tester = ready()
    tester.put("B0", ISUP, B, A, 0, BODY, network=0)
    assert tester.arrived == []
    assert tester.point.counters["wrong network indicator"] == 1


def test_2_2_message_with_an_invalid_destination():
    """Message received with an invalid DPC (discrimination): discarded by a point without transfer function."""
    tester = ready()
    tester.put("B0", ISUP, B, D, 0, BODY)
    assert (tester.arrived, tester.users) == ([], [])
    assert tester.point.counters["not for this point"] == 1


def test_2_3_message_with_an_invalid_service_indicator():
    """Message received with an invalid SI (distribution): the sender is told by UPU."""
    tester = ready()
    tester.put("B0", 9, D, A, 3, BODY)
    name, _, _, message = tester.messages[-1]
    assert (name, message.destination, message.service, message.cause) == ("UPU", A, 9, 1)
    tester.put("B0", SCCP, B, A, 3, BODY)
    assert tester.arrived == [Transfer(SCCP, A, B, 3, BODY)]


def test_2_3_octets_that_are_no_message_are_malformed():
    """Messages that are too short for their label."""
    tester = ready()
    for length in range(8):
        tester.give(FromLink("B0", ReceivedMessage(bytes((0x85, 1, 100, 21, 2, 100, 21, 0))[:length])))
    assert [type(value) for value in tester.wrong] == [Malformed] * 8


def test_2_4_1_load_sharing_within_a_link_set_all_links_available():
    """Load sharing within a link set, all links available."""
    tester = ready()
    tester.all_users(E)
    assert tester.spread() == {"B0": 8, "B1": 8}
    tester.all_users(E)
    assert all(len(links) == 1 for links in tester.used().values()), "one SLS, one link"


def test_2_4_2_load_sharing_within_a_link_set_one_link_unavailable():
    """Load sharing within a link set, one link unavailable."""
    tester = ready()
    tester.answers.discard("align")
    tester.fail("B1")
    tester.all_users(E)
    assert tester.spread() == {"B0": 16}


def test_2_5_1_load_sharing_between_link_sets():
    """Load sharing between link sets, both available."""
    tester = ready()
    tester.all_users(D)
    assert tester.spread() == {"B0": 4, "B1": 4, "C0": 4, "C1": 4}


@pytest.mark.parametrize("bit", range(4))
def test_2_5_1_any_bit_of_the_sls_may_choose_the_link_set(bit):
    """Load sharing between link sets by each bit of the SLS."""
    tester = ready(load_share_bit=bit)
    tester.all_users(D)
    assert tester.spread() == {"B0": 4, "B1": 4, "C0": 4, "C1": 4}
    assert {sls >> bit & 1: links.pop()[0] for sls, links in tester.used().items()} == {0: "B", 1: "C"}


def test_2_5_2_load_sharing_with_a_link_set_unavailable():
    """Load sharing between link sets, one of them unavailable."""
    tester = ready()
    tester.all_users(D, 1)
    carried = tester.used(1)
    tester.answers.discard("align")
    tester.fail("C0")
    tester.fail("C1")
    tester.wait(2)
    tester.all_users(D, 2)
    assert tester.spread(2) == {"B0": 8, "B1": 8}
    moved = {sls for sls, links in tester.used(2).items() if links != carried[sls]}
    assert moved == set(range(1, 16, 2)), "no flow moves but those whose link has failed"


def test_2_6_1_inaccessible_destination_by_failure_of_a_link_set():
    """Inaccessible destination: the only link set has failed."""
    tester = ready()
    tester.answers.discard("align")
    tester.fail("B0")
    tester.fail("B1")
    assert tester.told == [Pause(E)], "B and D are reached by C"
    tester.wait(3)
    tester.all_users(E, 9)
    assert tester.used(9) == {}
    assert tester.point.counters["destination inaccessible"] == 16


def test_2_6_2_inaccessible_destination_by_prohibited_routes():
    """Inaccessible destination: its routes are prohibited."""
    tester = ready()
    tester.far("TFP", "B0", 0, destination=E)
    assert tester.told == [Pause(E)]
    tester.all_users(E)
    assert tester.used() == {}


def test_2_7_a_transfer_point_passes_messages_on_unchanged():
    """Message for another point, transfer function: octet by octet the same."""
    tester = ready(transfer=True)
    tester.put("B0", ISUP, B, D, 1, BODY)
    assert tester.users == [("C0", D, 1, 1)]
    tester.put("C0", ISUP, C, 0x123456, 1, BODY)
    assert tester.point.counters["unknown destination"] == 1


def test_13_1_link_test_after_activation():
    """Signalling link test after activation of the link."""
    tester = Tester()
    tester.answers.discard("SLTA")
    tester.give(operation.ActivateLink("B0"))
    assert tester.tests == [("SLTM", "B0")]
    tester.test_message("SLTA", "B0")
    assert tester.state("B0") == ["available"]


def test_13_2_link_test_without_acknowledgement():
    """No acknowledgement to SLTM: again after T1, then the link is taken down."""
    tester = Tester()
    tester.answers.discard("SLTA")
    tester.give(operation.ActivateLink("B0"))
    tester.wait(8.01)
    assert tester.tests == [("SLTM", "B0")] * 2
    tester.answers.discard("align")
    tester.wait(8)
    assert tester.orders[-1] == ("B0", "Stop")
    assert tester.state("B0") == ["failed or not active (Waiting)"]
    assert any(isinstance(report, operation.Warned) for report in tester.reports)


@pytest.mark.parametrize("wrong", [{"pattern": b"other"}, {"code": 1}, {"opc": C}])
def test_13_3_link_test_with_a_wrong_acknowledgement(wrong):
    """SLTA with a wrong pattern, SLC or OPC is no acknowledgement."""
    tester = Tester()
    tester.answers -= {"SLTA", "align"}
    tester.give(operation.ActivateLink("B0"))
    tester.indicate("B0", InService())
    tester.test_message("SLTA", "B0", **wrong)
    assert tester.tests == [("SLTM", "B0")] * 2
    tester.test_message("SLTA", "B0", **wrong)
    assert tester.state("B0") == ["failed or not active (Waiting)"]


def test_13_4_link_test_message_is_answered_with_its_pattern():
    """SLTM received: SLTA over the same link with the same pattern."""
    tester = ready()
    tester.test_message("SLTM", "B1", b"\x01\x02")
    assert tester.tests == [("SLTA", "B1")]


@pytest.mark.parametrize("wrong", [{"code": 0}, {"opc": C}])
def test_13_5_link_test_message_of_a_crossed_link_is_not_answered(wrong):
    """SLTM received with a wrong SLC or OPC: no answer."""
    tester = ready()
    tester.test_message("SLTM", "B1", **wrong)
    assert tester.tests == []


def test_13_6_link_test_is_repeated_while_active():
    """Signalling link test each T2; two in a row that fail are a failure of the link."""
    tester = ready()
    tester.wait(60)
    assert ("SLTM", "B0") in tester.tests
    assert tester.state() == ["available"] * 4
    tester.answers -= {"SLTA", "align"}
    tester.wait(80)
    assert tester.state() == ["failed or not active (Aligning)"] * 4
