"""Supervision of circuits by the Chinese TUP: blocking, reset, groups; congestion, and whether the far end can be reached."""

import pytest

from pbx.engine import Noted, Unexpected
from pbx.signalling.ss7.circuit_books import HARDWARE, MAINTENANCE
from pbx.signalling.ss7.primitives import Pause, RestartBegins, Status
from pbx.signalling.ss7.primitives import Resume as Reachable
from pbx.signalling.ss7.tup import contents as c
from pbx.vocabulary.call import Alerting, Blocked, Connect, Disconnect, Idle, Proceeding, Release, Reset, Seized, Setup, Unblocked
from tests.signalling.ss7.test_tup_flow_calls import ANSWERED, incoming, outgoing
from tests.signalling.ss7.tup_tester import SETUP, VARIANT, Tester, iam


def group(width, status=None):
    return c.CircuitRange(width, status)


def test_7_1_blo_received():
    """BLO received: acknowledged, no call out, calls in; UBL frees"""
    tester = Tester()
    assert tester.hex("010027") == (["BLA"], [Blocked("remote")])
    assert tester.give(SETUP) == ([], [Release(44), Idle()])
    assert tester.far("BLO") == (["BLA"], [])
    assert tester.hex("010047") == (["UBA"], [Unblocked()])
    assert tester.far("UBL") == (["UBA"], [])
    assert tester.give(SETUP)[0] == ["IAI"]


def test_7_2_blo_sent():
    """BLO and UBL sent by order; the circuit is used again when UBL is acknowledged"""
    tester = Tester()
    assert tester.give(Blocked("local")) == (["BLO"], [Blocked("local")])
    assert tester.octets_sent == ["010027"]
    assert tester.far("BLA") == ([], [])
    assert tester.give(SETUP) == ([], [Release(44), Idle()])
    assert tester.give(Unblocked()) == (["UBL"], [])
    assert tester.give(SETUP) == ([], [Release(44), Idle()])
    assert tester.far("UBA") == ([], [Unblocked()])
    assert tester.give(SETUP)[0] == ["IAI"]


def test_7_3_a_call_for_a_blocked_circuit():
    """A call comes all the same over a circuit that we have blocked: BLO again; a test call is taken"""
    tester = Tester()
    tester.give(Blocked("local"))
    assert tester.far("IAM") == (["BLO"], [])
    assert tester.far("IAM", iam(category=13))[1][0] == Seized()


def test_7_4_calls_go_on_over_a_blocked_circuit():
    """Blocking from either end leaves calls as they are"""
    for name, wish in (("BLO", None), (None, Blocked("local"))):
        for tester in (outgoing(*ANSWERED), incoming(Connect())):
            state = tester.state()
            assert (tester.far(name) if name else tester.give(wish))[0] in (["BLA"], ["BLO"])
            assert tester.state().startswith(state)


def test_7_5_blocked_just_when_seized():
    """BLO and MGB for a circuit that has just been seized: the call takes another one"""
    assert outgoing().far("BLO") == (["BLA", "CLF"], [Blocked("remote"), Release(44)])
    assert outgoing().far("MGB", group(1, 1)) == (["CLF", "MBA"], [Blocked("remote"), Release(44)])


def test_7_6_blocked_from_both_ends():
    """Blocking from both ends, removal from one"""
    tester = Tester()
    tester.give(Blocked("local"))
    tester.far("BLA")
    tester.far("BLO")
    tester.give(Unblocked())
    assert tester.far("UBA") == ([], [Unblocked("local")])
    assert tester.far("UBL") == (["UBA"], [Unblocked()])


def test_7_7_a_call_from_an_end_that_has_blocked():
    """A call from an end that has blocked the circuit: it is free, the call is taken"""
    tester = Tester()
    tester.far("BLO")
    assert tester.far("IAM")[1][:2] == [Unblocked(), Seized()]


def test_7_8_bla_does_not_come():
    """T12 and T13: BLO again, then people are told, then once a minute"""
    tester = Tester()
    tester.give(Blocked("local"))
    assert tester.wait(59.9) == (["BLO"] * 5, [])
    assert tester.wait(0.2) == (["BLO"], [])
    assert tester.others == [Noted("-- BLO is not acknowledged")]
    assert tester.wait(120.0) == (["BLO"] * 2, [])
    tester.far("BLA")
    assert tester.wait(1000.0) == ([], [])


def test_7_9_uba_does_not_come():
    """T14 and T15: the same with UBL"""
    tester = Tester()
    tester.give(Blocked("local"))
    tester.far("BLA")
    tester.give(Unblocked())
    assert tester.wait(61.0) == (["UBL"] * 6, [])
    assert tester.others == [Noted("-- UBL is not acknowledged")]
    assert tester.far("UBA") == ([], [Unblocked()])


def test_7_10_acknowledgements_without_a_request():
    """BLA and UBA that nobody asked for: what we want is said again"""
    tester = Tester()
    assert tester.far("BLA") == (["UBL"], [])
    assert tester.far("BLA") == ([], [])
    tester.far("UBA")
    tester.give(Blocked("local"))
    tester.far("BLA")
    assert tester.far("UBA") == (["BLO"], [])
    assert tester.far("UBA") == ([], [])
    assert tester.far("BLA") == ([], [])
    assert tester.far("BLA") == ([], [])


def test_7_11_rsc_received_at_rest_and_in_an_incoming_call():
    """RSC at rest and in a call that came in: RLG, as to CLF"""
    assert Tester().hex("010077") == (["RLG"], [])
    for primitives in ((), (Alerting(),), (Connect(),)):
        assert incoming(*primitives).far("RSC") == (["RLG"], [Release(41), Idle()])
    assert incoming(Disconnect(17)).far("RSC") == (["RLG"], [Idle()])


def test_7_12_rsc_received_in_an_outgoing_call():
    """RSC in a call that went out: CLF, as to a failure or CBK, and RLG frees"""
    for names in ((), ("ACM",), ANSWERED):
        tester = outgoing(*names)
        assert tester.far("RSC") == (["CLF"], [Release(41)])
        assert tester.far("RLG") == ([], [Idle()])


def test_7_13_rsc_sent():
    """RSC by order: RLG frees, and so does CLF of an end that had a call"""
    tester = Tester()
    assert tester.give(Reset()) == (["RSC"], [])
    assert tester.far("RLG") == ([], [Idle()])
    tester.give(Reset())
    assert tester.far("CLF") == (["RLG"], [Idle()])
    tester.give(Reset())
    assert tester.far("RSC") == (["RLG"], [])
    assert tester.far("IAM") == ([], [])


def test_7_14_rsc_is_not_answered():
    """T18 and T19: RSC again, then people are told, then once a minute"""
    tester = Tester()
    tester.give(Reset())
    assert tester.wait(59.9) == (["RSC"] * 5, [])
    assert tester.wait(0.2) == (["RSC"], [Blocked("fault")])
    assert tester.wait(60.0) == (["RSC"], [])
    assert tester.far("RLG") == ([], [Unblocked(), Idle()])


def test_7_15_rsc_and_blocking():
    """RSC makes both ends forget blocks by maintenance; who still wants his says BLO again"""
    tester = Tester()
    tester.far("BLO")
    assert tester.far("RSC") == (["RLG"], [Unblocked()])
    tester.give(Blocked("local"))
    tester.far("BLA")
    assert tester.far("RSC") == (["BLO", "RLG"], [])
    tester.give(Reset())
    assert tester.far("RLG") == (["BLO"], [Idle()])


def test_8_1_mgb_and_mgu_received():
    """MGB and MGU received: the marked circuits that exist, acknowledged with their marks; calls go on"""
    tester = outgoing(*ANSWERED)
    assert tester.hex("010018040b") == (["MBA"], [Blocked("remote")] * 3)
    assert tester.octets_sent == ["010028040b"]
    assert tester.state(1) == "OutAnswered/remote"
    assert tester.give(SETUP, 2) == ([], [Release(44), Idle()])
    assert tester.hex("010038040b") == (["MUA"], [Unblocked()] * 3)
    assert tester.octets_sent == ["010048040b"]
    assert tester.far("MGB", group(3, 0b1111), cic=14)[0] == ["MBA"]
    assert tester.fields() == {"range": 3, "status": 0b1011}, "time slot 16 is no circuit here"


def test_8_2_hgb_and_hgu_received():
    """HGB received: calls are lost without words, the circuit takes no call in either direction; HGU frees"""
    tester = outgoing(*ANSWERED)
    tester.far("IAI", cic=2)
    assert tester.hex("0100580103") == (["HBA"], [Blocked("remote"), Release(41), Idle()] * 2)
    assert tester.octets_sent == ["0100680103"]
    assert tester.far("IAM") == ([], [])
    assert tester.hex("0100780103") == (["HUA"], [Unblocked()] * 2)
    assert tester.octets_sent == ["0100880103"]


def test_8_3_groups_that_cannot_be():
    """A range of 0, which means a group agreed upon beforehand: discarded"""
    tester = Tester()
    for name, contents in (("MGB", group(0, 1)), ("MGU", group(0, 1)), ("HGB", group(0, 1)), ("HGU", group(0, 1)), ("GRS", group(0))):
        assert tester.far(name, contents) == ([], [])
        assert tester.others == [Unexpected("group", f"{name} with this range")]


def test_8_4_groups_blocked_by_software():
    """SGB, SBA, SGU, SUA, which China does not use: discarded"""
    tester = Tester()
    for name in ("SGB", "SBA", "SGU", "SUA"):
        assert tester.far(name, group(1, 1)) == ([], [])
        assert tester.others == [Unexpected("group", name)]


def test_8_5_mgb_and_mgu_sent():
    """MGB and MGU by order; circuits are used again when MGU is acknowledged"""
    tester = Tester()
    assert tester.do(tester.tup.block([1, 2, 4], MAINTENANCE, 0.0)) == (["MGB"], [Blocked("local")] * 3)
    assert tester.octets_sent == ["010018030b"]
    assert tester.hex("010028030b") == ([], [])
    assert tester.do(tester.tup.unblock([1, 2, 4], MAINTENANCE, 0.0)) == (["MGU"], [])
    assert tester.hex("010048030b") == ([], [Unblocked()] * 3)


def test_8_6_hgb_and_hgu_sent():
    """HGB by order: our own calls are lost too; HGU frees"""
    tester = outgoing(*ANSWERED)
    assert tester.do(tester.tup.block([1], HARDWARE, 0.0)) == (["HGB"], [Blocked("alarm"), Release(41), Idle()])
    assert tester.far("IAM") == (["BLO"], [])
    tester.far("HBA", group(1, 1))
    assert tester.do(tester.tup.unblock([1], HARDWARE, 0.0)) == (["HGU"], [])
    assert tester.far("HUA", group(1, 1)) == ([], [Unblocked()])


@pytest.mark.parametrize(
    ("verb", "why", "name", "answer"),
    [("block", 0, "MGB", "MBA"), ("unblock", 0, "MGU", "MUA"), ("block", 1, "HGB", "HBA"), ("unblock", 1, "HGU", "HUA")],
)
def test_8_7_group_messages_are_not_acknowledged(verb, why, name, answer):
    """T20 to T27: a message of a group again, then people are told; an acknowledgement of another range does not do"""
    tester = Tester()
    tester.do(getattr(tester.tup, verb)([1, 2], why, 0.0))
    assert tester.wait(61.0) == ([name] * 6, [])
    assert tester.others == [Noted(f"-- {name} is not acknowledged")]
    tester.far(answer, group(2, 3))
    assert tester.others == [Unexpected("group", answer)]
    tester.far(answer, group(1, 1))
    assert tester.others == [Noted(f"-- {answer} does not mark what was asked")]
    assert tester.wait(1000.0) == ([], [])


def test_8_8_a_part_of_a_group_is_wanted_otherwise():
    """While MGB is not acknowledged one circuit of it is unblocked: the repetition leaves it out"""
    tester = Tester()
    tester.do(tester.tup.block([1, 2, 3], MAINTENANCE, 0.0))
    tester.give(Unblocked(), 2)
    names, _ = tester.wait(11.0)
    assert names == ["UBL", "MGB"]
    assert tester.fields(1) == {"range": 2, "status": 0b101}
    tester.do(tester.tup.block([1, 2], MAINTENANCE, tester.now))
    assert tester.wait(11.0)[0] == ["MGB", "MGB"], "both are wanted"


def test_8_9_grs_received():
    """GRS: calls of its circuits are over, GRA tells which ones maintenance has blocked here"""
    tester = outgoing(*ANSWERED)
    tester.far("IAI", cic=2)
    tester.give(Blocked("local"), 3)
    tester.far("BLA", cic=3)
    assert tester.hex("01009804") == (["GRA"], [Release(41), Idle()] * 2)
    assert tester.octets_sent == ["0100a80404"]


def test_8_10_grs_sent():
    """GRS by order: calls are over, GRA frees and tells what is blocked there"""
    tester = outgoing(*ANSWERED)
    assert tester.do(tester.tup.reset(1, 2, 0.0)) == (["GRS"], [Release(41)])
    assert tester.octets_sent == ["01009802"]
    assert tester.far("IAM", cic=2) == ([], [])
    assert tester.hex("0100a80202") == ([], [Idle(), Blocked("remote"), Idle(), Idle()])


def test_8_11_gra_does_not_come():
    """T28 and T29: GRS again, then people are told"""
    tester = Tester()
    tester.do(tester.tup.reset(1, 2, 0.0))
    assert tester.wait(61.0) == (["GRS"] * 6, [])
    assert tester.others == [Noted("-- GRS is not acknowledged")]
    assert tester.far("GRA", group(2, 0)) == ([], [Idle()] * 3)
    assert tester.far("GRA", group(2, 0)) == ([], [])


def test_8_12_hardware_that_has_failed_is_told_again():
    """An end that has forgotten is told again which hardware has failed"""
    tester = Tester()
    tester.do(tester.tup.block([3], HARDWARE, 0.0))
    tester.far("HBA", group(1, 1), cic=3)
    assert tester.far("GRS", group(4)) == (["HGB", "GRA"], [])
    assert tester.far("RSC", cic=3)[0] == ["RLG", "HGB"]


def test_8_13_service_begins_by_a_reset():
    """Service begins by GRS of all circuits, RSC for one that stands alone"""
    tester = Tester(circuits=(*range(1, 40), 50))
    names, _ = tester.do(tester.tup.start(0.0, reset=True))
    assert names == ["GRS", "GRS", "RSC"]
    assert [cic for _, cic, _ in tester.sent] == [1, 33, 50]
    assert tester.far("GRA", group(31, 0))[1] == [Idle()] * 32


def test_9_1_congestion_holds_back_calls():
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


def test_9_2_our_own_congestion_is_told():
    """Our own congestion is told by ACC behind each RLG that answers CLF"""
    tester = incoming()
    tester.tup.congestion.overload = 2
    assert tester.far("CLF")[0] == ["RLG", "ACC"]
    assert tester.octets_sent == ["010017", "01001a02"]


def test_9_3_a_far_point_that_cannot_be_reached():
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


def test_9_4_a_user_part_that_is_not_available():
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


def test_9_5_congestion_and_the_end_of_an_outage():
    """A way that comes back begins without steps held back"""
    tester = Tester()
    tester.far("ACC")
    tester.mtp(Pause(tester.tup.far))
    tester.mtp(Reachable(tester.tup.far))
    assert tester.tup.congestion.steps == 0
    assert tester.give(Setup("12345"))[0] == ["IAM"]
    assert tester.far("ACM") == ([], [Proceeding(), Alerting()])
    assert VARIANT.data.traffic_steps == 10
