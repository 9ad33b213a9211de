"""Messages of No. 7 in words: fields by the names that their codecs have, code points by those of the Recommendation (Q.704, Q.763, Q.723).

``words_of`` gives one line for a trace and leaves out what says nothing (no flag, nought, no octets); ``lines_of`` gives all, a line for
each parameter; ``object_of`` the same for programs, where ``nature_name`` stands beside ``nature``. The words are read off the structs
and tables of the codecs, so what a codec learns is said here without a change. Captures are long and their indicators few, so what was
said of fields of bits is remembered. Leaves out level 2 and the label (pbx/decode.py).
"""

import functools
import itertools
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec

from pbx.engine import Malformed
from pbx.signalling.ss7.bits import REMEMBERED, fields_of
from pbx.signalling.ss7.dissection import Message, circuit_of, user_name
from pbx.signalling.ss7.isup import codec as isup_codec
from pbx.signalling.ss7.isup import messages as isup_messages
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import table as isup_table
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.parameter import Parameter, Unreadable, Unrecognized
from pbx.signalling.ss7.mtp3 import management
from pbx.signalling.ss7.mtp3.label import CHINA, Form
from pbx.signalling.ss7.tup import codec as tup_codec
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup import messages as tup_messages
from pbx.vocabulary.call import CAUSES

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[0-9]+")
UNAVAILABLE = ("unknown", "unequipped", "inaccessible")
"""Causes of UPU (Q.704 section 15.17.5)."""
ITU_T = 0
"""The coding standard of causes whose names are Q.850's."""
_ISUP = {int(row.type): (row.type.name, row.name) for row in isup_messages.ROWS}
_TUP = {int(row.heading): (row.heading.name, row.name) for row in tup_messages.ROWS}
_TITLES = {"SLTM": "signalling link test", "SLTA": "signalling link test acknowledgement"}


def kind_of(message: Message) -> str:
    """The message's acronym: ``IAM``; what has none, its code."""
    return _names(message)[0]


def title_of(message: Message) -> str:
    """What the acronym stands for; empty where that is not known."""
    return _names(message)[1]


def _names(message: Message) -> tuple[str, str]:
    """Acronym and title."""
    if isinstance(message, isup_codec.Message):
        return _ISUP.get(message.kind) or (f"type {message.kind:02X}", "")
    if isinstance(message, tup_codec.Message):
        return _TUP.get(message.heading) or (f"heading {message.heading:02X}", "")
    if isinstance(message, management.Message):
        return message.name, management.MESSAGES[message.name].title
    if isinstance(message, management.LinkTest):
        return message.name, _TITLES[message.name]
    return ("Malformed", "") if isinstance(message, Malformed) else (user_name(message.service), "")


def words_of(message: Message, form: Form = CHINA) -> str:
    """A message in one line: ``REL cic 33: cause 16 normal clearing, location public network of local user``."""
    said = [_line(name, [brief for _, brief in fields if brief]) for name, fields in _parts(message, form)]
    head = _head(message, kind_of(message))
    return f"{head}: {'; '.join(said)}" if said else head


def lines_of(message: Message, form: Form = CHINA) -> list[str]:
    """A message in full: what it is, then a line for each parameter."""
    if isinstance(message, Malformed):
        return [words_of(message)]
    kind, title = _names(message)
    head = _head(message, kind)
    return [f"{head}, {title}" if title else head] + [_line(name, [full for full, _ in fields]) for name, fields in _parts(message, form)]


def object_of(message: Message, form: Form = CHINA) -> dict[str, Any]:
    """A message as an object of JSON."""
    kind, title = _names(message)
    found: dict[str, Any] = {"message": kind}
    if title:
        found["title"] = title
    if isinstance(message, isup_codec.Message):
        parameters = [{"parameter": _parameter_name(each), **_code(each), **_plain(each)} for each in message.parameters]
        return {**found, "cic": message.cic, "parameters": parameters}
    if isinstance(message, tup_codec.Message):
        return {**found, "cic": message.cic, **_plain(message.contents)}
    if isinstance(message, management.Message):
        return {**found, **{name: value for name, value, _ in _management(message, form)}}
    if isinstance(message, management.LinkTest):
        return {**found, "pattern": message.pattern.hex()}
    return {**found, "what": message.what} if isinstance(message, Malformed) else {**found, "octets": message.octets.hex()}


# Parts of a message: a name, and the fields, each in full and in brief, which is empty where it tells nothing.

Said = tuple[str, str]
Fields = Sequence[Said]


def _telling(text: str) -> Said:
    return text, text


def _head(message: Message, kind: str) -> str:
    circuit = circuit_of(message)
    return kind if circuit is None else f"{kind} cic {circuit}"


def _line(name: str, texts: list[str]) -> str:
    text = ", ".join(texts)
    return f"{name}: {text}" if name and text else name or text


def _parts(message: Message, form: Form) -> Sequence[tuple[str, Fields]]:
    if isinstance(message, isup_codec.Message):
        return [
            _indicators(parameter) if type(parameter) in _INDICATORS else (_parameter_name(parameter), _fields(parameter, message.cic))
            for parameter in message.parameters
        ]
    if isinstance(message, tup_codec.Message):
        fields = _fields(message.contents, message.cic)
    elif isinstance(message, management.Message):
        fields = [_telling(f"{name.replace('_', ' ')} {text}") for name, _, text in _management(message, form)]
    elif isinstance(message, management.LinkTest):
        fields = [_telling(f"pattern {message.pattern.hex(' ')}")]
    elif isinstance(message, Malformed):
        fields = [_telling(message.what)]
    else:
        fields = [_telling(f"octets {message.octets.hex(' ')}")]
    return [("", fields)] if fields else []


def _management(message: management.Message, form: Form) -> Iterator[tuple[str, Any, str]]:
    """The fields that a management message has: name, value, words."""
    for field in management.MESSAGES[message.name].fields:
        if field == management.USER:
            yield "service", message.service, user_name(message.service)
            cause = UNAVAILABLE[message.cause] if message.cause < len(UNAVAILABLE) else f"spare {message.cause}"
            yield "cause", message.cause, cause
        elif field == management.DESTINATION:
            yield field, form.text(message.destination), form.text(message.destination)
        else:
            value = message.fsn if field == management.LONG_FSN else getattr(message, field)
            yield field, value, str(value)


@functools.lru_cache(REMEMBERED)
def _indicators(parameter: Parameter) -> tuple[str, Fields]:
    """A parameter of ISUP that is bits and no more: of these most are as they were in the last call."""
    return _parameter_name(parameter), _fields(parameter, 0)


@functools.cache
def _spaced(name: str) -> str:
    """A name of a class as words: ``called party number``."""
    words = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in WORD.findall(name))
    return words.replace("partys", "party's")


def _parameter_name(parameter: Any) -> str:
    if isinstance(parameter, Unreadable):
        return f"unreadable {_name_of_code(parameter.code)}"
    return f"unrecognized {parameter.code:02X}" if isinstance(parameter, Unrecognized) else _spaced(type(parameter).__name__)


def _name_of_code(code: int) -> str:
    row = isup_table.BY_CODE.get(code)
    return _spaced(row.parameter.__name__) if row is not None else f"parameter {code:02X}"


def _code(parameter: Any) -> dict[str, int]:
    row = isup_table.BY_TYPE.get(type(parameter))
    return {"code": row.code} if row is not None else {}


@functools.cache
def _named(names: type[IntEnum] | None) -> Mapping[int, str]:
    """Code points in words."""
    return {int(point): point.name.lower().replace("_", " ") for point in names or ()}


def _circuits(value: p.RangeAndStatus | c.CircuitRange, cic: int) -> Fields:
    """A range with the circuits that it marks, in runs."""
    runs: list[list[int]] = []
    for circuit in value.circuits(cic):
        if runs and circuit == runs[-1][1] + 1:
            runs[-1][1] = circuit
        else:
            runs.append([circuit, circuit])
    told = " ".join(f"{first}-{last}" if last > first else str(first) for first, last in runs) or "none"
    return [_telling(f"range {value.range}"), _telling(f"circuits {told}")]


def _cause(value: p.CauseIndicators, _: int) -> Fields:
    name = CAUSES.get(value.cause, "") if value.coding == ITU_T else ""
    location = _named(values.Location).get(value.location) or value.location
    fields = [_telling(f"cause {value.cause} {name}".rstrip()), _telling(f"location {location}"), _field("coding", value.coding, False)]
    if value.recommendation is not None:
        fields.append(_telling(f"recommendation {value.recommendation}"))
    return [*fields, _field("diagnostics", value.diagnostics, False)]


def _instructions(value: p.ParameterInstructions, _: int) -> Fields:
    return [_telling(_name_of_code(value.code)), *(said for said in _each(value, 0) if not said[0].startswith("code "))]


def _not_understood(value: Unrecognized | Unreadable, _: int) -> Fields:
    return [_field("octets", value.octets, False)]


_SPECIAL: dict[type, Callable[[Any, int], Fields]] = {
    p.RangeAndStatus: _circuits,
    c.CircuitRange: _circuits,
    p.CauseIndicators: _cause,
    p.ParameterInstructions: _instructions,
    Unrecognized: _not_understood,
    Unreadable: _not_understood,
}
_INDICATORS = frozenset(
    row.parameter
    for row in isup_table.ROWS
    if {*row.parameter.__struct_fields__} - {"beyond"} == {field.name for field in fields_of(row.parameter)}
)


class Told(NamedTuple):
    """What is told of fields of bits: in words, and as an object."""

    said: Said
    plain: dict[str, Any]


class _Coded:
    """Fields of bits that stand together in a struct; what was told of which contents is remembered, as codecs do (bits.py)."""

    def __init__(self, names: Mapping[str, Mapping[int, str]], alone: bool) -> None:
        self._names = names
        self._alone = alone
        self._contents: Callable[[Any], Any] = operator.attrgetter(*names)
        self._known: dict[Any, Told] = {}

    def told(self, value: msgspec.Struct) -> Told:
        """What is told of them in this struct. It must not be changed."""
        contents = self._contents(value)
        found = self._known.get(contents)
        if found is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            found = self._known[contents] = self._tell(value)
        return found

    def _tell(self, value: msgspec.Struct) -> Told:
        said: list[Said] = []
        plain: dict[str, Any] = {}
        for name, points in self._names.items():
            content = getattr(value, name)
            called = points.get(content)
            said.append(_field(name, content, self._alone, called))
            plain |= {name: content, f"{name}_name": called} if called else {name: content}
        return Told((", ".join(full for full, _ in said), ", ".join(brief for _, brief in said if brief)), plain)


class _Layout(NamedTuple):
    """The fields of a struct in order, those of bits that stand together as one; whether there is but one field."""

    parts: tuple[str | _Coded, ...]
    alone: bool


@functools.cache
def _layout(kind: type[msgspec.Struct]) -> _Layout:
    alone = sum(name != "beyond" for name in kind.__struct_fields__) == 1
    names = {field.name: _named(field.names) for field in fields_of(kind)}
    parts: list[str | _Coded] = []
    for coded, group in itertools.groupby(kind.__struct_fields__, names.__contains__):
        together = list(group)
        parts += [_Coded({name: names[name] for name in together}, alone)] if coded else together
    return _Layout(tuple(parts), alone)


def _fields(value: msgspec.Struct, cic: int) -> Fields:
    special = _SPECIAL.get(type(value))
    return special(value, cic) if special is not None else _each(value, cic)


def _each(value: msgspec.Struct, cic: int) -> Fields:
    """Every field of a struct; what was not sent is passed over. A field that stands alone always tells something."""
    layout = _layout(type(value))
    fields: list[Said] = []
    for part in layout.parts:
        if isinstance(part, _Coded):
            fields.append(part.told(value).said)
            continue
        content = getattr(value, part)
        if content is None or (part == "beyond" and not content):
            continue
        if isinstance(content, msgspec.Struct):
            fields.append(_telling(f"{part.replace('_', ' ')} ({_within(content, cic)})"))
        elif isinstance(content, tuple):
            fields += [_telling(f"({_within(each, cic)})") for each in content]
        else:
            fields.append(_field(part, content, layout.alone and not isinstance(content, str)))
    return fields


def _within(value: msgspec.Struct, cic: int) -> str:
    return ", ".join(full for full, _ in _fields(value, cic))


def _field(name: str, content: bool | int | str | bytes, alone: bool, called: str | None = None) -> Said:
    """A field in words; ``called`` is its code point's name."""
    if isinstance(content, bool):
        text = "yes" if content else "no"
    elif isinstance(content, bytes):
        text = content.hex(" ") or "none"
    else:
        text = called or ("none" if content == "" else str(content))
    full = f"{name.replace('_', ' ')} {text}"
    return full, full if content or alone else ""


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    """A struct as an object: octets in hexadecimal, code points with their names beside them."""
    found: dict[str, Any] = {}
    for part in _layout(type(value)).parts:
        if isinstance(part, _Coded):
            found |= part.told(value).plain
            continue
        content = getattr(value, part)
        if isinstance(content, bytes):
            found[part] = content.hex()
        elif isinstance(content, msgspec.Struct):
            found[part] = _plain(content)
        elif isinstance(content, tuple):
            found[part] = [_plain(each) for each in content]
        else:
            found[part] = content
    if isinstance(value, p.CauseIndicators):
        if value.coding == ITU_T and value.cause in CAUSES:
            found["cause_name"] = CAUSES[value.cause]
        if location := _named(values.Location).get(value.location):
            found["location_name"] = location
    return found
