"""Loop signalling of an exchange line (FXO), loop start and ground start: the actions of its chart (Q.552 leaves it national).

The chart is fxo_states.py, the face of the engine fxo.py. Primitives keep the rules of pbx/vocabulary/call.py: Release goes up once for
each Seized or Setup, Idle when the line can be seized again. A loop-start line cannot refuse a call: it rings on until the caller tires,
and Idle waits for that. When ringing meets our own seizure, the incoming call wins: ours is given back with Release(44), so that the
switch tries another line; theirs goes up as Seized and Setup at once, for the closed loop has answered it in the eyes of the network (the
loop is not opened, which would drop the caller), and Connect is confirmed without another signal. Left out: refusing by a short answer,
calls on hold in the network, Suspend and Resume.
"""

from collections.abc import Sequence

from pbx.engine import Noted, Output
from pbx.machine import Chart, Machine
from pbx.signalling.analog.dialling import DigitSender
from pbx.signalling.analog.fxo_identity import IdentityReceiver
from pbx.signalling.analog.fxo_variant import FxoFeatures, FxoVariant
from pbx.vocabulary import call
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    Info,
    Metering,
    Proceeding,
    Progress,
    Release,
    Seized,
    Setup,
    Unblocked,
)
from pbx.vocabulary.media import (
    RECEIVE_CALLER_IDENTITY,
    RECEIVE_DTMF,
    RECEIVE_PROGRESS,
    RECEIVE_VOICE,
    Disarm,
    Ground,
    Listen,
    Loop,
    SendDigits,
    Silence,
    Unlisten,
)
from pbx.vocabulary.tones import DTMF_DIGITS

SEIZED, IDLE, ALERTING, CONNECT, UNBLOCKED = Seized(), Idle(), Alerting(), Connect(), Unblocked()
PROCEEDING, PROGRESS, METERING = Proceeding(), Progress(), Metering()
INFOS = {digit: (Info(digit),) for digit in DTMF_DIGITS}
FLASH = "!"
LOOP_CLOSED, LOOP_OPEN = (Noted("-> loop closed"), Loop(True)), (Noted("-> loop open"), Loop(False))
GROUND_ON, GROUND_OFF = (Noted("-> ring wire grounded"), Ground(True)), Ground(False)
SILENCE, DISARM = Silence(), Disarm()
LISTEN_TONES, LISTEN_CALL, LISTEN_VOICE = Listen(RECEIVE_PROGRESS), Listen(RECEIVE_PROGRESS | RECEIVE_DTMF), Listen(RECEIVE_VOICE)
UNLISTEN = Unlisten(RECEIVE_DTMF | RECEIVE_PROGRESS | RECEIVE_CALLER_IDENTITY | RECEIVE_VOICE)
REFUSED = (Release(call.CIRCUIT_NOT_AVAILABLE), IDLE)


class FxoCall:
    """What one line does in its states; owner of its machine."""

    __slots__ = (
        "_alerted", "_cause", "_home", "_idle_owed", "_listens", "_overlap", "_ready", "_rings", "_settled_at", "battery", "features",
        "identity", "machine", "number", "open", "outgoing", "reasons", "reversed", "ringing", "sender", "variant",
    )  # fmt: skip

    def __init__(self, variant: FxoVariant, number: str, features: FxoFeatures, chart: Chart) -> None:
        self.variant, self.number, self.features = variant, number, features
        self.machine = Machine(chart, self)
        self.identity = IdentityReceiver(variant, features.caller_identity)
        self.sender = DigitSender(variant.data.digits, features.dialling == "pulse", lambda closed, at: Loop(closed, at))
        self._listens = Listen(self.identity.receivers) if self.identity.receivers else None
        self.ringing = self.reversed = self.open = self.outgoing = False
        self.battery = not features.ground_start
        self.reasons: set[str] = set()
        self._home = False
        """Where the poles are when the far party has gone; in a call to be answered by reversal, before the answer."""
        self._settled_at = 0.0
        self._rings = self._cause = 0
        self._ready = self._idle_owed = self._overlap = self._alerted = False

    # What the actions share.

    def at_rest(self) -> tuple[Output, ...]:
        """What stands on the line when nobody uses it."""
        ground = (GROUND_OFF,) if self.features.ground_start else ()
        return (DISARM, SILENCE, UNLISTEN, *LOOP_OPEN, *ground)

    def close(self, cause: int) -> tuple[Output, ...]:
        """Release up, if a call is open."""
        if not self.open:
            return ()
        self.open = False
        return (Release(cause),)

    def add_reason(self, reason: str) -> tuple[Output, ...]:
        """The line may not be seized, for one more reason."""
        if reason in self.reasons:
            return ()
        self.reasons.add(reason)
        return (Blocked(reason),)

    def remove_reason(self, reason: str) -> tuple[Output, ...]:
        """A reason has gone; Unblocked goes up with the last one."""
        if reason not in self.reasons:
            return ()
        self.reasons.discard(reason)
        return () if self.reasons else (UNBLOCKED,)

    def rested(self, now: float) -> tuple[Output, ...]:
        """The state is Idle: Idle goes up if it is owed; a line without feed is watched."""
        if not self.battery and not self.features.ground_start:
            self.machine.start_timer("battery_lost", now)
        owed, self._idle_owed = self._idle_owed, False
        return (IDLE,) if owed else ()

    def _idle(self, now: float) -> tuple[Output, ...]:
        self.machine.choose("Idle")
        return self.rested(now)

    def owe_idle(self) -> None:
        """After a restart: Idle is to go up when the line is at rest."""
        self._idle_owed = True

    def adopt(self, outgoing: bool) -> None:
        """After a restart: an answered call is taken over."""
        self.open = self._idle_owed = True
        self.outgoing = outgoing
        self._home = not self.reversed

    # At rest.

    def _refuse_setup(self, _: object, now: float) -> Sequence[Output]:
        self._idle_owed = True
        return REFUSED[:1]

    def _refuse_early(self, _: object, now: float) -> Sequence[Output]:
        """The network is about to ring, which the switch does not know yet."""
        return REFUSED

    def _setup(self, setup: Setup, now: float) -> Sequence[Output]:
        """Loop start closes the loop, ground start asks by the ring wire. A line that cannot be used was never left: Idle at once."""
        machine = self.machine
        machine.choose("Idle")
        if self.reasons or not (self.battery or self.features.ground_start):
            return REFUSED
        if not self.sender.able(setup.called) or not (setup.called or setup.overlap):
            return (Release(call.INVALID_NUMBER), IDLE)
        self.sender.begin(setup.called)
        self.open = self._idle_owed = self.outgoing = True
        self._overlap, self._alerted, self._cause = setup.overlap, False, 0
        self._home = self.reversed
        if self.features.ground_start:
            machine.choose("Grounding")
            return GROUND_ON
        return self._seize(now)

    def _seize(self, now: float) -> Sequence[Output]:
        self.machine.choose("Seizing")
        self.machine.start_timer("dial_tone" if self.features.wait_for_dial_tone else "seize_pause", now)
        return (*LOOP_CLOSED, LISTEN_TONES)

    def _ground_accepted(self, _: object, now: float) -> Sequence[Output]:
        return (*self._seize(now), GROUND_OFF)

    def _battery_watched(self, _: object, now: float) -> Sequence[Output]:
        self.machine.start_timer("battery_lost", now)
        return ()

    def _battery_back(self, _: object, now: float) -> Sequence[Output]:
        """Loop start: the feed is there again. Ground start: the exchange takes the line, ringing will follow."""
        self.machine.stop_timer("battery_lost")
        self.machine.choose("Forewarned" if self.features.ground_start else "Idle")
        if not self.features.ground_start:
            return ()
        return self._listen_early()

    def _no_battery_at_rest(self, _: object, now: float) -> Sequence[Output]:
        if not self.features.ground_start:
            self.machine.start_timer("battery_lost", now)
        return ()

    def _out_of_order(self, _: object, now: float) -> Sequence[Output]:
        return self.add_reason("remote")

    # Called.

    def _listen_early(self) -> tuple[Output, ...]:
        self.identity.clear()
        return (self._listens,) if self._listens is not None else ()

    def _forewarned(self, _: object, now: float) -> Sequence[Output]:
        """The poles change at rest: the caller's identity may come before the ringing, or nothing at all."""
        self.machine.choose("Forewarned")
        self.machine.start_timer("forewarning", now)
        return self._listen_early()

    def _warned_for_nothing(self, _: object, now: float) -> Sequence[Output]:
        """No ringing follows; but a ground-start exchange that feeds the line has it, for as long as it does."""
        if self.features.ground_start and self.battery:
            self.machine.choose("Forewarned")
            return ()
        return (UNLISTEN, *self._idle(now))

    def _no_battery_when_warned(self, _: object, now: float) -> Sequence[Output]:
        if self.features.ground_start:
            return self._warned_for_nothing(None, now)
        self.machine.choose("Forewarned")
        return ()

    def _no_battery_when_rung(self, _: object, now: float) -> Sequence[Output]:
        """A ground-start exchange says so that it has let go; in loop start only ringing counts."""
        if self.features.ground_start:
            return self._caller_gone(None, now)
        self.machine.choose(self.machine.state)
        return ()

    def _rung(self, _: object, now: float) -> Sequence[Output]:
        """The first ringing of a call that nothing has announced."""
        return self.ring_begins(self._listen_early(), now)

    def _rung_as_told(self, _: object, now: float) -> Sequence[Output]:
        return self.ring_begins((), now)

    def ring_begins(self, listening: tuple[Output, ...], now: float) -> tuple[Output, ...]:
        """A call comes in. While the line is blocked nobody here takes it: it rings in vain."""
        if "local" in self.reasons:
            self.machine.choose("RingingOut")
            return (UNLISTEN,)
        self.open = self._idle_owed = True
        self.outgoing, self._cause, self._rings = False, 0, 1
        self._ready = self.identity.found is not None or self._listens is None
        self.machine.choose("Ringing")
        return (*listening, SEIZED, *self._offer_if_ready())

    def _rung_again(self, _: object, now: float) -> Sequence[Output]:
        """The second ringing ends the time of identities."""
        self._rings += 1
        self.machine.stop_timer("ring_end")
        self.machine.choose("Ringing")
        return (*self._finish_identity(), *self._offer_if_ready())

    def _finish_identity(self) -> Sequence[Output]:
        self._ready = True
        return self.identity.finish()

    def _ring_pauses(self, _: object, now: float) -> Sequence[Output]:
        """Nobody waits for an identity any more."""
        self.machine.start_timer("ring_end", now)
        return ()

    def _ring_pauses_first(self, _: object, now: float) -> Sequence[Output]:
        self.machine.start_timer("ring_end", now)
        if not self._ready and not self.machine.runs("identity_wait"):
            self.machine.start_timer("identity_wait", now)
        return ()

    def _ring_goes_on(self, _: object, now: float) -> Sequence[Output]:
        self.machine.stop_timer("ring_end")
        return ()

    def _identified(self, _: object, now: float) -> Sequence[Output]:
        self._ready = True
        self.machine.choose("Ringing")
        return self._offer_if_ready()

    def _not_identified(self, _: object, now: float) -> Sequence[Output]:
        """The wait is over, unless a message is just coming in: then until the next ringing or the end of all ringing."""
        self.machine.choose("Ringing")
        if self.identity.begun:
            self.machine.start_timer("identity_wait", now)
            return ()
        return (*self._finish_identity(), *self._offer_if_ready())

    def _offer_if_ready(self) -> tuple[Output, ...]:
        if not self._ready or self._rings < self.features.rings_before_answer:
            return ()
        self.machine.choose("Offered")
        unlisten = () if self._listens is None else (UNLISTEN,)
        return (*unlisten, self._offer())

    def _offer(self) -> Setup:
        found = self.identity.found
        if found is None:
            return Setup(self.number)
        return Setup(self.number, found.number, restricted=found.number_absence == "private", name=found.name)

    def _caller_gone(self, _: object, now: float) -> Sequence[Output]:
        return (UNLISTEN, *self.close(call.NORMAL_CLEARING), *self._at_end(now))

    def _refuse(self, primitive: Disconnect | Release, now: float) -> Sequence[Output]:
        """It rings on for a while, of which the switch needs to know nothing but that the line is not idle."""
        if not self.ringing and not self.machine.runs("ring_end"):
            self.machine.start_timer("ring_end", now)
        return (UNLISTEN, *self.close(primitive.cause))

    def _answer(self, _: object, now: float) -> Sequence[Output]:
        self._talk(now)
        return (*LOOP_CLOSED, LISTEN_CALL, CONNECT)

    def _talk(self, now: float) -> None:
        self._home = not self.reversed
        self._settled_at = now + self.variant.seconds("polarity_settle")

    # Both at once.

    def _met_early(self, _: object, now: float) -> Sequence[Output]:
        """Ringing instead of the exchange's consent: nothing is closed yet, so theirs is an ordinary call."""
        return (GROUND_OFF, *self.close(call.CIRCUIT_NOT_AVAILABLE), *self.ring_begins(self._listen_early(), now))

    def _met(self, _: object, now: float) -> Sequence[Output]:
        before = self.close(call.CIRCUIT_NOT_AVAILABLE)
        self.open, self.outgoing, self._cause = True, False, 0
        self.identity.clear()
        self._talk(now)
        return (Noted("ringing has met our seizure: their call wins"), *before, SEIZED, LISTEN_CALL, self._offer())

    def _confirm(self, _: object, now: float) -> Sequence[Output]:
        return (CONNECT,)

    # Calling.

    def _no_dial_tone(self, _: object, now: float) -> Sequence[Output]:
        if self.features.without_dial_tone == "dial":
            return self._dial(None, now)
        return self._drop(call.CIRCUIT_NOT_AVAILABLE)

    def _not_usable(self, _: object, now: float) -> Sequence[Output]:
        """Nothing of the number has been sent: the switch may try another line."""
        return self._drop(call.CIRCUIT_NOT_AVAILABLE)

    def _poles_before_dialling(self, _: object, now: float) -> Sequence[Output]:
        """Some exchanges turn the poles when the line is seized: that is no answer."""
        self._home = self.reversed
        return ()

    def _dial(self, _: object, now: float) -> Sequence[Output]:
        self.machine.choose("Dialling")
        return self._send(now)

    def _send(self, now: float) -> Sequence[Output]:
        if not self.sender.waiting:
            return ()
        outputs = self.sender.send(now)
        if self.sender.waiting:
            self.machine.start_timer("digits_sent", self.sender.next_at - self.variant.seconds("digits_sent"))
        else:
            self.machine.start_timer("digits_sent", self.sender.sent_at)
        return outputs

    def _digits_early(self, info: Info, now: float) -> Sequence[Output]:
        return self._added(info.digits)

    def _added(self, digits: str) -> tuple[Output, ...]:
        return () if self.sender.add(digits) else (Noted(f"digits {digits} cannot be dialled"),)

    def _digits_more(self, info: Info, now: float) -> Sequence[Output]:
        """While tones are sent more go behind them; pulses wait for the digit under way."""
        added = self._added(info.digits)
        if self.machine.runs("digits_sent") and self.features.dialling == "pulse":
            return added
        return (*added, *self._send(now))

    def _digits_late(self, info: Info, now: float) -> Sequence[Output]:
        self.machine.choose("Dialling")
        return (*self._added(info.digits), *(self._send(now) or self._through(now)))

    def _dialled(self, _: object, now: float) -> Sequence[Output]:
        if self.sender.waiting:
            self.machine.choose("Dialling")
            return self._send(now)
        return self._through(now)

    def _through(self, now: float) -> tuple[Output, ...]:
        """All digits are sent. In an overlap call nobody knows whether these are all, and no Proceeding says so."""
        machine, rule = self.machine, self.features.answer_supervision
        machine.choose("Alerted" if self._alerted else "Waiting")
        machine.start_timer("answer_wait", now)
        if rule == "none":
            machine.start_timer("answer_unsupervised", now)
        elif rule == "tone" and not self._alerted:
            machine.start_timer("answer_assumed", now)
        voice = (LISTEN_VOICE,) if rule == "tone" else ()
        return (*voice, *(() if self._overlap else (PROCEEDING,)), PROGRESS)

    def _rings_back(self, _: object, now: float) -> Sequence[Output]:
        self._forget_tone(None, now)
        # The chart leads to Alerted; a line that still dials goes there by itself when it is through.
        if self._alerted:
            return ()
        self._alerted = True
        return (ALERTING,)

    def _ring_back_ends(self, _: object, now: float) -> Sequence[Output]:
        if self.features.answer_supervision == "tone":
            self.machine.choose("RingBackOver")
            self.machine.start_timer("ring_back_over", now)
        else:
            self.machine.choose("Alerted")
        return ()

    def _speaks(self, _: object, now: float) -> Sequence[Output]:
        self.machine.start_timer("voice_stands", now)
        return ()

    def _speaks_no_more(self, _: object, now: float) -> Sequence[Output]:
        self.machine.stop_timer("voice_stands")
        return ()

    def _poles_in_dialling(self, _: object, now: float) -> Sequence[Output]:
        state = self.machine.state
        if self.features.answer_supervision != "reversal" or self.reversed == self._home:
            self.machine.choose(state)
            return ()
        return self._answered(None, now)

    def _answered(self, _: object, now: float) -> Sequence[Output]:
        """The far party has answered, or may be taken to have: digits that still wait are not for him."""
        self.machine.choose("Talking")
        unheard = (Unlisten(RECEIVE_VOICE),) if self.features.answer_supervision == "tone" else ()
        cut = (DISARM, Loop(True)) if self.machine.state == "Dialling" and self.features.dialling == "pulse" else ()
        return (*cut, *unheard, LISTEN_CALL, CONNECT)

    def _charged_answer(self, _: object, now: float) -> Sequence[Output]:
        """Only an answered call is charged."""
        return (*self._answered(None, now), METERING)

    def _charged(self, _: object, now: float) -> Sequence[Output]:
        return (METERING,)

    def _no_answer(self, _: object, now: float) -> Sequence[Output]:
        return self._fail(call.NO_ANSWER)

    def _fail(self, cause: int) -> Sequence[Output]:
        self._cause = cause
        self.machine.choose("FarCleared")
        cut = (DISARM, Loop(True)) if self.machine.state == "Dialling" and self.features.dialling == "pulse" else ()
        return (*cut, Disconnect(cause))

    # Supervision.

    def _talking(self) -> bool:
        return self.machine.state in ("Talking", "Caught")

    def _tone_begins(self, tone: int, now: float) -> Sequence[Output]:
        """A tone of refusal or release: believed at once, or when it comes for the second time, or else when it stands."""
        machine, meaning = self.machine, self.variant.tones[tone]
        machine.choose(machine.state)
        if self._talking():
            if not meaning.releases or "busy-tone" not in self.features.release_supervision:
                return ()
        else:
            machine.stop_timer("ring_back_over")
            machine.stop_timer("voice_stands")
        self._cause = meaning.cause
        if meaning.at_once or machine.runs("tone_again"):
            return self._tone_stood(None, now)
        machine.start_timer("tone_stands", now)
        return ()

    def _tone_ends(self, _: object, now: float) -> Sequence[Output]:
        machine = self.machine
        if machine.runs("tone_stands"):
            machine.stop_timer("tone_stands")
            machine.start_timer("tone_again", now)
            if machine.state == "RingBackOver":
                machine.start_timer("ring_back_over", now)
        return ()

    def _tone_stood(self, _: object, now: float) -> Sequence[Output]:
        return self._fail(call.NORMAL_CLEARING if self._talking() else self._cause)

    def _forget_tone(self, _: object, now: float) -> Sequence[Output]:
        """Ring-back in between: what was heard before was no tone of release."""
        self.machine.stop_timer("tone_stands")
        self.machine.stop_timer("tone_again")
        return ()

    def _poles(self, _: object, now: float) -> Sequence[Output]:
        self.machine.choose(self.machine.state)
        if not self.outgoing and now < self._settled_at:
            self._home = not self.reversed
            return ()
        if "reversal" not in self.features.release_supervision or self.reversed != self._home:
            return ()
        return self._fail(call.NORMAL_CLEARING)

    def battery_gone(self, _: object, now: float) -> Sequence[Output]:
        """A break that is a signal when it lasts, or a fault when it lasts very long."""
        signal = self.features.ground_start or "loop-break" in self.features.release_supervision
        self.machine.start_timer("loop_break" if signal else "feed_lost", now)
        return ()

    def _battery_returns(self, _: object, now: float) -> Sequence[Output]:
        self.machine.stop_timer("loop_break")
        self.machine.stop_timer("feed_lost")
        return ()

    def _broken(self, _: object, now: float) -> Sequence[Output]:
        """The exchange has cleared: the call if there was one, or the attempt."""
        return self._fail(call.NORMAL_CLEARING if self._talking() else call.TEMPORARY_FAILURE)

    def _dead(self, _: object, now: float) -> Sequence[Output]:
        return self._fail(call.OUT_OF_ORDER)

    def _far_gone(self, _: object, now: float) -> Sequence[Output]:
        """Dial tone where a caller should be: he gave up just before we seized."""
        return self._fail(call.NORMAL_CLEARING)

    def _digit_up(self, digit: str, now: float) -> Sequence[Output]:
        return INFOS.get(digit, ())

    def _digits_down(self, info: Info, now: float) -> Sequence[Output]:
        """Digits into the call are always DTMF; a flash is a short open loop."""
        sending, digits = self.variant.data.digits, info.digits
        if digits == FLASH:
            at = now + sending.lead_ms / 1000
            return (Noted("-> flash"), Loop(False, at), Loop(True, at + self.features.flash_ms / 1000))
        if not digits or not set(digits) <= set(DTMF_DIGITS):
            return (Noted(f"digits {digits} cannot be sent"),)
        return (Noted(f"-> digits {digits}"), SendDigits(digits, sending.tone_on_ms, sending.tone_off_ms))

    # Clearing.

    def _drop(self, cause: int) -> tuple[Output, ...]:
        self.machine.choose("Guard")
        return (*self.at_rest(), *self.close(cause))

    def clear(self, primitive: Disconnect | Release, now: float) -> Sequence[Output]:
        """The switch clears: an open loop says it."""
        return self._drop(primitive.cause)

    def _reset(self, _: object, now: float) -> Sequence[Output]:
        return self._drop(call.NORMAL_UNSPECIFIED)

    def _idle_anew(self, _: object, now: float) -> Sequence[Output]:
        return self.at_rest()

    def _held_long(self, _: object, now: float) -> Sequence[Output]:
        return self._drop(self._cause)

    def _lost(self, _: object, now: float) -> Sequence[Output]:
        return self._drop(call.OUT_OF_ORDER)

    def guarded(self, _: object, now: float) -> tuple[Output, ...]:
        """The exchange has had its time. What still stands there is a call that comes in, or an exchange that does not let go."""
        if self.ringing:
            return (*self._idle(now), *self.ring_begins(self._listen_early(), now))
        return self._at_end(now)

    def _at_end(self, now: float) -> tuple[Output, ...]:
        if self.features.ground_start and self.battery:
            self.machine.choose("Held")
            return self.add_reason("fault")
        return self._idle(now)

    def _let_go(self, _: object, now: float) -> Sequence[Output]:
        return (*self.remove_reason("fault"), *self._idle(now))

    def _held_and_rung(self, _: object, now: float) -> Sequence[Output]:
        return (*self.remove_reason("fault"), *self._idle(now), *self.ring_begins(self._listen_early(), now))
