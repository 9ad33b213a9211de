"""``receivers``: tone receivers in ns a channel and 20 ms, beside libspandsp's on the same sound in the same run.

``receivers.dtmf`` is DTMF alone; ``receivers.mfc`` one MFC direction (the mean of both, each alone); ``receivers.progress`` call progress;
``receivers.fax`` CNG and the answer tones with phase reversals and modulation; ``receivers.all`` all of these on every lane, which is what
a trunk channel can be listened to by: ours in one bank, spandsp's sum is that of its DTMF, both MFC, call progress (super_tone), CNG and
answer tone receivers. Sound is decoded already and lies in the cache, as a
plane's decoder leaves it; A-law is not counted. Ours run in a bank of 120 lanes, 4 spans; spandsp's one by one. The rows ``.avx2`` are the
same kernels held to AVX2, the rows ``.talk`` what an office hears of an evening: one lane in sixteen dials without end instead of one in
four. A small C file times both and is compiled when the benchmark runs. Leaves out how well they hear.
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
from pbx.tone_plan import china, dtmf_plan, mfc_plan, recognised_plan

LANES = 120
PEERS = {"dtmf": 0, "forward": 1, "backward": 2, "progress": 3, "cng": 4, "answer": 5}
"""Kinds of libspandsp's receivers, as receivers_timer.c numbers them."""

MFC = (lib.TONE_MFC_FORWARD, lib.TONE_MFC_BACKWARD)
PARTS = {
    "receivers.dtmf": ((lib.TONE_DTMF,), ("dtmf",)),
    "receivers.mfc": (MFC, ("forward", "backward")),
    "receivers.progress": ((lib.TONE_PROGRESS,), ("progress",)),
    "receivers.fax": ((lib.TONE_FAX,), ("cng", "answer")),
    "receivers.all": ((lib.TONE_RECEIVERS,), tuple(PEERS)),
}
"""Of each row: the banks that are timed one after the other, and spandsp's receivers."""

SHARE = {"receivers.mfc": 2}
NARROW, TALK = ".avx2", ".talk"
EVERY = {"": 4, TALK: 16}
"""One lane in so many dials, by the load that a row is about."""

Sound = "np.ndarray[tuple[int, int], np.dtype[np.int16]]"


def build_timer(folder: Path) -> tuple[ctypes.CDLL, bool]:
    """The timing library, and whether spandsp is in it."""
    source, target = Path(__file__).with_suffix("").with_name("receivers_timer.c"), folder / "receivers_timer.so"
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


def sound_of_lanes(ticks: int, every: int = 4) -> Any:
    """Voices; one lane in ``every`` dials five digits a second without end, another says MFC signals likewise."""
    plan, count = china(), ticks * 80
    speech = [decode_alaw(voice(4.0, seed)) for seed in range(4)]
    sound = np.zeros((LANES, count), np.int16)
    generator = ffi.new("struct tone_generator *")
    for lane in range(LANES):
        sound[lane] = np.resize(np.roll(speech[lane % 4], 997 * lane), count)
        if lane % every in (1, 2):
            place = (lane * 317) % 800
            while place + 1600 <= count:
                digit = (place + lane) % 10
                tones = dtmf_plan(plan.dtmf, str(digit)) if lane % every == 1 else mfc_plan(plan.mfc, lane % (2 * every) < every, 1 + digit)
                lib.tone_start(generator, tones)
                lib.tone_generate(generator, ffi.cast("int16_t *", sound[lane, place : place + 640].ctypes.data), 640)
                place += 1600
    return sound


class Banks:
    """Banks over all lanes, one for each set of receivers."""

    def __init__(self) -> None:
        self._reports = ffi.new("struct tone_report[]", LANES * lib.TONE_REPORTS_PER_LANE)
        self._run = int(ffi.cast("uintptr_t", ffi.addressof(lib, "tone_bank_run")))
        self._kept: list[Any] = []
        self._banks: dict[int, Any] = {}

    def _bank(self, receivers: int) -> Any:
        if receivers not in self._banks:
            whole = np.zeros(lib.tone_bank_size(LANES, receivers) + 64, np.uint8)
            self._kept.append(whole)
            bank = lib.tone_bank_init(ffi.cast("void *", whole.ctypes.data + -whole.ctypes.data % 64), LANES, receivers)
            lib.tone_bank_set_progress(bank, recognised_plan(china()))
            for lane in range(LANES):
                lib.tone_lane_listen(bank, lane, receivers)
            self._banks[receivers] = bank
        return self._banks[receivers]

    def time_ns(self, timer: ctypes.CDLL, receivers: int, sound: Any, ticks: int) -> float:
        """CPU time of one bank over all the sound."""
        heard = ctypes.c_int()
        bank = ctypes.c_void_p(int(ffi.cast("uintptr_t", self._bank(receivers))))
        reports = ctypes.c_void_p(int(ffi.cast("uintptr_t", self._reports)))
        start = ctypes.c_void_p(sound.ctypes.data)
        return float(timer.time_bank(ctypes.c_void_p(self._run), bank, start, LANES, ticks, reports, ctypes.byref(heard)))


def limit(name: str) -> int:
    """Hold the kernels to the instructions that a row is about; returns the level in use."""
    return int(lib.processor_limit(lib.PROCESSOR_AVX2 if name.endswith(NARROW) else lib.PROCESSOR_AVX512))


def row_of(name: str) -> str:
    """The row without what it is held to and what it hears."""
    return name.removesuffix(NARROW).removesuffix(TALK)


def load_of(name: str) -> str:
    """What a row hears."""
    return TALK if name.removesuffix(NARROW).endswith(TALK) else ""


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of receivers; ours and spandsp's by turns."""
    ticks = int(effort.choose(10, 400, 800))
    runs = int(effort.choose(1, 9, 25))
    sounds = {load: sound_of_lanes(ticks, every) for load, every in EVERY.items()}
    ticked = {load: np.ascontiguousarray(sound.reshape(LANES, ticks, 80).transpose(1, 0, 2)) for load, sound in sounds.items()}
    lanes = {load: (ctypes.c_void_p * LANES)(*(lane.ctypes.data for lane in sound)) for load, sound in sounds.items()}
    banks, levels = Banks(), {lib.PROCESSOR_PLAIN: "plain C", lib.PROCESSOR_AVX2: "AVX2", lib.PROCESSOR_AVX512: "AVX-512"}
    names = list(dict.fromkeys(name.removesuffix(".channels") for name in names))
    own: dict[str, list[float]] = {name: [] for name in names}
    peer: dict[tuple[str, str], list[float]] = {(load_of(name), kind): [] for name in names for kind in PARTS[row_of(name)][1]}
    used: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="zongji-bench-") as folder:
        timer, with_spandsp = build_timer(Path(folder))
        for _ in range(runs):
            for name in names:
                used[name] = levels[limit(name)]
                own[name].append(sum(banks.time_ns(timer, part, ticked[load_of(name)], ticks) for part in PARTS[row_of(name)][0]))
            for (load, kind), spent in peer.items():
                spent.append(float(timer.time_spandsp(PEERS[kind], lanes[load], LANES, ticks)))
    lib.processor_limit(lib.PROCESSOR_AVX512)
    for name in names:
        row, scale = row_of(name), 2 / (ticks * LANES)
        share = SHARE.get(row, 1)
        beside = sum(statistics.median(peer[load_of(name), kind]) for kind in PARTS[row][1]) * scale / share
        value = statistics.median(own[name]) * scale / share
        yield Row(
            name,
            round(value, 1),
            "ns/channel/20 ms",
            "lower",
            "libspandsp" if with_spandsp else None,
            round(beside, 1) if with_spandsp else None,
            f"{LANES} lanes, {ticks / 100:g} s of voices, one lane in {EVERY[load_of(name)]} dials, one says MFC signals, five a second; "
            f"median of {runs}, by turns"
            f"{'' if with_spandsp else '; libspandsp-dev is not installed: no peer'}; {load_text()}",
        )
        yield Row(f"{name}.channels", round(20e6 / value), "channels/core", "higher", conditions=f"{used[name]}; follows from {name}")
