"""What both MFC registers share: tones read by the state, their length in the trace, the way to report (Q.440-Q.480).

Compelled (Q.457): forward tone on, backward tone on, forward off, backward off. The two ends are
pbx/signalling/r2/outgoing_register.py and incoming_register.py; they report their end to the line signalling
(``register-free``, ``register-failed``) and know nothing of bits. Left out: echo suppressors.
"""

from collections.abc import Callable, Mapping, Sequence

from pbx.engine import Noted, Output, Unexpected
from pbx.machine import Chart, Machine
from pbx.signalling.r2.variant import Reading, Variant
from pbx.vocabulary import tones
from pbx.vocabulary.media import Silence

Report = Callable[[str, int, float], Sequence[Output]]
"""``report(event, cause, now)``: how a register tells the line signalling that it has ended."""

SILENCE = Silence()
TIMES_OUT = Noted("register times out")
LONG_MS = 2000
OFF = [Noted(f"<- off, {length_ms} ms") for length_ms in range(LONG_MS)]
"""The end of a tone as the trace tells it, made in advance; longer ones are rare."""


class Register:
    """A machine, the readings of its present state, the way to report."""

    __slots__ = ("_meanings", "_report", "_since", "machine", "variant")

    def __init__(self, chart: Chart, variant: Variant, meanings: Mapping[str, Mapping[int, Reading]], report: Report) -> None:
        """``meanings``: for each state in which tones are read, event, argument and trace by tone code."""
        self.variant = variant
        self.machine = Machine(chart, self)
        self._meanings = meanings
        self._report = report
        self._since = 0.0

    def tone_on(self, tone: int, now: float) -> Sequence[Output]:
        """A tone began on the line."""
        state = self.machine.state
        self._since = now
        readings = self._meanings.get(state)
        if readings is not None:
            reading = readings.get(tone)
            if reading is not None:
                word, argument, noted = reading
                return (noted, *self.machine.step(word, argument, now))
        elif state == "Off":
            return ()
        return (Noted(f"<- {tones.name(tone)} not expected"), Unexpected(state, tones.name(tone)))

    def tone_off(self, now: float) -> Sequence[Output]:
        """The tone has ended."""
        machine = self.machine
        if machine.state == "Off":
            return ()
        length_ms = int((now - self._since) * 1000 + 0.5)
        noted = OFF[length_ms] if length_ms < LONG_MS else Noted(f"<- off, {length_ms} ms")
        return (noted, *machine.step("tone-off", None, now))

    def stop(self, now: float) -> Sequence[Output]:
        """The line clears: silence, receiver off, whatever was going on."""
        return self.machine.step("Stop", None, now)
