"""The words of the console: what a person sees and may do there, by role.

``lines``, ``calls``, ``queues``, ``agents``, ``recordings`` and ``alarms`` are tables that show themselves; ``switch`` holds the verbs;
``on(Fact, function)`` calls a function for each fact to come; ``help()`` says all this. An *observer* may look. An *operator* may also
use the verbs. Both type single expressions of a safe part of Python: nothing imported, no private names, nothing that can swell
without end. An *engineer* has Python itself. Every verb, and every statement of an engineer, is journaled with the name of the key
before it is done. A statement or callback that holds the exchange for a second is interrupted. Leaves out the way here
(pbx/manhole.py, SSH).
"""

import ast
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FrameType, TracebackType
from typing import Any, Protocol

import msgspec

from pbx.vocabulary import facts
from pbx.vocabulary.facts import Fact

ROLES = ("observer", "operator", "engineer")
HELD_LIMIT_S = 1.0
ROWS_SHOWN = 60


class Row(msgspec.Struct, frozen=True):
    """A row of a table: the first field is its name."""


class LineRow(Row, frozen=True):
    """A line as it is now."""

    line: str
    kind: str = ""
    number: str = ""
    state: str = ""
    call: str = ""
    blocked: str = ""


class CallRow(Row, frozen=True):
    """A call that goes on; ``for_s`` since it began."""

    call: str
    state: str = ""
    calling: str = ""
    called: str = ""
    lines: str = ""
    for_s: float = 0.0


class QueueRow(Row, frozen=True):
    """A queue; ``longest_s`` is how long its first call has waited."""

    queue: str
    title: str = ""
    waiting: int = 0
    longest_s: float = 0.0
    ready: int = 0


class AgentRow(Row, frozen=True):
    """An agent; ``for_s`` in the present state."""

    agent: str
    name: str = ""
    state: str = ""
    line: str = ""
    call: str = ""
    for_s: float = 0.0


class RecordingRow(Row, frozen=True):
    """A recording that goes on; ``missing_s`` of it could not be kept."""

    recording: str
    call: str = ""
    leg: int = 0
    line: str = ""
    state: str = ""
    for_s: float = 0.0
    missing_s: float = 0.0
    file: str = ""


class AlarmRow(Row, frozen=True):
    """An alarm that stands; ``for_s`` since it was raised, as far as this control knows."""

    source: str
    text: str = ""
    for_s: float = 0.0


class SpanRow(Row, frozen=True):
    """A span; ``unused`` channels are not in use though they should be, seconds are errored and severely errored ones (G.826)."""

    span: str
    card: str = ""
    alarms: str = ""
    framing: str = ""
    clock: str = ""
    maintenance: str = ""
    unused: int = 0
    errored_s: int = 0
    severe_s: int = 0


class LinkRow(Row, frozen=True):
    """A signalling link: levels 2 and 3 as they are now, and the messages since this control began.

    A link of a gateway of ours has that in place of a link set, and its interface identifier in place of a code.
    """

    link: str
    link_set: str = ""
    code: int = 0
    adjacent: str = ""
    channel: str = ""
    level_2: str = ""
    level_3: str = ""
    received: int = 0
    sent: int = 0


class AssociationRow(Row, frozen=True):
    """An association of SIGTRAN, the losses of it and its messages since this control began."""

    association: str
    protocol: str = ""
    transport: str = ""
    peer: str = ""
    carries: str = ""
    state: str = ""
    losses: int = 0
    received: int = 0
    sent: int = 0


class GatewayRow(Row, frozen=True):
    """A gateway of ours by M2UA: its application server, the processes of that, and how many of its links are in service."""

    gateway: str
    state: str = ""
    processes: str = ""
    links: str = ""
    received: int = 0
    sent: int = 0


class CircuitRow(Row, frozen=True):
    """A circuit of No. 7, by the name of its line."""

    circuit: str
    cic: int = 0
    user_part: str = ""
    far_point: str = ""
    group: str = ""
    state: str = ""
    call: str = ""
    blocked: str = ""


class Subscribed(Protocol):
    """What a subscription of the journal lets the console do."""

    def cancel(self) -> None:
        """No more facts."""


class Exchange(Protocol):
    """What the console needs of an exchange; the composition gives it."""

    def line_rows(self) -> Iterable[Row]:
        """All lines."""

    def call_rows(self) -> Iterable[Row]:
        """All calls that go on."""

    def queue_rows(self) -> Iterable[Row]:
        """All queues."""

    def agent_rows(self) -> Iterable[Row]:
        """All agents."""

    def recording_rows(self) -> Iterable[Row]:
        """All recordings that go on."""

    def alarm_rows(self) -> Iterable[Row]:
        """All alarms that stand."""

    def span_rows(self) -> Iterable[Row]:
        """All spans."""

    def link_rows(self) -> Iterable[Row]:
        """All signalling links."""

    def association_rows(self) -> Iterable[Row]:
        """All associations of SIGTRAN."""

    def gateway_rows(self) -> Iterable[Row]:
        """All gateways of ours by M2UA."""

    def circuit_rows(self) -> Iterable[Row]:
        """All circuits of No. 7."""

    def verbs(self) -> Mapping[str, Callable[..., object]]:
        """The verbs by name; the first line of a verb's docstring is its help."""

    def subscribe(self, kinds: Any, function: Callable[[int, Fact], object]) -> Subscribed:
        """As ``Journal.subscribe``."""

    def commanded(self, who: str, verb: str, argument: str) -> None:
        """Write a ``Commanded`` fact now."""


class RefusedError(Exception):
    """The role does not allow it."""


class HeldTooLongError(BaseException):
    """The console held the exchange too long. Not an Exception, so that no ``except Exception`` in a statement keeps it."""


class Watchdog:
    """``with Watchdog():`` interrupts what runs inside after ``limit_s`` seconds, and again each tenth until it gives in.

    Python must be running in the main thread; a single call into C ends first.
    """

    def __init__(self, limit_s: float = HELD_LIMIT_S) -> None:
        self._limit_s = limit_s
        self._armed = False
        self._before: Any = None

    def __enter__(self) -> "Watchdog":
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGALRM, self._bark)
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, self._limit_s, 0.1)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        was_armed, self._armed = self._armed, False
        if was_armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)

    def _bark(self, number: int, frame: FrameType | None) -> None:
        if self._armed:
            raise HeldTooLongError(f"interrupted: it held the exchange for {self._limit_s:g} s")


class View:
    """A table that shows itself: ``lines``, ``lines["e1-1/1"]``, ``lines(state="idle")``, ``len(lines)``, ``for row in lines``."""

    __slots__ = ("_kind", "_name", "_rows", "_where")

    def __init__(self, name: str, kind: type[Row], rows: Callable[[], Iterable[Row]], where: Mapping[str, object] | None = None) -> None:
        self._name = name
        self._kind = kind
        self._rows = rows
        self._where = dict(where or {})

    def __iter__(self) -> Iterator[Row]:
        return iter([row for row in self._rows() if all(getattr(row, field) == value for field, value in self._where.items())])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, name: str) -> Row:
        for row in self:
            if getattr(row, self._kind.__struct_fields__[0]) == name:
                return row
        raise KeyError(f"{self._name} has no {name!r}")

    def __call__(self, **where: object) -> "View":
        """Only the rows whose fields are so."""
        unknown = set(where) - set(self._kind.__struct_fields__)
        if unknown:
            raise TypeError(f"{self._name} has no column {sorted(unknown)[0]!r}; it has {', '.join(self._kind.__struct_fields__)}")
        return View(self._name, self._kind, self._rows, {**self._where, **where})

    def __repr__(self) -> str:
        rows = list(self)
        cells = [[_cell(getattr(row, field)) for field in self._kind.__struct_fields__] for row in rows[:ROWS_SHOWN]]
        heading = [field.upper() for field in self._kind.__struct_fields__]
        widths = [max(len(row[index]) for row in (heading, *cells)) for index in range(len(heading))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (heading, *cells)]
        if len(rows) > ROWS_SHOWN:
            lines.append(f"... and {len(rows) - ROWS_SHOWN} more")
        lines.append(f"{len(rows)} {self._name}")
        return "\n".join(lines)


def _cell(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


class Verbs:
    """``switch``: every verb is journaled with the name of the key, then done; an observer's is refused."""

    def __init__(self, exchange: Exchange, who: str, role: str) -> None:
        self._exchange = exchange
        self._who = who
        self._role = role

    def __dir__(self) -> list[str]:
        return sorted(self._exchange.verbs())

    def __getattr__(self, verb: str) -> Callable[..., object]:
        if verb.startswith("_"):
            raise AttributeError(verb)
        function = self._exchange.verbs().get(verb)
        if function is None:
            raise AttributeError(f"there is no verb {verb!r}; there are {', '.join(dir(self))}")

        def command(*arguments: object, **named: object) -> object:
            if self._role == "observer":
                raise RefusedError(f"{self._who} is an observer and may not {verb}")
            shown = ", ".join([*map(repr, arguments), *(f"{name}={value!r}" for name, value in named.items())])
            self._exchange.commanded(self._who, verb, shown)
            return function(*arguments, **named)

        return command

    def __repr__(self) -> str:
        lines = [f"switch.{name}(...)  {_first_line(function)}" for name, function in sorted(self._exchange.verbs().items())]
        if self._role == "observer":
            lines.append("(you are an observer: verbs are refused)")
        return "\n".join(lines)


def _first_line(function: Callable[..., object]) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]


class Help:
    """``help()`` and ``help`` both show the page."""

    def __init__(self, who: str, role: str) -> None:
        self._who = who
        self._role = role

    def __call__(self) -> "Help":
        """The page, which the console then displays."""
        return self

    def __repr__(self) -> str:
        return (
            f"You are {self._who}, {self._role}.\n"
            "lines calls queues agents recordings alarms spans links associations gateways circuits\n"
            "                              tables as they are now; lines['e1-1/1'], lines(state='idle'), len(calls)\n"
            "switch                        the verbs; switch.clear('1-7')\n"
            "on(Queued)                    print each such fact to come; on(Queued, lambda fact: print(fact.call))\n"
            "off()                         end all of them\n"
            "Ctrl-D leaves. " + ("Python is yours." if self._role == "engineer" else "One expression a line.")
        )


SAFE_NODES = (
    *(ast.Module, ast.Expression, ast.Expr, ast.Assign, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Subscript, ast.Slice),
    *(ast.Constant, ast.Call, ast.keyword, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.comprehension, ast.Lambda),
    *(ast.arguments, ast.arg, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In),
    *(ast.NotIn, ast.BoolOp, ast.And, ast.Or, ast.Not, ast.UnaryOp, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Div, ast.FloorDiv),
    *(ast.IfExp, ast.JoinedStr, ast.FormattedValue),
)
SAFE_BUILTINS: dict[str, object] = {function.__name__: function for function in (len, sorted, sum, min, max, any, all, round, abs, print)}
UNSAFE_ATTRIBUTES = (
    *("_", "gi_", "cr_", "ag_", "f_", "tb_", "co_", "func_", "format", "mro", "with_traceback"),
    # These make as much text as they are told to.
    *("ljust", "rjust", "center", "zfill", "expandtabs", "replace", "join", "translate", "to_bytes"),
)
LARGEST_NUMBER = 1_000_000


def check_safe(source: str) -> None:
    """``RefusedError`` unless the source is a line that observers and operators may type; ``SyntaxError`` when it is none."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, SAFE_NODES):
            raise RefusedError(f"{type(node).__name__} is for engineers")
        if isinstance(node, ast.Attribute) and node.attr.startswith(UNSAFE_ATTRIBUTES):
            raise RefusedError(f"the name {node.attr} is for engineers")
        if isinstance(node, ast.Name) and node.id.startswith("_") and node.id != "_":
            raise RefusedError(f"the name {node.id} is for engineers")
        # A wide field of a format makes as much text as it says.
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            raise RefusedError("a format is for engineers")
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and abs(node.value) > LARGEST_NUMBER:
            raise RefusedError("a number as large as that is for engineers")


class Watches:
    """``on(kind, function)``: what this login has subscribed; a function that fails or holds three times is removed."""

    def __init__(
        self,
        exchange: Exchange,
        run: Callable[[Callable[[], object]], bool],
        write: Callable[[str], object],
        later: Callable[[Callable[[], object]], object],
    ) -> None:
        """``run(function)`` runs it under the watchdog and says whether it went well; ``later`` does so after the present turn."""
        self._exchange = exchange
        self._run = run
        self._write = write
        self._later = later
        self._subscriptions: list[Subscribed] = []

    def on(self, kind: Any = Fact, function: Callable[[Fact], object] | None = None) -> None:
        """Call ``function(fact)`` for each fact of the kind to come; without a function it is printed."""
        wanted = function if function is not None else lambda fact: print(repr(fact))  # noqa: T201 - the console's own page
        watch = _Watch(wanted, self)
        subscription = self._exchange.subscribe(kind, watch.show)
        watch.subscription = subscription
        self._subscriptions.append(subscription)

    def off(self) -> None:
        """End all of them."""
        for subscription in self._subscriptions:
            subscription.cancel()
        self._subscriptions.clear()

    def call_later(self, watch: "_Watch", fact: Fact) -> None:
        """Run the callback after the present turn of the exchange, so that it never stands inside a call."""
        self._later(lambda: self._call(watch, fact))

    def _call(self, watch: "_Watch", fact: Fact) -> None:
        if watch.failures >= WATCH_FAILURES or watch.subscription not in self._subscriptions:
            return
        if not self._run(lambda: watch.function(fact)):
            watch.failures += 1
            if watch.failures >= WATCH_FAILURES and watch.subscription is not None:
                watch.subscription.cancel()
                self._subscriptions.remove(watch.subscription)
                self._write(f"a callback failed {WATCH_FAILURES} times and was removed\n")


WATCH_FAILURES = 3


class _Watch:
    def __init__(self, function: Callable[[Fact], object], watches: Watches) -> None:
        self.function = function
        self.failures = 0
        self.subscription: Subscribed | None = None
        self._watches = watches

    def show(self, sequence: int, fact: Fact) -> None:
        """A subscriber of the journal."""
        self._watches.call_later(self, fact)


def namespace_of(exchange: Exchange, who: str, role: str, watches: Watches) -> dict[str, Any]:
    """The names that a login of this role finds."""
    names: dict[str, Any] = {
        "lines": View("lines", LineRow, exchange.line_rows),
        "calls": View("calls", CallRow, exchange.call_rows),
        "queues": View("queues", QueueRow, exchange.queue_rows),
        "agents": View("agents", AgentRow, exchange.agent_rows),
        "recordings": View("recordings", RecordingRow, exchange.recording_rows),
        "alarms": View("alarms", AlarmRow, exchange.alarm_rows),
        "spans": View("spans", SpanRow, exchange.span_rows),
        "links": View("links", LinkRow, exchange.link_rows),
        "associations": View("associations", AssociationRow, exchange.association_rows),
        "gateways": View("gateways", GatewayRow, exchange.gateway_rows),
        "circuits": View("circuits", CircuitRow, exchange.circuit_rows),
        "switch": Verbs(exchange, who, role),
        "on": watches.on,
        "off": watches.off,
        "help": Help(who, role),
        "Fact": "Fact",
        **{name: name for name in facts.KINDS},
    }
    if role == "engineer":
        names |= {"exchange": exchange, "Fact": Fact, **facts.KINDS}
    else:
        names["__builtins__"] = dict(SAFE_BUILTINS)
    return names
