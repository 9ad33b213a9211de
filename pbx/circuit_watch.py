"""The watch over trunk circuits: what each has carried, and which one kills the calls that it is given.

A *killer trunk* answers and drops at once, or never answers its seizure: where idle circuits are chosen by the shortest use it draws
call after call. The watch counts, for each circuit, calls in a row that its far end answered and dropped within ``short_seconds``, and
attempts in a row that failed by the circuit itself; when there are too many the circuit is blocked like an operator would
block it, and an alarm says so. Unblocking it clears the alarm (M.700's maintenance phases: detection, protection, information). Leaves out
tests of the circuit (pbx/test_calls.py) and choosing it (pbx/trunks.py).
"""

from collections import Counter

import msgspec

from pbx.call import Leg
from pbx.floor import Floor
from pbx.line import TRUNK, Line
from pbx.signalling_circuit import SignalledCircuit
from pbx.vocabulary.call import (
    CIRCUIT_NOT_AVAILABLE,
    OUT_OF_ORDER,
    PROTOCOL_ERROR,
    RECOVERY_ON_TIMER_EXPIRY,
    TEMPORARY_FAILURE,
    Blocked,
)
from pbx.vocabulary.facts import AlarmCleared, AlarmRaised

CIRCUIT_CAUSES = frozenset({OUT_OF_ORDER, TEMPORARY_FAILURE, CIRCUIT_NOT_AVAILABLE, RECOVERY_ON_TIMER_EXPIRY, PROTOCOL_ERROR})
"""Causes by which an unanswered call tells against its circuit and not against the called party."""


class WatchSettings(msgspec.Struct, frozen=True):
    """When a circuit is taken out of use: so many calls in a row answered and dropped within ``short_seconds``, or so many attempts in a
    row that failed by the circuit. 0 = never."""

    short_calls: int = 6
    short_seconds: float = 3.0
    failures: int = 8


class CircuitCounters(msgspec.Struct):
    """What a circuit has carried since control began; ``ended`` counts legs by their cause of Q.850."""

    incoming: int = 0
    outgoing: int = 0
    answered: int = 0
    busy_seconds: float = 0.0
    short_calls: int = 0
    failures: int = 0
    ended: Counter[int] = msgspec.field(default_factory=Counter)


class CircuitWatch:
    """Counters of all lines, and the guard of the trunk circuits."""

    def __init__(self, floor: Floor, settings: WatchSettings | None = None) -> None:
        self._floor = floor
        self._settings = settings or WatchSettings()
        self._counters: dict[str, CircuitCounters] = {}

    def counters(self, line: Line) -> CircuitCounters:
        """The counters of a line."""
        found = self._counters.get(line.name)
        if found is None:
            found = self._counters[line.name] = CircuitCounters()
        return found

    def taken(self, leg: Leg) -> None:
        """The line has been seized for a leg."""
        counters = self.counters(leg.line)
        if leg.incoming:
            counters.incoming += 1
        else:
            counters.outgoing += 1

    def released(self, leg: Leg, cause: int) -> None:
        """The leg is over."""
        counters = self.counters(leg.line)
        now = self._floor.now
        counters.ended[leg.cause or cause] += 1
        counters.busy_seconds += now - leg.started_at
        counters.answered += leg.answered
        if leg.line.kind != TRUNK or leg.test is not None:
            return
        if leg.established_at is not None:
            counters.failures = 0
            dropped = leg.far_first and not leg.incoming and now - leg.established_at <= self._settings.short_seconds
            counters.short_calls = counters.short_calls + 1 if dropped else 0
        elif not leg.incoming and not isinstance(leg.line.engine, SignalledCircuit):
            # Where signalling has a channel of its own a cause is the call's, wherever it met its end.
            counters.failures = counters.failures + 1 if (leg.cause or cause) in CIRCUIT_CAUSES else 0
        self._judge(leg.line, counters)

    def _judge(self, line: Line, counters: CircuitCounters) -> None:
        settings = self._settings
        if line.alarm:
            return
        if 0 < settings.short_calls <= counters.short_calls:
            text = f"{counters.short_calls} calls in a row answered and dropped within {settings.short_seconds:g} s"
        elif 0 < settings.failures <= counters.failures:
            text = f"{counters.failures} calls in a row failed by the circuit"
        else:
            return
        line.alarm = f"killer trunk: {text}; blocked"
        self._floor.to_line(line, Blocked("local"))
        self._floor.fact(AlarmRaised(self._floor.now, line.name, line.alarm))

    def unblocked(self, line: Line) -> None:
        """The line may be used again: it begins with a clean sheet."""
        counters = self.counters(line)
        counters.short_calls = counters.failures = 0
        if line.alarm:
            line.alarm = ""
            self._floor.fact(AlarmCleared(self._floor.now, line.name, "in use again"))
