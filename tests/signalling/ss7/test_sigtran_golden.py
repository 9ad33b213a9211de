"""The trace of one short run of each protocol is the one that is kept; ``--golden`` keeps it anew. tshark judges the same messages
(tests/interop/test_tshark_sigtran.py).
"""

from pathlib import Path

import pytest

from pbx.signalling.ss7 import primitives as p
from tests.signalling.ss7.sigtran_runs import RUNS

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.mark.parametrize("protocol", RUNS)
def test_the_trace_is_the_golden_one(protocol, request):
    text = RUNS[protocol]().text()
    path = GOLDEN / f"sigtran_{protocol}.txt"
    if request.config.getoption("--golden"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_runs_tell_what_they_should():
    assert f"{p.RetrievalComplete()}" in RUNS["m2pa"]().text()
    assert "InService" in RUNS["m2ua"]().text()
    assert "DUPU" in RUNS["m3ua"]().text()
