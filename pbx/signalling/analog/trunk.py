"""What exchange lines and tie lines have in common: the face of their engines, and how the digits of a call that goes out are sent.

Both are analog trunks: one call at a time, an alarm of the span freezes it (alarm_watch.py), and the other exchange takes digits as tones
or pulses (dialling.py). ``Trunk`` is what an engine begins with, ``TrunkCall`` what its calls do. Leaves out seizure, answer, clearing
and the charts: ear_and_mouth.py, fxo.py and what they name.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic

from pbx.engine import Noted, Output
from pbx.machine import Machine
from pbx.signalling.analog.alarm_watch import AlarmWatch, Level, alarm_chart
from pbx.signalling.analog.dialling import DigitSender
from pbx.signalling.analog.occupancy import IDLE, Occupancy
from pbx.vocabulary import call
from pbx.vocabulary.call import Alerting, Blocked, Connect, Info, Proceeding, Progress, Release, Seized, Unblocked
from pbx.vocabulary.media import Alarm, Disarm, SendDigits, Silence
from pbx.vocabulary.tones import DTMF_DIGITS

SEIZED, ALERTING, CONNECT, PROCEEDING, PROGRESS = Seized(), Alerting(), Connect(), Proceeding(), Progress()
INFOS = {digit: (Info(digit),) for digit in DTMF_DIGITS}
SILENCE, DISARM = Silence(), Disarm()
REFUSED = (Release(call.CIRCUIT_NOT_AVAILABLE), IDLE)


class TrunkCall(Occupancy):
    """What one trunk does in its states; owner of its machine."""

    __slots__ = ("_alerted", "_cause", "_overlap", "machine", "sender", "variant")

    DIALLING: ClassVar[str]
    """The state in which digits are sent."""

    machine: Machine
    sender: DigitSender
    variant: Any

    def __init__(self) -> None:
        super().__init__()
        self._overlap = self._alerted = False
        self._cause = 0

    def _through(self, now: float) -> Sequence[Output]:
        """All digits are sent."""
        raise NotImplementedError

    def _refuse_setup(self, _: object, now: float) -> Sequence[Output]:
        self._idle_owed = True
        return REFUSED[:1]

    # Digits of the address.

    def _dial(self, _: object, now: float) -> Sequence[Output]:
        self.machine.choose(self.DIALLING)
        return self._send(now)

    def _send(self, now: float) -> Sequence[Output]:
        if not self.sender.waiting:
            return ()
        outputs = self.sender.send(now)
        if self.sender.waiting:
            self.machine.start_timer("digits_sent", self.sender.next_at - self.variant.seconds("digits_sent"))
        else:
            self.machine.start_timer("digits_sent", self.sender.sent_at)
        return outputs

    def _digits_early(self, info: Info, now: float) -> Sequence[Output]:
        return () if self.sender.add(info.digits) else (Noted(f"digits {info.digits} cannot be dialled"),)

    def _digits_late(self, info: Info, now: float) -> Sequence[Output]:
        self.machine.choose(self.DIALLING)
        return (*self._digits_early(info, now), *(self._send(now) or self._through(now)))

    def _dialled(self, _: object, now: float) -> Sequence[Output]:
        return self._dial(None, now) if self.sender.waiting else self._through(now)

    # Digits in a call.

    def _digit_up(self, digit: str, now: float) -> Sequence[Output]:
        return INFOS.get(digit, ())

    def _digits_down(self, info: Info, now: float) -> Sequence[Output]:
        """Digits into the call are always DTMF."""
        sending, digits = self.variant.data.digits, info.digits
        if not digits or not set(digits) <= set(DTMF_DIGITS):
            return (Noted(f"digits {digits} cannot be sent"),)
        return (Noted(f"-> digits {digits}"), SendDigits(digits, sending.tone_on_ms, sending.tone_off_ms))


class Trunk(Generic[Level]):
    """The engine of one trunk; ``Level`` is what its wires can say."""

    __slots__ = ("_alarm", "_call", "_machine", "variant")

    def __init__(self, variant: Any, trunk_call: TrunkCall, at_rest: Level) -> None:
        self.variant = variant
        self._call = trunk_call
        self._machine = trunk_call.machine
        chart = variant.keep("alarm", lambda: alarm_chart(variant.data.name, variant.timers))
        self._alarm = AlarmWatch(chart, self._machine, trunk_call, self._take_in, at_rest)

    @property
    def state(self) -> str:
        """The machine's state; ``alarm`` beside it while one stands."""
        return self._alarm.state(self._machine.state)

    def machines(self) -> tuple[Machine, ...]:
        """The machines, for coverage and for people: line, alarm."""
        return (self._machine, self._alarm.machine)

    def expire(self, now: float) -> Sequence[Output]:
        """Fire the timers that are due."""
        return (*self._alarm.machine.expire(now), *self._machine.expire(now))

    def deadline(self) -> float | None:
        """The earlier timer of line and alarm."""
        return self._alarm.deadline(self._machine.deadline())

    def _take_in(self, level: Level, now: float) -> Sequence[Output]:
        """What the wires say has changed, and counts."""
        raise NotImplementedError

    def _alarms(self, value: Alarm, now: float) -> Sequence[Output]:
        return self._alarm.alarms(value.alarms, now)

    def _primitive(self, value: object, now: float) -> Sequence[Output]:
        return self._machine.step(type(value).__name__, value, now)

    def _block(self, _: Blocked, now: float) -> Sequence[Output]:
        return self._call.add_reason("local")

    def _unblock(self, _: Unblocked, now: float) -> Sequence[Output]:
        return self._call.remove_reason("local")


METHODS: dict[type, Callable[[Any, Any, float], Sequence[Output]]] = {
    Alarm: Trunk._alarms,
    Blocked: Trunk._block,
    Unblocked: Trunk._unblock,
    **dict.fromkeys(
        (
            call.Setup,
            call.Info,
            call.Proceeding,
            call.Alerting,
            call.Progress,
            call.Connect,
            call.Disconnect,
            call.Release,
            call.Reset,
        ),
        Trunk._primitive,
    ),
}
"""What enters any trunk, by its type."""
