"""Whose a signal unit is and what it says: from octets to values, for people who look on (Q.704 section 14.2, Q.707, Q.763, GF 001-9001).

``read_message`` gives the message of a management, link test, ISUP or TUP signal unit by the codec that the engines use too; what no codec
makes sense of is ``Malformed``, a unit of another user part ``OtherUserPart``. Nothing is remembered from one unit to the next. Leaves out
the codecs themselves, words (words.py), and segments, which are shown as they come.
"""

import msgspec

from pbx.engine import Malformed
from pbx.signalling.ss7.isup import codec as isup_codec
from pbx.signalling.ss7.mtp3 import management
from pbx.signalling.ss7.mtp3.label import ISUP, LINK_TEST, NETWORK_MANAGEMENT, SCCP, TUP, Form, Unit, circuit_bits
from pbx.signalling.ss7.tup import codec as tup_codec

USERS = {NETWORK_MANAGEMENT: "SNM", LINK_TEST: "SLT", SCCP: "SCCP", TUP: "TUP", ISUP: "ISUP"}
"""Short names of the user parts that have one here, by service indicator."""


class OtherUserPart(msgspec.Struct, frozen=True, gc=False):
    """A message of a user part that nobody reads here."""

    service: int
    octets: bytes


Message = isup_codec.Message | tup_codec.Message | management.Message | management.LinkTest | OtherUserPart | Malformed


def user_name(service: int) -> str:
    """The user part's name, or its service indicator."""
    return USERS.get(service) or f"service {service}"


def read_message(form: Form, unit: Unit) -> Message:
    """What a signal unit's data say."""
    if unit.service == ISUP:
        return isup_codec.decode(unit.data)
    if unit.service == TUP:
        circuit = circuit_bits(form, unit.label.sls, unit.label.above, unit.data)
        if isinstance(circuit, Malformed):
            return circuit
        return tup_codec.decode(circuit[0].to_bytes(2, "little") + circuit[1])
    if unit.service == NETWORK_MANAGEMENT:
        return management.read(form, unit.data)
    return management.read_test(unit.data) if unit.service == LINK_TEST else OtherUserPart(unit.service, unit.data)


def circuit_of(message: Message) -> int | None:
    """The circuit identification code, where the message has one."""
    return message.cic if isinstance(message, (isup_codec.Message, tup_codec.Message)) else None
