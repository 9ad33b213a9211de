"""The Python face of the media plane: commands go down, events come up, and what must outlive control lies in the arena.

One ``Plane`` is one control's view of one arena (pbx/dsp/api.h). ``Plane.create`` makes arena and plane in this process, for
the virtual clock or a pacer thread; ``Plane.attach`` joins the arena of a plane that runs as its own process
(pbx/plane_process.py) and commands only after ``raise_epoch``. Times are seconds on the plane's sample clock, port numbers are
indices. Leaves out every decision.
"""

import importlib
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pbx.engine import Levels
from pbx.line_echo import LineEcho, line_echo
from pbx.media_findings import Edge, LateTick, counters_of, edges_of, late_ticks_of
from pbx.media_links import LinkStatus, figures_octets, link_counters, link_status, link_told
from pbx.media_ring import (
    ENCODERS,
    EVENT_CODES,
    EVENT_LAYOUT,
    EVENTS,
    EXCHANGE_LINE,
    PULSE_DIALLING,
    Encoded,
    ExchangeLine,
    PulseDialling,
    encode_digits,
    encode_octets,
    encode_port,
    encode_pulses,
    to_sample,
)
from pbx.media_tones import Cadence, Tone, progress_cell, tone_cell
from pbx.vocabulary import media, tones
from pbx.vocabulary.media import MediaCommand, MediaEvent

TICK_SAMPLES = 80
TICK_SECONDS = 0.01
NEVER = (1 << 64) - 1


_native = importlib.import_module("pbx._plane")
ffi: Any = _native.ffi
lib: Any = _native.lib
_send: Any = lib.arena_send
LEG_OCTETS: int = lib.PLANE_LEG_OCTETS
"""The longest leg record."""


class PlaneError(Exception):
    """The plane refused; the text says what."""


class StaleEpoch(PlaneError):  # noqa: N818 - a state of affairs, not a mistake
    """Another control has taken over: this one must not command any more."""


class PlaneFull(PlaneError):  # noqa: N818 - likewise
    """A ring, table or cache of the arena is full."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes of an arena. Rings (events, commands, recorder_samples, journal_octets, frame_octets) are powers of two."""

    ports: int = 512
    mixes: int = 32
    players: int = 16
    recorders: int = 128
    prompts: int = 1024
    events: int = 65536
    commands: int = 16384
    recorder_samples: int = 131072
    echo_cancellers: int = 128
    frame_octets: int = 65536
    """Of the rings of frames, one up and four down."""
    spans: int = 64
    """That have notices (pbx/span_notices.py)."""
    signalling_links: int = 8
    """That the plane can work."""
    signalling_messages: int = 512
    """What the transmission buffer of each holds, a power of two up to 8192; 276 octets each."""
    prompt_octets: int = 16 << 20
    journal_octets: int = 8 << 20


_MADE_OF_OCTETS = {lib.PLANE_EVENT_FRAME: media.Frame, lib.PLANE_EVENT_LINK: link_told}
_DRAIN_EVENTS = 4096
_DRAIN_OCTETS = 1 << 16
_JOURNAL_BATCH_OCTETS = 1 << 18
_RECORDER_ROOM_OCTETS = 1 << 16
_uncleared = ffi.new_allocator(should_clear_after_alloc=False)


def _check(code: int, what: str) -> int:
    """A number of the plane, or the exception that its error code means."""
    if code >= 0:
        return code
    if code == lib.PLANE_STALE:
        raise StaleEpoch(what)
    if code == lib.PLANE_FULL:
        raise PlaneFull(what)
    raise PlaneError(what)


class Plane:
    """One control's face on a media plane; see the module. Made by ``create``, ``attach`` or ``successor``."""

    def __init__(self, arena: Any, plane: Any, epoch: int, path: str | None) -> None:
        self.path = path
        self._arena = arena
        self._plane = plane
        self._epoch = epoch
        self._wake = -1
        self._cards: list[Any] = []
        self._event_buffer = ffi.new("struct plane_event[]", _DRAIN_EVENTS)
        self._event_octets = memoryview(ffi.buffer(self._event_buffer))
        self._frame_buffer = ffi.new("uint8_t[]", _DRAIN_OCTETS)
        self._frame_octets = memoryview(ffi.buffer(self._frame_buffer))
        self._frames = ffi.new("int *")
        self._levels = ffi.new("struct plane_levels *")
        self._held = ffi.new("uint64_t *")
        self._in_turn = False
        self.held_facts = 0

    # -- making ----------------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, layout: Layout | None = None, path: str | None = None, epoch: int = 0) -> "Plane":
        """A new arena, anonymous or a shared file at ``path``, and its plane in this process; epoch 1, or the one behind ``epoch``."""
        wanted = ffi.new("struct plane_layout *", msgspec.structs.asdict(layout or Layout()))
        arena = lib.arena_create(wanted, path.encode() if path else ffi.NULL)
        if arena == ffi.NULL:
            raise PlaneError(f"no arena of this layout can be made{f' at {path}' if path else ''}")
        arena = ffi.gc(arena, lib.arena_close)
        plane = ffi.gc(lib.plane_create(arena), lib.plane_close)
        if plane == ffi.NULL:
            raise PlaneError("no memory for the plane")
        lib.arena_continue(arena, epoch)
        if path:
            _make_fifo(path + ".wake")
        return cls(arena, plane, lib.arena_raise_epoch(arena), path)

    @classmethod
    def attach(cls, path: str) -> "Plane":
        """Control's face on the arena of another process. It reads; it commands after ``raise_epoch``."""
        arena = lib.arena_attach(path.encode())
        if arena == ffi.NULL:
            raise PlaneError(f"{path} is no arena of this version")
        return cls(ffi.gc(arena, lib.arena_close), None, 0, path)

    def successor(self) -> "Plane":
        """The face of a new control on the same plane in this process, as after a restart: the epoch is raised."""
        face = Plane(self._arena, self._plane, 0, self.path)
        face._cards = self._cards
        face.raise_epoch()
        return face

    def raise_epoch(self) -> int:
        """Take over: from now on only this control may command. Returns the new epoch."""
        self._epoch = int(lib.arena_raise_epoch(self._arena))
        return self._epoch

    @property
    def epoch(self) -> int:
        """This control's epoch; 0 before it has taken over."""
        return self._epoch

    @property
    def epoch_there(self) -> int:
        """The epoch of the arena, whoever commands."""
        return int(lib.arena_epoch(self._arena))

    def add_card(self, card: Any) -> range:
        """Give the plane a card (a ``struct card *``, kept alive as long as the plane); returns its ports."""
        first = _check(lib.plane_add_card(self._plane, card), "too many cards or ports")
        self._cards.append(card)
        return range(first, self.ports)

    @property
    def ports(self) -> int:
        """Number of ports in use."""
        return int(lib.arena_ports(self._arena))

    # -- time ------------------------------------------------------------------------------------------------------

    def tick(self, number: int) -> None:
        """Run tick ``number``: the next one, or a later one when ``next_activity`` allows."""
        _check(lib.plane_tick(self._plane, number), f"tick {number} has been run")

    @property
    def clock_zero_s(self) -> float:
        """When tick 0 was due by CLOCK_MONOTONIC; 0 = nobody ticks by the clock yet."""
        return int(lib.arena_clock_zero(self._arena)) / 1e9

    def continue_clock(self, zero_s: float) -> None:
        """Before ``run``: tick 0 was due then, in a plane before this one; ``run`` begins with the tick that is due."""
        lib.plane_continue_clock(self._plane, round(zero_s * 1e9))

    def continue_at(self, tick: int) -> None:
        """Before the first tick: time goes on from there."""
        _check(lib.plane_continue(self._plane, tick), f"tick {tick} is past")

    def next_activity(self) -> int | None:
        """The next tick in which anything can happen; None = nothing before somebody commands."""
        next_tick = lib.plane_next_activity(self._plane)
        return None if next_tick == NEVER else int(next_tick)

    @property
    def ticks(self) -> int:
        """The next tick to be run."""
        return int(lib.arena_ticks(self._arena))

    @property
    def now(self) -> float:
        """Seconds on the sample clock at the beginning of the next tick."""
        return int(lib.arena_ticks(self._arena)) * TICK_SECONDS

    def run(self) -> bool:
        """Tick by the clock in this thread, without the interpreter lock, until ``stop`` (True) or a signal (False)."""
        wake = os.open(self.path + ".wake", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC) if self.path else -1
        try:
            return bool(lib.plane_run(self._plane, wake) == 0)
        finally:
            if wake >= 0:
                os.close(wake)

    def stop(self) -> None:
        """Ask the pacer to stop, in whatever process it runs."""
        lib.arena_stop(self._arena)

    def wait_fd(self) -> int:
        """A descriptor that becomes readable when events wait; ``drain`` empties it. Only with a file arena."""
        if self._wake < 0:
            if self.path is None:
                raise PlaneError("an anonymous arena wakes nobody")
            self._wake = os.open(self.path + ".wake", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        return self._wake

    def close(self) -> None:
        """Close the descriptor of ``wait_fd``; the arena goes with the last reference."""
        if self._wake >= 0:
            os.close(self._wake)
            self._wake = -1

    # -- commands and events ---------------------------------------------------------------------------------------

    def configure_port(
        self,
        port: int,
        kind: str = "cas",
        recognition_ms: int = 20,
        flash_min_ms: int = 90,
        flash_max_ms: int = 600,
        hook_on_ms: int = 800,
        dialling: PulseDialling | None = PULSE_DIALLING,
        exchange: ExchangeLine = EXCHANGE_LINE,
    ) -> None:
        """Say what stands on a port: ``cas``, ``fxs``, ``fxo``, ``raw``, ``frames``,
        ``signal-units`` or ``signalling-link``. What is there already is told.

        ``recognition_ms`` is of bits and of a telephone's loop and ground; ``dialling`` None = an ``fxs`` port that knows no dial pulses;
        ``exchange`` is how an ``fxo`` port recognises what the exchange does.
        """
        for encoded in encode_port(kind, recognition_ms, (flash_min_ms, flash_max_ms, hook_on_ms), dialling, exchange):
            self._put(port, encoded)

    def configure_link(self, port: int, figures: media.LinkFigures) -> None:
        """Let the plane work a signalling link on a port; one that it works already goes on, with these figures."""
        self.configure_port(port, "signalling-link")
        self._send_octets(lib.arena_send_link, port, lib.PLANE_LINK_FIGURES, 0, figures_octets(figures))

    def send(self, port: int, command: MediaCommand) -> None:
        """Give a command to a port; StaleEpoch when another control has taken over."""
        encode = ENCODERS.get(type(command))
        if encode is not None:
            kind, value, detail, gain, sample = encode(command)
            code = _send(self._arena, self._epoch, port, kind, value, detail, gain, sample)
            if code:
                self._complain(code, port)
        elif isinstance(command, media.SendDigits):
            for encoded in encode_digits(command):
                self._put(port, encoded)
        elif isinstance(command, media.SendPulses):
            for encoded in encode_pulses(command):
                self._put(port, encoded)
        elif isinstance(command, media.SendOctets):
            for encoded in encode_octets(command):
                self._put(port, encoded)
        elif isinstance(command, media.SendFrame):
            self._send_octets(lib.arena_send_frame, port, command.octets)
        elif isinstance(command, media.LinkOrder):
            self._send_octets(lib.arena_send_link, port, command.order, command.value, command.octets)
        elif isinstance(command, media.Armed):
            self._send_armed(port, command)
        else:
            raise PlaneError(f"the plane cannot do {command!r}")

    def _put(self, port: int, encoded: Encoded) -> None:
        code = _send(self._arena, self._epoch, port, *encoded)
        if code:
            self._complain(code, port)

    def _send_octets(self, how: Any, port: int, *what: Any) -> None:
        code = how(self._arena, self._epoch, port, *what, len(what[-1]))
        if code:
            self._complain(code, port)

    def _complain(self, code: int, port: int) -> None:
        _check(code, f"port {port}: epoch {self._epoch} of {lib.arena_epoch(self._arena)}")

    def _send_armed(self, port: int, armed: media.Armed) -> None:
        inner = armed.command
        if isinstance(inner, media.SendFrame | media.LinkOrder) or isinstance(armed.event, media.Frame | media.LinkTold):
            raise PlaneError("frames and orders to links cannot be armed")
        kind, value = EVENT_CODES[type(armed.event)]
        if isinstance(inner, media.SendOctets):
            *octets, last = encode_octets(inner)
            for waiting in octets:
                self._put(port, waiting)
            encoded = [last]
        else:
            encoded = encode_digits(inner) if isinstance(inner, media.SendDigits) else [ENCODERS[type(inner)](inner)]
        for command, what, detail, gain, _ in encoded:
            cell = ffi.new("struct plane_command *")
            cell.until, cell.epoch, cell.port = to_sample(armed.until), self._epoch, port
            cell.kind, cell.value, cell.detail, cell.gain = command, what, detail, gain
            cell.when_kind, cell.when_value, cell.after = kind, value(armed.event), armed.after_samples
            _check(lib.arena_send_armed(self._arena, cell), f"port {port}: epoch {self._epoch} is stale")

    def send_player(self, player: int, prompt: int, loop: bool = True) -> None:
        """Let shared player ``player`` (source PLAYER + player) play a prompt."""
        self._put(player, (lib.PLANE_COMMAND_PLAYER_PLAY, prompt, 0, int(loop), 0))

    def stop_player(self, player: int) -> None:
        """Stop a shared player."""
        self._put(player, (lib.PLANE_COMMAND_PLAYER_STOP, 0, 0, 0, 0))

    def drain(self) -> list[tuple[float, int, MediaEvent]]:
        """All events that wait: time in seconds, port, event (the same object each time it is the same event)."""
        if self._wake >= 0:
            _empty(self._wake)
        events: list[tuple[float, int, MediaEvent]] = []
        while True:
            count = lib.arena_drain(
                self._arena, self._epoch, self._event_buffer, _DRAIN_EVENTS, self._frame_buffer, _DRAIN_OCTETS, self._frames
            )
            if count <= 0:
                _check(count, f"epoch {self._epoch} is stale")
                return events
            if self._frames[0]:
                events += self._with_frames(count)
                # They may have filled the room for octets before that for events.
                continue
            events += [
                (sample / 8000, port, EVENTS[kind, value])
                for sample, port, kind, value in EVENT_LAYOUT.iter_unpack(self._event_octets[: count * 16])
            ]
            if count < _DRAIN_EVENTS:
                return events

    def _with_frames(self, count: int) -> Iterator[tuple[float, int, MediaEvent]]:
        """Events drained, some of which are frames; their octets stand one behind the other."""
        place = 0
        for sample, port, kind, value in EVENT_LAYOUT.iter_unpack(self._event_octets[: count * 16]):
            if kind in _MADE_OF_OCTETS:
                yield sample / 8000, port, _MADE_OF_OCTETS[kind](bytes(self._frame_octets[place : place + value]))
                place += value
            else:
                yield sample / 8000, port, EVENTS[kind, value]

    # -- what stands on a port -------------------------------------------------------------------------------------

    def levels(self, port: int) -> Levels:
        """What stands on the line now, as the plane read it from the card in its last tick."""
        found = self._levels
        _check(lib.arena_levels(self._arena, port, found), f"no port {port}")
        hook, ringing, reversed_, battery = (bool(level) for level in (found.hook, found.ringing, found.reversed, found.battery))
        return Levels(found.bits_in, found.bits_out, hook, ringing, found.alarms, reversed_, battery)

    def tag(self, port: int) -> int:
        """The number of the leg that uses the port; 0 = idle."""
        found = ffi.new("uint32_t *")
        _check(lib.arena_tag(self._arena, port, found), f"no port {port}")
        return int(found[0])

    def echo(self, port: int) -> LineEcho | None:
        """What the port's echo canceller has found, not older than its turn among all of them; None = it has none."""
        _check(lib.arena_echo(self._arena, port, found := ffi.new("struct plane_echo *")), f"no port {port}")
        return line_echo(found)

    def link_status(self, port: int) -> LinkStatus:
        """What the signalling link of a port is doing, as it stood at the end of the last tick; for a control that is new."""
        status = link_status(self._arena, port)
        if status is None:
            raise PlaneError(f"no port {port}")
        return status

    def link_counters(self, port: int) -> dict[str, int]:
        """What has happened on the signalling link of a port, by the names of ``struct mtp2_counters``; empty = it is none."""
        return link_counters(self._arena, port)

    def edges(self, port: int) -> list[Edge]:
        """What the port hears, in order."""
        found = ffi.new("struct plane_edge[]", lib.PLANE_EDGES)
        return edges_of(found, _check(lib.arena_edges(self._arena, port, found), f"no port {port}"))

    def counters(self) -> dict[str, int]:
        """The plane's counters, by the names of ``struct plane_counters``."""
        return counters_of(self._arena)

    def late_ticks(self) -> list[LateTick]:
        """The newest ticks that came more than 10 ms late, at most 1 024."""
        return late_ticks_of(self._arena)

    # -- prompts and tones -----------------------------------------------------------------------------------------

    def load_prompt(self, name: str, alaw: bytes) -> int:
        """The index of a prompt in the cache; it is loaded unless the same name and sound are there already."""
        code = lib.arena_prompt_load(self._arena, name.encode(), zlib.crc32(alaw), alaw, len(alaw))
        return _check(code, f"prompt {name}")

    def load_tones(self, plan: Mapping[str, Tone]) -> None:
        """Call progress tones by their names in pbx/vocabulary/tones.py."""
        for name, tone in plan.items():
            _check(lib.arena_tone_load(self._arena, tones.progress(name) - tones.PROGRESS, tone_cell(tone)), f"tone {name}")

    def set_tone_levels(self, dtmf_low_dbm0: float, dtmf_high_dbm0: float, mfc_forward_dbm0: float, mfc_backward_dbm0: float) -> None:
        """Levels of one frequency each of the DTMF digits and MFC signals that the plane sends (Q.23, Q.454)."""
        levels = (dtmf_low_dbm0, dtmf_high_dbm0, mfc_forward_dbm0, mfc_backward_dbm0)
        lib.arena_tone_levels(self._arena, *(round(level * 10) for level in levels))

    def load_recognised(self, frequencies_hz: Sequence[float], cadences: Mapping[str, Cadence]) -> None:
        """Which call progress tones RECEIVE_PROGRESS tells apart, and the frequencies they are made of."""
        _check(0 if len(frequencies_hz) <= lib.PROGRESS_FREQUENCIES_MAX else lib.PLANE_INVALID, "too many frequencies to recognise")
        codes = [tones.progress(name) for name in cadences]
        _check(lib.arena_progress_load(self._arena, progress_cell(frequencies_hz, cadences), codes), "tones to recognise")

    # -- what must outlive control ---------------------------------------------------------------------------------

    def write_leg_record(self, port: int, octets: bytes) -> None:
        """Replace the leg record of a port; empty = no leg. Within a turn it counts from the end of the turn on."""
        code = lib.arena_leg_write(self._arena, self._epoch, port, octets, len(octets), self._held[0])
        _check(code, f"leg record of port {port}")

    def read_leg_record(self, port: int) -> bytes:
        """The last whole leg record of a port; empty when there is none."""
        found = ffi.new("uint8_t[]", lib.PLANE_LEG_OCTETS)
        count = lib.arena_leg_read(self._arena, port, found, lib.PLANE_LEG_OCTETS)
        if count == lib.PLANE_EMPTY:
            return b""
        return bytes(ffi.buffer(found, _check(count, f"no port {port}")))

    def journal_append(self, octets: bytes) -> int:
        """Append a record; returns its sequence number, greater than all before.

        Once returned it outlives this process; within a turn (``begin_turn``) it counts from the end of the turn on.
        """
        what = f"journal at epoch {self._epoch}"
        if not self._in_turn:
            return _check(lib.arena_journal_append(self._arena, self._epoch, octets, len(octets)), what)
        code = lib.arena_journal_hold(self._arena, self._epoch, self._held, octets, len(octets))
        if code == lib.PLANE_FULL and self._held[0]:
            # More than a turn may hold: what there is so far must count, or the rest would be lost.
            self._publish()
            code = lib.arena_journal_hold(self._arena, self._epoch, self._held, octets, len(octets))
        self.held_facts += code > 0
        return _check(code, what)

    def begin_turn(self) -> None:
        """What is appended from here on, and the leg records written then, shall count at once or never."""
        self._in_turn = True

    def end_turn(self) -> None:
        """The turn is complete: all of it counts."""
        self._publish()
        self._in_turn = False

    def _publish(self) -> None:
        if self._held[0]:
            _check(lib.arena_journal_publish(self._arena, self._epoch, self._held[0]), f"journal at epoch {self._epoch}")
            self._held[0] = 0
            self.held_facts = 0

    @property
    def journal_sequence(self) -> int:
        """The sequence number of the last record appended; 0 = none yet."""
        return int(lib.arena_journal_sequence(self._arena))

    def journal_read(self, limit: int = 1000, after: int = 0) -> list[tuple[int, bytes]]:
        """The oldest records that are not committed, behind sequence ``after``; the same again until ``journal_commit``."""
        octets = ffi.new("uint8_t[]", _JOURNAL_BATCH_OCTETS)
        sequences, lengths = ffi.new("uint64_t[]", limit), ffi.new("uint32_t[]", limit)
        count = lib.arena_journal_read(self._arena, after, octets, _JOURNAL_BATCH_OCTETS, sequences, lengths, limit)
        _check(count, "the journal holds a record that is not whole")
        records: list[tuple[int, bytes]] = []
        place = 0
        view = ffi.buffer(octets)
        for n in range(count):
            records.append((int(sequences[n]), view[place : place + lengths[n]]))
            place += lengths[n]
        return records

    def journal_commit(self, sequence: int) -> None:
        """The store has every record up to ``sequence``: their room is free again."""
        _check(lib.arena_journal_commit(self._arena, sequence), "another writer has committed meanwhile")

    def write_report(self, span: int, octets: bytes) -> None:
        """What is to be known of a span; only the process that has its card writes it."""
        _check(lib.arena_notice_write(self._arena, 0, lib.PLANE_NOTICE_REPORT, span, octets, len(octets)), f"report of span {span}")

    def write_order(self, span: int, octets: bytes) -> None:
        """What is to be done with a span, by the process that has its card."""
        code = lib.arena_notice_write(self._arena, self._epoch, lib.PLANE_NOTICE_ORDER, span, octets, len(octets))
        _check(code, f"order to span {span} at epoch {self._epoch}")

    def read_report(self, span: int) -> bytes:
        """The last whole report of a span; empty when there is none."""
        return self._notice(lib.PLANE_NOTICE_REPORT, span)

    def read_order(self, span: int) -> bytes:
        """The last whole order to a span, likewise."""
        return self._notice(lib.PLANE_NOTICE_ORDER, span)

    def _notice(self, kind: int, span: int) -> bytes:
        found = _uncleared("uint8_t[]", lib.PLANE_NOTICE_OCTETS)
        count = lib.arena_notice_read(self._arena, kind, span, found, lib.PLANE_NOTICE_OCTETS)
        return b"" if count == lib.PLANE_EMPTY else bytes(ffi.buffer(found, _check(count, f"no span {span}")))

    def journal_continue(self, sequence: int) -> None:
        """The next record is numbered behind this one: another arena had those before (pbx/handover.py)."""
        lib.arena_journal_continue(self._arena, sequence)

    def recorder_waiting(self, recorder: int) -> int:
        """How many samples of a recorder wait to be read."""
        return int(_check(lib.arena_recorder_waiting(self._arena, recorder), f"no recorder {recorder}"))

    def recorder_continue(self, recorder: int, sample: int) -> None:
        """In another arena the recorder was read up to this sample; what is missing until it begins here is told as a gap."""
        _check(lib.arena_recorder_continue(self._arena, recorder, sample), f"no recorder {recorder}")

    def read_recorder(self, recorder: int) -> bytes:
        """What the recorder has since the last reading: A-law, track 0 and 1 by turns, 16 000 octets a second.

        StaleEpoch for a control that was overtaken: what it took, the new one would miss.
        """
        return b"".join(octets for _, octets in self.recorded(recorder))

    def recorded(self, recorder: int) -> list[tuple[int, bytes]]:
        """The same in pieces, each behind the number of samples that are missing before it because the ring was full."""
        if self._epoch and self._epoch != lib.arena_epoch(self._arena):
            raise StaleEpoch(f"recorder {recorder} at epoch {self._epoch}")
        pieces: list[tuple[int, bytes]] = []
        # A buffer of each call's own: the writer of files and a turn may read at the same time.
        found, lost, count = _uncleared("uint8_t[]", _RECORDER_ROOM_OCTETS), ffi.new("uint64_t *"), 1
        while count:
            count = lib.arena_recorder_read(self._arena, recorder, found, _RECORDER_ROOM_OCTETS, lost)
            if _check(count, f"no recorder {recorder}"):
                pieces.append((int(lost[0]), bytes(ffi.buffer(found, count))))
        return pieces


def _make_fifo(path: str) -> None:
    """A new FIFO, for waking control."""
    Path(path).unlink(missing_ok=True)
    os.mkfifo(path, 0o600)


def _empty(descriptor: int) -> None:
    """Take all octets out of a FIFO that does not block."""
    try:
        while len(os.read(descriptor, 4096)) == 4096:
            pass
    except BlockingIOError:
        return
