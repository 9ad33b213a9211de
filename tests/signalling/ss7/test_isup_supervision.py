"""Circuit supervision where procedures meet: orders that overtake one another, answers that come late, resets that cross."""

from pbx.engine import Noted
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.parameter import Unrecognized
from pbx.signalling.ss7.primitives import Pause, Status
from pbx.signalling.ss7.primitives import Resume as Reachable
from pbx.vocabulary.call import Blocked, Idle, Redirection, Release, Reset, Seized, Setup, Unblocked
from tests.signalling.ss7.isup_tester import CAUSE, SETUP, VARIANT, Tester, iam

MAINTENANCE, HARDWARE = values.SupervisionType
WIN, LOSE = 1, 2
"""Circuits whose dual seizure our end wins and loses."""


def test_a_reset_that_meets_grs_waits_for_its_own_answer():
    """The RLC that is on its way would otherwise end the next call."""
    tester = Tester()
    tester.give(Reset())
    assert tester.far("GRS", p.RangeAndStatus(1)) == (["GRA"], [])
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.far("RLC") == ([], [Idle()])


def test_a_release_that_meets_rsc_waits_for_its_own_answer():
    tester = Tester()
    tester.give(SETUP)
    tester.give(Release(16))
    assert tester.far("RSC") == (["RLC"], [])
    assert tester.far("RLC") == ([], [Idle()])


def test_a_call_that_comes_after_a_reset_is_taken_while_rlc_is_awaited():
    """REL was lost while the far point could not be reached; repeated after the reset, it would end the far end's next call."""
    for reset in (("RSC", ()), ("GRS", (p.RangeAndStatus(1),))):
        tester = Tester()
        tester.give(SETUP)
        tester.give(Release(16))
        tester.far(reset[0], *reset[1])
        assert tester.far("IAM") == ([], [Seized(), Setup("12345", category=0)])
        assert tester.wait(14.0) == ([], [])
        assert tester.far("REL") == (["RLC"], [Release(16), Idle()])


def test_a_release_goes_on_after_a_reset_without_a_call():
    tester = Tester()
    tester.give(SETUP)
    tester.give(Release(16))
    tester.far("GRS", p.RangeAndStatus(1))
    assert tester.wait(17.0) == (["REL"], [])
    assert tester.far("RLC") == ([], [Idle()])


def test_a_reset_of_ours_forgets_the_block_of_the_far_end():
    tester = Tester()
    tester.far("BLO")
    assert tester.give(Reset()) == (["RSC"], [Unblocked()])
    tester.far("BLO", cic=2)
    assert tester.do(tester.isup.reset(2, 1, 0.0)) == (["GRS"], [Unblocked()])
    assert tester.far("GRA", p.RangeAndStatus(1, 0), cic=2)[1] == [Idle(), Idle()]


def test_our_own_block_is_said_again_after_a_reset_of_ours():
    tester = Tester()
    tester.give(Blocked("local"))
    tester.far("BLA")
    tester.give(Reset())
    assert tester.far("RLC") == (["BLO"], [Idle()])


def test_a_block_that_is_said_again_to_a_call_expects_its_answer():
    tester = Tester()
    tester.give(Blocked("local"))
    tester.far("BLA")
    assert tester.far("IAM") == (["BLO"], [])
    tester.far("BLA")
    assert tester.others == []
    assert tester.wait(400.0) == ([], [])


def test_a_call_on_a_circuit_whose_hardware_has_failed_is_told_so_again():
    """BLO would stand at the far end for ever: the CGU that comes when the hardware works again does not take it back."""
    tester = Tester()
    blocked = (i.CircuitGroupSupervisionMessageType(1), p.RangeAndStatus(1, 1))
    tester.do(tester.isup.block((1,), HARDWARE, 0.0))
    tester.far("CGBA", *blocked)
    assert tester.far("IAM") == (["CGB"], [])
    assert tester.first(i.CircuitGroupSupervisionMessageType).type == HARDWARE
    tester.far("CGBA", *blocked)
    assert tester.others == []
    assert tester.wait(400.0) == ([], [])


def test_dual_seizure_is_over_with_the_first_backward_message_and_with_the_call():
    for first in ("ACM", "CON"):
        tester = Tester()
        tester.give(SETUP, WIN)
        tester.far("IAM", cic=WIN)
        tester.far(first, cic=WIN)
        assert tester.far("REL", p.CauseIndicators(17), cic=WIN)[1] == [Release(17), Idle()]
    tester = Tester()
    tester.give(SETUP, WIN)
    tester.far("IAM", cic=WIN)
    tester.far("REL", cic=WIN)
    tester.give(SETUP, WIN)
    assert tester.far("REL", p.CauseIndicators(17), cic=WIN)[1] == [Release(17), Idle()]


def test_digits_of_a_call_that_has_given_way_do_not_reset_the_circuit_of_ours():
    """The far end had sent SAM before it knew of our IAM (2.9.1.4): our call was reset by it."""
    tester = Tester()
    tester.give(SETUP, WIN)
    tester.far("IAM", *iam("021"), cic=WIN)
    assert tester.far("SAM", cic=WIN) == ([], [])
    assert tester.far("COT", cic=WIN) == ([], [])
    tester.far("ACM", cic=WIN)
    tester.far("ANM", cic=WIN)
    assert tester.state(WIN) == "OutAnswered"


def test_digits_that_no_other_call_explains_reset_the_circuit():
    tester = Tester()
    tester.give(SETUP, WIN)
    assert tester.far("SAM", cic=WIN)[0] == ["RSC"]


def test_dual_seizure_of_a_circuit_that_we_have_just_blocked():
    tester = Tester()
    tester.give(SETUP, LOSE)
    tester.give(Blocked("local"), LOSE)
    assert tester.far("IAM", cic=LOSE) == (["BLO"], [Release(44), Idle()])


def test_a_circuit_whose_hardware_has_failed_there_takes_no_call():
    tester = Tester()
    tester.far("CGB", i.CircuitGroupSupervisionMessageType(1), p.RangeAndStatus(1, 1))
    assert tester.far("IAM") == ([], [])
    assert tester.state() == "Idle/remote"


def test_orders_that_follow_one_another_before_they_are_acknowledged():
    tester = Tester()
    tester.give(Blocked("local"))
    assert tester.give(Unblocked()) == ([], [])
    assert tester.wait(17.0)[0] == ["BLO"]
    assert tester.far("BLA") == (["UBL"], [])
    assert tester.far("BLA") == ([], []), "the answer to the repetition"
    assert tester.give(Blocked("local")) == ([], [])
    assert tester.wait(17.0)[0] == ["UBL"]
    assert tester.far("UBA") == (["BLO"], [])
    assert tester.far("BLA") == ([], [])
    assert tester.wait(1000.0) == ([], [])


def test_orders_that_cancel_each_other_send_nothing():
    tester = Tester()
    tester.give(Blocked("local"))
    tester.give(Unblocked())
    tester.give(Blocked("local"))
    assert tester.far("BLA") == ([], [])
    assert tester.wait(1000.0) == ([], [])
    assert tester.state() == "Idle/local"


def test_a_group_leaves_out_circuits_about_which_something_is_asked():
    tester = Tester()
    about = i.CircuitGroupSupervisionMessageType(0)
    tester.give(Blocked("local"), 1)
    assert tester.do(tester.isup.block([1, 2], MAINTENANCE, tester.now))[0] == ["CGB"]
    assert tester.first(p.RangeAndStatus) == p.RangeAndStatus(1, 1)
    assert tester.do(tester.isup.unblock([1, 2], MAINTENANCE, tester.now)) == ([], [])
    assert tester.far("CGBA", about, p.RangeAndStatus(1, 1), cic=2)[0] == ["UBL"]
    assert tester.far("BLA")[0] == ["UBL"]
    assert tester.far("UBA", cic=2) == tester.far("UBA") == ([], [Unblocked()])


def test_what_a_whole_group_is_wanted_otherwise_is_asked_at_once():
    tester = Tester()
    about, both = i.CircuitGroupSupervisionMessageType(0), p.RangeAndStatus(1, 3)
    tester.do(tester.isup.block([1, 2], MAINTENANCE, tester.now))
    assert tester.do(tester.isup.unblock([1, 2], MAINTENANCE, tester.now)) == ([], [])
    assert tester.far("CGBA", about, both)[0] == ["CGU"]
    assert tester.far("CGBA", about, both) == ([], []), "the answer to a repetition"
    assert tester.do(tester.isup.block([1, 2], MAINTENANCE, tester.now)) == ([], [])
    assert tester.far("CGUA", about, both) == (["CGB"], [])
    assert tester.far("CGBA", about, both) == ([], [])
    assert tester.wait(1000.0) == ([], [])
    assert tester.state() == "Idle/local"


def test_an_acknowledgement_that_marks_more_than_was_asked_answers_something_else():
    tester = Tester()
    about = i.CircuitGroupSupervisionMessageType(0)
    tester.do(tester.isup.block([1], MAINTENANCE, tester.now))
    tester.far("CGBA", about, p.RangeAndStatus(1, 3))
    assert tester.wait(17.0)[0] == ["CGB"]


def test_what_a_group_message_does_to_a_circuit_starts_its_timers():
    tester = Tester()
    tester.give(SETUP)
    assert tester.far("CGB", i.CircuitGroupSupervisionMessageType(0), p.RangeAndStatus(1, 1))[0] == ["REL", "CGBA"]
    assert tester.wait(17.0)[0] == ["REL"]


def test_a_circuit_that_no_rlc_has_freed_stays_out_of_service_when_the_far_point_comes_back():
    tester = Tester(circuits=(1,))
    tester.give(Reset())
    tester.wait(301.0)
    tester.mtp(Pause(tester.isup.far))
    assert tester.mtp(Reachable(tester.isup.far)) == ([], [])
    assert tester.state() == "ResetAlerted/fault"
    assert tester.far("RLC") == ([], [Unblocked(), Idle()])


def test_a_circuit_that_comes_to_rest_while_the_far_point_is_away_stays_blocked():
    tester = Tester(circuits=(1,))
    tester.give(SETUP)
    tester.mtp(Pause(tester.isup.far))
    tester.give(Release(16))
    assert tester.far("RLC") == ([], [Idle()])
    assert tester.state() == "Idle/fault"


def test_a_far_point_that_has_been_away_begins_without_congestion_and_without_user_part_test():
    tester = Tester(circuits=(1,))
    tester.mtp(Status(tester.isup.far, "congestion"))
    tester.mtp(Status(tester.isup.far, "user part unavailable"))
    tester.mtp(Pause(tester.isup.far))
    assert tester.wait(1.0) == ([], [])
    assert tester.isup.availability.available
    assert tester.mtp(Reachable(tester.isup.far)) == ([], [Unblocked()])
    assert tester.isup.congestion.steps == 0


def test_a_number_that_ends_too_early_is_refused_although_its_route_is_known():
    tester = Tester()
    assert tester.far("IAM", *iam("81F")) == (["REL"], [Seized(), Release(28)])


def test_the_first_unknown_parameter_is_named_and_no_more_than_fit():
    tester = Tester()
    assert tester.far("IAM", *iam("12345", Unrecognized(0xA5, b""), Unrecognized(0xA6, b"")))[0] == ["CFN"]
    assert tester.first(p.CauseIndicators).diagnostics == b"\xa5"
    tester.give(SETUP, 2)
    tester.far("REL", CAUSE, *[Unrecognized(0xA5, b"")] * 40, cic=2)
    assert len(tester.first(p.CauseIndicators).diagnostics) == 30


def test_an_acknowledgement_that_marks_other_circuits_is_told():
    tester = Tester()
    tester.do(tester.isup.block([1, 2], MAINTENANCE, 0.0))
    tester.far("CGBA", i.CircuitGroupSupervisionMessageType(0), p.RangeAndStatus(1, 1))
    assert tester.others == [Noted("-- CGBA does not mark what was asked")]


def test_digits_that_come_while_the_caller_is_asked_for():
    tester = Tester(VARIANT.adjusted(ask_caller=True))
    assert tester.far("IAM", *iam("81"))[0] == ["INR"]
    tester.far("SAM", p.SubsequentNumber("23"))
    assert tester.far("INF") == ([], [Setup("8123", "77", overlap=True)])
    assert tester.far("IAM", *iam("12345"), cic=2)[0] == ["INR"]
    tester.far("SAM", p.SubsequentNumber("6"), cic=2)
    assert tester.far("INF", cic=2) == ([], [Setup("12345", "77")])


def test_redirections_that_others_tell():
    hidden = values.Presentation.RESTRICTED
    told = (p.OriginalCalledNumber("5551", 1, presentation=hidden), p.RedirectingNumber("5552", 1, presentation=hidden))
    tester = Tester()
    only_original = i.RedirectionInformation(values.Redirecting.DIVERTED, values.RedirectionReason.NO_REPLY, 0)
    assert tester.far("IAM", *iam("12345", *told, only_original))[1][1].redirection == Redirection("", "", 1, 2)
    none = i.RedirectionInformation(values.Redirecting.NO_REDIRECTION)
    assert tester.far("IAM", *iam("12345", *told, none), cic=2)[1][1].redirection is None


def test_a_caller_who_is_not_available_has_no_number_and_is_not_restricted():
    nobody = p.CallingPartyNumber("", 0, plan=0, presentation=values.Presentation.NOT_AVAILABLE)
    assert Tester().far("IAM", *iam("12345", nobody)) == ([], [Seized(), Setup("12345")])


def test_a_test_call_says_that_it_is_one():
    tester = Tester()
    tester.give(Setup("12345", test=True))
    assert tester.first(i.CallingPartysCategory).category == values.Category.TEST


def test_olm_sends_a_call_to_another_circuit_and_leaves_its_own_alone_for_t3():
    tester = Tester()
    tester.give(SETUP)
    assert tester.far("OLM") == (["REL"], [Release(44)])
    assert tester.far("RLC") == ([], []), "not idle for us yet"
    assert tester.give(SETUP) == ([], [Release(44)])
    tester.wait(119.0)
    assert tester.state() == "Overloaded"
    assert tester.wait(1.0) == ([], [Idle()])
    assert tester.give(SETUP)[0] == ["IAM"]
    tester.far("OLM")
    tester.far("RLC")
    assert tester.far("IAM") == ([], [Seized(), Setup("12345")]), "calls in are taken meanwhile"
    assert tester.far("REL") == (["RLC"], [Release(16), Idle()])


def test_a_number_that_was_complete_before_cot_is_complete_behind_it():
    tester = Tester()
    tester.far("IAM", *iam("6789F", check=1))
    assert tester.far("COT") == ([], [Setup("6789")])
    tester.far("REL")
    tester.far("IAM", *iam("67", check=1))
    tester.far("SAM", p.SubsequentNumber("89F"))
    assert tester.far("COT") == ([], [Setup("6789")])


def test_a_block_while_a_circuit_is_reset_is_said_when_that_is_acknowledged():
    tester = Tester()
    tester.give(Reset())
    assert tester.give(Blocked("local")) == ([], [Blocked("local")])
    assert tester.far("RLC") == (["BLO"], [Idle()])
    tester.far("BLA")
    assert tester.give(Unblocked()) == (["UBL"], [])


def test_an_answer_to_an_older_request_ended_a_reset_that_was_lost():
    """RLC does not tell what it answers. RSC that was sent while REL or RSC was unanswered, and lost, was taken for answered: this
    end had forgotten a block that the far end relied on."""
    tester = Tester()
    tester.give(SETUP)
    assert tester.give(Release(16))[0] == ["REL"]
    assert tester.far("BLO")[0] == ["BLA"]
    assert tester.give(Reset()) == ([], []), "it waits"
    assert tester.give(Reset()) == ([], [])
    assert tester.far("RLC") == (["RSC"], [Unblocked()])
    assert tester.state() == "Resetting"
    assert tester.wait(16.0)[0] == ["RSC"], "it was lost, and is sent again"
    assert tester.far("BLO")[0] == ["BLA"]
    assert tester.give(Reset()) == ([], []), "the circuit is being reset"
    assert tester.far("RLC") == ([], [Idle()])
    assert tester.state() == "Idle/remote"


def test_a_reset_takes_the_place_of_a_release_that_is_not_repeated():
    tester = Tester()
    tester.give(SETUP)
    tester.give(Release(16))
    tester.wait(5.0)
    tester.give(Reset())
    assert tester.wait(11.0) == (["RSC"], [])
    tester.give(Blocked("local"))
    assert tester.far("RLC") == (["BLO"], [Idle()])


def test_a_reset_by_order_goes_out_at_once_when_people_have_been_told_and_no_answer_can_be_on_its_way():
    tester = Tester()
    tester.give(Reset())
    tester.wait(300.0 + 1.0)
    assert tester.state() == "ResetAlerted/fault"
    assert tester.give(Reset()) == ([], []), "RSC has just gone out"
    tester.wait(16.0)
    assert tester.give(Reset()) == (["RSC"], [])
    assert tester.give(Reset()) == ([], [])
    assert tester.far("RLC")[1][-1] == Idle()


def test_two_equal_group_resets_within_one_round_trip_are_one():
    tester = Tester(circuits=(1, 2, 3, 4, 5))
    assert tester.do(tester.isup.reset(1, 2, tester.now))[0] == ["GRS"]
    assert tester.do(tester.isup.reset(1, 2, tester.now))[0] == []
    assert tester.do(tester.isup.reset(2, 3, tester.now))[0] == ["GRS"], "another range"
    assert tester.give(Reset(), 2) == ([], [])
    assert tester.far("GRA", p.RangeAndStatus(2, 0)) == ([], [Idle()]), "the others are still in the second one"
    assert tester.far("GRA", p.RangeAndStatus(3, 0), cic=2) == ([], [Idle()] * 4)
    assert tester.wait(1000.0) == ([], [])


def test_a_group_reset_that_nobody_answers_is_given_up_by_order():
    """The far end may not take GRS, or not that range: reset by order goes circuit by circuit then, or for another range."""
    tester = Tester(circuits=(1, 2, 3, 4, 5))
    tester.do(tester.isup.reset(1, 2, tester.now))
    tester.give(Reset(), 2)
    tester.wait(300.0 + 1.0)
    assert tester.give(Reset(), 2) == (["RSC", "RSC", "RSC"], [])
    for cic in (1, 2, 3):
        assert tester.wait(16.0)[0].count("RSC") == 4 - cic, "each goes on until it is answered"
        assert tester.far("RLC", cic=cic) == ([], [Idle()])
    tester.do(tester.isup.reset(1, 2, tester.now))
    tester.wait(300.0 + 1.0)
    assert tester.do(tester.isup.reset(2, 3, tester.now))[0] == ["RSC", "GRS"]
    assert tester.far("GRA", p.RangeAndStatus(3, 0), cic=2) == ([], [Idle()] * 4)
    assert tester.far("RLC") == ([], [Idle()])
    assert tester.far("GRA", p.RangeAndStatus(2, 0)) == ([], []), "that one is not awaited any more"
    assert tester.wait(1000.0) == ([], [])


def test_gra_told_a_block_whose_end_was_under_way():
    """An end of the block was unanswered when the block was wanted again and GRS came: GRA told it, and nobody took it back afterwards."""
    tester = Tester()
    tester.do(tester.isup.unblock([1, 2], MAINTENANCE, tester.now))
    tester.give(Blocked("local"))
    assert tester.far("GRS", p.RangeAndStatus(1))[0] == ["GRA"]
    assert tester.first(p.RangeAndStatus).status == 0
    tester.give(Unblocked())
    assert tester.far("CGUA", i.CircuitGroupSupervisionMessageType(0), p.RangeAndStatus(1, 3)) == ([], [Unblocked()])
    tester.give(Blocked("local"))
    tester.far("BLA")
    tester.far("GRS", p.RangeAndStatus(1))
    assert tester.first(p.RangeAndStatus).status == 1
