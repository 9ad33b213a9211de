"""What the process with the cards says of each span, and what control orders it to do with one: texts in the arena (pbx/dsp/notice.c).

A status is written once a second, outside of the tick; an order is answered in the next status. Both outlive control, so a new one finds
what was ordered before it. Leaves out who writes them (pbx/span_tending.py) and who reads them (pbx/span_watch.py).
"""

from typing import Literal, get_args

import msgspec

from pbx.error_performance import Performance
from pbx.vocabulary.media import (
    ALARM_INDICATION_SIGNAL,
    LOSS_OF_FRAME,
    LOSS_OF_MULTIFRAME,
    LOSS_OF_SIGNAL,
    REMOTE_ALARM_INDICATION,
)

ALARM_NAMES = {
    LOSS_OF_SIGNAL: "loss of signal",
    LOSS_OF_FRAME: "loss of frame",
    ALARM_INDICATION_SIGNAL: "alarm indication signal",
    REMOTE_ALARM_INDICATION: "remote alarm indication",
    LOSS_OF_MULTIFRAME: "loss of multiframe",
}

SpanAction = Literal["normal", "loop-local", "loop-line", "loop-payload", "pattern", "reset-counters", "one-fas-error", "one-crc4-error"]
ChannelAction = Literal["loop-channel", "release-channel"]
SPAN_ACTIONS: tuple[SpanAction, ...] = get_args(SpanAction)
DISTURBING = ("loop-local", "loop-line", "loop-payload", "pattern")
"""While one of these stands, the span carries no calls."""


class SpanOrder(msgspec.Struct, frozen=True):
    """An order; a number is done once. ``blocked`` are lines that were blocked for what stands on the span, ``looped`` those blocked
    because their channel is looped: they come back when that ends. ``done``: its answer has been stated as a fact."""

    number: int
    at: float
    action: SpanAction | ChannelAction
    port: int = -1
    line: str = ""
    blocked: tuple[str, ...] = ()
    looped: tuple[str, ...] = ()
    done: bool = False


class SpanAnswer(msgspec.Struct, frozen=True):
    """What became of an order: ``refused`` is empty when it was done."""

    number: int
    refused: str = ""


class SpanStatus(msgspec.Struct, frozen=True):
    """A span as it is. ``second`` counts statuses; ``line`` are counters of the line, ``counted`` those of our card, by their names there;
    ``unused`` are channels that are not in use, by the reason. ``timing_source`` is DAHDI's number of the span that gives the clock."""

    second: int
    card: Literal["wire", "dahdi"]
    present: bool = True
    description: str = ""
    framing: str = ""
    span_number: int = 0
    timing_source: int = 0
    alarms: int = 0
    told_alarms: int = 0
    looped: bool = False
    maintenance: str = "normal"
    line: dict[str, int] = {}
    counted: dict[str, int] = {}
    unused: dict[str, list[int]] = {}
    performance: Performance = Performance()
    available: bool = True
    answer: SpanAnswer | None = None


def alarm_words(alarms: int) -> str:
    """The names of the alarms, or ``none``."""
    return ", ".join(name for value, name in ALARM_NAMES.items() if alarms & value) or "none"
