"""Data signals and line tests in a stretch of sound: caller identity, levels, bit errors.

The kernels of the media plane (pbx/dsp/fsk.h, pbx/dsp/level.h, pbx/dsp/bert.h) on numpy arrays, each giving signals for ``zongji listen``.
Leaves out: caller identity by DTMF, which is heard as digits.
"""

from typing import Any

import numpy as np

from pbx._plane import ffi, lib
from pbx.engine import Malformed
from pbx.hearing import BLOCK_SAMPLES, SAMPLES_A_MS, Heard, aligned
from pbx.signalling.analog.caller_identity import TYPES, Call, Decoder, Message, MessageWaiting
from pbx.sound_file import SAMPLE_RATE_HZ, Samples, encode_alaw
from pbx.vocabulary.media import TEST_PATTERNS

KINDS = ("caller-identity", "level", "bert")
AFTERWARDS_SAMPLES = 6 * BLOCK_SAMPLES
MEASURING_MS = 1000


def _blocks(sound: Samples, afterwards: int) -> tuple[Any, int]:
    padded = np.concatenate([np.asarray(sound, np.int16), np.zeros(afterwards + -len(sound) % BLOCK_SAMPLES, np.int16)])
    return ffi.from_buffer("int16_t[]", padded), len(padded) // BLOCK_SAMPLES


def named(message: Message) -> str:
    """A message as one line of text."""
    if isinstance(message, MessageWaiting):
        return "messages wait" if message.active else "no messages wait"
    if not isinstance(message, Call):
        return f"message {message.kind:#04x} of {len(message.parameters)} parts"
    number = message.number or message.number_absence
    called = f"to {message.called_number}" if message.called_number else ""
    return " ".join(part for part in (number, message.name or message.name_absence, called, message.date_time) if part) or "nobody"


def hear_caller_identity(sound: Samples, encoding: str = "gb2312", malformed: bool = False) -> list[Heard]:
    """Messages of V.23 or Bell 202, with the times of their first and last bit; on request also what could not be read."""
    kept, place = aligned(lib.fsk_bank_size(1))
    bank, reports = lib.fsk_bank_init(place, 1, lib.FSK_CALLER_IDENTITY), ffi.new("struct tone_report[]", lib.KERNEL_REPORTS_PER_LANE)
    (start, count), samples = _blocks(sound, AFTERWARDS_SAMPLES), ffi.new("int16_t *[1]")
    decoder, heard, begun = Decoder(encoding), [], 0
    for block in range(count):
        samples[0] = start + block * BLOCK_SAMPLES
        for report in reports[0 : lib.fsk_bank_run(bank, samples, reports)]:
            at = block * BLOCK_SAMPLES + report.offset_samples
            idle = not decoder.begun
            if report.edge == lib.FSK_OCTET:
                found = decoder.feed(bytes([report.value]))
                begun = at if idle and report.value in TYPES else begun
            elif report.edge in (lib.FSK_FRAMING_ERROR, lib.TONE_END):
                found = decoder.lost()
            else:
                found = []
            for message in found:
                if malformed or not isinstance(message, Malformed):
                    name = f"?? {message.what}" if isinstance(message, Malformed) else named(message)
                    end = at + 10 * SAMPLE_RATE_HZ / 1200
                    length_ms = round((end - begun) / SAMPLES_A_MS, 3)
                    heard.append(Heard(begun / SAMPLES_A_MS, "caller-identity", name, length_ms, report.level_tenth_dbm0 / 10))
    del kept
    return heard


def measure_level(sound: Samples, interval_ms: int = MEASURING_MS) -> list[Heard]:
    """Root mean square of each whole interval, its peak in the name."""
    ticks = interval_ms * SAMPLES_A_MS // BLOCK_SAMPLES
    kept, place = aligned(lib.level_bank_size(1))
    bank, reports = lib.level_bank_init(place, 1, ticks), ffi.new("struct level_report[1]")
    (start, count), samples, heard = _blocks(sound, 0), ffi.new("int16_t *[1]"), []
    for block in range(count):
        samples[0] = start + block * BLOCK_SAMPLES
        for report in reports[0 : lib.level_bank_run(bank, samples, reports)]:
            at_ms = (block + 1 - ticks) * BLOCK_SAMPLES / SAMPLES_A_MS
            name = f"peak {report.peak_tenth_dbm0 / 10:g} dBm0"
            heard.append(Heard(at_ms, "level", name, float(interval_ms), report.rms_tenth_dbm0 / 10))
    del kept
    return heard


def measure_errors(sound: Samples) -> list[Heard]:
    """Bit errors by the second against each pattern that is found; the samples must be a time slot's, through A-law and nothing else."""
    samples, heard = np.ascontiguousarray(sound, np.int16), []
    octets, start_of = encode_alaw(samples), ffi.from_buffer("int16_t[]", samples)
    for name, number in TEST_PATTERNS.items():
        receiver, bits, errors = ffi.new("struct bert_receiver *"), 0, 0
        lib.bert_receive_start(receiver, number)
        for start in range(0, len(octets), SAMPLE_RATE_HZ):
            part = octets[start : start + SAMPLE_RATE_HZ]
            lib.bert_receive(receiver, part, len(part))
            if receiver.bits > bits:
                text = f"{name}: {receiver.errors - errors} of {receiver.bits - bits} bits wrong"
                lost = "" if receiver.synchronised else ", synchronisation lost"
                level = lib.g711_level_tenth_dbm0(start_of + start, len(part)) / 10
                heard.append(Heard(start / SAMPLES_A_MS, "bert", text + lost, len(part) / SAMPLES_A_MS, level))
            bits, errors = receiver.bits, receiver.errors
    return heard


def hear_data(sound: Samples, kinds: list[str] | None) -> list[Heard]:
    """What was asked for of KINDS; of all kinds only good caller identity is heard unasked."""
    heard: list[Heard] = []
    if not kinds or "caller-identity" in kinds:
        heard += hear_caller_identity(sound, malformed=bool(kinds))
    if kinds and "level" in kinds:
        heard += measure_level(sound)
    if kinds and "bert" in kinds:
        heard += measure_errors(sound)
    return heard
