"""Signalling network management messages and signalling link test messages as values and octets (Q.704 section 15, Q.707 section 5).

A message is its name, a heading octet (H1 above H0) and the fields its row of the table has. Point codes inside take two octets in the
14-bit form and three in the 24-bit form; the status of TFC then stands in an octet of its own. Whatever octets come in give a message or
``Malformed``; octets behind a whole message and spare bits are not looked at, as Q.704 section 14.1 has it for what later versions may
add. Leaves out what a message does.
"""

from collections.abc import Mapping

import msgspec

from pbx.engine import Malformed
from pbx.signalling.ss7.mtp3.label import Form

FSN, LONG_FSN, CODE, LINK, DESTINATION, STATUS, USER = "fsn", "long fsn", "code", "link", "destination", "status", "user"


class Message(msgspec.Struct, frozen=True, gc=False):
    """One management message. Fields that its row of ``MESSAGES`` does not have are 0.

    ``fsn``: COO and COA, last accepted signal unit; XCO and XCA, the same with 24 bits (Q.2210). ``code``: CBD and CBA, changeback
    code. ``link``: DLC, the data link's number. ``destination``: the point code spoken of. ``status``: TFC, level of congestion.
    ``service`` and ``cause``: UPU, which user part is not available and why.
    """

    name: str
    fsn: int = 0
    code: int = 0
    link: int = 0
    destination: int = 0
    status: int = 0
    service: int = 0
    cause: int = 0


class LinkTest(msgspec.Struct, frozen=True, gc=False):
    """SLTM or SLTA with its pattern of 1 to 15 octets."""

    name: str
    pattern: bytes


class Row(msgspec.Struct, frozen=True):
    """A message of the table: heading octet, fields in order, what its name stands for."""

    heading: int
    fields: tuple[str, ...]
    title: str


MESSAGES: Mapping[str, Row] = {
    "COO": Row(0x11, (FSN,), "changeover order"),
    "COA": Row(0x21, (FSN,), "changeover acknowledgement"),
    "XCO": Row(0x31, (LONG_FSN,), "extended changeover order"),
    "XCA": Row(0x41, (LONG_FSN,), "extended changeover acknowledgement"),
    "CBD": Row(0x51, (CODE,), "changeback declaration"),
    "CBA": Row(0x61, (CODE,), "changeback acknowledgement"),
    "ECO": Row(0x12, (), "emergency changeover order"),
    "ECA": Row(0x22, (), "emergency changeover acknowledgement"),
    "RCT": Row(0x13, (), "signalling route set congestion test"),
    "TFC": Row(0x23, (DESTINATION, STATUS), "transfer controlled"),
    "TFP": Row(0x14, (DESTINATION,), "transfer prohibited"),
    "TFR": Row(0x34, (DESTINATION,), "transfer restricted"),
    "TFA": Row(0x54, (DESTINATION,), "transfer allowed"),
    "RST": Row(0x15, (DESTINATION,), "route set test for a prohibited destination"),
    "RSR": Row(0x25, (DESTINATION,), "route set test for a restricted destination"),
    "LIN": Row(0x16, (), "link inhibit"),
    "LUN": Row(0x26, (), "link uninhibit"),
    "LIA": Row(0x36, (), "link inhibit acknowledgement"),
    "LUA": Row(0x46, (), "link uninhibit acknowledgement"),
    "LID": Row(0x56, (), "link inhibit denied"),
    "LFU": Row(0x66, (), "link forced uninhibit"),
    "LLT": Row(0x76, (), "link local inhibit test"),
    "LRT": Row(0x86, (), "link remote inhibit test"),
    "TRA": Row(0x17, (), "traffic restart allowed"),
    "DLC": Row(0x18, (LINK,), "signalling data link connection order"),
    "CSS": Row(0x28, (), "connection successful"),
    "CNS": Row(0x38, (), "connection not successful"),
    "CNP": Row(0x48, (), "connection not possible"),
    "UPU": Row(0x1A, (DESTINATION, USER), "user part unavailable"),
}
_OCTETS = {LINK: 2, LONG_FSN: 3}
"""Of the fields that are longer than one octet."""
_NAMES = {row.heading: name for name, row in MESSAGES.items()}
_TESTS = {"SLTM": 0x11, "SLTA": 0x21}
_TEST_NAMES = {heading: name for name, heading in _TESTS.items()}


def write(form: Form, message: Message) -> bytes:
    """A management message as the octets behind the label."""
    row = MESSAGES[message.name]
    octets = bytearray((row.heading,))
    for field in row.fields:
        if field == FSN:
            octets.append(message.fsn)
        elif field == LONG_FSN:
            octets += message.fsn.to_bytes(3, "little")
        elif field == CODE:
            octets.append(message.code)
        elif field == LINK:
            octets += message.link.to_bytes(2, "little")
        elif field == DESTINATION:
            octets += form.write_code(message.destination)
        elif field == STATUS and form.code_octets == 2:
            octets[-1] |= message.status << 6
        elif field == STATUS:
            octets.append(message.status)
        else:
            octets.append(message.service | message.cause << 4)
    return bytes(octets)


def read(form: Form, octets: bytes) -> Message | Malformed:
    """A management message out of the octets behind the label."""
    if not octets:
        return Malformed("management message without heading")
    name = _NAMES.get(octets[0])
    if name is None:
        return Malformed(f"management message with the unknown heading {octets[0]:02x}")
    fields: dict[str, int] = {}
    place = 1
    for field in MESSAGES[name].fields:
        size = form.code_octets if field == DESTINATION else _OCTETS.get(field, 1)
        if field == STATUS:
            fields["status"] = _status(form, octets, place)
            place += 1
            continue
        part = octets[place : place + size]
        if len(part) < size:
            return Malformed(f"{name} of {len(octets)} octets ends in its {field}")
        place += size
        value = int.from_bytes(part, "little")
        if field == USER:
            fields["service"], fields["cause"] = value & 15, value >> 4
        elif field == FSN:
            fields["fsn"] = value & 127
        elif field == LONG_FSN:
            fields["fsn"] = value
        elif field == LINK:
            fields["link"] = value & 0xFFF
        else:
            fields[field] = value & form.highest if field == DESTINATION else value
    return Message(name, **fields)


def _status(form: Form, octets: bytes, place: int) -> int:
    """TFC's level of congestion: the two bits above a 14-bit code, or an octet behind a 24-bit code that older points leave away."""
    if form.code_octets == 2:
        return octets[place - 1] >> 6
    return octets[place] & 3 if len(octets) > place else 0


def write_test(message: LinkTest) -> bytes:
    """SLTM or SLTA as the octets behind the label: heading, length in the high four bits, pattern."""
    return bytes((_TESTS[message.name], len(message.pattern) << 4)) + message.pattern


def read_test(octets: bytes) -> LinkTest | Malformed:
    """SLTM or SLTA out of the octets behind the label."""
    if len(octets) < 2:
        return Malformed(f"link test message of {len(octets)} octets")
    name = _TEST_NAMES.get(octets[0])
    if name is None:
        return Malformed(f"link test message with the unknown heading {octets[0]:02x}")
    length = octets[1] >> 4
    if not length or len(octets) < 2 + length:
        return Malformed(f"{name} says {length} octets of pattern and has {len(octets) - 2}")
    return LinkTest(name, octets[2 : 2 + length])
