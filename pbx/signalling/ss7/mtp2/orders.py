"""The border between link state control and transmission and reception control as typed values (pbx/dsp/mtp2_api.h).

Orders go down, what is told comes up; both in order, but with a way between them: something that was told may be older than the last
order. ``Begin`` is answered by ``Begun``, so that what belongs to an earlier life of the link is known as such. Leaves out who carries
them.
"""

from typing import Literal

import msgspec

Status = Literal["SIO", "SIN", "SIE", "SIOS", "SIPO", "units"]
"""What comes in: a status indication, or fill-in units and messages."""
Sent = Literal["SIO", "SIN", "SIE", "SIOS", "SIPO", "fill-in", "messages"]
Watched = Literal["nothing", "signal units", "normal alignment", "emergency alignment"]

# Orders.


class Begin(msgspec.Struct, frozen=True, gc=False):
    """Numbers begin anew, buffers are empty, reception works. ``life`` (0 to 255) comes back in ``Begun``."""

    life: int


class Halt(msgspec.Struct, frozen=True, gc=False):
    """Nothing is received any more, SIOS goes out. What is not confirmed stays."""


class Send(msgspec.Struct, frozen=True, gc=False):
    """What goes out from now on; what comes in is told again."""

    what: Sent


class Accept(msgspec.Struct, frozen=True, gc=False):
    """Messages and fill-in units count from now on; ``messages`` False: only their confirmations."""

    messages: bool


class Watch(msgspec.Struct, frozen=True, gc=False):
    """Which error rate monitor runs, from its beginning."""

    what: Watched


class SetBusy(msgspec.Struct, frozen=True, gc=False):
    """Flow control: SIB goes out each T5 and nothing is confirmed; ``discard``: messages are not taken either."""

    busy: bool
    discard: bool = False


class SendMessage(msgspec.Struct, frozen=True, gc=False):
    """A message behind all others."""

    octets: bytes


class TellBsnt(msgspec.Struct, frozen=True, gc=False):
    """Answered by ``BsntTold``."""


class Retrieve(msgspec.Struct, frozen=True, gc=False):
    """Answered by ``Retrieved`` messages and ``RetrievalEnded``. ``fsnc`` None: only what was never sent."""

    fsnc: int | None


class Flush(msgspec.Struct, frozen=True, gc=False):
    """Forget messages; numbers go on behind what the far end has confirmed."""


class TellAgain(msgspec.Struct, frozen=True, gc=False):
    """Control is a new one: tell what comes in, and a failure that stands."""


Order = Begin | Halt | Send | Accept | Watch | SetBusy | SendMessage | TellBsnt | Retrieve | Flush | TellAgain

# What is told.


class Begun(msgspec.Struct, frozen=True, gc=False):
    """All that comes behind this belongs to that life of the link."""

    life: int


class StatusHeard(msgspec.Struct, frozen=True, gc=False):
    """What comes in has changed."""

    status: Status


class MessageHeard(msgspec.Struct, frozen=True, gc=False):
    """A message in sequence, from its service information octet on."""

    octets: bytes


class Failed(msgspec.Struct, frozen=True, gc=False):
    """Reception has stopped and SIOS goes out."""

    reason: str


class ProvingErrors(msgspec.Struct, frozen=True, gc=False):
    """The alignment error rate monitor has counted too many."""


class CorrectUnit(msgspec.Struct, frozen=True, gc=False):
    """The first good unit behind ``ProvingErrors``."""


class BufferFilled(msgspec.Struct, frozen=True, gc=False):
    """Congestion level of the transmission buffer."""

    level: int


class BsntTold(msgspec.Struct, frozen=True, gc=False):
    """The number of the last unit accepted."""

    value: int


class Retrieved(msgspec.Struct, frozen=True, gc=False):
    """A message that the far end has not accepted."""

    octets: bytes


class RetrievalEnded(msgspec.Struct, frozen=True, gc=False):
    """That was all."""


Told = Begun | StatusHeard | MessageHeard | Failed | ProvingErrors | CorrectUnit | BufferFilled | BsntTold | Retrieved | RetrievalEnded


class ReceiverBusy(msgspec.Struct, frozen=True, gc=False):
    """Whoever carries messages up cannot follow; ``discard``: it has no room at all (Q.703 section 9)."""

    discard: bool = False


class ReceiverFree(msgspec.Struct, frozen=True, gc=False):
    """It can again."""
