"""Leg records: what of each leg, and of the agent at each line, is kept in the arena for a control to come.

The floor asks for them at the end of each turn and writes them together with the facts of the turn as one step (pbx/floor.py,
``_commit``), so records and facts always agree. Read by pbx/recovery.py. A record has room for two legs with long numbers; what does
not fit is left out by rule, for a turn must not fail by it: first the flow, so that the leg is cleared after a restart, then the ends
of texts.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from pbx.call import ALERTING, HELD, INITIATED, Call, Leg, LegRecord
from pbx.line import Line
from pbx.media import LEG_OCTETS

if TYPE_CHECKING:
    from pbx.switch import Switch


RECORD_VERSION = 1
"""Of ``LegRecord`` (pbx/call.py). Fields may be added at its end without a new one; a program that meets another version in a handover ends
the call."""
TEXT_SHORTEST = 40
"""So many octets are left of a number or a reason in a record that would be too long. Names of the configuration are no longer."""
CUT_SHORT = "leg record cut short"
LOCAL = "local"
"""The reason of a block that an operator ordered (pbx/vocabulary/call.py)."""


class LegRecords:
    """The records of one switch."""

    def __init__(self, switch: "Switch") -> None:
        self._switch = switch
        self.seats: dict[str, LegRecord] = {}
        """By line: agents of the control before, until they are seated anew."""

    def leg_record(self, line: Line) -> bytes:
        """The legs, the agent, the operator's block and the messages of the line, as the arena keeps them; empty = none of them."""
        seat = self._seat_of(line)
        if LOCAL in line.blocked:
            seat["blocked"] = True
        if line.messages:
            seat["messages"] = line.messages
        if line.alarm:
            seat["alarm"] = line.alarm
        if line.second is not None:
            seat["second"] = self._record_of(line.second, line, {})
        leg: Leg | None = line.leg
        if leg is None:
            return self._encoded(LegRecord(line.name, **seat)) if seat else b""
        return self._encoded(self._record_of(leg, line, seat))

    def _encoded(self, record: LegRecord) -> bytes:
        octets = msgspec.msgpack.encode(record)
        for shorter in (_without_flow, _with_short_texts):
            if len(octets) <= LEG_OCTETS:
                break
            self._switch.floor.counters[CUT_SHORT] += 1
            record = shorter(record)
            octets = msgspec.msgpack.encode(record)
        return octets

    def _seat_of(self, line: Line) -> dict[str, Any]:
        agent = self._switch.distributor.agent_at(line.name)
        if agent is None:
            old = self.seats.get(line.name)
            return {name: getattr(old, name) for name in LegRecord.__struct_fields__ if name.startswith("seated")} if old else {}
        return {
            "seated": agent.number,
            "seated_state": agent.state,
            "seated_reason": agent.reason,
            "seated_since": agent.since,
            "seated_until": self._switch.distribution.after_call_until(agent.number),
            "seated_not_ready": agent.pending_not_ready,
        }

    @staticmethod
    def _tag_of(leg: Leg, line: Line) -> str:
        if leg is line.second:
            return HELD if leg.answered else ""
        return line.engine.tag if not leg.clearing else ""

    def _record_of(self, leg: Leg, line: Line, seat: dict[str, Any]) -> LegRecord:
        talking = leg.call.talking
        peer = 0
        if talking is not None and leg in talking:
            peer = (talking[1] if talking[0] is leg else talking[0]).number
        waiting = self._switch.distribution.waiting(leg)
        return LegRecord(
            line=line.name,
            call=leg.call.name,
            number=leg.number,
            legs=leg.call.legs_ever,
            incoming=leg.incoming,
            state=leg.state,
            tag=self._tag_of(leg, line),
            called=leg.called,
            calling=leg.calling,
            category=leg.category,
            restricted=leg.restricted,
            group=leg.group,
            agent=leg.agent,
            started_at=leg.started_at,
            established_at=leg.established_at,
            peer=peer,
            queue=waiting.queue if waiting else leg.served,
            priority=leg.call.priority,
            joined_at=waiting.joined_at if waiting else 0.0,
            arrival=waiting.arrival if waiting else 0,
            flow=leg.run.flow.called if leg.run is not None else "",
            step=leg.run.step if leg.run is not None else "",
            variables=dict(leg.run.variables) if leg.run is not None else {},
            recorder=leg.recorder,
            recording=leg.recording,
            begun=leg.incoming or bool(leg.group) or leg.answered or leg.state == ALERTING,
            cause=leg.cause,
            control=leg.control,
            suspended=leg.suspended,
            charge_units=leg.charge_units,
            **seat,
        )

    def adopt(self, record: LegRecord, line: Line, second: bool = False) -> Leg:
        """Rebuild a leg, and its call when it is the first of it; ``second``: it was held beside another one."""
        call = self._switch.calls.get(record.call)
        if call is None:
            call = self._switch.calls[record.call] = Call(record.call, record.started_at)
            call.priority = record.priority
        call.had_legs(record.legs)
        if second:
            leg = call.add_second(line, record.started_at, record.number)
        else:
            leg = call.add(line, record.incoming, record.started_at, record.number)
        leg.state = record.state if record.established_at is not None else INITIATED
        leg.called, leg.calling, leg.group, leg.agent = record.called, record.calling, record.group, record.agent
        leg.category, leg.restricted = record.category, record.restricted
        leg.established_at = record.established_at
        leg.recording = record.recording
        leg.control, leg.suspended, leg.charge_units = record.control, record.suspended, record.charge_units
        leg.served = "" if record.incoming else record.queue
        if record.recorder >= 0:
            self._switch.recorders.adopt(leg, record.recorder)
        line.idle = False
        return leg


def _without_flow(record: LegRecord) -> LegRecord:
    return msgspec.structs.replace(record, flow="", step="", variables={})


def _cut(text: str) -> str:
    return text.encode()[:TEXT_SHORTEST].decode(errors="ignore")


def _with_short_texts(record: LegRecord) -> LegRecord:
    texts = {name: _cut(value) for name in record.__struct_fields__ if isinstance(value := getattr(record, name), str)}
    second = _with_short_texts(_without_flow(record.second)) if record.second is not None else None
    return msgspec.structs.replace(record, **texts, second=second)
