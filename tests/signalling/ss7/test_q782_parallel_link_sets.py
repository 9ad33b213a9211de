"""Items of Q.782 with two link sets to one adjacent point, which share the load or are first and second choice; T11, T24 and data links.

The number of an item is in the name of its test, the title in its first line. Sections are those of Q.782; numbers below them are from
memory.
"""

import pytest

from pbx.engine import Unexpected
from pbx.signalling.ss7.mtp3 import management, operation
from pbx.signalling.ss7.mtp3.label import NETWORK_MANAGEMENT
from pbx.signalling.ss7.mtp3.management import Message
from pbx.signalling.ss7.primitives import InService, Pause, RestartEnds, Resume
from tests.signalling.ss7.network import VARIANT, square, up
from tests.signalling.ss7.test_q782_changeback import back, carried, diverted
from tests.signalling.ss7.tester import ISUP, A, B, C, D, E, Tester, ready

EQUALLY = {"B0": 4, "B1": 4, "P2": 4, "P3": 4}


def told_of(tester, *names):
    """Management messages of these names: name, adjacent point's letter, destination."""
    return [(name, "C" if link[0] == "C" else "B", message.destination) for name, link, _, message in tester.messages if name in names]


def test_1_10_no_emergency_while_another_link_set_to_the_point_works():
    """All links of a set have failed: normal alignment while another set to the point works, emergency alignment without one."""
    tester = ready(parallel=0)
    tester.answers.discard("align")
    tester.fail("B0")
    tester.fail("B1")
    tester.clear()
    tester.wait(1.2)
    assert sorted(tester.orders) == [("B0", "Start"), ("B1", "Start")]
    tester.fail("P2")
    tester.fail("P3")
    assert {("B0", "Emergency"), ("B1", "Emergency")} <= set(tester.orders)
    tester.wait(1.2)
    tester.clear()
    tester.indicate("B0", InService())
    assert {(link, "EmergencyCeases") for link in ("B1", "P2", "P3")} <= set(tester.orders)


@pytest.mark.parametrize("name", ["CSS", "CNS", "CNP"])
def test_1_9_a_data_link_is_asked_for(name):
    """DLC received: CNP, for data links are fixed; CSS, CNS and CNP without an order of ours are counted."""
    tester = ready()
    tester.put("B1", NETWORK_MANAGEMENT, B, A, 0, management.write(tester.form, Message("DLC", link=17)))
    assert tester.said() == [("CNP", tester.messages[0][1], 0)]
    tester.far(name, "B1", 0)
    assert tester.wrong == [Unexpected("no connection order", name)]
    assert len(tester.said()) == 1
    assert tester.state() == ["available"] * 4


def test_2_5_3_load_sharing_between_link_sets_to_one_point():
    """Load sharing between two link sets to the same adjacent point."""
    tester = ready(parallel=0)
    tester.all_users(E)
    assert tester.spread() == EQUALLY


@pytest.mark.parametrize("bit", range(4))
def test_2_5_3_any_bit_divides_link_sets_to_one_point(bit):
    """The same by each bit of the SLS; the next bit divides the links of a set."""
    tester = ready(parallel=0, load_share_bit=bit)
    tester.all_users(E)
    assert tester.spread() == EQUALLY
    for sls, (link,) in tester.used().items():
        assert (link[0] == "P", link in ("B1", "P3")) == (bool(sls >> bit & 1), bool(sls >> (bit + 1) % 4 & 1))


def test_2_5_4_load_sharing_between_link_sets_to_one_point_and_to_another():
    """Two link sets to one adjacent point and one to another: each takes its third."""
    tester = ready(parallel=0)
    tester.all_users(D)
    assert tester.spread() == {"B0": 3, "B1": 3, "C0": 3, "C1": 2, "P2": 3, "P3": 2}


def test_2_5_5_load_sharing_with_one_of_two_link_sets_to_one_point_unavailable():
    """One of two link sets to the same adjacent point fails: its traffic alone moves, evenly."""
    tester = ready(parallel=0)
    tester.all_users(E, 1)
    carried_before = tester.used(1)
    tester.answers.discard("align")
    tester.fail("P2")
    tester.fail("P3")
    tester.all_users(E, 2)
    assert tester.spread(2) == {"B0": 8, "B1": 8}
    moved = {sls for sls, links in tester.used(2).items() if links != carried_before[sls]}
    assert moved == set(range(1, 16, 2))
    assert tester.told == []


def test_2_6_3_inaccessible_destination_by_failure_of_all_link_sets_to_a_point():
    """A destination is inaccessible when the last link set to its only adjacent point has failed."""
    tester = ready(parallel=0)
    tester.answers.discard("align")
    for link in ("B0", "B1", "P2"):
        tester.fail(link)
    assert tester.told == []
    tester.fail("P3")
    assert tester.told == [Pause(E)]


def test_3_14_changeover_to_another_link_set_of_the_same_point():
    """The last link of a set fails, the adjacent point has another: COO goes over that, named by its SLC alone."""
    tester = ready(parallel=1)
    tester.far("TFP", "C0", 0, destination=B)
    tester.answers -= {"align", "COA"}
    tester.give(operation.DeactivateLink("B1"))
    tester.far("COA", "B0", 1, fsn=3)
    tester.wait(3)
    tester.all_users(E, 1)
    assert tester.spread(1) == {"B0": 16}
    tester.clear()
    tester.fail("B0")
    ((name, link, slc),) = tester.said("COO", "ECO")
    assert (name, link[0], slc) == ("COO", "P", 0)
    tester.all_users(E, 2)
    assert tester.used(2) == {}
    tester.far("COA", "P2", 0, fsn=3)
    assert tester.spread(2) == {"P2": 8, "P3": 8}
    assert tester.told == []


@pytest.mark.parametrize("over", ["B1", "P2", "P3"])
def test_3_18_changeover_order_over_any_link_to_the_same_point(over):
    """COO and COA for a link may come over a link of any set to that point."""
    tester = ready(parallel=0)
    tester.answers -= {"align", "COA"}
    tester.user(E, 0, 1)
    tester.far("COO", over, 0, fsn=4)
    assert tester.orders == [("B0", "Stop"), ("B0", "RetrieveBsnt"), ("B0", "RetrievalRequest", 4)]
    assert [(name, slc) for name, _, slc in tester.said()] == [("COA", 0)]
    tester.fail("P2" if over != "P2" else "P3")
    tester.far("COA", "B1", 2 if over != "P2" else 3, fsn=6)
    assert tester.orders[-1] == ("P2" if over != "P2" else "P3", "RetrievalRequest", 6)


def test_3_26_local_processor_outage_with_a_stabilising_time():
    """T24: traffic comes back to the link when the outage has been over for so long; one that returns is the same outage."""
    tester = ready(variant=VARIANT.adjusted(outage_stabilised=True))
    tester.give(operation.BlockLink("B0"))
    tester.wait(5)
    tester.give(operation.UnblockLink("B0"))
    assert tester.orders == [("B0", "LocalProcessorOutage"), ("B0", "LocalProcessorRecovered")]
    tester.wait(0.45)
    tester.give(operation.BlockLink("B0"))
    tester.give(operation.UnblockLink("B0"))
    tester.wait(0.45)
    assert tester.state("B0") == ["local processor outage (Active)"]
    assert len(tester.orders) == 4
    tester.wait(0.1)
    assert tester.orders[4:] == [("B0", "FlushBuffers")]
    assert tester.state("B0") == ["available"]
    assert [report.stands for report in tester.reports if isinstance(report, operation.LinkCondition)] == [True, False]


def test_4_12_changeback_from_another_link_set_of_the_same_point():
    """The stand-in belongs to another set to the same point: CBD over the stand-in, though no other way leads there."""
    tester = diverted("B0", "B1", parallel=1)
    tester.far("TFP", "C0", 0, destination=B)
    back(tester, "B0")
    assert sorted(tester.said("CBD")) == [("CBD", "P2", 0), ("CBD", "P3", 0)]
    tester.all_users(E, 3)
    assert tester.used(3) == {}
    for name, link, _, message in list(tester.messages):
        if name == "CBD":
            tester.far("CBA", link, 0, code=message.code)
    assert tester.spread(3) == {"B0": 16}
    assert "changeback without acknowledgement" not in tester.point.counters
    assert tester.said("TRA") == [], "the point was there all the time"


def test_5_4_forced_rerouting_concerns_all_link_sets_to_the_point():
    """TFP over a link of one set: traffic leaves both sets to that point at once; told again over the other it is nothing new."""
    tester = ready(parallel=0)
    tester.all_users(D, 1)
    tester.far("TFP", "P2", 0, destination=D)
    tester.all_users(D, 2)
    assert tester.spread(2) == {"C0": 9, "C1": 7}, "thirds of sixteen, halved"
    assert [(one.link_set, one.status) for one in tester.reports] == [("B", "prohibited"), ("P", "prohibited")]
    tester.clear()
    tester.far("TFP", "B0", 0, destination=D)
    tester.far("TFP", "P3", 0, destination=E)
    assert tester.told == [Pause(E)]
    assert {one.destination for one in tester.reports} == {E}
    assert tester.point.counters["route prohibited"] == 2, "one for each destination"


def test_6_5_controlled_rerouting_concerns_all_link_sets_to_the_point():
    """TFA over a link of one set: after T6 both sets to that point have their traffic again, in order."""
    tester = ready(parallel=0)
    tester.all_users(D, 1)
    before = tester.used(1)
    tester.far("TFP", "B0", 0, destination=D)
    tester.far("TFA", "P3", 0, destination=D)
    tester.all_users(D, 2)
    assert tester.spread(2) == {"C0": 3, "C1": 2}, "what has gone there always"
    tester.wait(0.85)
    assert tester.used(2) == before
    assert all([number for _, number in carried(tester, sls)] == [1, 2] for sls in range(16))


def test_7_2_2_inhibition_of_the_last_link_of_a_set():
    """Permitted while another set to the same point works, refused for the last link of all."""
    tester = ready(parallel=1)
    tester.all_users(E, 1)
    for link in ("B0", "B1", "P2", "P3"):
        tester.give(operation.InhibitLink(link))
        tester.wait(1)
    found = [(one.link, one.why) for one in tester.reports if isinstance(one, operation.Inhibited)]
    assert found == [("B0", ""), ("B1", ""), ("P2", ""), ("P3", "a destination would be lost")]
    assert tester.told == []
    tester.all_users(E, 2)
    assert tester.spread(2) == {"P3": 16}


def test_9_1_5_transfer_prohibited_to_a_point_with_two_link_sets():
    """A transfer point begins to route by a point with two link sets: that point is told TFP once, and TFA once."""
    tester = ready(transfer=True, parallel=1, d_priority=(1, 0))
    tester.far("TFP", "C0", 0, destination=D)
    assert told_of(tester, "TFP", "TFR", "TFA") == [("TFP", "B", D)]
    tester.clear()
    tester.far("TFA", "C0", 0, destination=D)
    assert told_of(tester, "TFP", "TFR", "TFA") == [("TFA", "B", D)]


def test_9_1_6_another_link_set_to_the_same_point_is_no_alternative_route():
    """Traffic goes over to the second link set of the same point: no circle, so nobody is told TFP, though messages come from there."""
    tester = ready(transfer=True, parallel=1, d_priority=(0, 2))
    tester.answers.discard("align")
    tester.fail("B0")
    tester.fail("B1")
    assert told_of(tester, "TFP", "TFR", "TFA") == []
    tester.put("C0", ISUP, C, D, 2, b"\x07")
    assert carried(tester, 2)[0][0][0] == "P"


def test_9_1_7_response_to_a_point_with_two_link_sets():
    """Messages over both sets for an inaccessible destination: one TFP within T8."""
    tester = ready(transfer=True, parallel=0)
    tester.far("TFP", "C0", 0, destination=D)
    tester.far("TFP", "B0", 0, destination=D)
    tester.clear()
    for link in ("B0", "B1", "P2", "P3"):
        tester.put(link, ISUP, B, D, 0, b"\x01")
    assert told_of(tester, "TFP") == [("TFP", "B", D)]


def test_9_1_8_a_point_that_is_the_first_choice_by_all_its_link_sets_is_told_nothing():
    """Both sets to the point are the first choice to a destination: it has no use for us, so it hears no TFP when all routes are lost."""
    tester = ready(transfer=True, parallel=0, d_priority=(0, 1))
    tester.far("TFP", "P2", 0, destination=D)
    tester.far("TFP", "C0", 0, destination=D)
    assert tester.told == [Pause(D)]
    assert told_of(tester, "TFP", "TFR", "TFA") == [("TFP", "C", D)]


def test_9_4_5_one_test_for_all_link_sets_to_a_point():
    """A prohibited route is asked after once each T10, not once for each set."""
    tester = ready(parallel=0)
    tester.far("TFP", "B0", 0, destination=D)
    tester.wait(46)
    assert told_of(tester, "RST") == [("RST", "B", D)]
    tester.answers.discard("align")
    tester.fail("B0")
    tester.fail("B1")
    tester.wait(45)
    assert [link[0] for name, link, *_ in tester.messages if name == "RST"] == ["B", "P"], "over the set that is left"


def test_9_7_what_was_told_stands_while_any_link_set_to_the_point_does():
    """One of two sets to a point fails and comes back: what that point has told of a destination still counts."""
    tester = ready(parallel=0)
    tester.far("TFP", "B0", 0, destination=D)
    tester.answers.discard("align")
    tester.fail("B0")
    tester.fail("B1")
    tester.wait(3)
    tester.indicate("B0", InService())
    tester.indicate("B1", InService())
    tester.wait(3)
    tester.all_users(D, 1)
    assert tester.spread(1) == {"C0": 9, "C1": 7}
    assert tester.said("TRA") == []


OPTION = VARIANT.adjusted(timers_ms={"T11": 30000}, transfer_restricted=True)


def lost_way(seconds, variant=OPTION):
    """The square of points in which Y has lost its normal way to B for so long and reaches it by Z."""
    network = up(square(3, variant=variant), 20)
    network.wires["B-Y/0"].cut(0.0)
    network.run(seconds)
    return network


def test_9_8_1_transfer_restricted_after_a_failure():
    """T11 after its normal route was lost a transfer point tells TFR; who has another way takes it, without loss."""
    network = lost_way(29)
    a, y = network.sites["A"], network.sites["Y"]
    assert (y.said("TFP"), y.said("TFR")) == (["TFP"], [])
    network.send_all("A", "B")
    network.run(0.5)
    assert {link for links in a.links_used().values() for link in links} == {"A-Y/0", "A-Z/0"}
    network.run(2)
    assert (y.said("TFR"), a.heard("TFR")) == (["TFR"], ["TFR"])
    a.forget()
    network.send_all("A", "B")
    network.run(2)
    assert {link for links in a.links_used().values() for link in links} == {"A-Z/0"}
    network.wires["B-Y/0"].mend()
    network.run(10)
    assert y.said("TFA") == ["TFA", "TFA"], "to A, and to Z, which was told TFP"
    a.forget()
    network.send_all("A", "B")
    network.run(2)
    assert {link for links in a.links_used().values() for link in links} == {"A-Y/0", "A-Z/0"}
    assert network.damage() == (0, 0, 0)


def test_9_8_2_a_link_set_that_comes_back_within_t11():
    """The normal route is back before T11: nobody was told, and T11 begins anew with the next loss."""
    network = lost_way(20)
    network.wires["B-Y/0"].mend()
    network.run(9)
    network.wires["B-Y/0"].cut(0.0)
    network.run(25)
    assert network.sites["Y"].said("TFR") == []
    assert network.sites["A"].heard("TFR") == []
    network.run(6)
    assert network.sites["Y"].said("TFR") == ["TFR"]


def test_9_8_3_without_the_option_no_transfer_restricted_is_sent():
    """The national option is not used: TFP on the alternative route and no more."""
    network = lost_way(100, VARIANT)
    assert (network.sites["Y"].said("TFP"), network.sites["Y"].said("TFR")) == (["TFP"], [])


def test_9_8_4_another_link_set_to_the_same_point_restricts_nothing():
    """The second link set to the same point is no longer way: no TFR."""
    tester = ready(variant=OPTION, transfer=True, parallel=1, d_priority=(0, 2))
    tester.answers.discard("align")
    tester.fail("B0")
    tester.fail("B1")
    tester.wait(100)
    assert tester.said("TFR") == []


def started():
    tester = Tester(parallel=0)
    tester.answers.discard("TRA")
    for name in ("B", "P", "C"):
        tester.give(operation.ActivateLinkSet(name))
    return tester


def test_10_11_own_restart_waits_for_one_tra_from_each_point():
    """Own restart: one TRA of a point counts for all link sets to it, and it is told one."""
    tester = started()
    tester.far("TRA", "P2", 0)
    assert tester.said() == []
    tester.far("TRA", "C0", 0)
    assert tester.told[-1] == RestartEnds()
    assert sorted((name, adjacent) for name, adjacent, _ in told_of(tester, "TRA")) == [("TRA", "B"), ("TRA", "C")]


def test_10_14_own_restart_waits_for_nobody_whose_link_sets_are_not_wanted():
    """Own restart: a point with no link set in service by order is not waited for, one with a link set of two is."""
    tester = Tester(parallel=0)
    tester.answers.discard("TRA")
    tester.give(operation.ActivateLinkSet("P"))
    assert tester.told[-1] != RestartEnds()
    tester.far("TRA", "P2", 0)
    assert tester.told[-1] == RestartEnds()


def test_10_12_restart_of_an_adjacent_point_with_two_link_sets():
    """All sets to the adjacent point had failed: it restarts with the first link of any, and its TRA opens the others as well."""
    tester = ready(parallel=0)
    tester.far("TFP", "C0", 0, destination=B)
    tester.answers -= {"TRA", "align"}
    for link in ("B0", "B1", "P2", "P3"):
        tester.fail(link)
    tester.wait(3)
    tester.clear()
    tester.indicate("P3", InService())
    tester.indicate("B0", InService())
    assert [(name, adjacent) for name, adjacent, _ in told_of(tester, "TRA")] == [("TRA", "B")]
    tester.all_users(E, 1)
    assert tester.users == []
    tester.far("TRA", "B0", 0)
    assert Resume(E) in tester.told
    tester.all_users(E, 2)
    assert tester.spread(2) == {"B0": 8, "P3": 8}


def test_10_13_a_link_set_to_a_point_that_is_there_comes_into_service():
    """The second set to an adjacent point comes later: no TRA, no restart, and it takes its share."""
    tester = ready(parallel=0)
    tester.give(operation.DeactivateLinkSet("P"))
    tester.wait(80)
    tester.all_users(E, 1)
    assert tester.spread(1) == {"B0": 8, "B1": 8}
    tester.clear()
    tester.give(operation.ActivateLinkSet("P"))
    tester.wait(5)
    assert (tester.said("TRA"), tester.told) == ([], [])
    tester.all_users(E, 2)
    assert tester.spread(2) == EQUALLY


@pytest.mark.parametrize("link, other", [("B1", 2), ("P3", 0)])
def test_13_7_link_test_message_of_a_link_crossed_with_one_of_another_set(link, other):
    """SLTM with the SLC of a link of the other set to the same point: no answer; the right one is answered over its own link."""
    tester = ready(parallel=0)
    tester.test_message("SLTM", link, code=other)
    assert tester.tests == []
    tester.test_message("SLTM", link)
    assert tester.tests == [("SLTA", link)]
