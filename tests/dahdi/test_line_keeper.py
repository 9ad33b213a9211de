"""Calls on the kernel's own channels go on while the media plane dies, the whole program is renewed, its supervisor is killed.

And lines are released when nobody comes any more. Runs inside the machine of ``rig/``.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from pbx._plane import lib

from drivers.dahdi import AVAILABLE, Dahdi, DahdiSettings, probe
from drivers.line_keeping import KeptLines, look
from pbx.places import MARKS, RUN
from tests.dahdi.keeper_office import HOME, SLOT, FarEnds, Office
from tests.dahdi.rig.face import Control
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


def test_all_but_the_keeper_is_killed_and_started_anew(office: Office, far: FarEnds) -> None:
    far.call()
    starts = office.starts()
    pids = [office.pid(name) for name in ("control", "plane")]
    office.kill_supervisor()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    far.run(2.0)
    assert far.signals() == []
    far.forget()
    office.start()
    gone_on(office, far, starts)


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "keeper"
    process = subprocess.Popen([sys.executable, "-m", "pbx.line_keeper", str(path)], cwd=HOME)
    try:
        until(path.is_socket, "no keeper")
        yield path
    finally:
        process.kill()
        process.wait()


def until(wanted: Callable[[], object], what: str) -> None:
    """Wait until it is so."""
    end = time.monotonic() + 30
    while not wanted():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class Changed:
    """A card that hands its channels to the keeper, and the cards after it; the far end beside them."""

    def __init__(self, keeper: Path, near: DahdiSettings, far: DahdiSettings) -> None:
        self.keeper, self.settings = keeper, near
        self.lines = KeptLines(str(keeper), 30.0, probe())
        self.near, self.far = Dahdi(near, keeper=self.lines), Dahdi(far)
        self.tick = 0
        self.told: list[tuple[bool, int, int, int]] = []
        self.run(30)

    def run(self, ticks: int) -> None:
        """Step both."""
        for _ in range(ticks):
            for card in (self.near, self.far):
                _, events = card.read(self.tick)
                card.write(self.tick)
                self.told += [(card is self.near, event.port, event.kind, event.value) for event in events]
            self.tick += 1
            time.sleep(0.01)

    def change(self) -> None:
        """The near card ends, and another one adopts its channels."""
        self.near.close()
        self.lines.close()
        self.told.clear()
        time.sleep(0.3)
        self.lines = KeptLines(str(self.keeper), 30.0, probe())
        self.near = Dahdi(self.settings, kept=self.lines.take(), keeper=self.lines)
        self.run(30)

    def seen(self) -> list[tuple[bool, int, int, int]]:
        """What the far end was told."""
        return [event for event in self.told if not event[0]]

    def close(self) -> None:
        """Let go of all."""
        self.near.close()
        self.far.close()
        self.lines.close()


@pytest.mark.parametrize(("first", "far", "idle", "busy"), [(1, 32, 0b1011, 0b0111), (71, 102, 0b1101, 0b0101), (73, 104, 0b1101, 0b0101)])
def test_bits_and_leads_stand_while_cards_change(keeper: Path, first: int, far: int, idle: int, busy: int) -> None:
    """A circuit, a tie line of either kind."""
    ends = Changed(keeper, *(DahdiSettings(at, channels=2, idle_bits=idle, busy_bits=busy) for at in (first, far)))
    ends.near.order(0, lib.CARD_ORDER_BITS, busy)
    ends.far.order(1, lib.CARD_ORDER_BITS, busy)
    ends.run(30)
    ends.change()
    assert ends.near.adopted == {first, first + 1}
    assert ends.seen() == []
    assert (ends.near.levels(0).bits_out, ends.near.levels(1).bits_out) == (busy, idle)
    assert (ends.near.levels(0).bits_in, ends.near.levels(1).bits_in) == (idle, busy)
    ends.near.order(0, lib.CARD_ORDER_BITS, idle)
    ends.run(30)
    assert (False, 0, lib.CARD_EVENT_BITS, idle) in ends.seen()
    ends.close()


def test_a_closed_loop_stays_closed_while_cards_change(keeper: Path) -> None:
    ends = Changed(keeper, DahdiSettings(98, channels=2, kind="offices"), DahdiSettings(67, channels=2, kind="subscribers"))
    ends.near.order(0, lib.CARD_ORDER_LOOP, 1)
    ends.run(30)
    ends.change()
    assert ends.seen() == []
    assert (ends.near.levels(0).hook, ends.near.levels(1).hook) == (1, 0)
    ends.near.order(0, lib.CARD_ORDER_LOOP, 0)
    ends.run(30)
    assert (False, 0, lib.CARD_EVENT_HOOK, 0) in ends.seen()
    ends.close()


def test_a_span_that_is_pulled_is_not_held_by_a_keeper_alone(keeper: Path) -> None:
    ends = Changed(keeper, DahdiSettings(32, channels=2), DahdiSettings(1, channels=2))
    ends.near.close()
    ends.lines.close()
    assert look(keeper)["held"] == [32, 33]
    device = next(folder for folder in Path("/sys/bus/dahdi_devices/devices").iterdir() if (folder / "span-2").exists())
    (device / "unassign_span").write_text("1\n")
    until(lambda: look(keeper)["held"] == [], "the keeper holds what is gone")
    (device / "auto_assign").write_text("1")
    until(lambda: (device / "span-2").exists(), "the span does not come back")
    with Control() as control:
        for channel in (*range(32, 47), *range(48, 63)):
            control.configure(channel, lib.DAHDI_SIG_CAS, 0b1011)
    with Dahdi(DahdiSettings(32, channels=2)) as again:
        assert again.missing() == {}
    ends.far.close()


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
