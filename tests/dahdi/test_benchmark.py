"""``zongji bench dahdi`` for a moment: both ways of moving blocks are measured, and its rows are those it names; no figure is judged."""

import pytest

from benchmarks.bench import GROUPS
from benchmarks.dahdi_inside import PORTS, Measured
from benchmarks.dahdi_lines import Run, rows, run
from pbx.error_performance import BITS_A_SECOND
from tests.dahdi.rig import archive, build


@pytest.fixture(scope="module")
def measured():
    try:
        build.ready()
    except archive.NoRigError as reason:
        pytest.skip(f"{archive.NO_RIG}{reason}")
    return run(1.0)


def test_both_ways_are_measured_on_all_channels(measured):
    alone, together = measured.alone, measured.together
    assert (alone.together, together.together) == (False, True)
    for found in (alone, together):
        assert found.ticks > 0 and found.failures == 0
        assert found.frames_sent > 0 and found.compared_bits > 0
        assert found.compared_bits % (BITS_A_SECOND * PORTS) == 0 or found.seconds_out_of_step
    assert together.system_calls / together.ticks < alone.system_calls / alone.ticks / 5


def test_the_rows_are_those_it_names():
    named = [row for group in GROUPS if group.name == "dahdi" for row in group.rows]
    found = Measured(together=True, seconds=1.0, ticks=100, system_calls=1000, dropped=2, refused=1)
    assert [row.name for row in rows(Run(found, found, (0.5, 0.1), 0.02))] == named
    assert found.lost_samples == 240
