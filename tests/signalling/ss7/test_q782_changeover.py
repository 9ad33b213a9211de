"""Q.782 section 3: changeover. Level 2 gives back what the tester has put into ``kept``; each message carries a number.

The number of an item is in the name of its test, the title in its first line. The section is that of Q.782; numbers below it are from
memory.
"""

import pytest

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.mtp3.label import Label, Unit
from pbx.signalling.ss7.primitives import Bsnt, Pause, RemoteProcessorOutage, RemoteProcessorRecovered
from tests.signalling.ss7.tester import ISUP, A, B, D, E, ready


def kept(tester, destination, sls, *numbers):
    """Signal units that level 2 will give back."""
    return [
        tester.form.write_unit(Unit(ISUP, tester.variant.data.network, Label(destination, A, sls), bytes((number,)))) for number in numbers
    ]


def carried(tester, sls):
    return [(link, number) for link, _, got, number in tester.users if got == sls]


def out(**features):
    """A tester whose links do not come back by themselves and whose far ends do not acknowledge changeover."""
    tester = ready(**features)
    tester.answers -= {"align", "COA"}
    return tester


def test_3_1_changeover_initiated_at_one_side():
    """Changeover initiated at one side of a link set (COO - COA): retrieved first, held after, then new."""
    tester = out()
    tester.user(E, 0, 1)
    tester.kept["B0"] = kept(tester, E, 0, 1)
    tester.clear()
    tester.bsnt["B0"] = 77
    tester.fail("B0")
    name, link, code, message = tester.messages[-1]
    assert (name, link, code, message.fsn) == ("COO", "B1", 0, 77)
    tester.user(E, 0, 2)
    tester.user(E, 1, 2)
    assert tester.used() == {1: {"B1"}}, "traffic of the failed link is held, the other goes on"
    tester.far("COA", "B1", 0, fsn=9)
    assert tester.orders[-1] == ("B0", "RetrievalRequest", 9)
    tester.user(E, 0, 3)
    assert carried(tester, 0) == [("B1", 1), ("B1", 2), ("B1", 3)]


def test_3_2_changeover_initiated_at_both_sides_at_the_same_time():
    """COO - COO: the order of the far end is acknowledged and says what an acknowledgement would."""
    tester = out()
    tester.user(E, 0, 1)
    tester.kept["B0"] = kept(tester, E, 0, 1)
    tester.fail("B0")
    tester.clear()
    tester.far("COO", "B1", 0, fsn=9)
    assert tester.said() == [("COA", "B1", 0)]
    assert tester.orders == [("B0", "RetrievalRequest", 9)]
    assert carried(tester, 0) == [("B1", 1)]
    tester.far("COA", "B1", 0, fsn=9)
    assert carried(tester, 0) == [("B1", 1)], "a second acknowledgement sends nothing twice"


def test_3_3_changeover_initiated_by_the_far_end():
    """COO received for a link in service: level 2 is stopped, COA tells what it accepted."""
    tester = out()
    tester.user(E, 0, 1)
    tester.kept["B0"] = kept(tester, E, 0, 1)
    tester.clear()
    tester.bsnt["B0"] = 33
    tester.far("COO", "B1", 0, fsn=8)
    assert tester.orders == [("B0", "Stop"), ("B0", "RetrieveBsnt"), ("B0", "RetrievalRequest", 8)]
    assert [(name, code, message.fsn) for name, _, code, message in tester.messages] == [("COA", 0, 33)]
    assert carried(tester, 0) == [("B1", 1)]


def test_3_4_changeover_order_answered_by_an_emergency_acknowledgement():
    """COO - ECA: only what was never transmitted is given back."""
    tester = out()
    tester.fail("B0")
    tester.far("ECA", "B1", 0)
    assert tester.orders[-1] == ("B0", "RetrievalRequest", None)


def test_3_5_emergency_changeover_at_one_side():
    """Level 2 cannot tell what it accepted (ECO - COA): the far end's number is still used."""
    tester = out()
    tester.bsnt["B0"] = None
    tester.fail("B0")
    assert tester.said() == [("ECO", "B1", 0)]
    tester.far("COA", "B1", 0, fsn=4)
    assert tester.orders[-1] == ("B0", "RetrievalRequest", 4)


def test_3_6_emergency_changeover_order_received():
    """ECO received: COA with our number, and nothing that was transmitted is sent again."""
    tester = out()
    tester.far("ECO", "B1", 0)
    assert tester.said() == [("COA", "B1", 0)]
    assert tester.orders[-1] == ("B0", "RetrievalRequest", None)


def test_3_7_emergency_changeover_at_both_sides():
    """ECO - ECO: acknowledged by ECA."""
    tester = out()
    tester.bsnt["B0"] = None
    tester.fail("B0")
    tester.clear()
    tester.far("ECO", "B1", 0)
    assert tester.said() == [("ECA", "B1", 0)]
    assert tester.orders == [("B0", "RetrievalRequest", None)]


def test_3_8_emergency_order_against_an_order():
    """COO sent, ECO received, and ECO sent, COO received."""
    tester = out()
    tester.fail("B0")
    tester.far("ECO", "B1", 0)
    assert tester.said() == [("COO", "B1", 0), ("COA", "B1", 0)]
    tester = out()
    tester.bsnt["B0"] = None
    tester.fail("B0")
    tester.far("COO", "B1", 0, fsn=6)
    assert tester.said() == [("ECO", "B1", 0), ("ECA", "B1", 0)]
    assert tester.orders[-1] == ("B0", "RetrievalRequest", 6)


def test_3_9_no_acknowledgement_to_the_changeover_order():
    """T2 expires: traffic goes on, a person is warned."""
    tester = out()
    tester.user(E, 0, 1)
    tester.fail("B0")
    tester.user(E, 0, 2)
    tester.wait(1.3)
    assert carried(tester, 0) == [("B0", 1)]
    tester.wait(0.2)
    assert ("B0", "RetrievalRequest", None) in tester.orders
    assert carried(tester, 0) == [("B0", 1), ("B1", 2)]
    assert operation.Warned("B0", "no changeover acknowledgement (T2)") in tester.reports
    tester.far("COA", "B1", 0, fsn=9)
    assert carried(tester, 0) == [("B0", 1), ("B1", 2)]


def test_3_10_changeover_order_after_the_changeover():
    """COO received again after completion: COA with the same number, nothing else."""
    tester = out()
    tester.far("COO", "B1", 0, fsn=8)
    tester.clear()
    tester.bsnt["B0"] = 99  # level 2 is not asked again
    tester.far("COO", "B1", 0, fsn=8)
    assert [(name, message.fsn) for name, _, _, message in tester.messages] == [("COA", 5)]
    assert tester.orders == []


def test_3_11_changeover_order_for_a_link_that_was_never_in_service():
    """COO for a link that knows no number: ECA."""
    tester = out()
    tester.give(operation.DeactivateLink("B0"))
    tester.far("COA", "B1", 0, fsn=8)
    tester.bsnt["B0"] = None
    tester.give(operation.ActivateLink("B0"))
    tester.clear()
    tester.far("COO", "B1", 0, fsn=8)
    assert tester.said() == [("COA", "B1", 0)], "its last service is remembered until the next begins"


def test_3_12_unreasonable_changeover_messages():
    """COA without COO, COO for a link that is not there, COO of a stranger: nothing happens, all is counted."""
    tester = out()
    tester.far("COA", "B1", 0, fsn=8)
    tester.far("COO", "B1", 7, fsn=8)
    tester.far("COO", "B1", 0, opc=D, fsn=8)
    assert tester.state() == ["available"] * 4
    assert (tester.said(), tester.orders) == ([], [])
    assert len(tester.wrong) == 3


def test_3_13_order_comes_before_level_2_has_told_its_number():
    """COO received while level 2 is asked: one COA."""
    tester = out()
    tester.answers.discard("BSNT")
    tester.fail("B0")
    tester.far("COO", "B1", 0, fsn=8)
    assert tester.said() == []
    tester.indicate("B0", Bsnt(12))
    assert [(name, message.fsn) for name, _, _, message in tester.messages] == [("COA", 12)]
    assert tester.orders[-1] == ("B0", "RetrievalRequest", 8)


def test_3_15_changeover_of_two_links_in_turn():
    """A second link fails while the first is changed over: what is held goes with it to the third."""
    tester = out(d_priority=(0, 1))
    tester.all_users(D, 1)
    tester.fail("B0")
    tester.all_users(D, 2)
    tester.fail("B1")
    tester.all_users(D, 3)
    tester.wait(4)
    assert all([number for _, number in carried(tester, sls)] == sorted(number for _, number in carried(tester, sls)) for sls in range(16))
    assert tester.spread(3) == {"C0": 8, "C1": 8}
    assert {number for sls in range(16) for _, number in carried(tester, sls)} == {1, 2, 3}


def test_3_16_changeover_to_another_link_set_with_the_adjacent_point_accessible():
    """The last link of a set fails, the adjacent point is reached by another: COO goes that way."""
    tester = out()
    tester.give(operation.DeactivateLink("B1"))
    tester.far("COA", "B0", 1, fsn=3)
    tester.clear()
    tester.user(D, 0, 1)
    tester.kept["B0"] = kept(tester, D, 0, 1)
    tester.fail("B0")
    (order,) = tester.said()
    assert order[0] == "COO"
    assert order[1] in ("C0", "C1")
    tester.far("COA", order[1], 0, opc=B, fsn=3)
    assert [link[0] for link, _ in carried(tester, 0)] == ["B", "C"]
    assert tester.told == [Pause(E)]


def test_3_17_changeover_to_another_link_set_with_the_adjacent_point_inaccessible():
    """There is no way to the far end of the link: time-controlled changeover, T1."""
    tester = out()
    tester.far("TFP", "C0", 0, destination=B)
    tester.give(operation.DeactivateLink("B1"))
    tester.far("COA", "B0", 1, fsn=3)
    tester.clear()
    tester.user(D, 0, 1)
    tester.bsnt["B0"] = 44
    tester.fail("B0")
    tester.user(D, 0, 2)
    assert tester.said() == []
    tester.wait(0.75)
    assert tester.used(2) == {}
    tester.wait(0.1)
    assert [link[0] for link in tester.used(2)[0]] == ["C"]
    tester.far("TFA", "C0", 0, destination=B)
    tester.clear()
    tester.far("COO", "C0", 0, opc=B, fsn=9)
    assert [(name, message.fsn) for name, *_, message in tester.messages] == [("COA", 44)], "a way was found after all"


def test_3_19_changeover_by_order_of_people():
    """Deactivation moves traffic as a failure does."""
    tester = out()
    tester.give(operation.DeactivateLink("B0"))
    assert tester.orders[:2] == [("B0", "Stop"), ("B0", "RetrieveBsnt")]
    assert tester.said() == [("COO", "B1", 0)]


def test_3_20_remote_processor_outage_that_passes_quickly():
    """Remote processor outage shorter than T1: traffic rests and goes on over the same link."""
    tester = out()
    tester.user(E, 0, 1)
    tester.indicate("B0", RemoteProcessorOutage())
    tester.user(E, 0, 2)
    assert carried(tester, 0) == [("B0", 1)]
    tester.wait(0.5)
    tester.indicate("B0", RemoteProcessorRecovered())
    assert tester.orders == [("B0", "Continue")]
    assert carried(tester, 0) == [("B0", 1), ("B0", 2)]


def test_3_21_remote_processor_outage_that_lasts():
    """Remote processor outage longer than T1: traffic goes other ways; what is old in the link is flushed at the end."""
    tester = out()
    tester.indicate("B0", RemoteProcessorOutage())
    tester.user(E, 0, 1)
    tester.wait(1)
    assert carried(tester, 0) == [("B1", 1)]
    tester.wait(30)
    tester.indicate("B0", RemoteProcessorRecovered())
    assert ("B0", "FlushBuffers") in tester.orders
    assert tester.said("CBD") == [("CBD", "B1", 0)]
    tester.user(E, 0, 2)
    assert carried(tester, 0)[-1] == ("B0", 2)
    tester.clear()
    tester.indicate("B0", RemoteProcessorOutage())
    tester.wait(0.3)
    tester.indicate("B0", RemoteProcessorRecovered())
    assert tester.orders == [("B0", "Continue")], "the next one is short"


@pytest.mark.parametrize("seconds", [0.3, 5])
def test_3_22_local_processor_outage(seconds):
    """Local processor outage by order: as the remote one."""
    tester = out()
    tester.give(operation.BlockLink("B0"))
    tester.wait(seconds)
    tester.give(operation.UnblockLink("B0"))
    assert tester.orders == [
        ("B0", "LocalProcessorOutage"),
        ("B0", "LocalProcessorRecovered"),
        ("B0", "Continue" if seconds < 1 else "FlushBuffers"),
    ]
    tester.user(E, 0, 2)
    assert carried(tester, 0) == [("B0", 2)]


@pytest.mark.parametrize("first", ["local", "remote"])
def test_a_link_is_used_again_when_the_processors_of_both_ends_work(first):
    """Unblocking ours alone had made a link count as usable whose far end still sent SIPO."""
    tester = out()
    tester.give(operation.BlockLink("B0"))
    tester.indicate("B0", RemoteProcessorOutage())
    tester.wait(5)
    tester.clear()
    over = [lambda: tester.give(operation.UnblockLink("B0")), lambda: tester.indicate("B0", RemoteProcessorRecovered())]
    if first == "remote":
        over.reverse()
    over[0]()
    tester.user(E, 0, 1)
    assert carried(tester, 0) == [("B1", 1)]
    assert not {("B0", "Continue"), ("B0", "FlushBuffers")} & set(tester.orders)
    over[1]()
    assert ("B0", "FlushBuffers") in tester.orders
    tester.wait(2)
    tester.user(E, 0, 2)
    assert carried(tester, 0)[-1] == ("B0", 2)


def test_3_23_the_far_end_finds_a_way_during_the_time_controlled_changeover():
    """COO comes by another point while we rest for T1 because we knew no way: buffers are updated after all."""
    tester = out()
    tester.far("TFP", "C0", 0, destination=B)
    tester.give(operation.DeactivateLink("B1"))
    tester.wait(3)
    tester.user(D, 0, 1)
    tester.fail("B0")
    tester.far("TFA", "C0", 0, destination=B)
    tester.clear()
    tester.kept["B0"] = kept(tester, D, 0, 1)
    tester.far("COO", "C0", 0, opc=B, fsn=4)
    assert [name for name, *_ in tester.said()] == ["COA"]
    assert tester.orders == [("B0", "RetrieveBsnt"), ("B0", "RetrievalRequest", 4)]
    assert [number for _, number in carried(tester, 0)] == [1]


def test_3_24_order_for_a_link_that_only_seems_to_be_blocked():
    """COO during a remote processor outage shorter than T1: an ordinary changeover."""
    tester = out()
    tester.user(E, 0, 1)
    tester.indicate("B0", RemoteProcessorOutage())
    tester.user(E, 0, 2)
    tester.clear()
    tester.kept["B0"] = kept(tester, E, 0, 1)
    tester.far("COO", "B1", 0, fsn=4)
    assert tester.orders == [("B0", "Stop"), ("B0", "RetrieveBsnt"), ("B0", "RetrievalRequest", 4)]
    assert tester.said() == [("COA", "B1", 0)]
    assert carried(tester, 0) == [("B1", 1), ("B1", 2)]


def test_3_25_order_for_a_link_that_was_blocked_for_long():
    """COO after a processor outage longer than T1: what is old in the link is not retrieved (ECA); the next failure is an ordinary one."""
    tester = out()
    tester.indicate("B0", RemoteProcessorOutage())
    tester.wait(5)
    tester.clear()
    tester.far("COO", "B1", 0, fsn=4)
    assert tester.orders == [("B0", "Stop")]
    assert tester.said() == [("ECA", "B1", 0)]
    tester.answers.add("align")
    tester.wait(3)
    tester.answers -= {"align"}
    assert tester.state("B0") == ["available"]
    tester.clear()
    tester.fail("B0")
    assert tester.said() == [("COO", "B1", 0)]
