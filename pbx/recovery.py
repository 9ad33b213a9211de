"""Recovery: a new control takes over the calls of one that died, from leg records and from what stands on the lines.

The plane has gone on meanwhile: edges, mixes, prompts, recorders. Facts and leg records of a turn were written in one step (pbx/floor.py,
``_commit``), so the records are those of the last whole turn and agree with the journal; commands of that turn may be missing, so every
port is given what it should hear and send. Each answered leg is rebuilt from its record and each engine is given the levels of its line;
what was in transition is cleared, with its fact, cause 41. Conversations go on, a queued caller keeps place and music, a caller in
a flow resumes at the last step, an agent being rung is let go and the call offered anew. All of it may be interrupted by another death: the
dead are buried call by call, the living adopted in one turn. Leaves out how control came to die.
"""

from collections.abc import Callable

import msgspec

from pbx.call import CONNECTED, HELD, Leg, LegRecord
from pbx.leg_records import LOCAL
from pbx.line import TRUNK, Line
from pbx.media import Plane
from pbx.switch import Switch
from pbx.vocabulary import facts
from pbx.vocabulary.call import TEMPORARY_FAILURE, Blocked, MessageWaiting
from pbx.vocabulary.media import (
    PLAYER,
    RECEIVE_CONTINUITY,
    RECEIVE_DTMF,
    RECEIVE_FAX,
    RECEIVE_MFC_BACKWARD,
    RECEIVE_MFC_FORWARD,
    RECEIVE_PROGRESS,
    CancelEcho,
    Disarm,
    Hear,
    LineTest,
    MediaCommand,
    Record,
    Silence,
    StopRecord,
    Tag,
    Unhear,
    Unlisten,
)

SIGNAL_RECEIVERS = RECEIVE_MFC_FORWARD | RECEIVE_MFC_BACKWARD | RECEIVE_PROGRESS | RECEIVE_FAX
SECOND = " second"
"""Behind the name of a line: the leg that waited or was held there beside the other (pbx/call_waiting.py)."""
ALL_RECEIVERS = RECEIVE_DTMF | RECEIVE_CONTINUITY | SIGNAL_RECEIVERS
QUIET: tuple[MediaCommand, ...] = (
    *(Disarm(), Silence(), Unhear(-1), Unlisten(ALL_RECEIVERS), StopRecord(-1), Tag(0)),
    *(CancelEcho(0), LineTest(sends=False, receives=False)),
)


def recover(
    switch: Switch,
    plane: Plane,
    epoch: int,
    now: float,
    configure: Callable[[Line], None],
    begin: Callable[[], object] = lambda: None,
) -> int:
    """Take over; returns how many legs live on. ``configure`` tells the plane what stands on a port.

    ``begin`` brings into service what works lines and is none itself, in the turn of the living: what it says of lines (that their far
    point cannot be reached) must not come before their legs stand again, or their records would be overwritten.
    """
    records: dict[str, LegRecord] = {}
    for line in switch.lines.values():
        octets = plane.read_leg_record(line.port)
        try:
            if octets:
                record = records[line.name] = msgspec.msgpack.decode(octets, type=LegRecord)
                line.messages, line.alarm = record.messages, record.alarm
                if record.blocked:
                    line.blocked.add(LOCAL)
                if record.second is not None:
                    records[line.name + SECOND] = record.second
        except msgspec.DecodeError:
            switch.floor.counters["fault: leg record that cannot be read"] += 1
        configure(line)
    rescue = _Rescue(switch, plane, records, now)
    for call in rescue.dead_calls():
        switch.floor.turn(rescue.bury, call)
    switch.floor.turn(rescue.take_over, epoch, begin)
    return rescue.adopted


class _Rescue:
    """The steps of one recovery."""

    def __init__(self, switch: Switch, plane: Plane, records: dict[str, LegRecord], now: float) -> None:
        self.switch = switch
        self.floor = switch.floor
        self.plane = plane
        self.now = now
        self.records = records
        self.living = {name: record for name, record in records.items() if self._lives(record)}
        self.legs: dict[str, Leg] = {}
        self.adopted = 0
        self.blocked = {name for name, record in records.items() if record.blocked}
        switch.records.seats = {name: record for name, record in records.items() if record.seated}

    def _lives(self, record: LegRecord) -> bool:
        return bool(record.call and record.tag) and record.established_at is not None

    def dead_calls(self) -> list[str]:
        """Calls of which some leg does not live on."""
        return list(dict.fromkeys(r.call for name, r in self.records.items() if r.call and name not in self.living))

    # The dead.

    def bury(self, call: str) -> None:
        """State the end of every leg of the call that does not live on, and of the call when none does."""
        rows = [record for name, record in self.records.items() if record.call == call and name not in self.living]
        caller = next((record for record in self.living.values() if record.call == call and record.incoming), None)
        for record in rows:
            self._bury_leg(record, caller)
        if not any(record.call == call for record in self.living.values()):
            cause = next((record.cause for record in rows if record.cause), TEMPORARY_FAILURE)
            self.floor.fact(facts.CallCleared(self.now, call, cause=cause))

    def _bury_leg(self, record: LegRecord, caller: LegRecord | None) -> None:
        place = (self.now, record.call, record.number, record.line)
        offered = bool(record.agent and caller and caller.queue and record.begun)
        if record.recorder >= 0:
            self.floor.fact(facts.RecordingStopped(*place, recording=record.recording, recorder=record.recorder))
        if offered:
            self.floor.fact(facts.Diverted(*place, reason="restart", agent=record.agent))
        if record.queue and record.incoming:
            waited = self.now - record.joined_at
            self.floor.fact(facts.Dequeued(*place, queue=record.queue, reason="abandoned", waited=waited))
        if record.begun:
            self.floor.fact(facts.ConnectionCleared(*place, cause=record.cause or TEMPORARY_FAILURE))
        if offered and caller is not None:
            self.floor.fact(
                facts.Queued(self.now, caller.call, caller.number, caller.line, queue=caller.queue, position=1, front=True)
            )
        self.floor.touch(self.switch.lines[record.line])

    # The living.

    def take_over(self, epoch: int, begin: Callable[[], object]) -> None:
        """One turn: legs, queues and agents as they were, then the engines, which say who left meanwhile, then the flows."""
        begin()
        for line in self.switch.lines.values():
            self._prepare(line)
        self._reunite()
        for name, leg in self.legs.items():
            if leg is leg.line.leg:
                self._restore_sound(leg, self.living[name])
        self._seat_agents()
        for line in self.switch.lines.values():
            record = self.living.get(line.name)
            tag, levels = record.tag if record is not None else "", self.plane.levels(line.port)
            self.floor.guard(line, self.floor.resume, line, tag, levels, self.now)
            if line.name in self.blocked:
                self.floor.to_line(line, Blocked(LOCAL))
            if line.messages:
                self.floor.to_line(line, MessageWaiting(line.messages))
        self.floor.fact(facts.ControlStarted(self.now, epoch, len(self.legs)))
        self.adopted = len(self.legs)
        for name, leg in self.legs.items():
            self.floor.guard(leg.line, self._go_on, leg, self.living[name])

    def _prepare(self, line: Line) -> None:
        """Rebuild the leg that lives on the line; quieten the line without one."""
        record = self.living.get(line.name)
        line.idle = False
        if record is None:
            self.floor.directly(line.port, QUIET)
        else:
            self._adopt(line.name, record, line, second=False)
        second = self.living.get(line.name + SECOND)
        if second is not None:
            self._adopt(line.name + SECOND, second, line, second=True)

    def _adopt(self, name: str, record: LegRecord, line: Line, second: bool) -> None:
        self.legs[name] = self.switch.records.adopt(record, line, second)
        self.floor.fact(facts.Adopted(self.now, record.call, record.number, record.line))
        self.floor.touch(line)

    def _reunite(self) -> None:
        """Conversations, and queues in the order in which their callers came."""
        waiting: list[tuple[int, Leg, LegRecord]] = []
        for name, leg in self.legs.items():
            record = self.living[name]
            peer = leg.call.legs.get(record.peer)
            if peer is not None and leg.call.talking is None:
                leg.call.talking = (leg, peer)
                if HELD not in (leg.state, peer.state):
                    leg.state = peer.state = CONNECTED
            elif peer is None and record.incoming and record.queue in self.switch.distributor.queues:
                waiting.append((record.arrival, leg, record))
        for _, leg, record in sorted(waiting, key=lambda row: row[0]):
            self.switch.distribution.adopt_waiting(leg, record)

    def _restore_sound(self, leg: Leg, record: LegRecord) -> None:
        """The port hears what it should, and nothing that commands which never left would have taken away."""
        wanted = self._wanted(leg)
        found = {edge.source for edge in self.plane.edges(leg.line.port)}
        receivers = ALL_RECEIVERS if leg.line.kind == TRUNK else SIGNAL_RECEIVERS
        commands: list[MediaCommand] = [Disarm(), Silence(), Unlisten(receivers), Tag(leg.number)]
        commands += [Unhear(source) for source in sorted(found - wanted)]
        commands += [Hear(source) for source in sorted(wanted - found)]
        # A recorder that runs goes on: the plane refuses to start it twice.
        commands.append(Record(record.recorder) if record.recorder >= 0 else StopRecord(-1))
        # A canceller that works keeps what it has learned of the line; a command anew would make it forget.
        echo = self.plane.echo(leg.line.port)
        if leg.line.echo_tail_ms != (echo.tail_ms if echo is not None else 0):
            commands.append(CancelEcho(leg.line.echo_tail_ms))
        leg.hears = wanted
        self.floor.directly(leg.line.port, commands)

    def _wanted(self, leg: Leg) -> set[int]:
        talking = leg.call.talking
        if talking is None or leg not in talking:
            return self.switch.distribution.source_for(leg.queue) if leg.queue else set()
        if leg.state == HELD:
            return {PLAYER + self.switch.settings.hold_player} if self.switch.settings.hold_player >= 0 else set()
        peer = talking[1] if talking[0] is leg else talking[0]
        return set() if peer.state == HELD else {peer.line.port}

    def _seat_agents(self) -> None:
        """Agents sit where they sat, in the order in which they came into their states."""
        seats, self.switch.records.seats = self.switch.records.seats, {}
        for record in sorted(seats.values(), key=lambda record: record.seated_since):
            line = self.switch.lines[record.line]
            leg = self.legs.get(record.line)
            talks = leg is not None and leg.agent == record.seated and leg.call.talking is not None
            self.switch.distribution.adopt_agent(record, talks)
            self.floor.touch(line)

    def _go_on(self, leg: Leg, record: LegRecord) -> None:
        """A caller in a flow resumes; a leg whose call has lost its sense is cleared."""
        if leg.clearing or leg not in (leg.line.leg, leg.line.second) or leg.queue or leg.call.talking is not None:
            return
        if record.flow in self.switch.service.flows:
            self.switch.service.begin(leg, record.flow, record.step, record.variables)
        else:
            self.switch.clear_leg(leg, TEMPORARY_FAILURE)
