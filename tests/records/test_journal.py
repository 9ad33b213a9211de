"""The journal: numbers without gaps, subscribers in order, and nobody can hurt the caller."""

import pytest

from pbx.journal import FAILURES_ALLOWED, Journal, JournalFullError, MemoryRing
from pbx.vocabulary import facts
from pbx.vocabulary.facts import Fact, decode


def fact(number: int) -> Fact:
    return facts.CallCleared(float(number), f"c{number}", cause=16)


def test_facts_are_numbered_from_one_and_stay_until_they_are_committed():
    ring = MemoryRing()
    journal = Journal(ring)
    assert [journal.append(fact(n)) for n in (1, 2, 3)] == [1, 2, 3]
    assert [(n, decode(octets)) for n, octets in ring.journal_read(2)] == [(1, fact(1)), (2, fact(2))]
    ring.journal_commit(2)
    assert [(n, decode(octets)) for n, octets in ring.journal_read(9)] == [(3, fact(3))]
    ring.journal_commit(3)
    assert ring.used_octets == 0 and ring.journal_read(9) == []


def test_a_full_ring_loses_facts_that_are_counted_and_calls_go_on():
    ring = MemoryRing(capacity_octets=100)
    journal = Journal(ring)
    told = []
    journal.on_lost = told.append
    numbers = [journal.append(fact(n)) for n in range(10)]
    taken = [n for n in numbers if n]
    assert taken == list(range(1, len(taken) + 1)) and 0 < len(taken) < 10
    assert journal.lost == len(told) == 10 - len(taken)
    ring.journal_commit(taken[-1])
    assert journal.append(fact(11)) == taken[-1] + 1, "numbers have no gap after a loss"


def test_a_ring_that_refuses_an_old_control_is_heard():
    class Stale(MemoryRing):
        def journal_append(self, octets: bytes) -> int:
            raise PermissionError("a newer control has the arena")

    with pytest.raises(PermissionError):
        Journal(Stale()).append(fact(1))


def test_subscribers_get_the_kinds_they_asked_for():
    journal = Journal(MemoryRing())
    all_of_them, calls, agents = [], [], []
    journal.subscribe(Fact, lambda n, fact: all_of_them.append(n))
    journal.subscribe("CallFact", lambda n, fact: calls.append(n))
    journal.subscribe((facts.Ready, "LoggedOff"), lambda n, fact: agents.append(n))
    for each in (fact(1), facts.Ready(1.0, "ada"), facts.Busy(1.0, "ada"), facts.LoggedOff(2.0, "ada")):
        journal.append(each)
    assert (all_of_them, calls, agents) == ([1, 2, 3, 4], [1], [2, 4])


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="Queued"):
        Journal(MemoryRing()).subscribe("Queud", print)
    with pytest.raises(ValueError, match="not a kind"):
        Journal(MemoryRing()).subscribe(int, print)  # type: ignore[arg-type]


def test_a_failing_subscriber_is_dropped_after_the_third_time_and_hurts_nobody():
    journal = Journal(MemoryRing())
    seen = []

    def bad(sequence: int, fact: Fact) -> None:
        raise RuntimeError("no")

    subscription = journal.subscribe(Fact, bad)
    journal.subscribe(Fact, lambda n, fact: seen.append(n))
    for n in range(FAILURES_ALLOWED + 2):
        journal.append(fact(n))
    assert seen == [1, 2, 3, 4, 5]
    assert subscription.failures == journal.failures == FAILURES_ALLOWED and not subscription.active
    assert "RuntimeError: no" in subscription.last_failure
    assert len(journal.subscriptions) == 1


def test_a_subscriber_that_appends_breaks_nobodys_order():
    journal = Journal(MemoryRing())
    first, second = [], []

    def echo(sequence: int, seen: Fact) -> None:
        first.append(sequence)
        if sequence == 1:
            journal.append(fact(2))

    journal.subscribe(Fact, echo)
    journal.subscribe(Fact, lambda n, fact: second.append(n))
    journal.append(fact(1))
    journal.append(fact(3))
    assert first == second == [1, 2, 3]


def test_cancelling_ends_it_at_once():
    journal = Journal(MemoryRing())
    seen = []
    subscription = journal.subscribe(Fact, lambda n, fact: seen.append(n))
    journal.append(fact(1))
    subscription.cancel()
    journal.append(fact(2))
    assert seen == [1]


def test_memory_ring_says_that_it_is_full():
    with pytest.raises(JournalFullError):
        MemoryRing(capacity_octets=3).journal_append(b"four")


def test_a_trace_too_long_for_a_record_becomes_several():
    ring = MemoryRing()
    lines = [(float(n), "e1-1/1", f"<- A{n % 10} " + "x" * 90) for n in range(3000)]
    assert Journal(ring).append(facts.Traced(1.0, "c", 1, "e1-1/1", lines=lines)) > 3
    records = ring.journal_read(100)
    assert max(len(octets) for _, octets in records) < 65536
    assert [line for _, octets in records for line in decode(octets).lines] == lines
