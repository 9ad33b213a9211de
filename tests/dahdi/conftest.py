"""What tests inside the machine with DAHDI's drivers have in common; who takes them there is ``rig/collected.py``."""

from pathlib import Path

import pytest

from tests.dahdi.rig.archive import NO_RIG


@pytest.fixture(scope="session")
def virtual_time() -> None:
    """For minutes of calls, of which a machine by the host's clock would make minutes, and break some of them when the host is late."""
    if "time-travel" not in Path("/proc/cmdline").read_text():
        pytest.skip(f"{NO_RIG}minutes of calls are for a machine in virtual time")
