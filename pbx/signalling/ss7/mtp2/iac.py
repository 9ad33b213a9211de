"""IAC, initial alignment control: both ends see each other, then prove the link, for long or in an emergency for a short time (Q.703
section 7, figure 9).

Too many errors abort a proving period; the next correct unit begins it anew, at most M times. Leaves out the counting of errors, which is
the monitor's (pbx/dsp/mtp2.h).
"""

from collections.abc import Sequence
from typing import Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.mtp2.orders import Send, Watch
from pbx.signalling.ss7.mtp2.terminal import Terminal


class InitialAlignment:
    """The box of one link. ``_short``: the emergency proving period, because either end wants it."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.machine = Machine(terminal.figures.chart("IAC", STATES, "stop"), self)
        self._short = False
        self._aborted = 0
        self._again = False

    def _to_link_state(self, event: str, argument: Any = None) -> None:
        self.terminal.post(self.terminal.link_state.machine, event, argument)

    def _impossible(self, reason: str) -> None:
        self.terminal.order(Watch("nothing"))
        self._to_link_state("alignment-not-possible", reason)

    # Actions.

    def _start(self, _: Any, now: float) -> Sequence[Output]:
        self._short = self.terminal.emergency
        self.terminal.order(Send("SIO"))
        return ()

    def _emergency_before(self, _: Any, now: float) -> Sequence[Output]:
        self._short = True
        return ()

    def _ceases_before(self, _: Any, now: float) -> Sequence[Output]:
        self._short = False
        return ()

    def _seen(self, _: Any, now: float) -> Sequence[Output]:
        self.terminal.order(Send("SIE" if self.terminal.emergency else "SIN"))
        return ()

    def _seen_in_emergency(self, argument: Any, now: float) -> Sequence[Output]:
        self._short = True
        return self._seen(argument, now)

    def _emergency_aligned(self, _: Any, now: float) -> Sequence[Output]:
        self._short = True
        self.terminal.order(Send("SIE"))
        return ()

    def _far_emergency(self, argument: Any, now: float) -> Sequence[Output]:
        self._short = True
        return self._first_proving(argument, now)

    def _first_proving(self, _: Any, now: float) -> Sequence[Output]:
        self._aborted = 0
        self._prove(now)
        return ()

    def _prove(self, now: float) -> None:
        """Begin a proving period."""
        self._again = False
        self.machine.stop_timer("T4n")
        self.machine.stop_timer("T4e")
        self.machine.start_timer("T4e" if self._short else "T4n", now)
        self.terminal.order(Watch("emergency alignment" if self._short else "normal alignment"))

    def _shorten(self, _: Any, now: float) -> Sequence[Output]:
        """The far end wants the short period."""
        if not self._short:
            self._short = True
            self._prove(now)
        return ()

    def _shorten_here(self, argument: Any, now: float) -> Sequence[Output]:
        self.terminal.order(Send("SIE"))
        return self._shorten(argument, now)

    def _back(self, _: Any, now: float) -> Sequence[Output]:
        """The far end aligns anew; what it sends is asked for again, as it may be at SIN by the time our order is there."""
        self.terminal.order(Watch("nothing"), Send("SIE" if self.terminal.emergency else "SIN"))
        return ()

    def _errors(self, _: Any, now: float) -> Sequence[Output]:
        self._aborted += 1
        self.terminal.count("proving aborted")
        if self._aborted >= self.terminal.figures.data.proving_attempts:
            self._impossible(f"{self._aborted} proving periods with errors")
            self.machine.choose("Idle")
        else:
            self._again = True
            self.machine.choose("Proving")
        return ()

    def _correct(self, _: Any, now: float) -> Sequence[Output]:
        if self._again:
            self._prove(now)
        return ()

    def _proved(self, argument: Any, now: float) -> Sequence[Output]:
        if self._again:
            self._prove(now)
            self.machine.choose("Proving")
        else:
            self._to_link_state("alignment-complete")
            self.machine.choose("Idle")
        return ()

    def _out_of_service(self, _: Any, now: float) -> Sequence[Output]:
        self._impossible("SIOS while aligning")
        return ()

    def _not_seen(self, _: Any, now: float) -> Sequence[Output]:
        self._impossible("T2: the far end is not seen")
        return ()

    def _not_proving(self, _: Any, now: float) -> Sequence[Output]:
        self._impossible("T3: the far end does not go on to prove")
        return ()


_I = InitialAlignment
_NOTHING = Cell(None)
_STALE = {"errors": _NOTHING, "correct": _NOTHING}

STATES: dict[str, State] = {
    "Idle": State(
        "no alignment runs",
        {
            "start": Cell(_I._start, ("NotAligned",)),
            "stop": _NOTHING,
            "emergency": _NOTHING,
            "emergency-ceases": _NOTHING,
            **_STALE,
        },
    ),
    "NotAligned": State(
        "sends SIO, has not seen the far end",
        {
            "SIO": Cell(_I._seen, ("Aligned",)),
            "SIN": Cell(_I._seen, ("Aligned",)),
            "SIE": Cell(_I._seen_in_emergency, ("Aligned",)),
            "SIOS": _NOTHING,
            "emergency": Cell(_I._emergency_before),
            "emergency-ceases": Cell(_I._ceases_before),
            "T2": Cell(_I._not_seen, ("Idle",)),
            "stop": Cell(None, ("Idle",)),
        },
        ("T2",),
    ),
    "Aligned": State(
        "has seen the far end, waits for it to see us",
        {
            "SIO": _NOTHING,
            "SIN": Cell(_I._first_proving, ("Proving",)),
            "SIE": Cell(_I._far_emergency, ("Proving",)),
            "SIOS": Cell(_I._out_of_service, ("Idle",)),
            "emergency": Cell(_I._emergency_aligned),
            "emergency-ceases": _NOTHING,
            "T3": Cell(_I._not_proving, ("Idle",)),
            "stop": Cell(None, ("Idle",)),
            **_STALE,
        },
        ("T3",),
    ),
    "Proving": State(
        "errors are counted",
        {
            "SIO": Cell(_I._back, ("Aligned",)),
            "SIN": _NOTHING,
            "SIE": Cell(_I._shorten),
            "SIOS": Cell(_I._out_of_service, ("Idle",)),
            "emergency": Cell(_I._shorten_here),
            "emergency-ceases": _NOTHING,
            "errors": Cell(_I._errors, ("Proving", "Idle")),
            "correct": Cell(_I._correct),
            "T4n": Cell(_I._proved, ("Proving", "Idle")),
            "T4e": Cell(_I._proved, ("Proving", "Idle")),
            "stop": Cell(None, ("Idle",)),
        },
        (),
        ("T4n", "T4e"),
    ),
}
"""Figure 9/Q.703."""
