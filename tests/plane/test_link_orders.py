"""What goes between level 2's engine and a link that the plane works: words, what is refused, and units on a card by hand."""

from random import Random

import pytest

from benchmarks.no7_terminals import in_c
from pbx.media import PlaneError, ffi, lib
from pbx.media_links import figures_octets
from pbx.signalling.ss7.mtp2 import orders as o
from pbx.signalling.ss7.mtp2.carriage import REASONS, SENT, STATUS, WATCHED, command_of, figures_of, told_of
from pbx.vocabulary import media
from tests.plane.links import FIGURES, LAYOUT, PORT, PREVENTIVE, SMALL, layout, pair, planes
from tests.plane.test_frames import Bench

# The words.


def test_the_numbers_of_the_vocabulary_are_those_of_the_headers():
    for kind in ("SEND", "BEGIN", "HALT", "ACCEPT", "MONITOR", "BUSY", "BSNT", "RETRIEVE", "FLUSH", "TELL"):
        assert getattr(media, f"LINK_ORDER_{kind}") == getattr(lib, f"MTP2_ORDER_{kind}")
    for kind in ("STATUS", "MESSAGE", "FAILED", "ERRORS", "CORRECT", "CONGESTION", "BSNT", "BEGUN"):
        assert getattr(media, f"LINK_TOLD_{kind}") == getattr(lib, f"MTP2_TOLD_{kind}")
    assert media.LINK_ORDER_MESSAGE == lib.PLANE_LINK_MESSAGE
    assert (media.LINK_TOLD_RETRIEVED, media.LINK_TOLD_RETRIEVAL_ENDED) == (lib.PLANE_LINK_RETRIEVED, lib.PLANE_LINK_RETRIEVAL_ENDED)
    names = {"fill-in": "FILL_IN", "messages": "MESSAGE"}
    assert {what: getattr(lib, f"MTP2_{names.get(what, what)}") for what in SENT} == SENT
    assert set(SENT.values()) - {lib.MTP2_MESSAGE} == set(STATUS)
    assert [WATCHED[what] for what in ("nothing", "signal units", "normal alignment", "emergency alignment")] == [
        lib.MTP2_UNWATCHED,
        lib.MTP2_SUERM,
        lib.MTP2_AERM_NORMAL,
        lib.MTP2_AERM_EMERGENCY,
    ]
    assert [*REASONS] == [getattr(lib, f"MTP2_FAILED_{name}") for name in ("ERRORS", "BACKWARD", "FORWARD", "T6", "T7")]
    assert command_of(o.SetBusy(True, discard=True)).value == lib.MTP2_BUSY_DISCARD
    assert command_of(o.SetBusy(True)).value == lib.MTP2_BUSY_ACCEPT
    assert command_of(o.SetBusy(False, discard=True)).value == lib.MTP2_FREE
    assert command_of(o.Retrieve(None)).value == lib.MTP2_UNKNOWN
    assert [command_of(o.Accept(messages)).value for messages in (True, False)] == [lib.MTP2_OPEN, lib.MTP2_REJECTING]


def test_every_order_and_everything_told_has_its_word():
    some = {"life": 3, "what": "SIO", "messages": True, "busy": True, "octets": b"abc", "fsnc": 5}
    for kind in o.Order.__args__:
        fields = {name: some[name] for name in kind.__struct_fields__ if name in some}
        if kind is o.Watch:
            fields = {"what": "signal units"}
        assert isinstance(command_of(kind(**fields)), media.LinkOrder)
    told = [getattr(media, name) for name in dir(media) if name.startswith("LINK_TOLD_")]
    assert {type(told_of(media.LinkTold(number, 1, b"abc"))) for number in told} == set(o.Told.__args__)
    assert told_of(media.LinkTold(lib.MTP2_TOLD_FAILED, lib.MTP2_FAILED_STATUS | lib.MTP2_SIOS)) == o.Failed("SIOS")
    assert told_of(media.Alarm(1)) is None


@pytest.mark.parametrize("figures", [FIGURES, PREVENTIVE], ids=["basic", "preventive"])
def test_the_figures_go_down_as_they_are(figures):
    assert figures_octets(figures_of(figures)) == bytes(ffi.buffer(in_c(figures)))


# What is refused.


def test_orders_to_a_port_that_is_no_link_or_has_no_figures_are_counted():
    _, (plane, _) = planes()
    plane.send(PORT, command_of(o.Begin(1)))
    plane.send(0, command_of(o.SendMessage(b"\x85abc")))
    plane.configure_port(PORT, "signalling-link")
    plane.configure_port(0, "signalling-link")  # has no frames
    plane.send(PORT, command_of(o.Begin(1)))
    plane.tick(0)
    assert plane.counters()["rejected_commands"] == 4
    assert plane.link_status(PORT) == plane.link_status(0) == "none" and plane.link_counters(0) == {}
    with pytest.raises(PlaneError):
        plane.link_status(99)


@pytest.mark.parametrize(
    "order",
    [
        media.LinkOrder(0),
        media.LinkOrder(media.LINK_ORDER_SEND, lib.MTP2_SIB),
        media.LinkOrder(media.LINK_ORDER_SEND, 10),
        media.LinkOrder(media.LINK_ORDER_BUSY, 3),
        media.LinkOrder(99),
        media.LinkOrder(media.LINK_ORDER_MESSAGE, 0, b"\x85"),
        media.LinkOrder(media.LINK_ORDER_MESSAGE, 0, bytes(274)),
        media.LinkOrder(lib.PLANE_LINK_FIGURES, 0, bytes(ffi.sizeof("struct mtp2_figures"))),
        media.LinkOrder(lib.PLANE_LINK_FIGURES, 0, b"short"),
        media.SendFrame(b"\x80\x80\x00"),
    ],
)
def test_an_order_that_cannot_be_is_counted_and_the_link_goes_on(order):
    ends = pair()
    ends.align()
    ends.one.plane.send(PORT, order)
    ends.run(0.5)
    assert ends.one.plane.counters()["rejected_commands"] == 1 and ends.one.state == "InService"
    assert ends.other.received() == []


def test_an_order_that_does_not_fit_its_cell_is_refused_at_once():
    _, (plane, _) = planes()
    for order in (media.LinkOrder(256), media.LinkOrder(1, 65536), media.LinkOrder(64, 0, bytes(509))):
        with pytest.raises(PlaneError):
            plane.send(PORT, order)


@pytest.mark.parametrize(
    "armed", [(media.Bits(1), media.LinkOrder(media.LINK_ORDER_HALT)), (media.LinkTold(media.LINK_TOLD_ERRORS), media.Silence())]
)
def test_links_cannot_be_armed(armed):
    _, (plane, _) = planes()
    with pytest.raises(PlaneError):
        plane.send(PORT, media.Armed(*armed, 0, 1.0))


def test_a_port_that_is_a_link_no_more_gives_its_lane_back():
    _, (plane, _) = planes(layout(signalling_links=1))
    plane.configure_link(PORT, figures_of(FIGURES))
    plane.tick(0)
    plane.tick(1)
    assert plane.link_status(PORT) == "out of service"
    plane.configure_port(PORT, "signal-units")
    plane.tick(2)
    assert plane.link_status(PORT) == "none"
    plane.configure_link(PORT, figures_of(FIGURES))
    plane.tick(3)
    assert plane.link_status(PORT) == "out of service" and plane.counters()["rejected_commands"] == 0


# A card by hand.

FISU = b"\xff\xff\x00"


def by_hand(hides):
    bench = Bench(LAYOUT, kind="signalling-link")
    bench.card.card.hides_repeated = hides
    bench.plane.configure_link(0, figures_of(FIGURES))
    return bench


def serving(hides):
    bench = by_hand(hides)
    for order in (o.Begin(1), o.Watch("signal units"), o.Accept(True), o.Send("messages")):
        bench.plane.send(0, command_of(order))
    bench.tick()
    bench.card.comes(0, FISU)
    bench.tick()
    assert [told_of(event) for _, _, event in bench.plane.drain()] == [o.Begun(1), o.StatusHeard("units")]
    return bench


def failure(bench, ticks):
    """In how many ticks the link has failed, with what it told; None = it has not."""
    for number in range(1, ticks + 1):
        bench.tick()
        told = [told for _, _, event in bench.plane.drain() if (told := told_of(event)) is not None]
        if told:
            return number, told
    return None


def test_an_alarm_is_octets_without_units_on_a_card_that_hides_units():
    bench = serving(hides=1)
    assert failure(bench, 500) is None, "equal units are hidden and count as good ones"
    bench.card.alarms[0] = media.REMOTE_ALARM_INDICATION
    assert failure(bench, 100) is None
    bench.card.alarms[0] = media.LOSS_OF_SIGNAL
    ticks, told = failure(bench, 100)
    assert told == [o.Failed("errors")] and 13 <= ticks <= 14, "64 times 16 octets are 128 ms"


def test_a_card_that_shows_every_unit_counts_such_octets_itself():
    bench = serving(hides=0)
    bench.card.alarms[0] = media.LOSS_OF_SIGNAL
    assert failure(bench, 100) is None
    for _ in range(64):
        bench.card.comes(0, media.FRAME_OCTETS_LOST)
    assert failure(bench, 20)[1] == [o.Failed("errors")]


def test_what_has_not_changed_is_given_once_a_second():
    bench = by_hand(hides=1)
    bench.tick(250)
    assert bench.card.sent[0] == [b"\xff\xff\x01\x03"] * 3


def test_nothing_is_given_to_a_channel_without_room_and_nothing_is_lost():
    bench = serving(hides=1)
    bench.card.sent[0].clear()
    bench.card.room = 0
    for n in range(5):
        bench.plane.send(0, command_of(o.SendMessage(b"\x85m%d" % n)))
    bench.tick(10)
    assert bench.card.sent[0] == []
    bench.card.room = 3
    bench.tick()
    bench.card.room = 100
    bench.tick(3)
    assert [unit[3:] for unit in bench.card.sent[0]] == [b"\x85m%d" % n for n in range(5)] + [b""]
    assert bench.plane.counters()["refused_frames"] == 0


def test_units_are_given_as_fast_as_a_line_takes_them():
    bench = serving(hides=1)
    bench.card.sent[0].clear()
    for n in range(100):
        bench.plane.send(0, command_of(o.SendMessage(bytes([0x85, n]) + bytes(72))))
    for tick in range(1, 6):
        bench.tick()
        assert len(bench.card.sent[0]) == tick + 1, "80 octets each: two ticks ahead"


@pytest.mark.parametrize("number", range(10))
def test_any_orders_and_units_in_any_order(number, seed):
    """Nothing is broken, and all that is told can be read, whether control looks or not."""
    chance = Random(seed + number)
    bench = Bench(layout(**SMALL), kind="signalling-link")
    orders = [command_of(order) for order in (o.Begin(3), o.Halt(), o.TellBsnt(), o.Flush(), o.TellAgain())]
    orders += [command_of(order) for order in (o.Watch("signal units"), o.Watch("normal alignment"), o.Accept(True), o.Accept(False))]
    orders += [command_of(o.Send(what)) for what in SENT]
    heard = 0
    for port in range(2):
        bench.card.card.hides_repeated = port
        bench.plane.configure_link(port, figures_of(chance.choice([FIGURES, PREVENTIVE])))
    for _ in range(400):
        port = chance.randrange(2)
        for _ in range(chance.randrange(3)):
            order = chance.choice([*orders, o.SetBusy(chance.random() < 0.5, chance.random() < 0.5), o.Retrieve(chance.choice([None, 3]))])
            bench.plane.send(port, order if isinstance(order, media.LinkOrder) else command_of(order))
        if chance.random() < 0.3:
            bench.plane.send(port, command_of(o.SendMessage(bytes(chance.randrange(3, 273)))))
        for _ in range(chance.randrange(8)):
            length = chance.choice([0, 0, 1, 2, 3, 60, 273])
            unit = bytes([chance.choice([127, 255, 128, 0]), chance.randrange(256), min(length, 63)]) + chance.randbytes(length)
            bench.card.comes(port, chance.choice([unit, unit, unit, chance.randbytes(5), 1, 2, 3, 4]))
        if chance.random() < 0.02:
            bench.plane.configure_port(port, "signal-units")
            bench.plane.configure_link(port, figures_of(FIGURES))
        bench.card.alarms[port] = chance.choice([0] * 20 + [1])
        bench.tick()
        if chance.random() < 0.2:
            heard += sum(told_of(event) is not None for _, _, event in bench.plane.drain())
    heard += sum(told_of(event) is not None for _, _, event in bench.plane.drain())
    assert heard > 100 and bench.plane.counters()["frame_overflows"] == 0
