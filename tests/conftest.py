"""What holds for every test: no test has a deadline of its own, and ZONGJI_NATIVE chooses the native module.

ZONGJI_NATIVE names a folder with another build of ``_plane.abi3.so``, such as the one with sanitizers. Options: ``--seed N`` replays a
run of the lab, ``--golden`` writes the expected traces of the scenarios anew, ``--long`` runs the long versions of properties.
"""

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.dahdi.rig import collected
from tests.dahdi.rig.archive import NO_RIG, NO_VIRTUAL_TIME
from tests.interop.osmo_stp.station import NO_STATION
from tests.sctp import MARK, NO_SCTP, lacks_sctp, wants_sctp

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")

WANTED = ((NO_RIG, "no DAHDI rig", "DAHDI lines"), (NO_SCTP, "no SCTP", "SCTP"), (NO_STATION, "no osmo-stp", "M3UA with osmo-stp"))
"""How reasons of skipped tests begin, and what the end of a run says of them."""


def _load_native(folder: str) -> None:
    path = Path(folder) / "_plane.abi3.so"
    spec = importlib.util.spec_from_file_location("pbx._plane", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules["pbx._plane"] = module
    import pbx

    pbx._plane = module  # type: ignore[attr-defined]


if "ZONGJI_NATIVE" in os.environ:
    _load_native(os.environ["ZONGJI_NATIVE"])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the house."""
    house = parser.getgroup("zongji")
    house.addoption("--seed", type=int, default=None, metavar="N", help="replay runs of the lab with this seed")
    house.addoption("--golden", action="store_true", help="write the expected traces of tests/scenarios anew")
    house.addoption("--long", action="store_true", help="run properties with many more cases (hours)")


def pytest_configure(config: pytest.Config) -> None:
    """Words that tests are marked with."""
    config.addinivalue_line("markers", f"{MARK}: wants associations of SCTP (tests/sctp.py)")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Hand a test to the machine that has what it wants (tests/dahdi/rig/collected.py); pytest does the others, and those to be skipped."""
    return (collected.wants_machine(item) and collected.run_inside(item, nextitem)) or None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what wants SCTP where there is none."""
    if wants_sctp(item) and lacks_sctp():
        pytest.skip(f"{NO_SCTP}{lacks_sctp()}")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Count the tests that were skipped because this machine cannot have what they want: the one with DAHDI's drivers (tests/dahdi/rig),
    SCTP (tests/sctp.py), a foreign transfer point (tests/interop/osmo_stp); and those that had to run by the host's clock."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)]
    reasons = [reason.removeprefix("Skipped: ") for reason in reasons]
    for beginning, title, what in WANTED:
        without = sorted({reason.removeprefix(beginning) for reason in reasons if reason.startswith(beginning)})
        if without:
            count = sum(reason.startswith(beginning) for reason in reasons)
            terminalreporter.section(title, sep="!", yellow=True, bold=True)
            terminalreporter.write_line(f"{count} tests of {what} were NOT run: {'; '.join(without)}", yellow=True)
    ended = [report for reports in terminalreporter.stats.values() for report in reports if hasattr(report, "user_properties")]
    late = [str(why) for report in ended for name, why in report.user_properties if name == NO_VIRTUAL_TIME]
    if late:
        terminalreporter.section(NO_VIRTUAL_TIME, sep="!", yellow=True, bold=True)
        words = f"{len(late)} tests in the rig ran by this machine's clock, late if it is busy: {'; '.join(sorted(set(late)))}"
        terminalreporter.write_line(words, yellow=True)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of the run: 1, or that of ``--seed``."""
    chosen: int | None = request.config.getoption("--seed")
    return 1 if chosen is None else chosen


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the long versions are wanted."""
    return bool(request.config.getoption("--long"))
