"""Q.784 sections 2 to 4: calls that go well, their release, and calls that are refused; one test for each item."""

import pytest
from msgspec import structs

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
    Metering,
    OperatorSignal,
    Proceeding,
    Progress,
    Redirection,
    Release,
    Resume,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from tests.signalling.ss7.isup_tester import CAUSE, FAR, FREE, OWN, SETUP, SILENT, VARIANT, Tester, iam

IN_BAND = i.OptionalBackwardCallIndicators(in_band_information=True)
BY_USER = i.SuspendResumeIndicators(False)


def outgoing(*names, setup=SETUP, variant=VARIANT):
    tester = Tester(variant)
    tester.give(setup)
    for name in names:
        tester.far(name)
    return tester


def incoming(*primitives, variant=VARIANT):
    tester = Tester(variant)
    tester.far("IAM")
    for primitive in primitives:
        tester.give(primitive)
    return tester


def test_2_1_1_iam_sent_by_controlling_point():
    """IAM sent by the controlling point: the higher code controls the even circuits, the lower one the odd"""
    for own, far, cic in ((OWN, FAR, 1), (FAR, OWN, 2)):
        tester = Tester(own=own, far=far)
        tester.give(SETUP, cic)
        assert tester.far("IAM", cic=cic) == ([], [])
        assert tester.far("ACM", cic=cic) == ([], [Proceeding(), Alerting()])


def test_2_1_2_iam_sent_by_non_controlling_point():
    """IAM sent by the non-controlling point, and an answer comes (glare: 6.2.1)"""
    tester = Tester()
    tester.give(SETUP, 2)
    assert tester.far("ACM", cic=2) == ([], [Proceeding(), Alerting()])


def test_2_2_1a_en_bloc_outgoing():
    """Called address en bloc, outgoing call: number, caller, category in one IAM"""
    tester = outgoing(setup=Setup("02112345678", "13900001111", category=2))
    assert tester.first(p.CalledPartyNumber) == p.CalledPartyNumber("2112345678", 3)
    assert tester.first(p.CallingPartyNumber) == p.CallingPartyNumber("13900001111", 1)
    assert tester.first(i.CallingPartysCategory).category == values.Category.CHINA_ORDINARY_METER_IMMEDIATE
    assert tester.first(i.HopCounter) is None
    assert tester.far("ACM") == ([], [Proceeding(), Alerting()])


def test_2_2_1b_en_bloc_incoming():
    """Called address en bloc, incoming call; a number with ST is complete although it could grow"""
    caller = p.CallingPartyNumber("2112345678", 3, presentation=values.Presentation.RESTRICTED)
    tester = Tester()
    assert tester.far("IAM", *iam("12345", caller, category=0xF3)) == ([], [Seized(), Setup("12345", "02112345678", 3, True)])
    assert tester.far("IAM", *iam("6789F"), cic=2) == ([], [Seized(), Setup("6789")])
    assert tester.give(Alerting()) == (["ACM"], [])


def test_2_2_2a_overlap_outgoing():
    """Called address in overlap, outgoing call"""
    tester = outgoing(setup=Setup("12", overlap=True))
    assert tester.give(Info("3")) == (["SAM"], [])
    assert tester.first(p.SubsequentNumber).signals == "3"
    tester.wait(24)
    assert tester.give(Info("45")) == (["SAM"], [])
    assert tester.wait(24) == ([], []), "T7 begins anew with each SAM"
    tester.far("ACM")
    assert tester.give(Info("6")) == ([], [])


def test_2_2_2b_overlap_incoming():
    """Called address in overlap, incoming call: offered when whole, or in tandem as soon as the route is known"""
    tester = Tester()
    assert tester.far("IAM", *iam("12")) == ([], [Seized()])
    assert tester.far("SAM", p.SubsequentNumber("34")) == ([], [])
    assert tester.far("SAM", p.SubsequentNumber("5")) == ([], [Setup("12345")])
    assert tester.far("SAM", p.SubsequentNumber("6")) == ([], [])
    assert tester.far("IAM", *iam("81"), cic=2) == ([], [Seized(), Setup("81", overlap=True)])
    assert tester.far("SAM", p.SubsequentNumber("2"), cic=2) == ([], [Info("2")])
    tester.give(Proceeding(), 2)
    assert tester.far("SAM", p.SubsequentNumber("3"), cic=2) == ([], [])


def test_2_2_2b_the_number_does_not_become_whole():
    """Called address in overlap, incoming call: T35, with a number that must do and with one that cannot"""
    tester = Tester()
    tester.far("IAM", *iam("678"))
    assert tester.wait(16) == ([], [Setup("678")])
    tester = Tester()
    tester.far("IAM", *iam("123"))
    assert tester.wait(16) == (["REL"], [Release(28)])


def test_2_3_1a_call_out_subscriber_free():
    """Successful call, outgoing: ACM with subscriber free"""
    tester = outgoing()
    assert tester.far("ACM", FREE) == ([], [Proceeding(), Alerting()])
    assert tester.far("ANM") == ([], [Connect()])


def test_2_3_1b_call_out_no_indication():
    """Successful call, outgoing: ACM without indication"""
    tester = outgoing()
    assert tester.far("ACM", SILENT) == ([], [Proceeding()])
    assert tester.far("ANM") == ([], [Connect()])


def test_2_3_1c_call_out_in_band_information():
    """Successful call, outgoing: ACM with in-band information"""
    assert outgoing().far("ACM", SILENT, IN_BAND) == ([], [Proceeding(), Progress()])


def test_2_3_1d_call_out_connected_number_and_charge():
    """Successful call, outgoing: connected number, metering by MPM, CRG"""
    tester = outgoing("ACM")
    assert tester.far("ANM", p.ConnectedNumber("2187654321", 3)) == ([], [Connect("02187654321")])
    assert tester.far("MPM", p.ChargeInformation(1)) == ([], [Metering(1)])
    assert tester.far("MPM", p.ChargeInformation(3)) == ([], [Metering(3)])
    assert tester.far("MPM", p.ChargeInformation(0)) == ([], [])
    assert tester.octets(b"\x01\x00\x31\xaa") == ([], [])
    hidden = outgoing("ACM")
    assert hidden.far("ANM", p.ConnectedNumber("1", presentation=1)) == ([], [Connect()])


def test_2_3_1e_call_in_subscriber_free():
    """Successful call, incoming: ACM with subscriber free, ANM"""
    tester = incoming(Alerting())
    assert tester.first(i.BackwardCallIndicators).called_status == values.CalledStatus.SUBSCRIBER_FREE
    assert tester.give(Connect()) == (["ANM"], [Connect()])


def test_2_3_1f_call_in_no_indication():
    """Successful call, incoming: ACM without indication, by the switch or by T11"""
    tester = incoming(Proceeding())
    assert tester.first(i.BackwardCallIndicators).called_status == values.CalledStatus.NO_INDICATION
    tester = incoming()
    assert tester.wait(14) == ([], [])
    assert tester.wait(2) == (["ACM"], [])
    assert tester.give(Alerting()) == (["CPG"], [])


def test_2_3_1g_call_in_in_band_information():
    """Successful call, incoming: ACM with in-band information"""
    tester = incoming(Progress())
    assert tester.first(i.OptionalBackwardCallIndicators) == IN_BAND


def test_2_3_1h_call_in_connected_number_and_charge():
    """Successful call, incoming: connected number, metering by MPM where the network has it"""
    asks = i.OptionalForwardCallIndicators(connected_line_requested=True)
    for first in ((Alerting(),), ()):
        tester = Tester()
        tester.far("IAM", *iam("12345", asks))
        for primitive in first:
            tester.give(primitive)
        tester.give(Connect("02187654321"))
        assert tester.first(p.ConnectedNumber) == p.ConnectedNumber("2187654321", 3)
    tester = incoming(Alerting())
    assert tester.give(Metering(2)) == (["MPM"], [])
    assert tester.first(p.ChargeInformation).value == 2
    assert incoming(Connect(), variant=VARIANT.adjusted(charge_messages=False)).give(Metering(2)) == ([], [])


def test_2_3_1h_the_connected_number_is_told_to_who_asks_for_it():
    """Successful call: the connected number is told where the IAM asks for it, and asked for where the variant wants it (Q.731.5)"""
    tester = incoming(Alerting())
    tester.give(Connect("02187654321"))
    assert tester.first(p.ConnectedNumber) is None
    for asks in (False, True):
        tester = Tester(VARIANT.adjusted(ask_connected=asks))
        tester.give(SETUP)
        told = tester.first(i.OptionalForwardCallIndicators)
        assert (told is not None and told.connected_line_requested) == asks


@pytest.mark.parametrize("redirection", [Redirection("5551", "5552", 2, 3), Redirection(), Redirection("", "02188880000", 5, 1)])
def test_2_3_1h_what_an_iam_tells_arrives(redirection):
    """Successful call: redirection, hop counter, caller, test call arrive as they were sent"""
    setup = Setup("12345", "0217", 3, True, redirection=redirection, hops=7)
    there = Tester()
    there.give(setup)
    here = Tester()
    assert here.far("IAM", *there.messages[0].parameters) == ([], [Seized(), structs.replace(setup, hops=6)])
    assert there.give(structs.replace(setup, hops=1), 2) == ([], [Release(25), Idle()])
    there.give(Setup("12345", test=True), 3)
    assert here.far("IAM", *there.messages[0].parameters, cic=3) == ([], [Seized(), Setup("12345", test=True)])


def test_2_3_2a_call_out_alerting_by_cpg():
    """ACM, CPG, ANM, outgoing: alerting comes by CPG"""
    tester = outgoing()
    tester.far("ACM", SILENT)
    assert tester.far("CPG") == ([], [Alerting()])
    assert tester.far("ANM") == ([], [Connect()])


def test_2_3_2b_call_out_progress_by_cpg():
    """ACM, CPG, ANM, outgoing: progress and in-band information come by CPG"""
    tester = outgoing("ACM")
    for event in (values.Event.PROGRESS, values.Event.IN_BAND_INFORMATION):
        assert tester.far("CPG", i.EventInformation(event)) == ([], [Progress()])
    assert tester.far("CPG", i.EventInformation(values.Event.ALERTING), IN_BAND) == ([], [Alerting(), Progress()])


def test_2_3_2c_call_out_forwarded_by_cpg():
    """ACM, CPG, ANM, outgoing: CPG tells that the call is forwarded, which changes nothing"""
    tester = outgoing("ACM")
    assert tester.far("CPG", i.EventInformation(values.Event.FORWARDED_ON_BUSY)) == ([], [])
    assert tester.far("ANM") == ([], [Connect()])


def test_2_3_2d_call_in_alerting_by_cpg():
    """ACM, CPG, ANM, incoming: alerting goes by CPG"""
    tester = incoming(Proceeding())
    assert tester.give(Alerting()) == (["CPG"], [])
    assert tester.first(i.EventInformation).event == values.Event.ALERTING


def test_2_3_2e_call_in_progress_by_cpg():
    """ACM, CPG, ANM, incoming: in-band information goes by CPG"""
    tester = incoming(Alerting())
    assert tester.give(Progress()) == (["CPG"], [])
    assert tester.first(i.EventInformation).event == values.Event.IN_BAND_INFORMATION


def test_2_3_2f_call_in_answer_after_cpg():
    """ACM, CPG, ANM, incoming: answer after CPG"""
    assert incoming(Proceeding(), Alerting()).give(Connect()) == (["ANM"], [Connect()])


def test_2_3_3a_call_out_connect():
    """CON, outgoing"""
    assert outgoing().far("CON") == ([], [Proceeding(), Connect()])


def test_2_3_3b_call_in_connect():
    """CON, incoming"""
    assert incoming().give(Connect()) == (["CON"], [Connect()])


def test_2_3_4a_call_out_via_satellite():
    """Call via satellite, outgoing: an IAM of ours has no satellite"""
    tester = outgoing()
    assert tester.first(i.NatureOfConnectionIndicators).satellite == values.Satellite.NONE


def test_2_3_4b_call_in_via_satellite():
    """Call via satellite, incoming: taken"""
    _, *rest = iam()
    assert Tester().far("IAM", i.NatureOfConnectionIndicators(satellite=1), *rest)[1] == [Seized(), Setup("12345")]


def test_2_3_6a_blocking_during_a_call_out():
    """Blocking and unblocking during a call, outgoing"""
    tester = outgoing("ACM", "ANM")
    assert tester.far("BLO") == (["BLA"], [Blocked("remote")])
    assert tester.give(Release(16)) == (["REL"], [Release(16)])
    assert tester.far("RLC") == ([], [Idle()])
    assert tester.give(SETUP) == ([], [Release(44), Idle()])
    assert tester.far("UBL") == (["UBA"], [Unblocked()])


def test_2_3_6b_blocking_during_a_call_in():
    """Blocking and unblocking during a call, incoming"""
    tester = incoming(Connect())
    assert tester.give(Blocked("local")) == (["BLO"], [Blocked("local")])
    tester.far("BLA")
    assert tester.state() == "InAnswered/local"
    assert tester.far("REL") == (["RLC"], [Release(16), Idle()])


def test_3_1a_caller_clears_before_any_backward_message_out():
    """Calling party clears before any backward message, outgoing"""
    tester = outgoing()
    assert tester.give(Disconnect(16)) == (["REL"], [Release(16)])
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.far("RLC") == ([], [Idle()])


def test_3_1b_caller_clears_before_any_backward_message_in():
    """Calling party clears before any backward message, incoming"""
    assert incoming().far("REL") == (["RLC"], [Release(16), Idle()])


def test_3_2a_caller_clears_before_answer_out():
    """Calling party clears before answer, outgoing"""
    assert outgoing("ACM").give(Release(16)) == (["REL"], [Release(16)])


def test_3_2b_caller_clears_before_answer_in():
    """Calling party clears before answer, incoming"""
    assert incoming(Alerting()).far("REL") == (["RLC"], [Release(16), Idle()])


def test_3_3a_caller_clears_after_answer_out():
    """Calling party clears after answer, outgoing"""
    assert outgoing("ACM", "ANM").give(Disconnect(16)) == (["REL"], [Release(16)])


def test_3_3b_caller_clears_after_answer_in():
    """Calling party clears after answer, incoming; CCL tells it while the called party holds the circuit (China)"""
    tester = incoming(Connect())
    assert tester.far("CCL") == ([], [Disconnect(16)])
    assert tester.state() == "InAnswered"
    assert tester.far("REL") == (["RLC"], [Release(16), Idle()])


def test_3_4a_called_party_clears_out():
    """Called party clears, outgoing"""
    assert outgoing("ACM", "ANM").far("REL") == (["RLC"], [Release(16), Idle()])


def test_3_4b_called_party_clears_in():
    """Called party clears, incoming"""
    tester = incoming(Connect())
    assert tester.give(Disconnect(16)) == (["REL"], [Release(16)])
    assert tester.far("RLC") == ([], [Idle()])


def test_3_5a_suspend_by_the_network_out():
    """Suspend and resume by the network, outgoing"""
    tester = outgoing("ACM", "ANM")
    assert tester.far("SUS") == ([], [Suspend()])
    assert tester.wait(60) == ([], [])
    assert tester.far("RES") == ([], [Resume()])
    assert tester.wait(600) == ([], [])


def test_3_5b_suspend_by_the_network_in():
    """Suspend and resume by the network, incoming"""
    tester = incoming(Connect())
    assert tester.give(Suspend()) == (["SUS"], [])
    assert tester.first(i.SuspendResumeIndicators).by_network
    assert tester.give(Resume()) == (["RES"], [])
    tester.give(Suspend())
    assert tester.far("REL") == (["RLC"], [Release(16), Idle()])


def test_3_6b_suspend_by_the_calling_party_in():
    """Suspend and resume by the calling party, incoming: the call stays as it is"""
    tester = incoming(Connect())
    assert tester.far("SUS", BY_USER) == ([], [])
    assert tester.far("RES", BY_USER) == ([], [])
    assert tester.state() == "InAnswered"


def test_3_7a_suspend_by_the_called_party_out():
    """Suspend and resume by the called party, outgoing: T2"""
    tester = outgoing("ACM", "ANM")
    assert tester.far("SUS", BY_USER) == ([], [Suspend()])
    assert tester.far("RES", BY_USER) == ([], [Resume()])
    tester.far("SUS", BY_USER)
    assert tester.wait(179) == ([], [])
    assert tester.wait(2) == (["REL"], [Release(102)])


def test_3_8a_collision_of_rel_sent_first():
    """Collision of REL messages, ours first"""
    tester = outgoing("ACM", "ANM")
    tester.give(Release(16))
    assert tester.far("REL") == (["RLC"], [])
    assert tester.state() == "WaitRelease"
    assert tester.far("RLC") == ([], [Idle()])


def test_3_8b_collision_of_rel_received_first():
    """Collision of REL messages, theirs first: what the switch says afterwards means nothing"""
    tester = outgoing("ACM", "ANM")
    assert tester.far("REL") == (["RLC"], [Release(16), Idle()])
    assert tester.give(Release(16)) == ([], [])


CAUSES = (1, 3, 17, 18, 19, 21, 27, 28, 34, 38, 41, 42, 44, 102, 127)


def refused_out(*names):
    for cause in CAUSES:
        assert outgoing(*names).far("REL", p.CauseIndicators(cause)) == (["RLC"], [Release(cause), Idle()])


def refused_in(*primitives):
    for cause in CAUSES:
        tester = incoming(*primitives)
        assert tester.give(Disconnect(cause)) == (["REL"], [Release(cause)])
        assert tester.first(p.CauseIndicators).cause == cause


def test_4_1a_refused_before_acm_out():
    """Known causes for release before ACM, outgoing"""
    refused_out()


def test_4_1b_refused_after_acm_out():
    """Known causes for release after ACM, outgoing"""
    refused_out("ACM")


def test_4_1c_another_standards_cause():
    """A cause of another standard is 31"""
    assert outgoing().far("REL", p.CauseIndicators(17, coding=3))[1] == [Release(31), Idle()]


def test_4_1d_refused_before_acm_in():
    """Known causes for release before ACM, incoming"""
    refused_in()


def test_4_1e_refused_after_acm_in():
    """Known causes for release after ACM, incoming"""
    refused_in(Alerting())


def test_4_1f_a_number_that_does_not_exist():
    """Release by the numbering plan, incoming; a number that cannot be sent never leaves"""
    tester = Tester()
    assert tester.far("IAM", *iam("9")) == (["REL"], [Seized(), Release(1)])
    assert tester.first(p.CauseIndicators).cause == 1
    assert Tester().give(Setup("12A")) == ([], [Release(28), Idle()])


def test_6_4_1_fot_sent():
    """FOT sent following a call to a subscriber"""
    assert outgoing("ACM", "ANM").give(OperatorSignal("re-ring")) == (["FOT"], [])
    assert outgoing("ACM").give(OperatorSignal("forced-release")) == (["OPR"], [])
    assert outgoing("ACM").far("OPR") == ([], [OperatorSignal("ring-back")])


def test_6_4_2_fot_received():
    """FOT received following a call to a subscriber"""
    assert incoming(Connect()).far("FOT") == ([], [OperatorSignal("re-ring")])
    assert incoming(Connect()).far("OPR") == ([], [OperatorSignal("re-ring")])
    assert incoming(Alerting()).far("OPR") == ([], [OperatorSignal("forced-release")])


def test_6_4_3_fot_sent_via_codes_11_and_12():
    """FOT sent following a call via codes 11 and 12: they are * and # of the switch"""
    tester = outgoing(setup=Setup("*12#"))
    assert tester.first(p.CalledPartyNumber).signals == "B12C"
    tester.far("ACM")
    assert tester.give(OperatorSignal("re-ring")) == (["FOT"], [])


def test_3_4a_a_cause_goes_up_once():
    """Called party clears, outgoing: a REL that comes again is answered again, and nothing is said twice"""
    tester = outgoing("ACM", "ANM")
    tester.far("REL", CAUSE)
    assert tester.far("REL", CAUSE) == (["RLC"], [])
