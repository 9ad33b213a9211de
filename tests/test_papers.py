"""What the documents say exists, exists: files, commands, links, tables of the store, the generated pages.

Prose is not checked, but whatever in it can be held against the tree is.
"""

import importlib.util
import re
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pbx.__main__ import COMMANDS
from pbx.store import SCHEMA
from pbx.vocabulary.facts import ABSTRACT, KINDS

HOME = Path(__file__).resolve().parent.parent
PAGES = [*sorted(HOME.glob("*.md")), *sorted((HOME / "docs").rglob("*.md"))]
FOLDERS = ("pbx", "drivers", "ivr", "config", "docs", "tests", "benchmarks", "fax", "desk", "web", ".ci")
MADE_BY_THE_READER = {"config/mine.toml", "config/tones/mine.toml"}
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*[\w/]", re.ASCII)
SET_UP_ONLY = {"test"}  # done by the bootstrap alone


def shown(path):
    return str(path.relative_to(HOME))


def code_of(text):
    """Everything in backticks and in blocks of code."""
    blocks = BLOCK.findall(text)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))])


def paths_in(text):
    """Words that look like paths of this tree: they begin with one of its folders."""
    return {found.group() for found in PATH.finditer(code_of(text))}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_paths_exist(page):
    paths = paths_in(page.read_text(encoding="utf-8")) - MADE_BY_THE_READER
    assert sorted(path for path in paths if not (HOME / path).exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert sorted(target for target in targets if "://" not in target and not (page.parent / target).exists()) == []


def test_modules_named_exist():
    """Those written with dots, as for ``kill -9``; the table of layers keeps places for what has no file yet."""
    lines = [line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines() if not re.match(r"\| \d \|", line)]
    named = {name for line in lines for name in re.findall(r"`(pbx(?:\.[a-z_0-9]+)+)`", line)}
    assert named
    assert {name for name in named if not find(name)} == set()


def find(name):
    path = HOME.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def commands_in(text):
    return set(re.findall(r"(?<![\w/])(?:\./)?zongji ([a-z]+(?:-[a-z]+)*)\b", code_of(text)))


COMMANDS_NAMED = sorted(set().union(*(commands_in(page.read_text(encoding="utf-8")) for page in PAGES)) - SET_UP_ONLY)


@pytest.mark.parametrize("command", COMMANDS_NAMED)
def test_commands_explain_themselves(command):
    assert command in COMMANDS
    done = subprocess.run([sys.executable, "-m", "pbx", command, "--help"], cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "example" in done.stdout.lower()


def test_both_readmes_name_the_same_commands_and_files():
    english, chinese = ((HOME / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    assert commands_in(english) == commands_in(chinese)
    assert paths_in(english) == paths_in(chinese)
    assert english.count("\n## ") == chinese.count("\n## ")


def test_every_command_is_in_the_readme():
    text = (HOME / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`{name}`" not in text] == []


def test_generated_pages_are_current():
    spec = importlib.util.spec_from_file_location("write_pages", HOME / "docs" / "write_pages.py")
    assert spec is not None
    assert spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    again = "run `python docs/write_pages.py`"
    assert pages.PAGE.read_text(encoding="utf-8") == pages.facts_page(), again
    assert pages.ARCHITECTURE.read_text(encoding="utf-8") == pages.architecture_page(), again
    assert pages.TRACING.read_text(encoding="utf-8") == pages.tracing_page(), again
    for name in set(KINDS) - set(ABSTRACT):
        assert f"| `{name}` |" in pages.facts_page()


def test_example_of_the_facts_runs():
    text = (HOME / "docs" / "integrator" / "facts.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    exec(compile(example, "facts.md", "exec"), {})


def test_queries_of_the_store_run():
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    text = (HOME / "docs" / "integrator" / "store.md").read_text(encoding="utf-8")
    queries = re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(queries) >= 5
    for query in queries:
        connection.execute(query).fetchall()


def test_columns_of_the_store_are_all_told():
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    text = (HOME / "docs" / "integrator" / "store.md").read_text(encoding="utf-8")
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = " ".join(row[1] for row in connection.execute(f"PRAGMA table_info({table})"))
        row = next(line for line in text.splitlines() if line.startswith(f"| `{table}` |"))
        assert f"`{columns}`" in row


def test_every_section_of_the_example_is_explained():
    with (HOME / "config" / "zongji.toml").open("rb") as file:
        sections = tomllib.load(file)
    text = (HOME / "docs" / "operator" / "first-steps.md").read_text(encoding="utf-8")
    for name in sections:
        assert re.search(rf"^\| `\[+{name}[].]", text, re.MULTILINE), name


def test_every_decision_is_in_the_list():
    pages = sorted((HOME / "docs" / "adr").glob("[0-9]*.md"))
    listed = (HOME / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    for number, page in enumerate(pages, 1):
        title = page.read_text(encoding="utf-8").partition("\n")[0]
        assert title.startswith(f"# {number:04} ")
        assert page.name in listed
        for part in ("**Context.**", "**Choice.**", "**What it costs.**"):
            assert part in page.read_text(encoding="utf-8"), f"{page.name} lacks {part}"
