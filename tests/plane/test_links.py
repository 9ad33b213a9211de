"""Signalling links that the plane works, over simulated wires: level 2's engine in Python, the rest in the tick, the arena between."""

import pytest

from pbx.engine import Unexpected
from pbx.media import Plane, StaleEpoch
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.mtp2 import orders as o
from pbx.signalling.ss7.mtp2.carriage import command_of
from pbx.vocabulary import media
from tests.plane.links import FIGURES, PORT, PREVENTIVE, SMALL, LinkControl, give, layout, pair, texts


def lost(*ends):
    """What no plane may ever lose."""
    return [end.plane.counters()[name] for end in ends for name in ("frame_overflows", "event_overflows", "refused_frames")]


@pytest.mark.parametrize("emergency", [False, True])
def test_two_ends_align(emergency):
    ends = pair()
    ends.run(0.1)
    assert [end.plane.link_status(PORT) for end in ends.ends] == ["out of service"] * 2
    ends.align(emergency)
    assert ends.one.told == ends.other.told == [p.InService()]
    assert ends.ticks * 0.01 == pytest.approx(0.8 if emergency else 8.5, abs=0.3)
    ends.run(0.05)
    assert [end.plane.link_status(PORT) for end in ends.ends] == ["in service"] * 2
    assert not ends.one.unexpected and not ends.other.unexpected
    assert all(end.plane.counters()["rejected_commands"] == 0 for end in ends.ends)


@pytest.mark.parametrize("figures", [FIGURES, PREVENTIVE], ids=["basic", "preventive"])
def test_messages_go_both_ways_in_order(figures):
    ends = pair(figures)
    ends.align()
    there, back = texts(0, 400), texts(1000, 400)
    for step in range(0, 400, 10):
        give(ends.one, there[step : step + 10])
        give(ends.other, back[step : step + 10])
        ends.run(0.06)
    ends.run(10, lambda: len(ends.one.received()) == len(ends.other.received()) == 400)
    assert ends.other.received() == there and ends.one.received() == back
    for end, far, sent in ((ends.one, ends.other, there), (ends.other, ends.one, back)):
        counted = end.counters()
        assert counted["information_octets_sent"] == far.counters()["information_octets_received"] == sum(map(len, sent))
        assert far.counters()["messages_received"] == 400
        assert counted["units_in_error"] == counted["silences"] == counted["busy_sent"] == 0
    assert not any(lost(*ends.ends))


def test_a_line_is_used_to_the_full():
    """Messages of 63 octets without a pause: 72 on the line with header, check sequence and flag, and what zero insertion adds."""
    ends = pair()
    ends.align()
    sent = [bytes([0x85, n % 100]) + bytes(61) for n in range(500)]
    give(ends.one, sent)
    ends.run(2.0)
    assert len(ends.other.received()) >= 2.0 * 8000 / 70 * 0.95


def test_the_longest_message_goes_through():
    ends = pair()
    ends.align()
    longest = b"\x85" + bytes(range(256)) + bytes(16)
    give(ends.one, [longest, longest[::-1]])
    ends.run(1)
    assert ends.other.received() == [longest, longest[::-1]]


def test_stop_and_retrieval():
    ends = pair()
    ends.align()
    sent = texts(0, 400)
    give(ends.one, sent)
    ends.run(0.5)
    ends.other.request(p.Stop())
    ends.run(0.5)
    assert ends.one.state == "OutOfService"
    ends.other.request(p.RetrieveBsnt())
    ends.run(0.05)
    bsnt = next(value.value for value in ends.other.told if isinstance(value, p.Bsnt))
    ends.one.request(p.RetrievalRequest(bsnt))
    ends.run(0.5)
    assert 0 < len(ends.other.received()) < 400
    assert ends.other.received() + ends.one.retrieved() == sent
    assert ends.one.told[-1] == p.RetrievalComplete()


def test_more_is_retrieved_than_the_ring_holds():
    ends = pair(layout=layout(**SMALL))
    ends.align()
    sent = [bytes([0x85, n & 255, n >> 8]) + bytes(200) for n in range(300)]
    give(ends.one, sent[:5])
    ends.run(0.5)
    ends.wires[0].faults(0, "sent").cut()
    ends.run(0.3)
    for step in range(5, 300, 5):
        give(ends.one, sent[step : step + 5])
        ends.run(0.01)
    ends.run(3, lambda: ends.one.state == "OutOfService")
    ends.one.request(p.RetrievalRequest(ends.one.retrieved() or 4))
    ends.run(3)
    assert ends.one.told[-1] == p.RetrievalComplete()
    assert ends.other.received() + ends.one.retrieved() == sent
    assert not any(lost(*ends.ends))


def test_more_messages_than_the_buffer_holds_are_counted():
    ends = pair()
    ends.align()
    give(ends.one, texts(0, 600))
    ends.run(0.01)
    counted = ends.one.counters()
    assert counted["refused"] == ends.one.plane.counters()["rejected_commands"] == 600 - 512
    assert [value.level for value in ends.one.told if isinstance(value, p.LinkCongestion)] == [1, 2, 3]
    ends.run(8, lambda: len(ends.other.received()) == 512)
    assert [value.level for value in ends.one.told if isinstance(value, p.LinkCongestion)] == [1, 2, 3, 2, 1, 0]
    assert ends.one.counters()["congestions"] == 1 and ends.one.counters()["congestion_ms"] > 1000


# What control does, and does not.


@pytest.mark.parametrize("seconds", [0.4, 1.0, 5.0])
def test_a_silent_control_takes_no_link_down(seconds):
    """At 0.4 erlang both ways; control that is silent gives no messages either."""
    ends = pair()
    one, other = ends.ends
    other.up = lambda value: other.request(p.Continue()) if isinstance(value, p.RemoteProcessorRecovered) else None
    ends.align()
    there, back = [], texts(1000, 960)
    for step in range(0, 960, 4):
        one.stalled = 200 <= step < 200 + seconds * 80
        give(other, back[step : step + 4])
        if not one.stalled:
            there += texts(step, 4)
            give(one, there[-4:])
        ends.run(0.05)
    ends.run(10, lambda: len(one.received()) == len(back))
    assert one.received() == back and other.received() == there
    assert one.state == other.state == "InService"
    assert one.counters()["silences"] == (seconds > 0.5)
    outages = [value for value in other.told if isinstance(value, p.RemoteProcessorOutage | p.RemoteProcessorRecovered)]
    assert outages == ([p.RemoteProcessorOutage(), p.RemoteProcessorRecovered()] if seconds > 0.5 else [])
    assert not any(lost(one, other))


def test_looking_is_a_sign_of_life():
    """No order for five seconds, and no event either."""
    ends = pair()
    ends.align()
    ends.run(5)
    assert ends.one.counters()["silences"] == ends.other.counters()["silences"] == 0


def test_an_old_control_that_wakes_is_no_sign_of_life():
    ends = pair()
    ends.align()
    old = ends.one.plane
    new = old.successor()
    ends.one.stalled = True
    for _ in range(30):
        with pytest.raises(StaleEpoch):
            old.drain()
        ends.run(0.05)
    assert ends.one.counters()["silences"] == 1
    new.drain()
    ends.run(0.01)
    assert ends.one.plane.link_status(PORT) == "in service"


def test_a_control_of_another_process_sees_the_link_before_it_takes_over(tmp_path):
    ends = pair(path=str(tmp_path / "arena"))
    ends.align()
    ends.run(0.1)
    watcher = Plane.attach(str(tmp_path / "arena"))
    assert watcher.link_status(PORT) == "in service" and watcher.link_status(0) == "none"
    assert watcher.link_counters(PORT) == ends.one.counters() and watcher.link_counters(PORT)["units_received"] > 500
    with pytest.raises(StaleEpoch):
        watcher.send(PORT, command_of(o.Halt()))
    ends.one.stalled = True
    watcher.raise_epoch()
    new = LinkControl(watcher, PORT, resume=True)
    give(new, [b"\x85new"])
    for _ in range(100):
        ends.run(0.01)
        new.look(ends.ticks * 0.01)
    assert new.state == "InService" and ends.other.received() == [b"\x85new"] and new.counters()["silences"] == 0


@pytest.mark.parametrize("dead_s", [0.0, 0.3, 3.0])
def test_a_new_control_goes_on_where_the_old_one_died(dead_s):
    """Nothing is lost that the old one had not read, and nothing comes twice."""
    ends = pair()
    one, other = ends.ends
    other.up = lambda value: other.request(p.Continue()) if isinstance(value, p.RemoteProcessorRecovered) else None
    ends.align()
    sent = texts(0, 200)
    give(other, sent[:100])
    ends.run(0.2)
    one.stalled = True
    ends.run(dead_s)
    new = one.successor()
    new.told = list(one.told)
    ends.ends[0] = new
    give(other, sent[100:])
    back = texts(1000, 50)
    give(new, back)
    ends.run(10, lambda: len(new.received()) == 200 and len(other.received()) == 50)
    assert new.received() == sent and other.received() == back
    assert new.state == "InService" and p.OutOfService not in {type(value) for value in new.told + other.told}


def test_a_failure_between_two_controls_is_told_to_the_new_one():
    ends = pair()
    ends.align()
    ends.one.stalled = True
    ends.wires[0].faults(0, "received").cut()
    ends.run(2)
    assert ends.one.plane.link_status(PORT) == "failed"
    assert ends.one.counters()["failed_errors"] == 1
    new = ends.one.successor()
    ends.ends[0] = new
    ends.run(0.1)
    assert new.state == "OutOfService" and ends.one.plane.link_status(PORT) == "out of service"


def test_orders_of_an_old_control_are_not_executed():
    ends = pair()
    ends.align()
    ends.run(0.1)
    one = ends.one
    for _ in range(3):
        one.plane.send(PORT, command_of(o.SendMessage(b"\x85old")))
    one.plane.send(PORT, command_of(o.Halt()))
    ends.ends[0] = one.successor()
    with pytest.raises(StaleEpoch):
        one.plane.send(PORT, command_of(o.Halt()))
    give(ends.one, [b"\x85new"])
    ends.run(0.5)
    assert ends.other.received() == [b"\x85new"] and ends.other.state == "InService"
    assert ends.one.plane.counters()["refused_commands"] == 4


def test_full_rings_make_level_2_busy_and_nothing_is_lost():
    """Control gives signs of life, but takes its events late: SIB, and behind that the messages go on."""
    ends = pair(layout=layout(**SMALL))
    one, other = ends.ends
    ends.align()
    sent = texts(0, 300)
    one.stalled = True
    for step in range(40):
        give(other, sent[step * 10 : step * 10 + 10])
        one.plane.send(PORT, command_of(o.Accept(True)))
        ends.run(0.05)
    counted = one.counters()
    assert counted["busy_sent"] >= 10 and counted["busy_sent_ms"] >= 1000 and counted["silences"] == 0
    assert other.counters()["busy_received"] >= 10 and other.counters()["busy_received_ms"] >= 1000
    assert other.state == "InService"
    one.stalled = False
    ends.run(20, lambda: len(one.received()) == 300)
    assert one.received() == sent
    assert one.state == other.state == "InService"
    assert not any(lost(one, other))


def test_a_control_that_never_follows_ends_the_link_by_t6_and_nothing_is_lost():
    ends = pair(layout=layout(**SMALL))
    one, other = ends.ends
    ends.align()
    sent = texts(0, 300)
    one.stalled = True
    for step in range(140):
        give(other, sent[step * 10 : step * 10 + 10])
        one.plane.send(PORT, command_of(o.Accept(True)))
        ends.run(0.05)
    assert other.state == "OutOfService" and other.counters()["failed_t6"] == 1
    one.stalled = False
    ends.run(0.1)
    one.request(p.RetrieveBsnt())
    ends.run(0.05)
    bsnt = next(value.value for value in one.told if isinstance(value, p.Bsnt))
    other.request(p.RetrievalRequest(bsnt))
    ends.run(1)
    assert one.received() + other.retrieved() == sent
    assert not any(lost(one, other))


def test_a_failure_is_told_late_but_not_lost_when_the_rings_are_full():
    ends = pair(layout=layout(**SMALL))
    one, other = ends.ends
    ends.align()
    one.stalled = True
    while one.plane.counters()["event_overflows"] == 0:
        one.plane.send(0, media.Play(9))  # a prompt that is none is told at once
        ends.run(0.01)
    other.request(p.Stop())
    ends.run(0.2)
    one.stalled = False
    ends.run(0.05)
    assert p.OutOfService("SIOS") in one.told


# What the line does.


def test_bit_errors_end_a_link_by_suerm():
    ends = pair()
    ends.align()
    ends.wires[0].faults(0, "received").bit_errors(0.004, 7)
    assert ends.run(20, lambda: ends.one.state == "OutOfService")
    assert ends.one.told[-1] == p.OutOfService("errors") and ends.one.counters()["failed_errors"] == 1
    assert ends.one.counters()["errors_in_service"] >= 64 and ends.one.counters()["units_in_error"] > 50
    ends.run(0.1)
    assert ends.other.told[-1] == p.OutOfService("SIOS")


def test_few_bit_errors_cost_time_and_no_message(seed):
    ends = pair()
    ends.align()
    for wire in ends.wires:
        wire.faults(0, "received").bit_errors(2e-5, seed)
    there, back = texts(0, 400), texts(1000, 400)
    for step in range(0, 400, 10):
        give(ends.one, there[step : step + 10])
        give(ends.other, back[step : step + 10])
        ends.run(0.15)
    ends.run(20, lambda: len(ends.one.received()) == len(ends.other.received()) == 400)
    assert ends.other.received() == there and ends.one.received() == back
    assert sum(end.counters()["messages_sent_again"] for end in ends.ends) > 0


def test_errors_while_a_link_is_proved_begin_the_proving_anew():
    ends = pair()
    ends.wires[0].faults(0, "received").bit_errors(3e-4, 11)
    for end in ends.ends:
        end.request(p.Start())
    assert ends.run(20, lambda: ends.one.counters().get("provings_aborted"))
    ends.wires[0].faults(0, "received").clear()
    assert ends.run(30, lambda: ends.one.state == ends.other.state == "InService")
    assert ends.one.counters()["errors_in_proving"] >= 4


@pytest.mark.parametrize("direction", ["received", "sent"])
def test_a_cut_ends_the_link_and_nothing_is_lost(direction):
    ends = pair()
    ends.align()
    there, back = texts(0, 200), texts(1000, 200)
    give(ends.one, there)
    give(ends.other, back)
    ends.run(0.4)
    ends.wires[0].faults(0, direction).cut()
    assert ends.run(10, lambda: ends.one.state == ends.other.state == "OutOfService")
    for end in ends.ends:
        end.request(p.RetrieveBsnt())
    ends.run(0.1)
    numbers = [next(value.value for value in end.told if isinstance(value, p.Bsnt)) for end in ends.ends]
    ends.one.request(p.RetrievalRequest(numbers[1]))
    ends.other.request(p.RetrievalRequest(numbers[0]))
    ends.run(0.2)
    assert ends.other.received() + ends.one.retrieved() == there
    assert ends.one.received() + ends.other.retrieved() == back
    ends.wires[0].faults(0, direction).clear()
    ends.align()


def test_an_engine_has_nothing_unexpected_in_a_day_of_the_link():
    ends = pair()
    ends.align()
    for _ in range(3):
        ends.one.request(p.Stop())
        assert ends.run(5, lambda: ends.other.state == "OutOfService")
        ends.align()
    assert not [value for end in ends.ends for value in end.unexpected if isinstance(value, Unexpected)]
