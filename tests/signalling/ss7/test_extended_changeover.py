"""Changeover with numbers of 24 bits (Q.2210): XCO and XCA on links that have them, and ends that do not agree about it."""

from pbx.signalling.ss7.primitives import Bsnt, FromLink, OutOfService, RetrievalRequest, ToLink
from tests.signalling.ss7.m2pa_wire import M2paWire
from tests.signalling.ss7.network import far_message, pair
from tests.signalling.ss7.test_m2pa_network import started
from tests.signalling.ss7.tester import ready


def retrievals(site):
    """The numbers after which level 2 was asked to give back."""
    found = []
    take = site.take

    def watched(outputs):
        found.extend(one.request.fsnc for one in outputs if isinstance(one, ToLink) and isinstance(one.request, RetrievalRequest))
        take(outputs)

    site.take = watched
    return found


def test_an_extended_order_is_answered_and_its_number_retrieved_after():
    network = started(1)
    a, b = network.sites["A"], network.sites["B"]
    asked = retrievals(a)
    far_message(a, "A-B/1", "XCO", b.code, 0, fsn=0x123456)
    network.run(0.2)
    assert asked[:1] == [0x123456]
    assert set(a.said("XCA", "ECA", "COA")) == {"XCA"}, "once for this order, once for that of the real far end"


def test_an_order_of_the_wrong_size_is_an_emergency_order():
    network = started(1)
    a, b = network.sites["A"], network.sites["B"]
    asked = retrievals(a)
    far_message(a, "A-B/1", "COO", b.code, 0, fsn=5)
    network.run(0.2)
    assert asked[:1] == [None]
    assert a.mtp3.counters["changeover number of the wrong size"] == 1


def test_so_is_an_extended_one_on_an_ordinary_link():
    tester = ready()
    tester.far("XCO", "B1", 0, fsn=5)
    assert tester.point.counters["changeover number of the wrong size"] == 1
    assert tester.point.counters["sent COA"] == 1


def test_a_number_that_has_no_place_in_an_order_is_none():
    """Level 2 may be at a gateway, and a gateway may tell anything."""
    tester = ready()
    tester.answers.discard("BSNT")
    tester.fail("B0")
    tester.indicate("B0", Bsnt(200))
    assert tester.point.counters["sent ECO"] == 1


def test_what_is_not_known_is_told_by_emergency_orders():
    network = pair(2, wire=M2paWire)
    network.start()
    network.run(15)
    a = network.sites["A"]
    a.forget()
    a.ends["A-B/0"].order = lambda request: a.give(FromLink("A-B/0", Bsnt(None))) if "Bsnt" in str(request) else None
    a.give(FromLink("A-B/0", OutOfService("cut")))
    network.run(0.5)
    assert a.said("XCO", "ECO") == ["ECO"]
