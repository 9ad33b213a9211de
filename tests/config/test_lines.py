"""The line locator: written-out cases of every TOML form, and documents of random shape written in random styles."""

import json
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from config.lines import line_of, locate

DOCUMENT = '''\
# a comment with [brackets] and = signs
title = "x"
dotted.inner . "last key" = 1

[plain]
text = """
[not.a.header]
key = 1 \\""" still text
"""
literal = \'\'\'
[[nor.this]]
\'\'\'
after = 2  # with "a quote

[nested.deep]
list = [
  1,
  # [2]
  [3, 4], { a = "}", b.c = "]" },
]
date = 1979-05-27 07:32:00Z

[[span]]
name = "e1-1"
[[span.fault]]
[[span.fault]]
kind = 'cut'
[[span]]
name = "e1-2"
[span.extra]
"quoted \\u0041" = true
[[span.fault]]
'''


def test_every_form_has_its_line():
    lines = locate(DOCUMENT)
    expected = {
        ("title",): 2,
        ("dotted",): 3,
        ("dotted", "inner", "last key"): 3,
        ("plain",): 5,
        ("plain", "text"): 6,
        ("plain", "literal"): 10,
        ("plain", "after"): 13,
        ("nested",): 15,
        ("nested", "deep"): 15,
        ("nested", "deep", "list", 0): 17,
        ("nested", "deep", "list", 1): 19,
        ("nested", "deep", "list", 1, 1): 19,
        ("nested", "deep", "list", 2, "b", "c"): 19,
        ("nested", "deep", "date"): 21,
        ("span",): 23,
        ("span", 0, "name"): 24,
        ("span", 0, "fault", 0): 25,
        ("span", 0, "fault", 1, "kind"): 27,
        ("span", 1): 28,
        ("span", 1, "extra", "quoted A"): 31,
        ("span", 1, "fault", 0): 32,
    }
    assert {place: lines.get(place) for place in expected} == expected
    assert set(lines) == set(places(tomllib.loads(DOCUMENT)))


def test_what_is_not_written_has_the_line_of_what_is_around_it():
    lines = locate(DOCUMENT)
    assert line_of(lines, ("span", 1, "crc4")) == 28
    assert line_of(lines, ("nowhere", 3, "x")) == 1


def test_windows_line_ends():
    assert locate("a = 1\r\n[b]\r\nc = 2\r\n")["b", "c"] == 3


def places(value, place=()):
    """Every place in a parsed document."""
    if place:
        yield place
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*place, key))


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=5) | st.sampled_from(
    ["a", "b-1", "_", "1", 'q"', "[x]", "#", "a.b", "=", "'"]
)
SCALARS = (
    st.integers(-9, 9) | st.booleans() | st.text(st.sampled_from("a \"'[]{}#=\\\n,."), max_size=8) | st.just("three\n[[lines]]\n# here")
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8)
TABLES = st.dictionaries(KEYS, VALUES, max_size=4)


def quoted(value):
    return json.dumps(value, ensure_ascii=False)


class Writer:
    """Writes a document in a style drawn from ``choose`` and notes the line of every place as it goes."""

    def __init__(self, choose):
        self.choose = choose
        self.text = ""
        self.lines = {}

    def here(self):
        return self.text.count("\n") + 1

    def gap(self):
        self.text += self.choose(["", " ", "\n", "\n# [comment] = 'here\n"])

    def document(self, root, tables, arrays):
        for key, value in root.items():
            self.pair((), key, value)
        for key, table in tables.items():
            self.header("[", (key,), "]")
            for inner, value in table.items():
                self.pair((key,), inner, value)
        for key, elements in arrays.items():
            for index, table in enumerate(elements):
                self.lines.setdefault((key,), self.here())
                self.header("[[", (key, index), "]]")
                for inner, value in table.items():
                    self.pair((key, index), inner, value)

    def header(self, opening, place, closing):
        self.lines[place] = self.here()
        self.text += f"{opening} {quoted(place[0])} {closing} # ]\n"

    def pair(self, place, key, value):
        place = (*place, key)
        self.lines[place] = self.here()
        self.text += f"{quoted(key)} = "
        self.value(place, value)
        self.text += self.choose(["\n", "  # = [\n", "\n\n"])

    def value(self, place, value):
        if isinstance(value, list):
            self.text += "["
            for index, element in enumerate(value):
                self.gap()
                self.lines[*place, index] = self.here()
                self.value((*place, index), element)
                self.gap()
                self.text += ","
            self.gap()
            self.text += "]"
        elif isinstance(value, dict):
            self.text += "{"
            for index, (key, element) in enumerate(value.items()):
                self.text += ", " if index else " "
                self.lines[*place, key] = self.here()
                self.text += f"{quoted(key)} = "
                self.value((*place, key), element)
            self.text += " }"
        elif isinstance(value, str) and "\n" in value and self.choose([True, False]):
            self.text += '"""\n' + value.replace("\\", "\\\\").replace('"', '\\"') + '"""'
        else:
            self.text += quoted(value)


@given(TABLES, TABLES, st.dictionaries(KEYS, st.lists(TABLES, min_size=1, max_size=3), max_size=2), st.data())
def test_random_documents(root, tables, arrays, data):
    tables = {key: table for key, table in tables.items() if isinstance(table, dict) and key not in root}
    arrays = {key: elements for key, elements in arrays.items() if key not in root and key not in tables}
    writer = Writer(lambda choices: data.draw(st.sampled_from(choices)))
    writer.document(root, tables, arrays)
    assert tomllib.loads(writer.text) == {**root, **tables, **arrays}
    assert locate(writer.text) == writer.lines
