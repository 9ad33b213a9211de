"""A line: a port of the media plane, the signalling engine that works it, and a name (``e1-2/17``); a CSTA device.

The line remembers what people ask of it: whether it may be seized, what it was last seen doing, the notes of the trace since
its last idle state. Leaves out everything about calls: the leg it carries is a reference and no more.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from pbx.engine import Engine

TRUNK = "trunk"
EXTENSION = "extension"
HISTORY = 50
MOST_NOTES = 1000
"""Kept of one call, or of a line at rest: a peer that never tires fills no memory; own choice."""
LEFT_OUT = "-- notes are left out here"


class Line:
    """Port + engine + name. ``leg`` belongs to call control; ``wake`` and ``held`` (orders that wait for a speech path) to the floor.

    ``echo_tail_ms``: the echo that calls over it have cancelled; 0 = none. ``second``: the leg that waits or is held there beside ``leg``
    (pbx/call_waiting.py); ``call_waiting``: whether there may be one. ``messages``: how many wait for its subscriber. ``alarm``: why the
    line was taken out of use by itself (pbx/circuit_watch.py)."""

    __slots__ = (
        "alarm",
        "blocked",
        "call_waiting",
        "echo_tail_ms",
        "engine",
        "group",
        "held",
        "history",
        "idle",
        "idle_since",
        "kind",
        "leg",
        "messages",
        "name",
        "notes",
        "number",
        "observer",
        "port",
        "port_kind",
        "second",
        "seizures",
        "tag",
        "title",
        "unexpected",
        "variant",
        "wake",
        "wake_call",
    )

    def __init__(
        self,
        name: str,
        port: int,
        engine: Engine,
        kind: str,
        number: str = "",
        group: str = "",
        echo_tail_ms: int = 0,
        port_kind: str = "cas",
    ) -> None:
        """``port_kind``: what stands on the port, as ``Plane.configure_port`` names it."""
        self.name = name
        self.port = port
        self.port_kind = port_kind
        self.engine = engine
        self.kind = kind
        self.number = number
        self.group = group
        self.echo_tail_ms = echo_tail_ms
        self.leg: Any = None
        self.second: Any = None
        self.title = ""
        """The subscriber's name, as it is shown to whom he calls."""
        self.variant = ""
        """Of trunk circuits: the national variant by which categories of callers are meant."""
        self.call_waiting = False
        self.messages = 0
        self.held: list[Any] = []
        self.alarm = ""
        self.idle = True
        self.idle_since = 0.0
        self.blocked: set[str] = set()
        self.notes: list[tuple[float, str, str]] = []
        self.history: deque[tuple[float, str]] = deque(maxlen=HISTORY)
        self.observer: Callable[[float, str, str], None] | None = None
        self.seizures = 0
        self.tag = ""
        self.unexpected = 0
        self.wake: float | None = None
        self.wake_call: Any = None

    def note(self, now: float, text: str) -> None:
        """One line of the trace."""
        notes = self.notes
        notes.append((now, self.name, text))
        if len(notes) > MOST_NOTES:
            notes[MOST_NOTES // 2 : MOST_NOTES * 3 // 4] = [(now, self.name, LEFT_OUT)]
        self.history.append((now, text))
        if self.observer is not None:
            self.observer(now, self.name, text)

    def take_notes(self) -> list[tuple[float, str, str]]:
        """The notes so far; the line starts a new page."""
        notes, self.notes = self.notes, []
        return notes

    @property
    def available(self) -> bool:
        """Whether a call may be placed on it."""
        return self.idle and not self.blocked and self.leg is None and self.second is None

    def __repr__(self) -> str:
        return f"<{self.name} {self.engine.state}{' blocked' if self.blocked else ''}>"
