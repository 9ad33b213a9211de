"""The handover: what one arena leaves to the next, so that calls on lines that were held go on over a restart of the whole program.

``leave`` gathers it at the end of a control, or out of the arena of processes that died: leg records, facts that the store has not, how far
each recorder was read, who hears whom, the time, the numbering. It is a file of its own form, by the names of lines, so that the next
program may have another layout of arenas, other ports, another configuration. ``settle`` puts it into the new arena, as the record of a
control that has just died: pbx/recovery.py does the rest. A call on a line that was not held ends there with cause 41; so does one whose
record is of a version that this program does not know, and one whose line is not configured any more. Leaves out who calls it when
(pbx/supervisor.py, pbx/control_process.py), and the descriptors (pbx/line_keeper.py).
"""

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from pbx.call import LegRecord
from pbx.leg_records import RECORD_VERSION
from pbx.media import TICK_SAMPLES, Layout, Plane
from pbx.vocabulary import facts
from pbx.vocabulary.call import TEMPORARY_FAILURE
from pbx.vocabulary.media import Hear

FORM = 1
"""Of the file. Fields may be added; whoever changes the meaning of one raises the number, and such a file is not read."""
JOURNAL_BATCH = 1000


class End(msgspec.Struct, frozen=True, array_like=True):
    """What must be known of a leg to state its end, whatever its record holds."""

    call: str
    number: int
    begun: bool


class LeftLine(msgspec.Struct, frozen=True):
    """The record of one line, and the ends of its legs if nobody can read it."""

    line: str
    version: int
    octets: bytes
    ends: list[End]
    polarity_reversed: bool = False


class LeftEdge(msgspec.Struct, frozen=True):
    """A line heard another."""

    listener: str
    source: str
    gain_db: float


class Handover(msgspec.Struct, frozen=True):
    """All of it."""

    form: int
    ring: str
    """The name that the store has for the journal ring: the new one goes on under it."""
    clock_zero_s: float
    """When tick 0 was due, by CLOCK_MONOTONIC: time goes on through whatever lies between the planes."""
    epoch: int
    sequence: int
    """Of the last fact."""
    lines: list[LeftLine]
    facts: list[tuple[int, bytes]] = []
    """Those that the store does not have yet."""
    edges: list[LeftEdge] = []
    recorders: dict[int, int] = {}
    """Up to which sample the sound of each that was at work has been read."""


class Settled(msgspec.Struct, frozen=True):
    """What became of the calls."""

    calls: int
    """That go on."""
    ended: int
    """That could not be kept, or were not answered yet."""


def leave(plane: Plane, ring: str, ports: Mapping[str, int]) -> Handover:
    """Gather it; ``ports`` has the port of each line."""
    lines: list[LeftLine] = []
    recorders: dict[int, int] = {}
    now = plane.ticks * TICK_SAMPLES
    for name, port in ports.items():
        octets = plane.read_leg_record(port)
        record = _decoded(octets)
        if not octets or record is None:
            continue
        legs = [leg for leg in (record, record.second) if leg is not None and leg.call]
        ends = [End(leg.call, leg.number, leg.begun) for leg in legs]
        lines.append(LeftLine(name, RECORD_VERSION, octets, ends, plane.levels(port).polarity_reversed))
        recorders |= {leg.recorder: now - plane.recorder_waiting(leg.recorder) for leg in legs if leg.recorder >= 0}
    return Handover(
        FORM,
        ring,
        plane.clock_zero_s,
        plane.epoch_there,
        plane.journal_sequence,
        lines,
        _undelivered(plane),
        _edges(plane, ports),
        recorders,
    )


def _decoded(octets: bytes) -> LegRecord | None:
    try:
        return msgspec.msgpack.decode(octets, type=LegRecord) if octets else None
    except msgspec.DecodeError:
        return None


def _undelivered(plane: Plane) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    while batch := plane.journal_read(JOURNAL_BATCH, found[-1][0] if found else 0):
        found += batch
    return found


def _edges(plane: Plane, ports: Mapping[str, int]) -> list[LeftEdge]:
    names = {port: name for name, port in ports.items()}
    return [
        LeftEdge(name, names[edge.source], edge.gain_db)
        for name, port in ports.items()
        for edge in plane.edges(port)
        if edge.source in names and not edge.muted
    ]


def write(path: Path, handover: Handover) -> None:
    """Write it down, whole or not at all."""
    part = path.with_suffix(".part")
    part.write_bytes(msgspec.msgpack.encode(handover))
    part.replace(path)


def read(path: Path) -> Handover | None:
    """What was written down; None when nothing was, or in a form that this program does not know."""
    try:
        found = msgspec.msgpack.decode(path.read_bytes(), type=Handover)
    except (OSError, msgspec.DecodeError):
        return None
    return found if found.form == FORM else None


def settle(plane: Plane, left: Handover, ports: Mapping[str, int], kept: Collection[str], layout: Layout) -> Settled:
    """Put it into a new arena that this process may command; ``kept`` names the lines whose channels were held."""
    for sequence, octets in left.facts:
        plane.journal_continue(sequence - 1)
        plane.journal_append(octets)
    plane.journal_continue(left.sequence)
    for recorder, sample in left.recorders.items():
        if recorder < layout.recorders:
            plane.recorder_continue(recorder, sample)
    records = {line.line: _record(line, line.line in kept, layout) for line in left.lines}
    alive = {leg.call for name, record in records.items() if name in ports for leg in _legs(record) if _lives(leg)}
    for name, record in records.items():
        if name in ports:
            plane.write_leg_record(ports[name], msgspec.msgpack.encode(record))
    _bury_the_lineless(plane, [record for name, record in records.items() if name not in ports], records, ports)
    for edge in left.edges:
        if {edge.listener, edge.source} <= ports.keys() & set(kept):
            plane.send(ports[edge.listener], Hear(ports[edge.source], edge.gain_db))
    return Settled(len(alive), len({leg.call for record in records.values() for leg in _legs(record)} - alive))


def _legs(record: LegRecord) -> list[LegRecord]:
    return [leg for leg in (record, record.second) if leg is not None and leg.call]


def _lives(leg: LegRecord) -> bool:
    return bool(leg.tag) and leg.established_at is not None


def _record(left: LeftLine, kept: bool, layout: Layout) -> LegRecord:
    """The record as recovery shall find it: without a tag, a leg does not live."""
    record = _decoded(left.octets) if left.version == RECORD_VERSION else None
    if record is None:
        unread = [LegRecord(left.line, end.call, end.number, begun=end.begun) for end in left.ends]
        first = unread[0] if unread else LegRecord(left.line)
        return msgspec.structs.replace(first, second=unread[1] if len(unread) > 1 else None)
    second = record.second if record.second is None else _fitting(record.second, kept, layout)
    return msgspec.structs.replace(_fitting(record, kept, layout), second=second)


def _fitting(leg: LegRecord, kept: bool, layout: Layout) -> LegRecord:
    recorder = leg.recorder if leg.recorder < layout.recorders else -1
    return msgspec.structs.replace(leg, tag=leg.tag if kept else "", recorder=recorder)


def _bury_the_lineless(plane: Plane, gone: list[LegRecord], records: Mapping[str, LegRecord], ports: Mapping[str, int]) -> None:
    """State the ends of legs whose lines are not configured any more, for recovery looks at lines."""
    elsewhere = {leg.call for name, record in records.items() if name in ports for leg in _legs(record)}
    for record in gone:
        for leg in _legs(record):
            if leg.begun:
                _state(plane, facts.ConnectionCleared(plane.now, leg.call, leg.number, leg.line, cause=TEMPORARY_FAILURE))
    for call in dict.fromkeys(leg.call for record in gone for leg in _legs(record)):
        if call not in elsewhere:
            _state(plane, facts.CallCleared(plane.now, call, cause=TEMPORARY_FAILURE))


def _state(plane: Plane, fact: facts.Fact) -> None:
    plane.journal_append(facts.encode(fact))
