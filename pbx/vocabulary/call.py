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
* ``Idle`` up: the circuit may be seized again. ``Blocked``/``Unblocked`` up: it may not / may be used (alarm, far end, operator).
"""

import msgspec


class Primitive(msgspec.Struct, frozen=True, gc=False):
    """A call primitive."""


class Seized(Primitive, frozen=True, gc=False):
    """Up: the far end has seized the line or lifted the handset."""


class Setup(Primitive, frozen=True, gc=False):
    """A call: digits as dialled; ``calling`` is empty when unknown, ``restricted`` when it must not be shown."""

    called: str
    calling: str = ""
    category: int = 0
    restricted: bool = False


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
    """The called party has answered."""


class Disconnect(Primitive, frozen=True, gc=False):
    """Clearing begins; ``cause`` by Q.850."""

    cause: int


class Release(Primitive, frozen=True, gc=False):
    """The call on the line is over; ``cause`` by Q.850."""

    cause: int


class Idle(Primitive, frozen=True, gc=False):
    """Up: the line is free to be seized."""


class Blocked(Primitive, frozen=True, gc=False):
    """Up: the line must not be seized; ``reason`` is ``remote``, ``local``, ``alarm`` or ``fault``. Down: block it."""

    reason: str


class Unblocked(Primitive, frozen=True, gc=False):
    """Up: the line may be seized again. Down: unblock it."""


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
    16: "normal clearing",
    17: "user busy",
    18: "no user responding",
    19: "no answer from user",
    21: "call rejected",
    27: "destination out of order",
    28: "invalid number format",
    31: "normal, unspecified",
    34: "no circuit available",
    41: "temporary failure",
    42: "switching equipment congestion",
    44: "requested circuit not available",
    102: "recovery on timer expiry",
    111: "protocol error",
}
