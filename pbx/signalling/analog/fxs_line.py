"""The actions of a subscriber line: calling, being called, clearing, suspended calls, ground start, messages that wait.

They are the methods of the chart in fxs_states.py; what enters and leaves, and the rules, stand in fxs.py. Calling-party control after
Q.764 2.5 and Q.118: a called party who hangs up may lift again within ``re_answer``. Ground start after ANSI T1.401 and EIA/TIA-464, from
memory. Leaves out the signals of call waiting (fxs_waiting.py) and what stands on the wires (fxs_feed.py).
"""

from collections.abc import Callable, Sequence

from pbx.engine import Noted, Output
from pbx.machine import Machine
from pbx.signalling.analog import fxs_identity
from pbx.signalling.analog.alarm_watch import ALARM
from pbx.signalling.analog.caller_identity import MessageWaiting as Indication
from pbx.signalling.analog.fxs_feed import LineFeed
from pbx.signalling.analog.fxs_identity import Sending, call_of
from pbx.signalling.analog.fxs_variant import RECALL, SubscriberFeatures, SubscriberVariant, tone
from pbx.signalling.analog.fxs_waiting import CallWaitingSignals
from pbx.signalling.analog.occupancy import IDLE, Occupancy
from pbx.vocabulary import call, tones
from pbx.vocabulary.call import Connect, Disconnect, Info, Release, Resume, Seized, Setup, Suspend
from pbx.vocabulary.media import RECEIVE_DTMF, Listen, Ring, SendDigits, Silence, Unlisten
from pbx.vocabulary.numbers import COMPLETE, INVALID, NumberExaminer

INFOS = {digit: (Info(digit),) for digit in tones.DTMF_DIGITS}
SILENCE, LISTEN, UNLISTEN, RING_STOP = Silence(), Listen(RECEIVE_DTMF), Unlisten(RECEIVE_DTMF), Ring(0)
SEIZED, CONNECT, SUSPEND, RESUME = Seized(), Connect(), Suspend(), Resume()
ANSWERED, SENT = Noted("-> speech path"), Noted("number complete")
DIAL_TONE, SPECIAL_DIAL_TONE, CONGESTION, HOWLER = tone("dial"), tone("special-dial"), tone("congestion"), tone("howler")
NUMBER_LIMIT = 40


class LineActions(Occupancy):
    """One subscriber line's memory and what it does in each cell."""

    __slots__ = (
        "_complete", "_date_time", "_digits", "_examiner", "_feed", "_grounded_wire", "_held", "_identity_digits", "_machine", "_messages",
        "_off_hook", "_presentation", "_ring", "_sends", "_shown", "_waiting", "features", "number", "variant",
    )  # fmt: skip

    def __init__(
        self,
        variant: SubscriberVariant,
        number: str,
        examiner: NumberExaminer,
        features: SubscriberFeatures,
        date_time: Callable[[float], str],
        machine: Machine,
    ) -> None:
        super().__init__()
        self.variant = variant
        self.number = number
        self.features = features
        self._examiner = examiner
        self._date_time = date_time
        self._machine = machine
        self._presentation = fxs_identity.presentation_named(features.caller_identity)
        may_reverse = features.reversal or fxs_identity.reverses(self._presentation)
        self._feed = LineFeed(features, variant.data.metering, may_reverse)
        off_hook = fxs_identity.off_hook(self._presentation, variant.data.call_waiting.mark_bits)
        self._waiting = CallWaitingSignals(variant, self._feed, off_hook)
        self._digits = ""
        self._complete = False
        self._off_hook = self._grounded_wire = False
        self._held = False
        """Whether this is a called line whose release the calling side controls."""
        self._ring: Sequence[Output] = ()
        self._sends = False
        """Whether caller identity or an indication is on its way to a set on-hook."""
        self._identity_digits: SendDigits | None = None
        self._messages = 0
        self._shown: bool | None = None
        """What the set was told last of waiting messages; None = nothing is to be told."""

    # What the actions share.

    @property
    def _barred(self) -> bool:
        """Whether the telephone gets no service. What it does is taken in when no alarm stands, or when one ends, which bars no more."""
        return bool(self.reasons - {ALARM})

    def _tone_of(self, cause: int) -> Sequence[Output]:
        return self.variant.tones.get(cause, CONGESTION)

    def _stop_sending(self, now: float) -> Sequence[Output]:
        """Cut what a set on-hook is being told."""
        self._identity_digits = None
        if not self._sends:
            return ()
        self._sends = False
        return (SILENCE, *self._feed.cancel(now))

    def _send(self, sending: Sending) -> Sequence[Output]:
        """Send to a set on-hook; the state that is entered keeps both timers."""
        self._sends = True
        self._identity_digits = sending.digits
        if sending.digits is not None:
            self._machine.start_timer("message_begin", sending.begins)
        self._machine.start_timer("message_end", sending.ends)
        return sending.outputs

    # Actions: calling.

    def _lifted(self, _: object, now: float) -> Sequence[Output]:
        """Off-hook at rest: dial tone at once, so within the 300 ms of Q.543; a line that is blocked gets congestion tone."""
        if self._feed.ground_start:
            self._machine.choose("Idle")
            return (Noted("no seizure: the ring wire is not grounded"),)
        if self._barred:
            self._machine.choose("Tone")
            return CONGESTION
        return (SEIZED, *self._begins())

    def _begins(self) -> Sequence[Output]:
        """A calling line is ready for digits, or has its number given."""
        self.open = True
        self._held = False
        self._digits = ""
        self._complete = False
        hot = self.features.hot_line
        if hot and not self.features.hot_line_delay_ms:
            self._machine.choose("Calling")
            return (LISTEN, *self._hot_line(None, 0.0))
        self._machine.choose("WarmLine" if hot else "DialTone")
        return (*(SPECIAL_DIAL_TONE if self._messages else DIAL_TONE), LISTEN)

    def _hot_line(self, _: object, now: float) -> Sequence[Output]:
        self._digits = self.features.hot_line
        return (Noted(f"hot line to {self._digits}"), Setup(self._digits, self.number))

    def _warm_line(self, _: object, now: float) -> Sequence[Output]:
        return (SILENCE, *self._hot_line(None, now))

    def _grounded(self, _: object, now: float) -> Sequence[Output]:
        """Ground start: the far end wants service; the feed tells it that it has the line, then it closes the loop."""
        if not self._feed.ground_start or self._barred:
            self._machine.choose("Idle")
            return (Noted("no seizure: the line is blocked" if self._feed.ground_start else "no seizure: not a ground start line"),)
        if self._off_hook:
            return (*self._feed.seize(), SEIZED, *self._begins())
        self._machine.choose("GroundSeized")
        self.open = True
        return (*self._feed.seize(), SEIZED)

    def _loop_closed(self, _: object, now: float) -> Sequence[Output]:
        return self._begins()

    def _no_loop(self, _: object, now: float) -> Sequence[Output]:
        return (*self._feed.let_go(), *self.close(call.NO_RESPONSE), IDLE)

    def _dialled(self, digit: str, now: float) -> Sequence[Output]:
        """One more digit; the first one ends dial tone, ``#`` ends a number that may be whole."""
        before: tuple[Output, ...] = () if self._digits else (SILENCE,)
        if digit == "#" and self._complete:
            return self._whole(before)
        digits = self._digits = self._digits + digit
        examination = self._examiner.examine(digits)
        if examination.verdict == INVALID or len(digits) > NUMBER_LIMIT:
            return (*before, *self._give_up(examination.cause or call.UNALLOCATED))
        self._complete = examination.verdict == COMPLETE
        if self._complete and examination.max_more == 0:
            return self._whole(before)
        self._machine.choose("Whole" if self._complete else "Dialling")
        return before

    def _whole(self, before: tuple[Output, ...] = ()) -> Sequence[Output]:
        self._machine.choose("Calling")
        return (*before, SENT, Setup(self._digits, self.number))

    def _give_up(self, cause: int) -> Sequence[Output]:
        """The engine itself ends the call."""
        self._machine.choose("Tone")
        return (UNLISTEN, *self._tone_of(cause), *self.close(cause))

    def _no_digit(self, _: object, now: float) -> Sequence[Output]:
        return self._give_up(call.NO_RESPONSE)

    def _no_more_digits(self, _: object, now: float) -> Sequence[Output]:
        return self._whole() if self._complete else self._give_up(call.INVALID_NUMBER)

    def _connected(self, _: object, now: float) -> Sequence[Output]:
        """The switch gives speech. The receiver stays on: a key still held must not be heard twice, and flows want keys."""
        return (ANSWERED, *self._feed.reverse(self.features.reversal), CONNECT)

    def _connected_early(self, _: object, now: float) -> Sequence[Output]:
        """The switch answers before a number is dialled, as a flow may."""
        return (SILENCE, *self._connected(None, now))

    def _forward_digit(self, digit: str, now: float) -> Sequence[Output]:
        return self._waiting.digit(digit, now) if self._waiting.busy else INFOS[digit]

    def _forward_flash(self, _: object, now: float) -> Sequence[Output]:
        return (Info("!"),)

    def _meter(self, pulses: int | None, now: float) -> Sequence[Output]:
        """Charge units to be shown, or the rest of them when the timer says that there is room again."""
        commands, again = self._feed.meter(pulses or 0, now)
        if again is not None:
            self._machine.start_timer("metering", again)
        return (Noted(f"-> {pulses} metering pulses" if pulses != 1 else "-> metering pulse"), *commands) if pulses else commands

    # Actions: called.

    def _setup(self, setup: Setup, now: float) -> Sequence[Output]:
        before = self._end_indication(None, now)
        self._machine.choose("Idle")
        if self.reasons:
            return (*before, Release(call.OUT_OF_ORDER), IDLE)
        if self._off_hook:
            return (*before, Release(call.USER_BUSY), IDLE)
        self._machine.choose("Ringing")
        self.open = True
        self._held = setup.control == "calling"
        self._ring = self.variant.ring(setup.ringing)
        return (*before, *self._feed.seize(), *self._present(setup, now))

    def _present(self, setup: Setup, now: float) -> Sequence[Output]:
        """Ring, and say who calls where the presentation wants it."""
        presentation = self._presentation
        if presentation is None:
            return self._ring
        message = call_of(setup.calling, setup.restricted, setup.name, self._date_time(now))
        data = self.variant.data.caller_identity
        if not fxs_identity.is_before_ringing(presentation):
            found = fxs_identity.between_rings(message, presentation, data, self.variant.cadence(setup.ringing), now)
            return (*self._ring, *((found,) if isinstance(found, Noted) else self._send(found)))
        found = fxs_identity.before_ringing(message, presentation, data, now)
        if isinstance(found, Noted):
            return (found, *self._ring)
        self._machine.choose("Presenting")
        return (*self._feed.reverse(fxs_identity.reverses(presentation)), *self._send(found))

    def _digits_begin(self, _: object, now: float) -> Sequence[Output]:
        return (self._identity_digits,) if self._identity_digits is not None else ()

    def _sent(self, _: object, now: float) -> Sequence[Output]:
        self._sends = False
        self._identity_digits = None
        return ()

    def _presented(self, _: object, now: float) -> Sequence[Output]:
        return (*self._sent(None, now), *self._feed.reverse(False), *self._ring)

    def _busy(self, _: object, now: float) -> Sequence[Output]:
        return (Release(call.USER_BUSY),)

    def _answered(self, _: object, now: float) -> Sequence[Output]:
        return (*self._stop_sending(now), RING_STOP, *self._feed.reverse(False), CONNECT)

    def _ring_ends(self, primitive: Release | Disconnect, now: float) -> Sequence[Output]:
        return (*self._stop_sending(now), RING_STOP, *self._feed.rest(now), *self.close(primitive.cause), IDLE)

    def _rung_long(self, _: object, now: float) -> Sequence[Output]:
        return self._ring_ends(Release(call.NO_ANSWER), now)

    # Actions: the calling side controls the release.

    def _talker_hung_up(self, _: object, now: float) -> Sequence[Output]:
        if not self._held:
            self._machine.choose("Idle")
            return self._hung_up(None, now)
        self._machine.choose("Suspended")
        return (*self._waiting.stop(now), SUSPEND)

    def _lifted_again(self, _: object, now: float) -> Sequence[Output]:
        return (RESUME,)

    def _lifted_re_rung(self, _: object, now: float) -> Sequence[Output]:
        return (RING_STOP, RESUME)

    def _re_ring(self, _: object, now: float) -> Sequence[Output]:
        cadence = self.variant.cadence(RECALL)
        return (Noted(f"-> recall ringing {cadence.text()}"), cadence.command())

    def _no_re_answer(self, _: object, now: float) -> Sequence[Output]:
        return self._ring_ends(Release(call.NORMAL_CLEARING), now)

    # Actions: clearing.

    def _cleared(self, primitive: Disconnect, now: float) -> Sequence[Output]:
        """The switch clears: a tone says why; Release goes up when the handset is put down."""
        return (*self._waiting.stop(now), UNLISTEN, *self._feed.reverse(False), *self._tone_of(primitive.cause))

    def _talk_cleared(self, primitive: Disconnect | Release, now: float) -> Sequence[Output]:
        """An answered call is over: a ground start line loses its feed, others hear busy tone."""
        if self._feed.ground_start:
            self._machine.choose("LockedOut")
            return (*self._waiting.stop(now), SILENCE, UNLISTEN, *self._feed.let_go(), *self.close(primitive.cause))
        self._machine.choose("Tone")
        return self._cleared(primitive, now) if isinstance(primitive, Disconnect) else self._released(primitive, now)

    def _released(self, primitive: Release, now: float) -> Sequence[Output]:
        return (*self._cleared(Disconnect(primitive.cause), now), *self.close(primitive.cause))

    def _let_go(self, primitive: Release, now: float) -> Sequence[Output]:
        return self.close(primitive.cause)

    def _unlooped(self, primitive: Release | Disconnect, now: float) -> Sequence[Output]:
        return (*self._feed.let_go(), *self.close(primitive.cause), IDLE)

    def _hung_up(self, _: object, now: float) -> Sequence[Output]:
        return (*self._waiting.stop(now), SILENCE, UNLISTEN, *self._feed.rest(now), *self.close(call.NORMAL_CLEARING), IDLE)

    def _howl(self, _: object, now: float) -> Sequence[Output]:
        """Nobody puts the handset down. At the far end of a ground start line there is no handset: it loses its feed."""
        if self._feed.ground_start:
            self._machine.choose("LockedOut")
            return self._lock_out(None, now)
        self._machine.choose("Howler")
        return HOWLER

    def _lock_out(self, _: object, now: float) -> Sequence[Output]:
        return (SILENCE, Noted("line locked out"), *self._feed.rest(now), *self.close(call.NORMAL_CLEARING))

    def _lost(self, _: object, now: float) -> Sequence[Output]:
        """The card or its span is gone for so long that the call is."""
        outputs: list[Output] = [*self._waiting.stop(now), *self._stop_sending(now), SILENCE, UNLISTEN, RING_STOP]
        outputs += [*self._feed.rest(now), *self.close(call.OUT_OF_ORDER)]
        if self._off_hook:
            self._machine.choose("LockedOut" if self._feed.ground_start else "Lost")
            return outputs
        self._machine.choose("Idle")
        return (*outputs, IDLE)

    def _tell_lost(self, _: object, now: float) -> Sequence[Output]:
        """The span is back, the handset still off: a tone says that the call is gone; to an exchange behind the line nothing else does."""
        return self._tone_of(call.OUT_OF_ORDER)

    def _reset(self, _: object, now: float) -> Sequence[Output]:
        """As Release, and the signals of rest go out anew."""
        outputs: list[Output] = [Noted("-> reset"), *self._waiting.stop(now), *self._stop_sending(now), SILENCE, UNLISTEN, RING_STOP]
        outputs += [*self._feed.cancel(now)[:1], *self._feed.anew(), *self.close(call.NORMAL_UNSPECIFIED)]
        if not self._off_hook:
            self._machine.choose("Idle")
            return (*outputs, IDLE)
        self._machine.choose("LockedOut" if self._feed.ground_start else "Tone")
        return outputs if self._feed.ground_start else (*outputs, *self._tone_of(call.NORMAL_CLEARING))

    # Actions: messages wait.

    def _indicate(self, _: object, now: float) -> Sequence[Output]:
        """Tell an idle set, without ringing, whether messages wait."""
        presentation = self._presentation
        assert presentation is not None
        data = self.variant.data.caller_identity
        active = self._messages > 0
        found = fxs_identity.before_ringing(Indication(active=active), presentation, data, now, data.idle_ms / 1000)
        if isinstance(found, Noted):
            self._shown = active
            self._machine.choose("Idle")
            return (found,)
        self._machine.choose("Informing")
        return (*self._feed.reverse(fxs_identity.reverses(presentation)), *self._send(found))

    def _indicated(self, _: object, now: float) -> Sequence[Output]:
        self._shown = self._messages > 0
        return (*self._sent(None, now), *self._feed.reverse(False))

    def _end_indication(self, _: object, now: float) -> Sequence[Output]:
        """Something more important comes; the set is told later."""
        return (*self._stop_sending(now), *self._feed.reverse(False))

    def _lifted_informed(self, _: object, now: float) -> Sequence[Output]:
        return (*self._end_indication(None, now), *self._lifted(None, now))
