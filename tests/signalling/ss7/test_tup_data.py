"""The file of figures of the Chinese TUP, what it refuses; causes both ways; the choice among TUP and ISUP of the same points."""

import pytest

from pbx.engine import Malformed
from pbx.signalling.ss7.distribution import Distribution
from pbx.signalling.ss7.isup.distribution import Isup
from pbx.signalling.ss7.isup.variant import load_variant as load_isup
from pbx.signalling.ss7.primitives import Pause, Transfer
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.distribution import Tup
from pbx.signalling.ss7.tup.messages import Heading
from pbx.signalling.ss7.tup.variant import FAILURES, REPEATED, TIMERS, load_variant, read_variant
from pbx.variant_file import VARIANTS, VariantError
from tests.signalling.cases import PLAN
from tests.signalling.ss7.tup_tester import VARIANT

TEXT = (VARIANTS / "tup-china.toml").read_text(encoding="utf-8")


def test_the_file_of_china():
    assert set(VARIANT.timers) == TIMERS
    assert all(timer.source for timer in VARIANT.timers.values())
    assert VARIANT.control_of("119") == "called"
    assert VARIANT.control_of("62301234") == "calling"
    assert (VARIANT.category_of(11), VARIANT.code_of(8), VARIANT.code_of(0x12), VARIANT.category_of(9)) == (8, 21, 9, 0x10)


def test_no_repetition_falls_together_with_the_end_of_its_long_timer():
    for short, long in (("T4", "T5"), ("T6", "T7"), ("T18", "T19"), *REPEATED.values()):
        assert VARIANT.timers[long].default_ms % VARIANT.timers[short].default_ms


def test_acm_is_sent_before_the_far_end_gives_up_and_cbk_is_repeated_after_it_has():
    assert VARIANT.timers["silence"].high_ms < VARIANT.timers["T2"].low_ms
    assert VARIANT.timers["cleared_back"].default_ms > VARIANT.timers["re_answer"].high_ms


def test_a_cause_comes_back_as_itself_or_as_one_like_it():
    for heading in FAILURES - {Heading.EUM, Heading.NNC, Heading.SSB, Heading.STB}:
        assert VARIANT.failure_of(VARIANT.cause_of(Message(1, heading))) == heading
    for heading in (Heading.SSB, Heading.STB):
        assert VARIANT.failure_of(VARIANT.cause_of(Message(1, heading))) == Heading.SLB
    for heading in (Heading.SLB, Heading.STB):
        assert VARIANT.failure_of(VARIANT.cause_of(Message(1, heading)), VARIANT.busy_with(heading)) == heading
    assert VARIANT.busy_with(Heading.SSB) == ""
    assert VARIANT.failure_of(0) == VARIANT.failure_of(127) == Heading.CFL


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("service = 4", "service = 1", "service"),
        ('label = "24"', 'label = "8"', "label"),
        ('answer = "ANC"', 'answer = "ANU"', "answer"),
        ('release_control = "calling"', 'release_control = "called"', "release_control"),
        ("traffic_steps = 10", "traffic_steps = 1", "traffic_steps"),
        ("default_code = 0x0A", "default_code = 64", "default_code"),
        ("test_code = 0x0D", "test_code = -1", "test_code"),
        ('free = ["110"', 'free = ["11x"', "free: '11x'"),
        ('called_control = ["110"', 'called_control = [""', "called_control: ''"),
        ("10 = 20", "16 = 20", "categories"),
        ("10 = 20", "10 = 21", "the same code"),
        ("1 = 9 ", "1 = 17 ", "the same code"),
        ("1 = 9 ", "1 = 64 ", "classes"),
        ("11 = 8 ", "11 = 16 ", "read_as"),
        ("SEC = 42 ", "SEC = 0 ", "causes_in.SEC"),
        ("SEC = 42 ", "ACM = 42 ", "causes_in.ACM"),
        ("SEC = 42 ", "ACM = 42 ", "causes_in.SEC is missing"),
        ('17 = "SLB"', '17 = "EUM"', "causes_out.17"),
        ('toll = "STB"', 'toll = "SLB"', "busy: the same message stands twice"),
        ('toll = "STB"', 'toll = "UNN"', "busy.toll: UNN is no message that is read as cause 17"),
        ('toll = "STB"', 'abroad = "STB"', "busy.abroad"),
        ('17 = "SLB"', '170 = "SLB"', "causes_out.170"),
        ("T1  = { default_ms = 12000", "T1  = { default_ms = 1200", "timers.T1"),
        ("T1  = {", "T99 = {", "timers.T1 is missing"),
        ("T1  = {", "T99 = {", "timers.T99"),
        ("title =", "titel =", "titel"),
        ("title =", "title", "expected"),
    ],
)
def test_what_the_file_may_not_say(old, new, fault):
    assert old in TEXT
    with pytest.raises(VariantError) as caught:
        read_variant(TEXT.replace(old, new, 1))
    assert fault.lower() in str(caught.value).lower()


def test_all_faults_at_once():
    text = TEXT.replace("service = 4", "service = 1").replace("traffic_steps = 10", "traffic_steps = 1").replace('17 = "SLB"', '17 = "X"')
    with pytest.raises(VariantError) as caught:
        read_variant(text)
    assert len(caught.value.faults) == 3


def test_adjusted_figures():
    assert load_variant().adjusted({"T2": 20000}).timers["T2"].default_ms == 20000
    with pytest.raises(VariantError, match=r"timers\.T2:"):
        load_variant().adjusted({"T2": 90000})


def test_tup_and_isup_between_the_same_points_are_told_apart_by_their_service():
    tup, isup = Tup(1, 2, VARIANT, (1,), PLAN), Isup(1, 2, load_isup(), (1,), PLAN)
    distribution = Distribution((tup, isup))
    clear_forward = Transfer(4, 1, 2, 1, bytes.fromhex("0046"))
    assert distribution.receive(1, clear_forward, 0.0) == [(tup, [Transfer(4, 2, 1, 1, bytes.fromhex("0017"))])]
    assert distribution.receive(1, Transfer(5, 1, 2, 1, bytes.fromhex("010012")), 0.0)[0][0] is isup
    assert distribution.receive(1, Transfer(6, 1, 2, 1, bytes.fromhex("010012")), 0.0) == []
    assert distribution.unknown == 1
    assert [pair for pair, outputs in distribution.receive(1, Pause(2), 0.0) if outputs] == [tup, isup]


@pytest.mark.parametrize("label", ["24", "14"])
def test_a_label_without_the_end_of_its_circuit_is_malformed(label):
    tup = Tup(1, 2, VARIANT.adjusted(label=label), (1,), PLAN)
    (said,) = tup.receive(Transfer(4, 1, 2, 1, b""), 0.0)
    assert said.cic == -1
    assert isinstance(said.output, Malformed)


def test_points_without_circuits_have_no_tup():
    with pytest.raises(AssertionError):
        Tup(1, 2, VARIANT, (), PLAN)
