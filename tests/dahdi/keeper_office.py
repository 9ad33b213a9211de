"""An office on real channels in processes of its own, and the far ends of its lines: for the line keeper, in the machine of ``rig/``.

The office has thirty circuits of China No.1, telephones and lines to another exchange. Here are, stepped by the clock, the exchange at
the far ends of the circuits (engines on a plane of their own) and bare cards at those of the analog lines, which see what the kernel tells
of the lines and hear what comes out of them. Two calls are made: from a circuit to a telephone, and from the other exchange to another one.
"""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pbx._plane import lib

from drivers.dahdi import Dahdi, DahdiSettings
from drivers.line_keeping import KeeperError, look
from pbx.clock import VirtualClock
from pbx.places import MARKS, RUN, marks_in
from pbx.signalling.r2.variant import load_variant
from pbx.store import StoreError, connect
from pbx.vocabulary import media, tones
from tests.interop.openr2 import circuits as r2

HOME = Path(__file__).resolve().parents[2]
IDLE = 0b1011
TICK_S = 0.01
PATIENCE_S = 90.0
LATEST_S = 0.1
SILENCE = 0xD5
SLOT = 3
CONFIGURATION = """
[exchange]
name = "rig"
data_directory = "{data}"
[[span]]
name = "e1"
kind = "cas"
card = "dahdi"
first_channel = 1
[[span]]
name = "tel"
kind = "subscriber"
card = "dahdi"
first_channel = 63
channels = 4
[[span]]
name = "co"
kind = "office"
card = "dahdi"
first_channel = 98
channels = 4
[[trunk_group]]
name = "city"
circuits = ["e1/1-15", "e1/17-31"]
[[trunk_group]]
name = "lines"
circuits = ["co/1-4"]
signalling = "fxo"
number = "8002"
caller_identity = "none"
[[extension]]
number = "8001"
line = "tel/1"
name = "one"
[[extension]]
number = "8002"
line = "tel/2"
name = "two"
[[number]]
prefix = "5"
length = 5
destination = "extension:8001"
[recording]
what = "all"
[console]
port = 0
[line_keeper]
patience_seconds = {patience}
"""


class Office:
    """``zongji run`` on the near channels."""

    def __init__(self, folder: Path, patience_s: float = 30.0, configuration: str = CONFIGURATION) -> None:
        self.data = folder / "data"
        self.config = folder / "office.toml"
        self.config.write_text(configuration.format(data=self.data, patience=patience_s), encoding="utf-8")
        self.log = (folder / "log").open("wb")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it."""
        command = [sys.executable, "-m", "pbx", "run", str(self.config), "--data", str(self.data), "--trace"]
        self.process = subprocess.Popen(command, cwd=HOME, stdout=self.log, stderr=self.log, start_new_session=True)

    @property
    def said(self) -> str:
        """All that it said."""
        return Path(self.log.name).read_text(encoding="utf-8", errors="replace")

    def pid(self, name: str) -> int:
        """The process of this name, as the marks say; 0 = none."""
        marks: dict[str, Any] = marks_in(self.data / RUN / MARKS)
        return int(marks.get("processes", {}).get(name, (0,))[0])

    def kill(self, name: str) -> None:
        """kill -9."""
        os.kill(self.pid(name), signal.SIGKILL)

    def kill_supervisor(self) -> None:
        """kill -9 of the supervisor alone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def keeper(self) -> dict[str, Any]:
        """What the keeper says; empty when there is none."""
        try:
            return look(self.data / RUN / "keeper")
        except KeeperError:
            return {}

    def rows(self, query: str) -> list[Any]:
        """Rows of the store; none while there is none."""
        try:
            connection = connect(self.data / "zongji.sqlite")
        except StoreError:
            return []
        try:
            return [tuple(row) for row in connection.execute(query)]
        finally:
            connection.close()

    def starts(self) -> int:
        """How often a control has begun."""
        return len(self.rows("SELECT 1 FROM facts WHERE kind = 'ControlStarted'"))

    def close(self) -> None:
        """Whatever happened, nothing runs on."""
        marks: dict[str, Any] = marks_in(self.data / RUN / MARKS)
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        pids = [int(pid) for pid, _ in marks.get("processes", {}).values()] + [int(self.keeper().get("process", 0))]
        for pid in filter(None, pids):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.log.close()


class FarEnds:
    """The exchange at the far ends of the circuits, the telephones, the exchange at the far ends of the lines; time passes in ``until``."""

    def __init__(self, monkeypatch: Any) -> None:
        self.trunks = Dahdi(DahdiSettings(32, idle_bits=IDLE, clear_ms=200))
        monkeypatch.setattr(r2, "Wire", lambda settings: self.trunks)
        self.clock = VirtualClock()
        self.circuits = r2.Circuits(load_variant("china"), clock=self.clock)
        self.circuits.start()
        self.phones = Dahdi(DahdiSettings(94, channels=4, kind="offices"))
        self.exchange = Dahdi(DahdiSettings(67, channels=4, kind="subscribers"))
        self.told: list[tuple[Dahdi, int, int, int]] = []
        self.heard: dict[str, bytearray] = {"phone 1": bytearray(), "phone 2": bytearray(), "exchange": bytearray(), "circuit": bytearray()}
        self._tick = 0
        self._began = time.monotonic()
        self.speech = {self.phones: bytes([0x2A]) * 80 * 30, self.exchange: bytes([0x2B]) * 80 * 30}
        """What is said into the analog lines, all the time."""
        self.circuits.plane.send(SLOT - 1, media.Record(0))

    def close(self) -> None:
        """Let go of all channels."""
        for card in (self.trunks, self.phones, self.exchange):
            card.close()

    def step(self) -> None:
        """One tick of everything here."""
        late_s = time.monotonic() - self._began - self._tick * TICK_S
        if late_s > LATEST_S:
            # What was missed is not made up for: the processor is the office's too.
            self._began += late_s
        time.sleep(max(0.0, -late_s))
        self.clock.run_until(self._tick * TICK_S)
        self.heard["circuit"] += self.circuits.plane.read_recorder(0)[::2]
        for card, names in ((self.phones, ("phone 1", "phone 2")), (self.exchange, ("exchange",))):
            sound, events = card.read(self._tick)
            for port, name in enumerate(names):
                self.heard[name] += sound[port * 80 : port * 80 + 80]
            self.told += [(card, event.port, event.kind, event.value) for event in events]
            card.write(self._tick, self.speech[card])
        self._tick += 1

    def until(self, wanted: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
        """Let time pass until it is so."""
        end = time.monotonic() + seconds
        for count in itertools.count():
            if count % 10 == 0 and wanted():
                return
            assert time.monotonic() < end, what
            self.step()

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()

    def has_told(self, card: Dahdi, port: int, kind: int, value: int) -> bool:
        """Whether the kernel has told it."""
        return (card, port, kind, value) in self.told

    # The two calls.

    def call(self) -> None:
        """A caller on a circuit reaches the first telephone, one on a line the second; both are answered."""
        for _ in range(8):
            # A machine that lags loses register signals, and the attempt with them.
            self.circuits.begin(SLOT, r2.Order("51234", calling="1234567", hold=None))
            self.until(lambda: self._rings(0) or self.circuits.lines[SLOT].engine.state == "Idle", "the first telephone is not rung")
            if self._rings(0):
                break
        self.phones.order(0, lib.CARD_ORDER_LOOP, 1)
        self.until(lambda: "answered" in self.circuits.calls[-1].words(), f"no answer on the circuit: {self.circuits.calls[-1].words()}")
        self.circuits.plane.send(SLOT - 1, media.SendTone(tones.progress("dial")))
        self.exchange.order(0, lib.CARD_ORDER_RING, 1)
        self.until(lambda: self._rings(1), "the second telephone is not rung")
        self.exchange.order(0, lib.CARD_ORDER_RING, 0)
        self.phones.order(1, lib.CARD_ORDER_LOOP, 1)
        self.until(lambda: self.has_told(self.exchange, 0, lib.CARD_EVENT_HOOK, 1), "the line is not answered")
        self.until(self.all_hear, "not everybody hears")
        self.told.clear()
        self.circuits.edges.clear()

    def _rings(self, port: int) -> bool:
        return self.has_told(self.phones, port, lib.CARD_EVENT_RINGING, 1)

    def all_hear(self) -> bool:
        """Whether in the last half of a second everybody heard his partner."""
        return all(sum(octet != SILENCE for octet in heard[-4000:]) > 3000 for heard in self.heard.values())

    def longest_silence_ms(self) -> dict[str, float]:
        """The longest time for which each heard nothing, since ``forget``."""
        return {name: max(len(piece) for piece in _pieces(bytes(heard))) / 8 for name, heard in self.heard.items()}

    def forget(self) -> None:
        """What was heard so far."""
        for heard in self.heard.values():
            heard.clear()

    def signals(self) -> list[Any]:
        """What the far ends saw that a call in progress must not show: bits, hook, battery, ringing."""
        bits = [edge for edge in self.circuits.edges if edge.slot == SLOT and edge.what == "bits"]
        line = (lib.CARD_EVENT_HOOK, lib.CARD_EVENT_BATTERY, lib.CARD_EVENT_RINGING)
        return bits + [(card.settings.first_channel, *told) for card, *told in self.told if told[0] < 2 and told[1] in line]

    def release(self) -> None:
        """The callers hang up: the office lets go of both calls."""
        self.circuits.clear(SLOT)
        self.until(lambda: self.circuits.lines[SLOT].engine.state == "Idle", "the circuit is not released")
        self.phones.order(0, lib.CARD_ORDER_LOOP, 0)
        self.phones.order(1, lib.CARD_ORDER_LOOP, 0)
        self.until(lambda: self.has_told(self.exchange, 0, lib.CARD_EVENT_HOOK, 0), "the line is not released")


def _pieces(heard: bytes) -> list[bytes]:
    quiet = bytes(octet == SILENCE for octet in heard)
    return quiet.split(b"\x00")
