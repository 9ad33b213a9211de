"""Associations over real sockets on the loopback: M2PA and M2UA at both ends, losses, tries that come later, those who are turned away.

SCTP is run where the kernel has it; where not, its tests are skipped and counted. What of it needs no kernel support runs over a pair
of local sockets that keep messages whole as SCTP does.
"""

import socket
import struct
import time

import pytest
from twisted.internet.epollreactor import EPollReactor

from pbx import sctp_socket
from pbx.associations import AssociationPlan, Associations
from pbx.sctp_socket import SctpSocket
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.sigtran.association import (
    AssociationLost,
    AssociationUp,
    EndAssociation,
    Octets,
    SendOctets,
)
from pbx.signalling.ss7.sigtran.m2pa import M2pa
from pbx.signalling.ss7.sigtran.m2pa_messages import LinkStatus, UserData, write
from pbx.signalling.ss7.sigtran.m2ua import M2ua
from pbx.signalling.ss7.sigtran.m2ua_gateway import M2uaGateway
from pbx.signalling.ss7.sigtran.m2ua_plan import LinksPlan
from tests.association_party import Party
from tests.sctp import needs_sctp
from tests.signalling.ss7.m2pa_wire import SHORT

PATIENCE_S = 20.0
TRANSPORTS = ["tcp", pytest.param("sctp", marks=needs_sctp)]


class Loop:
    """A reactor of the test's own, and everything that was opened on it."""

    def __init__(self):
        self.reactor = EPollReactor()
        self.opened = []

    def associations(self, *plans, told, noted=lambda name, text: None):
        found = Associations(self.reactor, plans, told, noted)
        self.opened.append(found)
        failures = []
        found.start().addErrback(failures.append)
        assert failures == []
        return found

    def until(self, condition):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, "nothing has come of it"
            self.reactor.iterate(0.02)

    def close(self):
        for one in self.opened:
            one.stop()
        for _ in range(5):
            self.reactor.iterate(0.01)
        assert self.reactor.getDelayedCalls() == []
        self.reactor.removeAll()


@pytest.fixture
def loop():
    found = Loop()
    yield found
    found.close()


class Kept:
    """What an exchange is told, in order."""

    def __init__(self):
        self.values = []

    def __call__(self, name, value):
        self.values.append((name, value))

    def of(self, kind):
        return [value for _, value in self.values if isinstance(value, kind)]


class Link:
    """A link of M2PA over a real association, with real time. ``tell`` is called with what it tells level 3; it is kept in ``told``."""

    def __init__(self, loop, plan, tell=None):
        self.tell = tell
        self.reactor = loop.reactor
        self.engine = M2pa(SHORT)
        self.told = []
        self.call = None
        self.association = loop.associations(plan, told=self.hear)
        loop.opened.append(self)

    def hear(self, name, value):
        self.give(value)

    def give(self, *values):
        for value in values:
            self.take(self.engine.receive(value, self.reactor.seconds()))

    def take(self, outputs):
        for value in outputs:
            if isinstance(value, SendOctets):
                self.association.send("link", value)
            elif isinstance(value, p.ToLevel3):
                self.told.append(value)
                if self.tell:
                    self.tell(value)
        self.stop()
        due = self.engine.deadline()
        if due is not None:
            self.call = self.reactor.callLater(max(0.0, due - self.reactor.seconds()), self.expire)

    def expire(self):
        self.call = None
        self.take(self.engine.expire(self.reactor.seconds()))

    def stop(self):
        if self.call is not None:
            self.call.cancel()
            self.call = None

    def received(self):
        return [value.octets for value in self.told if isinstance(value, p.ReceivedMessage)]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_link_of_m2pa_carries_messages_fails_and_comes_back(transport, loop):
    here = Link(loop, AssociationPlan("link", "m2pa", "127.0.0.1", transport, listen=True, port=0, local="127.0.0.1"))
    there = Link(loop, AssociationPlan("link", "m2pa", "127.0.0.1", transport, port=here.association.port_of("link")))
    for link in (here, there):
        link.give(p.Emergency(), p.Start())
    loop.until(lambda: p.InService() in here.told and p.InService() in there.told)
    sent = [bytes((0x85, number % 256)) * (1 + number % 200) for number in range(500)]
    here.give(*[p.MessageForTransmission(octets) for octets in sent])
    there.give(*[p.MessageForTransmission(octets) for octets in sent])
    loop.until(lambda: len(here.received()) == len(there.received()) == len(sent))
    assert here.received() == there.received() == sent
    loop.until(lambda: not here.engine.transmission._unconfirmed)

    here.told.clear()
    there.told.clear()
    there.association.send("link", EndAssociation("cut"))
    loop.until(lambda: here.told and there.told)
    assert isinstance(here.told[0], p.OutOfService)
    assert isinstance(there.told[0], p.OutOfService)
    for link in (here, there):
        link.give(p.Start())
    loop.until(lambda: p.InService() in here.told and p.InService() in there.told)
    here.give(p.MessageForTransmission(b"\x85again"))
    loop.until(there.received)
    assert there.received() == [b"\x85again"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_link_by_m2ua_is_established_carries_messages_and_is_established_again(transport, loop):
    plan, name = LinksPlan(("link",), (("L", 7),)), "link"
    gateway = Party(loop, M2uaGateway(plan, SHORT), AssociationPlan(name, "m2ua", "127.0.0.1", transport, True, 0, "127.0.0.1"))
    port = gateway.associations.port_of(name)
    level_3 = Party(loop, M2ua(plan, SHORT), AssociationPlan(name, "m2ua", "127.0.0.1", transport, port=port))
    sent = [bytes((0x85, number % 256)) * (2 + number % 130) for number in range(300)]

    def orders():
        return [value.request for value in gateway.told if isinstance(value, p.ToLink)]

    def indications():
        return [value.indication for value in level_3.told if isinstance(value, p.FromLink)]

    for _ in range(2):
        level_3.told.clear()
        gateway.told.clear()
        level_3.give(p.ToLink("L", p.Start()))
        loop.until(lambda: p.Start() in orders())
        gateway.give(p.FromLink("L", p.InService()))
        loop.until(lambda: p.InService() in indications())
        level_3.give(*[p.ToLink("L", p.MessageForTransmission(octets)) for octets in sent])
        gateway.give(*[p.FromLink("L", p.ReceivedMessage(octets)) for octets in sent])
        loop.until(lambda: len(orders()) > len(sent) and len(indications()) > len(sent))
        assert orders()[-len(sent) :] == [p.MessageForTransmission(octets) for octets in sent]
        assert indications()[-len(sent) :] == [p.ReceivedMessage(octets) for octets in sent]
        level_3.associations.send(name, EndAssociation("cut"))
        loop.until(lambda: isinstance(indications()[-1], p.OutOfService) and orders()[-1] == p.LocalProcessorOutage())
    assert level_3.wrong == gateway.wrong == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_tries_come_later_each_time_until_somebody_listens(transport, loop):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept, notes = Kept(), []
    loop.associations(
        AssociationPlan("a", "m3ua", "127.0.0.1", transport, port=port), told=kept, noted=lambda name, text: notes.append(text)
    )
    loop.until(lambda: len(notes) == 2)
    assert [note.rpartition("again in ")[2] for note in notes] == ["0.5 s", "1 s"]
    far = Kept()
    loop.associations(AssociationPlan("b", "m3ua", "", transport, listen=True, port=port, local="127.0.0.1"), told=far)
    loop.until(lambda: kept.values and far.values)
    assert isinstance(kept.values[0][1], AssociationUp)
    assert kept.values[0][0] == "a"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_who_comes_is_known_by_his_address(transport, loop):
    """Two associations behind one port, and a stranger."""
    kept = Kept()
    peers = ("127.0.0.2", "127.0.0.3")
    here = loop.associations(
        *[AssociationPlan(peer, "m3ua", peer, transport, listen=True, port=0, local="127.0.0.1") for peer in peers], told=kept
    )
    port = here.port_of(peers[0])
    assert port == here.port_of(peers[1])
    far = {}
    for peer in (*peers, "127.0.0.4"):
        far[peer] = loop.associations(AssociationPlan("far", "m3ua", "127.0.0.1", transport, port=port, local=peer), told=Kept())
    loop.until(lambda: len(kept.of(AssociationUp)) >= 2)
    message = write(LinkStatus(1, 2, "busy"))
    for peer in far:
        far[peer].send("far", SendOctets(1, message))
    loop.until(lambda: len(kept.of(Octets)) == 2)
    assert sorted(name for name, value in kept.values if isinstance(value, Octets)) == list(peers)
    assert {value.octets for value in kept.of(Octets)} == {message}


def tcp_listener(loop):
    kept = Kept()
    here = loop.associations(AssociationPlan("a", "m2pa", "", "tcp", listen=True, port=0, local="127.0.0.1"), told=kept)
    return kept, here, here.port_of("a")


def test_a_byte_stream_in_pieces_is_whole_messages(loop):
    kept, _, port = tcp_listener(loop)
    messages = [write(UserData(1, number, bytes((number,)) * (number + 1))) for number in range(20)]
    with socket.create_connection(("127.0.0.1", port)) as far:
        far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = b"".join(messages)
        for at in range(0, len(stream), 7):
            far.sendall(stream[at : at + 7])
        loop.until(lambda: len(kept.of(Octets)) == len(messages))
    assert kept.of(Octets) == [Octets(None, octets) for octets in messages]
    loop.until(lambda: kept.of(AssociationLost))


def test_a_stream_that_makes_no_sense_ends_the_association(loop):
    kept, _, port = tcp_listener(loop)
    with socket.create_connection(("127.0.0.1", port)) as far:
        far.sendall(b"GET / HTTP/1.1\r\n\r\n")
        loop.until(lambda: kept.of(AssociationLost))
    assert kept.of(AssociationLost) == [AssociationLost("message of version 71")]
    assert kept.of(Octets) == []


def test_a_far_end_that_takes_nothing_is_given_up(loop):
    kept, here, port = tcp_listener(loop)
    with socket.create_connection(("127.0.0.1", port)):
        loop.until(lambda: kept.of(AssociationUp))
        octets = write(UserData(0, 0, bytes(4000)))

        def send():
            for _ in range(50):
                here.send("a", SendOctets(1, octets))
            return kept.of(AssociationLost)

        loop.until(send)
    assert "takes nothing" in kept.of(AssociationLost)[0].reason


def test_who_comes_again_takes_the_place_of_his_old_connection(loop):
    kept, _, port = tcp_listener(loop)
    with socket.create_connection(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)) as second:
        loop.until(lambda: len(kept.of(AssociationUp)) == 2)
        second.sendall(write(LinkStatus(0, 0, "ready")))
        loop.until(lambda: kept.of(Octets))
    assert [type(value) for _, value in kept.values[:3]] == [AssociationUp, AssociationLost, AssociationUp]


def test_a_port_that_is_taken_is_told(loop):
    _, _, port = tcp_listener(loop)
    second = Associations(loop.reactor, [AssociationPlan("b", "m2pa", "", "tcp", listen=True, port=port, local="127.0.0.1")], Kept())
    failures = []
    loop.opened.append(second)
    second.start().addErrback(failures.append)
    assert len(failures) == 1


def test_a_port_that_was_taken_is_had_when_it_is_free(loop, monkeypatch):
    monkeypatch.setattr("pbx.associations.LISTEN_AGAIN_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        plan = AssociationPlan("b", "m2pa", "", "tcp", listen=True, port=taken.getsockname()[1], local="127.0.0.1")
        heard, failures = [], []
        found = Associations(loop.reactor, [plan], Kept(), refused=heard.append)
        loop.opened.append(found)
        found.start().addErrback(failures.append)
        assert len(failures) == 1
        loop.until(lambda: len(heard) > 1)
        assert all("in use" in text for text in heard)
    loop.until(lambda: heard[-1] == "")
    assert found.port_of("b") == plan.port


def test_without_sctp_it_is_tried_again_and_said(loop, monkeypatch):
    monkeypatch.setattr(sctp_socket, "IPPROTO_SCTP", 255)
    notes = []
    loop.associations(AssociationPlan("a", "m2pa", "127.0.0.1", "sctp"), told=Kept(), noted=lambda name, text: notes.append(text))
    assert len(notes) == 1
    assert notes[0].startswith("no association: ")


# What of SCTP needs no support of the kernel.


def pair_of_sockets(loop):
    """A carrier of ours on a local socket that keeps messages whole, and the other end by hand."""
    ours, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    kept = {"up": [], "messages": [], "lost": []}
    carrier = SctpSocket(
        loop.reactor, ours, 5, kept["up"].append, lambda stream, octets: kept["messages"].append((stream, octets)), kept["lost"].append
    )
    loop.opened.append(type("Closed", (), {"stop": lambda self: carrier.close("over")})())
    carrier.established()
    return carrier, far, kept


def test_the_carrier_reads_and_writes_whole_messages(loop):
    carrier, far, kept = pair_of_sockets(loop)
    assert kept["up"] == [2]
    first, second = write(UserData(1, 2, b"\x85" * 300)), write(LinkStatus(1, 2, "busy"))
    carrier.send(1, first)
    carrier.send(0, second)
    assert [far.recv(1000), far.recv(1000)] == [first, second]
    far.send(first[:100])
    far.send(first[100:])
    far.send(second)
    loop.until(lambda: len(kept["messages"]) == 2)
    assert kept["messages"] == [(None, first), (None, second)]
    far.close()
    loop.until(lambda: kept["lost"])
    assert kept["lost"] == ["ended by the far end"]


def test_the_carrier_waits_for_room_and_gives_up_in_the_end(loop):
    carrier, far, kept = pair_of_sockets(loop)
    octets = write(UserData(0, 0, bytes(4000)))
    for _ in range(150):
        carrier.send(1, octets)
    assert kept["lost"] == []
    got = []
    far.setblocking(False)

    def read():
        try:
            got.append(far.recv(8192))
        except BlockingIOError:
            return False
        return len(got) == 150

    loop.until(read)
    assert set(got) == {octets}
    while not kept["lost"]:
        carrier.send(1, octets)
    assert "takes nothing" in kept["lost"][0]
    far.close()


def test_layouts_of_ancillary_data():
    """struct sctp_sndinfo and struct sctp_rcvinfo as linux/sctp.h has them; the identifier goes as it stands on the line."""
    level, kind, octets = sctp_socket.send_information(3, 5)
    assert (level, kind) == (132, 2)
    assert octets == struct.pack("=HH", 3, 0) + b"\x00\x00\x00\x05" + struct.pack("=Ii", 0, 0)
    told = struct.pack("=HHHxxIIIIi", 7, 1, 0, 0x05000000, 1, 1, 0, 4)
    assert len(told) == 28
    assert sctp_socket.stream_of([(1, 2, b"other"), (132, 3, told)]) == 7
    assert sctp_socket.stream_of([]) is None


@needs_sctp
def test_streams_are_carried(loop):
    kept = Kept()
    here = loop.associations(AssociationPlan("a", "m2pa", "", "sctp", listen=True, port=0, local="127.0.0.1"), told=kept)
    far = Kept()
    there = loop.associations(AssociationPlan("b", "m2pa", "127.0.0.1", "sctp", port=here.port_of("a")), told=far)
    loop.until(lambda: kept.values and far.values)
    assert far.values[0][1].streams > 2
    for stream in (0, 1, 5):
        there.send("b", SendOctets(stream, write(LinkStatus(0, 0, "busy"))))
    loop.until(lambda: len(kept.of(Octets)) == 3)
    assert {value.stream for value in kept.of(Octets)} == {0, 1, 5}
