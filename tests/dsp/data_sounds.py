"""FSK on numpy arrays, for tests: messages sent by the kernel, sound made without it, and what a lane of the receiver reports."""

from __future__ import annotations

import numpy as np
from pbx._plane import ffi, lib

from tests.dsp.sounds import BLOCK, PEAK_AT_0_DBM0, Report

MODEMS = {"v23": lib.FSK_V23, "bell202": lib.FSK_BELL202, "v21-1": lib.FSK_V21_CHANNEL1, "v21-2": lib.FSK_V21_CHANNEL2}
SPACE_MARK_RATE = {"v23": (2100, 1300, 1200), "bell202": (2200, 1200, 1200), "v21-1": (1180, 980, 300), "v21-2": (1850, 1650, 300)}


def message(modem: str, octets: bytes = b"", seizure=300, mark=180, mark_out=10, level_dbm0=-13.5, flags=0):
    cell = ffi.new("struct fsk_message *")
    cell.modem, cell.level_tenth_dbm0, cell.flags = MODEMS[modem], round(10 * level_dbm0), flags
    cell.seizure_bits, cell.mark_bits, cell.mark_out_bits, cell.length = seizure, mark, mark_out, len(octets)
    cell.octet[0 : len(octets)] = list(octets)
    return cell


def send(cell, samples: int | None = None, pieces: int = 0) -> np.ndarray:
    """A message as the kernel sends it."""
    samples = int(lib.fsk_message_samples(cell)) if samples is None else samples
    sender, out = ffi.new("struct fsk_sender *"), np.zeros(samples, np.int16)
    assert lib.fsk_send_start(sender, cell) == 0
    done = 0
    while done < samples:
        part = min(pieces or samples, samples - done)
        lib.fsk_send(sender, ffi.cast("int16_t *", out.ctypes.data + 2 * done), part)
        done += part
    return out


def bits_of(octets: bytes, seizure=300, mark=180, mark_out=10) -> list[int]:
    """Bits of a message, from the words of the Recommendation and not from the kernel."""
    bits = [n % 2 for n in range(seizure)] + [1] * mark
    for octet in octets:
        bits += [0, *((octet >> n) & 1 for n in range(8)), 1]
    return bits + [1] * mark_out


def keyed(modem: str, bits: list[int], level_dbm0=-13.5, space_db=0.0, rate_off=0.0, hz_off=0.0, start=0.0) -> np.ndarray:
    """Phase-continuous sound of bits, made at 16 times the rate; ``space_db`` is the level of space above mark."""
    space, mark, rate = SPACE_MARK_RATE[modem]
    fine = 16
    count = int(len(bits) * 8000 / (rate * (1 + rate_off)) * fine)
    which = np.minimum((np.arange(count) / fine / 8000 * rate * (1 + rate_off)).astype(int), len(bits) - 1)
    now = np.asarray(bits)[which]
    hz = np.where(now, mark, space) + hz_off
    phase = 2 * np.pi * np.cumsum(hz) / (8000 * fine) + start
    amplitude = PEAK_AT_0_DBM0 * 10 ** ((level_dbm0 + np.where(now, 0, space_db)) / 20)
    return np.clip(np.rint((amplitude * np.sin(phase))[::fine]), -32768, 32767).astype(np.int16)


class FskBank:
    """A bank of FSK receivers in memory of its own."""

    def __init__(self, modem: int, lanes: int = 1) -> None:
        self.memory = ffi.new("char[]", lib.fsk_bank_size(lanes) + 64)
        start = self.memory + (-int(ffi.cast("uintptr_t", self.memory)) % 64)
        self.bank, self.lanes, self.tick = lib.fsk_bank_init(start, lanes, modem), lanes, 0
        self.reports = ffi.new("struct tone_report[]", 4 * lanes)
        self.pointers = ffi.new("int16_t *[]", lanes)

    def run(self, blocks: list[np.ndarray | None]) -> list[Report]:
        kept = [None if b is None else ffi.from_buffer("int16_t[]", np.ascontiguousarray(b, np.int16)) for b in blocks]
        for lane, block in enumerate(kept):
            self.pointers[lane] = ffi.NULL if block is None else block
        count = lib.fsk_bank_run(self.bank, self.pointers, self.reports)
        base, self.tick = self.tick * BLOCK, self.tick + 1
        return [Report(r.lane, base + r.offset_samples, r.edge, r.value, r.level_tenth_dbm0, self.tick - 1) for r in self.reports[0:count]]


def hear_fsk(modem: int, sound: np.ndarray, padding: int = 800) -> list[Report]:
    bank = FskBank(modem)
    sound = np.concatenate([sound, np.zeros(padding + -len(sound) % BLOCK, np.int16)]).astype(np.int16)
    return [report for start in range(0, len(sound) - BLOCK + 1, BLOCK) for report in bank.run([sound[start : start + BLOCK]])]


def octets_heard(modem: int, sound: np.ndarray) -> bytes:
    return bytes(r.value for r in hear_fsk(modem, sound) if r.edge == lib.FSK_OCTET)
