"""Five hundred calls with libss7 2.0.0 over two links in load sharing, in both directions at once, with labels of 14 and of 24 bits.

Calls are refused, given up, answered and cleared by either side at any moment; both switches seize the same circuits, so that they meet.
In the end both ends are at rest and their accounts of every call agree. Then the same with a bad line, with links that are cut and mended
in turn, with both cut, and with libss7's program standing still: whatever fails, every call ends and nothing stays behind. What passes is
read by tshark. ``--seed N`` makes other calls.
"""

import sys
from random import Random

import pytest

from tests.interop import tshark
from tests.interop.libss7 import library
from tests.interop.libss7.facing import Facing
from tests.interop.libss7.storm import Storm
from tests.interop.test_libss7_links import AGAIN, BY_T2, ITS_DOWN, ITS_T7, OTHER_LINK

pytestmark = pytest.mark.skipif(not library.installed(), reason="libss7 is not installed (Debian package libss7-dev)")

CALLS = 500
CROSSED = r"Got (ACM|CON|ANM|CPG) but we didn't send IAM|ignoring\.\.\."
"""It knows a call that it has released no more, when messages of ours that its REL has met come in; it does nothing."""
CROSSING = {("WaitRelease", event) for event in ("IAM", "ACM", "CPG", "CON", "ANM", "SUS", "RES")}
"""Messages of theirs that our REL has met, which we discard likewise."""
LOST_ACM = {("OutWaitAddressComplete", "ANM"), ("OutWaitAddressComplete", "CPG"), ("Resetting", "ACM"), ("Idle", "ACM")}
"""libss7 has lost an ACM when a link failed (BY_T2), or sent it behind what came after it, as it turns round the order of what it sends
again: the circuit is reset (Q.764 2.9.5.1)."""
NEAR_S = 3.0
"""How long after a link has failed a message may be lost by libss7, or after it is mended wait for T4 and T5 in our changeback."""


@pytest.fixture(params=[14, 24], ids=["14 bits", "24 bits"])
def bits(request):
    return request.param


def storm_of(bits, seed, **features):
    sys.stdout.write(f"seed {seed}\n")
    facing = Facing(bits, links=2, seed=seed, **features).start()
    return facing, Storm(facing, CALLS, rate=6.0, seed=seed)


def surprises(facing):
    return {(value.state, value.event) for _, _, value in facing.point.wrong}


def settle(facing, storm, complaints, allowed=CROSSING):
    assert surprises(facing) <= allowed, facing.point.wrong
    facing.point.wrong.clear()
    facing.settle([CROSSED, *complaints])
    answered = [account for account in storm.accounts if account.when("caller", "answered")]
    met = [account for account in storm.accounts if account.again]
    counts = f"{len(storm.accounts)} attempts, {len(answered)} answered, {len(met)} lost their circuit"
    sys.stdout.write(f"{counts}; {facing.now:.0f} s on the line\n")
    assert len(storm.accounts) - len(met) >= CALLS
    assert len(answered) > CALLS / 2
    assert len(met) > CALLS / 20
    ours = sum(account.ours for account in storm.accounts)
    assert CALLS / 5 < ours < len(storm.accounts) - CALLS / 5


def test_five_hundred_calls(bits, seed):
    facing, storm = storm_of(bits, seed)
    storm.run()
    assert storm.disagreements() == []
    written = [link for link, _ in facing.point.written]
    assert min(written.count(name) for name in facing.lines) > CALLS / 2
    settle(facing, storm, [])


def test_five_hundred_calls_on_a_bad_line(bits, seed):
    """One unit in a thousand is in error, each way on each link."""
    facing, storm = storm_of(bits, seed)
    for line in facing.lines.values():
        for way in line.ways:
            way.damage = 0.001
    storm.run()
    assert not facing.point.unavailable()
    assert storm.disagreements() == []
    settle(facing, storm, [AGAIN])


def near(account, changes):
    """Whether a link has failed or come back while a message of this call was to be expected."""
    moments = [seconds for seconds, _ in account.caller + account.callee]
    return any(abs(seconds - changed) < NEAR_S for seconds in moments for changed in changes)


def test_links_fail_and_recover_under_calls(bits, seed):
    """One link at a time, every few seconds. Calls go on; but where libss7 lost a message at a changeover, both ends agree on all."""
    facing, storm = storm_of(bits, seed)
    chance = Random(seed)
    failures, recoveries, when = [], [], 5.0
    while when < 75:
        name = chance.choice(list(facing.lines))
        lasts = chance.uniform(0.3, 6)
        failures.append(facing.now + when)
        recoveries.append(facing.now + when + lasts)
        facing.at(when, facing.cut, name)
        facing.at(when + lasts, facing.mend, name)
        when += lasts + chance.uniform(6, 12)
    storm.run()
    disagreements = storm.disagreements()
    sys.stdout.write(f"{len(failures)} failures, {len(disagreements)} calls hurt\n")
    assert all(near(account, failures + recoveries) for account in disagreements), disagreements
    assert len(disagreements) <= 2 * len(failures)
    talking = [(account.when("caller", "answered"), account.when("caller", "over")) for account in storm.accounts]
    through = sum(any(begun and begun < failed < over for failed in failures) for begun, over in talking)
    assert through > 5 * len(failures)
    assert not facing.point.unavailable()
    settle(facing, storm, [OTHER_LINK, BY_T2, ITS_T7], CROSSING | LOST_ACM)


def test_a_link_fails_and_recovers_under_calls_with_every_word_of_changeover(bits, seed):
    """Link 0 where libss7 takes COA and CBA: what was on its way is sent again by either end, and no call is hurt but by libss7's order."""
    facing, storm = storm_of(bits, seed, one_code=True)
    chance = Random(seed)
    failures, when = [], 5.0
    while when < 75:
        lasts = chance.uniform(0.3, 6)
        failures.append(facing.now + when)
        facing.at(when, facing.cut, "far/0")
        facing.at(when + lasts, facing.mend, "far/0")
        when += lasts + chance.uniform(6, 12)
    storm.run()
    disagreements = storm.disagreements()
    sys.stdout.write(f"{len(failures)} failures, {len(disagreements)} calls hurt\n")
    assert all(near(account, failures) for account in disagreements), disagreements
    assert len(disagreements) <= len(failures) / 2
    counted = {word: facing.point.management("<-", word).count(word) for word in ("COO", "CBD", "CBA")}
    assert min(counted.values()) >= len(failures) - 1, counted
    settle(facing, storm, [ITS_T7], CROSSING | LOST_ACM)


def test_both_links_fail_under_calls(bits, seed):
    """libss7 forgets its calls, its user resets all circuits; later calls are as if nothing had been."""
    facing, storm = storm_of(bits, seed)
    facing.at(20, facing.cut, "far/0")
    facing.at(20.3, facing.cut, "far/1")
    facing.at(25, facing.mend, "far/0")
    facing.at(26, facing.mend, "far/1")
    failed = facing.now + 20
    storm.run()
    hurt = storm.disagreements()
    assert all(account.when("caller", "called") < failed + 30 for account in hurt), hurt
    settle(facing, storm, [OTHER_LINK, BY_T2, ITS_T7, ITS_DOWN], CROSSING | LOST_ACM)


def test_their_program_stands_still_under_calls(bits, seed):
    """Twice for a moment, which nobody notices; once for so long that both links fail."""
    facing, storm = storm_of(bits, seed)
    for when, lasts in ((8, 0.3), (26, 0.5), (44, 6)):
        facing.at(when, setattr, facing.far, "stopped", True)
        facing.at(when + lasts, setattr, facing.far, "stopped", False)
    long_still = facing.now + 44
    storm.run()
    hurt = storm.disagreements()
    assert all(account.when("caller", "over") > long_still - 1 for account in hurt), hurt
    assert all(account.when("caller", "called") < long_still + 30 for account in hurt), hurt
    settle(facing, storm, [OTHER_LINK, BY_T2, ITS_T7, ITS_DOWN, AGAIN], CROSSING | LOST_ACM)


@tshark.needs_tshark
def test_all_that_passes_is_read_by_tshark(bits, seed, tmp_path):
    """Nothing is malformed, and every message has the type that both ends took it for."""
    facing, storm = storm_of(bits, seed)
    facing.at(20, facing.cut, "far/0")
    facing.at(25, facing.mend, "far/0")
    storm.run()
    standard = tshark.ITU if bits == 14 else tshark.CHINESE
    kinds = tshark.kinds(facing.far.passed, standard, tmp_path / "passed.pcap")
    assert len(kinds) == len(facing.far.passed)
    assert kinds.count("malformed") == 0
    assert {f"ISUP {kind}" for kind in (1, 6, 7, 9, 12, 16, 23, 41, 44)} <= set(kinds), "IAM ACM CON ANM REL RLC GRS GRA CPG"
    assert {"SNM 1 1", "SNM 1 2", "SNM 1 5", "SNM 1 6", "SNM 7 1", "SLT 1 1", "SLT 1 2"} <= set(kinds), "COO COA CBD CBA TRA SLTM SLTA"
    settle(facing, storm, [OTHER_LINK, BY_T2, ITS_T7], CROSSING | LOST_ACM)
