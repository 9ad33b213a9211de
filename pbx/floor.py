"""The floor: one queue of things to do, and the turn in which they are done.

A media event, a timer or a request opens a *turn*. The floor hands it to the engine of its line, delivers by type what the engine
returns (commands to the plane, primitives to the switch, notes to the trace), and so on until the queue is empty; engines and
switch never call one another, so there is no recursion and no re-entrance. At the end of the turn facts and leg records are
written to the arena in one indivisible step, and only then do commands leave: what the world can see has always been written first.

Wrong peers are counted (``Unexpected``, ``Malformed``). A fault of our own, an exception in an engine or in the switch, is caught
here: that one call is cleared with cause 41, its trace saved with what the engine was given, and the exchange lives. A timer whose work
fails again and again is tried once a second. Leaves out where events come from, and engines without a line (pbx/signalling_seat.py).
"""

import contextlib
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from pbx.engine import Levels, Malformed, Noted, Unexpected
from pbx.line import Line
from pbx.vocabulary.call import TEMPORARY_FAILURE, Primitive, Release
from pbx.vocabulary.facts import Fact
from pbx.vocabulary.media import (
    Hear,
    LineMeasured,
    LineTested,
    MediaCommand,
    MediaEvent,
    Play,
    Played,
    Recorded,
    SendDigits,
    SendTone,
    Silence,
    ToneOff,
    ToneOn,
    Unhear,
)
from pbx.vocabulary.tones import SPECIAL, progress, special


class Clock(Protocol):
    """What the floor needs of time."""

    def seconds(self) -> float:
        """Now."""

    def callLater(self, delay: float, function: Callable[..., object], *arguments: Any) -> Any:  # noqa: N802
        """Call ``function`` after ``delay`` seconds; the answer can be cancelled."""


class Plane(Protocol):
    """What the floor needs of the media plane."""

    def send(self, port: int, command: MediaCommand) -> None:
        """Give a command to a port."""

    def begin_turn(self) -> None:
        """Facts and leg records from here on count together or not at all."""

    def write_leg_record(self, port: int, octets: bytes) -> None:
        """Replace the leg record of a port; empty = no leg."""

    def end_turn(self) -> None:
        """They count."""


class Control(Protocol):
    """The switch, as the floor sees it."""

    def receive(self, line: Line, primitive: Primitive, now: float) -> None:
        """A primitive from a line's engine."""

    def media(self, line: Line, event: MediaEvent, now: float) -> None:
        """A prompt has ended, a recorder has stopped, a fax machine is heard, a second of a line test is over."""

    def fault(self, line: Line, now: float) -> None:
        """Something of our own went wrong on this line's call; its engine has been let go."""


class Records(Protocol):
    """Leg records, as the floor sees them."""

    def leg_record(self, line: Line) -> bytes:
        """The octets from which the line's leg can be rebuilt; empty = none."""


_HEARD = (Hear, Play, SendDigits, SendTone, Silence)
"""Orders that would sound over an engine's own signals, or cut them: they wait for a speech path."""

FAULT_PAUSE_S = 1.0
"""Until a timer whose work has failed twice is tried again: its deadline may stay in the past; own choice."""
LONGEST_GIVEN = 1000
"""Of what an engine was given, as it stands behind a fault's trace."""
CLEARED = Release(TEMPORARY_FAILURE)
MILLIWATT = progress("milliwatt")
CHECK_TONE = special("continuity")
_FOR_CONTROL = (Played, Recorded, LineTested, LineMeasured)


def _is_for_control(event: MediaEvent) -> bool:
    """Whether it is about what the switch itself ordered, as are tones of fax machines and of test lines: no engine knows of it."""
    if isinstance(event, ToneOn | ToneOff):
        return (event.tone & 0xFF00 == SPECIAL and event.tone != CHECK_TONE) or event.tone == MILLIWATT
    return type(event) in _FOR_CONTROL


def shown(given: Any) -> str:
    """What an engine was given when it failed, in one line; it may be the very thing that cannot be shown."""
    try:
        return repr(given)[:LONGEST_GIVEN]
    except Exception:
        return f"a {type(given).__name__} that cannot be shown"


class Floor:
    """The queue and its turn."""

    def __init__(self, clock: Clock, plane: Plane, append: Callable[[Fact], object]) -> None:
        self.clock = clock
        self.plane = plane
        self.counters: Counter[str] = Counter()
        self.faults: list[str] = []
        self.on_fault: Callable[[str], None] | None = None
        self.now = 0.0
        self._append = append
        self._control: Control | None = None
        self._records: Records | None = None
        self._queue: deque[tuple[Any, Any, float]] = deque()
        self._commands: list[tuple[int, MediaCommand]] = []
        self._facts: list[Fact] = []
        self._leaving: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self._touched: dict[int, Line] = {}
        self._lines: dict[int, Line] = {}
        self._takers: dict[int, Callable[[MediaEvent], object]] = {}
        self._running = False
        self._failed_at: dict[int, float] = {}
        """By port, the deadline whose work has failed."""

    def attach(self, control: Control, records: Records | None = None) -> None:
        """The switch that primitives go to, and the leg records it keeps (a far end keeps none)."""
        self._control = control
        self._records = records

    def add(self, line: Line) -> None:
        """A line whose events this floor delivers."""
        self._lines[line.port] = line

    def attach_port(self, port: int, function: Callable[[MediaEvent], object]) -> None:
        """Events of a port that is no line, such as a signalling link: each is given to ``function`` in a turn of its own."""
        self._takers[port] = function

    def start(self, line: Line, now: float) -> None:
        """Bring a line into service."""
        self.turn(lambda: self._take(line, line.engine.start(now), now))

    def resume(self, line: Line, tag: str, levels: Levels, now: float) -> None:
        """Let an engine adopt its line (pbx/recovery.py); within a turn."""
        self._take(line, line.engine.resume(tag, levels, now), now)

    # What opens a turn.

    def media(self, events: Iterable[tuple[float, int, MediaEvent]]) -> None:
        """Events of the media plane: (seconds, port, event)."""
        lines = self._lines
        for now, port, event in events:
            line = lines.get(port)
            if line is None:
                taker = self._takers.get(port)
                if taker is None:
                    continue
                self._queue.append((None, (taker, (event,)), now))
            elif _is_for_control(event):
                self._queue.append((None, (self._to_control, (line, event)), now))
            else:
                self._queue.append((line, event, now))
            self._run()

    def _to_control(self, line: Line, event: MediaEvent) -> None:
        if self._control is not None:
            self._control.media(line, event, self.now)

    def turn(self, function: Callable[..., object], *arguments: Any) -> None:
        """Do a request in a turn of its own (or in the present one)."""
        self._queue.append((None, (function, arguments), self.clock.seconds()))
        self._run()

    def after(self, delay: float, function: Callable[..., object], *arguments: Any) -> Any:
        """A timer of the switch: ``function`` in a turn of its own; the answer can be cancelled."""
        return self.clock.callLater(max(0.0, self.now + delay - self.clock.seconds()), self.turn, function, *arguments)

    # What the switch gives within a turn.

    def to_line(self, line: Line, primitive: Primitive) -> None:
        """A primitive for a line's engine."""
        self._queue.append((line, primitive, self.now))

    def then(self, function: Callable[..., object], *arguments: Any) -> None:
        """Do something later in this turn, behind all that waits already."""
        self._queue.append((None, (function, arguments), self.now))

    def outputs(self, line: Line, outputs: Iterable[Any]) -> None:
        """What a line's engine has said beside the answer to an input of its own, as circuits of No. 7 do in groups."""
        self._take(line, outputs, self.now)

    def orders(self, orders: Iterable[tuple[int, MediaCommand]]) -> None:
        """Media commands of the switch itself. What is to be heard on a line waits until its engine has a speech path for it.

        That a source is heard no more never waits: it takes back what waits, and what was heard before the path was lost.
        """
        lines = self._lines
        for port, command in orders:
            line = lines.get(port)
            if line is not None and isinstance(command, Unhear) and line.held:
                line.held = [held for held in line.held if not (isinstance(held, Hear) and command.source in (-1, held.source))]
            if line is not None and isinstance(command, _HEARD) and (line.held or not line.engine.speech):
                line.held.append(command)
            else:
                self._commands.append((port, command))

    def guard(self, line: Line, function: Callable[..., object], *arguments: Any) -> None:
        """Do something for a line within a turn that goes on for the others if it fails."""
        try:
            function(*arguments)
        except Exception:
            self._fault(line, self.now, arguments)

    def failed(self, line: Line | None, given: Any = None, cure: Primitive = CLEARED) -> str:
        """An exception of our own has been caught within a turn, which goes on; it hit the call on ``line``, or none. Its last line.

        ``given``: what the engine got. ``cure``: what the line's engine is told; a circuit of No. 7 is reset.
        """
        return self._fault(line, self.now, given, cure)

    def let_go(self, line: Line, fault: str, cure: Primitive = CLEARED) -> None:
        """A fault that was kept already has hit the call on ``line`` too."""
        line.note(self.now, "!! internal fault: " + fault)
        self._let_go(line, self.now, cure)

    def try_to(self, function: Callable[..., object], *arguments: Any) -> None:
        """Do something that only people want to see: it may fail without harm to what goes on."""
        try:
            function(*arguments)
        except Exception:
            self._fault(None, self.now, arguments)

    def directly(self, port: int, commands: Iterable[MediaCommand]) -> None:
        """Media commands for a port whatever its engine says (pbx/recovery.py)."""
        self._commands.extend((port, command) for command in commands)

    def afterwards(self, function: Callable[..., object], *arguments: Any) -> None:
        """Do something when this turn's facts and records are written and its commands are out: for what leaves by no plane."""
        self._leaving.append((function, arguments))

    def fact(self, fact: Fact) -> None:
        """A fact of this turn."""
        self._facts.append(fact)

    def touch(self, line: Line) -> None:
        """The line's leg changed: write its record at the end of the turn."""
        self._touched[line.port] = line

    # The turn itself.

    def _run(self) -> None:
        if self._running:
            return
        self._running = True
        queue = self._queue
        try:
            while queue:
                self._turn()
                self._commit()  # what leaves may bring something back at once
        finally:
            self._running = False

    def _turn(self) -> None:
        queue = self._queue
        while queue:
            line, value, now = queue.popleft()
            self.now = now
            try:
                if line is None:
                    value[0](*value[1])
                else:
                    self._take(line, line.engine.receive(value, now), now)
            except Exception:
                self._fault(line, now, value)

    def _take(self, line: Line, outputs: Iterable[Any], now: float) -> None:
        for output in outputs:
            if type(output) is Noted:
                line.note(now, output.text)
            elif isinstance(output, MediaCommand):
                self._commands.append((line.port, output))
            elif isinstance(output, Primitive):
                if self._control is not None:
                    self._control.receive(line, output, now)
            elif isinstance(output, Unexpected):
                line.unexpected += 1
                self.counters[f"unexpected {output.state} {output.event}"] += 1
                line.note(now, f"?? unexpected {output.event} in {output.state}")
            elif isinstance(output, Malformed):
                self.counters["malformed"] += 1
                line.note(now, f"?? malformed {output.what}")
        if line.held and (line.leg is None or line.engine.speech):
            # With its leg gone nobody wants them any more, and the engine has made the line silent.
            if line.leg is not None:
                self._commands.extend((line.port, command) for command in line.held)
            line.held = []
        if line.leg is not None:
            tag = line.engine.tag
            if tag != line.tag:
                line.tag = tag
                self._touched[line.port] = line
        due = line.engine.deadline()
        if due is not None and (line.wake is None or due < line.wake):
            if line.wake_call is not None:
                line.wake_call.cancel()
            line.wake = due
            line.wake_call = self.clock.callLater(max(0.0, due - self.clock.seconds()), self._wake, line)

    def _wake(self, line: Line) -> None:
        """The engine's deadline as it was when the call was made; it may have moved since, which costs nothing."""
        line.wake = None
        line.wake_call = None
        due = line.engine.deadline()
        if due is None:
            return
        now = self.clock.seconds()
        if due > now + 1e-9:
            line.wake = due
            line.wake_call = self.clock.callLater(due - now, self._wake, line)
            return
        self.turn(self._expire, line, due)

    def _expire(self, line: Line, due: float) -> None:
        """Time is that of the timer, not of the moment at which we came to it."""
        self.now = due
        try:
            self._take(line, line.engine.expire(due), due)
        except Exception:
            self._fault(line, due, "its deadline")
            self._pause(line, due)

    def _pause(self, line: Line, due: float) -> None:
        """The work of a deadline has failed: where that does not go away it is tried again later, and not at once for ever."""
        again, self._failed_at[line.port] = self._failed_at.get(line.port) == due, due
        if again and line.wake is not None and line.wake <= due:
            line.wake_call.cancel()
            line.wake = self.clock.seconds() + FAULT_PAUSE_S
            line.wake_call = self.clock.callLater(FAULT_PAUSE_S, self._wake, line)

    def _fault(self, line: Line | None, now: float, given: Any = None, cure: Primitive = CLEARED) -> str:
        text = traceback.format_exc()
        last = text.strip().splitlines()[-1]
        if given is not None:
            text += f"given: {shown(given)}\n"
        self.counters["fault"] += 1
        self.faults.append(text)
        del self.faults[:-100]
        if self.on_fault is not None:
            # A disk that is full must not make a second fault of the first.
            with contextlib.suppress(Exception):
                self.on_fault(text)
        if line is None:
            return last
        line.note(now, "!! internal fault: " + last)
        self._let_go(line, now, cure)
        return last

    def _let_go(self, line: Line, now: float, cure: Primitive) -> None:
        """End the call on a line; where even the cure fails its engine begins anew."""
        try:
            try:
                outputs = line.engine.receive(cure, now)
            except Exception:
                self._fault(None, now, cure)
                outputs = line.engine.start(now)
            self._take(line, outputs, now)
            if self._control is not None:
                self._control.fault(line, now)
        except Exception:
            self._fault(None, now, f"the end of the call on {line.name}")

    def _commit(self) -> None:
        """Facts and leg records first, as one step that is made whole or not at all; then the commands.

        Whoever takes over after a death in here finds the lines as they stand and the records of the last whole turn (pbx/recovery.py).
        """
        touched, self._touched = self._touched, {}
        facts, self._facts = self._facts, []
        commands, self._commands = self._commands, []
        leaving, self._leaving = self._leaving, []
        if facts or touched:
            self.plane.begin_turn()
            for fact in facts:
                self._append(fact)
            if self._records is not None:
                for port, line in touched.items():
                    self.plane.write_leg_record(port, self._records.leg_record(line))
            self.plane.end_turn()
        send = self.plane.send
        for port, command in commands:
            send(port, command)
        for function, arguments in leaving:
            function(*arguments)
