"""Signalling points with their links in virtual time, and users that number what they send, so that every loss, doubling and overtaking is
seen.
"""

import itertools

from pbx.engine import Malformed, Noted, Unexpected
from pbx.signalling.ss7.mtp3 import management, operation
from pbx.signalling.ss7.mtp3.label import CHINA, NETWORK_MANAGEMENT, Label, Unit
from pbx.signalling.ss7.mtp3.management import Message
from pbx.signalling.ss7.mtp3.mtp3 import Mtp3
from pbx.signalling.ss7.mtp3.plan import LinkPlan, LinkSetPlan, PointPlan, RoutePlan
from pbx.signalling.ss7.mtp3.variant import load_variant
from pbx.signalling.ss7.primitives import FromLink, MessageForTransmission, Pause, ReceivedMessage, Resume, Status, ToLink, Transfer
from tests.signalling.ss7.level2 import Wire, World

VARIANT = load_variant()
ISUP = 5


class Site:
    """A signalling point with what came out of it."""

    def __init__(self, network, mtp3):
        self.network = network
        self.mtp3 = mtp3
        self.code = mtp3.plan.code
        self.ends = {}
        self.received = []
        self.told = []
        self.reports = []
        self.notes = []
        self.wrong = []
        self.written = []

    def give(self, value):
        self.take(self.mtp3.receive(value, self.network.world.now))

    def take(self, outputs):
        for output in outputs:
            kind = type(output)
            if kind is ToLink:
                if type(output.request) is MessageForTransmission:
                    self.written.append((output.link, output.request.octets))
                # Level 2 answers in its own turn, never inside level 3's.
                self.network.world.at(0, self.ends[output.link].order, output.request)
            elif kind is Transfer:
                self.received.append(output)
            elif kind is Noted:
                self.notes.append((self.network.world.now, output.text))
            elif kind in (Unexpected, Malformed):
                self.wrong.append(output)
            elif isinstance(output, operation.Report):
                self.reports.append(output)
            else:
                self.told.append(output)

    def said(self, *names):
        """The management messages of these names that were sent, in order."""
        return [name for name in (text.split()[1] for _, text in self.notes if text.startswith("->")) if name in names]

    def heard(self, *names):
        return [name for name in (text.split()[1] for _, text in self.notes if text.startswith("<-")) if name in names]

    def forget(self):
        for kept in (self.received, self.told, self.reports, self.notes, self.wrong, self.written):
            kept.clear()

    def paused(self):
        return [value.affected for value in self.told if type(value) is Pause]

    def resumed(self):
        return [value.affected for value in self.told if type(value) is Resume]

    def statuses(self):
        return [value for value in self.told if type(value) is Status]

    def links_used(self):
        """By SLS, the links over which this point has sent user messages, in order and without repetition."""
        found = {}
        for link, octets in self.written:
            unit = self.network.form.read_unit(octets)
            if unit.service >= 3:
                links = found.setdefault(unit.label.sls, [])
                if not links or links[-1] != link:
                    links.append(link)
        return found


class Network:
    """Points by name, joined by links named ``A-B/0``."""

    def __init__(self, seed=0, variant=VARIANT, wire=Wire):
        self.wire = wire
        self.world = World(seed)
        self.variant = variant
        self.form = variant.form
        self.sites = {}
        self.wires = {}
        self._pending = {}
        self.sequence = {}

    def add(self, name, code, joins, routes=(), **features):
        """A point; ``joins``: by the other's name its code and how many links, ``routes``: (destination, by whom, priority).

        A tuple in place of the number of links: so many in each of several link sets, called Y, Y.1, Y.2.
        """
        link_sets = tuple(one for other, join in joins.items() for one in self._link_sets(name, other, *join))
        plan = PointPlan(code, link_sets, tuple(RoutePlan(*route) for route in routes), **features)
        site = self.sites[name] = Site(self, Mtp3(plan, self.variant))
        for link_set in link_sets:
            for link in link_set.links:
                self._join(site, link.name)
        return site

    def _link_sets(self, name, other, far, counts, active):
        """All between two points: their links have codes of one row."""
        extended = getattr(self.wire, "extended", False)
        codes = itertools.count()
        for place, count in enumerate((counts,) if isinstance(counts, int) else counts):
            links = [LinkPlan(f"{'-'.join(sorted((name, other)))}/{code}", code, extended) for code in itertools.islice(codes, count)]
            yield LinkSetPlan(f"{other}.{place}" if place else other, far, tuple(links), active)

    def _join(self, site, name):
        def up(indication):
            site.give(FromLink(name, indication))

        if name in self._pending:
            other, other_up = self._pending.pop(name)
            wire = self.wires[name] = self.wire(self.world, other_up, up)
            other.ends[name], site.ends[name] = wire.one, wire.other
        else:
            self._pending[name] = (site, up)

    def start(self):
        for site in self.sites.values():
            site.take(site.mtp3.start(self.world.now))
            for link_set in site.mtp3.plan.link_sets:
                site.give(operation.ActivateLinkSet(link_set.name))

    def run(self, seconds):
        """Let so much time pass."""
        end = self.world.now + seconds
        while True:
            found = [(site.mtp3.deadline(), name) for name, site in self.sites.items()]
            due, name = min(((due, name) for due, name in found if due is not None), default=(None, ""))
            event = self.world.next()
            if due is not None and due <= end and (event is None or due < event):
                self.world.now = max(self.world.now, due)
                self.sites[name].take(self.sites[name].mtp3.expire(self.world.now))
            elif event is not None and event <= end:
                self.world.step()
            else:
                break
        self.world.now = end

    def forget(self):
        for site in self.sites.values():
            site.forget()

    # Users.

    def send(self, one, other, sls, service=ISUP):
        """A message of a user, numbered for its destination and SLS."""
        source, target = self.sites[one], self.sites[other]
        key = (source.code, target.code, sls)
        number = self.sequence[key] = self.sequence.get(key, 0) + 1
        source.give(Transfer(service, target.code, source.code, sls, number.to_bytes(4, "big")))

    def send_all(self, one, other, times=1):
        for _ in range(times):
            for sls in range(16):
                self.send(one, other, sls)

    def faults(self):
        """What is lost, doubled or out of order of all that was sent: lists of (source, destination, SLS, numbers)."""
        got = {}
        for site in self.sites.values():
            for value in site.received:
                got.setdefault((value.opc, value.dpc, value.sls), []).append(int.from_bytes(value.data, "big"))
        return [(key, got.get(key, [])) for key, last in self.sequence.items() if got.get(key, []) != list(range(1, last + 1))]

    def damage(self):
        """How many messages are lost, doubled, out of order."""
        lost = doubled = overtaken = 0
        for key, numbers in self.faults():
            lost += self.sequence[key] - len(set(numbers))
            doubled += len(numbers) - len(set(numbers))
            overtaken += sum(later < earlier for earlier, later in itertools.pairwise(numbers))
        return lost, doubled, overtaken

    def unavailable(self):
        """Links that are not available at either of their ends."""
        return {
            name: [site.mtp3.link_state(name) for site in self.sites.values() if name in site.ends]
            for name in self.wires
            if any(site.mtp3.link_state(name) != "available" for site in self.sites.values() if name in site.ends)
        }


def pair(seed=0, links=2, variant=VARIANT, active=0, wire=Wire, **features):
    """Two points A and B with one link set, or several (``links`` is a tuple)."""
    network = Network(seed, variant, wire)
    a, b = (CHINA.read("21-100-51"), CHINA.read("21-100-52")) if variant.form is CHINA else (100, 200)
    network.add("A", a, {"B": (b, links, active)}, **features)
    network.add("B", b, {"A": (a, links, active)}, **features)
    return network


def square(seed=0, links=1, variant=VARIANT, cross=1, wire=Wire, **features):
    """Two end points A and B behind two transfer points Y and Z that share the load, Y and Z joined by a cross link."""
    network = Network(seed, variant, wire)
    a, b, y, z = range(101, 105)
    both = {"Y": (y, links, 0), "Z": (z, links, 0)}
    network.add("A", a, both, [(b, "Y", 0), (b, "Z", 0), (y, "Y", 0), (y, "Z", 1), (z, "Z", 0), (z, "Y", 1)], **features)
    network.add("B", b, both, [(a, "Y", 0), (a, "Z", 0), (y, "Y", 0), (y, "Z", 1), (z, "Z", 0), (z, "Y", 1)], **features)
    ends = {"A": (a, links, 0), "B": (b, links, 0)}
    network.add("Y", y, {**ends, "Z": (z, cross, 0)}, [(a, "A", 0), (a, "Z", 1), (b, "B", 0), (b, "Z", 1)], transfer=True, **features)
    network.add("Z", z, {**ends, "Y": (y, cross, 0)}, [(a, "A", 0), (a, "Y", 1), (b, "B", 0), (b, "Y", 1)], transfer=True, **features)
    return network


def row(seed=0, near=(1, 1), far=(1, 1), variant=VARIANT, priority=0, features=None, **transfer_features):
    """End points A and B with the transfer point Y between them, each joined to it by two link sets.

    ``priority``: that of the routes by the second set; 0: both share the load.
    """
    network = Network(seed, variant)
    a, b, y = range(101, 104)
    features = features or {}

    def ways(*destinations, by):
        return [(code, name, place * priority) for code in destinations for place, name in enumerate((by, f"{by}.1"))]

    network.add("A", a, {"Y": (y, near, 0)}, ways(b, y, by="Y"), **features)
    network.add("B", b, {"Y": (y, far, 0)}, ways(a, y, by="Y"), **features)
    joins = {"A": (a, near, 0), "B": (b, far, 0)}
    network.add("Y", y, joins, ways(a, by="A") + ways(b, by="B"), transfer=True, **transfer_features)
    return network


def up(network, seconds=10.0):
    """Start, and wait until everything is available."""
    network.start()
    network.run(seconds)
    assert network.unavailable() == {}
    network.forget()
    return network


def far_message(site, link, name, opc, slc, **fields):
    """A management message from the far end, put in by hand."""
    form = site.network.form
    network = site.network.variant.data.network
    unit = Unit(NETWORK_MANAGEMENT, network, Label(site.code, opc, slc), management.write(form, Message(name, **fields)))
    site.give(FromLink(link, ReceivedMessage(form.write_unit(unit))))


def shorter(variant=VARIANT, **timers):
    return variant.adjusted(timers_ms=timers)
