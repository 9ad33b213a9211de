"""Finds the line on which each key of a TOML document stands, which ``tomllib`` does not tell.

The document has already been read by ``tomllib``, so this reader need not doubt it (TOML 1.0.0): it follows keys,
headers and the brackets of values, and skips all else. The key of a place is the path that leads to it in the parsed
document, such as ``("span", 0, "crc4")``. Left out: values, and every error.
"""

import re

Place = tuple[str | int, ...]

_BLANK = re.compile(r"[ \t]*")
_EMPTY = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' + r"|'''.*?'{3,5}" + r'|"(?:\\.|[^"\\])*"' + r"|'[^']*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\r\n]+")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def locate(text: str) -> dict[Place, int]:
    """Return the line, counted from 1, of every table, key and array element of a valid TOML document."""
    return _Reader(text).document()


def line_of(lines: dict[Place, int], place: Place) -> int:
    """Return the line of ``place``, or else of the nearest table around it that was written down, or else 1."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


class _Reader:
    """Walks once through the text; ``at`` is the position, ``lines`` what has been found."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Place, int] = {}
        self._line = 1
        self._counted = 0
        self._last_element: dict[Place, int] = {}

    def document(self) -> dict[Place, int]:
        table: Place = ()
        self._skip(_EMPTY)
        while self.at < len(self.text):
            line = self._here()
            if self.text.startswith("[[", self.at):
                array = self._header(2)
                self.lines.setdefault(array, line)
                element = self._last_element.get(array, -1) + 1
                self._last_element[array] = element
                table = (*array, element)
                self.lines[table] = line
            elif self.text[self.at] == "[":
                table = self._header(1)
                self.lines[table] = line
            else:
                self._pair(table)
            self._skip(_EMPTY)
        return self.lines

    def _header(self, brackets: int) -> Place:
        line = self._here()
        self.at += brackets
        *around, last = self._dotted()
        self.at += brackets
        place: Place = ()
        for key in around:
            place = (*place, key)
            self.lines.setdefault(place, line)
            if place in self._last_element:  # a header inside an array of tables belongs to its latest element
                place = (*place, self._last_element[place])
        return (*place, last)

    def _pair(self, place: Place) -> None:
        line = self._here()
        for key in self._dotted():
            place = (*place, key)
            self.lines.setdefault(place, line)
        self.at += 1  # the equals sign
        self._value(place)

    def _value(self, place: Place) -> None:
        self._skip(_EMPTY)
        sign = self.text[self.at]
        if sign in "\"'":
            self._skip(_STRING)
        elif sign == "[":
            self._open()
            element = 0
            while self.text[self.at] != "]":
                self.lines[(*place, element)] = self._here()
                self._value((*place, element))
                element += 1
                self._comma()
            self.at += 1
        elif sign == "{":
            self._open()
            while self.text[self.at] != "}":
                self._pair(place)
                self._comma()
            self.at += 1
        else:
            self._skip(_SCALAR)

    def _open(self) -> None:
        self.at += 1
        self._skip(_EMPTY)

    def _comma(self) -> None:
        self._skip(_EMPTY)
        if self.text[self.at] == ",":
            self._open()

    def _dotted(self) -> list[str]:
        keys = []
        while True:
            self._skip(_BLANK)
            quoted = self.text[self.at] in "\"'"
            word = self._skip(_STRING if quoted else _BARE)
            keys.append(_unquoted(word) if quoted else word)
            self._skip(_BLANK)
            if self.text[self.at] != ".":
                return keys
            self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"not TOML at character {self.at}")
        self.at = match.end()
        return match.group()

    def _here(self) -> int:
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line


def _unquoted(word: str) -> str:
    return word[1:-1] if word.startswith("'") else _ESCAPE.sub(_unescaped, word[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    sign = match.group(1)
    return chr(int(sign[1:], 16)) if sign[0] in "uU" else _ESCAPED.get(sign, sign)
