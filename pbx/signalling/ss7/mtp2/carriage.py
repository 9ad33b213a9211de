"""How orders and what is told travel between link state control and the media plane that works the link (pbx/dsp/link_api.h).

``command_of`` makes the command for the link's port out of an order, ``told_of`` what ``Mtp2.receive`` takes out of an event of that port,
``figures_of`` what ``Plane.configure_link`` wants. Leaves out
the rings, which keep the order and answer for the old control's orders.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pbx.signalling.ss7.mtp2 import orders
from pbx.signalling.ss7.mtp2.figures import Figures, IntervalData
from pbx.vocabulary import media
from pbx.vocabulary.media import LinkFigures, LinkOrder, LinkTold, MediaEvent

TICK_MS = 10
UNKNOWN = 65535
"""Instead of a number: nobody knows what the far end has accepted."""
NO_INTERVALS = IntervalData(0, 0, 0, 0)

SENT: Mapping[orders.Sent, int] = {"SIO": 0, "SIN": 1, "SIE": 2, "SIOS": 3, "SIPO": 4, "fill-in": 8, "messages": 9}
WATCHED: Mapping[orders.Watched, int] = {"nothing": 0, "signal units": 1, "normal alignment": 2, "emergency alignment": 3}
STATUS: Mapping[int, orders.Status] = {0: "SIO", 1: "SIN", 2: "SIE", 3: "SIOS", 4: "SIPO", 8: "units"}
REASONS: Mapping[int, str] = {1: "errors", 2: "backward number", 3: "forward bit", 4: "T6", 5: "T7"}
STATUS_REASON = 8
"""The far end has left service: or'ed with the status."""
OPEN, REJECTING = 1, 2

_COMMANDS: Mapping[type, Callable[[Any], LinkOrder]] = {
    orders.Begin: lambda order: LinkOrder(media.LINK_ORDER_BEGIN, order.life),
    orders.Halt: lambda order: LinkOrder(media.LINK_ORDER_HALT),
    orders.Send: lambda order: LinkOrder(media.LINK_ORDER_SEND, SENT[order.what]),
    orders.Accept: lambda order: LinkOrder(media.LINK_ORDER_ACCEPT, OPEN if order.messages else REJECTING),
    orders.Watch: lambda order: LinkOrder(media.LINK_ORDER_MONITOR, WATCHED[order.what]),
    orders.SetBusy: lambda order: LinkOrder(media.LINK_ORDER_BUSY, order.busy + (order.busy and order.discard)),
    orders.SendMessage: lambda order: LinkOrder(media.LINK_ORDER_MESSAGE, 0, order.octets),
    orders.TellBsnt: lambda order: LinkOrder(media.LINK_ORDER_BSNT),
    orders.Retrieve: lambda order: LinkOrder(media.LINK_ORDER_RETRIEVE, UNKNOWN if order.fsnc is None else order.fsnc),
    orders.Flush: lambda order: LinkOrder(media.LINK_ORDER_FLUSH),
    orders.TellAgain: lambda order: LinkOrder(media.LINK_ORDER_TELL),
}


def _reason(value: int) -> str:
    return STATUS[value & ~STATUS_REASON] if value & STATUS_REASON else REASONS[value]


_TOLD: Mapping[int, Callable[[LinkTold], orders.Told]] = {
    media.LINK_TOLD_STATUS: lambda event: orders.StatusHeard(STATUS[event.value]),
    media.LINK_TOLD_MESSAGE: lambda event: orders.MessageHeard(event.octets),
    media.LINK_TOLD_FAILED: lambda event: orders.Failed(_reason(event.value)),
    media.LINK_TOLD_ERRORS: lambda event: orders.ProvingErrors(),
    media.LINK_TOLD_CORRECT: lambda event: orders.CorrectUnit(),
    media.LINK_TOLD_CONGESTION: lambda event: orders.BufferFilled(event.value),
    media.LINK_TOLD_BSNT: lambda event: orders.BsntTold(event.value),
    media.LINK_TOLD_BEGUN: lambda event: orders.Begun(event.value),
    media.LINK_TOLD_RETRIEVED: lambda event: orders.Retrieved(event.octets),
    media.LINK_TOLD_RETRIEVAL_ENDED: lambda event: orders.RetrievalEnded(),
}


def command_of(order: orders.Order) -> LinkOrder:
    """The command for the port of the link."""
    return _COMMANDS[type(order)](order)


def told_of(event: MediaEvent) -> orders.Told | None:
    """What level 2 is told; None = the event is of something else, the span's alarm for one."""
    return _TOLD[event.told](event) if type(event) is LinkTold else None


def figures_of(figures: Figures) -> LinkFigures:
    """The part of the figures that is worked in the plane."""
    data, ms = figures.data, figures.milliseconds
    monitors, preventive, intervals = data.monitors, data.preventive, data.intervals or NO_INTERVALS
    return LinkFigures(
        t5_ticks=ms["T5"] // TICK_MS,
        t6_ticks=ms["T6"] // TICK_MS,
        t7_ticks=ms["T7"] // TICK_MS,
        silence_ticks=data.silence_ms // TICK_MS,
        suerm_limit=monitors.suerm_limit,
        suerm_units=monitors.suerm_units,
        suerm_octets=monitors.suerm_octets,
        aerm_normal=monitors.aerm_normal,
        aerm_emergency=monitors.aerm_emergency,
        preventive_units=preventive.units,
        preventive_octets=preventive.octets,
        onset=data.congestion.onset,
        abatement=data.congestion.abatement,
        preventive=data.correction == "preventive",
        extended=data.format == "extended",
        errored_intervals=data.intervals is not None,
        t8_ticks=intervals.t8_ms // TICK_MS,
        interval_limit=intervals.limit,
        interval_rise=intervals.rise,
        interval_fall=intervals.fall,
    )
