"""What every call on an exchange line (FXO) has in common: what is known of the wires, who may seize, how a call ends and the line rests.

The first of four rooms of one class: here the state and the end of calls; fxo_supervision.py watches the call, fxo_incoming.py takes
calls, fxo_call.py makes them (Q.552 leaves the signals national). Leaves out the chart: fxo_states.py.
"""

from collections.abc import Sequence

from pbx.engine import Noted, Output
from pbx.machine import Chart, Machine
from pbx.signalling.analog.dialling import DigitSender
from pbx.signalling.analog.fxo_identity import IdentityReceiver
from pbx.signalling.analog.fxo_variant import FxoFeatures, FxoVariant
from pbx.signalling.analog.trunk import DISARM, REFUSED, SILENCE, TrunkCall
from pbx.vocabulary import call
from pbx.vocabulary.call import Disconnect, Metering, Release
from pbx.vocabulary.media import (
    RECEIVE_CALLER_IDENTITY,
    RECEIVE_DTMF,
    RECEIVE_PROGRESS,
    RECEIVE_VOICE,
    Ground,
    Listen,
    Loop,
    Unlisten,
)

METERING = Metering()
FLASH = "!"
LOOP_CLOSED, LOOP_OPEN = (Noted("-> loop closed"), Loop(True)), (Noted("-> loop open"), Loop(False))
GROUND_ON, GROUND_OFF = (Noted("-> ring wire grounded"), Ground(True)), Ground(False)
LISTEN_TONES, LISTEN_CALL, LISTEN_VOICE = Listen(RECEIVE_PROGRESS), Listen(RECEIVE_PROGRESS | RECEIVE_DTMF), Listen(RECEIVE_VOICE)
UNLISTEN = Unlisten(RECEIVE_DTMF | RECEIVE_PROGRESS | RECEIVE_CALLER_IDENTITY | RECEIVE_VOICE)


class FxoWires(TrunkCall):
    """What one line knows; owner of its machine."""

    __slots__ = (
        "_listens", "_ready", "_rings", "_settled_at", "battery", "features", "home", "identity", "number", "outgoing", "reversed",
        "ringing",
    )  # fmt: skip

    DIALLING = "Dialling"

    variant: FxoVariant

    def __init__(self, variant: FxoVariant, number: str, features: FxoFeatures, chart: Chart) -> None:
        self.variant, self.number, self.features = variant, number, features
        super().__init__()
        self.machine = Machine(chart, self)
        self.identity = IdentityReceiver(variant, features.caller_identity)
        self.sender = DigitSender(variant.data.digits, features.dialling == "pulse", None)
        self._listens = Listen(self.identity.receivers) if self.identity.receivers else None
        self.ringing = self.reversed = self.outgoing = False
        self.battery = not features.ground_start
        self.home = False
        """Where the poles are when the far party has gone; in a call to be answered by reversal, before the answer."""
        self._settled_at = 0.0
        self._rings = 0
        self._ready = False

    # What the actions share.

    def at_rest(self) -> tuple[Output, ...]:
        """What stands on the line when nobody uses it."""
        ground = (GROUND_OFF,) if self.features.ground_start else ()
        return (DISARM, SILENCE, UNLISTEN, *LOOP_OPEN, *ground)

    def rested(self, now: float) -> tuple[Output, ...]:
        """The state is Idle: Idle goes up if it is owed; a line without feed is watched."""
        if not self.battery and not self.features.ground_start:
            self.machine.start_timer("battery_lost", now)
        return self.pay_idle()

    def _idle(self, now: float) -> tuple[Output, ...]:
        self.machine.choose("Idle")
        return self.rested(now)

    def _at_end(self, now: float) -> tuple[Output, ...]:
        if self.features.ground_start and self.battery:
            self.machine.choose("Held")
            return self.add_reason("fault")
        return self._idle(now)

    def owe_idle(self) -> None:
        """After a restart: Idle is to go up when the line is at rest."""
        self._idle_owed = True

    def adopt(self, outgoing: bool, home: bool) -> None:
        """After a restart: an answered call is taken over."""
        self.open = self._idle_owed = True
        self.outgoing = outgoing
        self.home = home

    def _refuse_early(self, _: object, now: float) -> Sequence[Output]:
        """The network is about to ring, which the switch does not know yet."""
        return REFUSED

    # Clearing.

    def _fail(self, cause: int) -> Sequence[Output]:
        self._cause = cause
        self.machine.choose("FarCleared")
        cut = (DISARM, Loop(True)) if self.machine.state == "Dialling" and self.features.dialling == "pulse" else ()
        return (*cut, Disconnect(cause))

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
