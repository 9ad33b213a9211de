"""Messages in words once more, the plain way: each field is looked up when it is told, and nothing is remembered.

What ``pbx/signalling/ss7/words.py`` says of ISUP and TUP, with its tables and memory, must be this to the letter.
"""

import re

import msgspec

from pbx.signalling.ss7.bits import fields_of
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import table, values
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.parameter import Unreadable, Unrecognized
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.words import kind_of, title_of
from pbx.vocabulary.call import CAUSES


def point_name(names, value):
    """The words of a code point; empty where it has none."""
    return next((point.name.lower().replace("_", " ") for point in names or () if point == value), "")


def spaced(name):
    """``CalledPartyNumber`` as words."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z])(?=[0-9])", " ", name)
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words.split()).replace("partys", "party's")


def name_of_code(code):
    return next((spaced(row.parameter.__name__) for row in table.ROWS if row.code == code), f"parameter {code:02X}")


def parameter_name(parameter):
    if isinstance(parameter, Unreadable):
        return f"unreadable {name_of_code(parameter.code)}"
    return f"unrecognized {parameter.code:02X}" if isinstance(parameter, Unrecognized) else spaced(type(parameter).__name__)


def cause(value):
    name = CAUSES.get(value.cause, "") if value.coding == 0 else ""
    yield f"cause {value.cause} {name}".rstrip(), True
    yield f"location {point_name(values.Location, value.location) or value.location}", True
    yield f"coding {value.coding}", value.coding != 0
    if value.recommendation is not None:
        yield f"recommendation {value.recommendation}", True
    yield f"diagnostics {value.diagnostics.hex(' ') or 'none'}", value.diagnostics != b""


def circuits(value, cic):
    marked = value.circuits(cic)
    firsts = [circuit for circuit in marked if circuit - 1 not in marked]
    lasts = [circuit for circuit in marked if circuit + 1 not in marked]
    runs = " ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in zip(firsts, lasts, strict=True))
    yield f"range {value.range}", True
    yield f"circuits {runs or 'none'}", True


def fields(value, cic):
    """Each field in words, and whether it tells anything."""
    if isinstance(value, p.CauseIndicators):
        yield from cause(value)
        return
    if isinstance(value, p.RangeAndStatus | c.CircuitRange):
        yield from circuits(value, cic)
        return
    names = {field.name: field.names for field in fields_of(type(value))}
    alone = len({*value.__struct_fields__} - {"beyond"}) == 1
    for name in value.__struct_fields__:
        content, words = getattr(value, name), name.replace("_", " ")
        if content is None or (name == "beyond" and not content):
            continue
        if name == "code" and isinstance(value, Unrecognized | Unreadable | p.ParameterInstructions):
            if isinstance(value, p.ParameterInstructions):
                yield name_of_code(content), True
        elif isinstance(content, bool):
            yield f"{words} {'yes' if content else 'no'}", content or alone
        elif isinstance(content, bytes):
            yield f"{words} {content.hex(' ') or 'none'}", content != b"" or alone
        elif isinstance(content, str):
            yield f"{words} {content or 'none'}", content != ""
        elif isinstance(content, msgspec.Struct):
            yield f"{words} ({joined(content, cic)})", True
        elif isinstance(content, tuple):
            for each in content:
                yield f"({joined(each, cic)})", True
        else:
            yield f"{words} {point_name(names.get(name), content) or content}", content != 0 or alone


def joined(value, cic):
    return ", ".join(text for text, _ in fields(value, cic))


def parts(message):
    """Each part's name, and its fields."""
    if isinstance(message, Message):
        return [(parameter_name(parameter), [*fields(parameter, message.cic)]) for parameter in message.parameters]
    contents = [*fields(message.contents, message.cic)]
    return [("", contents)] if contents else []


def line(name, texts):
    return ": ".join(part for part in (name, ", ".join(texts)) if part)


def plain_line(message):
    """As ``words_of``."""
    told = [line(name, [text for text, telling in said if telling]) for name, said in parts(message)]
    head = f"{kind_of(message)} cic {message.cic}"
    return f"{head}: {'; '.join(told)}" if told else head


def plain_lines(message):
    """As ``lines_of``."""
    head = ", ".join(part for part in (f"{kind_of(message)} cic {message.cic}", title_of(message)) if part)
    return [head, *(line(name, [text for text, _ in said]) for name, said in parts(message))]


def plain_object(value):
    """A struct of fields as ``object_of`` has it."""
    found = {}
    names = {field.name: field.names for field in fields_of(type(value))}
    for name in value.__struct_fields__:
        content = getattr(value, name)
        if isinstance(content, bytes):
            content = content.hex()
        elif isinstance(content, msgspec.Struct):
            content = plain_object(content)
        elif isinstance(content, tuple):
            content = [plain_object(each) for each in content]
        found[name] = content
        if point_name(names.get(name), content):
            found[f"{name}_name"] = point_name(names.get(name), content)
    if isinstance(value, p.CauseIndicators):
        if value.coding == 0 and value.cause in CAUSES:
            found["cause_name"] = CAUSES[value.cause]
        if point_name(values.Location, value.location):
            found["location_name"] = point_name(values.Location, value.location)
    return found
