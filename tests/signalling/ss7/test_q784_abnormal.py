"""Q.784 sections 5 and 6: timers, resets during calls, continuity, repeat attempts, dual seizure, segmentation; one test for each item."""

from pbx.engine import Noted
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import values
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    Info,
    Proceeding,
    Release,
    Reset,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from tests.signalling.ss7.isup_tester import FAR, FREE, OWN, SETUP, TONE, TONE_OVER, VARIANT, Tester, iam

MAINTENANCE = values.SupervisionType.MAINTENANCE
FAILED = i.ContinuityIndicators(False)
MORE = i.OptionalForwardCallIndicators(more_in_segment=True)
MORE_BACKWARD = i.OptionalBackwardCallIndicators(more_in_segment=True)


def outgoing(*names, cic=1):
    tester = Tester()
    tester.give(SETUP, cic)
    for name in names:
        tester.far(name, cic=cic)
    return tester


def test_5_1_inability_to_release():
    """Inability to release in response to a REL after ANM: here the circuit can always be released"""
    assert outgoing("ACM", "ANM").far("REL") == (["RLC"], [Release(16), Idle()])


def test_5_2_1_t7():
    """T7: waiting for ACM or CON"""
    tester = outgoing()
    assert tester.wait(24) == ([], [])
    assert tester.wait(2) == (["REL"], [Release(102)])
    assert tester.far("RLC") == ([], [Idle()])


def test_5_2_2_t9():
    """T9: waiting for ANM"""
    tester = outgoing("ACM")
    assert tester.wait(119) == ([], [])
    assert tester.wait(2) == (["REL"], [Release(19)])


def test_5_2_3_t1_and_t5():
    """T1 and T5: failure to receive a RLC; REL again, then RSC, people are told"""
    tester = outgoing("ACM", "ANM")
    tester.give(Release(16))
    names, said = tester.wait(299)
    assert (names, said) == (["REL"] * 18, [])
    assert tester.wait(2) == (["RSC"], [Blocked("fault")])
    assert Noted("-- REL is not answered") in tester.others
    assert tester.wait(301) == (["RSC"], [])
    assert tester.far("RLC") == ([], [Unblocked(), Idle()])


def test_5_2_4_t6():
    """T6: waiting for RES (network)"""
    tester = outgoing("ACM", "ANM")
    assert tester.far("SUS") == ([], [Suspend()])
    assert tester.wait(89) == ([], [])
    assert tester.wait(2) == (["REL"], [Release(102)])


def waits_for_cot(check):
    tester = Tester()
    assert tester.far("IAM", *iam(check=check)) == ([], [Seized()])
    assert tester.wait(11) == ([], [])
    assert tester.wait(2) == (["REL"], [Release(102)])


def test_5_2_5a_t8_check_required():
    """T8: waiting for COT, check required on this circuit"""
    waits_for_cot(values.ContinuityCheck.REQUIRED)


def test_5_2_5b_t8_check_on_a_previous_circuit():
    """T8: waiting for COT, check on a previous circuit"""
    waits_for_cot(values.ContinuityCheck.ON_A_PREVIOUS_CIRCUIT)


def repeated(tester, name, answer, *parameters):
    """A request is repeated each 16 s until 5 min are over, then each 5 min, with word to people, until it is answered."""
    assert tester.wait(299)[0] == [name] * 18
    assert tester.others == []
    assert tester.wait(2)[0] == [name]
    assert tester.others == [Noted(f"-- {name} is not acknowledged")]
    assert tester.wait(300)[0] == [name]
    tester.far(answer, *parameters)
    assert tester.wait(1000) == ([], [])


def test_5_2_6_t12_and_t13():
    """T12 and T13: failure to receive a BLA"""
    tester = Tester()
    tester.give(Blocked("local"))
    repeated(tester, "BLO", "BLA")


def test_5_2_7_t14_and_t15():
    """T14 and T15: failure to receive a UBA"""
    tester = Tester()
    tester.give(Blocked("local"))
    tester.far("BLA")
    tester.give(Unblocked())
    repeated(tester, "UBL", "UBA")
    assert tester.state() == "Idle"


def test_5_2_8_t16_and_t17():
    """T16 and T17: failure to receive a RLC to RSC"""
    tester = Tester()
    tester.give(Reset())
    assert tester.wait(299) == (["RSC"] * 18, [])
    assert tester.wait(2) == (["RSC"], [Blocked("fault")])
    assert tester.wait(300) == (["RSC"], [])
    assert tester.far("RLC") == ([], [Unblocked(), Idle()])
    assert tester.wait(1000) == ([], [])


def test_5_2_9_t18_and_t19():
    """T18 and T19: failure to receive a CGBA"""
    tester = Tester()
    tester.do(tester.isup.block([1, 2], MAINTENANCE, 0.0))
    repeated(tester, "CGB", "CGBA", i.CircuitGroupSupervisionMessageType(0), p.RangeAndStatus(1, 3))


def test_5_2_10_t20_and_t21():
    """T20 and T21: failure to receive a CGUA"""
    tester = Tester()
    tester.do(tester.isup.block([1, 2], MAINTENANCE, 0.0))
    tester.far("CGBA", i.CircuitGroupSupervisionMessageType(0), p.RangeAndStatus(1, 3))
    tester.do(tester.isup.unblock([1, 2], MAINTENANCE, 0.0))
    repeated(tester, "CGU", "CGUA", i.CircuitGroupSupervisionMessageType(0), p.RangeAndStatus(1, 3))
    assert tester.state(1) == tester.state(2) == "Idle"


def test_5_2_11_t22_and_t23():
    """T22 and T23: failure to receive a GRA; one for another range does not do"""
    tester = Tester()
    tester.do(tester.isup.reset(1, 3, 0.0))
    tester.far("GRA", p.RangeAndStatus(2, 0))
    repeated(tester, "GRS", "GRA", p.RangeAndStatus(3, 0))
    assert tester.state(1) == "Idle"


def test_5_3_1_reset_of_an_outgoing_circuit():
    """Reset of an outgoing circuit during a call, by either end"""
    assert outgoing("ACM", "ANM").far("RSC") == (["RLC"], [Release(41), Idle()])
    assert outgoing("ACM", "ANM").give(Reset()) == (["RSC"], [Release(41)])


def test_5_3_2_reset_of_an_incoming_circuit():
    """Reset of an incoming circuit during a call, by either end"""
    for give in (lambda tester: tester.far("RSC") == (["RLC"], [Release(41), Idle()]),
                 lambda tester: tester.give(Reset()) == (["RSC"], [Release(41)])):  # fmt: skip
        tester = Tester()
        tester.far("IAM")
        tester.give(Connect())
        assert give(tester)


def test_6_1_1_continuity_check_required():
    """Continuity check required, incoming: the call waits for COT; its digits may come before"""
    tester = Tester()
    assert tester.far("IAM", *iam("1234", check=1)) == ([], [Seized()])
    assert tester.stands() == {"loop"}
    assert tester.far("SAM", p.SubsequentNumber("5")) == ([], [])
    assert tester.far("COT") == ([], [Setup("12345")])
    assert tester.stands() == set()


def test_6_1_1_continuity_check_of_a_call_out():
    """Continuity check required, outgoing: COT when the tone has come back and is gone; digits may follow before; ACM only behind COT"""
    tester = Tester()
    tester.isup.circuits[1].check.every = 1
    assert tester.give(Setup("1234", overlap=True)) == (["IAM"], [])
    assert tester.stands() == {"tone", "receiver"} and not tester.isup.circuits[1].speech
    assert tester.give(Info("5")) == (["SAM"], [])
    assert tester.give(TONE) == ([], [])
    assert tester.stands() == {"receiver"}
    assert tester.give(TONE_OVER) == (["COT"], [])
    assert tester.first(i.ContinuityIndicators) == i.ContinuityIndicators(True)
    assert tester.stands() == set()
    assert tester.far("ACM") == ([], [Proceeding(), Alerting()])
    assert Tester().give(SETUP)[0] == ["IAM"], "no call is checked where nobody wants it"


def test_6_1_1_backward_messages_before_the_result():
    """Continuity check required, outgoing: a backward message before COT is unreasonable, a glare is settled as ever"""
    for cic, names, state, stands in ((1, ["IAM"], "InOffered", set()), (2, ["IAM"], "OutWaitContinuity", {"tone", "receiver"})):
        tester = Tester(own=FAR, far=OWN)
        tester.isup.circuits[cic].check.every = 1
        assert tester.give(SETUP, cic)[0] == names
        tester.far("IAM", cic=cic)
        assert (tester.state(cic), tester.stands(cic)) == (state, stands)
    tester = Tester()
    tester.isup.circuits[1].check.every = 1
    tester.give(SETUP)
    assert tester.far("ACM") == (["RSC"], [Release(41)])
    assert tester.stands() == set()


def test_6_1_1_a_share_of_the_calls():
    """Continuity check required, outgoing: of a share of a circuit's calls, the first and then each n-th"""
    tester = Tester()
    tester.isup.circuits[1].check.every = 3
    asked = []
    for _ in range(7):
        tester.give(SETUP)
        asked.append(tester.first(i.NatureOfConnectionIndicators).continuity_check)
        tester.give(Release(16))
        tester.far("RLC")
    assert asked == [1, 0, 0, 1, 0, 0, 1]


def test_6_1_2_continuity_check_on_a_previous_circuit():
    """Continuity check on a previous circuit, incoming"""
    tester = Tester()
    assert tester.far("IAM", *iam(check=2)) == ([], [Seized()])
    assert tester.stands() == set(), "it is not this circuit that is checked"
    assert tester.far("COT") == ([], [Setup("12345")])


def test_6_1_3_caller_clears_during_the_check():
    """Calling party clears during a continuity check"""
    tester = Tester()
    tester.far("IAM", *iam(check=1))
    assert tester.far("REL") == (["RLC"], [Release(16), Idle()])


def test_6_1_4_delay_of_through_connection():
    """Delay of through connection: no speech while the circuit is checked"""
    tester = Tester()
    circuit = tester.isup.circuits[1]
    tester.far("IAM", *iam(check=1))
    assert not circuit.speech
    tester.far("COT")
    assert circuit.speech


def test_6_1_5_continuity_check_unsuccessful():
    """Continuity check unsuccessful: the call ends, the circuit waits to be checked again, T36 watches over the new check"""
    tester = Tester()
    tester.far("IAM", *iam(check=1))
    assert tester.far("COT", FAILED) == ([], [Release(41)])
    tester.far("CCR")
    assert tester.wait(11) == ([], [])
    assert tester.wait(2) == (["RSC"], [])
    assert tester.far("RLC") == ([], [Idle()])


def test_6_2_1_dual_seizure_for_non_controlling_point():
    """Automatic repeat attempt: dual seizure for the non-controlling point; our call takes another circuit, theirs is taken"""
    tester = Tester()
    tester.give(SETUP, 2)
    assert tester.far("IAM", cic=2) == ([], [Release(44), Seized(), Setup("12345")])
    assert tester.give(Alerting(), 2) == (["ACM"], [])
    assert tester.far("REL", cic=2) == (["RLC"], [Release(16), Idle()])


def test_6_2_2_repeat_attempt_by_blocking():
    """Automatic repeat attempt: blocking of a circuit just seized, by BLO and by CGB"""
    assert outgoing().far("BLO") == (["BLA", "REL"], [Blocked("remote"), Release(44)])
    tester = outgoing()
    kind = i.CircuitGroupSupervisionMessageType(0)
    assert tester.far("CGB", kind, p.RangeAndStatus(1, 3)) == (["REL", "CGBA"], [Blocked("remote"), Release(44), Blocked("remote")])


def test_6_2_3_repeat_attempt_by_reset():
    """Automatic repeat attempt: circuit reset"""
    assert outgoing().far("RSC") == (["RLC"], [Release(41), Idle()])


def test_6_2_4_repeat_attempt_by_continuity_check_failure():
    """Automatic repeat attempt: continuity check failure; the call takes another circuit, this one is checked again"""
    tester = Tester()
    tester.isup.circuits[1].check.every = 1
    assert tester.give(SETUP) == (["IAM"], [])
    assert tester.first(i.NatureOfConnectionIndicators).continuity_check == values.ContinuityCheck.REQUIRED
    assert tester.wait(2.0) == (["COT"], [Blocked("fault"), Release(44)])
    assert tester.first(i.ContinuityIndicators) == FAILED
    assert tester.wait(5.0) == (["CCR"], [])
    tester.give(TONE)
    assert tester.give(TONE_OVER) == (["REL"], [])
    assert tester.far("RLC") == ([], [Unblocked(), Idle()])


def test_6_2_5_repeat_attempt_by_unreasonable_information():
    """Automatic repeat attempt: unreasonable signalling information before the first backward message"""
    assert outgoing().far("ANM") == (["RSC"], [Release(41)])
    assert outgoing().far("CFN") == ([], []), "what may come at any time is not unreasonable"


def test_6_3_1_dual_seizure_for_controlling_point():
    """Dual seizure for the controlling point: our call goes on; a REL meant for the other call sends it to another circuit"""
    tester = outgoing()
    assert tester.far("IAM") == ([], [])
    assert tester.far("ACM") == ([], [Proceeding(), Alerting()])
    tester = outgoing()
    tester.far("IAM")
    assert tester.far("REL") == (["RLC"], [Release(44), Idle()])


def test_6_5_2_receipt_of_sgm():
    """Receipt of SGM: another message ends the waiting"""
    tester = Tester()
    assert tester.far("IAM", *iam("12345", MORE)) == ([], [])
    assert tester.far("REL") == (["RLC"], [Seized(), Setup("12345"), Release(16), Idle()])


def test_6_5_3_receipt_of_sgm_after_t34():
    """Receipt of SGM after T34 has expired: the call has gone on, SGM is discarded"""
    tester = Tester()
    tester.far("IAM", *iam("12345", MORE))
    assert tester.wait(2.9) == ([], [])
    assert tester.wait(0.2) == ([], [Seized(), Setup("12345")])
    assert tester.far("SGM", p.GenericNumber("1")) == ([], [])
    assert tester.state() == "InOffered"


def test_6_5_4_receipt_of_sgm_in_forward_direction():
    """Receipt of SGM in forward direction: its parameters count as those of the IAM"""
    tester = Tester()
    tester.far("IAM", *iam("12345", MORE))
    assert tester.far("SGM", p.CallingPartyNumber("77", 1)) == ([], [Seized(), Setup("12345", "77")])
    assert tester.wait(10) == ([], [])


def test_6_5_5_receipt_of_sgm_in_backward_direction():
    """Receipt of SGM in backward direction"""
    tester = outgoing()
    assert tester.far("ACM", FREE, MORE_BACKWARD) == ([], [])
    assert tester.far("SGM", p.GenericNumber("1")) == ([], [Proceeding(), Alerting()])


ASKING = VARIANT.adjusted(ask_caller=True)


def test_t33_waiting_for_inf():
    """T33: waiting for INF, where the caller's number is asked"""
    tester = Tester(ASKING)
    assert tester.far("IAM") == (["INR"], [Seized()])
    assert tester.far("INF") == ([], [Setup("12345", "77")])
    assert tester.far("IAM", *iam("12345", p.CallingPartyNumber("66", 1)), cic=2) == ([], [Seized(), Setup("12345", "66")])
    tester.far("IAM", cic=3)
    assert tester.wait(14)[0] == ["REL"]
    assert tester.others == []
    asked = outgoing()
    assert asked.far("INR") == (["INF"], [])
    assert asked.first(p.CallingPartyNumber) == p.CallingPartyNumber("77", 1)
    nobody = Tester()
    nobody.give(Setup("12345"))
    assert nobody.far("INR", i.InformationRequestIndicators(calling_address=True, calling_category=True)) == (["INF"], [])
    assert nobody.first(i.InformationIndicators) == i.InformationIndicators(values.AddressResponse.NOT_AVAILABLE, calling_category=True)
    assert nobody.give(Disconnect(16))[0] == ["REL"]
