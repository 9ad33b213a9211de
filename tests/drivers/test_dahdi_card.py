"""The card on DAHDI channels (drivers/dahdi.h) on a kernel that is played: what it asks, in what order, and what it makes of answers."""

import errno

import pytest
from pbx._plane import lib

if not hasattr(lib, "dahdi_create"):
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

from drivers.dahdi import Dahdi, DahdiError, DahdiSettings
from tests.drivers.dahdi_kernel import E1, IDLE, SILENCE, TICK, Bench, Kernel, board, of_port, told


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


def test_a_circuit_is_opened_in_this_order():
    kernel = Kernel()
    kernel.add([5], lib.DAHDI_SIG_CAS)
    with Dahdi(DahdiSettings(first_channel=5, channels=1, idle_bits=IDLE), kernel.table):
        assert kernel.calls[:13] == [
            ("open", "/dev/dahdi/channel", None),
            (lib.DAHDI_SPECIFY, None, 5),
            (lib.DAHDI_GET_PARAMS, 5, 0),
            (lib.DAHDI_SET_BUFINFO, 5, lib.DAHDI_POLICY_HALF_FULL),
            (lib.DAHDI_ECHOCANCEL, 5, 0),
            (lib.DAHDI_TONEDETECT, 5, 0),
            (lib.DAHDI_DIAL, 5, lib.DAHDI_DIAL_OP_CANCEL),
            (lib.DAHDI_SETLAW, 5, lib.DAHDI_LAW_ALAW),
            (lib.DAHDI_SETTXBITS, 5, IDLE),
            (lib.DAHDI_GETRXBITS, 5, 0),
            (lib.DAHDI_FLUSH, 5, lib.DAHDI_FLUSH_ALL),
            (lib.DAHDI_SPANSTAT, 5, 0),
        ]


def test_sound_begins_with_the_first_tick_and_what_happened_since_the_opening_is_told_then():
    kernel = Kernel()
    kernel.add([5], lib.DAHDI_SIG_CAS)
    bench = Bench(kernel, DahdiSettings(first_channel=5, channels=1, idle_bits=IDLE))
    kernel.channels[5].hear(0x11)
    kernel.channels[5].bits = 0b0101
    kernel.channels[5].events = [lib.DAHDI_EVENT_BITSCHANGED]
    kernel.fresh()
    heard, events = bench.step()
    assert [what for what, _, _ in kernel.calls][:2] == [lib.DAHDI_FLUSH, lib.DAHDI_BUFFER_EVENTS]
    assert of_port(heard, 0) == bytes([SILENCE]) * TICK and told(events, lib.CARD_EVENT_BITS) == [(0, 0b0101)]
    bench.card.close()


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


def test_system_calls_of_a_tick_are_two_a_channel_or_four_in_all_and_one_look_in_sixteen(trunk):
    trunk.kernel.fresh()
    before = trunk.card.counters()
    trunk.step(32, hear=SILENCE)
    after = trunk.card.counters()
    each = 5 if trunk.card.at_once else 60
    assert after.system_calls - before.system_calls == len(trunk.kernel.calls) == 32 * each + 2
    kinds = {"read", "write", "poll", *({"transfer"} if trunk.card.at_once else ())}
    assert {what for what, _, _ in trunk.kernel.calls} == kinds
    assert after.starved == before.starved and after.failures == 0


def test_blocks_are_moved_one_by_one_when_the_kernel_cannot_move_them_together(trunk):
    trunk.kernel.transfers = False
    sound = b"".join(bytes([port]) * TICK for port in range(30))
    heard, _ = trunk.step(3, hear=0x33, sound=sound)
    assert heard == bytes([0x33]) * TICK * 30
    assert [trunk.kernel.channels[number].sent[-1][0] for number in E1] == list(range(30))
    assert not trunk.card.at_once and trunk.card.counters().failures == 0


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
    assert len(trunk.kernel.calls) == (8 if trunk.card.at_once else 63)


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
    trunk.kernel.fresh()
    trunk.card.write(trunk.tick)
    assert trunk.kernel.calls == [("write", 1, TICK)]
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
    trunk.kernel.fresh()
    trunk.step(hear=SILENCE)
    assert sorted(trunk.kernel.written()) == [number for number in E1 if number != 17]
    trunk.card.loop_channel(15, False)
    trunk.kernel.fresh()
    trunk.step(hear=SILENCE)
    assert sorted(trunk.kernel.written()) == E1
    with pytest.raises(DahdiError):
        trunk.card.loop_channel(30)


def test_without_the_device_node_nothing_is_there_and_nothing_breaks():
    kernel = Kernel()
    kernel.refuse["open"] = errno.ENOENT
    bench = Bench(kernel, DahdiSettings(first_channel=1, signalling_channels=(16,)))
    bench.step(3)
    assert not bench.card.mend() and len(bench.card.missing()) == 31
    assert bench.card.levels(7).alarms == lib.CARD_ALARM_LOS
    assert bench.card.report().present == 0
    bench.card.close()
