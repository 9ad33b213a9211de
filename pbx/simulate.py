"""``zongji simulate``: hours of traffic on a whole exchange in virtual time, its figures, and the standing checkers at the end.

Callers, agents and extensions are those of drivers/far_end/traffic.py, drawn from one seed. The figures come from the facts alone and
mean what ITU-T E.600 says: occupancy is the time in use over the time there is; a call is *lost* when the exchange itself could not
handle it. Two runs of one seed print the same, but for keys that begin with ``wall_`` or ``cpu_``. Leaves out closed-form comparison.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from config.loader import load
from config.schema import Configuration, circuits_of
from drivers.far_end.traffic import Load, Traffic
from pbx import at_rest
from pbx.checkers import Checkers
from pbx.prompts import PromptError, render
from pbx.simulation import Simulation
from pbx.tone_plan import FOLDER as TONES
from pbx.tone_plan import load as load_tones
from pbx.vocabulary import facts
from pbx.vocabulary.call import CAUSES
from pbx.vocabulary.facts import AgentFact, Fact

LOST = frozenset({27, 34, 41, 42, 44, 111})
"""Causes by which the exchange itself could not handle a call: out of order, no circuit, failure, congestion, protocol error."""
SETTLE_SECONDS = 1200.0
"""Everybody has gone home within so long after the traffic has ended."""
STEP_SECONDS = 60.0
OCCUPIED = ("Busy", "WorkingAfterCall")


class Tally:
    """Facts in, figures out."""

    def __init__(self, configuration: Configuration) -> None:
        self.trunks = {f"{span}/{slot}" for group in configuration.trunk_groups for span, slot in circuits_of(group)}
        self.target = max((row.service_level_percent for row in configuration.queues), default=0.0) / 100
        self.level_seconds = {row.name: row.service_level_seconds for row in configuration.queues}
        self.calls = self.answered = self.lost = self.facts = 0
        self.causes: Counter[int] = Counter()
        self.waited: list[float] = []
        self.reasons: Counter[str] = Counter()
        self.in_time = 0
        self.trunk_seconds = self.occupied_seconds = self.logged_on_seconds = 0.0
        self._open: dict[str, bool] = {}
        self._legs: dict[str, float] = {}
        self._agents: dict[str, tuple[str, float]] = {}

    def take(self, fact: Fact) -> None:
        """The next fact."""
        self.facts += 1
        if isinstance(fact, AgentFact):
            self._agent(fact)
        elif isinstance(fact, facts.ServiceInitiated | facts.NetworkReached):
            if fact.line in self.trunks:
                self._legs[fact.line] = fact.at
            if isinstance(fact, facts.ServiceInitiated):
                self.calls += 1
                self._open[fact.call] = False
        elif isinstance(fact, facts.Established):
            self._open[fact.call] = True
        elif isinstance(fact, facts.Dequeued):
            self._dequeued(fact)
        elif isinstance(fact, facts.ConnectionCleared):
            begun = self._legs.pop(fact.line, None)
            if begun is not None:
                self.trunk_seconds += fact.at - begun
        elif isinstance(fact, facts.CallCleared):
            self.causes[fact.cause] += 1
            self.answered += self._open.pop(fact.call, False)
            self.lost += fact.cause in LOST

    def _dequeued(self, fact: facts.Dequeued) -> None:
        self.reasons[fact.reason] += 1
        self.waited.append(fact.waited)
        if fact.reason == "answered" and fact.waited <= self.level_seconds.get(fact.queue, 0.0):
            self.in_time += 1

    def _agent(self, fact: AgentFact) -> None:
        kind = type(fact).__name__
        state, since = self._agents.get(fact.agent, ("", fact.at))
        if state:
            self.logged_on_seconds += fact.at - since
            if state in OCCUPIED:
                self.occupied_seconds += fact.at - since
        self._agents[fact.agent] = ("" if kind == "LoggedOff" else kind, fact.at)

    def figures(self, seconds: float) -> dict[str, Any]:
        """The figures of a run of so many seconds; rates are rounded to a millionth."""
        queued = len(self.waited)
        return {
            "calls": self.calls,
            "answered": self.answered,
            "waited": queued,
            "abandoned": self.reasons["abandoned"],
            "overflowed": self.reasons["overflowed"],
            "lost": self.lost,
            "service_level_target": self.target,
            "service_level": round(self.in_time / queued, 6) if queued else None,
            "mean_wait_s": round(sum(self.waited) / queued, 6) if queued else None,
            "trunk_occupancy": round(self.trunk_seconds / (seconds * len(self.trunks)), 6) if self.trunks else None,
            "agent_occupancy": round(self.occupied_seconds / self.logged_on_seconds, 6) if self.logged_on_seconds else None,
            "causes": {str(cause): count for cause, count in sorted(self.causes.items())},
            "facts": self.facts,
        }


class Run:
    """One simulated stretch of traffic with its tally and checkers."""

    def __init__(self, configuration: Configuration, sounds: dict[str, bytes], seed: int, *, tokens: bool, traffic: Load) -> None:
        tones = load_tones(TONES / f"{configuration.exchange.tones}.toml")
        self.tally = Tally(configuration)
        self.checkers = Checkers(self.tally.trunks.__contains__)
        self.simulation = Simulation(configuration, tones, sounds, tokens=tokens, append=self._append)
        self.traffic = Traffic(configuration, self.simulation.network, self.simulation.clock, Random(seed), traffic)
        self.seconds = 0.0

    def _append(self, fact: Fact) -> None:
        self.tally.take(fact)
        self.checkers.take(self.simulation.number(fact), fact)

    def go(self, seconds: float, progress: Callable[[float], None] = lambda at: None) -> None:
        """Traffic for so long; then everybody goes home."""
        simulation = self.simulation
        simulation.start()
        begun = simulation.clock.now
        self.traffic.begin()
        while simulation.clock.now < begun + seconds:
            simulation.run(min(STEP_SECONDS, begun + seconds - simulation.clock.now))
            progress(simulation.clock.now - begun)
        self.traffic.end()
        simulation.wait(lambda: self.traffic.over and at_rest.quiet(simulation), SETTLE_SECONDS)
        simulation.run(1.0)
        self.seconds = simulation.clock.now - begun
        distribution = simulation.exchange.distribution
        for agent in simulation.exchange.distributor.agents:
            simulation.exchange.floor.turn(distribution.log_off, agent)

    def complaints(self) -> list[str]:
        """What the checkers have to say."""
        found = [*self.checkers.finish(), *at_rest.complaints(self.simulation)]
        if not self.traffic.over:
            found.append(f"{len(self.traffic.running)} stories have not come to their end")
        return found

    def figures(self) -> dict[str, Any]:
        """The figures, and what the simulation itself did."""
        simulation = self.simulation
        return {
            **self.tally.figures(self.seconds),
            "attempts": self.traffic.attempts,
            "simulated_s": round(self.seconds, 6),
            "ticks": simulation.ticker.ticks,
            "events": simulation.ticker.events,
        }


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="zongji simulate",
        description="Simulate hours of traffic on an exchange in virtual time. Exit status 1 when a standing checker complains.",
        epilog="example: zongji simulate config/zongji.toml --seed 7 --hours 1 --calls-per-hour 300 --json",
    )
    usual = Load()
    options.add_argument("config", type=Path, metavar="CONFIG", help="configuration of the exchange")
    options.add_argument("--seed", type=int, default=1, metavar="N", help="what is random is drawn from it (default 1)")
    options.add_argument("--hours", type=float, default=1.0, metavar="H", help="hours of traffic (default 1)")
    options.add_argument("--media", choices=("sound", "tokens"), default="tokens", help="what the spans carry (default tokens)")
    options.add_argument("--calls-per-hour", type=float, metavar="N", help="callers from the city (default 25 for each agent)")
    options.add_argument("--talk-seconds", type=float, default=usual.talk_seconds, metavar="S", help="mean talk (default %(default)g)")
    options.add_argument("--agents", type=int, default=usual.agents, metavar="N", help="at most so many agents (default all)")
    options.add_argument("--json", action="store_true", help="one JSON object a line: the figures, then each complaint")
    return options


def simulate_command(argv: Sequence[str]) -> int:
    """``zongji simulate``: 0, 1 when a checker complains, 2 when the configuration is wrong."""
    chosen = _options().parse_args(argv)
    configuration = load(chosen.config)
    if isinstance(configuration, list):
        sys.stderr.writelines(f"{problem}\n" for problem in configuration)
        return 2
    try:
        sounds = render(configuration.prompts, Path("build/prompts"), lambda name: _say(f"prompt {name} is being spoken"))
    except PromptError as failure:
        _say(str(failure))
        return 2
    agents = min(chosen.agents, len(configuration.agents))
    calls = 25.0 * max(1, agents) if chosen.calls_per_hour is None else chosen.calls_per_hour
    traffic = Load(calls_per_hour=calls, inside_calls_per_hour=calls / 5, talk_seconds=chosen.talk_seconds, agents=agents)
    run = Run(configuration, sounds, chosen.seed, tokens=chosen.media == "tokens", traffic=traffic)
    wall, cpu = time.perf_counter(), time.process_time()
    run.go(chosen.hours * 3600, _Progress(chosen.hours * 3600, run.tally))
    wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    complaints = run.complaints()
    figures = {"seed": chosen.seed, "hours": chosen.hours, "media": chosen.media, **run.figures()}
    figures |= {"complaints": len(complaints), "wall_s": round(wall_s, 3), "cpu_s": round(cpu_s, 3)}
    figures["cpu_calls_per_s"] = round(figures["calls"] / cpu_s, 1) if cpu_s else None
    _print(figures, complaints, as_json=chosen.json)
    return 1 if complaints else 0


class _Progress:
    """A line now and then about how far the simulation has come."""

    def __init__(self, seconds: float, tally: Tally) -> None:
        self._seconds, self._tally, self._tenth = seconds, tally, 0

    def __call__(self, at: float) -> None:
        tenth = int(10 * at / self._seconds + 1e-9)
        if tenth > self._tenth:
            self._tenth = tenth
            _say(f"{at / 3600:.2f} h, {self._tally.calls} calls")


def _say(text: str) -> None:
    sys.stderr.write(f"zongji simulate: {text}\n")


def _print(figures: dict[str, Any], complaints: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.writelines(json.dumps({"complaint": text}) + "\n" for text in complaints)
        return
    causes = figures.pop("causes")
    sys.stdout.writelines(f"{name.replace('_', ' '):<20} {value}\n" for name, value in figures.items())
    sys.stdout.writelines(f"cause {cause:>3} {CAUSES.get(int(cause), 'cause'):<34} {count}\n" for cause, count in causes.items())
    sys.stdout.writelines(f"complaint: {text}\n" for text in complaints)
