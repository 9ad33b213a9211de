"""Measurements of subscriber lines: loop, insulation, foreign voltages, the bell's capacitance, and what they say of the line.

The card measures on order (``MeasureLine``), where it can; the results come one by one and end as the fact ``LineMeasured`` with a
verdict: good, loop open, loop closed or short, low insulation, foreign voltage, or no telephone. The limits follow the practice of outward
line tests (Q.542 clause 2; the figures are this house's, stated as constants). Leaves out bit errors (pbx/line_tests.py).
"""

from typing import Any

from pbx.floor import Floor
from pbx.line import EXTENSION, Line
from pbx.vocabulary import facts
from pbx.vocabulary.media import LINE_QUANTITIES, LineMeasured, MeasureLine

PATIENCE_SECONDS = 2.0
OPEN_LOOP_OHM = 20_000
LONG_LOOP_OHM = 1_800
SHORT_LOOP_OHM = 50
INSULATION_LEAST_KOHM = 100
FOREIGN_AC_MOST_V = 10
FOREIGN_DC_MOST_V = 6
BELL_LEAST_NF = 200
"""Less than this across an open loop, and no telephone is there: a bell has about 1 000 nF."""


def verdict_of(found: dict[str, int]) -> str:
    """What the measurements say, in words; several faults are all named."""
    loop, insulation, foreign_ac, foreign_dc, capacitance = (found.get(name, 0) for name in LINE_QUANTITIES)
    faults = []
    if foreign_ac > FOREIGN_AC_MOST_V:
        faults.append(f"foreign AC voltage of {foreign_ac} V")
    if foreign_dc > FOREIGN_DC_MOST_V:
        faults.append(f"foreign DC voltage of {foreign_dc} V")
    if insulation < INSULATION_LEAST_KOHM:
        faults.append(f"insulation of {insulation} kohm only: a wet line")
    if loop < SHORT_LOOP_OHM:
        faults.append(f"loop of {loop} ohm: short circuit")
    elif LONG_LOOP_OHM < loop < OPEN_LOOP_OHM:
        faults.append(f"loop of {loop} ohm: too long, or a bad contact")
    if loop >= OPEN_LOOP_OHM and capacitance < BELL_LEAST_NF:
        faults.append("no telephone, or a cut loop")
    if faults:
        return "; ".join(faults)
    return "good, on-hook" if loop >= OPEN_LOOP_OHM else f"good, off-hook ({loop} ohm)"


class LineMeasurements:
    """The measurements of one exchange: at most one at a time on a line, and what the last one found."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._running: dict[str, tuple[dict[str, int], Any]] = {}
        self._ended: dict[str, facts.LineMeasured] = {}

    def begin(self, line: Line) -> str:
        """Measure a subscriber's line that carries no call; "" or why not."""
        if line.kind != EXTENSION:
            return f"{line.name} is no subscriber's line"
        if line.leg is not None:
            return f"{line.name} is in use"
        if line.name in self._running:
            return f"{line.name} is being measured"
        timer = self._floor.after(PATIENCE_SECONDS, self._over, line)
        self._running[line.name] = ({}, timer)
        self._floor.orders([(line.port, MeasureLine())])
        return ""

    def measured(self, line: Line, event: LineMeasured) -> None:
        """One result."""
        running = self._running.get(line.name)
        if running is None:
            return
        found, timer = running
        found[LINE_QUANTITIES[event.quantity]] = event.value
        if len(found) == len(LINE_QUANTITIES):
            timer.cancel()
            self._over(line)

    def _over(self, line: Line) -> None:
        found, _ = self._running.pop(line.name)
        whole = len(found) == len(LINE_QUANTITIES)
        verdict = verdict_of(found) if whole else "the card cannot measure this line"
        ended = self._ended[line.name] = facts.LineMeasured(self._floor.now, line.name, found, verdict)
        self._floor.fact(ended)

    def report(self, line: Line) -> str:
        """What the last measurement found, in words."""
        if line.name in self._running:
            return f"{line.name} is being measured"
        ended = self._ended.get(line.name)
        if ended is None:
            return f"{line.name} has not been measured"
        shown = ", ".join(_words(name, value) for name, value in ended.found.items())
        return f"{line.name}: {ended.verdict}" + (f" ({shown})" if shown else "")


def _words(quantity: str, value: int) -> str:
    """``loop resistance 400 ohm`` of ``loop-resistance-ohm``."""
    name, _, unit = quantity.rpartition("-")
    return f"{name.replace('-', ' ')} {value} {unit}"
