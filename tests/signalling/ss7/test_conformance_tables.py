"""The tables of Q.781 to Q.784 in the documents are current, and every test of an item says what it is."""

import importlib.util
import re
from pathlib import Path

import pytest

from pbx.signalling.ss7.mtp3 import lsac, tcoc, tlac
from pbx.signalling.ss7.mtp3.variant import TIMERS

HOME = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("write_conformance", HOME / "docs" / "write_conformance.py")
write_conformance = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(write_conformance)

EACH = pytest.mark.parametrize("table", write_conformance.TABLES, ids=lambda table: table.file)


@EACH
def test_the_page_is_current(table):
    assert table.path.read_text(encoding="utf-8") == write_conformance.page(table), "run `python docs/write_conformance.py`"


def test_the_page_of_the_foreign_point_is_current():
    written = write_conformance.FOREIGN_PAGE.read_text(encoding="utf-8")
    assert written == write_conformance.foreign_page(), "run `python docs/write_conformance.py`"
    assert written.count("\n* ") > 60


@EACH
def test_every_item_has_a_title_and_a_known_section(table):
    rows = write_conformance.items(table)
    assert len(rows) > 90
    assert [name for _, title, _, name in rows if not title] == []
    sections = {int(number[0]) for number, *_ in rows}
    assert sections <= set(table.sections)
    assert {str(section) for section in set(table.sections) - sections} <= {section for section, *_ in table.not_shown}


@EACH
def test_no_item_is_shown_twice(table):
    found = [(number, name) for number, *_, name in write_conformance.items(table)]
    assert len(found) == len(set(found))
    assert {".".join(number) for number, _ in found}.isdisjoint(table.not_applicable)


@EACH
def test_what_is_not_shown_has_a_reason(table):
    assert all(re.match(r"\d+$", section) and text and reason for section, text, reason in table.not_shown)
    assert all(title and reason for title, reason in table.not_applicable.values())


def test_every_timer_of_level_3_is_accounted_for():
    """Each of T1 to T24 is started by a box, or stands with the reason why not; the file of figures has those that run and no others."""
    rows = write_conformance.timers3()
    assert [name for name in rows if not name.startswith("Q")] == [f"T{number}" for number in range(1, 25)]
    without = {name for name, cells in rows.items() if not cells[-1].startswith("`pbx/signalling/ss7/mtp3/")}
    assert without == set(write_conformance.NOT_USED3)
    assert set(rows) - without == TIMERS
    assert all(all(cells[2:]) for cells in rows.values())


def test_the_table_of_timers_sees_what_states_start():
    """The judge judged: as charts have it, with which states start timers."""
    charts = (lsac.STATES, tcoc.STATES, tlac.LOCAL_STATES, tlac.REMOTE_STATES)
    for module, states in ((lsac, charts[:1]), (tcoc, charts[1:2]), (tlac, charts[2:])):
        started = {timer for chart in states for state in chart.values() for timer in state.starts}
        assert write_conformance.started_timers(Path(module.__file__)) == started
