"""What crosses on the way between libopenr2 and us: both ends seize one circuit at once; a clear-forward meets an answer.

Neither can be prevented, for a signal needs 10 to 30 ms from one end to the other. libopenr2 takes our seizure for a forced release when it
has just seized itself, and our answer for a protocol error when it has just cleared; what must hold is that both ends come to rest and that
our calls find another circuit.
"""

from collections import Counter
from contextlib import closing

import pytest

from drivers.far_end.story import Story, until
from pbx.vocabulary import facts
from tests.interop.openr2 import library as openr2
from tests.interop.openr2.circuits import SLOTS, Answer, Meeting, Order
from tests.interop.openr2.facing import FACINGS
from tests.interop.openr2.office import Office

pytestmark = pytest.mark.skipif(not openr2.installed(), reason=f"{openr2.LIBRARY} is not installed (Debian package libopenr2-dev)")

AT_S = 6.0
"""When libopenr2 seizes all circuits at once."""
DIALLING_S = 0.98
"""From the first key of six to the seizure, less the time that the two clocks are apart (libopenr2 counts from its own beginning)."""


def test_a_clear_forward_that_meets_the_answer_leaves_both_ends_at_rest(tmp_path):
    moments = [round(0.7 + 0.01 * n, 2) for n in range(90)]
    calls = {
        str(slot): [{"called": "112", "calling": "", "give_up": moment, "gap": 0.3} for moment in moments[slot - 1 :: 15]]
        for slot in range(1, 16)
    }
    with closing(Office(tmp_path, {"circuits": dict.fromkeys(calls, "caller"), "calls": calls})) as office:
        assert office.run_until(lambda: office.cleared(incoming=True) >= len(moments), 60.0)
        reckoning = office.finish()
    assert reckoning.complaints() == []
    assert len(reckoning.crossed) >= 1
    ends = Counter(call["log"][-2][1] for call in reckoning.by_caller)
    assert ends == {"clears": len(moments)}


def test_dual_seizure_costs_one_circuit_and_not_the_call(tmp_path):
    slots = [str(slot) for slot in range(17, 32)]
    calls = {slot: [{"called": "112", "calling": "7", "gap": AT_S}] for slot in slots}
    answers = {"5541": {"ring": 0.2, "hold": 2.0}}
    program = {"circuits": dict.fromkeys(slots, "caller"), "calls": calls, "answers": answers}
    with closing(Office(tmp_path, program)) as office:
        stories = []
        for n in range(15):
            telephone = office.sim.network.telephones[f"{8001 + n}"]
            first_key = AT_S + 0.01 * (n - 7) - DIALLING_S
            stories.append(Story(office.sim.clock, telephone, dial_at(telephone, first_key - office.sim.clock.now)))
            stories[-1].begin()
        assert office.run_until(lambda: all(story.done for story in stories), 60.0)
        assert office.run_until(lambda: office.cleared(incoming=True) >= 1, 60.0)
        office.run(5.0)
        reckoning = office.finish()
    assert reckoning.complaints() == []
    met = [call for call in reckoning.by_caller if any(what == "cleared: forced release" for _, what in call["log"])]
    traced = [text for fact in office.facts if isinstance(fact, facts.Traced) for _, _, text in fact.lines]
    assert len(met) >= 1
    # Where libopenr2 lets go within our recognition time we see no dual seizure, only no acknowledgement.
    assert any("seizure, dual" in text for text in traced)
    assert len([call for call in reckoning.by_us if any(what == "answers" for _, what in call["log"])]) == 15


@pytest.mark.parametrize("facing", FACINGS, ids=lambda facing: facing.ours)
def test_both_ends_seize_within_30_ms_of_each_other(facing, tmp_path):
    """Thirty circuits, ours seized 30 ms before libopenr2's to 28 ms after it, 2 ms apart; then each circuit carries a call each way.

    Both ends act at ticks of 10 ms, so that the line sees the offsets in steps of 10 ms. What libopenr2 takes back
    within the same 10 ms nobody can recognise: both ends wait for their acknowledgement in vain, and libopenr2, which has cleared, still
    counts that time and calls it a protocol error.
    """
    called, at_s = "51234", 2.04
    offsets_ms = dict(zip(SLOTS, range(-30, 30, 2), strict=True))
    calls = {f"{slot}": [{"called": called, "calling": "7", "gap": gap, "hold": 0.3} for gap in (at_s - 0.04, 12.0)] for slot in offsets_ms}
    program = {"calls": calls, "answers": {called: {"ring": 0.2, "hold": 1.0}}}
    with Meeting(tmp_path, facing, program, answers={called: Answer()}) as meeting:
        circuits, late = meeting.circuits, []

        def seize(slot):
            if circuits.lines[slot].engine.state == "Idle":
                circuits.begin(slot, Order(called, "8", hold=0.3))
            else:
                late.append(slot)

        for slot, offset_ms in offsets_ms.items():
            circuits.clock.callLater(at_s + offset_ms / 1000, seize, slot)
            circuits.clock.callLater(35.0, seize, slot)
        circuits.run(45.0)
        result = meeting.finish()
    assert circuits.stuck() == [] and result["strange"] == 0
    assert all(error.endswith(": protocol error: Seize Timeout") for error in result["errors"]), result["errors"]
    assert all(state == ["Idle", "Idle", "IDLE", "IDLE"] for state in result["states"].values()), result["states"]
    outcomes = {}
    for slot, offset_ms in offsets_ms.items():
        ours = [one.words() for one in circuits.calls if one.slot == slot and one.ours]
        theirs = [[what for _, what in one["log"]] for one in result["calls"] if one["slot"] == slot and one["direction"] == "out"]
        assert all(sum(word.startswith("released") for word in words) == 1 for words in ours), (offset_ms, ours)
        won = ours[0] == ["alerting", "answered", "clears", "released: 16"]
        lost = ours[0] == ["released: 44"]
        let_go = theirs[0][:2] == ["seized", "cleared: forced release"] and theirs[0][2] in ("end", "protocol error: Seize Timeout")
        outcomes[offset_ms] = (
            "we seized alone" if won and not let_go else "we won" if won else "both let go" if lost and let_go else theirs[0]
        )
        assert ours[-1] == ["alerting", "answered", "clears", "released: 16"], (offset_ms, ours)
        assert theirs[-1] == ["seized", "accepted", "answered", "clears", "end"], (offset_ms, theirs)
    assert set(outcomes.values()) <= {"we seized alone", "we won", "both let go"}, outcomes
    assert Counter(outcomes.values())["both let go"] >= 10 and late == [], outcomes


def dial_at(telephone, seconds):
    """Lift a second before, dial, listen until the other end has cleared."""
    yield seconds - 1.0
    telephone.lift()
    yield 1.0
    telephone.press("95541#")
    yield until("hears busy", "hears congestion", seconds=25.0)
    telephone.hang_up()
