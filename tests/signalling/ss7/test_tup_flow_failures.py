"""Of calls of the Chinese TUP that fail, and of what is abnormal, what Q.783 has no number for (GF 001-9001; Q.724)."""

from pbx.engine import Unexpected
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.variant import FAILURES
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Idle, Proceeding, Release, Reset, Seized, Setup
from tests.signalling.ss7.tup_tester import ANSWERED, SETUP, VARIANT, Tester, iam, incoming, outgoing

SAID = {1: "75", 3: "75", 4: "95", 5: "c5", 17: "1e", 21: "a5", 22: "95", 27: "85", 28: "45", 34: "25", 38: "25", 41: "15", 42: "15",
        44: "25", 57: "a5", 65: "b5", 16: "55", 18: "55", 31: "55", 102: "55", 127: "55"}  # fmt: skip


def test_10_1_misdialled_trunk_prefix_and_extended_unsuccessful():
    """MPR received and sent; EUM: reason 1 is busy, others are a failure"""
    assert outgoing().hex("0100c5") == (["CLF"], [Release(5)])
    assert incoming().give(Disconnect(5)) == (["MPR"], [Release(5)])
    assert outgoing().hex("0100f501040201") == (["CLF"], [Release(17)])
    assert outgoing().hex("0100f507040201") == (["CLF"], [Release(31)])


def test_10_2_backward_failures_after_the_answer():
    """A backward message of a failure after the answer is out of place and discarded"""
    for heading in FAILURES:
        assert outgoing(*ANSWERED).far(heading.name) == ([], [])


def test_10_3_causes_are_told_backward():
    """The switch refuses an incoming call: each cause by its message"""
    for cause, heading in SAID.items():
        for wish in (Disconnect(cause), Release(cause)):
            tester = incoming()
            assert tester.give(wish)[1] == [Release(cause)]
            assert tester.octets_sent == [f"0100{heading}"]
            assert tester.far("CLF") == (["RLG"], [Idle()])


def test_10_4_after_acm_a_failure_is_cfl():
    """After ACM a failure is told by CFL alone, or by the table where the habits say so"""
    assert incoming(Alerting()).give(Disconnect(19))[0] == ["CFL"]
    assert incoming(Alerting()).give(Release(17)) == (["CFL"], [Release(17)])
    assert incoming(Proceeding(), variant=VARIANT.adjusted(causes_after_complete=True)).give(Release(17))[0] == ["SLB"]


def test_10_5_no_answer():
    """The answer does not come: CLF"""
    tester = outgoing("ACM")
    assert tester.wait(119.9) == ([], [])
    assert tester.wait(0.2) == (["CLF"], [Release(19)])


def test_10_6_too_many_exchanges():
    """A call that has passed as many exchanges as it may goes no further"""
    assert Tester().give(Setup("12345", hops=1)) == ([], [Release(25), Idle()])


def test_11_1_clf_meant_for_the_other_call():
    """CLF in a call that we have made: of the other call, which has crossed ours; both end"""
    tester = outgoing()
    assert tester.far("CLF") == (["RLG", "CLF"], [Release(44)])
    assert tester.far("RLG") == ([], [Idle()])
    assert outgoing("ACM").far("CLF") == (["RLG", "CLF"], [Release(41)])


def test_11_2_clf_of_both_ends():
    """CLF of both ends at once: each is answered"""
    tester = outgoing()
    tester.give(Release(16))
    assert tester.far("CLF") == (["RLG"], [])
    assert tester.far("IAM") == ([], []), "not before the far end has said that the circuit is free"
    assert tester.far("RLG") == ([], [Idle()])


def test_11_3_headings_that_nobody_knows():
    """A heading that is not in the tables, at rest and in a call: discarded"""
    for tester in (Tester(), outgoing(), incoming()):
        before = tester.state()
        assert tester.hex("0100fe0102") == ([], [])
        assert tester.others == [Unexpected(before, "heading FE")]
        assert tester.state() == before


def test_11_4_octets_that_are_no_message():
    """Octets that are no message are said to be malformed and change nothing"""
    tester = outgoing()
    for octets in ("01", "0100", "010014", "01002c01"):
        assert tester.hex(octets) == ([], [])
        assert type(tester.others[0]).__name__ == "Malformed"
    assert tester.state() == "OutWaitAddressComplete"


def test_11_5_setup_for_a_circuit_at_work():
    """A Setup that meets a circuit at work: 44, and nothing is sent"""
    for tester in (outgoing(), incoming(), incoming(Disconnect(17))):
        assert tester.give(SETUP) == ([], [Release(44)])


def test_11_6_speech_of_the_switch_after_the_end():
    """What the switch says when the call is over means nothing"""
    tester = outgoing()
    for wish in (Release(16), Disconnect(16), Alerting(), Connect()):
        tester.give(wish)
    assert tester.state() == "WaitRelease"
    tester.far("RLG")
    for wish in (Release(16), Disconnect(16), Alerting(), Connect()):
        assert tester.give(wish) == ([], [])


def test_11_7_all_is_brought_to_rest_by_order():
    """Reset by order in a call of either direction: RSC; the call is over"""
    for tester in (outgoing(*ANSWERED), incoming(Connect())):
        assert tester.give(Reset()) == (["RSC"], [Release(41)])
        assert tester.octets_sent == ["010077"]
        assert tester.far("RLG") == ([], [Idle()])


def test_11_8_a_second_decoder_reads_what_a_peer_might_send():
    """Octets behind the last field and spare bits are passed over"""
    assert outgoing().hex("010014c5ffff") == ([], [Proceeding(), Alerting()])
    assert Tester().far("IAM", iam("12345", nature=1))[1] == [Seized(), Setup("12345", control="calling")]
    additional = c.Additional(other=0x01, rest=b"\x01\x02")
    assert Tester().far("IAI", iam(additional=additional))[1] == [Seized(), Setup("12345", control="calling")]
