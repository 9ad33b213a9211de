"""Interworking: what the signalling of one leg says before the answer, said in that of the other one, which may be another system.

A call that passes through carries with it what its first Setup brought (category, presentation, redirection, hops, test); on its way back
come address complete, in-band tones, ringing, and with the answer who has answered and whether it is charged. An incoming circuit of
No. 7 is told address complete when the far side has told it, never for our own sake: what is said once there cannot be taken back
(Q.764 clause 2.1.4; Q.699 for the pairs of systems; the table is docs/conformance/interworking.md). What one line carries for another of
its suite is handed on with the primitive that it came with, once, and not kept; where it cannot be, its line has it back. Leaves out what
goes on after the answer (pbx/supervision.py) and how a system says it (the engines).
"""

from typing import TYPE_CHECKING

import msgspec

from pbx import bridge
from pbx.call import INITIATED, Leg
from pbx.line import EXTENSION, TRUNK, Line
from pbx.signalling_circuit import SignalledCircuit
from pbx.trunks import TrunkGroup
from pbx.vocabulary.call import Carried, Connect, Disconnect, NotCarried, PassOn, Primitive, Proceeding, Progress, Setup

if TYPE_CHECKING:
    from pbx.switch import Switch


class Interworking:
    """The room of one switch."""

    def __init__(self, switch: "Switch") -> None:
        self._switch = switch
        self._floor = switch.floor

    # What lines of one suite say to one another.

    def handed(self, carried: Carried | None, near: Line, far: Line | None) -> Carried | None:
        """What goes on from one line to the other; what cannot goes back."""
        if carried is None or (far is not None and _takes(far, carried)):
            return carried
        self._floor.to_line(near, NotCarried(carried=carried))
        return None

    def stays(self, caller: Leg, line: Line | None = None) -> bool:
        """The call goes out by ``line``, or not at all: what it carries comes along or stays behind, by which it may end (True)."""
        brought: Setup | None = caller.brought
        carried = brought.carried if brought is not None else None
        if brought is None or carried is None or (line is not None and _takes(line, carried)):
            return False
        caller.brought = msgspec.structs.replace(brought, carried=None)
        if carried.essential:
            self._switch.dial_failed(caller, carried.essential)
            return True
        self._floor.to_line(caller.line, NotCarried(carried=carried))
        return False

    def passed_on(self, line: Line, primitive: Primitive, now: float) -> None:
        """A line says something that only another of its suite understands."""
        leg: Leg | None = line.leg
        partner = self._switch.supervision.partner(leg) if leg is not None else None
        carried = self.handed(primitive.carried, line, partner.line if partner is not None else None)
        if carried is not None and partner is not None and not partner.clearing:
            self._floor.to_line(partner.line, PassOn(carried=carried))

    def answer_of(self, leg: Leg, caller: Leg) -> Connect:
        """What the caller is told of the answer; what it carries is not kept."""
        answer: Connect | None = leg.answer
        if answer is None:
            return Connect()
        if answer.carried is None:
            return answer
        leg.answer = msgspec.structs.replace(answer, carried=None)
        return msgspec.structs.replace(answer, carried=self.handed(answer.carried, leg.line, caller.line))

    @staticmethod
    def parting(leg: Leg, cause: int, busy_with: str = "") -> Disconnect:
        """How this line is told that the call is over: with what the line said that ended it, so far as it is understood here."""
        partings = (other.parting for other in leg.call.others(leg) if other.cause == cause)
        told = next((parting for parting in partings if parting is not None), None)
        if told is None:
            return Disconnect(cause, busy_with)
        carried = told.carried if told.carried is not None and _takes(leg.line, told.carried) else None
        return Disconnect(cause, busy_with or told.busy_with, carried=carried)

    def busy_with(self, line: Line) -> str:
        """With what kind of call an extension is busy: one over circuits of toll traffic, or any other; "" = with none."""
        legs = [leg for leg in (line.leg, line.second) if leg is not None]
        groups = (self._switch.groups.get(other.line.group) for leg in legs for other in leg.call.others(leg))
        if any(group is not None and group.toll for group in groups):
            return "toll"
        return "local" if legs else ""

    # Forward.

    def begun(self, caller: Leg, overlap: bool) -> None:
        """A way has been found for the caller: who waits for nothing but the end of his dialling hears so at once."""
        if caller.answered or overlap:
            return
        early = caller.overlap and not isinstance(caller.line.engine, SignalledCircuit)
        caller.overlap = False
        if early or caller.line.kind == EXTENSION:
            self._floor.to_line(caller.line, Proceeding())

    @staticmethod
    def onward(caller: Leg, leg: Leg) -> Setup:
        """The call of one leg as it goes out on another."""
        brought: Setup | None = caller.brought
        near, far = caller.line, leg.line
        inside = near.kind == far.kind == EXTENSION
        return Setup(
            leg.called,
            calling=leg.calling,
            # What a category means is national: KD 3 of China would be maintenance equipment in Mexico.
            category=caller.category if near.variant == far.variant else 0,
            restricted=caller.restricted,
            name=leg.name,
            overlap=leg.overlap,
            control=leg.control,
            ringing="internal" if inside else "",
            test=brought is not None and brought.test and far.kind == TRUNK,
            redirection=brought.redirection if brought is not None else None,
            hops=brought.hops if brought is not None else 0,
            interworking=_met(brought, near, far),
            asks_connected=brought is not None and brought.asks_connected,
            carried=brought.carried if brought is not None and brought.carried is not None and _takes(far, brought.carried) else None,
        )

    def wants_digits(self, group: TrunkGroup | None, number: str) -> bool:
        """Whether a call whose digits come one by one must wait for the first: IAM is not sent without any (Q.764 clause 2.1.2)."""
        return not number and group is not None and any(isinstance(line.engine, SignalledCircuit) for line in group.lines)

    # Backward.

    def proceeding(self, line: Line, primitive: Primitive, now: float) -> None:
        """The number is whole by the far side. Its way back is through from now on (Q.764 clause 2.1.4), if its registers are done."""
        leg: Leg | None = line.leg
        caller = leg.call.originator if leg is not None and not leg.incoming else None
        if leg is None or caller is None or leg.clearing or caller.clearing:
            return
        if caller.brought is not None and caller.brought.carried is not None:
            # No other circuit will be tried now.
            caller.brought = msgspec.structs.replace(caller.brought, carried=None)
        wanted = caller.overlap or caller.line.kind == TRUNK
        leg.overlap = caller.overlap = False
        leg.progressed = True
        if line.kind == TRUNK and line.engine.speech and not caller.answered:
            self._floor.orders(bridge.hear(caller, line.port))
        if wanted and primitive.carried is not None:
            self._proceed(caller, self.handed(primitive.carried, line, caller.line))
        elif wanted:
            # Behind what the same signal may still say: ringing and tones tell that the address is complete as well.
            self._floor.then(self._proceed, caller)

    def _proceed(self, caller: Leg, carried: Carried | None = None) -> None:
        if caller.state == INITIATED and not (caller.progressed or caller.answered or caller.clearing):
            caller.progressed = True
            self._floor.to_line(caller.line, Proceeding(carried=carried))

    def progress(self, line: Line, primitive: Primitive, now: float) -> None:
        """The far exchange says something in band, which the caller is to hear."""
        leg: Leg | None = line.leg
        caller = leg.call.originator if leg is not None else None
        if leg is None or caller is None or caller is leg or leg.answered or leg.clearing or line.kind != TRUNK:
            return
        leg.progressed = caller.progressed = True
        self._floor.to_line(caller.line, Progress(carried=self.handed(primitive.carried, line, caller.line)))
        self._floor.orders(bridge.hear(caller, line.port))


def _takes(line: Line, carried: Carried) -> bool:
    return isinstance(line.engine, SignalledCircuit) and line.engine.takes(carried)


def _met(brought: Setup | None, near: Line, far: Line) -> str:
    """What a call that came by one line has met, seen from the other."""
    if near.kind != TRUNK:
        return ""
    if not isinstance(near.engine, SignalledCircuit):
        return "other"
    met = brought.interworking if brought is not None else ""
    same = isinstance(far.engine, SignalledCircuit) and far.engine.service == near.engine.service
    return met or ("" if same else "no7")
