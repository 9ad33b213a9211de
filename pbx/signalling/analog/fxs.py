"""Subscriber line (FXS): loop signalling of a telephone as an engine (Q.552 leaves it national; China: YDN 065-1997, GB 3380-82).

Calling: off-hook, dial tone, digits judged by a ``NumberExaminer`` until the number is whole, then ``Setup`` with the line's own number;
or a hot line's number at once. Called: caller identity as the line's presentation wants it, ringing with ``Alerting``, off-hook is
``Connect``. Ring-back and prompts are the switch's; dial tone, the tones after clearing, howler and lock-out are the engine's. Release
goes up at on-hook, at lock-out, or at once when the switch says Release or the engine itself gives up; Idle when the handset lies. Where
the calling side controls the release, a called party who hangs up is ``Suspend``. In a call digits go up as ``Info``, a flash as
``Info("!")``. An operator's "ring-back" needs a calling line that is held when it hangs up; no such call is known here: left out, and so
is "forced-release", which is the switch's. Dialled pulses come as ``Digit``: the card makes digits of them. The actions are in fxs_line.py.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pbx.engine import Input, Levels, Noted, Output
from pbx.machine import Machine
from pbx.signalling.analog import fxs_identity, fxs_variant
from pbx.signalling.analog.fxs_line import IDLE, RESUME, RING_STOP, SILENCE, SUSPEND, UNLISTEN, LineActions
from pbx.signalling.analog.fxs_states import STATES
from pbx.signalling.analog.fxs_variant import PLAIN, VARIANTS, SubscriberFeatures, SubscriberVariant
from pbx.vocabulary import call, tones
from pbx.vocabulary.call import Blocked, Connect, Disconnect, Release, Setup, Unblocked
from pbx.vocabulary.media import Alarm, Digit, Flash, Grounded, HookOff, HookOn
from pbx.vocabulary.numbers import NumberExaminer

__all__ = ["STATES", "FxsLine", "SubscriberFeatures", "SubscriberVariant", "load_subscriber_variant"]

DIGIT_NOTES = {digit: Noted(f"<- digit {digit}") for digit in tones.DTMF_DIGITS}
OFF_HOOK, ON_HOOK, FLASH = Noted("<- off-hook"), Noted("<- on-hook"), Noted("<- flash")
GROUNDED, UNGROUNDED = Noted("<- ring wire grounded"), Noted("<- ground gone")
RESUMED = Noted("call adopted after a restart")
TALKING, SUSPENDED, REVERSED, HELD = "talking", "suspended", "reversed", "held"
"""Words of a tag: the state, whether the poles are reversed, whether the calling side controls the release."""


def _chart(variant: SubscriberVariant) -> Any:
    return variant.chart("subscriber line", "Idle", STATES)


def _no_date(now: float) -> str:
    return ""


def load_subscriber_variant(name: str = "china-subscriber", folder: Path = VARIANTS) -> SubscriberVariant:
    """The variant ``name`` from the data folder; msgspec's error says what is wrong in the file, ``ChartError`` which timer is missing."""
    variant = fxs_variant.load_subscriber_variant(name, folder)
    _chart(variant)
    return variant


class FxsLine(LineActions):
    """The engine of one subscriber line."""

    __slots__ = ()

    def __init__(
        self,
        variant: SubscriberVariant,
        number: str,
        examiner: NumberExaminer,
        *,
        features: SubscriberFeatures = PLAIN,
        date_time: Callable[[float], str] = _no_date,
    ) -> None:
        """``number`` is the line's own, sent as calling number; ``examiner`` judges what is dialled.

        ``date_time`` makes MMDDhhmm of an engine's time, for caller identity; "" leaves it out. ValueError for features that cannot be.
        """
        machine = Machine(_chart(variant), self, variant.hot_line_durations(features))
        super().__init__(variant, number, examiner, features, date_time, machine)

    @property
    def state(self) -> str:
        """The machine's state."""
        return self._machine.state

    @property
    def tag(self) -> str:
        """``talking`` or ``suspended`` in an answered call, with what a restart must know beside it; else empty."""
        state = self._machine.state
        if state == "Talking":
            return TALKING + f" {REVERSED}" * self._feed.reversed + f" {HELD}" * self._held
        return SUSPENDED if state in ("Suspended", "ReRinging") else ""

    def machines(self) -> tuple[Machine, ...]:
        """The line's machine and that of call waiting, for coverage and for people."""
        return (self._machine, self._waiting.machine)

    @property
    def speech(self) -> bool:
        """A subscriber line has its speech path as soon as anybody wants it, except while its set is told who waits."""
        return not self._waiting.busy

    def start(self, now: float) -> Sequence[Output]:
        """Into service, on-hook until the card says otherwise; a ground start line is not fed at rest."""
        return (*self._feed.let_go(), IDLE)

    def receive(self, value: Input, now: float) -> Sequence[Output]:
        """A media event or a call primitive."""
        method = _METHODS.get(type(value))
        outputs = method(self, value, now) if method is not None else ()
        return self._settled(outputs, now)

    def expire(self, now: float) -> Sequence[Output]:
        """Fire the timers that are due."""
        outputs = self._machine.expire(now)
        waiting = self._waiting.machine.expire(now)
        return self._settled((*outputs, *waiting) if waiting else outputs, now)

    def deadline(self) -> float | None:
        """When the next timer is due."""
        line, waiting = self._machine.deadline(), self._waiting.machine.deadline()
        return line if waiting is None else waiting if line is None else min(line, waiting)

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """Adopt a call that was answered; otherwise bring the line to rest, with busy tone if it is off-hook."""
        self._off_hook = levels.off_hook
        words = tag.split()
        outputs: Sequence[Output] = (RING_STOP,) if levels.ringing else ()
        if levels.alarms:
            outputs = (*outputs, *self._add_reason("alarm"))
        if TALKING in words or SUSPENDED in words:
            return (*outputs, *self._adopted(words, levels.off_hook, now))
        outputs = (*outputs, SILENCE, UNLISTEN, *self._feed.anew())
        if levels.off_hook and not self._feed.ground_start:
            self._machine.enter("Tone", now)
            return (*outputs, *self._tone_of(call.NORMAL_CLEARING))
        if levels.off_hook:
            self._machine.enter("LockedOut", now)
            return outputs
        return (*outputs, IDLE)

    def _adopted(self, words: Sequence[str], off_hook: bool, now: float) -> Sequence[Output]:
        self._open = True
        self._held = HELD in words or SUSPENDED in words
        self._feed.reversed = REVERSED in words
        if off_hook:
            self._machine.enter("Talking", now)
            return (RESUMED,) if TALKING in words else (RESUMED, RESUME)
        if self._held:
            self._machine.enter("Suspended", now)
            return (RESUMED,) if SUSPENDED in words else (RESUMED, SUSPEND)
        return (SILENCE, UNLISTEN, *self._feed.rest(now), *self._close(call.NORMAL_CLEARING), IDLE)

    def _settled(self, outputs: Sequence[Output], now: float) -> Sequence[Output]:
        """An idle line tells its set what has changed about waiting messages."""
        if self._shown is None or self._shown == (self._messages > 0):
            return outputs
        if self._machine.state != "Idle" or self._off_hook or self._reasons:
            return outputs
        return (*outputs, *self._machine.step("indicate", None, now))

    # What enters.

    def _event(self, value: object, now: float) -> Sequence[Output]:
        return self._machine.step(type(value).__name__, value, now)

    def _hook_off(self, value: HookOff, now: float) -> Sequence[Output]:
        self._off_hook = True
        return (OFF_HOOK, *self._machine.step("HookOff", value, now))

    def _hook_on(self, value: HookOn, now: float) -> Sequence[Output]:
        self._off_hook = False
        return (ON_HOOK, *self._machine.step("HookOn", value, now))

    def _flash(self, value: Flash, now: float) -> Sequence[Output]:
        return (FLASH, *self._machine.step("Flash", value, now))

    def _ground(self, value: Grounded, now: float) -> Sequence[Output]:
        return (GROUNDED, *self._machine.step("grounded", None, now)) if value.on else (UNGROUNDED,)

    def _digit(self, value: Digit, now: float) -> Sequence[Output]:
        noted = DIGIT_NOTES.get(value.digit)
        if noted is None:
            return ()
        return (noted, *self._machine.step("Digit", value.digit, now))

    def _alarm(self, value: Alarm, now: float) -> Sequence[Output]:
        if value.alarms:
            return (Noted(f"<- alarm {value.alarms:#x}"), *self._machine.step("alarm", None, now), *self._add_reason("alarm"))
        waits = self._machine.state == "LockedOut" and not self.features.ground_start
        lost = self._machine.step("alarm-over", None, now) if waits else ()
        return (Noted("<- alarm cleared"), *lost, *self._remove_reason("alarm"))

    def _ignored(self, value: object, now: float) -> Sequence[Output]:
        return ()

    def _block(self, value: Blocked, now: float) -> Sequence[Output]:
        return self._add_reason("local")

    def _unblock(self, value: Unblocked, now: float) -> Sequence[Output]:
        return self._remove_reason("local")

    def _metering(self, value: call.Metering, now: float) -> Sequence[Output]:
        if not self.features.metering or self._machine.state != "Talking" or value.pulses < 1:
            return ()
        return self._machine.step("Metering", value.pulses, now)

    def _call_waiting(self, value: call.CallWaiting, now: float) -> Sequence[Output]:
        if not self.features.call_waiting or self._machine.state != "Talking":
            return ()
        return self._waiting.wait(value, self._date_time(now), now)

    def _message_waiting(self, value: call.MessageWaiting, now: float) -> Sequence[Output]:
        """Special dial tone from now on; a set that can show it is told, whatever it may have shown before."""
        if not self.features.message_waiting:
            return ()
        self._messages = value.messages
        if self._shown is None and not self._feed.ground_start and fxs_identity.has_indication(self._presentation):
            self._shown = not value.messages
        return (Noted(f"messages wait: {value.messages}"),)

    def _operator(self, value: call.OperatorSignal, now: float) -> Sequence[Output]:
        if value.kind == "re-ring" and self._machine.state in ("Suspended", "ReRinging"):
            return self._machine.step("re-ring", None, now)
        return (Noted(f"operator's {value.kind}: nothing to do on this line"),)


_METHODS: Mapping[type, Callable[[FxsLine, Any, float], Sequence[Output]]] = {
    HookOff: FxsLine._hook_off,
    HookOn: FxsLine._hook_on,
    Flash: FxsLine._flash,
    Grounded: FxsLine._ground,
    Digit: FxsLine._digit,
    Alarm: FxsLine._alarm,
    call.Info: FxsLine._ignored,
    call.Suspend: FxsLine._ignored,
    call.Resume: FxsLine._ignored,
    call.OperatorSignal: FxsLine._operator,
    call.Metering: FxsLine._metering,
    call.CallWaiting: FxsLine._call_waiting,
    call.MessageWaiting: FxsLine._message_waiting,
    Blocked: FxsLine._block,
    Unblocked: FxsLine._unblock,
    **dict.fromkeys(
        (Setup, call.Proceeding, call.Alerting, call.Progress, Connect, Disconnect, Release, call.Reset),
        FxsLine._event,
    ),
}
