"""Messages of the user adaptations as values and octets: the common header and parameters with tag, length and padding (RFC 4666 section 3,
RFC 3331 section 3).

A message is its name and a value for each parameter that its protocol knows; the rows are tables.py's. Whatever octets come in give a
``Message`` or a ``Fault``, which is a ``Malformed`` with the error code that the peer is told. A parameter that is not known is left out of
``fields`` and kept in ``unknown``. ``Splitter`` cuts a byte stream into messages. Leaves out what a message does, and M2PA's own header
(m2pa_messages.py).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from pbx.engine import Malformed
from pbx.signalling.ss7.sigtran.tables import FORMS, LISTED, Dialect

VERSION = 1
HEADER_OCTETS = 8
LONGEST = 8192
"""No message of the three protocols comes near it: a signal unit has at most 4 095 octets of information (RFC 4666 carries 272)."""

INVALID_VERSION, UNSUPPORTED_CLASS, UNSUPPORTED_TYPE = 0x01, 0x03, 0x04
PROTOCOL_ERROR, PARAMETER_FIELD_ERROR, MISSING_PARAMETER = 0x07, 0x12, 0x16


class Fault(Malformed, frozen=True, gc=False):
    """Octets that cannot be read; ``error`` is the code of RFC 4666 section 3.8.1 that says so to the peer."""

    error: int = PROTOCOL_ERROR


class Message(msgspec.Struct, frozen=True):
    """One message. ``fields``: values by the parameter's name; ``unknown``: tags and octets that this protocol has no row for."""

    name: str
    fields: Mapping[str, Any] = {}
    unknown: tuple[tuple[int, bytes], ...] = ()

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a parameter, or ``default`` where it is not there."""
        return self.fields.get(name, default)


def message(name: str, /, **fields: Any) -> Message:
    """A message with the parameters that are not None."""
    return Message(name, {field: value for field, value in fields.items() if value is not None})


def header(kind: tuple[int, int], length: int) -> bytes:
    """The common header; ``kind`` is message class and type, ``length`` that of the whole message."""
    return bytes((VERSION, 0, *kind)) + length.to_bytes(4, "big")


def read_header(octets: bytes) -> tuple[tuple[int, int], int] | Fault:
    """Class and type, and the length of the whole message."""
    if len(octets) < HEADER_OCTETS:
        return Fault(f"message of {len(octets)} octets, shorter than its header")
    if octets[0] != VERSION:
        return Fault(f"message of version {octets[0]}", INVALID_VERSION)
    length = int.from_bytes(octets[4:8], "big")
    if not HEADER_OCTETS <= length <= LONGEST:
        return Fault(f"message length {length} is not {HEADER_OCTETS} to {LONGEST}")
    return (octets[2], octets[3]), length


def write(dialect: Dialect, value: Message) -> bytes:
    """A message as octets. The length counts the padding of every parameter, the last one too."""
    row = dialect.messages[value.name]
    body = bytearray()
    for name in row.parameters:
        if name in value.fields:
            parameter = dialect.parameters[name]
            body += _parameter(parameter.tag, FORMS[parameter.form].write(value.fields[name]))
    for tag, octets in value.unknown:
        body += _parameter(tag, octets)
    return header(row.kind, HEADER_OCTETS + len(body)) + bytes(body)


def _parameter(tag: int, octets: bytes) -> bytes:
    length = 4 + len(octets)
    return tag.to_bytes(2, "big") + length.to_bytes(2, "big") + octets + bytes(-length % 4)


def read(dialect: Dialect, octets: bytes) -> Message | Fault:
    """A message out of octets. The padding of the last parameter may be missing or not counted, as RFC 4666 section 3.1.4 allows."""
    found = read_header(octets)
    if isinstance(found, Fault):
        return found
    kind, length = found
    if not length <= len(octets) <= length + 3:
        return Fault(f"message length {length} in {len(octets)} octets")
    name = dialect.names.get(kind)
    if name is None:
        known = kind[0] in dialect.classes
        return Fault(f"message class {kind[0]} type {kind[1]}", UNSUPPORTED_TYPE if known else UNSUPPORTED_CLASS)
    fields: dict[str, Any] = {}
    unknown: list[tuple[int, bytes]] = []
    place = HEADER_OCTETS
    while place < length:
        if length - place < 4:
            return Fault(f"{name}: {length - place} octets behind the last parameter", PARAMETER_FIELD_ERROR)
        tag, size = int.from_bytes(octets[place : place + 2], "big"), int.from_bytes(octets[place + 2 : place + 4], "big")
        if not 4 <= size <= length - place:
            return Fault(f"{name}: parameter {tag:#06x} says {size} of {length - place} octets", PARAMETER_FIELD_ERROR)
        content = octets[place + 4 : place + size]
        place += size + -size % 4
        parameter = dialect.tags.get(tag)
        if parameter is None:
            unknown.append((tag, content))
            continue
        value = FORMS[parameter.form].read(content)
        if value is None:
            return Fault(f"{name}: {parameter.name} of {len(content)} octets", PARAMETER_FIELD_ERROR)
        if parameter.name in fields:
            if parameter.form not in LISTED:
                return Fault(f"{name}: {parameter.name} is there twice", PARAMETER_FIELD_ERROR)
            value = fields[parameter.name] + value
        fields[parameter.name] = value
    missing = [wanted for wanted in dialect.messages[name].mandatory if wanted not in fields]
    if missing:
        return Fault(f"{name} without {', '.join(missing)}", MISSING_PARAMETER)
    return Message(name, fields, tuple(unknown))


class Splitter:
    """Cuts a byte stream into messages by the length in their headers. After a header that makes no sense nothing can be found."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self.broken = False

    def feed(self, octets: bytes) -> list[bytes | Malformed]:
        """The messages that are whole now; after a ``Malformed`` nothing more comes."""
        if self.broken:
            return []
        self._kept += octets
        found: list[bytes | Malformed] = []
        while len(self._kept) >= HEADER_OCTETS:
            head = read_header(bytes(self._kept[:HEADER_OCTETS]))
            if isinstance(head, Fault):
                self.broken = True
                self._kept.clear()
                found.append(Malformed(head.what))
                break
            length = head[1]
            if len(self._kept) < length:
                break
            found.append(bytes(self._kept[:length]))
            del self._kept[:length]
        return found
