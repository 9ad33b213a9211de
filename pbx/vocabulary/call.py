"""The vocabulary between lines and switch: call primitives, the same types in both directions.

Names and causes are those of Q.931 and Q.850, for every signalling system. The rules that every engine keeps:

* Up, a call begins with ``Seized`` (the far end took the line; the switch makes a leg) and, as soon as the called number
  is complete by the numbering plan, one ``Setup``. An overlap engine may send ``Info`` after it.
* On a leg that came in, ``Connect`` up confirms ours: the answer has been signalled now (an MFC register may still have been at work
  when we gave it), and the charge begins.
* Down, a call begins with ``Setup``.
* ``Disconnect`` up: the far party has cleared or cannot be reached, the line is still held; the switch answers with
  ``Disconnect`` or ``Release``, or waits (called party may re-answer: ``Connect`` again). ``Disconnect`` down: clear in the orderly
  way of the line, telling ``cause`` by signal or tone.
* ``Release`` down: let go at once, whatever the state. ``Release`` up: the call on this line is over. It comes exactly once
  for each Seized or Setup, always last, whoever cleared. The line may still be in its release guard: it takes no new
  ``Setup`` before ``Idle``. (A Setup that meets a line which is not idle is answered Release(44).)
* ``Suspend`` up: the called party has hung up, but may lift again (clear-back; SUS and CBK of No. 7), then ``Resume``. The line watches
  how long, and ends it by ``Disconnect``. Down: tell it to the calling side. Only where that side controls the release (``Setup.control``).
* An overlap ``Setup`` has not all digits yet: ``Info`` follows, up and down, until the far side says ``Proceeding``, ``Alerting`` or later.
* ``Reset`` down: whatever the state, come to rest; as Release, and idle signals go out anew.
* ``Idle`` up: the circuit may be seized again. ``Blocked``/``Unblocked`` up: it may not / may be used (alarm, far end, operator).
* ``carried`` of any primitive is what its signal says beyond the words here, for a line of the same suite of signalling. The switch does
  not read it. It hands it on with what the primitive becomes at the other end of the call; where nothing of the kind is told there, or the
  line is of another suite, the sender has it back by ``NotCarried``. What is nothing but that comes as ``PassOn``, up and down.
"""

import msgspec


class Carried(msgspec.Struct, frozen=True, gc=False):
    """What only lines of one suite of signalling understand: ``suite`` is its name and the variant, ``isup/isup-china``.

    Empty ``octets``: what the primitive means has been told with another one already. ``essential``: by this cause the call of a Setup
    ends where they cannot be handed on; 0: it goes on without.
    """

    suite: str
    octets: bytes
    essential: int = 0

    @property
    def family(self) -> str:
        """The suite without its variant."""
        return self.suite.partition("/")[0]


SELDOM = frozenset({"carried", "busy_with"})
"""Fields that are told in a trace only where they say something."""


class Primitive(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A call primitive."""

    carried: Carried | None = None

    def __repr__(self) -> str:
        """Its words as a trace tells them, without those that hardly any primitive has."""
        told = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in told if value or name not in SELDOM)})"


class PassOn(Primitive, frozen=True, gc=False):
    """Something for the line at the other end of the call that the house has no word for; all of it is in ``carried``."""


class NotCarried(Primitive, frozen=True, gc=False):
    """Down: what came up with a primitive of this line could not be handed on, nor will anything else of the kind be in this call."""


class Seized(Primitive, frozen=True, gc=False):
    """Up: the far end has seized the line or lifted the handset."""


class Redirection(msgspec.Struct, frozen=True, gc=False):
    """That a call was redirected: whom it was for at first, who redirected it last, how often, and why by Q.763 3.45 (0: unknown)."""

    original: str = ""
    last: str = ""
    count: int = 1
    reason: int = 0


class Setup(Primitive, frozen=True, gc=False):
    """A call: digits as dialled; ``calling`` is empty when unknown, ``restricted`` when it must not be shown.

    ``name`` is the caller's, as it may be shown. ``overlap``: more digits follow by Info. ``control`` says who controls the release:
    "" either party, "calling" the calling side alone (the called party may hang up and lift again). ``ringing`` names a cadence of the
    called line's variant, "" the normal one. ``test``: a call that tests the circuit (KD 6 of China No.1). ``hops``: how many more
    exchanges the call may pass; 0 = nobody counts. ``interworking``: what it has met on its way beside the system of this line: "" nothing,
    "no7" another user part of No. 7, "other" any other system. ``asks_connected``: the caller wants the number of who answers.
    """

    called: str
    calling: str = ""
    category: int = 0
    restricted: bool = False
    name: str = ""
    overlap: bool = False
    control: str = ""
    ringing: str = ""
    test: bool = False
    redirection: Redirection | None = None
    hops: int = 0
    interworking: str = ""
    asks_connected: bool = False


class Info(Primitive, frozen=True, gc=False):
    """More digits."""

    digits: str


class Proceeding(Primitive, frozen=True, gc=False):
    """Address complete: no more digits are wanted."""


class Alerting(Primitive, frozen=True, gc=False):
    """The called party is free and is being rung."""


class Progress(Primitive, frozen=True, gc=False):
    """In-band information (tone, announcement) is on the line."""


class Connect(Primitive, frozen=True, gc=False):
    """The called party has answered; ``connected`` is his number where it is told and may be shown; ``free``: the call is not charged."""

    connected: str = ""
    free: bool = False


class Disconnect(Primitive, frozen=True, gc=False):
    """Clearing begins; ``cause`` by Q.850. With cause 17 ``busy_with`` says with what kind of call: "local", "toll"; "" = not known."""

    cause: int
    busy_with: str = ""


class Release(Primitive, frozen=True, gc=False):
    """The call on the line is over; ``cause`` and ``busy_with`` as in Disconnect."""

    cause: int
    busy_with: str = ""


class Suspend(Primitive, frozen=True, gc=False):
    """The called party has hung up and may lift again."""


class Resume(Primitive, frozen=True, gc=False):
    """The called party has lifted again."""


class OperatorSignal(Primitive, frozen=True, gc=False):
    """What a toll operator signals in a semi-automatic call: "re-ring" the called party (FOT of No. 7), "forced-release" his other call,
    "ring-back" the calling operator; and "malicious-call" of a called party who wants the caller traced (MAL of the Chinese TUP)."""

    kind: str


class Metering(Primitive, frozen=True, gc=False):
    """So many charge units. Up: the network charges them; down: show them to the calling line."""

    pulses: int = 1


class CallWaiting(Primitive, frozen=True, gc=False):
    """Down, to a line in a call: another call waits; ``calling`` and ``name`` as in Setup. ``over``: it waits no more."""

    calling: str = ""
    restricted: bool = False
    name: str = ""
    over: bool = False


class MessageWaiting(Primitive, frozen=True, gc=False):
    """Down: messages wait for the line's subscriber (0: none any more)."""

    messages: int


class Reset(Primitive, frozen=True, gc=False):
    """Down: come to rest from whatever state."""


class Idle(Primitive, frozen=True, gc=False):
    """Up: the line is free to be seized."""


class Blocked(Primitive, frozen=True, gc=False):
    """Up: the line must not be seized; ``reason`` is ``remote``, ``local``, ``alarm`` or ``fault``. Down: block it."""

    reason: str


class Unblocked(Primitive, frozen=True, gc=False):
    """Up: the line may be seized again; with a ``reason``: only that one has gone, and others stand. Down: unblock it."""

    reason: str = ""


UNALLOCATED = 1
NO_ROUTE = 3
NORMAL_CLEARING = 16
USER_BUSY = 17
NO_RESPONSE = 18
NO_ANSWER = 19
REJECTED = 21
OUT_OF_ORDER = 27
INVALID_NUMBER = 28
NORMAL_UNSPECIFIED = 31
NO_CIRCUIT = 34
TEMPORARY_FAILURE = 41
SWITCH_CONGESTION = 42
CIRCUIT_NOT_AVAILABLE = 44
RECOVERY_ON_TIMER_EXPIRY = 102
PROTOCOL_ERROR = 111

CAUSES = {
    1: "unallocated number",
    3: "no route to destination",
    4: "send special information tone",
    5: "misdialled trunk prefix",
    16: "normal clearing",
    17: "user busy",
    18: "no user responding",
    19: "no answer from user",
    21: "call rejected",
    22: "number changed",
    25: "exchange routing error",
    27: "destination out of order",
    28: "invalid number format",
    31: "normal, unspecified",
    34: "no circuit available",
    38: "network out of order",
    41: "temporary failure",
    42: "switching equipment congestion",
    44: "requested circuit not available",
    57: "bearer capability not authorized",
    65: "bearer capability not implemented",
    97: "message type non-existent or not implemented",
    99: "parameter non-existent or not implemented",
    102: "recovery on timer expiry",
    110: "message with unrecognized parameter, discarded",
    111: "protocol error",
    127: "interworking, unspecified",
}
