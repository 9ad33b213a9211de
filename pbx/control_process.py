"""Call control in real time: ``python -m pbx.control_process CONFIG``, started by the supervisor beside a running plane.

It attaches to the plane's arena, raises the epoch (a control before this one can then do no harm), adopts what calls are up, and works
until SIGTERM, or until SIGUSR1, which ends it without touching a call (pbx/handover.py). One of the two places that name the reactor. Facts
go to the arena's journal ring; a writer thread carries them to the store. With ``--trace`` each step of each call is written to standard
output as it happens. Leaves out who restarts it (pbx/supervisor.py).
"""

import argparse
import gc
import os
import shutil
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError

from config.loader import load
from config.schema import Configuration, links_of
from config.signalling import channel_of
from pbx import handover
from pbx.association_plans import plans_of
from pbx.associations import Associations
from pbx.capture import Capture
from pbx.console import prepare_key
from pbx.console_view import ConsoleView
from pbx.exchange import Exchange, load_sounds
from pbx.journal import Journal
from pbx.line import TRUNK, Line
from pbx.manhole import KEYS_FILE, authorise, open_console
from pbx.media import Plane, StaleEpoch
from pbx.places import Places
from pbx.prompts import render
from pbx.recording_files import Policy, RecordingFiles
from pbx.recording_writer import RecordingWriter
from pbx.signalling.ss7.sigtran.association import FromBelow
from pbx.store import Store, StoreWriter
from pbx.tone_plan import FOLDER as TONES
from pbx.tone_plan import load as load_tones
from pbx.trace import TONE_END, words_of
from pbx.vocabulary.call import NORMAL_UNSPECIFIED, Release
from pbx.vocabulary.facts import AgentFact, AlarmCleared, AlarmRaised, CallFact, Fact, Traced

SAFETY_DRAIN_S = 0.05
FOLLOW_EVERY_S = 1.0
FOLLOW_LOOKS = 8
FOLLOW_MOST_S = 0.01
"""What a clock is corrected by at a time: a hundred times what two crystals drift apart between two corrections."""
WALL_CLOCK_EVERY_S = 60.0
CLEARING_S = 1.0
OVERTAKEN = 3
"""The exit code of a control that found another one in its place."""
FAULT_FILE, OLDER_FAULT_FILE = "faults.txt", "faults.older.txt"
FAULT_FILE_MOST_OCTETS = 10 << 20
"""Own choice."""


def _let_it_rise() -> None:
    """Who cannot be overtaken has nothing to do about it."""
    raise


class PlaneClock:
    """The reactor's clock on the plane's time: the same seconds as the events have.

    A plane that is ticked by a line goes by the network's clock, which the computer's is not: what lies between them is looked at once a
    second. A look says too little when the plane is late, by a tick more or less at any time: the most of some looks counts. It never
    goes back.
    """

    def __init__(self, reactor: Any, plane: Plane, on_stale: Callable[[], None] = _let_it_rise) -> None:
        """``on_stale`` is called when a timer's work finds that another control has taken over."""
        self._reactor = reactor
        self._on_stale = on_stale
        self._plane = plane
        self._offset = plane.now - reactor.seconds()
        self._looks: list[float] = []
        self._look_at = 0.0
        self._last = 0.0

    def seconds(self) -> float:
        """Seconds of the sample clock."""
        now = self._reactor.seconds()
        if now >= self._look_at:
            self._look(now)
        self._last = max(self._last, now + self._offset)
        return self._last

    def _look(self, now: float) -> None:
        self._look_at = now + FOLLOW_EVERY_S
        self._looks.append(self._plane.now - now)
        if len(self._looks) < FOLLOW_LOOKS:
            return
        difference = max(self._looks) - self._offset
        self._offset += min(max(difference, -FOLLOW_MOST_S), FOLLOW_MOST_S)
        self._looks.clear()

    def callLater(self, delay: float, function: Callable[..., object], *arguments: Any) -> Any:  # noqa: N802
        """Call after ``delay`` seconds."""
        return self._reactor.callLater(delay, self._call, function, arguments)

    def _call(self, function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        try:
            function(*arguments)
        except StaleEpoch:
            self._on_stale()


class Events:
    """The plane's wake descriptor as the reactor reads it, with a slow look beside it in case a wake was missed."""

    def __init__(
        self, reactor: Any, plane: Plane, deliver: Callable[[list[Any]], None], on_stale: Callable[[], None] = _let_it_rise
    ) -> None:
        self._reactor = reactor
        self._plane = plane
        self._deliver = deliver
        self._on_stale = on_stale
        reactor.addReader(self)
        reactor.callLater(SAFETY_DRAIN_S, self._look)

    def fileno(self) -> int:
        """The descriptor."""
        return self._plane.wait_fd()

    def logPrefix(self) -> str:  # noqa: N802
        """What the reactor calls it."""
        return "plane"

    def doRead(self) -> None:  # noqa: N802
        """Events wait."""
        try:
            self._deliver(self._plane.drain())
        except StaleEpoch:
            self._on_stale()

    def connectionLost(self, reason: object) -> None:  # noqa: N802
        """The reactor lets go of the descriptor."""

    def _look(self) -> None:
        self.doRead()
        self._reactor.callLater(SAFETY_DRAIN_S, self._look)


class LiveSteps:
    """Writes each step of each call as it happens, one readable line: seconds, call, line, words."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        for line in exchange.lines.values():
            line.observer = self.note

    def note(self, now: float, name: str, text: str) -> None:
        """A line's engine noted something; notes of lines without a call are not shown."""
        line: Line = self._exchange.lines[name]
        call = line.leg.call.name if line.leg is not None else ""
        if text.startswith(f"<- {TONE_END}"):
            return
        if call or text.startswith(("<- seizure", "<- off-hook")):
            self._write(now, call, name, text)

    def show(self, sequence: int, fact: Fact) -> None:
        """A fact of the switch."""
        if isinstance(fact, CallFact) and not isinstance(fact, Traced):
            self._write(fact.at, fact.call, fact.line, f"== {words_of(fact)}")
        elif isinstance(fact, AgentFact):
            self._write(fact.at, fact.call, fact.line, f"== agent {fact.agent} {type(fact).__name__}")

    def _write(self, now: float, call: str, line: str, text: str) -> None:
        sys.stdout.write(f"{now:9.3f}  {call:<7} {line:<9} {text}\n")
        sys.stdout.flush()


class Control:
    """One running control."""

    def __init__(self, reactor: Any, configuration: Configuration, places: Places, trace: bool) -> None:
        self.reactor = reactor
        self.configuration = configuration
        self.places = places
        self.plane = Plane.attach(str(places.arena))
        epoch = self.plane.raise_epoch()
        sounds = render(configuration.prompts, places.prompts)
        prompts = load_sounds(self.plane, load_tones(TONES / f"{configuration.exchange.tones}.toml"), sounds)
        self.journal = Journal(self.plane)
        self.is_overtaken = False
        self._deaf = False
        self.hands_over = False
        self.clock = PlaneClock(reactor, self.plane, self.overtaken)
        self.exchange = Exchange(configuration, self.plane, self.clock, self.journal.append, prompts, epoch, self._date_time)
        self.exchange.floor.on_fault = self._keep_fault
        zero = time.time() - self.plane.now
        self.store = Store(places.store, self.plane, self._is_trunk, ring_name=places.ring_name(), clock_zero=zero)
        self.writer = StoreWriter(self.store, self._store_alarm, self._store_clear, self._alarms_left)
        wanted = configuration.recording
        self.recordings = RecordingFiles(
            places.recordings,
            self.plane.recorded,
            self._from_thread,
            Policy(wanted.format, self._low_water(), wanted.when_full == "delete-oldest"),
            clock_zero=zero,
            seconds=self.clock.seconds,
        )
        self.recording_writer = RecordingWriter(
            self.recordings, wanted.opus_kbit_s, lambda: reactor.callFromThread(self.overtaken)
        )
        self.capture: Capture | None = None
        links = links_of(configuration)
        if links and configuration.signalling_capture.files:
            clear = {span.name for span in configuration.spans if span.kind == "signalling"}
            extended = {row.name for row in links if row.channel is not None and channel_of(row)[0] in clear}
            names = [row.name for row in links]
            self.capture = Capture(places.signalling, configuration.signalling_capture, zero, self._from_thread, names, extended)
            self.exchange.signalling.observer = self.capture.crossing
        ends = self.exchange.signalling.associations
        self.associations = Associations(reactor, plans_of(configuration), self._association_told, ends.noted, self._listening)
        ends.carry = self.associations.send
        self._told: deque[Fact] = deque()
        self.journal.subscribe(Fact, self.recordings.take)
        if trace:
            self.journal.subscribe(Fact, LiveSteps(self.exchange).show)

    def _date_time(self, now: float) -> str:
        """MMDDhhmm by the wall clock, as telephones show it; ``now`` is a moment ago on the exchange's clock."""
        return time.strftime("%m%d%H%M", time.localtime(time.time() - (self.plane.now - now)))

    def start(self) -> None:
        """Begin, or take over."""
        self.writer.start()
        if self.plane.epoch > self.places.first_epoch():
            self.exchange.recover()
            for call in self.exchange.switch.calls.values():
                for leg in call.legs.values():
                    if leg.recorder >= 0:
                        self.recordings.adopt(leg.recording, leg.recorder, leg.established_at or leg.started_at)
        else:
            self.exchange.start()
        Events(self.reactor, self.plane, self.exchange.floor.media, self.overtaken)
        self.associations.start().addErrback(lambda failure: None)  # it is told, and tried again
        self.exchange.span_watch.start()
        self.recording_writer.start()
        if self.capture is not None:
            self.capture.start()
        if self.configuration.console.port:
            self._open_console()
        self.reactor.callLater(WALL_CLOCK_EVERY_S, self._follow_wall_clock)
        gc.collect()
        gc.freeze()

    def _association_told(self, name: str, value: FromBelow) -> None:
        """Something of an association, as the plane's events are taken."""
        try:
            self.exchange.signalling.associations.told(name, value)
        except StaleEpoch:
            self.overtaken()

    def _listening(self, why: str) -> None:
        """A port at which far ends are waited for cannot be had, or all can again; the other associations work meanwhile."""
        if why and not self._deaf:
            text = f"far ends cannot be waited for: {why}"
            sys.stderr.write(f"control: {text}\n")
            self._state(AlarmRaised(self.clock.seconds(), "associations", text))
        elif not why:
            self._state(AlarmCleared(self.clock.seconds(), "associations"))
        self._deaf = bool(why)

    def _follow_wall_clock(self) -> None:
        """The exchange's second 0 in Unix time, as it is now: the plane may go by another clock than the computer."""
        zero = time.time() - self.clock.seconds()
        self.store.follow(zero)
        self.recordings.follow(zero)
        if self.capture is not None:
            self.capture.follow(zero)
        self.reactor.callLater(WALL_CLOCK_EVERY_S, self._follow_wall_clock)

    def _open_console(self) -> None:
        """Let in those the configuration names, and whoever may read the local key; another port when the wanted one is taken."""
        wanted = self.configuration.console
        data = self.places.data
        (data / KEYS_FILE).unlink(missing_ok=True)
        if wanted.local_key:
            prepare_key(data)
        for key in wanted.keys:
            authorise(data / KEYS_FILE, " ".join(key.public_key.split()[:2]), key.name, key.role)
        view = ConsoleView(self.exchange, self.journal, self.recordings)
        try:
            open_console(view, data, self.reactor, wanted.port)
        except CannotListenError:
            sys.stderr.write(f"control: port {wanted.port} is taken; the console listens on another (zongji console finds it)\n")
            open_console(view, data, self.reactor, 0)

    def overtaken(self) -> None:
        """Another control commands the plane: the calls are its own now, this one ends without touching them."""
        if not self.is_overtaken:
            self.is_overtaken = True
            sys.stderr.write("control: another control has taken over; this one ends\n")
            self.reactor.stop()

    def hand_over(self) -> None:
        """End without touching a call: whoever comes next, on a plane that may be another, goes on with it."""
        self.hands_over = True
        self.reactor.stop()

    def _leave(self) -> None:
        """What was recorded and what was written down reaches the disk; the rest is the handover."""
        self.associations.stop()
        self._stop_files()
        self._state_told()
        self.writer.stop()
        ports = {line.name: line.port for line in self.exchange.lines.values()}
        handover.write(self.places.handover, handover.leave(self.plane, self.store.ring_name, ports))

    def clear_all(self) -> Any:
        """An orderly end: clear every call and give the lines a moment; then state the end of whatever has not let go."""
        if self.is_overtaken:
            self._stop_files()
            self.writer.stop()
            return None
        if self.hands_over:
            self._leave()
            return None
        switch = self.exchange.switch
        for call in list(switch.calls.values()):
            self.exchange.floor.turn(switch.clear, call, NORMAL_UNSPECIFIED)
        waiting = Deferred()
        self.reactor.callLater(CLEARING_S if switch.calls else 0.0, waiting.callback, None)
        return waiting.addCallback(lambda _: self.stop())

    def stop(self) -> None:
        """What was recorded and what was written down reaches the disk."""
        switch = self.exchange.switch
        for number in self.exchange.distributor.agents:
            self.exchange.floor.turn(self.exchange.distribution.log_off, number)
        for line in self.exchange.lines.values():
            if line.leg is not None:
                self.exchange.floor.turn(switch.receive, line, Release(NORMAL_UNSPECIFIED), self.clock.seconds())
        self.associations.stop()
        self._stop_files()
        self._state_told()
        self.writer.stop()

    def _stop_files(self) -> None:
        """Recordings and captures reach the disk."""
        self.recording_writer.stop()
        if self.capture is not None:
            self.capture.close()

    def _is_trunk(self, name: str) -> bool:
        line = self.exchange.lines.get(name)
        return line is not None and line.kind == TRUNK

    def _low_water(self) -> int:
        """The free octets below which nothing is recorded."""
        wanted = self.configuration.recording
        share = shutil.disk_usage(self.places.data).total * (100 - wanted.disk_watermark_percent) // 100
        return max(share, wanted.minimum_free_mib << 20)

    def _from_thread(self, fact: Fact) -> None:
        """A fact of the writer of recordings; at an orderly end the reactor may not come to it any more, ``stop`` does."""
        self._told.append(fact)
        self.reactor.callFromThread(self._state_told)

    def _state_told(self) -> None:
        while self._told:
            self._state(self._told.popleft())

    def _store_alarm(self, text: str) -> None:
        self.reactor.callFromThread(self._state, AlarmRaised(self.clock.seconds(), "store", text))

    def _store_clear(self) -> None:
        self.reactor.callFromThread(self._state, AlarmCleared(self.clock.seconds(), "store"))

    def _alarms_left(self, sources: list[str]) -> None:
        self.reactor.callFromThread(self.exchange.alarms_left, sources)

    def _state(self, fact: Fact) -> None:
        self.exchange.floor.turn(self.exchange.floor.fact, fact)

    def _keep_fault(self, text: str) -> None:
        """A fault of our own is kept with its trace; the call it hit is over, the exchange lives."""
        keep_fault(self.places.data / FAULT_FILE, f"--- at {self.plane.now:.3f} s, control {os.getpid()}\n{text}\n")


def keep_fault(path: Path, text: str) -> None:
    """Add a fault to the file; one that has grown too long becomes the older one, for a fault may come again each second."""
    if path.exists() and path.stat().st_size > FAULT_FILE_MOST_OCTETS:
        path.replace(path.with_name(OLDER_FAULT_FILE))
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def main(arguments: Sequence[str]) -> int:
    """Run until SIGTERM; ``OVERTAKEN`` when another control has taken over."""
    parser = argparse.ArgumentParser(prog="control")
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args(arguments)
    configuration = load(options.config)
    if isinstance(configuration, list):
        sys.stderr.writelines(f"{problem}\n" for problem in configuration)
        return 2
    from twisted.internet import reactor

    control = Control(reactor, configuration, Places(configuration, options.data), options.trace)
    stopping: Any = reactor
    stopping.addSystemEventTrigger("before", "shutdown", control.clear_all)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, lambda number, frame: stopping.callFromThread(control.hand_over))
    control.start()
    sys.stderr.write("control: ready\n")
    stopping.run(installSignalHandlers=True)
    return OVERTAKEN if control.is_overtaken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
