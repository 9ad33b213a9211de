"""The switch: what happens to calls. Primitives come in from the lines; verbs come in from desk, link, flow and console.

It makes calls and legs, routes by the numbering plan, connects, clears, and states every fact. Flows and queues live in rooms of
their own beside it (pbx/service.py, pbx/distribution.py), which use the same verbs. Calling-party control is the default: when
either party of a conversation leaves, the other is cleared. Everything happens within a turn of the floor. Leaves out media
(pbx/bridge.py says who hears whom) and signalling (the engines).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from pbx import bridge
from pbx.call import ALERTING, CONNECTED, FAILED, INITIATED, Call, Leg, LegRecord
from pbx.floor import Floor
from pbx.line import TRUNK, Line
from pbx.routing import Route, Router
from pbx.trunks import TrunkGroup
from pbx.vocabulary import facts, tones
from pbx.vocabulary.call import (
    CIRCUIT_NOT_AVAILABLE,
    NO_ANSWER,
    NO_CIRCUIT,
    NORMAL_CLEARING,
    OUT_OF_ORDER,
    SWITCH_CONGESTION,
    TEMPORARY_FAILURE,
    UNALLOCATED,
    USER_BUSY,
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    Info,
    Primitive,
    Proceeding,
    Progress,
    Release,
    Seized,
    Setup,
    Unblocked,
)
from pbx.vocabulary.media import MediaEvent, Played, Record, SendTone, StopRecord, Tag

if TYPE_CHECKING:
    from pbx.acd.distributor import Distributor
    from pbx.distribution import Distribution
    from pbx.service import Service

RING_BACK = SendTone(tones.progress("ring-back"))
ANOTHER_CIRCUIT = frozenset({NO_CIRCUIT, CIRCUIT_NOT_AVAILABLE})
CIRCUITS_TRIED_MOST = 3


class SwitchSettings(msgspec.Struct, frozen=True):
    """Times of the switch itself, in seconds, and how many recorders the plane has."""

    no_answer_seconds: float = 60.0
    recorders: int = 0


class Switch:
    """Calls, legs and verbs."""

    def __init__(
        self,
        floor: Floor,
        router: Router,
        lines: Iterable[Line],
        groups: Mapping[str, TrunkGroup],
        settings: SwitchSettings,
        name_call: Callable[[], str],
    ) -> None:
        self.floor = floor
        self.router = router
        self.lines = {line.name: line for line in lines}
        self.extensions = {line.number: line for line in self.lines.values() if line.number}
        self.groups = dict(groups)
        self.settings = settings
        self.calls: dict[str, Call] = {}
        self.service: Service
        self.distribution: Distribution
        self.distributor: Distributor
        self._name_call = name_call
        self._recorders = list(range(settings.recorders))
        self._gone: dict[str, LegRecord] = {}
        self._arrived: dict[type[Primitive], Callable[[Line, Primitive, float], None]] = {
            Seized: self._seized,
            Setup: self._setup,
            Info: self._info,
            Proceeding: self._nothing,
            Progress: self._nothing,
            Alerting: self._alerting,
            Connect: self._connected,
            Disconnect: self._disconnected,
            Release: self._released,
            Idle: self._idle,
            Blocked: self._blocked,
            Unblocked: self._unblocked,
        }
        floor.attach(self)

    # What comes from the lines.

    def receive(self, line: Line, primitive: Primitive, now: float) -> None:
        """A primitive from a line's engine."""
        self._arrived[type(primitive)](line, primitive, now)

    def media(self, line: Line, event: MediaEvent, now: float) -> None:
        """A prompt of a flow has ended. (That a recorder has stopped needs no answer.)"""
        if isinstance(event, Played) and line.leg is not None:
            self.service.played(line.leg, event.token)

    def fault(self, line: Line, now: float) -> None:
        """Our own fault: whatever the engine still said, this call is over."""
        leg = line.leg
        if leg is not None:
            self._released(line, Release(TEMPORARY_FAILURE), now)
        line.idle = True

    def number_facts(self, written: Sequence[facts.Fact], last: int) -> None:
        """Note which sequence numbers the facts of this turn will have, for the leg records."""
        for sequence, fact in enumerate(written, last + 1):
            if not isinstance(fact, facts.CallFact):
                continue
            call = self.calls.get(fact.call)
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
        return [self.lines[name] for name in gone]

    def leg_record(self, line: Line) -> bytes:
        """The leg, or what was the leg until this turn, and the agent at the line, as the arena keeps them."""
        record = self._gone.get(line.name) or self._record_of(line)
        return msgspec.msgpack.encode(record) if record is not None else b""

    def _record_of(self, line: Line) -> LegRecord | None:
        leg: Leg | None = line.leg
        agent = self.distributor.agent_at(line.name)
        seat = (agent.number, agent.state, agent.reason) if agent is not None else ("", "", "")
        if leg is None:
            return LegRecord(line.name, seated=seat[0], seated_state=seat[1], seated_reason=seat[2]) if agent is not None else None
        talking = leg.call.talking
        peer = 0
        if talking is not None and leg in talking:
            peer = (talking[1] if talking[0] is leg else talking[0]).number
        waiting = self.distribution.waiting(leg)
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

    def _nothing(self, line: Line, primitive: Primitive, now: float) -> None:
        """Nothing to do: the engine has told all that its neighbours need to know."""

    def _seized(self, line: Line, primitive: Primitive, now: float) -> None:
        call = Call(self._name_call(), now)
        self.calls[call.name] = call
        leg = call.add(line, True, now)
        leg.group = line.group
        line.notes = [note for note in line.notes if note[0] >= now]
        self._take_line(leg)
        self.floor.fact(facts.ServiceInitiated(now, call.name, leg.number, line.name))

    def _take_line(self, leg: Leg) -> None:
        line = leg.line
        line.idle = False
        line.seizures += 1
        self.floor.orders([(line.port, Tag(leg.number))])
        self.floor.touch(line)
        self.distribution.line_changed(line, free=False)

    def _setup(self, line: Line, primitive: Primitive, now: float) -> None:
        assert isinstance(primitive, Setup)
        leg: Leg | None = line.leg
        if leg is None or leg.called:
            return
        leg.called, leg.calling = primitive.called, primitive.calling
        leg.category, leg.restricted = primitive.category, primitive.restricted
        self.floor.fact(
            facts.Originated(
                now, leg.call.name, leg.number, line.name, called=leg.called, calling=leg.calling, category=leg.category
            )
        )
        self.route(leg, leg.called)

    def _info(self, line: Line, primitive: Primitive, now: float) -> None:
        assert isinstance(primitive, Info)
        leg: Leg | None = line.leg
        if leg is not None and leg.run is not None:
            leg.run.digit(primitive.digits)

    def _alerting(self, line: Line, primitive: Primitive, now: float) -> None:
        leg: Leg | None = line.leg
        if leg is None or leg.incoming or leg.clearing:
            return
        leg.state = ALERTING
        self.floor.fact(
            facts.Delivered(
                now, leg.call.name, leg.number, line.name, called=leg.called, calling=leg.calling, agent=leg.agent
            )
        )
        caller = leg.call.originator
        if caller is not None and not leg.agent:
            if not caller.answered:
                caller.state = ALERTING
                self.floor.to_line(caller.line, Alerting())
            self.sound(caller, RING_BACK)

    def _connected(self, line: Line, primitive: Primitive, now: float) -> None:
        leg: Leg | None = line.leg
        if leg is None or leg.clearing:
            return
        self._stop_ringing(leg)
        if not leg.answered:
            self._establish(leg)
        caller = leg.call.originator
        if leg.agent:
            self.distribution.agent_answered(leg)
        elif caller is None:
            self.service.answered_without_caller(leg)
        else:
            self.service.leave(caller)
            self.connect(caller, leg)

    def _disconnected(self, line: Line, primitive: Primitive, now: float) -> None:
        assert isinstance(primitive, Disconnect)
        leg: Leg | None = line.leg
        if leg is not None:
            self.clear_leg(leg, primitive.cause)

    def _released(self, line: Line, primitive: Primitive, now: float) -> None:
        assert isinstance(primitive, Release)
        leg: Leg | None = line.leg
        if leg is None:
            return
        call = leg.call
        again = not leg.clearing and not leg.incoming and not leg.answered and primitive.cause in ANOTHER_CIRCUIT
        if not leg.clearing:
            leg.cause = primitive.cause
            leg.clearing = True
            if not again:
                self._part(leg, primitive.cause)
        self._flush_trace(leg, now)
        record = self._record_of(line)
        assert record is not None
        self._gone[line.name] = record
        line.leg = None
        del call.legs[leg.number]
        self.floor.orders([*bridge.silence(leg), (line.port, Tag(0))])
        self.floor.touch(line)
        self.floor.fact(facts.ConnectionCleared(now, call.name, leg.number, line.name, cause=leg.cause or primitive.cause))
        if again:
            self._another_circuit(leg)
        if not call.legs:
            self._call_cleared(call, now)

    def _call_cleared(self, call: Call, now: float) -> None:
        del self.calls[call.name]
        self.floor.fact(facts.CallCleared(now, call.name, cause=call.cause))

    def _idle(self, line: Line, primitive: Primitive, now: float) -> None:
        line.idle = True
        line.idle_since = now
        line.take_notes()
        self.distribution.line_changed(line, free=True)

    def _blocked(self, line: Line, primitive: Primitive, now: float) -> None:
        assert isinstance(primitive, Blocked)
        line.blocked.add(primitive.reason)
        self.floor.fact(facts.LineBlocked(now, line.name, primitive.reason))

    def _unblocked(self, line: Line, primitive: Primitive, now: float) -> None:
        line.blocked.clear()
        self.floor.fact(facts.LineUnblocked(now, line.name))

    # Routing.

    def route(self, leg: Leg, number: str) -> None:
        """Send the call of this leg where the number leads."""
        self.deliver(leg, self.router.route(number, leg.line.kind))

    def deliver(self, leg: Leg, route: Route) -> None:
        """Carry out a route for the call of this leg."""
        if route.kind == "extension":
            self.dial_extension(leg, route.name)
        elif route.kind == "trunk":
            self.dial_trunk(leg, route.name, route.number)
        elif route.kind == "flow":
            self.service.begin(leg, route.name)
        elif route.kind == "announcement":
            self.service.begin(leg, "announcement", variables={"prompt": route.name})
        elif route.kind == "queue":
            self.answer(leg)
            if not self.distribution.enqueue(leg, route.name, leg.call.priority):
                self.dial_failed(leg, SWITCH_CONGESTION)
        else:
            self.dial_failed(leg, route.cause)

    def dial_extension(self, caller: Leg, number: str, agent: str = "", ring_seconds: float = 0.0) -> Leg | None:
        """Ring an extension for the caller; None when that cannot be done (the caller has been told)."""
        line = self.extensions.get(number)
        if line is None:
            cause = UNALLOCATED
        elif line.blocked:
            cause = OUT_OF_ORDER
        elif not line.available:
            cause = USER_BUSY
        else:
            return self._ring(caller, line, number, agent, "", ring_seconds or self.settings.no_answer_seconds)
        if not agent:
            self.dial_failed(caller, cause)
        return None

    def dial_trunk(self, caller: Leg, group: str, number: str) -> Leg | None:
        """Seize a circuit of the group for the caller; None when there is none."""
        trunk_group = self.groups.get(group)
        line = trunk_group.choose(caller.tried) if trunk_group is not None else None
        if line is None:
            self.dial_failed(caller, NO_CIRCUIT)
            return None
        return self._ring(caller, line, number, "", group, self.settings.no_answer_seconds)

    def _ring(self, caller: Leg, line: Line, called: str, agent: str, group: str, ring_seconds: float) -> Leg:
        now = self.floor.now
        call = caller.call
        leg = call.add(line, False, now)
        leg.called, leg.calling, leg.agent, leg.group = called, caller.calling, agent, group
        self._take_line(leg)
        if not caller.answered:
            self.floor.to_line(caller.line, Proceeding())
        self.floor.to_line(
            line, Setup(called, calling=caller.calling, category=caller.category, restricted=caller.restricted)
        )
        if line.kind == TRUNK:
            self.floor.fact(facts.NetworkReached(now, call.name, leg.number, line.name, called=called, group=group))
        leg.ring_timer = self.floor.after(ring_seconds, self._rung_out, leg)
        return leg

    def _rung_out(self, leg: Leg) -> None:
        leg.ring_timer = None
        if not leg.answered and not leg.clearing:
            self.clear_leg(leg, NO_ANSWER)

    def _stop_ringing(self, leg: Leg) -> None:
        if leg.ring_timer is not None:
            leg.ring_timer.cancel()
            leg.ring_timer = None

    def _another_circuit(self, leg: Leg) -> None:
        """The circuit was taken from the other end at the same moment (dual seizure): try another one."""
        caller = leg.call.originator
        if caller is None or caller.clearing:
            return
        caller.tried = caller.tried | {leg.line.name}
        if len(caller.tried) >= CIRCUITS_TRIED_MOST:
            self.dial_failed(caller, NO_CIRCUIT)
        else:
            self.dial_trunk(caller, leg.group, leg.called)

    def dial_failed(self, caller: Leg, cause: int) -> None:
        """The call of this leg goes nowhere: its flow is told, or else the caller."""
        if caller.clearing:
            return
        if caller.run is not None:
            self.floor.orders(bridge.silence(caller))
            caller.run.result(cause)
            return
        self.floor.fact(facts.Failed(self.floor.now, caller.call.name, caller.number, caller.line.name, cause=cause))
        self.clear_leg(caller, cause)
        caller.state = FAILED

    # Verbs.

    def answer(self, leg: Leg) -> None:
        """Answer an incoming leg."""
        if not leg.answered and not leg.clearing:
            self.floor.to_line(leg.line, Connect())
            self._establish(leg)

    def _establish(self, leg: Leg) -> None:
        leg.established_at = self.floor.now
        leg.state = CONNECTED
        self.floor.touch(leg.line)
        self.floor.fact(
            facts.Established(
                self.floor.now,
                leg.call.name,
                leg.number,
                leg.line.name,
                called=leg.called,
                calling=leg.calling,
                agent=leg.agent,
            )
        )
        self._flush_trace(leg, self.floor.now)

    def connect(self, first: Leg, second: Leg) -> None:
        """Let two legs of a call talk."""
        self.answer(first)
        first.state = second.state = CONNECTED
        first.call.talking = (first, second)
        self.floor.orders(bridge.talk(first, second))
        self.floor.fact(
            facts.Connected(self.floor.now, first.call.name, first.number, first.line.name, with_leg=second.number)
        )
        self.floor.touch(first.line)
        self.floor.touch(second.line)

    def sound(self, leg: Leg, command: SendTone) -> None:
        """Send a tone to a leg."""
        leg.sounding = True
        self.floor.orders([(leg.line.port, command)])

    def clear(self, call: Call, cause: int = NORMAL_CLEARING) -> None:
        """Clear a whole call."""
        for leg in list(call.legs.values()):
            self.clear_leg(leg, cause)

    def clear_leg(self, leg: Leg, cause: int) -> None:
        """Clear one leg in the orderly way of its line; the others of the call follow as they must."""
        if leg.clearing:
            return
        leg.clearing = True
        leg.cause = cause
        self.floor.orders(bridge.silence(leg))
        self.floor.to_line(leg.line, Disconnect(cause))
        self._part(leg, cause)
        self.floor.touch(leg.line)

    def _part(self, leg: Leg, cause: int) -> None:
        """A leg leaves its call: what it was part of comes to an end. Done once for each leg."""
        call = leg.call
        call.cause = call.cause or cause
        self._stop_ringing(leg)
        self.stop_recording(leg)
        self.service.leave(leg)
        talked = call.talking is not None and leg in call.talking
        if talked and call.talking is not None:
            for party in call.talking:
                self.floor.orders(bridge.silence(party))
                if party.agent:
                    self.distribution.agent_finished(party)
            call.talking = None
        requeued = self.distribution.leg_gone(leg, cause)
        for other in call.others(leg):
            if not other.clearing and (talked or (leg.incoming and not other.incoming)):
                self.clear_leg(other, cause)
        caller = call.originator
        if not leg.incoming and not talked and not requeued and caller is not None and not caller.clearing:
            self.dial_failed(caller, cause)

    def record(self, leg: Leg) -> bool:
        """Record what the leg says and is told; False when no recorder is free."""
        if leg.recorder >= 0 or not self._recorders:
            return leg.recorder >= 0
        leg.recorder = self._recorders.pop(0)
        leg.recording = f"{leg.call.name}-{leg.number}"
        self.floor.orders([(leg.line.port, Record(leg.recorder))])
        self.floor.fact(
            facts.RecordingStarted(
                self.floor.now,
                leg.call.name,
                leg.number,
                leg.line.name,
                recording=leg.recording,
                recorder=leg.recorder,
            )
        )
        self.floor.touch(leg.line)
        return True

    def stop_recording(self, leg: Leg) -> None:
        """Stop it; the recorder goes to the end of the row, so that its ring is read before it is used again."""
        if leg.recorder < 0:
            return
        self.floor.orders([(leg.line.port, StopRecord(leg.recorder))])
        self.floor.fact(
            facts.RecordingStopped(
                self.floor.now,
                leg.call.name,
                leg.number,
                leg.line.name,
                recording=leg.recording,
                recorder=leg.recorder,
            )
        )
        self._recorders.append(leg.recorder)
        leg.recorder = -1
        self.floor.touch(leg.line)

    def _flush_trace(self, leg: Leg, now: float) -> None:
        notes = leg.line.take_notes()
        if notes:
            self.floor.fact(facts.Traced(now, leg.call.name, leg.number, leg.line.name, lines=notes))

    # Adoption after a restart (pbx/recovery.py).

    def adopt_leg(self, record: LegRecord, line: Line) -> Leg:
        """Rebuild a leg, and its call when it is the first of it."""
        call = self.calls.get(record.call)
        if call is None:
            call = self.calls[record.call] = Call(record.call, record.started_at)
            call.priority = record.priority
        leg = call.add(line, record.incoming, record.started_at, record.number)
        leg.state = record.state if record.established_at is not None else INITIATED
        leg.called, leg.calling, leg.group, leg.agent = record.called, record.calling, record.group, record.agent
        leg.established_at = record.established_at
        leg.recording = record.recording
        leg.first, leg.established = record.first, record.established
        if record.recorder >= 0:
            leg.recorder = record.recorder
            self._recorders.remove(record.recorder)
        line.idle = False
        return leg
