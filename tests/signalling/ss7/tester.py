"""The tester of Q.782 in front of one signalling point: two link sets of two links, every message of the far ends put in and read by hand.

Point A has link set B (links B0, B1) and link set C (links C0, C1). D is a destination behind both, E one behind B alone. If wanted
there is a second link set to point B: P (links P2, P3), by which D and E are reached too. What a healthy far end would do by itself
(align, answer the link test, TRA, acknowledge) can be switched off by name.
"""

from pbx.engine import Malformed, Noted, Unexpected
from pbx.signalling.ss7.mtp3 import management, operation
from pbx.signalling.ss7.mtp3.label import LINK_TEST, NETWORK_MANAGEMENT, Label, Unit
from pbx.signalling.ss7.mtp3.management import LinkTest, Message
from pbx.signalling.ss7.mtp3.mtp3 import Mtp3
from pbx.signalling.ss7.mtp3.plan import LinkPlan, LinkSetPlan, PointPlan, RoutePlan
from pbx.signalling.ss7.mtp3.variant import load_variant
from pbx.signalling.ss7.primitives import (
    Bsnt,
    FromLink,
    InService,
    MessageForTransmission,
    OutOfService,
    ReceivedMessage,
    RetrievalComplete,
    RetrievalRequest,
    RetrieveBsnt,
    RetrievedMessage,
    Start,
    ToLink,
    Transfer,
)

VARIANT = load_variant()
A, B, C, D, E = (VARIANT.form.read(f"21-100-{point}") for point in (1, 2, 3, 4, 5))
LINKS = ("B0", "B1", "C0", "C1")
ISUP = 5
ANSWERS = frozenset({"align", "SLTA", "TRA", "COA", "CBA", "LIA", "LUA", "BSNT"})


class Tester:
    """The point under test and everything around it."""

    __test__ = False  # pytest need not look for tests here

    def __init__(self, variant=VARIANT, d_priority=(0, 0), transfer=False, active=0, parallel=None, crossed=True, **features):
        """``parallel``: the priority of the routes by link set P, which is not there if it is None. ``crossed``: B can be reached through
        C and C through B."""
        self.variant = variant
        self.form = variant.form
        self.links = LINKS if parallel is None else (*LINKS, "P2", "P3")
        sets = tuple(
            LinkSetPlan(name, code, tuple(LinkPlan(link, int(link[1])) for link in self.links if link[0] == name), active)
            for name, code in (("B", B), ("P", B), ("C", C))
            if parallel is not None or name != "P"
        )
        more = () if parallel is None else tuple(RoutePlan(code, "P", parallel) for code in (D, E))
        routes = (
            RoutePlan(D, "B", d_priority[0]),
            RoutePlan(D, "C", d_priority[1]),
            RoutePlan(E, "B"),
            RoutePlan(B, "B", 0),
            RoutePlan(C, "C", 0),
            *((RoutePlan(B, "C", 1), RoutePlan(C, "B", 1)) if crossed else ()),
            *more,
        )
        self.point = Mtp3(PointPlan(A, sets, routes, transfer=transfer, **features), variant)
        self.now = 0.0
        self.answers = set(ANSWERS)
        self.kept = {}  # by link, what level 2 would give back
        self.bsnt = dict.fromkeys(self.links, 5)
        self.clear()
        self.take(self.point.start(self.now))

    def clear(self):
        self.messages, self.users, self.orders, self.told, self.reports, self.wrong, self.arrived, self.tests = ([] for _ in range(8))

    # Time and inputs.

    def give(self, value):
        self.take(self.point.receive(value, self.now))

    def wait(self, seconds):
        end = self.now + seconds
        while (due := self.point.deadline()) is not None and due <= end:
            self.now = due
            self.take(self.point.expire(due))
        self.now = end

    def indicate(self, link, indication):
        self.give(FromLink(link, indication))

    def fail(self, link):
        self.indicate(link, OutOfService("by the tester"))

    def far(self, name, link, slc=None, opc=None, **fields):
        """A management message of the far end over a link; ``slc``: the SLC in its label, the link's own if not given."""
        sent = management.write(self.form, Message(name, **fields))
        self.put(link, NETWORK_MANAGEMENT, adjacent(link) if opc is None else opc, A, int(link[1]) if slc is None else slc, sent)

    def test_message(self, name, link, pattern=VARIANT.pattern, code=None, opc=None):
        sls = int(link[1]) if code is None else code
        self.put(link, LINK_TEST, adjacent(link) if opc is None else opc, A, sls, management.write_test(LinkTest(name, pattern)))

    def put(self, link, service, opc, dpc, sls, data, network=None, priority=0):
        network = self.variant.data.network if network is None else network
        unit = Unit(service, network, Label(dpc, opc, sls), data, priority)
        self.indicate(link, ReceivedMessage(self.form.write_unit(unit)))

    def user(self, destination, sls, number=0, priority=0):
        self.give(Transfer(ISUP, destination, A, sls, bytes((number,)), priority=priority))

    def all_users(self, destination, number=0):
        for sls in range(16):
            self.user(destination, sls, number)

    # Outputs.

    def take(self, outputs):
        todo = []
        for output in outputs:
            if type(output) is ToLink:
                todo += self.at_link(output.link, output.request)
            elif type(output) is Transfer:
                self.arrived.append(output)
            elif type(output) in (Unexpected, Malformed):
                self.wrong.append(output)
            elif isinstance(output, operation.Report):
                self.reports.append(output)
            elif type(output) is not Noted:
                self.told.append(output)
        for action in todo:
            action()

    def at_link(self, link, request):
        """What level 2 and a healthy far end do on an order."""
        if type(request) is MessageForTransmission:
            return self.read(link, request.octets)
        self.orders.append((link, type(request).__name__))
        if type(request) is Start and "align" in self.answers:
            return [lambda: self.indicate(link, InService())]
        if type(request) is RetrieveBsnt and "BSNT" in self.answers:
            return [lambda: self.indicate(link, Bsnt(self.bsnt[link]))]
        if type(request) is RetrievalRequest:
            self.orders[-1] = (link, "RetrievalRequest", request.fsnc)
            units = self.kept.pop(link, [])
            return [
                lambda: [self.indicate(link, RetrievedMessage(octets)) for octets in units],
                lambda: self.indicate(link, RetrievalComplete()),
            ]
        return []

    def read(self, link, octets):
        unit = self.form.read_unit(octets)
        if unit.service == LINK_TEST:
            message = management.read_test(unit.data)
            self.tests.append((message.name, link))
            if message.name == "SLTM" and "SLTA" in self.answers:
                return [lambda: self.test_message("SLTA", link, message.pattern)]
            return []
        if unit.service != NETWORK_MANAGEMENT:
            self.users.append((link, unit.label.dpc, unit.label.sls, unit.data[0] if unit.data else 0))
            return []
        message = management.read(self.form, unit.data)
        self.messages.append((message.name, link, unit.label.sls, message))
        reply = {"TRA": "TRA", "COO": "COA", "CBD": "CBA", "LIN": "LIA", "LUN": "LUA"}.get(message.name)
        if reply not in self.answers:
            return []
        return [lambda: self.reply(reply, link, unit.label, message)]

    def reply(self, name, link, label, message):
        fields = {"COA": {"fsn": 3}, "CBA": {"code": message.code}}.get(name, {})
        self.put(link, NETWORK_MANAGEMENT, label.dpc, A, label.sls, management.write(self.form, Message(name, **fields)))

    # What is asked.

    def said(self, *names):
        """(name, link it went over, SLC) of what was sent, in order; the TRA of others left away unless asked for."""
        return [(name, link, code) for name, link, code, _ in self.messages if not names or name in names]

    def used(self, number=None):
        """By SLS, the links that carried user messages (with this number)."""
        found = {}
        for link, _, sls, got in self.users:
            if number is None or got == number:
                found.setdefault(sls, set()).add(link)
        return found

    def spread(self, number=None):
        """How many SLS each link carried."""
        found = {}
        for links in self.used(number).values():
            for link in links:
                found[link] = found.get(link, 0) + 1
        return dict(sorted(found.items()))

    def state(self, *links):
        return [self.point.link_state(link) for link in links or self.links]


def adjacent(link):
    return C if link[0] == "C" else B


def ready(**features):
    """A tester whose point is in service on all links, restart over, everything forgotten."""
    tester = Tester(**features)
    for name in dict.fromkeys(link[0] for link in tester.links):
        tester.give(operation.ActivateLinkSet(name))
    tester.far("TRA", "B0", 0)
    tester.far("TRA", "C0", 0)
    tester.wait(20)
    assert set(tester.state()) == {"available"}
    assert all(tester.point.accessible(code) for code in (B, C, D, E))
    tester.wait(80)  # T19 is over: a TRA is news again
    tester.clear()
    return tester
