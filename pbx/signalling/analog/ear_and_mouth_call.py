"""Line signalling of an E&M tie line in bits: the actions of its chart, for both ends of a call (EIA/TIA-464 from memory; Q.421-Q.424).

One lead each way, on-hook or off-hook. The end that seizes goes off-hook, waits for the start signal (none, a wink, or on-hook after a
delay), sends the address, and sees answer and clear-back as off-hook and on-hook of the other. What is shorter than ``clear_recognition``
clears nothing. When both ends seize at once, both give their call back with Release(44), hold for a while so that both can see it, and
let go. A caller whom we refuse hears a tone, for the lead cannot say why. Primitives keep the rules of pbx/vocabulary/call.py. Left out:
blocking by a standing off-hook (a blocked circuit gives no start signal, so that the far end tries another), flash, and forced release.
"""

from collections.abc import Sequence

from pbx.engine import Noted, Output
from pbx.machine import Chart, Machine
from pbx.signalling.analog.dialling import DigitSender
from pbx.signalling.analog.ear_and_mouth_address import MARK, IncomingAddress, Verdict
from pbx.signalling.analog.ear_and_mouth_variant import Direction, EarAndMouthFeatures, EarAndMouthVariant
from pbx.signalling.analog.occupancy import IDLE
from pbx.signalling.analog.trunk import ALERTING, CONNECT, DISARM, PROCEEDING, PROGRESS, REFUSED, SEIZED, SILENCE, TrunkCall
from pbx.vocabulary import call
from pbx.vocabulary.call import Disconnect, Info, Release, Setup
from pbx.vocabulary.media import RECEIVE_DTMF, RECEIVE_PROGRESS, Listen, Unlisten
from pbx.vocabulary.numbers import NumberExaminer

LISTEN_DIGITS, LISTEN_TONES = Listen(RECEIVE_DTMF), Listen(RECEIVE_PROGRESS)
UNLISTEN_DIGITS, UNLISTEN_TONES = Unlisten(RECEIVE_DTMF), Unlisten(RECEIVE_PROGRESS)
UNLISTEN = Unlisten(RECEIVE_DTMF | RECEIVE_PROGRESS)


class EarAndMouthCall(TrunkCall):
    """What one circuit does in its states; owner of its machine."""

    __slots__ = ("_changed_at", "_features", "address", "direction", "far")

    DIALLING = "OutDialling"

    variant: EarAndMouthVariant

    def __init__(
        self, variant: EarAndMouthVariant, direction: Direction, examiner: NumberExaminer, features: EarAndMouthFeatures, chart: Chart
    ) -> None:
        self.variant, self.direction, self._features = variant, direction, features
        super().__init__()
        self.machine = Machine(chart, self)
        self.sender = DigitSender(variant.data.digits, features.address == "pulse", variant.lead)
        self.address = IncomingAddress(variant, features, examiner)
        self.far = False
        """Whether the far end is off-hook."""
        self._changed_at = 0.0

    # What the actions share.

    def rested(self) -> tuple[Output, ...]:
        """Both ends are on-hook: what the lead itself blocked is free again, Idle goes up if it is owed."""
        return (*self.remove_reason("fault"), *self.remove_reason("remote"), *self.pay_idle())

    def drop(self, cause: int) -> tuple[Output, ...]:
        """On-hook, everything stops. An end that is still off-hook there is waited for."""
        self.machine.choose("Releasing" if self.far else "Guard")
        return (DISARM, SILENCE, UNLISTEN, *self.variant.on_hook, *self.close(cause))

    def adopt(self) -> None:
        """After a restart: a call, or the way to rest, is taken over."""
        self._idle_owed = True

    def clear(self, primitive: Disconnect | Release, now: float) -> Sequence[Output]:
        """The end that seized clears."""
        return self.drop(primitive.cause)

    def _reset(self, _: object, now: float) -> Sequence[Output]:
        return self.drop(call.NORMAL_UNSPECIFIED)

    def _lost(self, _: object, now: float) -> Sequence[Output]:
        return self.drop(call.OUT_OF_ORDER)

    def _idle_anew(self, _: object, now: float) -> Sequence[Output]:
        return (DISARM, SILENCE, UNLISTEN, *self.variant.on_hook)

    def _ears(self) -> Sequence[Output]:
        return (LISTEN_DIGITS,) if self._features.hears_digits else ()

    def _maybe_cleared(self, _: object, now: float) -> Sequence[Output]:
        self._changed_at = now
        self.machine.start_timer("clear_recognition", now)
        return ()

    def _not_cleared(self, _: object, now: float) -> Sequence[Output]:
        self.machine.stop_timer("clear_recognition")
        return ()

    # At rest.

    def _setup(self, setup: Setup, now: float) -> Sequence[Output]:
        self.machine.choose("Idle")
        if self.direction == "incoming" or self.reasons:
            return REFUSED
        number = self._dialled_of(setup)
        if not self.sender.able(number) or not (setup.called or setup.overlap):
            return (Release(call.INVALID_NUMBER), IDLE)
        self.sender.begin(number)
        self.open = self._idle_owed = True
        self._overlap, self._alerted, self._cause = setup.overlap, False, 0
        self.machine.choose("OutSeizing")
        self.machine.start_timer("immediate_pause" if self._features.start == "immediate" else "start_wait", now)
        return self.variant.off_hook

    def _dialled_of(self, setup: Setup) -> str:
        """What is dialled: an address that may grow has no end mark; a number that must not be shown is left empty."""
        if not self._features.caller_number:
            return setup.called
        calling = "" if setup.restricted or not setup.calling.isdecimal() else setup.calling
        return MARK + calling + MARK + setup.called + ("" if setup.overlap else MARK)

    def seized(self, _: object, now: float) -> Sequence[Output]:
        """Off-hook at rest: a call, a circuit in use that we may not use ourselves, or a call that a blocked circuit does not take."""
        if self.direction == "outgoing":
            self.machine.choose("RemoteBlocked")
            return self.add_reason("remote")
        if "local" in self.reasons:
            self.machine.choose("InOver")
            return ()
        self.open = self._idle_owed = True
        self._cause = 0
        self.address.clear()
        variant, machine = self.variant, self.machine
        if self._features.start == "immediate":
            machine.choose("InDigits")
            return (SEIZED, *self._collect(now))
        machine.choose("InStart")
        if self._features.start == "wink":
            begin = now + variant.seconds("wink_delay")
            end = begin + variant.seconds("wink")
            signal: tuple[Output, ...] = (Noted("-> wink"), variant.lead(True, begin), variant.lead(False, end))
        else:
            end = now + variant.seconds("delay_dial")
            signal = (Noted("-> delay dial"), variant.lead(True, 0.0), variant.lead(False, end))
        machine.start_timer("start_signal", end)
        return (*signal, SEIZED)

    def _remote_free(self, _: object, now: float) -> Sequence[Output]:
        return self.rested()

    # The end that seized.

    def _start_signal(self, _: object, now: float) -> Sequence[Output]:
        """The far end is off-hook before a digit was sent: the start signal begins, or both have seized.

        Without start signals the pause before the first digit tells both apart: the other's seizure comes within the time that ours needs
        to get there and be recognised, an answer comes later.
        """
        self._changed_at = now
        if self._features.start == "immediate":
            return self._dual_seizure(None, now)
        self.machine.choose("OutStart")
        self.machine.start_timer("wink_longest" if self._features.start == "wink" else "delay_dial_longest", now)
        return ()

    def _start_signal_ends(self, _: object, now: float) -> Sequence[Output]:
        if self._features.start == "wink" and now - self._changed_at < self.variant.seconds("wink_shortest"):
            self.machine.choose("OutSeizing")
            self.machine.start_timer("start_wait", now)
            return (Noted("off-hook too short for a wink"),)
        self.machine.choose("OutReady")
        return (Noted("<- start dialling"),)

    def _dual_seizure(self, _: object, now: float) -> Sequence[Output]:
        self.machine.choose("DualSeizure")
        return (Noted("both ends have seized"), DISARM, SILENCE, *self.variant.off_hook, *self.close(call.CIRCUIT_NOT_AVAILABLE))

    def _back_off(self, _: object, now: float) -> Sequence[Output]:
        return self.drop(call.CIRCUIT_NOT_AVAILABLE)

    def _no_start(self, _: object, now: float) -> Sequence[Output]:
        return self.drop(call.CIRCUIT_NOT_AVAILABLE)

    def _digits_more(self, info: Info, now: float) -> Sequence[Output]:
        added = self._digits_early(info, now)
        if self.machine.runs("digits_sent") and self._features.address == "pulse":
            return added
        return (*added, *self._send(now))

    def _through(self, now: float) -> Sequence[Output]:
        self.machine.choose("OutWaiting")
        listen = (LISTEN_TONES,) if self._features.hears_tones else ()
        return (*listen, *(() if self._overlap else (PROCEEDING,)), PROGRESS)

    def _answered(self, _: object, now: float) -> Sequence[Output]:
        """Digits that still wait are not for the party that has answered."""
        cut = (DISARM, SILENCE, *self.variant.off_hook) if self.machine.state in ("OutReady", "OutDialling") else ()
        self.machine.choose("OutAnswered")
        return (*cut, UNLISTEN_TONES, *self._ears(), CONNECT)

    def _rings_back(self, _: object, now: float) -> Sequence[Output]:
        if self._alerted:
            return ()
        self._alerted = True
        return (ALERTING,)

    def _tone(self, tone: int, now: float) -> Sequence[Output]:
        return self._fail(self.variant.tones[tone].cause)

    def _no_answer(self, _: object, now: float) -> Sequence[Output]:
        return self._fail(call.NO_ANSWER)

    def _fail(self, cause: int) -> Sequence[Output]:
        self._cause = cause
        return (Disconnect(cause),)

    def _cleared_back(self, _: object, now: float) -> Sequence[Output]:
        return (Noted("<- clear-back"), *self._fail(call.NORMAL_CLEARING))

    def _held_out(self, _: object, now: float) -> Sequence[Output]:
        return self.drop(self._cause or call.NORMAL_CLEARING)

    # Release guard.

    def _released(self, _: object, now: float) -> Sequence[Output]:
        return (Noted("<- on-hook, released"),)

    def _not_released(self, _: object, now: float) -> Sequence[Output]:
        return self.add_reason("fault")

    def _guarded(self, _: object, now: float) -> Sequence[Output]:
        """Off-hook that has lasted over the guard is a new seizure."""
        self.machine.choose("Idle")
        rested = self.rested()
        return (*rested, *self.seized(None, now)) if self.far else rested

    # The end that was seized.

    def _collect(self, now: float) -> tuple[Output, ...]:
        self.machine.start_timer("first_digit", now)
        return (LISTEN_DIGITS,) if self._features.address == "dtmf" else ()

    def _started(self, _: object, now: float) -> Sequence[Output]:
        return self._collect(now)

    def _make(self, _: object, now: float) -> Sequence[Output]:
        """Off-hook again while digits are awaited: a pulse, if the break was one."""
        self.machine.stop_timer("clear_recognition")
        break_s = round(now - self._changed_at, 6)
        if self._features.address != "pulse" or not self.variant.seconds("pulse_shortest") <= break_s <= self.variant.seconds(
            "pulse_longest"
        ):
            return (Noted(f"break of {break_s * 1000:.0f} ms is no pulse"),)
        self.address.pulse()
        self.machine.start_timer("pulse_gap", now)
        return ()

    def _break(self, _: object, now: float) -> Sequence[Output]:
        self.machine.stop_timer("pulse_gap")
        return self._maybe_cleared(None, now)

    def _pulsed(self, _: object, now: float) -> Sequence[Output]:
        verdict = self.address.pulsed()
        if verdict is None:
            return self._give_up(call.INVALID_NUMBER)
        return self._judged(verdict, now)

    def _digit(self, digit: str, now: float) -> Sequence[Output]:
        return (Noted(f"<- digit {digit}"), *self._judged(self.address.digit(digit), now))

    def _judged(self, verdict: Verdict, now: float) -> Sequence[Output]:
        machine = self.machine
        if verdict == "whole":
            return self._whole()
        if verdict == "wrong":
            return self._give_up(self.address.cause)
        machine.choose("InDigits")
        for timer in ("first_digit", "inter_digit", "more_wait"):
            machine.stop_timer(timer)
        machine.start_timer("more_wait" if verdict == "growing" else "inter_digit", now)
        return ()

    def _whole(self) -> Sequence[Output]:
        self.machine.choose("InOffered")
        return (UNLISTEN_DIGITS, Setup(self.address.called, self.address.calling))

    def _give_up(self, cause: int) -> Sequence[Output]:
        """The engine itself ends the call: the caller hears why."""
        self.machine.choose("InOver")
        return (UNLISTEN_DIGITS, self._refusal(cause), *self.close(cause))

    def _no_digit(self, _: object, now: float) -> Sequence[Output]:
        return self._give_up(call.NO_RESPONSE)

    def _no_more_digits(self, _: object, now: float) -> Sequence[Output]:
        return self._whole() if self.address.complete else self._give_up(call.INVALID_NUMBER)

    def _refusal(self, cause: int) -> Output:
        return self.variant.refusals.get(cause, self.variant.other_refusal)

    def _answer(self, _: object, now: float) -> Sequence[Output]:
        return (*self.variant.off_hook, *self._ears(), CONNECT)

    def _refuse(self, primitive: Disconnect, now: float) -> Sequence[Output]:
        self._cause = primitive.cause
        return (UNLISTEN_DIGITS, self._refusal(primitive.cause))

    def _abandon(self, primitive: Release, now: float) -> Sequence[Output]:
        """Let go before the answer: the caller hears no more of us and must clear."""
        return (DISARM, SILENCE, UNLISTEN, *self.variant.on_hook, *self.close(primitive.cause))

    def _clear_back(self, primitive: Disconnect, now: float) -> Sequence[Output]:
        self._cause = primitive.cause
        return self.variant.on_hook

    def _never_cleared(self, _: object, now: float) -> Sequence[Output]:
        return (SILENCE, UNLISTEN, *self.variant.on_hook, *self.close(self._cause or call.RECOVERY_ON_TIMER_EXPIRY))

    def _cleared(self, _: object, now: float) -> Sequence[Output]:
        return (Noted("<- clear-forward"), *self.drop(call.NORMAL_CLEARING))
