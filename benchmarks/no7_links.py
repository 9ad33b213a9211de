"""``ss7.link``: what a signalling link of 64 kbit/s takes of a processor with nothing to carry, at 0.2 and at 0.4 erlang: links per core.

Level 2 as it stands, transmission and reception control in C and link state control in Python, at both ends of a line in virtual time;
a row is half of both. In ``ss7.link.0`` and its like Python passes the units and hears each message; in ``ss7.link.plane.0`` C does, as
between plane and card, and control says no more than that it is there (no7_links_timer.c). Beside both libss7's level 2 in C on the same
line; its messages of the same length are CPG, so that its level 3 and ISUP are in its figures too. Leaves out our level 3.
"""

import ctypes
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

from pbx._plane import ffi, lib

from benchmarks import libss7
from benchmarks.no7_terminals import TICK, Line, Terminal
from benchmarks.row import Effort, Row, load_text
from pbx.signalling.ss7.primitives import MessageForTransmission

ERLANGS = {"0": 0.0, "2": 0.2, "4": 0.4}
"""By the end of a row's name."""
PLANE = "ss7.link.plane"
MESSAGE = bytes(22)
"""As long as an ISUP message is on the average of an ordinary call."""
ON_THE_LINE = len(MESSAGE) + 6
OCTETS_PER_SECOND = 8000
ORDERED_S = 0.1
"""What control has ordered last reaches the part in C."""
HERE = Path(__file__).parent
PARTS = ("mtp2_next", "mtp2_receive", "mtp2_tick", "mtp2_order", "mtp2_message")


class Tally(ctypes.Structure):
    """``struct tally``."""

    _fields_ = [("sent", ctypes.c_long), ("heard", ctypes.c_long), ("other", ctypes.c_long)]


def ends_in_service() -> tuple[Line, tuple[Terminal, Terminal]]:
    """A line and what stands at its ends."""
    ends = Terminal(late=1, remembers=False), Terminal(late=1, remembers=False)
    line = Line(*ends)
    line.align()
    line.run(ORDERED_S)
    return line, ends


def cpu_per_second(erlang: float, seconds: float) -> float:
    """CPU seconds of one end for each second of the link."""
    line, ends = ends_in_service()
    random, each = Random(1), MessageForTransmission(MESSAGE)
    rate = erlang * OCTETS_PER_SECOND / ON_THE_LINE
    due = [random.expovariate(rate) if rate else seconds + 1.0 for _ in ends]
    begun = time.process_time()
    for tick in range(round(seconds / TICK)):
        for number, end in enumerate(ends):
            while due[number] <= tick * TICK:
                end.request(each)
                due[number] += random.expovariate(rate)
        line.tick()
    return (time.process_time() - begun) / 2 / seconds


@contextmanager
def built() -> Iterator[ctypes.CDLL]:
    """The timing library."""
    with tempfile.TemporaryDirectory(prefix="zongji-bench-") as folder:
        target = Path(folder) / "no7_links_timer.so"
        flags = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", f"-I{HERE.parent / 'pbx' / 'dsp'}"]
        subprocess.run(["gcc", *flags, str(HERE / "no7_links_timer.c"), "-o", str(target), "-lm"], check=True)
        timer = ctypes.CDLL(str(target))
        timer.time_link.restype = ctypes.c_double
        yield timer


def address(pointer: object) -> ctypes.c_void_p:
    """Where something of the plane is."""
    return ctypes.c_void_p(int(ffi.cast("uintptr_t", pointer)))


def cpu_per_second_in_c(timer: ctypes.CDLL, erlang: float, seconds: float) -> float:
    """The same with units passed by C; RuntimeError if a message is lost, or if anything else is told."""
    _, ends = ends_in_service()
    part = (ctypes.c_void_p * len(PARTS))(*(address(ffi.addressof(lib, name)).value for name in PARTS))
    rate, tally = erlang * OCTETS_PER_SECOND / ON_THE_LINE, Tally()
    links = [address(end.links) for end in ends]
    spent = timer.time_link(part, *links, ctypes.c_double(seconds), ctypes.c_double(rate), MESSAGE, len(MESSAGE), ctypes.byref(tally))
    if tally.heard != tally.sent or tally.other or (tally.sent > 0) != (rate > 0):
        raise RuntimeError(f"of {tally.sent} messages {tally.heard} came, {tally.other} other things happened")
    return float(spent) / 2 / seconds


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of ``names``; ours and libss7's by turns."""
    seconds, seconds_in_c = effort.choose(0.2, 60, 600), effort.choose(10, 3000, 30_000)
    with libss7.timer() as peer, built() as timer:
        for name in names:
            kind, _, end = name.rpartition(".")
            erlang = ERLANGS[end]
            if kind == PLANE:
                how, run = "C alone, units passed by C", lambda erlang=erlang: cpu_per_second_in_c(timer, erlang, seconds_in_c)
            else:
                how, run = "C and Python, units passed by Python", lambda erlang=erlang: cpu_per_second(erlang, seconds)
            yield row(name, erlang, how, run, peer, seconds_in_c, 1 if effort.brief else 3)


def row(name: str, erlang: float, how: str, run: Callable[[], float], peer: libss7.Timer | None, peer_seconds: float, runs: int) -> Row:
    """One of them, measured."""
    own, theirs = [], []
    for _ in range(runs):
        own.append(run())
        if peer:
            theirs.append(peer.link_cpu_per_second(peer_seconds, erlang * OCTETS_PER_SECOND / ON_THE_LINE))
    spent = statistics.median(own)
    beside = f"libss7: level 2 in C{' and, of its CPG, level 3 and ISUP' if erlang else ''}, no system call in it"
    conditions = (
        f"{erlang} erlang of {len(MESSAGE)} octets each way; ours: level 2 in {how}, {1e6 * spent:.0f} CPU us a second and end; "
        f"{beside if peer else libss7.ABSENT}; median of {runs}; {load_text()}"
    )
    name_of_peer, of_peer = (peer.name, round(1 / statistics.median(theirs))) if peer else (None, None)
    return Row(name, round(1 / spent), "links/core", "higher", name_of_peer, of_peer, conditions)
