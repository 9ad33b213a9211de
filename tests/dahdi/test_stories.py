"""The stories of tests/scenarios, their files unchanged, with the kernel's own drivers under both ends: above the card nothing can tell.

Each trace is compared with the one expected on the wire, line by line and in order. Times are left out, and so are the durations within a
line: the way through two cards and the kernel takes 30 to 60 ms where the wire takes none, compelled signals (Q.441) go four ways for
each digit, and people wait for what they hear. The standing checkers of the lab hold as ever. What the drivers' loop-back spans cannot
have by their nature is left out by name and reason, and shows as skipped.
"""

import re
import time

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from drivers.dahdi import AVAILABLE
from tests.dahdi import loop_back
from tests.lab import Lab, configuration_of
from tests.scenarios.test_scenarios import HERE, STORIES, load

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = loop_back.SYSTEM_CONF
pytestmark = pytest.mark.usefixtures("virtual_time")
PATIENCE_S = 900.0
LEFT_OUT = {
    "exchange_line_calls_out": "its poles tell the answer, and a loop-back span has no poles",
    "isup_circuit_is_checked": "it takes 20 dB from a circuit, and a loop-back span loses nothing",
    **dict.fromkeys(
        ("china_no1_to_isup_overlap", "isup_to_china_no1", "tup_to_isup"), "the machine has spans of No. 7 or of the others, not both"
    ),
}
BY_LINE = {"tandem_overlap": "two registers run side by side, and how far one is ahead of the other is a matter of delay"}
"""Stories of which each line's signals are compared for themselves, because the order between them is not the exchange's doing."""
OURS = [
    pytest.param(name, marks=pytest.mark.skip(reason=f"needs the wire: {LEFT_OUT[name]}")) if name in LEFT_OUT else name for name in STORIES
]
TIMES = re.compile(r"^\+\s*\d+\.\d+ |(?<= \()\d+ ms(?=\)$)|(?<=\(waited )\d+\.\d+ s")


def timeless(text):
    """The lines of a trace without their times."""
    return [TIMES.sub("", line) for line in text.splitlines()]


def by_line(steps):
    """The signals of each line in order, one line after the other, and likewise what the switch states of it."""
    return sorted(steps, key=lambda step: (step.split()[:1], " == " in step))


@pytest.mark.parametrize("name", OURS)
def test_trace_is_that_of_the_wire(name, seed):
    told = load(name)
    office = getattr(told, "CONFIGURATION", None) or configuration_of(tuple(getattr(told, "CHANGES", ())))
    began = time.monotonic(), time.process_time()
    with loop_back.LoopBackPlant() as plant, Lab(seed=seed, configuration=loop_back.small(office), plant=plant) as lab:
        told.story(lab)
    print(f"{name}: {lab.now:.1f} s of time, {time.monotonic() - began[0]:.1f} s of the machine's")  # noqa: T201 - pytest -rP shows it
    expected = (HERE / name / "expected.trace").read_text(encoding="utf-8")
    got, wanted = timeless(f"{told.__doc__.strip()}\n\n{lab.trace()}"), timeless(expected)
    if name in BY_LINE:
        got, wanted = by_line(got), by_line(wanted)
    assert got == wanted


def test_all_stories_are_told_but_those_left_out():
    assert set(LEFT_OUT) < set(STORIES)
    print(f"{len(STORIES) - len(LEFT_OUT)} of {len(STORIES)} stories run on the kernel's drivers")  # noqa: T201 - likewise
