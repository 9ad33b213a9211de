"""A whole exchange and its network in one process, in virtual time: what tests, ``zongji simulate`` and the benchmarks run.

Both ends stand on media planes of their own, joined by the wire. The virtual clock steps both planes in lockstep, tick by tick while
there is sound or anything under way, and jumps where there is not. One seed decides everything random, so one seed replays one run.
A span with ``far_end = "outside"`` waits on its socket instead (docs/integrator/outside-socket.md), in lockstep: whoever connects is its
far exchange, in the same virtual time.

The cards of both ends come from a ``Plant``, the wire unless another is given: tests have one of the kernel's drivers, whose ticks wait for
the kernel's time.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from config.schema import Configuration, Span
from drivers.alsa import SoundCard
from drivers.dahdi import Dahdi
from drivers.far_end.association_wires import AssociationWires
from drivers.far_end.network import Network
from drivers.far_end.telephone_line import CHANNEL_BANK, LineCode
from drivers.wire import SpanSettings, Wire, join
from pbx import far_network
from pbx.clock import VirtualClock
from pbx.exchange import Exchange, layout_of, load_sounds
from pbx.media import TICK_SECONDS, Plane
from pbx.plant import ends_of
from pbx.standing_alarms import standing
from pbx.tone_plan import TonePlan
from pbx.vocabulary.facts import Fact, encode

NEVER = -1
MIDNIGHT = datetime(2026, 1, 1)
"""When every simulation begins, as its telephones show it."""


def date_time(now: float) -> str:
    """MMDDhhmm of a simulation's seconds."""
    return (MIDNIGHT + timedelta(seconds=now)).strftime("%m%d%H%M")


class Plant(Protocol):
    """What both ends stand on: the cards of each span, and whose time it is."""

    line_code: LineCode
    """How the bits at the far end of a subscriber span tell what the telephone and the exchange do."""

    def cards(self, configuration: Configuration, span: Span, tokens: bool) -> tuple[Wire | Dahdi, Wire | Dahdi]:
        """The cards of our end and of the far one, joined; spans are asked for in their order. ValueError for what cannot be."""

    def await_tick(self, tick: int) -> None:
        """Return when a tick may begin: the kernel's drivers move sound by a clock of their own, which does not jump."""


class WirePlant:
    """Every span is a wire, whose far end is in this process or connects to its outside socket."""

    line_code = CHANNEL_BANK

    def cards(self, configuration: Configuration, span: Span, tokens: bool) -> tuple[Wire, Wire]:
        """Two wires."""
        if span.card != "wire":
            raise ValueError(f"span {span.name} has real lines, which have no virtual time: set card to wire")
        ends = ends_of(configuration, span)
        channels, speech, clear = tuple(span.signalling_channels), span.speech_in_slot_16, span.kind == "signalling"
        if span.frame_slots and tokens:
            raise ValueError(f"span {span.name} has signalling channels, which carry frames and no tokens: simulate it with sound")
        rows = [
            SpanSettings(kind, idle_bits=ends.idle_bits, signalling_channels=channels, speech_in_slot_16=speech, clear_channel=clear)
            for kind in (ends.near, ends.far)
        ]
        near, far = (Wire([row], tokens) for row in rows)
        if span.far_end == "outside":
            self._open(near, span)
            near.set_patience(0, configuration.alarm.silent_peer_seconds)
        else:
            join((near, 0), (far, 0))
        return near, far

    @staticmethod
    def _open(wire: Wire, span: Span) -> None:
        """The outside socket of a span; its ports at our own far end stay without a line, so that ports count alike there."""
        if span.mode != "lockstep":
            raise ValueError(f"span {span.name} is free-running, which has no meaning in virtual time: set mode to lockstep")
        Path(span.socket).parent.mkdir(parents=True, exist_ok=True)
        wire.listen(0, span.socket, span.name)

    def await_tick(self, tick: int) -> None:
        """At once: a wire has no time but the clock's."""


class Ticker:
    """Steps both planes: a source of moments for the virtual clock. Tick k is over at (k + 1) ticks of time."""

    def __init__(
        self, clock: VirtualClock, near: Plane, far: Plane | None, await_tick: Callable[[int], None] = lambda tick: None
    ) -> None:
        self.clock = clock
        self.await_tick = await_tick
        self.near = near
        self.far = far
        self.near_events: Callable[[list[tuple[float, int, Any]]], None] = lambda events: None
        self.far_events: Callable[[list[tuple[float, int, Any]]], None] = lambda events: None
        self.ticks = 0
        self.events = 0
        self._next = 0
        self._promised = NEVER
        """The tick that was to be the next one when last asked; NEVER when it has been, or when there was nothing to do."""

    def next_moment(self) -> float | None:
        """When the next tick that matters is over."""
        near = self.near.next_activity()
        far = self.far.next_activity() if self.far is not None else None
        if near is None and far is None:
            self._promised = NEVER
            return None
        wanted = min(tick for tick in (near, far) if tick is not None)
        begun = int(self.clock.now / TICK_SECONDS)
        if wanted <= self._promised < begun:
            # A timer was due an ulp before the end of that tick, in which something is under way: it is still to come.
            begun = self._promised
        self._promised = self._next = max(wanted, begun)
        return (self._next + 1) * TICK_SECONDS

    def advance(self, now: float) -> None:
        """Run the tick on both planes and hand up what they noticed."""
        tick = self._next
        self._promised = NEVER
        self.ticks += 1
        self.await_tick(tick)
        self.near.tick(tick)
        if self.far is not None:
            self.far.tick(tick)
        events = self.near.drain()
        if events:
            self.events += len(events)
            self.near_events(events)
        if self.far is not None:
            events = self.far.drain()
            if events:
                self.far_events(events)


class MortalClock:
    """The clock as one control sees it: when that control is killed, none of its timers ever comes."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.alive = True

    def die(self) -> None:
        """From now on none comes."""
        self.alive = False
        for call in self._clock.getDelayedCalls():
            if getattr(call.function, "__self__", None) is self:
                call.cancel()

    def seconds(self) -> float:
        """Now."""
        return self._clock.now

    def callLater(self, delay: float, function: Callable[..., object], *arguments: Any) -> Any:  # noqa: N802
        """Call, if control is still alive then."""
        return self._clock.callLater(delay, self._call, function, arguments)

    def _call(self, function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        if self.alive:
            function(*arguments)


class Simulation:
    """Exchange, plant and network in virtual time."""

    def __init__(
        self,
        configuration: Configuration,
        tones: TonePlan,
        sounds: Mapping[str, bytes],
        *,
        tokens: bool = False,
        append: Callable[[Fact], object] | None = None,
        plant: Plant | None = None,
    ) -> None:
        """``sounds``: A-law by prompt name (pbx/prompts.py); ``tokens``: the spans carry tokens; ``append``: where facts go; ``plant``:
        what the spans are, wires by default."""
        self.configuration = configuration
        self.tokens = tokens
        self.plant: Plant = plant or WirePlant()
        self.clock = VirtualClock()
        self.facts: list[Fact] = []
        self.recorders_read = False
        """Whether somebody reads the recorders; otherwise it is no loss when they run over."""
        self.near = Plane.create(layout_of(configuration))
        self.far = Plane.create(layout_of(configuration))
        cards = [self.plant.cards(configuration, span, tokens) for span in configuration.spans]
        for near, far in cards:
            self.near.add_card(near.card)
            self.far.add_card(far.card)
        self.near_wires = [near for near, _ in cards if isinstance(near, Wire)]
        self.far_wires = [far for _, far in cards if isinstance(far, Wire)]
        """Of all spans, in their order; none where the plant has other cards."""
        # In virtual time there are no devices: these neither hear nor speak.
        self.sound_cards = [SoundCard() for _ in configuration.sound_devices]
        for card in self.sound_cards:
            self.near.add_card(card.card)
        for plane, ends in ((self.near, [near for near, _ in cards]), (self.far, [far for _, far in cards])):
            for end in ends:
                for link in end.links:
                    plane.add_card(link)
        self.sounds = dict(sounds)
        self.prompts = load_sounds(self.near, tones, sounds)
        far_prompts = load_sounds(self.far, tones, sounds)
        self.append: Callable[[Fact], object] = append or self.keep
        self._control_clock = MortalClock(self.clock)
        self.exchange = Exchange(configuration, self.near, self._control_clock, self.append, self.prompts, date_time=date_time)
        self.network: Network = far_network.build(
            configuration, self.far, self.clock, far_prompts, self.plant.line_code
        )
        self.associations = AssociationWires(self.clock, [row.name for row in configuration.associations if row.simulated])
        """Those to the simulated network; nobody is at the far end of others here."""
        self.network.signalling.associations.carry = self.associations.far.send
        self.ticker = Ticker(self.clock, self.near, self.far, self.plant.await_tick)
        self.ticker.near_events = self.exchange.floor.media
        self.ticker.far_events = self.network.media_events
        self.clock.sources.append(self.ticker)

    def await_peers(self, limit_seconds: float) -> bool:
        """Wait, in real time, for a far exchange on every outside socket; False when one did not come. Before ``start``."""
        outside = [wire for wire, span in zip(self.near_wires, self.configuration.spans, strict=True) if span.far_end == "outside"]
        return all(wire.wait(0, limit_seconds) for wire in outside)

    def keep(self, fact: Fact) -> None:
        """Without a journal of its own the simulation keeps the facts, and the plane's ring counts them."""
        self.number(fact)
        self.facts.append(fact)

    def number(self, fact: Fact) -> int:
        """The sequence number of the fact, by the plane's ring, whose room is free again at once."""
        sequence = self.near.journal_append(encode(fact))
        self.near.journal_commit(sequence)
        return sequence

    def kill_control(self) -> int:
        """Control dies here and now; a new one takes over. Returns how many legs it adopted."""
        self._control_clock.die()
        if self.near.held_facts:
            # The turn in which control died was never completed.
            del self.facts[-self.near.held_facts :]
        self.associations.near.end()
        self.near = self.near.successor()
        self.ticker.near = self.near
        self._control_clock = MortalClock(self.clock)
        epoch = self.near.epoch
        self.exchange = Exchange(self.configuration, self.near, self._control_clock, self.append, self.prompts, epoch, date_time)
        self.ticker.near_events = self.exchange.floor.media
        left = standing(self.facts)
        adopted = self.exchange.recover()
        self.exchange.alarms_left(left)
        self._begin_associations()
        return adopted

    def start(self, settle_seconds: float = 1.0) -> None:
        """Bring both ends into service and let the framers align."""
        self.exchange.start()
        far_network.start(self.network, self.far)
        self.associations.far.begin(self.network.signalling.associations.told)
        self._begin_associations()
        self.clock.run_until(self.clock.now + settle_seconds)

    def _begin_associations(self) -> None:
        ends = self.exchange.signalling.associations
        ends.carry = self.associations.near.send
        self.associations.near.begin(ends.told)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.run_until(self.clock.now + seconds)

    def wait(self, wanted: Callable[[], bool], limit_seconds: float) -> bool:
        """Let time pass until ``wanted()``; False when it did not come in time."""
        return self.clock.run_while(lambda: not wanted(), self.clock.now + limit_seconds)
