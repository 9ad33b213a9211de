"""``echo``: the echo canceller beside libspandsp's and libspeexdsp's, on the same sound in the same run.

``echo.256``, ``.512`` and ``.1024`` are us a channel and 20 ms, the nonlinear processors of all off; ``.speexdsp`` and ``.avx2`` say what
else they are compared with or made of. How well they cancel, with 256 taps and through A-law both ways: ``echo.erle`` is the echo
return loss enhancement in the last 5 s of 10, ``echo.convergence`` the time to 20 dB for good, ``echo.doubletalk`` the enhancement in the
half second after 3 s of double talk; means over a composite source signal and two speakers, each over three hybrids of 6, 8 and 12 dB
(benchmarks/echo_paths.py). Works in a process of its own (echo_timer.c says why). Leaves out cancellation heard by people.
"""

import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pbx._plane import ffi, lib

from benchmarks.echo_paths import at_level, composite_source, echo_of, hybrid, level_dbm0, spoken, through_alaw
from benchmarks.row import Effort, Row, load_text

LANES = 30
TAPS = (256, 512, 1024)
HYBRIDS = ((3, 6.0), (5, 8.0), (4, 12.0))
LEVEL_DBM0 = -14.0
QUALITIES = {"echo.erle": ("dB", "higher"), "echo.convergence": ("s", "lower"), "echo.doubletalk": ("dB", "higher")}
Run = Callable[[int, Any, Any], tuple[Any, float]]
"""Taps, far and near to what is left and the ns it took for one channel."""


def build_timer(folder: Path) -> tuple[Path, list[str]]:
    """The timing library, and the peers that are in it."""
    source, target = Path(__file__).with_name("echo_timer.c"), folder / "echo_timer.so"
    command = ["gcc", "-O3", "-shared", "-fPIC", str(source), "-o", str(target)]
    spandsp, speexdsp = ["-DSPANDSP", "-lspandsp", "-ltiff"], ["-DSPEEXDSP", "-lspeexdsp"]
    for peers, more in ((["spandsp", "speexdsp"], spandsp + speexdsp), (["spandsp"], spandsp), (["speexdsp"], speexdsp)):
        if subprocess.run([*command, *more], capture_output=True, check=False).returncode == 0:
            return target, peers
    subprocess.run(command, capture_output=True, check=True)
    return target, []


def address(array: Any) -> ctypes.c_void_p:
    """Where its samples are."""
    return ctypes.c_void_p(array.ctypes.data)


def ours(timer: ctypes.CDLL, lanes: int, level: int) -> Run:
    """Our bank, limited to a processor level."""

    def run(taps: int, far: Any, near: Any) -> tuple[Any, float]:
        out, tail_ms, ticks = np.zeros_like(near), taps // 8, len(near) // 80
        memory = np.zeros(lib.echo_bank_size(lanes, tail_ms) + 64, np.uint8)
        start = memory.ctypes.data + (-memory.ctypes.data % 64)
        bank = lib.echo_bank_init(ffi.cast("void *", start), lanes, tail_ms)
        for lane in range(lanes):
            lib.echo_lane_set(bank, lane, tail_ms, 0, 0)
        function = ctypes.c_void_p(int(ffi.cast("uintptr_t", ffi.addressof(lib, "echo_bank_run"))))
        lib.processor_limit(level)
        spent = timer.time_bank(function, ctypes.c_void_p(start), address(far), address(near), address(out), lanes, ticks)
        lib.processor_limit(lib.PROCESSOR_AVX512)
        return out, spent / lanes

    return run


def theirs(function: Any) -> Run:
    """A peer's canceller, one channel."""

    def run(taps: int, far: Any, near: Any) -> tuple[Any, float]:
        out = np.zeros_like(near)
        return out, float(function(taps, address(far), address(near), address(out), len(near) // 80))

    return run


def cases(length: float) -> tuple[list[Any], str]:
    """What the far end says, and whose voice it is."""
    (first, whose), (second, _) = spoken(length, 0), spoken(length, 1)
    return [through_alaw(at_level(sound, LEVEL_DBM0)) for sound in (composite_source(length), first, second)], whose


def enhancement_db(near: Any, out: Any, begin: float, end: float) -> float:
    """By how much the echo is weaker in a stretch of seconds."""
    part = slice(round(begin * 8000), round(end * 8000))
    return level_dbm0(near[part]) - level_dbm0(out[part])


def converged_s(near: Any, out: Any) -> float:
    """From when on every 100 ms in which there is echo have lost 20 dB; at most the length."""
    last = 0.0
    for place in range(0, len(near) - 799, 800):
        if level_dbm0(near[place : place + 800]) > LEVEL_DBM0 - 20 and enhancement_db(near, out, place / 8000, place / 8000 + 0.1) < 20:
            last = (place + 800) / 8000
    return last


def qualities(run: Run, sounds: list[Any], talk: Any) -> dict[str, float]:
    """The means of all cases."""
    erle, convergence, after_talk = [], [], []
    for far in sounds:
        for seed, erl_db in HYBRIDS:
            echo = echo_of(far, hybrid(seed, erl_db))
            near, talked = through_alaw(echo), through_alaw(echo + talk)
            out, _ = run(256, far, near)
            length = len(far) / 8000
            erle.append(enhancement_db(near, out, length / 2, length))
            convergence.append(converged_s(near, out))
            out, _ = run(256, far, talked)
            after_talk.append(enhancement_db(talked, out, 0.6 * length, 0.6 * length + 0.5))
    return {
        "echo.erle": statistics.mean(erle),
        "echo.convergence": statistics.mean(convergence),
        "echo.doubletalk": statistics.mean(after_talk),
    }


def child(library: str, peers: list[str], ticks: int, runs: int, length: float) -> dict[str, Any]:
    """Everything, in a process into which the timer has been loaded first."""
    timer = ctypes.CDLL(library)
    timer.time_bank.restype = timer.time_spandsp.restype = timer.time_speexdsp.restype = ctypes.c_double
    sounds, whose = cases(length)
    cancellers: dict[str, Run] = {"ours": ours(timer, LANES, lib.PROCESSOR_AVX512), "avx2": ours(timer, LANES, lib.PROCESSOR_AVX2)}
    cancellers |= {peer: theirs(getattr(timer, f"time_{peer}")) for peer in peers}
    far = np.resize(sounds[1], ticks * 80)
    near = through_alaw(echo_of(far, hybrid(*HYBRIDS[0])))
    spent: dict[str, list[float]] = {f"{name} {taps}": [] for name in cancellers for taps in TAPS}
    for _ in range(runs):
        for taps in TAPS:
            for name, run in cancellers.items():
                spent[f"{name} {taps}"].append(run(taps, far, near)[1] * 2 / ticks / 1000)
    count = len(sounds[0])
    time = np.arange(count) / count
    talk = np.where((time > 0.3) & (time < 0.6), at_level(spoken(length, 1)[0][::-1], LEVEL_DBM0), 0.0)
    judged = {"ours": ours(timer, 1, lib.PROCESSOR_AVX512)} | {peer: cancellers[peer] for peer in peers}
    return {
        "us": {key: statistics.median(values) for key, values in spent.items()},
        "quality": {name: qualities(run, sounds, talk) for name, run in judged.items()},
        "whose": whose,
    }


def measured(effort: Effort) -> tuple[dict[str, Any], list[str]]:
    """What the child found, and the peers there were."""
    with tempfile.TemporaryDirectory(prefix="zongji-bench-") as folder:
        library, peers = build_timer(Path(folder))
        figures = (int(effort.choose(20, 200, 1000)), int(effort.choose(1, 5, 21)), effort.choose(1, 10, 10))
        command = [sys.executable, "-m", "benchmarks.echo", json.dumps([str(library), peers, *figures])]
        environment = {**os.environ, "LD_PRELOAD": " ".join(filter(None, [os.environ.get("LD_PRELOAD"), str(library)]))}
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
        return json.loads(answer.stdout), peers


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of the echo canceller; ours and the peers' by turns."""
    found, peers = measured(effort)
    missing = "".join(f"; lib{peer}-dev is not installed" for peer in ("spandsp", "speexdsp") if peer not in peers)
    load = f"{missing}; {load_text()}"
    timed = f"{LANES} lanes, speech ({found['whose']}) over a hybrid, by turns, nonlinear processors off, spandsp's printf stubbed{load}"
    judged = f"256 taps, composite source and two speakers ({found['whose']}) over hybrids of 6, 8, 12 dB, A-law both ways{load}"
    for name in names:
        quality = next((key for key in QUALITIES if name.startswith(key)), None)
        peer = name.rpartition(".")[2] if name.endswith("dsp") else "spandsp"
        if quality:
            unit, better = QUALITIES[quality]
            beside = found["quality"][peer][quality] if peer in peers else None
            yield Row(
                name, found["quality"]["ours"][quality], unit, "higher" if better == "higher" else "lower", f"lib{peer}", beside, judged
            )
        else:
            taps = name.split(".")[1]
            value = found["us"][f"{'avx2' if name.endswith('avx2') else 'ours'} {taps}"]
            beside = found["us"][f"{peer} {taps}"] if peer in peers else None
            yield Row(name, round(value, 2), "us/channel/20 ms", "lower", f"lib{peer}", beside, timed)


if __name__ == "__main__":
    print(json.dumps(child(*json.loads(sys.argv[1]))))
