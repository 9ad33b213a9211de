"""What came back from the machine as JSON is again what pytest makes itself."""

import json

import pytest

from tests.dahdi.rig import collected


def test_a_skip_in_the_machine_has_place_and_reason_as_pytest_wants_them(request, monkeypatch, tmp_path):
    """A list of them, as JSON has it, ended pytest's own summary with an error."""
    monkeypatch.setattr(collected, "RUNS", tmp_path)
    monkeypatch.setattr(collected, "_run_name", lambda config: "run")
    report = pytest.TestReport("a.py::test", ("a.py", 1, "test"), {}, "skipped", ("a.py", 1, "Skipped: no poles"), "setup")
    data = request.config.hook.pytest_report_to_serializable(config=request.config, report=report)
    folder = tmp_path / "run/a"
    folder.mkdir(parents=True)
    (folder / "ended").touch()
    (folder / collected.REPORTS).write_text(json.dumps(data) + "\n")
    (found,) = collected._module_reports(request.node, "a.py")["a.py::test"]
    again = request.config.hook.pytest_report_from_serializable(config=request.config, data=found)
    assert again.longrepr == ("a.py", 1, "Skipped: no poles")
