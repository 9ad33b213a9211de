"""What a caller hears first: nothing that the switch wants heard is lost because the line's own signals still stand there."""

from pathlib import Path

import pytest

from config.loader import load
from config.schema import Configuration
from pbx.prompts import render
from pbx.simulation import Simulation
from pbx.tone_plan import china
from pbx.vocabulary.facts import FlowStepped

HOME = Path(__file__).resolve().parent.parent


@pytest.fixture(params=["tokens", "sound"])
def sim(request):
    configuration = load(HOME / "config" / "zongji.toml")
    assert isinstance(configuration, Configuration)
    prompts = render(configuration.prompts, HOME / "build" / "prompts")
    made = Simulation(configuration, china(), prompts, tokens=request.param == "tokens")
    made.start()
    return made


def test_a_caller_over_r2_hears_the_whole_greeting_after_the_answer(sim):
    caller = sim.network.subscriber("13900000000")
    caller.dial("10086")
    assert sim.wait(lambda: caller.state == "talking", 10.0)
    answered = sim.clock.now
    greeting_s = len(sim.sounds["welcome"]) / 8000
    offered = [fact for fact in sim.facts if isinstance(fact, FlowStepped) and fact.step == "offer"]
    assert offered == []
    assert sim.wait(lambda: any(isinstance(fact, FlowStepped) and fact.step == "offer" for fact in sim.facts), greeting_s + 1.0)
    assert abs(sim.clock.now - answered - greeting_s) < 0.2


def test_a_caller_over_r2_hears_ring_back(sim):
    caller = sim.network.subscriber("13900000000")
    caller.dial("8003")
    assert sim.wait(lambda: caller.state == "alerting", 10.0)
    assert sim.wait(lambda: "ring-back" in caller.hearing, 6.0)
    sim.network.telephones["8003"].lift()
    assert sim.wait(lambda: caller.state == "talking", 3.0)
    sim.run(8.0)  # a pause of ring-back is 4 s
    assert "ring-back" not in caller.hearing


def test_a_telephone_hears_the_ring_back_of_the_far_exchange(sim):
    sim.network.subscriber("55512345")
    telephone = sim.network.telephones["8003"]
    telephone.lift()
    sim.run(1.0)
    telephone.press("955512345")
    assert sim.wait(lambda: "ring-back" in telephone.hearing, 25.0), telephone.log


def test_what_waits_for_a_speech_path_is_forgotten_with_its_leg(sim):
    caller = sim.network.subscriber("13900000000")
    caller.dial("10086")
    assert sim.wait(lambda: any(line.held for line in sim.exchange.lines.values()), 10.0)
    caller.hang_up()
    sim.run(3.0)
    assert not any(line.held for line in sim.exchange.lines.values())
    caller.dial("8003")
    assert sim.wait(lambda: "ring-back" in caller.hearing, 15.0)
    assert not any(isinstance(fact, FlowStepped) and fact.step == "offer" for fact in sim.facts)


def test_an_edge_goes_though_the_speech_path_is_lost_first(sim):
    """Cleared between Connect and the answer signal, when the circuit has no speech path: the edge made before stayed for ever."""
    caller, clerk = sim.network.subscriber("13900000000"), sim.network.telephones["8001"]
    caller.dial("8001")
    assert sim.wait(lambda: clerk.ringing, 10.0)
    clerk.lift()
    switch = sim.exchange.switch
    assert sim.wait(lambda: any(call.talking for call in switch.calls.values()), 5.0)
    call = next(iter(switch.calls.values()))
    port = call.originator.line.port
    sim.run(0.02)
    assert sim.near.edges(port) and not call.originator.line.engine.speech
    switch.floor.turn(switch.clear, call)
    sim.run(5.0)
    caller.hang_up()
    clerk.hang_up()
    sim.run(5.0)
    assert not switch.calls and sim.near.edges(port) == []
