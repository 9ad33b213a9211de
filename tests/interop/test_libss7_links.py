"""Links to libss7 2.0.0 that fail, recover, are taken out of service, inhibited, disturbed; its point restarts, and stands still.

Each test runs with labels of 14 and of 24 bits. libss7 drops management messages that come over another link than the one they are about
(``OTHER_LINK``), although Q.704 sends them over any, so it hears no COO, COA, CBD, CBA of ours and goes on by its T2, as we do by our T5.
Where both its links have one code for it (``one_code``) it takes those about link 0, and the changeover is whole. What it loses by its own
doing stands with the test.
"""

import pytest

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.primitives import Pause, RestartBegins, RestartEnds, Resume
from pbx.vocabulary.call import Connect, Disconnect, Idle, Release, Setup
from tests.interop.libss7 import library
from tests.interop.libss7.facing import CIRCUITS, Facing

pytestmark = pytest.mark.skipif(not library.installed(), reason="libss7 is not installed (Debian package libss7-dev)")

OTHER_LINK = r"Received message for slc 0x\d, but we are 0x\d\.  Dropping"
BY_T2 = r"MTP3 T2 timer expired on link"
ITS_T7 = r"^T7 expired on link"
"""Its T7 runs on when the link has failed for another reason, and takes it down once more while it aligns."""
ITS_DOWN = r"Adjacent SP PC: \d+ DOWN"
NO_SIPO = r"Got LSSU of type 4 while link is in state \d\.  Re-Aligning"
AGAIN = r"requesting retransmission|Got retransmission request|waiting for retransmission start"
SOON_S = 0.2
TALKING = (3, 4, 5, 6)
MANAGEMENT = ("COO", "COA", "ECO", "ECA", "CBD", "CBA", "LIN", "LIA", "LUN", "LUA", "LFU", "LLT", "LRT", "TFP", "TFA", "RST", "TRA")


@pytest.fixture(params=[14, 24], ids=["14 bits", "24 bits"])
def bits(request):
    return request.param


def made(bits, links=2, **features):
    """Two points with links in service, and two calls of each end, one on each link."""
    facing = Facing(bits, links, **features).start()
    facing.run(1)
    for cic in TALKING[:2]:
        facing.give(cic, Setup("54321"))
    facing.run(SOON_S)
    for cic in TALKING[:2]:
        facing.far.say("con", cic)
    for cic in TALKING[2:]:
        facing.far.place(cic, "12345")
    facing.run(SOON_S)
    for cic in TALKING[2:]:
        facing.give(cic, Connect())
    facing.run(SOON_S)
    assert sorted(cic for cic, _ in facing.said(Connect)) == list(TALKING)
    for kept in (facing.point.said, facing.point.notes, facing.point.written, facing.far.events, facing.far.sent):
        kept.clear()
    return facing


def clear_all(facing):
    """The four calls are cleared, two by either side, and a new one made on each of their circuits."""
    assert not [output for cic, output in facing.said(Release) if cic in TALKING]
    for ours, theirs in ((3, 4), (5, 6)):
        facing.give(ours, Disconnect(16))
        facing.far.release(theirs, 16)
    facing.run(1)
    assert sorted(cic for cic, _ in facing.said(Idle)) == list(TALKING)
    call_all(facing)


def call_all(facing):
    """A new call on each of the four circuits."""
    for cic in TALKING:
        facing.give(cic, Setup("54321"))
    facing.run(SOON_S)
    for cic in TALKING:
        facing.far.say("con", cic)
    facing.run(SOON_S)
    assert {cic for cic, _ in facing.said(Connect)} == set(TALKING)
    for cic in TALKING:
        facing.give(cic, Disconnect(16))


def whole_again(facing, seconds=20.0):
    assert facing.run(seconds, lambda: not facing.point.unavailable()), facing.point.unavailable()
    facing.run(3)
    shown = facing.far.shown()
    assert shown.count("INSERVICE,  UP") == len(facing.far.links)
    assert shown.count("STD Test:  passed") == len(facing.far.links)
    assert shown.count("Changeover: NO") == len(facing.far.links)


def messages_by_link(facing):
    """By link: how many messages of users went over it, of ours and of theirs."""
    ours = [int(link.split("/")[1]) for link, _ in facing.point.written]
    theirs = [link for _, link, unit in facing.far.sent if unit[3] & 15 == 5]
    return {link: (ours.count(link), theirs.count(link)) for link in range(len(facing.far.links))}


def test_two_links_share_the_load(bits):
    """By SLS: circuits of even codes over link 0, of odd ones over link 1, of theirs; ours over both."""
    facing = made(bits)
    for cic in CIRCUITS:
        if cic not in TALKING:
            facing.give(cic, Setup("54321"))
    facing.run(1)
    for cic in CIRCUITS:
        if cic not in TALKING:
            facing.far.release(cic, 17)
    facing.run(1)
    counted = messages_by_link(facing)
    assert all(ours > 15 and theirs > 8 for ours, theirs in counted.values()), counted
    assert {(link, unit[3 + 1 + 4] & 1) for _, link, unit in facing.far.sent if unit[3] & 15 == 5} == {(0, 0), (1, 1)}
    facing.point.said.clear()
    clear_all(facing)
    facing.settle()


@pytest.mark.parametrize("link", [0, 1])
def test_a_link_is_cut_and_mended(bits, link):
    """Calls go on over the other one, are cleared and made; then the link carries again."""
    facing = made(bits)
    facing.cut(f"far/{link}")
    facing.run(3)
    assert list(facing.point.unavailable()) == [f"far/{link}"]
    assert facing.point.management("<-", *MANAGEMENT) == ["COO"]
    clear_all(facing)
    facing.run(1)
    assert [count for number, count in messages_by_link(facing).items() if number == link] == [(0, 0)]
    facing.mend(f"far/{link}")
    whole_again(facing)
    facing.point.said.clear()
    facing.settle([OTHER_LINK, BY_T2])


def test_a_changeover_with_every_word_of_it(bits):
    """COO of theirs, COA of ours; CBD and CBA both ways."""
    facing = made(bits, one_code=True)
    facing.cut("far/0")
    facing.run(3)
    assert facing.point.management("<-", *MANAGEMENT) == ["COO"]
    assert facing.point.management("->", *MANAGEMENT) == ["COA"]
    facing.mend("far/0")
    whole_again(facing)
    assert facing.point.management("<-", *MANAGEMENT) == ["COO", "CBD", "CBA"]
    assert facing.point.management("->", *MANAGEMENT) == ["COA", "CBD", "CBA"]
    clear_all(facing)
    facing.settle()


@pytest.mark.parametrize("one_code", [False, True], ids=["as it is", "one code"])
def test_we_take_a_link_out_of_service(bits, one_code):
    """SIOS; both ends order a changeover."""
    facing = made(bits, one_code=one_code)
    facing.point.order(operation.DeactivateLink("far/0"))
    facing.run(3)
    assert list(facing.point.unavailable()) == ["far/0"]
    assert facing.point.management("->", "COO") == ["COO"]
    facing.point.order(operation.ActivateLink("far/0"))
    whole_again(facing)
    clear_all(facing)
    facing.settle([] if one_code else [OTHER_LINK, BY_T2])


@pytest.mark.parametrize("one_code", [False, True], ids=["as it is", "one code"])
@pytest.mark.parametrize("way", [0, 1], ids=["from us", "from them"])
def test_one_way_is_dead(bits, way, one_code):
    """From us: what we send is not confirmed, our T7 ends the link. From them: our error rate monitor does. libss7 itself notices neither.

    A REL or RLC that was on its way is retrieved where libss7 takes our COO or COA; else it is lost, and T1 sends REL again.
    """
    facing = made(bits, one_code=one_code)
    facing.lines["far/0"].ways[way].whole = False
    facing.give(5, Disconnect(16))
    facing.give(4, Disconnect(16))
    facing.run(5)
    assert list(facing.point.unavailable()) == ["far/0"]
    facing.lines["far/0"].ways[way].whole = True
    whole_again(facing)
    for cic in (3, 6):
        facing.give(cic, Disconnect(16))
    facing.run(1 if one_code else 17)
    assert sorted(output.cause for _, output in facing.said(Release)) == [16] * 4
    facing.settle([ITS_T7] if one_code else [OTHER_LINK, BY_T2, ITS_T7])


def test_a_bad_line(bits):
    """Units in error on both links, one in five hundred: messages are sent again, by either end, and none is lost."""
    facing = made(bits, seed=3)
    for line in facing.lines.values():
        for way in line.ways:
            way.damage = 0.002
    for _ in range(60):
        for cic in range(17, 32):
            facing.give(cic, Setup("54321"))
        facing.run(0.3)
        for cic in range(17, 32):
            facing.far.release(cic, 17)
        facing.run(0.3)
    for line in facing.lines.values():
        for way in line.ways:
            way.damage = 0.0
    facing.run(2)
    assert len(facing.said(Release)) == 60 * 15
    again = [(end.counters().negative_sent, end.counters().negative_received) for end in facing.point.terminals.values()]
    assert all(sum(counts) > 0 for counts in zip(*again, strict=True)), again
    assert not facing.point.unavailable()
    facing.point.said.clear()
    clear_all(facing)
    facing.settle([AGAIN])


def test_inhibiting_by_either_end(bits):
    """LIN, LIA, LUN, LUA both ways; the last link of a destination cannot be inhibited."""
    facing = made(bits, one_code=True)
    reports = facing.point.reports
    facing.point.order(operation.InhibitLink("far/0"))
    facing.run(2)
    assert any(report == operation.Inhibited("far/0", "inhibited") for _, report in reports)
    facing.point.order(operation.UninhibitLink("far/0"))
    facing.run(2)
    assert any(report == operation.Inhibited("far/0", "uninhibited") for _, report in reports)
    assert facing.point.management("->", *MANAGEMENT) == ["LIN", "LUN", "CBD"]
    assert facing.point.management("<-", *MANAGEMENT) == ["LIA", "LUA", "CBA"]
    facing.point.notes.clear()
    assert facing.far.manage("lin", 0) == "OK"
    facing.run(2)
    assert list(facing.point.unavailable()) == ["far/0"]
    facing.point.order(operation.InhibitLink("far/1"))
    facing.run(2)
    assert reports[-1][1] == operation.Inhibited("far/1", "uninhibited", "a destination would be lost")
    assert facing.far.manage("lun", 0) == "OK"
    facing.run(2)
    assert facing.point.management("<-", *MANAGEMENT) == ["LIN", "LUN", "CBA"]
    assert facing.point.management("->", *MANAGEMENT) == ["LIA", "LUA", "CBD"]
    clear_all(facing)
    facing.settle()


def test_an_inhibited_link_is_tested_by_both_ends(bits):
    """LLT of the end that has inhibited, LRT of the other, after T22 and T23."""
    facing = made(bits, one_code=True)
    facing.far.manage("lin", 0)
    facing.run(245)
    assert facing.point.management("<-", *MANAGEMENT) == ["LIN", "LLT"]
    assert facing.point.management("->", *MANAGEMENT) == ["LIA", "LRT"]
    facing.far.manage("lun", 0)
    facing.run(2)
    assert not facing.point.unavailable()
    clear_all(facing)
    facing.settle()


def test_a_point_beyond_theirs(bits):
    """TFP, TFA; our route set test, RST, which libss7 does not know."""
    facing = made(bits)
    facing.far.manage("tfp", 0, 300)
    facing.run(50)
    facing.far.manage("tfa", 0, 300)
    facing.run(1)
    assert [value for _, value in facing.point.told][-2:] == [Pause(facing.beyond), Resume(facing.beyond)]
    assert facing.point.management("->", *MANAGEMENT) == ["RST"]
    clear_all(facing)
    facing.settle([r"Unkonwn NET MNG 21"])


def gone_and_reset(facing, seconds=40):
    """All calls are gone at both ends, by the resets of libss7's user, and circuits work."""
    assert facing.run(seconds, lambda: facing.far.up and not facing.point.unavailable() and not facing.busy()), facing.busy()
    assert {cic for cic, _ in facing.said(Release)} == set(TALKING)
    assert len(facing.far.heard("GRA")) == 2
    call_all(facing)


def test_both_links_are_cut(bits):
    """Isolation, restart of both points with TRA; libss7 forgets its calls and its user resets the circuits."""
    facing = made(bits)
    facing.cut("far/0")
    facing.run(0.5)
    facing.cut("far/1")
    facing.run(3)
    assert [type(value) for _, value in facing.point.told[-2:]] == [Pause, RestartBegins]
    assert sorted(facing.far.heard("forgotten")) == [("forgotten", cic) for cic in TALKING]
    facing.mend("far/0")
    facing.mend("far/1")
    gone_and_reset(facing)
    assert [type(value) for _, value in facing.point.told[-2:]] == [Resume, RestartEnds]
    facing.settle([OTHER_LINK, ITS_DOWN, BY_T2])


def test_their_point_restarts(bits):
    """TRA of theirs when T19 is over, without a link failing: answered by TRA; their calls are gone."""
    facing = made(bits)
    facing.run(70)
    facing.point.notes.clear()
    facing.far.restart()
    gone_and_reset(facing)
    assert facing.point.management("<-", "TRA") == facing.point.management("->", "TRA") == ["TRA"]
    facing.settle()


@pytest.mark.parametrize("seconds", [0.3, 1.0])
def test_their_program_stands_still_for_a_moment(bits, seconds):
    """Their card repeats its last unit meanwhile; nothing fails, and nothing is lost of what we have sent."""
    facing = made(bits)
    facing.far.stopped = True
    facing.give(17, Setup("54321"))
    facing.give(18, Setup("54321"))
    facing.run(seconds)
    facing.far.stopped = False
    facing.run(1)
    assert facing.far.heard("IAM") == [("IAM", 17), ("IAM", 18)] or facing.far.heard("IAM") == [("IAM", 18), ("IAM", 17)]
    assert not facing.point.unavailable()
    for cic in (17, 18):
        facing.far.release(cic, 17)
    facing.run(1)
    facing.point.said.clear()
    clear_all(facing)
    facing.settle([AGAIN])


def test_our_processor_outage(bits):
    """libss7 knows no SIPO: it aligns anew again and again. The link is out of use as long as it comes, and carries when it is over."""
    facing = made(bits, one_code=True)
    facing.point.order(operation.BlockLink("far/0"))
    facing.run(8)
    assert list(facing.point.unavailable()) == ["far/0"]
    facing.point.order(operation.UnblockLink("far/0"))
    whole_again(facing)
    clear_all(facing)
    facing.settle([NO_SIPO])


def test_our_control_stands_still_for_a_second(bits):
    """Level 2 sends SIPO meanwhile, which another far end would bear; libss7 aligns anew. Calls go on over the other link."""
    facing = made(bits, one_code=True)
    terminal = facing.point.terminals["far/0"]
    terminal.stalled = True
    facing.run(1)
    terminal.stalled = False
    whole_again(facing)
    clear_all(facing)
    facing.settle([NO_SIPO])


def test_their_program_stands_still_for_long(bits):
    """Our T7 ends both links, calls we clear are cleared when it goes on; its user resets the circuits."""
    facing = made(bits)
    facing.far.stopped = True
    facing.give(3, Disconnect(16))
    facing.give(4, Disconnect(16))
    facing.run(8)
    assert len(facing.point.unavailable()) == 2
    facing.far.stopped = False
    gone_and_reset(facing)
    facing.settle([ITS_DOWN, ITS_T7])
