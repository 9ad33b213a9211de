"""A subscriber line's port in pure Python: does what an engine orders, at the times it orders it, and remembers what the wires carried.

It knows timed and armed commands, ringing, tones, digits and modem messages by their length, poles, feed and metering pulses; an event that
was awaited fires its command. Leaves out sound, receivers and debouncing: those are the plane's (tests/plane).
"""

from pbx.engine import Noted, Unexpected
from pbx.vocabulary.call import Primitive
from pbx.vocabulary.media import (
    Armed,
    Disarm,
    Feed,
    Listen,
    Reverse,
    Ring,
    SendDigits,
    SendMeterPulse,
    SendOctets,
    SendTone,
    Silence,
    Unlisten,
)


class SubscriberPort:
    """One port. ``log`` holds (time, what) in the order in which it happened on the wires."""

    def __init__(self):
        self.now = 0.0
        self.rings = None
        self.sound = None
        self.reversed = False
        self.fed = True
        self.listens = 0
        self.log = []
        self.up = []
        self.notes = []
        self.unexpected = []
        self.ends = 0.0
        self.pending = []
        self.armed = []

    def take(self, outputs, now):
        """What an engine returned."""
        self.advance(now)
        for output in outputs:
            if isinstance(output, Noted):
                self.notes.append(output.text)
            elif isinstance(output, Primitive):
                self.up.append(output)
            elif isinstance(output, Unexpected):
                self.unexpected.append(output)
            elif getattr(output, "at", 0.0) > now:
                self.pending.append(output)
                assert len(self.pending) <= 64, "a port keeps 64 timed commands"
            else:
                self._do(output, now)

    def advance(self, now):
        """Time passes."""
        while self.pending:
            first = min(self.pending, key=lambda command: command.at)
            if first.at > now:
                break
            self.pending.remove(first)
            self._do(first, first.at)
        self.now = now
        if self.sound is not None and self.ends and self.ends <= now:
            self.sound = None

    def event(self, event, now):
        """An event of the line: what was armed for it is done."""
        for armed in [armed for armed in self.armed if armed.event == event and now <= armed.until]:
            self.armed.remove(armed)
            self._do(armed.command, now + armed.after_samples / 8000)

    @property
    def quiet(self):
        """Whether nothing sounds, rings or is still to come."""
        return self.sound is None and self.rings is None and not self.pending

    def _do(self, command, at):
        kind = type(command)
        if kind is Ring:
            self.rings = command if command.on_ms else None
        elif kind is Reverse:
            assert command.reversed != self.reversed or not command.reversed, "poles reversed twice"
            self.reversed = command.reversed
        elif kind is Feed:
            self.fed = command.on
        elif kind is Listen:
            self.listens |= command.receivers
        elif kind is Unlisten:
            self.listens &= ~command.receivers
        elif kind is Armed:
            self.armed.append(command)
        elif kind is Disarm:
            self.pending.clear()
            self.armed.clear()
        elif kind is Silence:
            self.sound = None
        elif kind is not SendMeterPulse:
            self.sound, self.ends = command, 0.0
            length = self._seconds(command)
            self.ends = at + length if length else 0.0
        self.log.append((round(at, 4), command))

    @staticmethod
    def _seconds(command):
        if type(command) is SendTone:
            return command.duration_ms / 1000
        if type(command) is SendDigits:
            return len(command.digits) * (command.on_ms + command.off_ms) / 1000
        assert type(command) is SendOctets, command
        return (command.seizure_bits + command.mark_bits + 10 * len(command.octets) + command.mark_out_bits) / 1200

    def of(self, kind):
        """(time, command) of one kind."""
        return [(at, command) for at, command in self.log if type(command) is kind]


class Bench:
    """An engine at its port, in virtual time: events and primitives in, timers as they come."""

    def __init__(self, engine):
        self.engine = engine
        self.port = SubscriberPort()
        self.now = 0.0
        self.port.take(engine.start(0.0), 0.0)

    def give(self, *values):
        """Events of the line or primitives of the switch, now."""
        for value in values:
            if not isinstance(value, Primitive):
                self.port.event(value, self.now)
            self.port.take(self.engine.receive(value, self.now), self.now)
        return self

    def until(self, now):
        """Let time pass."""
        while (due := self.engine.deadline()) is not None and due <= now:
            self.now = max(self.now, due)
            self.port.take(self.engine.expire(self.now), self.now)
        self.now = now
        self.port.advance(now)
        return self

    def taken(self):
        """Primitives that went up since the last time, and forgets them."""
        up, self.port.up = self.port.up, []
        return up

    def noted(self):
        """Lines of the trace since the last time, and forgets them."""
        notes, self.port.notes = self.port.notes, []
        return notes
