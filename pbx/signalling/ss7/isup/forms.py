"""How contents of parameters are laid out: the few forms of which Q.763 makes most of them, turned into readers and writers at import.

A reader takes the contents that a peer sent and returns the parameter, or None where they cannot be one. A writer takes a parameter
and returns its contents; a value that has no place there is our own nonsense, and raises ValueError. Contents of few octets come again
and again, so a form remembers what it has read and written, up to a limit. Spare bits are read over and written as 0.
"""

import string
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from pbx.signalling.ss7.bits import REMEMBERED, fields_of, values_of, whole_of, writer
from pbx.signalling.ss7.isup.parameter import Extensible, Parameter
from pbx.signalling.ss7.numbers import pack, unpack

Reader = Callable[[bytes], Parameter | None]
Writer = Callable[[Any], bytes]


class Form(NamedTuple):
    """How one parameter's contents are read and written."""

    read: Reader
    write: Writer


def bits(parameter: type[Parameter], size: int = 1, least: int = 0) -> Form:
    """A form of ``size`` octets of bits, of which an older edition may send only ``least``: the others are read as 0.

    Octets beyond them, of a later edition, are kept in ``beyond``.
    """
    fields = fields_of(parameter)
    least = least or size
    read_before: dict[bytes, Parameter] = {}
    written_before: dict[Extensible, bytes] = {}

    def read(contents: bytes) -> Parameter | None:
        known = read_before.get(contents)
        if known is not None:
            return known
        if len(contents) < least:
            return None
        values = values_of(fields, int.from_bytes(contents[:size], "little"))
        if len(contents) > size:
            return parameter(*values, beyond=contents[size:])
        if len(read_before) >= REMEMBERED:
            read_before.clear()
        found = read_before[contents] = parameter(*values)
        return found

    def write(value: Extensible) -> bytes:
        known = written_before.get(value)
        if known is not None:
            return known
        if len(written_before) >= REMEMBERED:
            written_before.clear()
        octets = written_before[value] = whole_of(fields, value).to_bytes(size, "little") + value.beyond
        return octets

    return Form(read, write)


def number(parameter: type[Parameter], odd: str = "H", head: int = 2) -> Form:
    """A form of ``head`` octets of bits, one of them (``odd``) telling that the last half octet is a filler, and address signals."""
    filler = 1 << string.ascii_uppercase.index(odd)
    fields = fields_of(parameter)
    whole = writer(fields)
    heads: dict[bytes, tuple[bool, list[Any]]] = {}

    def read(contents: bytes) -> Parameter | None:
        start = contents[:head]
        known = heads.get(start)
        if known is None:
            if len(start) < head:
                return None
            if len(heads) >= REMEMBERED:
                heads.clear()
            bits = int.from_bytes(start, "little")
            known = heads[start] = (bool(bits & filler), values_of(fields, bits))
        signals = contents[head:]
        if known[0]:
            return parameter(unpack(signals, True), *known[1]) if signals else None
        return parameter(unpack(signals), *known[1])

    def write(value: Any) -> bytes:
        signals = value.signals
        start = whole(value) | filler if len(signals) & 1 else whole(value)
        return start.to_bytes(head, "little") + pack(signals)

    return Form(read, write)


def octets(parameter: type[Parameter], least: int = 1, most: int = 255) -> Form:
    """A form whose contents are octets of another Recommendation, kept as they are."""

    def read(contents: bytes) -> Parameter | None:
        return parameter(contents) if least <= len(contents) <= most else None

    def write(value: Any) -> bytes:
        contents: bytes = value.octets
        if not least <= len(contents) <= most:
            raise ValueError(f"{parameter.__name__}: {len(contents)} octets where {least} to {most} are allowed")
        return contents

    return Form(read, write)


def whole(parameter: type[Parameter], size: int, order: Literal["big", "little"] = "big") -> Form:
    """A form that is one number of ``size`` octets, the highest first unless ``order`` is "little"."""
    limit = 1 << 8 * size

    def read(contents: bytes) -> Parameter | None:
        return parameter(int.from_bytes(contents[:size], order), beyond=contents[size:]) if len(contents) >= size else None

    def write(value: Any) -> bytes:
        if not 0 <= value.value < limit:
            raise ValueError(f"{parameter.__name__}: {value.value} does not fit {size} octets")
        contents: bytes = int(value.value).to_bytes(size, order) + value.beyond
        return contents

    return Form(read, write)
