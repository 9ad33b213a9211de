"""Tests of modules with a ``SYSTEM_CONF`` are run inside the machine with DAHDI's drivers: see ``rig/collected.py``."""

import pytest

from tests.dahdi.rig import collected


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Hand a test to the machine; pytest does the others, and those that are to be skipped."""
    return (collected.wants_machine(item) and collected.run_inside(item, nextitem)) or None
