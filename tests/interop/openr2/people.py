"""The people on our side of the span to libopenr2, as stories: who is called, who calls out, from extensions and in transit from the city.

Extensions 8001 to 8015 are called, one by each of libopenr2's time slots; 8016 talks to 8017 as long as the run lasts, so it is busy;
8018 and up call out, one call after another. Subscribers of the city network call libopenr2 in transit and are called by it. All chance
comes from the generator handed in. Leaves out libopenr2's side (far_exchange.py).
"""

import random
from collections.abc import Callable, Iterator

from drivers.far_end.party import Party, Subscriber
from drivers.far_end.story import Script, Story, until
from drivers.far_end.telephone import Telephone
from tests.interop.openr2.office import Office

CITY = {"62345678": 0, "62345671": 1, "62345617": 17, "62345642": 42}
"""Numbers of the city network, and the cause of Q.850 with which each is refused; 0 = answers."""
CALLERS_IN_TRANSIT = ("13900000001", "02012345678", "110", "12345678901234567890", "", "13900000666")
WITHHELD = "13900000666"
"""This subscriber's number must not be shown."""
BUSY, ITS_FRIEND, FIRST_CALLER = 8016, 8017, 8018


class People:
    """All stories of a run."""

    def __init__(self, office: Office, generator: random.Random, draw: Callable[[], str]) -> None:
        """``draw`` gives the next number of libopenr2's that somebody calls."""
        self.sim = office.sim
        self.network = office.sim.network
        self.generator = generator
        self.draw = draw
        self.stories: list[Story] = []
        for number, cause in CITY.items():
            if cause:
                self.network.refusals[number] = cause

    def begin(self, calls_each: int) -> None:
        """Everybody takes his place; who calls out makes so many calls."""
        telephones = {int(number): telephone for number, telephone in self.network.telephones.items()}
        busy, friend = telephones[BUSY], telephones[ITS_FRIEND]
        busy.lift()
        self.sim.run(0.5)
        busy.press(f"{ITS_FRIEND}")
        assert self.sim.wait(lambda: friend.ringing, 10.0)
        friend.lift()
        self.sim.run(1.0)
        for number, telephone in telephones.items():
            if number < BUSY:
                self._tell(telephone, self.called_telephone(telephone))
            elif number >= FIRST_CALLER:
                self._tell(telephone, self.calling_telephone(telephone, calls_each))
        called = self.network.subscriber("62345678")
        self._tell(called, self.called_subscriber(called))
        for number in CALLERS_IN_TRANSIT:
            subscriber = self.network.subscriber(number)
            self._tell(subscriber, self.calling_subscriber(subscriber, calls_each))

    def end(self) -> None:
        """The busy telephones go home too."""
        for number in (BUSY, ITS_FRIEND):
            self.network.telephones[f"{number}"].hang_up()

    def callers(self) -> Iterator[Story]:
        """The stories that come to an end by themselves."""
        return (story for story in self.stories if story.party.number in CALLERS_IN_TRANSIT or story.party.number >= f"{FIRST_CALLER}")

    def over(self) -> bool:
        """Whether everybody who calls out has made his calls."""
        return all(story.done for story in self.callers())

    def _tell(self, party: Party, script: Script) -> None:
        story = Story(self.sim.clock, party, script)
        self.stories.append(story)
        story.begin()

    def called_telephone(self, telephone: Telephone) -> Script:
        """Answer within the first burst, stay for at most five."""
        while True:
            if (yield until("bell", seconds=1000.0)) is None:
                continue
            yield 0.5
            if not telephone.ringing:
                continue
            telephone.lift()
            yield until("hears busy", seconds=5.0)
            telephone.hang_up()

    def called_subscriber(self, subscriber: Subscriber) -> Script:
        """The same in the city; who is called there lets the caller clear."""
        while True:
            if (yield until("rung by", seconds=1000.0)) is not None:
                yield 0.8
                subscriber.answer()

    def calling_telephone(self, telephone: Telephone, calls: int) -> Script:
        """Call libopenr2 again and again; every third time lose patience at a random moment."""
        chance = self.generator
        for n in range(calls):
            yield chance.uniform(0.5, 2.0)
            called = self.draw()
            telephone.lift()
            yield 0.8
            telephone.press(f"9{called}#")
            yield 0.2 * (len(called) + 2)
            if n % 3 == 2:
                yield chance.uniform(0.05, 0.16 * len(called) + 3.0)
            elif (yield until("hears busy", "hears congestion", "hears vacant", seconds=0.16 * len(called) + 5.0)) is None:
                telephone.speak("welcome")
                yield until("hears busy", seconds=4.0)
            telephone.hang_up()

    def calling_subscriber(self, subscriber: Subscriber, calls: int) -> Script:
        """The same from the city, in transit."""
        chance = self.generator
        for _ in range(calls):
            yield chance.uniform(0.5, 2.0)
            if not subscriber.dial(f"9{self.draw()}", restricted=subscriber.number == WITHHELD):
                continue
            what = yield until("answered", "released", seconds=40.0)
            if what == "answered":
                what = yield until("released", seconds=chance.uniform(1.0, 4.0))
            if what is None:
                subscriber.hang_up()
                yield until("released", seconds=10.0)
