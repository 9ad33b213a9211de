"""Q.783 sections 2 and 3 with the Chinese TUP: normal call set-up and release, one test for each item (Q.724; GF 001-9001).

Cases a and b of a number are our own: a call of ours, and one that comes in.
"""

import itertools

import pytest

from pbx.signalling.ss7.tup import contents as c
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    Info,
    Proceeding,
    Progress,
    Release,
    Resume,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from tests.signalling.ss7.tup_tester import ANSWERED, FAR, OFFERED, OWN, SETUP, VARIANT, Tester, iam, incoming, outgoing


def clears(tester):
    """The calling party clears a call of ours: CLF, and the circuit is free with RLG alone."""
    assert tester.give(Disconnect(16)) == (["CLF"], [Release(16)])
    assert tester.octets_sent == ["010046"]
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.hex("010017") == ([], [Idle()])
    assert tester.give(SETUP)[0] == ["IAI"]


def cleared(tester):
    """The calling party clears a call that has come in: RLG at once, and the circuit is free."""
    assert tester.hex("010046") == (["RLG"], [Release(16), Idle()])
    assert tester.octets_sent == ["010017"]
    assert tester.give(SETUP)[0] == ["IAI"]


def called_over(cic, own, far, controls):
    tester = Tester(own=own, far=far)
    assert tester.tup.circuits[cic].controls == controls
    assert tester.give(SETUP, cic) == (["IAI"], [])
    assert tester.far("ACM", cic=cic) == ([], [Proceeding(), Alerting()])
    assert tester.far("ANC", cic=cic) == ([], [Connect()])
    assert tester.give(Disconnect(16), cic) == (["CLF"], [Release(16)])
    assert tester.far("RLG", cic=cic) == ([], [Idle()])


@pytest.mark.parametrize(("cic", "own", "far"), [(2, FAR, OWN), (1, OWN, FAR)])
def test_2_1_1_iam_sent_by_the_controlling_point(cic, own, far):
    """IAM sent by controlling SP: the higher point code has the even circuits, the lower one the odd ones"""
    called_over(cic, own, far, controls=True)


@pytest.mark.parametrize(("cic", "own", "far"), [(1, FAR, OWN), (2, OWN, FAR)])
def test_2_1_2_iam_sent_by_the_other_point(cic, own, far):
    """IAM sent by non-controlling SP: the same call over a circuit of the other kind"""
    called_over(cic, own, far, controls=False)


def test_2_2_1a_en_bloc_call_out():
    """En bloc operation, outgoing, with the caller's number: IAI, ACM, ANC, CLF, RLG, octet for octet"""
    tester = Tester()
    tester.give(SETUP)
    assert tester.octets_sent == ["0100210a0050214305102077"]
    assert tester.hex("01001405") == ([], [Proceeding(), Alerting()])
    assert tester.hex("010016") == ([], [Connect()])
    assert tester.give(Disconnect(16))[1] == [Release(16)]
    assert tester.octets_sent == ["010046"]
    assert tester.hex("010017") == ([], [Idle()])


def test_2_2_1b_en_bloc_call_in():
    """En bloc operation, incoming, with the caller's number: IAI, ACM, ANC, CLF, RLG, octet for octet"""
    tester = Tester()
    assert tester.hex("0100210a0050214305102077") == ([], [Seized(), OFFERED])
    tester.give(Alerting())
    assert tester.octets_sent == ["01001405"]
    tester.give(Connect())
    assert (tester.octets_sent, tester.said) == (["010016"], [Connect()])
    assert tester.hex("010046")[1] == [Release(16), Idle()]
    assert tester.octets_sent == ["010017"]


def test_2_2_2a_overlap_call_out():
    """Overlap operation, outgoing: one more signal by SAO, several by SAM; T2 begins anew with each; none after ACM"""
    tester = Tester()
    tester.give(Setup("12", overlap=True))
    assert tester.octets_sent == ["0100110a002021"]
    tester.give(Info("3"))
    assert tester.octets_sent == ["01004103"]
    tester.wait(24.0)
    tester.give(Info("45"))
    assert tester.octets_sent == ["0100312054"]
    assert tester.wait(24.0) == ([], [])
    tester.far("ACM")
    assert tester.give(Info("6")) == ([], [])


def test_2_2_2b_overlap_call_in():
    """Overlap operation, incoming: SAM and SAO complete the number, then it is offered"""
    tester = Tester()
    assert tester.hex("0100110a002021") == ([], [Seized()])
    assert tester.hex("0100312043") == ([], [])
    assert tester.hex("01004105") == ([], [Setup("12345", control="calling")])


def test_2_3_1a_ordinary_call_out():
    """Ordinary call, outgoing: every ACM (charge, no charge, coinbox, plain; subscriber free or not), every answer (ANC, ANN, ANU)"""
    for kind, free, answer in itertools.product(c.CompleteType, (True, False), ("ANC", "ANN", "ANU")):
        tester = outgoing()
        assert tester.far("ACM", c.AddressComplete(kind, subscriber_free=free)) == ([], [Proceeding(), Alerting() if free else Progress()])
        assert tester.tup.circuits[1].speech
        assert tester.far(answer) == ([], [Connect(free=answer == "ANN")])
        assert tester.far(answer) == ([], []), "a second answer is nothing new"
        clears(tester)


def test_2_3_1b_ordinary_call_in():
    """Ordinary call, incoming: ACM with and without subscriber free, with and without charge, and ANC or ANN, by what the switch says"""
    for wish, octets in ((Alerting(), "01001405"), (Proceeding(), "01001401"), (Progress(), "01001401")):
        tester = incoming()
        assert tester.give(wish) == (["ACM"], [])
        assert tester.octets_sent == [octets]
        assert tester.give(Alerting()) == ([], []), "TUP cannot tell it later; the tone is heard"
        assert tester.give(Connect()) == (["ANC"], [Connect()])
        cleared(tester)
    for tester in (incoming(variant=VARIANT.adjusted(free=["12345"])), incoming(variant=VARIANT.adjusted(answer="ANN"))):
        tester.give(Alerting())
        assert tester.octets_sent == ["01001406"]
        tester.give(Connect())
        assert tester.octets_sent == ["010026"]
        cleared(tester)


def test_2_3_2b_call_in_via_satellite():
    """Call switched via satellite, incoming: taken"""
    assert Tester().hex("0100114a0050214305") == ([], [Seized(), Setup("12345", control="calling")])
    tester = Tester()
    tester.give(SETUP)
    assert tester.fields()["satellite"] == 0, "no circuit of ours passes one"


def test_2_3_3_echo_suppressors():
    """Test for echo suppressor call set-up: IAM, ACM and GSM tell whether echo is cancelled here, as the trunk group says"""
    for cancels in (False, True):
        tester = Tester()
        tester.tup.circuits[1].echo_control = tester.tup.circuits[2].echo_control = cancels
        tester.give(SETUP)
        assert tester.fields()["echo_control"] == cancels
        assert tester.far("GRQ", c.GeneralRequest(echo_control=True))[0] == ["GSM"]
        assert tester.fields()["echo_control"] == cancels
        tester.far("IAM", cic=2)
        tester.give(Alerting(), 2)
        assert tester.fields()["echo_control"] == cancels
        tester.far("CLF", cic=2)
        tester.far("IAM", cic=2)
        tester.give(Connect(), 2)
        assert tester.fields()["echo_control"] == cancels


def test_acm_and_gsm_said_nothing_of_echo_that_is_cancelled_here():
    tester = Tester()
    for cic in (1, 2):
        tester.tup.circuits[cic].echo_control = True
    tester.far("IAI")
    tester.give(Alerting())
    assert tester.octets_sent == ["0100140d"]
    tester.give(SETUP, 2)
    assert tester.hex("02001320") == (["GSM"], [])
    assert tester.octets_sent == ["02001210"]
    assert tester.hex("02001302") == (["GSM"], []), "who does not ask is not told"
    assert tester.fields()["echo_control"] == 0


def test_2_3_4_blocking_and_unblocking_during_a_call_initiated():
    """Blocking and unblocking during a call (initiated): the call goes on, in either direction; the next one out waits for UBA"""
    for tester, state in ((outgoing(*ANSWERED), "OutAnswered"), (incoming(Connect()), "InAnswered")):
        assert tester.give(Blocked("local")) == (["BLO"], [Blocked("local")])
        assert tester.far("BLA") == ([], [])
        assert (tester.state(), tester.tup.circuits[1].speech) == (f"{state}/local", True)
        assert tester.give(Unblocked()) == (["UBL"], [])
        assert tester.far("UBA") == ([], [Unblocked()])
        assert tester.state() == state
        tester.give(Blocked("local"))
        tester.far("BLA")
        tester.give(Release(16))
        tester.far("RLG" if state == "OutAnswered" else "CLF")
        assert tester.give(SETUP) == ([], [Release(44), Idle()])


def test_2_3_5_blocking_and_unblocking_during_a_call_received():
    """Blocking and unblocking during a call (received): the call goes on, in either direction; the next one out waits for UBL"""
    for tester, state in ((outgoing(*ANSWERED), "OutAnswered"), (incoming(Connect()), "InAnswered")):
        assert tester.far("BLO") == (["BLA"], [Blocked("remote")])
        assert (tester.state(), tester.tup.circuits[1].speech) == (f"{state}/remote", True)
        assert tester.far("UBL") == (["UBA"], [Unblocked()])
        assert tester.state() == state
        tester.far("BLO")
        tester.give(Release(16))
        tester.far("RLG" if state == "OutAnswered" else "CLF")
        assert tester.give(SETUP) == ([], [Release(44), Idle()])


def test_3_1a_calling_party_clears_before_acm_call_out():
    """Calling party clears before ACM, outgoing: CLF, and the circuit is free with RLG alone"""
    clears(outgoing())


def test_3_1b_calling_party_clears_before_acm_call_in():
    """Calling party clears before ACM, incoming, with the number whole or not: RLG at once"""
    cleared(incoming())
    tester = Tester()
    tester.far("IAM", iam("12"))
    cleared(tester)


def test_3_2a_calling_party_clears_before_the_answer_call_out():
    """Calling party clears before ANS, outgoing"""
    clears(outgoing("ACM"))


def test_3_2b_calling_party_clears_before_the_answer_call_in():
    """Calling party clears before ANS, incoming"""
    cleared(incoming(Alerting()))


def test_3_3a_calling_party_clears_after_the_answer_call_out():
    """Calling party clears after ANS, outgoing"""
    clears(outgoing(*ANSWERED))


def test_3_3b_calling_party_clears_after_the_answer_call_in():
    """Calling party clears after ANS, incoming"""
    cleared(incoming(Connect()))


def test_3_4a_calling_party_clears_after_clear_back_call_out():
    """Calling party clears after CLEAR BACK, outgoing"""
    tester = outgoing(*ANSWERED)
    assert tester.hex("010036") == ([], [Suspend()])
    clears(tester)


def test_3_4b_calling_party_clears_after_clear_back_call_in():
    """Calling party clears after CLEAR BACK, incoming: of the switch's Suspend, and of its end of the call"""
    tester = incoming(Connect())
    assert tester.give(Suspend()) == (["CBK"], [])
    assert tester.octets_sent == ["010036"]
    cleared(tester)
    tester = incoming(Connect())
    assert tester.give(Disconnect(16)) == (["CBK"], [Release(16)])
    assert tester.far("CLF") == (["RLG"], [Idle()])


def test_3_5a_re_answer_call_out():
    """Reanswer, outgoing: CBK suspends where the calling party controls the release, RAN resumes"""
    tester = outgoing(*ANSWERED)
    for _ in range(2):
        assert tester.hex("010036") == ([], [Suspend()])
        assert tester.hex("010036") == ([], [])
        assert tester.hex("010056") == ([], [Resume()])
        assert tester.hex("010056") == ([], [])
    tester.far("CBK")
    assert tester.far("ANC") == ([], [Resume()]), "some exchanges answer anew"
    clears(tester)


def test_3_5b_re_answer_call_in():
    """Reanswer, incoming: Suspend and Resume of the switch are CBK and RAN"""
    tester = incoming(Connect())
    assert tester.give(Suspend()) == (["CBK"], [])
    assert tester.give(Resume()) == (["RAN"], [])
    assert tester.octets_sent == ["010056"]
    tester.give(Suspend())
    assert tester.give(Disconnect(16)) == ([], [Release(16)]), "CBK has been said"
    assert tester.far("CLF") == (["RLG"], [Idle()])
