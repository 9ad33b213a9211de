"""A control that was only paused wakes up when another has taken over: every operation that it tries is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from pbx.media import Plane, StaleEpoch
from pbx.vocabulary.facts import encode
from tests.recovery.town import Town

OPERATIONS = ("journal_append", "write_leg_record", "send", "configure_port", "send_player", "drain", "read_recorder")


class Watch:
    """Counts what the face of a plane lets through and what it refuses."""

    def __init__(self, plane: Plane) -> None:
        self.done: list[str] = []
        self.refused = 0
        for name in OPERATIONS:
            setattr(plane, name, self._watched(name, getattr(plane, name)))

    def _watched(self, name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any) -> Any:
            try:
                value = operation(*arguments)
            except StaleEpoch:
                self.refused += 1
                raise
            self.done.append(name)
            return value

        return watched


@pytest.mark.parametrize("seed", range(10))
def test_nothing_of_an_overtaken_control_takes_effect(seed: int) -> None:
    town = Town(seed)
    simulation = town.simulation
    simulation.run(town.random.random() * 15 + 8)
    old, plane, clock = simulation.exchange, simulation.near, simulation._control_clock
    old.floor._append = lambda fact: plane.journal_append(encode(fact))
    simulation.kill_control()
    watch = Watch(plane)
    clock.alive = True
    for call in list(old.switch.calls.values()):
        legs = [leg for leg in call.legs.values() if not leg.clearing]
        if legs:
            with pytest.raises(StaleEpoch):
                old.floor.turn(old.switch.clear, call)
    for operation in (plane.drain, lambda: plane.read_recorder(0)):
        with pytest.raises(StaleEpoch):
            operation()
    end = simulation.clock.now + 30.0
    while simulation.clock.now < end:
        try:
            simulation.clock.run_until(end)
        except StaleEpoch:
            continue
    assert watch.refused > 0
    assert not watch.done
    clock.alive = False
    town.close()
