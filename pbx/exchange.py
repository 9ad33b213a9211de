"""Composition: an exchange made of a checked configuration, a media plane and a clock.

The same assembly serves real time and virtual time: whoever calls gives a plane (in this process, or attached to the plane's own
process), a clock with ``seconds`` and ``callLater``, and where facts go. The lines are made in pbx/plant.py. Leaves out processes,
files and reactors (pbx/control_process.py, pbx/simulation.py).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from config.schema import Configuration, echo_cancellers_of
from config.schema import Flow as FlowSettings
from ivr.agent_keys import LogIn, LogOut, NotReadyKey, ReadyKey
from ivr.flow import Flow
from ivr.menu import Announcement, Menu
from pbx.acd.agent import AgentProfile
from pbx.acd.distributor import Distributor
from pbx.acd.queue import QueueProfile
from pbx.circuit_watch import WatchSettings
from pbx.distribution import Distribution, QueueManner
from pbx.floor import Clock, Floor
from pbx.line import Line
from pbx.media import Layout, Plane
from pbx.media_tones import Cadence, Tone, ToneSegment
from pbx.numbers import plan_for
from pbx.plant import DateTime, extensions_of, first_ports, signalling_ports_of, sound_lines_of, sound_ports_of, trunks_of
from pbx.recovery import recover
from pbx.routing import Router
from pbx.service import FlowMaker, Service
from pbx.signalling.ss7.mtp2.carriage import figures_of
from pbx.signalling.ss7.mtp2.figures import MESSAGES
from pbx.signalling_plant import SignallingPlant
from pbx.span_watch import SpanWatch
from pbx.standing_alarms import StandingAlarms
from pbx.switch import Switch, SwitchSettings
from pbx.test_calls import TestLine
from pbx.tone_plan import Tone as PlannedTone
from pbx.tone_plan import TonePlan, heard_parts
from pbx.vocabulary.facts import ControlStarted, Fact
from pbx.vocabulary.media import LinkTold

PROGRAMS: dict[str, type[Flow]] = {"menu": Menu, "announcement": Announcement}
FRAME_OCTETS = 65536
"""Of a ring, for each time slot with signalling: 8 s of frames at 64 kbit/s; four of them hold what one link gives another at a
changeover."""
SPAN_SLOTS = 31
"""Of a span that is one signalling channel."""
FEATURES: tuple[type[Flow], ...] = (LogIn, LogOut, ReadyKey, NotReadyKey)


def layout_of(configuration: Configuration) -> Layout:
    """An arena large enough for the configuration."""
    sounding, channels = sound_ports_of(configuration), len(signalling_ports_of(configuration))
    wide = sum(span.kind == "signalling" for span in configuration.spans)
    slots = channels + (SPAN_SLOTS - 1) * wide
    return Layout(
        ports=sounding + channels,
        recorders=sounding,
        prompts=max(64, len(configuration.prompts) + 16),
        echo_cancellers=echo_cancellers_of(configuration),
        frame_octets=FRAME_OCTETS << (max(slots, 4) - 1).bit_length() if channels else FRAME_OCTETS,
        spans=len(configuration.spans),
        signalling_links=channels,
        signalling_messages=MESSAGES["extended" if wide else "basic"],
    )


def load_sounds(plane: Plane, tones: TonePlan, prompts: Mapping[str, bytes]) -> dict[str, int]:
    """Give the plane its tones and prompts; the prompts' numbers by name."""
    plane.load_tones({name: _tone(tone) for name, tone in tones.tone.items()})
    plane.set_tone_levels(tones.dtmf.low_dbm0, tones.dtmf.high_dbm0, tones.mfc.level_dbm0, tones.mfc.level_dbm0)
    frequencies_hz = tones.heard_frequencies_hz()
    plane.load_recognised(frequencies_hz, {name: _cadence(tones.tone[name], frequencies_hz) for name in tones.heard()})
    return {name: plane.load_prompt(name, prompts[name]) for name in sorted(prompts)}


def _tone(tone: PlannedTone) -> Tone:
    segments = []
    for part in tone.parts():
        frequencies, level = (*part.frequency_hz, 0.0)[:2], part.level_dbm0 or 0.0
        segments.append(
            ToneSegment(
                (frequencies[0], frequencies[1]),
                (level, level),
                part.on_ms or None,
                part.off_ms,
                tone.modulation_hz,
                tone.modulation_percent,
            )
        )
    return Tone(tuple(segments), tone.repeat_from)


def _cadence(tone: PlannedTone, frequencies_hz: list[float]) -> Cadence:
    parts = heard_parts(tone, frequencies_hz)
    sounding = [(on_ms, off_ms) for _, on_ms, off_ms in parts if on_ms]
    on_ms, off_ms = tuple(on for on, _ in sounding), tuple(off for _, off in sounding)
    return Cadence(on_ms, off_ms, tone.heard_after, tuple(mask for mask, _, _ in parts))


class Exchange:
    """Lines, switch, queues and flows of one configuration."""

    def __init__(
        self,
        configuration: Configuration,
        plane: Plane,
        clock: Clock,
        append: Callable[[Fact], object],
        prompts: Mapping[str, int],
        epoch: int = 1,
        date_time: DateTime | None = None,
    ) -> None:
        """``date_time`` makes MMDDhhmm of the clock's seconds, for caller identity; without it telephones show no date."""
        self.configuration = configuration
        self.plane = plane
        self.clock = clock
        self.prompts = dict(prompts)
        self.alarms = StandingAlarms()
        self.floor = Floor(clock, plane, self.alarms.heard_in(append))
        self._epoch = epoch
        self._named = 0
        trunks, extensions = plan_for("trunks", configuration), plan_for("extensions", configuration)
        plant = SignallingPlant(configuration, trunks)
        self.signalling = plant.build(self.floor, lambda port: plane.link_status(port) == "in service")
        self.signalling.plane_counters = plane.link_counters
        lines, groups = trunks_of(configuration, trunks, plant.engine)
        plant.attach(lines)
        lines += extensions_of(configuration, extensions, date_time or _no_date)
        lines += sound_lines_of(configuration)
        alarm = configuration.alarm
        self.switch = Switch(
            self.floor,
            Router(trunks, extensions),
            lines,
            groups,
            SwitchSettings(
                configuration.timers.no_answer_seconds,
                recorders=layout_of(configuration).recorders,
                record_all=configuration.recording.what == "all",
                hold_player=self._hold_player(),
                watch=WatchSettings(alarm.killer_calls, alarm.killer_seconds, alarm.killer_failures),
                test_lines={row.name: TestLine(row.test_line, row.test_number) for row in configuration.trunk_groups},
                meter_seconds={row.name: row.meter_seconds for row in configuration.trunk_groups},
            ),
            self._name_call,
        )
        self.distributor = Distributor(self._queues(), self._agents())
        self.distribution = Distribution(self.switch, self.distributor, self._manners())
        self.service = Service(self.switch, self._flows(), self.prompts)
        for line in lines:
            self.floor.add(line)
        self.span_watch = SpanWatch(self.floor, plane, first_ports(configuration), self.switch.lines)

    @property
    def lines(self) -> dict[str, Line]:
        """Every line by its name."""
        return self.switch.lines

    def start(self) -> None:
        """Bring every line into service and the music into play."""
        self.start_players()
        now = self.clock.seconds()
        for line in self.lines.values():
            self.configure_port(line)
            self.floor.start(line, now)
        self.configure_links()
        self.floor.turn(self.signalling.start)
        self.floor.turn(self.floor.fact, ControlStarted(now, self._epoch))

    def recover(self) -> int:
        """Take over from a control that died; returns how many legs live on."""
        waiting = self.plane.drain()
        self.start_players()
        # The plane may be that of a new program, which knows of no link; one that works goes on.
        self.configure_links()
        begin = partial(self.signalling.start, True)
        adopted = recover(self.switch, self.plane, self._epoch, self.clock.seconds(), self.configure_port, begin)
        # Messages of links have been confirmed to their far ends, so they must be heard; all else is seen by how the lines stand.
        self.floor.media(event for event in waiting if isinstance(event[2], LinkTold))
        return adopted

    def alarms_left(self, sources: Iterable[str]) -> None:
        """A control before this one has raised alarms of these sources and not cleared them."""
        self.alarms.left(sources, self.floor, self.lines)

    def start_players(self) -> None:
        """Play each queue's music for ever."""
        for player, name in enumerate(self._music()):
            self.plane.send_player(player, self.prompts[name])

    def configure_port(self, line: Line) -> None:
        """Tell the plane what stands on the line's port."""
        self.plane.configure_port(line.port, line.port_kind)

    def configure_links(self) -> None:
        """Tell the plane which ports are signalling links, and their figures. One that works goes on; a plane that is new has none."""
        for link in self.signalling.plane_links():
            self.plane.configure_link(link.port, figures_of(link.figures))

    def _name_call(self) -> str:
        self._named += 1
        return f"{self._epoch}-{self._named}"

    def _queues(self) -> list[QueueProfile]:
        return [
            QueueProfile(
                row.name,
                row.skill,
                row.ring_seconds,
                row.wrap_up_seconds,
                row.max_wait_seconds,
                row.max_waiting,
                row.service_level_seconds,
            )
            for row in self.configuration.queues
        ]

    def _agents(self) -> list[AgentProfile]:
        return [AgentProfile(row.number, row.name, row.password, tuple(row.skills)) for row in self.configuration.agents]

    def _music(self) -> list[str]:
        """Each music once, in the order of the queues: its place is its player."""
        return list(dict.fromkeys(row.music for row in self.configuration.queues if row.music in self.prompts))

    def _hold_player(self) -> int:
        """Who is held hears the first queue's music; -1 = there is none."""
        return 0 if self._music() else -1

    def _manners(self) -> dict[str, QueueManner]:
        music = self._music()
        recorded = self.configuration.recording.what in ("queues", "all")
        return {
            row.name: QueueManner(music.index(row.music) if row.music in music else -1, recorded, row.overflow or "")
            for row in self.configuration.queues
        }

    def _flows(self) -> dict[str, FlowMaker]:
        makers: dict[str, FlowMaker] = {name: _maker(program, {}, name) for name, program in PROGRAMS.items()}
        makers |= {feature.name: _maker(feature, {}, feature.name) for feature in FEATURES}
        for name, settings in self.configuration.flows.items():
            makers[name] = _maker(PROGRAMS[settings.program], _parameters(settings), name)
        return makers


def _no_date(now: float) -> str:
    return ""


def _parameters(settings: FlowSettings) -> dict[str, Any]:
    return {**msgspec.structs.asdict(settings), **settings.parameters}


def _maker(program: type[Flow], settings: dict[str, Any], name: str) -> FlowMaker:
    """A maker of runs of a program under the name that the configuration gives it."""

    def make(variables: dict[str, str]) -> Flow:
        flow = program(settings, variables)
        flow.called = name
        return flow

    return make
