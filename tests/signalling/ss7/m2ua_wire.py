"""A signalling link whose one end has its level 2 at a gateway of M2UA: level 3, M2UA, an association, the gateway, level 2, the line.

``M2uaWire`` has the face of level2.Wire, so that whole signalling points can stand upon it. The line can be cut as there, and the
association besides.
"""

from pbx.signalling.ss7.primitives import FromLink, ToLink
from pbx.signalling.ss7.sigtran.m2ua import M2ua
from pbx.signalling.ss7.sigtran.m2ua_gateway import M2uaGateway
from pbx.signalling.ss7.sigtran.m2ua_plan import LinksPlan
from pbx.signalling.ss7.sigtran.server import ServerChanged
from tests.signalling.ss7.level2 import Wire
from tests.signalling.ss7.sigtran_pair import FIGURES, Joined, Net, Node

LINK, IDENTIFIER = "L", 0x01020304


class Remote:
    """Level 3's end of the association, with the face of level2.End."""

    def __init__(self, node):
        self.node = node

    @property
    def state(self):
        return self.node.engine.link_state(LINK)

    def order(self, request):
        self.node.give(ToLink(LINK, request))


class M2uaWire(Wire):
    def __init__(self, world, one_up, other_up, figures=FIGURES):
        net = Net(world)
        self.controller = Node(net, M2ua(LinksPlan(("a",), ((LINK, IDENTIFIER),)), figures), lambda value: one_up(value.indication))
        self.gateway = Node(net, M2uaGateway(LinksPlan(("b",), ((LINK, IDENTIFIER),)), figures), self.down)
        super().__init__(world, self.up, other_up)
        self.terminal, self.one = self.one, Remote(self.controller)
        self.association = Joined(net, self.controller, "a", self.gateway, "b", one_way=0.005, jitter=0.005)
        self.association.mend()

    def up(self, indication):
        self.world.at(0, self.gateway.give, FromLink(LINK, indication))

    def down(self, value):
        if isinstance(value, ServerChanged):
            return
        assert isinstance(value, ToLink)
        self.world.at(0, self.terminal.order, value.request)

    # The line's ends, for what Wire does with them.

    def try_alignment(self):
        self.swapped(super().try_alignment)

    def cut(self, longest_notice=0.2):
        self.swapped(super().cut, longest_notice)

    def mend(self):
        self.swapped(super().mend)

    def swapped(self, action, *arguments):
        """The wire's own ends are those of the line."""
        if isinstance(self.one, Remote):
            remote, self.one = self.one, self.terminal
            action(*arguments)
            self.one = remote
        else:
            action(*arguments)
