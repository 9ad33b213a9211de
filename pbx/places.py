"""Where a running exchange keeps its things: one folder, the data directory, with everything in it.

``arena`` (shared memory of plane and control), sockets of spans and of the line keeper, ``prompts``, ``recordings``, captures of
``signalling``, the store, keys, the marks by which other commands find a running exchange. Composition layer. Leaves out what is in the
files.
"""

import json
import os
from pathlib import Path

from config.schema import Configuration, Span

RUN = "run"
MARKS = "exchange.json"
RESTARTED = "restarted.json"


def marks_in(path: Path) -> dict[str, object]:
    """The marks in a file, if whoever made them is still there; empty when not."""
    try:
        marks: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
        os.kill(int(str(marks["pid"])), 0)
    except (KeyError, ValueError, OSError):
        return {}
    return marks


class Places:
    """The paths of one exchange."""

    def __init__(self, configuration: Configuration, data: Path | None = None) -> None:
        """``data`` replaces the configuration's data directory, and with it all that lies inside."""
        configured = Path(configuration.exchange.data_directory)
        self.data = (data or configured).absolute()
        self._configured = configured
        self._configuration = configuration
        self.store = self._moved(configuration.exchange.store)
        self.recordings = self._moved(configuration.recording.directory)
        self.signalling = self._moved(configuration.signalling_capture.directory)
        self.prompts = self.data.parent / "prompts"
        self.run = self.data / RUN
        self.arena = self.run / "arena"
        self.network_arena = self.run / "network-arena"
        self.marks = self.run / MARKS
        self.keeper = self.run / "keeper"
        self.handover = self.run / "handover"
        self.restarted = self.run / RESTARTED

    def _moved(self, name: str) -> Path:
        path = Path(name)
        return self.data / path.relative_to(self._configured) if path.is_relative_to(self._configured) else path

    def make(self) -> None:
        """Make the folders; the running part is for this user alone."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.run.mkdir(mode=0o700, exist_ok=True)

    def socket(self, span: Span) -> Path:
        """The outside socket of a span."""
        return self._moved(span.socket)

    def write_marks(self, **marks: object) -> None:
        """Say who runs here."""
        part = self.marks.with_suffix(".part")
        part.write_text(json.dumps(marks), encoding="utf-8")
        part.replace(self.marks)

    def left_marks(self) -> dict[str, object]:
        """Who runs or ran here and had no time to take the marks away; empty when nobody did."""
        try:
            marks: dict[str, object] = json.loads(self.marks.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return marks

    def read_marks(self) -> dict[str, object]:
        """Who runs here; empty when nobody does."""
        return marks_in(self.marks)

    def ring_name(self) -> str:
        """A name that is new whenever the journal is; an arena that goes on with the journal of another has its name (pbx/handover.py)."""
        ring = self.read_marks().get("ring")
        return str(ring) if ring else f"{self.arena.name}-{self.arena.stat().st_ino}-{self.read_marks().get('started', 0)}"

    def first_epoch(self) -> int:
        """The epoch of the first control of a new arena: the plane itself has the one before."""
        return 2
