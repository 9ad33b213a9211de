"""Turns a parsed TOML document into the schema's structs, field by field, so that one mistake does not hide another.

``msgspec.convert`` stops at the first error of a struct; here every field is converted by itself, what fails becomes a
*finding* with its place, and what is left goes on to the cross-checks (``config/checks.py``). Left out: files, and
whatever needs more than one field to judge.
"""

import difflib
import json
import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from config.lines import Place
from config.values import Section

SectionType = TypeVar("SectionType", bound=Section)


class Finding(msgspec.Struct, frozen=True):
    """One mistake: where it is in the parsed document, what is wrong, and what would cure it."""

    place: Place
    what: str
    cure: str


class Draft:
    """A document as far as it could be read: its sections with their places, and what was found wrong."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.findings: list[Finding] = []
        self.sections: list[tuple[Place, Section]] = []

    def read(self, kind: type[SectionType], place: Place = ()) -> SectionType | None:
        """Convert the table at ``place``; None if a required field is missing or wrong."""
        table = self.raw(place)
        if not isinstance(table, dict):
            self.find(place, f"{_shown(place)} is not a table", f"write [{_shown(place)}] above its keys")
            return None
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        for key in table:
            if key not in fields:
                self.find((*place, key), f'unknown key "{key}"', _suggestion(key, fields))
        values: dict[str, Any] = {}
        whole = True
        for key, field in fields.items():
            if key in table:
                before = len(self.findings)
                value = self._field(field.type, (*place, key))
                if value is not None or len(self.findings) == before:
                    values[field.name] = value
                elif field.required:
                    whole = False
            elif field.required:
                whole = False
                self.find(place, f'"{key}" is missing', _cure(field.type))
        if not whole:
            return None
        section = kind(**values)
        self.sections.append((place, section))
        return section

    def of(self, kind: type[SectionType]) -> list[tuple[Place, SectionType]]:
        """Return all sections of one kind that could be read, each with its place."""
        return [(place, section) for place, section in self.sections if isinstance(section, kind)]

    def names(self, table: str, key: str = "name") -> list[str]:
        """Return all names in an array of tables, also those of sections that could not be read."""
        entries = self.document.get(table, [])
        if isinstance(entries, dict):  # [flow.NAME]; or [queue] by mistake for [[queue]]
            return [*entries, entries[key]] if isinstance(entries.get(key), str) else list(entries)
        found = [entry.get(key) for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        return [name for name in found if isinstance(name, str)]

    def elements(self, table: str, key: str) -> set[str]:
        """Return all texts in the lists ``key`` of an array of tables, also of sections that could not be read."""
        entries = self.document.get(table, [])
        lists = [entry.get(key) for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        return {text for texts in lists if isinstance(texts, list) for text in texts if isinstance(text, str)}

    def raw(self, place: Place) -> Any:
        """Return what the document holds at ``place``."""
        value: Any = self.document
        for step in place:
            value = value[step]
        return value

    def find(self, place: Place, what: str, cure: str) -> None:
        """Note one mistake."""
        self.findings.append(Finding(place, what, cure))

    def _field(self, kind: Any, place: Place) -> Any:
        """Convert one value of any type; elements that fail are left out, a value that fails whole is None."""
        value = self.raw(place)
        bare = _bare(kind)
        if _is_section(bare):
            return self.read(bare, place)
        if get_origin(bare) is list and isinstance(value, list):
            (element_kind,) = get_args(bare)
            elements = [self._field(element_kind, (*place, index)) for index in range(len(value))]
            kept = [element for element in elements if element is not None]
            return kept if len(kept) < len(value) or _is_section(element_kind) else self._leaf(kind, place)
        if get_origin(bare) is list and _is_section(get_args(bare)[0]):
            self.find(place, f"{_shown(place)} is not a list of tables", f"write each as [[{_shown(place)}]]")
            return None
        if get_origin(bare) is dict and isinstance(value, dict):
            key_kind, element_kind = get_args(bare)
            return self._entries(key_kind, element_kind, place)
        return self._leaf(kind, place)

    def _entries(self, key_kind: Any, element_kind: Any, place: Place) -> dict[str, Any]:
        entries = {}
        for key in self.raw(place):
            if not _fits(key, key_kind):
                self.find((*place, key), f'"{key}" cannot be a key of {_shown(place)}', _cure(key_kind))
            element = self._field(element_kind, (*place, key))
            if element is not None:
                entries[key] = element
        return entries

    def _leaf(self, kind: Any, place: Place) -> Any:
        value = self.raw(place)
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            said = "..." if place[-1] == "password" else _toml(value)
            self.find(place, f"{_shown(place[-2:])} = {said} is not valid", _cure(kind, value))
            return None


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def _bare(kind: Any) -> Any:
    """Take away ``Annotated`` and ``| None``."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        rest = [choice for choice in get_args(kind) if choice is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else kind
    return kind


def _cure(kind: Any, value: object = None) -> str:
    if get_origin(kind) in (Union, types.UnionType):
        choices = [choice for choice in get_args(kind) if choice is not type(None)]
        return _cure(choices[0], value) if len(choices) == 1 else "give a text, a number, true or false"
    if get_origin(kind) is Annotated:
        for note in kind.__metadata__:
            if isinstance(note, msgspec.Meta) and note.description:
                return f"give {note.description}"
        return _cure(get_args(kind)[0], value)
    if get_origin(kind) is Literal:
        close = closest(value, get_args(kind))
        return f'did you mean "{close}"?' if close else "choose " + listed(get_args(kind))
    words = {
        bool: "give true or false",
        str: "give a text in quotes",
        int: "give a whole number",
        float: "give a number",
    }
    return words.get(kind, "give a list in [ ]" if get_origin(kind) is list else "give a table")


def closest(word: object, known: Iterable[str]) -> str | None:
    """Return the known word that ``word`` was probably meant to be."""
    return next(iter(difflib.get_close_matches(str(word), list(known), 1)), None)


def listed(words: Iterable[str]) -> str:
    """Return words as a list for reading: "a", "b" or "c"."""
    *most, last = [f'"{word}"' for word in words]
    return f"{', '.join(most)} or {last}" if most else last


def _suggestion(key: str, known: Iterable[str]) -> str:
    close = closest(key, known)
    return f'did you mean "{close}"?' if close else f"known here: {', '.join(known)}"


def _shown(place: Place) -> str:
    text = ""
    for step in place:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".") if not text.startswith("[") else text.partition("]")[2].lstrip(".") or f"element {text}"


def _toml(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def unknown(place: Place, kind: str, name: str, known: list[str]) -> Finding:
    """The finding that nothing of this kind has that name, with the nearest one as cure."""
    close = closest(name, known)
    if close:
        cure = f'did you mean "{close}"?'
    else:
        cure = f"there is {listed(known)}" if 0 < len(known) <= 8 else f"define it, or name another {kind}"
    return Finding(place, f'unknown {kind} "{name}"', cure)
