"""The messages and parameters of M3UA (RFC 4666 section 3) and M2UA (RFC 3331 section 3) as tables, with the forms that parameters have.

A row of a message names its class, its type and its parameters in the order in which they are written; those of ``mandatory`` must be
there. A row of a parameter names its tag and its form. Classes and types, tags and forms are from memory; tshark reads them as they are
meant (tests/interop/test_tshark_sigtran.py). Leaves out registration of routing and link keys (class 9 of M3UA, class 10 of M2UA): they
are configured.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec


class MessageRow(msgspec.Struct, frozen=True):
    """A message: class and type, parameters in order, those that must be there."""

    kind: tuple[int, int]
    parameters: tuple[str, ...]
    mandatory: tuple[str, ...] = ()


class ParameterRow(msgspec.Struct, frozen=True):
    """A parameter: its name, its tag, the form of its value."""

    name: str
    tag: int
    form: str


class ProtocolData(msgspec.Struct, frozen=True, gc=False):
    """M3UA's protocol data: a message of a user part with its label and its service information octet taken apart."""

    opc: int
    dpc: int
    service: int
    network: int
    priority: int
    sls: int
    data: bytes


class Form(msgspec.Struct, frozen=True):
    """How a value is written, and read: None where the octets make no value of this form."""

    write: Callable[[Any], bytes]
    read: Callable[[bytes], Any]


def _number(octets: bytes) -> int | None:
    return int.from_bytes(octets, "big") if len(octets) == 4 else None


def _numbers(octets: bytes) -> tuple[int, ...] | None:
    if not octets or len(octets) % 4:
        return None
    return tuple(int.from_bytes(octets[at : at + 4], "big") for at in range(0, len(octets), 4))


def _write_numbers(values: Iterable[int]) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)


def _pair(octets: bytes) -> tuple[int, int] | None:
    return (int.from_bytes(octets[:2], "big"), int.from_bytes(octets[2:], "big")) if len(octets) == 4 else None


def _affected(octets: bytes) -> tuple[tuple[int, int], ...] | None:
    """Masks and point codes: so many low bits of the code stand for any value."""
    values = _numbers(octets)
    return None if values is None else tuple((value >> 24, value & 0xFFFFFF) for value in values)


def _ranges(octets: bytes) -> tuple[tuple[int, int], ...] | None:
    """First and last identifier of each range."""
    values = _numbers(octets)
    if values is None or len(values) % 2:
        return None
    return tuple(zip(values[::2], values[1::2], strict=True))


def _protocol_data(octets: bytes) -> ProtocolData | None:
    if len(octets) < 12:
        return None
    opc, dpc = int.from_bytes(octets[:4], "big"), int.from_bytes(octets[4:8], "big")
    if opc >> 24 or dpc >> 24:
        return None
    service, network, priority, sls = octets[8:12]
    return ProtocolData(opc, dpc, service, network, priority, sls, octets[12:])


def _write_protocol_data(value: ProtocolData) -> bytes:
    head = value.opc.to_bytes(4, "big") + value.dpc.to_bytes(4, "big")
    return head + bytes((value.service, value.network, value.priority, value.sls)) + value.data


FORMS: Mapping[str, Form] = {
    "number": Form(lambda value: value.to_bytes(4, "big"), _number),
    "numbers": Form(_write_numbers, _numbers),
    "pair": Form(lambda value: value[0].to_bytes(2, "big") + value[1].to_bytes(2, "big"), _pair),
    "affected": Form(lambda value: _write_numbers(mask << 24 | code for mask, code in value), _affected),
    "ranges": Form(lambda value: _write_numbers(one for both in value for one in both), _ranges),
    "text": Form(lambda value: value.encode(), lambda octets: octets.decode("utf-8", "replace")),
    "octets": Form(bytes, bytes),
    "protocol data": Form(_write_protocol_data, _protocol_data),
}
LISTED = frozenset({"numbers", "affected", "ranges"})
"""Forms of which several parameters in one message are one list."""


class Dialect:
    """One protocol's tables, ready for look-up either way."""

    def __init__(self, messages: Mapping[str, MessageRow], parameters: Iterable[ParameterRow]) -> None:
        self.messages = messages
        self.parameters = {row.name: row for row in parameters}
        self.names = {row.kind: name for name, row in messages.items()}
        self.tags = {row.tag: row for row in self.parameters.values()}
        self.classes = {row.kind[0] for row in messages.values()}


MANAGEMENT, TRANSFER, NETWORK_MANAGEMENT, SERVER_STATE, SERVER_TRAFFIC, BOUNDARY = 0, 1, 2, 3, 4, 6
"""Message classes: MGMT, Transfer, SSNM, ASPSM, ASPTM, MAUP."""


def _management(*where: str) -> dict[str, MessageRow]:
    """The classes that both protocols share; ``where``: routing context or interface identifiers."""
    traffic = (*where, "info")
    return {
        "ERR": MessageRow((MANAGEMENT, 0), ("error", *where, "diagnostic"), ("error",)),
        "NTFY": MessageRow((MANAGEMENT, 1), ("status", "asp", *where, "info"), ("status",)),
        "ASPUP": MessageRow((SERVER_STATE, 1), ("asp", "info")),
        "ASPDN": MessageRow((SERVER_STATE, 2), ("info",)),
        "BEAT": MessageRow((SERVER_STATE, 3), ("heartbeat",)),
        "ASPUP ACK": MessageRow((SERVER_STATE, 4), ("asp", "info")),
        "ASPDN ACK": MessageRow((SERVER_STATE, 5), ("info",)),
        "BEAT ACK": MessageRow((SERVER_STATE, 6), ("heartbeat",)),
        "ASPAC": MessageRow((SERVER_TRAFFIC, 1), ("mode", *traffic)),
        "ASPIA": MessageRow((SERVER_TRAFFIC, 2), traffic),
        "ASPAC ACK": MessageRow((SERVER_TRAFFIC, 3), ("mode", *traffic)),
        "ASPIA ACK": MessageRow((SERVER_TRAFFIC, 4), traffic),
    }


_SHARED = (
    ParameterRow("info", 0x04, "text"),
    ParameterRow("diagnostic", 0x07, "octets"),
    ParameterRow("heartbeat", 0x09, "octets"),
    ParameterRow("mode", 0x0B, "number"),
    ParameterRow("error", 0x0C, "number"),
    ParameterRow("status", 0x0D, "pair"),
    ParameterRow("asp", 0x11, "number"),
    ParameterRow("correlation", 0x13, "number"),
)
_ABOUT = ("appearance", "contexts", "affected")

M3UA = Dialect(
    {
        **_management("contexts"),
        "DATA": MessageRow((TRANSFER, 1), ("appearance", "contexts", "data", "correlation"), ("data",)),
        "DUNA": MessageRow((NETWORK_MANAGEMENT, 1), (*_ABOUT, "info"), ("affected",)),
        "DAVA": MessageRow((NETWORK_MANAGEMENT, 2), (*_ABOUT, "info"), ("affected",)),
        "DAUD": MessageRow((NETWORK_MANAGEMENT, 3), (*_ABOUT, "info"), ("affected",)),
        "SCON": MessageRow((NETWORK_MANAGEMENT, 4), (*_ABOUT, "concerned", "congestion", "info"), ("affected",)),
        "DUPU": MessageRow((NETWORK_MANAGEMENT, 5), (*_ABOUT, "cause", "info"), ("affected", "cause")),
        "DRST": MessageRow((NETWORK_MANAGEMENT, 6), (*_ABOUT, "info"), ("affected",)),
    },
    (
        *_SHARED,
        ParameterRow("contexts", 0x06, "numbers"),
        ParameterRow("affected", 0x12, "affected"),
        ParameterRow("appearance", 0x200, "number"),
        ParameterRow("cause", 0x204, "pair"),
        ParameterRow("congestion", 0x205, "number"),
        ParameterRow("concerned", 0x206, "number"),
        ParameterRow("data", 0x210, "protocol data"),
    ),
)

_LINK = ("identifiers", "name")

M2UA = Dialect(
    {
        **_management("identifiers", "ranges", "name"),
        "DATA": MessageRow((BOUNDARY, 1), (*_LINK, "data", "correlation"), ("data",)),
        "ESTABLISH": MessageRow((BOUNDARY, 2), _LINK),
        "ESTABLISH CONFIRM": MessageRow((BOUNDARY, 3), _LINK),
        "RELEASE": MessageRow((BOUNDARY, 4), _LINK),
        "RELEASE CONFIRM": MessageRow((BOUNDARY, 5), _LINK),
        "RELEASE INDICATION": MessageRow((BOUNDARY, 6), _LINK),
        "STATE": MessageRow((BOUNDARY, 7), (*_LINK, "state"), ("state",)),
        "STATE CONFIRM": MessageRow((BOUNDARY, 8), (*_LINK, "state"), ("state",)),
        "STATE INDICATION": MessageRow((BOUNDARY, 9), (*_LINK, "event"), ("event",)),
        "RETRIEVAL": MessageRow((BOUNDARY, 10), (*_LINK, "action", "sequence"), ("action",)),
        "RETRIEVAL CONFIRM": MessageRow((BOUNDARY, 11), (*_LINK, "action", "result", "sequence"), ("action", "result")),
        "RETRIEVAL INDICATION": MessageRow((BOUNDARY, 12), (*_LINK, "data"), ("data",)),
        "RETRIEVAL COMPLETE": MessageRow((BOUNDARY, 13), (*_LINK, "data")),
        "CONGESTION": MessageRow((BOUNDARY, 14), (*_LINK, "congestion", "discard"), ("congestion",)),
        "DATA ACK": MessageRow((BOUNDARY, 15), (*_LINK, "correlation"), ("correlation",)),
    },
    (
        *_SHARED,
        ParameterRow("identifiers", 0x01, "numbers"),
        ParameterRow("name", 0x03, "text"),
        ParameterRow("ranges", 0x08, "ranges"),
        ParameterRow("data", 0x300, "octets"),
        ParameterRow("state", 0x302, "number"),
        ParameterRow("event", 0x303, "number"),
        ParameterRow("congestion", 0x304, "number"),
        ParameterRow("discard", 0x305, "number"),
        ParameterRow("action", 0x306, "number"),
        ParameterRow("sequence", 0x307, "number"),
        ParameterRow("result", 0x308, "number"),
    ),
)
