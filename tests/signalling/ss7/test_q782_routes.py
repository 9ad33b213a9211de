"""Q.782 sections 5, 6 and 9: forced rerouting, controlled rerouting, signalling route management.

The number of an item is in the name of its test, the title in its first line. Sections are those of Q.782; numbers below them are from
memory.
"""

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.primitives import InService, Pause, Resume
from tests.signalling.ss7.tester import ISUP, A, B, C, D, E, ready


def carried(tester, sls):
    return [(link, number) for link, _, got, number in tester.users if got == sls]


def test_5_1_forced_rerouting_within_a_combined_link_set():
    """TFP on one of two routes with the same priority: its traffic moves at once."""
    tester = ready()
    tester.all_users(D, 1)
    tester.far("TFP", "B0", 0, destination=D)
    tester.all_users(D, 2)
    assert tester.spread(2) == {"C0": 8, "C1": 8}
    assert tester.told == []
    assert operation.RouteChanged(D, "B", "prohibited") in tester.reports


def test_5_2_forced_rerouting_to_a_route_of_lower_priority():
    """TFP on the first choice: the second takes over."""
    tester = ready(d_priority=(0, 1))
    tester.all_users(D, 1)
    assert tester.spread(1) == {"B0": 8, "B1": 8}
    tester.far("TFP", "B1", 0, destination=D)
    tester.all_users(D, 2)
    assert tester.spread(2) == {"C0": 8, "C1": 8}


def test_5_3_forced_rerouting_without_an_alternative():
    """TFP on the last route: the destination is paused."""
    tester = ready()
    tester.far("TFP", "B0", 0, destination=D)
    tester.far("TFP", "C0", 0, destination=D)
    assert tester.told == [Pause(D)]
    tester.all_users(D, 1)
    assert tester.users == []


def test_6_1_controlled_rerouting_after_transfer_allowed():
    """TFA on the better route: traffic rests for T6, then moves."""
    tester = ready(d_priority=(0, 1))
    tester.far("TFP", "B0", 0, destination=D)
    tester.all_users(D, 1)
    tester.far("TFA", "B0", 0, destination=D)
    tester.all_users(D, 2)
    tester.wait(0.75)
    assert tester.used(2) == {}
    tester.wait(0.1)
    assert tester.spread(2) == {"B0": 8, "B1": 8}
    assert [number for _, number in carried(tester, 3)] == [1, 2]


def test_6_2_controlled_rerouting_after_transfer_restricted():
    """TFR on one of two equal routes: traffic rests for T6, then takes the other."""
    tester = ready()
    tester.all_users(D, 1)
    tester.far("TFR", "B0", 0, destination=D)
    tester.all_users(D, 2)
    assert tester.spread(2) == {"C0": 4, "C1": 4}
    tester.wait(0.85)
    assert tester.spread(2) == {"C0": 8, "C1": 8}
    assert tester.told == []


def test_6_3_a_restricted_route_is_used_where_there_is_no_equal_one():
    """TFR on the only route of the best priority: traffic stays."""
    tester = ready(d_priority=(0, 1))
    tester.all_users(D, 1)
    tester.far("TFR", "B0", 0, destination=D)
    tester.all_users(D, 2)
    assert tester.spread(2) == {"B0": 8, "B1": 8}


def test_6_4_a_link_fails_during_controlled_rerouting():
    """What rests for T6 goes with the changeover of the link it comes from."""
    tester = ready(d_priority=(0, 1))
    tester.far("TFP", "B0", 0, destination=D)
    tester.all_users(D, 1)
    tester.far("TFA", "B0", 0, destination=D)
    tester.all_users(D, 2)
    tester.answers -= {"align", "COA"}
    tester.fail("C0")
    tester.wait(0.85)
    assert tester.spread(2) == {"B1": 8}, "what came from C1"
    tester.wait(2)
    assert tester.spread(2) == {"B0": 8, "B1": 8}
    assert all([number for _, number in carried(tester, sls)] == [1, 2] for sls in range(16))


def test_9_1_1_transfer_prohibited_sent_on_an_alternative_route():
    """A transfer point begins to route by another point: that one is told TFP."""
    tester = ready(transfer=True, d_priority=(0, 1))
    tester.answers -= {"align"}
    tester.fail("B0")
    tester.fail("B1")
    assert [(name, link[0], message.destination) for name, link, _, message in tester.messages if message.destination == D] == [
        ("TFP", "C", D)
    ]


def test_9_1_2_transfer_prohibited_broadcast():
    """A destination becomes inaccessible: every adjacent point is told TFP."""
    tester = ready(transfer=True)
    tester.answers -= {"align"}
    tester.fail("B0")
    tester.fail("B1")
    assert ("TFP", "C", E) in [(name, link[0], message.destination) for name, link, _, message in tester.messages]


def test_9_1_3_transfer_prohibited_by_response():
    """A message for an inaccessible destination: TFP to who passed it on, not more often than T8."""
    tester = ready(transfer=True)
    tester.far("TFP", "B0", 0, destination=E)
    tester.clear()
    for _ in range(5):
        tester.put("C1", ISUP, C, E, 1, b"\x01")
    assert [(name, message.destination) for name, _, _, message in tester.messages] == [("TFP", E)]
    tester.wait(1.1)
    tester.put("C1", ISUP, C, E, 1, b"\x01")
    assert len(tester.said("TFP")) == 2


def test_a_destination_prohibited_by_response_in_a_restart_stayed_so_when_it_was_there_at_its_end():
    """TFP in answer to a message, before the restart ends; behind it TRA alone would leave the adjacent point with that TFP until T10."""
    tester = ready(transfer=True, crossed=False)
    tester.answers -= {"align", "TRA"}
    for link in tester.links:
        tester.fail(link)
    tester.wait(2.0)
    tester.indicate("C0", InService())
    tester.wait(0.5)
    tester.clear()
    tester.put("C0", ISUP, C, E, 3, b"1")
    assert [(name, message.destination) for name, _, _, message in tester.messages] == [("TFP", E)]
    tester.indicate("B0", InService())
    tester.wait(10.0)
    told = [(name, message.destination) for name, link, _, message in tester.messages if link == "C0"]
    assert told == [("TFP", E), ("TFA", E), ("TRA", 0)]


def test_9_1_4_a_point_without_transfer_function_tells_nothing():
    """A signalling end point sends no TFP."""
    tester = ready()
    tester.answers -= {"align"}
    tester.fail("B0")
    tester.fail("B1")
    assert tester.said("TFP", "TFA", "TFR") == []


def test_9_2_transfer_restricted_received_and_passed_on():
    """TFR from one point; a transfer point tells others that its way is restricted."""
    tester = ready(transfer=True)
    tester.far("TFR", "B0", 0, destination=E)
    assert ("TFR", "C", E) in [(name, link[0], message.destination) for name, link, _, message in tester.messages]
    assert tester.told == []


def test_9_3_transfer_allowed_sent():
    """A destination is accessible again: every adjacent point is told TFA."""
    tester = ready(transfer=True)
    tester.far("TFP", "B0", 0, destination=E)
    tester.clear()
    tester.far("TFA", "B0", 0, destination=E)
    assert tester.told == [Resume(E)]
    assert ("TFA", "C", E) in [(name, link[0], message.destination) for name, link, _, message in tester.messages]


def test_9_4_1_route_set_test_sent():
    """A prohibited route is asked after each T10 until TFA."""
    tester = ready()
    tester.far("TFP", "B0", 0, destination=D)
    tester.wait(45 * 3 + 1)
    assert [(name, message.destination) for name, _, _, message in tester.messages] == [("RST", D)] * 3
    tester.far("TFA", "B0", 0, destination=D)
    tester.clear()
    tester.wait(100)
    assert tester.said("RST") == []


def test_9_4_2_route_set_test_for_a_restricted_destination():
    """A restricted route is asked after by RSR."""
    tester = ready()
    tester.far("TFR", "B0", 0, destination=D)
    tester.wait(46)
    assert tester.said() == [("RSR", tester.messages[0][1], 0)]


def test_9_4_3_route_set_test_received():
    """RST is answered by TFA where the destination is accessible, and not at all where it is not."""
    tester = ready(transfer=True)
    tester.far("RST", "B0", 0, destination=D)
    assert [(name, message.destination) for name, _, _, message in tester.messages] == [("TFA", D)]
    tester.far("TFP", "B0", 0, destination=E)
    tester.clear()
    tester.far("RST", "C0", 0, destination=E)
    assert tester.said() == []
    tester.far("RSR", "C0", 0, destination=E)
    assert [(name, message.destination) for name, _, _, message in tester.messages] == [("TFP", E)]


def test_9_4_4_told_of_routes_that_are_none():
    """TFP for an unknown destination, for the adjacent point itself, from a stranger: counted, nothing happens."""
    tester = ready()
    tester.far("TFP", "B0", 0, destination=0x121212)
    tester.far("TFP", "B0", 0, destination=B)
    tester.far("TFP", "C0", 0, destination=E)
    tester.far("TFP", "B0", 0, opc=D, destination=E)
    tester.far("RST", "B0", 0, destination=D)
    assert (tester.told, tester.said()) == ([], [])
    assert tester.point.counters["told of a route that is none"] == 3
    assert len(tester.wrong) == 1


def test_9_5_the_same_told_twice_changes_nothing():
    """TFP twice, TFA twice."""
    tester = ready()
    for name in ("TFP", "TFP", "TFA", "TFA"):
        tester.far(name, "B0", 0, destination=E)
    assert tester.told == [Pause(E), Resume(E)]
    assert A not in [value.affected for value in tester.told]


def test_9_6_what_was_told_ends_with_the_link_set():
    """A link set is lost and comes back while its point was reachable by another: what that point had told counts no more."""
    tester = ready()
    tester.far("TFP", "B0", 0, destination=D)
    tester.answers.discard("align")
    tester.fail("B0")
    tester.fail("B1")
    tester.wait(3)
    tester.answers.add("align")
    tester.fail("B0")
    tester.fail("B1")
    tester.wait(3)
    assert tester.state() == ["available"] * 4
    tester.all_users(D, 1)
    assert tester.spread(1) == {"B0": 4, "B1": 4, "C0": 4, "C1": 4}
