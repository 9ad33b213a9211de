"""The file of figures of ISUP, what it refuses; and the choice of the pair of points that a message belongs to."""

import pytest

from pbx.signalling.ss7.distribution import Distribution
from pbx.signalling.ss7.isup import codec
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.distribution import Isup
from pbx.signalling.ss7.isup.indicators import CircuitState
from pbx.signalling.ss7.isup.variant import TIMERS, load_variant, read_variant
from pbx.signalling.ss7.primitives import Pause, RestartBegins, Transfer
from pbx.variant_file import VARIANTS, VariantError
from pbx.vocabulary.call import Blocked, Connect, Redirection, Setup
from tests.signalling.cases import PLAN
from tests.signalling.ss7.isup_tester import SETUP, VARIANT, Tester

TEXT = (VARIANTS / "isup-china.toml").read_text(encoding="utf-8")


def test_the_file_of_china():
    assert set(VARIANT.timers) == TIMERS
    assert all(timer.source for timer in VARIANT.timers.values())
    assert VARIANT.category_of(0xF2) == 2
    assert (VARIANT.category_of(0x0B), VARIANT.code_of(8)) == (8, 0xF5)
    assert (VARIANT.code_of(0x13), VARIANT.code_of(0x32), VARIANT.category_of(0x09)) == (0x09, 0xF2, 0x10)


def test_no_repetition_falls_together_with_the_end_of_its_long_timer():
    for short, long in ((1, 5), *((short, short + 1) for short in range(12, 24, 2))):
        assert VARIANT.timers[f"T{long}"].default_ms % VARIANT.timers[f"T{short}"].default_ms


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("service = 5", "service = 1", "service"),
        ("hop_counter = 0", "hop_counter = 32", "hop_counter"),
        ("traffic_steps = 10", "traffic_steps = 1", "traffic_steps"),
        ("default_code = 0x0A", "default_code = 256", "default_code"),
        ("test_code = 0x0D", "test_code = -1", "test_code"),
        ("10 = 0xF4", "16 = 0xF4", "categories"),
        ("10 = 0xF4", "10 = 0xF5", "the same code"),
        ("1 = 0x09", "1 = 0xF4", "the same code"),
        ("1 = 0x09", "16 = 0x09", "classes"),
        ("11 = 8", "256 = 8", "read_as"),
        ("T1  = { default_ms = 16000", "T1  = { default_ms = 1600", "timers.T1"),
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
    text = TEXT.replace("service = 5", "service = 1").replace("hop_counter = 0", "hop_counter = 99")
    with pytest.raises(VariantError) as caught:
        read_variant(text)
    assert len(caught.value.faults) == 2


def test_adjusted_figures():
    assert load_variant().adjusted({"T7": 20000}).timers["T7"].default_ms == 20000
    with pytest.raises(VariantError, match=r"timers\.T7:"):
        load_variant().adjusted({"T7": 90000})
    with pytest.raises(VariantError, match=r"timers\.T77"):
        load_variant().adjusted({"T77": 9000})


def test_a_message_finds_the_pair_of_points_that_it_belongs_to():
    pairs = [Isup(own, far, VARIANT, (1,), PLAN) for own, far in ((1, 2), (1, 3), (4, 2))]
    distribution = Distribution(pairs)
    octets = bytes.fromhex("010012")
    found = distribution.receive(1, Transfer(5, 1, 3, 1, octets), 0.0)
    assert found == [(pairs[1], [Transfer(5, 3, 1, 1, bytes.fromhex("01001000"))])]
    assert distribution.receive(1, Transfer(5, 1, 9, 1, octets), 0.0) == []
    assert distribution.receive(1, Transfer(4, 1, 3, 1, octets), 0.0) == []
    assert distribution.unknown == 2
    paused = distribution.receive(1, Pause(2), 0.0)
    assert [(pair, [each.output for each in outputs]) for pair, outputs in paused] == [(pairs[0], [Blocked("fault")]), (pairs[1], [])]
    assert [pair for pair, outputs in distribution.receive(4, RestartBegins(), 0.0) if outputs] == [pairs[2]]


def test_a_query_is_answered_with_the_states_of_circuits():
    tester = Tester(circuits=range(1, 9))
    tester.give(SETUP, 2)
    tester.far("IAM", cic=3)
    tester.give(Blocked("local"), 4)
    tester.far("BLO", cic=4)
    tester.far("CGB", i.CircuitGroupSupervisionMessageType(1), p.RangeAndStatus(1, 1), cic=5)
    tester.far("CCR", cic=6)
    assert tester.far("CQM", p.RangeAndStatus(9), cic=1)[0] == ["CQR"]
    idle = CircuitState(0, 3, 0)
    assert tester.first(p.CircuitStateIndicator).states == (
        idle,
        CircuitState(0, 2, 0),
        CircuitState(0, 1, 0),
        CircuitState(3, 3, 0),
        CircuitState(0, 3, 2),
        CircuitState(0, 0, 0),
        idle,
        idle,
        CircuitState(3, 0, 0),
        CircuitState(3, 0, 0),
    )
    assert tester.far("CQM", p.RangeAndStatus(32), cic=1) == ([], [])
    assert tester.octets(bytes.fromhex("01002b02030100010c")) == ([], [])


def test_the_longest_message_of_ours_is_one_segment():
    """What a signal unit has room for is 272 octets (Q.703), the routing label takes 4 to 7 of them."""
    digits = "9" * 32
    tester = Tester()
    tester.isup.circuits[1].check.every = 1
    tester.isup.circuits[1].echo_control = True
    setup = Setup(digits, digits, restricted=True, redirection=Redirection(digits, digits, 5, 6), hops=31)
    tester.give(setup)
    assert len(codec.encode(tester.messages[0])) < 150
    tester.far("IAM", cic=2)
    tester.give(Connect(digits), 2)
    assert len(codec.encode(tester.messages[0])) < 150
