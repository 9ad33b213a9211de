"""Speech in time slot 16: 31 ports in the order of time slots on the simulated wire, in its frames and tokens, and on DAHDI's channels."""

import random

import pytest
from pbx._plane import lib

from drivers.dahdi import AVAILABLE, Dahdi, DahdiError, DahdiSettings
from drivers.impairments import Impairments
from drivers.wire import SpanSettings, SpanTerminal, TokenChange, Wire, WireError, join
from tests.drivers.dahdi_kernel import SILENCE, TICK, Bench, Kernel, of_port, told

SPEECH = SpanSettings(speech_in_slot_16=True)
BITS = SpanSettings()
QUIET = bytes([0xD5]) * TICK
LOMF = lib.CARD_ALARM_LOMF
needs_dahdi = pytest.mark.skipif(not AVAILABLE, reason="built without DAHDI's header")


def pair(*spans, tokens=False, far=None):
    a, b = Wire(spans, tokens), Wire(far or spans, tokens)
    for span in range(len(spans)):
        join((a, span), (b, span))
    return a, b


def step(tick, *wires, say=()):
    """Read all, then write all; what each read: sound and events."""
    found = [wire.read(tick) for wire in wires]
    for wire, sound in zip(wires, [*say, *[None] * len(wires)], strict=False):
        wire.write(tick, sound)
    return found


def test_the_octets_of_time_slot_16_are_those_of_port_15():
    near, far = SpanTerminal(speech_in_slot_16=True), SpanTerminal(speech_in_slot_16=True)
    sound = random.Random(1).randbytes(31 * TICK)
    block = near.give(sound)
    for frame in range(TICK):
        octets = block[frame * 32 : frame * 32 + 32]
        assert octets[1:] == bytes(sound[port * TICK + frame] for port in range(31)), "time slot n + 1 is port n"
    events = []
    for _ in range(10):
        heard, told_now = far.take(near.give(sound))
        near.take(far.give())
        events += [event for event in told_now if event.kind == lib.CARD_EVENT_BITS]
    assert heard == sound and events == []
    assert near.alarms == far.alarms == 0, "no multiframe, so none is lost"
    with pytest.raises(WireError):
        near.order(31, 0)


def test_all_31_are_heard_where_they_belong_both_ways_and_across_spans():
    """Spans of 30 and of 31 on one card: each has its own ports behind those of the one before."""
    a, b = pair(BITS, SPEECH, SPEECH, BITS)
    assert a.ports == 30 + 31 + 31 + 30
    generator = random.Random(2)
    before = None
    for tick in range(20):
        heard = step(tick, a, b, say=(said := [generator.randbytes(a.ports * TICK) for _ in range(2)]))
        if before:
            assert [sound for sound, _ in heard] == before[::-1]
        assert [events for _, events in heard] == [[], []]
        before = said
    assert {a.alarms(span) for span in range(4)} == {0}


def test_bits_alarms_and_levels_belong_to_the_port_of_their_span():
    a, b = pair(BITS, SPEECH, BITS)
    step(0, a, b)
    a.read(1), b.read(1)
    a.order(29, lib.CARD_ORDER_BITS, 0b0011)
    a.order(61, lib.CARD_ORDER_BITS, 0b0101)
    a.order(45, lib.CARD_ORDER_BITS, 0b0001)
    a.write(1), b.write(1)
    seen = [(e.port, e.value) for tick in range(2, 6) for e in step(tick, a, b)[1][1]]
    assert sorted(seen) == [(29, 0b0011), (61, 0b0101)], "in time slot 16 of the span between them there are no bits"
    assert (b.level(29)[0], b.level(61)[0]) == (0b0011, 0b0101)
    a.faults(1, "sent").cut()
    alarms = [e for tick in range(6, 12) for e in step(tick, a, b)[1][1] if e.kind == lib.CARD_EVENT_ALARM]
    assert sorted({e.port for e in alarms}) == list(range(30, 61))
    assert b.level(60)[4] == lib.CARD_ALARM_LOS and b.level(29)[4] == b.level(61)[4] == 0
    for port in (-1, 91):
        with pytest.raises(WireError):
            b.level(port)


def test_a_far_end_with_line_signals_there_is_heard_as_sound_and_misses_our_multiframe():
    a, b = pair(SPEECH, far=[BITS])
    for tick in range(20):
        (heard, _), _ = step(tick, a, b)
    assert a.alarms(0) == 0 and b.alarms(0) == LOMF
    assert of_port(heard, 15) != QUIET and of_port(heard, 14) == of_port(heard, 16) == QUIET


@pytest.mark.parametrize("slot", [1, 15, 17, 31])
def test_a_signalling_channel_in_another_slot_leaves_16_to_speech(slot):
    a, b = pair(SpanSettings(speech_in_slot_16=True, signalling_channels=(slot,)))
    a.send_frame(b"what a frame says")
    sound = random.Random(3).randbytes(31 * TICK)
    frames = []
    for tick in range(10):
        _, (heard, events) = step(tick, a, b, say=(sound, sound))
        assert events == []
        while (frame := b.take_frame()) is not None:
            frames.append(frame)
    assert frames == [b"what a frame says"]
    for port in range(31):
        assert of_port(heard, port) == (QUIET if port == slot - 1 else of_port(sound, port)), port


def test_slips_and_silence_reach_port_30():
    a, b = pair(SPEECH)
    said = [bytes((octet + tick) % 256 for octet in range(TICK)) * 31 for tick in range(4)]
    step(0, a, b, say=said[:1])
    b.faults(0).slip(repeated=True, offset=10)
    _, (heard, events) = step(1, a, b, say=said[1:])
    assert told(events, lib.CARD_EVENT_SLIP) == [(port, 1) for port in range(31)]
    assert of_port(heard, 30) == of_port(heard, 15) != of_port(said[0], 30)
    a.faults(0, "sent").cut()
    for tick in range(2, 6):
        _, (heard, _) = step(tick, a, b, say=said[3:])
    assert heard == QUIET * 31


def test_the_line_is_quiet_only_when_time_slot_16_is():
    a, b = pair(SPEECH)
    loud = QUIET * 15 + bytes([0x2A]) * TICK + QUIET * 15
    for tick in range(20):
        step(tick, a, b)
    assert a.quiet() and b.quiet()
    step(20, a, b, say=[loud])
    assert not a.quiet() and not b.quiet()


def test_impairments_of_time_slots_16_and_31():
    a, b = pair(BITS, SPEECH)
    b.impair(45, "received", Impairments(loss_db=20))
    b.impair(60, "received", Impairments(crosstalk_from=15, crosstalk_loss_db=0))
    with pytest.raises(ValueError, match="no neighbour of its own"):
        b.impair(45, "received", Impairments(crosstalk_from=15))
    with pytest.raises(ValueError, match="no such port or neighbour"):
        b.impair(29, "received", Impairments(crosstalk_from=30))
    loud = QUIET * 45 + bytes([0x2A, 0xAA]) * (TICK // 2) + QUIET * 15
    for tick in range(3):
        _, (heard, _) = step(tick, a, b, say=[loud])
    assert of_port(heard, 45) not in (of_port(loud, 45), QUIET)
    assert of_port(heard, 60) != QUIET and of_port(heard, 59) == QUIET


def test_tokens_of_31_ports():
    a, b = pair(BITS, SPEECH, tokens=True)
    for tick in range(4):
        a.read(tick), b.read(tick)
        assert [port for port in range(61) if b.heard(port)] == ([30, 45, 60] if tick == 2 else [])
        if tick == 1:
            for port in (30, 45, 60):
                a.say(port, [TokenChange(port, 0x100 + port, -100)])
        if tick == 2:
            assert [b.heard(port)[0].code for port in (30, 45, 60)] == [0x100 + port for port in (30, 45, 60)]
        a.write(tick), b.write(tick)
    a, b = Wire([SPEECH], tokens=True), Wire([BITS], tokens=True)
    with pytest.raises(WireError, match="tokens of 30 ports to 31"):
        join((a, 0), (b, 0))


@pytest.mark.parametrize("more", [{"signalling_channels": (1, 16)}, {"clear_channel": True}])
def test_what_time_slot_16_cannot_be_at_once(more):
    with pytest.raises(WireError, match="speech or frames, not both"):
        Wire([SpanSettings(speech_in_slot_16=True, **more)])


# DAHDI: port n is channel n + 1 of the span.


def e1(*links):
    kernel = Kernel()
    kernel.add([slot for slot in range(1, 32) if slot not in links], lib.DAHDI_SIG_CLEAR)
    kernel.add(links, lib.DAHDI_SIG_MTP2)
    bench = Bench(kernel, DahdiSettings(first_channel=1, signalling_channels=links, speech_in_slot_16=True))
    bench.step(hear=SILENCE)
    return bench


@needs_dahdi
@pytest.mark.parametrize("link", [None, 1, 31])
def test_31_channels_of_an_e1_are_31_ports(link):
    bench = e1(*([] if link is None else [link]))
    assert bench.card.missing() == {}
    said = bytes(octet for slot in range(1, 32) for octet in [slot] * TICK)
    for number, channel in bench.kernel.channels.items():
        if number != link:
            channel.received = [bytes([0x80 + number]) * TICK]
    heard, _ = bench.step(sound=said)
    bench.step(hear=SILENCE, sound=said)
    for port in range(31):
        number = port + 1
        assert of_port(heard, port) == bytes([SILENCE if number == link else 0x80 + number]) * TICK
        if number != link:
            assert bench.kernel.channels[number].sent[-1] == bytes([number]) * TICK
            assert bench.card.state(port) == "in use"
    with pytest.raises(DahdiError):
        bench.card.state(31)
    bench.card.close()


@needs_dahdi
def test_alarms_of_the_span_are_told_for_all_31():
    bench = e1()
    bench.kernel.alarms = lib.DAHDI_ALARM_RED
    for channel in bench.kernel.channels.values():
        channel.events.append(lib.DAHDI_EVENT_ALARM)
    seen = []
    for _ in range(40):
        seen += told(bench.step(hear=SILENCE)[1], lib.CARD_EVENT_ALARM)
    assert [port for port, value in seen if value] == list(range(31))
    assert bench.card.levels(30).alarms
    bench.card.close()


@needs_dahdi
def test_a_channel_16_that_is_not_set_up_is_named():
    kernel = Kernel()
    kernel.add([number for number in range(1, 32) if number != 16], lib.DAHDI_SIG_CLEAR)
    bench = Bench(kernel, DahdiSettings(first_channel=1, speech_in_slot_16=True))
    bench.step(hear=SILENCE)
    assert bench.card.missing() == {16: "not configured in DAHDI"}
    heard, _ = bench.step(hear=0x2A)
    assert of_port(heard, 15) == bytes([SILENCE]) * TICK and of_port(heard, 16) == bytes([0x2A]) * TICK
    bench.card.close()


@needs_dahdi
def test_31_channels_that_were_held_are_adopted():
    kernel = Kernel()
    kernel.add(range(1, 32), lib.DAHDI_SIG_CLEAR)
    kept = {number: kernel.hold(number) for number in range(1, 32)}
    with Dahdi(Bench.as_chosen(DahdiSettings(first_channel=1, speech_in_slot_16=True)), kernel.table, kept=kept) as card:
        assert card.adopted == set(range(1, 32)) and card.missing() == {}
        kernel.channels[16].hear(0x2A)
        card.read(0)
        card.write(0, b"".join(bytes([port]) * TICK for port in range(31)))
        assert kernel.channels[16].sent[-1] == bytes([15]) * TICK


@needs_dahdi
@pytest.mark.parametrize("wrong", [{"channels": 30}, {"signalling_channels": (16,)}])
def test_a_board_or_a_link_there_has_no_31_ports(wrong):
    with pytest.raises(DahdiError, match="out of range"):
        Bench(Kernel(), DahdiSettings(first_channel=1, speech_in_slot_16=True, **wrong))
