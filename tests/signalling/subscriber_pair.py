"""A subscriber line's engine and the plant's telephone back to back in virtual time, in pure Python.

The wire between them carries loop, ground, ringing with its cadence, poles, feed, metering voltage, digits, tones and octets of a modem;
the exchange's side recognises hook, flash and dialled pulses by the times of a loop's breaks. Steps of 5 ms; levels are the port's.
"""

from drivers.far_end.telephone import PLAIN, Telephone
from pbx.clock import VirtualClock
from pbx.signalling.analog.fxs import FxsLine, SubscriberFeatures, load_subscriber_variant
from pbx.vocabulary import tones
from pbx.vocabulary.media import (
    OCTET_CARRIER_OFF,
    OCTET_CARRIER_ON,
    RECEIVE_CALLER_IDENTITY,
    RECEIVE_DTMF,
    RECEIVE_PROGRESS,
    Bits,
    Digit,
    Flash,
    Grounded,
    HookOff,
    HookOn,
    Octet,
    Ring,
    SendBits,
    SendDigits,
    SendMeterPulse,
    SendOctets,
    SendTone,
    ToneOff,
    ToneOn,
)
from tests.signalling.cases import PLAN
from tests.signalling.subscriber_port import Bench, SubscriberPort

STEP = 0.005
PULSE, FLASH = 0.08, 0.5
"""Longest break of a dialled pulse and of a flash, in seconds."""
DIGIT_PAUSE = 0.2
CHINA = load_subscriber_variant()


class FarPort(SubscriberPort):
    """The telephone's port: its bits beside what every port does."""

    def __init__(self):
        super().__init__()
        self.bits = 0b1111
        self.keyed = []

    def _do(self, command, at):
        if type(command) is SendBits:
            self.bits = command.value
        elif type(command) is SendDigits:
            self.keyed += [(at + n * (command.on_ms + command.off_ms) / 1000 + 0.04, digit) for n, digit in enumerate(command.digits)]
        else:
            super()._do(command, at)


class Network:
    """What a telephone sees of the far end: orders, turns and time."""

    def __init__(self, pair):
        self._pair = pair
        self.clock = pair.clock
        self.floor = self
        self.prompts = {}

    @property
    def now(self):
        return self._pair.clock.now

    def turn(self, function, *arguments):
        function(*arguments)

    def order(self, line, *commands):
        self._pair.far.take(commands, self._pair.clock.now)

    def sound_name(self, code):
        return tones.name(code)


class Line:
    """The telephone's line: it only says whose it is."""

    leg = None


class SubscriberPair:
    """Both ends; ``exchange`` is the engine's bench, ``telephone`` the set."""

    def __init__(self, telephone_set=PLAIN, **features):
        self.clock = VirtualClock()
        engine = FxsLine(CHINA, "8001", PLAN, features=SubscriberFeatures(**features), date_time=lambda now: "11281200")
        self.exchange = Bench(engine)
        self.far = FarPort()
        self.telephone = Telephone(Network(self), "telephone 8001", "8001", Line())
        self.telephone.use(telephone_set)
        self._shown = 0b1111
        self._sound = None
        self._opened = None
        self._closed_at = 0.0
        self._off_hook = False
        self._grounded = False
        self._count = 0

    def give(self, *values):
        """Primitives of the switch."""
        self.exchange.give(*values)
        return self

    def run(self, seconds):
        """Let time pass."""
        for _ in range(round(seconds / STEP)):
            now = self.clock.now + STEP
            self.clock.run_until(now)
            self.exchange.until(now)
            self.far.advance(now)
            self._towards_telephone(now)
            self._towards_exchange(now)
        return self

    @property
    def noticed(self):
        """What the telephone noticed, without the times."""
        return [what for _, what in self.telephone.log]

    # What the exchange does to the wire.

    def _towards_telephone(self, now):
        port = self.exchange.port
        bits = 0b1111
        if port.rings is not None and not self._off_hook:
            ring = port.rings
            at = (now - port.of(Ring)[-1][0]) * 1000 % (ring.on_ms + ring.off_ms + ring.second_on_ms + ring.second_off_ms)
            second = at - ring.on_ms - ring.off_ms
            bits &= 0b0111 if at < ring.on_ms or 0 <= second < ring.second_on_ms else 0b1111
        bits &= 0b1011 if port.reversed else 0b1111
        bits &= 0b1111 if port.fed else 0b1101
        bits &= 0b1110 if any(at <= now < at + pulse.duration_ms / 1000 for at, pulse in port.of(SendMeterPulse)) else 0b1111
        if bits != self._shown:
            self._shown = bits
            self.telephone.bits(Bits(bits))
        if port.sound is not self._sound:
            ended, self._sound = self._sound, port.sound
            self._sounds(ended, now, False)
            self._sounds(self._sound, now, True)

    def _sounds(self, command, now, begins):
        """A tone begins or ends in the telephone's ear; digits and octets are heard when they have ended."""
        if type(command) is SendTone and self.far.listens & (RECEIVE_PROGRESS | RECEIVE_CALLER_IDENTITY):
            event = ToneOn(command.tone) if begins else ToneOff(command.tone)
            self.far.event(event, now)
            self.telephone.tone(event)
        elif type(command) is SendOctets and not begins and self.far.listens & RECEIVE_CALLER_IDENTITY:
            for value in (OCTET_CARRIER_ON, *command.octets, OCTET_CARRIER_OFF):
                self.telephone.heard(Octet(value))
        elif type(command) is SendDigits and not begins and self.far.listens & RECEIVE_DTMF:
            for digit in command.digits:
                self.telephone.heard(Digit(digit))

    # What the telephone does to it.

    def _towards_exchange(self, now):
        bits = self.far.bits
        grounded = not bits & 0b0100
        if grounded != self._grounded:
            self._grounded = grounded
            self.exchange.give(Grounded(grounded))
        if bits & 0b1000:
            self._open(now)
        else:
            self._closed(now)
        self._digits(now)

    def _open(self, now):
        if self._off_hook and self._opened is None:
            self._opened = now
        if self._off_hook and now - self._opened > FLASH:
            self._off_hook, self._opened = False, None
            self.exchange.give(HookOn())

    def _closed(self, now):
        if not self._off_hook:
            self._off_hook = True
            self._count = 0
            self.exchange.give(HookOff())
        elif self._opened is not None:
            if now - self._opened <= PULSE:
                self._count += 1
            else:
                self.exchange.give(Flash())
            self._closed_at, self._opened = now, None
        elif self._count and now - self._closed_at > DIGIT_PAUSE:
            digit, self._count = str(self._count % 10), 0
            self.exchange.give(Digit(digit))

    def _digits(self, now):
        for at, digit in [pair for pair in self.far.keyed if pair[0] <= now]:
            self.far.keyed.remove((at, digit))
            if self.exchange.port.listens & RECEIVE_DTMF:
                self.exchange.give(Digit(digit))
