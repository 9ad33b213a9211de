"""Q.783 section 4 with the Chinese TUP: unsuccessful set-up, one test for each item; behind its eleven SLB and STB, which China adds."""

from pbx.signalling.ss7.tup.variant import FAILURES
from pbx.vocabulary.call import Alerting, Disconnect, Idle, Release, Seized
from tests.signalling.ss7.tup_tester import SETUP, VARIANT, Tester, iam, incoming, outgoing

NUMBERS = {
    "SEC": 1,
    "CGC": 2,
    "NNC": 3,
    "ADI": 4,
    "CFL": 5,
    "SSB": 6,
    "UNN": 7,
    "LOS": 8,
    "SST": 9,
    "ACB": 10,
    "DPN": 11,
    "SLB": 12,
    "STB": 13,
}


def received(octets, cause, busy_with=""):
    """Before and after ACM: CLF, the cause by Q.850 goes up, RLG frees the circuit."""
    for before in ((), ("ACM",)):
        tester = outgoing(*before)
        assert tester.hex(octets) == (["CLF"], [Release(cause, busy_with)])
        assert tester.octets_sent == ["010046"]
        assert tester.give(SETUP) == ([], [Release(44)])
        assert tester.far("RLG") == ([], [Idle()])
        assert tester.give(SETUP)[0] == ["IAI"]


def sent(octets, *causes, variant=VARIANT, busy_with=""):
    """The switch refuses a call that has come in: its cause by the message, and the circuit is not free before CLF."""
    for cause in causes:
        for wish in (Disconnect(cause, busy_with), Release(cause, busy_with)):
            failed(incoming(variant=variant), octets, lambda tester, wish=wish: tester.give(wish), cause)


def failed(tester, octets, why, cause):
    assert why(tester)[1][-1] == Release(cause)
    assert tester.octets_sent == [octets]
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.far("CLF") == (["RLG"], [Idle()])
    assert tester.give(SETUP)[0] == ["IAI"]


def test_every_failure_has_its_number():
    assert set(NUMBERS) | {"MPR", "EUM"} == {heading.name for heading in FAILURES}
    names = globals()
    for name, number in NUMBERS.items():
        assert f"test_4_{number}_1_{name.lower()}_received" in names
        assert (f"test_4_{number}_2_{name.lower()}_sent" in names) == (name not in ("NNC", "SSB"))


def test_4_1_1_sec_received():
    """SEC received"""
    received("010015", 42)


def test_4_1_2_sec_sent():
    """SEC sent: 41, 42"""
    sent("010015", 41, 42)


def test_4_2_1_cgc_received():
    """CGC received"""
    received("010025", 34)


def test_4_2_2_cgc_sent():
    """CGC sent: 34, 38, 44"""
    sent("010025", 34, 38, 44)


def test_4_3_1_nnc_received():
    """NNC received"""
    received("010035", 38)


def test_4_4_1_adi_received():
    """ADI received"""
    received("010045", 28)


def test_4_4_2_adi_sent():
    """ADI sent: 28; digits do not come, ST comes too early, the number is too long"""
    sent("010045", 28)
    tester = Tester()
    tester.far("IAM", iam("123"))
    assert tester.wait(14.9) == ([], [])
    assert tester.wait(0.2) == (["ADI"], [Release(28)])
    assert tester.far("CLF") == (["RLG"], [Idle()])
    for digits in ("123F", "1234567"):
        failed(Tester(), "010045", lambda tester, digits=digits: tester.far("IAM", iam(digits)), 28)


def test_4_5_1_cfl_received():
    """CFL received"""
    received("010055", 31)


def test_4_5_2_cfl_sent():
    """CFL sent: every cause that has no message of its own; after ACM every cause"""
    sent("010055", 16, 18, 31, 102, 127)
    for cause in (17, 19, 27):
        failed(incoming(Alerting()), "010055", lambda tester, cause=cause: tester.give(Disconnect(cause)), cause)


def test_4_6_1_ssb_received():
    """SSB received"""
    received("010065", 17)


def test_4_7_1_unn_received():
    """UNN received"""
    received("010075", 1)


def test_4_7_2_unn_sent():
    """UNN sent: 1, 3; a called number that the numbering plan does not know"""
    sent("010075", 1, 3)
    assert Tester().far("IAM", iam("9")) == (["UNN"], [Seized(), Release(1)])


def test_4_8_1_los_received():
    """LOS received"""
    received("010085", 27)


def test_4_8_2_los_sent():
    """LOS sent: 27"""
    sent("010085", 27)


def test_4_9_1_sst_received():
    """SST received"""
    received("010095", 4)


def test_4_9_2_sst_sent():
    """SST sent: 4, 22"""
    sent("010095", 4, 22)


def test_4_10_1_acb_received():
    """ACB received"""
    received("0100a5", 21)


def test_4_10_2_acb_sent():
    """ACB sent: 21, 57"""
    sent("0100a5", 21, 57)


def test_4_11_1_dpn_received():
    """DPN received"""
    received("0100b5", 65)


def test_4_11_2_dpn_sent():
    """DPN sent: 65"""
    sent("0100b5", 65)


def test_4_12_1_slb_received():
    """SLB received (China: busy in a local call)"""
    received("01001e", 17, "local")


def test_4_12_2_slb_sent():
    """SLB sent (China): 17, where other networks have SSB"""
    sent("01001e", 17)
    sent("01001e", 17, busy_with="local")


def test_4_13_1_stb_received():
    """STB received (China: busy in a toll call)"""
    received("01002e", 17, "toll")


def test_4_13_2_stb_sent():
    """STB sent (China): 17 where a toll call keeps the line busy"""
    sent("01002e", 17, busy_with="toll")
    sent("01001e", 17, busy_with="toll", variant=VARIANT.adjusted(busy={}))
