"""Q.783 section 1 with the Chinese TUP: circuit supervision, one test for each item (Q.724; GF 001-9001)."""

import pytest

from pbx.engine import Unexpected
from pbx.signalling.ss7.circuit_books import HARDWARE, MAINTENANCE
from pbx.signalling.ss7.continuity import CHECK_TONE, MaintenanceTold
from pbx.vocabulary.call import Blocked, Connect, Disconnect, Idle, Release, Reset, Unblocked
from pbx.vocabulary.media import ToneOff, ToneOn
from tests.signalling.ss7.tup_tester import ANSWERED, SETUP, VARIANT, Tester, group, incoming, outgoing

TONE, TONE_OVER = ToneOn(CHECK_TONE), ToneOff(CHECK_TONE)


def checked():
    """A circuit that is checked by order."""
    tester = Tester()
    assert tester.do(tester.tup.check([1], 0.0)) == (["CCR"], [])
    assert tester.octets_sent == ["010067"]
    return tester


def sounds(tester):
    """What the circuit sounds like: the far end's tone looped, our own sent, or nothing."""
    return tester.tup.circuits[1].check.sounds


def test_1_1_circuits_that_are_not_allocated():
    """Non-allocated circuits: a call is answered by BLO (own choice), or by nothing where the habits say so; all else is discarded"""
    tester = Tester(circuits=(1, 2))
    assert tester.far("IAM", cic=9)[0] == ["BLO"]
    assert tester.far("IAI", cic=9)[0] == ["BLO"]
    for name in ("CLF", "BLA", "ACM", "RSC"):
        assert tester.far(name, cic=9) == ([], [])
        assert tester.others == [Unexpected("no circuit", name)]
    tester = Tester(VARIANT.adjusted(block_unequipped=False), circuits=(1, 2))
    assert tester.far("IAM", cic=9) == ([], [])
    assert tester.others == [Unexpected("no circuit", "IAM")]


def test_1_2_1_rsc_received_on_an_idle_circuit():
    """RSC received on an idle circuit: RLG, as to CLF"""
    tester = Tester()
    assert tester.hex("010077") == (["RLG"], [])
    assert tester.octets_sent == ["010017"]
    assert tester.give(SETUP)[0] == ["IAI"]


def test_1_2_2_rsc_sent_on_an_idle_circuit():
    """RSC sent on an idle circuit: RLG frees it, and so does CLF of an end that had a call, when no RLG can follow; RSC of both ends"""
    tester = Tester()
    assert tester.give(Reset()) == (["RSC"], [])
    assert tester.octets_sent == ["010077"]
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.hex("010017") == ([], [Idle()])
    tester.give(Reset())
    assert tester.far("CLF") == (["RLG"], [])
    assert tester.wait(11.0) == ([], [Idle()])
    tester.give(Reset())
    assert tester.far("RSC") == (["RLG"], [])
    assert tester.far("IAM") == ([], [])
    assert tester.far("RLG") == ([], [Idle()])


def test_rsc_was_repeated_although_blo_had_answered_it():
    """An end that has blocked the circuit may answer RSC by BLO alone (Q.724 1.15): it is at rest then, and nothing is repeated."""
    for alerted in (False, True):
        tester = Tester()
        tester.give(Reset())
        tester.wait(61.0 if alerted else 1.0)
        assert tester.far("BLO")[0] == ["BLA"]
        assert tester.state() == "ResetMet/fault/remote" if alerted else "ResetMet/remote"
        assert tester.wait(11.0)[0] == []
        assert tester.said[-1] == Idle()
        assert tester.state() == "Idle/remote"
        assert tester.wait(1000.0) == ([], [])
        assert tester.far("RLG") == ([], [])
        assert tester.far("UBL") == (["UBA"], [Unblocked()])
        assert tester.give(SETUP)[0] == ["IAI"]
    tester = Tester()
    tester.give(Blocked("local"))
    tester.far("BLA")
    tester.give(Reset())
    assert tester.far("BLO")[0] == ["BLA"]
    assert tester.wait(11.0) == (["BLO"], [Idle()]), "we too say again what we want blocked"
    tester.far("BLA")
    for end, says in (("RLG", (["BLO"], [Idle()])), ("IAM", (["BLO"], [Idle()]))):
        tester.give(Reset())
        tester.far("BLO")
        assert tester.far(end) == says
        tester.far("BLA")


def test_1_2_3_group_reset_received():
    """Group reset received: calls of its circuits are over, GRA tells which ones maintenance has blocked here"""
    tester = outgoing(*ANSWERED)
    tester.far("IAI", cic=2)
    tester.give(Blocked("local"), 3)
    tester.far("BLA", cic=3)
    assert tester.hex("01009804") == (["GRA"], [Release(41), Idle()] * 2)
    assert tester.octets_sent == ["0100a80404"]


def test_1_2_4_group_reset_sent():
    """Group reset sent: calls are over, GRA frees and tells what is blocked there"""
    tester = outgoing(*ANSWERED)
    assert tester.do(tester.tup.reset(1, 2, 0.0)) == (["GRS"], [Release(41)])
    assert tester.octets_sent == ["01009802"]
    assert tester.far("IAM", cic=2) == ([], [])
    assert tester.hex("0100a80202") == ([], [Idle(), Blocked("remote"), Idle(), Idle()])


def test_1_3_1_1_hgb_received():
    """HGB received: calls are lost without words, the circuit takes no call in either direction; HGU frees"""
    tester = outgoing(*ANSWERED)
    tester.far("IAI", cic=2)
    assert tester.hex("0100580103") == (["HBA"], [Blocked("remote"), Release(41), Idle()] * 2)
    assert tester.octets_sent == ["0100680103"]
    assert tester.far("IAM") == ([], [])
    assert tester.give(SETUP) == ([], [Release(44), Idle()])
    assert tester.hex("0100780103") == (["HUA"], [Unblocked()] * 2)
    assert tester.octets_sent == ["0100880103"]


def test_1_3_1_2_hgb_sent():
    """HGB sent: our own calls are lost too; HGU frees"""
    tester = outgoing(*ANSWERED)
    assert tester.do(tester.tup.block([1, 2], HARDWARE, 0.0)) == (["HGB"], [Blocked("alarm"), Release(41), Idle(), Blocked("alarm")])
    assert tester.octets_sent == ["0100580103"]
    assert tester.hex("0100680103") == ([], [])
    assert tester.far("IAM") == (["HGB"], []), "who calls all the same does not know"
    assert tester.far("HBA", group(1, 1)) == ([], [])
    assert tester.do(tester.tup.unblock([1, 2], HARDWARE, 0.0)) == (["HGU"], [])
    assert tester.octets_sent == ["0100780103"]
    assert tester.hex("0100880103") == ([], [Unblocked()] * 2)


def test_1_3_1_3_mgb_received():
    """MGB received: the marked circuits that exist, acknowledged with their marks; calls go on; MGU frees"""
    tester = outgoing(*ANSWERED)
    assert tester.hex("010018040b") == (["MBA"], [Blocked("remote")] * 3)
    assert tester.octets_sent == ["010028040b"]
    assert tester.state(1) == "OutAnswered/remote"
    assert tester.give(SETUP, 2) == ([], [Release(44), Idle()])
    assert tester.hex("010038040b") == (["MUA"], [Unblocked()] * 3)
    assert tester.octets_sent == ["010048040b"]
    assert tester.far("MGB", group(3, 0b1111), cic=14)[0] == ["MBA"]
    assert tester.fields() == {"range": 3, "status": 0b1011}, "time slot 16 is no circuit here"


def test_1_3_1_4_mgb_sent():
    """MGB sent, and MGU; circuits are used again when MGU is acknowledged"""
    tester = Tester()
    assert tester.do(tester.tup.block([1, 2, 4], MAINTENANCE, 0.0)) == (["MGB"], [Blocked("local")] * 3)
    assert tester.octets_sent == ["010018030b"]
    assert tester.hex("010028030b") == ([], [])
    assert tester.do(tester.tup.unblock([1, 2, 4], MAINTENANCE, 0.0)) == (["MGU"], [])
    assert tester.give(SETUP) == ([], [Release(44), Idle()])
    assert tester.hex("010048030b") == ([], [Unblocked()] * 3)
    assert tester.give(SETUP)[0] == ["IAI"]


def test_1_3_2_1_blo_received():
    """BLO received: acknowledged, no call out; UBL frees"""
    tester = Tester()
    assert tester.hex("010027") == (["BLA"], [Blocked("remote")])
    assert tester.octets_sent == ["010037"]
    assert tester.give(SETUP) == ([], [Release(44), Idle()])
    assert tester.hex("010047") == (["UBA"], [Unblocked()])
    assert tester.octets_sent == ["010057"]
    assert tester.give(SETUP)[0] == ["IAI"]


def test_1_3_2_2_blo_sent():
    """BLO sent, and UBL; the circuit is used again when UBL is acknowledged"""
    tester = Tester()
    assert tester.give(Blocked("local")) == (["BLO"], [Blocked("local")])
    assert tester.octets_sent == ["010027"]
    assert tester.hex("010037") == ([], [])
    assert tester.give(SETUP) == ([], [Release(44), Idle()])
    assert tester.give(Unblocked()) == (["UBL"], [])
    assert tester.octets_sent == ["010047"]
    assert tester.give(SETUP) == ([], [Release(44), Idle()])
    assert tester.hex("010057") == ([], [Unblocked()])
    assert tester.give(SETUP)[0] == ["IAI"]


def test_1_3_2_3_blocking_from_both_ends():
    """Circuit blocking from both ends; removal of blocking from one end, whichever comes first"""
    for first, second in (("ours", "theirs"), ("theirs", "ours")):
        tester = Tester()
        tester.give(Blocked("local"))
        tester.far("BLA")
        tester.far("BLO")
        for whose, gone in ((first, True), (second, False)):
            freed = [Unblocked({"ours": "local", "theirs": "remote"}[whose] if gone else "")]
            assert tester.give(SETUP) == ([], [Release(44), Idle()])
            if whose == "ours":
                tester.give(Unblocked())
                assert tester.far("UBA") == ([], freed)
            else:
                assert tester.far("UBL") == (["UBA"], freed)
        assert tester.give(SETUP)[0] == ["IAI"]


def test_1_4_1_continuity_check_test_call_received_successful():
    """CCTC received, successful: CCR loops the circuit, which is not seized meanwhile; CLF ends the check"""
    tester = Tester()
    assert tester.hex("010067") == ([], [])
    assert sounds(tester) == "loop"
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.far("CLF") == (["RLG"], [Idle()])
    assert not sounds(tester)


def test_1_4_2_continuity_check_test_call_sent_successful():
    """CCTC sent, successful: CCR, then the tone comes back and is gone again: CLF, and RLG frees"""
    tester = checked()
    assert sounds(tester) == "tone"
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.give(TONE) == ([], [])
    assert tester.give(TONE_OVER) == (["CLF"], [])
    assert not sounds(tester)
    assert tester.far("RLG") == ([], [Idle()])


def test_1_4_3_continuity_check_test_call_received_unsuccessful():
    """CCTC received, unsuccessful: CCF takes the loop away, another CCR makes it anew; the circuit is not seized before a good check"""
    tester = Tester()
    tester.far("CCR")
    assert tester.hex("010042") == ([], [])
    assert not sounds(tester)
    assert tester.give(SETUP) == ([], [Release(44)])
    tester.far("CCR")
    assert sounds(tester) == "loop"
    assert tester.far("CLF") == (["RLG"], [Idle()])


def test_1_4_4_continuity_check_test_call_sent_unsuccessful():
    """CCTC sent, unsuccessful: CCF, and CCR again; at the second failure people are told; the circuit is free after a good check"""
    tester = checked()
    assert tester.wait(2.0) == (["CCF"], [Blocked("fault")])
    assert tester.wait(5.0) == (["CCR"], [])
    assert tester.wait(2.0) == (["CCF"], [])
    assert MaintenanceTold("continuity check failed") in tester.others
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.wait(120.0) == (["CCR"], [])
    tester.give(TONE)
    assert tester.give(TONE_OVER) == (["CLF"], [])
    assert tester.far("RLG") == ([], [Unblocked(), Idle()])


def test_1_5_1a_clf_and_rlg():
    """Unreasonable messages received: CLF on a circuit at rest: RLG; RLG without CLF, at rest and in a call: discarded"""
    tester = Tester()
    assert tester.far("CLF") == (["RLG"], [])
    assert tester.far("RLG") == ([], [])
    tester.give(SETUP)
    for name in (None, "ACM", "ANC"):
        if name:
            tester.far(name)
        assert tester.far("RLG") == ([], [])
    assert incoming().far("RLG") == ([], [])


def test_1_5_1b_blocking_that_is_nothing_new():
    """Unreasonable messages received: BLO for a blocked circuit, UBL for one that is not: acknowledged"""
    tester = Tester()
    tester.far("BLO")
    assert tester.far("BLO") == (["BLA"], [])
    tester.far("UBL")
    assert tester.far("UBL") == (["UBA"], [])


def test_1_5_1c_acknowledgements_without_a_request():
    """Unreasonable messages received: BLA and UBA that nobody asked for: what we want is said again"""
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


@pytest.mark.parametrize("name", ["ACM", "ANC", "CBK", "SLB", "SAM", "COT", "GSM", "CCL", "MPM"])
def test_1_5_1d_a_message_of_a_call_at_rest(name):
    """Unreasonable messages received: a message of a call on a circuit at rest: the ends do not agree, RSC"""
    tester = Tester()
    assert tester.far(name) == (["RSC"], [])
    assert tester.others == [Unexpected("Idle", name)]
    assert tester.far("RLG") == ([], [Idle()])


@pytest.mark.parametrize("name", ["CBK", "RAN", "SAM", "COT", "CCR", "CCL"])
def test_1_5_1e_before_the_first_backward_message(name):
    """Unreasonable messages received: before the first backward message: the circuit is reset, the call takes another one"""
    assert outgoing().far(name) == (["RSC"], [Release(41)])


def test_1_5_1f_later_in_a_call():
    """Unreasonable messages received: later in a call: discarded"""
    for tester in (outgoing("ACM"), outgoing(*ANSWERED), incoming(), incoming(Connect())):
        for name in ("IAM", "SAM", "COT", "CCR", "CCF", "RLG", "SST" if tester.state().startswith("In") else "COT"):
            if name != "SAM" or tester.state() != "InOffered":
                assert tester.far(name) == ([], []), (tester.state(), name)
                assert tester.others == [Unexpected(tester.state(), name)]
    assert incoming(Disconnect(17)).far("SAM") == ([], [])
