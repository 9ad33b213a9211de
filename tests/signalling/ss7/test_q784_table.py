"""The table of Q.784 in the documents names every item of the basic call list that is shown, or why it is not."""

import re

from tests.signalling.ss7.test_conformance_tables import write_conformance

LIST = re.findall(
    r"\S+",
    """
    1.1 1.2.1 1.2.2 1.2.3 1.2.4 1.2.5a 1.2.5b 1.2.5c 1.2.6 1.2.7 1.3.1.1a 1.3.1.1b 1.3.1.1c 1.3.1.1d 1.3.1.1e 1.3.1.1f 1.3.1.2a
    1.3.1.2b 1.3.2.1 1.3.2.2 1.3.2.3 1.3.2.4 1.3.2.5 1.4.1 1.4.2 1.4.3 1.4.4 1.4.5 1.5.1 1.5.2 1.5.3 1.6.1.1 1.6.1.2 1.6.2.1 1.6.2.2 1.6.3.1
    1.6.3.2 1.7.1.1 1.7.1.2 1.7.1.3 1.7.1.4 1.7.1.5 1.7.1.6 1.7.1.7 1.7.2.1 1.7.2.2 1.7.2.3 1.7.2.4 1.7.2.5 1.7.2.6 1.7.2.7
    1.7.2.8 1.7.2.9 1.7.2.10 1.7.3.1 1.7.3.2 2.1.1 2.1.2 2.2.1a 2.2.1b 2.2.2a 2.2.2b 2.3.1a 2.3.1b 2.3.1c 2.3.1d 2.3.1e 2.3.1f
    2.3.1g 2.3.1h 2.3.2a 2.3.2b 2.3.2c 2.3.2d 2.3.2e 2.3.2f 2.3.3a 2.3.3b 2.3.4a 2.3.4b 2.3.5 2.3.6a 2.3.6b 2.4.1 2.4.2 2.4.3 2.4.4
    3.1a 3.1b 3.2a 3.2b 3.3a
    3.3b 3.4a 3.4b 3.5a 3.5b 3.6b 3.7a 3.8a 3.8b 4.1a 4.1b 4.1c 4.1d 4.1e 4.1f 5.1 5.2.1 5.2.2 5.2.3 5.2.4 5.2.5a 5.2.5b 5.2.6
    5.2.7 5.2.8 5.2.9 5.2.10 5.2.11 5.3.1 5.3.2 6.1.1 6.1.2 6.1.3 6.1.4 6.1.5 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.3.1 6.4.1 6.4.2 6.4.3
    6.5.1 6.5.2 6.5.3 6.5.4 6.5.5
    """,
)
"""Those of the list that are shown; the others stand in ``NOT_SHOWN_ISUP``."""


def test_every_item_has_its_test():
    table = next(table for table in write_conformance.TABLES if table.file == "isup.md")
    rows = write_conformance.items(table)
    assert list(dict.fromkeys(".".join(number) for number, *_ in rows)) == LIST
