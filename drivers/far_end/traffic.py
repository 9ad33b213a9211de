"""Traffic: any load of callers with a mix of stories, and the people of the exchange who answer them or call out themselves.

Callers arrive by a Poisson process (fresh traffic of many sources, ITU-T E.501), over analog lines as well as trunks, as many as there
are circuits; what each wants is drawn from a mix: an agent by way of the menu, the announcement, the operator, a wrong number, or nothing
any more after some seconds. Agents log in, answer after a while or not at all, talk, put down first or last, and log out at the end; other
extensions call one another and the city, by every prefix that leads there. All that is random comes from one generator, time from any
clock with ``callLater``, so the same traffic runs in virtual and in real time. Leaves out callers who redial.
"""

from collections import Counter
from collections.abc import Callable
from random import Random

import msgspec

from config.schema import Configuration, Number, circuits_of
from drivers.far_end.network import Network
from drivers.far_end.party import Party, Subscriber
from drivers.far_end.people import logs_in
from drivers.far_end.story import Script, Story, until
from drivers.far_end.telephone import Telephone
from pbx.floor import Clock

TONES = ("hears busy", "hears vacant", "hears congestion", "hears howler")
MENU_SECONDS = 12.0
LOOK_UP_SECONDS = 30.0
"""People of the exchange look up so often whether it is time to go home."""
CITY_EXCHANGE = "8765"
VACANT = "55500000"


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what: fresh callers an hour, mean seconds, and the parts of the mix (weights, any sum)."""

    calls_per_hour: float = 100.0
    inside_calls_per_hour: float = 20.0
    talk_seconds: float = 60.0
    patience_seconds: float = 180.0
    answer_seconds: float = 4.0
    agents: int = 1000
    not_answered: float = 0.03
    """Probability that an agent lets the bell ring."""
    puts_down_first: float = 0.5
    agent: float = 60.0
    announcement: float = 12.0
    operator: float = 6.0
    silent: float = 4.0
    wrong: float = 4.0
    gone: float = 8.0
    """Callers who hang up at a random moment, however far they have come."""


class Traffic:
    """The load at work. ``begin`` starts it, ``end`` lets nobody begin anything new and sends the agents home."""

    def __init__(self, configuration: Configuration, network: Network, clock: Clock, random: Random, load: Load | None = None) -> None:
        self.network = network
        self.clock = clock
        self.random = random
        self.load = load or Load()
        self.attempts = 0
        self.ending = False
        self.running: set[Story] = set()
        self._configuration = configuration
        self._idle: list[Subscriber] = []
        self._callers = 0
        self._read_plan()
        numbers = [row.number for row in configuration.extensions]
        self._agents = configuration.agents[: min(self.load.agents, max(0, len(numbers) - 1))]
        self._operator = network.telephones[numbers[0]] if numbers else None
        self._inside = [network.telephones[number] for number in numbers[1 + len(self._agents) :]]
        self._scripts: dict[str, Callable[[Subscriber], Script]] = {
            "agent": self._asks_for_agent,
            "announcement": self._hears_announcement,
            "operator": self._asks_for_operator,
            "silent": self._presses_nothing,
            "wrong": self._dials_wrong,
            "gone": self._is_gone,
        }

    def _read_plan(self) -> None:
        """The numbers and keys that lead where the stories want to go."""
        rows = self._configuration.numbers
        flows = [row for row in rows if row.destination.startswith("flow:")]
        self._service = flows[0].prefix if flows else ""
        circuits: Counter[str] = Counter()
        for group in self._configuration.trunk_groups:
            circuits[group.number or self._service] += len(circuits_of(group))
        self._services = [self._service, *(row.prefix for row in flows[1:] if row.prefix in circuits)]
        """Numbers that lead to the menu: over trunks, and those that ring analog lines."""
        self._weights = [circuits[number] for number in self._services]
        settings = self._configuration.flows.get(flows[0].destination.partition(":")[2]) if flows else None
        choices = settings.choices if settings is not None else {}
        kinds = {to.partition(":")[0]: key for key, to in reversed(choices.items())}
        self._key = {kind: kinds.get(kind, "") for kind in ("queue", "announcement", "extension")}
        self._cities = [row.prefix for row in rows if row.destination.startswith("trunk:") and self._reaches_city(row)]
        codes = {row.destination.partition(":")[2]: row.prefix for row in rows if row.destination.startswith("feature:")}
        self._ready, self._log_out = codes.get("ready", ""), codes.get("log-out", "")

    @staticmethod
    def _reaches_city(row: Number) -> bool:
        """Whether an extension may dial the prefix and a number of the city behind it."""
        digits = len(row.prefix) + len(CITY_EXCHANGE) + 4
        return row.callers != "trunks" and row.least <= digits <= row.most

    # Beginning and end.

    def begin(self) -> None:
        """Agents come in, one after the other; callers from then on."""
        for place, agent in enumerate(self._agents):
            phone = self.network.telephones[self._configuration.extensions[1 + place].number]
            self._later(0.5 + 0.7 * place, phone, self._works(phone, agent.number, agent.password))
        if self._operator is not None:
            self._later(0.1, self._operator, self._answers(self._operator))
        for phone in self._inside:
            self._later(0.1, phone, self._sits(phone))
        if self.load.calls_per_hour > 0 and self._service:
            self.clock.callLater(self._gap(self.load.calls_per_hour), self._arrival)

    def end(self) -> None:
        """Nobody begins anything new; agents go home when they are through."""
        self.ending = True

    @property
    def over(self) -> bool:
        """Whether everybody has gone."""
        return self.ending and not self.running

    def _gap(self, per_hour: float) -> float:
        return self.random.expovariate(per_hour / 3600)

    def _arrival(self) -> None:
        if self.ending:
            return
        self.clock.callLater(self._gap(self.load.calls_per_hour), self._arrival)
        self.attempts += 1
        caller = self._idle.pop() if self._idle else self._new_caller()
        caller.log.clear()
        kinds = list(self._scripts)
        kind = self.random.choices(kinds, [getattr(self.load, kind) for kind in kinds])[0]
        self._later(0.0, caller, self._scripts[kind](caller))

    def _new_caller(self) -> Subscriber:
        self._callers += 1
        return self.network.subscriber(f"139{self._callers:08d}")

    def _later(self, seconds: float, party: Party, script: Script) -> None:
        story = Story(self.clock, party, script, self._over)
        self.running.add(story)
        self.clock.callLater(seconds, story.begin)

    def _over(self, story: Story) -> None:
        self.running.discard(story)
        if isinstance(story.party, Subscriber) and story.party.number not in self._called_numbers():
            self._idle.append(story.party)

    def _called_numbers(self) -> set[str]:
        return {f"{CITY_EXCHANGE}{place:04d}" for place in range(len(self._inside))}

    def _service_number(self) -> str:
        return self.random.choices(self._services, self._weights)[0] if len(self._services) > 1 else self._service

    # Callers.

    def _dials(self, caller: Subscriber, number: str) -> Script:
        """Dial and wait for the answer."""
        if caller.dial(number):
            yield until("answered", "released", seconds=60)

    def _ends(self, caller: Subscriber) -> Script:
        """Hang up, and wait for the circuit to be let go."""
        if caller.line is not None:
            caller.hang_up()
            if caller.line is not None:
                yield until("released", seconds=300)

    def _chooses(self, caller: Subscriber, kind: str, seconds: float) -> Script:
        """Through the menu to where the key of this kind leads, at most so long."""
        yield from self._dials(caller, self._service_number())
        if caller.line is not None:
            yield self.random.uniform(0.5, MENU_SECONDS)
        if caller.line is not None:
            caller.press(self._key[kind] or "1")
            yield until("released", seconds=seconds)
        yield from self._ends(caller)

    def _asks_for_agent(self, caller: Subscriber) -> Script:
        yield from self._chooses(caller, "queue", 5 + self.random.expovariate(1 / self.load.patience_seconds))

    def _hears_announcement(self, caller: Subscriber) -> Script:
        yield from self._chooses(caller, "announcement", self.random.uniform(5, 20))

    def _asks_for_operator(self, caller: Subscriber) -> Script:
        yield from self._chooses(caller, "extension", self.random.uniform(10, 60))

    def _presses_nothing(self, caller: Subscriber) -> Script:
        yield from self._dials(caller, self._service_number())
        if caller.line is not None:
            yield until("released", seconds=self.random.uniform(10, 120))
        yield from self._ends(caller)

    def _dials_wrong(self, caller: Subscriber) -> Script:
        yield from self._dials(caller, VACANT)
        yield from self._ends(caller)

    def _is_gone(self, caller: Subscriber) -> Script:
        """Hangs up wherever he is; often while the number is still being sent."""
        if caller.dial(self._service_number()):
            yield self.random.expovariate(1 / 8)
            if caller.state == "talking":
                caller.press(self._key["queue"] or "1")
                yield self.random.expovariate(1 / 8)
        yield from self._ends(caller)

    # People of the exchange.

    def _works(self, phone: Telephone, agent: str, password: str) -> Script:
        """An agent's day."""
        yield from logs_in(phone, agent, password)
        while not self.ending:
            if not (yield until("bell", seconds=LOOK_UP_SECONDS)):
                continue
            if self.random.random() < self.load.not_answered and self._ready:
                yield 30 + self.random.uniform(0, 20)
                yield from self._dials_feature(phone, self._ready)
                continue
            yield from self._takes(phone)
        yield 15.0
        while phone.rings:
            yield from self._takes(phone)
            yield 15.0
        if self._log_out:
            yield from self._dials_feature(phone, self._log_out)

    def _takes(self, phone: Telephone) -> Script:
        """Answer after a while, talk, put down first or when the other has gone."""
        yield self.random.uniform(0.5, 2 * self.load.answer_seconds)
        if not phone.rings:
            return
        phone.log.clear()
        phone.lift()
        talk = 1 + self.random.expovariate(1 / self.load.talk_seconds)
        first = self.random.random() < self.load.puts_down_first
        # Dial tone: the caller had gone before the handset was lifted.
        yield until(*TONES, "hears dial", seconds=talk if first else talk + 600)
        yield self.random.uniform(0.1, 1.0)
        phone.hang_up()
        yield 0.5

    def _dials_feature(self, phone: Telephone, code: str) -> Script:
        phone.lift()
        yield 1.5
        phone.press(code)
        yield until(*TONES, seconds=15)
        phone.hang_up()
        yield 1.0

    def _answers(self, phone: Telephone) -> Script:
        """The operator: answers whatever rings."""
        while not self.ending or phone.rings:
            if (yield until("bell", seconds=LOOK_UP_SECONDS)):
                yield from self._takes(phone)

    def _sits(self, phone: Telephone) -> Script:
        """An extension: now and then it calls another or the city, otherwise it answers."""
        each = self.load.inside_calls_per_hour / max(1, len(self._inside))
        while not self.ending or phone.rings:
            # Without memory: a wait that is cut short and drawn anew has the same distribution.
            wait = self._gap(each) if each > 0 else LOOK_UP_SECONDS
            if (yield until("bell", seconds=min(wait, LOOK_UP_SECONDS))):
                yield from self._takes(phone)
            elif wait < LOOK_UP_SECONDS and not self.ending:
                yield from self._calls(phone, self._number_for(phone))

    def _number_for(self, phone: Telephone) -> str:
        """Whom an extension calls: the city (sometimes nobody there), or one of its neighbours."""
        if self._cities and self.random.random() < 0.6:
            city = self.random.choice(self._cities) if len(self._cities) > 1 else self._cities[0]
            if self.random.random() < 0.1:
                return f"{city}{VACANT}"
            number = f"{CITY_EXCHANGE}{self._inside.index(phone):04d}"
            called = self.network.subscriber(number)
            if called.state == "idle" and called.watcher is None:
                called.log.clear()
                self._later(0.0, called, self._is_called(called))
            return city + number
        return self.random.choice(self._inside).number

    def _calls(self, phone: Telephone, number: str) -> Script:
        if phone.off_hook or phone.rings:
            return
        phone.log.clear()
        phone.lift()
        yield 1.5
        phone.press(number)
        yield until(*TONES, seconds=10 + self.random.expovariate(1 / self.load.talk_seconds))
        yield self.random.uniform(0.1, 1.0)
        phone.hang_up()
        yield 1.0

    def _is_called(self, called: Subscriber) -> Script:
        """Somebody in the city: answers after a while, or is not at home."""
        if not (yield until("rung", seconds=60)):
            return
        if self.random.random() < 0.2:
            yield until("released", seconds=300)
            return
        if not (yield until("released", seconds=self.random.uniform(0.5, 2 * self.load.answer_seconds))):
            called.answer()
            yield until("released", seconds=1 + self.random.expovariate(1 / self.load.talk_seconds))
        yield from self._ends(called)
