"""A busy office in virtual time whose control dies again and again, at any operation; and what must be true afterwards."""

import contextlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from config.loader import load
from config.schema import Configuration
from drivers.far_end import people
from drivers.far_end.party import Subscriber
from drivers.far_end.story import Script, Story, until
from drivers.far_end.telephone import Telephone
from pbx.acd.agent import BUSY, LOGGED_OFF
from pbx.call import HELD
from pbx.checkers import Checkers, heard_after_call
from pbx.line import TRUNK
from pbx.media import Plane
from pbx.simulation import Simulation
from pbx.tone_plan import china
from pbx.vocabulary import facts
from pbx.vocabulary.media import PLAYER

EXAMPLE = Path(__file__).parents[2] / "config" / "zongji.toml"
OPERATIONS = ("journal_append", "write_leg_record", "end_turn", "send")
AGENTS = (("8002", "1001"), ("8003", "1002"), ("8004", "1003"), ("8005", "1004"))
EXTENSIONS = ("8001", "8006", "8007", "8008", "8009", "8010")
SETTLED_S = 0.05
QUIET_S = 240.0


class Killed(BaseException):
    """Control is dead: whatever it would have done next never happens."""


@lru_cache
def example() -> Configuration:
    found = load(EXAMPLE)
    assert not isinstance(found, list), found
    return found


class Killer:
    """Lets the plane's face do so many operations of a kind, then kills whoever uses it."""

    def __init__(self, plane: Plane, kind: str, after: int) -> None:
        self.left = after
        self.armed = True
        for name in OPERATIONS:
            if name == kind or kind == "any":
                setattr(plane, name, self._mortal(getattr(plane, name)))

    def _mortal(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def mortal(*arguments: Any) -> Any:
            if self.armed and self.left == 0:
                raise Killed
            self.left -= 1
            return operation(*arguments)

        return mortal


class Town:
    """An office, its callers and its deaths; one seed decides everything."""

    unwanted: tuple[str, ...] = (BUSY, LOGGED_OFF)
    """States in which no agent is when everybody has gone home."""

    def __init__(self, seed: int, configuration: Configuration | None = None) -> None:
        self.random = Random(seed)
        configuration = configuration or example()
        sounds = {prompt.name: b"\xd5" * 8000 for prompt in configuration.prompts}
        self.simulation = Simulation(configuration, china(), sounds, tokens=True)
        self.kills = 0
        self.kills_in_recovery = 0
        self.adopted = 0
        self.open = False
        self._killer: Killer | None = None
        self.stories: set[Story] = set()
        self._callers = 0
        self.simulation.start()
        self._staff()

    # People.

    def _staff(self) -> None:
        network = self.simulation.network
        for place, (number, agent) in enumerate(AGENTS):
            script = people.works(network.telephones[number], agent, agent, Random(self.random.random()), slow=place * 0.3)
            Story(self.simulation.clock, network.telephones[number], script).begin()
        self.simulation.run(20.0)
        agents = self.simulation.exchange.distributor.agents
        assert all(agents[agent].state != LOGGED_OFF for _, agent in AGENTS)
        self.open = True
        self.simulation.clock.callLater(0.0, self._next)

    def _next(self) -> None:
        if self.open:
            self._somebody()
            self.simulation.clock.callLater(self.random.expovariate(1 / 0.3), self._next)

    def _somebody(self) -> None:
        network, random = self.simulation.network, self.random
        kind = random.choice(("agent", "agent", "agent", "announcement", "internal", "city", "wrong", "hasty", "direct"))
        if kind in ("internal", "city"):
            idle = [n for n in EXTENSIONS if (t := network.telephones[n]).watcher is None and not t.off_hook and not t.rings]
            if len(idle) < 2:
                return
            phone, other = (network.telephones[number] for number in random.sample(idle, 2))
            if kind == "internal":
                self._tell(other, people.answers_once(other, random.random() * 2))
                self._tell(phone, people.calls(phone, other.number, 3 + random.random() * 12))
                return
            person = self._stranger("8765")
            self._tell(person, people.is_called(person, random.random() * 2, 3 + random.random() * 8))
            self._tell(phone, people.calls(phone, "9" + person.number, 5 + random.random() * 12))
            return
        caller = self._stranger("1390000")
        if kind == "agent":
            self._tell(caller, people.asks_for_agent(caller, "10086", "1", 5 + random.random() * 20))
        elif kind == "announcement":
            self._tell(caller, people.hears_announcement(caller, "10086", "2", 6.0))
        elif kind == "wrong":
            self._tell(caller, people.dials_wrong(caller, "55500001"))
        elif kind == "direct":
            self._tell(caller, people.asks_for_agent(caller, "8001", "5", 8.0))
        else:
            self._tell(caller, hangs_up_at_once(caller, random.random() * 4))

    def _stranger(self, prefix: str) -> Subscriber:
        self._callers += 1
        return self.simulation.network.subscriber(f"{prefix}{self._callers % 10000:04d}")

    def _tell(self, party: Any, script: Script) -> None:
        story = Story(self.simulation.clock, party, script, self.stories.discard)
        self.stories.add(story)
        story.begin()

    # Death.

    def die(self) -> None:
        """Some seconds of traffic, then control dies at some operation; perhaps the next one while it takes over."""
        simulation, random = self.simulation, self.random
        simulation.run(random.random() * 3)
        if random.random() < 0.9:
            Killer(simulation.near, random.choice((*OPERATIONS, "any")), random.randrange(12))
            with contextlib.suppress(Killed):
                simulation.run(20.0)
        again = random.random() < 0.25
        while True:
            self.kills += 1
            if again:
                self._let_the_next_die()
            again = False
            try:
                before = self._established()
                self.adopted += simulation.kill_control()
                if self._killer is not None:
                    self._killer.armed = False
                break
            except Killed:
                self.kills_in_recovery += 1
        began = next(n for n in range(len(simulation.facts) - 1, -1, -1) if isinstance(simulation.facts[n], facts.ControlStarted))
        simulation.run(SETTLED_S)
        self._check_established(before, began)
        self._check_edges()

    def _let_the_next_die(self) -> None:
        near, random = self.simulation.near, self.random
        successor = near.successor

        def doomed() -> Plane:
            plane = successor()
            self._killer = Killer(plane, random.choice((*OPERATIONS, "any")), random.randrange(100))
            return plane

        near.successor = doomed  # type: ignore[method-assign]

    # What must be true.

    def _established(self) -> set[tuple[str, int]]:
        """Legs that have been answered, whose far party is on the line, and whose call's caller has been answered too."""
        answered: dict[tuple[str, int], str] = {}
        callers: set[tuple[str, int]] = set()
        for fact in self.simulation.facts[: len(self.simulation.facts) - self.simulation.near.held_facts]:
            if isinstance(fact, facts.ServiceInitiated):
                callers.add((fact.call, fact.leg))
            elif isinstance(fact, facts.Established):
                answered[fact.call, fact.leg] = fact.line
            elif isinstance(fact, facts.ConnectionCleared):
                answered.pop((fact.call, fact.leg), None)
        through = {leg[0] for leg in answered if leg in callers}
        return {leg for leg, line in answered.items() if leg[0] in through and self._on_the_line(line)}

    def _on_the_line(self, name: str) -> bool:
        party = self.simulation.network.lines[name].leg
        if isinstance(party, Telephone):
            return party.off_hook
        return isinstance(party, Subscriber) and party.state == "talking"

    def _check_established(self, before: set[tuple[str, int]], began: int) -> None:
        for fact in self.simulation.facts[max(0, began - 400) :]:
            if isinstance(fact, facts.ConnectionCleared) and fact.cause == 41 and (fact.call, fact.leg) in before:
                pytest.fail(f"established leg {fact.call}/{fact.leg} on {fact.line} was lost with control at {fact.at:.3f}")

    def _check_edges(self) -> None:
        """Everybody hears whom he should; what was ordered in this very moment is heard a tick later."""
        if self._wrong_edges():
            self.simulation.run(SETTLED_S)
            wrong = self._wrong_edges()
            assert not wrong, "\n".join(wrong)

    def _wrong_edges(self) -> list[str]:
        wrong: list[str] = []
        switch, plane = self.simulation.exchange.switch, self.simulation.near
        for line in switch.lines.values():
            leg, heard = line.leg, {edge.source for edge in plane.edges(line.port)}
            talking = leg.call.talking if leg is not None else None
            if talking is not None and leg in talking and not line.held:
                peer = talking[1] if talking[0] is leg else talking[0]
                wanted = {peer.line.port} if peer.state != HELD else set()
                if leg.state == HELD:
                    wanted = {PLAYER + switch.settings.hold_player}
                wrong += [f"{line.name} hears {heard} and not {peer.line.name}"] * (heard != wanted)
            elif leg is None:
                wrong += [f"{line.name} is idle and hears {heard}"] * bool(heard)
        return wrong

    def close(self) -> None:
        """No new callers; everybody goes home; then nothing is left anywhere and the books are right."""
        self.open = False
        simulation = self.simulation
        assert simulation.wait(lambda: not self.stories, QUIET_S), "somebody waits for ever"
        agents = simulation.exchange.distributor.agents
        assert simulation.wait(self._idle, QUIET_S), self._busy()
        assert all(agent.state not in self.unwanted for agent in agents.values()), [(a.number, a.state) for a in agents.values()]
        simulation.run(1.0)
        switch, plane = simulation.exchange.switch, simulation.near
        hears = {line.port: [edge.source for edge in plane.edges(line.port)] for line in switch.lines.values()}
        complaints = heard_after_call(hears, ())
        complaints += [f"tag of {line.name}" for line in switch.lines.values() if plane.tag(line.port)]
        complaints += simulation.exchange.floor.faults
        complaints += self._books()
        assert not complaints, "\n".join(complaints)

    def _idle(self) -> bool:
        exchange, network = self.simulation.exchange, self.simulation.network
        ours = all(line.idle and line.leg is None for line in exchange.lines.values())
        return ours and not exchange.switch.calls and network.all_idle()

    def _busy(self) -> str:
        exchange, network = self.simulation.exchange, self.simulation.network
        ours = [f"{line} {line.leg}" for line in exchange.lines.values() if not line.idle or line.leg]
        theirs = [f"{line} {line.leg}" for line in network.circuits if not line.idle or line.leg]
        return f"left: {exchange.switch.calls}, ours {ours}, theirs {theirs}"

    def _books(self) -> list[str]:
        lines = self.simulation.exchange.lines
        checkers = Checkers(lambda name: lines[name].kind == TRUNK)
        recording: set[str] = set()
        found: list[str] = []
        for sequence, fact in enumerate(self.simulation.facts, 1):
            checkers.take(sequence, fact)
            if isinstance(fact, facts.RecordingStarted):
                found += [f"recording {fact.recording} started twice"] * (fact.recording in recording)
                recording.add(fact.recording)
            elif isinstance(fact, facts.RecordingStopped):
                found += [f"recording {fact.recording} stopped without a start"] * (fact.recording not in recording)
                recording.discard(fact.recording)
        return found + [f"recording {name} never stopped" for name in recording] + checkers.finish()


def hangs_up_at_once(caller: Subscriber, after: float) -> Script:
    """Dial, and leave at some moment of the set-up."""
    if caller.dial("10086"):
        yield after
        if caller.line is not None:
            caller.hang_up()
            yield until("released", seconds=20)
