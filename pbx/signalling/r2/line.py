"""Digital line signalling of R2 circuits: Q.421-Q.424 in the form of a national variant (China: GB 3971.2-83).

The actions of one chart (pbx/signalling/r2/line_states.py) for incoming, outgoing and both-way circuits; what bits mean in
a state is looked up (line_signals.py). The line drives the registers (register.py) and speaks call primitives with the
switch after the rules of pbx/vocabulary/call.py: Release goes up once for each Seized or Setup, at the moment when the
call is over for the switch; Idle follows when the circuit can be seized again. Left out: metering pulses, the c bit of
semi-automatic circuits (re-ring, forced release).
"""

from collections.abc import Sequence

from pbx.engine import Levels, Noted, Output
from pbx.machine import Chart, Machine
from pbx.signalling.r2.line_signals import STANDING, Direction, readings_of, sendings_of
from pbx.signalling.r2.register import SILENCE, IncomingRegister, OutgoingRegister
from pbx.signalling.r2.variant import Variant
from pbx.vocabulary import call
from pbx.vocabulary.call import Alerting, Blocked, Connect, Disconnect, Idle, Info, Release, Seized, Setup, Unblocked
from pbx.vocabulary.media import SendBits
from pbx.vocabulary.numbers import NumberExaminer

SEIZED, IDLE, ALERTING, CONNECT, UNBLOCKED = Seized(), Idle(), Alerting(), Connect(), Unblocked()
BLOCKED = {reason: Blocked(reason) for reason in ("remote", "local", "alarm", "fault")}
RELEASES = {cause: Release(cause) for cause in range(128)}
DISCONNECTS = {cause: Disconnect(cause) for cause in range(128)}
RESUMED = Noted("call adopted after a restart")


class LineSignalling:
    """The line half of one circuit: owner of the line machine, master of the two registers."""

    __slots__ = (
        "_cause", "_connect", "_idle_owed", "_readings", "_send", "_tone", "bits_in", "block_wanted", "direction",
        "incoming", "machine", "open", "outgoing", "reasons", "variant",
    )  # fmt: skip

    def __init__(self, variant: Variant, direction: Direction, examiner: NumberExaminer, chart: Chart) -> None:
        """``direction`` as this exchange sees it: incoming = the far end seizes."""
        self.variant = variant
        self.direction = direction
        self.machine = Machine(chart, self)
        self.outgoing = OutgoingRegister(variant, self._report)
        self.incoming = IncomingRegister(variant, examiner, self._report)
        self.bits_in = variant.data.bits.forward.idle
        self.open = False
        self.block_wanted = False
        self.reasons: set[str] = set()
        self._idle_owed = False
        self._connect = False
        self._tone = False
        self._cause = 0
        self._readings = readings_of(variant, direction)
        self._send = sendings_of(variant)

    def bits(self, value: int, now: float) -> Sequence[Output]:
        """New bits from the far end."""
        self.bits_in = value
        word, said = self._readings[self.machine.state][value & 15]
        if word is None:
            return said
        return (*said, *self.machine.step(word, None, now))

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

    def adopt(self, state: str, levels: Levels, now: float) -> Sequence[Output]:
        """After a restart: take over a call that was in the stable ``state``, or ("") bring the circuit to rest.

        The far end may have gone on meanwhile; a level that differs from what the state leaves standing is taken as a
        signal now. Of a call that was not stable nothing is kept: idle goes out and Idle up when the far end agrees.
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
        return self._send["seizure"]

    def _refuse_setup(self, _: object, now: float) -> Sequence[Output]:
        return (RELEASES[call.CIRCUIT_NOT_AVAILABLE],)

    def _seized(self, _: object, now: float) -> Sequence[Output]:
        before = self._rested()
        self.open = self._idle_owed = True
        self._connect = False
        self._cause = 0
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
        """The outgoing end has no bits to block with: it does not seize, that is all."""
        return self._send["blocked"] if self.direction != "outgoing" else ()

    def _block(self, _: object, now: float) -> Sequence[Output]:
        self.block_wanted = True
        return (*self._send_block(), *self.add_reason("local"))

    def _block_later(self, _: object, now: float) -> Sequence[Output]:
        self.block_wanted = True
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
        return self._close(call.CIRCUIT_NOT_AVAILABLE)

    def _free(self, _: int, now: float) -> Sequence[Output]:
        return (ALERTING,)

    def _failed(self, cause: int, now: float) -> Sequence[Output]:
        self._cause = cause
        return (DISCONNECTS[cause],)

    def _answered(self, _: object, now: float) -> Sequence[Output]:
        return (CONNECT,)

    def _answered_early(self, _: object, now: float) -> Sequence[Output]:
        """Answer before KB: the far end knows better than its register."""
        return (*self.outgoing.stop(now), CONNECT)

    def _far_dropped(self, _: object, now: float) -> Sequence[Output]:
        """The far end shows idle in the middle of a call."""
        return (*self.outgoing.stop(now), *self._failed(call.TEMPORARY_FAILURE, now))

    def _no_answer(self, _: object, now: float) -> Sequence[Output]:
        return self._failed(call.NO_ANSWER, now)

    def _cleared_back(self, _: object, now: float) -> Sequence[Output]:
        self._cause = call.NORMAL_CLEARING
        return (DISCONNECTS[call.NORMAL_CLEARING],)

    def _forward(self, cause: int) -> Sequence[Output]:
        """Clear forward. Where no backward signal stands, a late one may still be under way: let the line settle."""
        self.machine.choose("Settling" if self.far_idle() else "Releasing")
        return (*self._send["clear-forward"], *self._close(cause))

    def _clear_forward(self, primitive: Disconnect | Release, now: float) -> Sequence[Output]:
        return (*self.outgoing.stop(now), *self._forward(primitive.cause))

    def _held_out(self, _: object, now: float) -> Sequence[Output]:
        """Nobody cleared in time after a failure or a clear-back."""
        return self._forward(self._cause)

    def _no_acknowledgement(self, _: object, now: float) -> Sequence[Output]:
        return self._forward(call.CIRCUIT_NOT_AVAILABLE)

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

    # The end that was seized.

    def _accept(self, _: object, now: float) -> Sequence[Output]:
        return self.incoming.accept(now) if self.incoming.offered else ()

    def _connect_wanted(self, _: object, now: float) -> Sequence[Output]:
        if self.incoming.offered or self.incoming.accepted:
            self._connect = True
        return self._accept(None, now)

    def _refuse(self, primitive: Disconnect, now: float) -> Sequence[Output]:
        self._cause = primitive.cause or call.NORMAL_UNSPECIFIED
        return self.incoming.refuse(self._cause, now)

    def _refuse_and_release(self, primitive: Release, now: float) -> Sequence[Output]:
        return (*self._refuse(Disconnect(primitive.cause), now), *self._close(primitive.cause))

    def _register_free(self, _: int, now: float) -> Sequence[Output]:
        machine = self.machine
        if self._cause:
            machine.choose("InRefused")
            return self._busy_tone(self._cause)
        machine.choose("InAnswering" if self._connect else "InFree")
        machine.start_timer("answer_delay", now)
        return ()

    def _register_failed(self, cause: int, now: float) -> Sequence[Output]:
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
        return (*self._send["answer"], CONNECT)

    def _refuse_in_band(self, primitive: Disconnect, now: float) -> Sequence[Output]:
        self._cause = primitive.cause
        return self._busy_tone(primitive.cause)

    def _clear_back(self, primitive: Disconnect, now: float) -> Sequence[Output]:
        self._cause = primitive.cause
        return self._send["clear-back"]

    def _clear_back_and_release(self, primitive: Release, now: float) -> Sequence[Output]:
        return (*self._send["clear-back"], *self._close(primitive.cause))

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
            *self._send["release-guard"],
            *self._close(call.NORMAL_CLEARING),
            *self._rested(),
        )

    def _forward_fault(self, _: object, now: float) -> Sequence[Output]:
        """The outgoing end is out of order: as clear-forward, but the circuit is blocked until it recovers."""
        outputs = (*self.incoming.stop(now), *self._end_tone(), *self._close(call.OUT_OF_ORDER))
        idle = self._send["idle"] if self.direction != "incoming" else ()
        return (*outputs, *idle, *self._remote_blocks(None, now))

    # The span.

    def _lost(self, _: object, now: float) -> Sequence[Output]:
        """The alarm has lasted: the call is lost, the circuit waits for the far end to be idle."""
        stopped = (*self.outgoing.stop(now), *self.incoming.stop(now), *self._end_tone())
        self.machine.choose("Settling" if self.far_idle() else "Releasing")
        return (*stopped, *self._send["idle"], *self._close(call.OUT_OF_ORDER))
