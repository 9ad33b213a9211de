"""A conference over the wire: everybody hears all others and not himself; mute, gains, selection of speakers, automatic level."""

import numpy as np
import pytest

from drivers.wire import SPAN_PORTS
from pbx.media import TICK_SAMPLES, Edge
from pbx.vocabulary import media
from pbx.vocabulary.media import MIX
from tests.dsp.sounds import sines
from tests.plane.rig import Pair
from tests.plane.test_hearing import Bench, decode, encode, latency

TONES_HZ = [300 + 100 * port for port in range(SPAN_PORTS)]
WINDOW_TICKS = 20
"""200 ms hold a whole number of periods of every tone, so their spectra do not run into each other."""


class Conference(Bench):
    """Every party speaks a tone of its own."""

    def __init__(self, level_dbm0: float = -26.0) -> None:
        super().__init__()
        self.speaking = dict.fromkeys(range(SPAN_PORTS), level_dbm0)
        self.silent: set[int] = set()

    def say(self) -> dict[int, bytes]:
        begin = self.tick * TICK_SAMPLES
        return {
            port: encode(self.tone(port, level)[np.arange(begin, begin + TICK_SAMPLES) % 8000])
            for port, level in self.speaking.items()
            if port not in self.silent
        }

    def tone(self, port: int, level: float) -> np.ndarray:
        return sines(1000, (TONES_HZ[port], level)).astype(np.int64)

    def levels(self, settle_ticks: int = 5) -> np.ndarray:
        """[listener][speaker]: the level in dBm0 at which each hears each."""
        for _ in range(settle_ticks):
            self.step(self.say())
        heard = [self.step(self.say()) for _ in range(WINDOW_TICKS)]
        found = np.zeros((SPAN_PORTS, SPAN_PORTS))
        for listener in range(SPAN_PORTS):
            sound = decode(b"".join(block[listener] for block in heard))
            amplitudes = np.abs(np.fft.rfft(sound)) / len(sound) * 2
            found[listener] = 20 * np.log10(amplitudes[[hz // 5 for hz in TONES_HZ]] / 22827.1 + 1e-9)
        return found


def test_thirty_hear_all_others_and_not_themselves() -> None:
    bench = Conference(-30)
    for port in range(SPAN_PORTS):
        bench.plane.send(port, media.Join(3))
    levels = bench.levels()
    others = ~np.eye(SPAN_PORTS, dtype=bool)
    assert np.abs(levels[others] + 30).max() < 1.0
    assert levels[~others].max() < -55
    for port in (4, 17):
        bench.plane.send(port, media.Mute(MIX + 3))
    bench.plane.send(9, media.Join(3, -10.0))
    levels = bench.levels()
    assert levels[:, [4, 17]].max() < -55
    assert np.abs(np.delete(levels[:, 9], 9) + 40).max() < 1.5
    # Who is muted still hears the others.
    assert np.abs(np.delete(levels[4], [4, 9, 17]) + 30).max() < 1.0
    assert bench.plane.edges(4) == [Edge(MIX + 3, 0.0, True, muted=True)]
    bench.plane.send(4, media.Mute(MIX + 3, muted=False))
    assert np.abs(np.delete(bench.levels()[:, 4], 4) + 30).max() < 1.0


def test_a_muted_edge_keeps_its_gain_and_a_new_gain_keeps_it_muted() -> None:
    bench = Conference(-12)
    bench.plane.send(1, media.Hear(0, -6.0))
    assert bench.levels()[1, 0] == pytest.approx(-18, abs=0.5)
    bench.plane.send(1, media.Mute(0))
    assert bench.levels()[1, 0] < -60
    bench.plane.send(1, media.Hear(0, -3.0))
    assert bench.levels()[1, 0] < -60
    bench.plane.send(1, media.Mute(0, muted=False))
    assert bench.levels()[1, 0] == pytest.approx(-15, abs=0.5)
    bench.plane.send(1, media.Mute(0))
    bench.plane.send(1, media.Unhear(0))
    bench.plane.send(1, media.Hear(0))
    assert bench.levels()[1, 0] == pytest.approx(-12, abs=0.5)
    before = bench.plane.counters()["rejected_commands"]
    bench.plane.send(1, media.Mute(7))
    bench.plane.send(1, media.MixSettings(999))
    bench.step()
    assert bench.plane.counters()["rejected_commands"] == before + 2


def test_the_loudest_three_of_thirty_are_heard_by_all() -> None:
    bench = Conference(-35)
    for port, level in ((3, -20.0), (8, -22.0), (21, -18.0)):
        bench.speaking[port] = level
    bench.silent = set(range(SPAN_PORTS))
    bench.plane.send(0, media.MixSettings(0, speakers=3))
    for port in range(SPAN_PORTS):
        bench.plane.send(port, media.Join(0))
    bench.levels()
    bench.silent = set()
    levels = bench.levels()
    chosen = {port for port in range(SPAN_PORTS) if bench.plane.edges(port)[0].selected}
    assert chosen == {3, 8, 21}
    for port in chosen:
        assert np.abs(np.delete(levels[:, port], port) - bench.speaking[port]).max() < 0.5
        assert levels[port, port] < -50
    assert np.delete(levels, list(chosen), axis=1).max() < -50
    # The last of them falls silent; after his pause another takes the place. Without selection all are heard again.
    bench.silent = {21}
    bench.speaking[14] = -25.0
    bench.levels(settle_ticks=100)
    assert {port for port in range(SPAN_PORTS) if bench.plane.edges(port)[0].selected} == {3, 8, 14}
    bench.plane.send(0, media.MixSettings(0))
    levels = bench.levels()
    assert np.delete(levels[0], [0, 21]).min() > -36
    assert not any(bench.plane.edges(port)[0].selected for port in range(SPAN_PORTS))


def syllables(bench: Conference) -> None:
    """Tones in syllables count as speech."""
    bench.silent = set(range(SPAN_PORTS)) if bench.tick % 40 >= 25 else set()
    bench.step(bench.say())


@pytest.mark.parametrize("whole_mix", [True, False])
def test_parties_are_brought_to_one_level_but_not_for_receivers_and_recorders(whole_mix: bool) -> None:
    bench = Conference(-20)
    bench.speaking = {0: -30.0, 1: -12.0}
    for port in (0, 1, 2):
        bench.plane.send(port, media.Join(0))
    bench.plane.send(2, media.MixSettings(0, automatic_level=whole_mix))
    if not whole_mix:
        bench.plane.send(0, media.AutomaticLevel(maximum_gain_db=20.0))
    bench.plane.send(3, media.Hear(0))
    bench.plane.send(0, media.Record(1))
    while bench.tick < 1000:
        syllables(bench)
    bench.silent = set()
    levels = bench.levels()
    assert levels[2, 0] == pytest.approx(-20, abs=1.5)
    assert levels[2, 1] == pytest.approx(-20 if whole_mix else -12, abs=1.5)
    # An edge to the port itself is levelled by its own command only.
    assert levels[3, 0] == pytest.approx(-30 if whole_mix else -20, abs=1.5)
    said = decode(bench.plane.read_recorder(1)[0::2][-800:])
    assert 20 * np.log10(np.sqrt(np.mean(said**2.0)) * 2**0.5 / 22827.1) == pytest.approx(-30, abs=0.5)


def test_one_party_and_a_whisper_into_his_ear_are_exact() -> None:
    """A member of a mix who hears somebody else too: one sum, held once."""
    bench = Conference(-3)
    delay = latency(bench)
    for port in (0, 1, 2):
        bench.plane.send(port, media.Join(5))
    bench.plane.send(0, media.Hear(7, -3.0))
    said = {port: encode(bench.tone(port, -3)[:TICK_SAMPLES]) for port in (0, 1, 2, 7)}
    for _ in range(delay + 2):
        heard = bench.step(said)
    sound = {port: decode(block) for port, block in said.items()}
    assert heard[0] == encode(sound[1] + sound[2] + (sound[7] * round(4096 * 10 ** (-3 / 20)) + 2048 >> 12))
    assert heard[1] == encode(sound[0] + sound[2])


def test_tokens_are_muted_too() -> None:
    pair = Pair(tokens=True)
    for command in (media.Join(0), media.Listen(media.RECEIVE_DTMF)):
        for port in (0, 1):
            pair.near.send(port, command)
            pair.far.send(port, media.Listen(media.RECEIVE_DTMF))
    digits = []
    for muted in (False, True, False):
        pair.near.send(0, media.Mute(MIX, muted))
        pair.run(5)
        pair.far_events.clear()
        pair.far.send(0, media.SendDigits("7"))
        pair.run(40)
        digits.append([event for _, port, event in pair.far_events if port == 1])
    assert digits == [[media.Digit("7")], [], [media.Digit("7")]]
