"""What an association tells the engines above it and is told by them: whole messages, each on a stream (RFC 9260).

An association is SCTP's, or a TCP connection by our own convention (docs/integrator/sigtran.md), where no stream is carried. An engine
with one association (M2PA) takes and returns the plain values; one with several gets them wrapped with the association's name.
Leaves out sockets, which are pbx/associations.py's.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

Protocol = Literal["m2pa", "m3ua", "m2ua"]

PAYLOAD_PROTOCOLS: Mapping[Protocol, int] = {"m2ua": 2, "m3ua": 3, "m2pa": 5}
"""Payload protocol identifiers of SCTP."""

PORTS: Mapping[Protocol, int] = {"m2ua": 2904, "m3ua": 2905, "m2pa": 3565}
"""Registered ports, of SCTP and by our convention of TCP."""


class AssociationUp(msgspec.Struct, frozen=True, gc=False):
    """The association stands; ``streams``: how many go out (RFC 9260 section 5.1.1)."""

    streams: int = 2


class AssociationLost(msgspec.Struct, frozen=True, gc=False):
    """The association is gone; ``reason`` is for people. Another one may come up later."""

    reason: str


class Octets(msgspec.Struct, frozen=True, gc=False):
    """One whole message has come. ``stream`` None: it is not carried (TCP)."""

    stream: int | None
    octets: bytes


class SendOctets(msgspec.Struct, frozen=True, gc=False):
    """Send one whole message on a stream, in order."""

    stream: int
    octets: bytes


class EndAssociation(msgspec.Struct, frozen=True, gc=False):
    """Give the association up: the far end does not answer. ``AssociationLost`` follows."""

    reason: str


FromBelow = AssociationUp | AssociationLost | Octets


class FromAssociation(msgspec.Struct, frozen=True, gc=False):
    """What the association of that name tells."""

    association: str
    told: FromBelow


class ToAssociation(msgspec.Struct, frozen=True, gc=False):
    """What the association of that name is to send."""

    association: str
    order: SendOctets | EndAssociation
