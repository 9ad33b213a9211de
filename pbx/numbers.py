"""The numbering plan: which destination a dialled number has, and whether more digits can follow.

A row matches a number that begins with its prefix and has a length between its least and most digits; of all rows that
match, the longest prefix wins (the digit analysis of E.164). The examination serves overlap sending
(Q.931 clause 5.1.3) and MFC registers alike: after each digit they learn whether the number is whole. Causes are those
of Q.850. Left out: who is asking (one plan for each kind of caller) and what time it is (``pbx/routing.py``).
"""

from collections.abc import Iterable

import msgspec

from config.schema import Configuration
from pbx.vocabulary.numbers import COMPLETE, INVALID, INVALID_NUMBER_FORMAT, MORE, UNALLOCATED_NUMBER, Examination

_SIGNS = frozenset("0123456789ABCD*#")


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row of the plan; ``least`` and ``most`` count the digits of the whole number, prefix included.

    What is sent on to a trunk group is ``prepend`` and the number without its first ``strip`` digits; with ``overlap`` it is sent on
    as it comes.
    """

    prefix: str
    least: int
    most: int
    destination: str
    strip: int = 0
    prepend: str = ""
    overlap: bool = False


class Plan:
    """A numbering plan for one kind of caller. An examination costs time in proportion to the digits, not the rows."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[str, list[Row]] = {}
        self._most_beyond: dict[str, int] = {}  # beginning of a prefix -> most digits of any number that begins so
        self._beginnings: set[str] = set()  # what some prefix goes on from
        for row in rows:
            self._beginnings.update(row.prefix[:end] for end in range(len(row.prefix)))
            self._rows.setdefault(row.prefix, []).append(row)
            for end in range(len(row.prefix) + 1):
                start = row.prefix[:end]
                self._most_beyond[start] = max(row.most, self._most_beyond.get(start, 0))

    def examine(self, digits: str) -> Examination:
        """Judge ``digits`` as dialled so far (see ``Examination``)."""
        if not _SIGNS.issuperset(digits):
            return Examination(verdict=INVALID, cause=INVALID_NUMBER_FORMAT)
        begun = [row for end in range(len(digits) + 1) for row in self._rows.get(digits[:end], ())]
        most = max([row.most for row in begun] + [self._most_beyond.get(digits, 0)])
        more = max(0, most - len(digits))
        row = _matching(begun, digits)
        known = more > 0 and self._overlap_row(begun, digits) is not None
        if row is not None:
            return Examination(verdict=COMPLETE, prefix=row.prefix, destination=row.destination, max_more=more, route_known=known)
        if more:
            return Examination(verdict=MORE, max_more=more, route_known=known)
        return Examination(verdict=INVALID, cause=INVALID_NUMBER_FORMAT if begun else UNALLOCATED_NUMBER)

    def _overlap_row(self, begun: list[Row], digits: str) -> Row | None:
        """The one row that the number can still match, if its digits are sent on as they come."""
        if digits in self._beginnings:
            return None
        open_rows = [row for row in begun if row.most >= len(digits)]
        return open_rows[0] if len(open_rows) == 1 and open_rows[0].overlap and len(digits) >= open_rows[0].strip else None

    def overlap(self, digits: str) -> tuple[str, str] | None:
        """Destination and digits to send so far, when the route of an incomplete number is known and it is sent on as it comes."""
        begun = [row for end in range(len(digits) + 1) for row in self._rows.get(digits[:end], ())]
        row = self._overlap_row(begun, digits)
        return None if row is None else (row.destination, row.prepend + digits[row.strip :])

    def digits_to_send(self, digits: str) -> str:
        """Return what a trunk group is to be given for the complete number ``digits``; other numbers come unchanged."""
        begun = [row for end in range(len(digits) + 1) for row in self._rows.get(digits[:end], ())]
        row = _matching(begun, digits)
        return digits if row is None else row.prepend + digits[row.strip :]


def plan_for(callers: str, configuration: Configuration) -> Plan:
    """Return the plan that ``callers`` ("extensions" or "trunks") dial by: the rows open to them, all extensions, and for extensions all
    sound devices, to which no outsider is to speak unless a row says so."""
    rows = [
        Row(number.prefix, number.least, number.most, number.destination, number.strip, number.prepend, number.overlap)
        for number in configuration.numbers
        if callers in number.open_to
    ]
    own = [extension.number for extension in configuration.extensions]
    own += [device.number for device in configuration.sound_devices] if callers == "extensions" else []
    rows += [Row(number, len(number), len(number), f"extension:{number}") for number in own]
    return Plan(rows)


def _matching(rows: list[Row], digits: str) -> Row | None:
    """Return the last row, that is the one with the longest prefix, whose length fits."""
    return next((row for row in reversed(rows) if row.least <= len(digits) <= row.most), None)
