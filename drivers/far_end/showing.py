"""The programme of ``zongji demo``: people of several kinds at once, for half a minute, and steady traffic after it if wanted.

Numbers of the example office (config/zongji.toml) are the defaults; a configuration of another shape gets what of it fits: agents at the
first extensions, callers to the first number that leads to a flow, a call between two extensions, one to the city, one wrong number.
"""

from collections.abc import Callable
from random import Random

from config.schema import Configuration
from drivers.far_end import people
from drivers.far_end.network import Network
from drivers.far_end.party import Party
from drivers.far_end.story import Script, Story
from pbx.floor import Clock

CITY_NUMBER = "87654321"
WRONG_NUMBER = "55500001"


class Showing:
    """The programme at work."""

    def __init__(self, configuration: Configuration, network: Network, clock: Clock, seed: int = 1) -> None:
        self.network = network
        self.clock = clock
        self.random = Random(seed)
        self.running: set[Story] = set()
        self._configuration = configuration
        self._callers = 0
        flows = [row for row in configuration.numbers if row.destination.startswith("flow:")]
        self._service = flows[0].prefix if flows else ""
        flow = configuration.flows.get(flows[0].destination.partition(":")[2]) if flows else None
        choices = flow.choices if flow is not None else {}
        self._queue_key = next((key for key, to in choices.items() if to.startswith("queue:")), "1")
        self._announcement_key = next((key for key, to in choices.items() if to.startswith("announcement:")), "")
        self._city = next((row.prefix for row in configuration.numbers if row.destination.startswith("trunk:")), "")

    def begin(self) -> None:
        """Start everybody; the last has gone home about 30 s later."""
        extensions = [row.number for row in self._configuration.extensions]
        # The third agent comes late, so that the third caller waits with music.
        arrivals = (0.2, 0.5, 6.0)
        for place, (agent, at) in enumerate(zip(self._configuration.agents, arrivals, strict=False)):
            if place + 1 < len(extensions):
                phone = self.network.telephones[extensions[place + 1]]
                script = people.works(phone, agent.number, agent.password, Random(place), slow=place * 0.5, leaves_first=0.0)
                self._run(at, phone, script, keep=True)
        if self._service:
            for n, (at, talk) in enumerate(((9.0, 8.0), (9.6, 9.5), (10.2, 14.0))):
                caller = self.network.subscriber(f"1390000000{n + 1}")
                self._run(at, caller, people.asks_for_agent(caller, self._service, self._queue_key, talk))
            if self._announcement_key:
                caller = self.network.subscriber("13800000009")
                script = people.hears_announcement(caller, self._service, self._announcement_key, 8.0)
                self._run(1.5, caller, script)
        wrong = self.network.subscriber("13700000007")
        self._run(4.0, wrong, people.dials_wrong(wrong, WRONG_NUMBER))
        if len(extensions) >= 7:
            first, second = self.network.telephones[extensions[5]], self.network.telephones[extensions[6]]
            self._run(2.0, second, people.answers_once(second, 1.0))
            self._run(2.5, first, people.calls(first, extensions[6], 9.0))
        if self._city and len(extensions) >= 8:
            city = self.network.subscriber(CITY_NUMBER)
            self._run(3.0, city, people.is_called(city, 1.5, 9.0))
            phone = self.network.telephones[extensions[7]]
            self._run(3.0, phone, people.calls(phone, self._city + CITY_NUMBER, 16.0))

    def go_on(self) -> None:
        """Steady traffic: a caller every few seconds, until the process ends."""
        self._callers += 1
        caller = self.network.subscriber(f"13600{self._callers % 1000:06d}")
        if caller.state == "idle" and caller.watcher is None:
            if self._announcement_key and self.random.random() < 0.3:
                script = people.hears_announcement(caller, self._service, self._announcement_key, 10.0)
            else:
                talk = 10 + self.random.expovariate(1 / 15)
                script = people.asks_for_agent(caller, self._service, self._queue_key, talk)
            self._run(0.0, caller, script)
        self.clock.callLater(self.random.expovariate(1 / 6), self.go_on)

    def over(self) -> bool:
        """Whether everybody but the agents has gone home."""
        return not self.running

    def _run(self, at: float, party: Party, script: Script, keep: bool = False) -> None:
        ended: Callable[[Story], None] | None = None if keep else self.running.discard
        story = Story(self.clock, party, script, ended)
        if not keep:
            self.running.add(story)
        self.clock.callLater(at, story.begin)
