"""Spans as the console sees them: a row for each, one span in full, and maintenance by name.

Beside pbx/console_view.py, for which it does the verbs of spans. Orders are done by the plane's process within a moment; the answer is
asked for afterwards, and stated as the fact ``SpanMaintained``. Leaves out when an order would hurt calls (pbx/span_watch.py).
"""

from collections.abc import Iterable

from pbx.console_words import SpanRow
from pbx.exchange import Exchange
from pbx.span_notices import SpanStatus, alarm_words
from pbx.span_watch import NOTHING_SAID, SpanWatch


def _counted(counters: dict[str, int], zeros: bool = True) -> str:
    shown = [f"{name.replace('_', ' ')} {count}" for name, count in counters.items() if count or zeros]
    return ", ".join(shown) or "nothing counted"


class ConsoleSpans:
    """The spans of one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._watch: SpanWatch = exchange.span_watch

    def rows(self) -> Iterable[SpanRow]:
        """All spans; those of which nothing has been said yet have no more than a name."""
        for name in self._watch.spans:
            status = self._watch.status(name)
            if status is None:
                yield SpanRow(name, alarms=NOTHING_SAID)
                continue
            performance = status.performance
            yield SpanRow(
                name,
                status.card,
                alarm_words(status.told_alarms) if status.present else "not there",
                status.framing,
                _clock(status),
                status.maintenance,
                sum(map(len, status.unused.values())),
                performance.errored_seconds,
                performance.severely_errored_seconds,
            )

    def span(self, name: str) -> str:
        """One span in full."""
        status = self._status(name)
        if isinstance(status, str):
            return status
        performance = status.performance
        unused = "; ".join(f"{', '.join(map(str, channels))}: {reason}" for reason, channels in status.unused.items())
        number = f" span {status.span_number}" if status.span_number else ""
        standing, told = alarm_words(status.alarms), alarm_words(status.told_alarms)
        looped = "; the driver says that it is looped" if status.looped else ""
        ticks = status.counted.get("ticks", 0)
        calls = f"; {status.counted['system_calls'] / ticks:.1f} system calls a tick" if ticks and "system_calls" in status.counted else ""
        return "\n".join(
            [
                f"{name}: {status.card}{number}, {status.description or 'not there'}; {status.framing or 'no framing'}; {_clock(status)}",
                f"alarms standing: {standing}; told: {told}; maintenance: {status.maintenance}{looped}",
                f"line: {_counted(status.line)}",
                f"performance: {performance.seconds} s, {performance.available_seconds} available, {performance.errored_seconds} errored, "
                f"{performance.severely_errored_seconds} severely errored; {'' if status.available else 'not '}available now",
                f"card: {_counted(status.counted, zeros=False)}{calls}",
                f"channels not in use: {unused or 'none'}",
            ]
        )

    def maintain(self, name: str, action: str, force: bool) -> str:
        """Order it; "" or why not."""
        return self._watch.maintain(name, action, force) if name in self._watch.spans else _nothing(name)

    def answer(self, name: str) -> str:
        """What became of the last order."""
        status = self._status(name)
        if isinstance(status, str):
            return status
        order = self._watch.order(name)
        if order is None:
            return f"nothing has been ordered; maintenance: {status.maintenance}"
        what = f"{order.action} {order.line}".strip()
        if status.answer is None or status.answer.number != order.number:
            return f"{what}: not answered yet"
        result = f"refused: {status.answer.refused}" if status.answer.refused else "done"
        pattern = f"; bit errors of the pattern {status.line.get('bit_errors', 0)}" if status.maintenance == "pattern" else ""
        return f"{what}: {result}; maintenance: {status.maintenance}{pattern}"

    def _status(self, name: str) -> SpanStatus | str:
        if name not in self._watch.spans:
            return _nothing(name)
        return self._watch.status(name) or NOTHING_SAID


def _nothing(name: str) -> str:
    return f"there is no span {name}; look at spans"


def _clock(status: SpanStatus) -> str:
    if status.card == "wire":
        return "clock of the simulation"
    return f"clock from span {status.timing_source}" if status.timing_source else "clock of its own"
