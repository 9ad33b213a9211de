"""ISUP over M3UA, and over level 3 on links of M2PA: user parts notice no difference from level 3 on time slots."""

import pytest

from pbx.engine import Unexpected
from pbx.signalling.ss7.isup.distribution import Isup
from pbx.signalling.ss7.mtp3.label import CHINA
from pbx.signalling.ss7.primitives import ToUser, Transfer
from pbx.signalling.ss7.sigtran.m3ua import M3ua
from pbx.signalling.ss7.sigtran.m3ua_gateway import M3uaGateway
from pbx.signalling.ss7.sigtran.m3ua_plan import ServerPlan
from pbx.vocabulary.call import Blocked, Connect, Disconnect, Idle, Release, Setup, Unblocked
from tests.signalling.cases import PLAN
from tests.signalling.ss7.isup_tester import FAR, OWN, VARIANT
from tests.signalling.ss7.level2 import World
from tests.signalling.ss7.m2pa_wire import M2paWire
from tests.signalling.ss7.network import pair
from tests.signalling.ss7.sigtran_pair import FIGURES, Joined, Net, Node

CIRCUITS = (1, 2, 3, 4)


class Office:
    """An ISUP with its circuits, above whatever takes ``Transfer`` and tells what the MTP tells; a switch that answers every call."""

    def __init__(self, world, own, far):
        self.world = world
        self.isup = Isup(own, far, VARIANT, CIRCUITS, PLAN)
        self.below = None
        self.said, self.unexpected = [], []
        self.armed = None

    def start(self):
        self.take(self.isup.start(self.world.now))

    def hear(self, value):
        if isinstance(value, ToUser):
            self.take(self.isup.receive(value, self.world.now))

    def give(self, cic, primitive):
        self.take(self.isup.give(cic, primitive, self.world.now))

    def take(self, outputs):
        for each in outputs:
            if isinstance(each, Transfer):
                self.world.at(0, self.below, each)
            elif isinstance(each.output, Unexpected):
                self.unexpected.append(each.output)
            else:
                self.said.append((each.cic, each.output))
                if isinstance(each.output, Setup):
                    self.world.at(0.5, self.give, each.cic, Connect())
        due = self.isup.deadline()
        if due is not None and due != self.armed:
            self.armed = due
            self.world.at(max(0.0, due - self.world.now), self.expire, due)

    def expire(self, due):
        if self.armed == due:
            self.armed = None
            self.take(self.isup.expire(self.world.now))

    def heard(self, kind):
        return [cic for cic, output in self.said if isinstance(output, kind)]


def over_m3ua():
    net = Net(World(1))
    offices = Office(net.world, OWN, FAR), Office(net.world, FAR, OWN)
    one = Node(net, M3ua(ServerPlan(("far",), OWN, 2, destinations=(FAR,)), CHINA, FIGURES), offices[0].hear)
    other = Node(net, M3uaGateway(ServerPlan(("own",), FAR, 2, destinations=(OWN,)), CHINA, FIGURES), offices[1].hear)
    join = Joined(net, one, "far", other, "own")
    for office, node in zip(offices, (one, other), strict=True):
        office.below = node.give
        office.start()
    join.mend()
    net.run(2)
    return offices, net.run, join.cut, join.mend


def over_m2pa():
    network = pair(1, wire=M2paWire)
    sites = [network.sites[name] for name in "AB"]
    offices = Office(network.world, sites[0].code, sites[1].code), Office(network.world, sites[1].code, sites[0].code)
    for office, site in zip(offices, sites, strict=True):
        office.below = site.give
        take = site.take

        def taken(outputs, take=take, office=office):
            outputs = list(outputs)
            take(outputs)
            for value in outputs:
                office.hear(value)

        site.take = taken
        office.start()
    network.start()
    network.run(15)

    def each(action):
        for wire in network.wires.values():
            getattr(wire, action)()

    return offices, network.run, lambda: each("cut"), lambda: each("mend")


@pytest.mark.parametrize("make", [over_m3ua, over_m2pa])
def test_calls_are_made_and_cleared(make):
    (near, far), run, _, _ = make()
    for cic in CIRCUITS[:2]:
        near.give(cic, Setup("12345", "77"))
    for cic in CIRCUITS[2:]:
        far.give(cic, Setup("54321", "88"))
    run(3)
    assert sorted(near.heard(Connect)) == sorted(far.heard(Connect)) == list(CIRCUITS)
    near.said.clear()
    far.said.clear()
    for cic in CIRCUITS:
        near.give(cic, Disconnect(16))
    run(5)
    assert sorted(near.heard(Release)) == sorted(far.heard(Release)) == list(CIRCUITS)
    for office in (near, far):
        assert sorted(office.heard(Idle)) == list(CIRCUITS)
        assert office.unexpected == []


@pytest.mark.parametrize("make", [over_m3ua, over_m2pa])
def test_a_way_that_is_lost_blocks_circuits_and_comes_back(make):
    (near, far), run, cut, mend = make()
    near.said.clear()
    far.said.clear()
    cut()
    run(10)
    assert sorted(near.heard(Blocked)) == sorted(far.heard(Blocked)) == list(CIRCUITS)
    mend()
    run(20)
    assert sorted(near.heard(Unblocked)) == sorted(far.heard(Unblocked)) == list(CIRCUITS)
    near.give(1, Setup("12345", "77"))
    run(3)
    assert far.heard(Setup) == [1]
