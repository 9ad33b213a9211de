"""Blocking of one circuit from either end, BLS and BLR (Q.764 clauses 2.8.2.1, 2.8.2.2 and 2.9.5.1; Q.724 and GF 001-9001 likewise).

Maintenance blocks a circuit at the far end by BLO, or with others by a message for a group, and frees it by UBL or likewise; calls in
progress go on. A circuit may be blocked from both ends, and by failed hardware besides. An acknowledgement that nobody asked for shows that
the ends do not agree: what we want is said again. While a request waits for its acknowledgement the opposite is not sent: it is only wanted
(``blocked_here``), and sent when the acknowledgement has come, which so belongs to one request alone. Leaves out groups (circuit_groups.py)
and what blocking does to calls.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pbx.engine import Output, Unexpected
from pbx.signalling.ss7.circuit_books import MAINTENANCE, CircuitBooks
from pbx.signalling.ss7.repetition import Request


class Blocking:
    """What is asked of the far end about one circuit, and what it asks."""

    __slots__ = ("_block", "_c", "_kinds", "_timers", "_unblock", "requests")

    def __init__(self, c: CircuitBooks, kinds: Any, timers: Mapping[Any, tuple[str, str]]) -> None:
        """``kinds``: the user part's messages, by their acronyms; ``timers``: those of BLO and UBL."""
        self._c = c
        self._kinds = kinds
        self._timers = timers
        self._block: Request | None = None
        self._unblock: Request | None = None
        self.requests: tuple[Request, ...] = ()
        """Those that were ever made."""

    def block(self, now: float) -> Sequence[Output]:
        """By order: BLO."""
        held = self.hold(now)
        return (*self._send_block(now), *held)

    def hold(self, now: float) -> Sequence[Output]:
        """By order while the circuit is reset: BLO follows when that is acknowledged (``again``), for before it would be forgotten."""
        self._c.blocked_here.add(MAINTENANCE)
        return self._c.add_reason("local")

    @property
    def waits(self) -> bool:
        """Whether BLO or UBL is not acknowledged."""
        return any(request.waits for request in self.requests)

    @property
    def _frees(self) -> bool:
        """Whether the end of a block is not acknowledged."""
        return self._c.grouped.get(MAINTENANCE) == "unblock" or (self._unblock is not None and self._unblock.waits)

    @property
    def stands(self) -> bool:
        """Whether the far end is to hold the circuit blocked now; while the end of a block is under way BLO is yet to follow, if wanted."""
        return MAINTENANCE in self._c.blocked_here and not self._frees

    def _send_block(self, now: float) -> Sequence[Output]:
        # A group may ask the same: after a reset BLO goes beside it, for the far end may have forgotten what the group had asked.
        if self._frees:
            return ()
        if self._block is None:
            self._block = Request(self._c.variant, "BLO", self._timers[self._kinds.BLO])
            self.requests += (self._block,)
        return self._block.begin(self._c.say(self._kinds.BLO), now)

    def unblock(self, now: float) -> Sequence[Output]:
        """By order: UBL; the circuit may be used when it is acknowledged."""
        if MAINTENANCE not in self._c.blocked_here:
            return ()
        self._c.blocked_here.discard(MAINTENANCE)
        return self._send_unblock(now)

    def _send_unblock(self, now: float) -> Sequence[Output]:
        if MAINTENANCE in self._c.grouped or (self._block is not None and self._block.waits):
            return ()
        if self._unblock is None:
            self._unblock = Request(self._c.variant, "UBL", self._timers[self._kinds.UBL])
            self.requests += (self._unblock,)
        return self._unblock.begin(self._c.say(self._kinds.UBL), now)

    def free_again(self, now: float) -> Sequence[Output]:
        """The far end holds blocked what we do not: UBL."""
        return self._send_unblock(now) if MAINTENANCE not in self._c.blocked_here else ()

    def again(self, now: float) -> Sequence[Output]:
        """The far end has forgotten (RSC of either end): say it again if it still holds."""
        return self._send_block(now) if MAINTENANCE in self._c.blocked_here else ()

    def blo(self) -> Sequence[Output]:
        """BLO: remembered and acknowledged, also when it is nothing new."""
        self._c.blocked_there.add(MAINTENANCE)
        return (self._c.say(self._kinds.BLA), *self._c.add_reason("remote"))

    def ubl(self) -> Sequence[Output]:
        """UBL: likewise."""
        return (self._c.say(self._kinds.UBA), *self._c.free_there(MAINTENANCE))

    def bla(self, now: float) -> Sequence[Output]:
        """BLA: expected, or a sign that the far end holds blocked what we do not."""
        expected = self._block is not None and self._block.stop(now)
        noticed = () if expected else (Unexpected(self._c.machine.state, "BLA"),)
        return noticed if self._c.asked(MAINTENANCE) else (*noticed, *self.free_again(now))

    def uba(self, now: float) -> Sequence[Output]:
        """UBA: the circuit is free at the far end, or should not be."""
        if self._unblock is not None and self._unblock.stop(now):
            return (*self._c.freed(MAINTENANCE), *self.again(now))
        noticed = (Unexpected(self._c.machine.state, "UBA"),)
        return noticed if self._c.asked(MAINTENANCE) else (*noticed, *self.again(now))

    def stop(self, now: float) -> None:
        """There is no such circuit: no more BLO and UBL."""
        for request in self.requests:
            request.stop(now)
