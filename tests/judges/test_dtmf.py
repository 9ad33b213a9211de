"""Our DTMF receiver before the judge of benchmarks/dtmf_judge.py: the limits of Q.23, Q.24 and of pbx/dsp/dtmf.h, not another's.

The same procedure as ``./zongji bench accuracy``, with fewer bursts; ``--long`` takes as many, and the million digits.
"""

import pytest

from benchmarks.dtmf_judge import TESTS, matched
from benchmarks.ears import Ours


@pytest.fixture(scope="module")
def figures(request):
    """Figures by name, each test made once."""
    long = request.config.getoption("--long")
    made = {}

    def figure(test, name):
        if test not in made:
            small = {"missed": 0.05}.get(test, 0.5)
            made[test] = TESTS[test](Ours("dtmf"), 1.0 if long else small)
        return made[test][name].value

    return figure


@pytest.mark.parametrize(
    ("test", "name", "least"),
    [
        ("decode", "decoded", 100),
        ("bandwidth", "accepted", 1.5),
        ("twist", "twist.normal", 8),
        ("twist", "twist.reverse", 4),
        ("range", "range", 40),
        ("guard", "guard.refused", 20),
        ("dial-tone", "dial-tone", 8),
        ("breaks", "break.bridged", 20),
    ],
)
def test_what_must_be_heard_is_heard(figures, test, name, least):
    assert figures(test, name) >= least


@pytest.mark.parametrize(
    ("test", "name", "most"),
    [
        ("bandwidth", "refused", 3.5),
        ("bandwidth", "centre", 0.5),
        ("together", "corner", 0),
        ("range", "weakest", -35),
        ("guard", "guard.accepted", 40),
        ("noise", "noise", 12),
        ("missed", "missed", 0),
        ("missed", "added", 0),
        ("echo", "echo", 10),
        ("breaks", "break.parted", 40),
    ],
)
def test_what_must_not_be_heard_is_not(figures, test, name, most):
    assert figures(test, name) <= most


def test_a_digit_missed_is_seen():
    assert matched(list("123"), list("123")) == 3
    assert matched(list("1234"), list("134")) == 3
    assert matched(list("12"), list("3123")) == 2
    assert matched(list("12"), []) == 0
