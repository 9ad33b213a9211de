"""The numbering plan of the simulated city network: which digits from the exchange are a whole number.

Known numbers (subscribers, refusals) are whole as they stand. Others are judged by the lengths of the Chinese plan: mobile numbers,
which begin with 13 to 19, have 11 digits; service numbers, which begin with 1, have 3 to 5, of which 3 is assumed; toll numbers begin with
0 and have
11; local numbers have 8 (E.164 and the national plan, lengths from memory).
"""

from collections.abc import Container, Iterable

from pbx.vocabulary.numbers import COMPLETE, INVALID, INVALID_NUMBER_FORMAT, MORE, Examination

_MORE = Examination(MORE)
_COMPLETE = Examination(COMPLETE)


class CityPlan:
    """Judges digits as the far exchange's incoming register does."""

    def __init__(self, known: Iterable[Container[str]]) -> None:
        """``known``: live tables whose keys are whole numbers."""
        self._known = list(known)

    def examine(self, digits: str) -> Examination:
        """More, complete or invalid."""
        if digits and any(digits in table for table in self._known):
            return _COMPLETE
        if len(digits) < 3:
            return _MORE
        wanted = self._length(digits)
        if len(digits) < wanted:
            return _MORE
        return _COMPLETE if len(digits) == wanted else Examination(INVALID, cause=INVALID_NUMBER_FORMAT)

    @staticmethod
    def _length(digits: str) -> int:
        if digits[0] == "1":
            return 11 if digits[1] in "3456789" else 3
        return 11 if digits[0] == "0" else 8
