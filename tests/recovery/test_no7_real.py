"""The example with No. 7 in real time: links come up, control is killed, links go on in the plane, all can be read in the captures."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from config.loader import load
from config.schema import Configuration
from pbx.places import Places
from pbx.standing_alarms import WELL
from pbx.vocabulary.facts import decode

HOME = Path(__file__).parents[2]
EXAMPLE = HOME / "config/no7.toml"
PATIENCE_S = 60.0


class Office:
    """``zongji run config/no7.toml``."""

    def __init__(self, folder: Path) -> None:
        configuration = load(EXAMPLE)
        assert isinstance(configuration, Configuration)
        self.places = Places(configuration, folder / "data")
        self.log = folder / "log.txt"
        self._file = self.log.open("wb")
        command = [sys.executable, "-m", "pbx", "run", str(EXAMPLE), "--data", str(self.places.data)]
        self.process = subprocess.Popen(command, cwd=HOME, stdout=self._file, stderr=self._file, start_new_session=True)

    def facts(self, kind: str) -> list[Any]:
        """All of a kind that are in the store."""
        if not self.places.store.exists():
            return []
        with closing(sqlite3.connect(f"file:{self.places.store}?mode=ro", uri=True)) as store:
            try:
                rows = store.execute("SELECT octets FROM facts WHERE kind = ? ORDER BY sequence", (kind,)).fetchall()
            except sqlite3.OperationalError:  # the tables are made in a moment
                return []
        return [decode(octets) for (octets,) in rows]

    def wait(self, wanted: Callable[[], object], what: str) -> None:
        """Until it has come."""
        end = time.monotonic() + PATIENCE_S
        while not wanted():
            assert time.monotonic() < end, f"{what}: {self.log.read_text()}"
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)

    def cleared(self) -> set[str]:
        """What is in service again."""
        return {fact.source for fact in self.facts("AlarmCleared")}

    def kill_control(self) -> None:
        """kill -9 of the process that is called ``pbx.control_process``."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        (control,) = [pid for pid in children if b"pbx.control_process" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(int(control), signal.SIGKILL)

    def captured(self) -> list[dict[str, Any]]:
        """The messages and status units in the captures, as ``zongji decode`` tells them."""
        found = []
        for file in sorted(self.places.signalling.glob("*.pcap")):
            told = subprocess.run([sys.executable, "-m", "pbx", "decode", "--json", str(file)], cwd=HOME, capture_output=True, check=True)
            found += [json.loads(line) for line in told.stdout.splitlines()]
        return found

    def stop(self) -> int:
        """Ctrl-C."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(30)
        self._file.close()
        return code


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    try:
        yield made
    finally:
        made.stop()


def test_links_outlive_control_in_real_time(office: Office) -> None:
    wanted = {"link toll-a", "link toll-b", "point 21-100-51", "point 21-100-77"}
    office.wait(lambda: wanted <= office.cleared(), "the network is not reached")
    time.sleep(2.0)
    raised = len(office.facts("AlarmRaised"))
    with closing(sqlite3.connect(office.places.store)) as store, store:
        store.execute("INSERT INTO alarms VALUES ('link toll-a', 'raised by a control that died before it could clear it', 0)")
    office.kill_control()
    office.wait(lambda: len(office.facts("ControlStarted")) == 2, "no new control")
    time.sleep(3.0)
    assert len(office.facts("AlarmRaised")) == raised
    office.wait(lambda: WELL in {fact.text for fact in office.facts("AlarmCleared")}, "the alarm is left open")
    assert office.stop() == 0
    units = office.captured()
    kinds = [unit.get("name", unit.get("kind", "")) for unit in units]
    assert len(units) > 20, units
    assert not (office.places.data / "faults.txt").exists()
    text = json.dumps(units)
    for name in ("SLTM", "TRA", "GRS", "GRA"):
        assert name in text, (name, kinds)
    assert text.count("SIOS") <= 4, "a link has been aligned anew"
