"""G.711: every linear value and every code, against the construction of tables 1 to 4 done the slow way, at every level of
the processor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx._plane import ffi, lib

from tests.dsp.processors import LEVELS, NAMES, limited
from tests.dsp.sounds import clipped, sines


@pytest.fixture(autouse=True, params=LEVELS, ids=NAMES.get)
def level(request):
    with limited(request.param):
        yield request.param


ALL_LINEAR = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)
ALL_OCTETS = np.arange(256, dtype=np.uint8)


def run(function, source, kind, target, target_kind):
    function(ffi.from_buffer(f"{kind}[]", source), ffi.from_buffer(f"{target_kind}[]", target), len(source))
    return target


def decode(law, octets):
    return run(getattr(lib, f"g711_{law}_decode"), octets, "uint8_t", np.zeros(len(octets), np.int16), "int16_t")


def encode(law, samples):
    return run(getattr(lib, f"g711_{law}_encode"), samples, "int16_t", np.zeros(len(samples), np.uint8), "uint8_t")


def alaw_intervals():
    """(lower decision value, code) of the positive half of table 1a on the scale of 4096, and its output values."""
    edges, codes, outputs, edge = [], [], [], 0
    for number in range(128):
        step = 2 if number < 32 else 2 << (number // 16 - 1)
        edges.append(edge)
        codes.append((number | 0x80) ^ 0x55)
        outputs.append(edge + step // 2)
        edge += step
    assert edge == 4096
    return np.array(edges), np.array(codes), np.array(outputs)


def ulaw_intervals():
    """The same of table 2a on the scale of 8192; the first interval is half as wide as its neighbours."""
    edges, codes, outputs, edge = [], [], [], 0
    for number in range(128):
        step = 1 if number == 0 else 2 << (number // 16)
        edges.append(edge)
        codes.append(0xFF - number)
        outputs.append(0 if number == 0 else edge + step // 2)
        edge += step
    assert edge == 8159
    return np.array(edges), np.array(codes), np.array(outputs)


def test_alaw_encodes_every_linear_value_into_the_interval_that_holds_it():
    edges, codes, _ = alaw_intervals()
    magnitude = np.where(ALL_LINEAR < 0, ~ALL_LINEAR, ALL_LINEAR).astype(np.int32) >> 3
    expected = codes[np.searchsorted(edges, magnitude, side="right") - 1] ^ np.where(ALL_LINEAR < 0, 0x80, 0)
    assert (encode("alaw", ALL_LINEAR) == expected).all()


def test_alaw_decodes_every_code_to_the_middle_of_its_interval():
    _, codes, outputs = alaw_intervals()
    assert (decode("alaw", codes.astype(np.uint8)) == outputs * 8).all()
    assert (decode("alaw", (codes ^ 0x80).astype(np.uint8)) == -outputs * 8).all()


def test_ulaw_encodes_every_linear_value_into_the_interval_that_holds_it():
    edges, codes, _ = ulaw_intervals()
    magnitude = np.where(ALL_LINEAR < 0, ~ALL_LINEAR, ALL_LINEAR).astype(np.int32) >> 2
    expected = codes[np.searchsorted(edges, magnitude, side="right") - 1] ^ np.where(ALL_LINEAR < 0, 0x80, 0)
    assert (encode("ulaw", ALL_LINEAR) == expected).all()


def test_ulaw_decodes_every_code_to_the_middle_of_its_interval():
    _, codes, outputs = ulaw_intervals()
    assert (decode("ulaw", codes.astype(np.uint8)) == outputs * 4).all()
    assert (decode("ulaw", (codes ^ 0x80).astype(np.uint8)) == -outputs * 4).all()


def test_codes_survive_decoding_and_encoding():
    assert (encode("alaw", decode("alaw", ALL_OCTETS)) == ALL_OCTETS).all()
    back = encode("ulaw", decode("ulaw", ALL_OCTETS))
    # mu-law has a positive and a negative zero (0xFF, 0x7F); both are linear 0.
    assert (np.delete(back, 0x7F) == np.delete(ALL_OCTETS, 0x7F)).all() and back[0x7F] == 0xFF


def test_digital_milliwatt_of_table_5_is_0_dbm0():
    octets = np.array([0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4] * 100, np.uint8)
    assert lib.g711_level_tenth_dbm0(ffi.from_buffer("int16_t[]", decode("alaw", octets)), len(octets)) == 0


def test_level_of_sines():
    for level in (3.0, 0.0, -10.0, -43.2, -60.0):
        sound = clipped(sines(1000, (1000, level)))
        assert abs(lib.g711_level_tenth_dbm0(ffi.from_buffer("int16_t[]", sound), len(sound)) - level * 10) <= 1
    assert lib.g711_level_tenth_dbm0(ffi.from_buffer("int16_t[]", np.zeros(80, np.int16)), 80) == -900


def runs(*parts):
    """A table of numbers written as its runs: a number, or (first, last)."""
    return np.concatenate([np.arange(p[0], p[1] + 1) if isinstance(p, tuple) else [p] for p in parts])


def pairs(first, last):
    return [n for n in range(first, last + 1) for _ in "12"]


def test_law_to_law_is_tables_3_and_4():
    # Numbers of quantised values: of mu-law 0 to 127, of A-law 1 to 128.
    to_alaw = runs(*pairs(1, 8), (9, 25), 27, 29, 31, (33, 44), 46, (48, 62), (64, 79), (81, 128))
    to_ulaw = runs(1, 3, 5, 7, 9, 11, 13, (15, 31), *pairs(32, 35), (36, 47), *pairs(48, 49), (50, 63), 64, 64, (65, 79), (79, 127))
    assert len(to_alaw) == len(to_ulaw) == 128
    numbers = np.arange(128)
    for sign in (0x80, 0):
        alaw, ulaw = ((numbers | sign) ^ 0x55).astype(np.uint8), (0x7F - numbers | sign).astype(np.uint8)
        assert (convert("ulaw_to_alaw", ulaw) == alaw[to_alaw - 1]).all()
        assert (convert("alaw_to_ulaw", alaw) == ulaw[to_ulaw]).all()


def convert(name, octets):
    return run(getattr(lib, f"g711_{name}"), octets, "uint8_t", np.zeros(len(octets), np.uint8), "uint8_t")


def test_alaw_crosses_a_ulaw_network_in_bits_1_to_7():
    # Note 3 to the tables: all but the last bit of every octet survive.
    there = convert("alaw_to_ulaw", ALL_OCTETS)
    assert ((convert("ulaw_to_alaw", there) ^ ALL_OCTETS) & 0xFE == 0).all()


@given(st.binary(max_size=300), st.integers(0, 64))
def test_any_length_at_any_address(data, offset):
    octets = np.frombuffer(b"x" * offset + data, np.uint8)[offset:]
    words = np.frombuffer((b"x" * offset + data + b"y")[: offset + len(data) // 2 * 2], np.uint8)[offset:]
    samples = np.frombuffer(words.tobytes(), np.int16)
    for law in ("alaw", "ulaw"):
        best = decode(law, octets), encode(law, samples), guarded(law, octets, offset)
        with_limit = lib.processor_level()
        lib.processor_limit(lib.PROCESSOR_PLAIN)
        plain = decode(law, octets), encode(law, samples), guarded(law, octets, offset)
        lib.processor_limit(with_limit)
        for ours, theirs in zip(best, plain, strict=True):
            assert (ours == theirs).all()


def guarded(law, octets, offset):
    """Decoded into the middle of a larger buffer, nothing of which else may change."""
    room = np.full(offset + len(octets) + 70, 1234, np.int16)
    part = ffi.from_buffer("int16_t[]", room)[offset : offset + len(octets)]
    getattr(lib, f"g711_{law}_decode")(ffi.from_buffer("uint8_t[]", np.ascontiguousarray(octets)), part, len(octets))
    return room


@given(st.floats(-60, 24))
def test_gain_on_octets_is_gain_on_samples(gain_db):
    gain = round(4096 * 10 ** (gain_db / 20))
    table, louder = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    lib.g711_alaw_gain(ffi.from_buffer("uint8_t[]", table), gain)
    expected = encode("alaw", np.clip((decode("alaw", ALL_OCTETS).astype(np.int64) * gain + 2048) >> 12, -32768, 32767).astype(np.int16))
    assert (table == expected).all()
    every = ffi.from_buffer("uint8_t[]", ALL_OCTETS)
    lib.g711_translate(ffi.from_buffer("uint8_t[]", table), every, ffi.from_buffer("uint8_t[]", louder), 256)
    assert (louder == expected).all()
