"""What one application server of M3UA is made of, at either end, and what both ends do with its messages (RFC 4666 sections 1.4 and 3.3).

Point codes of 14 and of 24 bits stand alike in fields of 32 bits. The four bits that stand above the SLS in a 24-bit label (label.py) are
carried above the SLS in its octet. Leaves out routing keys: which messages are a server's is configured at the gateway.
"""

from typing import Any

import msgspec

from pbx.signalling.ss7.mtp3.label import Form
from pbx.signalling.ss7.primitives import Transfer
from pbx.signalling.ss7.sigtran.codec import Message, message
from pbx.signalling.ss7.sigtran.server import Mode, PlanError
from pbx.signalling.ss7.sigtran.tables import ProtocolData

INVALID_APPEARANCE, INVALID_CONTEXT = 0x15, 0x19
DATA_OCTETS_MOST = 265
"""A signal unit of level 2 has at most 272 octets of information, the label of 24 bits takes seven."""
CAUSES = ("unknown", "unequipped", "inaccessible")
"""Why a user part is not available, by their codes (RFC 4666 section 3.4.5)."""


class ServerPlan(msgspec.Struct, frozen=True):
    """One application server.

    ``associations``: by name; for a process those to the gateway's processes, for a gateway those to the processes. ``code``: the server's
    point code. ``destinations``: what a process can reach by the gateway; for a gateway left empty, unless it is no gateway but the
    other end of a single exchange between two servers (IPSP, RFC 4666 section 4.3), then what lies behind the process. ``context`` and
    ``appearance``: routing context and network appearance, None where the two ends do without. ``identifier``: of the process.
    """

    associations: tuple[str, ...]
    code: int
    network: int
    destinations: tuple[int, ...] = ()
    users: frozenset[int] = frozenset((3, 4, 5))
    context: int | None = None
    appearance: int | None = None
    mode: Mode = "loadshare"
    identifier: int | None = None


def check(plan: ServerPlan, form: Form) -> None:
    """Raise ``PlanError`` with all that is wrong."""
    faults = []
    if not plan.associations:
        faults.append("there is no association")
    if len(set(plan.associations)) < len(plan.associations):
        faults.append("an association is there twice")
    for code in (plan.code, *plan.destinations):
        if not 0 <= code <= form.highest:
            faults.append(f"point code {code} has more than {form.bits} bits")
    if plan.code in plan.destinations:
        faults.append("a destination is the server itself")
    if not 0 <= plan.network <= 3:
        faults.append(f"network indicator {plan.network} is not 0 to 3")
    for name, value in (("context", plan.context), ("appearance", plan.appearance), ("identifier", plan.identifier)):
        if value is not None and not 0 <= value < 1 << 32:
            faults.append(f"{name} {value} has more than 32 bits")
    if faults:
        raise PlanError(*faults)


def where(plan: ServerPlan) -> dict[str, Any]:
    """The parameter that names the server in messages, if there is one."""
    return {} if plan.context is None else {"contexts": (plan.context,)}


def data(plan: ServerPlan, value: Transfer) -> Message:
    """A user's message as DATA."""
    content = ProtocolData(value.opc, value.dpc, value.service, plan.network, value.priority, value.sls | value.above << 4, value.data)
    return message("DATA", appearance=plan.appearance, data=content, **where(plan))


def fault_of(plan: ServerPlan, form: Form, content: ProtocolData) -> str:
    """Why protocol data is not for the users of this server or cannot be sent on; empty where it is good."""
    if content.network != plan.network:
        return "wrong network indicator"
    if max(content.opc, content.dpc) > form.highest:
        return "point code out of range"
    if content.service not in plan.users:
        return "no such user part"
    return "message too long" if len(content.data) > DATA_OCTETS_MOST else ""


def transfer(content: ProtocolData) -> Transfer:
    """Protocol data as a user's message."""
    return Transfer(content.service & 15, content.dpc, content.opc, content.sls & 15, content.data, content.sls >> 4, content.priority & 3)


def about(plan: ServerPlan, name: str, *codes: int, **fields: Any) -> Message:
    """A message of the class SSNM about destinations."""
    return message(name, appearance=plan.appearance, affected=tuple((0, code) for code in codes), **where(plan), **fields)


def objection(plan: ServerPlan, value: Message) -> int:
    """Error code, where a message is for another server or network; else 0."""
    contexts = value.get("contexts")
    if contexts is not None and plan.context not in contexts:
        return INVALID_CONTEXT
    if value.get("appearance", plan.appearance) != plan.appearance:
        return INVALID_APPEARANCE
    return 0


def concerned(value: Message, codes: frozenset[int] | set[int]) -> list[int]:
    """Those of ``codes`` that a message speaks of: a mask leaves so many low bits open."""
    return sorted(code for code in codes if any(code >> mask == about >> mask for mask, about in value.get("affected")))
