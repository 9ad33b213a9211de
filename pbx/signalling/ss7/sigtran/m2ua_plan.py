"""What both ends of M2UA agree on: the links of an association with their interface identifiers, and the values of parameters (RFC 3331
section 3.3).

Leaves out identifiers that are texts, and link keys: the identifiers are configured as numbers.
"""

from typing import Any

import msgspec

from pbx.signalling.ss7.primitives import (
    Continue,
    Emergency,
    EmergencyCeases,
    FlushBuffers,
    LocalProcessorOutage,
    LocalProcessorRecovered,
    ToLevel2,
)
from pbx.signalling.ss7.sigtran.codec import Message, message
from pbx.signalling.ss7.sigtran.server import Mode, PlanError

INVALID_IDENTIFIER, UNSUPPORTED_IDENTIFIER = 0x02, 0x08

STATES: dict[type, int] = {
    LocalProcessorOutage: 0,
    LocalProcessorRecovered: 1,
    Emergency: 2,
    EmergencyCeases: 3,
    FlushBuffers: 4,
    Continue: 5,
}
"""State requests (section 3.3.1.5). Clearing the retransmission buffer, audit and the receiver's congestion are left out."""
REQUESTS: dict[int, ToLevel2] = {code: kind() for kind, code in STATES.items()}
REMOTE_OUTAGE, REMOTE_RECOVERED = 1, 2
"""State events (section 3.3.1.7)."""
RETRIEVE_NUMBER, RETRIEVE_MESSAGES = 1, 2
"""Actions of a retrieval."""
SUCCESS, FAILURE = 0, 1
UNIT_OCTETS = range(3, 274)
"""Of a signal unit with its service information octet (Q.703 section 2.3.8)."""


class LinksPlan(msgspec.Struct, frozen=True):
    """All links of one gateway process. ``links``: names and interface identifiers; ``associations``: at level 3's end the one.

    ``highest``: of the numbers that level 2 has; 127, or 16 777 215 where it is M2PA.
    """

    associations: tuple[str, ...]
    links: tuple[tuple[str, int], ...]
    highest: int = 127
    mode: Mode = "override"
    identifier: int | None = None


def check(plan: LinksPlan, associations_most: int) -> None:
    """Raise ``PlanError`` with all that is wrong."""
    faults = []
    if not 1 <= len(set(plan.associations)) == len(plan.associations) <= associations_most:
        faults.append(f"there are {len(plan.associations)} associations, not 1 to {associations_most} different ones")
    if not plan.links:
        faults.append("there is no link")
    columns = (("link", [name for name, _ in plan.links]), ("interface identifier", [str(code) for _, code in plan.links]))
    for what, found in columns:
        faults += [f"{what} {one} is there twice" for one in dict.fromkeys(found) if found.count(one) > 1]
    faults += [f"interface identifier {code} has more than 32 bits" for _, code in plan.links if not 0 <= code < 1 << 32]
    if faults:
        raise PlanError(*faults)


def about(name: str, identifier: int, **fields: Any) -> Message:
    """A message of the class MAUP about one link."""
    return message(name, identifiers=(identifier,), **fields)


def identifier_of(value: Message) -> int | None:
    """The one interface identifier of a message; None where it has none, a text or several."""
    found = value.get("identifiers", ())
    return found[0] if len(found) == 1 else None


def error_of(value: Message) -> int:
    """What is wrong with a message whose link is not known."""
    return UNSUPPORTED_IDENTIFIER if "name" in value.fields else INVALID_IDENTIFIER
