"""One circuit of the Chinese TUP behind the face of an engine: calls and blocking (GF 001-9001; Q.724).

``TupCircuit`` takes call primitives from the switch and messages from distribution.py, and returns primitives and messages: what is a
``Message`` among its outputs is for whoever carries it. Messages of blocking go beside the table of calls; those whose heading nobody knows
are discarded. Media events mean nothing here. What passes through to another circuit is put on what the table makes of it (transit.py).
Leaves out groups of circuits, codes of points, and octets.
"""

from collections.abc import Sequence

from pbx.engine import Input, Levels, Noted, Output
from pbx.machine import Machine
from pbx.signalling.ss7.blocking import Blocking
from pbx.signalling.ss7.circuit_books import MAINTENANCE
from pbx.signalling.ss7.congestion import Congestion
from pbx.signalling.ss7.continuity import tone_event
from pbx.signalling.ss7.tup import call_states, transit
from pbx.signalling.ss7.tup.call_control import CallControl, name_of
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.messages import BY_HEADING, Heading
from pbx.signalling.ss7.tup.variant import REPEATED, Variant
from pbx.vocabulary.call import Blocked, Primitive, Unblocked
from pbx.vocabulary.numbers import NumberExaminer

TAGS = {
    "OutAnswered": "out answered",
    "InAnswered": "in answered",
    "OutSuspended": "out suspended",
    "InSuspended": "in suspended",
    "OutCallerCleared": "out caller cleared",
}
ADOPTED = {tag: state for state, tag in TAGS.items()}
CONTROLS = ("mutual", "calling", "called")
SPEECH = frozenset((*TAGS, "OutWaitAnswer", "InOffered", "InAddressComplete"))
RESET = frozenset(("WaitReleaseThenReset", "Resetting", "ResetMet", "ResetAlerted", "GroupResetting"))


class TupCircuit(CallControl):
    """The engine of one circuit."""

    __slots__ = ("passes",)

    def __init__(self, cic: int, controls: bool, variant: Variant, examiner: NumberExaminer, congestion: Congestion) -> None:
        super().__init__(cic, controls, variant, examiner, congestion)
        self.machine = Machine(variant.chart("circuit", call_states.STATES, "Release"), self)
        self.blocking = Blocking(self, Heading, REPEATED)
        self.passes = False
        """Whether calls carry on to other circuits what the switch has no words for."""

    @property
    def tag(self) -> str:
        """Which stable state the call is in, and who controls its release; empty when none."""
        tag = TAGS.get(self.machine.state, "")
        return f"{tag}, {self.control}" if tag.startswith("out") else tag

    @property
    def speech(self) -> bool:
        """Not before the call has its way, and not while the circuit is checked."""
        return self.machine.state in SPEECH

    @property
    def suite(self) -> str:
        """TUP and its variant, where calls pass through."""
        return f"{transit.FAMILY}/{self.variant.data.name}" if self.passes else ""

    def receive(self, value: Input, now: float) -> Sequence[Output]:
        """A call primitive; a primitive without meaning in this state means nothing."""
        if not isinstance(value, Primitive):
            return self.post(tone_event(value), value, now)
        if isinstance(value, Blocked):
            return self.blocking.hold(now) if self.machine.state in RESET else self.blocking.block(now)
        if isinstance(value, Unblocked):
            return self.blocking.unblock(now)
        if value.carried is not None and self.passes:
            return transit.put_on(self, value, now)
        return self.post(type(value).__name__, value, now)

    def message(self, message: Message, now: float) -> Sequence[Output]:
        """A message of this circuit."""
        outputs = self._known(message, now)
        return transit.said(self, message, outputs) if self.passes else outputs

    def _known(self, message: Message, now: float) -> Sequence[Output]:
        heading = message.heading
        if heading not in BY_HEADING:
            return self.stray(message, now)
        if heading == Heading.BLO:
            # An end that has blocked the circuit may answer RSC by BLO alone.
            return (*self.blocking.blo(), *self.post("BLO" if self.machine.state in RESET else "blocked", message, now))
        if heading == Heading.UBL:
            return self.blocking.ubl()
        if heading == Heading.BLA:
            return self.blocking.bla(now)
        if heading == Heading.UBA:
            return self.blocking.uba(now)
        machine = self.machine
        before, event = machine.state, name_of(message)
        if event not in machine.chart.rows[before]:
            return machine.step("other", message, now)
        if event == "RSC":
            # The far end has forgotten who blocks the circuit; if we do, BLO goes before the answer.
            freed = self.free_there(MAINTENANCE)
            return (*self.blocking.again(now), *freed, *machine.step(event, message, now))
        outputs = machine.step(event, message, now)
        if before in RESET and machine.state not in RESET and (event == "RLG" or machine.state != "Idle"):
            # A call that comes instead of RLG, and cannot be, has been refused by BLO.
            return (*outputs, *self.blocking.again(now))
        return outputs

    def expire(self, now: float) -> Sequence[Output]:
        """Fire the timers that are due."""
        outputs = list(self.machine.expire(now))
        if self.passes:
            outputs = list(transit.offered(self, outputs))
        for request in self.blocking.requests:
            outputs.extend(request.machine.expire(now))
        return outputs

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """Adopt an answered call by its tag; of anything else nothing is known, so the circuit is reset."""
        name, _, control = tag.partition(", ")
        state = ADOPTED.get(name)
        if state is None:
            return self.machine.step("Reset", None, now)
        self.open = True
        self.control = control if control in CONTROLS else "mutual"
        self.machine.enter(state, now)
        return (Noted("call adopted after a restart"),)
