"""Links of 2 Mbit/s (Q.703 annex A) between two planes over the simulated wire: a span whose time slots 1 to 31 are one channel. Alignment,
load, bit errors, a cut, a control that stalls; and that nothing is lost, doubled or out of order."""

from random import Random

import pytest

from drivers.wire import SpanSettings, Wire, WireError, join
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.mtp2.figures import load_figures
from tests.plane.links import CLEAR_LAYOUT, PORT, give, pair

ANNEX_A = load_figures("mtp2-annex-a")
TICK_OCTETS = 2480
OVERHEAD = 9  # flag, header, check sequence
CLEAR = SpanSettings(clear_channel=True)


def messages(first, count, octets=60):
    return [b"\x85" + number.to_bytes(4, "big") + bytes(octets - 5 - number % 7) for number in range(first, first + count)]


def aligned():
    ends = pair(ANNEX_A, CLEAR_LAYOUT)
    ends.align()
    return ends


def loaded(ends, erlang, seconds, octets=60):
    """Both ways, in each tick what the load asks for; returns what was given at either end."""
    each = round(erlang * TICK_OCTETS / (octets + OVERHEAD))
    given = [[], []]
    for tick in range(round(seconds * 100)):
        for end, mine in zip(ends.ends, given, strict=True):
            fresh = messages(tick * each, each, octets)
            mine += fresh
            give(end, fresh)
        ends.run(0.01)
    return given


# The wire alone.


def step(tick, *wires):
    found = []
    for wire in wires:
        wire.read(tick)
        frames = []
        while (frame := wire.take_frame()) is not None:
            frames.append(frame)
        found.append(frames)
    for wire in wires:
        wire.write(tick)
    return found


def test_frames_of_all_lengths_in_their_order():
    a, b = Wire([CLEAR]), Wire([CLEAR])
    join((a, 0), (b, 0))
    chance = Random(3)
    sent, got = [], []
    for tick in range(60):
        for _ in range(chance.randrange(20) if tick < 50 else 0):
            sent.append(chance.randbytes(chance.randint(9, 279)))
            a.send_frame(sent[-1])
        got += step(tick, a, b)[1]
    assert got == sent
    assert a.alarms(0) == b.alarms(0) == 0
    with pytest.raises(WireError):
        a.send_frame(bytes(280))


def test_a_whole_tick_of_short_units_goes_through():
    """512 units wait before the line."""
    a, b = Wire([CLEAR]), Wire([CLEAR])
    join((a, 0), (b, 0))
    sent = [number.to_bytes(2, "big") * 5 for number in range(512)]
    for frame in sent:
        a.send_frame(frame)
    with pytest.raises(WireError):
        a.send_frame(sent[0])
    got = []
    for tick in range(12):
        got += step(tick, a, b)[1]
    assert got == sent


def test_the_last_short_unit_is_repeated():
    a, b = Wire([CLEAR]), Wire([CLEAR])
    join((a, 0), (b, 0))
    unit = bytes.fromhex("ffffffff010003")
    a.send_frame(unit)
    frames = [step(tick, a, b)[1] for tick in range(5)]
    assert set(frames[-1]) == {unit}
    assert len(frames[-1]) == pytest.approx(TICK_OCTETS / (len(unit) + 3), rel=0.2)


def test_such_a_span_has_nothing_else():
    with pytest.raises(WireError):
        Wire([CLEAR], tokens=True)
    with pytest.raises(WireError):
        Wire([SpanSettings(clear_channel=True, signalling_channels=(16,))])


def test_slips_are_none_of_the_channels():
    ends = aligned()
    for wire in ends.wires:
        wire.faults(0).slip(True)
    ends.run(0.5)
    assert [end.state for end in ends.ends] == ["InService"] * 2
    assert ends.one.counters()["units_in_error"] == 0


# Level 2 over it.


def test_normal_alignment_takes_its_proving_period():
    ends = pair(ANNEX_A, CLEAR_LAYOUT)
    for end in ends.ends:
        end.request(p.Start())
    assert ends.run(40, lambda: all(end.state == "InService" for end in ends.ends))
    assert ends.ticks * 0.01 == pytest.approx(30.2, abs=0.4)


@pytest.mark.parametrize("erlang", [0.2, 0.8])
def test_load_both_ways(erlang):
    ends = aligned()
    given = loaded(ends, erlang, 2)
    ends.run(1, lambda: len(ends.one.received()) == len(given[1]) and len(ends.other.received()) == len(given[0]))
    assert (ends.other.received(), ends.one.received()) == tuple(given)
    for end in ends.ends:
        counted = end.counters()
        assert counted["messages_sent"] == len(given[0])
        assert counted["messages_sent_again"] == counted["refused"] == counted["congestions"] == counted["units_in_error"] == 0
        assert counted["octets_sent"] / (TICK_OCTETS * 200) == pytest.approx(erlang, rel=0.1)


def test_bit_errors_are_repaired():
    """One bit in two millions: an errored interval now and then, as EIM bears it."""
    ends = aligned()
    for number, wire in enumerate(ends.wires):
        wire.faults(0).bit_errors(3e-7, seed=number)
    given = loaded(ends, 0.5, 4, octets=200)
    for wire in ends.wires:
        wire.faults(0).clear()
    ends.run(2, lambda: len(ends.one.received()) == len(given[1]) and len(ends.other.received()) == len(given[0]))
    assert (ends.other.received(), ends.one.received()) == tuple(given)
    assert [end.state for end in ends.ends] == ["InService"] * 2
    assert sum(end.counters()["messages_sent_again"] for end in ends.ends) > 0
    assert 0 < sum(end.counters()["errored_intervals"] for end in ends.ends) < 20


def test_a_bad_line_fails_in_half_a_second():
    ends = aligned()
    ends.wires[0].faults(0).bit_errors(1e-4, seed=1)
    ends.run(0.4)
    assert ends.one.state == "InService"
    ends.run(0.2)
    assert ends.one.state == "OutOfService"
    assert ends.one.counters()["failed_errors"] == 1
    assert ends.one.counters()["errored_intervals"] == 5


@pytest.mark.parametrize("seed", range(3))
def test_a_cut_under_load_gives_back_what_was_not_accepted(seed):
    ends = aligned()
    given = loaded(ends, 0.8, 0.3 + seed * 0.11)
    ends.wires[seed % 2].faults(0).cut()
    if seed == 2:
        ends.wires[1].faults(0).cut()
    assert ends.run(3, lambda: all(end.state == "OutOfService" for end in ends.ends))
    for end in ends.ends:
        end.request(p.RetrieveBsnt())
    ends.run(0.1)
    numbers = [next(value.value for value in end.told if isinstance(value, p.Bsnt)) for end in ends.ends]
    assert max(numbers) > 127
    for end, number in zip(ends.ends, reversed(numbers), strict=True):
        end.request(p.RetrievalRequest(number))
    ends.run(0.5)
    assert ends.other.received() + ends.one.retrieved() == given[0]
    assert ends.one.received() + ends.other.retrieved() == given[1]
    assert ends.one.retrieved() or ends.other.retrieved(), "else the cut has met no traffic"


def test_a_control_that_stalls_makes_the_far_end_wait_and_loses_nothing():
    ends = aligned()
    given = loaded(ends, 0.4, 0.3)
    ends.one.stalled = True
    fresh = messages(100000, 2000)
    give(ends.other, fresh)
    ends.run(0.4)
    ends.one.stalled = False
    ends.run(2, lambda: len(ends.one.received()) == len(given[1]) + 2000)
    assert ends.one.received() == given[1] + fresh
    assert [end.state for end in ends.ends] == ["InService"] * 2


def test_a_new_control_goes_on_with_the_link(tmp_path):
    ends = pair(ANNEX_A, CLEAR_LAYOUT, str(tmp_path / "arena"))
    ends.align()
    given = loaded(ends, 0.2, 0.2)
    ends.run(0.1)
    assert ends.one.received() == given[1]
    ends.ends[0] = ends.one.successor()
    ends.run(0.1)
    fresh = messages(5000, 100)
    give(ends.one, fresh)
    give(ends.other, fresh)
    ends.run(0.3)
    assert ends.one.received() == fresh
    assert ends.other.received() == given[0] + fresh
    assert ends.one.plane.link_status(PORT) == "in service"
