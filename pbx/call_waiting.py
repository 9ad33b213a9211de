"""Call waiting: a second call at an extension that talks, told by a tone, taken by a flash (ETS 300 056 for the service, on analog lines).

The extension's line has one engine and one port, so one of its two legs is *active*: the one that the engine's signals are about. The
``second`` waits unanswered or is held. A flash makes the second one active and holds the other; putting the handset down ends the active
one, and the telephone then rings for the other. The engine sends the tone and the caller's identity, all else is decided here. Leaves
out calls from queues, which look for another agent instead, and a third call, which meets a busy line.
"""

from typing import TYPE_CHECKING

from pbx import bridge
from pbx.call import ALERTING, CONNECTED, HELD, Leg
from pbx.line import EXTENSION, Line
from pbx.vocabulary import facts
from pbx.vocabulary.call import NORMAL_CLEARING, Alerting, CallWaiting, Setup
from pbx.vocabulary.media import Mute

if TYPE_CHECKING:
    from pbx.switch import Switch

SIGNALS_SECONDS = 2.0
"""Longer than tone, alert, the set's answer and the message together (config/variants/china-subscriber.toml)."""
RECALL = "recall"
"""The ringing cadence of a telephone whose handset was put down while another call waited or was held."""


class CallWaitings:
    """The second calls of one switch."""

    def __init__(self, switch: "Switch") -> None:
        self._switch = switch
        self._floor = switch.floor

    def offer(self, caller: Leg, line: Line, called: str) -> Leg | None:
        """Let the caller wait at a line that talks; None when it takes no second call."""
        active: Leg | None = line.leg
        if not line.call_waiting or line.second is not None or line.blocked or active is None or active.call.talking is None:
            return None
        if not active.answered or active.clearing:
            return None
        now = self._floor.now
        leg = caller.call.add_second(line, now)
        leg.called, leg.calling, leg.state = called, caller.calling, ALERTING
        self._switch.tell(leg, facts.Delivered, called=called, calling=caller.calling)
        self._switch.tell(leg, facts.CallWaited, called=called, calling=caller.calling)
        self._floor.to_line(line, CallWaiting(caller.calling, caller.restricted, caller.name))
        if not caller.answered:
            caller.state = ALERTING
            self._floor.to_line(caller.line, Alerting())
        self._switch.ring_back(caller)
        leg.ring_timer = self._floor.after(self._switch.settings.no_answer_seconds, self._switch.rung_out, leg)
        self._hush(active, True)
        self._floor.after(SIGNALS_SECONDS, self._hush, active, False)
        self._floor.touch(line)
        return leg

    def _hush(self, leg: Leg, muted: bool) -> None:
        """The party is not to hear the other one over the signals that tell its set who calls (GR-30: the far party is muted)."""
        for source in sorted(leg.hears):
            self._floor.orders([(leg.line.port, Mute(source, muted))])

    def flash(self, leg: Leg) -> None:
        """The party flashed: the second call becomes the active one, the active one is held."""
        line = leg.line
        second: Leg | None = line.second
        if line.kind != EXTENSION or second is None or leg is not line.leg or leg.clearing:
            return
        partner = self._switch.supervision.partner(leg)
        if partner is not None and leg.call.talking is not None:
            self._switch.holding.hold(partner)
        else:
            self._floor.orders(bridge.silence(leg))
        # What is recorded is the line, which now carries the other conversation.
        self._switch.recorders.stop(leg)
        leg.state = HELD
        line.second, line.leg = leg, second
        self._take(second)

    def _take(self, leg: Leg) -> None:
        """The leg is active now: it is answered, or gets its held partner back."""
        leg.state = CONNECTED
        if leg.answered:
            partner = self._switch.supervision.partner(leg)
            if partner is not None:
                self._switch.holding.retrieve(partner)
        else:
            self._floor.to_line(leg.line, CallWaiting(over=True))
            self._switch.connected(leg)
        self._floor.touch(leg.line)

    def drop(self, leg: Leg, cause: int) -> None:
        """The second call of a line is over; its engine, which is in the other one, hears only that nobody waits any more."""
        line = leg.line
        leg.clearing, leg.cause = True, cause
        line.second = None
        if not leg.answered:
            self._floor.to_line(line, CallWaiting(over=True))
        self._switch.part(leg, cause)
        self._switch.forget(leg, cause)
        self._switch.end_if_empty(leg.call)

    def recall(self, line: Line) -> bool:
        """The handset lies and the line is idle: it rings for the second call, if there is one."""
        leg: Leg | None = line.second
        if leg is None:
            return False
        line.second = None
        line.leg = leg
        self._switch.take_line(leg)
        partner = self._switch.supervision.partner(leg)
        shown = partner.calling or partner.called if partner is not None else leg.calling
        self._floor.to_line(line, Setup(leg.called, calling=leg.calling or shown, ringing=RECALL))
        if leg.ring_timer is None:
            leg.ring_timer = self._floor.after(self._switch.settings.no_answer_seconds, self._switch.rung_out, leg)
        return True

    def recalled(self, leg: Leg) -> bool:
        """A recalled telephone was lifted; True when the call was answered before, and goes on now."""
        if not leg.answered:
            return False
        self._take(leg)
        return True

    def clear(self, line: Line) -> None:
        """The line itself is lost: so is its second call."""
        if line.second is not None:
            self.drop(line.second, NORMAL_CLEARING)
