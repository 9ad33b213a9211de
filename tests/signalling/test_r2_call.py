"""Complete calls between two R2 circuits back to back."""

import pytest

from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import load_variant
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Idle, Release, Seized, Setup
from pbx.vocabulary.numbers import Examination
from tests.signalling.pair import Pair

CHINA = load_variant("china")


class FiveDigits:
    def examine(self, digits):
        if digits.startswith("9"):
            return Examination("invalid", cause=1)
        return Examination("complete" if len(digits) == 5 else "more")


def circuits(left, right):
    return Pair(R2Circuit(CHINA, "outgoing", FiveDigits()), R2Circuit(CHINA, "incoming", FiveDigits()), left, right)


def nothing(end, primitive, now):
    return ()


def test_local_call_with_caller_number():
    pair = circuits(nothing, lambda end, primitive, now: (Alerting(),) if type(primitive) is Setup else ())
    pair.down(pair.left, Setup("10086", "13900000000"))
    pair.run(3.0)
    pair.down(pair.right, Connect())
    pair.run(5.0)
    assert (pair.left.engine.tag, pair.right.engine.tag) == ("out answered", "in answered")
    pair.down(pair.left, Disconnect(16))
    pair.run(6.0)
    assert pair.left.up == [Idle(), Alerting(), Connect(), Release(16), Idle()]
    assert pair.right.up == [Idle(), Seized(), Setup("10086", "13900000000", 0x31), Release(16), Idle()]
    assert pair.left.unexpected == pair.right.unexpected == []
    assert pair.left.deadline is pair.right.deadline is None


@pytest.mark.parametrize(("cause", "told"), [(17, 17), (1, 1), (42, 42), (28, 1), (27, 42)])
def test_refusal_is_told_by_kb(cause, told):
    pair = circuits(nothing, lambda end, primitive, now: (Disconnect(cause),) if type(primitive) is Setup else ())
    pair.down(pair.left, Setup("10086", "13900000000"))
    pair.run(3.0)
    assert pair.left.up[1:] == [Disconnect(told)]
    assert pair.right.up[3:] == [Release(cause)]
    pair.down(pair.left, Disconnect(16))
    pair.run(6.0)
    assert pair.left.up[2:] == [Release(16), Idle()]
    assert pair.right.up[4:] == [Idle()]


def test_vacant_number_is_refused_with_a5():
    pair = circuits(nothing, nothing)
    pair.down(pair.left, Setup("90000"))
    pair.run(3.0)
    assert pair.left.up[1:] == [Disconnect(1)]
    assert pair.right.up[1:] == [Seized(), Release(1)]
