"""Writes docs/conformance/mtp3.md out of the tests that carry the numbers of Q.782 in their names.

``python docs/write_conformance.py`` writes it anew; tests/signalling/ss7/test_q782_table.py fails while it is not current. A test named
``test_3_9_...`` shows item 3.9; the first line of its docstring is the title. What is not shown stands in ``NOT_SHOWN``, with the reason.
"""

import ast
import re
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
PAGE = HOME / "docs" / "conformance" / "mtp3.md"
TESTS = HOME / "tests" / "signalling" / "ss7"

HEAD = """# MTP level 3: what is shown, by whom

<!-- Written by docs/write_conformance.py out of the tests; do not edit. -->

Level 3 (`pbx/signalling/ss7/mtp3`) after Q.704 and Q.707, with the figures of `config/variants/mtp-china.toml`. The texts of the
Recommendations were not at hand: procedures and figures are from memory. The sections below are those of Q.782; *numbers within a
section are from memory too* and may differ from the printed list.

| what | by whom |
|---|---|
"""
SHOWN = (
    (
        "every management and link test message, 24-bit and 14-bit, and all that whole runs in trouble wrote, field by field",
        "foreign: tshark 4.0, `tests/interop/test_tshark_mtp3.py`",
    ),
    ("every cell of every chart, reached by real inputs, and full service after it", "`tests/signalling/ss7/test_mtp3_cells.py`"),
    (
        "links that fail and come at any moment under load: lost 0, doubled 0, out of order 0",
        "`tests/signalling/ss7/test_changeover_properties.py`",
    ),
    (
        "two points, and two end points behind two transfer points, back to back: after all faults everything is available again",
        "`tests/signalling/ss7/test_mtp3_network.py`",
    ),
    (
        "all truncations, all flipped bits, any octets: a message or `Malformed`",
        "`tests/signalling/ss7/test_management.py`, `tests/signalling/ss7/test_label.py`",
    ),
    ("one point with two link sets, message by message", "the items below"),
)
FOOT = """
Level 2 in these tests is one of the test's own (`tests/signalling/ss7/level2.py`): it numbers, confirms, retrieves and is cut.
"""

SECTIONS = {
    1: "Signalling link management",
    2: "Signalling message handling",
    3: "Changeover",
    4: "Changeback",
    5: "Forced rerouting",
    6: "Controlled rerouting",
    7: "Management inhibiting",
    8: "Signalling traffic flow control",
    9: "Signalling route management",
    10: "Signalling point restart",
    12: "Traffic test",
    13: "Signalling link test",
}
NOT_SHOWN = (
    ("1", "automatic allocation of signalling terminals and data links", "not built: data links are fixed; DLC is answered by CNP"),
    ("3", "changeover as compatibility test", "needs a foreign level 3"),
    ("9", "transfer restricted by long congestion (T11)", "national option, not built"),
    ("12", "traffic test", "needs level 2 and load; not a matter of one point with a tester"),
)


def items() -> list[tuple[tuple[int, ...], str, str, str]]:
    """Number, title, file and name of every test of an item, in the order of numbers."""
    found = []
    for path in sorted(TESTS.glob("test_q782_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (match := re.match(r"test_(\d+(?:_\d+)+)_", node.name)):
                number = tuple(int(part) for part in match.group(1).split("_"))
                title = (ast.get_docstring(node) or "").partition("\n")[0].rstrip(".")
                found.append((number, title, path.relative_to(HOME).as_posix(), node.name))
    return sorted(found)


def page() -> str:
    """The whole page."""
    rows = items()
    parts = [HEAD, *(f"| {what} | {whom} |\n" for what, whom in SHOWN), FOOT]
    for section, title in SECTIONS.items():
        mine = [row for row in rows if row[0][0] == section]
        missing = [row for row in NOT_SHOWN if row[0] == str(section)]
        parts.append(f"\n## {section} {title}\n\n")
        if mine:
            parts.append(f"`{mine[0][2]}`\n\n| item | title | test |\n|---|---|---|\n")
            parts += [f"| {'.'.join(map(str, number))} | {text} | `{name}` |\n" for number, text, _, name in mine]
        parts += [f"\nNot shown: {text}: {reason}.\n" for _, text, reason in missing]
    parts.append(f"\n{len(rows)} tests.\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
