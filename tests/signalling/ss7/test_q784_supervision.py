"""Q.784 section 1.1 to 1.5: circuit supervision, one test for each item."""

import pytest

from pbx.engine import Unexpected
from pbx.signalling.ss7.continuity import MaintenanceTold
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import values
from pbx.vocabulary.call import Blocked, Disconnect, Idle, Info, Release, Reset, Seized, Setup, Unblocked
from tests.signalling.ss7.isup_tester import FAR, OWN, SETUP, TONE, TONE_OVER, Tester, iam

MAINTENANCE, HARDWARE = values.SupervisionType
FAILED = i.ContinuityIndicators(False)


def answered(tester, cic=1):
    tester.give(SETUP, cic)
    tester.far("ACM", cic=cic)
    tester.far("ANM", cic=cic)
    assert tester.state(cic).startswith("OutAnswered")
    return tester


def group(tester, name, why, width, status, cic=1):
    return tester.far(name, i.CircuitGroupSupervisionMessageType(why), p.RangeAndStatus(width, status), cic=cic)


def test_1_1_messages_for_circuits_that_are_not_allocated():
    """Non-allocated circuits: nothing happens, UCIC tells (national option)."""
    tester = Tester()
    assert tester.far("IAM", cic=77) == (["UCIC"], [])
    assert tester.messages[0].cic == 77
    assert tester.far("RLC", cic=77) == ([], [])
    assert tester.others == [Unexpected("no circuit", "RLC")]


def test_1_1_ucic_takes_a_circuit_out_of_service():
    """Non-allocated circuits at the far end: the call takes another circuit"""
    tester = Tester()
    tester.give(SETUP)
    assert tester.far("UCIC") == ([], [Release(44), Blocked("fault")])
    assert tester.give(SETUP) == ([], [Release(44), Idle()])


def test_1_2_1_rsc_received_on_an_idle_circuit():
    """RSC received on an idle circuit"""
    assert Tester().far("RSC") == (["RLC"], [])


def test_1_2_2_rsc_sent_on_an_idle_circuit():
    """RSC sent on an idle circuit"""
    tester = Tester()
    assert tester.give(Reset()) == (["RSC"], [])
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.far("RLC") == ([], [Idle()])
    assert tester.state() == "Idle"


def test_1_2_3_rsc_received_on_a_locally_blocked_circuit():
    """RSC received on a locally blocked circuit: BLO before RLC"""
    tester = Tester()
    tester.give(Blocked("local"))
    tester.far("BLA")
    assert tester.far("RSC") == (["BLO", "RLC"], [])
    tester.far("BLA")
    assert tester.wait(600) == ([], [])


def test_1_2_4_rsc_received_on_a_remotely_blocked_circuit():
    """RSC received on a remotely blocked circuit: the block is gone"""
    tester = Tester()
    tester.far("BLO")
    assert tester.far("RSC") == (["RLC"], [Unblocked()])
    assert tester.give(SETUP)[0] == ["IAM"]


def test_1_2_5a_circuit_group_reset_received():
    """Circuit group reset received (normal GRS)"""
    tester = answered(Tester(), 3)
    tester.give(Blocked("local"), 2)
    assert tester.far("GRS", p.RangeAndStatus(4), cic=1) == (["GRA"], [Release(41), Idle()])
    assert tester.first(p.RangeAndStatus) == p.RangeAndStatus(4, 0b00010)
    assert [tester.state(cic) for cic in range(1, 6)] == ["Idle", "Idle/local", "Idle", "Idle", "Idle"]


@pytest.mark.parametrize("width", [0])
def test_1_2_5b_circuit_group_reset_with_range_0(width):
    """Circuit group reset received (GRS with range = 0): discarded"""
    tester = answered(Tester())
    assert tester.far("GRS", p.RangeAndStatus(width)) == ([], [])
    assert tester.state() == "OutAnswered"


def test_1_2_5c_circuit_group_reset_with_range_32():
    """Circuit group reset received (GRS with range = 32): discarded"""
    tester = answered(Tester())
    assert tester.far("GRS", p.RangeAndStatus(32)) == ([], [])
    assert tester.state() == "OutAnswered"


def test_1_2_6_circuit_group_reset_sent():
    """Circuit group reset sent; GRA tells what is blocked"""
    tester = answered(Tester(), 2)
    assert tester.do(tester.isup.reset(1, 3, 0.0)) == (["GRS"], [Release(41)])
    assert tester.give(SETUP, 1) == ([], [Release(44)])
    assert tester.far("GRA", p.RangeAndStatus(3, 0b0100)) == ([], [Idle(), Idle(), Blocked("remote"), Idle(), Idle()])
    assert [tester.state(cic) for cic in range(1, 5)] == ["Idle", "Idle", "Idle/remote", "Idle"]


def test_1_2_7_circuit_group_reset_received_on_remotely_blocked_circuits():
    """Circuit group reset received on remotely blocked circuits: the blocks are gone"""
    tester = Tester()
    tester.far("BLO", cic=2)
    assert tester.far("GRS", p.RangeAndStatus(3), cic=1) == (["GRA"], [Unblocked()])
    assert tester.first(p.RangeAndStatus) == p.RangeAndStatus(3, 0)


def blocked_and_unblocked(why):
    tester = Tester()
    assert group(tester, "CGB", why, 4, 0b10101) == (["CGBA"], [Blocked("remote")] * 3)
    assert tester.first(p.RangeAndStatus) == p.RangeAndStatus(4, 0b10101)
    assert tester.give(SETUP, 1) == ([], [Release(44), Idle()])
    assert tester.give(SETUP, 2)[0] == ["IAM"]
    assert group(tester, "CGU", why, 4, 0b10101) == (["CGUA"], [Unblocked()] * 3)
    assert tester.give(SETUP, 1)[0] == ["IAM"]


def refused(why, width, status):
    tester = Tester()
    assert group(tester, "CGB", why, width, status) == ([], [])
    assert tester.state() == "Idle"


def test_1_3_1_1a_circuit_group_blocking_maintenance():
    """CGB and CGU received, maintenance oriented"""
    blocked_and_unblocked(MAINTENANCE)


def test_1_3_1_1b_circuit_group_blocking_maintenance_range_0():
    """CGB received, maintenance oriented, range 0: discarded"""
    refused(MAINTENANCE, 0, 1)


def test_1_3_1_1c_circuit_group_blocking_maintenance_too_many_circuits():
    """CGB received, maintenance oriented, more than 32 circuits marked: discarded"""
    refused(MAINTENANCE, 40, (1 << 33) - 1)


def test_1_3_1_1d_circuit_group_blocking_hardware():
    """CGB and CGU received, hardware failure oriented"""
    blocked_and_unblocked(HARDWARE)


def test_1_3_1_1e_circuit_group_blocking_hardware_range_0():
    """CGB received, hardware failure oriented, range 0: discarded"""
    refused(HARDWARE, 0, 1)


def test_1_3_1_1f_circuit_group_blocking_hardware_with_calls():
    """CGB received, hardware failure oriented: calls are lost without REL, those of maintenance go on"""
    tester = answered(answered(Tester(), 1), 2)
    assert group(tester, "CGB", MAINTENANCE, 1, 0b01) == (["CGBA"], [Blocked("remote")])
    assert group(tester, "CGB", HARDWARE, 1, 0b10) == (["CGBA"], [Blocked("remote"), Release(41), Idle()])
    assert (tester.state(1), tester.state(2)) == ("OutAnswered/remote", "Idle/remote")


def sent(why):
    tester = answered(Tester(), 2)
    names, said = tester.do(tester.isup.block([1, 2], why, 0.0))
    assert names == ["CGB"]
    assert tester.first(p.RangeAndStatus) == p.RangeAndStatus(1, 0b11)
    assert (Release(41) in said) == (why == HARDWARE)
    group(tester, "CGBA", why, 1, 0b11)
    assert tester.give(SETUP, 1) == ([], [Release(44), Idle()])
    assert tester.do(tester.isup.unblock([1, 2], why, 0.0)) == (["CGU"], [])
    assert group(tester, "CGUA", why, 1, 0b11) == ([], [Unblocked(), Unblocked()])
    assert tester.give(SETUP, 1)[0] == ["IAM"]


def test_1_3_1_2a_circuit_group_blocking_sent_maintenance():
    """CGB and CGU sent, maintenance oriented"""
    sent(MAINTENANCE)


def test_1_3_1_2b_circuit_group_blocking_sent_hardware():
    """CGB and CGU sent, hardware failure oriented: our own calls are lost too"""
    sent(HARDWARE)


def test_1_3_2_1_blo_received():
    """BLO received: no call out, but calls in; UBL frees"""
    tester = Tester()
    assert tester.far("BLO") == (["BLA"], [Blocked("remote")])
    assert tester.give(SETUP) == ([], [Release(44), Idle()])
    assert tester.far("UBL") == (["UBA"], [Unblocked()])
    assert tester.give(SETUP)[0] == ["IAM"]


def test_1_3_2_2_blo_sent():
    """BLO sent: neither end may seize; a call that comes all the same is answered by BLO"""
    tester = Tester()
    assert tester.give(Blocked("local")) == (["BLO"], [Blocked("local")])
    tester.far("BLA")
    assert tester.give(SETUP) == ([], [Release(44), Idle()])
    assert tester.far("IAM") == (["BLO"], [])
    tester.far("BLA")
    assert tester.far("IAM", *iam(category=13))[1][:1] == [Seized()], "a test call may pass"
    tester.far("REL")
    assert tester.give(Unblocked()) == (["UBL"], [])
    assert tester.far("UBA") == ([], [Unblocked()])


def test_1_3_2_3_blocking_from_both_ends():
    """Blocking from both ends; removal of blocking from one end"""
    tester = Tester()
    tester.give(Blocked("local"))
    tester.far("BLA")
    tester.far("BLO")
    tester.give(Unblocked())
    assert tester.far("UBA") == ([], [Unblocked("local")])
    assert tester.give(SETUP) == ([], [Release(44), Idle()])
    assert tester.far("UBL") == (["UBA"], [Unblocked()])
    assert tester.give(SETUP)[0] == ["IAM"]


def test_1_3_2_4_iam_received_on_a_remotely_blocked_circuit():
    """IAM received on a remotely blocked circuit: it is free, the call is taken"""
    tester = Tester()
    tester.far("BLO")
    names, said = tester.far("IAM")
    assert (names, said[:2], type(said[2])) == ([], [Unblocked(), Seized()], Setup)


def test_1_3_2_5_blocking_with_cgb_unblocking_with_ubl():
    """Blocking with CGB, unblocking with UBL"""
    tester = Tester()
    group(tester, "CGB", MAINTENANCE, 1, 0b11)
    assert tester.far("UBL", cic=1) == (["UBA"], [Unblocked()])
    assert (tester.state(1), tester.state(2)) == ("Idle", "Idle/remote")


def test_1_4_1_ccr_received_successful():
    """CCR received: successful; REL ends the check"""
    tester = Tester()
    tester.far("CCR")
    assert tester.stands() == {"loop"}
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.far("REL") == (["RLC"], [Idle()])
    assert tester.stands() == set()


def test_1_4_2_ccr_sent_successful():
    """CCR sent: successful; the tone comes back and ends, REL ends the check"""
    tester = Tester()
    assert tester.do(tester.isup.check([1], 0.0)) == (["CCR"], [])
    assert tester.stands() == {"tone", "receiver"}
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.far("LPA") == ([], []), "national option: understood, and means nothing"
    assert tester.give(TONE) == ([], [])
    assert tester.stands() == {"receiver"}
    assert tester.give(TONE_OVER) == (["REL"], [])
    assert tester.stands() == set()
    assert tester.far("RLC") == ([], [Idle()])
    assert tester.wait(1000) == ([], [])


def test_1_4_3_ccr_received_unsuccessful():
    """CCR received: unsuccessful; the check is made again"""
    tester = Tester()
    tester.far("CCR")
    tester.far("COT", FAILED)
    assert (tester.state(), tester.stands()) == ("CheckFailed", set())
    tester.far("CCR")
    assert (tester.state(), tester.stands()) == ("Looped", {"loop"})
    assert tester.far("REL") == (["RLC"], [Idle()])


def test_1_4_4_ccr_sent_unsuccessful():
    """CCR sent: unsuccessful; T24, COT, then CCR after T25 and each T26, people are told at the second failure; in the end it is good"""
    tester = Tester()
    tester.do(tester.isup.check([1], 0.0))
    assert tester.wait(2.0) == (["COT"], [Blocked("fault")])
    assert tester.first(i.ContinuityIndicators) == FAILED
    assert tester.stands() == set()
    assert tester.wait(5.0) == (["CCR"], [])
    assert tester.wait(2.0) == (["COT"], [])
    assert MaintenanceTold("continuity check failed") in tester.others
    for _ in range(2):
        assert tester.wait(120.0) == (["CCR"], [])
        assert tester.wait(2.0) == (["COT"], [])
        assert MaintenanceTold("continuity check failed") not in tester.others, "they know"
    assert tester.wait(120.0) == (["CCR"], [])
    tester.give(TONE)
    assert tester.give(TONE_OVER) == (["REL"], [])
    assert tester.far("RLC") == ([], [Unblocked(), Idle()])
    assert tester.others == [MaintenanceTold("continuity check failed", stands=False)]


def test_1_4_4_a_tone_that_does_not_end():
    """CCR sent: unsuccessful; what is heard is not our tone, for it does not end with it"""
    tester = Tester()
    tester.do(tester.isup.check([1], 0.0))
    tester.give(TONE)
    assert tester.wait(2.0) == (["COT"], [Blocked("fault")])
    assert tester.isup.circuits[1].check.result == "failed: the tone does not end"


def test_1_4_2_both_ends_check_at_once():
    """CCR meets CCR: the end that controls the circuit goes on, the other loops"""
    for cic, state, stands in ((1, "Looped", {"loop"}), (2, "Rechecking", {"tone", "receiver"})):
        tester = Tester(own=FAR, far=OWN)
        tester.do(tester.isup.check([cic], 0.0))
        assert tester.far("CCR", cic=cic) == ([], [])
        assert (tester.state(cic), tester.stands(cic)) == (state, stands)


def test_1_4_5_ccr_not_received():
    """CCR not received: T27, then RSC"""
    tester = Tester()
    tester.far("IAM", *iam(check=1))
    assert tester.far("COT", FAILED) == ([], [Release(41)])
    assert tester.wait(239) == ([], [])
    assert tester.wait(2) == (["RSC"], [])
    assert tester.far("RLC") == ([], [Idle()])


def test_1_5_1_receipt_of_unexpected_messages():
    """Unexpected messages on an idle circuit: REL is answered, RLC discarded, acknowledgements set right, others reset the circuit"""
    tester = Tester()
    assert tester.far("REL") == (["RLC"], [])
    assert tester.far("RLC") == ([], [])
    assert tester.far("BLA") == (["UBL"], [])
    tester.far("UBA")
    tester.give(Blocked("local"), 2)
    tester.far("BLA", cic=2)
    assert tester.far("UBA", cic=2) == (["BLO"], [])
    assert tester.far("UBL", cic=3) == (["UBA"], [])
    tester.far("BLO", cic=3)
    assert tester.far("BLO", cic=3) == (["BLA"], [])
    assert tester.far("ANM", cic=4) == (["RSC"], [])
    assert tester.far("RLC", cic=4) == ([], [Idle()])


def test_1_5_2_receipt_of_unexpected_messages_during_call_setup():
    """Unexpected messages during call setup: before the first backward message they reset the circuit, RLC releases the call"""
    tester = Tester()
    tester.give(SETUP)
    assert tester.far("SUS") == (["RSC"], [Release(41)])
    tester.give(SETUP, 2)
    assert tester.far("RLC", cic=2) == (["REL"], [Release(31)])
    tester.far("IAM", cic=3)
    assert tester.far("ANM", cic=3) == ([], [])
    assert tester.state(3) == "InOffered"


def test_1_5_3_receipt_of_unexpected_messages_during_a_call():
    """Unexpected messages during a call are discarded, RLC releases it"""
    tester = answered(Tester())
    for name in ("IAM", "ACM", "ANM", "COT", "CCR", "SAM", "RES", "INF"):
        assert tester.far(name) == ([], [])
        assert tester.state() == "OutAnswered"
    assert tester.far("RLC") == (["REL"], [Release(31)])


def test_1_5_3_what_the_switch_says_out_of_place_means_nothing():
    """Primitives without meaning in a state make nothing of it"""
    tester = Tester()
    assert [tester.give(each) for each in (Info("5"), Disconnect(16), Release(16))] == [([], [])] * 3
