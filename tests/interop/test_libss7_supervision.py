"""Circuit supervision with libss7 2.0.0 as the far point: blocking, groups, reset, unequipped circuits, both ends at one circuit at once.

Each test runs with labels of 14 and of 24 bits; at its end both ends are at rest and agree, and nothing was unexpected to either but what
the test names.
"""

import itertools

import pytest

from pbx.signalling.ss7.isup.values import SupervisionType
from pbx.vocabulary.call import Alerting, Blocked, Connect, Disconnect, Idle, Release, Reset, Seized, Setup, Unblocked
from tests.interop.libss7 import library
from tests.interop.libss7.facing import CIRCUITS, Facing

pytestmark = pytest.mark.skipif(not library.installed(), reason="libss7 is not installed (Debian package libss7-dev)")

SOON_S = 0.2
MAINTENANCE, HARDWARE = SupervisionType.MAINTENANCE, SupervisionType.HARDWARE_FAILURE
FAR_CONTROLS, WE_CONTROL = 4, 3
"""libss7 has the higher code, so it controls circuits of even codes (Q.764 2.9.1.4)."""


@pytest.fixture(params=[14, 24], ids=["14 bits", "24 bits"])
def bits(request):
    return request.param


@pytest.fixture
def facing(bits):
    made = Facing(bits).start()
    made.point.said.clear()
    made.far.events.clear()
    yield made
    made.settle()


def said_after(facing, call, *arguments, seconds=SOON_S):
    """What our circuits say in the time after something was done."""
    before = len(facing.point.said)
    call(*arguments)
    facing.run(seconds)
    return [(cic, output) for _, cic, output in facing.point.said[before:]]


def talk(facing, cic, ours):
    """A call that is answered."""
    if ours:
        facing.give(cic, Setup("54321"))
        facing.run(SOON_S)
        facing.far.say("con", cic)
    else:
        facing.far.place(cic, "12345")
        facing.run(SOON_S)
        facing.give(cic, Connect())
    facing.run(SOON_S)
    assert facing.said(Connect)[-1][0] == cic


def test_we_block_and_unblock_a_circuit(facing):
    """BLO, BLA, UBL, UBA; meanwhile no call of ours is made on it."""
    assert said_after(facing, facing.give, 5, Blocked("local")) == [(5, Blocked("local"))]
    assert facing.far.blocked_there == {5}
    assert said_after(facing, facing.give, 5, Setup("54321")) == [(5, Release(44)), (5, Idle())]
    assert said_after(facing, facing.give, 5, Unblocked()) == [(5, Unblocked())]
    assert facing.far.heard("BLO", "UBL") == [("BLO", 5), ("UBL", 5)]
    assert facing.far.blocked_there == set()
    talk(facing, 5, ours=True)
    facing.give(5, Disconnect(16))


def test_their_call_on_a_circuit_that_we_have_blocked(bits):
    """It is answered by BLO again; their switch gives it up."""
    facing = Facing(bits).start()
    facing.give(5, Blocked("local"))
    facing.run(SOON_S)
    facing.far.place(5, "12345")
    facing.run(SOON_S)
    assert facing.far.heard("BLO") == [("BLO", 5), ("BLO", 5)]
    assert facing.said(Seized) == []
    facing.far.release(5, 44)
    facing.run(SOON_S)
    facing.give(5, Unblocked())
    facing.settle(wrong=[(5, "Idle", "IAM")])


def test_their_call_on_a_circuit_whose_hardware_has_failed_here(bits):
    """It is answered by CGB again, and the CGU that comes at last leaves no block behind."""
    facing = Facing(bits).start()
    facing.point.do(facing.isup, "block", (5, 6), HARDWARE)
    facing.run(SOON_S)
    facing.far.place(5, "12345")
    facing.run(SOON_S)
    assert facing.far.heard("CGB", "BLO") == [("CGB", 5), ("CGB", 5)]
    facing.far.release(5, 44)
    facing.point.do(facing.isup, "unblock", (5, 6), HARDWARE)
    facing.run(SOON_S)
    assert facing.far.blocked_there == set()
    facing.settle(wrong=[(5, "Idle", "IAM")])


def test_they_block_and_unblock_a_circuit(facing):
    """BLO, BLA, UBL, UBA; meanwhile no call of ours is made on it."""
    assert said_after(facing, facing.far.block, 6) == [(6, Blocked("remote"))]
    assert facing.far.heard("BLA") == [("BLA", 6)]
    assert said_after(facing, facing.give, 6, Setup("54321")) == [(6, Release(44)), (6, Idle())]
    assert said_after(facing, facing.far.unblock, 6) == [(6, Unblocked())]
    assert facing.far.heard("UBA") == [("UBA", 6)]


def test_calls_in_progress_go_on_when_their_circuit_is_blocked(facing):
    talk(facing, 5, ours=True)
    talk(facing, 6, ours=False)
    facing.give(5, Blocked("local"))
    facing.far.block(6)
    assert said_after(facing, facing.run, 5) == [(6, Blocked("remote"))]
    facing.give(5, Unblocked())
    facing.far.unblock(6)
    facing.run(SOON_S)
    assert not facing.said(Release)
    facing.give(5, Disconnect(16))
    facing.far.release(6, 16)


def test_our_call_meets_their_block(facing):
    """BLO on a circuit that we have just seized: the call takes another one (Q.764 2.8.2.1)."""
    facing.give(5, Setup("54321"))
    facing.run(SOON_S)
    assert (5, Release(44)) in said_after(facing, facing.far.block, 5)
    facing.far.unblock(5)


@pytest.mark.parametrize(("why", "kind"), [(MAINTENANCE, 0), (HARDWARE, 1)], ids=["maintenance", "hardware"])
def test_groups_are_blocked_and_unblocked(facing, why, kind):
    """CGB, CGBA, CGU, CGUA both ways, with gaps in the group; failed hardware takes calls with it, maintenance does not."""
    cics = (2, 3, 7, 9)
    talk(facing, 7, ours=True)
    said_after(facing, facing.point.do, facing.isup, "block", cics, why)
    assert facing.far.blocked_there == set(cics)
    assert facing.far.told("CGB")["type"] == kind
    assert [cic for cic, _ in facing.said(Release)] == ([7] if kind else [])
    said_after(facing, facing.point.do, facing.isup, "unblock", cics, why)
    assert facing.far.blocked_there == set()
    if kind:
        facing.far.library.isup_free_call(facing.far.ss7, facing.far.handles.pop(7))  # its user forgets the call of a failed circuit
        facing.far.calls.pop(7)
    else:
        facing.give(7, Disconnect(16))
        facing.run(SOON_S)
    before = len(facing.said(Release))
    talk(facing, 3, ours=False)
    assert {cic for cic, output in said_after(facing, facing.far.group, "cgb", cics, kind) if output == Blocked("remote")} == set(cics)
    assert [cic for cic, _ in facing.said(Release)[before:]] == ([3] if kind else [])
    freed = [cic for cic, output in said_after(facing, facing.far.group, "cgu", cics, kind) if output == Unblocked()]
    assert freed == list(cics)
    assert facing.far.heard("CGBA", "CGUA") == [("CGBA", 2), ("CGUA", 2)]
    if kind:
        facing.far.library.isup_free_call(facing.far.ss7, facing.far.handles.pop(3))
        facing.far.calls.pop(3)
    else:
        facing.far.release(3, 16)


def test_we_reset_a_group(facing):
    """GRS and GRA; calls of either end are gone, what they have blocked is told in GRA and blocked again here."""
    talk(facing, 5, ours=True)
    talk(facing, 6, ours=False)
    facing.far.block(9)
    facing.run(SOON_S)
    said_after(facing, facing.point.do, facing.isup, "reset", 1, 14)
    assert [(cic, output.cause) for cic, output in facing.said(Release)] == [(5, 41), (6, 41)]
    assert [cic for cic, _ in facing.said(Idle)] == list(range(1, 16))
    assert facing.far.heard("GRS") == [("GRS", 1)]
    assert facing.isup.circuits[9].state == "Idle/remote"
    facing.far.unblock(9)


def test_they_reset_a_group(facing):
    """What we have blocked is told in GRA, what they have blocked is free."""
    talk(facing, 5, ours=True)
    talk(facing, 6, ours=False)
    facing.give(9, Blocked("local"))
    facing.far.block(10)
    facing.run(SOON_S)
    facing.far.blocked_there.clear()
    facing.far.blocked_here.clear()
    said = said_after(facing, facing.far.reset_group, 1, 15)
    assert [each for each in said if each[0] in (5, 6)] == [(5, Release(41)), (5, Idle()), (6, Release(41)), (6, Idle())]
    assert (10, Unblocked()) in said
    assert facing.far.heard("GRA") == [("GRA", 1)]
    assert facing.far.blocked_there == {9}
    facing.give(9, Unblocked())


def test_resets_of_both_ends_meet(facing):
    facing.far.reset_group(1, 15)
    facing.point.do(facing.isup, "reset", 1, 14)
    facing.far.reset(20)
    facing.give(20, Reset())
    facing.run(SOON_S)
    assert facing.far.heard("GRS", "GRA") == [("GRS", 1), ("GRA", 1)]


def test_a_circuit_is_reset(facing):
    """RSC in a call and at rest, by either end; a block of ours is said again before RLC, so it outlives their reset."""
    for cic, ours in itertools.product((5, 6), (True, False)):
        talk(facing, cic, ours)
        if cic == 5:
            assert said_after(facing, facing.give, cic, Reset()) == [(cic, Release(41)), (cic, Idle())]
        else:
            assert said_after(facing, facing.far.reset, cic) == [(cic, Release(41)), (cic, Idle())]
    facing.give(7, Reset())
    facing.far.reset(8)
    facing.give(9, Blocked("local"))
    facing.run(SOON_S)
    facing.far.blocked_there.clear()
    facing.far.reset(9)
    facing.run(SOON_S)
    assert facing.far.blocked_there == {9}
    facing.give(9, Unblocked())


def test_a_circuit_that_we_do_not_have(bits):
    """Their IAM for it is answered by UCIC."""
    facing = Facing(bits, far_circuits=(*CIRCUITS, 33)).start()
    facing.far.place(33, "12345")
    facing.run(SOON_S)
    assert facing.far.heard("UCIC")[-1] == ("UCIC", 33)
    # 33 stands alone, so libss7 has reset it by a GRS with a range of 0, which Q.763 3.43 does not know.
    facing.settle(wrong=[(33, "no circuit", "GRS"), (33, "no circuit", "IAM")])


def test_a_circuit_that_they_do_not_have(facing):
    """Their UCIC: the call is over, the circuit is not used."""
    facing.give(5, Setup("54321"))
    facing.run(SOON_S)
    facing.far.library.isup_free_call(facing.far.ss7, facing.far.handles.pop(5))
    facing.far.calls.pop(5)
    said = said_after(facing, facing.far.library.isup_ucic, facing.far.ss7, 5, facing.far.far)
    assert said == [(5, Release(44)), (5, Blocked("fault"))]
    assert (5, Unblocked()) in said_after(facing, facing.far.reset, 5)


def both_seize(facing, cic):
    facing.give(cic, Setup("54321", "8765432"))
    facing.far.place(cic, "12345", "7654321")
    facing.run(SOON_S)


def test_dual_seizure_of_a_circuit_that_they_control(facing):
    """Ours gives way with cause 44, theirs goes on."""
    both_seize(facing, FAR_CONTROLS)
    cic = FAR_CONTROLS
    assert facing.said(Release, Seized, Setup) == [(cic, Release(44)), (cic, Seized()), (cic, Setup("12345", "7654321"))]
    assert facing.far.calls == {cic: "out"}
    facing.give(cic, Alerting())
    facing.give(cic, Connect())
    facing.run(SOON_S)
    assert facing.far.heard("ACM", "ANM") == [("ACM", cic), ("ANM", cic)]
    facing.far.release(cic, 16)


def test_dual_seizure_of_a_circuit_that_we_control(facing):
    """libss7 gives its call up and takes ours."""
    both_seize(facing, WE_CONTROL)
    cic = WE_CONTROL
    assert facing.said(Release, Seized, Setup) == []
    assert facing.far.heard("gave way", "IAM") == [("gave way", cic), ("IAM", cic)]
    assert facing.far.calls == {cic: "in"}
    assert (facing.far.told("IAM")["called"], facing.far.told("IAM")["calling"]) == ("54321", "8765432")
    facing.far.say("con", cic)
    facing.run(SOON_S)
    assert facing.said(Connect) == [(cic, Connect())]
    facing.give(cic, Disconnect(16))


@pytest.mark.parametrize("cic", [WE_CONTROL, FAR_CONTROLS])
def test_releases_of_both_ends_meet(facing, cic):
    talk(facing, cic, ours=True)
    facing.give(cic, Disconnect(17))
    facing.far.release(cic, 18)
    facing.run(SOON_S)
    assert facing.said(Release, Idle) == [(cic, Release(17)), (cic, Idle())]
    assert facing.far.heard("REL", "RLC") == [("REL", cic), ("RLC", cic)]
