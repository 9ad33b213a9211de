"""Channels joined in the kernel (drivers/dahdi_cross.h) on a kernel that is played: what it is asked, and every way out."""

import pytest
from pbx._plane import ffi, lib

if not hasattr(lib, "dahdi_create"):
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

from drivers.dahdi import Dahdi, DahdiSettings
from tests.drivers.dahdi_kernel import E1, IDLE, SILENCE, TICK, Bench, Kernel, of_port, told

SECOND = [number + 31 for number in E1]


class TwoSpans:
    """Two cards on one kernel, ticked together."""

    def __init__(self, cut_through=(True, True)):
        self.kernel = Kernel()
        self.kernel.add(E1, lib.DAHDI_SIG_CAS, 1)
        self.kernel.add(SECOND, lib.DAHDI_SIG_CAS, 2)
        for channel in self.kernel.channels.values():
            channel.bits = IDLE
        firsts = (1, 32)
        settings = [
            DahdiSettings(first, idle_bits=IDLE, clear_ms=200, cut_through=cut) for first, cut in zip(firsts, cut_through, strict=True)
        ]
        self.cards = [Dahdi(Bench.as_chosen(one), self.kernel.table) for one in settings]
        self.tick = 0
        self.step(2)

    def step(self, ticks=1, hear=SILENCE, sound=None):
        for _ in range(ticks):
            for number in set(self.kernel.opened.values()) - {None}:
                self.kernel.channels[number].hear(hear)
                del self.kernel.channels[number].received[4:]
            heard = [card.read(self.tick) for card in self.cards]
            for card in self.cards:
                card.write(self.tick, sound)
            self.tick += 1
        return heard

    def join(self, port, other_port, ends=(0, 1)):
        first, second = (self.cards[end].card for end in ends)
        return first.join(first, port, second, other_port)

    def part(self, port, end=0):
        card = self.cards[end].card
        card.part(card, port)

    def joined(self):
        """The channels that the kernel sends another's sound on, and whose."""
        return {channel.number: channel.joined for channel in self.kernel.channels.values() if channel.joined}

    def close(self):
        for card in self.cards:
            card.close()


@pytest.fixture
def spans():
    made = TwoSpans()
    yield made
    made.close()
    assert made.joined() == {} and made.kernel.opened == {}


def test_joined_channels_send_what_the_other_receives_and_cost_one_poll(spans):
    assert spans.join(3, 7) == 0
    assert spans.joined() == {4: 39, 39: 4}
    spans.step()
    spans.kernel.fresh()
    before = [card.counters() for card in spans.cards]
    heard = spans.step(10, hear=0x33)
    asked = [(what, number) for what, number, _ in spans.kernel.calls]
    assert not {4, 39} & {number for what, numbers, _ in spans.kernel.calls if what == "transfer" for number in numbers}
    each = 5 if Bench.at_once else 59
    assert not {("read", 4), ("write", 4), ("read", 39), ("write", 39)} & set(asked)
    assert [card.counters().system_calls - was.system_calls for card, was in zip(spans.cards, before, strict=True)] == [10 * each] * 2
    assert of_port(heard[0][0], 3) == of_port(heard[1][0], 7) == bytes([SILENCE]) * TICK
    assert of_port(heard[0][0], 4) == bytes([0x33]) * TICK


def test_a_whole_span_joined_costs_two_calls(spans):
    for port in range(30):
        assert spans.join(port, port) == 0
    spans.kernel.fresh()
    spans.step(16)
    last = 31
    assert [number for what, number, _ in spans.kernel.calls if what == "read"] == [last, last + 31] * 16, "the last of each is read"
    assert not [what for what, _, _ in spans.kernel.calls if what == "write"]
    assert len(spans.kernel.calls) == 2 * (16 * 2 + 1)


def test_two_ports_of_one_card(spans):
    assert spans.join(0, 29, ends=(0, 0)) == 0
    assert spans.joined() == {1: 31, 31: 1}
    heard = spans.step(hear=0x44)
    assert of_port(heard[0][0], 29) == bytes([SILENCE]) * TICK, "read for its blocks, not for its sound"


def test_bits_and_orders_go_on_while_joined(spans):
    spans.join(3, 7)
    spans.kernel.channels[4].bits, spans.kernel.channels[4].events = 0b0101, [lib.DAHDI_EVENT_BITSCHANGED]
    heard = spans.step()
    assert told(heard[0][1], lib.CARD_EVENT_BITS) == [(3, 0b0101)]
    spans.cards[1].order(7, lib.CARD_ORDER_BITS, 0b0001)
    assert spans.kernel.channels[39].sent_bits == 0b0001
    assert spans.joined() == {4: 39, 39: 4}


def test_what_the_kernel_says_of_buffers_that_nobody_uses_counts_for_nothing(spans):
    spans.join(3, 7)
    spans.kernel.channels[4].events = [lib.DAHDI_EVENT_WRITE_UNDERRUN, lib.DAHDI_EVENT_READ_OVERRUN]
    spans.step(3)
    counters = spans.cards[0].counters()
    assert (counters.underruns, counters.overruns, counters.unknown_events) == (0, 0, 0)
    assert spans.kernel.channels[4].events == []


def test_parted_channels_begin_with_what_comes_then(spans):
    spans.join(3, 7)
    spans.step(10, hear=0x11)
    spans.part(7, end=1)
    assert spans.joined() == {}
    asked = spans.kernel.asked(lib.DAHDI_FLUSH)
    assert asked[-2:] == [(number, lib.DAHDI_FLUSH_READ | lib.DAHDI_FLUSH_WRITE) for number in (39, 4)]
    sent = len(spans.kernel.channels[4].sent)
    heard = spans.step(hear=0x22, sound=bytes([0x77]) * TICK * 30)
    assert of_port(heard[0][0], 3) == bytes([0x22]) * TICK, "nothing that was said while they were joined"
    assert spans.kernel.channels[4].sent[sent:] == [bytes([0x77]) * TICK]
    counters = spans.cards[0].counters()
    assert (counters.crossed, counters.uncrossed, counters.failures) == (1, 1, 0)
    spans.part(3)
    assert spans.cards[0].counters().uncrossed == 1, "once is enough"


def test_a_lost_signal_lets_go_at_once_and_its_return_joins_again(spans):
    spans.join(3, 7)
    spans.kernel.alarms = lib.DAHDI_ALARM_RED
    spans.kernel.channels[1].events = [lib.DAHDI_EVENT_ALARM]
    heard = spans.step()
    assert told(heard[0][1], lib.CARD_EVENT_ALARM) == [] and spans.joined() == {}
    spans.kernel.alarms = 0
    spans.kernel.channels[1].events = [lib.DAHDI_EVENT_NOALARM]
    spans.step()
    assert spans.joined() == {4: 39, 39: 4}


def test_the_far_alarm_alone_lets_speech_go_on(spans):
    spans.join(3, 7)
    spans.kernel.alarms = lib.DAHDI_ALARM_YELLOW
    spans.kernel.channels[1].events = [lib.DAHDI_EVENT_ALARM]
    spans.step()
    assert spans.joined() == {4: 39, 39: 4}


@pytest.mark.parametrize("end", [0, 1])
def test_a_span_that_is_pulled_costs_one_call_and_frees_the_other_end(spans, end):
    for port in range(30):
        spans.join(port, port)
    spans.kernel.pull([E1, SECOND][end])
    spans.kernel.fresh()
    spans.step()
    gone = [E1, SECOND][end][-1]
    assert [call for call in spans.kernel.calls if call[0] != "poll" and call[1] in ([E1, SECOND][end])] == [("read", gone, TICK)]
    assert {number for number in spans.joined() if number not in [E1, SECOND][end]} == set()
    spans.step(1)
    heard = spans.step(hear=0x21)
    assert of_port(heard[1 - end][0], 5) == bytes([0x21]) * TICK, "it is read again"
    for number in [E1, SECOND][end]:
        spans.kernel.channels[number].gone, spans.kernel.channels[number].joined = False, 0
    spans.cards[end].mend()
    assert spans.cards[end].mend()
    spans.step(17)
    assert len(spans.joined()) == 60, "back, and as ordered"


def test_closing_one_card_frees_the_other_end():
    spans = TwoSpans()
    spans.join(3, 7)
    spans.cards[0].close()
    assert spans.joined() == {}
    spans.cards = spans.cards[1:]
    heard = spans.step(2, hear=0x66)
    assert of_port(heard[0][0], 7) == bytes([0x66]) * TICK
    spans.close()


def test_what_the_kernel_refuses_is_left_as_it_was(spans):
    spans.kernel.refuse[lib.DAHDI_SETCONF] = 22
    assert spans.join(3, 7) == -1
    assert spans.joined() == {} and spans.cards[0].counters().failures == 1
    del spans.kernel.refuse[lib.DAHDI_SETCONF]
    assert spans.join(3, 7) == 0


def test_no_end_is_joined_alone_when_the_kernel_takes_only_one():
    kernel, asked = Kernel(), []
    kernel.add([1, 2], lib.DAHDI_SIG_CAS)

    def only_the_first(self, fd, request, argument):
        asked.append(request)
        return -22 if request == lib.DAHDI_SETCONF and asked.count(request) == 2 else kernel.table.ioctl(self, fd, request, argument)

    partly = ffi.callback("int(void *, int, uint32_t, void *)", only_the_first)
    table = ffi.new("struct dahdi_kernel *", kernel.table[0])
    table.ioctl = ffi.cast(ffi.typeof(table.ioctl), partly)
    with Dahdi(DahdiSettings(1, channels=2, cut_through=True), table) as card:
        card.read(0)
        assert card.card.join(card.card, 0, card.card, 1) == -1
        assert asked.count(lib.DAHDI_SETCONF) == 3, "two asked, one of them undone"
        assert [channel.joined for channel in kernel.channels.values()] == [0, 0]


@pytest.mark.parametrize(("port", "other_port", "ends"), [(3, 3, (0, 0)), (-1, 3, (0, 1)), (3, 30, (0, 1))])
def test_what_cannot_be_joined(spans, port, other_port, ends):
    assert spans.join(port, other_port, ends) == -1
    assert spans.joined() == {}


def test_a_port_is_joined_with_one_alone(spans):
    spans.join(3, 7)
    assert spans.join(3, 8) == spans.join(4, 7) == -1


def test_a_channel_that_is_looped_is_not_joined_and_the_reverse(spans):
    spans.join(3, 7)
    with pytest.raises(Exception, match="busy"):
        spans.cards[0].loop_channel(3)
    spans.cards[0].loop_channel(4)
    spans.join(4, 8)
    assert spans.joined() == {4: 39, 39: 4}


def test_it_is_off_unless_both_spans_want_it():
    assert DahdiSettings(1).cut_through is False
    spans = TwoSpans((True, False))
    assert spans.cards[1].card.join == ffi.NULL and spans.cards[1].card.part == ffi.NULL
    assert spans.join(3, 7) == -1
    spans.close()


def test_octets_of_a_clear_channel_are_left_to_the_plane():
    kernel = Kernel()
    kernel.add([1, 2], lib.DAHDI_SIG_CLEAR)
    bench = Bench(kernel, DahdiSettings(1, channels=2, cut_through=True))
    bench.step(hear=SILENCE)
    assert bench.card.card.join(bench.card.card, 0, bench.card.card, 1) == -1
    bench.card.close()
