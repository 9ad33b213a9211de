"""Writes what can be written by a program: the page of all facts, the table of layers in ARCHITECTURE.md, that of measurements of No. 7.

``python docs/write_pages.py`` writes them anew; ``tests/test_papers.py`` fails while they are not current. What a fact means is its
docstring in ``pbx/vocabulary/facts.py``; who stands in which layer is the table that ``tests/test_layers.py`` holds the imports to.
"""

import ast
import inspect
import re
import sys
from pathlib import Path
from typing import Any, get_type_hints

HOME = Path(__file__).resolve().parent.parent
PAGE = HOME / "docs" / "integrator" / "facts.md"
ARCHITECTURE = HOME / "ARCHITECTURE.md"
TRACING = HOME / "docs" / "operator" / "no7-tracing.md"
LAYER_TEST = HOME / "tests" / "test_layers.py"
sys.path.insert(0, str(HOME))

import msgspec  # noqa: E402 - the path above must stand first when this file is run by itself

from pbx.signalling.ss7.measurement_table import TABLE  # noqa: E402
from pbx.vocabulary import facts  # noqa: E402

HEAD = """# Facts

<!-- Written by docs/write_pages.py out of pbx/vocabulary/facts.py; do not edit. -->

A fact is something that has happened. The switch states it once; it is numbered, written to the journal, and from there to the
store. Everything that wants to know what happened reads facts: detail records, traces, recordings, the console and you. The words
are those of CSTA (ECMA-269). A fact of one kind never changes its meaning; new fields have defaults, so old journals stay readable.

Today there are two ways to read them: the table `facts` of [the store](store.md), which has everything, and `on(Fact)` at
[the console](../operator/console.md), which shows what comes. A link for programs (CSTA) and a bus are planned, not there.

In the store a fact is a MessagePack map. The key `fact` is its kind; fields that have their default are left out:

```python
from pbx.vocabulary.facts import Established, decode, encode

octets = encode(Established(12.5, "2-8", 1, "e1-1/3", called="10086", calling="13900000001"))
assert decode(octets).calling == "13900000001"
```

or, without this project, any MessagePack reader: `{"fact": "Established", "at": 12.5, "call": "2-8", "leg": 1, ...}`. A reader must pass
over kinds and fields that it does not know.

Every fact has `at`, seconds on the exchange's clock (samples at 8 kHz since the plane began; the store's `clock_zero` makes wall
time of it).
"""

GROUPS: tuple[tuple[str, type[facts.Fact] | None, str], ...] = (
    (
        "About a leg of a call",
        facts.CallFact,
        "Each has `call` (the name of the call), `leg` (its number within the call, 0 = the call as a whole) and `line` (`e1-1/3`). "
        "A leg is CSTA's connection; leg 1 is the one that began the call.",
    ),
    (
        "About an agent",
        facts.AgentFact,
        "Each has `agent` (the number), `line` where the agent sits, `reason` (text) and `call` (the call that keeps the agent busy).",
    ),
    ("About the exchange", None, ""),
)


def _type_name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not hasattr(hint, "__origin__") else str(hint).replace("typing.", "")


def _row(kind: type[facts.Fact], parent: type[facts.Fact]) -> str:
    inherited = parent.__struct_fields__
    hints = get_type_hints(kind)
    cells = []
    for field in msgspec.structs.fields(kind):
        if field.name not in inherited:
            required = field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
            cells.append(f"`{field.name}` {_type_name(hints[field.name])}" + (" (always)" if required else ""))
    meaning = " ".join((inspect.getdoc(kind) or "").split()).replace("``", "`")
    return f"| `{kind.__name__}` | {meaning} | {', '.join(cells) or '–'} |"


def facts_page() -> str:
    """The whole page of facts."""
    parts = [HEAD]
    concrete = [kind for name, kind in facts.KINDS.items() if name not in facts.ABSTRACT]
    for title, parent, text in GROUPS:
        if parent is not None:
            rows = [_row(kind, parent) for kind in concrete if issubclass(kind, parent)]
        else:
            rows = [_row(kind, facts.Fact) for kind in concrete if not issubclass(kind, facts.CallFact | facts.AgentFact)]
        parts.append(f"\n## {title}\n")
        if text:
            parts.append(f"\n{text}\n")
        parts.append("\n| fact | meaning | fields of its own |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "".join(parts)


WHAT_A_LAYER_IS = (
    "words and tools: vocabularies, state machines, virtual clock, configuration",
    "engines, each one Recommendation",
    "plant: media plane, cards, lines, trunk groups, sound",
    "call control and flows",
    "records and links; the simulated network",
    "composition: alone names the reactor, files, processes",
)


def _layers() -> dict[int, str]:
    """``LAYERS`` of the layer test, read and not run: the test module needs pytest."""
    for node in ast.parse(LAYER_TEST.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "LAYERS":
            layers: dict[int, str] = ast.literal_eval(node.value)
            return layers
    raise LookupError(f"{LAYER_TEST} has no LAYERS")


def architecture_page() -> str:
    """ARCHITECTURE.md with the present table of layers."""
    rows = (
        f"| {layer} | {' '.join(f'`{name}`' for name in names.split())} | {WHAT_A_LAYER_IS[layer]} |" for layer, names in _layers().items()
    )
    table = "\n".join(rows)
    return re.sub(r"(?m)(^\| 0 \|.*\n)(?:\| [1-9] \|.*\n)+", lambda found: table + "\n", ARCHITECTURE.read_text(encoding="utf-8"))


def tracing_page() -> str:
    """The page on tracing No. 7 with the present table of measurements."""
    rows = "".join(
        f"| {kind} | `{row.key}` | {row.number} | {row.title} | {row.unit} | {row.source} |\n"
        for kind, measured in TABLE.items()
        for row in measured.values()
    )
    text = TRACING.read_text(encoding="utf-8")
    return re.sub(r"(?m)(^\| of \|.*\n\|---.*\n)(?:\| .*\n)*", lambda found: found.group(1) + rows, text)


if __name__ == "__main__":
    TRACING.write_text(tracing_page(), encoding="utf-8")
    PAGE.write_text(facts_page(), encoding="utf-8")
    ARCHITECTURE.write_text(architecture_page(), encoding="utf-8")
