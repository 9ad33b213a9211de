"""The supervisor: starts the processes of an exchange, restarts control when it dies, stops everything in order.

Four processes: the exchange's plane, its control, and for simulated spans the network's plane and the network's people. The planes run on
whatever happens to the others, so calls go on while control is restarted (restart intensity as configured, 3 in 5 s by default; beyond
it an alarm is raised and control is tried again more slowly). A plane that dies takes its calls with it, and everything is started
anew, with an alarm; but where there are spans on DAHDI the line keeper (pbx/line_keeper.py) has held their channels, and calls on them
go on. So they do when the whole program is renewed: on SIGUSR2 the supervisor becomes the program that is on the disk now (exec),
which relieves the processes before it (pbx/predecessor.py), as does one that is started after another was killed. Leaves out what
the processes do.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import msgspec

from config.schema import Configuration, Span
from drivers import line_keeping
from drivers.line_keeping import KeeperError
from pbx import handover, predecessor
from pbx.exchange import layout_of
from pbx.handover import Handover, Settled
from pbx.media import TICK_SECONDS, Layout, Plane
from pbx.places import Places
from pbx.plane_process import STANDBY, STANDING_BY, DahdiChannels, Description, SpanDescription
from pbx.plant import ends_of, lines_that_outlive_planes, port_kinds_of, ports_of
from pbx.predecessor import Predecessor
from pbx.sound_devices import SoundDescription

HOME = Path(__file__).resolve().parent.parent
POLL_S = 0.05
STOP_PATIENCE_S = 12.0
SLOW_RESTART_S = 5.0
READY_PATIENCE_S = 30.0
SETTLE_TICKS = 10
"""Of a new plane, until what stands on its lines is recognised: control, which goes by it, is not started sooner."""
KEEPER_LOOK_S = 1.0
KEEPER_PATIENCE_S = 5.0


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
        self._renewing = False
        self._marks: dict[str, Any] = {}
        self._keeper: subprocess.Popen[bytes] | None = None
        self._standby: subprocess.Popen[bytes] | None = None
        self._keeper_seen = 0.0

    @property
    def keeps_lines(self) -> bool:
        """Whether channels are held while planes change."""
        return self.configuration.line_keeper.patience_seconds > 0 and any(span.card == "dahdi" for span in self.configuration.spans)

    @property
    def simulated(self) -> list[Span]:
        """Spans whose far end is the simulated network."""
        return [span for span in self.configuration.spans if span.simulated]

    def start(self) -> None:
        """Start everything, planes first, and go on with what processes before us left; StartError when one does not come up."""
        # Asked while it starts, it does so when it has.
        signal.signal(signal.SIGUSR2, self._asked_to_renew)
        self.places.make()
        before = Predecessor.of(self.places)
        self._stand_by()
        try:
            plane = self._standby_there()
        except StartError:
            if before is not None:
                before.clear()
            raise
        left = self._relieve(before) if before is not None else None
        for path in (self.places.arena, self.places.network_arena, self.places.handover):
            path.unlink(missing_ok=True)
        now = time.time_ns()
        self._mark(
            pid=os.getpid(),
            started=now,
            config=str(self.config_path),
            boot=predecessor.boot(),
            ring=left.ring if left is not None else f"arena-{os.getpid()}-{now}",
            ports=ports_of(self.configuration),
        )
        self.processes["plane"] = plane
        self._begin_plane(left, before)
        if self.simulated:
            self._spawn_plane("network-plane", self.places.network_arena)
            self._describe("network-plane", Description(spans=[self._far(span) for span in self.configuration.spans], layout=self._layout))
        self._start_control()
        if self.simulated:
            self._start_network()
        if left is None:
            self._write_report(Settled(0, 0), 0.0)
        if self.keeps_lines:
            self._stand_by()

    def _stand_by(self) -> None:
        """A plane that has loaded everything waits: lines are without sound for as long as a new plane takes to begin."""
        if self._standby is None or self._standby.poll() is not None:
            arguments = [str(self.places.arena), STANDBY]
            self._standby = self._spawn("", "pbx.plane_process", arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _stand_down(self) -> None:
        if self._standby is not None:
            self._standby.kill()
            self._standby.communicate()
            self._standby = None

    def _standby_there(self) -> "subprocess.Popen[bytes]":
        process, self._standby = self._standby, None
        assert process is not None and process.stdout is not None
        if not select.select([process.stdout], [], [], READY_PATIENCE_S)[0] or process.stdout.readline() != STANDING_BY:
            process.kill()
            process.wait()
            self.stop()
            raise StartError("plane did not come up; its complaint stands above")
        return process

    # What was before us.

    def _relieve(self, before: Predecessor) -> Handover | None:
        """End the processes before us. Without anything that tells of their calls, lines are let go: they would stay seized."""
        left = before.relieve() if self.keeps_lines else None
        if not self.keeps_lines:
            before.clear()
        if left is None:
            self._end_keeper()
        return left

    def _begin_plane(self, left: Handover | None, before: Predecessor | None) -> None:
        if self.keeps_lines:
            self._keep_lines()
        poles = {line.line for line in left.lines if line.polarity_reversed} if left is not None else set()
        devices = self.configuration.sound_devices
        description = Description(
            spans=[self._near(span, poles) for span in self.configuration.spans],
            sounds=[SoundDescription(row.name, row.capture, row.playback) for row in devices],
            layout=self._layout,
            keeper=str(self.places.keeper) if self.keeps_lines else "",
            patience_s=self.configuration.line_keeper.patience_seconds,
        )
        if left is not None:
            description = msgspec.structs.replace(description, epoch=left.epoch, clock_zero_s=left.clock_zero_s)
        channels = self._describe("plane", description)
        plane = Plane.attach(str(self.places.arena))
        try:
            if left is not None and before is not None:
                self._settle(plane, left, channels, before.last_tick_s)
        finally:
            plane.close()

    def _settle(self, plane: Plane, left: Handover, channels: list[int], last_tick_s: float) -> None:
        """Calls go on as soon as the parties hear each other; who signals waits for control."""
        plane.raise_epoch()
        for port, kind in port_kinds_of(self.configuration).items():
            plane.configure_port(port, kind)
        kept = lines_that_outlive_planes(self.configuration, channels)
        settled = handover.settle(plane, left, ports_of(self.configuration), kept, self._layout)
        self._await_ticks(plane, 2)
        silent_s = time.monotonic() - last_tick_s
        self._await_ticks(plane, SETTLE_TICKS)
        self._report(settled, silent_s)

    def _await_ticks(self, plane: Plane, ticks: int) -> None:
        """Until the new plane has run so many; a loaded machine may keep it waiting."""
        until = time.monotonic() + READY_PATIENCE_S
        while plane.counters()["ticks"] < ticks and time.monotonic() < until and self.processes["plane"].poll() is None:
            time.sleep(TICK_SECONDS / 5)

    def _report(self, settled: Settled, silent_s: float) -> None:
        self.say(f"{settled.calls} calls go on, {settled.ended} could not; lines were without sound for {1000 * silent_s:.0f} ms")
        self._write_report(settled, silent_s)

    def _write_report(self, settled: Settled, silent_s: float) -> None:
        found = {"calls": settled.calls, "ended": settled.ended, "silent_ms": round(1000 * silent_s), "pid": os.getpid()}
        part = self.places.restarted.with_suffix(".part")
        part.write_bytes(msgspec.json.encode(found))
        part.replace(self.places.restarted)

    def run(self, until: Callable[[], bool] | None = None) -> None:
        """Watch over the processes until ``until()`` or a signal to stop."""
        before = {number: signal.signal(number, self._asked_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while not self._stopping and not (until is not None and until()):
                self._hear(POLL_S)
                self._watch()
                if self._renewing:
                    self._renew()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """Stop people first, then control (which brings its records to the disk), then the planes; then no line is held any more."""
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
        self._stand_down()
        self._end_keeper()
        self.places.marks.unlink(missing_ok=True)

    # Starting.

    @property
    def _layout(self) -> Layout:
        return layout_of(self.configuration)

    def _near(self, span: Span, poles: Collection[str] = ()) -> SpanDescription:
        """``poles`` names lines towards an exchange whose poles were reversed in the plane before."""
        ends = ends_of(self.configuration, span)
        channels = DahdiChannels.of(span, ends.busy_bits) if span.card == "dahdi" else None
        if channels is not None:
            slots = [int(slot) for name, _, slot in (line.rpartition("/") for line in poles) if name == span.name]
            channels.reversed_poles = [span.first_channel + slot - 1 for slot in slots]
        return SpanDescription(
            kind=ends.near,
            crc4="on" if span.crc4 else "off",
            idle_bits=ends.idle_bits,
            name=span.name,
            dahdi=channels,
            signalling_channels=span.signalling_channels if span.card == "wire" else [],
            speech_in_slot_16=span.speech_in_slot_16,
            clear_channel=span.kind == "signalling",
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
            signalling_channels=span.signalling_channels if span.card == "wire" else [],
            speech_in_slot_16=span.speech_in_slot_16,
            clear_channel=span.kind == "signalling",
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
        if name:
            self.processes[name] = process
        if self._marks:
            self._mark()
        return process

    def _mark(self, **more: object) -> None:
        """Say who runs here, for those who come after us, however we end."""
        self._marks |= more
        known = {name: (process.pid, predecessor.started(process.pid)) for name, process in self.processes.items()}
        self.places.write_marks(**self._marks, processes=known)

    def _spawn_plane(self, name: str, arena: Path) -> None:
        self._spawn(name, "pbx.plane_process", [str(arena)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _describe(self, name: str, description: Description) -> list[int]:
        """Tell a plane what it is to be; the channels that it found open, once it is ready."""
        process = self.processes[name]
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(msgspec.json.encode(description))
            process.stdin.close()
        lines: list[bytes] = []
        if select.select([process.stdout], [], [], READY_PATIENCE_S)[0]:
            # What is said in one breath is not waited for twice.
            lines = [process.stdout.readline() for _ in range(2 if description.keeper else 1)]
        if not lines or lines[-1] != b"ready\n":
            self.stop()
            raise StartError(f"{name} did not come up; its complaint stands above")
        return [int(channel) for channel in lines[0].split()[1:]]

    # The line keeper.

    def _keep_lines(self) -> None:
        """There is a line keeper: that of systemd (config/systemd), that of processes before us, or our own."""
        self._keeper_seen = time.monotonic()
        with contextlib.suppress(KeeperError):
            line_keeping.look(self.places.keeper)
            return
        if self._keeper is not None and self._keeper.poll() is None:
            self._keeper.kill()
        # Not of our processes: it outlives us.
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "pbx.line_keeper", str(self.places.keeper)],
            cwd=HOME,
            env={**os.environ, "PYTHONPATH": str(HOME)},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + KEEPER_PATIENCE_S
        while time.monotonic() < until and self._keeper.poll() is None:
            with contextlib.suppress(KeeperError):
                line_keeping.look(self.places.keeper)
                return
            time.sleep(POLL_S / 5)
        self.say("the line keeper does not come up: calls will not outlive the media plane")

    def _end_keeper(self) -> None:
        """Whatever it holds is released."""
        with contextlib.suppress(KeeperError):
            line_keeping.end(self.places.keeper)
        if self._keeper is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._keeper.wait(KEEPER_PATIENCE_S)
            self._keeper = None

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
        if self.keeps_lines and time.monotonic() - self._keeper_seen > KEEPER_LOOK_S:
            self._keep_lines()
        for name, process in list(self.processes.items()):
            if process.poll() is None or self._stopping:
                continue
            if name == "control" and process.returncode == OVERTAKEN and self._restart_at is None:
                del self.processes[name]
                self.say("control ended because another one has taken over; that one is not supervised here")
            elif name == "control":
                self._control_died(process.returncode)
            elif name == "plane" and self.keeps_lines:
                self._plane_died(process.returncode)
                return
            elif name == "network":
                del self.processes[name]
                self.say(f"the simulated network ended with code {process.returncode}")
            else:
                self._raise_alarm(f"{name} died with code {process.returncode}: its calls are lost, everything starts anew")
                self.stop()
                self._stopping = False
                self.start()
                return

    def _plane_died(self, code: int) -> None:
        """Its channels are held, what is known of its calls stands in the arena: a new one goes on with both."""
        self._raise_alarm(f"plane died with code {code}; a new one goes on with the calls on real lines")
        for process in self.processes.values():
            if process.stdout is not None:
                process.stdout.close()
        self.processes.clear()
        self.heard.clear()
        self._marks = {}
        self.start()

    def _renew(self) -> None:
        """Become the program that is on the disk now, with the same process number; who cannot start is not become."""
        self._renewing = False
        arguments = [sys.executable, "-m", "pbx"]
        tried = subprocess.run([*arguments, "check", str(self.config_path)], cwd=HOME, capture_output=True, check=False)
        if tried.returncode:
            self.say(f"not renewed: {tried.stdout.decode(errors='replace')}{tried.stderr.decode(errors='replace')}")
            return
        self.say("the program is renewed")
        self._stand_down()
        if not self.keeps_lines:
            self.stop()
        # Asked once more before it listens again, it must not die of that.
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        os.chdir(HOME)
        os.environ["PYTHONPATH"] = str(HOME)
        sys.stdout.flush()
        options = ["--data", str(self.places.data), *self.control_arguments]
        os.execv(sys.executable, [*arguments, "run", str(self.config_path), *options])

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

    def _asked_to_renew(self, number: int, frame: object) -> None:
        self._renewing = True

    def _asked_to_stop(self, number: int, frame: object) -> None:
        self._stopping = True
