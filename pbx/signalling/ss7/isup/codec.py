"""Octets to ISUP messages and back (Q.763 clauses 1 and 2), from the circuit identification code on: the routing label is the MTP's.

A message is circuit, type, mandatory fixed part, pointers, mandatory variable part, and an optional part with an octet 0 behind it.
``decode`` never raises on what a peer sends: what is no message is ``Malformed``, an optional parameter that makes no sense
``Unreadable``, and one that is not known ``Unrecognized``, so that the procedures of compatibility (Q.764 clause 2.9.5) find its octets.
It is as lenient as Q.763 allows: gaps between parts and octets behind the end are passed over, and the pointer to an optional part may be
missing, as in older editions; parts that overlap are refused. ``encode`` writes parts without gaps in the order of the table, refuses what
is no message, and gives back the octets that ``decode`` has read if they were written so. Left out: which optional parameters belong into
a message, segmentation, all procedures.
"""

from typing import NamedTuple, TypeVar

from pbx.engine import Malformed, PeerMessage
from pbx.signalling.ss7.bits import REMEMBERED
from pbx.signalling.ss7.isup import messages, table
from pbx.signalling.ss7.isup.forms import Reader, Writer
from pbx.signalling.ss7.isup.parameter import Parameter, Unparsed, Unreadable, Unrecognized, Verbatim
from pbx.signalling.ss7.numbers import CIRCUITS

P = TypeVar("P", bound=Parameter)
SHORTEST = 3
"""Octets of a message without any parameter: circuit and type."""


class Message(PeerMessage, frozen=True, gc=False):
    """An ISUP message. Parameters come in the order of the message's table, optional ones in that of the peer, repeated ones and all.

    A message of a type we do not know, or whose format is a network's own, has its octets as the only parameter (``Unparsed``). So has a
    message that we write as another exchange wrote it (``Verbatim``, parts.py).
    """

    cic: int
    kind: int
    parameters: tuple[Parameter, ...] = ()

    def first(self, wanted: type[P]) -> P | None:
        """Return the first parameter of a type."""
        for parameter in self.parameters:
            if isinstance(parameter, wanted):
                return parameter
        return None

    def each(self, wanted: type[P]) -> list[P]:
        """Return all parameters of a type."""
        return [parameter for parameter in self.parameters if isinstance(parameter, wanted)]


Writers = tuple[tuple[type[Parameter], Writer], ...]


class Layout(NamedTuple):
    """A row of the message table, made ready for reading and writing.

    Most calls have one of a few mandatory fixed parts, so these are remembered, at most ``REMEMBERED`` each way.
    """

    fixed: tuple[tuple[Reader, int], ...]
    fixed_size: int
    variable: tuple[Reader, ...]
    optional: bool
    fixed_writers: Writers
    variable_writers: Writers
    pointers: bytes
    fixed_parts: dict[bytes, list[Parameter]]
    fixed_octets: dict[tuple[Parameter, ...], bytes]


_WRITERS: dict[type[Parameter], tuple[int, Writer]] = {row.parameter: (row.code, row.form.write) for row in table.ROWS}
_READERS: dict[int, Reader] = {row.code: row.form.read for row in table.ROWS}


def _layout(row: messages.MessageRow) -> Layout:
    fixed = [table.BY_TYPE[parameter] for parameter in row.fixed]
    assert all(each.size for each in fixed), f"{row.name}: a parameter without a length of its own in the fixed part"
    variable = [table.BY_TYPE[parameter] for parameter in row.variable]
    has_optional = row.optional is not None
    return Layout(
        fixed=tuple((each.form.read, each.size) for each in fixed),
        fixed_size=sum(each.size for each in fixed),
        variable=tuple(each.form.read for each in variable),
        optional=has_optional,
        fixed_writers=tuple((each.parameter, each.form.write) for each in fixed),
        variable_writers=tuple((each.parameter, each.form.write) for each in variable),
        pointers=bytes(len(variable) + has_optional),
        fixed_parts={},
        fixed_octets={},
    )


_LAYOUTS: dict[int, Layout] = {row.type: _layout(row) for row in messages.ROWS if not row.national}


def decode(octets: bytes) -> Message | Malformed:
    """Return the message in ``octets``, which begin with the circuit identification code."""
    size = len(octets)
    if size < SHORTEST:
        return _malformed("shorter than circuit and type", octets)
    cic = octets[0] | (octets[1] & 0x0F) << 8
    kind = octets[2]
    layout = _LAYOUTS.get(kind)
    if layout is None:
        return Message(cic, kind, (Unparsed(octets[SHORTEST:]),))
    at = SHORTEST + layout.fixed_size
    pointers = at + len(layout.variable)
    if pointers > size:
        return _malformed("mandatory parts are missing", octets)
    fixed = octets[SHORTEST:at]
    parameters = (layout.fixed_parts.get(fixed) or _read_fixed(layout, fixed)).copy()
    first = size
    end = pointers
    for read in layout.variable:
        begin = at + octets[at]
        if not end <= begin < size:
            return _malformed("a pointer leads astray", octets)
        end = begin + octets[begin] + 1
        if end > size:
            return _malformed("a length leads out of the message", octets)
        parameter = read(octets[begin + 1 : end])
        if parameter is None:
            return _malformed("a mandatory parameter makes no sense", octets)
        parameters.append(parameter)
        at += 1
        if first == size:
            first = begin
    if layout.optional and at < first and octets[at]:
        begin = at + octets[at]
        if begin < end or not _read_optional(octets, begin, parameters):
            return _malformed("the optional part begins too early or does not end", octets)
    return Message(cic, kind, tuple(parameters))


def _read_fixed(layout: Layout, octets: bytes) -> list[Parameter]:
    """Read a mandatory fixed part, all of whose octets are there: any octets mean something."""
    parameters = []
    at = 0
    for read, size in layout.fixed:
        parameter = read(octets[at : at + size])
        assert parameter is not None, "parameters of fixed length can always be read"
        parameters.append(parameter)
        at += size
    if len(layout.fixed_parts) >= REMEMBERED:
        layout.fixed_parts.clear()
    layout.fixed_parts[octets] = parameters
    return parameters


def _read_optional(octets: bytes, at: int, parameters: list[Parameter]) -> bool:
    """Read the optional part that begins at ``at`` to the end that it must have."""
    size = len(octets)
    while at < size:
        code = octets[at]
        if code == 0:
            return True
        begin = at + 2
        if begin > size:
            return False
        at = begin + octets[at + 1]
        if at > size:
            return False
        contents = octets[begin:at]
        reader = _READERS.get(code)
        if reader is None:
            parameters.append(Unrecognized(code, contents))
        else:
            parameters.append(reader(contents) or Unreadable(code, contents))
    return False


def read_optional_part(octets: bytes) -> tuple[Parameter, ...] | Malformed:
    """Return the parameters of ``octets`` that begin with a pointer to an optional part, as all messages to come will (Q.763 clause 1)."""
    parameters: list[Parameter] = []
    if not octets or (octets[0] and not _read_optional(octets, octets[0], parameters)):
        return _malformed("no optional part that ends", octets)
    return tuple(parameters)


def encode(message: Message) -> bytes:
    """Return the octets of ``message``, from the circuit identification code on. A message that cannot be is refused by ValueError."""
    cic = message.cic
    if not 0 <= cic < CIRCUITS or not 0 <= message.kind < 256:
        raise ValueError(f"circuit {cic}, type {message.kind}: no ISUP message has these")
    out = bytearray((cic & 0xFF, cic >> 8, message.kind))
    parameters = message.parameters
    layout = _LAYOUTS.get(message.kind)
    if parameters and type(parameters[0]) is Verbatim:
        return bytes(out + parameters[0].octets)
    if layout is None:
        out += _unparsed(parameters)
        return bytes(out)
    count = len(layout.fixed)
    if count:
        first = parameters[:count]
        out += layout.fixed_octets.get(first) or _write_fixed(layout, first)
    at = len(out)
    out += layout.pointers
    for kind, write in layout.variable_writers:
        if len(parameters) <= count or type(parameters[count]) is not kind:
            raise ValueError(f"{_name(message.kind)} wants {kind.__name__} in place {count}, not {parameters}")
        contents = write(parameters[count])
        count += 1
        out[at] = len(out) - at
        out.append(len(contents))
        out += contents
        at += 1
    if len(parameters) > count:
        if not layout.optional:
            raise ValueError(f"{_name(message.kind)} has no optional part")
        out[at] = len(out) - at
        _write_optional(out, parameters[count:])
    return bytes(out)


def _write_fixed(layout: Layout, parameters: tuple[Parameter, ...]) -> bytes:
    """Write a mandatory fixed part, every parameter in its place and of its length."""
    if tuple(map(type, parameters)) != tuple(kind for kind, _ in layout.fixed_writers):
        raise ValueError(f"{parameters} where {[kind.__name__ for kind, _ in layout.fixed_writers]} are wanted")
    octets = b"".join(write(each) for (_, write), each in zip(layout.fixed_writers, parameters, strict=True))
    if len(octets) != layout.fixed_size:
        raise ValueError(f"{parameters} make a mandatory fixed part of {len(octets)} octets")
    if len(layout.fixed_octets) >= REMEMBERED:
        layout.fixed_octets.clear()
    layout.fixed_octets[parameters] = octets
    return octets


def _write_optional(out: bytearray, parameters: tuple[Parameter, ...]) -> None:
    """Append the optional part with its end."""
    for parameter in parameters:
        known = _WRITERS.get(type(parameter))
        if known is not None:
            contents = known[1](parameter)
            out.append(known[0])
        elif isinstance(parameter, Unrecognized | Unreadable) and parameter.code:
            contents = parameter.octets
            out.append(parameter.code)
        else:
            raise ValueError(f"{parameter} is no optional parameter")
        out.append(len(contents))
        out += contents
    out.append(0)


def _unparsed(parameters: tuple[Parameter, ...]) -> bytes:
    """Return the octets of a message that is nothing but octets to us."""
    if len(parameters) != 1 or not isinstance(parameters[0], Unparsed):
        raise ValueError("a message without a table has its octets as only parameter")
    return parameters[0].octets


def _name(kind: int) -> str:
    return messages.MessageType(kind).name


def _malformed(why: str, octets: bytes) -> Malformed:
    return Malformed(f"ISUP: {why}: {octets[:64].hex()}")
