"""House rules that a machine can check: sizes, opening paragraphs, names, words, and nothing of anybody's own machine."""

import ast
import re
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
NOT_OURS = {".git", ".venv", "build", "var", "node_modules", "__pycache__"}
MODULE_LINES = 600
FUNCTION_LINES = 70
LINE_LENGTH = {".c": 145, ".h": 145, ".md": 1200}  # ruff holds Python to 120; tables and prose may run on

BANNED_NAMES = {
    "util", "utils", "common", "helper", "helpers", "manager", "base", "core", "session", "endpoint", "handler", "misc",
}  # fmt: skip
UNFINISHED = re.compile(r"\bTOD[O]\b|\bFIXM[E]\b|\bXX[X]\b")
REGISTRY = re.compile("|".join(rf"{host}\.org" for host in ("pypi", "pythonhosted", "npmjs", r"deb\.debian")), re.IGNORECASE)
MACHINE = re.compile(r"/(home|root|Users)/[a-zA-Z]|\.\./share[d]\b")

SOURCES = ("*.py", "*.c", "*.h", "*.sh")
TEXTS = (*SOURCES, "*.md", "*.toml", "*.json", "*.yaml", "*.lock", "*.ts", "*.tsx", "SConstruct", "zongji", "run")


def files(*patterns):
    found = {path for pattern in patterns for path in HOME.rglob(pattern) if path.is_file()}
    return sorted(path for path in found if not NOT_OURS.intersection(path.relative_to(HOME).parts))


def shown(path):
    return str(path.relative_to(HOME))


PYTHON = [*files("*.py"), HOME / "zongji", HOME / "SConstruct"]


@pytest.mark.parametrize("path", files(*SOURCES), ids=shown)
def test_a_module_is_short_enough_to_read_in_one_go(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


@pytest.mark.parametrize("path", files("*.c", "*.h", "*.md"), ids=shown)
def test_lines_fit(path):
    limit = LINE_LENGTH[path.suffix]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > limit] == []


@pytest.mark.parametrize("path", PYTHON, ids=shown)
def test_python_functions_are_short_and_names_say_something(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module opens with a paragraph on what it is"
    wrong = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES:
                wrong.append(f"{node.name} in line {node.lineno} has {length} lines")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and banned(node.name):
            wrong.append(f"{node.name} in line {node.lineno}: {banned(node.name)} is not a word of this house")
    assert wrong == []


@pytest.mark.parametrize("path", files("*.c"), ids=shown)
def test_c_functions_are_short(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    wrong, start = [], 0
    for number, line in enumerate(lines, 1):
        if line.startswith("{") or re.match(r"\w[^=;]*\)\s*\{\s*$", line):
            start = number
        elif line.startswith("}") and start:
            if number - start + 1 > FUNCTION_LINES:
                wrong.append(f"the function of line {start} has {number - start + 1} lines")
            start = 0
    assert wrong == []


@pytest.mark.parametrize("path", files("*.h"), ids=shown)
def test_headers_open_with_what_they_are(path):
    assert re.match(r"(#pragma once\s*)?(/\*|$)", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", files(*TEXTS), ids=shown)
def test_file_names_say_something(path):
    assert not banned(path.stem)


@pytest.mark.parametrize("path", files(*TEXTS), ids=shown)
def test_nothing_is_unfinished_or_tied_to_a_machine(path):
    text = path.read_text(encoding="utf-8")
    wrong = [
        f"line {text.count(chr(10), 0, found.start()) + 1}: {found.group()}"
        for pattern in (UNFINISHED, REGISTRY, MACHINE, re.compile(r"(?<![\w./])" + re.escape(f"{HOME}/")))
        for found in pattern.finditer(text)
    ]
    assert wrong == []


def banned(name):
    """Return the banned words in a name, be it written_so or SoWritten."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return BANNED_NAMES.intersection(word.lower() for word in words)


def test_banned_names_are_found_in_either_spelling():
    assert banned("call_manager") == {"manager"}
    assert banned("BaseEngine") == {"base"}
    assert banned("SIPSession") == {"session"}
    assert not banned("database_score")
