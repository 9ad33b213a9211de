"""M3UA and M2UA, either end, among users, associations and far ends that do whatever they like: every cell of every chart is reached by
real inputs, no promise of the borders is broken, and afterwards two healthy ends come into service as if nothing had been.
"""

from collections import Counter
from random import Random

import pytest

from pbx.engine import Levels, Noted
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.mtp3.label import CHINA
from pbx.signalling.ss7.primitives import FromLink, ToLink
from pbx.signalling.ss7.sigtran import asp, m2ua_gateway, m2ua_link, room, server
from pbx.signalling.ss7.sigtran.asp import ActivateServer, DeactivateServer
from pbx.signalling.ss7.sigtran.association import AssociationLost, AssociationUp, FromAssociation, Octets
from pbx.signalling.ss7.sigtran.codec import Message, message, read, write
from pbx.signalling.ss7.sigtran.m2ua import M2ua
from pbx.signalling.ss7.sigtran.m2ua_gateway import M2uaGateway, RestoreLink, WithdrawLink
from pbx.signalling.ss7.sigtran.m2ua_plan import LinksPlan
from pbx.signalling.ss7.sigtran.m3ua import M3ua
from pbx.signalling.ss7.sigtran.m3ua_gateway import M3uaGateway
from pbx.signalling.ss7.sigtran.m3ua_plan import ServerPlan
from pbx.signalling.ss7.sigtran.server import PlanError, ServerChanged
from pbx.signalling.ss7.sigtran.tables import M2UA, M3UA, ProtocolData
from tests.signalling.ss7.damage import flipped_bits, truncations
from tests.signalling.ss7.level2 import World
from tests.signalling.ss7.sigtran_corpus import EXAMPLES
from tests.signalling.ss7.sigtran_pair import FIGURES, Joined, Net, Node

SHORT = FIGURES.adjusted(timers_ms={"T2": 5000, "Tack": 1000, "Tbeat": 5000, "Test": 60000, "Tr": 500, "Trtv": 500, "Trel": 500})
US, FAR = 100, 200
STOPPED = "level 3 has ordered the link out of service"
LINKS = (("L", 1), ("M", 2))
CHARTS = {
    "ASP": asp.STATES,
    "heartbeat": room.HEARTBEAT_STATES,
    "process": server.PROCESS_STATES,
    "server": server.SERVER_STATES,
    "interface": m2ua_link.LINK_STATES,
    "number": m2ua_link.NUMBER_STATES,
    "messages": m2ua_link.MESSAGES_STATES,
    "terminal": m2ua_gateway.STATES,
}
MANAGEMENT = (
    message("ASPUP", asp=3),
    message("ASPDN"),
    message("ASPUP ACK"),
    message("ASPDN ACK"),
    message("ASPAC"),
    message("ASPAC", mode=3),
    message("ASPIA"),
    message("ASPAC ACK"),
    message("ASPIA ACK"),
    message("BEAT", heartbeat=b"here"),
    message("BEAT ACK", heartbeat=b"none"),
    *(message("NTFY", status=status) for status in ((1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (2, 3), (9, 9))),
    message("ERR", error=0x0D),
)
DATA = ProtocolData(FAR, US, 5, 2, 0, 3, b"data")
OF_M3UA = (
    message("DATA", data=DATA),
    message("DATA", data=DATA, contexts=(9,)),
    *(message(name, affected=((0, FAR), (8, 0), (0, 77))) for name in ("DUNA", "DAVA", "DAUD", "SCON", "DRST")),
    message("DUPU", affected=((0, FAR),), cause=(9, 5)),
)
ABOUT = {"identifiers": (1,)}
OF_M2UA = (
    *[message("ESTABLISH", identifiers=(1,))] * 4,
    *[message("RELEASE", identifiers=(1,))] * 2,
    *(message(name, **ABOUT) for name in ("ESTABLISH", "ESTABLISH CONFIRM", "RELEASE", "RELEASE CONFIRM", "RELEASE INDICATION")),
    message("DATA", data=b"\x85data", **ABOUT),
    message("DATA", data=b"\x85data", correlation=5, **ABOUT),
    message("DATA ACK", correlation=5, **ABOUT),
    *(message("STATE", state=state, **ABOUT) for state in range(12)),
    message("STATE CONFIRM", state=1, **ABOUT),
    *(message("STATE INDICATION", event=event, **ABOUT) for event in (1, 2)),
    *(message("RETRIEVAL", action=action, sequence=5, **ABOUT) for action in (1, 2, 3)),
    *(message("RETRIEVAL CONFIRM", action=action, result=result, sequence=5, **ABOUT) for action in (1, 2) for result in (0, 1)),
    message("RETRIEVAL INDICATION", data=b"\x85back", **ABOUT),
    message("RETRIEVAL COMPLETE", **ABOUT),
    message("RETRIEVAL COMPLETE", data=b"\x85last", **ABOUT),
    message("CONGESTION", congestion=2, discard=0, **ABOUT),
    message("ESTABLISH", identifiers=(77,)),
    message("ESTABLISH", name="text"),
    message("ESTABLISH CONFIRM"),
)


class Storm:
    """One engine, and whatever may come to it. ``kind`` gives the inputs of its user."""

    def __init__(self, kind, seed):
        self.random = Random(seed)
        self.kind = kind
        self.now = 0.0
        self.up = set()
        self.last_beat = {}
        self.told = []
        self.make()
        self.cells = Counter()
        for machine in self.engine.room.machines:
            machine.observer = lambda state, event, name=machine.chart.name: self.cells.update([(name, state, event)])

    def make(self):
        if self.kind == "m3ua":
            self.names, self.dialect = ("a", "b"), M3UA
            self.engine = M3ua(ServerPlan(self.names, US, 2, destinations=(FAR,)), CHINA, SHORT)
        elif self.kind == "m3ua gateway":
            self.names, self.dialect = ("a", "b"), M3UA
            self.engine = M3uaGateway(ServerPlan(self.names, US, 2, mode=self.random.choice(("override", "loadshare"))), CHINA, SHORT)
        elif self.kind == "m2ua":
            self.names, self.dialect = ("a",), M2UA
            self.engine = M2ua(LinksPlan(self.names, LINKS), SHORT)
        else:
            self.names, self.dialect = ("a", "b"), M2UA
            self.engine = M2uaGateway(LinksPlan(self.names, LINKS), SHORT)

    def give(self, value):
        self.take(self.engine.receive(value, self.now))

    def take(self, outputs):
        for value in outputs:
            if hasattr(value, "association"):
                octets = getattr(value.order, "octets", None)
                if octets is None:
                    self.lose(value.association)
                    continue
                found = read(self.dialect, octets)
                if found.name == "BEAT":
                    self.last_beat[value.association] = found.get("heartbeat")
            elif not isinstance(value, Noted):
                self.told.append(value)

    def lose(self, name):
        if name in self.up:
            self.up.discard(name)
            self.give(FromAssociation(name, AssociationLost("cut")))

    def hear(self, name, value):
        if name in self.up:
            self.give(FromAssociation(name, Octets(0, write(self.dialect, value))))

    def association(self):
        name = self.random.choice(self.names)
        if name not in self.up or self.random.random() < 0.02:
            self.up.add(name)
            self.give(FromAssociation(name, AssociationUp(self.random.choice((1, 2, 17)))))
        elif self.random.random() < 0.08:
            self.lose(name)
            if self.random.random() < 0.1:
                self.give(FromAssociation(name, AssociationLost("cut again")))

    def far_end(self):
        name = self.random.choice(self.names)
        if self.random.random() < 0.35:
            value = self.fitting(name)
        else:
            value = self.random.choice(MANAGEMENT + (OF_M3UA if self.dialect is M3UA else OF_M2UA))
        if name in self.last_beat and self.random.random() < 0.2:
            value = message("BEAT ACK", heartbeat=self.last_beat[name])
        self.hear(name, value)

    def fitting(self, name):
        if "gateway" in self.kind:
            state = self.engine.process_state(name) if self.dialect is M3UA else self.engine.server.processes[name].machine.state
            wanted = {"Down": "ASPUP", "Inactive": "ASPAC"}
        else:
            state = self.engine.process_state(name) if self.dialect is M3UA else self.engine.state
            wanted = {"Ascending": "ASPUP ACK", "Activating": "ASPAC ACK", "Deactivating": "ASPIA ACK", "Descending": "ASPDN ACK"}
        own = OF_M3UA if self.dialect is M3UA else OF_M2UA
        return Message(wanted[state]) if state in wanted else self.random.choice(own)

    def user(self):
        chance = self.random
        if self.kind == "m3ua":
            orders = [ActivateServer, DeactivateServer]
            self.give(chance.choice(orders)(chance.choice(self.names)) if chance.random() < 0.3 else p.Transfer(5, FAR, US, 3, b"data"))
        elif self.kind == "m3ua gateway":
            values = [p.Pause(FAR), p.Resume(FAR), p.Status(FAR, "congestion", 1), p.Status(FAR, "user part unavailable")]
            self.give(chance.choice([*values, p.RestartBegins(), p.RestartEnds(), *[p.Transfer(5, US, FAR, 3, b"data")] * 4]))
        elif self.kind == "m2ua":
            if chance.random() < 0.1:
                self.give(chance.choice((ActivateServer, DeactivateServer))("a"))
            else:
                self.level_3()
        else:
            self.level_2()

    def level_3(self):
        state, values = self.engine.link_state("L"), [p.Emergency(), p.LocalProcessorOutage(), p.LocalProcessorRecovered(), p.Continue()]
        link = self.engine._links["L"]
        if state in ("OutOfService", "Releasing"):
            values += [p.Start()] * 5 + [p.Stop(), p.Stop(), p.MessageForTransmission(b"\x85x")]
            values += [p.RetrieveBsnt()] * 3 * (link.number.state == "Idle")
            values += [p.RetrievalRequest(self.random.choice((None, 5)))] * 3 * (link.messages.state == "Idle")
        elif state == "InService":
            values += [p.MessageForTransmission(b"\x85x")] * 3 + [p.Stop()]
        elif self.random.random() < 0.2:
            values.append(p.Stop())
        request = self.random.choice(values)
        if isinstance(request, p.Stop):
            self.told.append(STOPPED)
        self.give(ToLink("L", request))

    def level_2(self):
        state = self.engine.link_state("L")
        if self.random.random() < (0.3 if state == "Withdrawn" else 0.05):
            self.give(self.random.choice((WithdrawLink, RestoreLink))("L"))
            return
        values = [p.LinkCongestion(1), p.Bsnt(3), p.Bsnt(None), p.RetrievedMessage(b"\x85x")]
        if state == "Starting":
            values = [p.InService(), p.InService(), p.OutOfService("not aligned")]
        elif state == "Serving":
            values += [p.ReceivedMessage(b"\x85x")] * 3 + [p.OutOfService("cut"), p.RemoteProcessorOutage(), p.RemoteProcessorRecovered()]
        else:
            values.append(p.RetrievalComplete())
        self.give(FromLink("L", self.random.choice(values)))

    def wait(self, seconds):
        end = self.now + seconds
        while (due := self.engine.deadline()) is not None and due <= end:
            self.now = due
            self.take(self.engine.expire(due))
        self.now = end

    def run(self, steps):
        for _ in range(steps):
            self.random.choice((self.user, self.far_end, self.far_end, self.far_end, self.association))()
            self.wait(self.random.choice((0.0, 0.0, 0.01, 0.1, 0.5, 1.0, 6.0 if self.random.random() < 0.2 else 0.0)))

    def promises(self):
        """Pause and Resume take turns; so do in service and out of service, and nothing comes in between that may not."""
        accessible = serving = False
        for value in self.told:
            kind = value.indication if isinstance(value, FromLink) else value
            if isinstance(kind, p.Resume | p.Pause):
                assert accessible is isinstance(kind, p.Pause)
                accessible = not accessible
            elif isinstance(kind, p.InService):
                assert not serving
                serving = True
            elif isinstance(kind, p.OutOfService):
                serving = False
            elif isinstance(kind, p.RemoteProcessorOutage | p.LinkCongestion):
                assert serving
            elif value is STOPPED:
                serving = False

    def recovers(self):
        """The same engine opposite a healthy one."""
        for name in self.names:
            self.lose(name)
        if self.kind == "m2ua":
            self.give(ToLink("L", p.Stop()))
        elif self.kind == "m2ua gateway":
            self.give(RestoreLink("L"))
        self.wait(3)
        world = World(1)
        world.now = self.now
        net = Net(world)
        make = {
            "m3ua": lambda: M3uaGateway(ServerPlan(("x",), US, 2), CHINA, SHORT),
            "m3ua gateway": lambda: M3ua(ServerPlan(("x",), US, 2, destinations=(FAR,), mode=self.engine.plan.mode), CHINA, SHORT),
            "m2ua": lambda: M2uaGateway(LinksPlan(("x",), LINKS), SHORT),
            "m2ua gateway": lambda: M2ua(LinksPlan(("x",), LINKS), SHORT),
        }
        other = Node(net, make[self.kind]())
        self.engine.start = lambda now: ()
        ours = Node(net, self.engine)
        if self.kind in ("m3ua", "m2ua"):
            ours.give(ActivateServer("a"))
        Joined(net, ours, "a", other, "x").mend()
        net.run(3)
        if self.dialect is M3UA:
            one, far = (ours, other) if self.kind == "m3ua" else (other, ours)
            far.give(p.Resume(FAR))
            net.run(1)
            ours.forget()
            other.forget()
            one.give(p.Transfer(5, FAR, US, 3, b"goes"))
            far.give(p.Transfer(5, US, FAR, 4, b"comes"))
            net.run(1)
            assert far.told == [p.Transfer(5, FAR, US, 3, b"goes")]
            assert one.told == [p.Transfer(5, US, FAR, 4, b"comes")]
        else:
            controller, gateway = (ours, other) if self.kind == "m2ua" else (other, ours)
            for node in (controller, gateway):
                node.forget()
            controller.give(ToLink("L", p.Start()))
            net.run(1)
            assert gateway.told[-1] == ToLink("L", p.Start())
            gateway.give(FromLink("L", p.InService()), FromLink("L", p.ReceivedMessage(b"\x85x")))
            net.run(1)
            assert controller.told == [FromLink("L", p.InService()), FromLink("L", p.ReceivedMessage(b"\x85x"))]


KINDS = ("m3ua", "m3ua gateway", "m2ua", "m2ua gateway")


def storm(kind, seed, steps=500):
    found = Storm(kind, seed)
    found.run(steps)
    found.promises()
    found.recovers()
    return found.cells


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("kind", KINDS)
def test_a_storm_breaks_no_promise(kind, seed):
    storm(kind, seed)


def establishing():
    """Level 3's end of M2UA, active, with a link that has been started."""
    found = Storm("m2ua", 0)
    found.up.add("a")
    found.give(FromAssociation("a", AssociationUp()))
    for name in ("ASPUP ACK", "ASPAC ACK"):
        found.hear("a", message(name))
    found.give(ToLink("L", p.Start()))
    return found


def ended_in_every_way():
    """A link in service that the gateway releases, and one that level 3 releases."""
    for answer in ("RELEASE CONFIRM", "RELEASE INDICATION"):
        found = establishing()
        for _ in range(2):
            found.hear("a", message("ESTABLISH CONFIRM", **ABOUT))
        assert found.told == [FromLink("L", p.InService())]
        if answer == "RELEASE CONFIRM":
            found.give(ToLink("L", p.Stop()))
            found.hear("a", message(answer, **ABOUT))
            found.give(ToLink("L", p.RetrievalRequest(3)))
            for last in (message("RETRIEVAL INDICATION", data=b"a", **ABOUT), message("RETRIEVAL COMPLETE", data=b"b", **ABOUT)):
                found.hear("a", last)
            back = [p.RetrievedMessage(b"a"), p.RetrievedMessage(b"b"), p.RetrievalComplete()]
            assert found.told[1:] == [FromLink("L", value) for value in back]
        else:
            found.hear("a", message(answer, **ABOUT))
            assert found.told[1:] == [FromLink("L", p.OutOfService("the gateway has released it"))]
        yield found.cells
    found = establishing()
    found.give(ToLink("L", p.Stop()))
    found.hear("a", message("RELEASE INDICATION", **ABOUT))
    assert found.told == []
    yield found.cells


def test_links_end_in_every_way():
    assert len(list(ended_in_every_way())) == 3


def long_establishing():
    """The longest timer: the gateway never brings the link into service."""
    found = establishing()
    for _ in range(70):
        found.wait(1)
        found.hear("a", message("BEAT ACK", heartbeat=found.last_beat.get("a", b"")))
    assert isinstance(found.told[-1].indication, p.OutOfService)
    return found.cells


@pytest.fixture(scope="module")
def visited():
    by_hand = sum(ended_in_every_way(), long_establishing())
    return sum((storm(kind, seed, 1500) for kind in KINDS for seed in range(100, 112)), by_hand)


@pytest.mark.parametrize("name", CHARTS)
def test_every_cell_is_reached(visited, name):
    missing = [(state, event) for state, row in CHARTS[name].items() for event in row.cells if not visited[name, state, event]]
    assert missing == []


def test_what_plans_of_m2ua_may_not_say():
    with pytest.raises(PlanError) as caught:
        M2ua(LinksPlan(("a", "b"), (("L", 1), ("L", 1), ("M", 1 << 32))), SHORT)
    assert len(caught.value.faults) == 4
    with pytest.raises(PlanError, match="no link"):
        M2uaGateway(LinksPlan(("a",), ()), SHORT)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_adopted_after_a_restart(kind):
    found = Storm(kind, 0)
    assert found.engine.tag == ""
    assert found.engine.resume("", Levels(), 5.0) == []
    assert ServerChanged(True) not in found.told


def active(kind):
    """An engine in service, as far as the far end has to do with it."""
    found = Storm(kind, 0)
    for name in found.names:
        found.up.add(name)
        found.give(FromAssociation(name, AssociationUp()))
        for value in ("ASPUP", "ASPAC") if "gateway" in kind else ("ASPUP ACK", "ASPAC ACK"):
            found.hear(name, message(value))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_messages_are_told_and_the_engine_serves_afterwards(kind):
    """Every message of the corpus, cut anywhere, every bit flipped; again and again put back into service."""
    found = active(kind)
    dialect = "m3ua" if found.dialect is M3UA else "m2ua"
    for protocol, value in EXAMPLES:
        if protocol == dialect:
            octets = write(found.dialect, value)
            for bad in (octets, *truncations(octets), *flipped_bits(octets)):
                found.give(FromAssociation("a", Octets(0, bad)))
        found.wait(0.2)
    assert found.engine.counters["malformed"] > 1000
    found.recovers()


def test_units_of_a_wrong_length_and_numbers_of_a_wrong_size_end_at_the_gateway():
    found = active("m2ua gateway")
    found.hear("b", message("ESTABLISH", **ABOUT))
    found.give(FromLink("L", p.InService()))
    found.told.clear()
    for octets in (b"", b"\x85", bytes(274)):
        found.hear("b", message("DATA", data=octets, **ABOUT))
    assert found.told == []
    assert found.engine.counters["signal unit of a wrong length"] == 3
    found.give(FromLink("L", p.OutOfService("cut")))
    found.hear("b", message("RETRIEVAL", action=2, sequence=128, **ABOUT))
    assert found.told == []
    found.hear("b", message("RETRIEVAL", action=2, sequence=127, **ABOUT))
    assert found.told == [ToLink("L", p.RetrievalRequest(127))]


def test_a_link_that_people_at_the_gateway_withdraw_stays_out_until_they_restore_it():
    """The process is told at once, and again each time it asks; level 2 is started for it only when the link has been given back."""
    found = active("m2ua gateway")
    found.told.clear()
    said = []
    take = found.take

    def taken(outputs):
        outputs = list(outputs)
        for value in outputs:
            if hasattr(value, "association"):
                said.append(read(found.dialect, value.order.octets).name)
        take(outputs)

    found.take = taken
    found.hear("b", message("ESTABLISH", **ABOUT))
    found.give(FromLink("L", p.InService()))
    found.give(WithdrawLink("L"))
    assert found.told == [ToLink("L", p.Start()), ToLink("L", p.Stop())]
    assert said == ["ESTABLISH CONFIRM", "RELEASE INDICATION"]
    for _ in range(2):
        found.hear("b", message("ESTABLISH", **ABOUT))
    assert (said[2:], len(found.told)) == (["RELEASE INDICATION"] * 2, 2)
    found.give(RestoreLink("L"))
    found.hear("b", message("ESTABLISH", **ABOUT))
    assert found.told[2:] == [ToLink("L", p.Start())]


def test_what_comes_while_no_process_is_active_is_counted():
    found = active("m2ua gateway")
    found.hear("b", message("ESTABLISH", **ABOUT))
    found.give(FromLink("L", p.InService()))
    found.lose("b")
    found.give(FromLink("L", p.ReceivedMessage(b"\x85x")))
    assert found.engine.counters["message lost without a process"] == 1
