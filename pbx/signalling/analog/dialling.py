"""Digits on their way to another exchange: DTMF by the plane (Q.23), or dial pulses edge by edge at exact times.

A ``DigitSender`` holds the digits that wait and makes commands of them: all at once when they are tones or breaks of a loop, which the
plane times; one digit at a time when they are pulses of a lead, because the plane keeps no more than 64 timed commands for a port.
Leaves out when to begin: dial tone, winks (fxo_call.py, ear_and_mouth_call.py).
"""

from collections.abc import Callable

from pbx.engine import Noted, Output
from pbx.signalling.analog.line_data import DigitSending
from pbx.vocabulary.media import MediaCommand, SendDigits, SendPulses
from pbx.vocabulary.tones import DTMF_DIGITS

Contact = Callable[[bool, float], MediaCommand]
"""Close (True) or open a loop or lead at a time."""


class DigitSender:
    """The digits of one call."""

    __slots__ = ("_contact", "_free_at", "_pulses", "_sending", "waiting")

    def __init__(self, sending: DigitSending, pulses: bool, contact: Contact | None) -> None:
        """``contact``: how a lead is made and broken; None: pulses are breaks of a loop."""
        self._sending = sending
        self._pulses = pulses
        self._contact = contact
        self._free_at = 0.0
        self.waiting = ""

    def able(self, digits: str) -> bool:
        """Whether these digits can be sent in this way."""
        return all(digit in (self._sending.pulses if self._pulses else DTMF_DIGITS) for digit in digits)

    def begin(self, digits: str) -> None:
        """A new call: nothing of another one is left."""
        self.waiting = digits
        self._free_at = 0.0

    def add(self, digits: str) -> bool:
        """More of them, behind those that wait; False if they cannot be sent."""
        if not self.able(digits):
            return False
        self.waiting += digits
        return True

    def send(self, now: float) -> tuple[Output, ...]:
        """The commands for what comes next; ``next_at`` and ``sent_at`` say when to go on."""
        sending = self._sending
        if not self._pulses:
            digits, self.waiting = self.waiting, ""
            length_s = len(digits) * (sending.tone_on_ms + sending.tone_off_ms) / 1000
            self._free_at = max(self._free_at, now) + length_s
            return (Noted(f"-> digits {digits}"), SendDigits(digits, sending.tone_on_ms, sending.tone_off_ms))
        if self._contact is None:
            return self._send_breaks(now)
        digit, self.waiting = self.waiting[0], self.waiting[1:]
        edges: list[Output] = [Noted(f"-> digit {digit} by pulses")]
        at = max(now + sending.lead_ms / 1000, self._free_at)
        for _ in range(sending.pulses[digit]):
            edges.append(self._contact(False, at))
            edges.append(self._contact(True, at + sending.break_ms / 1000))
            at += (sending.break_ms + sending.make_ms) / 1000
        self._free_at = at - sending.make_ms / 1000 + sending.between_ms / 1000
        return tuple(edges)

    def _send_breaks(self, now: float) -> tuple[Output, ...]:
        sending = self._sending
        digits, self.waiting = self.waiting, ""
        breaks = tuple(sending.pulses[digit] for digit in digits)
        each_ms = sending.break_ms + sending.make_ms
        length_ms = sum(breaks) * each_ms + len(breaks) * (sending.between_ms - sending.make_ms)
        self._free_at = max(self._free_at, now) + length_ms / 1000
        return (Noted(f"-> digits {digits} by pulses"), SendPulses(breaks, sending.break_ms, sending.make_ms, sending.between_ms))

    @property
    def sent_at(self) -> float:
        """When the last of it will be over, with the pause behind it."""
        return self._free_at

    @property
    def next_at(self) -> float:
        """When to ask for the next digit, so that its first edge comes as soon as it may."""
        return self._free_at - self._sending.lead_ms / 1000
