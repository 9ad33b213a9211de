"""Fields of bits, declared where they belong: in the annotations of the struct that holds them (Q.763 clause 3, Q.723 clause 3).

``Bits("DC")`` names the bits of a field by the letters that the Recommendations use, the highest first: A is the lowest bit of the first
octet, I that of the second, Q that of the third. From them come readers and writers, made once when a module is loaded.
"""

import operator
import string
from collections.abc import Callable
from enum import IntEnum
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

REMEMBERED = 4096
"""How many different contents a reader or writer remembers. A peer that sends more kinds makes it begin anew."""


class Bits(NamedTuple):
    """Where a field stands, and what its code points are called."""

    letters: str
    names: type[IntEnum] | None = None


class Field(NamedTuple):
    """A field: its name, and its place in the octets taken as one number, first octet lowest."""

    name: str
    shift: int
    mask: int
    flag: bool
    names: type[IntEnum] | None


Fields = tuple[Field, ...]


def fields_of(struct: type[msgspec.Struct]) -> Fields:
    """Return the fields of bits that a struct declares, in its order."""
    hints = get_type_hints(struct, include_extras=True)
    return tuple(_field(name, *get_args(hints[name])) for name in struct.__struct_fields__ if get_origin(hints[name]) is Annotated)


def _field(name: str, kind: type, bits: Bits) -> Field:
    places = [string.ascii_uppercase.index(letter) for letter in bits.letters]
    assert places == list(range(places[0], places[-1] - 1, -1)), f"{name}: bits {bits.letters} are no neighbours"
    assert kind is not bool or len(places) == 1, f"{name}: a flag has one bit"
    return Field(name, places[-1], (1 << len(places)) - 1, kind is bool, bits.names)


def values_of(fields: Fields, whole: int) -> list[Any]:
    """Return the values of the fields in octets taken as one number."""
    return [bool(whole >> field.shift & 1) if field.flag else whole >> field.shift & field.mask for field in fields]


def whole_of(fields: Fields, value: msgspec.Struct) -> int:
    """Return the fields of a struct as one number. A field that does not fit its bits is our own nonsense: ValueError."""
    whole = 0
    for field in fields:
        part = int(getattr(value, field.name))
        if not 0 <= part <= field.mask:
            raise ValueError(f"{type(value).__name__}: {field.name} cannot be {part}")
        whole |= part << field.shift
    return whole


def reader(fields: Fields) -> Callable[[int], list[Any]]:
    """Return ``values_of`` for these fields, with a memory. What it returns must not be changed."""
    known: dict[int, list[Any]] = {}

    def read(whole: int) -> list[Any]:
        found = known.get(whole)
        if found is None:
            if len(known) >= REMEMBERED:
                known.clear()
            found = known[whole] = values_of(fields, whole)
        return found

    return read


def writer(fields: Fields) -> Callable[[Any], int]:
    """Return ``whole_of`` for these fields, with a memory."""
    known: dict[Any, int] = {}
    key_of: Callable[[Any], Any] = operator.attrgetter(*(field.name for field in fields)) if fields else lambda value: ()

    def write(value: Any) -> int:
        key = key_of(value)
        found = known.get(key)
        if found is None:
            if len(known) >= REMEMBERED:
                known.clear()
            found = known[key] = whole_of(fields, value)
        return found

    return write
