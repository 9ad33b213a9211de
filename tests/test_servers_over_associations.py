"""M3UA and M2UA at both ends over real associations, of SCTP and of TCP: who serves, what passes, what becomes of it when one is lost."""

import pytest

from pbx.associations import AssociationPlan
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.mtp3.label import CHINA
from pbx.signalling.ss7.sigtran.association import EndAssociation
from pbx.signalling.ss7.sigtran.figures import load_figures
from pbx.signalling.ss7.sigtran.m2ua import M2ua
from pbx.signalling.ss7.sigtran.m2ua_gateway import M2uaGateway
from pbx.signalling.ss7.sigtran.m2ua_plan import LinksPlan
from pbx.signalling.ss7.sigtran.m3ua import M3ua
from pbx.signalling.ss7.sigtran.m3ua_gateway import M3uaGateway
from pbx.signalling.ss7.sigtran.m3ua_plan import ServerPlan
from tests.association_party import Party
from tests.test_associations import TRANSPORTS, Link, Loop

HERE = "127.0.0.1"
OURS, FAR = (CHINA.read(code) for code in ("21-100-1", "21-100-51"))
FIGURES = load_figures()
HIGHEST_OF_M2PA = (1 << 24) - 1


@pytest.fixture
def loop():
    found = Loop()
    yield found
    found.close()


def place(name, protocol, transport, port=None):
    """The end that listens, or that which connects to a port."""
    if port is None:
        return AssociationPlan(name, protocol, HERE, transport, listen=True, port=0, local=HERE)
    return AssociationPlan(name, protocol, HERE, transport, port=port, local=HERE)


def transfers(opc, dpc, count=300):
    contents = [bytes((number % 256, number // 256, 0x12)) + bytes(number % 200) for number in range(count)]
    return [p.Transfer(5, dpc, opc, number % 16, octets) for number, octets in enumerate(contents)]


def by_selection(messages):
    """In the order of each stream: streams may overtake one another."""
    return {selection: [value for value in messages if value.sls == selection] for selection in range(16)}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_m3ua_carries_user_parts_and_comes_back_after_a_loss(transport, loop):
    gateway = Party(
        loop, M3uaGateway(ServerPlan(("s",), OURS, 2, context=7, mode="loadshare"), CHINA, FIGURES), place("s", "m3ua", transport)
    )
    gateway.give(p.Resume(FAR))
    plan = ServerPlan(("g",), OURS, 2, destinations=(FAR,), context=7, mode="loadshare")
    server = Party(loop, M3ua(plan, CHINA, FIGURES), place("g", "m3ua", transport, gateway.associations.port_of("s")))
    there, back = transfers(OURS, FAR), transfers(FAR, OURS)
    for _ in range(2):
        loop.until(lambda: server.engine.state == "active" and gateway.engine.state == "Active" and server.engine.accessible(FAR))
        server.give(*there)
        gateway.give(*back)
        loop.until(lambda: len(server.messages()) == len(back) and len(gateway.messages()) == len(there))
        assert by_selection(server.messages()) == by_selection(back)
        assert by_selection(gateway.messages()) == by_selection(there)
        server.told.clear()
        server.associations.send("g", EndAssociation("cut"))
        loop.until(lambda: p.Pause(FAR) in server.told)
        loop.until(lambda: server.engine.state == "inactive" and gateway.engine.state == "Pending")
        server.told.clear()
        gateway.told.clear()
    assert server.wrong == gateway.wrong == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_m2ua_has_its_level_2_at_a_gateway_whose_link_is_m2pa(transport, loop):
    """Level 3, gateway and far end, over two associations. Twice the link comes into service, carries, and fails."""
    terminal = Link(loop, place("link", "m2pa", transport), tell=lambda value: gateway.give(p.FromLink("L", value)))
    far = Link(loop, place("link", "m2pa", transport, terminal.association.port_of("link")))
    gateway = Party(
        loop,
        M2uaGateway(LinksPlan(("s",), (("L", 0x01020304),), HIGHEST_OF_M2PA), FIGURES),
        place("s", "m2ua", transport),
        tell=lambda value: terminal.give(value.request),
    )
    plan = LinksPlan(("g",), (("L", 0x01020304),), HIGHEST_OF_M2PA)
    level_3 = Party(loop, M2ua(plan, FIGURES), place("g", "m2ua", transport, gateway.associations.port_of("s")))

    def told(kind):
        return [value.indication for value in level_3.told if isinstance(value.indication, kind)]

    loop.until(lambda: level_3.engine.state == "Active")
    sent = [bytes((0x85, number % 256)) * (2 + number % 100) for number in range(200)]
    for _ in range(2):
        level_3.give(p.ToLink("L", p.Emergency()), p.ToLink("L", p.Start()))
        far.give(p.Emergency(), p.Start())
        loop.until(lambda: told(p.InService) and p.InService() in far.told)
        level_3.give(*[p.ToLink("L", p.MessageForTransmission(octets)) for octets in sent])
        far.give(*[p.MessageForTransmission(octets) for octets in sent])
        loop.until(lambda: len(far.received()) == len(told(p.ReceivedMessage)) == len(sent))
        assert far.received() == [value.octets for value in told(p.ReceivedMessage)] == sent
        far.told.clear()
        level_3.told.clear()
        far.association.send("link", EndAssociation("cut"))
        loop.until(lambda: told(p.OutOfService) and far.told)
        level_3.give(p.ToLink("L", p.RetrieveBsnt()))
        loop.until(lambda: told(p.Bsnt))
        assert told(p.Bsnt) == [p.Bsnt(len(sent) - 1)]
        level_3.give(p.ToLink("L", p.RetrievalRequest(len(sent) - 1)))
        loop.until(lambda: told(p.RetrievalComplete))
        assert told(p.RetrievedMessage) == []
        far.told.clear()
        level_3.told.clear()
    assert level_3.wrong == gateway.wrong == []
