"""``ss7.sound``: calls by ISUP in sound over simulated spans, the whole house at both ends, none lost.

Four spans of circuits and two signalling links, each on a span of its own half; every circuit is called again and again. A call: IAM with
the caller's number, answer by the menu (CON), its greeting heard, the caller's voice, release by the caller. Each call is watched from its
IAM to its release: what is not answered or not released is lost. At the end both ends must be at rest.
"""

import time
from collections.abc import Iterable, Sequence

from benchmarks.office import PROMPTS, sounds
from benchmarks.row import Effort, Row, load_text
from config.loader import check
from config.schema import Configuration
from drivers.far_end.party import Subscriber
from drivers.far_end.story import Script, Story, until
from pbx.simulation import Simulation
from pbx.tone_plan import china
from pbx.vocabulary.facts import CallCleared, Established

SPANS = 4
CALLED = "10086"
CALLER = "139{:08}"
TALK_S = 1.5
SETTLE_S = 10.0
STEP_S = 5.0
_POINTS = """
[exchange]
name = "measured"
{spans}
[[signalling_point]]
name = "city"
code = "21-100-1"

[[signalling_link_set]]
name = "toll"
point = "city"
adjacent = "21-100-51"
{links}
[[trunk_group]]
name = "toll"
circuits = [{circuits}]
signalling = "isup"
point = "city"
far_point = "21-100-51"

[[number]]
prefix = "10086"
destination = "flow:main_menu"

[flow.main_menu]
greeting = "welcome"
menu = "main_menu"
{prompts}
"""


def configuration() -> Configuration:
    """Four spans, two links."""
    names = [f"e1-{n + 1}" for n in range(SPANS)]
    linked = {"e1-1": "toll-0", "e1-3": "toll-1"}
    text = _POINTS.format(
        spans="".join(
            f'[[span]]\nname = "{name}"\nkind = "ccs"\n' + ("signalling_channels = [16]\n" if name in linked else "") for name in names
        ),
        links="".join(
            f'[[signalling_link]]\nname = "{link}"\nlink_set = "toll"\ncode = {code}\nchannel = "{span}/16"\n'
            for code, (span, link) in enumerate(linked.items())
        ),
        circuits=", ".join(f'"{name}/1-15", "{name}/17-31"' for name in names),
        prompts="".join(f'[[prompt]]\nname = "{name}"\nmelody = "A4:1000"\n' for name in PROMPTS),
    )
    made = check(text, "measured.toml")
    if isinstance(made, list):
        raise ValueError("; ".join(map(str, made)))
    return made


class House:
    """An exchange whose every circuit is called again and again, until so many calls have begun."""

    def __init__(self, calls: int) -> None:
        self.wanted = calls
        self.begun = self.heard = self.released = self.established = self.cleared = 0
        self.simulation = Simulation(configuration(), china(), sounds(), append=self._fact)
        self.simulation.start(SETTLE_S)
        network = self.simulation.network
        self.callers = [network.subscriber(CALLER.format(n)) for n in range(SPANS * 30)]
        for n, caller in enumerate(self.callers):
            self.simulation.clock.callLater(n * 0.03, Story(network.floor.clock, caller, self._again_and_again(caller)).begin)

    def _fact(self, fact: object) -> None:
        if isinstance(fact, CallCleared):
            self.cleared += 1
        elif isinstance(fact, Established):
            self.established += 1

    def _again_and_again(self, caller: Subscriber) -> Script:
        while self.begun < self.wanted:
            self.begun += 1
            caller.log.clear()
            if caller.dial(CALLED):
                yield until("answered", "released", seconds=30)
                self.heard += caller.state == "talking"
                caller.speak("talk")
                yield TALK_S
                caller.hang_up()
                yield until("released", seconds=10)
                self.released += caller.state == "idle"
            yield 0.3

    def run(self) -> float:
        """Let all calls be made; CPU seconds."""
        begun, shown = time.process_time(), 0
        while self.released < self.wanted and self.simulation.clock.now < 3600:
            self.simulation.run(STEP_S)
            if self.released // 1000 > shown:
                shown = self.released // 1000
                print(f"  {self.released} calls of {self.wanted}", flush=True)
        spent = time.process_time() - begun
        self.simulation.run(SETTLE_S)
        return spent

    def lost(self) -> int:
        """Calls that were not answered, not released, or of which the exchange says something else than the callers."""
        return self.wanted - min(self.heard, self.released, self.established, self.cleared)

    def left(self) -> list[str]:
        """What is not at rest."""
        lines = [*self.simulation.exchange.lines.values(), *self.simulation.network.circuits]
        counters = {**self.simulation.exchange.floor.counters, **self.simulation.network.floor.counters}
        return [repr(line) for line in lines if not line.available] + [f"{name}: {count}" for name, count in counters.items()]


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The row of calls in sound."""
    calls = int(effort.choose(120, 10_000, 10_000))
    house = House(calls)
    begun = house.simulation.clock.now
    spent = house.run()
    left = house.left()
    lasted = house.simulation.clock.now - begun - SETTLE_S
    assert not left, f"not at rest: {', '.join(left[:10])}"
    conditions = (
        f"{calls} calls in sound on {SPANS} spans with 2 signalling links, lost {house.lost()}, both ends at rest; "
        f"{lasted:.0f} s of line in {spent:.0f} CPU s; {load_text()}"
    )
    yield Row("ss7.sound", round(calls / spent, 1), "calls/CPU s", "higher", conditions=conditions)
