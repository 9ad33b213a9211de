"""Control dies at a random operation of a busy office, 1 000 times with ``--long``: established calls go on, every leg has its end."""

import pytest

from tests.recovery.town import Town

KILLS_A_RUN = 50


@pytest.mark.parametrize("seed", range(20))
def test_kills_of_a_busy_office(seed: int) -> None:
    town = Town(seed)
    while town.kills < KILLS_A_RUN:
        town.die()
    town.close()
    assert town.adopted > KILLS_A_RUN
