"""Tests that want associations of SCTP: here if this kernel has it, otherwise in the machine of tests/dahdi/rig.

``needs_sctp`` marks a test or a parameter of one. Where there is no machine either it is skipped, and counted at the end of the run
(tests/conftest.py).
"""

import os

import pytest

from pbx.sctp_socket import sctp_missing

NO_SCTP = "without the kernel's SCTP: "
"""How the reason of a test that was skipped for want of it begins."""
MARK = "sctp"
needs_sctp = pytest.mark.sctp
ELSEWHERE = "ZONGJI_SCTP_ELSEWHERE"
"""Environment variable: if it is set, the tests run in the machine though this kernel has SCTP."""


def lacks_sctp() -> str:
    """Why associations cannot be had here, or nothing."""
    return f"{ELSEWHERE} is set" if os.environ.get(ELSEWHERE) else sctp_missing()


def wants_sctp(item: pytest.Item) -> bool:
    """Whether a test is marked so."""
    return item.get_closest_marker(MARK) is not None
