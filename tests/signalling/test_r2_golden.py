"""Whole calls as their traces tell them, signal by signal; ``--golden`` writes them anew.

A change of a golden text is a change that engineers see.
"""

from pathlib import Path

import pytest

from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import category_of, load_variant
from pbx.signalling.r2.variant_data import CircuitHabits
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Metering, OperatorSignal, Proceeding, Release, Resume, Setup, Suspend
from tests.signalling.cases import CHINA, PLAN
from tests.signalling.pair import Pair

GOLDEN = Path(__file__).parents[1] / "golden"


def nothing(end, primitive, now):
    return ()


def answers(end, primitive, now):
    return (Connect(),) if type(primitive) is Setup else ()


def story(right, variant=CHINA, left=None, incoming=None):
    ends = [
        R2Circuit(variant, direction, PLAN, habits=habits or CircuitHabits())
        for direction, habits in (("outgoing", left), ("incoming", incoming))
    ]
    return Pair(*ends, nothing, right, idle=variant.data.bits.backward.idle)


def tell(pair, *said):
    """Let both switches say things, each after so many seconds."""
    for seconds, side, primitive in said:
        pair.run(pair.now + seconds)
        pair.down(getattr(pair, side), primitive)
    pair.run(pair.now + 3.0)
    return pair


def toll_call_by_an_operator():
    """KC 14, KD 1, KB2, forced release, ring-back, hanging up and lifting again, re-ring."""
    pair = story(
        lambda end, primitive, now: (Disconnect(17),) if type(primitive) is Setup else (),
        left=CircuitHabits(traffic="operator", marks=("priority",), control="calling"),
        incoming=CircuitHabits(traffic="operator"),
    )
    return tell(
        pair,
        (0.0, "left", Setup("10086", "66")),
        (2.5, "left", OperatorSignal("forced-release")),
        (1.0, "right", Alerting()),
        (0.5, "right", Connect()),
        (1.0, "right", OperatorSignal("ring-back")),
        (1.0, "right", Suspend()),
        (1.0, "left", OperatorSignal("re-ring")),
        (1.0, "right", Resume()),
        (1.0, "left", Release(16)),
    )


def tandem_call():
    """The route of 81... is known early: the caller is asked for, digits follow, the switch ends the number by itself."""
    pair = story(nothing)
    return tell(
        pair, (0.0, "left", Setup("8123", "66")), (2.5, "right", Proceeding()), (1.5, "right", Connect()), (1.0, "left", Release(16))
    )


def open_number():
    """A mark without a place, all digits again, a number of open length ended by a pulse."""
    habits = CircuitHabits(from_first_after_mark=True)
    pair = story(answers, left=CircuitHabits(traffic="toll", marks=("satellite",)), incoming=habits)
    return tell(pair, (0.0, "left", Setup("612", "66")), (10.0, "left", Release(16)))


def itu_call():
    pair = story(answers, load_variant("itu"))
    return tell(pair, (0.0, "left", Setup("612", "66")), (4.0, "right", Disconnect(16)), (1.0, "left", Release(16)))


def mexican_call():
    pair = story(answers, load_variant("mexico"), incoming=CircuitHabits(ask_caller="first"))
    return tell(pair, (0.0, "left", Setup("10086", "66")), (4.0, "left", Release(16)))


def brazilian_call():
    pair = story(answers, load_variant("brazil"), incoming=CircuitHabits(charge=False))
    return tell(pair, (0.0, "left", Setup("10086", "66", category_of(1, 8), restricted=True)), (4.0, "left", Release(16)))


def argentine_call():
    pair = story(answers, load_variant("argentina"), incoming=CircuitHabits(skip_group_b=True))
    return tell(pair, (0.0, "left", Setup("10086", "66")), (4.0, "right", Metering(2)), (2.0, "left", Release(16)))


STORIES = (toll_call_by_an_operator, tandem_call, open_number, itu_call, mexican_call, brazilian_call, argentine_call)


@pytest.mark.parametrize("told", STORIES, ids=lambda told: told.__name__)
def test_trace_is_the_golden_one(told, request):
    pair = told()
    path = GOLDEN / f"r2_{told.__name__}.txt"
    if request.config.getoption("--golden"):
        path.write_text(pair.text(), encoding="utf-8")
    assert pair.text() == path.read_text(encoding="utf-8")
    assert pair.left.unexpected == pair.right.unexpected == []
    assert pair.left.engine.state == pair.right.engine.state == "Idle"
