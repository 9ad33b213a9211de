"""Q.783 sections 5 and 6 with the Chinese TUP: what is abnormal during a call, special calls, one test for each item (Q.724; GF 001-9001).

The list of these two sections was not at hand: titles are from memory, the last numbers are our own order.
"""

import pytest

from pbx.engine import Noted, Unexpected
from pbx.signalling.ss7.continuity import CHECK_TONE, MaintenanceTold
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    Info,
    OperatorSignal,
    Proceeding,
    Release,
    Reset,
    Seized,
    Setup,
    Unblocked,
)
from pbx.vocabulary.media import ToneOff, ToneOn
from tests.signalling.ss7.tup_tester import ANSWERED, FAR, OFFERED, OWN, SETUP, Tester, group, iam, incoming, outgoing

TONE, TONE_OVER = ToneOn(CHECK_TONE), ToneOff(CHECK_TONE)


def checking(setup=SETUP):
    """A call of ours whose circuit is checked."""
    tester = Tester()
    tester.tup.circuits[1].check.every = 1
    assert tester.give(setup)[1] == []
    return tester


def checked(check=1, digits="12345"):
    """A call that has come in and waits for a check."""
    tester = Tester()
    assert tester.far("IAM", iam(digits, check=check)) == ([], [Seized()])
    return tester


def sounds(tester):
    return tester.tup.circuits[1].check.sounds


def test_5_1_inability_to_release():
    """Inability to release in response to a CLEAR FORWARD after the answer: here the circuit can always be released"""
    tester = incoming(Connect())
    assert tester.far("CLF") == (["RLG"], [Release(16), Idle()])
    assert tester.give(SETUP)[0] == ["IAI"]


def test_5_2_1_no_cot():
    """T1: neither COT nor CCF: the call fails, CFL"""
    tester = checked()
    assert tester.wait(11.9) == ([], [])
    assert tester.wait(0.2) == (["CFL"], [Release(102)])
    assert tester.far("CLF") == (["RLG"], [Idle()])


def test_5_2_2_no_acm():
    """T2: ACM does not come: CLF"""
    tester = outgoing()
    assert tester.wait(24.9) == ([], [])
    assert tester.wait(0.2) == (["CLF"], [Release(102)])
    assert tester.far("RLG") == ([], [Idle()])


def test_5_2_3_no_clf_after_a_failure():
    """T3, T4, T5: CFL instead, CFL again and again, then people are told and no more is said; CLF frees the circuit at last"""
    tester = incoming(Disconnect(17))
    assert tester.wait(10.9) == ([], [])
    assert tester.wait(0.2) == (["CFL"], [])
    assert tester.wait(59.8) == (["CFL"] * 5, [])
    assert tester.wait(0.2) == ([], [Blocked("fault")])
    assert tester.others == [Noted("-- CFL is not answered by CLF")]
    assert tester.wait(1000.0) == ([], [])
    assert tester.far("CLF") == (["RLG"], [Unblocked(), Idle()])


def test_5_2_4_no_rlg():
    """T6 and T7: CLF again and again, then people are told and RSC takes its place, T19"""
    tester = outgoing()
    tester.give(Release(16))
    assert tester.wait(59.9) == (["CLF"] * 5, [])
    assert tester.wait(0.2) == (["RSC"], [Blocked("fault")])
    assert tester.others == [Noted("-- CLF is not answered")]
    assert tester.wait(120.0) == (["RSC"] * 2, [])
    assert tester.far("RLG") == ([], [Unblocked(), Idle()])


def test_5_2_5_no_tone():
    """T8, T9, T10: the tone does not come back: CCF; checked again by CCR after T9, and each T10 when people have been told"""
    tester = checking()
    assert tester.wait(1.9) == ([], [])
    assert tester.wait(0.2) == (["CCF"], [Blocked("fault"), Release(44)])
    assert tester.wait(4.8) == ([], [])
    assert tester.wait(0.2) == (["CCR"], [])
    assert tester.wait(2.0) == (["CCF"], [])
    for _ in range(3):
        assert tester.wait(119.0) == ([], [])
        assert tester.wait(3.0) == (["CCR", "CCF"], [])


def test_5_2_6_a_check_that_never_ends():
    """T1 watches over a check of the far end, T11 over a circuit whose check has failed: RSC"""
    tester = Tester()
    tester.far("CCR")
    assert tester.wait(12.0) == (["RSC"], [])
    assert tester.far("RLG") == ([], [Idle()])
    tester.far("CCR")
    tester.far("CCF")
    assert tester.wait(299.0) == ([], [])
    assert tester.wait(2.0) == (["RSC"], [])


def test_5_2_7_no_bla():
    """T12 and T13: BLO again, then people are told, then once a minute"""
    tester = Tester()
    tester.give(Blocked("local"))
    assert tester.wait(59.9) == (["BLO"] * 5, [])
    assert tester.wait(0.2) == (["BLO"], [])
    assert tester.others == [Noted("-- BLO is not acknowledged")]
    assert tester.wait(120.0) == (["BLO"] * 2, [])
    tester.far("BLA")
    assert tester.wait(1000.0) == ([], [])


def test_5_2_8_no_uba():
    """T14 and T15: the same with UBL"""
    tester = Tester()
    tester.give(Blocked("local"))
    tester.far("BLA")
    tester.give(Unblocked())
    assert tester.wait(61.0) == (["UBL"] * 6, [])
    assert tester.others == [Noted("-- UBL is not acknowledged")]
    assert tester.far("UBA") == ([], [Unblocked()])


def test_5_2_9_rsc_is_not_answered():
    """T18 and T19: RSC again, then people are told, then once a minute"""
    tester = Tester()
    tester.give(Reset())
    assert tester.wait(59.9) == (["RSC"] * 5, [])
    assert tester.wait(0.2) == (["RSC"], [Blocked("fault")])
    assert tester.wait(60.0) == (["RSC"], [])
    assert tester.far("RLG") == ([], [Unblocked(), Idle()])


@pytest.mark.parametrize(
    ("verb", "why", "name", "answer"),
    [("block", 0, "MGB", "MBA"), ("unblock", 0, "MGU", "MUA"), ("block", 1, "HGB", "HBA"), ("unblock", 1, "HGU", "HUA")],
)
def test_5_2_10_group_messages_are_not_acknowledged(verb, why, name, answer):
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


def test_5_2_11_no_gra():
    """T28 and T29: GRS again, then people are told"""
    tester = Tester()
    tester.do(tester.tup.reset(1, 2, 0.0))
    assert tester.wait(61.0) == (["GRS"] * 6, [])
    assert tester.others == [Noted("-- GRS is not acknowledged")]
    assert tester.far("GRA", group(2, 0)) == ([], [Idle()] * 3)
    assert tester.far("GRA", group(2, 0)) == ([], [])


def test_5_3_1_reset_of_an_outgoing_circuit():
    """Reset of an outgoing circuit during a call: RSC received is answered by CLF, as a failure or CBK; sent, RLG frees"""
    for names in ((), ("ACM",), ANSWERED):
        tester = outgoing(*names)
        assert tester.far("RSC") == (["CLF"], [Release(41)])
        assert tester.far("RLG") == ([], [Idle()])
        tester = outgoing(*names)
        assert tester.give(Reset()) == (["RSC"], [Release(41)])
        assert tester.far("RLG") == ([], [Idle()])


def test_5_3_2_reset_of_an_incoming_circuit():
    """Reset of an incoming circuit during a call: RSC received is answered by RLG, as CLF; sent, RLG frees, or CLF for calls in"""
    for primitives in ((), (Alerting(),), (Connect(),)):
        assert incoming(*primitives).far("RSC") == (["RLG"], [Release(41), Idle()])
        tester = incoming(*primitives)
        assert tester.give(Reset()) == (["RSC"], [Release(41)])
        assert tester.far("CLF") == (["RLG"], [])
        assert tester.give(SETUP) == ([], [Release(44)]), "CLF may have crossed RSC, whose RLG is still to come"
        assert tester.far("RLG") == ([], [Idle()])
        tester = incoming(*primitives)
        tester.give(Reset())
        tester.far("CLF")
        assert tester.far("IAI")[1] == [Seized(), OFFERED]
        tester = incoming(*primitives)
        tester.give(Reset())
        tester.far("CLF")
        assert tester.wait(11.0) == ([], [Idle()]), "T18: it was the answer"
    assert incoming(Disconnect(17)).far("RSC") == (["RLG"], [Idle()])


def test_6_1_1_continuity_check_received():
    """Continuity check call received: the circuit is looped, the call waits for COT, digits may come before; no speech meanwhile"""
    tester = Tester()
    assert tester.hex("0100110a1050214305") == ([], [Seized()])
    assert sounds(tester) == "loop"
    assert not tester.tup.circuits[1].speech
    assert tester.hex("010032") == ([], [Setup("12345", control="calling")])
    assert not sounds(tester)
    tester = checked(digits="123")
    assert tester.far("SAM") == ([], [])
    assert tester.far("COT") == ([], [Setup("12345", control="calling")])


def test_6_1_2_continuity_check_sent():
    """Continuity check call sent: COT when the tone has come back and is gone again; digits may go before; no speech meanwhile"""
    tester = checking(Setup("1234", overlap=True))
    assert tester.octets_sent == ["0100110a10402143"]
    assert sounds(tester) == "tone"
    assert not tester.tup.circuits[1].speech
    assert tester.give(Info("5")) == (["SAO"], [])
    assert tester.give(TONE) == ([], [])
    assert tester.give(TONE_OVER) == (["COT"], [])
    assert tester.octets_sent == ["010032"]
    assert not sounds(tester)
    assert tester.far("ACM") == ([], [Proceeding(), Alerting()])


def test_6_1_3_continuity_check_received_unsuccessful():
    """Continuity check call received, unsuccessful: the call is over, the circuit waits to be checked again, CLF frees it"""
    tester = checked()
    assert tester.hex("010042") == ([], [Release(41)])
    assert tester.far("CCR") == ([], [])
    assert tester.far("CCF") == ([], [])
    assert tester.far("CCR") == ([], [])
    assert tester.far("COT") == ([], [])
    assert tester.far("CLF") == (["RLG"], [Idle()])


def test_6_1_4_continuity_check_sent_unsuccessful():
    """Continuity check call sent, unsuccessful: CCF; the call takes another circuit, this one is checked again and free when it is good"""
    tester = checking()
    assert tester.wait(2.0) == (["CCF"], [Blocked("fault"), Release(44)])
    assert tester.octets_sent == ["010042"]
    assert tester.wait(5.0) == (["CCR"], [])
    assert tester.wait(2.0) == (["CCF"], [])
    assert MaintenanceTold("continuity check failed") in tester.others
    assert tester.wait(120.0) == (["CCR"], [])
    tester.give(TONE)
    assert tester.give(TONE_OVER) == (["CLF"], [])
    assert tester.far("RLG") == ([], [Unblocked(), Idle()])
    assert tester.others == [MaintenanceTold("continuity check failed", stands=False)]


def test_6_1_5_continuity_check_on_a_previous_circuit():
    """Continuity check on a previous circuit, received: the call waits for COT, this circuit is not looped"""
    tester = checked(check=2)
    assert not sounds(tester)
    assert tester.far("COT")[1] == [Setup("12345", control="calling")]


def test_6_1_6_calling_party_clears_during_the_check():
    """Calling party clears during the check, either way: CLF and RLG"""
    tester = checked()
    assert tester.far("CLF") == (["RLG"], [Release(16), Idle()])
    tester = checking()
    assert tester.give(Release(16)) == (["CLF"], [Release(16)])
    assert tester.far("RLG") == ([], [Idle()])
    assert not sounds(tester)


def test_6_2_1_dual_seizure_for_the_controlling_point():
    """Dual seizure, our end controls: our call goes on, the other's address is discarded"""
    for own, far, cic in ((OWN, FAR, 1), (FAR, OWN, 2)):
        tester = Tester(own=own, far=far)
        tester.give(SETUP, cic)
        assert tester.far("IAM", iam("12"), cic=cic) == ([], [])
        for name in ("SAM", "SAO", "COT", "CCF"):
            assert tester.far(name, cic=cic) == ([], [])
        assert tester.far("ACM", cic=cic) == ([], [Proceeding(), Alerting()])


def test_6_2_2_dual_seizure_for_the_other_point():
    """Dual seizure, the far end controls: our call takes another circuit, theirs is taken"""
    for own, far, cic in ((OWN, FAR, 2), (FAR, OWN, 1)):
        tester = Tester(own=own, far=far)
        tester.give(SETUP, cic)
        assert tester.far("IAI", cic=cic) == ([], [Release(44), Seized(), OFFERED])
        assert tester.far("CLF", cic=cic) == (["RLG"], [Release(16), Idle()])


def test_6_3_1_semi_automatic_operation_received():
    """Semi-automatic operation, received: the operator's category, and FOT, which rings the called party again"""
    tester = Tester()
    assert tester.hex("010011090050214305") == ([], [Seized(), Setup("12345", category=0x10, control="calling")])
    tester.give(Connect())
    assert tester.hex("010066") == ([], [OperatorSignal("re-ring")])
    assert tester.give(OperatorSignal("ring-back"))[0] == ["OPR"]


def test_6_3_2_semi_automatic_operation_sent():
    """Semi-automatic operation, sent: the operator's category; her signals go as OPR"""
    tester = Tester()
    tester.give(Setup("12345", category=0x10))
    assert tester.octets_sent == ["010011090050214305"]
    tester.far("ACM")
    tester.far("ANC")
    assert tester.give(OperatorSignal("re-ring")) == (["OPR"], [])
    assert tester.far("OPR") == ([], [OperatorSignal("ring-back")])
