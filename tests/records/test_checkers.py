"""Each standing checker is content with good runs and finds the fault that it is there for."""

import pytest

from pbx import checkers
from pbx.checkers import Checkers
from pbx.vocabulary import facts
from tests.records.story import everything, internal_call, is_trunk, queued_call, shift_of


def checked(story, **options):
    found = Checkers(is_trunk, **options)
    for n, fact in enumerate(story, 1):
        found.take(n, fact)
    return found


def without(story, kind, nth=0):
    index = [n for n, fact in enumerate(story) if isinstance(fact, kind)][nth]
    return story[:index] + story[index + 1 :]


def test_a_good_day_has_no_complaints():
    run = checked(everything())
    assert run.finish() == []
    assert run.seizures == run.releases == 3 + 2 + 2 + 1
    assert [record.call for record in run.records] == ["c1", "c2", "c3", "c4"]


BROKEN = {
    "never released": without(queued_call(), facts.ConnectionCleared, 2)[:-1],
    "no CallCleared": internal_call()[:-1],
    "ended before its legs": without(internal_call(), facts.ConnectionCleared, 1),
    "released twice": [*internal_call()[:7], internal_call()[6], *internal_call()[7:]],
    "ended twice": [*internal_call(), internal_call()[-1]],
    "after its end": [*internal_call(), facts.Held(300.0, "c3", 1, "a-2")],
    "after its release": [*internal_call()[:7], facts.Held(220.5, "c3", 2, "a-3"), *internal_call()[7:]],
    "unknown cause 0": [*internal_call()[:7], facts.ConnectionCleared(221.0, "c3", 1, "a-2"), internal_call()[-1]],
    "still waits": without(queued_call(), facts.Dequeued),
    "in which it was not": without(without(queued_call(), facts.Queued), facts.Queued),
    "logged on twice": [*shift_of()[:2], *shift_of()],
    "without being logged on": shift_of()[1:],
    "back in time": [*shift_of()[:4], facts.Ready(1.0, "ada"), *shift_of()[4:]],
    "states add up": [*shift_of()[:4], facts.Ready(1.0, "ada"), *shift_of()[4:]],
    "talks in": [
        *queued_call()[:17],
        facts.Delivered(40.0, "d", 2, "a-1", agent="ada"),
        facts.Established(41.0, "d", 2, "a-1", agent="ada"),
    ],
}


@pytest.mark.parametrize("wrong", BROKEN)
def test_each_fault_of_the_facts_is_found(wrong):
    assert any(wrong in text for text in checked(BROKEN[wrong]).finish()), checked(BROKEN[wrong]).finish()


def queue_of(*calls):
    return [facts.Queued(float(n), call, 1, "e1-1/1", queue="sales", position=n) for n, call in enumerate(calls)]


def offer(call, at=50.0):
    return facts.Busy(at, "ada", "a-1", "offered", call)


def test_overtaking_is_found_and_only_among_equals():
    on = [facts.LoggedOn(0.0, "ada", "a-1")]
    assert checked([*on, *queue_of("x", "y"), offer("x"), offer("y")]).complaints == []
    (text,) = checked([*on, *queue_of("x", "y"), offer("y")]).complaints
    assert text == "call y overtook x in queue sales"
    assert checked([*on, *queue_of("x", "y"), offer("y")], priority_of={"x": 0, "y": 5}.__getitem__).complaints == []
    back = facts.Queued(60.0, "x", 1, "e1-1/1", queue="sales", position=1, front=True)
    assert checked([*on, *queue_of("x", "y", "z"), offer("x"), offer("y"), back, offer("x", 61.0), offer("z", 62.0)]).complaints == []
    assert "z overtook x" in checked([*on, *queue_of("x", "y", "z"), offer("x"), offer("y"), back, offer("z", 61.0)]).complaints[0]


def test_records_are_held_against_those_of_the_store():
    run = checked(everything())
    kept = [(record.call, record.leg) for record in run.records]
    assert run.finish(kept) == []
    assert run.finish(kept[1:]) == ["call c1 leg 1 has no call detail record"]
    assert run.finish([*kept, kept[0]]) == ["call c1 leg 1 has 2 records"]
    assert run.finish([*kept, ("c1", 3)]) == ["call c1 leg 3 has a record and is not chargeable"]


def test_a_record_whose_segments_leave_a_hole_is_found():
    import msgspec

    (record,) = checked(queued_call()).records
    holed = msgspec.structs.replace(record, segments=record.segments[:2] + record.segments[3:])
    assert checkers.partition_complaints(record) == []
    assert len(checkers.partition_complaints(holed)) == 1
    assert checkers.partition_complaints(msgspec.structs.replace(record, segments=())) != []
    assert checkers.partition_complaints(msgspec.structs.replace(record, segments=record.segments[:-1])) != []


def test_both_ends_must_be_idle():
    assert checkers.ends_disagree({"1": "idle"}, {"1": "idle"}) == []
    assert checkers.ends_disagree({"1": "idle"}, {"1": "answered"}) == ["circuit 1 is idle here and answered at the far end"]
    assert checkers.ends_disagree({"1": "idle"}, {}) == ["circuit 1 is idle here and missing at the far end"]


def test_edges_that_outlive_their_call_are_found():
    player = 0x10000
    assert checkers.heard_after_call({1: [2], 2: [1], 3: []}, busy=[1, 2]) == []
    assert checkers.heard_after_call({1: [player], 2: [], 3: []}, busy=[1]) == []
    assert checkers.heard_after_call({1: [player]}, busy=[]) == [f"port 1 is idle and hears {player}"]
    assert checkers.heard_after_call({1: [2], 2: []}, busy=[1]) == ["port 1 hears the idle port 2"]


def test_counters_that_must_be_zero():
    assert checkers.overflows({"event_overflows": 0, "ticks": 7}) == []
    assert checkers.overflows({"event_overflows": 2}) == ["event_overflows is 2"]
    assert checkers.unexpected({"seizures": 4, "malformed": 0}) == []
    assert checkers.unexpected({"unexpected Idle A3": 1, "fault": 2}) == ["fault: 2 times", "unexpected Idle A3: 1 times"]


def test_what_is_left_behind_is_named():
    assert checkers.left_behind(["sweep"], allowed=["sweep"]) == []
    assert checkers.left_behind(["sweep", "ring timer c1"], allowed=["sweep"]) == ["ring timer c1 is left behind"]
