"""Who is taken to the machine, and that what came back from it as JSON is again what pytest makes itself."""

import json

import pytest

from tests.dahdi.rig import collected

PIECES = """
import pytest
from tests.sctp import needs_sctp

@pytest.mark.parametrize("transport", ["tcp", pytest.param("sctp", marks=needs_sctp)])
def test_carries(transport):
    pass
"""


@pytest.mark.parametrize("lacking", ["", "no SCTP in this kernel"])
def test_who_wants_sctp_goes_to_the_machine_where_there_is_none_and_nobody_else(request, monkeypatch, tmp_path, lacking):
    monkeypatch.setattr(collected, "lacks_sctp", lambda: lacking)
    monkeypatch.setattr(collected, "is_inside", lambda: False)
    (tmp_path / "test_pieces.py").write_text(PIECES)
    module = pytest.Module.from_parent(request.session, path=tmp_path / "test_pieces.py")
    wanting = {item.name: collected.wants_machine(item) for item in module.collect()}
    assert wanting == {"test_carries[tcp]": False, "test_carries[sctp]": bool(lacking)}


def test_a_skip_in_the_machine_has_place_and_reason_as_pytest_wants_them(request, monkeypatch, tmp_path):
    """A list of them, as JSON has it, ended pytest's own summary with an error."""
    monkeypatch.setattr(collected, "RUNS", tmp_path)
    monkeypatch.setattr(collected, "_run_name", lambda config: "run")
    monkeypatch.setattr(collected, "_has_lines", lambda item: True)
    report = pytest.TestReport("a.py::test", ("a.py", 1, "test"), {}, "skipped", ("a.py", 1, "Skipped: no poles"), "setup")
    data = request.config.hook.pytest_report_to_serializable(config=request.config, report=report)
    folder = tmp_path / "run/a"
    folder.mkdir(parents=True)
    (folder / "ended").touch()
    (folder / collected.REPORTS).write_text(json.dumps(data) + "\n")
    (found,) = collected._module_reports(request.node, "a.py")["a.py::test"]
    again = request.config.hook.pytest_report_from_serializable(config=request.config, data=found)
    assert again.longrepr == ("a.py", 1, "Skipped: no poles")
