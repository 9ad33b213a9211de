"""``ss7.isup``, ``ss7.tup``: complete calls per CPU second, both ends, with codec, timers and supervision, in virtual time.

A call: IAM (in the TUP IAI) with the caller's number, ACM, ANM (ANC), REL (CLF), RLC (RLG); every message is encoded at one end and decoded
at the other, every timer is started and stopped, and the clock is asked for its deadline after each step. No level below: what an end sends
the other one receives. The peer of ``ss7.isup`` is libss7 with its levels below, which it cannot do without (like for like: no7_stack.py);
of the TUP there is none. Leaves out MTP and switch.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence

from benchmarks import libss7
from benchmarks.row import Effort, Row, load_text
from pbx.signalling.ss7.distribution import Outputs
from pbx.signalling.ss7.isup.distribution import Isup
from pbx.signalling.ss7.isup.variant import load_variant as load_isup
from pbx.signalling.ss7.primitives import Transfer
from pbx.signalling.ss7.tup.distribution import Tup
from pbx.signalling.ss7.tup.variant import load_variant as load_tup
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Idle, Setup
from pbx.vocabulary.numbers import Examination

CALLED = "02112345678"
CALLER = "139{:08}"
CIRCUITS = 120
CALL_S = 0.02


class WholeNumber:
    """Every number is complete."""

    _answer = Examination("complete")

    def examine(self, digits: str) -> Examination:
        """Complete."""
        return self._answer


class BackToBack:
    """Two points and the calls between them, one after another over all circuits; counts what was answered and what came to rest."""

    def __init__(self, make: "Make") -> None:
        self.left, self.right = make(1, 2), make(2, 1)
        self.now = 0.0
        self.answered = self.idle = 0
        self.left.start(0.0)
        self.right.start(0.0)

    def call(self, number: int) -> None:
        """One whole call."""
        cic = number % CIRCUITS + 1
        self.now += CALL_S
        for end in (self.left, self.right):
            due = end.deadline()
            if due is not None and due <= self.now:
                self._carry(end, end.expire(self.now))
        self._carry(self.left, self.left.give(cic, Setup(CALLED, CALLER.format(number)), self.now))
        self._carry(self.right, self.right.give(cic, Alerting(), self.now))
        self._carry(self.right, self.right.give(cic, Connect(), self.now))
        self._carry(self.left, self.left.give(cic, Disconnect(16), self.now))

    def _carry(self, end: Isup | Tup, outputs: Outputs) -> None:
        for each in outputs:
            if isinstance(each, Transfer):
                far = self.right if end is self.left else self.left
                self._carry(far, far.receive(each, self.now))
            elif type(each.output) is Connect:
                self.answered += end is self.left
            elif type(each.output) is Idle:
                self.idle += end is self.left


Make = Callable[[int, int], Isup | Tup]
"""``make(own, far)``."""


def _isup(own: int, far: int) -> Isup:
    return Isup(own, far, load_isup(), range(1, CIRCUITS + 1), WholeNumber())


def _tup(own: int, far: int) -> Tup:
    return Tup(own, far, load_tup(), range(1, CIRCUITS + 1), WholeNumber())


MAKERS: dict[str, Make] = {"ss7.isup": _isup, "ss7.tup": _tup}


def _calls_per_second(make: Make, calls: int) -> float:
    pair = BackToBack(make)
    begun = time.process_time()
    for number in range(calls):
        pair.call(number)
    taken = time.process_time() - begun
    if pair.answered != calls or pair.idle != calls:
        raise RuntimeError(f"of {calls} calls {pair.answered} were answered and {pair.idle} came to rest")
    return calls / taken


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows ``ss7.isup`` and ``ss7.tup``, as far as they are asked for; ours and the peer's by turns."""
    calls, peer_calls = int(effort.choose(200, 10_000, 50_000)), int(effort.choose(1000, 100_000, 1_000_000))
    with libss7.timer() as timer:
        for name, make in MAKERS.items():
            if name in names:
                has_peer = timer is not None and name == "ss7.isup"
                own, peer = [], []
                for _ in range(1 if effort.brief else 3):
                    own.append(_calls_per_second(make, calls))
                    if timer and has_peer:
                        peer.append(timer.calls_per_cpu_second(peer_calls))
                absent = libss7.ABSENT if name == "ss7.isup" else "no peer: none has this TUP"
                conditions = (
                    f"ours: Python, the user part of both ends and no level below, {calls} calls over {CIRCUITS} circuits; "
                    f"{f'libss7: {libss7.CALLS_TEXT}, {peer_calls} calls' if has_peer else absent}; median of {len(own)}; {load_text()}"
                )
                name_of_peer, theirs = (timer.name, round(statistics.median(peer))) if timer and has_peer else (None, None)
                yield Row(name, round(statistics.median(own)), "calls/CPU second", "higher", name_of_peer, theirs, conditions)
