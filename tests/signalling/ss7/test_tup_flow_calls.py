"""Of calls of the Chinese TUP what Q.783 has no number for: addresses, callers, control of release, charging, operators (GF 001-9001)."""

import pytest

from pbx.signalling.ss7.tup import contents as c
from pbx.vocabulary.call import (
    Alerting,
    Connect,
    Disconnect,
    Idle,
    Info,
    Metering,
    OperatorSignal,
    Proceeding,
    Redirection,
    Release,
    Resume,
    Seized,
    Setup,
    Suspend,
)
from tests.signalling.ss7.tup_tester import ANSWERED, OFFERED, SETUP, VARIANT, Tester, iai, iam, incoming, outgoing


def test_7_1_circuit_in_the_label():
    """The circuit's code of twelve bits: its low four are the SLS, the next four stand above it, the rest begins the data"""
    tester = Tester(circuits=(0xABD,))
    (transfer,) = tester.tup.give(0xABD, Setup("12345"), 0.0)
    assert (transfer.sls, transfer.above, transfer.data.hex()) == (0xD, 0xB, "0a110a0050214305")


def test_7_2_circuit_in_a_label_of_14_bits():
    """The same with point codes of 14 bits: the rest of the code is the first octet of data"""
    tester = Tester(VARIANT.adjusted(label="14"), circuits=(0xABD,))
    (transfer,) = tester.tup.give(0xABD, Setup("12345"), 0.0)
    assert (transfer.sls, transfer.above, transfer.data.hex()) == (0xD, 0, "ab110a0050214305")
    answer = tester.tup.receive(type(transfer)(4, 0x010203, 0x010204, 0xD, bytes.fromhex("ab1405")), 0.0)
    assert [each.output for each in answer] == [Proceeding(), Alerting()]


def test_7_3_no_digits_after_an_en_bloc_address():
    """Outgoing call en bloc: the switch's later digits are not sent"""
    assert outgoing().give(Info("6")) == ([], [])


def test_7_4_incoming_call_in_overlap_through_the_switch():
    """Where the route is known the call is offered before its number is whole, and the rest follows as Info"""
    tester = Tester()
    assert tester.far("IAM", iam("81"))[1] == [Seized(), Setup("81", overlap=True, control="calling")]
    assert tester.far("SAM") == ([], [Info("45")])
    assert tester.far("SAO") == ([], [Info("5")])


def test_7_5_late_digits_of_a_whole_number():
    """Signals behind a number that is whole are discarded; so is a SAM without any"""
    tester = incoming()
    assert tester.far("SAM") == ([], [])
    tester = Tester()
    tester.far("IAM", iam("81"))
    assert tester.far("SAM", c.SubsequentAddress("")) == ([], [])


def test_7_6_end_of_pulsing():
    """ST ends a number that could grow; digits end by themselves when no more come"""
    assert Tester().far("IAM", iam("6789F"))[1][1].called == "6789"
    tester = Tester()
    tester.far("IAM", iam("678"))
    assert tester.wait(15.0)[1] == [Setup("678", control="calling")]


def test_7_7_more_than_fifteen_signals():
    """A number of more than fifteen signals: IAM with the first, SAM or SAO with the rest"""
    tester = Tester()
    assert tester.give(Setup("1234567890123456"))[0] == ["IAM", "SAO"]
    assert tester.octets_sent == ["0100110a00f02143658709214305", "01004106"]
    assert Tester().give(Setup("12345678901234567"))[0] == ["IAM", "SAM"]


def test_7_8_numbers_and_their_natures():
    """National and international numbers, called and calling, either way; * and # are the codes 11 and 12"""
    tester = Tester()
    tester.give(Setup("02112345678", "008613900001111"))
    assert tester.fields()["signals"] == "2112345678"
    assert (tester.fields()["nature"], tester.fields()["calling"]["nature"]) == (2, 3)
    tester.give(Setup("*1#"), 2)
    assert tester.fields()["signals"] == "B1C"
    line = c.LineIdentity("8613900001111", c.Nature.INTERNATIONAL)
    assert Tester().far("IAI", iai(caller=line))[1][1].calling == "008613900001111"
    line = c.LineIdentity("2112345678", c.Nature.NATIONAL)
    assert Tester().far("IAI", iai(caller=line))[1][1].calling == "02112345678"


def test_7_9_a_number_that_cannot_be_sent():
    """A called number with signs that TUP has not: the circuit never leaves rest"""
    assert Tester().give(Setup("12A")) == ([], [Release(28), Idle()])


def test_7_10_the_caller_must_not_be_shown():
    """A caller's number that is restricted, either way"""
    tester = Tester()
    tester.give(Setup("12345", "77", restricted=True))
    assert tester.fields()["calling"] == {"nature": 0, "restricted": 1, "incomplete": 0, "signals": "77"}
    line = c.LineIdentity("77", c.Nature.SUBSCRIBER, restricted=True)
    assert Tester().far("IAI", iai(caller=line))[1][1] == Setup("12345", "77", restricted=True, control="calling")


def test_7_11_categories():
    """The KA of China No.1 as calling party's category and back; a test call"""
    for ka, code in ((1, 17), (2, 18), (3, 19), (5, 16), (8, 21), (10, 20), (0, 10)):
        tester = Tester()
        tester.give(Setup("12345", category=0x20 | ka))
        assert tester.fields()["category"] == code
        assert Tester().far("IAM", iam(category=code))[1][1].category == ka
    tester = Tester()
    tester.give(Setup("12345", test=True))
    assert tester.fields()["category"] == 13
    assert Tester().far("IAM", iam(category=13))[1][1].test


def test_7_12_redirected_calls():
    """A redirected call: the bit that says so, and for whom it was; either way"""
    tester = Tester()
    tester.give(Setup("12345", redirection=Redirection("02199", "88")))
    assert (tester.fields()["redirected"], tester.fields()["original_called"]) == (1, {"nature": 2, "signals": "2199"})
    initial = iai(caller=None, original=c.OriginalCalledAddress("2199", c.Nature.NATIONAL))
    assert Tester().far("IAI", initial)[1][1].redirection == Redirection("02199")


def test_7_13_the_callers_number_is_asked_for():
    """GRQ and GSM, our end asks: caller and category come before the call is offered"""
    tester = Tester(VARIANT.adjusted(ask_caller=True))
    assert tester.far("IAM") == (["GRQ"], [Seized()])
    assert tester.octets_sent == ["01001302"]
    # GSM: category and calling line; the category is 18, the line is 021 12345678.
    assert tester.hex("0100120312a21221436587") == ([], [Setup("12345", "02112345678", 2, control="calling")])
    tester = Tester(VARIANT.adjusted(ask_caller=True))
    assert tester.far("IAI")[0] == []


def test_7_14_the_callers_number_is_not_told():
    """GSM without a number, and no GSM at all: the call is offered without; digits may come meanwhile"""
    tester = Tester(VARIANT.adjusted(ask_caller=True))
    tester.far("IAM")
    assert tester.far("GSM", c.GeneralInformation()) == ([], [Setup("12345", control="calling")])
    tester = Tester(VARIANT.adjusted(ask_caller=True))
    tester.far("IAM", iam("81"))
    assert tester.far("SAO") == ([], [])
    assert tester.wait(13.0) == ([], [Setup("815", overlap=True, control="calling")])


def test_7_15_the_far_end_asks_for_the_callers_number():
    """GRQ received: GSM tells caller, category and for whom the call was, as far as they are known and asked for"""
    tester = Tester(VARIANT.adjusted(caller_by_iai=False))
    tester.give(Setup("12345", "77", 2, redirection=Redirection("88")))
    tester.give(Setup("12345", "77", 2), 2)
    assert tester.octets_sent == ["020011120050214305"]
    assert tester.hex("02001303")[0] == ["GSM"]
    assert tester.octets_sent == ["02001203122077"]
    assert tester.far("GRQ", c.GeneralRequest(original_called=True))[0] == ["GSM"]
    assert tester.fields()["original_called"] == {"nature": 0, "signals": "88"}
    tester.give(Setup("12345"), 3)
    assert tester.hex("03001302")[0] == ["GSM"]
    assert tester.octets_sent == ["03001200"]


def test_7_16_acm_when_the_switch_says_nothing():
    """When nothing is said for long, ACM makes the far end go on waiting"""
    tester = incoming()
    assert tester.wait(14.9) == ([], [])
    assert tester.wait(0.2) == (["ACM"], [])
    assert tester.fields()["subscriber_free"] == 0


def test_7_17_answer_without_a_word_before():
    """Connect without a word before: ACM and the answer; an answer without ACM is taken for both"""
    assert incoming().give(Connect()) == (["ACM", "ANC"], [Connect()])
    assert outgoing().far("ANC") == ([], [Proceeding(), Connect()])


def test_7_18_speech():
    """The way is through from ACM or the offer on, not before and not while CLF is awaited"""
    tester = Tester()
    circuit = tester.tup.circuits[1]
    found = [circuit.speech]
    for step in (SETUP, "ACM", "ANC", "CBK", Release(16)):
        (tester.far if isinstance(step, str) else tester.give)(step)
        found.append(circuit.speech)
    assert found == [False, False, True, True, True, False]


@pytest.mark.parametrize("cic", [1, 17, 31])
def test_7_19_every_circuit_is_alike(cic):
    """Calls over any circuit of a span, both ways"""
    tester = Tester()
    assert tester.give(SETUP, cic)[0] == ["IAI"]
    for name in ("ACM", "ANC", "CBK"):
        tester.far(name, cic=cic)
    tester.give(Release(16), cic)
    assert tester.far("RLG", cic=cic) == ([], [Idle()])
    assert tester.far("IAI", cic=cic) == ([], [Seized(), OFFERED])


def test_8_1_called_party_does_not_lift_again():
    """After CBK the call is cleared when the called party has not lifted again in time"""
    tester = outgoing(*ANSWERED, "CBK")
    assert tester.wait(89.9) == ([], [])
    assert tester.wait(0.2) == (["CLF"], [Release(16)])


def test_8_2_called_party_hangs_up_neither_controls():
    """CBK clears where neither party controls the release; Setup may say otherwise"""
    mutual = VARIANT.adjusted(release_control="mutual")
    assert outgoing(*ANSWERED, variant=mutual).far("CBK") == (["CLF"], [Release(16)])
    asked = outgoing(*ANSWERED, setup=Setup("12345", control="calling"), variant=mutual)
    assert asked.far("CBK") == ([], [Suspend()])
    assert Tester(mutual).far("IAM")[1][1].control == ""


def test_8_3_called_party_controls():
    """Calls to 119, 110 and operators: CCL when the caller hangs up, the circuit is held until CBK"""
    for digits in ("119", "110", "120", "113"):
        tester = outgoing(*ANSWERED, setup=Setup(digits))
        assert tester.give(Disconnect(16)) == (["CCL"], [])
        assert tester.octets_sent == ["010076"]
        assert tester.give(Disconnect(16)) == ([], [])
        assert tester.far("CBK") == (["CLF"], [Release(16)])


def test_8_4_called_party_controls_and_hangs_up_first():
    """The called party who controls the release hangs up first: CLF at once"""
    assert outgoing(*ANSWERED, setup=Setup("119")).far("CBK") == (["CLF"], [Release(16)])


def test_8_5_called_party_controls_in_overlap():
    """A number that grows into one whose party controls the release"""
    tester = Tester()
    tester.give(Setup("1", overlap=True))
    tester.give(Info("19"))
    tester.far("ACM")
    tester.far("ANC")
    assert tester.give(Disconnect(16))[0] == ["CCL"]


def test_8_6_a_caller_who_is_held():
    """While the circuit is held: the caller is rung back by OPR, may lift again, and the switch may let go in spite of all"""
    tester = outgoing(*ANSWERED, setup=Setup("119"))
    tester.give(Disconnect(16))
    assert tester.far("OPR") == ([], [OperatorSignal("ring-back")])
    tester.give(Resume())
    assert tester.state() == "OutAnswered"
    tester.give(Disconnect(16))
    assert tester.give(Release(16)) == (["CLF"], [Release(16)])
    tester = outgoing(*ANSWERED, setup=Setup("119"))
    tester.give(Disconnect(16))
    assert tester.wait(180.0) == (["CLF"], [Release(16)])


def test_8_7_ccl_received():
    """CCL received: the switch hears that the caller has gone, and clears by CBK when the called party does"""
    tester = incoming(Connect())
    assert tester.hex("010076") == ([], [Disconnect(16)])
    assert tester.give(Disconnect(16)) == (["CBK"], [Release(16)])
    assert tester.far("CLF") == (["RLG"], [Idle()])


def test_8_8_our_called_party_clears():
    """The switch clears an answered incoming call: CBK, and the circuit is not free before CLF"""
    for wish in (Disconnect(16), Release(16)):
        tester = incoming(Connect())
        assert tester.give(wish) == (["CBK"], [Release(16)])
        assert tester.give(SETUP) == ([], [Release(44)])
        assert tester.give(wish) == ([], [])
        assert tester.far("CLF") == (["RLG"], [Idle()])


def test_8_9_cbk_may_have_been_lost():
    """CLF does not come long after CBK: CBK again"""
    tester = incoming(Connect(), Disconnect(16))
    assert tester.wait(301.0) == (["CBK", "CBK"], [])


def test_9_1_metering():
    """MPM: two octets, the low one first; either way"""
    tester = outgoing(*ANSWERED)
    assert tester.hex("01002c0201") == ([], [Metering(0x0102)])
    assert tester.hex("01002c0100") == ([], [Metering()])
    assert tester.hex("01002c0000") == ([], [])
    tester = incoming(Connect())
    tester.give(Metering(0x0102))
    assert tester.octets_sent == ["01002c0201"]
    assert tester.give(Metering(0x10000)) == ([], [])
    assert incoming(Connect(), variant=VARIANT.adjusted(charge_messages=False)).give(Metering(1)) == ([], [])


def test_9_2_operators_signals():
    """OPR: forward before the answer offers the call, after it rings again; backward it rings the operator; FOT rings again"""
    tester = outgoing(*ANSWERED)
    assert tester.give(OperatorSignal("re-ring"))[0] == ["OPR"]
    assert tester.octets_sent == ["01001d"]
    assert tester.far("OPR") == ([], [OperatorSignal("ring-back")])
    tester = incoming(Alerting())
    assert tester.far("OPR") == ([], [OperatorSignal("forced-release")])
    tester.give(Connect())
    for name in ("OPR", "FOT"):
        assert tester.far(name) == ([], [OperatorSignal("re-ring")])
    assert tester.give(OperatorSignal("ring-back"))[0] == ["OPR"]


def test_9_3_malicious_call_reported():
    """The called party reports a malicious call: MAL; GRQ asks for the caller where he is not known"""
    tester = incoming(Connect())
    assert tester.give(OperatorSignal("malicious-call"))[0] == ["MAL"]
    tester = Tester()
    tester.far("IAM")
    tester.give(Connect())
    assert tester.give(OperatorSignal("malicious-call"))[0] == ["MAL", "GRQ"]
    assert tester.octets_sent == ["01001f", "0100130a"]
    tester.far("GSM")
    assert "caller is 77" in tester.others[0].text


def test_9_4_malicious_call_traced():
    """MAL received: people and the switch hear it; GRQ for identification is answered by GSM with the caller"""
    tester = outgoing(*ANSWERED)
    assert tester.hex("01001f") == ([], [OperatorSignal("malicious-call")])
    assert "caller is 77" in tester.others[0].text
    assert tester.hex("01001308")[0] == ["GSM"]
    assert tester.octets_sent == ["010012222077"]
    tester = outgoing(*ANSWERED, setup=Setup("12345"))
    assert tester.hex("01001308")[0] == ["GSM"]
    assert tester.octets_sent == ["01001200"]


def test_9_5_charging_message_of_other_networks():
    """CHG, whose contents no source tells, is noted"""
    tester = outgoing("ACM")
    assert tester.far("CHG") == ([], [])
    assert [each.text for each in tester.others] == ["<- CHG"]
