"""``receivers``: tone receivers in ns a channel and 20 ms, beside libspandsp's on the same sound in the same run.

``receivers.dtmf`` is DTMF alone; ``receivers.mfc`` one MFC direction (the mean of both); ``receivers.all`` DTMF, both MFC directions and
call progress together, which is what a trunk channel can be listened to by. Sound is decoded already: A-law is not counted. Ours run in
banks of 120 lanes, 4 spans; spandsp's one by one. A small C file times both and is compiled when the benchmark runs. Leaves out how
well they hear (tests/interop).
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
from pbx.tone_plan import china, dtmf_plan, mfc_plan, progress_patterns

LANES = 120
KINDS = {"dtmf": 0, "forward": 1, "backward": 2, "progress": 3}
PARTS = {"receivers.dtmf": ("dtmf",), "receivers.mfc": ("forward", "backward"), "receivers.all": tuple(KINDS)}
SHARE = {"receivers.dtmf": 1, "receivers.mfc": 2, "receivers.all": 1}
PROGRESS_HZ = 450.0
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


def sound_of_lanes(ticks: int) -> Any:
    """What a busy exchange hears: voices, one lane in four with digits in it, one in four with MFC signals."""
    plan, count = china(), ticks * 80
    speech = [decode_alaw(voice(4.0, seed)) for seed in range(4)]
    sound = np.zeros((LANES, count), np.int16)
    generator = ffi.new("struct tone_generator *")
    for lane in range(LANES):
        sound[lane] = np.resize(np.roll(speech[lane % 4], 997 * lane), count)
        if lane % 4 in (1, 2):
            place = (lane * 317) % 800
            while place + 1600 <= count:
                digit = (place + lane) % 10
                tones = dtmf_plan(plan.dtmf, str(digit)) if lane % 4 == 1 else mfc_plan(plan.mfc, lane % 8 < 4, 1 + digit)
                lib.tone_start(generator, tones)
                lib.tone_generate(generator, ffi.cast("int16_t *", sound[lane, place : place + 640].ctypes.data), 640)
                place += 1600
    return sound


class Banks:
    """One bank of each kind, over all lanes."""

    def __init__(self) -> None:
        plan = china()
        heard = [name for name, tone in plan.tone.items() if tone.heard_after]
        self._kept = [self._memory(lib.dtmf_bank_size(LANES))]
        self.banks: dict[str, Any] = {"dtmf": lib.dtmf_bank_init(self._kept[0], LANES)}
        for kind in ("forward", "backward"):
            self._kept.append(self._memory(lib.mf_r2_bank_size(LANES)))
            self.banks[kind] = lib.mf_r2_bank_init(self._kept[-1], LANES, kind == "forward")
        self._kept.append(self._memory(lib.progress_bank_size(LANES)))
        patterns = progress_patterns(plan, heard)
        self.banks["progress"] = lib.progress_bank_init(self._kept[-1], LANES, round(PROGRESS_HZ * 1000), patterns, len(heard))
        runs = {"dtmf": "dtmf_bank_run", "forward": "mf_r2_bank_run", "backward": "mf_r2_bank_run", "progress": "progress_bank_run"}
        self._runs = {kind: int(ffi.cast("uintptr_t", ffi.addressof(lib, name))) for kind, name in runs.items()}
        self._reports = ffi.new("struct tone_report[]", LANES * lib.KERNEL_REPORTS_PER_LANE)

    def _memory(self, octets: int) -> Any:
        """Aligned as a bank wants it; the whole is kept alive by its slice's owner."""
        whole = np.zeros(octets + 64, np.uint8)
        start = -whole.ctypes.data % 64
        self._arrays = [*getattr(self, "_arrays", []), whole]
        return ffi.cast("void *", whole.ctypes.data + start)

    def time_ns(self, timer: ctypes.CDLL, kind: str, lanes: Any, ticks: int) -> float:
        """CPU time of one bank over all the sound."""
        heard = ctypes.c_int()
        bank = ctypes.c_void_p(int(ffi.cast("uintptr_t", self.banks[kind])))
        reports = ctypes.c_void_p(int(ffi.cast("uintptr_t", self._reports)))
        spent = timer.time_bank(ctypes.c_void_p(self._runs[kind]), bank, lanes, LANES, ticks, reports, ctypes.byref(heard))
        return float(spent)


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of receivers; ours and spandsp's by turns."""
    ticks = int(effort.choose(10, 100, 400))
    runs = int(effort.choose(1, 7, 21))
    sound = sound_of_lanes(ticks)
    lanes = (ctypes.c_void_p * LANES)(*(sound[lane].ctypes.data for lane in range(LANES)))
    banks = Banks()
    with tempfile.TemporaryDirectory(prefix="zongji-bench-") as folder:
        timer, with_spandsp = build_timer(Path(folder))
        wanted = [kind for kind in KINDS if any(kind in PARTS[name] for name in names)]
        own: dict[str, list[float]] = {kind: [] for kind in wanted}
        peer: dict[str, list[float]] = {kind: [] for kind in wanted}
        for _ in range(runs):
            for kind in wanted:
                own[kind].append(banks.time_ns(timer, kind, lanes, ticks))
                peer[kind].append(float(timer.time_spandsp(KINDS[kind], lanes, LANES, ticks)))
    scale = 2 / (ticks * LANES)
    for name in names:
        value = sum(statistics.median(own[kind]) for kind in PARTS[name]) * scale / SHARE[name]
        beside = sum(statistics.median(peer[kind]) for kind in PARTS[name]) * scale / SHARE[name]
        yield Row(
            name,
            round(value, 1),
            "ns/channel/20 ms",
            "lower",
            "libspandsp" if with_spandsp else None,
            round(beside, 1) if with_spandsp else None,
            f"{LANES} lanes, {ticks / 100:g} s of voices, digits and signals, median of {runs}, by turns"
            f"{'' if with_spandsp else '; libspandsp-dev is not installed: no peer'}; {load_text()}",
        )
