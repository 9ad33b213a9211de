"""Subscriber line (FXS): loop signalling of a telephone as an engine (Q.552 leaves it national; China: YDN 065-1997, GB 3380-82).

Calling: off-hook, dial tone, DTMF digits judged by a ``NumberExaminer`` until the number is whole, then ``Setup`` with the
line's own number. Called: ringing with ``Alerting``, off-hook is ``Connect``. Ring-back and prompts are the switch's; dial
tone, the tones after clearing, howler and lock-out are the engine's. Release goes up at on-hook, at lock-out, or at once
when the switch says Release or the engine itself gives up; Idle when the handset lies. In a call digits go up as ``Info``,
a flash as ``Info("!")``. Left out: dial pulses (the card makes digits of them), caller identity, reversal, metering.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pbx.engine import Input, Levels, Noted, Output
from pbx.machine import Cell, Chart, Machine, State, Timer
from pbx.vocabulary import call, tones
from pbx.vocabulary.call import Alerting, Blocked, Connect, Disconnect, Idle, Info, Release, Seized, Setup, Unblocked
from pbx.vocabulary.media import RECEIVE_DTMF, Alarm, Digit, Flash, HookOff, HookOn, Listen, Ring, SendTone, Silence, Unlisten
from pbx.vocabulary.numbers import COMPLETE, INVALID, NumberExaminer

VARIANTS = Path(__file__).resolve().parents[3] / "config" / "variants"
INFOS = {digit: (Info(digit),) for digit in tones.DTMF_DIGITS}
DIGIT_NOTES = {digit: Noted(f"<- digit {digit}") for digit in tones.DTMF_DIGITS}
SILENCE, LISTEN, UNLISTEN, RING_STOP = Silence(), Listen(RECEIVE_DTMF), Unlisten(RECEIVE_DTMF), Ring(0)
SEIZED, IDLE, ALERTING, CONNECT, UNBLOCKED = Seized(), Idle(), Alerting(), Connect(), Unblocked()
OFF_HOOK, ON_HOOK, FLASH = Noted("<- off-hook"), Noted("<- on-hook"), Noted("<- flash")
RESUMED = Noted("call adopted after a restart")
ANSWERED, SENT = Noted("-> speech path"), Noted("number complete")
NUMBER_LIMIT = 40


class TimerData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A timer in milliseconds with its permitted range and source."""

    default_ms: int
    low_ms: int
    high_ms: int
    source: str


class Ringing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ringing cadence."""

    on_ms: int
    off_ms: int


class SubscriberData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file, typed."""

    name: str
    timers: dict[str, TimerData]
    ringing: Ringing
    tones: dict[int, str]


class SubscriberVariant:
    """How subscriber lines of one network behave; shared by its lines."""

    def __init__(self, data: SubscriberData) -> None:
        """Make commands and chart once; raises ``ChartError`` if a timer is missing."""
        self.data = data
        timers = [Timer(name, timer.default_ms, timer.low_ms, timer.high_ms, timer.source) for name, timer in data.timers.items()]
        self.chart = Chart("subscriber line", "Idle", STATES, timers)
        ringing = data.ringing
        self.ring: Sequence[Output] = (
            Noted(f"-> ringing {ringing.on_ms / 1000:g} s / {ringing.off_ms / 1000:g} s"),
            Ring(ringing.on_ms, ringing.off_ms),
            ALERTING,
        )
        self.tones = {cause: _tone(name) for cause, name in data.tones.items()}

    def adjusted(self, timers_ms: Mapping[str, float]) -> "SubscriberVariant":
        """The same with other timers; ValueError for one that does not exist or lies outside its range."""
        timers = dict(self.data.timers)
        for name, value in timers_ms.items():
            timer = timers.get(name)
            if timer is None or not timer.low_ms <= value <= timer.high_ms:
                raise ValueError(f"{self.data.name}: timer {name} cannot be {value:g} ms")
            timers[name] = msgspec.structs.replace(timer, default_ms=round(value))
        return SubscriberVariant(msgspec.structs.replace(self.data, timers=timers))


def _tone(name: str) -> tuple[Output, ...]:
    return (Noted(f"-> {name} tone"), SendTone(tones.progress(name)))


DIAL_TONE, CONGESTION, HOWLER = _tone("dial"), _tone("congestion"), _tone("howler")


def load_subscriber_variant(name: str = "china-subscriber", folder: Path = VARIANTS) -> SubscriberVariant:
    """The variant ``name`` from the data folder; msgspec's error says what is wrong in the file."""
    data = (folder / f"{name}.toml").read_bytes()
    return SubscriberVariant(msgspec.toml.decode(data, type=SubscriberData, strict=False))


class FxsLine:
    """The engine of one subscriber line."""

    __slots__ = ("_complete", "_digits", "_examiner", "_machine", "_off_hook", "_open", "_reasons", "number", "variant")

    def __init__(self, variant: SubscriberVariant, number: str, examiner: NumberExaminer) -> None:
        """``number`` is the line's own, sent as calling number; ``examiner`` judges what is dialled."""
        self.variant = variant
        self.number = number
        self._examiner = examiner
        self._machine = Machine(variant.chart, self)
        self._digits = ""
        self._complete = False
        self._off_hook = False
        self._open = False
        self._reasons: set[str] = set()

    @property
    def state(self) -> str:
        """The machine's state."""
        return self._machine.state

    @property
    def tag(self) -> str:
        """``talking`` in an answered call, else empty."""
        return "talking" if self._machine.state == "Talking" else ""

    def machines(self) -> tuple[Machine, ...]:
        """The machine, for coverage and for people."""
        return (self._machine,)

    @property
    def speech(self) -> bool:
        """A subscriber line has its speech path as soon as anybody wants it."""
        return True

    def start(self, now: float) -> Sequence[Output]:
        """Into service, on-hook until the card says otherwise."""
        return (IDLE,)

    def receive(self, value: Input, now: float) -> Sequence[Output]:
        """A media event or a call primitive."""
        method = _METHODS.get(type(value))
        return method(self, value, now) if method is not None else ()

    def expire(self, now: float) -> Sequence[Output]:
        """Fire the timers that are due."""
        return self._machine.expire(now)

    def deadline(self) -> float | None:
        """When the next timer is due."""
        return self._machine.deadline()

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """Adopt a talking line that is still off-hook; otherwise bring the line to rest, with busy tone if it is off-hook."""
        self._off_hook = levels.off_hook
        outputs: Sequence[Output] = (RING_STOP,) if levels.ringing else ()
        if levels.alarms:
            outputs = (*outputs, *self._add_reason("alarm"))
        if tag == "talking":
            self._open = True
            if levels.off_hook:
                self._machine.enter("Talking", now)
                return (*outputs, RESUMED)
            return (*outputs, SILENCE, UNLISTEN, *self._close(call.NORMAL_CLEARING), IDLE)
        outputs = (*outputs, SILENCE, UNLISTEN)
        if levels.off_hook:
            self._machine.enter("Tone", now)
            return (*outputs, *self._tone_of(call.NORMAL_CLEARING))
        return (*outputs, IDLE)

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

    def _digit(self, value: Digit, now: float) -> Sequence[Output]:
        noted = DIGIT_NOTES.get(value.digit)
        if noted is None:
            return ()
        return (noted, *self._machine.step("Digit", value.digit, now))

    def _alarm(self, value: Alarm, now: float) -> Sequence[Output]:
        if value.alarms:
            return (Noted(f"<- alarm {value.alarms:#x}"), *self._machine.step("alarm", None, now), *self._add_reason("alarm"))
        return (Noted("<- alarm cleared"), *self._remove_reason("alarm"))

    def _ignored(self, value: object, now: float) -> Sequence[Output]:
        return ()

    def _block(self, value: Blocked, now: float) -> Sequence[Output]:
        return self._add_reason("local")

    def _unblock(self, value: Unblocked, now: float) -> Sequence[Output]:
        return self._remove_reason("local")

    # What the actions share.

    def _close(self, cause: int) -> tuple[Output, ...]:
        if not self._open:
            return ()
        self._open = False
        return (Release(cause),)

    def _add_reason(self, reason: str) -> tuple[Output, ...]:
        if reason in self._reasons:
            return ()
        self._reasons.add(reason)
        return (Blocked(reason),)

    def _remove_reason(self, reason: str) -> tuple[Output, ...]:
        if reason not in self._reasons:
            return ()
        self._reasons.discard(reason)
        return () if self._reasons else (UNBLOCKED,)

    def _tone_of(self, cause: int) -> Sequence[Output]:
        return self.variant.tones.get(cause, CONGESTION)

    # Actions: calling.

    def _lifted(self, _: object, now: float) -> Sequence[Output]:
        """Off-hook at rest: dial tone; a line that is blocked gets congestion tone."""
        if self._reasons:
            self._machine.choose("Tone")
            return CONGESTION
        self._machine.choose("DialTone")
        self._open = True
        self._digits = ""
        self._complete = False
        return (SEIZED, *DIAL_TONE, LISTEN)

    def _dialled(self, digit: str, now: float) -> Sequence[Output]:
        """One more digit; the first one ends dial tone, ``#`` ends a number that may be whole."""
        before: tuple[Output, ...] = () if self._digits else (SILENCE,)
        if digit == "#" and self._complete:
            return self._whole(before)
        digits = self._digits = self._digits + digit
        examination = self._examiner.examine(digits)
        if examination.verdict == INVALID or len(digits) > NUMBER_LIMIT:
            return (*before, *self._give_up(examination.cause or call.UNALLOCATED))
        self._complete = examination.verdict == COMPLETE
        if self._complete and examination.max_more == 0:
            return self._whole(before)
        self._machine.choose("Whole" if self._complete else "Dialling")
        return before

    def _whole(self, before: tuple[Output, ...] = ()) -> Sequence[Output]:
        self._machine.choose("Calling")
        return (*before, SENT, Setup(self._digits, self.number))

    def _give_up(self, cause: int) -> Sequence[Output]:
        """The engine itself ends the call."""
        self._machine.choose("Tone")
        return (UNLISTEN, *self._tone_of(cause), *self._close(cause))

    def _no_digit(self, _: object, now: float) -> Sequence[Output]:
        return self._give_up(call.NO_RESPONSE)

    def _no_more_digits(self, _: object, now: float) -> Sequence[Output]:
        return self._whole() if self._complete else self._give_up(call.INVALID_NUMBER)

    def _connected(self, _: object, now: float) -> Sequence[Output]:
        """The switch gives speech. The receiver stays on: a key still held must not be heard twice, and flows want keys."""
        return (ANSWERED, CONNECT)

    def _connected_early(self, _: object, now: float) -> Sequence[Output]:
        """The switch answers before a number is dialled, as for a hot line."""
        return (SILENCE, ANSWERED, CONNECT)

    def _forward_digit(self, digit: str, now: float) -> Sequence[Output]:
        return INFOS[digit]

    def _forward_flash(self, _: object, now: float) -> Sequence[Output]:
        return (Info("!"),)

    # Actions: called.

    def _setup(self, setup: Setup, now: float) -> Sequence[Output]:
        if self._reasons:
            self._machine.choose("Idle")
            return (Release(call.OUT_OF_ORDER), IDLE)
        self._machine.choose("Ringing")
        self._open = True
        return self.variant.ring

    def _busy(self, _: object, now: float) -> Sequence[Output]:
        return (Release(call.USER_BUSY),)

    def _answered(self, _: object, now: float) -> Sequence[Output]:
        return (RING_STOP, CONNECT)

    def _ring_ends(self, primitive: Release | Disconnect, now: float) -> Sequence[Output]:
        return (RING_STOP, *self._close(primitive.cause), IDLE)

    def _rung_long(self, _: object, now: float) -> Sequence[Output]:
        return (RING_STOP, *self._close(call.NO_ANSWER), IDLE)

    # Actions: clearing.

    def _cleared(self, primitive: Disconnect, now: float) -> Sequence[Output]:
        """The switch clears: a tone says why; Release goes up when the handset is put down."""
        return (UNLISTEN, *self._tone_of(primitive.cause))

    def _released(self, primitive: Release, now: float) -> Sequence[Output]:
        return (UNLISTEN, *self._tone_of(primitive.cause), *self._close(primitive.cause))

    def _let_go(self, primitive: Release, now: float) -> Sequence[Output]:
        return self._close(primitive.cause)

    def _hung_up(self, _: object, now: float) -> Sequence[Output]:
        return (SILENCE, UNLISTEN, *self._close(call.NORMAL_CLEARING), IDLE)

    def _howl(self, _: object, now: float) -> Sequence[Output]:
        return HOWLER

    def _lock_out(self, _: object, now: float) -> Sequence[Output]:
        return (SILENCE, Noted("line locked out"), *self._close(call.NORMAL_CLEARING))

    def _failed(self, _: object, now: float) -> Sequence[Output]:
        """The card or its span is gone in the middle of a call."""
        outputs = (SILENCE, UNLISTEN, RING_STOP, *self._close(call.OUT_OF_ORDER))
        if self._off_hook:
            self._machine.choose("LockedOut")
            return outputs
        self._machine.choose("Idle")
        return (*outputs, IDLE)


_F = FxsLine
_NOTHING = Cell(None)
_BUSY = Cell(_F._busy)
_DIGIT = Cell(_F._dialled, ("Dialling", "Whole", "Calling", "Tone"))
_HUNG_UP = Cell(_F._hung_up, ("Idle",))
_FAILED = Cell(_F._failed, ("LockedOut", "Idle"))
_OFF_HOOK = {"Setup": _BUSY, "HookOn": _HUNG_UP, "HookOff": _NOTHING, "alarm": _FAILED}
_WAITS = {"Proceeding": _NOTHING, "Alerting": _NOTHING, "Progress": _NOTHING}
_IN_CALL = {
    **_OFF_HOOK,
    "Disconnect": Cell(_F._cleared, ("Tone",)),
    "Release": Cell(_F._released, ("Tone",)),
}
_DIALS = {**_IN_CALL, **_WAITS, "Digit": _DIGIT, "Flash": _NOTHING, "Connect": Cell(_F._connected_early, ("Talking",))}
_AFTER = {**_OFF_HOOK, "Flash": _NOTHING, "Digit": _NOTHING, "Connect": _NOTHING, "Disconnect": _NOTHING}

STATES: dict[str, State] = {
    "Idle": State(
        "on-hook",
        {
            "HookOff": Cell(_F._lifted, ("DialTone", "Tone")),
            "HookOn": _NOTHING,
            "Flash": _NOTHING,
            "Setup": Cell(_F._setup, ("Ringing", "Idle")),
            "Disconnect": _NOTHING,
            "Release": _NOTHING,
            "alarm": _NOTHING,
        },
    ),
    "DialTone": State("hears dial tone", {**_DIALS, "first_digit": Cell(_F._no_digit, ("Tone",))}, ("first_digit",)),
    "Dialling": State("dials", {**_DIALS, "inter_digit": Cell(_F._no_more_digits, ("Calling", "Tone"))}, ("inter_digit",)),
    "Whole": State(
        "has dialled what may be the whole number",
        {**_DIALS, "whole_number": Cell(_F._no_more_digits, ("Calling", "Tone"))},
        ("whole_number",),
    ),
    "Calling": State(
        "has dialled, waits for the answer",
        {
            **_IN_CALL,
            **_WAITS,
            "Digit": Cell(_F._forward_digit),
            "Flash": Cell(_F._forward_flash),
            "Connect": Cell(_F._connected, ("Talking",)),
        },
    ),
    "Ringing": State(
        "is being rung",
        {
            "HookOff": Cell(_F._answered, ("Talking",)),
            "HookOn": _NOTHING,
            "Flash": _NOTHING,
            "Setup": _BUSY,
            "Disconnect": Cell(_F._ring_ends, ("Idle",)),
            "Release": Cell(_F._ring_ends, ("Idle",)),
            "ring": Cell(_F._rung_long, ("Idle",)),
            "alarm": _FAILED,
        },
        ("ring",),
    ),
    "Talking": State(
        "talks",
        {**_IN_CALL, **_WAITS, "Connect": _NOTHING, "Digit": Cell(_F._forward_digit), "Flash": Cell(_F._forward_flash)},
    ),
    "Tone": State(
        "hears why the call has ended",
        {**_AFTER, "Release": Cell(_F._let_go), "tone": Cell(_F._howl, ("Howler",))},
        ("tone",),
    ),
    "Howler": State(
        "is asked to put the handset down",
        {**_AFTER, "Release": Cell(_F._let_go), "howler": Cell(_F._lock_out, ("LockedOut",))},
        ("howler",),
    ),
    "LockedOut": State("left off-hook: nothing is sent until on-hook", {**_AFTER, "Release": _NOTHING, "alarm": _NOTHING}),
}

_METHODS: Mapping[type, Callable[[FxsLine, Any, float], Sequence[Output]]] = {
    HookOff: FxsLine._hook_off,
    HookOn: FxsLine._hook_on,
    Flash: FxsLine._flash,
    Digit: FxsLine._digit,
    Alarm: FxsLine._alarm,
    call.Info: FxsLine._ignored,
    Blocked: FxsLine._block,
    Unblocked: FxsLine._unblock,
    **dict.fromkeys(
        (Setup, call.Proceeding, Alerting, call.Progress, Connect, Disconnect, Release),
        FxsLine._event,
    ),
}
