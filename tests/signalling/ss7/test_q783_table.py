"""The table of Q.783 in the documents names every item of its list: shown by a test, or not applicable for a reason."""

import re

from tests.signalling.ss7.test_conformance_tables import write_conformance

LIST = re.findall(
    r"\S+",
    """
    1.1 1.2.1 1.2.2 1.2.3 1.2.4 1.3.1.1 1.3.1.2 1.3.1.3 1.3.1.4 1.3.2.1 1.3.2.2 1.3.2.3 1.3.2.4 1.4.1 1.4.2 1.4.3 1.4.4 1.5.1
    2.1.1 2.1.2 2.2.1 2.2.2 2.3.1 2.3.2 2.3.3 2.3.4 2.3.5 3.1 3.2 3.3 3.4 3.5
    4.1.1 4.1.2 4.2.1 4.2.2 4.3.1 4.3.2 4.4.1 4.4.2 4.5.1 4.5.2 4.6.1 4.6.2 4.7.1 4.7.2 4.8.1 4.8.2 4.9.1 4.9.2 4.10.1 4.10.2
    4.11.1 4.11.2
    """,
)
"""Sections 1 to 4."""
CHINA = ["4.12.1", "4.12.2", "4.13.1", "4.13.2"]
FROM_MEMORY = re.findall(r"\S+", "5.1 5.2.1 5.2.2 5.2.3 5.2.4 5.2.5 5.2.6 5.2.7 5.2.8 5.2.9 5.2.10 5.2.11 5.3.1 5.3.2 "
                                 "6.1.1 6.1.2 6.1.3 6.1.4 6.1.5 6.1.6 6.2.1 6.2.2 6.3.1 6.3.2")  # fmt: skip
TABLE = next(table for table in write_conformance.TABLES if table.file == "tup.md")


def test_every_item_is_shown_or_not_applicable():
    numbers = [".".join(number) for number, *_ in write_conformance.lines(TABLE) if int(number[0]) < TABLE.own_from]
    assert list(dict.fromkeys(number.rstrip("abcdefgh") for number in numbers)) == [*LIST, *CHINA, *FROM_MEMORY]


def test_either_direction_has_its_case():
    """Items of sections 2 and 3 that do not say in which direction the call goes are shown in both."""
    numbers = {".".join(number) for number, *_ in write_conformance.lines(TABLE)}
    for item in LIST:
        if item[0] in "23" and item + "a" in numbers:
            assert item + "b" in numbers
