"""Q.782 section 4: changeback.

The number of an item is in the name of its test, the title in its first line. The section is that of Q.782; numbers below it are from
memory.
"""

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.primitives import InService
from tests.signalling.ss7.tester import B, C, D, E, ready


def carried(tester, sls):
    return [(link, number) for link, _, got, number in tester.users if got == sls]


def diverted(*failed, destination=E, **features):
    """A tester whose failed links have lost their traffic to others and are about to come back; the far ends do not answer CBD."""
    tester = ready(**features)
    tester.all_users(destination, 1)
    tester.answers -= {"align", "CBA"}
    for link in failed:
        tester.fail(link)
    tester.wait(3)
    tester.all_users(destination, 2)
    tester.clear()
    return tester


def back(tester, link):
    """Level 2 is in service again and the link test passes."""
    tester.indicate(link, InService())


def test_4_1_changeback_within_a_link_set():
    """Changeback within a link set: CBD over the stand-in, traffic held until CBA."""
    tester = diverted("B0")
    back(tester, "B0")
    assert tester.said() == [("CBD", "B1", 0)]
    tester.all_users(E, 3)
    assert tester.spread(3) == {"B1": 8}
    tester.far("CBA", "B1", 0, code=tester.messages[-1][3].code)
    assert tester.spread(3) == {"B0": 8, "B1": 8}
    tester.all_users(E, 4)
    assert tester.spread(4) == {"B0": 8, "B1": 8}


def test_4_2_additional_changeback_acknowledgement():
    """A CBA that nobody waits for is counted and does nothing."""
    tester = diverted("B0")
    back(tester, "B0")
    code = tester.messages[-1][3].code
    tester.far("CBA", "B1", 0, code=(code + 1) % 256)
    tester.all_users(E, 3)
    assert tester.spread(3) == {"B1": 8}
    tester.far("CBA", "B1", 0, code=code)
    tester.far("CBA", "B1", 0, code=code)
    assert len(tester.wrong) == 2
    assert tester.spread(3) == {"B0": 8, "B1": 8}


def test_4_3_changeback_declaration_received():
    """CBD received: CBA with its code and SLC, each time it comes."""
    tester = ready()
    for code in (7, 7, 255):
        tester.far("CBD", "B1", 0, code=code)
    assert [(name, slc, message.code) for name, _, slc, message in tester.messages] == [("CBA", 0, 7), ("CBA", 0, 7), ("CBA", 0, 255)]


def test_4_4_no_acknowledgement_to_the_first_declaration():
    """T4: CBD again with the same code, and then CBA."""
    tester = diverted("B0")
    back(tester, "B0")
    tester.wait(0.85)
    assert tester.said() == [("CBD", "B1", 0)] * 2
    codes = {message.code for *_, message in tester.messages}
    assert len(codes) == 1
    tester.far("CBA", "B1", 0, code=codes.pop())
    tester.all_users(E, 3)
    assert tester.spread(3) == {"B0": 8, "B1": 8}


def test_4_5_no_acknowledgement_to_the_repeated_declaration():
    """T5: traffic goes on, a person is warned."""
    tester = diverted("B0")
    back(tester, "B0")
    tester.user(E, 0, 3)
    tester.wait(1.55)
    assert carried(tester, 0) == []
    tester.wait(0.1)
    assert carried(tester, 0) == [("B0", 3)]
    assert operation.Warned("B0", "no changeback acknowledgement (T5)") in tester.reports


def test_4_6_changeback_from_another_link_set_with_the_adjacent_point_accessible():
    """The stand-in belongs to another set: CBD goes over it to the adjacent point."""
    tester = diverted("B0", "B1", destination=D)
    back(tester, "B0")
    declared = tester.said("CBD")
    assert {(name, slc) for name, _, slc in declared} == {("CBD", 0)}
    assert {link for _, link, _ in declared} == {"C0", "C1"}, "one for each stand-in"
    codes = [message.code for name, *_, message in tester.messages if name == "CBD"]
    assert len(set(codes)) == 2
    tester.all_users(D, 3)
    for code in codes:
        tester.far("CBA", "C0", 0, opc=B, code=code)
    assert tester.spread(3) == {"B0": 8, "C0": 4, "C1": 4}


def test_4_7_changeback_from_another_link_set_with_the_adjacent_point_inaccessible():
    """CBD would not arrive: time-controlled diversion, T3. The adjacent point was lost, so it restarts first."""
    tester = diverted(destination=D)
    tester.far("TFP", "C0", 0, destination=B)
    tester.fail("B0")
    tester.fail("B1")
    tester.wait(3)
    tester.clear()
    tester.answers.discard("TRA")
    back(tester, "B0")
    assert [name for name, *_ in tester.said()] == ["TRA"]
    tester.all_users(D, 3)
    assert tester.spread(3) == {"C0": 8, "C1": 8}, "not before TRA"
    tester.far("TRA", "B0", 0)
    tester.all_users(D, 4)
    assert tester.spread(4) == {"C0": 4, "C1": 4}
    assert tester.said("CBD") == []
    tester.wait(0.75)
    assert tester.spread(4) == {"C0": 4, "C1": 4}
    tester.wait(0.1)
    assert tester.spread(4) == {"B0": 8, "C0": 4, "C1": 4}


def test_4_8_the_stand_in_fails_during_the_changeback():
    """What was held for the changeback follows what the stand-in's changeover retrieves."""
    tester = diverted("B0")
    back(tester, "B0")
    tester.user(E, 0, 3)
    tester.answers.discard("COA")
    tester.fail("B1")
    tester.user(E, 0, 4)
    assert carried(tester, 0) == []
    assert tester.said("COO") == [("COO", "B0", 1)]
    tester.far("COA", "B0", 1, fsn=3)
    assert carried(tester, 0) == [("B0", 3), ("B0", 4)]
    tester.wait(5)
    assert carried(tester, 0) == [("B0", 3), ("B0", 4)]


def test_4_9_the_returning_link_fails_during_the_changeback():
    """Traffic stays with the stand-in."""
    tester = diverted("B0")
    back(tester, "B0")
    tester.user(E, 0, 3)
    tester.fail("B0")
    tester.far("CBA", "B1", 0, code=next(message.code for name, *_, message in tester.messages if name == "CBD"))
    assert carried(tester, 0) == [("B1", 3)]


def test_4_10_two_links_come_back_at_once():
    """One declaration for each pair of a returning link and a stand-in."""
    tester = diverted("B0", "B1", destination=D)
    tester.answers.add("CBA")
    back(tester, "B0")
    back(tester, "B1")
    tester.all_users(D, 3)
    assert tester.spread(3) == {"B0": 4, "B1": 4, "C0": 4, "C1": 4}
    codes = [message.code for name, *_, message in tester.messages if name == "CBD"]
    assert len(set(codes)) == len(codes)


def test_4_11_changeback_of_the_other_link_set():
    """The other link set comes back: both carry their share again."""
    tester = diverted("C0", "C1", destination=D)
    tester.answers.add("CBA")
    back(tester, "C1")
    tester.all_users(D, 3)
    assert tester.spread(3) == {"B0": 4, "B1": 4, "C1": 8}
    assert C not in [value.affected for value in tester.told]
