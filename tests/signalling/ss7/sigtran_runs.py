"""One short run of each protocol of SIGTRAN in virtual time, as lines of a trace and as messages for a judge."""

from pbx.engine import Malformed
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.mtp3.label import CHINA
from pbx.signalling.ss7.primitives import FromLink, ToLink
from pbx.signalling.ss7.sigtran import codec, m2pa_messages
from pbx.signalling.ss7.sigtran.asp import DeactivateServer
from pbx.signalling.ss7.sigtran.m2pa_messages import LinkStatus
from pbx.signalling.ss7.sigtran.m2ua import M2ua
from pbx.signalling.ss7.sigtran.m2ua_gateway import M2uaGateway
from pbx.signalling.ss7.sigtran.m2ua_plan import LinksPlan
from pbx.signalling.ss7.sigtran.m3ua import M3ua
from pbx.signalling.ss7.sigtran.m3ua_gateway import M3uaGateway
from pbx.signalling.ss7.sigtran.m3ua_plan import ServerPlan
from pbx.signalling.ss7.sigtran.tables import M2UA, M3UA
from tests.signalling.ss7.level2 import World
from tests.signalling.ss7.m2pa_wire import M2paWire
from tests.signalling.ss7.sigtran_pair import FIGURES, Joined, Net, Node

RESET = bytes.fromhex("85336415346415050a0012")
"""A reset of circuit 10 of ISUP."""
US, FAR = CHINA.read("21-100-51"), CHINA.read("21-100-52")


class Run:
    """What passed between two ends, in time."""

    def __init__(self, protocol):
        self.protocol = protocol
        self.world = World(1)
        self.lines, self.packets = [], []

    def watch(self, name, end):
        """Write down what an end sends and what it tells."""
        kept, take = end.sent, end.take

        def watched(outputs):
            before, told = len(kept), len(end.told)
            take(outputs)
            for stream, octets in kept[before:]:
                self.packets.append((self.protocol, stream, octets))
                self.line(name, f"-> {self.words(octets)} on stream {stream}")
            for value in end.told[told:]:
                self.line(name, f"   {value}")

        end.take = watched

    def line(self, name, text):
        self.lines.append(f"{self.world.now:8.3f}  {name:8} {text}")

    def words(self, octets):
        if self.protocol == "m2pa":
            message = m2pa_messages.read(octets)
            what = message.state if isinstance(message, LinkStatus) else f"user data {message.octets.hex() or 'empty'}"
            return f"{what} bsn {message.bsn} fsn {message.fsn}"
        message = codec.read({"m3ua": M3UA, "m2ua": M2UA}[self.protocol], octets)
        assert not isinstance(message, Malformed)
        return " ".join([message.name, *(f"{name}={value}" for name, value in message.fields.items())])

    def run(self, seconds):
        end = self.world.now + seconds
        while (due := self.world.next()) is not None and due <= end:
            self.world.step()
        self.world.now = end

    def text(self):
        return "\n".join([*self.lines, ""])


def of_m2pa():
    """Alignment, messages, a busy end, an outage, a lost association, retrieval."""
    run = Run("m2pa")
    wire = M2paWire(run.world, lambda value: None, lambda value: None, jitter=0.0)
    one, other = wire.one, wire.other
    run.watch("one", one)
    run.watch("other", other)
    for end in (one, other):
        end.order(p.Emergency())
        end.order(p.Start())
    run.run(2)
    one.order(p.MessageForTransmission(RESET))
    run.run(0.5)
    other.order(p.LocalProcessorOutage())
    run.run(0.1)
    one.order(p.MessageForTransmission(RESET))
    other.order(p.LocalProcessorRecovered())
    other.order(p.Continue())
    run.run(0.1)
    one.order(p.Continue())
    run.run(0.5)
    one.order(p.MessageForTransmission(RESET))
    wire.cut(0.0)
    run.run(0.5)
    one.order(p.RetrieveBsnt())
    one.order(p.RetrievalRequest(1))
    return run


def of_m3ua():
    """Up, active, asked, messages, a destination that goes and comes, out by order."""
    run = Run("m3ua")
    net = Net(run.world)
    server = Node(net, M3ua(ServerPlan(("sg",), US, 2, destinations=(FAR,), context=7), CHINA, FIGURES))
    gateway = Node(net, M3uaGateway(ServerPlan(("asp",), US, 2, context=7), CHINA, FIGURES))
    run.watch("server", server)
    run.watch("gateway", gateway)
    gateway.give(p.Resume(FAR))
    Joined(net, server, "sg", gateway, "asp", jitter=0.0).mend()
    net.run(0.5)
    server.give(p.Transfer(5, FAR, US, 5, RESET[8:]))
    gateway.give(p.Transfer(5, US, FAR, 5, RESET[8:]))
    net.run(0.5)
    gateway.give(p.Status(FAR, "congestion", 1), p.Pause(FAR), p.Resume(FAR), p.Status(FAR, "user part unavailable", 0, 5, "inaccessible"))
    net.run(0.5)
    server.give(DeactivateServer("sg"))
    net.run(5)
    return run


def of_m2ua():
    """Up, active, a link established, messages, an outage, failure, retrieval."""
    run = Run("m2ua")
    net = Net(run.world)
    controller = Node(net, M2ua(LinksPlan(("sg",), (("L", 3),)), FIGURES))
    gateway = Node(net, M2uaGateway(LinksPlan(("mgc",), (("L", 3),)), FIGURES))
    run.watch("level 3", controller)
    run.watch("gateway", gateway)
    controller.give(ToLink("L", p.Start()))
    Joined(net, controller, "sg", gateway, "mgc", jitter=0.0).mend()
    net.run(0.5)
    gateway.give(FromLink("L", p.InService()))
    net.run(0.5)
    controller.give(ToLink("L", p.MessageForTransmission(RESET)))
    gateway.give(*[FromLink("L", value) for value in (p.ReceivedMessage(RESET), p.LinkCongestion(1), p.RemoteProcessorOutage())])
    net.run(0.5)
    gateway.give(FromLink("L", p.OutOfService("cut")))
    net.run(0.5)
    controller.give(ToLink("L", p.RetrieveBsnt()), ToLink("L", p.RetrievalRequest(5)))
    net.run(0.1)
    gateway.give(*[FromLink("L", value) for value in (p.Bsnt(100), p.RetrievedMessage(RESET), p.RetrievalComplete())])
    net.run(0.5)
    return run


RUNS = {"m2pa": of_m2pa, "m3ua": of_m3ua, "m2ua": of_m2ua}
