"""Transmission and reception control in C: any octets, full buffers, limits of memory, and a card that repeats and hides units."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx._plane import ffi, lib

FIGURES = {
    "t5_ticks": 10,
    "t6_ticks": 400,
    "t7_ticks": 125,
    "silence_ticks": 50,
    "suerm_limit": 64,
    "suerm_units": 256,
    "suerm_octets": 16,
    "aerm_normal": 4,
    "aerm_emergency": 1,
    "preventive_units": 127,
    "preventive_octets": 8000,
    "onset": [128, 256, 384],
    "abatement": [64, 192, 320],
    "options": 0,
}
FISU = bytes([0xFF, 0xFF, 0])
EXTENDED_FISU = bytes.fromhex("ff8fff8f0000")
EXTENDED = lib.MTP2_EXTENDED
INTERVALS = {"options": EXTENDED | lib.MTP2_ERRORED_INTERVALS, "t8_ticks": 10} | {
    "interval_limit": 793544,
    "interval_rise": 198384,
    "interval_fall": 11328,
}


class Link:
    """One of three links; the other two must stay as they are."""

    def __init__(self, messages=512, **changes):
        octets = lib.mtp2_size(3, messages)
        self.memory = bytearray(octets + 64)
        self.links = lib.mtp2_init(ffi.from_buffer(self.memory), 3, messages)
        self.told = ffi.new("struct mtp2_event[]", lib.MTP2_EVENTS)
        self.octets = ffi.new("uint8_t[]", lib.MTP2_UNIT_OCTETS)
        figures = ffi.new("struct mtp2_figures *", FIGURES | changes)
        self.fill_in = EXTENDED_FISU if changes.get("options", 0) & lib.MTP2_EXTENDED else FISU
        assert [lib.mtp2_configure(self.links, number, figures) for number in range(3)] == [0, 0, 0]

    def events(self, count):
        return [(event.kind, event.value) for event in self.told[0 : max(count, 0)]]

    def order(self, order, value=0):
        return self.events(lib.mtp2_order(self.links, 1, order, value, self.told))

    def receive(self, unit):
        return self.events(lib.mtp2_receive(self.links, 1, unit, len(unit), self.told))

    def message(self, octets):
        return lib.mtp2_message(self.links, 1, octets, len(octets), self.told)

    def tick(self):
        return self.events(lib.mtp2_tick(self.links, 1, self.told))

    def next(self):
        return bytes(self.octets[0 : lib.mtp2_next(self.links, 1, self.octets)])

    def serve(self):
        self.order(lib.MTP2_ORDER_BEGIN)
        self.order(lib.MTP2_ORDER_MONITOR, lib.MTP2_SUERM)
        self.order(lib.MTP2_ORDER_ACCEPT, lib.MTP2_OPEN)
        self.order(lib.MTP2_ORDER_SEND, lib.MTP2_MESSAGE)
        assert self.receive(self.fill_in) == [(lib.MTP2_TOLD_STATUS, lib.MTP2_FILL_IN)]
        return self


@given(st.lists(st.binary(max_size=300), max_size=30), st.integers(0, 3))
def test_any_units_are_taken(units, options):
    link = Link(options=options).serve()
    for unit in units:
        link.receive(unit)
        assert 3 <= len(link.next()) <= lib.MTP2_UNIT_OCTETS
        link.tick()
    assert not any(link.memory[-64:])


@pytest.mark.parametrize("seed", range(20))
def test_any_orders_and_units_in_any_order(seed):
    """Numbers near the right ones, so that everything is reached; what is sent stays within its limits."""
    chance = Random(seed)
    link = Link(options=seed % 4).serve()
    for _ in range(3000):
        what = chance.randrange(6)
        if what == 0 and chance.random() < 0.05:
            link.order(chance.randrange(12), chance.randrange(4))
        elif what == 1:
            link.message(bytes(chance.choice((2, 3, 40, 273, 274))))
        elif what == 2:
            lib.mtp2_fault(link.links, 1, chance.randrange(5), link.told)
        elif what == 3:
            link.tick()
        else:
            sent = link.next()
            assert sent[2] & 63 == min(len(sent) - 3, 63)
            length = chance.choice((0, 0, 1, 2, 3, 70, 273))
            header = bytes([(sent[1] - chance.randrange(3)) % 256, (sent[0] + chance.randrange(3)) % 256, min(length, 63)])
            link.receive(header + bytes(chance.randrange(8) for _ in range(length)))
        if chance.random() < 0.01:
            link.serve() if link.order(lib.MTP2_ORDER_HALT) == [] else None
    assert not any(link.memory[-64:])


@given(st.integers(1, 273))
def test_a_unit_whose_length_is_not_what_it_says_is_one_in_error(length):
    link = Link().serve()
    unit = bytes([0xFF, 0x80, (min(length, 63) + 1) % 64]) + bytes(length)
    assert link.receive(unit) == []
    counters = ffi.new("struct mtp2_counters *")
    lib.mtp2_counters(link.links, 1, counters)
    assert counters.units_in_error == 1


def test_levels_of_congestion_and_the_end_of_the_buffer():
    link = Link().serve()
    levels = [(count, link.events(link.message(b"\x85ab"))) for count in range(1, 513)]
    assert [(count, told) for count, told in levels if told] == [
        (128, [(lib.MTP2_TOLD_CONGESTION, 1)]),
        (256, [(lib.MTP2_TOLD_CONGESTION, 2)]),
        (384, [(lib.MTP2_TOLD_CONGESTION, 3)]),
    ]
    assert link.message(b"\x85ab") == -1
    told = []
    confirmed = 127
    for _ in range(512):
        unit = link.next()
        assert unit[2] == 3
        confirmed = unit[1] & 127
        told += link.receive(bytes([confirmed | 128, 0xFF, 0]))
    assert told == [(lib.MTP2_TOLD_CONGESTION, level) for level in (2, 1, 0)]
    assert link.next()[2] == 0


def test_figures_out_of_range_are_refused():
    link = Link()
    wrong = ({"t7_ticks": 0}, {"preventive_units": 128}, {"suerm_limit": 0}, {"onset": [128, 128, 384]}, {"abatement": [200, 201, 320]})
    for changes in wrong:
        assert lib.mtp2_configure(link.links, 1, ffi.new("struct mtp2_figures *", FIGURES | changes)) == -1


# A card that repeats the last unit given, and hides received units that equal the last.


def test_there_is_news_only_when_the_repeated_unit_is_not_the_right_one():
    link = Link(options=lib.MTP2_REPEATING).serve()

    def news():
        found = []
        while lib.mtp2_news(link.links, 1):
            found.append(link.next()[2])
        return found

    assert news() == [0]
    assert news() == []
    link.message(b"\x85ab")
    link.message(b"\x85abc")
    assert news() == [3, 4, 0], "a fill-in unit behind the messages, or the last one would be repeated"
    assert news() == []
    link.receive(bytes([0x81, 0x80, 3]) + b"\x85ab")
    assert news() == [0], "its number is confirmed by a new one"
    link.order(lib.MTP2_ORDER_BUSY, lib.MTP2_BUSY_ACCEPT)
    assert news() == [1, 0]


def test_what_stands_on_the_line_is_told_again_although_it_is_not_shown_again():
    link = Link(options=lib.MTP2_REPEATING)
    link.order(lib.MTP2_ORDER_BEGIN)
    sin = bytes([0xFF, 0xFF, 1, 1])
    assert link.receive(sin) == [(lib.MTP2_TOLD_STATUS, lib.MTP2_SIN)]
    assert link.tick() == []
    link.order(lib.MTP2_ORDER_SEND, lib.MTP2_SIN)
    assert link.tick() == [(lib.MTP2_TOLD_STATUS, lib.MTP2_SIN)]


def test_hidden_units_take_errors_away():
    """1333 fill-in units pass in a second: five errors in a second are borne for ever, seven are not."""
    for errors, survives in ((5, True), (7, False)):
        link = Link(options=lib.MTP2_REPEATING).serve()
        failed = False
        for tick in range(10000):
            if tick % 100 < errors:
                failed |= lib.mtp2_fault(link.links, 1, 2, link.told) > 0
            link.tick()
            link.order(lib.MTP2_ORDER_ALIVE)
        assert failed is not survives


# Links of 2 Mbit/s (annex A).


@given(st.lists(st.binary(max_size=300), max_size=30), st.sampled_from((0, lib.MTP2_PREVENTIVE)))
def test_any_extended_units_are_taken(units, option):
    link = Link(64, onset=[16, 32, 48], abatement=[8, 24, 40], **INTERVALS | {"options": INTERVALS["options"] | option}).serve()
    for unit in units:
        link.receive(unit)
        assert 6 <= len(link.next()) <= lib.MTP2_UNIT_OCTETS
        link.tick()
    assert not any(link.memory[-64:])


@pytest.mark.parametrize("seed", range(10))
def test_any_orders_and_extended_units_in_any_order(seed):
    chance = Random(seed)
    options = INTERVALS["options"] | (lib.MTP2_PREVENTIVE if seed % 2 else 0)
    link = Link(8192, **INTERVALS | {"options": options, "preventive_units": 4095}).serve()
    for _ in range(3000):
        what = chance.randrange(6)
        if what == 0 and chance.random() < 0.05:
            link.order(chance.randrange(12), chance.choice((chance.randrange(4), chance.randrange(65536))))
        elif what == 1:
            for _ in range(chance.choice((1, 1, 1, 300))):
                link.message(bytes(chance.choice((2, 3, 40, 273, 274))))
        elif what == 2:
            lib.mtp2_fault(link.links, 1, chance.randrange(5), link.told)
        elif what == 3:
            link.tick()
        else:
            sent = link.next()
            assert int.from_bytes(sent[4:6], "little") == len(sent) - 6
            length = chance.choice((0, 0, 1, 2, 3, 70, 273))
            backward, forward = (int.from_bytes(sent[place : place + 2], "little") for place in (0, 2))
            numbers = ((forward - chance.randrange(3)) % 65536, (backward + chance.randrange(3)) % 65536, length)
            link.receive(b"".join(one.to_bytes(2, "little") for one in numbers) + bytes(chance.randrange(8) for _ in range(length)))
        if chance.random() < 0.01:
            link.serve() if link.order(lib.MTP2_ORDER_HALT) == [] else None
    assert not any(link.memory[-64:])


def test_a_buffer_holds_what_its_memory_was_laid_out_for():
    link = Link(4096, options=EXTENDED).serve()
    assert [link.message(b"\x85ab") >= 0 for _ in range(4097)] == [True] * 4096 + [False]
    numbers = [int.from_bytes(link.next()[2:4], "little") & 4095 for _ in range(4096)]
    assert numbers == [*range(4095), 4094], "the last one waits: 4095 are not confirmed"


@pytest.mark.parametrize(
    "changes",
    [
        {"options": EXTENDED | lib.MTP2_REPEATING},
        {"options": EXTENDED, "preventive_units": 4096},
        {"options": lib.MTP2_ERRORED_INTERVALS},
        INTERVALS | {"t8_ticks": 0},
        INTERVALS | {"interval_rise": 0},
        INTERVALS | {"interval_limit": 1 << 31},
        {"onset": [128, 256, 513]},
    ],
)
def test_figures_of_annex_a_out_of_range_are_refused(changes):
    link = Link()
    assert lib.mtp2_configure(link.links, 1, ffi.new("struct mtp2_figures *", FIGURES | changes)) == -1


def test_another_format_lets_a_link_begin_anew_and_the_same_one_does_not():
    link = Link().serve()
    basic, extended = (ffi.new("struct mtp2_figures *", FIGURES | {"options": options}) for options in (0, EXTENDED))
    assert lib.mtp2_configure(link.links, 1, basic) == 0
    assert lib.mtp2_stage(link.links, 1) == lib.MTP2_STAGE_SERVING
    assert lib.mtp2_configure(link.links, 1, extended) == 0
    assert lib.mtp2_stage(link.links, 1) == lib.MTP2_STAGE_OUT
    assert link.next() == bytes.fromhex("ff8fff8f010003")
    assert lib.mtp2_header_octets(link.links, 1) == 6
    assert lib.mtp2_header_octets(link.links, 0) == 3


def test_the_errored_interval_monitor_tick_by_tick():
    """Five intervals of ten ticks, an error in each; the fifth ends it when it is over."""
    link = Link(**INTERVALS).serve()
    for tick in range(1, 51):
        link.receive(EXTENDED_FISU)
        if tick % 10 == 1:
            lib.mtp2_fault(link.links, 1, 2, link.told)
        link.order(lib.MTP2_ORDER_ALIVE)
        told = link.tick()
        assert told == ([(lib.MTP2_TOLD_FAILED, lib.MTP2_FAILED_ERRORS)] if tick == 50 else []), tick
