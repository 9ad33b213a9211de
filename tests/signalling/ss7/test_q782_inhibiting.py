"""Q.782 section 7: management inhibiting.

The number of an item is in the name of its test, the title in its first line. The section is that of Q.782; numbers below it are from
memory.
"""

import pytest

from pbx.signalling.ss7.mtp3.operation import DeactivateLink, Inhibited, InhibitLink, UninhibitLink
from pbx.signalling.ss7.primitives import InService, Pause, Resume
from tests.signalling.ss7.tester import E, ready


def by_hand(**features):
    """A tester whose far ends say nothing about inhibiting by themselves."""
    tester = ready(**features)
    tester.answers -= {"LIA", "LUA"}
    return tester


def inhibited(**features):
    tester = by_hand(**features)
    tester.give(InhibitLink("B0"))
    tester.far("LIA", "B0")
    tester.wait(1)
    tester.clear()
    return tester


def test_7_1_1_inhibition_of_an_available_link():
    """Inhibition of an available link: LIN, LIA, and traffic rests for T1."""
    tester = by_hand()
    tester.all_users(E, 1)
    tester.give(InhibitLink("B0"))
    assert [(name, code) for name, _, code in tester.said()] == [("LIN", 0)]
    assert tester.state("B0") == ["available"]
    tester.far("LIA", "B0")
    assert tester.reports[0] == Inhibited("B0", "inhibited")
    assert tester.state("B0") == ["inhibited here (Active)"]
    tester.all_users(E, 2)
    assert tester.spread(2) == {"B1": 8}
    tester.wait(0.85)
    assert tester.spread(2) == {"B1": 16}
    assert tester.orders == [], "level 2 goes on"


def test_7_1_2_inhibition_of_an_unavailable_link():
    """Inhibition of a link that has failed: it stays inhibited when it comes back."""
    tester = by_hand()
    tester.answers.discard("align")
    tester.fail("B0")
    tester.give(InhibitLink("B0"))
    tester.far("LIA", "B1", 0)
    tester.wait(3)
    tester.indicate("B0", InService())
    assert tester.state("B0") == ["inhibited here (Active)"]
    tester.all_users(E, 1)
    assert tester.spread(1) == {"B1": 16}


def test_7_2_1_inhibition_not_permitted_locally():
    """The last link to a destination: refused without asking the far end."""
    tester = by_hand()
    tester.give(DeactivateLink("B1"))
    tester.wait(3)
    tester.clear()
    tester.give(InhibitLink("B0"))
    assert tester.said() == []
    assert tester.reports == [Inhibited("B0", "uninhibited", "a destination would be lost")]


def test_7_2_3_inhibition_not_permitted_by_the_far_end():
    """LID: the link stays as it was."""
    tester = by_hand()
    tester.give(InhibitLink("B0"))
    tester.far("LID", "B0")
    assert tester.reports == [Inhibited("B0", "uninhibited", "the far end has denied it")]
    assert tester.state("B0") == ["available"]


def test_7_3_1_no_answer_to_link_inhibit():
    """T14 twice: LIN twice, then it is given up."""
    tester = by_hand()
    tester.give(InhibitLink("B0"))
    tester.wait(2.6)
    assert len(tester.said("LIN")) == 2
    tester.wait(2.5)
    assert tester.reports == [Inhibited("B0", "uninhibited", "the far end does not answer (T14)")]
    tester.wait(10)
    assert len(tester.said("LIN")) == 2


def test_7_4_inhibition_by_the_far_end():
    """LIN received: LIA, and traffic leaves the link."""
    tester = by_hand()
    tester.far("LIN", "B0")
    assert [(name, code) for name, _, code in tester.said()] == [("LIA", 0)]
    assert tester.state("B0") == ["inhibited by the far end (Active)"]
    tester.wait(1)
    tester.all_users(E, 1)
    assert tester.spread(1) == {"B1": 16}


def test_7_5_inhibition_by_the_far_end_denied():
    """LIN received for the last link to a destination: LID."""
    tester = by_hand()
    tester.give(DeactivateLink("B1"))
    tester.wait(3)
    tester.clear()
    tester.far("LIN", "B0")
    assert [name for name, *_ in tester.said()] == ["LID"]
    assert tester.state("B0") == ["available"]


def test_7_6_1_uninhibition_by_order():
    """LUN, LUA, and traffic comes back."""
    tester = inhibited()
    tester.all_users(E, 1)
    tester.give(UninhibitLink("B0"))
    assert [(name, code) for name, _, code in tester.said()] == [("LUN", 0)]
    tester.far("LUA", "B0")
    assert tester.reports[0] == Inhibited("B0", "uninhibited")
    tester.wait(2)
    tester.all_users(E, 2)
    assert tester.spread(2) == {"B0": 8, "B1": 8}


def test_7_6_2_no_answer_to_link_uninhibit():
    """T12 twice: LUN twice, then it is given up and the link stays inhibited."""
    tester = inhibited()
    tester.give(UninhibitLink("B0"))
    tester.wait(3)
    assert len(tester.said("LUN")) == 2
    assert tester.reports == [Inhibited("B0", "inhibited", "the far end does not answer (T12)")]
    assert tester.state("B0") == ["inhibited here (Active)"]


def test_7_7_uninhibition_by_the_far_end():
    """LUN received: LUA, and traffic comes back; a second LUN is answered again."""
    tester = by_hand()
    tester.far("LIN", "B0")
    tester.wait(1)
    tester.clear()
    tester.far("LUN", "B0")
    tester.far("LUN", "B0")
    assert len(tester.said("LUA")) == 2
    tester.wait(2)
    assert tester.state("B0") == ["available"]


def test_7_8_forced_uninhibition_by_the_far_end():
    """LFU received: LUN."""
    tester = inhibited()
    tester.far("LFU", "B1", 0)
    assert [name for name, *_ in tester.said()] == ["LUN"]
    tester.far("LUA", "B1", 0)
    assert tester.state("B0") == ["available"]


def test_7_9_forced_uninhibition_of_a_link_that_the_far_end_inhibits():
    """The other link fails and a destination is lost: LFU, LUN, LUA, and the destination is back."""
    tester = by_hand()
    tester.far("LIN", "B0")
    tester.wait(1)
    tester.answers -= {"align"}
    tester.clear()
    tester.fail("B1")
    assert tester.told == [Pause(E)]
    assert tester.said("LFU") == [("LFU", "B0", 0)]
    tester.far("LUN", "B0")
    assert tester.said("LUA") == [("LUA", "B0", 0)]
    tester.wait(5)
    assert Resume(E) in tester.told


def test_7_10_no_answer_to_forced_uninhibition():
    """T13 twice: LFU twice, then the link stays inhibited."""
    tester = by_hand()
    tester.far("LIN", "B0")
    tester.wait(1)
    tester.answers -= {"align"}
    tester.fail("B1")
    tester.wait(4)
    assert len(tester.said("LFU")) == 2
    assert tester.state("B0") == ["inhibited by the far end (Active)"]


def test_7_11_uninhibition_of_a_link_that_is_wanted():
    """The other link fails and a destination is lost: the link that we inhibit is uninhibited by ourselves."""
    tester = inhibited()
    tester.answers -= {"align"}
    tester.fail("B1")
    assert tester.said("LUN") == [("LUN", "B0", 0)]
    tester.far("LUA", "B0")
    tester.wait(5)
    assert Resume(E) in tester.told


def test_7_12_local_inhibit_test():
    """LLT each T22 while we inhibit."""
    tester = inhibited()
    tester.wait(240 * 2 + 1)
    assert tester.said("LLT") == [("LLT", tester.said("LLT")[0][1], 0)] * 2


def test_7_13_remote_inhibit_test():
    """LRT each T23 while the far end inhibits."""
    tester = by_hand()
    tester.far("LIN", "B0")
    tester.wait(240 * 2 + 1)
    assert len(tester.said("LRT")) == 2


@pytest.mark.parametrize(("name", "answer"), [("LLT", "LFU"), ("LRT", "LUN"), ("LFU", "LUN")])
def test_7_14_tests_for_a_link_that_is_not_inhibited(name, answer):
    """LLT, LRT and LFU received for a link that is not inhibited: both ends are brought to agree."""
    tester = by_hand()
    tester.far(name, "B0")
    assert [said for said, *_ in tester.said()] == [answer]


def test_7_15_tests_for_a_link_that_is_inhibited():
    """LLT for a link inhibited by the far end and LRT for one inhibited by us: nothing."""
    tester = inhibited()
    tester.far("LRT", "B0")
    tester.far("LIN", "B1")
    tester.clear()
    tester.far("LLT", "C0")
    tester.answers.clear()
    assert tester.said("LUN") == []
    tester = by_hand()
    tester.far("LIN", "B0")
    tester.clear()
    tester.far("LLT", "B0")
    assert tester.said() == []


def test_7_16_both_ends_inhibit_the_link():
    """Inhibited by both ends: available only when both have let it go."""
    tester = inhibited()
    tester.far("LIN", "B0")
    assert tester.state("B0") == ["inhibited here (Active)"]
    tester.give(UninhibitLink("B0"))
    tester.far("LUA", "B0")
    assert tester.state("B0") == ["inhibited by the far end (Active)"]
    tester.far("LUN", "B0")
    assert tester.state("B0") == ["available"]


def test_7_17_unexpected_acknowledgements():
    """LIA, LUA and LID that nobody waits for change nothing."""
    tester = by_hand()
    for name in ("LIA", "LID", "LUA"):
        tester.far(name, "B0")
    assert tester.state() == ["available"] * 4
    assert [value.event for value in tester.wrong] == ["LIA", "LID"]


def test_7_18_an_inhibited_link_carries_management_messages_and_is_tested():
    """Inhibiting concerns user traffic alone."""
    tester = inhibited()
    tester.wait(61)
    assert ("SLTM", "B0") in tester.tests
    tester.far("CBD", "B0", 1, code=3)
    assert tester.said("CBA")
