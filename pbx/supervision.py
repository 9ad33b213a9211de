"""Supervision of a call: what lines signal while it goes on, passed to the line at its other end.

Overlap digits on their way out (Q.931 clause 5.1.3, Q.764 clause 2.1.2); a called party who hangs up and may lift again where the calling
side controls the release (clear-back of China No.1, SUS and RES of No. 7, Q.764 clause 2.5); signals of toll operators; charge units from
the network or, where it tells none, by the clock of the trunk group. Leaves out tariffs.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pbx.call import Leg
from pbx.line import EXTENSION, TRUNK, Line
from pbx.vocabulary import facts
from pbx.vocabulary.call import (
    NORMAL_CLEARING,
    Carried,
    Info,
    MessageWaiting,
    Metering,
    OperatorSignal,
    Primitive,
    Resume,
    Suspend,
)

if TYPE_CHECKING:
    from pbx.switch import Switch

ANSWER_STANDS_S = 0.3
"""So long an answer stands before another signal follows it: longer than any far end needs to recognise it (Q.424: 20 ms)."""


class Supervision:
    """The room of one switch."""

    def __init__(self, switch: "Switch", meter_seconds: Mapping[str, float] | None = None) -> None:
        """``meter_seconds``: by trunk group, how long a charge unit lasts that the network does not tell; absent or 0 = none."""
        self._switch = switch
        self._floor = switch.floor
        self._meter_seconds = dict(meter_seconds or {})
        self._untold: set[Leg | None] = set()
        """Calling legs whose called party has hung up before the answer was signalled to them."""

    @staticmethod
    def partner(leg: Leg) -> Leg | None:
        """Whom the leg talks with or, before the answer, the only other leg of its call."""
        talking = leg.call.talking
        if talking is not None and leg in talking:
            return talking[1] if talking[0] is leg else talking[0]
        others = leg.call.others(leg)
        return others[0] if len(others) == 1 else None

    # Overlap.

    def digits(self, leg: Leg, info: Info) -> None:
        """More digits of an overlap call: they go out as they come, or there are enough now for the way to be taken."""
        digits = info.digits
        leg.called += digits
        self._switch.tell(leg, facts.NumberExtended, called=leg.called)
        onward = next((other for other in leg.call.others(leg) if other.overlap and not other.answered and not other.clearing), None)
        if onward is not None:
            onward.called += digits
            self._switch.tell(onward, facts.NumberExtended, called=onward.called)
            self._floor.to_line(onward.line, Info(digits, carried=self._switch.interworking.handed(info.carried, leg.line, onward.line)))
        elif not leg.clearing and not leg.call.others(leg):
            self._switch.deliver(leg, self._switch.router.overlap(leg.called, leg.line.kind))

    # Suspend and resume.

    def suspended(self, line: Line, primitive: Primitive, now: float) -> None:
        """The called party has hung up and may lift again: a trunk that called is told; an extension that called is cleared, for the
        release is in our hands and nobody waits for the rest of the time."""
        leg: Leg | None = line.leg
        if leg is None or leg.clearing:
            return
        partner = self.partner(leg)
        if leg.incoming or partner is None or partner.line.kind != TRUNK or partner.clearing:
            leg.far_first = True
            self._switch.clear_leg(leg, NORMAL_CLEARING)
            return
        leg.suspended = True
        self._switch.tell(leg, facts.Suspended)
        if partner.answered:
            self._floor.to_line(partner.line, Suspend(carried=self._switch.interworking.handed(primitive.carried, line, partner.line)))
        else:
            self._untold.add(partner)
        self._floor.touch(line)

    def resumed(self, line: Line, primitive: Primitive, now: float) -> None:
        """The called party has lifted again."""
        leg: Leg | None = line.leg
        if leg is None or leg.clearing or not leg.suspended:
            return
        leg.suspended = False
        self._switch.tell(leg, facts.Resumed)
        partner = self.partner(leg)
        if partner in self._untold:
            self._untold.remove(partner)
        elif partner is not None:
            self._floor.to_line(partner.line, Resume(carried=self._switch.interworking.handed(primitive.carried, line, partner.line)))
        self._floor.touch(line)

    def _tell_late(self, leg: Leg) -> None:
        """The answer has been signalled for long enough: now that the called party has hung up since."""
        if leg in self._untold:
            self._untold.remove(leg)
            if not leg.clearing:
                self._floor.to_line(leg.line, Suspend())

    def operator(self, line: Line, primitive: Primitive, now: float) -> None:
        """An operator's signal goes on to the other end of the call."""
        assert isinstance(primitive, OperatorSignal)
        leg: Leg | None = line.leg
        partner = self.partner(leg) if leg is not None else None
        if partner is not None and not partner.clearing:
            carried = self._switch.interworking.handed(primitive.carried, line, partner.line)
            self._floor.to_line(partner.line, OperatorSignal(primitive.kind, carried=carried))

    def message_waiting(self, line: Line, messages: int) -> None:
        """So many messages wait for the line's subscriber."""
        line.messages = max(0, messages)
        self._floor.to_line(line, MessageWaiting(line.messages))
        self._floor.touch(line)

    # Charge units.

    def metered(self, line: Line, primitive: Primitive, now: float) -> None:
        """The network charges units for the call on this line."""
        assert isinstance(primitive, Metering)
        leg: Leg | None = line.leg
        if leg is not None:
            self._charge(leg, primitive.pulses, primitive.carried)

    def answered(self, leg: Leg) -> None:
        """A call over a trunk group is answered: units by its clock begin, if it is charged. Whoever has hung up already is told later."""
        if leg in self._untold:
            self._floor.after(ANSWER_STANDS_S, self._tell_late, leg)
        free = leg.answer is not None and leg.answer.free
        if not leg.incoming and not free and self._meter_seconds.get(leg.group, 0) > 0:
            # In a turn of its own, behind the answer, so that the calling line is there to show the first unit.
            self._floor.after(0.0, self._unit, leg)

    def _unit(self, leg: Leg) -> None:
        if leg.clearing or leg.call.legs.get(leg.number) is not leg:
            return
        self._charge(leg, 1)
        self._floor.after(self._meter_seconds[leg.group], self._unit, leg)

    def _charge(self, leg: Leg, units: int, carried: Carried | None = None) -> None:
        leg.charge_units += units
        partner = self.partner(leg)
        if partner is not None and not partner.clearing and (partner.incoming or partner.line.kind == EXTENSION):
            told = self._switch.interworking.handed(carried, leg.line, partner.line)
            self._floor.to_line(partner.line, Metering(units, carried=told))

    def over(self, leg: Leg) -> None:
        """The leg is over: what it was charged is told."""
        self._untold.discard(leg)
        if leg.charge_units:
            self._switch.tell(leg, facts.Charged, units=leg.charge_units)

