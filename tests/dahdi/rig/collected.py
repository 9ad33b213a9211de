"""Tests that are run inside the machine: those of a module that has a ``SYSTEM_CONF``, all in one boot; likewise those of any module
that want associations of SCTP (tests/sctp.py), where the host's kernel has none.

Outside, the first of them boots the machine and lets pytest run the module's chosen tests in there; each test's reports come back as
lines of JSON, in pytest's own form, and are reported here as if they had been made here: names, durations, tracebacks, skips. Under
pytest-xdist one worker boots and the others wait for what it finds. They run in virtual time unless the module says ``CLOCK = "real"``;
it may also say ``PATIENCE_S``, how long they may take by the host's clock, ``MEMORY_MIB`` and ``MILLISECOND_CLOCK``, and have a function
``prepare_machine``, which is called outside before it boots. What the machine said stays in ``build/dahdi/runs``: ``console``, ``output``,
and whatever tests wrote to the folder that ``results()`` tells.

Where no machine can be had the tests are skipped with the reason, a warning is given, and the summary counts them (tests/conftest.py).
Where virtual time cannot be had they run by the host's clock, and the summary counts them too.
"""

import contextlib
import fcntl
import json
import os
import shutil
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dahdi.rig.archive import NO_RIG, NO_VIRTUAL_TIME, NoRigError
from tests.dahdi.rig.build import HOME, ready
from tests.dahdi.rig.kernels import Clock
from tests.dahdi.rig.machine import INSIDE, RESULTS, Machine, MachineError
from tests.sctp import NO_SCTP, lacks_sctp, wants_sctp

RUNS = HOME / "build/dahdi/runs"
KEPT_RUNS = 4
SETTINGS = ("PATIENCE_S", "MEMORY_MIB", "MILLISECOND_CLOCK")
REPORTS = "reports.jsonl"
_KNOWN = pytest.StashKey[dict[str, dict[str, list[Any]]]]()


def is_inside() -> bool:
    """Whether this process runs in the machine."""
    return os.environ.get(INSIDE) == "1"


def results() -> Path:
    """Inside: the folder of the host that can be written to."""
    return Path(os.environ[RESULTS])


def wants_machine(item: pytest.Item) -> bool:
    """Whether a test is to be run in the machine, and we are not there."""
    return not is_inside() and (_has_lines(item) or (wants_sctp(item) and bool(lacks_sctp())))


def _has_lines(item: pytest.Item) -> bool:
    """Whether a test wants lines of DAHDI."""
    return hasattr(getattr(item, "module", None), "SYSTEM_CONF")


def run_inside(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Report what became of the test in the machine; False, with the test marked as skipped, where there is none."""
    try:
        reports = _reports(item)
    except NoRigError as refusal:
        reason = f"{NO_RIG}{refusal}" if _has_lines(item) else f"{NO_SCTP}{lacks_sctp()}, and {NO_RIG}{refusal}"
        warnings.warn(pytest.PytestWarning(reason), stacklevel=1)
        item.add_marker(pytest.mark.skip(reason=reason))
        return False
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    wanting = ready().without_virtual_time if _clock(item) == "virtual" else ""
    for data in reports:
        if wanting and data.get("when") == "call":
            data["user_properties"].append([NO_VIRTUAL_TIME, wanting])
        report = item.config.hook.pytest_report_from_serializable(config=item.config, data=data)
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    # What earlier tests left for us and the following one does not need. pytest has no public word for this without a set-up of our own.
    item.session._setupstate.teardown_exact(following)
    return True


def _clock(item: pytest.Item) -> Clock:
    """By which clock the tests of a module want to run."""
    chosen: Clock = getattr(item.module, "CLOCK", "virtual")  # type: ignore[attr-defined]
    return chosen


def _reports(item: pytest.Item) -> list[dict[str, Any]]:
    """The reports of one test; the machine is booted if nobody has done so for its module."""
    known = item.config.stash.setdefault(_KNOWN, {})
    module = item.nodeid.partition("::")[0]
    if module not in known:
        known[module] = _module_reports(item, module)
    reports = known[module].get(item.nodeid, [])
    # Every test's last report is that of its teardown; without it the machine died in the test.
    return reports if any(data["when"] == "teardown" for data in reports) else [*reports, _lost(item, known[module][""][0])]


def _module_reports(item: pytest.Item, module: str) -> dict[str, list[Any]]:
    """Reports by test; under the empty name, what is to be said of tests that have none."""
    stem = Path(module).stem
    folder = RUNS / _run_name(item.config) / (stem if _has_lines(item) else f"sctp-{stem}")
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock"):
        if not (folder / "ended").exists():
            (folder / "ended").write_text(_boot(item, module, folder))
    found: dict[str, list[Any]] = defaultdict(list)
    found[""] = [(folder / "ended").read_text()]
    reports = folder / REPORTS
    for line in reports.read_text().splitlines() if reports.exists() else []:
        data = json.loads(line)
        if data.get("outcome") == "skipped" and isinstance(data["longrepr"], list):
            data["longrepr"] = tuple(data["longrepr"])  # place and reason, of which JSON makes a list and pytest wants a tuple
        if data.get("outcome") == "failed":
            data["sections"].append(["the machine", f"what it said is in {folder}"])
        found[data["nodeid"]].append(data)
    return found


def _boot(item: pytest.Item, module: str, folder: Path) -> str:
    """Run the module's tests of this session in one machine; returns how that ended, for tests that left no report."""
    chosen = [other.nodeid for other in item.session.items if other.nodeid.partition("::")[0] == module and wants_machine(other)]
    settings = vars(item.module)  # type: ignore[attr-defined]
    further = {name.lower(): settings[name] for name in SETTINGS if name in settings}
    machine = Machine(ready(), settings.get("SYSTEM_CONF", ""), clock=_clock(item), sctp=not _has_lines(item), **further)
    settings.get("prepare_machine", lambda: None)()
    seed = item.config.getoption("--seed")
    options = ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "tests.dahdi.rig.reporter", f"--rootdir={item.config.rootpath}"]
    options += [] if seed is None else [f"--seed={seed}"]
    try:
        outcome = machine.run(["python", "-m", "pytest", *options, *chosen], folder)
    except MachineError as error:
        return str(error)
    return f"pytest in the machine ended with {outcome.code}:\n{outcome.output[-4000:]}"


def _lost(item: pytest.Item, words: str) -> dict[str, Any]:
    """The report of a test of which the machine said nothing."""
    told = f"no word of the end of this test from the machine\n{words}"
    report = pytest.TestReport(item.nodeid, item.location, {}, "failed", told, "call")
    data: dict[str, Any] = item.config.hook.pytest_report_to_serializable(config=item.config, report=report)
    return data


def _run_name(config: pytest.Config) -> str:
    """One name for all workers of a run. Older runs are taken away."""
    worker = getattr(config, "workerinput", None)
    name = str(worker["testrunuid"]) if worker else f"alone-{os.getpid()}"
    if not (RUNS / name).exists() and RUNS.exists():
        for old in sorted(RUNS.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT_RUNS]:
            shutil.rmtree(old, ignore_errors=True)
    return name


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
