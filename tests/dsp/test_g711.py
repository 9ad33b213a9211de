"""G.711: every linear value and every code, against the construction of tables 1 and 2 done the slow way."""

import numpy as np
from pbx._plane import ffi, lib

from tests.dsp.sounds import clipped, sines

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
