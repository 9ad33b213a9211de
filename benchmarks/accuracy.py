"""``accuracy.dtmf``: how well DTMF is heard, as limits, libspandsp's receiver beside ours on the same sounds in the same run.

The tests are those of benchmarks/dtmf_judge.py. Nothing here is a time: the figures do not depend on the machine or its load. Leaves
out which figures are good enough (tests/judges hold the limits of the Recommendations).
"""

import math
from collections.abc import Iterable, Sequence

import msgspec

from benchmarks.dtmf_judge import TESTS
from benchmarks.ears import ears
from benchmarks.row import Better, Effort, Row

PREFIX = "accuracy.dtmf."


class Figure(msgspec.Struct, frozen=True):
    """A figure of the judge: the test that makes it, its unit, which way is better, what it means."""

    test: str
    unit: str
    better: Better
    means: str


FIGURES = {
    "decoded": Figure("decode", "% of digits", "higher", "all 16 digits, 50 ms, -10 dBm0"),
    "bandwidth": Figure("bandwidth", "%", "higher", "narrowest band in which each frequency is always heard"),
    "accepted": Figure("bandwidth", "% off", "higher", "largest deviation of a frequency always heard (at least 1.5)"),
    "refused": Figure("bandwidth", "% off", "lower", "smallest deviation from which on nothing is heard (at most 3.5)"),
    "centre": Figure("bandwidth", "% off", "lower", "largest offset of a band's centre"),
    "corner": Figure("together", "% missed", "lower", "both frequencies off by 1.5 % + 2 Hz, 40 ms"),
    "twist.normal": Figure("twist", "dB", "higher", "weaker high group always heard, every digit"),
    "twist.reverse": Figure("twist", "dB", "higher", "weaker low group always heard, every digit"),
    "range": Figure("range", "dB", "higher", "levels always heard, every digit"),
    "guard.accepted": Figure("guard", "ms", "lower", "duration from which on every burst is heard (at most 40)"),
    "guard.refused": Figure("guard", "ms", "higher", "duration up to which no burst is heard (at least 20)"),
    "guard": Figure("guard", "ms", "lower", "border by the share heard of bursts shrinking from 49 to 10 ms"),
    "noise": Figure("noise", "dB S/N", "lower", "worst at which 1000 digits of 1000 are heard and none added"),
    "noise.half": Figure("noise", "dB S/N", "lower", "worst at which half of the digits are heard"),
    "missed": Figure("missed", "of 10^6", "lower", "digits missed, 40 ms on and off, 20 dB S/N"),
    "added": Figure("missed", "of 10^6", "lower", "digits too many in the same"),
    "dial-tone": Figure("dial-tone", "dB", "higher", "dial tone of 425 to 475 Hz above a frequency of a digit that is always heard"),
    "dial-tone.missed": Figure("dial-tone", "% missed", "lower", "digits within 8 dB of the dial tone"),
    "echo": Figure("echo", "dB below", "lower", "loudest echo, 20 to 30 ms late, with no digit lost or doubled"),
    "break.bridged": Figure("breaks", "ms", "higher", "longest break that parts no digit"),
    "break.parted": Figure("breaks", "ms", "lower", "break from which on every digit is parted"),
}


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of the DTMF judge."""
    share = effort.choose(0.02, 1.0, 4.0)
    for test in TESTS:
        wanted = [name for name, figure in FIGURES.items() if figure.test == test and PREFIX + name in names]
        if not wanted:
            continue
        # A million digits are a million digits, however long the rest may take.
        found = [TESTS[test](ear, min(share, 1.0) if test == "missed" else share) for ear in ears()]
        for name in wanted:
            figure, ours = FIGURES[name], found[0][name]
            peer = found[1][name] if len(found) > 1 else None
            told = [f"{who} worst at {v.worst}" for who, v in (("ours", ours), ("peer", peer)) if v is not None and v.worst]
            yield Row(
                PREFIX + name,
                _finite(ours.value),
                figure.unit,
                figure.better,
                "libspandsp" if peer else None,
                _finite(peer.value) if peer else None,
                "; ".join([figure.means, *told]),
            )


def _finite(value: float) -> float:
    """A limit that is not even met at the nominal value is told as 0."""
    return 0.0 if math.isnan(value) else value
