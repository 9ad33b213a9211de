"""``fsk``: FSK receivers in ns a channel and 20 ms, beside libspandsp's fsk_rx on the same sound in the same run.

``fsk.v23`` and ``fsk.bell202`` hear a message without end on every lane, ``fsk.v21`` the flags before a fax; ``fsk.voices`` is V.23 on
lanes where people speak, ``fsk.silence`` on silent ones. Ours run in banks of 120 lanes, spandsp's one by one. Leaves out how well they
hear (tests/dsp/test_fsk.py, tests/interop).
"""

import ctypes
import statistics
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pbx._plane import ffi, lib

from benchmarks.office import voice
from benchmarks.row import Effort, Row, load_text
from pbx.sound_file import decode_alaw

LANES = 120
ROWS = {
    "fsk.v23": (lib.FSK_V23, 0, "messages"),
    "fsk.bell202": (lib.FSK_BELL202, 1, "messages"),
    "fsk.v21": (lib.FSK_V21_FLAGS, 2, "flags"),
    "fsk.voices": (lib.FSK_V23, 0, "voices"),
    "fsk.silence": (lib.FSK_V23, 0, "silence"),
}


def build_timer(folder: Path) -> tuple[ctypes.CDLL, bool]:
    """The timing library, and whether spandsp is in it."""
    source, target = Path(__file__).with_name("data_signals_timer.c"), folder / "data_signals_timer.so"
    command = ["gcc", "-O3", "-shared", "-fPIC", str(source), "-o", str(target)]
    # spandsp's header wants libtiff's, which its package brings along.
    with_spandsp = subprocess.run([*command, "-DSPANDSP", "-lspandsp", "-ltiff"], capture_output=True, check=False).returncode == 0
    if not with_spandsp:
        with_spandsp = subprocess.run([*command, "-DSPANDSP", "-lspandsp"], capture_output=True, check=False).returncode == 0
    if not with_spandsp:
        subprocess.run(command, capture_output=True, check=True)
    timer = ctypes.CDLL(str(target))
    timer.time_bank.restype = timer.time_spandsp.restype = ctypes.c_double
    return timer, with_spandsp


def sound_of_lanes(modem: int, what: str, count: int) -> Any:
    """One sound a lane; messages are of random octets, each lane at another place of them."""
    sound = np.zeros((LANES, count), np.int16)
    if what == "silence":
        return sound
    if what == "voices":
        speech = [decode_alaw(voice(4.0, seed)) for seed in range(4)]
        for lane in range(LANES):
            sound[lane] = np.resize(np.roll(speech[lane % 4], 997 * lane), count)
        return sound
    random = np.random.default_rng(1)
    message, sender = ffi.new("struct fsk_message *"), ffi.new("struct fsk_sender *")
    message.level_tenth_dbm0, message.mark_bits = -135, 40
    if what == "flags":
        message.modem, message.flags = lib.FSK_V21_CHANNEL2, lib.FSK_FLAGS_FOR_EVER
    else:
        message.modem, message.length = modem, lib.FSK_MESSAGE_OCTETS
        message.octet[0 : lib.FSK_MESSAGE_OCTETS] = list(random.bytes(lib.FSK_MESSAGE_OCTETS))
    whole = np.zeros(min(lib.fsk_message_samples(message), count), np.int16)
    lib.fsk_send_start(sender, message)
    lib.fsk_send(sender, ffi.from_buffer("int16_t[]", whole), len(whole))
    for lane in range(LANES):
        sound[lane] = np.resize(np.roll(whole, 997 * lane), count)
    return sound


def time_ours(timer: ctypes.CDLL, modem: int, lanes: Any, ticks: int) -> float:
    """CPU time of one bank over all the sound."""
    memory = np.zeros(lib.fsk_bank_size(LANES) + 64, np.uint8)
    place = ffi.cast("void *", memory.ctypes.data + -memory.ctypes.data % 64)
    bank = ctypes.c_void_p(int(ffi.cast("uintptr_t", lib.fsk_bank_init(place, LANES, modem))))
    run = ctypes.c_void_p(int(ffi.cast("uintptr_t", ffi.addressof(lib, "fsk_bank_run"))))
    room, heard = ffi.new("struct tone_report[]", LANES * lib.KERNEL_REPORTS_PER_LANE), ctypes.c_int()
    reports = ctypes.c_void_p(int(ffi.cast("uintptr_t", room)))
    return float(timer.time_bank(run, bank, lanes, LANES, ticks, reports, ctypes.byref(heard)))


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of FSK; ours and spandsp's by turns."""
    ticks, runs = int(effort.choose(10, 100, 400)), int(effort.choose(1, 7, 21))
    with tempfile.TemporaryDirectory(prefix="zongji-bench-") as folder:
        timer, with_spandsp = build_timer(Path(folder))
        for name in names:
            modem, theirs, what = ROWS[name]
            sound = sound_of_lanes(modem, what, ticks * 80)
            lanes = (ctypes.c_void_p * LANES)(*(sound[lane].ctypes.data for lane in range(LANES)))
            heard, own, peer = ctypes.c_int(), [], []
            for _ in range(runs):
                own.append(time_ours(timer, modem, lanes, ticks))
                peer.append(float(timer.time_spandsp(theirs, lanes, LANES, ticks, ctypes.byref(heard))))
            scale = 2 / (ticks * LANES)
            yield Row(
                name,
                round(statistics.median(own) * scale, 1),
                "ns/channel/20 ms",
                "lower",
                "libspandsp" if with_spandsp else None,
                round(statistics.median(peer) * scale, 1) if with_spandsp else None,
                f"{LANES} lanes of {what}, {ticks / 100:g} s, median of {runs}, by turns"
                f"{'' if with_spandsp else '; libspandsp-dev is not installed: no peer'}; {load_text()}",
            )
