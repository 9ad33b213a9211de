"""An analog line in virtual time: a subscriber line of one exchange (FxsLine), an exchange line of another (FxoLine), two wires between.

The wires carry loop, ringing voltage, poles, feed, tones and DTMF. Recognition is as the media plane does it: a loop that is open for less
than a flash counts as a dial pulse; ringing and tones are told after a while, tones only to who listens, and with the time at which they
began or ended. The switch of either end is a function as in tests/signalling/pair.py; it may also answer with media commands, as a switch
does that sends ring-back. Leaves out levels.
"""

import heapq

from pbx.engine import Levels, Malformed, Noted, Unexpected
from pbx.vocabulary import call, tones
from pbx.vocabulary.media import (
    RECEIVE_DTMF,
    RECEIVE_PROGRESS,
    Battery,
    Digit,
    Disarm,
    Feed,
    Flash,
    HookOff,
    HookOn,
    Listen,
    Loop,
    MeterPulse,
    Polarity,
    Reverse,
    Ring,
    RingOff,
    RingOn,
    SendDigits,
    SendMeterPulse,
    SendPulses,
    SendTone,
    Silence,
    ToneOff,
    ToneOn,
    Unlisten,
)

RING_RECOGNITION = 0.2
HOOK_RECOGNITION = 0.02
PULSE_LONGEST, FLASH_LONGEST = 0.2, 0.8
PULSE_GAP = 0.25
TONE_RECOGNITION = {"dial": 1.2, "busy": 1.05, "congestion": 2.1, "ring-back": 1.0, "vacant": 1.4}
CADENCES = {"ring-back": (1.0, 4.0), "busy": (0.35, 0.35), "congestion": (0.7, 0.7)}


class Side:
    """One end: its engine, its switch, and what it listens for."""

    def __init__(self, name, engine, switch):
        self.name, self.engine, self.switch = name, engine, switch
        self.listens = self.tone = self.heard = self.tone_version = self.edges = self.digits = 0
        self.free_at = self.tone_at = 0.0
        self.deadline = None
        self.up, self.unexpected = [], []


class ExchangeLine:
    """The two wires. ``exchange`` has the FxsLine, ``ours`` the FxoLine."""

    def __init__(self, fxs, fxo, exchange_switch, our_switch):
        self.now = 0.0
        self.exchange, self.ours = Side("exchange", fxs, exchange_switch), Side("ours", fxo, our_switch)
        self.closed = self.off_hook = self.ringing = self.told_ringing = self.reversed = False
        self.fed = True
        self.dialled_until = 0.0
        self.opened_at = self.pulses = self.hook_version = self.ring_version = 0
        self.trace = []
        self._heap, self._count = [], 0
        for side in (self.exchange, self.ours):
            self._take(side, side.engine.start(0.0))

    def at(self, time, function, *arguments):
        self._count += 1
        heapq.heappush(self._heap, (time, self._count, function, arguments))

    def give(self, side, value, time=None):
        """What the engine is told, with the time at which it happened on the line."""
        self._take(side, side.engine.receive(value, self.now if time is None else time))

    def text(self):
        return "\n".join(f"{time * 1000:8.0f} {name:8} {text}" for time, name, text in self.trace)

    def _other(self, side):
        return self.ours if side is self.exchange else self.exchange

    def _take(self, side, outputs):
        queue = list(outputs)
        for output in queue:
            if isinstance(output, call.Primitive):
                side.up.append(output)
                self.trace.append((self.now, side.name, f"^ {output}"))
                for answer in side.switch(side, output, self.now):
                    if isinstance(answer, call.Primitive):
                        self.trace.append((self.now, side.name, f"v {answer}"))
                        queue.extend(side.engine.receive(answer, self.now))
                    else:
                        self._do(side, answer)
            elif isinstance(output, Noted):
                self.trace.append((self.now, side.name, output.text))
            elif isinstance(output, Unexpected | Malformed):
                side.unexpected.append((self.now, output))
            else:
                self._do(side, output)
        side.deadline = side.engine.deadline()

    def _do(self, side, command):
        kind = type(command)
        if kind is SendTone:
            self._sound(side, command.tone)
        elif kind is Silence:
            self._sound(side, 0)
            side.digits += 1
            side.free_at = self.now
        elif kind is Listen:
            side.listens |= command.receivers
            self._sound_heard(self._other(side))
        elif kind is Unlisten:
            side.listens &= ~command.receivers
            if not side.listens & RECEIVE_PROGRESS:
                side.heard = 0
        elif kind is Disarm:
            side.edges += 1
            self.dialled_until = self.now
            if side is self.ours and self.off_hook and not self.closed:
                self._loop(True)
        elif kind is SendDigits:
            self._digits(side, command)
        elif kind is SendPulses:
            self._dial(side, command)
        elif kind is Loop:
            side.edges += 1
            self.dialled_until = self.now
            self._loop(command.closed)
        elif kind is Ring:
            self.ring_version += 1
            self._ring(self.ring_version, command, command.on_ms > 0)
        elif kind is Reverse and command.reversed != self.reversed:
            self.reversed = command.reversed
            self.at(self.now + HOOK_RECOGNITION, self.give, self.ours, Polarity(command.reversed))
        elif kind is Feed and command.on != self.fed:
            self.fed = command.on
            self.at(self.now + HOOK_RECOGNITION, self.give, self.ours, Battery(command.on))
        elif kind is SendMeterPulse:
            self.at(self.now + command.duration_ms / 1000, self.give, self.ours, MeterPulse())

    # Ringing: the voltage stands until the exchange has seen the closed loop.

    def _ring(self, version, command, on):
        if version != self.ring_version:
            return
        self.ringing = on
        self.at(self.now + RING_RECOGNITION, self._ring_told)
        if command.on_ms:
            self.at(self.now + (command.on_ms if on else command.off_ms) / 1000, self._ring, version, command, not on)

    def _ring_told(self):
        if self.ringing != self.told_ringing:
            self.told_ringing = self.ringing
            self.give(self.ours, RingOn() if self.ringing else RingOff())

    # The loop.

    def _dial(self, side, command):
        """Breaks behind those under way, as pbx/dsp/pulse_dialler.c makes them."""
        at = max(self.now, self.dialled_until)
        for breaks in command.breaks:
            for _ in range(breaks):
                self.at(at, self._edge, side.edges, False)
                at += command.break_ms / 1000
                self.at(at, self._edge, side.edges, True)
                at += command.make_ms / 1000
            at += (command.pause_ms - command.make_ms) / 1000
        self.dialled_until = at

    def _edge(self, version, closed):
        if version == self.ours.edges:
            self._loop(closed)

    def _loop(self, closed):
        if closed == self.closed:
            return
        self.closed = closed
        self.hook_version += 1
        if not closed:
            self.opened_at = self.now
            self.at(self.now + FLASH_LONGEST, self._on_hook, self.hook_version)
            return
        if not self.off_hook:
            self.at(self.now + HOOK_RECOGNITION, self._hook_off, self.hook_version)
            return
        open_for = self.now - self.opened_at
        if open_for < PULSE_LONGEST:
            self.pulses += 1
            self.at(self.now + PULSE_GAP, self._pulsed, self.hook_version)
        elif open_for < FLASH_LONGEST:
            self.give(self.exchange, Flash())

    def _hook_off(self, version):
        if version == self.hook_version and not self.off_hook:
            self.off_hook = True
            self.give(self.exchange, HookOff())

    def _on_hook(self, version):
        if version == self.hook_version and self.off_hook:
            self.off_hook, self.pulses = False, 0
            self.give(self.exchange, HookOn())

    def _pulsed(self, version):
        if version == self.hook_version and self.pulses:
            pulses, self.pulses = self.pulses, 0
            self.give(self.exchange, Digit(str(pulses % 10)))

    # Tones and digits.

    def _sound(self, side, tone):
        if tone == side.tone:
            return
        if side is self.exchange and self.ours.heard:
            ended, told = self._end_of(tones.name(self.ours.heard), side.tone_at, bool(tone))
            self.at(told, self._ended, self.ours.heard, ended)
        side.tone, side.tone_at = tone, self.now
        side.tone_version += 1
        self._sound_heard(side)

    def _end_of(self, name, begun, other_follows):
        """When a tone that stops now was heard last, and when the receiver can know it: another tone tells it at once."""
        on, off = CADENCES.get(name, (0.0, 0.0))
        phase = (self.now - begun) % (on + off) if on else 0.0
        if phase <= on:
            return self.now, self.now + 0.05
        ended = self.now - phase + on
        return ended, self.now + 0.05 if other_follows else ended + off * 1.15

    def _sound_heard(self, side):
        if side is self.exchange and side.tone:
            self.at(self.now + TONE_RECOGNITION.get(tones.name(side.tone), 1.0), self._hear, side.tone_version)

    def _ended(self, tone, ended):
        if self.ours.heard == tone and self.exchange.tone != tone:
            self.ours.heard = 0
            self.give(self.ours, ToneOff(tone), ended)

    def _hear(self, version):
        tone = self.exchange.tone
        if version != self.exchange.tone_version or not tone or self.ours.heard == tone or not self.ours.listens & RECEIVE_PROGRESS:
            return
        before, self.ours.heard = self.ours.heard, tone
        if before:
            self.give(self.ours, ToneOff(before), self.exchange.tone_at)
        if self.closed:
            self.give(self.ours, ToneOn(tone), self.exchange.tone_at)

    def _digits(self, side, command):
        start = max(self.now, side.free_at)
        for digit in command.digits:
            self.at(start + command.on_ms / 1000, self._digit, side, side.digits, digit)
            start += (command.on_ms + command.off_ms) / 1000
        side.free_at = start

    def _digit(self, side, version, digit):
        if version == side.digits and self._other(side).listens & RECEIVE_DTMF:
            self.give(self._other(side), Digit(digit))

    # Time.

    def run(self, until):
        while True:
            time, due = (self._heap[0][0] if self._heap else until + 1.0), None
            for side in (self.exchange, self.ours):
                if side.deadline is not None and side.deadline < time:
                    time, due = side.deadline, side
            if time > until:
                break
            self.now = time
            if due is not None:
                self._take(due, due.engine.expire(time))
            else:
                _, _, function, arguments = heapq.heappop(self._heap)
                function(*arguments)
        self.now = until

    def resume(self, engine, tag):
        """Put a new engine in the place of ours."""
        self.ours.engine = engine
        levels = Levels(off_hook=self.closed, ringing=self.told_ringing, polarity_reversed=self.reversed, battery=self.fed)
        self._take(self.ours, engine.resume(tag, levels, self.now))
