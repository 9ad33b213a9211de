"""The trace: one call as an engineer reads it, from its facts and the lines that its engines noted.

``steps_of`` merges the facts of a call with its ``Traced`` lines in the order of time; ``text_of`` writes one readable line for each
step: seconds since the first, the line, and the words, where ``<-`` is a signal that came in, ``->`` one that went out, ``==`` a fact
of the switch (CSTA, ECMA-269) and ``??`` a signal that nobody expected. At one and the same moment what came in stands before what
it led to. The text is ASCII and free of wall time, so that it can be compared with a golden file. ``calls_command`` and
``trace_command`` are the commands ``zongji calls`` and ``zongji trace``; they read the store of an exchange, running or not.
"""

import argparse
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pbx import store
from pbx.vocabulary import facts
from pbx.vocabulary.call import CAUSES
from pbx.vocabulary.facts import AgentFact, CallFact, Fact, Traced, decode

DIRECTIONS = {"<-": "in", "->": "out", "==": "fact", "??": "unexpected", "!!": "fault"}
LINE_COLUMN = 8
TONE_END = "off, "
"""How a register notes the end of a tone (pbx/signalling/r2/register.py); behind it stands its length."""


class Step(msgspec.Struct, frozen=True, gc=False):
    """One step of a call: ``at_s`` on the exchange's clock, ``direction`` a value of DIRECTIONS or empty (a note)."""

    at_s: float
    line: str
    direction: str
    text: str
    fact: str = ""
    sequence: int = 0


def cause_text(cause: int) -> str:
    """A Q.850 cause in words: ``16 normal clearing``."""
    return f"{cause} {CAUSES.get(cause, 'cause')}"


def _named(text: str, /, **values: Any) -> str:
    """The text with those values that are there: ``queued (queue sales, position 1)``."""
    shown = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items() if value not in ("", 0, False, None))
    return f"{text} ({shown})" if shown else text


def _clock(span: int) -> str:
    return f"span {span}" if span else "its own crystal"


WORDS: dict[type[Fact], Callable[[Any], str]] = {
    facts.ServiceInitiated: lambda fact: "call begins",
    facts.Originated: lambda fact: _named(f"calls {fact.called or 'nobody'}", calling=fact.calling),
    facts.NumberExtended: lambda fact: f"more digits: {fact.called}",
    facts.NetworkReached: lambda fact: _named("trunk circuit taken", called=fact.called, group=fact.group),
    facts.Delivered: lambda fact: _named("is rung", called=fact.called, calling=fact.calling, agent=fact.agent),
    facts.Established: lambda fact: _named("answered", agent=fact.agent),
    facts.Connected: lambda fact: f"talks with leg {fact.with_leg}",
    facts.Queued: lambda fact: _named("waits again in front" if fact.front else "waits", queue=fact.queue, position=fact.position),
    facts.Dequeued: lambda fact: _named(f"leaves queue {fact.queue}: {fact.reason}", waited=f"{fact.waited:.3f} s", agent=fact.agent),
    facts.Diverted: lambda fact: _named(f"offer withdrawn: {fact.reason}", agent=fact.agent),
    facts.Held: lambda fact: "held, hears music",
    facts.Retrieved: lambda fact: "retrieved",
    facts.FlowStepped: lambda fact: f"flow {fact.flow} step {fact.step}",
    facts.DigitsCollected: lambda fact: f"digits {fact.digits or '(none)'}",
    facts.FaxToneHeard: lambda fact: _named("fax tone heard", tone=fact.tone, flow=fact.flow),
    facts.RecordingStarted: lambda fact: f"recording {fact.recording} begins",
    facts.RecordingStopped: lambda fact: f"recording {fact.recording} ends",
    facts.Suspended: lambda fact: "called party has hung up, may lift again",
    facts.Resumed: lambda fact: "called party has lifted again",
    facts.Charged: lambda fact: f"charged {fact.units} units",
    facts.CallWaited: lambda fact: _named("waits at a line that talks", called=fact.called, calling=fact.calling),
    facts.Failed: lambda fact: f"cannot go on: {cause_text(fact.cause)}",
    facts.ConnectionCleared: lambda fact: f"over: {cause_text(fact.cause)}",
    facts.CallCleared: lambda fact: f"call over: {cause_text(fact.cause)}",
    facts.Adopted: lambda fact: "adopted by a new control",
    facts.TimingSourceChanged: lambda fact: f"span {fact.span} is clocked by {_clock(fact.now)}, no more by {_clock(fact.before)}",
    facts.SpanMaintained: lambda fact: f"{fact.action} of {fact.line or fact.span}: {fact.refused or 'done'}",
}
"""Each fact about a call, and what has words of its own besides, in an engineer's words."""


def words_of(fact: Fact) -> str:
    """A fact in words; every kind has some, also those that are not about a call."""
    words = WORDS.get(type(fact))
    if words is not None:
        return words(fact)
    if isinstance(fact, AgentFact):
        return _named(f"agent {fact.agent}: {type(fact).__name__}", reason=fact.reason)
    fields = {name: value for name, value in msgspec.structs.asdict(fact).items() if name not in ("at", "call", "leg", "line")}
    return _named(type(fact).__name__, **fields)


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii")


def steps_of(story: Iterable[tuple[int, Fact]]) -> list[Step]:
    """The steps of one call (or of several) from (sequence, fact), in the order of time."""
    keyed: list[tuple[tuple[float, int, int, int], Step]] = []
    for sequence, fact in story:
        if isinstance(fact, Traced):
            for index, (at, line, text) in enumerate(fact.lines):
                step = _traced(at, line, text, sequence)
                rank = 0 if step.direction in ("in", "unexpected") else 2
                keyed.append(((round(at, 6), rank, sequence, index), step))
        else:
            line = getattr(fact, "line", "")
            leg = fact.leg if isinstance(fact, CallFact) else 0
            text = f"leg {leg} {words_of(fact)}" if leg and not isinstance(fact, facts.ServiceInitiated) else words_of(fact)
            keyed.append(((round(fact.at, 6), 1, sequence, 0), Step(fact.at, line, "fact", _ascii(text), type(fact).__name__, sequence)))
    keyed.sort(key=lambda pair: pair[0])
    return _with_lengths([step for _, step in keyed])


def _with_lengths(steps: list[Step]) -> list[Step]:
    """The end of a tone is told where it begins, as its length: ``<- I-8 digit 8 (79 ms)``."""
    told: list[Step] = []
    began: dict[str, int] = {}
    for step in steps:
        begin = began.get(step.line)
        if step.direction == "in" and step.text.startswith(TONE_END):
            if begin is not None:
                length = step.text.removeprefix(TONE_END)
                told[begin] = msgspec.structs.replace(told[begin], text=f"{told[begin].text} ({length})")
                del began[step.line]
            continue
        if step.direction == "in" and step.text[:1].isupper():
            # MFC signals have names in capitals: I-8, KA 1, A6.
            began[step.line] = len(told)
        told.append(step)
    return told


def _traced(at: float, line: str, text: str, sequence: int) -> Step:
    mark, _, rest = text.partition(" ")
    if mark in DIRECTIONS and mark != "==":
        return Step(at, line, DIRECTIONS[mark], _ascii(rest), "", sequence)
    return Step(at, line, "", _ascii(text), "", sequence)


MARKS = {direction: mark for mark, direction in DIRECTIONS.items()}


def line_of(step: Step, zero_s: float, width: int = LINE_COLUMN) -> str:
    """One step as one line of text: ``+    0.000  e1-1/1   <- seizure 0011``."""
    # Adding zero turns the minus zero of a rounded tiny difference into a plain one.
    return f"+{round(step.at_s - zero_s, 3) + 0.0:9.3f}  {step.line:<{width}} {MARKS.get(step.direction, '  ')} {step.text}".rstrip()


def text_of(steps: Sequence[Step]) -> str:
    """The trace as text, a line for each step, times relative to the first."""
    if not steps:
        return ""
    width = max(LINE_COLUMN, *(len(step.line) for step in steps))
    return "".join(line_of(step, steps[0].at_s, width) + "\n" for step in steps)


def objects_of(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The trace as JSON objects, one for each step; ``at_ms`` is relative to the first."""
    return [
        {
            "at_ms": round((step.at_s - steps[0].at_s) * 1000, 3) + 0.0,
            "line": step.line,
            "direction": step.direction,
            "text": step.text,
            **({"fact": step.fact} if step.fact else {}),
            "sequence": step.sequence,
        }
        for step in steps
    ]


class LiveTrace:
    """Writes the steps of calls as they happen: subscribe its ``show`` to all facts of calls in a journal.

    Each line begins with the call's name; times are relative to the call's first fact. Lines that engines noted arrive with the
    fact that carries them and may so stand a little after what they led to.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        """``write(text)`` takes one line without its end."""
        self._write = write
        self._zero: dict[str, float] = {}

    def show(self, sequence: int, fact: Fact) -> None:
        """A subscriber of the journal."""
        if not isinstance(fact, CallFact):
            return
        steps = steps_of([(sequence, fact)])
        if steps:
            zero = self._zero.setdefault(fact.call, min(step.at_s for step in steps))
            for step in steps:
                self._write(f"{fact.call:<8} {line_of(step, zero)}")
        if isinstance(fact, facts.CallCleared):
            self._zero.pop(fact.call, None)


def _bounds(connection: sqlite3.Connection, call: str, sequence: int | None = None) -> tuple[int, int]:
    """First sequence number of a call (by default the newest of that name), and that of the next call of the same name."""
    if sequence is None:
        row = connection.execute("SELECT max(sequence) FROM calls WHERE call = ?", (call,)).fetchone()
        sequence = row[0] or 0
    after = connection.execute("SELECT min(sequence) FROM calls WHERE call = ? AND sequence > ?", (call, sequence)).fetchone()
    return sequence, after[0] or sys.maxsize


def story_of(connection: sqlite3.Connection, call: str) -> list[tuple[int, Fact]]:
    """What a store has of the newest call of this name: (sequence, fact), in order; empty when it does not know the call."""
    span = _bounds(connection, call)
    rows = connection.execute(
        "SELECT sequence, octets FROM facts WHERE call = ? AND sequence >= ? AND sequence < ? UNION ALL "
        "SELECT sequence, octets FROM traces WHERE call = ? AND sequence >= ? AND sequence < ? ORDER BY sequence",
        (call, *span, call, *span),
    )
    return [(row[0], decode(row[1])) for row in rows]


def _options(program: str, text: str, example: str) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog=f"zongji {program}", description=text, epilog=f"example: {example}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--data", type=Path, metavar="DIRECTORY", help="data directory of the exchange (default: the newest under var/)")
    options.add_argument("--json", action="store_true", help="one JSON object a line")
    return options


def _opened(data: Path | None) -> sqlite3.Connection:
    """The store asked for; ``StoreError`` says what to do when there is none."""
    directory = data if data is not None else store.newest_data()
    if directory is None:
        raise store.StoreError("no exchange has run here: start one with `zongji demo`, or say where with --data DIRECTORY")
    return store.connect(directory / store.STORE_FILE)


def _complain(program: str, text: str) -> int:
    sys.stderr.write(f"zongji {program}: {text}\n")
    return 1


def trace_command(argv: Sequence[str]) -> int:
    """``zongji trace CALL``: prints the trace of a call; 0, or 1 when there is no such call or store."""
    options = _options("trace", "Print one call, step by step: signals, facts, cause.", "zongji trace 2-8")
    options.add_argument("call", metavar="CALL", help="the call's name, as `zongji calls` shows it; `last` is the newest")
    chosen = options.parse_args(argv)
    try:
        connection = _opened(chosen.data)
        call = chosen.call
        if call == "last":
            newest = connection.execute("SELECT call FROM calls ORDER BY sequence DESC LIMIT 1").fetchone()
            call = newest[0] if newest else call
        steps = steps_of(story_of(connection, call))
    except (store.StoreError, sqlite3.Error) as failure:
        return _complain("trace", str(failure))
    if not steps:
        return _complain("trace", f"there is no call {chosen.call}; `zongji calls` lists those that are known")
    if chosen.json:
        sys.stdout.writelines(json.dumps(row) + "\n" for row in objects_of(steps))
    else:
        sys.stdout.write(text_of(steps))
    return 0


CALL_COLUMNS = ("CALL", "BEGAN", "LINE", "CALLING", "CALLED", "QUEUE", "AGENT", "WAITED", "TALKED", "CAUSE")


def calls_command(argv: Sequence[str]) -> int:
    """``zongji calls``: lists the newest calls and, with --json, their records; 0, or 1 when there is no store."""
    options = _options("calls", "List the newest calls; with --json, each with its call detail records.", "zongji calls --limit 5")
    options.add_argument("--limit", type=int, default=20, metavar="N", help="how many (default 20)")
    options.add_argument("--open", action="store_true", help="only calls that go on now")
    chosen = options.parse_args(argv)
    try:
        connection = _opened(chosen.data)
        only = "WHERE ended_at IS NULL" if chosen.open else ""
        rows = connection.execute(f"SELECT * FROM calls {only} ORDER BY sequence DESC LIMIT ?", (chosen.limit,)).fetchall()[::-1]
        calls = [{**dict(row), "records": records_of(connection, row["call"], row["sequence"])} for row in rows]
    except (store.StoreError, sqlite3.Error) as failure:
        return _complain("calls", str(failure))
    if chosen.json:
        sys.stdout.writelines(json.dumps(call) + "\n" for call in calls)
    else:
        sys.stdout.write(table_of(CALL_COLUMNS, [_call_cells(call) for call in calls]))
    return 0


def records_of(connection: sqlite3.Connection, call: str, sequence: int | None = None) -> list[dict[str, Any]]:
    """The call detail records of a call in a store, each with its segments; ``recordings`` is a list of names.

    ``sequence`` is the call's first, as its row says; by default the newest call of that name is meant.
    """
    records = []
    for row in connection.execute(
        "SELECT * FROM cdr WHERE call = ? AND sequence >= ? AND sequence < ? ORDER BY sequence",
        (call, *_bounds(connection, call, sequence)),
    ).fetchall():
        parts = connection.execute(
            "SELECT kind, started_at, ended_at, with_leg, line, agent, queue, flow FROM segments WHERE sequence = ? ORDER BY number",
            (row["sequence"],),
        )
        recordings = row["recordings"].split(",") if row["recordings"] else []
        records.append({**dict(row), "recordings": recordings, "segments": [dict(part) for part in parts]})
    return records


def _call_cells(call: dict[str, Any]) -> tuple[str, ...]:
    records = call["records"]
    began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(call["started_at"]))
    waited = sum(record["waited_s"] for record in records)
    talked = max((record["duration_s"] for record in records), default=0.0)
    return (
        *(call["call"], began, call["line"], call["calling"], call["called"], call["queue"], call["agent"]),
        *(f"{waited:.1f}" if waited else "", f"{talked:.1f}" if talked else ""),
        cause_text(call["cause"]) if call["ended_at"] is not None else "goes on",
    )


def table_of(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of text with a heading, columns as wide as they must be."""
    widths = [max([len(name), *(len(row[index]) for row in rows)]) for index, name in enumerate(columns)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in (columns, *rows)]
    return "".join(lines)
