"""What any user part keeps of one circuit: whether a call is open, why it may not be seized, who has blocked it (Q.764 2.8.2; Q.724).

``CircuitBooks`` is what the circuits of ISUP and TUP begin with. Release goes up once for each Seized or Setup (``close``); Idle follows
when the far end has agreed that the circuit is free (``rest``). Blocked goes up with each reason not to seize the circuit, Unblocked with
each that has gone: our maintenance blocks it for the reason ``local``, our failed hardware for ``alarm``. Leaves out messages, states and
timers, which are the user part's own.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal

from pbx.engine import Input, Levels, Noted, Output, PeerMessage, Unexpected
from pbx.machine import Machine
from pbx.signalling.ss7.congestion import Congestion
from pbx.signalling.ss7.continuity import Check, MaintenanceTold
from pbx.vocabulary import call
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Idle,
    Metering,
    Proceeding,
    Progress,
    Release,
    Resume,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from pbx.vocabulary.numbers import NumberExaminer

if TYPE_CHECKING:
    from pbx.signalling.ss7.blocking import Blocking

Direction = Literal["incoming", "outgoing", "both-way"]
SEIZED, IDLE, ALERTING, CONNECT, UNBLOCKED, PROCEEDING = Seized(), Idle(), Alerting(), Connect(), Unblocked(), Proceeding()
SUSPEND, RESUME, PROGRESS, METERING = Suspend(), Resume(), Progress(), Metering()
BLOCKED = {reason: Blocked(reason) for reason in ("remote", "local", "alarm", "fault")}
LESS_BLOCKED = {reason: Unblocked(reason) for reason in BLOCKED}
RELEASES = {cause: Release(cause) for cause in range(128)}
EXCHANGE_ROUTING_ERROR = 25
"""Q.850: the call has passed so many exchanges that it must be going round."""


class BlockedFor(IntEnum):
    """Why circuits are blocked: numbered as in the circuit group supervision message type (Q.763 clause 3.13)."""

    MAINTENANCE = 0
    HARDWARE_FAILURE = 1


MAINTENANCE, HARDWARE = BlockedFor
OURS = {MAINTENANCE: "local", HARDWARE: "alarm"}
"""The reason that goes up when we block a circuit. What an operator has ordered outlives a restart of control (pbx/leg_records.py)."""


class CircuitBooks:
    """The books of one circuit."""

    __slots__ = (
        "blocked_here", "blocked_there", "blocking", "caller", "check", "cic", "congestion", "controls", "direction", "echo_control",
        "examiner", "forgotten", "glare", "grouped", "idle_owed", "machine", "number", "open", "overlap", "reasons", "served", "variant",
    )  # fmt: skip

    machine: Machine
    variant: Any
    blocking: "Blocking"

    def __init__(self, cic: int, controls: bool, variant: Any, examiner: NumberExaminer, congestion: Congestion) -> None:
        """``controls``: whether our call goes on when both ends seize the circuit at once; ``congestion`` is that of the far point."""
        self.cic = cic
        self.controls = controls
        self.variant = variant
        self.examiner = examiner
        self.congestion = congestion
        self.open = self.idle_owed = self.glare = self.overlap = False
        self.served = True
        """Whether the far user part can be reached."""
        self.reasons: set[str] = set()
        self.blocked_here: set[int] = set()
        """Why we have blocked the circuit at the far end: ``BlockedFor``."""
        self.blocked_there: set[int] = set()
        """Why the far end has blocked it here."""
        self.grouped: dict[int, str] = {}
        """What a group that is not acknowledged asks about the circuit, "block" or "unblock", by reason."""
        self.forgotten = False
        """Whether maintenance there had blocked it when RSC went out, which nobody has answered yet."""
        self.number = ""
        self.caller = ("", False)
        """His number, and whether it must not be shown."""
        self.check = Check()
        self.direction: Direction = "both-way"
        """Who may seize the circuit, as this end sees it: outgoing = nobody but us."""
        self.echo_control = False
        """Whether echo is cancelled here in calls over the circuit, which the far end is told."""

    @property
    def state(self) -> str:
        """The call's state; the reasons why the circuit may not be seized beside it."""
        return "/".join((self.machine.state, *sorted(self.reasons)))

    @property
    def tag(self) -> str:
        """Which stable state the call is in; empty when none."""
        raise NotImplementedError

    @property
    def speech(self) -> bool:
        """Whether what the switch wants heard may begin."""
        raise NotImplementedError

    @property
    def suite(self) -> str:
        """Of what passes through to and from other circuits (``Carried.suite``); empty where nothing does."""
        return ""

    def start(self, now: float) -> Sequence[Output]:
        """Into service."""
        return (IDLE,)

    def receive(self, value: Input, now: float) -> Sequence[Output]:
        """What the switch says."""
        raise NotImplementedError

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """Adopt an answered call after a restart of control; anything else is reset."""
        raise NotImplementedError

    def expire(self, now: float) -> Sequence[Output]:
        """Fire the timers that are due."""
        raise NotImplementedError

    def deadline(self) -> float | None:
        """The earliest timer."""
        due = self.machine.deadline()
        for request in self.blocking.requests:
            other = request.machine.deadline()
            if other is not None and (due is None or other < due):
                due = other
        return due

    def say(self, kind: Any) -> PeerMessage:
        """A message of this circuit that is a heading and no more."""
        raise NotImplementedError

    def named(self, message: Any) -> str:
        """A message's acronym."""
        raise NotImplementedError

    def asked(self, why: int) -> bool:
        """Whether the far end has still to acknowledge a block of the circuit for this reason, or its end: by a group, or by BLO or UBL."""
        return why in self.grouped or (why == MAINTENANCE and self.blocking.waits)

    @property
    def stands(self) -> bool:
        """Whether the far end is to hold the circuit blocked by maintenance now."""
        return self.blocking.stands

    def close(self, cause: int) -> tuple[Output, ...]:
        """Release up, if a call is open."""
        self.glare = False
        if not self.open:
            return ()
        self.open = False
        self.idle_owed = True
        return (RELEASES[cause & 127],)

    def rest(self) -> tuple[Output, ...]:
        """The circuit is free; Idle goes up if it is owed."""
        self.check.failures = 0
        self.forgotten = False
        gone = (*(self.remove_reason("fault") if self.served else ()), *self._well_again())
        if not self.idle_owed:
            return gone
        self.idle_owed = False
        return (*gone, IDLE)

    def tell_maintenance(self, what: str) -> tuple[Output, ...]:
        """People are to know of the circuit, once, until it is free again."""
        if self.check.told:
            return ()
        self.check.told = what
        return (MaintenanceTold(what),)

    def _well_again(self) -> tuple[Output, ...]:
        what, self.check.told = self.check.told, ""
        return (MaintenanceTold(what, stands=False),) if what else ()

    def add_reason(self, reason: str) -> tuple[Output, ...]:
        """The circuit may not be seized, for one more reason."""
        if reason in self.reasons:
            return ()
        self.reasons.add(reason)
        return (BLOCKED[reason],)

    def remove_reason(self, reason: str) -> tuple[Output, ...]:
        """A reason has gone; the last one names none, for the circuit may be seized again."""
        if reason not in self.reasons:
            return ()
        self.reasons.discard(reason)
        return (LESS_BLOCKED[reason],) if self.reasons else (UNBLOCKED,)

    def free_there(self, why: int) -> tuple[Output, ...]:
        """The far end blocks the circuit no longer for one reason."""
        self.blocked_there.discard(why)
        if why == MAINTENANCE:
            self.forgotten = False
        return () if self.blocked_there else self.remove_reason("remote")

    # Actions that many states share.

    def refuse(self, _: Setup, now: float) -> Sequence[Output]:
        """A Setup that meets a circuit at work: it will be told of the next Idle like everybody."""
        return (RELEASES[call.CIRCUIT_NOT_AVAILABLE],)

    def complete(self, _: object, now: float) -> Sequence[Output]:
        """The far end has said that the circuit is free."""
        return self.rest()

    def lost(self, _: object, now: float) -> Sequence[Output]:
        """The circuit is taken away without words: GRS came, or hardware has failed at either end."""
        return (*self.close(call.TEMPORARY_FAILURE), *self.rest())

    def abandon(self, _: object, now: float) -> Sequence[Output]:
        """GRS goes out for this circuit: the call is over, GRA will free it."""
        self.idle_owed = True
        return self.close(call.TEMPORARY_FAILURE)

    def stray(self, message: Any, now: float) -> Sequence[Output]:
        """A message that has no place, and does no harm: it is discarded (Q.764 2.9.5.1; Q.724)."""
        return (Unexpected(self.machine.state, self.named(message)),)

    def loop(self, message: Any, now: float) -> Sequence[Output]:
        """CCR: the circuit is to be looped while the far end listens for its tone."""
        self.idle_owed = True
        return (Noted("<- the far end checks the circuit"),)

    # What circuit supervision of groups and the signalling relation do to the circuit.

    def post(self, event: str, argument: object, now: float) -> Sequence[Output]:
        """An event of the table, where the state has a cell for it."""
        machine = self.machine
        return machine.step(event, argument, now) if event in machine.chart.rows[machine.state] else ()

    def serve(self, served: bool) -> Sequence[Output]:
        """Whether the far user part can be reached: if not, calls go on, but no new one begins (Q.764 2.13)."""
        self.served = served
        if not served:
            return self.add_reason("fault")
        state = self.machine.state
        return () if state.endswith("Alerted") or state.startswith("Recheck") else self.remove_reason("fault")

    def block_there(self, why: int, now: float) -> Sequence[Output]:
        """The far end blocks the circuit with others; failed hardware takes the call with it."""
        self.blocked_there.add(why)
        event = "lost" if why == HARDWARE else "blocked"
        return (*self.add_reason("remote"), *self.post(event, None, now))

    def block_here(self, why: int, now: float) -> Sequence[Output]:
        """We block the circuit with others, by a message that the group sends."""
        self.blocked_here.add(why)
        lost = self.post("lost", None, now) if why == HARDWARE else ()
        return (*self.add_reason(OURS[BlockedFor(why)]), *lost)

    def freed(self, why: int) -> Sequence[Output]:
        """It is acknowledged: we block the circuit no longer for this reason, if so."""
        return () if why in self.blocked_here else self.remove_reason(OURS[BlockedFor(why)])

    def free_again(self, now: float) -> Sequence[Output]:
        """The far end holds the circuit blocked, which we do not: say so."""
        return self.blocking.free_again(now)

    def again(self, now: float) -> Sequence[Output]:
        """The far end may have forgotten that maintenance blocks the circuit here, or has not heeded it: say it again, if so.

        Where hardware has failed BLO would never be taken back; the group says it again instead (distribution.py).
        """
        return self.blocking.again(now)
