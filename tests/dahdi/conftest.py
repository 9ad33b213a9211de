"""Tests of modules with a ``SYSTEM_CONF`` are run inside the machine with DAHDI's drivers: see ``rig/collected.py``."""

from pathlib import Path

import pytest

from tests.dahdi.rig import collected
from tests.dahdi.rig.archive import NO_RIG


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Hand a test to the machine; pytest does the others, and those that are to be skipped."""
    return (collected.wants_machine(item) and collected.run_inside(item, nextitem)) or None


@pytest.fixture(scope="session")
def virtual_time() -> None:
    """For minutes of calls, of which a machine by the host's clock would make minutes, and break some of them when the host is late."""
    if "time-travel" not in Path("/proc/cmdline").read_text():
        pytest.skip(f"{NO_RIG}minutes of calls are for a machine in virtual time")
