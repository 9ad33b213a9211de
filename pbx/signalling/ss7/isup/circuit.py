"""One ISUP circuit behind the face of an engine: calls, blocking, segmentation, compatibility (Q.764 clause 2; YDN 038-1997).

``IsupCircuit`` takes call primitives from the switch and messages from distribution.py, and returns primitives and messages: what is a
``Message`` among its outputs is for whoever carries it. A message goes through compatibility and segmentation before the table of calls
sees it; those of blocking go beside it. Of what is heard only the check-tone means something. What passes through to another circuit is
put on what the table makes of it (transit.py, onward.py). Leaves out groups of circuits and codes of points.
"""

from collections.abc import Sequence

from pbx.engine import Input, Levels, Noted, Output
from pbx.machine import Machine
from pbx.signalling.ss7.blocking import Blocking
from pbx.signalling.ss7.congestion import Congestion
from pbx.signalling.ss7.continuity import tone_event
from pbx.signalling.ss7.isup import call_states, compatibility, onward, parts, transit, values
from pbx.signalling.ss7.isup.call_control import CallControl, name_of
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.segmentation import SEGMENTED, Segmentation, more_follows
from pbx.signalling.ss7.isup.variant import REPEATED, Variant
from pbx.vocabulary.call import Blocked, Primitive, Unblocked
from pbx.vocabulary.numbers import NumberExaminer

TAGS = {
    "OutAnswered": "out answered",
    "InAnswered": "in answered",
    "OutSuspended": "out suspended",
    "OutSuspendedByUser": "out suspended by user",
    "InSuspended": "in suspended",
}
ADOPTED = {tag: state for state, tag in TAGS.items()}
SPEECH = frozenset((*TAGS, "OutWaitAnswer", "InOffered", "InAddressComplete"))
RESET = frozenset(("WaitReleaseThenReset", "Resetting", "ResetAlerted", "GroupResetting"))
ENDED = RESET | {"Idle", "WaitRelease", "WaitReleaseReset", "Looped", "CheckFailed", "RecheckWaits", "RecheckAlerted", "Rechecking",
                 "RecheckToneEnds", "OverloadRelease", "Overloaded"}  # fmt: skip
BLOCKING = frozenset((MessageType.BLO, MessageType.UBL, MessageType.BLA, MessageType.UBA))


class IsupCircuit(CallControl):
    """The engine of one circuit."""

    __slots__ = ("segmentation",)

    def __init__(self, cic: int, controls: bool, variant: Variant, examiner: NumberExaminer, congestion: Congestion) -> None:
        super().__init__(cic, controls, variant, examiner, congestion)
        self.machine = Machine(variant.chart("circuit", call_states.STATES, "Release"), self)
        self.blocking = Blocking(self, MessageType, REPEATED)
        self.segmentation: Segmentation | None = None

    @property
    def tag(self) -> str:
        """Which stable state the call is in; empty when none."""
        return TAGS.get(self.machine.state, "")

    @property
    def speech(self) -> bool:
        """Not before the call has its way, and not while the circuit is checked."""
        return self.machine.state in SPEECH

    @property
    def suite(self) -> str:
        """ISUP and its variant, where calls pass through."""
        return self.transit.suite if self.transit.plan.type else ""

    def receive(self, value: Input, now: float) -> Sequence[Output]:
        """A call primitive or the check-tone; what has no meaning in this state means nothing."""
        if not isinstance(value, Primitive):
            return self.post(tone_event(value), value, now)
        if isinstance(value, Blocked):
            return self.blocking.hold(now) if self.machine.state in RESET else self.blocking.block(now)
        if isinstance(value, Unblocked):
            return self.blocking.unblock(now)
        if value.carried is not None:
            return onward.carried_here(self, value, now)
        outputs = self.post(type(value).__name__, value, now)
        return onward.counted(self, value, outputs)

    def message(self, message: Message, now: float, octets: bytes = b"") -> Sequence[Output]:
        """A message of this circuit; ``octets`` are its own, from the circuit's code on."""
        role = self.transit.role(self, message.kind) if self.transit.plan.type else compatibility.END
        verdict = compatibility.judge(message, role)
        if message.kind == MessageType.IAM:
            self.transit.essential = 0
        if verdict.message is message:
            return self._known(message, octets, now)
        if role.through:
            self.transit.essential = self.transit.essential or transit.essential(message)
            if verdict.discarded:
                octets = parts.without(octets, verdict.discarded)
        return self._judged(message, octets, verdict, now)

    def _judged(self, message: Message, octets: bytes, verdict: compatibility.Verdict, now: float) -> Sequence[Output]:
        """Something in it is unknown. Without a call there is nothing to release and nobody to be told."""
        if self.machine.state in ENDED and message.kind != MessageType.IAM and verdict.message is None:
            return (Noted(f"<- {name_of(message)}, unknown, discarded"),)
        told: Sequence[Output] = (verdict.confusion,) if verdict.confusion is not None else ()
        if verdict.release:
            if message.kind == MessageType.IAM and self.machine.state == "Idle":
                self.idle_owed = True
                self.machine.enter("WaitRelease", now)
                return (self.release(verdict.release),)
            return self.post("judged", verdict.release, now)
        if verdict.message is None:
            return (Noted(f"<- {name_of(message)}, discarded by its own instructions"), *told)
        # REL that goes no further keeps its unknown parameters: its RLC names them.
        ends = message.kind == MessageType.REL and not self.transit.through
        return (*told, *self._known(message if ends else verdict.message, octets, now))

    def _known(self, message: Message, octets: bytes, now: float) -> Sequence[Output]:
        if message.kind in BLOCKING:
            return self._blocking(message, now)
        segmentation = self.segmentation
        if segmentation is None:
            if message.kind not in SEGMENTED or not more_follows(message):
                return self._passing(message, octets, now)
            segmentation = self.segmentation = Segmentation(self.variant)
        held = self.transit.held
        outputs: list[Output] = []
        for whole in segmentation.receive(message, now):
            joined = message.kind == MessageType.SGM and bool(held)
            before = parts.join(held, octets) if joined else held
            outputs.extend(self._passing(whole, octets if whole is message else before, now))
        self.transit.held = octets if segmentation.waits and self.transit.plan.type else b""
        return outputs

    def _passing(self, message: Message, octets: bytes, now: float) -> Sequence[Output]:
        """A whole message, and what of it goes through to another circuit."""
        passes = self.transit
        if not (passes.plan.type and octets):
            if message.kind == MessageType.IAM:
                passes.count(message)
            return self._take(message, now)
        beside = passes.beside(self, message, octets)
        if beside is not None:
            return beside
        through = passes.through
        outputs = self._take(message, now)
        if message.kind == MessageType.IAM and self.initial is message:
            passes.begin(octets, message)
        elif through:
            outputs = passes.said(message.kind, octets, outputs)
        return passes.offered(self, outputs) if passes.initial else outputs

    def _take(self, message: Message, now: float) -> Sequence[Output]:
        """A whole message, by the table."""
        machine = self.machine
        if message.kind == MessageType.UCIC:
            return self.not_there(now)
        event = name_of(message)
        if event not in machine.chart.rows[machine.state]:
            return machine.step("other", message, now)
        if event == "RSC":
            return self._far_resets(message, now)
        before = machine.state
        outputs = machine.step(event, message, now)
        if event == "RLC" and before in ("Resetting", "ResetAlerted"):
            return (*outputs, *self.blocking.again(now))
        return outputs

    def _far_resets(self, message: Message, now: float) -> Sequence[Output]:
        """RSC: the far end has forgotten who blocks the circuit; if we do, BLO goes before RLC (2.9.3.1)."""
        freed = self.free_there(values.SupervisionType.MAINTENANCE)
        again = self.blocking.again(now)
        return (*again, *freed, *self.machine.step("RSC", message, now))

    def _blocking(self, message: Message, now: float) -> Sequence[Output]:
        if message.kind == MessageType.BLO:
            return (*self.blocking.blo(), *self.post("blocked", None, now))
        if message.kind == MessageType.UBL:
            return self.blocking.ubl()
        return self.blocking.bla(now) if message.kind == MessageType.BLA else self.blocking.uba(now)

    def not_there(self, now: float) -> Sequence[Output]:
        """UCIC: nothing more is asked of the far end about this circuit."""
        self.blocking.stop(now)
        return self.post("unequipped", None, now)

    # Time.

    def expire(self, now: float) -> Sequence[Output]:
        """Fire the timers that are due."""
        outputs = list(self.machine.expire(now))
        if self.transit.initial:
            outputs = list(self.transit.offered(self, outputs))
        if self.segmentation is not None:
            for message in self.segmentation.late(now):
                outputs.extend(self._passing(message, self.transit.held, now))
                self.transit.held = b""
        for request in self.blocking.requests:
            outputs.extend(request.machine.expire(now))
        return outputs

    def deadline(self) -> float | None:
        """The earliest timer."""
        if not self.blocking.requests and self.segmentation is None:  # nearly always, and asked after each message
            return self.machine.deadline()
        due = super().deadline()
        other = self.segmentation.machine.deadline() if self.segmentation is not None else None
        return other if due is None or (other is not None and other < due) else due

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """Adopt an answered call by its tag; of anything else nothing is known, so the circuit is reset."""
        state = ADOPTED.get(tag)
        if state is None:
            return self.machine.step("Reset", None, now)
        self.open = True
        # Which legs the call has is not known here: whether anything passes shows when it comes back.
        self.transit.through = bool(self.transit.plan.type)
        self.machine.enter(state, now)
        return (Noted("call adopted after a restart"),)
