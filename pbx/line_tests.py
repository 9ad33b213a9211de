"""Line tests: bit error measurements on lines that an operator has taken out of use (patterns of O.150, judged by G.821).

The plane sends the pattern in place of all else and tells each second what came back (``LineTest``, ``LineTested``); the far end must send
the same pattern, or loop. A test ends after its seconds, or when the line is seized or brought back into use, with the fact
``LineTestEnded``. A test that runs when control dies ends with it. Leaves out who asks for one (pbx/console_view.py).
"""

from typing import Any

import msgspec

from pbx.error_performance import ErrorPerformance
from pbx.floor import Floor
from pbx.leg_records import LOCAL
from pbx.line import Line
from pbx.vocabulary.facts import LineTestEnded
from pbx.vocabulary.media import TEST_PATTERNS, LineTest, LineTested

SECONDS_MOST = 86400
PATIENCE_SECONDS = 2.0
"""So long after its last second a test ends of itself if the plane has told nothing: it refuses tests where there are no octets."""


class _Test:
    """A test that runs."""

    def __init__(self, pattern: str, seconds: int, timer: Any) -> None:
        self.pattern = pattern
        self.seconds = seconds
        self.timer = timer
        self.performance = ErrorPerformance()


class LineTests:
    """The tests of one exchange: at most one on a line, and what the last one of each line found."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._running: dict[str, _Test] = {}
        self._ended: dict[str, LineTestEnded] = {}

    def begin(self, line: Line, pattern: str, seconds: int) -> str:
        """Test a line; "" or why not."""
        if pattern not in TEST_PATTERNS:
            return f"there is no pattern {pattern}; there are {', '.join(TEST_PATTERNS)}"
        if not 1 <= seconds <= SECONDS_MOST:
            return f"a test lasts from 1 to {SECONDS_MOST} seconds"
        if LOCAL not in line.blocked or line.leg is not None or not line.idle:
            return f"{line.name} is in use; block it first and wait until it is idle"
        if line.name in self._running:
            return f"{line.name} is being tested"
        timer = self._floor.after(seconds + PATIENCE_SECONDS, self._told_nothing, line)
        self._running[line.name] = _Test(pattern, seconds, timer)
        self._floor.orders([(line.port, LineTest(TEST_PATTERNS[pattern]))])
        return ""

    def second(self, line: Line, tested: LineTested) -> None:
        """A second is over."""
        test = self._running.get(line.name)
        if test is None:
            return
        test.performance.add(tested.bits, tested.errors, tested.synchronised)
        if test.performance.performance.seconds == test.seconds:
            self.stop(line, "")

    def _told_nothing(self, line: Line) -> None:
        self._running[line.name].timer = None
        self.stop(line, "the plane tells nothing")

    def stop(self, line: Line, reason: str) -> None:
        """End the test of a line, if there is one."""
        test = self._running.pop(line.name, None)
        if test is None:
            return
        if test.timer is not None:
            test.timer.cancel()
        self._floor.orders([(line.port, LineTest(sends=False, receives=False))])
        ended = self._ended[line.name] = self._found(line, test, reason)
        self._floor.fact(ended)

    def report(self, line: Line) -> str:
        """How the test of a line stands, or what the last one found, in words."""
        test = self._running.get(line.name)
        if test is not None:
            return f"{_words(self._found(line, test, ''))}; {test.seconds} s in all"
        ended = self._ended.get(line.name)
        if ended is None:
            return f"{line.name} has not been tested"
        return f"{_words(ended)}; ended early: {ended.reason}" if ended.reason else f"{_words(ended)}; ended"

    def _found(self, line: Line, test: _Test, reason: str) -> LineTestEnded:
        counts = {
            name: value for name, value in msgspec.structs.asdict(test.performance.performance).items() if name != "available_seconds"
        }
        return LineTestEnded(self._floor.now, line.name, test.pattern, reason=reason, **counts)


def _words(found: LineTestEnded) -> str:
    start = f"{found.line}: {found.seconds} s of {found.pattern}"
    if not found.bits:
        return f"{start}: not synchronised"
    return (
        f"{start}: {found.errors} of {found.bits} bits wrong ({found.errors / found.bits:.1e}), {found.errored_seconds} errored and "
        f"{found.severely_errored_seconds} severely errored seconds"
    )
