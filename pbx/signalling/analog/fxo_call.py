"""Calls that go out on an exchange line (FXO), loop start and ground start, and ringing that meets them.

Dial tone is waited for, digits go as tones or pulses, the answer is told by the poles, by the tones, by a metering pulse, or by time.
When ringing meets our own seizure, the incoming call wins: ours is given back with Release(44), so that the switch tries another line;
theirs goes up as Seized and Setup at once, for the closed loop has answered it in the eyes of the network (the loop is not opened, which
would drop the caller), and Connect is confirmed without another signal. Primitives keep the rules of pbx/vocabulary/call.py: Release goes
up once for each Seized or Setup, Idle when the line can be seized again. Left out: refusing by a short answer, calls on hold in the
network.
"""

from collections.abc import Sequence

from pbx.engine import Noted, Output
from pbx.signalling.analog.fxo_incoming import FxoIncoming
from pbx.signalling.analog.fxo_wires import GROUND_OFF, GROUND_ON, LISTEN_CALL, LISTEN_TONES, LISTEN_VOICE, LOOP_CLOSED, METERING
from pbx.signalling.analog.occupancy import IDLE
from pbx.signalling.analog.trunk import ALERTING, CONNECT, DISARM, PROCEEDING, PROGRESS, REFUSED, SEIZED
from pbx.vocabulary import call
from pbx.vocabulary.call import Info, Release, Setup
from pbx.vocabulary.media import RECEIVE_VOICE, Loop, Unlisten


class FxoCall(FxoIncoming):
    """What one line does in its states: all that its chart names."""

    __slots__ = ()

    # Seizing.

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
        self.home = self.reversed
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

    def _no_dial_tone(self, _: object, now: float) -> Sequence[Output]:
        if self.features.without_dial_tone == "dial":
            return self._dial(None, now)
        return self._drop(call.CIRCUIT_NOT_AVAILABLE)

    def _not_usable(self, _: object, now: float) -> Sequence[Output]:
        """Nothing of the number has been sent: the switch may try another line."""
        return self._drop(call.CIRCUIT_NOT_AVAILABLE)

    def _poles_before_dialling(self, _: object, now: float) -> Sequence[Output]:
        """Some exchanges turn the poles when the line is seized: that is no answer."""
        self.home = self.reversed
        return ()

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

    # Digits.

    def _digits_more(self, info: Info, now: float) -> Sequence[Output]:
        """While digits are sent more go behind them."""
        return (*self._digits_early(info, now), *self._send(now))

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

    # The answer.

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
        if self.features.answer_supervision != "reversal" or self.reversed == self.home:
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

    def _no_answer(self, _: object, now: float) -> Sequence[Output]:
        return self._fail(call.NO_ANSWER)
