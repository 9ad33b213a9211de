"""The watch over spans: alarms, timing source and availability are stated as facts, and maintenance is ordered without hurting calls.

Control reads once a second what the process with the cards says of each span (pbx/span_notices.py). A loop-back or a test pattern
takes a whole span away, so its lines are blocked before it and brought back once the driver has taken it back; lines that were blocked
otherwise stay so. What was blocked stands in the order itself, in the arena, where a new control finds it. Leaves out lines' own
alarms, which their engines are told by the plane, and doing anything with a card (pbx/span_tending.py).
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from pbx.floor import Floor
from pbx.line import Line
from pbx.span_notices import DISTURBING, SPAN_ACTIONS, ChannelAction, SpanAction, SpanOrder, SpanStatus, alarm_words
from pbx.vocabulary.call import Blocked, Unblocked
from pbx.vocabulary.facts import AlarmCleared, AlarmRaised, SpanMaintained, TimingSourceChanged

LOOK_S = 1.0
ANSWER_PATIENCE_S = 5.0
LOCAL = "local"
NOTHING_SAID = "nothing has been said of the span yet"


class Notices(Protocol):
    """What the watch needs of the plane."""

    def read_report(self, span: int) -> bytes:
        """The last whole status of a span; empty when there is none."""

    def read_order(self, span: int) -> bytes:
        """The last whole order to a span, likewise."""

    def write_order(self, span: int, octets: bytes) -> None:
        """Order something."""


class SpanWatch:
    """The spans of one exchange by name, in the order of the configuration; ``lines`` are those that may stand on them."""

    def __init__(self, floor: Floor, notices: Notices, spans: Mapping[str, int], lines: Mapping[str, Line]) -> None:
        """``spans`` has the first port in the plane of each."""
        self.spans = {name: number for number, name in enumerate(spans)}
        self._floor = floor
        self._notices = notices
        self._lines = lines
        self._first_ports = spans
        self._seen: dict[str, SpanStatus] = {}
        self._raised: dict[str, str] = {}
        self._trouble: dict[str, str] = {}

    def start(self) -> None:
        """Look each second from now on."""
        self._floor.after(LOOK_S, self._look_on)

    def _look_on(self) -> None:
        self.look()
        self._floor.after(LOOK_S, self._look_on)

    def status(self, span: str) -> SpanStatus | None:
        """How a span is; None = nothing has been said of it yet."""
        written = self._notices.read_report(self.spans[span])
        return msgspec.json.decode(written, type=SpanStatus) if written else None

    def order(self, span: str) -> SpanOrder | None:
        """What was last ordered; None = nothing yet."""
        written = self._notices.read_order(self.spans[span])
        return msgspec.json.decode(written, type=SpanOrder) if written else None

    def lines_of(self, span: str) -> list[Line]:
        """The lines on a span."""
        return [line for name, line in self._lines.items() if name.rpartition("/")[0] == span]

    # What is seen.

    def look(self) -> None:
        """State what has changed; within a turn."""
        for span in self.spans:
            status = self.status(span)
            if status is None:
                continue
            before = self._seen.get(span)
            self._seen[span] = status
            if before is not None and before.timing_source != status.timing_source:
                self._floor.fact(TimingSourceChanged(self._floor.now, span, before.timing_source, status.timing_source))
            self._judge(span, _trouble(status))
            self._answer(span, status)

    def _judge(self, span: str, trouble: str) -> None:
        """Trouble is told when it is seen twice: a far end may be a little later at its place than we are at ours."""
        before, self._trouble[span] = self._trouble.get(span, ""), trouble
        if trouble == self._raised.get(span, "") or (trouble and trouble != before):
            return
        if trouble:
            self._floor.fact(AlarmRaised(self._floor.now, span, trouble))
        else:
            self._floor.fact(AlarmCleared(self._floor.now, span, "in order again"))
        self._raised[span] = trouble

    def _answer(self, span: str, status: SpanStatus) -> None:
        """An order was answered: say so, and bring back the lines that it need not keep away any more."""
        order = self.order(span)
        if order is None or order.done or status.answer is None or status.answer.number != order.number:
            return
        refused = status.answer.refused
        free = order.blocked if status.maintenance == "normal" else ()
        if order.action == ("loop-channel" if refused else "release-channel"):
            free = (*free, order.line)
        blocked, looped = (tuple(name for name in names if name not in free) for names in (order.blocked, order.looped))
        done = msgspec.structs.replace(order, blocked=blocked, looped=looped, done=True)
        self._notices.write_order(self.spans[span], msgspec.json.encode(done))
        self._bring_back([name for name in (*order.blocked, *order.looped) if name in free and name not in looped])
        self._floor.fact(SpanMaintained(self._floor.now, span, order.action, order.line, refused))

    def _bring_back(self, names: Sequence[str]) -> None:
        for name in names:
            line = self._lines.get(name)
            if line is not None and LOCAL in line.blocked:
                self._floor.to_line(line, Unblocked())

    # What is ordered.

    def maintain(self, span: str, action: str, force: bool) -> str:
        """Order a maintenance action to a span; "" or why not."""
        if action not in SPAN_ACTIONS:
            return f"there is no {action}; there are {', '.join(SPAN_ACTIONS)}"
        lines = self.lines_of(span) if action in DISTURBING else []
        refused = self._refusal(span, lines, force)
        if refused:
            return refused
        self._write(span, action, blocked=self._block(lines))
        return ""

    def loop_channel(self, line: Line, on: bool, force: bool) -> str:
        """Send back on the channel of a line what is received there, or no longer; "" or why not."""
        span = line.name.rpartition("/")[0]
        if span not in self.spans:
            return f"{line.name} is on no span"
        refused = self._refusal(span, [line] if on else [], force)
        if refused:
            return refused
        action: ChannelAction = "loop-channel" if on else "release-channel"
        self._write(span, action, line.port - self._first_ports[span], line.name, looped=self._block([line] if on else []))
        return ""

    def _refusal(self, span: str, lines: Sequence[Line], force: bool) -> str:
        order, status = self.order(span), self.status(span)
        if status is None:
            return NOTHING_SAID
        answered = order is None or (status.answer is not None and status.answer.number == order.number)
        if not answered and order is not None and self._floor.now - order.at < ANSWER_PATIENCE_S:
            return f"{order.action} has not been answered yet"
        busy = sum(line.leg is not None for line in lines)
        if busy and not force:
            calls = f"{busy} calls are" if busy > 1 else "1 call is"
            return f"{calls} on it; clear or wait, or force=True"
        return ""

    def _block(self, lines: Sequence[Line]) -> tuple[str, ...]:
        """Block those lines that nobody has blocked; their names."""
        blocked = [line for line in lines if LOCAL not in line.blocked]
        for line in blocked:
            self._floor.to_line(line, Blocked(LOCAL))
        return tuple(line.name for line in blocked)

    def _write(
        self,
        span: str,
        action: SpanAction | ChannelAction,
        port: int = -1,
        line: str = "",
        blocked: tuple[str, ...] = (),
        looped: tuple[str, ...] = (),
    ) -> None:
        before = self.order(span) or SpanOrder(0, 0.0, "normal")
        order = SpanOrder(before.number + 1, self._floor.now, action, port, line, before.blocked + blocked, before.looped + looped)
        self._notices.write_order(self.spans[span], msgspec.json.encode(order))


def _trouble(status: SpanStatus) -> str:
    """What needs a person; empty = nothing."""
    if not status.present:
        return "not there: its channels cannot be opened" if status.card == "dahdi" else "no far end"
    if status.told_alarms:
        return alarm_words(status.told_alarms)
    return "" if status.available else "unavailable: ten severely errored seconds in a row"
