"""Control dies at any operation of a busy office, 1 000 times (``--long``: 10 000): established calls go on, every leg ends once."""

import pytest

from tests.recovery.town import Town

KILLS_A_RUN = 50


@pytest.mark.parametrize("seed", range(20))
def test_kills_of_a_busy_office(seed: int, long: bool) -> None:
    for run in range(10 if long else 1):
        town = Town(seed + 1000 * run)
        while town.kills < KILLS_A_RUN:
            town.die()
        town.close()
        assert town.adopted > KILLS_A_RUN, f"seed {seed + 1000 * run}"
