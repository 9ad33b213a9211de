"""The supervisor: starts the processes of an exchange, restarts control when it dies, stops everything in order.

Four processes: the exchange's plane, its control, and for simulated spans the network's plane and the network's people. The planes run on
whatever happens to the others, so calls go on while control is restarted (restart intensity as configured, 3 in 5 s by default; beyond
it an alarm is raised and control is tried again more slowly). A plane that dies takes its calls with it: everything is started anew,
with an alarm. Leaves out what the processes do.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from config.schema import Configuration, Span
from pbx.exchange import layout_of
from pbx.places import Places
from pbx.plane_process import DahdiChannels, Description, SpanDescription
from pbx.plant import ends_of
from pbx.sound_devices import SoundDescription

HOME = Path(__file__).resolve().parent.parent
POLL_S = 0.05
STOP_PATIENCE_S = 12.0
SLOW_RESTART_S = 5.0
READY_PATIENCE_S = 30.0


OVERTAKEN = 3
"""What a control that was overtaken returns (pbx/control_process.py): no death, and no reason to start one more."""


class StartError(Exception):
    """A process did not come up; the text says which and what it said."""


class Supervisor:
    """One exchange's processes."""

    def __init__(
        self,
        configuration: Configuration,
        config_path: Path,
        places: Places,
        *,
        trace: bool = False,
        show: bool = False,
        keep: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.configuration = configuration
        self.config_path = config_path.absolute()
        self.places = places
        self.control_arguments = ["--trace"] if trace else []
        self.network_arguments = (["--show"] if show else []) + (["--keep"] if keep else [])
        self.say = say or (lambda text: sys.stderr.write(f"{text}\n") and None)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.restarts: list[float] = []
        self.restarted = 0
        self.alarm = ""
        self.heard: list[str] = []
        self._restart_at: float | None = None
        self._stopping = False

    @property
    def simulated(self) -> list[Span]:
        """Spans whose far end is the simulated network."""
        return [span for span in self.configuration.spans if span.simulated]

    def start(self) -> None:
        """Start everything, planes first; StartError when one does not come up."""
        self.places.make()
        for path in (self.places.arena, self.places.network_arena):
            path.unlink(missing_ok=True)
        self.places.write_marks(pid=os.getpid(), started=time.time_ns(), config=str(self.config_path))
        spans = self.configuration.spans
        self._start_plane("plane", self.places.arena, [self._near(span) for span in spans])
        if self.simulated:
            self._start_plane("network-plane", self.places.network_arena, [self._far(span) for span in spans])
        self._start_control()
        if self.simulated:
            self._start_network()

    def run(self, until: Callable[[], bool] | None = None) -> None:
        """Watch over the processes until ``until()`` or a signal to stop."""
        before = {number: signal.signal(number, self._asked_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while not self._stopping and not (until is not None and until()):
                self._hear(POLL_S)
                self._watch()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """Stop people first, then control (which brings its records to the disk), then the planes."""
        self._stopping = True
        for name in ("network", "control", "network-plane", "plane"):
            process = self.processes.pop(name, None)
            if process is None:
                continue
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(STOP_PATIENCE_S)
                except subprocess.TimeoutExpired:
                    self.say(f"{name} did not stop in {STOP_PATIENCE_S:g} s and was killed")
                    process.kill()
                    process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self.places.marks.unlink(missing_ok=True)

    # Starting.

    def _near(self, span: Span) -> SpanDescription:
        ends = ends_of(self.configuration, span)
        return SpanDescription(
            kind=ends.near,
            crc4="on" if span.crc4 else "off",
            idle_bits=ends.idle_bits,
            name=span.name,
            dahdi=DahdiChannels.of(span, ends.busy_bits) if span.card == "dahdi" else None,
            listen=str(self.places.socket(span)) if span.card == "wire" else "",
            lockstep=span.mode == "lockstep",
            patience_s=self.configuration.alarm.silent_peer_seconds,
        )

    def _far(self, span: Span) -> SpanDescription:
        """The far side; a span of an outside program keeps its place in the numbering of ports, unconnected."""
        ends = ends_of(self.configuration, span)
        return SpanDescription(
            kind=ends.far,
            crc4="on" if span.crc4 else "off",
            idle_bits=ends.idle_bits,
            name=span.name,
            connect=str(self.places.socket(span)) if span.simulated else "",
            lockstep=span.mode == "lockstep",
        )

    def _spawn(self, name: str, module: str, arguments: list[str], **pipes: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=HOME,
            env={**os.environ, "PYTHONPATH": str(HOME)},
            start_new_session=True,
            **pipes,
        )
        self.processes[name] = process
        return process

    def _start_plane(self, name: str, arena: Path, spans: list[SpanDescription]) -> None:
        devices = self.configuration.sound_devices if arena == self.places.arena else []
        sounds = [SoundDescription(row.name, row.capture, row.playback) for row in devices]
        description = Description(spans=spans, sounds=sounds, layout=layout_of(self.configuration))
        process = self._spawn(
            name, "pbx.plane_process", [str(arena)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(msgspec.json.encode(description))
        process.stdin.close()
        if not select.select([process.stdout], [], [], READY_PATIENCE_S)[0] or process.stdout.readline() != b"ready\n":
            self.stop()
            raise StartError(f"{name} did not come up; its complaint stands above")

    def _start_control(self) -> None:
        arguments = [str(self.config_path), "--data", str(self.places.data), *self.control_arguments]
        self._spawn("control", "pbx.control_process", arguments)

    def _start_network(self) -> None:
        arguments = [str(self.config_path), "--data", str(self.places.data), *self.network_arguments]
        self._spawn("network", "pbx.network_process", arguments, stdout=subprocess.PIPE)

    # Watching.

    def _hear(self, seconds: float) -> None:
        """What the network's people report."""
        network = self.processes.get("network")
        if network is None or network.stdout is None:
            time.sleep(seconds)
            return
        if select.select([network.stdout], [], [], seconds)[0]:
            text = network.stdout.readline().decode().strip()
            if text:
                self.heard.append(text)
            else:
                time.sleep(seconds)

    def _watch(self) -> None:
        for name, process in list(self.processes.items()):
            if process.poll() is None or self._stopping:
                continue
            if name == "control" and process.returncode == OVERTAKEN and self._restart_at is None:
                del self.processes[name]
                self.say("control ended because another one has taken over; that one is not supervised here")
            elif name == "control":
                self._control_died(process.returncode)
            elif name == "network":
                del self.processes[name]
                self.say(f"the simulated network ended with code {process.returncode}")
            else:
                self._raise_alarm(f"{name} died with code {process.returncode}: its calls are lost, everything starts anew")
                self.stop()
                self._stopping = False
                self.start()
                return

    def _control_died(self, code: int) -> None:
        now = time.monotonic()
        if self._restart_at is None:
            alarm = self.configuration.alarm
            self.restarts = [at for at in self.restarts if now - at < alarm.restart_window_seconds]
            often = len(self.restarts) >= alarm.restarts
            if often:
                self._raise_alarm(f"control died {alarm.restarts + 1} times in {alarm.restart_window_seconds:g} s (code {code})")
            else:
                self.say(f"control died with code {code}; calls go on, a new control takes over")
            self._restart_at = now + (SLOW_RESTART_S if often else 0.0)
        if now >= self._restart_at:
            self._restart_at = None
            self.restarts.append(now)
            self.restarted += 1
            self._start_control()

    def _raise_alarm(self, text: str) -> None:
        self.alarm = text
        self.say(f"ALARM: {text}")
        with self.places.data.joinpath("alarms.txt").open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")

    def _asked_to_stop(self, number: int, frame: object) -> None:
        self._stopping = True
