"""Lines on DAHDI channels (drivers/dahdi.h) on a kernel that is played: telephones, exchange lines, tie lines, clear ones, frames."""

import errno

import pytest
from pbx._plane import lib

if not hasattr(lib, "dahdi_create"):
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

from drivers.dahdi import Dahdi, DahdiError, DahdiSettings
from pbx.media import Layout, Plane
from pbx.vocabulary.media import Disarm, Loop, SendPulses
from tests.drivers.dahdi_kernel import E1, SILENCE, TICK, Bench, Kernel, board, of_port, told


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
        assert kernel.channels[1].times == (3, 1, 1)
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


def test_a_telephone_whose_release_no_event_told_is_found_on_hook():
    bench = board(lib.DAHDI_SIG_FXOKS, "subscribers", 1)
    channel = bench.kernel.channels[1]
    for cut in (False, True):
        channel.events = [lib.DAHDI_EVENT_RINGOFFHOOK]
        bench.step(hear=SILENCE)
        if cut:
            bench.card.order(0, lib.CARD_ORDER_FEED, 0)
        channel.off_hook = 0
        value, waited = bench.until(lib.CARD_EVENT_HOOK)
        assert value == 0 and (waited < 2 if cut else waited <= 100)
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
    assert bench.kernel.channels[1].times == (1, 1, 1), "above 2 the kernel tells our own seizure as one of the far end"
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
    bench = Bench(kernel, DahdiSettings(first_channel=1, signalling_channels=(16,)))
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
    faults = [lib.CARD_FRAME_ABORTED, lib.CARD_FRAME_OVERRUN, lib.CARD_FRAME_BAD_CHECK]
    assert [bench.card.take_frame() for _ in range(5)] == [*faults, b"\x01", None], "faults stand in their order among the frames"
    bench.card.close()


def test_frames_that_have_no_room_are_lost_or_refused():
    kernel = Kernel()
    kernel.add([1], lib.DAHDI_SIG_CLEAR)
    kernel.add([2], lib.DAHDI_SIG_HDLCFCS)
    bench = Bench(kernel, DahdiSettings(first_channel=1, channels=2, signalling_channels=(2,)))
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


def links(*slots, **more):
    """An E1 with signalling channels in these time slots, the others clear."""
    kernel = Kernel()
    kernel.add([slot for slot in range(1, 32) if slot not in slots], lib.DAHDI_SIG_CLEAR)
    kernel.add(slots, lib.DAHDI_SIG_MTP2)
    bench = Bench(kernel, DahdiSettings(first_channel=1, signalling_channels=slots, **more))
    bench.step(hear=SILENCE)
    return bench


def test_several_signalling_channels_stand_in_any_slot_and_sound_goes_on_beside_them():
    bench = links(31, 5, 16)
    assert bench.card.missing() == {} and len(bench.card.links) == 3
    bench.kernel.fresh()
    for link, slot in enumerate((5, 16, 31)):
        bench.kernel.channels[slot].received = [bytes([slot]) * 6]
        bench.card.send_frame(bytes([link]), link)
    heard, _ = bench.step(hear=0x2A)
    assert [bench.card.take_frame(link) for link in range(4)] == [b"\x05" * 4, b"\x10" * 4, b"\x1f" * 4, None]
    assert [bench.kernel.channels[slot].sent[-1][0] for slot in (5, 16, 31)] == [0, 1, 2]
    quiet = {port for port in range(30) if of_port(heard, port) == bytes([SILENCE]) * TICK}
    assert quiet == {4, 29}, "the ports of these slots are nobody's"
    assert bench.card.state(4) == bench.card.state(29) == "a signalling channel"
    assert bench.card.levels(4).alarms == lib.CARD_ALARM_LOS and bench.card.levels(5).alarms == 0
    with pytest.raises(DahdiError):
        bench.card.send_frame(b"x", 3)
    bench.card.close()


def test_a_signalling_channel_that_cannot_be_had_is_named_and_comes_when_it_can():
    kernel = Kernel()
    kernel.add(E1, lib.DAHDI_SIG_CLEAR)
    kernel.add([16], lib.DAHDI_SIG_HDLCFCS)
    kernel.channels[16].busy = True
    kernel.channels[17].signalling = lib.DAHDI_SIG_CAS
    bench = Bench(kernel, DahdiSettings(first_channel=1, signalling_channels=(16, 17)))
    assert bench.card.missing() == {16: "in use by another program", 17: "configured as something else"}
    bench.step(20, hear=SILENCE)
    with pytest.raises(DahdiError):
        bench.card.send_frame(b"nobody is there")
    kernel.channels[16].busy = False
    bench.card.mend()
    bench.step(20, hear=SILENCE)
    bench.card.send_frame(b"now")
    bench.step(hear=SILENCE)
    assert kernel.channels[16].sent == [b"now\x00\x00"]
    bench.card.close()


def test_frames_that_waited_when_the_span_was_pulled_are_not_sent_when_it_is_back():
    bench = links(16)
    channel = bench.kernel.channels[16]
    channel.full = True
    for _ in range(3):
        bench.card.send_frame(b"old")
    bench.step(hear=SILENCE)
    bench.kernel.pull(range(1, 32))
    bench.step(2)
    assert bench.card.counters().removals == 1 and not bench.card.mend()
    for gone in bench.kernel.channels.values():
        gone.gone = gone.full = False
    assert bench.card.mend()
    bench.step(20, hear=SILENCE)
    bench.card.send_frame(b"new")
    bench.step(hear=SILENCE)
    assert channel.sent == [b"new\x00\x00"]
    bench.card.close()


def test_at_rest_a_signalling_channel_costs_one_call_a_tick():
    bench = links(3, 16)
    bench.step(hear=SILENCE)
    bench.kernel.fresh()
    bench.step(16, hear=SILENCE)
    assert len(bench.kernel.calls) == 16 * ((5 if bench.card.at_once else 2 * 29) + 2) + 1
    bench.card.close()


def test_a_flood_of_units_is_lost_in_part_and_counted_and_the_tick_goes_on():
    bench = links(16)
    bench.kernel.channels[16].received = [b"\x80\x80\x00cc"] * 1000
    for _ in range(40):
        bench.step(hear=SILENCE)
        while bench.card.take_frame() is not None:
            pass
    counters = bench.card.counters()
    assert (counters.frames_received, counters.frames_lost) == (16 * 40, 0), "no more than a tick can take"
    bench.step(30, hear=SILENCE)
    counters = bench.card.counters()
    assert (counters.frames_received, counters.frames_lost) == (1000, 360 - 32), "the ring is full, and what is beyond is counted"


class Dialling:
    """A plane whose only port is an exchange line on a played kernel, with its loop closed."""

    def __init__(self, **settings):
        self.bench = board(lib.DAHDI_SIG_FXSKS, "offices", 1, **settings)
        self.kernel, self.channel = self.bench.kernel, self.bench.kernel.channels[1]
        self.plane, self.tick = Plane.create(Layout(ports=32, events=256)), 1
        self.plane.add_card(self.bench.card.card)
        self.plane.configure_port(0, "fxo")
        self.order(Loop(True))
        self.kernel.fresh()

    def order(self, command, ticks=1):
        self.plane.send(0, command)
        self.run(ticks)

    def run(self, ticks):
        for _ in range(ticks):
            self.plane.tick(self.tick)
            self.tick += 1

    def writes(self):
        return sum(what == "write" for what, *_ in self.kernel.calls)

    def hooks(self):
        return [value for _, value in self.kernel.asked(lib.DAHDI_HOOK)]


def test_the_kernel_dials_and_nobody_writes_until_it_has():
    line = Dialling()
    line.order(SendPulses((1, 10, 3), 61, 39, 700))
    assert line.channel.dialled == ["P1", "P0", "P3"]
    assert line.channel.pulses == (61, 39, 661), "the kernel ends its last make before the pause"
    assert len(line.kernel.asked(lib.DAHDI_SET_PARAMS)) == 1
    line.run(100)
    assert (line.writes(), line.hooks()) == (0, []), "a block written would end it"
    line.channel.events = [lib.DAHDI_EVENT_DIALCOMPLETE]
    line.run(3)
    assert line.writes() == 3
    assert line.bench.card.counters().unknown_events == 0


def test_a_kernel_that_never_says_that_it_has_dialled_is_not_waited_for():
    line = Dialling()
    line.order(SendPulses((2,), 61, 39, 700))
    line.run(400)
    assert 0 < line.writes() < 400


@pytest.mark.parametrize("end", [Loop(False), Disarm()])
def test_an_order_to_the_loop_ends_what_the_kernel_dials(end):
    line = Dialling()
    line.order(SendPulses((2, 2), 61, 39, 700))
    line.order(end)
    assert line.hooks() == [lib.DAHDI_ONHOOK if isinstance(end, Loop) else lib.DAHDI_OFFHOOK]
    line.run(2)
    assert line.writes() == 3


def test_without_a_tone_zone_pulses_are_made_at_our_ticks():
    line = Dialling()
    line.kernel.refuse[lib.DAHDI_DIAL] = errno.ENODATA
    line.order(SendPulses((2,), 60, 40, 700), 60)
    assert line.hooks() == [lib.DAHDI_ONHOOK, lib.DAHDI_OFFHOOK] * 2
    assert line.bench.card.counters().refused_orders == 0


def test_a_digit_that_the_kernel_does_not_take_behind_others_is_refused():
    line = Dialling()
    line.order(SendPulses((2,), 60, 40, 700))
    line.kernel.refuse[lib.DAHDI_DIAL] = errno.EBUSY
    line.order(SendPulses((2,), 60, 40, 700), 60)
    assert line.hooks() == []
    assert line.plane.counters()["rejected_commands"] == 1


def test_a_card_that_is_told_not_to_dial_leaves_it_to_the_plane():
    line = Dialling(dials=False)
    line.order(SendPulses((1,), 60, 40, 700), 30)
    assert (line.channel.dialled, line.hooks()) == ([], [lib.DAHDI_ONHOOK, lib.DAHDI_OFFHOOK])


@pytest.mark.parametrize(
    ("lamp", "kind"),
    [("none", None), ("reversal", "DAHDI_VMWI_LREV"), ("high-voltage", "DAHDI_VMWI_HVDC"), ("neon", "DAHDI_VMWI_HVAC")],
)
def test_the_lamp_of_waiting_messages_is_fed_as_configured(lamp, kind):
    bench = board(lib.DAHDI_SIG_FXOKS, "subscribers", 1, message_lamp=lamp)
    channel = bench.kernel.channels[1]
    assert channel.lamp == (kind and getattr(lib, kind))
    for on in (1, 0):
        bench.card.order(0, lib.CARD_ORDER_LAMP, on)
        assert channel.lit == on
    bench.kernel.refuse[lib.DAHDI_VMWI] = errno.ENOTTY
    with pytest.raises(DahdiError):
        bench.card.order(0, lib.CARD_ORDER_LAMP, 1)
    assert bench.card.counters().refused_orders == 1
    bench.card.close()


def test_a_lamp_is_lit_again_when_its_board_is_back():
    bench = board(lib.DAHDI_SIG_FXOKS, "subscribers", 1, message_lamp="neon")
    channel = bench.kernel.channels[1]
    bench.card.order(0, lib.CARD_ORDER_LAMP, 1)
    channel.gone, channel.lit = True, None
    bench.step(2)
    bench.card.mend()
    channel.gone = False
    assert bench.card.mend()
    bench.step(20, hear=SILENCE)
    assert channel.lit == 1
    bench.card.close()
