"""The address of a call that comes in on an E&M tie line: digits by tones or pulses, judged as they come, and the caller's number.

Pulses are counted from the breaks of the E lead; a row ``*CALLING*CALLED*`` is taken apart. A ``NumberExaminer`` is asked after each
digit of the called number (overlap receiving, Q.931 5.1.3). Leaves out waiting: the timers are the circuit's (ear_and_mouth_call.py).
"""

from typing import Literal

from pbx.signalling.analog.ear_and_mouth_variant import EarAndMouthFeatures, EarAndMouthVariant
from pbx.vocabulary.call import INVALID_NUMBER, UNALLOCATED
from pbx.vocabulary.numbers import COMPLETE, INVALID, NumberExaminer

MARK = "*"
END = "#"
NUMBER_LIMIT = 40

Verdict = Literal["more", "growing", "whole", "wrong"]
"""Wait for digits; it may be whole; it is whole; it can never be (``cause`` says why)."""


class IncomingAddress:
    """The digits of one call."""

    __slots__ = ("_caller_number", "_examiner", "_place", "_pulses", "_variant", "called", "calling", "cause", "complete")

    def __init__(self, variant: EarAndMouthVariant, features: EarAndMouthFeatures, examiner: NumberExaminer) -> None:
        self._variant = variant
        self._caller_number = features.caller_number
        self._examiner = examiner
        self.clear()

    def clear(self) -> None:
        """A new call."""
        self.called = self.calling = ""
        self.complete = False
        self.cause = 0
        self._pulses = 0
        self._place = ""

    def pulse(self) -> None:
        """One more pulse of a digit."""
        self._pulses += 1

    def pulsed(self) -> Verdict | None:
        """The row of pulses is over; None: no digit has so many."""
        digit = self._variant.digit_of_pulses.get(self._pulses)
        self._pulses = 0
        return None if digit is None else self.digit(digit)

    def digit(self, digit: str) -> Verdict:
        """One more digit."""
        if self._caller_number and digit == MARK:
            return self._marked()
        if self._place == "calling":
            self.calling = (self.calling + digit)[:NUMBER_LIMIT]
            return "more"
        if digit == END and self.complete:
            return "whole"
        self.called += digit
        examination = self._examiner.examine(self.called)
        if examination.verdict == INVALID or len(self.called) > NUMBER_LIMIT:
            self.cause = examination.cause or UNALLOCATED
            return "wrong"
        self.complete = examination.verdict == COMPLETE
        if not self.complete:
            return "more"
        return "whole" if examination.max_more == 0 and self._place != "called" else "growing"

    def _marked(self) -> Verdict:
        """A mark begins the caller's number, parts it from the called one, or ends the address."""
        if not self._place and not self.called:
            self._place = "calling"
        elif self._place == "calling":
            self._place = "called"
        elif self.complete:
            return "whole"
        else:
            self.cause = INVALID_NUMBER
            return "wrong"
        return "more"
