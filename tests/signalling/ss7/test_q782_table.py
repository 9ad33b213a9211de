"""The table of Q.782 in the documents is current, and every test of an item says what it is."""

import importlib.util
import re
from pathlib import Path

HOME = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("write_conformance", HOME / "docs" / "write_conformance.py")
write_conformance = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(write_conformance)


def test_the_page_is_current():
    assert write_conformance.PAGE.read_text(encoding="utf-8") == write_conformance.page(), "run `python docs/write_conformance.py`"


def test_every_item_has_a_title_and_a_known_section():
    rows = write_conformance.items()
    assert len(rows) > 90
    assert [name for _, title, _, name in rows if not title] == []
    assert {int(number[0]) for number, *_ in rows} == set(write_conformance.SECTIONS) - {12}


def test_what_is_not_shown_has_a_reason():
    assert all(re.match(r"\d+$", section) and text and reason for section, text, reason in write_conformance.NOT_SHOWN)
