"""Of supervision by the Chinese TUP what Q.783 has no number for: blocks and calls, groups, congestion, a far end that is not reached."""

from pbx.engine import Unexpected
from pbx.signalling.ss7.circuit_books import HARDWARE, MAINTENANCE
from pbx.signalling.ss7.primitives import Pause, RestartBegins, Status
from pbx.signalling.ss7.primitives import Resume as Reachable
from pbx.vocabulary.call import Alerting, Blocked, Connect, Idle, Proceeding, Release, Reset, Seized, Setup, Unblocked
from tests.signalling.ss7.tup_tester import SETUP, VARIANT, Tester, group, iam, incoming, outgoing


def test_12_1_a_call_for_a_blocked_circuit():
    """A call comes all the same over a circuit that we have blocked: BLO again, until it is acknowledged; a test call is taken"""
    tester = Tester()
    tester.give(Blocked("local"))
    tester.far("BLA")
    assert tester.far("IAM") == (["BLO"], [])
    assert tester.wait(12.0) == (["BLO"], [])
    assert tester.far("BLA") == ([], [])
    assert tester.others == [], "it was awaited"
    assert tester.wait(1000.0) == ([], [])
    assert tester.far("IAM", iam(category=13))[1][0] == Seized()


def test_blo_for_failed_hardware_was_never_taken_back():
    tester = Tester()
    tester.do(tester.tup.block([1, 2], HARDWARE, 0.0))
    for name in ("IAM", "IAI"):
        assert tester.far(name) == (["HGB"], []), "and no BLO"
    tester.far("HBA", group(1, 1))
    tester.far("HBA", group(1, 3))
    assert tester.wait(1000.0) == ([], [])
    tester.do(tester.tup.unblock([1, 2], HARDWARE, tester.now))
    assert tester.far("HUA", group(1, 3)) == ([], [Unblocked()] * 2)
    assert tester.far("IAM")[1][0] == Seized()


def test_12_2_blocked_just_when_seized():
    """BLO and MGB for a circuit that has just been seized: the call takes another one"""
    assert outgoing().far("BLO") == (["BLA", "CLF"], [Blocked("remote"), Release(44)])
    assert outgoing().far("MGB", group(1, 1)) == (["CLF", "MBA"], [Blocked("remote"), Release(44)])


def test_12_3_a_call_from_an_end_that_has_blocked():
    """A call from an end that has blocked the circuit: it is free, the call is taken"""
    tester = Tester()
    tester.far("BLO")
    assert tester.far("IAM")[1][:2] == [Unblocked(), Seized()]


def test_12_4_rsc_and_blocking():
    """RSC makes both ends forget blocks by maintenance; who still wants his says BLO again"""
    tester = Tester()
    tester.far("BLO")
    assert tester.far("RSC") == (["RLG"], [Unblocked()])
    tester.give(Blocked("local"))
    tester.far("BLA")
    assert tester.far("RSC") == (["BLO", "RLG"], [])
    tester.give(Reset())
    assert tester.far("RLG") == (["BLO"], [Idle()])


def test_a_clf_that_crosses_a_lost_rsc_brings_back_the_block_that_was_forgotten():
    for answers, state in ((["CLF"], "Idle/remote"), (["RLG"], "Idle"), (["CLF", "RLG"], "Idle")):
        tester = Tester()
        tester.far("BLO")
        for _ in range(2):
            tester.give(Reset())
        for answer in answers:
            tester.far(answer)
        tester.wait(11.0)
        assert tester.state() == state
        tester.give(Reset())
        tester.far("UBL")
        tester.far("CLF")
        tester.wait(11.0)
        assert tester.state() == "Idle", "it was taken back meanwhile"


def test_blo_goes_beside_a_group_that_asks_the_same_after_a_reset():
    tester = Tester()
    tester.give(Reset())
    tester.do(tester.tup.block([1, 2], MAINTENANCE, 0.0))
    assert tester.far("RLG") == (["BLO"], [Idle()])
    tester.give(Unblocked())
    assert tester.far("MBA", group(1, 3)) == ([], []), "BLO is not acknowledged"
    assert tester.far("BLA") == (["UBL"], [])
    assert tester.far("UBA") == ([], [Unblocked()])


def test_13_1_groups_that_cannot_be():
    """A range of 0, which means a group agreed upon beforehand: discarded"""
    tester = Tester()
    for name, contents in (("MGB", group(0, 1)), ("MGU", group(0, 1)), ("HGB", group(0, 1)), ("HGU", group(0, 1)), ("GRS", group(0))):
        assert tester.far(name, contents) == ([], [])
        assert tester.others == [Unexpected("group", f"{name} with this range")]


def test_13_2_groups_blocked_by_software():
    """SGB, SBA, SGU, SUA, which China does not use: discarded"""
    tester = Tester()
    for name in ("SGB", "SBA", "SGU", "SUA"):
        assert tester.far(name, group(1, 1)) == ([], [])
        assert tester.others == [Unexpected("group", name)]


def test_13_3_a_part_of_a_group_is_wanted_otherwise():
    """While MGB is not acknowledged one circuit of it is unblocked: UBL follows when it is; wishes that cancel each other send nothing"""
    tester = Tester()
    tester.do(tester.tup.block([1, 2, 3], MAINTENANCE, 0.0))
    tester.give(Unblocked(), 2)
    assert tester.wait(11.0)[0] == ["MGB"]
    assert tester.far("MBA", group(2, 0b111))[0] == ["UBL"]
    tester.do(tester.tup.block([1, 2], MAINTENANCE, tester.now))
    tester.give(Unblocked(), 2)
    assert tester.far("UBA", cic=2) == ([], [Unblocked()])


def test_13_4_hardware_that_has_failed_is_told_again():
    """An end that has forgotten is told again which hardware has failed"""
    tester = Tester()
    tester.do(tester.tup.block([3], HARDWARE, 0.0))
    tester.far("HBA", group(1, 1), cic=3)
    assert tester.far("GRS", group(4)) == (["HGB", "GRA"], [])
    assert tester.far("RSC", cic=3)[0] == ["RLG", "HGB"]


def test_13_5_service_begins_by_a_reset():
    """Service begins by GRS of all circuits, RSC for one that stands alone"""
    tester = Tester(circuits=(*range(1, 40), 50))
    names, _ = tester.do(tester.tup.start(0.0, reset=True))
    assert names == ["GRS", "GRS", "RSC"]
    assert [cic for _, cic, _ in tester.sent] == [1, 33, 50]
    assert tester.far("GRA", group(31, 0))[1] == [Idle()] * 32


def test_14_1_congestion_holds_back_calls():
    """ACC and MTP-STATUS take steps of the new calls away, time gives them back; more of it at once says nothing new"""
    tester = Tester(circuits=range(1, 200))

    def refused():
        told = []
        for cic in range(1, 21):
            told.append(tester.give(SETUP, cic)[1])
            tester.give(Release(16), cic)
            tester.far("RLG", cic=cic)
        return sum(Release(42) in each for each in told)

    assert refused() == 0
    assert tester.hex("01001a01") == ([], [])
    assert tester.hex("01001a02") == ([], [])
    assert tester.tup.congestion.steps == 1
    tester.wait(1.0)
    tester.mtp(Status(tester.tup.far, "congestion"))
    assert refused() == 4
    tester.wait(30.0)
    assert refused() == 0
    for octets in ("01001a00", "01001a03"):
        tester.hex(octets)
        assert tester.others == [Unexpected("congestion", f"ACC of level {octets[-1]}")]


def test_14_2_our_own_congestion_is_told():
    """Our own congestion is told by ACC behind each RLG that answers CLF"""
    tester = incoming()
    tester.tup.congestion.overload = 2
    assert tester.far("CLF")[0] == ["RLG", "ACC"]
    assert tester.octets_sent == ["010017", "01001a02"]


def test_14_3_a_far_point_that_cannot_be_reached():
    """Pause, Resume and the restart of the MTP: no new calls, the old ones go on"""
    for gone in (lambda tester: Pause(tester.tup.far), lambda tester: RestartBegins()):
        tester = Tester(circuits=(1, 2))
        tester.give(SETUP)
        tester.far("ACM")
        assert tester.mtp(gone(tester)) == ([], [Blocked("fault")] * 2)
        assert tester.give(SETUP, 2) == ([], [Release(44), Idle()])
        assert tester.state(1) == "OutWaitAnswer/fault"
        assert tester.mtp(Reachable(tester.tup.far)) == ([], [Unblocked()] * 2)
        assert tester.far("ANC") == ([], [Connect()])
    assert tester.mtp(Pause(tester.tup.far + 1)) == ([], [])


def test_14_4_a_user_part_that_is_not_available():
    """UPU: the far user part is left alone for a while, or until it says anything; one that does not exist for ever"""
    tester = Tester(circuits=(1, 2))
    assert tester.mtp(Status(tester.tup.far, "user part unavailable", service=5)) == ([], [])
    unavailable = Status(tester.tup.far, "user part unavailable", service=4)
    assert tester.mtp(unavailable) == ([], [Blocked("fault")] * 2)
    assert tester.mtp(unavailable) == ([], [])
    assert tester.wait(60.0) == ([], [Unblocked()] * 2)
    tester.mtp(unavailable)
    assert tester.far("IAM")[1][:2] == [Unblocked()] * 2
    assert tester.mtp(Status(tester.tup.far, "user part unavailable", reason="unequipped")) == ([], [Blocked("fault")] * 2)
    assert tester.wait(1000.0)[1] == []
    assert tester.far("ACM", cic=2)[1][:2] == [Unblocked()] * 2


def test_14_5_congestion_and_the_end_of_an_outage():
    """A way that comes back begins without steps held back"""
    tester = Tester()
    tester.far("ACC")
    tester.mtp(Pause(tester.tup.far))
    tester.mtp(Reachable(tester.tup.far))
    assert tester.tup.congestion.steps == 0
    assert tester.give(Setup("12345"))[0] == ["IAM"]
    assert tester.far("ACM") == ([], [Proceeding(), Alerting()])
    assert VARIANT.data.traffic_steps == 10


def test_an_answer_to_an_older_request_ended_a_reset_that_was_lost():
    """RLG does not tell what it answers. RSC that was sent while CLF or RSC was unanswered, and lost, was taken for answered: this
    end had forgotten a block that the far end relied on."""
    tester = Tester()
    tester.give(SETUP)
    assert tester.give(Release(16))[0] == ["CLF"]
    assert tester.far("BLO")[0] == ["BLA"]
    assert tester.give(Reset()) == ([], []), "it waits"
    assert tester.give(Reset()) == ([], [])
    assert tester.far("RLG") == (["RSC"], [Unblocked()])
    assert tester.state() == "Resetting"
    assert tester.wait(11.0)[0] == ["RSC"], "it was lost, and is sent again"
    assert tester.far("BLO")[0] == ["BLA"]
    assert tester.give(Reset()) == ([], []), "the circuit is being reset"
    assert tester.far("RLG") == ([], [Idle()])
    assert tester.state() == "Idle/remote"


def test_a_reset_takes_the_place_of_a_release_that_is_not_repeated():
    tester = Tester()
    tester.give(SETUP)
    tester.give(Release(16))
    tester.wait(5.0)
    tester.give(Reset())
    assert tester.wait(6.0) == (["RSC"], [])
    tester.give(Blocked("local"))
    assert tester.far("RLG") == (["BLO"], [Idle()])


def test_a_reset_by_order_goes_out_at_once_when_people_have_been_told_and_no_answer_can_be_on_its_way():
    tester = Tester()
    tester.give(Reset())
    tester.wait(60.0 + 1.0)
    assert tester.state() == "ResetAlerted/fault"
    assert tester.give(Reset()) == ([], []), "RSC has just gone out"
    tester.wait(11.0)
    assert tester.give(Reset()) == (["RSC"], [])
    assert tester.give(Reset()) == ([], [])
    assert tester.far("RLG")[1][-1] == Idle()


def test_two_equal_group_resets_within_one_round_trip_are_one():
    tester = Tester(circuits=(1, 2, 3, 4, 5))
    assert tester.do(tester.tup.reset(1, 2, tester.now))[0] == ["GRS"]
    assert tester.do(tester.tup.reset(1, 2, tester.now))[0] == []
    assert tester.do(tester.tup.reset(2, 3, tester.now))[0] == ["GRS"], "another range"
    assert tester.give(Reset(), 2) == ([], [])
    assert tester.far("GRA", group(2, 0)) == ([], [Idle()]), "the others are still in the second one"
    assert tester.far("GRA", group(3, 0), cic=2) == ([], [Idle()] * 4)
    assert tester.wait(1000.0) == ([], [])


def test_a_group_reset_that_nobody_answers_is_given_up_by_order():
    """The far end may not take GRS, or not that range: reset by order goes circuit by circuit then, or for another range."""
    tester = Tester(circuits=(1, 2, 3, 4, 5))
    tester.do(tester.tup.reset(1, 2, tester.now))
    tester.give(Reset(), 2)
    tester.wait(60.0 + 1.0)
    assert tester.give(Reset(), 2) == (["RSC", "RSC", "RSC"], [])
    for cic in (1, 2, 3):
        assert tester.wait(11.0)[0].count("RSC") == 4 - cic, "each goes on until it is answered"
        assert tester.far("RLG", cic=cic) == ([], [Idle()])
    tester.do(tester.tup.reset(1, 2, tester.now))
    tester.wait(60.0 + 1.0)
    assert tester.do(tester.tup.reset(2, 3, tester.now))[0] == ["RSC", "GRS"]
    assert tester.far("GRA", group(3, 0), cic=2) == ([], [Idle()] * 4)
    assert tester.far("RLG") == ([], [Idle()])
    assert tester.far("GRA", group(2, 0)) == ([], []), "that one is not awaited any more"
    assert tester.wait(1000.0) == ([], [])


def test_gra_told_a_block_whose_end_was_under_way():
    """An end of the block was unanswered when the block was wanted again and GRS came: GRA told it, and nobody took it back afterwards."""
    tester = Tester()
    tester.do(tester.tup.unblock([1, 2], MAINTENANCE, tester.now))
    tester.give(Blocked("local"))
    assert tester.far("GRS", group(1))[0] == ["GRA"]
    assert tester.fields()["status"] == 0
    tester.give(Unblocked())
    assert tester.far("MUA", group(1, 3)) == ([], [Unblocked()])
    tester.give(Blocked("local"))
    tester.far("BLA")
    tester.far("GRS", group(1))
    assert tester.fields()["status"] == 1
