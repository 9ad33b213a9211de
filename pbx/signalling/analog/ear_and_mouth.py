"""E&M tie line: one circuit between two exchanges, with its E and M leads carried as signalling bits, as an engine.

``EarAndMouthCircuit`` sorts media events and primitives into the words of its chart (ear_and_mouth_states.py), keeps the alarm rule (a
short alarm freezes the circuit, a long one loses the call with cause 27: alarm_watch.py), and adopts answered calls after a restart by
tag and levels. Starts: immediate, wink, delay dial; address by DTMF or pulses (EIA/TIA-464 from memory, Q.421 for the form of bits);
figures in config/variants/ear-and-mouth.toml. Leaves out analog leads: a card makes bits of them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pbx.engine import Input, Levels, Noted, Output
from pbx.signalling.analog.ear_and_mouth_call import EarAndMouthCall
from pbx.signalling.analog.ear_and_mouth_states import STATES
from pbx.signalling.analog.ear_and_mouth_variant import Direction, EarAndMouthFeatures, EarAndMouthVariant
from pbx.signalling.analog.occupancy import IDLE
from pbx.signalling.analog.trunk import METHODS, Trunk
from pbx.vocabulary import call, tones
from pbx.vocabulary.media import Bits, Digit, ToneOn
from pbx.vocabulary.numbers import NumberExaminer

STANDING = {
    "OutAnswered": ("out answered", True, True),
    "OutClearedBack": ("out cleared-back", False, True),
    "InAnswered": ("in answered", True, True),
    "InClearedBack": ("in cleared-back", True, False),
}
"""By stable state: its tag, and whether the far end and this end stand off-hook in it."""
ADOPTED = {tag: state for state, (tag, _, _) in STANDING.items()}
SPEECH_STATES = frozenset({"OutWaiting", "OutAnswered", "OutClearedBack", "OutFailed", "InOffered", "InAnswered", "InClearedBack"})
DIGIT_STATES = frozenset({"InDigits", "InOffered", "InAnswered", "InClearedBack", "OutAnswered", "OutClearedBack"})
TONE_STATES = frozenset({"OutDialling", "OutWaiting"})
RING_BACK = tones.progress("ring-back")
RESUMED = Noted("call adopted after a restart")

_Method = Callable[["EarAndMouthCircuit", Any, float], Sequence[Output]]


class EarAndMouthCircuit(Trunk[bool]):
    """The engine of one E&M tie line."""

    __slots__ = ("features",)

    _call: EarAndMouthCall
    variant: EarAndMouthVariant

    def __init__(
        self,
        variant: EarAndMouthVariant,
        direction: Direction,
        examiner: NumberExaminer,
        features: EarAndMouthFeatures | None = None,
    ) -> None:
        """``direction``: "incoming" (the far end seizes), "outgoing" or "both-way"; ``examiner`` judges the digits that come in.

        ValueError for features that exclude one another.
        """
        self.features = features or EarAndMouthFeatures()
        if self.features.caller_number and self.features.address == "pulse":
            raise ValueError("the caller's number goes with DTMF only: pulses have no mark to part it from the called number")
        super().__init__(variant, EarAndMouthCall(variant, direction, examiner, self.features, variant.chart(STATES)), False)

    @property
    def tag(self) -> str:
        """Which stable state the call is in; empty when none."""
        found = STANDING.get(self._machine.state)
        return found[0] if found is not None else ""

    @property
    def speech(self) -> bool:
        """Not while digits are sent or received, nor over the tone that refuses a call."""
        return self._machine.state in SPEECH_STATES

    def start(self, now: float) -> Sequence[Output]:
        """Into service, on-hook."""
        return (*self.variant.on_hook, IDLE)

    def receive(self, value: Input, now: float) -> Sequence[Output]:
        """A media event or a call primitive."""
        method = _METHODS.get(type(value))
        return method(self, value, now) if method is not None else ()

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """Adopt a call in its stable state, or come to rest. A lead that has changed meanwhile is a signal now.

        While an alarm stands the received bits say nothing: what they are is taken in when it ends.
        """
        line, variant = self._call, self.variant
        far, near = variant.is_off_hook(levels.bits_in), variant.is_off_hook(levels.bits_out)
        line.adopt()
        state = ADOPTED.get(tag, "")
        if state:
            _, line.far, off_hook = STANDING[state]
            line.open = True
            self._machine.enter(state, now)
            outputs: tuple[Output, ...] = (
                (RESUMED,) if near == off_hook else (RESUMED, *(variant.off_hook if off_hook else variant.on_hook))
            )
        else:
            # Even where both are on-hook: it may have been a break between two pulses, so the guard must pass.
            line.far = far and not levels.alarms
            outputs = line.drop(call.NORMAL_CLEARING)
            self._machine.enter("Releasing" if line.far else "Guard", now)
        return (*outputs, *self._alarm.resume(levels.alarms, far, now))

    # What enters.

    def _bits(self, value: Bits, now: float) -> Sequence[Output]:
        return self._alarm.level(self.variant.is_off_hook(value.value), now)

    def _take_in(self, off_hook: bool, now: float) -> Sequence[Output]:
        line = self._call
        if off_hook == line.far:
            return ()
        line.far = off_hook
        word = "off-hook" if off_hook else "on-hook"
        return (Noted(f"<- {word}"), *self._machine.step(word, None, now))

    def _tone_on(self, value: ToneOn, now: float) -> Sequence[Output]:
        if self._machine.state not in TONE_STATES or not self.features.hears_tones:
            return ()
        if value.tone == RING_BACK:
            word = "ring-back"
        elif value.tone in self.variant.tones:
            word = "busy-tone"
        else:
            return ()
        return (Noted(f"<- {tones.name(value.tone)}"), *self._machine.step(word, value.tone, now))

    def _digit(self, value: Digit, now: float) -> Sequence[Output]:
        if self._machine.state not in DIGIT_STATES or value.digit not in tones.DTMF_DIGITS:
            return ()
        return self._machine.step("digit", value.digit, now)


_METHODS: Mapping[type, _Method] = {
    **METHODS,
    Bits: EarAndMouthCircuit._bits,
    ToneOn: EarAndMouthCircuit._tone_on,
    Digit: EarAndMouthCircuit._digit,
}
