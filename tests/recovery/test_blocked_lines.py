"""A line that an operator took out of use stays out of use when control dies, and comes back when he says so."""

from pbx.vocabulary.call import Blocked, Unblocked
from tests.lab import Lab


def test_an_operators_block_outlives_control():
    with Lab(seed=1, tokens=True) as lab:
        simulation = lab.simulation
        for name in ("e1-1/5", "sub-1/7"):
            switch = simulation.exchange.switch
            switch.floor.turn(switch.floor.to_line, switch.lines[name], Blocked("local"))
        lab.after(1)
        assert simulation.network.lines["e1-1/5"].blocked
        simulation.kill_control()
        lab.after(4)
        switch = simulation.exchange.switch
        assert {name for name, line in switch.lines.items() if line.blocked} == {"e1-1/5", "sub-1/7"}
        assert simulation.network.lines["e1-1/5"].blocked, "the far end was told that the circuit is in use again"
        for name in ("e1-1/5", "sub-1/7"):
            switch.floor.turn(switch.floor.to_line, switch.lines[name], Unblocked())
        lab.after(1)
        assert not any(line.blocked for line in switch.lines.values())
        simulation.kill_control()
        lab.after(4)
        assert not any(line.blocked for line in simulation.exchange.lines.values())
        assert not simulation.network.lines["e1-1/5"].blocked
