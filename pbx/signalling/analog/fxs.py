"""Subscriber line (FXS): loop signalling of a telephone as an engine (Q.552 leaves it national; China: YDN 065-1997, GB 3380-82).

Calling: off-hook, dial tone, digits judged by a ``NumberExaminer`` until the number is whole, then ``Setup`` with the line's own number;
or a hot line's number at once. Called: caller identity as the line's presentation wants it, ringing with ``Alerting``, off-hook is
``Connect``. Ring-back and prompts are the switch's; dial tone, the tones after clearing, howler and lock-out are the engine's. Release
goes up at on-hook, at lock-out, or at once when the switch says Release or the engine itself gives up; Idle when the handset lies. Where
the calling side controls the release, a called party who hangs up is ``Suspend``. In a call digits go up as ``Info``, a flash as
``Info("!")``. A short alarm freezes the line, a long one loses the call (alarm_watch.py). Dialled pulses come as ``Digit``: the card makes
digits of them. An operator's "ring-back" needs a calling line that is held when it hangs up; no such call is known here: left out, and so
is "forced-release", which is the switch's. The actions are in fxs_line.py.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pbx.engine import Input, Levels, Noted, Output
from pbx.machine import Machine
from pbx.signalling.analog import fxs_identity, fxs_variant
from pbx.signalling.analog.alarm_watch import AlarmWatch
from pbx.signalling.analog.fxs_line import RESUME, RING_STOP, SILENCE, SUSPEND, UNLISTEN, LineActions
from pbx.signalling.analog.fxs_states import STATES
from pbx.signalling.analog.fxs_variant import PLAIN, SubscriberFeatures, SubscriberVariant
from pbx.signalling.analog.occupancy import IDLE
from pbx.variant_file import VARIANTS
from pbx.vocabulary import call, tones
from pbx.vocabulary.call import Blocked, Connect, Disconnect, Release, Setup, Unblocked
from pbx.vocabulary.media import Alarm, Digit, Flash, Grounded, HookOff, HookOn, MessageLamp
from pbx.vocabulary.numbers import NumberExaminer

__all__ = ["STATES", "FxsLine", "SubscriberFeatures", "SubscriberVariant", "load_subscriber_variant"]

DIGIT_NOTES = {digit: Noted(f"<- digit {digit}") for digit in tones.DTMF_DIGITS}
OFF_HOOK, ON_HOOK, FLASH = Noted("<- off-hook"), Noted("<- on-hook"), Noted("<- flash")
GROUNDED, UNGROUNDED = Noted("<- ring wire grounded"), Noted("<- ground gone")
RESUMED = Noted("call adopted after a restart")
ON_HOOK_LEVEL = (False, False)

_Level = tuple[bool, bool]
"""Off-hook, ring wire grounded."""
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

    __slots__ = ("_alarm",)

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
        self._alarm = AlarmWatch(variant.alarm_chart, machine, self, self._take_in, ON_HOOK_LEVEL)

    @property
    def state(self) -> str:
        """The machine's state; ``alarm`` beside it while one stands."""
        return self._alarm.state(self._machine.state)

    @property
    def tag(self) -> str:
        """``talking`` or ``suspended`` in an answered call, with what a restart must know beside it; else empty."""
        state = self._machine.state
        if state == "Talking":
            return TALKING + f" {REVERSED}" * self._feed.reversed + f" {HELD}" * self._held
        return SUSPENDED if state in ("Suspended", "ReRinging") else ""

    def machines(self) -> tuple[Machine, ...]:
        """The machines, for coverage and for people: line, call waiting, alarm."""
        return (self._machine, self._waiting.machine, self._alarm.machine)

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
        lost = self._alarm.machine.expire(now)
        outputs = self._machine.expire(now)
        waiting = self._waiting.machine.expire(now)
        return self._settled((*lost, *outputs, *waiting), now)

    def deadline(self) -> float | None:
        """When the next timer is due."""
        line, waiting = self._machine.deadline(), self._waiting.machine.deadline()
        return self._alarm.deadline(line if waiting is None else waiting if line is None else min(line, waiting))

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """Adopt a call that was answered; otherwise bring the line to rest, with busy tone if it is off-hook.

        While an alarm stands the hook says nothing: an answered call is kept as it was, any other is one that the alarm has lost; what the
        hook is, is taken in when the alarm ends.
        """
        words = tag.split()
        outputs: Sequence[Output] = (RING_STOP,) if levels.ringing else ()
        if TALKING in words or SUSPENDED in words:
            self._off_hook = TALKING in words if levels.alarms else levels.off_hook
            outputs = (*outputs, *self._adopted(words, self._off_hook, now))
        else:
            self._off_hook = levels.off_hook
            outputs = (*outputs, SILENCE, UNLISTEN, *self._feed.anew(), *self._rested(levels, now))
        return (*outputs, *self._alarm.resume(levels.alarms, (levels.off_hook, False), now))

    def _rested(self, levels: Levels, now: float) -> Sequence[Output]:
        if not levels.off_hook:
            return (IDLE,)
        if self._feed.ground_start:
            self._machine.enter("LockedOut", now)
            return ()
        self._machine.enter("Lost" if levels.alarms else "Tone", now)
        return () if levels.alarms else self._tone_of(call.NORMAL_CLEARING)

    def _adopted(self, words: Sequence[str], off_hook: bool, now: float) -> Sequence[Output]:
        self.open = True
        self._held = HELD in words or SUSPENDED in words
        self._feed.reversed = REVERSED in words
        if off_hook:
            self._machine.enter("Talking", now)
            return (RESUMED,) if TALKING in words else (RESUMED, RESUME)
        if self._held:
            self._machine.enter("Suspended", now)
            return (RESUMED,) if SUSPENDED in words else (RESUMED, SUSPEND)
        return (SILENCE, UNLISTEN, *self._feed.rest(now), *self.close(call.NORMAL_CLEARING), IDLE)

    def _settled(self, outputs: Sequence[Output], now: float) -> Sequence[Output]:
        """An idle line tells its set what has changed about waiting messages."""
        if self._shown is None or self._shown == (self._messages > 0):
            return outputs
        if self._machine.state != "Idle" or self._off_hook or self.reasons:
            return outputs
        return (*outputs, *self._machine.step("indicate", None, now))

    # What enters.

    def _event(self, value: object, now: float) -> Sequence[Output]:
        return self._machine.step(type(value).__name__, value, now)

    def _hook(self, value: HookOff | HookOn, now: float) -> Sequence[Output]:
        return self._alarm.level((type(value) is HookOff, self._alarm.seen[1]), now)

    def _ground(self, value: Grounded, now: float) -> Sequence[Output]:
        return self._alarm.level((self._alarm.seen[0], value.on), now)

    def _take_in(self, level: _Level, now: float) -> Sequence[Output]:
        """Each change is an event; a call that was lost with the span is told of now."""
        off_hook, grounded = level
        outputs: Sequence[Output] = ()
        if grounded != self._grounded_wire:
            self._grounded_wire = grounded
            outputs = (GROUNDED, *self._machine.step("grounded", None, now)) if grounded else (UNGROUNDED,)
        if off_hook != self._off_hook:
            self._off_hook = off_hook
            word = "HookOff" if off_hook else "HookOn"
            outputs = (*outputs, OFF_HOOK if off_hook else ON_HOOK, *self._machine.step(word, None, now))
        if self._machine.state == "Lost":
            outputs = (*outputs, *self._machine.step("alarm-over", None, now))
        return outputs

    def _flash(self, value: Flash, now: float) -> Sequence[Output]:
        return () if self._alarm.standing else (FLASH, *self._machine.step("Flash", value, now))

    def _digit(self, value: Digit, now: float) -> Sequence[Output]:
        noted = DIGIT_NOTES.get(value.digit)
        if noted is None or self._alarm.standing:
            return ()
        return (noted, *self._machine.step("Digit", value.digit, now))

    def _alarms(self, value: Alarm, now: float) -> Sequence[Output]:
        """A set that is being told something on-hook may not have heard it: it is told again."""
        cut = self._machine.step("alarm", None, now) if value.alarms and self._machine.state == "Informing" else ()
        return (*self._alarm.alarms(value.alarms, now), *cut)

    def _ignored(self, value: object, now: float) -> Sequence[Output]:
        return ()

    def _block(self, value: Blocked, now: float) -> Sequence[Output]:
        return self.add_reason("local")

    def _unblock(self, value: Unblocked, now: float) -> Sequence[Output]:
        return self.remove_reason("local")

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
        lamp = (MessageLamp(value.messages > 0),) if self.features.message_lamp else ()
        return (Noted(f"messages wait: {value.messages}"), *lamp)

    def _operator(self, value: call.OperatorSignal, now: float) -> Sequence[Output]:
        if value.kind == "re-ring" and self._machine.state in ("Suspended", "ReRinging"):
            return self._machine.step("re-ring", None, now)
        return (Noted(f"operator's {value.kind}: nothing to do on this line"),)


_METHODS: Mapping[type, Callable[[FxsLine, Any, float], Sequence[Output]]] = {
    HookOff: FxsLine._hook,
    HookOn: FxsLine._hook,
    Flash: FxsLine._flash,
    Grounded: FxsLine._ground,
    Digit: FxsLine._digit,
    Alarm: FxsLine._alarms,
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
