"""A telephone on one of the exchange's subscriber lines: loop, keys, dial, bell, display, earth key; a terminal that starts by ground, too.

What it sends is the loop and the ring wire (docs/adr/0004); dialled pulses and flashes are timed commands, exact to the sample (10 pulses a
second, break to make 1.6 to 1: GB/T 15279 from memory). What it notices: bell and cadence, poles, feed, metering pulses, tones and, when it
has a display, caller identity and waiting messages as the presentation sends them (config/caller-identity.toml). A set that shows
waiting calls answers the dual tone alert with D in the plane itself (``Armed``), for there are only 160 ms for it (EN 300 659-2, from
memory). A display listens all the time, so only lines that have one cost ticks. Leaves out the receiver of the alert, which is the plane's.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from drivers.far_end.party import Party
from drivers.far_end.telephone_line import CHANNEL_BANK
from pbx.engine import Malformed
from pbx.line import Line
from pbx.signalling.analog.caller_identity import (
    Call,
    Decoder,
    DtmfPresentation,
    FskPresentation,
    Message,
    MessageWaiting,
    Presentation,
    decode_digits,
    load_presentations,
)
from pbx.vocabulary import tones
from pbx.vocabulary.media import (
    OCTET_CARRIER_OFF,
    OCTET_FRAMING_ERROR,
    RECEIVE_CALLER_IDENTITY,
    RECEIVE_DTMF,
    RECEIVE_PROGRESS,
    Armed,
    Bits,
    Digit,
    Disarm,
    Listen,
    MediaCommand,
    MediaEvent,
    Octet,
    SendBits,
    SendDigits,
    Silence,
    ToneOff,
    Unlisten,
)

if TYPE_CHECKING:
    from drivers.far_end.network import Network

LOOP, GROUND = 0b1000, 0b0100
"""Bits from the telephone, both 1 at rest: 0 = loop closed, ring wire grounded (drivers/wire.h)."""
RINGING, POLES, FED, METERING = 0b1000, 0b0100, 0b0010, 0b0001
"""Bits to the telephone, all 1 at rest: 0 = ringing voltage, reversed poles, no feed, metering voltage."""
REST = 0b1111

BELL_PAUSE_S = 5.0
"""Longer than the pause between two bursts of ringing (4 s in China)."""
LEAD_S = 0.1
"""Timed commands are given so long before their time."""
ON_ITS_WAY_S = 0.05
"""What is done now may reach the plane so much later, together with the end of a flash that was due meanwhile."""
ALERT = ToneOff(tones.special("dual-tone-alert"))
ALERT_WATCH_S = 86400.0
ACKNOWLEDGEMENT = SendDigits("D", 60, 40)


class TelephoneSet(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on the desk. ``display``: the presentation that it understands, "" none. ``waiting_calls``: it shows those in a call,
    too. ``ground_start``: no telephone but a terminal that grounds the ring wire when it wants the line."""

    display: str = ""
    waiting_calls: bool = False
    ground_start: bool = False


PLAIN = TelephoneSet()


class Display:
    """Reads what a presentation sends."""

    def __init__(self, presentation: Presentation) -> None:
        self.presentation = presentation
        self._decoder = Decoder(presentation.encoding if isinstance(presentation, FskPresentation) else "ascii")
        self._digits = ""

    @property
    def receivers(self) -> int:
        """What listens for it."""
        return RECEIVE_DTMF if isinstance(self.presentation, DtmfPresentation) else RECEIVE_CALLER_IDENTITY

    def octet(self, event: Octet) -> Sequence[Message | Malformed]:
        """One octet of a modem, or the end of its carrier."""
        if event.value & (OCTET_CARRIER_OFF | OCTET_FRAMING_ERROR):
            return self._decoder.lost()
        return self._decoder.feed(bytes([event.value])) if event.value < 0x100 else ()

    def digit(self, event: Digit) -> Sequence[Message | Malformed]:
        """One digit; the last of a row makes it a message."""
        presentation = self.presentation
        if not isinstance(presentation, DtmfPresentation):
            return ()
        self._digits += event.digit
        if event.digit != presentation.end:
            return ()
        digits, self._digits = self._digits, ""
        return (decode_digits(digits, presentation),)

    def clear(self) -> None:
        """The handset has been lifted or put down: what had begun is nothing."""
        self._digits = ""
        self._decoder.lost()


class Telephone(Party):
    """A telephone set on a subscriber line: it lifts, dials, hears ringing, speaks, hangs up."""

    def __init__(self, network: "Network", name: str, number: str, line: Line) -> None:
        super().__init__(network, name, number)
        self.line = line
        self.set = PLAIN
        self.code = CHANNEL_BANK
        self.display: Display | None = None
        self.off_hook = False
        self.ringing = False
        self.lamp = False
        self.pulses = 0
        self.shown: list[Message] = []
        self._bursts: list[tuple[float, float]] = []
        self._burst_began = 0.0
        self._last_bell = -BELL_PAUSE_S
        self._seen = REST
        self._sent = REST
        self._timed_until = 0.0
        self._dialling: list[Any] = []
        line.leg = self

    def use(self, telephone_set: TelephoneSet) -> None:
        """Put another set on the desk; the handset lies. KeyError for a display whose presentation does not exist."""
        before = self.display
        self.set = telephone_set
        self.display = Display(load_presentations()[telephone_set.display]) if telephone_set.display else None
        if before is not None:
            self._order(Unlisten(before.receivers))
        if self.display is not None:
            self._order(Listen(self.display.receivers))

    # What the person does.

    def lift(self) -> None:
        """Take the handset off the hook. A terminal that starts by ground grounds the line first, unless it is fed already."""
        self.off_hook = True
        self.state = "off-hook"
        display = self.display
        if display is not None:
            display.clear()
            if not self.set.waiting_calls:
                self._order(Unlisten(display.receivers))
        if self.set.ground_start and not self._seen & FED:
            self.ground()
        else:
            self._close_loop()
        self.noticed("lifts")

    def _close_loop(self) -> None:
        self._sent = REST & ~LOOP
        self._order(self._bits(self._sent), Listen(RECEIVE_PROGRESS))
        self._await_alert()

    def hang_up(self) -> None:
        """Put the handset back; whatever was being dialled is not dialled any more."""
        self.off_hook = False
        self.state = "idle"
        self._stop_dialling()
        self._sent = REST
        self._order(Silence(), self._bits(self._sent), Unlisten(RECEIVE_PROGRESS))
        if self.display is not None:
            self.display.clear()
            self._order(Listen(self.display.receivers))
        self.hearing.clear()
        self.noticed("hangs up")

    def ground(self, on: bool = True) -> None:
        """Ground the ring wire (ground start, earth key), or no longer."""
        self._sent = self._sent & ~GROUND if on else self._sent | GROUND
        self._order(self._bits(self._sent))
        self.noticed("grounds the line" if on else "no longer grounds the line")

    def flash(self, ms: int = 100) -> None:
        """Open the loop for a moment (register recall)."""
        at = self._now() + LEAD_S
        self._timed(at + ms / 1000, self._bits(self._sent | LOOP, at), self._bits(self._sent, at + ms / 1000))
        self.noticed("flashes")

    def dial_pulses(self, digits: str, pulses_per_second: float = 10, break_percent: float = 61.5, pause_ms: int = 700) -> None:
        """Dial by breaking the loop, as many times as the digit says, ten times for 0; ValueError for what no dial has."""
        if not digits.isascii() or not digits.isdigit():
            raise ValueError(f"a dial has the digits 0 to 9, not {digits!r}")
        period = 1 / pulses_per_second
        begins = self._now() + LEAD_S
        for digit in digits:
            wait = max(0.0, begins - LEAD_S - self._now())
            self._dialling.append(self.network.floor.clock.callLater(wait, self._pulse, begins, int(digit) or 10, period, break_percent))
            begins += (int(digit) or 10) * period + pause_ms / 1000
        self._dialling.append(self.network.floor.clock.callLater(begins - pause_ms / 1000 - self._now(), self._dialled))

    def _pulse(self, begins: float, pulses: int, period: float, break_percent: float) -> None:
        """One digit's breaks and makes; a port keeps 64 timed commands, so digits are given one by one."""
        broken = period * break_percent / 100
        commands: list[MediaCommand] = []
        for pulse in range(pulses):
            at = begins + pulse * period
            commands += [self._bits(self._sent | LOOP, at), self._bits(self._sent, at + broken)]
        self._timed(begins + pulses * period, *commands)

    def _dialled(self) -> None:
        self._dialling.clear()
        self.network.floor.turn(self.noticed, "has dialled")

    def _stop_dialling(self) -> None:
        for timer in self._dialling:
            if timer.active():
                timer.cancel()
        self._dialling.clear()
        if self._timed_until + ON_ITS_WAY_S > self._now() or self.set.waiting_calls:
            self._order(Disarm())

    def _timed(self, until: float, *commands: MediaCommand) -> None:
        self._timed_until = max(self._timed_until, until)
        self._order(*commands)

    def _bits(self, bits: int, at: float = 0.0) -> SendBits:
        return SendBits(self.code.to_line(bits), at)

    def _now(self) -> float:
        return self.network.floor.clock.seconds()

    # What the telephone notices.

    def bits(self, event: Bits) -> None:
        """Something on the wires has changed: ringing voltage, poles, feed, metering voltage."""
        seen = self.code.from_line(event.value)
        changed, self._seen = self._seen ^ seen, seen
        if changed & FED:
            self._feed(bool(seen & FED))
        if changed & POLES:
            self.noticed("normal poles" if seen & POLES else "reversal")
        if changed & RINGING:
            self._bell(not seen & RINGING)
        if changed & METERING and seen & METERING:
            self.pulses += 1
            self.noticed("metering pulse")

    def _bell(self, on: bool) -> None:
        self.ringing = on
        now = self.network.floor.now
        if not on:
            self._bursts.append((self._burst_began, now))
            return
        if now - self._last_bell > 2 * BELL_PAUSE_S:
            self._bursts.clear()
        self._burst_began = self._last_bell = now
        self.noticed("bell")

    def _feed(self, fed: bool) -> None:
        self.noticed("feed back" if fed else "feed lost")
        if fed and self.off_hook and not self._sent & GROUND:
            # The exchange has given the line: the loop is closed and the ground is taken away.
            self._close_loop()

    @property
    def rings(self) -> bool:
        """Whether the telephone is being rung: the bell sounds, or has sounded within the longest pause."""
        return self.ringing or self._now() - self._last_bell < BELL_PAUSE_S

    @property
    def cadence(self) -> tuple[float, ...]:
        """Seconds on, off, on ... of the last ringing, as far as whole bursts have been heard."""
        times = [time for burst in self._bursts for time in burst]
        return tuple(round(later - sooner, 2) for sooner, later in pairwise(times))

    def heard(self, event: MediaEvent) -> None:
        """A digit or an octet of a modem: caller identity for the display, or just something in the ear."""
        display = self.display
        if isinstance(event, Octet):
            for message in display.octet(event) if display is not None else ():
                self._show(message)
        elif isinstance(event, Digit) and display is not None and not self.off_hook:
            for message in display.digit(event):
                self._show(message)
        else:
            super().heard(event)

    def tone(self, event: MediaEvent) -> None:
        """A tone; the plane has answered an alert already, and is told to answer the next one."""
        super().tone(event)
        if event == ALERT and self.set.waiting_calls and self.off_hook:
            self.noticed("answers the alert")
            self._await_alert()

    def _await_alert(self) -> None:
        if self.set.waiting_calls:
            self._order(Armed(ALERT, ACKNOWLEDGEMENT, 0, self._now() + ALERT_WATCH_S))

    def _show(self, message: Message | Malformed) -> None:
        if isinstance(message, Malformed):
            self.noticed(f"cannot read: {message.what}")
            return
        self.shown.append(message)
        if isinstance(message, Call):
            name = f" name {message.name}" if message.name else ""
            self.noticed(f"shows {message.number or message.number_absence or 'nothing'}{name}")
        elif isinstance(message, MessageWaiting):
            self.lamp = message.active
            self.noticed("message lamp on" if message.active else "message lamp off")
