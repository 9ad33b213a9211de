"""Calls that come in on an exchange line (FXO): forewarning, ringing, who calls, answer, and a caller who gives up.

A loop-start line cannot refuse a call: Release goes up at once, the line rings on until the caller tires, and Idle waits for that. A
ground-start exchange says by its feed that it has taken the line or let it go. Leaves out how an identity is read: fxo_identity.py.
"""

from collections.abc import Sequence

from pbx.engine import Output, Unexpected
from pbx.signalling.analog.fxo_supervision import FxoSupervision
from pbx.signalling.analog.fxo_wires import LISTEN_CALL, LOOP_CLOSED, UNLISTEN
from pbx.signalling.analog.trunk import CONNECT, SEIZED
from pbx.vocabulary import call
from pbx.vocabulary.call import Disconnect, Release, Setup


class FxoIncoming(FxoSupervision):
    """What one line does when it is called."""

    __slots__ = ()

    # At rest.

    def _battery_back(self, _: object, now: float) -> Sequence[Output]:
        """Loop start: the feed is there again. Ground start: the exchange takes the line, ringing will follow."""
        self.machine.stop_timer("battery_lost")
        self.machine.choose("Forewarned" if self.features.ground_start else "Idle")
        if not self.features.ground_start:
            return ()
        return self._listen_early()

    def _no_battery_at_rest(self, _: object, now: float) -> Sequence[Output]:
        if not self.features.ground_start:
            self.machine.start_timer("battery_lost", now)
        return ()

    def _out_of_order(self, _: object, now: float) -> Sequence[Output]:
        return self.add_reason("remote")

    # Called.

    def _listen_early(self) -> tuple[Output, ...]:
        self.identity.clear()
        return (self._listens,) if self._listens is not None else ()

    def _forewarned(self, _: object, now: float) -> Sequence[Output]:
        """The poles change at rest: the caller's identity may come before the ringing, or nothing at all."""
        self.machine.choose("Forewarned")
        self.machine.start_timer("forewarning", now)
        return self._listen_early()

    def _warned_for_nothing(self, _: object, now: float) -> Sequence[Output]:
        """No ringing follows; but a ground-start exchange that feeds the line has it, for as long as it does."""
        if self.features.ground_start and self.battery:
            self.machine.choose("Forewarned")
            return ()
        return (UNLISTEN, *self._idle(now))

    def _no_battery_when_warned(self, _: object, now: float) -> Sequence[Output]:
        if self.features.ground_start:
            return self._warned_for_nothing(None, now)
        self.machine.choose("Forewarned")
        return ()

    def _no_battery_when_rung(self, _: object, now: float) -> Sequence[Output]:
        """A ground-start exchange says so that it has let go; in loop start only ringing counts."""
        if self.features.ground_start:
            return self._caller_gone(None, now)
        self.machine.choose(self.machine.state)
        return ()

    def _rung(self, _: object, now: float) -> Sequence[Output]:
        """The first ringing of a call that nothing has announced."""
        return self.ring_begins(self._listen_early(), now)

    def _rung_as_told(self, _: object, now: float) -> Sequence[Output]:
        return self.ring_begins((), now)

    def ring_begins(self, listening: tuple[Output, ...], now: float) -> tuple[Output, ...]:
        """A call comes in. While the line is blocked, and where it is for calls out alone, nobody here takes it: it rings in vain."""
        if "local" in self.reasons:
            self.machine.choose("RingingOut")
            return (UNLISTEN,)
        if not self.features.takes_calls:
            noticed = Unexpected(self.machine.state, "ringing on an outgoing line")
            self._idle_owed = True
            self.machine.choose("RingingOut")
            return (noticed, UNLISTEN)
        self.open = self._idle_owed = True
        self.outgoing, self._cause, self._rings = False, 0, 1
        self._ready = self.identity.found is not None or self._listens is None
        self.machine.choose("Ringing")
        return (*listening, SEIZED, *self._offer_if_ready())

    def _rung_again(self, _: object, now: float) -> Sequence[Output]:
        """The second ringing ends the time of identities."""
        self._rings += 1
        self.machine.stop_timer("ring_end")
        self.machine.choose("Ringing")
        return (*self._finish_identity(), *self._offer_if_ready())

    def _finish_identity(self) -> Sequence[Output]:
        self._ready = True
        return self.identity.finish()

    def _ring_pauses(self, _: object, now: float) -> Sequence[Output]:
        """Nobody waits for an identity any more."""
        self.machine.start_timer("ring_end", now)
        return ()

    def _ring_pauses_first(self, _: object, now: float) -> Sequence[Output]:
        self.machine.start_timer("ring_end", now)
        if not self._ready and not self.machine.runs("identity_wait"):
            self.machine.start_timer("identity_wait", now)
        return ()

    def _ring_goes_on(self, _: object, now: float) -> Sequence[Output]:
        self.machine.stop_timer("ring_end")
        return ()

    def _identified(self, _: object, now: float) -> Sequence[Output]:
        self._ready = True
        self.machine.choose("Ringing")
        return self._offer_if_ready()

    def _not_identified(self, _: object, now: float) -> Sequence[Output]:
        """The wait is over, unless a message is just coming in: then until the next ringing or the end of all ringing."""
        self.machine.choose("Ringing")
        if self.identity.begun:
            self.machine.start_timer("identity_wait", now)
            return ()
        return (*self._finish_identity(), *self._offer_if_ready())

    def _offer_if_ready(self) -> tuple[Output, ...]:
        if not self._ready or self._rings < self.features.rings_before_answer:
            return ()
        self.machine.choose("Offered")
        unlisten = () if self._listens is None else (UNLISTEN,)
        return (*unlisten, self._offer())

    def _offer(self) -> Setup:
        found = self.identity.found
        if found is None:
            return Setup(self.number)
        return Setup(self.number, found.number, restricted=found.number_absence == "private", name=found.name)

    def _caller_gone(self, _: object, now: float) -> Sequence[Output]:
        return (UNLISTEN, *self.close(call.NORMAL_CLEARING), *self._at_end(now))

    def _refuse(self, primitive: Disconnect | Release, now: float) -> Sequence[Output]:
        """It rings on for a while, of which the switch needs to know nothing but that the line is not idle."""
        if not self.ringing and not self.machine.runs("ring_end"):
            self.machine.start_timer("ring_end", now)
        return (UNLISTEN, *self.close(primitive.cause))

    def _answer(self, _: object, now: float) -> Sequence[Output]:
        self._talk(now)
        return (*LOOP_CLOSED, LISTEN_CALL, CONNECT)

    def _talk(self, now: float) -> None:
        """A line whose feed went while it was rung has nobody at its other end: the end of the feed, told before, counts now."""
        if not self.battery:
            self.battery_gone(None, now)
        self.home = not self.reversed
        self._settled_at = now + self.variant.seconds("polarity_settle")

    # The end of ringing and of the guard.

    def guarded(self, _: object, now: float) -> tuple[Output, ...]:
        """The exchange has had its time. What still stands there is a call that comes in, or an exchange that does not let go."""
        if self.ringing:
            return (*self._idle(now), *self.ring_begins(self._listen_early(), now))
        return self._at_end(now)

    def _let_go(self, _: object, now: float) -> Sequence[Output]:
        return (*self.remove_reason("fault"), *self._idle(now))

    def _held_and_rung(self, _: object, now: float) -> Sequence[Output]:
        return (*self.remove_reason("fault"), *self._idle(now), *self.ring_begins(self._listen_early(), now))
