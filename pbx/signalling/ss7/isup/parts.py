"""An ISUP message as its parts, octets and nothing read: for an exchange that passes on what it does not understand (Q.763 clause 1).

``parts`` takes apart octets that ``codec.decode`` has found well-formed, ``message`` makes a message of parts again, ``join`` puts the
optional part of a segmentation message behind that of the message it belongs to, ``without`` leaves parameters out together with the
instructions about them. Spare bits, contents of later editions and the order of parameters stay as they came. Leaves out what may be
passed on (compatibility.py, transit.py).
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from pbx.signalling.ss7.isup import messages, table
from pbx.signalling.ss7.isup.codec import SHORTEST, Message
from pbx.signalling.ss7.isup.parameter import Verbatim

LAST = 0x80
"""The bit that ends the instructions about one parameter (Q.763 clause 3.41)."""
INSTRUCTIONS = 0x39
LAST_PLACE = 255
"""As far as a pointer points: behind a longer parameter there is no optional part."""
Optional = tuple[tuple[int, bytes], ...]


class Parts(NamedTuple):
    """The type, the mandatory parts, and the parameters of the optional part by code."""

    kind: int
    fixed: bytes = b""
    variable: tuple[bytes, ...] = ()
    optional: Optional = ()

    def first(self, code: int) -> bytes | None:
        """The contents of the first optional parameter of that code."""
        return next((contents for known, contents in self.optional if known == code), None)


class Form(NamedTuple):
    """Lengths of a message: of its mandatory fixed part, how many variable parameters, whether an optional part follows."""

    fixed: int
    variable: int
    optional: bool


_FORMS = {
    int(row.type): Form(sum(table.BY_TYPE[each].size for each in row.fixed), len(row.variable), row.optional is not None)
    for row in messages.ROWS
    if not row.national
}


def divisible(kind: int) -> bool:
    """Whether the parts of a message of that type are known."""
    return kind in _FORMS


def parts(octets: bytes) -> Parts:
    """The parts of a well-formed message of a known type."""
    kind = octets[2]
    form = _FORMS[kind]
    at = SHORTEST + form.fixed
    variable = []
    for place in range(at, at + form.variable):
        begin = place + octets[place]
        variable.append(octets[begin + 1 : begin + 1 + octets[begin]])
    at += form.variable
    # What codec.decode takes for no optional part is none here: a message of an older edition may end before the pointer.
    follows = form.optional and at < len(octets) and octets[at] and not _covered(octets, at, form)
    optional = _optional(octets, at + octets[at]) if follows else ()
    return Parts(kind, octets[SHORTEST : SHORTEST + form.fixed], tuple(variable), optional)


def _covered(octets: bytes, at: int, form: Form) -> bool:
    """Whether the place of the pointer is that of the first variable parameter already."""
    first = at - form.variable
    return bool(form.variable) and at >= first + octets[first]


def _optional(octets: bytes, at: int) -> Optional:
    found = []
    while octets[at]:
        end = at + 2 + octets[at + 1]
        found.append((octets[at], octets[at + 2 : end]))
        at = end
    return tuple(found)


def octets_of(cic: int, whole: Parts) -> bytes:
    """The octets of a message."""
    form = _FORMS[whole.kind]
    out = bytearray((cic & 0xFF, cic >> 8, whole.kind))
    out += whole.fixed
    at = len(out)
    out += bytes(form.variable + form.optional)
    for contents in whole.variable:
        out[at] = len(out) - at
        out.append(len(contents))
        out += contents
        at += 1
    if whole.optional and len(out) - at <= LAST_PLACE:
        out[at] = len(out) - at
        for code, contents in whole.optional:
            out += bytes((code, len(contents)))
            out += contents
        out.append(0)
    return bytes(out)


def message(cic: int, whole: Parts) -> Message:
    """The message of these parts."""
    return verbatim(cic, octets_of(cic, whole))


def verbatim(cic: int, octets: bytes) -> Message:
    """A message that came, as it goes out on another circuit."""
    return Message(cic, octets[2], (Verbatim(octets[SHORTEST:]),))


def join(octets: bytes, segment: bytes) -> bytes:
    """A message with the parameters of the segmentation message that belongs to it (Q.764 clause 2.1.12)."""
    first = parts(octets)
    return octets_of(octets[0] | (octets[1] & 0x0F) << 8, first._replace(optional=(*first.optional, *parts(segment).optional)))


def without(octets: bytes, codes: Collection[int]) -> bytes:
    """The message without optional parameters of these codes."""
    whole = parts(octets)
    return octets_of(octets[0] | (octets[1] & 0x0F) << 8, whole._replace(optional=left(whole.optional, codes)))


def left(optional: Optional, codes: Collection[int]) -> Optional:
    """What is left of an optional part without these codes and without the instructions about them."""
    found = []
    for code, contents in optional:
        if code == INSTRUCTIONS:
            kept = b"".join(each for each in _instructions(contents) if each[0] not in codes)
            if not kept:
                continue
            found.append((code, kept))
        elif code not in codes:
            found.append((code, contents))
    return tuple(found)


def _instructions(contents: bytes) -> Iterable[bytes]:
    """The instructions about each parameter; what does not end is left as it is."""
    at = 0
    while at < len(contents):
        end = at + 1
        while end < len(contents) and not contents[end] & LAST:
            end += 1
        yield contents[at : end + 1]
        at = end + 1
