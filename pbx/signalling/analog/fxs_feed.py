"""What a subscriber line's card does to the wires besides speech and ringing: poles, feed, metering pulses (Q.552 leaves them national).

One ``LineFeed`` belongs to one line and remembers what stands on it, so that nothing is ordered twice and everything is put back.
Metering pulses are timed commands, exact to the sample; only so many are given ahead as a port's queue takes with room to spare, the
engine's timer ``metering`` gives the rest. ``Disarm`` cancels all timed commands of a port, those pulses too: ``cancel`` gives them anew.
"""

from pbx.engine import Noted, Output
from pbx.signalling.analog.fxs_variant import MeteringData, SubscriberFeatures
from pbx.vocabulary.media import Disarm, Feed, Reverse, SendMeterPulse

AHEAD = 16
"""A port keeps 64 timed commands (pbx/dsp/plane.h)."""
DISARM = Disarm()
REVERSAL, NORMAL_POLES = Noted("-> reversal"), Noted("-> normal poles")
FEED_ON, FEED_OFF = Noted("-> feed on"), Noted("-> feed off")
REVERSED, NORMAL = Reverse(True), Reverse(False)


class LineFeed:
    """The wires of one line."""

    __slots__ = ("_data", "_owed", "_pulses", "ground_start", "may_reverse", "reversed")

    def __init__(self, features: SubscriberFeatures, data: MeteringData, may_reverse: bool) -> None:
        """``may_reverse``: the line's poles are ever reversed, for answers or before caller identity."""
        self.ground_start = features.ground_start
        self.may_reverse = may_reverse
        self.reversed = False
        self._data = data
        self._pulses: list[float] = []
        self._owed = 0

    def reverse(self, reversed_poles: bool) -> tuple[Output, ...]:
        """Feed with these poles, if they are not so already."""
        if reversed_poles == self.reversed:
            return ()
        self.reversed = reversed_poles
        return (REVERSAL, REVERSED) if reversed_poles else (NORMAL_POLES, NORMAL)

    def seize(self) -> tuple[Output, ...]:
        """A ground start line is in use: it is fed."""
        return (FEED_ON, Feed(True)) if self.ground_start else ()

    def let_go(self) -> tuple[Output, ...]:
        """The call is over: normal poles, and no feed on a ground start line."""
        return (*self.reverse(False), *((FEED_OFF, Feed(False)) if self.ground_start else ()))

    def rest(self, now: float) -> tuple[Output, ...]:
        """The handset lies: as ``let_go``, and pulses that are not sent yet never are."""
        standing = bool(self._owed) or any(at > now for at in self._pulses)
        self._pulses, self._owed = [], 0
        return (*((DISARM,) if standing else ()), *self.let_go())

    def anew(self) -> tuple[Output, ...]:
        """The signals of rest, whatever is believed to stand on the line."""
        self._pulses, self._owed, self.reversed = [], 0, False
        return (*((NORMAL,) if self.may_reverse else ()), *((Feed(False),) if self.ground_start else ()))

    def meter(self, pulses: int, now: float) -> tuple[tuple[Output, ...], float | None]:
        """Send so many more pulses; also says when to ask again (``meter(0, ...)``), None = all are given."""
        data = self._data
        self._owed += pulses
        self._pulses = [at for at in self._pulses if at + (data.pulse_ms + data.pause_ms) / 1000 > now]
        at = self._pulses[-1] + (data.pulse_ms + data.pause_ms) / 1000 if self._pulses else now
        commands: list[Output] = []
        while self._owed and len(self._pulses) < AHEAD:
            commands.append(SendMeterPulse(data.pulse_ms, at))
            self._pulses.append(at)
            self._owed -= 1
            at += (data.pulse_ms + data.pause_ms) / 1000
        return tuple(commands), self._pulses[-1] if self._owed else None

    def cancel(self, now: float) -> tuple[Output, ...]:
        """Cancel armed and timed commands, but not the pulses among them."""
        return (DISARM, *(SendMeterPulse(self._data.pulse_ms, at) for at in self._pulses if at > now))
