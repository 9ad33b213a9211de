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
from tests.interop.openr2.office import Office

pytestmark = pytest.mark.skipif(not openr2.installed(), reason=f"{openr2.LIBRARY} is not installed (Debian package libopenr2-dev)")

AT_S = 6.0
"""When libopenr2 seizes all circuits at once."""
DIALLING_S = 0.91
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


def dial_at(telephone, seconds):
    """Lift a second before, dial, listen until the other end has cleared."""
    yield seconds - 1.0
    telephone.lift()
    yield 1.0
    telephone.press("95541#")
    yield until("hears busy", "hears congestion", seconds=25.0)
    telephone.hang_up()
