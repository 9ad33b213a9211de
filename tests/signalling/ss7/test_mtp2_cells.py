"""Level 2 among a level 3 and a far end that do whatever they like: every cell of every chart is reached by real inputs, no promise of
the border is broken, and afterwards the link comes into service as if nothing had been."""

from collections import Counter
from random import Random

import pytest

from benchmarks.no7_terminals import FIGURES
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.mtp2 import cc, iac, lsc, poc
from pbx.signalling.ss7.mtp2.orders import ReceiverBusy, ReceiverFree
from tests.signalling.ss7.terminal import FarEnd

SHORT = FIGURES.adjusted(timers_ms={"T1": 40000, "T2": 5000, "T3": 1000, "T4n": 7500, "T4e": 400})
CHARTS = {"LSC": lsc.STATES, "IAC": iac.STATES, "POC": poc.STATES, "CC": cc.STATES}
LONG_STEPS = (0.02, 0.02, 0.05, 0.2, 1.0, 8.0)


class Storm:
    """One link and its visited cells. Level 3 keeps its side of the contract, the far end nothing."""

    def __init__(self, seed, late=None):
        self.random = Random(seed)
        self.far = FarEnd(SHORT, late=self.random.choice((0, 1)) if late is None else late)
        self.cells = Counter()
        for machine in self.far.end.engine.machines():
            machine.observer = lambda state, event, name=machine.chart.name: self.cells.update([(name, state, event)])

    def level_3(self):
        end, chance = self.far.end, self.random
        state = end.engine._link_state.state
        anything = [p.Emergency(), p.EmergencyCeases(), p.LocalProcessorOutage(), p.LocalProcessorRecovered()]
        anything += [p.FlushBuffers(), p.Continue(), ReceiverBusy(), ReceiverBusy(discard=True), ReceiverFree()]
        if state == "OutOfService":
            anything += [p.Start()] * 12 + [p.Stop(), p.RetrieveBsnt(), p.RetrievalRequest(None), p.MessageForTransmission(b"\x85ab")]
        elif chance.random() < 0.3:
            anything.append(p.Stop())
        if state in ("InService", "ProcessorOutage"):
            anything += [p.MessageForTransmission(b"\x85ab")] * 4
        end.request(chance.choice(anything))

    def far_end(self):
        far, chance = self.far, self.random
        state = far.end.state
        fitting = {"NotAligned": (0, 1, 2), "Aligned": (1, 2), "Proving": (1, 2), "AlignedReady": (8,), "AlignedNotReady": (8, 4)}
        what = chance.choice(fitting.get(state, (8,)) if chance.random() < 0.6 else (0, 1, 2, 3, 4, 4, 4, 8, 8, 9, 9))
        if what == 9:
            far.silence()
            far.send(*[chance.choice((1, 2, 3, 4))] * chance.choice((1, 4, 70)))
        elif what == 8:
            far.fill_in()
        else:
            far.status(what)
        heard = far.end.unit()
        far.backward, far.backward_bit = (heard[1] & 127, heard[1] >> 7) if heard[2] != 1 else (127, 1)
        far.forward, far.forward_bit = heard[0] & 127, heard[0] >> 7

    def run(self, steps):
        for _ in range(steps):
            chance = self.random.random()
            if chance < 0.4:
                self.level_3()
            else:
                self.far_end()
            self.far.run(self.random.choice(LONG_STEPS if self.random.random() < 0.3 else (0.02,)))

    def promises(self):
        """In service and out of service take turns; nothing comes in that is not in service."""
        serving = False
        for value in self.far.end.told:
            if isinstance(value, p.InService):
                serving = True
            elif isinstance(value, p.OutOfService):
                serving = False
            elif isinstance(value, p.RemoteProcessorOutage | p.RemoteProcessorRecovered | p.ReceivedMessage):
                assert serving, value

    def recovers(self):
        far = self.far
        for request in (p.Stop(), p.LocalProcessorRecovered(), p.EmergencyCeases(), ReceiverFree()):
            far.end.request(request)
        far.silence()
        far.run(0.1)
        far.backward, far.backward_bit, far.forward, far.forward_bit = 127, 1, 127, 1
        far.serve()
        far.give(b"goes")
        far.message(b"\x85comes")
        far.run()
        assert far.end.told[-1] == p.ReceivedMessage(b"\x85comes")
        assert far.messages() == [(0, b"\x85goes")]


def storm(seed, steps=150):
    found = Storm(seed)
    found.run(steps)
    found.promises()
    found.recovers()
    return found.cells


@pytest.mark.parametrize("seed", range(20))
def test_a_storm_breaks_no_promise(seed):
    storm(seed)


def crossing():
    """What is told while an order is on its way that makes it old; and the longest timer."""
    found = []

    def begun(prepare):
        found.append(Storm(0, late=1))
        prepare(found[-1].far)
        return found[-1].far

    def ready(far):
        far.status(2)
        far.start(emergency=True)
        far.run(1)

    far = begun(FarEnd.serve)
    far.send(*[2] * 64)
    far.end.request(p.Stop())
    far.run(0.05)
    for late_order in (True, False):
        far = begun(FarEnd.prove)
        far.send(*() if late_order else (far.lssu(0),), 2, far.fisu())
        if late_order:
            far.end.request(p.Stop())
        far.run(0.05)
    for outage in (False, True):
        far = begun(ready)
        if outage:
            far.end.request(p.LocalProcessorOutage())
        far.run(45)
    far = begun(FarEnd.serve)
    far.send(far.lssu(4))
    far.end.request(p.Stop())
    far.run(0.05)
    return sum((one.cells for one in found), Counter())


@pytest.fixture(scope="module")
def visited():
    return sum((storm(seed) for seed in range(100, 140)), crossing())


@pytest.mark.parametrize("name", CHARTS)
def test_every_cell_is_reached(visited, name):
    missing = [(state, event) for state, row in CHARTS[name].items() for event in row.cells if not visited[name, state, event]]
    assert missing == []
