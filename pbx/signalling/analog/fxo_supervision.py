"""Supervision of a call on an exchange line (FXO): tones of release and refusal, poles, breaks of the loop, metering, digits in the call.

In China an exchange line tells that the far party has gone by busy tone, by the poles, or by a break of the loop, as is agreed for the
line (YDN 065-1997 from memory); each must stand long enough, and a tone must stand or come again, so that speech and ring-back release
nothing. Leaves out the answer of calls that we make: fxo_call.py.
"""

from collections.abc import Sequence

from pbx.engine import Noted, Output
from pbx.signalling.analog.fxo_wires import FLASH, METERING, FxoWires
from pbx.vocabulary import call
from pbx.vocabulary.call import Info
from pbx.vocabulary.media import SendPulses


class FxoSupervision(FxoWires):
    """What one line does while the far exchange is heard."""

    __slots__ = ()

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
        talking = self._talking()
        said = Noted("<- the tone stands: the far party has gone" if talking else "<- the tone stands: the call is refused")
        return (said, *self._fail(call.NORMAL_CLEARING if talking else self._cause))

    def _forget_tone(self, _: object, now: float) -> Sequence[Output]:
        """Ring-back in between: what was heard before was no tone of release."""
        self.machine.stop_timer("tone_stands")
        self.machine.stop_timer("tone_again")
        return ()

    def _poles(self, _: object, now: float) -> Sequence[Output]:
        self.machine.choose(self.machine.state)
        if not self.outgoing and now < self._settled_at:
            self.home = not self.reversed
            return ()
        if "reversal" not in self.features.release_supervision or self.reversed != self.home:
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

    def _charged(self, _: object, now: float) -> Sequence[Output]:
        return (METERING,)

    def _digits_down(self, info: Info, now: float) -> Sequence[Output]:
        """A flash is one long break, which the port times as it does the breaks of a digit."""
        if info.digits == FLASH:
            make_ms = self.variant.data.digits.make_ms
            return (Noted("-> flash"), SendPulses((1,), self.features.flash_ms, make_ms, make_ms))
        return super()._digits_down(info, now)
