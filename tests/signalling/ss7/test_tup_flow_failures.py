"""Calls of the Chinese TUP that fail, continuity checks, dual seizure, unreasonable messages, timers (GF 001-9001; Q.724)."""

import pytest

from pbx.engine import Noted, Unexpected
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.variant import FAILURES
from pbx.vocabulary.call import Alerting, Blocked, Connect, Disconnect, Idle, Proceeding, Release, Reset, Seized, Setup, Unblocked
from tests.signalling.ss7.test_tup_flow_calls import ANSWERED, OFFERED, incoming, outgoing
from tests.signalling.ss7.tup_tester import FAR, OWN, SETUP, VARIANT, Tester, iam

TOLD = {"SEC": 42, "CGC": 34, "NNC": 38, "ADI": 28, "CFL": 31, "SSB": 17, "SLB": 17, "STB": 17, "UNN": 1, "LOS": 27, "SST": 4, "ACB": 21,
        "DPN": 65, "MPR": 5, "EUM": 17}  # fmt: skip
SAID = {1: "75", 3: "75", 4: "95", 5: "c5", 17: "1e", 21: "a5", 22: "95", 27: "85", 28: "45", 34: "25", 38: "25", 41: "15", 42: "15",
        44: "25", 57: "a5", 65: "b5", 16: "55", 18: "55", 31: "55", 102: "55", 127: "55"}  # fmt: skip


def test_3_1_backward_failures_before_acm():
    """Every backward message of a failure before ACM: CLF, and the cause by Q.850"""
    assert set(TOLD) == {heading.name for heading in FAILURES}
    for name, cause in TOLD.items():
        tester = outgoing()
        assert tester.far(name) == (["CLF"], [Release(cause)])
        assert tester.far("RLG") == ([], [Idle()])


def test_3_2_backward_failures_after_acm():
    """The same after ACM; after the answer they are out of place and discarded"""
    for name, cause in TOLD.items():
        assert outgoing("ACM").far(name) == (["CLF"], [Release(cause)])
        assert outgoing(*ANSWERED).far(name) == ([], [])


def test_3_3_extended_unsuccessful():
    """EUM: reason 1 is busy, others are a failure"""
    assert outgoing().hex("0100f501040201") == (["CLF"], [Release(17)])
    assert outgoing().hex("0100f507040201") == (["CLF"], [Release(31)])


def test_3_4_causes_are_told_backward():
    """The switch refuses an incoming call: each cause by its message"""
    for cause, heading in SAID.items():
        for wish in (Disconnect(cause), Release(cause)):
            tester = incoming()
            assert tester.give(wish)[1] == [Release(cause)]
            assert tester.octets_sent == [f"0100{heading}"]
            assert tester.far("CLF") == (["RLG"], [Idle()])


def test_3_5_after_acm_a_failure_is_cfl():
    """After ACM a failure is told by CFL alone, or by the table where the habits say so"""
    assert incoming(Alerting()).give(Disconnect(19))[0] == ["CFL"]
    assert incoming(Alerting()).give(Release(17)) == (["CFL"], [Release(17)])
    assert incoming(Proceeding(), variant=VARIANT.adjusted(causes_after_complete=True)).give(Release(17))[0] == ["SLB"]


def test_3_6_a_number_that_does_not_exist():
    """A called number that the numbering plan does not know: UNN; one that is too long: ADI"""
    assert Tester().far("IAM", iam("9")) == (["UNN"], [Seized(), Release(1)])
    assert Tester().far("IAM", iam("1234567")) == (["ADI"], [Seized(), Release(28)])


def test_3_7_an_incomplete_address():
    """Digits do not come, or ST comes too early: ADI"""
    tester = Tester()
    tester.far("IAM", iam("123"))
    assert tester.wait(14.9) == ([], [])
    assert tester.wait(0.2) == (["ADI"], [Release(28)])
    assert Tester().far("IAM", iam("123F")) == (["ADI"], [Seized(), Release(28)])


def test_3_8_clf_does_not_come_after_a_failure():
    """T3, T4, T5: CFL instead, CFL again and again, then people are told and no more is said; CLF frees the circuit at last"""
    tester = incoming(Disconnect(17))
    assert tester.wait(11.0) == (["CFL"], [])
    assert tester.wait(59.9) == (["CFL"] * 5, [])
    assert tester.wait(0.2) == ([], [Blocked("fault")])
    assert tester.others == [Noted("-- CFL is not answered by CLF")]
    assert tester.wait(1000.0) == ([], [])
    assert tester.far("CLF") == (["RLG"], [Unblocked(), Idle()])


def test_3_9_no_acm():
    """T2: ACM does not come: CLF"""
    tester = outgoing()
    assert tester.wait(24.9) == ([], [])
    assert tester.wait(0.2) == (["CLF"], [Release(102)])


def test_3_10_no_answer():
    """The answer does not come: CLF"""
    tester = outgoing("ACM")
    assert tester.wait(119.9) == ([], [])
    assert tester.wait(0.2) == (["CLF"], [Release(19)])


def test_3_11_too_many_exchanges():
    """A call that has passed as many exchanges as it may goes no further"""
    assert Tester().give(Setup("12345", hops=1)) == ([], [Release(25), Idle()])


def test_5_1_continuity_check_required():
    """Continuity check on this circuit: the call waits for COT, digits may come before; no speech meanwhile"""
    tester = Tester()
    assert tester.hex("0100110a1050214305") == ([], [Seized()])
    assert not tester.tup.circuits[1].speech
    assert tester.hex("010032") == ([], [Setup("12345", control="calling")])
    tester = Tester()
    tester.far("IAM", iam("123", check=1))
    assert tester.far("SAM") == ([], [])
    assert tester.far("COT") == ([], [Setup("12345", control="calling")])


def test_5_2_continuity_check_on_a_previous_circuit():
    """Continuity check on a previous circuit: likewise"""
    tester = Tester()
    assert tester.far("IAM", iam(check=2)) == ([], [Seized()])
    assert tester.far("COT")[1] == [Setup("12345", control="calling")]


def test_5_3_continuity_check_failed():
    """CCF: the call is over, the circuit waits to be checked again, CLF frees it"""
    tester = Tester()
    tester.far("IAM", iam(check=1))
    assert tester.hex("010042") == ([], [Release(41)])
    assert tester.far("CCR") == ([], [])
    assert tester.far("CCF") == ([], [])
    assert tester.far("CCR") == ([], [])
    assert tester.far("COT") == ([], [])
    assert tester.far("CLF") == (["RLG"], [Idle()])


def test_5_4_continuity_is_not_told():
    """T1: neither COT nor CCF: the call fails"""
    tester = Tester()
    tester.far("IAM", iam(check=1))
    assert tester.wait(11.9) == ([], [])
    assert tester.wait(0.2) == (["CFL"], [Release(102)])


def test_5_5_the_far_end_checks_a_circuit():
    """CCR on a circuit at rest; CLF ends the check; the circuit is not seized meanwhile"""
    tester = Tester()
    assert tester.hex("010067") == ([], [])
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.far("CLF") == (["RLG"], [Idle()])


def test_5_6_a_check_that_never_ends():
    """T1 watches over a check, T11 over a circuit whose check has failed: RSC"""
    tester = Tester()
    tester.far("CCR")
    assert tester.wait(12.0) == (["RSC"], [])
    assert tester.far("RLG") == ([], [Idle()])
    tester.far("CCR")
    tester.far("CCF")
    assert tester.wait(299.0) == ([], [])
    assert tester.wait(2.0) == (["RSC"], [])


def test_5_7_the_caller_clears_during_a_check():
    """The calling party clears during a check: CLF and RLG"""
    tester = Tester()
    tester.far("IAM", iam(check=1))
    assert tester.far("CLF") == (["RLG"], [Release(16), Idle()])


def test_6_1_dual_seizure_controlling():
    """Dual seizure, our end controls: our call goes on, the other's address is discarded"""
    for own, far, cic in ((OWN, FAR, 1), (FAR, OWN, 2)):
        tester = Tester(own=own, far=far)
        tester.give(SETUP, cic)
        assert tester.far("IAM", iam("12"), cic=cic) == ([], [])
        for name in ("SAM", "SAO", "COT", "CCF"):
            assert tester.far(name, cic=cic) == ([], [])
        assert tester.far("ACM", cic=cic) == ([], [Proceeding(), Alerting()])


def test_6_2_dual_seizure_not_controlling():
    """Dual seizure, the far end controls: our call takes another circuit, theirs is taken"""
    for own, far, cic in ((OWN, FAR, 2), (FAR, OWN, 1)):
        tester = Tester(own=own, far=far)
        tester.give(SETUP, cic)
        assert tester.far("IAI", cic=cic) == ([], [Release(44), Seized(), OFFERED])
        assert tester.far("CLF", cic=cic) == (["RLG"], [Release(16), Idle()])


def test_6_3_clf_meant_for_the_other_call():
    """CLF in a call that we have made: of the other call, which has crossed ours; both end"""
    tester = outgoing()
    assert tester.far("CLF") == (["RLG", "CLF"], [Release(44)])
    assert tester.far("RLG") == ([], [Idle()])
    assert outgoing("ACM").far("CLF") == (["RLG", "CLF"], [Release(41)])


def test_6_4_clf_and_rlg_without_a_call():
    """CLF on a circuit at rest: RLG; RLG without CLF is discarded, at rest and in a call"""
    tester = Tester()
    assert tester.far("CLF") == (["RLG"], [])
    assert tester.far("RLG") == ([], [])
    tester.give(SETUP)
    for name in (None, "ACM", "ANC"):
        if name:
            tester.far(name)
        assert tester.far("RLG") == ([], [])
    assert incoming().far("RLG") == ([], [])


def test_6_5_clf_of_both_ends():
    """CLF of both ends at once: each is answered"""
    tester = outgoing()
    tester.give(Release(16))
    assert tester.far("CLF") == (["RLG"], [])
    assert tester.far("IAM") == ([], []), "not before the far end has said that the circuit is free"
    assert tester.far("RLG") == ([], [Idle()])


def test_6_6_rlg_does_not_come():
    """T6 and T7: CLF again, then people are told and RSC takes its place, T19"""
    tester = outgoing()
    tester.give(Release(16))
    assert tester.wait(59.9) == (["CLF"] * 5, [])
    assert tester.wait(0.2) == (["RSC"], [Blocked("fault")])
    assert tester.others == [Noted("-- CLF is not answered")]
    assert tester.wait(120.0) == (["RSC"] * 2, [])
    assert tester.far("RLG") == ([], [Unblocked(), Idle()])


@pytest.mark.parametrize("name", ["ACM", "ANC", "CBK", "SLB", "SAM", "COT", "GSM", "CCL", "MPM"])
def test_6_7_unreasonable_at_rest(name):
    """A message of a call on a circuit at rest: the ends do not agree, RSC"""
    tester = Tester()
    assert tester.far(name) == (["RSC"], [])
    assert tester.others == [Unexpected("Idle", name)]
    assert tester.far("RLG") == ([], [Idle()])


@pytest.mark.parametrize("name", ["CBK", "RAN", "SAM", "COT", "CCR", "CCL"])
def test_6_8_unreasonable_before_acm(name):
    """The same before the first backward message: the circuit is reset, the call takes another one"""
    assert outgoing().far(name) == (["RSC"], [Release(41)])


def test_6_9_unreasonable_later():
    """The same later in a call: discarded"""
    for tester in (outgoing("ACM"), outgoing(*ANSWERED), incoming(), incoming(Connect())):
        for name in ("IAM", "SAM", "COT", "CCR", "CCF", "RLG", "SST" if tester.state().startswith("In") else "COT"):
            if name != "SAM" or tester.state() != "InOffered":
                assert tester.far(name) == ([], []), (tester.state(), name)
                assert tester.others == [Unexpected(tester.state(), name)]


def test_6_10_headings_that_nobody_knows():
    """A heading that is not in the tables, at rest and in a call: discarded"""
    for tester in (Tester(), outgoing(), incoming()):
        before = tester.state()
        assert tester.hex("0100fe0102") == ([], [])
        assert tester.others == [Unexpected(before, "heading FE")]
        assert tester.state() == before


def test_6_11_octets_that_are_no_message():
    """Octets that are no message are said to be malformed and change nothing"""
    tester = outgoing()
    for octets in ("01", "0100", "010014", "01002c01"):
        assert tester.hex(octets) == ([], [])
        assert type(tester.others[0]).__name__ == "Malformed"
    assert tester.state() == "OutWaitAddressComplete"


def test_6_12_a_circuit_that_does_not_exist_here():
    """A call for a circuit that does not exist here: BLO, or nothing where the habits say so; all else is discarded"""
    tester = Tester(circuits=(1, 2))
    assert tester.far("IAM", cic=9)[0] == ["BLO"]
    assert tester.far("IAI", cic=9)[0] == ["BLO"]
    for name in ("CLF", "BLA", "ACM", "RSC"):
        assert tester.far(name, cic=9) == ([], [])
        assert tester.others == [Unexpected("no circuit", name)]
    tester = Tester(VARIANT.adjusted(block_unequipped=False), circuits=(1, 2))
    assert tester.far("IAM", cic=9) == ([], [])


def test_6_13_setup_for_a_circuit_at_work():
    """A Setup that meets a circuit at work: 44, and nothing is sent"""
    for tester in (outgoing(), incoming(), incoming(Disconnect(17))):
        assert tester.give(SETUP) == ([], [Release(44)])


def test_6_14_speech_of_the_switch_after_the_end():
    """What the switch says when the call is over means nothing"""
    tester = outgoing()
    for wish in (Release(16), Disconnect(16), Alerting(), Connect()):
        tester.give(wish)
    assert tester.state() == "WaitRelease"
    tester.far("RLG")
    for wish in (Release(16), Disconnect(16), Alerting(), Connect()):
        assert tester.give(wish) == ([], [])


def test_6_15_all_is_brought_to_rest_by_order():
    """Reset by order in a call of either direction: RSC; the call is over"""
    for tester in (outgoing(*ANSWERED), incoming(Connect())):
        assert tester.give(Reset()) == (["RSC"], [Release(41)])
        assert tester.octets_sent == ["010077"]
        assert tester.far("RLG") == ([], [Idle()])


def test_6_16_a_second_decoder_reads_what_a_peer_might_send():
    """Octets behind the last field and spare bits are passed over"""
    assert outgoing().hex("010014c5ffff") == ([], [Proceeding(), Alerting()])
    assert Tester().far("IAM", iam("12345", nature=1))[1] == [Seized(), Setup("12345", control="calling")]
    additional = c.Additional(other=0x01, rest=b"\x01\x02")
    assert Tester().far("IAI", iam(additional=additional))[1] == [Seized(), Setup("12345", control="calling")]
