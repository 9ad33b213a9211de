"""A line to a sound device as an engine: it has no hook, so a call to it is answered by itself, after a beep that the device alone hears.

To the exchange it is an extension: an attendant who wears a headset, or an amplifier for paging. A Setup is told as Alerting, then Connect
when the beep is over; either way of clearing gives it back at once. A device that fails (alarm) loses its call with cause 27 and blocks
the line. Leaves out calls from it, which the switch places (``switch.place`` rings it first), and pressing to talk. Times: config/variants.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pbx.engine import Input, Levels, Noted, Output
from pbx.machine import Cell, Chart, Machine, State
from pbx.signalling.analog.line_data import check_timers
from pbx.signalling.analog.occupancy import IDLE, Occupancy
from pbx.variant_file import VARIANTS, TimerData, chart_timers, data_of
from pbx.vocabulary import call, tones
from pbx.vocabulary.call import Alerting, Blocked, Connect, Disconnect, Release, Reset, Setup, Unblocked
from pbx.vocabulary.media import Alarm, SendTone, Silence

TALKING = "talking"
BEEP = tones.special("beep")
ALERTING, CONNECT, SILENCE = Alerting(), Connect(), Silence()
BEEPS, ANSWERS, ADOPTED = Noted("-> beep"), Noted("== answers by itself"), Noted("call adopted after a restart")
TIMERS = frozenset({"beep", "pause"})


class SoundLineData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file, typed."""

    name: str
    timers: dict[str, TimerData]


class SoundLineVariant:
    """The chart of all such lines, with its times."""

    def __init__(self, data: SoundLineData) -> None:
        """VariantError for times that are missing or out of range."""
        check_timers(data.name, data.timers, TIMERS)
        self.beep = (BEEPS, SendTone(BEEP, data.timers["beep"].default_ms))
        self.chart = Chart("sound device", "Idle", STATES, chart_timers(data.timers).values())


def load_sound_line_variant(name: str = "sound-device", folder: Path = VARIANTS) -> SoundLineVariant:
    """The variant ``name`` from the data folder."""
    return SoundLineVariant(data_of((folder / f"{name}.toml").read_bytes(), SoundLineData))


class SoundLine:
    """The engine of one device. ``beeps``: whether a call begins with the beep."""

    __slots__ = ("_machine", "_occupancy", "beeps", "variant")

    def __init__(self, variant: SoundLineVariant, beeps: bool = True) -> None:
        self.variant = variant
        self.beeps = beeps
        self._occupancy = Occupancy()
        self._machine = Machine(variant.chart, self)

    @property
    def state(self) -> str:
        """The machine's state."""
        return self._machine.state

    @property
    def tag(self) -> str:
        """``talking`` in an answered call; else empty."""
        return TALKING if self._machine.state == "Talking" else ""

    @property
    def speech(self) -> bool:
        """Not before the beep is over."""
        return self._machine.state == "Talking"

    def machines(self) -> tuple[Machine, ...]:
        """The machine, for coverage and for people."""
        return (self._machine,)

    def start(self, now: float) -> Sequence[Output]:
        """Into service."""
        return (IDLE,)

    def receive(self, value: Input, now: float) -> Sequence[Output]:
        """A media event or a call primitive; what has no meaning to a device (digits, caller identity, charge) is nothing."""
        method = _METHODS.get(type(value))
        return method(self, value, now) if method is not None else ()

    def expire(self, now: float) -> Sequence[Output]:
        """The beep is over."""
        return self._machine.expire(now)

    def deadline(self) -> float | None:
        """When it is."""
        return self._machine.deadline()

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """Adopt an answered call, unless the device has failed meanwhile; else come to rest."""
        failed = self._occupancy.add_reason("alarm") if levels.alarms else ()
        if tag != TALKING:
            return (SILENCE, *failed, IDLE)
        self._occupancy.open = True
        if failed:
            return (*self._occupancy.close(call.OUT_OF_ORDER), *failed, IDLE)
        self._machine.enter("Talking", now)
        return (ADOPTED,)

    # What enters.

    def _event(self, value: object, now: float) -> Sequence[Output]:
        return self._machine.step(type(value).__name__, value, now)

    def _alarm(self, value: Alarm, now: float) -> Sequence[Output]:
        if not value.alarms:
            return (Noted("<- device is back"), *self._occupancy.remove_reason("alarm"))
        blocked = self._occupancy.add_reason("alarm")
        return (Noted("<- device has failed"), *blocked, *self._machine.step("alarm", None, now))

    def _block(self, value: Blocked, now: float) -> Sequence[Output]:
        return self._occupancy.add_reason("local")

    def _unblock(self, value: Unblocked, now: float) -> Sequence[Output]:
        return self._occupancy.remove_reason("local")

    # Actions of the chart.

    def _begin(self, value: Setup, now: float) -> Sequence[Output]:
        if self._occupancy.reasons:
            self._machine.choose("Idle")
            return (Release(call.CIRCUIT_NOT_AVAILABLE),)
        self._occupancy.open = True
        if self.beeps:
            self._machine.choose("Beeping")
            return (ALERTING, *self.variant.beep)
        self._machine.choose("Talking")
        return (ALERTING, ANSWERS, CONNECT)

    def _refuse(self, value: Setup, now: float) -> Sequence[Output]:
        return (Release(call.CIRCUIT_NOT_AVAILABLE),)

    def _answer(self, value: object, now: float) -> Sequence[Output]:
        return (ANSWERS, CONNECT)

    def _clear(self, value: Disconnect | Release, now: float) -> Sequence[Output]:
        return (SILENCE, *self._occupancy.close(value.cause), IDLE)

    def _reset(self, value: object, now: float) -> Sequence[Output]:
        return (SILENCE, *self._occupancy.close(call.NORMAL_UNSPECIFIED), IDLE)

    def _fail(self, value: object, now: float) -> Sequence[Output]:
        return (SILENCE, *self._occupancy.close(call.OUT_OF_ORDER), IDLE)


_NOTHING = Cell(None)
_REFUSE = Cell(SoundLine._refuse)
_ENDS = {
    "Setup": _REFUSE,
    "Disconnect": Cell(SoundLine._clear, ("Idle",)),
    "Release": Cell(SoundLine._clear, ("Idle",)),
    "Reset": Cell(SoundLine._reset, ("Idle",)),
    "alarm": Cell(SoundLine._fail, ("Idle",)),
}
STATES: Mapping[str, State] = {
    "Idle": State(
        "at rest",
        {
            "Setup": Cell(SoundLine._begin, ("Idle", "Beeping", "Talking")),
            "Disconnect": _NOTHING,
            "Release": _NOTHING,
            "Reset": _NOTHING,
            "alarm": _NOTHING,
        },
    ),
    "Beeping": State("the device hears that a call comes", {**_ENDS, "beep": Cell(None, ("Pausing",))}, starts=("beep",)),
    "Pausing": State("the beep is over", {**_ENDS, "pause": Cell(SoundLine._answer, ("Talking",))}, starts=("pause",)),
    "Talking": State("answered", _ENDS),
}

_METHODS: Mapping[type, Callable[[SoundLine, Any, float], Sequence[Output]]] = {
    Setup: SoundLine._event,
    Disconnect: SoundLine._event,
    Release: SoundLine._event,
    Reset: SoundLine._event,
    Alarm: SoundLine._alarm,
    Blocked: SoundLine._block,
    Unblocked: SoundLine._unblock,
}
