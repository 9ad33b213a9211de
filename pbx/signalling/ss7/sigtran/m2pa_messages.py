"""M2PA's two messages as values and octets (RFC 4165 section 2): user data and link status, each with both sequence numbers of 24 bits.

User data without contents confirms only. What stands behind the state of a link status message fills it up (section 2.3.2) and is kept as
a count. Leaves out the number's procedures (m2pa_transmission.py).
"""

from collections.abc import Mapping

import msgspec

from pbx.signalling.ss7.sigtran.codec import UNSUPPORTED_CLASS, UNSUPPORTED_TYPE, Fault, header, read_header

CLASS, USER_DATA, LINK_STATUS = 11, 1, 2
NUMBERED_OCTETS = 16
"""Common header and sequence numbers."""
MODULUS = 1 << 24
LAST = MODULUS - 1
"""Sequence number before the first: the first message of a link has number 0."""

STATES: Mapping[str, int] = {
    "alignment": 1,
    "proving normal": 2,
    "proving emergency": 3,
    "ready": 4,
    "processor outage": 5,
    "processor recovered": 6,
    "busy": 7,
    "busy ended": 8,
    "out of service": 9,
}
_NAMES = {code: name for name, code in STATES.items()}


class UserData(msgspec.Struct, frozen=True, gc=False):
    """A signal unit from its service information octet on; empty: a confirmation alone. ``priority`` is Japan's."""

    bsn: int
    fsn: int
    octets: bytes = b""
    priority: int = 0


class LinkStatus(msgspec.Struct, frozen=True, gc=False):
    """The state of the sender; ``filler``: so many octets of no meaning behind it."""

    bsn: int
    fsn: int
    state: str
    filler: int = 0


def write(value: UserData | LinkStatus) -> bytes:
    """A message as octets."""
    if isinstance(value, LinkStatus):
        kind, body = LINK_STATUS, STATES[value.state].to_bytes(4, "big") + bytes(value.filler)
    else:
        kind, body = USER_DATA, bytes((value.priority << 6,)) + value.octets if value.octets else b""
    numbers = value.bsn.to_bytes(4, "big") + value.fsn.to_bytes(4, "big")
    return header((CLASS, kind), NUMBERED_OCTETS + len(body)) + numbers + body


def read(octets: bytes) -> UserData | LinkStatus | Fault:
    """A message out of octets."""
    found = read_header(octets)
    if isinstance(found, Fault):
        return found
    (of_class, kind), length = found
    if length != len(octets):
        return Fault(f"message length {length} in {len(octets)} octets")
    if of_class != CLASS:
        return Fault(f"message class {of_class}", UNSUPPORTED_CLASS)
    if length < NUMBERED_OCTETS:
        return Fault(f"message of {length} octets without its sequence numbers")
    bsn, fsn = int.from_bytes(octets[9:12], "big"), int.from_bytes(octets[13:16], "big")
    body = octets[NUMBERED_OCTETS:]
    if kind == USER_DATA:
        if len(body) == 1:
            return Fault("user data of a priority octet alone")
        return UserData(bsn, fsn, body[1:], body[0] >> 6) if body else UserData(bsn, fsn)
    if kind != LINK_STATUS:
        return Fault(f"message type {kind}", UNSUPPORTED_TYPE)
    state = _NAMES.get(int.from_bytes(body[:4], "big")) if len(body) >= 4 else None
    if state is None:
        return Fault(f"link status {body[:4].hex()}")
    return LinkStatus(bsn, fsn, state, len(body) - 4)
