"""Generates ``generated_tables.h``: constant tables of the kernels, so that no table is typed by hand.

G.711 tables 1 to 4 by their construction rules; the frequencies of Q.23 and Q.441; the correlators of the DTMF and MFC
receivers (cosine and sine, window included, as int16). Every correlator is checked to be unable to overflow 32 bits.
The turns of the echo canceller's transform, as float.
"""

import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

SAMPLE_RATE_HZ = 8000
DTMF_FREQUENCIES_HZ = (697, 770, 852, 941, 1209, 1336, 1477, 1633)
DTMF_DIGITS = "123A456B789C*0#D"
MFC_FORWARD_HZ = (1380, 1500, 1620, 1740, 1860, 1980)
MFC_BACKWARD_HZ = (1140, 1020, 900, 780, 660, 540)
DIAL_TONE_HZ = 450
ANSWER_TONE_HZ = 2100
RECEIVER_PEAK = 4096
"""Receivers drop the three lowest bits of int16, which are constant in A-law, so that sums stay within 32 bits."""

DTMF_WINDOW_SAMPLES = 104
"""Rectangular: rows are 73 Hz apart, and any taper of a window this short would blur neighbouring rows together."""

MFC_PART_SAMPLES = 8
MFC_STRAY_HZ = 10
BLOCK_SAMPLES = 80
MFC_WINDOW_SAMPLES = 136
"""Hamming: its main lobe then reaches just to the neighbouring frequency, 120 Hz away."""


def alaw(code: int) -> int:
    """Linear value (top of int16) of an A-law octet: the middle of its interval in G.711 table 1."""
    code ^= 0x55
    segment, step = code >> 4 & 7, code & 15
    magnitude = 2 * step + 1 if segment == 0 else (2 * step + 33) << (segment - 1)
    return (magnitude if code & 0x80 else -magnitude) * 8


def ulaw(code: int) -> int:
    """Linear value (top of int16) of a mu-law octet: the middle of its interval in G.711 table 2."""
    code ^= 0xFF
    magnitude = ((2 * (code & 15) + 33) << (code >> 4 & 7)) - 33
    return (-magnitude if code & 0x80 else magnitude) * 4


TRUE_LEVEL = 8159 / 4096 * 10 ** ((3.14 - 3.17) / 20)
"""A step of A-law in steps of mu-law at the same level in dBm0: the tops of their scales are +3.14 and +3.17 dBm0."""


def law_to_law(octet: int, to_ulaw: bool) -> int:
    """An octet of one law as the nearest one of the other by level, with the two exceptions that make A-law cross a
    mu-law network unharmed in bits 1 to 7 (G.711 tables 3 and 4, note 3)."""
    a_value, u_value = [abs(alaw(n ^ 0xD5)) / 8 * TRUE_LEVEL for n in range(128)], [abs(ulaw(0xFF - n)) / 4 for n in range(128)]
    if to_ulaw:
        number = (octet ^ 0x55) & 0x7F
        found = 79 if number == 79 else min(range(128), key=lambda n: abs(u_value[n] - a_value[number]))
        return octet & 0x80 | 0x7F - found
    number = 0x7F - (octet & 0x7F)
    found = 80 if number == 80 else min(range(128), key=lambda n: (abs(a_value[n] - u_value[number]), -n))
    return (octet & 0x80 | found) ^ 0x55


def alaw_top(top: int) -> tuple[int, int]:
    """Of the top seven bits of a sample: how far to shift it, and what to add modulo two to its last five bits then, to have
    its A-law octet."""
    halvings = (127 - top if top & 0x40 else top).bit_length()
    return 4 + halvings, (0x4A if top & 0x40 else 0xD5) ^ (16 * (halvings + 1) ^ 16 if halvings else 0)


def ulaw_top(top: int) -> tuple[int, int]:
    """The same of the top seven bits of a mu-law magnitude, 13 bits with its 33 added; the sign is left out."""
    segment = top.bit_length()
    return 1 + segment, 0x7F ^ 0x10 ^ segment << 4


def halves(values: Iterable[int]) -> list[list[int]]:
    """The low octets of 16-bit values, then the high ones: a lookup of octets goes over more at a time than one of words."""
    listed = list(values)
    return [[value & 0xFF for value in listed], [value >> 8 & 0xFF for value in listed]]


def correlators(frequencies_hz: Iterable[int], window: list[float], peak: int) -> list[list[int]]:
    """Cosine and sine rows of each frequency, time counted from the middle of the window."""
    middle = (len(window) - 1) / 2
    rows = []
    for frequency_hz in frequencies_hz:
        turn = 2 * math.pi * frequency_hz / SAMPLE_RATE_HZ
        for wave in (math.cos, math.sin):
            row = [round(peak * w * wave(turn * (t - middle))) for t, w in enumerate(window)]
            if sum(map(abs, row)) * RECEIVER_PEAK >= 2**31:
                raise ValueError(f"correlator of {frequency_hz} Hz can overflow")
            rows.append(row)
    return rows


FSK_MODEMS = (
    ("V23", 1300.0, 2100.0, 1200),
    ("BELL202", 1200.0, 2200.0, 1200),
    ("V21_CHANNEL1", 980.0, 1180.0, 300),
    ("V21_CHANNEL2", 1650.0, 1850.0, 300),
    ("CALLER_IDENTITY", 1250.0, 2150.0, 1200),
    ("V21_FLAGS", 1650.0, 1850.0, 300),
)
"""Mark, space, bit/s of the receivers of fsk.h; caller identity lies between V.23 and Bell 202, 50 Hz from either."""
FSK_TAPS = {1200: 8, 300: 28}
FSK_TAPS_SUM = 32700
"""Of a row's magnitudes, so that no sum of products leaves 32 bits, rounding included."""


def fsk_rows(mark_hz: float, space_hz: float, rate: int) -> tuple[list[list[float]], float]:
    """Cosine and sine rows of mark, then of space, and the response of each to its own frequency.

    The window is one bit long, a part of a sample at either end; each row is made blind to the other frequency.
    """
    taps = FSK_TAPS[rate]
    middle, edge = (taps - 1) / 2, (SAMPLE_RATE_HZ / rate - taps + 2) / 2
    window = [edge, *[1.0] * (taps - 2), edge]
    turns = [2 * math.pi * hz / SAMPLE_RATE_HZ for hz in (mark_hz, space_hz)]
    total = sum(window)
    # The window is symmetrical, so the response of one row to the other's frequency is real.
    leak = sum(w * math.cos((turns[0] - turns[1]) * (t - middle)) for t, w in enumerate(window)) / total
    rows = []
    for own, other in (turns, turns[::-1]):
        for wave in (math.cos, math.sin):
            rows.append([w * (wave(own * (t - middle)) - leak * wave(other * (t - middle))) for t, w in enumerate(window)])
    return rows, total * (1 - leak * leak)


def fsk_tables() -> list[str]:
    """Rows of the FSK receivers: pairs of taps side by side, padded to 32, and the gain of each."""
    parts, gains = [], []
    for name, mark_hz, space_hz, rate in FSK_MODEMS:
        rows, gain = fsk_rows(mark_hz, space_hz, rate)
        scale = FSK_TAPS_SUM / max(sum(map(abs, row)) for row in rows)
        padded = [[round(tap * scale) for tap in row] + [0] * (32 - len(row)) for row in rows]
        parts.append(table(f"int16_t fsk_rows_{name.lower()}[4][32] __attribute__((aligned(64)))", padded))
        gains.append(gain * scale)
    names = [modem[0] for modem in FSK_MODEMS]
    return [*parts, *(f"#define FSK_GAIN_{name} {gain:.3f}f\n" for name, gain in zip(names, gains, strict=True))]


def folded(groups: Iterable[Iterable[int]], window: list[float], peak: int) -> list[list[int]]:
    """The same correlators for a window folded in the middle, as ``correlate.h`` wants them.

    Row r holds the coefficients of samples 2 r and 2 r + 1 after the middle as one word each: first the cosines, then the sines.
    """
    rows = [row for frequencies_hz in groups for row in correlators(frequencies_hz, window, peak)]
    half = len(window) // 2
    columns = [row[half:] for row in rows[0::2] + rows[1::2]]
    words = [[(c[2 * r] & 0xFFFF) | (c[2 * r + 1] & 0xFFFF) << 16 for c in columns] for r in range(half // 2)]
    return [[word - (word >> 31 << 32) for word in row] for row in words]


def partly_filled(apart_hz: float, window: list[float], samples: int) -> tuple[float, float]:
    """What a window shows, at a frequency that lies ``apart_hz`` lower, of a sine that fills only its last samples: the complex share
    of the sine's amplitude."""
    middle, turn = (len(window) - 1) / 2, 2 * math.pi * apart_hz / SAMPLE_RATE_HZ
    filled = range(len(window) - samples, len(window))
    real = sum(window[t] * math.cos(turn * (t - middle)) for t in filled)
    imaginary = sum(window[t] * math.sin(turn * (t - middle)) for t in filled)
    return real / sum(window), imaginary / sum(window)


def half_angles(frequency_hz: int, samples: int) -> list[float]:
    """Sine and cosine of a frequency's angle in half a sample and in half a window."""
    half = math.pi * frequency_hz / SAMPLE_RATE_HZ
    return [wave(half * times) for times in (1, samples) for wave in (math.sin, math.cos)]


def leaks(window: list[float], strays_hz: Iterable[int]) -> list[list[float]]:
    """What a whole window shows of a sine 0, 120, ... Hz and so much more away."""
    return [[partly_filled(120 * apart + stray_hz, window, len(window))[0] for stray_hz in strays_hz] for apart in range(6)]


def tick_angle(frequency_hz: int) -> list[float]:
    """Cosine and sine of the angle of a frequency in one block."""
    angle = 2 * math.pi * frequency_hz * BLOCK_SAMPLES / SAMPLE_RATE_HZ
    return [math.cos(angle), math.sin(angle)]


def array(declaration: str, values: Iterable[float]) -> str:
    """One C array."""
    return f"static const {declaration} = {{{', '.join(map(str, values))}}};\n"


def table(declaration: str, rows: Sequence[Sequence[float]]) -> str:
    """One two-dimensional C array."""
    return f"static const {declaration} = {{\n" + ",\n".join(f"{{{', '.join(map(str, row))}}}" for row in rows) + "};\n"


def float_table(declaration: str, rows: Iterable[Iterable[float]]) -> str:
    """One two-dimensional C array of float, with digits enough to be exact, aligned for vectors."""
    text_of_rows = ("{" + ", ".join(f"{value:.9e}f" for value in row) + "}" for row in rows)
    return f"static const _Alignas(64) {declaration} = {{\n" + ",\n".join(text_of_rows) + "};\n"


def echo_tables() -> str:
    """The transform of the echo canceller: 160 points as 10 vectors of 16 lanes (echo_kernel.h).

    `turn` takes a vector from the transform of 10 points to that of 16, which runs within the lanes: its butterflies
    join lanes 8, 4, 2 and 1 apart with `sign` and then turn the upper lanes by `stage`. Inverses hold the scale, and
    the factor 2 of those frequencies that stand for their mirror images too.
    """
    lanes, points = range(16), 160
    turns = [[-2 * math.pi * lane * q / points for lane in lanes] for q in range(6)]
    scale = [(1 if q in (0, 5) else 2) / points for q in range(6)]
    stages = [[-math.pi * (lane % half) / half if lane & half else 0.0 for lane in lanes] for half in (8, 4, 2)]
    tenths = [[math.pi * q * j / 5 for j in (1, 2)] for q in range(6)]
    peak = 6000
    return "".join(
        [
            f"#define ECHO_TONE_PEAK {peak}\n",
            table("int16_t echo_tone[2][80]", correlators([ANSWER_TONE_HZ], [1.0] * 80, peak)),
            float_table("float echo_turn_re[6][16]", [[math.cos(a) for a in row] for row in turns]),
            float_table("float echo_turn_im[6][16]", [[math.sin(a) for a in row] for row in turns]),
            float_table("float echo_back_re[6][16]", [[scale[q] * math.cos(a) for a in turns[q]] for q in range(6)]),
            float_table("float echo_back_im[6][16]", [[-scale[q] * math.sin(a) for a in turns[q]] for q in range(6)]),
            float_table("float echo_stage_re[3][16]", [[math.cos(a) for a in row] for row in stages]),
            float_table("float echo_stage_im[3][16]", [[math.sin(a) for a in row] for row in stages]),
            float_table("float echo_sign[4][16]", [[-1.0 if lane & half else 1.0 for lane in lanes] for half in (8, 4, 2, 1)]),
            float_table("float echo_cosine[6][2]", [[math.cos(a) for a in row] for row in tenths]),
            float_table("float echo_sine[6][2]", [[math.sin(a) for a in row] for row in tenths]),
        ]
    )


def text() -> str:
    """The whole header."""
    flat = [1.0] * DTMF_WINDOW_SAMPLES
    last = MFC_WINDOW_SAMPLES - 1
    hamming = [0.54 - 0.46 * math.cos(2 * math.pi * t / last) for t in range(MFC_WINDOW_SAMPLES)]
    pairs = [[lower, upper] for upper in range(6) for lower in range(upper)]
    dtmf_peak, mfc_peak = 7000, 10000
    strays_hz = range(-2 * MFC_STRAY_HZ, 2 * MFC_STRAY_HZ + 1, MFC_STRAY_HZ)
    parts_filled = range(0, MFC_WINDOW_SAMPLES + 1, MFC_PART_SAMPLES)
    parts_of = [[partly_filled(120 * apart, hamming, samples) for samples in parts_filled] for apart in range(6)]
    parts = [
        "/* Generated by pbx/dsp/tables.py. */\n#pragma once\n#include <stdint.h>\n",
        '#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored "-Wunused-variable"\n',
        array("int16_t g711_alaw_table[256]", map(alaw, range(256))),
        array("int16_t g711_ulaw_table[256]", map(ulaw, range(256))),
        array("uint8_t g711_alaw_to_ulaw_table[256]", (law_to_law(octet, to_ulaw=True) for octet in range(256))),
        array("uint8_t g711_ulaw_to_alaw_table[256]", (law_to_law(octet, to_ulaw=False) for octet in range(256))),
        table("uint8_t g711_alaw_halves[2][256]", halves(map(alaw, range(256)))),
        table("uint8_t g711_ulaw_halves[2][256]", halves(map(ulaw, range(256)))),
        array("uint8_t g711_alaw_shift[128]", (alaw_top(top)[0] for top in range(128))),
        array("uint8_t g711_alaw_turn[128]", (alaw_top(top)[1] for top in range(128))),
        array("uint8_t g711_ulaw_shift[128]", (ulaw_top(top)[0] for top in range(128))),
        array("uint8_t g711_ulaw_turn[128]", (ulaw_top(top)[1] for top in range(128))),
        f'static const char dtmf_digits[] = "{DTMF_DIGITS}";\n',
        array("uint16_t dtmf_frequency_hz[8]", DTMF_FREQUENCIES_HZ),
        table("uint16_t mf_r2_frequency_hz[2][6]", [list(MFC_FORWARD_HZ), list(MFC_BACKWARD_HZ)]),
        "/* Q.441 tables 5 and 6: signals count through the pairs, each new frequency with all the earlier ones. */\n",
        table("uint8_t mf_r2_pair[16][2]", [[0, 0], *pairs]),
        f"#define DTMF_WINDOW {DTMF_WINDOW_SAMPLES}\n#define DTMF_CORRELATOR_PEAK {dtmf_peak}\n",
        table(
            f"int32_t dtmf_folded[{DTMF_WINDOW_SAMPLES // 4}][18]",
            folded([(*DTMF_FREQUENCIES_HZ, DIAL_TONE_HZ)], flat, dtmf_peak),
        ),
        "/* Of each frequency's angle in half a sample and in half a window: sine, cosine, sine, cosine. */\n",
        table("float dtmf_angle[9][4]", [half_angles(hz, DTMF_WINDOW_SAMPLES) for hz in (*DTMF_FREQUENCIES_HZ, DIAL_TONE_HZ)]),
        f"#define MF_R2_WINDOW {MFC_WINDOW_SAMPLES}\n#define MF_R2_CORRELATOR_SUM {mfc_peak * sum(hamming):.6f}f\n",
        table(f"int32_t mf_r2_folded_both[{MFC_WINDOW_SAMPLES // 4}][24]", folded([MFC_FORWARD_HZ, MFC_BACKWARD_HZ], hamming, mfc_peak)),
        table(f"int32_t mf_r2_folded_forward[{MFC_WINDOW_SAMPLES // 4}][12]", folded([MFC_FORWARD_HZ], hamming, mfc_peak)),
        table(f"int32_t mf_r2_folded_backward[{MFC_WINDOW_SAMPLES // 4}][12]", folded([MFC_BACKWARD_HZ], hamming, mfc_peak)),
        f"#define MF_R2_PARTS {len(parts_filled)}\n#define MF_R2_PART_SAMPLES {MFC_PART_SAMPLES}\n",
        "/* By distance of the frequencies in steps of 120 Hz and by how many samples are filled. */\n",
        table(f"float mf_r2_part_cosine[6][{len(parts_filled)}]", [[c for c, _ in row] for row in parts_of]),
        table(f"float mf_r2_part_sine[6][{len(parts_filled)}]", [[s for _, s in row] for row in parts_of]),
        f"#define MF_R2_STRAYS {len(strays_hz)}\n#define MF_R2_STRAY_HZ {MFC_STRAY_HZ}\n",
        "/* By distance of the frequencies in steps of 120 Hz and how far they stray from it: Hamming, rectangular. */\n",
        table(f"float mf_r2_tapered[6][{len(strays_hz)}]", leaks(hamming, strays_hz)),
        table(f"float mf_r2_flat[6][{len(strays_hz)}]", leaks([1.0] * len(hamming), strays_hz)),
        "/* Cosine and sine of the angle of each frequency in one tick. */\n",
        table("float mf_r2_step[12][2]", [tick_angle(hz) for hz in (*MFC_FORWARD_HZ, *MFC_BACKWARD_HZ)]),
        *fsk_tables(),
        echo_tables(),
        "#pragma GCC diagnostic pop\n",
    ]
    return "".join(parts)


def main(target: Path) -> None:
    """Write the header."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
