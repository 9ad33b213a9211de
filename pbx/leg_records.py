"""Leg records: what of each leg, and of the agent at each line, is kept in the arena for a control to come.

The floor asks for them at the end of each turn (pbx/floor.py, ``_commit``). A leg that ends in the turn leaves a last record which
says the sequence numbers of the facts that tell its end; when those facts are written the record goes. Read by pbx/recovery.py.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from pbx.call import INITIATED, Call, Leg, LegRecord
from pbx.line import Line
from pbx.vocabulary import facts

if TYPE_CHECKING:
    from pbx.switch import Switch


class LegRecords:
    """The records of one switch."""

    def __init__(self, switch: "Switch") -> None:
        self._switch = switch
        self._gone: dict[str, LegRecord] = {}

    def ended(self, line: Line) -> None:
        """The line's leg ends in this turn; it is still there."""
        record = self._record_of(line)
        assert record is not None
        self._gone[line.name] = record

    def number_facts(self, written: Sequence[facts.Fact], last: int) -> None:
        """Note which sequence numbers the facts of this turn will have, for the leg records."""
        for sequence, fact in enumerate(written, last + 1):
            if not isinstance(fact, facts.CallFact):
                continue
            call = self._switch.calls.get(fact.call)
            leg = call.legs.get(fact.leg) if call is not None else None
            if leg is not None:
                leg.first = leg.first or sequence
                if isinstance(fact, facts.Established):
                    leg.established = sequence
            elif isinstance(fact, facts.ConnectionCleared):
                self._number_gone(fact.line, cleared=sequence)
            elif isinstance(fact, facts.CallCleared):
                for name, record in self._gone.items():
                    if record.call == fact.call:
                        self._number_gone(name, call_cleared=sequence)

    def _number_gone(self, line: str, **numbers: int) -> None:
        record = self._gone.get(line)
        if record is not None:
            self._gone[line] = msgspec.structs.replace(record, **numbers)

    def take_gone(self) -> Sequence[Line]:
        """Lines whose legs ended in this turn."""
        gone, self._gone = self._gone, {}
        return [self._switch.lines[name] for name in gone]

    def leg_record(self, line: Line) -> bytes:
        """The leg, or what was the leg until this turn, and the agent at the line, as the arena keeps them."""
        record = self._gone.get(line.name) or self._record_of(line)
        return msgspec.msgpack.encode(record) if record is not None else b""

    def _record_of(self, line: Line) -> LegRecord | None:
        leg: Leg | None = line.leg
        agent = self._switch.distributor.agent_at(line.name)
        seat = (agent.number, agent.state, agent.reason) if agent is not None else ("", "", "")
        if leg is None:
            return LegRecord(line.name, seated=seat[0], seated_state=seat[1], seated_reason=seat[2]) if agent is not None else None
        talking = leg.call.talking
        peer = 0
        if talking is not None and leg in talking:
            peer = (talking[1] if talking[0] is leg else talking[0]).number
        waiting = self._switch.distribution.waiting(leg)
        return LegRecord(
            line=line.name,
            call=leg.call.name,
            number=leg.number,
            incoming=leg.incoming,
            state=leg.state,
            tag=line.engine.tag if not leg.clearing else "",
            called=leg.called,
            calling=leg.calling,
            group=leg.group,
            agent=leg.agent,
            started_at=leg.started_at,
            established_at=leg.established_at,
            peer=peer,
            queue=waiting.queue if waiting else leg.served,
            priority=leg.call.priority,
            joined_at=waiting.joined_at if waiting else 0.0,
            flow=leg.run.flow.called if leg.run is not None else "",
            step=leg.run.step if leg.run is not None else "",
            variables=dict(leg.run.variables) if leg.run is not None else {},
            recorder=leg.recorder,
            recording=leg.recording,
            first=leg.first,
            established=leg.established,
            cause=leg.cause,
            seated=seat[0],
            seated_state=seat[1],
            seated_reason=seat[2],
        )

    def adopt(self, record: LegRecord, line: Line) -> Leg:
        """Rebuild a leg, and its call when it is the first of it."""
        call = self._switch.calls.get(record.call)
        if call is None:
            call = self._switch.calls[record.call] = Call(record.call, record.started_at)
            call.priority = record.priority
        leg = call.add(line, record.incoming, record.started_at, record.number)
        leg.state = record.state if record.established_at is not None else INITIATED
        leg.called, leg.calling, leg.group, leg.agent = record.called, record.calling, record.group, record.agent
        leg.established_at = record.established_at
        leg.recording = record.recording
        leg.first, leg.established = record.first, record.established
        if record.recorder >= 0:
            self._switch.adopt_recorder(leg, record.recorder)
        line.idle = False
        return leg
