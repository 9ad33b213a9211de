"""The file of figures of level 2: what it refuses, all at once; and a control that takes over a link in service."""

import pytest

from benchmarks.no7_terminals import FIGURES
from pbx.engine import Levels
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.mtp2.figures import TIMERS, load_figures, read_figures
from pbx.signalling.ss7.mtp2.mtp2 import Mtp2
from pbx.variant_file import VARIANTS, VariantError
from tests.signalling.ss7.terminal import FarEnd

TEXT = (VARIANTS / "mtp2-china.toml").read_text(encoding="utf-8")


def test_the_file_of_china():
    figures = load_figures()
    assert set(figures.milliseconds) == TIMERS
    assert all(timer.source for timer in figures.data.timers.values())
    assert figures.milliseconds["T4n"] == 8200
    assert figures.data.correction == "basic"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("T1  = { default_ms = 45000", "T1  = { default_ms = 4500", "timers.T1: 4500 ms is outside 40000..50000 ms"),
        ("T5  = {", "T8 = {", "timers.T5 is missing"),
        ("T5  = {", "T8 = {", "timers.T8: there is no such timer"),
        ('correction = "basic"', 'correction = "none"', "correction"),
        ("proving_attempts = 5", "proving_attempts = 0", "proving_attempts: 0 is outside 1..10"),
        ("silence_ms = 500", "silence_ms = 5", "silence_ms"),
        ("suerm_limit = 64", "suerm_limit = 0", "monitors.suerm_limit"),
        ("units = 127", "units = 128", "preventive.units: 128 is outside 1..127"),
        ("onset = [128, 256, 384]", "onset = [128, 128, 384]", "congestion.onset"),
        ("onset = [128, 256, 384]", "onset = [128, 256, 600]", "congestion.onset"),
        ("abatement = [112, 240, 368]", "abatement = [112, 300, 368]", "congestion.abatement"),
        ("title =", "titel =", "titel"),
    ],
)
def test_what_the_file_may_not_say(old, new, fault):
    assert old in TEXT
    with pytest.raises(VariantError) as caught:
        read_figures(TEXT.replace(old, new))
    assert any(fault in line for line in caught.value.faults)


def test_adjusting_what_is_not_there():
    with pytest.raises(VariantError, match=r"timers.T9"):
        FIGURES.adjusted({"T9": 1})


def taken_over(far):
    """A new engine in place of the old one."""
    tag = far.end.engine.tag
    far.end.engine = Mtp2(FIGURES)
    far.end._carry(far.end.engine.resume(tag, Levels(), far.end.now))
    far.end.told.clear()


def test_a_link_goes_on_under_a_new_control():
    far = FarEnd()
    far.serve()
    far.give(b"one")
    far.run()
    far.backward = 0
    taken_over(far)
    far.give(b"two")
    far.message(b"\x85three")
    far.run()
    assert far.end.state == "InService"
    assert far.messages() == [(0, b"\x85one"), (1, b"\x85two")]
    assert far.told(p.ReceivedMessage) == [p.ReceivedMessage(b"\x85three")]


def test_a_failure_without_control_is_told_to_the_new_one():
    far = FarEnd()
    far.serve()
    far.end.stalled = True
    far.send(*[2] * 64)
    far.end._events.clear()
    far.end.stalled = False
    taken_over(far)
    assert far.end.state == "OutOfService"


def test_an_outage_of_the_far_end_is_told_to_the_new_control():
    far = FarEnd()
    far.serve()
    far.status(4)
    far.run()
    taken_over(far)
    far.run()
    assert far.told(p.RemoteProcessorOutage) == [p.RemoteProcessorOutage()]


def test_a_link_out_of_service_stays_so():
    far = FarEnd()
    taken_over(far)
    far.run()
    assert far.end.state == "OutOfService"
    far.serve()
