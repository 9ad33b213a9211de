"""Digital line signalling of R2 circuits: Q.421-Q.424 in the form of a national variant (China: GB 3971.2-83).

The actions of one chart (pbx/signalling/r2/line_states.py) for incoming, outgoing and both-way circuits; what bits mean in
a state is looked up (line_signals.py). The line drives the registers (register.py) and speaks call primitives with the
switch after the rules of pbx/vocabulary/call.py: Release goes up once for each Seized or Setup, at the moment when the
call is over for the switch; Idle follows when the circuit can be seized again. Who controls the release is asked once, when
the called party is free: by the Setup, by KB, by the circuit's habit. Left out: release by the called party alone.
"""

from collections.abc import Sequence

from pbx.engine import Levels, Noted, Output
from pbx.machine import Chart, Machine
from pbx.signalling.r2.incoming_register import IncomingRegister
from pbx.signalling.r2.line_signals import BACKWARD_OPERATOR, PULSES, STANDING, Direction, readings_of, sendings_of
from pbx.signalling.r2.outgoing_register import OutgoingRegister
from pbx.signalling.r2.register import SILENCE
from pbx.signalling.r2.variant import Settled, Variant
from pbx.vocabulary import call
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    Info,
    Metering,
    OperatorSignal,
    Release,
    Resume,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from pbx.vocabulary.media import Disarm, SendBits
from pbx.vocabulary.numbers import NumberExaminer

SEIZED, IDLE, ALERTING, CONNECT, UNBLOCKED = Seized(), Idle(), Alerting(), Connect(), Unblocked()
SUSPEND, RESUME, METERING, DISARM = Suspend(), Resume(), Metering(), Disarm()
BLOCKED = {reason: Blocked(reason) for reason in ("remote", "local", "alarm", "fault")}
RELEASES = {cause: Release(cause) for cause in range(128)}
DISCONNECTS = {cause: Disconnect(cause) for cause in range(128)}
BUSY = {kind: Disconnect(call.USER_BUSY, kind) for kind in ("local", "toll")}
OPERATOR_SIGNALS = {kind: OperatorSignal(kind) for kind in ("re-ring", "forced-release", "ring-back")}
RESUMED = Noted("call adopted after a restart")
PULSE_OVER = Noted("<- pulse over")
MOST_PULSES = 20
"""Metering pulses that one primitive may ask for: the plane keeps 64 timed commands for a port."""


ON_ITS_WAY_S = 0.05
"""What is said now may reach the plane so much later, together with the end of a pulse that was due meanwhile."""


class LineSignalling:
    """The line half of one circuit: owner of the line machine, master of the two registers."""

    __slots__ = (
        "_before_pulse", "_calling_controls", "_cause", "_connect", "_faulty", "_habits", "_idle_owed", "_operator_readings",
        "_own_readings", "_pulses_until", "_readings", "_send", "_tone", "bits_in", "block_wanted", "calling", "direction", "incoming",
        "machine", "open", "operator", "outgoing", "reasons", "variant",
    )  # fmt: skip

    def __init__(self, variant: Variant, settled: Settled, direction: Direction, examiner: NumberExaminer, chart: Chart) -> None:
        """``direction`` as this exchange sees it: incoming = the far end seizes."""
        self.variant = variant
        self.direction = direction
        self.machine = Machine(chart, self, settled.durations)
        self.outgoing = OutgoingRegister(variant, settled, self._report)
        self.incoming = IncomingRegister(variant, settled, examiner, self._report)
        self._habits = settled
        self.operator = settled.semi_automatic
        self.calling = self._calling_controls = self._faulty = False
        self._before_pulse: int | None = None
        self._pulses_until = 0.0
        self.bits_in = variant.data.bits.forward.idle
        self.open = False
        self.block_wanted = False
        self.reasons: set[str] = set()
        self._idle_owed = False
        self._connect = False
        self._tone = False
        self._cause = 0
        self._operator_readings = readings_of(variant, direction, operator=True)
        self._own_readings = self._readings = readings_of(variant, direction, settled.semi_automatic)
        self._send = sendings_of(variant)

    def bits(self, value: int, now: float) -> Sequence[Output]:
        """New bits from the far end."""
        before, self.bits_in = self.bits_in, value
        standing, self._before_pulse = self._before_pulse, None
        if standing == value:
            return (PULSE_OVER,)
        word, said = self._readings[self.machine.state][value & 15]
        if word is None:
            return said
        if word in PULSES:
            self._before_pulse = before
        return (*said, *self.machine.step(word, None, now))

    def _sent(self, name: str, now: float) -> Sequence[Output]:
        """A line signal; the end of a pulse still to come must not undo it."""
        if now < self._pulses_until + ON_ITS_WAY_S:
            self._pulses_until = 0.0
            return (DISARM, *self._send[name])
        return self._send[name]

    def _by_operator(self, kd: int) -> None:
        """Whether an operator's signals are read and sent in this call: KD says so, or the circuit is semi-automatic."""
        self.operator = self._habits.semi_automatic or kd in self._habits.operator_classes
        self._readings = self._operator_readings if self.operator else self._own_readings

    def far_idle(self) -> bool:
        """Whether the far end sends the idle code now."""
        bits = self.variant.data.bits
        return self.bits_in & bits.mask == bits.backward.idle & bits.mask

    def idle_sending(self) -> Sequence[Output]:
        """The idle code, as it is sent at rest."""
        return self._send["idle"]

    def far_standing(self, state: str, otherwise: int) -> int:
        """The code that the far end leaves standing in a stable state."""
        stand = STANDING.get(state)
        if stand is None:
            return otherwise
        side, name = stand[0]
        code: int = getattr(getattr(self.variant.data.bits, side), name)
        return code

    def adopt(self, state: str, habits: Sequence[str], levels: Levels, now: float) -> Sequence[Output]:
        """After a restart: take over a call that was in the stable ``state``, or ("") bring the circuit to rest.

        ``habits`` of the call: "calling" if the calling party controls the release, "operator" if an operator made it. The
        far end may have gone on meanwhile; a level that differs from what the state leaves standing is taken as a signal
        now. Of a call that was not stable nothing is kept: idle goes out and Idle up when the far end agrees.
        """
        bits, machine = self.variant.data.bits, self.machine
        mask = bits.mask
        self.bits_in = levels.bits_in
        self._idle_owed = True
        stand = STANDING.get(state)
        if stand is None:
            if levels.bits_in & mask == bits.backward.idle & mask and levels.bits_out & mask == bits.forward.idle & mask:
                return (*self._send["idle"], *self._rested())
            machine.enter("Settling" if self.far_idle() else "Releasing", now)
            return self._send["idle"]
        far, (side, name) = self.far_standing(state, 0), stand[1]
        near: int = getattr(getattr(bits, side), name)
        self.open = True
        self.calling = "calling" in habits
        if "operator" in habits:
            self.operator, self._readings = True, self._operator_readings
        machine.enter(state, now)
        outputs: Sequence[Output] = (RESUMED,) if levels.bits_out == near else (RESUMED, SendBits(near))
        if levels.bits_in & mask != far & mask:
            outputs = (*outputs, *self.bits(levels.bits_in, now))
        return outputs

    def _report(self, event: str, cause: int, now: float) -> Sequence[Output]:
        return self.machine.step(event, cause, now)

    def _close(self, cause: int) -> tuple[Output, ...]:
        """Release up, if a call is open."""
        if not self.open:
            return ()
        self.open = False
        return (RELEASES[cause & 127],)

    def add_reason(self, reason: str) -> tuple[Output, ...]:
        """The circuit may not be seized, for one more reason."""
        if reason in self.reasons:
            return ()
        self.reasons.add(reason)
        return (BLOCKED[reason],)

    def remove_reason(self, reason: str) -> tuple[Output, ...]:
        """A reason has gone; Unblocked goes up with the last one."""
        if reason not in self.reasons:
            return ()
        self.reasons.discard(reason)
        return () if self.reasons else (UNBLOCKED,)

    def _rested(self) -> tuple[Output, ...]:
        """The circuit is back at rest: reasons that its own signals gave are gone, Idle goes up if it is owed."""
        gone = (*self.remove_reason("fault"), *self.remove_reason("remote")) if self.reasons else ()
        if not self._idle_owed:
            return gone
        self._idle_owed = False
        return (*gone, IDLE)

    # At rest.

    def _setup(self, setup: Setup, now: float) -> Sequence[Output]:
        if self.direction == "incoming" or self.reasons or not self.outgoing.prepare(setup):
            self.machine.choose("Idle")
            unable = self.direction == "incoming" or self.reasons
            # The circuit never left rest: it is free for the next call at once.
            return (RELEASES[call.CIRCUIT_NOT_AVAILABLE if unable else call.INVALID_NUMBER], IDLE)
        self.machine.choose("OutSeizing")
        self.open = self._idle_owed = True
        self._cause = 0
        self.calling = False
        self._calling_controls = setup.control == "calling"
        self._by_operator(self.outgoing.kd)
        return self._send["seizure"]

    def _refuse_setup(self, _: object, now: float) -> Sequence[Output]:
        return (RELEASES[call.CIRCUIT_NOT_AVAILABLE],)

    def _seized(self, _: object, now: float) -> Sequence[Output]:
        before = self._rested()
        self.open = self._idle_owed = True
        self._connect = self.calling = False
        self._cause = 0
        self._by_operator(0)
        return (*before, *self._send["acknowledged"], SEIZED, *self.incoming.start(now))

    def _remote_blocks(self, _: object, now: float) -> Sequence[Output]:
        answer = self._send["blocked"] if self.direction == "incoming" else ()
        return (*answer, *self.add_reason("remote"))

    def _remote_joins(self, _: object, now: float) -> Sequence[Output]:
        return self.add_reason("remote")

    def _remote_unblocks(self, _: object, now: float) -> Sequence[Output]:
        """The far end is idle again; our own block, if wanted, goes on."""
        if self.block_wanted:
            self.machine.choose("LocalBlocked")
            return (*self._send_block(), *self._rested())
        self.machine.choose("Idle")
        answer = self._send["idle"] if self.direction == "incoming" else ()
        return (*answer, *self._rested())

    def _remote_leaves(self, _: object, now: float) -> Sequence[Output]:
        return self._rested()

    def _send_block(self) -> Sequence[Output]:
        """The outgoing end does not seize, that is all; only its fault has a signal, where the variant has one."""
        if self.direction != "outgoing":
            return self._send["blocked"]
        return self._send["fault"] if self._faulty else ()

    def _block(self, blocked: Blocked, now: float) -> Sequence[Output]:
        self.block_wanted, self._faulty = True, blocked.reason == "fault"
        return (*self._send_block(), *self.add_reason("local"))

    def _block_later(self, blocked: Blocked, now: float) -> Sequence[Output]:
        self.block_wanted, self._faulty = True, blocked.reason == "fault"
        return self.add_reason("local")

    def _block_now(self, _: object, now: float) -> Sequence[Output]:
        return self._send_block()

    def _unblock(self, _: object, now: float) -> Sequence[Output]:
        self.block_wanted = False
        self.machine.choose("RemoteBlocked" if "remote" in self.reasons else "Idle")
        return (*self._send["idle"], *self.remove_reason("local"))

    def _unblock_later(self, _: object, now: float) -> Sequence[Output]:
        self.block_wanted = False
        return self.remove_reason("local")

    # The end that seized.

    def _acknowledged(self, _: object, now: float) -> Sequence[Output]:
        return self.outgoing.start(now)

    def _digits_early(self, info: Info, now: float) -> Sequence[Output]:
        return self.outgoing.more(info.digits, now)

    def _dual_seizure(self, _: object, now: float) -> Sequence[Output]:
        """Both ends have seized (Q.424). Where the variant gives one of them priority the other becomes the end that is seized."""
        rule = self._habits.dual_seizure
        if rule == "goes-on":
            self.machine.choose("OutSeizing")
            return ()
        closed = self._close(call.CIRCUIT_NOT_AVAILABLE)
        if rule == "gives-way":
            self.machine.choose("InRegister")
            return (*closed, *self._seized(None, now))
        self.machine.choose("DualSeizure")
        return closed

    def _ask_control(self) -> None:
        """Who controls the release: the calling party if the Setup, KB or, where KB says nothing, the circuit's habit says so."""
        control = self.outgoing.row.control or self._habits.control
        self.calling = self._calling_controls or control == "calling"

    def _free(self, _: int, now: float) -> Sequence[Output]:
        self._ask_control()
        return (ALERTING,)

    def _failed(self, cause: int, now: float) -> Sequence[Output]:
        self._cause = cause
        return (DISCONNECTS[cause],)

    def _refused(self, cause: int, now: float) -> Sequence[Output]:
        """The register has failed; an operator who is told busy may still force the release of the other call."""
        may_force = self.operator and self.outgoing.row.forcible and self.variant.data.bits.operator is not None
        self.machine.choose("OutBusy" if may_force else "OutFailed")
        self._ask_control()
        if cause == call.USER_BUSY and self.outgoing.row.busy_with:
            self._cause = cause
            return (BUSY[self.outgoing.row.busy_with],)
        return self._failed(cause, now)

    def _answered(self, _: object, now: float) -> Sequence[Output]:
        return (CONNECT,)

    def _answered_early(self, _: object, now: float) -> Sequence[Output]:
        """Answer before KB: the far end knows better than its register."""
        self._ask_control()
        return (*self.outgoing.stop(now), CONNECT)

    def _far_dropped(self, _: object, now: float) -> Sequence[Output]:
        """The far end shows idle in the middle of a call."""
        return (*self.outgoing.stop(now), *self._failed(call.TEMPORARY_FAILURE, now))

    def _no_answer(self, _: object, now: float) -> Sequence[Output]:
        return self._failed(call.NO_ANSWER, now)

    def _cleared_back(self, _: object, now: float) -> Sequence[Output]:
        """The called party has hung up: where the calling party controls the release that ends nothing yet."""
        if self.calling:
            self.machine.choose("OutSuspended")
            return (SUSPEND,)
        self.machine.choose("OutClearedBack")
        return self._failed(call.NORMAL_CLEARING, now)

    def _answered_again(self, _: object, now: float) -> Sequence[Output]:
        return (RESUME,)

    def _suspended_too_long(self, _: object, now: float) -> Sequence[Output]:
        return self._failed(call.NORMAL_CLEARING, now)

    def _released_backward(self, _: object, now: float) -> Sequence[Output]:
        """Forced release by the far end: it will not be answered again."""
        return self._failed(call.NORMAL_CLEARING, now)

    def _metered(self, _: object, now: float) -> Sequence[Output]:
        """The answer code is back: it was a metering pulse."""
        return (METERING,)

    def _not_metered(self, _: object, now: float) -> Sequence[Output]:
        """Too long for a metering pulse: the same code may be a clear-back."""
        bits = self.variant.data.bits
        if self.bits_in & bits.mask == bits.backward.clear_back & bits.mask:
            return self._cleared_back(None, now)
        self.machine.choose("OutAnswered")
        return ()

    def _forward(self, cause: int, now: float) -> Sequence[Output]:
        """Clear forward. Where no backward signal stands, a late one may still be under way: let the line settle."""
        self.machine.choose("Settling" if self.far_idle() else "Releasing")
        return (*self._sent("clear-forward", now), *self._close(cause))

    def _clear_forward(self, primitive: Disconnect | Release, now: float) -> Sequence[Output]:
        return (*self.outgoing.stop(now), *self._forward(primitive.cause, now))

    def _held_out(self, _: object, now: float) -> Sequence[Output]:
        """Nobody cleared in time after a failure or a clear-back."""
        return self._forward(self._cause, now)

    def _no_acknowledgement(self, _: object, now: float) -> Sequence[Output]:
        return self._forward(call.CIRCUIT_NOT_AVAILABLE, now)

    def _back_off(self, _: object, now: float) -> Sequence[Output]:
        self.machine.choose("Settling" if self.far_idle() else "Releasing")
        return self._send["clear-forward"]

    # Release guard.

    def _guarded(self, _: object, now: float) -> Sequence[Output]:
        self.machine.choose("BlockPending" if self.block_wanted else "Idle")
        return self._rested()

    def _settled(self, _: object, now: float) -> Sequence[Output]:
        if self.far_idle():
            return self._guarded(None, now)
        self.machine.choose("Releasing")
        return ()

    def _not_released(self, _: object, now: float) -> Sequence[Output]:
        return self.add_reason("fault")

    # Pulses of operators and of metering, in either direction.

    def _operator_calls(self, signal: OperatorSignal, now: float) -> Sequence[Output]:
        """Turn the operator's bit over for the time of a pulse, if the call is an operator's and the variant knows the signal here."""
        machine, bits = self.machine, self.variant.data.bits
        state, kind, operator = machine.state, signal.kind, bits.operator
        if state == "OutBusy":
            machine.choose("OutBusy")
        forward = state in BACKWARD_OPERATOR
        if operator is None or not self.operator or kind not in (operator.forward if forward else operator.backward):
            return (Noted(f"-- no signal for {kind}"),)
        if forward and (kind == "forced-release") != (state == "OutBusy"):
            return (Noted(f"-- no signal for {kind}"),)
        if state == "OutBusy":
            machine.choose("OutFree")
        backward = bits.backward.answer if state == "InAnswered" else bits.backward.clear_back
        standing = bits.forward.seizure if forward else backward
        length_ms = self.variant.timers[f"{kind.replace('-', '_')}_pulse"].default_ms
        code = standing ^ operator.bit
        return (Noted(f"-> {kind} {code:04b}, {length_ms} ms"), *self._pulse(code, standing, length_ms, now))

    def _pulse(self, code: int, standing: int, length_ms: int, at: float) -> Sequence[Output]:
        """A code for so long, then what stood before, by the plane's clock."""
        self._pulses_until = at + length_ms / 1000
        return (SendBits(code, at), SendBits(standing, self._pulses_until))

    def _operator_called(self, kind: str) -> Sequence[Output]:
        return (OPERATOR_SIGNALS[kind],)

    def _re_rung(self, _: object, now: float) -> Sequence[Output]:
        return self._operator_called("re-ring")

    def _forced(self, _: object, now: float) -> Sequence[Output]:
        return self._operator_called("forced-release")

    def _rung_back(self, _: object, now: float) -> Sequence[Output]:
        return self._operator_called("ring-back")

    def _meter(self, metering: Metering, now: float) -> Sequence[Output]:
        """Send charge units as pulses, one behind the other and behind those still to come."""
        backward, timers = self.variant.data.bits.backward, self.variant.timers
        if backward.metering is None or not 0 < metering.pulses <= MOST_PULSES:
            return (Noted(f"-- no signal for {metering.pulses} charge units"),)
        pause = timers["metering_pause"].default_ms / 1000
        outputs: list[Output] = [Noted(f"-> metering {backward.metering:04b}, {metering.pulses} pulses")]
        at = max(now, self._pulses_until + pause) if self._pulses_until else now
        for _ in range(metering.pulses):
            outputs += self._pulse(backward.metering, backward.answer, timers["metering_sent"].default_ms, at)
            at = self._pulses_until + pause
        return outputs

    # The end that was seized.

    def _proceed(self, _: object, now: float) -> Sequence[Output]:
        return self.incoming.proceed(now)

    def _accept(self, _: object, now: float) -> Sequence[Output]:
        return self.incoming.accept(now)

    def _connect_wanted(self, _: object, now: float) -> Sequence[Output]:
        if self.incoming.offered or self.incoming.accepted or self.incoming.overlap:
            self._connect = True
        return self._accept(None, now)

    def _refuse(self, primitive: Disconnect, now: float) -> Sequence[Output]:
        self._cause = primitive.cause or call.NORMAL_UNSPECIFIED
        return self.incoming.refuse(self._cause, primitive.busy_with, now)

    def _refuse_and_release(self, primitive: Release, now: float) -> Sequence[Output]:
        return (*self._refuse(Disconnect(primitive.cause, primitive.busy_with), now), *self._close(primitive.cause))

    def _register_free(self, _: int, now: float) -> Sequence[Output]:
        machine = self.machine
        self._by_operator(self.incoming.kd)
        if self._cause:
            machine.choose("InRefused")
            return self._busy_tone(self._cause)
        machine.choose("InAnswering" if self._connect else "InFree")
        machine.start_timer("answer_delay", now)
        return ()

    def _register_failed(self, cause: int, now: float) -> Sequence[Output]:
        """Refused by a register signal. An operator keeps the call: he may force the release of the called party's other one."""
        self._by_operator(self.incoming.kd)
        if self.open and self.operator and self.incoming.forcible and self.variant.data.bits.operator is not None:
            self.machine.choose("InBusy")
            return ()
        self.machine.choose("InOver")
        return self._close(cause)

    def _busy_tone(self, cause: int) -> Sequence[Output]:
        self._tone = True
        return (self.variant.busy_tones.get(cause, self.variant.other_tone),)

    def _connect_in_free(self, _: object, now: float) -> Sequence[Output]:
        if self.machine.runs("answer_delay"):
            self.machine.choose("InAnswering")
            return ()
        self.machine.choose("InAnswered")
        return self._answer(None, now)

    def _answer(self, _: object, now: float) -> Sequence[Output]:
        return (*self._sent("answer", now), CONNECT)

    def _answer_again(self, _: object, now: float) -> Sequence[Output]:
        return self._sent("answer", now)

    def _suspend(self, _: object, now: float) -> Sequence[Output]:
        return self._sent("clear-back", now)

    def _refuse_in_band(self, primitive: Disconnect, now: float) -> Sequence[Output]:
        self._cause = primitive.cause
        return self._busy_tone(primitive.cause)

    def _clear_back(self, primitive: Disconnect, now: float) -> Sequence[Output]:
        self._cause = primitive.cause
        return self._sent("clear-back", now)

    def _keep_cause(self, primitive: Disconnect, now: float) -> Sequence[Output]:
        self._cause = primitive.cause
        return ()

    def _clear_back_and_release(self, primitive: Release, now: float) -> Sequence[Output]:
        return (*self._sent("clear-back", now), *self._close(primitive.cause))

    def _let_go(self, primitive: Release, now: float) -> Sequence[Output]:
        return (*self._end_tone(), *self._close(primitive.cause))

    def _end_tone(self) -> tuple[Output, ...]:
        if not self._tone:
            return ()
        self._tone = False
        return (SILENCE,)

    def _never_cleared(self, _: object, now: float) -> Sequence[Output]:
        return (*self._end_tone(), *self._close(self._cause or call.RECOVERY_ON_TIMER_EXPIRY))

    def _cleared(self, _: object, now: float) -> Sequence[Output]:
        """Clear-forward: everything stops, release guard goes out, the circuit is free."""
        self.machine.choose("BlockPending" if self.block_wanted else "Idle")
        return (
            *self.incoming.stop(now),
            *self._end_tone(),
            *self._sent("release-guard", now),
            *self._close(call.NORMAL_CLEARING),
            *self._rested(),
        )

    def _forward_fault(self, _: object, now: float) -> Sequence[Output]:
        """The outgoing end is out of order: as clear-forward, but the circuit is blocked until it recovers."""
        outputs = (*self.incoming.stop(now), *self._end_tone(), *self._close(call.OUT_OF_ORDER))
        idle = self._sent("idle", now) if self.direction != "incoming" else ()
        return (*outputs, *idle, *self._remote_blocks(None, now))

    # The span.

    def _lost(self, _: object, now: float) -> Sequence[Output]:
        """The alarm has lasted: the call is lost, the circuit waits for the far end to be idle."""
        return self._let_everything_go(call.OUT_OF_ORDER, now)

    def _let_everything_go(self, cause: int, now: float) -> Sequence[Output]:
        stopped = (*self.outgoing.stop(now), *self.incoming.stop(now), *self._end_tone())
        self.machine.choose("Settling" if self.far_idle() else "Releasing")
        return (*stopped, *self._sent("idle", now), *self._close(cause))

    # Reset.

    def _reset(self, _: object, now: float) -> Sequence[Output]:
        """Whatever the state: come to rest; Idle goes up when the far end agrees."""
        self._idle_owed = True
        return self._let_everything_go(call.TEMPORARY_FAILURE, now)

    def _reset_blocked(self, _: object, now: float) -> Sequence[Output]:
        """The far end blocks: what stands is sent anew, and it decides when the circuit is free."""
        self._idle_owed = True
        return self._send["blocked" if self.direction == "incoming" else "idle"]
