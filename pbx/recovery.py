"""Recovery: a new control takes over the calls of one that died, from leg records and from what stands on the lines.

The plane has gone on meanwhile: edges, mixes, prompts, recorders. Here each answered leg is rebuilt from its record and each engine is
given the levels of its line; what was in transition is cleared, with its fact, cause 41. The journal's last sequence number
tells which facts of the last turn were written before control died: none is lost and none is doubled (pbx/floor.py, ``_commit``).
Conversations go on, a queued caller keeps place and music, a caller in a flow resumes at the last step, an agent being rung is let go
and the
call offered anew. Leaves out how control came to die.
"""

from collections.abc import Callable, Mapping

import msgspec

from pbx import bridge
from pbx.acd.agent import BUSY, READY
from pbx.call import CONNECTED, HELD, Leg, LegRecord
from pbx.engine import Levels
from pbx.line import Line
from pbx.media import Plane
from pbx.switch import Switch
from pbx.vocabulary import facts
from pbx.vocabulary.call import TEMPORARY_FAILURE
from pbx.vocabulary.media import (
    RECEIVE_DTMF,
    RECEIVE_MFC_BACKWARD,
    RECEIVE_MFC_FORWARD,
    RECEIVE_PROGRESS,
    Disarm,
    Silence,
    StopRecord,
    Tag,
    Unhear,
    Unlisten,
)

ALL_RECEIVERS = RECEIVE_DTMF | RECEIVE_MFC_FORWARD | RECEIVE_MFC_BACKWARD | RECEIVE_PROGRESS
QUIET = (Disarm(), Silence(), Unhear(-1), Unlisten(ALL_RECEIVERS), Tag(0))


def recover(switch: Switch, plane: Plane, epoch: int, now: float, configure: Callable[[Line], None]) -> int:
    """Take over; returns how many legs live on. ``configure`` tells the plane what stands on a port."""
    records: dict[str, LegRecord] = {}
    for line in switch.lines.values():
        octets = plane.read_leg_record(line.port)
        if octets:
            records[line.name] = msgspec.msgpack.decode(octets, type=LegRecord)
    rescue = _Rescue(switch, plane, records, now)
    switch.floor.turn(rescue.bury)
    switch.floor.turn(rescue.adopt)
    for line in switch.lines.values():
        configure(line)
    switch.floor.turn(rescue.resume)
    switch.floor.turn(rescue.seat_agents)
    switch.floor.turn(rescue.reunite)
    adopted = len(rescue.legs)
    switch.floor.turn(switch.floor.fact, facts.ControlStarted(now, epoch, adopted))
    return adopted


class _Rescue:
    """The steps of one recovery, each a turn of the floor."""

    def __init__(self, switch: Switch, plane: Plane, records: Mapping[str, LegRecord], now: float) -> None:
        self.switch = switch
        self.floor = switch.floor
        self.plane = plane
        self.now = now
        self.records = records
        self.living = {name: record for name, record in records.items() if self._lives(record)}
        self.legs: dict[str, Leg] = {}
        self._last = plane.journal_sequence

    @staticmethod
    def _lives(record: LegRecord) -> bool:
        return bool(record.call) and not record.cleared and bool(record.tag) and record.established_at is not None

    def bury(self) -> None:
        """State the end of every leg and call that does not live on, unless that was written already; keep the agents."""
        living_calls = {record.call for record in self.living.values()}
        ended_calls: dict[str, bool] = {}
        for name, record in self.records.items():
            if not record.call or name in self.living:
                continue
            self._bury_leg(record)
            ended_calls[record.call] = ended_calls.get(record.call, False) or 0 < record.call_cleared <= self._last
        for call, told in ended_calls.items():
            if call not in living_calls and not told:
                self.floor.fact(facts.CallCleared(self.now, call, cause=TEMPORARY_FAILURE))
        for name in self.records:
            self.floor.touch(self.switch.lines[name])

    def _bury_leg(self, record: LegRecord) -> None:
        line = self.switch.lines[record.line]
        if record.recorder >= 0:
            self.floor.orders([(line.port, StopRecord(record.recorder))])
            self.floor.fact(
                facts.RecordingStopped(
                    self.now, record.call, record.number, record.line, recording=record.recording, recorder=record.recorder
                )
            )
        begun = 0 < record.first <= self._last
        if begun and not 0 < record.cleared <= self._last:
            cause = record.cause or TEMPORARY_FAILURE
            self.floor.fact(facts.ConnectionCleared(self.now, record.call, record.number, record.line, cause=cause))

    def adopt(self) -> None:
        """Rebuild the legs that live; quieten every other line."""
        for line in self.switch.lines.values():
            record = self.living.get(line.name)
            line.idle = False
            if record is None:
                self.floor.orders([(line.port, command) for command in QUIET])
                continue
            leg = self.switch.records.adopt(record, line)
            leg.hears = {edge.source for edge in self.plane.edges(line.port)}
            # A prompt or tone may be sounding: the first silence must reach it.
            leg.sounding = True
            self.legs[line.name] = leg
            if record.established > self._last:
                self.floor.fact(
                    facts.Established(
                        self.now, record.call, record.number, record.line, record.called, record.calling, record.agent
                    )
                )
            self.floor.fact(facts.Adopted(self.now, record.call, record.number, record.line))
            self.floor.touch(line)

    def resume(self) -> None:
        """Give each engine what stands on its line; legs whose party left meanwhile are released here."""
        for line in self.switch.lines.values():
            record = self.living.get(line.name)
            levels: Levels = self.plane.levels(line.port)
            self.floor.resume(line, record.tag if record is not None else "", levels, self.now)

    def seat_agents(self) -> None:
        """Agents sit where they sat; one who was only being rung is ready again."""
        for record in self.records.values():
            if not record.seated:
                continue
            line = self.switch.lines[record.line]
            leg = self.legs.get(record.line)
            talks = leg is not None and leg.agent == record.seated and not leg.clearing and line.leg is leg
            state = record.seated_state
            if state == BUSY and not talks:
                state = READY
            call = record.call if talks else ""
            self.switch.distribution.adopt_agent(record.seated, line, state, record.seated_reason, call)

    def reunite(self) -> None:
        """Conversations, queues and flows go on; a leg whose call has lost its sense is cleared."""
        queued: list[tuple[int, float, Leg, LegRecord]] = []
        for name, leg in self.legs.items():
            record = self.living[name]
            if leg.clearing or leg.line.leg is not leg or leg.call.talking is not None:
                continue
            peer = leg.call.legs.get(record.peer)
            if record.peer and peer is not None and not peer.clearing:
                self._reunite(leg, peer)
            elif record.queue and record.incoming:
                queued.append((-record.priority, record.joined_at, leg, record))
            elif record.flow:
                self.floor.orders(bridge.silence(leg))
                self.switch.service.begin(leg, record.flow, record.step, record.variables)
            else:
                self.switch.clear_leg(leg, TEMPORARY_FAILURE)
        for _, joined_at, leg, record in sorted(queued, key=lambda row: row[:2]):
            leg.sounding = False
            self.switch.distribution.adopt_waiting(leg, record.queue, joined_at)

    def _reunite(self, leg: Leg, peer: Leg) -> None:
        leg.call.talking = (leg, peer)
        leg.sounding = peer.sounding = False
        if HELD not in (leg.state, peer.state):
            leg.state = peer.state = CONNECTED
            self.floor.orders([*bridge.hear(leg, peer.line.port), *bridge.hear(peer, leg.line.port)])
        for one in (leg, peer):
            one.served = self.living[one.line.name].queue
            self.floor.touch(one.line)
