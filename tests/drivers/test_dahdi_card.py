"""The card on DAHDI channels (drivers/dahdi.h) on a kernel that is played: what it asks, in what order, and what it makes of answers."""

import errno

import pytest
from pbx._plane import lib

if not hasattr(lib, "dahdi_create"):
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

from drivers.dahdi import Dahdi, DahdiError, DahdiSettings
from tests.drivers.dahdi_kernel import SILENCE, Kernel

E1 = [*range(1, 16), *range(17, 32)]
IDLE = 0b1101
TICK = 80


def of_port(sound, port):
    return sound[port * TICK : (port + 1) * TICK]


def told(events, kind, port=None):
    return [(e.port, e.value) for e in events if e.kind == kind and port in (None, e.port)]


class Bench:
    """A card on a played kernel, stepped tick by tick."""

    def __init__(self, kernel, settings):
        self.kernel, self.card, self.tick = kernel, Dahdi(settings, kernel.table), 0

    def step(self, ticks=1, hear=None, sound=None):
        """Ticks with one block for every channel that is open; returns what the last read gave."""
        for _ in range(ticks):
            if hear is not None:
                for number in set(self.kernel.opened.values()) - {None}:
                    if not self.kernel.channels[number].frames:
                        self.kernel.channels[number].hear(hear)
            heard, events = self.card.read(self.tick)
            self.card.write(self.tick, sound)
            self.tick += 1
        return heard, events

    def until(self, kind, ticks=500, port=0):
        """Steps until an event of the kind comes for the port; returns (its value, ticks waited)."""
        for waited in range(ticks):
            _, events = self.step(hear=SILENCE)
            if values := told(events, kind, port):
                return values[-1][1], waited
        raise AssertionError(f"no event of kind {kind} for port {port}")


@pytest.fixture
def trunk():
    kernel = Kernel()
    kernel.add(E1, lib.DAHDI_SIG_CAS)
    for number in E1:
        kernel.channels[number].bits = IDLE
    bench = Bench(kernel, DahdiSettings(first_channel=1, idle_bits=IDLE, raise_ms=100, clear_ms=200))
    bench.step(2, hear=SILENCE)
    yield bench
    bench.card.close()
    assert kernel.opened == {}


def board(signalling, kind, ports=8, **more):
    kernel = Kernel()
    kernel.add(range(1, ports + 1), signalling)
    bench = Bench(kernel, DahdiSettings(first_channel=1, channels=ports, kind=kind, **more))
    bench.step(1, hear=SILENCE)
    kernel.fresh()
    return bench


def test_a_circuit_is_opened_in_this_order():
    kernel = Kernel()
    kernel.add([5], lib.DAHDI_SIG_CAS)
    with Dahdi(DahdiSettings(first_channel=5, channels=1, idle_bits=IDLE), kernel.table):
        assert kernel.calls[:13] == [
            ("open", "/dev/dahdi/channel", None),
            (lib.DAHDI_SPECIFY, None, 5),
            (lib.DAHDI_GET_PARAMS, 5, 0),
            (lib.DAHDI_SET_BUFINFO, 5, lib.DAHDI_POLICY_HALF_FULL),
            (lib.DAHDI_BUFFER_EVENTS, 5, 1),
            (lib.DAHDI_ECHOCANCEL, 5, 0),
            (lib.DAHDI_TONEDETECT, 5, 0),
            (lib.DAHDI_DIAL, 5, lib.DAHDI_DIAL_OP_CANCEL),
            (lib.DAHDI_SETLAW, 5, lib.DAHDI_LAW_ALAW),
            (lib.DAHDI_SETTXBITS, 5, IDLE),
            (lib.DAHDI_GETRXBITS, 5, 0),
            (lib.DAHDI_FLUSH, 5, lib.DAHDI_FLUSH_ALL),
            (lib.DAHDI_SPANSTAT, 5, 0),
        ]


def test_ports_are_time_slots_of_an_e1_and_channels_of_a_board(trunk):
    for number in E1:
        trunk.kernel.channels[number].hear(number)
    heard, _ = trunk.card.read(99)
    assert [heard[port * TICK] for port in range(30)] == E1
    fxs = board(lib.DAHDI_SIG_FXOKS, "subscribers", 24)
    for number in range(1, 25):
        fxs.kernel.channels[number].hear(number)
    heard, _ = fxs.card.read(99)
    assert [heard[port * TICK] for port in range(30)] == [*range(1, 25), *[SILENCE] * 6]
    fxs.card.close()


def test_two_system_calls_a_channel_and_tick_and_one_look_in_sixteen(trunk):
    trunk.kernel.fresh()
    before = trunk.card.counters()
    trunk.step(32, hear=SILENCE)
    after = trunk.card.counters()
    assert after.system_calls - before.system_calls == len(trunk.kernel.calls) == 32 * 60 + 2
    assert {what for what, _, _ in trunk.kernel.calls} == {"read", "write", "poll"}
    assert after.starved == before.starved and after.failures == 0


def test_sound_goes_both_ways(trunk):
    sound = b"".join(bytes([port]) * TICK for port in range(30))
    heard, _ = trunk.step(hear=0x33, sound=sound)
    assert heard == bytes([0x33]) * TICK * 30
    assert [trunk.kernel.channels[number].sent[-1] for number in E1] == [bytes([port]) * TICK for port in range(30)]


def test_bits_are_told_by_an_event_and_only_the_low_nibble_counts(trunk):
    channel = trunk.kernel.channels[17]
    channel.bits, channel.events = 0xF0 | IDLE, [lib.DAHDI_EVENT_BITSCHANGED]
    _, events = trunk.step(hear=SILENCE)
    assert told(events, lib.CARD_EVENT_BITS) == []
    channel.bits, channel.events = 0x30 | 0b0001, [lib.DAHDI_EVENT_BITSCHANGED]
    heard, events = trunk.step(hear=0x11)
    assert told(events, lib.CARD_EVENT_BITS) == [(15, 0b0001)]
    assert of_port(heard, 15) == bytes([0x11]) * TICK
    assert trunk.card.levels(15).bits_in == 0b0001


def test_an_event_costs_three_calls(trunk):
    trunk.kernel.channels[1].events = [lib.DAHDI_EVENT_BITSCHANGED]
    trunk.kernel.fresh()
    trunk.step(hear=SILENCE)
    assert len(trunk.kernel.calls) == 63


def test_bits_are_sent_once_and_only_when_they_change(trunk):
    trunk.kernel.fresh()
    trunk.card.order(15, lib.CARD_ORDER_BITS, 0b0101)
    trunk.card.order(15, lib.CARD_ORDER_BITS, 0b0101)
    assert trunk.kernel.asked(lib.DAHDI_SETTXBITS) == [(17, 0b0101)]
    assert trunk.card.levels(15).bits_out == 0b0101
    with pytest.raises(DahdiError):
        trunk.card.order(15, lib.CARD_ORDER_RING, 1)
    assert trunk.card.counters().refused_orders == 1


def test_events_without_room_are_told_later_as_levels(trunk):
    for number in E1:
        trunk.kernel.channels[number].bits = 0b0001
        trunk.kernel.channels[number].events = [lib.DAHDI_EVENT_BITSCHANGED]
    _, events = trunk.card.read(50, room=4)
    assert len(told(events, lib.CARD_EVENT_BITS)) == 4
    _, events = trunk.card.read(51)
    assert told(events, lib.CARD_EVENT_BITS) == [(port, 0b0001) for port in range(4, 30)]
    assert trunk.card.counters().events_late == 26


def test_a_read_that_gives_nothing_is_silence_and_counted(trunk):
    before = trunk.card.counters().starved
    trunk.kernel.channels[2].hear(0x44)
    heard, _ = trunk.step()
    assert of_port(heard, 1) == bytes([0x44]) * TICK
    assert of_port(heard, 0) == bytes([SILENCE]) * TICK
    assert trunk.card.counters().starved == before + 29


def test_what_stands_waiting_is_held_once_and_dropped_beyond(trunk):
    channel = trunk.kernel.channels[1]
    for octet in (1, 2, 3, 4):
        channel.hear(octet)
    for octet in range(5, 80):
        trunk.step(hear=octet)
    assert channel.received == [] and trunk.card.counters().dropped == 3
    sound, _ = trunk.step(hear=80)
    assert of_port(sound, 0) == bytes([79]) * TICK, "one block is held"
    sound, _ = trunk.step()
    assert of_port(sound, 0) == bytes([80]) * TICK, "and is there when none comes"
    assert of_port(sound, 1) == bytes([SILENCE]) * TICK


def test_the_kernels_overruns_and_underruns_are_counted(trunk):
    trunk.step(4, hear=SILENCE)
    trunk.kernel.channels[3].events = [lib.DAHDI_EVENT_READ_OVERRUN, lib.DAHDI_EVENT_WRITE_UNDERRUN]
    trunk.kernel.fresh()
    trunk.step(hear=SILENCE)
    counters = trunk.card.counters()
    assert (counters.overruns, counters.underruns, counters.unknown_events) == (1, 1, 0)
    assert trunk.kernel.asked("poll"), "looks at once what waits"


def test_a_write_that_is_refused_is_counted(trunk):
    trunk.kernel.channels[3].full = True
    trunk.step(5, hear=SILENCE)
    assert trunk.card.counters().refused == 5


def test_calls_that_fail_otherwise_are_counted_and_sound_goes_on(trunk):
    trunk.kernel.refuse[lib.DAHDI_GETRXBITS] = errno.EIO
    trunk.kernel.channels[1].events = [lib.DAHDI_EVENT_BITSCHANGED, 12345]
    heard, _ = trunk.step(hear=0x22)
    assert of_port(heard, 0) == bytes([0x22]) * TICK
    counters = trunk.card.counters()
    assert (counters.failures, counters.unknown_events) == (1, 1)


@pytest.mark.parametrize(
    ("said", "told_alarm"),
    [
        ("DAHDI_ALARM_RED", lib.CARD_ALARM_LOS),
        ("DAHDI_ALARM_LOS", lib.CARD_ALARM_LOS),
        ("DAHDI_ALARM_NOTOPEN", lib.CARD_ALARM_LOS),
        ("DAHDI_ALARM_LFA", lib.CARD_ALARM_LOF),
        ("DAHDI_ALARM_LMFA", lib.CARD_ALARM_LOMF),
        ("DAHDI_ALARM_BLUE", lib.CARD_ALARM_AIS),
        ("DAHDI_ALARM_YELLOW", lib.CARD_ALARM_RAI),
    ],
)
def test_alarms_are_told_once_they_last(trunk, said, told_alarm):
    trunk.kernel.alarms = getattr(lib, said)
    for number in E1:
        trunk.kernel.channels[number].events = [lib.DAHDI_EVENT_ALARM]
    trunk.kernel.fresh()
    value, waited = trunk.until(lib.CARD_EVENT_ALARM)
    assert (value, waited) == (told_alarm, 10)
    assert len(trunk.kernel.asked(lib.DAHDI_SPANSTAT)) == 1, "thirty events, one question"
    assert all(trunk.card.levels(port).alarms == told_alarm for port in range(30))
    trunk.kernel.alarms = 0
    trunk.kernel.channels[1].events = [lib.DAHDI_EVENT_NOALARM]
    assert trunk.until(lib.CARD_EVENT_ALARM, port=29) == (0, 20)


def test_a_short_alarm_is_not_told(trunk):
    for state, event in ((lib.DAHDI_ALARM_RED, lib.DAHDI_EVENT_ALARM), (0, lib.DAHDI_EVENT_NOALARM)):
        trunk.kernel.alarms = state
        trunk.kernel.channels[1].events = [event]
        for _ in range(9):
            assert told(trunk.step(hear=SILENCE)[1], lib.CARD_EVENT_ALARM) == []


def test_alarms_that_no_event_told_are_found_by_the_mender(trunk):
    trunk.kernel.alarms = lib.DAHDI_ALARM_YELLOW
    trunk.card.mend()
    assert trunk.until(lib.CARD_EVENT_ALARM)[0] == lib.CARD_ALARM_RAI


def test_a_signal_that_cannot_be_trusted_says_nothing(trunk):
    trunk.kernel.alarms = lib.DAHDI_ALARM_RED | lib.DAHDI_ALARM_LFA
    trunk.kernel.channels[1].events = [lib.DAHDI_EVENT_ALARM]
    trunk.step(hear=SILENCE)
    trunk.kernel.channels[4].bits, trunk.kernel.channels[4].events = 0, [lib.DAHDI_EVENT_BITSCHANGED]
    heard, events = trunk.step(hear=0x00)
    assert heard == bytes([SILENCE]) * TICK * 30
    assert told(events, lib.CARD_EVENT_BITS) == [] and trunk.card.levels(3).bits_in == IDLE
    trunk.kernel.alarms = 0
    trunk.kernel.channels[1].events = [lib.DAHDI_EVENT_NOALARM]
    trunk.step(hear=SILENCE)
    assert trunk.card.levels(3).bits_in == 0, "what stands on the line counts again"
    assert trunk.step(hear=0x55)[0] == bytes([0x55]) * TICK * 30


def test_a_span_that_is_pulled_has_los_and_is_left_alone(trunk):
    trunk.kernel.pull(E1)
    trunk.kernel.fresh()
    heard, events = trunk.step(hear=0x55)
    assert heard == bytes([SILENCE]) * TICK * 30
    assert told(events, lib.CARD_EVENT_ALARM) == [(port, lib.CARD_ALARM_LOS) for port in range(30)]
    assert trunk.kernel.calls == [("read", 1, TICK)], "every call on a pulled channel sleeps: one is enough"
    trunk.kernel.fresh()
    trunk.step(100, hear=SILENCE)
    assert trunk.kernel.calls == []
    assert not trunk.card.mend() and trunk.kernel.opened == {}
    counters = trunk.card.counters()
    assert (counters.removals, counters.returns) == (1, 1)


def test_circuits_come_back_by_themselves_with_what_is_ordered(trunk):
    trunk.kernel.channels[1].events = [lib.DAHDI_EVENT_REMOVED]
    trunk.kernel.pull(E1)
    trunk.step(hear=SILENCE)
    trunk.card.order(0, lib.CARD_ORDER_BITS, 0b0101)
    trunk.card.mend()
    kernel = trunk.kernel
    kernel.add(E1, lib.DAHDI_SIG_CAS)
    for number in E1:
        kernel.channels[number].bits = 0b1001
    assert trunk.card.mend()
    _, events = trunk.step(hear=SILENCE)
    assert told(events, lib.CARD_EVENT_BITS) == [(port, 0b1001) for port in range(30)]
    assert kernel.channels[1].sent_bits == 0b0101 and kernel.channels[2].sent_bits == IDLE
    assert trunk.until(lib.CARD_EVENT_ALARM)[0] == 0
    assert trunk.step(hear=0x31)[0] == bytes([0x31]) * TICK * 30
    assert trunk.card.counters().returns == 2


def test_a_span_pulled_between_read_and_write(trunk):
    trunk.card.read(trunk.tick)
    trunk.kernel.pull(E1)
    trunk.card.write(trunk.tick)
    _, events = trunk.step()
    assert len(told(events, lib.CARD_EVENT_ALARM)) == 30


def test_channels_that_cannot_be_used_say_why_and_come_later():
    kernel = Kernel()
    kernel.add([1, 2], lib.DAHDI_SIG_CAS)
    kernel.add([3], lib.DAHDI_SIG_FXOKS)
    kernel.channels[2].busy = True
    bench = Bench(kernel, DahdiSettings(first_channel=1, channels=4))
    assert bench.card.missing() == {
        2: "in use by another program",
        3: "configured as something else",
        4: "not configured in DAHDI",
    }
    _, events = bench.step(hear=SILENCE)
    assert told(events, lib.CARD_EVENT_ALARM, 1) == [(1, lib.CARD_ALARM_LOS)]
    assert bench.card.levels(0).alarms == 0
    kernel.channels[2].busy = False
    bench.card.mend()
    assert bench.until(lib.CARD_EVENT_ALARM, port=1)[0] == 0
    assert sorted(bench.card.missing()) == [3, 4]
    bench.card.close()
    assert kernel.opened == {}


@pytest.mark.parametrize("request_name", ["DAHDI_SET_BUFINFO", "DAHDI_SETTXBITS", "DAHDI_GETRXBITS", "DAHDI_GET_PARAMS", "DAHDI_SETLAW"])
def test_a_channel_that_refuses_what_it_needs_is_not_used(request_name):
    kernel = Kernel()
    kernel.add([1], lib.DAHDI_SIG_CAS)
    kernel.refuse[getattr(lib, request_name)] = errno.EIO
    with Dahdi(DahdiSettings(first_channel=1, channels=1), kernel.table) as card:
        assert card.state(0) == "refused an order" and kernel.opened == {}


@pytest.mark.parametrize("request_name", ["DAHDI_ECHOCANCEL", "DAHDI_TONEDETECT", "DAHDI_DIAL", "DAHDI_BUFFER_EVENTS"])
def test_what_a_driver_does_not_know_need_not_be_turned_off(request_name):
    kernel = Kernel()
    kernel.add([1], lib.DAHDI_SIG_CAS)
    kernel.refuse[getattr(lib, request_name)] = errno.ENOTTY
    with Dahdi(DahdiSettings(first_channel=1, channels=1), kernel.table) as card:
        assert card.missing() == {}


@pytest.mark.parametrize(
    "wrong",
    [{"first_channel": 0}, {"first_channel": 1000}, {"channels": 32}, {"channels": 0}, {"receive_gain_db": 13.0}, {"raise_ms": -1}],
)
def test_settings_out_of_range_make_no_card(wrong):
    with pytest.raises(DahdiError):
        Dahdi(DahdiSettings(**{"first_channel": 1, **wrong}), Kernel().table)


def test_gains_are_put_on_by_the_kernels_tables():
    bench = board(lib.DAHDI_SIG_CAS, "circuits", 1, receive_gain_db=-6.0)
    received, sent = bench.kernel.gains[1]
    assert sent == bytes(range(256)), "0 dB changes nothing"
    assert received != sent and len(set(received)) < 256
    bench.card.close()


@pytest.mark.parametrize(("linecompat", "translates"), [(0, True), (1, False)])
def test_codecs_that_speak_mu_law_are_translated_but_an_e1_never_is(linecompat, translates):
    kernel = Kernel()
    kernel.add([1], lib.DAHDI_SIG_FXOKS)
    kernel.channels[1].law, kernel.linecompat = lib.DAHDI_LAW_MULAW, linecompat
    with Dahdi(DahdiSettings(first_channel=1, channels=1, kind="subscribers"), kernel.table):
        assert (1 in kernel.gains) == translates
        if translates:
            received, sent = kernel.gains[1]
            assert received[0xFF] == SILENCE and sent[SILENCE] in (0xFE, 0xFF)


def test_a_telephone_is_told_raw_and_fed_when_it_is_lifted():
    bench = board(lib.DAHDI_SIG_FXOKS, "subscribers")
    channel = bench.kernel.channels[3]
    channel.events = [lib.DAHDI_EVENT_RINGOFFHOOK]
    _, events = bench.step(hear=SILENCE)
    assert told(events, lib.CARD_EVENT_HOOK) == [(2, 1)]
    assert bench.kernel.asked(lib.DAHDI_HOOK) == [(3, lib.DAHDI_OFFHOOK)]
    bench.kernel.fresh()
    for _ in range(3):
        channel.events = [lib.DAHDI_EVENT_ONHOOK]
        assert told(bench.step(6, hear=SILENCE)[1], lib.CARD_EVENT_HOOK) == []
        assert bench.card.levels(2).hook == 0
        channel.events = [lib.DAHDI_EVENT_RINGOFFHOOK]
        bench.step(4, hear=SILENCE)
    assert bench.kernel.asked(lib.DAHDI_HOOK) == [], "dial pulses change no feeding"
    channel.events = [lib.DAHDI_EVENT_ONHOOK]
    bench.step(110, hear=SILENCE)
    assert bench.kernel.asked(lib.DAHDI_HOOK) == [(3, lib.DAHDI_ONHOOK)]
    bench.card.close()


def test_both_edges_within_a_tick_are_told():
    bench = board(lib.DAHDI_SIG_FXOKS, "subscribers", 1)
    bench.kernel.channels[1].events = [lib.DAHDI_EVENT_RINGOFFHOOK, lib.DAHDI_EVENT_ONHOOK, lib.DAHDI_EVENT_WINKFLASH]
    _, events = bench.step(hear=SILENCE)
    assert [value for _, value in told(events, lib.CARD_EVENT_HOOK)] == [1, 0, 1, 0]
    bench.card.close()


def test_opening_a_telephone_makes_its_signals_raw_and_ringing_endless():
    kernel = Kernel()
    kernel.add([1], lib.DAHDI_SIG_FXOKS)
    kernel.channels[1].off_hook = 1
    with Dahdi(DahdiSettings(first_channel=1, channels=1, kind="subscribers"), kernel.table) as card:
        assert len(kernel.asked(lib.DAHDI_SET_PARAMS)) == 1
        assert kernel.asked(lib.DAHDI_SETCADENCE) == [(1, 3600000)]
        assert told(card.read(0)[1], lib.CARD_EVENT_HOOK) == [(0, 1)], "lifted before we came"


def test_ringing_is_our_cadence_and_ends_when_answered():
    bench = board(lib.DAHDI_SIG_FXOKS, "subscribers", 1)
    for on in (1, 0, 1):
        bench.card.order(0, lib.CARD_ORDER_RING, on)
        assert bench.card.levels(0).ringing == on
    assert bench.kernel.asked(lib.DAHDI_HOOK) == [(1, lib.DAHDI_RING), (1, lib.DAHDI_RINGOFF), (1, lib.DAHDI_RING)]
    bench.kernel.fresh()
    bench.kernel.channels[1].events = [lib.DAHDI_EVENT_RINGOFFHOOK]
    bench.step(hear=SILENCE)
    bench.card.order(0, lib.CARD_ORDER_RING, 0)
    assert bench.kernel.asked(lib.DAHDI_HOOK) == [(1, lib.DAHDI_OFFHOOK)], "fed for speech, and the ring trip takes that not away"
    bench.card.close()


def test_ringing_that_the_kernel_refuses_is_a_refused_order():
    bench = board(lib.DAHDI_SIG_FXOKS, "subscribers", 1)
    bench.kernel.refuse[lib.DAHDI_HOOK] = errno.ENODATA
    with pytest.raises(DahdiError):
        bench.card.order(0, lib.CARD_ORDER_RING, 1)
    assert bench.card.counters().refused_orders == 1
    bench.card.close()


def test_sound_for_a_telephone_on_hook_asks_for_transfer_only_in_pauses():
    bench = board(lib.DAHDI_SIG_FXOKS, "subscribers", 2)
    speech = bytes([0x20]) * TICK * 30
    bench.card.order(0, lib.CARD_ORDER_RING, 1)
    bench.kernel.fresh()
    bench.step(1, hear=SILENCE, sound=speech)
    assert bench.kernel.asked(lib.DAHDI_ONHOOKTRANSFER) == [(2, 1000)]
    bench.card.order(0, lib.CARD_ORDER_RING, 0)
    bench.step(100, hear=SILENCE, sound=speech)
    asked = bench.kernel.asked(lib.DAHDI_ONHOOKTRANSFER)
    assert asked.count((1, 1000)) == 2 and asked.count((2, 1000)) == 2
    bench.kernel.fresh()
    bench.step(200, hear=SILENCE)
    assert bench.kernel.asked(lib.DAHDI_ONHOOKTRANSFER) == [], "silence needs none"
    bench.card.close()


def test_a_board_without_transfer_is_asked_once():
    bench = board(lib.DAHDI_SIG_FXOKS, "subscribers", 1)
    bench.kernel.refuse[lib.DAHDI_ONHOOKTRANSFER] = errno.ENOTTY
    bench.step(300, hear=SILENCE, sound=bytes([0x20]) * TICK * 30)
    assert len(bench.kernel.asked(lib.DAHDI_ONHOOKTRANSFER)) == 1
    bench.card.close()


def test_feed_and_poles_of_a_telephone():
    bench = board(lib.DAHDI_SIG_FXOKS, "subscribers", 1)
    bench.kernel.channels[1].events = [lib.DAHDI_EVENT_RINGOFFHOOK]
    bench.step(hear=SILENCE)
    bench.kernel.fresh()
    bench.card.order(0, lib.CARD_ORDER_POLARITY, 1)
    assert bench.kernel.asked(lib.DAHDI_SETPOLARITY) == [(1, 1)] and bench.card.levels(0).reversed == 1
    bench.card.order(0, lib.CARD_ORDER_FEED, 0)
    bench.step(20, hear=SILENCE)
    assert bench.kernel.asked(lib.DAHDI_HOOK) == [(1, lib.DAHDI_ONHOOK)] and bench.card.levels(0).battery == 0
    bench.card.order(0, lib.CARD_ORDER_FEED, 1)
    bench.step(1, hear=SILENCE)
    assert bench.kernel.asked(lib.DAHDI_HOOK)[1:] == [(1, lib.DAHDI_OFFHOOK)] and bench.card.levels(0).battery == 1
    for kind in (lib.CARD_ORDER_METERING, lib.CARD_ORDER_MEASURE, lib.CARD_ORDER_LOOP):
        with pytest.raises(DahdiError):
            bench.card.order(0, kind, 1)
    bench.kernel.refuse[lib.DAHDI_SETPOLARITY] = errno.ENOTTY
    with pytest.raises(DahdiError):
        bench.card.order(0, lib.CARD_ORDER_POLARITY, 0)
    assert bench.card.levels(0).reversed == 1
    bench.card.close()


def test_loop_start_without_kewl_cannot_break_the_feed():
    bench = board(lib.DAHDI_SIG_FXOLS, "subscribers", 1)
    with pytest.raises(DahdiError):
        bench.card.order(0, lib.CARD_ORDER_FEED, 0)
    bench.card.close()


def test_an_exchange_line_rings_reverses_and_breaks():
    bench = board(lib.DAHDI_SIG_FXSKS, "offices", 2)
    channel = bench.kernel.channels[1]
    seen = []
    for events, off_hook in (
        ([lib.DAHDI_EVENT_RINGBEGIN], 1),
        ([lib.DAHDI_EVENT_RINGOFFHOOK], 1),
        ([lib.DAHDI_EVENT_POLARITY], 1),
        ([lib.DAHDI_EVENT_ONHOOK], 0),
        ([], 1),
    ):
        channel.events, channel.off_hook = list(events), off_hook
        seen += [(e.kind, e.value) for e in bench.step(hear=SILENCE)[1]]
    assert seen == [
        (lib.CARD_EVENT_RINGING, 1),
        (lib.CARD_EVENT_RINGING, 0),
        (lib.CARD_EVENT_POLARITY, 1),
        (lib.CARD_EVENT_BATTERY, 0),
        (lib.CARD_EVENT_BATTERY, 1),
    ]
    bench.card.close()


def test_an_exchange_line_over_bits_is_looked_at_while_something_happens():
    """The kernel tells no second ring within 2 s: bits do (A = 1 no feed, B = 0 ringing)."""
    bench = board(lib.DAHDI_SIG_FXSKS, "offices", 1)
    channel = bench.kernel.channels[1]
    channel.rx_bits, channel.events = 0b0000, [lib.DAHDI_EVENT_RINGBEGIN]
    seen = []
    for bits in (0b0000, 0b0101, 0xF0, 0b0101, 0b1111, 0b0101):
        channel.rx_bits = bits
        bench.step(20, hear=SILENCE)
        levels = bench.card.levels(0)
        seen.append((levels.ringing, levels.battery))
    assert seen == [(1, 1), (0, 1), (1, 1), (0, 1), (0, 0), (0, 1)]
    bench.kernel.fresh()
    bench.step(400, hear=SILENCE)
    bench.kernel.fresh()
    bench.step(16, hear=SILENCE)
    assert bench.kernel.asked(lib.DAHDI_GET_PARAMS) == [], "a line at rest is left alone"
    bench.card.close()


def test_an_exchange_line_is_seized_and_released():
    bench = board(lib.DAHDI_SIG_FXSKS, "offices", 1)
    bench.card.order(0, lib.CARD_ORDER_LOOP, 1)
    assert bench.card.levels(0).hook == 1
    bench.card.order(0, lib.CARD_ORDER_LOOP, 0)
    assert bench.kernel.asked(lib.DAHDI_HOOK) == [(1, lib.DAHDI_OFFHOOK), (1, lib.DAHDI_ONHOOK)]
    with pytest.raises(DahdiError):
        bench.card.order(0, lib.CARD_ORDER_GROUND, 1)
    bench.card.close()
    ground = board(lib.DAHDI_SIG_FXSGS, "offices", 1)
    ground.card.order(0, lib.CARD_ORDER_GROUND, 1)
    ground.card.order(0, lib.CARD_ORDER_LOOP, 1)
    ground.card.order(0, lib.CARD_ORDER_GROUND, 0)
    assert ground.kernel.asked(lib.DAHDI_HOOK) == [(1, lib.DAHDI_START), (1, lib.DAHDI_OFFHOOK)]
    ground.card.close()


def test_a_line_without_battery_has_an_alarm_of_its_own():
    bench = board(lib.DAHDI_SIG_FXSKS, "offices", 2)
    channel = bench.kernel.channels[2]
    channel.alarms, channel.events = lib.DAHDI_ALARM_RED, [lib.DAHDI_EVENT_ALARM]
    _, events = bench.step(hear=SILENCE)
    assert [(e.port, e.kind, e.value) for e in events] == [(1, lib.CARD_EVENT_BATTERY, 0)]
    channel.alarms, channel.off_hook, channel.events = 0, 1, [lib.DAHDI_EVENT_NOALARM]
    _, events = bench.step(hear=SILENCE)
    assert [(e.port, e.kind, e.value) for e in events] == [(1, lib.CARD_EVENT_BATTERY, 1)]
    bench.card.close()


def test_ear_and_mouth_channels_speak_in_the_bits_of_the_variant():
    bench = board(lib.DAHDI_SIG_EM, "circuits", 1, idle_bits=0b1101, busy_bits=0b0101)
    bench.kernel.channels[1].events = [lib.DAHDI_EVENT_RINGOFFHOOK]
    assert told(bench.step(hear=SILENCE)[1], lib.CARD_EVENT_BITS) == [(0, 0b0101)]
    bench.kernel.channels[1].events = [lib.DAHDI_EVENT_ONHOOK]
    assert told(bench.step(hear=SILENCE)[1], lib.CARD_EVENT_BITS) == [(0, 0b1101)]
    for bits in (0b0101, 0b1101):
        bench.card.order(0, lib.CARD_ORDER_BITS, bits)
    assert bench.kernel.asked(lib.DAHDI_HOOK) == [(1, lib.DAHDI_OFFHOOK), (1, lib.DAHDI_ONHOOK)]
    bench.card.close()


def test_a_clear_channel_carries_octets_and_nothing_else():
    bench = board(lib.DAHDI_SIG_CLEAR, "circuits", 1)
    heard, _ = bench.step(hear=0x00, sound=bytes(range(80)) * 30)
    assert of_port(heard, 0) == bytes(TICK) and bench.kernel.channels[1].sent[-1] == bytes(range(80))
    with pytest.raises(DahdiError):
        bench.card.order(0, lib.CARD_ORDER_BITS, 1)
    bench.card.close()


@pytest.mark.parametrize("signalling", ["DAHDI_SIG_HDLCFCS", "DAHDI_SIG_MTP2"])
def test_frames_go_both_ways_beside_the_circuits(signalling):
    kernel = Kernel()
    kernel.add(E1, lib.DAHDI_SIG_CLEAR)
    kernel.add([16], getattr(lib, signalling))
    bench = Bench(kernel, DahdiSettings(first_channel=1, frames_channel=16))
    bench.step(hear=SILENCE)
    kernel.channels[16].received = [b"\x00\x01\x7f\xaa\xbb", b"\x02\x03\xcc\xdd"]
    bench.card.send_frame(b"\x08\x00\x00")
    bench.step(hear=SILENCE)
    assert [bench.card.take_frame() for _ in range(3)] == [b"\x00\x01\x7f", b"\x02\x03", None]
    assert kernel.channels[16].sent == [b"\x08\x00\x00\x00\x00"], "two octets for the check sequence, which the kernel fills"
    kernel.channels[16].events = [lib.DAHDI_EVENT_ABORT, lib.DAHDI_EVENT_OVERRUN, lib.DAHDI_EVENT_BADFCS]
    kernel.channels[16].received = [b"\x01\x02\x03"]
    bench.step(hear=SILENCE)
    counters = bench.card.counters()
    assert (counters.frame_aborts, counters.frame_overruns, counters.frame_bad_checks) == (1, 1, 1)
    assert (counters.frames_received, counters.frames_sent, counters.frames_lost) == (3, 1, 0)
    assert bench.card.take_frame() == b"\x01"
    bench.card.close()


def test_frames_that_have_no_room_are_lost_or_refused():
    kernel = Kernel()
    kernel.add([1], lib.DAHDI_SIG_CLEAR)
    kernel.add([2], lib.DAHDI_SIG_HDLCFCS)
    bench = Bench(kernel, DahdiSettings(first_channel=1, channels=2, frames_channel=2))
    kernel.channels[2].full = True
    bench.step()
    for _ in range(32):
        bench.card.send_frame(b"x" * 508)
    for frame in (b"x", b"x" * 509, b""):
        with pytest.raises(DahdiError):
            bench.card.send_frame(frame)
    kernel.channels[2].received = [b"frame"] * 40
    bench.step(4)
    assert bench.card.counters().frames_lost == 8
    kernel.channels[2].full = False
    bench.step(4)
    assert len(kernel.channels[2].sent) == 32
    bench.card.close()
    without = board(lib.DAHDI_SIG_CLEAR, "circuits", 1)
    with pytest.raises(DahdiError):
        without.card.send_frame(b"x")
    assert without.card.take_frame() is None
    without.card.close()


def test_the_report_has_what_the_driver_counts(trunk):
    trunk.kernel.counters = {"bpvcount": 1, "crc4count": 2, "ebitcount": 3, "fascount": 4, "errsec": 5, "syncsrc": 1, "totalchans": 31}
    trunk.kernel.alarms = lib.DAHDI_ALARM_LOOPBACK | lib.DAHDI_ALARM_RECOVER
    trunk.card.mend()
    report = trunk.card.report()
    assert (report.present, report.number, report.name, report.channels) == (1, 1, "TEST/0", 31)
    assert (report.bipolar_violations, report.crc4_errors, report.e_bits, report.fas_errors) == (1, 2, 3, 4)
    assert (report.errored_seconds, report.timing_source, report.looped, report.recovering, report.alarms) == (5, 1, 1, 1, 0)


@pytest.mark.parametrize(
    ("order", "command"),
    [
        ("normal", "DAHDI_MAINT_NONE"),
        ("loop-local", "DAHDI_MAINT_LOCALLOOP"),
        ("loop-line", "DAHDI_MAINT_NETWORKLINELOOP"),
        ("loop-payload", "DAHDI_MAINT_NETWORKPAYLOADLOOP"),
        ("pattern", "DAHDI_MAINT_PRBS"),
        ("reset-counters", "DAHDI_RESET_COUNTERS"),
        ("one-fas-error", "DAHDI_MAINT_FAS_DEFECT"),
        ("one-crc4-error", "DAHDI_MAINT_CRC_DEFECT"),
    ],
)
def test_maintenance_is_ordered_of_the_control_node(trunk, order, command):
    trunk.kernel.fresh()
    trunk.card.maintain(order)
    assert trunk.kernel.maintained == [(1, getattr(lib, command))]
    assert [call[0] for call in trunk.kernel.calls] == ["open", lib.DAHDI_MAINT, "close"]
    assert trunk.kernel.calls[0][1] == "/dev/dahdi/ctl"
    trunk.kernel.refuse[lib.DAHDI_MAINT] = errno.ENOSYS
    with pytest.raises(DahdiError, match="refused"):
        trunk.card.maintain(order)
    assert len(trunk.kernel.opened) == 30


def test_one_channel_is_looped(trunk):
    trunk.card.loop_channel(15)
    assert trunk.kernel.asked(lib.DAHDI_LOOPBACK) == [(17, 1)]
    with pytest.raises(DahdiError):
        trunk.card.loop_channel(30)


def test_without_the_device_node_nothing_is_there_and_nothing_breaks():
    kernel = Kernel()
    kernel.refuse["open"] = errno.ENOENT
    bench = Bench(kernel, DahdiSettings(first_channel=1, frames_channel=16))
    bench.step(3)
    assert not bench.card.mend() and len(bench.card.missing()) == 30
    assert bench.card.levels(7).alarms == lib.CARD_ALARM_LOS
    assert bench.card.report().present == 0
    bench.card.close()
