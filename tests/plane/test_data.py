"""Octets of a modem and line tests through the plane: caller identity on sound and on tokens, armed, cut short; bit errors counted."""

import pytest
from pbx._plane import lib

from pbx.error_performance import ErrorPerformance
from pbx.signalling.analog.caller_identity import Call, Decoder, FskPresentation, commands, load_presentations
from pbx.sound_file import decode_alaw
from pbx.vocabulary import media, tones
from pbx.vocabulary.media import RECEIVE_CALLER_IDENTITY, RECEIVE_DTMF, TEST_PATTERNS, LineTested
from tests.dsp.data_sounds import hear_fsk
from tests.plane.rig import Pair, kinds_on_port, on_port

ON, OFF, SENT = media.Octet(media.OCTET_CARRIER_ON), media.Octet(media.OCTET_CARRIER_OFF), media.Octet(media.OCTETS_SENT)
CALL = Call(date_time="11221830", number="13800138000", name="ZHANG")


def octets_of(events):
    return bytes(e.value for e in events if isinstance(e, media.Octet) and e.value < 0x100)


@pytest.mark.parametrize("with_tokens", [False, True])
@pytest.mark.parametrize("name", [n for n, p in load_presentations().items() if isinstance(p, FskPresentation)])
def test_caller_identity_from_exchange_to_exchange(name, with_tokens):
    way = load_presentations()[name]
    assert isinstance(way, FskPresentation)
    call = CALL if way.form == "multiple" else Call(date_time="11221830", number="13800138000")
    pair = Pair(with_tokens)
    pair.near.send(4, media.Listen(RECEIVE_CALLER_IDENTITY))
    pair.near.send(5, media.Listen(RECEIVE_CALLER_IDENTITY))
    pair.run(5)
    (command,) = commands(call, way)
    pair.far.send(4, command)
    pair.run_jumping(150)
    heard = kinds_on_port(pair.near_events, 4)
    assert heard[0] == ON and heard[-1] == OFF and all(isinstance(e, media.Octet) for e in heard)
    assert Decoder(way.encoding).feed(octets_of(heard)) == [call]
    assert kinds_on_port(pair.far_events, 4) == [SENT] and kinds_on_port(pair.near_events, 5) == []


def test_octets_come_at_the_same_times_on_sound_and_tokens():
    times = {}
    for with_tokens in (False, True):
        pair = Pair(with_tokens)
        pair.near.send(4, media.Listen(RECEIVE_CALLER_IDENTITY))
        pair.run(5)
        pair.far.send(4, media.SendOctets(0, bytes(range(32, 72)), 0, 80, 10, at=0.1001))
        pair.run(80)
        heard = on_port(pair.near_events, 4)
        times[with_tokens] = [time for time, event in heard if event.value < 0x100]
        (sent,) = [time for time, _ in on_port(pair.far_events, 4)]
        assert sent == pytest.approx(0.1001 + (80 + 400 + 10) / 1200, abs=0.0003)
    assert len(times[False]) == len(times[True]) == 40
    assert times[False] == pytest.approx(times[True], abs=0.0005)


@pytest.mark.parametrize("with_tokens", [False, True])
def test_an_armed_message_leaves_when_its_event_has_come(with_tokens):
    """Off-hook caller identity: the telephone answers the alert with D, the message follows at once, whatever control is doing."""
    pair = Pair(with_tokens)
    pair.near.send(4, media.Listen(RECEIVE_CALLER_IDENTITY))
    pair.far.send(4, media.Listen(RECEIVE_DTMF))
    message = media.SendOctets(0, b"caller", 0, 80)
    pair.far.send(4, media.Armed(media.Digit("D"), message, 800, 10.0))
    pair.run(20)
    assert octets_of(kinds_on_port(pair.near_events, 4)) == b""
    pair.near.send(4, media.SendDigits("D", 80, 50))
    pair.run(60)
    assert octets_of(kinds_on_port(pair.near_events, 4)) == b"caller"
    (digit, _), *_ = on_port(pair.far_events, 4)
    begun = next(time for time, event in on_port(pair.near_events, 4) if event == ON)
    assert 0.09 < begun - digit < 0.15


@pytest.mark.parametrize("with_tokens", [False, True])
def test_silence_cuts_a_message_short_and_another_takes_its_place(with_tokens):
    pair = Pair(with_tokens)
    pair.near.send(4, media.Listen(RECEIVE_CALLER_IDENTITY))
    pair.far.send(4, media.SendOctets(0, bytes(200), 0, 80))
    pair.run(60)
    pair.far.send(4, media.Silence())
    pair.run(20)
    first = kinds_on_port(pair.near_events, 4)
    assert 10 < len(octets_of(first)) < 70 and first[-1] == OFF and not kinds_on_port(pair.far_events, 4)
    pair.near_events.clear()
    pair.far.send(4, media.SendOctets(1, b"ABCDE", 0, 80))
    pair.run(60)
    assert octets_of(kinds_on_port(pair.near_events, 4)) == b"ABCDE"
    assert kinds_on_port(pair.far_events, 4) == [SENT]


def test_what_no_message_can_be_is_refused():
    pair = Pair()
    for wrong in (
        media.SendOctets(0, bytes(513)),
        media.SendOctets(0, b"", level_dbm0=3.0),
        media.SendOctets(0, b"", seizure_bits=5000),
        media.SendOctets(0, b"", mark_bits=70_000),
    ):
        with pytest.raises(ValueError, match="512 octets"):
            pair.near.send(4, wrong)
    pair.near.send(4, media.SendOctets(9, b"A"))
    pair.near.send(4, media.SendOctets(0, b"", 0, 0, 0))
    pair.run(1)
    assert pair.near.counters()["rejected_commands"] == 2


def test_the_flags_before_a_fax_are_sent_as_long_as_asked():
    pair = Pair()
    pair.near.send(4, media.Record(0))
    pair.near.send(4, media.SendTone(tones.special("v21-flags"), 400))
    pair.run(80)
    told = decode_alaw(pair.near.read_recorder(0)[1::2])
    edges = {r.edge: r.at for r in hear_fsk(lib.FSK_V21_FLAGS, told)}
    assert abs(edges[lib.FSK_FLAGS_BEGIN]) < 400 and abs(edges[lib.FSK_FLAGS_END] - 3200) < 400
    assert abs(told[3200:]).max() <= 8 and kinds_on_port(pair.near_events, 4) == []
    tokens = Pair(tokens=True)
    tokens.near.send(4, media.SendTone(tones.special("v21-flags"), 200))
    tokens.run(50)
    assert tokens.near.counters()["rejected_commands"] == 0


def test_bit_errors_of_a_line_by_the_second():
    pair = Pair()
    pattern = TEST_PATTERNS["2^15-1"]
    pair.far.send(4, media.LineTest(pattern, receives=False))
    pair.near.send(4, media.LineTest(pattern))
    pair.run(405)
    results = kinds_on_port(pair.near_events, 4)
    assert len(results) == 4 and results[1:] == [LineTested(64_000, 0, True)] * 3
    assert isinstance(results[0], LineTested) and results[0].synchronised and 60_000 < results[0].bits < 64_000
    counted = ErrorPerformance()
    for result in results[1:]:
        counted.add(result.bits, result.errors, result.synchronised and result.bits == 64_000)
    assert counted.performance.errored_seconds == 0 and counted.performance.available_seconds == 3
    # The far end stops: its line falls silent, synchronisation is lost and told; then nothing more comes after the end.
    pair.near_events.clear()
    pair.far.send(4, media.LineTest(pattern, sends=False, receives=False))
    pair.run(200)
    *_, last = kinds_on_port(pair.near_events, 4)
    assert isinstance(last, LineTested) and not last.synchronised and last.bits == 0
    pair.near.send(4, media.LineTest(pattern, sends=False, receives=False))
    pair.run(5)
    pair.near_events.clear()
    assert pair.run_jumping(500) < 100 and kinds_on_port(pair.near_events, 4) == []


def test_a_test_needs_octets():
    pair = Pair(tokens=True)
    pair.near.send(4, media.LineTest(0))
    pair.run(1)
    assert pair.near.counters()["rejected_commands"] == 1
    sound = Pair()
    sound.near.send(4, media.LineTest(4))
    sound.run(1)
    assert sound.near.counters()["rejected_commands"] == 1
