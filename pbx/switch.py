"""The switch: what happens to calls. Primitives come in from the lines; verbs come in from desk, link, flow and console.

It makes calls and legs, routes by the numbering plan, connects, clears, and states every fact. Flows and queues live in rooms of
their own beside it (pbx/service.py, pbx/distribution.py), which use the same verbs. Calling-party control is the default: when
either party of a conversation leaves, the other is cleared. Everything happens within a turn of the floor. Leaves out media
(pbx/bridge.py says who hears whom) and signalling (the engines).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from pbx import bridge
from pbx.call import ALERTING, CONNECTED, FAILED, Call, Leg
from pbx.call_waiting import CallWaitings
from pbx.circuit_watch import CircuitWatch, WatchSettings
from pbx.floor import Floor
from pbx.holding import Holding
from pbx.interworking import Interworking
from pbx.leg_records import LOCAL, LegRecords
from pbx.line import TRUNK, Line
from pbx.line_listening import LineListening
from pbx.line_measurements import LineMeasurements
from pbx.line_tests import LineTests
from pbx.recording import Recorders
from pbx.routing import Route, Router
from pbx.supervision import Supervision
from pbx.test_calls import TestCalls, TestLine
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
    Metering,
    OperatorSignal,
    PassOn,
    Primitive,
    Proceeding,
    Progress,
    Release,
    Resume,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from pbx.vocabulary.media import CancelEcho, LineMeasured, LineTested, MediaEvent, Played, SendTone, Tag, ToneOn

if TYPE_CHECKING:
    from pbx.acd.distributor import Distributor
    from pbx.distribution import Distribution
    from pbx.service import Service

FLASH = "!"
RING_BACK = SendTone(tones.progress("ring-back"))
ANSWER = Connect()


class SwitchSettings(msgspec.Struct, frozen=True):
    """Times of the switch itself, in seconds; how many recorders the plane has; what is recorded; what a held party hears; when a circuit
    is taken for a killer; by trunk group: the numbers of test lines, and how long a charge unit lasts."""

    no_answer_seconds: float = 60.0
    recorders: int = 0
    record_all: bool = False
    hold_player: int = -1
    watch: WatchSettings = WatchSettings()
    test_lines: dict[str, TestLine] = {}
    meter_seconds: dict[str, float] = {}


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
        self.name_call = name_call
        self.recorders = Recorders(self, settings.recorders)
        self.records = LegRecords(self)
        self.line_tests = LineTests(floor)
        self.line_measurements = LineMeasurements(floor)
        self.circuit_watch = CircuitWatch(floor, settings.watch)
        self.test_calls = TestCalls(self, settings.test_lines)
        self.listening = LineListening(self)
        self.supervision = Supervision(self, settings.meter_seconds)
        self.interworking = Interworking(self)
        self.holding = Holding(self)
        self.waiting = CallWaitings(self)
        self._arrived: dict[type[Primitive], Callable[[Line, Primitive, float], None]] = {
            Seized: self._seized,
            Setup: self._setup,
            Info: self._info,
            Proceeding: self.interworking.proceeding,
            Progress: self.interworking.progress,
            Alerting: self._alerting,
            Connect: self._connected,
            Disconnect: self._disconnected,
            Release: self._released,
            Idle: self._idle,
            Blocked: self._blocked,
            Unblocked: self._unblocked,
            Suspend: self.supervision.suspended,
            Resume: self.supervision.resumed,
            OperatorSignal: self.supervision.operator,
            Metering: self.supervision.metered,
            PassOn: self.interworking.passed_on,
        }
        floor.attach(self, self.records)

    # What comes from the lines.

    def receive(self, line: Line, primitive: Primitive, now: float) -> None:
        """A primitive from a line's engine; a leg without a partner has a room that may take it."""
        leg: Leg | None = line.leg
        if leg is not None and leg.test is not None and leg.test.room.takes(leg, primitive):
            return
        self._arrived[type(primitive)](line, primitive, now)

    def media(self, line: Line, event: MediaEvent, now: float) -> None:
        """What was ordered here: a prompt has ended, a tone is heard, a second tested. (That a recorder has stopped needs no answer.)"""
        if isinstance(event, LineTested):
            self.line_tests.second(line, event)
        elif isinstance(event, LineMeasured):
            self.line_measurements.measured(line, event)
        elif line.leg is not None and isinstance(event, Played):
            self.service.played(line.leg, event.token)
        elif line.leg is not None and isinstance(event, ToneOn):
            if line.leg.test is not None:
                line.leg.test.room.heard(line.leg, event)
            else:
                self.service.fax_heard(line.leg, event.tone)

    def fault(self, line: Line, now: float) -> None:
        """Our own fault: whatever the engine still said, this call is over."""
        leg = line.leg
        if leg is not None:
            self._released(line, Release(TEMPORARY_FAILURE), now)
        self.waiting.clear(line)
        line.idle = True

    def _seized(self, line: Line, primitive: Primitive, now: float) -> None:
        call = Call(self.name_call(), now)
        self.calls[call.name] = call
        leg = call.add(line, True, now)
        leg.group = line.group
        self.take_line(leg)
        self.tell(leg, facts.ServiceInitiated)

    def take_line(self, leg: Leg) -> None:
        """The line now belongs to the leg; what its engine noted before is no part of this call's trace."""
        line = leg.line
        line.notes = [note for note in line.notes if note[0] >= self.floor.now]
        line.idle = False
        line.seizures += 1
        self.circuit_watch.taken(leg)
        self.line_tests.stop(line, "seized")
        self.floor.orders([(line.port, Tag(leg.number))])
        self.floor.touch(line)
        self.distribution.line_changed(line, free=False)

    def _setup(self, line: Line, primitive: Primitive, now: float) -> None:
        assert isinstance(primitive, Setup)
        leg: Leg | None = line.leg
        if leg is None or leg.called:
            return
        leg.called, leg.calling = primitive.called, primitive.calling
        leg.category, leg.restricted, leg.name = primitive.category, primitive.restricted, primitive.name or line.title
        leg.control, leg.overlap, leg.brought = primitive.control, primitive.overlap, primitive
        self.tell(leg, facts.Originated, called=leg.called, calling=leg.calling, category=leg.category)
        if self.test_calls.is_for_us(leg, primitive):
            self.test_calls.respond(leg)
        elif leg.overlap:
            self.deliver(leg, self.router.overlap(leg.called, line.kind))
        else:
            self.route(leg, leg.called)

    def _info(self, line: Line, primitive: Primitive, now: float) -> None:
        assert isinstance(primitive, Info)
        leg: Leg | None = line.leg
        if leg is None:
            return
        if leg.run is not None:
            leg.run.digit(primitive.digits)
        elif leg.overlap:
            self.supervision.digits(leg, primitive)
        elif primitive.digits == FLASH:
            self.waiting.flash(leg)

    def _alerting(self, line: Line, primitive: Primitive, now: float) -> None:
        leg: Leg | None = line.leg
        if leg is None or leg.incoming or leg.clearing:
            return
        leg.state = ALERTING
        # A line that tells who calls before it rings comes to this in a turn of its own.
        self.floor.touch(line)
        self.tell(leg, facts.Delivered, called=leg.called, calling=leg.calling, agent=leg.agent)
        caller = leg.call.originator
        if caller is not None and not leg.agent:
            if not caller.answered:
                caller.state = ALERTING
                self.floor.to_line(caller.line, Alerting(carried=self.interworking.handed(primitive.carried, line, caller.line)))
            if line.kind == TRUNK:
                # The far exchange says in band what becomes of the call: its ring-back, its busy tone, its announcement.
                self.floor.orders(bridge.hear(caller, line.port))
            else:
                self.ring_back(caller)

    def ring_back(self, caller: Leg) -> None:
        """Ring-back tone for a caller."""
        self.sound(caller, RING_BACK)

    def _connected(self, line: Line, primitive: Primitive, now: float) -> None:
        assert isinstance(primitive, Connect)
        leg: Leg | None = line.leg
        if leg is None or leg.clearing:
            return
        if not leg.incoming:
            leg.answer = primitive
        self.connected(leg)

    def connected(self, leg: Leg) -> None:
        """The leg's party has answered, or what we answered it with has been signalled."""
        placed = leg.incoming and leg.ring_timer is not None
        self._stop_ringing(leg)
        if self.waiting.recalled(leg):
            return
        self.establish(leg)
        caller = leg.call.originator
        if placed:
            self._placed(leg)
        elif leg.incoming:
            self.service.answered(leg)
        elif leg.agent:
            self.distribution.agent_answered(leg)
        elif caller is None:
            self.clear_leg(leg, NORMAL_CLEARING)
        else:
            self.service.leave(caller)
            self.connect(caller, leg)

    def _disconnected(self, line: Line, primitive: Primitive, now: float) -> None:
        assert isinstance(primitive, Disconnect)
        leg: Leg | None = line.leg
        if leg is not None:
            leg.far_first = leg.far_first or not leg.clearing
            leg.parting = primitive
            self.clear_leg(leg, primitive.cause)

    def _released(self, line: Line, primitive: Primitive, now: float) -> None:
        assert isinstance(primitive, Release)
        leg: Leg | None = line.leg
        if leg is None:
            return
        call = leg.call
        # That there is none beyond (34) is no matter of this circuit, nor is anything once the far side has begun to work on the call.
        begun = leg.incoming or leg.answered or leg.progressed or leg.state == ALERTING
        again = not (leg.clearing or begun or leg.test) and primitive.cause == CIRCUIT_NOT_AVAILABLE
        if not leg.clearing:
            leg.far_first = True
            leg.cause, leg.parting = primitive.cause, primitive
            leg.clearing = True
            if not again:
                self.part(leg, primitive.cause)
        self._flush_trace(leg, now)
        line.leg = None
        self.floor.orders([*bridge.silence(leg), (line.port, Tag(0))])
        if leg.answered:
            self._cancel_echo(line, 0)
        self.circuit_watch.released(leg, primitive.cause)
        if leg.test is not None:
            leg.test.room.released(leg)
        self.forget(leg, primitive.cause)
        if again:
            self._another_circuit(leg)
        self.end_if_empty(call)

    def forget(self, leg: Leg, cause: int) -> None:
        """The leg is no part of its call any more; with the last one the call is over."""
        call = leg.call
        del call.legs[leg.number]
        self.floor.touch(leg.line)
        self.supervision.over(leg)
        self.tell(leg, facts.ConnectionCleared, cause=leg.cause or cause)

    def end_if_empty(self, call: Call) -> None:
        """The call is over when its last leg is gone."""
        if call.legs or call.name not in self.calls:
            return
        del self.calls[call.name]
        self.floor.fact(facts.CallCleared(self.floor.now, call.name, cause=call.cause))

    def _idle(self, line: Line, primitive: Primitive, now: float) -> None:
        line.idle = True
        line.idle_since = now
        line.take_notes()
        self.test_calls.idle(line)
        if not self.waiting.recall(line):
            self.distribution.line_changed(line, free=True)

    def _blocked(self, line: Line, primitive: Primitive, now: float) -> None:
        assert isinstance(primitive, Blocked)
        line.blocked.add(primitive.reason)
        self.floor.touch(line)
        self.floor.fact(facts.LineBlocked(now, line.name, primitive.reason))

    def _unblocked(self, line: Line, primitive: Primitive, now: float) -> None:
        assert isinstance(primitive, Unblocked)
        line.blocked -= {primitive.reason} if primitive.reason else line.blocked
        self.floor.touch(line)
        if LOCAL in line.blocked:
            return
        self.circuit_watch.unblocked(line)
        self.line_tests.stop(line, "unblocked")
        if not line.blocked:
            self.floor.fact(facts.LineUnblocked(now, line.name))

    def tell(self, leg: Leg, kind: type[facts.CallFact], **words: Any) -> None:
        """State a fact of this moment about a leg."""
        self.floor.fact(kind(self.floor.now, leg.call.name, leg.number, leg.line.name, **words))

    # Routing.

    def route(self, leg: Leg, number: str) -> None:
        """Send the call of this leg where the number leads."""
        self.deliver(leg, self.router.route(number, leg.line.kind))

    def deliver(self, leg: Leg, route: Route) -> None:
        """Carry out a route for the call of this leg."""
        if route.kind not in ("trunk", "reject") and self.interworking.stays(leg):
            return
        if route.kind == "extension":
            self.dial_extension(leg, route.name)
        elif route.kind == "trunk":
            if not (route.overlap and self.interworking.wants_digits(self.groups.get(route.name), route.number)):
                self.dial_trunk(leg, route.name, route.number, route.overlap)
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
        busy_with = ""
        if line is None:
            cause = UNALLOCATED
        elif line.blocked:
            cause = OUT_OF_ORDER
        elif not line.available:
            waiting = None if agent else self.waiting.offer(caller, line, number)
            if waiting is not None:
                return waiting
            cause, busy_with = USER_BUSY, self.interworking.busy_with(line)
        else:
            return self._ring(caller, line, number, agent, "", ring_seconds or self.settings.no_answer_seconds)
        if not agent:
            self.dial_failed(caller, cause, busy_with)
        return None

    def dial_trunk(self, caller: Leg, group: str, number: str, overlap: bool = False) -> Leg | None:
        """Seize a circuit of the group for the caller; None when there is none. ``overlap``: more digits will come."""
        trunk_group = self.groups.get(group)
        line = trunk_group.choose(caller.tried) if trunk_group is not None else None
        if line is None:
            self.dial_failed(caller, NO_CIRCUIT)
            return None
        if self.interworking.stays(caller, line):
            return None
        return self._ring(caller, line, number, "", group, self.settings.no_answer_seconds, overlap)

    def _ring(
        self, caller: Leg, line: Line, called: str, agent: str, group: str, ring_seconds: float, overlap: bool = False
    ) -> Leg:
        now = self.floor.now
        call = caller.call
        leg = call.add(line, False, now)
        leg.called, leg.calling, leg.agent, leg.group = called, caller.calling, agent, group
        self.take_line(leg)
        self.floor.touch(caller.line)
        leg.overlap, leg.name = overlap, caller.name
        leg.control = "" if agent else caller.control
        self.interworking.begun(caller, overlap)
        self.floor.to_line(line, self.interworking.onward(caller, leg))
        if line.kind == TRUNK:
            self.tell(leg, facts.NetworkReached, called=called, group=group)
        leg.ring_timer = self.floor.after(ring_seconds, self.rung_out, leg)
        return leg

    def rung_out(self, leg: Leg) -> None:
        """It has been rung for too long (a leg that is being recalled has been answered before)."""
        leg.ring_timer = None
        if not leg.clearing:
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
        group = self.groups.get(leg.group)
        if group is None or len(caller.tried) >= group.attempts:
            self.dial_failed(caller, NO_CIRCUIT)
        else:
            self.dial_trunk(caller, leg.group, leg.called, leg.overlap)

    def dial_failed(self, caller: Leg, cause: int, busy_with: str = "") -> None:
        """The call of this leg goes nowhere: its flow is told, or else the caller; ``busy_with`` as in Disconnect."""
        if caller.clearing:
            return
        if caller.run is not None:
            self.floor.orders(bridge.silence(caller))
            caller.run.result(cause)
            return
        self.tell(caller, facts.Failed, cause=cause)
        self.clear_leg(caller, cause, busy_with)
        caller.state = FAILED

    # Verbs.

    def place(self, extension: str, number: str) -> str:
        """Ring an extension and, when it answers, call ``number`` for it (CSTA: make call); "" or why not."""
        line = self.extensions.get(extension)
        if line is None or not line.available:
            return f"extension {extension} is not free" if line is not None else f"there is no extension {extension}"
        now = self.floor.now
        call = Call(self.name_call(), now)
        self.calls[call.name] = call
        leg = call.add(line, True, now)
        leg.called, leg.calling, leg.name = number, extension, line.title
        self.take_line(leg)
        self.tell(leg, facts.ServiceInitiated)
        self.floor.to_line(line, Setup(extension, calling=number))
        leg.ring_timer = self.floor.after(self.settings.no_answer_seconds, self.rung_out, leg)
        return ""

    def _placed(self, leg: Leg) -> None:
        """The extension for which a call is placed has answered: now the call itself."""
        self.tell(leg, facts.Originated, called=leg.called, calling=leg.calling)
        self.route(leg, leg.called)

    def answer(self, leg: Leg, told: Connect = ANSWER) -> None:
        """Answer an incoming leg, as ``told`` from beyond; it is established when its line says that the answer has been signalled."""
        if not leg.answered and not leg.clearing:
            self.floor.to_line(leg.line, told)

    def establish(self, leg: Leg) -> None:
        """The leg is answered from now on."""
        leg.established_at = self.floor.now
        leg.state = CONNECTED
        self._cancel_echo(leg.line, leg.line.echo_tail_ms)
        self.floor.touch(leg.line)
        self.tell(leg, facts.Established, called=leg.called, calling=leg.calling, agent=leg.agent)
        self._flush_trace(leg, self.floor.now)
        self.supervision.answered(leg)

    def _cancel_echo(self, line: Line, tail_ms: int) -> None:
        """From the answer on, so that signals of registers never pass through a canceller; 0 = no more."""
        if line.echo_tail_ms:
            self.floor.orders([(line.port, CancelEcho(tail_ms))])

    def connect(self, first: Leg, second: Leg) -> None:
        """Let two legs of a call talk."""
        self.answer(first, self.interworking.answer_of(second, first))
        first.state = second.state = CONNECTED
        first.call.talking = (first, second)
        self.floor.orders(bridge.talk(first, second))
        self.tell(first, facts.Connected, with_leg=second.number)
        self.floor.touch(first.line)
        self.floor.touch(second.line)
        if self.settings.record_all:
            self.recorders.record(first)

    def requeue(self, leg: Leg, queue: str, priority: int) -> bool:
        """The caller leaves flow or conversation and waits in a queue; whoever talked to him is cleared. False = it is full."""
        call = leg.call
        self.service.leave(leg)
        talking, call.talking = call.talking, None
        for party in talking or ():
            self.floor.orders(bridge.silence(party))
            if party.agent:
                self.distribution.agent_finished(party)
        for other in call.others(leg):
            self.clear_leg(other, NORMAL_CLEARING)
        self.answer(leg)
        self.floor.orders(bridge.silence(leg))
        return self.distribution.enqueue(leg, queue, priority)

    def sound(self, leg: Leg, command: SendTone) -> None:
        """Send a tone to a leg."""
        leg.sounding = True
        self.floor.orders([(leg.line.port, command)])

    def clear(self, call: Call, cause: int = NORMAL_CLEARING) -> None:
        """Clear a whole call."""
        for leg in list(call.legs.values()):
            self.clear_leg(leg, cause)

    def clear_leg(self, leg: Leg, cause: int, busy_with: str = "") -> None:
        """Clear one leg in the orderly way of its line; the others of the call follow as they must."""
        if leg.clearing:
            return
        if leg is leg.line.second:
            self.waiting.drop(leg, cause)
            return
        leg.clearing = True
        leg.cause = cause
        self.floor.orders(bridge.silence(leg))
        self.floor.to_line(leg.line, self.interworking.parting(leg, cause, busy_with))
        self.part(leg, cause)
        self.floor.touch(leg.line)

    def part(self, leg: Leg, cause: int) -> None:
        """A leg leaves its call: what it was part of comes to an end. Done once for each leg."""
        call = leg.call
        call.cause = call.cause or cause
        self._stop_ringing(leg)
        self.recorders.stop(leg)
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

    def _flush_trace(self, leg: Leg, now: float) -> None:
        notes = leg.line.take_notes()
        if notes:
            self.tell(leg, facts.Traced, lines=notes)
