"""Whether this machine's kernel has SCTP. Where not, its tests are skipped, and counted at the end of the run (tests/conftest.py)."""

import pytest

from pbx.sctp_socket import sctp_missing

NO_SCTP = "without the kernel's SCTP: "
needs_sctp = pytest.mark.skipif(bool(sctp_missing()), reason=f"{NO_SCTP}{sctp_missing()}")
