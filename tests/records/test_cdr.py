"""CDRs: one for each chargeable leg, segments that partition its time, cause 41 for what died."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pbx import cdr
from pbx.cdr import ADOPTION_GRACE_S, CallDetailRecord, CdrFold
from pbx.vocabulary import facts
from pbx.vocabulary.facts import Fact
from tests.records.story import busy_call, everything, internal_call, is_trunk, merged, outgoing_call, queued_call


def fold_of(story: list[Fact], fold: CdrFold | None = None, start: int = 1) -> list[CallDetailRecord]:
    fold = fold or CdrFold(is_trunk)
    return [record for n, fact in enumerate(story, start) for record in fold.take(n, fact)]


def assert_partition(record: CallDetailRecord) -> None:
    assert record.segments[0].started_at == record.seized_at
    assert record.segments[-1].ended_at == record.ended_at
    for before, after in zip(record.segments, record.segments[1:], strict=False):
        assert before.ended_at == after.started_at
    assert all(part.ended_at >= part.started_at and part.kind in cdr.SEGMENT_KINDS for part in record.segments)


def test_a_queued_call_has_one_record_with_its_whole_story():
    (record,) = fold_of(queued_call())
    assert (record.sequence, record.call, record.leg, record.line, record.direction) == (1, "c1", 1, "e1-1/1", "incoming")
    assert (record.calling, record.called, record.cause) == ("13900000000", "10086", 16)
    assert (record.seized_at, record.answered_at, record.ended_at) == (10.0, 11.75, 90.0)
    assert record.duration_s == 78.25
    assert (record.queue, record.waited_s, record.agent) == ("sales", 13.75, "ada")
    assert record.ring_s == 13.0, "ten seconds at the seat that did not answer and three at the one that did"
    assert record.recordings == ("c1-1",)
    assert [(part.kind, part.started_at - 10) for part in record.segments] == [
        ("setup", 0.0),
        ("flow", 1.75),
        ("queue", 6.25),
        ("talk", 20.0),
        ("hold", 30.0),
        ("talk", 40.0),
    ]
    talk = record.segments[3]
    assert (talk.with_leg, talk.line, talk.agent) == (3, "a-1", "ada")
    assert_partition(record)


def test_the_trunk_leg_of_an_outgoing_call_is_charged():
    (record,) = fold_of(outgoing_call())
    assert (record.leg, record.line, record.direction) == (2, "e1-1/7", "outgoing")
    assert (record.called, record.calling) == ("13800000000", "8002")
    assert (record.duration_s, record.ring_s) == (60.5, 4.0)
    assert [part.kind for part in record.segments] == ["setup", "ringing", "talk", "switching"]
    assert_partition(record)


def test_the_originating_leg_of_a_call_without_a_trunk_is_charged():
    (record,) = fold_of(internal_call())
    assert (record.leg, record.line, record.direction, record.duration_s, record.ring_s) == (1, "a-2", "internal", 13.0, 5.0)
    assert [part.kind for part in record.segments] == ["setup", "ringing", "talk", "switching"]
    assert_partition(record)


def test_a_busy_call_is_recorded_with_its_tone():
    (record,) = fold_of(busy_call())
    assert (record.cause, record.answered_at, record.duration_s) == (17, None, 0.0)
    assert [part.kind for part in record.segments] == ["setup", "tone"]


def test_a_tandem_call_has_two_records():
    story = [
        facts.ServiceInitiated(0.0, "t", 1, "e1-1/1"),
        facts.Originated(1.0, "t", 1, "e1-1/1", called="5551", calling="1"),
        facts.NetworkReached(1.0, "t", 2, "e1-2/1", called="5551", group="far"),
        facts.Established(2.0, "t", 2, "e1-2/1"),
        facts.Established(2.0, "t", 1, "e1-1/1"),
        facts.Connected(2.0, "t", 1, "e1-1/1", with_leg=2),
        facts.ConnectionCleared(5.0, "t", 1, "e1-1/1", cause=16),
        facts.ConnectionCleared(5.5, "t", 2, "e1-2/1", cause=16),
        facts.CallCleared(5.5, "t", cause=16),
    ]
    records = fold_of(story)
    assert [(record.leg, record.direction, record.sequence) for record in records] == [(1, "incoming", 1), (2, "outgoing", 3)]


@pytest.mark.parametrize("story", [queued_call(), outgoing_call(), internal_call(), busy_call()])
def test_whenever_the_plane_dies_each_chargeable_leg_has_its_record(story):
    for cut in range(1, len(story)):
        fold = CdrFold(is_trunk)
        records = fold_of(story[:cut], fold)
        at = story[cut - 1].at + 1
        records += fold.abandon(at)
        legs = {fact.leg for fact in story[:cut] if isinstance(fact, facts.ServiceInitiated | facts.NetworkReached | facts.Delivered)}
        trunks = {fact.leg for fact in story[:cut] if isinstance(fact, facts.CallFact) and is_trunk(fact.line)}
        assert sorted(record.leg for record in records) == sorted(trunks or {min(legs)})
        assert not fold.open_calls
        for record in records:
            assert_partition(record)
            assert record.cause == 41 or record.ended_at <= story[cut - 1].at


def test_a_leg_that_a_new_control_does_not_adopt_ends_with_cause_41_when_it_began():
    fold = CdrFold(is_trunk)
    in_set_up = [facts.ServiceInitiated(1.0, "x", 1, "e1-1/1")]
    talking = queued_call("y", 0.0, "e1-1/2")[:17]
    assert fold_of(merged(in_set_up, talking), fold) == []
    restart = [
        facts.Adopted(50.0, "y", 1, "e1-1/2"),
        facts.Adopted(50.0, "y", 3, "a-1"),
        facts.ControlStarted(50.0, epoch=2, adopted=2),
    ]
    assert fold_of(restart, fold, 100) == []
    (record,) = fold.take(200, facts.LineBlocked(50.1 + ADOPTION_GRACE_S, "e1-1/9", "alarm"))
    assert (record.call, record.cause, record.ended_at) == ("x", 41, 50.0)
    assert fold.open_calls == ("y",)
    (record,) = fold_of([facts.ConnectionCleared(70.0, "y", 1, "e1-1/2", cause=16)], fold, 300)
    assert (record.call, record.cause, record.ended_at) == ("y", 16, 70.0)


def test_a_line_used_anew_ends_the_leg_that_died_on_it():
    fold = CdrFold(is_trunk)
    fold.take(1, facts.ServiceInitiated(1.0, "x", 1, "e1-1/1"))
    fold.take(2, facts.ControlStarted(2.0, epoch=2))
    (record,) = fold.take(3, facts.ServiceInitiated(3.0, "z", 1, "e1-1/1"))
    assert (record.call, record.ended_at, record.cause) == ("x", 2.0, 41)
    assert fold.open_calls == ("z",)


def test_what_comes_after_the_end_opens_nothing():
    fold = CdrFold(is_trunk)
    assert len(fold_of(internal_call(), fold)) == 1
    late = [
        facts.Traced(222.0, "c3", 1, "a-2", lines=[(222.0, "a-2", "-> idle")]),
        facts.RecordingStopped(222.0, "c3", 1, "a-2", recording="c3-1"),
        facts.ConnectionCleared(222.0, "c3", 1, "a-2", cause=16),
        facts.CallCleared(222.0, "c3", cause=16),
    ]
    assert fold_of(late, fold, 50) == [] and not fold.open_calls


KINDS = [kind for kind in facts.KINDS.values() if issubclass(kind, facts.CallFact) and kind is not facts.CallFact]


@given(st.integers(0, 2**32), st.integers(1, 60))
@example(98, 31)
def test_any_facts_in_any_order_give_at_most_one_record_a_leg_and_always_a_partition(seed, count):
    choose = random.Random(seed)
    fold = CdrFold(is_trunk)
    at, records = 0.0, []
    for n in range(1, count + 1):
        at += choose.choice((0.0, 0.5, 3.0, 20.0))
        if choose.random() < 0.05:
            fact: Fact = facts.ControlStarted(at, epoch=n)
        else:
            leg = choose.randint(1, 3)
            fact = choose.choice(KINDS)(at, choose.choice("xyz"), leg, choose.choice(("e1-1/1", "e1-1/2", "a-1")))
        records += fold.take(n, fact)
    records += fold.abandon(at)
    assert not fold.open_calls
    assert len({record.sequence for record in records}) == len(records)
    for record in records:
        assert_partition(record)
        assert record.ended_at <= at and record.duration_s >= 0 and record.ring_s >= 0


def test_the_day_gives_four_records():
    assert [record.call for record in fold_of(everything())] == ["c1", "c2", "c3", "c4"]
