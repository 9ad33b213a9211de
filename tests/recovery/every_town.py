"""A town with every kind of line (tests/storms.py) whose control dies again and again; its people do whatever they do at random moments."""

from pbx.acd.agent import BUSY
from tests.recovery.town import Town
from tests.storms import PEOPLE, EveryActor, every_line

STRANGERS = 8
YEAR_S = 3e7


class EveryTown(Town):
    """People on lines of every kind, without stories."""

    unwanted = (BUSY,)

    def __init__(self, seed: int) -> None:
        """One of the eight offices."""
        super().__init__(seed, every_line(seed % 8))

    def _staff(self) -> None:
        simulation = self.simulation
        for n in range(2):
            distribution = simulation.exchange.distribution
            line = simulation.exchange.lines[f"sub-1/{n + 2}"]
            simulation.exchange.floor.turn(distribution.log_on, f"100{n + 1}", f"100{n + 1}", line)
            simulation.exchange.floor.turn(distribution.ready, f"100{n + 1}")
        network = simulation.network
        self.people = [network.telephones[number] for number in PEOPLE] + [network.subscriber(f"8765000{n}") for n in range(STRANGERS)]
        # Conversations that last, so that a death meets them.
        self.actors = [EveryActor(simulation, party, self.random, YEAR_S, hangs_up=0.05) for party in self.people]
        self.open = True

    def close(self) -> None:
        """Everybody hangs up where he is; then nothing is left anywhere and the books are right."""
        for actor in self.actors:
            actor.until = 0.0
        self.simulation.run(20.0)
        for party in self.people:
            party.hang_up()
        super().close()
        assert not [line for line in self.simulation.exchange.lines.values() if line.second is not None]
