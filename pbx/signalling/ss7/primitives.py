"""The two borders of the message transfer part as typed values: between level 2 and level 3, and between level 3 and its users.

Level 2 and 3 speak as Q.703 and the diagrams of Q.704 let them: start, stop, emergency, a message for transmission, the retrieval of what
the far end has not confirmed. Level 3 and its users speak the primitives of Q.701 section 8: TRANSFER, PAUSE, RESUME, STATUS and the
restart. A signal unit travels as octets from the service information octet on, without sequence numbers and check bits, which are level
2's. Leaves out who carries them: each engine returns them as outputs and takes them as inputs.
"""

from typing import Literal

import msgspec

# Level 3 to level 2 (Q.703 section 3, Q.704 section 12).


class Start(msgspec.Struct, frozen=True, gc=False):
    """Align the link and bring it into service; sequence numbers begin anew and nothing old is sent."""


class Stop(msgspec.Struct, frozen=True, gc=False):
    """Take the link out of service: nothing is accepted or sent from now on. What was not confirmed stays retrievable until ``Start``.

    What was accepted before this has come down is still told, before ``Bsnt``, which counts it: the far end has its confirmation.
    """


class Emergency(msgspec.Struct, frozen=True, gc=False):
    """Use the short proving period (Q.703 section 7): no other link carries the traffic. Stands until ``EmergencyCeases``."""


class EmergencyCeases(msgspec.Struct, frozen=True, gc=False):
    """Use the normal proving period."""


class MessageForTransmission(msgspec.Struct, frozen=True, gc=False):
    """Send this signal unit, after all that were given before."""

    octets: bytes


class RetrieveBsnt(msgspec.Struct, frozen=True, gc=False):
    """Tell the number of the last signal unit accepted; comes after the end of service and is always answered by one ``Bsnt``."""


class RetrievalRequest(msgspec.Struct, frozen=True, gc=False):
    """Give back, in order, what the far end has not accepted: all after ``fsnc``.

    ``fsnc`` None: the far end's number is not known, so only what was never transmitted comes back. Answered by any number of
    ``RetrievedMessage`` and one ``RetrievalComplete``.
    """

    fsnc: int | None


class LocalProcessorOutage(msgspec.Struct, frozen=True, gc=False):
    """Level 3 cannot work: status indication SIPO goes out until ``LocalProcessorRecovered``, also after a new ``Start``."""


class LocalProcessorRecovered(msgspec.Struct, frozen=True, gc=False):
    """Level 3 works again."""


class FlushBuffers(msgspec.Struct, frozen=True, gc=False):
    """After a processor outage: forget what is old in the buffers, then go on; its traffic went another way meanwhile."""


class Continue(msgspec.Struct, frozen=True, gc=False):
    """After a short processor outage: go on with what is in the buffers."""


ToLevel2 = (
    Start
    | Stop
    | Emergency
    | EmergencyCeases
    | MessageForTransmission
    | RetrieveBsnt
    | RetrievalRequest
    | LocalProcessorOutage
    | LocalProcessorRecovered
    | FlushBuffers
    | Continue
)


# Level 2 to level 3.


class InService(msgspec.Struct, frozen=True, gc=False):
    """The link is aligned; signal units may be sent."""


class OutOfService(msgspec.Struct, frozen=True, gc=False):
    """The link carries nothing any more, and will not until ``Start``: no ``ReceivedMessage`` follows. ``reason`` is for people.

    Not said where level 3 has ordered ``Stop``.
    """

    reason: str


class ReceivedMessage(msgspec.Struct, frozen=True, gc=False):
    """A signal unit came, in sequence and without error."""

    octets: bytes


class Bsnt(msgspec.Struct, frozen=True, gc=False):
    """The forward sequence number of the last signal unit accepted; None: level 2 cannot tell (then changeover is an emergency one)."""

    value: int | None


class RetrievedMessage(msgspec.Struct, frozen=True, gc=False):
    """A signal unit that the far end has not accepted."""

    octets: bytes


class RetrievalComplete(msgspec.Struct, frozen=True, gc=False):
    """Nothing more will be retrieved."""


class RemoteProcessorOutage(msgspec.Struct, frozen=True, gc=False):
    """Level 3 of the far end cannot work (SIPO comes in)."""


class RemoteProcessorRecovered(msgspec.Struct, frozen=True, gc=False):
    """Level 3 of the far end works again; level 2 waits for ``FlushBuffers`` or ``Continue``."""


class LinkCongestion(msgspec.Struct, frozen=True, gc=False):
    """The transmission buffer is filled to congestion ``level`` (Q.704 section 3.8); 0 = not congested any more.

    Said when the level changes; a link that comes into service has level 0.
    """

    level: int


ToLevel3 = (
    InService
    | OutOfService
    | ReceivedMessage
    | Bsnt
    | RetrievedMessage
    | RetrievalComplete
    | RemoteProcessorOutage
    | RemoteProcessorRecovered
    | LinkCongestion
)


class ToLink(msgspec.Struct, frozen=True, gc=False):
    """What level 3 says to level 2 of the link of that name."""

    link: str
    request: ToLevel2


class FromLink(msgspec.Struct, frozen=True, gc=False):
    """What level 2 of the link of that name says to level 3."""

    link: str
    indication: ToLevel3


# The users of the message transfer part (Q.701 section 8).


class Transfer(msgspec.Struct, frozen=True, gc=False):
    """MTP-TRANSFER, request and indication alike: one message of a user part.

    ``above`` are the four bits that stand above the SLS in its octet of a 24-bit label. They are spare, except in the telephone user
    part, whose circuit identification code begins where the SLS lies (label.py). ``priority`` counts where a network discards by
    priority under congestion. ``data`` begins behind the routing label.
    """

    service: int
    dpc: int
    opc: int
    sls: int
    data: bytes
    above: int = 0
    priority: int = 0


class Pause(msgspec.Struct, frozen=True, gc=False):
    """MTP-PAUSE: the destination cannot be reached."""

    affected: int


class Resume(msgspec.Struct, frozen=True, gc=False):
    """MTP-RESUME: the destination can be reached."""

    affected: int


Reason = Literal["", "unknown", "unequipped", "inaccessible"]
"""Why a user part does not take messages."""


class Status(msgspec.Struct, frozen=True, gc=False):
    """MTP-STATUS: the way to the destination is congested, or the user part there is not available.

    ``service`` is the service indicator of the user part concerned; None = all. ``reason``: why the user part does not answer.
    """

    affected: int
    cause: Literal["congestion", "user part unavailable"]
    level: int = 0
    service: int | None = None
    reason: Reason = ""


class RestartBegins(msgspec.Struct, frozen=True, gc=False):
    """The signalling point is isolated or starts: no destination can be reached until ``RestartEnds``."""


class RestartEnds(msgspec.Struct, frozen=True, gc=False):
    """The restart of Q.704 section 9 is over; ``Resume`` of each destination that can be reached came before."""


ToUser = Transfer | Pause | Resume | Status | RestartBegins | RestartEnds
