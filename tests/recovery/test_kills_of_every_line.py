"""Control dies at any operation of a town with every kind of line: answered calls go on, every leg ends once, both ends come to rest."""

import pytest

from tests.recovery.every_town import EveryTown

KILLS_A_RUN = 40


@pytest.mark.parametrize("seed", range(8))
def test_kills_of_a_town_with_every_kind_of_line(seed: int, long: bool) -> None:
    for run in range(40 if long else 1):
        town = EveryTown(seed + 1000 * run)
        while town.kills < KILLS_A_RUN:
            town.die()
        town.close()
        assert town.adopted > KILLS_A_RUN / 4, f"seed {seed + 1000 * run}"
