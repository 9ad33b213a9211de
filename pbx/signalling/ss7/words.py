"""Messages of No. 7 in words: fields by the names that their codecs have, code points by those of the Recommendation (Q.704, Q.763, Q.723).

``words_of`` gives one line for a trace and leaves out what says nothing (no flag, nought, no octets); ``lines_of`` gives all, a line for
each parameter; ``object_of`` the same for programs, where ``nature_name`` stands beside ``nature``. The words are read off the structs
and tables of the codecs, so what a codec learns is said here without a change. Leaves out level 2 and the label (pbx/decode.py).
"""

import functools
import re
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any

import msgspec

from pbx.engine import Malformed
from pbx.signalling.ss7.bits import fields_of
from pbx.signalling.ss7.dissection import Message, OtherUserPart, user_name
from pbx.signalling.ss7.isup import codec as isup_codec
from pbx.signalling.ss7.isup import messages as isup_messages
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import table as isup_table
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.parameter import Unreadable, Unrecognized
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
_ISUP = {int(row.type): row for row in isup_messages.ROWS}
_TUP = {int(row.heading): row for row in tup_messages.ROWS}
_TITLES = {"SLTM": "signalling link test", "SLTA": "signalling link test acknowledgement"}


def kind_of(message: Message) -> str:
    """The message's acronym: ``IAM``; what has none, its code."""
    if isinstance(message, isup_codec.Message):
        row = _ISUP.get(message.kind)
        return row.type.name if row is not None else f"type {message.kind:02X}"
    if isinstance(message, tup_codec.Message):
        heading = _TUP.get(message.heading)
        return heading.heading.name if heading is not None else f"heading {message.heading:02X}"
    if isinstance(message, Malformed):
        return "Malformed"
    return user_name(message.service) if isinstance(message, OtherUserPart) else message.name


def title_of(message: Message) -> str:
    """What the acronym stands for; empty where that is not known."""
    if isinstance(message, isup_codec.Message):
        row = _ISUP.get(message.kind)
        return row.name if row is not None else ""
    if isinstance(message, tup_codec.Message):
        heading = _TUP.get(message.heading)
        return heading.name if heading is not None else ""
    if isinstance(message, management.Message):
        return management.MESSAGES[message.name].title
    return _TITLES[message.name] if isinstance(message, management.LinkTest) else ""


def words_of(message: Message, form: Form = CHINA) -> str:
    """A message in one line: ``REL cic 33: cause 16 normal clearing, location public network of local user``."""
    said = [_line(name, [text for text, telling in fields if telling]) for name, fields in _parts(message, form)]
    return f"{_head(message)}: {'; '.join(said)}" if said else _head(message)


def lines_of(message: Message, form: Form = CHINA) -> list[str]:
    """A message in full: what it is, then a line for each parameter."""
    if isinstance(message, Malformed):
        return [words_of(message)]
    title = title_of(message)
    head = f"{_head(message)}, {title}" if title else _head(message)
    return [head, *(_line(name, [text for text, _ in fields]) for name, fields in _parts(message, form))]


def object_of(message: Message, form: Form = CHINA) -> dict[str, Any]:
    """A message as an object of JSON."""
    found: dict[str, Any] = {"message": kind_of(message)}
    title = title_of(message)
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


# Parts of a message: a name, and the fields with whether they tell anything.

Fields = list[tuple[str, bool]]


def _head(message: Message) -> str:
    circuit = f" cic {message.cic}" if isinstance(message, isup_codec.Message | tup_codec.Message) else ""
    return f"{kind_of(message)}{circuit}"


def _line(name: str, texts: list[str]) -> str:
    text = ", ".join(texts)
    return f"{name}: {text}" if name and text else name or text


def _parts(message: Message, form: Form) -> Iterator[tuple[str, Fields]]:
    if isinstance(message, isup_codec.Message):
        for parameter in message.parameters:
            yield _parameter_name(parameter), _fields(parameter, message.cic)
    elif isinstance(message, tup_codec.Message):
        fields = _fields(message.contents, message.cic)
        if fields:
            yield "", fields
    elif isinstance(message, management.Message):
        known = list(_management(message, form))
        if known:
            yield "", [(f"{name.replace('_', ' ')} {text}", True) for name, _, text in known]
    elif isinstance(message, management.LinkTest):
        yield "", [(f"pattern {message.pattern.hex(' ')}", True)]
    elif isinstance(message, Malformed):
        yield "", [(message.what, True)]
    else:
        yield "", [(f"octets {message.octets.hex(' ')}", True)]


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
def _code_points(kind: type[msgspec.Struct]) -> dict[str, type[IntEnum] | None]:
    """The fields of bits of a struct, with the names of their code points."""
    return {field.name: field.names for field in fields_of(kind)}


def _named(names: type[IntEnum] | None, value: int) -> str:
    """A code point in words; empty where it has none."""
    if names is None or value not in names._value2member_map_:
        return ""
    return names(value).name.lower().replace("_", " ")


def _circuits(value: p.RangeAndStatus | c.CircuitRange, cic: int) -> Fields:
    """A range with the circuits that it marks, in runs."""
    runs: list[list[int]] = []
    for circuit in value.circuits(cic):
        if runs and circuit == runs[-1][1] + 1:
            runs[-1][1] = circuit
        else:
            runs.append([circuit, circuit])
    told = " ".join(f"{first}-{last}" if last > first else str(first) for first, last in runs) or "none"
    return [(f"range {value.range}", True), (f"circuits {told}", True)]


def _cause(value: p.CauseIndicators, _: int) -> Fields:
    name = CAUSES.get(value.cause, "") if value.coding == ITU_T else ""
    fields: Fields = [(f"cause {value.cause} {name}".rstrip(), True)]
    fields.append((f"location {_named(values.Location, value.location) or value.location}", True))
    fields.append((f"coding {value.coding}", bool(value.coding)))
    if value.recommendation is not None:
        fields.append((f"recommendation {value.recommendation}", True))
    fields.append((f"diagnostics {value.diagnostics.hex(' ') or 'none'}", bool(value.diagnostics)))
    return fields


def _instructions(value: p.ParameterInstructions, _: int) -> Fields:
    fields: Fields = [(_name_of_code(value.code), True)]
    return fields + [field for field in _each(value, 0) if not field[0].startswith("code ")]


_SPECIAL: dict[type, Callable[[Any, int], Fields]] = {
    p.RangeAndStatus: _circuits,
    c.CircuitRange: _circuits,
    p.CauseIndicators: _cause,
    p.ParameterInstructions: _instructions,
}


def _fields(value: msgspec.Struct, cic: int) -> Fields:
    special = _SPECIAL.get(type(value))
    return special(value, cic) if special is not None else _each(value, cic)


def _each(value: msgspec.Struct, cic: int) -> Fields:
    """Every field of a struct; what was not sent is passed over. A field that stands alone always tells something."""
    names = _code_points(type(value))
    alone = sum(name != "beyond" for name in value.__struct_fields__) == 1
    fields: Fields = []
    for name in value.__struct_fields__:
        content = getattr(value, name)
        if content is None or (name == "beyond" and not content) or (name == "code" and isinstance(value, Unrecognized | Unreadable)):
            continue
        words = name.replace("_", " ")
        if isinstance(content, bool):
            fields.append((f"{words} {'yes' if content else 'no'}", content or alone))
        elif isinstance(content, bytes):
            fields.append((f"{words} {content.hex(' ') or 'none'}", bool(content) or alone))
        elif isinstance(content, msgspec.Struct):
            fields.append((f"{words} ({_line('', [text for text, _ in _fields(content, cic)])})", True))
        elif isinstance(content, tuple):
            fields += [(f"({_line('', [text for text, _ in _fields(each, cic)])})", True) for each in content]
        elif isinstance(content, str):
            fields.append((f"{words} {content or 'none'}", bool(content)))
        else:
            fields.append((f"{words} {_named(names.get(name), content) or content}", content != 0 or alone))
    return fields


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    """A struct as an object: octets in hexadecimal, code points with their names beside them."""
    names = _code_points(type(value))
    found: dict[str, Any] = {}
    for name in value.__struct_fields__:
        content = getattr(value, name)
        if isinstance(content, bytes):
            found[name] = content.hex()
        elif isinstance(content, msgspec.Struct):
            found[name] = _plain(content)
        elif isinstance(content, tuple):
            found[name] = [_plain(each) for each in content]
        else:
            found[name] = content
            called = _named(names.get(name), content) if isinstance(content, int) and not isinstance(content, bool) else ""
            if called:
                found[f"{name}_name"] = called
    if isinstance(value, p.CauseIndicators):
        if value.coding == ITU_T and value.cause in CAUSES:
            found["cause_name"] = CAUSES[value.cause]
        if location := _named(values.Location, value.location):
            found["location_name"] = location
    return found
