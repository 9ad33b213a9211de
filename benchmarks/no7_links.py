"""``ss7.link``: what a signalling link of 64 kbit/s takes of a processor with nothing to carry, at 0.2 and at 0.4 erlang: links per core.

Level 2 as it stands, transmission and reception control in C and link state control in Python, at both ends of a line in virtual time;
a row is half of both. Python passes the units here, which costs more than it does between plane and card. Beside it libss7's level 2 in
C on the same line; its messages of the same length are CPG, so that level 3 and ISUP are in its figures too. Leaves out our level 3.
"""

import statistics
import time
from collections.abc import Iterable, Sequence
from random import Random

from benchmarks import libss7
from benchmarks.no7_terminals import TICK, Line, Terminal
from benchmarks.row import Effort, Row, load_text
from pbx.signalling.ss7.primitives import MessageForTransmission

ERLANGS = {"ss7.link.0": 0.0, "ss7.link.2": 0.2, "ss7.link.4": 0.4}
MESSAGE = bytes(22)
"""As long as an ISUP message is on the average of an ordinary call."""
ON_THE_LINE = len(MESSAGE) + 6
OCTETS_PER_SECOND = 8000


def cpu_per_second(erlang: float, seconds: float) -> float:
    """CPU seconds of one end for each second of the link."""
    ends = Terminal(late=1, remembers=False), Terminal(late=1, remembers=False)
    line = Line(*ends)
    line.align()
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


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of ``names``; ours and libss7's by turns."""
    seconds, peer_seconds = effort.choose(0.2, 60, 600), effort.choose(10, 3000, 30_000)
    with libss7.timer() as timer:
        for name, erlang in ERLANGS.items():
            if name in names:
                own, peer = [], []
                for _ in range(1 if effort.brief else 3):
                    own.append(cpu_per_second(erlang, seconds))
                    if timer:
                        peer.append(timer.link_cpu_per_second(peer_seconds, erlang * OCTETS_PER_SECOND / ON_THE_LINE))
                spent = statistics.median(own)
                theirs = f"libss7: level 2 in C{' and, of its CPG, level 3 and ISUP' if erlang else ''}, no system call in it"
                conditions = (
                    f"{erlang} erlang of {len(MESSAGE)} octets each way; ours: level 2 in C and Python, units passed by Python, "
                    f"{1e6 * spent:.0f} CPU us a second and end; {theirs if timer else libss7.ABSENT}; median of {len(own)}; {load_text()}"
                )
                name_of_peer, of_peer = (timer.name, round(1 / statistics.median(peer))) if timer else (None, None)
                yield Row(name, round(1 / spent), "links/core", "higher", name_of_peer, of_peer, conditions)
