"""Subscriber lines as data: the variant of a network (config/variants/*-subscriber.toml) typed and ready, and the features of one line.

A variant gives timers with their ranges, ringing by name, tones by cause, metering pulses, call waiting and the framing of caller
identity around ringing (China: YDN 065-1997, GB 3380-82, YDN 069-1997, from memory). Features say what one subscriber has: they are
configuration, so a wrong one is ours and raises. Leaves out what is done with them (fxs_line.py) and the messages (caller_identity.py).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from pbx.engine import Noted, Output
from pbx.machine import Chart, State
from pbx.signalling.analog.alarm_watch import alarm_chart
from pbx.variant_file import VARIANTS, TimerData, VariantError, changed_timers, chart_timers, data_of, timer_faults
from pbx.vocabulary import tones
from pbx.vocabulary.call import Alerting
from pbx.vocabulary.media import Ring, SendTone

NORMAL, RECALL = "normal", "recall"
ALERTING = Alerting()


class SubscriberFeatures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one subscriber's line has.

    ``caller_identity`` is the name of a presentation of config/caller-identity.toml, "" for none. ``reversal``: the poles tell a
    calling line that the other party has answered. ``hot_line`` is dialled for the subscriber, at once or after ``hot_line_delay_ms``
    without a digit (warm line). ``message_waiting``: special dial tone while messages wait, and an indication to the set where the
    presentation has one; ``message_lamp``: the card feeds a lamp that tells of them. ``pulse``: whether dialled pulses are accepted;
    the card makes digits of them, so this engine only carries the word.
    """

    caller_identity: str = ""
    reversal: bool = False
    metering: bool = False
    hot_line: str = ""
    hot_line_delay_ms: int = 0
    call_waiting: bool = False
    message_waiting: bool = False
    ground_start: bool = False
    message_lamp: bool = False
    pulse: bool = True


PLAIN = SubscriberFeatures()
"""A line without any of them."""


class Cadence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way of ringing, of one burst or of two."""

    on_ms: int
    off_ms: int
    source: str
    second_on_ms: int = 0
    second_off_ms: int = 0

    def command(self) -> Ring:
        """What the port is told."""
        return Ring(self.on_ms, self.off_ms, self.second_on_ms, self.second_off_ms)

    def pause(self) -> tuple[int, int]:
        """The first long pause: how many ms after the beginning it begins, and how long it is."""
        if self.second_on_ms and self.second_off_ms > self.off_ms:
            return self.on_ms + self.off_ms + self.second_on_ms, self.second_off_ms
        return self.on_ms, self.off_ms

    def text(self) -> str:
        """Seconds on and off, as people write them."""
        times = [self.on_ms, self.off_ms, *([self.second_on_ms, self.second_off_ms] if self.second_on_ms else [])]
        return " / ".join(f"{time / 1000:g} s" for time in times)


class MeteringData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The metering pulses toward the subscriber."""

    pulse_ms: int
    pause_ms: int
    source: str


class IdentityData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What caller identity on-hook needs beside its presentation."""

    alert_ms: int
    slack_ms: int
    idle_ms: int
    source: str


class CallWaitingData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tone of call waiting, and caller identity off-hook behind it."""

    tone: str
    tone_ms: int
    alert_after_ms: int
    alert_ms: int
    acknowledging_digit: str
    acknowledgement_ms: int
    message_after_ms: int
    mark_bits: int
    source: str


class SubscriberData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file, typed."""

    name: str
    timers: dict[str, TimerData]
    ringing: dict[str, Cadence]
    metering: MeteringData
    caller_identity: IdentityData
    call_waiting: CallWaitingData
    tones: dict[int, str]


def tone(name: str) -> tuple[Output, ...]:
    """A tone until it is stopped, with its line in the trace."""
    return (Noted(f"-> {name} tone"), SendTone(tones.progress(name)))


class SubscriberVariant:
    """How subscriber lines of one network behave; shared by its lines."""

    def __init__(self, data: SubscriberData) -> None:
        """Make the commands once. ValueError for a file that lacks the normal ringing, names a tone that does not exist or has a timer
        outside its own range."""
        faults = list(timer_faults(data.timers))
        if faults:
            raise VariantError(*faults)
        if NORMAL not in data.ringing:
            raise ValueError(f"{data.name}: ringing {NORMAL!r} is missing")
        self.data = data
        self._timers = list(chart_timers(data.timers).values())
        self._charts: dict[str, Chart] = {}
        self.alarm_chart = alarm_chart(data.name, self._timers)
        self._rings: dict[str, Sequence[Output]] = {
            name: (Noted(f"-> {'' if name == NORMAL else name + ' '}ringing {cadence.text()}"), cadence.command(), ALERTING)
            for name, cadence in data.ringing.items()
        }
        self.tones = {cause: tone(name) for cause, name in data.tones.items()}
        self.waiting_tone = SendTone(tones.progress(data.call_waiting.tone), data.call_waiting.tone_ms)

    def chart(self, name: str, initial: str, states: Mapping[str, State]) -> Chart:
        """The chart of that name with this variant's timers, made once; raises ``ChartError`` if a timer is missing."""
        found = self._charts.get(name)
        if found is None:
            found = self._charts[name] = Chart(name, initial, states, self._timers)
        return found

    def cadence(self, name: str) -> Cadence:
        """The ringing of this name; the normal one for a name that the network does not know."""
        return self.data.ringing.get(name) or self.data.ringing[NORMAL]

    def ring(self, name: str) -> Sequence[Output]:
        """Ringing of this name, with ``Alerting``."""
        return self._rings.get(name) or self._rings[NORMAL]

    def hot_line_durations(self, features: SubscriberFeatures) -> dict[str, float]:
        """The seconds of a warm line, by the timer's name; ValueError when they lie outside its range."""
        if not features.hot_line or not features.hot_line_delay_ms:
            return {}
        timer = self.data.timers["hot_line"]
        if not timer.low_ms <= features.hot_line_delay_ms <= timer.high_ms:
            raise ValueError(f"hot_line_delay_ms cannot be {features.hot_line_delay_ms}: give 0 or {timer.low_ms} to {timer.high_ms}")
        return {"hot_line": features.hot_line_delay_ms / 1000}

    def adjusted(self, timers_ms: Mapping[str, float]) -> "SubscriberVariant":
        """The same with other timers; ValueError for one that does not exist or lies outside its range."""
        return SubscriberVariant(msgspec.structs.replace(self.data, timers=changed_timers(self.data.timers, timers_ms)))


def load_subscriber_variant(name: str = "china-subscriber", folder: Path = VARIANTS) -> SubscriberVariant:
    """The variant ``name`` from the data folder; raises ``VariantError``."""
    return SubscriberVariant(data_of((folder / f"{name}.toml").read_bytes(), SubscriberData, strict=False))
