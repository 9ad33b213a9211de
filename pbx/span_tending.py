"""Composition: what the plane's process says of its spans and does with them by order, beside the tick and never in it.

One thread for all spans: it reads orders, has them done by the cards, and once a second of the sample clock writes a status of each
(pbx/span_notices.py). It also keeps each span's error performance, which so goes on when control is started anew: a second is errored with
one anomaly, severely errored with 300 of the 1000 CRC-4 blocks wrong (G.826), with 28 frame alignment words wrong, or with a defect
(all from memory). Seconds of maintenance do not count. Leaves out mending the cards, which they do themselves.
"""

import threading
from collections.abc import Callable, Sequence

import msgspec

from drivers.dahdi import Dahdi, DahdiError
from drivers.wire import Wire
from pbx.error_performance import ErrorPerformance
from pbx.media import Plane
from pbx.span_notices import DISTURBING, SpanAnswer, SpanOrder, SpanStatus
from pbx.vocabulary.media import ALARM_INDICATION_SIGNAL, LOSS_OF_FRAME, LOSS_OF_SIGNAL

LOOK_S = 0.1
SEVERE_BLOCKS = 300
SEVERE_FAS = 28
DEFECTS = LOSS_OF_SIGNAL | LOSS_OF_FRAME | ALARM_INDICATION_SIGNAL
ANOMALIES = ("bipolar_violations", "crc4_errors", "fas_errors", "framing_errors", "code_violations", "slips")
"""Counters of the line that make a second errored. E bits tell of the other direction."""
_TOLD = (*ANOMALIES[:-1], "e_bits", "bit_errors", "pattern", "errored_seconds", "missed_interrupts")
NO_MAINTENANCE = "a simulated span has no such maintenance"


class _Tended:
    """One span: its card, what it was ordered, and what it counted."""

    def __init__(self, card: Wire | Dahdi) -> None:
        self.card = card
        self.performance = ErrorPerformance()
        self.maintenance = "normal"
        self.answer: SpanAnswer | None = None
        self.before: dict[str, int] | None = None
        self.zero: dict[str, int] = {}

    def obey(self, order: SpanOrder) -> None:
        """Do it, or say why not."""
        refused = ""
        if isinstance(self.card, Dahdi):
            try:
                if order.action == "loop-channel" or order.action == "release-channel":
                    self.card.loop_channel(order.port, order.action == "loop-channel")
                else:
                    self.card.maintain(order.action)
            except DahdiError as error:
                refused = str(error)
        elif order.action != "reset-counters" and order.action != "normal":
            refused = NO_MAINTENANCE
        else:
            self.zero = _wire_line(self.card) if order.action == "reset-counters" else self.zero
        if not refused and order.action == "reset-counters":
            self.performance, self.before = ErrorPerformance(), None
        if not refused and order.action in (*DISTURBING, "normal"):
            self.maintenance = order.action
        self.answer = SpanAnswer(order.number, refused)

    def status(self, second: int, is_new: bool) -> SpanStatus:
        """As the span is now; ``is_new``: one second more of it is over."""
        found = self._dahdi(second, self.card) if isinstance(self.card, Dahdi) else self._wire(second, self.card)
        if is_new:
            self._judge(found)
        return msgspec.structs.replace(
            found,
            maintenance=self.maintenance,
            performance=self.performance.performance,
            available=self.performance.available,
            answer=self.answer,
        )

    def _judge(self, found: SpanStatus) -> None:
        before, self.before = self.before, found.line
        if self.maintenance != "normal" or before is None:
            return
        # A counter that is smaller than before was set to zero by somebody.
        more = {name: count - before[name] if count >= before[name] else count for name, count in found.line.items()}
        defect = not found.present or bool(found.alarms & DEFECTS)
        severe = defect or more.get("crc4_errors", 0) >= SEVERE_BLOCKS or more.get("fas_errors", 0) >= SEVERE_FAS
        self.performance.add_second(severe or any(more.get(name, 0) for name in ANOMALIES), severe)

    def _dahdi(self, second: int, card: Dahdi) -> SpanStatus:
        report, counters = card.report(), card.counters()
        unused: dict[str, list[int]] = {}
        for channel, reason in card.missing().items():
            unused.setdefault(reason, []).append(channel)
        return SpanStatus(
            second,
            "dahdi",
            present=bool(report.present),
            description=" ".join(word for word in (report.name, report.description) if word),
            framing=report.framing,
            span_number=report.number,
            timing_source=report.timing_source,
            alarms=report.alarms,
            told_alarms=report.told_alarms,
            looped=bool(report.looped),
            line={name: getattr(report, name) for name in _TOLD},
            counted=msgspec.structs.asdict(counters),
            unused=unused,
        )

    def _wire(self, second: int, card: Wire) -> SpanStatus:
        line = {name: count - self.zero.get(name, 0) for name, count in _wire_line(card).items()}
        every = msgspec.structs.asdict(card.counters(0))
        counted = {name: count for name, count in every.items() if not name.endswith("errors") and name != "e_bits"}
        alarms = card.alarms(0)
        framing = "" if card.tokens else {"on": "CRC-4", "off": "no CRC-4", "automatic": "CRC-4 if the far end has it"}[card.spans[0].crc4]
        return SpanStatus(
            second,
            "wire",
            present=card.connected(0),
            description="simulated",
            framing=framing,
            alarms=alarms,
            told_alarms=alarms,
            line=line,
            counted=counted,
        )


def _wire_line(card: Wire) -> dict[str, int]:
    """The framer's counters by the names that real lines have for them."""
    found = card.counters(0)
    return {
        "crc4_errors": found.crc_errors,
        "fas_errors": found.fas_errors,
        "e_bits": found.e_bits,
        "framing_errors": found.frame_losses,
        "slips": found.slips_lost + found.slips_repeated,
    }


class SpanTender:
    """Tends the spans of a plane's process, in the order of the configuration."""

    def __init__(self, plane: Plane, cards: Sequence[Wire | Dahdi], seconds: Callable[[], float] | None = None) -> None:
        """``seconds``: the time, for a plane whose sample clock jumps."""
        self._seconds = seconds or (lambda: plane.now)
        self._plane = plane
        self._tended = [_Tended(card) for card in cards]
        self._second = -1
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Obey new orders; say how the spans are if a second is over or an order was answered."""
        second = int(self._seconds())
        for span, tended in enumerate(self._tended):
            written = self._plane.read_order(span)
            order = msgspec.json.decode(written, type=SpanOrder) if written else None
            if order is not None and (tended.answer is None or tended.answer.number < order.number):
                tended.obey(order)
            elif second == self._second:
                continue
            self._plane.write_report(span, msgspec.json.encode(tended.status(second, second != self._second)))
        self._second = second

    def watch(self) -> None:
        """Look again and again, in a thread, until closed."""
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def _look_on(self) -> None:
        while not self._closed.wait(LOOK_S):
            self.look()

    def close(self) -> None:
        """Let go of the cards, before they are closed."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()
