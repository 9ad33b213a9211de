"""Configurations of offices with other lines than the example has, for tests of whole exchanges: pieces of text put behind the example."""

from functools import lru_cache

from config.loader import check
from tests.lab import EXAMPLE

CO_NUMBER = "87650000"
OFFICE_SPAN = '\n[[span]]\nname = "co-1"\nkind = "office"\n'
TIE_SPAN = '\n[[span]]\nname = "tie-1"\nkind = "cas"\n'


def exchange_lines(**settings):
    """Four analog lines to another exchange: group "post", dialled with 0, calls in go to the menu."""
    rows = {"number": CO_NUMBER, **settings}
    plan = number("0", "trunk:post", length=[2, 13], strip=1) + number(CO_NUMBER, "flow:main_menu")
    return OFFICE_SPAN + group("post", "co-1/1-4", "fxo", rows) + plan


def tie_lines(**settings):
    """Fifteen E and M tie lines: group "branch", dialled with 7."""
    return TIE_SPAN + group("branch", "tie-1/1-15", "e&m", settings) + number("7", "trunk:branch", length=[2, 12], strip=1)


def trunk_span(name, variant="china", **settings):
    """One more span of R2 trunks as a group of its own."""
    return f'\n[[span]]\nname = "{name}"\nkind = "cas"\n' + group(name, f"{name}/1-15", "r2", {"variant": variant, **settings})


def group(name, circuits, signalling, settings):
    """A trunk group."""
    rows = "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items())
    return f'\n[[trunk_group]]\nname = "{name}"\ncircuits = ["{circuits}"]\nsignalling = "{signalling}"\n{rows}'


def number(prefix, destination, **settings):
    """A row of the numbering plan."""
    rows = "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items())
    return f'\n[[number]]\nprefix = "{prefix}"\ndestination = "{destination}"\n{rows}'


def extension(digits, **settings):
    """A change of the example: an extension of it with settings of its own."""
    old = f'number = "{digits}"\nline = "sub-1/{int(digits) - 8000}"\n'
    return old, old + "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items())


def _toml(value):
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


@lru_cache
def office(*parts, changes=()):
    """The checked configuration of the example with these texts behind it."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is found {text.count(old)} times in {EXAMPLE.name}"
        text = text.replace(old, new)
    found = check(text + "".join(parts), str(EXAMPLE))
    assert not isinstance(found, list), "\n".join(map(str, found))
    return found
