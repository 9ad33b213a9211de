"""``kill -9`` of control in real time: thirty calls go on without a break, a new control adopts them, each gets its record."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recovery.real_office import Office, silence_ms


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_thirty_calls_outlive_their_control(office: Office) -> None:
    office.establish()
    calls = office.connected()
    assert calls >= 30
    edges, ways = office.edges(), office.recorded([])
    died = office.kill_control()
    office.wait(lambda: len(office.starts()) > 1, "no new control")
    office.note("take-over after", office.starts()[1] - died)
    office.run(1.5)
    ways = office.recorded(ways)
    for heard in ways:
        assert len(heard) > 8000
        assert silence_ms(heard) <= 20
    assert office.edges() == edges
    assert office.connected() == calls
    established = {call for (call,) in office.rows("SELECT DISTINCT call FROM calls WHERE ended_at IS NULL")}
    assert len(established) == calls
    recordings = list(office.places.recordings.rglob("*.wav"))
    size = recordings[0].stat().st_size
    office.run(1.0)
    office.everybody_hangs_up()
    assert recordings[0].stat().st_size > size
    assert office.stop() == 0
    assert list(office.places.recordings.rglob("*.wav")) == recordings
    rows = office.rows("SELECT call, leg FROM cdr")
    assert len(rows) == len(set(rows)), "a record is doubled"
    assert established <= {call for call, _ in rows}, "a record is missing"
    assert not office.rows("SELECT call FROM calls WHERE ended_at IS NULL")
    assert not office.rows("SELECT call FROM cdr WHERE cause = 41")
    assert office.rows("SELECT count(*) FROM facts WHERE kind = 'Adopted'")[0][0] >= 30


def test_alarm_after_four_deaths_and_everything_anew_after_the_death_of_the_plane(office: Office) -> None:
    alarms = office.places.data / "alarms.txt"
    for count in range(1, 5):
        office.wait(lambda count=count: office.pid("control") > 0, "no control")  # type: ignore[misc]
        office.kill_control()
        office.run(0.2)
    office.wait(alarms.exists, "no alarm")
    assert "control died 4 times" in alarms.read_text(encoding="utf-8")
    before = len(office.starts())
    office.wait(lambda: len(office.starts()) > before, "control does not come back")
    caller = office.network.subscriber("13900000001")
    assert caller.dial("10086")
    office.wait(lambda: caller.state == "talking", "no answer after the alarm")
    before = len(office.starts())
    plane = office.pid("plane")
    os.kill(plane, signal.SIGKILL)
    end = time.monotonic() + 30
    while len(office.starts()) == before and time.monotonic() < end:
        time.sleep(0.1)
    assert len(office.starts()) > before
    assert "plane died" in alarms.read_text(encoding="utf-8")
    children = [office.pid(name) for name in ("plane", "control", "network")]
    assert office.stop() == 0
    assert not any(Path(f"/proc/{child}").exists() for child in children if child)
    assert not office.rows("SELECT call FROM calls WHERE ended_at IS NULL")
