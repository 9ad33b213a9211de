"""Calls on the kernel's own channels go on while the media plane dies, the whole program is renewed, its supervisor is killed.

And lines are released when nobody comes any more. Runs inside the machine of ``rig/``.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from pbx._plane import lib

from drivers.dahdi import AVAILABLE
from pbx.places import MARKS, RUN
from tests.dahdi.keeper_office import HOME, SLOT, FarEnds, Office
from tests.dahdi.rig.machine import TWO_PAIRS

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = TWO_PAIRS.replace(":1001", ":1011")
PATIENCE_S = 900.0
CLOCK_S = 0.5
"""So much may the exchange's clock differ from this one: it has begun twice, each time at a tick."""


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[FarEnds]:
    ends = FarEnds(monkeypatch)
    yield ends
    ends.close()


@pytest.fixture
def office(tmp_path: Path, far: FarEnds) -> Iterator[Office]:
    made = Office(tmp_path)
    try:
        far.until(lambda: "control: ready" in made.said, "the office does not come up")
        far.run(3.0)
        yield made
    finally:
        made.close()
        sys.stdout.write(made.said[-6000:])


def gone_on(office: Office, far: FarEnds, starts: int) -> None:
    """Both calls are up, nobody saw a signal, everybody hears; then they end as calls end, with one record each."""
    far.until(lambda: office.starts() > starts, "no new control")
    far.until(far.all_hear, "not everybody hears again")
    far.run(2.0)
    assert far.signals() == []
    sys.stderr.write(f"longest silence: {far.longest_silence_ms()}\n")
    hung_up_at = time.time()
    far.release()
    # An attempt whose register signals a lagging machine lost has a record too.
    query = "SELECT line, direction, cause, answered_at, ended_at, duration_s FROM cdr WHERE answered_at IS NOT NULL ORDER BY line"
    far.until(lambda: len(office.rows(query)) >= 2, "no records")
    records = office.rows(query)
    assert [record[:3] for record in records] == [("co/1", "incoming", 16), (f"e1/{SLOT}", "incoming", 16)]
    for *_, answered_at, ended_at, duration_s in records:
        assert ended_at - answered_at == pytest.approx(duration_s)
        assert hung_up_at - CLOCK_S < ended_at < time.time() + CLOCK_S, "the time without a plane counts"


def test_the_plane_is_killed(office: Office, far: FarEnds) -> None:
    far.call()
    far.forget()
    starts = office.starts()
    office.kill("plane")
    gone_on(office, far, starts)


def test_the_whole_program_is_renewed(office: Office, far: FarEnds) -> None:
    far.call()
    far.forget()
    starts = office.starts()
    asked = subprocess.Popen(
        [sys.executable, "-m", "pbx", "restart", "--data", str(office.data)], cwd=HOME, stdout=subprocess.PIPE, text=True
    )
    far.until(lambda: asked.poll() is not None, "restart does not end")
    said = asked.communicate()[0]
    sys.stderr.write(said)
    assert asked.returncode == 0 and "2 calls went over, 0 did not" in said
    gone_on(office, far, starts)


def test_the_supervisor_is_killed_and_started_anew(office: Office, far: FarEnds) -> None:
    far.call()
    far.forget()
    office.kill_supervisor()
    far.run(2.0)
    assert far.signals() == [] and far.all_hear(), "nobody needs a supervisor to talk"
    starts = office.starts()
    office.start()
    gone_on(office, far, starts)


def test_lines_are_released_when_nobody_comes(tmp_path: Path, far: FarEnds) -> None:
    office = Office(tmp_path, patience_s=5.0)
    try:
        far.until(lambda: "control: ready" in office.said, "the office does not come up")
        far.run(3.0)
        far.call()
        plane = office.pid("plane")
        office.kill_supervisor()
        os.kill(plane, 9)
        far.run(2.0)
        assert far.signals() == [], "for so long they are held"
        far.until(lambda: not office.keeper(), "the keeper does not give up")
        far.until(lambda: far.has_told(far.exchange, 0, lib.CARD_EVENT_HOOK, 0), "the line stays seized")
        far.until(lambda: any(edge.slot == SLOT and edge.what == "bits" for edge in far.circuits.edges), "the circuit stays seized")
        assert (office.data / RUN / MARKS).exists(), "nobody cleared up"
    finally:
        office.close()
