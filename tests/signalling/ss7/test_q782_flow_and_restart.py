"""Q.782 sections 8 and 10: signalling traffic flow control, signalling point restart.

The number of an item is in the name of its test, the title in its first line. Sections are those of Q.782; numbers below them are from
memory.
"""

import pytest

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.primitives import (
    InService,
    LinkCongestion,
    Pause,
    RestartBegins,
    RestartEnds,
    Resume,
    Status,
    Transfer,
)
from tests.signalling.ss7.tester import ISUP, VARIANT, A, B, C, D, E, Tester, ready

LEVELS = VARIANT.adjusted(congestion_levels=3)


def test_8_1_transfer_controlled_received():
    """TFC received: users are told of the congestion of that destination, each time."""
    tester = ready()
    tester.far("TFC", "B0", 0, destination=D, status=0)
    tester.far("TFC", "C0", 0, destination=D, status=0)
    assert tester.told == [Status(D, "congestion", 1)] * 2
    tester.user(D, 0)
    assert tester.users, "with one level it is for the users to send less"


def test_8_2_transfer_controlled_sent():
    """A transfer point with a congested link: TFC to the origin with the first message and each eighth after."""
    tester = ready(transfer=True)
    tester.indicate("B0", LinkCongestion(1))
    for _ in range(17):
        tester.put("C0", ISUP, C, E, 0, b"\x01")
    assert [(name, message.destination) for name, _, _, message in tester.messages] == [("TFC", E)] * 3
    assert len(tester.users) == 17
    tester.indicate("B0", LinkCongestion(0))
    tester.clear()
    tester.put("C0", ISUP, C, E, 0, b"\x01")
    assert tester.said() == []


def test_8_3_local_users_of_a_congested_link():
    """Users of this point are told with the first message and each eighth after; other links do not matter."""
    tester = ready()
    tester.indicate("B0", LinkCongestion(1))
    for _ in range(9):
        tester.user(E, 0)
        tester.user(E, 1)
    assert tester.told == [Status(E, "congestion", 1, ISUP)] * 2
    assert len(tester.users) == 18
    tester.fail("B0")
    tester.wait(3)
    tester.clear()
    tester.user(E, 0)
    assert tester.users[0][0] == "B0"
    assert tester.told == [], "a link that was aligned anew is empty"


def test_8_4_user_part_unavailable_sent():
    """A message for a user part that is not there: UPU with its cause."""
    tester = ready()
    tester.put("B0", 8, B, A, 2, b"\x01")
    tester.give(operation.UserPart(ISUP, False))
    tester.put("B0", ISUP, D, A, 2, b"\x01")
    tester.give(operation.UserPart(ISUP, True))
    tester.put("B0", ISUP, B, A, 2, b"\x01")
    sent = [(message.name, message.destination, message.service, message.cause) for *_, message in tester.messages]
    assert sent == [("UPU", A, 8, 1), ("UPU", A, ISUP, 2)]
    assert tester.arrived == [Transfer(ISUP, A, B, 2, b"\x01")]


@pytest.mark.parametrize(("cause", "reason"), [(0, "unknown"), (1, "unequipped"), (2, "inaccessible"), (9, "unknown")])
def test_8_5_user_part_unavailable_received(cause, reason):
    """UPU received: users are told which part of which point does not answer, and why."""
    tester = ready()
    tester.far("UPU", "C1", 0, opc=D, destination=D, service=ISUP, cause=cause)
    assert tester.told == [Status(D, "user part unavailable", 0, ISUP, reason)]


def test_8_6_national_method_discards_by_priority():
    """With levels: messages of a priority below the level are discarded."""
    tester = ready(variant=LEVELS)
    tester.indicate("B0", LinkCongestion(2))
    for priority in range(4):
        tester.user(E, 0, priority, priority)
    assert [number for _, _, _, number in tester.users] == [2, 3]
    assert tester.told == [Status(E, "congestion", 2, ISUP)]
    assert tester.point.counters["discarded by congestion"] == 2


def test_8_7_national_method_congestion_test():
    """With levels: after T15 RCT, and each T16 without TFC the level falls by one."""
    tester = ready(variant=LEVELS)
    tester.far("TFC", "B0", 0, destination=D, status=2)
    tester.clear()
    tester.wait(2.6)
    assert [name for name, *_ in tester.said()] == ["RCT"]
    tester.far("TFC", "B0", 0, destination=D, status=2)
    tester.clear()
    tester.wait(2.5 + 1.7 + 0.1)
    assert tester.told == [Status(D, "congestion", 1)]
    tester.wait(1.7)
    assert tester.told == [Status(D, "congestion", 1), Status(D, "congestion", 0)]
    assert len(tester.said("RCT")) == 2
    tester.user(D, 0, 5)
    assert tester.used(5)


def test_8_8_national_method_status_in_transfer_controlled():
    """With levels: TFC tells the level; RCT that reaches us ends here."""
    tester = ready(variant=LEVELS, transfer=True)
    tester.indicate("B0", LinkCongestion(3))
    tester.put("C0", ISUP, C, E, 0, b"\x01", priority=3)
    tester.put("C0", ISUP, C, E, 0, b"\x02", priority=1)
    assert [(name, message.status) for name, _, _, message in tester.messages] == [("TFC", 3)]
    assert [number for *_, number in tester.users] == [1]
    tester.clear()
    tester.far("RCT", "C0", 0)
    assert (tester.said(), tester.wrong) == ([], [])


def test_8_9_congestion_of_an_unknown_destination():
    """TFC for a destination without a route is counted."""
    tester = ready()
    tester.far("TFC", "B0", 0, destination=0x121212)
    assert tester.told == []
    assert tester.point.counters["told of a route that is none"] == 1


def started(**features):
    """A point that has just come up on all links; adjacent points say nothing by themselves."""
    tester = Tester(**features)
    tester.answers.discard("TRA")
    for name in ("B", "C"):
        tester.give(operation.ActivateLinkSet(name))
    return tester


def test_10_1_restart_of_the_point_ends_with_the_last_tra():
    """Own restart: TRA of all adjacent points, then ours to all, then users are told."""
    tester = started()
    assert tester.told == [RestartBegins()]
    tester.user(E, 0, 1)
    tester.far("TRA", "B0", 0)
    assert tester.said() == []
    tester.far("TRA", "C0", 0)
    assert sorted((name, link[0]) for name, link, _ in tester.said()) == [("TRA", "B"), ("TRA", "C")]
    assert sorted(value.affected for value in tester.told[1:-1]) == sorted((B, C, D, E))
    assert all(type(value) is Resume for value in tester.told[1:-1])
    assert tester.told[-1] == RestartEnds()
    assert tester.users == []


def test_10_2_restart_of_the_point_without_tra():
    """Own restart: T18 ends the waiting."""
    tester = started()
    tester.wait(4.9)
    assert tester.said() == []
    tester.wait(0.2)
    assert len(tester.said("TRA")) == 2
    assert tester.told[-1] == RestartEnds()


def test_10_1_tra_that_comes_while_the_first_link_is_tested():
    """Own restart: TRA of an adjacent point that is quicker than our link test counts."""
    tester = Tester()
    tester.answers -= {"SLTA", "TRA"}
    for name in ("B", "C"):
        tester.give(operation.ActivateLinkSet(name))
    tester.far("TRA", "B0", 0)
    tester.far("TRA", "C0", 0)
    for link in ("B0", "B1", "C0", "C1"):
        tester.test_message("SLTA", link)
    assert tester.told[-1] == RestartEnds()


def test_10_3_restart_learns_routes():
    """TFP that comes during the own restart: that route is not used at its end."""
    tester = started()
    tester.far("TFP", "B0", 0, destination=D)
    tester.far("TFP", "B0", 0, destination=E)
    tester.far("TRA", "B0", 0)
    tester.far("TRA", "C0", 0)
    assert E not in [value.affected for value in tester.told if type(value) is Resume]
    tester.all_users(D, 1)
    assert tester.spread(1) == {"C0": 8, "C1": 8}


def test_10_4_restart_of_a_transfer_point_tells_routes_before_tra():
    """Own restart of a transfer point: TFP for what it cannot reach, then TRA."""
    tester = started(transfer=True)
    tester.far("TFP", "B0", 0, destination=E)
    tester.far("TRA", "B0", 0)
    tester.far("TRA", "C0", 0)
    assert [(name, message.destination) for name, link, _, message in tester.messages if link[0] == "C"][:2] == [("TFP", E), ("TRA", 0)]


def test_10_5_restart_of_the_overall_time():
    """Own restart: T20 ends it where T18 is longer."""
    tester = started(variant=VARIANT.adjusted({"T18": 20000, "T20": 4000}))
    tester.wait(4.1)
    assert tester.told[-1] == RestartEnds()


def lost(tester):
    """Adjacent point B fails altogether, and D does not lead to it."""
    tester.far("TFP", "C0", 0, destination=B)
    tester.answers -= {"TRA", "align"}
    tester.fail("B0")
    tester.fail("B1")
    tester.wait(2)
    tester.clear()
    tester.answers.add("align")
    tester.wait(2.5)  # time for two trials, as the first found no answer
    tester.fail("B0")
    tester.fail("B1")
    tester.wait(1.5)


def test_10_6_restart_of_an_adjacent_point():
    """The adjacent point was lost: it is told TRA, and traffic begins with its own."""
    tester = ready()
    lost(tester)
    assert [(name, link[0]) for name, link, _ in tester.said("TRA")] == [("TRA", "B")]
    assert tester.state("B0", "B1") == ["available"] * 2
    assert E not in [value.affected for value in tester.told]
    tester.far("TRA", "B0", 0)
    assert Resume(E) in tester.told
    tester.user(E, 0, 1)
    assert tester.users


def test_10_6_routes_and_tra_that_come_while_the_first_link_is_tested():
    """The adjacent point is quicker: TFP and TRA come before our link test has passed, and count."""
    tester = ready()
    tester.far("TFP", "C0", 0, destination=B)
    tester.answers -= {"TRA", "align", "SLTA"}
    tester.fail("B0")
    tester.fail("B1")
    tester.wait(2)
    tester.indicate("B0", InService())
    tester.far("TFP", "B0", 0, destination=D)
    tester.far("TRA", "B0", 0)
    tester.clear()
    tester.test_message("SLTA", "B0")
    assert [name for name, *_ in tester.said()] == ["TRA"]
    assert Resume(E) in tester.told
    tester.all_users(D, 1)
    assert tester.spread(1) == {"C0": 8, "C1": 8}


def test_10_7_restart_of_an_adjacent_point_without_tra():
    """T21 ends the waiting for TRA."""
    tester = ready()
    lost(tester)
    tester.wait(62)
    assert Resume(E) not in tester.told
    tester.wait(5)
    assert Resume(E) in tester.told


def test_10_8_unexpected_tra():
    """TRA without a restart that we know of: TRA back, once within T19."""
    tester = ready(transfer=True)
    tester.far("TFP", "C0", 0, destination=D)
    tester.clear()
    for _ in range(3):
        tester.far("TRA", "B0", 0)
        tester.wait(1)
    assert tester.said("TRA") == [("TRA", "B0", 0)]
    tester.wait(70)
    tester.far("TRA", "B0", 0)
    assert len(tester.said("TRA")) == 2


def test_10_9_isolation_of_the_point():
    """All link sets have failed: users are told; the restart begins with the first link that comes."""
    tester = ready()
    tester.answers -= {"align", "TRA"}
    for link in ("B0", "B1", "C0", "C1"):
        tester.fail(link)
    assert sorted(value.affected for value in tester.told[:-1]) == sorted((B, C, D, E))
    assert tester.told[-1] == RestartBegins()
    assert all(type(value) is Pause for value in tester.told[:-1])
    tester.clear()
    tester.answers |= {"align", "TRA"}
    for link in ("B0", "B1", "C0", "C1"):
        tester.fail(link)
    tester.wait(20)
    assert tester.told[-1] == RestartEnds()
    assert all(tester.point.accessible(code) for code in (B, C, D, E))


def test_10_10_a_point_that_does_no_restart():
    """Restart switched off by the plan: TRA and traffic with the first link."""
    tester = started(restart=False)
    assert {name for name, *_ in tester.said()} == {"TRA"}
    assert tester.told[-1] == RestartEnds() or RestartEnds() in tester.told
    tester.all_users(D, 1)
    assert tester.spread(1) == {"B0": 4, "B1": 4, "C0": 4, "C1": 4}
