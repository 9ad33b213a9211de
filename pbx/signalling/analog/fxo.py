"""Exchange line (FXO): an analog line of ours that leads to another exchange, loop start or ground start, as an engine.

``FxoLine`` sorts media events and primitives into the words of its chart (fxo_states.py), feeds the caller's identity to its receiver
(fxo_identity.py), keeps the levels of ringing, poles and feed, and the alarm rule: a short alarm freezes the line, a long one loses the
call (alarm_watch.py). The line's own number is what was called: a loop tells no other. An answered call is adopted after a restart by tag
and levels. Q.552 leaves the signals national; China's figures: config/variants/china-exchange-line.toml. Leaves out direct dialling in.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pbx.engine import Input, Levels, Noted, Output
from pbx.signalling.analog.fxo_call import FxoCall
from pbx.signalling.analog.fxo_states import STATES
from pbx.signalling.analog.fxo_variant import FxoFeatures, FxoVariant
from pbx.signalling.analog.fxo_wires import GROUND_OFF, LISTEN_CALL, UNLISTEN
from pbx.signalling.analog.occupancy import IDLE
from pbx.signalling.analog.trunk import METHODS, Trunk
from pbx.vocabulary import call, tones
from pbx.vocabulary.media import (
    Battery,
    Digit,
    Loop,
    MeterPulse,
    Octet,
    Polarity,
    RingOff,
    RingOn,
    ToneOff,
    ToneOn,
    VoiceOff,
    VoiceOn,
)

IDENTITY_STATES = frozenset({"Forewarned", "Ringing"})
SPEECH_STATES = frozenset({"Waiting", "Alerted", "RingBackOver", "Talking", "Caught", "FarCleared"})
DIGIT_STATES = frozenset({"Talking", "Caught", "FarCleared"})
DEAF_STATES = frozenset({"Idle", "Forewarned", "Ringing", "Offered", "RingingOut", "Grounding", "Guard", "Held"})
"""Tones are not listened for; one may be told that was heard in the moment when the line was let go."""
DIAL_TONES = frozenset({tones.progress("dial"), tones.progress("special-dial")})
RING_BACK = tones.progress("ring-back")
RESUMED = Noted("call adopted after a restart")
OUT, IN, REVERSED, RELEASED = "out talking", "in talking", " reversed", " until reversed"

_Method = Callable[["FxoLine", Any, float], Sequence[Output]]
_Standing = tuple[bool, bool, bool]
"""Ringing, reversed poles, feed."""


class FxoLine(Trunk[_Standing]):
    """The engine of one exchange line."""

    __slots__ = ("features", "number")

    _call: FxoCall
    variant: FxoVariant

    def __init__(self, variant: FxoVariant, number: str, features: FxoFeatures | None = None) -> None:
        """``number`` is the line's own directory number: calls that come in are for it."""
        self.number = number
        self.features = features or FxoFeatures()
        line = FxoCall(variant, number, self.features, variant.chart(STATES))
        super().__init__(variant, line, (False, False, line.battery))

    @property
    def tag(self) -> str:
        """Who made the answered call, how the poles stand in it and how when it is released; empty in every other state."""
        if self._machine.state != "Talking":
            return ""
        line = self._call
        return (OUT if line.outgoing else IN) + (REVERSED if line.reversed else "") + (RELEASED if line.home else "")

    @property
    def speech(self) -> bool:
        """Not before the loop is closed, nor while the line is dialled."""
        return self._machine.state in SPEECH_STATES

    def start(self, now: float) -> Sequence[Output]:
        """Into service with an open loop."""
        return (Loop(False), *((GROUND_OFF,) if self.features.ground_start else ()), IDLE)

    def receive(self, value: Input, now: float) -> Sequence[Output]:
        """A media event or a call primitive."""
        method = _METHODS.get(type(value))
        return method(self, value, now) if method is not None else ()

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """Adopt an answered call whose loop is still closed; else open the loop and come to rest, by way of the guard if it was closed.

        While an alarm stands the levels say nothing: the call is kept as it was, what stands is taken in when the alarm ends.
        """
        line, machine = self._call, self._machine
        poles = tag.removesuffix(RELEASED)
        kept = poles.removesuffix(REVERSED)
        line.reversed = kept != poles
        if kept in (OUT, IN) and (levels.off_hook or levels.alarms):
            line.adopt(kept == OUT, poles != tag)
            line.battery = True
            machine.enter("Talking", now)
            outputs: Sequence[Output] = (RESUMED, UNLISTEN, Loop(True), LISTEN_CALL)
        else:
            line.open = kept in (OUT, IN)
            line.owe_idle()
            outputs = (*line.at_rest(), *line.close(call.NORMAL_CLEARING))
            line.reversed = levels.polarity_reversed
            line.battery = not self.features.ground_start if levels.alarms else levels.battery
            rung = levels.ringing and not levels.alarms
            if levels.off_hook or rung or (self.features.ground_start and line.battery):
                machine.enter("Guard", now)
            else:
                outputs = (*outputs, *line.rested(now))
        stands = (levels.ringing, levels.polarity_reversed, levels.battery)
        return (*outputs, *self._alarm.resume(levels.alarms, stands, now))

    # What enters.

    def _ring_on(self, _: RingOn, now: float) -> Sequence[Output]:
        return self._alarm.level((True, *self._alarm.seen[1:]), now)

    def _ring_off(self, _: RingOff, now: float) -> Sequence[Output]:
        return self._alarm.level((False, *self._alarm.seen[1:]), now)

    def _polarity(self, value: Polarity, now: float) -> Sequence[Output]:
        ringing, _, battery = self._alarm.seen
        return self._alarm.level((ringing, value.reversed, battery), now)

    def _battery(self, value: Battery, now: float) -> Sequence[Output]:
        return self._alarm.level((*self._alarm.seen[:2], value.present), now)

    def _take_in(self, stands: _Standing, now: float) -> Sequence[Output]:
        """Each change is an event."""
        line, step = self._call, self._machine.step
        ringing, reversed_poles, battery = stands
        outputs: list[Output] = []
        if battery != line.battery:
            line.battery = battery
            outputs.append(Noted("<- feed" if battery else "<- no feed"))
            if battery and not self.features.ground_start:
                outputs.extend(line.remove_reason("remote"))
            outputs.extend(step("battery" if battery else "no-battery", None, now))
        if reversed_poles != line.reversed:
            line.reversed = reversed_poles
            outputs.append(Noted("<- poles reversed" if reversed_poles else "<- poles normal"))
            outputs.extend(step("poles", None, now))
        if ringing != line.ringing:
            line.ringing = ringing
            outputs.append(Noted("<- ringing" if ringing else "<- ringing pauses"))
            outputs.extend(step("ring-on" if ringing else "ring-off", None, now))
        return outputs

    def _tone_on(self, value: ToneOn, now: float) -> Sequence[Output]:
        return self._tone(value.tone, "", now)

    def _tone_off(self, value: ToneOff, now: float) -> Sequence[Output]:
        return self._tone(value.tone, "-off", now)

    def _tone(self, tone: int, off: str, now: float) -> Sequence[Output]:
        if tone in DIAL_TONES:
            word = "dial-tone"
        elif tone == RING_BACK:
            word = "ring-back"
        elif tone in self.variant.tones:
            word = "busy-tone"
        else:
            return ()
        if self._machine.state in DEAF_STATES:
            return ()
        return (Noted(f"<- {tones.name(tone)} tone{' ends' if off else ''}"), *self._machine.step(word + off, tone, now))

    def _voice(self, value: VoiceOn | VoiceOff, now: float) -> Sequence[Output]:
        if self._machine.state in DEAF_STATES:
            return ()
        return self._machine.step("voice" if isinstance(value, VoiceOn) else "voice-off", None, now)

    def _digit(self, value: Digit, now: float) -> Sequence[Output]:
        if self._machine.state in IDENTITY_STATES:
            return self._identity(self._call.identity.digit(value.digit), now)
        return self._machine.step("digit", value.digit, now) if self._machine.state in DIGIT_STATES else ()

    def _octet(self, value: Octet, now: float) -> Sequence[Output]:
        if self._machine.state in IDENTITY_STATES:
            return self._identity(self._call.identity.octet(value.value), now)
        return ()

    def _identity(self, heard: Sequence[Output], now: float) -> Sequence[Output]:
        if self._call.identity.found is None or not heard:
            return heard
        return (*heard, *self._machine.step("identity", None, now))

    def _meter_pulse(self, _: MeterPulse, now: float) -> Sequence[Output]:
        return (Noted("<- metering pulse"), *self._machine.step("metering", None, now))


_METHODS: Mapping[type, _Method] = {
    **METHODS,
    RingOn: FxoLine._ring_on,
    RingOff: FxoLine._ring_off,
    Polarity: FxoLine._polarity,
    Battery: FxoLine._battery,
    ToneOn: FxoLine._tone_on,
    ToneOff: FxoLine._tone_off,
    VoiceOn: FxoLine._voice,
    VoiceOff: FxoLine._voice,
    Digit: FxoLine._digit,
    Octet: FxoLine._octet,
    MeterPulse: FxoLine._meter_pulse,
}
