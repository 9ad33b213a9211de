"""A simulated exchange whose span is left to whoever connects: nobody does, somebody leaves, the mode is wrong."""

import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from config.loader import load
from config.schema import Configuration
from drivers.wire import SpanSettings, Wire
from pbx.prompts import render
from pbx.simulation import Simulation
from pbx.tone_plan import china

HOME = Path(__file__).resolve().parent.parent


@pytest.fixture
def configuration(tmp_path):
    loaded = load(HOME / "config" / "zongji.toml")
    assert isinstance(loaded, Configuration)
    first = replace(loaded.spans[0], far_end="outside", mode="lockstep", socket=str(tmp_path / "sockets" / "e1-1.socket"))
    return replace(loaded, spans=[first, *loaded.spans[1:]])


def simulation(configuration):
    return Simulation(configuration, china(), render(configuration.prompts, HOME / "build" / "prompts"))


def blocked(sim, span):
    return [line.name for line in sim.exchange.lines.values() if line.name.startswith(f"{span}/") and line.blocked]


def test_a_span_without_a_peer_shows_its_alarm_and_time_goes_on(configuration):
    sim = simulation(configuration)
    assert not sim.await_peers(0.01)
    sim.start()
    sim.run(3.0)
    assert len(blocked(sim, "e1-1")) == 30
    assert blocked(sim, "e1-2") == []
    assert all(not name.startswith("e1-1/") for name in sim.network.lines)


def test_a_peer_that_leaves_blocks_the_span(configuration):
    sim = simulation(configuration)
    peer = Wire([SpanSettings(idle_bits=0b1011)])
    peer.connect(0, configuration.spans[0].socket)
    assert sim.await_peers(5.0)

    def stay(ticks):
        with peer:
            for tick in range(ticks):
                peer.read(tick)
                peer.write(tick)

    thread = threading.Thread(target=stay, args=(200,))
    thread.start()
    sim.start()
    assert blocked(sim, "e1-1") == []
    sim.run(1.5)
    thread.join()
    sim.run(3.0)
    assert len(blocked(sim, "e1-1")) == 30


def test_a_free_running_span_has_no_place_in_virtual_time(configuration):
    free = replace(configuration, spans=[replace(configuration.spans[0], mode="free-running"), *configuration.spans[1:]])
    with pytest.raises(ValueError, match="e1-1 is free-running"):
        simulation(free)
