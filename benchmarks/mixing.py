"""``mix``, ``timeslot.switch`` and ``codec``: conferences, switching and companding in ns a channel and 20 ms.

``mix.N`` is a conference of N parties, A-law in, A-law out, everybody hearing all others; ``mix.N.speakers`` the same with the three
loudest summed. Its peer is a plain loop in C over tables, whose output must be the same octet for octet. ``timeslot.switch`` joins 960
slots crosswise, beside a plain switching memory; ``timeslot.switch.gain`` puts a gain on each octet, beside one look in a table for
each. ``codec.alaw`` and ``codec.ulaw`` decode and encode 160 samples, beside libspandsp. A small C file times all and is compiled
when the benchmark runs. Leaves out the plane's own work on edges (``plane.tick``).
"""

import ctypes
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pbx._plane import ffi, lib

from benchmarks.office import voice
from benchmarks.row import Effort, Row, load_text

ROOMS = {3: 40, 30: 4, 300: 1}
"""Conferences at once, by their parties: as many ports as four spans have, or more."""
SPEAKERS = 3
SLOTS = 960


def build_timer(folder: Path) -> tuple[ctypes.CDLL, bool]:
    """The timing library, and whether spandsp is in it."""
    source, target = Path(__file__).with_name("mixing_timer.c"), folder / "mixing_timer.so"
    command = ["gcc", "-O3", "-shared", "-fPIC", str(source), "-o", str(target)]
    with_spandsp = False
    for libraries in (["-lspandsp", "-ltiff"], ["-lspandsp"]):
        with_spandsp = with_spandsp or not subprocess.run([*command, "-DSPANDSP", *libraries], capture_output=True, check=False).returncode
    if not with_spandsp:
        subprocess.run(command, capture_output=True, check=True)
    timer = ctypes.CDLL(str(target))
    for name in ("conference", "plain_conference", "switch", "plain_switch", "codec", "spandsp_codec"):
        getattr(timer, f"time_{name}").restype = ctypes.c_double
    return timer, with_spandsp


def kernels(law: str) -> Any:
    """Addresses of our kernels, as the timer wants them."""
    names = (f"g711_{law}_decode", f"g711_{law}_encode", "g711_translate", "conference_sum", "conference_give")
    names += ("speakers_hear", "speakers_select")
    return (ctypes.c_void_p * len(names))(*(int(ffi.cast("uintptr_t", ffi.addressof(lib, name))) for name in names))


def address(array: Any) -> ctypes.c_void_p:
    """Where an array's data begin."""
    return ctypes.c_void_p(array.ctypes.data)


def speech(parties: int, ticks: int) -> Any:
    """[ticks][parties][80] A-law: voices, each party's begun at another place."""
    voices = [np.frombuffer(voice(4.0, seed), np.uint8) for seed in range(4)]
    sound = np.empty((ticks, parties, 80), np.uint8)
    for party in range(parties):
        sound[:, party] = np.resize(np.roll(voices[party % 4], 997 * party), ticks * 80).reshape(ticks, 80)
    return sound


class Bench:
    """Everything timed: ours and the peer's by turns, medians of each."""

    def __init__(self, timer: ctypes.CDLL, effort: Effort) -> None:
        self.timer = timer
        self.runs = int(effort.choose(1, 15, 41))
        self.blocks = int(effort.choose(20, 6_000, 30_000))

    def by_turns(self, ours: Callable[[], float], peer: Callable[[], float]) -> tuple[float, float]:
        """Medians of both."""
        spent = [(ours(), peer()) for _ in range(self.runs)]
        return statistics.median(own for own, _ in spent), statistics.median(other for _, other in spent)

    def mix(self, parties: int, speakers: int) -> tuple[float, float]:
        """Ns a party and 20 ms, ours and the plain loop's."""
        rooms, ticks = ROOMS[parties], max(self.blocks // (parties * ROOMS[parties]), 10)
        said = speech(rooms * parties, ticks)
        heard, expected = np.zeros_like(said), np.zeros_like(said)
        by = kernels("alaw")
        self.timer.make_tables(by)
        own, peer = self.by_turns(
            lambda: self.timer.time_conference(by, address(said), address(heard), rooms, parties, ticks, speakers),
            lambda: self.timer.time_plain_conference(address(said), address(expected), rooms, parties, ticks),
        )
        if not speakers and not (heard == expected).all():
            raise RuntimeError(f"mix.{parties}: the kernels and the plain loop disagree")
        return own * 2 / (ticks * rooms * parties), peer * 2 / (ticks * rooms * parties)

    def switch(self, gain: bool) -> tuple[float, float]:
        """Ns a connection and 20 ms."""
        ticks = max(self.blocks // SLOTS, 2)
        into, out = np.random.default_rng(1).integers(0, 256, (SLOTS, 80), np.uint8), np.zeros((SLOTS, 80), np.uint8)
        crosswise = np.random.default_rng(2).permutation(SLOTS).astype(np.uint32)
        table = np.zeros(256, np.uint8)
        lib.g711_alaw_gain(ffi.from_buffer("uint8_t[]", table), 2048)
        by, where = kernels("alaw"), address(table) if gain else None
        own, peer = self.by_turns(
            lambda: self.timer.time_switch(by, address(into), address(out), address(crosswise), SLOTS, ticks, where),
            lambda: self.timer.time_plain_switch(address(into), address(out), address(crosswise), SLOTS, ticks, where),
        )
        return own * 2 / (ticks * SLOTS), peer * 2 / (ticks * SLOTS)

    def codec(self, law: str) -> tuple[float, float]:
        """Ns for 160 samples, decoded and encoded again."""
        octets = np.random.default_rng(3).integers(0, 256, self.blocks * 160, np.uint8)
        by = kernels(law)
        own, peer = self.by_turns(
            lambda: self.timer.time_codec(by, address(octets), self.blocks),
            lambda: self.timer.time_spandsp_codec(int(law == "ulaw"), address(octets), self.blocks),
        )
        return own / self.blocks, peer / self.blocks


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows wanted."""
    with tempfile.TemporaryDirectory(prefix="zongji-bench-") as folder:
        timer, with_spandsp = build_timer(Path(folder))
        bench = Bench(timer, effort)
        for name in names:
            kind, _, rest = name.partition(".")
            peer: str | None = "plain C loop"
            if kind == "mix":
                parties, _, chosen = rest.partition(".")
                own, other = bench.mix(int(parties), SPEAKERS if chosen else 0)
                unit, what = "ns/party/20 ms", f"{ROOMS[int(parties)]} at once, voices, A-law to A-law{', the 3 loudest' if chosen else ''}"
            elif kind == "timeslot":
                own, other = bench.switch(name.endswith("gain"))
                unit, what = "ns/connection/20 ms", f"{SLOTS} slots crosswise"
            else:
                own, other = bench.codec(rest)
                unit, what = "ns/160 samples", "decoded and encoded, random octets"
                peer = "libspandsp" if with_spandsp else None
            conditions = f"{what}; median of {bench.runs}, by turns; {load_text()}"
            yield Row(name, round(own, 2), unit, "lower", peer, round(other, 1) if peer else None, conditions)
