"""Trunk groups: lines to one neighbour and the order in which they are hunted.

Longest idle spreads wear and starves a killer trunk (a circuit that answers and drops at once draws every call when the
lowest number is hunted first); ascending and descending keep two ends of a both-way group apart; cyclic goes on where it
left off. Leaves out overflow to another group, which is routing.
"""

from pbx.line import Line

LONGEST_IDLE = "longest-idle"
ASCENDING = "ascending"
DESCENDING = "descending"
CYCLIC = "cyclic"


class TrunkGroup:
    """Lines to one neighbour, hunted in order."""

    def __init__(
        self, name: str, lines: list[Line], hunt: str = LONGEST_IDLE, outgoing: bool = True, attempts: int = 3, toll: bool = False
    ) -> None:
        """``attempts``: on how many circuits one call is tried when they are taken from the other end, or do not answer a seizure;
        ``toll``: its calls are toll calls."""
        self.name = name
        self.lines = lines
        self.hunt = hunt
        self.outgoing = outgoing
        self.attempts = attempts
        self.toll = toll
        self._next = 0

    def choose(self, tried: frozenset[str] | set[str] = frozenset()) -> Line | None:
        """An available line not among ``tried`` (names); None = all busy or blocked."""
        if not self.outgoing:
            return None
        free = [line for line in self.lines if line.available and line.name not in tried]
        if not free:
            return None
        if self.hunt == LONGEST_IDLE:
            return min(free, key=lambda line: line.idle_since)
        if self.hunt == DESCENDING:
            return free[-1]
        if self.hunt == CYCLIC:
            count = len(self.lines)
            for step in range(count):
                line = self.lines[(self._next + step) % count]
                if line in free:
                    self._next = (self._next + step + 1) % count
                    return line
        return free[0]

    def idle_count(self) -> int:
        """How many lines could carry a call now."""
        return sum(line.available for line in self.lines)
