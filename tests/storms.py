"""Storms: people who do things at random moments, on an exchange with every kind of line that there is.

``every_line`` is the example with analog lines to two other exchanges (answers told by tones and by the poles), tie lines, a second group
of trunks reached in tandem, and extensions with every feature. ``Actor`` is one person who acts at random moments: dials by keys or
pulses, flashes, answers, hangs up, suspends and lifts again, re-rings as an operator, or just leaves the handset off. All that is random
comes from the generator handed in, so one seed is one storm. Leaves out what must be true afterwards, which is the test's.
"""

from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any

from config.schema import Configuration
from drivers.far_end.party import Subscriber
from drivers.far_end.telephone import Telephone
from pbx.signalling.r2.circuit import R2Circuit
from pbx.simulation import Simulation
from pbx.vocabulary.facts import Fact, NetworkReached
from tests.offices import CO_NUMBER, exchange_lines, extension, group, number, office, tie_lines, trunk_span

DIRECT_NUMBER = "87660000"
"""Rings the lines of the group "direct", whose calls go to an extension."""
NUMBERS = ("10086", "10086", "8001", "8003", "8009", "87650000", "5550000", "100")
INSIDE = ("8001", "8003", "8009", "987650001", "987650002", "10086", "*13", "*14", "*12", "8099", "9", "*")
EVERY_NUMBER = (
    *("10086", "8006", "8006", "8007", "8008", "8009", CO_NUMBER, CO_NUMBER, DIRECT_NUMBER, DIRECT_NUMBER, "100"),
    *("587650000", "587650001", "587650002", "587650003", "5999", "487650004", "387650005", "287650001"),
)
EVERY_INSIDE = (
    *("8001", "8006", "8006", "8007", "8008", "8009", "8010", "10086", "8099", "9", "*13", "9876500", "987650006"),
    *("087650000", "087650001#", "687650002#", "687650003", "787650004", "787650005#", "0", "587650001"),
)
DIALLED = ("8001", "8006", "8008", "987650001", "10086", "787650002", "0876", "8")
CITY_CIRCUITS = 'circuits = ["e1-1/1-15", "e1-1/17-31", "e1-2/1-15", "e1-2/17-31"]'
FOUR = 4
OPERATORS = {"traffic": "operator", "semi_automatic": True}
SIGNALS = {
    **dict.fromkeys(("OutFree", "OutAnswered", "OutSuspended"), "re-ring"),
    "OutBusy": "forced-release",
    "InSuspended": "ring-back",
}
"""What an operator may signal in a state of his circuit."""
HOOK_STATES = ("InAnswered", "InSuspended")
PEOPLE = ("8001", "8002", "8003", "8006", "8007", "8008", "8009", "8010")


@lru_cache
def every_line(kind: int) -> Configuration:
    """One of eight offices with every kind of line; they differ in how lines start, are dialled, and who controls the release.

    From 4 on they are the same again with few circuits, on which calls in both directions meet.
    """
    few, kind = kind >= FOUR, kind % FOUR
    pulses, calling, operators, ground = kind % 2 == 1, kind in (1, 2), kind == 2, kind == 3
    toll: dict[str, Any] = {"release_control": "calling", "meter_seconds": 3, **(OPERATORS if operators else {})}
    dialling = "pulse" if pulses else "dtmf"
    direct = '\n[[span]]\nname = "co-2"\nkind = "office"\n' + group(
        "direct",
        "co-2/1-3",
        "fxo",
        {"number": DIRECT_NUMBER, "answer_supervision": "reversal", "ground_start": ground, "dialling": dialling},
    )
    city = 'hunt = "longest-idle"' + ('\nrelease_control = "calling"' if calling else "")
    city += "".join(f"\n{name} = {str(value).lower() if value is True else repr(value)}" for name, value in OPERATORS.items() if operators)
    parts = (
        exchange_lines(),
        direct,
        number(DIRECT_NUMBER, "extension:8006") + number("6", "trunk:direct", length=[2, 13], strip=1),
        tie_lines(start=("wink", "immediate", "delay-dial", "wink")[kind], dialling=dialling, caller_number=not pulses),
        trunk_span("toll", **toll),
        number("5", "trunk:toll", length=[9, 9], strip=1, callers="all", overlap=True),
        number("4", "trunk:branch", length=[9, 9], strip=1, callers="trunks"),
        number("3", "trunk:post", length=[9, 9], strip=1, callers="trunks"),
        number("2", "trunk:direct", length=[9, 9], strip=1, callers="trunks"),
    )
    return office(
        *(part.replace("/1-15", "/1-2").replace("/1-4", "/1-2").replace("/1-3", "/1-1") if few else part for part in parts),
        changes=(
            *(((CITY_CIRCUITS, 'circuits = ["e1-1/1-3"]'),) if few else ()),
            ('hunt = "longest-idle"', city),
            extension("8001", reversal=True, metering=True),
            extension("8006", call_waiting=True, caller_identity="china"),
            extension("8007", hot_line="8006", hot_line_seconds=2),
            extension("8008", call_waiting=True, reversal=True, metering=True),
            extension("8009", caller_identity="dtmf-china", hot_line="787650004", hot_line_seconds=0),
            extension("8010", ground_start=True),
        ),
    )


class Actor:
    """One person who does things at random moments."""

    def __init__(
        self,
        simulation: Simulation,
        party: Subscriber | Telephone,
        random: Random,
        until: float,
        numbers: Sequence[str] = NUMBERS,
        inside: Sequence[str] = INSIDE,
        hangs_up: float = 0.15,
    ) -> None:
        """``hangs_up``: how probably he does so at each step."""
        self.simulation, self.party, self.random, self.until = simulation, party, random, until
        self.numbers, self.inside, self.hangs_up = numbers, inside, hangs_up
        simulation.clock.callLater(random.uniform(0, 4), self.act)

    def act(self) -> None:
        """Do something, and something else soon after."""
        if self.simulation.clock.now > self.until:
            return
        if isinstance(self.party, Telephone):
            self.telephone(self.party)
        else:
            self.subscriber(self.party)
        # Most steps come soon: within a digit, a pulse, a recognition time; some late.
        self.simulation.clock.callLater(self.random.choice((0.02, 0.1, 0.5, 2.0, 8.0)) * self.random.random() * 2, self.act)

    def subscriber(self, party: Subscriber) -> None:
        """A subscriber of the city."""
        random = self.random
        if party.line is None:
            if random.random() < 0.5:
                party.dial(random.choice(self.numbers), restricted=random.random() < 0.1)
        elif party.state == "ringing" and random.random() < 0.4:
            party.answer()
        elif random.random() < self.hangs_up:
            party.hang_up()
        elif party.state == "talking":
            party.press(random.choice("0123456789*#"))

    def telephone(self, party: Telephone) -> None:
        """Somebody at an extension."""
        random = self.random
        if not party.off_hook:
            if random.random() < (0.5 if party.ringing else 0.15):
                party.lift()
        elif random.random() < self.hangs_up:
            party.hang_up()
        else:
            party.press(random.choice((random.choice(self.inside), random.choice("0123456789*#"), "1")))


class EveryActor(Actor):
    """One who also suspends, re-rings as an operator, flashes, dials by pulses and leaves the handset off."""

    def __init__(
        self, simulation: Simulation, party: Subscriber | Telephone, random: Random, until: float, hangs_up: float = 0.15
    ) -> None:
        super().__init__(simulation, party, random, until, EVERY_NUMBER, EVERY_INSIDE, hangs_up)
        self._lies_until = self._hand_busy_until = 0.0

    def subscriber(self, party: Subscriber) -> None:
        """Does what his circuit has a signal for in its present state; else what everybody does."""
        engine = party.line.engine if party.line is not None else None
        state = engine.state if isinstance(engine, R2Circuit) else ""
        now = self.simulation.clock.now
        if state in HOOK_STATES or state in SIGNALS:
            # No hand is so fast that one signal follows another before it can be recognised.
            if now < self._hand_busy_until:
                return
            self._hand_busy_until = now + 0.1
        if state == "InAnswered" and self.random.random() < 0.2:
            party.suspend()
        elif state == "InSuspended" and self.random.random() < 0.6:
            party.resume()
        elif isinstance(engine, R2Circuit) and state in SIGNALS and engine.line.operator and self.random.random() < 0.5:
            party.signal(SIGNALS[state])
        else:
            super().subscriber(party)

    def telephone(self, party: Telephone) -> None:
        """A flash needs a loop that nothing else opens; a handset left off lies there for a while."""
        random, now = self.random, self.simulation.clock.now
        if not party.off_hook:
            self._lies_until = 0.0
            super().telephone(party)
            return
        if party._dialling or now < max(party._timed_until, self._lies_until):
            if party._dialling and random.random() < 0.03:
                party.hang_up()
            return
        choice = random.random()
        if choice < (0.3 if party.set.waiting_calls else 0.15):
            party.flash(random.choice((40, 100, 250, 700)))
        elif choice < 0.35:
            party.dial_pulses(random.choice(DIALLED), random.choice((9, 10, 11)))
        elif choice < 0.4:
            self._lies_until = now + random.choice((5.0, 30.0))
        else:
            super().telephone(party)


def meet(simulation: Simulation, random: Random, people: Sequence[Subscriber], chance: float = 0.4) -> None:
    """Now and then somebody of the city calls over the very circuit that the exchange has just seized."""
    floor = simulation.exchange.floor
    append = floor._append

    def noted(fact: Fact) -> None:
        append(fact)
        if isinstance(fact, NetworkReached) and random.random() < chance:
            # A trunk is told within 0.1 s that it is seized, an analog line sooner.
            late_s = 0.03 if simulation.network.lines[fact.line].number else 0.08
            simulation.clock.callLater(random.uniform(0, late_s), call_over, fact.line)

    def call_over(name: str) -> None:
        line = simulation.network.lines[name]
        person = next((person for person in people if person.line is None), None)
        if line.available and person is not None:
            person.dial_over(line, line.number or "10086")

    floor._append = noted
