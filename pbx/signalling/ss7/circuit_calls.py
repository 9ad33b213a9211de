"""What the calls of one circuit do in every user part: the address of calls in, clearing and reset (Q.764 clauses 2.1, 2.3, 2.9; Q.724).

The digits of a call that comes in are collected until the numbering plan knows enough; then the caller's number is asked, where the habits
want it, and the call goes up as one ``Setup``. A release or a reset that is not answered is repeated, then told to people. Each user part
says by which messages and timers, and has a table of its own (isup/call_states.py, tup/call_states.py). Leaves out all that goes another
way in one of them, above all who may end a call.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from pbx.engine import Noted, Output, PeerMessage, Unexpected
from pbx.signalling.ss7.circuit_books import CircuitBooks
from pbx.vocabulary import call
from pbx.vocabulary.call import Disconnect, Release, Setup
from pbx.vocabulary.numbers import COMPLETE, INVALID


class CircuitCalls(CircuitBooks):
    """The calls of one circuit, one at a time."""

    __slots__ = ()

    RELEASE: ClassVar[str]
    """The acronym of the message that asks for the circuit back."""
    RESET: ClassVar[Any]
    """RSC, as ``say`` wants it."""
    REPEAT_RELEASE: ClassVar[str]
    REPEAT_RESET: ClassVar[str]
    ALERTED_RESET: ClassVar[str]
    """Timers: the release again, the reset again, and the reset when people have been told."""
    REFUSED: ClassVar[str]
    """The state of a call in that cannot be."""

    @staticmethod
    def subsequent_of(message: Any) -> tuple[str, bool]:
        """The digits of a message that brings more of them, and whether its sender says that the number is complete."""
        raise NotImplementedError

    def ask_caller(self) -> PeerMessage:
        """The message that asks for the caller's number."""
        raise NotImplementedError

    def setup(self) -> Setup:
        """The call in, as far as it is known."""
        raise NotImplementedError

    def fail(self, cause: int) -> tuple[Output, ...]:
        """A call that comes in cannot be: the far end is told."""
        raise NotImplementedError

    def release(self, cause: int) -> PeerMessage:
        """The message that asks for the circuit back."""
        raise NotImplementedError

    def reset(self, _: object, now: float) -> Sequence[Output]:
        """RSC goes out."""
        raise NotImplementedError

    # The address of a call that comes in.

    def more_while_checked(self, message: Any, now: float) -> Sequence[Output]:
        """Digits before COT."""
        digits, complete = self.subsequent_of(message)
        self.number += digits
        self.overlap = not complete
        return ()

    def more_digits(self, message: Any, now: float) -> Sequence[Output]:
        """Digits while the number is not whole."""
        digits, complete = self.subsequent_of(message)
        self.number += digits
        return self.examine(complete)

    def digits_end(self, _: object, now: float) -> Sequence[Output]:
        """What has come must do, or the number is none."""
        return self.examine(True)

    def examine(self, complete: bool) -> Sequence[Output]:
        """Ask the numbering plan about the digits; ``complete``: no more will come."""
        found = self.examiner.examine(self.number)
        if found.verdict == INVALID:
            self.machine.choose(self.REFUSED)
            return self.fail(found.cause)
        whole = found.verdict == COMPLETE and (complete or not found.max_more)
        if whole or (found.route_known and not complete):
            return self._inquire(overlap=not whole)
        if complete:
            self.machine.choose(self.REFUSED)
            return self.fail(call.INVALID_NUMBER)
        self.machine.choose("InWaitDigits")
        return ()

    def _inquire(self, overlap: bool) -> Sequence[Output]:
        """Ask for the caller's number where it is wanted and has not come; else offer the call."""
        self.overlap = overlap
        if self.variant.data.ask_caller and not self.caller[0]:
            self.machine.choose("InWaitInformation")
            return (self.ask_caller(),)
        return self.offer()

    def offer(self) -> Sequence[Output]:
        """The call goes up."""
        self.machine.choose("InOffered")
        return (self.setup(),)

    def digits_while_inquiring(self, message: Any, now: float) -> Sequence[Output]:
        """Digits while the caller's number is awaited: the called one grows."""
        if self.overlap:
            self.number += self.subsequent_of(message)[0]
        return ()

    # Clearing and reset.

    def clear(self, wish: Release | Disconnect, now: float) -> Sequence[Output]:
        """The switch clears."""
        return self.give_up(wish.cause)

    def give_up(self, cause: int) -> tuple[Output, ...]:
        """We clear for ``cause``."""
        return (self.release(cause), *self.close(cause))

    def time_out(self, _: object, now: float) -> Sequence[Output]:
        """A timer that waits for the far end has run out."""
        return self.give_up(call.RECOVERY_ON_TIMER_EXPIRY)

    def no_answer(self, _: object, now: float) -> Sequence[Output]:
        """The called party has been rung for long enough."""
        return self.give_up(call.NO_ANSWER)

    def reset_by_stray(self, message: Any, now: float) -> Sequence[Output]:
        """A message that shows that the ends do not agree about the circuit: it is reset (Q.764 2.9.5.1; Q.724)."""
        return (Unexpected(self.machine.state, self.named(message)), *self.reset(None, now))

    def repeat_release(self, _: object, now: float) -> Sequence[Output]:
        """The release again; the long timer runs on."""
        self.machine.start_timer(self.REPEAT_RELEASE, now)
        return (self.release(call.NORMAL_CLEARING),)

    def release_fails(self, _: object, now: float) -> Sequence[Output]:
        """The long timer: people are told, RSC takes the place of the release."""
        return (Noted(f"-- {self.RELEASE} is not answered"), *self.add_reason("fault"), *self.reset(None, now))

    def repeat_reset(self, _: object, now: float) -> Sequence[Output]:
        """RSC again; the long timer runs on."""
        self.machine.start_timer(self.REPEAT_RESET, now)
        return (self.say(self.RESET),)

    def reset_anew(self, _: object, now: float) -> Sequence[Output]:
        """By order, after people were told: RSC again, unless the answer to the latest may still be on its way."""
        if self.machine.runs(self.REPEAT_RESET):
            return ()
        self.machine.start_timer(self.ALERTED_RESET, now)
        return self.repeat_reset(None, now)

    def reset_fails(self, _: object, now: float) -> Sequence[Output]:
        """The long timer: people are told; RSC goes on."""
        return (Noted("-- RSC is not answered"), *self.add_reason("fault"), self.say(self.RESET))
