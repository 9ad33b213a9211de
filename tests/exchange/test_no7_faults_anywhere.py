"""Faults of our own at any step of any machine of No. 7, at either end, under calls and while a link fails: the exchange always heals."""

import random

import pytest

from pbx.machine import Machine
from pbx.signalling.ss7.distribution import UserPart
from pbx.signalling.ss7.mtp2.mtp2 import Mtp2
from pbx.signalling.ss7.mtp3.mtp3 import Mtp3
from pbx.signalling.ss7.sigtran.m2pa import M2pa
from pbx.signalling.ss7.sigtran.m2ua import M2ua
from pbx.signalling.ss7.sigtran.m2ua_gateway import M2uaGateway
from pbx.signalling.ss7.sigtran.m3ua import M3ua
from pbx.signalling.ss7.sigtran.m3ua_gateway import M3uaGateway
from tests.exchange.test_backhaul import as_gateway, at_gateways
from tests.exchange.test_no7 import TRANSFER_POINTS, call, cut, end, mend, states, talk, two_links
from tests.exchange.test_no7_faults import FaultError
from tests.exchange.test_sigtran import over_m2pa, over_m3ua
from tests.lab import Lab

OFFICES = {
    "isup": (lambda: two_links("isup"), 330),
    "tup": (lambda: two_links("tup"), 340),
    "m2pa": (over_m2pa, 420),
    "m3ua": (lambda: over_m3ua("as-a", "as-b"), 120),
    "m2ua": (at_gateways, 420),
    "gateway of m2ua": (as_gateway, 420),
    "transfer points": (lambda: TRANSFER_POINTS, 300),
}
"""Their configurations, and how many steps of No. 7 there are while they work, nearly."""
ENGINES = (Mtp2, Mtp3, M2pa, M2ua, M2uaGateway, M3ua, M3uaGateway, UserPart)
HEALED_S = 100.0


class Injector:
    """Fails once, at the input of an engine or the step of a machine that the number says: before its work or behind it."""

    def __init__(self, patch, behind):
        self.left = None
        self.steps = 0
        self.where = ""
        self.behind = behind
        whole = Machine.step

        def step(machine, event, argument, now):
            # A link is proved for long, which would be most of all steps.
            if machine.state == "Proving" or not type(machine.owner).__module__.startswith("pbx.signalling.ss7."):
                return whole(machine, event, argument, now)
            return self.take(f"({machine.chart.name}, {machine.state}, {event})", whole, machine, event, argument, now)

        patch.setattr(Machine, "step", step)
        for kind in ENGINES:
            patch.setattr(kind, "receive", self.mortal(kind.receive))

    def mortal(self, whole):
        def receive(engine, value, now):
            return self.take(f"{type(engine).__name__} takes {value}"[:100], whole, engine, value, now)

        return receive

    def take(self, where, function, *arguments):
        self.steps += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left, self.where = None, where
                if self.behind:
                    function(*arguments)
                raise FaultError(where)
        return function(*arguments)


def traffic(lab, choose):
    """Calls out and in, one after the other, which end by themselves; a link fails amid them and comes back."""
    clock = lab.simulation.clock

    def stranger(called, line, setup):
        party = lab.network.subscriber(f"{called} {lab.now:.3f}")
        clock.callLater(choose.uniform(0.05, 1.0), party.answer)
        clock.callLater(choose.uniform(1.0, 3.0), party.hang_up)
        return party

    lab.network.stranger = stranger
    telephone = lab.telephone("8006")
    for place in range(4):
        caller = lab.network.subscriber(f"0106234560{place}")
        caller.group = "toll"
        clock.callLater(choose.uniform(0.0, 6.0), caller.dial, "10086")
        clock.callLater(choose.uniform(6.0, 10.0), caller.hang_up)
    for place in range(3):
        clock.callLater(0.2 + 3.5 * place, telephone.party.lift)
        clock.callLater(0.7 + 3.5 * place, telephone.party.press, "66777777" + str(place))
        clock.callLater(3.5 + 3.5 * place, telephone.party.hang_up)
    names = list(lab.exchange.signalling.associations.ends)
    if names:
        clock.callLater(3.0, lab.simulation.associations.cut, names[0])
        clock.callLater(5.0, lab.simulation.associations.mend, names[0])
    else:
        span = next(row.name for row in lab.configuration.spans if row.name in ("link-1", "ss7-2"))
        clock.callLater(3.0, cut, lab, span)
        clock.callLater(5.0, mend, lab, span)


def healed(lab):
    """Links in service, points reached, circuits free but those of the calls that stand."""
    ends = (lab.exchange.signalling, lab.network.signalling)
    if any(state != "InService" for end in ends for state in (link.state for link in end.links.values())):
        return False
    if not all(relation.reached for end in ends for relation in end.relations):
        return False
    lines = (*lab.exchange.lines.values(), *lab.network.circuits)
    return all(line.available or line.leg is not None for line in lines if line.name.startswith("ss7"))


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("kind", OFFICES)
def test_after_a_fault_at_any_step_the_exchange_heals(seed, kind, number, monkeypatch):
    choose = random.Random(f"{seed} {kind} {number}")
    configuration, steps = OFFICES[kind]
    with Lab(seed=seed, configuration=configuration()) as lab:
        lab.faulty = True
        standing = [call(lab, "8003", "662345678"), call(lab, "8004", "663456789")]
        injector = Injector(monkeypatch, choose.random() < 0.5)
        lab.simulation.clock.callLater(0.1, setattr, injector, "left", choose.randrange(steps))
        traffic(lab, choose)
        lab.after(20.0)
        injector.left = None
        told = f"seed {seed}, {kind} {number}: {injector.where or 'nowhere'}"
        assert lab.wait(lambda: healed(lab), HEALED_S), (told, states(lab), list(lab.exchange.lines.values()))
        floors = (lab.exchange.floor, lab.network.floor)
        faults = [text for floor in floors for text in floor.faults]
        assert all("FaultError" in text for text in faults) and len(faults) == bool(injector.where), told
        for floor in floors:
            floor.faults.clear()
        stands = [(telephone, city) for telephone, city in standing if city.party.state == "talking"]
        assert len(stands) >= 1, told
        for telephone, city in stands:
            talk(telephone, city)
        end(*call(lab, "8005", "664567890"))
        for telephone, city in stands:
            end(telephone, city)
        for telephone, _ in standing:
            telephone.hangs_up()
