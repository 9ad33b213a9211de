"""One R2 circuit: line machine, two register machines and a watch over the span's alarms behind the face of an engine.

``R2Circuit`` sorts inputs to the machines of pbx/signalling/r2/{line,outgoing_register,incoming_register}.py, keeps the alarm rule (a short
alarm freezes the circuit, a long one loses the call with cause 27; Q.33 for the idea, the figure is the variant's), and
adopts circuits after a restart by tag and levels. In the answered state DTMF digits go up as ``Info``. Leaves out
everything that the variant's data decides: pbx/signalling/r2/variant.py.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from pbx.engine import Input, Levels, Noted, Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.r2.incoming_register import INCOMING_STATES
from pbx.signalling.r2.line import IDLE, LineSignalling
from pbx.signalling.r2.line_signals import Direction
from pbx.signalling.r2.line_states import STATES
from pbx.signalling.r2.outgoing_register import OUTGOING_STATES
from pbx.signalling.r2.variant import Variant
from pbx.signalling.r2.variant_data import CircuitHabits
from pbx.vocabulary import call
from pbx.vocabulary.call import Info
from pbx.vocabulary.media import Alarm, Bits, Digit, ToneOff, ToneOn
from pbx.vocabulary.numbers import NumberExaminer
from pbx.vocabulary.tones import DTMF_DIGITS

INFOS = {digit: (Info(digit),) for digit in DTMF_DIGITS}
TAGS = {
    "OutAnswered": "out answered",
    "OutMetering": "out answered",
    "InAnswered": "in answered",
    "OutSuspended": "out suspended",
    "InSuspended": "in suspended",
    "OutClearedBack": "out cleared-back",
    "InClearedBack": "in cleared-back",
}
ADOPTED = {tag: state for state, tag in TAGS.items() if state != "OutMetering"}
OWN_HABITS = CircuitHabits()
SPEECHLESS = frozenset({"InAnswering", "InBusy", "InRefused", "InOver"})
TALKING = frozenset({"InAnswered", "OutAnswered", "OutMetering"})
WAITS_FOR_IDLE = frozenset({"Releasing", "Fault"})
ALARM_CLEARED = Noted("<- alarm cleared")

_Method = Callable[["R2Circuit", Any, float], Sequence[Output]]


class R2Circuit:
    """The engine of one time slot with R2 line and register signalling."""

    __slots__ = ("_alarm", "_applied", "_incoming", "_line", "_outgoing", "line")

    def __init__(self, variant: Variant, direction: Direction, examiner: NumberExaminer, *, habits: CircuitHabits = OWN_HABITS) -> None:
        """``direction``: "incoming" (the far end seizes), "outgoing" or "both-way"; ``examiner`` judges dialled digits; ``habits`` are
        those of the trunk group. Raises ``VariantError`` where the variant cannot have them."""
        chart = variant.chart("line", STATES, "Release")
        self.line = LineSignalling(variant, variant.settle(habits), direction, examiner, chart)
        self._line = self.line.machine
        self._outgoing = self.line.outgoing.machine
        self._incoming = self.line.incoming.machine
        self._alarm = Machine(variant.chart("alarm", ALARM_STATES, "clear"), self)
        self._applied = self.line.bits_in

    @classmethod
    def check(cls, variant: Variant) -> None:
        """Whether circuits of the variant can be made; raises ``VariantError``."""
        for kind, states, always in (
            ("line", STATES, "Release"),
            ("outgoing register", OUTGOING_STATES, "Stop"),
            ("incoming register", INCOMING_STATES, "Stop"),
            ("alarm", ALARM_STATES, "clear"),
        ):
            variant.chart(kind, states, always)
        variant.settle(OWN_HABITS)

    @property
    def state(self) -> str:
        """The line's state; the register's beside it while one works; ``alarm`` while one stands."""
        words = [self._line.state]
        words.extend(machine.state for machine in (self._outgoing, self._incoming) if machine.state != "Off")
        if self._alarm.state != "Clear":
            words.append("alarm")
        return "/".join(words)

    @property
    def tag(self) -> str:
        """Which stable state the call is in, and what was agreed for it; empty when none."""
        tag = TAGS.get(self._line.state, "")
        if not tag:
            return ""
        line = self.line
        return f"{tag}{', calling' if line.calling else ''}{', operator' if line.operator else ''}"

    @property
    def speech(self) -> bool:
        """Not while a register works, for a compelled signal must stand until it is answered (Q.457); not before the answer signal is
        sent; not over the tone that refuses a call."""
        return self._incoming.state == "Off" and self._outgoing.state == "Off" and self._line.state not in SPEECHLESS

    def machines(self) -> tuple[Machine, ...]:
        """The machines, for coverage and for people: line, outgoing register, incoming register, alarm."""
        return (self._line, self._outgoing, self._incoming, self._alarm)

    def start(self, now: float) -> Sequence[Output]:
        """Into service: idle bits go out, the circuit may be used."""
        return (*self.line.idle_sending(), IDLE)

    def receive(self, value: Input, now: float) -> Sequence[Output]:
        """A media event or a call primitive."""
        method = _METHODS.get(type(value))
        return method(self, value, now) if method is not None else ()

    def expire(self, now: float) -> Sequence[Output]:
        """Fire the timers that are due, the registers' first."""
        outputs: list[Output] = []
        for machine in (self._outgoing, self._incoming, self._alarm, self._line):
            outputs.extend(machine.expire(now))
        return outputs

    def deadline(self) -> float | None:
        """The earliest timer of all machines; registers that are off and a watch without alarm run none."""
        first = self._line.deadline()
        if self._outgoing.state != "Off":
            due = self._outgoing.deadline()
            if due is not None and (first is None or due < first):
                first = due
        if self._incoming.state != "Off":
            due = self._incoming.deadline()
            if due is not None and (first is None or due < first):
                first = due
        if self._alarm.state != "Clear":
            due = self._alarm.deadline()
            if due is not None and (first is None or due < first):
                first = due
        return first

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """Adopt the circuit by its tag and what stands on the line.

        While an alarm stands the received bits say nothing: a tagged call is kept as it was and the bits are taken in when
        the alarm ends, as for any call that meets an alarm.
        """
        stable, *agreed = tag.split(", ")
        state = ADOPTED.get(stable, "")
        if not levels.alarms:
            outputs = self.line.adopt(state, agreed, levels, now)
            self._applied = levels.bits_in
            return outputs
        standing = self.line.far_standing(state, levels.bits_in)
        outputs = self.line.adopt(state, agreed, msgspec.structs.replace(levels, bits_in=standing), now)
        self._applied, self.line.bits_in = standing, levels.bits_in
        return (*outputs, *self._alarms(Alarm(levels.alarms), now))

    def _bits(self, event: Bits, now: float) -> Sequence[Output]:
        """New bits; while an alarm stands they are only remembered, for a broken span says anything."""
        if self._alarm.state != "Clear":
            self.line.bits_in = event.value
            return ()
        self._applied = event.value
        return self.line.bits(event.value, now)

    def _tone_on(self, event: ToneOn, now: float) -> Sequence[Output]:
        if self._incoming.state != "Off":
            return self.line.incoming.tone_on(event.tone, now)
        return self.line.outgoing.tone_on(event.tone, now)

    def _tone_off(self, event: ToneOff, now: float) -> Sequence[Output]:
        if self._incoming.state != "Off":
            return self.line.incoming.tone_off(now)
        return self.line.outgoing.tone_off(now)

    def _digit(self, event: Digit, now: float) -> Sequence[Output]:
        if self._line.state in TALKING:
            return INFOS.get(event.digit, ())
        return ()

    def _primitive(self, value: object, now: float) -> Sequence[Output]:
        return self._line.step(type(value).__name__, value, now)

    def _proceeding(self, value: object, now: float) -> Sequence[Output]:
        return self._line.step("Proceeding", value, now) if self._line.state == "InRegister" else ()

    def _metering(self, value: object, now: float) -> Sequence[Output]:
        """Charge units reach the calling exchange while the answer stands on the line, and not otherwise."""
        return self._line.step("Metering", value, now) if self._line.state == "InAnswered" else ()

    def _alarms(self, event: Alarm, now: float) -> Sequence[Output]:
        return self._alarm.step("alarm" if event.alarms else "clear", event.alarms, now)

    def _alarm_begins(self, alarms: int, now: float) -> Sequence[Output]:
        return (Noted(f"<- alarm {alarms:#x}"), *self.line.add_reason("alarm"))

    def _alarm_lasts(self, _: object, now: float) -> Sequence[Output]:
        return self._line.step("lost", None, now)

    def _alarm_ends(self, _: object, now: float) -> Sequence[Output]:
        """Take in what the bits have become meanwhile, then let the circuit be used again."""
        outputs: Sequence[Output] = (ALARM_CLEARED,)
        bits = self.line.bits_in
        # A circuit that began to wait for release guard while the alarm stood did so by bits that were never taken in as a signal.
        if bits != self._applied or self._line.state in WAITS_FOR_IDLE:
            self._applied = bits
            outputs = (*outputs, *self.line.bits(bits, now))
        return (*outputs, *self.line.remove_reason("alarm"))


ALARM_STATES = {
    "Clear": State("no alarm", {"alarm": Cell(R2Circuit._alarm_begins, ("Standing",)), "clear": Cell(None)}),
    "Standing": State(
        "an alarm stands, calls are kept",
        {
            "alarm": Cell(None),
            "clear": Cell(R2Circuit._alarm_ends, ("Clear",)),
            "alarm_persistence": Cell(R2Circuit._alarm_lasts, ("Lasting",)),
        },
        ("alarm_persistence",),
    ),
    "Lasting": State(
        "the alarm lasts, calls are lost",
        {"alarm": Cell(None), "clear": Cell(R2Circuit._alarm_ends, ("Clear",))},
    ),
}

_METHODS: Mapping[type, _Method] = {
    Bits: R2Circuit._bits,
    ToneOn: R2Circuit._tone_on,
    ToneOff: R2Circuit._tone_off,
    Digit: R2Circuit._digit,
    Alarm: R2Circuit._alarms,
    call.Setup: R2Circuit._primitive,
    call.Info: R2Circuit._primitive,
    call.Proceeding: R2Circuit._proceeding,
    call.Alerting: R2Circuit._primitive,
    call.Progress: R2Circuit._primitive,
    call.Connect: R2Circuit._primitive,
    call.Disconnect: R2Circuit._primitive,
    call.Release: R2Circuit._primitive,
    call.Blocked: R2Circuit._primitive,
    call.Unblocked: R2Circuit._primitive,
    call.Suspend: R2Circuit._primitive,
    call.Resume: R2Circuit._primitive,
    call.OperatorSignal: R2Circuit._primitive,
    call.Metering: R2Circuit._metering,
    call.Reset: R2Circuit._primitive,
}
