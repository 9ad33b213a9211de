"""``sim.sound``: a busy hour of 4 spans in sound, in virtual time: simulated time over wall time.

120 circuits at 0.8 erlang: each is called, held, left idle for a quarter of the holding time (both exponential), again and again. Of
the callers three in five ask for an agent, wait with music, talk and are recorded; the others hear announcements. 60 agents at
telephones. Everything is sound over bit-true frames, and both ends run: exchange and network. By default some minutes of the hour are
simulated, as many as fit; with ``--long`` the whole hour.
"""

import sys
import time
from collections.abc import Iterable, Sequence
from random import Random

from benchmarks.office import AGENT, EXTENSION, PASSWORD, configuration, sounds
from benchmarks.row import Effort, Row, load_text
from drivers.far_end.party import Subscriber
from drivers.far_end.people import logs_in
from drivers.far_end.story import Script, Story, until
from drivers.far_end.telephone import Telephone
from pbx.simulation import Simulation
from pbx.tone_plan import china
from pbx.vocabulary.facts import CallCleared, Fact

HOLD_S = 60.0
ERLANG = 0.8
AGENT_SHARE = 0.6
WARM_UP_S = 150.0
LOOK_S = 1.0
DIALLING_S = 4.0


class BusyHour:
    """The exchange, its callers and its agents; counts the calls and the traffic."""

    def __init__(self, spans: int = 4, agents: int = 60, seed: int = 1) -> None:
        self.random = Random(seed)
        self.cleared = self.looks = self.busy = 0
        self.simulation = Simulation(configuration(spans, agents), china(), sounds(), append=self._fact)
        self.simulation.start()
        network = self.simulation.network
        clock = network.floor.clock
        for n in range(agents):
            phone = network.telephones[EXTENSION.format(n)]
            clock.callLater(self.random.random() * 20, Story(clock, phone, self._agent(phone, AGENT.format(n))).begin)
        for n in range(spans * 30):
            caller = network.subscriber(f"139{n:08}")
            clock.callLater(20 + self.random.random() * HOLD_S, Story(clock, caller, self._caller(caller)).begin)
        clock.callLater(0.0, self._look)

    def _fact(self, fact: Fact) -> None:
        self.cleared += isinstance(fact, CallCleared)

    def _look(self) -> None:
        """Traffic by looking each second at what is busy (E.600: erlang = mean number of busy circuits)."""
        self.looks += 1
        self.busy += sum(not line.idle for line in self.simulation.network.circuits)
        self.simulation.clock.callLater(LOOK_S, self._look)

    def _agent(self, phone: Telephone, agent: str) -> Script:
        yield from logs_in(phone, agent, PASSWORD)
        while True:
            yield until("bell", seconds=1e6)
            yield 1.0 + 2 * self.random.random()
            if not phone.rings:
                continue
            phone.lift()
            phone.speak("talk", loop=True)
            yield until("hears busy", "hears dial", seconds=600)
            phone.hang_up()
            yield 0.5

    def _caller(self, caller: Subscriber) -> Script:
        idle_s = HOLD_S * (1 - ERLANG) / ERLANG
        while True:
            caller.log.clear()
            hold = max(DIALLING_S + 4, self.random.expovariate(1 / HOLD_S))
            if caller.dial("10086") and (yield until("answered", "released", seconds=30)) == "answered":
                yield 2.0
                if caller.line is not None:
                    asks = self.random.random() < AGENT_SHARE
                    caller.press("1" if asks else "2")
                    yield 1.0
                    if asks and caller.line is not None:
                        caller.speak("talk", loop=True)
                    yield until("released", seconds=hold - DIALLING_S - 3)
            if caller.line is not None:
                caller.hang_up()
            if caller.line is not None:
                yield until("released", seconds=10)
            yield self.random.expovariate(1 / idle_s)

    def run(self, seconds: float) -> None:
        """Simulate so long; recorders are emptied each half minute, as a writer of files would."""
        end = self.simulation.clock.now + seconds
        while self.simulation.clock.now < end - 1e-6:
            self.simulation.run(min(5.0, end - self.simulation.clock.now))
            for call in self.simulation.exchange.switch.calls.values():
                for leg in call.legs.values():
                    if leg.recorder >= 0:
                        self.simulation.near.read_recorder(leg.recorder)


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The row of the busy hour."""
    hour = BusyHour() if not effort.brief else BusyHour(1, 2)
    begun = time.monotonic()
    hour.run(3 if effort.brief else WARM_UP_S)
    if not effort.brief:
        sys.stderr.write(f"bench: warmed up in {time.monotonic() - begun:.0f} s\n")
    hour.cleared = hour.looks = hour.busy = 0
    wanted_s = effort.choose(1, 3600, 3600)
    room_s = effort.choose(1, 22, 1e6)
    begun, cpu, simulated = time.monotonic(), time.process_time(), 0.0
    while simulated < wanted_s and time.monotonic() - begun < room_s:
        step = min(10.0, wanted_s - simulated)
        hour.run(step)
        simulated += step
        if effort.long and simulated % 600 == 0:
            sys.stderr.write(f"bench: {simulated / 60:.0f} minutes simulated\n")
    wall, spent = time.monotonic() - begun, time.process_time() - cpu
    traffic = hour.busy / max(1, hour.looks)
    yield Row(
        "sim.sound",
        round(simulated / wall, 2),
        "x real time",
        "higher",
        conditions=f"{simulated:.0f} s of the busy hour simulated in {wall:.1f} s (CPU {spent:.1f} s), after a warm-up; both ends in "
        f"sound over bit-true frames, 120 circuits, {traffic:.0f} erlang carried, {hour.cleared} calls cleared, 60 agents; {load_text()}",
    )
