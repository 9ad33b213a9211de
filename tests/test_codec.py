"""Codecs by their one face: any cut gives the same packets, sound comes back, what is lost or wrong costs a frame and nothing else."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pbx import opus
from pbx.codec import CODECS, FRAME_MS, Settings, decoder, encoder
from pbx.opus import OpusSettings, OpusUnavailableError
from tests.dsp.sounds import PEAK_AT_0_DBM0

LINKS = [Settings(name, rate) for name, codec in CODECS.items() for rate in codec.rates_hz]
by_name = pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link.name}-{link.rate_hz}")


def tone(rate_hz, seconds=1.0, level_dbm0=-10.0, frequency_hz=1004.0):
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    return (PEAK_AT_0_DBM0 * 10 ** (level_dbm0 / 20) * np.sin(2 * np.pi * frequency_hz * time)).astype(np.int16)


def level_at(samples, rate_hz, frequency_hz):
    """dBm0 of one frequency, over a whole number of its periods."""
    time = np.arange(len(samples)) / rate_hz
    window = np.hanning(len(samples))
    found = 2 * abs(np.sum(samples * window * np.exp(-2j * np.pi * frequency_hz * time))) / window.sum()
    return 20 * np.log10(max(found, 1e-9) / PEAK_AT_0_DBM0)


def heard_through(link, samples):
    far = decoder(link)
    return np.concatenate([far.decode(packet) for packet in encoder(link).encode(samples)])


@by_name
def test_a_tone_comes_back_at_its_level(link):
    heard = heard_through(link, tone(link.rate_hz))[link.rate_hz // 4 :]
    assert len(heard) == link.rate_hz - link.rate_hz // 4
    assert abs(level_at(heard, link.rate_hz, 1004.0) + 10) < 1.0


@by_name
@settings(max_examples=12)
@given(cuts=st.lists(st.integers(0, 1000), max_size=12), seed=st.integers(0, 1000))
@example(cuts=[1, 1, 1, 319], seed=0)
def test_any_cut_gives_the_same_packets(link, cuts, seed):
    samples = (np.random.default_rng(seed).normal(0, 3000, link.frame_samples * 5 + 7)).astype(np.int16)
    whole = encoder(link).encode(samples)
    assert len(whole) == 5
    piece, at, packets = encoder(link), 0, []
    for cut in [*cuts, len(samples)]:
        packets += piece.encode(samples[at : at + cut])
        at += cut
    assert packets == whole


@by_name
@settings(max_examples=20)
@given(packets=st.lists(st.binary(max_size=80), max_size=6))
def test_whatever_the_peer_sends_is_some_sound(link, packets):
    far = decoder(link)
    for packet in packets:
        heard = far.decode(packet)
        assert heard.dtype == np.int16
        assert len(heard) > 0
    assert far.malformed <= len(packets)


@by_name
def test_a_lost_packet_is_covered_and_the_sound_goes_on(link):
    samples = tone(link.rate_hz, 0.6)
    far, heard = decoder(link), []
    for number, packet in enumerate(encoder(link).encode(samples)):
        heard.append(far.lost() if number == 15 else far.decode(packet))
    assert {len(frame) for frame in heard} == {link.frame_samples}
    powers = [np.mean(frame.astype(float) ** 2) for frame in heard]
    assert powers[15] > 0.05 * powers[14], "not a hole"
    after = np.concatenate(heard[20:])
    # Opus codes a tone as well as its version does: 1.3 comes within 0.5 dB, 1.5 within 1.1 dB.
    assert abs(level_at(after, link.rate_hz, 1004.0) + 10) < 2.0


@by_name
def test_a_peer_who_is_gone_becomes_silent(link):
    far = decoder(link)
    for packet in encoder(link).encode(tone(link.rate_hz, 0.2)):
        far.decode(packet)
    for _ in range(50):
        last = far.lost()
    assert np.sqrt(np.mean(last.astype(float) ** 2)) < 300


def test_packets_of_constant_rate_have_the_size_their_standard_says():
    frame = np.zeros(16000, np.int16)
    sizes = {link.name: {len(packet) for packet in encoder(link).encode(frame)} for link in LINKS if link.name != "opus"}
    assert sizes["PCMA"] == sizes["PCMU"] == sizes["G722"] == {160}
    assert {len(packet) for packet in encoder(Settings("DVI4")).encode(frame)} == {84}


@pytest.mark.parametrize("bit_rate", [12000, 16000, 32000])
def test_opus_keeps_to_its_bit_rate(bit_rate):
    noise = np.random.default_rng(1).normal(0, 2000, 8000 * 4).astype(np.int16)
    packets = encoder(Settings("opus", opus=OpusSettings(bit_rate=bit_rate))).encode(noise)
    spent = 8 * sum(map(len, packets)) / (len(packets) * FRAME_MS / 1000)
    assert 0.7 * bit_rate < spent < 1.3 * bit_rate


def test_opus_sends_nothing_in_silence_when_told_so():
    speech_then_silence = np.concatenate([tone(8000, 0.5), np.zeros(16000, np.int16)])
    packets = encoder(Settings("opus", opus=OpusSettings(dtx=True))).encode(speech_then_silence)
    assert len(packets) == 125
    assert sum(not packet for packet in packets[60:]) > 40
    assert all(encoder(Settings("opus")).encode(speech_then_silence))


def test_opus_recovers_a_lost_packet_from_the_one_behind_it():
    """Each packet lost carries a burst of its own pitch, so that a guess from the past cannot have it."""
    link = Settings("opus", 16000, opus=OpusSettings(bit_rate=32000, fec=True, loss_percent=20))
    samples = np.concatenate([tone(16000, 0.4, -6, 500 + 300 * step) for step in range(5)])
    packets = encoder(link).encode(samples)
    errors = {}
    for way in ("recovered", "guessed"):
        far, heard, meant = decoder(link), [], heard_through(link, samples)
        for number, packet in enumerate(packets):
            if number % 20 == 1 and number > 1:
                heard.append(far.lost(packets[number + 1] if way == "recovered" else b""))
            else:
                heard.append(far.decode(packet))
        places = [slice(number * 320, (number + 1) * 320) for number in range(21, len(packets), 20)]
        found = np.concatenate(heard)
        errors[way] = sum(float(np.mean((found[place].astype(float) - meant[place]) ** 2)) for place in places)
    assert errors["recovered"] < 0.5 * errors["guessed"]


@pytest.mark.parametrize(
    "wrong", [Settings("G729"), Settings("PCMA", 16000), Settings("opus", 11025), Settings("G722", frame_ms=0)], ids=str
)
def test_settings_that_do_not_exist_are_refused(wrong):
    for make in (encoder, decoder):
        with pytest.raises(ValueError, match=r"codec|samples a second|cannot hold"):
            make(wrong)


def test_without_libopus_the_error_names_the_package(monkeypatch):
    monkeypatch.setattr(opus, "LIBRARY", "libopus-is-not-here.so.9")
    opus.library.cache_clear()
    try:
        with pytest.raises(OpusUnavailableError, match="install Debian's package libopus0"):
            encoder(Settings("opus"))
    finally:
        opus.library.cache_clear()
