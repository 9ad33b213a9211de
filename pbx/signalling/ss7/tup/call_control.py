"""What outgoing and incoming calls of one circuit of the Chinese TUP share (GF 001-9001; Q.724): clearing, reset, continuity, rest.

Only CLF and RLG free a circuit. The outgoing end sends CLF when it or the far end has had enough; the incoming end can but ask for it, by
a backward message of a failure before the answer and by CBK after it. ``CallControl`` owns the machine of the circuit; its actions for
calls out and in are outgoing.py and incoming.py. Leaves out blocking, which goes on beside the calls (pbx/signalling/ss7/blocking.py).
"""

from collections.abc import Sequence

from pbx.engine import Noted, Output
from pbx.signalling.ss7.circuit_books import MAINTENANCE
from pbx.signalling.ss7.circuit_calls import CircuitCalls
from pbx.signalling.ss7.congestion import Congestion
from pbx.signalling.ss7.tup.call_parameters import setup_of, subsequent_of
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.contents import CongestionLevel, GeneralRequest, InitialAddress
from pbx.signalling.ss7.tup.messages import Heading
from pbx.signalling.ss7.tup.variant import Variant
from pbx.vocabulary import call
from pbx.vocabulary.call import Disconnect, Release, Setup
from pbx.vocabulary.numbers import NumberExaminer

ASKED = GeneralRequest(calling_line=True)
BUSY = {kind: Release(call.USER_BUSY, kind) for kind in ("local", "toll")}


class CallControl(CircuitCalls):
    """The calls of one circuit, one at a time."""

    __slots__ = ("category", "control", "initial")

    RELEASE, RESET = "CLF", Heading.RSC
    REPEAT_RELEASE, REPEAT_RESET, ALERTED_RESET = "T6", "T18", "T19"
    REFUSED = "InFailed"
    subsequent_of = staticmethod(subsequent_of)

    variant: Variant

    def __init__(self, cic: int, controls: bool, variant: Variant, examiner: NumberExaminer, congestion: Congestion) -> None:
        super().__init__(cic, controls, variant, examiner, congestion)
        self.initial: InitialAddress | None = None
        self.category = 0
        self.control = "mutual"
        """Who controls the release of a call that goes out: "calling", "called" or "mutual"."""

    def say(self, kind: Heading) -> Message:
        """A message of this circuit that is a heading and no more."""
        return Message(self.cic, kind)

    def named(self, message: Message) -> str:
        """A message's acronym."""
        return name_of(message)

    def guard(self) -> tuple[Output, ...]:
        """RLG; with our own congestion, where there is any."""
        if self.congestion.overload:
            told = CongestionLevel(self.congestion.overload)
            return (self.say(Heading.RLG), Message(self.cic, Heading.ACC, told))
        return (self.say(Heading.RLG),)

    def release(self, cause: int) -> Message:
        """CLF, which tells no cause."""
        return self.say(Heading.CLF)

    # Calls that go out.

    def far_fails(self, message: Message, now: float) -> Sequence[Output]:
        """A backward message says that the call has failed."""
        busy_with = self.variant.busy_with(message.heading)
        over = self.give_up(self.variant.cause_of(message))
        return tuple(BUSY[busy_with] if isinstance(each, Release) else each for each in over) if busy_with else over

    def crossed(self, _: object, now: float) -> Sequence[Output]:
        """CLF for a call that went out: it is meant for another call, whose end has crossed the beginning of ours; so both end."""
        before_answer = self.machine.state == "OutWaitAddressComplete"
        return (*self.guard(), *self.give_up(call.CIRCUIT_NOT_AVAILABLE if before_answer else call.TEMPORARY_FAILURE))

    def reset_outgoing(self, _: object, now: float) -> Sequence[Output]:
        """RSC in a call that went out: to the far end it is as good as CBK, so CLF answers it."""
        return self.give_up(call.TEMPORARY_FAILURE)

    # Calls that come in.

    def ask_caller(self) -> Message:
        """GRQ."""
        return Message(self.cic, Heading.GRQ, ASKED)

    def setup(self) -> Setup:
        """The call of an IAM or IAI."""
        assert self.initial is not None, "a call that is offered began with an address"
        return setup_of(self.initial, self.number, self.caller, self.category, self.variant, self.overlap)

    def fail(self, cause: int, busy_with: str = "") -> tuple[Output, ...]:
        """A call that comes in cannot be: the far end is asked to clear it."""
        return (self.say(self.variant.failure_of(cause, busy_with)), *self.close(cause))

    def refuse_call(self, wish: Release | Disconnect, now: float) -> Sequence[Output]:
        """The switch clears before ACM."""
        return self.fail(wish.cause, wish.busy_with)

    def far_clears(self, _: object, now: float) -> Sequence[Output]:
        """CLF: the call is over, RLG says that the circuit is free."""
        return (*self.guard(), *self.close(call.NORMAL_CLEARING), *self.rest())

    def far_resets(self, _: object, now: float) -> Sequence[Output]:
        """RSC: like CLF, for an end that knows nothing any more."""
        return (self.say(Heading.RLG), *self.close(call.TEMPORARY_FAILURE), *self.rest())

    def repeat_failure(self, _: object, now: float) -> Sequence[Output]:
        """T3: CLF has not come; CFL takes the place of whatever was said."""
        return (self.say(Heading.CFL),)

    def repeat_call_failure(self, _: object, now: float) -> Sequence[Output]:
        """T4: CFL again; T5 runs on."""
        self.machine.start_timer("T4", now)
        return (self.say(Heading.CFL),)

    def failure_fails(self, _: object, now: float) -> Sequence[Output]:
        """T5: people are told, and no more is said."""
        return (Noted("-- CFL is not answered by CLF"), *self.add_reason("fault"))

    def repeat_clear_back(self, _: object, now: float) -> Sequence[Output]:
        """CLF has not come long after CBK: it may have been lost."""
        return (self.say(Heading.CBK),)

    # Either way.

    def confirm(self, message: Message, now: float) -> Sequence[Output]:
        """CLF that has met ours or belongs to nothing."""
        return self.guard()

    def confirm_reset(self, message: Message, now: float) -> Sequence[Output]:
        """RSC likewise."""
        return (self.say(Heading.RLG),)

    def reset_met(self, _: object, now: float) -> Sequence[Output]:
        """T18 after CLF or BLO has met RSC: no RLG comes, so that was the answer of an end that had a call out, or has blocked the circuit.

        Or RSC was lost, and what came had crossed it. Then the far end relies on a block that we have forgotten: we remember it.
        """
        blocked: Sequence[Output] = ()
        if self.forgotten:
            self.blocked_there.add(MAINTENANCE)
            blocked = self.add_reason("remote")
        return (*blocked, *self.rest(), *self.again(now))

    def reset(self, _: object, now: float) -> Sequence[Output]:
        """RSC goes out; both ends forget that maintenance has blocked the circuit, and say it again where they still want it."""
        self.idle_owed = True
        forgotten = self.forgotten or MAINTENANCE in self.blocked_there
        outputs = (self.say(Heading.RSC), *self.close(call.TEMPORARY_FAILURE), *self.free_there(MAINTENANCE))
        self.forgotten = forgotten
        return outputs

    # Continuity checks that the far end makes.

    def check_fails(self, message: Message, now: float) -> Sequence[Output]:
        """CCF: a call that waited for the check is over; the far end will check again."""
        return self.close(call.TEMPORARY_FAILURE)


_NAMES = {int(heading): heading.name for heading in Heading}


def name_of(message: Message) -> str:
    """A message's acronym, or its heading where it has none."""
    return _NAMES.get(message.heading) or f"heading {message.heading:02X}"
