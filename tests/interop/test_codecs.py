"""Codecs beside others': libspandsp octet for octet, and the ITU's own sequences where they are at hand.

G722 and libspandsp have an ancestor in common, so their agreement says that nobody broke anything, and the ITU's sequences say that it is
right. Those belong to the ITU-T Software Tool Library (G.191) and are not ours to give away: set ZONGJI_ITU_STL to a checkout of it.
Where a decoder of G.722 must clip (two bands at full scale together), libspandsp 0.0.6 does not and the ITU's program does as ours.
"""

import ctypes
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.codec import Settings, decoder, encoder
from tests.interop.spandsp import _NAME, needs_spandsp

STL = Path(os.environ.get("ZONGJI_ITU_STL", "")) / "src/g722/test_data"
IMA_DVI4 = 1
CLIPPED = 32766


def same(ours, theirs):
    return len(ours) == len(theirs) and bool(np.all((ours == theirs) | (np.abs(ours.astype(int)) >= CLIPPED)))


class Peer:
    """libspandsp's coder and decoder of one kind, a packet at a time."""

    def __init__(self, kind):
        self.library = ctypes.CDLL(_NAME)
        self.kind = kind
        names = ("g722_encode_init", "g722_decode_init", "ima_adpcm_init")
        for name in names:
            getattr(self.library, name).restype = ctypes.c_void_p
        if kind == "G722":
            self.coder = ctypes.c_void_p(self.library.g722_encode_init(None, 64000, 0))
            self.uncoder = ctypes.c_void_p(self.library.g722_decode_init(None, 64000, 0))
        else:
            self.coder = ctypes.c_void_p(self.library.ima_adpcm_init(None, IMA_DVI4, 0))
            self.uncoder = ctypes.c_void_p(self.library.ima_adpcm_init(None, IMA_DVI4, 0))

    def _call(self, name, *arguments):
        return getattr(self.library, ("g722_" if self.kind == "G722" else "ima_adpcm_") + name)(*arguments)

    def encode(self, samples):
        room = ctypes.create_string_buffer(len(samples) + 16)
        kept = np.ascontiguousarray(samples, np.int16)
        count = self._call("encode", self.coder, room, kept.ctypes.data_as(ctypes.c_void_p), len(kept))
        return room.raw[:count]

    def decode(self, packet):
        samples = np.zeros(len(packet) * 2 + 16, np.int16)
        count = self._call("decode", self.uncoder, samples.ctypes.data_as(ctypes.c_void_p), packet, len(packet))
        return samples[:count]

    def close(self):
        ends = ("encode_free", "decode_free") if self.kind == "G722" else ("free", "free")
        for end, state in zip(ends, (self.coder, self.uncoder), strict=True):
            self._call(end, state)


def loudness(seed, count):
    """Noise whose level wanders from silence to clipping: every step size is used."""
    chance = np.random.default_rng(seed)
    level = 10 ** np.repeat(chance.uniform(-1, 4.8, count // 160 + 1), 160)[:count]
    return np.clip(chance.normal(0, 1, count) * level, -32768, 32767).astype(np.int16)


@needs_spandsp
@pytest.mark.parametrize("name", ["G722", "DVI4"])
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_octets_and_samples_are_those_of_libspandsp(name, seed):
    link, peer = Settings(name), Peer(name)
    packets = encoder(link).encode(loudness(seed, link.frame_samples * 20))
    far = decoder(link)
    samples = loudness(seed, link.frame_samples * 20).reshape(20, -1)
    try:
        for number, packet in enumerate(packets):
            assert packet == peer.encode(samples[number])
            assert same(far.decode(packet), peer.decode(packet))
    finally:
        peer.close()


@needs_spandsp
@settings(max_examples=50)
@given(packets=st.lists(st.binary(min_size=160, max_size=160), min_size=1, max_size=5))
def test_any_octets_of_g722_decode_as_in_libspandsp(packets):
    peer, far = Peer("G722"), decoder(Settings("G722"))
    try:
        for packet in packets:
            assert same(far.decode(packet), peer.decode(packet))
    finally:
        peer.close()


@pytest.mark.skipif(not (STL / "inpsp.bin").exists(), reason="ZONGJI_ITU_STL names no checkout of the ITU-T Software Tool Library")
def test_the_sequences_of_the_itu():
    sound = np.fromfile(STL / "inpsp.bin", "<i2")
    coded = np.fromfile(STL / "codspw.cod", "<u2").astype(np.uint8)
    said = np.fromfile(STL / "outsp1.bin", "<i2")
    link = Settings("G722")
    frames = len(sound) // link.frame_samples
    packets = encoder(link).encode(sound)
    assert b"".join(packets) == coded.tobytes()[: frames * 160]
    far = decoder(link)
    heard = np.concatenate([far.decode(coded.tobytes()[at : at + 160]) for at in range(0, len(coded), 160)])
    assert np.array_equal(heard, said)
