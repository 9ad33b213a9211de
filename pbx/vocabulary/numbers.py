"""What the numbering plan answers about the digits dialled so far, shared by registers, routing and flows.

The question is Recommendation E.164's and Q.931's: overlap sending (Q.931 clause 5.1.3) needs to know after each digit
whether the number is complete, may still grow, or can never become one. The causes are those of Q.850 clause 2.2.5.
Left out: how the answer is found, which is ``pbx/numbers.py``.
"""

from typing import Literal, Protocol

import msgspec

MORE: Literal["more"] = "more"
COMPLETE: Literal["complete"] = "complete"
INVALID: Literal["invalid"] = "invalid"

UNALLOCATED_NUMBER = 1
"""Q.850 cause 1: no row of the plan begins like these digits."""

INVALID_NUMBER_FORMAT = 28
"""Q.850 cause 28: a row begins like these digits, but the number is longer than it allows, or holds a foreign sign."""


class Examination(msgspec.Struct, frozen=True, gc=False):
    """The plan's answer for one string of digits.

    ``verdict`` is *more* (incomplete: wait for digits), *complete* (route it now) or *invalid* (clear with ``cause``).
    ``prefix`` is the prefix of the deciding row, ``destination`` that row's ("flow:main_menu", "trunk:city"); both are
    empty where no row decides yet. ``cause`` is a Q.850 cause, 0 unless invalid. ``max_more`` is how many digits may
    still follow: for a *complete* number of variable length it can be above 0, and the register then waits for its
    inter-digit timer before it believes the number to be whole. ``route_known``: whatever follows, the call goes to this
    destination, so that a register may hand it on before the number is whole (tandem, overlap).
    """

    verdict: Literal["more", "complete", "invalid"]
    prefix: str = ""
    destination: str = ""
    cause: int = 0
    max_more: int = 0
    route_known: bool = False


class NumberExaminer(Protocol):
    """Anything that can judge dialled digits; an incoming register holds one and asks after every digit."""

    def examine(self, digits: str) -> Examination:
        """Judge ``digits`` (0-9, A-D, ``*``, ``#``) as dialled so far; the empty string asks what may come at all."""
        ...
