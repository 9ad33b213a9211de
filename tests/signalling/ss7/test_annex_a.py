"""Level 2 of links of 2 Mbit/s (Q.703 annex A), both parts together in virtual time: numbers of 12 bits, windows, the errored interval
monitor, alignment, changeover with numbers over 127. What annex A leaves as it is stands in the tests of Q.781."""

from random import Random

import pytest
from pbx._plane import lib

from benchmarks.no7_terminals import BAD_CHECK, FIGURES, Line, Terminal
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.mtp2.figures import load_figures
from pbx.signalling.ss7.mtp2.unit import SignalUnit, read_signal_unit, write_signal_unit
from tests.signalling.ss7.network import pair as points
from tests.signalling.ss7.terminal import FarEnd, TerminalWire

ANNEX_A = load_figures("mtp2-annex-a")
PREVENTIVE = ANNEX_A.adjusted(correction="preventive")
HIGHEST = 4095
INTERVAL_S = 0.1


class ExtendedFarEnd(FarEnd):
    """A far end by hand with the long header."""

    def __init__(self, figures=ANNEX_A, **options):
        super().__init__(figures, **options)
        self.backward = self.forward = HIGHEST

    def header(self, length, **changes):
        fields = {"bsn": self.backward, "bib": self.backward_bit, "fsn": self.forward, "fib": self.forward_bit} | changes
        unit = SignalUnit(fields["bsn"], fields["bib"], fields["fsn"], fields["fib"], bytes(length))
        return write_signal_unit(unit, extended=True)[:6]

    def message(self, octets=b"\x85message"):
        self.forward = (self.forward + 1) % (HIGHEST + 1)
        self.send(self.msu(octets))
        self.fill_in()

    def units(self):
        return [read_signal_unit(unit, extended=True) for _, unit in self.heard]

    def words(self):
        names = [unit.status or unit.kind for unit in self.units()]
        return [name for place, name in enumerate(names) if not place or names[place - 1] != name]

    def last(self):
        unit = self.units()[-1]
        return unit.backward, unit.backward_bit, unit.forward, unit.forward_bit

    def messages(self):
        return [(unit.forward, unit.contents) for unit in self.units() if unit.kind == "MSU"]


@pytest.fixture
def far():
    """In service."""
    made = ExtendedFarEnd()
    made.run(0.02)
    made.serve()
    return made


def pair(figures=ANNEX_A, seed=0, delay=1, late=1):
    one, other = (Terminal(figures, late=late) for _ in range(2))
    return one, other, Line(one, other, delay, seed)


def texts(first, count):
    return [b"\x85" + number.to_bytes(2, "big") + bytes(number % 60) for number in range(first, first + count)]


def received(end):
    return [value.octets for value in end.told if isinstance(value, p.ReceivedMessage)]


def give(end, messages):
    for octets in messages:
        end.request(p.MessageForTransmission(octets))


# Alignment.


@pytest.mark.parametrize("emergency", [False, True])
def test_two_ends_align(emergency):
    one, other, line = pair()
    for end in (one, other):
        if emergency:
            end.request(p.Emergency())
        end.request(p.Start())
    assert line.run(40, lambda: one.state == other.state == "InService")
    assert line.ticks * 0.01 == pytest.approx(0.6 if emergency else 30.1, abs=0.3)


def test_the_words_of_an_alignment(far):
    far = ExtendedFarEnd()
    far.run(0.05)
    assert far.words() == ["SIOS"]
    far.serve()
    far.run(0.05)
    assert far.words() == ["FISU"]
    assert far.last() == (HIGHEST, 1, HIGHEST, 1)


def test_one_unit_in_error_aborts_an_emergency_proving():
    far = ExtendedFarEnd()
    far.prove()
    far.send(BAD_CHECK)
    far.run(0.05)
    assert far.end.counters().provings_aborted == 1
    assert far.end.state == "Proving"


def test_ends_of_two_formats_do_not_align():
    one, other = Terminal(ANNEX_A, late=1), Terminal(late=1)
    line = Line(one, other)
    for end in (one, other):
        end.request(p.Start())
    assert line.run(60, lambda: one.state == other.state == "OutOfService")
    assert not [value for end in (one, other) for value in end.told if isinstance(value, p.InService)]


# Numbers.


def test_numbers_go_to_4095_and_begin_anew():
    one, other, line = pair(delay=2)
    line.align()
    there = texts(0, 9000)
    for place in range(0, 9000, 500):
        give(one, there[place : place + 500])
        line.run(0.1)
    assert line.run(5, lambda: len(received(other)) == 9000)
    assert received(other) == there
    other.request(p.Stop())
    other.request(p.RetrieveBsnt())
    line.run(0.05)
    assert [value.value for value in other.told if isinstance(value, p.Bsnt)] == [8999 % 4096]


def test_4095_units_may_be_unconfirmed_and_no_more(far):
    far.give(*(b"%04d" % number for number in range(4096)))
    far.run(1)
    assert [number for number, _ in far.messages()] == [*range(4095)]
    far.backward = 0  # the first is confirmed
    far.run(0.3)
    assert far.messages()[-1] == (4095, b"\x854095")


def test_a_negative_acknowledgement_far_back_sends_all_behind_it_again(far):
    far.give(*(b"%04d" % number for number in range(1000)))
    far.run(1)
    far.forget()
    far.backward, far.backward_bit = 299, 0
    far.run(1)
    assert [number for number, _ in far.messages()] == [*range(300, 1000)]
    assert far.end.counters().negative_received == 1


def test_a_gap_is_asked_for(far):
    far.forward = 1
    far.send(far.msu(b"\x85two"))
    far.run(0.05)
    assert far.last()[:2] == (HIGHEST, 0)


@pytest.mark.parametrize("backward", [5, 2047, 4090])
def test_two_impossible_backward_numbers_end_the_link(far, backward):
    far.give(b"one")
    far.run(0.05)
    far.send(far.fisu(bsn=backward))
    assert far.end.state == "InService"
    far.send(far.fisu(bsn=backward))
    assert far.told(p.OutOfService) == [p.OutOfService("backward number")]


def test_a_length_indicator_of_nine_bits_tells_every_length(far):
    for count in (3, 62, 63, 64, 255, 256, 273):
        far.message(bytes(count))
    assert [len(octets) for octets in received(far.end)] == [3, 62, 63, 64, 255, 256, 273]
    before = far.end.counters().units_in_error
    far.forward += 1
    whole = far.msu(bytes(100))
    far.send(whole + b"\0", whole[:-1], bytes(5), far.header(274) + bytes(274))
    assert far.end.counters().units_in_error == before + 4


@pytest.mark.parametrize("seed", range(8))
def test_a_cut_loses_nothing_when_what_is_not_accepted_is_retrieved(seed):
    one, other, line = pair((ANNEX_A, PREVENTIVE)[seed % 2], seed, delay=1 + seed % 3, late=seed % 3)
    line.align()
    there, back = texts(0, 2000), texts(10000, 2000)
    give(one, there)
    give(other, back)
    line.run(line.random.uniform(0.02, 0.5))
    line.ways[seed % 2].whole = line.ways[1 - seed % 2].whole = False
    assert line.run(10, lambda: one.state == other.state == "OutOfService")
    for end in (one, other):
        end.request(p.RetrieveBsnt())
    line.run(0.1)
    numbers = [next(value.value for value in end.told if isinstance(value, p.Bsnt)) for end in (one, other)]
    assert max(numbers) > 127, f"seed {seed}: the numbers need the long form"
    one.request(p.RetrievalRequest(numbers[1]))
    other.request(p.RetrievalRequest(numbers[0]))
    line.run(0.2)
    for end, far_end, sent in ((one, other, there), (other, one, back)):
        rest = [value.octets for value in end.told if isinstance(value, p.RetrievedMessage)]
        assert received(far_end) + rest == sent, f"seed {seed}"


@pytest.mark.parametrize("figures", [ANNEX_A, PREVENTIVE], ids=["basic", "preventive"])
def test_messages_on_a_bad_line_come_once_and_in_order(figures):
    """Bursts that the monitor bears: a hundredth of a second in two seconds."""
    one, other, line = pair(figures, seed=5, delay=3)
    line.align()
    there, back = texts(0, 6000), texts(10000, 6000)
    for step in range(60):
        give(one, there[step * 100 : step * 100 + 100])
        give(other, back[step * 100 : step * 100 + 100])
        for way in line.ways:
            way.damage = 0.2 if step % 20 == 5 else 0.0
        line.run(0.02)
        for way in line.ways:
            way.damage = 0.0
        line.run(0.08)
    assert line.run(20, lambda: len(received(one)) == len(received(other)) == 6000)
    assert received(other) == there and received(one) == back
    assert one.state == other.state == "InService"
    assert one.counters().units_in_error > 100
    assert one.counters().messages_sent_again > 10


# The errored interval monitor.


def errored(far, intervals):
    """Units come all the time, and one of each interval is in error."""
    for _ in range(intervals):
        far.send(BAD_CHECK)
        far.run(INTERVAL_S)


def good(far, intervals):
    far.run(intervals * INTERVAL_S)


def test_five_errored_intervals_in_a_row_end_the_link(far):
    errored(far, 4)
    assert far.end.state == "InService"
    errored(far, 1)
    assert far.told(p.OutOfService) == [p.OutOfService("errors")]
    assert far.end.counters().errored_intervals == 5
    assert far.end.counters().failed_errors == 1


def test_many_errors_in_one_interval_count_once(far):
    far.send(*[BAD_CHECK] * 200)
    far.run(1)
    assert far.end.state == "InService"
    assert far.end.counters().errored_intervals == 1


def test_good_intervals_take_errored_ones_away(far):
    """Ue is 17.5 De: one errored interval of 19 is borne for ever, one of 12 is not."""
    for period, survives in ((19, True), (12, False)):
        far = ExtendedFarEnd()
        far.serve()
        for _ in range(12):
            errored(far, 1)
            good(far, period - 1)
        assert (far.end.state == "InService") is survives, period


def test_a_line_without_units_is_an_errored_one(far):
    """The far end is silent: no error is seen, and no unit."""
    far.silence()
    far.run(0.4)
    assert far.end.state == "InService"
    far.run(0.2)
    assert far.told(p.OutOfService) == [p.OutOfService("errors")]


def test_sixty_four_errors_end_no_link_that_is_watched_by_intervals(far):
    far.send(*[BAD_CHECK] * 100)
    assert far.end.state == "InService"
    basic = FarEnd()
    basic.serve()
    basic.send(*[BAD_CHECK] * 100)
    assert basic.end.state == "OutOfService"


def test_the_monitor_begins_anew_with_the_link(far):
    errored(far, 4)
    far.end.request(p.Stop())
    far.backward = far.forward = HIGHEST
    far.serve()
    errored(far, 4)
    assert far.end.state == "InService"


# Changeover.


class AnnexAWire(TerminalWire):
    """A link of 1984 kbit/s between two points."""

    figures = ANNEX_A
    extended = True


@pytest.mark.parametrize("seed", range(2))
def test_changeover_between_two_such_links_loses_nothing(seed):
    network = points(seed, wire=AnnexAWire)
    network.start()
    network.run(40)
    assert network.unavailable() == {}
    network.forget()
    chance = network.world.random

    def traffic(seconds):
        """2 500 messages a second each way."""
        end = network.world.now + seconds
        while network.world.now < end:
            for one, other in (("A", "B"), ("B", "A")):
                for _ in range(10):
                    network.send(one, other, chance.randrange(16))
            network.run(0.004)

    for way in network.wires["A-B/0"].line.ways:
        way.damage = 0.0002
    traffic(1.0)
    network.wires["A-B/0"].cut()
    traffic(1.5)
    network.run(2)
    assert network.damage() == (0, 0, 0), f"seed {seed}"
    assert list(network.unavailable()) == ["A-B/0"]
    said = [name for site in network.sites.values() for name in site.said("XCO", "XCA", "COO", "COA", "ECO", "ECA")]
    assert set(said) <= {"XCO", "XCA"} and said
    assert not any(site.wrong for site in network.sites.values())


def test_a_number_of_24_bits_retrieves_only_what_was_never_sent(far):
    """XCO has room for numbers that this link has not."""
    far.give(b"one", b"two")
    far.run(0.1)
    far.end.request(p.Stop())
    far.end.request(p.MessageForTransmission(b"\x85three"))
    far.end.request(p.RetrievalRequest(0x123456))
    assert [value.octets for value in far.told(p.RetrievedMessage)] == [b"\x85three"]


# Anything.


@pytest.mark.parametrize("seed", range(6))
def test_any_units_near_the_right_ones(seed):
    chance = Random(seed)
    far = ExtendedFarEnd((ANNEX_A, PREVENTIVE)[seed % 2])
    far.serve()
    for _ in range(3000):
        if far.end.state != "InService":
            far.end.request(p.Stop())
            far.backward = far.forward = HIGHEST
            far.backward_bit = far.forward_bit = 1
            far.serve()
        what = chance.randrange(5)
        if what == 0:
            far.give(bytes(chance.choice((2, 60, 272))))
        elif what == 1:
            far.send(chance.randbytes(chance.randrange(12)), lib.MTP2_FAULT_OCTETS)
        elif what == 2:
            far.send(far.header(chance.randrange(512)) + bytes(chance.randrange(300)))
        elif what == 3:
            backward, bit, forward, forward_bit = read_bits(far)
            numbers = {"bsn": (forward + chance.randrange(-2, 1)) % 4096, "fsn": (backward + chance.randrange(3)) % 4096}
            far.send(far.msu(bytes(chance.choice((3, 62, 273))), bib=forward_bit, fib=bit, **numbers))
        else:
            far.end.tick()
    assert far.end.counters().messages_received > 0, f"seed {seed}"


def read_bits(far):
    unit = read_signal_unit(far.end.unit(), extended=True)
    assert isinstance(unit, SignalUnit)
    return unit.backward, unit.backward_bit, unit.forward, unit.forward_bit


def test_figures_of_another_kind_are_refused():
    assert FIGURES.data.format == "basic" and FIGURES.data.intervals is None
    for changes in ({"congestion": ANNEX_A.data.congestion}, {"preventive": ANNEX_A.data.preventive}):
        with pytest.raises(ValueError, match=r"outside|rise"):
            FIGURES.adjusted(**changes)
