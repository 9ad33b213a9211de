"""IMA ADPCM: the decoder follows what the encoder believes, any cut gives the same octets, nothing leaves its range."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from pbx._plane import ffi, lib

from tests.dsp.sounds import PEAK_AT_0_DBM0

sound = st.lists(st.integers(-32768, 32767), min_size=0, max_size=200).map(lambda values: np.array(values, np.int16))


def encode(samples, state=None):
    state = state or ffi.new("struct ima_state *")
    kept = np.ascontiguousarray(samples, np.int16)
    packet = bytearray(lib.IMA_HEADER_OCTETS + len(kept) // 2)
    lib.ima_encode(state, ffi.from_buffer("int16_t[]", kept), ffi.from_buffer("uint8_t[]", packet), len(kept))
    return bytes(packet), state


def decode(packet):
    samples = np.zeros(2 * len(packet), np.int16)
    return samples[: lib.ima_decode(packet, len(packet), ffi.from_buffer("int16_t[]", samples))]


@given(sound)
def test_the_decoder_is_where_the_encoder_believes_it(samples):
    packet, state = encode(samples)
    heard = decode(packet)
    assert len(heard) == len(samples) // 2 * 2
    assert (heard[-1] if len(heard) else 0) == state.predicted


@given(sound, st.integers(0, 100))
def test_any_cut_into_packets_gives_the_same_sound(samples, pairs):
    whole, _ = encode(samples)
    first, state = encode(samples[: 2 * pairs])
    rest, _ = encode(samples[2 * pairs :], state)
    assert first[4:] + rest[4:] == whole[4:]
    assert np.array_equal(np.concatenate((decode(first), decode(rest))), decode(whole)), "each packet stands alone"


@given(st.binary(max_size=100))
@example(b"\x7f\xff\xff\x00\x77\xff")
def test_any_octets_are_some_sound(packet):
    assert len(decode(packet)) == max(0, len(packet) - 4) * 2


@given(sound, st.integers(-32768, 32767), st.integers(0, 255))
def test_no_state_leaves_its_range(samples, predicted, index):
    _, state = encode(samples, ffi.new("struct ima_state *", {"predicted": predicted, "index": index}))
    assert state.index <= 88


def test_a_tone_comes_back_with_the_noise_of_four_bits():
    tone = PEAK_AT_0_DBM0 * 10 ** (-10 / 20) * np.sin(2 * np.pi * 1004 / 8000 * np.arange(8000))
    heard = decode(encode(tone.astype(np.int16))[0])
    noise = heard[800:] - tone[800:]
    assert 10 * np.log10(np.mean(tone**2) / np.mean(noise**2)) > 22


def test_silence_stays_silence():
    heard = decode(encode(np.zeros(800, np.int16))[0])
    assert np.abs(heard).max() <= 8
