"""Echo cancellers in the plane: a port with one is cleaned before receivers, talk paths, mixes and recorders hear it."""

import numpy as np
import pytest

from benchmarks.echo_paths import at_level, composite_source, echo_of, hybrid, level_dbm0
from drivers.wire import SPAN_PORTS, SpanSettings, Wire, join
from pbx.media import TICK_SAMPLES, Layout, Plane
from pbx.sound_file import decode_alaw, encode_alaw
from pbx.vocabulary import media
from tests.plane.rig import SMALL, Pair, kinds_on_port

TALKER, LISTENER, WITH_ECHO = 0, 1, 2
SILENCE = b"\xd5" * TICK_SAMPLES
SECOND = 100
PLAIN = media.CancelEcho(32, nonlinear=False)


class Hybrid:
    """A plane whose port WITH_ECHO ends in a hybrid: what it is told comes back. TALKER and WITH_ECHO hear each other, LISTENER hears
    WITH_ECHO too."""

    def __init__(self, erl_db: float = 6.0, layout: Layout = SMALL, delay_ticks: int = 0) -> None:
        near, self.far = Wire([SpanSettings()]), Wire([SpanSettings()])
        join((near, 0), (self.far, 0))
        self.plane = Plane.create(layout)
        self.plane.add_card(near.card)
        self.response = hybrid(3, erl_db)
        self.told = np.zeros(0)
        self.delay_ticks = delay_ticks
        self.tick = 0
        for port, source in ((WITH_ECHO, TALKER), (TALKER, WITH_ECHO), (LISTENER, WITH_ECHO)):
            self.plane.send(port, media.Hear(source))

    def run(self, talker: np.ndarray, subscriber: np.ndarray | None = None) -> np.ndarray:
        """Whole ticks of sound; what TALKER and LISTENER heard meanwhile, which must be the same."""
        heard = []
        for place in range(0, len(talker), TICK_SAMPLES):
            self.plane.tick(self.tick)
            octets, _ = self.far.read(self.tick)
            by_port = [octets[port * TICK_SAMPLES :][:TICK_SAMPLES] for port in range(SPAN_PORTS)]
            assert by_port[TALKER] == by_port[LISTENER]
            heard.append(by_port[TALKER])
            self.told = np.concatenate([self.told, decode_alaw(by_port[WITH_ECHO])])[-4000:]
            end = len(self.told) - self.delay_ticks * TICK_SAMPLES
            echo = echo_of(self.told[:end], self.response)[-TICK_SAMPLES:] if end > 0 else np.zeros(TICK_SAMPLES)
            said = echo + (0 if subscriber is None else subscriber[place : place + TICK_SAMPLES])
            sound = [SILENCE] * SPAN_PORTS
            sound[TALKER] = encode_alaw(talker[place : place + TICK_SAMPLES].astype(np.int16))
            sound[WITH_ECHO] = encode_alaw(np.clip(said, -32768, 32767).astype(np.int16))
            self.far.write(self.tick, b"".join(sound))
            self.tick += 1
        return decode_alaw(b"".join(heard))


def speech(seconds: float, level: float = -14, seed: int = 1) -> np.ndarray:
    return at_level(composite_source(seconds, seed), level)


def test_a_talker_no_longer_hears_himself() -> None:
    bench = Hybrid()
    assert level_dbm0(bench.run(speech(1))) > -24
    assert bench.plane.echo(WITH_ECHO) is None
    bench.plane.send(WITH_ECHO, PLAIN)
    bench.run(speech(2))
    assert level_dbm0(bench.run(speech(2))) < -20 - 26
    found = bench.plane.echo(WITH_ECHO)
    assert found is not None
    assert found.converged
    assert found.erle_db > 26
    assert abs(found.erl_db - 6) < 4
    bench.plane.send(WITH_ECHO, media.CancelEcho(0))
    bench.run(speech(0.5))
    assert level_dbm0(bench.run(speech(1))) > -24
    assert bench.plane.echo(WITH_ECHO) is None


def test_the_subscriber_is_still_heard() -> None:
    bench = Hybrid()
    bench.plane.send(WITH_ECHO, media.CancelEcho())
    assert level_dbm0(bench.run(speech(3))[16000:]) < -55
    subscriber = speech(3, -20, seed=8)
    heard = bench.run(speech(3), subscriber)
    shifts = [level_dbm0(heard[800:][shift:-1600] - subscriber[800:][: len(heard) - 2400 - shift]) for shift in range(0, 400, 1)]
    assert min(shifts) < -20 - 15


def test_a_card_that_answers_late_wants_a_bulk_delay() -> None:
    levels = {}
    for delay_ms in (0, 50):
        bench = Hybrid(delay_ticks=5)
        bench.plane.send(WITH_ECHO, media.CancelEcho(32, delay_ms, nonlinear=False))
        levels[delay_ms] = level_dbm0(bench.run(speech(3))[16000:])
    assert levels[0] > -24
    assert levels[50] < -45


def test_recorders_and_mixes_hear_the_cleaned_ear() -> None:
    bench = Hybrid()
    for port in (TALKER, WITH_ECHO):
        bench.plane.send(port, media.Unhear(-1))
        bench.plane.send(port, media.Join(0))
    bench.plane.send(WITH_ECHO, PLAIN)
    bench.run(speech(3))
    bench.plane.send(WITH_ECHO, media.Record(0))
    heard = bench.run(speech(1))
    said = decode_alaw(bench.plane.read_recorder(0)[0::2])
    assert level_dbm0(heard) < -45
    assert level_dbm0(said) < -45


def test_a_receiver_does_not_hear_what_the_port_itself_is_told() -> None:
    """Digits sent to a line come back from its hybrid: without a canceller its receiver takes them for the subscriber's."""
    told = {}
    for cancelled in (False, True):
        bench = Hybrid()
        if cancelled:
            bench.plane.send(WITH_ECHO, PLAIN)
        bench.run(speech(2))
        bench.plane.send(WITH_ECHO, media.Listen(media.RECEIVE_DTMF))
        bench.plane.send(WITH_ECHO, media.SendDigits("159D", 100, 100))
        bench.run(np.zeros(8000))
        told[cancelled] = [event for event in kinds_on_port(bench.plane.drain(), WITH_ECHO) if isinstance(event, media.Digit)]
    assert told == {False: [media.Digit(digit) for digit in "159D"], True: []}


def test_cancellers_are_limited_and_given_back() -> None:
    bench = Hybrid(layout=Layout(ports=64, echo_cancellers=2, prompt_octets=1 << 20, journal_octets=1 << 18, events=4096))
    bench.plane.send(4, PLAIN)
    bench.plane.send(5, PLAIN)
    bench.plane.send(WITH_ECHO, PLAIN)
    bench.run(speech(3))
    assert bench.plane.counters()["rejected_commands"] == 1
    assert level_dbm0(bench.run(speech(1))) > -24
    bench.plane.send(4, media.CancelEcho(0))
    bench.plane.send(WITH_ECHO, PLAIN)
    bench.run(speech(2))
    assert level_dbm0(bench.run(speech(1))) < -45
    assert bench.plane.counters()["rejected_commands"] == 1


@pytest.mark.parametrize("command", [media.CancelEcho(129), media.CancelEcho(32, 81)])
def test_what_no_canceller_can_do_is_rejected(command: media.CancelEcho) -> None:
    bench = Hybrid()
    bench.plane.send(WITH_ECHO, command)
    bench.run(np.zeros(800))
    assert bench.plane.counters()["rejected_commands"] == 1


def test_a_plane_without_cancellers_and_one_of_tokens() -> None:
    bench = Hybrid(layout=Layout(ports=64, echo_cancellers=0, prompt_octets=1 << 20, journal_octets=1 << 18, events=4096))
    bench.plane.send(WITH_ECHO, PLAIN)
    bench.run(speech(1))
    assert bench.plane.counters()["rejected_commands"] == 1
    pair = Pair(tokens=True)
    pair.near.send(WITH_ECHO, PLAIN)
    pair.run(10)
    assert pair.near.counters()["rejected_commands"] == 0


def test_the_clock_leaps_over_the_silence_of_a_port_with_a_canceller() -> None:
    """And what follows is the same, leapt over or not."""
    heard = []
    for jumping in (False, True):
        pair = Pair()
        pair.near.send(WITH_ECHO, media.CancelEcho())
        pair.far.send(WITH_ECHO, media.Hear(WITH_ECHO, -8.0))
        pair.near.send(WITH_ECHO, media.SendTone(0x400, 500))
        pair.run(SECOND)
        if jumping:
            assert pair.run_jumping(10 * SECOND) < 2 * SECOND
        else:
            pair.run(10 * SECOND)
        pair.near.send(WITH_ECHO, media.Record(0))
        pair.near.send(WITH_ECHO, media.SendTone(0x400, 500))
        pair.run(SECOND)
        heard.append(pair.near.read_recorder(0))
    assert heard[0] == heard[1]
    assert level_dbm0(decode_alaw(heard[0][1::2])) > -30
