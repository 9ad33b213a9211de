"""Calls with a signalling point that nobody here wrote: libss7 2.0.0, unmodified, against our whole stack, unit by unit at 64 kbit/s.

Each test runs twice: with labels of 14 bits, as libss7 has them, and of 24 bits, as China has them, widened on the wire. At its end both
ends are at rest, nothing was unexpected to us, and libss7 has complained of nothing. What libss7 cannot show stands in
docs/conformance/no7-foreign.md.
"""

import pytest

from pbx.vocabulary.call import (
    Alerting,
    Connect,
    Disconnect,
    Idle,
    Info,
    Proceeding,
    Progress,
    Redirection,
    Release,
    Resume,
    Seized,
    Setup,
    Suspend,
)
from tests.interop.libss7 import library
from tests.interop.libss7.facing import Facing
from tests.interop.libss7.far_point import CPG_ALERTING, CPG_IN_BAND, INTERNATIONAL, NATIONAL, RESTRICTED, SUBSCRIBER

pytestmark = pytest.mark.skipif(not library.installed(), reason="libss7 is not installed (Debian package libss7-dev)")

OURS, THEIRS = 3, 4
"""A circuit for our calls, one for theirs."""
NETWORK, USER = 1, 0
CAUSES = (1, 3, 16, 17, 18, 19, 21, 27, 28, 31, 34, 41, 42, 102, 111)
SOON_S = 0.2


@pytest.fixture(params=[14, 24], ids=["14 bits", "24 bits"])
def bits(request):
    return request.param


@pytest.fixture
def facing(bits):
    made = Facing(bits).start()
    made.point.said.clear()
    yield made
    made.settle()


def say(facing, *primitives, cic=OURS):
    """What our switch says, one after the other; all that the circuit has said to the switch meanwhile."""
    before = len(facing.point.said)
    for primitive in primitives:
        facing.give(cic, primitive)
        facing.run(SOON_S)
    return [output for _, each, output in facing.point.said[before:] if each == cic]


def they_say(facing, *messages, cic=OURS):
    """What libss7's switch says; all that our circuit has said meanwhile."""
    before = len(facing.point.said)
    for message in messages:
        name, *arguments = message if isinstance(message, tuple) else (message,)
        if name == "rel":
            facing.far.release(cic, *arguments)
        else:
            facing.far.say(name, cic, *arguments)
        facing.run(SOON_S)
    return [output for _, each, output in facing.point.said[before:] if each == cic]


def they_call(facing, called="12345", *arguments, cic=THEIRS, **told):
    before = len(facing.point.said)
    facing.far.place(cic, called, *arguments, **told)
    facing.run(SOON_S)
    return [output for _, each, output in facing.point.said[before:] if each == cic]


def test_alignment_link_test_restart_and_reset(bits):
    """libss7 wants emergency alignment, so both prove for T4e; each tests the link; TRA goes both ways; libss7's user resets circuits."""
    facing = Facing(bits)
    facing.begin()
    assert facing.run(1, lambda: not facing.point.unavailable())
    assert 0.5 <= facing.now <= 0.7
    assert facing.run(2, lambda: facing.far.up and len(facing.far.heard("GRA")) == 2)
    for way in ("->", "<-"):
        assert sorted(facing.point.management(way, "SLTM", "SLTA", "TRA")) == ["SLTA", "SLTM", "TRA"]
    facing.settle()


def test_our_resets_are_answered_when_the_link_is_there(bits):
    """GRS given before anything can pass is repeated by T22."""
    facing = Facing(bits, reset=True).start()
    assert facing.far.heard("GRS") == [("GRS", 1), ("GRS", 17)]
    assert 16 <= facing.now <= 17
    facing.settle()


def test_the_link_is_tested_again_each_minute(facing):
    facing.run(130)
    for way in ("->", "<-"):
        assert facing.point.management(way, "SLTM", "SLTA").count("SLTM") == 3
        assert facing.point.management(way, "SLTM", "SLTA").count("SLTA") == 3


def test_a_call_of_ours(facing):
    assert say(facing, Setup("54321", "8765432")) == []
    told = facing.far.told("IAM")
    assert (told["called"], told["nature"], told["calling"], told["type"]) == ("54321", SUBSCRIBER, "8765432", SUBSCRIBER)
    assert they_say(facing, "acm", ("cpg", CPG_ALERTING), "anm") == [Proceeding(), Alerting(), Connect()]
    assert say(facing, Disconnect(16)) == [Release(16), Idle()]
    assert facing.far.told("REL")["cause"] == 16


def test_a_call_of_ours_cleared_by_them(facing):
    say(facing, Setup("54321"))
    assert they_say(facing, "acm", "anm", ("rel", 16)) == [Proceeding(), Connect(), Release(16), Idle()]
    assert facing.far.heard("RLC") == [("RLC", OURS)]


def test_a_call_of_theirs(facing):
    assert they_call(facing, "12345", "7654321") == [Seized(), Setup("12345", "7654321")]
    assert say(facing, Alerting(), Connect(), cic=THEIRS) == [Connect()]
    assert facing.far.heard("ACM", "ANM") == [("ACM", THEIRS), ("ANM", THEIRS)]
    assert facing.far.told("ACM")["value"] == 1, "subscriber free"
    assert they_say(facing, ("rel", 16), cic=THEIRS) == [Release(16), Idle()]
    assert facing.far.heard("RLC") == [("RLC", THEIRS)]


def test_a_call_of_theirs_cleared_by_us(facing):
    they_call(facing)
    assert say(facing, Proceeding(), Alerting(), Progress(), Connect(), Disconnect(16), cic=THEIRS) == [Connect(), Release(16), Idle()]
    assert facing.far.heard("ACM", "CPG", "ANM", "REL") == [(kind, THEIRS) for kind in ("ACM", "CPG", "CPG", "ANM", "REL")]
    assert [told["value"] for _, kind, _, told in facing.far.events if kind == "CPG"] == [CPG_ALERTING, CPG_IN_BAND]


def test_answers_without_a_word_before(facing):
    """CON both ways."""
    say(facing, Setup("54321"))
    assert they_say(facing, "con", ("rel", 16)) == [Proceeding(), Connect(), Release(16), Idle()]
    they_call(facing)
    assert say(facing, Connect(), Disconnect(16), cic=THEIRS) == [Connect(), Release(16), Idle()]
    assert facing.far.heard("CON", "ACM") == [("CON", THEIRS)]


def test_the_connected_number_is_told_to_who_asks_for_it(bits):
    """Their call that does not ask hears none, one that asks hears ours; our call that asks hears theirs."""
    facing = Facing(bits, ask_connected=True).start()
    for asks in (False, True):
        they_call(facing, asks_connected=asks)
        say(facing, Alerting(), Connect("2345678"), Disconnect(16), cic=THEIRS)
        assert facing.far.told("ANM")["called"] == ("2345678" if asks else "")
    for message in ("anm", "con"):
        say(facing, Setup("54321"))
        facing.far.connected(OURS, "2187654321", NATIONAL)
        they_say(facing, *(("acm", "anm") if message == "anm" else ("con",)))
        assert facing.said(Connect)[-1] == (OURS, Connect("02187654321"))
        say(facing, Release(16))
    facing.settle()


def test_something_is_to_be_heard(facing):
    """CPG with in-band information from them; ours is in the ACM's optional indicators, which libss7 reads over."""
    say(facing, Setup("54321"))
    assert they_say(facing, "acm", ("cpg", CPG_IN_BAND), ("rel", 16)) == [Proceeding(), Progress(), Release(16), Idle()]
    they_call(facing)
    say(facing, Progress(), Disconnect(16), cic=THEIRS)
    assert facing.far.heard("ACM", "REL") == [("ACM", THEIRS), ("REL", THEIRS)]


def test_every_cause_as_given(facing):
    for cause in CAUSES:
        say(facing, Setup("54321"))
        assert they_say(facing, ("rel", cause)) == [Release(cause), Idle()]
        they_call(facing)
        assert say(facing, Disconnect(cause), cic=THEIRS) == [Release(cause), Idle()]
        assert facing.far.told("REL")["cause"] == cause


def test_numbers_of_every_nature(facing):
    """Called and calling number as dialled with us, with their nature on the wire; of an odd and an even count."""
    natures = {"54321": SUBSCRIBER, "654321": SUBSCRIBER, "013912345678": NATIONAL, "0085212345678": INTERNATIONAL}
    prefix = {SUBSCRIBER: "", NATIONAL: "0", INTERNATIONAL: "00"}
    for digits, nature in natures.items():
        say(facing, Setup(digits, digits))
        told = facing.far.told("IAM")
        assert (told["nature"], told["type"]) == (nature, nature)
        assert (prefix[nature] + told["called"], prefix[nature] + told["calling"]) == (digits, digits)
        say(facing, Release(16))
    for digits, nature in (("12345", SUBSCRIBER), ("123456789", NATIONAL), ("12345678", INTERNATIONAL)):
        dialled = prefix[nature] + digits
        assert they_call(facing, digits, digits, nature=nature) == [Seized(), Setup(dialled, dialled)]
        they_say(facing, ("rel", 16), cic=THEIRS)


def test_a_caller_who_must_not_be_shown(facing):
    say(facing, Setup("54321", "8765432", restricted=True))
    told = facing.far.told("IAM")
    assert (told["calling"], told["presentation"]) == ("8765432", RESTRICTED)
    say(facing, Release(16))
    assert they_call(facing, "12345", "7654321", presentation=RESTRICTED)[1] == Setup("12345", "7654321", restricted=True)
    they_say(facing, ("rel", 16), cic=THEIRS)


def test_categories(facing):
    for category, code in ((0, 0x0A), (1, 0xF1), (2, 0xF2), (3, 0xF3), (5, 0xF0), (8, 0xF5), (10, 0xF4)):
        say(facing, Setup("54321", category=category))
        assert facing.far.told("IAM")["category"] == code
        say(facing, Release(16))
        assert they_call(facing, category=code)[1].category == category
        they_say(facing, ("rel", 16), cic=THEIRS)


def test_redirected_calls(facing):
    """Original called number, redirecting number, reason."""
    say(facing, Setup("54321", redirection=Redirection("23456", "34567", 1, 2)))
    told = facing.far.told("IAM")
    assert (told["original"], told["redirecting"], told["cause"]) == ("23456", "34567", 2)
    say(facing, Release(16))
    (_, setup) = they_call(facing, redirected=("45678", "56789", 3))
    assert setup.redirection == Redirection("45678", "56789", 1, 3)
    they_say(facing, ("rel", 16), cic=THEIRS)


def test_overlap(facing):
    """SAM of ours; libss7 sends its numbers whole, with ST, which ends a number of ours that may still grow."""
    say(facing, Setup("5", overlap=True), Info("43"), Info("2"), Info("1"))
    assert facing.far.heard("SAM") == [("SAM", OURS)] * 3
    assert [told["called"] for _, kind, _, told in facing.far.events if kind in ("IAM", "SAM")] == ["5", "43", "2", "1"]
    assert they_say(facing, "acm", "anm") == [Proceeding(), Connect()]
    say(facing, Release(16))
    assert they_call(facing, "6123") == [Seized(), Setup("6123")]
    they_say(facing, ("rel", 16), cic=THEIRS)


def test_numbers_that_nobody_has(facing):
    assert they_call(facing, "91234") == [Seized(), Release(1), Idle()]
    assert they_call(facing, "1") == [Seized(), Release(28), Idle()]
    assert [told["cause"] for _, kind, _, told in facing.far.events if kind == "REL"] == [1, 28]


def test_suspend_and_resume(facing):
    """By the network both ways; by a user of theirs."""
    say(facing, Setup("54321"))
    they_say(facing, "acm", "anm")
    for who in (NETWORK, USER):
        assert they_say(facing, ("sus", who), ("res", who)) == [Suspend(), Resume()]
    say(facing, Release(16))
    they_call(facing)
    say(facing, Alerting(), Connect(), Suspend(), Resume(), cic=THEIRS)
    assert [(kind, told["network"]) for _, kind, _, told in facing.far.events if kind in ("SUS", "RES")] == [("SUS", 1), ("RES", 1)]
    they_say(facing, ("rel", 16), cic=THEIRS)


def test_a_suspended_call_ends_after_t6(facing):
    """Ours after their SUS, theirs after ours, each by its own T6."""
    say(facing, Setup("54321"))
    they_say(facing, "acm", "anm", ("sus", NETWORK))
    they_call(facing)
    say(facing, Alerting(), Connect(), Suspend(), cic=THEIRS)
    facing.run(89)
    assert not facing.said(Release)
    facing.run(3)
    assert [cic for cic, _ in facing.said(Release)] == [OURS, THEIRS]


def test_nobody_answers_an_address(facing):
    """T7 of ours."""
    facing.far.library.ss7_set_isup_timer(facing.far.ss7, b"t35", 0)  # else it ends the call, as there is no ST
    say(facing, Setup("54321"))
    facing.run(24)
    assert not facing.said(Release)
    facing.run(2)
    assert facing.said(Release) == [(OURS, Release(102))]


def test_a_switch_that_says_nothing_keeps_the_call_by_t11(facing):
    """Our T11 sends ACM before their T7 ends the call."""
    they_call(facing)
    facing.run(20)
    assert facing.far.heard("ACM") == [("ACM", THEIRS)]
    assert they_say(facing, ("rel", 16), cic=THEIRS) == [Release(16), Idle()]


def test_digits_that_do_not_come(facing):
    """T35 at their end, after our IAM without the end of the number."""
    say(facing, Setup("5", overlap=True))
    facing.run(16)
    assert facing.said(Release) == [(OURS, Release(28))]


def test_they_ask_for_the_caller(bits):
    """INR of theirs: INF of ours says the number, or that it is not to be had."""
    facing = Facing(bits, far_asks=True).start()
    say(facing, Setup("54321", "8765432", category=10))
    they_say(facing, ("inr", 0x09, 0))
    assert [(told["calling"], told["category"]) for _, kind, _, told in facing.far.events if kind == "IAM"] == [("8765432", 0xF4)] * 2
    say(facing, Release(16))
    facing.far.events.clear()
    say(facing, Setup("54321"))
    assert [told["calling"] for _, kind, _, told in facing.far.events if kind == "IAM"] == [""]
    assert they_say(facing, "acm", "anm") == [Proceeding(), Connect()]
    say(facing, Release(16))
    facing.settle()


def test_we_ask_for_the_caller(bits):
    """INR of ours: INF of theirs says that the number is not to be had, or says it."""
    facing = Facing(bits, ask_caller=True).start()
    assert they_call(facing) == [Seized(), Setup("12345")]
    they_say(facing, ("rel", 16), cic=THEIRS)
    facing.far.place(THEIRS, "12345")
    facing.far.library.isup_set_calling(facing.far.handles[THEIRS], b"7654321", SUBSCRIBER, 0, 3)
    facing.run(SOON_S)
    assert facing.said(Setup)[-1] == (THEIRS, Setup("12345", "7654321"))
    they_say(facing, ("rel", 16), cic=THEIRS)
    facing.settle()
