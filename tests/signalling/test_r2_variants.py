"""Two ends back to back in every variant, for every outcome of a call: free, busy, congestion, vacant, nobody, early and late caller."""

import msgspec
import pytest

from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import category_of, load_variant
from pbx.signalling.r2.variant_data import CircuitHabits
from pbx.variant_file import VARIANTS
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Idle, Info, Release, Resume, Seized, Setup, Suspend
from tests.signalling.cases import PLAN
from tests.signalling.pair import Pair

COUNTRIES = ("china", "itu", "mexico", "brazil", "argentina")
VARIANT = {name: load_variant(name) for name in COUNTRIES}
IDLE = {name: variant.data.bits.backward.idle for name, variant in VARIANT.items()}
CALLER = "02112345678"


def nothing(end, primitive, now):
    return ()


def rings(end, primitive, now):
    return (Alerting(),) if type(primitive) is Setup else ()


def answers(end, primitive, now):
    return (Connect(),) if type(primitive) is Setup else ()


def refuses(cause):
    return lambda end, primitive, now: (Disconnect(cause),) if type(primitive) is Setup else ()


def call(country, right, setup=None, seconds=6.0, left_habits=None, right_habits=None, variant=None):
    """A call in a country, as far as it goes in so many seconds; both ends as they then stand."""
    variant = variant or VARIANT[country]
    ends = [
        R2Circuit(variant, direction, PLAN, habits=habits or CircuitHabits())
        for direction, habits in (("outgoing", left_habits), ("incoming", right_habits))
    ]
    pair = Pair(*ends, nothing, right, idle=IDLE[country])
    pair.down(pair.left, setup or Setup("10086", CALLER))
    pair.run(seconds)
    return pair


def clears(pair):
    """The caller clears; nothing was unexpected, both ends are at rest, one Release for the call at each."""
    pair.down(pair.left, Release(16))
    pair.run(pair.now + 3.0)
    assert pair.left.unexpected == pair.right.unexpected == [], pair.text()
    for end in (pair.left, pair.right):
        assert end.engine.state == "Idle", pair.text()
        assert end.deadline is None
        assert end.up[-1] == Idle()
        assert sum(type(primitive) is Release for primitive in end.up) == 1
        assert (end.tone, end.listens) == (0, 0)


def heard(pair, name, *texts):
    """Whether lines of the trace with these texts come in this order at an end."""
    lines = iter(text for _, who, text in pair.trace if who == name)
    return all(any(text in line for line in lines) for text in texts)


def default_category(country):
    local = VARIANT[country].data.traffic["local"]
    return category_of(local.category, local.called_class)


def test_all_variants_of_the_folder_are_here_or_of_other_lines():
    names = {path.stem for path in VARIANTS.glob("*.toml")}
    assert {name for name in names if "[group_a]" in (VARIANTS / f"{name}.toml").read_text(encoding="utf-8")} == set(COUNTRIES)


@pytest.mark.parametrize("ask", ["first", "last", "never"])
@pytest.mark.parametrize("country", COUNTRIES)
def test_answered_call_with_an_early_a_late_and_no_caller(country, ask):
    pair = call(country, answers, right_habits=CircuitHabits(ask_caller=ask))
    category, caller = default_category(country), CALLER
    if ask == "never":
        category, caller = category & 0xF0, ""
    setup = [primitive for primitive in pair.right.up if type(primitive) is Setup]
    assert [msgspec.structs.replace(primitive, control="") for primitive in setup] == [Setup("10086", caller, category)]
    assert pair.left.up == [Idle(), Alerting(), Connect()]
    clears(pair)
    assert [type(primitive) for primitive in pair.right.up] == [Idle, Seized, Setup, Connect, Release, Idle]


@pytest.mark.parametrize("country", COUNTRIES)
def test_called_party_rings_and_is_not_answered(country):
    wait = VARIANT[country].timers["answer_wait"].default_ms / 1000
    pair = call(country, rings, seconds=wait + 8.0)
    assert pair.left.up == [Idle(), Alerting(), Disconnect(19)]
    clears(pair)


@pytest.mark.parametrize("country", COUNTRIES)
def test_free_without_charge_has_its_own_signal_where_there_is_one(country):
    pair = call(country, answers, right_habits=CircuitHabits(charge=False))
    signal = VARIANT[country].data.register.free_without_charge or VARIANT[country].data.register.free
    assert heard(pair, "right", f"{VARIANT[country].data.labels.group_b}{signal} ")
    assert pair.left.up == [Idle(), Alerting(), Connect()]
    clears(pair)


REFUSALS = [
    (country, cause, signal)
    for country in COUNTRIES
    for cause, signal in {**VARIANT[country].data.refusals, 42: VARIANT[country].told[0].congestion}.items()
]


@pytest.mark.parametrize(("country", "cause", "signal"), REFUSALS)
def test_every_cause_that_has_a_signal_is_told_by_it(country, cause, signal):
    pair = call(country, refuses(cause))
    label, row = VARIANT[country].data.labels.group_b, VARIANT[country].data.group_b[signal]
    assert heard(pair, "left", f"<- {label}{signal} {row.text}")
    assert pair.left.up == [Idle(), Disconnect(row.cause, row.busy_with)]
    assert pair.right.up[3:] == [Release(cause)]
    clears(pair)


@pytest.mark.parametrize("country", COUNTRIES)
def test_vacant_number_is_told_in_group_a_or_after_it(country):
    pair = call(country, nothing, Setup("90000", CALLER))
    row = VARIANT[country].data.group_b[VARIANT[country].data.refusals[1]]
    assert pair.left.up == [Idle(), Disconnect(row.cause)]
    assert pair.right.up == [Idle(), Seized(), Release(1)]
    clears(pair)


@pytest.mark.parametrize("country", COUNTRIES)
def test_congestion_while_the_number_comes_in_is_told_in_group_a(country):
    pair = call(country, nothing, seconds=0.3)
    pair.down(pair.right, Disconnect(42))
    pair.run(1.0)
    assert heard(pair, "left", "<- A4 congestion") or heard(pair, "left", "<- C4 congestion")
    assert pair.left.up == [Idle(), Disconnect(42)]
    clears(pair)


@pytest.mark.parametrize("country", COUNTRIES)
def test_busy_while_the_number_comes_in_is_told_in_group_b(country):
    pair = call(country, nothing, seconds=0.3)
    pair.down(pair.right, Release(17))
    pair.run(2.0)
    assert pair.left.up == [Idle(), Disconnect(17, "local" if country == "china" else "")]
    clears(pair)


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("country", COUNTRIES)
def test_restricted_and_unknown_callers(country, restricted):
    pair = call(country, answers, Setup("10086", CALLER if restricted else "", restricted=restricted))
    register = VARIANT[country].data.register
    setup = pair.right.up[2]
    assert setup.calling == ""
    assert setup.restricted == (register.restricted == register.restricted_read)
    assert pair.left.up[-1] == Connect()
    clears(pair)


@pytest.mark.parametrize("country", COUNTRIES)
def test_number_of_open_length_is_ended_by_signal_or_by_pulse(country):
    pair = call(country, answers, Setup("612", CALLER), seconds=12.0)
    assert pair.right.up[2].called == "612"
    if VARIANT[country].data.register.end_of_called:
        assert heard(pair, "right", "<- I-15 end of number", "-> A5")
    else:
        assert heard(pair, "right", "-> A3 pulsed")
    assert pair.left.up[-1] == Connect()
    clears(pair)


@pytest.mark.parametrize("country", COUNTRIES)
def test_number_that_stays_incomplete(country):
    pair = call(country, answers, Setup("100", CALLER), seconds=20.0)
    assert [type(primitive) for primitive in pair.right.up] == [Idle, Seized, Release]
    assert [type(primitive) for primitive in pair.left.up] == [Idle, Disconnect]
    clears(pair)


@pytest.mark.parametrize("country", COUNTRIES)
def test_digits_given_one_by_one(country):
    pair = call(country, answers, Setup("1", CALLER, overlap=True), seconds=0.5)
    for digit in "0086":
        pair.down(pair.left, Info(digit))
        pair.run(pair.now + 0.5)
    pair.run(pair.now + 4.0)
    assert pair.right.up[2].called == "10086"
    assert pair.left.up[-1] == Connect()
    clears(pair)


@pytest.mark.parametrize("control", ["mutual", "calling"])
@pytest.mark.parametrize("country", COUNTRIES)
def test_called_party_hangs_up_and_lifts_again(country, control):
    habits = CircuitHabits(control=control)
    pair = call(country, answers, left_habits=habits, right_habits=habits)
    pair.down(pair.right, Suspend())
    pair.run(pair.now + 1.0)
    pair.down(pair.right, Resume())
    pair.run(pair.now + 1.0)
    told = [Suspend(), Resume()] if control == "calling" else [Disconnect(16), Connect()]
    assert pair.left.up == [Idle(), Alerting(), Connect(), *told]
    pair.down(pair.right, Disconnect(16))
    pair.run(pair.now + 2.0)
    assert pair.left.up[-1] == told[0]
    clears(pair)


@pytest.mark.parametrize("traffic", ["local", "toll", "operator", "test"])
@pytest.mark.parametrize("country", COUNTRIES)
def test_kinds_of_call_are_told_by_group_ii(country, traffic):
    pair = call(country, answers, left_habits=CircuitHabits(traffic=traffic))
    row = VARIANT[country].data.traffic[traffic]
    assert pair.right.up[2].category == category_of(row.category, row.called_class)
    assert pair.right.up[2].test == (traffic == "test")
    clears(pair)


@pytest.mark.parametrize("country", COUNTRIES)
def test_test_calls(country):
    habits = CircuitHabits(traffic="toll")
    pair = call(country, answers, Setup("10086", test=True), left_habits=habits, right_habits=habits)
    assert pair.right.up[2].test
    assert pair.right.up[2].category >> 4 == VARIANT[country].data.traffic["test"].called_class
    clears(pair)


@pytest.mark.parametrize("decision", [Connect(), Disconnect(42), Disconnect(17)])
@pytest.mark.parametrize("country", ["itu", "argentina"])
def test_where_group_b_is_skipped_a6_sets_up_speech(country, decision):
    habits = CircuitHabits(skip_group_b=True)
    pair = call(country, lambda end, primitive, now: (decision,) if type(primitive) is Setup else (), right_habits=habits)
    if decision == Connect():
        assert heard(pair, "left", "<- A6 address complete, charge, set up speech")
        assert pair.left.up == [Idle(), Alerting(), Connect()]
    else:
        assert heard(pair, "left", "<- A4" if decision == Disconnect(42) else "<- B3")
        assert pair.left.up == [Idle(), decision]
    clears(pair)


def test_the_groups_of_mexico():
    pair = call("mexico", answers, right_habits=CircuitHabits(ask_caller="first"))
    assert heard(pair, "left", "<- A6", "-> II-1", "<- C1", "caller's digit 0", "<- C1", "-> I-15 end", "<- C5", "digit 0", "<- A3")
    pair = call("mexico", answers)
    assert heard(pair, "left", "<- A6", "-> II-1", "<- C1", "-> I-15 end", "<- C3", "-> II-1", "<- B1")


def test_the_groups_of_itu():
    pair = call("itu", answers)
    assert heard(pair, "left", "<- A1", "<- A5", "-> II-1", "<- A5", "caller's digit 0", "<- A5", "-> I-15 end")
    assert heard(pair, "left", "-> I-15 end", "<- A3", "-> II-1", "<- B6")


@pytest.mark.parametrize("country", COUNTRIES)
def test_both_ends_seize_within_twenty_milliseconds(country):
    variant = VARIANT[country]
    for delay_ms in (0, 7, 19):
        pair = Pair(*(R2Circuit(variant, "both-way", PLAN) for _ in range(2)), answers, answers, idle=IDLE[country])
        pair.down(pair.left, Setup("10086"))
        pair.run(delay_ms / 1000)
        pair.down(pair.right, Setup("10010"))
        pair.run(6.0)
        assert pair.left.up == pair.right.up == [Idle(), Release(44), Idle()], pair.text()
        hold = variant.timers["dual_seizure"].default_ms
        times = [time for time, who, text in pair.trace if who == "left" and ("dual" in text or "clear-forward" in text)]
        assert times[1] - times[0] == pytest.approx(hold / 1000, abs=0.001)
