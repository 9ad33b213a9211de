"""The numbering plan against a plan that is read row by row, and the rules of the example office."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from config.loader import Configuration, load
from pbx.numbers import Plan, Row, plan_for
from pbx.vocabulary.numbers import COMPLETE, INVALID, MORE, Examination, NumberExaminer

SIGNS = "01*#"


@st.composite
def plans(draw):
    rows = []
    prefixes = draw(st.lists(st.text(SIGNS, min_size=1, max_size=4), max_size=8, unique=True))
    for index, prefix in enumerate(prefixes):
        least = draw(st.integers(len(prefix), 6))
        rows.append(Row(prefix, least, draw(st.integers(least, 7)), f"queue:q{index}"))
    return rows


def can_become(row, digits):
    return (row.prefix.startswith(digits) or digits.startswith(row.prefix)) and row.most > len(digits)


@given(plans(), st.text(SIGNS, max_size=8))
def test_examination_equals_reading_every_row(rows, digits):
    matching = [row for row in rows if digits.startswith(row.prefix) and row.least <= len(digits) <= row.most]
    more = max((row.most - len(digits) for row in rows if can_become(row, digits)), default=0)
    found = Plan(rows).examine(digits)
    if matching:
        best = max(matching, key=lambda row: len(row.prefix))
        assert found == Examination(COMPLETE, best.prefix, best.destination, 0, more)
    elif more:
        assert found == Examination(MORE, max_more=more)
    else:
        begun = any(digits.startswith(row.prefix) for row in rows)
        assert found == Examination(INVALID, cause=28 if begun else 1)


@given(plans(), st.text(SIGNS, max_size=8), st.sampled_from(SIGNS))
def test_an_invalid_number_stays_invalid(rows, digits, digit):
    plan = Plan(rows)
    if plan.examine(digits).max_more == 0:
        assert plan.examine(digits + digit).verdict == INVALID


@given(plans(), st.text(SIGNS, max_size=6))
def test_more_can_be_kept_as_a_promise(rows, digits):
    plan = Plan(rows)
    reached, todo = False, [digits]
    if plan.examine(digits).verdict != MORE:
        return
    while todo and not reached:
        number = todo.pop()
        found = plan.examine(number)
        reached = found.verdict == COMPLETE
        todo += [number + sign for sign in SIGNS if found.verdict == MORE]
    assert reached


def test_row_order_does_not_matter():
    rows = [Row("1", 3, 5, "queue:a"), Row("10", 4, 4, "queue:b"), Row("*1", 2, 2, "feature:ready")]
    for digits in ("", "1", "10", "1000", "10000", "111", "*", "*1", "2"):
        assert Plan(rows).examine(digits) == Plan(rows[::-1]).examine(digits)


def test_foreign_signs_are_an_invalid_format():
    assert Plan([Row("1", 3, 3, "queue:a")]).examine("1x") == Examination(INVALID, cause=28)


def test_the_example_office():
    configuration = load(Path(__file__).parent.parent / "config/zongji.toml")
    assert isinstance(configuration, Configuration), configuration
    inside: NumberExaminer = plan_for("extensions", configuration)
    outside: NumberExaminer = plan_for("trunks", configuration)
    assert inside.examine("8001") == Examination(COMPLETE, "8001", "extension:8001")
    assert outside.examine("1008") == Examination(MORE, max_more=1)
    assert outside.examine("10086").destination == "flow:main_menu"
    assert inside.examine("*13").destination == "feature:ready"
    assert inside.examine("913900000000") == Examination(COMPLETE, "9", "trunk:city")
    assert plan_for("extensions", configuration).digits_to_send("913900000000") == "13900000000"


def test_no_outsider_calls_out_through_us():
    configuration = load(Path(__file__).parent.parent / "config/zongji.toml")
    assert isinstance(configuration, Configuration), configuration
    outside = plan_for("trunks", configuration)
    assert outside.examine("9").cause == 1
    assert outside.examine("*11").cause == 1
