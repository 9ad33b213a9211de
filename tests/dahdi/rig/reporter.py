"""Inside the machine: writes each report of pytest as a line of JSON, for ``collected.py`` outside."""

import json
import os

import pytest

from tests.dahdi.rig.collected import REPORTS, results


class Reporter:
    """Every line is on the host's disk before the next test begins, so that a machine that dies tells of those that ended."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        with (results() / REPORTS).open("a") as lines:
            lines.write(json.dumps(data) + "\n")
            lines.flush()
            os.fsync(lines.fileno())


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Reporter(config))
