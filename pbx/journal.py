"""The journal: every fact, numbered, before anybody outside can see its effect.

``Journal`` is the sink of the floor. It encodes a fact, appends it to the journal ring of the media plane's arena (which survives
the death of control) and then shows it to the live subscribers (desk, link, console, checkers) in the order of its sequence
number. A subscriber can never hurt the caller: what it raises is kept and counted, and after the third time it is dropped.
``MemoryRing`` has the same face as the arena's ring and is for simulations and tests. Leaves out the store, which drains the ring
in its own time (pbx/store.py), and what the words mean (pbx/vocabulary/facts.py, ECMA-269).
"""

import traceback
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from pbx.media import PlaneFull
from pbx.vocabulary.facts import KINDS, Fact, Traced, encode

FAILURES_ALLOWED = 3
"""A subscriber that has raised this many times is dropped."""

LONGEST_RECORD_OCTETS = 60_000
"""A record of the arena's ring holds 64 KiB; a longer trace is written as several facts."""

Subscriber = Callable[[int, Fact], object]
"""``function(sequence, fact)``."""


class Ring(Protocol):
    """The journal ring: what control writes and the store reads. Sequence numbers begin at 1 and rise by one.

    A control that is killed while it appends may take a number with it, without a fact.
    """

    def journal_append(self, octets: bytes) -> int:
        """Append a record and return its sequence number; a number below 1 or an exception means that it was not taken."""
        ...

    def journal_read(self, limit: int) -> list[tuple[int, bytes]]:
        """The oldest records not yet committed, at most ``limit``; the same again until they are committed."""
        ...

    def journal_commit(self, sequence: int) -> None:
        """The store has everything up to ``sequence``: its room may be used again."""
        ...


class JournalFullError(Exception):
    """The ring has no room: the store has not drained it for long."""


class MemoryRing:
    """A journal ring in ordinary memory."""

    def __init__(self, capacity_octets: int = 8 << 20) -> None:
        """Room for ``capacity_octets`` of records that are not yet committed."""
        self.capacity_octets = capacity_octets
        self.sequence = 0
        # Two counters, each with one writer, since control appends in one thread and the store commits in another.
        self._appended_octets = 0
        self._committed_octets = 0
        self._records: deque[tuple[int, bytes]] = deque()

    @property
    def used_octets(self) -> int:
        """Octets that wait for the store."""
        return self._appended_octets - self._committed_octets

    def journal_append(self, octets: bytes) -> int:
        """See ``Ring``; ``JournalFullError`` when there is no room."""
        if self.used_octets + len(octets) > self.capacity_octets:
            raise JournalFullError(f"{self.used_octets} octets wait for the store")
        self.sequence += 1
        self._appended_octets += len(octets)
        self._records.append((self.sequence, octets))
        return self.sequence

    def journal_read(self, limit: int) -> list[tuple[int, bytes]]:
        """See ``Ring``."""
        # The store's thread reads while control appends: take one record at a time instead of iterating over a moving deque.
        count = min(limit, len(self._records))
        return [self._records[index] for index in range(count)]

    def journal_commit(self, sequence: int) -> None:
        """See ``Ring``."""
        records = self._records
        while records and records[0][0] <= sequence:
            self._committed_octets += len(records.popleft()[1])


class Subscription:
    """One subscriber: cancel it, or look how it fares."""

    __slots__ = ("_journal", "_kinds", "active", "failures", "function", "last_failure")

    def __init__(self, journal: "Journal", kinds: tuple[type[Fact], ...], function: Subscriber) -> None:
        self._journal = journal
        self._kinds = kinds
        self.function = function
        self.failures = 0
        self.last_failure = ""
        self.active = True

    def cancel(self) -> None:
        """Show it no more facts."""
        self.active = False
        self._journal.forget(self)

    def show(self, sequence: int, fact: Fact) -> None:
        """Show the fact if it is wanted; count what the function raises, and drop it after the third time."""
        if not self.active or not isinstance(fact, self._kinds):
            return
        try:
            self.function(sequence, fact)
        except Exception:
            self.failures += 1
            self.last_failure = traceback.format_exc()
            self._journal.failures += 1
            if self.failures >= FAILURES_ALLOWED:
                self.cancel()


class Journal:
    """The floor's sink of facts, over any ring."""

    def __init__(self, ring: Ring) -> None:
        """``ring`` is the arena's, or a ``MemoryRing``."""
        self.ring = ring
        self.sequence = 0
        self.lost = 0
        self.failures = 0
        self.on_lost: Callable[[Fact], None] | None = None
        self._subscriptions: tuple[Subscription, ...] = ()
        self._waiting: deque[tuple[int, Fact]] = deque()
        self._showing = False

    def append(self, fact: Fact) -> int:
        """Write the fact; returns its sequence number, 0 when the ring was full.

        A full ring is counted in ``lost`` and told to ``on_lost``; the call goes on, for no call waits for a database. What the ring
        raises otherwise (the arena has a newer control) is not caught: an old control must not go on. Subscribers see the fact
        before this returns, except when a subscriber itself appends: then as soon as everybody has seen the one before it.
        """
        octets = encode(fact)
        if len(octets) > LONGEST_RECORD_OCTETS and isinstance(fact, Traced) and len(fact.lines) > 1:
            half = len(fact.lines) // 2
            self.append(msgspec.structs.replace(fact, lines=fact.lines[:half]))
            return self.append(msgspec.structs.replace(fact, lines=fact.lines[half:]))
        try:
            sequence = self.ring.journal_append(octets)
        except (JournalFullError, PlaneFull):
            sequence = 0
        if sequence < 1:
            self.lost += 1
            if self.on_lost is not None:
                self.on_lost(fact)
            sequence = 0
        else:
            self.sequence = sequence
        if self._subscriptions:
            self._waiting.append((sequence, fact))
            if not self._showing:
                self._show()
        return sequence

    def subscribe(self, kinds: str | type[Fact] | Iterable[str | type[Fact]], function: Subscriber) -> Subscription:
        """Show ``function(sequence, fact)`` every fact of these kinds from now on; ``Fact`` means all.

        A kind is a class of pbx/vocabulary/facts.py or its name; ``ValueError`` for a name that is none.
        """
        asked = (kinds,) if isinstance(kinds, str | type) else tuple(kinds)
        subscription = Subscription(self, tuple(kind_of(kind) for kind in asked), function)
        self._subscriptions = (*self._subscriptions, subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Used by ``Subscription.cancel``."""
        self._subscriptions = tuple(other for other in self._subscriptions if other is not subscription)

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Those who listen."""
        return self._subscriptions

    def _show(self) -> None:
        self._showing = True
        try:
            while self._waiting:
                sequence, fact = self._waiting.popleft()
                for subscription in self._subscriptions:
                    subscription.show(sequence, fact)
        finally:
            self._showing = False


def kind_of(kind: str | type[Fact]) -> type[Fact]:
    """The class of facts that is meant; ``ValueError`` with the known names when there is none."""
    if isinstance(kind, str):
        found = Fact if kind == "Fact" else KINDS.get(kind)
        if found is None:
            raise ValueError(f"no fact is called {kind!r}; there are " + ", ".join(sorted(KINDS)))
        return found
    if not issubclass(kind, Fact):
        raise ValueError(f"{kind.__name__} is not a kind of fact")
    return kind
