"""M3UA between servers, gateways and one another, back to back: what a user part of a server sees is what level 3 would tell it."""

import pytest

from pbx.signalling.ss7.mtp3.label import CHINA, ITU
from pbx.signalling.ss7.primitives import Pause, RestartBegins, RestartEnds, Resume, Status, Transfer
from pbx.signalling.ss7.sigtran.asp import ActivateServer, DeactivateServer
from pbx.signalling.ss7.sigtran.association import AssociationUp, FromAssociation, Octets
from pbx.signalling.ss7.sigtran.codec import message, write
from pbx.signalling.ss7.sigtran.m3ua import M3ua
from pbx.signalling.ss7.sigtran.m3ua_gateway import M3uaGateway
from pbx.signalling.ss7.sigtran.m3ua_plan import ServerPlan
from pbx.signalling.ss7.sigtran.server import PlanError, ServerChanged
from pbx.signalling.ss7.sigtran.tables import M3UA, ProtocolData
from tests.signalling.ss7.level2 import World
from tests.signalling.ss7.sigtran_pair import FIGURES, Joined, Net, Node

US, FAR, OTHER = (CHINA.read(f"21-100-{point}") for point in (1, 2, 3))
ISUP = 5


def isup(number, sls=0, opc=US, dpc=FAR, above=0):
    return Transfer(ISUP, dpc, opc, sls, number.to_bytes(4, "big"), above)


class Gate:
    """A server with so many processes, each an exchange's engine of its own, behind one gateway that is told of two destinations."""

    def __init__(self, processes=1, mode="loadshare", seed=0, **plan):
        self.net = Net(World(seed))
        names = tuple(f"asp{number}" for number in range(processes))
        self.gateway = Node(self.net, M3uaGateway(ServerPlan(names, US, 2, mode=mode, **plan), CHINA, FIGURES))
        for code in (FAR, OTHER):
            self.gateway.give(Resume(code))
        self.gateway.give(RestartEnds())
        self.servers, self.joins = [], []
        for number, name in enumerate(names):
            own = ServerPlan(("sg",), US, 2, destinations=(FAR, OTHER), mode=mode, identifier=number, **plan)
            server = Node(self.net, M3ua(own, CHINA, FIGURES))
            self.servers.append(server)
            self.joins.append(Joined(self.net, server, "sg", self.gateway, name))
        self.server = self.servers[0]

    def up(self):
        for join in self.joins:
            join.mend()
            self.net.run(0.5)
        self.forget()
        return self

    def forget(self):
        for node in self.net.nodes:
            node.forget()


def test_a_process_goes_up_becomes_active_and_hears_of_destinations():
    gate = Gate(context=7, appearance=3)
    gate.joins[0].mend()
    gate.net.run(1)
    assert gate.server.messages(M3UA) == ["ASPUP", "ASPAC", "DAUD"]
    assert gate.gateway.messages(M3UA) == ["ASPUP ACK", "NTFY", "ASPAC ACK", "NTFY", "DAVA", "DAVA"]
    assert gate.server.told == [Resume(FAR), Resume(OTHER)]
    assert gate.gateway.told == [ServerChanged(True)]
    assert (gate.server.engine.state, gate.gateway.engine.state) == ("active", "Active")
    assert [node.wrong for node in gate.net.nodes] == [[], []]


def test_users_messages_keep_their_order_by_sls_and_their_label():
    gate = Gate().up()
    for number in range(200):
        gate.server.give(isup(number, number % 16))
        gate.gateway.give(isup(number, number % 16, FAR, US, above=number % 3))
    gate.net.run(1)
    for node, opc, dpc in ((gate.gateway, US, FAR), (gate.server, FAR, US)):
        assert len(node.told) == 200
        assert {(one.opc, one.dpc, one.service) for one in node.told} == {(opc, dpc, ISUP)}
        for sls in range(16):
            assert [int.from_bytes(one.data, "big") for one in node.told if one.sls == sls] == list(range(sls, 200, 16))
    assert all(one.above == int.from_bytes(one.data, "big") % 3 for one in gate.server.told)
    assert {stream for stream, _ in gate.server.sent} == set(range(1, 17))


def test_destinations_go_and_come():
    gate = Gate().up()
    gate.gateway.give(Pause(FAR))
    gate.net.run(0.1)
    assert gate.server.told == [Pause(FAR)]
    gate.server.give(isup(1))
    gate.net.run(0.1)
    assert gate.server.engine.counters["message without a way"] == 1
    gate.gateway.give(Resume(FAR), Status(OTHER, "congestion", 2), Status(FAR, "user part unavailable", 0, ISUP, "unequipped"))
    gate.net.run(0.1)
    assert gate.server.told[1:] == [
        Resume(FAR),
        Status(OTHER, "congestion", 2),
        Status(FAR, "user part unavailable", 0, ISUP, "unequipped"),
    ]
    gate.gateway.give(RestartBegins())
    gate.net.run(0.1)
    assert gate.server.told[4:] == [Pause(FAR), Pause(OTHER)]
    assert not gate.server.engine.accessible(FAR)


def test_who_becomes_active_asks_and_is_told_what_is_not_there():
    gate = Gate()
    gate.gateway.give(Pause(FAR), Status(OTHER, "congestion", 1))
    gate.up()
    assert gate.server.engine.accessible(OTHER)
    assert not gate.server.engine.accessible(FAR)
    assert "SCON" not in gate.gateway.messages(M3UA), "forgotten with the rest"


def test_a_mask_speaks_of_many_destinations():
    gate = Gate().up()
    area = FAR >> 8 << 8
    assert gate.server.engine.accessible(FAR)
    gate.server.give(FromAssociation("sg", Octets(0, write(M3UA, message("DUNA", affected=((8, area),))))))
    assert gate.server.told == [Pause(FAR), Pause(OTHER)]
    gate.server.give(FromAssociation("sg", Octets(0, write(M3UA, message("DRST", affected=((8, area),))))))
    assert gate.server.told[2:] == [Resume(FAR), Resume(OTHER)]


def test_an_association_that_is_lost_pauses_everything():
    gate = Gate().up()
    gate.joins[0].cut()
    gate.net.run(1)
    assert gate.server.told == [Pause(FAR), Pause(OTHER)]
    assert gate.gateway.engine.state == "Pending"
    gate.gateway.give(isup(1, 3, FAR, US))
    gate.joins[0].mend()
    gate.net.run(1)
    waited = isup(1, 3, FAR, US)  # on its stream it may come before the acknowledgement
    assert [one for one in gate.server.told[2:] if one != waited] == [Resume(FAR), Resume(OTHER)]
    assert gate.server.told.count(waited) == 1
    assert gate.gateway.told == [], "its users have not noticed"


def test_after_tr_the_server_is_gone():
    gate = Gate().up()
    gate.joins[0].cut()
    gate.net.run(1)
    gate.gateway.give(isup(1, 3, FAR, US))
    gate.net.run(2)
    assert gate.gateway.told == [ServerChanged(False)]
    assert gate.gateway.engine.state == "Down"
    assert gate.gateway.engine.counters["messages lost with the server"] == 1


def test_two_processes_share_the_load_and_one_takes_over():
    gate = Gate(2).up()
    for sls in range(16):
        gate.gateway.give(isup(sls, sls, FAR, US))
    gate.net.run(0.2)
    assert [len(server.told) for server in gate.servers] == [8, 8]
    gate.joins[0].cut()
    gate.net.run(0.2)
    gate.forget()
    for sls in range(16):
        gate.gateway.give(isup(sls, sls, FAR, US))
    gate.net.run(0.2)
    assert [len(server.told) for server in gate.servers] == [0, 16]
    assert gate.gateway.engine.state == "Active"


def test_with_override_the_last_one_has_it_and_the_other_comes_back():
    gate = Gate(2, mode="override").up()
    assert [gate.gateway.engine.process_state(name) for name in ("asp0", "asp1")] == ["Inactive", "Active"]
    assert [server.engine.process_state("sg") for server in gate.servers] == ["Inactive", "Active"]
    gate.joins[1].cut()
    gate.net.run(0.5)
    assert gate.servers[0].engine.process_state("sg") == "Active", "told that the server is pending"
    assert gate.servers[0].told[-2:] == [Resume(FAR), Resume(OTHER)]
    assert ServerChanged(False) not in gate.gateway.told


def test_a_server_with_two_gateway_processes_uses_both():
    net = Net(World(0))
    server = Node(net, M3ua(ServerPlan(("g1", "g2"), US, 2, destinations=(FAR,)), CHINA, FIGURES))
    gateways = [Node(net, M3uaGateway(ServerPlan(("asp",), US, 2), CHINA, FIGURES)) for _ in range(2)]
    joins = [Joined(net, server, name, gateway, "asp") for name, gateway in zip(("g1", "g2"), gateways, strict=True)]
    for gateway, join in zip(gateways, joins, strict=True):
        gateway.give(Resume(FAR))
        join.mend()
    net.run(1)
    for sls in range(16):
        server.give(isup(sls, sls))
    net.run(1)
    assert [len([one for one in gateway.told if isinstance(one, Transfer)]) for gateway in gateways] == [8, 8]
    server.forget()
    gateways[0].give(Pause(FAR))
    net.run(1)
    assert server.told == [], "the other one can reach it"
    joins[1].cut()
    net.run(1)
    assert server.told == [Pause(FAR)]


def test_orders_of_people_take_a_process_out_and_back():
    gate = Gate().up()
    gate.server.give(DeactivateServer("sg"))
    gate.net.run(1)
    assert gate.server.messages(M3UA) == ["ASPIA", "ASPDN"]
    assert gate.server.engine.process_state("sg") == "Withdrawn"
    assert gate.server.told == [Pause(FAR), Pause(OTHER)]
    gate.joins[0].cut()
    gate.net.run(1)
    gate.joins[0].mend()
    gate.net.run(1)
    assert gate.server.engine.process_state("sg") == "Withdrawn", "it stays so"
    gate.server.give(ActivateServer("sg"))
    gate.net.run(1)
    assert gate.server.engine.process_state("sg") == "Active"


def test_heartbeats_are_answered_and_a_silent_far_end_is_given_up():
    gate = Gate().up()
    gate.net.run(100)
    assert gate.server.messages(M3UA).count("BEAT") == gate.gateway.messages(M3UA).count("BEAT ACK") == 3
    gate.joins[0].deaf = True
    gate.net.run(65)
    assert gate.server.told == [Pause(FAR), Pause(OTHER)]
    assert gate.server.engine.counters["heartbeat without answer"] + gate.gateway.engine.counters.get("heartbeat without answer", 0) >= 1


@pytest.mark.parametrize(
    ("plan", "error"),
    [({"context": 8}, "0x19"), ({"mode": "override"}, "0x05")],
)
def test_two_ends_that_do_not_agree_tell_it(plan, error):
    gate = Gate(context=7)
    own = {"context": 7, **plan}
    server = Node(gate.net, M3ua(ServerPlan(("sg",), US, 2, destinations=(FAR,), **own), CHINA, FIGURES))
    Joined(gate.net, server, "sg", gate.gateway, "asp0").mend()
    gate.net.run(7)
    assert server.engine.state == "inactive"
    assert [note for note in server.notes if "ERR" in note] == [f"<- ERR from sg: code {error}"] * 4, "asked again each T(ack)"


def test_messages_for_somebody_else_are_refused_or_counted():
    gate = Gate(context=7, appearance=3).up()
    put = gate.server
    good = {"opc": FAR, "dpc": US, "service": ISUP, "network": 2, "priority": 0, "sls": 0, "data": b"x"}

    def data(**changes):
        fields = {name: changes.pop(name, value) for name, value in good.items()}
        return Octets(1, write(M3UA, message("DATA", data=ProtocolData(**fields), **changes)))

    put.give(*[FromAssociation("sg", one) for one in (data(), data(contexts=(7,), appearance=3))])
    assert len(put.told) == 2
    put.give(FromAssociation("sg", data(contexts=(9,))), FromAssociation("sg", data(appearance=4)))
    put.give(FromAssociation("sg", data(dpc=OTHER)), FromAssociation("sg", data(network=0)), FromAssociation("sg", data(service=9)))
    assert len(put.told) == 2
    assert put.messages(M3UA) == ["ERR", "ERR"]
    assert put.engine.counters["not for this server"] == put.engine.counters["wrong network indicator"] == 1
    assert put.engine.counters["no such user part"] == 1
    assert (isup(1, dpc=US) in put.told) is False
    put.give(isup(1, dpc=US))
    assert put.told[-1] == isup(1, dpc=US), "for itself"


def test_a_process_cannot_put_anything_into_the_network():
    """What level 3 would choke on, and what is level 3's own, ends at the gateway."""
    net = Net(World(0))
    gateway = Node(net, M3uaGateway(ServerPlan(("asp",), 100, 2), ITU, FIGURES))
    gateway.give(FromAssociation("asp", AssociationUp()))
    gateway.peers["asp"] = Joined(net, gateway, "asp", Node(net, M3ua(ServerPlan(("sg",), 100, 2), ITU, FIGURES)), "sg")
    for value in (message("ASPUP"), message("ASPAC")):
        gateway.give(FromAssociation("asp", Octets(0, write(M3UA, value))))
    gateway.forget()
    for change in ({"opc": 1 << 14}, {"dpc": 1 << 14}, {"service": 0}, {"service": 0x15}, {"network": 3}, {"data": bytes(266)}):
        fields = {"opc": 100, "dpc": 200, "service": 5, "network": 2, "priority": 0, "sls": 0xFF, "data": b"x", **change}
        gateway.give(FromAssociation("asp", Octets(1, write(M3UA, message("DATA", data=ProtocolData(**fields))))))
    assert gateway.told == []
    counted = ("point code out of range", "no such user part", "wrong network indicator", "message too long")
    assert [gateway.engine.counters[name] for name in counted] == [2, 2, 1, 1]


@pytest.mark.parametrize("form", [CHINA, ITU], ids=["24", "14"])
def test_a_single_exchange_between_two_servers(form):
    """IPSP: one end asks as a process, the other answers as a gateway without a network; users of both see a far point."""
    net = Net(World(1))
    one = Node(net, M3ua(ServerPlan(("other",), 100, 2, destinations=(200,)), form, FIGURES))
    other = Node(net, M3uaGateway(ServerPlan(("one",), 200, 2, destinations=(100,)), form, FIGURES))
    join = Joined(net, one, "other", other, "one")
    join.mend()
    net.run(1)
    assert one.told == [Resume(200)]
    assert other.told == [ServerChanged(True), Resume(100)]
    one.give(isup(1, 1, 100, 200))
    other.give(isup(2, 2, 200, 100))
    net.run(1)
    assert one.told[1:] == [isup(2, 2, 200, 100)]
    assert other.told[2:] == [isup(1, 1, 100, 200)]
    join.cut()
    net.run(5)
    assert one.told[-1] == Pause(200)
    assert other.told[-1] == Pause(100)


def test_what_a_plan_may_not_say():
    plan = ServerPlan(("a", "a"), 1 << 24, 4, destinations=(1 << 24,), context=1 << 32)
    with pytest.raises(PlanError) as caught:
        M3ua(plan, CHINA, FIGURES)
    assert len(caught.value.faults) == 6
    with pytest.raises(PlanError, match="no association"):
        M3uaGateway(ServerPlan((), 1, 2), CHINA, FIGURES)
