"""Associations over the kernel's SCTP: streams and identifiers as they stand on the line, losses of packets, far ends that fall silent,
are not there, or begin anew. Where this kernel has no SCTP the tests run in the rig's machine (tests/sctp.py), where waiting costs nothing.
"""

import socket
import struct

import pytest

from pbx import sctp_socket
from pbx.associations import AssociationPlan
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.sigtran.association import PAYLOAD_PROTOCOLS, AssociationLost, AssociationUp, EndAssociation, Octets, SendOctets
from pbx.signalling.ss7.sigtran.m2pa_messages import LinkStatus, UserData, write
from tests.interop.tshark import needs_tshark
from tests.sctp import needs_sctp
from tests.sctp_path import Capture, drop, drop_nothing, socket_of
from tests.test_associations import Kept, Link, Loop

pytestmark = needs_sctp
HERE = "127.0.0.1"
PATIENCE_S = 120.0


@pytest.fixture
def loop(monkeypatch):
    monkeypatch.setattr("tests.test_associations.PATIENCE_S", PATIENCE_S)
    found = Loop()
    yield found
    found.close()


def two_links(loop):
    """A link of M2PA in service, its near end listening."""
    here = Link(loop, AssociationPlan("link", "m2pa", HERE, "sctp", listen=True, port=0, local=HERE))
    there = Link(loop, AssociationPlan("link", "m2pa", HERE, "sctp", port=here.association.port_of("link"), local=HERE))
    align(loop, here, there)
    return here, there


def align(loop, *links):
    for link in links:
        link.told.clear()
        link.give(p.Emergency(), p.Start())
    loop.until(lambda: all(p.InService() in link.told for link in links))


class Ends:
    """Two ends of one association and what each is told."""

    def __init__(self, loop, protocol="m3ua", local=HERE):
        self.loop = loop
        self.near_told, self.far_told, self.notes = Kept(), Kept(), []
        self.near = loop.associations(AssociationPlan("a", protocol, HERE, "sctp", listen=True, port=0, local=HERE), told=self.near_told)
        plan = AssociationPlan("a", protocol, HERE, "sctp", port=self.near.port_of("a"), local=local)
        self.far = loop.associations(plan, told=self.far_told, noted=lambda name, text: self.notes.append(text))
        loop.until(lambda: self.near_told.of(AssociationUp) and self.far_told.of(AssociationUp))

    def silence(self):
        for end in (self.near, self.far):
            drop(socket_of(end, "a"))


def caller_of(associations, port=0):
    """A far end by hand, which goes with ABORT."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, sctp_socket.IPPROTO_SCTP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    found.bind((HERE, port))
    found.setblocking(False)
    found.connect_ex((HERE, associations.port_of("a")))
    return found


def seconds(loop, condition):
    """How long it takes until something has come of it."""
    begun = loop.reactor.seconds()
    loop.until(condition)
    return loop.reactor.seconds() - begun


def test_a_path_that_loses_packets_costs_no_message(loop):
    here, there = two_links(loop)
    for link in (here, there):
        drop(socket_of(link.association, "link"), 0.03)
    sent = [bytes((0x85, number % 256)) * (1 + number % 100) for number in range(400)]
    for begun in range(0, len(sent), 20):
        for link in (here, there):
            link.give(*[p.MessageForTransmission(octets) for octets in sent[begun : begun + 20]])
        loop.until(lambda begun=begun: len(here.received()) == len(there.received()) == begun + 20)
    assert here.received() == there.received() == sent


def test_a_path_that_falls_silent_takes_the_link_by_t7_then_the_association_and_both_come_back(loop):
    here, there = two_links(loop)
    for link in (here, there):
        drop(socket_of(link.association, "link"))
    for link in (here, there):
        link.told.clear()
    here.give(p.MessageForTransmission(b"\x85lost"))
    assert seconds(loop, lambda: here.told) < 3.0
    assert isinstance(here.told[0], p.OutOfService)
    assert seconds(loop, lambda: not socket_of(here.association, "link")) < 15.0
    loop.until(lambda: there.told)
    assert isinstance(there.told[0], p.OutOfService)
    align(loop, here, there)
    here.give(p.MessageForTransmission(b"\x85again"))
    loop.until(there.received)
    assert there.received() == [b"\x85again"]


def test_a_far_end_that_confirms_nothing_is_given_up_in_ten_seconds(loop):
    ends = Ends(loop)
    ends.silence()
    ends.far.send("a", SendOctets(1, write(LinkStatus(0, 0, "busy"))))
    assert 5.0 < seconds(loop, lambda: ends.far_told.of(AssociationLost)) < 15.0
    assert ends.far_told.of(AssociationLost)[0].reason == "Connection timed out"


def test_a_far_end_that_is_silent_is_asked_and_given_up(loop):
    ends = Ends(loop)
    ends.silence()
    assert 10.0 < seconds(loop, lambda: ends.far_told.of(AssociationLost) and ends.near_told.of(AssociationLost)) < 60.0


def test_who_does_not_answer_is_given_up_in_five_seconds_and_tried_again(loop):
    with sctp_socket.open_socket() as listener:
        listener.bind((HERE, 0))
        listener.listen()
        drop(listener)
        notes, kept = [], Kept()
        plan = AssociationPlan("a", "m2pa", HERE, "sctp", port=listener.getsockname()[1])
        loop.associations(plan, told=kept, noted=lambda name, text: notes.append(text))
        assert 2.0 < seconds(loop, lambda: notes) < 10.0
        assert notes == ["no association: Connection timed out; again in 0.5 s"]
        drop_nothing(listener)
        loop.until(lambda: kept.of(AssociationUp))


def test_a_far_end_that_begins_anew_from_the_same_port_is_told_as_a_new_one(loop):
    """The kernel keeps the socket and starts the association over (RFC 9260, 5.2.2), which nobody would see who does not ask for it."""
    kept = Kept()
    here = loop.associations(AssociationPlan("a", "m2pa", HERE, "sctp", listen=True, port=0, local=HERE), told=kept)

    first = caller_of(here)
    port = first.getsockname()[1]
    loop.until(lambda: kept.of(AssociationUp))
    drop(socket_of(here, "a"))
    first.close()
    carrier = socket_of(here, "a")
    drop_nothing(carrier)
    with caller_of(here, port) as second:
        loop.until(lambda: len(kept.of(AssociationUp)) == 2)
        assert [type(value) for _, value in kept.values] == [AssociationUp, AssociationLost, AssociationUp]
        assert socket_of(here, "a") is carrier
        message = write(LinkStatus(0, 0, "ready"))
        second.sendmsg([message], [sctp_socket.send_information(0, 5)])
        loop.until(lambda: kept.of(Octets))
        here.send("a", SendOctets(0, message))

        def answered():
            try:
                return second.recv(1000) == message
            except BlockingIOError:
                return False

        loop.until(answered)


def test_an_end_by_order_is_seen_at_the_other_end_with_all_that_was_sent_before(loop):
    ends = Ends(loop)
    messages = [write(UserData(1, number, bytes(number))) for number in range(1, 50)]
    for message in messages:
        ends.far.send("a", SendOctets(1, message))
    ends.far.send("a", EndAssociation("over"))
    loop.until(lambda: ends.near_told.of(AssociationLost))
    assert [value.octets for value in ends.near_told.of(Octets)] == messages
    assert ends.near_told.of(AssociationLost) == [AssociationLost("ended by the far end")]


def test_an_abort_is_a_loss(loop):
    kept = Kept()
    here = loop.associations(AssociationPlan("a", "m2pa", HERE, "sctp", listen=True, port=0, local=HERE), told=kept)
    with caller_of(here):
        loop.until(lambda: kept.of(AssociationUp))
    loop.until(lambda: kept.of(AssociationLost))
    assert kept.of(AssociationLost) == [AssociationLost("Connection reset by peer")]


def test_a_far_end_that_takes_nothing_is_given_up(loop):
    kept = Kept()
    here = loop.associations(AssociationPlan("a", "m2pa", HERE, "sctp", listen=True, port=0, local=HERE), told=kept)
    with caller_of(here):
        loop.until(lambda: kept.of(AssociationUp))
        octets = write(UserData(0, 0, bytes(4000)))

        def send():
            for _ in range(50):
                here.send("a", SendOctets(1, octets))
            return kept.of(AssociationLost)

        loop.until(send)
    assert "takes nothing" in kept.of(AssociationLost)[0].reason


def test_streams_that_the_far_end_does_not_have_are_not_promised(loop):
    """A far end that takes three streams: what is told are three, and the third can be used."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, sctp_socket.IPPROTO_SCTP) as listener:
        listener.setsockopt(sctp_socket.IPPROTO_SCTP, 2, struct.pack("HHHH", 3, 3, 0, 0))  # SCTP_INITMSG
        listener.bind((HERE, 0))
        listener.listen()
        kept = Kept()
        plan = AssociationPlan("a", "m2ua", HERE, "sctp", port=listener.getsockname()[1])
        found = loop.associations(plan, told=kept)
        loop.until(lambda: kept.of(AssociationUp))
        assert kept.of(AssociationUp) == [AssociationUp(3)]
        accepted, _ = listener.accept()
        with accepted:
            found.send("a", SendOctets(2, write(LinkStatus(0, 0, "busy"))))
            assert accepted.recv(100) == write(LinkStatus(0, 0, "busy"))


@pytest.fixture
def capture():
    try:
        found = Capture()
    except PermissionError:
        pytest.skip("capturing is for root")
    yield found
    found.close()


@needs_tshark
def test_tshark_sees_m2pas_status_on_stream_0_and_its_data_on_stream_1(loop, capture, tmp_path):
    here, there = two_links(loop)
    for link in (here, there):
        link.give(*[p.MessageForTransmission(bytes((0x85, number))) for number in range(10)])
    loop.until(lambda: len(here.received()) == len(there.received()) == 10)
    capture.collect()
    rows = capture.read(tmp_path / "m2pa.pcap", "sctp.data_sid", "sctp.data_payload_proto_id", "m2pa.type")
    seen = {found for row in rows for found in zip(*row, strict=True)}
    assert seen == {("0x0000", "5", "2"), ("0x0001", "5", "1")}


@needs_tshark
@pytest.mark.parametrize("protocol", sorted(PAYLOAD_PROTOCOLS))
def test_tshark_sees_identifiers_and_streams(loop, capture, tmp_path, protocol):
    ends = Ends(loop, protocol)
    for stream in (0, 1, 16):
        ends.far.send("a", SendOctets(stream, write(LinkStatus(0, 0, "busy"))))
    loop.until(lambda: len(ends.near_told.of(Octets)) == 3)
    capture.collect()
    rows = capture.read(tmp_path / "all.pcap", "sctp.data_sid", "sctp.data_payload_proto_id", "sctp.init_nr_out_streams")
    assert {pair for row in rows for pair in zip(*row[:2], strict=True)} == {
        (f"0x{stream:04x}", str(PAYLOAD_PROTOCOLS[protocol])) for stream in (0, 1, 16)
    }
    assert ["17"] in [row[2] for row in rows]
