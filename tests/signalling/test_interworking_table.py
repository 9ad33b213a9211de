"""Every row of the table of interworking, done with the real engines of each signalling system; and the page that is made of it."""

import importlib.util
import tomllib
from pathlib import Path

import pytest

from tests.signalling.meetings import MEETINGS, performed, performed_read

DOCS = Path(__file__).parents[2] / "docs"
SPEC = importlib.util.spec_from_file_location("write_interworking", DOCS / "write_interworking.py")
write_interworking = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(write_interworking)
TABLE = tomllib.loads(write_interworking.TABLE.read_text(encoding="utf-8"))
CELLS = [(row, system) for row in TABLE["row"] for system in MEETINGS if system in row]


def named(value):
    return value if isinstance(value, str) else f"{value['part']} {value['what']}"


@pytest.mark.parametrize(("row", "system"), CELLS, ids=named)
def test_the_engines_say_and_understand_what_the_table_says(row, system):
    line, told = performed(system, row)
    assert [line, "; ".join(told)] == row[system]


@pytest.mark.parametrize("row", TABLE["read"], ids=lambda row: f"{row['system']} {row['signal']}")
def test_signals_that_our_ends_never_send_are_understood(row):
    line, told = performed_read(row)
    assert (line, "; ".join(told)) == (row["line"], row["told"])


def test_every_row_is_there_for_every_trunk_system_or_says_which():
    """Causes are told by each system, before the answer and after ringing."""
    for row in TABLE["row"]:
        assert set(row) & set(MEETINGS), row["what"]
        if row["part"] in ("cause", "late"):
            assert set(MEETINGS) <= set(row), row["what"]


def test_the_page_is_current():
    written = write_interworking.PAGE.read_text(encoding="utf-8")
    assert written == write_interworking.page(), "docs/conformance/interworking.md is stale: run python docs/write_interworking.py"
